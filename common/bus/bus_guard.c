#include "bus_guard.h"

#include "key_file.h"

#include <errno.h>
#include <sodium.h>
#include <unistd.h>
#include <zmq.h>

enum {
    ZAP_FRAMES = 10, /* routing id, empty, version, request, domain, address, identity, mechanism,
                        key, and one more that nobody sends */
};

struct bus_guard {
    char public[BUS_KEY_SIZE];
    char secret[BUS_KEY_SIZE];
    struct bus_allow list;
    void *socket; /* of ZAP */
};

bool bus_endpoint_is_remote(const char *endpoint)
{
    return strncmp(endpoint, "tcp://", 6) == 0;
}

static bool key_good(const char *text)
{
    uint8_t raw[BUS_RAW_KEY_SIZE];
    return strlen(text) == BUS_KEY_SIZE - 1 && zmq_z85_decode(raw, text) != NULL;
}

/* One line of a pair of keys; empty lines and remarks are good, too. */
static bool key_take(struct bus_guard *guard, const char *line)
{
    char *to = strncmp(line, "public ", 7) == 0   ? guard->public
               : strncmp(line, "secret ", 7) == 0 ? guard->secret
                                                  : NULL;
    if (!to) {
        return line[0] == '\0' || line[0] == '#';
    }
    if (!key_good(line + 7)) {
        return false;
    }
    (void)snprintf(to, BUS_KEY_SIZE, "%s", line + 7);
    return true;
}

static bool
key_read(struct bus_guard *guard, const char *path, const char *fresh, struct error *error)
{
    char text[KEY_FILE_MAX];
    if (!key_file_read(path, fresh, text, error)) {
        return false;
    }
    char *rest = text;
    const char *line = strsep(&rest, "\n");
    bool good = strcmp(line, "redress-curve 1") == 0;
    while (good && (line = strsep(&rest, "\n"))) {
        good = key_take(guard, line);
    }
    char derived[BUS_KEY_SIZE] = "";
    good = good && guard->public[0] && guard->secret[0] &&
           zmq_curve_public(derived, guard->secret) == 0 && strcmp(derived, guard->public) == 0;
    sodium_memzero(text, sizeof text);
    return good || error_set(error, ERROR_FATAL, "key file %s: not a key pair of CURVE", path);
}

/* For the host that begins; others are added by people. */
static bool list_make(const struct bus_guard *guard, struct error *error)
{
    char line[BUS_KEY_SIZE + 80];
    char host[65] = "host";
    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(line, sizeof line, "%s daemon %s\n", guard->public, host);
    return key_file_make(guard->list.path, line, 0644, error);
}

struct bus_guard *
bus_guard_open(const char *key_path, const char *list_path, bool create, struct error *error)
{
    struct bus_guard *guard = calloc(1, sizeof *guard);
    if (!guard) {
        (void)error_set(error, ERROR_FATAL, "out of memory");
        return NULL;
    }
    (void)snprintf(guard->list.path, sizeof guard->list.path, "%s", list_path);
    char public[BUS_KEY_SIZE];
    char secret[BUS_KEY_SIZE];
    char fresh[256] = "";
    if (create && zmq_curve_keypair(public, secret) == 0) {
        (void)snprintf(
            fresh, sizeof fresh, "redress-curve 1\npublic %s\nsecret %s\n", public, secret);
    }
    bool good = key_read(guard, key_path, create ? fresh : NULL, error) &&
                (!create || list_make(guard, error)) && bus_allow_read(&guard->list, error);
    sodium_memzero(fresh, sizeof fresh);
    sodium_memzero(secret, sizeof secret);
    if (!good) {
        bus_guard_free(&guard);
    }
    return guard;
}

void bus_guard_deaf(struct bus_guard *guard)
{
    if (guard->socket) {
        (void)zmq_close(guard->socket);
        guard->socket = NULL;
    }
}

void bus_guard_free(struct bus_guard **guard_p)
{
    struct bus_guard *guard = *guard_p;
    if (guard) {
        bus_guard_deaf(guard);
        sodium_memzero(guard, sizeof *guard);
        free(guard);
        *guard_p = NULL;
    }
}

const char *bus_guard_public(const struct bus_guard *guard)
{
    return guard->public;
}

enum bus_allow_news bus_guard_refresh(struct bus_guard *guard, struct error *error)
{
    return bus_allow_refresh(&guard->list, error);
}

unsigned bus_guard_count(const struct bus_guard *guard)
{
    return guard->list.count;
}

bool bus_guard_knows_daemon(const struct bus_guard *guard, const char *key)
{
    uint8_t raw[BUS_RAW_KEY_SIZE];
    if (strlen(key) != BUS_KEY_SIZE - 1 || !zmq_z85_decode(raw, key)) {
        return false;
    }
    const struct bus_allowed *found = bus_allow_find(&guard->list, raw);
    return found && bus_allow_is_daemon(found);
}

bool bus_guard_listen(struct bus_guard *guard, void *context, struct error *error)
{
    guard->socket = zmq_socket(context, ZMQ_ROUTER);
    int none = 0;
    if (!guard->socket || zmq_setsockopt(guard->socket, ZMQ_LINGER, &none, sizeof none) != 0 ||
        zmq_bind(guard->socket, "inproc://zeromq.zap.01") != 0) {
        return error_set(error, ERROR_FATAL, "zap: %s", zmq_strerror(errno));
    }
    return true;
}

int bus_guard_descriptor(const struct bus_guard *guard)
{
    int descriptor = -1;
    size_t size = sizeof descriptor;
    (void)zmq_getsockopt(guard->socket, ZMQ_FD, &descriptor, &size);
    return descriptor;
}

static bool frame_is(zmq_msg_t *frame, const char *text)
{
    return zmq_msg_size(frame) == strlen(text) &&
           memcmp(zmq_msg_data(frame), text, strlen(text)) == 0;
}

static bool is_admitted(const struct bus_guard *guard, zmq_msg_t *frames, unsigned count)
{
    if (count != ZAP_FRAMES - 1 || !frame_is(&frames[2], "1.0") || !frame_is(&frames[7], "CURVE") ||
        zmq_msg_size(&frames[8]) != BUS_RAW_KEY_SIZE) {
        return false;
    }
    const struct bus_allowed *found = bus_allow_find(&guard->list, zmq_msg_data(&frames[8]));
    return found && bus_allow_admits(found, zmq_msg_data(&frames[4]), zmq_msg_size(&frames[4]));
}

/* Never 300: clients have hung on it. */
static void reply(const struct bus_guard *guard, zmq_msg_t *frames, bool admitted)
{
    const char *const texts[] = {
        admitted ? "200" : "400", admitted ? "OK" : "not admitted", admitted ? "peer" : "", ""};
    (void)zmq_send(guard->socket, zmq_msg_data(&frames[0]), zmq_msg_size(&frames[0]), ZMQ_SNDMORE);
    (void)zmq_send(guard->socket, "", 0, ZMQ_SNDMORE);
    (void)zmq_send(guard->socket, "1.0", 3, ZMQ_SNDMORE);
    (void)zmq_send(guard->socket, zmq_msg_data(&frames[3]), zmq_msg_size(&frames[3]), ZMQ_SNDMORE);
    for (unsigned i = 0; i < 4; i++) {
        (void)zmq_send(guard->socket, texts[i], strlen(texts[i]), i < 3 ? ZMQ_SNDMORE : 0);
    }
}

void bus_guard_answer(struct bus_guard *guard)
{
    bool any = true;
    while (any) {
        zmq_msg_t frames[ZAP_FRAMES];
        unsigned count = 0;
        bool more = true;
        any = false;
        while (more && count < ZAP_FRAMES) {
            (void)zmq_msg_init(&frames[count]);
            if (zmq_msg_recv(&frames[count], guard->socket, ZMQ_DONTWAIT) < 0) {
                (void)zmq_msg_close(&frames[count]);
                break;
            }
            any = true;
            more = zmq_msg_more(&frames[count++]) != 0;
        }
        if (count > 3) {
            reply(guard, frames, is_admitted(guard, frames, count));
        }
        while (count > 0) {
            (void)zmq_msg_close(&frames[--count]);
        }
    }
}

static bool set_text(void *socket, int option, const char *text, size_t size)
{
    return zmq_setsockopt(socket, option, text, size) == 0;
}

bool bus_guard_serve(const struct bus_guard *guard, void *socket, enum bus_door door)
{
    int server = 1;
    return zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &server, sizeof server) == 0 &&
           set_text(socket, ZMQ_CURVE_SECRETKEY, guard->secret, BUS_KEY_SIZE) &&
           set_text(socket, ZMQ_ZAP_DOMAIN, bus_allow_domain(door), strlen(bus_allow_domain(door)));
}

bool bus_guard_call(const struct bus_guard *guard, void *socket, const char *server)
{
    return set_text(socket, ZMQ_CURVE_SERVERKEY, server, BUS_KEY_SIZE) &&
           set_text(socket, ZMQ_CURVE_PUBLICKEY, guard->public, BUS_KEY_SIZE) &&
           set_text(socket, ZMQ_CURVE_SECRETKEY, guard->secret, BUS_KEY_SIZE);
}
