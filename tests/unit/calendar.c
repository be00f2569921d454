/*
 * Goal: business time is what other products' own tests say it is (laws 8 and 12).
 *
 * Method: the cases of tests/data/calendar (a sample, each naming the repository and test it was
 * read from) and, where the reference data is at hand (REDRESS_SHARED names its folder), all of
 * calendar_cases.json, through compile and search.  Cases that ask for what the header does not
 * offer (business days backward) are asked the other way round.  Ties: the closing time.
 */
#include "calendar.h"

#include "calendar_load.h"
#include "scope.h"
#include "unit.h"
#include "zone.h"

#include <inttypes.h>
#include <jansson.h>

enum { ARENA_LIMIT = 32 * 1024 * 1024, CASE_FIRST_YEAR = 1969, CASE_LAST_YEAR = 2027 };

struct tally {
    unsigned passed, failed;
};

/* "2025-05-01T12:00:00+08:00" */
static int64_t instant(const char *text)
{
    int32_t date = 0;
    int year, month, day, hour, minute, second;
    int at = 0;
    assert_int_equal(
        sscanf(text, "%d-%d-%dT%d:%d:%d%n", &year, &month, &day, &hour, &minute, &second, &at), 6);
    assert_true(date_parse(slice_of(text, 10), &date));
    int64_t local_s = date_to_days(date) * 86400 + hour * 3600 + minute * 60 + second;
    if (text[at] == 'Z') {
        return local_s;
    }
    int off_hour, off_minute;
    assert_int_equal(sscanf(text + at + 1, "%d:%d", &off_hour, &off_minute), 2);
    int64_t offset_s = off_hour * 3600 + off_minute * 60;
    return text[at] == '-' ? local_s + offset_s : local_s - offset_s;
}

static struct calendar_hours hours_read(const json_t *list)
{
    struct calendar_hours hours = {0};
    size_t i;
    json_t *pair;
    json_array_foreach(list, i, pair)
    {
        struct calendar_span *span = &hours.spans[hours.count++];
        assert_true(calendar_time_parse(slice_text(json_string_value(json_array_get(pair, 0))),
                                        &span->open_s));
        assert_true(calendar_time_parse(slice_text(json_string_value(json_array_get(pair, 1))),
                                        &span->close_s));
    }
    return hours;
}

static void dated_add(struct calendar_dated **at,
                      const char *date,
                      enum calendar_dated_kind kind,
                      const json_t *list)
{
    struct calendar_dated *dated = (*at)++;
    *dated = (struct calendar_dated){.kind = kind, .hours = hours_read(list)};
    assert_true(date_parse(slice_text(date), &dated->date));
}

static void case_compile(const json_t *row, struct arena *arena, struct calendar *calendar)
{
    static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    const json_t *holidays = json_object_get(row, "holidays");
    json_t *breaks = json_object_get(row, "breaks");
    json_t *shifts = json_object_get(row, "shifts");
    size_t count = json_array_size(holidays) + json_object_size(breaks) + json_object_size(shifts);
    struct calendar_dated *dated = arena_take(arena, (count + 1) * sizeof *dated);
    struct calendar_dated *at = dated;
    struct calendar_definition definition = {
        .name = "case", .zone = json_string_value(json_object_get(row, "timezone"))};
    for (int i = 0; i < 7; i++) {
        definition.week[i] = hours_read(json_object_get(json_object_get(row, "hours"), days[i]));
    }
    size_t i;
    json_t *value;
    const char *key;
    json_array_foreach(holidays, i, value)
    {
        dated_add(&at, json_string_value(value), DATED_HOLIDAY, NULL);
    }
    json_object_foreach(breaks, key, value)
    {
        dated_add(&at, key, DATED_BREAK, value);
    }
    json_object_foreach(shifts, key, value)
    {
        dated_add(&at, key, DATED_SHIFT, value);
    }
    definition.dated = dated;
    definition.dated_count = (uint32_t)(at - dated);
    struct error error = {0};
    if (!calendar_compile(&definition, CASE_FIRST_YEAR, CASE_LAST_YEAR, arena, calendar, &error)) {
        fail_msg("%s", error.text);
    }
}

static int64_t at_of(const json_t *args, const char *key)
{
    return instant(json_string_value(json_object_get(args, key)));
}

static bool backward(const json_t *args)
{
    const char *direction = json_string_value(json_object_get(args, "direction"));
    return direction && strcmp(direction, "backward") == 0;
}

/* Business dates from the one of start to the one before that of end, counted in the compiled list.
 */
static int64_t days_between(const struct calendar *calendar, const json_t *args)
{
    int64_t count = 0;
    for (uint32_t i = 0; i < calendar->day_count; i++) {
        const struct calendar_day *day = &calendar->days[i];
        int64_t end_s = day->midnight_s + 86400;
        bool inside = end_s > at_of(args, "start") && end_s <= at_of(args, "end");
        count += inside && day->business;
    }
    return count;
}

static bool add_days_is(const struct calendar *calendar, const json_t *args, int64_t expected_s)
{
    uint32_t days = (uint32_t)json_integer_value(json_object_get(args, "business_days"));
    int64_t start_s = at_of(args, "start");
    if (backward(args)) {
        return calendar_add_days(calendar, expected_s, days, false) == start_s;
    }
    int64_t at_s = calendar_add_days(calendar, start_s, days, false);
    const char *rule = json_string_value(json_object_get(args, "day_rule"));
    return (strcmp(rule, "roll") == 0 ? calendar_add(calendar, at_s, 0) : at_s) == expected_s;
}

static bool add_is(const struct calendar *calendar, const json_t *row, const json_t *args)
{
    int64_t seconds = json_integer_value(json_object_get(args, "seconds"));
    int64_t expected_s = instant(json_string_value(json_object_get(row, "expected")));
    const char *tie = json_string_value(json_object_get(row, "tie"));
    if (tie && strcmp(tie, "start_of_next") == 0) { /* our rule is the closing time */
        expected_s = instant(json_string_value(json_object_get(row, "equivalent")));
    }
    int64_t start_s = at_of(args, "start");
    if (backward(args) &&
        seconds == 0) { /* the end of what is open before: back over it and forth */
        return calendar_add(calendar, calendar_add(calendar, start_s, -1), 1) == expected_s;
    }
    return calendar_add(calendar, start_s, backward(args) ? -seconds : seconds) == expected_s;
}

static void case_run(const json_t *row, struct arena *arena, struct tally *tally)
{
    struct calendar calendar = {0};
    case_compile(row, arena, &calendar);
    const char *op = json_string_value(json_object_get(row, "op"));
    const json_t *args = json_object_get(row, "args");
    const json_t *expected = json_object_get(row, "expected");
    bool by_days = json_object_get(args, "business_days") != NULL;
    bool passed = false;
    if (strcmp(op, "is_open") == 0) {
        passed = calendar_is_open(&calendar, at_of(args, "at")) == json_is_true(expected);
    } else if (strcmp(op, "between") == 0) {
        const char *unit = json_string_value(json_object_get(args, "unit"));
        passed = strcmp(unit, "seconds") == 0
                     ? calendar_between(&calendar, at_of(args, "start"), at_of(args, "end")) ==
                           json_integer_value(expected)
                     : days_between(&calendar, args) == json_integer_value(expected);
    } else if (by_days) {
        passed = add_days_is(&calendar, args, instant(json_string_value(expected)));
    } else {
        passed = add_is(&calendar, row, args);
    }
    tally->passed += passed;
    tally->failed += !passed;
    if (!passed) {
        print_error("failed %s from %s\n",
                    json_string_value(json_object_get(row, "id")),
                    json_string_value(json_object_get(row, "source")));
    }
}

static struct tally file_run(const char *path)
{
    struct tally tally = {0};
    json_error_t why;
    json_t *rows = json_load_file(path, 0, &why);
    assert_non_null(rows);
    struct arena *arena = arena_new(ARENA_LIMIT);
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        arena_reset(arena);
        case_run(row, arena, &tally);
    }
    print_message(
        "%u passed, %u failed of %zu\n", tally.passed, tally.failed, json_array_size(rows));
    arena_free(&arena);
    json_decref(rows);
    return tally;
}

static void the_sample_of_other_products_cases_agrees(void **state)
{
    (void)state;
    struct tally tally = file_run(TEST_DATA "/calendar/sample.json");
    assert_int_equal(tally.failed, 0);
    assert_true(tally.passed == 28);
}

static void every_case_of_the_reference_data_agrees(void **state)
{
    (void)state;
    const char *shared = getenv("REDRESS_SHARED");
    char path[512];
    (void)snprintf(
        path, sizeof path, "%s/data/calendar_cases.json", shared ? shared : REDRESS_SHARED);
    FILE *file = fopen(path, "re");
    if (!file) {
        print_message("no reference data at hand: skipped\n");
        skip();
    }
    fclose(file);
    struct tally tally = file_run(path);
    assert_int_equal(tally.failed, 0);
    assert_true(tally.passed == 260);
}

/* 09:00 to 17:00 on weekdays, London: its summer time began on 2026-03-29 and ended on 2026-10-25.
 */
static struct calendar london(struct arena *arena, bool always, int first_year, int last_year)
{
    struct calendar_definition definition = {
        .name = "london", .zone = "Europe/London", .always = always};
    for (int i = 0; i < 5; i++) {
        definition.week[i] = (struct calendar_hours){.count = 1, .spans = {{9 * 3600, 17 * 3600}}};
    }
    struct calendar calendar = {0};
    struct error error = {0};
    assert_true(calendar_compile(&definition, first_year, last_year, arena, &calendar, &error));
    return calendar;
}

static void a_business_day_keeps_the_wall_clock_across_summer_time(void **state)
{
    (void)state;
    struct arena *arena = arena_new(ARENA_LIMIT);
    struct calendar calendar = london(arena, false, 2026, 2026);
    /* From the spring Sunday itself, noon of summer time, to Monday noon. */
    assert_int_equal(calendar_add_days(&calendar, instant("2026-03-29T11:00:00Z"), 1, false),
                     instant("2026-03-30T11:00:00Z"));
    assert_int_equal(calendar_add_days(&calendar, instant("2026-03-27T12:00:00Z"), 1, false),
                     instant("2026-03-30T11:00:00Z"));
    assert_int_equal(calendar_add_days(&calendar, instant("2026-10-25T12:00:00Z"), 1, false),
                     instant("2026-10-26T12:00:00Z"));
    assert_int_equal(calendar_add_days(&calendar, instant("2026-10-23T12:00:00Z"), 1, true),
                     instant("2026-10-26T17:00:00Z"));
    arena_free(&arena);
}

static void on_the_day_the_clocks_change_the_wall_clock_still_decides(void **state)
{
    (void)state;
    struct arena *arena = arena_new(ARENA_LIMIT);
    struct calendar calendar = london(arena, true, 2026, 2026); /* every day is one of business */
    static const struct {
        const char *start, *expected;
    } rows[] = {
        {"2026-03-28T12:00:00Z", "2026-03-29T11:00:00Z"},
        {"2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z"}, /* 01:30 does not exist: 02:30 */
        {"2026-03-28T00:30:00Z", "2026-03-29T00:30:00Z"},
        {"2026-10-24T11:00:00Z", "2026-10-25T12:00:00Z"},
        {"2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z"}, /* 01:30 comes twice: the first */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(calendar_add_days(&calendar, instant(rows[i].start), 1, false),
                         instant(rows[i].expected));
    }
    arena_free(&arena);
}

static void outside_the_compiled_years_nothing_is_guessed(void **state)
{
    (void)state;
    struct arena *arena = arena_new(ARENA_LIMIT);
    struct calendar calendar = london(arena, false, 2026, 2026);
    assert_true(calendar_covers(&calendar, instant("2026-12-31T23:59:59Z")));
    assert_false(calendar_covers(&calendar, instant("2027-01-01T00:00:00Z")));
    assert_false(calendar_covers(&calendar, instant("2025-12-31T23:59:59Z")));
    assert_int_equal(calendar_add(&calendar, instant("2026-12-31T16:00:00Z"), 3601), INT64_MAX);
    assert_int_equal(calendar_add(&calendar, instant("2026-12-31T16:00:00Z"), 3600),
                     instant("2026-12-31T17:00:00Z"));
    assert_int_equal(calendar_add(&calendar, instant("2026-12-31T17:00:00Z"), 0), INT64_MAX);
    assert_int_equal(calendar_add(&calendar, instant("2026-01-01T09:30:00Z"), -1801), INT64_MIN);
    assert_int_equal(calendar_add_days(&calendar, instant("2026-12-31T10:00:00Z"), 1, false),
                     INT64_MAX);
    assert_int_equal(calendar_add(&calendar, 0, INT64_MAX), INT64_MAX);
    assert_int_equal(calendar_add(&calendar, 0, INT64_MIN), INT64_MIN);
    arena_free(&arena);
}

static void a_calendar_that_is_always_open_is_elapsed_time(void **state)
{
    (void)state;
    struct arena *arena = arena_new(ARENA_LIMIT);
    struct calendar calendar = london(arena, true, 2026, 2026);
    assert_true(calendar_is_open(&calendar, instant("2026-03-29T02:30:00Z")));
    assert_int_equal(calendar_add(&calendar, 1000, 86400), 87400);
    assert_int_equal(calendar_add(&calendar, 1000, 0), 1000);
    assert_int_equal(calendar_between(&calendar, 1000, 5000), 4000);
    assert_int_equal(calendar_between(&calendar, 5000, 1000), 0);
    assert_int_equal(calendar_add_days(&calendar, instant("2026-03-28T12:00:00Z"), 1, true),
                     instant("2026-03-29T23:00:00Z"));
    arena_free(&arena);
}

static void the_version_tells_rules_apart_and_not_years(void **state)
{
    (void)state;
    struct arena *arena = arena_new(ARENA_LIMIT);
    struct calendar one = london(arena, false, 2026, 2026);
    struct calendar two = london(arena, false, 2024, 2028);
    struct calendar other = london(arena, true, 2026, 2026);
    assert_string_equal(one.version, two.version);
    assert_string_not_equal(one.version, other.version);
    assert_int_equal(strlen(one.version), 16);
    arena_free(&arena);
}

static void zone_rules_go_on_after_the_last_transition_of_the_file(void **state)
{
    (void)state;
    struct error error = {0};
    SCOPED(zone_free) struct zone *zone = zone_new("Europe/Berlin", &error);
    assert_non_null(zone);
    int64_t summer_s = zone_next_change_s(zone, instant("2150-01-01T00:00:00Z"));
    assert_int_equal(summer_s, instant("2150-03-29T01:00:00Z"));
    assert_int_equal(zone_offset_s(zone, summer_s - 1), 3600);
    assert_int_equal(zone_offset_s(zone, summer_s), 7200);
    /* 02:30 does not exist on that date; 02:30 on the autumn date comes twice. */
    assert_int_equal(zone_instant_s(zone, instant("2150-03-29T02:30:00Z")), summer_s + 1800);
    assert_int_equal(zone_instant_s(zone, instant("2150-10-25T02:30:00Z")),
                     instant("2150-10-25T00:30:00Z"));
}

static void a_zone_is_a_name_below_the_zone_folder_and_nothing_else(void **state)
{
    (void)state;
    static const char *const names[] = {"",
                                        "../etc/passwd",
                                        "/etc/localtime",
                                        "Asia//Shanghai",
                                        "Asia/",
                                        "Mars/Olympus",
                                        "zone.tab",
                                        "Asia"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct error error = {0};
        struct zone *zone = zone_new(names[i], &error);
        assert_null(zone);
        assert_int_equal(error.kind, ERROR_REJECT);
        assert_true(strlen(error.text) > 0);
    }
}

static void a_cut_zone_file_is_refused_at_every_length(void **state)
{
    (void)state;
    uint8_t bytes[16 * 1024];
    FILE *file = fopen("/usr/share/zoneinfo/Europe/Berlin", "re");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    struct error error = {0};
    for (size_t cut = 0; cut < size; cut++) {
        /* A copy of exactly that size, so that reading past it is seen by the sanitizer. */
        uint8_t *copy = malloc(cut + 1);
        memcpy(copy, bytes, cut);
        struct zone *zone = zone_parse(slice_of(copy, cut), &error);
        free(copy);
        assert_null(zone);
    }
    SCOPED(zone_free) struct zone *whole = zone_parse(slice_of(bytes, size), &error);
    assert_non_null(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_of_other_products_cases_agrees),
        cmocka_unit_test(every_case_of_the_reference_data_agrees),
        cmocka_unit_test(a_business_day_keeps_the_wall_clock_across_summer_time),
        cmocka_unit_test(on_the_day_the_clocks_change_the_wall_clock_still_decides),
        cmocka_unit_test(outside_the_compiled_years_nothing_is_guessed),
        cmocka_unit_test(a_calendar_that_is_always_open_is_elapsed_time),
        cmocka_unit_test(the_version_tells_rules_apart_and_not_years),
        cmocka_unit_test(zone_rules_go_on_after_the_last_transition_of_the_file),
        cmocka_unit_test(a_zone_is_a_name_below_the_zone_folder_and_nothing_else),
        cmocka_unit_test(a_cut_zone_file_is_refused_at_every_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
