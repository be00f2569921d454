#include "watchdog_core.h"

#include "watchdog_core_change.h"
#include "watchdog_core_clock.h"

enum { KINDS_PER_CAUSE = 7 }; /* stopped, started, paused, resumed, retargeted, refused, unknown */

/* ---- telling ------------------------------------------------------------------------------ */

static enum event_kind kind_of_change(const struct change *change, uint16_t index)
{
    const struct watch_clock *before = &change->before->clocks[index];
    const struct watch_clock *now = &change->now->clocks[index];
    if ((change->started >> index & 1U) != 0) {
        return EVENT_CLOCKS_STARTED;
    }
    if (before->phase == now->phase && before->verdict == now->verdict) {
        bool aimed = before->target != now->target || before->extensions != now->extensions;
        return aimed && clock_in_force(now) ? EVENT_CLOCKS_RETARGETED : EVENT_NONE;
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

static void tell_clocks(const struct change *change,
                        enum event_kind kind,
                        const struct event_clocks *told,
                        int64_t now_us,
                        struct watch_output *output)
{
    if (told->count > 0) {
        struct event *event =
            tell(output, kind, change->policy, change->now, change->event, now_us);
        event->clocks.count = told->count;
        memcpy(event->clocks.clocks, told->clocks, told->count * sizeof *told->clocks);
    }
}

/* A clock that runs towards an instant nobody knows is not left to silence. */
static void tell_unknown(const struct change *change, int64_t now_us, struct watch_output *output)
{
    struct event_clocks told = {0};
    const struct policy *policy = change->policy;
    for (uint16_t i = 0, n = policy_run_count(policy); i < n; i++) {
        bool moved = kind_of_change(change, i) != EVENT_NONE;
        if (moved && watch_is_unknown(&change->now->clocks[i])) {
            struct event_clock *clock = &told.clocks[told.count++];
            uint16_t role = clock_rule(policy, i)->unknown_role;
            *clock = change_tell(change, i);
            clock->notify_role = slice_text(role < policy->role_count ? policy->roles[role] : NULL);
        }
    }
    tell_clocks(change, EVENT_CLOCKS_UNKNOWN, &told, now_us, output);
}

static void tell_changes(const struct change *change, int64_t now_us, struct watch_output *output)
{
    static const enum event_kind order[] = {EVENT_CLOCKS_STOPPED,
                                            EVENT_CLOCKS_STARTED,
                                            EVENT_CLOCKS_PAUSED,
                                            EVENT_CLOCKS_RESUMED,
                                            EVENT_CLOCKS_RETARGETED};
    for (uint32_t k = 0; k < sizeof order / sizeof *order; k++) {
        struct event_clocks told = {0};
        if (order[k] == EVENT_CLOCKS_STOPPED) {
            told = change->ended;
        }
        for (uint16_t i = 0, n = policy_run_count(change->policy); i < n; i++) {
            if (kind_of_change(change, i) == order[k]) {
                told.clocks[told.count++] = change_tell(change, i);
            }
        }
        tell_clocks(change, order[k], &told, now_us, output);
    }
    tell_clocks(change, EVENT_CLOCKS_REFUSED, &change->refused, now_us, output);
    tell_unknown(change, now_us, output);
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
    uint16_t index = 0;
    int64_t due_us = INT64_MAX;
    for (uint16_t i = 0, n = policy_run_count(policy); i < n; i++) {
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
    const struct policy_level *level = &clock_rule(policy, index)->levels[level_index];
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

/* ---- a case first heard of long after its receipt ----------------------------------------- */

/* Its clocks have been told from the receipt on, what the event itself does has not. */
static bool is_between(const struct policy *policy, const struct watch_case *state)
{
    bool begun = false;
    for (uint16_t i = 0, n = policy_run_count(policy); i < n; i++) {
        begun = begun || clock_in_force(&state->clocks[i]);
    }
    return begun && state->received_at_us == 0;
}

/* A clock ran from the receipt until this very event stopped or paused it: no tick would see it
 * run. */
static bool hides_a_run(const struct change *change)
{
    for (uint16_t i = 0, n = policy_run_count(change->policy); i < n; i++) {
        const struct watch_clock *clock = &change->now->clocks[i];
        if ((change->started >> i & 1U) != 0 && clock->paused_at_us > clock->started_at_us) {
            return change->before->received_at_us == 0;
        }
    }
    return false;
}

/* What the event tells of the receipt, as if that had been heard first; told already: only what is
 * known by it.  False: no level came due since, and nothing needs to be told apart. */
static bool hear_receipt(const struct policy *policy,
                         struct watch_case *state,
                         const struct event *event,
                         int64_t now_us,
                         struct watch_output *output)
{
    const struct watch_case before = *state;
    struct change change = {.policy = policy,
                            .event = event,
                            .before = &before,
                            .now = state,
                            .fold = is_between(policy, state),
                            .receipt = true};
    change_apply(&change);
    if (!change.fold && watch_due_us(policy, state) < event->at_us) {
        tell_changes(&change, now_us, output);
        return true;
    }
    return false;
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
    if (is_between(policy, state)) {
        (void)hear_receipt(policy, &settled, event, now_us, output);
    }
    while (output->count < WATCH_EVENTS_MAX &&
           fire_level(policy, &settled, event, before_us, now_us, output)) {
    }
    if (output->count > WATCH_EVENTS_MAX - KINDS_PER_CAUSE) {
        output->more = true;
        return;
    }
    struct watch_case moved = settled;
    struct change change = {.policy = policy, .event = event, .before = &settled, .now = &moved};
    change_apply(&change);
    struct watch_case received = settled;
    if (hides_a_run(&change) && hear_receipt(policy, &received, event, now_us, output)) {
        output->more = true; /* the levels since the receipt come before what the event does */
        return;
    }
    tell_changes(&change, now_us, output);
}

/* A calendar that ended too soon has been given another year. */
static bool
is_known_now(const struct policy *policy, uint16_t index, const struct watch_clock *clock)
{
    return watch_is_unknown(clock) && clock_reckon_us(policy, index, clock) != INT64_MAX;
}

static void tell_known(const struct policy *policy,
                       struct watch_case *state,
                       int64_t now_us,
                       struct watch_output *output)
{
    struct event *event = NULL;
    for (uint16_t i = 0, n = policy_run_count(policy); i < n; i++) {
        if (!is_known_now(policy, i, &state->clocks[i])) {
            continue;
        }
        struct watch_clock clock = state->clocks[i];
        change_generation(&clock);
        clock_refresh(policy, i, &clock);
        if (!event) {
            event = tell(output, EVENT_CLOCKS_RETARGETED, policy, state, NULL, now_us);
        }
        struct event_clock *told = &event->clocks.clocks[event->clocks.count++];
        *told = clock_tell(policy, i, &clock, now_us);
        told->old_due_us = INT64_MAX;
        told->old_target_s = told->target_s;
        told->old_target_days = told->target_days;
        told->reason = slice_text("calendar");
    }
    if (event) {
        watch_evolve(policy, state, event);
    }
}

void watch_tick(const struct policy *policy,
                const struct watch_case *state,
                int64_t now_us,
                struct watch_output *output)
{
    output->count = 0;
    struct watch_case settled = *state;
    tell_known(policy, &settled, now_us, output);
    while (output->count < WATCH_EVENTS_MAX &&
           fire_level(policy, &settled, NULL, now_us, now_us, output)) {
    }
    output->more = watch_due_us(policy, &settled) <= now_us;
}

/* A clock that started, paused, resumed, stopped or has another target. */
static void evolve_state(const struct policy *policy,
                         uint16_t index,
                         struct watch_clock *clock,
                         enum event_kind kind,
                         const struct event_clock *told)
{
    bool begins = kind == EVENT_CLOCKS_STARTED;
    if (told->generation < clock->generation + (begins ? 1U : 0U)) {
        return; /* a repeat */
    }
    if (begins && clock->verdict != CLOCK_CANCELLED) {
        clock->levels_fired = 0;
        clock->breached = 0;
    }
    uint8_t verdict = clock->verdict;
    bool taken_back = (kind == EVENT_CLOCKS_RESUMED || kind == EVENT_CLOCKS_PAUSED) &&
                      slice_equal(told->reason, slice_text(clock_reason_unmerged));
    clock_take(policy, index, clock, told);
    clock->merged =
        kind == EVENT_CLOCKS_STOPPED && slice_equal(told->reason, slice_text(clock_reason_merged));
    if (!begins && told->verdict == CLOCK_RUNNING && !taken_back) {
        clock->verdict = verdict; /* written once */
    }
}

static void evolve_clock(const struct policy *policy,
                         struct watch_case *state,
                         const struct event *event,
                         const struct event_clock *told)
{
    uint16_t index = policy_run_of(policy, told->name, told->task);
    if (index == POLICY_NONE) {
        return;
    }
    struct watch_clock *clock = &state->clocks[index];
    if (event->kind == EVENT_CLOCKS_REFUSED || event->kind == EVENT_CLOCKS_UNKNOWN) {
        return; /* nothing has changed */
    }
    if (event->kind <= EVENT_CLOCKS_RESUMED || event->kind == EVENT_CLOCKS_RETARGETED) {
        evolve_state(policy, index, clock, event->kind, told);
        return;
    }
    if (told->generation != clock->generation || told->level == 0 ||
        told->level > clock_rule(policy, index)->level_count) {
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
    change_apply(&change);
}

int64_t watch_due_us(const struct policy *policy, const struct watch_case *state)
{
    int64_t due_us = INT64_MAX;
    for (uint16_t i = 0, n = policy_run_count(policy); i < n; i++) {
        const struct watch_clock *clock = &state->clocks[i];
        if (is_known_now(policy, i, clock)) {
            return 0;
        }
        if (clock->phase == WATCH_RUNNING && clock->next_level_us < due_us) {
            due_us = clock->next_level_us;
        }
    }
    return due_us;
}

int64_t watch_missed_us(const struct policy *policy, const struct watch_case *state)
{
    int64_t missed_us = INT64_MAX;
    for (uint16_t i = 0, n = policy_run_count(policy); i < n; i++) {
        const struct watch_clock *clock = &state->clocks[i];
        bool paused = clock->phase == WATCH_PAUSED;
        if (clock->breached && (paused || clock->phase == WATCH_RUNNING)) {
            int64_t due_us = paused ? clock_reckon_us(policy, i, clock) : clock->due_us;
            /* another target since, beyond the years of its calendar: late all the same */
            due_us = due_us == INT64_MAX ? clock->started_at_us : due_us;
            missed_us = due_us < missed_us ? due_us : missed_us;
        }
    }
    return missed_us;
}

bool watch_is_unknown(const struct watch_clock *clock)
{
    return clock->phase == WATCH_RUNNING && clock->due_us == INT64_MAX && clock_in_force(clock);
}

bool watch_lacks_due(const struct policy *policy, const struct watch_case *state)
{
    for (uint16_t i = 0, n = policy_run_count(policy); i < n; i++) {
        if (watch_is_unknown(&state->clocks[i])) {
            return true;
        }
    }
    return false;
}

uint8_t watch_raised(const struct policy *policy, const struct watch_case *state, const char **by)
{
    uint8_t raised = 0;
    *by = "";
    for (uint16_t c = 0, n = policy_run_count(policy); c < n; c++) {
        const struct policy_clock *clock = &policy->clocks[policy_run_clock(policy, c)];
        for (uint16_t l = 0; l < clock->level_count; l++) {
            uint8_t asked = clock->levels[l].raise_priority_to;
            bool fired = (state->clocks[c].levels_fired >> l & 1U) != 0;
            if (fired && asked != 0 && (raised == 0 || asked < raised)) {
                raised = asked;
                *by = clock->id;
            }
        }
    }
    return raised;
}

int64_t
watch_shown_due_us(const struct policy *policy, const struct watch_case *state, uint16_t index)
{
    const struct policy_clock *rule = clock_rule(policy, index);
    const struct watch_clock *clock = &state->clocks[index];
    bool hidden = state->step != 0 && (rule->hidden_steps >> (state->step - 1) & 1U) != 0;
    bool met = clock->phase == WATCH_STOPPED && clock->verdict != CLOCK_RUNNING;
    if (!clock_in_force(clock) || hidden || (met && (rule->due_cleared & DUE_CLEARED_MET)) ||
        (state->closed && (rule->due_cleared & DUE_CLEARED_CLOSED))) {
        return 0;
    }
    if (clock->phase == WATCH_PAUSED) {
        bool cleared = (rule->due_cleared & DUE_CLEARED_PAUSED) != 0;
        return cleared ? 0 : clock_reckon_us(policy, index, clock);
    }
    return clock->due_us;
}

int64_t watch_used_s(const struct policy *policy,
                     const struct watch_case *state,
                     uint16_t index,
                     int64_t at_us)
{
    return clock_used_s(policy, index, &state->clocks[index], at_us);
}

int64_t watch_late_s(const struct policy *policy,
                     const struct watch_case *state,
                     uint16_t index,
                     int64_t at_us)
{
    const struct watch_clock *clock = &state->clocks[index];
    return clock_late_s(
        policy, index, clock, clock->paused_at_us != 0 ? clock->paused_at_us : at_us);
}

int64_t watch_level_due_us(const struct policy *policy,
                           const struct watch_case *state,
                           uint16_t index,
                           uint16_t level)
{
    const struct watch_clock *clock = &state->clocks[index];
    return clock->due_us == 0 ? 0 : clock_level_due_us(policy, index, clock, level);
}
