/* Measures for people, a row each, and as data. */
#include "ctl_measures.h"
#include "ctl_table.h"
#include "ctl_view.h"

enum {
    PERCENT_SCALE = 100,
    NUMBER_SCALE = 10000,
    MARK_SIZE = 3 /* bytes of one column of a spark */
};

static const struct ctl_column columns[] = {
    {"policy",  TEXT_MEASURE_POLICY, CTL_COLUMN_TEXT,   true },
    {"measure", TEXT_MEASURE_TITLE,  CTL_COLUMN_TEXT,   true },
    {"period",  TEXT_MEASURE_PERIOD, CTL_COLUMN_TEXT,   false},
    {"value",   TEXT_MEASURE_VALUE,  CTL_COLUMN_TEXT,   false},
    {"count",   TEXT_MEASURE_OF,     CTL_COLUMN_NUMBER, false},
    {"target",  TEXT_MEASURE_TARGET, CTL_COLUMN_TEXT,   false},
    {"met",     TEXT_MEASURE_MET,    CTL_COLUMN_TEXT,   false},
    {"trend",   TEXT_MEASURE_TREND,  CTL_COLUMN_TEXT,   false},
};
enum { COLUMN_COUNT = sizeof columns / sizeof *columns };

struct ctl_table *ctl_measures_table(const struct ctl *ctl)
{
    return ctl_table_new(ctl, columns, COLUMN_COUNT);
}

/* A sum is what it is without a single case; of nothing there is no share and no mean, nor where
 * more was taken back (a merge undone) than the period has. */
static bool is_known(const struct policy_measure *measure, const struct measured *measured)
{
    bool share = measure_unit_of(measure->what) == MEASURE_PERCENT;
    if (share && measured->hits < 0) {
        return false;
    }
    return measured->n > 0 || measure->what == MEASURE_SUM;
}

static int64_t value_of(const struct policy_measure *measure, const struct measured *measured)
{
    return measure_value(measure->what, measured->hits, measured->n, measured->sum);
}

/* 9550 of hundredths as 95.5. */
static const char *decimal_text(int64_t value, int64_t scale, char into[VIEW_TEXT_MAX])
{
    int digits = scale == PERCENT_SCALE ? 2 : 4;
    int64_t size = value < 0 ? -value : value;
    (void)snprintf(into,
                   VIEW_TEXT_MAX,
                   "%s%lld.%0*lld",
                   value < 0 ? "-" : "",
                   (long long)(size / scale),
                   digits,
                   (long long)(size % scale));
    char *end = into + strlen(into) - 1;
    while (*end == '0') {
        *end-- = '\0';
    }
    if (*end == '.') {
        *end = '\0';
    }
    return into;
}

static const char *value_text(const struct ctl *ctl,
                              const struct policy *policy,
                              const struct policy_measure *measure,
                              int64_t value,
                              char into[VIEW_TEXT_MAX])
{
    const char *unit = NULL;
    char number[VIEW_TEXT_MAX];
    switch (measure_unit_of(measure->what)) {
    case MEASURE_PERCENT:
        (void)decimal_text(value, PERCENT_SCALE, number);
        (void)snprintf(into, VIEW_TEXT_MAX, "%s%%", number);
        break;
    case MEASURE_NUMBER:
        unit = policy->fields[measure->answer.field].unit;
        (void)decimal_text(value, NUMBER_SCALE, number);
        (void)snprintf(into, VIEW_TEXT_MAX, "%s%s%s", number, unit ? " " : "", unit ? unit : "");
        break;
    case MEASURE_SECONDS:
        return view_duration(ctl, value, into);
    }
    return into;
}

/* One column a period; where there was nothing, a dot. */
static const char *trend_text(const struct policy_measure *measure,
                              const struct measured *measured,
                              unsigned count,
                              char into[VIEW_TEXT_MAX])
{
    uint64_t values[MEASURE_PERIODS_MAX];
    char spark[VIEW_TEXT_MAX];
    into[0] = '\0';
    for (unsigned i = 0; i < count; i++) {
        int64_t value = is_known(measure, &measured[i]) ? value_of(measure, &measured[i]) : 0;
        values[i] = value > 0 ? (uint64_t)value : 0;
    }
    (void)view_spark(values, count, spark);
    for (unsigned i = 0; i < count; i++) {
        size_t used = strlen(into);
        bool known = measured[i].n > 0 && is_known(measure, &measured[i]);
        const char *mark = known ? spark + (size_t)i * MARK_SIZE : "·";
        int size = known ? MARK_SIZE : (int)strlen(mark);
        (void)snprintf(into + used, VIEW_TEXT_MAX - used, "%.*s", size, mark);
    }
    return into;
}

static const char *
met_text(const struct ctl *ctl, const struct policy_measure *measure, const struct measured *last)
{
    enum ctl_text id = TEXT_MEASURE_NOTHING;
    if (is_known(measure, last)) {
        bool met = measure_met(measure, last->hits, last->n, last->sum);
        id = met ? TEXT_MEASURE_YES : TEXT_MEASURE_NO;
    }
    return ctl_text_in(ctl->language, id);
}

void ctl_measures_add(const struct ctl *ctl,
                      struct ctl_table *table,
                      const struct policy *policy,
                      const struct policy_measure *measure,
                      const struct measured *measured,
                      unsigned count)
{
    const struct measured *last = &measured[count - 1];
    char value[VIEW_TEXT_MAX] = "–";
    char target[VIEW_TEXT_MAX];
    char bound[VIEW_TEXT_MAX];
    char trend[VIEW_TEXT_MAX];
    char period[VIEW_TEXT_MAX];
    if (is_known(measure, last)) {
        (void)value_text(ctl, policy, measure, value_of(measure, last), value);
    }
    int64_t wanted = measure->has_least ? measure->least : measure->most;
    (void)value_text(ctl, policy, measure, wanted, bound);
    (void)snprintf(target, sizeof target, "%s %s", measure->has_least ? "≥" : "≤", bound);
    (void)snprintf(period,
                   sizeof period,
                   "%s%s",
                   last->name,
                   last->running ? ctl_text_in(ctl->language, TEXT_MEASURE_RUNNING) : "");
    const char *const cells[COLUMN_COUNT] = {
        view_title(ctl, &policy->title),
        view_title(ctl, &measure->title),
        period,
        value,
        CTL_NUMBER_TEXT(last->n),
        target,
        met_text(ctl, measure, last),
        trend_text(measure, measured, count, trend),
    };
    ctl_table_add(table, cells);
}

/* Percents and numbers as they are told, seconds. */
static json_t *number_json(const struct policy_measure *measure, int64_t value)
{
    switch (measure_unit_of(measure->what)) {
    case MEASURE_PERCENT:
        return json_real((double)value / PERCENT_SCALE);
    case MEASURE_NUMBER:
        return json_real((double)value / NUMBER_SCALE);
    case MEASURE_SECONDS:
        break;
    }
    return json_integer(value);
}

static json_t *measured_json(const struct policy_measure *measure, const struct measured *measured)
{
    json_t *row = json_pack("{s:s, s:o, s:o, s:b, s:I}",
                            "period",
                            measured->name,
                            "from",
                            view_time_json(measured->from_s * 1000000),
                            "until",
                            view_time_json(measured->until_s * 1000000),
                            "running",
                            measured->running,
                            "n",
                            (json_int_t)measured->n);
    bool known = is_known(measure, measured);
    bool share = measure_unit_of(measure->what) == MEASURE_PERCENT;
    (void)json_object_set_new(
        row, "value", known ? number_json(measure, value_of(measure, measured)) : json_null());
    (void)json_object_set_new(row, "hits", share ? json_integer(measured->hits) : json_null());
    return row;
}

json_t *ctl_measures_json(const struct ctl *ctl,
                          const struct policy *policy,
                          const struct policy_measure *measure,
                          const struct measured *measured,
                          unsigned count)
{
    static const char *const units[] = {
        [MEASURE_PERCENT] = "percent", [MEASURE_NUMBER] = "number", [MEASURE_SECONDS] = "seconds"};
    const struct measured *last = &measured[count - 1];
    int64_t wanted = measure->has_least ? measure->least : measure->most;
    json_t *row = measured_json(measure, last);
    json_t *trend = json_array();
    for (unsigned i = 0; i < count; i++) {
        (void)json_array_append_new(trend, measured_json(measure, &measured[i]));
    }
    json_t *met = is_known(measure, last)
                      ? json_boolean(measure_met(measure, last->hits, last->n, last->sum))
                      : json_null();
    json_t *more = json_pack("{s:s, s:s, s:s, s:s, s:s, s:{s:o}, s:o, s:o}",
                             "policy",
                             policy->name,
                             "measure",
                             measure->id,
                             "title",
                             view_title(ctl, &measure->title),
                             "what",
                             measure_what_name(measure->what),
                             "unit",
                             units[measure_unit_of(measure->what)],
                             "target",
                             measure->has_least ? "at_least" : "at_most",
                             number_json(measure, wanted),
                             "met",
                             met,
                             "trend",
                             trend);
    (void)json_object_update(more, row);
    json_decref(row);
    return more;
}
