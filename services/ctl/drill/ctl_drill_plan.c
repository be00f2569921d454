/* What of a record is work, what is waiting, and what happens in each. */
#include "ctl_drill_plan.h"

enum { FIRST = 1024, PERMILLE = 1000 };

/* A record being taken apart. */
struct parting {
    struct drill_plan *plan;
    const struct policy *policy;
    const struct calendar *calendar; /* work is counted in its hours; NULL: as it elapses */
    struct plan_case *planned;
    int64_t before_us; /* instant of the fact before */
    bool held;         /* by an agent */
    bool away;         /* with the customer, or closed */
    bool hands_known;  /* it is on record who held it when */
    bool good;         /* memory is left */
};

static struct plan_visit *newest(struct parting *parting)
{
    return &parting->plan->visits[parting->plan->visit_count - 1];
}

static void visit_begin(struct parting *parting)
{
    struct drill_plan *plan = parting->plan;
    if (plan->visit_count == plan->visit_room) {
        size_t room = plan->visit_room == 0 ? FIRST : plan->visit_room * 2;
        struct plan_visit *grown = realloc(plan->visits, room * sizeof *grown);
        parting->good = grown != NULL;
        if (!grown) {
            return;
        }
        plan->visits = grown;
        plan->visit_room = room;
    }
    plan->visits[plan->visit_count++] =
        (struct plan_visit){.work_s = parting->hands_known ? 0 : -1};
    parting->planned->visit_count++;
}

static void fact_add(struct parting *parting, uint32_t event)
{
    struct drill_plan *plan = parting->plan;
    if (plan->fact_count == plan->fact_room) {
        size_t room = plan->fact_room == 0 ? FIRST : plan->fact_room * 2;
        struct plan_fact *grown = realloc(plan->facts, room * sizeof *grown);
        parting->good = grown != NULL;
        if (!grown) {
            return;
        }
        plan->facts = grown;
        plan->fact_room = room;
    }
    int64_t work_s = newest(parting)->work_s;
    plan->facts[plan->fact_count++] =
        (struct plan_fact){.event = event, .permille = work_s > 0 ? (uint32_t)work_s : 0};
}

static int64_t worked_s(const struct parting *parting, int64_t to_us)
{
    int64_t from_s = parting->before_us / DRILL_SECOND_US;
    int64_t to_s = to_us / DRILL_SECOND_US;
    bool counted = parting->calendar && calendar_covers(parting->calendar, from_s) &&
                   calendar_covers(parting->calendar, to_s);
    return counted ? calendar_between(parting->calendar, from_s, to_s) : to_s - from_s;
}

/* Claims and returns are the simulation's own. */
static bool is_hand(enum event_kind kind)
{
    return kind == EVENT_ASSIGNED || kind == EVENT_RELEASED || kind == EVENT_QUEUED ||
           kind == EVENT_ESCALATED || kind == EVENT_OPENED;
}

static bool is_away(const struct parting *parting, const struct event *event)
{
    uint16_t step = policy_step_index(parting->policy, event->advanced.to_step);
    if (event->kind == EVENT_CLOSED || event->kind == EVENT_REOPENED) {
        return event->kind == EVENT_CLOSED;
    }
    return step == POLICY_NONE ? parting->away
                               : parting->policy->steps[step].closed ||
                                     parting->policy->steps[step].waits_for_customer;
}

static void take_event(struct parting *parting, uint32_t index, const struct event *event)
{
    bool opening = event->at_us <= parting->planned->opened_us;
    struct plan_visit *visit = newest(parting);
    if (event_is_of_personal_data(event->kind)) {
        return;
    }
    if (parting->held && !parting->away && visit->work_s >= 0) {
        visit->work_s += worked_s(parting, event->at_us);
    }
    if (parting->away && !opening) {
        if (visit->facts > 0 || visit->needs_agent) {
            visit_begin(parting);
            visit = newest(parting);
        }
        visit->delay_us += event->at_us - parting->before_us;
    }
    if (!parting->good) {
        return;
    }
    if (!is_hand(event->kind)) {
        bool inside = !parting->away && !opening;
        fact_add(parting, index);
        visit->facts += inside;
        visit->before += !inside;
        visit->needs_agent = visit->needs_agent || inside;
        parting->away = is_away(parting, event);
    }
    if (event->kind == EVENT_ASSIGNED) {
        visit->needs_agent = true;
        parting->held = true;
    } else if (event->kind == EVENT_RELEASED || event->advanced.queue.size > 0) {
        parting->held = false;
    }
    parting->before_us = event->at_us;
}

/* Facts were marked with the seconds worked before them; of the whole they are a share. */
static void share_facts(struct parting *parting)
{
    struct drill_plan *plan = parting->plan;
    size_t fact = parting->planned->fact;
    for (uint32_t i = 0; i < parting->planned->visit_count; i++) {
        const struct plan_visit *visit = &plan->visits[parting->planned->visit + i];
        fact += visit->before;
        for (uint32_t j = 0; j < visit->facts; j++, fact++) {
            struct plan_fact *at = &plan->facts[fact];
            at->permille = visit->work_s > 0
                               ? (uint32_t)((int64_t)at->permille * PERMILLE / visit->work_s)
                               : (j + 1) * PERMILLE / visit->facts;
        }
    }
}

static bool plan_events(struct parting *parting, const struct drill_record *record)
{
    struct event event;
    for (uint32_t i = 1; i < record->count; i++) {
        bool decoded = drill_book_event(parting->plan->book, record->first + i, &event);
        parting->hands_known = parting->hands_known || (decoded && event.kind == EVENT_ASSIGNED);
    }
    visit_begin(parting);
    for (uint32_t i = 1; i < record->count && parting->good; i++) {
        if (drill_book_event(parting->plan->book, record->first + i, &event) &&
            event_kind_service(event.kind) == SERVICE_DISPATCH && event.kind != EVENT_OPENED) {
            take_event(parting, i, &event);
        }
    }
    if (parting->good && !parting->away) { /* open at the end of the record */
        fact_add(parting, UINT32_MAX);
        newest(parting)->facts++;
        newest(parting)->needs_agent = true;
    }
    if (parting->good) {
        share_facts(parting);
    }
    return parting->good;
}

static bool plan_case(struct drill_plan *plan,
                      struct drill_run *run,
                      const struct drill_staff *staff,
                      size_t index)
{
    const struct drill_record *record = &plan->book->records[index];
    struct plan_case *planned = &plan->cases[index];
    struct drill_outcome outcome = {.queue = POLICY_NONE};
    struct drill_player player = {.names = &plan->book->names, .run = run, .outcome = &outcome};
    struct event opened = {.kind = EVENT_NONE};
    *planned = (struct plan_case){.visit = (uint32_t)plan->visit_count,
                                  .fact = (uint32_t)plan->fact_count,
                                  .queue = POLICY_NONE};
    if (!drill_open(&player, plan->book, record, &opened)) {
        return true;
    }
    planned->opened_us = opened.at_us;
    planned->queue = policy_queue_index(&run->object->policy, opened.opened.queue);
    const struct drill_team *team = drill_team_of(staff, planned->queue);
    struct parting parting = {.plan = plan,
                              .policy = &run->object->policy,
                              .calendar = team ? team->calendar : NULL,
                              .planned = planned,
                              .before_us = opened.at_us,
                              .good = true};
    if (!plan_events(&parting, record)) {
        return false;
    }
    bool good = true;
    for (uint32_t i = 0; i < planned->visit_count && good; i++) {
        const struct plan_visit *visit = &plan->visits[planned->visit + i];
        bool complete = i + 1 < planned->visit_count || parting.away;
        if (visit->needs_agent && visit->work_s > 0 && complete) {
            good = drill_wait_add(&plan->handling[planned->queue], visit->work_s);
        }
    }
    return good;
}

const struct drill_team *drill_team_of(const struct drill_staff *staff, uint16_t queue)
{
    for (uint32_t i = 0; i < staff->count; i++) {
        for (uint16_t j = 0; j < staff->teams[i].queue_count; j++) {
            if (staff->teams[i].queues[j] == queue) {
                return &staff->teams[i];
            }
        }
    }
    return NULL;
}

/* splitmix64 (Steele, Lea and Flood, 2014). */
static uint64_t mix(uint64_t value)
{
    value += 0x9e3779b97f4a7c15U;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
    return value ^ (value >> 31);
}

int64_t drill_plan_work_s(const struct drill_plan *plan,
                          const struct drill_team *team,
                          size_t index,
                          uint32_t visit)
{
    uint64_t draw = mix(mix(plan->seed ^ mix(index)) + visit);
    const struct drill_waits *pool = &plan->handling[plan->cases[index].queue];
    if (team->handling_count > 0) {
        return team->handling_s[draw % team->handling_count];
    }
    return pool->seconds[draw % pool->count];
}

/* Somebody serves every queue that has cases, and it is known how long they take. */
static bool
is_served(const struct drill_plan *plan, const struct drill_staff *staff, uint16_t *queue)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_case *planned = &plan->cases[i];
        if (planned->opened_us == 0) {
            continue;
        }
        const struct drill_team *team = drill_team_of(staff, planned->queue);
        if (!team || (team->handling_count == 0 && plan->handling[planned->queue].count == 0)) {
            *queue = planned->queue;
            return false;
        }
    }
    return true;
}

struct drill_plan *drill_plan_new(struct drill_book *book,
                                  struct drill_run *run,
                                  const struct drill_staff *staff,
                                  uint64_t seed,
                                  uint16_t *queue)
{
    *queue = POLICY_NONE;
    struct drill_plan *plan = calloc(1, sizeof *plan);
    if (!plan) {
        return NULL;
    }
    *plan = (struct drill_plan){.book = book, .seed = seed, .count = book->count};
    plan->cases = calloc(book->count + 1, sizeof *plan->cases);
    bool good = plan->cases != NULL;
    for (size_t i = 0; i < book->count && good; i++) {
        good = plan_case(plan, run, staff, i);
    }
    if (!good || !is_served(plan, staff, queue)) {
        drill_plan_free(&plan);
    }
    return plan;
}

void drill_plan_free(struct drill_plan **plan_p)
{
    struct drill_plan *plan = *plan_p;
    if (plan) {
        for (size_t i = 0; i < POLICY_QUEUES_MAX; i++) {
            free(plan->handling[i].seconds);
        }
        free(plan->cases);
        free(plan->visits);
        free(plan->facts);
        free(plan);
        *plan_p = NULL;
    }
}
