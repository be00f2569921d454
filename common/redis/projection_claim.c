#include "projection_private.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>

/* Who waits for a reply; freed with it. */
struct waiting {
    union {
        projection_claimed_fn *claimed;
        projection_released_fn *released;
        projection_queues_fn *queues;
        projection_timers_fn *timers;
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

static bool release(struct projection *projection,
                    const char *verb,
                    uint64_t case_id,
                    const char *token,
                    const struct waiting *waiting,
                    struct error *error)
{
    struct redis_call *call = projection_call(projection, verb);
    redis_call_format(call, "%016" PRIx64, case_id);
    redis_call_text(call, token);
    return send_waiting(projection, on_released, waiting, error);
}

bool projection_confirm(struct projection *projection,
                        uint64_t case_id,
                        const char *token,
                        projection_released_fn *fn,
                        void *self,
                        struct error *error)
{
    const struct waiting waiting = {.released = fn, .self = self};
    return release(projection, "confirm", case_id, token, &waiting, error);
}

bool projection_undo(struct projection *projection,
                     uint64_t case_id,
                     const char *token,
                     projection_released_fn *fn,
                     void *self,
                     struct error *error)
{
    const struct waiting waiting = {.released = fn, .self = self};
    return release(projection, "undo", case_id, token, &waiting, error);
}

/* ---- reads ---- */

static void on_queues(void *self, const redisReply *reply)
{
    struct waiting *waiting = self;
    struct error error;
    struct projection_queue_figure figures[PROJECTION_QUEUES_MAX];
    uint32_t count = 0;
    if (!reply_array(reply, &error)) {
        waiting->queues(waiting->self, NULL, 0, &error);
        free(waiting);
        return;
    }
    for (size_t i = 0; i + 2 < reply->elements && count < PROJECTION_QUEUES_MAX; i += 3) {
        figures[count] = (struct projection_queue_figure){
            .length = (uint64_t)number(reply->element[i]),
            .first_case = case_of(reply->element[i + 1]),
            .first_score = number(reply->element[i + 2]),
        };
        count++;
    }
    waiting->queues(waiting->self, figures, count, NULL);
    free(waiting);
}

bool projection_queues(struct projection *projection,
                       const char *const *queues,
                       uint32_t count,
                       projection_queues_fn *fn,
                       void *self,
                       struct error *error)
{
    if (count == 0 || count > PROJECTION_QUEUES_MAX) {
        return error_set(error, ERROR_REJECT, "1 to %d queues at once", PROJECTION_QUEUES_MAX);
    }
    struct redis_call *call = projection_call(projection, "queues");
    for (uint32_t i = 0; i < count; i++) {
        redis_call_text(call, queues[i]);
    }
    return send_waiting(
        projection, on_queues, &(struct waiting){.queues = fn, .self = self}, error);
}

/* "case" or "case:clock". */
static struct projection_timer timer_of(const redisReply *name, const redisReply *due)
{
    struct projection_timer timer = {.due_ms = (int64_t)number(due), .clock = PROJECTION_NO_CLOCK};
    char *end = NULL;
    const char *text = name->type == REDIS_REPLY_STRING ? name->str : "";
    timer.case_id = strtoull(text, &end, 16);
    if (*end == ':') {
        timer.clock = (uint16_t)strtoul(end + 1, NULL, 16);
    }
    return timer;
}

static void on_timers(void *self, const redisReply *reply)
{
    struct waiting *waiting = self;
    struct error error;
    if (!reply_array(reply, &error)) {
        waiting->timers(waiting->self, NULL, &error);
        free(waiting);
        return;
    }
    struct projection_timers timers = {.count = 0};
    if (reply->elements >= 2) {
        timers.missing = (uint32_t)number(reply->element[0]);
        timers.due = (uint64_t)number(reply->element[1]);
    }
    for (size_t i = 2; i + 1 < reply->elements && timers.count < PROJECTION_TIMERS_MAX; i += 2) {
        timers.timers[timers.count] = timer_of(reply->element[i], reply->element[i + 1]);
        timers.count++;
    }
    waiting->timers(waiting->self, &timers, NULL);
    free(waiting);
}

bool projection_timers(struct projection *projection,
                       uint32_t first,
                       uint32_t partitions,
                       int64_t until_ms,
                       uint32_t limit,
                       projection_timers_fn *fn,
                       void *self,
                       struct error *error)
{
    if (partitions == 0 || partitions > PARTITION_MAX || limit > PROJECTION_TIMERS_MAX) {
        return error_set(error,
                         ERROR_REJECT,
                         "at most %d timers of 1 to %d partitions",
                         PROJECTION_TIMERS_MAX,
                         PARTITION_MAX);
    }
    struct redis_call *call = projection_call(projection, "timers");
    redis_call_format(call, "%" PRIu32, first);
    redis_call_format(call, "%" PRIu32, partitions);
    redis_call_format(call, "%" PRId64, until_ms);
    redis_call_format(call, "%" PRIu32, limit);
    return send_waiting(
        projection, on_timers, &(struct waiting){.timers = fn, .self = self}, error);
}
