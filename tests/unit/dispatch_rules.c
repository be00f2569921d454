/*
 * Goal: what a policy asks before something may be done is asked, and nothing is half done where it
 * does not hold: marks, kept fields, limits by role, signatures by number and by sum, closing.
 * Method: stories over policy/lifecycle.yaml, as the loader reads it, each beat with the answer it
 * must get; the whole stream once more from nothing at the end of each, and through the bytes of
 * the archive and back.  Guards laws 8 and 11.
 */
#include "dispatch_lifecycle.h"
#include "dispatch_store_more.h"
#include "dispatch_wire.h"
#include "unit.h"

/* clang-format 14 crashes on ragged tables, and these stories are such. */
/* clang-format off */
#define TO(answer) .to = DISPATCH_##answer

static void a_delay_is_allowed_only_after_the_customer_was_told(void **state)
{
    (void)state;
    static struct play play;
    play_open(&play, "late", "minor", 4);
    PLAY_ONE(&play, {"mei", "agent", "delay", TO(REQUIREMENT)});
    refused_for(&play, "told");
    PLAY_ONE(&play, {"mei", "agent", "tell", TO(APPEND)});
    PLAY_ONE(&play, {"mei", "agent", "delay", TO(APPEND)});
    story_end(&play);
}

/* At that instant, whatever was before. */
static struct dispatch_permit at(struct play *play, int64_t now_us, const char *action)
{
    play->now_us = now_us;
    struct dispatch_input input = play_command(play, "mei", "agent", action);
    return dispatch_may(&lifecycle->policy, &play->state, &input, true);
}

static void what_may_be_done_for_some_time_only_is_refused_from_the_next_microsecond(void **state)
{
    (void)state;
    static struct play play;
    const int64_t end_us = fixture_at_us(2024, 3, 15, 17, 0); /* received on the 13th, 09:30 */
    play_open(&play, "late", "minor", 4);
    PLAY_ONE(&play, {"mei", "agent", "propose", {"amount"}, "100.00", TO(APPEND)});
    PLAY_ONE(&play, {"mei", "agent", "settle-early", TO(APPEND)});
    assert_int_equal(at(&play, end_us, "settle-early").answer, DISPATCH_APPEND);
    struct dispatch_permit permit = at(&play, end_us + 1, "settle-early");
    assert_int_equal(permit.answer, DISPATCH_TOO_LATE);
    assert_true(permit.until_us == end_us);
    assert_int_equal(permit.what.size, 0);
    assert_string_equal(permit.title->text[LOCALE_EN], "Within two days");
    PLAY_ONE(&play, {"mei", "agent", "settle-early", TO(TOO_LATE)});
    PLAY_ONE(&play, {"mei", "agent", "assign-task", TO(APPEND)});
    /* a server's clock that runs backwards gives nobody time: judged as the event is stamped */
    assert_int_equal(at(&play, end_us, "settle-early").answer, DISPATCH_TOO_LATE);
    story_end(&play);
}

static void what_may_be_done_after_some_time_waits_since_the_case_came_into_its_step(void **state)
{
    (void)state;
    static struct play play;
    const int64_t two_days_us = INT64_C(2) * 86400 * 1000000;
    play_open(&play, "late", "minor", 4);
    for (int turn = 0; turn < 2; turn++) {
        PLAY_ONE(&play, {"mei", "agent", "propose", {"amount"}, "100.00", .hours = 30, TO(APPEND)});
        int64_t since_us = play.state.step_since_us;
        PLAY_ONE(&play, {"mei", "agent", "insist", .hours = 40, TO(TOO_EARLY)});
        struct dispatch_permit permit = at(&play, since_us + two_days_us - 1, "insist");
        assert_int_equal(permit.answer, DISPATCH_TOO_EARLY);
        assert_true(permit.until_us == since_us + two_days_us);
        assert_int_equal(at(&play, since_us + two_days_us, "insist").answer, DISPATCH_APPEND);
        PLAY_ONE(&play, {"mei", "agent", "insist", TO(APPEND)});
        PLAY_ONE(&play, {"boss", "supervisor", "reject", TO(APPEND)});
    }
    story_end(&play);
}

static void who_refuses_a_complaint_has_to_have_found_it_without_ground(void **state)
{
    (void)state;
    static struct play play;
    play_open(&play, "late", "minor", 4);
    PLAY_ONE(&play, {"mei", "agent", "refuse", TO(REQUIREMENT)});
    refused_for(&play, "founded");
    const char *wanted[POLICY_CHOICES_MAX];
    struct dispatch_input refuse = play_command(&play, "mei", "agent", "refuse");
    struct dispatch_permit permit = dispatch_may(&lifecycle->policy, &play.state, &refuse, false);
    assert_non_null(permit.wanted); /* "Founded" alone would say the opposite */
    assert_int_equal(dispatch_wanted(&lifecycle->policy, permit.wanted, wanted), 1);
    assert_string_equal(wanted[0], "no");
    PLAY_ONE(&play, {"mei", "agent", "judge", {"founded"}, "perhaps", TO(FIELD_INVALID)});
    PLAY_ONE(&play, {"mei", "agent", "judge", {"founded"}, "no", TO(APPEND)});
    PLAY_ONE(&play, {"mei", "agent", "refuse", TO(APPEND)});
    assert_int_equal(play.last.advanced.outcome, OUTCOME_NOT_FOUNDED);
    assert_int_equal(play.state.more.outcome, OUTCOME_NOT_FOUNDED);
    story_end(&play);
}

static void a_role_decides_up_to_its_limit_and_hears_who_may_decide_more(void **state)
{
    (void)state;
    static struct play play;
    play_open(&play, "late", "minor", 4);
    static const struct beat story[] = {
        {"mei",  "agent",      "propose", {"amount"}, "100.01",  TO(LIMIT)},
        {"boss", "supervisor", "propose", {"amount"}, "1000.01", TO(LIMIT)},
        {"mei",  "agent",      "propose", {"amount"}, "-1",      TO(FIELD_INVALID)},
    };
    PLAY(&play, story);
    struct event_field amount = {.name = slice_text("amount"), .value = slice_text("500")};
    struct dispatch_input input = play_command(&play, "mei", "agent", "propose");
    input.fields = &amount;
    input.field_count = 1;
    struct dispatch_permit permit = dispatch_may(&lifecycle->policy, &play.state, &input, false);
    assert_int_equal(permit.answer, DISPATCH_LIMIT);
    assert_int_equal(permit.roles, 1U << 1 | 1U << 2); /* supervisor and manager */
    assert_int_equal(permit.limit->most, 1000000);       /* his own, and not what anybody may */
    assert_string_equal(permit.title->text[LOCALE_EN], "Amount");
    const struct dispatch_refusal refused = {.policy = &lifecycle->policy,
                                             .state = &play.state,
                                             .input = &input,
                                             .answer = DISPATCH_LIMIT,
                                             .field = permit.what};
    assert_ptr_equal(dispatch_reason_of(&refused).limit, permit.limit);
    PLAY_ONE(&play, {"mei", "agent", "propose", {"amount"}, "100.00", TO(APPEND)});
    assert_string_equal(step_of(&play), "signing");
    story_end(&play);
}

static void an_amount_that_is_neither_given_nor_kept_is_within_no_limit(void **state)
{
    (void)state;
    static struct play play;
    play_open(&play, "late", "minor", 4);
    PLAY_ONE(&play, {"buyer", "customer", "withdraw", TO(APPEND)});
    PLAY_ONE(&play, {"mei", "agent", "grant", TO(FIELD_MISSING)});
    refused_for(&play, "amount");
    struct dispatch_input grant = play_command(&play, "mei", "agent", "grant");
    struct dispatch_permit permit = dispatch_may(&lifecycle->policy, &play.state, &grant, false);
    assert_int_equal(permit.answer, DISPATCH_FIELD_MISSING);
    assert_string_equal(permit.title->text[LOCALE_EN], "Amount");
    permit = dispatch_may(&lifecycle->policy, &play.state, &grant, true); /* may be filled in */
    assert_int_equal(permit.answer, DISPATCH_APPEND);
    static const struct beat story[] = {
        {"boss", "supervisor", "grant", TO(APPEND)}, /* whose role has no limit */
        {"mei",  "agent",      "grant", {"amount"}, "100.01", TO(LIMIT)},
        {"mei",  "agent",      "grant", {"amount"}, "100",    TO(APPEND)},
        {"mei",  "agent",      "grant", TO(APPEND)}, /* it is kept */
    };
    PLAY(&play, story);
    story_end(&play);
}

static void two_different_people_sign_and_three_where_much_is_paid(void **state)
{
    (void)state;
    static struct play play;
    play_open(&play, "late", "minor", 4);
    static const struct beat little[] = {
        {"boss", "supervisor", "propose", {"amount"}, "499.99", TO(APPEND)},
        {"boss", "supervisor", "sign",    TO(REQUIREMENT)}, /* it is their own proposal */
        {"li",   "supervisor", "sign",    TO(APPEND)},
        {"li",   "manager",    "sign",    TO(REQUIREMENT)}, /* in whatever role */
        {"wang", "department", "sign",    TO(APPEND)},
    };
    PLAY(&play, little);
    assert_string_equal(step_of(&play), "reply");
    story_end(&play);
    play_open(&play, "late", "minor", 4);
    static const struct beat much[] = {
        {"boss", "supervisor", "propose", {"amount"}, "500", TO(APPEND)},
        {"li",   "supervisor", "sign",    TO(APPEND)},
        {"wang", "department", "sign",    TO(APPEND)},
    };
    PLAY(&play, much);
    assert_string_equal(step_of(&play), "signing");
    assert_string_equal(lifecycle->policy.queues[play.state.queue].id, "dear");
    PLAY_ONE(&play, {"chen", "manager", "sign", TO(APPEND)});
    assert_string_equal(step_of(&play), "reply");
    story_end(&play);
}

static void a_requirement_is_asked_only_where_it_applies(void **state)
{
    (void)state;
    static struct play play;
    play_open(&play, "late", "minor", 4);
    static const struct beat story[] = {
        {"mei", "agent", "judge",   {"founded"}, "yes", TO(APPEND)},
        {"mei", "agent", "propose", {"amount"},  "10",  TO(REQUIREMENT)},
    };
    PLAY(&play, story);
    refused_for(&play, "cause");
    struct event_field fields[] = {{.name = slice_text("founded"), .value = slice_text("yes")},
                                   {.name = slice_text("cause"), .value = slice_text("none")}};
    struct dispatch_input judge = play_command(&play, "mei", "agent", "judge");
    judge.fields = fields;
    judge.field_count = 2;
    assert_int_equal(play_input(&play, &judge), DISPATCH_APPEND);
    PLAY_ONE(&play, {"mei", "agent", "propose", {"amount"}, "10", TO(REQUIREMENT)});
    fields[1].value = slice_text("work");
    assert_int_equal(play_input(&play, &judge), DISPATCH_APPEND);
    PLAY_ONE(&play, {"mei", "agent", "propose", {"amount"}, "10", TO(APPEND)});
    story_end(&play);
}

/* Signed and waiting for its reply. */
static void come_to_reply(struct play *play, const char *category)
{
    play_open(play, category, "minor", 4);
    struct event_field fields[] = {{.name = slice_text("founded"), .value = slice_text("yes")},
                                   {.name = slice_text("cause"), .value = slice_text("work")}};
    struct dispatch_input judge = play_command(play, "mei", "agent", "judge");
    judge.fields = fields;
    judge.field_count = 2;
    assert_int_equal(play_input(play, &judge), DISPATCH_APPEND);
    static const struct beat story[] = {
        {"mei",  "agent",      "propose", {"amount"}, "10", TO(APPEND)},
        {"boss", "supervisor", "sign",    TO(APPEND)},
        {"chen", "manager",    "sign",    TO(APPEND)},
    };
    PLAY(play, story);
    /* the fields just used lie on this stack: the stream is not folded again with them */
    play->events[1].advanced.field_count = 0;
}

static void the_answer_goes_the_way_the_complaint_came(void **state)
{
    (void)state;
    static struct play play;
    come_to_reply(&play, "late");
    static const struct beat story[] = {
        {"mei", "agent", "answer", {"by-channel"}, "email", TO(REQUIREMENT)},
        {"mei", "agent", "answer", {"by-channel"}, "phone", TO(APPEND)},
        {"mei", "agent", "answer", {"by-channel"}, "phone", TO(APPEND)},
        {"mei", "agent", "answer", {"by-channel"}, "phone", TO(APPEND)},
        {"mei", "agent", "answer", {"by-channel"}, "phone", TO(REQUIREMENT)},
    };
    PLAY(&play, story);
    refused_for(&play, "replied");
}

static void closing_asks_for_all_the_policy_wants_of_that_kind_of_case(void **state)
{
    (void)state;
    static struct play play;
    come_to_reply(&play, "construction");
    static const struct beat story[] = {
        {"mei", "agent", "close",     TO(REQUIREMENT)},
        {"mei", "agent", "answer",    {"by-channel"}, "phone", TO(APPEND)},
        {"mei", "agent", "follow-up", TO(APPEND)},
        {"mei", "agent", "close",     TO(REQUIREMENT)},
    };
    PLAY(&play, story);
    refused_for(&play, "followed-up");
    struct dispatch_input close = play_command(&play, "mei", "agent", "close");
    struct dispatch_permit permit = dispatch_may(&lifecycle->policy, &play.state, &close, true);
    assert_int_equal(permit.answer, DISPATCH_REQUIREMENT);
    assert_string_equal(permit.title->text[LOCALE_EN], "Two follow-ups");
    PLAY_ONE(&play, {"mei", "agent", "follow-up", TO(APPEND)});
    PLAY_ONE(&play, {"mei", "agent", "close", TO(APPEND)});
    assert_int_equal(play.state.more.outcome, OUTCOME_SETTLED);
}

static void a_new_round_counts_from_nought_but_what_was_known_stays(void **state)
{
    (void)state;
    static struct play play;
    come_to_reply(&play, "late");
    static const struct beat story[] = {
        {"mei",  "agent",      "answer", {"by-channel"}, "phone", TO(APPEND)},
        {"mei",  "agent",      "close",  TO(APPEND)},
        {"boss", "supervisor", "reopen", TO(APPEND)},
        {"mei",  "agent",      "close",  TO(REQUIREMENT)},
    };
    PLAY(&play, story);
    refused_for(&play, "replied");
    assert_int_equal(play.state.more.outcome, OUTCOME_NONE);
    assert_int_not_equal(play.state.more.told, 0);
    PLAY_ONE(&play, {"mei", "agent", "answer", {"by-channel"}, "phone", TO(APPEND)});
    PLAY_ONE(&play, {"mei", "agent", "close", TO(APPEND)});
}

static void who_withdraws_owes_nothing(void **state)
{
    (void)state;
    static struct play play;
    play_open(&play, "construction", "minor", 4);
    PLAY_ONE(&play, {"buyer", "customer", "withdraw", TO(APPEND)});
    assert_int_equal(play.state.more.outcome, OUTCOME_WITHDRAWN);
    story_end(&play);
}

static void bytes_that_are_none_of_ours_are_no_state(void **state)
{
    (void)state;
    enum { FORM = DISPATCH_MORE_FORM };
    struct dispatch_more more;
    static const uint8_t good[] = {FORM, 3, 0, 1};
    static const uint8_t other[] = {FORM - 1, 3, 0, 1};
    static const uint8_t none[] = {3, 0, 1}; /* as it was before it had a number */
    static const uint8_t cut[] = {FORM, 3, 1};
    static const uint8_t unknown[] = {FORM, 200, 0, 1};
    static const uint8_t beyond[] = {FORM, 3, POLICY_MARKS_MAX, 1};
    static const uint8_t wide[] = {FORM, 3, 0, 0x80, 0x02};
    static const uint8_t endless[] = {FORM, 0,    0,    0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    assert_true(dispatch_more_unpack(slice_of(NULL, 0), &more));
    assert_true(dispatch_more_unpack(slice_of(good, sizeof good), &more));
    assert_false(dispatch_more_unpack(slice_of(other, sizeof other), &more));
    assert_false(dispatch_more_unpack(slice_of(none, sizeof none), &more));
    assert_false(dispatch_more_unpack(slice_of(cut, sizeof cut), &more));
    assert_false(dispatch_more_unpack(slice_of(unknown, sizeof unknown), &more));
    assert_false(dispatch_more_unpack(slice_of(beyond, sizeof beyond), &more));
    assert_false(dispatch_more_unpack(slice_of(wide, sizeof wide), &more));
    assert_false(dispatch_more_unpack(slice_of(endless, sizeof endless), &more));
}
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_be_done_for_some_time_only_is_refused_from_the_next_microsecond),
        cmocka_unit_test(what_may_be_done_after_some_time_waits_since_the_case_came_into_its_step),
        cmocka_unit_test(a_delay_is_allowed_only_after_the_customer_was_told),
        cmocka_unit_test(who_refuses_a_complaint_has_to_have_found_it_without_ground),
        cmocka_unit_test(a_role_decides_up_to_its_limit_and_hears_who_may_decide_more),
        cmocka_unit_test(an_amount_that_is_neither_given_nor_kept_is_within_no_limit),
        cmocka_unit_test(two_different_people_sign_and_three_where_much_is_paid),
        cmocka_unit_test(a_requirement_is_asked_only_where_it_applies),
        cmocka_unit_test(the_answer_goes_the_way_the_complaint_came),
        cmocka_unit_test(closing_asks_for_all_the_policy_wants_of_that_kind_of_case),
        cmocka_unit_test(a_new_round_counts_from_nought_but_what_was_known_stays),
        cmocka_unit_test(who_withdraws_owes_nothing),
        cmocka_unit_test(bytes_that_are_none_of_ours_are_no_state),
    };
    return cmocka_run_group_tests(tests, lifecycle_load, lifecycle_free);
}
