#include "projecting.h"

#include "redis_world.h"
#include "world.h"

#include <assert.h>

enum { FEED_SLICE = 16 }; /* so that a share takes several */

struct projecting {
    enum service_id id;
    struct actor *actor;
    projecting_op_fn *op;
    void *self;
    struct redis *redis;
    struct projection *projection;
    uint64_t fed[PARTITIONS];     /* serials up to this one */
    uint32_t askings[PARTITIONS]; /* the newest; a slice that was asked for before is stale */
    int64_t tick_at_us;
};

/* A slice that was asked for and is being read. */
struct asking {
    uint32_t partition, attempt, number;
};

/* A dead process asks for nothing: its happenings went with its incarnation. */
static void slice_read(void *self, void *thing)
{
    struct projecting *projecting = self;
    const struct asking *asking = thing;
    uint64_t *serial = &projecting->fed[asking->partition];
    if (asking->number != projecting->askings[asking->partition]) {
        return;
    }
    struct projection_op ops[FEED_SLICE];
    uint32_t count = 0;
    while (count < FEED_SLICE && *serial + 1 < CASES_MAX) {
        struct projection_op *op = &ops[count];
        projecting->op(projecting->self, case_id_make(asking->partition, ++*serial), true, op);
        count += op->change == PROJECTION_PUT || op->change == PROJECTION_ARM;
    }
    enum service_id id = projecting->id;
    if (count > 0) {
        (void)projection_feed(
            projecting->projection, id, asking->partition, asking->attempt, ops, count);
    } else {
        (void)projection_fed(projecting->projection, id, asking->partition, asking->attempt);
    }
}

static void
on_feed(void *self, enum service_id service, uint32_t partition, uint32_t attempt, bool first)
{
    (void)service;
    struct projecting *projecting = self;
    struct asking *asking = sim_new(sizeof *asking);
    *asking = (struct asking){partition, attempt, ++projecting->askings[partition]};
    projecting->fed[partition] = first ? 0 : projecting->fed[partition];
    sim_later(
        projecting->actor, 200 + (int64_t)sim_random(5 * MILLI), slice_read, projecting, asking);
}

struct projecting *
projecting_new(enum service_id id, struct actor *actor, projecting_op_fn *op, void *self)
{
    struct error error = {0};
    const struct redis_settings redis_settings = {.address = "/redis"};
    const struct projection_settings settings = {.prefix = "r:"};
    struct projecting *projecting = sim_new(sizeof *projecting);
    *projecting = (struct projecting){.id = id, .actor = actor, .op = op, .self = self};
    const struct projection_hooks hooks = {.self = projecting, .feed = on_feed};
    redis_for(actor);
    projecting->redis = redis_new(NULL, &redis_settings, &error);
    projecting->projection = projection_new(NULL, projecting->redis, &settings, &hooks, &error);
    assert(projecting->projection);
    redis_start(projecting->redis);
    return projecting;
}

void projecting_free(struct projecting **projecting_p)
{
    struct projecting *projecting = *projecting_p;
    if (projecting) {
        redis_free(&projecting->redis);
        projection_free(&projecting->projection);
    }
    *projecting_p = NULL;
}

void projecting_own(struct projecting *projecting, uint32_t partition, uint64_t epoch, uint64_t seq)
{
    projection_own(projecting->projection, projecting->id, partition, epoch, seq);
}

void projecting_disown(struct projecting *projecting, uint32_t partition)
{
    projection_disown(projecting->projection, projecting->id, partition);
}

void projecting_commit(struct projecting *projecting,
                       uint32_t partition,
                       uint64_t from,
                       uint64_t to,
                       const uint64_t *changed,
                       uint32_t count)
{
    struct projection_op ops[CASES_MAX];
    uint32_t filled = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (case_partition(changed[i]) == partition) {
            projecting->op(projecting->self, changed[i], false, &ops[filled++]);
        }
    }
    projection_commit(projecting->projection, projecting->id, partition, from, to, ops, filled);
}

void projecting_tick(struct projecting *projecting)
{
    redis_look(projecting->actor);
    if (sim.now_us >= projecting->tick_at_us) {
        projecting->tick_at_us = sim.now_us + SECOND;
        projection_tick(projecting->projection);
    }
}

void projecting_cut(struct projecting *projecting)
{
    redis_cut(projecting->actor);
}

bool projecting_is_ready(const struct projecting *projecting)
{
    return redis_is_ready(projecting->redis);
}

struct projection *projecting_projection(struct projecting *projecting)
{
    return projecting->projection;
}
