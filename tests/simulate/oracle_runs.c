#include "oracle_runs.h"

enum {
    EVENTS_MAX = 512, /* of one case */
    SLACK_US = 3 * SECOND,
    SETTLED_US = 30 * SECOND, /* what is due so long before the end has fired */
};

enum doing { IDLE, RUNS, STANDS, OVER };

/* One clock of a case, as its events so far make it. */
struct run {
    enum doing doing;
    bool unsure; /* what its rule looks at has changed: nothing is said of it any more */
    bool breached, has_verdict;
    enum clock_verdict verdict, ended; /* of this run; of the one that ended with the last event */
    int64_t start_us, stood_from_us, over_us, stood_s;
    unsigned pauses, runs, extensions, done, fired;
};

/* A case told again. */
struct telling {
    const struct policy *policy;
    uint64_t case_id;
    uint32_t count, next; /* facts about it: the receipt, triage, dispatch; told so far */
    const struct event *events[EVENTS_MAX];
    uint16_t step; /* POLICY_NONE: not open yet */
    bool closed;
    int64_t closed_at_us;
    struct slice category, class_id;
    uint32_t priority;
    struct run runs[POLICY_CLOCKS_MAX];
    const struct event *last[POLICY_CLOCKS_MAX]; /* of the watchdog */
};

#define SAYS(condition)                                                                            \
    do {                                                                                           \
        if (!(condition) && !sim.failed) {                                                         \
            sim_fail("law 7: not so: %s: clock %s of case %llx, #%llu %s",                         \
                     #condition,                                                                   \
                     rule->id,                                                                     \
                     (unsigned long long)telling->case_id,                                         \
                     (unsigned long long)event->seq,                                               \
                     event_kind_name(event->kind));                                                \
        }                                                                                          \
    } while (0)

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

static const struct calendar *own_calendar(const struct policy *policy,
                                           const struct policy_clock *rule)
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

/* The same instant, but for what clocks may round away in their own time. */
static bool near(const struct calendar *calendar, int64_t a_us, int64_t b_us, unsigned pauses)
{
    int64_t first_us = a_us < b_us ? a_us : b_us;
    int64_t last_us = a_us < b_us ? b_us : a_us;
    int64_t slack_us = SLACK_US * (1 + (int64_t)pauses);
    return last_us - first_us <= slack_us ||
           (calendar && own_s(calendar, first_us, last_us) <= slack_us / SECOND);
}

/* Of a target that can be added up. */
static bool is_sum(const struct policy_clock *rule)
{
    return rule->target == TARGET_ELAPSED || rule->target == TARGET_BUSINESS;
}

static int64_t share_us(const struct telling *telling, uint32_t index, int64_t percent)
{
    const struct policy_clock *rule = &telling->policy->clocks[index];
    const struct run *run = &telling->runs[index];
    int64_t target_s = rule->target_s + rule->extension.by_s * run->extensions;
    return own_after(own_calendar(telling->policy, rule),
                     run->start_us,
                     target_s * percent / 100 + run->stood_s);
}

/* ---- what an event does ---- */

static bool is_category(const struct policy *policy, uint16_t category, uint16_t wanted)
{
    while (category != POLICY_NONE && category != wanted) {
        category = policy->categories[category].parent;
    }
    return category == wanted;
}

static bool fits(const struct telling *telling, const struct policy_when *when)
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
    run->stood_s += own_s(own_calendar(policy, rule), from_us, at_us);
    run->pauses++;
    run->doing = RUNS;
}

static void end_run(struct telling *telling, uint32_t index, int64_t at_us, bool judged)
{
    const struct policy_clock *rule = &telling->policy->clocks[index];
    struct run *run = &telling->runs[index];
    bool stood = run->doing == STANDS;
    if (stood) {
        resume(telling->policy, rule, run, run->stood_from_us, at_us);
    }
    run->doing = OVER;
    run->over_us = at_us;
    if (judged && !run->has_verdict) {
        int64_t due_us = is_sum(rule) ? share_us(telling, index, 100) : INT64_MAX;
        bool late = !stood && at_us > due_us;
        run->has_verdict = true;
        run->verdict = run->breached || late ? CLOCK_MISSED : CLOCK_MET;
        bool close = due_us != INT64_MAX &&
                     near(own_calendar(telling->policy, rule), at_us, due_us, run->pauses);
        run->unsure = run->unsure || (!run->breached && close);
    }
    run->ended = run->has_verdict ? run->verdict : CLOCK_RUNNING;
}

static void begin_run(struct telling *telling, uint32_t index, int64_t at_us, uint16_t step)
{
    struct run *run = &telling->runs[index];
    const struct policy_clock *rule = &telling->policy->clocks[index];
    bool stands = stands_in(telling->policy, rule, step);
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
    const struct policy_clock *rule = &telling->policy->clocks[index];
    const struct policy_extension *extension = &rule->extension;
    struct run *run = &telling->runs[index];
    struct slice named = field_of(event, "clock");
    bool moves = run->doing == RUNS || run->doing == STANDS;
    bool asked = named.size > 0 ? slice_equal(named, slice_text(rule->id)) : extension->times > 0;
    bool prepared = run->done == (1U << extension->after_count) - 1U;
    bool reasoned = !extension->needs_reason || field_of(event, "reason").size > 0;
    if (!asked || !moves || !prepared || !reasoned || run->extensions >= extension->times) {
        return;
    }
    int64_t due_us = share_us(telling, index, 100);
    bool close = run->doing == RUNS &&
                 near(own_calendar(telling->policy, rule), due_us, event->at_us, run->pauses);
    run->unsure = run->unsure || close || !is_sum(rule);
    bool late = run->breached || (run->doing == RUNS && due_us < event->at_us);
    if (!late) {
        run->extensions++;
        run->done = 0;
        sim_reach(SOMETIMES_EXTENDED);
    }
}

static void note_done(struct telling *telling, uint32_t index, const struct event *event)
{
    const struct policy_extension *extension = &telling->policy->clocks[index].extension;
    for (uint16_t i = 0; i < extension->after_count && event->kind != EVENT_EXTENDED; i++) {
        if (slice_equal(event->advanced.action, slice_text(extension->after[i]))) {
            telling->runs[index].done |= 1U << i;
        }
    }
}

/* Where the case stood before, and that it was closed. */
struct before {
    uint16_t step;
    bool closed;
    int64_t closed_at_us;
};

static bool lives_in(const struct policy_clock *rule, uint16_t step, bool closed)
{
    return !closed && in_steps(rule->of_steps, step);
}

static void
follow_steps(struct telling *telling, uint32_t index, const struct event *event, struct before was)
{
    const struct policy_clock *rule = &telling->policy->clocks[index];
    struct run *run = &telling->runs[index];
    bool enters =
        lives_in(rule, telling->step, telling->closed) && !lives_in(rule, was.step, was.closed);
    if (telling->closed) {
        if (!was.closed && (run->doing == RUNS || run->doing == STANDS)) {
            end_run(telling, index, event->at_us, false);
        }
        return;
    }
    bool stopped_by_closing = run->doing == OVER && run->over_us == was.closed_at_us;
    if (was.closed && stopped_by_closing && !enters && !policy_kind_in(rule->starts, event->kind)) {
        resume(telling->policy, rule, run, was.closed_at_us, event->at_us);
        sim_reach(SOMETIMES_RESUMED_BY_REOPENING);
    }
    bool stands = stands_in(telling->policy, rule, telling->step);
    if (run->doing == STANDS && !stands) {
        resume(telling->policy, rule, run, run->stood_from_us, event->at_us);
    } else if (run->doing == RUNS && stands) {
        run->doing = STANDS;
        run->stood_from_us = event->at_us;
    }
}

static void
move(struct telling *telling, uint32_t index, const struct event *event, struct before was)
{
    const struct policy_clock *rule = &telling->policy->clocks[index];
    struct run *run = &telling->runs[index];
    bool lived = lives_in(rule, was.step, was.closed);
    bool lives = lives_in(rule, telling->step, telling->closed);
    bool moves = run->doing == RUNS || run->doing == STANDS;
    if (moves && (policy_kind_in(rule->stops, event->kind) || (lived && !lives))) {
        end_run(telling, index, event->at_us, true);
    }
    follow_steps(telling, index, event, was);
    bool starts = policy_kind_in(rule->starts, event->kind) && (rule->of_steps == 0 || lives);
    if ((starts || (lives && !lived)) && (run->doing == IDLE || run->doing == OVER)) {
        begin_run(telling, index, event->at_us, telling->step);
    } else if (!policy_kind_in(rule->starts, event->kind)) {
        note_done(telling, index, event);
    }
    if (event->kind == EVENT_EXTENDED) {
        extend(telling, index, event);
    }
}

static void mark(struct telling *telling, uint32_t index, enum event_kind kind, int64_t at_us)
{
    const struct policy_clock *rule = &telling->policy->clocks[index];
    const struct run *run = &telling->runs[index];
    if (policy_kind_in(rule->stops, kind) && (run->doing == RUNS || run->doing == STANDS)) {
        end_run(telling, index, at_us, true);
    }
    if (policy_kind_in(rule->starts, kind) && rule->of_steps == 0 &&
        (run->doing == IDLE || run->doing == OVER)) {
        begin_run(telling, index, at_us, POLICY_NONE);
    }
}

/* The receipt, which may be an acknowledgement at once. */
static void receive(struct telling *telling, const struct event *event)
{
    int64_t at_us = event->received.received_at_us;
    for (uint32_t i = 0; i < telling->policy->clock_count; i++) {
        mark(telling, i, EVENT_RECEIVED, at_us);
        if (event->received.acknowledged_by_receipt) {
            mark(telling, i, EVENT_ACKNOWLEDGED, at_us);
        }
    }
}

static bool looks_at_more(const struct policy_clock *rule)
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
    bool did_fit[POLICY_CLOCKS_MAX];
    for (uint32_t i = 0; i < policy->clock_count; i++) {
        did_fit[i] = fits(telling, &policy->clocks[i].when);
    }
    telling->category = category.size > 0 ? category : telling->category;
    telling->class_id = class_id.size > 0 ? class_id : telling->class_id;
    telling->step =
        policy_step_index(policy, opened ? event->opened.step : event->advanced.to_step);
    bool closed = policy->steps[telling->step].closed;
    telling->closed_at_us = closed && !telling->closed ? event->at_us : telling->closed_at_us;
    telling->closed = closed;
    for (uint32_t i = 0; i < policy->clock_count; i++) {
        bool changed = !opened && did_fit[i] != fits(telling, &policy->clocks[i].when);
        telling->runs[i].unsure = telling->runs[i].unsure || changed;
    }
}

static void tell_next(struct telling *telling)
{
    const struct event *event = telling->events[telling->next++];
    const struct before was = {telling->step, telling->closed, telling->closed_at_us};
    if (event->kind == EVENT_RECEIVED) {
        receive(telling, event);
    } else if (event->service == SERVICE_DISPATCH) {
        learn(telling, event);
        for (uint32_t i = 0; i < telling->policy->clock_count; i++) {
            move(telling, i, event, was);
        }
    }
}

/* ---- what the watchdog told ---- */

/* Up to the event of dispatch with this seq, and to what comes before dispatch. */
static void tell_until(struct telling *telling, enum service_id service, uint64_t seq)
{
    while (telling->next < telling->count) {
        const struct event *event = telling->events[telling->next];
        if (event->service > service || (event->service == service && event->seq > seq)) {
            return;
        }
        tell_next(telling);
    }
}

static int64_t
level_us(const struct telling *telling, uint32_t index, uint32_t level, int64_t due_us)
{
    const struct policy_clock *rule = &telling->policy->clocks[index];
    const struct policy_level *asked = &rule->levels[level];
    int64_t at_us = INT64_MIN;
    if (asked->action == LEVEL_BREACH) {
        at_us = due_us;
    } else if (asked->offset == OFFSET_PERCENT && is_sum(rule)) {
        at_us = share_us(telling, index, asked->value);
    } else if (asked->offset == OFFSET_ELAPSED) {
        at_us = due_us + asked->value * SECOND;
    }
    bool early = at_us != INT64_MIN && at_us < telling->runs[index].start_us;
    return early ? telling->runs[index].start_us : at_us; /* INT64_MIN: not computed here */
}

static void fired(struct telling *telling,
                  uint32_t index,
                  const struct event *event,
                  const struct event_clock *told)
{
    const struct policy_clock *rule = &telling->policy->clocks[index];
    const struct calendar *calendar = own_calendar(telling->policy, rule);
    struct run *run = &telling->runs[index];
    uint32_t level = told->level - 1;
    SAYS(level < rule->level_count);
    SAYS(event->at_us >= told->level_due_us);
    bool once = (run->fired >> level & 1U) == 0;
    SAYS(once);
    SAYS(run->doing == RUNS);
    if (sim.failed) {
        return;
    }
    run->fired |= 1U << level;
    run->breached = run->breached || event->kind == EVENT_CLOCK_BREACHED;
    if (run->breached && !run->has_verdict) {
        run->has_verdict = true;
        run->verdict = CLOCK_MISSED;
    }
    int64_t at_us = level_us(telling, index, level, told->due_us);
    SAYS(at_us == INT64_MIN || near(calendar, at_us, told->level_due_us, run->pauses));
}

static void moved(struct telling *telling,
                  uint32_t index,
                  const struct event *event,
                  const struct event_clock *told)
{
    const struct policy_clock *rule = &telling->policy->clocks[index];
    const struct calendar *calendar = own_calendar(telling->policy, rule);
    const struct run *run = &telling->runs[index];
    bool rearmed = event->kind == EVENT_CLOCKS_STOPPED && run->doing != OVER;
    if (rearmed) {
        SAYS(told->verdict == CLOCK_RUNNING || told->verdict == run->ended);
        return;
    }
    SAYS(run->doing != IDLE);
    SAYS((run->doing == RUNS) == (told->paused_at_us == 0));
    SAYS((run->doing == STANDS) == (told->paused_at_us != 0 && told->due_us == 0));
    SAYS(near(NULL, told->started_at_us, run->start_us, 0));
    SAYS(told->extensions == run->extensions);
    if (run->doing == OVER) {
        SAYS(near(NULL, told->paused_at_us, run->over_us, 0));
        bool judged = told->verdict != CLOCK_RUNNING;
        SAYS(!judged || (run->has_verdict && told->verdict == run->verdict));
    }
    if (told->due_us != 0 && told->due_us != INT64_MAX && is_sum(rule)) {
        SAYS(near(calendar, told->due_us, share_us(telling, index, 100), run->pauses));
    }
}

static void hear(struct telling *telling, const struct event *event)
{
    bool level = event->kind >= EVENT_CLOCK_WARNED && event->kind <= EVENT_CLOCK_ESCALATED;
    if (event->cause_service != SERVICE_NONE) {
        tell_until(telling, event->cause_service, event->cause_seq - (level ? 1 : 0));
    }
    for (uint32_t i = 0; i < event->clocks.count && !sim.failed; i++) {
        const struct event_clock *told = &event->clocks.clocks[i];
        uint16_t index = policy_clock_index(telling->policy, told->name);
        if (index == POLICY_NONE || looks_at_more(&telling->policy->clocks[index]) ||
            telling->runs[index].unsure) {
            continue;
        }
        if (level) {
            fired(telling, index, event, told);
        } else if (event->kind != EVENT_CLOCKS_REFUSED && event->kind != EVENT_CLOCKS_UNKNOWN) {
            moved(telling, index, event, told);
            telling->last[index] = event;
        }
    }
}

/* ---- the end ---- */

static void check_levels(const struct telling *telling, uint32_t index, const struct event *event)
{
    const struct policy_clock *rule = &telling->policy->clocks[index];
    const struct run *run = &telling->runs[index];
    int64_t until_us = run->doing == RUNS ? world_now_us() - SETTLED_US : run->over_us - SLACK_US;
    if ((run->doing != RUNS && run->doing != OVER) || !is_sum(rule)) {
        return;
    }
    for (uint32_t i = 0; i < rule->level_count; i++) {
        int64_t due_us = share_us(telling, index, 100);
        int64_t at_us = level_us(telling, index, i, due_us);
        bool overdue = due_us != INT64_MAX && at_us != INT64_MIN && at_us < until_us &&
                       !near(own_calendar(telling->policy, rule), at_us, until_us, run->pauses);
        bool told = (run->fired >> i & 1U) != 0;
        SAYS(!overdue || told);
    }
}

static void check_end(const struct telling *telling, uint32_t index)
{
    const struct policy_clock *rule = &telling->policy->clocks[index];
    const struct run *run = &telling->runs[index];
    const struct event *event = telling->last[index] ? telling->last[index] : telling->events[0];
    if (run->unsure || looks_at_more(rule)) {
        return;
    }
    bool never = run->doing == IDLE || !fits(telling, &rule->when);
    SAYS(never == !telling->last[index]);
    if (never || sim.failed) {
        return;
    }
    for (uint32_t i = 0; i < event->clocks.count; i++) {
        const struct event_clock *told = &event->clocks.clocks[i];
        if (slice_equal(told->name, slice_text(rule->id))) {
            SAYS((run->doing == RUNS) == (told->paused_at_us == 0));
            SAYS((run->doing == STANDS) == (told->paused_at_us != 0 && told->due_us == 0));
            SAYS(near(NULL, told->started_at_us, run->start_us, 0));
        }
    }
    check_levels(telling, index, event);
}

static void gather(struct telling *telling, enum service_id service)
{
    uint32_t partition = case_partition(telling->case_id);
    for (uint64_t seq = 1; seq <= pg_fact_count(service, partition); seq++) {
        const struct event *event = pg_fact(service, partition, seq)->event;
        if (event->case_id == telling->case_id && telling->count < EVENTS_MAX) {
            telling->events[telling->count++] = event;
        }
    }
}

static void check_case(uint64_t case_id)
{
    static struct telling telling;
    uint32_t partition = case_partition(case_id);
    telling =
        (struct telling){.policy = case_policy(case_id), .case_id = case_id, .step = POLICY_NONE};
    gather(&telling, SERVICE_INTAKE);
    gather(&telling, SERVICE_TRIAGE);
    gather(&telling, SERVICE_DISPATCH);
    for (uint64_t seq = 1; seq <= pg_fact_count(SERVICE_WATCHDOG, partition) && !sim.failed;
         seq++) {
        const struct event *event = pg_fact(SERVICE_WATCHDOG, partition, seq)->event;
        if (event->case_id == case_id) {
            hear(&telling, event);
        }
    }
    tell_until(&telling, SERVICE_DISPATCH, UINT64_MAX);
    for (uint32_t i = 0; i < telling.policy->clock_count && !sim.failed; i++) {
        check_end(&telling, i);
    }
}

void runs_end(void)
{
    for (uint32_t partition = 0; partition < PARTITIONS; partition++) {
        for (uint64_t seq = 1; seq <= pg_fact_count(SERVICE_INTAKE, partition) && !sim.failed;
             seq++) {
            check_case(case_id_make(partition, seq));
        }
    }
}
