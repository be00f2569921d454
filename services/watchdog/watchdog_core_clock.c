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

struct clock_goal
clock_goal(const struct policy *policy, uint32_t index, const struct watch_clock *clock)
{
    const struct policy_clock *rule = &policy->clocks[index];
    bool other = clock->target > 0 && clock->target <= rule->target_count;
    const struct policy_target *target = other ? &rule->targets[clock->target - 1] : NULL;
    uint16_t calendar = target ? target->calendar : rule->calendar;
    struct clock_goal goal = {
        .unit = target ? target->target : rule->target,
        .s = target ? target->target_s : rule->target_s,
        .days = target ? target->target_days : rule->target_days,
        .end_of_day = target ? target->end_of_day : rule->end_of_day,
        .rolls = target ? target->rolls : rule->rolls,
        .next_opening = rule->next_opening,
        .rule = target ? target->rule : rule->rule,
        .calendar = calendar < policy->calendar_count ? &policy->calendars[calendar] : NULL,
    };
    goal.s += rule->extension.by_s * clock->extensions;
    goal.days += rule->extension.by_days * clock->extensions;
    return goal;
}

/* NULL: own time is elapsed time. */
static const struct calendar *own_calendar(const struct clock_goal *goal)
{
    bool elapses = goal->unit == TARGET_ELAPSED || goal->unit == TARGET_PROMISED;
    return elapses ? NULL : goal->calendar;
}

static int64_t own_between(const struct calendar *calendar, int64_t from_s, int64_t to_s)
{
    if (to_s <= from_s) {
        return 0;
    }
    return calendar ? calendar_between(calendar, from_s, to_s) : to_s - from_s;
}

/* A closing time, where the policy prefers the opening that follows: no own time lies between. */
static int64_t
boundary_s(const struct clock_goal *goal, const struct calendar *calendar, int64_t at_s)
{
    bool closing = goal->next_opening && at_s > INT64_MIN && at_s != INT64_MAX &&
                   !calendar_is_open(calendar, at_s) && calendar_is_open(calendar, at_s - 1);
    return closing ? calendar_add(calendar, at_s, 0) : at_s;
}

static int64_t own_add(const struct clock_goal *goal,
                       const struct calendar *calendar,
                       int64_t start_s,
                       int64_t seconds)
{
    if (start_s == INT64_MAX) {
        return INT64_MAX;
    }
    if (!calendar) {
        return start_s + seconds;
    }
    return calendar_covers(calendar, start_s)
               ? boundary_s(goal, calendar, calendar_add(calendar, start_s, seconds))
               : INT64_MAX;
}

/* When the clock would be due had it never paused. */
static int64_t unpaused_due_s(const struct clock_goal *goal, int64_t start_s)
{
    const struct calendar *calendar = own_calendar(goal);
    if (goal->unit != TARGET_BUSINESS_DAYS || !calendar) {
        return own_add(goal, calendar, start_s, goal->s);
    }
    if (!calendar_covers(calendar, start_s)) {
        return INT64_MAX;
    }
    int64_t at_s = calendar_add_days(calendar, start_s, goal->days, goal->end_of_day);
    bool closed = goal->rolls && at_s != INT64_MAX && !calendar_is_open(calendar, at_s) &&
                  !calendar_is_open(calendar, at_s - 1);
    return closed ? calendar_add(calendar, at_s, 0) : at_s;
}

/* Pauses push an instant back in own time; without any it stays where it is, open or not. */
static int64_t due_s(const struct clock_goal *goal, const struct watch_clock *clock)
{
    int64_t at_s = unpaused_due_s(goal, seconds_up(clock->started_at_us));
    return clock->paused_s > 0 ? own_add(goal, own_calendar(goal), at_s, clock->paused_s) : at_s;
}

static int64_t
percent_due_s(const struct clock_goal *goal, const struct watch_clock *clock, int64_t percent)
{
    const struct calendar *calendar = own_calendar(goal);
    int64_t start_s = seconds_up(clock->started_at_us);
    int64_t whole_s = goal->s;
    if (goal->unit == TARGET_PROMISED) {
        return start_s + (clock->due_us / US - start_s) * percent / 100;
    }
    if (goal->unit == TARGET_BUSINESS_DAYS) {
        int64_t end_s = unpaused_due_s(goal, start_s);
        if (end_s == INT64_MAX) {
            return INT64_MAX;
        }
        whole_s = own_between(calendar, start_s, end_s);
    }
    return own_add(goal, calendar, start_s, whole_s * percent / 100 + clock->paused_s);
}

/* An offset in business time; before the due instant it is measured from the start. */
static int64_t
business_due_s(const struct clock_goal *goal, int64_t start_s, int64_t at_s, int64_t offset_s)
{
    if (offset_s >= 0) {
        return own_add(goal, goal->calendar, at_s, offset_s);
    }
    int64_t left_s = own_between(goal->calendar, start_s, at_s) + offset_s;
    return left_s > 0 ? own_add(goal, goal->calendar, start_s, left_s) : start_s;
}

static int64_t days_due_s(const struct clock_goal *goal, int64_t at_s, int64_t days)
{
    if (!goal->calendar || !calendar_covers(goal->calendar, at_s)) {
        return INT64_MAX;
    }
    return calendar_add_days(goal->calendar, at_s, days, false);
}

static int64_t level_due_us(const struct clock_goal *goal,
                            const struct watch_clock *clock,
                            const struct policy_level *level)
{
    if (level->action == LEVEL_BREACH || clock->due_us == INT64_MAX) {
        return clock->due_us;
    }
    int64_t start_s = seconds_up(clock->started_at_us);
    int64_t end_s = clock->due_us / US;
    int64_t at_s = end_s;
    switch (level->offset) {
    case OFFSET_PERCENT:
        at_s = level->value == 100 ? end_s : percent_due_s(goal, clock, level->value);
        break;
    case OFFSET_ELAPSED:
        at_s += level->value;
        break;
    case OFFSET_BUSINESS:
        at_s = business_due_s(goal, start_s, end_s, level->value);
        break;
    case OFFSET_DAYS:
        at_s = days_due_s(goal, end_s, level->value);
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
    clock->extensions = 0;
    clock->done = 0;
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
    struct clock_goal goal = clock_goal(policy, index, clock);
    const struct calendar *calendar = own_calendar(&goal);
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
    struct clock_goal goal = clock_goal(policy, index, clock);
    for (uint16_t i = 0; i < rule->level_count; i++) {
        if ((clock->levels_fired >> i & 1U) != 0) {
            continue;
        }
        int64_t at_us = level_due_us(&goal, clock, &rule->levels[i]);
        if (at_us < *due_us) {
            *due_us = at_us;
            next = i;
        }
    }
    return next;
}

int64_t clock_level_due_us(const struct policy *policy,
                           uint32_t index,
                           const struct watch_clock *clock,
                           uint16_t level)
{
    struct clock_goal goal = clock_goal(policy, index, clock);
    return level_due_us(&goal, clock, &policy->clocks[index].levels[level]);
}

void clock_refresh_level(const struct policy *policy, uint32_t index, struct watch_clock *clock)
{
    (void)clock_next_level(policy, index, clock, &clock->next_level_us);
}

int64_t
clock_reckon_us(const struct policy *policy, uint32_t index, const struct watch_clock *clock)
{
    struct clock_goal goal = clock_goal(policy, index, clock);
    return goal.unit == TARGET_PROMISED ? clock->due_us : seconds_to_us(due_s(&goal, clock));
}

void clock_refresh(const struct policy *policy, uint32_t index, struct watch_clock *clock)
{
    clock->due_us = clock->phase == WATCH_PAUSED ? 0 : clock_reckon_us(policy, index, clock);
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
    struct clock_goal goal = clock_goal(policy, index, clock);
    return own_between(own_calendar(&goal), clock->due_us / US, seconds_up(at_us));
}

int64_t clock_used_s(const struct policy *policy,
                     uint32_t index,
                     const struct watch_clock *clock,
                     int64_t at_us)
{
    struct clock_goal goal = clock_goal(policy, index, clock);
    int64_t until_us = clock->paused_at_us != 0 ? clock->paused_at_us : at_us;
    int64_t used_s =
        own_between(own_calendar(&goal), seconds_up(clock->started_at_us), seconds_up(until_us)) -
        clock->paused_s;
    return used_s > 0 ? used_s : 0;
}

struct event_clock clock_tell(const struct policy *policy,
                              uint32_t index,
                              const struct watch_clock *clock,
                              int64_t at_us)
{
    const struct policy_clock *rule = &policy->clocks[index];
    struct clock_goal goal = clock_goal(policy, index, clock);
    if (goal.unit == TARGET_PROMISED) {
        goal.s = clock->due_us / US - seconds_up(clock->started_at_us);
    }
    return (struct event_clock){
        .name = slice_text(rule->id),
        .generation = clock->generation,
        .started_at_us = clock->started_at_us,
        .due_us = clock->due_us,
        .paused_at_us = clock->paused_at_us,
        .used_s = clock_used_s(policy, index, clock, at_us),
        .target_s = goal.unit == TARGET_BUSINESS_DAYS ? 0 : goal.s,
        .target_days = goal.unit == TARGET_BUSINESS_DAYS ? goal.days : 0,
        .calendar = slice_text(goal.calendar ? goal.calendar->name : NULL),
        .calendar_version = slice_text(goal.calendar ? goal.calendar->version : NULL),
        .rule = slice_text(goal.rule),
        .verdict = (enum clock_verdict)clock->verdict,
        .paused_s = clock->paused_s,
        .extensions = clock->extensions,
    };
}

static uint8_t target_of(const struct policy_clock *rule, struct slice told)
{
    for (uint16_t i = 0; i < rule->target_count; i++) {
        if (slice_equal(told, slice_text(rule->targets[i].rule))) {
            return (uint8_t)(i + 1);
        }
    }
    return 0;
}

static int64_t within(int64_t value, int64_t max)
{
    return value < 0 ? 0 : value < max ? value : max;
}

void clock_take(const struct policy *policy,
                uint32_t index,
                struct watch_clock *clock,
                const struct event_clock *told)
{
    if (told->started_at_us != clock->started_at_us || told->extensions != clock->extensions) {
        clock->done = 0; /* what an extension asks for has to be done anew */
    }
    clock->started_at_us = told->started_at_us;
    clock->due_us = told->due_us;
    clock->paused_at_us = told->paused_at_us;
    clock->paused_s = (int32_t)within(told->paused_s, INT32_MAX);
    clock->generation = (uint16_t)told->generation;
    clock->extensions = (uint8_t)within(told->extensions, UINT8_MAX);
    clock->target = target_of(&policy->clocks[index], told->rule);
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
