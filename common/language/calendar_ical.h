/* What the two halves of the reader of iCalendar share: calendar_ical.c cuts the text into events,
 * calendar_ical_event.c reads one.  Private to them. */
#ifndef REDRESS_CALENDAR_ICAL_H
#define REDRESS_CALENDAR_ICAL_H

#include "calendar_read.h"

/* Properties whose place is asked for later. */
enum property {
    AT_EVENT,
    AT_START,
    AT_END,
    AT_RULE,
    AT_SUMMARY,
    AT_SERIES,
    AT_COUNT,
};

struct ical_event {
    size_t begin; /* offset of its first line */
    unsigned lines[AT_COUNT];
};

struct ical_reading {
    struct yaml_source *source;
    struct arena *arena;
    struct calendar_dates *dates;
    int32_t first, last; /* dates */
    bool marked;         /* the feed marks its days off: what has no mark is a day to remember */
    unsigned events;
    unsigned *work; /* days and turns of rules so far, of the whole file */
};

/* At a line, at least the first. */
void ical_say(const struct ical_reading *reading,
              enum yaml_grade grade,
              unsigned line,
              const char *hint,
              const char *text);

/* An error at a property of the event, or at its begin. */
void ical_wrong(const struct ical_reading *reading,
                const struct ical_event *event,
                enum property at,
                const char *text);

/* UTF-8 without zeros. */
bool ical_is_text(struct slice bytes);

/* BEGIN:VEVENT to END:VEVENT. */
void ical_event_read(const struct ical_reading *reading,
                     const struct ical_event *event,
                     struct slice text);

#endif
