/* What each of the four makes of an input: small models with the shape of the real cores. */
#include "client.h"
#include "instance.h"
#include "oracle.h"

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

void batch_append(struct instance *instance,
                  uint64_t case_id,
                  enum event_kind kind,
                  const struct fact *cause,
                  uint64_t reference)
{
    struct holding *holding = holding_of(instance, case_id);
    struct batch *batch = &instance->batch;
    struct fact *fact = &batch->facts[batch->fact_count];
    struct row *row = row_of(instance, case_id);
    holding->touched = true;
    row->version++;
    *fact = (struct fact){
        .service = instance->service,
        .partition = case_partition(case_id),
        .seq = holding->next.seq + 1,
        .epoch = holding->epoch,
        .kind = kind,
        .case_id = case_id,
        .cause_service = cause ? cause->service : SERVICE_NONE,
        .cause_seq = cause ? cause->seq : 0,
        .at_us = sim.now_us,
        .reference = reference,
        .generation = row->generation,
        .due_us = row->due_us,
    };
    memcpy(fact->prev, holding->next.hash, HASH_SIZE);
    fact_hash(fact, fact->hash);
    holding->next.seq = fact->seq;
    memcpy(holding->next.hash, fact->hash, HASH_SIZE);
    batch->rows[batch->fact_count++] = *row;
}

static void fire(struct instance *instance, uint64_t case_id)
{
    row_of(instance, case_id)->breached = true;
    batch_append(instance, case_id, EVENT_CLOCK_BREACHED, NULL, 0);
}

static void clock_run(struct instance *instance, uint64_t case_id, int64_t due_us)
{
    struct holding *holding = holding_of(instance, case_id);
    struct row *row = row_of(instance, case_id);
    row->phase = ROW_OPEN;
    row->generation++;
    row->due_us = due_us;
    if (!row->breached && holding->timer_count < TIMERS_MAX) {
        holding->timers[holding->timer_count++] =
            (struct timer){case_serial(case_id), row->generation, due_us};
    }
}

static void watch(struct instance *instance, const struct fact *fact)
{
    struct row *row = row_of(instance, fact->case_id);
    if (row->phase == ROW_OPEN && !row->breached && fact->at_us >= row->due_us) {
        fire(instance, fact->case_id); /* time is settled before the event that came after it */
    }
    switch ((int)fact->kind) {
    case EVENT_OPENED:
        clock_run(instance, fact->case_id, fact->at_us + case_target_us(fact->case_id));
        batch_append(instance, fact->case_id, EVENT_CLOCKS_STARTED, fact, 0);
        break;
    case EVENT_CONTACTED:
        row->phase = ROW_WAITING;
        row->remaining_us = row->due_us - fact->at_us;
        batch_append(instance, fact->case_id, EVENT_CLOCKS_PAUSED, fact, 0);
        break;
    case EVENT_INVESTIGATED:
        clock_run(instance, fact->case_id, fact->at_us + row->remaining_us);
        batch_append(instance, fact->case_id, EVENT_CLOCKS_RESUMED, fact, 0);
        break;
    case EVENT_CLOSED:
        if (row->breached && fact->at_us < row->due_us) {
            sim_reach(SOMETIMES_STOP_AFTER_FIRE);
        } else if (!row->breached) {
            sim_reach(SOMETIMES_STOPPED_IN_TIME);
        }
        row->phase = ROW_CLOSED;
        batch_append(instance, fact->case_id, EVENT_CLOCKS_STOPPED, fact, 0);
        break;
    default:
        break;
    }
}

void decide_input(struct instance *instance, const struct fact *fact)
{
    if (instance->service == SERVICE_TRIAGE) {
        batch_append(instance, fact->case_id, EVENT_TRIAGED, fact, 0);
    } else if (instance->service == SERVICE_WATCHDOG) {
        watch(instance, fact);
    } else if (fact->kind == EVENT_TRIAGED) {
        row_of(instance, fact->case_id)->phase = ROW_OPEN;
        batch_append(instance, fact->case_id, EVENT_OPENED, fact, 0);
    } else if (fact->kind == EVENT_CLOCK_BREACHED) {
        batch_append(instance, fact->case_id, EVENT_ESCALATED, fact, 0);
    }
}

static void submit(struct instance *instance, const struct request *request)
{
    uint32_t first = (uint32_t)sim_random(PARTITIONS);
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        uint32_t partition = (first + i) % PARTITIONS;
        struct holding *holding = &instance->holdings[partition];
        if (holding->phase != OWNER_SERVING) {
            continue;
        }
        for (uint32_t j = 0; j < instance->batch.fact_count; j++) {
            if (instance->batch.facts[j].reference == request->submission) {
                return; /* twice in one batch: the client is answered once */
            }
        }
        if (request->found_case_id != 0) {
            sim_reach(SOMETIMES_DUPLICATE_ANSWERED);
            holding->touched = true; /* the receipt waits for a commit of ours */
            if (sim.mutant == MUTANT_DUPLICATE_ACKED_FROM_READ) {
                struct request reply = *request;
                reply.case_id = request->found_case_id;
                client_answer(&reply);
                return;
            }
            batch_reply(instance, request, request->found_case_id);
            return;
        }
        uint64_t serial = holding->next.seq + 1;
        if (serial >= CASES_MAX) {
            return;
        }
        uint64_t case_id = case_id_make(partition, serial);
        batch_append(instance, case_id, EVENT_RECEIVED, NULL, request->submission);
        batch_reply(instance, request, case_id);
        return;
    }
}

static void command(struct instance *instance, const struct request *request)
{
    static const struct {
        enum request_kind kind;
        enum row_phase from, to;
        enum event_kind fact;
    } steps[] = {
        {REQUEST_WAIT,   ROW_OPEN,    ROW_WAITING, EVENT_CONTACTED   },
        {REQUEST_RESUME, ROW_WAITING, ROW_OPEN,    EVENT_INVESTIGATED},
        {REQUEST_CLOSE,  ROW_OPEN,    ROW_CLOSED,  EVENT_CLOSED      },
    };
    struct holding *holding = holding_of(instance, request->case_id);
    struct row *row = row_of(instance, request->case_id);
    if (holding->phase != OWNER_SERVING) {
        return;
    }
    if (row->commands >> request->kind & 1U) {
        sim_reach(SOMETIMES_COMMAND_REPEATED);
        holding->touched = true;
        batch_reply(instance, request, request->case_id);
        return;
    }
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (steps[i].kind == request->kind && steps[i].from == row->phase) {
            row->phase = steps[i].to;
            row->commands |= 1U << request->kind;
            batch_append(instance,
                         request->case_id,
                         steps[i].fact,
                         NULL,
                         request->submission * 4 + request->kind);
            batch_reply(instance, request, request->case_id);
            return;
        }
    }
}

void decide_request(struct instance *instance, const struct request *request)
{
    if (request->kind == REQUEST_SUBMIT) {
        submit(instance, request);
    } else {
        command(instance, request);
    }
}

void decide_timers(struct instance *instance)
{
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        struct holding *holding = &instance->holdings[i];
        uint32_t kept = 0;
        for (uint32_t j = 0; holding->phase == OWNER_SERVING && j < holding->timer_count; j++) {
            struct timer timer = holding->timers[j];
            const struct row *row = &holding->rows[timer.serial];
            if (timer.due_us > sim.now_us) {
                holding->timers[kept++] = timer;
            } else if (row->phase != ROW_OPEN || row->breached) {
                continue; /* settled otherwise */
            } else if (row->generation == timer.generation ||
                       sim.mutant == MUTANT_TIMER_WITHOUT_GENERATION) {
                if (sim.now_us > timer.due_us + 5 * SECOND) {
                    sim_reach(SOMETIMES_TIMER_LATE);
                }
                fire(instance, case_id_make(i, timer.serial));
            } else {
                sim_reach(SOMETIMES_STALE_TIMER);
            }
        }
        holding->timer_count = holding->phase == OWNER_SERVING ? kept : holding->timer_count;
    }
}
