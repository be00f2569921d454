#include "bus.h"
#include "client.h"
#include "instance.h"
#include "oracle.h"

static bool is_due(const struct instance *instance)
{
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        const struct holding *holding = &instance->holdings[i];
        for (uint32_t j = 0; holding->phase == OWNER_SERVING && j < holding->timer_count; j++) {
            if (holding->timers[j].due_us <= instance_now_us(instance)) {
                return true;
            }
        }
    }
    return false;
}

static bool serves_any(const struct instance *instance)
{
    bool any = false;
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        any = any || instance->holdings[i].phase == OWNER_SERVING;
    }
    return any;
}

void cycle_run(struct instance *instance)
{
    if (!serves_any(instance)) {
        return;
    }
    if (instance->incoming_count > 0 || instance->waiting_count > 0 || is_due(instance)) {
        cycle_feed(instance, APPENDER_WORK);
    }
}

bool cycle_includes(const struct instance *instance, uint32_t partition)
{
    return instance->cycle == APPENDER_COMMITTING && instance->holdings[partition].touched;
}

static void looked_up(struct instance *instance, struct call *call)
{
    memcpy(instance->batch.requests, call->requests, call->request_count * sizeof *call->requests);
    cycle_feed(instance, APPENDER_FOUND);
}

/* Fills the batch with what has arrived; one that was undone keeps its inputs. */
static void form(struct instance *instance)
{
    struct batch *batch = &instance->batch;
    uint32_t inputs = 0;
    uint32_t requests = 0;
    while (inputs < instance->incoming_count && batch->input_count < BATCH_INPUTS) {
        batch->inputs[batch->input_count++] = instance->incoming[inputs++];
    }
    while (requests < instance->waiting_count && batch->request_count < BATCH_INPUTS) {
        batch->requests[batch->request_count++] = instance->waiting[requests++];
    }
    instance->incoming_count -= inputs;
    instance->waiting_count -= requests;
    memmove(instance->incoming,
            instance->incoming + inputs,
            instance->incoming_count * sizeof *instance->incoming);
    memmove(instance->waiting,
            instance->waiting + requests,
            instance->waiting_count * sizeof *instance->waiting);
}

static void look_up(struct instance *instance)
{
    struct batch *batch = &instance->batch;
    if (batch->request_count == 0) {
        cycle_feed(instance, APPENDER_FOUND);
        return;
    }
    struct call *call = instance_call(instance, CALL_LOOK_UP, looked_up);
    call->on_reader = true;
    call->request_count = batch->request_count;
    call->requests = sim_new(batch->request_count * sizeof *call->requests);
    memcpy(call->requests, batch->requests, batch->request_count * sizeof *call->requests);
    pg_call(call);
}

static void begin_batch(struct instance *instance)
{
    form(instance);
    cases_fetch(instance, look_up);
}

static void publish(struct instance *instance)
{
    for (uint32_t i = 0; i < instance->batch.fact_count; i++) {
        oracle_published(&instance->batch.facts[i]);
        bus_publish(instance, &instance->batch.facts[i]);
    }
}

static void reply(struct instance *instance)
{
    for (uint32_t i = 0; i < instance->batch.reply_count; i++) {
        client_answer(&instance->batch.replies[i]);
    }
}

static void answered(struct instance *instance, struct call *call)
{
    bool ours[PARTITIONS] = {false};
    for (uint32_t i = 0; i < call->part_count; i++) {
        const struct part *part = &call->parts[i];
        ours[i] = instance->holdings[part->partition].life == part->life;
    }
    switch (call->answer) {
    case ANSWER_DONE:
        instance->renewed_us =
            call->seq > (uint64_t)instance->renewed_us ? (int64_t)call->seq : instance->renewed_us;
        if (sim.mutant == MUTANT_CHECKPOINT_OUTSIDE) {
            struct call *later = instance_call(instance, CALL_CHECKPOINT, call->answered);
            memcpy(later->parts, call->parts, sizeof later->parts);
            later->part_count = call->part_count;
            pg_call(later);
        }
        cycle_feed(instance, APPENDER_COMMITTED);
        break;
    case ANSWER_FENCED:
        for (uint32_t i = 0; i < call->part_count; i++) {
            if (ours[i]) { /* the archive does not say which: all of the batch are forgotten */
                owner_feed(instance, call->parts[i].partition, OWNER_FENCED);
            }
        }
        cycle_feed(instance, APPENDER_FENCED);
        break;
    case ANSWER_REFUSED:
        for (uint32_t i = 1; call->full && i <= AGENTS_MAX; i++) {
            instance->guesses[i].used = call->slots[i];
        }
        cycle_feed(instance, APPENDER_REFUSED);
        break;
    }
}

static void checkpoint_answered(struct instance *instance, struct call *call)
{
    if (call->kind == CALL_COMMIT) {
        answered(instance, call);
    }
}

static void store_rows(struct instance *instance, struct call *call)
{
    const struct batch *batch = &instance->batch;
    for (uint32_t i = 0; i < PARTITIONS * CASES_MAX; i++) {
        call->row_count += batch->changed[i / CASES_MAX][i % CASES_MAX];
    }
    call->row_cases = sim_new(call->row_count * sizeof *call->row_cases);
    call->rows = sim_new(call->row_count * sizeof *call->rows);
    uint32_t count = 0;
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        for (uint32_t j = 0; j < CASES_MAX; j++) {
            if (batch->changed[i][j]) {
                call->row_cases[count] = case_id_make(i, j);
                call->rows[count++] = instance->holdings[i].rows[j];
            }
        }
    }
}

/* A refusal that goes out without a commit says nothing of what is in the archive. */
static void drop_unproven(struct instance *instance)
{
    struct batch *batch = &instance->batch;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < batch->reply_count; i++) {
        const struct request *reply = &batch->replies[i];
        if (!reply->refused || instance->holdings[case_partition(reply->case_id)].touched) {
            batch->replies[kept++] = *reply;
        }
    }
    batch->reply_count = kept;
}

static void transact(struct instance *instance)
{
    struct batch *batch = &instance->batch;
    struct call *call = instance_call(instance, CALL_COMMIT, checkpoint_answered);
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        const struct holding *holding = &instance->holdings[i];
        if (holding->touched) {
            struct part *part = &call->parts[call->part_count++];
            *part = (struct part){.partition = i,
                                  .life = holding->life,
                                  .epoch = holding->epoch,
                                  .before = holding->place,
                                  .after = holding->next};
            memcpy(part->checkpoints, holding->next_checkpoints, sizeof part->checkpoints);
        }
    }
    drop_unproven(instance);
    if (call->part_count == 0) {
        cycle_feed(instance, APPENDER_COMMITTED); /* nothing to commit: refusals only */
        return;
    }
    if (call->part_count > 1) {
        sim_reach(SOMETIMES_BATCH_OF_MANY);
    }
    call->seq = (uint64_t)sim.now_us;
    call->fact_count = batch->fact_count;
    call->facts = sim_new(batch->fact_count * sizeof *call->facts);
    memcpy(call->facts, batch->facts, batch->fact_count * sizeof *call->facts);
    store_rows(instance, call);
    call->erased_count = sim.mutant == MUTANT_KEY_KEPT ? 0 : batch->erased_count;
    call->erased = sim_new(batch->erased_count * sizeof *call->erased);
    memcpy(call->erased, batch->erased, batch->erased_count * sizeof *call->erased);
    for (uint32_t i = 1; i <= AGENTS_MAX; i++) {
        call->slots[i] = instance->guesses[i].delta;
    }
    if (sim.mutant == MUTANT_PROJECTED_BEFORE_COMMIT) {
        redis_side_commit(instance);
    }
    pg_call(call);
}

static void decide(struct instance *instance)
{
    struct batch *batch = &instance->batch;
    batch->fact_count = batch->reply_count = batch->erased_count = 0;
    memset(batch->changed, 0, sizeof batch->changed);
    for (uint32_t i = 0; i <= AGENTS_MAX; i++) {
        instance->guesses[i].delta = 0;
    }
    for (uint32_t i = 0; i < batch->input_count; i++) {
        const struct fact *fact = &batch->inputs[i].fact;
        struct holding *holding = &instance->holdings[fact->partition];
        bool ours =
            holding->life == batch->inputs[i].life || sim.mutant == MUTANT_INPUTS_OF_AN_OLD_LIFE;
        if (holding->phase == OWNER_SERVING && ours) {
            holding->touched = true;
            struct place *checkpoint = &holding->next_checkpoints[fact->service];
            checkpoint->seq = fact->seq;
            memcpy(checkpoint->hash, fact->hash, HASH_SIZE);
            decide_input(instance, fact);
        }
    }
    for (uint32_t i = 0; i < batch->request_count; i++) {
        decide_request(instance, &batch->requests[i]);
    }
    decide_timers(instance);
    if (sim.mutant == MUTANT_PUBLISH_BEFORE_COMMIT) {
        publish(instance);
    }
    if (sim.mutant == MUTANT_ACK_BEFORE_COMMIT) {
        reply(instance);
    }
    transact(instance);
}

static void advance(struct instance *instance)
{
    if (sim.mutant != MUTANT_PROJECTED_BEFORE_COMMIT) {
        redis_side_commit(instance);
    }
    for (uint32_t i = 1; i <= AGENTS_MAX; i++) {
        instance->guesses[i].used += instance->guesses[i].delta;
        instance->guesses[i].delta = 0;
    }
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        struct holding *holding = &instance->holdings[i];
        if (holding->touched) {
            holding->place = holding->next;
            memcpy(holding->checkpoints, holding->next_checkpoints, sizeof holding->checkpoints);
            cases_advance(instance, i);
            holding->touched = false;
        }
    }
    if (instance->cases) {
        case_cache_trim(instance->cases);
    }
}

static void undo(struct instance *instance)
{
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        struct holding *holding = &instance->holdings[i];
        if (holding->touched && sim.mutant != MUTANT_NO_UNDO) {
            holding->next = holding->place;
            memcpy(holding->next_checkpoints, holding->checkpoints, sizeof holding->checkpoints);
            cases_undo(instance, i);
            if (instance->service == SERVICE_WATCHDOG) {
                timers_build(holding);
            }
        }
        holding->touched = false;
    }
}

static void forget_all(struct instance *instance, enum appender_phase before)
{
    if (sim.mutant == MUTANT_CUT_TAKEN_FOR_DONE && before == APPENDER_COMMITTING) {
        reply(instance);
    }
    if (sim.mutant == MUTANT_MEMORY_KEPT_WHEN_CUT) {
        undo(instance);
        return;
    }
    owner_feed_all(instance, OWNER_CUT);
    instance->batch.input_count = instance->batch.request_count = 0;
    instance->waiting_count = instance->incoming_count = 0;
}

void cycle_feed(struct instance *instance, enum appender_input input)
{
    enum appender_phase before = instance->cycle;
    unsigned effects = appender_step(&instance->cycle, input);
    if (effects & APPENDER_DO_FORGET_ALL) {
        forget_all(instance, before);
    }
    if (effects & APPENDER_DO_UNDO) {
        undo(instance);
    }
    if (effects & APPENDER_DO_ADVANCE) {
        advance(instance);
    }
    if (effects & APPENDER_DO_PUBLISH && sim.mutant != MUTANT_PUBLISH_BEFORE_COMMIT) {
        publish(instance);
    }
    if (effects & APPENDER_DO_REPLY) {
        if (sim.mutant != MUTANT_ACK_BEFORE_COMMIT) {
            reply(instance);
        }
        instance->batch.input_count = instance->batch.request_count = 0;
        owner_drain(instance);
        cycle_run(instance);
    }
    if (effects & APPENDER_DO_WAIT) {
        instance->retry_at_us = sim.now_us + (int64_t)sim_random(SECOND);
    }
    if (effects & APPENDER_DO_LOOK_UP) {
        begin_batch(instance);
    }
    if (effects & APPENDER_DO_DECIDE) {
        decide(instance);
    }
}
