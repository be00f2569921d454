/*
 * Goal: what is counted by the archive counts once: a command is done once, and an agent never
 * holds more than his row allows, whether it is there already or has to be made (laws 4 and 6).
 * Method: slots driven to their bound in a real archive; command ids repeated.
 */
#include "dispatch_store.h"
#include "pg_desk.h"
#include "policy_fixture.h"
#include "unit.h"

static void slots_of(
    struct pg_desk *desk, const char *agent, int32_t delta, bool may_be_new, const char *answer)
{
    struct dispatch_slot_change change = {.delta = delta, .capacity = 2, .may_be_new = may_be_new};
    (void)snprintf(change.agent, sizeof change.agent, "%s", agent);
    pg_begin(desk->pg);
    dispatch_slots_bind(desk->pg, &change, 1);
    pg_desk_ask(desk, answer);
}

static void slots(struct pg_desk *desk, const char *agent, int32_t delta, const char *answer)
{
    slots_of(desk, agent, delta, true, answer);
}

static void an_agent_holds_as_many_as_the_row_allows(void **state)
{
    (void)state;
    struct pg_desk desk;
    pg_desk_ready(&desk, dispatch_statements, dispatch_statement_count);
    slots(&desk, "王明", 1, "ok 1");
    slots(&desk, "王明", 1, "ok 1");
    slots(&desk, "王明", 1, "RD002 at 1");
    slots(&desk, "林小姐", 2, "ok 1");
    /* LAW 6: who gives back more than he has was counted wrongly: told, never smoothed over */
    slots(&desk, "林小姐", -5, "23514 at 1");
    slots(&desk, "林小姐", -2, "ok 1");
    slots(&desk, "林小姐", 2, "ok 1");
    slots(&desk, "王明", -1, "ok 1");
    slots_of(&desk, "王明", 1, false, "ok 1"); /* his row is there: none is made */
    slots_of(&desk, "李小姐", 1, false, "RD002 at 0");
    pg_desk_run(
        &desk,
        "DO $$ BEGIN IF (SELECT string_agg(agent || used, ',' ORDER BY agent COLLATE \"C\") "
        "FROM redress.agent_slot) <> '林小姐2,王明2' THEN RAISE 'slots'; END IF; END $$");
    pg_desk_close(&desk);
}

static void commands(struct pg_desk *desk, int first, int count, const char *answer)
{
    struct dispatch_command_row rows[4] = {0};
    for (int i = 0; i < count; i++) {
        memset(rows[i].command_id, first + i, sizeof rows[i].command_id);
        rows[i].case_id = case_id_make(2, 77);
        rows[i].seq = (uint64_t)first + (uint64_t)i;
        rows[i].at_us = 1710727200000001;
    }
    pg_begin(desk->pg);
    dispatch_commands_bind(desk->pg, rows, (uint32_t)count);
    pg_desk_ask(desk, answer);
}

static void look_at_known(void *self, const struct pg_answer *answer)
{
    unsigned *looked = self;
    const PGresult *rows = answer->results[0];
    assert_int_equal(PQntuples(rows), 2);
    for (int row = 0; row < 2; row++) {
        assert_int_equal(pg_int8(rows, row, 2), pg_bytes(rows, row, 0).bytes[0]);
        assert_int_equal(pg_int8(rows, row, 1), case_id_make(2, 77));
    }
    (*looked)++;
}

static void a_command_is_done_once_and_what_was_done_is_known(void **state)
{
    (void)state;
    struct pg_desk desk;
    uint8_t ids[3][16];
    unsigned looked = 0;
    pg_desk_ready(&desk, dispatch_statements, dispatch_statement_count);
    commands(&desk, 1, 2, "ok 0");
    commands(&desk, 2, 2, "23505 at 0");
    for (int i = 0; i < 3; i++) {
        memset(ids[i], i + 1, sizeof ids[i]);
    }
    desk.look = look_at_known;
    desk.self = &looked;
    pg_begin(desk.pg);
    dispatch_known_bind(desk.pg, (const uint8_t(*)[16])ids, 3);
    pg_desk_ask(&desk, "ok 2");
    assert_int_equal(looked, 1);
    desk.look = NULL; /* the case a command was done on comes with it */
    const struct dispatch_case done_on = {.case_id = case_id_make(2, 77)};
    pg_begin(desk.pg);
    dispatch_cases_begin();
    dispatch_case_add(policy_fixture(), &done_on, true);
    (void)dispatch_cases_bind(desk.pg);
    pg_desk_ask(&desk, "ok 0");
    pg_begin(desk.pg);
    dispatch_rows_bind(desk.pg, NULL, 0, (const uint8_t(*)[16])ids, 3);
    pg_desk_ask(&desk, "ok 1");
    pg_desk_close(&desk);
}

static void a_command_is_forgotten_after_thirty_days(void **state)
{
    (void)state;
    struct pg_desk desk;
    pg_desk_ready(&desk, dispatch_statements, dispatch_statement_count);
    pg_desk_run(
        &desk,
        "INSERT INTO redress.command (command_id, case_id, seq, at, mark) SELECT "
        "gen_random_uuid(), 1, n, now() - n * interval '1 day', 0 FROM generate_series(1, 40) n");
    static const char left[] =
        "DO $$ BEGIN IF (SELECT count(*) FROM redress.command) <> %d OR (SELECT max(now() - at) "
        "FROM redress.command) > interval '%d days' THEN RAISE 'left'; END IF; END $$";
    static const int rest[][2] = {
        {33, 41},
        {29, 30},
        {29, 30}
    };
    for (unsigned i = 0; i < sizeof rest / sizeof *rest; i++) {
        char sql[256];
        pg_begin(desk.pg);
        pg_call(desk.pg, "dispatch_commands_forget");
        pg_bind_int4(desk.pg, 7); /* a slice */
        pg_desk_ask(&desk, "ok 0");
        (void)snprintf(sql, sizeof sql, left, rest[i][0], rest[i][1]);
        pg_desk_run(&desk, sql);
    }
    pg_desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_agent_holds_as_many_as_the_row_allows),
        cmocka_unit_test(a_command_is_done_once_and_what_was_done_is_known),
        cmocka_unit_test(a_command_is_forgotten_after_thirty_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
