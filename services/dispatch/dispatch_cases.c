/*
 * The cases at hand: a bounded number in memory, the others read from the archive when a batch
 * needs them.  So a takeover reads nothing, and memory does not follow the open cases.
 *
 * A case that is in memory is as committed, or as the batch under way has changed it; the archive
 * is asked before a batch is decided, on the connection that commits, and only for what is not
 * here.  Of its clocks the archive knows more than we have heard: what the watchdog tells us it has
 * committed before (law 5).
 *
 * A row that cannot be read holds up nobody: its case is folded anew from dispatch's own events.
 */
#include "dispatch_shell.h"
#include "log.h"

static bool fold(void *self, const struct event *event, bool first)
{
    struct dispatch *dispatch = self;
    struct dispatch_case *state = &dispatch->refolded;
    if (first) {
        *state = (struct dispatch_case){.due_us = INT64_MAX};
    }
    uint32_t policy_id = state->policy_id != 0 ? state->policy_id : event_policy_id(event);
    const struct policy *policy = dispatch_policy(dispatch, policy_id);
    if (policy) {
        dispatch_evolve(policy, state, event);
    }
    return policy != NULL;
}

/* Every event counts one: where one is missing, those behind it are no part of the case. */
static bool folded(void *self, uint64_t case_id, uint32_t own)
{
    struct dispatch *dispatch = self;
    struct held_case *held = NULL;
    if (own > 0 && dispatch->refolded.version == own && dispatch->refolded.case_id == case_id) {
        held = case_cache_insert(dispatch->cases, case_id, NULL);
    }
    if (held) {
        *held = (struct held_case){.state = dispatch->refolded};
    }
    return held != NULL;
}

bool cases_open(struct dispatch *dispatch)
{
    const struct refold_source source = {
        .id = SERVICE_DISPATCH, .fold = fold, .done = folded, .self = dispatch};
    dispatch->cases = case_cache_new(sizeof(struct held_case), DISPATCH_CASES_MAX);
    dispatch->refold = refold_new(dispatch->service, &source);
    return dispatch->cases && dispatch->refold;
}

void cases_close(struct dispatch *dispatch)
{
    case_cache_free(&dispatch->cases);
    refold_free(&dispatch->refold);
}

struct held_case *dispatch_find(struct dispatch *dispatch, uint64_t case_id)
{
    return case_cache_find(dispatch->cases, case_id);
}

void cases_want_dues(struct dispatch *dispatch, uint64_t case_id)
{
    if (!service_serves(dispatch->service, case_partition(case_id))) {
        return;
    }
    dispatch->asked_in[case_partition(case_id)] = dispatch->cycle;
    if (dispatch->wanted_count == DISPATCH_WANTED_MAX) {
        service_fail(dispatch->service, "a batch beyond its bounds");
        return;
    }
    dispatch->wanted[dispatch->wanted_count++] = case_id;
}

void cases_want(struct dispatch *dispatch, uint64_t case_id)
{
    const struct held_case *held = dispatch_find(dispatch, case_id);
    if (!held || held->dues_lost) {
        cases_want_dues(dispatch, case_id);
    }
}

/* An event of triage begins a case: nobody is asked whether there is one already, because the
 * archive refuses a second row, and then all are asked about for a while. */
void cases_want_for(struct dispatch *dispatch, const struct event *event)
{
    if (event->service != SERVICE_TRIAGE || dispatch->doubts > 0) {
        cases_want(dispatch, event->case_id);
    }
}

bool cases_lookup(struct dispatch *dispatch, struct pg *pg)
{
    dispatch->asked_cases = dispatch->wanted_count > 0 || dispatch->asked_known;
    if (dispatch->asked_cases) {
        dispatch_rows_bind(pg,
                           dispatch->wanted,
                           dispatch->wanted_count,
                           (const uint8_t(*)[16])dispatch->asked_ids,
                           dispatch->asked_known ? dispatch->asked_count : 0);
    }
    dispatch->asked_refold = refold_bind(dispatch->refold, pg);
    return dispatch->asked_cases || dispatch->asked_refold;
}

/* NULL: looked up again, when its policy is here or it was folded anew. */
static struct held_case *
row_take(struct dispatch *dispatch, struct cycle *cycle, const PGresult *rows, int row)
{
    struct held_case read = {0};
    struct error error = {0};
    uint64_t case_id = dispatch_row_case(rows, row);
    uint32_t policy_id = dispatch_row_policy(rows, row);
    const struct policy *policy = policy_id != 0 ? dispatch_policy(dispatch, policy_id) : NULL;
    if (policy_id != 0 && !policy) {
        return NULL;
    }
    bool readable =
        policy ? dispatch_row_read(rows, row, policy, &read.state, &error)
               : error_set(&error, ERROR_REJECT, "it follows a policy that is not in the archive");
    if (!readable) {
        refold_want(dispatch->refold, cycle, case_id, &error);
        return NULL;
    }
    struct held_case *held = case_cache_insert(dispatch->cases, case_id, NULL);
    if (!held) {
        service_fail(dispatch->service, "out of memory");
        return NULL;
    }
    *held = read;
    return held;
}

/* What is in memory stands, but for its clocks.  Without a hint of those the case stands elsewhere
 * in its queue, and no more (law 6). */
static void rows_take(struct dispatch *dispatch, struct cycle *cycle, const PGresult *rows, int row)
{
    struct held_case *held = dispatch_find(dispatch, dispatch_row_case(rows, row));
    struct error error = {0};
    held = held ? held : row_take(dispatch, cycle, rows, row);
    if (!held) {
        return;
    }
    held->dues_in = dispatch->cycle;
    held->dues_lost = !dispatch_row_dues(rows, row, &held->state, &held->dues_version, &error);
    if (held->dues_lost) {
        log_error("when clocks of a case are due cannot be read: done without",
                  LOG_ERROR_FIELDS(&error),
                  LOG_TEXT("do", "redress verify tells what was altered"));
    }
}

unsigned
cases_looked_up(struct dispatch *dispatch, struct cycle *cycle, const struct pg_answer *answer)
{
    unsigned last = answer->count;
    if (dispatch->asked_refold) {
        refold_take(dispatch->refold, answer->results[--last]);
    }
    const PGresult *rows = dispatch->asked_cases ? answer->results[--last] : NULL;
    for (int row = 0; rows && row < PQntuples(rows); row++) {
        if (service_serves(dispatch->service, case_partition(dispatch_row_case(rows, row)))) {
            rows_take(dispatch, cycle, rows, row);
        }
    }
    return last;
}
