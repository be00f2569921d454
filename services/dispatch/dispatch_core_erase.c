/* Erasing what is personal of a case; see dispatch_core_erase.h. */
#include "dispatch_core_erase.h"

#include "dispatch_core_after.h"
#include "dispatch_core_rules.h"

enum { REASON_MAX = 500 }; /* characters, where the policy does not say how many */

static struct policy_facts facts_of(const struct dispatch_case *state)
{
    return (struct policy_facts){.channel = state->channel,
                                 .category = state->category,
                                 .class_index = state->class_index,
                                 .repeats = state->repeats,
                                 .told = state->more.told,
                                 .kept = state->more.facts};
}

static struct policy_kept kept_of(const struct dispatch_case *state)
{
    return (struct policy_kept){.received_at_us = state->received_at_us,
                                .closed_at_us = state->closed_at_us};
}

/* What is recorded.  The rows of cases have the places of this table: add behind. */
static const enum dispatch_answer recorded[] = {
    DISPATCH_ON_HOLD, DISPATCH_STILL_OPEN, DISPATCH_MAY_BE_REOPENED, DISPATCH_MUST_BE_KEPT};

enum { RECORDED = sizeof recorded / sizeof *recorded };

bool dispatch_refusal_is_recorded(enum dispatch_answer answer, const struct event *out)
{
    return answer != DISPATCH_APPEND && out->kind == EVENT_ERASURE_REFUSED;
}

/* By its reason, the policy's ground, if it is one, and who asked in which role; 0: none that is
 * recorded. */
static uint64_t refusal_of(const struct policy *policy,
                           struct slice because,
                           struct slice ground,
                           struct slice actor,
                           struct slice role)
{
    uint64_t which = 0;
    for (uint64_t i = 0; i < RECORDED; i++) {
        if (slice_equal(because, slice_text(dispatch_answer_code(recorded[i])))) {
            which = i + 1;
        }
    }
    for (uint64_t i = 0; which > 0 && i < policy->retention.ground_count; i++) {
        if (slice_equal(ground, slice_text(policy->retention.grounds[i].id))) {
            which += RECORDED * (i + 1);
        }
    }
    if (which == 0) {
        return 0;
    }
    const uint64_t parts[] = {which, rules_person_hash(actor), rules_person_hash(role)};
    return rules_person_hash(slice_of((const uint8_t *)parts, sizeof parts));
}

/* Its place, or a free one for it; NULL: as many were recorded as are. */
static uint64_t *place_of(struct dispatch_more *more, uint64_t refusal)
{
    for (unsigned i = 0; i < DISPATCH_REFUSED_MAX; i++) {
        if (more->refused[i] == 0 || more->refused[i] == refusal) {
            return &more->refused[i];
        }
    }
    return NULL;
}

static bool is_new(const struct dispatch_case *state, uint64_t refusal)
{
    struct dispatch_more more = state->more;
    const uint64_t *place = place_of(&more, refusal);
    return refusal != 0 && place && *place == 0;
}

static struct slice told(const struct event *event, const char *name)
{
    for (uint32_t i = 0; i < event->advanced.field_count && i < EVENT_FIELDS_MAX; i++) {
        if (slice_equal(event->advanced.fields[i].name, slice_text(name))) {
            return event->advanced.fields[i].value;
        }
    }
    return (struct slice){0};
}

void erase_fold(const struct policy *policy, const struct event *event, struct dispatch_more *more)
{
    if (event->kind != EVENT_ERASURE_REFUSED) {
        memset(more->refused, 0, sizeof more->refused);
        return;
    }
    uint64_t refusal = refusal_of(policy,
                                  told(event, "@because"),
                                  told(event, "@ground"),
                                  event->advanced.actor,
                                  event->advanced.role);
    uint64_t *place = place_of(more, refusal);
    if (refusal != 0 && place) {
        *place = refusal;
    }
}

int64_t dispatch_erase_due_us(const struct policy *policy, const struct dispatch_case *state)
{
    const struct policy_facts facts = facts_of(state);
    const struct policy_kept kept = kept_of(state);
    bool may_be = state->version > 0 && state->closed_at_us != 0 && state->more.erased_at_us == 0;
    return may_be ? policy_erase_due_us(policy, &facts, &kept) : INT64_MAX;
}

/* Why, once, and nothing else: what is said with it stays for good, in the clear. */
static struct dispatch_permit form_of(const struct policy *policy,
                                      const struct dispatch_input *input)
{
    static const struct policy_field any = {.has_max = true, .max = REASON_MAX};
    struct slice name = slice_text("reason");
    uint16_t index = policy_field_index(policy, name);
    const struct policy_field *rules = index == POLICY_NONE ? &any : &policy->fields[index];
    struct slice reason = rules_field(input, "reason");
    struct dispatch_permit permit = {.answer = DISPATCH_APPEND, .what = name};
    if (index != POLICY_NONE) {
        permit.title = &rules->title;
    }
    if (input->sealed_note.size > 0 || input->text.size > 0) {
        return (struct dispatch_permit){.answer = DISPATCH_FIELD_UNKNOWN,
                                        .what = slice_text("note")};
    }
    for (uint32_t i = 0; i < input->field_count; i++) {
        if (!slice_equal(input->fields[i].name, name)) {
            return (struct dispatch_permit){.answer = DISPATCH_FIELD_UNKNOWN,
                                            .what = input->fields[i].name};
        }
    }
    if (reason.size == 0) {
        permit.answer = DISPATCH_FIELD_MISSING;
    } else if (input->field_count > 1 || !policy_field_accepts(rules, reason)) {
        permit.answer = DISPATCH_FIELD_INVALID;
    }
    return permit;
}

/* What stands against it whoever asks; the refusal is recorded. */
static struct dispatch_permit
kept_permit(const struct policy *policy, const struct dispatch_case *state, int64_t now_us)
{
    const struct policy_facts facts = facts_of(state);
    const struct policy_kept kept = kept_of(state);
    int64_t reopens_us = policy_reopens_until_us(policy, state->closed_at_us);
    int64_t until_us;
    if (state->more.hold != 0) {
        return (struct dispatch_permit){.answer = DISPATCH_ON_HOLD};
    }
    if (state->closed_at_us == 0) {
        return (struct dispatch_permit){.answer = DISPATCH_STILL_OPEN};
    }
    const struct policy_ground *ground = policy_kept_until(policy, &facts, &kept, &until_us);
    if (now_us < reopens_us && until_us < reopens_us) {
        return (struct dispatch_permit){.answer = DISPATCH_MAY_BE_REOPENED, .until_us = reopens_us};
    }
    if (ground && now_us < until_us) {
        return (struct dispatch_permit){.answer = DISPATCH_MUST_BE_KEPT,
                                        .what = slice_text(ground->id),
                                        .title = &ground->title,
                                        .until_us = until_us};
    }
    return (struct dispatch_permit){.answer = DISPATCH_APPEND};
}

struct dispatch_permit erase_permit(const struct policy *policy,
                                    const struct dispatch_case *state,
                                    const struct dispatch_input *input,
                                    bool blank)
{
    uint32_t roles = policy->retention.roles;
    struct dispatch_permit permit = rules_personal(policy, state, input, roles);
    if (permit.answer == DISPATCH_APPEND && !blank) {
        permit = form_of(policy, input);
    }
    return permit.answer == DISPATCH_APPEND ? kept_permit(policy, state, rules_now_us(state, input))
                                            : permit;
}

enum dispatch_answer erase_decide(const struct policy *policy,
                                  const struct dispatch_case *state,
                                  const struct dispatch_input *input,
                                  struct event *out,
                                  struct slice *refused_field)
{
    struct dispatch_permit permit = erase_permit(policy, state, input, false);
    bool erases = permit.answer == DISPATCH_APPEND;
    *refused_field = permit.what;
    struct slice because = slice_text(dispatch_answer_code(permit.answer));
    struct slice ground = permit.answer == DISPATCH_MUST_BE_KEPT ? permit.what : (struct slice){0};
    if (!erases && !is_new(state, refusal_of(policy, because, ground, input->actor, input->role))) {
        return permit.answer;
    }
    const struct after after = after_stands(state);
    after_begin(state, input, erases ? EVENT_ERASED : EVENT_ERASURE_REFUSED, out);
    after_advance(policy, state, input, &after, out);
    out->advanced.action = slice_text("erase");
    after_record(&out->advanced, "reason", rules_field(input, "reason"));
    if (!erases) {
        after_record(&out->advanced, "@because", because);
    }
    if (ground.size > 0) {
        after_record(&out->advanced, "@ground", ground);
    }
    return permit.answer;
}
