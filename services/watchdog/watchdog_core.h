/*
 * SLA watchdog, functional core: starts, pauses, resumes, warns, breaches and stops the clocks of a
 * case.
 *
 * A clock is a pure function of policy, calendar version and the case's events: judged at the
 * event's own time, never at the check's; statutory clocks never pause; closing stops, reopening
 * resumes with the closed time as a pause; a verdict is written once.  Levels fire once each, in
 * the order they come due, also late (law 7).  README.md says how readers see each event.
 *
 * Clocks are exact to the microsecond, pauses included.  What is told in seconds is only told: used
 * time down to the second, lateness up.
 */
#ifndef REDRESS_WATCHDOG_CORE_H
#define REDRESS_WATCHDOG_CORE_H

#include "policy.h"

enum watch_phase {
    WATCH_IDLE, /* not started, or the case does not have this clock (so far) */
    WATCH_RUNNING,
    WATCH_PAUSED,
    WATCH_STOPPED,
};

struct watch_clock {
    int64_t started_at_us;
    int64_t due_us;        /* 0 while paused; INT64_MAX: the calendar ends before */
    int64_t paused_at_us;  /* 0 while running; of a stopped clock when it stopped */
    int64_t next_level_us; /* when the next level fires; INT64_MAX: none */
    int64_t paused_us;     /* sum of ended pauses in the clock's own time */
    uint16_t generation;   /* from 1; counts restarts, resumes and retargets */
    uint8_t phase;         /* enum watch_phase */
    uint8_t verdict;       /* enum clock_verdict; RUNNING: none yet */
    uint8_t levels_fired;  /* bit i: level i of the policy has fired */
    uint8_t breached;
    uint8_t shadow;     /* enum watch_phase: what a clock the case does not have would be doing */
    uint8_t target;     /* 0: the clock's own; else one more than the index of another */
    uint8_t extensions; /* granted in this run */
    uint8_t done;       /* bit i: the i-th action the next extension asks for was done */
    uint8_t merged;     /* its verdict is that of a merge, and is taken back with it */
    uint8_t owed;       /* the task whose run this is is open */
};

/*
 * The clocks of one case, by run: clocks[i] is of the clock policy_run_clock(policy, i), and of
 * that alone where no task has clocks of its own.  A zeroed state is a case nothing is known of;
 * received_at_us != 0 says that it is known.
 */
struct watch_case {
    uint64_t case_id;
    uint64_t dispatch_seq; /* last event of dispatch folded: a repeat is known by it; 0: none */
    int64_t received_at_us;
    int64_t closed_at_us; /* 0 while open */
    uint32_t policy_id;
    uint32_t version; /* of the case in that event; 0: none */
    uint16_t channel;
    uint16_t category;
    uint16_t class_index;
    uint16_t repeats;
    uint8_t priority;
    uint8_t closed;
    uint8_t opened; /* dispatch has spoken: triage no longer decides category, class, priority */
    uint8_t step;   /* one more than its index; 0: not known */
    struct watch_clock clocks[EVENT_CLOCKS_MAX];
};

enum { WATCH_EVENTS_MAX = 8 };

/* Events to append, in order. */
struct watch_output {
    uint32_t count;
    bool more; /* not everything fitted: fold these in, then ask again with the same arguments */
    struct event events[WATCH_EVENTS_MAX];
};

/*
 * What an event of intake, triage or dispatch does to the clocks.  Settles first what time alone
 * had decided before event->at_us; levels due later are the tick's matter.  The caller appends the
 * output, folds it, repeats while output->more, and then folds the event itself (the two folds
 * commute).  A repeated event changes nothing.  The cause of the output is the event.
 */
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

/*
 * Folds one event: of the watchdog (clocks) or of the inputs (category, step …).  Total.  An input
 * changes only facts and shadows; every change of a clock the case has is an event of the watchdog.
 */
void watch_evolve(const struct policy *policy, struct watch_case *state, const struct event *event);

/*
 * The next instant at which watch_tick would give something; INT64_MAX: never; 0: at once, because
 * a due instant that could not be computed now can be.
 */
int64_t watch_due_us(const struct policy *policy, const struct watch_case *state);

/* When the first of its clocks that were missed and have not stopped was due, whatever the policy
 * shows of it; one that stands still was due when it would have been without standing still.
 * INT64_MAX: none. */
int64_t watch_missed_us(const struct policy *policy, const struct watch_case *state);

/* A clock of the case has no due instant because its calendar cannot say when. */
bool watch_is_unknown(const struct watch_clock *clock);

/* One of them has none. */
bool watch_lacks_due(const struct policy *policy, const struct watch_case *state);

/* The most urgent priority that levels of its clocks have asked for; 0: none has.  A clock that
 * begins again has asked for nothing yet.  *by is that clock's id, or "". */
uint8_t watch_raised(const struct policy *policy, const struct watch_case *state, const char **by);

/*
 * The due instant as the policy shows it (due-cleared-when, hidden-in); 0: none is shown.
 * INT64_MAX: it cannot be computed.
 */
int64_t
watch_shown_due_us(const struct policy *policy, const struct watch_case *state, uint16_t index);

/*
 * For those who explain and check: seconds used in the clock's own time until at_us (of a clock
 * that stands still until it did), seconds late at at_us, and when a level is due, fired or not (0:
 * the clock has no due instant).
 */
int64_t watch_used_s(const struct policy *policy,
                     const struct watch_case *state,
                     uint16_t index,
                     int64_t at_us);
int64_t watch_late_s(const struct policy *policy,
                     const struct watch_case *state,
                     uint16_t index,
                     int64_t at_us);
int64_t watch_level_due_us(const struct policy *policy,
                           const struct watch_case *state,
                           uint16_t index,
                           uint16_t level);

#endif
