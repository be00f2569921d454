/*
 * The arithmetic of one clock: when it is due, when its levels are, what it has used.  Internal to
 * the watchdog's core.
 *
 * "Own time" is what the clock counts in: seconds that elapse, or open seconds of its calendar.
 */
#ifndef REDRESS_WATCHDOG_CORE_CLOCK_H
#define REDRESS_WATCHDOG_CORE_CLOCK_H

#include "watchdog_core.h"

/* The clock applies to the case; otherwise only its shadow moves. */
bool clock_in_force(const struct watch_clock *clock);

/* What the clock does, or would do if the case had it. */
enum watch_phase clock_doing(const struct watch_clock *clock);

/* Movements; at_us is the instant of the event that causes them. */
void clock_start(struct watch_clock *clock, int64_t at_us);
void clock_pause(struct watch_clock *clock, int64_t at_us);
void clock_resume(const struct policy *policy,
                  uint32_t index,
                  struct watch_clock *clock,
                  int64_t at_us);
/* Ends a pause, if any, and stops without a verdict. */
void clock_stop(const struct policy *policy,
                uint32_t index,
                struct watch_clock *clock,
                int64_t at_us);

/* Sets due_us and next_level_us of a clock in force from everything else. */
void clock_refresh(const struct policy *policy, uint32_t index, struct watch_clock *clock);

/* Sets next_level_us alone: the due instant is on record and stays. */
void clock_refresh_level(const struct policy *policy, uint32_t index, struct watch_clock *clock);

/* Index of the unfired level that comes due first, POLICY_NONE if none; *due_us is when. */
uint16_t clock_next_level(const struct policy *policy,
                          uint32_t index,
                          const struct watch_clock *clock,
                          int64_t *due_us);

/* Own time since due_us at at_us; 0 when it is not late. */
int64_t clock_late_s(const struct policy *policy,
                     uint32_t index,
                     const struct watch_clock *clock,
                     int64_t at_us);

/* The clock as an event tells it; at_us: up to when used_s counts (a stopped or paused one knows
 * itself). */
struct event_clock clock_tell(const struct policy *policy,
                              uint32_t index,
                              const struct watch_clock *clock,
                              int64_t at_us);

/* The inverse: takes over what an event told, levels_fired and breached excepted. */
void clock_take(const struct policy *policy,
                uint32_t index,
                struct watch_clock *clock,
                const struct event_clock *told);

#endif
