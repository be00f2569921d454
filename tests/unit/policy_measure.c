/*
 * Goal: what a measure comes to is its definition, and a target is met or not before anything is
 * rounded: 94.996 % is told as 95 %, but not at least it (law 11: the policy says what is asked).
 *
 * Method: a row a case, the numbers worked out by hand.
 */
#include "policy.h"
#include "policy_fixture.h"
#include "unit.h"

static void values_are_rounded_to_the_nearest_and_targets_are_not(void **state)
{
    (void)state;
    static const struct {
        enum measure_what what;
        int64_t hits, n, sum;
        int64_t value;
        int64_t bound;
        bool at_least, at_most; /* met, as the one or the other */
    } rows[] = {
        {MEASURE_IN_TIME,     19,    20,    0,      9500,    9500,    true,  true }, /* 95 % */
        {MEASURE_IN_TIME,     23749, 25000, 0,      9500,    9500,    false, true }, /* 94.996 % */
        {MEASURE_IN_TIME,     23751, 25000, 0,      9500,    9500,    true,  false}, /* 95.004 % */
        {MEASURE_ANSWERED,    2,     3,     0,      6667,    6667,    false, true },
        {MEASURE_ANSWERED,    1,     3,     0,      3333,    3333,    true,  false},
        {MEASURE_REOPENED,    0,     7,     0,      0,       0,       true,  true },
        {MEASURE_CLOSED,      30,    20,    0,      15000,   10000,   true,  false}, /* 30 of 20 */
        {MEASURE_MEAN,        0,     3,     130000, 43333,   43333,   true,  false}, /* 4 1/3 */
        {MEASURE_MEAN,        0,     2,     -30001, -15000,  -15001,  true,  false}, /* -1.50005 */
        {MEASURE_SUM,         0,     0,     0,      0,       20000,   false, true },
        {MEASURE_SUM,         0,     9,     19999,  19999,   20000,   false, true },
        {MEASURE_MEAN_TIME,   0,     4,     86401,  21600,   21600,   true,  false},
        {MEASURE_MEDIAN_TIME, 0,     4,     600,    600,     600,     true,  true },
        {MEASURE_OPENED,      0,     500,   7,      5000000, 5000000, true,  true },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct policy_measure least = {
            .what = rows[i].what, .has_least = true, .least = rows[i].bound};
        const struct policy_measure most = {
            .what = rows[i].what, .has_most = true, .most = rows[i].bound};
        int64_t value = measure_value(rows[i].what, rows[i].hits, rows[i].n, rows[i].sum);
        bool at_least = measure_met(&least, rows[i].hits, rows[i].n, rows[i].sum);
        bool at_most = measure_met(&most, rows[i].hits, rows[i].n, rows[i].sum);
        if (value != rows[i].value || at_least != rows[i].at_least || at_most != rows[i].at_most) {
            fail_msg(
                "row %zu: %lld, at least %d, at most %d", i, (long long)value, at_least, at_most);
        }
    }
}

static void a_score_is_a_whole_number_of_few_values(void **state)
{
    (void)state;
    struct policy_field field = {
        .type = FORM_NUMBER, .has_min = true, .has_max = true, .min = 0, .max = 1000000};
    assert_true(measure_is_scale(&field)); /* 0 … 100 */
    field.max += 10000;
    assert_false(measure_is_scale(&field));
    field.max = 50000;
    field.decimals = 1;
    assert_false(measure_is_scale(&field));
    field.decimals = 0;
    field.min = 5000;
    assert_false(measure_is_scale(&field)); /* 0.5 is no whole number */
    field.min = 10000;
    field.type = FORM_MONEY;
    assert_false(measure_is_scale(&field));
    field.type = FORM_NUMBER;
    field.has_min = false;
    assert_false(measure_is_scale(&field));
}

static void a_duty_begins_with_so_many_cases_or_with_each_period(void **state)
{
    (void)state;
    static const struct policy_duty publish = {.is_owed = true, .from = 500};
    static const struct policy_duty report = {.is_owed = true};
    static const struct policy_duty none = {.from = 0};
    assert_false(measure_duty_begun(&publish, 499));
    assert_true(measure_duty_begun(&publish, 500));
    assert_true(measure_duty_begun(&report, 0));
    assert_false(measure_duty_begun(&none, 1));
    assert_int_equal(measure_duty_due_s(&report, NULL, 0), INT64_MAX);
}

/* D8: thirty business days after the half-year that ends on Tuesday 2026-06-30. */
static void a_duty_is_due_at_the_end_of_its_last_business_day(void **state)
{
    (void)state;
    const struct policy *policy = policy_fixture();
    const struct policy_duty duty = {
        .is_owed = true, .days = 30, .calendar = FIXTURE_CALENDAR_WEEKDAYS};
    int64_t until_s = fixture_at_us(2026, 7, 1, 0, 0) / 1000000;
    assert_int_equal(measure_duty_due_s(&duty, policy->calendars, until_s),
                     fixture_at_us(2026, 8, 11, 18, 0) / 1000000);
}

static void a_difference_is_met_as_it_is_told(void **state)
{
    (void)state;
    static const struct policy_measure most = {.has_most = true, .most = 500};
    assert_true(measure_met_by(&most, 500));
    assert_false(measure_met_by(&most, 501));
}

static void every_word_of_the_language_is_a_measure(void **state)
{
    (void)state;
    assert_string_equal(measure_what_name(MEASURE_CLOSED_AT_ONCE), "closed-at-once");
    assert_string_equal(measure_what_name(MEASURE_MEDIAN_TIME), "median-time");
    assert_string_equal(measure_period_name(MEASURE_QUARTER), "quarter");
    assert_null(measure_words[MEASURE_COUNT]);
    assert_null(measure_periods[MEASURE_PERIOD_COUNT]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_rounded_to_the_nearest_and_targets_are_not),
        cmocka_unit_test(a_score_is_a_whole_number_of_few_values),
        cmocka_unit_test(a_duty_begins_with_so_many_cases_or_with_each_period),
        cmocka_unit_test(a_duty_is_due_at_the_end_of_its_last_business_day),
        cmocka_unit_test(a_difference_is_met_as_it_is_told),
        cmocka_unit_test(every_word_of_the_language_is_a_measure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
