/* What each of the four makes of an input: the shell's part around the real cores. */
#include "client.h"
#include "instance.h"
#include "intake_core.h"
#include "oracle.h"
#include "policy_fixture.h"
#include "triage_core.h"

static struct holding *holding_of(struct instance *instance, uint64_t case_id)
{
    return &instance->holdings[case_partition(case_id)];
}

static struct row *row_of(struct instance *instance, uint64_t case_id)
{
    return &holding_of(instance, case_id)->rows[case_serial(case_id)];
}

void batch_reply(struct instance *instance, const struct request *request, uint64_t case_id)
{
    struct request *reply = &instance->batch.replies[instance->batch.reply_count++];
    *reply = *request;
    reply->case_id = case_id;
}

void batch_change(struct instance *instance, uint64_t case_id)
{
    instance->batch.changed[case_partition(case_id)][case_serial(case_id)] = true;
}

void batch_append(struct instance *instance, struct event *event, uint64_t reference)
{
    struct holding *holding = holding_of(instance, event->case_id);
    struct batch *batch = &instance->batch;
    struct fact *fact = &batch->facts[batch->fact_count];
    struct row *row = row_of(instance, event->case_id);
    if (instance->skew_us < 0 && event->at_us < world_now_us()) {
        sim_reach(SOMETIMES_CLOCK_BEHIND);
    }
    event->service = instance->service;
    event->partition = case_partition(event->case_id);
    event->seq = holding->next.seq + 1;
    event->epoch = holding->epoch;
    event->schema = 1;
    const struct place *before =
        sim.mutant == MUTANT_CHAIN_NOT_CARRIED ? &holding->place : &holding->next;
    memcpy(event->prev_hash, before->hash, HASH_SIZE);
    fact_make(fact, event, reference);
    holding->touched = true;
    holding->next.seq = fact->seq;
    memcpy(holding->next.hash, fact->hash, HASH_SIZE);
    uint32_t had = agent_number(slice_text(row->dispatch.agent));
    row->version++;
    if (instance->service == SERVICE_DISPATCH) {
        dispatch_evolve(world_policy(), &row->dispatch, fact->event);
        instance->guesses[had].delta--;
        instance->guesses[agent_number(slice_text(row->dispatch.agent))].delta++;
    } else if (instance->service == SERVICE_WATCHDOG) {
        watch_evolve(world_policy(), &row->watch, fact->event);
    }
    batch->fact_count++;
    batch_change(instance, event->case_id);
}

/* ---- watchdog ----------------------------------------------------------------------------- */

static void append_all(struct instance *instance, struct watch_output *output)
{
    for (uint32_t i = 0; i < output->count; i++) {
        batch_append(instance, &output->events[i], 0);
    }
}

static void timer_add(struct instance *instance, uint64_t case_id)
{
    struct holding *holding = holding_of(instance, case_id);
    int64_t due_us = watch_due_us(world_policy(), &row_of(instance, case_id)->watch);
    if (due_us != INT64_MAX && holding->timer_count < TIMERS_MAX) {
        holding->timers[holding->timer_count++] = (struct timer){case_serial(case_id), due_us};
    }
}

static void watch(struct instance *instance, const struct event *event)
{
    struct row *row = row_of(instance, event->case_id);
    struct watch_output output;
    do {
        watch_event(world_policy(), &row->watch, event, instance_now_us(instance), &output);
        append_all(instance, &output);
    } while (output.more);
    watch_evolve(world_policy(), &row->watch, event);
    batch_change(instance, event->case_id);
    timer_add(instance, event->case_id);
}

/* Whether something was due.  A timer is only a hint: the core says what is due. */
static bool fire(struct instance *instance, uint64_t case_id, int64_t due_us)
{
    struct row *row = row_of(instance, case_id);
    struct watch_output output;
    bool fired = false;
    int64_t now_us = instance_now_us(instance);
    if (sim.mutant == MUTANT_TIMER_BELIEVED) {
        int64_t said_us = watch_due_us(world_policy(), &row->watch);
        now_us = said_us != INT64_MAX && said_us > now_us ? said_us : now_us;
    }
    if (now_us > due_us + 5 * SECOND) {
        sim_reach(SOMETIMES_TIMER_LATE);
    }
    do {
        watch_tick(world_policy(), &row->watch, now_us, &output);
        append_all(instance, &output);
        fired = fired || output.count > 0;
    } while (output.more);
    return fired;
}

void decide_timers(struct instance *instance)
{
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        struct holding *holding = &instance->holdings[i];
        uint32_t count = holding->phase == OWNER_SERVING ? holding->timer_count : 0;
        uint32_t kept = 0;
        struct timer due[TIMERS_MAX];
        uint32_t due_count = 0;
        for (uint32_t j = 0; j < count; j++) {
            if (holding->timers[j].due_us > instance_now_us(instance)) {
                holding->timers[kept++] = holding->timers[j];
            } else {
                due[due_count++] = holding->timers[j];
            }
        }
        holding->timer_count = count > 0 ? kept : holding->timer_count;
        for (uint32_t j = 0; j < due_count; j++) {
            uint64_t case_id = case_id_make(i, due[j].serial);
            if (instance->batch.fact_count + WATCH_EVENTS_MAX > BATCH_FACTS) {
                holding->timers[holding->timer_count++] = due[j]; /* in the next batch */
            } else if (fire(instance, case_id, due[j].due_us)) {
                timer_add(instance, case_id);
            } else {
                sim_reach(SOMETIMES_STALE_TIMER);
            }
        }
    }
}

/* ---- triage and dispatch ------------------------------------------------------------------ */

static void triage(struct instance *instance, const struct event *received)
{
    static const struct triage_repeats none;
    struct event event = {.case_id = received->case_id,
                          .at_us = instance_now_us(instance),
                          .cause_service = SERVICE_INTAKE,
                          .cause_seq = received->seq};
    event.kind = triage_decide(world_policy(), &received->received, &none, &event.triaged);
    batch_append(instance, &event, 0);
}

static void dispatch(struct instance *instance, const struct event *cause)
{
    struct row *row = row_of(instance, cause->case_id);
    const struct dispatch_input input = {
        .kind = cause->service == SERVICE_TRIAGE ? DISPATCH_TRIAGED : DISPATCH_CLOCK,
        .now_us = instance_now_us(instance),
        .event = cause,
    };
    struct event event;
    struct slice refused;
    if (dispatch_decide(world_policy(), &row->dispatch, &input, &event, &refused) ==
        DISPATCH_APPEND) {
        batch_append(instance, &event, 0);
    }
    if (cause->service == SERVICE_WATCHDOG) {
        dispatch_evolve(world_policy(), &row->dispatch, cause); /* the nearest due instant */
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
        watch(instance, fact->event);
    }
}

/* ---- requests ----------------------------------------------------------------------------- */

static bool receive(struct instance *instance, uint32_t partition, const struct request *request)
{
    uint64_t serial = instance->holdings[partition].next.seq + 1;
    const struct intake_input input = {
        .now_us = instance_now_us(instance),
        .id_present = true,
        .policy_name = slice_text("fixture"),
        .policy = world_policy(),
        .channel = slice_text("mail"),
        .narrative_size = 10,
        .narrative_clean = true,
        .person_clean = true,
        .product_clean = true,
        .category_hint = slice_text("late"),
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
                     .policy_id = FIXTURE_POLICY_ID,
                     .received_at_us = output.received_at_us,
                     .category_hint = input.category_hint}
    };
    batch_append(instance, &event, request_reference(request));
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

static void command(struct instance *instance, const struct request *request)
{
    static const struct {
        const char *action, *actor, *role;
    } steps[REQUEST_KINDS] = {
        [REQUEST_PROPOSE] = {"propose", "ana",   "handler"   },
        [REQUEST_APPROVE] = {"approve", "boss",  "supervisor"},
        [REQUEST_CONSENT] = {"consent", "carol", "customer"  },
        [REQUEST_REPLY] = {"reply",   "ana",   "handler"   },
        [REQUEST_CLOSE] = {"close",   "ana",   "handler"   },
        [REQUEST_REJECT] = {"reject",  "ana",   "handler"   },
    };
    static const char *const filled[] = {"cause", "remedy", "reason"};
    struct event_field fields[3];
    for (size_t i = 0; i < 3; i++) {
        fields[i] = (struct event_field){slice_text(filled[i]), slice_text("yes")};
    }
    uint8_t id[16] = {(uint8_t)request->submission,
                      (uint8_t)request->kind,
                      (uint8_t)request->agent,
                      (uint8_t)request->command};
    struct row *row = row_of(instance, request->case_id);
    struct dispatch_input input = {
        .kind = DISPATCH_ACTION,
        .now_us = instance_now_us(instance),
        .field_count = 3,
        .fields = fields,
        .command_id = slice_of(id, sizeof id),
    };
    if (request->agent > 0) {
        agent_asks(instance, request, &input);
    } else {
        input.actor = slice_text(steps[request->kind].actor);
        input.role = slice_text(steps[request->kind].role);
        input.action = slice_text(steps[request->kind].action);
    }
    struct dispatch_case state = row->dispatch;
    if (input.kind == DISPATCH_CLAIM && sim.mutant == MUTANT_CLAIM_BELIEVED) {
        state.queue = state.home_queue;
    }
    struct event event;
    struct slice refused;
    if (dispatch_decide(world_policy(), &state, &input, &event, &refused) == DISPATCH_APPEND) {
        batch_append(instance, &event, request_reference(request));
        batch_reply(instance, request, request->case_id);
        if (input.kind == DISPATCH_CLAIM) {
            sim_reach(SOMETIMES_CLAIMED);
        }
    } else if (input.kind == DISPATCH_CLAIM) {
        sim_reach(SOMETIMES_CLAIM_REFUSED);
        claim_undo(instance, request);
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
    } else if (request->kind == REQUEST_SUBMIT) {
        (void)receive(instance, partition, request);
    } else {
        command(instance, request);
    }
}
