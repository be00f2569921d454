/*
 * Goal: no deadline is skipped without a word: a promise that a clock cannot place is refused when
 * it is made, what may be done within a time is refused where that cannot be computed, and more
 * time can be asked for with the fields its rule reads. Method: a policy as text through the loader
 * whose calendar ends with a year, played at the desk. Guards laws 7, 8 and 12.
 */
#include "dispatch_loaded.h"
#include "unit.h"

enum { YEAR = 2026, REASON_MAX = 500 };

static const char text[] =
    "policy: deadlines\nversion: 1\ntitle: x\ncapacity: 9\nrepeat-window: 1 days\n"
    "reopen-window: 1 days\nroles: [agent]\nchannels: {phone: {title: x}}\n"
    "taxonomy: {late: {title: x, patterns: [x]}}\nclasses: {minor: {title: x, priority: 4}}\n"
    "queues: {q: {title: x}}\nroutes: [{queue: q}]\n"
    "fields: {by-date: {title: By, type: date}, call-at: {title: At, type: instant}}\n"
    "steps:\n"
    "  work: {title: x, phase: investigation, owner: agent, actions: {\n"
    "    promise: {title: x, fact: noted, by: agent, needs: [by-date]},\n"
    "    in-time: {title: x, fact: noted, by: agent, requires: [\n"
    "      {before: 3 business days, calendar: days, title: In}]},\n"
    "    not-yet: {title: x, fact: noted, by: agent, requires: [\n"
    "      {after: 3 business days, calendar: days, title: Not}]},\n"
    "    extend: {title: x, fact: extended, by: agent},\n"
    "    call-back: {title: x, fact: noted, by: agent, needs: [call-at]},\n"
    "    end: {title: x, fact: closed, by: agent, to: closed}}}\n"
    "  closed: {title: x, phase: closed, owner: agent, actions: {\n"
    "    reopen: {title: x, fact: reopened, by: agent, to: work}}}\n"
    "opening: {step: work, unsure-step: work, unsure-queue: q}\n"
    "calendars: {days: {zone: UTC, hours: {mon-fri: 09:00-17:00}}}\nclocks:\n"
    "  promised: {title: x, starts: noted, stops: closed, due-field: by-date,\n"
    "    calendar: days, levels: [{breach: due}]}\n"
    "  call: {title: x, starts: noted, stops: closed, due-field: call-at,\n"
    "    calendar: days, levels: [{breach: due}]}\n"
    "  answer: {title: x, starts: opened, stops: closed, within: 2h, calendar: days,\n"
    "    extension: {by: 1h, reason: yes}, levels: [{breach: due}]}\n";

static struct policy_object *object;
static struct play play;

static int policy_get(void **state)
{
    (void)state;
    struct policy_report report;
    object = policy_load_blind("deadlines.yaml", slice_text(text), YEAR, YEAR, &report);
    return play_loaded(object, &report);
}

static int policy_done(void **state)
{
    (void)state;
    return play_unload(&object);
}

static void begin(void)
{
    play_open(&play, "late", "minor", 4);
    PLAY_ONE(&play, {"mei", "agent", "claim", .to = DISPATCH_APPEND});
}

static struct dispatch_permit permit_of(const char *action, const char *name, const char *value)
{
    const struct event_field field = {.name = slice_text(name), .value = slice_text(value)};
    struct dispatch_input input = play_command(&play, "mei", "agent", action);
    input.now_us = play.now_us;
    input.fields = &field;
    input.field_count = 1;
    return dispatch_may(&object->policy, &play.state, &input, false);
}

static void a_date_beyond_the_calendar_is_refused_with_the_end_of_the_calendar(void **state)
{
    (void)state;
    const int64_t end_us =
        calendar_in_us(calendar_end_of_date(&object->policy.calendars[0], 20261231));
    begin();
    assert_int_equal(permit_of("promise", "by-date", "2026-12-31").answer, DISPATCH_APPEND);
    struct dispatch_permit permit = permit_of("promise", "by-date", "2028-01-03");
    assert_int_equal(permit.answer, DISPATCH_FIELD_INVALID);
    assert_true(slice_equal(permit.what, slice_text("by-date")));
    assert_string_equal(permit.title->text[LOCALE_EN], "By");
    assert_true(permit.until_us >= end_us && permit.until_us != INT64_MAX);
    permit = permit_of("promise", "by-date", "1999-12-31");
    assert_int_equal(permit.answer, DISPATCH_FIELD_INVALID);
    assert_int_equal(permit.until_us, 0); /* before it, not beyond */
    PLAY_ONE(&play,
             {"mei", "agent", "promise", {"by-date"}, "2028-01-03", .to = DISPATCH_FIELD_INVALID});
    PLAY_ONE(&play, {"mei", "agent", "promise", {"by-date"}, "2026-12-31", .to = DISPATCH_APPEND});
    play_end(&play);
}

static void what_is_no_promise_at_all_is_refused(void **state)
{
    (void)state;
    begin();
    assert_int_equal(permit_of("promise", "by-date", "").answer, DISPATCH_FIELD_MISSING);
    assert_int_equal(permit_of("promise", "by-date", "tomorrow").answer, DISPATCH_FIELD_INVALID);
    assert_int_equal(permit_of("end", "by-date", "2026-12-31").answer, DISPATCH_FIELD_UNKNOWN);
    assert_int_equal(permit_of("call-back", "call-at", "2031-03-17T00:00:00+08:00").answer,
                     DISPATCH_APPEND);
    play_end(&play);
}

/* The watchdog reads both, and no form need have them. */
static void more_time_is_asked_for_with_a_clock_and_a_reason_no_form_has(void **state)
{
    (void)state;
    static char wordy[REASON_MAX + 2];
    memset(wordy, 'a', REASON_MAX + 1);
    begin();
    assert_int_equal(permit_of("extend", "clock", "answer").answer, DISPATCH_APPEND);
    assert_int_equal(permit_of("extend", "clock", "13987650421").answer, DISPATCH_FIELD_INVALID);
    assert_int_equal(permit_of("extend", "reason", wordy).answer, DISPATCH_FIELD_INVALID);
    assert_int_equal(permit_of("extend", "reason", wordy + 1).answer, DISPATCH_APPEND);
    assert_int_equal(permit_of("extend", "why", "so").answer, DISPATCH_FIELD_UNKNOWN);
    assert_int_equal(permit_of("end", "reason", "so").answer, DISPATCH_FIELD_UNKNOWN);
    assert_int_equal(permit_of("end", "clock", "answer").answer, DISPATCH_FIELD_UNKNOWN);
    PLAY_ONE(&play, {"mei", "agent", "extend", {"reason"}, "parts", .to = DISPATCH_APPEND});
    assert_true(slice_equal(play.last.advanced.fields[0].value, slice_text("parts")));
    play_end(&play);
}

/* The case came in two years before the calendar begins. */
static void a_window_that_cannot_be_computed_is_not_skipped(void **state)
{
    (void)state;
    static const char *const actions[] = {"in-time", "not-yet"};
    begin();
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        struct dispatch_input input = play_command(&play, "mei", "agent", actions[i]);
        input.now_us = play.now_us;
        struct dispatch_permit permit = dispatch_may(&object->policy, &play.state, &input, false);
        assert_int_equal(permit.answer, DISPATCH_REQUIREMENT);
        assert_true(permit.until_us == INT64_MAX);
        assert_string_equal(permit.title->text[LOCALE_EN], i == 0 ? "In" : "Not");
        assert_int_equal(dispatch_may(&object->policy, &play.state, &input, true).answer,
                         DISPATCH_REQUIREMENT); /* nor offered */
    }
    play_end(&play);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_date_beyond_the_calendar_is_refused_with_the_end_of_the_calendar),
        cmocka_unit_test(what_is_no_promise_at_all_is_refused),
        cmocka_unit_test(more_time_is_asked_for_with_a_clock_and_a_reason_no_form_has),
        cmocka_unit_test(a_window_that_cannot_be_computed_is_not_skipped),
    };
    return cmocka_run_group_tests(tests, policy_get, policy_done);
}
