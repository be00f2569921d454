#include "ctl_listen.h"

#include "ctl_database.h"
#include "ctl_peer.h"
#include "message_limits.h"
#include "scope.h"

#include <errno.h>
#include <signal.h>
#include <zmq.h>

enum {
    PUBLISHERS_MAX = 256,
    HIGH_WATER_MARK = 100000,
    UNPACKED_MAX = 8 * 1024 * 1024,
};

struct ctl_listen {
    const struct ctl *ctl;
    void *context;
    void *socket;
    struct arena *arena; /* of the message lent */
    unsigned count;
    char publishers[PUBLISHERS_MAX][160];
    uint8_t bytes[LIMIT_LIVE_SIZE];
};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

void ctl_listen_catch(void)
{
    const struct sigaction action = {.sa_handler = stop}; /* without SA_RESTART: waits end */
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

bool ctl_listen_stopped(void)
{
    return stopped != 0;
}

struct ctl_listen *ctl_listen_open(const struct ctl *ctl)
{
    struct ctl_listen *listen = calloc(1, sizeof *listen);
    if (listen) {
        const int mark = HIGH_WATER_MARK;
        const int none = 0;
        listen->ctl = ctl;
        listen->arena = arena_new(UNPACKED_MAX);
        listen->context = zmq_ctx_new();
        listen->socket = listen->context ? zmq_socket(listen->context, ZMQ_SUB) : NULL;
        bool good = listen->arena && listen->socket &&
                    zmq_setsockopt(listen->socket, ZMQ_RCVHWM, &mark, sizeof mark) == 0 &&
                    zmq_setsockopt(listen->socket, ZMQ_LINGER, &none, sizeof none) == 0;
        if (!good) {
            ctl_listen_close(&listen);
        }
    }
    if (!listen) {
        (void)ctl_fail(ctl, CTL_FAILED, TEXT_LOOK_MEMORY, NULL);
    }
    return listen;
}

void ctl_listen_close(struct ctl_listen **listen_p)
{
    struct ctl_listen *listen = *listen_p;
    if (!listen) {
        return;
    }
    if (listen->socket) {
        (void)zmq_close(listen->socket);
    }
    if (listen->context) {
        (void)zmq_ctx_term(listen->context);
    }
    arena_free(&listen->arena);
    free(listen);
    *listen_p = NULL;
}

void ctl_listen_subscribe(struct ctl_listen *listen, const char *topic)
{
    (void)zmq_setsockopt(listen->socket, ZMQ_SUBSCRIBE, topic, strlen(topic));
}

static void publisher_add(struct ctl_listen *listen, const char *endpoint, const char *key)
{
    for (unsigned i = 0; i < listen->count; i++) {
        if (strcmp(listen->publishers[i], endpoint) == 0) {
            return;
        }
    }
    if (listen->count < PUBLISHERS_MAX &&
        ctl_peer_keys(listen->ctl, listen->socket, endpoint, key) &&
        zmq_connect(listen->socket, endpoint) == 0) {
        (void)snprintf(listen->publishers[listen->count++], 160, "%s", endpoint);
    }
}

int ctl_listen_follow(struct ctl *ctl, struct ctl_listen *listen, unsigned services)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    const char *const parameters[] = {CTL_NUMBER_TEXT(services)};
    int code = ctl_query(
        ctl,
        "SELECT publisher, server_key FROM member WHERE (1 << service) & $1::integer <> 0 "
        "AND lease_until > clock_timestamp() LIMIT 256",
        parameters,
        1,
        &rows);
    for (int row = 0; code == CTL_OK && row < PQntuples(rows); row++) {
        publisher_add(listen, PQgetvalue(rows, row, 0), PQgetvalue(rows, row, 1));
    }
    return code;
}

/* The second frame, cut off when there is none. */
static bool frames_read(struct ctl_listen *listen, size_t *size)
{
    char topic[64];
    int more = 0;
    size_t more_size = sizeof more;
    if (zmq_recv(listen->socket, topic, sizeof topic, ZMQ_DONTWAIT) < 0 ||
        zmq_getsockopt(listen->socket, ZMQ_RCVMORE, &more, &more_size) != 0 || !more) {
        return false;
    }
    int got = zmq_recv(listen->socket, listen->bytes, sizeof listen->bytes, ZMQ_DONTWAIT);
    *size = got > 0 ? (size_t)got : 0;
    return got >= 0 && *size <= sizeof listen->bytes;
}

const Redress__Live__V1__Live *ctl_listen_next(struct ctl_listen *listen, int input, int wait_ms)
{
    zmq_pollitem_t items[] = {
        {.socket = listen->socket, .events = ZMQ_POLLIN},
        {.fd = input,              .events = ZMQ_POLLIN}
    };
    size_t size = 0;
    if (zmq_poll(items, input >= 0 ? 2 : 1, wait_ms) <= 0 || !(items[0].revents & ZMQ_POLLIN) ||
        !frames_read(listen, &size)) {
        return NULL;
    }
    struct error error = {0};
    arena_reset(listen->arena);
    return (const Redress__Live__V1__Live *)prescan_unpack(&redress__live__v1__live__descriptor,
                                                           listen->bytes,
                                                           size,
                                                           &limits_live,
                                                           listen->arena,
                                                           &error);
}
