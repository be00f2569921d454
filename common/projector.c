#include "projector.h"

#include "health.h"
#include "log.h"
#include "redis.h"

#include <event2/event.h>

enum { IN_FLIGHT_MAX = 8192 };

/* The cases a share is being fed with. */
struct feeding {
    uint64_t *ids;
    uint32_t count;
    uint32_t at;
};

struct projector {
    struct service *service;
    enum service_id id;
    projector_op_fn *op;
    struct table *const *cases; /* by partition */
    void *self;
    struct redis *redis;
    struct projection *projection;
    struct event *second;
    unsigned health;
    char reason[HEALTH_DETAIL_MAX]; /* told last */
    struct feeding feedings[PARTITION_MAX];
};

static void feeding_end(struct projector *projector, uint32_t partition)
{
    free(projector->feedings[partition].ids);
    projector->feedings[partition] = (struct feeding){0};
}

static bool feeding_begin(struct projector *projector, uint32_t partition)
{
    feeding_end(projector, partition);
    struct feeding *feeding = &projector->feedings[partition];
    const struct table *cases = projector->cases[partition];
    uint32_t count = cases ? table_count(cases) : 0;
    feeding->ids = malloc(((size_t)count + 1) * sizeof *feeding->ids);
    if (!feeding->ids) {
        return false;
    }
    uint32_t at = 0;
    uint64_t case_id;
    while (feeding->count < count && table_next(cases, &at, &case_id)) {
        feeding->ids[feeding->count++] = case_id;
    }
    return true;
}

/* One slice an asking: the next is asked for when Redis has taken this one. */
static void
on_feed(void *self, enum service_id service, uint32_t partition, uint32_t attempt, bool first)
{
    struct projector *projector = self;
    if (first && !feeding_begin(projector, partition)) {
        return; /* asked again with the next tick */
    }
    static struct projection_op ops[PROJECTION_FEED_MAX];
    struct feeding *feeding = &projector->feedings[partition];
    uint32_t count = 0;
    while (feeding->at < feeding->count && count < PROJECTION_FEED_MAX) {
        projector->op(projector->self, feeding->ids[feeding->at++], &ops[count]);
        bool there = ops[count].change == PROJECTION_PUT || ops[count].change == PROJECTION_ARM;
        count += there;
    }
    if (count > 0) {
        (void)projection_feed(projector->projection, service, partition, attempt, ops, count);
    } else {
        (void)projection_fed(projector->projection, service, partition, attempt);
        feeding_end(projector, partition);
    }
}

/* Also what never was ready says why, once for each reason: a wrong password, say. */
static void redis_look(struct projector *projector)
{
    bool ready = redis_is_ready(projector->redis);
    const char *reason = ready ? "" : redis_reason(projector->redis);
    service_dependency_set(projector->service, projector->health, ready, reason);
    if (!ready && reason[0] != '\0' && strcmp(reason, projector->reason) != 0) {
        log_warn("redis away", LOG_TEXT("reason", reason));
        (void)snprintf(projector->reason, sizeof projector->reason, "%s", reason);
    }
}

static void on_redis(void *self, bool ready)
{
    struct projector *projector = self;
    projector->reason[0] = '\0';
    if (ready) {
        log_info("redis reached");
    }
    redis_look(projector);
}

static void on_second(evutil_socket_t socket, short what, void *context)
{
    (void)socket;
    (void)what;
    redis_look(context);
}

struct projector *projector_new(struct service *service,
                                enum service_id id,
                                projector_op_fn *op,
                                struct table *const *cases,
                                void *self,
                                struct error *error)
{
    const struct service_settings *settings = service_settings(service);
    const struct redis_settings redis_settings = {
        .address = settings->redis,
        .user = settings->redis_user[0] ? settings->redis_user : NULL,
        .password = settings->redis_password[0] ? settings->redis_password : NULL,
        .in_flight_max = IN_FLIGHT_MAX};
    const struct projection_settings projection_settings = {.prefix = settings->redis_prefix};
    struct projector *projector = calloc(1, sizeof *projector);
    if (!projector) {
        (void)error_set(error, ERROR_FATAL, "out of memory");
        return NULL;
    }
    *projector =
        (struct projector){.service = service, .id = id, .op = op, .cases = cases, .self = self};
    const struct projection_hooks hooks = {.self = projector, .feed = on_feed};
    projector->redis = redis_new(service_base(service), &redis_settings, error);
    if (projector->redis) {
        projector->projection = projection_new(
            service_base(service), projector->redis, &projection_settings, &hooks, error);
    }
    if (!projector->projection) {
        projector_free(&projector);
        return NULL;
    }
    projector->health = service_dependency(service, "redis");
    projector->second = event_new(service_base(service), -1, EV_PERSIST, on_second, projector);
    if (projector->second) {
        (void)event_add(projector->second, &(struct timeval){1, 0});
    }
    redis_listen(projector->redis, on_redis, projector);
    redis_start(projector->redis);
    return projector;
}

void projector_free(struct projector **projector_p)
{
    struct projector *projector = *projector_p;
    if (!projector) {
        return;
    }
    if (projector->second) {
        event_free(projector->second);
    }
    if (projector->redis) {
        redis_unlisten(projector->redis, on_redis, projector); /* the health it tells is gone */
    }
    redis_free(&projector->redis);
    projection_free(&projector->projection);
    for (uint32_t p = 0; p < PARTITION_MAX; p++) {
        feeding_end(projector, p);
    }
    free(projector);
    *projector_p = NULL;
}

struct projection *projector_projection(struct projector *projector)
{
    return projector->projection;
}

bool projector_is_ready(const struct projector *projector)
{
    return redis_is_ready(projector->redis);
}

void projector_own(struct projector *projector, uint32_t partition)
{
    projection_own(projector->projection,
                   projector->id,
                   partition,
                   service_stream_epoch(projector->service, partition),
                   service_stream_seq(projector->service, partition));
}

void projector_disown(struct projector *projector, uint32_t partition)
{
    projection_disown(projector->projection, projector->id, partition);
    feeding_end(projector, partition);
}

static void commit_partition(struct projector *projector,
                             uint32_t partition,
                             uint64_t from,
                             uint64_t to,
                             const uint64_t *changed,
                             uint32_t count)
{
    static struct projection_op ops[PROJECTION_COMMIT_OPS_MAX];
    uint32_t filled = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (case_partition(changed[i]) != partition) {
            continue;
        }
        if (filled == PROJECTION_COMMIT_OPS_MAX && from < to) {
            /* more changes than one call takes: tell them with the first of the events, the rest
             * with the others */
            projection_commit(
                projector->projection, projector->id, partition, from, from, ops, filled);
            from++;
            filled = 0;
        } else if (filled == PROJECTION_COMMIT_OPS_MAX) {
            projection_rebuild(projector->projection, projector->id, partition);
            return;
        }
        projector->op(projector->self, changed[i], &ops[filled++]);
    }
    projection_commit(projector->projection, projector->id, partition, from, to, ops, filled);
}

void projector_commit(struct projector *projector,
                      const struct cycle *cycle,
                      const uint64_t *changed,
                      uint32_t count)
{
    for (uint32_t i = 0; i < cycle_touched_count(cycle); i++) {
        uint32_t partition = cycle_touched(cycle, i);
        uint64_t from;
        uint64_t to;
        if (cycle_appended(cycle, partition, &from, &to)) {
            commit_partition(projector, partition, from, to, changed, count);
        }
    }
}
