#include "watchdog_oracle.h"

#include "policy_fixture.h"

#include <string.h>

#define KIND(kind) (1ULL << (kind))

const struct policy_clock oracle_clocks[CLOCKS] = {
    {.id = "answer",
     .starts = {KIND(EVENT_RECEIVED)},
     .stops = {KIND(EVENT_REPLIED)},
     .target = TARGET_ELAPSED,
     .target_s = 700,
     .level_count = 3,
     .levels = {{LEVEL_WARN, OFFSET_PERCENT, 50, POLICY_NONE, 0},
                {LEVEL_BREACH, OFFSET_PERCENT, 100, POLICY_NONE, 0},
                {LEVEL_ESCALATE, OFFSET_ELAPSED, 60, POLICY_NONE, 0}}},
    {.id = "handling",
     .starts = {KIND(EVENT_OPENED)},
     .stops = {KIND(EVENT_REPLIED) | KIND(EVENT_CLOSED)},
     .target = TARGET_BUSINESS,
     .target_s = 200,
     .pauses_for_customer = true,
     .level_count = 4,
     .levels = {{LEVEL_WARN, OFFSET_PERCENT, 75, POLICY_NONE, 0},
                {LEVEL_BREACH, OFFSET_PERCENT, 100, POLICY_NONE, 0},
                {LEVEL_ESCALATE, OFFSET_BUSINESS, 45, POLICY_NONE, 0},
                {LEVEL_ESCALATE, OFFSET_PERCENT, 150, POLICY_NONE, 0}}},
    {.id = "grave",
     .when = {.classes = 1U << FIXTURE_CLASS_GRAVE},
     .starts = {KIND(EVENT_OPENED)},
     .stops = {KIND(EVENT_CONTAINED)},
     .target = TARGET_BUSINESS,
     .target_s = 90,
     .pauses_for_customer = true,
     .level_count = 2,
     .levels = {{LEVEL_WARN, OFFSET_BUSINESS, -30, POLICY_NONE, 0},
                {LEVEL_BREACH, OFFSET_PERCENT, 100, POLICY_NONE, 0}}},
    {.id = "progress",
     .starts = {KIND(EVENT_OPENED) | KIND(EVENT_CONTACTED) | KIND(EVENT_REOPENED)},
     .stops = {KIND(EVENT_CONTACTED)},
     .target = TARGET_ELAPSED,
     .target_s = 150,
     .pauses_for_customer = true,
     .level_count = 2,
     .levels = {{LEVEL_WARN, OFFSET_ELAPSED, -20, POLICY_NONE, 0},
                {LEVEL_BREACH, OFFSET_PERCENT, 100, POLICY_NONE, 0}}},
    {.id = "acknowledge",
     .starts = {KIND(EVENT_RECEIVED)},
     .stops = {KIND(EVENT_ACKNOWLEDGED)},
     .target = TARGET_BUSINESS,
     .target_s = 60,
     .level_count = 1,
     .levels = {{LEVEL_BREACH, OFFSET_PERCENT, 100, POLICY_NONE, 0}}                             },
};

bool oracle_open_at(int64_t part)
{
    int64_t s = part / PARTS;
    int64_t in_day = s % DAY_S;
    bool works = s / DAY_S % 7 != 6;
    return works && ((in_day >= 10 && in_day < 40) || (in_day >= 50 && in_day < 80));
}

static int64_t part_of(int64_t us)
{
    return us / PART_US;
}

/* The end of the n-th part the clock's own calendar has since its start; paused ones count too. */
static int64_t nth(const struct policy_clock *rule, int64_t from, int64_t n)
{
    int64_t at = from;
    for (; n > 0; at++) {
        n -= rule->target == TARGET_ELAPSED || oracle_open_at(at) ? 1 : 0;
    }
    return at;
}

static int64_t stood(const struct policy_clock *rule, const struct oracle_clock *clock, int64_t now)
{
    int64_t count = 0;
    for (int64_t at = clock->start; at < now; at++) {
        count += clock->stands[at] && (rule->target == TARGET_ELAPSED || oracle_open_at(at));
    }
    return count;
}

static int64_t level_at(const struct policy_clock *rule,
                        const struct oracle_clock *clock,
                        const struct policy_level *level,
                        int64_t now)
{
    int64_t target = rule->target_s * PARTS;
    int64_t stands = stood(rule, clock, now);
    int64_t end = nth(rule, clock->start, target + stands);
    int64_t at;
    if (level->offset == OFFSET_PERCENT) {
        at = nth(rule, clock->start, target * level->value / 100 + stands);
    } else if (level->offset == OFFSET_ELAPSED) {
        at = end + level->value * PARTS;
    } else if (level->value > 0) {
        at = nth(rule, end, level->value * PARTS);
    } else {
        at = nth(rule, clock->start, target + stands + level->value * PARTS);
    }
    return at < clock->start ? clock->start : at;
}

static void stand(struct oracle_clock *clock, int64_t from, int64_t to)
{
    for (int64_t at = from; at < to; at++) {
        clock->stands[at] = true;
    }
}

static void halt(struct oracle_clock *clock, int64_t at_us)
{
    if (clock->paused) {
        stand(clock, clock->pause, part_of(at_us));
    }
    clock->paused = false;
    clock->over = true;
    clock->stop_us = at_us;
}

/* Fires the earliest level that is due before; false when there is none. */
static bool fire_next(const struct policy_clock *rule,
                      struct oracle_clock *clock,
                      int64_t now,
                      int64_t before_us)
{
    int64_t best_at = INT64_MAX;
    uint32_t best = 0;
    for (uint32_t j = 0; j < rule->level_count; j++) {
        bool fired = (clock->fired_set >> j & 1) != 0;
        int64_t at = fired ? INT64_MAX : level_at(rule, clock, &rule->levels[j], now);
        if (at < best_at) {
            best_at = at;
            best = j;
        }
    }
    if (best_at == INT64_MAX || best_at * PART_US >= before_us) {
        return false;
    }
    clock->fired_set |= (uint8_t)(1U << best);
    clock->fired[clock->fired_count++] = (struct fired){best + 1, best_at};
    if (rule->levels[best].action == LEVEL_BREACH) {
        clock->breached = true;
        clock->verdict = clock->verdict == CLOCK_RUNNING ? CLOCK_MISSED : clock->verdict;
    }
    return true;
}

void oracle_pass(struct oracle *oracle, int64_t before_us)
{
    for (int i = 0; i < CLOCKS; i++) {
        struct oracle_clock *clock = &oracle->clocks[i];
        bool runs = clock->has && clock->begun && !clock->paused && !clock->over;
        while (runs && fire_next(&oracle_clocks[i], clock, oracle->now, before_us)) {
        }
    }
}

static void oracle_begin(struct oracle *oracle, int i, int64_t at_us)
{
    struct oracle_clock *clock = &oracle->clocks[i];
    memset(clock->stands, 0, sizeof clock->stands);
    clock->begun = true;
    clock->over = false;
    clock->start = part_of(at_us);
    clock->fired_set = 0;
    clock->breached = false;
    clock->verdict = CLOCK_RUNNING;
    clock->paused = oracle->waiting && !oracle->closed && oracle_clocks[i].pauses_for_customer;
    clock->pause = clock->start;
}

int64_t oracle_due(const struct oracle *oracle, int i)
{
    const struct oracle_clock *clock = &oracle->clocks[i];
    int64_t stands = stood(&oracle_clocks[i], clock, oracle->now);
    return nth(&oracle_clocks[i], clock->start, oracle_clocks[i].target_s * PARTS + stands);
}

static bool is_late(const struct oracle *oracle, int i)
{
    return oracle->clocks[i].stop_us > oracle_due(oracle, i) * PART_US;
}

static void oracle_stop(struct oracle *oracle, int i, enum event_kind kind, int64_t at_us)
{
    struct oracle_clock *clock = &oracle->clocks[i];
    if ((oracle_clocks[i].stops[0] >> kind & 1) == 0 || !clock->begun || clock->over) {
        return;
    }
    bool paused = clock->paused;
    halt(clock, at_us);
    if (clock->has && clock->verdict == CLOCK_RUNNING) {
        clock->verdict = !paused && is_late(oracle, i) ? CLOCK_MISSED : CLOCK_MET;
    }
}

static void
oracle_start(struct oracle *oracle, int i, enum event_kind kind, int64_t at_us, bool fits)
{
    const struct oracle_clock *clock = &oracle->clocks[i];
    if ((oracle_clocks[i].starts[0] >> kind & 1) != 0 &&
        (!clock->begun || (clock->over && (fits || !clock->has)))) {
        oracle_begin(oracle, i, at_us);
    }
}

static void oracle_step(struct oracle *oracle,
                        bool was_closed,
                        int64_t was_closed_us,
                        int i,
                        enum event_kind kind,
                        int64_t at_us,
                        bool fits)
{
    struct oracle_clock *clock = &oracle->clocks[i];
    if (!clock->begun) {
        return;
    }
    if (oracle->closed) {
        if (!was_closed && !clock->over) {
            halt(clock, at_us);
        }
        return;
    }
    if (was_closed && clock->over && clock->stop_us == was_closed_us &&
        (oracle_clocks[i].starts[0] >> kind & 1) == 0 &&
        (fits || !clock->has || clock->verdict == CLOCK_RUNNING)) {
        clock->over = false;
        stand(clock, part_of(was_closed_us), part_of(at_us));
    }
    if (clock->over || !oracle_clocks[i].pauses_for_customer) {
        return;
    }
    if (oracle->waiting && !clock->paused) {
        clock->pause = part_of(at_us);
    } else if (!oracle->waiting && clock->paused) {
        stand(clock, clock->pause, part_of(at_us));
    }
    clock->paused = oracle->waiting;
}

static void oracle_fit(struct oracle *oracle, int i, int64_t at_us, bool fits)
{
    struct oracle_clock *clock = &oracle->clocks[i];
    if (clock->has && !fits && !clock->over) {
        if (clock->verdict == CLOCK_RUNNING) {
            clock->has = false;
        } else {
            halt(clock, at_us);
        }
    } else if (!clock->has && fits && clock->begun) {
        clock->has = true;
        bool by_closing = oracle->closed && clock->stop_us == oracle->closed_us &&
                          (oracle_clocks[i].stops[0] >> EVENT_CLOSED & 1) == 0;
        if (clock->over && !by_closing) {
            clock->verdict = is_late(oracle, i) ? CLOCK_MISSED : CLOCK_MET;
        }
    }
}

void oracle_input(struct oracle *oracle, const struct event *event, enum place place)
{
    int64_t at_us = event->at_us - (int64_t)BASE_S * PARTS * PART_US;
    bool was_closed = oracle->closed;
    int64_t was_closed_us = oracle->closed_us;
    bool receipt = event->kind == EVENT_RECEIVED && event->received.acknowledged_by_receipt;
    oracle_pass(oracle, at_us);
    oracle->now = part_of(at_us);
    if (place != STAYS) {
        oracle->waiting = place == WAITS;
        oracle->closed = place == SHUT;
        oracle->closed_us = oracle->closed && !was_closed ? at_us : oracle->closed_us;
    }
    for (int i = 0; i < CLOCKS; i++) {
        bool fits = oracle_clocks[i].when.classes == 0 || oracle->grave;
        oracle_stop(oracle, i, event->kind, at_us);
        oracle_step(oracle, was_closed, was_closed_us, i, event->kind, at_us, fits);
        oracle_start(oracle, i, event->kind, at_us, fits);
        if (receipt) {
            oracle_stop(oracle, i, EVENT_ACKNOWLEDGED, at_us);
        }
        oracle_fit(oracle, i, at_us, fits);
    }
}
