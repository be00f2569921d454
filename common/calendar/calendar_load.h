/*
 * From hours, holidays and dated shifts to struct calendar (shell: it reads the system's zone
 * files).
 *
 * A holiday beats a dated shift beats the weekly hours; breaks cut both.  An interval may cross
 * midnight: it belongs to the day it begins, so that a holiday closes all of the night shift that
 * begins on it, and nothing of the one before.  Breaks are times of their date on the wall clock
 * and cut whatever is open then.  What two days both cover counts once.  Wall-clock boundaries
 * inside a spring gap move on by the gap, repeated ones mean the first occurrence.
 */
#ifndef REDRESS_CALENDAR_LOAD_H
#define REDRESS_CALENDAR_LOAD_H

#include "arena.h"
#include "calendar.h"
#include "error.h"

enum {
    CALENDAR_SPANS_MAX = 8, /* of one day */
    CALENDAR_DATED_MAX = 8192,
    CALENDAR_YEARS_MAX = 130,
};

/* Seconds of local wall-clock time since midnight; close may be on the next date: 0 <= open <
 * 86400, open < close <= open + 86400. */
struct calendar_span {
    int32_t open_s;
    int32_t close_s;
};

struct calendar_hours {
    uint8_t count;
    struct calendar_span spans[CALENDAR_SPANS_MAX]; /* sorted, disjoint */
};

enum calendar_dated_kind {
    DATED_HOLIDAY, /* closed all day */
    DATED_SHIFT,   /* hours replace those of the week */
    DATED_BREAK,   /* hours are cut out */
};

struct calendar_dated {
    int32_t date; /* yyyymmdd */
    enum calendar_dated_kind kind;
    struct calendar_hours hours; /* SHIFT, BREAK */
    const char *name;            /* of the holiday, for people; NULL: none */
};

struct calendar_definition {
    const char *name;
    struct policy_title *title; /* lent on to the calendar, no part of its version; NULL: none */
    const char *zone;
    bool always;                   /* 24 x 7; hours and dated are then of no account */
    struct calendar_hours week[7]; /* Monday first */
    uint32_t dated_count;
    const struct calendar_dated *dated; /* any order */
};

/*
 * Compiles first_year … last_year, inclusive, into the arena.  The version is a hash over the
 * definition and the zone's changes of 2000 to 2049: the same rules give the same version whatever
 * the years.
 */
bool calendar_compile(const struct calendar_definition *definition,
                      int first_year,
                      int last_year,
                      struct arena *arena,
                      struct calendar *calendar,
                      struct error *error) MUST_CHECK;

/* "09:00", "24:00" to seconds. */
bool calendar_time_parse(struct slice text, int32_t *seconds);

/* "09:00-12:00"; "22:00-06:00" ends on the next date. */
bool calendar_span_parse(struct slice text, struct calendar_span *span);

#endif
