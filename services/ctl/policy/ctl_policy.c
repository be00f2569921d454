/* `redress policy load`, `check`, `list`, `manual` and `schema`. */
#include "ctl_policy.h"

#include "ctl.h"
#include "ctl_database.h"
#include "ctl_table.h"
#include "ctl_view.h"
#include "hex.h"
#include "policy_book.h"
#include "policy_manual.h"
#include "scope.h"

#include <sodium.h>

enum { HASH_TEXT_SIZE = HASH_SIZE * 2 + 3 };

/* What has become of one file. */
struct filed {
    const char *path;
    const struct policy *policy; /* NULL: does not compile */
    const struct policy_report *report;
    const char *outcome; /* stable word */
    enum ctl_text text;
};

static void tell(const struct ctl *ctl, const struct filed *filed, json_t *list)
{
    const struct policy *policy = filed->policy;
    if (filed->report->text) {
        (void)fputs(filed->report->text, ctl->err);
    }
    json_t *row = json_pack("{s:s, s:s, s:i, s:i}",
                            "file",
                            filed->path,
                            "outcome",
                            filed->outcome,
                            "errors",
                            (int)filed->report->errors,
                            "warnings",
                            (int)filed->report->warnings);
    ctl_policy_faults(filed->report, row);
    if (policy) {
        (void)json_object_set_new(row, "policy", json_string(policy->name));
        (void)json_object_set_new(row, "version", json_integer(policy->version));
    }
    (void)json_array_append_new(list, row);
    if (ctl->json) {
        return;
    }
    if (!policy) {
        (void)ctl_fail(ctl,
                       CTL_FAILED,
                       filed->text,
                       CTL_ARGS(filed->path, CTL_NUMBER_TEXT(filed->report->errors)));
        return;
    }
    const char *version = CTL_NUMBER_TEXT(policy->version);
    if (filed->text == TEXT_POLICY_CONFLICT) {
        (void)ctl_fail(
            ctl, CTL_CONFLICT, filed->text, CTL_ARGS(filed->path, policy->name, version));
    } else if (filed->text == TEXT_POLICY_NAMES_FULL) {
        const char *most = CTL_NUMBER_TEXT(POLICY_NAMES_MAX);
        (void)ctl_fail(ctl, CTL_CONFLICT, filed->text, CTL_ARGS(filed->path, policy->name, most));
    } else {
        const char *warnings = CTL_NUMBER_TEXT(filed->report->warnings);
        ctl_print(ctl, filed->text, CTL_ARGS(filed->path, policy->name, version, warnings));
    }
}

static void hash_text(const struct ctl_policy *file, char text[HASH_TEXT_SIZE])
{
    uint8_t hash[HASH_SIZE];
    (void)crypto_generichash(
        hash, sizeof hash, (const unsigned char *)file->text, file->size, NULL, 0);
    text[0] = '\\';
    text[1] = 'x';
    hex_encode(hash, sizeof hash, text + 2);
}

/* The row of its name and version, if there is one, tells whether this is the same text. */
static int load_one(struct ctl *ctl, const struct ctl_policy *file, struct filed *filed)
{
    char hash[HASH_TEXT_SIZE];
    hash_text(file, hash);
    const char *version = CTL_NUMBER_TEXT(filed->policy->version);
    const char *const parameters[] = {
        filed->policy->name, version, hash, file->text, CTL_NUMBER_TEXT(POLICY_NAMES_MAX)};
    SCOPED(ctl_rows_free) PGresult *inserted = NULL;
    int code = ctl_query(ctl,
                         "INSERT INTO policy (name, version, hash, source) "
                         "SELECT $1, $2::integer, $3::bytea, $4 WHERE $5::integer > "
                         "(SELECT count(DISTINCT name) FROM policy WHERE name <> $1) "
                         "ON CONFLICT DO NOTHING RETURNING id",
                         parameters,
                         5,
                         &inserted);
    if (code != CTL_OK) {
        return code;
    }
    if (PQntuples(inserted) > 0) {
        filed->outcome = "loaded";
        filed->text = TEXT_POLICY_LOADED;
        return CTL_OK;
    }
    SCOPED(ctl_rows_free) PGresult *same = NULL;
    code = ctl_query(ctl,
                     "SELECT hash = $3::bytea AND version = $2::integer FROM policy "
                     "WHERE name = $1 ORDER BY 1 DESC LIMIT 1",
                     parameters,
                     3,
                     &same);
    if (code != CTL_OK) {
        return code;
    }
    bool named = PQntuples(same) > 0;
    bool known = named && PQgetvalue(same, 0, 0)[0] == 't';
    filed->outcome = known ? "known" : named ? "conflict" : "full";
    filed->text = known ? TEXT_POLICY_KNOWN : named ? TEXT_POLICY_CONFLICT : TEXT_POLICY_NAMES_FULL;
    return known ? CTL_OK : CTL_CONFLICT;
}

static int file_one(struct ctl *ctl, const char *path, bool load, json_t *list)
{
    SCOPED(ctl_policy_done) struct ctl_policy file = {0};
    int code = ctl_policy_get(ctl, path, false, &file);
    if (code != CTL_OK) {
        return code;
    }
    struct policy_object *object = file.object;
    struct filed filed = {.path = path,
                          .policy = object ? &object->policy : NULL,
                          .report = &file.report,
                          .outcome = object ? "good" : "bad",
                          .text = object ? TEXT_POLICY_GOOD : TEXT_POLICY_BAD};
    if (object && file.report.warnings > 0) {
        filed.text = TEXT_POLICY_GOOD_BUT;
    }
    code = object ? CTL_OK : CTL_FAILED;
    if (object && load) {
        code = load_one(ctl, &file, &filed);
    }
    if (code == CTL_OK || code == CTL_CONFLICT || !object) {
        tell(ctl, &filed, list);
    }
    return code;
}

/* All of them, the bad ones as well: whoever mends one wants to know of the others. */
static int file_all(struct ctl *ctl, bool load)
{
    int code = CTL_OK;
    json_t *list = json_array();
    for (unsigned i = 0; i < ctl->argument_count; i++) {
        int one = file_one(ctl, ctl->arguments[i], load, list);
        code = one != CTL_OK ? one : code;
        if (one == CTL_UNREACHABLE) {
            break;
        }
    }
    if (ctl->json) {
        json_t *value = json_pack("{s:O}", "policies", list);
        ctl_print_json(ctl, &value);
    }
    json_decref(list);
    return code;
}

int ctl_policy_load(struct ctl *ctl)
{
    return file_all(ctl, true);
}

int ctl_policy_check(struct ctl *ctl)
{
    return file_all(ctl, false);
}

static enum locale locale_of(const struct ctl *ctl)
{
    static const enum locale locales[CTL_LANGUAGE_COUNT] = {
        [CTL_EN] = LOCALE_EN, [CTL_ZH_CN] = LOCALE_ZH_CN, [CTL_ZH_TW] = LOCALE_ZH_TW};
    return locales[ctl->language];
}

int ctl_policy_manual(struct ctl *ctl)
{
    if (!ctl_option_flag(ctl, "man")) {
        policy_manual(locale_of(ctl), ctl->out);
        return CTL_OK;
    }
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    if (!to) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    policy_manual(locale_of(ctl), to);
    int code = fclose(to) == 0 ? CTL_OK : ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    if (code == CTL_OK) {
        ctl_manual_language(ctl, text);
    }
    free(text);
    return code;
}

int ctl_policy_schema(struct ctl *ctl)
{
    policy_schema(locale_of(ctl), ctl->out);
    return CTL_OK;
}

/* The zone of those under which there are cases, as the lists of cases tell it. */
static void zone_of_cases(struct ctl *ctl, const PGresult *rows, int cases, int id)
{
    struct view_zones zones = {0};
    SCOPED(view_policies_free) struct view_policies *policies = view_policies_new(ctl);
    for (int row = 0; policies && row < PQntuples(rows); row++) {
        uint32_t policy = (uint32_t)strtoul(PQgetvalue(rows, row, id), NULL, 10);
        if (strcmp(PQgetvalue(rows, row, cases), "0") != 0) {
            view_zones_add(&zones, view_policy(policies, policy));
        }
    }
    view_zones_take(&zones);
}

int ctl_policy_list(struct ctl *ctl)
{
    static const struct ctl_column columns[] = {
        {"policy",    TEXT_COLUMN_POLICY,  CTL_COLUMN_TEXT,   false},
        {"version",   TEXT_COLUMN_VERSION, CTL_COLUMN_NUMBER, false},
        {"cases",     TEXT_COLUMN_CASES,   CTL_COLUMN_NUMBER, false},
        {"loaded_at", TEXT_COLUMN_LOADED,  CTL_COLUMN_TEXT,   false},
        {"hash",      TEXT_COLUMN_HASH,    CTL_COLUMN_TEXT,   true },
    };
    enum { COLUMNS = sizeof columns / sizeof *columns, CASES = 2, LOADED = 3 };
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ctl_query(
        ctl,
        "SELECT p.name, p.version, (SELECT count(*) FROM complaint c WHERE c.policy_id = p.id), "
        "p.loaded_at, encode(p.hash, 'hex'), p.id FROM policy p ORDER BY p.name, p.version",
        NULL,
        0,
        &rows);
    if (code != CTL_OK) {
        return code;
    }
    SCOPED(ctl_table_free) struct ctl_table *table = ctl_table_new(ctl, columns, COLUMNS);
    if (!table) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    if (!ctl->json) {
        zone_of_cases(ctl, rows, CASES, COLUMNS);
    }
    for (int row = 0; row < PQntuples(rows); row++) {
        const char *cells[COLUMNS];
        char loaded[VIEW_TEXT_MAX];
        for (int i = 0; i < COLUMNS; i++) {
            cells[i] = PQgetvalue(rows, row, i);
        }
        cells[LOADED] = view_time_cell(ctl, view_pg_time(rows, row, LOADED), loaded);
        ctl_table_add(table, cells);
    }
    ctl_table_answer(table, "policies");
    view_zone_tell(ctl);
    return CTL_OK;
}
