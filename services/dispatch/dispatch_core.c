#include "dispatch_core_after.h"
#include "dispatch_core_counted.h"
#include "dispatch_core_erase.h"
#include "dispatch_core_people.h"
#include "dispatch_core_read.h"
#include "dispatch_core_rules.h"
#include "dispatch_core_text.h"

static const char *const codes[DISPATCH_ANSWER_COUNT] = {
    [DISPATCH_APPEND] = "append",
    [DISPATCH_NOTHING] = "nothing",
    [DISPATCH_VERSION] = "version",
    [DISPATCH_ACTION_UNKNOWN] = "action_unknown",
    [DISPATCH_ROLE_MAY_NOT] = "role_may_not",
    [DISPATCH_SAME_PERSON] = "same_person",
    [DISPATCH_FIELD_MISSING] = "field_missing",
    [DISPATCH_FIELD_INVALID] = "field_invalid",
    [DISPATCH_FIELD_UNKNOWN] = "field_unknown",
    [DISPATCH_NOT_QUEUED] = "not_queued",
    [DISPATCH_NOT_HOLDER] = "not_holder",
    [DISPATCH_NO_CAPACITY] = "no_capacity",
    [DISPATCH_CLOSED] = "closed",
    [DISPATCH_REQUIREMENT] = "requirement",
    [DISPATCH_LIMIT] = "limit",
    [DISPATCH_TOO_MANY_PEOPLE] = "too_many_people",
    [DISPATCH_RECUSED] = "recused",
    [DISPATCH_EARLIER_HANDLER] = "earlier_handler",
    [DISPATCH_OBLIGATION] = "obligation",
    [DISPATCH_NOT_ACCEPTED] = "not_accepted",
    [DISPATCH_NOT_MERGED] = "not_merged",
    [DISPATCH_NOT_HELD] = "not_held",
    [DISPATCH_PERSON_UNKNOWN] = "person_unknown",
    [DISPATCH_ROLE_NOT_HIS] = "role_not_his",
    [DISPATCH_ON_LEAVE] = "on_leave",
    [DISPATCH_OFF_SHIFT] = "off_shift",
    [DISPATCH_ROLE_UNHELD] = "role_unheld",
    [DISPATCH_SKILL] = "skill_lacking",
    [DISPATCH_KEPT] = "kept_for_another",
    [DISPATCH_TEXT_UNKNOWN] = "text_unknown",
    [DISPATCH_TOO_EARLY] = "too_early",
    [DISPATCH_TOO_LATE] = "too_late",
    [DISPATCH_TEXT_UNREADY] = "text_unready",
    [DISPATCH_ERASED] = "erased",
    [DISPATCH_ON_HOLD] = "on_hold",
    [DISPATCH_STILL_OPEN] = "still_open",
    [DISPATCH_MAY_BE_REOPENED] = "may_be_reopened",
    [DISPATCH_MUST_BE_KEPT] = "must_be_kept",
    [DISPATCH_SAME_CAUSE] = "same_cause",
    [DISPATCH_UNCOUNTED] = "uncounted",
    [DISPATCH_HELD_BEFORE] = "held_before",
};

const char *dispatch_answer_code(enum dispatch_answer answer)
{
    return (unsigned)answer < DISPATCH_ANSWER_COUNT ? codes[answer] : "unknown";
}

uint32_t after_priority(const struct policy *policy, uint16_t class_index)
{
    uint8_t priority =
        class_index < policy->class_count ? policy->classes[class_index].priority : 0;
    bool valid = priority >= PRIORITY_MOST_URGENT && priority <= PRIORITY_LEAST_URGENT;
    return valid ? priority : PRIORITY_UNDECIDED;
}

static struct policy_facts facts_after(const struct dispatch_case *state, const struct after *after)
{
    return (struct policy_facts){.channel = state->channel,
                                 .category = after->category,
                                 .class_index = after->class_index,
                                 .repeats = state->repeats,
                                 .told = after->more->told,
                                 .kept = after->more->facts};
}

void after_begin(const struct dispatch_case *state,
                 const struct dispatch_input *input,
                 enum event_kind kind,
                 struct event *out)
{
    const struct event *cause = input->event;
    out->service = SERVICE_DISPATCH;
    out->kind = kind;
    out->schema = EVENT_SCHEMA;
    out->case_id = state->version > 0 || !cause ? state->case_id : cause->case_id;
    out->partition = case_partition(out->case_id);
    out->at_us = rules_now_us(state, input);
    if (cause) {
        out->cause_service = cause->service;
        out->cause_seq = cause->seq;
    }
}

struct after after_stands(const struct dispatch_case *state)
{
    return (struct after){.step = state->step,
                          .queue = state->queue,
                          .category = state->category,
                          .class_index = state->class_index,
                          .priority = state->priority,
                          .agent = slice_text(state->agent),
                          .more = &state->more};
}

void after_advance(const struct policy *policy,
                   const struct dispatch_case *state,
                   const struct dispatch_input *input,
                   const struct after *after,
                   struct event *out)
{
    struct event_advanced *advanced = &out->advanced;
    advanced->from_step = slice_text(policy->steps[state->step].id);
    advanced->to_step = slice_text(policy->steps[after->step].id);
    advanced->actor = input->actor;
    advanced->role = input->role;
    advanced->version = state->version + 1;
    advanced->agent = after->agent;
    advanced->priority = after->priority;
    if (after->queue < policy->queue_count) {
        advanced->queue = slice_text(policy->queues[after->queue].id);
    }
    if (after->category < policy->category_count) {
        advanced->category = slice_text(policy->categories[after->category].id);
    }
    if (after->class_index < policy->class_count) {
        advanced->severity_class = slice_text(policy->classes[after->class_index].id);
    }
    if (state->channel < policy->channel_count) {
        advanced->channel = slice_text(policy->channels[state->channel].id);
    }
    advanced->policy_id = state->policy_id;
    advanced->from_since_us = state->step_since_us;
    advanced->command_id = input->command_id;
}

void after_record(struct event_advanced *advanced, const char *name, struct slice value)
{
    assert(advanced->field_count < EVENT_FIELDS_MAX);
    advanced->fields[advanced->field_count++] =
        (struct event_field){.name = slice_text(name), .value = value};
}

static enum dispatch_answer claim(const struct policy *policy,
                                  const struct dispatch_case *state,
                                  const struct dispatch_input *input,
                                  struct event *out,
                                  struct slice *refused_field)
{
    struct dispatch_permit permit = rules_claim(policy, state, input);
    *refused_field = permit.what;
    if (permit.answer != DISPATCH_APPEND) {
        return permit.answer;
    }
    if (!input->agent_has_capacity) {
        return DISPATCH_NO_CAPACITY;
    }
    struct after after = after_stands(state);
    after.queue = POLICY_NONE;
    after.agent = input->actor;
    after_begin(state, input, EVENT_ASSIGNED, out);
    after_advance(policy, state, input, &after, out);
    out->advanced.action = slice_text("claim");
    out->advanced.claim_token = input->claim_token;
    return DISPATCH_APPEND;
}

static enum dispatch_answer release(const struct policy *policy,
                                    const struct dispatch_case *state,
                                    const struct dispatch_input *input,
                                    struct event *out,
                                    struct slice *refused_field)
{
    if (state->version == 0 || !people_holder(state, input)) {
        *refused_field = slice_text(state->agent);
        return DISPATCH_NOT_HOLDER;
    }
    struct after after = after_stands(state);
    after.agent = (struct slice){0};
    after.queue = state->home_queue;
    after_begin(state, input, EVENT_RELEASED, out);
    after_advance(policy, state, input, &after, out);
    out->advanced.action = slice_text("release");
    return DISPATCH_APPEND;
}

uint16_t dispatch_class_raised(const struct policy *policy,
                               const struct dispatch_case *state,
                               uint16_t category,
                               uint16_t *override)
{
    const struct policy_facts facts = {.channel = state->channel,
                                       .category = category,
                                       .class_index = state->class_index,
                                       .repeats = state->repeats,
                                       .told = state->more.told,
                                       .kept = state->more.facts};
    return policy_class_raised(policy, &facts, override);
}

static enum dispatch_answer classify(const struct policy *policy,
                                     const struct dispatch_case *state,
                                     const struct dispatch_input *input,
                                     struct after *after,
                                     struct slice *refused_field)
{
    struct slice category = rules_field(input, "category");
    struct slice named_class = rules_field(input, "severity_class");
    if (category.size > 0) {
        after->category = policy_category_index(policy, category);
    }
    if (after->category == POLICY_NONE) {
        *refused_field = slice_text("category");
        return category.size > 0 ? DISPATCH_FIELD_INVALID : DISPATCH_FIELD_MISSING;
    }
    after->class_index = named_class.size > 0
                             ? policy_class_index(policy, named_class)
                             : dispatch_class_raised(policy, state, after->category, NULL);
    if (named_class.size > 0 && after->class_index == POLICY_NONE) {
        *refused_field = slice_text("severity_class");
        return DISPATCH_FIELD_INVALID;
    }
    after->priority = after_priority(policy, after->class_index);
    bool raised = state->priority < after_priority(policy, state->class_index);
    if (raised && state->priority < after->priority) {
        after->priority = state->priority;
    }
    if (input->raised_to != 0 && input->raised_to < after->priority) {
        after->priority = input->raised_to; /* it was asked for when nothing was left to raise */
        after->raised = true;
    }
    return DISPATCH_APPEND;
}

/* What the event would not have followed from without. */
static void record(const struct policy *policy,
                   const struct dispatch_case *state,
                   const struct dispatch_input *input,
                   const struct policy_action *action,
                   const struct after *after,
                   struct event_advanced *advanced)
{
    static const char *const levels[] = {"1", "2", "3", "4", "5"};
    static_assert(POLICY_NEEDS_MAX + 1 + COUNTED_RECORDED_MAX + PEOPLE_RECORDED_MAX ==
                      EVENT_FIELDS_MAX,
                  "beside a form that is filled in whole there is room for all of it");
    if (after->raised) {
        after_record(advanced, "@raised-to", slice_text(levels[after->priority - 1]));
    }
    counted_record(policy, state, input, action, advanced);
}

/* Where it stood when it was merged; who held it gets it again if there is room. */
static void
place_back(const struct dispatch_case *state, const struct rules_trial *trial, struct after *after)
{
    const struct dispatch_more *more = &state->more;
    bool held = more->back_agent[0] != '\0' && trial->agent_has_capacity;
    uint16_t queue = more->back_queue != 0 ? more->back_queue : more->back_home;
    after->agent = held ? slice_text(more->back_agent) : (struct slice){0};
    after->queue = held ? POLICY_NONE : (uint16_t)(queue - 1);
}

/* Step, queue and agent after the action.  An open case never ends up with neither. */
static void place(const struct policy *policy,
                  const struct dispatch_case *state,
                  const struct rules_trial *trial,
                  struct after *after)
{
    const struct policy_action *action = trial->action;
    bool to_queue = action->to_queue && trial->moves;
    after->step = trial->to_step;
    if (action->fact == EVENT_UNMERGED) {
        place_back(state, trial, after);
        return;
    }
    if (policy->steps[after->step].closed) {
        after->queue = POLICY_NONE;
        after->agent = (struct slice){0};
        return;
    }
    if (trial->given_to.size > 0) {
        after->agent = trial->given_to;
        after->queue = POLICY_NONE;
        return;
    }
    bool recused = after->agent.size > 0 && rules_concerned(&trial->more, after->agent);
    if (!to_queue && after->agent.size > 0 && !recused) {
        return;
    }
    if (!to_queue && recused) {
        after->agent = (struct slice){0};
        after->queue = state->home_queue;
        return;
    }
    const struct policy_facts facts = facts_after(state, after);
    after->agent = (struct slice){0};
    if (!to_queue && state->queue != POLICY_NONE) {
        after->queue = dispatch_queue_following(policy, state, after->step, &facts);
        return;
    }
    after->queue = action->queue != POLICY_NONE ? action->queue : policy_route(policy, &facts);
    if (after->queue == POLICY_NONE) {
        after->queue = policy->triage_queue;
    }
}

static enum dispatch_answer act(const struct policy *policy,
                                const struct dispatch_case *state,
                                const struct dispatch_input *input,
                                struct event *out,
                                struct slice *refused_field)
{
    struct rules_trial trial;
    struct dispatch_permit permit = rules_try(policy, state, input, false, &trial);
    struct after after = after_stands(state);
    *refused_field = permit.what;
    if (permit.answer == DISPATCH_APPEND && trial.action->fact == EVENT_CLASSIFIED) {
        permit.answer = classify(policy, state, input, &after, refused_field);
    }
    if (permit.answer == DISPATCH_APPEND) {
        permit.answer = text_permit(policy, state, input, refused_field);
    }
    if (permit.answer != DISPATCH_APPEND) {
        return permit.answer;
    }
    after.more = &trial.more;
    place(policy, state, &trial, &after);
    after_begin(state, input, trial.action->fact, out);
    after_advance(policy, state, input, &after, out);
    out->advanced.action = slice_text(trial.action->id);
    out->advanced.outcome = trial.outcome;
    out->advanced.other_case = input->other_case;
    out->advanced.sealed_note = input->sealed_note;
    if (input->text.size > 0) {
        out->advanced.text = input->text;
        out->advanced.text_language =
            slice_text(policy_locale_name(text_locale(policy, state, input)));
    }
    out->advanced.field_count = input->field_count;
    for (uint32_t i = 0; i < input->field_count; i++) {
        out->advanced.fields[i] = input->fields[i];
    }
    record(policy, state, input, trial.action, &after, &out->advanced);
    return DISPATCH_APPEND;
}

static enum dispatch_answer command(const struct policy *policy,
                                    const struct dispatch_case *state,
                                    const struct dispatch_input *input,
                                    struct event *out,
                                    struct slice *refused_field)
{
    /* A name that cannot be kept whole could later pass for another's. */
    if (input->actor.size == 0 || input->actor.size >= DISPATCH_AGENT_MAX ||
        memchr(input->actor.bytes, '\0', input->actor.size)) {
        *refused_field = slice_text("actor");
        return input->actor.size == 0 ? DISPATCH_FIELD_MISSING : DISPATCH_FIELD_INVALID;
    }
    if (input->expected_version != 0 && input->expected_version != state->version) {
        return DISPATCH_VERSION;
    }
    struct dispatch_permit permit = people_permit(policy, input);
    enum dispatch_answer answer = permit.answer;
    if (answer != DISPATCH_APPEND) {
        *refused_field = permit.what;
        return answer;
    }
    if (input->kind == DISPATCH_ERASE) {
        answer = erase_decide(policy, state, input, out, refused_field);
    } else if (input->kind == DISPATCH_READ) {
        answer = read_decide(policy, state, input, out, refused_field);
    } else if (input->kind == DISPATCH_CLAIM) {
        answer = claim(policy, state, input, out, refused_field);
    } else if (input->kind == DISPATCH_RELEASE) {
        answer = release(policy, state, input, out, refused_field);
    } else {
        answer = act(policy, state, input, out, refused_field);
    }
    if (answer == DISPATCH_APPEND || dispatch_refusal_is_recorded(answer, out)) {
        people_record(state, input, out);
    }
    return answer;
}

enum dispatch_answer dispatch_decide(const struct policy *policy,
                                     const struct dispatch_case *state,
                                     const struct dispatch_input *input,
                                     struct event *out,
                                     struct slice *refused_field)
{
    memset(out, 0, sizeof *out);
    *refused_field = (struct slice){0};
    switch (input->kind) {
    case DISPATCH_TRIAGED:
        return self_open(policy, state, input, out);
    case DISPATCH_CLOCK:
        return self_follow_clock(policy, state, input, out);
    case DISPATCH_PUSH:
        return self_push(policy, state, input, out);
    case DISPATCH_CLAIM:
    case DISPATCH_RELEASE:
    case DISPATCH_ACTION:
    case DISPATCH_ERASE:
    case DISPATCH_READ:
        return command(policy, state, input, out, refused_field);
    }
    return DISPATCH_NOTHING;
}
