/*
 * Analytics, functional core: turns events into increments of figures.  It decides nothing about a
 * case.
 *
 * Figures are counts per hour x channel x category x queue x policy, time spent in each phase (as a
 * histogram whose buckets grow by a tenth, so that quantiles are within 5 %), per clock met and
 * missed, closings by their outcome, and the answers to the fields that the policy's measures name.
 */
#ifndef REDRESS_ANALYTICS_CORE_H
#define REDRESS_ANALYTICS_CORE_H

#include "policy.h"

enum {
    FIGURE_BUCKETS = 200, /* of a phase histogram: bucket i holds [1.1^i, 1.1^(i+1)) seconds */
    FIGURE_INCREMENTS_MAX = EVENT_FIELDS_MAX + 4,
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
    FIGURE_PHASE,          /* one case left a step of this phase after so many seconds */
    FIGURE_CLOSED_AT_ONCE, /* besides CLOSED: straight from a step in which cases open */
    FIGURE_REPEATED,       /* besides TRIAGED or ASKED: the customer had complained before */
    FIGURE_ANSWER,         /* a field that a measure names was filled in */
    FIGURE_MEASURE_COUNT,
};

/* One row to add to. */
struct figure_increment {
    enum figure_measure measure;
    int64_t hour_s; /* start of the hour of the event's at_us; of its half or quarter where hours of
                       the zone of the policy's first calendar begin at such (calendar.h) */
    uint32_t policy_id;
    uint16_t channel, category, queue; /* indexes of the policy; POLICY_NONE: none */
    uint16_t clock;                    /* WARNED … ESCALATED; else POLICY_NONE */
    uint8_t phase;                     /* PHASE */
    uint16_t bucket;                   /* PHASE */
    uint16_t field;                    /* ANSWER; else POLICY_NONE */
    uint16_t value; /* CLOSED, CLOSED_AT_ONCE: enum case_outcome; REOPENED: 1 where a merge was
                       undone; ANSWER: the choice, 1 of yes, a score less its least; else NONE */
    int64_t sum;    /* PHASE: seconds spent; MISSED: seconds late at that event; ANSWER of a number:
                       its value times 10^4 */
    bool taken_back; /* one less: a merge that gave the verdict was undone */
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

/* What the value of an increment is called: "settled", "unmerged", a choice, "yes", "4"; the text
 * is lent by the policy or by into. */
enum { FIGURE_VALUE_MAX = 24 };
struct slice figure_value_text(const struct policy *policy,
                               const struct figure_increment *increment,
                               char into[FIGURE_VALUE_MAX]);

/* "received", "triaged", …; NULL for what is no measure. */
const char *figure_measure_name(enum figure_measure measure);

#endif
