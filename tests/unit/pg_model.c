/*
 * Goal: the simulator's archive (tests/simulate/pg_tables) takes, refuses and shows what a real
 * PostgreSQL does under the statements of the daemons, so that laws 1, 2, 4 and 6 are tried against
 * the truth.  Method: long random sequences of takeovers, appends with what their owner believes
 * (mostly right, or out of date, or wrong), checkpoints, renewals and looks, by sessions that die,
 * linger or return, to both; every answer and, again and again, every row is compared.
 */
#include "instance.h"
#include "pg_model_real.h"
#include "pg_tables.h"
#include "unit.h"

#include <assert.h>

enum { STEPS = 1500, LOOK_EVERY = 20, SESSIONS_EACH = 2, CASES = 6, AGENTS = 3, IDS = 20 };

/* One that an instance has; the older one may linger, and go on. */
struct session {
    uint64_t model;
    struct real_session *real;
};

static struct {
    enum service_id service;
    struct instance people[REAL_INSTANCES];
    struct session sessions[REAL_INSTANCES][SESSIONS_EACH];
    uint64_t sessions_made;
    struct part believed[REAL_INSTANCES][PARTITIONS];
    struct event events[PARTITIONS][CASES];
    uint32_t done[REAL_NEGATIVE + 1];
    uint32_t step;
} desk;

#define SAME(real, model, what)                                                                    \
    do {                                                                                           \
        long long one = (long long)(real);                                                         \
        long long other = (long long)(model);                                                      \
        if (one != other) {                                                                        \
            fail_msg("step %u: %s: real %lld, model %lld", desk.step, what, one, other);           \
        }                                                                                          \
    } while (0)

static_assert((int)READ_FACTS == REAL_READ_MAX, "the same at once");

static uint64_t below(uint64_t limit)
{
    return sim_random(limit);
}

static void same_place(const struct real_place *real, const struct place *model, const char *what)
{
    SAME(real->seq, model->seq, what);
    SAME(memcmp(real->hash, model->hash, HASH_SIZE), 0, what);
}

static void same_head(const struct real_head *real, const struct head *model)
{
    SAME(real->epoch, model->epoch, "epoch");
    same_place(&real->place, &model->place, "place");
    for (unsigned from = SERVICE_INTAKE; from < SERVICES_END; from++) {
        same_place(&real->checkpoints[from], &model->checkpoints[from], "checkpoint");
    }
}

static struct call *call_of(uint32_t who, const struct session *session, enum call_kind kind)
{
    static struct call call;
    call = (struct call){.kind = kind, .from = &desk.people[who], .session = session->model};
    return &call;
}

/* As pg.c does it, in no time. */
static void model_do(struct call *call)
{
    bool writes = call->kind <= CALL_TAKE || call->kind >= CALL_COMMIT;
    call->executed_us = sim.now_us;
    call->answer = tables_judge(call);
    if (writes && (call->answer == ANSWER_DONE || call->kind == CALL_RENEW)) {
        tables_apply(call);
    }
    tables_answer(call);
}

static struct session *a_session(uint32_t who)
{
    struct session *session = &desk.sessions[who][below(6) == 0];
    return session->real ? session : &desk.sessions[who][0];
}

static void end(struct session *session)
{
    if (session->real) {
        real_kill(session->real);
        tables_serve(session->model, false);
        *session = (struct session){0};
    }
}

static void begin(uint32_t who)
{
    desk.sessions[who][0] =
        (struct session){.model = ++desk.sessions_made, .real = real_connect(who)};
    tables_serve(desk.sessions_made, true);
}

/* Comes back under a new one; the old one is gone, or the server has not noticed yet. */
static void do_session(uint32_t who)
{
    struct session *sessions = desk.sessions[who];
    end(&sessions[1]);
    if (below(2) == 0) {
        sessions[1] = sessions[0];
    } else {
        end(&sessions[0]);
    }
    begin(who);
}

static void do_take(uint32_t who)
{
    const struct session *session = a_session(who);
    uint32_t wanted[PARTITIONS];
    uint32_t count = 0;
    for (uint32_t p = 0; p < PARTITIONS; p++) {
        wanted[count] = p;
        count += below(2) == 0;
    }
    struct real_head won[PARTITIONS];
    uint32_t got = real_take(session->real, wanted, count, won);
    for (uint32_t i = 0; i < count; i++) {
        struct call *call = call_of(who, session, CALL_TAKE);
        call->partition = wanted[i];
        model_do(call);
        const struct real_head *real = NULL;
        for (uint32_t k = 0; k < got; k++) {
            real = won[k].partition == wanted[i] ? &won[k] : real;
        }
        SAME(real != NULL, call->answer == ANSWER_DONE, "taken");
        if (real) {
            same_head(real, &call->head);
            struct part *part = &desk.believed[who][wanted[i]];
            *part = (struct part){
                .partition = wanted[i], .epoch = call->head.epoch, .before = call->head.place};
            memcpy(part->checkpoints, call->head.checkpoints, sizeof part->checkpoints);
        }
    }
}

/* What somebody believes, mostly. */
static struct part part_of(uint32_t who, uint32_t partition)
{
    struct part part = desk.believed[who][partition];
    part.partition = partition;
    uint64_t wrong = below(40);
    part.epoch += wrong == 0 ? 1 : 0;
    part.epoch -= wrong == 1 && part.epoch > 0 ? 1 : 0;
    part.before.seq += wrong == 2 ? 1 : 0;
    part.before.seq -= wrong == 3 && part.before.seq > 0 ? 1 : 0;
    part.after = part.before;
    return part;
}

static void hash_any(uint8_t hash[HASH_SIZE])
{
    for (unsigned i = 0; i < HASH_SIZE; i++) {
        hash[i] = (uint8_t)below(256);
    }
}

static uint64_t reference_any(struct request *request)
{
    *request = (struct request){.kind = (enum request_kind)below(REQUEST_KINDS),
                                .submission = 1 + below(IDS)};
    if (desk.service == SERVICE_DISPATCH) {
        request->agent = (uint32_t)(1 + below(AGENTS_MAX));
        request->command = (uint32_t)below(IDS);
    }
    return request_reference(request);
}

static void facts_any(struct call *call, struct part *part, struct fact *facts)
{
    for (uint64_t n = below(4); n > 0; n--) {
        struct fact *fact = &facts[call->fact_count++];
        *fact = (struct fact){.service = desk.service,
                              .partition = part->partition,
                              .seq = ++part->after.seq,
                              .epoch = part->epoch,
                              .event = &desk.events[part->partition][below(CASES)]};
        hash_any(fact->hash);
        memcpy(part->after.hash, fact->hash, HASH_SIZE);
        struct request request;
        bool again = call->fact_count > 1 && below(20) == 0;
        fact->reference = again ? fact[-1].reference : below(3) == 0 ? reference_any(&request) : 0;
        call->row_cases[call->row_count] = fact->event->case_id;
        call->rows[call->row_count++].version = (uint32_t)(1 + below(1000));
    }
}

static bool row_twice(const struct call *call)
{
    for (uint32_t i = 1; i < call->row_count; i++) {
        for (uint32_t k = 0; k < i; k++) {
            if (call->row_cases[i] == call->row_cases[k]) {
                return true;
            }
        }
    }
    return false;
}

static void commit_fill(struct call *call, uint32_t who)
{
    static struct fact facts[REAL_ROWS_MAX];
    static struct row rows[REAL_ROWS_MAX];
    static uint64_t cases[REAL_ROWS_MAX];
    call->facts = facts;
    call->rows = rows;
    call->row_cases = cases;
    do {
        call->part_count = call->fact_count = call->row_count = 0;
        for (uint32_t p = 0; p < PARTITIONS; p++) {
            uint64_t epoch = desk.believed[who][p].epoch;
            bool ours = epoch == pg_head(desk.service, p)->epoch;
            if (epoch > 0 && below(ours ? 2 : 12) == 0) {
                struct part *part = &call->parts[call->part_count++];
                *part = part_of(who, p);
                facts_any(call, part, facts);
                unsigned from = SERVICE_INTAKE + (unsigned)below(4);
                part->checkpoints[from].seq += below(5);
                hash_any(part->checkpoints[from].hash);
            }
        }
    } while (row_twice(call)); /* a batch has one row of a case */
    for (uint32_t i = 1; i <= AGENTS && desk.service == SERVICE_DISPATCH; i++) {
        call->slots[i] = below(4) == 0 ? (int32_t)below(4) - 1 : 0;
    }
}

static void commit_tell(const struct call *call, struct real_commit *commit)
{
    *commit = (struct real_commit){.part_count = call->part_count,
                                   .event_count = call->fact_count,
                                   .row_count = call->row_count,
                                   .slots = call->slots,
                                   .slot_count = AGENTS,
                                   .capacity = AGENT_CAPACITY};
    for (uint32_t i = 0; i < call->part_count; i++) {
        const struct part *part = &call->parts[i];
        struct real_head *head = &commit->parts[i];
        *head = (struct real_head){.partition = part->partition,
                                   .epoch = part->epoch,
                                   .expected = part->before.seq,
                                   .place.seq = part->after.seq};
        memcpy(head->place.hash, part->after.hash, HASH_SIZE);
        for (unsigned from = SERVICE_INTAKE; from < SERVICES_END; from++) {
            head->checkpoints[from].seq = part->checkpoints[from].seq;
            memcpy(head->checkpoints[from].hash, part->checkpoints[from].hash, HASH_SIZE);
        }
    }
    for (uint32_t i = 0; i < call->fact_count; i++) {
        const struct fact *fact = &call->facts[i];
        commit->events[i] = (struct real_event){.partition = fact->partition,
                                                .seq = fact->seq,
                                                .case_id = fact->event->case_id,
                                                .reference = fact->reference};
        memcpy(commit->events[i].hash, fact->hash, HASH_SIZE);
        uint64_t id = commit->rows[i].case_id = call->row_cases[i];
        commit->rows[i].version = call->rows[i].version;
        commit->rows[i].is_new =
            pg_row(desk.service, case_partition(id), case_id_serial(id))->version == 0;
    }
}

/* What is to be said of one that was refused is said of it alone: real names the first. */
static void same_answer(enum real_answer real, uint32_t fenced, const struct call *call)
{
    enum call_answer expected = real == REAL_DONE     ? ANSWER_DONE
                                : real == REAL_FENCED ? ANSWER_FENCED
                                                      : ANSWER_REFUSED;
    SAME(expected, call->answer, "committed");
    SAME(real == REAL_FULL, call->full, "an agent is full");
    bool named = real != REAL_FENCED;
    for (uint32_t i = 0; i < call->part_count; i++) {
        named = named || (call->fenced[i] && call->parts[i].partition == fenced);
    }
    SAME(true, named, "fenced by name");
}

static void do_commit(uint32_t who)
{
    struct real_commit commit;
    const struct session *session = a_session(who);
    struct call *call = call_of(who, session, CALL_COMMIT);
    commit_fill(call, who);
    if (call->part_count == 0) {
        return;
    }
    commit_tell(call, &commit);
    int32_t slots[AGENTS_MAX + 1]; /* the model answers in them */
    memcpy(slots, call->slots, sizeof slots);
    commit.slots = slots;
    uint32_t fenced = 0;
    enum real_answer answer = real_commit(session->real, &commit, &fenced);
    desk.done[answer]++;
    model_do(call);
    same_answer(answer, fenced, call);
    for (uint32_t i = 0; i < call->part_count && answer == REAL_DONE; i++) {
        struct part *part = &desk.believed[who][call->parts[i].partition];
        *part = call->parts[i];
        part->before = part->after;
    }
}

static void do_renew(uint32_t who)
{
    const struct session *session = a_session(who);
    struct call *call = call_of(who, session, CALL_RENEW);
    struct real_head parts[PARTITIONS];
    for (uint32_t p = 0; p < PARTITIONS; p++) {
        struct part part = part_of(who, p);
        if (part.epoch > 0) {
            parts[call->part_count] = (struct real_head){.partition = p, .epoch = part.epoch};
            call->parts[call->part_count++] = part;
        }
    }
    unsigned lost = real_renew(session->real, parts, call->part_count);
    model_do(call);
    for (uint32_t i = 0; i < call->part_count; i++) {
        SAME(lost >> call->parts[i].partition & 1, call->fenced[i], "renewal fenced");
    }
}

static void do_give_back(uint32_t who)
{
    const struct session *session = a_session(who);
    struct call *call = call_of(who, session, CALL_GIVE_BACK);
    struct part part = part_of(who, (uint32_t)below(PARTITIONS));
    call->partition = part.partition;
    call->seq = part.epoch;
    real_give_back(session->real, part.partition, part.epoch);
    model_do(call);
}

static void do_read(uint32_t who)
{
    const struct session *session = a_session(who);
    struct call *call = call_of(who, session, CALL_READ);
    uint8_t hashes[READ_FACTS][HASH_SIZE];
    call->service = desk.service;
    call->partition = (uint32_t)below(PARTITIONS);
    uint64_t seq = pg_head(desk.service, call->partition)->place.seq;
    call->seq = below(seq + 2);
    uint32_t count = real_read(session->real, call->partition, call->seq, hashes);
    model_do(call);
    SAME(count, call->fact_count, "facts read");
    for (uint32_t i = 0; i < count; i++) {
        SAME(memcmp(hashes[i], call->facts[i].hash, HASH_SIZE), 0, "fact");
    }
}

static void do_survey(uint32_t who)
{
    const struct session *session = a_session(who);
    struct call *call = call_of(who, session, CALL_SURVEY);
    struct real_survey survey;
    desk.people[who].leaving = below(4) == 0;
    real_survey(session->real, desk.people[who].leaving, &survey);
    model_do(call);
    for (uint32_t i = 0; i < REAL_INSTANCES; i++) {
        SAME(survey.live[i], call->survey->members[i].live, "member is there");
    }
    for (uint32_t p = 0; p < PARTITIONS; p++) {
        SAME(survey.free[p], call->survey->free[p], "may be taken");
    }
}

static void do_look(uint32_t who)
{
    const struct session *session = a_session(who);
    struct call *call = call_of(who, session, CALL_LOOK_UP);
    struct request request;
    (void)reference_any(&request);
    call->requests = &request;
    call->request_count = 1;
    uint64_t found = real_look_up(session->real, request_reference(&request));
    model_do(call);
    SAME(found, request.found_case_id, "granted before");
    if (desk.service == SERVICE_DISPATCH) {
        struct row row;
        uint64_t case_id = desk.events[below(PARTITIONS)][below(CASES)].case_id;
        call = call_of(who, session, CALL_FETCH);
        call->row_count = 1;
        call->row_cases = &case_id;
        call->rows = &row;
        uint32_t version = real_row_version(session->real, case_id);
        model_do(call);
        SAME(version, row.version, "state of a case");
    }
}

static void do_leases(uint32_t who)
{
    (void)who;
    real_leases_end();
    tables_leases_end();
}

static void any_call(void)
{
    static void (*const often[])(uint32_t) = {
        do_take, do_commit, do_commit, do_commit, do_commit, do_commit, do_renew, do_read, do_look};
    static void (*const rarely[])(uint32_t) = {do_survey, do_give_back, do_session, do_leases};
    uint32_t who = (uint32_t)below(REAL_INSTANCES);
    uint64_t dice = below(60);
    if (dice < 8) {
        rarely[dice / 2](who);
    } else {
        often[below(sizeof often / sizeof *often)](who);
    }
}

static void compare_rows(void)
{
    for (uint32_t p = 0; p < PARTITIONS; p++) {
        struct real_head real;
        char owner[16] = "";
        const struct head *head = pg_head(desk.service, p);
        real_head_now(p, &real);
        same_head(&real, head);
        if (head->owner >= 0) {
            (void)snprintf(owner, sizeof owner, "i%d", head->owner % PER_SERVICE);
        }
        assert_string_equal(real.owner, owner);
        SAME(real.alive, head->lease_until_us > sim.now_us, "lease");
        SAME(real_event_count(p), pg_fact_count(desk.service, p), "events");
    }
    for (uint32_t i = 1; i <= AGENTS && desk.service == SERVICE_DISPATCH; i++) {
        SAME(real_used(i), tables_used(i), "what an agent holds");
    }
}

static void both(enum service_id service)
{
    memset(&desk, 0, sizeof desk);
    sim_begin(7 + service, MUTANT_NONE, false);
    sim.now_us = 1000 * SECOND;
    tables_clear();
    real_begin(service);
    desk.service = service;
    for (uint32_t p = 0; p < PARTITIONS; p++) {
        for (uint32_t i = 0; i < CASES; i++) {
            desk.events[p][i].case_id = case_id_make(p, i + 1);
        }
    }
    for (uint32_t i = 0; i < REAL_INSTANCES; i++) {
        desk.people[i].service = service;
        desk.people[i].index = ((int)service - 1) * PER_SERVICE + (int)i;
        begin(i);
    }
    for (desk.step = 0; desk.step < STEPS; desk.step++) {
        any_call();
        if (desk.step % LOOK_EVERY == 0) {
            compare_rows();
        }
    }
    real_end();
    sim_end();
    print_message("taken %u, fenced %u, known %u, full %u, less than nothing %u\n",
                  desk.done[REAL_DONE],
                  desk.done[REAL_FENCED],
                  desk.done[REAL_KNOWN],
                  desk.done[REAL_FULL],
                  desk.done[REAL_NEGATIVE]);
    assert_true(desk.done[REAL_DONE] > 50 && desk.done[REAL_FENCED] > 50);
    assert_true(desk.done[REAL_KNOWN] > 10);
}

static void the_model_of_the_archive_takes_what_intake_commits_as_a_real_one(void **state)
{
    (void)state;
    both(SERVICE_INTAKE);
}

static void the_model_of_the_archive_takes_what_dispatch_commits_as_a_real_one(void **state)
{
    (void)state;
    both(SERVICE_DISPATCH);
    assert_true(desk.done[REAL_FULL] > 10 && desk.done[REAL_NEGATIVE] > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_model_of_the_archive_takes_what_intake_commits_as_a_real_one),
        cmocka_unit_test(the_model_of_the_archive_takes_what_dispatch_commits_as_a_real_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
