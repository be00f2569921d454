/* Calendars: weekly hours, the policy's own dates, and a set of holidays that stands in a file of
 * its own. */
#include "policy_read.h"
#include "zone.h"

/* A calendar while it is read. */
struct calendar_place {
    struct calendar_definition definition;
    struct calendar_dated *dated;
    struct calendar_hours make_up; /* of a worked day of a holiday set */
    bool has_make_up;
    bool has_week;
};

static bool span_parse(struct slice text, struct calendar_span *span)
{
    return text.size == 11 && text.bytes[5] == '-' &&
           calendar_time_parse(slice_of(text.bytes, 5), &span->open_s) &&
           calendar_time_parse(slice_of(text.bytes + 6, 5), &span->close_s) &&
           span->open_s < span->close_s;
}

static void read_hours(struct policy_loading *loading,
                       const struct yaml_node *node,
                       struct calendar_hours *hours)
{
    *hours = (struct calendar_hours){0};
    if (node->kind == YAML_MAP || list_count(node) > CALENDAR_SPANS_MAX) {
        complain(loading, node, NULL, "hours: at most %d intervals", CALENDAR_SPANS_MAX);
        return;
    }
    for (uint32_t i = 0; i < list_count(node); i++) {
        const struct yaml_node *item = list_item(node, i);
        struct calendar_span span = {0};
        if (item->kind != YAML_SCALAR || !span_parse(slice_text(item->text), &span)) {
            complain(loading,
                     item,
                     "09:00-12:00; midnight at the end is 24:00; a night shift is two intervals",
                     "'%.40s' is no interval of a day",
                     item->text);
        } else if (hours->count > 0 && span.open_s < hours->spans[hours->count - 1].close_s) {
            complain(loading, item, NULL, "intervals overlap or are out of order");
        } else {
            hours->spans[hours->count++] = span;
        }
    }
}

static const char *const weekdays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static int weekday_parse(const char *text)
{
    for (int i = 0; i < 7; i++) {
        if (strncmp(text, weekdays[i], 3) == 0) {
            return i;
        }
    }
    return -1;
}

static void calendar_week(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    struct calendar_place *place = into;
    bool seen[7] = {false};
    uint32_t count = read_count(loading, &pair->value, YAML_MAP, 7, "hours");
    place->has_week = true;
    for (uint32_t i = 0; i < count; i++) {
        const struct yaml_pair *row = &pair->value.pairs[i];
        const char *text = row->key.text;
        size_t size = strlen(text);
        int first = weekday_parse(text);
        int last = size == 7 && text[3] == '-' ? weekday_parse(text + 4) : size == 3 ? first : -1;
        if (first < 0 || last < first) {
            complain(loading, &row->key, "mon, mon-fri, sat-sun", "'%.20s' are no days", text);
            continue;
        }
        struct calendar_hours hours;
        read_hours(loading, &row->value, &hours);
        for (int day = first; day <= last; day++) {
            if (seen[day]) {
                complain(loading, &row->key, NULL, "%s has its hours already", weekdays[day]);
            }
            seen[day] = true;
            place->definition.week[day] = hours;
        }
    }
}

static void dated_add(struct policy_loading *loading,
                      struct calendar_place *place,
                      const struct yaml_node *node,
                      enum calendar_dated_kind kind,
                      const struct calendar_hours *hours)
{
    int32_t date = 0;
    if (node->kind != YAML_SCALAR || !date_parse(slice_text(node->text), &date)) {
        complain(loading, node, "2026-02-17", "'%.20s' is no date", node->text);
    } else if (place->definition.dated_count == CALENDAR_DATED_MAX) {
        complain(loading, node, NULL, "more than %d dates", CALENDAR_DATED_MAX);
    } else {
        place->dated[place->definition.dated_count++] =
            (struct calendar_dated){.date = date, .kind = kind, .hours = *hours};
    }
}

static void
calendar_closed(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    static const struct calendar_hours none;
    for (uint32_t i = 0; i < list_count(&pair->value); i++) {
        dated_add(loading, into, list_item(&pair->value, i), DATED_HOLIDAY, &none);
    }
}

static void dated_map(struct policy_loading *loading,
                      const struct yaml_pair *pair,
                      struct calendar_place *place,
                      enum calendar_dated_kind kind)
{
    uint32_t count = read_count(loading, &pair->value, YAML_MAP, YAML_PAIRS_MAX, pair->key.text);
    for (uint32_t i = 0; i < count; i++) {
        const struct yaml_pair *row = &pair->value.pairs[i];
        struct calendar_hours hours;
        read_hours(loading, &row->value, &hours);
        dated_add(loading, place, &row->key, kind, &hours);
    }
}

static void calendar_open(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    dated_map(loading, pair, into, DATED_SHIFT);
}

static void
calendar_breaks(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    dated_map(loading, pair, into, DATED_BREAK);
}

static void
calendar_make_up(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    struct calendar_place *place = into;
    place->has_make_up = true;
    read_hours(loading, &pair->value, &place->make_up);
}

static void set_dates(struct policy_loading *loading,
                      const struct yaml_pair *pair,
                      struct calendar_place *place,
                      enum calendar_dated_kind kind,
                      const struct calendar_hours *hours)
{
    uint32_t count = read_count(loading, &pair->value, YAML_MAP, YAML_PAIRS_MAX, pair->key.text);
    for (uint32_t i = 0; i < count; i++) {
        dated_add(loading, place, &pair->value.pairs[i].key, kind, hours);
    }
}

static void set_off(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    static const struct calendar_hours none;
    set_dates(loading, pair, into, DATED_HOLIDAY, &none);
}

static void set_worked(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    struct calendar_place *place = into;
    set_dates(loading,
              pair,
              place,
              DATED_SHIFT,
              place->has_make_up ? &place->make_up : &place->definition.week[0]);
}

static void set_words(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    (void)into;
    if (pair->value.kind != YAML_SCALAR) {
        complain(loading, &pair->value, NULL, "expected a text");
    }
}

/* The set's own file: its faults are told with its own name and lines. */
static void set_read(struct policy_loading *loading,
                     const struct policy_holidays *set,
                     struct calendar_place *place)
{
    static const struct policy_key keys[] = {
        {"holidays", true,  set_words },
        {"source",   true,  set_words },
        {"off",      true,  set_off   },
        {"worked",   false, set_worked},
    };
    struct yaml_source *outer = loading->source;
    struct yaml_source source = {.name = set->file, .bytes = set->yaml, .out = outer->out};
    loading->source = &source;
    const struct yaml_node *tree = yaml_read(&source, loading->scratch);
    if (tree) {
        read_map(loading, tree, tree, "a set of holidays", keys, KEY_COUNT(keys), place);
    }
    outer->errors += source.errors;
    outer->warnings += source.warnings;
    loading->source = outer;
}

static void
calendar_holidays(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    for (size_t i = 0; i < loading->holiday_count; i++) {
        if (strcmp(loading->holidays[i].id, pair->value.text) == 0) {
            set_read(loading, &loading->holidays[i], into);
            return;
        }
    }
    char hint[160] = "";
    if (loading->holiday_count > 0) {
        (void)snprintf(hint, sizeof hint, "there is %s", loading->holidays[0].id);
    }
    complain(loading, &pair->value, hint, "no set of holidays '%.40s'", pair->value.text);
}

static void calendar_zone(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    (void)loading;
    ((struct calendar_place *)into)->definition.zone = pair->value.text;
}

static void
calendar_always(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    ((struct calendar_place *)into)->definition.always = read_flag(loading, &pair->value);
}

static void calendar_read(struct policy_loading *loading,
                          const struct yaml_pair *row,
                          struct calendar *calendar)
{
    static const struct policy_key keys[] = {
        {"zone",     true,  calendar_zone    },
        {"always",   false, calendar_always  },
        {"hours",    false, calendar_week    },
        {"make-up",  false, calendar_make_up },
        {"holidays", false, calendar_holidays},
        {"closed",   false, calendar_closed  },
        {"open",     false, calendar_open    },
        {"breaks",   false, calendar_breaks  },
    };
    unsigned before = loading->source->errors;
    char id[POLICY_NAME_MAX] = "";
    struct calendar_place place = {.definition = {.name = id}};
    place.dated = arena_take(loading->scratch, CALENDAR_DATED_MAX * sizeof *place.dated);
    if (!place.dated) {
        complain(loading, &row->key, NULL, "the policy needs too much memory");
        return;
    }
    place.definition.dated = place.dated;
    read_id(loading, &row->key, id);
    read_map(loading, &row->key, &row->value, "a calendar", keys, KEY_COUNT(keys), &place);
    if (place.has_week == place.definition.always && row->value.kind == YAML_MAP) {
        complain(loading, &row->key, NULL, "a calendar has either hours or 'always: yes'");
    }
    struct error error = {0};
    if (loading->source->errors == before && !calendar_compile(&place.definition,
                                                               loading->first_year,
                                                               loading->last_year,
                                                               loading->arena,
                                                               calendar,
                                                               &error)) {
        complain(loading, &yaml_find(&row->value, "zone")->value, NULL, "%s", error.text);
    }
    memcpy(calendar->name, id, sizeof id);
}

void read_calendars(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    (void)into;
    const struct yaml_node *map = &pair->value;
    uint32_t count = read_count(loading, map, YAML_MAP, POLICY_CALENDARS_MAX, "calendars");
    struct calendar *calendars = loading_take(loading, map, count, sizeof *calendars);
    for (uint32_t i = 0; i < count && calendars; i++) {
        calendar_read(loading, &map->pairs[i], &calendars[i]);
    }
    loading->policy->calendars = calendars;
    loading->policy->calendar_count = (uint16_t)(calendars ? count : 0);
}
