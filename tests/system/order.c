/*
 * Goal: of two cases of one priority in one queue whoever claims is given the one that is due
 * first, though it is the younger, nobody has done anything to it and nothing is rebuilt: what the
 * watchdog tells moves it.  Also where dispatch has neither case in memory when it hears of the
 * clock, where the clock had begun before there was a case, and without Redis.
 *
 * Method: real daemons under a policy that answers one kind within a day, the other within two;
 * Redis' order is compared with the archive's, and its shares have to be those of the beginning.
 * Seen to fail where dispatch tells no place that a clock has moved (the first two and the last),
 * where a case that is opened late does not ask for its due times (the third), and where the
 * archive is searched by receipt (the last).  Guards law 6: Redis proposes, in the order promised.
 */
#include "redress/command/v1/command.pb-c.h"
#include "rig.h"
#include "rig_cmocka.h"

#include <signal.h>

enum { LIMIT_MS = 30000, SHARES_MAX = RIG_PARTITIONS * 64 };

static const char queue[] = "order/desk";

struct scene {
    struct rig *rig;
    struct adapter *adapter;
    struct desk *desk;
    char shares[SHARES_MAX]; /* generations, one after another */
};

static void shares_read(struct rig *rig, char shares[SHARES_MAX])
{
    size_t size = 0;
    shares[0] = '\0';
    for (int p = 0; p < RIG_PARTITIONS; p++) {
        char generation[64] = "";
        for (int64_t until_ms = rig_now_ms() + LIMIT_MS; generation[0] == '\0'; rig_nap_ms(10)) {
            rig_redis(rig, generation, sizeof generation, "HGET redress:s:dispatch.%d g", p);
            assert_true(rig_now_ms() < until_ms);
        }
        size += (size_t)snprintf(shares + size, SHARES_MAX - size, "%s ", generation);
    }
}

static void one_comes(const struct scene *scene, const char *kind)
{
    char text[64];
    (void)snprintf(text, sizeof text, "It is %s again", kind);
    (void)adapter_add(scene->adapter, &(struct content){"order", "phone", text, NULL}, NULL);
    adapter_finish(scene->adapter, LIMIT_MS);
}

static void slow_comes_before_swift(const struct scene *scene)
{
    one_comes(scene, "slow");
    one_comes(scene, "swift");
}

static void opened(struct rig *rig, int64_t count)
{
    rig_await(rig, "SELECT count(*) FROM complaint", count, LIMIT_MS);
}

/* By which the watchdog has told of so many cases. */
static void timed(struct rig *rig, int64_t count)
{
    rig_await(
        rig, "SELECT count(DISTINCT case_id) FROM journal WHERE service = 4", count, LIMIT_MS);
}

static void claims(const struct scene *scene, const char *kind)
{
    struct answer answer = desk_ask(
        scene->desk, &(struct command){.actor = "an", .role = "agent", .queue = queue}, LIMIT_MS);
    assert_int_equal(answer.outcome, REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE);
    assert_int_equal(
        rig_number(scene->rig,
                   "SELECT count(*) FROM complaint WHERE case_id = %llu AND category = '%s'",
                   (unsigned long long)answer.case_id,
                   kind),
        1);
}

static void swift_is_first_and_nothing_was_rebuilt(const struct scene *scene)
{
    char shares[SHARES_MAX];
    rig_settle(scene->rig, LIMIT_MS);
    rig_check_queues(scene->rig);
    shares_read(scene->rig, shares);
    assert_string_equal(shares, scene->shares);
    claims(scene, "swift");
}

static void what_is_due_first_is_claimed_first(const struct scene *scene)
{
    slow_comes_before_swift(scene);
    swift_is_first_and_nothing_was_rebuilt(scene);
}

static void also_of_cases_that_are_not_at_hand(const struct scene *scene)
{
    struct rig *rig = scene->rig;
    assert_int_equal(daemon_signal(rig_daemon(rig, SERVICE_WATCHDOG, "a"), SIGTERM), 0);
    slow_comes_before_swift(scene);
    opened(rig, 4);
    rig_check_queues(rig); /* told, as they stand without a clock */
    assert_int_equal(daemon_signal(rig_daemon(rig, SERVICE_DISPATCH, "a"), SIGTERM), 0);
    (void)rig_start(rig, SERVICE_WATCHDOG, "a");
    timed(rig, 4);
    (void)rig_start(rig, SERVICE_DISPATCH, "a");
    (void)rig_await_serving(rig, SERVICE_DISPATCH, LIMIT_MS);
    swift_is_first_and_nothing_was_rebuilt(scene);
}

static void also_where_the_clock_had_begun_before_there_was_a_case(const struct scene *scene)
{
    struct rig *rig = scene->rig;
    assert_int_equal(daemon_signal(rig_daemon(rig, SERVICE_TRIAGE, "a"), SIGTERM), 0);
    slow_comes_before_swift(scene);
    timed(rig, 6);
    (void)rig_start(rig, SERVICE_TRIAGE, "a");
    opened(rig, 6);
    swift_is_first_and_nothing_was_rebuilt(scene);
}

static void also_without_redis(const struct scene *scene)
{
    slow_comes_before_swift(scene);
    rig_settle(scene->rig, LIMIT_MS);
    server_kill(scene->rig->redis);
    claims(scene, "swift");
    claims(scene, "other");
}

static void whoever_claims_is_given_what_is_due_first(void **state)
{
    struct error error = {0};
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_policy_add(rig, REDRESS_SOURCE "/tests/system/order.yaml");
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct scene scene = {rig, adapter_new(rig, "a", NULL, 4), desk_new(rig, "a"), ""};
    shares_read(rig, scene.shares);
    what_is_due_first_is_claimed_first(&scene);
    also_of_cases_that_are_not_at_hand(&scene);
    also_where_the_clock_had_begun_before_there_was_a_case(&scene);
    also_without_redis(&scene);
    assert_true(server_start(rig->redis, &error));
    rig_check_all(rig, &scene.adapter, 1);
    desk_free(&scene.desk);
    adapter_free(&scene.adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(whoever_claims_is_given_what_is_due_first, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
