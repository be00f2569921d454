#include "oracle_clocks.h"

enum {
    SETTLED_US = 30 * SECOND, /* after the faults: until then levels may be late */
    LATE_US = 5 * SECOND,
    LEVELS_MAX = 3,
};

static const struct level_rule {
    enum event_kind kind;
    int64_t before_due_s;
} level_rules[CLOCKS][LEVELS_MAX] = {
    [CLOCK_ANSWER] = {{EVENT_CLOCK_WARNED, ANSWER_S - ANSWER_WARN_S}, {EVENT_CLOCK_BREACHED, 0}},
    [CLOCK_HANDLING] = { {EVENT_CLOCK_WARNED, HANDLING_S - HANDLING_WARN_S},
                      {EVENT_CLOCK_BREACHED, 0},
                      {EVENT_CLOCK_ESCALATED, -HANDLING_ESCALATE_S}},
};

static struct clock {
    bool started, running, breached;
    unsigned fired; /* bit set of levels */
    unsigned pauses, stops;
    int64_t due_us;
    int64_t paused_us; /* the instant */
    int64_t since_us;  /* when it began to run, for lateness */
} clocks[PARTITIONS][CASES_MAX][CLOCKS];

static int64_t healed_us;

/* By how much the clock of the process may be off. */
static int64_t skew_us(void)
{
    return sim.allowed >> FAULT_HOST_CLOCK & 1U ? SKEW_MAX_US : 0;
}

void clocks_begin(void)
{
    healed_us = INT64_MAX / 2;
    clocks_rolled_back();
}

void clocks_rolled_back(void)
{
    memset(clocks, 0, sizeof clocks);
}

void clocks_healed(void)
{
    healed_us = world_now_us();
}

static const struct event *find(enum service_id service, uint64_t case_id, enum event_kind kind)
{
    uint32_t partition = case_partition(case_id);
    for (uint64_t seq = 1; seq <= pg_fact_count(service, partition); seq++) {
        const struct event *event = pg_fact(service, partition, seq)->event;
        if (event->case_id == case_id && event->kind == kind) {
            return event;
        }
    }
    return NULL;
}

static void
start(struct clock *clock, enum clock_index index, const struct fact *fact, int64_t due_us)
{
    uint64_t case_id = fact->event->case_id;
    bool answer = index == CLOCK_ANSWER;
    const struct event *from = answer ? find(SERVICE_INTAKE, case_id, EVENT_RECEIVED)
                                      : find(SERVICE_DISPATCH, case_id, EVENT_OPENED);
    if (clock->started || !from) {
        sim_fail("law 7: started twice, or from nothing: %s", fact_text(fact));
        return;
    }
    int64_t at_us = answer ? from->received.received_at_us : from->at_us;
    clock->started = clock->running = true;
    clock->due_us = at_us + (answer ? ANSWER_S : HANDLING_S) * (int64_t)SECOND;
    clock->since_us = fact->event->at_us;
    if (clock->due_us != due_us) {
        sim_fail("law 7: wrong due instant in %s", fact_text(fact));
    }
}

/* All that time had decided before at_us must have been told before. */
static void check_settled(const struct clock *clock,
                          enum clock_index index,
                          const struct fact *fact,
                          int64_t at_us)
{
    for (unsigned i = 0; i < LEVELS_MAX; i++) {
        const struct level_rule *rule = &level_rules[index][i];
        int64_t due_us = clock->due_us - rule->before_due_s * SECOND;
        if (rule->kind != EVENT_NONE && due_us < at_us && !(clock->fired >> i & 1U)) {
            sim_fail("law 7: level %u of clock %d was due and never fired: %s",
                     i + 1,
                     (int)index,
                     fact_text(fact));
        }
    }
}

static void
stop(struct clock *clock, const struct fact *fact, enum clock_verdict verdict, int64_t at_us)
{
    bool missed = clock->breached || at_us > clock->due_us;
    clock->running = false;
    clock->stops++;
    if (verdict != (missed ? CLOCK_MISSED : CLOCK_MET)) {
        sim_fail("law 7: wrong verdict in %s", fact_text(fact));
    }
    if (!clock->breached) {
        sim_reach(SOMETIMES_STOPPED_IN_TIME);
    } else if (at_us <= clock->due_us) {
        sim_reach(SOMETIMES_STOP_AFTER_FIRE);
    }
}

static void fire(struct clock *clock,
                 enum clock_index index,
                 const struct fact *fact,
                 const struct event_clock *told)
{
    unsigned level = told->level - 1;
    if (level >= LEVELS_MAX || level_rules[index][level].kind != fact->event->kind ||
        !clock->running || (clock->fired >> level & 1U)) {
        sim_fail("law 7: fired twice, or while standing still: %s", fact_text(fact));
        return;
    }
    int64_t due_us = clock->due_us - level_rules[index][level].before_due_s * SECOND;
    if (told->level_due_us != due_us || fact->event->at_us < due_us ||
        world_now_us() + skew_us() < due_us) {
        sim_fail("law 7: fired early: %s", fact_text(fact));
    }
    int64_t from_us = due_us > clock->since_us ? due_us : clock->since_us;
    if (world_now_us() > healed_us + SETTLED_US && world_now_us() > from_us + LATE_US) {
        sim_fail("law 7: fired late: %s", fact_text(fact));
    }
    clock->fired |= 1U << level;
    clock->breached = clock->breached || fact->event->kind == EVENT_CLOCK_BREACHED;
}

static void stand_still(struct clock *clock,
                        enum clock_index index,
                        const struct fact *fact,
                        const struct event_clock *told,
                        const struct event *cause)
{
    if (!clock->running || !cause) {
        sim_fail("law 7: stood still already: %s", fact_text(fact));
        return;
    }
    check_settled(clock, index, fact, cause->at_us);
    clock->paused_us = cause->at_us;
    if (fact->event->kind == EVENT_CLOCKS_STOPPED) {
        stop(clock, fact, told->verdict, cause->at_us);
    } else {
        clock->running = false;
        clock->pauses++;
    }
}

static void resume(struct clock *clock,
                   const struct fact *fact,
                   const struct event_clock *told,
                   const struct event *cause)
{
    if (clock->running || clock->pauses == 0 || clock->stops > 0 || !cause) {
        sim_fail("law 7: was not paused: %s", fact_text(fact));
        return;
    }
    clock->running = true;
    clock->due_us += cause->at_us - clock->paused_us;
    clock->since_us = fact->event->at_us;
    if (told->due_us != clock->due_us) {
        sim_fail("law 7: wrong due instant in %s", fact_text(fact));
    }
}

void clocks_check(const struct fact *fact, const struct event *cause)
{
    const struct event *event = fact->event;
    for (uint32_t i = 0; i < event->clocks.count; i++) {
        const struct event_clock *told = &event->clocks.clocks[i];
        enum clock_index index =
            slice_equal(told->name, slice_text("answer")) ? CLOCK_ANSWER : CLOCK_HANDLING;
        struct clock *clock = &clocks[fact->partition][case_id_serial(event->case_id)][index];
        switch ((int)event->kind) {
        case EVENT_CLOCKS_STARTED:
            start(clock, index, fact, told->due_us);
            break;
        case EVENT_CLOCKS_PAUSED:
        case EVENT_CLOCKS_STOPPED:
            stand_still(clock, index, fact, told, cause);
            break;
        case EVENT_CLOCKS_RESUMED:
            resume(clock, fact, told, cause);
            break;
        default:
            fire(clock, index, fact, told);
        }
    }
}

static void check_end(uint64_t case_id, int index)
{
    const struct clock *clock = &clocks[case_partition(case_id)][case_id_serial(case_id)][index];
    bool waited = find(SERVICE_DISPATCH, case_id, EVENT_APPROVED) != NULL;
    unsigned pauses = index == CLOCK_HANDLING && waited;
    bool ended = find(SERVICE_DISPATCH, case_id, EVENT_REPLIED) != NULL;
    unsigned levels = ended                     ? 0
                      : index == CLOCK_HANDLING ? 7
                                                : 3; /* time has decided all of them */
    if (!clock->started || clock->stops != ended || clock->pauses != pauses ||
        (clock->fired & levels) != levels) {
        sim_fail("law 7: clock %d of case %llx: started %d, paused %u, stopped %u",
                 index,
                 (unsigned long long)case_id,
                 clock->started,
                 clock->pauses,
                 clock->stops);
    }
}

void clocks_end(void)
{
    for (uint32_t partition = 0; partition < PARTITIONS; partition++) {
        for (uint64_t seq = 1; seq <= pg_fact_count(SERVICE_INTAKE, partition); seq++) {
            for (int i = 0; i < CLOCKS; i++) {
                check_end(case_id_make(partition, seq), i);
            }
        }
    }
}
