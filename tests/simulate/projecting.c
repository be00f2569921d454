#include "projecting.h"

#include "projector.h"
#include "redis_world.h"
#include "table.h"

#include <assert.h>

/* Of a commit the projector only asks for this. */
struct cycle {
    uint32_t partition;
    uint64_t from, to;
};

struct service {
    struct service_settings settings;
    struct actor *actor;
    struct projector *projector;
    struct table *cases[PARTITION_MAX];
    struct {
        uint64_t epoch, seq;
    } streams[PARTITION_MAX];
    int64_t tick_at_us;
};

const struct service_settings *service_settings(const struct service *service)
{
    return &service->settings;
}

/* No loop: projecting_tick takes its place. */
struct event_base *service_base(struct service *service)
{
    (void)service;
    return NULL;
}

uint64_t service_stream_seq(const struct service *service, uint32_t partition)
{
    return service->streams[partition].seq;
}

uint64_t service_stream_epoch(const struct service *service, uint32_t partition)
{
    return service->streams[partition].epoch;
}

uint32_t cycle_touched_count(const struct cycle *cycle)
{
    (void)cycle;
    return 1;
}

uint32_t cycle_touched(const struct cycle *cycle, uint32_t i)
{
    assert(i == 0);
    return cycle->partition;
}

bool cycle_appended(const struct cycle *cycle, uint32_t partition, uint64_t *from, uint64_t *to)
{
    *from = cycle->from;
    *to = cycle->to;
    return partition == cycle->partition && cycle->to >= cycle->from;
}

struct service *
projecting_new(enum service_id id, struct actor *actor, projecting_op_fn *op, void *self)
{
    struct error error = {0};
    struct service *service = calloc(1, sizeof *service);
    assert(service);
    service->actor = actor;
    (void)snprintf(service->settings.redis_prefix, sizeof service->settings.redis_prefix, "r:");
    redis_for(actor);
    service->projector = projector_new(service, id, op, service->cases, self, &error);
    assert(service->projector);
    return service;
}

void projecting_free(struct service **service_p)
{
    struct service *service = *service_p;
    if (service) {
        projector_free(&service->projector);
        for (uint32_t i = 0; i < PARTITION_MAX; i++) {
            table_free(&service->cases[i]);
        }
        free(service);
    }
    *service_p = NULL;
}

void projecting_own(struct service *service, uint32_t partition, uint64_t epoch, uint64_t seq)
{
    service->streams[partition].epoch = epoch;
    service->streams[partition].seq = seq;
    projector_own(service->projector, partition);
}

void projecting_disown(struct service *service, uint32_t partition)
{
    projector_disown(service->projector, partition);
    table_free(&service->cases[partition]);
}

void projecting_knows(struct service *service, uint64_t case_id)
{
    struct table **cases = &service->cases[case_partition(case_id)];
    if (!*cases) {
        *cases = table_new(1, UINT16_MAX);
        assert(*cases);
    }
    (void)table_insert(*cases, case_id, NULL);
}

void projecting_commit(struct service *service,
                       uint32_t partition,
                       uint64_t from,
                       uint64_t to,
                       const uint64_t *changed,
                       uint32_t count)
{
    const struct cycle cycle = {partition, from, to};
    service->streams[partition].seq = to;
    projector_commit(service->projector, &cycle, changed, count);
}

void projecting_tick(struct service *service)
{
    redis_look(service->actor);
    if (sim.now_us >= service->tick_at_us) {
        service->tick_at_us = sim.now_us + SECOND;
        projection_tick(projector_projection(service->projector));
    }
}

void projecting_cut(struct service *service)
{
    redis_cut(service->actor);
}

bool projecting_is_ready(struct service *service)
{
    return projector_is_ready(service->projector);
}

struct projection *projecting_projection(struct service *service)
{
    return projector_projection(service->projector);
}
