/*
 * Urgency that was asked for before there was a case: when triage is down or slow a clock may warn
 * or breach before dispatch has opened the case, and its event finds nothing to raise.  So a case
 * that is opened late asks the clocks' rows, and an escalation that came too early follows the
 * opening.
 */
#include "dispatch_shell.h"

enum { LATE_US = 10000000 };

void early_note(struct dispatch *dispatch, const struct event *event)
{
    if (event->service == SERVICE_TRIAGE && dispatch->late_count < DISPATCH_EARLY_MAX &&
        event->at_us - event->triaged.received_at_us > LATE_US) {
        dispatch->late[dispatch->late_count++] = event->case_id;
    }
}

bool early_lookup(struct dispatch *dispatch, struct pg *pg)
{
    dispatch->early_count = 0;
    if (dispatch->late_count > 0) {
        dispatch_raised_bind(pg, dispatch->late, dispatch->late_count);
    }
    return dispatch->late_count > 0;
}

void early_looked_up(struct dispatch *dispatch, const PGresult *rows)
{
    for (int row = 0; row < PQntuples(rows) && row < DISPATCH_EARLY_MAX; row++) {
        struct early_raise *early = &dispatch->early[dispatch->early_count++];
        struct slice clock = pg_bytes(rows, row, 2);
        early->case_id = (uint64_t)pg_int8(rows, row, 0);
        early->priority = (uint8_t)pg_int2(rows, row, 1);
        (void)snprintf(
            early->clock, sizeof early->clock, "%.*s", (int)clock.size, (const char *)clock.bytes);
    }
}

void early_apply(struct dispatch *dispatch,
                 struct cycle *cycle,
                 const struct policy *policy,
                 const struct event *opened_by)
{
    const struct held_case *held = dispatch_find(dispatch, opened_by->case_id);
    for (uint32_t i = 0; held && i < dispatch->early_count; i++) {
        const struct early_raise *early = &dispatch->early[i];
        if (early->case_id != held->state.case_id) {
            continue;
        }
        /* what the watchdog said, as dispatch would have read it; its cause is the event that
         * opened the case */
        struct event *clock = &dispatch->early_event;
        memset(clock, 0, sizeof *clock);
        clock->service = opened_by->service;
        clock->seq = opened_by->seq;
        clock->kind = EVENT_CLOCK_ESCALATED;
        clock->case_id = early->case_id;
        clock->clocks.count = 1;
        clock->clocks.clocks[0].name = slice_text(early->clock);
        clock->clocks.clocks[0].raise_priority_to = early->priority;
        const struct dispatch_input input = {
            .kind = DISPATCH_CLOCK, .now_us = cycle_now_us(cycle), .event = clock};
        struct slice field;
        if (dispatch_decide(policy, &held->state, &input, &dispatch->out, &field) ==
            DISPATCH_APPEND) {
            (void)dispatch_apply(dispatch, cycle, policy, early->case_id, &dispatch->out);
        }
        return;
    }
}
