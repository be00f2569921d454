/*
 * Goal: however many versions of a policy were loaded, new cases pin the newest and old cases go on
 * under theirs (laws 9 and 11).  Method: cases are opened under the first version, then hundreds
 * more are loaded than a daemon keeps at hand, the daemons start anew, and work goes on with both:
 * clocks of the old cases fall due, people act on them, Redis is built again from rows of them.
 */
#include "policy_book.h"
#include "rig.h"
#include "rig_cmocka.h"
#include "rig_json.h"

#include <signal.h>
enum { VERSIONS = 300, OLD = 6, NEW = 4, REFUSED = 4, LIMIT_MS = 30000 };

static void submit(struct adapter *adapter, unsigned count)
{
    adapter_add_same(adapter, count, &(struct content){"quick", "phone", "broken", NULL});
    adapter_finish(adapter, LIMIT_MS);
}

static void daemons_signal(struct rig *rig, int number)
{
    for (enum service_id service = SERVICE_INTAKE; service <= SERVICE_ANALYTICS; service++) {
        assert_int_equal(daemon_signal(rig_daemon(rig, service, "a"), number), 0);
    }
}

static void versions_load(struct rig *rig)
{
    rig_sql(rig,
            "INSERT INTO redress.policy (name, version, hash, source, loaded_at) "
            "SELECT name, n, sha256(int4send(n)), "
            "replace(source, 'version: 1', 'version: ' || n), now() - interval '2 min' "
            "FROM redress.policy, generate_series(2, %d) n WHERE name = 'quick'",
            VERSIONS);
}

static void old_cases_are_acted_on(struct rig *rig, struct adapter *adapter)
{
    struct desk *desk = desk_new(rig, "a");
    struct command take = {.actor = "wang", .role = "agent", .queue = "quick/desk"};
    uint64_t case_id = adapter_submission(adapter, 0)->leaf.case_id;
    struct command show = {.actor = "wang", .role = "agent", .case_id = case_id};
    struct answer answer = desk_ask(desk, &show, LIMIT_MS);
    assert_int_equal(answer.outcome, 1); /* done */
    assert_string_equal(answer.step, "work");
    assert_true(desk_ask(desk, &take, LIMIT_MS).case_id != 0);
    desk_free(&desk);
}

static void the_newest_of_hundreds_is_pinned_and_the_first_still_works(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_policy_add(rig, REDRESS_SOURCE "/tests/system/quick.yaml");
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 50);
    submit(adapter, OLD);
    rig_settle(rig, LIMIT_MS);
    daemons_signal(rig, SIGTERM);
    versions_load(rig);
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    submit(adapter, NEW);
    rig_await(rig,
              "SELECT count(*) FROM complaint c JOIN policy p ON p.id = c.policy_id "
              "WHERE p.name = 'quick' AND p.version = 300",
              NEW,
              LIMIT_MS);
    old_cases_are_acted_on(rig, adapter);
    rig_await(
        rig,
        "SELECT coalesce(sum(f.count), 0)::bigint FROM figure f JOIN policy p ON "
        "p.id = f.policy_id WHERE f.measure = 'missed' AND p.version = 1 AND p.name = 'quick'",
        OLD,
        LIMIT_MS);
    assert_int_equal(rig_redress(rig, (const char *const[]){"--quiet", "rebuild", "redis", NULL}),
                     0);
    assert_int_equal(rig_redress(rig, (const char *const[]){"--quiet", "verify", NULL}), 0);
    for (enum service_id service = SERVICE_INTAKE; service <= SERVICE_ANALYTICS; service++) {
        assert_in_range(daemon_logged(rig_daemon(rig, service, "a"), "policy ready"), 3, 12);
    }
    rig_settle(rig, LIMIT_MS);
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
}

/* What the command says when it loads the quick policy; its exit status. */
static int load(struct rig *rig, char *said, size_t size)
{
    return rig_shell(
        said,
        size,
        "%s/redress policy load --config %s/redress.yaml %s/tests/system/quick.yaml 2>&1",
        REDRESS_BIN,
        rig->directory,
        REDRESS_SOURCE);
}

static void a_name_too_many_is_refused_and_a_version_is_not(void **state)
{
    struct rig *rig = rig_new(true);
    char said[1024];
    *state = rig;
    rig_sql(rig,
            "INSERT INTO redress.policy (name, version, hash, source) "
            "SELECT 'p' || n, 1, int4send(n), '' FROM generate_series(3, %d) n",
            POLICY_NAMES_MAX);
    assert_int_equal(load(rig, said, sizeof said), REFUSED);
    if (!strstr(said, "quick would be one name more than the 128 policies")) {
        fail_msg("%s", said);
    }
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM policy WHERE name = 'quick'"), 0);
    rig_sql(rig, "UPDATE redress.policy SET name = 'quick', version = 0 WHERE name = 'p3'");
    assert_int_equal(load(rig, said, sizeof said), 0);
    assert_int_equal(load(rig, said, sizeof said), 0); /* known */
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_name_too_many_is_refused_and_a_version_is_not, rig_teardown),
        cmocka_unit_test_teardown(the_newest_of_hundreds_is_pinned_and_the_first_still_works,
                                  rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
