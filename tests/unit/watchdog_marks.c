/*
 * Goal: more time comes in turns that differ, each under its own conditions.  Method: a policy as
 * text through the loader, stories in virtual time with dated answers; every journal is folded in
 * both orders.  Guards laws 8, 11 and 12.
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
    "steps:\n"
    "  work: {title: x, phase: investigation, owner: agent, actions: {\n"
    "    end: {title: x, fact: closed, by: agent, to: closed}}}\n"
    "  closed: {title: x, phase: closed, owner: agent, actions: {\n"
    "    reopen: {title: x, fact: reopened, by: agent, to: work}}}\n"
    "everywhere:\n"
    "  tell: {title: x, fact: noted, by: agent}\n"
    "  approve: {title: x, fact: noted, by: agent}\n"
    "  extend: {title: x, fact: extended, by: agent}\n"
    "opening: {step: work, unsure-step: work, unsure-queue: q}\n"
    "calendars:\n"
    "  days: {zone: UTC, always: yes}\n"
    "clocks:\n"
    "  decision: {title: x, starts: opened, stops: closed, within: 15 business days,\n"
    "    calendar: days, extension: {to: 30 business days, reason: yes, further: [\n"
    "      {by: 10 business days, times: 2, after: tell},\n"
    "      {to: 60 business days, reason: yes, after: [tell, approve]}]},\n"
    "    levels: [{breach: due}]}\n";

static struct policy_object *load(void)
{
    struct policy_report report = {0};
    struct policy_object *object =
        policy_load_blind("marks.yaml", slice_text(text), 2026, 2027, &report);
    if (!object) {
        fail_msg("%s", report.text);
    }
    policy_report_done(&report);
    return object;
}

static int64_t at(int month, int day, int hour)
{
    int64_t days = date_to_days(20260000 + month * 100 + day);
    return (days * DAY_S + hour * HOUR_S) * US;
}

static const struct event *last(const struct desk *desk)
{
    return &desk->journal[desk->count - 1];
}

static void open_at(struct desk *desk, const struct policy_object *object, int64_t at_us)
{
    desk_open(desk, &object->policy);
    struct event opened = desk_opened(desk, at_us, at_us, "minor");
    (void)desk_feed(desk, &opened, at_us);
}

static void done(const struct desk *desk, struct policy_object *object)
{
    assert_true(desk_same(desk->policy, &desk->state, &desk->mirror));
    policy_object_free(&object);
}

/* An action of the step the case stands in. */
static void
act(struct desk *desk, int64_t at_us, enum event_kind fact, const char *action, const char *reason)
{
    struct event event = desk_advanced(desk, fact, at_us, "");
    event.advanced.action = slice_text(action);
    event.advanced.field_count = reason ? 1 : 0;
    event.advanced.fields[0] =
        (struct event_field){.name = slice_text("reason"), .value = slice_text(reason)};
    (void)desk_feed(desk, &event, at_us);
}

static void refused(const struct desk *desk, const char *why)
{
    assert_int_equal(last(desk)->kind, EVENT_CLOCKS_REFUSED);
    assert_true(slice_equal(last(desk)->clocks.clocks[0].reason, slice_text(why)));
}

static void extended_to(const struct desk *desk, int64_t due_us)
{
    assert_int_equal(last(desk)->kind, EVENT_CLOCKS_RETARGETED);
    assert_true(last(desk)->clocks.clocks[0].due_us == due_us);
    assert_true(desk->state.clocks[0].due_us == due_us);
}

static void more_time_comes_in_turns_each_under_its_own_conditions(void **state)
{
    (void)state;
    static struct desk desk;
    struct policy_object *object = load();
    open_at(&desk, object, at(3, 2, 10));
    act(&desk, at(3, 3, 9), EVENT_NOTED, "tell", NULL); /* before its turn: it will not count */
    act(&desk, at(3, 4, 9), EVENT_EXTENDED, "extend", NULL);
    refused(&desk, "no-reason");
    act(&desk, at(3, 4, 10), EVENT_EXTENDED, "extend", "it is complicated");
    extended_to(&desk, at(4, 1, 10)); /* 30 days */
    act(&desk, at(3, 5, 9), EVENT_EXTENDED, "extend", NULL);
    refused(&desk, "tell");
    act(&desk, at(3, 5, 10), EVENT_NOTED, "tell", NULL);
    act(&desk, at(3, 5, 11), EVENT_EXTENDED, "extend", NULL); /* no reason is asked for here */
    extended_to(&desk, at(4, 11, 10));
    act(&desk, at(3, 6, 10), EVENT_NOTED, "tell", NULL);
    act(&desk, at(3, 6, 11), EVENT_EXTENDED, "extend", NULL);
    extended_to(&desk, at(4, 21, 10)); /* 50 days */
    act(&desk, at(3, 7, 10), EVENT_NOTED, "tell", NULL);
    act(&desk, at(3, 7, 11), EVENT_EXTENDED, "extend", "an expert");
    refused(&desk, "approve");
    act(&desk, at(3, 8, 10), EVENT_NOTED, "approve", NULL);
    act(&desk, at(3, 8, 11), EVENT_EXTENDED, "extend", "an expert");
    extended_to(&desk, at(5, 1, 10)); /* 60 days in all */
    act(&desk, at(3, 9, 11), EVENT_EXTENDED, "extend", "again");
    refused(&desk, "too-often");
    done(&desk, object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_time_comes_in_turns_each_under_its_own_conditions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
