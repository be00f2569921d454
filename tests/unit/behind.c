/*
 * Goal: a reader who is slow and one who stands still are both seen to be behind, by how much, and
 * who keeps up is not, after an idle night neither.  Method: stories of seconds, each with what is
 * known, what is done and how old it was.  Guards law 9: a backlog has a bound that is told of.
 */
#include "behind.h"

#include "unit.h"

enum { SECOND = 1000000 };

struct beat {
    int64_t at_s;
    uint64_t done;
    uint64_t known;
    int64_t took_age_s; /* of the event processed last; -1: none since the last beat */
    int64_t behind_s;
};

static void play(const struct beat *story, size_t count)
{
    struct behind behind = {0};
    for (size_t i = 0; i < count; i++) {
        int64_t now_us = story[i].at_s * SECOND;
        if (story[i].took_age_s >= 0) {
            behind_took(&behind, now_us - story[i].took_age_s * SECOND, now_us);
        }
        int64_t age_us = behind_look(&behind, story[i].done, story[i].known, now_us);
        if (age_us != story[i].behind_s * SECOND) {
            fail_msg("beat %zu: %lld us behind", i, (long long)age_us);
        }
    }
}

#define PLAY(story) play((story), sizeof(story) / sizeof *(story))

static void who_keeps_up_is_never_behind(void **state)
{
    (void)state;
    static const struct beat story[] = {
        {1,     0,  0,  -1, 0},
        {2,     10, 10, 0,  0},
        {3,     20, 21, 0,  0}, /* one has just come */
        {4,     30, 31, 0,  0},
        {5,     31, 31, 0,  0},
        {40000, 31, 32, -1, 0}, /* after a night */
        {40001, 32, 32, 0,  0},
    };
    PLAY(story);
}

static void who_stands_still_is_behind_by_how_long_he_has_known(void **state)
{
    (void)state;
    static const struct beat story[] = {
        {10, 5,  5,  0,  0 },
        {11, 5,  8,  -1, 0 },
        {12, 5,  9,  -1, 1 },
        {41, 5,  90, -1, 30},
        {42, 6,  90, 31, 31}, /* moves again: as old as what he takes */
        {43, 90, 90, 1,  0 },
        {44, 90, 91, -1, 0 },
    };
    PLAY(story);
}

static void who_is_slow_is_behind_by_the_age_of_what_he_takes(void **state)
{
    (void)state;
    static const struct beat story[] = {
        {100, 50,  900, 60, 60}, /* was away for a minute */
        {101, 100, 900, 58, 58},
        {102, 901, 950, 20, 20}, /* beyond the mark, and not at the end */
        {103, 950, 950, 5,  0 },
    };
    PLAY(story);
}

static void a_clock_that_goes_back_makes_nobody_late(void **state)
{
    (void)state;
    static const struct beat story[] = {
        {5000, 1, 2, 0,  0},
        {1400, 1, 2, -1, 0},
        {1401, 1, 2, -1, 1},
    };
    PLAY(story);
    struct behind behind = {0};
    behind_took(&behind, 50 * (int64_t)SECOND, 10 * (int64_t)SECOND); /* made in the future */
    assert_int_equal(behind_look(&behind, 1, 2, 10 * (int64_t)SECOND), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_keeps_up_is_never_behind),
        cmocka_unit_test(who_stands_still_is_behind_by_how_long_he_has_known),
        cmocka_unit_test(who_is_slow_is_behind_by_the_age_of_what_he_takes),
        cmocka_unit_test(a_clock_that_goes_back_makes_nobody_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
