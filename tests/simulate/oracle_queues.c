#include "oracle_queues.h"

#include "redis_world.h"

#include <inttypes.h>

/* How the last event of the case left it. */
static struct stand {
    char queue[POLICY_NAME_MAX]; /* "": in none */
    uint32_t agent;              /* 0: not with one of those who claim */
} stands[PARTITIONS][CASES_MAX];

static int32_t holds[AGENTS_MAX + 1];

void queues_begin(void)
{
    memset(stands, 0, sizeof stands);
    memset(holds, 0, sizeof holds);
}

void queues_committed(void)
{
    for (uint32_t agent = 1; agent <= AGENTS_MAX; agent++) {
        if (holds[agent] > AGENT_CAPACITY) {
            sim_fail("law 6: a%u holds %d cases at once", agent, holds[agent]);
        }
    }
}

void queues_check(const struct fact *fact)
{
    const struct event *event = fact->event;
    struct stand *stand = &stands[fact->partition][case_id_serial(event->case_id)];
    bool opened = event->kind == EVENT_OPENED;
    struct slice queue = opened ? event->opened.queue : event->advanced.queue;
    uint32_t agent = opened ? 0 : agent_number(event->advanced.agent);
    if (event->kind == EVENT_ASSIGNED && (stand->agent != 0 || stand->queue[0] == '\0')) {
        sim_fail("law 6: claimed, but it stood in no queue (a%u has it): %s",
                 stand->agent,
                 fact_text(fact));
    } else if (event->kind == EVENT_RELEASED && stand->agent == 0 &&
               (event->cause_service != SERVICE_WATCHDOG || stand->queue[0] != '\0')) {
        /* but of a clock, what a merge hides: oracle_life knows whether it was an offer */
        sim_fail("law 6: released by nobody: %s", fact_text(fact));
    }
    holds[stand->agent]--;
    holds[agent]++;
    stand->agent = agent;
    (void)snprintf(stand->queue,
                   sizeof stand->queue,
                   "%.*s",
                   (int)queue.size,
                   queue.size > 0 ? (const char *)queue.bytes : "");
}

/* ---- the journal, decided again ---- */

static struct dispatch_input input_of(const struct event *event)
{
    const struct event_advanced *advanced = &event->advanced;
    struct dispatch_input input = {.now_us = event->at_us};
    const struct fact *cause =
        pg_fact(event->cause_service, case_partition(event->case_id), event->cause_seq);
    if (event->cause_service != SERVICE_NONE && cause) {
        input.kind = event->cause_service == SERVICE_TRIAGE ? DISPATCH_TRIAGED : DISPATCH_CLOCK;
        input.event = cause->event;
        return input;
    }
    input.kind = event->kind == EVENT_ASSIGNED            ? DISPATCH_CLAIM
                 : event->kind == EVENT_RELEASED          ? DISPATCH_RELEASE
                 : event->kind == EVENT_READ              ? DISPATCH_READ
                 : event_is_of_personal_data(event->kind) ? DISPATCH_ERASE
                                                          : DISPATCH_ACTION;
    input.actor = advanced->actor;
    input.role = advanced->role;
    input.action = advanced->action;
    input.field_count = input.kind == DISPATCH_ERASE ? 1 : advanced->field_count; /* the reason */
    input.sealed_note = advanced->sealed_note;
    input.fields = advanced->fields;
    input.command_id = advanced->command_id;
    input.claim_token = advanced->claim_token;
    input.other_case = advanced->other_case;
    /* counted above; who gets a case back that was merged does if there was room */
    input.agent_has_capacity = event->kind != EVENT_UNMERGED || advanced->agent.size > 0;
    return input;
}

/* What dispatch recorded under this name, if that stands last: nobody filled it in. */
static bool recorded_take(struct dispatch_input *input, const char *name, uint32_t *number)
{
    const struct event_field *last =
        input->field_count > 0 ? &input->fields[input->field_count - 1] : NULL;
    if (!last || !slice_equal(last->name, slice_text(name))) {
        return false;
    }
    *number = 0;
    for (size_t i = 0; i < last->value.size; i++) {
        *number = 10 * *number + last->value.bytes[i] - '0';
    }
    input->field_count--;
    return true;
}

/* What the archive counted stands in the event, so that nobody has to count again (law 11). */
static void counted_take(const struct policy *policy,
                         const struct dispatch_case *state,
                         struct dispatch_input *input,
                         struct dispatch_counted *counted)
{
    struct dispatch_question asked;
    uint32_t count;
    if (!recorded_take(input, "@same-cause", &count)) {
        return;
    }
    const struct policy_step *step = &policy->steps[state->step];
    uint16_t index = policy_action_index(step, input->action);
    if (index != POLICY_NONE &&
        dispatch_question_of(policy, state, &step->actions[index], &asked)) {
        sim_reach(SOMETIMES_COUNTED);
        *counted = dispatch_counted_of(&asked, count);
        input->counted = counted;
    }
}

/* What its clocks had asked for, where the event is the more urgent for it: one of them did.  That
 * none was forgotten is for check_classified. */
static void raised_take(const struct fact *fact, struct dispatch_input *input)
{
    uint32_t asked;
    if (!recorded_take(input, "@raised-to", &asked)) {
        return;
    }
    input->raised_to = (uint8_t)asked;
    for (uint64_t seq = 1; seq <= pg_fact_count(SERVICE_WATCHDOG, fact->partition); seq++) {
        const struct event *event = pg_fact(SERVICE_WATCHDOG, fact->partition, seq)->event;
        if (event->case_id == fact->event->case_id && event->clocks.count > 0 &&
            event->clocks.clocks[0].raise_priority_to == asked) {
            return;
        }
    }
    sim_fail("law 4: no clock has asked for it: %s", fact_text(fact));
}

/* The same command upon the same journal, without Redis: the same event, to the byte. */
static void decide_again(const struct fact *fact, struct dispatch_case *state)
{
    const struct event *event = fact->event;
    struct dispatch_input input = input_of(event);
    struct dispatch_counted counted;
    static struct event again;
    struct slice refused;
    memset(&again, 0, sizeof again);
    const struct policy *policy = case_policy(event->case_id);
    counted_take(policy, state, &input, &counted);
    raised_take(fact, &input);
    enum dispatch_answer answer = dispatch_decide(policy, state, &input, &again, &refused);
    if (answer != DISPATCH_APPEND && !dispatch_refusal_is_recorded(answer, &again)) {
        sim_fail("law 6: without Redis it would be refused: %s", fact_text(fact));
        return;
    }
    again.service = event->service;
    again.partition = event->partition;
    again.seq = event->seq;
    again.epoch = event->epoch;
    again.schema = event->schema;
    memcpy(again.prev_hash, event->prev_hash, HASH_SIZE);
    struct fact made;
    fact_make(&made, &again, 0);
    if (memcmp(made.hash, fact->hash, HASH_SIZE) != 0) {
        sim_fail("law 6: without Redis it would be decided differently: %s", fact_text(fact));
    }
    dispatch_evolve(policy, state, event);
}

static void check_decisions(uint32_t partition)
{
    static struct dispatch_case states[CASES_MAX];
    memset(states, 0, sizeof states);
    for (uint64_t seq = 1; !sim.failed && seq <= pg_fact_count(SERVICE_DISPATCH, partition);
         seq++) {
        const struct fact *fact = pg_fact(SERVICE_DISPATCH, partition, seq);
        decide_again(fact, &states[case_id_serial(fact->event->case_id)]);
    }
}

/* ---- Redis in the end ---- */

static struct {
    uint32_t queued, placed, timers, watermarks;
} found;

static bool is_in(uint64_t case_id, const char *queue)
{
    uint32_t partition = case_partition(case_id);
    uint64_t serial = case_id_serial(case_id);
    const struct policy *policy = case_policy(case_id);
    size_t prefix = policy ? strlen(policy->name) + 1 : sizeof stands[0][0].queue;
    return partition < PARTITIONS && serial < CASES_MAX && strlen(queue) > prefix &&
           strcmp(stands[partition][serial].queue, queue + prefix) == 0;
}

/* By all that dispatch has heard of its clocks. */
static bool is_placed(uint64_t case_id, double score)
{
    const struct row *row =
        pg_row(SERVICE_DISPATCH, case_partition(case_id), case_id_serial(case_id));
    return dispatch_queue_score(&row->dispatch) == score;
}

static bool is_due(uint64_t case_id, double due_ms)
{
    const struct row *row =
        pg_row(SERVICE_WATCHDOG, case_partition(case_id), case_id_serial(case_id));
    const struct policy *policy = row_policy(row);
    int64_t row_due_ms = policy ? watch_due_us(policy, &row->watch) / 1000 : -1;
    return (double)row_due_ms == due_ms;
}

static void check_line(void *self, const char *line)
{
    (void)self;
    char queue[96];
    char service[16];
    uint64_t case_id;
    uint64_t seq;
    uint32_t partition;
    double score;
    bool good = true;
    if (sscanf(line, "q:%95s %" SCNx64 " %lf", queue, &case_id, &score) == 3) {
        good = is_in(case_id, queue) && is_placed(case_id, score);
        found.queued++;
    } else if (sscanf(
                   line, "share:dispatch.%u:%*s %" SCNx64 " %95s", &partition, &case_id, queue) ==
               3) {
        good = is_in(case_id, queue);
        found.placed++;
    } else if (sscanf(
                   line, "share:watchdog.%u:%*s %" SCNx64 " %lf", &partition, &case_id, &score) ==
               3) {
        good = is_due(case_id, score);
        found.timers++;
    } else if (sscanf(line, "s:%15[a-z].%u w %" SCNu64, service, &partition, &seq) == 3) {
        bool dispatch = strcmp(service, "dispatch") == 0;
        uint64_t heard = pg_fact_count(SERVICE_WATCHDOG, partition);
        good = seq == heard + (dispatch ? pg_fact_count(SERVICE_DISPATCH, partition) : 0);
        found.watermarks++;
    } else {
        good = strncmp(line, "s:", 2) == 0 && !strstr(line, " b ");
    }
    if (!good) {
        sim_fail("law 6: in the end Redis has what the journal has not: %s", line);
    }
}

void queues_end(void)
{
    uint32_t queued = 0;
    uint32_t timers = 0;
    memset(&found, 0, sizeof found);
    redis_model_dump(redis_server(), check_line, NULL);
    for (uint32_t partition = 0; partition < PARTITIONS; partition++) {
        for (uint32_t serial = 1; serial < CASES_MAX; serial++) {
            const struct row *row = pg_row(SERVICE_WATCHDOG, partition, serial);
            queued += stands[partition][serial].queue[0] != '\0';
            const struct policy *policy = row_policy(row);
            timers += policy && watch_due_us(policy, &row->watch) != INT64_MAX;
        }
        check_decisions(partition);
    }
    if (found.queued != queued || found.placed != queued || found.timers != timers ||
        found.watermarks != 2 * PARTITIONS) {
        sim_fail(
            "law 6: in the end Redis has %u (%u places) of %u cases in queues, %u of %u timers, "
            "%u shares",
            found.queued,
            found.placed,
            queued,
            found.timers,
            timers,
            found.watermarks);
    }
}
