#include "generate.h"

#include "sim.h"

#include <stdarg.h>
#include <string.h>

enum { MARKS = 4, TASKS = 3, OPEN_STEPS_MAX = 5 };

/* One policy being written. */
struct text {
    FILE *out;
    unsigned steps;   /* open ones: s0 …; the end is "done" */
    unsigned actions; /* so far; their ids count */
};

static const char *const roles[] = {"agent", "supervisor", "manager"};

#define PICK(list) (list)[sim_random(sizeof(list) / sizeof *(list))]

static bool maybe(unsigned per_mille)
{
    return sim_per_mille(per_mille);
}

static void say(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct text *text, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)vfprintf(text->out, format, list);
    va_end(list);
}

/* "a, c": some of these, one at least. */
static void some_roles(struct text *text, const char *one)
{
    say(text, "[%s", one);
    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(roles[i], one) != 0 && maybe(300)) {
            say(text, ", %s", roles[i]);
        }
    }
    say(text, "%s]", maybe(100) ? ", customer" : "");
}

static void condition(struct text *text)
{
    static const char *const conditions[] = {"{channels: mail}",
                                             "{classes: grave}",
                                             "{categories: construction}",
                                             "{fields: [{field: amount, at-least: 10}]}",
                                             "{fields: [{field: founded, is: yes}]}"};
    say(text, ", when: %s", PICK(conditions));
}

static void requirement(struct text *text, bool of_closing)
{
    unsigned mark = (unsigned)sim_random(MARKS);
    switch (sim_random(of_closing ? 6 : 8)) {
    case 0:
        say(text, "{mark: m%u", mark);
        break;
    case 1:
        say(text, "{mark: m%u, times: 2", mark);
        break;
    case 2:
        say(text, "{mark: m%u, persons: 2", mark);
        break;
    case 3:
        say(text, "{mark: m%u, no-more-than: %u", mark, 1 + (unsigned)sim_random(3));
        break;
    case 4:
        say(text, "{field: founded, is: %s", maybe(700) ? "yes" : "no");
        break;
    case 5:
        say(text, "{field: amount, at-%s: 100", maybe(500) ? "most" : "least");
        break;
    case 6:
        say(text, "{not-by-who-did: m%u", mark);
        break;
    default:
        say(text, "{task: t%u", (unsigned)sim_random(TASKS));
    }
    if (maybe(250)) {
        condition(text);
    }
    if (of_closing && maybe(300)) {
        say(text, ", outcomes: [settled, not-founded]");
    }
    if (!of_closing && maybe(150)) {
        say(text, ", by: %s", PICK(roles));
    }
    say(text, "}");
}

static void requirements(struct text *text, const char *key)
{
    unsigned count = 1 + (unsigned)sim_random(2);
    say(text, ", %s: [", key);
    for (unsigned i = 0; i < count; i++) {
        say(text, i > 0 ? ", " : "");
        requirement(text, false);
    }
    say(text, "]");
}

/* What an action may ask for and leave behind, whatever it is. */
static void action_extras(struct text *text, bool leads)
{
    if (maybe(450)) {
        say(text, ", marks: [m%u%s]", (unsigned)sim_random(MARKS / 2), maybe(300) ? ", m2" : "");
    }
    if (maybe(300)) {
        say(text, ", %s: [amount%s]", maybe(600) ? "needs" : "asks", maybe(300) ? ", founded" : "");
    } else if (maybe(200)) {
        say(text, ", needs: [founded, cause]");
    } else if (maybe(80)) {
        say(text, ", asks: [concerns]");
    }
    if (maybe(220)) {
        requirements(text, "requires");
    }
    if (leads && maybe(180)) {
        requirements(text, "moves-when");
    }
    if (maybe(120)) {
        say(text,
            ", limits: [{by: agent, field: amount, at-most: 50}, "
            "{by: supervisor, field: amount, at-most: 500}]");
    }
    if (maybe(120)) {
        say(text, ", opens: t%u", (unsigned)sim_random(TASKS));
    }
    if (maybe(80)) {
        say(text, ", settles: t%u", (unsigned)sim_random(TASKS));
    }
    if (maybe(100)) {
        say(text, ", same-person-may-not: yes");
    }
    if (maybe(50)) {
        say(text, ", even-if-concerned: yes");
    }
}

static void action_begin(struct text *text, const char *fact, const char *role)
{
    say(text, "      a%u: {title: x, fact: %s, by: ", text->actions++, fact);
    some_roles(text, role);
}

static void action_to(struct text *text, unsigned step)
{
    say(text, ", to: s%u", step);
    if (maybe(700)) {
        say(text, ", queue: %s", maybe(500) ? "by-routes" : maybe(500) ? "desk" : "dear");
    }
}

static void closing_action(struct text *text, const char *role)
{
    static const char *const facts[] = {"closed", "replied", "withdrawn", "handed_over"};
    static const char *const outcomes[] = {"not-founded", "not-ours", "malicious", "escalated"};
    action_begin(text, PICK(facts), role);
    say(text, ", to: done");
    if (maybe(300)) {
        say(text, ", outcome: %s", PICK(outcomes));
    }
    action_extras(text, true);
    say(text, "}\n");
}

static void step(struct text *text, unsigned number)
{
    static const char *const phases[] = {
        "assessment", "investigation", "solution", "approval", "implementation", "reply"};
    static const char *const facts[] = {"contacted",
                                        "investigated",
                                        "contained",
                                        "proposed",
                                        "approved",
                                        "rejected",
                                        "consented",
                                        "implemented",
                                        "replied",
                                        "followed_up",
                                        "customer_wrote",
                                        "noted",
                                        "acknowledged",
                                        "declined",
                                        "extended"};
    const char *owner = roles[sim_random(2)];
    unsigned others = 1 + (unsigned)sim_random(4);
    say(text, "  s%u:\n    title: x\n    phase: %s\n    owner: %s\n", number, PICK(phases), owner);
    say(text, "%s", maybe(250) ? "    waits-for-customer: yes\n" : "");
    say(text, "%s", number > 0 && maybe(150) ? "    not-by-earlier-handler: yes\n" : "");
    say(text, "    actions:\n");
    if (number + 1 < text->steps) { /* a way on, whatever else there is */
        action_begin(text, PICK(facts), owner);
        action_to(text, number + 1);
        say(text, "}\n");
    } else {
        action_begin(text, "closed", owner);
        say(text, ", to: done%s}\n", maybe(200) ? ", moves-when: [{mark: m0, times: 2}]" : "");
    }
    for (unsigned i = 0; i < others; i++) {
        bool leads = maybe(500);
        if (maybe(150)) {
            closing_action(text, owner);
            continue;
        }
        action_begin(text, PICK(facts), maybe(600) ? owner : PICK(roles));
        if (leads) {
            action_to(text, (unsigned)sim_random(text->steps));
        }
        action_extras(text, leads);
        say(text, "}\n");
    }
}

static void the_end(struct text *text)
{
    say(text,
        "  done:\n    title: x\n    phase: closed\n    owner: agent\n    actions:\n"
        "      part: {title: x, fact: unmerged, by: [agent, supervisor]}\n"
        "      reopen: {title: x, fact: reopened, by: [supervisor, customer], to: s%u, "
        "queue: by-routes%s}\n"
        "      hold: {title: x, fact: held, by: manager}\n"
        "      lift: {title: x, fact: hold_lifted, by: manager}\n"
        "      word: {title: x, fact: noted, by: [agent, customer], marks: m%u, asks: [amount]}\n",
        (unsigned)sim_random(text->steps),
        maybe(150) ? ", moves-when: [{mark: m1, times: 1}]" : "",
        (unsigned)sim_random(MARKS));
}

static void everywhere(struct text *text)
{
    static const struct {
        unsigned per_mille;
        const char *lines;
    } offered[] = {
        {1000,
         "  merge: {title: x, fact: merged, by: [agent, supervisor], to: done, needs: {case: "
         "{title: x}}}\n"                                                                         },
        {200,  "  link: {title: x, fact: linked, by: agent, needs: {case: {title: x}}}\n"         },
        {500,
         "  owe: {title: x, fact: task_opened, by: [agent, manager], opens: t0}\n"
         "  owed: {title: x, fact: task_done, by: [agent, manager], settles: t0}\n"               },
        {300,
         "  owe-more: {title: x, fact: task_opened, by: agent, opens: [t1, t2]}\n"
         "  owed-more: {title: x, fact: task_done, by: agent, settles: t1}\n"
         "  owed-most: {title: x, fact: task_done, by: supervisor, settles: t2}\n"                },
        {1000,
         "  offer: {title: x, fact: offered, by: [agent, supervisor], gives: yes}\n"
         "  accept: {title: x, fact: accepted, by: [agent, supervisor]}\n"                        },
        {300,  "  transfer: {title: x, fact: transferred, by: [agent, supervisor], gives: yes}\n" },
        {300,  "  rate: {title: x, fact: classified, by: agent, needs: {category: {title: x}}}\n" },
        {300,
         "  sign: {title: x, fact: approved, by: [agent, supervisor, manager], marks: m3, "
         "requires: [{not-by-who-did: m3}]}\n"                                                    },
        {250,  "  more-time: {title: x, fact: extended, by: [agent, supervisor]}\n"               },
        {250,  "  much-time: {title: x, fact: extended, by: agent, needs: {reason: {title: x}}}\n"},
        {1000, "  listen: {title: x, fact: customer_wrote, by: [agent, customer]}\n"              },
        {1000, "  tell: {title: x, fact: contacted, by: agent, marks: m1}\n"                      },
    };
    say(text, "everywhere:\n  judge: {title: x, fact: investigated, by: agent, asks: [founded]}\n");
    for (unsigned i = 0; i < sizeof offered / sizeof *offered; i++) {
        say(text, "%s", maybe(offered[i].per_mille) ? offered[i].lines : "");
    }
}

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
    say(text, ", levels: [");
    say(text, "%s", maybe(600) ? "{warn: 50%}, " : "");
    say(text, "{breach: due, notify: agent%s}", maybe(400) ? ", raise-to: 2" : "");
    say(text, "%s]}\n", maybe(500) ? ", {escalate: 150%, notify: manager, raise-to: 1}" : "");
}

/* How long, where it stands still, how it is extended, whose it is. */
static void clock_time(struct text *text, bool may_pause, bool of_receipt)
{
    unsigned hours = 1 + (unsigned)sim_random(8);
    bool business = maybe(350);
    say(text, ", within: %u %shours", hours, business ? "business " : "");
    say(text, ", calendar: %s", business ? "office" : "always");
    if (may_pause && maybe(350)) {
        some_steps(text, maybe(700) ? "pauses-in" : "runs-in");
    } else if (maybe(250)) {
        say(text, ", pauses-for-customer: yes");
    }
    if (maybe(350)) {
        say(text,
            ", extension: {by: %u %shours, times: %u%s%s}",
            1 + (unsigned)sim_random(4),
            business ? "business " : "",
            1 + (unsigned)sim_random(2),
            maybe(300) ? ", reason: yes" : "",
            maybe(300) ? ", after: [tell]" : "");
    }
    if (maybe(150)) {
        say(text, ", when: {%s}", of_receipt || maybe(500) ? "channels: mail" : "classes: grave");
    }
}

static void clock_write(struct text *text, unsigned number)
{
    static const char *const starts[] = {
        "received", "opened", "opened", "customer_wrote", "investigated", "reopened"};
    bool answers = maybe(600);
    unsigned way = (unsigned)sim_random(5);
    const char *start = PICK(starts);
    say(text, "  c%u: {title: x", number);
    if (way == 0) {
        some_steps(text, "of-steps");
        say(text, "%s", maybe(500) ? ", rearms-at: [contacted]" : "");
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

void generate_policy(FILE *out, unsigned number)
{
    struct text text = {.out = out, .steps = 2 + (unsigned)sim_random(OPEN_STEPS_MAX - 1)};
    unsigned clocks = 1 + (unsigned)sim_random(6);
    say(&text,
        "policy: random-%u\nversion: 1\ntitle: x\ncapacity: 2\nrepeat-window: 30 days\n"
        "reopen-window: 30 days\nroles: [agent, supervisor, manager, deputy, customer]\n"
        "channels: {phone: {title: x, acknowledged-by-receipt: yes}, mail: {title: x}}\n"
        "taxonomy: {late: {title: x, patterns: late}, construction: {title: x, patterns: wall}}\n"
        "classes: {grave: {title: x, from: 50, priority: 2}, minor: {title: x, priority: 4}}\n"
        "overrides:\n  - {when: {categories: construction}, class: grave}\n"
        "queues: {desk: {title: x}, dear: {title: x}}\n"
        "routes:\n  - {when: {fields: [{field: amount, at-least: 500}]}, queue: dear}\n"
        "  - {queue: desk}\n"
        "fields:\n  amount: {title: x, type: money, kept: yes, min: 0}\n"
        "  founded: {title: x, type: yes-no, kept: yes}\n"
        "  cause: {title: x, type: choice, kept: yes, choices: {design: {title: x}, work: {title: "
        "x}}}\n"
        "  concerns: {title: x, recuses: yes}\n",
        number);
    say(&text, "marks:\n");
    for (unsigned i = 0; i < MARKS; i++) {
        say(&text, "  m%u: {title: x%s}\n", i, maybe(500) ? ", per-round: yes" : "");
    }
    say(&text, "tasks:\n");
    for (unsigned i = 0; i < TASKS; i++) {
        say(&text, "  t%u: {title: x%s}\n", i, i > 0 && maybe(300) ? ", blocks: nothing" : "");
    }
    say(&text, "%s", maybe(500) ? "deputies:\n  - {of: manager, by: deputy}\n" : "");
    if (maybe(400)) {
        say(&text, "closing:\n  - ");
        requirement(&text, true);
        say(&text, "\n");
    }
    say(&text, "opening: {step: s0, unsure-step: s0, unsure-queue: desk}\nsteps:\n");
    for (unsigned i = 0; i < text.steps; i++) {
        step(&text, i);
    }
    the_end(&text);
    everywhere(&text);
    say(&text,
        "calendars:\n  always: {zone: UTC, always: yes}\n"
        "  office: {zone: UTC, hours: {mon-fri: [09:00-12:00, 13:00-18:00]}}\n"
        "clocks:\n");
    if (maybe(500)) {
        say(&text,
            "  offer: {title: x, starts: [offered], stops: [accepted, released, closed], "
            "within: 30 minutes, calendar: "
            "always, takes-back: yes, levels: [{breach: due%s}]}\n",
            maybe(500) ? ", raise-to: 1" : "");
    }
    for (unsigned i = 0; i < clocks; i++) {
        clock_write(&text, i);
    }
}
