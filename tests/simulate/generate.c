#include "generate.h"

#include "generate_private.h"

#include <stdarg.h>
#include <string.h>

enum { MARKS = 4, OPEN_STEPS_MAX = 5 };

static const char *const roles[] = {"agent", "supervisor", "manager"};

void say(struct text *text, const char *format, ...)
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
                                             "{fields: [{field: founded, is: yes}]}",
                                             "{fields: [{field: cause, is: [design, other]}]}",
                                             "{fields: [{field: seen-on, at-least: 2026-03-03}]}",
                                             "{categories: outside}"};
    say(text, ", when: %s", PICK(conditions));
}

/* Long enough that some are in time, short enough that some are not. */
static void window(struct text *text, const char *more)
{
    bool days = strstr(more, "calendar") != NULL;
    say(text,
        "{%s: %u %s, %s, title: {zh-CN: 时, en: Time}}",
        maybe(600) ? "before" : "after",
        1 + (unsigned)sim_random(3),
        days         ? "business days"
        : maybe(500) ? "hours"
                     : "minutes",
        more);
}

static void requirement(struct text *text, bool of_closing)
{
    unsigned mark = (unsigned)sim_random(MARKS);
    switch (sim_random(of_closing ? 7 : 11)) {
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
        say(text, "{field: quantity, at-least: 0.5, at-most: 7");
        break;
    case 7:
        say(text, "{not-by-who-did: m%u", mark);
        break;
    case 8:
        window(text, maybe(500) ? "since: step" : "since: opened");
        return;
    case 9:
        window(text, "calendar: office, end-of-day: yes");
        return;
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
    say(text, "%s}", maybe(200) ? ", title: {zh-CN: 要, en: Wanted}" : "");
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

static const char *const more_fields[] = {"quantity", "seen-on", "called-at", "told"};

static void action_fields(struct text *text)
{
    if (maybe(300)) {
        say(text, ", %s: [amount%s]", maybe(600) ? "needs" : "asks", maybe(300) ? ", founded" : "");
    } else if (maybe(200)) {
        say(text, ", needs: [founded, cause]");
    } else if (maybe(80)) {
        say(text, ", asks: [concerns]");
    } else if (maybe(250)) {
        say(text,
            ", asks: [%s, %s]",
            maybe(200) ? "record" : PICK(more_fields),
            maybe(500) ? "concerns" : "code");
    }
    if (maybe(60)) {
        say(text, ", texts: [%s]", maybe(500) ? "news" : "news, thanks");
    }
}

/* What an action may ask for and leave behind, whatever it is. */
static void action_extras(struct text *text, bool leads)
{
    if (maybe(450)) {
        say(text, ", marks: [m%u%s]", (unsigned)sim_random(MARKS / 2), maybe(300) ? ", m2" : "");
    }
    action_fields(text);
    if (maybe(220)) {
        requirements(text, "requires");
    } else if (maybe(120)) {
        say(text,
            ", requires: [{complaints-of-same: cause, since: %s, no-more-than: %u, title: {zh-CN: "
            "又有, en: "
            "Again}}]",
            maybe(700) ? "opened" : "implemented",
            (unsigned)sim_random(3));
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

/* The answer goes the way the complaint came, as the field says. */
static void reply_extras(struct text *text)
{
    say(text, ", needs: [reply-by], requires: [{field: reply-by, same-channel: yes}");
    if (maybe(300)) {
        say(text, ", ");
        requirement(text, false);
    }
    say(text, "]");
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
    const char *fact = PICK(facts);
    action_begin(text, fact, role);
    say(text, ", to: done");
    if (maybe(300)) {
        say(text, ", outcome: %s", PICK(outcomes));
    }
    action_extras(text, strcmp(fact, "closed") != 0); /* a closing does not wait for others */
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
    unsigned others = 1 + (unsigned)sim_random(3);
    say(text, "  s%u:\n    title: x\n    phase: %s\n    owner: %s\n", number, PICK(phases), owner);
    say(text, "%s", maybe(250) ? "    waits-for-customer: yes\n" : "");
    bool others_step = number > 0 && maybe(150);
    say(text, "%s", others_step ? "    not-by-earlier-handler: yes\n" : "");
    if (!others_step && maybe(200)) {
        say(text, "    affinity: %u minutes\n", 10 + (unsigned)sim_random(200));
    }
    say(text, "%s", maybe(100) ? "    key-accounts: 2h\n" : "");
    say(text, "    actions:\n");
    if (number + 1 < text->steps) { /* a way on, whatever else there is */
        action_begin(text, PICK(facts), owner);
        action_to(text, number + 1);
        say(text, "}\n");
    } else {
        action_begin(text, "closed", owner);
        say(text, ", to: done}\n");
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
        if (maybe(70)) {
            reply_extras(text);
        } else {
            action_extras(text, leads);
        }
        say(text, "}\n");
    }
}

static void the_end(struct text *text)
{
    say(text,
        "  done:\n    title: x\n    phase: closed\n    owner: agent\n    actions:\n"
        "      part: {title: x, fact: unmerged, by: [agent, supervisor]}\n"
        "      reopen: {title: x, fact: reopened, by: [supervisor, customer], to: s%u, "
        "queue: by-routes}\n"
        "      hold: {title: x, fact: held, by: manager}\n"
        "      lift: {title: x, fact: hold_lifted, by: manager}\n"
        "      word: {title: x, fact: noted, by: [agent, customer], marks: m%u, asks: [amount, "
        "caller]}\n",
        (unsigned)sim_random(text->steps),
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
         "  owed: {title: x, fact: task_done, by: [agent, manager], settles: t0, "
         "asks: {task: {title: x}}}\n"                                                            },
        {300,
         "  owe-more: {title: x, fact: task_opened, by: agent, opens: [t1, t2]}\n"
         "  owed-more: {title: x, fact: task_done, by: agent, settles: t1}\n"
         "  owed-most: {title: x, fact: task_done, by: supervisor, settles: t2}\n"                },
        {1000,
         "  offer: {title: x, fact: offered, by: [agent, supervisor], gives: yes}\n"
         "  accept: {title: x, fact: accepted, by: [agent, supervisor]}\n"                        },
        {250,
         "  hand-on: {title: x, fact: transferred, by: [agent, supervisor], gives: yes, "
         "asks: [concerns]}\n"                                                                    },
        {200,  "  note: {title: x, fact: noted, by: agent, only-in: s0, asks: [told]}\n"          },
        {300,  "  transfer: {title: x, fact: transferred, by: [agent, supervisor], gives: yes}\n" },
        {300,  "  rate: {title: x, fact: classified, by: agent, needs: {category: {title: x}}}\n" },
        {300,
         "  sign: {title: x, fact: approved, by: [agent, supervisor, manager], marks: m3, "
         "requires: [{not-by-who-did: m3}]}\n"                                                    },
        {250,  "  more-time: {title: x, fact: extended, by: [agent, supervisor]}\n"               },
        {250,  "  much-time: {title: x, fact: extended, by: agent, needs: {reason: {title: x}}}\n"},
        {1000,
         "  listen: {title: x, fact: customer_wrote, by: [agent, customer], asks: [caller]}\n"    },
        {1000, "  tell: {title: x, fact: contacted, by: agent, marks: m1, asks: [called-at]}\n"   },
    };
    say(text, "everywhere:\n  judge: {title: x, fact: investigated, by: agent, asks: [founded]}\n");
    for (unsigned i = 0; i < sizeof offered / sizeof *offered; i++) {
        say(text, "%s", maybe(offered[i].per_mille) ? offered[i].lines : "");
    }
}

/* What there is to be said of, the same in all of them. */
static void the_words(struct text *text, unsigned number)
{
    static const char *const windows[] = {"0 days", "0 days", "1 day"};
    say(text,
        "policy: random-%u\nversion: 1\nlanguages: [zh-CN, en]\ntitle: {zh-CN: 任意, en: Any}\n"
        "capacity: 2\nrepeat-window: 30 days\nreopen-window: %s\n"
        "roles: [agent, supervisor, manager, deputy, customer]\n"
        "channels: {phone: {title: x, acknowledged-by-receipt: yes}, mail: {title: x}}\n"
        "taxonomy:\n  late: {title: x, patterns: late}\n  construction:\n    title: x\n"
        "    patterns: wall\n    kinds: {outside: {title: x, patterns: roof}}\n"
        "patterns: {angry: angry}\n"
        "classes: {grave: {title: x, from: 50, priority: 2}, minor: {title: x, priority: 4}}\n"
        "overrides:\n  - {when: {categories: construction}, class: grave}\n",
        number,
        text->erases && maybe(700) ? PICK(windows) : "30 days");
    if (maybe(500)) {
        say(text,
            "factors: {heat: {title: x, when: {patterns: angry}, points: 60}, "
            "often: {title: x, when: {repeats: 2, channels: phone}, points: 10}}\n");
    }
    say(text,
        "queues: {desk: {title: x}, dear: {title: x}}\n"
        "routes:\n  - {when: {fields: [{field: amount, at-least: 500}]}, queue: dear}\n"
        "  - {when: {%s}, queue: %s}\n  - {queue: desk}\n",
        maybe(500) ? "classes: grave, channels: mail" : "categories: outside",
        maybe(500) ? "dear" : "desk");
}

static void the_fields(struct text *text)
{
    say(text,
        "fields:\n  amount: {title: x, type: money, kept: yes, min: 0, max: 100000, unit: CNY}\n"
        "  founded: {title: x, type: yes-no, kept: yes}\n"
        "  cause: {title: x, type: choice, kept: yes, choices: {design: {title: x}, work: {title: "
        "x}, other: {title: x}}}\n  concerns: {title: x, recuses: yes}\n"
        "  quantity: {title: x, type: number, decimals: 1, min: 0, max: 9, unit: t, kept: yes}\n"
        "  seen-on: {title: x, type: date, kept: yes}\n  told: {title: x, min: 2, max: 90}\n"
        "  called-at: {title: x, type: instant, kept: yes}\n"
        "  code: {title: x, pattern: A-99}\n  caller: {title: x, personal: yes}\n"
        "  reply-by: {title: x, type: choice, choices: {phone: {title: x}, mail: {title: x}}}\n"
        "forms:\n  record: [quantity, seen-on]\n"
        "texts:\n  news: {title: x, says: {zh-CN: 有进展, en: News}}\n"
        "  thanks: {title: x, says: Thank you}\n");
    if (maybe(300)) {
        say(text, "replies:\n  forbidden-phrases: [calm down]\n");
    }
}

static void the_tallies(struct text *text)
{
    say(text, "marks:\n");
    for (unsigned i = 0; i < MARKS; i++) {
        say(text, "  m%u: {title: x%s}\n", i, maybe(500) ? ", per-round: yes" : "");
    }
    say(text, "tasks:\n");
    for (unsigned i = 0; i < TASKS; i++) {
        say(text,
            "  t%u: {title: x, at-once: %u%s%s}\n",
            i,
            2 + i % 2,
            i > 0 && maybe(300) ? ", blocks: nothing" : "",
            maybe(300) ? ", of: supervisor" : "");
    }
    say(text, "%s", maybe(500) ? "deputies:\n  - {of: manager, by: deputy}\n" : "");
    if (maybe(300)) {
        say(text,
            "skills:\n  - {skill: building, level: 2, when: {categories: construction}, steps: "
            "s0, relax: [{after: 1h, level: 1}, {after: 2h}]}\n"
            "  - {skill: english, languages: en}\n");
    }
}

/* A run is days at most: some of it is over before the end, some is not. */
static void the_retention(struct text *text)
{
    say(text, "retention:\n  by: ");
    some_roles(text, "manager");
    say(text, "\n");
    if (maybe(300)) {
        say(text, "  erase: {after: 60 days}\n");
    }
    if (maybe(700)) {
        say(text, "  grounds:\n    law: {title: x, at-least: 1 day");
        if (maybe(300)) {
            condition(text);
        }
        say(text, "}\n");
        if (maybe(400)) {
            say(text, "    more: {title: x, at-least: 1 month, since: closed");
            condition(text);
            say(text, "}\n");
        }
    }
}

void generate_policy(FILE *out, unsigned number)
{
    struct text text = {.out = out, .steps = 2 + (unsigned)sim_random(OPEN_STEPS_MAX - 1)};
    text.erases = maybe(600);
    the_words(&text, number);
    the_fields(&text);
    the_tallies(&text);
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
    if (text.erases) {
        the_retention(&text);
    }
    generate_clocks(&text);
}
