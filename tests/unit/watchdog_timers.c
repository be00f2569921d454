/*
 * Goal: an owner that serves while its timers are still being read fires none of them late because
 * of an older row (law 7).  Method: a real archive of more rows than a slice; cases are touched
 * between two slices, the connection is lost, the partition is taken a second time.
 */
#include "watchdog_timers.h"

#include "pg_desk.h"
#include "unit.h"
#include "watchdog_store.h"

enum { ROWS = 5009, TIMED = ROWS - ROWS / 5, DUE_S = 2000000000 };

static uint64_t id_of(uint32_t partition, uint32_t n)
{
    return case_id_make(partition, n);
}

static int64_t row_due_us(uint32_t n)
{
    return (DUE_S + (int64_t)n) * 1000000;
}

static void desk_ready(struct pg_desk *desk)
{
    pg_desk_open(desk);
    pg_desk_archive(desk, "4");
    pg_desk_run(desk,
                "INSERT INTO redress.clock (case_id, policy_id, closed, next_due, due, missed, "
                "dues, raised, raised_by, state) SELECT (p::bigint << 40) + n, 1, false, CASE WHEN "
                "n % 5 = 0 "
                "THEN 'infinity' ELSE to_timestamp(2000000000 + n) END, 'infinity', 'infinity', "
                "'', 0, '', '' "
                "FROM generate_series(1, 2) p, generate_series(1, 5009) n");
    pg_desk_connect(desk, watchdog_statements, watchdog_statement_count);
    assert_true(pg_desk_until_ready(desk));
}

static void turn_until_read(struct pg_desk *desk, struct timers *timers)
{
    for (unsigned i = 0; i < 1000 && timers_unread(timers) > 0; i++) {
        timers_read(timers, desk->pg);
        pg_desk_turn(desk, 10000);
    }
    assert_int_equal(timers_unread(timers), 0);
}

static void a_case_touched_while_its_partition_is_read_keeps_its_timer(void **state)
{
    (void)state;
    struct pg_desk desk;
    struct timers *timers = timers_new();
    assert_non_null(timers);
    desk_ready(&desk);
    assert_true(timers_own(timers, 1));
    timers_read(timers, desk.pg); /* the first slice is on its way, with the rows as they were */
    assert_true(timers_set(timers, id_of(1, 3), 5000000));
    assert_true(timers_set(timers, id_of(1, 4999), 6000000));
    assert_true(timers_set(timers, id_of(1, 4998), 7000000));
    assert_true(timers_set(timers, id_of(1, 4998), INT64_MAX)); /* and answered */
    turn_until_read(&desk, timers);
    assert_int_equal(timers_due_us(timers, id_of(1, 3)), 5000000);
    assert_int_equal(timers_due_us(timers, id_of(1, 4999)), 6000000);
    assert_int_equal(timers_due_us(timers, id_of(1, 4998)),
                     row_due_us(4998)); /* early is allowed */
    assert_int_equal(timers_due_us(timers, id_of(1, 5)), INT64_MAX);
    assert_int_equal(timers_count(timers), TIMED);
    uint64_t case_id;
    int64_t due_us;
    assert_int_equal(timers_next_us(timers), 5000000);
    assert_true(timers_pop(timers, 6000000, &case_id, &due_us));
    assert_int_equal(case_id, id_of(1, 3));
    assert_true(timers_pop(timers, 6000000, &case_id, &due_us));
    assert_int_equal(case_id, id_of(1, 4999));
    assert_false(timers_pop(timers, 6000000, &case_id, &due_us));
    pg_desk_close(&desk);
    timers_free(&timers);
}

static void what_was_read_for_an_earlier_ownership_is_not_taken(void **state)
{
    (void)state;
    struct pg_desk desk;
    struct timers *timers = timers_new();
    assert_non_null(timers);
    desk_ready(&desk);
    assert_true(timers_own(timers, 1) && timers_own(timers, 2));
    timers_read(timers, desk.pg);
    timers_forget(timers, 1);
    timers_forget(timers, 2);
    assert_true(timers_set(timers, id_of(1, 1), 5000000)); /* not ours: nothing */
    pg_desk_turn(&desk, 100000);
    assert_int_equal(timers_count(timers), 0);
    assert_int_equal(timers_next_us(timers), INT64_MAX);
    assert_int_equal(timers_unread(timers), 0);

    assert_true(timers_own(timers, 1) && timers_own(timers, 2));
    timers_read(timers, desk.pg);
    timers_forget(timers, 2);
    assert_true(timers_own(timers, 2)); /* anew, while a slice of before may be under way */
    turn_until_read(&desk, timers);
    assert_int_equal(timers_count(timers), 2 * TIMED);
    pg_desk_close(&desk);
    timers_free(&timers);
}

static void a_read_that_is_cut_off_goes_on_later(void **state)
{
    (void)state;
    struct pg_desk desk;
    struct timers *timers = timers_new();
    assert_non_null(timers);
    desk_ready(&desk);
    assert_true(timers_own(timers, 2));
    timers_read(timers, desk.pg);
    pg_reset(desk.pg, "a story");
    assert_int_equal(timers_unread(timers), 1);
    assert_true(pg_desk_until_ready(&desk));
    turn_until_read(&desk, timers);
    assert_int_equal(timers_count(timers), TIMED);
    assert_int_equal(timers_next_us(timers), row_due_us(1));
    pg_desk_close(&desk);
    timers_free(&timers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_touched_while_its_partition_is_read_keeps_its_timer),
        cmocka_unit_test(what_was_read_for_an_earlier_ownership_is_not_taken),
        cmocka_unit_test(a_read_that_is_cut_off_goes_on_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
