/* Tasks of a case, their numbers, and which run of a clock is whose; see policy.h. */
#include "policy.h"

uint8_t policy_at_once(const struct policy_task *task)
{
    return task->at_once == 0 || task->at_once > POLICY_AT_ONCE_MAX ? POLICY_AT_ONCE_MAX
                                                                    : task->at_once;
}

/* Runs of a clock beyond its first. */
static uint16_t more_runs(const struct policy *policy, uint16_t clock)
{
    uint16_t of_task = policy->clocks[clock].of_task;
    bool tasks = of_task != 0 && of_task <= policy->task_count;
    return tasks ? (uint16_t)(policy_at_once(&policy->tasks[of_task - 1]) - 1) : 0;
}

uint16_t policy_run_count(const struct policy *policy)
{
    uint16_t count = policy->clock_count;
    for (uint16_t i = 0; i < policy->clock_count; i++) {
        count = (uint16_t)(count + more_runs(policy, i));
    }
    return count < EVENT_CLOCKS_MAX ? count : EVENT_CLOCKS_MAX;
}

/* The clock of a run beyond the first ones, and its number. */
static uint16_t find_more(const struct policy *policy, uint16_t run, uint8_t *task)
{
    uint16_t left = (uint16_t)(run - policy->clock_count);
    for (uint16_t i = 0; i < policy->clock_count; i++) {
        uint16_t more = more_runs(policy, i);
        if (left < more) {
            *task = (uint8_t)(left + 2);
            return i;
        }
        left = (uint16_t)(left - more);
    }
    *task = 0;
    return 0;
}

uint16_t policy_run_clock(const struct policy *policy, uint16_t run)
{
    uint8_t task;
    return run < policy->clock_count ? run : find_more(policy, run, &task);
}

uint8_t policy_run_task(const struct policy *policy, uint16_t run)
{
    uint8_t task = 0;
    if (run < policy->clock_count) {
        return policy->clocks[run].of_task != 0 ? 1 : 0;
    }
    (void)find_more(policy, run, &task);
    return task;
}

uint16_t policy_run_of(const struct policy *policy, struct slice clock, uint32_t task)
{
    uint16_t index = policy_clock_index(policy, clock);
    if (index == POLICY_NONE || (policy->clocks[index].of_task != 0) != (task != 0) ||
        task > 1U + more_runs(policy, index)) {
        return POLICY_NONE;
    }
    if (task <= 1) {
        return index;
    }
    uint16_t run = policy->clock_count;
    for (uint16_t i = 0; i < index; i++) {
        run = (uint16_t)(run + more_runs(policy, i));
    }
    run = (uint16_t)(run + task - 2);
    return run < EVENT_CLOCKS_MAX ? run : POLICY_NONE;
}

void policy_tasks_move(const struct policy *policy,
                       uint16_t task,
                       const struct policy_action *action,
                       uint32_t asked,
                       uint8_t open,
                       uint8_t *settled,
                       uint8_t *opened)
{
    uint8_t named = (uint8_t)(asked >= 1 && asked <= POLICY_AT_ONCE_MAX ? 1U << (asked - 1) : 0);
    *settled = *opened = 0;
    if ((action->settles >> task & 1U) != 0) {
        *settled = asked != 0 ? (uint8_t)(open & named) : (uint8_t)(open & -open);
    }
    if ((action->opens >> task & 1U) != 0) {
        unsigned taken = open & ~(unsigned)*settled;
        unsigned lowest = ~taken & (taken + 1);
        unsigned all = (1U << policy_at_once(&policy->tasks[task])) - 1;
        *opened = (uint8_t)(lowest & all);
    }
}

uint32_t policy_task_asked(const struct event_field *fields, uint32_t field_count)
{
    for (uint32_t i = 0; i < field_count && i < EVENT_FIELDS_MAX; i++) {
        const struct slice value = fields[i].value;
        if (slice_equal(fields[i].name, slice_text("task")) && value.size > 0) {
            bool digit = value.size == 1 && value.bytes[0] >= '1' && value.bytes[0] <= '8';
            return digit ? value.bytes[0] - (uint32_t)'0' : POLICY_NONE;
        }
    }
    return 0;
}
