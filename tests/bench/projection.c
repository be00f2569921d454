/*
 * What the projection costs: memory of queued cases and armed timers, Redis' processor time for a
 * change, how long a share takes to be built anew, and a claim.  Over a private redis-server.
 *
 *   bench_projection [CASES]     CASES queued and as many timers armed, over 64 partitions; 100000
 *
 * Prints one line a measure; bars: 1,000,000 + 1,000,000 in less than 700 MiB, 20,000 places a
 * second for less than 15 % of a core, 100,000 cases built anew in less than 5 s.
 */
#include "projection.h"

#include "clock.h"
#include "servers.h"

#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <signal.h>

enum {
    PARTITIONS = 64,
    BATCH = PROJECTION_COMMIT_OPS_MAX,
    QUEUES = 10,
    CLAIMS = 20000,
};

struct bench {
    struct server *server;
    struct event_base *loop;
    struct event *beat;
    struct redis *redis;
    struct projection *projection;
    redisContext *plain;
    uint32_t cases; /* of each partition */
    uint64_t seq[SERVICE_COUNT][PARTITIONS];
    uint32_t fed_to[SERVICE_COUNT][PARTITIONS];
    uint32_t round;
    unsigned claims;
    unsigned waiting;
};

static const char *const queues[QUEUES] = {
    "12/front-desk",
    "12/billing",
    "12/legal",
    "12/technical",
    "12/field-service",
    "7/front-desk",
    "7/complaints",
    "7/refunds",
    "7/management",
    "7/translation",
};

static struct projection_op
op_of(const struct bench *bench, enum service_id service, uint32_t partition, uint32_t n)
{
    struct projection_op op = {.case_id = case_id_make(partition, n + 1)};
    uint32_t mixed = (n + bench->round * 7919u) * 2654435761u + partition;
    if (service == SERVICE_WATCHDOG) {
        op.change = PROJECTION_ARM;
        op.clock = PROJECTION_NO_CLOCK;
        op.due_ms = 1763750000000 + mixed % 1000000000;
    } else {
        op.change = PROJECTION_PUT;
        op.score = 1763750000.0 + mixed % 1000000;
        (void)snprintf(op.queue, sizeof op.queue, "%s", queues[mixed / 7 % QUEUES]);
    }
    return op;
}

static void
feed(void *self, enum service_id service, uint32_t partition, uint32_t attempt, bool first)
{
    struct bench *bench = self;
    struct projection_op ops[PROJECTION_FEED_MAX];
    uint32_t *at = &bench->fed_to[service][partition];
    *at = first ? 0 : *at;
    uint32_t count = 0;
    /* Nothing was committed yet: the first share is an empty one. */
    uint32_t cases = bench->seq[service][partition] > 0 ? bench->cases : 0;
    while (count < PROJECTION_FEED_MAX && *at < cases) {
        ops[count] = op_of(bench, service, partition, *at);
        count++;
        (*at)++;
    }
    (void)(count > 0 ? projection_feed(bench->projection, service, partition, attempt, ops, count)
                     : projection_fed(bench->projection, service, partition, attempt));
}

static void on_beat(evutil_socket_t fd, short what, void *self)
{
    (void)fd;
    (void)what;
    (void)self;
}

static void settle(struct bench *bench, enum service_id service)
{
    for (uint32_t partition = 0; partition < PARTITIONS; partition++) {
        while (!projection_is_settled(bench->projection, service, partition)) {
            (void)event_base_loop(bench->loop, EVLOOP_ONCE);
        }
    }
}

static double info(struct bench *bench, const char *section, const char *field)
{
    redisReply *reply = redisCommand(bench->plain, "INFO %s", section);
    const char *place = reply ? strstr(reply->str, field) : NULL;
    double value = place ? strtod(place + strlen(field) + 1, NULL) : 0;
    freeReplyObject(reply);
    return value;
}

static double redis_cpu_s(struct bench *bench)
{
    return info(bench, "cpu", "used_cpu_user") + info(bench, "cpu", "used_cpu_sys");
}

/* Every case once, in commits of BATCH. */
static void commit_all(struct bench *bench, enum service_id service, uint32_t batch)
{
    struct projection_op ops[PROJECTION_COMMIT_OPS_MAX];
    for (uint32_t at = 0; at < bench->cases; at += batch) {
        for (uint32_t partition = 0; partition < PARTITIONS; partition++) {
            uint32_t count = bench->cases - at < batch ? bench->cases - at : batch;
            for (uint32_t i = 0; i < count; i++) {
                ops[i] = op_of(bench, service, partition, at + i);
            }
            uint64_t *seq = &bench->seq[service][partition];
            projection_commit(
                bench->projection, service, partition, *seq + 1, *seq + count, ops, count);
            *seq += count;
        }
        settle(bench, service);
    }
}

static void
measure_commits(struct bench *bench, enum service_id service, uint32_t batch, const char *what)
{
    double cpu_s = redis_cpu_s(bench);
    int64_t begun_us = clock_monotonic_us();
    commit_all(bench, service, batch);
    double wall_s = (double)(clock_monotonic_us() - begun_us) / 1e6;
    double changes = (double)bench->cases * PARTITIONS;
    cpu_s = redis_cpu_s(bench) - cpu_s;
    printf("%-34s %8.0f/s, redis %.2f us each = %.1f %% of a core at 20,000/s\n",
           what,
           changes / wall_s,
           cpu_s / changes * 1e6,
           cpu_s / changes * 20000 * 100);
}

static void measure_rebuild(struct bench *bench, const char *what)
{
    double cpu_s = redis_cpu_s(bench);
    int64_t begun_us = clock_monotonic_us();
    for (uint32_t partition = 0; partition < PARTITIONS; partition++) {
        projection_rebuild(bench->projection, SERVICE_DISPATCH, partition);
    }
    settle(bench, SERVICE_DISPATCH);
    double wall_s = (double)(clock_monotonic_us() - begun_us) / 1e6;
    double thousands = (double)bench->cases * PARTITIONS / 1e5;
    printf("%-34s %.2f s for 100,000 cases, redis %.2f s; peak %.0f MiB\n",
           what,
           wall_s / thousands,
           (redis_cpu_s(bench) - cpu_s) / thousands,
           info(bench, "memory", "used_memory_peak") / 1048576);
}

static void claimed(void *self,
                    const struct projection_claim *claims,
                    uint32_t count,
                    uint32_t passed,
                    const struct error *error)
{
    struct bench *bench = self;
    (void)claims;
    (void)passed;
    (void)error;
    bench->claims += count;
    bench->waiting--;
}

static void measure_claims(struct bench *bench)
{
    struct projection_claim_order order = {queues, 3, NULL, 0, 1, NULL, 0, 600000};
    struct error error;
    double cpu_s = redis_cpu_s(bench);
    int64_t begun_us = clock_monotonic_us();
    for (unsigned sent = 0; sent < CLAIMS;) {
        while (sent < CLAIMS && bench->waiting < 64 &&
               projection_claim(bench->projection, &order, claimed, bench, &error)) {
            bench->waiting++;
            sent++;
        }
        (void)event_base_loop(bench->loop, EVLOOP_ONCE);
    }
    while (bench->waiting > 0) {
        (void)event_base_loop(bench->loop, EVLOOP_ONCE);
    }
    double wall_s = (double)(clock_monotonic_us() - begun_us) / 1e6;
    printf("%-34s %8.0f/s, redis %.1f us each\n",
           "claim of one, of three queues",
           bench->claims / wall_s,
           (redis_cpu_s(bench) - cpu_s) / bench->claims * 1e6);
}

static bool bench_open(struct bench *bench, struct error *error)
{
    bench->server = server_redis_new(NULL, error);
    if (!bench->server) {
        return false;
    }
    bench->loop = event_base_new();
    bench->beat = event_new(bench->loop, -1, EV_PERSIST, on_beat, NULL);
    (void)event_add(bench->beat, &(struct timeval){0, 100000});
    struct redis_settings settings = {.address = server_socket(bench->server)};
    bench->redis = redis_new(bench->loop, &settings, error);
    if (!bench->redis) {
        return false;
    }
    struct projection_hooks hooks = {bench, feed};
    bench->projection = projection_new(bench->loop, bench->redis, NULL, &hooks, error);
    if (!bench->projection) {
        return false;
    }
    redis_start(bench->redis);
    bench->plain = redisConnectUnix(server_socket(bench->server));
    for (uint32_t partition = 0; partition < PARTITIONS; partition++) {
        projection_own(bench->projection, SERVICE_DISPATCH, partition, 1, 0);
        projection_own(bench->projection, SERVICE_WATCHDOG, partition, 1, 0);
    }
    settle(bench, SERVICE_DISPATCH);
    settle(bench, SERVICE_WATCHDOG);
    return true;
}

int main(int count, char **arguments)
{
    (void)signal(SIGPIPE, SIG_IGN);
    static struct bench bench;
    struct error error;
    bench.cases = (uint32_t)(count > 1 ? strtoul(arguments[1], NULL, 10) : 100000) / PARTITIONS;
    if (!bench_open(&bench, &error)) {
        (void)fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    measure_commits(&bench, SERVICE_DISPATCH, BATCH, "new places, as many as a call takes");
    measure_commits(&bench, SERVICE_WATCHDOG, BATCH, "new timers, as many as a call takes");
    printf("%-34s %.0f MiB\n",
           "memory of all of them",
           info(&bench, "memory", "used_memory") / 1048576);
    bench.round++;
    measure_commits(&bench,
                    SERVICE_DISPATCH,
                    PROJECTION_COMMIT_OPS_MAX,
                    "places that move, as many as a call takes");
    bench.round++;
    measure_commits(&bench, SERVICE_DISPATCH, 200, "places that move, 200 a call");
    measure_rebuild(&bench, "shares built beside the old");
    measure_claims(&bench);
    freeReplyObject(redisCommand(bench.plain, "FLUSHALL"));
    measure_rebuild(&bench, "shares built after a flush");
    redisFree(bench.plain);
    redis_free(&bench.redis);
    projection_free(&bench.projection);
    event_free(bench.beat);
    event_base_free(bench.loop);
    server_free(&bench.server);
    return 0;
}
