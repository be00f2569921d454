/*
 * Where cases stand in Redis: what is told after a commit, and fed when a share is built.  A place
 * follows from what dispatch appends and from what it hears of clocks, which appends nothing.
 */
#include "dispatch_shell.h"

/* Where the case stands in Redis: in a queue, or nowhere. */
static void place_of(const struct dispatch *dispatch,
                     const struct policy *policy,
                     const struct dispatch_case *state,
                     struct projection_op *op)
{
    *op = (struct projection_op){.case_id = state->case_id, .change = PROJECTION_REMOVE};
    if (policy && state->queue != POLICY_NONE) {
        op->change = PROJECTION_PUT;
        op->score = dispatch_queue_score(state);
        (void)snprintf(
            op->queue, sizeof op->queue, "%s/%s", policy->name, policy->queues[state->queue].id);
        fit_tell(dispatch, policy, state, op->ask);
    }
}

static void op_of(void *self, uint64_t case_id, struct projection_op *op)
{
    struct dispatch *dispatch = self;
    static const struct dispatch_case nothing = {.queue = POLICY_NONE};
    struct held_case *held = dispatch_find(dispatch, case_id);
    place_of(dispatch,
             held ? dispatch_policy(dispatch, held->state.policy_id) : NULL,
             held ? &held->state : &nothing,
             op);
    op->case_id = case_id;
    if (held) {
        held->told = (int64_t)op->score;
    }
}

static bool row_op(void *self, const PGresult *rows, int row, struct projection_op *op)
{
    uint32_t policy_id = dispatch_row_policy(rows, row);
    const struct policy *policy = policy_id != 0 ? dispatch_policy(self, policy_id) : NULL;
    struct dispatch_case state;
    uint32_t version;
    struct error error = {0};
    if (!policy || !dispatch_row_read(rows, row, policy, &state, &error)) {
        return false; /* told when somebody acts on it */
    }
    if (!dispatch_row_dues(rows, row, &state, &version, &error)) {
        state.due_us = INT64_MAX; /* it has a place all the same */
    }
    place_of(self, policy, &state, op);
    return op->change == PROJECTION_PUT;
}

struct projector *places_open(struct dispatch *dispatch, struct error *error)
{
    const struct projector_source source = {
        SERVICE_DISPATCH, SERVICE_WATCHDOG, "dispatch_feed", op_of, row_op, dispatch};
    return projector_new(dispatch->service, &source, error);
}

/* A clock was heard: the case may stand elsewhere in its queue now, though nothing is appended.
 * What was told is forgotten with it, so that a batch that is undone hears of it again. */
void place_heard(struct dispatch *dispatch, struct held_case *held)
{
    if (held->state.queue == POLICY_NONE || held->clocked_in == dispatch->cycle ||
        held->told == (int64_t)dispatch_queue_score(&held->state) ||
        dispatch->clocked_count == DISPATCH_CHANGED_MAX) {
        return;
    }
    held->told = 0;
    held->clocked_in = dispatch->cycle;
    dispatch->clocked[dispatch->clocked_count++] = held->state.case_id;
}

/* Most of a life is between people: a case that was in no queue and is in none has no place in
 * Redis to be told. */
static bool may_move(struct dispatch *dispatch, const struct changed_case *changed)
{
    const struct held_case *held = dispatch_find(dispatch, changed->before.case_id);
    bool was = !changed->is_new && changed->before.queue != POLICY_NONE;
    return was || (held && held->state.queue != POLICY_NONE);
}

void places_committed(struct dispatch *dispatch, const struct cycle *cycle)
{
    static uint64_t changed[2 * DISPATCH_CHANGED_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < dispatch->changed_count; i++) {
        if (may_move(dispatch, &dispatch->changed[i])) {
            changed[count++] = dispatch->changed[i].before.case_id;
        }
    }
    for (uint32_t i = 0; i < dispatch->clocked_count; i++) {
        const struct held_case *held = dispatch_find(dispatch, dispatch->clocked[i]);
        if (held && held->saved_in != dispatch->cycle) {
            changed[count++] = dispatch->clocked[i];
        }
    }
    projector_commit(dispatch->projector, cycle, changed, count);
}
