/* A case told again, clock by clock: what the files of that oracle share; see oracle_runs.h. */
#ifndef REDRESS_SIMULATE_ORACLE_RUNS_PRIVATE_H
#define REDRESS_SIMULATE_ORACLE_RUNS_PRIVATE_H

#include "oracle_runs.h"

enum {
    EVENTS_MAX = 512, /* of one case */
    SLACK_US = 3 * SECOND,
    SETTLED_US = 30 * SECOND, /* what is due so long before the end has fired */
};

enum doing { IDLE, RUNS, STANDS, OVER };

/* One clock of a case, as its events so far make it. */
struct run {
    enum doing doing;
    bool unsure; /* what its rule looks at has changed: nothing is said of it any more */
    bool breached, has_verdict;
    bool of_merge;                     /* the verdict is a merge's, and is undone with it */
    bool told;                         /* the verdict was */
    enum clock_verdict verdict, ended; /* of this run; of the one that ended with the last event */
    int64_t start_us, stood_from_us, over_us, stood_s;
    unsigned pauses, runs, extensions, done, fired;
};

/* A case told again. */
struct telling {
    const struct policy *policy;
    uint64_t case_id;
    uint32_t count, next; /* facts about it: the receipt, triage, dispatch; told so far */
    const struct event *events[EVENTS_MAX];
    uint16_t step; /* POLICY_NONE: not open yet */
    bool closed;
    int64_t closed_at_us;
    struct slice category, class_id;
    uint32_t priority;
    bool owed[POLICY_TASKS_MAX][POLICY_AT_ONCE_MAX]; /* tasks that are open, by number */
    struct run runs[EVENT_CLOCKS_MAX];               /* see policy_run_count */
    const struct event *last[EVENT_CLOCKS_MAX];      /* of the watchdog */
};

/* The clock a run is of. */
static inline const struct policy_clock *runs_rule(const struct telling *telling, uint32_t index)
{
    const struct policy *policy = telling->policy;
    return &policy->clocks[policy_run_clock(policy, (uint16_t)index)];
}

/* NULL: the clock counts time that elapses. */
const struct calendar *runs_calendar(const struct policy *policy, const struct policy_clock *rule);
/* The same instant, but for what clocks may round away in their own time. */
bool runs_near(const struct calendar *calendar, int64_t a_us, int64_t b_us, unsigned pauses);
/* Of a target that can be added up. */
bool runs_is_sum(const struct policy_clock *rule);
/* When so much of the target is used. */
int64_t runs_share_us(const struct telling *telling, uint32_t index, int64_t percent);
bool runs_fits(const struct telling *telling, const struct policy_when *when);
/* The clock looks at what is not told again here. */
bool runs_look_at_more(const struct policy_clock *rule);

/* The next event of the case, to all its clocks. */
void runs_tell_next(struct telling *telling);

#endif
