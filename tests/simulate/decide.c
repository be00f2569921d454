/* What each of the four makes of an input: the shell's part around the real cores. */
#include "client.h"
#include "instance.h"
#include "intake_core.h"
#include "oracle.h"
#include "policy_fixture.h"
#include "triage_core.h"

#include <assert.h>

static struct holding *holding_of(struct instance *instance, uint64_t case_id)
{
    return &instance->holdings[case_partition(case_id)];
}

void batch_reply(struct instance *instance, const struct request *request, uint64_t case_id)
{
    struct request *reply = &instance->batch.replies[instance->batch.reply_count++];
    *reply = *request;
    reply->case_id = case_id;
}

void batch_change(struct instance *instance, uint64_t case_id)
{
    instance->batch.changed[case_partition(case_id)][case_id_serial(case_id)] = true;
}

/* What mutants do to what is stored. */
static void
spoil(struct dispatch_case *state, const struct dispatch_case *had, const struct event *event)
{
    struct dispatch_more *now = &state->more;
    const struct dispatch_more *before = &had->more;
    if (sim.mutant == MUTANT_CUSTOMER_KEPT && event->kind == EVENT_ERASED) {
        state->customer = had->customer;
    }
    if (sim.mutant == MUTANT_MERGE_LOSES_PLACE && event->kind == EVENT_MERGED) {
        now->back_queue = now->back_home = 1;
    }
    if (sim.mutant == MUTANT_OFFER_LOST_BY_MERGE && event->kind == EVENT_MERGED) {
        now->offered = OFFER_NONE;
    }
    for (unsigned i = 0; sim.mutant == MUTANT_MARK_COUNTED_TWICE && i < POLICY_MARKS_MAX; i++) {
        now->times[i] = (uint8_t)(now->times[i] + (now->times[i] > before->times[i]));
    }
}

void batch_append(struct instance *instance,
                  const struct policy *policy,
                  struct event *event,
                  uint64_t reference)
{
    struct holding *holding = holding_of(instance, event->case_id);
    struct batch *batch = &instance->batch;
    struct fact *fact = &batch->facts[batch->fact_count];
    struct row *row = cases_row(instance, event->case_id);
    assert(batch->fact_count < BATCH_FACTS);
    if (instance->skew_us < 0 && event->at_us < world_now_us()) {
        sim_reach(SOMETIMES_CLOCK_BEHIND);
    }
    event->service = instance->service;
    event->partition = case_partition(event->case_id);
    event->seq = holding->next.seq + 1;
    event->epoch = holding->epoch;
    event->schema = EVENT_SCHEMA;
    const struct place *last =
        sim.mutant == MUTANT_CHAIN_NOT_CARRIED ? &holding->place : &holding->next;
    memcpy(event->prev_hash, last->hash, HASH_SIZE);
    fact_make(fact, event, reference);
    holding->touched = true;
    holding->next.seq = fact->seq;
    memcpy(holding->next.hash, fact->hash, HASH_SIZE);
    struct dispatch_case before = row->dispatch;
    uint32_t had = agent_number(slice_text(before.agent));
    row->version++;
    if (instance->service == SERVICE_DISPATCH) {
        dispatch_evolve(policy, &row->dispatch, fact->event);
        spoil(&row->dispatch, &before, fact->event);
        instance->guesses[had].delta--;
        instance->guesses[agent_number(slice_text(row->dispatch.agent))].delta++;
    } else if (instance->service == SERVICE_WATCHDOG) {
        watch_evolve(policy, &row->watch, fact->event);
    }
    batch->fact_count++;
    batch_change(instance, event->case_id);
}

/* ---- triage and dispatch ------------------------------------------------------------------ */

static void triage(struct instance *instance, const struct event *received)
{
    static const struct triage_repeats none;
    struct event event = {.case_id = received->case_id,
                          .at_us = instance_now_us(instance),
                          .cause_service = SERVICE_INTAKE,
                          .cause_seq = received->seq};
    event.kind = triage_decide(
        policies_by_id(received->received.policy_id), &received->received, &none, &event.triaged);
    batch_append(instance, NULL, &event, 0);
}

static void dispatch(struct instance *instance, const struct event *cause)
{
    struct row *row = cases_row(instance, cause->case_id);
    const struct policy *policy = decide_policy(row, cause);
    if (!policy) {
        return; /* a clock of a case that is not open yet */
    }
    const struct dispatch_input input = {
        .kind = cause->service == SERVICE_TRIAGE ? DISPATCH_TRIAGED : DISPATCH_CLOCK,
        .now_us = instance_now_us(instance),
        .event = cause,
    };
    struct event event;
    struct slice refused;
    if (dispatch_decide(policy, &row->dispatch, &input, &event, &refused) == DISPATCH_APPEND) {
        batch_append(instance, policy, &event, 0);
    }
    if (cause->service == SERVICE_WATCHDOG) {
        dispatch_evolve(policy, &row->dispatch, cause); /* the nearest due instant */
        batch_change(instance, cause->case_id);
    }
}

void decide_input(struct instance *instance, const struct fact *fact)
{
    if (instance->service == SERVICE_TRIAGE) {
        triage(instance, fact->event);
    } else if (instance->service == SERVICE_DISPATCH) {
        dispatch(instance, fact->event);
    } else {
        decide_watch(instance, fact->event);
    }
}

/* ---- requests ----------------------------------------------------------------------------- */

static bool receive(struct instance *instance, uint32_t partition, const struct request *request)
{
    uint64_t serial = instance->holdings[partition].next.seq + 1;
    const struct policy *policy = policies_by_id(request->policy_id);
    bool fixture = policies_kind() == POLICIES_FIXTURE;
    uint64_t variety = request->submission;
    struct slice category =
        fixture            ? slice_text("late")
        : variety % 4 == 0 ? (struct slice){0}
                           : slice_text(policy->categories[variety % policy->category_count].id);
    struct slice channel =
        slice_text(fixture ? "mail" : policy->channels[variety % policy->channel_count].id);
    const struct intake_input input = {
        .now_us = instance_now_us(instance),
        .id_present = true,
        .policy_name = slice_text(policy->name),
        .policy = policy,
        .channel = channel,
        .narrative_size = 10,
        .narrative_clean = true,
        .person_clean = true,
        .product_clean = true,
        .category_hint = category,
    };
    struct intake_output output;
    intake_decide(&input, &output);
    if (output.refusal != INTAKE_ACCEPTED || serial >= CASES_MAX) {
        return false;
    }
    uint8_t id[16] = {(uint8_t)request->submission};
    struct event event = {
        .kind = EVENT_RECEIVED,
        .case_id = case_id_make(partition, serial),
        .at_us = instance_now_us(instance),
        .received = {.submission_id = slice_of(id, sizeof id),
                     .channel = input.channel,
                     .policy_id = policy->id,
                     .received_at_us = output.received_at_us,
                     .acknowledged_by_receipt = output.acknowledged_by_receipt,
                     .customer = request->submission,
                     .sealed_narrative = world_sealed(case_id_make(partition, serial)),
                     .sealed_person = world_sealed(case_id_make(partition, serial)),
                     .category_hint = input.category_hint}
    };
    cases_begin(instance, event.case_id);
    batch_append(instance, NULL, &event, request_reference(request));
    batch_reply(instance, request, event.case_id);
    return true;
}

static bool is_in_batch(const struct instance *instance, const struct request *request)
{
    for (uint32_t i = 0; i < instance->batch.fact_count; i++) {
        if (instance->batch.facts[i].reference == request_reference(request)) {
            return true;
        }
    }
    return false;
}

static void agent_asks(const struct instance *instance,
                       const struct request *request,
                       struct dispatch_input *input)
{
    const struct agent_guess *guess = &instance->guesses[request->agent];
    input->kind = request->kind == REQUEST_CLAIM ? DISPATCH_CLAIM : DISPATCH_RELEASE;
    input->actor = slice_text(agent_name(request->agent));
    input->role = slice_text("handler");
    input->action = slice_text(request->kind == REQUEST_CLAIM ? "claim" : "release");
    input->field_count = 0;
    input->claim_token = slice_text(request->token);
    input->agent_has_capacity =
        guess->used + guess->delta < AGENT_CAPACITY || sim.mutant == MUTANT_CAPACITY_BELIEVED;
}

/* People named in this very form are looked at afterwards only. */
static bool decide_before_form(const struct policy *policy,
                               const struct dispatch_case *state,
                               const struct dispatch_input *input,
                               struct event *event)
{
    struct event_field fields[ORDER_FIELDS_MAX];
    struct slice refused;
    struct dispatch_input less = *input;
    less.fields = fields;
    less.field_count = 0;
    for (uint32_t i = 0; i < input->field_count; i++) {
        uint16_t field = policy_field_index(policy, input->fields[i].name);
        fields[less.field_count] = input->fields[i];
        if (field != POLICY_NONE && policy->fields[field].recuses) {
            fields[less.field_count].value = slice_text("nobody");
        }
        less.field_count++;
    }
    bool done = dispatch_decide(policy, state, &less, event, &refused) == DISPATCH_APPEND;
    for (uint32_t i = 0; done && i < input->field_count; i++) {
        event->advanced.fields[i] = input->fields[i];
    }
    return done;
}

/* What the archive counts for the action: any number may be what it says. */
static const struct dispatch_counted *count_asked(const struct policy *policy,
                                                  const struct dispatch_case *state,
                                                  const struct dispatch_input *input,
                                                  struct dispatch_counted *counted)
{
    struct dispatch_question asked;
    const struct policy_step *step = &policy->steps[state->step];
    uint16_t index = policy_action_index(step, input->action);
    if (index == POLICY_NONE ||
        !dispatch_question_of(policy, state, &step->actions[index], &asked)) {
        return NULL;
    }
    *counted = dispatch_counted_of(&asked, (uint32_t)sim_random(3));
    counted->count = sim.mutant == MUTANT_COUNT_IGNORED ? 0 : counted->count;
    return counted;
}

/* The most urgent priority its clocks have asked for, as their row in the archive says. */
static uint8_t raised_to(uint64_t case_id)
{
    const struct row *row =
        pg_row(SERVICE_WATCHDOG, case_partition(case_id), case_id_serial(case_id));
    const struct policy *policy = row_policy(row);
    const char *by;
    bool looked_up = policy && sim.mutant != MUTANT_RAISED_FORGOTTEN;
    if (sim.mutant == MUTANT_RAISED_UNASKED) {
        return 1;
    }
    return looked_up ? watch_raised(policy, &row->watch, &by) : 0;
}

static enum dispatch_answer decide_command(const struct policy *policy,
                                           const struct dispatch_case *state,
                                           const struct dispatch_input *input,
                                           struct event *event)
{
    struct slice refused;
    if (sim.mutant == MUTANT_RECUSED_BEFORE_FORM && input->field_count <= ORDER_FIELDS_MAX) {
        return decide_before_form(policy, state, input, event) ? DISPATCH_APPEND : DISPATCH_RECUSED;
    }
    return dispatch_decide(policy, state, input, event, &refused);
}

/* The case as mutants have it. */
static struct dispatch_case believed(const struct dispatch_case *row, enum dispatch_input_kind kind)
{
    struct dispatch_case state = *row;
    if (kind == DISPATCH_CLAIM && sim.mutant == MUTANT_CLAIM_BELIEVED) {
        state.queue = state.home_queue;
    }
    if (sim.mutant == MUTANT_COLLEAGUE_ACTS) {
        state.agent_role = POLICY_NONE;
    } else if (sim.mutant == MUTANT_HOLD_IGNORED) {
        state.more.hold = 0;
    } else if ((sim.mutant == MUTANT_ERASED_ACTED_ON && kind == DISPATCH_ACTION) ||
               (sim.mutant == MUTANT_ERASED_READ && kind == DISPATCH_READ)) {
        state.more.erased_at_us = 0;
    } else if (sim.mutant == MUTANT_UNMERGED_ELSEWHERE && state.more.back_step > 0) {
        state.more.back_step = 1;
    } else if (sim.mutant == MUTANT_UNMERGED_TO_ANOTHER && state.more.back_agent[0] != '\0') {
        (void)snprintf(state.more.back_agent, sizeof state.more.back_agent, "a1");
    } else if (sim.mutant == MUTANT_REFUSED_ANEW) {
        memset(state.more.refused, 0, sizeof state.more.refused);
    }
    return state;
}

/* Appends what the core says, a refusal that is recorded included. */
static void carry_out(struct instance *instance,
                      const struct policy *policy,
                      const struct request *request,
                      const struct dispatch_input *input)
{
    const struct row *row = cases_row(instance, request->case_id);
    struct dispatch_case state = believed(&row->dispatch, input->kind);
    struct event event = {0};
    struct dispatch_counted counted;
    struct dispatch_input asked = *input;
    asked.counted = count_asked(policy, &state, input, &counted);
    asked.raised_to = raised_to(request->case_id);
    enum dispatch_answer answer = decide_command(policy, &state, &asked, &event);
    bool recorded = dispatch_refusal_is_recorded(answer, &event);
    if (answer == DISPATCH_APPEND && desk_other_is_amiss(instance, input, &event)) {
        answer = DISPATCH_FIELD_INVALID;
    }
    bool reads = input->kind == DISPATCH_READ;
    if (reads
            ? answer == DISPATCH_APPEND && sim.mutant != MUTANT_READ_UNRECORDED
            : answer == DISPATCH_APPEND || (recorded && sim.mutant != MUTANT_REFUSAL_UNRECORDED)) {
        batch_append(instance, policy, &event, request_reference(request));
    }
    if (recorded) {
        desk_tell(instance, request, answer);
    } else if (answer == DISPATCH_APPEND) {
        batch_reply(instance, request, request->case_id);
        instance->batch.replies[instance->batch.reply_count - 1].gave = reads;
        if (event.kind == EVENT_ERASED) {
            batch_erase(instance, request->case_id);
        }
        if (input->kind == DISPATCH_CLAIM) {
            sim_reach(SOMETIMES_CLAIMED);
        }
    } else if (input->kind == DISPATCH_CLAIM) {
        sim_reach(SOMETIMES_CLAIM_REFUSED);
        claim_undo(instance, request);
    } else {
        desk_refused(instance, request, input, answer);
    }
}

static void command(struct instance *instance, const struct request *request)
{
    static const struct {
        const char *action, *actor, *role;
        const char *filled[2];
    } steps[REQUEST_KINDS] = {
        [REQUEST_PROPOSE] = {"propose", "ana",   "handler",    {"cause", "remedy"}},
        [REQUEST_APPROVE] = {"approve", "boss",  "supervisor", {NULL}             },
        [REQUEST_CONSENT] = {"consent", "carol", "customer",   {NULL}             },
        [REQUEST_REPLY] = {"reply",   "ana",   "handler",    {NULL}             },
        [REQUEST_CLOSE] = {"close",   "ana",   "handler",    {NULL}             },
        [REQUEST_REJECT] = {"reject",  "ana",   "handler",    {"reason"}         },
    };
    struct event_field fields[ORDER_FIELDS_MAX];
    uint8_t id[16] = {(uint8_t)request->submission,
                      (uint8_t)request->kind,
                      (uint8_t)request->agent,
                      (uint8_t)request->command};
    struct row *row = cases_row(instance, request->case_id);
    const struct policy *policy = row_policy(row);
    if (!policy) {
        claim_undo(instance, request);
        return; /* not open here */
    }
    if (sim.mutant == MUTANT_OTHER_POLICY) {
        policy = policies_at(policies_count() - 1);
    }
    struct dispatch_input input = {
        .kind = DISPATCH_ACTION,
        .now_us = instance_now_us(instance),
        .fields = fields,
        .command_id = slice_of(id, sizeof id),
    };
    bool sealed = true;
    if (request->order) {
        sealed = desk_asks(instance, request, &row->dispatch, &input, fields);
    } else if (request->agent > 0) {
        agent_asks(instance, request, &input);
    } else {
        input.actor = slice_text(steps[request->kind].actor);
        input.role = slice_text(steps[request->kind].role);
        for (uint32_t i = 0; i < 2 && steps[request->kind].filled[i]; i++) {
            fields[input.field_count++] = (struct event_field){
                .name = slice_text(steps[request->kind].filled[i]),
                .value = slice_text("yes"),
            };
        }
        input.action = slice_text(steps[request->kind].action);
    }
    if (sealed) {
        carry_out(instance, policy, request, &input);
    }
}

/* What was granted before is answered again, but not on the word of a read: after a commit of ours.
 */
static void repeat(struct instance *instance, uint32_t partition, const struct request *request)
{
    sim_reach(request->kind == REQUEST_SUBMIT ? SOMETIMES_DUPLICATE_ANSWERED
                                              : SOMETIMES_COMMAND_REPEATED);
    if (pg_granted_before(instance->service, request_reference(request))) {
        sim_reach(SOMETIMES_DUPLICATE_ACROSS_TAKEOVER);
    }
    struct request reply = *request;
    reply.case_id = request->found_case_id;
    if (sim.mutant == MUTANT_DUPLICATE_ACKED_FROM_READ) {
        client_answer(&reply);
        return;
    }
    instance->holdings[partition].touched = true;
    batch_reply(instance, request, request->found_case_id);
}

bool decide_repeated(struct instance *instance, uint32_t partition, const struct request *request)
{
    bool twice = is_in_batch(instance, request); /* the client is answered once */
    if (!twice && request->found_case_id != 0) {
        repeat(instance, partition, request);
    }
    if ((twice || request->found_case_id != 0) && request->token[0]) {
        claim_undo(instance, request);
    }
    return twice || request->found_case_id != 0;
}

/* A partition of ours for it, or PARTITIONS. */
static uint32_t partition_for(const struct instance *instance, const struct request *request)
{
    bool submits = request->kind == REQUEST_SUBMIT;
    uint32_t first = submits ? (uint32_t)sim_random(PARTITIONS) : case_partition(request->case_id);
    uint32_t tries = submits ? PARTITIONS : 1;
    for (uint32_t i = 0; i < tries; i++) {
        if (instance->holdings[(first + i) % PARTITIONS].phase == OWNER_SERVING) {
            return (first + i) % PARTITIONS;
        }
    }
    return PARTITIONS;
}

void decide_request(struct instance *instance, const struct request *request)
{
    if (request->kind == REQUEST_CLAIM && request->case_id == 0) {
        claim_queue(instance, request);
        return;
    }
    uint32_t partition = partition_for(instance, request);
    if (partition == PARTITIONS) {
        if (request->kind == REQUEST_CLAIM) {
            claim_elsewhere(request);
        }
    } else if (decide_repeated(instance, partition, request)) {
        return;
    } else if (request->kind != REQUEST_SUBMIT && sim.mutant != MUTANT_CASES_UNREAD &&
               instance->asked_life[partition] != instance->holdings[partition].life) {
        sim_reach(SOMETIMES_SERVED_AFTER_ASKING); /* "not ready": it is sent again */
        claim_undo(instance, request);
    } else if (request->kind == REQUEST_SUBMIT) {
        (void)receive(instance, partition, request);
    } else {
        command(instance, request);
    }
}
