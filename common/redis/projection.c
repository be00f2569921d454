#include "hex.h"
#include "projection_private.h"
#include "projection_text.h"

#include <assert.h>
#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <math.h>
#include <sys/random.h>

enum { EXPIRE_SLICE = 100 }; /* leases ended in one call */

struct redis_call *projection_call(struct projection *projection, const char *verb)
{
    redis_call_script(&projection->call, projection->redis, projection->script);
    redis_call_text(&projection->call, projection->prefix);
    redis_call_text(&projection->call, verb);
    return &projection->call;
}

void projection_random(size_t size, char *text)
{
    uint8_t bytes[64];
    assert(size <= sizeof bytes);
    while (getrandom(bytes, size, 0) != (ssize_t)size) {
    }
    hex_encode(bytes, size, text);
}

bool projection_reply(const struct redisReply *reply, struct error *error)
{
    if (!reply) {
        return error_set(error, ERROR_RETRY, "redis: the connection was lost");
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        return error_set(error, ERROR_RETRY, "redis: %s", reply->str);
    }
    return true;
}

static unsigned kind_of(enum service_id service, uint32_t partition)
{
    assert((service == SERVICE_DISPATCH || service == SERVICE_WATCHDOG) &&
           partition < PARTITION_MAX);
    return service == SERVICE_WATCHDOG;
}

/* NULL: not ours. */
static struct projection_stream *
stream_find(const struct projection *projection, enum service_id service, uint32_t partition)
{
    struct projection_stream *stream = projection->streams[kind_of(service, partition)][partition];
    return stream && stream->phase != PROJECTION_NONE ? stream : NULL;
}

void projection_told_under(struct projection *projection, uint32_t version)
{
    projection->told_under = version;
}

void projection_own(struct projection *projection,
                    enum service_id service,
                    uint32_t partition,
                    uint64_t epoch,
                    uint64_t seq)
{
    assert(projection->hooks.feed);
    struct projection_stream **slot = &projection->streams[kind_of(service, partition)][partition];
    if (!*slot) {
        *slot = calloc(1, sizeof **slot);
        if (!*slot) {
            return; /* Redis lacks this share: slower, never wrong */
        }
    }
    projection_disown(projection, service, partition);
    struct projection_stream *stream = *slot;
    *stream = (struct projection_stream){
        .projection = projection,
        .service = service,
        .partition = partition,
        .phase = PROJECTION_AWAY,
        .ignored = stream->ignored,
        .attempt = stream->attempt,
        .epoch = epoch,
        .head = seq,
        .watermark = seq,
    };
    (void)snprintf(
        stream->name, sizeof stream->name, "%s.%" PRIu32, service_name(service), partition);
    projection_stream_pump(stream);
}

void projection_disown(struct projection *projection, enum service_id service, uint32_t partition)
{
    struct projection_stream *stream = stream_find(projection, service, partition);
    if (stream) {
        projection_stream_phase(stream, PROJECTION_NONE);
        stream->ignored += stream->flight != FLIGHT_NONE;
        stream->flight = FLIGHT_NONE;
        projection_stream_drop(stream, UINT64_MAX);
        projection_buffer_done(&stream->buffer);
    }
}

static bool op_is_sound(const struct projection_stream *stream, const struct projection_op *op)
{
    bool place = op->change == PROJECTION_PUT || op->change == PROJECTION_REMOVE;
    return place == (stream->service == SERVICE_DISPATCH) &&
           case_partition(op->case_id) == stream->partition &&
           (op->change != PROJECTION_PUT || (!isnan(op->score) && op->queue[0] &&
                                             memchr(op->queue, '\0', sizeof op->queue) != NULL &&
                                             memchr(op->ask, '\0', sizeof op->ask) != NULL));
}

void projection_commit(struct projection *projection,
                       enum service_id service,
                       uint32_t partition,
                       uint64_t from,
                       uint64_t to,
                       const struct projection_op *ops,
                       uint32_t count)
{
    assert(from <= to && count <= PROJECTION_COMMIT_OPS_MAX);
    struct projection_stream *stream = stream_find(projection, service, partition);
    if (!stream || to <= stream->head) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        assert(op_is_sound(stream, &ops[i]));
    }
    size_t left = projection->settings.backlog_total_max - projection->backlog;
    if (from != stream->head + 1) {
        stream->lost_track = true;
    }
    if (!stream->lost_track &&
        (count > left || !projection_buffer_add(
                             &stream->buffer, to, ops, count, projection->settings.backlog_max))) {
        stream->lost_track = true;
        projection->figures.overflows++;
    } else if (!stream->lost_track) {
        projection->backlog += count;
    }
    stream->head = to;
    if (stream->lost_track && stream->flight != FLIGHT_APPLY) {
        projection_stream_drop(stream, UINT64_MAX);
    }
    projection_stream_pump(stream);
}

static struct projection_stream *stream_asked(const struct projection *projection,
                                              enum service_id service,
                                              uint32_t partition,
                                              uint32_t attempt)
{
    struct projection_stream *stream = stream_find(projection, service, partition);
    return stream && stream->phase == PROJECTION_BUILDING && stream->asked &&
                   stream->attempt == attempt && stream->flight == FLIGHT_NONE
               ? stream
               : NULL;
}

bool projection_feed(struct projection *projection,
                     enum service_id service,
                     uint32_t partition,
                     uint32_t attempt,
                     const struct projection_op *ops,
                     uint32_t count)
{
    assert(count <= PROJECTION_FEED_MAX);
    struct projection_stream *stream = stream_asked(projection, service, partition, attempt);
    if (!stream) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        assert(op_is_sound(stream, &ops[i]) &&
               (ops[i].change == PROJECTION_PUT || ops[i].change == PROJECTION_ARM));
    }
    if (!projection_stream_feed(stream, ops, count)) {
        projection_stream_want(stream, false);
        return false;
    }
    stream->asked = false;
    return true;
}

bool projection_fed(struct projection *projection,
                    enum service_id service,
                    uint32_t partition,
                    uint32_t attempt)
{
    struct projection_stream *stream = stream_asked(projection, service, partition, attempt);
    if (!stream) {
        return false;
    }
    if (!projection_stream_flip(stream)) {
        projection_stream_want(stream, false);
        return false;
    }
    stream->asked = false;
    return true;
}

void projection_rebuild(struct projection *projection, enum service_id service, uint32_t partition)
{
    struct projection_stream *stream = stream_find(projection, service, partition);
    if (!stream) {
        return;
    }
    if (stream->phase == PROJECTION_BUILDING) {
        projection_stream_want(stream, false);
    } else {
        stream->lost_track = true;
        projection_stream_pump(stream);
    }
}

enum projection_phase
projection_phase(const struct projection *projection, enum service_id service, uint32_t partition)
{
    const struct projection_stream *stream = stream_find(projection, service, partition);
    return stream ? stream->phase : PROJECTION_NONE;
}

bool projection_is_settled(const struct projection *projection,
                           enum service_id service,
                           uint32_t partition)
{
    const struct projection_stream *stream = stream_find(projection, service, partition);
    return stream && stream->phase == PROJECTION_LIVE && stream->flight == FLIGHT_NONE &&
           !stream->lost_track && stream->watermark == stream->head && stream->old_shares == 0;
}

struct projection_figures projection_figures(const struct projection *projection)
{
    return projection->figures;
}

const char *projection_script(void)
{
    return (const char *)projection_text;
}

/* ---- the loop's side ---- */

static void expire(struct projection *projection);

static void on_expired(void *self, const redisReply *reply)
{
    struct projection *projection = self;
    projection->expiring = false;
    if (reply && reply->type == REDIS_REPLY_INTEGER) {
        projection->figures.expired += (uint64_t)reply->integer;
        if (reply->integer == EXPIRE_SLICE) {
            expire(projection);
        }
    }
}

/* Leases whose time is over: any owner of a work queue's share does it for all of them. */
static void expire(struct projection *projection)
{
    struct error error;
    struct redis_call *call = projection_call(projection, "expire");
    redis_call_format(call, "%d", EXPIRE_SLICE);
    projection->expiring = redis_send(projection->redis, call, on_expired, projection, &error);
}

void projection_tick(struct projection *projection)
{
    bool queues = false;
    for (unsigned kind = 0; kind < PROJECTION_KINDS; kind++) {
        for (unsigned i = 0; i < PARTITION_MAX; i++) {
            struct projection_stream *stream = projection->streams[kind][i];
            if (stream && stream->phase != PROJECTION_NONE) {
                queues = queues || stream->service == SERVICE_DISPATCH;
                stream->resting = false;
                projection_stream_pump(stream);
                projection_stream_check(stream);
            }
        }
    }
    if (queues && !projection->expiring && redis_is_ready(projection->redis)) {
        expire(projection);
    }
}

static void on_tick(evutil_socket_t fd, short what, void *self)
{
    (void)fd;
    (void)what;
    projection_tick(self);
}

static void on_state(void *self, bool ready)
{
    struct projection *projection = self;
    for (unsigned kind = 0; kind < PROJECTION_KINDS; kind++) {
        for (unsigned i = 0; i < PARTITION_MAX; i++) {
            struct projection_stream *stream = projection->streams[kind][i];
            if (stream && stream->phase != PROJECTION_NONE) {
                stream->resting = false;
                projection_stream_phase(stream, PROJECTION_AWAY);
            }
        }
    }
    if (ready) {
        projection_streams_pump(projection);
    }
}

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value != 0 ? value : otherwise;
}

static void settings_take(struct projection *projection, const struct projection_settings *given)
{
    struct projection_settings *settings = &projection->settings;
    *settings = given ? *given : (struct projection_settings){.prefix = NULL};
    (void)snprintf(projection->prefix,
                   sizeof projection->prefix,
                   "%s",
                   settings->prefix ? settings->prefix : "redress:");
    settings->prefix = projection->prefix;
    settings->tick_ms = or_default(settings->tick_ms, 1000);
    settings->building_max = or_default(settings->building_max, 4);
    settings->backlog_max = or_default(settings->backlog_max, 16384);
    settings->backlog_total_max = or_default(settings->backlog_total_max, 131072);
    settings->refused_max = or_default(settings->refused_max, 30);
}

static bool tick_start(struct projection *projection, struct event_base *loop)
{
    uint32_t tick_ms = projection->settings.tick_ms;
    struct timeval span = {(time_t)(tick_ms / 1000), (suseconds_t)(tick_ms % 1000 * 1000)};
    projection->tick = event_new(loop, -1, EV_PERSIST, on_tick, projection);
    return projection->tick && event_add(projection->tick, &span) == 0;
}

struct projection *projection_new(struct event_base *loop,
                                  struct redis *redis,
                                  const struct projection_settings *settings,
                                  const struct projection_hooks *hooks,
                                  struct error *error)
{
    struct projection *projection = calloc(1, sizeof *projection);
    if (!projection) {
        (void)error_set(error, ERROR_FATAL, "no memory");
        return NULL;
    }
    settings_take(projection, settings);
    projection->redis = redis;
    projection->hooks = hooks ? *hooks : (struct projection_hooks){.self = NULL};
    if (loop && !tick_start(projection, loop)) {
        (void)error_set(error, ERROR_FATAL, "no memory");
        projection_free(&projection);
        return NULL;
    }
    projection->script = redis_script_add(redis, projection_script());
    redis_listen(redis, on_state, projection);
    return projection;
}

void projection_free(struct projection **projection_p)
{
    struct projection *projection = *projection_p;
    if (!projection) {
        return;
    }
    if (projection->tick) {
        event_free(projection->tick);
    }
    for (unsigned kind = 0; kind < PROJECTION_KINDS; kind++) {
        for (unsigned i = 0; i < PARTITION_MAX; i++) {
            struct projection_stream *stream = projection->streams[kind][i];
            if (stream) {
                projection_buffer_done(&stream->buffer);
                free(stream);
            }
        }
    }
    free(projection);
    *projection_p = NULL;
}
