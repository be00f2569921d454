/*
 * Goal: an archive that is reached and takes nothing, because its disk is full, loses nothing and
 * ends nobody.  Method: under load every insert into the journal is refused with the SQLSTATE of a
 * full disk for longer than a daemon gives a batch that is refused for its own sake; then there is
 * room again, or the server is started again first.  A privilege that one command alone needs is
 * taken away.  Guards laws 1, 2, 4 and 9.
 */
#include "rig.h"
#include "rig_cmocka.h"
#include "rig_json.h"

enum { FULL_MS = 9000, LOAD_MS = 1500, PATIENCE_MS = 60000, TRY_AGAIN = 75 };

static const char *const journals[] = {"intake", "triage", "dispatch", "watchdog"};

static void disk_fills(struct rig *rig)
{
    rig_sql(rig,
            "CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
            "EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; "
            "END $$");
    for (size_t i = 0; i < sizeof journals / sizeof *journals; i++) {
        rig_sql(rig,
                "CREATE TRIGGER disk BEFORE INSERT ON journal_%s EXECUTE FUNCTION disk_is_full()",
                journals[i]);
    }
}

static void disk_has_room(struct rig *rig)
{
    for (size_t i = 0; i < sizeof journals / sizeof *journals; i++) {
        rig_sql(rig, "DROP TRIGGER disk ON journal_%s", journals[i]);
    }
}

static void a_full_disk_is_waited_for_and_loses_nothing(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 50);
    adapter_load(adapter, LOAD_MS);
    struct daemon *intake = rig_daemon(rig, SERVICE_INTAKE, "a");
    disk_fills(rig);
    adapter_load(adapter, LOAD_MS);
    uint32_t receipted = adapter_receipted(adapter);
    adapter_load(adapter, FULL_MS);
    assert_int_equal(adapter_receipted(adapter), receipted);
    assert_int_equal(daemon_logged(intake, "archive takes nothing"), 1);
    for (unsigned service = SERVICE_INTAKE; service <= SERVICE_WATCHDOG; service++) {
        assert_true(daemon_lives(rig_daemon(rig, (enum service_id)service, "a")));
    }
    rig_await_ready(rig,
                    intake,
                    503,
                    "who asks is told to try later: postgresql: 53100 could not extend file",
                    LOAD_MS);
    disk_has_room(rig);
    adapter_load(adapter, LOAD_MS);
    adapter_finish(adapter, PATIENCE_MS);
    assert_true(adapter_receipted(adapter) > receipted);
    assert_int_equal(daemon_logged(intake, "archive takes commits again"), 1);
    rig_await_ready(rig, intake, 200, "\"archive\":{\"ok\":true", PATIENCE_MS);
    rig_settle(rig, PATIENCE_MS);
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
}

/* The batch that stood for its turn is forgotten with the connection; so must be what it was told.
 */
static void a_server_started_again_while_it_was_full_is_asked_again(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 50);
    struct daemon *intake = rig_daemon(rig, SERVICE_INTAKE, "a");
    disk_fills(rig);
    adapter_load(adapter, LOAD_MS);
    assert_int_equal(daemon_logged(intake, "archive takes nothing"), 1);
    assert_int_equal(adapter_receipted(adapter), 0);
    rig_sql(rig,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = "
            "'redress_intake'");
    disk_has_room(rig);
    adapter_load(adapter, LOAD_MS);
    adapter_finish(adapter, PATIENCE_MS);
    assert_true(adapter_receipted(adapter) > 0);
    rig_await_ready(rig, intake, 200, "\"archive\":{\"ok\":true", PATIENCE_MS);
    rig_settle(rig, PATIENCE_MS);
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
}

static uint64_t submitted(const struct rig *rig)
{
    int status;
    json_t *json = rig_json(
        rig,
        "submit --policy general-service --channel phone --text 'the bill is wrong' --name Ou "
        "--contact 13987650421",
        &status);
    assert_int_equal(status, 0);
    uint64_t case_id = (uint64_t)rig_json_number(json, "case_id");
    json_decref(json);
    return case_id;
}

static void
does(const struct rig *rig, const char *verb, uint64_t case_id, const char *rest, int wanted)
{
    char words[200];
    int status;
    (void)snprintf(words, sizeof words, "%s %llu %s", verb, (unsigned long long)case_id, rest);
    json_decref(rig_json(rig, words, &status));
    assert_int_equal(status, wanted);
}

/* Whose request it is refused for is told; nobody else is held up by him. */
static void a_privilege_one_command_lacks_holds_up_nobody_else(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    struct daemon *dispatch;
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    dispatch = rig_daemon(rig, SERVICE_DISPATCH, "a");
    uint64_t first = submitted(rig);
    uint64_t other = submitted(rig);
    rig_settle(rig, PATIENCE_MS);
    rig_sql(rig, "REVOKE INSERT, UPDATE ON agent_slot FROM redress_dispatch");
    does(rig, "act", first, "claim --as ann --role agent", TRY_AGAIN);
    rig_await_ready(
        rig, dispatch, 503, "42501 permission denied for table agent_slot: dispatch_", PATIENCE_MS);
    assert_int_equal(daemon_logged(dispatch, "archive refuses a statement"), 1);
    does(rig, "act", other, "note --as ann --role agent --note hello", 0);
    rig_await_ready(rig, dispatch, 200, "\"archive\":{\"ok\":true", PATIENCE_MS);
    rig_sql(rig, "GRANT INSERT, UPDATE ON agent_slot TO redress_dispatch");
    does(rig, "act", first, "claim --as ann --role agent", 0);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_full_disk_is_waited_for_and_loses_nothing, rig_teardown),
        cmocka_unit_test_teardown(a_server_started_again_while_it_was_full_is_asked_again,
                                  rig_teardown),
        cmocka_unit_test_teardown(a_privilege_one_command_lacks_holds_up_nobody_else, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
