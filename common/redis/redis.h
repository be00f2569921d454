/*
 * A connection to Redis that never blocks: hiredis on the caller's libevent loop.
 *
 * hiredis 0.14 has no time limits, no reconnect and a resolver that blocks.  Here a
 * time limit is the death of the connection; a new one is made from the loop, never from a
 * callback, with back-off and jitter.  A connection counts as ready when it is authenticated, its
 * server is a primary (ROLE) and every script is loaded.
 *
 *     waiting ──► connecting ──► greeting (AUTH, ROLE, SCRIPT LOAD …) ──► ready
 *        ▲            │ refused, late │ late, replica, no rights             │ closed, late,
 * NOSCRIPT, READONLY └────────────┴───────────────┴──────────────────────────────────────┘
 *
 * hiredis writes with write(2): the process ignores SIGPIPE.
 */
#ifndef REDRESS_REDIS_H
#define REDRESS_REDIS_H

#include "error.h"
#include "redis_call.h"

#include <stdint.h>

struct event_base;
struct redisReply; /* of <hiredis/hiredis.h> */
struct redis;

enum {
    REDIS_SCRIPTS_MAX = 8,
    REDIS_LISTENERS_MAX = 8,
    REDIS_IN_FLIGHT_LIMIT = 65536,
};

/* 0 in a number means its default. */
struct redis_settings {
    const char
        *address;     /* "/path/of/socket", "127.0.0.1:6379", "[::1]:6379"; no names: DNS blocks */
    const char *user; /* ACL user; NULL: none, or "default" if there is a password */
    const char *password;        /* NULL: none */
    uint32_t connect_timeout_ms; /* until ready; 2000 */
    uint32_t command_timeout_ms; /* from sending to the reply; 2000 */
    uint32_t
        in_flight_max;     /* commands sent and not answered; 1024, at most REDIS_IN_FLIGHT_LIMIT */
    uint32_t retry_min_ms; /* first pause before a new connection; 50 */
    uint32_t retry_max_ms; /* longest; 2000 */
};

/*
 * Copies the settings.  Does not connect yet.  NULL: ERROR_REJECT for an address or number that
 * cannot be, ERROR_FATAL without memory.  The loop is borrowed and outlives it.
 */
struct redis *redis_new(struct event_base *loop,
                        const struct redis_settings *settings,
                        struct error *error) MUST_CHECK;

/* Drops the connection; whatever is in flight is told so (NULL reply).  Not from one of its own
 * callbacks. */
void redis_free(struct redis **redis_p);

/* Ready or lost.  In the callback nothing may be freed; when lost, everything in flight has been
 * told before. */
typedef void redis_state_fn(void *self, bool ready);

/* At most REDIS_LISTENERS_MAX.  Told of changes only: before redis_start the state is "lost". */
void redis_listen(struct redis *redis, redis_state_fn *fn, void *self);
void redis_unlisten(struct redis *redis, redis_state_fn *fn, const void *self);

/* A Lua text, lent for good, to be loaded on every connect.  Before redis_start; returns its
 * number. */
unsigned redis_script_add(struct redis *redis, const char *text);

/* Begins to connect. */
void redis_start(struct redis *redis);

bool redis_is_ready(const struct redis *redis);

/* Why it is not ready, in one line; "" if it is or nothing was tried.  Lent. */
const char *redis_reason(const struct redis *redis);

/* Begins a call of a script: EVALSHA without keys; the arguments follow. */
void redis_call_script(struct redis_call *call, const struct redis *redis, unsigned script);

/*
 * Every command sent gets exactly one of these: the reply (lent for the call, may be an error
 * reply), or NULL when the connection was lost and nobody knows whether the command took effect.
 */
typedef void redis_reply_fn(void *self, const struct redisReply *reply);

/*
 * Sends; the call can be used again at once.  ERROR_RETRY: not ready, or in_flight_max reached;
 * ERROR_REJECT: the call is too long.  On false fn is not called.
 */
bool redis_send(struct redis *redis,
                struct redis_call *call,
                redis_reply_fn *fn,
                void *self,
                struct error *error) MUST_CHECK;

#endif
