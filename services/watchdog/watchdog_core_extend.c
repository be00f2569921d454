#include "watchdog_core_extend.h"

#include "watchdog_core_clock.h"
#include "watchdog_core_facts.h"

struct slice extend_reason(const struct event *event)
{
    return facts_field(event, "reason");
}

uint8_t extend_done(const struct policy_extension *next, const struct event *event)
{
    uint8_t done = 0;
    bool advances = event_kind_service(event->kind) == SERVICE_DISPATCH &&
                    event->kind != EVENT_OPENED && event->kind != EVENT_EXTENDED &&
                    !event_is_of_personal_data(event->kind);
    for (uint16_t i = 0; next && advances && i < next->after_count; i++) {
        bool same = slice_equal(event->advanced.action, slice_text(next->after[i]));
        done |= (uint8_t)(same ? 1U << i : 0U);
    }
    return done;
}

/* Why not; NULL: it may be extended. */
static const char *objection(const struct change *change, uint16_t index)
{
    const struct policy_clock *rule = clock_rule(change->policy, index);
    const struct watch_clock *clock = &change->now->clocks[index];
    const struct policy_extension *extension = policy_extension_next(rule, clock->extensions);
    if (rule->extension.times == 0) {
        return "no-extension";
    }
    if (!clock_in_force(clock) || !change_moves(clock)) {
        return "not-running";
    }
    bool late = clock->phase == WATCH_RUNNING && clock->due_us < change->event->at_us;
    if (clock->breached || late) {
        return "overdue";
    }
    if (!extension) {
        return "too-often";
    }
    if (extension->needs_reason && extend_reason(change->event).size == 0) {
        return "no-reason";
    }
    for (uint16_t i = 0; i < extension->after_count; i++) {
        if ((clock->done >> i & 1U) == 0) {
            return extension->after[i];
        }
    }
    return NULL;
}

void extend_clock(struct change *change, uint16_t index)
{
    const struct policy_clock *rule = clock_rule(change->policy, index);
    struct watch_clock *clock = &change->now->clocks[index];
    if (change->event->kind != EVENT_EXTENDED) {
        return;
    }
    struct slice named = facts_field(change->event, "clock");
    if (named.size > 0 ? !slice_equal(named, slice_text(rule->id)) : rule->extension.times == 0) {
        return;
    }
    uint8_t task = policy_run_task(change->policy, index);
    uint32_t asked =
        policy_task_asked(change->event->advanced.fields, change->event->advanced.field_count);
    if (task != 0 && (asked != 0 ? asked != task : !change->now->clocks[index].owed)) {
        return; /* of another task, or of one that is not open */
    }
    const char *why = objection(change, index);
    if (why && (named.size > 0 || clock_in_force(clock))) {
        struct event_clock *refused = &change->refused.clocks[change->refused.count++];
        *refused = change_tell(change, index);
        refused->reason = slice_text(why);
    }
    if (!why) {
        clock->extensions++;
        change_generation(clock);
        clock_refresh(change->policy, index, clock);
    }
}
