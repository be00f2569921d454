/* What of a command is sealed: personal fields, and the note as it was written, or one of the
 * policy's texts, filled in, looked through where it is a reply. */
#include "case_number.h"
#include "dispatch_core_form.h"
#include "dispatch_core_text.h"
#include "dispatch_shell.h"
#include "policy_reply.h"
#include "text.h"

enum { NOTE_MAX = 16 * 1024 };

static struct slice slice_if(int present, ProtobufCBinaryData data)
{
    return present ? slice_of(data.data, data.len) : slice_of(NULL, 0);
}

static void
refuse(const struct asked *asked, enum desk_refusal refusal, const struct dispatch_reason *reason)
{
    if (!desk_asks_first(asked)) {
        desk_refuse(asked, refusal, reason);
    }
}

/* A written reply is looked through before it is sealed.  False: refused. */
static bool reply_is_good(const struct asked *asked,
                          const struct held_case *held,
                          struct slice action,
                          struct slice note)
{
    const struct policy *policy = dispatch_policy(asked->dispatch, held->state.policy_id);
    const struct policy_step *step = policy ? &policy->steps[held->state.step] : NULL;
    uint16_t index = step ? policy_action_index(step, action) : POLICY_NONE;
    size_t bad_at;
    if (index == POLICY_NONE || step->actions[index].fact != EVENT_REPLIED ||
        note.size > NOTE_MAX || (note.size > 0 && !text_is_clean(note, &bad_at))) {
        return true;
    }
    struct policy_reply_fault fault;
    struct error error = {0};
    if (!policy_reply_check(policy, note, cycle_arena(asked->cycle), &fault, &error)) {
        refuse(asked, DESK_NOTE_TOO_LONG, NULL);
        return false;
    }
    if (fault.forbidden) {
        const struct dispatch_reason reason = {.about = slice_text(fault.forbidden)};
        refuse(asked, DESK_PHRASE_FORBIDDEN, &reason);
    } else if (fault.lacking) {
        const struct dispatch_reason reason = {.about = slice_text(fault.lacking->id),
                                               .title = &fault.lacking->title};
        refuse(asked, DESK_PART_MISSING, &reason);
    }
    return !fault.forbidden && !fault.lacking;
}

/* Under the case's own key; *key_id is what wraps that.  False: refused. */
static bool seal(const struct asked *asked,
                 const char *name,
                 struct slice plain,
                 struct slice *sealed,
                 uint32_t *key_id)
{
    struct dispatch *dispatch = asked->dispatch;
    uint64_t case_id = asked->command->act->case_id;
    struct error error = {0};
    uint8_t key[SEAL_KEY_SIZE];
    bool good =
        case_key_take(dispatch, case_id, key, key_id) &&
        seal_field(key, case_id, name, *key_id, plain, cycle_arena(asked->cycle), sealed, &error);
    explicit_bzero(key, sizeof key); /* it may be erased after this */
    if (!good) {
        refuse(asked, DESK_NOTE_UNSEALABLE, NULL);
    }
    return good;
}

static bool
note_seal(const struct asked *asked, struct slice note, struct slice *sealed, uint32_t *key_id)
{
    size_t bad_at;
    *sealed = slice_of(NULL, 0);
    if (note.size == 0) {
        return true;
    }
    if (note.size > NOTE_MAX || !text_is_clean(note, &bad_at)) {
        refuse(asked, DESK_NOTE_INVALID, NULL);
        return false;
    }
    return seal(asked, "note", note, sealed, key_id);
}

bool desk_personal(const struct asked *asked,
                   const struct held_case *held,
                   struct event_field *fields,
                   struct dispatch_input *input,
                   uint32_t *key_id)
{
    const struct policy *policy = dispatch_policy(asked->dispatch, held->state.policy_id);
    for (uint32_t i = 0; policy && policy->personal && i < input->field_count; i++) {
        struct slice value = fields[i].value;
        const struct policy_field *rules =
            dispatch_personal(policy, &held->state, input->action, fields[i].name);
        size_t bad_at;
        char name[SEAL_FIELD_NAME_MAX];
        bool places = input->kind == DISPATCH_READ && /* whatever the policy calls so */
                      slice_equal(fields[i].name, slice_text("what"));
        if (!rules || value.size == 0 || places) {
            continue;
        }
        fields[i].value = slice_of(NULL, 0);
        if (!text_is_clean(value, &bad_at) || !policy_field_accepts(rules, value)) {
            input->bad_field =
                fields[i].name; /* the core refuses it, for that or a better reason */
            continue;
        }
        (void)snprintf(name, sizeof name, "field.%s", rules->id);
        if (!seal(asked, name, value, &fields[i].sealed, key_id)) {
            return false;
        }
    }
    return true;
}

/*
 * A text may promise when a clock is due only as the clock stands after all that was done to the
 * case: the watchdog folds that later, so an answer from before would be a promise nobody keeps.
 * Its clocks were read with this very batch.
 */
static bool dues_are_known(const struct asked *asked,
                           const struct held_case *held,
                           const struct policy *policy,
                           const struct dispatch_input *input)
{
    if (!dispatch_text_promises(policy, &held->state, input) ||
        (held->dues_in == asked->dispatch->cycle && held->dues_version == held->state.version)) {
        return true;
    }
    if (!desk_asks_first(asked)) {
        desk_postpone(asked, "clocks_behind", "the watchdog is behind; try again in a moment");
    }
    return false;
}

/* The note is what the command gives, or one of the policy's texts, filled in.  False: refused. */
static bool note_of(const struct asked *asked,
                    const struct held_case *held,
                    struct dispatch_input *input,
                    struct slice *note)
{
    const Redress__Command__V1__Act *act = asked->command->act;
    const struct policy *policy = dispatch_policy(asked->dispatch, held->state.policy_id);
    char number[CASE_NUMBER_SIZE];
    *note = slice_if(act->has_note, act->note);
    input->text = slice_if(act->has_text, act->text);
    input->text_language = slice_if(act->has_text_language, act->text_language);
    if (input->text.size == 0 || !policy) {
        return true;
    }
    if (note->size > 0) {
        refuse(asked, DESK_NOTE_AND_TEXT, NULL);
        return false;
    }
    if (!dues_are_known(asked, held, policy, input)) {
        return false;
    }
    char *room = arena_take(cycle_arena(asked->cycle), NOTE_MAX);
    case_number_format(held->state.case_id, held->state.received_at_us, number);
    if (!room || !dispatch_text_fill(
                     policy, &held->state, input, slice_text(number), room, NOTE_MAX, note)) {
        refuse(asked, DESK_NOTE_TOO_LONG, NULL);
        return false;
    }
    return true;
}

bool desk_note(const struct asked *asked,
               const struct held_case *held,
               struct dispatch_input *input,
               uint32_t *key_id)
{
    struct slice note;
    if (!note_of(asked, held, input, &note)) {
        return false;
    }
    /* where the text lacks something the core refuses it, for that or a better reason */
    return input->text_lacking.size > 0 || (reply_is_good(asked, held, input->action, note) &&
                                            note_seal(asked, note, &input->sealed_note, key_id));
}
