#include "redis_world.h"

#include "world.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <sys/random.h>

enum { TIMEOUT_US = 2 * SECOND, CLEAN_SLICE = 3 };

struct flight {
    struct redis *redis;
    uint32_t connection;
    int64_t sent_us;
    redis_reply_fn *fn;
    void *self;
    size_t count;
    const char **arguments;
    size_t *sizes;
    redisReply *reply;
    struct flight *next;
};

struct redis {
    struct actor *actor;
    bool ready;
    uint32_t connection;          /* counts them: answers of an earlier one are not heard */
    int64_t sent_us, answered_us; /* of the last call: none overtakes another */
    struct flight *first, *last;
    unsigned listener_count;
    struct {
        redis_state_fn *fn;
        void *self;
    } listeners[REDIS_LISTENERS_MAX];
    struct redis *other; /* all that live */
};

static struct redis_model *server, *snapshot;
static struct redis *all;
static struct actor *next_actor;
static int64_t down_until_us;

/* The one source of chance: names of shares and tokens are the seed's too. */
ssize_t getrandom(void *buffer, size_t length, unsigned flags)
{
    (void)flags;
    uint8_t *bytes = buffer;
    for (size_t i = 0; i < length; i++) {
        bytes[i] = (uint8_t)sim_random(256);
    }
    return (ssize_t)length;
}

static unsigned flaws(void)
{
    switch (sim.mutant) {
    case MUTANT_FLUSH_KEEPS_GENERATION:
        return REDIS_MODEL_FLUSH_KEEPS_GENERATION;
    case MUTANT_WATERMARK_IGNORED:
        return REDIS_MODEL_WATERMARK_IGNORED;
    case MUTANT_LEASES_FOREVER:
        return REDIS_MODEL_LEASES_FOREVER;
    default:
        return 0;
    }
}

void redis_begin(void)
{
    const struct redis_model_settings settings = {
        .take = sim_new, .chance = sim_random, .slice = CLEAN_SLICE, .flaws = flaws()};
    server = redis_model_new(&settings);
    snapshot = redis_model_new(&settings);
    all = NULL;
    down_until_us = 0;
}

void redis_end(void)
{
    redis_model_free(&server);
    redis_model_free(&snapshot);
}

const struct redis_model *redis_server(void)
{
    return server;
}

/* ---- calls ---- */

static redisReply *execute(const struct flight *flight)
{
    return redis_model_call(
        server, flight->arguments, flight->sizes, flight->count, sim.now_us / MILLI);
}

static void reply_arrives(void *self, void *thing)
{
    struct redis *redis = self;
    struct flight *flight = thing;
    if (flight->connection != redis->connection) {
        return;
    }
    assert(redis->first == flight);
    redis->first = flight->next;
    flight->fn(flight->self, flight->reply);
}

/* Once more, when others have been executed: nobody hears the answer. */
static void reaches_again(void *self, void *thing)
{
    (void)self;
    if (sim.now_us >= down_until_us) {
        (void)execute(thing);
    }
}

static bool is_commit(const struct flight *flight)
{
    return flight->sizes[1] == 5 && memcmp(flight->arguments[1], "apply", 5) == 0;
}

static void reaches_server(void *self, void *thing)
{
    (void)self;
    struct flight *flight = thing;
    struct redis *redis = flight->redis;
    if (sim.now_us < down_until_us) {
        return;
    }
    if (flight->connection != redis->connection) {
        sim_reach(SOMETIMES_REDIS_ZOMBIE);
    }
    flight->reply = execute(flight);
    if (sim_fault(FAULT_REDIS_REPEAT, 20)) {
        redisReply *again = execute(flight);
        flight->reply = sim_per_mille(500) ? again : flight->reply;
    }
    if (is_commit(flight) && sim_fault(FAULT_REDIS_REPEAT, 20)) {
        sim_later(NULL, (int64_t)sim_random(6 * SECOND), reaches_again, NULL, flight);
    }
    if (flight->connection != redis->connection || !redis->actor->alive) {
        return;
    }
    int64_t at_us = sim.now_us + 50 + (int64_t)sim_random(MILLI);
    redis->answered_us = at_us > redis->answered_us ? at_us : redis->answered_us + 1;
    sim_later(redis->actor, redis->answered_us - sim.now_us, reply_arrives, redis, flight);
}

void redis_call_script(struct redis_call *call, const struct redis *redis, unsigned script)
{
    (void)redis;
    (void)script;
    redis_call_begin(call, "EVALSHA");
}

bool redis_send(struct redis *redis,
                struct redis_call *call,
                redis_reply_fn *fn,
                void *self,
                struct error *error)
{
    if (!redis->ready) {
        return error_set(error, ERROR_RETRY, "redis: not connected");
    }
    struct flight *flight = sim_new(sizeof *flight);
    *flight = (struct flight){.redis = redis,
                              .connection = redis->connection,
                              .sent_us = sim.now_us,
                              .fn = fn,
                              .self = self,
                              .count = call->count - 1};
    flight->arguments = sim_new(flight->count * sizeof *flight->arguments);
    flight->sizes = sim_new(flight->count * sizeof *flight->sizes);
    for (size_t i = 0; i < flight->count; i++) {
        char *bytes = sim_new(call->sizes[i + 1] + 1);
        memcpy(bytes, call->arguments[i + 1], call->sizes[i + 1]);
        flight->arguments[i] = bytes;
        flight->sizes[i] = call->sizes[i + 1];
    }
    *(redis->first ? &redis->last->next : &redis->first) = flight;
    redis->last = flight;
    int64_t at_us = sim.now_us + 50 + (int64_t)sim_random(MILLI);
    if (sim_fault(FAULT_REDIS_SLOW, 20)) {
        at_us += (int64_t)sim_random(4 * SECOND);
    }
    redis->sent_us = at_us > redis->sent_us ? at_us : redis->sent_us + 1;
    sim_later(NULL, redis->sent_us - sim.now_us, reaches_server, NULL, flight);
    return true;
}

/* ---- connections ---- */

static void tell(struct redis *redis, bool ready)
{
    redis->ready = ready;
    for (unsigned i = 0; i < redis->listener_count; i++) {
        redis->listeners[i].fn(redis->listeners[i].self, ready);
    }
}

static void connect_try(void *self, void *thing)
{
    struct redis *redis = self;
    if (redis->ready || redis->connection != (uint32_t)(uintptr_t)thing) {
        return;
    }
    if (sim.now_us < down_until_us) {
        sim_later(redis->actor, (int64_t)sim_random(2 * SECOND), connect_try, redis, thing);
        return;
    }
    tell(redis, true);
}

static void reconnect(struct redis *redis)
{
    void *connection = (void *)(uintptr_t)redis->connection;
    sim_later(redis->actor, (int64_t)sim_random(SECOND), connect_try, redis, connection);
}

/* Everything in flight is told that nobody knows. */
static void drop(struct redis *redis)
{
    redis->ready = false;
    redis->connection++;
    struct flight *flight = redis->first;
    redis->first = NULL;
    while (flight) {
        struct flight *next = flight->next;
        flight->fn(flight->self, NULL);
        flight = next;
    }
}

static void lose(struct redis *redis)
{
    if (redis->ready) {
        drop(redis);
        tell(redis, false);
        reconnect(redis);
    }
}

static struct redis *redis_of(const struct actor *actor)
{
    struct redis *redis = all;
    while (redis && redis->actor != actor) {
        redis = redis->other;
    }
    return redis;
}

void redis_cut(const struct actor *actor)
{
    struct redis *redis = redis_of(actor);
    if (redis) {
        lose(redis);
    }
}

void redis_look(const struct actor *actor)
{
    struct redis *redis = redis_of(actor);
    if (redis && redis->first && sim.now_us - redis->first->sent_us > TIMEOUT_US) {
        lose(redis);
    }
}

void redis_for(struct actor *actor)
{
    next_actor = actor;
}

struct redis *
redis_new(struct event_base *loop, const struct redis_settings *settings, struct error *error)
{
    (void)loop;
    (void)settings;
    (void)error;
    struct redis *redis = sim_new(sizeof *redis);
    redis->actor = next_actor;
    redis->other = all;
    all = redis;
    return redis;
}

void redis_free(struct redis **redis_p)
{
    struct redis *redis = *redis_p;
    if (redis) {
        struct redis **at = &all;
        while (*at != redis) {
            at = &(*at)->other;
        }
        *at = redis->other;
        drop(redis);
    }
    *redis_p = NULL;
}

void redis_listen(struct redis *redis, redis_state_fn *fn, void *self)
{
    assert(redis->listener_count < REDIS_LISTENERS_MAX);
    redis->listeners[redis->listener_count].fn = fn;
    redis->listeners[redis->listener_count++].self = self;
}

void redis_unlisten(struct redis *redis, redis_state_fn *fn, const void *self)
{
    for (unsigned i = 0; i < redis->listener_count; i++) {
        if (redis->listeners[i].fn == fn && redis->listeners[i].self == self) {
            redis->listeners[i] = redis->listeners[--redis->listener_count];
            return;
        }
    }
}

unsigned redis_script_add(struct redis *redis, const char *text)
{
    (void)redis;
    return text[0] != '\0';
}

void redis_start(struct redis *redis)
{
    reconnect(redis);
}

bool redis_is_ready(const struct redis *redis)
{
    return redis->ready;
}

const char *redis_reason(const struct redis *redis)
{
    return redis->ready ? "" : "lost";
}

/* ---- what happens to the server ---- */

void redis_flush(void)
{
    sim_note("redis is flushed");
    if (redis_model_is_building(server)) {
        sim_reach(SOMETIMES_FLUSH_IN_REBUILD);
    }
    for (uint32_t partition = 0; partition < PARTITIONS; partition++) {
        if (redis_model_leases(server, partition) > 0) {
            sim_reach(SOMETIMES_FLUSH_IN_CLAIM);
        }
    }
    redis_model_flush(server);
}

void redis_snapshot(void)
{
    redis_model_copy(snapshot, server);
}

static void cut_is_seen(void *self, void *thing)
{
    struct redis *redis = self;
    if (redis->connection == (uint32_t)(uintptr_t)thing) {
        lose(redis);
    }
}

void redis_restart(int64_t away_us)
{
    uint64_t how = sim_random(3);
    sim_note("redis is away for %lld ms, %s",
             (long long)away_us / MILLI,
             how == 0   ? "keeps all"
             : how == 1 ? "loses all"
                        : "goes back to a snapshot");
    down_until_us = sim.now_us + away_us;
    if (how == 1) {
        redis_model_flush(server);
    } else if (how == 2) {
        redis_model_copy(server, snapshot);
        sim_reach(SOMETIMES_REDIS_WENT_BACK);
    }
    for (struct redis *redis = all; redis; redis = redis->other) {
        void *connection = (void *)(uintptr_t)redis->connection;
        sim_later(redis->actor, (int64_t)sim_random(20 * MILLI), cut_is_seen, redis, connection);
    }
}
