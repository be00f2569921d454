/*
 * Goal: the journal goes by period, and whoever looks at one that lacks its beginning is told so
 * instead of something wrong.
 *
 * Method: real daemons work while the open period is closed under them, twice; then periods are
 * detached, with consumers that lag, readers that do not end, tables that were tampered with, and
 * come back.  Guards laws 1 and 2 (no append is lost or refused in a turn), 3 (the chain goes on
 * over a turn and begins at the cut), 4 (nobody's input leaves before he has it) and 8 (a case that
 * cannot be folded whole is not folded at all).
 */
#include "rig.h"
#include "rig_cmocka.h"
#include "rig_json.h"

#include <signal.h>
#include <sys/wait.h>

enum { CASES = 120, SETTLE_MS = 30000, NOT_FOUND = 3, CONFLICT = 4 };

static struct rig *rig;

/* The owner's verbs come as whom libpq takes them for. */
static void own(void)
{
    char owner[64];
    rig_text(rig, owner, sizeof owner, "SELECT current_user");
    assert_int_equal(setenv("PGUSER", owner, 1), 0); // NOLINT(concurrency-mt-unsafe): one thread
}

static void does(const char *words)
{
    rig_says(rig, words, 0, "");
}

static int64_t says(const char *words, const char *key)
{
    int status;
    json_t *json = rig_json(rig, words, &status);
    assert_non_null(json);
    int64_t number = rig_json_number(json, key);
    json_decref(json);
    return number;
}

/* Clean, with so many periods gone, and rows on both sides of the cut where there is one. */
static void verified(int64_t detached)
{
    int status;
    json_t *json = rig_json(rig, "verify", &status);
    assert_non_null(json);
    if (status != 0) {
        char *text = json_dumps(json, 0);
        print_message("%.2000s\n", text);
        free(text);
    }
    assert_int_equal(status, 0);
    assert_int_equal(rig_json_number(json, "periods_detached"), detached);
    assert_true((rig_json_number(json, "rows_not_compared") > 0) == (detached > 0));
    assert_true(rig_json_number(json, "rows") > 0);
    assert_int_equal(rig_json_number(json, "events"),
                     rig_number(rig, "SELECT count(*) FROM journal"));
    json_decref(json);
    assert_int_equal(says("status", "lost"), 0);
}

static void more(struct adapter *adapter)
{
    adapter_add_many(adapter, CASES);
    adapter_finish(adapter, SETTLE_MS);
    rig_settle(rig, SETTLE_MS);
}

/* The words while complaints come in. */
static void does_under_load(const char *words, struct adapter *adapter)
{
    char line[512];
    (void)snprintf(line,
                   sizeof line,
                   "sleep 0.3; %s/redress %s --config %s/redress.yaml --lang en",
                   REDRESS_BIN,
                   words,
                   rig->directory);
    FILE *pipe = popen(line, "r"); // NOLINT(cert-env33-c): the words are the test's own
    assert_non_null(pipe);
    adapter_load(adapter, 1500);
    assert_int_equal(pclose(pipe), 0);
    more(adapter);
}

static void the_list_is(const char *const *states, size_t count)
{
    int status;
    int64_t events = 0;
    json_t *json = rig_json(rig, "archive list", &status);
    const json_t *periods = json_object_get(json, "periods");
    assert_int_equal(status, 0);
    assert_int_equal(json_array_size(periods), count);
    for (size_t i = 0; i < count; i++) {
        const json_t *period = json_array_get(periods, i);
        assert_int_equal(rig_json_number(period, "period"), i + 1);
        assert_string_equal(json_string_value(json_object_get(period, "state")), states[i]);
        assert_true(rig_json_number(period, "events") > 0);
        events += strcmp(states[i], "detached") != 0 ? rig_json_number(period, "events") : 0;
    }
    assert_int_equal(events, rig_number(rig, "SELECT count(*) FROM journal"));
    json_decref(json);
}

static void what_cannot_go_or_come_says_why(void)
{
    rig_says(rig, "archive detach 3", CONFLICT, "period 3 is open; close it first");
    rig_says(rig, "archive detach 2", CONFLICT, "period 1 is older than 2");
    rig_says(rig, "archive detach 9", NOT_FOUND, "there is no period 9");
    rig_says(rig, "archive detach 1x", NOT_FOUND, "there is no period 1x");
    rig_says(rig, "archive attach 1", CONFLICT, "period 1 is not detached");
}

/* Every consumer in turn has read nothing: each is named, and nothing has left. */
static void nobodys_input_leaves_before_he_has_it(void)
{
    static const struct {
        enum service_id who;
        const char *what;
    } edges[] = {
        {SERVICE_TRIAGE,    "intake"  },
        {SERVICE_WATCHDOG,  "intake"  },
        {SERVICE_ANALYTICS, "intake"  },
        {SERVICE_DISPATCH,  "triage"  },
        {SERVICE_ANALYTICS, "triage"  },
        {SERVICE_WATCHDOG,  "dispatch"},
        {SERVICE_ANALYTICS, "dispatch"},
        {SERVICE_DISPATCH,  "watchdog"},
        {SERVICE_ANALYTICS, "watchdog"},
    };
    rig_sql(rig, "CREATE TEMP TABLE good AS SELECT * FROM head");
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        char text[128];
        const char *what = edges[i].what;
        rig_sql(rig, "UPDATE head SET %s_seq = 0 WHERE service = %d", what, edges[i].who);
        (void)snprintf(text, sizeof text, "%s, partition ", service_name(edges[i].who));
        rig_says(rig, "archive detach 1", CONFLICT, text);
        (void)snprintf(text, sizeof text, "events of %s in it", what);
        rig_says(rig, "archive detach 1", CONFLICT, text);
        rig_sql(rig,
                "UPDATE head h SET %s_seq = g.%s_seq FROM good g WHERE h.service = %d AND "
                "g.service = h.service AND g.partition = h.partition",
                what,
                what,
                edges[i].who);
    }
    rig_sql(rig, "DROP TABLE good");
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM journal_cut"), 0);
}

static void signal_all(int number)
{
    for (unsigned i = 0; i < rig->daemon_count; i++) {
        (void)daemon_signal(&rig->daemons[i], number);
    }
}

/* A case of which the beginning is gone is not told by its end. */
static void half_a_case_is_not_told(void)
{
    char words[64];
    long long old = rig_number(rig, "SELECT min(case_id) FROM complaint");
    long long young =
        rig_number(rig, "SELECT max(case_id) FROM complaint WHERE case_id >> 40 = %lld", old >> 40);
    static const char *const verbs[] = {"show", "clock explain"};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        (void)snprintf(words, sizeof words, "%s %lld", verbs[i], old);
        rig_says(rig, words, NOT_FOUND, "in period 1 of the journal, which is detached");
    }
    (void)snprintf(words, sizeof words, "show %lld", young);
    does(words);
    (void)snprintf(words, sizeof words, "show %lld", (old >> 40 << 40) + (1LL << 39));
    rig_says(rig, words, NOT_FOUND, "no case");
    rig_says(rig, "drill --policy general-service", NOT_FOUND, "events in detached periods");
}

/* Who began to read before does not end: it goes on when he does, and meanwhile nobody is told
 * anything wrong. */
static void a_reader_is_waited_for(const char *words)
{
    char line[512];
    rig_sql(rig, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    int64_t events = rig_number(rig, "SELECT count(*) FROM journal");
    (void)snprintf(line,
                   sizeof line,
                   "%s/redress %s --config %s/redress.yaml --lang en",
                   REDRESS_BIN,
                   words,
                   rig->directory);
    FILE *pipe = popen(line, "r"); // NOLINT(cert-env33-c): the words are the test's own
    assert_non_null(pipe);
    rig_nap_ms(2000);
    int status;
    json_t *json = rig_json(rig, "verify", &status);
    assert_int_equal(status, 0);
    json_decref(json);
    rig_says(rig, words, 75, "somebody else is");
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM journal"), events);
    rig_sql(rig, "COMMIT");
    assert_int_equal(pclose(pipe), 0);
}

/* Done a second time it undoes itself. */
static void flip(const char *table)
{
    rig_sql(rig, "UPDATE %s SET hash = set_byte(hash, 0, 255 - get_byte(hash, 0))", table);
}

static void what_was_tampered_with_does_not_come_back(void)
{
    flip("journal_cut");
    int status;
    json_t *json = rig_json(rig, "verify", &status);
    assert_int_equal(status, 1); /* the chain does not go on from there */
    json_decref(json);
    flip("journal_cut");
    rig_sql(rig, "SET session_replication_role = replica");
    flip("journal_triage_2");
    rig_says(rig, "archive attach 2", CONFLICT, "is not what was detached");
    flip("journal_triage_2");
    rig_sql(rig, "SET session_replication_role = origin");
    rig_sql(rig, "ALTER TABLE journal_watchdog_2 SET SCHEMA public");
    rig_says(rig, "archive attach 2", NOT_FOUND, "restore them first");
    rig_sql(rig, "ALTER TABLE public.journal_watchdog_2 SET SCHEMA redress");
    rig_says(rig, "archive attach 1", CONFLICT, "period 2 is newer than 1");
    rig_says(rig, "archive detach 1", CONFLICT, "period 1 is detached already");
    for (unsigned period = 1; period <= 2; period++) {
        char sql[96];
        (void)snprintf(sql, sizeof sql, "DELETE FROM journal_intake_%u", period);
        PGresult *result = PQexec(rig->sql, sql);
        assert_non_null(strstr(PQresultErrorMessage(result), "append-only"));
        PQclear(result);
    }
}

static void the_journal_goes_by_period(void **state)
{
    rig = rig_new(true);
    *state = rig;
    own();
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 50);
    more(adapter);
    does_under_load("archive turn", adapter);
    does_under_load("archive turn", adapter);
    verified(0);
    rig_check_all(rig, &adapter, 1);
    the_list_is((const char *const[]){"closed", "closed", "open"}, 3);
    assert_int_equal(rig_number(rig,
                                "SELECT count(*) FROM journal_part p, pg_roles r WHERE "
                                "r.rolname LIKE 'redress_%%' AND NOT p.open AND "
                                "has_table_privilege(r.oid, p.part, 'INSERT')"),
                     0);
    what_cannot_go_or_come_says_why();

    signal_all(SIGTERM);
    nobodys_input_leaves_before_he_has_it();
    does("archive detach 1");
    the_list_is((const char *const[]){"detached", "closed", "open"}, 3);
    verified(1);
    half_a_case_is_not_told();
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    more(adapter);
    verified(1);

    does_under_load("archive detach 2", adapter);
    the_list_is((const char *const[]){"detached", "detached", "open"}, 3);
    verified(2);
    what_was_tampered_with_does_not_come_back();
    does("archive attach 2");
    verified(1);
    a_reader_is_waited_for("archive detach 2");
    does("archive attach 2");
    does("archive attach 1");
    the_list_is((const char *const[]){"closed", "closed", "open"}, 3);
    verified(0);
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_journal_goes_by_period, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
