/*
 * The watchdog's core under policies that ask for more: clocks that restart, many levels at once,
 * streams of which one is late.
 *
 * Goal: what the fixture's policy does not need works all the same.  Method: stories in virtual
 * time, each with clocks of its own.  Guards law 7 and law 11 (the rules are data).
 */
#include "policy_fixture.h"
#include "unit.h"
#include "watchdog_core.h"
#include "watchdog_desk.h"

#define KIND(kind) (1ULL << (kind))

/* Of March 2024; the 4th is a Monday. */
static int64_t on(int day, int hour, int minute)
{
    return fixture_at_us(2024, 3, day, hour, minute);
}

static struct policy with(const struct policy_clock *clocks, uint16_t count)
{
    struct policy policy = *policy_fixture();
    policy.clocks = clocks;
    policy.clock_count = count;
    return policy;
}

/* One hour, elapsed, with a breach. */
static struct policy_clock hour(uint64_t starts, uint64_t stops)
{
    return (struct policy_clock){
        .id = "hour",
        .starts = {starts},
        .stops = {stops},
        .target_s = 3600,
        .level_count = 1,
        .levels = {{LEVEL_BREACH, OFFSET_PERCENT, 100, POLICY_NONE, 0}},
    };
}

static void a_clock_that_its_own_answer_starts_again_gets_a_verdict_a_run(void **state)
{
    (void)state;
    static const struct policy_clock progress[] = {
        {
         .id = "progress",
         .starts = {1ULL << EVENT_OPENED | 1ULL << EVENT_CONTACTED},
         .stops = {1ULL << EVENT_CONTACTED},
         .target = TARGET_ELAPSED,
         .target_s = 3600,
         .level_count = 1,
         .levels = {{LEVEL_BREACH, OFFSET_PERCENT, 100, POLICY_NONE, 0}},
         },
    };
    struct policy policy = *policy_fixture();
    policy.clocks = progress;
    policy.clock_count = 1;
    struct desk desk;
    desk_open(&desk, &policy);
    desk_hear(&desk, desk_opened(&desk, on(4, 9, 0), on(4, 9, 0), "minor"));
    assert_int_equal(desk_hear(&desk, desk_advanced(&desk, EVENT_CONTACTED, on(4, 9, 30), "")), 2);
    assert_int_equal(desk.journal[desk.count - 2].kind, EVENT_CLOCKS_STOPPED);
    assert_int_equal(desk.journal[desk.count - 2].clocks.clocks[0].verdict, CLOCK_MET);
    assert_int_equal(desk_last(&desk)->kind, EVENT_CLOCKS_STARTED);
    assert_int_equal(desk_last(&desk)->clocks.clocks[0].generation, 2);
    assert_int_equal(desk.state.clocks[0].due_us, on(4, 10, 30));
    assert_int_equal(desk_hear(&desk, desk_advanced(&desk, EVENT_CONTACTED, on(4, 11, 0), "")), 3);
    assert_int_equal(desk.journal[desk.count - 2].clocks.clocks[0].verdict, CLOCK_MISSED);
    assert_int_equal(desk.state.clocks[0].breached, 0);
    assert_int_equal(desk.state.clocks[0].levels_fired, 0);
    assert_true(desk_same(desk.policy, &desk.state, &desk.mirror));
}

static void more_levels_than_an_answer_holds_come_in_order_over_several(void **state)
{
    (void)state;
    struct policy_clock many[EVENT_CLOCKS_MAX];
    memset(many, 0, sizeof many);
    for (int i = 0; i < EVENT_CLOCKS_MAX; i++) {
        many[i].id[0] = (char)('a' + i);
        many[i].starts[0] = 1ULL << EVENT_RECEIVED;
        many[i].stops[0] = 1ULL << EVENT_REPLIED;
        many[i].target_s = 3600 + i;
        many[i].level_count = POLICY_LEVELS_MAX;
        for (int j = 0; j < POLICY_LEVELS_MAX; j++) {
            many[i].levels[j] = (struct policy_level){
                j == 3 ? LEVEL_BREACH : LEVEL_WARN, OFFSET_PERCENT, 25 * (j + 1), POLICY_NONE, 0};
        }
    }
    struct policy policy = *policy_fixture();
    policy.clocks = many;
    policy.clock_count = EVENT_CLOCKS_MAX;
    struct desk desk;
    desk_open(&desk, &policy);
    desk_hear(&desk, desk_received(on(4, 9, 0), "mail", false));
    assert_int_equal(desk_last(&desk)->clocks.count, EVENT_CLOCKS_MAX);
    uint32_t told = desk_hear(&desk, desk_advanced(&desk, EVENT_REPLIED, on(5, 9, 0), ""));
    assert_int_equal(told, EVENT_CLOCKS_MAX * POLICY_LEVELS_MAX + 1);
    for (uint32_t i = 2; i + 1 < desk.count; i++) {
        assert_true(desk.journal[i].clocks.clocks[0].level_due_us >=
                    desk.journal[i - 1].clocks.clocks[0].level_due_us);
    }
    assert_int_equal(desk_last(&desk)->kind, EVENT_CLOCKS_STOPPED);
    assert_int_equal(desk_last(&desk)->clocks.count, EVENT_CLOCKS_MAX);

    desk_open(&desk, &policy); /* the same by ticks alone */
    desk_hear(&desk, desk_received(on(4, 9, 0), "mail", false));
    assert_int_equal(desk_tick(&desk, on(5, 9, 0)), EVENT_CLOCKS_MAX * POLICY_LEVELS_MAX);
}

static void an_answer_seen_before_the_start_it_belongs_to_is_not_forgotten(void **state)
{
    (void)state;
    const struct policy_clock clock = hour(KIND(EVENT_TRIAGED), KIND(EVENT_ASSIGNED));
    const struct policy policy = with(&clock, 1);
    struct desk desk;
    desk_open(&desk, &policy);
    desk_hear(&desk, desk_opened(&desk, on(4, 10, 0), on(4, 9, 0), "minor"));
    assert_int_equal(desk_hear(&desk, desk_advanced(&desk, EVENT_ASSIGNED, on(4, 10, 10), "")), 0);
    assert_int_equal(desk_hear(&desk, desk_triaged(on(4, 9, 30), on(4, 9, 0), "minor")), 1);
    assert_int_equal(desk_last(&desk)->kind, EVENT_CLOCKS_STARTED);
    assert_int_equal(desk_last(&desk)->clocks.clocks[0].verdict, CLOCK_MET);
    assert_int_equal(desk_last(&desk)->clocks.clocks[0].used_s, 2400);
    assert_int_equal(desk_tick(&desk, on(6, 9, 0)), 0);
}

static void whichever_stream_speaks_first_tells_of_the_receipt(void **state)
{
    (void)state;
    const struct policy_clock clock = hour(KIND(EVENT_RECEIVED), KIND(EVENT_REPLIED));
    const struct policy policy = with(&clock, 1);
    struct desk desk;
    desk_open(&desk, &policy);
    assert_int_equal(desk_hear(&desk, desk_opened(&desk, on(4, 9, 30), on(4, 9, 0), "minor")), 1);
    assert_int_equal(desk.state.clocks[0].started_at_us, on(4, 9, 0));
    assert_int_equal(desk_hear(&desk, desk_received(on(4, 9, 0), "mail", false)), 0);
}

static void a_receipt_that_comes_again_acknowledges_nothing_new(void **state)
{
    (void)state;
    const struct policy_clock clock = hour(KIND(EVENT_OPENED), KIND(EVENT_ACKNOWLEDGED));
    const struct policy policy = with(&clock, 1);
    struct desk desk;
    desk_open(&desk, &policy);
    desk_hear(&desk, desk_received(on(4, 9, 0), "phone", true));
    desk_hear(&desk, desk_opened(&desk, on(4, 10, 0), on(4, 9, 0), "minor"));
    assert_int_equal(desk_hear(&desk, desk_received(on(4, 9, 0), "phone", true)), 0);
    assert_int_equal(desk.state.clocks[0].phase, WATCH_RUNNING);
}

static void what_the_text_said_at_receipt_decides_for_good(void **state)
{
    (void)state;
    static const char pattern[][POLICY_NAME_MAX] = {"injury"};
    struct policy_clock clock = hour(KIND(EVENT_RECEIVED), KIND(EVENT_REPLIED));
    clock.when = (struct policy_when){.pattern_count = 1, .patterns = pattern};
    const struct policy policy = with(&clock, 1);
    for (int seen = 0; seen <= 1; seen++) {
        struct desk desk;
        desk_open(&desk, &policy);
        struct event received = desk_received(on(4, 9, 0), "mail", false);
        received.received.label_count = 1;
        received.received.labels[0].name = slice_text(seen ? "injury" : "scratch");
        received.received.labels[0].hits = 1;
        assert_int_equal(desk_hear(&desk, received), seen);
        assert_int_equal(desk_hear(&desk, desk_triaged(on(4, 9, 1), on(4, 9, 0), "minor")), 0);
        assert_int_equal(desk_hear(&desk, desk_opened(&desk, on(4, 9, 2), on(4, 9, 0), "grave")),
                         0);
        assert_int_equal(desk.state.clocks[0].phase, seen ? WATCH_RUNNING : WATCH_IDLE);
    }
}

static void
levels_due_together_keep_the_order_of_the_policy_and_none_precedes_the_start(void **state)
{
    (void)state;
    struct policy_clock clock = hour(KIND(EVENT_RECEIVED), KIND(EVENT_REPLIED));
    clock.level_count = 4;
    clock.levels[0] = (struct policy_level){LEVEL_WARN, OFFSET_ELAPSED, -7200, POLICY_NONE, 0};
    clock.levels[1] = (struct policy_level){LEVEL_WARN, OFFSET_PERCENT, 100, POLICY_NONE, 0};
    clock.levels[2] = (struct policy_level){LEVEL_BREACH, OFFSET_PERCENT, 100, POLICY_NONE, 0};
    clock.levels[3] = (struct policy_level){LEVEL_ESCALATE, OFFSET_ELAPSED, 0, POLICY_NONE, 0};
    const struct policy policy = with(&clock, 1);
    struct desk desk;
    desk_open(&desk, &policy);
    desk_hear(&desk, desk_received(on(4, 9, 0), "mail", false));
    assert_int_equal(watch_due_us(&policy, &desk.state), on(4, 9, 0));
    assert_int_equal(desk_tick(&desk, on(4, 10, 0)), 4);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(desk.journal[i + 1].clocks.clocks[0].level, i + 1);
    }
}

/* It ran until the case was opened, whether its receipt or its opening was heard first. */
static void a_clock_that_stands_still_where_a_case_opens_counts_the_time_before(void **state)
{
    (void)state;
    struct policy_clock clock = hour(KIND(EVENT_RECEIVED), KIND(EVENT_REPLIED));
    clock.pause_steps = 1U << FIXTURE_STEP_INVESTIGATION;
    const struct policy policy = with(&clock, 1);
    static struct desk desks[2];
    for (int i = 0; i < 2; i++) {
        struct desk *desk = &desks[i];
        desk_open(desk, &policy);
        struct event received = desk_received(on(4, 10, 0), "mail", false);
        struct event opened = desk_opened(desk, on(4, 10, 20), on(4, 10, 0), "minor");
        desk_hear(desk, i == 0 ? received : opened);
        desk_hear(desk, i == 0 ? opened : received);
        desk_hear(desk, desk_advanced(desk, EVENT_PROPOSED, on(4, 15, 0), "approval"));
        assert_int_equal(desk_last(desk)->kind, EVENT_CLOCKS_RESUMED);
        assert_int_equal(desk_told(desk_last(desk), "hour")->due_us, on(4, 15, 40));
    }
}

/* The clock of a complaint that came in while all stood still: received at 8:00, opened late. */
static struct policy_clock slow_opening(uint64_t stops)
{
    struct policy_clock clock = hour(KIND(EVENT_RECEIVED), stops);
    clock.target_s = 4 * 3600;
    clock.level_count = 3;
    clock.levels[0] = (struct policy_level){LEVEL_WARN, OFFSET_PERCENT, 50, POLICY_NONE, 0};
    clock.levels[1] = (struct policy_level){LEVEL_BREACH, OFFSET_PERCENT, 100, POLICY_NONE, 0};
    clock.levels[2] = (struct policy_level){LEVEL_ESCALATE, OFFSET_PERCENT, 150, POLICY_NONE, 0};
    return clock;
}

/* Due at 10:00, 12:00 and 14:00: so many of them have been told, in that order. */
static void check_levels(const struct desk *desk, unsigned count)
{
    unsigned fired = 0;
    for (uint32_t i = 0; i < desk->count; i++) {
        const struct event *event = &desk->journal[i];
        if (event->kind >= EVENT_CLOCK_WARNED && event->kind <= EVENT_CLOCK_ESCALATED) {
            assert_true(fired < count);
            assert_int_equal(event->clocks.clocks[0].level, fired + 1);
            assert_int_equal(event->clocks.clocks[0].level_due_us, on(4, 10 + 2 * (int)fired, 0));
            assert_int_equal(event->case_id, case_id_make(3, 42));
            assert_true(event->at_us >= event->clocks.clocks[0].level_due_us);
            fired++;
        }
    }
    assert_int_equal(fired, count);
    assert_true(desk_same(desk->policy, &desk->state, &desk->mirror));
}

static void levels_due_before_a_slow_opening_that_pauses_or_stops_are_told_once(void **state)
{
    (void)state;
    struct policy_clock clocks[] = {slow_opening(KIND(EVENT_REPLIED)),
                                    slow_opening(KIND(EVENT_OPENED))};
    clocks[0].pause_steps = 1ULL << FIXTURE_STEP_INVESTIGATION;
    for (int which = 0; which < 2; which++) {
        const struct policy policy = with(&clocks[which], 1);
        static struct desk desk;
        for (int hours = 9; hours <= 15; hours++) {
            desk_open(&desk, &policy);
            desk_hear(&desk, desk_opened(&desk, on(4, hours, 30), on(4, 8, 0), "minor"));
            unsigned due = hours >= 14 ? 3 : hours >= 12 ? 2 : hours >= 10 ? 1 : 0;
            check_levels(&desk, due);
            assert_int_equal(desk.state.clocks[0].phase, which ? WATCH_STOPPED : WATCH_PAUSED);
            bool missed = desk.state.clocks[0].verdict == CLOCK_MISSED;
            assert_int_equal(missed, due >= 2);
            assert_int_equal(desk.state.clocks[0].breached, due >= 2);
            struct event received = desk_received(on(4, 8, 0), "mail", false); /* heard after it */
            assert_int_equal(desk_feed(&desk, &received, on(4, 16, 0)), 0);
            if (!which) {
                desk_hear(&desk, desk_advanced(&desk, EVENT_NOTED, on(5, 8, 0), "consent"));
                assert_int_equal(desk.state.clocks[0].phase, WATCH_RUNNING);
                desk_tick(&desk, on(8, 8, 0)); /* the others as well, once each */
                assert_int_equal(desk.state.clocks[0].levels_fired, 7);
            }
        }
    }
}

static void an_opening_with_nothing_due_before_it_is_told_in_one_event(void **state)
{
    (void)state;
    const struct policy_clock clock = slow_opening(KIND(EVENT_OPENED));
    const struct policy policy = with(&clock, 1);
    static struct desk desk;
    desk_open(&desk, &policy);
    struct event opened = desk_opened(&desk, on(4, 9, 30), on(4, 8, 0), "minor");
    assert_int_equal(desk_feed(&desk, &opened, on(4, 9, 30)), 1);
    assert_int_equal(desk_last(&desk)->kind, EVENT_CLOCKS_STARTED);
    assert_int_equal(desk.state.clocks[0].verdict, CLOCK_MET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_that_stands_still_where_a_case_opens_counts_the_time_before),
        cmocka_unit_test(a_clock_that_its_own_answer_starts_again_gets_a_verdict_a_run),
        cmocka_unit_test(more_levels_than_an_answer_holds_come_in_order_over_several),
        cmocka_unit_test(an_answer_seen_before_the_start_it_belongs_to_is_not_forgotten),
        cmocka_unit_test(whichever_stream_speaks_first_tells_of_the_receipt),
        cmocka_unit_test(a_receipt_that_comes_again_acknowledges_nothing_new),
        cmocka_unit_test(what_the_text_said_at_receipt_decides_for_good),
        cmocka_unit_test(
            levels_due_together_keep_the_order_of_the_policy_and_none_precedes_the_start),
        cmocka_unit_test(levels_due_before_a_slow_opening_that_pauses_or_stops_are_told_once),
        cmocka_unit_test(an_opening_with_nothing_due_before_it_is_told_in_one_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
