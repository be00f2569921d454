/*
 * Goal: ordinary life, from submission to reopening, in both shipped policies.
 *
 * Method: two thousand submissions in Chinese and English go in; every receipt is verified, every
 * stream is walked by the test itself, and a case of each policy is taken by hand to its end and
 * opened again.  Guards laws 1 (accepted is forever), 3 (contiguous and chained), 4 (exactly once)
 * and 5 (nothing is told before it is committed: a receipt's event is in the journal).
 */
#include "redress/command/v1/command.pb-c.h"
#include "rig.h"
#include "rig_cmocka.h"

enum {
    SUBMISSIONS = 2000,
    DONE = REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE,
    REFUSED = REDRESS__COMMAND__V1__OUTCOME__OUTCOME_REFUSED,
    CONFLICT = REDRESS__COMMAND__V1__OUTCOME__OUTCOME_CONFLICT,
    NOT_FOUND = REDRESS__COMMAND__V1__OUTCOME__OUTCOME_NOT_FOUND,
    ANSWER_MS = 10000,
    ROUNDS = 4,
    FILL = 32,
};

struct beat {
    struct command command;
    const char *step; /* afterwards */
};

/* One by one they go on in a partition until it has its share, then in the next: who follows moves
 * one head row then, not one each.  Seen to fail where each batch has a partition of its own, and
 * where it never is the next one's turn. */
static void few_at_a_time_fill_one_partition(struct rig *rig, struct adapter *adapter)
{
    for (int i = 0; i < 3 * FILL; i++) {
        adapter_add_many(adapter, 1);
        adapter_finish(adapter, ANSWER_MS);
    }
    int64_t partitions = rig_number(rig,
                                    "SELECT count(DISTINCT partition) FROM (SELECT partition FROM "
                                    "journal WHERE service = 1 ORDER BY at DESC LIMIT %d) f",
                                    3 * FILL);
    assert_in_range(partitions, 3, 4);
}

static void everything_submitted_is_one_case_and_every_stream_adds_up(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    assert_int_equal(setenv("REDRESS_PARTITION_FILL", "32", 1), 0);
    rig_start_all(rig, "a");
    assert_int_equal(unsetenv("REDRESS_PARTITION_FILL"), 0);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 500);
    adapter_add_many(adapter, SUBMISSIONS);
    rig_await_all_serving(rig);
    int64_t from_ms = rig_now_ms();
    adapter_finish(adapter, 30000);
    print_message("%d receipts in %lld ms\n", SUBMISSIONS, (long long)(rig_now_ms() - from_ms));
    rig_check_all(rig, &adapter, 1);
    assert_int_equal(adapter_receipted(adapter), SUBMISSIONS);
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM complaint"), SUBMISSIONS);
    assert_int_equal(
        rig_number(rig, "SELECT sum(count)::bigint FROM figure WHERE measure = 'received'"),
        SUBMISSIONS);
    few_at_a_time_fill_one_partition(rig, adapter);
    adapter_free(&adapter);
    rig_end(rig);
}

/* Whoever acts takes the case first, if he does not have it. */
static struct answer act(struct desk *desk, uint64_t case_id, const struct command *command)
{
    struct command look = {.actor = command->actor, .role = command->role, .case_id = case_id};
    struct answer answer = desk_ask(desk, &look, ANSWER_MS);
    if (answer.queue[0] != '\0') {
        struct command take = look;
        take.action = "claim";
        answer = desk_ask(desk, &take, ANSWER_MS);
        assert_int_equal(answer.outcome, DONE);
    }
    struct command now = *command;
    now.case_id = case_id;
    now.version = answer.version;
    return desk_ask(desk, &now, ANSWER_MS);
}

static struct answer
walk(struct desk *desk, uint64_t case_id, const struct beat *beats, size_t count)
{
    struct answer answer = {0};
    for (size_t i = 0; i < count; i++) {
        answer = act(desk, case_id, &beats[i].command);
        if (answer.outcome != DONE) {
            fail_msg("%s: %s in step %s", beats[i].command.action, answer.code, answer.step);
        }
        assert_string_equal(answer.step, beats[i].step);
    }
    return answer;
}

#define AGENT      .actor = "wang", .role = "agent"
#define SUPERVISOR .actor = "chen", .role = "supervisor"

static const struct beat general[] = {
    {{AGENT, .action = "reclassify", .fields = {{"category", "quality"}}}, "first-contact" },
    {{AGENT, .action = "contact", .fields = {{"understood", "漏水"}}},   "investigation" },
    {{AGENT,
      .action = "finding",
      .note = "水管老化",
      .fields = {{"cause", "seal"}, {"responsible", "product"}}},
     "solution"                                                                            },
    {{AGENT,
      .action = "propose",
      .fields = {{"solution", "更换"},
                 {"solution-date", "2026-12-01"},
                 {"solution-owner", "wang"},
                 {"solution-cost", "260.50"}}},
     "approval"                                                                            },
    {{SUPERVISOR, .action = "approve"},                                    "consent"       },
    {{AGENT, .action = "consent"},                                         "implementation"},
    {{AGENT, .action = "implement", .fields = {{"result", "已更换"}}},  "reply"         },
    {{AGENT, .action = "reply", .fields = {{"reply", "已解决"}}},       "follow-up"     },
    {{AGENT, .action = "follow-up", .fields = {{"satisfied", "yes"}}},     "follow-up"     },
    {{AGENT, .action = "close", .fields = {{"lesson", "检查密封"}}},   "closed"        },
    {{AGENT, .action = "reopen", .fields = {{"reason", "又漏水"}}},     "investigation" },
};

/* columns would be wider than the page */
/* clang-format off */
static const struct beat loyalty[] = {
    {{AGENT, .action = "reclassify", .fields = {{"category", "product-quality"}}}, "validity"},
    {{AGENT,
      .action = "tell-merchant-desk",
      .fields = {{"facts", "属实"}, {"written-basis", "yes"}}},
     "merchant-opinion"},
    {{.actor = "zhao",
      .role = "merchant-desk",
      .action = "opinion",
      .fields = {{"opinion", "换新券"}}},
 "solution"},
    {{AGENT, .action = "propose", .fields = {{"solution", "补发"}, {"form-number", "T-1"}}},
 "approval"},
    {{SUPERVISOR, .action = "approve", .fields = {{"approval-mail", "m-1"}}}, "reply"},
    {{AGENT, .action = "reply", .fields = {{"reply", "已补发"}}}, "consent"},
    {{AGENT, .action = "consent", .fields = {{"form-completed", "yes"}}}, "crm"},
    {{AGENT, .action = "implement", .fields = {{"crm-entry", "c-1"}, {"merchant-told", "yes"}}},
 "second-call"},
    {{AGENT, .action = "follow-up", .fields = {{"satisfied", "yes"}}}, "form"},
    {{AGENT, .action = "close", .fields = {{"form-closed", "yes"}}}, "closed"},
    {{AGENT, .action = "reopen", .fields = {{"reason", "还不行"}}}, "validity"},
};
/* clang-format on */

static uint64_t
one_case(struct rig *rig, struct adapter *adapter, const char *policy, const char *text)
{
    struct submission *item =
        adapter_add(adapter, &(struct content){policy, "phone", text, "555-1"}, NULL);
    adapter_finish(adapter, 10000);
    rig_settle(rig, 10000);
    assert_true(item->receipted);
    return item->leaf.case_id;
}

/* Out of the triage desk, when the text was not clear enough. */
static void classified(struct desk *desk, uint64_t case_id, const char *category)
{
    struct command look = {AGENT, .case_id = case_id};
    struct answer answer = desk_ask(desk, &look, ANSWER_MS);
    if (strcmp(answer.step, "triage") == 0) {
        struct command classify = {AGENT, .action = "classify", .fields = {{"category", category}}};
        assert_int_equal(act(desk, case_id, &classify).outcome, DONE);
    }
}

static void refusals_name_what_is_wrong(struct rig *rig, struct desk *desk, uint64_t case_id)
{
    struct command reject = {AGENT, .case_id = case_id, .action = "no-such-action"};
    struct answer answer = desk_ask(desk, &reject, ANSWER_MS);
    assert_int_equal(answer.outcome, REFUSED);
    assert_string_equal(answer.code, "action_unknown");
    assert_true(answer.allowed_count > 0);
    reject.action = "contact";
    reject.role = "manager";
    answer = desk_ask(desk, &reject, ANSWER_MS);
    assert_int_equal(answer.outcome, REFUSED);
    assert_string_equal(answer.code, "role_may_not");
    reject.role = "agent";
    reject.version = 9999;
    answer = desk_ask(desk, &reject, ANSWER_MS);
    assert_int_equal(answer.outcome, CONFLICT);
    assert_string_equal(answer.code, "version");
    struct command nowhere = {AGENT, .case_id = case_id + 100000, .action = "contact"};
    assert_int_equal(desk_ask(desk, &nowhere, ANSWER_MS).outcome, NOT_FOUND);
    (void)rig;
}

static void a_repeated_command_is_answered_and_not_done_twice(struct rig *rig,
                                                              struct desk *desk,
                                                              uint64_t case_id)
{
    struct command note = {AGENT, .case_id = case_id, .action = "note", .note = "客户来电"};
    adapter_uuid(note.id);
    struct answer first = desk_ask(desk, &note, ANSWER_MS);
    assert_int_equal(first.outcome, DONE);
    for (int i = 0; i < 3; i++) {
        struct answer again = desk_ask(desk, &note, ANSWER_MS);
        assert_int_equal(again.outcome, DONE);
        assert_string_equal(again.code, "repeated");
        assert_int_equal(again.seq, first.seq);
        assert_int_equal(again.version, first.version);
    }
    assert_int_equal(rig_number(rig,
                                "SELECT count(*) FROM journal WHERE service = 3 AND kind = 41 "
                                "AND case_id = %llu",
                                (unsigned long long)case_id),
                     1);
}

static void a_repeated_claim_answers_with_the_same_case(struct rig *rig, struct desk *desk)
{
    /* of the same customer: kept for whoever had the earlier one */
    struct command claim = {AGENT, .queue = "general-service/product"};
    adapter_uuid(claim.id);
    struct answer first = desk_ask(desk, &claim, ANSWER_MS);
    assert_int_equal(first.outcome, DONE);
    struct answer again = desk_ask(desk, &claim, ANSWER_MS);
    assert_int_equal(again.outcome, DONE);
    assert_int_equal(again.case_id, first.case_id);
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM complaint WHERE agent = 'wang'"), 1);
}

/* What it did itself is what would refuse it now: another version, nobody's case. */
static void a_repeated_command_is_answered_however_the_case_has_moved(struct desk *desk)
{
    struct command claim = {AGENT, .queue = "general-service/product"};
    struct answer held = desk_ask(desk, &claim, ANSWER_MS);
    assert_int_equal(held.outcome, DONE);
    struct command release = {
        AGENT, .case_id = held.case_id, .action = "release", .version = held.version};
    adapter_uuid(release.id);
    struct answer first = desk_ask(desk, &release, ANSWER_MS);
    assert_int_equal(first.outcome, DONE);
    struct command take = {AGENT, .case_id = held.case_id, .action = "claim"};
    adapter_uuid(take.id);
    struct answer taken = {0};
    for (int i = 0; i < 3; i++) {
        struct answer again = desk_ask(desk, &release, ANSWER_MS);
        assert_int_equal(again.outcome, DONE);
        assert_string_equal(again.code, "repeated");
        assert_int_equal(again.seq, first.seq);
        struct answer took = desk_ask(desk, &take, ANSWER_MS);
        assert_int_equal(took.outcome, DONE);
        assert_string_equal(took.agent, "wang");
        assert_true(i == 0 || took.seq == taken.seq);
        taken = took;
    }
    struct command stranger = release; /* never done: refused as ever */
    adapter_uuid(stranger.id);
    assert_int_equal(desk_ask(desk, &stranger, ANSWER_MS).outcome, CONFLICT);
}

/* Of different customers: nobody's rather than somebody else's. */
static void strangers(struct rig *rig, struct adapter *adapter)
{
    static const char *const contacts[ROUNDS + 1] = {"555-2", "555-3", "555-4", "555-5", "555-6"};
    for (size_t i = 0; i < sizeof contacts / sizeof *contacts; i++) {
        (void)adapter_add(
            adapter,
            &(struct content){"general-service", "phone", "洗衣机漏水，质量太差", contacts[i]},
            NULL);
    }
    adapter_finish(adapter, 10000);
    rig_settle(rig, 10000);
}

/* Nothing is done, and nothing is told of what the other command did. */
static void expect_reused(struct desk *desk, const struct command *command)
{
    struct answer answer = desk_ask(desk, command, ANSWER_MS);
    assert_int_equal(answer.outcome, REFUSED);
    assert_string_equal(answer.code, "command_id_reused");
    assert_string_equal(answer.agent, "");
    assert_true(answer.case_id == 0 && answer.seq == 0 && answer.version == 0);
}

/* Planted: the marks not compared; not stored; the version part of it; a claim of the id under way
 * not looked for. */
static void an_id_is_that_of_one_command(struct rig *rig, struct desk *desk, uint64_t other_case)
{
    struct command claim = {AGENT, .queue = "general-service/product"};
    adapter_uuid(claim.id);
    struct answer held = desk_ask(desk, &claim, ANSWER_MS);
    assert_int_equal(held.outcome, DONE);
    struct command first = {AGENT, .case_id = held.case_id, .action = "note", .note = "来电"};
    adapter_uuid(first.id);
    assert_int_equal(desk_ask(desk, &first, ANSWER_MS).outcome, DONE);
    struct command others[] = {first, first, first, first, claim, claim, first, claim};
    others[0].note = "来信";
    others[1].case_id = other_case;
    others[2].actor = "li";
    others[3].action = "release";
    others[4].queue = "general-service/service";
    others[5].actor = "li";
    memcpy(others[6].id, claim.id, sizeof claim.id);
    memcpy(others[7].id, first.id, sizeof first.id);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        expect_reused(desk, &others[i]);
    }
    first.version = held.version; /* what it was decided on is not what is asked for */
    assert_string_equal(desk_ask(desk, &first, ANSWER_MS).code, "repeated");
    assert_int_equal(desk_ask(desk, &claim, ANSWER_MS).case_id, held.case_id);
    assert_int_equal(rig_number(rig,
                                "SELECT count(*) FROM journal WHERE service = 3 AND kind = 41 "
                                "AND case_id = %llu",
                                (unsigned long long)held.case_id),
                     1);
}

/* Both on their way at once: whichever comes first has the id. */
static void an_id_in_use_is_that_of_one_command(struct desk *desk)
{
    struct command both[] = {
        {AGENT,            .queue = "general-service/product"},
        { .actor = "li", .role = "agent", .queue = "general-service/product"}
    };
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct answer answers[2];
        adapter_uuid(both[0].id);
        memcpy(both[1].id, both[0].id, sizeof both[0].id);
        desk_send(desk, &both[0]);
        desk_send(desk, &both[1]);
        assert_true(desk_take(desk, &answers[0], ANSWER_MS));
        assert_true(desk_take(desk, &answers[1], ANSWER_MS));
        int reused = (strcmp(answers[0].code, "command_id_reused") == 0) +
                     (strcmp(answers[1].code, "command_id_reused") == 0);
        assert_int_equal(reused, 1);
    }
}

static void cases_are_walked_to_their_end_and_opened_again(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 100);
    struct desk *desk = desk_new(rig, "a");
    uint64_t case_id = one_case(rig, adapter, "general-service", "洗衣机漏水，质量太差");
    classified(desk, case_id, "quality");
    struct answer answer = walk(desk, case_id, general, sizeof general / sizeof *general);
    assert_int_not_equal(answer.version, 0);
    refusals_name_what_is_wrong(rig, desk, case_id);
    a_repeated_command_is_answered_and_not_done_twice(rig, desk, case_id);
    case_id = one_case(rig, adapter, "loyalty-points", "兑换的券用不了");
    classified(desk, case_id, "product-quality");
    (void)walk(desk, case_id, loyalty, sizeof loyalty / sizeof *loyalty);
    for (int i = 0; i < 3; i++) {
        (void)one_case(rig, adapter, "general-service", "洗衣机漏水，质量太差");
    }
    a_repeated_claim_answers_with_the_same_case(rig, desk);
    a_repeated_command_is_answered_however_the_case_has_moved(desk);
    strangers(rig, adapter);
    an_id_is_that_of_one_command(rig, desk, case_id);
    an_id_in_use_is_that_of_one_command(desk);
    rig_check_all(rig, &adapter, 1);
    desk_free(&desk);
    adapter_free(&adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(everything_submitted_is_one_case_and_every_stream_adds_up,
                                  rig_teardown),
        cmocka_unit_test_teardown(cases_are_walked_to_their_end_and_opened_again, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
