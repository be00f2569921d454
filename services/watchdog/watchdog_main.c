/*
 * SLA watchdog, the shell: events of intake and dispatch start, pause and stop the clocks of a
 * case; time fires their levels.
 *
 * What is due is decided here, by heaps of due instants, which a takeover fills anew from the table
 * clock while it already serves.  Of the cases themselves only those at work are in memory, the
 * others are read when an event or a timer wants them.  Redis holds the same timers for boards to
 * look at; losing it changes nothing (law 6).  A level counts when it is committed, so an owner
 * that was replaced cannot fire it a second time (law 7).
 */
#include "health.h"
#include "log.h"
#include "watchdog_shell.h"

static void op_of(void *self, uint64_t case_id, struct projection_op *op);
static bool row_op(void *self, const PGresult *rows, int row, struct projection_op *op);

const struct policy *watchdog_policy(struct watchdog *watchdog, uint32_t id)
{
    const struct policy_object *object = service_policy(watchdog->service, id);
    return object ? &object->policy : NULL;
}

static bool watchdog_open(struct service *service, void **self, struct error *error)
{
    struct watchdog *watchdog = calloc(1, sizeof *watchdog);
    if (!watchdog) {
        return error_set(error, ERROR_FATAL, "out of memory");
    }
    *self = watchdog;
    watchdog->service = service;
    watchdog->changed = calloc(CHANGED_MAX, sizeof *watchdog->changed);
    watchdog->timers = timers_new();
    if (!watchdog->changed || !watchdog->timers || !cases_open(watchdog)) {
        return error_set(error, ERROR_FATAL, "out of memory");
    }
    const struct projector_source source = {
        SERVICE_WATCHDOG, SERVICE_NONE, "watchdog_timers", op_of, row_op, watchdog};
    watchdog->unknown = service_dependency(service, "deadlines");
    watchdog->projector = projector_new(service, &source, error);
    return watchdog->projector != NULL;
}

static void watchdog_close(void *self)
{
    struct watchdog *watchdog = self;
    projector_free(&watchdog->projector);
    cases_close(watchdog);
    timers_free(&watchdog->timers);
    free(watchdog->changed);
    free(watchdog);
}

/* A timer that cannot be kept is a reason to end: the next owner reads it from the archive (law 7).
 */
static void due_set(struct watchdog *watchdog, uint64_t case_id, int64_t due_us)
{
    if (!timers_set(watchdog->timers, case_id, due_us)) {
        service_fail(watchdog->service, "no memory for timers");
    }
}

static void
due_follow(struct watchdog *watchdog, const struct policy *policy, const struct watch_case *state)
{
    due_set(watchdog, state->case_id, watch_due_us(policy, state));
}

static void timers_go_on(struct watchdog *watchdog)
{
    timers_read(watchdog->timers, service_reader(watchdog->service));
    if (timers_failed(watchdog->timers)) {
        service_fail(watchdog->service, "no memory for timers");
    }
}

static void watchdog_serving(void *self, uint32_t partition)
{
    struct watchdog *watchdog = self;
    if (!timers_own(watchdog->timers, partition)) {
        service_fail(watchdog->service, "no memory for timers");
        return;
    }
    watchdog->arming = true;
    timers_go_on(watchdog);
    projector_own(watchdog->projector, partition);
}

static void watchdog_forget(void *self, uint32_t partition)
{
    struct watchdog *watchdog = self;
    projector_disown(watchdog->projector, partition);
    timers_forget(watchdog->timers, partition);
    case_cache_forget(watchdog->cases, partition);
}

/* Appends what the core gave and folds it in. */
static bool output_apply(struct watchdog *watchdog,
                         struct cycle *cycle,
                         const struct policy *policy,
                         struct held_case *held)
{
    for (uint32_t i = 0; i < watchdog->output.count; i++) {
        struct error error = {0};
        struct event *event = &watchdog->output.events[i];
        if (!cycle_append(cycle, event, &error)) {
            service_fail(watchdog->service, error.text);
            return false;
        }
        watch_evolve(policy, &held->state, event);
    }
    return true;
}

/* What the batch took out and did not fire is due again. */
static void due_put_back(struct watchdog *watchdog)
{
    for (uint32_t i = 0; i < watchdog->due_count; i++) {
        const struct due_case *due = &watchdog->due[i];
        if (timers_due_us(watchdog->timers, due->case_id) == INT64_MAX) {
            due_set(watchdog, due->case_id, due->due_us);
        }
    }
    watchdog->due_count = 0;
}

/*
 * The cases of the batch that are not in memory.  The event that opens one is usually the first of
 * it: nobody is asked, because the archive refuses a second row, and then all are asked about for a
 * while.
 */
static bool watchdog_lookup(void *self, struct cycle *cycle, struct pg *pg)
{
    struct watchdog *watchdog = self;
    watchdog->cycle++; /* a batch begins */
    watchdog->changed_count = 0;
    watchdog->wanted_count = 0;
    due_put_back(watchdog);
    for (uint32_t i = 0; i < cycle_input_count(cycle); i++) {
        if (cycle_input(cycle, i, &watchdog->event) &&
            (watchdog->event.kind != EVENT_OPENED || watchdog->doubts > 0)) {
            cases_want(watchdog, watchdog->event.case_id);
        }
    }
    int64_t now_us = service_now_us(watchdog->service);
    struct due_case due;
    while (watchdog->due_count < DUE_MAX &&
           timers_pop(watchdog->timers, now_us, &due.case_id, &due.due_us)) {
        watchdog->due[watchdog->due_count++] = due;
        cases_want(watchdog, due.case_id);
    }
    return cases_lookup(watchdog, pg);
}

static void watchdog_looked_up(void *self, struct cycle *cycle, const struct pg_answer *answer)
{
    cases_looked_up(self, cycle, answer);
}

static void watchdog_input(void *self, struct cycle *cycle, const struct event *event)
{
    struct watchdog *watchdog = self;
    struct held_case *held = cases_find(watchdog, event->case_id);
    uint32_t policy_id = held ? held->state.policy_id : event_policy_id(event);
    const struct policy *policy = policy_id != 0 ? watchdog_policy(watchdog, policy_id) : NULL;
    if (!policy) {
        return;
    }
    bool fresh = false;
    if (!held) {
        held = case_cache_insert(watchdog->cases, event->case_id, &fresh);
    }
    if (!held || !cases_change(watchdog, held, event->case_id, fresh)) {
        service_fail(watchdog->service, "a batch beyond its bounds");
        return;
    }
    do {
        watch_event(policy, &held->state, event, cycle_now_us(cycle), &watchdog->output);
        if (!output_apply(watchdog, cycle, policy, held)) {
            return;
        }
    } while (watchdog->output.more);
    watch_evolve(policy, &held->state, event);
    held->state.case_id = event->case_id;
    due_follow(watchdog, policy, &held->state);
}

/* A partition that is being given up may still have its timers here: the next owner fires them. */
static void fire(struct watchdog *watchdog, struct cycle *cycle, uint64_t case_id, int64_t now_us)
{
    bool ours = service_serves(watchdog->service, case_partition(case_id));
    struct held_case *held = ours ? cases_find(watchdog, case_id) : NULL;
    const struct policy *policy = held ? watchdog_policy(watchdog, held->state.policy_id) : NULL;
    if (!policy || !cases_change(watchdog, held, case_id, false)) {
        return;
    }
    do {
        watch_tick(policy, &held->state, now_us, &watchdog->output);
        if (!output_apply(watchdog, cycle, policy, held)) {
            return;
        }
    } while (watchdog->output.more);
    due_follow(watchdog, policy, &held->state);
}

static bool policy_is_here(struct watchdog *watchdog, uint64_t case_id)
{
    const struct held_case *held = cases_find(watchdog, case_id);
    return !held ||
           policy_book_by_id(service_policies(watchdog->service), held->state.policy_id) != NULL;
}

static void watchdog_tick(void *self, struct cycle *cycle, int64_t now_us)
{
    struct watchdog *watchdog = self;
    uint32_t fired = 0;
    while (fired < watchdog->due_count && watchdog->changed_count < CHANGED_MAX) {
        if (fired > 0 && !policy_is_here(watchdog, watchdog->due[fired].case_id)) {
            break; /* the next batch waits for it, these need not */
        }
        const struct due_case *due = &watchdog->due[fired++];
        uint64_t misses = service_policy_misses(watchdog->service);
        fire(watchdog, cycle, due->case_id, now_us);
        if (service_policy_misses(watchdog->service) != misses) {
            return; /* all of them again, when its policy is here */
        }
        /* time may have been set back since it was popped: then it comes again */
        if (due->due_us <= now_us && timers_due_us(watchdog->timers, due->case_id) <= due->due_us) {
            service_fail(watchdog->service, "a level that is due does not fire");
            return;
        }
    }
    watchdog->due_count -= fired;
    memmove(watchdog->due, watchdog->due + fired, watchdog->due_count * sizeof *watchdog->due);
}

static int64_t watchdog_deadline_us(void *self)
{
    const struct watchdog *watchdog = self;
    return timers_next_us(watchdog->timers);
}

/* An input may tell nothing new: then there is no row to write. */
static bool has_changed(const struct changed_case *changed, const struct held_case *held)
{
    /* Padding at worst writes a row that says the same. */
    return changed->is_new || held->refolded ||
           /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison,cert-exp42-c,cert-flp37-c) */
           memcmp(&changed->before, &held->state, sizeof held->state) != 0;
}

static void watchdog_store(void *self, struct cycle *cycle, struct pg *pg)
{
    (void)cycle;
    struct watchdog *watchdog = self;
    watchdog_cases_begin();
    for (uint32_t i = 0; i < watchdog->changed_count; i++) {
        const struct held_case *held = cases_find(watchdog, watchdog->changed[i].before.case_id);
        if (held && !has_changed(&watchdog->changed[i], held)) {
            continue;
        }
        const struct policy *policy =
            held ? watchdog_policy(watchdog, held->state.policy_id) : NULL;
        if (policy) {
            watchdog_case_add(policy,
                              &held->state,
                              watch_due_us(policy, &held->state),
                              watchdog->changed[i].is_new);
        }
    }
    watchdog->to_change = watchdog_cases_bind(pg);
}

/* Nobody may take a row away; the journal has what it said. */
static void watchdog_stored(void *self, const struct pg_answer *answer)
{
    struct watchdog *watchdog = self;
    uint32_t missed = pg_rows_missed(answer, answer->count, watchdog->to_change);
    if (missed > 0) {
        service_rows_missed(watchdog->service, missed);
        log_error("cases that have no row in clock went on: their clocks are in the journal alone",
                  LOG_NUMBER("cases", missed),
                  LOG_TEXT("do", "redress verify tells which"));
    }
}

/* The next level of the case as one timer of Redis. */
static void timer_of(uint64_t case_id, int64_t due_us, struct projection_op *op)
{
    *op =
        (struct projection_op){.case_id = case_id,
                               .clock = PROJECTION_NO_CLOCK,
                               .due_ms = due_us / 1000,
                               .change = due_us == INT64_MAX ? PROJECTION_DISARM : PROJECTION_ARM};
}

static void op_of(void *self, uint64_t case_id, struct projection_op *op)
{
    struct watchdog *watchdog = self;
    const struct held_case *held = cases_find(watchdog, case_id);
    const struct policy *policy = held ? watchdog_policy(watchdog, held->state.policy_id) : NULL;
    timer_of(case_id, policy ? watch_due_us(policy, &held->state) : INT64_MAX, op);
}

static bool row_op(void *self, const PGresult *rows, int row, struct projection_op *op)
{
    (void)self;
    timer_of(watchdog_timer_case(rows, row), watchdog_timer_due_us(rows, row), op);
    return true;
}

static void watchdog_committed(void *self, struct cycle *cycle)
{
    static uint64_t changed[CHANGED_MAX];
    struct watchdog *watchdog = self;
    watchdog->doubts -= watchdog->doubts > 0;
    due_put_back(watchdog);
    for (uint32_t i = 0; i < watchdog->changed_count; i++) {
        changed[i] = watchdog->changed[i].before.case_id;
    }
    projector_commit(watchdog->projector, cycle, changed, watchdog->changed_count);
    case_cache_trim(watchdog->cases);
}

static enum undo_verdict watchdog_undo(void *self, struct cycle *cycle, const struct pg_answer *why)
{
    (void)cycle;
    struct watchdog *watchdog = self;
    watchdog->doubts = DOUBTS; /* what was taken for new may not have been */
    for (uint32_t i = watchdog->changed_count; i-- > 0;) {
        const struct changed_case *changed = &watchdog->changed[i];
        uint64_t case_id = changed->before.case_id;
        struct held_case *held = cases_find(watchdog, case_id);
        if (held && changed->is_new) {
            due_set(watchdog, case_id, INT64_MAX);
            case_cache_remove(watchdog->cases, case_id);
        } else if (held) {
            held->state = changed->before;
            held->saved_in = 0;
            due_follow(watchdog, watchdog_policy(watchdog, held->state.policy_id), &held->state);
        }
    }
    watchdog->changed_count = 0;
    return why && strcmp(why->sqlstate, "23505") == 0 ? UNDO_AGAIN : UNDO_LATER;
}

/* Once a second: reading the timers goes on if it was cut off, and is told when it is done. */
static void watchdog_second(void *self, int64_t now_us)
{
    (void)now_us;
    struct watchdog *watchdog = self;
    timers_go_on(watchdog);
    char detail[HEALTH_DETAIL_MAX];
    struct pg *reader = service_reader(watchdog->service);
    bool known = timers_all_known(watchdog->timers, reader, detail, sizeof detail);
    service_dependency_set(watchdog->service, watchdog->unknown, known, detail);
    if (watchdog->arming && timers_unread(watchdog->timers) == 0) {
        log_info("timers armed",
                 LOG_NUMBER("timers", (int64_t)timers_count(watchdog->timers)),
                 LOG_NUMBER("ms", timers_took_us(watchdog->timers) / 1000));
        watchdog->arming = false;
    }
}

int main(int argc, char **argv)
{
    const struct service_spec spec = {
        .id = SERVICE_WATCHDOG,
        .inputs = 1U << SERVICE_INTAKE | 1U << SERVICE_DISPATCH,
        .linger_us = LINGER_US,
        .company = COMPANY,
        .counts_time = true,
        .holds = SERVICE_INTAKE,
        .hold_us = HOLD_US,
        .statements = watchdog_statements,
        .statement_count = watchdog_statement_count,
        .open = watchdog_open,
        .close = watchdog_close,
        .serving = watchdog_serving,
        .forget = watchdog_forget,
        .lookup = watchdog_lookup,
        .looked_up = watchdog_looked_up,
        .input = watchdog_input,
        .tick = watchdog_tick,
        .deadline_us = watchdog_deadline_us,
        .store = watchdog_store,
        .stored = watchdog_stored,
        .committed = watchdog_committed,
        .undo = watchdog_undo,
        .second = watchdog_second,
    };
    return service_main(&spec, argc, argv);
}
