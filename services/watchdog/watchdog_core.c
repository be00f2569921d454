#include "watchdog_core.h"

#include "watchdog_core_clock.h"
#include "watchdog_core_facts.h"

enum {
    KINDS_PER_CAUSE = 4, /* stopped, started, paused, resumed */
    EVENT_SCHEMA = 1,
};

/* An input at work on the clocks. */
struct change {
    const struct policy *policy;
    const struct event *event;
    const struct watch_case *before;
    struct watch_case *now;
    bool fold;                 /* only shadows move */
    uint8_t started;           /* bit set: clocks that began in this change */
    struct event_clocks ended; /* clocks that stopped and began again in it, as they stopped */
};

size_t watch_case_size(const struct policy *policy)
{
    return offsetof(struct watch_case, clocks) + policy->clock_count * sizeof(struct watch_clock);
}

/* ---- one clock ---------------------------------------------------------------------------- */

static bool clock_fits(const struct change *change, uint32_t index)
{
    const struct watch_case *now = change->now;
    bool sees_text = change->event->kind == EVENT_RECEIVED;
    struct policy_when when = change->policy->clocks[index].when;
    if (when.pattern_count > 0 && !sees_text) {
        if (now->clocks[index].phase == WATCH_IDLE) {
            return false;
        }
        when.pattern_count = 0; /* what was seen at receipt stays seen */
    }
    const struct policy_facts facts = {
        .channel = now->channel,
        .category = now->category,
        .class_index = now->class_index,
        .repeats = now->repeats,
        .label_count = sees_text ? change->event->received.label_count : 0,
        .labels = sees_text ? change->event->received.labels : NULL,
    };
    return policy_when_holds(change->policy, &when, &facts);
}

static bool moves(const struct watch_clock *clock)
{
    return clock_doing(clock) == WATCH_RUNNING || clock_doing(clock) == WATCH_PAUSED;
}

static void next_generation(struct watch_clock *clock)
{
    if (clock_in_force(clock) && clock->generation < UINT16_MAX) {
        clock->generation++;
    }
}

static void refresh(const struct change *change, uint32_t index)
{
    if (clock_in_force(&change->now->clocks[index])) {
        clock_refresh(change->policy, index, &change->now->clocks[index]);
    }
}

static void stop_at_mark(const struct change *change, uint32_t index, const struct mark *mark)
{
    struct watch_clock *clock = &change->now->clocks[index];
    if (clock_doing(clock) == WATCH_IDLE && clock->started_at_us == 0 && clock->paused_at_us == 0) {
        clock->paused_at_us = mark->at_us; /* its start may still be on the way */
        return;
    }
    if (!moves(clock)) {
        return;
    }
    bool paused = clock_doing(clock) == WATCH_PAUSED;
    clock_stop(change->policy, index, clock, mark->at_us);
    if (!clock_in_force(clock)) {
        return;
    }
    clock_refresh(change->policy, index, clock);
    if (clock->verdict == CLOCK_RUNNING) {
        bool late = !paused && mark->at_us > clock->due_us;
        clock->verdict = late ? CLOCK_MISSED : CLOCK_MET;
    }
}

static void begin(const struct change *change, uint32_t index, int64_t at_us)
{
    struct watch_clock *clock = &change->now->clocks[index];
    clock_start(clock, at_us);
    if (change->now->closed && at_us < change->now->closed_at_us) {
        clock_stop(change->policy, index, clock, change->now->closed_at_us);
    } else if (change->now->waiting && !change->now->closed &&
               change->policy->clocks[index].pauses_for_customer) {
        clock_pause(clock, at_us);
    }
}

static struct event_clock tell_change(const struct change *change, uint32_t index)
{
    const struct watch_clock *clock = &change->now->clocks[index];
    struct event_clock told = clock_tell(change->policy, index, clock, change->event->at_us);
    if (clock->phase != WATCH_STOPPED) {
        return told;
    }
    if (clock->verdict == CLOCK_MISSED) {
        told.late_s = clock_late_s(change->policy, index, clock, clock->paused_at_us);
    } else if (clock->verdict == CLOCK_MET && change->before->clocks[index].verdict == CLOCK_MET &&
               (change->started >> index & 1U) == 0) {
        told.verdict = CLOCK_RUNNING; /* it was met before it was reopened: told once, not twice */
    }
    return told;
}

static void begin_again(struct change *change, uint32_t index, int64_t at_us)
{
    struct watch_clock *clock = &change->now->clocks[index];
    if (change->before->clocks[index].phase != WATCH_STOPPED) {
        struct event_clock *ended = &change->ended.clocks[change->ended.count++];
        *ended = tell_change(change, index); /* before it counts as started */
    }
    next_generation(clock);
    clock->verdict = CLOCK_RUNNING;
    clock->levels_fired = 0;
    clock->breached = 0;
    begin(change, index, at_us);
    clock_refresh(change->policy, index, clock);
    change->started |= (uint8_t)(1U << index);
}

static void start_at_mark(struct change *change, uint32_t index, const struct mark *mark)
{
    struct watch_clock *clock = &change->now->clocks[index];
    bool dispatch = event_kind_service(mark->kind) == SERVICE_DISPATCH;
    if (clock_doing(clock) == WATCH_IDLE) {
        int64_t stopped_at_us = clock->paused_at_us;
        begin(change, index, mark->at_us);
        if (!dispatch && stopped_at_us != 0 && stopped_at_us >= mark->at_us) {
            clock_stop(change->policy, index, clock, stopped_at_us);
        }
    } else if (clock_doing(clock) == WATCH_STOPPED && dispatch) {
        /* Only dispatch's facts recur: what intake and triage say is said once. */
        if (!clock_in_force(clock)) {
            begin(change, index, mark->at_us);
        } else if (clock_fits(change, index)) {
            begin_again(change, index, mark->at_us);
        }
    }
}

static void follow_step(const struct change *change, uint32_t index)
{
    const struct policy_clock *rule = &change->policy->clocks[index];
    const struct watch_case *before = change->before;
    const struct watch_case *now = change->now;
    struct watch_clock *clock = &change->now->clocks[index];
    int64_t at_us = change->event->at_us;
    if (now->closed) {
        if (!before->closed && moves(clock)) {
            clock_stop(change->policy, index, clock, at_us);
            refresh(change, index);
        }
        return;
    }
    bool resumes = clock_doing(clock) == WATCH_PAUSED && !now->waiting;
    if (before->closed && clock_doing(clock) == WATCH_STOPPED &&
        clock->paused_at_us == before->closed_at_us &&
        !policy_kind_in(rule->starts, change->event->kind)) {
        resumes = true;
    }
    if (resumes) {
        clock_resume(change->policy, index, clock, at_us);
        next_generation(clock);
        refresh(change, index);
    }
    if (now->waiting && rule->pauses_for_customer && clock_doing(clock) == WATCH_RUNNING) {
        clock_pause(clock, at_us);
        refresh(change, index);
    }
}

/* The case no longer has this clock.  A verdict that was written stays, and ends the clock. */
static void withdraw(const struct change *change, uint32_t index)
{
    struct watch_clock *clock = &change->now->clocks[index];
    if (clock->verdict == CLOCK_RUNNING) {
        clock->shadow = clock->phase;
        clock->phase = WATCH_STOPPED;
        clock->verdict = CLOCK_CANCELLED;
        return;
    }
    clock_stop(change->policy, index, clock, change->event->at_us);
    refresh(change, index);
}

/* The case has this clock from its original start on, whenever that became known. */
static void put_in_force(struct change *change, uint32_t index)
{
    struct watch_clock *clock = &change->now->clocks[index];
    clock->phase = clock->shadow;
    clock->shadow = WATCH_IDLE;
    clock->verdict = CLOCK_RUNNING;
    next_generation(clock);
    clock_refresh(change->policy, index, clock);
    bool by_closing = change->now->closed && clock->paused_at_us == change->now->closed_at_us &&
                      !policy_kind_in(change->policy->clocks[index].stops, EVENT_CLOSED);
    if (clock->phase == WATCH_STOPPED && !by_closing) {
        clock->verdict = clock->paused_at_us > clock->due_us ? CLOCK_MISSED : CLOCK_MET;
    }
    change->started |= (uint8_t)(1U << index);
}

static void
move_clock(struct change *change, uint32_t index, const struct mark *marks, uint32_t mark_count)
{
    const struct policy_clock *rule = &change->policy->clocks[index];
    struct watch_clock *clock = &change->now->clocks[index];
    for (uint32_t i = 0; i < mark_count; i++) {
        if (policy_kind_in(rule->stops, marks[i].kind)) {
            stop_at_mark(change, index, &marks[i]);
        }
        if (i + 1 == mark_count) {
            follow_step(change, index);
        }
        if (policy_kind_in(rule->starts, marks[i].kind)) {
            start_at_mark(change, index, &marks[i]);
        }
    }
    if (change->fold) {
        return;
    }
    bool fits = clock_fits(change, index);
    if (clock_in_force(clock)) {
        if (!fits && moves(clock)) {
            withdraw(change, index);
        }
    } else if (fits && clock->shadow != WATCH_IDLE) {
        put_in_force(change, index);
    }
}

/* Learns the facts and moves every clock, or in a fold the shadows alone. */
static void apply(struct change *change)
{
    if (facts_repeat(change->before, change->event)) {
        return;
    }
    struct mark marks[MARKS_MAX];
    facts_learn(change->policy, change->now, change->event);
    uint32_t mark_count = facts_marks(change->before, change->now, change->event, marks);
    for (uint32_t i = 0; i < change->policy->clock_count; i++) {
        if (!change->fold || !clock_in_force(&change->before->clocks[i])) {
            move_clock(change, i, marks, mark_count);
        }
    }
}

/* ---- telling ------------------------------------------------------------------------------ */

static enum event_kind kind_of_change(const struct change *change, uint32_t index)
{
    const struct watch_clock *before = &change->before->clocks[index];
    const struct watch_clock *now = &change->now->clocks[index];
    if ((change->started >> index & 1U) != 0) {
        return EVENT_CLOCKS_STARTED;
    }
    if (before->phase == now->phase && before->verdict == now->verdict) {
        return EVENT_NONE;
    }
    switch ((enum watch_phase)now->phase) {
    case WATCH_RUNNING:
        return EVENT_CLOCKS_RESUMED;
    case WATCH_PAUSED:
        return EVENT_CLOCKS_PAUSED;
    case WATCH_STOPPED:
        return EVENT_CLOCKS_STOPPED;
    case WATCH_IDLE:
        break;
    }
    return EVENT_NONE;
}

static struct event *tell(struct watch_output *output,
                          enum event_kind kind,
                          const struct policy *policy,
                          const struct watch_case *state,
                          const struct event *cause,
                          int64_t at_us)
{
    assert(output->count < WATCH_EVENTS_MAX);
    struct event *event = &output->events[output->count++];
    memset(event, 0, sizeof *event);
    event->service = SERVICE_WATCHDOG;
    event->partition = case_partition(state->case_id);
    event->kind = kind;
    event->schema = EVENT_SCHEMA;
    event->case_id = state->case_id;
    event->at_us = at_us;
    event->clocks.policy_id = state->policy_id;
    if (state->channel < policy->channel_count) {
        event->clocks.channel = slice_text(policy->channels[state->channel].id);
    }
    if (state->category < policy->category_count) {
        event->clocks.category = slice_text(policy->categories[state->category].id);
    }
    if (cause) {
        event->cause_service = event_kind_service(cause->kind);
        event->cause_seq = cause->seq;
        event->at_us = at_us > cause->at_us ? at_us : cause->at_us;
    }
    return event;
}

static void tell_changes(const struct change *change, int64_t now_us, struct watch_output *output)
{
    static const enum event_kind order[KINDS_PER_CAUSE] = {
        EVENT_CLOCKS_STOPPED, EVENT_CLOCKS_STARTED, EVENT_CLOCKS_PAUSED, EVENT_CLOCKS_RESUMED};
    for (uint32_t k = 0; k < KINDS_PER_CAUSE; k++) {
        struct event_clocks told = {0};
        if (order[k] == EVENT_CLOCKS_STOPPED) {
            told = change->ended;
        }
        for (uint32_t i = 0; i < change->policy->clock_count; i++) {
            if (kind_of_change(change, i) == order[k]) {
                told.clocks[told.count++] = tell_change(change, i);
            }
        }
        if (told.count > 0) {
            struct event *event =
                tell(output, order[k], change->policy, change->now, change->event, now_us);
            event->clocks.count = told.count;
            memcpy(event->clocks.clocks, told.clocks, told.count * sizeof *told.clocks);
        }
    }
}

static enum event_kind level_kind(enum level_action action)
{
    switch (action) {
    case LEVEL_WARN:
        return EVENT_CLOCK_WARNED;
    case LEVEL_BREACH:
        return EVENT_CLOCK_BREACHED;
    case LEVEL_ESCALATE:
        break;
    }
    return EVENT_CLOCK_ESCALATED;
}

/* Fires and folds the level that is due first, if it is due by until_us. */
static bool fire_level(const struct policy *policy,
                       struct watch_case *state,
                       const struct event *cause,
                       int64_t until_us,
                       int64_t now_us,
                       struct watch_output *output)
{
    uint32_t index = 0;
    int64_t due_us = INT64_MAX;
    for (uint32_t i = 0; i < policy->clock_count; i++) {
        if (state->clocks[i].phase == WATCH_RUNNING && state->clocks[i].next_level_us < due_us) {
            due_us = state->clocks[i].next_level_us;
            index = i;
        }
    }
    if (due_us == INT64_MAX || due_us > until_us) {
        return false;
    }
    const struct watch_clock *clock = &state->clocks[index];
    uint16_t level_index = clock_next_level(policy, index, clock, &due_us);
    if (level_index == POLICY_NONE) {
        return false;
    }
    const struct policy_level *level = &policy->clocks[index].levels[level_index];
    struct event *event = tell(output, level_kind(level->action), policy, state, cause, now_us);
    event->clocks.count = 1;
    struct event_clock *told = &event->clocks.clocks[0];
    *told = clock_tell(policy, index, clock, due_us);
    told->level = level_index + 1U;
    told->level_due_us = due_us;
    told->raise_priority_to = level->raise_priority_to;
    if (level->notify_role < policy->role_count) {
        told->notify_role = slice_text(policy->roles[level->notify_role]);
    }
    if (level->action == LEVEL_BREACH && told->verdict == CLOCK_RUNNING) {
        told->verdict = CLOCK_MISSED;
    }
    watch_evolve(policy, state, event);
    return true;
}

/* ---- the core's face ---------------------------------------------------------------------- */

void watch_event(const struct policy *policy,
                 const struct watch_case *state,
                 const struct event *event,
                 int64_t now_us,
                 struct watch_output *output)
{
    output->count = 0;
    output->more = false;
    int64_t before_us = event->at_us > INT64_MIN ? event->at_us - 1 : INT64_MIN;
    struct watch_case settled = *state;
    while (output->count < WATCH_EVENTS_MAX &&
           fire_level(policy, &settled, event, before_us, now_us, output)) {
    }
    if (output->count > WATCH_EVENTS_MAX - KINDS_PER_CAUSE) {
        output->more = true;
        return;
    }
    struct watch_case moved = settled;
    struct change change = {.policy = policy, .event = event, .before = &settled, .now = &moved};
    apply(&change);
    tell_changes(&change, now_us, output);
}

void watch_tick(const struct policy *policy,
                const struct watch_case *state,
                int64_t now_us,
                struct watch_output *output)
{
    output->count = 0;
    struct watch_case settled = *state;
    while (output->count < WATCH_EVENTS_MAX &&
           fire_level(policy, &settled, NULL, now_us, now_us, output)) {
    }
    output->more = watch_due_us(policy, &settled) <= now_us;
}

static void evolve_clock(const struct policy *policy,
                         struct watch_case *state,
                         const struct event *event,
                         const struct event_clock *told)
{
    uint16_t index = policy_clock_index(policy, told->name);
    if (index >= policy->clock_count) {
        return;
    }
    struct watch_clock *clock = &state->clocks[index];
    if (event->kind <= EVENT_CLOCKS_RESUMED) {
        bool begins = event->kind == EVENT_CLOCKS_STARTED;
        if (told->generation < clock->generation + (begins ? 1U : 0U)) {
            return; /* a repeat */
        }
        if (begins && clock->verdict != CLOCK_CANCELLED) {
            clock->levels_fired = 0;
            clock->breached = 0;
        }
        uint8_t verdict = clock->verdict;
        clock_take(policy, index, clock, told);
        if (!begins && told->verdict == CLOCK_RUNNING) {
            clock->verdict = verdict; /* written once */
        }
        return;
    }
    if (told->generation != clock->generation || told->level == 0 ||
        told->level > policy->clocks[index].level_count) {
        return;
    }
    clock->levels_fired |= (uint8_t)(1U << (told->level - 1));
    if (event->kind == EVENT_CLOCK_BREACHED) {
        clock->breached = 1;
        clock->verdict = (uint8_t)told->verdict;
    }
    clock_refresh_level(policy, index, clock);
}

void watch_evolve(const struct policy *policy, struct watch_case *state, const struct event *event)
{
    if (event_kind_service(event->kind) == SERVICE_WATCHDOG) {
        uint32_t count =
            event->clocks.count < EVENT_CLOCKS_MAX ? event->clocks.count : EVENT_CLOCKS_MAX;
        for (uint32_t i = 0; i < count; i++) {
            evolve_clock(policy, state, event, &event->clocks.clocks[i]);
        }
        return;
    }
    const struct watch_case before = *state;
    struct change change = {
        .policy = policy, .event = event, .before = &before, .now = state, .fold = true};
    apply(&change);
}

int64_t watch_due_us(const struct policy *policy, const struct watch_case *state)
{
    int64_t due_us = INT64_MAX;
    for (uint32_t i = 0; i < policy->clock_count; i++) {
        const struct watch_clock *clock = &state->clocks[i];
        if (clock->phase == WATCH_RUNNING && clock->next_level_us < due_us) {
            due_us = clock->next_level_us;
        }
    }
    return due_us;
}
