/*
 * Goal: the bus loses what a peer does not take, and nothing else: no message of a subscribed topic
 * that had room, no turn of the loop for nothing, no step for bytes out of shape (laws 5 and 9).
 * Method: real sockets over ipc in a folder of the test's own; raw ZeroMQ peers send what ours
 * never would.
 */
#include "bus.h"

#include "clock.h"
#include "event.h"
#include "unit.h"

#include <event2/event.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

enum { PATIENCE_US = 5000000, BUDGET = 100, MANY = 1500 };

struct desk {
    char folder[64];
    char publisher[96];
    char requests[96];
    struct event_base *loop;
    struct event *beat;
    struct bus *sender;
    struct bus *reader;
    unsigned room; /* messages that are wanted still */
    unsigned turns;
    unsigned messages;
    unsigned in_order; /* messages that carried their own number */
    unsigned asked;
    struct bus_peer peer; /* of the last request */
    char topic[BUS_TOPIC_SIZE];
    char text[64];
};

static void on_beat(evutil_socket_t fd, short what, void *self)
{
    (void)fd;
    (void)what;
    (void)self;
}

static void on_message(void *owner, struct slice topic, struct slice bytes)
{
    struct desk *desk = owner;
    (void)snprintf(
        desk->topic, sizeof desk->topic, "%.*s", (int)topic.size, (const char *)topic.bytes);
    (void)snprintf(
        desk->text, sizeof desk->text, "%.*s", (int)bytes.size, (const char *)bytes.bytes);
    desk->in_order += strtoul(desk->text, NULL, 10) == desk->messages;
    desk->messages++;
}

static void on_request(void *owner, const struct bus_peer *peer, struct slice bytes)
{
    struct desk *desk = owner;
    desk->asked++;
    desk->peer = *peer;
    (void)snprintf(
        desk->text, sizeof desk->text, "%.*s", (int)bytes.size, (const char *)bytes.bytes);
}

static bool wants_messages(void *owner)
{
    const struct desk *desk = owner;
    return desk->room > desk->messages;
}

static void desk_open(struct desk *desk)
{
    static const struct bus_callbacks callbacks = {on_message, on_request, wants_messages};
    struct error error = {.text = ""};
    *desk = (struct desk){.folder = "/tmp/redress-bus-XXXXXX", .room = UINT_MAX};
    assert_non_null(mkdtemp(desk->folder));
    (void)snprintf(desk->publisher, sizeof desk->publisher, "ipc://%s/pub", desk->folder);
    (void)snprintf(desk->requests, sizeof desk->requests, "ipc://%s/req", desk->folder);
    desk->loop = event_base_new();
    desk->beat = event_new(desk->loop, -1, EV_PERSIST, on_beat, NULL);
    (void)event_add(desk->beat, &(struct timeval){0, 20000});
    desk->sender = bus_new(desk->loop, &callbacks, desk, &error);
    desk->reader = bus_new(desk->loop, &callbacks, desk, &error);
    assert_non_null(desk->sender);
    assert_non_null(desk->reader);
    assert_true(bus_bind_publisher(desk->sender, desk->publisher, &error));
    assert_true(bus_bind_requests(desk->sender, desk->requests, &error));
}

static void desk_close(struct desk *desk)
{
    char path[128];
    bus_free(&desk->sender);
    bus_free(&desk->reader);
    assert_null(desk->reader);
    event_free(desk->beat);
    event_base_free(desk->loop);
    for (int i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", desk->folder, i == 0 ? "pub" : "req");
        (void)unlink(path);
    }
    assert_int_equal(rmdir(desk->folder), 0);
}

/* One turn as the skeleton takes it: wait, then drain until there is no more. */
static void turn(struct desk *desk)
{
    (void)event_base_loop(desk->loop, EVLOOP_ONCE);
    desk->turns++;
    while (bus_drain(desk->sender, BUDGET)) {
    }
    while (bus_drain(desk->reader, BUDGET)) {
    }
}

static bool until(struct desk *desk, const unsigned *count, unsigned wanted)
{
    int64_t end_us = clock_now_us() + PATIENCE_US;
    while (*count < wanted && clock_now_us() < end_us) {
        turn(desk);
    }
    return *count >= wanted;
}

static void turn_for(struct desk *desk, int64_t us)
{
    int64_t end_us = clock_now_us() + us;
    while (clock_now_us() < end_us) {
        turn(desk);
    }
}

static void publish(struct desk *desk, const char *topic, const char *text)
{
    bus_publish(desk->sender, topic, slice_text(text));
}

/* Publishes until the subscription has arrived; then nothing is lost any more. */
static void subscribe(struct desk *desk, const char *topic)
{
    struct error error = {.text = ""};
    bus_subscribe(desk->reader, topic);
    assert_true(bus_connect(desk->reader, desk->publisher, "", &error));
    assert_true(bus_connect(desk->reader, desk->publisher, "", &error)); /* twice is harmless */
    int64_t end_us = clock_now_us() + PATIENCE_US;
    while (desk->messages == 0 && clock_now_us() < end_us) {
        publish(desk, topic, "hello");
        turn(desk);
    }
    turn_for(desk, 50000);
    assert_true(desk->messages > 0);
    desk->messages = desk->in_order = 0;
}

static void a_topic_reaches_who_subscribed_to_it_and_nobody_else(void **state)
{
    (void)state;
    struct desk desk;
    char topic[BUS_TOPIC_SIZE];
    desk_open(&desk);
    bus_stream_topic(SERVICE_INTAKE, 17, topic);
    assert_string_equal(topic, "intake.0017");
    subscribe(&desk, topic);
    publish(&desk, "intake.0018", "0");
    publish(&desk, "triage.0017", "0");
    publish(&desk, topic, "0");
    assert_true(until(&desk, &desk.messages, 1));
    turn_for(&desk, 50000);
    assert_int_equal(desk.messages, 1);
    assert_string_equal(desk.topic, topic);

    bus_unsubscribe(desk.reader, topic);
    turn_for(&desk, 100000);
    publish(&desk, topic, "1");
    turn_for(&desk, 100000);
    assert_int_equal(desk.messages, 1);
    bus_subscribe(desk.reader, topic);
    bus_disconnect(desk.reader, desk.publisher);
    bus_disconnect(desk.reader, desk.publisher); /* gone already */
    turn_for(&desk, 100000);
    publish(&desk, topic, "2");
    turn_for(&desk, 100000);
    assert_int_equal(desk.messages, 1);
    desk_close(&desk);
}

static void messages_that_have_to_wait_are_kept_and_wake_nobody(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk);
    subscribe(&desk, "triage.0001");
    desk.room = 0;
    turn(&desk);
    for (unsigned i = 0; i < MANY; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "%u", i);
        publish(&desk, "triage.0001", text);
    }
    desk.turns = 0;
    turn_for(&desk, 400000);
    assert_int_equal(desk.messages, 0);
    assert_true(desk.turns < 60); /* the beat is every 20 ms */
    desk.room = 7;
    turn_for(&desk, 100000);
    assert_int_equal(desk.messages, 7);
    desk.room = UINT_MAX;
    assert_true(until(&desk, &desk.messages, MANY));
    assert_int_equal(desk.in_order, MANY);
    desk.turns = 0;
    turn_for(&desk, 400000);
    assert_true(desk.turns < 60); /* nor does a socket that has been emptied */
    desk_close(&desk);
}

static void a_budget_is_kept_and_says_that_there_is_more(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk);
    subscribe(&desk, "triage.0001");
    for (int i = 0; i < 10; i++) {
        publish(&desk, "triage.0001", "x");
    }
    (void)usleep(200000);
    assert_true(bus_drain(desk.reader, 4));
    assert_int_equal(desk.messages, 4);
    assert_true(bus_drain(desk.reader, 4));
    assert_false(bus_drain(desk.reader, 4));
    assert_int_equal(desk.messages, 10);
    desk_close(&desk);
}

struct raw {
    void *context;
    void *socket;
};

static void raw_open(struct raw *raw, int type, const char *identity, const char *endpoint)
{
    int wait_ms = 2000;
    raw->context = zmq_ctx_new();
    raw->socket = zmq_socket(raw->context, type);
    assert_non_null(raw->socket);
    (void)zmq_setsockopt(raw->socket, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
    (void)zmq_setsockopt(raw->socket, ZMQ_LINGER, &(int){0}, sizeof(int));
    if (identity) {
        (void)zmq_setsockopt(raw->socket, ZMQ_ROUTING_ID, identity, strlen(identity));
    }
    if (endpoint) {
        assert_int_equal(zmq_connect(raw->socket, endpoint), 0);
    }
}

static void raw_close(struct raw *raw)
{
    (void)zmq_close(raw->socket);
    (void)zmq_ctx_term(raw->context);
}

static void raw_send(const struct raw *raw, const char *const *frames)
{
    for (size_t i = 0; frames[i]; i++) {
        int flags = frames[i + 1] ? ZMQ_SNDMORE : 0;
        assert_true(zmq_send(raw->socket, frames[i], strlen(frames[i]), flags) >= 0);
    }
}

static void a_request_is_answered_to_its_sender_and_to_nobody_gone(void **state)
{
    (void)state;
    struct desk desk;
    struct raw asker;
    char text[64];
    desk_open(&desk);
    raw_open(&asker, ZMQ_DEALER, NULL, desk.requests);
    raw_send(&asker, (const char *const[]){"question", NULL});
    assert_true(until(&desk, &desk.asked, 1));
    assert_string_equal(desk.text, "question");
    bus_reply(desk.sender, &desk.peer, slice_text("answer"));
    int size = zmq_recv(asker.socket, text, sizeof text, 0);
    assert_int_equal(size, 6);
    assert_memory_equal(text, "answer", 6);

    struct bus_peer nobody = {.bytes = "nobody", .size = 6};
    bus_reply(desk.sender, &nobody, slice_text("lost"));
    raw_close(&asker);
    turn_for(&desk, 100000);
    bus_reply(desk.sender, &desk.peer, slice_text("too late"));
    raw_open(&asker, ZMQ_DEALER, NULL, desk.requests);
    raw_send(&asker, (const char *const[]){"another", NULL});
    assert_true(until(&desk, &desk.asked, 2));
    bus_reply(desk.sender, &desk.peer, slice_text("yes"));
    assert_int_equal(zmq_recv(asker.socket, text, sizeof text, 0), 3);
    raw_close(&asker);
    desk_close(&desk);
}

/* Who asks and has room for one message. */
static struct bus_peer narrow_open(struct desk *desk, struct raw *raw)
{
    unsigned asked = desk->asked;
    raw_open(raw, ZMQ_DEALER, NULL, NULL);
    assert_int_equal(zmq_setsockopt(raw->socket, ZMQ_RCVHWM, &(int){1}, sizeof(int)), 0);
    assert_int_equal(zmq_connect(raw->socket, desk->requests), 0);
    raw_send(raw, (const char *const[]){"question", NULL});
    assert_true(until(desk, &desk->asked, asked + 1));
    return desk->peer;
}

/* Law 9; to the byte: bus_large.c.  Planted: nothing counted, nothing taken off, no share. */
static void large_replies_nobody_takes_leave_room_for_who_does(void **state)
{
    (void)state;
    enum { SIZE = 1024 * 1024, COUNT = 100 };
    static uint8_t large[SIZE];
    struct desk desk;
    struct raw idle;
    struct raw reader;
    desk_open(&desk);
    const struct bus_peer idle_peer = narrow_open(&desk, &idle);
    const struct bus_peer reader_peer = narrow_open(&desk, &reader);
    assert_int_equal(bus_replies_lying(desk.sender, NULL), 0);
    for (int i = 0; i < COUNT; i++) {
        bus_reply(desk.sender, &idle_peer, slice_of(large, SIZE));
    }
    size_t lying = bus_replies_lying(desk.sender, &idle_peer);
    assert_in_range(lying, BUS_LARGE_SHARE / 2, BUS_LARGE_SHARE);
    for (int i = 0; i < COUNT; i++) {
        bus_reply(desk.sender, &reader_peer, slice_of(large, SIZE));
        assert_int_equal(zmq_recv(reader.socket, large, SIZE, 0), SIZE);
    }
    raw_close(&reader);
    for (int i = 0; i < 4; i++) { /* what is taken makes room */
        assert_int_equal(zmq_recv(idle.socket, large, SIZE, 0), SIZE);
    }
    turn_for(&desk, 100000);
    assert_in_range(bus_replies_lying(desk.sender, &idle_peer), 0, lying - 1);
    raw_close(&idle);
    int64_t end_us = clock_now_us() + PATIENCE_US;
    while (bus_replies_lying(desk.sender, NULL) > 0 && clock_now_us() < end_us) {
        turn(&desk);
    }
    assert_int_equal(bus_replies_lying(desk.sender, NULL), 0); /* nor does what is of nobody stay */
    desk_close(&desk);
}

static void messages_of_another_shape_are_swallowed_whole(void **state)
{
    (void)state;
    struct desk desk;
    struct raw asker;
    struct raw named;
    struct raw caller;
    desk_open(&desk);
    raw_open(&asker, ZMQ_DEALER, NULL, desk.requests);
    raw_send(&asker, (const char *const[]){"one", "two", NULL});
    raw_send(&asker, (const char *const[]){"one", "two", "three", "four", NULL});
    raw_send(&asker, (const char *const[]){"", NULL}); /* empty, but of the right shape */
    assert_true(until(&desk, &desk.asked, 1));
    assert_string_equal(desk.text, "");
    raw_send(&asker, (const char *const[]){"good", NULL});
    assert_true(until(&desk, &desk.asked, 2));
    assert_string_equal(desk.text, "good");

    /* a name longer than a reply can carry, and a REQ with its empty frame */
    raw_open(&named, ZMQ_DEALER, "a name of more than 16 bytes", desk.requests);
    raw_send(&named, (const char *const[]){"unheard", NULL});
    raw_open(&caller, ZMQ_REQ, NULL, desk.requests);
    raw_send(&caller, (const char *const[]){"unheard", NULL});
    turn_for(&desk, 200000);
    assert_int_equal(desk.asked, 2);
    raw_send(&asker, (const char *const[]){"still there", NULL});
    assert_true(until(&desk, &desk.asked, 3));
    raw_close(&named);
    raw_close(&caller);
    raw_close(&asker);
    desk_close(&desk);
}

static void a_publisher_of_other_shapes_does_not_stop_the_reader(void **state)
{
    (void)state;
    struct desk desk;
    struct raw odd;
    struct error error = {.text = ""};
    char endpoint[96];
    desk_open(&desk);
    (void)snprintf(endpoint, sizeof endpoint, "ipc://%s/odd", desk.folder);
    odd.context = zmq_ctx_new();
    odd.socket = zmq_socket(odd.context, ZMQ_PUB);
    (void)zmq_setsockopt(odd.socket, ZMQ_LINGER, &(int){0}, sizeof(int));
    assert_int_equal(zmq_bind(odd.socket, endpoint), 0);
    bus_subscribe(desk.reader, "odd");
    assert_true(bus_connect(desk.reader, endpoint, "", &error));
    int64_t end_us = clock_now_us() + PATIENCE_US;
    while (desk.messages == 0 && clock_now_us() < end_us) {
        raw_send(&odd, (const char *const[]){"odd", NULL});
        raw_send(&odd, (const char *const[]){"odd", "a", "b", NULL});
        raw_send(&odd, (const char *const[]){"odd", "well", NULL});
        turn(&desk);
    }
    assert_true(desk.messages > 0);
    assert_string_equal(desk.text, "well");
    assert_false(bus_connect(desk.reader, "nonsense", "", &error));
    assert_int_equal(error.kind, ERROR_RETRY);
    assert_false(bus_bind_publisher(desk.reader, "ipc:///nowhere/at/all", &error));
    assert_int_equal(error.kind, ERROR_FATAL);
    raw_close(&odd);
    (void)snprintf(endpoint, sizeof endpoint, "%s/odd", desk.folder);
    (void)unlink(endpoint);
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_topic_reaches_who_subscribed_to_it_and_nobody_else),
        cmocka_unit_test(messages_that_have_to_wait_are_kept_and_wake_nobody),
        cmocka_unit_test(a_budget_is_kept_and_says_that_there_is_more),
        cmocka_unit_test(a_request_is_answered_to_its_sender_and_to_nobody_gone),
        cmocka_unit_test(large_replies_nobody_takes_leave_room_for_who_does),
        cmocka_unit_test(messages_of_another_shape_are_swallowed_whole),
        cmocka_unit_test(a_publisher_of_other_shapes_does_not_stop_the_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
