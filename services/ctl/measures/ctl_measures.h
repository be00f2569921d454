/*
 * The measures of a policy over the figures of the archive: what `redress measures` shows.
 */
#ifndef REDRESS_CTL_MEASURES_H
#define REDRESS_CTL_MEASURES_H

#include "analytics_measured.h"
#include "ctl.h"

/* The last of count periods (1 … MEASURED_PERIODS_MAX) is that which the local date at lies in,
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
