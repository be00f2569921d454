/*
 * What a case is known to be, and what an input says happened to it.  Internal to the watchdog's
 * core; moves no clock.
 */
#ifndef REDRESS_WATCHDOG_CORE_FACTS_H
#define REDRESS_WATCHDOG_CORE_FACTS_H

#include "watchdog_core.h"

enum { MARKS_MAX = 3 };

/* One thing that happened, as the policy's starts and stops name it. */
struct mark {
    enum event_kind kind;
    int64_t at_us;
};

/* Already folded; only streams in which kinds recur need it. */
bool facts_repeat(const struct watch_case *state, const struct event *event);

/* Takes over origin, rating and step from an input; leaves the clocks alone. */
void facts_learn(const struct policy *policy, struct watch_case *state, const struct event *event);

/* Takes back of what was just learnt where the case stands: at its receipt it stood nowhere. */
void facts_of_receipt(const struct watch_case *before, struct watch_case *now);

/* What happened, in order; before and now are the case before and after facts_learn. */
uint32_t facts_marks(const struct watch_case *before,
                     const struct watch_case *now,
                     const struct event *event,
                     struct mark marks[MARKS_MAX]);

/* The case ends with nothing done: the complaint was withdrawn, or is another's duplicate. */
bool facts_drop_case(const struct event *event);

/* Numbers of the tasks of one kind an event settles and then opens, bit 0 being 1. */
struct facts_tasks {
    uint8_t settled, opened;
};

/* Of the kind a run is of; state is the case before the event. */
struct facts_tasks facts_of_tasks(const struct policy *policy,
                                  const struct watch_case *state,
                                  const struct event *event,
                                  uint16_t run);

/* Marks the action of an event makes: bit set. */
uint32_t facts_made(const struct policy *policy, const struct event *event);

/* A field of an event of dispatch; empty: it has none of that name. */
struct slice facts_field(const struct event *event, const char *name);

/*
 * The due instant an event gives a clock whose policy takes it from a field.  0: the event promises
 * nothing; INT64_MAX: what stands in the field is no instant.
 */
int64_t facts_promise_us(const struct policy *policy,
                         const struct policy_clock *rule,
                         const struct event *event);

#endif
