#include "projection_fixture.h"

#include "clock.h"
#include "unit.h"

#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>

enum {
    BEAT_US = 5000,
    PATIENCE_US = 10000000,
    TEST_US = 30000000, /* one test; no wait is endless */
};

const char *const fixture_queues[FIXTURE_QUEUES] = {
    "12/front desk", "12/billing", "7/前台", "7/legal"};

static const char prefix[] = "test:";

static uint32_t chance(struct fixture *fixture, uint32_t below)
{
    fixture->chance = fixture->chance * 1664525u + 1013904223u;
    return (fixture->chance >> 8) % below;
}

uint64_t fixture_case(int n)
{
    return case_id_make(FIXTURE_PARTITION, (uint64_t)n);
}

static struct projection_op put_op(const struct fixture *fixture, int n)
{
    struct projection_op op = {
        .case_id = fixture_case(n), .change = PROJECTION_REMOVE, .score = fixture->score[n]};
    if (fixture->queue[n] != FIXTURE_NOWHERE) {
        op.change = PROJECTION_PUT;
        (void)snprintf(op.queue, sizeof op.queue, "%s", fixture_queues[fixture->queue[n]]);
        (void)snprintf(op.ask, sizeof op.ask, "%s", fixture->ask[n] ? fixture->ask[n] : "");
    }
    return op;
}

static struct projection_op timer_op(const struct fixture *fixture, int n)
{
    return (struct projection_op){
        .case_id = fixture_case(n),
        .clock = (uint16_t)(n % 2 ? PROJECTION_NO_CLOCK : n % 3),
        .due_ms = fixture->due_ms[n],
        .change = fixture->due_ms[n] ? PROJECTION_ARM : PROJECTION_DISARM,
    };
}

static void
feed(void *self, enum service_id service, uint32_t partition, uint32_t attempt, bool first)
{
    struct fixture *fixture = self;
    struct projection_op ops[PROJECTION_FEED_MAX];
    uint32_t count = 0;
    assert_int_equal(partition, FIXTURE_PARTITION);
    if (first) {
        fixture->fed_to[service] = 1;
    }
    fixture->feeds++;
    if (fixture->on_feed) {
        fixture->on_feed(fixture);
    }
    uint32_t n = fixture->fed_to[service];
    for (; n < FIXTURE_CASES && count < fixture->feed_max; n++) {
        struct projection_op op =
            service == SERVICE_DISPATCH ? put_op(fixture, (int)n) : timer_op(fixture, (int)n);
        if (op.change == PROJECTION_PUT || op.change == PROJECTION_ARM) {
            ops[count] = op;
            count++;
        }
    }
    fixture->fed_to[service] = n;
    if (count > 0) {
        (void)projection_feed(fixture->projection, service, partition, attempt, ops, count);
    } else {
        (void)projection_fed(fixture->projection, service, partition, attempt);
    }
}

static void on_beat(evutil_socket_t fd, short what, void *self)
{
    (void)fd;
    (void)what;
    (void)self;
}

static void connect_all(struct fixture *fixture, const struct projection_settings *given)
{
    struct error error = {.text = ""};
    fixture->loop = event_base_new();
    fixture->beat = event_new(fixture->loop, -1, EV_PERSIST, on_beat, NULL);
    (void)event_add(fixture->beat, &(struct timeval){0, BEAT_US});
    fixture->feed_max = 300;
    fixture->chance = 1;
    for (int n = 0; n < FIXTURE_CASES; n++) {
        fixture->queue[n] = FIXTURE_NOWHERE;
    }
    struct redis_settings settings = {.address = server_socket(fixture->server),
                                      .user = "clerk",
                                      .password = "sesame",
                                      .retry_min_ms = 10,
                                      .retry_max_ms = 100,
                                      .command_timeout_ms = 1000};
    fixture->redis = redis_new(fixture->loop, &settings, &error);
    assert_non_null(fixture->redis);
    struct projection_settings projection = given ? *given : (struct projection_settings){0};
    projection.prefix = prefix;
    projection.tick_ms = 50;
    struct projection_hooks hooks = {fixture, feed};
    fixture->projection =
        projection_new(fixture->loop, fixture->redis, &projection, &hooks, &error);
    assert_non_null(fixture->projection);
    redis_start(fixture->redis);
    fixture_wait_ready(fixture);
}

void fixture_open(struct fixture *fixture, const struct projection_settings *settings)
{
    struct error error = {.text = ""};
    (void)signal(SIGPIPE, SIG_IGN);
    /* Exactly the rights projection.h asks for. */
    static const char *const arguments[] = {"--user",
                                            "clerk",
                                            "on",
                                            ">sesame",
                                            "~test:*",
                                            "+@read",
                                            "+@write",
                                            "-@dangerous",
                                            "+evalsha",
                                            "+script|load",
                                            "+time",
                                            "+role",
                                            NULL};
    struct server_redis_options options = {.arguments = arguments};
    *fixture = (struct fixture){.server = server_redis_new(&options, &error)};
    if (!fixture->server && error.kind == ERROR_REJECT) {
        print_message("skipped: %s\n", error.text);
        skip();
    }
    assert_non_null(fixture->server);
    connect_all(fixture, settings);
}

void fixture_join(struct fixture *fixture, const struct fixture *first)
{
    *fixture = (struct fixture){.server = first->server};
    connect_all(fixture, NULL);
    fixture->server = NULL;
}

void fixture_close(struct fixture *fixture)
{
    if (fixture->plain) {
        redisFree(fixture->plain);
    }
    redis_free(&fixture->redis);
    projection_free(&fixture->projection);
    event_free(fixture->beat);
    event_base_free(fixture->loop);
    server_free(&fixture->server);
}

void fixture_own(struct fixture *fixture, uint64_t epoch)
{
    projection_own(
        fixture->projection, SERVICE_DISPATCH, FIXTURE_PARTITION, epoch, fixture->places_seq);
    projection_own(
        fixture->projection, SERVICE_WATCHDOG, FIXTURE_PARTITION, epoch, fixture->timers_seq);
}

static void tell_places(struct fixture *fixture, const struct projection_op *ops, uint32_t count)
{
    uint64_t from = fixture->places_seq + 1;
    fixture->places_seq += count > 0 ? count : 1;
    projection_commit(fixture->projection,
                      SERVICE_DISPATCH,
                      FIXTURE_PARTITION,
                      from,
                      fixture->places_seq,
                      ops,
                      count);
}

static void commit_part(struct fixture *fixture, uint32_t count)
{
    struct projection_op places[PROJECTION_COMMIT_OPS_MAX];
    struct projection_op timers[PROJECTION_COMMIT_OPS_MAX];
    for (uint32_t i = 0; i < count; i++) {
        int n = 1 + (int)chance(fixture, FIXTURE_CASES - 1);
        fixture->queue[n] = (int)chance(fixture, FIXTURE_QUEUES + 1) - 1;
        fixture->score[n] = (double)chance(fixture, 1000000) / 7;
        fixture->due_ms[n] = chance(fixture, 3) ? 1763750000000 + chance(fixture, 100000) : 0;
        places[i] = put_op(fixture, n);
        timers[i] = timer_op(fixture, n);
    }
    tell_places(fixture, places, count);
    uint64_t from = fixture->timers_seq + 1;
    fixture->timers_seq += 2;
    projection_commit(fixture->projection,
                      SERVICE_WATCHDOG,
                      FIXTURE_PARTITION,
                      from,
                      fixture->timers_seq,
                      timers,
                      count);
}

void fixture_commit(struct fixture *fixture, uint32_t count)
{
    do {
        uint32_t part = count < PROJECTION_COMMIT_OPS_MAX ? count : PROJECTION_COMMIT_OPS_MAX;
        commit_part(fixture, part);
        count -= part;
    } while (count > 0);
}

void fixture_put(struct fixture *fixture, int n, int queue, double score)
{
    fixture->queue[n] = queue;
    fixture->score[n] = score;
    struct projection_op op = put_op(fixture, n);
    tell_places(fixture, &op, 1);
}

void fixture_remove(struct fixture *fixture, int n)
{
    fixture_put(fixture, n, FIXTURE_NOWHERE, 0);
}

void fixture_turn(struct fixture *fixture)
{
    if (fixture->opened_us == 0) {
        fixture->opened_us = clock_monotonic_us();
    }
    assert_true(clock_monotonic_us() < fixture->opened_us + TEST_US);
    (void)event_base_loop(fixture->loop, EVLOOP_ONCE);
}

void fixture_settle(struct fixture *fixture)
{
    int64_t end_us = clock_monotonic_us() + PATIENCE_US;
    while (!projection_is_settled(fixture->projection, SERVICE_DISPATCH, FIXTURE_PARTITION) ||
           !projection_is_settled(fixture->projection, SERVICE_WATCHDOG, FIXTURE_PARTITION)) {
        assert_true(clock_monotonic_us() < end_us);
        fixture_turn(fixture);
    }
}

static void wait_state(struct fixture *fixture, bool ready)
{
    int64_t end_us = clock_monotonic_us() + PATIENCE_US;
    while (redis_is_ready(fixture->redis) != ready) {
        assert_true(clock_monotonic_us() < end_us);
        fixture_turn(fixture);
    }
}

void fixture_wait_ready(struct fixture *fixture)
{
    wait_state(fixture, true);
}

void fixture_wait_lost(struct fixture *fixture)
{
    wait_state(fixture, false);
}

/* NULL: the connection was of before a restart; it is made anew. */
static redisReply *ask_once(struct fixture *fixture, const char *format, va_list arguments)
{
    if (!fixture->plain) {
        fixture->plain = redisConnectUnix(server_socket(fixture->server));
        assert_int_equal(fixture->plain->err, 0);
    }
    redisReply *reply = redisvCommand(fixture->plain, format, arguments);
    if (!reply) {
        redisFree(fixture->plain);
        fixture->plain = NULL;
    }
    return reply;
}

static redisReply *ask(struct fixture *fixture, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    redisReply *reply = ask_once(fixture, format, arguments);
    if (!reply) {
        reply = ask_once(fixture, format, again);
    }
    va_end(again);
    assert_non_null(reply);
    if (reply->type == REDIS_REPLY_ERROR) {
        fail_msg("%s: %s", format, reply->str);
    }
    return reply;
}

redisReply *fixture_ask(struct fixture *fixture, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    redisReply *reply = ask(fixture, format, arguments);
    va_end(arguments);
    return reply;
}

void fixture_tell(struct fixture *fixture, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    freeReplyObject(ask(fixture, format, arguments));
    va_end(arguments);
}

static void compare_queue(struct fixture *fixture, int queue)
{
    redisReply *reply =
        fixture_ask(fixture, "ZRANGE %sq:%s 0 -1 WITHSCORES", prefix, fixture_queues[queue]);
    size_t expected = 0;
    for (int n = 1; n < FIXTURE_CASES; n++) {
        redisReply *leased = NULL;
        if (fixture->queue[n] == queue) {
            leased = fixture_ask(fixture, "HEXISTS %slease %016" PRIx64, prefix, fixture_case(n));
            expected += leased->integer == 0;
            freeReplyObject(leased);
        }
    }
    assert_int_equal(reply->elements / 2, expected);
    for (size_t i = 0; i < reply->elements; i += 2) {
        uint64_t case_id = strtoull(reply->element[i]->str, NULL, 16);
        int n = (int)(case_id & 0xffffffff);
        assert_int_equal(case_id, fixture_case(n));
        assert_int_equal(fixture->queue[n], queue);
        assert_true(fixture->score[n] == strtod(reply->element[i + 1]->str, NULL));
    }
    freeReplyObject(reply);
}

static void compare_timers(struct fixture *fixture)
{
    redisReply *generation =
        fixture_ask(fixture, "HGET %ss:watchdog.%d g", prefix, FIXTURE_PARTITION);
    assert_int_equal(generation->type, REDIS_REPLY_STRING);
    redisReply *reply = fixture_ask(fixture,
                                    "ZRANGE %sshare:watchdog.%d:%s 0 -1 WITHSCORES",
                                    prefix,
                                    FIXTURE_PARTITION,
                                    generation->str);
    size_t expected = 0;
    for (int n = 1; n < FIXTURE_CASES; n++) {
        expected += fixture->due_ms[n] != 0;
    }
    assert_int_equal(reply->elements / 2, expected);
    for (size_t i = 0; i < reply->elements; i += 2) {
        int n = (int)(strtoull(reply->element[i]->str, NULL, 16) & 0xffffffff);
        assert_int_equal(fixture->due_ms[n], strtoll(reply->element[i + 1]->str, NULL, 10));
    }
    freeReplyObject(reply);
    freeReplyObject(generation);
}

/* A share, its head, the queues, the leases; nothing of an earlier generation. */
static void compare_keys(struct fixture *fixture)
{
    redisReply *shares = fixture_ask(fixture, "KEYS %sshare:*", prefix);
    redisReply *olds = fixture_ask(fixture, "KEYS %so:*", prefix);
    assert_true(shares->elements <= 2);
    assert_int_equal(olds->elements, 0);
    freeReplyObject(shares);
    freeReplyObject(olds);
}

void fixture_compare(struct fixture *fixture)
{
    for (int queue = 0; queue < FIXTURE_QUEUES; queue++) {
        compare_queue(fixture, queue);
    }
    compare_timers(fixture);
    compare_keys(fixture);
}
