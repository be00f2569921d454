/*
 * Goal: however often and wherever a submission is sent, it is one case with one number; the same
 * id with another body is refused as a conflict.  Method: resends in a row, in a batch, across a
 * restart, to the other instance, and two intakes raced with the same ids.  Guards law 1.
 */
#include "redress/submit/v1/submit.pb-c.h"
#include "rig.h"
#include "rig_cmocka.h"

#include <signal.h>

enum { RACED = 400, CONFLICT = REDRESS__SUBMIT__V1__REFUSAL_CODE__REFUSAL_CODE_CONFLICT };

static const struct content leaking = {"general-service", "phone", "洗衣机漏水", "555-1"};

static void again(struct adapter *adapter, struct submission *item, unsigned intake)
{
    char number[32];
    (void)snprintf(number, sizeof number, "%s", item->case_number);
    unsigned answers = item->answers;
    adapter_resend(adapter, item, intake);
    adapter_finish(adapter, 20000);
    assert_true(item->answers > answers);
    assert_true(item->receipted);
    assert_true(item->duplicate);
    assert_string_equal(item->case_number, number);
}

static void a_submission_is_one_case_however_often_it_is_sent(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    (void)rig_start(rig, SERVICE_INTAKE, "b");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", "b", 10);
    struct submission *item = adapter_add(adapter, &leaking, NULL);
    adapter_finish(adapter, 20000);
    assert_false(item->duplicate);
    again(adapter, item, 0);
    again(adapter, item, 1);
    (void)daemon_signal(rig_daemon(rig, SERVICE_INTAKE, "a"), SIGKILL);
    (void)rig_start(rig, SERVICE_INTAKE, "a");
    again(adapter, item, 0);
    assert_int_equal(daemon_signal(rig_daemon(rig, SERVICE_INTAKE, "b"), SIGTERM), 0);
    again(adapter, item, 0);
    struct content other = leaking;
    other.text = "完全不同的内容";
    struct adapter *liar = adapter_new(rig, "a", NULL, 10);
    struct submission *conflict = adapter_add(liar, &other, item->id);
    adapter_finish(liar, 20000);
    assert_true(conflict->refused);
    assert_int_equal(conflict->code, CONFLICT);
    assert_string_equal(conflict->field, "submission_id");
    rig_check_all(rig, &adapter, 1);
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM complaint"), 1);
    adapter_free(&liar);
    adapter_free(&adapter);
    rig_end(rig);
}

/* The same ids to both at the same moment, each many times within a batch. */
static void two_intakes_race_and_one_case_wins(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_start_all(rig, "b");
    rig_await_all_serving(rig);
    struct adapter *first = adapter_new(rig, "a", NULL, RACED);
    struct adapter *second = adapter_new(rig, "b", NULL, RACED);
    for (uint32_t i = 0; i < RACED; i++) {
        (void)adapter_add(first, &leaking, NULL);
    }
    for (uint32_t i = 0; i < RACED; i++) { /* the other way round: rows are met crosswise */
        (void)adapter_add(second, &leaking, adapter_submission(first, RACED - 1 - i)->id);
    }
    int64_t from_ms = rig_now_ms();
    for (int i = 0; i < 50; i++) {
        adapter_run(first, 1);
        adapter_run(second, 1);
    }
    adapter_finish(first, 30000);
    adapter_finish(second, 30000);
    print_message(
        "%d ids raced over two intakes: %lld ms\n", RACED, (long long)(rig_now_ms() - from_ms));
    for (uint32_t i = 0; i < RACED; i++) {
        const struct submission *one = adapter_submission(first, i);
        const struct submission *two = adapter_submission(second, RACED - 1 - i);
        assert_int_equal(one->leaf.case_id, two->leaf.case_id);
        assert_string_equal(one->case_number, two->case_number);
    }
    rig_settle(rig, 30000);
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM submission"), RACED);
    rig_check_all(rig, &first, 1);
    adapter_free(&first);
    adapter_free(&second);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_submission_is_one_case_however_often_it_is_sent, rig_teardown),
        cmocka_unit_test_teardown(two_intakes_race_and_one_case_wins, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
