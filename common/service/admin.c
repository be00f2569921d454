#include "admin.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    BACKLOG = 128,
    PATH_MAX_SIZE = 128,
    BURST = ADMIN_CONNECTIONS_MAX / 4, /* accepted before those that are there are looked at */
};

struct connection {
    struct admin *admin;
    struct bufferevent *stream; /* NULL: the place is free */
    struct event *deadline;
    uint64_t number; /* lower is older */
    bool answered;
    bool head_only;
    bool peer_done; /* sends no more */
};

struct admin {
    struct event_base *base;
    struct evconnlistener *listener;
    struct event *resume; /* accepting, a turn after a burst */
    admin_answer *answer;
    void *self;
    uint64_t accepted;
    char socket_path[108];
    struct connection connections[ADMIN_CONNECTIONS_MAX];
};

static const struct {
    int status;
    const char *name;
} statuses[] = {
    {200, "OK"                             },
    {400, "Bad Request"                    },
    {404, "Not Found"                      },
    {405, "Method Not Allowed"             },
    {431, "Request Header Fields Too Large"},
    {503, "Service Unavailable"            },
};

static const char *status_name(int status)
{
    size_t i = 0;
    while (i + 1 < sizeof statuses / sizeof *statuses && statuses[i].status != status) {
        i++;
    }
    return statuses[i].name;
}

static void connection_end(struct connection *connection)
{
    if (connection->stream) {
        bufferevent_free(connection->stream);
        event_free(connection->deadline);
        connection->stream = NULL;
        connection->deadline = NULL;
    }
}

static void on_deadline(evutil_socket_t fd, short what, void *self)
{
    (void)fd;
    (void)what;
    connection_end(self);
}

/* A peer that has only finished sending still wants its answer. */
static void on_event(struct bufferevent *stream, short what, void *self)
{
    struct connection *connection = self;
    connection->peer_done = (what & BEV_EVENT_EOF) != 0 && connection->answered;
    if (!connection->peer_done || evbuffer_get_length(bufferevent_get_output(stream)) == 0) {
        connection_end(connection);
    }
}

/* All is sent: say so, then wait for the peer's end, or closing would cut off what it has not read.
 */
static void on_sent(struct bufferevent *stream, void *self)
{
    struct connection *connection = self;
    if (connection->answered &&
        (connection->peer_done || shutdown(bufferevent_getfd(stream), SHUT_WR) != 0)) {
        connection_end(connection);
    }
}

static void
respond(struct connection *connection, int status, const char *type, struct evbuffer *body)
{
    struct evbuffer *out = bufferevent_get_output(connection->stream);
    connection->answered = true;
    int head = evbuffer_add_printf(out,
                                   "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                                   "Cache-Control: no-store\r\nConnection: close\r\n%s\r\n",
                                   status,
                                   status_name(status),
                                   type,
                                   evbuffer_get_length(body),
                                   status == 405 ? "Allow: GET, HEAD\r\n" : "");
    if (head < 0 || (!connection->head_only && evbuffer_add_buffer(out, body) != 0)) {
        connection_end(connection);
    }
}

/* "GET /path?query HTTP/1.x" → status, or 0 with the path; anything else is refused. */
static int request_read(struct connection *connection, char *line, const char **path)
{
    char *rest = line;
    const char *method = strsep(&rest, " ");
    char *target = strsep(&rest, " ");
    if (!target || !rest || strncmp(rest, "HTTP/1.", 7) != 0 || target[0] != '/' ||
        strlen(target) > PATH_MAX_SIZE) {
        return 400;
    }
    connection->head_only = strcmp(method, "HEAD") == 0;
    if (!connection->head_only && strcmp(method, "GET") != 0) {
        return 405;
    }
    target[strcspn(target, "?")] = '\0';
    *path = target;
    return 0;
}

static void on_bytes(struct bufferevent *stream, void *self)
{
    struct connection *connection = self;
    struct evbuffer *in = bufferevent_get_input(stream);
    if (connection->answered) {
        (void)evbuffer_drain(in, evbuffer_get_length(in));
        return;
    }
    struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
    bool too_long = evbuffer_get_length(in) >= ADMIN_REQUEST_MAX;
    if (end.pos < 0 && !too_long) {
        return;
    }
    struct evbuffer *body = evbuffer_new();
    char *line = end.pos < 0 ? NULL : evbuffer_readln(in, NULL, EVBUFFER_EOL_CRLF_STRICT);
    if (!body || (end.pos >= 0 && !line)) {
        connection_end(connection);
    } else {
        const char *path = NULL;
        const char *type = "text/plain; charset=utf-8";
        int status = end.pos < 0 ? 431 : request_read(connection, line, &path);
        if (status == 0) {
            status = connection->admin->answer(connection->admin->self, path, body, &type);
        }
        (void)evbuffer_drain(in, evbuffer_get_length(in));
        respond(connection, status, type, body);
    }
    free(line);
    if (body) {
        evbuffer_free(body);
    }
}

static struct connection *place_take(struct admin *admin)
{
    struct connection *oldest = &admin->connections[0];
    for (size_t i = 0; i < ADMIN_CONNECTIONS_MAX; i++) {
        struct connection *connection = &admin->connections[i];
        if (!connection->stream) {
            return connection;
        }
        oldest = connection->number < oldest->number ? connection : oldest;
    }
    connection_end(oldest);
    return oldest;
}

static void on_resume(evutil_socket_t fd, short what, void *self)
{
    (void)fd;
    (void)what;
    struct admin *admin = self;
    (void)evconnlistener_enable(admin->listener);
}

static void on_accept(struct evconnlistener *listener,
                      evutil_socket_t fd,
                      struct sockaddr *address,
                      int size,
                      void *self)
{
    (void)address;
    (void)size;
    struct admin *admin = self;
    struct connection *connection = place_take(admin);
    static const struct timeval deadline = {ADMIN_DEADLINE_S, 0};
    static const struct timeval at_once = {0, 0};
    /* else many who come and go at once would end a probe before its request is read */
    if ((admin->accepted + 1) % BURST == 0 && event_add(admin->resume, &at_once) == 0) {
        (void)evconnlistener_disable(listener);
    }
    struct bufferevent *stream = bufferevent_socket_new(admin->base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (!stream) {
        (void)evutil_closesocket(fd);
        return;
    }
    *connection = (struct connection){.admin = admin, .number = admin->accepted++};
    connection->deadline = event_new(admin->base, -1, EV_TIMEOUT, on_deadline, connection);
    if (!connection->deadline) {
        bufferevent_free(stream);
        return;
    }
    connection->stream = stream;
    bufferevent_setcb(stream, on_bytes, on_sent, on_event, connection);
    bufferevent_setwatermark(stream, EV_READ, 0, ADMIN_REQUEST_MAX);
    if (event_add(connection->deadline, &deadline) != 0 ||
        bufferevent_enable(stream, EV_READ | EV_WRITE) != 0) {
        connection_end(connection);
    }
}

static bool unix_address(struct admin *admin, const char *path, struct sockaddr_un *address)
{
    struct stat info;
    address->sun_family = AF_UNIX;
    size_t size = strlen(path);
    if (size == 0 || size >= sizeof address->sun_path) {
        return false;
    }
    memcpy(address->sun_path, path, size + 1);
    memcpy(admin->socket_path, path, size + 1);
    return lstat(path, &info) != 0 || (S_ISSOCK(info.st_mode) && unlink(path) == 0);
}

static bool tcp_address(const char *endpoint, struct sockaddr_storage *address, int *size)
{
    char text[128];
    const char *host = strncmp(endpoint, "tcp://", 6) == 0 ? endpoint + 6 : endpoint;
    const char *local = strncmp(host, "localhost:", 10) == 0 ? "127.0.0.1" : NULL;
    const char *any = strncmp(host, "*:", 2) == 0 ? "0.0.0.0" : NULL;
    const char *port = strrchr(host, ':');
    if (!port) {
        return false;
    }
    bool free_port = strcmp(port, ":0") == 0 || strcmp(port, ":*") == 0;
    (void)snprintf(text,
                   sizeof text,
                   "%.*s%s",
                   local || any ? INT16_MAX : (int)(port - host),
                   local ? local
                   : any ? any
                         : host,
                   free_port ? ":1" : port);
    if (evutil_parse_sockaddr_port(text, (struct sockaddr *)address, size) != 0) {
        return false;
    }
    /* The parser refuses port 0; sin_port and sin6_port lie at the same place. */
    if (free_port) {
        ((struct sockaddr_in *)address)->sin_port = 0;
    }
    return true;
}

struct admin *admin_open(struct event_base *base,
                         const char *endpoint,
                         admin_answer *answer,
                         void *self,
                         struct error *error)
{
    struct sockaddr_storage address = {0};
    int size = sizeof address;
    struct admin *admin = calloc(1, sizeof *admin);
    if (!admin) {
        (void)error_set(error, ERROR_FATAL, "admin listener: out of memory");
        return NULL;
    }
    admin->base = base;
    admin->answer = answer;
    admin->self = self;
    bool is_unix = strncmp(endpoint, "unix:", 5) == 0;
    bool good = is_unix ? unix_address(admin, endpoint + 5, (struct sockaddr_un *)&address)
                        : tcp_address(endpoint, &address, &size);
    size = is_unix ? (int)sizeof(struct sockaddr_un) : size;
    if (!good) {
        (void)error_set(
            error, ERROR_FATAL, "admin listener: \"%s\" cannot be listened on", endpoint);
        admin_free(&admin);
        return NULL;
    }
    admin->resume = event_new(base, -1, EV_TIMEOUT, on_resume, admin);
    admin->listener =
        evconnlistener_new_bind(base,
                                on_accept,
                                admin,
                                LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC,
                                BACKLOG,
                                (struct sockaddr *)&address,
                                size);
    if (!admin->listener || !admin->resume) {
        (void)error_set(
            error, ERROR_FATAL, "admin listener: %s: %s", endpoint, strerrordesc_np(errno));
        admin_free(&admin);
    }
    return admin;
}

void admin_free(struct admin **admin_p)
{
    struct admin *admin = *admin_p;
    if (!admin) {
        return;
    }
    for (size_t i = 0; i < ADMIN_CONNECTIONS_MAX; i++) {
        connection_end(&admin->connections[i]);
    }
    if (admin->resume) {
        event_free(admin->resume);
    }
    if (admin->listener) {
        evconnlistener_free(admin->listener);
        if (admin->socket_path[0]) {
            (void)unlink(admin->socket_path);
        }
    }
    free(admin);
    *admin_p = NULL;
}

uint16_t admin_port(const struct admin *admin)
{
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;
    int fd = evconnlistener_get_fd(admin->listener);
    if (admin->socket_path[0] || getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        return 0;
    }
    return ntohs(address.sin_port);
}
