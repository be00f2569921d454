#include "watchdog_core_change.h"

#include "watchdog_core_clock.h"
#include "watchdog_core_extend.h"
#include "watchdog_core_facts.h"

static struct policy_facts facts_of(const struct change *change)
{
    const struct watch_case *now = change->now;
    bool sees_text = change->event->kind == EVENT_RECEIVED;
    return (struct policy_facts){
        .channel = now->channel,
        .category = now->category,
        .class_index = now->class_index,
        .repeats = now->repeats,
        .label_count = sees_text ? change->event->received.label_count : 0,
        .labels = sees_text ? change->event->received.labels : NULL,
    };
}

static bool clock_fits(const struct change *change, uint16_t index)
{
    struct policy_when when = clock_rule(change->policy, index)->when;
    if (when.pattern_count > 0 && change->event->kind != EVENT_RECEIVED) {
        if (change->now->clocks[index].phase == WATCH_IDLE) {
            return false;
        }
        when.pattern_count = 0; /* what was seen at receipt stays seen */
    }
    const struct policy_facts facts = facts_of(change);
    return policy_when_holds(change->policy, &when, &facts);
}

/* Which target the case has now. */
static uint8_t fitting_target(const struct change *change, uint16_t index)
{
    const struct policy_facts facts = facts_of(change);
    return policy_target_of(
        change->policy, clock_rule(change->policy, index), &facts, change->now->priority);
}

/* The clock does not run in the step. */
static bool stands_still(const struct change *change, uint16_t index)
{
    const struct policy_clock *rule = clock_rule(change->policy, index);
    uint8_t step = change->now->step;
    if (step == 0 || step > change->policy->step_count) {
        return false;
    }
    if (rule->run_steps != 0) {
        return (rule->run_steps >> (step - 1) & 1U) == 0;
    }
    return (rule->pause_steps >> (step - 1) & 1U) != 0 ||
           (rule->pauses_for_customer && change->policy->steps[step - 1].waits_for_customer);
}

static bool is_in_steps(const struct watch_case *state, const struct policy_clock *rule)
{
    return state->step != 0 && !state->closed && (rule->of_steps >> (state->step - 1) & 1U) != 0;
}

static bool enters(const struct change *change, uint16_t index)
{
    const struct policy_clock *rule = clock_rule(change->policy, index);
    return !is_in_steps(change->before, rule) && is_in_steps(change->now, rule);
}

bool change_moves(const struct watch_clock *clock)
{
    return clock_doing(clock) == WATCH_RUNNING || clock_doing(clock) == WATCH_PAUSED;
}

void change_generation(struct watch_clock *clock)
{
    if (clock_in_force(clock) && clock->generation < UINT16_MAX) {
        clock->generation++;
    }
}

static void refresh(const struct change *change, uint16_t index)
{
    if (clock_in_force(&change->now->clocks[index])) {
        clock_refresh(change->policy, index, &change->now->clocks[index]);
    }
}

/* It starts, or stops, at what happened; a mark is made by the event itself. */
static bool starts_at(const struct change *change, uint16_t index, enum event_kind kind)
{
    const struct policy_clock *rule = clock_rule(change->policy, index);
    bool itself = rule->start_marks != 0 && kind == change->event->kind;
    return policy_kind_in(rule->starts, kind) ||
           (itself && (rule->start_marks & facts_made(change->policy, change->event)) != 0);
}

static bool stops_at(const struct change *change, uint16_t index, enum event_kind kind)
{
    const struct policy_clock *rule = clock_rule(change->policy, index);
    bool itself = rule->stop_marks != 0 && kind == change->event->kind;
    return policy_kind_in(rule->stops, kind) ||
           (itself && (rule->stop_marks & facts_made(change->policy, change->event)) != 0);
}

static void stop_at_mark(const struct change *change, uint16_t index, const struct mark *mark)
{
    struct watch_clock *clock = &change->now->clocks[index];
    if (clock_doing(clock) == WATCH_IDLE && clock->started_at_us == 0 && clock->paused_at_us == 0) {
        clock->paused_at_us = mark->at_us; /* its start may still be on the way */
        return;
    }
    if (!change_moves(clock)) {
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
        clock->merged = change->event->kind == EVENT_MERGED && clock->verdict == CLOCK_MET;
    }
}

static bool is_promise(const struct change *change, uint16_t index)
{
    return clock_rule(change->policy, index)->target == TARGET_PROMISED;
}

static void begin(const struct change *change, uint16_t index, int64_t at_us)
{
    struct watch_clock *clock = &change->now->clocks[index];
    clock_start(clock, at_us);
    clock->target = fitting_target(change, index);
    if (is_promise(change, index)) {
        clock->due_us =
            facts_promise_us(change->policy, clock_rule(change->policy, index), change->event);
    }
    if (change->now->closed && at_us < change->now->closed_at_us) {
        clock_stop(change->policy, index, clock, change->now->closed_at_us);
    } else if (!change->now->closed && stands_still(change, index) &&
               at_us >= change->event->at_us) {
        /* what is told of earlier ran until the case came here: follow_step pauses it then */
        clock_pause(clock, at_us);
    }
}

/* What the event says has changed besides what the clock does. */
static void tell_old(const struct change *change, uint16_t index, struct event_clock *told)
{
    const struct watch_clock *before = &change->before->clocks[index];
    const struct watch_clock *clock = &change->now->clocks[index];
    if (!clock_in_force(before) || (change->started >> index & 1U) != 0 ||
        (before->target == clock->target && before->extensions == clock->extensions)) {
        return;
    }
    struct event_clock was = clock_tell(change->policy, index, before, change->event->at_us);
    told->old_due_us = was.due_us;
    told->old_target_s = was.target_s;
    told->old_target_days = was.target_days;
    told->reason = before->extensions != clock->extensions
                       ? extend_reason(change->event)
                       : slice_text(event_kind_name(change->event->kind));
}

struct event_clock change_tell(const struct change *change, uint16_t index)
{
    const struct watch_clock *clock = &change->now->clocks[index];
    const struct watch_clock *before = &change->before->clocks[index];
    struct event_clock told = clock_tell(change->policy, index, clock, change->event->at_us);
    tell_old(change, index, &told);
    if (clock->phase != WATCH_STOPPED) {
        bool taken_back = before->merged && clock->verdict == CLOCK_RUNNING &&
                          (change->started >> index & 1U) == 0;
        told.reason = taken_back ? slice_text(clock_reason_unmerged) : told.reason;
        return told;
    }
    if (clock->merged && !before->merged) {
        told.reason = slice_text(clock_reason_merged);
    }
    if (clock->verdict == CLOCK_MISSED) {
        told.late_s = clock_late_s(change->policy, index, clock, clock->paused_at_us);
    } else if (clock->verdict == CLOCK_MET && before->verdict == CLOCK_MET &&
               (change->started >> index & 1U) == 0) {
        told.verdict = CLOCK_RUNNING; /* it was met before it was reopened: told once, not twice */
    }
    return told;
}

static void begin_again(struct change *change, uint16_t index, int64_t at_us)
{
    struct watch_clock *clock = &change->now->clocks[index];
    if (change->before->clocks[index].phase != WATCH_STOPPED) {
        struct event_clock *ended = &change->ended.clocks[change->ended.count++];
        *ended = change_tell(change, index); /* before it counts as started */
    }
    change_generation(clock);
    clock->verdict = CLOCK_RUNNING;
    clock->levels_fired = 0;
    clock->breached = 0;
    begin(change, index, at_us);
    clock_refresh(change->policy, index, clock);
    change->started |= (uint16_t)(1U << index);
}

static void start_at_mark(struct change *change, uint16_t index, const struct mark *mark)
{
    struct watch_clock *clock = &change->now->clocks[index];
    bool dispatch = event_kind_service(mark->kind) == SERVICE_DISPATCH;
    const struct policy_clock *rule = clock_rule(change->policy, index);
    if (rule->of_steps != 0 && !is_in_steps(change->now, rule)) {
        return; /* what begins its next run in its steps is nothing to it elsewhere */
    }
    if (is_promise(change, index) && facts_promise_us(change->policy, rule, change->event) == 0) {
        return; /* nothing was promised by it */
    }
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

static void follow_closing(const struct change *change, uint16_t index)
{
    struct watch_clock *clock = &change->now->clocks[index];
    if (change->before->closed || !change_moves(clock)) {
        return;
    }
    clock_stop(change->policy, index, clock, change->event->at_us);
    refresh(change, index);
    bool goes_on = change->event->kind == EVENT_MERGED; /* if that is undone */
    if (!clock_in_force(clock) && clock_rule(change->policy, index)->of_steps != 0 &&
        facts_drop_case(change->event) && !goes_on) {
        clock->shadow = WATCH_IDLE; /* else it would count as done when the case gets the clock */
    }
}

static void follow_step(const struct change *change, uint16_t index)
{
    const struct policy_clock *rule = clock_rule(change->policy, index);
    const struct watch_case *before = change->before;
    const struct watch_case *now = change->now;
    struct watch_clock *clock = &change->now->clocks[index];
    int64_t at_us = change->event->at_us;
    if (now->closed) {
        follow_closing(change, index);
        return;
    }
    bool stands = stands_still(change, index);
    bool resumes = clock_doing(clock) == WATCH_PAUSED && !stands;
    /* A merge that is undone does not enter the step anew: its clock goes on. */
    bool undone = change->event->kind == EVENT_UNMERGED;
    bool lives = rule->of_steps == 0 || (undone && is_in_steps(now, rule));
    if (before->closed && lives && clock_doing(clock) == WATCH_STOPPED &&
        clock->paused_at_us == before->closed_at_us &&
        !starts_at(change, index, change->event->kind)) {
        resumes = true;
    }
    if (resumes) {
        clock->verdict = undone && clock->merged ? CLOCK_RUNNING : clock->verdict;
        clock_resume(change->policy, index, clock, at_us);
        change_generation(clock);
        refresh(change, index);
    }
    if (stands && clock_doing(clock) == WATCH_RUNNING) {
        clock_pause(clock, at_us);
        refresh(change, index);
    }
}

/* The case no longer has this clock.  A verdict that was written stays, and ends the clock. */
static void withdraw(const struct change *change, uint16_t index)
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
static void put_in_force(struct change *change, uint16_t index)
{
    struct watch_clock *clock = &change->now->clocks[index];
    clock->phase = clock->shadow;
    clock->shadow = WATCH_IDLE;
    clock->verdict = CLOCK_RUNNING;
    clock->target = fitting_target(change, index);
    change_generation(clock);
    clock_refresh(change->policy, index, clock);
    bool by_closing = change->now->closed && clock->paused_at_us == change->now->closed_at_us &&
                      !policy_kind_in(clock_rule(change->policy, index)->stops, EVENT_CLOSED);
    if (clock->phase == WATCH_STOPPED && !by_closing) {
        clock->verdict = clock->paused_at_us > clock->due_us ? CLOCK_MISSED : CLOCK_MET;
    }
    change->started |= (uint16_t)(1U << index);
}

/* A case of another class, category or priority is held to another target; what was used and
 * paused stays. */
static void aim(const struct change *change, uint16_t index)
{
    struct watch_clock *clock = &change->now->clocks[index];
    uint8_t target = fitting_target(change, index);
    if (target != clock->target && change_moves(clock)) {
        clock->target = target;
        change_generation(clock);
        refresh(change, index);
    }
}

static void settle_force(struct change *change, uint16_t index)
{
    struct watch_clock *clock = &change->now->clocks[index];
    bool fits = clock_fits(change, index);
    if (clock_in_force(clock)) {
        if (!fits && change_moves(clock)) {
            withdraw(change, index);
        }
    } else if (fits && clock->shadow != WATCH_IDLE) {
        put_in_force(change, index);
    }
}

/* The clock of a task: opening and settling that one task, and the steps it stands still in, are
 * all it knows; that the case is closed is nothing to it. */
static void move_task_clock(struct change *change, uint16_t index, struct facts_tasks tasks)
{
    const struct mark passing = {change->event->kind, change->event->at_us};
    struct watch_clock *clock = &change->now->clocks[index];
    uint8_t number = (uint8_t)(1U << (policy_run_task(change->policy, index) - 1));
    if ((tasks.settled & number) != 0) {
        stop_at_mark(change, index, &passing);
    }
    bool stands = stands_still(change, index);
    if (clock_doing(clock) == WATCH_PAUSED && !stands) {
        clock_resume(change->policy, index, clock, passing.at_us);
        change_generation(clock);
        refresh(change, index);
    } else if (clock_doing(clock) == WATCH_RUNNING && stands) {
        clock_pause(clock, passing.at_us);
        refresh(change, index);
    }
    if ((tasks.opened & number) != 0) {
        start_at_mark(change, index, &passing);
        if (stands && clock_doing(clock) == WATCH_RUNNING) {
            clock_pause(clock, passing.at_us);
            refresh(change, index);
        }
    }
    clock->owed = (clock->owed && (tasks.settled & number) == 0) || (tasks.opened & number) != 0;
}

static void
move_clock(struct change *change, uint16_t index, const struct mark *marks, uint32_t mark_count)
{
    const struct policy_clock *rule = clock_rule(change->policy, index);
    const struct mark passing = {change->event->kind, change->event->at_us};
    bool entered = enters(change, index);
    for (uint32_t i = 0; i < mark_count; i++) {
        bool last = i + 1 == mark_count;
        bool leaves = last && is_in_steps(change->before, rule) &&
                      !is_in_steps(change->now, rule) && !facts_drop_case(change->event);
        if (leaves || stops_at(change, index, marks[i].kind)) {
            stop_at_mark(change, index, leaves ? &passing : &marks[i]);
        }
        if (last) {
            follow_step(change, index);
        }
        if ((last && entered) || starts_at(change, index, marks[i].kind)) {
            start_at_mark(change, index, &marks[i]);
        }
    }
}

static void settle(struct change *change, uint16_t index)
{
    aim(change, index);
    if (!change->fold) {
        settle_force(change, index);
    }
}

/* In a fold the run of a clock in force moves by what the watchdog tells; its task is a fact. */
static void apply_to_task(struct change *change, uint16_t index)
{
    struct facts_tasks tasks = facts_of_tasks(change->policy, change->before, change->event, index);
    struct watch_clock *clock = &change->now->clocks[index];
    if (!change->fold || !clock_in_force(&change->before->clocks[index])) {
        move_task_clock(change, index, tasks);
        settle(change, index);
        return;
    }
    uint8_t number = (uint8_t)(1U << (policy_run_task(change->policy, index) - 1));
    clock->owed = (clock->owed && (tasks.settled & number) == 0) || (tasks.opened & number) != 0;
}

/* An action done counts for the next extension, unless it is what starts the clock. */
static void
note_action(struct change *change, uint16_t index, const struct mark *marks, uint32_t mark_count)
{
    const struct policy_clock *rule = clock_rule(change->policy, index);
    for (uint32_t i = 0; i < mark_count; i++) {
        if (starts_at(change, index, marks[i].kind)) {
            return;
        }
    }
    if (!enters(change, index)) {
        struct watch_clock *clock = &change->now->clocks[index];
        clock->done |= extend_done(policy_extension_next(rule, clock->extensions), change->event);
    }
}

void change_apply(struct change *change)
{
    if (facts_repeat(change->before, change->event)) {
        return;
    }
    struct mark marks[MARKS_MAX];
    facts_learn(change->policy, change->now, change->event);
    uint32_t mark_count = facts_marks(change->before, change->now, change->event, marks);
    if (change->receipt) {
        facts_of_receipt(change->before, change->now);
        mark_count -= mark_count > 0 && change->event->kind != EVENT_RECEIVED;
    }
    for (uint16_t i = 0, n = policy_run_count(change->policy); i < n; i++) {
        if (clock_rule(change->policy, i)->of_task != 0) {
            apply_to_task(change, i);
        } else if (!change->fold || !clock_in_force(&change->before->clocks[i])) {
            move_clock(change, i, marks, mark_count);
            settle(change, i);
        }
        if (change->fold && !change->receipt) {
            note_action(change, i, marks, mark_count);
        } else if (!change->fold) {
            extend_clock(change, i);
        }
    }
}
