#include "generate_private.h"

#include <string.h>

static void some_steps(struct text *text, const char *key)
{
    unsigned first = (unsigned)sim_random(text->steps);
    say(text, ", %s: [s%u", key, first);
    if (maybe(400)) {
        say(text, ", s%u", (first + 1) % text->steps);
    }
    say(text, "]");
}

static void clock_levels(struct text *text)
{
    static const char *const warns[] = {
        "50%", "50%", "30 minutes before", "1 business hour before"};
    static const char *const after[] = {
        "150%", "150%", "20 minutes after", "1 business hour after"};
    say(text, ", levels: [");
    if (maybe(600)) {
        say(text, "{warn: %s}, ", PICK(warns));
    }
    say(text, "{breach: due, notify: agent%s}", maybe(400) ? ", raise-to: 2" : "");
    if (maybe(500)) {
        say(text, ", {escalate: %s, notify: manager, raise-to: 1}", PICK(after));
    }
    say(text, "]}\n");
}

static const char *calendar_any(void)
{
    return maybe(500) ? "office" : "shifts";
}

/* In days, or other targets for some: the due time is the core's word, all else is judged. */
static void clock_days(struct text *text)
{
    if (maybe(500)) {
        say(text,
            ", within: %u business days, calendar: %s%s",
            1 + (unsigned)sim_random(2),
            calendar_any(),
            maybe(500)   ? ", end-of-day: yes"
            : maybe(300) ? ", roll: yes"
                         : "");
        return;
    }
    say(text, ", within: 6 hours, calendar: always, targets: [");
    if (maybe(400)) {
        say(text, "\n    {priorities: %u, within: 1 hour},", 1 + (unsigned)sim_random(3));
    }
    say(text,
        "\n    {when: {%s}, within: 2 business hours, calendar: %s}]",
        maybe(500) ? "classes: grave" : "channels: mail",
        calendar_any());
}

static void clock_hours(struct text *text)
{
    unsigned hours = 1 + (unsigned)sim_random(8);
    bool business = maybe(350);
    const char *unit = business ? "business " : "";
    say(text, ", within: %u %shours", hours, unit);
    say(text, ", calendar: %s", business ? calendar_any() : "always");
    if (maybe(350)) {
        unsigned by = 1 + (unsigned)sim_random(4);
        if (maybe(700)) {
            unsigned times = 1 + (unsigned)sim_random(2);
            say(text, ", extension: {by: %u %shours, times: %u", by, unit, times);
        } else {
            say(text, ", extension: {to: %u %shours", hours + by, unit);
        }
        say(text, "%s%s", maybe(300) ? ", reason: yes" : "", maybe(300) ? ", after: [tell]" : "");
        if (maybe(300)) {
            say(text,
                ", further: [{by: %u %shours%s}]",
                by,
                unit,
                maybe(500) ? ", after: tell" : "");
        }
        say(text, "}");
    }
}

/* How long, where it stands still, how it is extended, whose it is. */
static void clock_time(struct text *text, bool may_pause, bool of_receipt)
{
    if (maybe(200)) {
        clock_days(text);
    } else {
        clock_hours(text);
    }
    if (may_pause && maybe(350)) {
        some_steps(text, maybe(700) ? "pauses-in" : "runs-in");
    } else if (maybe(250)) {
        say(text, ", pauses-for-customer: yes");
    }
    if (maybe(150)) {
        say(text, ", when: {%s}", of_receipt || maybe(500) ? "channels: mail" : "classes: grave");
    }
    if (maybe(150)) {
        say(text, ", due-cleared-when: [%s]", maybe(500) ? "met, paused" : "closed");
    }
    if (maybe(100)) {
        some_steps(text, "due-hidden-in");
    }
    say(text, "%s", maybe(100) ? ", on-boundary: opening" : "");
    say(text, "%s", maybe(100) ? ", unknown-notify: supervisor" : "");
}

/* Started, stopped or begun again by what an action counts as. */
static void clock_marks(struct text *text)
{
    static const char *const marks[] = {
        ", starts: [opened], stops: [closed], stops-at-marks: [m1]",
        ", starts-at-marks: [m1], stops: [closed, investigated]",
        ", starts: [opened], stops: [closed], rearms-at-marks: [m1]",
    };
    say(text, "%s", PICK(marks));
}

static void clock_write(struct text *text, unsigned number)
{
    static const char *const starts[] = {
        "received", "opened", "opened", "customer_wrote", "investigated", "reopened"};
    bool answers = maybe(600);
    unsigned way = (unsigned)sim_random(8);
    const char *start = PICK(starts);
    say(text, "  c%u: {title: x", number);
    if (way == 0) {
        some_steps(text, "of-steps");
        say(text, "%s", maybe(500) ? ", rearms-at: [contacted]" : "");
        start = "";
    } else if (way == 5) {
        say(text, ", of-task: t%u", (unsigned)sim_random(TASKS));
        start = "";
    } else if (way == 6) {
        clock_marks(text);
        start = "";
    } else if (way == 1) {
        say(text, ", starts: [opened], stops: [closed], rearms-at: [contacted]");
    } else {
        say(text,
            ", starts: [%s%s], stops: [closed%s%s]",
            start,
            strcmp(start, "reopened") != 0 && maybe(200) ? ", reopened" : "",
            answers && strcmp(start, "investigated") != 0 ? ", investigated" : "",
            maybe(300) ? ", merged" : "");
    }
    clock_time(text, way != 0, strcmp(start, "received") == 0);
    clock_levels(text);
}

/* Due when the customer was promised it. */
static void clock_promised(struct text *text)
{
    say(text,
        "  promised: {title: x, starts: [contacted], rearms-at: [contacted], stops: [closed, "
        "investigated], due-field: called-at, calendar: always");
    clock_levels(text);
}

/* From the receipt on, and it stops or stands still where the case opens: of a slow opening its
 * levels are due before. */
static void clock_receipt(struct text *text)
{
    bool stops = maybe(500);
    say(text,
        "  taken-up: {title: x, starts: [received], stops: [%sclosed]%s, within: %u minutes, "
        "calendar: always",
        stops ? "opened, " : "",
        stops ? "" : ", pauses-in: [s0]",
        20 + (unsigned)sim_random(100));
    clock_levels(text);
}

void generate_clocks(struct text *text)
{
    unsigned clocks = 1 + (unsigned)sim_random(6);
    say(text,
        "calendars:\n  always: {zone: UTC, always: yes}\n"
        "  office: {zone: UTC, hours: {mon-fri: [09:00-12:00, 13:00-18:00]}}\n"
        "  shifts:\n    zone: Asia/Shanghai\n    hours: {mon-sat: [08:00-12:00, 12:30-24:00]}\n"
        "    make-up: [10:00-16:00]\n    closed: [2026-03-03]\n"
        "    open: {2026-03-08: 09:00-12:00}\n    breaks: {2026-03-02: 15:00-16:00}\n"
        "clocks:\n");
    if (maybe(500)) {
        say(text,
            "  offer: {title: x, starts: [offered], stops: [accepted, released, closed], "
            "within: 30 minutes, calendar: "
            "always, takes-back: yes, levels: [{breach: due%s}]}\n",
            maybe(500) ? ", raise-to: 1" : "");
    }
    if (maybe(250)) {
        clock_promised(text);
    }
    if (maybe(400)) {
        clock_receipt(text);
    }
    for (unsigned i = 0; i < clocks; i++) {
        clock_write(text, i);
    }
}
