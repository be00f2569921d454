/* `redress calendar check` and `import`. */
#include "ctl_calendar.h"

#include "clock.h"
#include "ctl_cases.h"
#include "ctl_file.h"
#include "ctl_names.h"
#include "ctl_policy.h"
#include "scope.h"
#include "yaml.h"

#include <unistd.h>

enum {
    YEARS_BACK = 2, /* as the daemons compile them */
    YEARS_AHEAD = 3,
    MEMORY_MAX = 64 * 1024 * 1024,
    IMPORT_FILES_MAX = 64,
};

int ctl_calendar_year_now(void)
{
    char text[CLOCK_TEXT_SIZE];
    clock_text(clock_now_us(), text);
    return (int)strtol(text, NULL, 10);
}

/* The bytes of a shipped file; false: there is none of that name. */
static bool shipped_find(const char *name, struct slice *bytes)
{
    size_t count = 0;
    const struct policy_holidays *files = policy_holidays_shipped(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(files[i].id, name) == 0) {
            *bytes = files[i].yaml;
            return true;
        }
    }
    return false;
}

/* A name of none of those that are shipped. */
static int unknown(const struct ctl *ctl, const char *name)
{
    size_t count = 0;
    const struct policy_holidays *files = policy_holidays_shipped(&count);
    static struct ctl_names names; /* large */
    names = (struct ctl_names){.word = name};
    char told[CTL_NAMES_TOLD_MAX];
    for (size_t i = 0; i < count; i++) {
        ctl_names_add(&names, files[i].id, NULL);
    }
    return ctl_fail(ctl,
                    CTL_NOT_FOUND,
                    TEXT_CALENDAR_UNKNOWN,
                    CTL_ARGS(name, ctl_names_tell(ctl, &names, told)));
}

/* A file that begins a line with the key of policies. */
static bool is_policy(struct slice bytes)
{
    static const char key[] = "policy:";
    for (size_t i = 0; i + sizeof key - 1 <= bytes.size; i++) {
        if ((i == 0 || bytes.bytes[i - 1] == '\n') &&
            memcmp(bytes.bytes + i, key, sizeof key - 1) == 0) {
            return true;
        }
    }
    return false;
}

/* "POLICY/CALENDAR", as queues are named; not what is said like a path. */
static const char *calendar_in(const char *path)
{
    const char *slash = strchr(path, '/');
    bool one = slash && slash != path && slash[1] != '\0' && !strchr(slash + 1, '/');
    return one && path[0] != '.' && !strchr(slash, '.') ? slash + 1 : NULL;
}

/* A calendar of a policy ("": its first), with all that its files come to. */
static int policy_open(struct ctl *ctl,
                       const char *name,
                       const char *calendar,
                       int first_year,
                       int last_year,
                       struct calendar_file **file)
{
    SCOPED(ctl_policy_done) struct ctl_policy policy = {0};
    int code = ctl_policy_get_for(ctl, name, true, first_year, last_year, &policy);
    code = code == CTL_OK ? ctl_policy_compiled(ctl, name, &policy) : code;
    if (code != CTL_OK) {
        return code;
    }
    static struct ctl_names names; /* large */
    names = (struct ctl_names){.word = calendar};
    char told[CTL_NAMES_TOLD_MAX];
    bool known = calendar[0] == '\0';
    for (uint16_t i = 0; i < policy.object->policy.calendar_count; i++) {
        const struct calendar *one = &policy.object->policy.calendars[i];
        known = known || strcmp(one->name, calendar) == 0;
        ctl_names_add(&names, one->name, view_calendar(ctl, one));
    }
    if (!known) {
        return ctl_fail(ctl,
                        CTL_NOT_FOUND,
                        TEXT_CALENDAR_NOT_OF,
                        CTL_ARGS(name, calendar, ctl_names_tell(ctl, &names, told)));
    }
    struct policy_report report = {0};
    *file = calendar_file_read(
        name, slice_of(policy.text, policy.size), calendar, first_year, last_year, &report);
    policy_report_done(&report);
    return *file ? CTL_OK : ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
}

/* A policy of the archive that is known by name. */
static int archived_open(
    struct ctl *ctl, const char *path, int first_year, int last_year, struct calendar_file **file)
{
    char name[CTL_NAME_SIZE];
    const char *calendar = calendar_in(path);
    (void)snprintf(name, sizeof name, "%.*s", (int)(calendar - 1 - path), path);
    struct ctl_named named = {.naming = NAMING_POLICY, .word = name};
    SCOPED(view_policies_free) struct view_policies *policies = view_policies_new(ctl);
    bool version = strchr(name, '@') != NULL;
    int code = version ? CTL_OK : ctl_names_known(ctl, policies, &named, 1, NULL);
    const char *policy = version ? name : named.id;
    return code == CTL_OK ? policy_open(ctl, policy, calendar, first_year, last_year, file) : code;
}

int ctl_calendar_open(struct ctl *ctl,
                      const char *path,
                      bool shipped,
                      const char *calendar,
                      int first_year,
                      int last_year,
                      struct calendar_file **file,
                      unsigned *warnings)
{
    SCOPED(ctl_file_done) struct ctl_file read = {0};
    struct slice bytes = {0};
    *file = NULL;
    *warnings = 0;
    bool there = access(path, F_OK) == 0;
    bool named = shipped && !there && shipped_find(path, &bytes);
    if (shipped && !there && !named && !strchr(path, '/') && !strchr(path, '.')) {
        return unknown(ctl, path);
    }
    if (shipped && !there && !named && calendar_in(path)) {
        return archived_open(ctl, path, first_year, last_year, file);
    }
    if (!named) {
        int code = ctl_file_read(ctl, path, YAML_SIZE_MAX, &read);
        if (code != CTL_OK) {
            return code;
        }
        bytes = slice_of(read.bytes, read.size);
    }
    if (shipped && calendar && is_policy(bytes)) {
        return policy_open(ctl, path, calendar, first_year, last_year, file);
    }
    struct policy_report report = {0};
    *file = calendar_file_read(path, bytes, calendar, first_year, last_year, &report);
    (void)fputs(report.text ? report.text : "", ctl->err);
    unsigned errors = report.errors;
    *warnings = report.warnings;
    policy_report_done(&report);
    return *file ? CTL_OK
                 : ctl_fail(
                       ctl, CTL_FAILED, TEXT_CALENDAR_BAD, CTL_ARGS(path, CTL_NUMBER_TEXT(errors)));
}

/* ---- check ---- */

static void tell(const struct ctl *ctl,
                 const char *path,
                 const struct calendar_file *file,
                 const struct calendar *calendar,
                 unsigned warnings,
                 json_t *list)
{
    int32_t missing = calendar_missing_year(calendar, clock_now_us() / 1000000);
    const char *dates = CTL_NUMBER_TEXT(file->definition.dated_count);
    if (missing > 0) {
        ctl_note(ctl, TEXT_CALENDAR_YEAR_MISSING, CTL_ARGS(path, CTL_NUMBER_TEXT(missing)));
    }
    json_t *row = json_pack("{s:s, s:s, s:b, s:i, s:i, s:s, s:i}",
                            "file",
                            path,
                            "name",
                            file->id,
                            "set",
                            file->set,
                            "dates",
                            (int)file->definition.dated_count,
                            "named_until",
                            (int)calendar->named_year,
                            "version",
                            calendar->version,
                            "warnings",
                            (int)warnings + (missing > 0));
    (void)json_object_set_new(
        row, "missing_year", missing > 0 ? json_integer(missing) : json_null());
    (void)json_array_append_new(list, row);
    if (!ctl->json) {
        ctl_print(ctl,
                  file->set ? TEXT_CALENDAR_SET_GOOD : TEXT_CALENDAR_GOOD,
                  CTL_ARGS(path, file->id[0] ? file->id : "-", dates, calendar->version));
    }
}

static int check_one(struct ctl *ctl, const char *path, json_t *list)
{
    unsigned warnings = 0;
    int year = ctl_calendar_year_now();
    SCOPED(calendar_file_free) struct calendar_file *file = NULL;
    int code = ctl_calendar_open(
        ctl, path, false, NULL, year - YEARS_BACK, year + YEARS_AHEAD, &file, &warnings);
    if (code != CTL_OK) {
        (void)json_array_append_new(list, json_pack("{s:s, s:b}", "file", path, "bad", true));
        return code;
    }
    SCOPED(arena_free) struct arena *arena = arena_new(MEMORY_MAX);
    struct calendar calendar;
    struct error error = {0};
    if (!arena ||
        !calendar_compile(
            &file->definition, year - YEARS_BACK, year + YEARS_AHEAD, arena, &calendar, &error)) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    tell(ctl, path, file, &calendar, warnings, list);
    return CTL_OK;
}

int ctl_calendar_check(struct ctl *ctl)
{
    int code = CTL_OK;
    json_t *list = json_array();
    for (unsigned i = 0; i < ctl->argument_count; i++) {
        const char *path = ctl->arguments[i];
        int one = ctl_cases_is(path) ? ctl_calendar_cases(ctl, path) : check_one(ctl, path, list);
        code = one != CTL_OK ? one : code;
    }
    if (ctl->json && json_array_size(list) > 0) {
        json_t *value = json_pack("{s:O}", "calendars", list);
        ctl_print_json(ctl, &value);
    }
    json_decref(list);
    return code;
}

/* ---- import ---- */

struct import {
    struct calendar_file *files[IMPORT_FILES_MAX];
    size_t count;
    char *yaml; /* owned */
    size_t size;
};

static void import_done(struct import *import)
{
    for (size_t i = 0; i < import->count; i++) {
        calendar_file_free(&import->files[i]);
    }
    free(import->yaml);
}

/* "holiday-cn/2026.json, holiday-cn/2027.json" */
static void origin_of(const struct ctl *ctl, const struct import *import, char into[512])
{
    const char *given = ctl_option_text(ctl, "source");
    size_t at = 0;
    into[0] = '\0';
    for (size_t i = 0; !given && i < import->count && at < 512; i++) {
        const char *slash = strrchr(ctl->arguments[i], '/');
        const char *base = slash ? slash + 1 : ctl->arguments[i];
        const char *origin = import->files[i]->origin;
        int wrote =
            snprintf(into + at, 512 - at, "%s%s", i > 0 ? ", " : "", origin[0] ? origin : base);
        at += wrote > 0 ? (size_t)wrote : 0;
    }
    if (given) {
        (void)snprintf(into, 512, "%s", given);
    }
}

static int import_read(struct ctl *ctl, struct import *import)
{
    int year = ctl_calendar_year_now();
    int64_t first = ctl_option_number(ctl, "first-year");
    int64_t last = ctl_option_number(ctl, "last-year");
    int code = CTL_OK;
    for (unsigned i = 0; i < ctl->argument_count && i < IMPORT_FILES_MAX; i++) {
        unsigned warnings = 0;
        int one = ctl_calendar_open(ctl,
                                    ctl->arguments[i],
                                    false,
                                    NULL,
                                    first > 0 ? (int)first : year - YEARS_BACK,
                                    last > 0 ? (int)last : year + YEARS_AHEAD,
                                    &import->files[import->count],
                                    &warnings);
        import->count += one == CTL_OK;
        code = one != CTL_OK ? one : code;
    }
    return code;
}

/* Writes the set, and reads it again: what is printed is what the loader takes. */
static int import_write(struct ctl *ctl, struct import *import)
{
    char origin[512];
    struct error error = {0};
    const char *name = ctl_option_text(ctl, "name");
    origin_of(ctl, import, origin);
    FILE *out = open_memstream(&import->yaml, &import->size);
    if (!out) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    bool good = calendar_file_write((const struct calendar_file *const *)import->files,
                                    import->count,
                                    name,
                                    origin,
                                    out,
                                    &error);
    (void)fclose(out);
    if (!good) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_CALENDAR_REFUSED, CTL_ARGS(error.text));
    }
    struct policy_report report = {0};
    int year = ctl_calendar_year_now();
    SCOPED(calendar_file_free)
    struct calendar_file *again =
        calendar_file_read(name, slice_of(import->yaml, import->size), NULL, year, year, &report);
    (void)fputs(report.text ? report.text : "", ctl->err);
    policy_report_done(&report);
    return again ? CTL_OK : CTL_FAILED;
}

int ctl_calendar_import(struct ctl *ctl)
{
    if (!ctl_option_text(ctl, "name")) {
        return ctl_fail(ctl, CTL_USAGE, TEXT_CALENDAR_NAME_WANTED, NULL);
    }
    struct import import = {0};
    int code = import_read(ctl, &import);
    code = code == CTL_OK ? import_write(ctl, &import) : code;
    if (code == CTL_OK && ctl->json) {
        json_t *value = json_pack("{s:s, s:o}",
                                  "holidays",
                                  ctl_option_text(ctl, "name"),
                                  "yaml",
                                  ctl_json_text(slice_of(import.yaml, import.size)));
        ctl_print_json(ctl, &value);
    } else if (code == CTL_OK) {
        (void)fwrite(import.yaml, 1, import.size, ctl->out);
    }
    import_done(&import);
    return code;
}
