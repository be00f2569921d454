/*
 * Goal: a calendar from any file is what the file says, and what is wrong in one is told at its
 * place, with a hint, all of it in one run (laws 9 and 12).
 *
 * Method: every file of tests/unit/calendar is read; report and dates must be N.ok to the letter
 * (REDRESS_WRITE=1 writes them anew, to be read before they are committed).  What is written as a
 * set is read as the same dates.  Cut and altered files never do worse than an error.
 */
#include "calendar_file.h"

#include "golden.h"
#include "scope.h"
#include "unit.h"
#include "zone.h"

#include <dirent.h>
#include <limits.h>

enum { FILE_MAX = 64 * 1024, FIRST_YEAR = 2025, LAST_YEAR = 2027, FAULTS_MIN = 10, FILES_MIN = 16 };

static void hours_tell(FILE *out, const struct calendar_hours *hours)
{
    for (uint8_t i = 0; i < hours->count; i++) {
        (void)fprintf(out, " %d-%d", hours->spans[i].open_s / 60, hours->spans[i].close_s / 60);
    }
}

static void file_tell(FILE *out, const struct calendar_file *file)
{
    static const char *const kinds[] = {"off", "hours", "break"};
    const struct calendar_definition *definition = &file->definition;
    (void)fprintf(out,
                  "%s '%s' from '%s', %s\n",
                  file->set ? "set" : "calendar",
                  file->id,
                  file->origin,
                  definition->zone);
    for (uint32_t i = 0; i < definition->dated_count; i++) {
        const struct calendar_dated *dated = &definition->dated[i];
        (void)fprintf(out, "%d %s", dated->date, kinds[dated->kind]);
        hours_tell(out, &dated->hours);
        (void)fprintf(out, " %s\n", dated->name ? dated->name : "");
    }
}

static char *outcome_of(const char *name, struct slice bytes, bool *bad)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct policy_report report;
    SCOPED(calendar_file_free)
    struct calendar_file *file =
        calendar_file_read(name, bytes, NULL, FIRST_YEAR, LAST_YEAR, &report);
    assert_int_equal(file == NULL, report.errors > 0);
    *bad = file == NULL;
    (void)fprintf(out, "%u errors, %u warnings\n", report.errors, report.warnings);
    (void)fputs(report.text ? report.text : "", out);
    if (file) {
        file_tell(out, file);
    }
    (void)fclose(out);
    policy_report_done(&report);
    return text;
}

static bool golden_agrees(const char *name, bool *bad)
{
    static char bytes[FILE_MAX];
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", CALENDAR_CASES, name);
    size_t size = golden_read(path, bytes, FILE_MAX);
    char *outcome = outcome_of(name, slice_of(bytes, size), bad);
    (void)snprintf(path, sizeof path, "%s/%s.ok", CALENDAR_CASES, name);
    bool same = golden_is(path, outcome);
    free(outcome);
    return same;
}

static void every_file_is_read_or_refused_as_its_outcome_says(void **state)
{
    (void)state;
    DIR *folder = opendir(CALENDAR_CASES);
    assert_non_null(folder);
    unsigned files = 0;
    unsigned faults = 0;
    unsigned wrong = 0;
    struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        const char *dot = strrchr(entry->d_name, '.');
        if (entry->d_name[0] != '.' && dot && strcmp(dot, ".ok") != 0) {
            bool bad = false;
            files++;
            wrong += !golden_agrees(entry->d_name, &bad);
            faults += bad;
        }
    }
    (void)closedir(folder);
    assert_int_equal(wrong, 0);
    assert_true(files >= FILES_MIN && faults >= FAULTS_MIN);
}

static struct calendar_file *good(const char *name, struct slice bytes)
{
    struct policy_report report;
    struct calendar_file *file =
        calendar_file_read(name, bytes, NULL, FIRST_YEAR, LAST_YEAR, &report);
    if (report.text) {
        print_error("%s", report.text);
    }
    assert_int_equal(report.errors + report.warnings, 0);
    policy_report_done(&report);
    assert_non_null(file);
    return file;
}

static void what_is_shipped_is_good_and_says_where_it_is_from(void **state)
{
    (void)state;
    size_t count = 0;
    const struct policy_holidays *files = policy_holidays_shipped(&count);
    assert_true(count == 4);
    for (size_t i = 0; i < count; i++) {
        SCOPED(calendar_file_free)
        struct calendar_file *file = good(files[i].file, files[i].yaml);
        assert_string_equal(file->id, files[i].id);
        assert_true(!file->set || file->origin[0] != '\0');
        assert_true(!file->set || file->definition.dated_count >= 32);
    }
}

/* A set is written, read and written: the second writing is the first. */
static void a_set_that_is_written_is_read_as_the_same(void **state)
{
    (void)state;
    static char bytes[FILE_MAX];
    size_t size = golden_read(CALENDAR_CASES "/rules.ics", bytes, FILE_MAX);
    SCOPED(calendar_file_free) struct calendar_file *first = good("rules", slice_of(bytes, size));
    char *texts[2] = {NULL, NULL};
    struct calendar_file *from = first;
    SCOPED(calendar_file_free) struct calendar_file *again = NULL;
    for (int i = 0; i < 2; i++) {
        size_t written = 0;
        struct error error = {0};
        FILE *out = open_memstream(&texts[i], &written);
        assert_true(calendar_file_write(
            (const struct calendar_file *const[]){from}, 1, "us", "a: feed", out, &error));
        (void)fclose(out);
        calendar_file_free(&again);
        again = good("written", slice_of(texts[i], written));
        from = again;
    }
    assert_string_equal(texts[0], texts[1]);
    assert_int_equal(again->definition.dated_count, first->definition.dated_count);
    assert_string_equal(again->origin, "a: feed");
    free(texts[0]);
    free(texts[1]);
}

static void files_that_contradict_each_other_make_no_set(void **state)
{
    (void)state;
    static const char off[] = "holidays: a\nsource: a\noff: 2026-10-10\n";
    static const char worked[] =
        "holidays: b\nsource: b\noff: 2026-10-01\nworked: {2026-10-10: b}\n";
    SCOPED(calendar_file_free) struct calendar_file *a = good("a", slice_text(off));
    SCOPED(calendar_file_free) struct calendar_file *b = good("b", slice_text(worked));
    char *text = NULL;
    size_t size = 0;
    struct error error = {0};
    FILE *out = open_memstream(&text, &size);
    assert_false(calendar_file_write(
        (const struct calendar_file *const[]){a, b}, 2, "ab", "both", out, &error));
    (void)fclose(out);
    free(text);
    assert_string_equal(error.text, "2026-10-10 is off in one file and worked in another");
}

/* Every cut and many altered bytes; a copy of exactly that size, so that the sanitizer sees reading
 * past it. */
static void no_damage_does_worse_than_an_error(void **state)
{
    (void)state;
    static const char *const names[] = {
        "night-shift.yaml", "wrong-days.json", "apple.ics", "rules.ics"};
    static char bytes[FILE_MAX];
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", CALENDAR_CASES, names[i]);
        size_t size = golden_read(path, bytes, FILE_MAX);
        assert_true(size > 0);
        for (size_t at = 0; at < 2 * size; at += 5) {
            size_t length = at < size ? at : size;
            char *copy = malloc(length + 1);
            memcpy(copy, bytes, length);
            if (at >= size) {
                copy[at - size] = (char)(copy[at - size] ^ 0x15);
            }
            bool bad = false;
            free(outcome_of(names[i], slice_of(copy, length), &bad));
            free(copy);
        }
    }
}

/* 2026-02-12 (Thursday) 10:00 in Shanghai + 7 working days: the 14th is worked, the 15th to the
 * 23rd are off, the 28th, a Saturday, is worked again. */
static void seven_working_days_from_before_the_spring_festival_end_on_a_saturday(void **state)
{
    (void)state;
    static const char office[] = "calendar: office\nzone: Asia/Shanghai\n"
                                 "hours: {mon-fri: [09:00-12:00, 13:30-18:00]}\nholidays: cn\n";
    SCOPED(calendar_file_free) struct calendar_file *file = good("office", slice_text(office));
    SCOPED(arena_free) struct arena *arena = arena_new((size_t)16 * 1024 * 1024);
    struct calendar calendar;
    struct error error = {0};
    assert_true(calendar_compile(&file->definition, 2026, 2026, arena, &calendar, &error));
    int64_t zone_s = 8 * 3600;
    int64_t start_s = date_to_days(20260212) * 86400 + 10 * 3600 - zone_s;
    int64_t day_s = date_to_days(20260228) * 86400 - zone_s;
    assert_int_equal(date_weekday(date_to_days(20260228)), 5);
    assert_int_equal(calendar_add_days(&calendar, start_s, 7, false), day_s + 10 * 3600);
    assert_int_equal(calendar_add_days(&calendar, start_s, 7, true), day_s + 18 * 3600);
    assert_int_equal(calendar_days_between(&calendar, start_s, day_s), 7);
    assert_int_equal(calendar_add_days(&calendar, day_s + 10 * 3600, -7, false), start_s);
}

static void a_year_is_missed_from_november_on(void **state)
{
    (void)state;
    static const char office[] = "calendar: office\nzone: Asia/Shanghai\n"
                                 "hours: {mon-fri: 09:00-18:00}\n";
    static const char *const holidays[] = {"holidays: cn\n", ""};
    static const struct {
        int32_t date;
        int32_t missing[2];
    } rows[] = {
        {20261031, {0, 0}   },
        {20261101, {2027, 0}},
        {20261231, {2027, 0}},
        {20270101, {2027, 0}},
        {20290501, {2029, 0}},
    };
    for (int i = 0; i < 2; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "%s%s", office, holidays[i]);
        SCOPED(calendar_file_free) struct calendar_file *file = good("office", slice_text(text));
        SCOPED(arena_free) struct arena *arena = arena_new((size_t)16 * 1024 * 1024);
        struct error error = {0};
        for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
            struct calendar calendar;
            int year = rows[r].date / 10000;
            arena_reset(arena);
            assert_true(
                calendar_compile(&file->definition, year, year + 3, arena, &calendar, &error));
            int64_t noon_s = date_to_days(rows[r].date) * 86400 + 4 * 3600;
            assert_int_equal(calendar_missing_year(&calendar, noon_s), rows[r].missing[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_is_read_or_refused_as_its_outcome_says),
        cmocka_unit_test(what_is_shipped_is_good_and_says_where_it_is_from),
        cmocka_unit_test(a_set_that_is_written_is_read_as_the_same),
        cmocka_unit_test(files_that_contradict_each_other_make_no_set),
        cmocka_unit_test(seven_working_days_from_before_the_spring_festival_end_on_a_saturday),
        cmocka_unit_test(a_year_is_missed_from_november_on),
        cmocka_unit_test(no_damage_does_worse_than_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
