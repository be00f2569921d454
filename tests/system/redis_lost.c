/*
 * Goal: Redis may be emptied, killed and replaced by an empty one at any moment; decisions do not
 * change and its queues are rebuilt.  Method: FLUSHALL under load, then kill -9 and a new server
 * without data, with claims before, while it is away and after; Redis is compared with the
 * complaint rows.  Guards law 6 (Redis proposes, PostgreSQL decides).
 */
#include "rig.h"
#include "rig_cmocka.h"

#include <signal.h>

enum { CLAIMS = 12 };

static void flush(struct rig *rig)
{
    char text[8];
    rig_redis(rig, text, sizeof text, "FLUSHALL");
    assert_string_equal(text, "OK");
}

static void queues_are_rebuilt_and_claims_are_decided_without_redis(void **state)
{
    struct error error = {0};
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 200);
    struct desk *desk = desk_new(rig, "a");
    adapter_load(adapter, 1000);
    assert_int_equal(desk_claims(desk, "before", 3, CLAIMS), CLAIMS);
    for (int i = 0; i < 3; i++) {
        flush(rig);
        adapter_load(adapter, 300);
        (void)desk_claims(desk, "flushed", 3, 4);
    }
    int64_t from_ms = rig_now_ms();
    rig_check_queues(rig);
    print_message("flushed under load: whole again after %lld ms\n",
                  (long long)(rig_now_ms() - from_ms));
    server_kill(rig->redis);
    adapter_load(adapter, 1500);
    unsigned away = desk_claims(desk, "away", 3, CLAIMS);
    print_message("claims decided while Redis is away: %u of %d\n", away, CLAIMS);
    assert_int_equal(away, CLAIMS);
    assert_true(server_start(rig->redis, &error));
    from_ms = rig_now_ms();
    adapter_load(adapter, 1000);
    rig_check_queues(rig);
    print_message("killed and empty: whole again within %lld ms\n",
                  (long long)(rig_now_ms() - from_ms));
    assert_int_equal(desk_claims(desk, "after", 3, CLAIMS), CLAIMS);
    adapter_finish(adapter, 30000);
    rig_check_all(rig, &adapter, 1);
    desk_free(&desk);
    adapter_free(&adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(queues_are_rebuilt_and_claims_are_decided_without_redis,
                                  rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
