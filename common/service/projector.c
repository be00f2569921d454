#include "projector.h"

#include "health.h"
#include "log.h"
#include "redis.h"

#include <event2/event.h>

enum {
    IN_FLIGHT_MAX = 8192,
    PAUSE_US = 100000, /* for a policy to come */
};

/* How far the feeding of a share has come, and the telling. */
struct feeding {
    uint64_t read; /* number of the read under way: the answer to an earlier one is stale */
    uint64_t after;
    uint64_t told; /* how far the partition's commits have been told */
    uint32_t attempt;
    bool waits; /* for a policy */
};

struct projector {
    struct service *service;
    struct projector_source source;
    struct redis *redis;
    struct projection *projection;
    uint64_t reads;
    uint64_t forgotten; /* by Redis, told so far */
    struct event *second;
    struct event *pause;
    unsigned health;
    char reason[HEALTH_DETAIL_MAX]; /* told last */
    struct feeding feedings[PARTITION_MAX];
};

/* A slice of the archive being read. */
struct slice_read {
    struct projector *projector;
    uint64_t read;
    uint32_t partition;
};

static void slice_begin(struct projector *projector, uint32_t partition);

static void slice_later(struct projector *projector, uint32_t partition)
{
    static const struct timeval pause = {0, PAUSE_US};
    if (!projector->pause) {
        slice_begin(projector, partition);
        return;
    }
    projector->feedings[partition].waits = true;
    if (!evtimer_pending(projector->pause, NULL)) {
        (void)event_add(projector->pause, &pause);
    }
}

static void on_pause(evutil_socket_t socket, short what, void *context)
{
    (void)socket;
    (void)what;
    struct projector *projector = context;
    for (uint32_t partition = 0; partition < PARTITION_MAX; partition++) {
        if (projector->feedings[partition].waits) {
            projector->feedings[partition].waits = false;
            slice_begin(projector, partition);
        }
    }
}

/* The rows up to one whose policy is not here yet: what stands before it need not wait.  True: all
 * of them. */
static bool rows_take(struct projector *projector,
                      struct feeding *feeding,
                      const PGresult *rows,
                      struct projection_op ops[PROJECTION_FEED_MAX],
                      uint32_t *count)
{
    const struct projector_source *source = &projector->source;
    uint64_t misses = service_policy_misses(projector->service);
    for (int row = 0; row < PQntuples(rows) && row < PROJECTION_FEED_MAX; row++) {
        bool belongs = source->row_op(source->self, rows, row, &ops[*count]);
        if (service_policy_misses(projector->service) != misses) {
            return false;
        }
        *count += belongs;
        feeding->after = (uint64_t)pg_int8(rows, row, 0);
    }
    return true;
}

static void slice_feed(struct projector *projector, uint32_t partition, const PGresult *rows)
{
    static struct projection_op ops[PROJECTION_FEED_MAX];
    const struct projector_source *source = &projector->source;
    struct feeding *feeding = &projector->feedings[partition];
    uint32_t count = 0;
    bool all = rows_take(projector, feeding, rows, ops, &count);
    if (count > 0) {
        (void)projection_feed(
            projector->projection, source->id, partition, feeding->attempt, ops, count);
    } else if (!all) {
        slice_later(projector, partition); /* behind the policy that was asked for */
    } else if (PQntuples(rows) > 0) {
        slice_begin(projector, partition); /* none of these: look further */
    } else {
        (void)projection_fed(projector->projection, source->id, partition, feeding->attempt);
    }
}

static void slice_answered(void *context, const struct pg_answer *answer)
{
    struct slice_read *slice = context;
    struct projector *projector = slice->projector;
    if (projector->feedings[slice->partition].read == slice->read) {
        if (answer->status == PG_OK) {
            slice_feed(projector, slice->partition, answer->results[0]);
        } else {
            log_debug("share not fed", LOG_ERROR_FIELDS(&answer->error));
            projection_rebuild(projector->projection, projector->source.id, slice->partition);
        }
    }
    free(slice);
}

static bool slice_send(struct projector *projector, struct slice_read *slice)
{
    struct error error = {0};
    struct pg *reader = service_reader(projector->service);
    struct feeding *feeding = &projector->feedings[slice->partition];
    if (pg_current_state(reader) != PG_READY) {
        return false;
    }
    feeding->read = slice->read;
    pg_begin(reader);
    pg_call(reader, projector->source.feed);
    pg_bind_int8(reader, (int64_t)feeding->after);
    pg_bind_int8(reader, (int64_t)case_id_make(slice->partition + 1, 0) - 1);
    pg_bind_int4(reader, PROJECTION_FEED_MAX);
    return pg_send(reader, slice_answered, slice, &error);
}

static void slice_begin(struct projector *projector, uint32_t partition)
{
    struct slice_read *slice = malloc(sizeof *slice);
    if (slice) {
        *slice = (struct slice_read){projector, ++projector->reads, partition};
    }
    if (!slice || !slice_send(projector, slice)) {
        free(slice);
        projection_rebuild(projector->projection, projector->source.id, partition); /* later */
    }
}

/* One slice an asking: the next is asked for when Redis has taken this one. */
/* NOLINTBEGIN(bugprone-easily-swappable-parameters): the order is the caller's */
static void
on_feed(void *self, enum service_id service, uint32_t partition, uint32_t attempt, bool first)
/* NOLINTEND(bugprone-easily-swappable-parameters) */
{
    (void)service;
    struct projector *projector = self;
    struct feeding *feeding = &projector->feedings[partition];
    feeding->attempt = attempt;
    feeding->waits = false;
    if (first) {
        feeding->after = case_id_make(partition, 0);
    }
    slice_begin(projector, partition);
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

/* A wrong picture was put right: by whom it was wrong somebody should ask. */
static void forgotten_look(struct projector *projector)
{
    uint64_t forgotten = projection_figures(projector->projection).forgotten;
    if (forgotten > projector->forgotten) {
        log_warn("redis named a later owner of what is ours, or could not read it: told anew",
                 LOG_NUMBER("streams", forgotten - projector->forgotten));
        projector->forgotten = forgotten;
    }
}

static void on_second(evutil_socket_t socket, short what, void *context)
{
    (void)socket;
    (void)what;
    redis_look(context);
    forgotten_look(context);
}

struct projector *
projector_new(struct service *service, const struct projector_source *source, struct error *error)
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
    *projector = (struct projector){.service = service, .source = *source};
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
    struct event_base *base = service_base(service); /* the simulator has none */
    projector->pause = base ? evtimer_new(base, on_pause, projector) : NULL;
    projector->second = base ? event_new(base, -1, EV_PERSIST, on_second, projector) : NULL;
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
    if (projector->pause) {
        event_free(projector->pause);
    }
    if (projector->redis) {
        redis_unlisten(projector->redis, on_redis, projector); /* the health it tells is gone */
    }
    redis_free(&projector->redis);
    projection_free(&projector->projection);
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

/* How many events are in what is committed, of the stream's own and of those that were heard. */
static uint64_t events_in(const struct projector *projector, uint32_t partition)
{
    const struct service *service = projector->service;
    enum service_id heard = projector->source.heard;
    return service_stream_seq(service, partition) +
           (heard != SERVICE_NONE ? service_stream_heard(service, partition, heard) : 0);
}

void projector_own(struct projector *projector, uint32_t partition)
{
    uint64_t in = events_in(projector, partition);
    projector->feedings[partition].told = in;
    projection_own(projector->projection,
                   projector->source.id,
                   partition,
                   service_stream_epoch(projector->service, partition),
                   in);
}

void projector_disown(struct projector *projector, uint32_t partition)
{
    projection_disown(projector->projection, projector->source.id, partition);
    projector->feedings[partition].read = 0;
    projector->feedings[partition].waits = false;
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
                projector->projection, projector->source.id, partition, from, from, ops, filled);
            from++;
            filled = 0;
        } else if (filled == PROJECTION_COMMIT_OPS_MAX) {
            projection_rebuild(projector->projection, projector->source.id, partition);
            return;
        }
        projector->source.op(projector->source.self, changed[i], &ops[filled++]);
    }
    projection_commit(
        projector->projection, projector->source.id, partition, from, to, ops, filled);
}

void projector_commit(struct projector *projector,
                      const struct cycle *cycle,
                      const uint64_t *changed,
                      uint32_t count)
{
    for (uint32_t i = 0; i < cycle_touched_count(cycle); i++) {
        uint32_t partition = cycle_touched(cycle, i);
        uint64_t *told = &projector->feedings[partition].told;
        uint64_t from = *told + 1;
        *told = events_in(projector, partition);
        if (from <= *told) {
            commit_partition(projector, partition, from, *told, changed, count);
        }
    }
}
