/*
 * Goal: what libzmq does not bound costs the daemon it is sent to, not the host, and nobody a
 * complaint.  Method: a message whose last part never comes, and a million subscriptions, by hand
 * to the real intake under load; it ends at memory_max, this test is its supervisor, and all that
 * was receipted is there.  And more peers than a shell allows descriptors.  Guards laws 1 and 9.
 */
#include "rig.h"
#include "rig_cmocka.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PART_BYTES = 64 * 1024,
    FILTER_BYTES = 21,
    ATTACK_ROUNDS = 4000, /* 4 GB of parts, 8 million subscriptions */
#ifdef __SANITIZE_ADDRESS__
    RESIDENT_SLACK_MIB = 16384, /* no limit of the kernel's there: only that it ends */
#else
    RESIDENT_SLACK_MIB = 64, /* of its files */
#endif
};

#ifdef __SANITIZE_ADDRESS__
#define MEMORY_MAX "1024"
#else
#define MEMORY_MAX "256"
#endif

/* ZMTP 3.0 by hand, because libzmq sends nothing of a message before it has its last part. */
static int raw_connect(const struct rig *rig, const char *name, const char *type)
{
    uint8_t greeting[64] = {0xff, [8] = 1, [9] = 0x7f, [10] = 3, [12] = 'N', 'U', 'L', 'L'};
    uint8_t ready[64];
    uint8_t theirs[64];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", rig->directory, name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(fd);
        return -1;
    }
    size_t size = (size_t)snprintf((char *)ready + 2,
                                   sizeof ready - 2,
                                   "\x05READY\x0bSocket-Type%c%c%c%c%s",
                                   0,
                                   0,
                                   0,
                                   (int)strlen(type),
                                   type);
    ready[0] = 4; /* a command */
    ready[1] = (uint8_t)size;
    if (send(fd, greeting, sizeof greeting, MSG_NOSIGNAL) < 0 ||
        recv(fd, theirs, sizeof theirs, MSG_WAITALL) < 0 ||
        send(fd, ready, size + 2, MSG_NOSIGNAL) < 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* A part of 64 KiB that is not the last, as often as it is wanted; false: the other has ended. */
static bool parts_send(int fd, unsigned count)
{
    static uint8_t part[9 + PART_BYTES] = {3, [6] = PART_BYTES >> 16};
    for (unsigned i = 0; i < count; i++) {
        if (send(fd, part, sizeof part, MSG_NOSIGNAL) != (ssize_t)sizeof part) {
            return false;
        }
    }
    return true;
}

/* Topics nobody publishes, each another one. */
static bool filters_send(int fd, uint64_t *number)
{
    static uint8_t filters[2048][2 + FILTER_BYTES];
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        uint64_t value = ++*number * UINT64_C(0x9e3779b97f4a7c15);
        filters[i][1] = FILTER_BYTES;
        filters[i][2] = 1; /* subscribe */
        memset(filters[i] + 3, 'x', FILTER_BYTES - 1);
        memcpy(filters[i] + 3, &value, sizeof value);
    }
    return send(fd, filters, sizeof filters, MSG_NOSIGNAL) == (ssize_t)sizeof filters;
}

/* The honest one goes on meanwhile; what an attacker does in another process. */
static pid_t attack(const struct rig *rig, bool subscribes)
{
    pid_t pid = fork();
    if (pid == 0) {
        const char *name = subscribes ? "intake-a.pub" : "intake-a.req";
        int fd = -1;
        for (int i = 0; i < 200 && fd < 0; i++) { /* it may not be bound yet */
            rig_nap_ms(100);
            fd = raw_connect(rig, name, subscribes ? "SUB" : "DEALER");
        }
        uint64_t number = 0;
        bool taken = fd >= 0;
        for (unsigned i = 0; i < ATTACK_ROUNDS && taken; i++) {
            taken = subscribes ? filters_send(fd, &number) : parts_send(fd, 16);
            rig_nap_ms(subscribes ? 0 : 4);
        }
        _exit(taken); /* 0: the daemon has ended */
    }
    return pid;
}

static void one_daemon_ends_and_comes_back(struct rig *rig, struct adapter *honest, bool subscribes)
{
    static const char *const arguments[] = {"--memory_max", MEMORY_MAX, NULL};
    struct daemon *intake = rig_start_with(rig, SERVICE_INTAKE, "a", arguments);
    rig_await_serving(rig, SERVICE_INTAKE, 30000);
    pid_t attacker = attack(rig, subscribes);
    assert_true(attacker > 0);
    int64_t until_ms = rig_now_ms() + 60000;
    while (daemon_lives(intake) && rig_now_ms() < until_ms) {
        adapter_load(honest, 500);
    }
    assert_false(daemon_lives(intake));
    int status = -1;
    assert_int_equal(waitpid(attacker, &status, 0), attacker);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* libzmq bounds neither the parts of a message nor a peer's subscriptions: what it takes is bounded
 * by memory_max, and only that daemon ends.  Its supervisor, here this test, starts it again. */
static void what_has_no_bound_ends_one_daemon_and_loses_nothing(void **state)
{
    static const char *const arguments[] = {"--memory_max", MEMORY_MAX, NULL};
    struct rig *rig = rig_new(true);
    struct rusage usage;
    *state = rig;
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    assert_int_equal(daemon_signal(rig_daemon(rig, SERVICE_INTAKE, "a"), SIGTERM), 0);
    struct adapter *honest = adapter_new(rig, "a", NULL, 50);
    one_daemon_ends_and_comes_back(rig, honest, false);
    one_daemon_ends_and_comes_back(rig, honest, true);
    (void)rig_start_with(rig, SERVICE_INTAKE, "a", arguments);
    adapter_finish(honest, 30000);
    rig_settle(rig, 10000);
    for (enum service_id other = SERVICE_TRIAGE; other <= SERVICE_ANALYTICS; other++) {
        assert_true(daemon_lives(rig_daemon(rig, other, "a")));
    }
    assert_int_equal(getrusage(RUSAGE_CHILDREN, &usage), 0);
    print_message("at most %ld MiB, %u complaints receipted meanwhile\n",
                  usage.ru_maxrss / 1024,
                  (unsigned)adapter_receipted(honest));
    assert_in_range(usage.ru_maxrss / 1024, 1, strtol(MEMORY_MAX, NULL, 10) + RESIDENT_SLACK_MIB);
    assert_true(adapter_receipted(honest) > 0);
    rig_check_all(rig, &honest, 1);
    adapter_free(&honest);
    rig_end(rig);
}

/* Planted: the soft limit left as the shell has it.  Then intake ends by SIGABRT, out of libzmq's
 * ipc_listener. */
static void more_peers_than_a_shell_allows_descriptors_end_nobody(void **state)
{
    enum { SHELL_FILES = 1024, PEERS = 1200 };
    static int peers[PEERS];
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max < (rlim_t)2 * SHELL_FILES) {
        skip();
    }
    const struct rlimit few = {SHELL_FILES, limit.rlim_max};
    const struct rlimit many = {limit.rlim_max, limit.rlim_max};
    struct rig *rig = rig_new(true);
    *state = rig;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    rig_start_all(rig, "a");
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &many), 0);
    rig_await_all_serving(rig);
    for (unsigned i = 0; i < PEERS; i++) {
        peers[i] = raw_connect(rig, "intake-a.req", "DEALER");
        assert_true(peers[i] >= 0);
    }
    struct adapter *honest = adapter_new(rig, "a", NULL, 50);
    adapter_add_many(honest, 50);
    adapter_finish(honest, 30000);
    assert_true(daemon_lives(rig_daemon(rig, SERVICE_INTAKE, "a")));
    for (unsigned i = 0; i < PEERS; i++) {
        (void)close(peers[i]);
    }
    rig_check_all(rig, &honest, 1);
    adapter_free(&honest);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(more_peers_than_a_shell_allows_descriptors_end_nobody,
                                  rig_teardown),
        cmocka_unit_test_teardown(what_has_no_bound_ends_one_daemon_and_loses_nothing,
                                  rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
