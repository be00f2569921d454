/*
 * Goal: clocks are read as they were written, all of them, and refuses what it does not
 * understand (laws 4 and 7).  Method: every byte of a state is packed and unpacked; every cut and
 * every other length is refused; rows through a real archive, the infinite due time included.
 */
#include "watchdog_store.h"

#include "pg_desk.h"
#include "policy_fixture.h"
#include "unit.h"

static struct watch_case full_case(void)
{
    struct watch_case state = {.case_id = case_id_make(2, 0x1122334455),
                               .dispatch_seq = UINT64_MAX - 1,
                               .received_at_us = 1710727200000001,
                               .closed_at_us = INT64_MAX,
                               .policy_id = 0xfedcba98,
                               .version = 0x89abcdef,
                               .channel = 0x0102,
                               .category = POLICY_NONE,
                               .class_index = 0x0304,
                               .repeats = 0xfffe,
                               .priority = 5,
                               .closed = 1,
                               .opened = 1,
                               .step = 1};
    for (unsigned i = 0; i < EVENT_CLOCKS_MAX; i++) {
        state.clocks[i] = (struct watch_clock){.started_at_us = INT64_MIN + i,
                                               .due_us = INT64_MAX - i,
                                               .paused_at_us = -1 - (int64_t)i,
                                               .next_level_us = 1000 + i,
                                               .paused_us = INT64_MIN + 7 + i,
                                               .generation = (uint16_t)(0xfff0 + i),
                                               .phase = WATCH_STOPPED,
                                               .verdict = CLOCK_CANCELLED,
                                               .levels_fired = (uint8_t)(0xa0 + i),
                                               .breached = 1,
                                               .shadow = WATCH_PAUSED,
                                               .target = (uint8_t)(8 - i),
                                               .extensions = (uint8_t)(0xc0 + i),
                                               .done = (uint8_t)(0x30 + i),
                                               .merged = (uint8_t)(0x50 + i),
                                               .owed = (uint8_t)(0x70 + i)};
    }
    return state;
}

static void assert_same_clock(const struct watch_clock *a, const struct watch_clock *b)
{
    assert_int_equal(a->started_at_us, b->started_at_us);
    assert_int_equal(a->due_us, b->due_us);
    assert_int_equal(a->paused_at_us, b->paused_at_us);
    assert_int_equal(a->next_level_us, b->next_level_us);
    assert_int_equal(a->paused_us, b->paused_us);
    assert_int_equal(a->generation, b->generation);
    assert_int_equal(a->phase, b->phase);
    assert_int_equal(a->verdict, b->verdict);
    assert_int_equal(a->levels_fired, b->levels_fired);
    assert_int_equal(a->breached, b->breached);
    assert_int_equal(a->shadow, b->shadow);
    assert_int_equal(a->target, b->target);
    assert_int_equal(a->extensions, b->extensions);
    assert_int_equal(a->done, b->done);
    assert_int_equal(a->merged, b->merged);
    assert_int_equal(a->owed, b->owed);
}

static void assert_same(const struct watch_case *a, const struct watch_case *b)
{
    assert_int_equal(a->case_id, b->case_id);
    assert_int_equal(a->dispatch_seq, b->dispatch_seq);
    assert_int_equal(a->received_at_us, b->received_at_us);
    assert_int_equal(a->closed_at_us, b->closed_at_us);
    assert_int_equal(a->policy_id, b->policy_id);
    assert_int_equal(a->version, b->version);
    assert_int_equal(a->channel, b->channel);
    assert_int_equal(a->category, b->category);
    assert_int_equal(a->class_index, b->class_index);
    assert_int_equal(a->repeats, b->repeats);
    assert_int_equal(a->priority, b->priority);
    assert_int_equal(a->closed, b->closed);
    assert_int_equal(a->opened, b->opened);
    assert_int_equal(a->step, b->step);
    for (unsigned i = 0; i < EVENT_CLOCKS_MAX; i++) {
        assert_same_clock(&a->clocks[i], &b->clocks[i]);
    }
}

static void every_field_comes_back(void **state)
{
    (void)state;
    struct watch_case wanted = full_case();
    struct watch_case read;
    uint8_t bytes[WATCHDOG_STATE_SIZE_MAX];
    size_t size = watchdog_state_pack(&wanted, EVENT_CLOCKS_MAX, bytes);
    assert_true(size <= sizeof bytes);
    assert_true(watchdog_state_unpack(slice_of(bytes, size), &read));
    assert_same(&wanted, &read);

    /* fewer clocks: the others are as nobody ever touched them */
    size = watchdog_state_pack(&wanted, 3, bytes);
    assert_true(watchdog_state_unpack(slice_of(bytes, size), &read));
    memset(&wanted.clocks[3], 0, (EVENT_CLOCKS_MAX - 3) * sizeof wanted.clocks[0]);
    assert_same(&wanted, &read);
}

/* The archive outlives the program: the layout is little-endian whatever runs here. */
static void the_layout_is_the_same_on_every_machine(void **state)
{
    (void)state;
    static const uint8_t wanted[] = {6, 0x55, 0x44, 0x33, 0x22, 0x11, 2, 0, 0};
    struct watch_case whole = full_case();
    uint8_t bytes[WATCHDOG_STATE_SIZE_MAX];
    assert_int_equal(watchdog_state_pack(&whole, 0, bytes), 54);
    assert_memory_equal(bytes, wanted, sizeof wanted);
    assert_int_equal(watchdog_state_pack(&whole, 1, bytes), 54 + 52);
}

static void what_is_cut_longer_or_of_another_layout_is_refused(void **state)
{
    (void)state;
    struct watch_case whole = full_case();
    struct watch_case read;
    uint8_t bytes[WATCHDOG_STATE_SIZE_MAX + 1] = {0};
    size_t size = watchdog_state_pack(&whole, EVENT_CLOCKS_MAX, bytes);
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *exact = malloc(cut + 1); /* so that a read beyond it is seen */
        assert_non_null(exact);
        memcpy(exact, bytes, cut);
        assert_false(watchdog_state_unpack(slice_of(exact, cut), &read));
        free(exact);
    }
    assert_false(watchdog_state_unpack(slice_of(bytes, size + 1), &read));
    assert_false(watchdog_state_unpack(slice_of(NULL, 0), &read));
    bytes[0] = 5;
    assert_false(watchdog_state_unpack(slice_of(bytes, size), &read));
    bytes[0] = 6;
    bytes[53] = EVENT_CLOCKS_MAX + 1;
    assert_false(watchdog_state_unpack(slice_of(bytes, size), &read));
}

struct sight {
    unsigned rows;
    struct watch_case wanted;
    const char *refusal; /* NULL: it is read */
};

static void look_at_rows(void *self, const struct pg_answer *answer)
{
    struct sight *sight = self;
    const PGresult *rows = answer->count > 0 ? answer->results[0] : NULL;
    for (int row = 0; rows && row < PQntuples(rows); row++) {
        struct watch_case read;
        struct error error = {0};
        if (sight->refusal) {
            assert_false(watchdog_row_read(rows, row, &read, &error));
            assert_non_null(strstr(error.text, sight->refusal));
        } else {
            assert_true(watchdog_row_read(rows, row, &read, &error));
            assert_same(&read, &sight->wanted);
        }
        sight->rows++;
    }
}

static void store(struct pg_desk *desk, const struct watch_case *state, int64_t due_us, bool is_new)
{
    pg_begin(desk->pg);
    watchdog_cases_begin();
    watchdog_case_add(policy_fixture(), state, due_us, is_new);
    watchdog_cases_bind(desk->pg);
    pg_desk_ask(desk, "ok 0");
}

/* What a batch that needs the case reads. */
static unsigned load(struct pg_desk *desk, struct sight *sight)
{
    sight->rows = 0;
    desk->look = look_at_rows;
    desk->self = sight;
    pg_begin(desk->pg);
    const uint64_t asked[] = {case_id_make(3, 1), sight->wanted.case_id};
    watchdog_rows_bind(desk->pg, asked, 2);
    unsigned before = desk->answer_count;
    pg_desk_send(desk);
    assert_true(pg_desk_until_answers(desk, before + 1));
    desk->look = NULL;
    return sight->rows;
}

static void a_row_of_another_form_is_told_by_its_number(void **state)
{
    (void)state;
    struct pg_desk desk;
    struct sight sight = {.wanted = full_case()};
    pg_desk_open(&desk);
    pg_desk_archive(&desk, "4");
    pg_desk_connect(&desk, watchdog_statements, watchdog_statement_count);
    assert_true(pg_desk_until_ready(&desk));
    store(&desk, &sight.wanted, INT64_MAX, true);
    pg_desk_run(&desk, "UPDATE redress.clock SET state = set_byte(state, 0, 5)");
    sight.refusal = "is of form 5, this version reads 6";
    assert_int_equal(load(&desk, &sight), 1);
    pg_desk_run(&desk, "UPDATE redress.clock SET state = substr(set_byte(state, 0, 6), 1, 60)");
    sight.refusal = "is not what was written";
    assert_int_equal(load(&desk, &sight), 1);
    pg_desk_close(&desk);
}

/* What lists of late cases are ordered by. */
static void assert_missed(const struct pg_desk *desk, const char *since)
{
    char sql[256];
    (void)snprintf(sql,
                   sizeof sql,
                   "SET search_path = redress; DO $$ BEGIN IF (SELECT missed FROM clock) <> %s "
                   "THEN RAISE 'missed'; END IF; END $$",
                   since);
    pg_desk_run(desk, sql);
}

static void rows_come_back_with_what_the_queues_are_ordered_by(void **state)
{
    (void)state;
    struct pg_desk desk;
    struct sight sight = {.wanted = full_case()};
    pg_desk_ready(&desk, watchdog_statements, watchdog_statement_count);
    uint16_t clocks = policy_fixture()->clock_count;
    memset(&sight.wanted.clocks[clocks],
           0,
           (size_t)(EVENT_CLOCKS_MAX - clocks) * sizeof sight.wanted.clocks[0]);
    sight.wanted.closed = 0;
    store(&desk, &sight.wanted, 1710727200000001, true);
    assert_int_equal(load(&desk, &sight), 1);
    sight.wanted.clocks[0].phase = WATCH_RUNNING; /* the nearest of those that run is told */
    sight.wanted.clocks[0].verdict = CLOCK_RUNNING;
    sight.wanted.clocks[0].due_us = 1710727300000000;
    sight.wanted.clocks[1] = sight.wanted.clocks[0];
    sight.wanted.clocks[1].due_us = 1710727200000000;
    sight.wanted.clocks[1].verdict = CLOCK_MISSED;
    store(&desk, &sight.wanted, 1710727200000002, false);
    assert_int_equal(load(&desk, &sight), 1);
    pg_desk_run(
        &desk,
        "SET search_path = redress; DO $$ BEGIN IF (SELECT due FROM clock) <> "
        "to_timestamp(1710727300) OR (SELECT dues FROM clock) <> '\\xefcdab89002906bde5130600' "
        "THEN RAISE 'due'; END IF; END $$");
    assert_missed(&desk, "to_timestamp(1710727200)");
    sight.wanted.clocks[1].breached = 0;
    store(&desk, &sight.wanted, 1710727200000002, false);
    assert_missed(&desk, "to_timestamp(1710727300)");
    sight.wanted.clocks[0].breached = 0;
    store(&desk, &sight.wanted, 1710727200000002, false);
    assert_missed(&desk, "'infinity'");
    sight.wanted.closed = 1;
    sight.wanted.clocks[0].phase = WATCH_STOPPED;
    store(&desk, &sight.wanted, INT64_MAX, false); /* closed for good: found all the same */
    assert_int_equal(load(&desk, &sight), 1);
    pg_desk_run(
        &desk,
        "SET search_path = redress; DO $$ BEGIN IF (SELECT next_due FROM clock) <> 'infinity' OR "
        "(SELECT due FROM clock) <> 'infinity' OR (SELECT dues FROM clock) <> '\\xefcdab89' OR "
        "(SELECT count(*) FROM clock) <> 1 THEN RAISE 'rows'; END IF; END $$");
    pg_desk_close(&desk);
}

static void look_at_changes(void *self, const struct pg_answer *answer)
{
    const struct pg_changes *changes = self;
    assert_int_equal(pg_rows_missed(answer, answer->count, *changes), 1);
}

static void a_change_of_a_row_that_is_not_there_is_missed(void **state)
{
    (void)state;
    struct pg_desk desk;
    struct pg_changes changes;
    struct watch_case there = full_case();
    struct watch_case gone = full_case();
    gone.case_id++;
    pg_desk_ready(&desk, watchdog_statements, watchdog_statement_count);
    store(&desk, &there, INT64_MAX, true);
    desk.look = look_at_changes;
    desk.self = &changes;
    pg_begin(desk.pg);
    watchdog_cases_begin();
    watchdog_case_add(policy_fixture(), &there, 1710727200000001, false);
    watchdog_case_add(policy_fixture(), &gone, 1710727200000001, false);
    changes = watchdog_cases_bind(desk.pg);
    assert_int_equal(changes.rows, 2);
    pg_desk_ask(&desk, "ok 0");
    desk.look = NULL;
    pg_desk_run(&desk,
                "SET search_path = redress; DO $$ BEGIN IF (SELECT count(*) FROM clock WHERE "
                "next_due < 'infinity') <> 1 THEN RAISE 'rows'; END IF; END $$");
    pg_desk_close(&desk);
}

static void a_clock_was_missed_until_it_stops(void **state)
{
    (void)state;
    static const struct {
        uint8_t phase, breached;
        bool wanted;
    } rows[] = {
        {WATCH_RUNNING, 0, false},
        {WATCH_RUNNING, 1, true },
        {WATCH_PAUSED,  1, true },
        {WATCH_STOPPED, 1, false},
        {WATCH_IDLE,    1, false},
    };
    struct watch_case one = full_case();
    uint16_t last = (uint16_t)(policy_fixture()->clock_count - 1);
    for (uint16_t i = 0; i <= last; i++) {
        one.clocks[i].breached = 0;
        one.clocks[i].phase = WATCH_RUNNING;
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        one.clocks[last].phase = rows[i].phase;
        one.clocks[last].breached = rows[i].breached;
        assert_int_equal(watch_missed_us(policy_fixture(), &one) < INT64_MAX, rows[i].wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_comes_back),
        cmocka_unit_test(the_layout_is_the_same_on_every_machine),
        cmocka_unit_test(what_is_cut_longer_or_of_another_layout_is_refused),
        cmocka_unit_test(a_clock_was_missed_until_it_stops),
        cmocka_unit_test(a_row_of_another_form_is_told_by_its_number),
        cmocka_unit_test(a_change_of_a_row_that_is_not_there_is_missed),
        cmocka_unit_test(rows_come_back_with_what_the_queues_are_ordered_by),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
