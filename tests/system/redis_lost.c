/*
 * Goal: Redis may be emptied, killed and replaced by an empty one at any moment; decisions do not
 * change and its queues are rebuilt.  Method: FLUSHALL under load, then kill -9 and a new server
 * without data, with claims before, while it is away and after; Redis is compared with the
 * complaint rows.  Then the entries of a queue are taken out by hand: who goes on claiming gets
 * them.  Guards law 6 (Redis proposes, PostgreSQL decides).  Seen to fail where Redis is believed
 * that a queue is empty.
 */
#include "redress/command/v1/command.pb-c.h"
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

static void what_was_taken_out_of_a_queue_is_found_again(void **state)
{
    enum { CASES = 40, LIMIT_MS = 60000 };
    static const struct content content = {
        "general-service", "web", "The machine is broken, and nobody came", NULL};
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, CASES);
    struct desk *desk = desk_new(rig, "a");
    adapter_add_same(adapter, CASES, &content);
    adapter_finish(adapter, LIMIT_MS);
    rig_settle(rig, LIMIT_MS);
    rig_check_queues(rig);
    char text[32];
    char queue[128];
    char taken[8];
    desk_fullest_queue(desk, queue);
    (void)snprintf(taken, sizeof taken, "%d", CASES);
    rig_redis(rig, text, sizeof text, "ZREMRANGEBYRANK redress:q:%s 0 -1", queue);
    assert_string_equal(text, taken);
    const struct command command = {.actor = "wang", .role = "agent", .queue = queue};
    struct answer answer = desk_ask(desk, &command, LIMIT_MS);
    assert_int_equal(answer.outcome, REDRESS__COMMAND__V1__OUTCOME__OUTCOME_EMPTY);
    int64_t until_ms = rig_now_ms() + LIMIT_MS;
    while (answer.outcome != REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE) {
        assert_true(rig_now_ms() < until_ms);
        rig_nap_ms(500);
        answer = desk_ask(desk, &command, LIMIT_MS);
    }
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
        cmocka_unit_test_teardown(what_was_taken_out_of_a_queue_is_found_again, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
