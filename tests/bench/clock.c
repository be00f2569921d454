/*
 * What a due instant costs where it is made: the watchdog's core on a case whose clocks pause and
 * resume, over a calendar of three years of the mainland's working days.
 *
 * Every pause and resumption is one event of dispatch through watch_event and watch_evolve, as the
 * daemon does it; each resumption makes the due instants and next levels of all clocks anew.
 * Processor time of one thread.
 */
#include "kit.h"
#include "policy_load.h"
#include "watchdog_core.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { CASES = 20000, PAUSES = 10, CLOCKS = 4, HOUR_US_3 = 3 };

static const char text[] =
    "policy: bench\nversion: 1\ntitle: x\ncapacity: 1\nrepeat-window: 1 days\n"
    "reopen-window: 1 days\nroles: [agent]\nchannels: {mail: {title: x}}\n"
    "taxonomy: {late: {title: x, patterns: [x]}}\nclasses: {minor: {title: x, priority: 4}}\n"
    "queues: {q: {title: x}}\nroutes: [{queue: q}]\n"
    "steps:\n"
    "  work: {title: x, phase: investigation, owner: agent, actions: {\n"
    "    ask: {title: x, fact: noted, by: agent, to: wait},\n"
    "    end: {title: x, fact: closed, by: agent, to: closed}}}\n"
    "  wait: {title: x, phase: consent, owner: agent, actions: {\n"
    "    back: {title: x, fact: noted, by: agent, to: work}}}\n"
    "  closed: {title: x, phase: closed, owner: agent, actions: {\n"
    "    reopen: {title: x, fact: reopened, by: agent, to: work}}}\n"
    "opening: {step: work, unsure-step: work, unsure-queue: q}\n"
    "calendars:\n"
    "  cn: {zone: Asia/Shanghai, hours: {mon-fri: [09:00-12:00, 13:30-18:00]}, holidays: cn}\n"
    "clocks:\n"
    "  a: {title: x, starts: [opened], stops: [closed], within: 40 business hours, calendar: cn,\n"
    "    pauses-in: [wait], levels: [{warn: 75%}, {breach: due}]}\n"
    "  b: {title: x, starts: [opened], stops: [closed], within: 90 business hours, calendar: cn,\n"
    "    pauses-in: [wait], levels: [{warn: 8 business hours before}, {breach: due}]}\n"
    "  c: {title: x, starts: [opened], stops: [closed], within: 15 business days, calendar: cn,\n"
    "    pauses-in: [wait], levels: [{warn: 50%}, {breach: due}]}\n"
    "  d: {title: x, starts: [opened], stops: [closed], within: 200 business hours, calendar: cn,\n"
    "    pauses-in: [wait], levels: [{warn: 75%}, {breach: due}]}\n";

static uint64_t due_count;
static int64_t check_sum;

static void feed(const struct policy *policy, struct watch_case *state, const struct event *event)
{
    struct watch_output output;
    do {
        watch_event(policy, state, event, event->at_us, &output);
        for (uint32_t i = 0; i < output.count; i++) {
            const struct event *told = &output.events[i];
            bool resumed = told->kind == EVENT_CLOCKS_STARTED || told->kind == EVENT_CLOCKS_RESUMED;
            due_count += resumed ? told->clocks.count : 0;
            check_sum += told->clocks.clocks[0].due_us;
            watch_evolve(policy, state, told);
        }
    } while (output.more);
    watch_evolve(policy, state, event);
}

static void play(const struct policy *policy, uint64_t serial)
{
    struct watch_case state = {0};
    int64_t at_us = (INT64_C(1704067200) + (int64_t)(serial % 600) * 86400 + 7200) * 1000000;
    struct event event = {.service = SERVICE_DISPATCH,
                          .kind = EVENT_OPENED,
                          .seq = 1,
                          .case_id = case_id_make(1, serial),
                          .at_us = at_us};
    event.opened.channel = slice_text("mail");
    event.opened.severity_class = slice_text("minor");
    event.opened.received_at_us = at_us;
    event.opened.step = slice_text("work");
    feed(policy, &state, &event);
    for (int i = 0; i < 2 * PAUSES; i++) {
        memset(&event.advanced, 0, sizeof event.advanced);
        event.kind = EVENT_NOTED;
        event.seq++;
        event.at_us += INT64_C(3600000000) * HOUR_US_3;
        event.advanced.to_step = slice_text(i % 2 == 0 ? "wait" : "work");
        feed(policy, &state, &event);
    }
}

int main(void)
{
    struct policy_report report = {0};
    struct policy_object *object =
        policy_load_blind("bench.yaml", slice_text(text), 2024, 2026, &report);
    if (!object) {
        (void)fputs(report.text ? report.text : "out of memory\n", stderr);
        return 1;
    }
    double from_us = kit_cpu_us();
    for (uint64_t i = 1; i <= CASES; i++) {
        play(&object->policy, i);
    }
    double took_us = kit_cpu_us() - from_us;
    kit_say("clock.due", "1/s", (double)due_count * 1e6 / took_us);
    kit_say("clock.due-instants", "1", (double)due_count);
    kit_say("clock.event", "us", took_us / (CASES * (2.0 * PAUSES + 1)));
    (void)fprintf(stderr, "check sum %" PRId64 "\n", check_sum);
    policy_object_free(&object);
    return 0;
}
