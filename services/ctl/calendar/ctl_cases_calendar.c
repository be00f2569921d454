/* The calendars and instants that cases state; see ctl_cases.h. */
#include "calendar_load.h"
#include "ctl_cases.h"
#include "ctl_time.h"
#include "fault.h"

enum { DAY_S = 86400 };

bool ctl_cases_instant(const json_t *text, int64_t *at_s)
{
    int64_t at_us = 0;
    if (!json_is_string(text) || !ctl_time_rfc3339(slice_text(json_string_value(text)), &at_us)) {
        return false;
    }
    *at_s = at_us / 1000000 - (at_us % 1000000 < 0);
    return true;
}

json_t *ctl_cases_instant_json(int64_t at_s)
{
    if (at_s == INT64_MIN || at_s == INT64_MAX) {
        return NULL;
    }
    int64_t days = at_s / DAY_S - (at_s % DAY_S < 0);
    int32_t second = (int32_t)(at_s - days * DAY_S);
    int32_t date = date_of_days(days);
    return json_sprintf("%04d-%02d-%02dT%02d:%02d:%02dZ",
                        date / 10000,
                        date / 100 % 100,
                        date % 100,
                        second / 3600,
                        second / 60 % 60,
                        second % 60);
}

static bool wrong(struct error *error, const char *what, const char *key)
{
    return error_set(error, ERROR_REJECT, "%s: %.60s", fault_text(what), key);
}

static bool time_read(const json_t *text, int32_t *seconds)
{
    return json_is_string(text) &&
           calendar_time_parse(slice_text(json_string_value(text)), seconds);
}

static bool
hours_read(const json_t *list, const char *key, struct calendar_hours *hours, struct error *error)
{
    *hours = (struct calendar_hours){0};
    if (list && (!json_is_array(list) || json_array_size(list) > CALENDAR_SPANS_MAX)) {
        return wrong(error, "not a list of intervals, or too many", key);
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *pair = json_array_get(list, i);
        struct calendar_span span;
        if (json_array_size(pair) != 2 || !time_read(json_array_get(pair, 0), &span.open_s) ||
            !time_read(json_array_get(pair, 1), &span.close_s) || span.open_s >= span.close_s ||
            (i > 0 && span.open_s < hours->spans[i - 1].close_s)) {
            return wrong(error, "no interval, or out of order", key);
        }
        hours->spans[hours->count++] = span;
    }
    return true;
}

static bool dated_read(struct calendar_dated *dated,
                       enum calendar_dated_kind kind,
                       const char *date,
                       const json_t *list,
                       struct error *error)
{
    *dated = (struct calendar_dated){.kind = kind};
    if (!date || !date_parse(slice_text(date), &dated->date)) {
        return wrong(error, "no date", date ? date : "holidays");
    }
    return hours_read(list, date, &dated->hours, error);
}

static bool
dates_read(const json_t *stated, struct calendar_dated *dated, uint32_t *count, struct error *error)
{
    static const struct {
        const char *key;
        enum calendar_dated_kind kind;
    } maps[] = {
        {"breaks", DATED_BREAK},
        {"shifts", DATED_SHIFT}
    };
    const json_t *holidays = json_object_get(stated, "holidays");
    for (size_t i = 0; i < json_array_size(holidays); i++) {
        const char *date = json_string_value(json_array_get(holidays, i));
        if (!dated_read(&dated[(*count)++], DATED_HOLIDAY, date, NULL, error)) {
            return false;
        }
    }
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
        json_t *map = json_object_get(stated, maps[i].key);
        const char *date;
        json_t *list;
        json_object_foreach(map, date, list)
        {
            if (!dated_read(&dated[(*count)++], maps[i].kind, date, list, error)) {
                return false;
            }
        }
    }
    return true;
}

bool ctl_cases_calendar(const json_t *stated,
                        int first_year,
                        int last_year,
                        struct arena *arena,
                        struct calendar *calendar,
                        struct error *error)
{
    static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    const char *zone = json_string_value(json_object_get(stated, "timezone"));
    size_t count = json_array_size(json_object_get(stated, "holidays")) +
                   json_object_size(json_object_get(stated, "breaks")) +
                   json_object_size(json_object_get(stated, "shifts"));
    if (!zone || count > CALENDAR_DATED_MAX) {
        return wrong(error, zone ? "too many dates" : "no timezone", "calendar");
    }
    struct calendar_definition definition = {.name = "case", .zone = zone};
    struct calendar_dated *dated = arena_take(arena, (count + 1) * sizeof *dated);
    if (!dated) {
        return error_set(error, ERROR_FATAL, "out of memory");
    }
    for (int i = 0; i < 7; i++) {
        const json_t *list = json_object_get(json_object_get(stated, "hours"), days[i]);
        if (!hours_read(list, days[i], &definition.week[i], error)) {
            return false;
        }
    }
    definition.dated = dated;
    return dates_read(stated, dated, &definition.dated_count, error) &&
           calendar_compile(&definition, first_year, last_year, arena, calendar, error);
}
