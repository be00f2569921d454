/*
 * Goal: an answer that was committed and told before its deadline is never written as a breach
 * because what stops a clock waits for company at the watchdog.  Method: cases of a policy that
 * gives ten seconds, each replied to some milliseconds before it is due; of those whose reply came
 * back in time a quarter of all may have a breach, not more.  Guards law 7 (stopping and firing
 * gives one of the two, and the right one).  Seen to fail, all eight breached, where a batch that a
 * timer began left behind what waited for company.
 */
#include "clock.h"
#include "event.h"
#include "redress/command/v1/command.pb-c.h"
#include "rig.h"
#include "rig_cmocka.h"

enum {
    CASES = 8,
    TRIES = 250,
    APART_MS = 200,
    WITHIN_US = 10000000, /* of the policy */
    BEFORE_US = 26000,    /* the reply is sent so long before it is due … */
    MARGIN_US = 8000,     /* … and counts if it was there so long before */
    LATE_MAX = CASES / 4, /* the watchdog may stand in the processors' queue just then */
    TOLD_MS = 1000,
    ANSWER_MS = 20000,
};

static const char *const agents[] = {"wang", "li", "chen"}; /* the policy lets each hold three */

struct promised {
    const char *agent;
    uint64_t case_id;
    uint32_t version;
    int64_t due_us;
};

static void claim_next(struct rig *rig, struct desk *desk, struct promised *promised)
{
    const struct command claim = {.actor = promised->agent, .role = "agent", .queue = "quick/desk"};
    struct answer answer = {0};
    for (int i = 0; i < TRIES && answer.outcome != REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE;
         i++) {
        answer = desk_ask(desk, &claim, ANSWER_MS); /* it may not be in the queue yet */
        rig_nap_ms(answer.outcome == REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE ? 0 : 20);
    }
    assert_int_equal(answer.outcome, REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE);
    promised->case_id = answer.case_id;
    promised->version = answer.version;
    promised->due_us = rig_number(rig,
                                  "SELECT (extract(epoch FROM received_at) * 1e6)::bigint "
                                  "FROM complaint WHERE case_id = %llu",
                                  (unsigned long long)answer.case_id) +
                       WITHIN_US;
}

/* True: in time beyond doubt. */
static bool reply_in_time(struct desk *desk, const struct promised *promised)
{
    int64_t left_us = promised->due_us - BEFORE_US - clock_now_us();
    if (left_us > 0) {
        rig_nap_ms(left_us / 1000);
    }
    const struct command reply = {.actor = promised->agent,
                                  .role = "agent",
                                  .case_id = promised->case_id,
                                  .action = "reply",
                                  .version = promised->version};
    assert_int_equal(desk_ask(desk, &reply, ANSWER_MS).outcome,
                     REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE);
    return clock_now_us() + MARGIN_US <= promised->due_us;
}

static void an_answer_in_time_is_no_breach(void **state)
{
    static const struct content broken = {"quick", "phone", "The thing is broken", NULL};
    struct promised promised[CASES];
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_policy_add(rig, REDRESS_SOURCE "/tests/system/quick.yaml");
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 1);
    struct desk *desk = desk_new(rig, "a");
    for (int i = 0; i < CASES; i++) {
        adapter_add_same(adapter, 1, &broken);
        adapter_finish(adapter, ANSWER_MS);
        promised[i].agent = agents[i / 3];
        claim_next(rig, desk, &promised[i]);
        rig_nap_ms(APART_MS);
    }
    unsigned in_time = 0;
    for (int i = 0; i < CASES; i++) {
        if (reply_in_time(desk, &promised[i])) {
            in_time++;
        } else {
            promised[i].case_id = 0;
        }
    }
    rig_nap_ms(TOLD_MS);
    int64_t breached = 0;
    for (int i = 0; i < CASES; i++) {
        breached += rig_number(rig,
                               "SELECT count(*) FROM journal WHERE service = 4 AND kind = %d "
                               "AND case_id = %llu",
                               EVENT_CLOCK_BREACHED,
                               (unsigned long long)promised[i].case_id);
    }
    assert_in_range(breached, 0, LATE_MAX);
    print_message("%u of %d replies were in time\n", in_time, CASES);
    desk_free(&desk);
    rig_settle(rig, ANSWER_MS);
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(an_answer_in_time_is_no_breach, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
