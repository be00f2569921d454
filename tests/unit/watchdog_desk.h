/*
 * A watchdog's shell in miniature for tests: journal of one case, folded the way a real shell does
 * it, and a second state folded in the other order, so that every story proves that the folds
 * commute.
 */
#ifndef REDRESS_WATCHDOG_DESK_H
#define REDRESS_WATCHDOG_DESK_H

#include "policy_load.h"
#include "watchdog_core.h"

/* Policies as text: what every one of them has, and steps a case waits in, works in and ends in, to
 * which more actions of the end may be added: DESK_STEPS "}}\n". */
#define DESK_POLICY                                                                                \
    "policy: desk\nversion: 1\ntitle: x\ncapacity: 1\nrepeat-window: 1 days\n"                     \
    "reopen-window: 1 days\nchannels: {mail: {title: x}}\n"                                        \
    "taxonomy: {late: {title: x, patterns: [x]}}\nqueues: {q: {title: x}}\n"                       \
    "routes: [{queue: q}]\n"                                                                       \
    "opening: {step: investigation, unsure-step: investigation, unsure-queue: q}\n"
#define DESK_STEPS                                                                                 \
    "steps:\n"                                                                                     \
    "  investigation: {title: x, phase: investigation, owner: agent, actions: {\n"                 \
    "    ask: {title: x, fact: noted, by: agent, to: consent},\n"                                  \
    "    end: {title: x, fact: closed, by: agent, to: closed}}}\n"                                 \
    "  consent: {title: x, phase: consent, owner: agent, waits-for-customer: yes, actions: {\n"    \
    "    back: {title: x, fact: noted, by: agent, to: investigation}}}\n"                          \
    "  closed: {title: x, phase: closed, owner: agent, actions: {\n"                               \
    "    reopen: {title: x, fact: reopened, by: agent, to: investigation}"

enum {
    DESK_JOURNAL_MAX = 512,
    DESK_SECOND_US = 1000000,
};

struct desk {
    const struct policy *policy;
    struct watch_case state;
    struct watch_case mirror; /* input folded before the output instead of after */
    uint64_t seq;             /* of dispatch */
    uint32_t count;
    struct event journal[DESK_JOURNAL_MAX]; /* of the watchdog */
};

/* A policy of this text, its calendars for 2026 to that year; the test fails with what is wrong. */
struct policy_object *desk_policy(const char *text, int last_year);

/* Both states are the same; frees the policy. */
void desk_close(struct desk *desk, struct policy_object **object_p);

void desk_open(struct desk *desk, const struct policy *policy);

/* Hands an input in at now_us, until everything is told; returns how many events came out. */
uint32_t desk_feed(struct desk *desk, const struct event *event, int64_t now_us);

/* The same at its own instant. */
uint32_t desk_hear(struct desk *desk, struct event event);

/* Ticks until nothing is due at now_us; returns how many events came out. */
uint32_t desk_tick(struct desk *desk, int64_t now_us);

/* Inputs of the fixture's case; of dispatch with the next seq. */
struct event desk_received(int64_t at_us, const char *channel, bool acknowledged);
struct event desk_triaged(int64_t at_us, int64_t received_at_us, const char *class_id);
struct event
desk_opened(struct desk *desk, int64_t at_us, int64_t received_at_us, const char *class_id);
struct event
desk_advanced(struct desk *desk, enum event_kind kind, int64_t at_us, const char *to_step);

/* What the watchdog told last. */
const struct event *desk_last(const struct desk *desk);

/* The told clock of that name in the event, NULL if it is not there. */
const struct event_clock *desk_told(const struct event *event, const char *name);

/* Every field that matters is the same. */
bool desk_same(const struct policy *policy,
               const struct watch_case *left,
               const struct watch_case *right);

#endif
