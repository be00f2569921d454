/*
 * The cases at hand: those at work are in memory, the others are read when an event or a timer
 * wants them.  One whose row cannot be read holds up nobody: it is folded anew from the journal.
 */
#include "watchdog_shell.h"

struct held_case *cases_find(struct watchdog *watchdog, uint64_t case_id)
{
    return case_cache_find(watchdog->cases, case_id);
}

/* As redress verify folds it: an event of a case whose policy nothing has told yet says nothing. */
static bool fold(void *self, const struct event *event, bool first)
{
    struct watchdog *watchdog = self;
    struct watch_case *state = &watchdog->refolded;
    if (first) {
        *state = (struct watch_case){0};
    }
    uint32_t policy_id = state->policy_id != 0 ? state->policy_id : event_policy_id(event);
    const struct policy *policy = policy_id != 0 ? watchdog_policy(watchdog, policy_id) : NULL;
    if (policy) {
        watch_evolve(policy, state, event);
        state->case_id = event->case_id;
    }
    return policy || policy_id == 0;
}

static bool folded(void *self, uint64_t case_id, uint32_t own)
{
    (void)own; /* a case may have none */
    struct watchdog *watchdog = self;
    struct held_case *held = watchdog->refolded.case_id == case_id
                                 ? case_cache_insert(watchdog->cases, case_id, NULL)
                                 : NULL;
    if (held) {
        *held = (struct held_case){.state = watchdog->refolded, .refolded = true};
    }
    return held != NULL;
}

bool cases_open(struct watchdog *watchdog)
{
    const struct refold_source source = {.id = SERVICE_WATCHDOG,
                                         .inputs = 1U << SERVICE_INTAKE | 1U << SERVICE_DISPATCH,
                                         .fold = fold,
                                         .done = folded,
                                         .self = watchdog};
    watchdog->cases = case_cache_new(sizeof(struct held_case), CASES_MAX);
    watchdog->refold = refold_new(watchdog->service, &source);
    return watchdog->cases && watchdog->refold;
}

void cases_close(struct watchdog *watchdog)
{
    case_cache_free(&watchdog->cases);
    refold_free(&watchdog->refold);
}

bool cases_change(struct watchdog *watchdog, struct held_case *held, uint64_t case_id, bool is_new)
{
    if (held->saved_in == watchdog->cycle) {
        return true;
    }
    if (watchdog->changed_count == CHANGED_MAX) {
        return false;
    }
    held->saved_in = watchdog->cycle;
    struct changed_case *changed = &watchdog->changed[watchdog->changed_count++];
    *changed = (struct changed_case){held->state, is_new};
    changed->before.case_id = case_id; /* a new case does not know it yet */
    return true;
}

void cases_want(struct watchdog *watchdog, uint64_t case_id)
{
    if (!service_serves(watchdog->service, case_partition(case_id)) ||
        cases_find(watchdog, case_id)) {
        return;
    }
    if (watchdog->wanted_count == WANTED_MAX) {
        service_fail(watchdog->service, "a batch beyond its bounds");
        return;
    }
    watchdog->wanted[watchdog->wanted_count++] = case_id;
}

bool cases_lookup(struct watchdog *watchdog, struct pg *pg)
{
    if (watchdog->wanted_count > 0) {
        watchdog_rows_bind(pg, watchdog->wanted, watchdog->wanted_count);
    }
    watchdog->asked_refold = refold_bind(watchdog->refold, pg);
    return watchdog->wanted_count > 0 || watchdog->asked_refold;
}

static void row_take(struct watchdog *watchdog, struct cycle *cycle, const PGresult *rows, int row)
{
    struct held_case read = {0};
    struct error error = {0};
    uint64_t case_id = watchdog_row_case(rows, row);
    if (cases_find(watchdog, case_id) ||
        !service_serves(watchdog->service, case_partition(case_id))) {
        return; /* what is in memory stands */
    }
    if (!watchdog_row_read(rows, row, &read.state, &error)) {
        refold_want(watchdog->refold, cycle, case_id, &error);
        return;
    }
    struct held_case *held = case_cache_insert(watchdog->cases, case_id, NULL);
    if (!held) {
        service_fail(watchdog->service, "out of memory");
        return;
    }
    *held = read;
}

void cases_looked_up(struct watchdog *watchdog, struct cycle *cycle, const struct pg_answer *answer)
{
    unsigned last = answer->count;
    if (watchdog->asked_refold) {
        refold_take(watchdog->refold, answer->results[--last]);
    }
    const PGresult *rows = watchdog->wanted_count > 0 ? answer->results[--last] : NULL;
    for (int row = 0; rows && row < PQntuples(rows); row++) {
        row_take(watchdog, cycle, rows, row);
    }
}
