/*
 * Goal: what concerns other people and other cases: who is named in the complaint, who held it
 * before, who stands in for whom, what is owed, what it was merged into, to whom it was given.
 * Method: stories over policy/lifecycle.yaml as in dispatch_rules.c.  Guards laws 2, 8 and 11.
 */
#include "dispatch_lifecycle.h"
#include "unit.h"

/* clang-format 14 crashes on ragged tables, and these stories are such. */
/* clang-format off */
#define TO(answer) .to = DISPATCH_##answer

static void who_is_named_in_the_complaint_neither_holds_claims_nor_decides(void **state)
{
    (void)state;
    static struct play play;
    play_open(&play, "late", "minor", 4);
    static const struct beat story[] = {
        {"mei",  "agent",      "claim",    TO(APPEND)},
        {"boss", "supervisor", "name",     {"concerns"}, " mei， li ,wang", TO(APPEND)},
    };
    PLAY(&play, story);
    assert_string_equal(play.state.agent, "");
    assert_int_not_equal(play.state.queue, POLICY_NONE);
    static const struct beat after[] = {
        {"mei",  "agent",      "claim",    TO(RECUSED)},
        {"li",   "agent",      "tell",     TO(RECUSED)},
        {"wang", "supervisor", "tell",     TO(ROLE_MAY_NOT)},
        {"li",   "agent",      "state",    TO(APPEND)},
        {"chen", "agent",      "transfer", {"agent"}, "mei", TO(RECUSED)},
        {"chen", "agent",      "tell",     TO(APPEND)},
        {"boss", "supervisor", "name",     {"concerns"}, "li", TO(APPEND)},
        {"mei",  "agent",      "claim",    TO(APPEND)},
    };
    PLAY(&play, after);
    story_end(&play);
}

static void more_people_than_can_be_kept_apart_are_refused_not_forgotten(void **state)
{
    (void)state;
    static struct play play;
    play_open(&play, "late", "minor", 4);
    static const struct beat story[] = {
        {"boss", "supervisor", "name", {"concerns"}, "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p", TO(APPEND)},
        {"mei",  "agent",      "tell", TO(TOO_MANY_PEOPLE)},
        {"p",    "agent",      "tell", TO(RECUSED)},
        {"boss", "supervisor", "name", {"concerns"}, "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q",
                 TO(TOO_MANY_PEOPLE)},
    };
    PLAY(&play, story);
    story_end(&play);
}

static void nothing_closes_while_an_obligation_is_open(void **state)
{
    (void)state;
    static struct play play;
    play_open(&play, "late", "minor", 4);
    static const struct beat story[] = {
        {"dep",   "department", "task-done",    TO(OBLIGATION)},
        {"mei",   "agent",      "assign-task",  TO(APPEND)},
        {"mei",   "agent",      "assign-task",  TO(APPEND)},
        {"mei",   "agent",      "promise-news", TO(APPEND)},
        {"buyer", "customer",   "withdraw",     TO(OBLIGATION)},
        {"dep",   "department", "task-done",    TO(APPEND)},
        {"buyer", "customer",   "withdraw",     TO(OBLIGATION)},
        {"dep",   "department", "task-done",    TO(APPEND)},
        {"dep",   "department", "task-done",    TO(OBLIGATION)},
        {"buyer", "customer",   "withdraw",     TO(APPEND)},
    };
    PLAY(&play, story);
    story_end(&play);
}

static void a_task_is_settled_by_its_number_and_so_many_may_be_open_at_once(void **state)
{
    (void)state;
    static struct play play;
    play_open(&play, "late", "minor", 4);
    uint16_t capa = policy_task_index(&lifecycle->policy, slice_text("capa"));
    for (int i = 0; i < POLICY_AT_ONCE_MAX; i++) {
        PLAY_ONE(&play, {"mei", "agent", "assign-task", TO(APPEND)});
    }
    assert_int_equal(play.state.more.open[capa], 0xff);
    static const struct beat story[] = {
        {"mei", "agent",      "assign-task", TO(OBLIGATION)},
        {"dep", "department", "task-done",   {"task"}, "3",  TO(APPEND)    },
        {"dep", "department", "task-done",   {"task"}, "3",  TO(OBLIGATION)},
        {"dep", "department", "task-done",   {"task"}, "9",  TO(OBLIGATION)},
        {"dep", "department", "task-done",   {"task"}, "33", TO(OBLIGATION)},
        {"dep", "department", "task-done",   TO(APPEND)    }, /* the lowest */
    };
    PLAY(&play, story);
    assert_int_equal(play.state.more.open[capa], 0xfa);
    PLAY_ONE(&play, {"mei", "agent", "assign-task", TO(APPEND)});
    assert_int_equal(play.state.more.open[capa], 0xfb);
    story_end(&play);
}

static void a_deputy_may_what_the_role_may_within_its_limits(void **state)
{
    (void)state;
    static struct play play;
    play_open(&play, "late", "minor", 4);
    PLAY_ONE(&play, {"dora", "deputy", "propose", {"amount"}, "99999", TO(APPEND)});
    PLAY_ONE(&play, {"dora", "deputy", "hold", TO(ACTION_UNKNOWN)});
    story_end(&play);
}

static struct dispatch_input merge_into(const struct play *play, struct event_field *field)
{
    *field = (struct event_field){.name = slice_text("case"), .value = slice_text("another")};
    struct dispatch_input merge = play_command(play, "boss", "supervisor", "merge");
    merge.fields = field;
    merge.field_count = 1;
    merge.other_case = case_id_make(5, 41);
    return merge;
}

static void a_merge_that_is_undone_restores_the_case(void **state)
{
    (void)state;
    static struct play play;
    static struct event_field field;
    play_open(&play, "late", "minor", 4);
    static const struct beat story[] = {
        {"mei",  "agent",      "claim", TO(APPEND)},
        {"mei",  "agent",      "tell",  TO(APPEND)},
        {"boss", "supervisor", "merge", TO(FIELD_MISSING)},
        {"boss", "supervisor", "merge", {"case"}, TO(FIELD_INVALID)}, /* given, but no number */
    };
    PLAY(&play, story);
    const struct dispatch_case before = play.state;
    struct dispatch_input merge = merge_into(&play, &field);
    merge.other_case = play.state.case_id;
    assert_int_equal(play_input(&play, &merge), DISPATCH_FIELD_INVALID);
    merge.other_case--;
    assert_int_equal(play_input(&play, &merge), DISPATCH_APPEND);
    assert_string_equal(step_of(&play), "done");
    assert_int_equal(play.state.more.outcome, OUTCOME_DUPLICATE);
    assert_int_equal(play.state.more.merged_into, case_id_make(5, 41));
    assert_string_equal(play.state.agent, "");
    story_end(&play);
    PLAY_ONE(&play, {"boss", "supervisor", "part", TO(APPEND)});
    story_end(&play);
    struct dispatch_case again = play.state;
    again.version = before.version; /* two events happened, and the time they took */
    again.updated_at_us = before.updated_at_us;
    assert_true(dispatch_case_equal(&again, &before));
    assert_string_equal(play.state.agent, "mei");
}

static void who_has_no_room_any_more_finds_the_unmerged_case_in_its_queue(void **state)
{
    (void)state;
    static struct play play;
    static struct event_field field;
    play_open(&play, "late", "minor", 4);
    PLAY_ONE(&play, {"mei", "agent", "claim", TO(APPEND)});
    struct dispatch_input merge = merge_into(&play, &field);
    assert_int_equal(play_input(&play, &merge), DISPATCH_APPEND);
    PLAY_ONE(&play, {"boss", "supervisor", "part", .full = true, TO(APPEND)});
    assert_string_equal(play.state.agent, "");
    assert_string_equal(lifecycle->policy.queues[play.state.queue].id, "desk");
    story_end(&play);
}

static void what_was_not_merged_cannot_be_parted(void **state)
{
    (void)state;
    static struct play play;
    play_open(&play, "late", "minor", 4);
    PLAY_ONE(&play, {"buyer", "customer", "withdraw", TO(APPEND)});
    PLAY_ONE(&play, {"boss", "supervisor", "part", TO(NOT_MERGED)});
    PLAY_ONE(&play, {"mei", "agent", "part", TO(NOT_MERGED)}); /* nor by others, as it would read */
    story_end(&play);
}

static void a_hold_is_lifted_once_and_only_where_there_is_one(void **state)
{
    (void)state;
    static struct play play;
    play_open(&play, "late", "minor", 4);
    PLAY_ONE(&play, {"buyer", "customer", "withdraw", TO(APPEND)});
    PLAY_ONE(&play, {"chief", "manager", "lift", TO(NOT_HELD)});
    PLAY_ONE(&play, {"chief", "manager", "hold", TO(APPEND)});
    assert_int_equal(play.state.more.hold, 1);
    PLAY_ONE(&play, {"chief", "manager", "hold", TO(HELD_BEFORE)}); /* one lift would end both */
    assert_int_equal(play.state.more.hold, 1);
    PLAY_ONE(&play, {"chief", "manager", "lift", TO(APPEND)});
    assert_int_equal(play.state.more.hold, 0);
    PLAY_ONE(&play, {"chief", "manager", "lift", TO(NOT_HELD)});
    story_end(&play);
}

static void an_independent_review_is_for_somebody_else(void **state)
{
    (void)state;
    static struct play play;
    play_open(&play, "late", "minor", 4);
    static const struct beat story[] = {
        {"mei",   "agent",    "claim",    TO(APPEND)},
        {"buyer", "customer", "withdraw", TO(APPEND)},
        {"buyer", "customer", "appeal",   TO(APPEND)},
        {"mei",   "agent",    "claim",    TO(EARLIER_HANDLER)},
        {"li",    "agent",    "claim",    TO(APPEND)},
        {"li",    "agent",    "release",  TO(APPEND)},
        {"li",    "agent",    "claim",    TO(APPEND)},
    };
    PLAY(&play, story);
    story_end(&play);
}

static void an_offer_is_accepted_or_goes_back(void **state)
{
    (void)state;
    static struct play play;
    play_open(&play, "late", "minor", 4);
    static const struct beat story[] = {
        {"boss", "supervisor", "offer",    TO(FIELD_MISSING)},
        {"boss", "supervisor", "offer",    {"agent"}, "mei", .full = true, TO(NO_CAPACITY)},
        {"boss", "supervisor", "offer",    {"agent"}, "mei", TO(APPEND)},
        {"mei",  "agent",      "tell",     TO(NOT_ACCEPTED)},
        {"li",   "agent",      "claim",    TO(NOT_QUEUED)},
        {"mei",  "agent",      "accept",   TO(APPEND)},
        {"mei",  "agent",      "tell",     TO(APPEND)},
        {"mei",  "agent",      "transfer", {"agent"}, "li", TO(APPEND)},
        {"li",   "agent",      "tell",     TO(APPEND)},
        {"li",   "agent",      "offer",    {"agent"}, "mei", TO(APPEND)},
        {"mei",  "agent",      "release",  TO(APPEND)},
        {"li",   "agent",      "claim",    TO(APPEND)},
        {"li",   "agent",      "offer",    {"agent"}, "mei", TO(APPEND)},
    };
    PLAY(&play, story);
    assert_int_equal(play.state.more.offered, 1);
    assert_int_equal(play.state.agent_role, 0);
    struct event late = play_clock(&play, EVENT_CLOCK_BREACHED, "offer", 1, 1);
    assert_int_equal(play_event(&play, DISPATCH_CLOCK, &late), DISPATCH_APPEND);
    assert_int_equal(play.last.kind, EVENT_RELEASED);
    assert_string_equal(play.state.agent, "");
    assert_int_equal(play.state.more.offered, 0);
    assert_int_equal(play.state.priority, 1); /* and is as urgent as the level asks for */
    assert_int_equal(play_event(&play, DISPATCH_CLOCK, &late), DISPATCH_NOTHING);
    story_end(&play);
}

/* A case that was offered to mei and then merged. */
static void offer_and_merge(struct play *play)
{
    static struct event_field field;
    play_open(play, "late", "minor", 4);
    PLAY_ONE(play, {"boss", "supervisor", "offer", {"agent"}, "mei", TO(APPEND)});
    struct dispatch_input merge = merge_into(play, &field);
    assert_int_equal(play_input(play, &merge), DISPATCH_APPEND);
    assert_string_equal(play->state.agent, "");
    assert_int_equal(play->state.more.offered, OFFER_MERGED);
}

static void an_open_offer_is_open_again_after_an_undone_merge(void **state)
{
    (void)state;
    static struct play play;
    offer_and_merge(&play);
    static const struct beat story[] = {
        {"boss", "supervisor", "part",   TO(APPEND)},
        {"mei",  "agent",      "tell",   TO(NOT_ACCEPTED)},
        {"li",   "agent",      "accept", TO(NOT_HOLDER)},
        {"mei",  "agent",      "accept", TO(APPEND)},
        {"mei",  "agent",      "tell",   TO(APPEND)},
    };
    PLAY(&play, story);
    story_end(&play);
    offer_and_merge(&play);
    PLAY_ONE(&play, {"boss", "supervisor", "part", TO(APPEND)});
    struct event late = play_clock(&play, EVENT_CLOCK_BREACHED, "offer", 1, 4);
    assert_int_equal(play_event(&play, DISPATCH_CLOCK, &late), DISPATCH_APPEND);
    assert_string_equal(play.state.agent, "");
    assert_string_equal(lifecycle->policy.queues[play.state.queue].id, "desk");
    story_end(&play);
}

/* The watchdog tells the breach before it has heard of the merge: no other will come. */
static void an_offer_whose_time_passes_while_merged_comes_back_to_the_queue(void **state)
{
    (void)state;
    static struct play play;
    offer_and_merge(&play);
    struct event late = play_clock(&play, EVENT_CLOCK_BREACHED, "offer", 1, 4);
    assert_int_equal(play_event(&play, DISPATCH_CLOCK, &late), DISPATCH_APPEND);
    assert_int_equal(play.last.kind, EVENT_RELEASED);
    assert_string_equal(step_of(&play), "done");
    assert_int_equal(play_event(&play, DISPATCH_CLOCK, &late), DISPATCH_NOTHING);
    PLAY_ONE(&play, {"boss", "supervisor", "part", TO(APPEND)});
    assert_string_equal(play.state.agent, "");
    assert_string_equal(lifecycle->policy.queues[play.state.queue].id, "desk");
    assert_int_equal(play.state.more.offered, OFFER_NONE);
    PLAY_ONE(&play, {"li", "agent", "claim", TO(APPEND)});
    PLAY_ONE(&play, {"li", "agent", "tell", TO(APPEND)});
    story_end(&play);
}

static void an_offer_ends_where_its_taker_is_full_or_the_case_is_reopened(void **state)
{
    (void)state;
    static struct play play;
    offer_and_merge(&play);
    PLAY_ONE(&play, {"boss", "supervisor", "part", .full = true, TO(APPEND)});
    assert_int_equal(play.state.more.offered, OFFER_NONE);
    PLAY_ONE(&play, {"mei", "agent", "claim", TO(APPEND)});
    PLAY_ONE(&play, {"mei", "agent", "tell", TO(APPEND)});
    story_end(&play);
    offer_and_merge(&play);
    PLAY_ONE(&play, {"boss", "supervisor", "reopen", TO(APPEND)});
    assert_int_equal(play.state.more.offered, OFFER_NONE);
    PLAY_ONE(&play, {"mei", "agent", "claim", TO(APPEND)});
    PLAY_ONE(&play, {"mei", "agent", "answer", {"by-channel"}, "phone", TO(APPEND)});
    story_end(&play);
}
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_named_in_the_complaint_neither_holds_claims_nor_decides),
        cmocka_unit_test(more_people_than_can_be_kept_apart_are_refused_not_forgotten),
        cmocka_unit_test(nothing_closes_while_an_obligation_is_open),
        cmocka_unit_test(a_task_is_settled_by_its_number_and_so_many_may_be_open_at_once),
        cmocka_unit_test(a_deputy_may_what_the_role_may_within_its_limits),
        cmocka_unit_test(a_merge_that_is_undone_restores_the_case),
        cmocka_unit_test(who_has_no_room_any_more_finds_the_unmerged_case_in_its_queue),
        cmocka_unit_test(what_was_not_merged_cannot_be_parted),
        cmocka_unit_test(a_hold_is_lifted_once_and_only_where_there_is_one),
        cmocka_unit_test(an_independent_review_is_for_somebody_else),
        cmocka_unit_test(an_offer_is_accepted_or_goes_back),
        cmocka_unit_test(an_open_offer_is_open_again_after_an_undone_merge),
        cmocka_unit_test(an_offer_whose_time_passes_while_merged_comes_back_to_the_queue),
        cmocka_unit_test(an_offer_ends_where_its_taker_is_full_or_the_case_is_reopened),
    };
    return cmocka_run_group_tests(tests, lifecycle_load, lifecycle_free);
}
