/*
 * The measures of a policy over the figures of the archive: what `redress measures` shows.
 *
 * Figures are those of all versions of the policy; the newest says what is measured.  Periods are
 * of the zone of its first calendar, and no figure is of two of them: where its hours begin at half
 * or a quarter past, figures are of half or quarter hours.
 */
#ifndef REDRESS_CTL_MEASURES_H
#define REDRESS_CTL_MEASURES_H

#include "ctl.h"
#include "policy.h"

enum { MEASURE_PERIODS_MAX = 60, MEASURE_PERIOD_NAME_MAX = 16 };

/* One of the two channels that are furthest apart. */
struct measured_end {
    uint16_t channel;
    int64_t value; /* in the unit of the measure */
};

/* What one period came to. */
struct measured {
    char name[MEASURE_PERIOD_NAME_MAX]; /* 2026-11-22, 2026-W47, 2026-11, 2026-Q4, 2026-H2, 2026 */
    int64_t from_s, until_s;
    bool running;                  /* not over yet */
    int64_t hits, n;               /* n: what it is out of; nothing can be said where that is 0 */
    int64_t sum;                   /* as measure_value takes it */
    int64_t below;                 /* private: while the median is looked for */
    unsigned compared;             /* of a measure between channels: those with anything to say */
    struct measured_end low, high; /* of these, where there is one */
};

/* The last of count periods (1 … MEASURE_PERIODS_MAX) is that which the local date at lies in,
 * NULL: today; in time's order. */
int ctl_measures_read(struct ctl *ctl,
                      const struct policy *policy,
                      const struct policy_measure *measure,
                      enum measure_period period,
                      const char *at,
                      unsigned count,
                      struct measured *measured) MUST_CHECK;

/* A sum and a count are what they are without a single case; of nothing there is no share and no
 * mean, nor where more was taken back (a merge undone) than the period has, nor of one channel a
 * difference. */
bool ctl_measured_is_known(const struct policy_measure *measure, const struct measured *measured);

/* One measure with its periods, as a row or as data. */
struct ctl_table;
struct ctl_table *ctl_measures_table(const struct ctl *ctl);
void ctl_measures_add(const struct ctl *ctl,
                      struct ctl_table *table,
                      const struct policy *policy,
                      const struct policy_measure *measure,
                      const struct measured *measured,
                      unsigned count);
json_t *ctl_measures_json(const struct ctl *ctl,
                          const struct policy *policy,
                          const struct policy_measure *measure,
                          const struct measured *measured,
                          unsigned count);

#endif
