/* What somebody at a desk asks of dispatch, and the shell's part of erasing, as
 * services/dispatch/dispatch_desk.c and dispatch_note.c have it: what is personal is sealed before
 * the core sees it, the key goes with the event that erases. */
#include "dispatch_core_form.h"
#include "instance.h"

static struct slice field_of(const struct order *order, const char *name)
{
    for (uint32_t i = 0; i < order->field_count; i++) {
        if (slice_equal(order->fields[i].name, slice_text(name))) {
            return order->fields[i].value;
        }
    }
    return (struct slice){0};
}

/* Whose room the archive will be asked for: who acts, who is given the case, who gets it back. */
static uint32_t taker_of(const struct request *request, const struct dispatch_case *state)
{
    const struct policy *policy = policies_by_id(state->policy_id);
    const struct policy_step *step = &policy->steps[state->step];
    uint16_t index = policy_action_index(step, slice_text(request->order->action));
    if (request->kind != REQUEST_ACT || index == POLICY_NONE) {
        return request->agent;
    }
    return step->actions[index].fact == EVENT_UNMERGED
               ? agent_number(slice_text(state->more.back_agent))
               : agent_number(field_of(request->order, "agent"));
}

/* False: there is no key to seal it under. */
static bool seal_order(const struct request *request,
                       const struct dispatch_case *state,
                       struct dispatch_input *input,
                       struct event_field fields[ORDER_FIELDS_MAX])
{
    const struct policy *policy = policies_by_id(state->policy_id);
    struct slice sealed = world_sealed(state->case_id);
    bool seals = request->order->note;
    memcpy(fields, request->order->fields, input->field_count * sizeof *fields);
    input->fields = fields;
    for (uint32_t i = 0; i < input->field_count; i++) {
        const struct policy_field *rules =
            dispatch_personal(policy, state, input->action, fields[i].name);
        if (rules && fields[i].value.size > 0) {
            seals = true;
            fields[i].sealed = sealed;
            fields[i].value = (struct slice){0};
        }
    }
    if (request->order->note) {
        input->sealed_note = sim.mutant == MUTANT_PERSONAL_UNSEALED ? slice_text(PERSONAL) : sealed;
    }
    return !seals || request->has_key;
}

bool desk_asks(const struct instance *instance,
               const struct request *request,
               const struct dispatch_case *state,
               struct dispatch_input *input,
               struct event_field fields[ORDER_FIELDS_MAX])
{
    const struct order *order = request->order;
    const struct agent_guess *guess = &instance->guesses[taker_of(request, state)];
    input->action = slice_text(order->action);
    bool erases = slice_equal(input->action, slice_text("erase"));
    bool reads = slice_equal(input->action, slice_text("read"));
    input->kind = request->kind == REQUEST_CLAIM     ? DISPATCH_CLAIM
                  : request->kind == REQUEST_RELEASE ? DISPATCH_RELEASE
                  : erases                           ? DISPATCH_ERASE
                  : reads                            ? DISPATCH_READ
                                                     : DISPATCH_ACTION;
    input->actor = slice_text(agent_name(request->agent));
    input->role = slice_text(order->role);
    input->field_count = order->field_count;
    input->fields = order->fields;
    input->claim_token = slice_text(request->token);
    input->other_case = order->other_case;
    input->agent_has_capacity =
        guess->used + guess->delta < AGENT_CAPACITY || sim.mutant == MUTANT_CAPACITY_BELIEVED;
    bool gone = state->more.erased_at_us != 0 && input->kind == DISPATCH_ACTION;
    return gone || seal_order(request, state, input, fields);
}

bool desk_other_is_amiss(const struct instance *instance,
                         const struct dispatch_input *input,
                         const struct event *event)
{
    uint64_t id = input->other_case;
    const struct holding *holding = &instance->holdings[case_partition(id)];
    bool merges = event->kind == EVENT_MERGED;
    if ((!merges && event->kind != EVENT_LINKED) || sim.mutant == MUTANT_MERGED_INTO_ERASED ||
        holding->phase != OWNER_SERVING || !cases_here(instance, id)) {
        return false; /* of a case elsewhere its owner knows, and nobody asks him */
    }
    const struct dispatch_case *other = &holding->rows[case_id_serial(id)].dispatch;
    bool erased = other->more.erased_at_us != 0;
    if (merges && erased) {
        sim_reach(SOMETIMES_MERGE_INTO_ERASED);
    }
    return other->version == 0 || (merges && erased);
}

/* It says nothing that was not known. */
static void key_destroyed(struct instance *instance, struct call *call)
{
    (void)instance;
    (void)call;
}

void batch_erase(struct instance *instance, uint64_t case_id)
{
    struct batch *batch = &instance->batch;
    batch->erased[batch->erased_count++] = case_id;
    if (sim.mutant == MUTANT_KEY_DESTROYED_FIRST) {
        struct call *call = instance_call(instance, CALL_COMMIT, key_destroyed);
        call->erased = sim_new(sizeof case_id);
        call->erased[call->erased_count++] = case_id;
        pg_call(call);
    }
}

void desk_tell(struct instance *instance,
               const struct request *request,
               enum dispatch_answer answer)
{
    batch_reply(instance, request, request->case_id);
    instance->batch.replies[instance->batch.reply_count - 1].refused = dispatch_answer_code(answer);
}

void desk_refused(struct instance *instance,
                  const struct request *request,
                  const struct dispatch_input *input,
                  enum dispatch_answer answer)
{
    bool erases = input->kind == DISPATCH_ERASE;
    if (answer == DISPATCH_ERASED && input->kind == DISPATCH_READ) {
        sim_reach(SOMETIMES_READ_ERASED);
    } else if (answer == DISPATCH_ERASED && !erases) {
        sim_reach(SOMETIMES_ACTED_ON_ERASED);
    } else if (answer == DISPATCH_ERASED) { /* as if it were done now */
        sim_reach(SOMETIMES_ERASED_AGAIN);
        batch_erase(instance, request->case_id);
        instance->holdings[case_partition(request->case_id)].touched = true;
    } else if (answer == DISPATCH_ON_HOLD || answer == DISPATCH_STILL_OPEN ||
               answer == DISPATCH_MAY_BE_REOPENED || answer == DISPATCH_MUST_BE_KEPT) {
        sim_reach(SOMETIMES_REFUSAL_KNOWN);
        desk_tell(instance, request, answer);
    }
}
