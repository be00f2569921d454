/*
 * Due instants a second on one core: start + business time + what was paused, over three years of
 * mainland China.  Bar: 500,000 a second.
 *
 *   bench_calendar [--json]
 */
#include "calendar_file.h"
#include "clock.h"
#include "scope.h"

enum {
    ROUNDS = 3000000,
    ARENA_LIMIT = 16 * 1024 * 1024,
    FIRST_YEAR = 2024,
    LAST_YEAR = 2026,
    PAUSES = 2,
    TARGET_MAX_S = 10 * 8 * 3600,
    PAUSE_MAX_S = 3 * 86400,
    WAIT_MAX_S = 2 * 86400,
};

static uint64_t state = 88172645463325252U;

static int64_t roll(int64_t sides)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (int64_t)(state % (uint64_t)sides);
}

static const char office[] = "calendar: office\nzone: Asia/Shanghai\n"
                             "hours: {mon-fri: [09:00-12:00, 13:30-18:00]}\nholidays: cn\n";

/* What a clock of business time asks: how much of each pause was business time, then the due. */
static int64_t due_s(const struct calendar *calendar, int64_t start_s)
{
    int64_t paused_s = 0;
    int64_t pause_s = start_s;
    for (int i = 0; i < PAUSES; i++) {
        pause_s += roll(WAIT_MAX_S);
        int64_t resume_s = pause_s + roll(PAUSE_MAX_S);
        paused_s += calendar_between(calendar, pause_s, resume_s);
        pause_s = resume_s;
    }
    return calendar_add(calendar, start_s, 3600 + roll(TARGET_MAX_S) + paused_s);
}

static void say(bool json, const char *name, int64_t took_us)
{
    double rate = ROUNDS * 1e6 / (double)took_us;
    if (json) {
        (void)printf("{\"name\":\"%s\",\"unit\":\"/s\",\"value\":%.0f}\n", name, rate);
    } else {
        (void)printf("%-44s %12.0f /s\n", name, rate);
    }
}

static int64_t measure(const struct calendar *calendar, bool days, int64_t *sum)
{
    int64_t first_s = calendar->days[0].midnight_s;
    int64_t span_s = (int64_t)(LAST_YEAR - FIRST_YEAR) * 365 * 86400 + 300 * (int64_t)86400;
    int64_t from_us = clock_monotonic_us();
    for (int i = 0; i < ROUNDS; i++) {
        int64_t start_s = first_s + roll(span_s);
        int64_t at_s = days ? calendar_add_days(calendar, start_s, 1 + roll(20), (i & 1) != 0)
                            : due_s(calendar, start_s);
        *sum += at_s & 0xff;
    }
    return clock_monotonic_us() - from_us;
}

int main(int argc, char **argv)
{
    bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
    struct policy_report report;
    struct error error = {0};
    struct calendar calendar;
    int64_t sum = 0;
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_LIMIT);
    SCOPED(calendar_file_free)
    struct calendar_file *file =
        calendar_file_read("office", slice_text(office), NULL, FIRST_YEAR, LAST_YEAR, &report);
    policy_report_done(&report);
    if (!arena || !file ||
        !calendar_compile(&file->definition, FIRST_YEAR, LAST_YEAR, arena, &calendar, &error)) {
        return 1;
    }
    say(json, "due instants of business time, two pauses", measure(&calendar, false, &sum));
    say(json, "due instants of business days", measure(&calendar, true, &sum));
    return sum != 0 ? 0 : 1;
}
