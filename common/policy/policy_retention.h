/*
 * How long the personal data of a case is kept, as a policy states it: at least so long, because a
 * law says so, and then no longer than so long.  What may be erased, and when that is due, follows
 * from the case and the policy alone.
 *
 * Lengths are of the calendar, in UTC: the same day of the month and time of day so many months
 * later; where that month has no such day, the first of the next, so that nothing is kept for less.
 */
#ifndef REDRESS_POLICY_RETENTION_H
#define REDRESS_POLICY_RETENTION_H

#include "policy_terms.h"

enum {
    POLICY_GROUNDS_MAX = 16,
    RETENTION_MONTHS_MAX = 1200, /* a hundred years */
    RETENTION_DAYS_MAX = 36600,
};

/* Months or days; both 0: it is not said. */
struct policy_span {
    uint16_t months, days;
};

enum retention_since { KEPT_SINCE_RECEIVED, KEPT_SINCE_CLOSED };

/* Why the personal data of the cases it is about may not be erased yet. */
struct policy_ground {
    char id[POLICY_NAME_MAX];
    struct policy_title title;
    struct policy_when when;
    struct policy_span at_least;
    enum retention_since since;
};

struct policy_erasing {
    struct policy_span after; /* never nought where a policy says it */
    enum retention_since since;
};

struct policy_retention {
    uint32_t roles;              /* bit set of who may erase; 0: the policy says nothing of it */
    struct policy_erasing erase; /* when it falls due; nought: never by itself */
    uint16_t ground_count;
    const struct policy_ground *grounds;
};

/* Of one case. */
struct policy_kept {
    int64_t received_at_us;
    int64_t closed_at_us; /* 0: open */
};

struct policy;
struct policy_facts;

/* The instant so much after another; INT64_MAX: beyond what can be counted. */
int64_t policy_span_us(const struct policy_span *span, int64_t since_us);

/*
 * Of a closed case: until when, that instant excluded, nothing of it may be erased, and the ground
 * that lasts longest.  NULL, and 0, where the policy has none for such a case.
 */
const struct policy_ground *policy_kept_until(const struct policy *policy,
                                              const struct policy_facts *facts,
                                              const struct policy_kept *kept,
                                              int64_t *until_us);

/* Until when, that instant excluded, a case closed then may be reopened. */
int64_t policy_reopens_until_us(const struct policy *policy, int64_t closed_at_us);

/* Of a closed case: when it is to be erased, never before it may be, nor while it may be reopened;
 * INT64_MAX: never by itself. */
int64_t policy_erase_due_us(const struct policy *policy,
                            const struct policy_facts *facts,
                            const struct policy_kept *kept);

#endif
