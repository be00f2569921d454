/*
 * Business time, as integers.
 *
 * A calendar is compiled once, in the shell, from hours, holidays, dated shifts and zone data into
 * a sorted list of open intervals in UTC; everything after that is search in the list, pure and the
 * same on any machine (law 8, 12). Rules: reference data FORMAT.md "Rules behind the numbers" —
 * half-open intervals; a holiday beats a dated shift beats weekly hours; time counts as it elapses
 * across DST; a result on a boundary is the closing time. Instants are since 1970-01-01 UTC, in
 * seconds or microseconds; calendars open and close on whole seconds, so that a part of a second
 * counts where its second does.
 */
#ifndef REDRESS_CALENDAR_H
#define REDRESS_CALENDAR_H

#include "event.h"

struct calendar_interval {
    int64_t open_s;
    int64_t close_s;  /* > open_s; intervals are disjoint and sorted */
    int64_t before_s; /* open seconds of all earlier intervals */
};

/* One local date, in order, without gaps. */
struct calendar_day {
    int64_t midnight_s; /* UTC instant of local 00:00 */
    int32_t date;       /* yyyymmdd, local */
    bool business;      /* has any open time; a night shift belongs to the day it starts */
    bool named;         /* a holiday or a dated shift, as opposed to an ordinary day of the week */
    uint32_t business_before; /* business dates earlier in the list */
    int32_t jump_at_s; /* daylight saving: seconds after midnight_s when the wall clock jumps … */
    int32_t jump_s;    /* … by so much, forward or (negative) back; 0: it does not */
};

struct policy_title;

struct calendar {
    char name[48];
    const struct policy_title *title; /* what people call it, complete; NULL: by its name */
    char zone[48];
    char version[24];      /* hex prefix of the hash over the definition and the zone data */
    char zone_version[24]; /* which zone data that is: zone_version of zone.h */
    bool always;           /* 24 x 7: no list needed */
    uint16_t grain_s; /* every local hour begins at a multiple of it: 3600, 1800 or 900; 0: 3600 */
    int32_t named_year; /* of the last holiday or dated shift, compiled or not; 0: there is none */
    uint32_t interval_count;
    const struct calendar_interval *intervals;
    uint32_t day_count;
    const struct calendar_day *days;
};

/*
 * False outside the compiled years: the caller reports the calendar as too short, it never guesses.
 * A calendar that is open always and has no days covers all time.
 */
bool calendar_covers(const struct calendar *calendar, int64_t at_s);

bool calendar_is_open(const struct calendar *calendar, int64_t at_s);

/* The second an instant lies in. */
static inline int64_t calendar_second(int64_t at_us)
{
    enum { US = 1000000 };
    return at_us / US - (at_us % US < 0);
}

/* Seconds as microseconds; what does not fit is INT64_MAX or INT64_MIN: never, or always. */
static inline int64_t calendar_in_us(int64_t seconds)
{
    int64_t us;
    if (__builtin_mul_overflow(seconds, INT64_C(1000000), &us)) {
        return seconds < 0 ? INT64_MIN : INT64_MAX;
    }
    return us;
}

/*
 * The instant seconds of business time after start.  seconds = 0 gives start itself if open, else
 * the next opening; a result on a boundary is the closing time.  INT64_MAX when the calendar ends
 * before. Negative seconds go back, to the opening time on a boundary; INT64_MIN when the calendar
 * begins later.
 */
int64_t calendar_add(const struct calendar *calendar, int64_t start_s, int64_t seconds);
/* The same, exact to the microsecond: what was added is between. */
int64_t calendar_add_us(const struct calendar *calendar, int64_t start_us, int64_t amount_us);

/* Open seconds in [from, to); 0 when to <= from. */
int64_t calendar_between(const struct calendar *calendar, int64_t from_s, int64_t to_s);
/* The same in microseconds; INT64_MAX for more than fits. */
int64_t calendar_between_us(const struct calendar *calendar, int64_t from_us, int64_t to_us);

/*
 * Where business time before an instant ends: at the instant itself when there is some right before
 * it (a closing time is such an instant, an opening time is none), else at the last closing.
 * INT64_MIN when the calendar begins later.
 */
int64_t calendar_last_open(const struct calendar *calendar, int64_t at_s);

/*
 * The n-th business date strictly after the local date of start, at the same wall-clock time
 * (end_of_day: at the last closing of that date; of a night shift that is on the morning after).
 * Negative days go back.  days = 0 is start itself, or the last closing of its own date.  A time of
 * day that does not exist on that date (spring) moves on by the gap, one that comes twice (autumn)
 * means the first.  A calendar without a list of days counts days of 24 h in UTC.  INT64_MAX when
 * the calendar ends before or does not cover start, INT64_MIN when it begins later.
 */
int64_t
calendar_add_days(const struct calendar *calendar, int64_t start_s, int64_t days, bool end_of_day);
/* The same; the part of a second is kept as the time of day is. */
int64_t calendar_add_days_us(const struct calendar *calendar,
                             int64_t start_us,
                             int64_t days,
                             bool end_of_day);

/* The last closing of a date (yyyymmdd); of one without hours its end.  INT64_MAX where the
 * calendar does not know the date. */
int64_t calendar_end_of_date(const struct calendar *calendar, int32_t date);

/*
 * Business dates from the local date of the one instant to that of the other, which itself does not
 * count; 0 when to <= from.  -1 when the calendar does not cover both.
 */
int64_t calendar_days_between(const struct calendar *calendar, int64_t from_s, int64_t to_s);

/*
 * The year whose holidays ought to be known by now and are not: this year, or from November on the
 * next.  0: none is missing, or the calendar names no days at all.
 */
int32_t calendar_missing_year(const struct calendar *calendar, int64_t now_s);

#endif
