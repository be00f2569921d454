/*
 * Goal: between hosts the daemons and the command talk over tcp, each side proving its key, and who
 * has none gets nothing and costs nothing.  Method: two instances of each daemon on tcp endpoints
 * take submissions of the real command; then strangers come: without keys, with the right server
 * key but an own key nobody listed, with garbage, with handshakes that never end, by the hundred.
 * Guards law 9.
 */
#include "rig.h"
#include "rig_cmocka.h"
#include "rig_json.h"

#include <arpa/inet.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

enum { LIMIT_MS = 30000, MANY = 300, GROWTH_MAX_KIB = 24 * 1024, CASES = 10 };

static void settings_add(struct rig *rig)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/redress.yaml", rig->directory);
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    (void)fprintf(file,
                  "publisher: tcp://127.0.0.1:*\nrequests: tcp://127.0.0.1:*\n"
                  "curve_key_file: %s/curve.key\ncurve_allow_file: %s/curve.allow\n",
                  rig->directory,
                  rig->directory);
    (void)fclose(file);
}

static void submit(struct rig *rig)
{
    const char *const words[] = {"--quiet",
                                 "submit",
                                 "--policy",
                                 "general-service",
                                 "--channel",
                                 "phone",
                                 "--text",
                                 "broken",
                                 NULL};
    assert_int_equal(rig_redress(rig, words), 0);
}

static long resident_kib(const struct daemon *daemon)
{
    char path[64];
    char line[128];
    long kib = -1;
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)daemon->pid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        kib = strncmp(line, "VmRSS:", 6) == 0 ? strtol(line + 6, NULL, 10) : kib;
    }
    if (file) {
        (void)fclose(file);
    }
    return kib;
}

static int plain_connect(const char *endpoint)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_port = htons((uint16_t)strtol(strrchr(endpoint, ':') + 1, NULL, 10));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* Garbage, half a greeting, and silence, all at once. */
static void crowd_comes(const char *endpoint)
{
    static const char greeting[] = "\xff\0\0\0\0\0\0\0\x01\x7f\x03";
    int fds[MANY];
    uint8_t junk[4096];
    for (int i = 0; i < MANY; i++) {
        fds[i] = plain_connect(endpoint);
        (void)getrandom(junk, sizeof junk, 0);
        if (i % 3 == 0) {
            (void)send(fds[i], junk, sizeof junk, MSG_NOSIGNAL);
        } else if (i % 3 == 1) {
            (void)send(fds[i], greeting, sizeof greeting - 1, MSG_NOSIGNAL);
        }
    }
    rig_nap_ms(1000);
    for (int i = 0; i < MANY; i++) {
        (void)close(fds[i]);
    }
}

/* A peer of libzmq, with keys or without, that sends what would be a submission. */
static void stranger_comes(struct rig *rig, const char *endpoint, const char *server_key)
{
    char public[41];
    char secret[41];
    int none = 0;
    void *socket = zmq_socket(rig->zmq, ZMQ_DEALER);
    (void)zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
    if (server_key) {
        assert_int_equal(zmq_curve_keypair(public, secret), 0);
        assert_int_equal(zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_key, 41), 0);
        assert_int_equal(zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public, 41), 0);
        assert_int_equal(zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret, 41), 0);
    }
    assert_int_equal(zmq_connect(socket, endpoint), 0);
    for (int i = 0; i < 100; i++) {
        (void)zmq_send(socket, "\xff\xff\xff\xff", 4, ZMQ_DONTWAIT);
    }
    zmq_pollitem_t poll = {socket, 0, ZMQ_POLLIN, 0};
    assert_int_equal(zmq_poll(&poll, 1, 1500), 0); /* not even a refusal */
    (void)zmq_close(socket);
}

static void strangers_get_nothing_and_cost_nothing(struct rig *rig)
{
    char endpoint[160];
    char key[64];
    struct daemon *intake = rig_daemon(rig, SERVICE_INTAKE, "a");
    rig_text(rig,
             endpoint,
             sizeof endpoint,
             "SELECT requests FROM member WHERE service = 1 AND instance = 'a'");
    rig_text(
        rig, key, sizeof key, "SELECT server_key FROM member WHERE service = 1 AND instance = 'a'");
    assert_int_equal(strlen(key), 40);
    long before = resident_kib(intake);
    stranger_comes(rig, endpoint, NULL);
    stranger_comes(rig, endpoint, key);
    crowd_comes(endpoint);
    submit(rig); /* others are served meanwhile */
    rig_nap_ms(6000);
    long grown = resident_kib(intake) - before;
    print_message("%d strangers cost %ld KiB\n", MANY + 2, grown);
    assert_true(grown < GROWTH_MAX_KIB);
    assert_true(daemon_lives(intake));
}

/* The list of the command stays as it was, the daemons' gets a line more. */
static void list_spoil(const struct rig *rig)
{
    char path[128];
    char list[512];
    (void)snprintf(path, sizeof path, "%s/curve.allow", rig->directory);
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    size_t size = fread(list, 1, sizeof list, file);
    assert_true(fputs("# fine so far\nnokey daemon nobody\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    (void)snprintf(path, sizeof path, "%s/good.allow", rig->directory);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(list, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(setenv("REDRESS_CURVE_ALLOW_FILE", path, 1), 0);
}

/* Who is there stays; the line is told in the log and by --check. */
static void a_bad_list_is_told_and_changes_nothing(struct rig *rig)
{
    struct daemon *intake = rig_daemon(rig, SERVICE_INTAKE, "a");
    char said[4096];
    list_spoil(rig);
    daemon_await_log(intake, "curve.allow:3: has no key of 40 letters", 1, LIMIT_MS);
    rig_nap_ms(2500);
    assert_int_equal(daemon_logged(intake, "curve.allow:3"), 1); /* not every second */
    submit(rig);
    assert_int_equal(unsetenv("REDRESS_CURVE_ALLOW_FILE"), 0);
    int status = rig_shell(said,
                           sizeof said,
                           "%s/redress-intake --config %s/redress.yaml --check 2>&1",
                           REDRESS_BIN,
                           rig->directory);
    assert_int_equal(status, 1);
    assert_non_null(strstr(said, "curve.allow:3: has no key of 40 letters"));
}

static void between_hosts_only_who_is_listed_talks(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    settings_add(rig);
    assert_int_equal(rig_redress(rig, (const char *const[]){"--quiet", "keys", "create", NULL}), 0);
    rig_start_all(rig, "a");
    rig_start_all(rig, "b");
    rig_await_all_serving(rig);
    rig_await(rig, "SELECT count(*) FROM member WHERE publisher LIKE 'tcp://%'", 10, LIMIT_MS);
    for (int i = 0; i < CASES; i++) {
        submit(rig);
    }
    rig_settle(rig, LIMIT_MS);
    strangers_get_nothing_and_cost_nothing(rig);
    a_bad_list_is_told_and_changes_nothing(rig);
    rig_settle(rig, LIMIT_MS);
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM submission"), CASES + 2);
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM complaint"), CASES + 2);
    rig_check_streams(rig);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(between_hosts_only_who_is_listed_talks, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
