#include "projection_private.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>

/* Who waits for a reply; freed with it. */
struct waiting {
    union {
        projection_claimed_fn *claimed;
        projection_released_fn *released;
    };
    void *self;
    char token[PROJECTION_TOKEN_SIZE];
};

static bool send_waiting(struct projection *projection,
                         redis_reply_fn *on_reply,
                         const struct waiting *given,
                         struct error *error)
{
    struct waiting *waiting = malloc(sizeof *waiting);
    if (!waiting) {
        return error_set(error, ERROR_RETRY, "no memory");
    }
    *waiting = *given;
    if (!redis_send(projection->redis, &projection->call, on_reply, waiting, error)) {
        free(waiting);
        return false;
    }
    return true;
}

/* An array of texts and integers, and nothing else. */
static bool reply_array(const redisReply *reply, struct error *error)
{
    if (!projection_reply(reply, error)) {
        return false;
    }
    bool good = reply->type == REDIS_REPLY_ARRAY;
    for (size_t i = 0; good && i < reply->elements; i++) {
        good = reply->element[i]->type == REDIS_REPLY_STRING ||
               reply->element[i]->type == REDIS_REPLY_INTEGER;
    }
    return good || error_set(error, ERROR_RETRY, "redis: a reply of a strange shape");
}

static double number(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING ? strtod(reply->str, NULL) : (double)reply->integer;
}

static uint64_t case_of(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING ? strtoull(reply->str, NULL, 16) : 0;
}

/* ---- claims ---- */

static void on_claimed(void *self, const redisReply *reply)
{
    struct waiting *waiting = self;
    struct error error;
    struct projection_claim claims[PROJECTION_CLAIM_MAX];
    uint32_t count = 0;
    if (!reply_array(reply, &error)) {
        waiting->claimed(waiting->self, NULL, 0, 0, &error);
        free(waiting);
        return;
    }
    uint32_t passed = reply->elements > 0 ? (uint32_t)number(reply->element[0]) : 0;
    for (size_t i = 1; i + 2 < reply->elements && count < PROJECTION_CLAIM_MAX; i += 3) {
        struct projection_claim *claim = &claims[count];
        claim->case_id = case_of(reply->element[i]);
        claim->score = number(reply->element[i + 2]);
        const redisReply *queue = reply->element[i + 1];
        (void)snprintf(claim->queue,
                       sizeof claim->queue,
                       "%s",
                       queue->type == REDIS_REPLY_STRING ? queue->str : "");
        memcpy(claim->token, waiting->token, sizeof claim->token);
        count++;
    }
    waiting->claimed(waiting->self, claims, count, passed, NULL);
    free(waiting);
}

bool projection_claim(struct projection *projection,
                      const struct projection_claim_order *order,
                      projection_claimed_fn *fn,
                      void *self,
                      struct error *error)
{
    if (order->queue_count == 0 || order->queue_count > PROJECTION_QUEUES_MAX ||
        order->count == 0 || order->count > PROJECTION_CLAIM_MAX ||
        order->skip_count > PROJECTION_SKIP_MAX || order->has_count > PROJECTION_HAS_MAX ||
        order->lease_ms == 0) {
        return error_set(error,
                         ERROR_REJECT,
                         "claim: 1 to %d cases of 1 to %d queues, at most %d skipped, with a lease",
                         PROJECTION_CLAIM_MAX,
                         PROJECTION_QUEUES_MAX,
                         PROJECTION_SKIP_MAX);
    }
    struct waiting waiting = {.claimed = fn, .self = self};
    projection_random((PROJECTION_TOKEN_SIZE - 1) / 2, waiting.token);
    struct redis_call *call = projection_call(projection, "claim");
    redis_call_text(call, waiting.token);
    redis_call_format(call, "%" PRIu32, order->lease_ms);
    redis_call_format(call, "%" PRIu32, order->count);
    redis_call_format(call, "%" PRIu32, order->count + order->skip_count + PROJECTION_LOOKS_MAX);
    redis_call_format(call, "%" PRIu32, order->queue_count);
    for (uint32_t i = 0; i < order->queue_count; i++) {
        redis_call_text(call, order->queues[i]);
    }
    redis_call_format(call, "%" PRIu32, order->has_count);
    for (uint32_t i = 0; i < order->has_count; i++) {
        redis_call_text(call, order->has[i]);
    }
    for (uint32_t i = 0; i < order->skip_count; i++) {
        redis_call_format(call, "%016" PRIx64, order->skip[i]);
    }
    return send_waiting(projection, on_claimed, &waiting, error);
}

static void on_released(void *self, const redisReply *reply)
{
    struct waiting *waiting = self;
    struct error error;
    if (projection_reply(reply, &error)) {
        waiting->released(
            waiting->self, reply->type == REDIS_REPLY_INTEGER && reply->integer == 1, NULL);
    } else {
        waiting->released(waiting->self, false, &error);
    }
    free(waiting);
}

bool projection_undo(struct projection *projection,
                     uint64_t case_id,
                     const char *token,
                     projection_released_fn *fn,
                     void *self,
                     struct error *error)
{
    struct redis_call *call = projection_call(projection, "undo");
    redis_call_format(call, "%016" PRIx64, case_id);
    redis_call_text(call, token);
    return send_waiting(
        projection, on_released, &(struct waiting){.released = fn, .self = self}, error);
}
