/*
 * Clocks of a case that is merged with another, and whose merge is undone.
 *
 * Goal: a merge stops what runs, with a verdict where the policy says that it settles the
 * obligation; undoing it puts every clock back: used and paused time as before, the time merged as
 * a pause like any closed time, the merge's verdict taken back, a breach kept, nothing told twice.
 * Method: a policy as text through the loader, stories in virtual time.  Guards laws 7 and 8.
 */
#include "unit.h"
#include "watchdog_core.h"
#include "watchdog_desk.h"
#include "zone.h"

enum { DAY_S = 86400, HOUR_S = 3600, US = DESK_SECOND_US };

static const char text[] = DESK_POLICY
    "roles: [agent]\nclasses: {minor: {title: x, priority: 4}}\n" DESK_STEPS ",\n"
    "    part: {title: x, fact: unmerged, by: agent}}}\n"
    "everywhere:\n"
    "  reply: {title: x, fact: replied, by: agent}\n"
    "  merge: {title: x, fact: merged, by: agent, to: closed, needs: {case: {title: x}}}\n"
    "calendars: {always: {zone: UTC, always: yes}}\n"
    "clocks:\n"
    "  settle: {title: x, starts: [opened], stops: [replied, merged, closed], within: 10 hours,\n"
    "    calendar: always, levels: [{warn: 50%}, {breach: due}]}\n"
    "  handle: {title: x, starts: [opened], stops: [replied], within: 10 hours,\n"
    "    calendar: always, pauses-for-customer: yes, levels: [{breach: due}]}\n"
    "  look: {title: x, of-steps: [investigation], within: 4 hours, calendar: always,\n"
    "    levels: [{breach: due}, {escalate: 150%}]}\n"
    "  settle-paused: {title: x, starts: [opened], stops: [replied, merged, closed],\n"
    "    within: 10 hours, calendar: always, pauses-for-customer: yes, levels: [{breach: due}]}\n";

enum { SETTLE, HANDLE, LOOK, SETTLE_PAUSED };

static struct policy_object *object;
static struct desk desk;

/* Of a Monday. */
static int64_t at(int hour, int minute)
{
    return (date_to_days(20260309) * DAY_S + hour * HOUR_S + minute * 60) * US;
}

static void begin(void)
{
    object = desk_policy(text, 2026);
    desk_open(&desk, &object->policy);
    desk_hear(&desk, desk_opened(&desk, at(8, 0), at(8, 0), "minor"));
}

static uint32_t step_to(enum event_kind kind, int64_t at_us, const char *step)
{
    return desk_hear(&desk, desk_advanced(&desk, kind, at_us, step));
}

static const struct watch_clock *clock_of(int clock)
{
    return &desk.state.clocks[clock];
}

static unsigned told_count(const char *clock, enum event_kind kind, enum clock_verdict verdict)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < desk.count; i++) {
        const struct event_clock *told = desk_told(&desk.journal[i], clock);
        count += told && desk.journal[i].kind == kind && told->verdict == verdict;
    }
    return count;
}

static void undoing_a_merge_takes_its_verdict_back_and_the_clock_goes_on_as_it_was(void **state)
{
    (void)state;
    begin();
    step_to(EVENT_MERGED, at(10, 0), "closed");
    assert_int_equal(clock_of(SETTLE)->verdict, CLOCK_MET);
    assert_int_equal(clock_of(HANDLE)->verdict, CLOCK_RUNNING); /* stopped, nothing settled */
    assert_int_equal(clock_of(HANDLE)->phase, WATCH_STOPPED);
    step_to(EVENT_UNMERGED, at(13, 0), "investigation");
    for (int i = SETTLE; i <= HANDLE; i++) {
        assert_int_equal(clock_of(i)->phase, WATCH_RUNNING);
        assert_int_equal(clock_of(i)->verdict, CLOCK_RUNNING);
        assert_int_equal(clock_of(i)->paused_us, 3LL * HOUR_S * US);
        assert_int_equal(clock_of(i)->due_us, at(21, 0)); /* 18:00 and three hours merged */
        assert_int_equal(watch_used_s(desk.policy, &desk.state, (uint16_t)i, at(14, 0)),
                         3 * HOUR_S);
    }
    desk_tick(&desk, at(21, 30));
    assert_int_equal(clock_of(SETTLE)->verdict, CLOCK_MISSED); /* judged again, by its own end */
    assert_int_equal(told_count("settle", EVENT_CLOCK_WARNED, CLOCK_RUNNING), 1);
    desk_close(&desk, &object);
}

static void a_clock_of_a_step_is_not_begun_anew_by_coming_back_from_a_merge(void **state)
{
    (void)state;
    begin();
    step_to(EVENT_MERGED, at(10, 0), "closed");
    assert_int_equal(clock_of(LOOK)->phase, WATCH_STOPPED);
    assert_int_equal(clock_of(LOOK)->verdict, CLOCK_RUNNING); /* nobody has looked */
    step_to(EVENT_UNMERGED, at(10, 30), "investigation");
    assert_int_equal(clock_of(LOOK)->started_at_us, at(8, 0));
    assert_int_equal(clock_of(LOOK)->due_us, at(12, 30));
    step_to(EVENT_NOTED, at(12, 0), "consent");
    assert_int_equal(clock_of(LOOK)->verdict, CLOCK_MET);
    assert_int_equal(told_count("look", EVENT_CLOCKS_STARTED, CLOCK_RUNNING), 1);
    desk_close(&desk, &object);
}

static void a_breach_stays_one_and_its_levels_go_on_once_each(void **state)
{
    (void)state;
    begin();
    desk_tick(&desk, at(12, 0));
    assert_int_equal(clock_of(LOOK)->verdict, CLOCK_MISSED);
    step_to(EVENT_MERGED, at(12, 30), "closed");
    step_to(EVENT_UNMERGED, at(13, 0), "investigation");
    assert_int_equal(clock_of(LOOK)->phase, WATCH_RUNNING);
    assert_int_equal(clock_of(LOOK)->verdict, CLOCK_MISSED);
    desk_tick(&desk, at(20, 0));
    assert_int_equal(told_count("look", EVENT_CLOCK_BREACHED, CLOCK_MISSED), 1);
    assert_int_equal(told_count("look", EVENT_CLOCK_ESCALATED, CLOCK_MISSED), 1);
    desk_close(&desk, &object);
}

static void what_stood_still_when_it_was_merged_stands_still_again(void **state)
{
    (void)state;
    begin();
    step_to(EVENT_NOTED, at(9, 0), "consent");
    step_to(EVENT_MERGED, at(10, 0), "closed");
    assert_int_equal(clock_of(SETTLE_PAUSED)->verdict, CLOCK_MET);
    step_to(EVENT_UNMERGED, at(12, 0), "consent");
    assert_int_equal(clock_of(SETTLE_PAUSED)->phase, WATCH_PAUSED);
    assert_int_equal(clock_of(SETTLE_PAUSED)->verdict, CLOCK_RUNNING);
    step_to(EVENT_NOTED, at(13, 0), "investigation");
    assert_int_equal(clock_of(SETTLE_PAUSED)->due_us, at(22, 0)); /* one hour was used */
    desk_close(&desk, &object);
}

static void a_verdict_from_before_the_merge_is_not_the_merges_to_take_back(void **state)
{
    (void)state;
    begin();
    step_to(EVENT_CLOSED, at(9, 0), "closed"); /* met by closing */
    step_to(EVENT_REOPENED, at(10, 0), "investigation");
    step_to(EVENT_MERGED, at(11, 0), "closed");
    step_to(EVENT_UNMERGED, at(12, 0), "investigation");
    assert_int_equal(clock_of(SETTLE)->verdict, CLOCK_MET);
    step_to(EVENT_REPLIED, at(13, 0), "");
    assert_int_equal(told_count("settle", EVENT_CLOCKS_STOPPED, CLOCK_MET), 1);
    desk_close(&desk, &object);
}

static void what_was_answered_before_the_merge_stays_answered(void **state)
{
    (void)state;
    begin();
    step_to(EVENT_REPLIED, at(9, 0), "");
    step_to(EVENT_MERGED, at(10, 0), "closed");
    step_to(EVENT_UNMERGED, at(11, 0), "investigation");
    assert_int_equal(clock_of(SETTLE)->phase, WATCH_STOPPED);
    assert_int_equal(clock_of(HANDLE)->phase, WATCH_STOPPED);
    assert_int_equal(clock_of(SETTLE)->verdict, CLOCK_MET);
    desk_close(&desk, &object);
}

static void merged_and_parted_and_merged_again_each_verdict_counts_for_itself(void **state)
{
    (void)state;
    begin();
    step_to(EVENT_MERGED, at(9, 0), "closed");
    step_to(EVENT_UNMERGED, at(10, 0), "investigation");
    step_to(EVENT_MERGED, at(11, 0), "closed");
    step_to(EVENT_UNMERGED, at(12, 0), "investigation");
    assert_int_equal(clock_of(SETTLE)->verdict, CLOCK_RUNNING);
    assert_int_equal(clock_of(SETTLE)->paused_us, 2LL * HOUR_S * US);
    step_to(EVENT_REPLIED, at(13, 0), "");
    assert_int_equal(told_count("settle", EVENT_CLOCKS_STOPPED, CLOCK_MET), 3);
    desk_close(&desk, &object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(undoing_a_merge_takes_its_verdict_back_and_the_clock_goes_on_as_it_was),
        cmocka_unit_test(a_clock_of_a_step_is_not_begun_anew_by_coming_back_from_a_merge),
        cmocka_unit_test(a_breach_stays_one_and_its_levels_go_on_once_each),
        cmocka_unit_test(what_stood_still_when_it_was_merged_stands_still_again),
        cmocka_unit_test(a_verdict_from_before_the_merge_is_not_the_merges_to_take_back),
        cmocka_unit_test(what_was_answered_before_the_merge_stays_answered),
        cmocka_unit_test(merged_and_parted_and_merged_again_each_verdict_counts_for_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
