/* The JSON of holiday-cn (github.com/NateScarlet/holiday-cn, schema.json): days off and make-up
 * working days of one year; or the list of days alone, of any years, where "kind" may say "off" or
 * "workday" instead.  JSON is read as the YAML it also is, so that places are known. */
#include "calendar_read.h"
#include "fault.h"
#include "zone.h"

enum { YEAR_MIN = 1900, YEAR_MAX = 2199 };

struct reading {
    struct yaml_source *source;
    struct arena *arena;
    struct calendar_dates *dates;
    int32_t year; /* 0: of any */
};

static void wrong(const struct reading *reading,
                  const struct yaml_node *node,
                  const char *hint,
                  const char *text)
{
    yaml_complain(reading->source, YAML_ERROR, node, hint, "%s", fault_text(text));
}

/* The value of a key; NULL after a complaint. */
static const struct yaml_node *
value_of(const struct reading *reading, const struct yaml_node *map, const char *key)
{
    const struct yaml_pair *pair = yaml_find(map, key);
    if (!pair) {
        yaml_complain(reading->source, YAML_ERROR, map, NULL, "\"%s\" is missing", key);
        return NULL;
    }
    return &pair->value;
}

/* Whether it is a day off or one that is worked; false after a complaint. */
static bool kind_read(const struct reading *reading, const struct yaml_node *day, bool *is_off)
{
    const struct yaml_pair *pair = yaml_find(day, "kind");
    const struct yaml_node *node = pair ? &pair->value : value_of(reading, day, "isOffDay");
    const char *text = node && node->kind == YAML_SCALAR ? node->text : "";
    *is_off = strcmp(text, pair ? "off" : "true") == 0;
    bool known = *is_off || strcmp(text, pair ? "workday" : "false") == 0;
    if (node && !known) {
        wrong(reading, node, NULL, pair ? "kind is off or workday" : "isOffDay is true or false");
    }
    return known;
}

static void day_read(struct reading *reading, const struct yaml_node *day)
{
    if (day->kind != YAML_MAP) {
        wrong(reading, day, NULL, "a day has to be an object");
        return;
    }
    const struct yaml_node *name = value_of(reading, day, "name");
    const struct yaml_node *date = value_of(reading, day, "date");
    bool is_off;
    bool known = kind_read(reading, day, &is_off);
    int32_t number = 0;
    if (!name || !date) {
        return;
    }
    if (name->kind != YAML_SCALAR) {
        wrong(reading, name, NULL, "the name has to be a text");
        return;
    }
    if (date->kind != YAML_SCALAR || !date_parse(slice_text(date->text), &number)) {
        yaml_complain(
            reading->source, YAML_ERROR, date, "2026-02-17", "'%.20s' is no date", date->text);
        return;
    }
    int32_t apart = reading->year == 0 ? 0 : number / 10000 - reading->year;
    if (apart < -1 || apart > 1) {
        yaml_complain(
            reading->source, YAML_ERROR, date, NULL, "not a day of %d", (int)reading->year);
    } else if (known) {
        calendar_dates_add(reading->source,
                           date,
                           reading->dates,
                           reading->arena,
                           number,
                           is_off ? DATED_HOLIDAY : DATED_SHIFT,
                           slice_text(name->text));
    }
}

static void days_read(struct reading *reading, const struct yaml_node *days)
{
    for (uint32_t i = 0; i < days->count; i++) {
        day_read(reading, &days->items[i]);
    }
}

void calendar_json_read(struct yaml_source *source,
                        struct arena *arena,
                        const struct yaml_node *tree,
                        struct calendar_dates *dates)
{
    struct reading reading = {.source = source, .arena = arena, .dates = dates};
    if (tree->kind == YAML_LIST && tree->count > 0) {
        days_read(&reading, tree);
        return;
    }
    if (tree->kind != YAML_MAP) {
        wrong(&reading, tree, NULL, "expected {\"year\": …, \"days\": […]}");
        return;
    }
    const struct yaml_node *year = value_of(&reading, tree, "year");
    const struct yaml_node *days = value_of(&reading, tree, "days");
    if (!year || !days) {
        return;
    }
    char *end = NULL;
    long number = strtol(year->text, &end, 10);
    if (year->kind != YAML_SCALAR || *end || number < YEAR_MIN || number > YEAR_MAX) {
        wrong(&reading, year, NULL, "the year is a number from 1900 to 2199");
        return;
    }
    if (days->kind != YAML_LIST) {
        wrong(&reading, days, NULL, "\"days\" has to be a list");
        return;
    }
    reading.year = (int32_t)number;
    days_read(&reading, days);
    if (days->count == 0) {
        yaml_complain(source,
                      YAML_WARNING,
                      days,
                      "the notice for this year may not be out yet",
                      "no days of %ld",
                      number);
    }
}
