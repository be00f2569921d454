/*
 * The load generator: submits complaints as an adapter does, and measures what an adapter and an
 * agent see.
 *
 *     load --endpoint ipc://… --count N [--rate PER_SECOND] [--window N] [--policy NAME]
 *          [--channel ID] [--bytes N | --texts FILE] [--redis SOCKET [--prefix P] [--sample N]]
 *          [--customers N]
 *
 * With --policy mix each line of the texts is POLICY, CHANNEL and text, separated by tabs.
 * Without --rate it keeps the window of unreceipted submissions full.  With a rate it is an open
 * loop: a late start counts as latency.  With Redis, every n-th receipted case is asked for until
 * it stands in its place, and the run ends only when the work queues have grown by every case that
 * was receipted.  Refusals "try later" are sent again after the time they name.
 *
 * Prints one measure a line: name, unit, value, separated by tabs.
 */
#include "clock.h"
#include "hex.h"
#include "kit.h"
#include "message_limits.h"
#include "prescan.h"
#include "redress/submit/v1/submit.pb-c.h"
#include "visible.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <unistd.h>
#include <zmq.h>

enum {
    WINDOW_MAX = 65536,
    IDLE_SECONDS_MAX = 30,
    LOOK_FULL_US = 5000, /* flat out: looking must not cost what it looks at */
    COUNT_EVERY_US = 10000,
};

struct options {
    const char *endpoint;
    const char *policy;
    const char *channel;
    const char *texts;
    const char *redis;
    const char *prefix;
    uint64_t count;
    uint64_t rate;
    uint32_t window;
    uint32_t bytes;
    uint32_t sample;
    uint32_t customers;
};

static struct {
    struct options options;
    void *socket;
    int descriptor;          /* of the socket */
    struct visible *visible; /* NULL: nobody asks */
    struct arena *arena;
    struct kit_texts *texts;
    int64_t *sent_us; /* by serial of the submission */
    float *receipt_ms;
    uint64_t queued_before; /* cases in the work queues */
    uint64_t sent, receipted, duplicates, refused, later;
    uint8_t run_id[8];
    uint64_t again_count;
    uint64_t again[WINDOW_MAX];
} load;

static int fail(const char *what)
{
    (void)fprintf(stderr, "load: %s\n", what);
    return EXIT_FAILURE;
}

static ProtobufCBinaryData data_of(const void *bytes, size_t size)
{
    return (ProtobufCBinaryData){size, (uint8_t *)(uintptr_t)bytes};
}

/* UUIDv7 shape: time first, then the run and the serial, so that a receipt leads back to its slot.
 */
static void id_make(uint64_t serial, uint8_t id[16])
{
    uuidv7_make(clock_now_us(), id);
    id[8] = (uint8_t)(0x80 | (load.run_id[0] & 0x3f));
    for (int i = 0; i < 7; i++) {
        id[15 - i] = (uint8_t)(serial >> (8 * i));
    }
}

static uint64_t serial_of(const uint8_t id[16])
{
    uint64_t serial = 0;
    for (int i = 9; i < 16; i++) {
        serial = serial << 8 | id[i];
    }
    return serial;
}

static bool submit(uint64_t serial)
{
    static uint8_t bytes[KIT_TEXT_MAX + 1024];
    Redress__Submit__V1__Submission submission = REDRESS__SUBMIT__V1__SUBMISSION__INIT;
    Redress__Submit__V1__Person person = REDRESS__SUBMIT__V1__PERSON__INIT;
    struct slice text = kit_text(load.texts, serial);
    uint8_t id[16];
    char contact[32];
    id_make(serial, id);
    submission.has_submission_id = submission.has_channel = submission.has_policy = 1;
    submission.has_narrative = 1;
    submission.submission_id = data_of(id, sizeof id);
    struct slice policy = slice_text(load.options.policy);
    struct slice channel = slice_text(load.options.channel);
    if (slice_equal(policy, slice_text("mix"))) {
        policy = kit_word(&text);
        channel = kit_word(&text);
    }
    submission.channel = data_of(channel.bytes, channel.size);
    submission.policy = data_of(policy.bytes, policy.size);
    submission.narrative = data_of(text.bytes, text.size);
    if (load.options.customers > 0) {
        uint64_t customer = (serial * 2654435761U) % load.options.customers;
        (void)snprintf(contact, sizeof contact, "555-%08u", (unsigned)customer);
        person.has_contact = 1;
        person.contact = data_of(contact, strlen(contact));
        submission.person = &person;
    }
    size_t size = redress__submit__v1__submission__pack(&submission, bytes);
    return zmq_send(load.socket, bytes, size, ZMQ_DONTWAIT) >= 0;
}

static void receipt_take(const Redress__Submit__V1__Receipt *receipt, int64_t now_us)
{
    uint64_t serial =
        receipt->submission_id.len == 16 ? serial_of(receipt->submission_id.data) : UINT64_MAX;
    if (serial >= load.options.count) {
        return;
    }
    load.receipt_ms[load.receipted++] = (float)(now_us - load.sent_us[serial]) / 1000.0F;
    load.duplicates += receipt->has_duplicate && receipt->duplicate;
    if (load.visible && load.options.sample > 0 && serial % load.options.sample == 0) {
        visible_await(load.visible, receipt->case_id, load.sent_us[serial]);
    }
}

static void reply_take(const void *bytes, size_t size, int64_t now_us)
{
    struct error error = {0};
    arena_reset(load.arena);
    const Redress__Submit__V1__SubmitReply *reply =
        (const Redress__Submit__V1__SubmitReply *)prescan_unpack(
            &redress__submit__v1__submit_reply__descriptor,
            bytes,
            size,
            &limits_reply,
            load.arena,
            &error);
    if (reply && reply->receipt) {
        receipt_take(reply->receipt, now_us);
    } else if (reply && reply->refusal && reply->refusal->has_retry_after_ms &&
               reply->refusal->submission_id.len == 16 && load.again_count < WINDOW_MAX) {
        load.later++;
        load.again[load.again_count++] = serial_of(reply->refusal->submission_id.data);
    } else {
        load.refused++;
        if (reply && reply->refusal && load.refused == 1) {
            (void)fprintf(stderr,
                          "load: refused: %.*s: allowed %.*s\n",
                          (int)reply->refusal->field.len,
                          (char *)reply->refusal->field.data,
                          (int)reply->refusal->allowed.len,
                          (char *)reply->refusal->allowed.data);
        }
    }
}

static unsigned replies_take(void)
{
    unsigned count = 0;
    zmq_msg_t message;
    (void)zmq_msg_init(&message);
    while (zmq_msg_recv(&message, load.socket, ZMQ_DONTWAIT) >= 0) {
        reply_take(zmq_msg_data(&message), zmq_msg_size(&message), clock_monotonic_us());
        count++;
    }
    (void)zmq_msg_close(&message);
    return count;
}

/* When the rate makes the Nth due, the first at once: what a submission's wait is counted from. */
static int64_t scheduled_us(int64_t began_us, uint64_t n)
{
    return began_us + (int64_t)(n * 1000000 / load.options.rate);
}

/* What may be sent now: the window, or what the rate has made due. */
static uint64_t due(int64_t began_us, int64_t now_us)
{
    uint64_t limit = load.options.count;
    if (load.options.rate > 0) {
        uint64_t by_now = (uint64_t)(now_us - began_us) * load.options.rate / 1000000 + 1;
        limit = by_now < limit ? by_now : limit;
    }
    uint64_t answered = load.receipted + load.refused;
    uint64_t room = answered + load.options.window;
    return limit < room ? limit : room;
}

static void send_some(int64_t began_us)
{
    while (load.again_count > 0 && submit(load.again[load.again_count - 1])) {
        load.again_count--;
    }
    uint64_t until = due(began_us, clock_monotonic_us());
    for (unsigned n = 0; load.sent < until && n < 256; n++) {
        load.sent_us[load.sent] =
            load.options.rate > 0 ? scheduled_us(began_us, load.sent) : clock_monotonic_us();
        if (!submit(load.sent)) {
            return;
        }
        load.sent++;
    }
}

/* Until a reply comes, a queue changes or the next submission is due; the replies were taken just
 * now, so the descriptor tells of any later one. */
static void rest(int64_t began_us)
{
    int64_t wait_us = 1000;
    if (load.options.rate > 0 && load.sent < load.options.count) {
        int64_t due_us = scheduled_us(began_us, load.sent) - clock_monotonic_us();
        wait_us = due_us < wait_us ? due_us : wait_us;
    }
    if (wait_us > 0) {
        bool told = load.visible && load.options.rate > 0;
        struct pollfd items[] = {
            {load.descriptor,                              POLLIN, 0},
            {told ? visible_descriptor(load.visible) : -1, POLLIN, 0},
        };
        struct timespec wait = {0, wait_us * 1000};
        (void)ppoll(items, 2, &wait, NULL);
    }
}

/* Until every case that was receipted stands in a queue. */
static bool all_queued(int64_t began_us, int64_t *took_us)
{
    uint64_t wanted = load.queued_before + load.receipted - load.duplicates;
    uint64_t seen = 0;
    int64_t moved_us = clock_monotonic_us();
    while (seen < wanted) {
        uint64_t now = visible_queued(load.visible);
        moved_us = now > seen ? clock_monotonic_us() : moved_us;
        seen = now;
        if (clock_monotonic_us() - moved_us > (int64_t)IDLE_SECONDS_MAX * 1000000) {
            return false;
        }
        if (seen < wanted) {
            (void)usleep(COUNT_EVERY_US);
        }
    }
    *took_us = clock_monotonic_us() - began_us;
    return true;
}

static bool run(int64_t *receipted_us, int64_t *queued_us)
{
    int64_t began_us = clock_monotonic_us();
    int64_t heard_us = began_us;
    int64_t looked_us = 0;
    int64_t every_us = load.options.rate > 0 ? 0 : LOOK_FULL_US;
    while (load.receipted + load.refused < load.options.count ||
           (load.visible && visible_awaited(load.visible) > 0)) {
        send_some(began_us);
        unsigned got = replies_take();
        int64_t now_us = clock_monotonic_us();
        heard_us = got > 0 ? now_us : heard_us;
        if (load.visible && now_us - looked_us >= every_us) {
            looked_us = now_us;
            visible_look(load.visible);
        }
        if (now_us - heard_us > (int64_t)IDLE_SECONDS_MAX * 1000000) {
            return false;
        }
        if (got == 0 && load.sent >= due(began_us, now_us)) {
            rest(began_us);
        }
        if (load.receipted + load.refused == load.options.count && *receipted_us == 0) {
            *receipted_us = now_us - began_us;
        }
    }
    if (*receipted_us == 0) {
        *receipted_us = clock_monotonic_us() - began_us;
    }
    return !load.visible || all_queued(began_us, queued_us);
}

static void report(int64_t receipted_us, int64_t queued_us)
{
    double cpu_us = kit_cpu_us();
    if (queued_us > 0) {
        kit_say("visible", "/s", (double)load.receipted * 1e6 / (double)queued_us);
    }
    kit_say("receipted", "/s", (double)load.receipted * 1e6 / (double)receipted_us);
    kit_say_latency("receipt", load.receipt_ms, load.receipted);
    if (load.visible) {
        visible_say(load.visible);
    }
    kit_say("told to try later", "", (double)load.later);
    kit_say("refused", "", (double)load.refused);
    kit_say("cpu generator", "us", cpu_us / (double)load.options.count);
}

static bool options_read(int argc, char **argv)
{
    static const struct option names[] = {
        {"endpoint",  1, NULL, 'e'},
        {"count",     1, NULL, 'n'},
        {"rate",      1, NULL, 'r'},
        {"window",    1, NULL, 'w'},
        {"policy",    1, NULL, 'p'},
        {"channel",   1, NULL, 'c'},
        {"bytes",     1, NULL, 'b'},
        {"texts",     1, NULL, 't'},
        {"redis",     1, NULL, 'R'},
        {"prefix",    1, NULL, 'P'},
        {"sample",    1, NULL, 's'},
        {"customers", 1, NULL, 'k'},
        {NULL,        0, NULL, 0  }
    };
    struct options *o = &load.options;
    *o = (struct options){.policy = "general-service",
                          .channel = "phone",
                          .count = 10000,
                          .window = 4000,
                          .bytes = 300,
                          .sample = 100,
                          .prefix = "redress:"};
    int option;
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (option) {
        case 'e':
            o->endpoint = optarg;
            break;
        case 'n':
            o->count = strtoull(optarg, NULL, 10);
            break;
        case 'r':
            o->rate = strtoull(optarg, NULL, 10);
            break;
        case 'w':
            o->window = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'p':
            o->policy = optarg;
            break;
        case 'c':
            o->channel = optarg;
            break;
        case 'b':
            o->bytes = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 't':
            o->texts = optarg;
            break;
        case 'R':
            o->redis = optarg;
            break;
        case 'P':
            o->prefix = optarg;
            break;
        case 's':
            o->sample = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'k':
            o->customers = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        default:
            return false;
        }
    }
    return o->endpoint && o->count > 0 && o->window > 0 && o->window <= WINDOW_MAX &&
           o->bytes > 0 && o->bytes <= KIT_TEXT_MAX;
}

static bool load_open(void)
{
    const struct options *o = &load.options;
    load.arena = arena_new(1024 * 1024);
    load.sent_us = calloc(o->count, sizeof *load.sent_us);
    load.receipt_ms = calloc(o->count, sizeof *load.receipt_ms);
    load.texts = kit_texts_open(o->texts, o->bytes);
    if (!load.arena || !load.texts || !load.sent_us || !load.receipt_ms) {
        return false;
    }
    if (o->redis) {
        load.visible = visible_open(o->redis, o->prefix, o->count);
        if (!load.visible) {
            return false;
        }
        load.queued_before = visible_queued(load.visible);
    }
    int mark = 20000;
    void *context = zmq_ctx_new();
    load.socket = zmq_socket(context, ZMQ_DEALER);
    (void)zmq_setsockopt(load.socket, ZMQ_SNDHWM, &mark, sizeof mark);
    (void)zmq_setsockopt(load.socket, ZMQ_RCVHWM, &mark, sizeof mark);
    size_t size = sizeof load.descriptor;
    return zmq_connect(load.socket, o->endpoint) == 0 &&
           zmq_getsockopt(load.socket, ZMQ_FD, &load.descriptor, &size) == 0;
}

int main(int argc, char **argv)
{
    if (!options_read(argc, argv)) {
        return fail("usage: see the head of load.c") + 1;
    }
    if (!load_open()) {
        return fail("cannot open the endpoint, the texts or redis");
    }
    load.run_id[0] = (uint8_t)getpid();
    int64_t receipted_us = 0;
    int64_t queued_us = 0;
    bool done = run(&receipted_us, &queued_us);
    report(receipted_us > 0 ? receipted_us : 1, queued_us);
    return done && load.refused == 0 ? EXIT_SUCCESS : fail("not everything was receipted");
}
