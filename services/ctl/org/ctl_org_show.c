/* `redress org show`: who works here, and who may take what now, by dispatch's own core. */
#include "clock.h"
#include "ctl_database.h"
#include "ctl_org.h"
#include "ctl_org_tables.h"
#include "ctl_view.h"
#include "dispatch_store.h"
#include "scope.h"

enum {
    CELL_MAX = 512,
    WAITING_MAX = 1000, /* the most urgent of all that wait */
    ALIKE_MAX = 32,     /* queues one person may take out of, as told */
    SQL_MAX = 2048,
    CALLING_MAX = 256,
    TITLES_MAX = 3, /* of one role, as told */
};

/* Cases that wait for somebody, and who holds how many. */
struct waiting {
    struct view_policies *policies;
    PGresult *held; /* agent, how many */
    uint32_t count;
    int64_t total; /* of those that wait, also where they are more than are looked at */
    int64_t now_us;
    struct {
        const struct policy *policy;
        struct dispatch_case state;
    } cases[WAITING_MAX];
    unsigned calling_count, busy_count; /* whose titles count; the first are of those that wait */
    const struct policy *calling[CALLING_MAX];
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

/* As the daemon loads them, in the order it takes them. */
static int waiting_read(struct ctl *ctl, struct waiting *waiting)
{
    char sql[SQL_MAX];
    (void)snprintf(sql,
                   sizeof sql,
                   "%s WHERE c.queue <> '' ORDER BY " DISPATCH_QUEUE_ORDER " LIMIT %d",
                   dispatch_rows_query,
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

/* Policies whose cases wait before others, the newest versions by name. */
static int calling_read(struct ctl *ctl, struct waiting *waiting)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ctl_query(
        ctl,
        "SELECT n.id, sum(w.cases) OVER (), w.cases FROM (SELECT DISTINCT ON (name) id, name FROM "
        "policy "
        "ORDER BY name, version DESC) n LEFT JOIN (SELECT p.name, count(*) AS cases FROM complaint "
        "c "
        "JOIN policy p ON p.id = c.policy_id WHERE c.queue <> '' GROUP BY p.name) w USING (name) "
        "ORDER BY w.cases DESC NULLS LAST, n.name",
        NULL,
        0,
        &rows);
    for (int row = 0; code == CTL_OK && row < PQntuples(rows); row++) {
        uint32_t id = (uint32_t)strtoul(PQgetvalue(rows, row, 0), NULL, 10);
        const struct policy *policy = view_policy(waiting->policies, id);
        waiting->total = strtoll(PQgetvalue(rows, row, 1), NULL, 10);
        if (policy && waiting->calling_count < CALLING_MAX) {
            waiting->calling[waiting->calling_count++] = policy;
            waiting->busy_count += !PQgetisnull(rows, row, 2);
        }
    }
    return code;
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

/* Between the parts of a cell: programs read it, too. */
static const char *comma(const struct ctl *ctl)
{
    return ctl->json ? ", " : ctl_text_in(ctl->language, TEXT_SAY_COMMA);
}

/* By its title; the id as well where another one is called the same. */
static const char *
queue_text(const struct ctl *ctl, const struct takes *takes, unsigned i, char into[VIEW_TEXT_MAX])
{
    const struct policy *policy = takes->queues[i].policy;
    const struct policy_queue *queue = &policy->queues[takes->queues[i].queue];
    const char *title = view_title(ctl, &queue->title);
    char name[2 * POLICY_NAME_MAX];
    unsigned alike = 0;
    (void)snprintf(name, sizeof name, "%s/%s", policy->name, queue->id);
    for (unsigned other = 0; other < takes->count; other++) {
        const struct policy_queue *queues = takes->queues[other].policy->queues;
        alike += strcmp(view_title(ctl, &queues[takes->queues[other].queue].title), title) == 0;
    }
    if (!ctl->json && alike > 1) {
        return view_work_queue(ctl, policy, name, into);
    }
    return view_plain(slice_text(ctl->json ? name : title), into);
}

/* "Clerk / Desk": what these policies call the role, each title once; "" where none knows it. */
static void role_titles(const struct ctl *ctl,
                        const struct policy *const *policies,
                        unsigned count,
                        const char *role,
                        char into[VIEW_TEXT_MAX])
{
    const char *said[TITLES_MAX];
    unsigned said_count = 0;
    size_t used = 0;
    into[0] = '\0';
    for (unsigned i = 0; i < count && said_count < TITLES_MAX && used < VIEW_TEXT_MAX; i++) {
        uint16_t index = policy_role_index(policies[i], slice_text(role));
        if (index == POLICY_NONE || !policies[i]->role_titles) {
            continue;
        }
        const char *title = view_title(ctl, &policies[i]->role_titles[index]);
        unsigned known = 0;
        while (known < said_count && strcmp(said[known], title) != 0) {
            known++;
        }
        if (known == said_count) {
            said[said_count++] = title;
            used += (size_t)snprintf(
                into + used, VIEW_TEXT_MAX - used, "%s%s", used > 0 ? " / " : "", title);
        }
    }
}

/* As the policies of the cases that wait call it, those of most cases first; else any. */
static const char *role_text(const struct ctl *ctl,
                             const struct waiting *waiting,
                             const char *role,
                             char into[VIEW_TEXT_MAX])
{
    char titles[VIEW_TEXT_MAX] = "";
    if (!ctl->json) {
        role_titles(ctl, waiting->calling, waiting->busy_count, role, titles);
    }
    if (!ctl->json && titles[0] == '\0') {
        role_titles(ctl, waiting->calling, waiting->calling_count, role, titles);
    }
    return view_plain(slice_text(titles[0] == '\0' ? role : titles), into);
}

static const char *shift_text(const struct ctl *ctl,
                              const struct org *org,
                              const struct org_agent *agent,
                              char into[VIEW_TEXT_MAX])
{
    if (agent->shift == ORG_NONE) {
        return "";
    }
    const struct org_shift *shift = &org->shifts[agent->shift];
    return view_plain(slice_text(ctl->json ? shift->id : view_calendar(ctl, &shift->hours)), into);
}

static const char *department_text(const struct ctl *ctl,
                                   const struct org *org,
                                   const struct org_agent *agent,
                                   char into[VIEW_TEXT_MAX])
{
    if (agent->department == ORG_NONE) {
        return "";
    }
    const struct org_department *department = &org->departments[agent->department];
    const char *title = ctl->json ? department->id : view_title(ctl, &department->title);
    return view_plain(slice_text(title), into);
}

/* "Front 12, Letters 3": of the cases that wait, those this person may
 * take now. */
static const char *takes_text(const struct ctl *ctl,
                              const struct waiting *waiting,
                              const struct org *org,
                              const struct org_agent *agent,
                              int64_t held,
                              char into[CELL_MAX])
{
    struct takes takes = {0};
    char name[VIEW_TEXT_MAX];
    for (uint32_t i = 0; i < waiting->count; i++) {
        if (may_take(waiting, i, org, agent, held)) {
            take_add(&takes, waiting->cases[i].policy, waiting->cases[i].state.queue);
        }
    }
    size_t size = 0;
    for (unsigned i = 0; i < takes.count && size < CELL_MAX; i++) {
        size += (size_t)snprintf(into + size,
                                 CELL_MAX - size,
                                 "%s%s %u",
                                 i > 0 ? comma(ctl) : "",
                                 queue_text(ctl, &takes, i, name),
                                 takes.queues[i].count);
    }
    return into;
}

static const char *
now_text(const struct ctl *ctl, const struct org *org, const struct org_agent *agent, char *into)
{
    int64_t until_s = 0;
    struct slice stands_for;
    char until[VIEW_TEXT_MAX];
    enum org_verdict verdict = org_admits(org,
                                          NULL, /* he has it */
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
    if (ctl->json) {
        clock_text(until_s * 1000000, until);
    } else {
        (void)view_time(until_s * 1000000, until);
    }
    return ctl_format_into(into, CELL_MAX, ctl_text_in(ctl->language, text), CTL_ARGS(until));
}

static void agent_show(const struct ctl *ctl,
                       const struct org *org,
                       const struct org_agent *agent,
                       const struct waiting *waiting,
                       struct org_tables *tables)
{
    char takes[CELL_MAX] = "";
    char department[VIEW_TEXT_MAX];
    char shift[VIEW_TEXT_MAX];
    int64_t held = held_by(waiting, agent);
    char roles[CELL_MAX] = "";
    char skills[CELL_MAX] = "";
    char now[CELL_MAX] = "";
    size_t at = 0;
    for (uint16_t i = 0; i < agent->role_count && at < CELL_MAX; i++) {
        char role[VIEW_TEXT_MAX];
        at += (size_t)snprintf(roles + at,
                               CELL_MAX - at,
                               "%s%s",
                               i > 0 ? comma(ctl) : "",
                               role_text(ctl, waiting, agent->roles[i], role));
    }
    at = 0;
    for (uint16_t i = 0; i < agent->skill_count && at < CELL_MAX; i++) {
        at += (size_t)snprintf(skills + at,
                               CELL_MAX - at,
                               "%s%s %u",
                               i > 0 ? comma(ctl) : "",
                               org->skills[agent->skills[i].skill],
                               agent->skills[i].level);
    }
    const char *const cells[ORG_CELL_COUNT] = {
        [ORG_CELL_PERSON] = agent->name,
        [ORG_CELL_DEPARTMENT] = department_text(ctl, org, agent, department),
        [ORG_CELL_ROLES] = roles,
        [ORG_CELL_SHIFT] = shift_text(ctl, org, agent, shift),
        [ORG_CELL_CAPACITY] = agent->capacity < 0 ? "" : CTL_NUMBER_TEXT(agent->capacity),
        [ORG_CELL_HOLDS] = CTL_NUMBER_TEXT(held),
        [ORG_CELL_SKILLS] = skills,
        [ORG_CELL_DEPUTY] = agent->deputy == ORG_NONE ? "" : org->agents[agent->deputy].name,
        [ORG_CELL_NOW] = now_text(ctl, org, agent, now),
        [ORG_CELL_MAY_TAKE] = takes_text(ctl, waiting, org, agent, held, takes),
    };
    org_tables_add(tables, cells);
}

int ctl_org_show(struct ctl *ctl)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = org_newest(ctl, &rows);
    if (code != CTL_OK) {
        return code;
    }
    if (PQntuples(rows) == 0 || PQgetlength(rows, 0, 1) == 0) {
        return ctl_fail(ctl, CTL_NOT_FOUND, TEXT_ORG_NONE, NULL);
    }
    SCOPED(org_object_free) struct org_object *object = org_stored(ctl, rows);
    if (!object) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_ORG_STORED_BAD, CTL_ARGS(PQgetvalue(rows, 0, 0)));
    }
    SCOPED(org_tables_done) struct org_tables tables;
    if (!org_tables_begin(ctl, &tables)) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    const struct org *org = &object->org;
    SCOPED(waiting_free) struct waiting *waiting = waiting_new(ctl);
    code = waiting ? waiting_read(ctl, waiting) : ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    code = code == CTL_OK ? calling_read(ctl, waiting) : code;
    if (code != CTL_OK) {
        return code;
    }
    int64_t applied_us = view_pg_time(rows, 0, 2);
    if (!ctl->json) {
        view_zone_take(org->zone);
        char applied[VIEW_TEXT_MAX];
        ctl_print(ctl,
                  TEXT_ORG_HEAD,
                  CTL_ARGS(view_title(ctl, &org->title),
                           org->id,
                           PQgetvalue(rows, 0, 0),
                           view_time(applied_us, applied),
                           PQgetvalue(rows, 0, 3)));
    }
    for (uint16_t i = 0; i < org->agent_count; i++) {
        agent_show(ctl, org, &org->agents[i], waiting, &tables);
    }
    if (ctl->json) {
        char applied[CLOCK_TEXT_SIZE];
        clock_text(applied_us, applied);
        json_t *value = json_pack("{s:s, s:I, s:s, s:s, s:o}",
                                  "org",
                                  org->id,
                                  "version",
                                  (json_int_t)strtoll(PQgetvalue(rows, 0, 0), NULL, 10),
                                  "applied_at",
                                  applied,
                                  "applied_by",
                                  PQgetvalue(rows, 0, 3),
                                  "people",
                                  ctl_table_json(tables.of[0].table));
        ctl_print_json(ctl, &value);
    } else {
        org_tables_print(ctl, &tables);
    }
    if (!ctl->json && waiting->total > waiting->count) {
        ctl_note(ctl,
                 TEXT_ORG_OF_URGENT,
                 CTL_ARGS(CTL_NUMBER_TEXT(waiting->count), CTL_NUMBER_TEXT(waiting->total)));
    }
    view_zone_tell(ctl);
    return CTL_OK;
}
