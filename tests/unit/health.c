/*
 * Goal: probes and scrapers get true answers over a real socket, and neither idle, slow nor rude
 * peers can keep them from it (law 9). Method: a client in the same loop speaks raw HTTP to the
 * listener on loopback and on a unix socket.
 */
#include "health.h"

#include "admin.h"
#include "metrics.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <jansson.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { RECEIVED, COMMIT, LIVE, HALTED, METRICS, REPLY_MAX = 65536 };

static struct metric metrics[] = {
    [RECEIVED] = METRIC_COUNTER("submissions_received_total", "Submissions that were committed."),
    [COMMIT] = METRIC_TIME("commit_duration_seconds", "Time of one commit."),
    [LIVE] = METRIC_GAUGE("streams", "Streams by phase.", .labels = "phase=\"live\""),
    [HALTED] = METRIC_GAUGE("streams", "Streams by phase.", .labels = "phase=\"halted\""),
};

static struct event_base *base;
static struct health *health;

static void collect(void *self)
{
    metric_set(&metrics[LIVE], *(double *)self);
}

static void health_begin(const char *listen)
{
    static double live = 2.5;
    struct error error = {0};
    struct health_options options = {"redress-test", listen, metrics, METRICS, collect, &live};
    health = health_open(base, &options, &error);
    if (!health) {
        fail_msg("%s", error.text);
    }
}

static int tcp_connect(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(health_port(health))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* Turns the loop until the peer has closed or the time is up; returns whether it has closed. */
static bool read_to_end(int fd, char *reply, double limit_s)
{
    size_t used = 0;
    struct timespec pause = {0, 1000000};
    for (int turns_left = (int)(limit_s * 1000); turns_left > 0; turns_left--) {
        (void)event_base_loop(base, EVLOOP_NONBLOCK);
        ssize_t size = recv(fd, reply + used, REPLY_MAX - 1 - used, MSG_DONTWAIT);
        if (size == 0 || (size < 0 && errno == ECONNRESET)) {
            reply[used] = '\0';
            return true;
        }
        used += size > 0 ? (size_t)size : 0;
        (void)nanosleep(&pause, NULL);
    }
    reply[used] = '\0';
    return false;
}

static char reply[REPLY_MAX];

static int ask_on(int fd, const char *request)
{
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    assert_true(read_to_end(fd, reply, 2));
    (void)close(fd);
    int status = 0;
    (void)sscanf(reply, "HTTP/1.1 %d ", &status);
    return status;
}

static int ask(const char *path)
{
    char request[256];
    (void)snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path);
    return ask_on(tcp_connect(), request);
}

static const char *body(void)
{
    const char *end = strstr(reply, "\r\n\r\n");
    assert_non_null(end);
    return end + 4;
}

static int setup(void **state)
{
    (void)state;
    base = event_base_new();
    health_begin("127.0.0.1:0");
    return base ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    health_free(&health);
    health_free(&health);
    event_base_free(base);
    return 0;
}

static void readiness_follows_the_required_dependencies(void **state)
{
    (void)state;
    assert_int_equal(ask("/livez"), 200);
    assert_int_equal(ask("/startupz"), 503);
    assert_int_equal(ask("/readyz"), 503);
    health_started(health);
    assert_int_equal(ask("/startupz"), 200);
    assert_int_equal(ask("/readyz?verbose"), 200);
    unsigned archive = health_add(health, "archive", true, 0);
    unsigned redis = health_add(health, "redis", false, 0);
    assert_int_equal(ask("/readyz"), 503);
    health_set(health, archive, true, "");
    health_set(health, redis, false, "refused \"here\"\n");
    assert_int_equal(ask("/readyz"), 200);
    json_t *object = json_loads(body(), 0, NULL);
    json_t *list = json_object_get(object, "dependencies");
    assert_true(json_is_true(json_object_get(json_object_get(list, "archive"), "ok")));
    json_t *age = json_object_get(json_object_get(list, "archive"), "last_success_age_seconds");
    assert_true(json_real_value(age) >= 0 && json_real_value(age) < 2);
    json_t *other = json_object_get(list, "redis");
    assert_true(json_is_false(json_object_get(other, "ok")));
    assert_true(json_is_null(json_object_get(other, "last_success_age_seconds")));
    assert_string_equal(json_string_value(json_object_get(other, "detail")), "refused \"here\"\n");
    json_decref(object);
    health_set(health, archive, false, "gone");
    assert_int_equal(ask("/readyz"), 503);
    assert_int_equal(ask("/livez"), 200);
}

static void an_old_success_no_longer_counts(void **state)
{
    (void)state;
    health_started(health);
    unsigned archive = health_add(health, "archive", true, 1);
    health_set(health, archive, true, NULL);
    assert_true(health_is_ready(health));
    (void)usleep(1050000);
    assert_false(health_is_ready(health));
}

static void metrics_are_prometheus_text(void **state)
{
    (void)state;
    metric_add(&metrics[RECEIVED], 3);
    metric_observe(&metrics[COMMIT], 0.0005); /* on a bound: inside */
    metric_observe(&metrics[COMMIT], 0.3);
    metric_observe(&metrics[COMMIT], 100);
    health_add(health, "archive", true, 0);
    assert_int_equal(ask("/metrics"), 200);
    assert_non_null(strstr(reply, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    static const char *const lines[] = {
        "# HELP redress_submissions_received_total Submissions that were committed.\n"
        "# TYPE redress_submissions_received_total counter\n"
        "redress_submissions_received_total 3\n",
        "# TYPE redress_commit_duration_seconds histogram\n"
        "redress_commit_duration_seconds_bucket{le=\"0.0005\"} 1\n"
        "redress_commit_duration_seconds_bucket{le=\"0.001\"} 1\n",
        "redress_commit_duration_seconds_bucket{le=\"0.25\"} 1\n"
        "redress_commit_duration_seconds_bucket{le=\"0.5\"} 2\n",
        "redress_commit_duration_seconds_bucket{le=\"10\"} 2\n"
        "redress_commit_duration_seconds_bucket{le=\"+Inf\"} 3\n"
        "redress_commit_duration_seconds_sum 100.3005\n"
        "redress_commit_duration_seconds_count 3\n",
        "# TYPE redress_streams gauge\n"
        "redress_streams{phase=\"live\"} 2.5\n"
        "redress_streams{phase=\"halted\"} 0\n",
        "redress_build_info{service=\"redress-test\",version=\"" REDRESS_VERSION "\"} 1\n",
        "redress_dependency_up{dependency=\"archive\"} 0\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (!strstr(body(), lines[i])) {
            fail_msg("missing:\n%s\nin\n%s", lines[i], body());
        }
    }
}

static void a_badly_named_metric_stops_the_start(void **state)
{
    (void)state;
    static const double falling[] = {2, 1};
    struct metric bad[] = {
        METRIC_COUNTER("received", "A counter without _total."),
        METRIC_GAUGE("received_total", "A gauge with it."),
        METRIC_GAUGE("Received", "Upper case."),
        METRIC_GAUGE("redress_streams", "With the prefix."),
        METRIC_GAUGE("streams", "Two\nlines."),
        METRIC_GAUGE("streams", ""),
        METRIC_TIME("commit_ms", "Not a base unit."),
        METRIC_HISTOGRAM("commit_seconds", "Falling.", .bounds = falling, .bound_count = 2),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error error;
        assert_false(metrics_check(&bad[i], 1, &error));
    }
    struct metric apart[] = {
        METRIC_GAUGE("a", "A."), METRIC_GAUGE("b", "B."), METRIC_GAUGE("a", "A.")};
    struct error error;
    assert_false(metrics_check(apart, 3, &error));
    assert_true(metrics_check(apart, 2, &error));
}

static void rude_requests_are_refused(void **state)
{
    (void)state;
    char huge[ADMIN_REQUEST_MAX + 100];
    memset(huge, 'a', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    assert_int_equal(ask("/nothing"), 404);
    assert_int_equal(ask("/livez/../metrics"), 404);
    assert_int_equal(ask_on(tcp_connect(), "POST /livez HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"),
                     405);
    assert_int_equal(ask_on(tcp_connect(), "GET /livez\r\n\r\n"), 400);
    assert_int_equal(ask_on(tcp_connect(), "GET livez HTTP/1.1\r\n\r\n"), 400);
    assert_int_equal(ask_on(tcp_connect(), "\r\n\r\n\r\n\r\n"), 400);
    assert_int_equal(ask_on(tcp_connect(), huge), 431);
    assert_int_equal(ask_on(tcp_connect(), "HEAD /livez HTTP/1.1\r\n\r\n"), 200);
    assert_string_equal(body(), "");
    assert_int_equal(ask("/version"), 200);
    assert_non_null(strstr(body(), "\"version\":\"" REDRESS_VERSION "\""));
}

static void a_peer_that_finishes_sending_still_gets_its_answer(void **state)
{
    (void)state;
    int fd = tcp_connect();
    static const char request[] = "GET /livez HTTP/1.0\r\n\r\n";
    assert_int_equal(send(fd, request, sizeof request - 1, 0), sizeof request - 1);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    assert_true(read_to_end(fd, reply, 2));
    (void)close(fd);
    assert_int_equal(strncmp(reply, "HTTP/1.1 200 OK", 15), 0);
}

enum { LARGE = 8 * 1024 * 1024 };

static int answer_large(void *self, const char *path, struct evbuffer *out, const char **type)
{
    static const char zeros[LARGE];
    (void)path;
    (void)type;
    return evbuffer_add_reference(out, zeros, LARGE, NULL, self) == 0 ? 200 : 503;
}

static void a_large_answer_arrives_whole_though_the_peer_has_finished_sending(void **state)
{
    (void)state;
    struct error error;
    struct admin *admin = admin_open(base, "127.0.0.1:*", answer_large, NULL, &error);
    assert_non_null(admin);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(admin_port(admin))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    static const char request[] = "GET / HTTP/1.1\r\n\r\n";
    assert_int_equal(send(fd, request, sizeof request - 1, 0), sizeof request - 1);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    size_t used = 0;
    ssize_t size = -1;
    for (unsigned turns = 0; size != 0 && turns < 100000; turns++) {
        (void)event_base_loop(base, EVLOOP_NONBLOCK);
        size = recv(fd, reply, sizeof reply, MSG_DONTWAIT);
        used += size > 0 ? (size_t)size : 0;
    }
    assert_int_equal(size, 0);
    assert_true(used > LARGE);
    (void)close(fd);
    admin_free(&admin);
}

static void idle_peers_cannot_keep_a_probe_out(void **state)
{
    (void)state;
    int idle[4 * ADMIN_CONNECTIONS_MAX];
    for (size_t i = 0; i < sizeof idle / sizeof *idle; i++) {
        idle[i] = tcp_connect();
        (void)event_base_loop(base, EVLOOP_NONBLOCK);
    }
    assert_int_equal(ask("/livez"), 200);
    unsigned open = 0;
    for (size_t i = 0; i < sizeof idle / sizeof *idle; i++) {
        open += !read_to_end(idle[i], reply, 0.005);
        (void)close(idle[i]);
    }
    assert_in_range(open, 1, ADMIN_CONNECTIONS_MAX);
}

/* Planted: all that wait accepted in one turn.  Then the probe is the oldest, and ended unread. */
static void peers_that_come_and_go_cannot_keep_a_probe_out(void **state)
{
    (void)state;
    static const char request[] = "GET /livez HTTP/1.1\r\n\r\n";
    int probe = tcp_connect();
    assert_int_equal(send(probe, request, sizeof request - 1, 0), sizeof request - 1);
    for (unsigned i = 0; i < 3 * ADMIN_CONNECTIONS_MAX; i++) {
        (void)close(tcp_connect());
    }
    assert_true(read_to_end(probe, reply, 2));
    (void)close(probe);
    assert_int_equal(strncmp(reply, "HTTP/1.1 200 OK", 15), 0);
}

static void a_slow_peer_is_cut_off_at_the_deadline(void **state)
{
    (void)state;
    int fd = tcp_connect();
    assert_int_equal(send(fd, "GET /l", 6, 0), 6);
    assert_false(read_to_end(fd, reply, 0.5));
    assert_true(read_to_end(fd, reply, 2 * ADMIN_DEADLINE_S));
    assert_string_equal(reply, "");
    (void)close(fd);
}

static void a_unix_socket_serves_and_is_taken_over_and_removed(void **state)
{
    (void)state;
    char folder[] = "/tmp/redress-health-XXXXXX";
    assert_non_null(mkdtemp(folder));
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/admin.sock", folder);
    char listen[128];
    (void)snprintf(listen, sizeof listen, "unix:%s", address.sun_path);
    int stale = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(stale, (struct sockaddr *)&address, sizeof address), 0);
    (void)close(stale);
    health_free(&health);
    health_begin(listen);
    assert_int_equal(health_port(health), 0);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(ask_on(fd, "GET /livez HTTP/1.1\r\n\r\n"), 200);
    health_free(&health);
    assert_int_not_equal(access(address.sun_path, F_OK), 0);
    FILE *file = fopen(address.sun_path, "w"); /* a file that is no socket stays */
    assert_non_null(file);
    (void)fclose(file);
    struct error error;
    struct health_options options = {"redress-test", listen, metrics, METRICS, NULL, NULL};
    assert_null(health_open(base, &options, &error));
    assert_int_equal(unlink(address.sun_path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void an_endpoint_that_cannot_be_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "nowhere", "256.1.1.1:80", "unix:", "127.0.0.1:99999", "a:b"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error error = {0};
        struct health_options options = {"redress-test", bad[i], metrics, METRICS, NULL, NULL};
        assert_null(health_open(base, &options, &error));
        assert_int_equal(error.kind, ERROR_FATAL);
    }
}

#define STORY(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static void no_measure_is_told_twice_and_log_lines_lost_are_told(void **state)
{
    (void)state;
    assert_int_equal(ask("/metrics"), 200);
    assert_non_null(strstr(body(), "\nredress_log_lost_total 0\n"));
    for (const char *at = strstr(body(), "# TYPE "); at; at = strstr(at + 1, "# TYPE ")) {
        char line[128];
        (void)snprintf(line, sizeof line, "%.*s ", (int)strcspn(at + 7, " ") + 7, at);
        assert_null(strstr(at + 1, line));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        STORY(readiness_follows_the_required_dependencies),
        STORY(an_old_success_no_longer_counts),
        STORY(metrics_are_prometheus_text),
        STORY(no_measure_is_told_twice_and_log_lines_lost_are_told),
        STORY(a_badly_named_metric_stops_the_start),
        STORY(rude_requests_are_refused),
        STORY(a_peer_that_finishes_sending_still_gets_its_answer),
        STORY(a_large_answer_arrives_whole_though_the_peer_has_finished_sending),
        STORY(idle_peers_cannot_keep_a_probe_out),
        STORY(peers_that_come_and_go_cannot_keep_a_probe_out),
        STORY(a_slow_peer_is_cut_off_at_the_deadline),
        STORY(a_unix_socket_serves_and_is_taken_over_and_removed),
        STORY(an_endpoint_that_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
