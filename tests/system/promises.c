/*
 * Goal: a text that promises when a clock is due says so whatever dispatch has in memory, and says
 * what is so (laws 4, 5, 12): after a restart, and where the clock had begun before the case was
 * opened.  Where the watchdog has not folded what was done to the case last, nothing is promised;
 * where it has and the clocks' row is lost, nobody is told to ask again.
 *
 * Method: real daemons under a shipped policy whose receipt names the first reply's due time, a day
 * after the complaint came.  The sealed note is opened with the case's own key and compared with
 * that instant, as the archive's server writes it, and with the draft the command makes of the
 * journal.  Seen to fail where dispatch asks for no row of a case it has at hand (the second),
 * where it reads no dues (the first two), and where it does not compare versions (the third); where
 * lost clocks are waited for, where they are called lost though the watchdog is behind, and where
 * what is put off is looked up twice (the two within it).
 */
#include "rig.h"
#include "rig_cmocka.h"
#include "rig_json.h"
#include "rig_keys.h"

#include <signal.h>

enum { LIMIT_MS = 30000, TRY_AGAIN = 75 };

static const struct content broken = {"general-service", "email", "商品质量很差，打开是坏的", NULL};

static void one_comes(struct adapter *adapter)
{
    (void)adapter_add(adapter, &broken, NULL);
    adapter_finish(adapter, LIMIT_MS);
}

static uint64_t newest(struct rig *rig)
{
    return (uint64_t)rig_number(
        rig, "SELECT case_id FROM submission ORDER BY at DESC, case_id DESC LIMIT 1");
}

/* The receipt is sent, and promises what is so. */
static void the_receipt_is_right(struct rig *rig, uint64_t case_id)
{
    char query[200];
    char due[16];
    char note[2048];
    unsigned long long id = case_id;
    json_t *draft =
        rig_asks(rig, 0, "act %llu acknowledge --as wang --role agent --text receipt --draft", id);
    json_decref(rig_asks(rig, 0, "act %llu acknowledge --as wang --role agent --text receipt", id));
    rig_keys_note(rig, case_id, note, sizeof note);
    assert_string_equal(note, json_string_value(json_object_get(draft, "says")));
    (void)snprintf(query,
                   sizeof query,
                   "SELECT to_char((received_at + interval '24 hours') AT TIME ZONE "
                   "'Asia/Shanghai', 'HH24:MI') FROM complaint WHERE case_id = %llu",
                   id);
    rig_text(rig, due, sizeof due, query);
    assert_int_equal(strlen(due), 5);
    assert_non_null(strstr(note, due));
    json_decref(draft);
}

static void a_restart_forgets_no_promise(struct rig *rig, struct adapter *adapter)
{
    one_comes(adapter);
    rig_settle(rig, LIMIT_MS);
    assert_int_equal(daemon_signal(rig_daemon(rig, SERVICE_DISPATCH, "a"), SIGTERM), 0);
    (void)rig_start(rig, SERVICE_DISPATCH, "a");
    (void)rig_await_serving(rig, SERVICE_DISPATCH, LIMIT_MS);
    the_receipt_is_right(rig, newest(rig));
}

/* Its clock begins with the receipt, a second later, and what that says nobody has a case for. */
static void a_clock_may_begin_before_the_case_is_opened(struct rig *rig, struct adapter *adapter)
{
    struct daemon *triage = rig_daemon(rig, SERVICE_TRIAGE, "a");
    assert_int_equal(daemon_signal(triage, SIGTERM), 0);
    one_comes(adapter);
    uint64_t case_id = newest(rig);
    char query[120];
    (void)snprintf(query,
                   sizeof query,
                   "SELECT count(*) FROM journal WHERE service = 4 AND case_id = %llu",
                   (unsigned long long)case_id);
    rig_await(rig, query, 1, LIMIT_MS);
    (void)rig_start(rig, SERVICE_TRIAGE, "a");
    (void)rig_await_serving(rig, SERVICE_TRIAGE, LIMIT_MS);
    (void)snprintf(query,
                   sizeof query,
                   "SELECT count(*) FROM complaint WHERE case_id = %llu",
                   (unsigned long long)case_id);
    rig_await(rig, query, 1, LIMIT_MS);
    rig_settle(rig, LIMIT_MS);
    the_receipt_is_right(rig, case_id);
}

/* Their row is gone, and the watchdog has folded all: to ask again is no use, until something is
 * done that it has not folded. */
static void lost_clocks_are_not_waited_for(struct rig *rig, uint64_t case_id)
{
    static const char receipt[] =
        "act %llu acknowledge --as wang --role agent --text receipt --timeout 500ms";
    unsigned long long id = case_id;
    char words[160];
    (void)snprintf(words, sizeof words, receipt, id);
    rig_sql(rig, "CREATE TABLE lost AS SELECT * FROM clock WHERE case_id = %llu", id);
    rig_sql(rig, "DELETE FROM clock WHERE case_id = %llu", id);
    rig_says(rig, words, 1, "no such time lies ahead");
    json_decref(rig_asks(rig, 0, "act %llu note --as wang --role agent --note x", id));
    rig_says(rig, words, TRY_AGAIN, "the watchdog has not reckoned it yet");
    rig_sql(rig, "INSERT INTO clock SELECT * FROM lost");
    rig_sql(rig, "DROP TABLE lost");
}

/* What is put off costs one question to the archive, not a second one whether it was done already:
 * the looks for the case's key, one a question, tell. */
static void what_is_put_off_is_asked_once(struct rig *rig, uint64_t case_id)
{
    static const char looks[] = "SELECT seq_scan + coalesce(idx_scan, 0) FROM pg_stat_user_tables "
                                "WHERE relname = 'submission'";
    enum { ASKS = 40 };
    struct desk *desk = desk_new(rig, "a");
    int64_t before = rig_number(rig, looks);
    for (int i = 0; i < ASKS; i++) {
        struct answer answer = {0};
        desk_send(desk,
                  &(struct command){.actor = "wang",
                                    .role = "agent",
                                    .case_id = case_id,
                                    .action = "acknowledge",
                                    .text = "receipt"});
        assert_true(desk_take(desk, &answer, LIMIT_MS));
        assert_string_equal(answer.code, "clocks_behind");
    }
    desk_free(&desk);
    int64_t until_ms = rig_now_ms() + LIMIT_MS; /* a server tells what it has counted later */
    while (rig_number(rig, looks) < before + ASKS && rig_now_ms() < until_ms) {
        rig_nap_ms(200);
    }
    rig_nap_ms(1500);
    assert_in_range(rig_number(rig, looks), before + ASKS, before + ASKS * 3 / 2);
}

static void nothing_is_promised_that_may_have_changed(struct rig *rig, struct adapter *adapter)
{
    struct daemon *watchdog = rig_daemon(rig, SERVICE_WATCHDOG, "a");
    char words[160];
    one_comes(adapter);
    rig_settle(rig, LIMIT_MS);
    uint64_t case_id = newest(rig);
    assert_int_equal(daemon_signal(watchdog, SIGTERM), 0);
    lost_clocks_are_not_waited_for(rig, case_id);
    json_decref(rig_asks(
        rig, 0, "act %llu note --as wang --role agent --note x", (unsigned long long)case_id));
    (void)snprintf(words,
                   sizeof words,
                   "act %llu acknowledge --as wang --role agent --text receipt --timeout 500ms",
                   (unsigned long long)case_id);
    rig_says(rig, words, TRY_AGAIN, "the watchdog has not reckoned it yet");
    what_is_put_off_is_asked_once(rig, case_id);
    json_decref(rig_asks(rig,
                         0,
                         "act %llu acknowledge --as wang --role agent --note y",
                         (unsigned long long)case_id));
    (void)rig_start(rig, SERVICE_WATCHDOG, "a");
    the_receipt_is_right(rig, case_id); /* which waits for it */
}

static void a_promise_is_what_the_clock_says(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 10);
    a_restart_forgets_no_promise(rig, adapter);
    a_clock_may_begin_before_the_case_is_opened(rig, adapter);
    nothing_is_promised_that_may_have_changed(rig, adapter);
    rig_settle(rig, LIMIT_MS);
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_promise_is_what_the_clock_says, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
