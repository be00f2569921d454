/*
 * Goal: every level of a clock fires once, never early, and soon after the later of its due time
 * and recovery.  Method: a policy with clocks of seconds (quick.yaml), many cases, some replied in
 * time, and the watchdog killed, or told to stop, while levels are due.  Guards law 7.  And what a
 * level asked for while the case was that urgent anyway is not undone by a milder class: seen to
 * fail with a dispatch that did not look for it, and, a pause of 16 s put before its first answer,
 * with a watchdog that was there meanwhile.
 */
#include "rig.h"
#include "rig_cmocka.h"

#include <signal.h>

enum { CASES = 300, REPLIED = 5, LATE_BAR_MS = 1500, WARNED_MS = 6000 };

static const struct content broken = {"quick", "phone", "The thing is broken", NULL};

static struct rig *rig_with_clocks(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_policy_add(rig, REDRESS_SOURCE "/tests/system/quick.yaml");
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    return rig;
}

static void levels_fire_once_and_never_early(void **state)
{
    struct rig *rig = rig_with_clocks(state);
    struct adapter *adapter = adapter_new(rig, "a", NULL, CASES);
    struct desk *desk = desk_new(rig, "a");
    adapter_add_same(adapter, CASES, &broken);
    adapter_finish(adapter, 10000);
    rig_await(rig, "SELECT count(*) FROM complaint", CASES, WARNED_MS);
    for (uint32_t i = 0; i < REPLIED; i++) { /* before anything is due */
        uint64_t case_id = adapter_submission(adapter, i)->leaf.case_id;
        char agent[32];
        (void)snprintf(agent, sizeof agent, "agent%u", (unsigned)i);
        struct command act = {
            .actor = agent, .role = "agent", .case_id = case_id, .action = "claim"};
        assert_int_equal(desk_ask(desk, &act, 3000).outcome, 1);
        act.action = "reply";
        assert_int_equal(desk_ask(desk, &act, 3000).outcome, 1);
    }
    rig_await(rig,
              "SELECT count(*) FROM journal WHERE service = 4 AND kind = 66",
              CASES - REPLIED,
              20000);
    assert_int_equal(rig_levels(rig, EVENT_CLOCK_WARNED), CASES - REPLIED);
    assert_int_equal(rig_levels(rig, EVENT_CLOCK_BREACHED), CASES - REPLIED);
    int64_t worst_ms = rig_levels_late_ms(rig);
    print_message("%d levels, the latest %lld ms after it was due\n",
                  (CASES - REPLIED) * 3,
                  (long long)worst_ms);
    assert_in_range(worst_ms, 0, LATE_BAR_MS);
    rig_settle(rig, 10000);
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM complaint WHERE priority = 1"),
                     CASES - REPLIED);
    rig_check_all(rig, &adapter, 1);
    desk_free(&desk);
    adapter_free(&adapter);
    rig_end(rig);
}

static void what_was_due_while_the_watchdog_was_dead_fires_once_afterwards(void **state)
{
    struct rig *rig = rig_with_clocks(state);
    struct adapter *adapter = adapter_new(rig, "a", NULL, CASES);
    adapter_add_same(adapter, CASES, &broken);
    adapter_finish(adapter, 10000);
    rig_settle(rig, WARNED_MS);
    struct daemon *watchdog = rig_daemon(rig, SERVICE_WATCHDOG, "a");
    (void)daemon_signal(watchdog, SIGKILL);
    assert_int_equal(rig_levels(rig, EVENT_CLOCK_WARNED), 0);
    rig_nap_ms(WARNED_MS + 2000);
    (void)rig_start(rig, SERVICE_WATCHDOG, "a");
    rig_await(rig, "SELECT count(*) FROM journal WHERE service = 4 AND kind = 64", CASES, 8000);
    while (rig_levels(rig, EVENT_CLOCK_BREACHED) == 0) {
        rig_nap_ms(1);
    }
    (void)daemon_signal(watchdog, SIGKILL); /* in the middle of the breaches, or right after */
    (void)rig_start(rig, SERVICE_WATCHDOG, "a");
    rig_await(rig, "SELECT count(*) FROM journal WHERE service = 4 AND kind = 66", CASES, 20000);
    assert_int_equal(rig_levels(rig, EVENT_CLOCK_WARNED), CASES);
    assert_int_equal(rig_levels(rig, EVENT_CLOCK_BREACHED), CASES);
    print_message("the latest %lld ms after it was due\n", (long long)rig_levels_late_ms(rig));
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
}

/* Its commits are refused while a level is due, so that the tick is decided again after it was told
 * to stop. */
static void a_level_that_is_due_while_the_watchdog_hands_over_is_left_to_the_next(void **state)
{
    struct rig *rig = rig_with_clocks(state);
    rig_sql(rig,
            "DO $$BEGIN EXECUTE format('ALTER DATABASE %%I SET lock_timeout = 300', "
            "current_database()); END$$");
    struct daemon *watchdog = rig_daemon(rig, SERVICE_WATCHDOG, "a");
    assert_int_equal(daemon_signal(watchdog, SIGTERM), 0);
    (void)rig_start(rig, SERVICE_WATCHDOG, "a");
    rig_await_serving(rig, SERVICE_WATCHDOG, 10000);
    struct adapter *adapter = adapter_new(rig, "a", NULL, CASES);
    adapter_add_same(adapter, CASES, &broken);
    adapter_finish(adapter, 10000);
    rig_await(rig, "SELECT count(*) FROM journal WHERE service = 4 AND kind = 64", CASES, 8000);
    rig_sql(rig, "BEGIN");
    rig_sql(rig, "LOCK TABLE journal_watchdog");
    rig_nap_ms(4500); /* the breaches are due by now */
    (void)kill(watchdog->pid, SIGTERM);
    rig_nap_ms(700);
    rig_sql(rig, "ROLLBACK");
    assert_int_equal(daemon_signal(watchdog, SIGTERM), 0);
    assert_true(daemon_logged(watchdog, "55P03") > 0);
    (void)rig_start(rig, SERVICE_WATCHDOG, "a");
    rig_await(rig, "SELECT count(*) FROM journal WHERE service = 4 AND kind = 66", CASES, 20000);
    assert_int_equal(rig_levels(rig, EVENT_CLOCK_WARNED), CASES);
    assert_int_equal(rig_levels(rig, EVENT_CLOCK_BREACHED), CASES);
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
}

static void milder(struct desk *desk, uint64_t case_id)
{
    const struct command act = {.actor = "wang",
                                .role = "agent",
                                .case_id = case_id,
                                .action = "reclassify",
                                .fields = {{"severity_class", "minor"}}};
    assert_int_equal(desk_ask(desk, &act, 3000).outcome, 1);
}

static void a_milder_class_is_no_less_urgent_than_a_level_has_asked_for(void **state)
{
    static const struct content injured = {
        "quick", "phone", "It is broken and I was injured", NULL};
    static const char urgent[] = "SELECT count(*) FROM complaint WHERE priority = 1";
    static const char minor[] = "SELECT count(*) FROM complaint WHERE severity_class = 'minor'";
    struct rig *rig = rig_with_clocks(state);
    struct daemon *watchdog = rig_daemon(rig, SERVICE_WATCHDOG, "a");
    /* away until the first answer is judged: no clock asks for anything, however slow all is */
    assert_int_equal(daemon_signal(watchdog, SIGTERM), 0);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 2);
    struct desk *desk = desk_new(rig, "a");
    adapter_add_same(adapter, 2, &injured);
    adapter_finish(adapter, 10000);
    rig_await(rig, urgent, 2, 20000);
    milder(desk, adapter_submission(adapter, 0)->leaf.case_id);
    assert_int_equal(rig_number(rig, minor), 1);
    assert_int_equal(rig_number(rig, urgent), 1);
    (void)rig_start(rig, SERVICE_WATCHDOG, "a");
    rig_await(rig, "SELECT count(*) FROM journal WHERE service = 4 AND kind = 66", 2, 20000);
    rig_await(rig, urgent, 2, 5000);
    milder(desk, adapter_submission(adapter, 0)->leaf.case_id);
    milder(desk, adapter_submission(adapter, 1)->leaf.case_id);
    assert_int_equal(rig_number(rig, minor), 2);
    assert_int_equal(rig_number(rig, urgent), 2);
    rig_settle(rig, 10000);
    rig_check_all(rig, &adapter, 1);
    desk_free(&desk);
    adapter_free(&adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(levels_fire_once_and_never_early, rig_teardown),
        cmocka_unit_test_teardown(what_was_due_while_the_watchdog_was_dead_fires_once_afterwards,
                                  rig_teardown),
        cmocka_unit_test_teardown(
            a_level_that_is_due_while_the_watchdog_hands_over_is_left_to_the_next, rig_teardown),
        cmocka_unit_test_teardown(a_milder_class_is_no_less_urgent_than_a_level_has_asked_for,
                                  rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
