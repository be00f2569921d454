/*
 * Goal: however often and wherever a submission is sent, it is one case with one number; the same
 * id with another body is refused as a conflict.  Method: resends in a row, in a batch, across a
 * restart, to the other instance, after its policy has lost the channel, with another trace, and
 * two intakes raced with the same ids.  Guards law 1.
 */
#include "redress/submit/v1/submit.pb-c.h"
#include "rig.h"
#include "rig_cmocka.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

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

/* The same ids to both at the same moment. */
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

/* The policy quick once more, newer and without the channel phone. */
static void policy_loses_its_channel(struct rig *rig)
{
    char path[128];
    char line[512];
    (void)snprintf(path, sizeof path, "%s/changed.yaml", rig->directory);
    FILE *from = fopen(REDRESS_SOURCE "/tests/system/quick.yaml", "r");
    FILE *to = fopen(path, "w");
    assert_non_null(from);
    assert_non_null(to);
    while (fgets(line, sizeof line, from)) {
        const char *phone = strstr(line, "  phone: {");
        (void)fputs(strcmp(line, "version: 1\n") == 0 ? "version: 2\n"
                    : phone                           ? "  web: {"
                                                      : line,
                    to);
        (void)fputs(phone ? phone + strlen("  phone: {") : "", to);
    }
    (void)fclose(from);
    (void)fclose(to);
    rig_policy_add(rig, path);
}

/* A field that is no part of the complaint, put behind the others. */
static void trace_add(struct submission *item)
{
    static const char trace[] = "\x5a\x04"
                                "0-01";
    item->bytes = realloc(item->bytes, item->size + sizeof trace);
    assert_non_null(item->bytes);
    memcpy(item->bytes + item->size, trace, sizeof trace);
    item->size += sizeof trace - 1;
}

static void an_accepted_one_is_never_refused_though_the_rules_have_changed(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_policy_add(rig, REDRESS_SOURCE "/tests/system/quick.yaml");
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    const struct content broken = {"quick", "phone", "it is broken", NULL};
    struct adapter *adapter = adapter_new(rig, "a", NULL, 10);
    struct adapter *late = adapter_new(rig, "a", NULL, 10);
    struct submission *item = adapter_add(adapter, &broken, NULL);
    adapter_finish(adapter, 20000);
    trace_add(item);
    again(adapter, item, 0);
    policy_loses_its_channel(rig);
    struct submission *other;
    uint32_t taken = 0;
    int64_t until_ms = rig_now_ms() + 20000;
    do { /* until intake goes by the new policy */
        rig_nap_ms(200);
        other = adapter_add(late, &broken, NULL);
        adapter_finish(late, 20000);
        taken += other->receipted;
    } while (!other->refused && rig_now_ms() < until_ms);
    assert_true(other->refused);
    assert_string_equal(other->field, "channel");
    again(adapter, item, 0);
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM submission"), 1 + taken);
    adapter_free(&late);
    adapter_free(&adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_submission_is_one_case_however_often_it_is_sent, rig_teardown),
        cmocka_unit_test_teardown(an_accepted_one_is_never_refused_though_the_rules_have_changed,
                                  rig_teardown),
        cmocka_unit_test_teardown(two_intakes_race_and_one_case_wins, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
