#include "ctl_peer.h"

#include "bus_guard.h"
#include "ctl_database.h"
#include "message_limits.h"
#include "scope.h"

#include <errno.h>
#include <zmq.h>

enum { HIGH_WATER_MARK = 20000 };

struct ctl_peer {
    struct ctl *ctl;
    void *context;
    void *socket;
    unsigned count;
    char endpoints[CTL_ENDPOINTS_MAX][CTL_ENDPOINT_SIZE];
    uint8_t buffer[LIMIT_REPLY_SIZE];
};

static bool set(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

bool ctl_peer_keys(const struct ctl *ctl, void *socket, const char *endpoint, const char *key)
{
    if (!bus_endpoint_is_remote(endpoint)) {
        return zmq_setsockopt(socket, ZMQ_PLAIN_USERNAME, NULL, 0) == 0;
    }
    struct error error = {0};
    SCOPED(bus_guard_free)
    struct bus_guard *guard =
        bus_guard_open(ctl->settings.curve_key_file, ctl->settings.curve_allow_file, false, &error);
    if (!guard) {
        (void)ctl_fail(ctl, CTL_FAILED, TEXT_KEYS_FAILED, CTL_ARGS(error.text));
        return false;
    }
    return bus_guard_knows_daemon(guard, key) && bus_guard_call(guard, socket, key);
}

struct ctl_peer *ctl_peer_new(struct ctl *ctl)
{
    struct ctl_peer *peer = calloc(1, sizeof *peer);
    if (!peer) {
        (void)ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
        return NULL;
    }
    peer->ctl = ctl;
    peer->context = zmq_ctx_new();
    peer->socket = peer->context ? zmq_socket(peer->context, ZMQ_DEALER) : NULL;
    int64_t size_max = LIMIT_REPLY_SIZE;
    /* Only to peers that are there: what waits for a dead one would be lost with it. */
    bool good = peer->socket && set(peer->socket, ZMQ_LINGER, 0) &&
                set(peer->socket, ZMQ_IMMEDIATE, 1) && set(peer->socket, ZMQ_RECONNECT_IVL, 50) &&
                set(peer->socket, ZMQ_RECONNECT_IVL_MAX, 1000) &&
                set(peer->socket, ZMQ_SNDHWM, HIGH_WATER_MARK) &&
                set(peer->socket, ZMQ_RCVHWM, HIGH_WATER_MARK) &&
                zmq_setsockopt(peer->socket, ZMQ_MAXMSGSIZE, &size_max, sizeof size_max) == 0;
    if (!good) {
        (void)ctl_fail(ctl, CTL_FAILED, TEXT_SOCKET, CTL_ARGS(zmq_strerror(errno)));
        ctl_peer_free(&peer);
    }
    return peer;
}

void ctl_peer_free(struct ctl_peer **peer_p)
{
    struct ctl_peer *peer = *peer_p;
    if (!peer) {
        return;
    }
    if (peer->socket) {
        (void)zmq_close(peer->socket);
    }
    if (peer->context) {
        (void)zmq_ctx_term(peer->context);
    }
    free(peer);
    *peer_p = NULL;
}

static unsigned endpoint_find(const struct ctl_peer *peer, const char *endpoint)
{
    unsigned i = 0;
    while (i < peer->count && strcmp(peer->endpoints[i], endpoint) != 0) {
        i++;
    }
    return i;
}

static void endpoint_drop(struct ctl_peer *peer, unsigned i)
{
    (void)zmq_disconnect(peer->socket, peer->endpoints[i]);
    peer->count--;
    memmove(peer->endpoints[i], peer->endpoints[peer->count], CTL_ENDPOINT_SIZE);
}

static bool endpoint_add(struct ctl_peer *peer, const char *endpoint, const char *key)
{
    if (endpoint_find(peer, endpoint) < peer->count) {
        return true;
    }
    if (peer->count == CTL_ENDPOINTS_MAX || strlen(endpoint) >= CTL_ENDPOINT_SIZE ||
        !ctl_peer_keys(peer->ctl, peer->socket, endpoint, key) ||
        zmq_connect(peer->socket, endpoint) != 0) {
        return false;
    }
    (void)snprintf(peer->endpoints[peer->count++], CTL_ENDPOINT_SIZE, "%s", endpoint);
    return true;
}

bool ctl_peer_connect(struct ctl_peer *peer, const char *endpoint)
{
    if (!bus_endpoint_is_remote(endpoint)) {
        return endpoint_add(peer, endpoint, "");
    }
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    const char *const parameters[] = {endpoint};
    int code = ctl_query(peer->ctl,
                         "SELECT server_key FROM member WHERE requests = $1 "
                         "ORDER BY lease_until DESC LIMIT 1",
                         parameters,
                         1,
                         &rows);
    return code == CTL_OK && PQntuples(rows) == 1 &&
           endpoint_add(peer, endpoint, PQgetvalue(rows, 0, 0));
}

static const char *service_text(enum service_id service)
{
    return service == SERVICE_INTAKE ? "redress-intake" : "redress-dispatch";
}

int ctl_peer_find(struct ctl *ctl, struct ctl_peer *peer, enum service_id service, bool quiet)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    const char *const parameters[] = {CTL_NUMBER_TEXT(service)};
    int code = ctl_query(ctl,
                         "SELECT requests, server_key FROM member WHERE service = $1::smallint "
                         "AND requests <> '' AND NOT leaving AND lease_until > clock_timestamp() "
                         "ORDER BY instance LIMIT 64",
                         parameters,
                         1,
                         &rows);
    if (code != CTL_OK) {
        return code;
    }
    int count = PQntuples(rows);
    for (unsigned i = peer->count; i-- > 0;) {
        int row = 0;
        while (row < count && strcmp(PQgetvalue(rows, row, 0), peer->endpoints[i]) != 0) {
            row++;
        }
        if (row == count) {
            endpoint_drop(peer, i);
        }
    }
    for (int row = 0; row < count; row++) {
        (void)endpoint_add(peer, PQgetvalue(rows, row, 0), PQgetvalue(rows, row, 1));
    }
    if (peer->count > 0) {
        return CTL_OK;
    }
    return quiet
               ? CTL_UNREACHABLE
               : ctl_fail(ctl, CTL_UNREACHABLE, TEXT_SERVICE_AWAY, CTL_ARGS(service_text(service)));
}

bool ctl_peer_send(struct ctl_peer *peer, struct slice bytes)
{
    return zmq_send(peer->socket, bytes.bytes, bytes.size, ZMQ_DONTWAIT) >= 0;
}

bool ctl_peer_receive(struct ctl_peer *peer, int wait_ms, struct slice *bytes)
{
    int size = zmq_recv(peer->socket, peer->buffer, sizeof peer->buffer, ZMQ_DONTWAIT);
    if (size < 0 && wait_ms > 0) {
        zmq_pollitem_t item = {peer->socket, 0, ZMQ_POLLIN, 0};
        (void)zmq_poll(&item, 1, wait_ms);
        size = zmq_recv(peer->socket, peer->buffer, sizeof peer->buffer, ZMQ_DONTWAIT);
    }
    if (size < 0 || (size_t)size > sizeof peer->buffer) {
        return false;
    }
    *bytes = slice_of(peer->buffer, (size_t)size);
    return true;
}

void ctl_peers_wait(struct ctl_peer *const *peers, unsigned count, int wait_ms)
{
    zmq_pollitem_t items[CTL_ENDPOINTS_MAX];
    unsigned used = 0;
    for (unsigned i = 0; i < count && used < CTL_ENDPOINTS_MAX; i++) {
        items[used++] = (zmq_pollitem_t){peers[i]->socket, 0, ZMQ_POLLIN, 0};
    }
    (void)zmq_poll(items, (int)used, wait_ms);
}
