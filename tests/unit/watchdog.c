/*
 * The watchdog's core, a story per rule, in virtual time over the fixture's policy.
 *
 * Goal: no deadline passes in silence, none is told early or twice, and every one can be explained.
 * Method: a journal of one case is fed through the core as a shell would, ticks coming when the
 * story wants them; instants are checked against dates worked out by hand (weekdays 09–12, 13–18).
 * Guards law 7 (every due timer fires exactly once), law 8 (refolding gives the same state),
 * law 12 (a deadline can explain itself).
 */
#include "policy_fixture.h"
#include "unit.h"
#include "watchdog_core.h"
#include "watchdog_desk.h"

#define START(desk)                                                                                \
    struct desk desk;                                                                              \
    desk_open(&(desk), policy_fixture())

/* Of March 2024; the 4th is a Monday. */
static int64_t on(int day, int hour, int minute)
{
    return fixture_at_us(2024, 3, day, hour, minute);
}

static const struct watch_clock *clock_of(const struct desk *desk, enum fixture_clock clock)
{
    return &desk->state.clocks[clock];
}

static uint32_t feed(struct desk *desk, struct event event)
{
    return desk_feed(desk, &event, event.at_us + 5);
}

/* Every story ends here: both folds agree, and folding nothing but the journal gives the clocks. */
static void close_desk(struct desk *desk)
{
    assert_true(desk_same(desk->policy, &desk->state, &desk->mirror));
    for (uint32_t i = 0; i < desk->count; i++) {
        assert_int_equal(desk->journal[i].service, SERVICE_WATCHDOG);
        assert_true(desk->journal[i].clocks.count > 0);
    }
}

static void opened_case(struct desk *desk, const char *class_id)
{
    feed(desk, desk_received(on(4, 9, 0), "mail", false));
    feed(desk, desk_triaged(on(4, 9, 30), on(4, 9, 0), class_id));
    feed(desk, desk_opened(desk, on(4, 10, 0), on(4, 9, 0), class_id));
}

static void receipt_starts_its_clocks_in_one_event_that_explains_them(void **state)
{
    (void)state;
    START(desk);
    assert_int_equal(feed(&desk, desk_received(on(4, 9, 0), "mail", false)), 1);
    const struct event *event = desk_last(&desk);
    assert_int_equal(event->kind, EVENT_CLOCKS_STARTED);
    assert_int_equal(event->clocks.count, 2);
    assert_int_equal(event->cause_service, SERVICE_INTAKE);
    assert_int_equal(event->clocks.policy_id, FIXTURE_POLICY_ID);
    assert_true(slice_equal(event->clocks.channel, slice_text("mail")));
    const struct event_clock *answer = desk_told(event, "answer");
    assert_int_equal(answer->started_at_us, on(4, 9, 0));
    assert_int_equal(answer->due_us, on(11, 18, 0));
    assert_int_equal(answer->target_days, 5);
    assert_int_equal(answer->generation, 1);
    assert_true(slice_equal(answer->calendar, slice_text("weekdays")));
    assert_true(slice_equal(answer->calendar_version, slice_text("b2")));
    assert_true(slice_equal(answer->zone_version, slice_text("2025b")));
    assert_true(slice_equal(answer->rule, slice_text("fixture@1:30")));
    assert_int_equal(desk_told(event, "acknowledge")->due_us, on(5, 9, 0));
    assert_int_equal(watch_due_us(desk.policy, &desk.state), on(4, 21, 0));
    close_desk(&desk);
}

static void
a_receipt_read_to_the_complainant_meets_the_clock_in_the_event_that_starts_it(void **state)
{
    (void)state;
    START(desk);
    assert_int_equal(feed(&desk, desk_received(on(4, 9, 0), "phone", true)), 1);
    const struct event_clock *told = desk_told(desk_last(&desk), "acknowledge");
    assert_int_equal(desk_last(&desk)->kind, EVENT_CLOCKS_STARTED);
    assert_int_equal(told->verdict, CLOCK_MET);
    assert_int_equal(told->paused_at_us, on(4, 9, 0));
    assert_int_equal(clock_of(&desk, FIXTURE_CLOCK_ACKNOWLEDGE)->phase, WATCH_STOPPED);
    assert_int_equal(desk_tick(&desk, on(6, 9, 0)), 0);
    close_desk(&desk);
}

static void an_operational_clock_stands_still_while_the_customer_thinks(void **state)
{
    (void)state;
    START(desk);
    opened_case(&desk, "minor");
    assert_int_equal(clock_of(&desk, FIXTURE_CLOCK_HANDLING)->due_us, on(6, 10, 0));
    feed(&desk, desk_advanced(&desk, EVENT_ACKNOWLEDGED, on(4, 11, 0), "investigation"));
    assert_int_equal(feed(&desk, desk_advanced(&desk, EVENT_APPROVED, on(4, 15, 0), "consent")), 1);
    assert_int_equal(desk_last(&desk)->kind, EVENT_CLOCKS_PAUSED);
    assert_int_equal(desk_last(&desk)->clocks.count, 1); /* the statutory answer never pauses */
    assert_int_equal(desk_told(desk_last(&desk), "handling")->due_us, 0);
    assert_int_equal(desk_told(desk_last(&desk), "handling")->used_s, 4 * 3600);
    assert_int_equal(feed(&desk, desk_advanced(&desk, EVENT_CONTACTED, on(5, 9, 0), "consent")), 0);
    assert_int_equal(
        feed(&desk, desk_advanced(&desk, EVENT_CONSENTED, on(6, 11, 0), "implementation")), 1);
    assert_int_equal(desk_last(&desk)->kind, EVENT_CLOCKS_RESUMED);
    assert_int_equal(desk_told(desk_last(&desk), "handling")->generation, 2);
    /* 12 h were left at 11:00 on Wednesday: 6 then, 6 on Thursday. */
    assert_int_equal(clock_of(&desk, FIXTURE_CLOCK_HANDLING)->due_us, on(7, 16, 0));
    assert_int_equal(clock_of(&desk, FIXTURE_CLOCK_HANDLING)->paused_us,
                     (3 + 8 + 2) * 3600LL * DESK_SECOND_US);
    assert_int_equal(clock_of(&desk, FIXTURE_CLOCK_ANSWER)->due_us, on(11, 18, 0));
    close_desk(&desk);
}

static void levels_fire_once_each_in_the_order_they_come_due_also_late(void **state)
{
    (void)state;
    START(desk);
    opened_case(&desk, "minor");
    assert_int_equal(feed(&desk, desk_advanced(&desk, EVENT_ACKNOWLEDGED, on(4, 11, 0), "")), 1);
    uint32_t before = desk.count;
    assert_int_equal(desk_tick(&desk, on(8, 9, 0)), 3);
    static const enum event_kind kinds[] = {
        EVENT_CLOCK_WARNED, EVENT_CLOCK_BREACHED, EVENT_CLOCK_ESCALATED};
    const int64_t due[] = {on(5, 15, 0), on(6, 10, 0), on(6, 12, 0)};
    for (uint32_t i = 0; i < 3; i++) {
        const struct event *event = &desk.journal[before + i];
        const struct event_clock *told = desk_told(event, "handling");
        assert_int_equal(event->kind, kinds[i]);
        assert_int_equal(event->at_us, on(8, 9, 0));
        assert_int_equal(told->level, i + 1);
        assert_int_equal(told->level_due_us, due[i]);
        assert_int_equal(told->verdict, i < 1 ? CLOCK_RUNNING : CLOCK_MISSED);
    }
    assert_int_equal(desk_told(desk_last(&desk), "handling")->raise_priority_to, 1);
    assert_true(slice_equal(desk_told(desk_last(&desk), "handling")->notify_role,
                            slice_text("supervisor")));
    assert_int_equal(desk_tick(&desk, on(8, 9, 0)), 0);
    close_desk(&desk);
}

static void nothing_fires_early_and_the_next_instant_is_told(void **state)
{
    (void)state;
    START(desk);
    opened_case(&desk, "minor");
    for (int i = 0; i < 7; i++) {
        int64_t due_us = watch_due_us(desk.policy, &desk.state);
        assert_true(due_us < INT64_MAX);
        assert_int_equal(desk_tick(&desk, due_us - 1), 0);
        assert_true(desk_tick(&desk, due_us) >= 1);
        assert_int_equal(desk_last(&desk)->clocks.clocks[0].level_due_us, due_us);
    }
    assert_int_equal(watch_due_us(desk.policy, &desk.state), INT64_MAX);
    close_desk(&desk);
}

static void an_answer_at_the_due_instant_is_in_time_and_a_moment_later_it_is_not(void **state)
{
    (void)state;
    for (int late = 0; late <= 1; late++) {
        START(desk);
        opened_case(&desk, "minor");
        int64_t due_us = clock_of(&desk, FIXTURE_CLOCK_HANDLING)->due_us;
        feed(&desk, desk_advanced(&desk, EVENT_REPLIED, due_us + late, "follow_up"));
        assert_int_equal(desk_last(&desk)->kind, EVENT_CLOCKS_STOPPED);
        const struct event_clock *told = desk_told(desk_last(&desk), "handling");
        assert_int_equal(told->verdict, late ? CLOCK_MISSED : CLOCK_MET);
        assert_int_equal(told->late_s, late);
        uint32_t breaches = 0;
        for (uint32_t i = 0; i < desk.count; i++) {
            breaches += desk.journal[i].kind == EVENT_CLOCK_BREACHED &&
                        desk_told(&desk.journal[i], "handling") != NULL;
        }
        assert_int_equal(breaches, late);
        close_desk(&desk);
    }
}

static void a_late_answer_is_late_even_if_no_tick_came_between(void **state)
{
    (void)state;
    START(desk);
    opened_case(&desk, "minor");
    uint32_t before = desk.count;
    assert_int_equal(feed(&desk, desk_advanced(&desk, EVENT_REPLIED, on(6, 11, 0), "follow_up")),
                     5);
    assert_int_equal(desk.journal[before].kind, EVENT_CLOCK_WARNED); /* acknowledge */
    assert_int_equal(desk.journal[before + 1].kind, EVENT_CLOCK_BREACHED);
    assert_int_equal(desk.journal[before + 2].kind, EVENT_CLOCK_WARNED); /* handling */
    assert_int_equal(desk.journal[before + 3].kind, EVENT_CLOCK_BREACHED);
    assert_int_equal(desk_last(&desk)->kind, EVENT_CLOCKS_STOPPED);
    assert_int_equal(desk_told(desk_last(&desk), "handling")->late_s, 3600);
    assert_int_equal(desk_told(desk_last(&desk), "answer")->verdict, CLOCK_MET);
    close_desk(&desk);
}

static void an_answer_in_time_is_judged_by_its_own_instant_however_late_the_check(void **state)
{
    (void)state;
    START(desk);
    opened_case(&desk, "minor");
    struct event reply = desk_advanced(&desk, EVENT_REPLIED, on(4, 11, 0), "follow_up");
    assert_int_equal(desk_feed(&desk, &reply, on(20, 9, 0)), 1);
    assert_int_equal(desk_told(desk_last(&desk), "handling")->verdict, CLOCK_MET);
    assert_int_equal(desk_told(desk_last(&desk), "handling")->used_s, 3600);
    assert_int_equal(desk_last(&desk)->at_us, on(20, 9, 0));
    assert_int_equal(desk_tick(&desk, on(20, 9, 0)), 0);
    close_desk(&desk);
}

static void when_the_breach_wins_the_race_the_answer_does_not_undo_it(void **state)
{
    (void)state;
    START(desk);
    opened_case(&desk, "minor");
    int64_t due_us = clock_of(&desk, FIXTURE_CLOCK_HANDLING)->due_us;
    desk_tick(&desk, due_us);
    feed(&desk, desk_advanced(&desk, EVENT_REPLIED, due_us - DESK_SECOND_US, "follow_up"));
    const struct event_clock *told = desk_told(desk_last(&desk), "handling");
    assert_int_equal(told->verdict, CLOCK_MISSED);
    assert_int_equal(told->late_s, 0); /* by its own instant it was not */
    assert_int_equal(desk_tick(&desk, on(29, 9, 0)), 0);
    close_desk(&desk);
}

static void a_repeated_event_changes_nothing(void **state)
{
    (void)state;
    START(desk);
    struct event story[7];
    story[0] = desk_received(on(4, 9, 0), "phone", true);
    story[1] = desk_triaged(on(4, 9, 30), on(4, 9, 0), "grave");
    story[2] = desk_opened(&desk, on(4, 10, 0), on(4, 9, 0), "grave");
    story[3] = desk_advanced(&desk, EVENT_CONTAINED, on(4, 11, 0), "");
    story[4] = desk_advanced(&desk, EVENT_APPROVED, on(4, 14, 0), "consent");
    story[5] = desk_advanced(&desk, EVENT_CONSENTED, on(4, 15, 0), "implementation");
    story[6] = desk_advanced(&desk, EVENT_CLOSED, on(4, 16, 0), "closed");
    for (int i = 0; i < 7; i++) {
        feed(&desk, story[i]);
        struct watch_case settled = desk.state;
        for (int j = 0; j <= i; j++) {
            assert_int_equal(feed(&desk, story[j]), 0);
            assert_true(desk_same(desk.policy, &settled, &desk.state));
        }
    }
    close_desk(&desk);
}

/* A complaint that lay in a spool for twenty minutes before it was committed. */
static void all_orders_agree(bool acknowledged)
{
    START(desk);
    struct event received = desk_received(on(4, 9, 20), "mail", acknowledged);
    struct event triaged = desk_triaged(on(4, 9, 30), on(4, 9, 0), "minor");
    struct event opened = desk_opened(&desk, on(4, 10, 0), on(4, 9, 0), "grave");
    struct event reply = desk_advanced(&desk, EVENT_CONTAINED, on(4, 11, 0), "consent");
    received.received.received_at_us = on(4, 9, 0);
    triaged.triaged.acknowledged_by_receipt = acknowledged;
    opened.opened.acknowledged_by_receipt = acknowledged;
    const struct event *orders[3][4] = {
        {&received, &triaged, &opened,   &reply  },
        {&opened,   &reply,   &received, &triaged},
        {&triaged,  &opened,  &received, &reply  },
    };
    struct watch_case first = {0};
    for (int i = 0; i < 3; i++) {
        desk_open(&desk, policy_fixture());
        for (int j = 0; j < 4; j++) {
            desk_feed(&desk, orders[i][j], on(4, 12, 0));
        }
        if (i == 0) {
            first = desk.state;
        }
        assert_true(desk_same(desk.policy, &first, &desk.state));
        assert_int_equal(desk.state.class_index, FIXTURE_CLASS_GRAVE);
        close_desk(&desk);
    }
}

static void streams_that_arrive_in_another_order_give_the_same_clocks(void **state)
{
    (void)state;
    all_orders_agree(false);
    all_orders_agree(true);
}

static void a_graver_class_brings_its_clock_from_the_original_start(void **state)
{
    (void)state;
    START(desk);
    opened_case(&desk, "minor");
    assert_int_equal(clock_of(&desk, FIXTURE_CLOCK_SAFETY)->phase, WATCH_IDLE);
    struct event grave = desk_advanced(&desk, EVENT_CLASSIFIED, on(4, 14, 30), "");
    grave.advanced.severity_class = slice_text("grave");
    assert_int_equal(feed(&desk, grave), 1);
    assert_int_equal(desk_last(&desk)->kind, EVENT_CLOCKS_STARTED);
    assert_int_equal(desk_told(desk_last(&desk), "safety")->started_at_us, on(4, 10, 0));
    assert_int_equal(desk_told(desk_last(&desk), "safety")->due_us, on(4, 14, 0));
    assert_int_equal(desk_tick(&desk, on(4, 14, 31)), 1); /* overdue when it came: told once */
    assert_int_equal(desk_last(&desk)->kind, EVENT_CLOCK_BREACHED);
    struct event minor = desk_advanced(&desk, EVENT_CLASSIFIED, on(4, 14, 40), "");
    minor.advanced.severity_class = slice_text("minor");
    assert_int_equal(feed(&desk, minor), 1);
    assert_int_equal(desk_told(desk_last(&desk), "safety")->verdict,
                     CLOCK_MISSED); /* stays a breach */
    close_desk(&desk);
}

static void
a_clock_the_case_loses_is_cancelled_and_goes_on_where_it_was_when_it_returns(void **state)
{
    (void)state;
    START(desk);
    opened_case(&desk, "grave");
    assert_int_equal(desk_last(&desk)->clocks.count, 2);
    struct event minor = desk_advanced(&desk, EVENT_CLASSIFIED, on(4, 11, 0), "");
    minor.advanced.severity_class = slice_text("minor");
    assert_int_equal(feed(&desk, minor), 1);
    assert_int_equal(desk_last(&desk)->kind, EVENT_CLOCKS_STOPPED);
    assert_int_equal(desk_told(desk_last(&desk), "safety")->verdict, CLOCK_CANCELLED);
    assert_int_equal(clock_of(&desk, FIXTURE_CLOCK_SAFETY)->phase, WATCH_STOPPED);
    assert_true(desk_tick(&desk, on(4, 20, 0)) == 0);
    struct event grave = desk_advanced(&desk, EVENT_CLASSIFIED, on(4, 20, 0), "");
    grave.advanced.severity_class = slice_text("grave");
    assert_int_equal(feed(&desk, grave), 1);
    assert_int_equal(desk_told(desk_last(&desk), "safety")->generation, 2);
    assert_int_equal(desk_told(desk_last(&desk), "safety")->due_us, on(4, 14, 0));
    close_desk(&desk);
}

static void closing_stops_without_a_verdict_and_reopening_counts_it_as_a_pause(void **state)
{
    (void)state;
    START(desk);
    opened_case(&desk, "minor");
    /* An end the clocks do not name among their stops. */
    assert_int_equal(feed(&desk, desk_advanced(&desk, EVENT_HANDED_OVER, on(4, 11, 0), "closed")),
                     1);
    assert_int_equal(desk_last(&desk)->kind, EVENT_CLOCKS_STOPPED);
    assert_int_equal(desk_last(&desk)->clocks.count, 3);
    assert_int_equal(desk_told(desk_last(&desk), "answer")->verdict, CLOCK_RUNNING);
    assert_int_equal(watch_due_us(desk.policy, &desk.state), INT64_MAX);
    assert_int_equal(
        feed(&desk, desk_advanced(&desk, EVENT_REOPENED, on(5, 11, 0), "investigation")), 1);
    assert_int_equal(desk_last(&desk)->kind, EVENT_CLOCKS_RESUMED);
    assert_int_equal(clock_of(&desk, FIXTURE_CLOCK_ACKNOWLEDGE)->due_us, on(6, 9, 0));
    assert_int_equal(clock_of(&desk, FIXTURE_CLOCK_HANDLING)->due_us, on(7, 10, 0));
    assert_int_equal(clock_of(&desk, FIXTURE_CLOCK_ANSWER)->due_us, on(12, 18, 0));
    close_desk(&desk);
}

static void a_verdict_is_written_once_whatever_reopening_brings(void **state)
{
    (void)state;
    START(desk);
    opened_case(&desk, "minor");
    feed(&desk, desk_advanced(&desk, EVENT_CLOSED, on(4, 11, 0), "closed"));
    assert_int_equal(desk_told(desk_last(&desk), "handling")->verdict, CLOCK_MET);
    feed(&desk, desk_advanced(&desk, EVENT_REOPENED, on(4, 14, 0), "investigation"));
    assert_int_equal(clock_of(&desk, FIXTURE_CLOCK_HANDLING)->due_us, on(6, 12, 0));
    desk_tick(&desk, on(6, 12, 0));
    assert_int_equal(desk_last(&desk)->kind, EVENT_CLOCK_BREACHED);
    assert_int_equal(desk_told(desk_last(&desk), "handling")->verdict, CLOCK_MET);
    feed(&desk, desk_advanced(&desk, EVENT_CLOSED, on(6, 15, 0), "closed"));
    assert_int_equal(desk_told(desk_last(&desk), "handling")->verdict,
                     CLOCK_RUNNING); /* none new */
    assert_int_equal(clock_of(&desk, FIXTURE_CLOCK_HANDLING)->verdict, CLOCK_MET);
    assert_int_equal(clock_of(&desk, FIXTURE_CLOCK_HANDLING)->breached, 1);
    close_desk(&desk);
}

static void beyond_the_calendar_nothing_is_promised(void **state)
{
    (void)state;
    START(desk);
    int64_t at_us = fixture_at_us(2026, 12, 30, 9, 0);
    feed(&desk, desk_received(at_us, "mail", false));
    assert_int_equal(desk_told(desk_last(&desk), "answer")->due_us, INT64_MAX);
    assert_int_equal(clock_of(&desk, FIXTURE_CLOCK_ANSWER)->next_level_us, INT64_MAX);
    assert_int_equal(clock_of(&desk, FIXTURE_CLOCK_ACKNOWLEDGE)->due_us,
                     at_us + 86400LL * DESK_SECOND_US);
    close_desk(&desk);
}

static void every_instant_counts_to_the_microsecond(void **state)
{
    (void)state;
    enum { PART_US = 123456 };
    START(desk);
    feed(&desk, desk_received(on(4, 9, 0) + PART_US, "mail", false));
    assert_int_equal(clock_of(&desk, FIXTURE_CLOCK_ACKNOWLEDGE)->due_us, on(5, 9, 0) + PART_US);
    feed(&desk, desk_opened(&desk, on(4, 10, 0) + PART_US, on(4, 9, 0) + PART_US, "minor"));
    const struct watch_clock *handling = clock_of(&desk, FIXTURE_CLOCK_HANDLING);
    assert_int_equal(handling->due_us, on(6, 10, 0) + PART_US);
    feed(&desk, desk_advanced(&desk, EVENT_APPROVED, on(4, 15, 0) + 7, "consent"));
    const struct event_clock *told = desk_told(desk_last(&desk), "handling");
    assert_int_equal(told->used_s, 4 * 3600 - 1); /* the second that is not full is not told */
    feed(&desk, desk_advanced(&desk, EVENT_CONSENTED, on(4, 15, 30) + 8, "implementation"));
    told = desk_told(desk_last(&desk), "handling");
    assert_int_equal(told->paused_s, 1800);
    assert_int_equal(told->paused_rest_us, 1);
    assert_int_equal(handling->due_us, on(6, 10, 30) + PART_US + 1);
    assert_int_equal(desk_tick(&desk, watch_due_us(desk.policy, &desk.state) - 1), 0);
    feed(&desk, desk_advanced(&desk, EVENT_REPLIED, handling->due_us + 1, "follow_up"));
    assert_int_equal(handling->verdict, CLOCK_MISSED);
    assert_int_equal(desk_told(desk_last(&desk), "handling")->late_s, 1); /* begun is late */
    close_desk(&desk);
}

/* What dispatch compares with what it has done itself, before a text may promise anything.  Seen to
 * fail where the opening does not count, and where only the opening does. */
static void it_is_known_which_version_of_the_case_the_clocks_follow_from(void **state)
{
    (void)state;
    START(desk);
    feed(&desk, desk_triaged(on(4, 9, 30), on(4, 9, 0), "serious"));
    assert_int_equal(desk.state.version, 0);
    const struct event opened = desk_opened(&desk, on(4, 10, 0), on(4, 9, 0), "serious");
    feed(&desk, opened);
    assert_int_equal(desk.state.version, 1);
    feed(&desk, desk_advanced(&desk, EVENT_NOTED, on(4, 10, 5), "investigation"));
    assert_int_equal(desk.state.version, 2);
    feed(&desk, opened);
    feed(&desk, desk_received(on(4, 9, 0), "mail", false));
    desk_tick(&desk, on(20, 0, 0));
    assert_int_equal(desk.state.version, 2);
    close_desk(&desk);
}

static void the_state_of_a_case_is_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct watch_clock) <= 56);
    assert_true(sizeof(struct watch_case) <= 952);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(receipt_starts_its_clocks_in_one_event_that_explains_them),
        cmocka_unit_test(
            a_receipt_read_to_the_complainant_meets_the_clock_in_the_event_that_starts_it),
        cmocka_unit_test(an_operational_clock_stands_still_while_the_customer_thinks),
        cmocka_unit_test(levels_fire_once_each_in_the_order_they_come_due_also_late),
        cmocka_unit_test(nothing_fires_early_and_the_next_instant_is_told),
        cmocka_unit_test(an_answer_at_the_due_instant_is_in_time_and_a_moment_later_it_is_not),
        cmocka_unit_test(a_late_answer_is_late_even_if_no_tick_came_between),
        cmocka_unit_test(an_answer_in_time_is_judged_by_its_own_instant_however_late_the_check),
        cmocka_unit_test(when_the_breach_wins_the_race_the_answer_does_not_undo_it),
        cmocka_unit_test(a_repeated_event_changes_nothing),
        cmocka_unit_test(streams_that_arrive_in_another_order_give_the_same_clocks),
        cmocka_unit_test(a_graver_class_brings_its_clock_from_the_original_start),
        cmocka_unit_test(
            a_clock_the_case_loses_is_cancelled_and_goes_on_where_it_was_when_it_returns),
        cmocka_unit_test(closing_stops_without_a_verdict_and_reopening_counts_it_as_a_pause),
        cmocka_unit_test(a_verdict_is_written_once_whatever_reopening_brings),
        cmocka_unit_test(beyond_the_calendar_nothing_is_promised),
        cmocka_unit_test(every_instant_counts_to_the_microsecond),
        cmocka_unit_test(it_is_known_which_version_of_the_case_the_clocks_follow_from),
        cmocka_unit_test(the_state_of_a_case_is_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
