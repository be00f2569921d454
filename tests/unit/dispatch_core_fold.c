/*
 * Goal: what clocks do to a case, that folding is total, and where a case stands in its queue.
 * Method: stories over the fixture policy, as in dispatch_core.c; every fault an event can have,
 * one at a time. Guards law 8: the hints of the watchdog are no part of what refolding compares.
 */
#include "dispatch_play.h"
#include "unit.h"

static void stands(const struct play *play, uint16_t step, uint16_t queue, const char *agent)
{
    const struct dispatch_case *state = &play->state;
    if (state->step != step || state->queue != queue || strcmp(state->agent, agent) != 0) {
        fail_msg("step %u, queue %u, agent \"%s\"", state->step, state->queue, state->agent);
    }
}

static void a_clock_raises_the_priority_once_and_never_lowers_it(void **state)
{
    (void)state;
    struct play play;
    play_open(&play, "late", "minor", 4);
    struct event warned = play_clock(&play, EVENT_CLOCK_WARNED, "handling", 1, 0);
    assert_int_equal(play_event(&play, DISPATCH_CLOCK, &warned), DISPATCH_NOTHING);
    struct event breach = play_clock(&play, EVENT_CLOCK_BREACHED, "handling", 2, 2);
    assert_int_equal(play_event(&play, DISPATCH_CLOCK, &breach), DISPATCH_APPEND);
    assert_int_equal(play.last.kind, EVENT_ESCALATED);
    assert_int_equal(play.last.cause_service, SERVICE_WATCHDOG);
    assert_true(slice_equal(play.last.advanced.fields[0].value, slice_text("handling")));
    assert_int_equal(play.state.priority, 2);
    assert_int_equal(play.state.escalation, 2);
    stands(&play, FIXTURE_STEP_INVESTIGATION, FIXTURE_QUEUE_SERVICE, "");
    assert_int_equal(play_event(&play, DISPATCH_CLOCK, &breach), DISPATCH_NOTHING);
    struct event milder = play_clock(&play, EVENT_CLOCK_ESCALATED, "answer", 3, 3);
    assert_int_equal(play_event(&play, DISPATCH_CLOCK, &milder), DISPATCH_NOTHING);
    struct event absurd = play_clock(&play, EVENT_CLOCK_ESCALATED, "answer", 3, 6);
    play.state.priority = 5;
    assert_int_equal(play_event(&play, DISPATCH_CLOCK, &absurd), DISPATCH_NOTHING);
    struct event other = play_clock(&play, EVENT_CLOCK_BREACHED, "answer", 2, 1);
    other.case_id++;
    assert_int_equal(play_event(&play, DISPATCH_CLOCK, &other), DISPATCH_NOTHING);
}

/* The clock asked for it while the case was that urgent already, so nothing was left to raise and
 * dispatch's own stream does not tell of it: the clocks' row does.  Seen to fail where the core did
 * not heed that. */
static void a_milder_class_is_no_less_urgent_than_a_clock_has_asked_for(void **state)
{
    (void)state;
    static const struct event_field milder = {
        .name = {.bytes = (const uint8_t *)"severity_class", .size = sizeof "severity_class" - 1},
        .value = {.bytes = (const uint8_t *)"minor",          .size = sizeof "minor" - 1         }
    };
    static const struct {
        uint8_t asked, priority;
    } looks[] = {
        {2, 2},
        {0, 4},
        {5, 4},
        {1, 1}
    };
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        struct play play;
        play_open(&play, "safety", "grave", 1);
        struct event breach =
            play_clock(&play, EVENT_CLOCK_BREACHED, "handling", 2, looks[i].asked);
        assert_int_equal(play_event(&play, DISPATCH_CLOCK, &breach), DISPATCH_NOTHING);
        struct dispatch_input input = play_command(&play, "mei", "handler", "reclassify");
        input.fields = &milder;
        input.field_count = 1;
        input.raised_to = looks[i].asked;
        assert_int_equal(play_input(&play, &input), DISPATCH_APPEND);
        assert_int_equal(play.state.class_index, FIXTURE_CLASS_MINOR);
        assert_int_equal(play.state.priority, looks[i].priority);
        /* and says so where that made the difference (law 8: what was decided upon is kept) */
        bool decisive = looks[i].asked != 0 && looks[i].asked < 4;
        const struct event_advanced *told = &play.last.advanced;
        assert_int_equal(told->field_count, decisive ? 2 : 1);
        if (decisive) {
            assert_true(slice_equal(told->fields[1].name, slice_text("@raised-to")));
            assert_int_equal(told->fields[1].value.bytes[0] - '0', looks[i].asked);
        }
        play_end(&play);
    }
}

static void a_clock_does_not_touch_the_holder_nor_a_closed_case(void **state)
{
    (void)state;
    struct play play;
    play_open(&play, "late", "minor", 4);
    PLAY_ONE(&play, {"mei", "handler", "claim", .to = DISPATCH_APPEND});
    struct event breach = play_clock(&play, EVENT_CLOCK_BREACHED, "handling", 2, 2);
    assert_int_equal(play_event(&play, DISPATCH_CLOCK, &breach), DISPATCH_APPEND);
    stands(&play, FIXTURE_STEP_INVESTIGATION, POLICY_NONE, "mei");
    assert_int_equal(play.state.agent_role, FIXTURE_ROLE_HANDLER);
    PLAY_ONE(&play, {"buyer", "customer", "withdraw", .to = DISPATCH_APPEND});
    stands(&play, FIXTURE_STEP_CLOSED, POLICY_NONE, "");
    struct event late = play_clock(&play, EVENT_CLOCK_ESCALATED, "handling", 3, 1);
    assert_int_equal(play_event(&play, DISPATCH_CLOCK, &late), DISPATCH_NOTHING);
    play_end(&play);
}

static void the_nearest_due_time_is_known_after_one_clock_stops(void **state)
{
    (void)state;
    struct play play;
    play_open(&play, "late", "minor", 4);
    struct event handling = play_clock(&play, EVENT_CLOCKS_STARTED, "handling", 0, 0);
    handling.clocks.clocks[0].due_us = 3000;
    struct event answer = play_clock(&play, EVENT_CLOCKS_STARTED, "answer", 0, 0);
    answer.clocks.clocks[0].due_us = 2000;
    dispatch_evolve(policy_fixture(), &play.state, &handling);
    dispatch_evolve(policy_fixture(), &play.state, &answer);
    assert_int_equal(play.state.due_us, 2000);
    struct event safety = play_clock(&play, EVENT_CLOCKS_STARTED, "safety", 0, 0);
    safety.clocks.clocks[0].due_us = 4000;
    dispatch_evolve(policy_fixture(), &play.state, &safety);
    assert_int_equal(play.state.due_us, 2000);
    safety.clocks.clocks[0].due_us = 1000;
    safety.case_id++; /* another case's */
    dispatch_evolve(policy_fixture(), &play.state, &safety);
    assert_int_equal(play.state.due_us, 2000);
    safety.case_id--;
    safety.kind = EVENT_CLOCKS_STOPPED;
    safety.clocks.clocks[0].verdict = CLOCK_CANCELLED;
    dispatch_evolve(policy_fixture(), &play.state, &safety);
    answer.kind = EVENT_CLOCKS_STOPPED;
    answer.clocks.clocks[0].verdict = CLOCK_MET;
    dispatch_evolve(policy_fixture(), &play.state, &answer);
    assert_int_equal(play.state.due_us, 3000);
    handling.kind = EVENT_CLOCKS_PAUSED;
    handling.clocks.clocks[0].paused_at_us = 1;
    dispatch_evolve(policy_fixture(), &play.state, &handling);
    assert_int_equal(play.state.due_us, INT64_MAX);
    play_end(&play); /* the hints are no part of what refolding compares */
}

static void a_queue_is_followed_where_the_routes_had_chosen_it(void **state)
{
    (void)state;
    const struct policy *policy = policy_fixture();
    struct dispatch_case before = {.step = FIXTURE_STEP_TRIAGE,
                                   .queue = FIXTURE_QUEUE_TRIAGE,
                                   .category = POLICY_NONE,
                                   .class_index = FIXTURE_CLASS_MINOR};
    const struct {
        uint16_t from, queue, to, category, after;
    } rows[] = {
        {FIXTURE_STEP_TRIAGE,
         FIXTURE_QUEUE_TRIAGE,  FIXTURE_STEP_TRIAGE,
         FIXTURE_CATEGORY_SAFETY, FIXTURE_QUEUE_TRIAGE },
        {FIXTURE_STEP_TRIAGE,
         FIXTURE_QUEUE_TRIAGE,  FIXTURE_STEP_INVESTIGATION,
         FIXTURE_CATEGORY_SAFETY, FIXTURE_QUEUE_SAFETY },
 /* Even where the triage desk works from the queue the routes would give. */
        {FIXTURE_STEP_TRIAGE,
         FIXTURE_QUEUE_SERVICE, FIXTURE_STEP_TRIAGE,
         FIXTURE_CATEGORY_SAFETY, FIXTURE_QUEUE_SERVICE},
        {FIXTURE_STEP_APPROVAL,
         FIXTURE_QUEUE_SERVICE, FIXTURE_STEP_APPROVAL,
         FIXTURE_CATEGORY_SAFETY, FIXTURE_QUEUE_SAFETY },
        {FIXTURE_STEP_APPROVAL,
         FIXTURE_QUEUE_TRIAGE,  FIXTURE_STEP_APPROVAL,
         FIXTURE_CATEGORY_SAFETY, FIXTURE_QUEUE_TRIAGE },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        before.step = rows[i].from;
        before.queue = rows[i].queue;
        const struct policy_facts facts = {.category = rows[i].category,
                                           .class_index = FIXTURE_CLASS_MINOR};
        uint16_t queue = dispatch_queue_following(policy, &before, rows[i].to, &facts);
        if (queue != rows[i].after) {
            fail_msg("row %zu: queue %u", i, queue);
        }
    }
}

static void time_never_runs_backwards_in_a_case(void **state)
{
    (void)state;
    struct play play;
    play_open(&play, "late", "minor", 4);
    int64_t before_us = play.state.updated_at_us;
    PLAY_ONE(&play, {"mei", "handler", "claim", .hours = -5, .to = DISPATCH_APPEND});
    assert_int_equal(play.last.at_us, before_us);
    assert_int_equal(play.state.updated_at_us, before_us);
    play_end(&play);
}

static void an_event_that_makes_no_sense_changes_nothing(void **state)
{
    (void)state;
    struct play play;
    play_open(&play, "late", "minor", 4);
    struct dispatch_input input = play_command(&play, "mei", "handler", "claim");
    struct event good;
    struct slice refused;
    dispatch_decide(policy_fixture(), &play.state, &input, &good, &refused);
    const struct dispatch_case before = play.state;
    for (int fault = 0; fault < 14; fault++) {
        struct event event = good;
        struct event_advanced *advanced = &event.advanced;
        /* One fault a line. */
        /* clang-format off */
        switch (fault) {
        case 0: event.kind = EVENT_KIND_COUNT; break;
        case 1: event.kind = EVENT_RECEIVED; break;
        case 2: event.case_id++; break;
        case 3: advanced->version++; break;
        case 4: advanced->version--; break;
        case 5: advanced->to_step = slice_text("nowhere"); break;
        case 6: advanced->from_step = slice_text("approval"); break;
        case 7: advanced->queue = slice_text("service"); break; /* held and queued */
        case 8: advanced->agent = (struct slice){0}; break;     /* neither */
        case 9: advanced->to_step = slice_text("closed"); break; /* closed and held */
        case 10: advanced->priority = 0; break;
        case 11: advanced->priority = 6; break;
        case 12: advanced->category = slice_text("nonsense"); break;
        case 13: advanced->agent = slice_of(good.prev_hash, DISPATCH_AGENT_MAX); break;
        }
        /* clang-format on */
        dispatch_evolve(policy_fixture(), &play.state, &event);
        if (memcmp(&play.state, &before, sizeof before) != 0) {
            fail_msg("fault %d changed the case", fault);
        }
    }
    dispatch_evolve(policy_fixture(), &play.state, &good);
    assert_string_equal(play.state.agent, "mei");
    struct event opened = {.kind = EVENT_OPENED, .opened = {.step = slice_text("triage")}};
    const struct dispatch_case held = play.state;
    dispatch_evolve(policy_fixture(), &play.state, &opened);
    assert_memory_equal(&play.state, &held, sizeof held);
}

static void the_queue_gives_the_urgent_the_due_and_the_old_first(void **state)
{
    (void)state;
    const int64_t day_us = 86400 * INT64_C(1000000);
    const struct dispatch_case base = {
        .priority = 3, .received_at_us = 20000 * day_us, .due_us = 20005 * day_us};
    struct dispatch_case urgent = base;
    struct dispatch_case due_sooner = base;
    struct dispatch_case older = base;
    struct dispatch_case untimed = base;
    struct dispatch_case forgotten = base;
    urgent.priority = 2;
    urgent.due_us = INT64_MAX;
    due_sooner.due_us -= 1000000;
    older.received_at_us -= 60 * 1000000;
    untimed.due_us = INT64_MAX;
    forgotten.due_us = INT64_MAX;
    forgotten.received_at_us -= 26 * day_us;
    assert_true(dispatch_queue_score(&urgent) < dispatch_queue_score(&forgotten));
    assert_true(dispatch_queue_score(&forgotten) < dispatch_queue_score(&due_sooner));
    assert_true(dispatch_queue_score(&due_sooner) < dispatch_queue_score(&older));
    assert_true(dispatch_queue_score(&older) < dispatch_queue_score(&base));
    assert_true(dispatch_queue_score(&base) < dispatch_queue_score(&untimed));
    struct dispatch_case nonsense = {
        .priority = 255, .received_at_us = INT64_MIN, .due_us = INT64_MAX - 1};
    double score = dispatch_queue_score(&nonsense);
    assert_true(score > 0 && score < 9007199254740992.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_raises_the_priority_once_and_never_lowers_it),
        cmocka_unit_test(a_milder_class_is_no_less_urgent_than_a_clock_has_asked_for),
        cmocka_unit_test(a_clock_does_not_touch_the_holder_nor_a_closed_case),
        cmocka_unit_test(the_nearest_due_time_is_known_after_one_clock_stops),
        cmocka_unit_test(a_queue_is_followed_where_the_routes_had_chosen_it),
        cmocka_unit_test(time_never_runs_backwards_in_a_case),
        cmocka_unit_test(an_event_that_makes_no_sense_changes_nothing),
        cmocka_unit_test(the_queue_gives_the_urgent_the_due_and_the_old_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
