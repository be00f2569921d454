/* What can be proved of tasks with deadlines of their own: each is opened somewhere and settled
 * afterwards, and a case has room for all that may run at a time.  See policy_load.h. */
#include "fault.h"
#include "policy_read.h"

static bool settles_in(const struct policy *policy, uint64_t steps, uint16_t task)
{
    for (uint16_t i = 0; i < policy->step_count; i++) {
        for (uint16_t j = 0; (steps >> i & 1U) != 0 && j < policy->steps[i].action_count; j++) {
            if ((policy->steps[i].actions[j].settles >> task & 1U) != 0) {
                return true;
            }
        }
    }
    return false;
}

/* The clock of a task that blocks nothing runs on at an end: there it has to be settled. */
static void prove_task_ends(struct policy_loading *loading, uint16_t index)
{
    const struct policy *policy = loading->policy;
    uint16_t task = (uint16_t)(policy->clocks[index].of_task - 1);
    for (uint16_t i = 0; i < policy->step_count; i++) {
        const struct policy_step *step = &policy->steps[i];
        if (step->closed && policy->tasks[task].blocks_nothing &&
            !settles_in(policy, (uint64_t)1 << i, task)) {
            complain(loading,
                     loading->clock_nodes[index],
                     "blocks: closing, in the task, or an action that settles it there",
                     "a task '%s' may be open in step '%s', where clock '%s' would never stop",
                     policy->tasks[task].id,
                     step->id,
                     policy->clocks[index].id);
        }
    }
}

/* It is opened somewhere, and wherever it is it can be settled from there. */
static bool opens_and_settles(const struct policy *policy,
                              const uint64_t reach[POLICY_STEPS_MAX],
                              uint16_t task,
                              bool *opened)
{
    bool settled = true;
    *opened = false;
    for (uint16_t i = 0; i < policy->step_count; i++) {
        for (uint16_t j = 0; j < policy->steps[i].action_count; j++) {
            const struct policy_action *action = &policy->steps[i].actions[j];
            uint16_t to = action->to_step == POLICY_NONE ? i : action->to_step;
            if ((action->opens >> task & 1U) != 0) {
                *opened = true;
                settled = settled && settles_in(policy, reach[to], task);
            }
        }
    }
    return *opened && settled;
}

/* A task that has a deadline can be opened, and settled from there. */
static void
prove_task(struct policy_loading *loading, const uint64_t reach[POLICY_STEPS_MAX], uint16_t index)
{
    const struct policy *policy = loading->policy;
    const struct policy_clock *clock = &policy->clocks[index];
    uint16_t task = (uint16_t)(clock->of_task - 1);
    bool opened;
    if (clock->of_task == 0) {
        return;
    }
    if (opens_and_settles(policy, reach, task, &opened)) {
        prove_task_ends(loading, index);
        return;
    }
    complain(loading,
             loading->clock_nodes[index],
             opened ? "settles: [...], in an action" : "opens: [...], in an action",
             "clock '%s' is of task '%s', which no action %s",
             clock->id,
             policy->tasks[task].id,
             fault_text(opened ? "settles afterwards" : "opens"));
}

/* One case may have so many at a time. */
static void prove_run_count(struct policy_loading *loading)
{
    const struct policy *policy = loading->policy;
    unsigned count = policy->clock_count;
    for (uint16_t i = 0; i < policy->clock_count; i++) {
        uint16_t task = policy->clocks[i].of_task;
        count += task != 0 ? policy_at_once(&policy->tasks[task - 1]) - 1U : 0;
        if (count > EVENT_CLOCKS_MAX) {
            complain(loading,
                     loading->clock_nodes[i],
                     "at-once: 3, in the task",
                     "with clock '%s' a case may have more than %d clocks at a time",
                     policy->clocks[i].id,
                     EVENT_CLOCKS_MAX);
            return;
        }
    }
}

void prove_tasks(struct policy_loading *loading, const uint64_t reach[POLICY_STEPS_MAX])
{
    for (uint16_t i = 0; i < loading->policy->clock_count; i++) {
        if (clock_stands(loading, i, BASE_WAYS | BASE_TASKS | BASE_RUNS)) {
            prove_task(loading, reach, i);
        }
    }
    if (stands(loading, BASE_TASKS)) {
        prove_run_count(loading);
    }
}
