/*
 * Goal: whoever waits for patterns to compile waits a bounded time, and is told which one it was
 * (law 9).  Method: patterns that compile, that do not, and one of fifty characters that keeps
 * vectorscan busy for many times as long as it is given; and nothing of it is left behind. Planted:
 * no end to the waiting; the process left running; the one before the slow one named; all that
 * take too long taken for bad.
 */
#include "classify_time.h"

#include "clock.h"
#include "unit.h"

#include <errno.h>
#include <sys/wait.h>

enum { PATIENCE_S = 8, SECOND_US = 1000000 };

#define BOMB "(延.{0,999}误.{0,999}退.{0,999}款.{0,999}){1,99}"

static const struct classify_pattern patterns[] = {
    {"delay",  "延误|delay",  1},
    {"refund", "退款|refund", 2},
    {"slow",   BOMB,            3},
    {"rude",   "态度|rude",   4},
};

static enum classify_verdict
tried(const struct classify_pattern *some, size_t count, unsigned patience_s, size_t *slow)
{
    enum classify_verdict verdict = classify_in_time(some, count, patience_s, slow);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    return verdict;
}

static void what_compiles_in_time_is_good(void **state)
{
    (void)state;
    size_t slow = 0;
    assert_int_equal(tried(patterns, 2, 60, &slow), CLASSIFY_GOOD);
    assert_int_equal(slow, 2);
}

static void what_does_not_compile_is_bad_and_not_slow(void **state)
{
    (void)state;
    static const struct classify_pattern open = {"delay", "(延误", 1};
    size_t slow = 0;
    assert_int_equal(tried(&open, 1, 60, &slow), CLASSIFY_BAD);
    assert_int_equal(slow, 1);
}

static void the_one_that_takes_too_long_is_named_in_time(void **state)
{
    (void)state;
    size_t slow = 0;
    int64_t from_us = clock_monotonic_us();
    assert_int_equal(tried(patterns, 4, PATIENCE_S, &slow), CLASSIFY_TOO_LONG);
    assert_int_equal(slow, 2);
    assert_true(clock_monotonic_us() - from_us < (int64_t)3 * PATIENCE_S * SECOND_US);
}

static void without_time_to_find_it_none_is_named(void **state)
{
    (void)state;
    size_t slow = 0;
    assert_int_equal(tried(patterns, 4, 0, &slow), CLASSIFY_TOO_LONG);
    assert_int_equal(slow, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_compiles_in_time_is_good),
        cmocka_unit_test(what_does_not_compile_is_bad_and_not_slow),
        cmocka_unit_test(the_one_that_takes_too_long_is_named_in_time),
        cmocka_unit_test(without_time_to_find_it_none_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
