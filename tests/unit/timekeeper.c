/*
 * Goal: deadlines go by one clock, the archive's; a daemon's own may step as it likes, and is told
 * of. Method: stories of questions and answers on a made-up monotonic clock, among them hosts whose
 * clocks agree, are off, step and drift.  Guards law 7.
 */
#include "timekeeper.h"

#include "unit.h"

enum { MS = 1000, SECOND = 1000000, HOUR_S = 3600, DAY_S = 86400 };

static const int64_t began_us = 1795000000LL * SECOND;

/* A question of so long a round trip, read by the archive in its middle. */
static struct timekeeper_reading
ask(int64_t asked_us, int64_t trip_us, int64_t archive_off_us, int64_t wall_off_us)
{
    int64_t answered_us = asked_us + trip_us;
    return (struct timekeeper_reading){
        .asked_us = asked_us,
        .archive_us = began_us + asked_us + trip_us / 2 + archive_off_us,
        .answered_us = answered_us,
        .wall_us = began_us + answered_us + wall_off_us,
        .mono_us = answered_us,
    };
}

static int64_t
hear(struct timekeeper *keeper, int64_t asked_us, int64_t trip_us, int64_t archive, int64_t wall)
{
    const struct timekeeper_reading reading = ask(asked_us, trip_us, archive, wall);
    return timekeeper_hear(keeper, &reading);
}

/* Ours minus the true time. */
static int64_t error_us(const struct timekeeper *keeper, int64_t mono_us)
{
    return timekeeper_now_us(keeper, mono_us) - (began_us + mono_us);
}

static void before_the_archive_is_heard_the_wall_clock_is_believed(void **state)
{
    (void)state;
    struct timekeeper keeper;
    timekeeper_init(&keeper, 5 * SECOND, began_us);
    assert_int_equal(timekeeper_now_us(&keeper, 6 * SECOND), began_us + SECOND);
    assert_int_equal(timekeeper_off_us(&keeper, 6 * SECOND, began_us), 0);
}

static void on_one_host_the_wall_clock_is_taken_to_the_microsecond(void **state)
{
    (void)state;
    struct timekeeper keeper;
    timekeeper_init(&keeper, 0, began_us);
    assert_int_equal(hear(&keeper, 0, 40 * MS, 0, 0), 0); /* a wide answer proves nothing */
    assert_in_range(-error_us(&keeper, 0), 0, 40 * MS);
    for (int64_t at = SECOND; at < 10 * SECOND; at += SECOND) {
        bool narrow = at / SECOND % 3 == 1; /* what a wide one leaves as it was */
        assert_int_equal(hear(&keeper, at, narrow ? MS : 40 * MS, 0, 0), 0);
        assert_int_equal(error_us(&keeper, at), 0);
        assert_int_equal(timekeeper_off_us(&keeper, at, began_us + at), 0);
    }
}

static void a_step_of_the_wall_clock_moves_nothing_and_is_told_once(void **state)
{
    (void)state;
    static const int64_t steps_s[] = {-HOUR_S, DAY_S, 2, -2};
    for (size_t i = 0; i < sizeof steps_s / sizeof *steps_s; i++) {
        int64_t off_us = steps_s[i] * SECOND;
        struct timekeeper keeper;
        timekeeper_init(&keeper, 0, began_us);
        assert_int_equal(hear(&keeper, 0, MS, 0, 0), 0);
        assert_int_equal(error_us(&keeper, SECOND / 2), 0); /* between two answers */
        assert_int_equal(hear(&keeper, SECOND, MS, 0, off_us), 0);
        assert_int_equal(error_us(&keeper, 2 * SECOND), 0);
        int64_t seen_us = timekeeper_off_us(&keeper, 2 * SECOND, began_us + 2 * SECOND + off_us);
        assert_int_equal(seen_us, off_us);
        assert_int_equal(timekeeper_moved(&keeper, seen_us), off_us);
        assert_int_equal(timekeeper_moved(&keeper, seen_us), 0);
        assert_int_equal(timekeeper_moved(&keeper, 0), -off_us); /* set right again */
    }
}

static void a_wall_clock_that_is_wrong_from_the_start_is_not_followed(void **state)
{
    (void)state;
    struct timekeeper keeper;
    timekeeper_init(&keeper, 0, began_us + (int64_t)DAY_S * SECOND);
    assert_int_equal(hear(&keeper, 0, 10 * MS, 0, (int64_t)DAY_S * SECOND), 0);
    assert_in_range(-error_us(&keeper, SECOND), 0, 10 * MS);
}

static void
the_time_is_never_ahead_of_the_archives_and_comes_nearer_with_better_answers(void **state)
{
    (void)state;
    static const int64_t trips_us[] = {80 * MS, 30 * MS, 60 * MS, 2 * MS, 500 * MS, 4 * MS};
    struct timekeeper keeper;
    int64_t behind_us = INT64_MAX;
    timekeeper_init(&keeper, 0, began_us + 5 * (int64_t)SECOND); /* five seconds ahead, for ever */
    for (size_t i = 0; i < sizeof trips_us / sizeof *trips_us; i++) {
        int64_t at_us = (int64_t)i * SECOND;
        assert_int_equal(hear(&keeper, at_us, trips_us[i], 0, 5 * (int64_t)SECOND), 0);
        int64_t error = error_us(&keeper, at_us);
        assert_true(error <= 0);
        assert_true(-error <= behind_us);
        behind_us = -error;
    }
    assert_int_equal(behind_us, 1 * MS); /* half of the best round trip */
}

static void a_step_of_the_archives_clock_is_followed_and_told(void **state)
{
    (void)state;
    static const int64_t steps_s[] = {-HOUR_S, DAY_S};
    for (size_t i = 0; i < sizeof steps_s / sizeof *steps_s; i++) {
        int64_t off_us = steps_s[i] * SECOND;
        struct timekeeper keeper;
        timekeeper_init(&keeper, 0, began_us);
        assert_int_equal(hear(&keeper, 0, MS, 0, 0), 0);
        assert_int_equal(hear(&keeper, SECOND, MS, off_us, off_us), off_us); /* one host */
        assert_int_equal(error_us(&keeper, SECOND), off_us);
        assert_int_equal(hear(&keeper, 2 * SECOND, MS, off_us, off_us), 0);
        int64_t back_us = hear(&keeper, 3 * SECOND, MS, 0, off_us); /* two hosts */
        assert_in_range(off_us + back_us + MS, 0, 2 * MS);
        assert_in_range(-error_us(&keeper, 3 * SECOND), 0, MS);
    }
}

static void drift_and_slow_answers_are_no_steps(void **state)
{
    (void)state;
    struct timekeeper keeper;
    timekeeper_init(&keeper, 0, began_us);
    assert_int_equal(hear(&keeper, 0, MS, 0, SECOND / 2), 0);
    for (int64_t s = 1; s < 3600; s++) { /* the archive's clock gains 100 us a second */
        assert_int_equal(hear(&keeper, s * SECOND, MS, s * 100, SECOND / 2), 0);
        assert_in_range(s * 100 - error_us(&keeper, s * SECOND), 0, MS);
    }
    assert_int_equal(hear(&keeper, 4000LL * SECOND, 20 * SECOND, 400000, SECOND / 2), 0);
}

static void a_wall_clock_ahead_is_not_believed_because_an_answer_was_slow(void **state)
{
    (void)state;
    struct timekeeper keeper;
    timekeeper_init(&keeper, 0, began_us + 2 * (int64_t)SECOND);
    assert_int_equal(hear(&keeper, 0, 20 * SECOND, 0, 2 * SECOND), 0); /* the very first */
    assert_true(error_us(&keeper, 20LL * SECOND) <= 0);
    assert_int_equal(hear(&keeper, 30LL * SECOND, MS, 0, 2 * SECOND), 0); /* nearer, no step */
    assert_in_range(-error_us(&keeper, 30LL * SECOND), 0, MS);
    assert_int_equal(hear(&keeper, 40LL * SECOND, 20 * SECOND, 0, 2 * SECOND), 0);
    assert_in_range(-error_us(&keeper, 60LL * SECOND), 0, MS);
    assert_int_equal(hear(&keeper, 70LL * SECOND, MS, 0, 2 * SECOND), 0);
    assert_in_range(-error_us(&keeper, 70LL * SECOND), 0, MS);
}

/* A daemon that compiles policies hears the first answer seconds after it came. */
static void a_slow_answer_puts_no_wall_clock_in_the_wrong(void **state)
{
    (void)state;
    struct timekeeper keeper;
    timekeeper_init(&keeper, 0, began_us);
    assert_int_equal(hear(&keeper, 0, 6 * SECOND, 0, 0), 0);
    assert_int_equal(timekeeper_off_us(&keeper, 7LL * SECOND, began_us + 7LL * SECOND), 0);
    assert_int_equal(timekeeper_off_us(&keeper, 7LL * SECOND, began_us + 3LL * SECOND), -SECOND);
    assert_int_equal(timekeeper_off_us(&keeper, 7LL * SECOND, began_us + 17LL * SECOND),
                     13LL * SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_the_archive_is_heard_the_wall_clock_is_believed),
        cmocka_unit_test(on_one_host_the_wall_clock_is_taken_to_the_microsecond),
        cmocka_unit_test(a_step_of_the_wall_clock_moves_nothing_and_is_told_once),
        cmocka_unit_test(a_wall_clock_that_is_wrong_from_the_start_is_not_followed),
        cmocka_unit_test(
            the_time_is_never_ahead_of_the_archives_and_comes_nearer_with_better_answers),
        cmocka_unit_test(a_step_of_the_archives_clock_is_followed_and_told),
        cmocka_unit_test(drift_and_slow_answers_are_no_steps),
        cmocka_unit_test(a_wall_clock_ahead_is_not_believed_because_an_answer_was_slow),
        cmocka_unit_test(a_slow_answer_puts_no_wall_clock_in_the_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
