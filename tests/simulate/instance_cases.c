/* The cases at hand, as dispatch_cases.c and the watchdog's shell have them: few in memory, the
 * others read before a batch is decided, on the connection that commits; they go after commits. */
#include "instance.h"

void cases_forget(struct instance *instance, uint32_t partition)
{
    if (instance->cases) {
        case_cache_forget(instance->cases, partition);
    }
}

bool cases_here(const struct instance *instance, uint64_t case_id)
{
    return instance->cases && case_cache_find(instance->cases, case_id);
}

static struct row *place_of(struct instance *instance, uint64_t case_id)
{
    return &instance->holdings[case_partition(case_id)].rows[case_id_serial(case_id)];
}

static void put(struct instance *instance, uint64_t case_id, const struct row *row)
{
    if (!instance->cases) {
        instance->cases = case_cache_new(1, CASES_AT_HAND);
    }
    bool fresh = false;
    if (case_cache_insert(instance->cases, case_id, &fresh) && fresh) {
        *place_of(instance, case_id) = *row;
    }
}

void cases_begin(struct instance *instance, uint64_t case_id)
{
    static const struct row nothing;
    put(instance, case_id, &nothing);
}

struct row *cases_row(struct instance *instance, uint64_t case_id)
{
    if (!cases_here(instance, case_id)) {
        if (sim.mutant != MUTANT_CASES_UNREAD) {
            sim_fail(
                "%s has not read case %llx", instance_name(instance), (unsigned long long)case_id);
        }
        cases_begin(instance, case_id);
    }
    return place_of(instance, case_id);
}

/* ---- reading ---- */

static void want(struct instance *instance, struct call *call, uint64_t case_id)
{
    uint32_t partition = case_partition(case_id);
    if (case_id == 0 || instance->holdings[partition].phase != OWNER_SERVING ||
        cases_here(instance, case_id)) {
        return;
    }
    for (uint32_t i = 0; i < call->row_count; i++) {
        if (call->row_cases[i] == case_id) {
            return;
        }
    }
    sim_reach(instance->holdings[partition].committed_rows[case_id_serial(case_id)].version > 0
                  ? SOMETIMES_CASE_READ
                  : SOMETIMES_CASE_NEW);
    call->row_cases[call->row_count++] = case_id;
}

static void want_due(struct instance *instance, struct call *call, uint32_t partition)
{
    const struct holding *holding = &instance->holdings[partition];
    for (uint32_t i = 0; i < holding->timer_count; i++) {
        if (holding->timers[i].due_us <= instance_now_us(instance)) {
            want(instance, call, case_id_make(partition, holding->timers[i].serial));
        }
    }
}

static void want_all(struct instance *instance, struct call *call)
{
    const struct batch *batch = &instance->batch;
    for (uint32_t i = 0; i < batch->input_count; i++) {
        want(instance, call, batch->inputs[i].fact.event->case_id);
    }
    for (uint32_t i = 0; i < batch->request_count; i++) {
        const struct order *order = batch->requests[i].order;
        want(instance, call, batch->requests[i].case_id);
        want(instance, call, order ? order->other_case : 0);
    }
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        want_due(instance, call, i);
    }
}

/* A partition that was given back and taken again meanwhile is asked for anew. */
static void fetched(struct instance *instance, struct call *call)
{
    for (uint32_t i = 0; i < call->row_count; i++) {
        uint32_t partition = case_partition(call->row_cases[i]);
        if (instance->holdings[partition].life == call->parts[partition].life) {
            put(instance, call->row_cases[i], &call->rows[i]);
        }
    }
    call->then(instance);
}

void cases_fetch(struct instance *instance, void (*then)(struct instance *instance))
{
    enum { WANTED_MAX = 3 * BATCH_INPUTS + PARTITIONS * TIMERS_MAX };
    uint64_t wanted[WANTED_MAX];
    struct call *call = instance_call(instance, CALL_FETCH, fetched);
    call->row_cases = wanted;
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        const struct holding *holding = &instance->holdings[i];
        instance->asked_life[i] = holding->phase == OWNER_SERVING ? holding->life : 0;
    }
    want_all(instance, call);
    if (call->row_count == 0 || sim.mutant == MUTANT_CASES_UNREAD) {
        then(instance);
        return;
    }
    call->then = then;
    call->row_cases = sim_new(call->row_count * sizeof *wanted);
    memcpy(call->row_cases, wanted, call->row_count * sizeof *wanted);
    call->rows = sim_new(call->row_count * sizeof *call->rows);
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        call->parts[i].life = instance->holdings[i].life;
    }
    pg_call(call);
}

/* ---- a batch's end ---- */

void cases_advance(struct instance *instance, uint32_t partition)
{
    struct holding *holding = &instance->holdings[partition];
    for (uint64_t i = 0; i < CASES_MAX; i++) {
        if (cases_here(instance, case_id_make(partition, i))) {
            holding->committed_rows[i] = holding->rows[i];
        }
    }
}

void cases_undo(struct instance *instance, uint32_t partition)
{
    struct holding *holding = &instance->holdings[partition];
    for (uint64_t i = 0; i < CASES_MAX; i++) {
        if (cases_here(instance, case_id_make(partition, i))) {
            holding->rows[i] = holding->committed_rows[i];
        }
    }
}
