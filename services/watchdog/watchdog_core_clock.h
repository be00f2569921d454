/*
 * The arithmetic of one clock: when it is due, when its levels are, what it has used.  Internal to
 * the watchdog's core.
 *
 * "Own time" is what the clock counts in: time that elapses, or open time of its calendar; exact to
 * the microsecond.
 */
#ifndef REDRESS_WATCHDOG_CORE_CLOCK_H
#define REDRESS_WATCHDOG_CORE_CLOCK_H

#include "watchdog_core.h"

/* What the clock is held to: its own target or another that fits the case, extensions included. */
struct clock_goal {
    enum clock_target unit;
    int64_t us;
    uint32_t days;
    bool end_of_day, rolls, next_opening;
    const char *rule;
    const struct calendar *calendar; /* NULL: the policy names none that is there */
};

/* The clock of the policy a run of a case is of. */
static inline const struct policy_clock *clock_rule(const struct policy *policy, uint16_t index)
{
    return &policy->clocks[policy_run_clock(policy, index)];
}

struct clock_goal
clock_goal(const struct policy *policy, uint16_t index, const struct watch_clock *clock);

/* The clock applies to the case; otherwise only its shadow moves. */
bool clock_in_force(const struct watch_clock *clock);

/* What the clock does, or would do if the case had it. */
enum watch_phase clock_doing(const struct watch_clock *clock);

/* Movements; at_us is the instant of the event that causes them. */
void clock_start(struct watch_clock *clock, int64_t at_us);
void clock_pause(struct watch_clock *clock, int64_t at_us);
void clock_resume(const struct policy *policy,
                  uint16_t index,
                  struct watch_clock *clock,
                  int64_t at_us);
/* Ends a pause, if any, and stops without a verdict. */
void clock_stop(const struct policy *policy,
                uint16_t index,
                struct watch_clock *clock,
                int64_t at_us);

/* Sets due_us and next_level_us of a clock in force from everything else. */
void clock_refresh(const struct policy *policy, uint16_t index, struct watch_clock *clock);

/* Sets next_level_us alone: the due instant is on record and stays. */
void clock_refresh_level(const struct policy *policy, uint16_t index, struct watch_clock *clock);

/* Index of the unfired level that comes due first, POLICY_NONE if none; *due_us is when. */
uint16_t clock_next_level(const struct policy *policy,
                          uint16_t index,
                          const struct watch_clock *clock,
                          int64_t *due_us);

/* When it is due, or would be if a pause that goes on ended without counting; INT64_MAX: unknown.
 */
int64_t
clock_reckon_us(const struct policy *policy, uint16_t index, const struct watch_clock *clock);

/* When a level is due, fired or not; the clock has a due instant. */
int64_t clock_level_due_us(const struct policy *policy,
                           uint16_t index,
                           const struct watch_clock *clock,
                           uint16_t level);

/* Whole seconds of own time until at_us without the pauses; of a clock that stands still until it
 * did. */
int64_t clock_used_s(const struct policy *policy,
                     uint16_t index,
                     const struct watch_clock *clock,
                     int64_t at_us);

/* Own time since due_us at at_us, a begun second for a whole one; 0 when it is not late. */
int64_t clock_late_s(const struct policy *policy,
                     uint16_t index,
                     const struct watch_clock *clock,
                     int64_t at_us);

/* The clock as an event tells it; at_us: up to when used_s counts (a stopped or paused one knows
 * itself). */
struct event_clock clock_tell(const struct policy *policy,
                              uint16_t index,
                              const struct watch_clock *clock,
                              int64_t at_us);

/* Why a clock stopped or goes on, where that is told; see event.proto. */
extern const char clock_reason_merged[];
extern const char clock_reason_unmerged[];

/* The inverse: takes over what an event told, levels_fired and breached excepted.  What was done
 * for an extension is forgotten when a run begins or an extension is granted. */
void clock_take(const struct policy *policy,
                uint16_t index,
                struct watch_clock *clock,
                const struct event_clock *told);

#endif
