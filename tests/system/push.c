/*
 * Goal: with real servers, cases go out by themselves: first to whoever holds the least of what he
 * may, to nobody beyond that, to nobody off shift; an offer that is not accepted in time goes to
 * the next; when somebody has room again, the case that waits is his; a dispatch that dies leaves
 * nothing waiting; and more cases that nobody can take than a search finds hide no other.
 *
 * Method: the daemons, an organisation applied by the command, offers of twenty seconds; what the
 * archive says of it.  Guards laws 6, 8 and 11.
 */
#include "redress/command/v1/command.pb-c.h"
#include "rig.h"
#include "rig_cmocka.h"

#include <signal.h>

enum { ANSWER_MS = 20000, HOLDS_MS = 60000, HELD_MAX = 4, RARE = 400 };

static const char waiting[] = "SELECT count(*) FROM complaint WHERE queue = 'desk'";

static void org_apply(struct rig *rig)
{
    int code = rig_org(rig,
                       "org: scene\nzone: UTC\n"
                       "shifts:\n  never: {zone: UTC, hours: {}, open: {2020-01-01: 09:00-10:00}}\n"
                       "agents:\n"
                       "  an: {roles: agent, capacity: 4}\n"
                       "  bo: {roles: agent}\n"
                       "  cy: {roles: agent, shift: never, capacity: 9}\n"
                       "  sue: {roles: supervisor, capacity: 9}\n");
    assert_int_equal(code, 0);
}

static void arrive(struct rig *rig, struct adapter *adapter, const char *text, uint32_t count)
{
    adapter_add_same(adapter, count, &(struct content){"pushing", "phone", text, NULL});
    adapter_finish(adapter, HOLDS_MS);
    rig_settle(rig, HOLDS_MS);
}

static int64_t held(struct rig *rig, const char *agent)
{
    return rig_number(rig, "SELECT count(*) FROM complaint WHERE agent = '%s'", agent);
}

/* Every case that this person holds now: others may come as soon as there is room. */
static void each(struct rig *rig, struct desk *desk, const char *actor, const char *action)
{
    uint64_t cases[HELD_MAX];
    int64_t count = held(rig, actor);
    assert_true(count <= HELD_MAX);
    for (int i = 0; i < count; i++) {
        cases[i] = (uint64_t)rig_number(rig,
                                        "SELECT case_id FROM complaint WHERE agent = '%s' "
                                        "ORDER BY case_id OFFSET %d LIMIT 1",
                                        actor,
                                        i);
    }
    for (int i = 0; i < count; i++) {
        const struct command command = {
            .actor = actor, .role = "agent", .action = action, .case_id = cases[i]};
        struct answer answer = desk_ask(desk, &command, ANSWER_MS);
        if (answer.outcome != REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE) {
            fail_msg("%s by %s: %s", action, actor, answer.code);
        }
    }
}

static void cases_go_to_whoever_holds_least_and_to_the_next_where_nobody_accepts(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_policy_add(rig, REDRESS_SOURCE "/tests/system/push.yaml");
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 4);
    struct desk *desk = desk_new(rig, "a");
    arrive(rig, adapter, "It is broken", 7); /* nobody is said to work here: they wait */
    assert_int_equal(rig_number(rig, waiting), 7);
    org_apply(rig);
    rig_await(rig, waiting, 1, HOLDS_MS);
    assert_int_equal(held(rig, "an"), 4);
    assert_int_equal(held(rig, "bo"), 2);
    each(rig, desk, "an", "accept");
    /* bo accepts none: taken back, and nobody who has room is left to ask */
    rig_await(rig, waiting, 3, HOLDS_MS);
    assert_int_equal(held(rig, "an"), 4);
    /* room again: the two that bo let pass, or the one that nobody was asked about */
    each(rig, desk, "an", "close");
    rig_await(rig, waiting, 0, HOLDS_MS);
    assert_true(held(rig, "an") >= 2 && held(rig, "bo") <= 1);
    each(rig, desk, "an", "accept");
    each(rig, desk, "bo", "accept");
    /* whoever takes over goes on */
    (void)daemon_signal(rig_daemon(rig, SERVICE_DISPATCH, "a"), SIGKILL);
    (void)rig_start(rig, SERVICE_DISPATCH, "a");
    arrive(rig, adapter, "It is broken", 1);
    rig_await(rig, waiting, 0, HOLDS_MS);
    assert_int_equal(held(rig, "cy") + held(rig, "sue"), 0);
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM agent_slot WHERE used > capacity"), 0);
    rig_settle(rig, HOLDS_MS);
    rig_check_all(rig, &adapter, 1);
    desk_free(&desk);
    adapter_free(&adapter);
    rig_end(rig);
}

static void cases_that_nobody_can_take_hide_no_other(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_policy_add(rig, REDRESS_SOURCE "/tests/system/push.yaml");
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 4);
    org_apply(rig);
    arrive(rig, adapter, "This is rare", RARE);
    arrive(rig, adapter, "It is broken", 3); /* less urgent, in the same queue */
    rig_await(rig, waiting, RARE, HOLDS_MS);
    assert_int_equal(held(rig, "an") + held(rig, "bo"), 3);
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(
            cases_go_to_whoever_holds_least_and_to_the_next_where_nobody_accepts, rig_teardown),
        cmocka_unit_test_teardown(cases_that_nobody_can_take_hide_no_other, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
