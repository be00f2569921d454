#include "pg.h"

#include "instance.h"
#include "oracle.h"

#include <assert.h>

enum { SESSIONS_MAX = 4096, LOG_MAX = 1 << 15, LANES = 2 };

struct stream {
    struct head head;
    uint32_t count;
    struct fact facts[STREAM_MAX];
    uint32_t wal_index[STREAM_MAX];
    struct row rows[CASES_MAX];
};

static struct {
    struct stream streams[SERVICES_END][PARTITIONS];
    uint64_t granted[REFERENCES_MAX]; /* unique keys of submissions and commands: the case */
    uint64_t granted_epoch[REFERENCES_MAX];
    int32_t used[AGENTS_MAX + 1]; /* agent_slot */
    int64_t member_until_us[INSTANCES];
    uint64_t member_session[INSTANCES];
} tables;

static struct session {
    bool open;   /* as the client sees it */
    bool served; /* as the server sees it */
    struct lane {
        int64_t arrives_us, answers_us; /* of the last one: neither overtakes */
        bool busy;
        struct call *first, *last;
    } lanes[LANES];
} sessions[SESSIONS_MAX];

static uint64_t session_count;
static struct call *wal[LOG_MAX]; /* effective calls in the order of their commits */
static uint32_t wal_count, wal_replicated;
static int64_t down_until_us;
static int64_t replica_us; /* when the replica has the last call */

static struct stream *stream_of(enum service_id service, uint32_t partition)
{
    return &tables.streams[service][partition];
}

static void tables_clear(void)
{
    memset(&tables, 0, sizeof tables);
    for (unsigned service = SERVICE_INTAKE; service < SERVICES_END; service++) {
        for (uint32_t partition = 0; partition < PARTITIONS; partition++) {
            tables.streams[service][partition].head.owner = -1;
        }
    }
}

void pg_begin(void)
{
    tables_clear();
    memset(sessions, 0, sizeof sessions);
    session_count = 0;
    wal_count = wal_replicated = 0;
    down_until_us = replica_us = 0;
}

bool pg_connect(uint64_t *session)
{
    if (sim.now_us < down_until_us || session_count + 1 >= SESSIONS_MAX) {
        return false;
    }
    *session = ++session_count;
    sessions[*session] = (struct session){.open = true, .served = true};
    return true;
}

static void session_end(void *self, void *thing)
{
    (void)thing;
    ((struct session *)self)->served = false;
}

void pg_disconnect(uint64_t session, int64_t linger_us)
{
    sessions[session].open = false;
    sim_later(NULL, linger_us, session_end, &sessions[session], NULL);
}

static bool part_is_ours(const struct instance *from, const struct part *part)
{
    const struct head *head = &stream_of(from->service, part->partition)->head;
    if (sim.mutant == MUTANT_NO_COMPARE_AND_SET) {
        return true;
    }
    bool epoch = head->epoch == part->epoch || sim.mutant == MUTANT_NO_EPOCH_CHECK;
    return epoch && head->place.seq == part->before.seq;
}

static bool is_known(const struct fact *fact)
{
    return fact->reference != 0 && sim.mutant != MUTANT_NO_UNIQUE_KEY &&
           tables.granted[fact->reference] != 0;
}

/* The condition of agent_slot: nobody gets more than his capacity by a commit that gives him more.
 */
static bool agents_are_full(struct call *call)
{
    for (uint32_t i = 1; i <= AGENTS_MAX && sim.mutant != MUTANT_CAPACITY_BELIEVED; i++) {
        call->full =
            call->full || (call->slots[i] > 0 && tables.used[i] + call->slots[i] > AGENT_CAPACITY);
    }
    if (call->full) {
        sim_reach(SOMETIMES_AGENT_FULL);
        memcpy(call->slots, tables.used, sizeof call->slots);
    }
    return call->full;
}

/* Whether a write takes effect: what the WHERE clauses and unique keys say. */
static enum call_answer judge(struct call *call)
{
    enum call_answer answer = ANSWER_DONE;
    for (uint32_t i = 0; i < call->part_count; i++) {
        call->fenced[i] = !part_is_ours(call->from, &call->parts[i]);
        if (call->fenced[i]) {
            answer = ANSWER_FENCED;
        }
    }
    for (uint32_t i = 0; answer == ANSWER_DONE && call->kind == CALL_COMMIT && i < call->fact_count;
         i++) {
        if (is_known(&call->facts[i])) {
            answer = ANSWER_REFUSED;
        }
    }
    if (answer == ANSWER_DONE && call->kind == CALL_COMMIT && agents_are_full(call)) {
        answer = ANSWER_REFUSED;
    }
    if (call->kind == CALL_TAKE) {
        const struct head *head = &stream_of(call->from->service, call->partition)->head;
        bool mine = head->owner == call->from->index;
        bool free = ownership_free(
            head->owner >= 0, head->lease_until_us < sim.now_us, sessions[head->session].served);
        return free || mine ? ANSWER_DONE : ANSWER_REFUSED;
    }
    if (call->kind == CALL_GIVE_BACK) {
        return stream_of(call->from->service, call->partition)->head.epoch == call->seq
                   ? ANSWER_DONE
                   : ANSWER_FENCED;
    }
    return answer;
}

static void apply_commit(const struct call *call)
{
    enum service_id service = call->from->service;
    for (uint32_t i = 0; i < call->fact_count; i++) {
        const struct fact *fact = &call->facts[i];
        struct stream *stream = stream_of(service, fact->partition);
        assert(stream->count < STREAM_MAX);
        stream->wal_index[stream->count] = call->wal_index;
        stream->facts[stream->count++] = *fact;
        if (fact->reference != 0) {
            tables.granted[fact->reference] = fact->event->case_id;
            tables.granted_epoch[fact->reference] = fact->epoch;
        }
    }
    for (uint32_t i = 0; i < call->row_count; i++) {
        uint64_t case_id = call->row_cases[i];
        stream_of(service, case_partition(case_id))->rows[case_serial(case_id)] = call->rows[i];
    }
    for (uint32_t i = 1; i <= AGENTS_MAX; i++) {
        int32_t used = tables.used[i] + call->slots[i];
        tables.used[i] = used > 0 ? used : 0;
    }
    for (uint32_t i = 0; i < call->part_count; i++) {
        const struct part *part = &call->parts[i];
        struct head *head = &stream_of(service, part->partition)->head;
        head->place = part->after;
        head->lease_until_us = call->executed_us + LEASE_US;
        if (sim.mutant != MUTANT_CHECKPOINT_OUTSIDE) {
            memcpy(head->checkpoints, part->checkpoints, sizeof head->checkpoints);
        }
    }
}

static void apply(const struct call *call)
{
    struct head *head = &stream_of(call->from->service, call->partition)->head;
    switch (call->kind) {
    case CALL_TAKE:
        head->epoch++;
        head->owner = call->from->index;
        head->session = call->session;
        head->lease_until_us = call->executed_us + LEASE_US;
        break;
    case CALL_COMMIT:
        apply_commit(call);
        break;
    case CALL_RENEW:
        for (uint32_t i = 0; i < call->part_count; i++) {
            if (!call->fenced[i]) {
                stream_of(call->from->service, call->parts[i].partition)->head.lease_until_us =
                    call->executed_us + LEASE_US;
            }
        }
        break;
    case CALL_GIVE_BACK:
        head->owner = -1;
        break;
    case CALL_CHECKPOINT:
        for (uint32_t i = 0; i < call->part_count; i++) {
            struct head *other = &stream_of(call->from->service, call->parts[i].partition)->head;
            memcpy(other->checkpoints, call->parts[i].checkpoints, sizeof other->checkpoints);
        }
        break;
    case CALL_SURVEY:
        tables.member_until_us[call->from->index] =
            call->from->leaving ? 0 : call->executed_us + LEASE_US;
        tables.member_session[call->from->index] = call->session;
        break;
    case CALL_LOAD:
    case CALL_READ:
    case CALL_FETCH:
    case CALL_LOOK_UP:
        break;
    }
}

static void answer_survey(struct call *call)
{
    call->survey = sim_new(sizeof *call->survey);
    for (int i = 0; i < PER_SERVICE; i++) {
        int index = ((int)call->from->service - 1) * PER_SERVICE + i;
        call->survey->members[i] = (struct member){
            .id = (uint64_t)index * 77 + 5,
            .live = tables.member_until_us[index] > sim.now_us &&
                    sessions[tables.member_session[index]].served,
        };
    }
    memcpy(call->survey->used, tables.used, sizeof tables.used);
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        const struct head *head = &stream_of(call->from->service, i)->head;
        call->survey->owner[i] = head->owner;
        call->survey->free[i] = ownership_free(
            head->owner >= 0, head->lease_until_us < sim.now_us, sessions[head->session].served);
    }
}

static void answer_read(struct call *call)
{
    const struct stream *stream = stream_of(call->service, call->partition);
    call->facts = sim_new(READ_FACTS * sizeof *call->facts);
    for (uint64_t seq = call->seq; seq < stream->count && call->fact_count < READ_FACTS; seq++) {
        call->facts[call->fact_count++] = stream->facts[seq];
    }
    call->full = call->fact_count == READ_FACTS;
}

static void answer_fill(struct call *call)
{
    const struct stream *stream = stream_of(call->from->service, call->partition);
    switch (call->kind) {
    case CALL_SURVEY:
        answer_survey(call);
        break;
    case CALL_TAKE:
        call->head = stream->head;
        break;
    case CALL_LOAD:
        call->rows = sim_new(sizeof stream->rows);
        memcpy(call->rows, stream->rows, sizeof stream->rows);
        break;
    case CALL_READ:
        answer_read(call);
        break;
    case CALL_FETCH:
        for (uint32_t i = 0; i < call->row_count; i++) {
            uint64_t case_id = call->row_cases[i];
            call->rows[i] =
                *pg_row(call->from->service, case_partition(case_id), case_serial(case_id));
        }
        break;
    case CALL_LOOK_UP:
        for (uint32_t i = 0; i < call->request_count; i++) {
            call->requests[i].found_case_id = tables.granted[request_reference(&call->requests[i])];
        }
        break;
    case CALL_COMMIT:
    case CALL_RENEW:
    case CALL_GIVE_BACK:
    case CALL_CHECKPOINT:
        break;
    }
}

static void answer_arrives(void *self, void *thing)
{
    struct call *call = thing;
    struct instance *from = self;
    if (from->session == call->session && sessions[call->session].open) {
        call->answered(from, call);
    } else if (call->kind == CALL_COMMIT && call->effective) {
        sim_reach(SOMETIMES_IN_DOUBT_DONE);
    }
}

static void replicated(void *self, void *thing)
{
    (void)self;
    const struct call *call = thing;
    bool kept = call->wal_index < wal_count && wal[call->wal_index] == call;
    if (kept && wal_replicated <= call->wal_index) {
        wal_replicated = call->wal_index + 1;
    }
}

/* When the replica has it; replication is in order, so this also covers all before. */
static int64_t replicate(struct call *call)
{
    int64_t at_us = sim.now_us + 200 + (int64_t)sim_random(2 * MILLI);
    if (sim_fault(FAULT_SLOW_DATABASE, 50) || sim_fault(FAULT_FAIL_OVER, 100)) {
        at_us += (int64_t)sim_random(2 * SECOND);
    }
    replica_us = at_us > replica_us ? at_us : replica_us + 1;
    sim_later(NULL, replica_us - sim.now_us, replicated, NULL, call);
    return replica_us - sim.now_us;
}

static void lane_go_on(struct lane *lane);

static struct lane *lane_of(const struct call *call)
{
    return &sessions[call->session].lanes[call->on_reader];
}

/* The server has sent the answer and turns to the next call of the connection. */
static void lane_is_free(void *self, void *thing)
{
    (void)self;
    const struct call *call = thing;
    struct lane *lane = lane_of(call);
    if (!sessions[call->session].served) {
        return; /* the server died while the call waited for the replica */
    }
    lane->busy = false;
    int64_t at_us = sim.now_us + 100 + (int64_t)sim_random(MILLI);
    lane->answers_us = at_us > lane->answers_us ? at_us : lane->answers_us + 1;
    sim_later(&call->from->actor, lane->answers_us - sim.now_us, answer_arrives, call->from, thing);
    lane_go_on(lane);
}

static bool answered_unreplicated(const struct call *call)
{
    return (sim.mutant == MUTANT_COMMIT_NOT_REPLICATED && call->kind == CALL_COMMIT) ||
           (sim.mutant == MUTANT_TAKE_NOT_REPLICATED && call->kind == CALL_TAKE);
}

static void execute(struct call *call)
{
    if (!sessions[call->session].served) {
        if (call->kind == CALL_COMMIT) {
            sim_reach(SOMETIMES_IN_DOUBT_LOST);
        }
        return;
    }
    bool writes = call->kind != CALL_LOAD && call->kind != CALL_READ && call->kind != CALL_FETCH &&
                  call->kind != CALL_LOOK_UP;
    int64_t delay_us = (int64_t)sim_random(MILLI);
    call->executed_us = sim.now_us;
    call->answer = judge(call);
    call->effective = writes && (call->answer == ANSWER_DONE || call->kind == CALL_RENEW);
    if (call->effective) {
        assert(wal_count < LOG_MAX);
        oracle_before(call);
        call->wal_index = wal_count;
        wal[wal_count++] = call;
        apply(call);
        oracle_after(call);
        int64_t replicated_us = replicate(call);
        delay_us += answered_unreplicated(call) ? 0 : replicated_us;
    } else if (call->kind == CALL_COMMIT) {
        bool fenced = call->answer == ANSWER_FENCED;
        sim_note("%s: commit %s", instance_name(call->from), fenced ? "fenced" : "refused");
        sim_reach(fenced ? SOMETIMES_ZOMBIE_FENCED : SOMETIMES_BATCH_REFUSED);
    }
    answer_fill(call);
    lane_of(call)->busy = true;
    sim_later(NULL, delay_us, lane_is_free, NULL, call);
}

static void lane_go_on(struct lane *lane)
{
    while (!lane->busy && lane->first) {
        struct call *call = lane->first;
        lane->first = call->next;
        execute(call);
    }
}

static void arrives(void *self, void *thing)
{
    struct lane *lane = self;
    struct call *call = thing;
    *(lane->first ? &lane->last->next : &lane->first) = call;
    lane->last = call;
    lane_go_on(lane);
}

void pg_call(struct call *call)
{
    int64_t delay_us = 100 + (int64_t)sim_random(MILLI);
    if (sim_fault(FAULT_SLOW_DATABASE, 15)) {
        delay_us += (int64_t)sim_random(sim_per_mille(300) ? 18 * SECOND : SECOND);
    }
    struct lane *lane = lane_of(call);
    int64_t at_us = sim.now_us + delay_us;
    lane->arrives_us = at_us > lane->arrives_us ? at_us : lane->arrives_us + 1;
    sim_later(NULL, lane->arrives_us - sim.now_us, arrives, lane, call);
}

void pg_restart(int64_t away_us, bool fail_over)
{
    sim_note("archive %s, away for %lld ms, %u of %u replicated",
             fail_over ? "fails over" : "restarts",
             (long long)away_us / MILLI,
             wal_replicated,
             wal_count);
    down_until_us = sim.now_us + away_us;
    for (uint64_t i = 1; i <= session_count; i++) {
        sessions[i].served = false;
    }
    if (fail_over) {
        if (wal_replicated < wal_count) {
            sim_reach(SOMETIMES_FAIL_OVER_LOST_TAIL);
        }
        wal_count = wal_replicated;
        tables_clear();
        for (uint32_t i = 0; i < wal_count; i++) {
            apply(wal[i]);
        }
        oracle_rolled_back();
    } else {
        wal_replicated = wal_count;
    }
    instances_cut();
}

void pg_step_clock(void)
{
    sim_note("the archive's clock steps ahead");
    memset(tables.member_until_us, 0, sizeof tables.member_until_us);
    for (unsigned service = SERVICE_INTAKE; service < SERVICES_END; service++) {
        for (uint32_t partition = 0; partition < PARTITIONS; partition++) {
            tables.streams[service][partition].head.lease_until_us = 0;
        }
    }
}

const struct head *pg_head(enum service_id service, uint32_t partition)
{
    return &stream_of(service, partition)->head;
}

uint32_t pg_fact_count(enum service_id service, uint32_t partition)
{
    return stream_of(service, partition)->count;
}

const struct fact *pg_fact(enum service_id service, uint32_t partition, uint64_t seq)
{
    const struct stream *stream = stream_of(service, partition);
    return seq >= 1 && seq <= stream->count ? &stream->facts[seq - 1] : NULL;
}

bool pg_is_replicated(enum service_id service, uint32_t partition, uint64_t seq)
{
    return stream_of(service, partition)->wal_index[seq - 1] < wal_replicated;
}

const struct row *pg_row(enum service_id service, uint32_t partition, uint64_t serial)
{
    return &stream_of(service, partition)->rows[serial];
}

uint64_t pg_granted(uint64_t reference)
{
    return tables.granted[reference];
}

bool pg_granted_before(enum service_id service, uint64_t reference)
{
    uint32_t partition = case_partition(tables.granted[reference]);
    return tables.granted_epoch[reference] < stream_of(service, partition)->head.epoch;
}
