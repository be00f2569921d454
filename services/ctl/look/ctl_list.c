/*
 * The verb list: rows of complaint, with what their clocks say: due when, and whether that was
 * missed.
 */
#include "case_number.h"
#include "clock.h"
#include "ctl_case.h"
#include "ctl_database.h"
#include "ctl_names.h"
#include "ctl_org.h"
#include "ctl_table.h"
#include "scope.h"

enum { SQL_MAX = 4096, LIMIT_MAX = 10000 /* of --limit */ };

static const struct ctl_column columns[] = {
    {"number",     TEXT_HEAD_CASE,     CTL_COLUMN_TEXT,   false},
    {"case",       TEXT_LIST_ID,       CTL_COLUMN_NUMBER, false},
    {"policy",     TEXT_HEAD_POLICY,   CTL_COLUMN_TEXT,   true },
    {"priority",   TEXT_HEAD_PRIORITY, CTL_COLUMN_NUMBER, false},
    {"category",   TEXT_HEAD_CATEGORY, CTL_COLUMN_TEXT,   true },
    {"step",       TEXT_HEAD_STEP,     CTL_COLUMN_TEXT,   true },
    {"queue",      TEXT_LIST_QUEUE,    CTL_COLUMN_TEXT,   true },
    {"agent",      TEXT_HEAD_WITH,     CTL_COLUMN_TEXT,   true },
    {"received",   TEXT_HEAD_RECEIVED, CTL_COLUMN_TIME,   false},
    {"due",        TEXT_LIST_DUE,      CTL_COLUMN_TIME,   false},
    {"overdue",    TEXT_LIST_OVERDUE,  CTL_COLUMN_FAULT,  false},
    {"next_due",   TEXT_LIST_NEXT_DUE, CTL_COLUMN_DETAIL, false},
    {"next_level", TEXT_LIST_LEVEL,    CTL_COLUMN_DETAIL, false},
    {"outcome",    TEXT_LIST_OUTCOME,  CTL_COLUMN_TEXT,   false},
    {"channel",    TEXT_HEAD_CHANNEL,  CTL_COLUMN_DETAIL, false},
};
enum { COLUMN_COUNT = sizeof columns / sizeof *columns };

enum { POLICY_COLUMN = 2 }; /* shown where they differ */

/* Of a row that was asked for. */
enum field {
    FIELD_CASE,
    FIELD_POLICY,
    FIELD_PRIORITY,
    FIELD_CATEGORY,
    FIELD_STEP,
    FIELD_QUEUE,
    FIELD_AGENT,
    FIELD_RECEIVED,
    FIELD_DUE,
    FIELD_LEVEL,
    FIELD_OUTCOME,
    FIELD_CHANNEL,
    FIELD_OVERDUE,
    FIELD_JUDGED,
    FIELD_NAME,
};

/* A statement under way: conditions and their parameters. */
struct asking {
    char sql[SQL_MAX];
    size_t size;
    const char *parameters[16];
    int count;
    char priority[24];
};

/* An open case whose due instant was missed; the event of it may be on its way. */
#define OVERDUE                                                                                    \
    "(c.closed_at IS NULL AND coalesce(k.missed < 'infinity' OR k.due <= clock_timestamp(), "      \
    "false))"

static void add(struct asking *asking, const char *text)
{
    int written = snprintf(asking->sql + asking->size, SQL_MAX - asking->size, "%s", text);
    asking->size += (size_t)written;
}

/* "AND column = $n", when the option was given. */
static void
filter(const struct ctl *ctl, struct asking *asking, const char *option, const char *pattern)
{
    const char *value = ctl_option_text(ctl, option);
    if (value) {
        char place[16];
        asking->parameters[asking->count++] = value;
        (void)snprintf(place, sizeof place, "$%d", asking->count);
        add(asking, pattern);
        add(asking, place);
    }
}

/* Held by somebody of the department, or of what is below it. */
static void filter_department(const struct ctl *ctl, struct asking *asking)
{
    filter(ctl,
           asking,
           "department",
           " AND c.agent IN (WITH RECURSIVE below AS (SELECT department FROM department WHERE "
           "department = ");
    if (ctl_option_text(ctl, "department")) {
        add(asking,
            " UNION SELECT d.department FROM department d JOIN below b ON d.parent = b.department) "
            "SELECT agent FROM agent JOIN below USING (department))");
    }
}

static const char *order_of(const char *sort)
{
    static const struct {
        const char *name;
        const char *sql;
    } orders[] = {
        {"due",      "overdue DESC, judged, c.case_id"            },
        {"priority", "c.priority, overdue DESC, judged, c.case_id"},
        {"received", "c.received_at DESC, c.case_id"              },
        {"updated",  "c.updated_at DESC, c.case_id"               },
    };
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        if (strcmp(sort, orders[i].name) == 0) {
            return orders[i].sql;
        }
    }
    return orders[0].sql; /* the row of the option lets no other name come here */
}

/* From where, and which. */
static void conditions(const struct ctl *ctl, struct asking *asking)
{
    const char *queue = ctl_option_text(ctl, "queue");
    bool named = queue && strchr(queue, '/');
    add(asking,
        " FROM complaint c LEFT JOIN clock k USING (case_id) "
        "LEFT JOIN policy p ON p.id = c.policy_id WHERE true");
    filter(ctl, asking, "step", " AND c.step = ");
    filter(
        ctl, asking, "queue", named ? " AND concat(p.name, '/', c.queue) = " : " AND c.queue = ");
    filter(ctl, asking, "agent", " AND c.agent = ");
    filter_department(ctl, asking);
    filter(ctl, asking, "channel", " AND c.channel = ");
    filter(ctl, asking, "category", " AND c.category = ");
    filter(ctl, asking, "policy", " AND p.name = ");
    if (ctl_option_number(ctl, "priority") > 0) {
        char text[48];
        asking->parameters[asking->count++] =
            ctl_number_text(asking->priority, ctl_option_number(ctl, "priority"));
        (void)snprintf(text, sizeof text, " AND c.priority = $%d::smallint", asking->count);
        add(asking, text);
    }
    add(asking, ctl_option_flag(ctl, "open") ? " AND c.closed_at IS NULL" : "");
    add(asking, ctl_option_flag(ctl, "closed") ? " AND c.closed_at IS NOT NULL" : "");
    if (ctl_option_flag(ctl, "overdue")) {
        add(asking, " AND " OVERDUE);
    }
}

static void asking_begin(struct asking *asking, const char *what)
{
    *asking = (struct asking){.size = 0};
    add(asking, what);
}

static int ask(struct ctl *ctl, PGresult **rows)
{
    struct asking asking;
    asking_begin(&asking,
                 "SELECT c.case_id, c.policy_id, c.priority, c.category, c.step, c.queue, c.agent, "
                 "c.received_at, k.due, k.next_due, c.outcome, c.channel, " OVERDUE
                 " AS overdue, CASE WHEN c.closed_at IS NULL AND k.missed < 'infinity' "
                 "THEN k.missed ELSE k.due END AS judged, p.name");
    conditions(ctl, &asking);
    add(&asking, " ORDER BY ");
    add(&asking, order_of(ctl_option_text(ctl, "sort")));
    add(&asking, " LIMIT ");
    add(&asking, CTL_NUMBER_TEXT(ctl_option_number(ctl, "limit")));
    return ctl_query(ctl, asking.sql, asking.parameters, asking.count, rows);
}

/* How many there are in all; asked only where not all of them came. */
static int total_of(struct ctl *ctl, int shown, int64_t *total)
{
    *total = shown;
    if (shown < ctl_option_number(ctl, "limit")) {
        return CTL_OK;
    }
    struct asking asking;
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    asking_begin(&asking, "SELECT count(*)");
    conditions(ctl, &asking);
    int code = ctl_query(ctl, asking.sql, asking.parameters, asking.count, &rows);
    if (code == CTL_OK && PQntuples(rows) > 0) {
        *total = strtoll(PQgetvalue(rows, 0, 0), NULL, 10);
    }
    return code;
}

/* Ids in JSON, titles for people.  Due is what the case is judged by now: the instant that was
 * missed where one was, else the next. */
static void add_row(const struct ctl *ctl,
                    struct view_policies *policies,
                    struct ctl_table *table,
                    const PGresult *rows,
                    int row)
{
    char number[CASE_NUMBER_SIZE];
    char texts[8][VIEW_TEXT_MAX];
    const struct policy *policy =
        ctl->json ? NULL
                  : view_policy(policies,
                                (uint32_t)strtoul(PQgetvalue(rows, row, FIELD_POLICY), NULL, 10));
    int64_t received_us = view_pg_time(rows, row, FIELD_RECEIVED);
    int64_t judged_us = view_pg_time(rows, row, FIELD_JUDGED);
    bool overdue = PQgetvalue(rows, row, FIELD_OVERDUE)[0] == 't';
    case_number_format(strtoull(PQgetvalue(rows, row, FIELD_CASE), NULL, 10), received_us, number);
    const char *outcome = PQgetvalue(rows, row, FIELD_OUTCOME);
    const char *const cells[COLUMN_COUNT] = {
        number,
        PQgetvalue(rows, row, FIELD_CASE),
        policy ? view_plain(slice_text(view_title(ctl, &policy->title)), texts[7])
               : PQgetvalue(rows, row, FIELD_NAME),
        PQgetvalue(rows, row, FIELD_PRIORITY),
        view_category(ctl, policy, slice_text(PQgetvalue(rows, row, FIELD_CATEGORY)), texts[0]),
        view_step(ctl, policy, slice_text(PQgetvalue(rows, row, FIELD_STEP)), texts[1]),
        view_queue(ctl, policy, slice_text(PQgetvalue(rows, row, FIELD_QUEUE)), texts[2]),
        PQgetvalue(rows, row, FIELD_AGENT),
        view_time_cell(ctl, received_us, texts[3]),
        view_due_cell(ctl, judged_us, texts[4]),
        overdue ? "true" : "",
        view_time_cell(ctl, view_pg_time(rows, row, FIELD_DUE), texts[5]),
        view_time_cell(ctl, view_pg_time(rows, row, FIELD_LEVEL), texts[6]),
        ctl->json ? outcome : case_outcome_text(ctl, outcome),
        PQgetvalue(rows, row, FIELD_CHANNEL),
    };
    ctl_table_add(table, cells);
}

/* What was given ($1) is none of the names; where none come, nothing is known of them. */
static int agent_check(struct ctl *ctl)
{
    static struct ctl_names names; /* large */
    char told[CTL_NAMES_TOLD_MAX];
    const char *name = ctl_option_text(ctl, "agent");
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    if (!name) {
        return CTL_OK;
    }
    /* of the organisation, where one is applied, or ever held a case */
    int code = ctl_query(ctl,
                         "SELECT agent FROM agent WHERE NOT EXISTS (SELECT FROM complaint WHERE "
                         "agent = $1) ORDER BY 1",
                         &name,
                         1,
                         &rows);
    names = (struct ctl_names){.word = name, .kind = "agent"};
    for (int row = 0; code == CTL_OK && row < PQntuples(rows); row++) {
        ctl_names_add(&names, PQgetvalue(rows, row, 0), NULL);
    }
    return code == CTL_OK && PQntuples(rows) > 0 && !names.found
               ? ctl_fail(ctl,
                          CTL_NOT_FOUND,
                          TEXT_HINT_PERSON,
                          CTL_ARGS(name, ctl_names_tell(ctl, &names, told)))
               : code;
}

/* The title of a department in the organisation that is applied; NULL: it has none. */
static const struct policy_title *department_title(const struct org_object *object, const char *id)
{
    for (uint16_t i = 0; object && i < object->org.department_count; i++) {
        if (strcmp(object->org.departments[i].id, id) == 0) {
            return &object->org.departments[i].title;
        }
    }
    return NULL;
}

/* By id or title; where there is none, nothing is known of them. */
static int department_check(struct ctl *ctl)
{
    static struct ctl_names names; /* large */
    static char id[CTL_NAME_SIZE];
    char told[CTL_NAMES_TOLD_MAX];
    const char *name = ctl_option_text(ctl, "department");
    SCOPED(org_object_free) struct org_object *object = NULL;
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = name ? org_applied(ctl, &object) : CTL_OK;
    if (name && code == CTL_OK) {
        code = ctl_query(ctl, "SELECT department FROM department ORDER BY 1", NULL, 0, &rows);
    }
    if (code != CTL_OK || PQntuples(rows) == 0) {
        return code;
    }
    names = (struct ctl_names){.word = name, .kind = "department"};
    for (int row = 0; row < PQntuples(rows); row++) {
        const char *one = PQgetvalue(rows, row, 0);
        const struct policy_title *title = department_title(object, one);
        if (title) {
            ctl_names_add_titled(ctl, &names, one, title);
        } else {
            ctl_names_add(&names, one, NULL);
        }
    }
    const char *meant = ctl_names_meant(&names);
    if (meant) {
        (void)snprintf(id, sizeof id, "%s", meant);
        ctl_option_means(ctl, "department", id);
        return CTL_OK;
    }
    return names.called_count > 1 ? ctl_names_several(ctl, &names)
                                  : ctl_fail(ctl,
                                             CTL_NOT_FOUND,
                                             TEXT_LIST_NO_DEPARTMENT,
                                             CTL_ARGS(name, ctl_names_tell(ctl, &names, told)));
}

/* An empty list would be the wrong answer to a name that no policy of the archive has, or nobody
 * who works here; titles become ids (renamed). */
static int names_check(struct ctl *ctl, struct view_policies *policies, bool *renamed)
{
    static const char *const options[] = {"policy", "step", "queue", "category", "channel"};
    static const enum ctl_naming namings[] = {
        NAMING_POLICY, NAMING_STEP, NAMING_QUEUE, NAMING_CATEGORY, NAMING_CHANNEL};
    enum { COUNT = sizeof options / sizeof *options };
    static struct ctl_named named[COUNT]; /* the options are lent their ids */
    const char *department = ctl_option_text(ctl, "department");
    for (size_t i = 0; i < COUNT; i++) {
        named[i] =
            (struct ctl_named){.naming = namings[i], .word = ctl_option_text(ctl, options[i])};
    }
    int code = ctl_names_known(ctl, policies, named, COUNT, ctl_option_text(ctl, "policy"));
    for (size_t i = 0; code == CTL_OK && i < COUNT; i++) {
        if (named[i].word && strcmp(named[i].word, named[i].id) != 0) {
            ctl_option_means(ctl, options[i], named[i].id);
            *renamed = true;
        }
    }
    code = code == CTL_OK ? agent_check(ctl) : code;
    code = code == CTL_OK ? department_check(ctl) : code;
    *renamed =
        *renamed || (department && strcmp(department, ctl_option_text(ctl, "department")) != 0);
    return code;
}

/* Names are looked at only where no row answers to them. */
static int ask_named(struct ctl *ctl, struct view_policies *policies, PGresult **rows)
{
    bool renamed = false;
    int code = ask(ctl, rows);
    if (code == CTL_OK && PQntuples(*rows) == 0) {
        code = names_check(ctl, policies, &renamed);
    }
    if (code == CTL_OK && renamed) {
        PQclear(*rows);
        *rows = NULL;
        code = ask(ctl, rows);
    }
    return code;
}

static void zone_use(struct view_policies *policies, const PGresult *rows)
{
    struct view_zones zones = {0};
    for (int row = 0; row < PQntuples(rows); row++) {
        uint32_t id = (uint32_t)strtoul(PQgetvalue(rows, row, FIELD_POLICY), NULL, 10);
        view_zones_add(&zones, view_policy(policies, id));
    }
    view_zones_take(&zones);
}

/* An empty list would be the wrong answer to what no case can be. */
static int contradiction_check(const struct ctl *ctl)
{
    static const char *const pairs[][2] = {
        {"open",       "closed"    },
        {"overdue",    "closed"    },
        {"agent",      "closed"    },
        {"queue",      "closed"    },
        {"queue",      "agent"     },
        {"department", "closed"    },
        {"queue",      "department"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (ctl_option_flag(ctl, pairs[i][0]) && ctl_option_flag(ctl, pairs[i][1])) {
            return ctl_fail(
                ctl, CTL_USAGE, TEXT_LIST_CONTRADICTS, CTL_ARGS(pairs[i][0], pairs[i][1]));
        }
    }
    return CTL_OK;
}

/* The columns that tell something of these rows: of which policy a case is where they are of
 * several. */
static void
columns_choose(const struct ctl *ctl, const PGresult *rows, struct ctl_column chosen[COLUMN_COUNT])
{
    bool differ = ctl->json;
    for (int row = 1; row < PQntuples(rows); row++) {
        differ = differ ||
                 strcmp(PQgetvalue(rows, row, FIELD_NAME), PQgetvalue(rows, 0, FIELD_NAME)) != 0;
    }
    memcpy(chosen, columns, sizeof columns);
    if (!differ) {
        chosen[POLICY_COLUMN].kind = CTL_COLUMN_DETAIL;
    }
}

int ctl_list(struct ctl *ctl)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    struct ctl_column chosen[COLUMN_COUNT];
    int64_t total = 0;
    int code = contradiction_check(ctl);
    SCOPED(view_policies_free) struct view_policies *policies = view_policies_new(ctl);
    if (!policies) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_LOOK_MEMORY, NULL);
    }
    code = code == CTL_OK ? ask_named(ctl, policies, &rows) : code;
    if (code == CTL_OK) {
        code = total_of(ctl, PQntuples(rows), &total);
    }
    if (code != CTL_OK) {
        return code;
    }
    columns_choose(ctl, rows, chosen);
    SCOPED(ctl_table_free) struct ctl_table *table = ctl_table_new(ctl, chosen, COLUMN_COUNT);
    if (!table) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_LOOK_MEMORY, NULL);
    }
    if (!ctl->json) {
        zone_use(policies, rows);
    }
    for (int row = 0; row < PQntuples(rows); row++) {
        add_row(ctl, policies, table, rows, row);
    }
    if (!ctl->json && ctl_table_rows(table) == 0) {
        ctl_note(ctl, TEXT_LIST_NONE, NULL);
    } else {
        view_cases(ctl, table, total, TEXT_LIST_SHOWN, LIMIT_MAX);
    }
    return CTL_OK;
}
