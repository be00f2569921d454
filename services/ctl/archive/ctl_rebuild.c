/*
 * The verb rebuild redis: forgets everything under our prefix.  The owners find their watermarks
 * gone and build their shares anew (law 6); nobody has to be asked.
 */
#include "clock.h"
#include "ctl_database.h"
#include "ctl_redis.h"
#include "ctl_view.h"
#include "scope.h"

#include <hiredis/hiredis.h>
#include <time.h>

enum {
    SLICE = 1000,
    PAUSE_NS = 50 * 1000 * 1000,
    CALM_US = 3 * 1000 * 1000, /* shares are there, lengths still differ: people work meanwhile */
};

/* SCAN and UNLINK in slices, so that Redis serves others in between.  False: it went away. */
static bool flush(const struct ctl *ctl, redisContext *redis, uint64_t *keys)
{
    char cursor[32] = "0";
    do {
        redisReply *reply = redisCommand(
            redis, "SCAN %s MATCH %s* COUNT %d", cursor, ctl->settings.redis_prefix, SLICE);
        if (!reply || reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) {
            freeReplyObject(reply);
            return false;
        }
        (void)snprintf(cursor, sizeof cursor, "%s", reply->element[0]->str);
        for (size_t i = 0; i < reply->element[1]->elements; i++) {
            const redisReply *key = reply->element[1]->element[i];
            redisReply *gone = redisCommand(redis, "UNLINK %b", key->str, key->len);
            bool good = gone && gone->type == REDIS_REPLY_INTEGER;
            *keys += good ? (uint64_t)gone->integer : 0;
            freeReplyObject(gone);
            if (!good) {
                freeReplyObject(reply);
                return false;
            }
        }
        freeReplyObject(reply);
    } while (strcmp(cursor, "0") != 0);
    return true;
}

/* Streams whose share is not there. */
static uint32_t shares_missing(const struct ctl *ctl, redisContext *redis, uint32_t partitions)
{
    static const char *const services[] = {"dispatch", "watchdog"};
    uint32_t missing = 0;
    for (size_t s = 0; s < sizeof services / sizeof *services; s++) {
        for (uint32_t p = 0; p < partitions; p++) {
            redisReply *reply = redisCommand(
                redis, "HEXISTS %ss:%s.%u g", ctl->settings.redis_prefix, services[s], p);
            missing += !reply || reply->type != REDIS_REPLY_INTEGER || reply->integer == 0;
            freeReplyObject(reply);
        }
    }
    return missing;
}

static bool lengths_agree(const struct ctl_queues *queues, uint64_t *waiting)
{
    bool agree = true;
    *waiting = 0;
    for (uint32_t i = 0; i < queues->count; i++) {
        agree = agree && queues->rows[i].in_redis == (int64_t)queues->rows[i].waiting;
        *waiting += queues->rows[i].waiting;
    }
    return agree;
}

struct rebuild {
    uint64_t keys;
    uint64_t waiting;
    uint32_t missing;
    bool agree;
    int64_t took_us;
};

static int
wait_for_it(struct ctl *ctl, redisContext *redis, uint32_t partitions, struct rebuild *rebuild)
{
    static struct ctl_queues queues;
    int64_t began_us = clock_monotonic_us();
    int64_t until_us = began_us + ctl_option_number(ctl, "wait") * 1000;
    int64_t whole_us = 0;
    for (;;) {
        rebuild->missing = shares_missing(ctl, redis, partitions);
        int code = ctl_queues_read(ctl, &queues);
        if (code != CTL_OK) {
            return code;
        }
        ctl_queues_redis(ctl, redis, &queues);
        int64_t now_us = clock_monotonic_us();
        rebuild->agree = lengths_agree(&queues, &rebuild->waiting);
        rebuild->took_us = now_us - began_us;
        whole_us = rebuild->missing == 0 && whole_us == 0 ? now_us : whole_us;
        if (rebuild->missing == 0 && (rebuild->agree || now_us - whole_us > CALM_US)) {
            return CTL_OK;
        }
        if (now_us > until_us) {
            return CTL_TRY_AGAIN;
        }
        (void)nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    }
}

static int answer(struct ctl *ctl, int code, const struct rebuild *rebuild)
{
    char seconds[32];
    (void)snprintf(seconds, sizeof seconds, "%.2f", (double)rebuild->took_us / 1e6);
    if (ctl->json) {
        json_t *value = json_pack("{s:b,s:I,s:I,s:b,s:i,s:f}",
                                  "rebuilt",
                                  code == CTL_OK,
                                  "keys_removed",
                                  (json_int_t)rebuild->keys,
                                  "waiting",
                                  (json_int_t)rebuild->waiting,
                                  "lengths_agree",
                                  rebuild->agree,
                                  "shares_missing",
                                  (int)rebuild->missing,
                                  "seconds",
                                  (double)rebuild->took_us / 1e6);
        ctl_print_json(ctl, &value);
        return code;
    }
    if (code == CTL_OK) {
        ctl_print(
            ctl,
            rebuild->agree ? TEXT_REBUILD_DONE : TEXT_REBUILD_MOVING,
            CTL_ARGS(CTL_NUMBER_TEXT(rebuild->keys), CTL_NUMBER_TEXT(rebuild->waiting), seconds));
        return code;
    }
    return ctl_fail(
        ctl, code, TEXT_REBUILD_WAITING, CTL_ARGS(CTL_NUMBER_TEXT(rebuild->missing), seconds));
}

int ctl_rebuild_redis(struct ctl *ctl)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ctl_query(ctl, "SELECT partitions FROM archive", NULL, 0, &rows);
    if (code != CTL_OK) {
        return code;
    }
    uint32_t partitions =
        PQntuples(rows) == 1 ? (uint32_t)strtoul(PQgetvalue(rows, 0, 0), NULL, 10) : 0;
    char why[256];
    SCOPED(ctl_redis_close) struct redisContext *redis = ctl_redis_open(ctl, why);
    if (!redis) {
        return ctl_fail(ctl, CTL_UNREACHABLE, TEXT_REDIS_AWAY, CTL_ARGS(why));
    }
    struct rebuild rebuild = {0};
    if (!flush(ctl, redis, &rebuild.keys)) {
        return ctl_fail(ctl, CTL_UNREACHABLE, TEXT_REDIS_AWAY, CTL_ARGS(redis->errstr));
    }
    ctl_note(ctl, TEXT_REBUILD_FLUSHED, CTL_ARGS(CTL_NUMBER_TEXT(rebuild.keys)));
    code = wait_for_it(ctl, redis, partitions, &rebuild);
    return code == CTL_OK || code == CTL_TRY_AGAIN ? answer(ctl, code, &rebuild) : code;
}
