/*
 * Goal: who is told to stop hands over and ends soon, whatever peers send meanwhile; and an owner
 * that hung for longer than its lease finds itself fenced when it wakes, and appends
 * nothing.  Method: peers that send as fast as they can and read nothing, while each daemon
 * is told to stop; then the owners of half the partitions are stopped (SIGSTOP: their sessions
 * stay), the other instances take over when the lease has passed, then they are continued under
 * load. Guards law 2 (one writer); that epochs never fall along a stream is what a zombie would
 * break.  And Redis hands a case over for a claim whose dispatch was told to stop meanwhile.
 */
#include "redress/command/v1/command.pb-c.h"
#include "rig.h"
#include "rig_cmocka.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

enum { TAKEN_MS = 20000, SHARE_MS = 60000, STOP_MS = 4000, FLOODS = 6 };

enum { FLOOD_SMALL, FLOOD_LARGE, FLOOD_FILTERS, FLOOD_KINDS };

static void a_zombie_is_fenced(void **state)
{
    static const enum service_id stopped[] = {
        SERVICE_INTAKE, SERVICE_TRIAGE, SERVICE_DISPATCH, SERVICE_WATCHDOG, SERVICE_ANALYTICS};
    enum { STOPPED = sizeof stopped / sizeof *stopped };
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_start_all(rig, "b");
    rig_await_all_serving(rig);
    for (unsigned i = 0; i < STOPPED; i++) { /* who owns nothing cannot be fenced */
        int64_t until_ms = rig_now_ms() + SHARE_MS;
        while (rig_serving(rig, stopped[i], "a") == 0 || rig_serving(rig, stopped[i], "b") == 0) {
            assert_true(rig_now_ms() < until_ms);
            rig_nap_ms(50);
        }
    }
    struct adapter *adapter = adapter_new(rig, "a", "b", 100);
    adapter_load(adapter, 1000);
    int64_t epochs = rig_number(rig, "SELECT sum(epoch)::bigint FROM head WHERE service < 5");
    for (unsigned i = 0; i < STOPPED; i++) {
        (void)daemon_signal(rig_daemon(rig, stopped[i], "a"), SIGSTOP);
    }
    int64_t from_ms = rig_now_ms();
    for (unsigned i = 0; i < STOPPED; i++) {
        while (rig_serving(rig, stopped[i], "b") != RIG_PARTITIONS) {
            assert_in_range(rig_now_ms() - from_ms, 0, TAKEN_MS);
            adapter_load(adapter, 20);
        }
    }
    int64_t took_ms = rig_now_ms() - from_ms;
    print_message("stopped owners were replaced after %lld ms\n", (long long)took_ms);
    assert_true(took_ms >= 5000); /* a lease is a promise: nobody may take it before */
    assert_true(rig_number(rig, "SELECT sum(epoch)::bigint FROM head WHERE service < 5") > epochs);
    adapter_load(adapter, 500);
    for (unsigned i = 0; i < STOPPED; i++) {
        (void)daemon_signal(rig_daemon(rig, stopped[i], "a"), SIGCONT);
    }
    adapter_load(adapter, 4000);
    for (unsigned i = 0; i < STOPPED; i++) {
        struct daemon *zombie = rig_daemon(rig, stopped[i], "a");
        assert_true(daemon_lives(zombie));
        assert_true(daemon_logged(zombie, "\"fenced\"") > 0 ||
                    daemon_logged(zombie, "forgetting everything") > 0);
    }
    rig_await_all_serving(rig);
    adapter_finish(adapter, 30000);
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
}

/* Sends for as long as it lives: submissions that are none, that are good, and filters. */
static pid_t flood(const struct rig *rig, const char *name, unsigned kind)
{
    enum { JUNK_BYTES = 60, LARGE_BYTES = 120 * 1024 };
    static uint8_t bytes[LARGE_BYTES];
    char endpoint[160];
    pid_t pid = fork();
    if (pid == 0) {
        void *context = zmq_ctx_new();
        void *socket = zmq_socket(context, kind == FLOOD_FILTERS ? ZMQ_SUB : ZMQ_DEALER);
        size_t size = kind == FLOOD_LARGE ? LARGE_BYTES : JUNK_BYTES;
        memset(bytes, 'x', sizeof bytes);
        (void)snprintf(endpoint, sizeof endpoint, "ipc://%s/%s", rig->directory, name);
        (void)zmq_connect(socket, endpoint);
        for (uint64_t i = 0;; i++) {
            memcpy(bytes, &i, sizeof i);
            if (kind == FLOOD_FILTERS) { /* and takes them back, so that they cost time, not room */
                (void)zmq_setsockopt(socket, ZMQ_SUBSCRIBE, bytes, JUNK_BYTES);
                (void)zmq_setsockopt(socket, ZMQ_UNSUBSCRIBE, bytes, JUNK_BYTES);
            } else {
                (void)zmq_send(socket, bytes, size, 0);
            }
        }
    }
    return pid;
}

static void floods_end(const pid_t *pids, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        (void)kill(pids[i], SIGKILL);
        (void)waitpid(pids[i], NULL, 0);
    }
}

static void a_flood_does_not_hold_up_who_is_told_to_stop(void **state)
{
    static const struct {
        enum service_id service;
        const char *requests;
        const char *publisher;
    } stopped[] = {
        {SERVICE_DISPATCH, "dispatch-a.req", "dispatch-a.pub"},
        {SERVICE_INTAKE,   "intake-a.req",   "intake-a.pub"  },
    };
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 100);
    adapter_load(adapter, 500);
    for (size_t i = 0; i < sizeof stopped / sizeof *stopped; i++) {
        pid_t pids[FLOODS];
        for (unsigned f = 0; f < FLOODS; f++) {
            bool filters = f % FLOOD_KINDS == FLOOD_FILTERS;
            pids[f] =
                flood(rig, filters ? stopped[i].publisher : stopped[i].requests, f % FLOOD_KINDS);
        }
        adapter_load(adapter, 3000);
        int64_t from_ms = rig_now_ms();
        int status = daemon_signal(rig_daemon(rig, stopped[i].service, "a"), SIGTERM);
        int64_t took_ms = rig_now_ms() - from_ms;
        floods_end(pids, FLOODS);
        print_message("it stopped after %lld ms\n", (long long)took_ms);
        assert_int_equal(status, 0);
        assert_in_range(took_ms, 0, STOP_MS);
        (void)rig_start(rig, stopped[i].service, "a");
        rig_await_serving(rig, stopped[i].service, TAKEN_MS);
    }
    adapter_finish(adapter, 30000);
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
}

/* What it was committing is certain to nobody but the archive: whoever comes next reads it there.
 */
static void an_archive_that_hangs_does_not_hold_up_who_is_told_to_stop(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 100);
    adapter_load(adapter, 500);
    pid_t session =
        (pid_t)rig_number(rig, "SELECT backend_pid FROM member WHERE service = %d", SERVICE_INTAKE);
    assert_true(session > 0);
    assert_int_equal(kill(session, SIGSTOP), 0);
    adapter_load(adapter, 100);
    int64_t from_ms = rig_now_ms();
    int status = daemon_signal(rig_daemon(rig, SERVICE_INTAKE, "a"), SIGTERM);
    int64_t took_ms = rig_now_ms() - from_ms;
    assert_int_equal(kill(session, SIGCONT), 0);
    print_message("it stopped after %lld ms\n", (long long)took_ms);
    assert_int_equal(status, 0);
    assert_in_range(took_ms, 0, STOP_MS);
    (void)rig_start(rig, SERVICE_INTAKE, "a");
    rig_await_serving(rig, SERVICE_INTAKE, TAKEN_MS);
    adapter_finish(adapter, 30000);
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
}

/* Its lease would keep it from everybody for five seconds.  Seen to fail where dispatch did not
 * wait for Redis. */
static void a_case_handed_over_to_who_stops_is_given_back(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 100);
    adapter_add_many(adapter, 20);
    adapter_finish(adapter, 30000);
    rig_settle(rig, 30000);
    rig_check_queues(rig);
    struct daemon *dispatch = rig_daemon(rig, SERVICE_DISPATCH, "a");
    struct desk *desk = desk_new(rig, "a");
    char queue[128];
    char leases[16];
    struct answer answer = {0};
    desk_fullest_queue(desk, queue);
    server_freeze(rig->redis);
    desk_send(desk, &(struct command){.actor = "lin", .role = "agent", .queue = queue});
    rig_nap_ms(300);
    assert_int_equal(kill(dispatch->pid, SIGTERM), 0);
    rig_nap_ms(300);
    server_thaw(rig->redis);
    assert_int_equal(daemon_ended(dispatch, STOP_MS), 0);
    rig_redis(rig, leases, sizeof leases, "HLEN redress:lease");
    assert_string_equal(leases, "0");
    assert_true(desk_take(desk, &answer, STOP_MS)); /* it was asked for, and is told */
    assert_int_equal(answer.outcome, REDRESS__COMMAND__V1__OUTCOME__OUTCOME_OVERLOADED);
    desk_free(&desk);
    adapter_free(&adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_flood_does_not_hold_up_who_is_told_to_stop, rig_teardown),
        cmocka_unit_test_teardown(an_archive_that_hangs_does_not_hold_up_who_is_told_to_stop,
                                  rig_teardown),
        cmocka_unit_test_teardown(a_case_handed_over_to_who_stops_is_given_back, rig_teardown),
        cmocka_unit_test_teardown(a_zombie_is_fenced, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
