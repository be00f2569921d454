/*
 * Analytics, functional core: turns events into increments of figures.  It decides nothing about a
 * case.
 *
 * Figures are counts per hour x channel x category x queue x policy, time spent in each phase (as a
 * histogram whose buckets grow by a tenth, so that quantiles are within 5 %), and per clock met and
 * missed.
 */
#ifndef REDRESS_ANALYTICS_CORE_H
#define REDRESS_ANALYTICS_CORE_H

#include "policy.h"

enum {
    FIGURE_BUCKETS = 200, /* of a phase histogram: bucket i holds [1.1^i, 1.1^(i+1)) seconds */
    FIGURE_INCREMENTS_MAX = EVENT_CLOCKS_MAX + 4,
};

enum figure_measure {
    FIGURE_RECEIVED,
    FIGURE_TRIAGED,
    FIGURE_ASKED,
    FIGURE_OPENED,
    FIGURE_CLOSED,
    FIGURE_REOPENED,
    FIGURE_WARNED,
    FIGURE_BREACHED,
    FIGURE_MET,
    FIGURE_MISSED,
    FIGURE_ESCALATED,
    FIGURE_PHASE, /* one case left a step of this phase after so many seconds */
    FIGURE_MEASURE_COUNT,
};

/* One row to add to. */
struct figure_increment {
    enum figure_measure measure;
    int64_t hour_s; /* start of the UTC hour of the event's at_us */
    uint32_t policy_id;
    uint16_t channel, category, queue; /* indexes of the policy; POLICY_NONE: none */
    uint16_t clock;                    /* WARNED … ESCALATED; else POLICY_NONE */
    uint8_t phase;                     /* PHASE */
    uint16_t bucket;                   /* PHASE */
    int64_t seconds;                   /* PHASE: time spent; MISSED: lateness at that event */
    bool taken_back;                   /* one less: a merge that gave the verdict was undone */
};

/*
 * Folds one event of any stream; returns how many increments it makes.  There is no state of a
 * case: an event carries what its figures need (policy_id, channel, category, from_since_us), so a
 * takeover has nothing to rebuild.  Total.  Every event it is given counts: that each comes once is
 * the checkpoint's matter (law 4).
 */
uint32_t analytics_fold(const struct policy *policy,
                        const struct event *event,
                        struct figure_increment out[FIGURE_INCREMENTS_MAX]);

/* Monotone; less than a second counts as one, more than six years as six. */
uint16_t figure_bucket(int64_t seconds);
double figure_bucket_seconds(uint16_t bucket); /* its middle, at most 5 % from all it holds */

/* "received", "triaged", …; NULL for what is no measure. */
const char *figure_measure_name(enum figure_measure measure);

#endif
