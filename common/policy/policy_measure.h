/*
 * What an organisation is judged by, as its policy states it: a share, a mean, a sum or a count
 * over all cases of a period, and what it is meant to be, or what is owed for the period.  The
 * figures of analytics have all it is made of; no measure decides anything about a case.
 */
#ifndef REDRESS_POLICY_MEASURE_H
#define REDRESS_POLICY_MEASURE_H

#include "policy_terms.h"

enum {
    POLICY_MEASURES_MAX = 32,
    MEASURE_SCALE_MAX = 100, /* a number has at most so many values more than one to be a score */
    MEASURE_SUM_MAX = 100000000, /* what is summed is at most this and at least its negative */
};

/* What of; per hundred unless said otherwise.  The order is that of the language's words. */
enum measure_what {
    MEASURE_IN_TIME,        /* of a clock's verdicts, those that were in time */
    MEASURE_CLOSED_AS,      /* of closings, those with these outcomes */
    MEASURE_CLOSED_AT_ONCE, /* of closings, those straight from the step in which cases open */
    MEASURE_CLOSED,         /* closings for a hundred cases opened in the same period */
    MEASURE_REOPENED,       /* reopenings for a hundred closings in the same period */
    MEASURE_REPEATED,       /* of complaints triaged, those of a customer who had one before */
    MEASURE_ANSWERED,       /* of a field's answers, those that are these */
    MEASURE_MEAN,           /* of a field's answers; a number */
    MEASURE_SUM,            /* likewise */
    MEASURE_MEAN_TIME,      /* of leaving a step of a phase, time spent there; seconds */
    MEASURE_MEDIAN_TIME,    /* likewise, from the histogram: within 5 % */
    MEASURE_OPENED,         /* cases opened; a number */
    MEASURE_CLOSINGS,       /* closings; a number */
    MEASURE_COUNT,
};

enum measure_period {
    MEASURE_DAY,
    MEASURE_WEEK, /* from Monday */
    MEASURE_MONTH,
    MEASURE_QUARTER,
    MEASURE_HALF_YEAR,
    MEASURE_YEAR,
    MEASURE_PERIOD_COUNT,
};

/* How values and targets of it are told and compared. */
enum measure_unit {
    MEASURE_PERCENT, /* in hundredths of a percent */
    MEASURE_NUMBER,  /* times 10^4, as fields are */
    MEASURE_SECONDS,
};

/* What is owed for a period once it counts so many: a report, a publication. */
struct policy_duty {
    bool is_owed;
    uint32_t from;     /* 0: for each period */
    uint32_t days;     /* by the end of the n-th business date after it; 0: no time is set */
    uint16_t calendar; /* of these days; else POLICY_NONE */
};

struct policy_measure {
    char id[POLICY_NAME_MAX];
    struct policy_title title;
    enum measure_what what;
    enum measure_period period;
    uint16_t clock;               /* IN_TIME; else POLICY_NONE */
    uint32_t outcomes;            /* CLOSED_AS: bit set over enum case_outcome */
    uint32_t among;               /* of these outcomes only; 0: of all */
    uint8_t phase;                /* of the times: enum phase */
    struct policy_compare answer; /* its field; of ANSWERED, what counts as one of these */
    struct policy_when where;     /* channels and categories; zeroed: all cases */
    bool between;                 /* of channels: the largest difference between two of them */
    bool has_least, has_most;     /* one of them, unless there is a duty */
    int64_t least, most;          /* in its unit */
    struct policy_duty duty;      /* OPENED */
    uint16_t owner;               /* the role that sees unasked what misses it; else POLICY_NONE */
};

/* The words of the language, in the order of the enums; end with NULL. */
extern const char *const measure_words[];
extern const char *const measure_periods[];

/* A number of cases: it only grows while its period runs. */
bool measure_is_count(enum measure_what what);
enum measure_unit measure_unit_of(enum measure_what what);
const char *measure_what_name(enum measure_what what);
const char *measure_period_name(enum measure_period period);

/* Hits of n, a sum of n values (times 10^4 or seconds), or a median in seconds, as a value in its
 * unit, rounded to the nearest; n > 0 unless it is a sum. */
int64_t measure_value(enum measure_what what, int64_t hits, int64_t n, int64_t sum);
/* Whether the target is met, compared before anything is rounded; the same arguments. */
bool measure_met(const struct policy_measure *measure, int64_t hits, int64_t n, int64_t sum);
/* The same of a difference, in its unit. */
bool measure_met_by(const struct policy_measure *measure, int64_t difference);

/* Whether so many cases are as many as the duty begins with. */
bool measure_duty_begun(const struct policy_duty *duty, int64_t count);
/* The last instant in time for a period that ends there (exclusive; s); INT64_MAX: no time is set,
 * or its calendar cannot say. */
struct calendar;
int64_t measure_duty_due_s(const struct policy_duty *duty,
                           const struct calendar *calendars,
                           int64_t until_s);

/* A number whose values are few enough to be counted one by one; it has no digits behind the
 * point. */
struct policy_field;
bool measure_is_scale(const struct policy_field *field);

#endif
