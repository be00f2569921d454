/* One event of a holiday feed, by libical: its dates, and whether they are off or worked.
 *
 * A worked day is marked by X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY, by a category or by a word in
 * the summary (deploy/calendars/README.md). */
#include "calendar_ical.h"
#include "zone.h"

#include <libical/ical.h>

enum {
    EVENT_DAYS_MAX = 366,
    RULE_STEPS_MAX = 20000,         /* of one rule */
    WORK_MAX = 200000,              /* of one file: turns of its rules and days of its events */
    FITS_NO_DAY = WORK_MAX / 4 + 1, /* libical looks for it through centuries, at one turn */
};

static bool has_word(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcasestr(text, words[i])) {
            return true;
        }
    }
    return false;
}

/* How the feed marks the day: 'w'orked, 'o'ff, or 0. */
static char special_of(icalcomponent *event)
{
    for (icalproperty *x = icalcomponent_get_first_property(event, ICAL_X_PROPERTY); x;
         x = icalcomponent_get_next_property(event, ICAL_X_PROPERTY)) {
        const char *name = icalproperty_get_x_name(x);
        const char *value = icalproperty_get_x(x);
        if (name && value && strcasecmp(name, "X-APPLE-SPECIAL-DAY") == 0) {
            bool works = strcasecmp(value, "ALTERNATE-WORKDAY") == 0;
            bool off = strcasecmp(value, "WORK-HOLIDAY") == 0;
            return (char)(works ? 'w' : off ? 'o' : 0);
        }
    }
    return 0;
}

static bool is_worked(icalcomponent *event, const char *summary)
{
    static const char *const categories[] = {"workday", "working day", "上班", "补班", "補班"};
    static const char *const words[] = {"补班", "補班", "（班）", "(班)", "班｜"};
    for (icalproperty *at = icalcomponent_get_first_property(event, ICAL_CATEGORIES_PROPERTY); at;
         at = icalcomponent_get_next_property(event, ICAL_CATEGORIES_PROPERTY)) {
        const char *text = icalproperty_get_categories(at);
        if (text && has_word(text, categories, sizeof categories / sizeof *categories)) {
            return true;
        }
    }
    return strncmp(summary, "上班", strlen("上班")) == 0 ||
           has_word(summary, words, sizeof words / sizeof *words);
}

/* What the holiday is called: "春节" of "上班(补春节假期)" and of "春节（休）". */
static struct slice name_of(const char *summary)
{
    static const char *const heads[] = {"上班(补", "休｜", "班｜"};
    static const char *const tails[] = {
        ")", "假期", "补班", "補班", "（班）", "(班", "（休）", "(休", " "};
    struct slice name = slice_text(summary);
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        size_t size = strlen(heads[i]);
        if (name.size > size && memcmp(name.bytes, heads[i], size) == 0) {
            name = slice_of(name.bytes + size, name.size - size);
        }
    }
    bool chinese = name.size > 0 && name.bytes[0] >= 0x80;
    for (size_t i = 0; chinese && i < sizeof tails / sizeof *tails; i++) {
        size_t size = strlen(tails[i]);
        if (name.size > size && memcmp(name.bytes + name.size - size, tails[i], size) == 0) {
            name.size -= size;
        }
    }
    return name;
}

static int32_t date_of(struct icaltimetype time)
{
    bool sane = time.year >= 1 && time.year <= 9999 && time.month >= 1 && time.month <= 12 &&
                time.day >= 1 && time.day <= 31;
    int32_t date = sane ? time.year * 10000 + time.month * 100 + time.day : 0;
    return date > 0 && date_of_days(date_to_days(date)) == date ? date : 0;
}

/* Whole days the event lasts; 0 after a complaint. */
static int64_t length_of(const struct ical_reading *reading,
                         const struct ical_event *event,
                         icalcomponent *parsed,
                         int32_t from)
{
    icalproperty *end = icalcomponent_get_first_property(parsed, ICAL_DTEND_PROPERTY);
    icalproperty *lasts = icalcomponent_get_first_property(parsed, ICAL_DURATION_PROPERTY);
    int64_t days = 1;
    if (end) {
        struct icaltimetype time = icalproperty_get_dtend(end);
        int32_t until = date_of(time);
        days = until > 0 && time.is_date ? date_to_days(until) - date_to_days(from) : 0;
    } else if (lasts) {
        struct icaldurationtype duration = icalproperty_get_duration(lasts);
        bool whole = duration.hours + duration.minutes + duration.seconds == 0;
        days = whole && !duration.is_neg ? (int64_t)duration.weeks * 7 + duration.days : 0;
    }
    if (days < 1 || days > EVENT_DAYS_MAX) {
        ical_wrong(reading,
                   event,
                   AT_END,
                   "the event has to last 1 to 366 whole days (DTEND is the day after)");
        return 0;
    }
    return days;
}

struct span {
    enum calendar_dated_kind kind;
    struct slice name;
    int64_t days;
    const struct yaml_node *place;
    const int32_t *left_out; /* dates in order: EXDATE */
    size_t left_out_count;
};

/* One more turn or day; false, told once, when a file asks for too much (law 9). */
static bool work_is_left(const struct ical_reading *reading, const struct yaml_node *place)
{
    if (++*reading->work == WORK_MAX + 1) {
        ical_say(reading,
                 YAML_ERROR,
                 place->line,
                 "leave out years that are over, or rules that repeat each other",
                 "the events of this file repeat more often than 200,000 times");
    }
    return *reading->work <= WORK_MAX;
}

static void days_add(const struct ical_reading *reading, const struct span *span, int32_t from)
{
    int64_t first = date_to_days(from);
    for (int64_t i = 0; i < span->days && work_is_left(reading, span->place); i++) {
        int32_t date = date_of_days(first + i);
        if (date >= reading->first && date <= reading->last) {
            calendar_dates_add(reading->source,
                               span->place,
                               reading->dates,
                               reading->arena,
                               date,
                               span->kind,
                               span->name);
        }
    }
}

static int by_date(const void *a, const void *b)
{
    int32_t one = *(const int32_t *)a;
    int32_t other = *(const int32_t *)b;
    return (one > other) - (one < other);
}

static bool is_left_out(const struct span *span, int32_t date)
{
    return span->left_out_count > 0 &&
           bsearch(&date, span->left_out, span->left_out_count, sizeof date, by_date) != NULL;
}

/* A component has one place in its properties for whoever goes through them, so that this is done
 * before anybody else does. */
static bool
left_out_read(const struct ical_reading *reading, icalcomponent *parsed, struct span *span)
{
    size_t count = (size_t)icalcomponent_count_properties(parsed, ICAL_EXDATE_PROPERTY);
    int32_t *dates = arena_take(reading->arena, (count + 1) * sizeof *dates);
    if (!dates) {
        yaml_complain(reading->source, YAML_ERROR, span->place, NULL, "out of memory");
        return false;
    }
    span->left_out = dates;
    for (icalproperty *at = icalcomponent_get_first_property(parsed, ICAL_EXDATE_PROPERTY);
         at && span->left_out_count < count;
         at = icalcomponent_get_next_property(parsed, ICAL_EXDATE_PROPERTY)) {
        dates[span->left_out_count++] = date_of(icalproperty_get_exdate(at));
    }
    qsort(dates, span->left_out_count, sizeof *dates, by_date);
    return true;
}

static bool rule_is_sane(const struct icalrecurrencetype *rule)
{
    bool calm = rule->freq == ICAL_DAILY_RECURRENCE || rule->freq == ICAL_WEEKLY_RECURRENCE ||
                rule->freq == ICAL_MONTHLY_RECURRENCE || rule->freq == ICAL_YEARLY_RECURRENCE;
    return calm && !rule->rscale && rule->interval >= 1 && rule->interval <= 1000 &&
           rule->by_hour[0] == ICAL_RECURRENCE_ARRAY_MAX &&
           rule->by_minute[0] == ICAL_RECURRENCE_ARRAY_MAX &&
           rule->by_second[0] == ICAL_RECURRENCE_ARRAY_MAX;
}

/* The rule's next date; 0: none.  Of one that never fits libical makes no iterator, or one without
 * dates. */
static int32_t rule_next(icalrecur_iterator *iterator)
{
    struct icaltimetype time = iterator ? icalrecur_iterator_next(iterator) : icaltime_null_time();
    return icaltime_is_null_time(time) ? 0 : date_of(time);
}

static bool rule_read(const struct ical_reading *reading,
                      const struct ical_event *event,
                      icalcomponent *parsed,
                      struct icalrecurrencetype *rule)
{
    *rule = icalproperty_get_rrule(icalcomponent_get_first_property(parsed, ICAL_RRULE_PROPERTY));
    bool one = !icalcomponent_get_next_property(parsed, ICAL_RRULE_PROPERTY);
    bool good = one && rule_is_sane(rule);
    if (!good) {
        ical_wrong(reading,
                   event,
                   AT_RULE,
                   one ? "a rule has to be daily, weekly, monthly or yearly, in whole days of the "
                         "Gregorian calendar"
                       : "more than one rule");
    }
    return good;
}

static void rule_expand(const struct ical_reading *reading,
                        const struct ical_event *event,
                        icalcomponent *parsed,
                        struct icaltimetype start,
                        const struct span *span)
{
    struct icalrecurrencetype rule;
    if (!rule_read(reading, event, parsed, &rule)) {
        return;
    }
    icalrecur_iterator *iterator = icalrecur_iterator_new(rule, start);
    int steps = 0;
    for (;;) {
        int32_t date = rule_next(iterator);
        if (date == 0 && steps == 0) {
            ical_wrong(reading, event, AT_RULE, "the rule fits no day");
            *reading->work += FITS_NO_DAY;
        }
        if (date == 0 || date > reading->last || !work_is_left(reading, span->place)) {
            break;
        }
        if (++steps > RULE_STEPS_MAX) {
            ical_wrong(reading, event, AT_RULE, "the rule repeats too often");
            break;
        }
        if (!is_left_out(span, date)) {
            days_add(reading, span, date);
        }
    }
    if (iterator) {
        icalrecur_iterator_free(iterator);
    }
}

static void
extra_dates(const struct ical_reading *reading, icalcomponent *parsed, const struct span *span)
{
    for (icalproperty *at = icalcomponent_get_first_property(parsed, ICAL_RDATE_PROPERTY); at;
         at = icalcomponent_get_next_property(parsed, ICAL_RDATE_PROPERTY)) {
        int32_t date = date_of(icalproperty_get_rdate(at).time);
        if (date > 0 && !is_left_out(span, date)) {
            days_add(reading, span, date);
        }
    }
}

static void event_dates(const struct ical_reading *reading,
                        const struct ical_event *event,
                        icalcomponent *parsed,
                        enum calendar_dated_kind kind,
                        const char *summary)
{
    icalproperty *property = icalcomponent_get_first_property(parsed, ICAL_DTSTART_PROPERTY);
    struct icaltimetype start =
        property ? icalproperty_get_dtstart(property) : icaltime_null_time();
    int32_t from = date_of(start);
    if (from == 0) {
        ical_wrong(reading, event, AT_START, "the event has no date it begins on (DTSTART)");
        return;
    }
    if (!start.is_date) {
        ical_say(reading,
                 YAML_WARNING,
                 event->lines[AT_START],
                 "a holiday is an event of whole days (DTSTART;VALUE=DATE)",
                 "an event with a time of day is left out");
        return;
    }
    if (*reading->work > WORK_MAX) {
        return;
    }
    int64_t days = length_of(reading, event, parsed, from);
    if (days == 0) {
        return;
    }
    const struct yaml_node place = {.line = event->lines[AT_START], .column = 1, .width = 1};
    struct span span = {.kind = kind, .name = name_of(summary), .days = days, .place = &place};
    if (!left_out_read(reading, parsed, &span)) {
        return;
    }
    if (icalcomponent_get_first_property(parsed, ICAL_RRULE_PROPERTY)) {
        rule_expand(reading, event, parsed, start, &span);
    } else if (!is_left_out(&span, from)) {
        days_add(reading, &span, from);
    }
    extra_dates(reading, parsed, &span);
}

/* What libical could not read it leaves as a remark on a property. */
static bool has_faults(const struct ical_reading *reading,
                       const struct ical_event *event,
                       icalcomponent *parsed)
{
    icalproperty *fault = icalcomponent_get_first_property(parsed, ICAL_XLICERROR_PROPERTY);
    if (!fault) {
        return false;
    }
    const char *why = icalproperty_get_xlicerror(fault);
    const struct yaml_node place = {.line = event->lines[AT_EVENT], .column = 1, .width = 1};
    yaml_complain(reading->source,
                  YAML_ERROR,
                  &place,
                  NULL,
                  "the event cannot be read: %.160s",
                  why ? why : "not iCalendar");
    return true;
}

static void event_judge(const struct ical_reading *reading,
                        const struct ical_event *event,
                        icalcomponent *parsed)
{
    icalproperty *property = icalcomponent_get_first_property(parsed, ICAL_SUMMARY_PROPERTY);
    const char *summary = property ? icalproperty_get_summary(property) : NULL;
    icalproperty *status = icalcomponent_get_first_property(parsed, ICAL_STATUS_PROPERTY);
    char special = special_of(parsed);
    summary = summary ? summary : "";
    if (has_faults(reading, event, parsed) ||
        (status && icalproperty_get_status(status) == ICAL_STATUS_CANCELLED) ||
        (reading->marked && special == 0)) {
        return;
    }
    if (icalcomponent_get_first_property(parsed, ICAL_RECURRENCEID_PROPERTY)) {
        ical_wrong(reading,
                   event,
                   AT_SERIES,
                   "one date of a series that was moved: write the dates out instead");
        return;
    }
    if (!ical_is_text(slice_text(summary))) { /* libical takes a byte behind a strange backslash */
        ical_wrong(reading,
                   event,
                   AT_SUMMARY,
                   "a backslash in SUMMARY stands before a character that needs none: take it "
                   "away, or write two for one");
        return;
    }
    bool worked = special ? special == 'w' : is_worked(parsed, summary);
    event_dates(reading, event, parsed, worked ? DATED_SHIFT : DATED_HOLIDAY, summary);
}

static bool begins(struct slice line, const char *word)
{
    size_t size = strlen(word);
    return line.size > size && strncasecmp((const char *)line.bytes, word, size) == 0 &&
           (line.bytes[size] == ':' || line.bytes[size] == ';');
}

static bool is_wanted(struct slice line)
{
    static const char *const words[] = {"DTSTART",
                                        "DTEND",
                                        "DURATION",
                                        "RRULE",
                                        "RDATE",
                                        "EXDATE",
                                        "SUMMARY",
                                        "STATUS",
                                        "CATEGORIES",
                                        "RECURRENCE-ID",
                                        "X-APPLE-SPECIAL-DAY"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (begins(line, words[i])) {
            return true;
        }
    }
    return false;
}

/* The lines of the event that say something of a holiday: feeds are careless about the others.
 * Owned by the caller; NULL: no memory. */
static char *event_text(struct slice text)
{
    char *copy = malloc(text.size + 1);
    size_t size = 0;
    int depth = 0;
    bool wanted = false;
    for (size_t at = 0; copy && at < text.size;) {
        const uint8_t *begin = text.bytes + at;
        const uint8_t *newline = memchr(begin, '\n', text.size - at);
        struct slice line =
            slice_of(begin, newline ? (size_t)(newline - begin) + 1 : text.size - at);
        bool opens = begins(line, "BEGIN");
        bool closes = begins(line, "END");
        depth += opens;
        if (line.bytes[0] != ' ' && line.bytes[0] != '\t') {
            wanted = depth == 1 && (opens || closes || is_wanted(line));
        }
        depth -= closes;
        if (wanted) {
            memcpy(copy + size, line.bytes, line.size);
            size += line.size;
        }
        at += line.size;
    }
    if (copy) {
        copy[size] = '\0';
    }
    return copy;
}

void ical_event_read(const struct ical_reading *reading,
                     const struct ical_event *event,
                     struct slice text)
{
    char *copy = event_text(text);
    icalcomponent *parsed = copy ? icalparser_parse_string(copy) : NULL;
    free(copy);
    if (parsed && icalcomponent_isa(parsed) == ICAL_VEVENT_COMPONENT) {
        event_judge(reading, event, parsed);
    } else {
        ical_wrong(reading, event, AT_EVENT, "the event cannot be read");
    }
    if (parsed) {
        icalcomponent_free(parsed);
    }
}
