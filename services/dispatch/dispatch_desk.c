/* What people ask of dispatch: claim out of a queue, act on a case, show one. */
#include "dispatch_shell.h"
#include "log.h"
#include "text.h"

#include <assert.h>

static struct slice slice_if(int present, ProtobufCBinaryData data)
{
    return present ? slice_of(data.data, data.len) : slice_of(NULL, 0);
}

static struct slice id_of(const struct asked *asked)
{
    return slice_if(asked->command->has_command_id, asked->command->command_id);
}

static void answer(const struct asked *asked, struct dispatch_reply *reply)
{
    reply->command_id = id_of(asked);
    cycle_reply(
        asked->cycle, &asked->request->peer, dispatch_reply_pack(reply, cycle_arena(asked->cycle)));
}

static const struct dispatch_reason no_reason;

static void refuse(const struct asked *asked,
                   const char *code,
                   const char *text,
                   const struct dispatch_reason *reason)
{
    struct dispatch_reply reply = {.outcome = REDRESS__COMMAND__V1__OUTCOME__OUTCOME_REFUSED,
                                   .code = code,
                                   .text = text,
                                   .reason = reason};
    answer(asked, &reply);
}

void desk_refuse(const struct asked *asked,
                 enum desk_refusal refusal,
                 const struct dispatch_reason *reason)
{
    reason = reason ? reason : &no_reason;
    refuse(asked,
           desk_refusal_code(refusal),
           desk_refusal_tell(refusal, reason, cycle_arena(asked->cycle)),
           reason);
}

void desk_refuse_as(const struct asked *asked,
                    enum dispatch_answer answer,
                    const struct dispatch_reason *reason)
{
    refuse(asked,
           dispatch_answer_code(answer),
           dispatch_refusal_tell(answer, reason, cycle_arena(asked->cycle)),
           reason);
}

void desk_postpone(const struct asked *asked, const char *code, const char *text)
{
    struct dispatch_reply reply = {
        .outcome = REDRESS__COMMAND__V1__OUTCOME__OUTCOME_OVERLOADED, .code = code, .text = text};
    answer(asked, &reply);
}

/* Who asks, as the core takes it; nobody where the command names nobody. */
static struct dispatch_input asker_of(const struct asked *asked)
{
    const Redress__Command__V1__Command *command = asked->command;
    return (struct dispatch_input){.kind = DISPATCH_ACTION,
                                   .now_us = cycle_now_us(asked->cycle),
                                   .agent_has_capacity = true,
                                   .org = people_org(asked->dispatch),
                                   .actor = slice_if(command->has_actor, command->actor),
                                   .role = slice_if(command->has_role, command->role)};
}

static bool
capacity_left(struct dispatch *dispatch, const struct policy *policy, struct slice actor)
{
    /* looks only: names cost nothing to invent, and places in memory are few */
    const struct agent *agent = agent_find(dispatch, actor);
    int32_t capacity = people_capacity(dispatch, policy, actor);
    return agent ? !agent->full && agent->used + agent->delta < capacity
                 : capacity > 0 && !agents_are_full(dispatch);
}

/* With the case as it stands, and what may be done with it. */
static void
answer_case(const struct asked *asked, const struct held_case *held, struct dispatch_reply reply)
{
    reply.case_id = held->state.case_id;
    reply.policy = dispatch_policy(asked->dispatch, held->state.policy_id);
    reply.state = &held->state;
    reply.allowed = true;
    struct dispatch_input asker = asker_of(asked);
    asker.counted = counts_of(asked->dispatch, held->state.case_id);
    reply.asker = asker.actor.size > 0 ? &asker : NULL;
    reply.asker_is_full =
        reply.asker && reply.policy && !capacity_left(asked->dispatch, reply.policy, asker.actor);
    answer(asked, &reply);
}

static void
answer_done(const struct asked *asked, const struct held_case *held, const char *code, uint64_t seq)
{
    answer_case(asked,
                held,
                (struct dispatch_reply){.outcome = REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE,
                                        .code = code,
                                        .seq = seq});
}

/* The case of a command: here, elsewhere, or nowhere.  NULL: answered. */
static struct held_case *case_of(const struct asked *asked, uint64_t case_id, struct slice token)
{
    struct dispatch *dispatch = asked->dispatch;
    uint32_t partition = case_partition(case_id);
    struct dispatch_reply reply = {.case_id = case_id, .claim_token = token};
    if (!service_serves(dispatch->service, partition)) {
        const char *endpoint = service_owner_endpoint(dispatch->service, partition);
        bool known = endpoint[0] != '\0';
        reply.outcome = known ? REDRESS__COMMAND__V1__OUTCOME__OUTCOME_MOVED
                              : REDRESS__COMMAND__V1__OUTCOME__OUTCOME_OVERLOADED;
        reply.endpoint = known ? endpoint : NULL;
        reply.code = known ? "moved" : "not_ready";
        if (partition >= service_partitions(dispatch->service)) {
            reply =
                (struct dispatch_reply){.outcome = REDRESS__COMMAND__V1__OUTCOME__OUTCOME_NOT_FOUND,
                                        .code = "case_unknown"};
        }
        answer(asked, &reply);
        return NULL;
    }
    struct held_case *held = dispatch_find(dispatch, case_id);
    if (!held && dispatch->asked_in[partition] != dispatch->cycle) {
        /* taken over while the archive was asked for the others: nobody knows yet */
        reply.outcome = REDRESS__COMMAND__V1__OUTCOME__OUTCOME_OVERLOADED;
        reply.code = "not_ready";
        answer(asked, &reply);
    } else if (!held) {
        reply.outcome = REDRESS__COMMAND__V1__OUTCOME__OUTCOME_NOT_FOUND;
        reply.code = "case_unknown";
        reply.text = "no such case";
        answer(asked, &reply);
    }
    return held;
}

static const struct known_command *known_find(const struct dispatch *dispatch, struct slice id)
{
    for (uint32_t i = 0; i < dispatch->known_count; i++) {
        if (slice_equal(slice_of(dispatch->known[i].id, 16), id)) {
            return &dispatch->known[i];
        }
    }
    return NULL;
}

/* The same command twice in one batch: the second one is answered like a repeat of the first. */
static const struct dispatch_command_row *batch_find(const struct dispatch *dispatch,
                                                     struct slice id)
{
    for (uint32_t i = dispatch->command_count; i-- > 0;) {
        if (slice_equal(slice_of(dispatch->commands[i].command_id, 16), id)) {
            return &dispatch->commands[i];
        }
    }
    return NULL;
}

/* recorded: by which event; 0: by none. */
static void answer_refusal(const struct asked *asked,
                           const struct held_case *held,
                           const struct dispatch_input *input,
                           enum dispatch_answer answered,
                           struct slice field,
                           uint64_t recorded)
{
    const struct policy *policy = dispatch_policy(asked->dispatch, held->state.policy_id);
    struct dispatch_refusal refusal = {policy, &held->state, input, answered, field, 0};
    refusal.field = people_about(policy, input, answered, field, &refusal.until_us);
    const struct dispatch_reason reason = dispatch_reason_of(&refusal);
    answer_case(asked,
                held,
                (struct dispatch_reply){
                    .outcome = answered == DISPATCH_VERSION
                                   ? REDRESS__COMMAND__V1__OUTCOME__OUTCOME_CONFLICT
                                   : REDRESS__COMMAND__V1__OUTCOME__OUTCOME_REFUSED,
                    .code = dispatch_answer_code(answered),
                    .text = dispatch_refusal_tell(answered, &reason, cycle_arena(asked->cycle)),
                    .reason = &reason,
                    .seq = recorded});
}

enum dispatch_input_kind desk_kind_of(struct slice action)
{
    static const struct {
        const char *action;
        enum dispatch_input_kind kind;
    } own[] = {
        {"claim",   DISPATCH_CLAIM  },
        {"release", DISPATCH_RELEASE},
        {"erase",   DISPATCH_ERASE  },
        {"read",    DISPATCH_READ   },
    };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (slice_equal(action, slice_text(own[i].action))) {
            return own[i].kind;
        }
    }
    return DISPATCH_ACTION;
}

/* A command that was recorded is done, but for an erasure whose refusal was: that is refused again,
 * as things stand now, and not recorded again. */
static bool was_refused(const struct asked *asked, const struct held_case *held)
{
    const Redress__Command__V1__Act *act = asked->command->act;
    const struct policy *policy = dispatch_policy(asked->dispatch, held->state.policy_id);
    struct event_field fields[EVENT_FIELDS_MAX];
    struct dispatch_input input = asker_of(asked);
    input.action = act ? slice_if(act->has_action, act->action) : slice_of(NULL, 0);
    input.kind = desk_kind_of(input.action);
    input.fields = fields;
    if (input.kind != DISPATCH_ERASE || held->state.more.erased_at_us != 0 || !policy ||
        !dispatch_fields_of(act, fields, &input.field_count)) {
        return false;
    }
    struct dispatch_permit permit = dispatch_may(policy, &held->state, &input, false);
    bool passed = permit.answer == DISPATCH_APPEND; /* what stood against it does no more */
    answer_refusal(asked, held, &input, passed ? DISPATCH_VERSION : permit.answer, permit.what, 0);
    return true;
}

bool desk_repeated(const struct asked *asked)
{
    struct dispatch *dispatch = asked->dispatch;
    const struct known_command *known = known_find(dispatch, id_of(asked));
    const struct dispatch_command_row *row = batch_find(dispatch, id_of(asked));
    bool another = claim_is_another(asked);
    if (!known && !row && !another) {
        return false;
    }
    if (another || (known ? known->mark : row->mark) != asked->mark) {
        desk_refuse(asked, DESK_COMMAND_ID_REUSED, NULL);
        return true;
    }
    uint64_t case_id = known ? known->case_id : row->case_id;
    const struct held_case *held = case_of(asked, case_id, slice_of(NULL, 0));
    if (held && !was_refused(asked, held)) {
        answer_done(asked, held, "repeated", known ? known->seq : row->seq);
    }
    if (held) {
        cycle_touch(asked->cycle, case_partition(case_id));
    }
    return true;
}

bool desk_asks_first(const struct asked *asked)
{
    struct dispatch *dispatch = asked->dispatch;
    if (dispatch->asked_known) {
        return false;
    }
    desk_look_again(asked);
    return true;
}

void desk_look_again(const struct asked *asked)
{
    asked->dispatch->ask_known = true;
    asked->dispatch->ask_counts = true;
    cycle_look_again(asked->cycle);
}

static void command_done(const struct asked *asked, const struct event *event)
{
    struct dispatch *dispatch = asked->dispatch;
    struct dispatch_command_row *row = &dispatch->commands[dispatch->command_count++];
    *row = (struct dispatch_command_row){
        .case_id = event->case_id, .seq = event->seq, .at_us = event->at_us, .mark = asked->mark};
    struct slice id = id_of(asked);
    assert(id.bytes && id.size == sizeof row->command_id);
    memcpy(row->command_id, id.bytes, sizeof row->command_id);
}

/* Whose capacity the command asks for: of whoever has the case afterwards. */
static struct slice taker_of(const struct policy *policy,
                             const struct dispatch_case *state,
                             const struct dispatch_input *input)
{
    const struct policy_step *step = &policy->steps[state->step];
    uint16_t index = policy_action_index(step, input->action);
    if (input->kind != DISPATCH_ACTION || index == POLICY_NONE) {
        return input->actor;
    }
    if (step->actions[index].fact == EVENT_UNMERGED) {
        return slice_text(state->more.back_agent);
    }
    for (uint32_t i = 0; i < input->field_count && step->actions[index].gives; i++) {
        if (slice_equal(input->fields[i].name, slice_text("agent"))) {
            return input->fields[i].value;
        }
    }
    return input->actor;
}

/* The other case of a merge or a link is one of ours, but is not there, or what would be merged is
 * alive and that one erased.  Of a case elsewhere its owner knows, and nobody asks him. */
static bool other_is_amiss(const struct asked *asked,
                           const struct held_case *held,
                           const struct dispatch_input *input)
{
    struct dispatch *dispatch = asked->dispatch;
    const struct policy *policy = dispatch_policy(dispatch, held->state.policy_id);
    const struct policy_step *step = policy ? &policy->steps[held->state.step] : NULL;
    uint16_t index = step ? policy_action_index(step, input->action) : POLICY_NONE;
    bool merges = index != POLICY_NONE && step->actions[index].fact == EVENT_MERGED;
    bool links = index != POLICY_NONE && step->actions[index].fact == EVENT_LINKED;
    if ((!merges && !links) || input->other_case == 0 ||
        !service_serves(dispatch->service, case_partition(input->other_case))) {
        return false;
    }
    const struct held_case *other = dispatch_find(dispatch, input->other_case);
    return !other || (merges && other->state.more.erased_at_us != 0);
}

/* Refused, and nothing is recorded of it. */
static void refuse_act(const struct asked *asked,
                       const struct held_case *held,
                       const struct dispatch_input *input,
                       enum dispatch_answer answered,
                       struct slice field)
{
    struct dispatch *dispatch = asked->dispatch;
    if (answered == DISPATCH_ERASED && input->kind == DISPATCH_ERASE) { /* as if it were done now */
        uint64_t case_id = asked->command->act->case_id;
        dispatch->erased[dispatch->erased_count++] = case_id; /* a copy may have brought it back */
        cycle_touch(asked->cycle, case_partition(case_id));
        answer_done(asked, held, dispatch_answer_code(answered), 0);
        return;
    }
    if (input->kind == DISPATCH_CLAIM && claim_again(asked, answered)) {
        return;
    }
    if (input->kind == DISPATCH_CLAIM) {
        claim_give_back(dispatch, asked->command->act->case_id, input->claim_token);
    }
    answer_refusal(asked, held, input, answered, field, 0);
}

static void act_on(const struct asked *asked,
                   struct held_case *held,
                   struct dispatch_input *input,
                   uint32_t key_id)
{
    struct dispatch *dispatch = asked->dispatch;
    const Redress__Command__V1__Act *act = asked->command->act;
    const struct policy *policy = dispatch_policy(dispatch, held->state.policy_id);
    struct slice field;
    struct event *out = &dispatch->out;
    if (!policy) {
        return;
    }
    input->agent_has_capacity =
        capacity_left(dispatch, policy, taker_of(policy, &held->state, input));
    input->org = people_org(dispatch);
    input->counted = counts_of(dispatch, act->case_id);
    input->raised_to = early_raised_to(dispatch, act->case_id);
    enum dispatch_answer answered = dispatch_decide(policy, &held->state, input, out, &field);
    if (answered == DISPATCH_APPEND && other_is_amiss(asked, held, input)) {
        answered = DISPATCH_FIELD_INVALID;
        field = slice_text("case");
    }
    if (answered != DISPATCH_APPEND &&
        (desk_asks_first(asked) ||
         (answered == DISPATCH_UNCOUNTED && counts_ask_first(asked, held)))) {
        return;
    }
    bool recorded = dispatch_refusal_is_recorded(answered, out);
    if (answered != DISPATCH_APPEND && !recorded) {
        refuse_act(asked, held, input, answered, field);
        return;
    }
    const struct dispatch_unsealed *unsealed = NULL;
    uint32_t unsealed_count = 0;
    if (input->kind == DISPATCH_READ && !reading_give(asked, held, &unsealed, &unsealed_count)) {
        return;
    }
    out->key_id = key_id;
    if (!dispatch_apply(dispatch, asked->cycle, policy, act->case_id, out)) {
        return;
    }
    command_done(asked, out);
    if (recorded) {
        answer_refusal(asked, held, input, answered, field, out->seq);
        return;
    }
    if (out->kind == EVENT_ERASED) {
        dispatch->erased[dispatch->erased_count++] = act->case_id;
    }
    answer_case(asked,
                held,
                (struct dispatch_reply){.outcome = REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE,
                                        .seq = out->seq,
                                        .unsealed = unsealed,
                                        .unsealed_count = unsealed_count});
}

static void act(const struct asked *asked)
{
    struct dispatch *dispatch = asked->dispatch;
    const Redress__Command__V1__Command *command = asked->command;
    const Redress__Command__V1__Act *act = command->act;
    struct event_field fields[EVENT_FIELDS_MAX];
    struct dispatch_input input = {
        .now_us = cycle_now_us(asked->cycle),
        .actor = slice_if(command->has_actor, command->actor),
        .role = slice_if(command->has_role, command->role),
        .expected_version = act->has_expected_version ? act->expected_version : 0,
        .action = slice_if(act->has_action, act->action),
        .fields = fields,
        .command_id = id_of(asked),
        .claim_token = slice_if(act->has_claim_token, act->claim_token),
    };
    input.kind = desk_kind_of(input.action);
    claim_decided(asked);
    if (desk_repeated(asked)) {
        if (input.kind == DISPATCH_CLAIM) {
            claim_give_back(dispatch, act->case_id, input.claim_token);
        }
        return;
    }
    struct held_case *held = case_of(asked, act->case_id, input.claim_token);
    if (!held) {
        return;
    }
    if (people_postpone(asked)) {
        return;
    }
    if (!dispatch_fields_of(act, fields, &input.field_count)) {
        desk_refuse(asked, DESK_FIELDS_TOO_MANY, NULL);
        return;
    }
    input.other_case = dispatch_other_case(fields, input.field_count);
    uint32_t key_id = 0;
    bool reads = input.kind == DISPATCH_READ;
    if (reads && ((act->has_note && act->note.len > 0) || act->has_text)) {
        input.bad_field = slice_text("note"); /* is no part of its form */
    }
    /* nothing is sealed any more, and the core refuses all of these before it looks at the form */
    bool gone = held->state.more.erased_at_us != 0 && (reads || input.kind == DISPATCH_ACTION);
    if (gone || (desk_personal(asked, held, fields, &input, &key_id) &&
                 (reads || desk_note(asked, held, &input, &key_id)))) {
        act_on(asked, held, &input, key_id);
    }
}

static void show(const struct asked *asked)
{
    const struct held_case *held = case_of(asked, asked->command->show->case_id, slice_of(NULL, 0));
    bool named = asked->command->has_actor && asked->command->actor.len > 0;
    if (held && !(named && counts_ask_first(asked, held))) {
        answer_done(asked, held, NULL, 0);
    }
}

uint64_t desk_mark(const struct dispatch *dispatch, const Redress__Command__V1__Command *command)
{
    struct slice body = dispatch_command_body(command);
    uint64_t mark = seal_mark(dispatch->ring, body);
    explicit_bzero((void *)(uintptr_t)body.bytes, body.size); /* notes, personal fields */
    return mark;
}

void desk_request(struct dispatch *dispatch, struct cycle *cycle, const struct request *request)
{
    struct error error = {0};
    struct asked asked = {dispatch, cycle, request, NULL, 0};
    asked.command = dispatch_decode(request->bytes, cycle_arena(cycle), &error);
    static const Redress__Command__V1__Command nothing = REDRESS__COMMAND__V1__COMMAND__INIT;
    if (!asked.command) {
        asked.command = &nothing;
        desk_refuse(&asked, DESK_COMMAND_UNREADABLE, NULL);
    } else if (!asked.command->has_command_id || asked.command->command_id.len != 16) {
        desk_refuse(&asked, DESK_COMMAND_ID_INVALID, NULL);
    } else if (asked.command->show) {
        show(&asked);
    } else if (!dispatch_names_are_good(asked.command)) {
        desk_refuse(&asked, DESK_ACTOR_INVALID, NULL);
    } else if (!asked.command->act && !asked.command->claim) {
        desk_refuse(&asked, DESK_COMMAND_UNKNOWN, NULL);
    } else {
        asked.mark = desk_mark(dispatch, asked.command);
        (asked.command->act ? act : claim)(&asked);
    }
}
