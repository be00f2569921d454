/*
 * Times as people and files write them.
 */
#ifndef REDRESS_CTL_TIME_H
#define REDRESS_CTL_TIME_H

#include "slice.h"
#include "zone.h"

/* 2025-03-09T08:15:00+08:00: date, T or blank, time with or without seconds and fraction, Z or
 * offset (RFC 3339). */
bool ctl_time_rfc3339(struct slice text, int64_t *at_us);

/* 2025-03-09: its midnight in the zone. */
bool ctl_time_date(struct slice text, const struct zone *zone, int64_t *at_us);

/* 2025-03-09 08:15:00, or with T: of the clocks of the zone, without an offset. */
bool ctl_time_local(struct slice text, const struct zone *zone, int64_t *at_us);

/* 1741508100 or 1741508100.25: seconds since 1970. */
bool ctl_time_unix(struct slice text, int64_t *at_us);

#endif
