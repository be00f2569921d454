/* What a daemon says of itself: its admin socket, asked as a probe does. */
#include "rig.h"
#include "rig_cmocka.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { POLL_MS = 50 };

int rig_ask(struct rig *rig, const struct daemon *daemon, const char *path, char body[RIG_BODY_MAX])
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char request[128];
    char answer[RIG_BODY_MAX];
    size_t size = 0;
    ssize_t got = 0;
    body[0] = '\0';
    (void)snprintf(address.sun_path,
                   sizeof address.sun_path,
                   "%s/%s-%s.admin",
                   rig->directory,
                   service_name(daemon->service),
                   daemon->instance);
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: rig\r\n\r\n", path);
    int asks = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(asks >= 0);
    if (connect(asks, (const struct sockaddr *)&address, sizeof address) == 0 &&
        send(asks, request, (size_t)length, MSG_NOSIGNAL) == length) {
        while (size < sizeof answer - 1 &&
               (got = recv(asks, answer + size, sizeof answer - 1 - size, 0)) > 0) {
            size += (size_t)got;
        }
    }
    (void)close(asks);
    answer[size] = '\0';
    const char *end = strstr(answer, "\r\n\r\n");
    if (!end) {
        return 0;
    }
    (void)snprintf(body, RIG_BODY_MAX, "%s", end + 4);
    return (int)strtol(answer + strcspn(answer, " "), NULL, 10);
}

void rig_await_ready(
    struct rig *rig, const struct daemon *daemon, int status, const char *text, int64_t limit_ms)
{
    char body[RIG_BODY_MAX];
    int64_t until_ms = rig_now_ms() + limit_ms;
    int got = 0;
    do {
        got = rig_ask(rig, daemon, "/readyz", body);
        if (got == status && strstr(body, text)) {
            return;
        }
        rig_nap_ms(POLL_MS);
    } while (rig_now_ms() < until_ms);
    fail_msg("%s-%s answers %d, wanted %d with \"%s\": %s",
             service_name(daemon->service),
             daemon->instance,
             got,
             status,
             text,
             body);
}

void daemon_await_log(const struct daemon *daemon,
                      const char *text,
                      unsigned count,
                      int64_t limit_ms)
{
    int64_t until_ms = rig_now_ms() + limit_ms;
    while (daemon_logged(daemon, text) < count) {
        if (rig_now_ms() > until_ms) {
            fail_msg("%s has not said \"%s\" %u times", service_name(daemon->service), text, count);
        }
        rig_nap_ms(POLL_MS);
    }
}
