/* `redress org apply`, `clear` and `diff`; see ctl_org_show.c for who may take what. */
#include "ctl_org.h"

#include "ctl_calendar.h"
#include "ctl_database.h"
#include "ctl_file.h"
#include "ctl_view.h"
#include "hex.h"
#include "org_load.h"
#include "scope.h"
#include "yaml.h"

#include <pwd.h>
#include <sodium.h>
#include <unistd.h>

enum {
    YEARS_BACK = 1,
    YEARS_AHEAD = 2,
    PASSWD_SIZE = 4096, /* one line of it */
    HASH_TEXT_SIZE = HASH_SIZE * 2 + 3,
};

/* The organisation of a file that was read without an error. */
struct org_file {
    struct ctl_file text;
    struct org_object *object;
};

static void file_done(struct org_file *file)
{
    ctl_file_done(&file->text);
    org_object_free(&file->object);
}

/* Compiled for the years around now; NULL when the report has errors. */
static struct org_object *
object_read(const char *name, struct slice yaml, struct policy_report *report)
{
    int year = ctl_calendar_year_now();
    return org_load(name, yaml, year - YEARS_BACK, year + YEARS_AHEAD, report);
}

static int file_get(struct ctl *ctl, struct org_file *file)
{
    const char *path = ctl_argument(ctl, 0);
    if (ctl->argument_count > 1) {
        (void)ctl_fail(ctl, CTL_USAGE, TEXT_ORG_ONE, CTL_ARGS(ctl->verb->name, path));
        return CTL_USAGE;
    }
    int code = ctl_file_read(ctl, path, YAML_SIZE_MAX, &file->text);
    if (code != CTL_OK) {
        return code;
    }
    struct policy_report report;
    file->object = object_read(path, slice_of(file->text.bytes, file->text.size), &report);
    (void)fputs(report.text ? report.text : "", ctl->err);
    if (!file->object) {
        code =
            ctl_fail(ctl, CTL_FAILED, TEXT_ORG_BAD, CTL_ARGS(path, CTL_NUMBER_TEXT(report.errors)));
    }
    policy_report_done(&report);
    return code;
}

int org_newest(struct ctl *ctl, PGresult **rows)
{
    return ctl_query(ctl,
                     "SELECT version, source, applied_at, applied_by FROM org "
                     "ORDER BY version DESC LIMIT 1",
                     NULL,
                     0,
                     rows);
}

struct org_object *org_stored(const struct ctl *ctl, const PGresult *rows)
{
    struct policy_report report;
    char name[32];
    (void)snprintf(name, sizeof name, "org@%s", PQgetvalue(rows, 0, 0));
    struct org_object *object = object_read(name, slice_text(PQgetvalue(rows, 0, 1)), &report);
    if (!object) {
        (void)fputs(report.text ? report.text : "", ctl->err);
    }
    policy_report_done(&report);
    return object;
}

static const char *version_of(const PGresult *rows)
{
    return PQntuples(rows) > 0 ? PQgetvalue(rows, 0, 0) : "0";
}

int org_applied(struct ctl *ctl, struct org_object **object)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = org_newest(ctl, &rows);
    *object = NULL;
    if (code != CTL_OK || PQntuples(rows) == 0 || PQgetlength(rows, 0, 1) == 0) {
        return code;
    }
    *object = org_stored(ctl, rows);
    return *object ? CTL_OK
                   : ctl_fail(ctl, CTL_FAILED, TEXT_ORG_STORED_BAD, CTL_ARGS(version_of(rows)));
}

static struct slice text_of(const struct org_file *file)
{
    return slice_of(file->text.bytes, file->text.size);
}

/* What this text changes in the newest version; where that cannot be read, in one that says
 * nothing, and *changes is true whatever the text says. */
static int compare(struct ctl *ctl,
                   struct slice after,
                   struct org_difference *difference,
                   PGresult **rows,
                   bool *changes)
{
    int code = org_newest(ctl, rows);
    if (code != CTL_OK) {
        return code;
    }
    struct slice before =
        PQntuples(*rows) > 0 ? slice_text(PQgetvalue(*rows, 0, 1)) : slice_of(NULL, 0);
    SCOPED(org_object_free)
    struct org_object *object = before.size > 0 ? org_stored(ctl, *rows) : NULL;
    bool unreadable = before.size > 0 && !object;
    if (unreadable) {
        ctl_note(ctl, TEXT_ORG_STORED_BAD, CTL_ARGS(version_of(*rows)));
        before.size = 0;
    }
    if (!org_differ(before, after, difference)) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    *changes = unreadable || difference->count > 0;
    return CTL_OK;
}

static void tell_changes(const struct ctl *ctl, const struct org_difference *difference)
{
    for (size_t i = 0; !ctl->json && i < difference->count; i++) {
        const struct org_change *change = &difference->changes[i];
        if (change->before && change->after) {
            (void)fprintf(ctl->out, "~ %s: %s → %s\n", change->path, change->before, change->after);
        } else {
            (void)fprintf(ctl->out,
                          "%c %s: %s\n",
                          change->after ? '+' : '-',
                          change->path,
                          change->after ? change->after : change->before);
        }
    }
}

static void tell_json(const struct ctl *ctl,
                      const struct org_difference *difference,
                      const char *version,
                      bool applied)
{
    json_t *list = json_array();
    for (size_t i = 0; i < difference->count; i++) {
        const struct org_change *change = &difference->changes[i];
        (void)json_array_append_new(list,
                                    json_pack("{s:s, s:s?, s:s?}",
                                              "path",
                                              change->path,
                                              "before",
                                              change->before,
                                              "after",
                                              change->after));
    }
    json_t *value = json_pack("{s:I, s:b, s:o}",
                              "version",
                              (json_int_t)strtoll(version, NULL, 10),
                              "applied",
                              applied,
                              "changes",
                              list);
    ctl_print_json(ctl, &value);
}

static void tell(const struct ctl *ctl,
                 uint16_t people,
                 const struct org_difference *difference,
                 const char *version,
                 bool applied)
{
    const char *changes = CTL_NUMBER_TEXT(difference->count);
    tell_changes(ctl, difference);
    if (ctl->json) {
        tell_json(ctl, difference, version, applied);
    } else if (difference->count == 0) {
        ctl_print(ctl, TEXT_ORG_SAME, CTL_ARGS(version));
    } else if (applied) {
        ctl_print(ctl, TEXT_ORG_APPLIED, CTL_ARGS(version, changes, CTL_NUMBER_TEXT(people)));
    } else {
        ctl_print(ctl, TEXT_ORG_WOULD, CTL_ARGS(changes));
    }
}

int ctl_org_diff(struct ctl *ctl)
{
    SCOPED(file_done) struct org_file file = {.object = NULL};
    SCOPED(org_difference_done) struct org_difference difference = {.count = 0};
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = file_get(ctl, &file);
    bool changes = false;
    code = code == CTL_OK ? compare(ctl, text_of(&file), &difference, &rows, &changes) : code;
    if (code == CTL_OK) {
        tell(ctl, file.object->org.agent_count, &difference, version_of(rows), false);
        code = org_warn(ctl, ctl_argument(ctl, 0), text_of(&file), &file.object->org);
    }
    return code;
}

/* ---- apply ---- */

static json_t *name_or_null(uint16_t index, const char *name)
{
    return index == ORG_NONE ? json_null() : json_string(name);
}

static void agent_rows(const struct org *org, const struct org_agent *agent, json_t *rows)
{
    (void)json_array_append_new(
        json_object_get(rows, "agents"),
        json_pack("{s:s, s:o, s:o, s:o, s:o}",
                  "agent",
                  agent->name,
                  "department",
                  name_or_null(
                      agent->department,
                      agent->department == ORG_NONE ? "" : org->departments[agent->department].id),
                  "shift",
                  name_or_null(agent->shift,
                               agent->shift == ORG_NONE ? "" : org->shifts[agent->shift].id),
                  "capacity",
                  agent->capacity < 0 ? json_null() : json_integer(agent->capacity),
                  "deputy",
                  name_or_null(agent->deputy,
                               agent->deputy == ORG_NONE ? "" : org->agents[agent->deputy].name)));
    for (uint16_t i = 0; i < agent->role_count; i++) {
        (void)json_array_append_new(
            json_object_get(rows, "roles"),
            json_pack("{s:s, s:s}", "agent", agent->name, "role", agent->roles[i]));
    }
    for (uint16_t i = 0; i < agent->skill_count; i++) {
        (void)json_array_append_new(json_object_get(rows, "skills"),
                                    json_pack("{s:s, s:s, s:i}",
                                              "agent",
                                              agent->name,
                                              "skill",
                                              org->skills[agent->skills[i].skill],
                                              "level",
                                              (int)agent->skills[i].level));
    }
    for (uint16_t i = 0; i < agent->leave_count; i++) {
        (void)json_array_append_new(json_object_get(rows, "leaves"),
                                    json_pack("{s:s, s:I, s:I}",
                                              "agent",
                                              agent->name,
                                              "from_s",
                                              (json_int_t)agent->leaves[i].from_s,
                                              "until_s",
                                              (json_int_t)agent->leaves[i].until_s));
    }
}

/* The rows of all tables as one JSON document: one parameter, whatever the size. */
static char *rows_text(const struct org *org)
{
    json_t *rows = json_pack(
        "{s:[], s:[], s:[], s:[], s:[]}", "departments", "agents", "roles", "skills", "leaves");
    for (uint16_t i = 0; i < org->department_count; i++) {
        const struct org_department *department = &org->departments[i];
        (void)json_array_append_new(
            json_object_get(rows, "departments"),
            json_pack("{s:s, s:o, s:o}",
                      "department",
                      department->id,
                      "parent",
                      name_or_null(department->parent,
                                   department->parent == ORG_NONE
                                       ? ""
                                       : org->departments[department->parent].id),
                      "head",
                      name_or_null(
                          department->head,
                          department->head == ORG_NONE ? "" : org->agents[department->head].name)));
    }
    for (uint16_t i = 0; i < org->agent_count; i++) {
        agent_rows(org, &org->agents[i], rows);
    }
    char *text = json_dumps(rows, JSON_COMPACT);
    json_decref(rows);
    return text;
}

static int run_all(struct ctl *ctl, const char *const *statements, const char *parameter)
{
    int code = CTL_OK;
    for (; *statements && code == CTL_OK; statements++) {
        SCOPED(ctl_rows_free) PGresult *done = NULL;
        bool takes = strstr(*statements, "$1") != NULL;
        code = ctl_query(ctl, *statements, takes ? &parameter : NULL, takes, &done);
    }
    return code;
}

/* Who applies it; the user's name where nobody is named. */
static const char *who(const struct ctl *ctl, char memory[PASSWD_SIZE])
{
    const char *given = ctl_option_text(ctl, "as");
    struct passwd entry;
    struct passwd *user = NULL;
    if (given) {
        return given;
    }
    int wrong = getpwuid_r(geteuid(), &entry, memory, PASSWD_SIZE, &user);
    return wrong == 0 && user ? user->pw_name : "";
}

/* The version's row, then the tables anew from it. */
static int write_all(struct ctl *ctl, const struct org *org, struct slice source, char version[24])
{
    static const char *const statements[] = {
        "DELETE FROM agent_leave",
        "DELETE FROM agent_skill",
        "DELETE FROM agent_role",
        "DELETE FROM agent",
        "DELETE FROM department",
        "INSERT INTO department SELECT * FROM jsonb_to_recordset($1::jsonb->'departments') AS "
        "r(department text, parent text, head text)",
        "INSERT INTO agent SELECT * FROM jsonb_to_recordset($1::jsonb->'agents') AS "
        "r(agent text, department text, shift text, capacity integer, deputy text)",
        "INSERT INTO agent_role SELECT DISTINCT * FROM jsonb_to_recordset($1::jsonb->'roles') AS "
        "r(agent text, role text)",
        "INSERT INTO agent_skill SELECT * FROM jsonb_to_recordset($1::jsonb->'skills') AS "
        "r(agent text, skill text, level smallint)",
        "INSERT INTO agent_leave SELECT agent, to_timestamp(from_s), to_timestamp(until_s) "
        "FROM jsonb_to_recordset($1::jsonb->'leaves') AS r(agent text, from_s bigint, until_s "
        "bigint)",
        "COMMIT",
        NULL};
    uint8_t hash[HASH_SIZE];
    char hash_text[HASH_TEXT_SIZE] = "\\x";
    (void)crypto_generichash(
        hash, sizeof hash, (const unsigned char *)source.bytes, source.size, NULL, 0);
    hex_encode(hash, sizeof hash, hash_text + 2);
    char memory[PASSWD_SIZE];
    const char *const parameters[] = {
        org->id, hash_text, (const char *)source.bytes, who(ctl, memory)};
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ctl_query(ctl,
                         "INSERT INTO org (version, name, hash, source, applied_by) "
                         "SELECT coalesce(max(version), 0) + 1, $1, $2::bytea, $3, $4 FROM org "
                         "RETURNING version",
                         parameters,
                         4,
                         &rows);
    if (code != CTL_OK) {
        return code;
    }
    (void)snprintf(version, 24, "%s", PQgetvalue(rows, 0, 0));
    char *text = rows_text(org);
    if (!text) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    code = run_all(ctl, statements, text);
    free(text);
    return code;
}

/* one at a time; whatever fails ends the connection, and with it the transaction */
static const char *const begin[] = {
    "BEGIN", "SELECT pg_advisory_xact_lock(hashtext('redress.org'))", NULL};

int ctl_org_apply(struct ctl *ctl)
{
    SCOPED(file_done) struct org_file file = {.object = NULL};
    SCOPED(org_difference_done) struct org_difference difference = {.count = 0};
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    char version[24];
    if (ctl_option_flag(ctl, "dry-run")) {
        return ctl_org_diff(ctl);
    }
    int code = file_get(ctl, &file);
    code = code == CTL_OK ? run_all(ctl, begin, NULL) : code;
    bool changes = false;
    code = code == CTL_OK ? compare(ctl, text_of(&file), &difference, &rows, &changes) : code;
    if (code != CTL_OK) {
        return code;
    }
    (void)snprintf(version, sizeof version, "%s", version_of(rows));
    code = changes ? write_all(ctl, &file.object->org, text_of(&file), version) : CTL_OK;
    if (code == CTL_OK) {
        tell(ctl, file.object->org.agent_count, &difference, version, changes);
        code = org_warn(ctl, ctl_argument(ctl, 0), text_of(&file), &file.object->org);
    }
    return code;
}

/* A version that says nothing: versions are never changed, nor taken away. */
int ctl_org_clear(struct ctl *ctl)
{
    static const struct org nobody = {.id = ""};
    const struct slice nothing = slice_text("");
    SCOPED(org_difference_done) struct org_difference difference = {.count = 0};
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    char version[24];
    int code = run_all(ctl, begin, NULL);
    bool changes = false;
    code = code == CTL_OK ? compare(ctl, nothing, &difference, &rows, &changes) : code;
    if (code != CTL_OK) {
        return code;
    }
    (void)snprintf(version, sizeof version, "%s", version_of(rows));
    code = changes ? write_all(ctl, &nobody, nothing, version) : CTL_OK;
    if (code == CTL_OK && ctl->json) {
        tell_json(ctl, &difference, version, changes);
    } else if (code == CTL_OK) {
        ctl_print(ctl, changes ? TEXT_ORG_CLEARED : TEXT_ORG_NONE, CTL_ARGS(version));
    }
    return code;
}
