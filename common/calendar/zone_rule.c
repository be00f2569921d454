#include "zone_rule.h"

#include "zone.h"

enum { DAY_S = 86400, HOUR_S = 3600 };

/* Howard Hinnant's days_from_civil: years begin in March, so that the leap day is the last. */
static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

int64_t date_to_days(int32_t date)
{
    return days_from_civil(date / 10000, date / 100 % 100, date % 100);
}

int32_t date_of_days(int64_t days)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_index = (5 * day_of_year + 2) / 153;
    int64_t day = day_of_year - (153 * month_index + 2) / 5 + 1;
    int64_t month = month_index < 10 ? month_index + 3 : month_index - 9;
    int64_t year = year_of_era + era * 400 + (month <= 2);
    return (int32_t)(year * 10000 + month * 100 + day);
}

int date_weekday(int64_t days)
{
    return (int)(((days + 3) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}

bool date_parse(struct slice text, int32_t *date)
{
    int32_t value = 0;
    for (size_t i = 0; i < text.size; i++) {
        bool dash = i == 4 || i == 7;
        if (text.size != 10 ||
            (dash ? text.bytes[i] != '-' : text.bytes[i] < '0' || text.bytes[i] > '9')) {
            return false;
        }
        value = dash ? value : value * 10 + (text.bytes[i] - '0');
    }
    /* A date that does not exist comes back as another one. */
    bool real = value >= 10000101 && value % 100 >= 1 && value / 100 % 100 >= 1 &&
                value / 100 % 100 <= 12 && date_of_days(date_to_days(value)) == value;
    if (real) {
        *date = value;
    }
    return real;
}

struct cursor {
    const uint8_t *at;
    const uint8_t *end;
};

static bool take(struct cursor *cursor, char wanted)
{
    bool found = cursor->at < cursor->end && *cursor->at == (uint8_t)wanted;
    cursor->at += found ? 1 : 0;
    return found;
}

static bool take_number(struct cursor *cursor, int32_t max, int32_t *number)
{
    const uint8_t *start = cursor->at;
    int32_t value = 0;
    while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9' && value <= max) {
        value = value * 10 + (*cursor->at++ - '0');
    }
    *number = value;
    return cursor->at > start && value <= max;
}

/* hh[:mm[:ss]] with a sign. */
static bool take_time(struct cursor *cursor, int32_t *seconds)
{
    int32_t sign = take(cursor, '-') ? -1 : 1;
    int32_t parts[3] = {0, 0, 0};
    if (sign == 1) {
        (void)take(cursor, '+');
    }
    if (!take_number(cursor, 167, &parts[0])) {
        return false;
    }
    for (int i = 1; i < 3 && take(cursor, ':'); i++) {
        if (!take_number(cursor, 59, &parts[i])) {
            return false;
        }
    }
    *seconds = sign * (parts[0] * HOUR_S + parts[1] * 60 + parts[2]);
    return true;
}

static bool take_name(struct cursor *cursor)
{
    bool quoted = take(cursor, '<');
    const uint8_t *start = cursor->at;
    while (cursor->at < cursor->end) {
        uint8_t c = *cursor->at;
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        bool other = quoted && ((c >= '0' && c <= '9') || c == '+' || c == '-');
        if (!letter && !other) {
            break;
        }
        cursor->at++;
    }
    return cursor->at - start >= 3 && (!quoted || take(cursor, '>'));
}

static bool take_turn(struct cursor *cursor, struct zone_turn *turn)
{
    *turn = (struct zone_turn){.time_s = 2 * HOUR_S};
    bool good = false;
    if (take(cursor, 'M')) {
        turn->kind = TURN_MONTH_WEEK_DAY;
        good = take_number(cursor, 12, &turn->month) && take(cursor, '.') &&
               take_number(cursor, 5, &turn->week) && take(cursor, '.') &&
               take_number(cursor, 6, &turn->day) && turn->month >= 1 && turn->week >= 1;
    } else if (take(cursor, 'J')) {
        turn->kind = TURN_JULIAN;
        good = take_number(cursor, 365, &turn->day) && turn->day >= 1;
    } else {
        turn->kind = TURN_DAY;
        good = take_number(cursor, 365, &turn->day);
    }
    return good && (!take(cursor, '/') || take_time(cursor, &turn->time_s));
}

bool zone_rule_parse(struct slice text, struct zone_rule *rule)
{
    struct cursor cursor = {text.bytes, text.bytes + text.size};
    int32_t west_s = 0;
    if (!take_name(&cursor) || !take_time(&cursor, &west_s)) {
        return false;
    }
    *rule = (struct zone_rule){.standard_s = -west_s, .summer_s = -west_s};
    if (cursor.at == cursor.end) {
        return true;
    }
    rule->summer_s = rule->standard_s + HOUR_S;
    if (!take_name(&cursor)) {
        return false;
    }
    if (cursor.at < cursor.end && *cursor.at != ',') {
        if (!take_time(&cursor, &west_s)) {
            return false;
        }
        rule->summer_s = -west_s;
    }
    return take(&cursor, ',') && take_turn(&cursor, &rule->begin) && take(&cursor, ',') &&
           take_turn(&cursor, &rule->end) && cursor.at == cursor.end;
}

static bool year_is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The wall-clock time of a turn in a year. */
static int64_t turn_local_s(const struct zone_turn *turn, int64_t year)
{
    int64_t days = days_from_civil(year, 1, 1);
    switch (turn->kind) {
    case TURN_DAY:
        days += turn->day;
        break;
    case TURN_JULIAN:
        days += turn->day - 1 + (turn->day >= 60 && year_is_leap(year));
        break;
    case TURN_MONTH_WEEK_DAY: {
        int64_t first = days_from_civil(year, turn->month, 1);
        int64_t next_month = turn->month == 12 ? days_from_civil(year + 1, 1, 1)
                                               : days_from_civil(year, turn->month + 1, 1);
        int64_t sunday_based = (date_weekday(first) + 1) % 7;
        days = first + (turn->day - sunday_based + 7) % 7 + (turn->week - 1) * 7L;
        days -= days >= next_month ? 7 : 0;
        break;
    }
    }
    return days * DAY_S + turn->time_s;
}

static int64_t year_of(int64_t local_s)
{
    int64_t days = local_s / DAY_S - (local_s % DAY_S < 0);
    return date_of_days(days) / 10000;
}

int32_t zone_rule_offset_s(const struct zone_rule *rule, int64_t at_s)
{
    if (rule->standard_s == rule->summer_s) {
        return rule->standard_s;
    }
    int64_t year = year_of(at_s + rule->standard_s);
    int64_t begin_s = turn_local_s(&rule->begin, year) - rule->standard_s;
    int64_t end_s = turn_local_s(&rule->end, year) - rule->summer_s;
    bool summer =
        begin_s < end_s ? begin_s <= at_s && at_s < end_s : begin_s <= at_s || at_s < end_s;
    return summer ? rule->summer_s : rule->standard_s;
}

int64_t zone_rule_next_s(const struct zone_rule *rule, int64_t after_s)
{
    int64_t next_s = INT64_MAX;
    if (rule->standard_s == rule->summer_s) {
        return next_s;
    }
    int32_t offset_s = zone_rule_offset_s(rule, after_s);
    int64_t year = year_of(after_s + rule->standard_s);
    for (int64_t y = year - 1; y <= year + 1; y++) {
        const int64_t turns[] = {turn_local_s(&rule->begin, y) - rule->standard_s,
                                 turn_local_s(&rule->end, y) - rule->summer_s};
        for (int i = 0; i < 2; i++) {
            bool changes = turns[i] > after_s && zone_rule_offset_s(rule, turns[i]) != offset_s;
            next_s = changes && turns[i] < next_s ? turns[i] : next_s;
        }
    }
    return next_s;
}
