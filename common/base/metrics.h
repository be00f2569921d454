/*
 * Counters, gauges and histograms of one daemon, in a static table, written as Prometheus text
 * 0.0.4.
 *
 *     static struct metric metrics[] = {
 *         [RECEIVED] = METRIC_COUNTER("submissions_received_total", "Submissions that were
 * committed."), [COMMIT] = METRIC_TIME("commit_duration_seconds", "Time of one commit."),
 *         [SEEN_LIVE] = METRIC_GAUGE("streams", "Streams by phase.", .labels = "phase=\"live\""),
 *         [SEEN_HALTED] = METRIC_GAUGE("streams", "Streams by phase.", .labels =
 * "phase=\"halted\""),
 *     };
 *
 * Names get the prefix redress_ and end in base units (_seconds, _bytes); counters end in _total; a
 * histogram ends in a unit.  Labels are constants of the table, never ids or values from outside
 * (law 9).  Rows of one name stand together. One thread.
 */
#ifndef REDRESS_METRICS_H
#define REDRESS_METRICS_H

#include "error.h"

#include <stddef.h>
#include <stdint.h>

struct evbuffer;

enum { METRIC_BUCKETS_MAX = 16 };

enum metric_kind { METRIC_KIND_COUNTER, METRIC_KIND_GAUGE, METRIC_KIND_HISTOGRAM };

struct metric {
    const char *name;
    const char *help;
    enum metric_kind kind;
    const char *labels;                   /* NULL: none; else name="value",… */
    const double *bounds;                 /* histograms: rising upper bounds; +Inf is added */
    uint32_t bound_count;                 /* at most METRIC_BUCKETS_MAX */
    uint64_t count;                       /* of a counter, or of a histogram's observations */
    double value;                         /* of a gauge, or the sum of a histogram's */
    uint64_t buckets[METRIC_BUCKETS_MAX]; /* not cumulated */
};

/* 0.5 ms to 10 s, for latencies. */
enum { METRIC_TIME_BOUNDS = 14 };
extern const double metric_time_bounds[METRIC_TIME_BOUNDS];

/* Optional further members follow the two texts. */
#define METRIC_COUNTER(...)                                                                        \
    {                                                                                              \
        .kind = METRIC_KIND_COUNTER, METRIC_TEXTS(__VA_ARGS__, .value = 0)                         \
    }
#define METRIC_GAUGE(...)                                                                          \
    {                                                                                              \
        .kind = METRIC_KIND_GAUGE, METRIC_TEXTS(__VA_ARGS__, .value = 0)                           \
    }
/* .bounds and .bound_count follow the two texts. */
#define METRIC_HISTOGRAM(...)                                                                      \
    {                                                                                              \
        .kind = METRIC_KIND_HISTOGRAM, METRIC_TEXTS(__VA_ARGS__, .value = 0)                       \
    }
#define METRIC_TIME(...)                                                                           \
    {                                                                                              \
        .kind = METRIC_KIND_HISTOGRAM, .bounds = metric_time_bounds,                               \
        .bound_count = METRIC_TIME_BOUNDS, METRIC_TEXTS(__VA_ARGS__, .value = 0)                   \
    }
#define METRIC_TEXTS(name_, help_, ...) .name = (name_), .help = (help_), __VA_ARGS__

static inline void metric_add(struct metric *metric, uint64_t count)
{
    metric->count += count;
}

static inline void metric_set(struct metric *metric, double value)
{
    metric->value = value;
}

/* One observation of a histogram; not a number is left out. */
void metric_observe(struct metric *metric, double value);

/* Is the table fit to be written?  Names, units, order of bounds; for open and for tests. */
bool metrics_check(const struct metric *metrics, size_t count, struct error *error) MUST_CHECK;

/* Appends the text; false when memory is short. */
bool metrics_write(const struct metric *metrics, size_t count, struct evbuffer *out) MUST_CHECK;

#endif
