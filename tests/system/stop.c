/*
 * Goal: an owner that hung for longer than its lease finds itself fenced when it wakes, and appends
 * nothing.  Method: the owners of half the partitions are stopped (SIGSTOP: their sessions stay),
 * the other instances take over when the lease has passed, then they are continued under load.
 * Guards law 2 (one writer); that epochs never fall along a stream is what a zombie would break.
 */
#include "rig.h"
#include "rig_cmocka.h"

#include <signal.h>

enum { TAKEN_MS = 20000, SHARE_MS = 60000 };

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_zombie_is_fenced, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
