/*
 * Goal: business time is what other products' own tests say it is (laws 8 and 12).
 *
 * Method: `redress calendar check` is given the cases of tests/data/calendar (a sample, each naming
 * the repository and test it was read from) and, where the reference data is at hand
 * (REDRESS_SHARED names its folder), all of calendar_cases.json: the library the daemons count with
 * answers.  Ties: the closing time.  What the cases do not ask is told as stories.
 */
#include "calendar.h"

#include "calendar_load.h"
#include "ctl_said.h"
#include "scope.h"
#include "unit.h"
#include "zone.h"

#include <jansson.h>
#include <unistd.h>

enum { ARENA_LIMIT = 32 * 1024 * 1024 };

/* "2025-05-01T12:00:00+08:00" */
static int64_t instant(const char *text)
{
    int32_t date = 0;
    int year;
    int month;
    int day;
    int hour;
    int minute;
    int second;
    int at = 0;
    assert_int_equal(
        sscanf(text, "%d-%d-%dT%d:%d:%d%n", &year, &month, &day, &hour, &minute, &second, &at), 6);
    assert_true(date_parse(slice_of(text, 10), &date));
    int64_t local_s = date_to_days(date) * 86400 + hour * 3600 + minute * 60 + second;
    if (text[at] == 'Z') {
        return local_s;
    }
    int off_hour;
    int off_minute;
    assert_int_equal(sscanf(text + at + 1, "%d:%d", &off_hour, &off_minute), 2);
    int64_t offset_s = off_hour * 3600 + off_minute * 60;
    return text[at] == '-' ? local_s + offset_s : local_s - offset_s;
}

static void cases_agree(const char *path, json_int_t count)
{
    json_t *said = said_json(SAID("calendar", "check", path, "--json"), CTL_OK);
    assert_int_equal(json_integer_value(json_object_get(said, "cases")), count);
    assert_int_equal(json_integer_value(json_object_get(said, "agree")), count);
    assert_int_equal(json_array_size(json_object_get(said, "differ")), 0);
    json_decref(said);
}

static void the_sample_of_other_products_cases_agrees(void **state)
{
    (void)state;
    cases_agree(TEST_DATA "/calendar/sample.json", 28);
}

static void every_case_of_the_reference_data_agrees(void **state)
{
    (void)state;
    const char *shared = getenv("REDRESS_SHARED");
    char path[512];
    (void)snprintf(
        path, sizeof path, "%s/data/calendar_cases.json", shared ? shared : REDRESS_SHARED);
    if (access(path, R_OK) != 0) {
        print_message("no reference data at hand: skipped\n");
        skip();
    }
    cases_agree(path, 260);
}

static void a_case_that_differs_or_cannot_be_read_is_listed(void **state)
{
    (void)state;
    static const char cases[] =
        "[{\"id\":\"wrong\",\"timezone\":\"UTC\",\"hours\":{\"mon\":[[\"09:00\",\"17:00\"]]},"
        "\"op\":\"is_open\",\"args\":{\"at\":\"2026-11-23T10:00:00Z\"},\"expected\":false},\n"
        "{\"id\":\"zone\",\"timezone\":\"Mars/Olympus\",\"hours\":{},"
        "\"op\":\"is_open\",\"args\":{\"at\":\"2026-11-23T10:00:00Z\"},\"expected\":false},\n"
        "{\"id\":\"never\",\"timezone\":\"UTC\",\"hours\":{},\"op\":\"add\","
        "\"args\":{\"start\":\"2026-11-23T10:00:00Z\",\"seconds\":1},\"expected\":null}]";
    char path[] = "/tmp/redress-cases-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, cases, sizeof cases - 1), sizeof cases - 1);
    (void)close(file);
    json_t *said = said_json(SAID("calendar", "check", path, "--json"), CTL_FAILED);
    (void)unlink(path);
    char *text = json_dumps(said, JSON_COMPACT);
    assert_string_equal(text,
                        "{\"cases\":3,\"agree\":1,\"differ\":["
                        "{\"id\":\"wrong\",\"expected\":false,\"got\":true},"
                        "{\"id\":\"zone\",\"expected\":false,\"got\":"
                        "{\"error\":\"the system knows no time zone 'Mars/Olympus'\"}}]}");
    free(text);
    json_decref(said);
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
    (void)fclose(file);
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

static void zone_version_of(const char *path, uint8_t flip, char version[ZONE_VERSION_SIZE])
{
    uint8_t bytes[16 * 1024];
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    bytes[5] ^= flip; /* reserved: no rule of the zone is in it */
    struct error error = {0};
    SCOPED(zone_free) struct zone *zone = zone_parse(slice_of(bytes, size), &error);
    assert_non_null(zone);
    (void)snprintf(version, ZONE_VERSION_SIZE, "%s", zone_version(zone));
}

static void the_digest_tells_two_zone_files_apart(void **state)
{
    (void)state;
    char berlin[ZONE_VERSION_SIZE];
    char other[ZONE_VERSION_SIZE];
    zone_version_of("/usr/share/zoneinfo/Europe/Berlin", 0, berlin);
    zone_version_of("/usr/share/zoneinfo/Europe/Berlin", 0, other);
    assert_string_equal(berlin, other);
    zone_version_of("/usr/share/zoneinfo/Europe/Berlin", 1, other);
    assert_string_not_equal(berlin, other);
    zone_version_of("/usr/share/zoneinfo/Asia/Shanghai", 0, other);
    assert_string_not_equal(berlin, other);
}

static void write_release(const char *folder, const char *line)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/tzdata.zi", folder);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    (void)fputs(line, file);
    (void)fclose(file);
}

static void assert_berlin_is_of(const char *version, size_t size)
{
    struct error error = {0};
    struct arena *arena = arena_new(ARENA_LIMIT);
    struct calendar_definition definition = {.name = "berlin", .zone = "Berlin"};
    struct calendar calendar;
    assert_true(calendar_compile(&definition, 2026, 2026, arena, &calendar, &error));
    assert_int_equal(strncmp(calendar.zone_version, version, strlen(version)), 0);
    assert_int_equal(strlen(calendar.zone_version), size);
    arena_free(&arena);
}

static void a_calendar_names_the_release_of_its_zone_data_else_a_digest(void **state)
{
    (void)state;
    char folder[] = "/tmp/redress-zones-XXXXXX";
    char path[128];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/Berlin", folder);
    assert_int_equal(symlink("/usr/share/zoneinfo/Europe/Berlin", path), 0);
    assert_int_equal(setenv("TZDIR", folder, 1), 0);
    assert_berlin_is_of("tzif-", 21);
    write_release(folder, "# version 2031z\n# redo posix_only\n");
    assert_berlin_is_of("2031z", 5);
    write_release(folder, "# version 2031z\033[7m\n");
    assert_berlin_is_of("tzif-", 21);
    write_release(folder, "# version 2031z-with-a-name-that-is-too-long\n");
    assert_berlin_is_of("tzif-", 21);
    write_release(folder, "");
    assert_berlin_is_of("tzif-", 21);
    assert_int_equal(unsetenv("TZDIR"), 0);
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof path, "%s/tzdata.zi", folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_of_other_products_cases_agrees),
        cmocka_unit_test(every_case_of_the_reference_data_agrees),
        cmocka_unit_test(a_case_that_differs_or_cannot_be_read_is_listed),
        cmocka_unit_test(a_business_day_keeps_the_wall_clock_across_summer_time),
        cmocka_unit_test(on_the_day_the_clocks_change_the_wall_clock_still_decides),
        cmocka_unit_test(outside_the_compiled_years_nothing_is_guessed),
        cmocka_unit_test(a_calendar_that_is_always_open_is_elapsed_time),
        cmocka_unit_test(the_version_tells_rules_apart_and_not_years),
        cmocka_unit_test(zone_rules_go_on_after_the_last_transition_of_the_file),
        cmocka_unit_test(a_zone_is_a_name_below_the_zone_folder_and_nothing_else),
        cmocka_unit_test(a_cut_zone_file_is_refused_at_every_length),
        cmocka_unit_test(the_digest_tells_two_zone_files_apart),
        cmocka_unit_test(a_calendar_names_the_release_of_its_zone_data_else_a_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
