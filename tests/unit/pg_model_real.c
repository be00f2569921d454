#include "pg_model_real.h"

#include "clock.h"
#include "dispatch_store.h"
#include "intake_store.h"
#include "pg_desk.h"
#include "policy_fixture.h"
#include "service_private.h"
#include "unit.h"

enum { SESSIONS_MAX = 256 };

struct real_session {
    uint32_t instance;
    struct pg *pg;
    bool answered;
    enum pg_status status;
    char sqlstate[6];
    char text[200];
    PGresult *rows[2];
};

static struct {
    enum service_id id;
    struct pg_desk desk;
    struct service_spec spec;
    struct service service; /* for its statements, and for the rows of a commit */
    struct appended events[REAL_ROWS_MAX];
    struct stream streams[REAL_PARTITIONS];
    uint32_t count;
    struct real_session sessions[SESSIONS_MAX];
} real;

/* ---- sessions ---- */

void real_begin(enum service_id service)
{
    bool intake = service == SERVICE_INTAKE;
    real.id = service;
    real.count = 0;
    real.spec = (struct service_spec){
        .id = service,
        .statements = intake ? intake_statements : dispatch_statements,
        .statement_count = intake ? intake_statement_count : dispatch_statement_count,
    };
    real.service.spec = &real.spec;
    real.service.streams = real.streams;
    pg_desk_open(&real.desk);
    char partitions[8];
    (void)snprintf(partitions, sizeof partitions, "%d", REAL_PARTITIONS);
    pg_desk_archive(&real.desk, partitions);
    pg_desk_run(&real.desk, FIXTURE_POLICY_SQL);
    assert_true(service_statements(&real.service));
    root_begin(server_conninfo(real.desk.server), service);
}

static void rows_forget(struct real_session *session)
{
    for (unsigned i = 0; i < 2; i++) {
        PQclear(session->rows[i]);
        session->rows[i] = NULL;
    }
}

void real_end(void)
{
    for (uint32_t i = 0; i < real.count; i++) {
        pg_free(&real.sessions[i].pg);
        rows_forget(&real.sessions[i]);
    }
    root_end();
    pg_desk_close(&real.desk);
}

static void on_state(void *owner, enum pg_state state, const struct error *error)
{
    (void)owner;
    (void)state;
    (void)error;
}

static void turn_until(const bool *done, const struct pg *ready)
{
    int64_t end_us = clock_now_us() + 10000000;
    while (!(done ? *done : pg_current_state(ready) == PG_READY) && clock_now_us() < end_us) {
        pg_desk_turn(&real.desk, 50);
    }
    assert_true(done ? *done : pg_current_state(ready) == PG_READY);
}

struct real_session *real_connect(uint32_t instance)
{
    assert_true(real.count < SESSIONS_MAX);
    struct real_session *session = &real.sessions[real.count++];
    *session = (struct real_session){.instance = instance};
    session->pg = pg_new(real.desk.loop,
                         server_conninfo(real.desk.server),
                         "unit",
                         real.service.statements,
                         real.service.statement_count,
                         on_state,
                         session);
    assert_non_null(session->pg);
    turn_until(NULL, session->pg);
    return session;
}

void real_kill(struct real_session *session)
{
    int pid = pg_backend_pid(session->pg);
    root_terminate(pid);
    pg_free(&session->pg);
    root_await_end(pid);
}

static void on_answer(void *context, const struct pg_answer *answer)
{
    struct real_session *session = context;
    session->answered = true;
    session->status = answer->status;
    memcpy(session->sqlstate, answer->sqlstate, sizeof session->sqlstate);
    (void)snprintf(session->text, sizeof session->text, "%s", answer->error.text);
    for (unsigned i = 0; i < 2 && i < answer->count && answer->status == PG_OK; i++) {
        session->rows[i] = PQcopyResult(answer->results[i], PG_COPYRES_TUPLES | PG_COPYRES_ATTRS);
    }
}

/* Sends what was built and waits; false: refused by the server. */
static bool ask(struct real_session *session)
{
    struct error error = {0};
    rows_forget(session);
    session->answered = false;
    assert_true(pg_send(session->pg, on_answer, session, &error));
    turn_until(&session->answered, NULL);
    assert_int_not_equal(session->status, PG_LOST);
    root_leases_last();
    return session->status == PG_OK;
}

static void must(struct real_session *session)
{
    if (!ask(session)) {
        fail_msg("%s", session->text);
    }
}

static const char *name_of(uint32_t instance)
{
    static char name[16];
    (void)snprintf(name, sizeof name, "i%u", instance);
    return name;
}

static void taken_read(const PGresult *rows, int row, struct real_head *head)
{
    head->partition = (uint32_t)pg_int2(rows, row, 0);
    head->epoch = (uint64_t)pg_int8(rows, row, 1);
    head->place.seq = (uint64_t)pg_int8(rows, row, 2);
    memcpy(head->place.hash, pg_bytes(rows, row, 3).bytes, HASH_SIZE);
    for (int from = 1; from < REAL_STREAMS; from++) {
        head->checkpoints[from].seq = (uint64_t)pg_int8(rows, row, 2 + 2 * from);
        memcpy(head->checkpoints[from].hash, pg_bytes(rows, row, 3 + 2 * from).bytes, HASH_SIZE);
    }
}

uint32_t real_take(struct real_session *session,
                   const uint32_t *partitions,
                   uint32_t count,
                   struct real_head *won)
{
    static struct pg_array wanted;
    pg_array_begin(&wanted, PG_INT2);
    for (uint32_t i = 0; i < count; i++) {
        pg_array_int2(&wanted, (int32_t)partitions[i]);
    }
    pg_begin(session->pg);
    pg_call(session->pg, "owner_take");
    pg_bind_int2(session->pg, (int32_t)real.id);
    pg_bind_array(session->pg, &wanted);
    pg_bind_text(session->pg, name_of(session->instance));
    must(session);
    uint32_t got = (uint32_t)PQntuples(session->rows[0]);
    for (uint32_t i = 0; i < got; i++) {
        taken_read(session->rows[0], (int)i, &won[i]);
    }
    return got;
}

/* ---- a commit, by the skeleton's own hand ---- */

static void part_put(struct cycle *cycle, const struct real_head *part)
{
    struct stream *stream = &real.streams[part->partition];
    *stream = (struct stream){.epoch = part->epoch,
                              .seq = part->expected,
                              .next_seq = part->place.seq,
                              .first_event = NOWHERE,
                              .last_event = NOWHERE};
    memcpy(stream->next_hash, part->place.hash, HASH_SIZE);
    for (unsigned from = 1; from < REAL_STREAMS; from++) {
        stream->next_checkpoints[from].seq = part->checkpoints[from].seq;
        memcpy(stream->next_checkpoints[from].hash, part->checkpoints[from].hash, HASH_SIZE);
    }
    cycle->touched[cycle->touched_count++] = part->partition;
}

static void event_put(struct cycle *cycle, const struct real_event *event)
{
    struct stream *stream = &real.streams[event->partition];
    int32_t place = (int32_t)cycle->event_count++;
    struct appended *appended = &cycle->events[place];
    *appended = (struct appended){.bytes = slice_of(event->hash, HASH_SIZE),
                                  .seq = event->seq,
                                  .case_id = event->case_id,
                                  .at_us = 1,
                                  .partition = event->partition,
                                  .kind = EVENT_OPENED,
                                  .next = NOWHERE};
    memcpy(appended->hash, event->hash, HASH_SIZE);
    *(stream->first_event == NOWHERE ? &stream->first_event
                                     : &cycle->events[stream->last_event].next) = place;
    stream->last_event = place;
}

static void granted_bind(struct pg *pg, const struct real_commit *commit)
{
    static struct intake_row submissions[REAL_ROWS_MAX];
    static struct dispatch_command_row commands[REAL_ROWS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < commit->event_count; i++) {
        const struct real_event *event = &commit->events[i];
        if (event->reference != 0) {
            submissions[count] =
                (struct intake_row){.channel = slice_text("web"), .case_id = event->case_id};
            commands[count] =
                (struct dispatch_command_row){.case_id = event->case_id, .seq = event->seq};
            memcpy(submissions[count].submission_id, &event->reference, sizeof event->reference);
            memcpy(commands[count].command_id, &event->reference, sizeof event->reference);
            count++;
        }
    }
    if (real.id == SERVICE_INTAKE) {
        intake_rows_bind(pg, submissions, count);
    } else {
        dispatch_commands_bind(pg, commands, count);
    }
}

static void slots_bind(struct pg *pg, const struct real_commit *commit)
{
    static struct dispatch_slot_change changes[REAL_ROWS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 1; i <= commit->slot_count; i++) {
        if (commit->slots[i] != 0) {
            struct dispatch_slot_change *change = &changes[count++];
            *change = (struct dispatch_slot_change){
                .delta = commit->slots[i], .capacity = commit->capacity, .may_be_new = true};
            (void)snprintf(change->agent, sizeof change->agent, "a%u", i);
        }
    }
    if (count > 0) {
        dispatch_slots_bind(pg, changes, count);
    }
}

static void cases_bind(struct pg *pg, const struct real_commit *commit)
{
    dispatch_cases_begin();
    for (uint32_t i = 0; i < commit->row_count; i++) {
        struct dispatch_case state = {.case_id = commit->rows[i].case_id,
                                      .policy_id = FIXTURE_POLICY_ID,
                                      .version = commit->rows[i].version,
                                      .queue = POLICY_NONE,
                                      .home_queue = POLICY_NONE,
                                      .agent_role = POLICY_NONE,
                                      .category = POLICY_NONE,
                                      .class_index = POLICY_NONE,
                                      .channel = POLICY_NONE};
        dispatch_case_add(policy_fixture(), &state, commit->rows[i].is_new);
    }
    dispatch_cases_bind(pg);
}

enum real_answer
real_commit(struct real_session *session, const struct real_commit *commit, uint32_t *fenced)
{
    struct cycle *cycle = &real.service.cycle;
    *cycle = (struct cycle){.service = &real.service, .events = real.events};
    for (uint32_t i = 0; i < commit->part_count; i++) {
        part_put(cycle, &commit->parts[i]);
    }
    for (uint32_t i = 0; i < commit->event_count; i++) {
        event_put(cycle, &commit->events[i]);
    }
    pg_begin(session->pg);
    cycle_rows_bind(cycle, session->pg);
    if (real.id == SERVICE_DISPATCH) {
        cases_bind(session->pg, commit);
        slots_bind(session->pg, commit);
    }
    granted_bind(session->pg, commit);
    if (ask(session)) {
        return REAL_DONE;
    }
    static const char *const states[] = {"", "RD001", "23505", "RD002", "23514"};
    for (unsigned i = REAL_FENCED; i <= REAL_NEGATIVE; i++) {
        if (strcmp(session->sqlstate, states[i]) == 0) {
            const char *named = strstr(session->text, "partition ");
            *fenced = i == REAL_FENCED && named ? (uint32_t)strtoul(named + 10, NULL, 10) : 0;
            return (enum real_answer)i;
        }
    }
    fail_msg("%s %s", session->sqlstate, session->text);
    return REAL_DONE;
}

static void held_bind(struct real_session *session, const struct real_head *parts, uint32_t count)
{
    static struct pg_array partitions;
    static struct pg_array epochs;
    pg_array_begin(&partitions, PG_INT2);
    pg_array_begin(&epochs, PG_INT8);
    for (uint32_t i = 0; i < count; i++) {
        pg_array_int2(&partitions, (int32_t)parts[i].partition);
        pg_array_int8(&epochs, (int64_t)parts[i].epoch);
    }
    pg_bind_int2(session->pg, (int32_t)real.id);
    pg_bind_array(session->pg, &partitions);
    pg_bind_array(session->pg, &epochs);
}

unsigned real_renew(struct real_session *session, const struct real_head *parts, uint32_t count)
{
    pg_begin(session->pg);
    pg_call(session->pg, "owner_renew");
    held_bind(session, parts, count);
    must(session);
    unsigned lost = 0;
    for (int row = 0; row < PQntuples(session->rows[0]); row++) {
        lost |= 1U << pg_int2(session->rows[0], row, 0);
    }
    return lost;
}

void real_give_back(struct real_session *session, uint32_t partition, uint64_t epoch)
{
    const struct real_head part = {.partition = partition, .epoch = epoch};
    pg_begin(session->pg);
    pg_call(session->pg, "owner_give_back");
    held_bind(session, &part, 1);
    must(session);
}

/* ---- looks ---- */

uint32_t real_read(struct real_session *session,
                   uint32_t partition,
                   uint64_t seq,
                   uint8_t (*hashes)[HASH_SIZE])
{
    pg_begin(session->pg);
    pg_call(session->pg, "input_read");
    pg_bind_int2(session->pg, (int32_t)real.id);
    pg_bind_int2(session->pg, (int32_t)partition);
    pg_bind_int8(session->pg, (int64_t)seq);
    pg_bind_int4(session->pg, REAL_READ_MAX);
    must(session);
    uint32_t count = (uint32_t)PQntuples(session->rows[0]);
    for (uint32_t i = 0; i < count; i++) {
        memcpy(hashes[i], pg_bytes(session->rows[0], (int)i, 0).bytes, HASH_SIZE);
    }
    return count;
}

static void member_bind(struct real_session *session, bool leaving)
{
    struct pg *pg = session->pg;
    pg_begin(pg);
    pg_call(pg, leaving ? "owner_leave" : "owner_join");
    pg_bind_int2(pg, (int32_t)real.id);
    pg_bind_text(pg, name_of(session->instance));
    for (unsigned i = 0; i < 4 && !leaving; i++) {
        pg_bind_text(pg, "here"); /* publisher, requests, key, host */
    }
    if (!leaving) {
        pg_bind_int4(pg, 1);
        pg_bind_int8(pg, 1 + session->instance);
    }
    must(session);
}

void real_survey(struct real_session *session, bool leaving, struct real_survey *survey)
{
    struct pg *pg = session->pg;
    member_bind(session, leaving);
    pg_begin(pg);
    pg_call(pg, "owner_members");
    pg_bind_int2(pg, (int32_t)real.id);
    pg_call(pg, "owner_heads");
    pg_bind_int2(pg, (int32_t)real.id);
    pg_bind_int4(pg, pg_backend_pid(pg));
    must(session);
    *survey = (struct real_survey){.live = {false}};
    for (int row = 0; row < PQntuples(session->rows[0]); row++) {
        unsigned long instance = strtoul(PQgetvalue(session->rows[0], row, 0) + 1, NULL, 10);
        assert_true(instance < REAL_INSTANCES);
        survey->live[instance] = pg_bool(session->rows[0], row, 2);
    }
    for (int row = 0; row < PQntuples(session->rows[1]); row++) {
        uint32_t partition = (uint32_t)pg_int2(session->rows[1], row, 0);
        (void)snprintf(survey->owner[partition], 16, "%s", PQgetvalue(session->rows[1], row, 1));
        survey->free[partition] = pg_bool(session->rows[1], row, 2);
    }
}

uint64_t real_look_up(struct real_session *session, uint64_t reference)
{
    uint8_t id[16] = {0};
    memcpy(id, &reference, sizeof reference);
    pg_begin(session->pg);
    if (real.id == SERVICE_INTAKE) {
        struct intake_key key = {.channel = slice_text("web")};
        memcpy(key.submission_id, id, sizeof id);
        intake_known_bind(session->pg, &key, 1);
    } else {
        dispatch_known_bind(session->pg, (const uint8_t(*)[16]) & id, 1);
    }
    must(session);
    int column = real.id == SERVICE_INTAKE ? 2 : 1;
    const PGresult *rows = session->rows[0];
    return PQntuples(rows) > 0 ? (uint64_t)pg_int8(rows, 0, column) : 0;
}

uint32_t real_row_version(struct real_session *session, uint64_t case_id)
{
    static struct dispatch_case state;
    pg_begin(session->pg);
    dispatch_rows_bind(session->pg, &case_id, 1, NULL, 0);
    must(session);
    const PGresult *rows = session->rows[0];
    if (PQntuples(rows) == 0) {
        return 0;
    }
    struct error error = {0};
    assert_true(dispatch_row_read(rows, 0, policy_fixture(), &state, &error));
    assert_int_equal(state.case_id, case_id);
    return state.version;
}
