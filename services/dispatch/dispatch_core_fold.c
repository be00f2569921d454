/* The folding half of the core: events into the state of a case, and the state into its place in a
 * queue. */
#include "clock_dues.h"
#include "dispatch_core_erase.h"
#include "dispatch_core_fit.h"
#include "dispatch_core_push.h"
#include "dispatch_core_rules.h"

enum {
    PRIORITY_MAX = 5,
    DUE_BITS = 33,  /* seconds up to the year 2242 */
    SPAN_BITS = 16, /* minutes between receipt and due, 45 days */
    UNTIMED_DAYS = 30,
};

/* Filled up with zeros, so that equal names are equal bytes. */
static void name_set(char name[DISPATCH_AGENT_MAX], struct slice text)
{
    memset(name, 0, DISPATCH_AGENT_MAX);
    if (text.size > 0) {
        memcpy(name, text.bytes, text.size);
    }
}

static bool name_fits(struct slice text)
{
    return text.size < DISPATCH_AGENT_MAX &&
           (text.size == 0 || !memchr(text.bytes, '\0', text.size));
}

static uint16_t count_up(uint16_t count)
{
    return count < UINT16_MAX ? (uint16_t)(count + 1) : count;
}

uint16_t dispatch_queue_following(const struct policy *policy,
                                  const struct dispatch_case *before,
                                  uint16_t step,
                                  const struct policy_facts *now)
{
    const struct policy_facts then = {.channel = before->channel,
                                      .category = before->category,
                                      .class_index = before->class_index,
                                      .repeats = before->repeats,
                                      .told = before->more.told,
                                      .kept = before->more.facts};
    uint16_t standing = before->queue != POLICY_NONE ? before->queue : before->home_queue;
    bool in_triage = before->step == policy->triage_step;
    bool leaves_triage = in_triage && step != policy->triage_step;
    bool by_routes = !in_triage && standing == policy_route(policy, &then);
    if (!leaves_triage && !by_routes) {
        return standing;
    }
    uint16_t queue = policy_route(policy, now);
    return queue != POLICY_NONE ? queue : standing;
}

static void
fold_opened(const struct policy *policy, struct dispatch_case *state, const struct event *event)
{
    const struct event_opened *opened = &event->opened;
    uint16_t step = policy_step_index(policy, opened->step);
    uint16_t queue = policy_queue_index(policy, opened->queue);
    if (state->version > 0 || step == POLICY_NONE || queue == POLICY_NONE ||
        opened->priority == 0 || opened->priority > PRIORITY_MAX || policy->steps[step].closed) {
        return;
    }
    state->case_id = event->case_id;
    state->customer = opened->customer;
    state->received_at_us = opened->received_at_us;
    state->opened_at_us = event->at_us;
    state->step_since_us = event->at_us;
    state->updated_at_us = event->at_us;
    state->due_us = clock_dues_nearest_us(state->clock_due_us);
    state->policy_id = opened->policy_id;
    state->version = 1;
    state->repeats = opened->repeats;
    state->score = opened->score;
    state->step = step;
    state->queue = queue;
    state->home_queue = queue;
    state->category = policy_category_index(policy, opened->category);
    state->class_index = policy_class_index(policy, opened->severity_class);
    state->channel = policy_channel_index(policy, opened->channel);
    state->agent_role = POLICY_NONE;
    state->priority = (uint8_t)opened->priority;
    state->language = (uint8_t)opened->language;
    state->acknowledged = opened->acknowledged_by_receipt;
    if (opened->handler.size > 0 && name_fits(opened->handler)) {
        name_set(state->more.handler, opened->handler);
        state->more.handler_role = policy->steps[step].owner_role + 1U;
    }
}

/* A name that is given must be known. */
static bool known(struct slice name, uint16_t index)
{
    return name.size == 0 || index != POLICY_NONE;
}

struct names {
    uint16_t step, queue, category, class_index;
};

static bool makes_sense(const struct policy *policy,
                        const struct dispatch_case *state,
                        const struct event *event,
                        struct names *names)
{
    const struct event_advanced *advanced = &event->advanced;
    *names = (struct names){.step = policy_step_index(policy, advanced->to_step),
                            .queue = policy_queue_index(policy, advanced->queue),
                            .category = policy_category_index(policy, advanced->category),
                            .class_index = policy_class_index(policy, advanced->severity_class)};
    if (state->version == 0 || event->case_id != state->case_id ||
        advanced->version != state->version + 1 || names->step == POLICY_NONE) {
        return false;
    }
    if (!slice_equal(advanced->from_step, slice_text(policy->steps[state->step].id)) ||
        !known(advanced->queue, names->queue) || !known(advanced->category, names->category) ||
        !known(advanced->severity_class, names->class_index)) {
        return false;
    }
    if (advanced->priority == 0 || advanced->priority > PRIORITY_MAX ||
        !name_fits(advanced->agent) || !name_fits(advanced->actor)) {
        return false;
    }
    bool held = advanced->agent.size > 0;
    bool queued = names->queue != POLICY_NONE;
    return policy->steps[names->step].closed ? !held && !queued : held != queued;
}

static void fold_kind(struct dispatch_case *state, const struct event *event)
{
    if (event->kind == EVENT_ERASED) {
        state->more.erased_at_us = event->at_us;
        state->customer = 0;
    } else if (event->kind == EVENT_ACKNOWLEDGED) {
        state->acknowledged = true;
    } else if (event->kind == EVENT_FOLLOWED_UP) {
        state->followed_up = count_up(state->followed_up);
    } else if (event->kind == EVENT_ESCALATED) {
        for (uint32_t i = 0; i < event->advanced.field_count && i < EVENT_FIELDS_MAX; i++) {
            const struct event_field *field = &event->advanced.fields[i];
            if (slice_equal(field->name, slice_text("level")) && field->value.size == 1 &&
                field->value.bytes[0] >= '0' && field->value.bytes[0] <= '9') {
                uint8_t level = (uint8_t)(field->value.bytes[0] - '0');
                state->escalation = level > state->escalation ? level : state->escalation;
            }
        }
    }
}

static void fold_step(const struct policy *policy,
                      struct dispatch_case *state,
                      const struct event *event,
                      uint16_t step)
{
    if (step == state->step) {
        return;
    }
    bool was_closed = policy->steps[state->step].closed;
    bool is_closed = policy->steps[step].closed;
    if (is_closed && !was_closed) {
        state->closed_at_us = event->at_us;
    } else if (was_closed && !is_closed) {
        state->closed_at_us = 0;
        if (event->kind != EVENT_UNMERGED) {
            state->reopened = count_up(state->reopened);
            state->followed_up = 0;
        }
    }
    state->step = step;
    state->step_since_us = event->at_us;
    if (event->kind != EVENT_MERGED && event->kind != EVENT_UNMERGED) {
        name_set(state->last_actor, event->advanced.actor); /* a merge is nobody's work on it */
    }
}

/* Of a merge: where the case stands, for the day it is undone. */
static void
back_keep(struct dispatch_more *more, const struct dispatch_case *state, uint64_t merged_into)
{
    more->merged_into = merged_into;
    more->back_since_us = state->step_since_us;
    memcpy(more->back_agent, state->agent, sizeof more->back_agent);
    more->back_step = (uint16_t)(state->step + 1);
    more->back_queue = (uint16_t)(state->queue + 1); /* POLICY_NONE + 1 is 0 */
    more->back_home = (uint16_t)(state->home_queue + 1);
    more->back_role = (uint16_t)(state->agent_role + 1);
}

/* Of a merge that is undone: what the event itself does not tell. */
static void fold_back(struct dispatch_case *state, const struct dispatch_more *before)
{
    if (before->back_step != 0 && before->back_step - 1 == state->step) {
        state->step_since_us = before->back_since_us;
        state->home_queue = (uint16_t)(before->back_home - 1);
        state->agent_role =
            state->agent[0] != '\0' ? (uint16_t)(before->back_role - 1) : (uint16_t)POLICY_NONE;
    }
}

static void back_forget(struct dispatch_more *more)
{
    more->merged_into = 0;
    more->back_since_us = 0;
    memset(more->back_agent, 0, sizeof more->back_agent);
    more->back_step = more->back_queue = more->back_home = more->back_role = 0;
    more->outcome = OUTCOME_NONE;
}

/* An offer lasts until it is accepted or somebody else has the case; a merge only hides it. */
static void fold_offer(const struct dispatch_case *state,
                       const struct event *event,
                       bool was_closed,
                       bool closed,
                       struct dispatch_more *more)
{
    struct slice agent = event->advanced.agent;
    bool hidden = more->offered == OFFER_MERGED;
    if (event->kind == EVENT_OFFERED && agent.size > 0) {
        more->offered = OFFER_OPEN;
    } else if (event->kind == EVENT_MERGED && closed && !was_closed) {
        more->offered = more->offered != OFFER_NONE ? OFFER_MERGED : OFFER_NONE;
    } else if (was_closed && !closed) {
        bool again = hidden && event->kind == EVENT_UNMERGED && agent.size > 0;
        more->offered = again ? OFFER_OPEN : OFFER_NONE;
    } else if (hidden && event->kind == EVENT_RELEASED) { /* its time has passed: nobody's */
        more->offered = OFFER_NONE;
        memset(more->back_agent, 0, sizeof more->back_agent);
        more->back_role = 0;
    } else if (!hidden &&
               (event->kind == EVENT_ACCEPTED || !slice_equal(agent, slice_text(state->agent)))) {
        more->offered = OFFER_NONE;
    }
}

/* What the policy's rules will ask of the case afterwards. */
static void fold_rules(const struct policy *policy,
                       const struct dispatch_case *state,
                       const struct event *event,
                       uint16_t to_step,
                       struct dispatch_more *more)
{
    const struct event_advanced *advanced = &event->advanced;
    const struct policy_step *step = &policy->steps[state->step];
    uint16_t action = policy_action_index(step, advanced->action);
    bool closed = policy->steps[to_step].closed;
    if (step->closed && !closed && event->kind != EVENT_UNMERGED) {
        rules_fold_round(policy, more);
    }
    bool of_merge = event->kind == EVENT_MERGED || event->kind == EVENT_UNMERGED;
    if (policy->other_handlers && to_step != state->step && !of_merge) {
        rules_fold_handler(more, slice_text(state->agent));
        rules_fold_handler(more, slice_text(state->more.back_agent)); /* merged, then reopened */
    }
    fit_fold_advanced(policy, state, event, to_step, more);
    if (action != POLICY_NONE && event->kind != EVENT_ASSIGNED && event->kind != EVENT_RELEASED) {
        (void)rules_fold_action(policy,
                                &step->actions[action],
                                advanced->actor,
                                advanced->fields,
                                advanced->field_count,
                                more);
    }
    if (closed && !step->closed) {
        more->outcome = advanced->outcome < OUTCOME_COUNT ? advanced->outcome : OUTCOME_NONE;
    }
    if (event->kind == EVENT_MERGED && closed && !step->closed) {
        back_keep(more, state, advanced->other_case);
    } else if (step->closed && !closed) {
        back_forget(more);
    }
    push_fold(policy, state, event, to_step, more);
    fold_offer(state, event, step->closed, closed, more);
}

static void
fold_advanced(const struct policy *policy, struct dispatch_case *state, const struct event *event)
{
    const struct event_advanced *advanced = &event->advanced;
    struct names names;
    if (!makes_sense(policy, state, event, &names)) {
        return;
    }
    if (event->kind == EVENT_READ) { /* which is no work: it leaves the case as it was */
        state->version = advanced->version;
        state->updated_at_us = event->at_us;
        return;
    }
    struct dispatch_more more = state->more;
    fold_rules(policy, state, event, names.step, &more);
    bool changes_hands = !slice_equal(advanced->agent, slice_text(state->agent));
    if (names.queue != POLICY_NONE) {
        state->home_queue = names.queue;
    } else if (names.category != state->category || names.class_index != state->class_index ||
               names.step != state->step || memcmp(&more, &state->more, sizeof more) != 0) {
        const struct policy_facts now = {.channel = state->channel,
                                         .category = names.category,
                                         .class_index = names.class_index,
                                         .repeats = state->repeats,
                                         .told = more.told,
                                         .kept = more.facts};
        state->home_queue = dispatch_queue_following(policy, state, names.step, &now);
    }
    state->queue = names.queue;
    state->category = names.category;
    state->class_index = names.class_index;
    state->priority = (uint8_t)advanced->priority;
    if (changes_hands) {
        uint16_t role = policy_role_index(policy, advanced->role);
        bool given = event->kind == EVENT_OFFERED || event->kind == EVENT_TRANSFERRED;
        if (role == POLICY_NONE || given) {
            role = policy->steps[names.step].owner_role; /* assigned by the system */
        }
        state->agent_role = advanced->agent.size > 0 ? role : POLICY_NONE;
        name_set(state->agent, advanced->agent);
    }
    const struct dispatch_more before = state->more;
    if (event->kind == EVENT_IMPLEMENTED && policy->implements) {
        more.implemented_at_us = event->at_us;
    }
    state->more = more;
    erase_fold(policy, event, &state->more);
    fold_kind(state, event);
    fold_step(policy, state, event, names.step);
    if (event->kind == EVENT_UNMERGED) {
        fold_back(state, &before);
    }
    state->version = advanced->version;
    state->updated_at_us = event->at_us;
}

static void
fold_clocks(const struct policy *policy, struct dispatch_case *state, const struct event *event)
{
    if (state->version > 0 && event->case_id != state->case_id) {
        return;
    }
    for (uint32_t i = 0; i < event->clocks.count && i < EVENT_CLOCKS_MAX; i++) {
        const struct event_clock *clock = &event->clocks.clocks[i];
        uint16_t index = policy_run_of(policy, clock->name, clock->task);
        if (index < EVENT_CLOCKS_MAX) {
            bool running = clock->verdict == CLOCK_RUNNING && clock->paused_at_us == 0;
            state->clock_due_us[index] = running ? clock->due_us : 0;
        }
    }
    state->due_us = clock_dues_nearest_us(state->clock_due_us);
}

void dispatch_dues_take(struct dispatch_case *state, const struct clock_dues *dues)
{
    memcpy(state->clock_due_us, dues->due_us, sizeof state->clock_due_us);
    state->due_us = clock_dues_nearest_us(state->clock_due_us);
}

void dispatch_evolve(const struct policy *policy,
                     struct dispatch_case *state,
                     const struct event *event)
{
    if (event->kind == EVENT_OPENED) {
        fold_opened(policy, state, event);
        return;
    }
    switch (event_kind_service(event->kind)) {
    case SERVICE_DISPATCH:
        fold_advanced(policy, state, event);
        return;
    case SERVICE_WATCHDOG:
        fold_clocks(policy, state, event);
        return;
    case SERVICE_NONE:
    case SERVICE_INTAKE:
    case SERVICE_TRIAGE:
    case SERVICE_ANALYTICS:
    case SERVICE_COUNT:
        return;
    }
}

bool dispatch_case_equal(const struct dispatch_case *a, const struct dispatch_case *b)
{
    return a->case_id == b->case_id && a->customer == b->customer &&
           a->received_at_us == b->received_at_us && a->opened_at_us == b->opened_at_us &&
           a->step_since_us == b->step_since_us && a->updated_at_us == b->updated_at_us &&
           a->closed_at_us == b->closed_at_us && a->policy_id == b->policy_id &&
           a->version == b->version && a->repeats == b->repeats && a->score == b->score &&
           a->step == b->step && a->queue == b->queue && a->home_queue == b->home_queue &&
           a->category == b->category && a->class_index == b->class_index &&
           a->channel == b->channel && a->reopened == b->reopened &&
           a->followed_up == b->followed_up && a->priority == b->priority &&
           a->escalation == b->escalation && a->language == b->language &&
           a->acknowledged == b->acknowledged && a->agent_role == b->agent_role &&
           memcmp(&a->more, &b->more, sizeof a->more) == 0 &&
           memcmp(a->agent, b->agent, sizeof a->agent) == 0 &&
           memcmp(a->last_actor, b->last_actor, sizeof a->last_actor) == 0;
}

static int64_t limit(int64_t value, int bits)
{
    int64_t max = ((int64_t)1 << bits) - 1;
    return value < 0 ? 0 : value > max ? max : value;
}

double dispatch_queue_score(const struct dispatch_case *state)
{
    int64_t received_s = limit(state->received_at_us / 1000000, DUE_BITS);
    bool untimed = state->due_us == INT64_MAX || state->due_us == 0;
    int64_t due_s = untimed ? received_s + (int64_t)UNTIMED_DAYS * 86400 : state->due_us / 1000000;
    due_s = limit(due_s, DUE_BITS);
    /* Of two that are due together the older has waited the longer span, and comes first. */
    int64_t span_min = limit((due_s - received_s) / 60, SPAN_BITS);
    int64_t shortness_min = limit(INT64_MAX, SPAN_BITS) - span_min;
    int64_t place = limit(state->priority, 3);
    place = place << DUE_BITS | due_s;
    place = place << SPAN_BITS | shortness_min;
    return (double)place;
}
