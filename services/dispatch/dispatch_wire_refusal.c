/* A refusal: its code, why, what would be allowed and to whom; and the same in English. */
#include "clock.h"
#include "dispatch_wire.h"
#include "policy_field.h"

#include <stdio.h>

enum { REFUSAL_MAX = 1024, SHOWN_MAX = 64 };

static const struct {
    const char *code, *text;
} desk_refusals[DESK_REFUSAL_COUNT] = {
  /* clang-format off */
    [DESK_COMMAND_UNREADABLE] = {"command_unreadable", "no redress.command.v1.Command in bounds"},
    [DESK_COMMAND_ID_INVALID] = {"command_id_invalid", "command_id: 16 bytes"},
    [DESK_COMMAND_ID_REUSED] = {"command_id_reused", "command_id: was used for another command"},
    [DESK_COMMAND_UNKNOWN] = {"command_unknown", "one of claim, act or show"},
    [DESK_ACTOR_INVALID] = {"actor_invalid", "actor and role: 1 to 47 bytes, one line of UTF-8"},
    [DESK_QUEUE_UNKNOWN] = {"queue_unknown", "a queue is named POLICY/QUEUE"},
    [DESK_FIELDS_TOO_MANY] = {"fields_too_many", "more than 16 fields"},
    [DESK_NOTE_INVALID] = {"note_invalid", "a note is up to 16384 bytes of UTF-8 without NUL"},
    [DESK_NOTE_AND_TEXT] = {"note_and_text", "either a note or a text to start it from"},
    [DESK_NOTE_TOO_LONG] = {"note_too_long", "too large to be looked through or filled in"},
    [DESK_NOTE_UNSEALABLE] = {"note_unsealable", "the case's key is not there: it may be erased"},
    [DESK_PHRASE_FORBIDDEN] = {"phrase_forbidden", "not to be written"},
    [DESK_PART_MISSING] = {"part_missing", "the reply lacks"},
    [DESK_PLACE_UNKNOWN] = {"place_unknown", "nothing is sealed of the case at"},
    [DESK_READ_TOO_MUCH] = {"read_too_much", "more than one reply holds: ask for fewer at once"},
    [DESK_KEY_MISSING] = {"key_missing", "the case's key is missing; see dispatch's log"},
    [DESK_UNREADABLE] = {"unreadable", "it does not open with the case's key; see dispatch's log"},
  /* clang-format on */
};

const char *desk_refusal_code(enum desk_refusal refusal)
{
    return desk_refusals[refusal].code;
}

static const char *refusal_text(enum dispatch_answer answered)
{
    static const char *const texts[DISPATCH_ANSWER_COUNT] = {
        [DISPATCH_NOTHING] = "nothing follows from it",
        [DISPATCH_VERSION] = "the case is at another version: look at it again",
        [DISPATCH_ACTION_UNKNOWN] = "not an action of the case's step",
        [DISPATCH_ROLE_MAY_NOT] = "this role may not do that in this step",
        [DISPATCH_SAME_PERSON] = "who did the step before may not do this one",
        [DISPATCH_FIELD_MISSING] = "a field that must be filled in is missing",
        [DISPATCH_FIELD_INVALID] = "a field has a value the policy does not know",
        [DISPATCH_FIELD_UNKNOWN] = "the action does not ask for this field",
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
        [DISPATCH_NOT_HELD] = "the case is on no legal hold that could be lifted",
        [DISPATCH_HELD_BEFORE] = "the case is on legal hold already",
        [DISPATCH_PERSON_UNKNOWN] = "nobody of that name works here",
        [DISPATCH_ROLE_NOT_HIS] = "this person works here in other roles",
        [DISPATCH_ON_LEAVE] = "this person is on leave",
        [DISPATCH_OFF_SHIFT] = "this person is off shift",
        [DISPATCH_ROLE_UNHELD] = "nobody of the organisation has this role",
        [DISPATCH_SKILL] = "the case asks for a skill this person has not got",
        [DISPATCH_KEPT] = "the case is kept for somebody",
        [DISPATCH_TEXT_UNKNOWN] = "not a text of this action",
        [DISPATCH_TOO_EARLY] = "the time for it has not come",
        [DISPATCH_TOO_LATE] = "the time for it has passed",
        [DISPATCH_TEXT_UNREADY] = "the text cannot be filled in",
        [DISPATCH_ERASED] = "the personal data of the case was erased: nothing more is done to it",
        [DISPATCH_ON_HOLD] = "the case is on legal hold: nothing of it is erased",
        [DISPATCH_STILL_OPEN] = "the case is open: nothing of it is erased yet",
        [DISPATCH_MAY_BE_REOPENED] = "the case may still be reopened: nothing of it is erased yet",
        [DISPATCH_MUST_BE_KEPT] = "it has to be kept",
        [DISPATCH_SAME_CAUSE] = "the same cause was complained of again",
        [DISPATCH_UNCOUNTED] = "the case changed while complaints were counted: try again",
    };
    return texts[answered] ? texts[answered] : "refused";
}

/* The field in the action that was asked for; NULL: it does not ask for it. */
static const struct policy_need *need_of(const struct dispatch_refusal *refusal)
{
    const struct policy_step *step = &refusal->policy->steps[refusal->state->step];
    uint16_t index = policy_action_index(step, refusal->input->action);
    return index == POLICY_NONE ? NULL : policy_need_of(&step->actions[index], refusal->field);
}

const struct policy_title *dispatch_title_of(const struct policy *policy, struct slice id)
{
    for (uint16_t i = 0; i < policy->mark_count; i++) {
        if (slice_equal(id, slice_text(policy->marks[i].id))) {
            return &policy->marks[i].title;
        }
    }
    for (uint16_t i = 0; i < policy->task_count; i++) {
        if (slice_equal(id, slice_text(policy->tasks[i].id))) {
            return &policy->tasks[i].title;
        }
    }
    uint16_t field = policy_field_index(policy, id);
    return field == POLICY_NONE ? NULL : &policy->fields[field].title;
}

static struct slice value_of(const struct dispatch_refusal *refusal)
{
    for (uint32_t i = 0; i < refusal->input->field_count; i++) {
        if (slice_equal(refusal->field, refusal->input->fields[i].name)) {
            struct slice value = refusal->input->fields[i].value;
            size_t shown = value.size < SHOWN_MAX ? value.size : SHOWN_MAX;
            while (shown < value.size && shown > 0 && (value.bytes[shown] & 0xc0) == 0x80) {
                shown--; /* never half a character */
            }
            return slice_of(value.bytes, shown);
        }
    }
    return slice_of(NULL, 0);
}

const struct policy_field *dispatch_rules_of(const struct dispatch_reason *reason,
                                             struct policy_field *narrowed)
{
    if (!reason->rules || !reason->limit) {
        return reason->rules;
    }
    *narrowed = *reason->rules;
    narrowed->has_max = true;
    narrowed->max = reason->limit->most;
    return narrowed;
}

struct dispatch_reason dispatch_reason_of(const struct dispatch_refusal *refusal)
{
    struct dispatch_reason reason = {.about = refusal->field, .policy = refusal->policy};
    reason.until_us = refusal->until_us;
    if (refusal->answer == DISPATCH_VERSION) {
        reason.version = refusal->input->expected_version;
    }
    if (!refusal->policy || refusal->answer == DISPATCH_NOT_HOLDER) {
        return reason; /* the latter is about a person, who may be called like a field */
    }
    if (refusal->answer == DISPATCH_ROLE_UNHELD) { /* which may be called so as well */
        reason.title = policy_role_title(refusal->policy, refusal->field);
        return reason;
    }
    const struct policy_need *need = need_of(refusal);
    reason.field = need ? need->field : NULL;
    reason.rules = need ? need->rules : NULL;
    reason.value = need ? value_of(refusal) : slice_of(NULL, 0);
    reason.title = need ? &need->title : dispatch_title_of(refusal->policy, refusal->field);
    struct dispatch_permit permit =
        dispatch_may(refusal->policy, refusal->state, refusal->input, false);
    if (refusal->state->version == 0 || permit.answer != refusal->answer) {
        return reason;
    }
    reason.title = permit.title ? permit.title : reason.title;
    reason.roles = permit.roles;
    reason.level = permit.level;
    reason.until_us = permit.until_us != 0 ? permit.until_us : reason.until_us;
    reason.counted = permit.counted;
    reason.at_most = permit.at_most;
    reason.since_us = permit.since_us;
    reason.wanted = permit.wanted;
    reason.limit = permit.limit;
    if (permit.limit && !reason.rules) { /* it was filled in earlier */
        reason.rules = &refusal->policy->fields[permit.limit->field];
        reason.field = reason.rules->id;
    }
    return reason;
}

/* ", level 2 until 2026-11-06T16:00Z": how much is asked, and how long; how many there were; or
 * which version. */
static void waiting_write(const struct dispatch_reason *reason, FILE *out)
{
    enum { UNTIL_SHOWN = 16 };
    char until[CLOCK_TEXT_SIZE];
    if (reason->version > 0) {
        (void)fprintf(out, ": not at %u", reason->version);
    }
    if (reason->since_us != 0) {
        clock_text(reason->since_us, until);
        (void)fprintf(out,
                      ", %u since %.*sZ, at most %u",
                      reason->counted,
                      UNTIL_SHOWN,
                      until,
                      reason->at_most);
    }
    if (reason->level > 0) {
        (void)fprintf(out, ", level %u", reason->level);
    }
    if (reason->until_us != 0 && reason->until_us != INT64_MAX) {
        clock_text(reason->until_us, until);
        (void)fprintf(out, " until %.*sZ", UNTIL_SHOWN, until);
    }
}

unsigned dispatch_wanted(const struct policy *policy,
                         const struct policy_compare *compare,
                         const char *values[POLICY_CHOICES_MAX])
{
    static const char *const flags[] = {"no", "yes"};
    const struct policy_field *field = compare ? &policy->fields[compare->field] : NULL;
    bool flag = field && field->type == FORM_FLAG;
    unsigned all = flag ? 2 : field ? field->choice_count : 0;
    unsigned count = 0;
    for (unsigned i = 0; i < all && i < POLICY_CHOICES_MAX; i++) {
        if ((compare->choices >> i & 1U) != 0) {
            values[count++] = flag ? flags[i] : field->choices[i].id;
        }
    }
    return count;
}

static void wanted_write(const struct dispatch_reason *reason, FILE *out)
{
    const char *wanted[POLICY_CHOICES_MAX];
    unsigned count = dispatch_wanted(reason->policy, reason->wanted, wanted);
    for (unsigned i = 0; i < count; i++) {
        (void)fprintf(out, "%s%s", i == 0 ? " has to be " : " or ", wanted[i]);
    }
}

static void reason_write(const struct dispatch_reason *reason, FILE *out)
{
    if (reason->about.size > 0) {
        int shown = (int)(reason->about.size < SHOWN_MAX ? reason->about.size : SHOWN_MAX);
        (void)fprintf(out, ": %.*s", shown, (const char *)reason->about.bytes);
    }
    if (reason->value.size > 0) {
        (void)fprintf(
            out, " is \"%.*s\"", (int)reason->value.size, (const char *)reason->value.bytes);
    }
    wanted_write(reason, out);
    waiting_write(reason, out);
    for (unsigned i = 0; reason->title && i < LOCALE_COUNT; i++) {
        bool told = i > 0 && strcmp(reason->title->text[i], reason->title->text[i - 1]) == 0;
        (void)fprintf(out, "%s%s", told ? "" : " | ", told ? "" : reason->title->text[i]);
    }
    const char *before = "; who may: ";
    for (uint16_t i = 0; reason->policy && i < reason->policy->role_count; i++) {
        if ((reason->roles >> i & 1U) != 0) {
            (void)fprintf(out, "%s%s", before, reason->policy->roles[i]);
            before = ", ";
        }
    }
    struct policy_field narrowed;
    const struct policy_field *rules = dispatch_rules_of(reason, &narrowed);
    if (rules) {
        (void)fputs("; allowed: ", out);
        policy_field_tell(rules, out);
    }
}

static const char *tell(const char *what, const struct dispatch_reason *reason, struct arena *arena)
{
    char *text = arena_take(arena, REFUSAL_MAX);
    FILE *out = text ? fmemopen(text, REFUSAL_MAX, "w") : NULL;
    if (!out) {
        return what;
    }
    (void)fputs(what, out);
    reason_write(reason, out);
    (void)fputc('\0', out);
    (void)fclose(out);
    text[REFUSAL_MAX - 1] = '\0';
    return text;
}

const char *dispatch_refusal_tell(enum dispatch_answer answer,
                                  const struct dispatch_reason *reason,
                                  struct arena *arena)
{
    return tell(refusal_text(answer), reason, arena);
}

const char *desk_refusal_tell(enum desk_refusal refusal,
                              const struct dispatch_reason *reason,
                              struct arena *arena)
{
    return tell(desk_refusals[refusal].text, reason, arena);
}
