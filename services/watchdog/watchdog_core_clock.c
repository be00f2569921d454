#include "watchdog_core_clock.h"

enum { US = 1000000 };

/* An instant counts from the next whole second on. */
static int64_t seconds_up(int64_t at_us)
{
    int64_t s = at_us / US;
    return at_us % US > 0 ? s + 1 : s;
}

static int64_t seconds_to_us(int64_t s)
{
    return s >= INT64_MAX / US ? INT64_MAX : s * US;
}

static const struct calendar *rule_calendar(const struct policy *policy,
                                            const struct policy_clock *rule)
{
    return rule->calendar < policy->calendar_count ? &policy->calendars[rule->calendar] : NULL;
}

/* NULL: own time is elapsed time. */
static const struct calendar *own_calendar(const struct policy *policy,
                                           const struct policy_clock *rule)
{
    return rule->target == TARGET_ELAPSED ? NULL : rule_calendar(policy, rule);
}

static int64_t own_between(const struct calendar *calendar, int64_t from_s, int64_t to_s)
{
    if (to_s <= from_s) {
        return 0;
    }
    return calendar ? calendar_between(calendar, from_s, to_s) : to_s - from_s;
}

static int64_t own_add(const struct calendar *calendar, int64_t start_s, int64_t seconds)
{
    if (start_s == INT64_MAX) {
        return INT64_MAX;
    }
    if (!calendar) {
        return start_s + seconds;
    }
    return calendar_covers(calendar, start_s) ? calendar_add(calendar, start_s, seconds)
                                              : INT64_MAX;
}

/* When the clock would be due had it never paused. */
static int64_t
unpaused_due_s(const struct policy *policy, const struct policy_clock *rule, int64_t start_s)
{
    const struct calendar *calendar = own_calendar(policy, rule);
    if (rule->target != TARGET_BUSINESS_DAYS || !calendar) {
        return own_add(calendar, start_s, rule->target_s);
    }
    if (!calendar_covers(calendar, start_s)) {
        return INT64_MAX;
    }
    return calendar_add_days(calendar, start_s, rule->target_days, rule->end_of_day);
}

/* Pauses push an instant back in own time; without any it stays where it is, open or not. */
static int64_t after_pauses_s(const struct calendar *calendar, int64_t at_s, int64_t paused_s)
{
    return paused_s > 0 ? own_add(calendar, at_s, paused_s) : at_s;
}

static int64_t
due_s(const struct policy *policy, const struct policy_clock *rule, const struct watch_clock *clock)
{
    int64_t unpaused_s = unpaused_due_s(policy, rule, seconds_up(clock->started_at_us));
    return after_pauses_s(own_calendar(policy, rule), unpaused_s, clock->paused_s);
}

static int64_t percent_due_s(const struct policy *policy,
                             const struct policy_clock *rule,
                             const struct watch_clock *clock,
                             int64_t percent)
{
    const struct calendar *calendar = own_calendar(policy, rule);
    int64_t start_s = seconds_up(clock->started_at_us);
    int64_t whole_s = rule->target_s;
    if (rule->target == TARGET_BUSINESS_DAYS) {
        int64_t end_s = unpaused_due_s(policy, rule, start_s);
        if (end_s == INT64_MAX) {
            return INT64_MAX;
        }
        whole_s = own_between(calendar, start_s, end_s);
    }
    return own_add(calendar, start_s, whole_s * percent / 100 + clock->paused_s);
}

/* An offset in business time; before the due instant it is measured from the start. */
static int64_t business_due_s(const struct policy *policy,
                              const struct policy_clock *rule,
                              int64_t start_s,
                              int64_t at_s,
                              int64_t offset_s)
{
    const struct calendar *calendar = rule_calendar(policy, rule);
    if (offset_s >= 0) {
        return own_add(calendar, at_s, offset_s);
    }
    int64_t left_s = own_between(calendar, start_s, at_s) + offset_s;
    return left_s > 0 ? own_add(calendar, start_s, left_s) : start_s;
}

static int64_t level_due_us(const struct policy *policy,
                            const struct policy_clock *rule,
                            const struct watch_clock *clock,
                            const struct policy_level *level)
{
    if (level->action == LEVEL_BREACH) {
        return clock->due_us;
    }
    int64_t start_s = seconds_up(clock->started_at_us);
    int64_t end_s = clock->due_us == INT64_MAX ? INT64_MAX : clock->due_us / US;
    int64_t at_s = INT64_MAX;
    switch (level->offset) {
    case OFFSET_PERCENT:
        at_s = level->value == 100 ? end_s : percent_due_s(policy, rule, clock, level->value);
        break;
    case OFFSET_ELAPSED:
        at_s = end_s == INT64_MAX ? INT64_MAX : end_s + level->value;
        break;
    case OFFSET_BUSINESS:
        at_s = end_s == INT64_MAX ? INT64_MAX
                                  : business_due_s(policy, rule, start_s, end_s, level->value);
        break;
    }
    return seconds_to_us(at_s < start_s ? start_s : at_s);
}

bool clock_in_force(const struct watch_clock *clock)
{
    return clock->phase != WATCH_IDLE && clock->verdict != CLOCK_CANCELLED;
}

enum watch_phase clock_doing(const struct watch_clock *clock)
{
    return (enum watch_phase)(clock_in_force(clock) ? clock->phase : clock->shadow);
}

static void clock_do(struct watch_clock *clock, enum watch_phase phase)
{
    if (clock_in_force(clock)) {
        clock->phase = (uint8_t)phase;
    } else {
        clock->shadow = (uint8_t)phase;
    }
}

void clock_start(struct watch_clock *clock, int64_t at_us)
{
    clock->started_at_us = at_us;
    clock->paused_at_us = 0;
    clock->paused_s = 0;
    clock_do(clock, WATCH_RUNNING);
}

void clock_pause(struct watch_clock *clock, int64_t at_us)
{
    clock->paused_at_us = at_us;
    clock_do(clock, WATCH_PAUSED);
}

void clock_resume(const struct policy *policy,
                  uint32_t index,
                  struct watch_clock *clock,
                  int64_t at_us)
{
    const struct calendar *calendar = own_calendar(policy, &policy->clocks[index]);
    int64_t from_us =
        clock->paused_at_us > clock->started_at_us ? clock->paused_at_us : clock->started_at_us;
    int64_t paused_s =
        clock->paused_s + own_between(calendar, seconds_up(from_us), seconds_up(at_us));
    clock->paused_s = paused_s < INT32_MAX ? (int32_t)paused_s : INT32_MAX;
    clock->paused_at_us = 0;
    clock_do(clock, WATCH_RUNNING);
}

void clock_stop(const struct policy *policy,
                uint32_t index,
                struct watch_clock *clock,
                int64_t at_us)
{
    if (clock_doing(clock) == WATCH_PAUSED) {
        clock_resume(policy, index, clock, at_us);
    }
    clock->paused_at_us = at_us;
    clock_do(clock, WATCH_STOPPED);
}

uint16_t clock_next_level(const struct policy *policy,
                          uint32_t index,
                          const struct watch_clock *clock,
                          int64_t *due_us)
{
    const struct policy_clock *rule = &policy->clocks[index];
    uint16_t next = POLICY_NONE;
    *due_us = INT64_MAX;
    if (clock->phase != WATCH_RUNNING || !clock_in_force(clock)) {
        return next;
    }
    for (uint16_t i = 0; i < rule->level_count; i++) {
        if ((clock->levels_fired >> i & 1U) != 0) {
            continue;
        }
        int64_t at_us = level_due_us(policy, rule, clock, &rule->levels[i]);
        if (at_us < *due_us) {
            *due_us = at_us;
            next = i;
        }
    }
    return next;
}

void clock_refresh_level(const struct policy *policy, uint32_t index, struct watch_clock *clock)
{
    (void)clock_next_level(policy, index, clock, &clock->next_level_us);
}

void clock_refresh(const struct policy *policy, uint32_t index, struct watch_clock *clock)
{
    clock->due_us = clock->phase == WATCH_PAUSED
                        ? 0
                        : seconds_to_us(due_s(policy, &policy->clocks[index], clock));
    clock_refresh_level(policy, index, clock);
}

int64_t clock_late_s(const struct policy *policy,
                     uint32_t index,
                     const struct watch_clock *clock,
                     int64_t at_us)
{
    if (clock->due_us <= 0 || clock->due_us == INT64_MAX) {
        return 0;
    }
    return own_between(
        own_calendar(policy, &policy->clocks[index]), clock->due_us / US, seconds_up(at_us));
}

struct event_clock clock_tell(const struct policy *policy,
                              uint32_t index,
                              const struct watch_clock *clock,
                              int64_t at_us)
{
    const struct policy_clock *rule = &policy->clocks[index];
    const struct calendar *calendar = rule_calendar(policy, rule);
    int64_t until_us = clock->paused_at_us != 0 ? clock->paused_at_us : at_us;
    int64_t used_s = own_between(own_calendar(policy, rule),
                                 seconds_up(clock->started_at_us),
                                 seconds_up(until_us)) -
                     clock->paused_s;
    return (struct event_clock){
        .name = slice_text(rule->id),
        .generation = clock->generation,
        .started_at_us = clock->started_at_us,
        .due_us = clock->due_us,
        .paused_at_us = clock->paused_at_us,
        .used_s = used_s > 0 ? used_s : 0,
        .target_s = rule->target == TARGET_BUSINESS_DAYS ? 0 : rule->target_s,
        .target_days = rule->target == TARGET_BUSINESS_DAYS ? rule->target_days : 0,
        .calendar = slice_text(calendar ? calendar->name : NULL),
        .calendar_version = slice_text(calendar ? calendar->version : NULL),
        .rule = slice_text(rule->rule),
        .verdict = (enum clock_verdict)clock->verdict,
    };
}

static int64_t told_paused_s(const struct policy *policy,
                             const struct policy_clock *rule,
                             const struct event_clock *told,
                             int64_t fallback_s)
{
    const struct calendar *calendar = own_calendar(policy, rule);
    int64_t start_s = seconds_up(told->started_at_us);
    if (told->due_us == INT64_MAX || told->used_s < 0 || told->used_s > INT64_MAX / US) {
        return fallback_s;
    }
    if (told->due_us == 0) {
        return own_between(calendar, start_s, seconds_up(told->paused_at_us)) - told->used_s;
    }
    return own_between(calendar, unpaused_due_s(policy, rule, start_s), told->due_us / US);
}

void clock_take(const struct policy *policy,
                uint32_t index,
                struct watch_clock *clock,
                const struct event_clock *told)
{
    int64_t paused_s = told_paused_s(policy, &policy->clocks[index], told, clock->paused_s);
    clock->started_at_us = told->started_at_us;
    clock->due_us = told->due_us;
    clock->paused_at_us = told->paused_at_us;
    clock->paused_s = paused_s < 0 ? 0 : paused_s < INT32_MAX ? (int32_t)paused_s : INT32_MAX;
    clock->generation = (uint16_t)told->generation;
    clock->verdict = told->verdict <= CLOCK_CANCELLED ? (uint8_t)told->verdict : CLOCK_RUNNING;
    clock->shadow = WATCH_IDLE;
    if (told->verdict == CLOCK_CANCELLED) {
        clock->phase = WATCH_STOPPED;
        clock->shadow = told->due_us != 0 ? WATCH_RUNNING : WATCH_PAUSED;
    } else if (told->paused_at_us == 0) {
        clock->phase = WATCH_RUNNING;
    } else {
        clock->phase = told->due_us != 0 ? WATCH_STOPPED : WATCH_PAUSED;
    }
    clock_refresh_level(policy, index, clock);
}
