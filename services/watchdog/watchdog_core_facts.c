#include "watchdog_core_facts.h"

static bool is_known(const struct watch_case *state)
{
    return state->received_at_us != 0;
}

bool facts_repeat(const struct watch_case *state, const struct event *event)
{
    return event_kind_service(event->kind) == SERVICE_DISPATCH && event->seq != 0 &&
           event->seq <= state->dispatch_seq;
}

static void learn_origin(const struct policy *policy,
                         struct watch_case *state,
                         const struct event *event,
                         struct slice channel,
                         int64_t received_at_us)
{
    if (is_known(state)) {
        return;
    }
    state->case_id = event->case_id;
    state->policy_id = policy->id;
    /* As it is told, even when the teller's clock is behind: all streams tell the same instant, and
     * which one is heard first must not matter (law 8). */
    state->received_at_us = received_at_us > 0 ? received_at_us : event->at_us;
    state->channel = policy_channel_index(policy, channel);
    state->category = POLICY_NONE;
    state->class_index = POLICY_NONE;
}

static void learn_rating(const struct policy *policy,
                         struct watch_case *state,
                         struct slice category,
                         struct slice class_id,
                         uint32_t priority)
{
    if (category.size > 0) {
        state->category = policy_category_index(policy, category);
    }
    if (class_id.size > 0) {
        state->class_index = policy_class_index(policy, class_id);
    }
    if (priority != 0) {
        state->priority = (uint8_t)priority;
    }
}

static void learn_step(const struct policy *policy,
                       struct watch_case *state,
                       const struct event *event,
                       struct slice step_id)
{
    uint16_t index = policy_step_index(policy, step_id);
    bool stays = index >= policy->step_count;
    bool closed = stays ? state->closed != 0 : policy->steps[index].closed;
    if (event->kind == EVENT_CLOSED || event->kind == EVENT_REOPENED) {
        closed = event->kind == EVENT_CLOSED;
    }
    if (closed && !state->closed) {
        state->closed_at_us = event->at_us;
    } else if (!closed) {
        state->closed_at_us = 0;
    }
    state->closed = closed;
    state->step = stays ? state->step : (uint8_t)(index + 1);
}

static void
learn_triaged(const struct policy *policy, struct watch_case *state, const struct event *event)
{
    const struct event_triaged *told = &event->triaged;
    learn_origin(policy, state, event, told->channel, told->received_at_us);
    if (!state->opened) {
        learn_rating(policy, state, told->category, told->severity_class, told->priority);
        state->repeats = (uint16_t)(told->repeats < UINT16_MAX ? told->repeats : UINT16_MAX);
    }
}

static void
learn_opened(const struct policy *policy, struct watch_case *state, const struct event *event)
{
    const struct event_opened *told = &event->opened;
    learn_origin(policy, state, event, told->channel, told->received_at_us);
    learn_rating(policy, state, told->category, told->severity_class, told->priority);
    state->repeats = (uint16_t)(told->repeats < UINT16_MAX ? told->repeats : UINT16_MAX);
    state->opened = 1;
    learn_step(policy, state, event, told->step);
}

void facts_learn(const struct policy *policy, struct watch_case *state, const struct event *event)
{
    if (event->kind == EVENT_RECEIVED) {
        learn_origin(policy, state, event, event->received.channel, event->received.received_at_us);
    } else if (event_kind_service(event->kind) == SERVICE_TRIAGE) {
        learn_triaged(policy, state, event);
    } else if (event->kind == EVENT_OPENED) {
        learn_opened(policy, state, event);
    } else if (event_kind_service(event->kind) == SERVICE_DISPATCH && is_known(state)) {
        const struct event_advanced *told = &event->advanced;
        learn_rating(policy, state, told->category, told->severity_class, told->priority);
        learn_step(policy, state, event, told->to_step);
    }
    if (event_kind_service(event->kind) == SERVICE_DISPATCH && event->seq > state->dispatch_seq) {
        state->dispatch_seq = event->seq;
        state->version = event->kind == EVENT_OPENED ? 1 : event->advanced.version;
    }
}

void facts_of_receipt(const struct watch_case *before, struct watch_case *now)
{
    now->dispatch_seq = before->dispatch_seq;
    now->version = before->version;
    now->closed_at_us = before->closed_at_us;
    now->closed = before->closed;
    now->opened = before->opened;
    now->step = before->step;
}

static bool was_acknowledged_by_receipt(const struct event *event)
{
    if (event->kind == EVENT_RECEIVED) {
        return event->received.acknowledged_by_receipt;
    }
    return event->kind == EVENT_OPENED ? event->opened.acknowledged_by_receipt
                                       : event->triaged.acknowledged_by_receipt;
}

/*
 * Streams of different services arrive in any order: whichever event of a case comes first tells of
 * its receipt as well, with the instant of receipt that all of them carry, so that nothing hangs on
 * the order.
 */
uint32_t facts_marks(const struct watch_case *before,
                     const struct watch_case *now,
                     const struct event *event,
                     struct mark marks[MARKS_MAX])
{
    enum service_id service = event_kind_service(event->kind);
    bool received = event->kind == EVENT_RECEIVED;
    uint32_t count = 0;
    if (!is_known(now) || service < SERVICE_INTAKE || service > SERVICE_DISPATCH) {
        return 0;
    }
    if (received || !is_known(before)) {
        marks[count++] = (struct mark){EVENT_RECEIVED, now->received_at_us};
    }
    if (!is_known(before) && was_acknowledged_by_receipt(event)) {
        marks[count++] = (struct mark){EVENT_ACKNOWLEDGED, now->received_at_us};
    }
    if (!received) {
        marks[count++] = (struct mark){event->kind, event->at_us};
    }
    return count;
}

static bool advances(const struct event *event)
{
    return event_kind_service(event->kind) == SERVICE_DISPATCH && event->kind != EVENT_OPENED;
}

bool facts_drop_case(const struct event *event)
{
    uint32_t outcome = advances(event) ? event->advanced.outcome : OUTCOME_NONE;
    return outcome == OUTCOME_WITHDRAWN || outcome == OUTCOME_DUPLICATE;
}

struct slice facts_field(const struct event *event, const char *name)
{
    const struct event_advanced *told = &event->advanced;
    uint32_t count = told->field_count < EVENT_FIELDS_MAX ? told->field_count : EVENT_FIELDS_MAX;
    for (uint32_t i = 0; advances(event) && i < count; i++) {
        if (slice_equal(told->fields[i].name, slice_text(name))) {
            return told->fields[i].value;
        }
    }
    return slice_of(NULL, 0);
}

int64_t facts_promise_us(const struct policy *policy,
                         const struct policy_clock *rule,
                         const struct event *event)
{
    if (rule->due_field >= policy->field_count) {
        return 0;
    }
    struct slice value = facts_field(event, policy->fields[rule->due_field].id);
    return value.size > 0 ? policy_promise_us(policy, rule, value) : 0;
}

static const struct policy_action *action_of(const struct policy *policy, const struct event *event)
{
    const struct event_advanced *told = &event->advanced;
    bool acts = advances(event) && !event_is_of_personal_data(event->kind);
    uint16_t step = acts ? policy_step_index(policy, told->from_step) : POLICY_NONE;
    uint16_t action = step < policy->step_count
                          ? policy_action_index(&policy->steps[step], told->action)
                          : POLICY_NONE;
    return action == POLICY_NONE ? NULL : &policy->steps[step].actions[action];
}

uint32_t facts_made(const struct policy *policy, const struct event *event)
{
    const struct policy_action *action = action_of(policy, event);
    return action ? action->marks : 0;
}

struct facts_tasks facts_of_tasks(const struct policy *policy,
                                  const struct watch_case *state,
                                  const struct event *event,
                                  uint16_t run)
{
    struct facts_tasks tasks = {0};
    const struct policy_action *action = action_of(policy, event);
    uint16_t clock = policy_run_clock(policy, run);
    uint16_t kind = (uint16_t)(policy->clocks[clock].of_task - 1);
    if (!action || kind >= policy->task_count) {
        return tasks;
    }
    uint8_t open = 0;
    for (uint16_t i = 0, n = policy_run_count(policy); i < n; i++) {
        bool same = policy_run_clock(policy, i) == clock;
        open |=
            (uint8_t)(same && state->clocks[i].owed ? 1U << (policy_run_task(policy, i) - 1) : 0);
    }
    uint32_t count = event->advanced.field_count;
    uint32_t asked = policy_task_asked(event->advanced.fields, count);
    policy_tasks_move(policy, kind, action, asked, open, &tasks.settled, &tasks.opened);
    return tasks;
}
