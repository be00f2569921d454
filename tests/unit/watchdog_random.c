/*
 * The watchdog's core against an oracle written differently (watchdog_oracle.h).
 *
 * Goal: no history of starts, pauses, closings, reopenings and reclassifications, and no timing of
 * the ticks, gives another deadline, level or verdict than counting parts of seconds one by one.
 * Method: seeded histories, some instants falling exactly on deadlines, ticks and repeats thrown
 * in; state and levels are compared after every input.  Then nonsense, which must do no harm.
 * Guards law 7, law 8 and law 12.  A failure prints its seed.
 */
#include "policy_fixture.h"
#include "roll.h"
#include "unit.h"
#include "watchdog_core.h"
#include "watchdog_desk.h"
#include "watchdog_oracle.h"

enum {
    SEEDS = 1500,
    INPUTS = 24,
    US = DESK_SECOND_US,
};

/* ---- the comparison ----------------------------------------------------------------------- */

static struct calendar_interval intervals[DAYS * 2];
static struct calendar_day days[DAYS];
static struct calendar calendar = {.name = "tiny", .zone = "UTC", .version = "1"};

static void build_calendar(void)
{
    int64_t open_s = 0;
    calendar.interval_count = 0;
    for (int64_t s = 0; s < SPAN / PARTS; s++) {
        bool open = oracle_open_at(s * PARTS);
        if (open && (s == 0 || !oracle_open_at(s * PARTS - 1))) {
            intervals[calendar.interval_count].open_s = BASE_S + s;
            intervals[calendar.interval_count].before_s = open_s;
        }
        open_s += open;
        if (open && !oracle_open_at((s + 1) * PARTS)) {
            intervals[calendar.interval_count++].close_s = BASE_S + s + 1;
        }
    }
    for (int i = 0; i < DAYS; i++) {
        days[i].midnight_s = BASE_S + (int64_t)i * DAY_S;
        days[i].business = i % 7 != 6;
        days[i].business_before = (uint32_t)(i - i / 7);
    }
    calendar.intervals = intervals;
    calendar.days = days;
    calendar.day_count = DAYS;
}

static uint64_t roll_state;

static uint32_t roll(uint32_t sides)
{
    return roll_next(&roll_state, sides);
}

#define AGREE(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fail_msg("seed %u, input %d, clock %s: not so: %s",                                    \
                     seed,                                                                         \
                     input,                                                                        \
                     oracle_clocks[i].id,                                                          \
                     #condition);                                                                  \
        }                                                                                          \
    } while (0)

static void
compare_levels(const struct desk *desk, const struct oracle *oracle, uint32_t seed, int input)
{
    for (int i = 0; i < CLOCKS; i++) {
        const struct oracle_clock *clock = &oracle->clocks[i];
        uint32_t count = 0;
        for (uint32_t j = 0; j < desk->count; j++) {
            const struct event *event = &desk->journal[j];
            const struct event_clock *told = desk_told(event, oracle_clocks[i].id);
            if (event->kind < EVENT_CLOCK_WARNED || !told) {
                continue;
            }
            AGREE(count < clock->fired_count);
            AGREE(told->level == clock->fired[count].level);
            AGREE(told->level_due_us == (int64_t)BASE_S * US + clock->fired[count].due * PART_US);
            AGREE(event->at_us >= told->level_due_us);
            count++;
        }
        AGREE(count == clock->fired_count);
    }
}

static void compare(const struct desk *desk, const struct oracle *oracle, uint32_t seed, int input)
{
    for (int i = 0; i < CLOCKS; i++) {
        const struct oracle_clock *want = &oracle->clocks[i];
        const struct watch_clock *have = &desk->state.clocks[i];
        bool in_force = have->phase != WATCH_IDLE && have->verdict != CLOCK_CANCELLED;
        AGREE(in_force == want->has);
        if (!in_force) {
            continue;
        }
        AGREE(have->phase == (want->over     ? WATCH_STOPPED
                              : want->paused ? WATCH_PAUSED
                                             : WATCH_RUNNING));
        AGREE(have->verdict == want->verdict);
        AGREE(have->breached == want->breached);
        AGREE(have->levels_fired == want->fired_set);
        if (!want->paused) {
            AGREE(have->due_us == (int64_t)BASE_S * US + oracle_due(oracle, i) * PART_US);
        }
    }
    compare_levels(desk, oracle, seed, input);
}

/* The next input: mostly what a case goes through, sometimes at the very instant of a deadline. */
static struct event
next_input(struct desk *desk, struct oracle *oracle, int64_t at_us, enum place *place)
{
    static const enum event_kind kinds[] = {EVENT_NOTED,
                                            EVENT_CONTACTED,
                                            EVENT_CLASSIFIED,
                                            EVENT_CONTAINED,
                                            EVENT_APPROVED,
                                            EVENT_CONSENTED};
    static const char *const steps[] = {
        [STAYS] = "", [WORKS] = "investigation", [WAITS] = "consent", [SHUT] = "closed"};
    enum event_kind kind = kinds[roll(6)];
    *place = oracle->closed ? STAYS : (enum place)roll(3);
    uint32_t turn = roll(12);
    if (turn == 0 && !oracle->closed) {
        kind = EVENT_REPLIED;
    } else if (turn <= 2 && !oracle->closed) {
        kind = turn == 1 ? EVENT_CLOSED : EVENT_WITHDRAWN;
        *place = SHUT;
    } else if (turn <= 6 && oracle->closed) {
        kind = EVENT_REOPENED;
        *place = roll(2) ? WORKS : WAITS;
    }
    struct event event = desk_advanced(desk, kind, at_us, steps[*place]);
    if (kind == EVENT_CLASSIFIED) {
        oracle->grave = roll(2);
        event.advanced.severity_class = slice_text(oracle->grave ? "grave" : "minor");
    }
    return event;
}

static int64_t next_instant(const struct desk *desk, int64_t at_us)
{
    int64_t due_us = watch_due_us(desk->policy, &desk->state);
    if (roll(6) == 0 && due_us > at_us && due_us < at_us + 200LL * US) {
        return due_us;
    }
    int64_t next_us = (at_us / US + 1 + roll(140)) * US;
    return roll(3) == 0 ? next_us + (int64_t)roll(PARTS) * PART_US : next_us;
}

static void play(const struct policy *policy, uint32_t seed)
{
    static struct oracle oracle;
    static struct desk desk;
    memset(&oracle, 0, sizeof oracle);
    desk_open(&desk, policy);
    roll_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    int64_t at_us =
        ((int64_t)BASE_S + roll(700)) * US + (roll(2) ? (int64_t)roll(PARTS) * PART_US : 0);
    int64_t received_us = at_us;
    struct event earlier = {0};
    for (int input = 0; input < INPUTS; input++) {
        enum place place = input == 1 ? WORKS : STAYS;
        struct event event = desk_received(at_us, "mail", roll(3) == 0);
        if (input == 1) {
            oracle.grave = roll(2);
            event = desk_opened(&desk, at_us, received_us, oracle.grave ? "grave" : "minor");
        } else if (input > 1) {
            event = next_input(&desk, &oracle, at_us, &place);
        }
        desk_feed(&desk, &event, at_us + (roll(2) ? (int64_t)roll(500) * US : 0));
        oracle_input(&oracle, &event, place);
        compare(&desk, &oracle, seed, input);
        if (input > 0 && roll(8) == 0 && watch_due_us(policy, &desk.state) >= at_us) {
            assert_int_equal(desk_feed(&desk, roll(2) ? &event : &earlier, at_us), 0);
            compare(&desk, &oracle, seed, input);
        }
        if (!desk_same(policy, &desk.state, &desk.mirror)) {
            fail_msg("seed %u, input %d: the folds do not commute", seed, input);
        }
        earlier = event;
        int64_t next_us = next_instant(&desk, at_us);
        if (roll(2)) {
            desk_tick(&desk, at_us + (next_us - at_us) / (1 + roll(3)) - 1);
        }
        at_us = next_us;
    }
    desk_tick(&desk, at_us + 2000LL * US);
    oracle_pass(&oracle, at_us - (int64_t)BASE_S * US + 2000LL * US + 1);
    compare(&desk, &oracle, seed, INPUTS);
}

static void any_history_agrees_with_counting_parts_of_seconds(void **state)
{
    (void)state;
    struct policy policy = *policy_fixture();
    build_calendar();
    policy.clocks = oracle_clocks;
    policy.clock_count = CLOCKS;
    policy.calendars = &calendar;
    policy.calendar_count = 1;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        play(&policy, seed);
    }
    print_message("%d seeds of %d inputs\n", SEEDS, INPUTS);
}

/* Bytes nobody would send: no crash, nothing early, and the totals hold. */
static void nonsense_does_no_harm(void **state)
{
    (void)state;
    const struct policy *policy = policy_fixture();
    static struct desk desk;
    static const int64_t instants[] = {INT64_MIN, -1, 0, 1, 1709514000000000, INT64_MAX};
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        desk_open(&desk, policy);
        roll_state = seed;
        for (int i = 0; i < INPUTS; i++) {
            struct event event = {.kind = (enum event_kind)roll(EVENT_KIND_COUNT + 8)};
            event.at_us = instants[roll(6)];
            event.seq = roll(20);
            if (event_kind_service(event.kind) == SERVICE_WATCHDOG) {
                event.clocks.count = roll(12);
                for (int j = 0; j < EVENT_CLOCKS_MAX; j++) {
                    event.clocks.clocks[j] = (struct event_clock){
                        .name = slice_text(policy->clocks[roll(4)].id),
                        .generation = roll(3),
                        .started_at_us = instants[roll(6)],
                        .due_us = instants[roll(6)],
                        .paused_at_us = instants[roll(6)],
                        .used_s = instants[roll(6)],
                        .verdict = (enum clock_verdict)roll(4),
                        .level = roll(10),
                    };
                }
                watch_evolve(policy, &desk.state, &event);
                watch_evolve(policy, &desk.mirror, &event);
            } else {
                desk_feed(&desk, &event, instants[roll(6)]);
            }
            struct watch_output output;
            watch_tick(policy, &desk.state, instants[roll(6)], &output);
            assert_in_range(output.count, 0, WATCH_EVENTS_MAX);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_history_agrees_with_counting_parts_of_seconds),
        cmocka_unit_test(nonsense_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
