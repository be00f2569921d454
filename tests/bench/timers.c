/*
 * Hears the watchdog's stream and tells how late its levels fire.
 *
 *     bench_timers --publisher ipc://… --policy ID --count N [--seconds N]
 *
 * Takes every level that fires for a case of the policy until N did, or until the seconds have
 * passed: how late the owner decided it, how late it had been committed and heard here, how many
 * were early and how many came twice.  Prints one measure a line: name, unit, value, separated by
 * tabs.
 */
#include "clock.h"
#include "event_wire.h"
#include "kit.h"
#include "message_limits.h"
#include "prescan.h"
#include "redress/live/v1/live.pb-c.h"
#include "table.h"

#include <getopt.h>
#include <zmq.h>

enum { SCRATCH_BYTES = 16 * 1024 * 1024, COUNT_MAX = 10000000 };

static struct {
    const char *publisher;
    uint32_t policy_id;
    uint64_t count;
    unsigned seconds;
    struct arena *arena;
    struct table *seen; /* cases that have fired */
    struct event event;
    float *decided_ms, *heard_ms;
    uint64_t fired, early, twice;
} bench = {.seconds = 180};

static void level_take(const struct event *event, int64_t now_us)
{
    const struct event_clock *clock = &event->clocks.clocks[0];
    bool fired = event->kind >= EVENT_CLOCK_WARNED && event->kind <= EVENT_CLOCK_ESCALATED;
    if (!fired || event->clocks.policy_id != bench.policy_id || event->clocks.count == 0) {
        return;
    }
    bool fresh = false;
    if (!table_insert(bench.seen, event->case_id, &fresh) || !fresh) {
        bench.twice++;
        return;
    }
    if (bench.fired == bench.count) {
        return;
    }
    bench.early += event->at_us < clock->level_due_us;
    bench.decided_ms[bench.fired] = (float)(event->at_us - clock->level_due_us) / 1000.0F;
    bench.heard_ms[bench.fired++] = (float)(now_us - clock->level_due_us) / 1000.0F;
}

static void message_take(const void *bytes, size_t size, int64_t now_us)
{
    struct error error = {0};
    arena_reset(bench.arena);
    const Redress__Live__V1__Live *live = (const Redress__Live__V1__Live *)prescan_unpack(
        &redress__live__v1__live__descriptor, bytes, size, &limits_live, bench.arena, &error);
    for (size_t i = 0; live && live->published && i < live->published->n_events; i++) {
        struct slice stored =
            slice_of(live->published->events[i].data, live->published->events[i].len);
        if (event_decode(stored, bench.arena, &bench.event, &error)) {
            level_take(&bench.event, now_us);
        }
    }
}

static void hear(void *socket)
{
    int64_t until_us = clock_monotonic_us() + (int64_t)bench.seconds * 1000000;
    while (bench.fired < bench.count && clock_monotonic_us() < until_us) {
        zmq_msg_t topic;
        zmq_msg_t message;
        (void)zmq_msg_init(&topic);
        (void)zmq_msg_init(&message);
        if (zmq_msg_recv(&topic, socket, 0) >= 0 && zmq_msg_more(&topic) &&
            zmq_msg_recv(&message, socket, 0) >= 0) {
            message_take(zmq_msg_data(&message), zmq_msg_size(&message), clock_now_us());
        }
        (void)zmq_msg_close(&topic);
        (void)zmq_msg_close(&message);
    }
}

static bool options_read(int argc, char **argv)
{
    static const struct option names[] = {
        {"publisher", 1, NULL, 'p'},
        {"policy",    1, NULL, 'i'},
        {"count",     1, NULL, 'n'},
        {"seconds",   1, NULL, 's'},
        {NULL,        0, NULL, 0  }
    };
    int option;
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (option == '?') {
            return false;
        }
        uint64_t number = strtoull(optarg, NULL, 10);
        bench.publisher = option == 'p' ? optarg : bench.publisher;
        bench.policy_id = option == 'i' ? (uint32_t)number : bench.policy_id;
        bench.count = option == 'n' ? number : bench.count;
        bench.seconds = option == 's' ? (unsigned)number : bench.seconds;
    }
    return bench.publisher && bench.policy_id > 0 && bench.count > 0 && bench.count <= COUNT_MAX;
}

int main(int argc, char **argv)
{
    int mark = 1000000;
    int patience_ms = 1000;
    void *socket = zmq_socket(zmq_ctx_new(), ZMQ_SUB);
    bench.arena = arena_new(SCRATCH_BYTES);
    bench.seen = table_new(1, COUNT_MAX);
    if (!options_read(argc, argv) || !bench.arena || !bench.seen || !socket ||
        zmq_setsockopt(socket, ZMQ_RCVHWM, &mark, sizeof mark) != 0 ||
        zmq_setsockopt(socket, ZMQ_RCVTIMEO, &patience_ms, sizeof patience_ms) != 0 ||
        zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "watchdog.", 9) != 0 ||
        zmq_connect(socket, bench.publisher) != 0) {
        (void)fprintf(stderr, "timers: usage: see the head of timers.c\n");
        return EXIT_FAILURE;
    }
    bench.decided_ms = calloc(bench.count, sizeof *bench.decided_ms);
    bench.heard_ms = calloc(bench.count, sizeof *bench.heard_ms);
    if (!bench.decided_ms || !bench.heard_ms) {
        return EXIT_FAILURE;
    }
    hear(socket);
    kit_say("fired", "", (double)bench.fired);
    kit_say("early", "", (double)bench.early);
    kit_say("twice", "", (double)bench.twice);
    kit_say_latency("decided late", bench.decided_ms, bench.fired);
    kit_say_latency("committed and heard late", bench.heard_ms, bench.fired);
    return bench.fired == bench.count ? EXIT_SUCCESS : EXIT_FAILURE;
}
