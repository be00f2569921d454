#include "oracle_runs_private.h"

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

/* ---- what the watchdog told ---- */

/* Up to the event of dispatch with this seq, and to what comes before dispatch. */
static void tell_until(struct telling *telling, enum service_id service, uint64_t seq)
{
    while (telling->next < telling->count) {
        const struct event *event = telling->events[telling->next];
        if (event->service > service || (event->service == service && event->seq > seq)) {
            return;
        }
        runs_tell_next(telling);
    }
}

static int64_t level_us(const struct telling *telling,
                        uint32_t index,
                        const struct policy_level *asked,
                        int64_t due_us)
{
    const struct policy_clock *rule = runs_rule(telling, index);
    int64_t at_us = INT64_MIN;
    if (asked->action == LEVEL_BREACH) {
        at_us = due_us;
    } else if (asked->offset == OFFSET_PERCENT && runs_is_sum(rule)) {
        at_us = runs_share_us(telling, index, asked->value);
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
    const struct policy_clock *rule = runs_rule(telling, index);
    const struct calendar *calendar = runs_calendar(telling->policy, rule);
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
        run->has_verdict = run->told = true;
        run->verdict = CLOCK_MISSED;
    }
    int64_t at_us = level_us(telling, index, &rule->levels[level], told->due_us);
    SAYS(at_us == INT64_MIN || runs_near(calendar, at_us, told->level_due_us, run->pauses));
}

static void moved(struct telling *telling,
                  uint32_t index,
                  const struct event *event,
                  const struct event_clock *told)
{
    const struct policy_clock *rule = runs_rule(telling, index);
    const struct calendar *calendar = runs_calendar(telling->policy, rule);
    struct run *run = &telling->runs[index];
    bool rearmed = event->kind == EVENT_CLOCKS_STOPPED && run->doing != OVER;
    if (rearmed) {
        SAYS(told->verdict == CLOCK_RUNNING || told->verdict == run->ended);
        return;
    }
    SAYS(run->doing != IDLE);
    SAYS((run->doing == RUNS) == (told->paused_at_us == 0));
    SAYS((run->doing == STANDS) == (told->paused_at_us != 0 && told->due_us == 0));
    SAYS(runs_near(NULL, told->started_at_us, run->start_us, 0));
    SAYS(told->extensions == run->extensions);
    if (run->doing == OVER) {
        SAYS(runs_near(NULL, told->paused_at_us, run->over_us, 0));
        bool judged = told->verdict != CLOCK_RUNNING;
        SAYS(!judged || (run->has_verdict && told->verdict == run->verdict));
        SAYS(judged || !run->has_verdict || run->told);
        run->told = run->told || judged;
    }
    if (told->due_us != 0 && told->due_us != INT64_MAX && runs_is_sum(rule)) {
        SAYS(runs_near(calendar, told->due_us, runs_share_us(telling, index, 100), run->pauses));
    }
}

static bool is_level(const struct event *event)
{
    return event->kind >= EVENT_CLOCK_WARNED && event->kind <= EVENT_CLOCK_ESCALATED;
}

/* Of a slow opening that is heard before its receipt: what the receipt began is told apart, for
 * levels came due before the opening stops it or lets it stand still. */
static bool is_told_apart(const struct telling *telling, const struct event *event)
{
    const struct fact *next = NULL;
    uint64_t seq = event->seq + 1;
    do {
        next = pg_fact(SERVICE_WATCHDOG, case_partition(telling->case_id), seq++);
    } while (next && next->event->case_id != telling->case_id);
    return telling->step == POLICY_NONE && event->kind == EVENT_CLOCKS_STARTED && next &&
           is_level(next->event) && next->event->cause_service == event->cause_service &&
           next->event->cause_seq == event->cause_seq;
}

static void hear(struct telling *telling, const struct event *event)
{
    bool level = is_level(event);
    bool before = level || is_told_apart(telling, event);
    if (event->cause_service != SERVICE_NONE) {
        tell_until(telling, event->cause_service, event->cause_seq - (before ? 1 : 0));
    }
    for (uint32_t i = 0; i < event->clocks.count && !sim.failed; i++) {
        const struct event_clock *told = &event->clocks.clocks[i];
        uint16_t index = policy_run_of(telling->policy, told->name, told->task);
        if (index == POLICY_NONE || runs_look_at_more(runs_rule(telling, index)) ||
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
    const struct policy_clock *rule = runs_rule(telling, index);
    const struct run *run = &telling->runs[index];
    int64_t until_us = run->doing == RUNS ? world_now_us() - SETTLED_US : run->over_us - SLACK_US;
    if ((run->doing != RUNS && run->doing != OVER) || !runs_is_sum(rule)) {
        return;
    }
    for (uint32_t i = 0; i < rule->level_count; i++) {
        int64_t due_us = runs_share_us(telling, index, 100);
        int64_t at_us = level_us(telling, index, &rule->levels[i], due_us);
        bool overdue =
            due_us != INT64_MAX && at_us != INT64_MIN && at_us < until_us &&
            !runs_near(runs_calendar(telling->policy, rule), at_us, until_us, run->pauses);
        bool told = (run->fired >> i & 1U) != 0;
        SAYS(!overdue || told);
    }
}

static void check_end(const struct telling *telling, uint32_t index)
{
    const struct policy_clock *rule = runs_rule(telling, index);
    const struct run *run = &telling->runs[index];
    const struct event *event = telling->last[index] ? telling->last[index] : telling->events[0];
    if (run->unsure || runs_look_at_more(rule)) {
        return;
    }
    bool never = run->doing == IDLE || !runs_fits(telling, &rule->when);
    SAYS(never == !telling->last[index]);
    if (never || sim.failed) {
        return;
    }
    for (uint32_t i = 0; i < event->clocks.count; i++) {
        const struct event_clock *told = &event->clocks.clocks[i];
        if (policy_run_of(telling->policy, told->name, told->task) == index) {
            SAYS((run->doing == RUNS) == (told->paused_at_us == 0));
            SAYS((run->doing == STANDS) == (told->paused_at_us != 0 && told->due_us == 0));
            SAYS(runs_near(NULL, told->started_at_us, run->start_us, 0));
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
    for (uint32_t i = 0; i < policy_run_count(telling.policy) && !sim.failed; i++) {
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
