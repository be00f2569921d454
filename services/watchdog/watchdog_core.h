/*
 * SLA watchdog, functional core: starts, pauses, resumes, warns, breaches and stops the clocks of a case.
 *
 * A clock is a pure function of policy, calendar version and the case's events (sla_semantics.md section 3): judged at the
 * event's own time, never at the check's; statutory clocks never pause; closing stops, reopening resumes with the closed
 * time as a pause; a verdict is written once.  Levels fire once each, in order, also late (law 7).
 */
#ifndef REDRESS_WATCHDOG_CORE_H
#define REDRESS_WATCHDOG_CORE_H

#include "policy.h"

enum watch_phase {
    WATCH_IDLE, /* not started */
    WATCH_RUNNING,
    WATCH_PAUSED,
    WATCH_STOPPED,
};

struct watch_clock {
    int64_t started_at_us;
    int64_t due_us;        /* 0 while paused */
    int64_t paused_at_us;
    int64_t next_level_us; /* when the next level fires; INT64_MAX: none */
    int32_t paused_s;      /* sum of pauses in the clock's own time */
    uint16_t generation;
    uint8_t phase;         /* enum watch_phase */
    uint8_t verdict;       /* enum clock_verdict */
    uint8_t levels_fired;  /* how many, in the policy's order */
    uint8_t breached;
};

/* The clocks of one case: clocks[i] belongs to policy->clocks[i]. */
struct watch_case {
    uint64_t case_id;
    int64_t received_at_us;
    uint32_t policy_id;
    uint16_t channel;
    uint16_t category;
    uint16_t class_index;
    uint8_t priority;
    uint8_t closed;
    struct watch_clock clocks[EVENT_CLOCKS_MAX];
};

enum { WATCH_EVENTS_MAX = 8 };

/* Events to append, in order. */
struct watch_output {
    uint32_t count;
    struct event events[WATCH_EVENTS_MAX];
};

/* What an event of intake, triage or dispatch does to the clocks.  Settles first what time alone has decided before it. */
void watch_event(const struct policy *policy,
                 const struct watch_case *state,
                 const struct event *event,
                 int64_t now_us,
                 struct watch_output *output);

/* What is due at now_us.  Nothing when nothing is: never early. */
void watch_tick(const struct policy *policy,
                const struct watch_case *state,
                int64_t now_us,
                struct watch_output *output);

/* Folds one event: of the watchdog (clocks) or of the inputs (category, step …).  Total. */
void watch_evolve(const struct policy *policy, struct watch_case *state, const struct event *event);

/* The next instant at which watch_tick would give something; INT64_MAX: never. */
int64_t watch_due_us(const struct policy *policy, const struct watch_case *state);

#endif
