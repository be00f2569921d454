/*
 * The measures of a policy over the figures of the archive: what `redress measures` shows.
 */
#ifndef REDRESS_CTL_MEASURES_H
#define REDRESS_CTL_MEASURES_H

#include "analytics_measured.h"
#include "ctl_view.h"

/* The last of count periods (1 … MEASURED_PERIODS_MAX) is that which the local date at lies in,
 * NULL: today; in time's order. */
int ctl_measures_read(struct ctl *ctl,
                      const struct policy *policy,
                      const struct policy_measure *measure,
                      enum measure_period period,
                      const char *at,
                      unsigned count,
                      struct measured *measured) MUST_CHECK;

/* The clock has come to its period; of one that lies ahead nothing can be said. */
bool ctl_measures_begun(const struct measured *measured);

/* Each of the policies in their newest versions, or the one of that name (NULL: all); which cannot
 * be read here is said.  visit returns what ends it, CTL_OK: on. */
typedef int (*ctl_measures_visit)(struct ctl *ctl, const struct policy *policy, void *self);
int ctl_measures_each(struct ctl *ctl,
                      struct view_policies *policies,
                      const char *name,
                      ctl_measures_visit visit,
                      void *self) MUST_CHECK;

/* What owners are to see without asking, see measured_alarms. */
enum { CTL_ALARMS_SHOWN = 16 };
struct ctl_alarms {
    json_t *rows; /* all of them, as ctl_measures_json; the reader's to let go.  NULL: they could
                     not be asked for, and it was said why */
    unsigned count;
    char lines[CTL_ALARMS_SHOWN][VIEW_TEXT_MAX]; /* the first of them, for people */
};
int ctl_alarms_read(struct ctl *ctl,
                    struct view_policies *policies,
                    struct ctl_alarms *alarms) MUST_CHECK;
void ctl_alarms_print(const struct ctl *ctl, const struct ctl_alarms *alarms);

/* One of them as a line, which names the owner; the measure has one. */
const char *ctl_measures_alarm(const struct ctl *ctl,
                               const struct policy *policy,
                               const struct policy_measure *measure,
                               const struct measured *measured,
                               char into[VIEW_TEXT_MAX]);

/* One measure with its periods, as a row or as data. */
struct ctl_table;
struct ctl_table *ctl_measures_table(const struct ctl *ctl);
void ctl_measures_add(const struct ctl *ctl,
                      struct ctl_table *table,
                      const struct policy *policy,
                      const struct policy_measure *measure,
                      const struct measured *measured,
                      unsigned count);
/* A value of the measure, in its unit, as data. */
json_t *ctl_measures_number(const struct policy_measure *measure, int64_t value);
json_t *ctl_measures_json(const struct ctl *ctl,
                          const struct policy *policy,
                          const struct policy_measure *measure,
                          const struct measured *measured,
                          unsigned count);

#endif
