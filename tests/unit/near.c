/*
 * Goal: a name that is mistyped finds the one that was meant, and no other.  Method: distances
 * counted by hand, Chinese among them (fails where bytes are counted); then of random names the
 * same both ways, and never longer over a third one. What is suggested is told by unit.config,
 * unit.ctl_verbs and unit.policy_load.
 */
#include "near.h"

#include "roll.h"
#include "unit.h"

#include <string.h>

enum { ROUNDS = 2000, NAME_SIZE = 8 };

static void distances_are_as_counted_by_hand(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        size_t wanted;
    } rows[] = {
        {"",         "",           0},
        {"",         "abc",        3},
        {"partions", "partions",   0},
        {"partions", "partitions", 2},
        {"kitten",   "sitting",    3},
        {"ab",       "ba",         2},
        {"热钱",   "热线",     1}, /* of bytes it would be 2 … */
        {"电邮",   "電郵",     2}, /* … and 5 */
        {"网站a",  "网站",     1},
        {"\xe7\x83", "热",        1}, /* cut short: nothing is read behind its end */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(near_distance(rows[i].a, rows[i].b), rows[i].wanted);
    }
    char longer[NEAR_MAX + 2];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(near_distance(longer, "a"), NEAR_MAX);
    assert_int_equal(near_distance("a", longer), NEAR_MAX);
    longer[NEAR_MAX] = '\0';
    assert_int_equal(near_distance(longer, "a"), NEAR_MAX - 1);
    assert_int_equal(near_enough("ab"), 1);
    assert_int_equal(near_enough("abcdef"), 3);
    assert_int_equal(near_enough("热线"), 1); /* of bytes it would be 3: any two characters */
}

static void name_make(uint64_t *seed, char name[NAME_SIZE])
{
    size_t size = roll_next(seed, NAME_SIZE);
    for (size_t i = 0; i < size; i++) {
        name[i] = (char)('a' + roll_next(seed, 3));
    }
    name[size] = '\0';
}

static void it_is_a_distance(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int i = 0; i < ROUNDS; i++) {
        char a[NAME_SIZE];
        char b[NAME_SIZE];
        char c[NAME_SIZE];
        name_make(&seed, a);
        name_make(&seed, b);
        name_make(&seed, c);
        size_t there = near_distance(a, b);
        assert_int_equal(there, near_distance(b, a));
        assert_int_equal(there == 0, strcmp(a, b) == 0);
        assert_true(there <= near_distance(a, c) + near_distance(c, b));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_as_counted_by_hand),
        cmocka_unit_test(it_is_a_distance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
