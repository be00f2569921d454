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

/* What one period came to. */
struct measured {
    char name[MEASURE_PERIOD_NAME_MAX]; /* 2026-11-22, 2026-W47, 2026-11, 2026-Q4 */
    int64_t from_s, until_s;
    bool running;    /* not over yet */
    int64_t hits, n; /* n: what it is out of; nothing can be said where that is 0 */
    int64_t sum;     /* as measure_value takes it */
    int64_t below;   /* private: while the median is looked for */
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
