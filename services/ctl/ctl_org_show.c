/* `redress org show`: who works here, and who may take what now, by dispatch's own core. */
#include "clock.h"
#include "ctl_database.h"
#include "ctl_org.h"
#include "ctl_table.h"
#include "ctl_view.h"
#include "dispatch_store.h"
#include "scope.h"

enum {
    CELL_MAX = 512,
    WAITING_MAX = 1000, /* the most urgent of all that wait */
    ALIKE_MAX = 32,     /* queues one person may take out of, as told */
    SQL_MAX = 2048,
};

/* Cases that wait for somebody, and who holds how many. */
struct waiting {
    struct view_policies *policies;
    PGresult *held; /* agent, how many */
    uint32_t count;
    int64_t now_us;
    struct {
        const struct policy *policy;
        struct dispatch_case state;
    } cases[WAITING_MAX];
};

static struct waiting *waiting_new(struct ctl *ctl)
{
    struct waiting *waiting = calloc(1, sizeof *waiting);
    if (waiting) {
        waiting->now_us = clock_now_us();
        waiting->policies = view_policies_new(ctl);
    }
    return waiting;
}

static void waiting_free(struct waiting **waiting_p)
{
    struct waiting *waiting = *waiting_p;
    if (waiting) {
        view_policies_free(&waiting->policies);
        PQclear(waiting->held);
        free(waiting);
        *waiting_p = NULL;
    }
}

/* The columns the daemon loads, as it takes them. */
static int waiting_read(struct ctl *ctl, struct waiting *waiting)
{
    char sql[SQL_MAX];
    const char *load = dispatch_statements[0].sql;
    const char *end = strstr(load, " WHERE ");
    (void)snprintf(sql,
                   sizeof sql,
                   "%.*s WHERE c.queue <> '' ORDER BY c.priority, least(k.due, c.received_at + "
                   "interval '30 days') LIMIT %d",
                   end ? (int)(end - load) : 0,
                   load,
                   WAITING_MAX);
    int code = ctl_query(ctl, "SELECT agent, used FROM agent_slot", NULL, 0, &waiting->held);
    if (code != CTL_OK || !waiting->policies) {
        return code != CTL_OK ? code : ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    SCOPED(ctl_rows_free)
    PGresult *rows = PQexecParams(ctl->database, sql, 0, NULL, NULL, NULL, NULL, 1);
    if (PQresultStatus(rows) != PGRES_TUPLES_OK) {
        return ctl_fail(
            ctl, CTL_FAILED, TEXT_ARCHIVE_REFUSED, CTL_ARGS(PQerrorMessage(ctl->database)));
    }
    for (int row = 0; row < PQntuples(rows) && waiting->count < WAITING_MAX; row++) {
        const struct policy *policy =
            view_policy(waiting->policies, dispatch_row_policy(rows, row));
        struct error error = {0};
        if (policy &&
            dispatch_row_read(rows, row, policy, &waiting->cases[waiting->count].state, &error)) {
            waiting->cases[waiting->count++].policy = policy;
        }
    }
    return CTL_OK;
}

static int64_t held_by(const struct waiting *waiting, const struct org_agent *agent)
{
    for (int row = 0; row < PQntuples(waiting->held); row++) {
        if (strcmp(PQgetvalue(waiting->held, row, 0), agent->name) == 0) {
            return strtoll(PQgetvalue(waiting->held, row, 1), NULL, 10);
        }
    }
    return 0;
}

static bool may_take(const struct waiting *waiting,
                     uint32_t i,
                     const struct org *org,
                     const struct org_agent *agent,
                     int64_t held)
{
    const struct policy *policy = waiting->cases[i].policy;
    bool may = false;
    for (uint16_t r = 0; r < agent->role_count && !may; r++) {
        const struct dispatch_input input = {.kind = DISPATCH_CLAIM,
                                             .now_us = waiting->now_us,
                                             .actor = slice_text(agent->name),
                                             .role = slice_text(agent->roles[r]),
                                             .org = org};
        may =
            dispatch_may(policy, &waiting->cases[i].state, &input, true).answer == DISPATCH_APPEND;
    }
    return may && held < (agent->capacity >= 0 ? agent->capacity : policy->capacity);
}

/* Queues a person may take out of, and how many cases of each. */
struct takes {
    unsigned count;
    struct {
        const struct policy *policy;
        uint16_t queue;
        unsigned count;
    } queues[ALIKE_MAX];
};

/* Versions of a policy share their queues. */
static void take_add(struct takes *takes, const struct policy *policy, uint16_t queue)
{
    unsigned at = 0;
    while (at < takes->count &&
           (strcmp(takes->queues[at].policy->name, policy->name) != 0 ||
            strcmp(takes->queues[at].policy->queues[takes->queues[at].queue].id,
                   policy->queues[queue].id) != 0)) {
        at++;
    }
    if (at == ALIKE_MAX) {
        return;
    }
    if (at == takes->count) {
        takes->queues[at].policy = policy;
        takes->queues[at].queue = queue;
        takes->queues[takes->count++].count = 0;
    }
    takes->queues[at].count++;
}

/* "bank/front 12, bank/letters 3": of the cases that wait, those this person may take now. */
static const char *takes_text(const struct waiting *waiting,
                              const struct org *org,
                              const struct org_agent *agent,
                              int64_t held,
                              char into[CELL_MAX])
{
    struct takes takes = {0};
    for (uint32_t i = 0; i < waiting->count; i++) {
        if (may_take(waiting, i, org, agent, held)) {
            take_add(&takes, waiting->cases[i].policy, waiting->cases[i].state.queue);
        }
    }
    size_t size = 0;
    for (unsigned i = 0; i < takes.count && size < CELL_MAX; i++) {
        size += (size_t)snprintf(into + size,
                                 CELL_MAX - size,
                                 "%s%s/%s %u",
                                 i > 0 ? ", " : "",
                                 takes.queues[i].policy->name,
                                 takes.queues[i].policy->queues[takes.queues[i].queue].id,
                                 takes.queues[i].count);
    }
    return into;
}

static const char *
now_text(const struct ctl *ctl, const struct org *org, const struct org_agent *agent, char *into)
{
    int64_t until_s = 0;
    struct slice stands_for;
    char until[CLOCK_TEXT_SIZE];
    enum org_verdict verdict = org_admits(org,
                                          slice_text(agent->name),
                                          slice_text(agent->roles[0]),
                                          clock_now_us() / 1000000,
                                          &stands_for,
                                          &until_s);
    enum ctl_text text = TEXT_ORG_THERE;
    if (verdict == ORG_ON_LEAVE) {
        text = TEXT_ORG_LEAVE_UNTIL;
    } else if (verdict == ORG_OFF_SHIFT) {
        text = until_s != 0 ? TEXT_ORG_SHIFT_UNTIL : TEXT_ORG_SHIFT_OVER;
    }
    clock_text(until_s * 1000000, until);
    return ctl_format_into(into, CELL_MAX, ctl_text_in(ctl->language, text), CTL_ARGS(until));
}

static void agent_show(const struct ctl *ctl,
                       const struct org *org,
                       const struct org_agent *agent,
                       const struct waiting *waiting,
                       struct ctl_table *table)
{
    char takes[CELL_MAX] = "";
    int64_t held = held_by(waiting, agent);
    char roles[CELL_MAX] = "";
    char skills[CELL_MAX] = "";
    char now[CELL_MAX] = "";
    size_t at = 0;
    for (uint16_t i = 0; i < agent->role_count && at < CELL_MAX; i++) {
        at +=
            (size_t)snprintf(roles + at, CELL_MAX - at, "%s%s", i > 0 ? ", " : "", agent->roles[i]);
    }
    at = 0;
    for (uint16_t i = 0; i < agent->skill_count && at < CELL_MAX; i++) {
        at += (size_t)snprintf(skills + at,
                               CELL_MAX - at,
                               "%s%s %u",
                               i > 0 ? ", " : "",
                               org->skills[agent->skills[i].skill],
                               agent->skills[i].level);
    }
    const char *const cells[] = {
        agent->name,
        agent->department == ORG_NONE ? "" : org->departments[agent->department].id,
        roles,
        agent->shift == ORG_NONE ? "" : org->shifts[agent->shift].id,
        agent->capacity < 0 ? "" : CTL_NUMBER_TEXT(agent->capacity),
        CTL_NUMBER_TEXT(held),
        skills,
        agent->deputy == ORG_NONE ? "" : org->agents[agent->deputy].name,
        now_text(ctl, org, agent, now),
        takes_text(waiting, org, agent, held, takes),
    };
    ctl_table_add(table, cells);
}

int ctl_org_show(struct ctl *ctl)
{
    static const struct ctl_column columns[] = {
        {"person",     TEXT_COLUMN_PERSON,     CTL_COLUMN_TEXT,   false},
        {"department", TEXT_COLUMN_DEPARTMENT, CTL_COLUMN_TEXT,   false},
        {"roles",      TEXT_COLUMN_ROLES,      CTL_COLUMN_TEXT,   false},
        {"shift",      TEXT_COLUMN_SHIFT,      CTL_COLUMN_TEXT,   false},
        {"capacity",   TEXT_COLUMN_CAPACITY,   CTL_COLUMN_NUMBER, false},
        {"holds",      TEXT_COLUMN_HOLDS,      CTL_COLUMN_NUMBER, false},
        {"skills",     TEXT_COLUMN_SKILLS,     CTL_COLUMN_TEXT,   false},
        {"deputy",     TEXT_COLUMN_DEPUTY,     CTL_COLUMN_TEXT,   false},
        {"now",        TEXT_COLUMN_NOW,        CTL_COLUMN_TEXT,   false},
        {"may_take",   TEXT_COLUMN_MAY_TAKE,   CTL_COLUMN_TEXT,   true },
    };
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = org_newest(ctl, &rows);
    if (code != CTL_OK) {
        return code;
    }
    if (PQntuples(rows) == 0) {
        return ctl_fail(ctl, CTL_NOT_FOUND, TEXT_ORG_NONE, NULL);
    }
    struct policy_report report;
    SCOPED(org_object_free)
    struct org_object *object = org_object_read("org", slice_text(PQgetvalue(rows, 0, 1)), &report);
    policy_report_done(&report);
    SCOPED(ctl_table_free)
    struct ctl_table *table =
        object ? ctl_table_new(ctl, columns, sizeof columns / sizeof *columns) : NULL;
    if (!table) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    const struct org *org = &object->org;
    SCOPED(waiting_free) struct waiting *waiting = waiting_new(ctl);
    code = waiting ? waiting_read(ctl, waiting) : ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    if (code != CTL_OK) {
        return code;
    }
    if (!ctl->json) {
        ctl_print(ctl,
                  TEXT_ORG_HEAD,
                  CTL_ARGS(org->title.text[ctl->language == CTL_EN      ? LOCALE_EN
                                           : ctl->language == CTL_ZH_CN ? LOCALE_ZH_CN
                                                                        : LOCALE_ZH_TW],
                           org->id,
                           PQgetvalue(rows, 0, 0),
                           PQgetvalue(rows, 0, 2),
                           PQgetvalue(rows, 0, 3)));
    }
    for (uint16_t i = 0; i < org->agent_count; i++) {
        agent_show(ctl, org, &org->agents[i], waiting, table);
    }
    ctl_table_answer(table, "people");
    return CTL_OK;
}
