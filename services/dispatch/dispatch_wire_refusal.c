/* A refusal in words: why, what would be allowed, and to whom. */
#include "clock.h"
#include "dispatch_wire.h"
#include "policy_field.h"

#include <stdio.h>

static const char *refusal_text(enum dispatch_answer answered)
{
    static const char *const texts[DISPATCH_ANSWER_COUNT] = {
        [DISPATCH_NOTHING] = "nothing follows from it",
        [DISPATCH_VERSION] = "the case has moved on: look at it again",
        [DISPATCH_ACTION_UNKNOWN] = "not an action of the case's step",
        [DISPATCH_ROLE_MAY_NOT] = "this role may not do that in this step",
        [DISPATCH_SAME_PERSON] = "who did the step before may not do this one",
        [DISPATCH_FIELD_MISSING] = "a field that must be filled in is missing",
        [DISPATCH_FIELD_INVALID] = "a field has a value the policy does not know",
        [DISPATCH_NOT_QUEUED] = "the case is in no queue: somebody has it, or it is closed",
        [DISPATCH_NOT_HOLDER] = "you do not hold the case",
        [DISPATCH_NO_CAPACITY] = "this agent holds as many cases as allowed",
        [DISPATCH_CLOSED] = "the case is closed, and the time for reopening has passed",
        [DISPATCH_REQUIREMENT] = "the policy asks for something first",
        [DISPATCH_LIMIT] = "more than this role may decide",
        [DISPATCH_TOO_MANY_PEOPLE] = "more people than one case can keep apart",
        [DISPATCH_RECUSED] = "the complaint is about this person",
        [DISPATCH_EARLIER_HANDLER] = "this step is for somebody who has not held the case before",
        [DISPATCH_OBLIGATION] = "an obligation stands in the way",
        [DISPATCH_NOT_ACCEPTED] = "the case was offered: accept or release it first",
        [DISPATCH_NOT_MERGED] = "the case was not merged into another",
        [DISPATCH_PERSON_UNKNOWN] = "nobody of that name works here",
        [DISPATCH_ROLE_NOT_HIS] = "this person works here in other roles",
        [DISPATCH_ON_LEAVE] = "this person is on leave",
        [DISPATCH_OFF_SHIFT] = "this person is off shift",
        [DISPATCH_SKILL] = "the case asks for a skill this person has not got",
        [DISPATCH_KEPT] = "the case is kept for somebody",
        [DISPATCH_TEXT_UNKNOWN] = "not a text of this action",
        [DISPATCH_TEXT_UNREADY] = "the text cannot be filled in",
    };
    return texts[answered] ? texts[answered] : "refused";
}

/* The rules of a field in the action that was asked for; NULL: it has none. */
static const struct policy_field *rules_of(const struct policy *policy,
                                           const struct dispatch_case *state,
                                           const struct dispatch_input *input,
                                           struct slice field)
{
    const struct policy_step *step = &policy->steps[state->step];
    uint16_t index = policy_action_index(step, input->action);
    for (uint16_t i = 0; index != POLICY_NONE && i < step->actions[index].need_count; i++) {
        if (slice_equal(field, slice_text(step->actions[index].needs[i].field))) {
            return step->actions[index].needs[i].rules;
        }
    }
    return NULL;
}

/* ", level 2 until 2026-11-06T16:00Z": how much is asked, and how long. */
static void waiting_write(const struct dispatch_permit *permit, FILE *out)
{
    enum { UNTIL_SHOWN = 16 };
    char until[CLOCK_TEXT_SIZE];
    if (permit->level > 0) {
        (void)fprintf(out, ", level %u", permit->level);
    }
    if (permit->until_us != 0 && permit->until_us != INT64_MAX) {
        clock_text(permit->until_us, until);
        (void)fprintf(out, " until %.*sZ", UNTIL_SHOWN, until);
    }
}

/* What is lacking as the policy says it, and who may. */
static void permit_write(const struct policy *policy,
                         const struct dispatch_case *state,
                         const struct dispatch_input *input,
                         enum dispatch_answer answered,
                         FILE *out)
{
    struct dispatch_permit permit = dispatch_may(policy, state, input, false);
    if (state->version == 0 || permit.answer != answered) {
        return;
    }
    waiting_write(&permit, out);
    for (unsigned i = 0; permit.title && i < LOCALE_COUNT; i++) {
        bool told = i > 0 && strcmp(permit.title->text[i], permit.title->text[i - 1]) == 0;
        (void)fprintf(out, "%s%s", told ? "" : " | ", told ? "" : permit.title->text[i]);
    }
    const char *before = "; who may: ";
    for (uint16_t i = 0; i < policy->role_count; i++) {
        if ((permit.roles >> i & 1U) != 0) {
            (void)fprintf(out, "%s%s", before, policy->roles[i]);
            before = ", ";
        }
    }
}

/* Why, and of a field: which, what it was given and what it may hold. */
static void refusal_write(const struct policy *policy,
                          const struct dispatch_case *state,
                          const struct dispatch_input *input,
                          enum dispatch_answer answered,
                          struct slice field,
                          FILE *out)
{
    enum { SHOWN_MAX = 64 };
    (void)fputs(refusal_text(answered), out);
    if (field.size > 0) {
        int shown = (int)(field.size < SHOWN_MAX ? field.size : SHOWN_MAX);
        (void)fprintf(out, ": %.*s", shown, (const char *)field.bytes);
    }
    const struct policy_field *rules = rules_of(policy, state, input, field);
    for (uint32_t i = 0; rules && i < input->field_count; i++) {
        struct slice value = input->fields[i].value;
        if (slice_equal(field, input->fields[i].name) && value.size > 0) {
            int shown = (int)(value.size < SHOWN_MAX ? value.size : SHOWN_MAX);
            (void)fprintf(out, " is \"%.*s\"", shown, (const char *)value.bytes);
        }
    }
    permit_write(policy, state, input, answered, out);
    if (rules) {
        (void)fputs("; allowed: ", out);
        policy_field_tell(rules, out);
    }
}

const char *dispatch_refusal_tell(const struct dispatch_refusal *refusal, struct arena *arena)
{
    enum { REFUSAL_MAX = 1024 };
    char *text = arena_take(arena, REFUSAL_MAX);
    FILE *out = text && refusal->policy ? fmemopen(text, REFUSAL_MAX, "w") : NULL;
    if (!out) {
        return refusal_text(refusal->answer);
    }
    refusal_write(
        refusal->policy, refusal->state, refusal->input, refusal->answer, refusal->field, out);
    (void)fputc('\0', out);
    (void)fclose(out);
    text[REFUSAL_MAX - 1] = '\0';
    return text;
}
