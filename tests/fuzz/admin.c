/*
 * Goal: whatever a peer sends to the listener of health and metrics, it is answered once, as
 * HTTP/1.1 and with no more than was said to come, or its connection ends.  Method: one listener on
 * a socket of its own, and a connection an input, which then sends no more.
 */
#include "admin.h"

#include "fuzz.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_MAX = 8192, TURNS_MAX = 200 };

static struct event_base *base;
static struct admin *admin;
static char folder[] = "/tmp/redress-fuzz-XXXXXX";
static char path[sizeof folder + 8];

static int answer(void *self, const char *asked, struct evbuffer *body, const char **type)
{
    (void)self;
    *type = "text/plain";
    MUST(asked[0] == '/' && !strchr(asked, '?'));
    (void)evbuffer_add_printf(body, "%s\n", asked);
    return strcmp(asked, "/readyz") == 0 ? 200 : 404;
}

static void leave(void)
{
    admin_free(&admin);
    event_base_free(base);
    (void)rmdir(folder);
}

static void begin(void)
{
    char endpoint[sizeof path + 8];
    struct error error = {ERROR_NONE, ""};
    MUST(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/s", folder);
    (void)snprintf(endpoint, sizeof endpoint, "unix:%s", path);
    base = event_base_new();
    admin = base ? admin_open(base, endpoint, answer, NULL, &error) : NULL;
    MUST(admin && atexit(leave) == 0);
}

/* Until the listener has ended it, or has nothing to say to it; how many bytes came. */
static size_t until_answered(int peer, char text[ANSWER_MAX], bool *ended)
{
    size_t size = 0;
    *ended = false;
    for (int turn = 0; turn < TURNS_MAX && !*ended; turn++) {
        (void)event_base_loop(base, EVLOOP_NONBLOCK);
        ssize_t got = recv(peer, text + size, ANSWER_MAX - 1 - size, MSG_DONTWAIT);
        size += got > 0 ? (size_t)got : 0;
        *ended = got == 0;
    }
    text[size] = '\0';
    return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[ANSWER_MAX];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    bool ended;
    if (!admin) {
        begin();
    }
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    MUST(peer >= 0 && connect(peer, (struct sockaddr *)&address, sizeof address) == 0);
    (void)send(peer, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)shutdown(peer, SHUT_WR);
    size_t got = until_answered(peer, text, &ended);
    MUST(ended);
    if (got > 0) {
        const char *length = strstr(text, "\r\nContent-Length: ");
        const char *body = strstr(text, "\r\n\r\n");
        MUST(strncmp(text, "HTTP/1.1 ", 9) == 0 && length && body && length < body);
        size_t said = strtoul(length + strlen("\r\nContent-Length: "), NULL, 10);
        size_t came = got - (size_t)(body + 4 - text);
        MUST(came == said || (came == 0 && size > 5 && memcmp(data, "HEAD ", 5) == 0));
    }
    (void)close(peer);
    return 0;
}
