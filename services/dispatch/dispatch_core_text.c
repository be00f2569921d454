#include "dispatch_core_text.h"

static const struct policy_action *action_of(const struct policy *policy,
                                             const struct dispatch_case *state,
                                             const struct dispatch_input *input)
{
    const struct policy_step *step = &policy->steps[state->step];
    uint16_t index = policy_action_index(step, input->action);
    return index == POLICY_NONE ? NULL : &step->actions[index];
}

/* NULL: not one of the action's. */
static const struct policy_text *
text_of(const struct policy *policy, const struct policy_action *action, struct slice name)
{
    uint16_t index = policy_text_index(policy, name);
    bool has = action && index < POLICY_TEXTS_MAX && (action->texts >> index & 1U) != 0;
    return has ? &policy->texts[index] : NULL;
}

enum locale text_locale(const struct policy *policy,
                        const struct dispatch_case *state,
                        const struct dispatch_input *input)
{
    enum locale asked = policy_locale_parse(input->text_language);
    return asked != LOCALE_COUNT ? asked
                                 : policy_locale_for((enum language)state->language, policy->home);
}

enum dispatch_answer text_permit(const struct policy *policy,
                                 const struct dispatch_case *state,
                                 const struct dispatch_input *input,
                                 struct slice *refused_field)
{
    if (input->text.size == 0) {
        return DISPATCH_APPEND;
    }
    if (!text_of(policy, action_of(policy, state, input), input->text)) {
        *refused_field = input->text;
        return DISPATCH_TEXT_UNKNOWN;
    }
    if (input->text_language.size > 0 &&
        policy_locale_parse(input->text_language) == LOCALE_COUNT) {
        *refused_field = input->text_language;
        return DISPATCH_TEXT_UNKNOWN;
    }
    if (input->text_lacking.size > 0) {
        *refused_field = input->text_lacking;
        return DISPATCH_TEXT_UNREADY;
    }
    return DISPATCH_APPEND;
}

bool dispatch_text_promises(const struct policy *policy,
                            const struct dispatch_case *state,
                            const struct dispatch_input *input)
{
    const struct policy_text *text = text_of(policy, action_of(policy, state, input), input->text);
    return text && policy_text_promises(policy, text, text_locale(policy, state, input));
}

bool dispatch_text_fill(const struct policy *policy,
                        const struct dispatch_case *state,
                        struct dispatch_input *input,
                        struct slice number,
                        char *into,
                        size_t room,
                        struct slice *said)
{
    const struct policy_action *action = action_of(policy, state, input);
    const struct policy_text *text = text_of(policy, action, input->text);
    size_t size = 0;
    *said = slice_of(NULL, 0);
    input->text_lacking = slice_of(NULL, 0);
    if (!text) {
        return true;
    }
    const struct policy_text_facts facts = {
        .locale = text_locale(policy, state, input),
        .action = action,
        .number = number,
        .received_at_us = state->received_at_us,
        .now_us = input->now_us,
        .channel = state->channel,
        .category = state->category,
        .class_index = state->class_index,
        .clock_due_us = state->clock_due_us,
        .field_count = input->field_count,
        .fields = input->fields,
    };
    bool filled = policy_text_fill(policy, text, &facts, into, room, &size, &input->text_lacking);
    *said = slice_of(into, filled ? size : 0);
    return filled || input->text_lacking.size > 0;
}
