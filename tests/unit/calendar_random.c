/*
 * Goal: business time is arithmetic over any calendar (laws 8 and 12): what is added is between,
 * time is monotone, an interval is the sum of its parts, days forward and back are inverse.
 *
 * Method: calendars by chance (hours, night shifts, holidays, dated shifts, breaks; zones with
 * every kind of daylight saving) against the properties, to the microsecond too, and against
 * counting: whether a minute is open is asked of the definition by the wall clock alone.
 * REDRESS_SEED replays one seed, which every failure prints.
 */
#include "calendar_load.h"
#include "scope.h"
#include "unit.h"
#include "zone.h"

enum {
    ARENA_LIMIT = 16 * 1024 * 1024,
    SEEDS = 300,
    PROBES = 40,
    YEAR = 2026,
    DAY_S = 86400,
    DATES_MAX = 40,
    MINUTES = 3 * 24 * 60, /* counted one by one */
    US = 1000000,
    SECONDS = 300, /* counted one by one */
};

static uint64_t roll_state;

static int64_t roll(int64_t sides)
{
    roll_state ^= roll_state >> 12;
    roll_state ^= roll_state << 25;
    roll_state ^= roll_state >> 27;
    return (int64_t)((roll_state * UINT64_C(2685821657736338717)) >> 33) % sides;
}

/* Zones that go forward and back by an hour, by half of one, at midnight, and not at all. */
static const char *const zones[] = {"Asia/Shanghai",
                                    "Europe/London",
                                    "America/New_York",
                                    "Australia/Lord_Howe",
                                    "Asia/Beirut",
                                    "America/Havana",
                                    "UTC"};

struct world {
    struct calendar_definition definition;
    struct calendar_dated dated[DATES_MAX];
    struct calendar calendar;
    struct zone *zone;
    struct arena *arena;
};

/* Sorted, disjoint, to the minute; the last may go on into the next day. */
static struct calendar_hours hours_roll(bool nights)
{
    struct calendar_hours hours = {0};
    int64_t at = roll(nights && roll(2) ? 1380 : 300);
    while (hours.count < 3 && at < 1380 && roll(4) != 0) {
        int64_t close = at + 1 + roll(400);
        bool night = close > 1440;
        close = night && !(nights && roll(2)) ? 1440 : close;
        hours.spans[hours.count++] = (struct calendar_span){(int32_t)at * 60, (int32_t)close * 60};
        at = close + roll(200);
    }
    return hours;
}

static void world_begin(struct world *world, uint64_t seed)
{
    roll_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    *world = (struct world){.definition = {.name = "random"}};
    world->definition.zone = zones[roll(sizeof zones / sizeof *zones)];
    bool nights = roll(2);
    for (int i = 0; i < 7; i++) {
        world->definition.week[i] = hours_roll(nights);
    }
    int64_t first = date_to_days(YEAR * 10000 + 101);
    int64_t count = roll(DATES_MAX);
    for (int64_t i = 0; i < count; i++) {
        world->dated[i] = (struct calendar_dated){.date = date_of_days(first + 90 + roll(60)),
                                                  .kind = (enum calendar_dated_kind)roll(3),
                                                  .hours = hours_roll(nights)};
    }
    world->definition.dated = world->dated;
    world->definition.dated_count = (uint32_t)count;
    struct error error = {0};
    world->arena = arena_new(ARENA_LIMIT);
    world->zone = zone_new(world->definition.zone, &error);
    assert_non_null(world->zone);
    if (!calendar_compile(&world->definition, YEAR, YEAR, world->arena, &world->calendar, &error)) {
        fail_msg("seed %llu: %s", (unsigned long long)seed, error.text);
    }
}

static void world_end(struct world *world)
{
    zone_free(&world->zone);
    arena_free(&world->arena);
}

static int64_t instant_roll(const struct world *world)
{
    const struct calendar *calendar = &world->calendar;
    int64_t first = calendar->days[40].midnight_s;
    int64_t last = calendar->days[calendar->day_count - 40].midnight_s;
    /* Every fourth on a boundary: that is where mistakes live. */
    if (calendar->interval_count > 0 && roll(4) == 0) {
        const struct calendar_interval *at = &calendar->intervals[roll(calendar->interval_count)];
        int64_t edge = (roll(2) ? at->open_s : at->close_s) + roll(3) - 1;
        return edge < first ? first : edge > last ? last : edge;
    }
    return first + roll(last - first);
}

static uint64_t first_seed(uint64_t *seeds)
{
    const char *wish = getenv("REDRESS_SEED");
    *seeds = wish ? 1 : SEEDS;
    return wish ? strtoull(wish, NULL, 10) : 1;
}

#define HOLDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fail_msg("REDRESS_SEED=%llu: not so: %s", (unsigned long long)seed, #condition);       \
        }                                                                                          \
    } while (0)

static void sums_hold(const struct world *world, uint64_t seed)
{
    const struct calendar *calendar = &world->calendar;
    int64_t a = instant_roll(world);
    int64_t b = instant_roll(world);
    int64_t c = instant_roll(world);
    int64_t low = a < b ? (a < c ? a : c) : (b < c ? b : c);
    int64_t high = a > b ? (a > c ? a : c) : (b > c ? b : c);
    int64_t middle = a + b + c - low - high;
    HOLDS(calendar_between(calendar, low, middle) + calendar_between(calendar, middle, high) ==
          calendar_between(calendar, low, high));
    HOLDS(calendar_between(calendar, low, high) <= high - low);
    HOLDS(calendar_days_between(calendar, low, middle) +
              calendar_days_between(calendar, middle, high) ==
          calendar_days_between(calendar, low, high));
}

static void adding_holds(const struct world *world, uint64_t seed)
{
    const struct calendar *calendar = &world->calendar;
    int64_t start = instant_roll(world);
    int64_t seconds = roll(10 * DAY_S);
    int64_t end = calendar_add(calendar, start, seconds);
    int64_t more = calendar_add(calendar, start, seconds + roll(3600));
    HOLDS(end <= more);
    if (end != INT64_MAX) {
        HOLDS(end >= start);
        HOLDS(calendar_between(calendar, start, end) == seconds);
        /* The first such instant: a second earlier is less (or, of nothing, closed). */
        HOLDS(seconds == 0 || calendar_between(calendar, start, end - 1) == seconds - 1);
        HOLDS(seconds > 0 || calendar_is_open(calendar, end));
        int64_t part = roll(seconds + 1);
        int64_t there = calendar_add(calendar, start, part);
        HOLDS(part == 0 || calendar_add(calendar, there, seconds - part) ==
                               (seconds == part ? calendar_add(calendar, there, 0) : end));
    }
    int64_t back = calendar_add(calendar, start, -seconds);
    if (back != INT64_MIN && seconds > 0) {
        HOLDS(calendar_between(calendar, back, start) == seconds);
        HOLDS(calendar_between(calendar, back + 1, start) == seconds - 1);
        HOLDS(calendar_is_open(calendar, back));
    }
    int64_t before = calendar_last_open(calendar, start);
    HOLDS(before <= start);
    HOLDS(before == INT64_MIN || calendar_between(calendar, before, start) == 0);
    HOLDS(before == INT64_MIN || calendar_between(calendar, before - 1, before) == 1);
}

static int64_t instant_roll_us(const struct world *world)
{
    int64_t at_us = instant_roll(world) * US;
    switch (roll(4)) {
    case 0:
        return at_us;
    case 1:
        return at_us + 1;
    case 2:
        return at_us - 1;
    default:
        return at_us + roll(US);
    }
}

/* What of the second lies in [from, to). */
static int64_t overlap_us(int64_t at_s, int64_t from_us, int64_t to_us)
{
    int64_t begin_us = at_s * US > from_us ? at_s * US : from_us;
    int64_t end_us = (at_s + 1) * US < to_us ? (at_s + 1) * US : to_us;
    return begin_us < end_us ? end_us - begin_us : 0;
}

static void parts_of_seconds_hold(const struct world *world, uint64_t seed)
{
    const struct calendar *calendar = &world->calendar;
    int64_t a = instant_roll_us(world);
    int64_t b = a + roll(SECONDS * (int64_t)US);
    int64_t c = b + roll(SECONDS * (int64_t)US);
    int64_t open_us = 0;
    for (int64_t s = a / US; s <= b / US; s++) {
        open_us += calendar_is_open(calendar, s) ? overlap_us(s, a, b) : 0;
    }
    HOLDS(calendar_between_us(calendar, a, b) == open_us);
    HOLDS(calendar_between_us(calendar, a, b) + calendar_between_us(calendar, b, c) ==
          calendar_between_us(calendar, a, c));
    HOLDS(calendar_between_us(calendar, b, a) == 0);
    int64_t days_us = calendar_add_days_us(calendar, a, 3, false);
    int64_t days_s = calendar_add_days(calendar, a / US, 3, false);
    HOLDS(days_us == (days_s == INT64_MAX ? INT64_MAX : days_s * US + a % US));
    HOLDS(calendar_add_days_us(calendar, a, 3, true) ==
          calendar_add_days_us(calendar, a / US * US, 3, true));
}

static void adding_holds_us(const struct world *world, uint64_t seed)
{
    const struct calendar *calendar = &world->calendar;
    int64_t start = instant_roll_us(world);
    int64_t amount = roll(3) ? roll(10 * DAY_S) * US + roll(US) : roll(10 * DAY_S) * US;
    int64_t end = calendar_add_us(calendar, start, amount);
    HOLDS(end <= calendar_add_us(calendar, start, amount + 1 + roll(US)));
    HOLDS(end <= calendar_add_us(calendar, start + 1 + roll(US), amount));
    if (end != INT64_MAX) {
        HOLDS(end >= start);
        HOLDS(calendar_between_us(calendar, start, end) == amount);
        /* The first such instant: the closing time, on a boundary. */
        HOLDS(amount == 0 || calendar_between_us(calendar, start, end - 1) == amount - 1);
        HOLDS(amount > 0 || calendar_is_open(calendar, end / US));
        int64_t part = 1 + roll(amount + 1);
        int64_t there = calendar_add_us(calendar, start, part);
        HOLDS(part >= amount || calendar_add_us(calendar, there, amount - part) == end);
        /* Whatever the pause, what was left is left after it. */
        HOLDS(part > amount || calendar_between_us(calendar, there, end) == amount - part);
    }
    int64_t back = calendar_add_us(calendar, start, -amount);
    if (back != INT64_MIN && amount > 0) {
        HOLDS(calendar_between_us(calendar, back, start) == amount);
        HOLDS(calendar_between_us(calendar, back + 1, start) == amount - 1);
    }
    /* From within working time on, the part of a second is carried around whole seconds. */
    if (calendar_is_open(calendar, start / US) && amount % US == 0) {
        int64_t whole = calendar_add(calendar, start / US, amount / US + 1);
        HOLDS(whole == INT64_MAX || start % US == 0 || end == (whole - 1) * US + start % US);
    }
}

/* Business dates from the one of an instant to the one before that of another, one by one. */
static int64_t count_days(const struct calendar *calendar, int64_t from_s, int64_t to_s)
{
    int64_t count = 0;
    for (uint32_t i = 0; i + 1 < calendar->day_count; i++) {
        int64_t end_s = calendar->days[i + 1].midnight_s;
        count += end_s > from_s && end_s <= to_s && calendar->days[i].business;
    }
    return count;
}

static void days_hold(const struct world *world, uint64_t seed)
{
    const struct calendar *calendar = &world->calendar;
    int64_t start = instant_roll(world);
    int64_t days = 1 + roll(20);
    int64_t end = calendar_add_days(calendar, start, days, false);
    int64_t more = calendar_add_days(calendar, start, days + 1, false);
    HOLDS(end <= more);
    if (end == INT64_MAX) {
        return;
    }
    int64_t counted = calendar_days_between(calendar, start, end);
    HOLDS(counted == days || counted == days - 1); /* the date of start counts if it is one */
    HOLDS(counted == count_days(calendar, start, end));
    int64_t back = calendar_add_days(calendar, end, -days, false);
    HOLDS(back == INT64_MIN || back <= end);
    /* From a business date, as many back as forward is the same date. */
    if (counted == days && back != INT64_MIN) {
        HOLDS(calendar_days_between(calendar, back, start) == 0);
        HOLDS(calendar_days_between(calendar, start, back) == 0);
    }
    int64_t closing = calendar_add_days(calendar, start, days, true);
    HOLDS(calendar_between(calendar, closing - 1, closing) == 1 ||
          !calendar_is_open(calendar, closing - 1));
}

/* Is a wall-clock minute of the date within the hours, cut by nothing? */
static bool covers(const struct calendar_hours *hours, int64_t second)
{
    for (uint8_t i = 0; i < hours->count; i++) {
        if (second >= hours->spans[i].open_s && second < hours->spans[i].close_s) {
            return true;
        }
    }
    return false;
}

/* What is open of the date at a second of it (or of the night after), by the definition alone. */
static bool date_covers(const struct world *world, int64_t number, int64_t second)
{
    const struct calendar_hours *hours = &world->definition.week[date_weekday(number)];
    int32_t date = date_of_days(number);
    for (uint32_t i = 0; i < world->definition.dated_count; i++) {
        const struct calendar_dated *dated = &world->dated[i];
        if (dated->date == date && dated->kind == DATED_HOLIDAY) {
            return false;
        }
        hours = dated->date == date && dated->kind == DATED_SHIFT ? &dated->hours : hours;
    }
    return covers(hours, second);
}

static bool is_broken(const struct world *world, int64_t number, int64_t second)
{
    for (uint32_t i = 0; i < world->definition.dated_count; i++) {
        const struct calendar_dated *dated = &world->dated[i];
        int64_t apart = number - date_to_days(dated->date);
        if (dated->kind == DATED_BREAK && (apart == 0 || apart == 1) &&
            covers(&dated->hours, second + apart * DAY_S)) {
            return true;
        }
    }
    return false;
}

static bool oracle_open(const struct world *world, int64_t at_s)
{
    int64_t local_s = at_s + zone_offset_s(world->zone, at_s);
    int64_t number = local_s / DAY_S;
    int64_t second = local_s % DAY_S;
    return !is_broken(world, number, second) &&
           (date_covers(world, number, second) || date_covers(world, number - 1, second + DAY_S));
}

/* Away from the changes of the clock every minute is what the wall clock says. */
static void minutes_hold(const struct world *world, uint64_t seed)
{
    const struct calendar *calendar = &world->calendar;
    int64_t start = instant_roll(world) / 60 * 60;
    if (world->definition.dated_count > 0 && roll(3) > 0) { /* around a date that is not ordinary */
        int64_t at = date_to_days(world->dated[roll(world->definition.dated_count)].date);
        start = zone_instant_s(world->zone, (at - 1) * DAY_S);
    }
    if (start < calendar->days[1].midnight_s ||
        start > calendar->days[calendar->day_count - 5].midnight_s) {
        return;
    }
    int64_t change = zone_next_change_s(world->zone, start - 2 * (int64_t)DAY_S);
    if (change < start + (int64_t)(MINUTES + 2 * 1440) * 60) {
        return;
    }
    int64_t open = 0;
    for (int64_t i = 0; i < MINUTES; i++) {
        bool wanted = oracle_open(world, start + i * 60);
        HOLDS(calendar_is_open(calendar, start + i * 60) == wanted);
        open += wanted ? 60 : 0;
    }
    HOLDS(calendar_between(calendar, start, start + (int64_t)MINUTES * 60) == open);
}

static void each_world(void (*hold)(const struct world *world, uint64_t seed), int probes)
{
    uint64_t seeds;
    uint64_t first = first_seed(&seeds);
    for (uint64_t seed = first; seed < first + seeds; seed++) {
        struct world world;
        world_begin(&world, seed);
        for (int i = 0; i < probes; i++) {
            hold(&world, seed);
        }
        world_end(&world);
    }
}

static void an_interval_is_the_sum_of_its_parts(void **state)
{
    (void)state;
    each_world(sums_hold, PROBES);
}

static void what_was_added_is_between_and_no_less_would_do(void **state)
{
    (void)state;
    each_world(adding_holds, PROBES);
}

static void a_part_of_a_second_counts_where_its_second_does(void **state)
{
    (void)state;
    each_world(parts_of_seconds_hold, PROBES);
}

static void what_was_added_is_between_to_the_microsecond(void **state)
{
    (void)state;
    each_world(adding_holds_us, 4 * PROBES);
}

static void days_forward_and_back_are_inverse(void **state)
{
    (void)state;
    each_world(days_hold, PROBES);
}

static void every_minute_is_open_as_the_wall_clock_says(void **state)
{
    (void)state;
    each_world(minutes_hold, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interval_is_the_sum_of_its_parts),
        cmocka_unit_test(what_was_added_is_between_and_no_less_would_do),
        cmocka_unit_test(a_part_of_a_second_counts_where_its_second_does),
        cmocka_unit_test(what_was_added_is_between_to_the_microsecond),
        cmocka_unit_test(days_forward_and_back_are_inverse),
        cmocka_unit_test(every_minute_is_open_as_the_wall_clock_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
