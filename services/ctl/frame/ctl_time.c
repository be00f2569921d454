#include "ctl_time.h"

enum { SECOND_US = 1000000, DAY_S = 86400 };

/* What is left to read. */
struct reading {
    const uint8_t *at;
    const uint8_t *end;
};

static bool digits(struct reading *reading, int count, int32_t *value)
{
    *value = 0;
    for (int i = 0; i < count; i++) {
        if (reading->at == reading->end || *reading->at < '0' || *reading->at > '9') {
            return false;
        }
        *value = *value * 10 + (*reading->at++ - '0');
    }
    return true;
}

static bool sign(struct reading *reading, const char *set, char *found)
{
    if (reading->at == reading->end || *reading->at == '\0' || !strchr(set, *reading->at)) {
        return false;
    }
    *found = (char)*reading->at++;
    return true;
}

/* ".25" or nothing; digits beyond the microsecond are read and dropped. */
static bool fraction(struct reading *reading, int64_t *us)
{
    char point;
    *us = 0;
    if (!sign(reading, ".", &point)) {
        return true;
    }
    int64_t scale = SECOND_US;
    const uint8_t *start = reading->at;
    for (; reading->at < reading->end && *reading->at >= '0' && *reading->at <= '9';
         reading->at++) {
        scale /= 10;
        *us += scale * (*reading->at - '0');
    }
    return reading->at > start;
}

static bool offset(struct reading *reading, int32_t *seconds)
{
    char which;
    char colon;
    int32_t hours;
    int32_t minutes;
    *seconds = 0;
    if (!sign(reading, "Zz+-", &which)) {
        return false;
    }
    if (which == 'Z' || which == 'z') {
        return true;
    }
    if (!digits(reading, 2, &hours) || !sign(reading, ":", &colon) ||
        !digits(reading, 2, &minutes) || hours > 23 || minutes > 59) {
        return false;
    }
    *seconds = (hours * 60 + minutes) * 60 * (which == '-' ? -1 : 1);
    return true;
}

static bool clock_time(struct reading *reading, int64_t *us)
{
    char colon;
    int32_t hour;
    int32_t minute;
    int32_t second = 0;
    int64_t part = 0;
    if (!digits(reading, 2, &hour) || !sign(reading, ":", &colon) || !digits(reading, 2, &minute)) {
        return false;
    }
    if (sign(reading, ":", &colon) && (!digits(reading, 2, &second) || !fraction(reading, &part))) {
        return false;
    }
    *us = ((int64_t)(hour * 60 + minute) * 60 + second) * SECOND_US + part;
    return hour <= 23 && minute <= 59 && second <= 60;
}

/* "2026-03-02T10:00:00.5": the day, and the time of it; what comes behind is left to read. */
static bool date_and_time(struct slice text, int32_t *date, int64_t *us, struct reading *behind)
{
    enum { DATE_SIZE = 10 };
    char between;
    if (text.size <= DATE_SIZE || !date_parse(slice_of(text.bytes, DATE_SIZE), date)) {
        return false;
    }
    *behind = (struct reading){text.bytes + DATE_SIZE, text.bytes + text.size};
    return sign(behind, "Tt ", &between) && clock_time(behind, us);
}

bool ctl_time_rfc3339(struct slice text, int64_t *at_us)
{
    int32_t date;
    int64_t us;
    int32_t offset_s;
    struct reading behind;
    if (!date_and_time(text, &date, &us, &behind) || !offset(&behind, &offset_s) ||
        behind.at != behind.end) {
        return false;
    }
    *at_us = (date_to_days(date) * DAY_S - offset_s) * SECOND_US + us;
    return true;
}

bool ctl_time_date(struct slice text, const struct zone *zone, int64_t *at_us)
{
    int32_t date;
    if (!date_parse(text, &date)) {
        return false;
    }
    int64_t local_s = date_to_days(date) * DAY_S;
    *at_us = (zone ? zone_instant_s(zone, local_s) : local_s) * SECOND_US;
    return true;
}

bool ctl_time_local(struct slice text, const struct zone *zone, int64_t *at_us)
{
    int32_t date;
    int64_t us;
    struct reading behind;
    if (!date_and_time(text, &date, &us, &behind) || behind.at != behind.end) {
        return false;
    }
    int64_t local_s = date_to_days(date) * DAY_S + us / SECOND_US;
    *at_us = (zone ? zone_instant_s(zone, local_s) : local_s) * SECOND_US + us % SECOND_US;
    return true;
}

bool ctl_time_unix(struct slice text, int64_t *at_us)
{
    enum { DIGITS_MAX = 11 };
    struct reading reading = {text.bytes, text.bytes + text.size};
    int64_t seconds = 0;
    int count = 0;
    for (; reading.at < reading.end && *reading.at >= '0' && *reading.at <= '9'; reading.at++) {
        seconds = seconds * 10 + (*reading.at - '0');
        if (++count > DIGITS_MAX) {
            return false;
        }
    }
    int64_t part;
    if (count == 0 || !fraction(&reading, &part) || reading.at != reading.end) {
        return false;
    }
    *at_us = seconds * SECOND_US + part;
    return true;
}
