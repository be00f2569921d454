/*
 * Goal: a daemon that is killed loses nothing, doubles nothing, and its partitions are served again
 * within three seconds; so are those of one that leaves in good order.
 *
 * Method: kill -9 of each daemon in turn under load, started again after a second as a supervisor
 * would; then two instances of each, one killed, one signed off.  Guards laws 1, 2, 4 and 5.
 */
#include "rig.h"
#include "rig_cmocka.h"

#include <signal.h>

enum { SHARE_MS = 60000 };

static void wait_serving(struct rig *rig,
                         struct adapter *adapter,
                         enum service_id service,
                         const char *instance,
                         int64_t limit_ms)
{
    int64_t until_ms = rig_now_ms() + limit_ms;
    while (rig_serving(rig, service, instance) != RIG_PARTITIONS) {
        if (rig_now_ms() > until_ms) {
            fail_msg("%s: not all partitions are served by %s after %lld ms",
                     service_name(service),
                     instance ? instance : "anybody",
                     (long long)limit_ms);
        }
        adapter_load(adapter, 20);
    }
}

static void a_killed_daemon_comes_back_and_nothing_is_lost_or_doubled(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 200);
    for (int s = SERVICE_INTAKE; s <= SERVICE_ANALYTICS; s++) {
        enum service_id service = (enum service_id)s;
        adapter_load(adapter, 700);
        (void)daemon_signal(rig_daemon(rig, service, "a"), SIGKILL);
        adapter_load(adapter, 1000);
        int64_t from_ms = rig_now_ms();
        (void)rig_start(rig, service, "a");
        wait_serving(rig, adapter, service, "a", rig_takeover_ms());
        print_message("%s: serves again %lld ms after its start\n",
                      service_name(service),
                      (long long)(rig_now_ms() - from_ms));
    }
    adapter_finish(adapter, 30000);
    print_message("%u receipts\n", (unsigned)adapter_receipted(adapter));
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
}

/* Both have some: by the hash of their names, with eight partitions, this holds for a and b. */
static int64_t wait_share(struct rig *rig, struct adapter *adapter, enum service_id service)
{
    int64_t from_ms = rig_now_ms();
    while (rig_serving(rig, service, "b") == 0 ||
           rig_serving(rig, service, NULL) != RIG_PARTITIONS) {
        if (rig_now_ms() - from_ms > SHARE_MS) {
            fail_msg("%s-b has no share after %d ms", service_name(service), SHARE_MS);
        }
        adapter_load(adapter, 20);
    }
    return rig_now_ms() - from_ms;
}

static void the_other_instance_takes_over(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_start_all(rig, "b");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", "b", 200);
    for (int s = SERVICE_INTAKE; s <= SERVICE_ANALYTICS; s++) {
        enum service_id service = (enum service_id)s;
        (void)wait_share(rig, adapter, service);
        int64_t from_ms = rig_now_ms();
        (void)daemon_signal(rig_daemon(rig, service, "b"), SIGKILL);
        wait_serving(rig, adapter, service, "a", rig_takeover_ms());
        int64_t killed_ms = rig_now_ms() - from_ms;
        (void)rig_start(rig, service, "b");
        int64_t share_ms = wait_share(rig, adapter, service);
        from_ms = rig_now_ms();
        assert_int_equal(daemon_signal(rig_daemon(rig, service, "b"), SIGTERM), 0);
        int64_t ended_ms = rig_now_ms() - from_ms;
        wait_serving(rig, adapter, service, "a", rig_takeover_ms());
        print_message("%s: killed, over in %lld ms; back, share in %lld ms; signed off in %lld ms, "
                      "over in %lld ms\n",
                      service_name(service),
                      (long long)killed_ms,
                      (long long)share_ms,
                      (long long)ended_ms,
                      (long long)(rig_now_ms() - from_ms));
        (void)rig_start(rig, service, "b");
    }
    adapter_finish(adapter, 30000);
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
}

/* No load at all: a partition must not wait for work to be given back. */
static void an_idle_instance_gives_its_share_at_once(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    (void)rig_start(rig, SERVICE_TRIAGE, "a");
    (void)rig_await_serving(rig, SERVICE_TRIAGE, 20000);
    int64_t from_ms = rig_now_ms();
    (void)rig_start(rig, SERVICE_TRIAGE, "b");
    rig_await(
        rig, "SELECT (count(*) > 0)::int FROM head WHERE service = 2 AND owner = 'b'", 1, 8000);
    (void)rig_await_serving(rig, SERVICE_TRIAGE, 8000);
    print_message("idle: share in %lld ms\n", (long long)(rig_now_ms() - from_ms));
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(an_idle_instance_gives_its_share_at_once, rig_teardown),
        cmocka_unit_test_teardown(a_killed_daemon_comes_back_and_nothing_is_lost_or_doubled,
                                  rig_teardown),
        cmocka_unit_test_teardown(the_other_instance_takes_over, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
