#include "pg.h"

#include "instance.h"
#include "oracle.h"
#include "pg_tables.h"

#include <assert.h>

enum { LOG_MAX = 1 << 15, LANES = 2 };

static struct session {
    bool open; /* as the client sees it */
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

void pg_begin(void)
{
    tables_clear();
    memset(sessions, 0, sizeof sessions);
    for (uint64_t i = 1; i <= session_count; i++) {
        tables_serve(i, false);
    }
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
    sessions[*session] = (struct session){.open = true};
    tables_serve(*session, true);
    return true;
}

static void session_end(void *self, void *thing)
{
    (void)thing;
    tables_serve((uint64_t)((struct session *)self - sessions), false);
}

void pg_disconnect(uint64_t session, int64_t linger_us)
{
    sessions[session].open = false;
    sim_later(NULL, linger_us, session_end, &sessions[session], NULL);
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
    if (!tables_serves(call->session)) {
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
    if (!tables_serves(call->session)) {
        if (call->kind == CALL_COMMIT) {
            sim_reach(SOMETIMES_IN_DOUBT_LOST);
        }
        return;
    }
    bool writes = call->kind != CALL_LOAD && call->kind != CALL_READ && call->kind != CALL_FETCH &&
                  call->kind != CALL_LOOK_UP;
    int64_t delay_us = (int64_t)sim_random(MILLI);
    call->executed_us = sim.now_us;
    call->answer = tables_judge(call);
    call->effective = writes && (call->answer == ANSWER_DONE || call->kind == CALL_RENEW);
    if (call->effective) {
        assert(wal_count < LOG_MAX);
        oracle_before(call);
        call->wal_index = wal_count;
        wal[wal_count++] = call;
        tables_apply(call);
        oracle_after(call);
        int64_t replicated_us = replicate(call);
        delay_us += answered_unreplicated(call) ? 0 : replicated_us;
    } else if (call->kind == CALL_COMMIT) {
        bool fenced = call->answer == ANSWER_FENCED;
        sim_note("%s: commit %s", instance_name(call->from), fenced ? "fenced" : "refused");
        sim_reach(fenced ? SOMETIMES_ZOMBIE_FENCED : SOMETIMES_BATCH_REFUSED);
    }
    tables_answer(call);
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
        tables_serve(i, false);
    }
    if (fail_over) {
        if (wal_replicated < wal_count) {
            sim_reach(SOMETIMES_FAIL_OVER_LOST_TAIL);
        }
        wal_count = wal_replicated;
        tables_clear();
        for (uint32_t i = 0; i < wal_count; i++) {
            tables_apply(wal[i]);
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
    tables_leases_end();
}

bool pg_is_replicated(enum service_id service, uint32_t partition, uint64_t seq)
{
    return tables_wal_index(service, partition, seq) < wal_replicated;
}
