/* Calendars as we write them: weekly hours, own dates, and sets of holidays in files of their own.
 */
#include "calendar_read.h"
#include "fault.h"
#include "zone.h"

enum { DAY_S = 86400 };

/* A calendar while it is read. */
struct calendar_place {
    struct calendar_definition definition;
    struct calendar_dated *dated;
    struct calendar_hours make_up; /* of a worked day of a holiday set */
    bool has_make_up;
    bool has_week;
    bool in_set; /* what is read now comes of a set: the calendar's own dates beat it */
    const struct yaml_node *zone;
    struct calendar_yaml_file *file; /* NULL: not a file of its own */
};

/* Chinese keyboards give full-width signs. */
static const char *span_hint(const char *text)
{
    static const char *const wide[] = {"：", "－", "–", "—", "～", "~", "至"};
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        if (strstr(text, wide[i])) {
            return fault_text("plain signs and two digits each: 09:00-12:00");
        }
    }
    return fault_text(
        "09:00-12:00; midnight at the end is 24:00; 22:00-06:00 ends on the next day");
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
        if (item->kind != YAML_SCALAR || !calendar_span_parse(slice_text(item->text), &span)) {
            complain(loading,
                     item,
                     span_hint(item->text),
                     "'%.40s' is no interval of a day",
                     item->text);
        } else if (hours->count > 0 && span.open_s < hours->spans[hours->count - 1].close_s) {
            complain(loading, item, NULL, "intervals overlap or are out of order");
        } else {
            hours->spans[hours->count++] = span;
        }
    }
}

/* The calendar's own beats that of a set it names. */
POLICY_READER(calendar_title)
{
    struct calendar_place *place = into;
    struct policy_title *title = arena_take(loading->arena, sizeof *title);
    if (title && !place->in_set) {
        *title = (struct policy_title){0};
        read_title(loading, pair, title);
        place->definition.title = title;
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

/* A night shift must not run into what the next day has of its own. */
static void week_check(struct policy_loading *loading,
                       const struct yaml_node *node,
                       const struct calendar_hours week[7])
{
    for (int i = 0; i < 7; i++) {
        const struct calendar_hours *hours = &week[i];
        const struct calendar_hours *next = &week[(i + 1) % 7];
        if (hours->count > 0 && next->count > 0 &&
            hours->spans[hours->count - 1].close_s - DAY_S > next->spans[0].open_s) {
            complain(loading,
                     node,
                     NULL,
                     "the night of %s goes on into the hours of %s",
                     weekdays[i],
                     weekdays[(i + 1) % 7]);
        }
    }
}

POLICY_READER(calendar_week)
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
    week_check(loading, &pair->value, place->definition.week);
}

/* Of the kinds that name a date; NULL: none does. */
static const struct calendar_dated *dated_find(const struct calendar_place *place, int32_t date)
{
    for (uint32_t i = 0; i < place->definition.dated_count; i++) {
        if (place->dated[i].date == date && place->dated[i].kind != DATED_BREAK) {
            return &place->dated[i];
        }
    }
    return NULL;
}

static void dated_add(struct policy_loading *loading,
                      struct calendar_place *place,
                      const struct yaml_node *node,
                      const struct calendar_dated *dated)
{
    int32_t date = 0;
    if (node->kind != YAML_SCALAR || !date_parse(slice_text(node->text), &date)) {
        complain(loading, node, "2026-02-17", "'%.20s' is no date", node->text);
        return;
    }
    const struct calendar_dated *there =
        dated->kind == DATED_BREAK ? NULL : dated_find(place, date);
    if (there && place->in_set) {
        return;
    }
    if (there) {
        complain(loading,
                 node,
                 NULL,
                 there->kind == dated->kind ? "%s stands here a second time"
                                            : "%s is closed and open at once",
                 node->text);
    } else if (place->definition.dated_count == CALENDAR_DATED_MAX) {
        complain(loading, node, NULL, "more than %d dates", CALENDAR_DATED_MAX);
    } else {
        struct calendar_dated *row = &place->dated[place->definition.dated_count++];
        *row = *dated;
        row->date = date;
    }
}

static const char *name_of(const struct yaml_node *node)
{
    return node->kind == YAML_SCALAR && node->text[0] != '\0' ? node->text : NULL;
}

/* Dates that share a kind and hours: a date, a list of them, or a mapping of dates to names. */
static void dates_read(struct policy_loading *loading,
                       const struct yaml_pair *pair,
                       struct calendar_place *place,
                       struct calendar_dated dated)
{
    const struct yaml_node *node = &pair->value;
    if (node->kind != YAML_MAP) {
        for (uint32_t i = 0; i < list_count(node); i++) {
            dated_add(loading, place, list_item(node, i), &dated);
        }
        return;
    }
    uint32_t count = read_count(loading, node, YAML_MAP, YAML_PAIRS_MAX, pair->key.text);
    for (uint32_t i = 0; i < count; i++) {
        dated.name = name_of(&node->pairs[i].value);
        dated_add(loading, place, &node->pairs[i].key, &dated);
    }
}

POLICY_READER(calendar_closed)
{
    dates_read(loading, pair, into, (struct calendar_dated){.kind = DATED_HOLIDAY});
}

static void hours_by_date(struct policy_loading *loading,
                          const struct yaml_pair *pair,
                          struct calendar_place *place,
                          enum calendar_dated_kind kind)
{
    uint32_t count = read_count(loading, &pair->value, YAML_MAP, YAML_PAIRS_MAX, pair->key.text);
    for (uint32_t i = 0; i < count; i++) {
        const struct yaml_pair *row = &pair->value.pairs[i];
        struct calendar_dated dated = {.kind = kind};
        read_hours(loading, &row->value, &dated.hours);
        dated_add(loading, place, &row->key, &dated);
    }
}

POLICY_READER(calendar_open)
{
    hours_by_date(loading, pair, into, DATED_SHIFT);
}

POLICY_READER(calendar_breaks)
{
    hours_by_date(loading, pair, into, DATED_BREAK);
}

POLICY_READER(calendar_make_up)
{
    struct calendar_place *place = into;
    place->has_make_up = true;
    read_hours(loading, &pair->value, &place->make_up);
}

/* ---- sets of holidays ---- */

POLICY_READER(set_off)
{
    dates_read(loading, pair, into, (struct calendar_dated){.kind = DATED_HOLIDAY});
}

POLICY_READER(set_worked)
{
    struct calendar_place *place = into;
    dates_read(loading,
               pair,
               place,
               (struct calendar_dated){.kind = DATED_SHIFT,
                                       .hours = place->has_make_up ? place->make_up
                                                                   : place->definition.week[0]});
}

POLICY_READER(file_id)
{
    struct calendar_place *place = into;
    char id[POLICY_NAME_MAX];
    read_id(loading, &pair->value, place->file ? place->file->id : id);
}

POLICY_READER(file_origin)
{
    struct calendar_place *place = into;
    if (pair->value.kind != YAML_SCALAR || pair->value.text[0] == '\0') {
        complain(loading, &pair->value, NULL, "expected a text: who published this, and where");
    } else if (place->file) {
        place->file->origin = pair->value.text;
    }
}

static void
set_tree(struct policy_loading *loading, const struct yaml_node *tree, struct calendar_place *place)
{
    read_part(loading, tree, tree, &language_holiday_set, place);
}

/* ---- files that are named ---- */

/* The shipped file of that name; NULL after a complaint. */
static const struct policy_holidays *
file_find(struct policy_loading *loading, const struct yaml_node *node, const char *what)
{
    char names[16][POLICY_NAME_MAX];
    uint16_t count = 0;
    for (size_t i = 0; i < loading->holiday_count; i++) {
        if (node->kind == YAML_SCALAR && strcmp(loading->holidays[i].id, node->text) == 0) {
            return &loading->holidays[i];
        }
        if (count < 16) {
            (void)snprintf(names[count++], POLICY_NAME_MAX, "%s", loading->holidays[i].id);
        }
    }
    char hint[160];
    hint_make(hint, node->text, (struct policy_names){what, names, POLICY_NAME_MAX, count});
    complain(loading, node, hint, "no %s '%.40s'", fault_text(what), node->text);
    return NULL;
}

/* Its tree; its faults are told with its own name and lines.  The caller puts the source back. */
static const struct yaml_node *file_open(struct policy_loading *loading,
                                         const struct policy_holidays *file)
{
    struct yaml_source *source = arena_take(loading->scratch, sizeof *source);
    if (!source) {
        return NULL;
    }
    *source = (struct yaml_source){.name = file->file,
                                   .bytes = file->yaml,
                                   .out = loading->source->out,
                                   .faults = loading->source->faults};
    loading->source = source;
    return yaml_read(source, loading->scratch);
}

static void file_close(struct policy_loading *loading, struct yaml_source *outer)
{
    if (loading->source != outer) {
        outer->errors += loading->source->errors;
        outer->warnings += loading->source->warnings;
    }
    loading->source = outer;
}

static void
set_read(struct policy_loading *loading, const struct yaml_node *node, struct calendar_place *place)
{
    const struct policy_holidays *file = file_find(loading, node, "set of holidays");
    struct yaml_source *outer = loading->source;
    const struct yaml_node *tree = file ? file_open(loading, file) : NULL;
    if (tree && yaml_find(tree, "calendar")) {
        complain(loading, tree, NULL, "this is a calendar, not a set of holidays");
    } else if (tree) {
        struct calendar_yaml_file *own = place->file;
        place->file = NULL;
        place->in_set = true;
        set_tree(loading, tree, place);
        place->in_set = false;
        place->file = own;
    }
    file_close(loading, outer);
}

POLICY_READER(calendar_holidays)
{
    for (uint32_t i = 0; i < list_count(&pair->value); i++) {
        set_read(loading, list_item(&pair->value, i), into);
    }
}

POLICY_READER(calendar_zone)
{
    struct calendar_place *place = into;
    struct error error = {0};
    struct zone *zone = zone_new(pair->value.text, &error);
    if (!zone) {
        complain(loading, &pair->value, "Asia/Shanghai, Europe/London, UTC", "%s", error.text);
    }
    zone_free(&zone);
    place->definition.zone = pair->value.text;
}

POLICY_READER(calendar_always)
{
    ((struct calendar_place *)into)->definition.always = read_flag(loading, &pair->value);
}

static void calendar_tree(struct policy_loading *loading,
                          const struct yaml_node *place,
                          const struct yaml_node *map,
                          struct calendar_place *into)
{
    read_part(loading, place, map, into->file ? &language_calendar_file : &language_calendar, into);
    if (into->has_week == into->definition.always && map->kind == YAML_MAP) {
        complain(loading, place, NULL, "a calendar has either hours or 'always: yes'");
    }
}

static bool place_begin(struct policy_loading *loading,
                        const struct yaml_node *node,
                        struct calendar_place *place)
{
    place->dated = arena_take(loading->scratch, CALENDAR_DATED_MAX * sizeof *place->dated);
    place->definition.dated = place->dated;
    if (!place->dated) {
        complain(loading, node, NULL, "too much memory is needed");
    }
    return place->dated != NULL;
}

bool calendar_yaml_read_file(struct policy_loading *loading,
                             const struct yaml_node *tree,
                             struct calendar_yaml_file *file)
{
    unsigned before = loading->source->errors;
    *file = (struct calendar_yaml_file){.origin = ""};
    struct calendar_place place = {.file = file};
    if (!place_begin(loading, tree, &place)) {
        return false;
    }
    if (yaml_find(tree, "policy")) {
        complain(loading,
                 tree,
                 "redress policy check FILE; redress calendar show FILE",
                 "this is a policy, not a calendar");
    } else if (yaml_find(tree, "calendar") || !yaml_find(tree, "holidays")) {
        calendar_tree(loading, tree, tree, &place);
    } else {
        file->set = true;
        set_tree(loading, tree, &place);
    }
    file->definition = place.definition;
    file->definition.name = file->id;
    return loading->source->errors == before;
}

bool calendar_yaml_read(struct policy_loading *loading,
                        const struct yaml_node *place,
                        const struct yaml_node *map,
                        struct calendar_definition *definition)
{
    unsigned before = loading->source->errors;
    if (map->kind == YAML_SCALAR && map->text[0] != '\0') {
        const struct policy_holidays *named = file_find(loading, map, "calendar");
        struct yaml_source *outer = loading->source;
        const struct yaml_node *tree = named ? file_open(loading, named) : NULL;
        struct calendar_yaml_file *file = arena_take(loading->scratch, sizeof *file);
        bool good = tree && file && calendar_yaml_read_file(loading, tree, file);
        file_close(loading, outer);
        if (good && file->set) {
            complain(loading,
                     map,
                     "a calendar with hours names it: holidays: …",
                     "'%s' is a set of holidays, no calendar",
                     map->text);
        } else if (good) {
            *definition = file->definition;
        }
        return loading->source->errors == before;
    }
    struct calendar_place into = {0};
    if (!place_begin(loading, place, &into)) {
        return false;
    }
    calendar_tree(loading, place, map, &into);
    *definition = into.definition;
    return loading->source->errors == before;
}
