/*
 * The cases at hand: a bounded number in memory, the others read from the archive when a batch
 * needs them.  So a takeover reads nothing, and memory does not follow the open cases.
 *
 * A case that is in memory is as committed, or as the batch under way has changed it; the archive
 * is asked before a batch is decided, on the connection that commits, and only for what is not
 * here.  Of its clocks the archive knows more than we have heard: what the watchdog tells us it has
 * committed before (law 5).
 */
#include "dispatch_shell.h"

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
    if (!dispatch_find(dispatch, case_id)) {
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
    return dispatch->asked_cases;
}

static void row_take(struct dispatch *dispatch, const PGresult *rows, int row)
{
    uint64_t case_id = dispatch_row_case(rows, row);
    struct held_case *held = dispatch_find(dispatch, case_id);
    struct error error = {0};
    if (!held) { /* what is in memory stands, but for its clocks */
        const struct policy *policy = dispatch_policy(dispatch, dispatch_row_policy(rows, row));
        struct held_case read = {0};
        if (!policy) {
            return; /* looked up again when it is here */
        }
        if (!dispatch_row_read(rows, row, policy, &read.state, &error)) {
            service_fail_form(dispatch->service, &error);
            return;
        }
        held = case_cache_insert(dispatch->cases, case_id, NULL);
        if (!held) {
            service_fail(dispatch->service, "out of memory");
            return;
        }
        *held = read;
    }
    held->dues_in = dispatch->cycle;
    if (!dispatch_row_dues(rows, row, &held->state, &held->dues_version, &error)) {
        service_fail_form(dispatch->service, &error);
    }
}

void cases_looked_up(struct dispatch *dispatch, const PGresult *rows)
{
    for (int row = 0; row < PQntuples(rows); row++) {
        if (service_serves(dispatch->service, case_partition(dispatch_row_case(rows, row)))) {
            row_take(dispatch, rows, row);
        }
    }
}
