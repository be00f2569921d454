/*
 * Goal: nobody merges a case into one that is not there, nor links with it (law 1: what was
 * accepted stays to be found).
 *
 * Method: a supervisor merges a real case into a number nobody has, then into a real one; links
 * likewise.  The owner of the partition answers, also for a case it has not in memory.  Seen to
 * fail where a case that is not in memory is taken for one that is there.
 */
#include "case_number.h"
#include "redress/command/v1/command.pb-c.h"
#include "rig.h"
#include "rig_cmocka.h"

#include <signal.h>

enum { SETTLE_MS = 20000, ANSWER_MS = 10000 };

static struct answer
together(struct desk *desk, const char *action, uint64_t case_id, const char *other)
{
    const char *relation =
        strcmp(action, "link") == 0 ? "relation" : NULL; /* a merge asks for none */
    const struct command command = {
        .actor = "lin",
        .role = "supervisor",
        .case_id = case_id,
        .action = action,
        .fields = {{"case", other}, {relation, "same box"}}
    };
    return desk_ask(desk, &command, ANSWER_MS);
}

static void a_case_goes_only_to_one_that_is_there(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_policy_add(rig, REDRESS_SOURCE "/tests/unit/policy/lifecycle.yaml");
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 10);
    const struct content torn = {"lifecycle", "phone", "it came late", NULL};
    (void)adapter_add(adapter, &torn, NULL);
    (void)adapter_add(adapter, &torn, NULL);
    adapter_finish(adapter, SETTLE_MS);
    rig_settle(rig, SETTLE_MS);
    uint64_t first = (uint64_t)rig_number(rig, "SELECT min(case_id) FROM complaint");
    uint64_t second = (uint64_t)rig_number(rig, "SELECT max(case_id) FROM complaint");
    daemon_signal(rig_daemon(rig, SERVICE_DISPATCH, "a"), SIGTERM); /* forgets what it knew */
    (void)rig_start(rig, SERVICE_DISPATCH, "a");
    rig_await_all_serving(rig);
    char nobody[CASE_NUMBER_SIZE];
    char there[CASE_NUMBER_SIZE];
    case_number_format(second + 1000, 1763769600000000, nobody);
    case_number_format(second, 1763769600000000, there);
    struct desk *desk = desk_new(rig, "a");
    static const char *const actions[] = {"link", "merge"};
    for (unsigned i = 0; i < 2; i++) {
        struct answer answer = together(desk, actions[i], first, nobody);
        assert_int_equal(answer.outcome, REDRESS__COMMAND__V1__OUTCOME__OUTCOME_REFUSED);
        assert_string_equal(answer.code, "field_invalid");
        answer = together(desk, actions[i], first, there);
        assert_int_equal(answer.outcome, REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE);
    }
    desk_free(&desk);
    rig_settle(rig, SETTLE_MS);
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_case_goes_only_to_one_that_is_there, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
