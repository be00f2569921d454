/* What the events of a case do to its clocks; see oracle_runs.h. */
#include "oracle_runs_private.h"

static bool in_steps(uint64_t set, uint16_t step)
{
    return step != POLICY_NONE && (set >> step & 1U) != 0;
}

static bool stands_in(const struct policy *policy, const struct policy_clock *rule, uint16_t step)
{
    if (step == POLICY_NONE) {
        return false;
    }
    if (rule->run_steps != 0) {
        return !in_steps(rule->run_steps, step);
    }
    return in_steps(rule->pause_steps, step) ||
           (rule->pauses_for_customer && policy->steps[step].waits_for_customer);
}

/* ---- time ---- */

const struct calendar *runs_calendar(const struct policy *policy, const struct policy_clock *rule)
{
    return rule->target == TARGET_ELAPSED ? NULL : &policy->calendars[rule->calendar];
}

static int64_t own_s(const struct calendar *calendar, int64_t from_us, int64_t to_us)
{
    int64_t from_s = from_us / SECOND;
    int64_t to_s = to_us / SECOND;
    if (to_s <= from_s) {
        return 0;
    }
    return calendar ? calendar_between(calendar, from_s, to_s) : to_s - from_s;
}

static int64_t own_after(const struct calendar *calendar, int64_t from_us, int64_t s)
{
    int64_t from_s = from_us / SECOND;
    int64_t at_s = calendar ? calendar_add(calendar, from_s, s) : from_s + s;
    return at_s == INT64_MAX ? INT64_MAX : at_s * SECOND;
}

bool runs_near(const struct calendar *calendar, int64_t a_us, int64_t b_us, unsigned pauses)
{
    int64_t first_us = a_us < b_us ? a_us : b_us;
    int64_t last_us = a_us < b_us ? b_us : a_us;
    int64_t slack_us = SLACK_US * (1 + (int64_t)pauses);
    return last_us - first_us <= slack_us ||
           (calendar && own_s(calendar, first_us, last_us) <= slack_us / SECOND);
}

bool runs_is_sum(const struct policy_clock *rule)
{
    return rule->target == TARGET_ELAPSED || rule->target == TARGET_BUSINESS;
}

/* What the extension after so many is; one that is never given beyond the last. */
static const struct policy_extension *turn_of(const struct policy_clock *rule, unsigned given)
{
    static const struct policy_extension none;
    unsigned until = rule->extension.times;
    if (given < until) {
        return &rule->extension;
    }
    for (uint16_t i = 0; i < rule->further_count; i++) {
        until += rule->further[i].times;
        if (given < until) {
            return &rule->further[i];
        }
    }
    return &none;
}

int64_t runs_share_us(const struct telling *telling, uint32_t index, int64_t percent)
{
    const struct policy_clock *rule = runs_rule(telling, index);
    const struct run *run = &telling->runs[index];
    int64_t target_s = rule->target_s;
    for (unsigned i = 0; i < run->extensions; i++) {
        target_s += turn_of(rule, i)->by_s;
    }
    int64_t more_s = rule->next_opening ? 1 : 0; /* a second into the opening, and back */
    int64_t at_us = own_after(runs_calendar(telling->policy, rule),
                              run->start_us,
                              target_s * percent / 100 + run->stood_s + more_s);
    return at_us == INT64_MAX ? at_us : at_us - more_s * SECOND;
}

/* ---- what an event does ---- */

static bool is_category(const struct policy *policy, uint16_t category, uint16_t wanted)
{
    while (category != POLICY_NONE && category != wanted) {
        category = policy->categories[category].parent;
    }
    return category == wanted;
}

bool runs_fits(const struct telling *telling, const struct policy_when *when)
{
    const struct policy *policy = telling->policy;
    uint16_t category = policy_category_index(policy, telling->category);
    uint16_t class_index = policy_class_index(policy, telling->class_id);
    uint16_t channel = policy_channel_index(policy, telling->events[0]->received.channel);
    bool good = when->category_count == 0;
    for (uint16_t i = 0; i < when->category_count && !good; i++) {
        good = is_category(policy, category, when->categories[i]);
    }
    return good && when->repeats_min == 0 &&
           (when->channels == 0 ||
            (channel != POLICY_NONE && (when->channels >> channel & 1U) != 0)) &&
           (when->classes == 0 ||
            (class_index != POLICY_NONE && (when->classes >> class_index & 1U) != 0));
}

static void resume(const struct policy *policy,
                   const struct policy_clock *rule,
                   struct run *run,
                   int64_t from_us,
                   int64_t at_us)
{
    from_us = from_us > run->start_us ? from_us : run->start_us;
    run->stood_s += own_s(runs_calendar(policy, rule), from_us, at_us);
    run->pauses++;
    run->doing = RUNS;
}

/* As its step has it: a run stands in some. */
static void stand_or_go_on(const struct telling *telling,
                           const struct policy_clock *rule,
                           struct run *run,
                           int64_t at_us)
{
    bool stands = stands_in(telling->policy, rule, telling->step);
    if (run->doing == STANDS && !stands) {
        resume(telling->policy, rule, run, run->stood_from_us, at_us);
    } else if (run->doing == RUNS && stands) {
        run->doing = STANDS;
        run->stood_from_us = at_us;
    }
}

static void
end_run(struct telling *telling, uint32_t index, int64_t at_us, bool judged, bool merges)
{
    const struct policy_clock *rule = runs_rule(telling, index);
    struct run *run = &telling->runs[index];
    bool stood = run->doing == STANDS;
    if (stood) {
        resume(telling->policy, rule, run, run->stood_from_us, at_us);
    }
    run->doing = OVER;
    run->over_us = at_us;
    if (judged && !run->has_verdict) {
        int64_t due_us = runs_is_sum(rule) ? runs_share_us(telling, index, 100) : INT64_MAX;
        bool late = !stood && at_us > due_us;
        run->has_verdict = true;
        run->of_merge = merges;
        run->verdict = run->breached || late ? CLOCK_MISSED : CLOCK_MET;
        bool close = due_us != INT64_MAX &&
                     runs_near(runs_calendar(telling->policy, rule), at_us, due_us, run->pauses);
        run->unsure = run->unsure || (!run->breached && close);
    }
    run->ended = run->has_verdict ? run->verdict : CLOCK_RUNNING;
}

static void begin_run(struct telling *telling, uint32_t index, int64_t at_us)
{
    uint16_t step = telling->step;
    struct run *run = &telling->runs[index];
    const struct policy_clock *rule = runs_rule(telling, index);
    /* what is done to a case that is closed begins a run of its own, whatever step that is */
    bool stands = !telling->closed && stands_in(telling->policy, rule, step);
    *run = (struct run){.doing = stands ? STANDS : RUNS,
                        .unsure = run->unsure,
                        .start_us = at_us,
                        .stood_from_us = at_us,
                        .runs = run->runs + 1,
                        .ended = run->ended};
}

static struct slice field_of(const struct event *event, const char *name)
{
    for (uint32_t i = 0; i < event->advanced.field_count; i++) {
        if (slice_equal(event->advanced.fields[i].name, slice_text(name))) {
            return event->advanced.fields[i].value;
        }
    }
    return (struct slice){0};
}

/* More time: asked for by name, or of whatever can be extended. */
static void extend(struct telling *telling, uint32_t index, const struct event *event)
{
    const struct policy_clock *rule = runs_rule(telling, index);
    struct run *run = &telling->runs[index];
    const struct policy_extension *extension = turn_of(rule, run->extensions);
    struct slice named = field_of(event, "clock");
    bool moves = run->doing == RUNS || run->doing == STANDS;
    bool asked =
        named.size > 0 ? slice_equal(named, slice_text(rule->id)) : rule->extension.times > 0;
    bool prepared = run->done == (1U << extension->after_count) - 1U;
    bool reasoned = !extension->needs_reason || field_of(event, "reason").size > 0;
    if (!asked || !moves || !prepared || !reasoned || extension->times == 0) {
        return;
    }
    int64_t due_us = runs_share_us(telling, index, 100);
    bool close = run->doing == RUNS &&
                 runs_near(runs_calendar(telling->policy, rule), due_us, event->at_us, run->pauses);
    run->unsure = run->unsure || close || !runs_is_sum(rule);
    bool late = run->breached || (run->doing == RUNS && due_us < event->at_us);
    if (!late) {
        run->extensions++;
        run->done = 0;
        sim_reach(SOMETIMES_EXTENDED);
    }
}

static void note_done(struct telling *telling, uint32_t index, const struct event *event)
{
    const struct policy_extension *extension =
        turn_of(runs_rule(telling, index), telling->runs[index].extensions);
    for (uint16_t i = 0; i < extension->after_count && event->kind != EVENT_EXTENDED; i++) {
        if (slice_equal(event->advanced.action, slice_text(extension->after[i]))) {
            telling->runs[index].done |= 1U << i;
        }
    }
}

/* Where the case stood before, and that it was closed; what marks the event made. */
struct before {
    uint16_t step;
    bool closed;
    int64_t closed_at_us;
    uint32_t marks;
};

static bool starts_at(const struct policy_clock *rule, const struct event *event, struct before was)
{
    return policy_kind_in(rule->starts, event->kind) || (rule->start_marks & was.marks) != 0;
}

static bool stops_at(const struct policy_clock *rule, const struct event *event, struct before was)
{
    return policy_kind_in(rule->stops, event->kind) || (rule->stop_marks & was.marks) != 0;
}

static uint32_t marks_of(const struct policy *policy, const struct event *event, uint16_t step)
{
    uint16_t action = event->kind == EVENT_OPENED || step == POLICY_NONE
                          ? POLICY_NONE
                          : policy_action_index(&policy->steps[step], event->advanced.action);
    return action == POLICY_NONE ? 0 : policy->steps[step].actions[action].marks;
}

static bool lives_in(const struct policy_clock *rule, uint16_t step, bool closed)
{
    return !closed && in_steps(rule->of_steps, step);
}

/* Withdrawn, or found to be another complaint: what its step was for nobody did. */
static bool is_given_up(const struct event *event)
{
    return event->kind == EVENT_MERGED || event->advanced.outcome == OUTCOME_WITHDRAWN ||
           event->advanced.outcome == OUTCOME_DUPLICATE;
}

static void
follow_steps(struct telling *telling, uint32_t index, const struct event *event, struct before was)
{
    const struct policy_clock *rule = runs_rule(telling, index);
    struct run *run = &telling->runs[index];
    if (telling->closed) {
        if (!was.closed && (run->doing == RUNS || run->doing == STANDS)) {
            end_run(telling, index, event->at_us, false, false);
        }
        return;
    }
    bool stopped_by_closing = run->doing == OVER && run->over_us == was.closed_at_us;
    bool undone = event->kind == EVENT_UNMERGED;
    bool goes_on = rule->of_steps == 0 || (undone && in_steps(rule->of_steps, telling->step));
    if (was.closed && stopped_by_closing && goes_on && !starts_at(rule, event, was)) {
        resume(telling->policy, rule, run, was.closed_at_us, event->at_us);
        sim_reach(SOMETIMES_RESUMED_BY_REOPENING);
        if (undone && run->of_merge && run->verdict == CLOCK_MET) {
            run->has_verdict = run->told = false;
            sim_reach(SOMETIMES_VERDICT_TAKEN_BACK);
        }
        run->of_merge = false;
    }
    stand_or_go_on(telling, rule, run, event->at_us);
}

static void
move(struct telling *telling, uint32_t index, const struct event *event, struct before was)
{
    const struct policy_clock *rule = runs_rule(telling, index);
    struct run *run = &telling->runs[index];
    bool lived = lives_in(rule, was.step, was.closed);
    bool lives = lives_in(rule, telling->step, telling->closed);
    bool moves = run->doing == RUNS || run->doing == STANDS;
    if (((rule->start_marks | rule->stop_marks) & was.marks) != 0) {
        sim_reach(SOMETIMES_CLOCK_AT_MARK);
    }
    bool leaves = lived && !lives && !is_given_up(event);
    if (moves && lived && !lives && !leaves) {
        sim_reach(SOMETIMES_STEP_GIVEN_UP);
    }
    if (moves && (stops_at(rule, event, was) || leaves)) {
        end_run(telling, index, event->at_us, true, event->kind == EVENT_MERGED);
    }
    follow_steps(telling, index, event, was);
    bool starts = starts_at(rule, event, was) && (rule->of_steps == 0 || lives);
    if ((starts || (lives && !lived)) && (run->doing == IDLE || run->doing == OVER)) {
        begin_run(telling, index, event->at_us);
    } else if (!starts_at(rule, event, was)) {
        note_done(telling, index, event);
    }
    if (event->kind == EVENT_EXTENDED) {
        extend(telling, index, event);
    }
}

/* Which of a kind an event settles, else opens; -1: none.  Numbers are those of the model. */
static int task_of(const struct telling *telling,
                   const struct event *event,
                   uint16_t task,
                   const struct policy_action *action,
                   bool settles)
{
    struct slice named = field_of(event, "task");
    uint32_t moved = settles ? action->settles : action->opens;
    for (int i = 0; i < POLICY_AT_ONCE_MAX && (moved >> task & 1U) != 0; i++) {
        bool asked = named.size == 0 || !settles || named.bytes[0] == '1' + i;
        if (telling->owed[task][i] == settles && asked) {
            return i;
        }
    }
    return -1;
}

static void move_task(
    struct telling *telling, uint32_t index, const struct event *event, int settled, int opened)
{
    const struct policy_clock *rule = runs_rule(telling, index);
    struct run *run = &telling->runs[index];
    int number = policy_run_task(telling->policy, (uint16_t)index) - 1;
    if (settled == number && (run->doing == RUNS || run->doing == STANDS)) {
        end_run(telling, index, event->at_us, true, false);
    }
    stand_or_go_on(telling, rule, run, event->at_us);
    if (opened == number) {
        begin_run(telling, index, event->at_us);
        sim_reach(SOMETIMES_TASK_TIMED);
    } else {
        note_done(telling, index, event);
    }
    struct slice named = field_of(event, "task");
    if (event->kind == EVENT_EXTENDED && (named.size == 0 || named.bytes[0] == '1' + number)) {
        extend(telling, index, event);
    }
}

/* To all clocks of tasks; a task has its number in all of them. */
static void move_tasks(struct telling *telling, const struct event *event, uint16_t step)
{
    static const struct policy_action nothing;
    const struct policy *policy = telling->policy;
    uint16_t index = event->kind == EVENT_OPENED || step == POLICY_NONE
                         ? POLICY_NONE
                         : policy_action_index(&policy->steps[step], event->advanced.action);
    const struct policy_action *action =
        index == POLICY_NONE ? &nothing : &policy->steps[step].actions[index];
    for (uint16_t task = 0; task < policy->task_count; task++) {
        int settled = task_of(telling, event, task, action, true);
        if (settled >= 0) {
            telling->owed[task][settled] = false;
        }
        int opened = task_of(telling, event, task, action, false);
        if (opened >= 0) {
            telling->owed[task][opened] = true;
        }
        for (uint32_t i = 0; i < policy_run_count(policy); i++) {
            if (runs_rule(telling, i)->of_task == task + 1) {
                move_task(telling, i, event, settled, opened);
            }
        }
    }
}

static void mark(struct telling *telling, uint32_t index, enum event_kind kind, int64_t at_us)
{
    const struct policy_clock *rule = runs_rule(telling, index);
    const struct run *run = &telling->runs[index];
    if (policy_kind_in(rule->stops, kind) && (run->doing == RUNS || run->doing == STANDS)) {
        end_run(telling, index, at_us, true, false);
    }
    if (policy_kind_in(rule->starts, kind) && rule->of_steps == 0 &&
        (run->doing == IDLE || run->doing == OVER)) {
        begin_run(telling, index, at_us);
    }
}

/* The receipt, which may be an acknowledgement at once. */
static void receive(struct telling *telling, const struct event *event)
{
    int64_t at_us = event->received.received_at_us;
    for (uint32_t i = 0; i < policy_run_count(telling->policy); i++) {
        mark(telling, i, EVENT_RECEIVED, at_us);
        if (event->received.acknowledged_by_receipt) {
            mark(telling, i, EVENT_ACKNOWLEDGED, at_us);
        }
    }
}

bool runs_look_at_more(const struct policy_clock *rule)
{
    return rule->target_count > 0 || rule->when.pattern_count > 0 ||
           rule->target == TARGET_PROMISED || policy_kind_in(rule->starts, EVENT_TRIAGED);
}

static void learn(struct telling *telling, const struct event *event)
{
    const struct policy *policy = telling->policy;
    bool opened = event->kind == EVENT_OPENED;
    struct slice category = opened ? event->opened.category : event->advanced.category;
    struct slice class_id = opened ? event->opened.severity_class : event->advanced.severity_class;
    bool did_fit[EVENT_CLOCKS_MAX] = {false};
    for (uint32_t i = 0; i < policy_run_count(policy); i++) {
        did_fit[i] = runs_fits(telling, &runs_rule(telling, i)->when);
    }
    telling->category = category.size > 0 ? category : telling->category;
    telling->class_id = class_id.size > 0 ? class_id : telling->class_id;
    telling->step =
        policy_step_index(policy, opened ? event->opened.step : event->advanced.to_step);
    bool closed = policy->steps[telling->step].closed;
    telling->closed_at_us = closed && !telling->closed ? event->at_us : telling->closed_at_us;
    telling->closed = closed;
    for (uint32_t i = 0; i < policy_run_count(policy); i++) {
        bool changed = !opened && did_fit[i] != runs_fits(telling, &runs_rule(telling, i)->when);
        telling->runs[i].unsure = telling->runs[i].unsure || changed;
    }
}

void runs_tell_next(struct telling *telling)
{
    const struct event *event = telling->events[telling->next++];
    struct before was = {telling->step, telling->closed, telling->closed_at_us, 0};
    if (event->kind == EVENT_RECEIVED) {
        receive(telling, event);
    } else if (event->service == SERVICE_DISPATCH) {
        was.marks = marks_of(telling->policy, event, was.step);
        learn(telling, event);
        for (uint32_t i = 0; i < policy_run_count(telling->policy); i++) {
            if (runs_rule(telling, i)->of_task == 0) {
                move(telling, i, event, was);
            }
        }
        move_tasks(telling, event, was.step);
    }
}
