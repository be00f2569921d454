/*
 * More time for a clock, under the conditions of the policy.  Internal to the watchdog's core.
 */
#ifndef REDRESS_WATCHDOG_CORE_EXTEND_H
#define REDRESS_WATCHDOG_CORE_EXTEND_H

#include "watchdog_core_change.h"

/* The reason somebody gave, empty if none. */
struct slice extend_reason(const struct event *event);

/* Which of the actions the next extension asks for the event is; NULL: there is none. */
uint8_t extend_done(const struct policy_extension *next, const struct event *event);

/* Extends the clock if the event asks for it and the policy allows it; else adds to
 * change->refused. */
void extend_clock(struct change *change, uint16_t index);

#endif
