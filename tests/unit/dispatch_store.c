/*
 * Goal: cases are read as they were written (law 4), and found by what they are looked for. Method:
 * every field of a state through a real archive and back; rows of many kinds, searched.
 */
#include "dispatch_store.h"

#include "pg_desk.h"
#include "policy_fixture.h"
#include "unit.h"

static struct dispatch_case full_case(void)
{
    return (struct dispatch_case){.case_id = case_id_make(2, 77),
                                  .customer = UINT64_MAX - 5,
                                  .received_at_us = 1710727200000001,
                                  .opened_at_us = 1710727200000002,
                                  .step_since_us = 1710727200000003,
                                  .updated_at_us = 1710727200000004,
                                  .due_us = INT64_MAX,
                                  .policy_id = FIXTURE_POLICY_ID,
                                  .version = 12,
                                  .repeats = 3,
                                  .score = -7,
                                  .step = FIXTURE_STEP_APPROVAL,
                                  .queue = POLICY_NONE,
                                  .home_queue = FIXTURE_QUEUE_SAFETY,
                                  .category = FIXTURE_CATEGORY_LEAKING,
                                  .class_index = FIXTURE_CLASS_SERIOUS,
                                  .channel = FIXTURE_CHANNEL_MAIL,
                                  .reopened = 2,
                                  .followed_up = 1,
                                  .priority = 2,
                                  .escalation = 3,
                                  .language = LANGUAGE_ZH_HANT,
                                  .acknowledged = true,
                                  .agent_role = FIXTURE_ROLE_SUPERVISOR,
                                  .agent = "陳主任",
                                  .last_actor = "a name of exactly forty-seven bytes, is it not?"};
}

static void ready(struct pg_desk *desk)
{
    pg_desk_ready(desk, dispatch_statements, dispatch_statement_count);
    pg_desk_run(desk, FIXTURE_POLICY_SQL);
}

static void store_under(struct pg_desk *desk,
                        const struct policy *policy,
                        const struct dispatch_case *state,
                        bool is_new,
                        const char *answer)
{
    pg_begin(desk->pg);
    dispatch_cases_begin();
    dispatch_case_add(policy, state, is_new);
    dispatch_cases_bind(desk->pg);
    pg_desk_ask(desk, answer);
}

static void
store(struct pg_desk *desk, const struct dispatch_case *state, bool is_new, const char *answer)
{
    store_under(desk, policy_fixture(), state, is_new, answer);
}

struct sight {
    int rows;
    bool read;
    bool known; /* when its clocks are due */
    uint32_t version;
    struct dispatch_case state;
    struct error error;
};

static void look_at_case(void *self, const struct pg_answer *answer)
{
    struct sight *sight = self;
    const PGresult *rows = answer->results[0];
    sight->rows = PQntuples(rows);
    if (sight->rows > 0) {
        assert_int_equal(dispatch_row_policy(rows, 0), FIXTURE_POLICY_ID);
        sight->read = dispatch_row_read(rows, 0, policy_fixture(), &sight->state, &sight->error);
        sight->known = dispatch_row_dues(rows, 0, &sight->state, &sight->version, &sight->error);
    }
}

static void load(struct pg_desk *desk, struct sight *sight, const char *answer)
{
    *sight = (struct sight){0};
    desk->look = look_at_case;
    desk->self = sight;
    pg_begin(desk->pg);
    const uint64_t id = case_id_make(2, 77);
    dispatch_rows_bind(desk->pg, &id, 1, NULL, 0);
    pg_desk_ask(desk, answer);
    desk->look = NULL;
}

static void every_field_of_a_case_comes_back(void **state)
{
    (void)state;
    struct pg_desk desk;
    struct sight sight;
    ready(&desk);
    struct dispatch_case wanted = full_case();
    store(&desk, &wanted, true, "ok 0");
    load(&desk, &sight, "ok 1");
    assert_true(sight.read);
    assert_true(dispatch_case_equal(&sight.state, &wanted));
    assert_string_equal(sight.state.last_actor, wanted.last_actor);
    assert_int_equal(sight.state.due_us, INT64_MAX);

    wanted.queue = FIXTURE_QUEUE_SERVICE; /* what may be empty is, what may change has */
    memset(wanted.agent, 0, sizeof wanted.agent);
    memset(wanted.last_actor, 0, sizeof wanted.last_actor);
    wanted.agent_role = wanted.category = POLICY_NONE;
    wanted.step = FIXTURE_STEP_TRIAGE;
    wanted.class_index = FIXTURE_CLASS_GRAVE;
    wanted.version = 13;
    wanted.priority = 1;
    wanted.acknowledged = false;
    wanted.updated_at_us++;
    store(&desk, &wanted, false, "ok 0");
    load(&desk, &sight, "ok 1");
    assert_true(dispatch_case_equal(&sight.state, &wanted));
    store(&desk, &wanted, true, "23505 at 0"); /* not as new as was said */
    pg_desk_close(&desk);
}

/* The last row is not there. */
static void look_at_changes(void *self, const struct pg_answer *answer)
{
    struct pg_changes *changes = self;
    assert_int_equal(pg_rows_missed(answer, answer->count, *changes), 1);
    changes->rows = 0;
}

/* Few rows are calls of one each, more are one call with arrays: both, and how many they missed. */
static void every_change_comes_back_however_many_there_are(void **state)
{
    (void)state;
    enum { FEW = 2, MANY = 7 };
    struct pg_desk desk;
    ready(&desk);
    struct dispatch_case plain = {.case_id = case_id_make(2, 77),
                                  .policy_id = FIXTURE_POLICY_ID,
                                  .queue = POLICY_NONE,
                                  .home_queue = POLICY_NONE,
                                  .category = POLICY_NONE,
                                  .class_index = POLICY_NONE,
                                  .agent_role = POLICY_NONE,
                                  .due_us = INT64_MAX};
    struct dispatch_case wanted = full_case();
    wanted.channel = plain.channel; /* what is told once, when it is opened */
    wanted.score = plain.score;
    wanted.repeats = plain.repeats;
    wanted.language = plain.language;
    wanted.received_at_us = plain.received_at_us;
    wanted.opened_at_us = plain.opened_at_us;
    wanted.closed_at_us = 1710727200000005;
    wanted.more.outcome = OUTCOME_SETTLED;
    wanted.more.facts[1] = -3;
    for (unsigned count = FEW; count <= MANY; count += MANY - FEW) {
        struct sight sight;
        struct pg_changes changes;
        pg_desk_run(&desk, "DELETE FROM redress.complaint");
        store(&desk, &plain, true, "ok 0");
        desk.look = look_at_changes;
        desk.self = &changes;
        pg_begin(desk.pg);
        dispatch_cases_begin();
        for (unsigned i = 0; i < count; i++) {
            struct dispatch_case other = wanted;
            other.case_id += i == count - 1; /* one that is not there; the others are the same */
            dispatch_case_add(policy_fixture(), &other, false);
        }
        changes = dispatch_cases_bind(desk.pg);
        assert_int_equal(changes.calls, count == FEW ? FEW : 1);
        changes.rows = 2;
        pg_desk_ask(&desk, "ok 0");
        assert_int_equal(changes.rows, 0);
        load(&desk, &sight, "ok 1");
        assert_true(dispatch_case_equal(&sight.state, &wanted));
        assert_string_equal(sight.state.last_actor, wanted.last_actor);
    }
    pg_desk_close(&desk);
}

static void a_case_closed_long_ago_is_found_and_a_damaged_one_is_told(void **state)
{
    (void)state;
    struct pg_desk desk;
    struct sight sight;
    ready(&desk);
    struct dispatch_case closed = full_case();
    closed.step = FIXTURE_STEP_CLOSED;
    closed.closed_at_us = 1577836800000000; /* 2020 */
    store(&desk, &closed, true, "ok 0");
    load(&desk, &sight, "ok 1");
    assert_true(dispatch_case_equal(&sight.state, &closed));
    pg_desk_run(&desk, "UPDATE redress.complaint SET closed_at = NULL, step = 'of another policy'");
    load(&desk, &sight, "ok 1");
    assert_false(sight.read);
    pg_desk_close(&desk);
}

static void bytes_of_another_form_are_told_by_their_number(void **state)
{
    (void)state;
    struct pg_desk desk;
    struct sight sight;
    ready(&desk);
    struct dispatch_case marked = full_case();
    marked.more.told = 3;
    store(&desk, &marked, true, "ok 0");
    load(&desk, &sight, "ok 1");
    assert_true(sight.read);
    pg_desk_run(&desk, "UPDATE redress.complaint SET more = set_byte(more, 0, 2)");
    load(&desk, &sight, "ok 1");
    assert_false(sight.read);
    assert_non_null(strstr(sight.error.text, "is of form 2, this version reads 4"));
    pg_desk_close(&desk);
}

/* Seen to fail where they are not taken from the row, and where damaged ones are. */
static void when_its_clocks_are_due_comes_from_their_row(void **state)
{
    (void)state;
    struct pg_desk desk;
    struct sight sight;
    ready(&desk);
    struct dispatch_case wanted = full_case();
    store(&desk, &wanted, true, "ok 0");
    pg_desk_run(&desk, "UPDATE redress.head SET seq = 7 WHERE service = 3 AND partition = 2");
    load(&desk, &sight, "ok 1"); /* the watchdog has not heard of it */
    assert_true(sight.known);
    assert_int_equal(sight.version, 0);
    /* nor will it hear more, where it has folded all: they are lost */
    pg_desk_run(&desk,
                "UPDATE redress.head SET dispatch_seq = 7 WHERE service = 4 AND partition = 2");
    load(&desk, &sight, "ok 1");
    assert_int_equal(sight.version, sight.state.version);
    assert_int_equal(sight.state.due_us, INT64_MAX);
    pg_desk_run(&desk,
                "INSERT INTO redress.clock (case_id, policy_id, closed, next_due, due, missed, "
                "dues, raised, raised_by, state) VALUES ((2::bigint << 40) + 77, 1, false, now(), "
                "now(), 'infinity', '\\x05000000002906bde51306000000000000000000004810b7e5130600', "
                "0, '', '')");
    load(&desk, &sight, "ok 1");
    assert_true(sight.known);
    assert_int_equal(sight.version, 5);
    assert_int_equal(sight.state.due_us, 1710727200000000);
    assert_int_equal(sight.state.clock_due_us[0], 1710727300000000);
    assert_int_equal(sight.state.clock_due_us[1], 0);
    assert_int_equal(sight.state.clock_due_us[2], 1710727200000000);
    pg_desk_run(&desk, "UPDATE redress.clock SET dues = substr(dues, 1, length(dues) - 1)");
    load(&desk, &sight, "ok 1");
    assert_false(sight.known);
    assert_non_null(strstr(sight.error.text, "are not what was written"));
    pg_desk_run(&desk, "UPDATE redress.clock SET dues = substr(dues, 1, 4)");
    load(&desk, &sight, "ok 1");
    assert_int_equal(sight.version, 5);
    assert_int_equal(sight.state.due_us, INT64_MAX);
    pg_desk_close(&desk);
}

enum { FOUND_MAX = 8 }; /* rows of one answer */

static void look_at_cases(void *self, const struct pg_answer *answer)
{
    uint64_t *cases = self;
    const PGresult *rows = answer->results[0];
    assert_true(PQntuples(rows) <= FOUND_MAX);
    for (int row = 0; row < PQntuples(rows); row++) {
        cases[row] = (uint64_t)pg_int8(rows, row, 0);
    }
}

/* A case that waits since so many days, and is due so many days after its receipt; 0: never. */
static void wait_add(struct pg_desk *desk, struct dispatch_case *one, int received_d, int due_d)
{
    enum { DAY_S = 86400, FROM_S = 1710000000 };
    char sql[256];
    int64_t received_s = FROM_S + (int64_t)received_d * DAY_S;
    int64_t due_s = received_s + (int64_t)due_d * DAY_S;
    one->policy_id = 1;
    one->received_at_us = received_s * 1000000;
    one->due_us = due_d > 0 ? due_s * 1000000 : INT64_MAX;
    one->agent[0] = '\0';
    store(desk, one, true, "ok 0");
    (void)snprintf(sql,
                   sizeof sql,
                   "INSERT INTO redress.clock VALUES (%llu, 1, false, 'infinity', CASE WHEN %d > 0 "
                   "THEN to_timestamp(%lld) ELSE 'infinity' END, 'infinity', '', 0, '', false, '')",
                   (unsigned long long)one->case_id,
                   due_d,
                   (long long)due_s);
    pg_desk_run(desk, sql);
}

/* What a claim without Redis proposes: the same order as the work queues, ours only.  Seen to fail
 * where a due time beyond thirty days counts as thirty. */
static void a_search_finds_the_best_of_a_queue_in_our_partitions(void **state)
{
    (void)state;
    static const struct {
        uint32_t partition;
        uint8_t priority;
        uint16_t queue;
        int received_d, due_d;
    } rows[] = {
        {1, 2, FIXTURE_QUEUE_SAFETY,  0,  1 },
        {1, 1, FIXTURE_QUEUE_SAFETY,  9,  40},
        {1, 1, FIXTURE_QUEUE_SAFETY,  9,  35},
        {1, 1, FIXTURE_QUEUE_SERVICE, 0,  1 },
        {3, 1, FIXTURE_QUEUE_SAFETY,  0,  1 },
        {0, 1, FIXTURE_QUEUE_SAFETY,  1,  0 },
        {1, 1, FIXTURE_QUEUE_SAFETY,  9,  0 },
        {1, 1, FIXTURE_QUEUE_SAFETY,  30, 5 },
        {1, 1, FIXTURE_QUEUE_SAFETY,  1,  50},
    };
    enum { ROWS = sizeof rows / sizeof *rows, OURS = ROWS - 2 };
    struct pg_desk desk;
    static struct pg_array ours;
    static struct dispatch_case cases[ROWS];
    uint64_t found[FOUND_MAX] = {0};
    ready(&desk);
    pg_desk_run(
        &desk, "INSERT INTO redress.policy (name, version, hash, source) VALUES ('p', 1, 'h', '')");
    for (uint32_t i = 0; i < ROWS; i++) {
        cases[i] = full_case();
        cases[i].case_id = case_id_make(rows[i].partition, i);
        cases[i].priority = rows[i].priority;
        cases[i].queue = rows[i].queue;
        wait_add(&desk, &cases[i], rows[i].received_d, rows[i].due_d);
    }
    pg_array_begin(&ours, PG_INT2);
    pg_array_int2(&ours, 0);
    pg_array_int2(&ours, 1);
    desk.look = look_at_cases;
    desk.self = found;
    pg_begin(desk.pg);
    dispatch_search_bind(
        desk.pg, "p", policy_fixture()->queues[FIXTURE_QUEUE_SAFETY].id, &ours, OURS + 1);
    pg_desk_ask(&desk, "ok 7");
    for (uint32_t i = 0; i + 1 < OURS; i++) {
        const struct dispatch_case *first = &cases[found[i] & UINT8_MAX];
        const struct dispatch_case *second = &cases[found[i + 1] & UINT8_MAX];
        assert_true(first->queue == FIXTURE_QUEUE_SAFETY && case_partition(first->case_id) < 2);
        assert_true(dispatch_queue_score(first) < dispatch_queue_score(second));
    }
    pg_begin(desk.pg);
    dispatch_search_bind(desk.pg, "p", policy_fixture()->queues[FIXTURE_QUEUE_SAFETY].id, &ours, 2);
    pg_desk_ask(&desk, "ok 2");
    pg_desk_close(&desk);
}

/* The fixture's policy, in which these queues offer their cases by themselves. */
static const struct policy *pushing(enum policy_push service)
{
    static struct policy policy;
    static struct policy_queue queues[16];
    policy = *policy_fixture();
    assert_true(policy.queue_count <= sizeof queues / sizeof *queues);
    memcpy(queues, policy.queues, policy.queue_count * sizeof *queues);
    queues[FIXTURE_QUEUE_SAFETY].push = PUSH_LEAST_LOAD;
    queues[FIXTURE_QUEUE_SERVICE].push = (uint8_t)service;
    policy.queues = queues;
    return &policy;
}

static void waiting(struct pg_desk *desk, int32_t limit, uint64_t behind, const char *answer)
{
    static struct pg_array ours;
    pg_array_begin(&ours, PG_INT2);
    pg_array_int2(&ours, 1);
    memset(desk->self, 0, 4 * sizeof(uint64_t));
    pg_begin(desk->pg);
    dispatch_waiting_bind(desk->pg, &ours, limit, behind);
    pg_desk_ask(desk, answer);
}

/* The first of each queue before the second of any, and of the others the next by number. */
static void what_waits_is_found_by_urgency_and_in_turn(void **state)
{
    (void)state;
    struct pg_desk desk;
    uint64_t found[FOUND_MAX];
    ready(&desk);
    pg_desk_run(
        &desk, "INSERT INTO redress.policy (name, version, hash, source) VALUES ('p', 1, 'h', '')");
    for (uint32_t i = 1; i <= 6; i++) {
        struct dispatch_case one = full_case();
        one.case_id = case_id_make(1, i);
        one.policy_id = 1;
        one.priority = i == 6 ? 4 : 1;
        one.received_at_us = INT64_C(1710000000000000) + i;
        one.queue = i == 6 ? FIXTURE_QUEUE_SERVICE : FIXTURE_QUEUE_SAFETY;
        one.agent[0] = '\0';
        store_under(&desk, pushing(PUSH_LEAST_LOAD), &one, true, "ok 0");
    }
    desk.look = look_at_cases;
    desk.self = found;
    static const uint32_t expected[][4] = {
        {1, 6, 2, 3},
        {1, 6, 4, 5},
        {1, 6, 0, 0}
    };
    uint64_t behind = 0;
    for (int search = 0; search < 3; search++) {
        waiting(&desk, 2, behind, search < 2 ? "ok 4" : "ok 2");
        for (int i = 0; i < 4; i++) {
            uint32_t number = expected[search][i];
            assert_int_equal(found[i], number ? case_id_make(1, number) : 0);
        }
        behind = found[3];
    }
    pg_desk_close(&desk);
}

/* A version that nobody has loaded any more pushes as it did, and no other pushes for it; where a
 * case waits no longer it is not found. */
static void what_waits_is_found_whatever_the_version_of_its_policy(void **state)
{
    (void)state;
    struct pg_desk desk;
    uint64_t found[FOUND_MAX];
    ready(&desk);
    pg_desk_run(&desk,
                "INSERT INTO redress.policy (name, version, hash, source) VALUES "
                "('p', 1, 'h', ''), ('p', 2, 'i', '')");
    desk.look = look_at_cases;
    desk.self = found;
    for (uint32_t i = 1; i <= 4; i++) {
        struct dispatch_case one = full_case();
        one.case_id = case_id_make(1, i);
        one.policy_id = i <= 2 ? 1 : 2;
        one.queue = FIXTURE_QUEUE_SERVICE;
        one.agent[0] = '\0';
        store_under(&desk, pushing(i <= 2 ? PUSH_LEAST_LOAD : PUSH_NO), &one, true, "ok 0");
    }
    waiting(&desk, 2, 0, "ok 2");
    assert_int_equal(found[0], case_id_make(1, 1));
    assert_int_equal(found[1], case_id_make(1, 2));
    struct dispatch_case taken = full_case();
    taken.case_id = case_id_make(1, 1);
    taken.policy_id = 1;
    taken.queue = POLICY_NONE;
    store_under(&desk, pushing(PUSH_LEAST_LOAD), &taken, false, "ok 0");
    waiting(&desk, 2, 0, "ok 1");
    assert_int_equal(found[0], case_id_make(1, 2));
    pg_desk_close(&desk);
}

static void look_at_keys(void *self, const struct pg_answer *answer)
{
    (void)self;
    assert_int_equal(pg_int8(answer->results[0], 0, 0), case_id_make(2, 1));
    assert_true(slice_equal(pg_bytes(answer->results[0], 0, 1), slice_text("wrapped")));
}

static void an_erased_key_is_not_there_any_more(void **state)
{
    (void)state;
    struct pg_desk desk;
    const uint64_t cases[] = {case_id_make(2, 1), case_id_make(2, 2), case_id_make(2, 3)};
    ready(&desk);
    pg_desk_run(&desk,
                "INSERT INTO redress.submission (submission_id, channel, case_id, digest, at, "
                "hash, wrapped_key) SELECT gen_random_uuid(), 'phone', (2::bigint << 40) + n, '', "
                "now(), '', "
                "CASE n WHEN 1 THEN 'wrapped'::bytea END FROM generate_series(1, 2) n");
    desk.look = look_at_keys;
    pg_begin(desk.pg);
    dispatch_keys_bind(desk.pg, cases, 3);
    pg_desk_ask(&desk, "ok 1");
    pg_desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_of_a_case_comes_back),
        cmocka_unit_test(every_change_comes_back_however_many_there_are),
        cmocka_unit_test(a_case_closed_long_ago_is_found_and_a_damaged_one_is_told),
        cmocka_unit_test(bytes_of_another_form_are_told_by_their_number),
        cmocka_unit_test(when_its_clocks_are_due_comes_from_their_row),
        cmocka_unit_test(a_search_finds_the_best_of_a_queue_in_our_partitions),
        cmocka_unit_test(what_waits_is_found_by_urgency_and_in_turn),
        cmocka_unit_test(what_waits_is_found_whatever_the_version_of_its_policy),
        cmocka_unit_test(an_erased_key_is_not_there_any_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
