#include "visible.h"

#include "clock.h"
#include "kit.h"

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    PARTITIONS_MAX = 65536,
    ASKED_MAX = 64, /* cases in one go */
    SWEEP_US =
        100 * 1000, /* all are asked for that often, lest one wait for a word that never comes */
};

/* A case not yet seen in a queue. */
struct awaited {
    int64_t since_us;
    uint64_t case_id;
    bool ask;
};

struct visible {
    redisContext *redis;
    redisContext *told; /* of changes */
    char prefix[64];
    char place_sha[48];
    bool changed[PARTITIONS_MAX];
    int64_t swept_us;
    uint64_t awaited_count;
    struct awaited *awaited;
    uint64_t seen_count;
    float *seen_ms;
};

/* Is the case in the place its stream's share gives it (common/redis/projection.lua)? */
static const char place_script[] =
    "local g = redis.call('HGET', ARGV[1] .. 's:dispatch.' .. ARGV[2], 'g') "
    "return g and redis.call('HEXISTS', ARGV[1] .. 'share:dispatch.' .. ARGV[2] .. ':' .. g, "
    "ARGV[3]) or 0";

static const char queued_script[] =
    "local sum = 0 for _, key in ipairs(redis.call('KEYS', ARGV[1] .. 'q:*')) do "
    "sum = sum + redis.call('ZCARD', key) end return sum";

static void must(bool good, const char *what)
{
    if (!good) {
        (void)fprintf(stderr, "visible: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

static bool connect_all(struct visible *visible, const char *socket)
{
    visible->redis = redisConnectUnix(socket);
    visible->told = redisConnectUnix(socket);
    if (!visible->redis || visible->redis->err || !visible->told || visible->told->err) {
        return false;
    }
    redisReply *sha = redisCommand(visible->redis, "SCRIPT LOAD %s", place_script);
    redisReply *events = redisCommand(visible->redis, "CONFIG GET notify-keyspace-events");
    redisReply *heard = redisCommand(
        visible->told, "PSUBSCRIBE __keyspace@0__:%sshare:dispatch.*", visible->prefix);
    bool good = sha && sha->type == REDIS_REPLY_STRING && heard &&
                heard->type == REDIS_REPLY_ARRAY && events && events->elements == 2 &&
                strchr(events->element[1]->str, 'K') && strpbrk(events->element[1]->str, "hA");
    if (good) {
        (void)snprintf(visible->place_sha, sizeof visible->place_sha, "%s", sha->str);
        int flags = fcntl(visible->told->fd, F_GETFL);
        good = flags >= 0 && fcntl(visible->told->fd, F_SETFL, flags | O_NONBLOCK) == 0;
        visible->told->flags &= ~REDIS_BLOCK;
    }
    freeReplyObject(sha);
    freeReplyObject(events);
    freeReplyObject(heard);
    return good;
}

struct visible *visible_open(const char *socket, const char *prefix, uint64_t max)
{
    struct visible *visible = calloc(1, sizeof *visible);
    must(visible && strlen(prefix) < sizeof visible->prefix, "no memory, or a prefix too long");
    (void)snprintf(visible->prefix, sizeof visible->prefix, "%s", prefix);
    visible->awaited = calloc(max + 1, sizeof *visible->awaited);
    visible->seen_ms = calloc(max + 1, sizeof *visible->seen_ms);
    must(visible->awaited && visible->seen_ms, "no memory");
    return connect_all(visible, socket) ? visible : NULL;
}

int visible_descriptor(const struct visible *visible)
{
    return visible->told->fd;
}

void visible_await(struct visible *visible, uint64_t case_id, int64_t since_us)
{
    visible->awaited[visible->awaited_count++] = (struct awaited){since_us, case_id, true};
}

uint64_t visible_awaited(const struct visible *visible)
{
    return visible->awaited_count;
}

/* "__keyspace@0__:PREFIXshare:dispatch.PARTITION:GENERATION" */
static void change_take(struct visible *visible, const char *channel)
{
    const char *partition = strstr(channel, "share:dispatch.");
    if (partition) {
        unsigned long number = strtoul(partition + strlen("share:dispatch."), NULL, 10);
        visible->changed[number % PARTITIONS_MAX] = true;
    }
}

/* Which partitions have changed: true if any has. */
static bool changes_take(struct visible *visible)
{
    bool any = false;
    for (;;) {
        redisReply *reply = NULL;
        must(redisGetReplyFromReader(visible->told, (void **)&reply) == REDIS_OK,
             "not understood what Redis told");
        if (reply) {
            if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 4) {
                change_take(visible, reply->element[2]->str);
                any = true;
            }
            freeReplyObject(reply);
            continue;
        }
        struct pollfd item = {visible->told->fd, POLLIN, 0};
        if (poll(&item, 1, 0) != 1) {
            return any;
        }
        must(redisBufferRead(visible->told) == REDIS_OK, "redis went away");
    }
}

static void questions_mark(struct visible *visible, bool all)
{
    for (uint64_t i = 0; i < visible->awaited_count; i++) {
        struct awaited *awaited = &visible->awaited[i];
        awaited->ask =
            awaited->ask || all || visible->changed[(awaited->case_id >> 40) % PARTITIONS_MAX];
    }
    memset(visible->changed, 0, sizeof visible->changed);
}

/* Asks for those that are marked, some at a time, and strikes off who is there. */
static bool questions_ask(struct visible *visible)
{
    uint64_t asked[ASKED_MAX];
    uint32_t count = 0;
    for (uint64_t i = 0; i < visible->awaited_count && count < ASKED_MAX; i++) {
        struct awaited *awaited = &visible->awaited[i];
        if (awaited->ask) {
            awaited->ask = false;
            asked[count++] = i;
            (void)redisAppendCommand(visible->redis,
                                     "EVALSHA %s 0 %s %u %016llx",
                                     visible->place_sha,
                                     visible->prefix,
                                     (unsigned)(awaited->case_id >> 40),
                                     (unsigned long long)awaited->case_id);
        }
    }
    bool there[ASKED_MAX];
    for (uint32_t n = 0; n < count; n++) {
        redisReply *reply = NULL;
        must(redisGetReply(visible->redis, (void **)&reply) == REDIS_OK, "redis went away");
        there[n] = reply->type == REDIS_REPLY_INTEGER && reply->integer > 0;
        freeReplyObject(reply);
    }
    int64_t now_us = clock_monotonic_us();
    for (uint32_t n = count; n-- > 0;) { /* from behind, because the last takes the gap */
        struct awaited *awaited = &visible->awaited[asked[n]];
        if (there[n]) {
            visible->seen_ms[visible->seen_count++] = (float)(now_us - awaited->since_us) / 1000.0F;
            *awaited = visible->awaited[--visible->awaited_count];
        }
    }
    return count == ASKED_MAX;
}

void visible_look(struct visible *visible)
{
    int64_t now_us = clock_monotonic_us();
    bool sweep = now_us - visible->swept_us >= SWEEP_US;
    visible->swept_us = sweep ? now_us : visible->swept_us;
    if (changes_take(visible) || sweep) {
        questions_mark(visible, sweep);
    }
    while (questions_ask(visible)) {
    }
}

uint64_t visible_queued(struct visible *visible)
{
    redisReply *reply =
        redisCommand(visible->redis, "EVAL %s 0 %s", queued_script, visible->prefix);
    must(reply && reply->type == REDIS_REPLY_INTEGER, "redis went away");
    uint64_t sum = (uint64_t)reply->integer;
    freeReplyObject(reply);
    return sum;
}

void visible_say(struct visible *visible)
{
    kit_say_latency("visible", visible->seen_ms, visible->seen_count);
}
