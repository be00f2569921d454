/* The form of an action; see dispatch_core_form.h. */
#include "dispatch_core_form.h"

enum { REASON_MAX = 500 }; /* characters, where no form says how many */

static bool is_personal(const struct policy_field *rules)
{
    return rules && rules->personal;
}

/* As another action asks for it: what is personal there is not less so here. */
static const struct policy_field *personal_elsewhere(const struct policy *policy, struct slice name)
{
    for (uint16_t i = 0; i < policy->step_count; i++) {
        const struct policy_step *step = &policy->steps[i];
        for (uint16_t j = 0; j < step->action_count; j++) {
            const struct policy_need *need = policy_need_of(&step->actions[j], name);
            if (need && is_personal(need->rules)) {
                return need->rules;
            }
        }
    }
    return NULL;
}

static const struct policy_field *
rules_of(const struct policy *policy, const struct policy_action *action, struct slice name)
{
    const struct policy_need *need = policy_need_of(action, name);
    if (need) {
        return need->rules;
    }
    uint16_t index = policy_field_index(policy, name);
    if (index != POLICY_NONE) {
        return &policy->fields[index];
    }
    return policy->personal ? personal_elsewhere(policy, name) : NULL;
}

/* What the action neither asks for nor reads would lie in the journal for good and change what
 * other rules go by, and nobody has judged it. */
static bool is_asked(const struct policy_action *action, struct slice name)
{
    return policy_need_of(action, name) || policy_action_reads(action, name);
}

/* The rules judge one value of a field, and that one is kept. */
static bool is_repeated(const struct dispatch_input *input, uint32_t at)
{
    for (uint32_t i = 0; i < at; i++) {
        if (slice_equal(input->fields[i].name, input->fields[at].name)) {
            return true;
        }
    }
    return false;
}

const struct policy_field *dispatch_personal(const struct policy *policy,
                                             const struct dispatch_case *state,
                                             struct slice action,
                                             struct slice field)
{
    const struct policy_step *step = &policy->steps[state->step];
    uint16_t index = policy_action_index(step, action);
    const struct policy_field *rules =
        rules_of(policy, index == POLICY_NONE ? NULL : &step->actions[index], field);
    return is_personal(rules) ? rules : NULL;
}

static struct dispatch_permit need_permit(const struct policy_need *need,
                                          const struct dispatch_input *input)
{
    struct slice value = {0};
    for (uint32_t i = 0; i < input->field_count && value.size == 0; i++) {
        const struct event_field *field = &input->fields[i];
        if (slice_equal(field->name, slice_text(need->field))) {
            value = is_personal(need->rules) ? field->sealed : field->value;
        }
    }
    bool wrong = slice_equal(input->bad_field, slice_text(need->field));
    bool missing = value.size == 0 && !need->optional && !wrong;
    if (value.size > 0 && need->rules && !need->rules->personal) {
        wrong = !policy_field_accepts(need->rules, value);
    }
    return (struct dispatch_permit){.answer = missing ? DISPATCH_FIELD_MISSING
                                              : wrong ? DISPATCH_FIELD_INVALID
                                                      : DISPATCH_APPEND,
                                    .what = slice_text(need->field),
                                    .title = &need->title};
}

/* The end of the last day the calendar has; 0: the day is not beyond it. */
static int64_t calendar_end_us(const struct policy *policy, uint16_t index, struct slice value)
{
    int64_t date;
    if (index >= policy->calendar_count || !policy_date_parse(value, &date)) {
        return 0;
    }
    const struct calendar *calendar = &policy->calendars[index];
    int32_t last = calendar->day_count > 0 ? calendar->days[calendar->day_count - 1].date : 0;
    return last > 0 && date > last ? calendar_in_us(calendar_end_of_date(calendar, last)) : 0;
}

static bool is_clock(const struct policy *policy, struct slice name)
{
    bool found = false;
    for (uint16_t i = 0; i < policy->clock_count; i++) {
        found = found || slice_equal(name, slice_text(policy->clocks[i].id));
    }
    return found;
}

/* What asks for more time is in the clear, for the watchdog reads it: no more of it than is read.
 */
static bool extends_badly(const struct policy *policy,
                          const struct policy_action *action,
                          const struct event_field *field)
{
    if (action->fact != EVENT_EXTENDED || field->value.size == 0) {
        return false;
    }
    if (slice_equal(field->name, slice_text("clock"))) {
        return !is_clock(policy, field->value);
    }
    static const struct policy_field reason = {.has_max = true, .max = REASON_MAX};
    return slice_equal(field->name, slice_text("reason")) && !policy_need_of(action, field->name) &&
           !policy_field_accepts(&reason, field->value);
}

/* A promise that a clock cannot place would be a deadline that never comes. */
static struct dispatch_permit promise_permit(const struct policy *policy,
                                             const struct event_field *field)
{
    struct dispatch_permit permit = {.answer = DISPATCH_APPEND};
    uint16_t index = field->value.size > 0 ? policy_field_index(policy, field->name) : POLICY_NONE;
    for (uint16_t i = 0; index != POLICY_NONE && i < policy->clock_count; i++) {
        const struct policy_clock *clock = &policy->clocks[i];
        if (clock->target == TARGET_PROMISED && clock->due_field == index &&
            policy_promise_us(policy, clock, field->value) == INT64_MAX) {
            return (struct dispatch_permit){
                .answer = DISPATCH_FIELD_INVALID,
                .what = field->name,
                .title = &policy->fields[index].title,
                .until_us = calendar_end_us(policy, clock->calendar, field->value)};
        }
    }
    return permit;
}

/* Asked for and given once. */
static struct dispatch_permit given_permit(const struct policy_action *action,
                                           const struct dispatch_input *input)
{
    for (uint32_t i = 0; i < input->field_count; i++) {
        struct slice name = input->fields[i].name;
        bool asked = is_asked(action, name);
        if (!asked || is_repeated(input, i)) {
            return (struct dispatch_permit){
                .answer = asked ? DISPATCH_FIELD_INVALID : DISPATCH_FIELD_UNKNOWN, .what = name};
        }
    }
    return (struct dispatch_permit){.answer = DISPATCH_APPEND};
}

/* Nothing personal gets into an event in the clear; what the watchdog reads is such as it reads. */
static struct dispatch_permit value_permit(const struct policy *policy,
                                           const struct policy_action *action,
                                           const struct dispatch_input *input,
                                           const struct event_field *field)
{
    const struct policy_field *rules = rules_of(policy, action, field->name);
    bool bad = slice_equal(input->bad_field, field->name) || field->value.size > 0;
    if (is_personal(rules) && bad) {
        return (struct dispatch_permit){
            .answer = DISPATCH_FIELD_INVALID, .what = field->name, .title = &rules->title};
    }
    if (extends_badly(policy, action, field)) {
        return (struct dispatch_permit){.answer = DISPATCH_FIELD_INVALID, .what = field->name};
    }
    return promise_permit(policy, field);
}

struct dispatch_permit form_permit(const struct policy *policy,
                                   const struct policy_action *action,
                                   const struct dispatch_input *input,
                                   bool blank)
{
    if (input->field_count > POLICY_NEEDS_MAX) { /* no room for what dispatch adds */
        return (struct dispatch_permit){.answer = DISPATCH_FIELD_INVALID,
                                        .what = input->fields[POLICY_NEEDS_MAX].name};
    }
    struct dispatch_permit permit = given_permit(action, input);
    for (uint16_t i = 0; i < action->need_count && !blank && permit.answer == DISPATCH_APPEND;
         i++) {
        permit = need_permit(&action->needs[i], input);
    }
    for (uint32_t i = 0; i < input->field_count && permit.answer == DISPATCH_APPEND; i++) {
        permit = value_permit(policy, action, input, &input->fields[i]);
    }
    return permit.answer == DISPATCH_APPEND ? (struct dispatch_permit){.answer = DISPATCH_APPEND}
                                            : permit;
}
