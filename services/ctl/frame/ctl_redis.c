#include "ctl_redis.h"

#include "ctl_database.h"
#include "ctl_view.h"
#include "redis_address.h"
#include "scope.h"

#include <hiredis/hiredis.h>

static const struct timeval patience = {.tv_sec = 3};

/* AUTH, if there is a password, and PING. */
static bool greet(redisContext *redis, const struct service_settings *settings, char why[256])
{
    redisReply *reply = NULL;
    if (settings->redis_password[0] != '\0') {
        reply = redisCommand(redis,
                             "AUTH %s %s",
                             settings->redis_user[0] ? settings->redis_user : "default",
                             settings->redis_password);
        if (!reply || reply->type == REDIS_REPLY_ERROR) {
            (void)snprintf(why, 256, "%s", reply && reply->str ? reply->str : redis->errstr);
            freeReplyObject(reply);
            return false;
        }
        freeReplyObject(reply);
    }
    reply = redisCommand(redis, "PING");
    bool good = reply && reply->type == REDIS_REPLY_STATUS;
    (void)snprintf(why, 256, "%s", reply && reply->str ? reply->str : redis->errstr);
    freeReplyObject(reply);
    return good;
}

struct redisContext *ctl_redis_open(const struct ctl *ctl, char why[256])
{
    struct redis_address address;
    struct error error = {0};
    struct service_settings settings = ctl->settings;
    if (!service_settings_secrets(&settings, &error) ||
        !redis_address_parse(ctl->settings.redis, &address, &error)) {
        (void)snprintf(why, 256, "%s", error.text);
        return NULL;
    }
    redisContext *redis = address.port == 0
                              ? redisConnectUnixWithTimeout(address.host, patience)
                              : redisConnectWithTimeout(address.host, address.port, patience);
    if (redis && redis->err == 0 && redisSetTimeout(redis, patience) == REDIS_OK) {
        if (greet(redis, &settings, why)) {
            return redis;
        }
    } else {
        (void)snprintf(why, 256, "%s", redis ? redis->errstr : "");
    }
    ctl_redis_close(&redis);
    return NULL;
}

void ctl_redis_close(struct redisContext **redis_p)
{
    if (*redis_p) {
        redisFree(*redis_p);
        *redis_p = NULL;
    }
}

int ctl_queues_read(struct ctl *ctl, struct ctl_queues *queues)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    queues->count = 0;
    int code = ctl_query(ctl,
                         "SELECT p.name || '/' || c.queue, max(c.policy_id), count(*), "
                         "min(c.step_since) FROM complaint c JOIN policy p ON p.id = c.policy_id "
                         "WHERE c.closed_at IS NULL AND c.queue <> '' "
                         "GROUP BY 1 ORDER BY 3 DESC, 1 LIMIT 512",
                         NULL,
                         0,
                         &rows);
    for (int row = 0; code == CTL_OK && row < PQntuples(rows); row++) {
        struct ctl_queue_row *queue = &queues->rows[queues->count++];
        *queue = (struct ctl_queue_row){.policy_id =
                                            (uint32_t)strtoul(PQgetvalue(rows, row, 1), NULL, 10),
                                        .waiting = strtoull(PQgetvalue(rows, row, 2), NULL, 10),
                                        .oldest_us = view_pg_time(rows, row, 3),
                                        .in_redis = -1};
        (void)snprintf(queue->name, sizeof queue->name, "%s", PQgetvalue(rows, row, 0));
    }
    return code;
}

void ctl_queues_redis(const struct ctl *ctl, struct redisContext *redis, struct ctl_queues *queues)
{
    for (uint32_t i = 0; redis && i < queues->count; i++) {
        redisReply *reply =
            redisCommand(redis, "ZCARD %sq:%s", ctl->settings.redis_prefix, queues->rows[i].name);
        queues->rows[i].in_redis =
            reply && reply->type == REDIS_REPLY_INTEGER ? (int64_t)reply->integer : -1;
        freeReplyObject(reply);
    }
}
