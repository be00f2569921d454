/* Search in the compiled lists; see calendar.h.  Nothing here knows a zone or a weekday. */
#include "calendar.h"

#include <assert.h>

enum { DAY_S = 86400, US = 1000000 };

static int64_t day_length_s(const struct calendar_day *day)
{
    return DAY_S - day->jump_s;
}

/* The days are without gaps, so that the end of one is the midnight of the next. */
static int64_t days_end_s(const struct calendar *calendar)
{
    const struct calendar_day *last = &calendar->days[calendar->day_count - 1];
    return last->midnight_s + day_length_s(last);
}

bool calendar_covers(const struct calendar *calendar, int64_t at_s)
{
    if (calendar->day_count == 0) {
        return calendar->always;
    }
    return calendar->days[0].midnight_s <= at_s && at_s < days_end_s(calendar);
}

/* How many intervals open at or before the instant. */
static uint32_t intervals_opened(const struct calendar *calendar, int64_t at_s)
{
    uint32_t low = 0;
    uint32_t high = calendar->interval_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (calendar->intervals[middle].open_s <= at_s) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static int64_t length_s(const struct calendar_interval *interval)
{
    return interval->close_s - interval->open_s;
}

static int64_t open_total_s(const struct calendar *calendar)
{
    if (calendar->interval_count == 0) {
        return 0;
    }
    const struct calendar_interval *last = &calendar->intervals[calendar->interval_count - 1];
    return last->before_s + length_s(last);
}

bool calendar_is_open(const struct calendar *calendar, int64_t at_s)
{
    if (calendar->always) {
        return true;
    }
    uint32_t opened = intervals_opened(calendar, at_s);
    return opened > 0 && at_s < calendar->intervals[opened - 1].close_s;
}

/* Open time of the list before the instant. */
static int64_t open_before_us(const struct calendar *calendar, int64_t at_us)
{
    int64_t at_s = calendar_second(at_us);
    uint32_t opened = intervals_opened(calendar, at_s);
    if (opened == 0) {
        return 0;
    }
    const struct calendar_interval *interval = &calendar->intervals[opened - 1];
    int64_t before_us = interval->before_s * US;
    return at_s < interval->close_s ? before_us + (at_us - interval->open_s * US)
                                    : before_us + length_s(interval) * US;
}

int64_t calendar_between_us(const struct calendar *calendar, int64_t from_us, int64_t to_us)
{
    if (to_us <= from_us) {
        return 0;
    }
    if (calendar->always) {
        int64_t elapsed_us;
        return __builtin_sub_overflow(to_us, from_us, &elapsed_us) ? INT64_MAX : elapsed_us;
    }
    return open_before_us(calendar, to_us) - open_before_us(calendar, from_us);
}

int64_t calendar_between(const struct calendar *calendar, int64_t from_s, int64_t to_s)
{
    if (to_s <= from_s) {
        return 0;
    }
    if (calendar->always) {
        return to_s - from_s;
    }
    return calendar_between_us(calendar, calendar_in_us(from_s), calendar_in_us(to_s)) / US;
}

/* The instant at which so many seconds of the list are used up: from the left (closing time), or
 * from the right. */
static int64_t instant_of(const struct calendar *calendar, int64_t used_s, bool closing)
{
    uint32_t low = 0;
    uint32_t high = calendar->interval_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int64_t before_s = calendar->intervals[middle].before_s;
        if (before_s < used_s || (!closing && before_s == used_s)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    assert(low > 0);
    const struct calendar_interval *interval = &calendar->intervals[low - 1];
    return interval->open_s + (used_s - interval->before_s);
}

static int64_t next_open_s(const struct calendar *calendar, int64_t at_s)
{
    if (calendar_is_open(calendar, at_s)) {
        return at_s;
    }
    uint32_t opened = intervals_opened(calendar, at_s);
    return opened < calendar->interval_count ? calendar->intervals[opened].open_s : INT64_MAX;
}

/* Whatever the unit. */
static int64_t add_elapsed(int64_t start, int64_t amount)
{
    int64_t end;
    if (__builtin_add_overflow(start, amount, &end)) {
        return amount < 0 ? INT64_MIN : INT64_MAX;
    }
    return end;
}

int64_t calendar_add_us(const struct calendar *calendar, int64_t start_us, int64_t amount_us)
{
    if (calendar->always) {
        return add_elapsed(start_us, amount_us);
    }
    if (amount_us == 0) {
        int64_t at_s = calendar_second(start_us);
        return calendar_is_open(calendar, at_s) ? start_us
                                                : calendar_in_us(next_open_s(calendar, at_s));
    }
    int64_t before_us = open_before_us(calendar, start_us);
    if (amount_us < 0) {
        if (amount_us < -before_us) {
            return INT64_MIN;
        }
        int64_t left_us = before_us + amount_us;
        return instant_of(calendar, left_us / US, false) * US + left_us % US;
    }
    if (amount_us > open_total_s(calendar) * US - before_us) {
        return INT64_MAX;
    }
    /* Back from the end of the last open second it takes a part of. */
    int64_t used_us = before_us + amount_us;
    int64_t used_s = (used_us + US - 1) / US;
    return instant_of(calendar, used_s, true) * US - (used_s * US - used_us);
}

int64_t calendar_add(const struct calendar *calendar, int64_t start_s, int64_t seconds)
{
    if (calendar->always) {
        return add_elapsed(start_s, seconds);
    }
    int64_t at_us = calendar_add_us(calendar, calendar_in_us(start_s), calendar_in_us(seconds));
    return at_us == INT64_MAX || at_us == INT64_MIN ? at_us : calendar_second(at_us);
}

int64_t calendar_last_open(const struct calendar *calendar, int64_t at_s)
{
    if (calendar->always) {
        return at_s;
    }
    uint32_t opened = at_s == INT64_MIN ? 0 : intervals_opened(calendar, at_s - 1);
    if (opened == 0) {
        return INT64_MIN;
    }
    int64_t close_s = calendar->intervals[opened - 1].close_s;
    return at_s < close_s ? at_s : close_s;
}

/* Index of the local date of a covered instant: days are 24 h, an hour or so aside. */
static uint32_t day_of(const struct calendar *calendar, int64_t at_s)
{
    const struct calendar_day *days = calendar->days;
    uint32_t last = calendar->day_count - 1;
    uint64_t guess = (uint64_t)(at_s - days[0].midnight_s) / DAY_S;
    uint32_t i = guess < last ? (uint32_t)guess : last;
    while (days[i].midnight_s > at_s) {
        i--;
    }
    while (i < last && days[i + 1].midnight_s <= at_s) {
        i++;
    }
    return i;
}

static int64_t wall_clock_s(const struct calendar_day *day, int64_t at_s)
{
    int64_t elapsed_s = at_s - day->midnight_s;
    bool jumped = day->jump_s != 0 && elapsed_s >= day->jump_at_s;
    return jumped ? elapsed_s + day->jump_s : elapsed_s;
}

static int64_t instant_at(const struct calendar_day *day, int64_t wall_s)
{
    if (day->jump_s == 0) {
        return day->midnight_s + wall_s;
    }
    /* Inside a gap the time moves on by it, which is the same elapsed time. */
    int64_t skipped_s = day->jump_s > 0 ? day->jump_s : 0;
    bool before = wall_s < day->jump_at_s + skipped_s;
    return day->midnight_s + (before ? wall_s : wall_s - day->jump_s);
}

static int64_t last_closing_s(const struct calendar *calendar, const struct calendar_day *day)
{
    int64_t end_s = day->midnight_s + day_length_s(day);
    if (calendar->always) {
        return end_s;
    }
    uint32_t opened = intervals_opened(calendar, end_s - 1);
    bool of_this_day = opened > 0 && calendar->intervals[opened - 1].open_s >= day->midnight_s;
    return of_this_day ? calendar->intervals[opened - 1].close_s : end_s;
}

static int64_t add_days_of_24h(int64_t start_s, int64_t days, bool end_of_day)
{
    int64_t seconds = 0;
    if (__builtin_mul_overflow(days, (int64_t)DAY_S, &seconds)) {
        return days < 0 ? INT64_MIN : INT64_MAX;
    }
    int64_t at_s = add_elapsed(start_s, seconds);
    if (!end_of_day || at_s == INT64_MAX || at_s == INT64_MIN) {
        return at_s;
    }
    int64_t into_s = (at_s % DAY_S + DAY_S) % DAY_S;
    return add_elapsed(at_s, DAY_S - into_s);
}

/* Business dates up to and with the day at the index. */
static int64_t business_through(const struct calendar *calendar, uint32_t i)
{
    return (int64_t)calendar->days[i].business_before + calendar->days[i].business;
}

/* The first day by which so many business dates are through; the last has at least as many. */
static uint32_t day_through(const struct calendar *calendar, int64_t count)
{
    uint32_t low = 0;
    uint32_t high = calendar->day_count - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (business_through(calendar, middle) < count) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

int64_t
calendar_add_days(const struct calendar *calendar, int64_t start_s, int64_t days, bool end_of_day)
{
    if (calendar->day_count == 0) {
        return calendar->always ? add_days_of_24h(start_s, days, end_of_day) : INT64_MAX;
    }
    if (!calendar_covers(calendar, start_s)) {
        return INT64_MAX;
    }
    uint32_t from = day_of(calendar, start_s);
    uint32_t to = from;
    if (days > 0) {
        int64_t through = business_through(calendar, from);
        if (days > business_through(calendar, calendar->day_count - 1) - through) {
            return INT64_MAX;
        }
        to = day_through(calendar, through + days);
    } else if (days < 0) {
        int64_t before = calendar->days[from].business_before;
        if (days < -before) {
            return INT64_MIN;
        }
        to = day_through(calendar, before + days + 1);
    }
    const struct calendar_day *day = &calendar->days[to];
    if (end_of_day) {
        return last_closing_s(calendar, day);
    }
    return days == 0 ? start_s : instant_at(day, wall_clock_s(&calendar->days[from], start_s));
}

int64_t calendar_end_of_date(const struct calendar *calendar, int32_t date)
{
    uint32_t low = 0;
    uint32_t high = calendar->day_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (calendar->days[middle].date < date) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool known = low < calendar->day_count && calendar->days[low].date == date;
    return known ? last_closing_s(calendar, &calendar->days[low]) : INT64_MAX;
}

int64_t calendar_add_days_us(const struct calendar *calendar,
                             int64_t start_us,
                             int64_t days,
                             bool end_of_day)
{
    int64_t start_s = calendar_second(start_us);
    int64_t at_us = calendar_in_us(calendar_add_days(calendar, start_s, days, end_of_day));
    if (at_us == INT64_MAX || at_us == INT64_MIN || end_of_day) {
        return at_us;
    }
    return add_elapsed(at_us, start_us - start_s * US);
}

static int64_t days_of_24h(int64_t at_s)
{
    return at_s / DAY_S - (at_s % DAY_S < 0);
}

int64_t calendar_days_between(const struct calendar *calendar, int64_t from_s, int64_t to_s)
{
    if (to_s <= from_s) {
        return 0;
    }
    if (calendar->day_count == 0) {
        return calendar->always ? days_of_24h(to_s) - days_of_24h(from_s) : -1;
    }
    if (!calendar_covers(calendar, from_s) || !calendar_covers(calendar, to_s)) {
        return -1;
    }
    return (int64_t)calendar->days[day_of(calendar, to_s)].business_before -
           calendar->days[day_of(calendar, from_s)].business_before;
}

int32_t calendar_missing_year(const struct calendar *calendar, int64_t now_s)
{
    enum { NOVEMBER = 11 };
    if (calendar->named_year == 0 || calendar->day_count == 0 ||
        !calendar_covers(calendar, now_s)) {
        return 0;
    }
    int32_t date = calendar->days[day_of(calendar, now_s)].date;
    int32_t year = date / 10000;
    if (calendar->named_year < year) {
        return year;
    }
    return calendar->named_year == year && date / 100 % 100 >= NOVEMBER ? year + 1 : 0;
}
