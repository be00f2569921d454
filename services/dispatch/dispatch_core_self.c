/* What happens to a case without anybody's doing: it is opened, a clock raises it or takes an offer
 * back, it is offered to somebody from its queue. */
#include "dispatch_core_after.h"
#include "dispatch_core_people.h"
#include "dispatch_core_push.h"

enum dispatch_answer self_open(const struct policy *policy,
                               const struct dispatch_case *state,
                               const struct dispatch_input *input,
                               struct event *out)
{
    const struct event *event = input->event;
    if (!event || state->version > 0) {
        return DISPATCH_NOTHING;
    }
    if (event->kind != EVENT_TRIAGED && event->kind != EVENT_TRIAGE_ASKED) {
        return DISPATCH_NOTHING;
    }
    const struct event_triaged *triaged = &event->triaged;
    const struct policy_facts facts = {.channel = policy_channel_index(policy, triaged->channel),
                                       .category = policy_category_index(policy, triaged->category),
                                       .class_index =
                                           policy_class_index(policy, triaged->severity_class),
                                       .repeats = triaged->repeats};
    bool asked = event->kind == EVENT_TRIAGE_ASKED;
    uint16_t step = asked ? policy->triage_step : policy->first_step;
    uint16_t queue = asked ? policy->triage_queue : policy_route(policy, &facts);
    if (queue >= policy->queue_count) {
        queue = policy->triage_queue;
    }
    bool urgent_enough =
        triaged->priority >= PRIORITY_MOST_URGENT && triaged->priority <= PRIORITY_LEAST_URGENT;
    after_begin(state, input, EVENT_OPENED, out);
    out->opened = (struct event_opened){
        .step = slice_text(policy->steps[step].id),
        .queue = slice_text(policy->queues[queue].id),
        .priority = urgent_enough ? triaged->priority : after_priority(policy, facts.class_index),
        .category = facts.category == POLICY_NONE ? (struct slice){0} : triaged->category,
        .severity_class =
            facts.class_index == POLICY_NONE ? (struct slice){0} : triaged->severity_class,
        .policy_id = triaged->policy_id,
        .channel = triaged->channel,
        .received_at_us = triaged->received_at_us,
        .customer = triaged->customer,
        .acknowledged_by_receipt = triaged->acknowledged_by_receipt,
        .asked = asked,
        .language = triaged->language,
        .score = triaged->score,
        .repeats = triaged->repeats,
    };
    struct slice handler = input->earlier_handler;
    if (policy->steps[step].affinity_s > 0 && handler.size < DISPATCH_AGENT_MAX) {
        out->opened.handler = handler;
    }
    return DISPATCH_APPEND;
}

/* The clock that asks for the most urgent priority, or NULL. */
static const struct event_clock *most_urgent(const struct event *event)
{
    const struct event_clock *found = NULL;
    for (uint32_t i = 0; i < event->clocks.count && i < EVENT_CLOCKS_MAX; i++) {
        const struct event_clock *clock = &event->clocks.clocks[i];
        bool asks = clock->raise_priority_to >= PRIORITY_MOST_URGENT;
        if (asks && (!found || clock->raise_priority_to < found->raise_priority_to)) {
            found = clock;
        }
    }
    return found;
}

/* A clock was breached that takes an offer back which was not accepted. */
static bool takes_back(const struct policy *policy, const struct event *event)
{
    for (uint32_t i = 0; i < event->clocks.count && i < EVENT_CLOCKS_MAX; i++) {
        uint16_t index = policy_clock_index(policy, event->clocks.clocks[i].name);
        if (index != POLICY_NONE && policy->clocks[index].takes_back) {
            return event->kind == EVENT_CLOCK_BREACHED;
        }
    }
    return false;
}

enum dispatch_answer self_follow_clock(const struct policy *policy,
                                       const struct dispatch_case *state,
                                       const struct dispatch_input *input,
                                       struct event *out)
{
    static const char *const levels[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8"};
    const struct event *event = input->event;
    if (!event || state->version == 0 || event->case_id != state->case_id ||
        state->more.erased_at_us != 0) {
        return DISPATCH_NOTHING;
    }
    if (event->kind != EVENT_CLOCK_WARNED && event->kind != EVENT_CLOCK_BREACHED &&
        event->kind != EVENT_CLOCK_ESCALATED) {
        return DISPATCH_NOTHING;
    }
    const struct event_clock *clock = most_urgent(event);
    bool raises = clock && clock->raise_priority_to < state->priority;
    bool closed = policy->steps[state->step].closed;
    if (state->more.offered != OFFER_NONE && takes_back(policy, event)) {
        struct after back = after_stands(state);
        back.priority = raises ? clock->raise_priority_to : back.priority;
        back.agent = (struct slice){0};
        back.queue = closed ? POLICY_NONE : state->home_queue;
        after_begin(state, input, EVENT_RELEASED, out);
        after_advance(policy, state, input, &back, out);
        return DISPATCH_APPEND;
    }
    if (!raises || closed) {
        return DISPATCH_NOTHING;
    }
    struct after after = after_stands(state);
    after.priority = clock->raise_priority_to;
    after_begin(state, input, EVENT_ESCALATED, out);
    after_advance(policy, state, input, &after, out);
    uint32_t level = clock->level <= POLICY_LEVELS_MAX ? clock->level : POLICY_LEVELS_MAX;
    out->advanced.field_count = 2;
    out->advanced.fields[0] =
        (struct event_field){.name = slice_text("clock"), .value = clock->name};
    out->advanced.fields[1] =
        (struct event_field){.name = slice_text("level"), .value = slice_text(levels[level])};
    return DISPATCH_APPEND;
}

enum dispatch_answer self_push(const struct policy *policy,
                               const struct dispatch_case *state,
                               const struct dispatch_input *input,
                               struct event *out)
{
    const struct org_agent *taker = push_choose(policy, state, input);
    if (!taker) {
        return DISPATCH_NOTHING;
    }
    struct after after = after_stands(state);
    after.queue = POLICY_NONE;
    after.agent = slice_text(taker->name);
    /* where nobody could accept it, nobody is asked */
    bool asks = policy_step_accepts(&policy->steps[state->step]);
    after_begin(state, input, asks ? EVENT_OFFERED : EVENT_ASSIGNED, out);
    after_advance(policy, state, input, &after, out);
    people_record(state, input, out);
    after_record(&out->advanced, "@load", push_load_text(input, taker));
    return DISPATCH_APPEND;
}
