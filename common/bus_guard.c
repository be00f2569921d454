#include "bus_guard.h"

#include "key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

enum {
    ZAP_FRAMES = 10, /* routing id, empty, version, request, domain, address, identity, mechanism,
                        key, and one more that nobody sends */
    RAW_KEY_SIZE = 32,
    LIST_MAX = 256 * 1024,
};

static const char *const doors[] = {"events", "submissions", "commands"};

enum { AT_EVENTS = 1 << BUS_DOOR_EVENTS, AT_SUBMISSIONS = 2, AT_COMMANDS = 4 };

static const struct {
    const char *name;
    unsigned doors;
} roles[] = {
    {"daemon",  AT_EVENTS | AT_SUBMISSIONS | AT_COMMANDS},
    {"desk",    AT_EVENTS | AT_SUBMISSIONS | AT_COMMANDS},
    {"adapter", AT_SUBMISSIONS                          },
};

struct allowed {
    uint8_t key[RAW_KEY_SIZE];
    uint8_t role;
};

struct bus_guard {
    char public[BUS_KEY_SIZE];
    char secret[BUS_KEY_SIZE];
    char list_path[256];
    struct stat list_seen;
    unsigned count;
    struct allowed allowed[BUS_ALLOWED_MAX];
    void *socket; /* of ZAP */
};

bool bus_endpoint_is_remote(const char *endpoint)
{
    return strncmp(endpoint, "tcp://", 6) == 0;
}

static bool key_good(const char *text)
{
    uint8_t raw[RAW_KEY_SIZE];
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

static int role_find(const char *name)
{
    for (int i = 0; name && i < (int)(sizeof roles / sizeof *roles); i++) {
        if (strcmp(roles[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

/* 1 added, 0 nothing in the line, -1 not as it should be. */
static int line_read(struct allowed *to, char *line)
{
    line[strcspn(line, "\n")] = '\0';
    if (line[0] == '#') { /* elsewhere it may be a letter of a key */
        return 0;
    }
    char *rest = line;
    const char *key = NULL;
    while ((key = strsep(&rest, " \t")) && key[0] == '\0') {
    }
    if (!key) {
        return 0;
    }
    const char *role = NULL;
    while ((role = strsep(&rest, " \t")) && role[0] == '\0') {
    }
    int number = role_find(role);
    if (number < 0 || !key_good(key)) {
        return -1;
    }
    to->role = (uint8_t)number;
    (void)zmq_z85_decode(to->key, key);
    return 1;
}

static bool list_read(struct bus_guard *guard, struct error *error)
{
    static struct allowed fresh[BUS_ALLOWED_MAX];
    struct stat info;
    FILE *file = fopen(guard->list_path, "re");
    if (!file || fstat(fileno(file), &info) != 0 || info.st_size > LIST_MAX) {
        bool there = file != NULL;
        if (there) {
            (void)fclose(file);
        }
        return error_set(error,
                         ERROR_FATAL,
                         "curve_allow_file %s: %s",
                         guard->list_path,
                         there ? "too long" : "is not there; make it: redress keys create");
    }
    char line[512];
    unsigned count = 0;
    unsigned number = 0;
    int got = 0;
    while (got >= 0 && count < BUS_ALLOWED_MAX && fgets(line, sizeof line, file)) {
        number++;
        got = line_read(&fresh[count], line);
        count += got > 0;
    }
    (void)fclose(file);
    if (got < 0) {
        return error_set(error,
                         ERROR_FATAL,
                         "curve_allow_file %s:%u: must be KEY ROLE NAME, ROLE one of daemon, desk, "
                         "adapter",
                         guard->list_path,
                         number);
    }
    memcpy(guard->allowed, fresh, count * sizeof *fresh);
    guard->count = count;
    guard->list_seen = info;
    return true;
}

/* For the host that begins; others are added by people. */
static bool list_make(const struct bus_guard *guard, struct error *error)
{
    int fd = open(guard->list_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        return errno == EEXIST || error_set(error,
                                            ERROR_FATAL,
                                            "curve_allow_file %s: %s",
                                            guard->list_path,
                                            strerrordesc_np(errno));
    }
    char host[65] = "host";
    (void)gethostname(host, sizeof host - 1);
    bool good = dprintf(fd, "%s daemon %s\n", guard->public, host) > 0;
    good = close(fd) == 0 && good;
    return good || error_set(error, ERROR_FATAL, "curve_allow_file %s", guard->list_path);
}

struct bus_guard *
bus_guard_open(const char *key_path, const char *list_path, bool create, struct error *error)
{
    struct bus_guard *guard = calloc(1, sizeof *guard);
    if (!guard) {
        (void)error_set(error, ERROR_FATAL, "out of memory");
        return NULL;
    }
    (void)snprintf(guard->list_path, sizeof guard->list_path, "%s", list_path);
    char public[BUS_KEY_SIZE];
    char secret[BUS_KEY_SIZE];
    char fresh[256] = "";
    if (create && zmq_curve_keypair(public, secret) == 0) {
        (void)snprintf(
            fresh, sizeof fresh, "redress-curve 1\npublic %s\nsecret %s\n", public, secret);
    }
    bool good = key_read(guard, key_path, create ? fresh : NULL, error) &&
                (!create || list_make(guard, error)) && list_read(guard, error);
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

void bus_guard_refresh(struct bus_guard *guard)
{
    struct stat info;
    struct error error = {0};
    if (stat(guard->list_path, &info) == 0 &&
        (info.st_mtim.tv_sec != guard->list_seen.st_mtim.tv_sec ||
         info.st_mtim.tv_nsec != guard->list_seen.st_mtim.tv_nsec ||
         info.st_ino != guard->list_seen.st_ino || info.st_size != guard->list_seen.st_size)) {
        (void)list_read(guard, &error);
    }
}

static const struct allowed *allowed_find(const struct bus_guard *guard, const uint8_t *key)
{
    for (unsigned i = 0; i < guard->count; i++) {
        if (memcmp(guard->allowed[i].key, key, RAW_KEY_SIZE) == 0) {
            return &guard->allowed[i];
        }
    }
    return NULL;
}

bool bus_guard_knows_daemon(const struct bus_guard *guard, const char *key)
{
    uint8_t raw[RAW_KEY_SIZE];
    if (strlen(key) != BUS_KEY_SIZE - 1 || !zmq_z85_decode(raw, key)) {
        return false;
    }
    const struct allowed *found = allowed_find(guard, raw);
    return found && found->role == 0;
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
        zmq_msg_size(&frames[8]) != RAW_KEY_SIZE) {
        return false;
    }
    const struct allowed *found = allowed_find(guard, zmq_msg_data(&frames[8]));
    for (unsigned door = 0; found && door < sizeof doors / sizeof *doors; door++) {
        if (frame_is(&frames[4], doors[door])) {
            return (roles[found->role].doors >> door & 1U) != 0;
        }
    }
    return false;
}

/* Never 300: clients have hung on it (tech.md 4.1 no. 14). */
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
           set_text(socket, ZMQ_ZAP_DOMAIN, doors[door], strlen(doors[door]));
}

bool bus_guard_call(const struct bus_guard *guard, void *socket, const char *server)
{
    return set_text(socket, ZMQ_CURVE_SERVERKEY, server, BUS_KEY_SIZE) &&
           set_text(socket, ZMQ_CURVE_PUBLICKEY, guard->public, BUS_KEY_SIZE) &&
           set_text(socket, ZMQ_CURVE_SECRETKEY, guard->secret, BUS_KEY_SIZE);
}
