#include "projection_private.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>

enum { CLEAN_SLICE = 200 }; /* entries of an old share looked at in one call */

void projection_streams_pump(struct projection *projection)
{
    for (unsigned kind = 0; kind < PROJECTION_KINDS; kind++) {
        for (unsigned i = 0; i < PARTITION_MAX; i++) {
            if (projection->streams[kind][i]) {
                projection_stream_pump(projection->streams[kind][i]);
            }
        }
    }
}

void projection_stream_phase(struct projection_stream *stream, enum projection_phase phase)
{
    struct projection *projection = stream->projection;
    projection->building -= stream->phase == PROJECTION_BUILDING;
    projection->building += phase == PROJECTION_BUILDING;
    stream->phase = phase;
    stream->asked = false;
}

void projection_stream_drop(struct projection_stream *stream, uint64_t seq)
{
    size_t before = stream->buffer.count;
    projection_buffer_drop(&stream->buffer, seq);
    stream->projection->backlog -= before - stream->buffer.count;
}

void projection_stream_want(struct projection_stream *stream, bool at_once)
{
    projection_stream_phase(stream, PROJECTION_WANTED);
    stream->resting = !at_once;
    projection_stream_pump(stream);
}

/* Who owns it the archive says, not Redis: a ghost is told so by its lease and disowns the stream.
 */
static void stream_refused(struct projection_stream *stream)
{
    stream->projection->figures.fenced++;
    stream->refused++;
    stream->resting = true;
    projection_stream_phase(stream, PROJECTION_AWAY);
}

static void stream_ask(struct projection_stream *stream, bool first)
{
    const struct projection_hooks *hooks = &stream->projection->hooks;
    stream->asked = true;
    hooks->feed(hooks->self, stream->service, stream->partition, stream->attempt, first);
}

/* ---- replies ---- */

static const char *text_at(const redisReply *reply, size_t n)
{
    return reply->type == REDIS_REPLY_ARRAY && n < reply->elements &&
                   reply->element[n]->type == REDIS_REPLY_STRING
               ? reply->element[n]->str
               : "";
}

static uint64_t number_at(const redisReply *reply, size_t n)
{
    return reply->type == REDIS_REPLY_ARRAY && n < reply->elements &&
                   reply->element[n]->type == REDIS_REPLY_INTEGER
               ? (uint64_t)reply->element[n]->integer
               : 0;
}

/* Another version's, however complete, says what followed from that one. */
static bool told_as_we_tell(const struct projection_stream *stream, const char *generation)
{
    char version[PROJECTION_VERSION_DIGITS + 1];
    (void)snprintf(version, sizeof version, "%08" PRIx32, stream->projection->told_under);
    return strncmp(generation, version, PROJECTION_VERSION_DIGITS) == 0;
}

static void checked(struct projection_stream *stream, const redisReply *reply)
{
    const char *generation = text_at(reply, 1);
    uint64_t watermark = strtoull(text_at(reply, 2), NULL, 10);
    /* Our own share may be behind by what was in flight; another's must be complete. */
    bool good = stream->generation[0]
                    ? strcmp(generation, stream->generation) == 0 &&
                          watermark >= stream->watermark && watermark <= stream->head
                    : told_as_we_tell(stream, generation) && watermark == stream->watermark;
    if (!good) {
        projection_stream_want(stream, true);
        return;
    }
    (void)snprintf(stream->generation, sizeof stream->generation, "%s", generation);
    stream->watermark = watermark;
    stream->old_shares = number_at(reply, 3);
    projection_stream_drop(stream, watermark);
    if (stream->phase == PROJECTION_AWAY) {
        projection_stream_phase(stream, PROJECTION_LIVE);
    }
}

static void applied(struct projection_stream *stream, bool good)
{
    if (!good) {
        projection_stream_want(stream, true);
        return;
    }
    stream->watermark = stream->next;
    stream->cleaned = false;
    projection_stream_drop(stream, stream->watermark);
}

static void flipped(struct projection_stream *stream, const redisReply *reply)
{
    projection_stream_phase(stream, PROJECTION_LIVE);
    stream->old_shares = number_at(reply, 1);
    stream->projection->figures.rebuilds++;
    projection_streams_pump(stream->projection); /* the next one's turn to build */
}

static void stream_answered(struct projection_stream *stream,
                            enum projection_flight call,
                            const redisReply *reply)
{
    bool good = strcmp(text_at(reply, 0), "OK") == 0;
    if (strcmp(text_at(reply, 0), "FENCED") == 0) {
        stream_refused(stream);
        return;
    }
    stream->refused = 0;
    bool building = stream->phase == PROJECTION_BUILDING;
    switch (call) {
    case FLIGHT_CHECK:
        checked(stream, reply);
        return;
    case FLIGHT_APPLY:
        applied(stream, good);
        return;
    case FLIGHT_CLEAN:
        stream->old_shares = number_at(reply, 1);
        stream->cleaned = true;
        return;
    case FLIGHT_BEGIN:
    case FLIGHT_FEED:
        if (building && good) {
            stream_ask(stream, call == FLIGHT_BEGIN);
        } else if (building) {
            projection_stream_want(stream, false);
        }
        return;
    case FLIGHT_FLIP:
        if (building && good) {
            flipped(stream, reply);
        } else if (building) {
            projection_stream_want(stream, false);
        }
        return;
    case FLIGHT_FORGET: /* and checked as if it were new */
    case FLIGHT_NONE:
        return;
    }
}

/* The script met what none of its verbs leaves behind: somebody else has written here. */
static bool is_spoilt(const redisReply *reply)
{
    return strncmp(reply->str, "ERR ", 4) == 0;
}

static void on_stream_reply(void *self, const redisReply *reply)
{
    struct projection_stream *stream = self;
    if (stream->ignored > 0) {
        stream->ignored--;
        return;
    }
    enum projection_flight call = stream->flight;
    stream->flight = FLIGHT_NONE;
    if (!reply) {
        projection_stream_phase(stream, PROJECTION_AWAY);
        return;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        /* Changes may be half in, the watermark is not: to be tried again as they are. */
        stream->resting = true;
        stream->refused += is_spoilt(reply);
        if (stream->phase == PROJECTION_BUILDING) {
            projection_stream_phase(stream, PROJECTION_WANTED);
        }
        return;
    }
    stream_answered(stream, call, reply);
    projection_stream_pump(stream);
}

/* ---- calls ---- */

static struct redis_call *stream_begin_call(struct projection_stream *stream, const char *verb)
{
    struct redis_call *call = projection_call(stream->projection, verb);
    redis_call_text(call, stream->name);
    return call;
}

static bool stream_send(struct projection_stream *stream, enum projection_flight what)
{
    struct error error;
    struct projection *projection = stream->projection;
    if (!redis_send(projection->redis, &projection->call, on_stream_reply, stream, &error)) {
        stream->resting = true;
        return false;
    }
    stream->flight = what;
    return true;
}

static void add_op(struct redis_call *call, const struct projection_op *op)
{
    if (op->change == PROJECTION_PUT || op->change == PROJECTION_REMOVE) {
        redis_call_format(call, "%016" PRIx64, op->case_id);
        if (op->change == PROJECTION_PUT) {
            redis_call_text(call, op->queue);
            redis_call_format(call, "%.17g", op->score);
            redis_call_text(call, op->ask);
        } else {
            redis_call_text(call, "");
            redis_call_text(call, "0");
            redis_call_text(call, "");
        }
        return;
    }
    if (op->clock == PROJECTION_NO_CLOCK) {
        redis_call_format(call, "%016" PRIx64, op->case_id);
    } else {
        redis_call_format(call, "%016" PRIx64 ":%x", op->case_id, op->clock);
    }
    if (op->change == PROJECTION_ARM) {
        redis_call_format(call, "%" PRId64, op->due_ms);
    } else {
        redis_call_text(call, "");
    }
}

static void send_check(struct projection_stream *stream)
{
    struct redis_call *call = stream_begin_call(stream, "check");
    redis_call_format(call, "%" PRIu64, stream->epoch);
    (void)stream_send(stream, FLIGHT_CHECK);
}

/* More than leases take to end: who still owns it is its owner, and what Redis has is wrong. */
static bool is_owner_all_the_same(const struct projection_stream *stream)
{
    return stream->refused >= stream->projection->settings.refused_max;
}

static void send_forget(struct projection_stream *stream)
{
    (void)stream_begin_call(stream, "forget");
    stream->generation[0] = '\0';
    if (stream_send(stream, FLIGHT_FORGET)) {
        stream->projection->figures.forgotten++;
    }
}

static void send_apply(struct projection_stream *stream)
{
    size_t count = projection_buffer_slice(&stream->buffer, PROJECTION_COMMIT_OPS_MAX);
    stream->next = count == stream->buffer.count
                       ? stream->head
                       : projection_buffer_at(&stream->buffer, count - 1)->to;
    struct redis_call *call = stream_begin_call(stream, "apply");
    redis_call_text(call, stream->generation);
    redis_call_format(call, "%" PRIu64, stream->watermark);
    redis_call_format(call, "%" PRIu64, stream->next);
    for (size_t i = 0; i < count; i++) {
        add_op(call, &projection_buffer_at(&stream->buffer, i)->op);
    }
    if (stream_send(stream, FLIGHT_APPLY)) {
        stream->projection->figures.calls++;
        stream->projection->figures.changes += count;
    }
}

static void send_clean(struct projection_stream *stream)
{
    struct redis_call *call = stream_begin_call(stream, "clean");
    redis_call_format(call, "%d", CLEAN_SLICE);
    (void)stream_send(stream, FLIGHT_CLEAN);
}

static void send_begin(struct projection_stream *stream)
{
    /* Random, because after a lost tail a counter would name a share that is half there. */
    char random[2 * 8 + 1];
    projection_random(8, random);
    (void)snprintf(stream->generation,
                   sizeof stream->generation,
                   "%08" PRIx32 "%s",
                   stream->projection->told_under,
                   random);
    struct redis_call *call = stream_begin_call(stream, "begin");
    redis_call_text(call, stream->generation);
    redis_call_format(call, "%" PRIu64, stream->epoch);
    if (!stream_send(stream, FLIGHT_BEGIN)) {
        return;
    }
    projection_stream_phase(stream, PROJECTION_BUILDING);
    /* Whatever was told up to now is in the state that is going to be fed. */
    projection_stream_drop(stream, UINT64_MAX);
    stream->watermark = stream->head;
    stream->lost_track = false;
    stream->attempt++;
}

bool projection_stream_feed(struct projection_stream *stream,
                            const struct projection_op *ops,
                            uint32_t count)
{
    struct redis_call *call = stream_begin_call(stream, "feed");
    redis_call_text(call, stream->generation);
    for (uint32_t i = 0; i < count; i++) {
        add_op(call, &ops[i]);
    }
    return stream_send(stream, FLIGHT_FEED);
}

bool projection_stream_flip(struct projection_stream *stream)
{
    struct redis_call *call = stream_begin_call(stream, "flip");
    redis_call_text(call, stream->generation);
    redis_call_format(call, "%" PRIu64, stream->watermark);
    return stream_send(stream, FLIGHT_FLIP);
}

static void live_pump(struct projection_stream *stream)
{
    bool changes = stream->head > stream->watermark;
    if (stream->old_shares > 0 && (!changes || !stream->cleaned)) {
        send_clean(stream);
    } else if (changes) {
        send_apply(stream);
    }
}

void projection_stream_pump(struct projection_stream *stream)
{
    const struct projection *projection = stream->projection;
    if (stream->flight != FLIGHT_NONE || stream->resting || !redis_is_ready(projection->redis)) {
        return;
    }
    if (stream->phase == PROJECTION_LIVE && stream->lost_track) {
        projection_stream_phase(stream, PROJECTION_WANTED);
    }
    if (is_owner_all_the_same(stream)) {
        projection_stream_phase(stream, PROJECTION_AWAY);
        send_forget(stream);
        return;
    }
    switch (stream->phase) {
    case PROJECTION_AWAY:
        send_check(stream);
        return;
    case PROJECTION_LIVE:
        live_pump(stream);
        return;
    case PROJECTION_WANTED:
        if (projection->building < projection->settings.building_max) {
            send_begin(stream);
        }
        return;
    case PROJECTION_BUILDING: /* the owner's turn */
    case PROJECTION_NONE:
        return;
    }
}

void projection_stream_check(struct projection_stream *stream)
{
    if (stream->phase == PROJECTION_LIVE && stream->flight == FLIGHT_NONE &&
        redis_is_ready(stream->projection->redis)) {
        send_check(stream);
    }
}
