/*
 * The yearly rule of a time zone as POSIX writes it ("CET-1CEST,M3.5.0,M10.5.0/3", "<+0330>-3:30"),
 * and dates.  Pure.
 */
#ifndef REDRESS_ZONE_RULE_H
#define REDRESS_ZONE_RULE_H

#include "slice.h"

/* A day of the year and a wall-clock time on it. */
struct zone_turn {
    enum {
        TURN_MONTH_WEEK_DAY, /* the week-th (5: last) weekday (0 Sunday) of a month */
        TURN_JULIAN,         /* 1 … 365, 29 February never counted */
        TURN_DAY,            /* 0 … 365 */
    } kind;
    int32_t month, week, day;
    int32_t time_s; /* -167 h … 167 h */
};

struct zone_rule {
    int32_t standard_s;
    int32_t summer_s; /* equal to standard_s: no summer time */
    struct zone_turn begin, end;
};

bool zone_rule_parse(struct slice text, struct zone_rule *rule);

int32_t zone_rule_offset_s(const struct zone_rule *rule, int64_t at_s);

/* The first change after an instant; INT64_MAX without summer time. */
int64_t zone_rule_next_s(const struct zone_rule *rule, int64_t after_s);

#endif
