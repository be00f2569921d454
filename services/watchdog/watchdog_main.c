/*
 * SLA watchdog, the shell: events of intake and dispatch start, pause and stop the clocks of a
 * case; time fires their levels.
 *
 * What is due is decided here, by a heap over the cases in memory, which a takeover makes anew from
 * the table clock.  Redis holds the same timers for boards to look at; losing it changes nothing
 * (law 6).  A level counts when it is committed, so an owner that was replaced cannot fire it a
 * second time (law 7).
 */
#include "heap.h"
#include "log.h"
#include "projector.h"
#include "service.h"
#include "table.h"
#include "watchdog_store.h"

enum {
    CASES_MAX = 1 << 24, /* in memory, of one partition */
    CHANGED_MAX = 8192,  /* cases one batch may change */
    DUE_MAX = 1000,      /* cases one batch fires */
    HOLD_US = 1000000,   /* intake's word waits for dispatch's, which tells all of it and more */
    LINGER_US = 20000,   /* starts may wait for company; what is due does not */
    SWEEP = 256,         /* places looked at after a commit for cases closed long ago */
};

/* A week longer than dispatch keeps a closed case, which until then may be opened again. */
#define CLOSED_KEPT_US (INT64_C(97) * 86400 * 1000000)

struct held_case {
    struct watch_case state;
    uint32_t saved_in;
};

struct changed_case {
    struct watch_case before;
    bool is_new;
};

struct watchdog {
    struct service *service;
    struct projector *projector;
    struct table *cases[PARTITION_MAX];
    struct heap *heap;
    uint32_t sweep_partition, sweep_at; /* where the next look for cases closed long ago begins */
    uint32_t cycle;
    uint32_t changed_count;
    struct changed_case *changed;
    bool refused; /* the batch was, once: take no row for new that may be there */
    struct watch_output output;
};

static void op_of(void *self, uint64_t case_id, struct projection_op *op);

static bool watchdog_open(struct service *service, void **self, struct error *error)
{
    struct watchdog *watchdog = calloc(1, sizeof *watchdog);
    if (!watchdog) {
        return error_set(error, ERROR_FATAL, "out of memory");
    }
    *self = watchdog;
    watchdog->service = service;
    watchdog->changed = calloc(CHANGED_MAX, sizeof *watchdog->changed);
    watchdog->heap = heap_new();
    if (!watchdog->changed || !watchdog->heap) {
        return error_set(error, ERROR_FATAL, "out of memory");
    }
    watchdog->projector =
        projector_new(service, SERVICE_WATCHDOG, op_of, watchdog->cases, watchdog, error);
    return watchdog->projector != NULL;
}

static void watchdog_close(void *self)
{
    struct watchdog *watchdog = self;
    projector_free(&watchdog->projector);
    for (uint32_t p = 0; p < PARTITION_MAX; p++) {
        table_free(&watchdog->cases[p]);
    }
    heap_free(&watchdog->heap);
    free(watchdog->changed);
    free(watchdog);
}

static const struct policy *policy_of(struct watchdog *watchdog, uint32_t id)
{
    const struct policy_object *object = service_policy(watchdog->service, id);
    return object ? &object->policy : NULL;
}

/* A timer that cannot be kept is a reason to end: the next owner reads it from the archive (law 7).
 */
static void due_set(struct watchdog *watchdog, uint64_t case_id, int64_t due_us)
{
    if (!heap_set(watchdog->heap, case_id, due_us)) {
        service_fail(watchdog->service, "no memory for timers");
    }
}

static void
due_follow(struct watchdog *watchdog, const struct policy *policy, const struct watch_case *state)
{
    due_set(watchdog, state->case_id, watch_due_us(policy, state));
}

static bool
watchdog_loaded(void *self, uint32_t partition, const PGresult *rows, struct error *error)
{
    struct watchdog *watchdog = self;
    table_free(&watchdog->cases[partition]);
    struct table *cases = table_new(sizeof(struct held_case), CASES_MAX);
    watchdog->cases[partition] = cases;
    for (int row = 0; cases && row < PQntuples(rows); row++) {
        struct held_case held = {0};
        if (!watchdog_row_read(rows, row, &held.state)) {
            return error_set(error, ERROR_RETRY, "a row of clock is in another layout");
        }
        const struct policy *policy = policy_of(watchdog, held.state.policy_id);
        struct held_case *place = table_insert(cases, held.state.case_id, NULL);
        if (!policy || !place) {
            return error_set(error, ERROR_RETRY, "out of memory, or a policy is missing");
        }
        *place = held;
        due_follow(watchdog, policy, &held.state);
    }
    return cases ? true : error_set(error, ERROR_RETRY, "out of memory");
}

static void watchdog_serving(void *self, uint32_t partition)
{
    struct watchdog *watchdog = self;
    projector_own(watchdog->projector, partition);
}

static void watchdog_forget(void *self, uint32_t partition)
{
    struct watchdog *watchdog = self;
    projector_disown(watchdog->projector, partition);
    uint32_t at = 0;
    uint64_t case_id;
    while (watchdog->cases[partition] && table_next(watchdog->cases[partition], &at, &case_id)) {
        due_set(watchdog, case_id, INT64_MAX);
    }
    table_free(&watchdog->cases[partition]);
}

static struct held_case *find(struct watchdog *watchdog, uint64_t case_id)
{
    uint32_t partition = case_partition(case_id);
    if (partition >= PARTITION_MAX || !watchdog->cases[partition] || case_id == 0) {
        return NULL;
    }
    return table_find(watchdog->cases[partition], case_id);
}

static bool
change_begin(struct watchdog *watchdog, struct held_case *held, uint64_t case_id, bool is_new)
{
    if (held->saved_in == watchdog->cycle) {
        return true;
    }
    if (watchdog->changed_count == CHANGED_MAX) {
        return false;
    }
    held->saved_in = watchdog->cycle;
    struct changed_case *changed = &watchdog->changed[watchdog->changed_count++];
    *changed = (struct changed_case){held->state, is_new};
    changed->before.case_id = case_id; /* a new case does not know it yet */
    return true;
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

static uint32_t policy_id_of(const struct event *event)
{
    switch (event->kind) {
    case EVENT_RECEIVED:
        return event->received.policy_id;
    case EVENT_OPENED:
        return event->opened.policy_id;
    default:
        return event->service == SERVICE_DISPATCH ? event->advanced.policy_id : 0;
    }
}

static bool watchdog_lookup(void *self, struct cycle *cycle, struct pg *pg)
{
    (void)cycle;
    (void)pg;
    struct watchdog *watchdog = self;
    watchdog->cycle++; /* a batch begins */
    watchdog->changed_count = 0;
    return false;
}

static void watchdog_input(void *self, struct cycle *cycle, const struct event *event)
{
    struct watchdog *watchdog = self;
    struct held_case *held = find(watchdog, event->case_id);
    uint32_t policy_id = held ? held->state.policy_id : policy_id_of(event);
    const struct policy *policy = policy_id != 0 ? policy_of(watchdog, policy_id) : NULL;
    if (!policy) {
        return;
    }
    bool fresh = false;
    if (!held) {
        held =
            table_insert(watchdog->cases[case_partition(event->case_id)], event->case_id, &fresh);
    }
    if (!held || !change_begin(watchdog, held, event->case_id, fresh)) {
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

static void fire(struct watchdog *watchdog, struct cycle *cycle, uint64_t case_id, int64_t now_us)
{
    struct held_case *held = find(watchdog, case_id);
    const struct policy *policy = held ? policy_of(watchdog, held->state.policy_id) : NULL;
    if (!policy || !change_begin(watchdog, held, case_id, false)) {
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

static void watchdog_tick(void *self, struct cycle *cycle, int64_t now_us)
{
    struct watchdog *watchdog = self;
    uint64_t case_id;
    int64_t due_us;
    for (unsigned i = 0; i < DUE_MAX && heap_peek(watchdog->heap, &case_id, &due_us) &&
                         due_us <= now_us && watchdog->changed_count < CHANGED_MAX;
         i++) {
        if (!service_serves(watchdog->service, case_partition(case_id))) {
            due_set(watchdog, case_id, INT64_MAX);
            continue;
        }
        fire(watchdog, cycle, case_id, now_us);
        int64_t next_us;
        uint64_t same;
        if (heap_peek(watchdog->heap, &same, &next_us) && same == case_id && next_us <= due_us) {
            service_fail(watchdog->service, "a level that is due does not fire");
            return;
        }
    }
}

static int64_t watchdog_deadline_us(void *self)
{
    const struct watchdog *watchdog = self;
    uint64_t case_id;
    int64_t due_us;
    return heap_peek(watchdog->heap, &case_id, &due_us) ? due_us : INT64_MAX;
}

/* An input may tell nothing new: then there is no row to write. */
static bool has_changed(const struct changed_case *changed, const struct watch_case *now)
{
    /* Padding at worst writes a row that says the same. */
    /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison,cert-exp42-c,cert-flp37-c) */
    return changed->is_new || memcmp(&changed->before, now, sizeof *now) != 0;
}

static void watchdog_store(void *self, struct cycle *cycle, struct pg *pg)
{
    (void)cycle;
    struct watchdog *watchdog = self;
    watchdog_cases_begin();
    for (uint32_t i = 0; i < watchdog->changed_count; i++) {
        const struct held_case *held = find(watchdog, watchdog->changed[i].before.case_id);
        if (held && !has_changed(&watchdog->changed[i], &held->state)) {
            continue;
        }
        const struct policy *policy = held ? policy_of(watchdog, held->state.policy_id) : NULL;
        if (policy) {
            watchdog_case_add(policy,
                              &held->state,
                              watch_due_us(policy, &held->state),
                              watchdog->changed[i].is_new && !watchdog->refused);
        }
    }
    watchdog_cases_bind(pg);
}

/* The next level of the case as one timer of Redis. */
static void op_of(void *self, uint64_t case_id, struct projection_op *op)
{
    struct watchdog *watchdog = self;
    const struct held_case *held = find(watchdog, case_id);
    const struct policy *policy = held ? policy_of(watchdog, held->state.policy_id) : NULL;
    int64_t due_us = policy ? watch_due_us(policy, &held->state) : INT64_MAX;
    *op =
        (struct projection_op){.case_id = case_id,
                               .clock = PROJECTION_NO_CLOCK,
                               .due_ms = due_us / 1000,
                               .change = due_us == INT64_MAX ? PROJECTION_DISARM : PROJECTION_ARM};
}

/* Memory follows the cases that can still change: a few places are looked at after each commit. */
static void closed_forget(struct watchdog *watchdog, int64_t now_us)
{
    for (unsigned i = 0; i < SWEEP; i++) {
        struct table *cases = watchdog->cases[watchdog->sweep_partition];
        uint64_t case_id;
        const struct held_case *held =
            cases ? table_next(cases, &watchdog->sweep_at, &case_id) : NULL;
        if (!held) {
            watchdog->sweep_partition = (watchdog->sweep_partition + 1) % PARTITION_MAX;
            watchdog->sweep_at = 0;
        } else if (held->state.closed && held->state.closed_at_us < now_us - CLOSED_KEPT_US &&
                   watch_due_us(policy_of(watchdog, held->state.policy_id), &held->state) ==
                       INT64_MAX) {
            (void)table_remove(cases, case_id);
            watchdog->sweep_at--; /* the last one is there now */
        }
    }
}

static void watchdog_committed(void *self, struct cycle *cycle)
{
    static uint64_t changed[CHANGED_MAX];
    struct watchdog *watchdog = self;
    watchdog->refused = false;
    for (uint32_t i = 0; i < watchdog->changed_count; i++) {
        changed[i] = watchdog->changed[i].before.case_id;
    }
    projector_commit(watchdog->projector, cycle, changed, watchdog->changed_count);
    closed_forget(watchdog, cycle_now_us(cycle));
}

static enum undo_verdict watchdog_undo(void *self, struct cycle *cycle, const struct pg_answer *why)
{
    (void)cycle;
    struct watchdog *watchdog = self;
    watchdog->refused = true;
    for (uint32_t i = watchdog->changed_count; i-- > 0;) {
        const struct changed_case *changed = &watchdog->changed[i];
        uint64_t case_id = changed->before.case_id;
        struct held_case *held = find(watchdog, case_id);
        if (held && changed->is_new) {
            due_set(watchdog, case_id, INT64_MAX);
            (void)table_remove(watchdog->cases[case_partition(case_id)], case_id);
        } else if (held) {
            held->state = changed->before;
            held->saved_in = 0;
            due_follow(watchdog, policy_of(watchdog, held->state.policy_id), &held->state);
        }
    }
    watchdog->changed_count = 0;
    return strcmp(why->sqlstate, "23505") == 0 ? UNDO_AGAIN : UNDO_LATER;
}

int main(int argc, char **argv)
{
    const struct service_spec spec = {
        .id = SERVICE_WATCHDOG,
        .inputs = 1U << SERVICE_INTAKE | 1U << SERVICE_DISPATCH,
        .linger_us = LINGER_US,
        .holds = SERVICE_INTAKE,
        .hold_us = HOLD_US,
        .statements = watchdog_statements,
        .statement_count = watchdog_statement_count,
        .load = "watchdog_load",
        .open = watchdog_open,
        .close = watchdog_close,
        .loaded = watchdog_loaded,
        .serving = watchdog_serving,
        .forget = watchdog_forget,
        .lookup = watchdog_lookup,
        .input = watchdog_input,
        .tick = watchdog_tick,
        .deadline_us = watchdog_deadline_us,
        .store = watchdog_store,
        .committed = watchdog_committed,
        .undo = watchdog_undo,
    };
    return service_main(&spec, argc, argv);
}
