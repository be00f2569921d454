/*
 * Goal: clocks start and stop at marks, are due at a date that was agreed to, and are given more
 * time in turns that differ, each under its own conditions.  Method: a policy as text through the
 * loader, stories in virtual time with dated answers; every journal is folded in both orders.
 * Guards laws 8, 11 and 12.
 */
#include "policy_load.h"
#include "unit.h"
#include "watchdog_core.h"
#include "watchdog_desk.h"
#include "zone.h"

enum { DAY_S = 86400, HOUR_S = 3600, US = DESK_SECOND_US };

static const char text[] =
    "policy: marks\nversion: 1\ntitle: x\ncapacity: 1\nrepeat-window: 1 days\n"
    "reopen-window: 1 days\nroles: [agent]\nchannels: {mail: {title: x}}\n"
    "taxonomy: {late: {title: x, patterns: [x]}}\n"
    "classes: {minor: {title: x, priority: 4}}\n"
    "queues: {q: {title: x}}\nroutes: [{queue: q}]\n"
    "fields: {by-date: {title: x, type: date}}\n"
    "marks: {agreed: {title: x}, delivered: {title: x}}\n"
    "steps:\n"
    "  work: {title: x, phase: investigation, owner: agent, actions: {\n"
    "    end: {title: x, fact: closed, by: agent, to: closed}}}\n"
    "  closed: {title: x, phase: closed, owner: agent, actions: {\n"
    "    reopen: {title: x, fact: reopened, by: agent, to: work}}}\n"
    "everywhere:\n"
    "  tell: {title: x, fact: noted, by: agent}\n"
    "  agree: {title: x, fact: noted, by: agent, asks: by-date, marks: agreed}\n"
    "  deliver: {title: x, fact: noted, by: agent, marks: delivered}\n"
    "  approve: {title: x, fact: noted, by: agent}\n"
    "  extend: {title: x, fact: extended, by: agent}\n"
    "opening: {step: work, unsure-step: work, unsure-queue: q}\n"
    "calendars:\n"
    "  days: {zone: UTC, always: yes}\n"
    "  office: {zone: UTC, hours: {mon-fri: 09:00-17:00}}\n"
    "clocks:\n"
    "  decision: {title: x, starts: opened, stops: closed, within: 15 business days,\n"
    "    calendar: days, extension: {to: 30 business days, reason: yes, further: [\n"
    "      {by: 10 business days, times: 2, after: tell},\n"
    "      {to: 60 business days, reason: yes, after: [tell, approve]}]},\n"
    "    levels: [{breach: due}]}\n"
    "  promise: {title: x, rearms-at-marks: agreed, starts-at-marks: agreed, stops: closed,\n"
    "    stops-at-marks: delivered, due-field: by-date, calendar: office,\n"
    "    levels: [{breach: due}]}\n"
    "  waiting: {title: x, starts-at-marks: agreed, stops-at-marks: delivered, stops: closed,\n"
    "    within: 5 days, calendar: days, levels: [{breach: due}]}\n";

enum { DECISION, PROMISE, WAITING };

static int64_t at(int month, int day, int hour)
{
    int64_t days = date_to_days(20260000 + month * 100 + day);
    return (days * DAY_S + hour * HOUR_S) * US;
}

static void open_at(struct desk *desk, const struct policy_object *object, int64_t at_us)
{
    desk_open(desk, &object->policy);
    (void)desk_hear(desk, desk_opened(desk, at_us, at_us, "minor"));
}

/* An action of the one open step, with its one field. */
static void
act_with(struct desk *desk, int64_t at_us, const char *action, const char *field, const char *value)
{
    bool extends = strcmp(action, "extend") == 0;
    enum event_kind fact = extends ? EVENT_EXTENDED : EVENT_NOTED;
    struct event event = desk_advanced(desk, fact, at_us, "");
    event.advanced.from_step = slice_text("work");
    event.advanced.action = slice_text(action);
    event.advanced.field_count = value ? 1 : 0;
    event.advanced.fields[0] =
        (struct event_field){.name = slice_text(field), .value = slice_text(value)};
    (void)desk_hear(desk, event);
}

static void act(struct desk *desk, int64_t at_us, const char *action, const char *reason)
{
    act_with(desk, at_us, action, "reason", reason);
}

static void refused(const struct desk *desk, const char *why)
{
    assert_int_equal(desk_last(desk)->kind, EVENT_CLOCKS_REFUSED);
    assert_true(slice_equal(desk_last(desk)->clocks.clocks[0].reason, slice_text(why)));
}

static void extended_to(const struct desk *desk, int64_t due_us)
{
    assert_int_equal(desk_last(desk)->kind, EVENT_CLOCKS_RETARGETED);
    assert_true(desk_last(desk)->clocks.clocks[0].due_us == due_us);
    assert_true(desk->state.clocks[0].due_us == due_us);
}

static void more_time_comes_in_turns_each_under_its_own_conditions(void **state)
{
    (void)state;
    static struct desk desk;
    struct policy_object *object = desk_policy(text, 2027);
    open_at(&desk, object, at(3, 2, 10));
    act(&desk, at(3, 3, 9), "tell", NULL); /* before its turn: it will not count */
    act(&desk, at(3, 4, 9), "extend", NULL);
    refused(&desk, "no-reason");
    act(&desk, at(3, 4, 10), "extend", "it is complicated");
    extended_to(&desk, at(4, 1, 10)); /* 30 days */
    act(&desk, at(3, 5, 9), "extend", NULL);
    refused(&desk, "tell");
    act(&desk, at(3, 5, 10), "tell", NULL);
    act(&desk, at(3, 5, 11), "extend", NULL); /* no reason is asked for here */
    extended_to(&desk, at(4, 11, 10));
    act(&desk, at(3, 6, 10), "tell", NULL);
    act(&desk, at(3, 6, 11), "extend", NULL);
    extended_to(&desk, at(4, 21, 10)); /* 50 days */
    act(&desk, at(3, 7, 10), "tell", NULL);
    act(&desk, at(3, 7, 11), "extend", "an expert");
    refused(&desk, "approve");
    act(&desk, at(3, 8, 10), "approve", NULL);
    act(&desk, at(3, 8, 11), "extend", "an expert");
    extended_to(&desk, at(5, 1, 10)); /* 60 days in all */
    act(&desk, at(3, 9, 11), "extend", "again");
    refused(&desk, "too-often");
    desk_close(&desk, &object);
}

static const struct watch_clock *clock_of(const struct desk *desk, int clock)
{
    return &desk->state.clocks[clock];
}

static void what_is_agreed_to_is_due_at_the_last_closing_of_its_date(void **state)
{
    (void)state;
    static struct desk desk;
    struct policy_object *object = desk_policy(text, 2027);
    open_at(&desk, object, at(3, 2, 10));
    act(&desk, at(3, 3, 9), "tell", NULL); /* the same fact without the mark */
    assert_int_equal(clock_of(&desk, PROMISE)->phase, WATCH_IDLE);
    assert_int_equal(clock_of(&desk, WAITING)->phase, WATCH_IDLE);
    act_with(&desk, at(3, 4, 9), "agree", "by-date", "2026-03-14"); /* a Saturday: to its end */
    assert_int_equal(clock_of(&desk, PROMISE)->phase, WATCH_RUNNING);
    assert_true(clock_of(&desk, PROMISE)->due_us == at(3, 15, 0));
    assert_true(clock_of(&desk, WAITING)->due_us == at(3, 9, 9));
    act_with(&desk, at(3, 5, 9), "agree", "by-date", "2026-03-13"); /* another date: a Friday */
    assert_int_equal(clock_of(&desk, PROMISE)->generation, 2);
    assert_true(clock_of(&desk, PROMISE)->due_us == at(3, 13, 17));
    assert_true(clock_of(&desk, WAITING)->due_us == at(3, 9, 9)); /* it has started already */
    act(&desk, at(3, 6, 9), "deliver", NULL);
    assert_int_equal(clock_of(&desk, PROMISE)->verdict, CLOCK_MET);
    assert_int_equal(clock_of(&desk, WAITING)->verdict, CLOCK_MET);
    assert_int_equal(clock_of(&desk, DECISION)->phase, WATCH_RUNNING);
    act_with(&desk, at(3, 7, 9), "agree", "by-date", NULL); /* no date, no promise */
    assert_int_equal(clock_of(&desk, PROMISE)->phase, WATCH_STOPPED);
    assert_int_equal(clock_of(&desk, WAITING)->phase, WATCH_RUNNING);
    (void)desk_tick(&desk, at(3, 12, 9));
    assert_int_equal(clock_of(&desk, WAITING)->verdict, CLOCK_MISSED);
    desk_close(&desk, &object);
}

static void a_date_its_calendar_does_not_know_is_told_as_one_that_cannot_be_computed(void **state)
{
    (void)state;
    static struct desk desk;
    struct policy_object *object = desk_policy(text, 2027);
    open_at(&desk, object, at(3, 2, 10));
    act_with(&desk, at(3, 4, 9), "agree", "by-date", "2031-03-14");
    assert_int_equal(desk_last(&desk)->kind, EVENT_CLOCKS_UNKNOWN);
    assert_true(watch_is_unknown(clock_of(&desk, PROMISE)));
    act_with(&desk, at(3, 5, 9), "agree", "by-date", "2026-03-13");
    assert_false(watch_lacks_due(desk.policy, &desk.state));
    desk_close(&desk, &object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_agreed_to_is_due_at_the_last_closing_of_its_date),
        cmocka_unit_test(a_date_its_calendar_does_not_know_is_told_as_one_that_cannot_be_computed),
        cmocka_unit_test(more_time_comes_in_turns_each_under_its_own_conditions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
