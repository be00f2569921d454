/* A policy that is asked for: a file with those it uses, or a row of the archive. */
#include "clock.h"
#include "ctl_database.h"
#include "ctl_file.h"
#include "ctl_names.h"
#include "ctl_policy.h"
#include "patterns_process.h"
#include "policy_bundle.h"
#include "scope.h"
#include "yaml.h"

#include <libgen.h>
#include <limits.h>
#include <unistd.h>

/* The files of one policy while they are gathered. */
struct gathering {
    struct policy_file files[POLICY_FILES_MAX];
    struct ctl_file contents[POLICY_FILES_MAX];
    uint32_t count;
};

static void gathering_done(struct gathering *gathering)
{
    for (uint32_t i = 0; i < gathering->count; i++) {
        ctl_file_done(&gathering->contents[i]);
    }
}

static int
gather_one(struct ctl *ctl, const char *path, const char *name, struct gathering *gathering)
{
    for (uint32_t i = 0; i < gathering->count; i++) {
        if (strcmp(gathering->files[i].name, name) == 0) {
            return CTL_OK;
        }
    }
    if (gathering->count == POLICY_FILES_MAX) {
        return CTL_OK; /* the loader says which file it misses */
    }
    struct ctl_file *content = &gathering->contents[gathering->count];
    struct policy_file *file = &gathering->files[gathering->count];
    int code = ctl_file_read(ctl, path, YAML_SIZE_MAX, content);
    if (code == CTL_OK) {
        (void)snprintf(file->name, sizeof file->name, "%s", name);
        file->bytes = slice_of(content->bytes, content->size);
        gathering->count++;
    }
    return code;
}

/* The policy's file first; what it uses is named relative to its folder. */
static int gather(struct ctl *ctl, const char *path, struct gathering *gathering)
{
    char folder_text[PATH_MAX];
    char name_text[PATH_MAX];
    (void)snprintf(folder_text, sizeof folder_text, "%s", path);
    (void)snprintf(name_text, sizeof name_text, "%s", path);
    const char *folder = dirname(folder_text);
    int code = gather_one(ctl, path, basename(name_text), gathering);
    for (uint32_t i = 0; i < gathering->count && code == CTL_OK; i++) {
        char names[POLICY_FILES_MAX][POLICY_FILE_NAME_MAX];
        uint32_t count = policy_uses_of(gathering->files[i].bytes, names);
        for (uint32_t j = 0; j < count && code == CTL_OK; j++) {
            char used[PATH_MAX + POLICY_FILE_NAME_MAX];
            (void)snprintf(used, sizeof used, "%s/%s", folder, names[j]);
            if (access(used, R_OK) == 0) { /* else the loader says who asked for it */
                code = gather_one(ctl, used, names[j], gathering);
            }
        }
    }
    return code;
}

static int from_file(struct ctl *ctl, const char *path, struct ctl_policy *policy)
{
    SCOPED(gathering_done) struct gathering gathering = {.count = 0};
    int code = gather(ctl, path, &gathering);
    FILE *out = code == CTL_OK ? open_memstream(&policy->text, &policy->size) : NULL;
    if (code == CTL_OK && !out) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    if (out) {
        policy_bundle_write(gathering.files, gathering.count, out);
        (void)fclose(out);
    }
    return code;
}

static int from_archive(struct ctl *ctl, const char *name, struct ctl_policy *policy)
{
    char text[POLICY_NAME_MAX + 16];
    (void)snprintf(text, sizeof text, "%s", name);
    char *at = strchr(text, '@');
    if (at) {
        *at = '\0';
    }
    const char *const parameters[] = {text, at ? at + 1 : NULL};
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code =
        ctl_query(ctl,
                  "SELECT source FROM policy WHERE name = $1 AND "
                  "version::text = coalesce($2, version::text) ORDER BY version DESC LIMIT 1",
                  parameters,
                  2,
                  &rows);
    if (code != CTL_OK) {
        return code;
    }
    if (PQntuples(rows) == 0) {
        char near[CTL_NAMES_TOLD_MAX] = "";
        SCOPED(view_policies_free) struct view_policies *views = view_policies_new(ctl);
        const struct ctl_named named = {.naming = NAMING_POLICY, .word = text};
        return ctl_fail(
            ctl,
            CTL_NOT_FOUND,
            TEXT_POLICY_ABSENT,
            CTL_ARGS(name, views ? ctl_names_hint(ctl, views, &named, NULL, near) : near));
    }
    policy->text = strdup(PQgetvalue(rows, 0, 0));
    policy->size = (size_t)PQgetlength(rows, 0, 0);
    return policy->text ? CTL_OK : ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
}

static int year_now(void)
{
    char text[CLOCK_TEXT_SIZE];
    clock_text(clock_now_us(), text);
    return (int)strtol(text, NULL, 10);
}

int ctl_policy_get_for(struct ctl *ctl,
                       const char *name,
                       bool blind,
                       int first_year,
                       int last_year,
                       struct ctl_policy *policy)
{
    *policy = (struct ctl_policy){0};
    bool file = strcmp(name, "-") == 0 || strchr(name, '/') || access(name, R_OK) == 0 ||
                strstr(name, ".yaml");
    int code = file ? from_file(ctl, name, policy) : from_archive(ctl, name, policy);
    struct slice text = slice_of(policy->text, policy->size);
    if (code == CTL_OK && blind) {
        policy->object = policy_load_blind(name, text, first_year, last_year, &policy->report);
    } else if (code == CTL_OK) { /* a daemon would give them up as late */
        policy->object = policy_load_in_time(
            name, text, first_year, last_year, PATTERNS_PATIENCE_S, &policy->report);
    }
    return code;
}

int ctl_policy_get(struct ctl *ctl, const char *name, bool blind, struct ctl_policy *policy)
{
    int year = year_now();
    int last = year + (int)ctl_option_number(ctl, "years");
    return ctl_policy_get_for(ctl, name, blind, year, last, policy);
}

void ctl_policy_done(struct ctl_policy *policy)
{
    policy_object_free(&policy->object);
    policy_report_done(&policy->report);
    free(policy->text);
    *policy = (struct ctl_policy){0};
}

int ctl_policy_compiled(struct ctl *ctl, const char *name, const struct ctl_policy *policy)
{
    if (policy->object) {
        return CTL_OK;
    }
    (void)fputs(policy->report.text ? policy->report.text : "", ctl->err);
    return ctl_fail(
        ctl, CTL_FAILED, TEXT_POLICY_BAD, CTL_ARGS(name, CTL_NUMBER_TEXT(policy->report.errors)));
}

int ctl_policy_good(struct ctl *ctl, const char *name, struct ctl_policy *policy)
{
    int code = ctl_policy_get(ctl, name, true, policy);
    return code == CTL_OK ? ctl_policy_compiled(ctl, name, policy) : code;
}
