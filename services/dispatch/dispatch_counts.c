/* Complaints of the same cause, counted in the archive before an action that asks for it is
 * decided.  A batch asks when the core says that it lacks a count, once, for all of its commands;
 * that is the look which asks what was done before as well. */
#include "dispatch_shell.h"

/* The first action of the step that asks for a count, or the one that is named. */
static bool question_of(struct dispatch *dispatch,
                        const struct held_case *held,
                        struct slice action,
                        struct dispatch_question *question)
{
    const struct policy *policy = dispatch_policy(dispatch, held->state.policy_id);
    const struct policy_step *step = policy ? &policy->steps[held->state.step] : NULL;
    for (uint16_t i = 0; step && policy->cause > 0 && i < step->action_count; i++) {
        bool meant = action.size == 0 || slice_equal(action, slice_text(step->actions[i].id));
        if (meant && dispatch_question_of(policy, &held->state, &step->actions[i], question)) {
            return true;
        }
    }
    return false;
}

static void counts_want(struct dispatch *dispatch, const Redress__Command__V1__Command *command)
{
    const Redress__Command__V1__Act *act = command->act;
    uint64_t case_id = act ? act->case_id : command->show ? command->show->case_id : 0;
    struct slice action =
        act && act->has_action ? slice_of(act->action.data, act->action.len) : slice_of(NULL, 0);
    const struct held_case *held = dispatch_find(dispatch, case_id);
    if (held && dispatch->count_count < SERVICE_BATCH_MAX &&
        question_of(dispatch, held, action, &dispatch->counts[dispatch->count_count].asked)) {
        dispatch->count_count++;
    }
}

bool counts_lookup(struct dispatch *dispatch, struct cycle *cycle, struct pg *pg)
{
    dispatch->counted = dispatch->ask_counts;
    dispatch->ask_counts = false;
    dispatch->count_count = 0;
    for (uint32_t i = 0; dispatch->counted && i < cycle_request_count(cycle); i++) {
        struct error error = {0};
        const Redress__Command__V1__Command *command =
            dispatch_decode(cycle_request(cycle, i)->bytes, cycle_arena(cycle), &error);
        if (command) {
            counts_want(dispatch, command);
        }
    }
    if (dispatch->count_count > 0) {
        dispatch_same_cause_bind(pg, dispatch->counts, dispatch->count_count);
    }
    return dispatch->count_count > 0;
}

void counts_looked_up(struct dispatch *dispatch, const PGresult *rows)
{
    dispatch_same_cause_read(rows, dispatch->counts, dispatch->count_count);
}

const struct dispatch_counted *counts_of(const struct dispatch *dispatch, uint64_t case_id)
{
    for (uint32_t i = 0; i < dispatch->count_count; i++) {
        if (dispatch->counts[i].asked.case_id == case_id) {
            return &dispatch->counts[i];
        }
    }
    return NULL;
}

bool counts_ask_first(const struct asked *asked, const struct held_case *held)
{
    struct dispatch *dispatch = asked->dispatch;
    struct dispatch_question question;
    if (dispatch->counted || !question_of(dispatch, held, slice_of(NULL, 0), &question)) {
        return false;
    }
    desk_look_again(asked);
    return true;
}
