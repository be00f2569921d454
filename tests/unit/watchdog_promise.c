/*
 * Promises with a time become clocks.
 *
 * Goal: a clock whose due instant stands in a field of the fact that starts it is kept or broken to
 * the second, does not move, and starts at nothing that promises nothing.  Method: a policy as text
 * through the loader, stories in virtual time, the state folded from events compared with the one
 * that decided.  Guards laws 7, 11 and 12.
 */
#include "policy_load.h"
#include "unit.h"
#include "watchdog_core.h"
#include "watchdog_desk.h"

enum { US = DESK_SECOND_US, DUE_S = 1773676800 }; /* 2026-03-17 00:00 in Shanghai */

static const char head[] =
    "policy: promise\nversion: 1\ntitle: x\ncapacity: 1\nrepeat-window: 1 days\n"
    "reopen-window: 1 days\nroles: [agent]\nchannels: {phone: {title: x}}\n"
    "taxonomy: {late: {title: x, patterns: [x]}}\nclasses: {minor: {title: x, priority: 4}}\n"
    "queues: {q: {title: x}}\nroutes: [{queue: q}]\n"
    "fields: {callback_at: {title: x, type: instant}, words: {title: x}}\n"
    "steps:\n"
    "  work: {title: x, phase: investigation, owner: agent, actions: {\n"
    "    promise: {title: x, fact: noted, by: agent, needs: [callback_at]},\n"
    "    note: {title: x, fact: noted, by: agent, needs: [words]},\n"
    "    call: {title: x, fact: contacted, by: agent},\n"
    "    end: {title: x, fact: closed, by: agent, to: closed}}}\n"
    "  closed: {title: x, phase: closed, owner: agent, actions: {\n"
    "    reopen: {title: x, fact: reopened, by: agent, to: work}}}\n"
    "opening: {step: work, unsure-step: work, unsure-queue: q}\n"
    "calendars: {all: {zone: UTC, always: yes}}\nclocks:\n";

static const char good[] =
    "  callback: {title: x, starts: [noted], stops: [contacted, closed], due-field: callback_at,\n"
    "    calendar: all, levels: [{warn: 50%}, {breach: due}, {escalate: 1h after}]}\n";

static struct policy_object *load(const char *clocks, struct policy_report *report)
{
    char text[4096];
    (void)snprintf(text, sizeof text, "%s%s", head, clocks);
    return policy_load_blind("promise.yaml", slice_text(text), 2026, 2026, report);
}

static struct policy_object *start(struct desk *desk)
{
    struct policy_report report = {0};
    struct policy_object *object = load(good, &report);
    if (!object) {
        fail_msg("%s", report.text);
    }
    policy_report_done(&report);
    desk_open(desk, &object->policy);
    struct event event =
        desk_opened(desk, (int64_t)(DUE_S - 7200) * US, (int64_t)(DUE_S - 7200) * US, "minor");
    desk_feed(desk, &event, event.at_us);
    return object;
}

static void tell(struct desk *desk, int64_t at_s, const char *field, const char *value)
{
    struct event event = desk_advanced(desk, EVENT_NOTED, at_s * US, "");
    event.advanced.field_count = 1;
    event.advanced.fields[0] =
        (struct event_field){.name = slice_text(field), .value = slice_text(value)};
    desk_feed(desk, &event, event.at_us);
}

static void step(struct desk *desk, enum event_kind kind, int64_t at_s, const char *to)
{
    struct event event = desk_advanced(desk, kind, at_s * US, to);
    desk_feed(desk, &event, event.at_us);
}

static const char promised[] = "2026-03-17T00:00:00+08:00";

static void a_promise_is_kept_at_its_very_instant(void **state)
{
    (void)state;
    static struct desk desk;
    struct policy_object *object = start(&desk);
    const struct watch_clock *clock = &desk.state.clocks[0];
    tell(&desk, DUE_S - 3600, "callback_at", promised);
    assert_int_equal(clock->due_us, (int64_t)DUE_S * US);
    assert_int_equal(clock->next_level_us, (int64_t)(DUE_S - 1800) * US);
    step(&desk, EVENT_CONTACTED, DUE_S, "");
    assert_int_equal(clock->verdict, CLOCK_MET);
    desk_close(&desk, &object);
}

static void a_share_of_a_target_is_rounded_down_to_the_microsecond(void **state)
{
    (void)state;
    static struct desk desk;
    struct policy_object *object = start(&desk);
    struct event event = desk_advanced(&desk, EVENT_NOTED, (DUE_S - 3600) * (int64_t)US + 1, "");
    event.advanced.field_count = 1;
    event.advanced.fields[0] =
        (struct event_field){.name = slice_text("callback_at"), .value = slice_text(promised)};
    desk_feed(&desk, &event, event.at_us);
    /* Half of an odd number of microseconds, counted from the first of them. */
    assert_int_equal(desk.state.clocks[0].next_level_us, (int64_t)(DUE_S - 1800) * US);
    desk_close(&desk, &object);
}

static void a_second_later_it_is_broken(void **state)
{
    (void)state;
    static struct desk desk;
    struct policy_object *object = start(&desk);
    tell(&desk, DUE_S - 3600, "callback_at", promised);
    step(&desk, EVENT_CONTACTED, DUE_S + 1, "");
    assert_int_equal(desk.state.clocks[0].verdict, CLOCK_MISSED);
    desk_close(&desk, &object);
}

static void a_fact_that_promises_nothing_starts_nothing(void **state)
{
    (void)state;
    static struct desk desk;
    struct policy_object *object = start(&desk);
    tell(&desk, DUE_S - 3600, "words", promised);
    assert_int_equal(desk.state.clocks[0].phase, WATCH_IDLE);
    desk_close(&desk, &object);
}

static void closing_and_reopening_do_not_move_it(void **state)
{
    (void)state;
    static struct desk desk;
    struct policy_object *object = start(&desk);
    const struct watch_clock *clock = &desk.state.clocks[0];
    tell(&desk, DUE_S - 3600, "callback_at", promised);
    step(&desk, EVENT_WITHDRAWN, DUE_S - 3000, "closed"); /* no stop of this clock */
    assert_int_equal(clock->phase, WATCH_STOPPED);
    step(&desk, EVENT_REOPENED, DUE_S - 600, "work");
    assert_int_equal(clock->phase, WATCH_RUNNING);
    assert_int_equal(clock->due_us, (int64_t)DUE_S * US);
    desk_close(&desk, &object);
}

static void what_is_no_instant_is_told_as_unknown(void **state)
{
    (void)state;
    static struct desk desk;
    struct policy_object *object = start(&desk);
    tell(&desk, DUE_S - 3600, "callback_at", "tomorrow");
    assert_true(watch_is_unknown(&desk.state.clocks[0]));
    assert_int_equal(desk.journal[desk.count - 1].kind, EVENT_CLOCKS_UNKNOWN);
    desk_close(&desk, &object);
}

static void the_loader_refuses_promises_that_move_or_that_nobody_makes(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        const char *clock, *says;
    } rows[] = {
        {"starts: noted, stops: closed, due-field: words", "due at an instant"},
        {"starts: contacted, stops: closed, due-field: callback_at", "asks for 'callback"},
        {"starts: noted, stops: closed, within: 1h, due-field: callback_at", "exclude each"},
        {"starts: noted, stops: closed, due-field: callback_at, runs-in: work", "exclude"},
        {"starts: noted, stops: closed", "needs 'within'"},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct policy_report report = {0};
        char clocks[512];
        (void)snprintf(clocks,
                       sizeof clocks,
                       "  c: {title: x, %s, calendar: all, levels: [{breach: due}]}\n",
                       rows[i].clock);
        struct policy_object *object = load(clocks, &report);
        assert_null(object);
        if (!report.text || !strstr(report.text, rows[i].says)) {
            fail_msg("%s: %s", rows[i].clock, report.text);
        }
        policy_report_done(&report);
    }
}

static void instants_are_read_as_people_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t at_s; /* -1: none */
    } rows[] = {
        {"1970-01-01T00:00:00Z",       0             },
        {"2026-03-17T00:00:00+08:00",  DUE_S         },
        {"2026-03-16 16:00Z",          DUE_S         },
        {"2024-02-29T23:59:59-00:30",  1709253000 - 1},
        {"2023-02-29T00:00:00Z",       -1            },
        {"2026-03-17T24:00:00Z",       -1            },
        {"2026-03-17T00:00:00",        -1            },
        {"2026-03-17T00:00:00+08:00x", -1            },
        {"2026-03-17",                 -1            },
        {"",                           -1            },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t at_s = 0;
        bool good_one = policy_instant_parse(slice_text(rows[i].text), &at_s);
        assert_int_equal(good_one ? at_s : -1, rows[i].at_s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_promise_is_kept_at_its_very_instant),
        cmocka_unit_test(a_share_of_a_target_is_rounded_down_to_the_microsecond),
        cmocka_unit_test(a_second_later_it_is_broken),
        cmocka_unit_test(a_fact_that_promises_nothing_starts_nothing),
        cmocka_unit_test(closing_and_reopening_do_not_move_it),
        cmocka_unit_test(what_is_no_instant_is_told_as_unknown),
        cmocka_unit_test(the_loader_refuses_promises_that_move_or_that_nobody_makes),
        cmocka_unit_test(instants_are_read_as_people_write_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
