/*
 * Goal: the life of a case: who may do what when, where the case stands afterwards, and that
 * folding is total. Method: stories over the fixture policy, each beat a command or a foreign event
 * with the answer it must get; what dispatch appends is folded at once, and the whole stream once
 * more from nothing at the end of every story. dispatch_core_fold.c holds those of clocks and
 * folding, dispatch_random.c plays random ones.  Guards laws 2 (versions without gaps), 8
 * (refolding) and 11.
 */
#include "dispatch_play.h"
#include "unit.h"

/* clang-format 14 crashes on ragged tables, and these stories are such. */
/* clang-format off */
static void stands(const struct play *play, uint16_t step, uint16_t queue, const char *agent)
{
    const struct dispatch_case *state = &play->state;
    if (state->step != step || state->queue != queue || strcmp(state->agent, agent) != 0) {
        fail_msg("step %u, queue %u, agent \"%s\"", state->step, state->queue, state->agent);
    }
}

static void a_triaged_case_opens_in_the_first_step_and_the_routes_queue(void **state)
{
    (void)state;
    struct play play;
    play_open(&play, "late", "minor", 4);
    stands(&play, FIXTURE_STEP_INVESTIGATION, FIXTURE_QUEUE_SERVICE, "");
    assert_int_equal(play.state.version, 1);
    assert_int_equal(play.state.priority, 4);
    assert_int_equal(play.state.customer, 77);
    assert_int_equal(play.state.agent_role, POLICY_NONE);
    assert_true(play.state.acknowledged);
    assert_int_equal(play.state.due_us, INT64_MAX);
    assert_int_equal(play.last.service, SERVICE_DISPATCH);
    assert_int_equal(play.last.cause_service, SERVICE_TRIAGE);
    assert_int_equal(play.last.cause_seq, 9);
    assert_int_equal(play.last.partition, case_partition(play.state.case_id));
    play_open(&play, "safety", "serious", 2);
    assert_int_equal(play.state.queue, FIXTURE_QUEUE_SAFETY);
    play_open(&play, "late", "grave", 1);
    assert_int_equal(play.state.queue, FIXTURE_QUEUE_SAFETY);
    play_end(&play);
}

static void a_case_triage_asked_about_opens_at_the_triage_desk(void **state)
{
    (void)state;
    struct play play;
    play_init(&play);
    struct event asked = play_triaged("", "minor", 4);
    asked.kind = EVENT_TRIAGE_ASKED;
    assert_int_equal(play_event(&play, DISPATCH_TRIAGED, &asked), DISPATCH_APPEND);
    assert_true(play.last.opened.asked);
    stands(&play, FIXTURE_STEP_TRIAGE, FIXTURE_QUEUE_TRIAGE, "");
    assert_int_equal(play.state.category, POLICY_NONE);
    play_end(&play);
}

static void the_same_triage_again_gives_nothing(void **state)
{
    (void)state;
    struct play play;
    play_open(&play, "late", "minor", 4);
    struct event again = play_triaged("late", "minor", 4);
    assert_int_equal(play_event(&play, DISPATCH_TRIAGED, &again), DISPATCH_NOTHING);
    struct event received = {.kind = EVENT_RECEIVED, .case_id = again.case_id};
    play_init(&play);
    assert_int_equal(play_event(&play, DISPATCH_TRIAGED, &received), DISPATCH_NOTHING);
}

static void a_case_is_settled_step_by_step(void **state)
{
    (void)state;
    static const struct beat story[] = {
        {"mei",   "handler",    "claim",       .to = DISPATCH_APPEND        },
        {"mei",   "handler",    "acknowledge", .to = DISPATCH_APPEND        },
        {"mei",   "handler",    "approve",     .to = DISPATCH_ACTION_UNKNOWN},
        {"mei",   "handler",    "propose",     .to = DISPATCH_FIELD_MISSING },
        {"mei",   "handler",    "propose",     {"cause", "remedy"}, .to = DISPATCH_APPEND},
        {"boss",  "supervisor", "claim",       .to = DISPATCH_APPEND        },
        {"boss",  "supervisor", "approve",     .to = DISPATCH_APPEND        },
        {"mei",   "handler",    "claim",       .to = DISPATCH_APPEND        },
        {"buyer", "customer",   "consent",     .to = DISPATCH_APPEND        },
        {"mei",   "handler",    "implement",   .to = DISPATCH_APPEND        },
        {"mei",   "handler",    "reply",       .to = DISPATCH_APPEND        },
        {"mei",   "handler",    "follow_up",   .to = DISPATCH_APPEND        },
        {"mei",   "handler",    "close",       .to = DISPATCH_APPEND        },
    };
    struct play play;
    play_open(&play, "late", "minor", 4);
    PLAY(&play, story);
    stands(&play, FIXTURE_STEP_CLOSED, POLICY_NONE, "");
    assert_int_equal(play.state.closed_at_us, play.state.updated_at_us);
    assert_int_equal(play.state.followed_up, 1);
    assert_int_equal(play.state.version, 12);
    play_end(&play);
}

static void an_event_says_all_that_figures_need(void **state)
{
    (void)state;
    struct play play;
    play_open(&play, "late", "minor", 4);
    int64_t opened_at_us = play.state.step_since_us;
    PLAY_ONE(&play,
             {
                 "mei", "handler", "propose", {"cause", "remedy"},
                    .to = DISPATCH_APPEND
    });
    const struct event_advanced *advanced = &play.last.advanced;
    assert_int_equal(play.last.kind, EVENT_PROPOSED);
    assert_true(slice_equal(advanced->from_step, slice_text("investigation")));
    assert_true(slice_equal(advanced->to_step, slice_text("approval")));
    assert_true(slice_equal(advanced->queue, slice_text("service")));
    assert_true(slice_equal(advanced->category, slice_text("late")));
    assert_true(slice_equal(advanced->severity_class, slice_text("minor")));
    assert_true(slice_equal(advanced->channel, slice_text("phone")));
    assert_true(slice_equal(advanced->command_id, slice_text("0123456789abcdef")));
    assert_true(slice_equal(advanced->sealed_note, slice_text("sealed")));
    assert_int_equal(advanced->policy_id, FIXTURE_POLICY_ID);
    assert_int_equal(advanced->from_since_us, opened_at_us);
    assert_int_equal(advanced->version, 2);
    assert_int_equal(advanced->field_count, 2);
    play_end(&play);
}

static void a_claim_needs_a_queue_the_steps_role_and_capacity(void **state)
{
    (void)state;
    struct play play;
    play_init(&play);
    PLAY_ONE(&play, {"mei", "handler", "claim", .to = DISPATCH_NOT_QUEUED});
    play_open(&play, "late", "minor", 4);
    static const struct beat story[] = {
        {"boss", "supervisor", "claim", .to = DISPATCH_ROLE_MAY_NOT             },
        {"mei",  "stranger",   "claim", .to = DISPATCH_ROLE_MAY_NOT             },
        {"mei",  "handler",    "claim", .full = true, .to = DISPATCH_NO_CAPACITY},
        {"mei",  "handler",    "claim", .to = DISPATCH_APPEND                   },
        {"li",   "handler",    "claim", .to = DISPATCH_NOT_QUEUED               },
        {"mei",  "handler",    "claim", .to = DISPATCH_NOT_QUEUED               },
    };
    PLAY(&play, story);
    stands(&play, FIXTURE_STEP_INVESTIGATION, POLICY_NONE, "mei");
    assert_int_equal(play.state.agent_role, FIXTURE_ROLE_HANDLER);
    play_end(&play);
}

static void only_the_holder_releases_and_the_case_goes_back_where_it_stood(void **state)
{
    (void)state;
    struct play play;
    play_open(&play, "late", "minor", 4);
    static const struct beat story[] = {
        {"mei", "handler", "release", .to = DISPATCH_NOT_HOLDER},
        {"mei", "handler", "claim",   .to = DISPATCH_APPEND    },
        {"li",  "handler", "release", .to = DISPATCH_NOT_HOLDER},
        {"mei", "handler", "release", .to = DISPATCH_APPEND    },
        {"mei", "handler", "release", .to = DISPATCH_NOT_HOLDER},
    };
    PLAY(&play, story);
    stands(&play, FIXTURE_STEP_INVESTIGATION, FIXTURE_QUEUE_SERVICE, "");
    assert_int_equal(play.state.agent_role, POLICY_NONE);
    /* A grave case stands in safety by the routes, but an action had put this one into service. */
    play_open(&play, "late", "grave", 1);
    static const struct beat proposed[] = {
        {"mei",  "handler",    "propose", {"cause", "remedy"}, .to = DISPATCH_APPEND},
        {"boss", "supervisor", "claim",   .to = DISPATCH_APPEND},
        {"boss", "supervisor", "release", .to = DISPATCH_APPEND},
    };
    PLAY(&play, proposed);
    stands(&play, FIXTURE_STEP_APPROVAL, FIXTURE_QUEUE_SERVICE, "");
    play_end(&play);
}

static void a_colleague_of_the_holder_may_not_act_but_another_role_may(void **state)
{
    (void)state;
    struct play play;
    play_open(&play, "late", "minor", 4);
    static const struct beat story[] = {
        {"li",    "handler",    "note", .to = DISPATCH_APPEND       }, /* nobody holds it */
        {"mei",   "handler",    "claim", .to = DISPATCH_APPEND      },
        {"li",    "handler",    "note", .to = DISPATCH_NOT_HOLDER   },
        {"mei",   "handler",    "note", .to = DISPATCH_APPEND       },
        {"boss",  "supervisor", "note", .to = DISPATCH_APPEND       },
        {"buyer", "customer",   "note", .to = DISPATCH_APPEND       },
        {"buyer", "customer",   "contain", .to = DISPATCH_ROLE_MAY_NOT},
        {"mei",   "nobody",     "note", .to = DISPATCH_ROLE_MAY_NOT },
    };
    PLAY(&play, story);
    stands(&play, FIXTURE_STEP_INVESTIGATION, POLICY_NONE, "mei"); /* and mei keeps it */
    PLAY_ONE(&play, {"boss", "supervisor", "hand_over", .to = DISPATCH_APPEND});
    stands(&play, FIXTURE_STEP_INVESTIGATION, FIXTURE_QUEUE_SERVICE, "");
    play_end(&play);
}

static void nobody_approves_their_own_work(void **state)
{
    (void)state;
    struct play play;
    play_open(&play, "late", "minor", 4);
    static const struct beat story[] = {
        {"mei",  "handler",    "propose", {"cause", "remedy"}, .to = DISPATCH_APPEND},
        {"li",   "handler",    "note",    .to = DISPATCH_APPEND      }, /* does not launder it */
        {"mei",  "supervisor", "approve", .to = DISPATCH_SAME_PERSON },
        {"mei",  "supervisor", "claim",   .to = DISPATCH_APPEND      },
        {"mei",  "supervisor", "approve", .to = DISPATCH_SAME_PERSON },
        {"mei",  "supervisor", "reject",  .to = DISPATCH_FIELD_MISSING},
        {"mei",  "supervisor", "reject",  {"reason"}, .to = DISPATCH_APPEND},
        {"li",   "handler",    "propose", {"cause", "remedy"}, .to = DISPATCH_APPEND},
        {"mei",  "supervisor", "approve", .to = DISPATCH_APPEND      },
    };
    PLAY(&play, story);
    assert_int_equal(play.state.step, FIXTURE_STEP_CONSENT);
    play_end(&play);
}

static void a_command_on_an_older_version_is_refused(void **state)
{
    (void)state;
    struct play play;
    play_open(&play, "late", "minor", 4);
    static const struct beat story[] = {
        {"mei", "handler", "claim", .version = 2, .to = DISPATCH_VERSION},
        {"mei", "handler", "claim", .version = 1, .to = DISPATCH_APPEND },
        {"mei", "handler", "note",  .version = 1, .to = DISPATCH_VERSION},
        {"mei", "handler", "note",  .version = 2, .to = DISPATCH_APPEND },
        {"mei", "handler", "note",  .version = 0, .to = DISPATCH_APPEND },
    };
    PLAY(&play, story);
    play_end(&play);
}

static void a_missing_field_is_named_and_an_empty_one_is_missing(void **state)
{
    (void)state;
    struct play play;
    play_open(&play, "late", "minor", 4);
    PLAY_ONE(&play, {"mei", "handler", "propose", {"cause"}, .to = DISPATCH_FIELD_MISSING});
    assert_true(slice_equal(play.refused, slice_text("remedy")));
    struct dispatch_input input = play_command(&play, "mei", "handler", "propose");
    struct event_field fields[POLICY_NEEDS_MAX + 1] = {
        {.name = slice_text("cause"),  .value = slice_text("late van")},
        {.name = slice_text("remedy"), .value = slice_text("")        },
    };
    fields[2] = fields[0];
    fields[POLICY_NEEDS_MAX].name = slice_text("beyond");
    input.fields = fields;
    input.field_count = POLICY_NEEDS_MAX + 1; /* leaves no room for what dispatch adds: law 9 */
    assert_int_equal(play_input(&play, &input), DISPATCH_FIELD_INVALID);
    assert_true(slice_equal(play.refused, slice_text("beyond")));
    input.field_count = 3; /* one twice: which is meant? */
    assert_int_equal(play_input(&play, &input), DISPATCH_FIELD_INVALID);
    input.field_count = 2;
    assert_int_equal(play_input(&play, &input), DISPATCH_FIELD_MISSING);
    fields[1].value = slice_text("refund");
    assert_int_equal(play_input(&play, &input), DISPATCH_APPEND);
    play_end(&play);
}

static void an_actor_whose_name_cannot_be_kept_may_do_nothing(void **state)
{
    (void)state;
    struct play play;
    play_open(&play, "late", "minor", 4);
    static const char longest[] = "12345678901234567890123456789012345678901234567";
    static const char too_long[] = "123456789012345678901234567890123456789012345678";
    PLAY_ONE(&play, {"", "handler", "claim", .to = DISPATCH_FIELD_MISSING});
    PLAY_ONE(&play, {too_long, "handler", "claim", .to = DISPATCH_FIELD_INVALID});
    assert_true(slice_equal(play.refused, slice_text("actor")));
    PLAY_ONE(&play, {longest, "handler", "claim", .to = DISPATCH_APPEND});
    assert_string_equal(play.state.agent, longest);
    play_end(&play);
}

static void play_asked(struct play *play)
{
    play_init(play);
    struct event asked = play_triaged("", "minor", 4);
    asked.kind = EVENT_TRIAGE_ASKED;
    assert_int_equal(play_event(play, DISPATCH_TRIAGED, &asked), DISPATCH_APPEND);
}

static void a_person_decides_the_category_and_the_case_goes_where_it_belongs(void **state)
{
    (void)state;
    struct play play;
    play_asked(&play);
    static const struct beat story[] = {
        {"mei", "handler", "claim",    .to = DISPATCH_APPEND       },
        {"mei", "handler", "classify", .to = DISPATCH_FIELD_MISSING},
        {"mei", "handler", "classify", {"category"}, .value = "fate", .to = DISPATCH_FIELD_INVALID},
        {"mei", "handler", "classify", {"category"}, .value = "safety", .to = DISPATCH_APPEND},
    };
    PLAY(&play, story);
    stands(&play, FIXTURE_STEP_INVESTIGATION, FIXTURE_QUEUE_SAFETY, "");
    assert_int_equal(play.state.category, FIXTURE_CATEGORY_SAFETY);
    assert_int_equal(play.state.class_index, FIXTURE_CLASS_SERIOUS); /* by the override */
    assert_int_equal(play.state.priority, 2);
    play_end(&play);
}

static void a_class_falls_only_when_a_person_names_it(void **state)
{
    (void)state;
    struct play play;
    play_open(&play, "safety", "grave", 1);
    static const struct beat story[] = {
        {"mei", "handler", "reclassify", {"category"}, .value = "attitude", .to = DISPATCH_APPEND},
        {"mei", "handler", "reclassify", {"category"}, .value = "safety", .to = DISPATCH_APPEND},
        {"mei", "handler", "reclassify", {"category"}, .value = "attitude", .to = DISPATCH_APPEND},
    };
    PLAY(&play, story);
    assert_int_equal(play.state.class_index, FIXTURE_CLASS_GRAVE);
    stands(&play, FIXTURE_STEP_INVESTIGATION, FIXTURE_QUEUE_SAFETY, "");
    PLAY_ONE(&play,
             {"mei",
              "handler",
              "reclassify",
              {"severity_class"},
              .value = "harmless",
              .to = DISPATCH_FIELD_INVALID});
    PLAY_ONE(&play,
             {"mei",
              "handler",
              "reclassify",
              {"severity_class"},
              .value = "minor",
              .to = DISPATCH_APPEND});
    assert_int_equal(play.state.class_index, FIXTURE_CLASS_MINOR);
    assert_int_equal(play.state.priority, 4);
    /* It stood where the routes had put it, so it follows them. */
    stands(&play, FIXTURE_STEP_INVESTIGATION, FIXTURE_QUEUE_SERVICE, "");
    play_end(&play);
}

static void a_held_case_that_is_reclassified_goes_to_its_new_queue_when_released(void **state)
{
    (void)state;
    struct play play;
    play_open(&play, "late", "minor", 4);
    static const struct beat story[] = {
        {"mei", "handler", "claim",      .to = DISPATCH_APPEND},
        {"mei", "handler", "reclassify", {"category"}, .value = "safety", .to = DISPATCH_APPEND},
    };
    PLAY(&play, story);
    stands(&play, FIXTURE_STEP_INVESTIGATION, POLICY_NONE, "mei");
    PLAY_ONE(&play, {"mei", "handler", "release", .to = DISPATCH_APPEND});
    stands(&play, FIXTURE_STEP_INVESTIGATION, FIXTURE_QUEUE_SAFETY, "");
    play_end(&play);
}

static void reclassifying_does_not_undo_what_the_watchdog_raised(void **state)
{
    (void)state;
    struct play play;
    play_open(&play, "late", "minor", 4);
    struct event breach = play_clock(&play, EVENT_CLOCK_BREACHED, "handling", 2, 2);
    assert_int_equal(play_event(&play, DISPATCH_CLOCK, &breach), DISPATCH_APPEND);
    static const struct beat story[] = {
        {"mei", "handler", "reclassify", {"category"}, .value = "other", .to = DISPATCH_APPEND},
    };
    PLAY(&play, story);
    assert_int_equal(play.state.priority, 2);
    play_end(&play);
}

static void a_closed_case_reopens_within_its_window_only(void **state)
{
    (void)state;
    struct play play;
    play_open(&play, "late", "minor", 4);
    static const struct beat story[] = {
        {"mei",   "handler",  "claim",    .to = DISPATCH_APPEND        },
        {"mei",   "handler",  "reject",   {"reason"}, .to = DISPATCH_APPEND},
        {"mei",   "handler",  "claim",    .to = DISPATCH_NOT_QUEUED    },
        {"mei",   "handler",  "release",  .to = DISPATCH_NOT_HOLDER    },
        {"mei",   "handler",  "contain",  .to = DISPATCH_ACTION_UNKNOWN},
        {"mei",   "handler",  "reopen",   .to = DISPATCH_ROLE_MAY_NOT  },
        {"buyer", "customer", "reopen",   .hours = 30 * 24 - 1, .to = DISPATCH_APPEND},
    };
    PLAY(&play, story);
    stands(&play, FIXTURE_STEP_INVESTIGATION, FIXTURE_QUEUE_SERVICE, "");
    assert_int_equal(play.state.reopened, 1);
    assert_int_equal(play.state.closed_at_us, 0);
    static const struct beat late[] = {
        {"mei",   "handler",  "reject", {"reason"}, .to = DISPATCH_APPEND},
        {"boss",  "supervisor", "note", .hours = 31 * 24, .to = DISPATCH_APPEND},
        {"buyer", "customer", "reopen", .to = DISPATCH_CLOSED},
        {"buyer", "customer", "withdraw", .to = DISPATCH_ACTION_UNKNOWN},
    };
    PLAY(&play, late);
    stands(&play, FIXTURE_STEP_CLOSED, POLICY_NONE, "");
    assert_int_equal(play.state.reopened, 1);
    play_end(&play);
}

static void the_window_for_reopening_ends_with_its_last_second(void **state)
{
    (void)state;
    struct play play;
    play_open(&play, "late", "minor", 4);
    PLAY_ONE(&play, {"buyer", "customer", "withdraw", .to = DISPATCH_APPEND});
    struct dispatch_input input = play_command(&play, "buyer", "customer", "reopen");
    input.now_us = play.state.closed_at_us + (30 * 86400 + 1) * INT64_C(1000000);
    assert_int_equal(play_input(&play, &input), DISPATCH_CLOSED);
    input.now_us -= 1000000;
    assert_int_equal(play_input(&play, &input), DISPATCH_APPEND);
    play_end(&play);
}

static void a_case_an_action_had_put_somewhere_stays_there(void **state)
{
    (void)state;
    struct play play;
    play_open(&play, "late", "grave", 1);
    static const struct beat story[] = {
        {"mei",  "handler",    "propose", {"cause", "remedy"}, .to = DISPATCH_APPEND},
        {"boss", "supervisor", "note",    .to = DISPATCH_APPEND},
    };
    PLAY(&play, story);
    stands(&play, FIXTURE_STEP_APPROVAL, FIXTURE_QUEUE_SERVICE, "");
    play_end(&play);
}

static void what_was_not_told_with_the_receipt_is_acknowledged_later(void **state)
{
    (void)state;
    struct play play;
    play_init(&play);
    struct event triaged = play_triaged("late", "minor", 4);
    triaged.triaged.acknowledged_by_receipt = false;
    assert_int_equal(play_event(&play, DISPATCH_TRIAGED, &triaged), DISPATCH_APPEND);
    assert_false(play.state.acknowledged);
    PLAY_ONE(&play, {"mei", "handler", "acknowledge", .to = DISPATCH_APPEND});
    assert_true(play.state.acknowledged);
    play_end(&play);
}

static void follow_ups_are_counted_anew_after_reopening(void **state)
{
    (void)state;
    struct play play;
    play_open(&play, "late", "minor", 4);
    play.state.step = FIXTURE_STEP_FOLLOW_UP; /* tests may build any state */
    static const struct beat story[] = {
        {"mei",  "handler",    "follow_up", .to = DISPATCH_APPEND},
        {"mei",  "handler",    "follow_up", .to = DISPATCH_APPEND},
        {"mei",  "handler",    "close",     .to = DISPATCH_APPEND},
    };
    PLAY(&play, story);
    assert_int_equal(play.state.followed_up, 2);
    PLAY_ONE(&play, {"boss", "supervisor", "reopen", .to = DISPATCH_APPEND});
    assert_int_equal(play.state.followed_up, 0);
}

static void every_answer_has_its_own_stable_code(void **state)
{
    (void)state;
    for (unsigned i = 0; i < DISPATCH_ANSWER_COUNT; i++) {
        const char *code = dispatch_answer_code((enum dispatch_answer)i);
        assert_non_null(code);
        for (unsigned j = 0; j < i; j++) {
            assert_string_not_equal(code, dispatch_answer_code((enum dispatch_answer)j));
        }
    }
    assert_string_equal(dispatch_answer_code(DISPATCH_ROLE_MAY_NOT), "role_may_not");
    assert_string_equal(dispatch_answer_code(DISPATCH_ANSWER_COUNT), "unknown");
}

/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_triaged_case_opens_in_the_first_step_and_the_routes_queue),
        cmocka_unit_test(a_case_triage_asked_about_opens_at_the_triage_desk),
        cmocka_unit_test(the_same_triage_again_gives_nothing),
        cmocka_unit_test(a_case_is_settled_step_by_step),
        cmocka_unit_test(an_event_says_all_that_figures_need),
        cmocka_unit_test(a_claim_needs_a_queue_the_steps_role_and_capacity),
        cmocka_unit_test(only_the_holder_releases_and_the_case_goes_back_where_it_stood),
        cmocka_unit_test(a_colleague_of_the_holder_may_not_act_but_another_role_may),
        cmocka_unit_test(nobody_approves_their_own_work),
        cmocka_unit_test(a_command_on_an_older_version_is_refused),
        cmocka_unit_test(a_missing_field_is_named_and_an_empty_one_is_missing),
        cmocka_unit_test(an_actor_whose_name_cannot_be_kept_may_do_nothing),
        cmocka_unit_test(a_person_decides_the_category_and_the_case_goes_where_it_belongs),
        cmocka_unit_test(a_class_falls_only_when_a_person_names_it),
        cmocka_unit_test(a_held_case_that_is_reclassified_goes_to_its_new_queue_when_released),
        cmocka_unit_test(reclassifying_does_not_undo_what_the_watchdog_raised),
        cmocka_unit_test(a_closed_case_reopens_within_its_window_only),
        cmocka_unit_test(the_window_for_reopening_ends_with_its_last_second),
        cmocka_unit_test(a_case_an_action_had_put_somewhere_stays_there),
        cmocka_unit_test(what_was_not_told_with_the_receipt_is_acknowledged_later),
        cmocka_unit_test(follow_ups_are_counted_anew_after_reopening),
        cmocka_unit_test(every_answer_has_its_own_stable_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
