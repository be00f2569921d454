/*
 * Goal: what `redress calendar` prints is right to the eye and to a script: the year drawn is the
 * year counted with, and what is imported is the same whatever the order (laws 9 and 12).
 *
 * Method: the command itself, over what is shipped and over the files of tests/unit/calendar.
 */
#include "ctl_said.h"
#include "ctl_table.h"
#include "scope.h"
#include "unit.h"

/* What the command says on stdout; owned. */
static char *told(int *status, struct said said)
{
    *status = said.code;
    free(said.err);
    return said.out;
}
#define TOLD(status, ...) told((status), SAID("calendar", __VA_ARGS__))

static void a_year_is_drawn_in_columns_in_every_language(void **state)
{
    (void)state;
    static const char *const languages[] = {"en", "zh-CN", "zh-TW"};
    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++) {
        int status = -1;
        char *text = TOLD(&status, "show", "cn", "--year", "2026", "--lang", languages[i]);
        assert_int_equal(status, CTL_OK);
        assert_null(strchr(text, '\033')); /* no terminal: no colours */
        assert_non_null(strstr(text, "12 13 14 15 16 17.18.   9 10 11 12 13 14+15*"));
        bool traditional = strcmp(languages[i], "zh-TW") == 0;
        assert_non_null(strstr(text,
                               traditional ? "* 2026-02-15 – 2026-02-23  春節\n"
                                           : "* 2026-02-15 – 2026-02-23  春节\n"));
        assert_non_null(strstr(text,
                               traditional ? "+ 2026-02-28               春節\n"
                                           : "+ 2026-02-28               春节\n"));
        assert_true(!traditional || strstr(text, "國慶節\n"));
        /* The line of week days is as wide as every week below it. */
        char *line = strstr(text, i == 0 ? "Mo Tu" : "一 二");
        assert_non_null(line);
        for (int week = 0; week < 7; week++) {
            char *end = strchr(line, '\n');
            *end = '\0';
            assert_int_equal(ctl_width(line), 3 * 21 + 2 * 2);
            line = end + 1;
        }
        free(text);
    }
}

static void a_year_as_json_has_every_day(void **state)
{
    (void)state;
    int status = -1;
    char *text = TOLD(&status, "show", "cn", "--year", "2026", "--json");
    json_t *year = json_loads(text, 0, NULL);
    free(text);
    assert_int_equal(status, CTL_OK);
    assert_int_equal(json_array_size(json_object_get(year, "days")), 365);
    assert_int_equal(json_integer_value(json_object_get(year, "business_days")), 248);
    const json_t *day = json_array_get(json_object_get(year, "days"), 58); /* 28 February */
    assert_string_equal(json_string_value(json_object_get(day, "date")), "2026-02-28");
    assert_string_equal(json_string_value(json_object_get(day, "kind")), "shift");
    assert_string_equal(json_string_value(json_object_get(day, "name")), "春节");
    json_decref(year);
}

static void an_import_is_the_same_in_any_order(void **state)
{
    (void)state;
    static const char apple[] = CALENDAR_CASES "/apple.ics";
    static const char rules[] = CALENDAR_CASES "/rules.ics";
    int status[2] = {-1, -1};
#define IMPORT(status, first, second)                                                              \
    TOLD(status,                                                                                   \
         "import",                                                                                 \
         first,                                                                                    \
         second,                                                                                   \
         "--name",                                                                                 \
         "both",                                                                                   \
         "--source",                                                                               \
         "us: all",                                                                                \
         "--first-year",                                                                           \
         "2026",                                                                                   \
         "--last-year",                                                                            \
         "2026")
    char *a = IMPORT(&status[0], apple, rules);
    char *b = IMPORT(&status[1], rules, apple);
#undef IMPORT
    assert_int_equal(status[0], CTL_OK);
    assert_int_equal(status[1], CTL_OK);
    assert_string_equal(a, b);
    assert_non_null(strstr(a, "holidays: both\nsource: \"us: all\"\noff:\n  2026-02-15: 春节\n"));
    assert_non_null(strstr(a, "  2026-11-26: Thanksgiving Day\n"));
    assert_non_null(strstr(a, "worked:\n  2026-02-28: 春节\n"));
    free(a);
    free(b);
}

static void what_is_wrong_is_refused_by_status(void **state)
{
    (void)state;
    static const char cut[] = CALENDAR_CASES "/cut.ics";
    int status = -1;
    free(TOLD(&status, "import", CALENDAR_CASES "/apple.ics"));
    assert_int_equal(status, CTL_USAGE);
    free(TOLD(&status, "import", cut, "--name", "cut"));
    assert_int_equal(status, CTL_FAILED);
    free(TOLD(&status, "check", CALENDAR_CASES "/unknown-zone.yaml"));
    assert_int_equal(status, CTL_FAILED);
    free(TOLD(&status, "check", CALENDAR_CASES "/night-shift.yaml"));
    assert_int_equal(status, CTL_OK);
    free(TOLD(&status, "show", "nowhere"));
    assert_int_equal(status, CTL_NOT_FOUND);
}

static void a_name_nobody_ships_and_a_file_without_cases_are_told(void **state)
{
    (void)state;
    static const char none[] = CALENDAR_CASES "/no-cases.json";
    SCOPED(said_done) struct said unknown = SAID("calendar", "show", "nosuch");
    SCOPED(said_done) struct said near = SAID("calendar", "show", "cm");
    SCOPED(said_done) struct said empty = SAID("calendar", "check", none);
    SCOPED(said_done) struct said clocks = SAID("clock", "check", none);
    assert_int_equal(unknown.code, CTL_NOT_FOUND);
    assert_non_null(strstr(unknown.err, "there are: cn, uk, us, 24x7"));
    assert_non_null(strstr(near.err, "did you mean \"cn\"?"));
    assert_int_equal(empty.code, CTL_FAILED);
    assert_non_null(strstr(empty.err, "no cases: nothing was checked"));
    assert_int_equal(clocks.code, CTL_FAILED);
    assert_non_null(strstr(clocks.err, "no cases: nothing was checked"));
}

/* The next year's notice comes in November; until then what is drawn is an ordinary year. */
static void a_year_without_its_holidays_says_so_and_a_year_is_one(void **state)
{
    (void)state;
    SCOPED(said_done) struct said lacks = SAID("calendar", "show", "cn", "--year", "2199");
    SCOPED(said_done) struct said knows = SAID("calendar", "show", "cn", "--year", "2026");
    SCOPED(said_done) struct said none = SAID("calendar", "show", "24x7", "--year", "2199");
    SCOPED(said_done) struct said zero = SAID("calendar", "show", "cn", "--year", "0");
    SCOPED(said_done)
    struct said data = SAID("calendar", "show", "cn", "--year", "2199", "--json");
    assert_int_equal(lacks.code, CTL_OK);
    assert_non_null(strstr(lacks.err, "cn names no day of 2199"));
    assert_string_equal(knows.err, "");
    assert_string_equal(none.err, ""); /* it names no days at all */
    json_t *year = json_loads(data.out, 0, NULL);
    assert_true(json_is_false(json_object_get(year, "holidays_known")));
    json_decref(year);
    assert_int_equal(zero.code, CTL_USAGE);
    assert_non_null(strstr(zero.err, "1970"));
}

static void calendars_have_titles_and_those_of_a_policy_near_names(void **state)
{
    (void)state;
    static const char policy[] = CALENDAR_CASES "/../../../deploy/policies/uk-financial.yaml";
    SCOPED(said_done)
    struct said shipped = SAID("calendar", "show", "24x7", "--year", "2026", "--lang", "zh-CN");
    SCOPED(said_done)
    struct said titled = SAID("calendar", "show", policy, "--calendar", "office", "--lang", "en");
    SCOPED(said_done) struct said near = SAID("calendar", "show", policy, "--calendar", "ofice");
    assert_non_null(strstr(shipped.out, "全天候（24x7） 2026 年"));
    assert_non_null(strstr(titled.out, "Office hours (office) "));
    assert_int_equal(near.code, CTL_NOT_FOUND);
    assert_non_null(strstr(near.err, "did you mean"));
    assert_non_null(strstr(near.err, "office"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_year_is_drawn_in_columns_in_every_language),
        cmocka_unit_test(a_year_as_json_has_every_day),
        cmocka_unit_test(an_import_is_the_same_in_any_order),
        cmocka_unit_test(what_is_wrong_is_refused_by_status),
        cmocka_unit_test(a_year_without_its_holidays_says_so_and_a_year_is_one),
        cmocka_unit_test(calendars_have_titles_and_those_of_a_policy_near_names),
        cmocka_unit_test(a_name_nobody_ships_and_a_file_without_cases_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
