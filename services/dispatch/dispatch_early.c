/*
 * What a clock told when there was no case to tell it of, because triage or dispatch was down or
 * slow: when it is due, and the urgency it asked for; or that urgency while the case was that
 * urgent anyway.  So a case that is opened late, or is to be classified anew, asks the clocks'
 * rows: it stands where its due time puts it, an escalation that came too early follows the
 * opening, and a milder class undoes none.
 */
#include "dispatch_shell.h"

enum {
    LATE_US = 900000
}; /* the watchdog starts no clock of a case that is younger than a second
      and was not opened */

void early_note(struct dispatch *dispatch, const struct event *event)
{
    if (event->service == SERVICE_TRIAGE && dispatch->late_count < DISPATCH_EARLY_MAX &&
        service_now_us(dispatch->service) - event->triaged.received_at_us > LATE_US) {
        dispatch->late[dispatch->late_count++] = event->case_id;
    }
}

/* In whatever step: a command of the batch before it may lead to another. */
static bool classifies(const struct policy *policy, struct slice action)
{
    for (uint16_t i = 0; i < policy->step_count; i++) {
        const struct policy_step *step = &policy->steps[i];
        uint16_t index = policy_action_index(step, action);
        if (index != POLICY_NONE && step->actions[index].fact == EVENT_CLASSIFIED) {
            return true;
        }
    }
    return false;
}

/* Of a case that is not at hand nobody knows yet what the action is. */
void early_note_act(struct dispatch *dispatch, const Redress__Command__V1__Act *act)
{
    const struct held_case *held = dispatch_find(dispatch, act->case_id);
    const struct policy *policy = held ? dispatch_policy(dispatch, held->state.policy_id) : NULL;
    if (!policy || classifies(policy, slice_of(act->action.data, act->action.len))) {
        dispatch->late[dispatch->late_count++] = act->case_id;
    }
}

static int by_case(const void *key, const void *early)
{
    uint64_t wanted = *(const uint64_t *)key;
    uint64_t case_id = ((const struct early_clocks *)early)->case_id;
    return (wanted > case_id) - (wanted < case_id);
}

static const struct early_clocks *early_of(const struct dispatch *dispatch, uint64_t case_id)
{
    return bsearch(
        &case_id, dispatch->early, dispatch->early_count, sizeof *dispatch->early, by_case);
}

uint8_t early_raised_to(const struct dispatch *dispatch, uint64_t case_id)
{
    const struct early_clocks *early = early_of(dispatch, case_id);
    return early ? early->priority : 0;
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
    for (int row = 0; row < PQntuples(rows) && row < DISPATCH_LATE_MAX; row++) {
        struct early_clocks *early = &dispatch->early[dispatch->early_count++];
        struct slice clock = pg_bytes(rows, row, 2);
        early->case_id = (uint64_t)pg_int8(rows, row, 0);
        early->priority = (uint8_t)pg_int2(rows, row, 1);
        (void)snprintf(
            early->clock, sizeof early->clock, "%.*s", (int)clock.size, (const char *)clock.bytes);
        early->dues = (struct clock_dues){0};
        if (!clock_dues_unpack(pg_bytes(rows, row, 3), &early->dues)) {
            early->dues =
                (struct clock_dues){0}; /* a hint, which is told of when the case is read */
        }
    }
}

void early_apply(struct dispatch *dispatch,
                 struct cycle *cycle,
                 const struct policy *policy,
                 const struct event *opened_by)
{
    struct held_case *held = dispatch_find(dispatch, opened_by->case_id);
    const struct early_clocks *early = early_of(dispatch, opened_by->case_id);
    if (!held || !early) {
        return;
    }
    dispatch_dues_take(&held->state, &early->dues);
    held->dues_version = early->dues.version;
    held->dues_in = dispatch->cycle;
    if (early->priority == 0) {
        return;
    }
    /* what the watchdog said, as dispatch would have read it; its cause is the event that opened
     * the case */
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
    if (dispatch_decide(policy, &held->state, &input, &dispatch->out, &field) == DISPATCH_APPEND) {
        (void)dispatch_apply(dispatch, cycle, policy, early->case_id, &dispatch->out);
    }
}
