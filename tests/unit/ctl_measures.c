/*
 * Goal: `redress measures` shows a share never without what it is out of, says in words whether the
 * target is met, leaves a place in the trend where there was nothing, and says nothing of a period
 * that lies ahead (law 11).
 *
 * Method: measures of tests/unit/policy/measures.yaml with periods worked out by hand, against
 * tests/unit/ctl/measures.LANGUAGE to the letter.
 */
#include "ctl_measures.h"

#include "ctl_golden.h"
#include "ctl_table.h"
#include "policy_load.h"
#include "scope.h"

#include <locale.h>

enum { FILE_MAX = 64 * 1024, PERIODS = 4, YEAR = 2026, DAY_S = 86400 };
#define JULY_S  INT64_C(1782835200)   /* 2026-07-01 in Shanghai */
#define AHEAD_S INT64_C(253370764800) /* 9999 */

static struct policy_object *policy;

static int policy_get(void **state)
{
    (void)state;
    static char text[FILE_MAX];
    size_t size = golden_read(POLICY_CASES "/measures.yaml", text, sizeof text);
    struct policy_report report;
    policy = policy_load_blind("measures.yaml", slice_of(text, size), YEAR, YEAR, &report);
    policy_report_done(&report);
    return policy && setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

static int policy_done(void **state)
{
    (void)state;
    policy_object_free(&policy);
    return 0;
}

/* clang-format off */
/* What came of each, the last period last. */
static const struct {
    const char *id;
    bool running;
    struct measured periods[PERIODS];
} rows[] = {
    {"in-time", false,
     {{.hits = 1, .n = 2}, {.n = 0}, {.hits = 9, .n = 10}, {.hits = 199, .n = 200}}}, /* 99.5 % */
    {"founded", false, {{.n = 0}, {.n = 0}, {.n = 0}, {.hits = 2, .n = 3}}},
    {"at-once", true, {{.n = 0}, {.n = 0}, {.hits = 7, .n = 7}, {.n = 0}}},
    {"reopened", true, {{.n = 0}, {.n = 0}, {.hits = 7, .n = 7}, {.hits = 0, .n = 7}}},
    {"score", false, {{.n = 0}, {.n = 0}, {.n = 0}, {.n = 3, .sum = 130000}}}, /* 13 / 3 */
    {"cost", false, {{.n = 0}, {.n = 0}, {.n = 0}, {.n = 0}}}, /* nothing was paid */
    {"publish", true, {{.n = 0}, {.n = 3}, {.n = 480}, {.n = 499}}},
    {"publish", true, {{.n = 0}, {.n = 3}, {.n = 480}, {.n = 500}}},
    {"report", false, {{.n = 0}, {.n = 0}, {.n = 0}, {.n = 0}}},
    {"few", false, {{.n = 0}, {.n = 0}, {.n = 0}, {.n = 801}}},
    {"alike", false,
     {{.n = 0},
      {.n = 1, .compared = 1}, /* of one channel there is no difference */
      {.n = 0},
      {.n = 9, .compared = 2, .low = {0, 9000}, .high = {1, 9501}}}},
    {"slow", false, {{.n = 0}, {.n = 0}, {.n = 1, .sum = 90}, {.n = 2, .sum = 259201}}},
    {"few", true, {{.n = 0}, {.n = 0}, {.n = 7}, {.n = 0, .from_s = AHEAD_S}}}, /* not 0, not met */
};
/* clang-format on */

/* clang-format off */
/* Of which the owner is to be told unasked, on the day that is given. */
static const struct {
    const char *id;
    struct measured measured;
    int64_t now_s; /* 0: any time */
    bool alarms;
} alarming[] = {
    {"publish",  {.n = 499, .running = true, .whole = true}, 0, false},
    {"publish",  {.n = 500, .running = true}, 0, true}, /* at once, in the first period as well */
    {"publish",  {.n = 500, .until_s = JULY_S}, JULY_S + (40 * DAY_S), true},
    {"publish",  {.n = 500, .until_s = JULY_S}, JULY_S + (42 * DAY_S), false}, /* too late */
    {"report",   {.n = 7, .running = true, .whole = true}, 0, false}, /* owed when it is over */
    {"report",   {.n = 0, .whole = true}, 0, true},
    {"report",   {.n = 0}, 0, false}, /* the policy came in its middle, and nothing was counted */
    {"report",   {.n = 1}, 0, true},
    {"few",      {.n = 800, .running = true}, 0, false},
    {"few",      {.n = 801, .running = true}, 0, true},
    {"few",      {.n = 801}, 0, true},
    {"reviewed", {.n = 0, .running = true, .whole = true}, 0, false}, /* there is time left */
    {"reviewed", {.n = 0, .whole = true}, 0, true},
    {"reviewed", {.n = 1, .whole = true}, 0, false},
    {"reviewed", {.n = 0}, 0, false},
    {"slowly",   {.hits = 1, .n = 2, .running = true, .whole = true}, 0, false}, /* it may change */
    {"slowly",   {.hits = 1, .n = 2, .whole = true}, 0, true},
    {"slowly",   {.hits = 1, .n = 2}, 0, true},
    {"slowly",   {.n = 0, .whole = true}, 0, false},
    {"slowly",   {.hits = 9, .n = 10}, 0, false},
    {"reopened", {.hits = 9, .n = 10}, 0, false}, /* nobody's */
};
/* clang-format on */

static const struct policy_measure *measure_of(const char *id)
{
    for (uint16_t i = 0; i < policy->policy.measure_count; i++) {
        if (strcmp(policy->policy.measures[i].id, id) == 0) {
            return &policy->policy.measures[i];
        }
    }
    fail_msg("no measure %s", id);
    return NULL;
}

static void measures_are_told_with_what_they_are_out_of(void **state)
{
    (void)state;
    for (enum ctl_language language = CTL_EN; language < CTL_LANGUAGE_COUNT; language++) {
        char name[64];
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);
        struct ctl ctl = {.language = language, .out = out, .err = stderr};
        SCOPED(ctl_table_free) struct ctl_table *table = ctl_measures_table(&ctl);
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            struct measured measured[PERIODS];
            memcpy(measured, rows[i].periods, sizeof measured);
            struct measured *last = &measured[PERIODS - 1];
            (void)snprintf(last->name, sizeof last->name, "2026-W47");
            last->running = rows[i].running;
            ctl_measures_add(
                &ctl, table, &policy->policy, measure_of(rows[i].id), measured, PERIODS);
        }
        ctl_table_print(table);
        (void)fclose(out);
        (void)snprintf(name, sizeof name, "measures.%s", ctl_language_tag(language));
        golden_compare(name, text);
    }
}

static void as_data_a_share_has_its_hits_and_nothing_is_null(void **state)
{
    (void)state;
    struct ctl ctl = {.language = CTL_EN, .json = true};
    const struct measured shares[] = {
        {.name = "2026-10"},
        { .name = "2026-11", .hits = 2, .n = 3}
    };
    json_t *share = ctl_measures_json(&ctl, &policy->policy, measure_of("founded"), shares, 2);
    char *text = json_dumps(share, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(6));
    assert_string_equal(
        text,
        "{\"from\":null,\"hits\":2,\"measure\":\"founded\",\"met\":false,\"n\":3,\"period\":"
        "\"2026-11\",\"policy\":\"little\",\"running\":false,\"target\":{\"at_most\":60.0},"
        "\"title\":\"Founded\",\"trend\":[{\"from\":null,\"hits\":0,\"n\":0,\"period\":\"2026-10\","
        "\"running\":false,\"until\":null,\"value\":null},{\"from\":null,\"hits\":2,\"n\":3,"
        "\"period\":\"2026-11\",\"running\":false,\"until\":null,\"value\":66.67}],\"unit\":"
        "\"percent\",\"until\":null,\"value\":66.67,\"what\":\"closed-as\"}");
    free(text);
    json_decref(share);
}

static void owners_see_what_is_missed_and_nothing_too_soon(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof alarming / sizeof *alarming; i++) {
        if (measured_alarms(&policy->policy,
                            measure_of(alarming[i].id),
                            &alarming[i].measured,
                            alarming[i].now_s) != alarming[i].alarms) {
            fail_msg("row %zu, %s: not %d", i, alarming[i].id, alarming[i].alarms);
        }
    }
}

static void an_alarm_names_what_is_missed_and_who_is_to_see_it(void **state)
{
    (void)state;
    for (enum ctl_language language = CTL_EN; language < CTL_LANGUAGE_COUNT; language++) {
        char name[64];
        char *told = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&told, &size);
        struct ctl ctl = {.language = language};
        for (size_t i = 0; i < sizeof alarming / sizeof *alarming; i++) {
            char line[VIEW_TEXT_MAX];
            struct measured measured = alarming[i].measured;
            const struct policy_measure *measure = measure_of(alarming[i].id);
            (void)snprintf(measured.name, sizeof measured.name, "2026-Q2");
            if (alarming[i].alarms) {
                (void)fprintf(out,
                              "%s\n",
                              ctl_measures_alarm(&ctl, &policy->policy, measure, &measured, line));
            }
        }
        (void)fclose(out);
        (void)snprintf(name, sizeof name, "alarms.%s", ctl_language_tag(language));
        golden_compare(name, told);
    }
}

/* It fails where a count of a period that has not begun is told as 0, or as met, and where what is
 * owed for it is owed already. */
static void of_a_period_that_has_not_begun_nothing_is_said(void **state)
{
    (void)state;
    struct ctl ctl = {.language = CTL_EN, .json = true};
    const struct measured ahead[] = {
        {.name = "9999", .from_s = AHEAD_S, .running = true}
    };
    json_t *count = ctl_measures_json(&ctl, &policy->policy, measure_of("few"), ahead, 1);
    assert_true(json_is_null(json_object_get(count, "value")));
    assert_true(json_is_null(json_object_get(count, "met")));
    json_decref(count);
    json_t *report = ctl_measures_json(&ctl, &policy->policy, measure_of("report"), ahead, 1);
    assert_true(json_is_false(json_object_get(json_object_get(report, "duty"), "begun")));
    json_decref(report);
}

/* More is taken back by merges that are undone than the period has met. */
static void a_share_of_less_than_nothing_is_told_as_nothing(void **state)
{
    (void)state;
    struct ctl ctl = {.language = CTL_EN, .json = true};
    const struct measured shares[] = {
        {.name = "2026-11", .hits = -1, .n = 1}
    };
    json_t *share = ctl_measures_json(&ctl, &policy->policy, measure_of("in-time"), shares, 1);
    assert_true(json_is_null(json_object_get(share, "value")));
    assert_true(json_is_null(json_object_get(share, "met")));
    assert_int_equal(json_integer_value(json_object_get(share, "hits")), -1);
    json_decref(share);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measures_are_told_with_what_they_are_out_of),
        cmocka_unit_test(as_data_a_share_has_its_hits_and_nothing_is_null),
        cmocka_unit_test(owners_see_what_is_missed_and_nothing_too_soon),
        cmocka_unit_test(an_alarm_names_what_is_missed_and_who_is_to_see_it),
        cmocka_unit_test(of_a_period_that_has_not_begun_nothing_is_said),
        cmocka_unit_test(a_share_of_less_than_nothing_is_told_as_nothing),
    };
    return cmocka_run_group_tests(tests, policy_get, policy_done);
}
