/* Measures for people, a row each, and as data. */
#include "clock.h"
#include "ctl_measures.h"
#include "ctl_policy.h"
#include "ctl_table.h"
#include "ctl_view.h"

enum {
    PERCENT_SCALE = 100,
    NUMBER_SCALE = 10000,
    MARK_SIZE = 3, /* bytes of one column of a spark */
    MEASURE_DATE_MAX = 16,
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

bool ctl_measures_begun(const struct measured *measured)
{
    return measured->from_s <= clock_now_us() / 1000000;
}

static bool has_value(const struct policy_measure *measure, const struct measured *measured)
{
    return ctl_measures_begun(measured) && measured_is_known(measure, measured);
}

static int64_t value_of(const struct policy_measure *measure, const struct measured *measured)
{
    return measure->between
               ? measured->high.value - measured->low.value
               : measure_value(measure->what, measured->hits, measured->n, measured->sum);
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
        unit = measure_is_count(measure->what) ? NULL : policy->fields[measure->answer.field].unit;
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
    uint64_t values[MEASURED_PERIODS_MAX];
    char spark[VIEW_TEXT_MAX];
    into[0] = '\0';
    for (unsigned i = 0; i < count; i++) {
        int64_t value =
            measured_is_known(measure, &measured[i]) ? value_of(measure, &measured[i]) : 0;
        values[i] = value > 0 ? (uint64_t)value : 0;
    }
    (void)view_spark(values, count, spark);
    for (unsigned i = 0; i < count; i++) {
        size_t used = strlen(into);
        bool known = measured[i].n > 0 && measured_is_known(measure, &measured[i]);
        const char *mark = known ? spark + (size_t)i * MARK_SIZE : "·";
        int size = known ? MARK_SIZE : (int)strlen(mark);
        (void)snprintf(into + used, VIEW_TEXT_MAX - used, "%.*s", size, mark);
    }
    return into;
}

static bool is_met(const struct policy_measure *measure, const struct measured *last)
{
    return measure->between ? measure_met_by(measure, value_of(measure, last))
                            : measure_met(measure, last->hits, last->n, last->sum);
}

/* Until when what is owed for the period has to be done; false: no time is set. */
static bool due_date(const struct policy *policy,
                     const struct policy_measure *measure,
                     const struct measured *last,
                     char into[MEASURE_DATE_MAX])
{
    const struct policy_duty *duty = &measure->duty;
    int64_t due_s = measure_duty_due_s(duty, policy->calendars, last->until_s);
    if (due_s == INT64_MAX || due_s == INT64_MIN) {
        return false;
    }
    const struct calendar *calendar = &policy->calendars[duty->calendar];
    into[0] = '\0';
    for (uint32_t i = 0; i < calendar->day_count; i++) {
        if (calendar->days[i].midnight_s < due_s) {
            int32_t date = calendar->days[i].date;
            (void)snprintf(into,
                           MEASURE_DATE_MAX,
                           "%04d-%02d-%02d",
                           date / 10000 % 10000,
                           date / 100 % 100,
                           date % 100);
        }
    }
    return into[0] != '\0';
}

static bool is_owed(const struct policy_measure *measure, const struct measured *last)
{
    return ctl_measures_begun(last) && measure_duty_begun(&measure->duty, last->n);
}

/* Whether the duty has begun, and until when it has to be done. */
static const char *duty_text(const struct ctl *ctl,
                             const struct policy *policy,
                             const struct policy_measure *measure,
                             const struct measured *last,
                             char into[VIEW_TEXT_MAX])
{
    char date[MEASURE_DATE_MAX];
    if (!is_owed(measure, last)) {
        return view_text(
            ctl, last->running ? TEXT_MEASURE_NOT_YET : TEXT_MEASURE_NO_DUTY, NULL, into);
    }
    return due_date(policy, measure, last, date)
               ? view_text(ctl, TEXT_MEASURE_OWED_BY, CTL_ARGS(date), into)
               : view_text(ctl, TEXT_MEASURE_OWED, NULL, into);
}

static const char *met_text(const struct ctl *ctl,
                            const struct policy *policy,
                            const struct policy_measure *measure,
                            const struct measured *last,
                            char into[VIEW_TEXT_MAX])
{
    if (measure->duty.is_owed) {
        return duty_text(ctl, policy, measure, last, into);
    }
    enum ctl_text id = TEXT_MEASURE_NOTHING;
    if (has_value(measure, last)) {
        id = is_met(measure, last) ? TEXT_MEASURE_YES : TEXT_MEASURE_NO;
    }
    return view_text(ctl, id, NULL, into);
}

static const char *target_text(const struct ctl *ctl,
                               const struct policy *policy,
                               const struct policy_measure *measure,
                               char into[VIEW_TEXT_MAX])
{
    char bound[VIEW_TEXT_MAX];
    if (measure->duty.is_owed) {
        enum ctl_text id = measure->duty.from > 0 ? TEXT_MEASURE_FROM : TEXT_MEASURE_EVERY;
        return view_text(ctl, id, CTL_ARGS(CTL_NUMBER_TEXT(measure->duty.from)), into);
    }
    int64_t wanted = measure->has_least ? measure->least : measure->most;
    (void)value_text(ctl, policy, measure, wanted, bound);
    (void)snprintf(into, VIEW_TEXT_MAX, "%s %.250s", measure->has_least ? "≥" : "≤", bound);
    return into;
}

/* The value; of a difference also what it lies between. */
static const char *last_text(const struct ctl *ctl,
                             const struct policy *policy,
                             const struct policy_measure *measure,
                             const struct measured *last,
                             char into[VIEW_TEXT_MAX])
{
    char value[VIEW_TEXT_MAX];
    char low[VIEW_TEXT_MAX];
    char high[VIEW_TEXT_MAX];
    if (!has_value(measure, last)) {
        return "–";
    }
    (void)value_text(ctl, policy, measure, value_of(measure, last), value);
    if (!measure->between) {
        (void)snprintf(into, VIEW_TEXT_MAX, "%s", value);
        return into;
    }
    return view_text(ctl,
                     TEXT_MEASURE_BETWEEN,
                     CTL_ARGS(value,
                              view_title(ctl, &policy->channels[last->low.channel].title),
                              value_text(ctl, policy, measure, last->low.value, low),
                              view_title(ctl, &policy->channels[last->high.channel].title),
                              value_text(ctl, policy, measure, last->high.value, high)),
                     into);
}

static const char *
period_text(const struct ctl *ctl, const struct measured *measured, char into[VIEW_TEXT_MAX])
{
    enum ctl_text id = ctl_measures_begun(measured) ? TEXT_MEASURE_RUNNING : TEXT_MEASURE_AHEAD;
    (void)snprintf(into,
                   VIEW_TEXT_MAX,
                   "%s%s",
                   measured->name,
                   measured->running ? ctl_text_in(ctl->language, id) : "");
    return into;
}

const char *ctl_measures_alarm(const struct ctl *ctl,
                               const struct policy *policy,
                               const struct policy_measure *measure,
                               const struct measured *measured,
                               char into[VIEW_TEXT_MAX])
{
    char period[VIEW_TEXT_MAX];
    char value[VIEW_TEXT_MAX];
    char target[VIEW_TEXT_MAX];
    char met[VIEW_TEXT_MAX];
    return view_text(ctl,
                     TEXT_MEASURE_ALARM,
                     CTL_ARGS(view_title(ctl, &policy->title),
                              view_title(ctl, &measure->title),
                              period_text(ctl, measured, period),
                              last_text(ctl, policy, measure, measured, value),
                              target_text(ctl, policy, measure, target),
                              met_text(ctl, policy, measure, measured, met),
                              say_role(ctl, policy, measure->owner)),
                     into);
}

void ctl_measures_add(const struct ctl *ctl,
                      struct ctl_table *table,
                      const struct policy *policy,
                      const struct policy_measure *measure,
                      const struct measured *measured,
                      unsigned count)
{
    const struct measured *last = &measured[count - 1];
    char value[VIEW_TEXT_MAX];
    char target[VIEW_TEXT_MAX];
    char met[VIEW_TEXT_MAX];
    char trend[VIEW_TEXT_MAX];
    char period[VIEW_TEXT_MAX];
    const char *const cells[COLUMN_COUNT] = {
        view_title(ctl, &policy->title),
        view_title(ctl, &measure->title),
        period_text(ctl, last, period),
        last_text(ctl, policy, measure, last, value),
        CTL_NUMBER_TEXT(last->n),
        target_text(ctl, policy, measure, target),
        met_text(ctl, policy, measure, last, met),
        trend_text(measure, measured, count, trend),
    };
    ctl_table_add(table, cells);
}

/* Percents and numbers as they are told, seconds. */
json_t *ctl_measures_number(const struct policy_measure *measure, int64_t value)
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
    bool known = has_value(measure, measured);
    bool share = measure_unit_of(measure->what) == MEASURE_PERCENT;
    (void)json_object_set_new(row,
                              "value",
                              known ? ctl_measures_number(measure, value_of(measure, measured))
                                    : json_null());
    (void)json_object_set_new(row, "hits", share ? json_integer(measured->hits) : json_null());
    return row;
}

static json_t *target_json(const struct policy_measure *measure)
{
    int64_t wanted = measure->has_least ? measure->least : measure->most;
    return json_pack(
        "{s:o}", measure->has_least ? "at_least" : "at_most", ctl_measures_number(measure, wanted));
}

static json_t *duty_json(const struct policy *policy,
                         const struct policy_measure *measure,
                         const struct measured *last)
{
    char date[MEASURE_DATE_MAX];
    bool begun = is_owed(measure, last);
    bool timed = begun && due_date(policy, measure, last, date);
    return json_pack("{s:I, s:b, s:o}",
                     "from",
                     (json_int_t)measure->duty.from,
                     "begun",
                     begun,
                     "due",
                     timed ? json_string(date) : json_null());
}

static json_t *end_json(const struct policy *policy,
                        const struct policy_measure *measure,
                        const struct measured_end *end)
{
    return json_pack("{s:s, s:o}",
                     "channel",
                     policy->channels[end->channel].id,
                     "value",
                     ctl_measures_number(measure, end->value));
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
    bool known = has_value(measure, last);
    json_t *trend = json_array();
    for (unsigned i = 0; i < count; i++) {
        (void)json_array_append_new(trend, measured_json(measure, &measured[i]));
    }
    json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}",
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
                            "trend",
                            trend);
    if (measure->owner != POLICY_NONE) {
        (void)json_object_set_new(row, "owner", json_string(policy->roles[measure->owner]));
    }
    if (measure->duty.is_owed) {
        (void)json_object_set_new(row, "duty", duty_json(policy, measure, last));
    } else {
        (void)json_object_set_new(row, "target", target_json(measure));
        (void)json_object_set_new(
            row, "met", known ? json_boolean(is_met(measure, last)) : json_null());
    }
    if (measure->between && known) {
        (void)json_object_set_new(row, "lowest", end_json(policy, measure, &last->low));
        (void)json_object_set_new(row, "highest", end_json(policy, measure, &last->high));
    }
    json_t *now = measured_json(measure, last);
    (void)json_object_update(row, now);
    json_decref(now);
    return row;
}
