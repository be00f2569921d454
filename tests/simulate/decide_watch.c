/* What the watchdog makes of an input, and of time: the shell's part around its real core. */
#include "instance.h"

const struct policy *decide_policy(const struct row *row, const struct event *event)
{
    const struct policy *policy = row_policy(row);
    bool begins = event->service != SERVICE_WATCHDOG; /* its clocks are of cases that are there */
    return policy ? policy : policies_by_id(begins ? event_policy_id(event) : 0);
}

static void
append_all(struct instance *instance, const struct policy *policy, struct watch_output *output)
{
    for (uint32_t i = 0; i < output->count; i++) {
        batch_append(instance, policy, &output->events[i], 0);
    }
}

/* The first that is heard of a case: levels may have come due since its receipt. */
static void look_at_opening(const struct watch_output *output)
{
    for (uint32_t i = 0; i < output->count; i++) {
        enum event_kind kind = output->events[i].kind;
        if (kind >= EVENT_CLOCK_WARNED && kind <= EVENT_CLOCK_ESCALATED) {
            sim_reach(SOMETIMES_SLOW_OPENING);
        }
    }
}

/* For the mutant that tells none of them. */
static const struct policy *without_levels(const struct policy *policy)
{
    static struct policy less;
    static struct policy_clock clocks[POLICY_CLOCKS_MAX];
    less = *policy;
    memcpy(clocks, policy->clocks, policy->clock_count * sizeof *clocks);
    for (uint16_t i = 0; i < policy->clock_count; i++) {
        clocks[i].level_count = 0;
    }
    less.clocks = clocks;
    return &less;
}

/* One for each case, the newest. */
static void timer_set(struct instance *instance, uint64_t case_id)
{
    struct holding *holding = &instance->holdings[case_partition(case_id)];
    const struct row *row = cases_row(instance, case_id);
    const struct policy *policy = row_policy(row);
    int64_t due_us = policy ? watch_due_us(policy, &row->watch) : INT64_MAX;
    uint32_t at = 0;
    while (at < holding->timer_count && holding->timers[at].serial != case_id_serial(case_id)) {
        at++;
    }
    bool early = at < holding->timer_count && holding->timers[at].due_us < due_us;
    if (early && sim_per_mille(300)) {
        return; /* one that is too early may stay: looking at the case shows it */
    }
    if (due_us != INT64_MAX) {
        holding->timers[at] = (struct timer){case_id_serial(case_id), due_us};
        holding->timer_count += at == holding->timer_count;
    }
}

void decide_watch(struct instance *instance, const struct event *event)
{
    struct row *row = cases_row(instance, event->case_id);
    const struct policy *policy = decide_policy(row, event);
    struct watch_output output;
    bool unheard = sim.mutant == MUTANT_MERGE_UNHEARD && event->kind == EVENT_MERGED;
    bool first = event->kind == EVENT_OPENED && row->watch.received_at_us == 0;
    if (!policy || unheard) {
        return;
    }
    bool untold = first && sim.mutant == MUTANT_SLOW_OPENING_UNTOLD;
    const struct policy *told = untold ? without_levels(policy) : policy;
    do {
        watch_event(told, &row->watch, event, instance_now_us(instance), &output);
        if (first) {
            look_at_opening(&output);
        }
        append_all(instance, policy, &output);
        if (output.more) {
            sim_reach(SOMETIMES_OUTPUT_IN_PARTS);
        }
    } while (output.more && sim.mutant != MUTANT_OUTPUT_CUT);
    watch_evolve(policy, &row->watch, event);
    batch_change(instance, event->case_id);
    timer_set(instance, event->case_id);
}

/* Whether something was due.  A timer is only a hint: the core says what is due. */
static bool fire(struct instance *instance, uint64_t case_id, int64_t due_us)
{
    struct row *row = cases_row(instance, case_id);
    const struct policy *policy = row_policy(row);
    struct watch_output output;
    bool fired = false;
    if (!policy) {
        return false; /* nothing is known of the case */
    }
    int64_t now_us = instance_now_us(instance);
    if (sim.mutant == MUTANT_TIMER_BELIEVED) {
        int64_t said_us = watch_due_us(policy, &row->watch);
        now_us = said_us != INT64_MAX && said_us > now_us ? said_us : now_us;
    }
    if (now_us > due_us + 5 * SECOND) {
        sim_reach(SOMETIMES_TIMER_LATE);
    }
    do {
        watch_tick(policy, &row->watch, now_us, &output);
        append_all(instance, policy, &output);
        fired = fired || output.count > 0;
    } while (output.more);
    return fired;
}

void decide_timers(struct instance *instance)
{
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        struct holding *holding = &instance->holdings[i];
        uint32_t count = holding->phase == OWNER_SERVING ? holding->timer_count : 0;
        uint32_t kept = 0;
        struct timer due[TIMERS_MAX];
        uint32_t due_count = 0;
        for (uint32_t j = 0; j < count; j++) {
            uint64_t case_id = case_id_make(i, holding->timers[j].serial);
            bool here = cases_here(instance, case_id) || sim.mutant == MUTANT_CASES_UNREAD;
            if (!here || holding->timers[j].due_us > instance_now_us(instance)) {
                holding->timers[kept++] = holding->timers[j];
            } else {
                due[due_count++] = holding->timers[j];
            }
        }
        holding->timer_count = count > 0 ? kept : holding->timer_count;
        for (uint32_t j = 0; j < due_count; j++) {
            uint64_t case_id = case_id_make(i, due[j].serial);
            if (instance->batch.fact_count > BATCH_FACTS / 2) {
                holding->timers[holding->timer_count++] = due[j]; /* in the next batch */
            } else {
                if (!fire(instance, case_id, due[j].due_us)) {
                    sim_reach(SOMETIMES_STALE_TIMER);
                }
                timer_set(instance, case_id); /* it comes back with the case's next instant */
            }
        }
    }
}
