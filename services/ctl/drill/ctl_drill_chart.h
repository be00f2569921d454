/*
 * Charts of a drill as inline SVG: no script, nothing from elsewhere, readable when printed.
 */
#ifndef REDRESS_CTL_DRILL_CHART_H
#define REDRESS_CTL_DRILL_CHART_H

#include "ctl_drill_work.h"

/* The colour of the i-th thing of a chart (Okabe and Ito's: told apart by everybody). */
const char *chart_color(unsigned index);

/* How cases stood with the clock: now and before, one bar each. */
void chart_verdicts(const struct drill_report *report, uint32_t clock, FILE *out);
/* Cases in hand over time, queues upon each other; the key is below it. */
void chart_load(const struct drill_report *report, FILE *out);
/* What came and what was finished. */
void chart_flow(const struct drill_report *report, FILE *out);
/* Share in time by number of agents, the target as a line. */
void chart_need(const struct drill_report *report, const struct drill_need *need, FILE *out);

#endif
