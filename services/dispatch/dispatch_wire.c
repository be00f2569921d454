#include "dispatch_wire.h"

#include "case_number.h"
#include "dispatch_wire_form.h"
#include "message_limits.h"
#include "prescan.h"
#include "utf8.h"

#include <assert.h>

const Redress__Command__V1__Command *
dispatch_decode(struct slice bytes, struct arena *arena, struct error *error)
{
    return (const Redress__Command__V1__Command *)prescan_unpack(
        &redress__command__v1__command__descriptor,
        bytes.bytes,
        bytes.size,
        &limits_command,
        arena,
        error);
}

/* 1 to most bytes of characters that are seen, and do nothing else. */
static bool name_is_good(protobuf_c_boolean has, ProtobufCBinaryData name, size_t most)
{
    bool good = has && name.len > 0 && name.len <= most;
    for (size_t i = 0, step; good && i < name.len; i += step) {
        uint32_t character;
        step = utf8_read(name.data + i, name.data + name.len, &character);
        good = step > 0 && !utf8_is_command(character) && !utf8_is_unseen(character);
    }
    return good;
}

bool dispatch_names_are_good(const Redress__Command__V1__Command *command)
{
    return name_is_good(command->has_actor, command->actor, DISPATCH_AGENT_MAX - 1) &&
           name_is_good(command->has_role, command->role, POLICY_NAME_MAX - 1);
}

struct slice dispatch_command_body(const Redress__Command__V1__Command *command)
{
    static uint8_t bytes[LIMIT_COMMAND_SIZE]; /* too large for the stack */
    Redress__Command__V1__Command body = *command;
    Redress__Command__V1__Act act;
    Redress__Command__V1__Claim claim = REDRESS__COMMAND__V1__CLAIM__INIT;
    body.has_command_id = 0;
    if (command->act && command->act->has_queue && command->act->has_action &&
        slice_equal(slice_of(command->act->action.data, command->act->action.len),
                    slice_text("claim"))) {
        claim.has_queue = 1;
        claim.queue = command->act->queue;
        body.claim = &claim;
        body.act = NULL;
    } else if (command->act) {
        act = *command->act;
        act.has_expected_version = act.has_claim_token = 0;
        body.act = &act;
    }
    /* no larger than what it was read from */
    assert(redress__command__v1__command__get_packed_size(&body) <= sizeof bytes);
    return slice_of(bytes, redress__command__v1__command__pack(&body, bytes));
}

bool dispatch_fields_of(const Redress__Command__V1__Act *act,
                        struct event_field fields[EVENT_FIELDS_MAX],
                        uint32_t *count)
{
    if (act->n_fields > POLICY_NEEDS_MAX) { /* more would leave no room for what dispatch adds */
        return false;
    }
    for (size_t i = 0; i < act->n_fields; i++) {
        const Redress__Command__V1__Field *field = act->fields[i];
        fields[i] = (struct event_field){slice_of(field->name.data, field->name.len),
                                         slice_of(field->value.data, field->value.len),
                                         slice_of(NULL, 0)};
    }
    *count = (uint32_t)act->n_fields;
    return true;
}

uint64_t dispatch_other_case(const struct event_field *fields, uint32_t count)
{
    uint64_t case_id = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool named = slice_equal(fields[i].name, slice_text("case"));
        if (named && !case_number_parse(fields[i].value, &case_id)) {
            return 0;
        }
    }
    return case_id;
}

static ProtobufCBinaryData data_of(struct slice slice)
{
    return (ProtobufCBinaryData){slice.size, (uint8_t *)(uintptr_t)slice.bytes};
}

static ProtobufCBinaryData data_text(const char *text)
{
    return data_of(slice_text(text));
}

static struct slice pack(const ProtobufCMessage *message, struct arena *arena)
{
    uint8_t *bytes = arena_take(arena, protobuf_c_message_get_packed_size(message));
    return bytes ? slice_of(bytes, protobuf_c_message_pack(message, bytes)) : slice_of(NULL, 0);
}

static void wanted_of(const struct policy *policy,
                      const struct policy_compare *compare,
                      struct arena *arena,
                      ProtobufCBinaryData **list,
                      size_t *count)
{
    const char *values[POLICY_CHOICES_MAX];
    unsigned all = dispatch_wanted(policy, compare, values);
    *list = all > 0 ? arena_take(arena, all * sizeof **list) : NULL;
    for (unsigned i = 0; *list && i < all; i++) {
        (*list)[(*count)++] = data_text(values[i]);
    }
}

/* What stands in the way, with what the policy calls it. */
static void permit_of(const struct dispatch_reply *from,
                      const struct dispatch_permit *permit,
                      struct arena *arena,
                      Redress__Command__V1__Allowed *allowed)
{
    if (permit->answer == DISPATCH_APPEND) {
        return;
    }
    allowed->has_refusal = 1;
    allowed->refusal = data_text(dispatch_answer_code(permit->answer));
    allowed->has_lacking = permit->what.size > 0;
    allowed->lacking = data_of(permit->what);
    bool other = permit->answer == DISPATCH_NOT_HOLDER || /* a person or a role, which may be */
                 permit->answer == DISPATCH_ROLE_UNHELD;  /* called like a field */
    const struct policy_title *title =
        permit->title || other ? permit->title : dispatch_title_of(from->policy, permit->what);
    allowed->lacking_title = arena_take(arena, LOCALE_COUNT * sizeof *allowed->lacking_title);
    for (unsigned i = 0; title && allowed->lacking_title && i < LOCALE_COUNT; i++) {
        allowed->lacking_title[allowed->n_lacking_title++] = data_text(title->text[i]);
    }
    wanted_of(from->policy, permit->wanted, arena, &allowed->wanted, &allowed->n_wanted);
}

static void roles_of(const struct policy *policy,
                     uint32_t roles,
                     ProtobufCBinaryData list[POLICY_ROLES_MAX],
                     size_t *count)
{
    for (uint16_t i = 0; roles != 0 && i < policy->role_count; i++) {
        if ((roles >> i & 1U) != 0) {
            list[(*count)++] = data_text(policy->roles[i]);
        }
    }
}

/* Claim or release by whoever asks.  NULL: the arena is full. */
static Redress__Command__V1__Allowed *allowed_taking(const struct dispatch_reply *from,
                                                     enum dispatch_input_kind kind,
                                                     struct arena *arena)
{
    Redress__Command__V1__Allowed *allowed = arena_take(arena, sizeof *allowed);
    ProtobufCBinaryData *roles = arena_take(arena, POLICY_ROLES_MAX * sizeof *roles);
    if (!allowed || !roles) {
        return NULL;
    }
    bool claim = kind == DISPATCH_CLAIM;
    uint16_t role =
        claim ? from->policy->steps[from->state->step].owner_role : from->state->agent_role;
    struct dispatch_input input = *from->asker;
    input.kind = kind;
    struct dispatch_permit permit = dispatch_may(from->policy, from->state, &input, true);
    if (claim && permit.answer == DISPATCH_APPEND && from->asker_is_full) {
        permit.answer = DISPATCH_NO_CAPACITY;
    }
    redress__command__v1__allowed__init(allowed);
    allowed->has_action = 1;
    allowed->action = data_text(claim ? "claim" : "release");
    allowed->roles = roles;
    roles_of(from->policy, role < POLICY_ROLES_MAX ? 1U << role : 0, roles, &allowed->n_roles);
    permit_of(from, &permit, arena, allowed);
    return allowed;
}

/* One action: who may, what it needs, where it leads.  NULL: the arena is full. */
static Redress__Command__V1__Allowed *allowed_one(const struct dispatch_reply *from,
                                                  const struct policy_action *action,
                                                  enum dispatch_input_kind kind,
                                                  struct arena *arena)
{
    const struct policy *policy = from->policy;
    Redress__Command__V1__Allowed *allowed = arena_take(arena, sizeof *allowed);
    ProtobufCBinaryData *roles = arena_take(arena, POLICY_ROLES_MAX * sizeof *roles);
    ProtobufCBinaryData *needs = arena_take(arena, POLICY_NEEDS_MAX * sizeof *needs);
    if (!allowed || !roles || !needs) {
        return NULL;
    }
    redress__command__v1__allowed__init(allowed);
    allowed->has_action = 1;
    allowed->action = data_text(action->id);
    allowed->roles = roles;
    roles_of(policy, action->roles, roles, &allowed->n_roles);
    allowed->needs = needs;
    for (uint32_t n = 0; n < action->need_count; n++) {
        needs[allowed->n_needs++] = data_text(action->needs[n].field);
    }
    form_duties_of(policy, action, arena, allowed);
    allowed->has_to_step = action->to_step != POLICY_NONE;
    if (allowed->has_to_step) {
        allowed->to_step = data_text(policy->steps[action->to_step].id);
    }
    if (from->asker) {
        struct dispatch_input input = *from->asker;
        input.kind = kind;
        input.action = slice_text(action->id);
        const struct dispatch_permit permit = dispatch_may(from->policy, from->state, &input, true);
        permit_of(from, &permit, arena, allowed);
    } else { /* what nobody may */
        const struct dispatch_permit permit = {.answer = dispatch_stands(from->state, action)};
        permit_of(from, &permit, arena, allowed);
    }
    return allowed;
}

/* What is no action of a step, so that it stands where a case may be erased at all: at an end.
 * NULL: the arena is full. */
static Redress__Command__V1__Allowed *allowed_erase(const struct dispatch_reply *from,
                                                    struct arena *arena)
{
    static const struct policy_need reason = {.field = "reason"};
    struct policy_action *erase = arena_take(arena, sizeof *erase); /* its name is lent */
    if (!erase) {
        return NULL;
    }
    *erase = (struct policy_action){.id = "erase",
                                    .roles = from->policy->retention.roles,
                                    .to_step = POLICY_NONE,
                                    .need_count = 1,
                                    .needs = &reason};
    return allowed_one(from, erase, DISPATCH_ERASE, arena);
}

/* What the step allows, as far as the arena goes. */
static void allowed_of(const struct dispatch_reply *from,
                       struct arena *arena,
                       Redress__Command__V1__Reply *reply)
{
    const struct policy_step *step = &from->policy->steps[from->state->step];
    bool erases = step->closed && from->policy->retention.roles != 0;
    uint32_t count = step->action_count + erases;
    reply->allowed = arena_take(arena, count * sizeof *reply->allowed);
    for (uint32_t i = 0; reply->allowed && i < count; i++) {
        Redress__Command__V1__Allowed *allowed =
            i < step->action_count ? allowed_one(from, &step->actions[i], DISPATCH_ACTION, arena)
                                   : allowed_erase(from, arena);
        if (!allowed) {
            return;
        }
        reply->allowed[reply->n_allowed++] = allowed;
    }
}

static void state_of(const struct dispatch_reply *from, Redress__Command__V1__Reply *reply)
{
    const struct policy *policy = from->policy;
    const struct dispatch_case *state = from->state;
    reply->has_version = reply->has_step = reply->has_priority = reply->has_policy_id = 1;
    reply->policy_id = state->policy_id;
    reply->version = state->version;
    reply->step = data_text(policy->steps[state->step].id);
    reply->priority = state->priority;
    if (state->queue != POLICY_NONE) {
        reply->has_queue = 1;
        reply->queue = data_text(policy->queues[state->queue].id);
    }
    if (state->agent[0] != '\0') {
        reply->has_agent = 1;
        reply->agent = data_text(state->agent);
    }
    if (state->channel < policy->channel_count) {
        reply->has_channel = 1;
        reply->channel = data_text(policy->channels[state->channel].id);
    }
    if (state->category != POLICY_NONE) {
        reply->has_category = 1;
        reply->category = data_text(policy->categories[state->category].id);
    }
}

/* NULL: there is none, or the arena is full. */
static Redress__Command__V1__Reason *reason_pack(const struct dispatch_reason *from,
                                                 struct arena *arena)
{
    Redress__Command__V1__Reason *reason = arena_take(arena, sizeof *reason);
    ProtobufCBinaryData *titles = arena_take(arena, LOCALE_COUNT * sizeof *titles);
    ProtobufCBinaryData *roles = arena_take(arena, POLICY_ROLES_MAX * sizeof *roles);
    struct policy_field narrowed;
    if (!reason || !titles || !roles) {
        return NULL;
    }
    redress__command__v1__reason__init(reason);
    reason->has_about = from->about.size > 0;
    reason->about = data_of(from->about);
    reason->about_title = titles;
    for (unsigned i = 0; from->title && i < LOCALE_COUNT; i++) {
        titles[reason->n_about_title++] = data_text(from->title->text[i]);
    }
    reason->has_value = from->value.size > 0;
    reason->value = data_of(from->value);
    const struct policy_field *rules = dispatch_rules_of(from, &narrowed);
    reason->form = from->field ? form_for(from->policy, from->field, rules, arena) : NULL;
    reason->roles = roles;
    if (from->policy) {
        roles_of(from->policy, from->roles, roles, &reason->n_roles);
    }
    reason->has_level = from->level > 0;
    reason->level = from->level;
    reason->has_until_us = from->until_us != 0;
    reason->until_us = from->until_us;
    reason->has_counted = reason->has_at_most = reason->has_since_us = from->since_us != 0;
    reason->counted = from->counted;
    reason->at_most = from->at_most;
    reason->since_us = from->since_us;
    reason->has_version = from->version > 0;
    reason->version = from->version;
    wanted_of(from->policy, from->wanted, arena, &reason->wanted, &reason->n_wanted);
    return reason;
}

/* As far as the arena goes; what is cut is told by its absence. */
static void unsealed_of(const struct dispatch_reply *from,
                        struct arena *arena,
                        Redress__Command__V1__Reply *reply)
{
    reply->unsealed = arena_take(arena, from->unsealed_count * sizeof *reply->unsealed);
    for (uint32_t i = 0; reply->unsealed && i < from->unsealed_count; i++) {
        const struct dispatch_unsealed *unsealed = &from->unsealed[i];
        Redress__Command__V1__Unsealed *into = arena_take(arena, sizeof *into);
        if (!into) {
            return;
        }
        redress__command__v1__unsealed__init(into);
        into->has_place = into->has_name = into->has_text = 1;
        into->place = unsealed->place;
        into->name = data_of(unsealed->name);
        into->has_field = unsealed->field.size > 0;
        into->field = data_of(unsealed->field);
        into->text = data_of(unsealed->text);
        reply->unsealed[reply->n_unsealed++] = into;
    }
}

struct slice dispatch_reply_pack(const struct dispatch_reply *from, struct arena *arena)
{
    Redress__Command__V1__Reply reply = REDRESS__COMMAND__V1__REPLY__INIT;
    char number[CASE_NUMBER_SIZE];
    reply.has_command_id = from->command_id.size > 0;
    reply.command_id = data_of(from->command_id);
    reply.has_outcome = 1;
    reply.outcome = from->outcome;
    if (from->code) {
        reply.has_code = 1;
        reply.code = data_text(from->code);
    }
    if (from->text) {
        reply.has_text = 1;
        reply.text = data_text(from->text);
    }
    reply.reason = from->reason ? reason_pack(from->reason, arena) : NULL;
    if (from->endpoint) {
        reply.has_endpoint = 1;
        reply.endpoint = data_text(from->endpoint);
    }
    reply.has_claim_token = from->claim_token.size > 0;
    reply.claim_token = data_of(from->claim_token);
    reply.has_case_id = from->case_id != 0;
    reply.case_id = from->case_id;
    reply.has_seq = from->seq != 0;
    reply.seq = from->seq;
    unsealed_of(from, arena, &reply);
    if (from->state) {
        case_number_format(from->state->case_id, from->state->received_at_us, number);
        reply.has_case_number = 1;
        reply.case_number = data_text(number);
        state_of(from, &reply);
        if (from->allowed) {
            const struct policy_step *step = &from->policy->steps[from->state->step];
            allowed_of(from, arena, &reply);
            forms_of(from->policy, step, arena, &reply);
            if (from->asker && from->state->queue != POLICY_NONE) {
                reply.claim = allowed_taking(from, DISPATCH_CLAIM, arena);
            }
            if (from->asker && from->state->agent[0] != '\0') {
                reply.release = allowed_taking(from, DISPATCH_RELEASE, arena);
            }
        }
    }
    return pack(&reply.base, arena);
}

struct slice dispatch_claim_pack(struct slice command_id,
                                 struct slice actor,
                                 struct slice role,
                                 uint64_t case_id,
                                 struct slice queue,
                                 struct slice token,
                                 struct arena *arena)
{
    Redress__Command__V1__Act act = REDRESS__COMMAND__V1__ACT__INIT;
    act.has_case_id = act.has_action = act.has_queue = act.has_claim_token = 1;
    act.case_id = case_id;
    act.action = data_text("claim");
    act.queue = data_of(queue);
    act.claim_token = data_of(token);
    Redress__Command__V1__Command command = REDRESS__COMMAND__V1__COMMAND__INIT;
    command.has_command_id = command.has_actor = command.has_role = 1;
    command.command_id = data_of(command_id);
    command.actor = data_of(actor);
    command.role = data_of(role);
    command.act = &act;
    return pack(&command.base, arena);
}
