/*
 * Goal: what is under way is found again by its id, is bounded in number and bytes, and comes due
 * when it should.
 * Method: a window beside a plain list, through 20,000 random additions, answers and looks.  What
 * the window forgets is never sent again: a complaint would be lost on its way (law 1); without its
 * bounds an import would eat the memory (law 9).
 */
#include "ctl_window.h"

#include "roll.h"
#include "scope.h"
#include "unit.h"

enum { CAPACITY = 50, BYTES_MAX = 4000, ROUNDS = 20000, IDS = 400 };

static uint64_t seed = 20261121;

static uint32_t chance(uint32_t bound)
{
    return roll_next(&seed, bound);
}

static void id_of(uint32_t number, uint8_t id[UUID_SIZE])
{
    memset(id, 0, UUID_SIZE);
    memcpy(id, &number, sizeof number);
}

/* What should be in the window. */
struct expected {
    bool there;
    size_t size;
    int64_t due_us;
};

static void flight_add(struct ctl_window *window, struct expected *expected, uint32_t number)
{
    struct ctl_flight flight = {.size = 1 + chance(300), .line = number, .due_us = chance(1000)};
    id_of(number, flight.id);
    flight.bytes = calloc(1, flight.size);
    assert_non_null(flight.bytes);
    assert_non_null(ctl_window_add(window, &flight));
    *expected = (struct expected){true, flight.size, flight.due_us};
}

static void due_check(struct ctl_window *window, const struct expected *expected, int64_t now_us)
{
    uint32_t at = 0;
    unsigned found = 0;
    unsigned wanted = 0;
    const struct ctl_flight *flight;
    while ((flight = ctl_window_due(window, now_us, &at)) != NULL) {
        assert_true(expected[flight->line].there && expected[flight->line].due_us <= now_us);
        found++;
    }
    for (uint32_t i = 0; i < IDS; i++) {
        wanted += expected[i].there && expected[i].due_us <= now_us;
    }
    assert_int_equal(found, wanted);
}

static void the_window_holds_exactly_what_was_not_answered(void **state)
{
    (void)state;
    static struct expected expected[IDS];
    unsigned full = 0;
    unsigned count = 0;
    size_t bytes = 0;
    SCOPED(ctl_window_free) struct ctl_window *window = ctl_window_new(CAPACITY, BYTES_MAX);
    assert_non_null(window);
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t number = chance(IDS);
        uint8_t id[UUID_SIZE];
        id_of(number, id);
        struct ctl_flight *flight = ctl_window_find(window, id);
        assert_int_equal(flight != NULL, expected[number].there);
        assert_int_equal(ctl_window_is_full(window), count == CAPACITY || bytes >= BYTES_MAX);
        full += ctl_window_is_full(window);
        if (flight && chance(3) == 0) {
            assert_int_equal(flight->line, number);
            ctl_window_remove(window, flight);
            expected[number].there = false;
            count--;
            bytes -= expected[number].size;
        } else if (!flight && !ctl_window_is_full(window)) {
            flight_add(window, &expected[number], number);
            count++;
            bytes += expected[number].size;
        }
        assert_int_equal(ctl_window_count(window), count);
        if (expected[number].there) { /* the very instant counts */
            due_check(window, expected, expected[number].due_us);
            due_check(window, expected, expected[number].due_us - 1);
        }
    }
    assert_true(full > 100);
}

static void one_submission_larger_than_the_bound_still_goes(void **state)
{
    (void)state;
    SCOPED(ctl_window_free) struct ctl_window *window = ctl_window_new(2, 10);
    struct ctl_flight flight = {.size = 1000, .bytes = calloc(1, 1000)};
    id_of(1, flight.id);
    assert_false(ctl_window_is_full(window));
    assert_non_null(ctl_window_add(window, &flight));
    assert_true(ctl_window_is_full(window));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_window_holds_exactly_what_was_not_answered),
        cmocka_unit_test(one_submission_larger_than_the_bound_still_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
