#include "redis.h"

#include "clock.h"
#include "redis_address.h"
#include "redis_loop.h"
#include "redis_reader.h"

#include <assert.h>
#include <event2/event.h>
#include <hiredis/async.h>
#include <sys/random.h>

enum redis_phase {
    PHASE_IDLE,
    PHASE_WAITING,
    PHASE_CONNECTING,
    PHASE_GREETING,
    PHASE_READY,
    PHASE_CLOSING, /* hiredis is taking the connection down and telling what was in flight */
};

struct pending {
    redis_reply_fn *fn;
    void *self;
    int64_t sent_ms;
};

struct listener {
    redis_state_fn *fn;
    void *self;
};

struct redis {
    struct event_base *loop;
    struct event *timer; /* what it is for follows from the phase */
    redisAsyncContext *context;
    struct redis_settings settings; /* the numbers */
    char *user;                     /* or NULL */
    char *password;                 /* or NULL */
    struct redis_address address;
    enum redis_phase phase;
    bool announced; /* the listeners think it is ready */
    bool doomed;    /* found bad inside a callback: the timer takes it down */
    uint32_t retry_ms;
    unsigned greetings; /* replies of the greeting still to come */
    unsigned script_count;
    const char *scripts[REDIS_SCRIPTS_MAX];
    char shas[REDIS_SCRIPTS_MAX][REDIS_SHA_SIZE];
    unsigned scripts_loaded;
    unsigned listener_count;
    struct listener listeners[REDIS_LISTENERS_MAX];
    char reason[160];
    struct pending *pending; /* ring: replies come in the order of the commands */
    struct redis_asked asked;
    struct redis_call greeting;
};

static int64_t now_ms(void)
{
    return clock_monotonic_us() / 1000;
}

static void timer_set(struct redis *redis, int64_t wait_ms)
{
    int64_t wait = wait_ms > 0 ? wait_ms : 0;
    struct timeval span = {(time_t)(wait / 1000), (suseconds_t)(wait % 1000 * 1000)};
    (void)event_add(redis->timer, &span);
}

static void reason_set(struct redis *redis, const char *what, const char *detail)
{
    (void)snprintf(
        redis->reason, sizeof redis->reason, "%s%s%s", what, *detail ? ": " : "", detail);
}

static void announce(struct redis *redis, bool ready)
{
    if (redis->announced == ready) {
        return;
    }
    redis->announced = ready;
    for (unsigned i = 0; i < redis->listener_count; i++) {
        redis->listeners[i].fn(redis->listeners[i].self, ready);
    }
}

/* Between half of the pause and all of it, so that many clients do not come back together. */
static int64_t jittered(uint32_t pause_ms)
{
    uint32_t chance = 0;
    if (getrandom(&chance, sizeof chance, GRND_NONBLOCK) != (ssize_t)sizeof chance) {
        chance = 0;
    }
    return pause_ms / 2 + chance % (pause_ms / 2 + 1);
}

/* The connection is gone, its callbacks have run: tell it and try again later. */
static void lost(struct redis *redis)
{
    redis->context = NULL;
    redis->doomed = false;
    redis->phase = PHASE_WAITING;
    (void)event_del(redis->timer); /* doom may have made it active */
    timer_set(redis, jittered(redis->retry_ms));
    uint32_t doubled = redis->retry_ms * 2;
    redis->retry_ms =
        doubled < redis->settings.retry_max_ms ? doubled : redis->settings.retry_max_ms;
    announce(redis, false);
}

/* From the loop only: inside a callback of hiredis its free is put off, and a reconnect would meet
 * the old one. */
static void drop(struct redis *redis)
{
    redisAsyncContext *context = redis->context;
    redis->context = NULL;
    redis->phase = PHASE_CLOSING;
    context->data = NULL; /* on_disconnect is not to count it a second time */
    redisAsyncFree(context);
    lost(redis);
}

/* From anywhere: taken down as soon as the loop is back. */
static void doom(struct redis *redis, const char *what, const char *detail)
{
    if (!redis->doomed) {
        redis->doomed = true;
        reason_set(redis, what, detail);
        event_active(redis->timer, EV_TIMEOUT, 0);
    }
}

/* After these the connection is of no use: scripts are lost, or the server is no primary any more.
 */
static bool reply_is_fatal(const redisReply *reply)
{
    static const char *const fatal[] = {"NOSCRIPT", "READONLY", "LOADING", "MASTERDOWN", "NOAUTH"};
    if (reply->type != REDIS_REPLY_ERROR) {
        return false;
    }
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) {
        if (strncmp(reply->str, fatal[i], strlen(fatal[i])) == 0) {
            return true;
        }
    }
    return false;
}

static void on_reply(redisAsyncContext *context, void *raw, void *data)
{
    (void)context;
    struct redis *redis = data;
    const redisReply *reply = raw;
    assert(redis->asked.answered < redis->asked.sent);
    struct pending *pending =
        &redis->pending[redis->asked.answered % redis->settings.in_flight_max];
    redis->asked.answered++;
    if (!reply) {
        redis->phase = PHASE_CLOSING;
    } else if (reply_is_fatal(reply)) {
        doom(redis, "reply", reply->str);
    }
    pending->fn(pending->self, reply);
}

static bool enqueue(struct redis *redis,
                    struct redis_call *call,
                    redis_reply_fn *fn,
                    void *self,
                    struct error *error)
{
    if (call->too_long) {
        return error_set(error, ERROR_REJECT, "redis: a command with too many arguments");
    }
    if (redis->asked.sent - redis->asked.answered >= redis->settings.in_flight_max) {
        return error_set(
            error, ERROR_RETRY, "redis: %u commands in flight", redis->settings.in_flight_max);
    }
    if (redisAsyncCommandArgv(
            redis->context, on_reply, redis, (int)call->count, call->arguments, call->sizes) !=
        REDIS_OK) {
        return error_set(error, ERROR_RETRY, "redis: the connection is closing");
    }
    redis->pending[redis->asked.sent % redis->settings.in_flight_max] =
        (struct pending){fn, self, now_ms()};
    redis->asked.sent++;
    return true;
}

bool redis_send(struct redis *redis,
                struct redis_call *call,
                redis_reply_fn *fn,
                void *self,
                struct error *error)
{
    if (redis->phase != PHASE_READY || redis->doomed || call->unloaded) {
        return error_set(error, ERROR_RETRY, "redis: not connected (%s)", redis->reason);
    }
    bool idle = redis->asked.sent == redis->asked.answered;
    if (!enqueue(redis, call, fn, self, error)) {
        return false;
    }
    if (idle) {
        timer_set(redis, redis->settings.command_timeout_ms);
    }
    return true;
}

static void greeted(struct redis *redis, const redisReply *reply)
{
    redis->greetings--;
    if (reply && redis->greetings == 0 && !redis->doomed) {
        redis->phase = PHASE_READY;
        redis->retry_ms = redis->settings.retry_min_ms;
        redis->reason[0] = '\0';
        (void)event_del(redis->timer);
        announce(redis, true);
    }
}

static void on_auth(void *self, const redisReply *reply)
{
    if (reply && reply->type == REDIS_REPLY_ERROR) {
        doom(self, "AUTH", reply->str);
    }
    greeted(self, reply);
}

static void on_role(void *self, const redisReply *reply)
{
    if (reply && reply->type == REDIS_REPLY_ERROR) {
        doom(self, "ROLE", reply->str);
    } else if (reply && (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0 ||
                         reply->element[0]->type != REDIS_REPLY_STRING ||
                         strcmp(reply->element[0]->str, "master") != 0)) {
        doom(self, "ROLE", "not a primary");
    }
    greeted(self, reply);
}

static void on_script(void *self, const redisReply *reply)
{
    struct redis *redis = self;
    if (reply && reply->type == REDIS_REPLY_STRING && reply->len == REDIS_SHA_SIZE - 1) {
        memcpy(redis->shas[redis->scripts_loaded], reply->str, REDIS_SHA_SIZE);
        redis->scripts_loaded++;
    } else if (reply) {
        doom(redis, "SCRIPT LOAD", reply->type == REDIS_REPLY_ERROR ? reply->str : "no digest");
    }
    greeted(redis, reply);
}

static void greet_with(struct redis *redis, redis_reply_fn *fn)
{
    struct error error;
    redis->greetings++;
    if (!enqueue(redis, &redis->greeting, fn, redis, &error)) {
        doom(redis, "greeting", error.text);
    }
}

static void greet(struct redis *redis)
{
    redis->phase = PHASE_GREETING;
    redis->greetings = 0;
    redis->scripts_loaded = 0;
    if (redis->password) {
        redis_call_begin(&redis->greeting, "AUTH");
        if (redis->user) {
            redis_call_text(&redis->greeting, redis->user);
        }
        redis_call_text(&redis->greeting, redis->password);
        greet_with(redis, on_auth);
    }
    redis_call_begin(&redis->greeting, "ROLE");
    greet_with(redis, on_role);
    for (unsigned i = 0; i < redis->script_count; i++) {
        redis_call_begin(&redis->greeting, "SCRIPT");
        redis_call_text(&redis->greeting, "LOAD");
        redis_call_text(&redis->greeting, redis->scripts[i]);
        greet_with(redis, on_script);
    }
}

static void on_connect(const redisAsyncContext *context, int status)
{
    struct redis *redis = context->data;
    if (!redis) {
        return;
    }
    if (status == REDIS_OK) {
        greet(redis);
        return;
    }
    /* hiredis frees a connection that never was without telling it through on_disconnect. */
    reason_set(redis, "connect", context->errstr ? context->errstr : "");
    lost(redis);
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
    (void)status;
    struct redis *redis = context->data;
    if (redis) {
        if (!redis->doomed) {
            reason_set(redis, "closed", redis_reader_fault(context));
        }
        lost(redis);
    }
}

static void connect_start(struct redis *redis)
{
    redis->phase = PHASE_CONNECTING;
    redisAsyncContext *context = redis->address.port != 0
                                     ? redisAsyncConnect(redis->address.host, redis->address.port)
                                     : redisAsyncConnectUnix(redis->address.host);
    if (!context || context->err || !redis_loop_attach(context, redis->loop)) {
        bool refused = context && context->err;
        reason_set(redis, "connect", refused ? context->errstr : "no memory");
        if (context) {
            redisAsyncFree(context);
        }
        lost(redis);
        return;
    }
    context->data = redis;
    redis->context = context;
    redis_reader_guard(context, &redis->asked);
    (void)redisAsyncSetConnectCallback(context, on_connect);
    (void)redisAsyncSetDisconnectCallback(context, on_disconnect);
    timer_set(redis, redis->settings.connect_timeout_ms);
}

/* The oldest command decides, because replies come in order. */
static void watch_oldest(struct redis *redis)
{
    if (redis->asked.sent == redis->asked.answered) {
        return;
    }
    const struct pending *oldest =
        &redis->pending[redis->asked.answered % redis->settings.in_flight_max];
    int64_t left_ms = oldest->sent_ms + redis->settings.command_timeout_ms - now_ms();
    if (left_ms > 0) {
        timer_set(redis, left_ms);
        return;
    }
    reason_set(redis, "no reply in time", "");
    drop(redis);
}

static void on_timer(evutil_socket_t fd, short what, void *data)
{
    (void)fd;
    (void)what;
    struct redis *redis = data;
    if (redis->doomed && redis->context) {
        drop(redis);
        return;
    }
    switch (redis->phase) {
    case PHASE_WAITING:
        connect_start(redis);
        return;
    case PHASE_CONNECTING:
    case PHASE_GREETING:
        reason_set(redis, "connect", "not ready in time");
        drop(redis);
        return;
    case PHASE_READY:
        watch_oldest(redis);
        return;
    case PHASE_IDLE:
    case PHASE_CLOSING:
        return;
    }
}

void redis_call_script(struct redis_call *call, const struct redis *redis, unsigned script)
{
    redis_call_begin(call, "EVALSHA");
    call->unloaded = script >= redis->scripts_loaded;
    redis_call_lend(call, redis->shas[script], REDIS_SHA_SIZE - 1);
    redis_call_lend(call, "0", 1);
}

void redis_listen(struct redis *redis, redis_state_fn *fn, void *self)
{
    assert(redis->listener_count < REDIS_LISTENERS_MAX);
    redis->listeners[redis->listener_count++] = (struct listener){fn, self};
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
    assert(redis->script_count < REDIS_SCRIPTS_MAX && redis->phase == PHASE_IDLE);
    redis->scripts[redis->script_count] = text;
    return redis->script_count++;
}

void redis_start(struct redis *redis)
{
    if (redis->phase == PHASE_IDLE) {
        redis->phase = PHASE_WAITING;
        timer_set(redis, 0);
    }
}

bool redis_is_ready(const struct redis *redis)
{
    return redis->phase == PHASE_READY && !redis->doomed;
}

const char *redis_reason(const struct redis *redis)
{
    return redis->reason;
}

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value != 0 ? value : otherwise;
}

static bool
settings_copy(struct redis *redis, const struct redis_settings *given, struct error *error)
{
    struct redis_settings *settings = &redis->settings;
    settings->connect_timeout_ms = or_default(given->connect_timeout_ms, 2000);
    settings->command_timeout_ms = or_default(given->command_timeout_ms, 2000);
    settings->in_flight_max = or_default(given->in_flight_max, 1024);
    settings->retry_min_ms = or_default(given->retry_min_ms, 50);
    settings->retry_max_ms = or_default(given->retry_max_ms, 2000);
    redis->retry_ms = settings->retry_min_ms;
    if (settings->in_flight_max > REDIS_IN_FLIGHT_LIMIT ||
        settings->in_flight_max <= REDIS_SCRIPTS_MAX + 2 ||
        settings->retry_max_ms < settings->retry_min_ms) {
        return error_set(error,
                         ERROR_REJECT,
                         "redis: in_flight_max must be %d to %d, retry_max_ms not below "
                         "retry_min_ms",
                         REDIS_SCRIPTS_MAX + 3,
                         REDIS_IN_FLIGHT_LIMIT);
    }
    redis->pending = calloc(settings->in_flight_max, sizeof *redis->pending);
    redis->timer = evtimer_new(redis->loop, on_timer, redis);
    redis->user = given->user ? strdup(given->user) : NULL;
    redis->password = given->password ? strdup(given->password) : NULL;
    if (!redis->pending || !redis->timer || (given->user && !redis->user) ||
        (given->password && !redis->password)) {
        return error_set(error, ERROR_FATAL, "no memory");
    }
    return true;
}

struct redis *
redis_new(struct event_base *loop, const struct redis_settings *settings, struct error *error)
{
    struct redis *redis = calloc(1, sizeof *redis);
    if (!redis) {
        (void)error_set(error, ERROR_FATAL, "no memory");
        return NULL;
    }
    redis->loop = loop;
    if (!redis_address_parse(settings->address, &redis->address, error) ||
        !settings_copy(redis, settings, error)) {
        redis_free(&redis);
    }
    return redis;
}

void redis_free(struct redis **redis_p)
{
    struct redis *redis = *redis_p;
    if (!redis) {
        return;
    }
    if (redis->context) {
        redis->phase = PHASE_CLOSING;
        redis->context->data = NULL;
        redisAsyncFree(redis->context);
    }
    announce(redis, false);
    if (redis->timer) {
        event_free(redis->timer);
    }
    free(redis->pending);
    free(redis->user);
    free(redis->password);
    free(redis);
    *redis_p = NULL;
}
