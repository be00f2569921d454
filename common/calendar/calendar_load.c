#include "calendar_load.h"

#include "little.h"
#include "scope.h"
#include "zone.h"

#include <sodium.h>

enum {
    DAY_S = 86400,
    DAY_SPANS_MAX = 4 * CALENDAR_SPANS_MAX,
    HORIZON_FIRST = 20000101,
    HORIZON_LAST = 20500101,
};

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

bool calendar_span_parse(struct slice text, struct calendar_span *span)
{
    if (text.size != 11 || text.bytes[5] != '-' ||
        !calendar_time_parse(slice_of(text.bytes, 5), &span->open_s) ||
        !calendar_time_parse(slice_of(text.bytes + 6, 5), &span->close_s) ||
        span->open_s == DAY_S || span->open_s == span->close_s) {
        return false;
    }
    span->close_s += span->close_s < span->open_s ? DAY_S : 0;
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
    uint32_t interval_room;
    uint32_t day_count;
    uint32_t business; /* dates so far */
    int64_t open_s;    /* sum so far */
    int64_t closed_s;  /* last closing so far */
};

/* What is open of one date, when breaks have cut it. */
struct day_hours {
    uint32_t count;
    struct calendar_span spans[DAY_SPANS_MAX];
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

/* What is left of the hours after a break; a break in the middle makes two of one.  False: they
 * are too many now. */
static bool hours_cut(struct day_hours *hours, struct calendar_span gap)
{
    struct day_hours left = {0};
    for (uint32_t i = 0; i < hours->count; i++) {
        struct calendar_span span = hours->spans[i];
        struct calendar_span head = {span.open_s,
                                     span.close_s < gap.open_s ? span.close_s : gap.open_s};
        struct calendar_span tail = {span.open_s > gap.close_s ? span.open_s : gap.close_s,
                                     span.close_s};
        if (left.count + 2 > DAY_SPANS_MAX) {
            return false;
        }
        if (head.open_s < head.close_s) {
            left.spans[left.count++] = head;
        }
        if (tail.open_s < tail.close_s) {
            left.spans[left.count++] = tail;
        }
    }
    *hours = left;
    return true;
}

static bool dated_is(const struct compiler *compiler, uint32_t i, int32_t date)
{
    return i < compiler->definition->dated_count && compiler->dated[i]->date == date;
}

/* Breaks of the date itself, of the one before that reach into it, and of the next that meet its
 * night shift. */
static bool hours_break(const struct compiler *compiler, int64_t number, struct day_hours *hours)
{
    for (int shift = -1; shift <= 1; shift++) {
        int32_t date = date_of_days(number + shift);
        for (uint32_t i = dated_from(compiler, date); dated_is(compiler, i, date); i++) {
            const struct calendar_dated *dated = compiler->dated[i];
            for (uint8_t j = 0; dated->kind == DATED_BREAK && j < dated->hours.count; j++) {
                struct calendar_span gap = dated->hours.spans[j];
                gap.open_s += shift * DAY_S;
                gap.close_s += shift * DAY_S;
                if (!hours_cut(hours, gap)) {
                    return false;
                }
            }
        }
    }
    return true;
}

/* The hours of one date, and whether a holiday or a shift names it.  False: they are too many. */
static bool
hours_of(const struct compiler *compiler, int64_t number, struct day_hours *hours, bool *named)
{
    const struct calendar_hours *from = &compiler->definition->week[date_weekday(number)];
    int32_t date = date_of_days(number);
    bool holiday = false;
    *named = false;
    for (uint32_t i = dated_from(compiler, date); dated_is(compiler, i, date); i++) {
        const struct calendar_dated *dated = compiler->dated[i];
        holiday = holiday || dated->kind == DATED_HOLIDAY;
        from = dated->kind == DATED_SHIFT ? &dated->hours : from;
        *named = *named || dated->kind != DATED_BREAK;
    }
    hours->count = holiday || compiler->definition->always ? 0 : from->count;
    memcpy(hours->spans, from->spans, sizeof from->spans);
    return hours_break(compiler, number, hours);
}

static bool interval_add(struct compiler *compiler, int64_t open_s, int64_t close_s)
{
    if (compiler->interval_count == compiler->interval_room) {
        uint32_t room = compiler->interval_room * 2 + 1024;
        struct calendar_interval *grown =
            realloc(compiler->intervals, room * sizeof *compiler->intervals);
        if (!grown) {
            return false;
        }
        compiler->intervals = grown;
        compiler->interval_room = room;
    }
    compiler->intervals[compiler->interval_count++] =
        (struct calendar_interval){open_s, close_s, compiler->open_s};
    compiler->open_s += close_s - open_s;
    compiler->closed_s = close_s;
    return true;
}

static bool day_open(struct compiler *compiler,
                     struct calendar_day *day,
                     int64_t local_s,
                     const struct day_hours *hours)
{
    for (uint32_t i = 0; i < hours->count; i++) {
        int64_t open_s = zone_instant_s(compiler->zone, local_s + hours->spans[i].open_s);
        int64_t close_s = zone_instant_s(compiler->zone, local_s + hours->spans[i].close_s);
        day->business = day->business || open_s < close_s;
        /* The night shift of the day before, or a closing time that a spring gap has moved on, may
         * reach into this one. */
        open_s = open_s > compiler->closed_s ? open_s : compiler->closed_s;
        if (open_s < close_s && !interval_add(compiler, open_s, close_s)) {
            return false;
        }
    }
    return true;
}

static bool day_add(struct compiler *compiler, int64_t number, struct error *error)
{
    struct calendar_day *day = &compiler->days[compiler->day_count++];
    struct day_hours hours = {0};
    int64_t local_s = number * DAY_S;
    day->date = date_of_days(number);
    day->midnight_s = zone_instant_s(compiler->zone, local_s);
    day->business_before = compiler->business;
    if (!hours_of(compiler, number, &hours, &day->named)) {
        return error_set(error,
                         ERROR_REJECT,
                         "breaks cut %04d-%02d-%02d into more than %d intervals",
                         day->date / 10000,
                         day->date / 100 % 100,
                         day->date % 100,
                         DAY_SPANS_MAX);
    }
    int64_t end_s = zone_instant_s(compiler->zone, local_s + DAY_S);
    int64_t change_s = zone_next_change_s(compiler->zone, day->midnight_s - 1);
    if (change_s < end_s) {
        day->jump_at_s = (int32_t)(change_s - day->midnight_s);
        day->jump_s = (int32_t)(DAY_S - (end_s - day->midnight_s));
    }
    /* A zone that moves over the date line leaves a date out. */
    bool exists = day->midnight_s < end_s;
    day->business = exists && compiler->definition->always;
    if (exists && !day_open(compiler, day, local_s, &hours)) {
        return error_set(error, ERROR_FATAL, "out of memory");
    }
    compiler->business += day->business;
    return true;
}

static void hash_number(crypto_generichash_state *state, int64_t number)
{
    uint8_t bytes[8];
    (void)little_put(bytes, (uint64_t)number, sizeof bytes);
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

/* Of the zone's offsets of 2000 to 2049, as the version. */
static uint16_t grain_of(const struct zone *zone)
{
    enum { HOUR_S = 3600, HALF_S = 1800, QUARTER_S = 900 };
    uint16_t grain_s = HOUR_S;
    int64_t last_s = date_to_days(HORIZON_LAST) * DAY_S;
    int64_t at_s = date_to_days(HORIZON_FIRST) * DAY_S;
    for (; at_s < last_s; at_s = zone_next_change_s(zone, at_s)) {
        while (grain_s > QUARTER_S && zone_offset_s(zone, at_s) % grain_s != 0) {
            grain_s = grain_s == HOUR_S ? HALF_S : QUARTER_S;
        }
    }
    return grain_s;
}

static bool compiler_take(struct compiler *compiler, struct arena *arena, uint32_t days)
{
    uint32_t count = compiler->definition->dated_count;
    compiler->days = arena_take(arena, days * sizeof *compiler->days);
    compiler->dated = arena_take(arena, (count + 1) * sizeof *compiler->dated);
    if (!compiler->days || !compiler->dated) {
        return false;
    }
    memset(compiler->days, 0, days * sizeof *compiler->days);
    for (uint32_t i = 0; i < count; i++) {
        compiler->dated[i] = &compiler->definition->dated[i];
    }
    qsort(compiler->dated, count, sizeof *compiler->dated, compare_dated);
    return true;
}

static int32_t named_year_of(const struct compiler *compiler)
{
    int32_t date = 0;
    for (uint32_t i = 0; i < compiler->definition->dated_count; i++) {
        date = compiler->dated[i]->kind == DATED_BREAK ? date : compiler->dated[i]->date;
    }
    return date / 10000;
}

/* The night shift that began on the eve of the first date is open on it. */
static bool eve_add(struct compiler *compiler, int64_t first)
{
    struct day_hours hours = {0};
    bool named;
    int64_t midnight_s = zone_instant_s(compiler->zone, first * DAY_S);
    if (!hours_of(compiler, first - 1, &hours, &named)) {
        return true; /* told when that year is compiled */
    }
    for (uint32_t i = 0; i < hours.count; i++) {
        int64_t close_s =
            zone_instant_s(compiler->zone, (first - 1) * DAY_S + hours.spans[i].close_s);
        int64_t open_s =
            zone_instant_s(compiler->zone, (first - 1) * DAY_S + hours.spans[i].open_s);
        open_s = open_s > midnight_s ? open_s : midnight_s;
        if (open_s < close_s && !interval_add(compiler, open_s, close_s)) {
            return false;
        }
    }
    return true;
}

static bool compile_days(struct compiler *compiler,
                         int64_t first,
                         int64_t end,
                         struct arena *arena,
                         struct calendar *calendar,
                         struct error *error)
{
    if (!compiler_take(compiler, arena, (uint32_t)(end - first))) {
        return error_set(error, ERROR_FATAL, "out of memory");
    }
    if (!eve_add(compiler, first)) {
        return error_set(error, ERROR_FATAL, "out of memory");
    }
    for (int64_t number = first; number < end; number++) {
        if (!day_add(compiler, number, error)) {
            return false;
        }
    }
    calendar->days = compiler->days;
    calendar->day_count = compiler->day_count;
    calendar->named_year = named_year_of(compiler);
    calendar->interval_count = compiler->interval_count;
    if (compiler->interval_count > 0) {
        calendar->intervals = arena_copy(
            arena, compiler->intervals, compiler->interval_count * sizeof *compiler->intervals);
    }
    version_make(compiler, calendar->version);
    return compiler->interval_count == 0 || calendar->intervals ||
           error_set(error, ERROR_FATAL, "out of memory");
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
    *calendar = (struct calendar){.always = definition->always, .grain_s = grain_of(zone)};
    (void)snprintf(calendar->name, sizeof calendar->name, "%s", definition->name);
    (void)snprintf(calendar->zone, sizeof calendar->zone, "%s", definition->zone);
    (void)snprintf(calendar->zone_version, sizeof calendar->zone_version, "%s", zone_version(zone));
    calendar->title = definition->title;
    struct compiler compiler = {.definition = definition, .zone = zone, .closed_s = INT64_MIN};
    bool made = compile_days(&compiler,
                             date_to_days(first_year * 10000 + 101),
                             date_to_days((last_year + 1) * 10000 + 101),
                             arena,
                             calendar,
                             error);
    free(compiler.intervals);
    return made;
}
