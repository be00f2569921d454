#include "metrics.h"

#include <event2/buffer.h>
#include <inttypes.h>
#include <math.h>

const double metric_time_bounds[METRIC_TIME_BOUNDS] = {
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

static const char *const kind_names[] = {"counter", "gauge", "histogram"};

void metric_observe(struct metric *metric, double value)
{
    if (isnan(value)) {
        return;
    }
    uint32_t bucket = 0;
    while (bucket < metric->bound_count && value > metric->bounds[bucket]) {
        bucket++;
    }
    if (bucket < metric->bound_count) {
        metric->buckets[bucket]++;
    }
    metric->count++;
    metric->value += value;
}

static bool ends_in(const char *name, const char *end)
{
    size_t size = strlen(name);
    return size > strlen(end) && strcmp(name + size - strlen(end), end) == 0;
}

static const char *histogram_fault(const struct metric *metric)
{
    if (!ends_in(metric->name, "_seconds") && !ends_in(metric->name, "_bytes") &&
        !ends_in(metric->name, "_events")) {
        return "a histogram ends in its unit";
    }
    if (metric->bound_count == 0 || metric->bound_count > METRIC_BUCKETS_MAX) {
        return "a histogram has 1 to 16 bounds";
    }
    for (uint32_t i = 1; i < metric->bound_count; i++) {
        if (metric->bounds[i] <= metric->bounds[i - 1]) {
            return "bounds rise";
        }
    }
    return NULL;
}

static const char *row_fault(const struct metric *metric)
{
    if (!metric->name || !metric->help || !metric->name[0] || !metric->help[0]) {
        return "a metric needs a name and a help text";
    }
    if (strspn(metric->name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(metric->name) ||
        strncmp(metric->name, "redress_", 8) == 0) {
        return "a name is lower case and without the prefix";
    }
    if ((metric->kind == METRIC_KIND_COUNTER) != ends_in(metric->name, "_total")) {
        return "counters, and only counters, end in _total";
    }
    if (strpbrk(metric->help, "\n\\")) {
        return "a help text is one plain line";
    }
    return metric->kind == METRIC_KIND_HISTOGRAM ? histogram_fault(metric) : NULL;
}

bool metrics_check(const struct metric *metrics, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        const char *fault = row_fault(&metrics[i]);
        for (size_t j = 0; !fault && j + 1 < i; j++) {
            if (strcmp(metrics[j].name, metrics[i].name) == 0 &&
                strcmp(metrics[i - 1].name, metrics[i].name) != 0) {
                fault = "rows of one name stand together";
            }
        }
        if (fault) {
            const char *name = metrics[i].name ? metrics[i].name : "?";
            return error_set(error, ERROR_FATAL, "metric %zu, %s: %s", i, name, fault);
        }
    }
    return true;
}

static bool histogram_write(const struct metric *metric, struct evbuffer *out)
{
    const char *labels = metric->labels ? metric->labels : "";
    const char *comma = metric->labels ? "," : "";
    const char *open = metric->labels ? "{" : "";
    const char *close = metric->labels ? "}" : "";
    uint64_t below = 0;
    bool good = true;
    for (uint32_t i = 0; i < metric->bound_count; i++) {
        below += metric->buckets[i];
        good = good && evbuffer_add_printf(out,
                                           "redress_%s_bucket{%s%sle=\"%g\"} %" PRIu64 "\n",
                                           metric->name,
                                           labels,
                                           comma,
                                           metric->bounds[i],
                                           below) >= 0;
    }
    return good && evbuffer_add_printf(out,
                                       "redress_%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n"
                                       "redress_%s_sum%s%s%s %.17g\n"
                                       "redress_%s_count%s%s%s %" PRIu64 "\n",
                                       metric->name,
                                       labels,
                                       comma,
                                       metric->count,
                                       metric->name,
                                       open,
                                       labels,
                                       close,
                                       metric->value,
                                       metric->name,
                                       open,
                                       labels,
                                       close,
                                       metric->count) >= 0;
}

static bool value_write(const struct metric *metric, struct evbuffer *out)
{
    const char *open = metric->labels ? "{" : "";
    const char *labels = metric->labels ? metric->labels : "";
    const char *close = metric->labels ? "}" : "";
    if (evbuffer_add_printf(out, "redress_%s%s%s%s ", metric->name, open, labels, close) < 0) {
        return false;
    }
    if (metric->kind == METRIC_KIND_COUNTER) {
        return evbuffer_add_printf(out, "%" PRIu64 "\n", metric->count) >= 0;
    }
    if (!isfinite(metric->value)) {
        const char *text = isnan(metric->value) ? "NaN" : metric->value > 0 ? "+Inf" : "-Inf";
        return evbuffer_add_printf(out, "%s\n", text) >= 0;
    }
    return evbuffer_add_printf(out, "%.17g\n", metric->value) >= 0;
}

bool metrics_write(const struct metric *metrics, size_t count, struct evbuffer *out)
{
    bool good = true;
    for (size_t i = 0; good && i < count; i++) {
        const struct metric *metric = &metrics[i];
        if (i == 0 || strcmp(metrics[i - 1].name, metric->name) != 0) {
            good = evbuffer_add_printf(out,
                                       "# HELP redress_%s %s\n# TYPE redress_%s %s\n",
                                       metric->name,
                                       metric->help,
                                       metric->name,
                                       kind_names[metric->kind]) >= 0;
        }
        good = good && (metric->kind == METRIC_KIND_HISTOGRAM ? histogram_write(metric, out)
                                                              : value_write(metric, out));
    }
    return good;
}
