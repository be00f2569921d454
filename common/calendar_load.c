#include "calendar_load.h"

#include "scope.h"
#include "zone.h"

#include <sodium.h>

enum { DAY_S = 86400, HORIZON_FIRST = 20000101, HORIZON_LAST = 20500101 };

bool calendar_time_parse(struct slice text, int32_t *seconds)
{
    int32_t digits[4];
    if (text.size != 5 || text.bytes[2] != ':') {
        return false;
    }
    for (int i = 0; i < 4; i++) {
        digits[i] = text.bytes[i < 2 ? i : i + 1] - '0';
        if (digits[i] < 0 || digits[i] > 9) {
            return false;
        }
    }
    int32_t hours = digits[0] * 10 + digits[1];
    int32_t minutes = digits[2] * 10 + digits[3];
    if (minutes > 59 || hours * 60 + minutes > 24 * 60) {
        return false;
    }
    *seconds = hours * 3600 + minutes * 60;
    return true;
}

/* The definition while one calendar is compiled. */
struct compiler {
    const struct calendar_definition *definition;
    const struct zone *zone;
    const struct calendar_dated **dated; /* sorted by date */
    struct calendar_interval *intervals;
    struct calendar_day *days;
    uint32_t interval_count;
    uint32_t day_count;
    int64_t open_s;   /* sum so far */
    int64_t closed_s; /* last closing so far */
};

static int compare_dated(const void *a, const void *b)
{
    const struct calendar_dated *left = *(const struct calendar_dated *const *)a;
    const struct calendar_dated *right = *(const struct calendar_dated *const *)b;
    if (left->date != right->date) {
        return left->date < right->date ? -1 : 1;
    }
    return (left->kind > right->kind) - (left->kind < right->kind);
}

static uint32_t dated_from(const struct compiler *compiler, int32_t date)
{
    uint32_t low = 0;
    uint32_t high = compiler->definition->dated_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compiler->dated[middle]->date < date) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* What is left of the hours after a break; a break in the middle makes two of one. */
static void hours_cut(struct calendar_hours *hours, struct calendar_span gap)
{
    struct calendar_hours left = {0};
    for (uint8_t i = 0; i < hours->count; i++) {
        struct calendar_span span = hours->spans[i];
        struct calendar_span head = {span.open_s,
                                     span.close_s < gap.open_s ? span.close_s : gap.open_s};
        struct calendar_span tail = {span.open_s > gap.close_s ? span.open_s : gap.close_s,
                                     span.close_s};
        if (head.open_s < head.close_s && left.count < CALENDAR_SPANS_MAX) {
            left.spans[left.count++] = head;
        }
        if (tail.open_s < tail.close_s && left.count < CALENDAR_SPANS_MAX) {
            left.spans[left.count++] = tail;
        }
    }
    *hours = left;
}

/* The hours of one date; true when a holiday or a shift names it. */
static bool
hours_of(const struct compiler *compiler, int32_t date, int weekday, struct calendar_hours *hours)
{
    bool named = false;
    bool holiday = false;
    *hours = compiler->definition->week[weekday];
    for (uint32_t i = dated_from(compiler, date);
         i < compiler->definition->dated_count && compiler->dated[i]->date == date;
         i++) {
        const struct calendar_dated *dated = compiler->dated[i];
        switch (dated->kind) {
        case DATED_HOLIDAY:
            holiday = true;
            named = true;
            break;
        case DATED_SHIFT:
            *hours = dated->hours;
            named = true;
            break;
        case DATED_BREAK: /* sorted last */
            for (uint8_t j = 0; j < dated->hours.count; j++) {
                hours_cut(hours, dated->hours.spans[j]);
            }
            break;
        }
    }
    if (holiday || compiler->definition->always) {
        hours->count = 0;
    }
    return named;
}

static void day_add(struct compiler *compiler, int64_t number)
{
    struct calendar_day *day = &compiler->days[compiler->day_count++];
    struct calendar_hours hours;
    int64_t local_s = number * DAY_S;
    day->date = date_of_days(number);
    day->midnight_s = zone_instant_s(compiler->zone, local_s);
    day->named = hours_of(compiler, day->date, date_weekday(number), &hours);
    day->business = compiler->definition->always;

    int64_t end_s = zone_instant_s(compiler->zone, local_s + DAY_S);
    int64_t change_s = zone_next_change_s(compiler->zone, day->midnight_s - 1);
    if (change_s < end_s) {
        day->jump_at_s = (int32_t)(change_s - day->midnight_s);
        day->jump_s = (int32_t)(DAY_S - (end_s - day->midnight_s));
    }
    for (uint8_t i = 0; i < hours.count; i++) {
        int64_t open_s = zone_instant_s(compiler->zone, local_s + hours.spans[i].open_s);
        int64_t close_s = zone_instant_s(compiler->zone, local_s + hours.spans[i].close_s);
        /* A closing time moved on by a spring gap may pass the next opening. */
        open_s = open_s > compiler->closed_s ? open_s : compiler->closed_s;
        if (open_s < close_s) {
            compiler->intervals[compiler->interval_count++] =
                (struct calendar_interval){open_s, close_s, compiler->open_s};
            compiler->open_s += close_s - open_s;
            compiler->closed_s = close_s;
            day->business = true;
        }
    }
}

static void hash_number(crypto_generichash_state *state, int64_t number)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)((uint64_t)number >> (8 * i));
    }
    crypto_generichash_update(state, bytes, sizeof bytes);
}

static void hash_hours(crypto_generichash_state *state, const struct calendar_hours *hours)
{
    hash_number(state, hours->count);
    for (uint8_t i = 0; i < hours->count; i++) {
        hash_number(state, hours->spans[i].open_s);
        hash_number(state, hours->spans[i].close_s);
    }
}

static void version_make(const struct compiler *compiler, char version[24])
{
    const struct calendar_definition *definition = compiler->definition;
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, HASH_SIZE);
    hash_number(&state, definition->always);
    for (int i = 0; i < 7; i++) {
        hash_hours(&state, &definition->week[i]);
    }
    for (uint32_t i = 0; i < definition->dated_count; i++) {
        hash_number(&state, compiler->dated[i]->date);
        hash_number(&state, compiler->dated[i]->kind);
        hash_hours(&state, &compiler->dated[i]->hours);
    }
    int64_t last_s = date_to_days(HORIZON_LAST) * DAY_S;
    int64_t at_s = date_to_days(HORIZON_FIRST) * DAY_S;
    hash_number(&state, zone_offset_s(compiler->zone, at_s));
    while ((at_s = zone_next_change_s(compiler->zone, at_s)) < last_s) {
        hash_number(&state, at_s);
        hash_number(&state, zone_offset_s(compiler->zone, at_s));
    }
    uint8_t hash[HASH_SIZE];
    crypto_generichash_final(&state, hash, sizeof hash);
    for (int i = 0; i < 8; i++) {
        (void)snprintf(version + (size_t)i * 2, 3, "%02x", hash[i]);
    }
}

static bool compiler_take(struct compiler *compiler, struct arena *arena, uint32_t days)
{
    uint32_t count = compiler->definition->dated_count;
    size_t spans = (size_t)days * CALENDAR_SPANS_MAX;
    compiler->days = arena_take(arena, days * sizeof *compiler->days);
    compiler->intervals = calloc(spans, sizeof *compiler->intervals);
    compiler->dated = arena_take(arena, (count + 1) * sizeof *compiler->dated);
    if (!compiler->days || !compiler->intervals || !compiler->dated) {
        return false;
    }
    memset(compiler->days, 0, days * sizeof *compiler->days);
    for (uint32_t i = 0; i < count; i++) {
        compiler->dated[i] = &compiler->definition->dated[i];
    }
    qsort(compiler->dated, count, sizeof *compiler->dated, compare_dated);
    return true;
}

static bool compile_days(struct compiler *compiler,
                         int64_t first,
                         int64_t end,
                         struct arena *arena,
                         struct calendar *calendar)
{
    if (!compiler_take(compiler, arena, (uint32_t)(end - first))) {
        return false;
    }
    for (int64_t number = first; number < end; number++) {
        day_add(compiler, number);
    }
    calendar->days = compiler->days;
    calendar->day_count = compiler->day_count;
    calendar->interval_count = compiler->interval_count;
    calendar->intervals = arena_copy(
        arena, compiler->intervals, compiler->interval_count * sizeof *compiler->intervals);
    version_make(compiler, calendar->version);
    return compiler->interval_count == 0 || calendar->intervals;
}

bool calendar_compile(const struct calendar_definition *definition,
                      int first_year,
                      int last_year,
                      struct arena *arena,
                      struct calendar *calendar,
                      struct error *error)
{
    if (first_year < 1900 || last_year < first_year ||
        last_year - first_year >= CALENDAR_YEARS_MAX || last_year > 2199) {
        return error_set(error,
                         ERROR_REJECT,
                         "years %d to %d: 1900 to 2199, at most %d of them",
                         first_year,
                         last_year,
                         CALENDAR_YEARS_MAX);
    }
    if (definition->dated_count > CALENDAR_DATED_MAX) {
        return error_set(error, ERROR_REJECT, "more than %d dates", CALENDAR_DATED_MAX);
    }
    SCOPED(zone_free) struct zone *zone = zone_new(definition->zone, error);
    if (!zone) {
        return false;
    }
    *calendar = (struct calendar){.always = definition->always};
    (void)snprintf(calendar->name, sizeof calendar->name, "%s", definition->name);
    (void)snprintf(calendar->zone, sizeof calendar->zone, "%s", definition->zone);
    struct compiler compiler = {.definition = definition, .zone = zone, .closed_s = INT64_MIN};
    bool made = compile_days(&compiler,
                             date_to_days(first_year * 10000 + 101),
                             date_to_days((last_year + 1) * 10000 + 101),
                             arena,
                             calendar);
    free(compiler.intervals);
    return made || error_set(error, ERROR_FATAL, "out of memory for calendar %s", definition->name);
}
