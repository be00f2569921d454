/*
 * What one input does to the clocks of a case: starts, stops, pauses, other targets, clocks the
 * case gets or loses.  Internal to the watchdog's core; tells nothing, watchdog_core.c does.
 */
#ifndef REDRESS_WATCHDOG_CORE_CHANGE_H
#define REDRESS_WATCHDOG_CORE_CHANGE_H

#include "watchdog_core.h"

/* An input at work on the clocks. */
struct change {
    const struct policy *policy;
    const struct event *event;
    const struct watch_case *before;
    struct watch_case *now;
    bool fold;                   /* only shadows move */
    bool receipt;                /* of the case's first word: only what it tells of the receipt */
    uint16_t started;            /* bit set: clocks that began in this change */
    struct event_clocks ended;   /* clocks that stopped and began again in it, as they stopped */
    struct event_clocks refused; /* extensions asked for that the policy does not allow */
};

/* Learns the facts and moves every clock, or in a fold the shadows alone. */
void change_apply(struct change *change);

/* The clock as the change leaves it. */
struct event_clock change_tell(const struct change *change, uint16_t index);

/* The clock runs or stands still, or would if the case had it. */
bool change_moves(const struct watch_clock *clock);

/* Counts the generation up, if the case has the clock. */
void change_generation(struct watch_clock *clock);

#endif
