/*
 * iCalendar (RFC 5545) as holiday feeds use it: events of whole days, with or without a rule that
 * repeats them.
 *
 * The text is cut into events here, so that every fault has its line; libical reads one event at a
 * time.
 */
#include "calendar_ical.h"

#include "fault.h"
#include "utf8.h"

#include <libical/ical.h>

enum {
    LINE_MAX_SIZE = 8192, /* of one property, unfolded or not */
    COMPONENTS_MAX = 8,   /* inside each other */
    EVENTS_MAX = CALENDAR_DATED_MAX,
    COMPONENT_SIZE_MAX = 64 * 1024,
};

void ical_say(const struct ical_reading *reading,
              enum yaml_grade grade,
              unsigned line,
              const char *hint,
              const char *text)
{
    const struct yaml_node place = {.line = line > 0 ? line : 1, .column = 1, .width = 1};
    yaml_complain(reading->source, grade, &place, hint, "%s", fault_text(text));
}

void ical_wrong(const struct ical_reading *reading,
                const struct ical_event *event,
                enum property at,
                const char *text)
{
    unsigned line = event->lines[at] ? event->lines[at] : event->lines[AT_EVENT];
    ical_say(reading, YAML_ERROR, line, NULL, text);
}

static void event_end(struct ical_reading *reading, const struct ical_event *event, size_t end)
{
    size_t size = end - event->begin;
    if (++reading->events > EVENTS_MAX || size > COMPONENT_SIZE_MAX) {
        ical_wrong(reading,
                   event,
                   AT_EVENT,
                   size > COMPONENT_SIZE_MAX ? "the event is longer than 64 KiB"
                                             : "too many events");
        return;
    }
    ical_event_read(reading, event, slice_of(reading->source->bytes.bytes + event->begin, size));
}

/* A line without its end; *at moves behind it. */
static struct slice line_next(struct slice bytes, size_t *at)
{
    const uint8_t *begin = bytes.bytes + *at;
    const uint8_t *newline = memchr(begin, '\n', bytes.size - *at);
    size_t size = newline ? (size_t)(newline - begin) : bytes.size - *at;
    *at += size + (newline ? 1 : 0);
    size -= size > 0 && begin[size - 1] == '\r';
    return slice_of(begin, size);
}

static bool begins(struct slice line, const char *word)
{
    size_t size = strlen(word);
    return line.size >= size && strncasecmp((const char *)line.bytes, word, size) == 0;
}

static void property_note(struct ical_event *event, struct slice line, unsigned number)
{
    static const struct {
        const char *word;
        enum property at;
    } words[] = {
        {"DTSTART",       AT_START  },
        {"DTEND",         AT_END    },
        {"DURATION",      AT_END    },
        {"RRULE",         AT_RULE   },
        {"SUMMARY",       AT_SUMMARY},
        {"RECURRENCE-ID", AT_SERIES },
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (begins(line, words[i].word) && event->lines[words[i].at] == 0) {
            event->lines[words[i].at] = number;
        }
    }
}

bool ical_is_text(struct slice bytes)
{
    const uint8_t *at = bytes.bytes;
    const uint8_t *end = at + bytes.size;
    while (at < end) {
        uint32_t character;
        size_t size = utf8_read(at, end, &character);
        if (size == 0 || character == 0) {
            return false;
        }
        at += size;
    }
    return true;
}

/* Components inside each other, and the event at hand. */
struct nest {
    unsigned depth;
    struct slice names[COMPONENTS_MAX];
    struct ical_event event;
    bool in_event;
};

static bool component_begin(const struct ical_reading *reading,
                            struct nest *nest,
                            struct slice line,
                            size_t at,
                            unsigned number)
{
    struct slice name = slice_of(line.bytes + 6, line.size - 6);
    if (nest->depth == COMPONENTS_MAX || (nest->depth == 0 && !begins(name, "VCALENDAR"))) {
        ical_say(reading,
                 YAML_ERROR,
                 number,
                 NULL,
                 nest->depth == 0 ? "not iCalendar: BEGIN:VCALENDAR comes first"
                                  : "nested too deep");
        return false;
    }
    nest->names[nest->depth++] = name;
    if (nest->depth == 2 && begins(name, "VEVENT")) {
        nest->in_event = true;
        nest->event = (struct ical_event){.begin = at, .lines = {[AT_EVENT] = number}};
    }
    return true;
}

static bool component_end(
    struct ical_reading *reading, struct nest *nest, struct slice line, size_t end, unsigned number)
{
    struct slice name = slice_of(line.bytes + 4, line.size - 4);
    struct slice open = nest->depth > 0 ? nest->names[nest->depth - 1] : slice_of(NULL, 0);
    if (nest->depth == 0 || open.size != name.size ||
        strncasecmp((const char *)open.bytes, (const char *)name.bytes, name.size) != 0) {
        ical_say(reading, YAML_ERROR, number, NULL, "this END has no BEGIN of its own");
        return false;
    }
    nest->depth--;
    if (nest->depth == 1 && nest->in_event) {
        nest->in_event = false;
        event_end(reading, &nest->event, end);
    }
    return true;
}

/* Where a line stands in the file. */
struct bounds {
    size_t begin, end;
};

static bool line_take(struct ical_reading *reading,
                      struct nest *nest,
                      struct slice line,
                      const struct bounds *bounds,
                      unsigned number)
{
    if (begins(line, "BEGIN:")) {
        return component_begin(reading, nest, line, bounds->begin, number);
    }
    if (begins(line, "END:")) {
        return component_end(reading, nest, line, bounds->end, number);
    }
    if (nest->in_event && nest->depth == 2) {
        property_note(&nest->event, line, number);
    }
    return true;
}

static void lines_read(struct ical_reading *reading)
{
    struct slice bytes = reading->source->bytes;
    struct nest nest = {0};
    size_t at = bytes.size >= 3 && memcmp(bytes.bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    size_t folded = 0;
    unsigned number = 0;
    while (at < bytes.size) {
        size_t begin = at;
        struct slice line = line_next(bytes, &at);
        bool goes_on = line.size > 0 && (line.bytes[0] == ' ' || line.bytes[0] == '\t');
        number++;
        folded = goes_on ? folded + line.size : line.size;
        if (folded > LINE_MAX_SIZE) {
            ical_say(reading, YAML_ERROR, number, NULL, "a line longer than 8 KiB");
            return;
        }
        const struct bounds bounds = {begin, at};
        if (!goes_on && !line_take(reading, &nest, line, &bounds, number)) {
            return;
        }
    }
    if (nest.depth > 0) {
        ical_say(reading, YAML_ERROR, number, NULL, "the file ends before END:VCALENDAR");
    }
}

void calendar_ical_read(struct yaml_source *source,
                        struct arena *arena,
                        int first_year,
                        int last_year,
                        struct calendar_dates *dates)
{
    static const char *const marks[] = {"X-APPLE-SPECIAL-DAY:WORK-HOLIDAY",
                                        "X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY"};
    unsigned work = 0;
    struct ical_reading reading = {.source = source,
                                   .work = &work,
                                   .arena = arena,
                                   .dates = dates,
                                   .first = first_year * 10000 + 101,
                                   .last = last_year * 10000 + 1231};
    if (source->bytes.size > YAML_SIZE_MAX || !ical_is_text(source->bytes)) {
        ical_say(&reading,
                 YAML_ERROR,
                 1,
                 NULL,
                 source->bytes.size > YAML_SIZE_MAX ? "longer than 1 MiB" : "not a text in UTF-8");
        return;
    }
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        reading.marked =
            reading.marked ||
            memmem(source->bytes.bytes, source->bytes.size, marks[i], strlen(marks[i]));
    }
    icalerror_set_errors_are_fatal(false);
    lines_read(&reading);
    icalmemory_free_ring();
    if (reading.events == 0 && source->errors == 0) {
        ical_say(&reading, YAML_WARNING, 1, NULL, "no events in this calendar");
    }
}
