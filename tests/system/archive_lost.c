/*
 * Goal: without PostgreSQL, or without an archive in it, daemons wait and say so; when it goes away
 * under load and comes back, nothing is lost, doubled or miscounted.  Method: daemons before
 * schema, daemons before servers, and the server killed with -9 twice in the middle of submissions
 * and claims.  Guards laws 1, 2 (every reconnect is a takeover), 4 and 6 (an agent's slots).
 */
#include "rig.h"
#include "rig_cmocka.h"

#include <signal.h>

enum { ROUNDS = 4, PATIENCE_MS = 3000 };

static void assert_all_live(struct rig *rig)
{
    for (unsigned i = 0; i < rig->daemon_count; i++) {
        assert_true(daemon_lives(&rig->daemons[i]));
    }
}

static void submit_some(struct rig *rig)
{
    struct adapter *adapter = adapter_new(rig, "a", NULL, 100);
    adapter_add_many(adapter, 100);
    adapter_finish(adapter, 30000);
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
}

static void daemons_wait_for_an_archive_and_say_so(void **state)
{
    struct rig *rig = rig_new(false);
    *state = rig;
    rig_start_all(rig, "a");
    rig_nap_ms(PATIENCE_MS);
    assert_all_live(rig);
    for (unsigned i = 0; i < rig->daemon_count; i++) {
        assert_true(daemon_logged(&rig->daemons[i], "does not exist") > 0);
        assert_in_range(daemon_logged(&rig->daemons[i], "\"level\""), 1, 30);
    }
    rig_archive_create(rig);
    rig_await_all_serving(rig);
    submit_some(rig);
    rig_end(rig);
}

static void daemons_wait_for_their_servers(void **state)
{
    struct error error = {0};
    struct rig *rig = rig_new(true);
    *state = rig;
    server_kill(rig->postgres);
    server_kill(rig->redis);
    rig_start_all(rig, "a");
    rig_nap_ms(PATIENCE_MS);
    assert_all_live(rig);
    for (unsigned i = 0; i < rig->daemon_count; i++) {
        assert_true(daemon_logged(&rig->daemons[i], "archive away") > 0);
    }
    assert_true(server_start(rig->postgres, &error));
    assert_true(server_start(rig->redis, &error));
    rig_await_all_serving(rig);
    submit_some(rig);
    rig_end(rig);
}

static void nothing_is_lost_or_doubled_when_the_archive_is_killed(void **state)
{
    struct error error = {0};
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 400);
    struct desk *desk = desk_new(rig, "a");
    adapter_load(adapter, 800);
    for (int round = 0; round < ROUNDS; round++) {
        char queue[128];
        desk_fullest_queue(desk, queue);
        for (int i = 0; i < 40; i++) {
            char agent[32];
            (void)snprintf(agent, sizeof agent, "agent%d", i % 10);
            desk_send(desk, &(struct command){.actor = agent, .role = "agent", .queue = queue});
            adapter_load(adapter, round * 3 + 1);
        }
        server_kill(rig->postgres);
        adapter_load(adapter, 300);
        assert_true(server_start(rig->postgres, &error));
        int64_t from_ms = rig_now_ms();
        for (int s = SERVICE_INTAKE; s <= SERVICE_ANALYTICS; s++) {
            while (rig_serving(rig, (enum service_id)s, NULL) != RIG_PARTITIONS) {
                assert_in_range(rig_now_ms() - from_ms, 0, rig_takeover_ms());
                adapter_load(adapter, 20);
            }
        }
        print_message("all serve again after %lld ms\n", (long long)(rig_now_ms() - from_ms));
        adapter_load(adapter, 500);
        struct answer answer;
        while (desk_take(desk, &answer, 20)) {
        }
    }
    assert_all_live(rig);
    adapter_finish(adapter, 30000);
    print_message("%u receipts, %lld claims\n",
                  (unsigned)adapter_receipted(adapter),
                  (long long)rig_number(rig, "SELECT count(*) FROM complaint WHERE agent <> ''"));
    rig_check_all(rig, &adapter, 1);
    desk_free(&desk);
    adapter_free(&adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(daemons_wait_for_an_archive_and_say_so, rig_teardown),
        cmocka_unit_test_teardown(daemons_wait_for_their_servers, rig_teardown),
        cmocka_unit_test_teardown(nothing_is_lost_or_doubled_when_the_archive_is_killed,
                                  rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
