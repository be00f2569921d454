#include "bus.h"

#include "bus_large.h"
#include "event.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <zmq.h>

enum {
    /* Messages a peer; common/bus/README.md has the arithmetic.  A peer may have so many requests
     * of BUS_REQUEST_MAX in our memory, and let so many replies lie, most of them receipts of 1
     * KiB.
     */
    REQUESTS_MARK = 128,
    REPLIES_MARK = 8192,
    EVENTS_MARK = 2000,
    ENDPOINTS_MAX = 256,
    ENDPOINT_SIZE = BUS_ENDPOINT_SIZE,
};

struct bus {
    void *context;
    void *publisher;
    void *subscriber;
    void *requests;
    struct bus_callbacks callbacks;
    void *owner;
    struct bus_pot pot; /* large replies; libzmq's thread takes them off */
    struct event_base *base;
    struct bus_guard *guard; /* borrowed; NULL: this host only */
    enum bus_door door;
    void *monitor; /* of the subscriber: whose handshake failed */
    struct event *wakes[4];
    unsigned wake_count;
    struct event *message_wake; /* of the subscriber, one of wakes */
    struct event *request_wake; /* of the requests, one of wakes */
    bool hears_messages;        /* message_wake is armed */
    bool hears_requests;
    unsigned endpoint_count;
    char endpoints[ENDPOINTS_MAX][ENDPOINT_SIZE];
    char keys[ENDPOINTS_MAX][BUS_KEY_SIZE];
};

static void on_wake(evutil_socket_t socket, short what, void *context)
{
    /* the loop drains after every turn: to be woken is all that is needed */
    (void)socket;
    (void)what;
    (void)context;
}

static bool set(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

/* A subscriber's outgoing queue carries only its filters: bounded, they are lost on reconnect (no.
 * 4). */
static int send_mark(int type)
{
    if (type == ZMQ_SUB) {
        return 0;
    }
    return type == ZMQ_ROUTER ? REPLIES_MARK : EVENTS_MARK;
}

static int receive_mark(int type)
{
    return type == ZMQ_ROUTER ? REQUESTS_MARK : EVENTS_MARK;
}

/* Bounds and time-outs, before any bind or connect: later ones are not heeded; ZMTP heartbeats stay
 * off. */
static void *socket_new(struct bus *bus, int type, struct error *error)
{
    void *socket = zmq_socket(bus->context, type);
    if (!socket) {
        (void)error_set(error, ERROR_FATAL, "zmq_socket: %s", zmq_strerror(errno));
        return NULL;
    }
    int64_t message_max = type == ZMQ_ROUTER ? BUS_REQUEST_MAX
                          : type == ZMQ_PUB  ? BUS_FILTER_MAX
                                             : BUS_MESSAGE_MAX;
    bool good = set(socket, ZMQ_LINGER, 0) && set(socket, ZMQ_HANDSHAKE_IVL, 5000) &&
                set(socket, ZMQ_RECONNECT_IVL, 50) && set(socket, ZMQ_RECONNECT_IVL_MAX, 2000) &&
                set(socket, ZMQ_TCP_KEEPALIVE, 1) && set(socket, ZMQ_TCP_KEEPALIVE_IDLE, 10) &&
                set(socket, ZMQ_TCP_KEEPALIVE_INTVL, 3) && set(socket, ZMQ_TCP_KEEPALIVE_CNT, 3) &&
                set(socket, ZMQ_RCVHWM, receive_mark(type)) &&
                set(socket, ZMQ_SNDHWM, send_mark(type)) &&
                zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &message_max, sizeof message_max) == 0;
    if (good && type == ZMQ_ROUTER) {
        good = set(socket, ZMQ_ROUTER_MANDATORY, 1);
    }
    if (!good) {
        (void)error_set(error, ERROR_FATAL, "zmq_setsockopt: %s", zmq_strerror(errno));
        (void)zmq_close(socket);
        return NULL;
    }
    int descriptor = -1;
    size_t size = sizeof descriptor;
    if (type != ZMQ_PUB && zmq_getsockopt(socket, ZMQ_FD, &descriptor, &size) == 0) {
        struct event *wake = event_new(bus->base, descriptor, EV_READ | EV_PERSIST, on_wake, bus);
        if (wake) {
            (void)event_add(wake, NULL);
            bus->wakes[bus->wake_count++] = wake;
            if (type == ZMQ_SUB) {
                bus->message_wake = wake;
                bus->hears_messages = true;
            } else {
                bus->request_wake = wake;
                bus->hears_requests = true;
            }
        }
    }
    return socket;
}

struct bus *bus_new(struct event_base *base,
                    const struct bus_callbacks *callbacks,
                    void *owner,
                    struct error *error)
{
    struct bus *bus = calloc(1, sizeof *bus);
    if (!bus) {
        (void)error_set(error, ERROR_FATAL, "out of memory");
        return NULL;
    }
    bus->base = base;
    bus->callbacks = *callbacks;
    bus->owner = owner;
    bus->context = zmq_ctx_new();
    if (!bus->context) {
        (void)error_set(error, ERROR_FATAL, "zmq_ctx_new: %s", zmq_strerror(errno));
        bus_free(&bus);
        return NULL;
    }
    bus->subscriber = socket_new(bus, ZMQ_SUB, error);
    if (!bus->subscriber) {
        bus_free(&bus);
    }
    return bus;
}

void bus_free(struct bus **bus_p)
{
    struct bus *bus = *bus_p;
    if (!bus) {
        return;
    }
    for (unsigned i = 0; i < bus->wake_count; i++) {
        event_free(bus->wakes[i]);
    }
    if (bus->guard) {
        bus_guard_deaf(bus->guard);
    }
    if (bus->subscriber) {
        (void)zmq_socket_monitor(bus->subscriber, NULL, 0);
    }
    void *const sockets[] = {bus->monitor, bus->publisher, bus->subscriber, bus->requests};
    for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++) {
        if (sockets[i]) {
            (void)zmq_close(sockets[i]);
        }
    }
    if (bus->context) {
        while (zmq_ctx_term(bus->context) != 0 && errno == EINTR) {
        } /* its thread counts down what lies in replies */
    }
    free(bus);
    *bus_p = NULL;
}

static bool bind_socket(
    struct bus *bus, void *socket, const char *endpoint, enum bus_door door, struct error *error)
{
    if (bus_endpoint_is_remote(endpoint) &&
        (!bus->guard || !bus_guard_serve(bus->guard, socket, door))) {
        return error_set(error, ERROR_REJECT, "%s needs curve_key_file", endpoint);
    }
    if (zmq_bind(socket, endpoint) != 0) {
        return error_set(error, ERROR_FATAL, "cannot bind %s: %s", endpoint, zmq_strerror(errno));
    }
    return true;
}

bool bus_bind_publisher(struct bus *bus, const char *endpoint, struct error *error)
{
    bus->publisher = socket_new(bus, ZMQ_PUB, error);
    return bus->publisher && bind_socket(bus, bus->publisher, endpoint, BUS_DOOR_EVENTS, error);
}

bool bus_bind_requests(struct bus *bus, const char *endpoint, struct error *error)
{
    bus->requests = socket_new(bus, ZMQ_ROUTER, error);
    return bus->requests && bind_socket(bus, bus->requests, endpoint, bus->door, error);
}

static int receive_pair(void *socket, zmq_msg_t *first, zmq_msg_t *second);

static int endpoint_find(const struct bus *bus, const char *endpoint)
{
    for (unsigned i = 0; i < bus->endpoint_count; i++) {
        if (strcmp(bus->endpoints[i], endpoint) == 0) {
            return (int)i;
        }
    }
    return -1;
}

bool bus_guard_set(struct bus *bus,
                   struct bus_guard *guard,
                   enum bus_door door,
                   struct error *error)
{
    static const char place[] = "inproc://bus-refused";
    bus->guard = guard;
    bus->door = door;
    if (!bus_guard_listen(guard, bus->context, error)) {
        return false;
    }
    struct event *wake =
        event_new(bus->base, bus_guard_descriptor(guard), EV_READ | EV_PERSIST, on_wake, bus);
    if (wake) {
        (void)event_add(wake, NULL);
        bus->wakes[bus->wake_count++] = wake;
    }
    bus->monitor = zmq_socket(bus->context, ZMQ_PAIR);
    return (bus->monitor &&
            zmq_socket_monitor(bus->subscriber, place, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) == 0 &&
            set(bus->monitor, ZMQ_LINGER, 0) && zmq_connect(bus->monitor, place) == 0) ||
           error_set(error, ERROR_FATAL, "zmq_socket_monitor: %s", zmq_strerror(errno));
}

void bus_bound(const struct bus *bus, bool requests, char endpoint[BUS_ENDPOINT_SIZE])
{
    void *socket = requests ? bus->requests : bus->publisher;
    size_t size = BUS_ENDPOINT_SIZE;
    endpoint[0] = '\0';
    if (socket && zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size) != 0) {
        endpoint[0] = '\0';
    }
}

/* libzmq gives up for good where it was refused; the address is the endpoint as connected. */
static void refused_forget(struct bus *bus)
{
    zmq_msg_t event;
    zmq_msg_t address;
    int got = 1;
    while (got != 0) {
        (void)zmq_msg_init(&event);
        (void)zmq_msg_init(&address);
        got = receive_pair(bus->monitor, &event, &address);
        if (got > 0) {
            char endpoint[ENDPOINT_SIZE];
            (void)snprintf(endpoint,
                           sizeof endpoint,
                           "%.*s",
                           (int)zmq_msg_size(&address),
                           (const char *)zmq_msg_data(&address));
            bus_disconnect(bus, endpoint);
        }
        (void)zmq_msg_close(&event);
        (void)zmq_msg_close(&address);
    }
}

enum bus_allow_news bus_second(struct bus *bus, struct error *error)
{
    if (!bus->guard) {
        return BUS_ALLOW_SAME;
    }
    refused_forget(bus);
    return bus_guard_refresh(bus->guard, error);
}

/* The keys of a socket stay for the next connection: one without has to say so. */
static bool keys_set(struct bus *bus, const char *endpoint, const char *key, struct error *error)
{
    if (!bus_endpoint_is_remote(endpoint)) {
        return zmq_setsockopt(bus->subscriber, ZMQ_PLAIN_USERNAME, NULL, 0) == 0;
    }
    if (!bus->guard || !bus_guard_knows_daemon(bus->guard, key)) {
        return error_set(error,
                         ERROR_RETRY,
                         bus->guard ? "%s: its key is no daemon's in curve_allow_file"
                                    : "%s: we have no curve_key_file",
                         endpoint);
    }
    return bus_guard_call(bus->guard, bus->subscriber, key) ||
           error_set(error, ERROR_RETRY, "%s: %s", endpoint, zmq_strerror(errno));
}

bool bus_connect(struct bus *bus, const char *endpoint, const char *key, struct error *error)
{
    int known = endpoint_find(bus, endpoint);
    if (known >= 0 && strcmp(bus->keys[known], key) == 0) {
        return true;
    }
    if (known >= 0) {
        bus_disconnect(bus, endpoint); /* it has a new key */
    }
    if (bus->endpoint_count == ENDPOINTS_MAX || strlen(endpoint) >= ENDPOINT_SIZE) {
        return error_set(error,
                         ERROR_RETRY,
                         "%s: more than %d publishers, or a name too long",
                         endpoint,
                         ENDPOINTS_MAX);
    }
    if (!keys_set(bus, endpoint, key, error)) {
        return false;
    }
    if (zmq_connect(bus->subscriber, endpoint) != 0) {
        return error_set(error, ERROR_RETRY, "%s: %s", endpoint, zmq_strerror(errno));
    }
    (void)snprintf(bus->keys[bus->endpoint_count], BUS_KEY_SIZE, "%s", key);
    (void)snprintf(bus->endpoints[bus->endpoint_count++], ENDPOINT_SIZE, "%s", endpoint);
    return true;
}

void bus_disconnect(struct bus *bus, const char *endpoint)
{
    int i = endpoint_find(bus, endpoint);
    if (i >= 0) {
        (void)zmq_disconnect(bus->subscriber, endpoint);
        memmove(bus->endpoints[i], bus->endpoints[--bus->endpoint_count], ENDPOINT_SIZE);
        memmove(bus->keys[i], bus->keys[bus->endpoint_count], BUS_KEY_SIZE);
    }
}

void bus_subscribe(struct bus *bus, const char *topic)
{
    (void)zmq_setsockopt(bus->subscriber, ZMQ_SUBSCRIBE, topic, strlen(topic));
}

void bus_unsubscribe(struct bus *bus, const char *topic)
{
    (void)zmq_setsockopt(bus->subscriber, ZMQ_UNSUBSCRIBE, topic, strlen(topic));
}

void bus_publish(struct bus *bus, const char *topic, struct slice bytes)
{
    if (zmq_send(bus->publisher, topic, strlen(topic), ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0) {
        (void)zmq_send(bus->publisher, bytes.bytes, bytes.size, ZMQ_DONTWAIT);
    }
}

size_t bus_replies_lying(const struct bus *bus, const struct bus_peer *peer)
{
    return bus_large_lying(&bus->pot, peer);
}

void bus_reply_secret(struct bus *bus, const struct bus_peer *peer, struct slice bytes)
{
    bus_large_send(bus->requests, peer, bytes, &bus->pot);
}

void bus_reply(struct bus *bus, const struct bus_peer *peer, struct slice bytes)
{
    if (bytes.size >= BUS_REPLY_LARGE) {
        bus_large_send(bus->requests, peer, bytes, &bus->pot);
    } else if (zmq_send(bus->requests, peer->bytes, peer->size, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0) {
        (void)zmq_send(bus->requests, bytes.bytes, bytes.size, ZMQ_DONTWAIT);
    }
}

/* Reads a message of exactly two frames; longer ones are swallowed whole.  1 got one, 0 nothing
 * there, -1 malformed. */
static int receive_pair(void *socket, zmq_msg_t *first, zmq_msg_t *second)
{
    if (zmq_msg_recv(first, socket, ZMQ_DONTWAIT) < 0) {
        return 0;
    }
    if (!zmq_msg_more(first)) {
        return -1;
    }
    if (zmq_msg_recv(second, socket, ZMQ_DONTWAIT) < 0) {
        return -1;
    }
    bool more = zmq_msg_more(second) != 0;
    if (!more) {
        return 1;
    }
    while (more) {
        zmq_msg_t rest;
        (void)zmq_msg_init(&rest);
        if (zmq_msg_recv(&rest, socket, ZMQ_DONTWAIT) < 0) {
            more = false;
        } else {
            more = zmq_msg_more(&rest) != 0;
        }
        (void)zmq_msg_close(&rest);
    }
    return -1;
}

static struct slice frame(zmq_msg_t *message)
{
    return slice_of(zmq_msg_data(message), zmq_msg_size(message));
}

static void hand_over(struct bus *bus, bool request, struct slice head, struct slice body)
{
    if (!request) {
        bus->callbacks.message(bus->owner, head, body);
        return;
    }
    struct bus_peer peer = {.size = (uint8_t)head.size};
    if (head.size <= BUS_IDENTITY_MAX) {
        memcpy(peer.bytes, head.bytes, head.size);
        bus->callbacks.request(bus->owner, &peer, body);
    }
}

static bool wanted(const struct bus *bus, bool request)
{
    return request || !bus->callbacks.wants_messages || bus->callbacks.wants_messages(bus->owner);
}

/* True when the budget ended before the messages did. */
static bool drain(struct bus *bus, void *socket, bool request, unsigned budget)
{
    for (unsigned i = 0; i < budget; i++) {
        if (!wanted(bus, request)) {
            return false;
        }
        zmq_msg_t first;
        zmq_msg_t second;
        (void)zmq_msg_init(&first);
        (void)zmq_msg_init(&second);
        int got = receive_pair(socket, &first, &second);
        if (got > 0) {
            hand_over(bus, request, frame(&first), frame(&second));
        }
        (void)zmq_msg_close(&first);
        (void)zmq_msg_close(&second);
        if (got == 0) {
            return false;
        }
    }
    return true;
}

/* While something is to wait in libzmq's queue, its descriptor stays ready: it must not wake the
 * loop for nothing. */
static void hear(struct event *wake, bool *hears, bool shall)
{
    if (wake && *hears != shall) {
        *hears = shall;
        (void)(shall ? event_add(wake, NULL) : event_del(wake));
    }
}

bool bus_drain(struct bus *bus, unsigned budget)
{
    bool more = false;
    if (bus->guard) {
        bus_guard_answer(bus->guard);
    }
    if (bus->requests) {
        more = drain(bus, bus->requests, true, budget);
    }
    more = drain(bus, bus->subscriber, false, budget) || more;
    hear(bus->message_wake, &bus->hears_messages, wanted(bus, false));
    hear(bus->request_wake, &bus->hears_requests, true);
    return more;
}

void bus_rest(struct bus *bus)
{
    hear(bus->message_wake, &bus->hears_messages, false);
    hear(bus->request_wake, &bus->hears_requests, false);
}

void bus_stream_topic(unsigned service, uint32_t partition, char topic[BUS_TOPIC_SIZE])
{
    (void)snprintf(topic,
                   BUS_TOPIC_SIZE,
                   "%s.%04u",
                   service_name((enum service_id)service),
                   (unsigned)partition);
}
