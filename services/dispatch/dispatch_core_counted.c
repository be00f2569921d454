/* Complaints of the same cause; see dispatch_core_counted.h. */
#include "dispatch_core_counted.h"

#include "dispatch_core_after.h"

/* "POLICY/CHOICE" of what the case keeps; false: nobody has said its cause. */
static bool cause_write(const struct policy *policy,
                        const struct dispatch_case *state,
                        char cause[DISPATCH_CAUSE_MAX])
{
    const struct policy_field *field =
        policy->cause > 0 ? &policy->fields[policy->cause - 1] : NULL;
    memset(cause, 0, DISPATCH_CAUSE_MAX);
    if (!field || field->slot >= POLICY_KEPT_MAX || (state->more.told >> field->slot & 1U) == 0) {
        return false;
    }
    int64_t choice = state->more.facts[field->slot];
    if (choice < 0 || choice >= field->choice_count) {
        return false;
    }
    size_t size = strlen(policy->name);
    memcpy(cause, policy->name, size);
    cause[size++] = '/';
    memcpy(cause + size, field->choices[choice].id, strlen(field->choices[choice].id));
    return true;
}

void dispatch_cause(const struct policy *policy,
                    const struct dispatch_case *state,
                    char cause[DISPATCH_CAUSE_MAX])
{
    static const bool is_none[OUTCOME_COUNT] = {[OUTCOME_DUPLICATE] = true,
                                                [OUTCOME_NOT_FOUNDED] = true,
                                                [OUTCOME_NOT_OURS] = true,
                                                [OUTCOME_MALICIOUS] = true};
    (void)cause_write(policy, state, cause);
    if (state->more.outcome < OUTCOME_COUNT && is_none[state->more.outcome]) {
        memset(cause, 0, DISPATCH_CAUSE_MAX);
    }
}

static bool question_write(const struct policy *policy,
                           const struct dispatch_case *state,
                           const struct policy_requirement *asked,
                           struct dispatch_question *question)
{
    question->case_id = state->case_id;
    question->since_us = asked_since_us(state, &state->more, asked->window.since);
    return cause_write(policy, state, question->cause) && question->since_us != INT64_MAX;
}

bool dispatch_question_of(const struct policy *policy,
                          const struct dispatch_case *state,
                          const struct policy_action *action,
                          struct dispatch_question *question)
{
    for (uint16_t i = 0; policy->cause > 0 && i < action->require_count; i++) {
        if (action->requirements[i].same < policy->field_count) {
            return question_write(policy, state, &action->requirements[i], question);
        }
    }
    return false;
}

struct dispatch_counted dispatch_counted_of(const struct dispatch_question *asked, uint32_t count)
{
    struct dispatch_counted counted = {.asked = *asked, .count = count};
    size_t size = 1;
    for (uint32_t rest = count; rest >= 10; rest /= 10) {
        size++;
    }
    for (uint32_t rest = count; size > 0; rest /= 10) {
        counted.text[--size] = (char)('0' + rest % 10);
    }
    return counted;
}

/* What was counted is what is asked. */
static bool is_answer(const struct dispatch_counted *counted,
                      const struct dispatch_question *question)
{
    return counted && counted->asked.case_id == question->case_id &&
           counted->asked.since_us == question->since_us &&
           strcmp(counted->asked.cause, question->cause) == 0;
}

bool counted_holds(const struct trying *trying, const struct policy_requirement *asked)
{
    struct dispatch_question question;
    if (asked->same >= trying->policy->field_count) {
        return true;
    }
    if (!question_write(trying->policy, trying->state, asked, &question)) {
        return false; /* what is not known never holds */
    }
    if (!is_answer(trying->input->counted, &question)) {
        return trying->blank;
    }
    return trying->input->counted->count <= asked->at_most;
}

void counted_lacks(const struct trying *trying,
                   const struct policy_requirement *asked,
                   struct dispatch_permit *permit)
{
    struct dispatch_question question;
    permit->what = slice_text(trying->policy->fields[asked->same].id);
    if (!question_write(trying->policy, trying->state, asked, &question)) {
        return;
    }
    if (!is_answer(trying->input->counted, &question)) {
        permit->answer = DISPATCH_UNCOUNTED;
        return;
    }
    permit->answer = DISPATCH_SAME_CAUSE;
    permit->counted = trying->input->counted->count;
    permit->at_most = asked->at_most;
    permit->since_us = question.since_us;
}

void counted_record(const struct policy *policy,
                    const struct dispatch_case *state,
                    const struct dispatch_input *input,
                    const struct policy_action *action,
                    struct event_advanced *advanced)
{
    struct dispatch_question question;
    if (dispatch_question_of(policy, state, action, &question) &&
        is_answer(input->counted, &question)) {
        after_record(advanced, "@same-cause", slice_text(input->counted->text));
    }
}
