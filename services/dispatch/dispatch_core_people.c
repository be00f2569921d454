/* What the organisation says of who acts; see dispatch_core_people.h. */
#include "dispatch_core_people.h"

#include "dispatch_core_after.h"
#include "dispatch_core_rules.h"

static const char mark = '@'; /* no id of a policy begins like that */

static int64_t now_s(const struct dispatch_input *input)
{
    return input->now_us / 1000000;
}

enum dispatch_answer dispatch_answer_of_people(enum org_verdict verdict)
{
    static const enum dispatch_answer answers[] = {
        [ORG_ADMITS] = DISPATCH_APPEND,
        [ORG_UNKNOWN] = DISPATCH_PERSON_UNKNOWN,
        [ORG_ROLE_NOT_HIS] = DISPATCH_ROLE_NOT_HIS,
        [ORG_ROLE_UNHELD] = DISPATCH_ROLE_UNHELD,
        [ORG_ON_LEAVE] = DISPATCH_ON_LEAVE,
        [ORG_OFF_SHIFT] = DISPATCH_OFF_SHIFT,
    };
    return answers[verdict];
}

/* Whom the actor stands in for: of the role, or of the case. */
static struct slice stands_for(const struct dispatch_case *state,
                               const struct dispatch_input *input)
{
    struct slice absent = {0};
    (void)org_holds(input->org, input->actor, input->role, now_s(input), &absent);
    struct slice holder = slice_text(state->agent);
    if (absent.size == 0 && holder.size > 0 &&
        org_stands_in(input->org, input->actor, holder, now_s(input))) {
        return holder;
    }
    return absent;
}

static enum org_verdict verdict_of(const struct policy *policy, const struct dispatch_input *input)
{
    struct slice absent;
    int64_t until_s;
    switch (input->kind) {
    case DISPATCH_CLAIM:
        return org_admits(
            input->org, policy, input->actor, input->role, now_s(input), &absent, &until_s);
    case DISPATCH_ERASE: /* these for good, so that nobody does it in a role nobody has */
    case DISPATCH_READ:
        return org_holds(input->org, input->actor, input->role, now_s(input), &absent);
    case DISPATCH_ACTION:
        return org_speaks(input->org, policy, input->actor, input->role, now_s(input), &absent);
    case DISPATCH_RELEASE: /* who has left still gives back what he holds */
    case DISPATCH_TRIAGED:
    case DISPATCH_CLOCK:
    case DISPATCH_PUSH:
        break;
    }
    return ORG_ADMITS;
}

struct dispatch_permit people_permit(const struct policy *policy,
                                     const struct dispatch_input *input)
{
    for (uint32_t i = 0; i < input->field_count && i < EVENT_FIELDS_MAX; i++) {
        struct slice name = input->fields[i].name;
        if (name.size > 0 && name.bytes[0] == (uint8_t)mark) {
            return (struct dispatch_permit){.answer = DISPATCH_FIELD_INVALID, .what = name};
        }
    }
    enum org_verdict verdict = input->org ? verdict_of(policy, input) : ORG_ADMITS;
    struct dispatch_permit permit = {.answer = dispatch_answer_of_people(verdict)};
    if (verdict == ORG_ROLE_UNHELD) {
        permit.what = input->role;
        permit.title = policy_role_title(policy, input->role);
    }
    return permit;
}

enum dispatch_answer people_permit_taker(const struct dispatch_input *input, struct slice name)
{
    int64_t until_s;
    return input->org ? dispatch_answer_of_people(
                            org_may_be_given(input->org, name, now_s(input), &until_s))
                      : DISPATCH_APPEND;
}

bool people_holder(const struct dispatch_case *state, const struct dispatch_input *input)
{
    return rules_holder(state, input->actor) ||
           (input->org && state->agent[0] != '\0' &&
            org_stands_in(input->org, input->actor, slice_text(state->agent), now_s(input)));
}

void people_record(const struct dispatch_case *state,
                   const struct dispatch_input *input,
                   struct event *out)
{
    struct event_advanced *advanced = &out->advanced;
    if (!input->org) {
        return;
    }
    struct slice absent = stands_for(state, input);
    after_record(advanced, "@org", slice_text(input->org->version_text));
    if (absent.size > 0) {
        after_record(advanced, "@deputy-of", absent);
    }
}
