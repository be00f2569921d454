/*
 * Goal: a row that cannot be read holds up nobody (laws 4, 9), and its case goes on as if it had
 * been read (laws 6, 8).
 *
 * Method: while dispatch and watchdog are away, rows of complaint and clock are altered so that
 * they cannot be read, each in another way.  Then every case is acted on, altered or not: each
 * answers as it would have, the daemons live, and redress verify, which folds the journal by
 * itself, finds no row that differs.  Where the journal lacks the case's beginning, or its events
 * were altered as well, dispatch ends with the status its supervisor heeds and says what helps;
 * that helps.  Seen to fail where the daemon leaves at such a row, where the fold leaves out what
 * the watchdog heard, or goes beyond what it has processed, and where a period that left is not
 * asked about.
 */
#include "rig.h"
#include "rig_cmocka.h"
#include "rig_json.h"

#include <signal.h>
#include <sys/wait.h>

enum { CASES = 40, SETTLE_MS = 30000, ALTERED_COMPLAINTS = 4, ALTERED_CLOCKS = 3, LACKS_DUES = 10 };

static struct rig *rig;
static uint64_t cases[CASES];

/* Other channels than phone and web are acknowledged by people, so a clock runs until then. */
static void cases_make(struct adapter **adapter)
{
    static const struct content content = {
        "general-service", "email", "The machine is broken, and nobody came", NULL};
    rig = rig_new(true);
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    *adapter = adapter_new(rig, "a", NULL, CASES);
    adapter_add_same(*adapter, CASES, &content);
    adapter_finish(*adapter, SETTLE_MS);
    rig_settle(rig, SETTLE_MS);
    for (int i = 0; i < CASES; i++) {
        cases[i] = (uint64_t)rig_number(
            rig, "SELECT case_id FROM complaint ORDER BY case_id OFFSET %d LIMIT 1", i);
    }
}

static void act(uint64_t case_id, const char *action)
{
    json_decref(rig_asks(
        rig, 0, "act %llu %s --as wang --role agent", (unsigned long long)case_id, action));
}

static void away(void)
{
    rig_settle(rig, SETTLE_MS);
    assert_int_equal(daemon_signal(rig_daemon(rig, SERVICE_DISPATCH, "a"), SIGTERM), 0);
    assert_int_equal(daemon_signal(rig_daemon(rig, SERVICE_WATCHDOG, "a"), SIGTERM), 0);
}

static void back(enum service_id service)
{
    (void)rig_start(rig, service, "a");
    (void)rig_await_serving(rig, service, SETTLE_MS);
}

static void alter(const char *table, const char *change, uint64_t case_id)
{
    rig_sql(
        rig, "UPDATE %s SET %s WHERE case_id = %llu", table, change, (unsigned long long)case_id);
}

static int64_t refolded(enum service_id service)
{
    static const char name[] = "\nredress_rows_refolded_total ";
    static char body[RIG_BODY_MAX];
    assert_int_equal(rig_ask(rig, rig_daemon(rig, service, "a"), "/metrics", body), 200);
    const char *there = strstr(body, name);
    assert_non_null(there);
    return strtoll(there + strlen(name), NULL, 10);
}

static int64_t told(uint64_t case_id)
{
    return rig_number(rig,
                      "SELECT count(*) FROM journal WHERE service = 4 AND case_id = %llu",
                      (unsigned long long)case_id);
}

static void a_row_that_cannot_be_read_holds_up_nobody(void **state)
{
    struct adapter *adapter;
    cases_make(&adapter);
    *state = rig;
    for (int i = 0; i < CASES; i += 2) { /* a life before: more than what opening says */
        act(cases[i], "acknowledge");
    }
    away();
    static const char *const complaints[ALTERED_COMPLAINTS] = {
        "step = 'nowhere'", "more = '\\x00'", "policy_id = 999", "(more, step) = ('\\xff', '')"};
    static const char *const clocks[ALTERED_CLOCKS] = {
        "state = '\\xff'", "state = substr(state, 1, 9)", "state = set_byte(state, 0, 5)"};
    for (int i = 0; i < ALTERED_COMPLAINTS; i++) {
        alter("complaint", complaints[i], cases[i]);
    }
    for (int i = 0; i < ALTERED_CLOCKS; i++) { /* of one both rows */
        alter("clock", clocks[i], cases[ALTERED_COMPLAINTS - 1 + i]);
    }
    alter("clock", "dues = '\\xff'", cases[LACKS_DUES]);
    back(SERVICE_DISPATCH);
    for (int i = 0; i < CASES; i++) {
        act(cases[i], i % 2 == 0 ? "reclassify -f category=late-delivery" : "acknowledge");
    }
    back(SERVICE_WATCHDOG); /* has not processed that: what it folds anew ends before it */
    rig_settle(rig, SETTLE_MS);
    act(cases[LACKS_DUES], "acknowledge"); /* written anew: it stands where it should again */
    rig_settle(rig, SETTLE_MS);
    assert_int_equal(refolded(SERVICE_DISPATCH), ALTERED_COMPLAINTS);
    assert_int_equal(refolded(SERVICE_WATCHDOG), ALTERED_CLOCKS);
    static const char own[] = "policy_id = (SELECT min(policy_id) FROM complaint)";
    alter("complaint", own, cases[2]);     /* as it never changes, nobody writes it anew */
    for (int i = 0; i < LACKS_DUES; i++) { /* as much as of those that were left alone */
        assert_int_equal(told(cases[i]), told(cases[CASES - 2 + i % 2]));
    }
    rig_says(rig, "verify", 0, "");
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
}

static void leaves(const char *why, unsigned times)
{
    struct daemon *dispatch = rig_daemon(rig, SERVICE_DISPATCH, "a");
    int status = daemon_ended(dispatch, SETTLE_MS);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 2); /* its supervisor does not start it again */
    assert_int_equal(daemon_logged(dispatch, why), times);
    assert_true(daemon_logged(dispatch, "redress archive attach PERIOD") > 0);
}

/* Nothing is decided on half a case, and what helps is said. */
static void what_the_journal_does_not_hold_either_ends_the_daemon(void **state)
{
    struct adapter *adapter;
    cases_make(&adapter);
    *state = rig;
    rig_sql(rig, "SET session_replication_role = replica"); /* the journal's trigger looks away */
    away();
    alter("complaint", "step = 'nowhere'", cases[0]);
    rig_sql(rig,
            "INSERT INTO journal_cut VALUES (3, %u, 7, 0, '', %llu, 0)",
            case_partition(cases[0]),
            (unsigned long long)cases[0]);
    back(SERVICE_DISPATCH);
    back(SERVICE_WATCHDOG);
    struct desk *desk = desk_new(rig, "a");
    const struct command command = {
        .actor = "wang", .role = "agent", .case_id = cases[0], .action = "acknowledge"};
    desk_send(desk, &command);
    leaves("events of it left with period 7 of the journal", 1);
    rig_sql(rig, "DELETE FROM journal_cut");
    rig_sql(rig, "CREATE TEMP TABLE kept AS SELECT * FROM journal WHERE service = 3");
    alter("journal", "bytes = '\\x00'", cases[0]);
    back(SERVICE_DISPATCH);
    desk_send(desk, &command);
    leaves("nor can it be folded anew", 2);
    rig_sql(rig,
            "UPDATE journal j SET bytes = k.bytes FROM kept k "
            "WHERE (j.service, j.partition, j.seq) = (k.service, k.partition, k.seq)");
    back(SERVICE_DISPATCH);
    act(cases[0], "reclassify -f category=late-delivery");
    rig_settle(rig, SETTLE_MS);
    desk_free(&desk);
    adapter_free(&adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_row_that_cannot_be_read_holds_up_nobody, rig_teardown),
        cmocka_unit_test_teardown(what_the_journal_does_not_hold_either_ends_the_daemon,
                                  rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
