#include "instance.h"
#include "projecting.h"

/* The case in Redis: as op_of and row_op of the daemon's own shell. */
static void op_of(void *self, uint64_t case_id, bool committed, struct projection_op *op)
{
    const struct instance *instance = self;
    const struct holding *holding = &instance->holdings[case_partition(case_id)];
    const struct row *row = committed ? &holding->committed_rows[case_id_serial(case_id)]
                                      : &holding->rows[case_id_serial(case_id)];
    const struct policy *policy = row_policy(row);
    *op = (struct projection_op){.case_id = case_id, .clock = PROJECTION_NO_CLOCK};
    if (instance->service == SERVICE_WATCHDOG) {
        int64_t due_us = policy ? watch_due_us(policy, &row->watch) : INT64_MAX;
        op->due_ms = due_us / 1000;
        op->change = due_us == INT64_MAX ? PROJECTION_DISARM : PROJECTION_ARM;
    } else if (row->version == 0 || row->dispatch.queue == POLICY_NONE) {
        op->change = PROJECTION_REMOVE;
    } else {
        op->change = PROJECTION_PUT;
        op->score = dispatch_queue_score(&row->dispatch);
        (void)snprintf(op->queue,
                       sizeof op->queue,
                       "%s/%s",
                       policy->name,
                       policy->queues[row->dispatch.queue].id);
    }
}

void redis_side_start(struct instance *instance)
{
    if (instance->service == SERVICE_DISPATCH || instance->service == SERVICE_WATCHDOG) {
        instance->projecting = projecting_new(instance->service, &instance->actor, op_of, instance);
    }
}

void redis_side_end(struct instance *instance)
{
    projecting_free(&instance->projecting);
}

void redis_side_tick(struct instance *instance)
{
    if (instance->projecting) {
        projecting_tick(instance->projecting);
    }
}

/* How many events are in it, as events_in of the projector counts: what dispatch hears of clocks
 * moves places, too. */
static uint64_t events_in(const struct instance *instance,
                          const struct place *place,
                          const struct place checkpoints[SERVICES_END])
{
    bool hears = instance->service == SERVICE_DISPATCH;
    return place->seq + (hears ? checkpoints[SERVICE_WATCHDOG].seq : 0);
}

void redis_side_own(struct instance *instance, uint32_t partition)
{
    const struct holding *holding = &instance->holdings[partition];
    if (instance->projecting) {
        projecting_own(instance->projecting,
                       partition,
                       holding->epoch,
                       events_in(instance, &holding->place, holding->checkpoints));
    }
}

void redis_side_disown(struct instance *instance, uint32_t partition)
{
    if (instance->projecting) {
        projecting_disown(instance->projecting, partition);
    }
}

void redis_side_commit(struct instance *instance)
{
    uint64_t changed[PARTITIONS * CASES_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < PARTITIONS * CASES_MAX; i++) {
        if (instance->batch.changed[i / CASES_MAX][i % CASES_MAX]) {
            changed[count++] = case_id_make(i / CASES_MAX, i % CASES_MAX);
        }
    }
    for (uint32_t i = 0; instance->projecting && i < PARTITIONS; i++) {
        const struct holding *holding = &instance->holdings[i];
        uint64_t before = events_in(instance, &holding->place, holding->checkpoints);
        uint64_t now = events_in(instance, &holding->next, holding->next_checkpoints);
        bool appended = holding->next.seq > holding->place.seq;
        uint32_t told = appended || sim.mutant != MUTANT_CLOCKS_UNTOLD ? count : 0;
        if (holding->touched && now > before) {
            projecting_commit(instance->projecting, i, before + 1, now, changed, told);
        }
    }
}
