/*
 * A clock of a case for people, line by line: from what its target was counted, what stood still,
 * what was changed and why, and what came of it (law 12).  Its title is the caller's.
 */
#ifndef REDRESS_CTL_CLOCK_SAY_H
#define REDRESS_CTL_CLOCK_SAY_H

#include "ctl_case.h"

enum clock_detail {
    CLOCK_WHOLE,  /* every interval that counts */
    CLOCK_FOLDED, /* of many the first and the last; none once it has stopped */
};

/* Times are told in the zone the clock counts in; the first line says so where it is not that of
 * the case. */
void clock_say(const struct ctl *ctl,
               const struct case_view *view,
               const struct case_clock *clock,
               enum clock_detail detail);

#endif
