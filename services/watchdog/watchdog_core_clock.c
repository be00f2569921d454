#include "watchdog_core_clock.h"

enum { US = 1000000 };

#define PAUSED_MAX_US (INT64_C(4000000000) * US) /* more than a century */

const char clock_reason_merged[] = "merged";
const char clock_reason_unmerged[] = "unmerged";

/* So much time by the clock on the wall; what does not fit is never. */
static int64_t later(int64_t at_us, int64_t us)
{
    int64_t sum_us;
    if (__builtin_add_overflow(at_us, us, &sum_us)) {
        return us < 0 ? INT64_MIN : INT64_MAX;
    }
    return sum_us;
}

static int64_t within(int64_t value, int64_t max)
{
    return value < 0 ? 0 : value < max ? value : max;
}

struct clock_goal
clock_goal(const struct policy *policy, uint16_t index, const struct watch_clock *clock)
{
    const struct policy_clock *rule = clock_rule(policy, index);
    bool other = clock->target > 0 && clock->target <= rule->target_count;
    const struct policy_target *target = other ? &rule->targets[clock->target - 1] : NULL;
    uint16_t calendar = target ? target->calendar : rule->calendar;
    struct clock_goal goal = {
        .unit = target ? target->target : rule->target,
        .us = calendar_in_us(target ? target->target_s : rule->target_s),
        .days = target ? target->target_days : rule->target_days,
        .end_of_day = target ? target->end_of_day : rule->end_of_day,
        .rolls = target ? target->rolls : rule->rolls,
        .next_opening = rule->next_opening,
        .rule = target ? target->rule : rule->rule,
        .calendar = calendar < policy->calendar_count ? &policy->calendars[calendar] : NULL,
    };
    int64_t more_s;
    uint32_t more_days;
    policy_extension_sum(rule, clock->extensions, &more_s, &more_days);
    goal.us = later(goal.us, calendar_in_us(more_s));
    goal.days += more_days;
    return goal;
}

/* Without a calendar all time counts. */
static const struct calendar *counting(const struct calendar *calendar)
{
    static const struct calendar elapsing = {.always = true};
    return calendar ? calendar : &elapsing;
}

/* What own time is counted in. */
static const struct calendar *own_calendar(const struct clock_goal *goal)
{
    bool elapses = goal->unit == TARGET_ELAPSED || goal->unit == TARGET_PROMISED;
    return counting(elapses ? NULL : goal->calendar);
}

static bool is_open_at(const struct calendar *calendar, int64_t at_us)
{
    return calendar_is_open(calendar, calendar_second(at_us));
}

/* A closing time, where the policy prefers the opening that follows: no own time lies between. */
static int64_t
boundary_us(const struct clock_goal *goal, const struct calendar *calendar, int64_t at_us)
{
    bool closing = goal->next_opening && at_us > INT64_MIN && at_us != INT64_MAX &&
                   !is_open_at(calendar, at_us) && is_open_at(calendar, at_us - 1);
    return closing ? calendar_add_us(calendar, at_us, 0) : at_us;
}

static int64_t own_add(const struct clock_goal *goal,
                       const struct calendar *calendar,
                       int64_t start_us,
                       int64_t amount_us)
{
    if (start_us == INT64_MAX || !calendar_covers(calendar, calendar_second(start_us))) {
        return INT64_MAX;
    }
    return boundary_us(goal, calendar, calendar_add_us(calendar, start_us, amount_us));
}

/* When the clock would be due had it never paused. */
static int64_t unpaused_due_us(const struct clock_goal *goal, int64_t start_us)
{
    const struct calendar *calendar = own_calendar(goal);
    if (goal->unit != TARGET_BUSINESS_DAYS || !goal->calendar) {
        return own_add(goal, calendar, start_us, goal->us);
    }
    int64_t at_us = calendar_add_days_us(calendar, start_us, goal->days, goal->end_of_day);
    bool closed = goal->rolls && at_us != INT64_MAX && !is_open_at(calendar, at_us) &&
                  !is_open_at(calendar, at_us - 1);
    return closed ? calendar_add_us(calendar, at_us, 0) : at_us;
}

/* Pauses push an instant back in own time; without any it stays where it is, open or not. */
static int64_t pushed_due_us(const struct clock_goal *goal, const struct watch_clock *clock)
{
    int64_t at_us = unpaused_due_us(goal, clock->started_at_us);
    return clock->paused_us > 0 ? own_add(goal, own_calendar(goal), at_us, clock->paused_us)
                                : at_us;
}

/* So many percent, down to the microsecond. */
static int64_t share_us(int64_t whole_us, int64_t percent)
{
    int64_t hundredths_us;
    int64_t rest_us = whole_us % 100 * percent / 100;
    return __builtin_mul_overflow(whole_us / 100, percent, &hundredths_us)
               ? INT64_MAX
               : later(hundredths_us, rest_us);
}

static int64_t
percent_due_us(const struct clock_goal *goal, const struct watch_clock *clock, int64_t percent)
{
    const struct calendar *calendar = own_calendar(goal);
    int64_t start_us = clock->started_at_us;
    int64_t whole_us = goal->us;
    if (goal->unit == TARGET_PROMISED) {
        whole_us = calendar_between_us(calendar, start_us, clock->due_us);
    } else if (goal->unit == TARGET_BUSINESS_DAYS) {
        int64_t end_us = unpaused_due_us(goal, start_us);
        if (end_us == INT64_MAX) {
            return INT64_MAX;
        }
        whole_us = calendar_between_us(calendar, start_us, end_us);
    }
    return own_add(goal, calendar, start_us, later(share_us(whole_us, percent), clock->paused_us));
}

/* An offset in business time; before the due instant it is measured from the start. */
static int64_t
business_due_us(const struct clock_goal *goal, int64_t start_us, int64_t at_us, int64_t offset_us)
{
    const struct calendar *calendar = counting(goal->calendar);
    if (offset_us >= 0) {
        return own_add(goal, calendar, at_us, offset_us);
    }
    int64_t left_us = later(calendar_between_us(calendar, start_us, at_us), offset_us);
    return left_us > 0 ? own_add(goal, calendar, start_us, left_us) : start_us;
}

static int64_t level_due_us(const struct clock_goal *goal,
                            const struct watch_clock *clock,
                            const struct policy_level *level)
{
    if (level->action == LEVEL_BREACH || clock->due_us == INT64_MAX) {
        return clock->due_us;
    }
    int64_t start_us = clock->started_at_us;
    int64_t at_us = clock->due_us;
    switch (level->offset) {
    case OFFSET_PERCENT:
        at_us = level->value == 100 ? at_us : percent_due_us(goal, clock, level->value);
        break;
    case OFFSET_ELAPSED:
        at_us = later(at_us, calendar_in_us(level->value));
        break;
    case OFFSET_BUSINESS:
        at_us = business_due_us(goal, start_us, at_us, calendar_in_us(level->value));
        break;
    case OFFSET_DAYS:
        at_us = goal->calendar ? calendar_add_days_us(goal->calendar, at_us, level->value, false)
                               : INT64_MAX;
        break;
    }
    return at_us < start_us ? start_us : at_us;
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
    clock->paused_us = 0;
    clock->extensions = 0;
    clock->done = 0;
    clock->merged = 0;
    clock_do(clock, WATCH_RUNNING);
}

void clock_pause(struct watch_clock *clock, int64_t at_us)
{
    clock->paused_at_us = at_us;
    clock_do(clock, WATCH_PAUSED);
}

void clock_resume(const struct policy *policy,
                  uint16_t index,
                  struct watch_clock *clock,
                  int64_t at_us)
{
    struct clock_goal goal = clock_goal(policy, index, clock);
    int64_t from_us =
        clock->paused_at_us > clock->started_at_us ? clock->paused_at_us : clock->started_at_us;
    int64_t stood_us = clock_rule(policy, index)->statutory
                           ? 0
                           : calendar_between_us(own_calendar(&goal), from_us, at_us);
    clock->paused_us = within(later(clock->paused_us, stood_us), PAUSED_MAX_US);
    clock->paused_at_us = 0;
    clock->merged = 0;
    clock_do(clock, WATCH_RUNNING);
}

void clock_stop(const struct policy *policy,
                uint16_t index,
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
                          uint16_t index,
                          const struct watch_clock *clock,
                          int64_t *due_us)
{
    const struct policy_clock *rule = clock_rule(policy, index);
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
                           uint16_t index,
                           const struct watch_clock *clock,
                           uint16_t level)
{
    struct clock_goal goal = clock_goal(policy, index, clock);
    return level_due_us(&goal, clock, &clock_rule(policy, index)->levels[level]);
}

void clock_refresh_level(const struct policy *policy, uint16_t index, struct watch_clock *clock)
{
    (void)clock_next_level(policy, index, clock, &clock->next_level_us);
}

int64_t
clock_reckon_us(const struct policy *policy, uint16_t index, const struct watch_clock *clock)
{
    struct clock_goal goal = clock_goal(policy, index, clock);
    return goal.unit == TARGET_PROMISED ? clock->due_us : pushed_due_us(&goal, clock);
}

void clock_refresh(const struct policy *policy, uint16_t index, struct watch_clock *clock)
{
    clock->due_us = clock->phase == WATCH_PAUSED ? 0 : clock_reckon_us(policy, index, clock);
    clock_refresh_level(policy, index, clock);
}

int64_t clock_late_s(const struct policy *policy,
                     uint16_t index,
                     const struct watch_clock *clock,
                     int64_t at_us)
{
    if (clock->due_us <= 0 || clock->due_us == INT64_MAX) {
        return 0;
    }
    struct clock_goal goal = clock_goal(policy, index, clock);
    int64_t late_us = calendar_between_us(own_calendar(&goal), clock->due_us, at_us);
    return late_us / US + (late_us % US > 0);
}

int64_t clock_used_s(const struct policy *policy,
                     uint16_t index,
                     const struct watch_clock *clock,
                     int64_t at_us)
{
    struct clock_goal goal = clock_goal(policy, index, clock);
    int64_t until_us = clock->paused_at_us != 0 ? clock->paused_at_us : at_us;
    int64_t used_us =
        calendar_between_us(own_calendar(&goal), clock->started_at_us, until_us) - clock->paused_us;
    return used_us > 0 ? used_us / US : 0;
}

struct event_clock clock_tell(const struct policy *policy,
                              uint16_t index,
                              const struct watch_clock *clock,
                              int64_t at_us)
{
    const struct policy_clock *rule = clock_rule(policy, index);
    struct clock_goal goal = clock_goal(policy, index, clock);
    if (goal.unit == TARGET_PROMISED) {
        goal.us = calendar_between_us(own_calendar(&goal), clock->started_at_us, clock->due_us);
    }
    return (struct event_clock){
        .name = slice_text(rule->id),
        .generation = clock->generation,
        .started_at_us = clock->started_at_us,
        .due_us = clock->due_us,
        .paused_at_us = clock->paused_at_us,
        .used_s = clock_used_s(policy, index, clock, at_us),
        .target_s = goal.unit == TARGET_BUSINESS_DAYS ? 0 : goal.us / US,
        .target_days = goal.unit == TARGET_BUSINESS_DAYS ? goal.days : 0,
        .calendar = slice_text(goal.calendar ? goal.calendar->name : NULL),
        .calendar_version = slice_text(goal.calendar ? goal.calendar->version : NULL),
        .zone_version = slice_text(goal.calendar ? goal.calendar->zone_version : NULL),
        .rule = slice_text(goal.rule),
        .verdict = (enum clock_verdict)clock->verdict,
        .paused_s = clock->paused_us / US,
        .paused_rest_us = (uint32_t)(clock->paused_us % US),
        .extensions = clock->extensions,
        .task = policy_run_task(policy, index),
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

void clock_take(const struct policy *policy,
                uint16_t index,
                struct watch_clock *clock,
                const struct event_clock *told)
{
    if (told->started_at_us != clock->started_at_us || told->extensions != clock->extensions) {
        clock->done = 0; /* what an extension asks for has to be done anew */
    }
    clock->started_at_us = told->started_at_us;
    clock->due_us = told->due_us;
    clock->paused_at_us = told->paused_at_us;
    clock->paused_us = within(
        later(calendar_in_us(told->paused_s), within(told->paused_rest_us, US - 1)), PAUSED_MAX_US);
    clock->generation = (uint16_t)told->generation;
    clock->extensions = (uint8_t)within(told->extensions, UINT8_MAX);
    clock->target = target_of(clock_rule(policy, index), told->rule);
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
