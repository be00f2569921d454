/*
 * Goal: any file given as a calendar (YAML, iCalendar, JSON) ends as a calendar or as a report;
 * what is read can be counted with, and what is written as a set is read again.
 */
#include "calendar_file.h"
#include "fuzz.h"

enum { FIRST_YEAR = 2025, LAST_YEAR = 2027, SIZE_MAX_FUZZED = 65536 };

static void as_set(const struct calendar_file *file)
{
    char *text = NULL;
    size_t size = 0;
    struct error error = {ERROR_NONE, ""};
    struct policy_report report;
    FILE *out = open_memstream(&text, &size);
    MUST(out);
    bool written = calendar_file_write(&file, 1, "set", "fuzz", out, &error);
    MUST(fclose(out) == 0);
    MUST(written || error.kind == ERROR_REJECT);
    if (written) {
        struct calendar_file *again =
            calendar_file_read("again", slice_of(text, size), NULL, FIRST_YEAR, LAST_YEAR, &report);
        MUST(again);
        policy_report_done(&report);
        calendar_file_free(&again);
    }
    free(text);
}

static void as_time(const struct calendar_file *file)
{
    struct calendar calendar;
    struct error error = {ERROR_NONE, ""};
    struct arena *arena = arena_new((size_t)64 * 1024 * 1024);
    MUST(arena);
    MUST(calendar_compile(&file->definition, FIRST_YEAR, LAST_YEAR, arena, &calendar, &error));
    int64_t start_s = calendar.days[100].midnight_s;
    int64_t end_s = calendar_add(&calendar, start_s, 3600);
    MUST(end_s >= start_s);
    MUST(end_s == INT64_MAX || calendar_between(&calendar, start_s, end_s) == 3600);
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct policy_report report;
    if (size > SIZE_MAX_FUZZED) {
        return 0;
    }
    struct calendar_file *file =
        calendar_file_read("fuzz", slice_of(data, size), "", FIRST_YEAR, LAST_YEAR, &report);
    MUST((file == NULL) == (report.errors > 0));
    MUST(file || report.text);
    policy_report_done(&report);
    if (file) {
        as_time(file);
        if (file->set) {
            as_set(file);
        }
        calendar_file_free(&file);
    }
    return 0;
}
