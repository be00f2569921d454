/*
 * What a measure of a policy comes to in the figures of the archive: the question, a statement with
 * its parameters, and the rows of the answer.  Whoever tells a measure asks by these alone: the
 * commands of people and the daemon itself.
 *
 * Figures are those of all versions of the policy; the newest says what is measured.  Periods are
 * of the zone of its first calendar, and no figure is of two of them: where its hours begin at half
 * or a quarter past, figures are of half or quarter hours.
 */
#ifndef REDRESS_ANALYTICS_MEASURED_H
#define REDRESS_ANALYTICS_MEASURED_H

#include "pg.h"
#include "policy.h"

enum {
    MEASURED_PERIODS_MAX = 60,
    MEASURED_NAME_MAX = 16,
    MEASURED_PARAMETERS = 13,
};

/* One of the two channels that are furthest apart. */
struct measured_end {
    uint16_t channel;
    int64_t value; /* in the unit of the measure */
};

/* What one period came to. */
struct measured {
    char name[MEASURED_NAME_MAX]; /* 2026-11-22, 2026-W47, 2026-11, 2026-Q4, 2026-H2, 2026 */
    int64_t from_s, until_s;
    bool running;                  /* not over yet */
    bool whole;                    /* the policy was there when it began */
    int64_t hits, n;               /* n: what it is out of; nothing can be said where that is 0 */
    int64_t sum;                   /* as measure_value takes it */
    int64_t below;                 /* private: while the median is looked for */
    unsigned compared;             /* of a measure between channels: those with anything to say */
    struct measured_end low, high; /* of these, where there is one */
};

/* Asks for a measure of each kind. */
extern const struct pg_statement measured_statements[MEASURE_COUNT];

/* The parameters of one of them, all of them text. */
struct measured_question;

/*
 * The last of count periods (1 … MEASURED_PERIODS_MAX) is that which the local date at (YYYY-MM-DD)
 * lies in, NULL: today.  Not of a measure between channels: that is one question a channel.  Lends
 * policy and at; NULL: out of memory.
 */
struct measured_question *measured_question_new(const struct policy *policy,
                                                const struct policy_measure *measure,
                                                enum measure_period period,
                                                const char *at,
                                                unsigned count);
void measured_question_free(struct measured_question **question_p);
/* MEASURED_PARAMETERS of them, NULL where there is none; lent by the question. */
const char *const *measured_parameters(const struct measured_question *question);

/* The answer, in time's order; of either format of results, as all columns are text. */
void measured_read(const PGresult *rows,
                   enum measure_what what,
                   unsigned count,
                   struct measured *measured);

/* A count is what it is without a single case; of nothing there is no share, no sum and no
 * mean, nor where more was taken back (a merge undone) than the period has, nor of one channel a
 * difference. */
bool measured_is_known(const struct policy_measure *measure, const struct measured *measured);

/*
 * Whether the owner of the measure is to see this period without asking: the target is missed, or
 * the duty has begun and its last day, where it has one, is not over.  What only grows is judged
 * while the period runs; what a period lacks, and any share or mean, when it is over; that nothing
 * was counted in a period that began before the policy was there means nothing.  Not of a measure
 * between channels.
 */
bool measured_alarms(const struct policy *policy,
                     const struct policy_measure *measure,
                     const struct measured *measured,
                     int64_t now_s);

/* So many periods are to be looked at: the last that is over, and the running one. */
enum { MEASURED_ALARMING = 2 };

#endif
