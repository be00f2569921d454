/*
 * Goal: without PostgreSQL, or without an archive in it, daemons wait and say so; when it goes away
 * under load and comes back, nothing is lost, doubled or miscounted.  Method: daemons before
 * schema, daemons before servers, and the server killed with -9 twice in the middle of submissions
 * and claims.  Guards laws 1, 2 (every reconnect is a takeover), 4 and 6 (an agent's slots).
 *
 * Who looks at it meanwhile says so and goes on: watch tells what comes after, top has it on its
 * board, and a figure nobody counted is no nought; and an archive that comes back without what was
 * shown is told (law 5).  Seen to fail where either ends, where the lost connection is not made
 * anew, where nothing is said, where such a figure is one, and where a heartbeat may contradict
 * what was shown in silence.
 */
#include "rig.h"
#include "rig_cmocka.h"
#include "rig_json.h"

#include <signal.h>
#include <string.h>

enum { ROUNDS = 4, PATIENCE_MS = 3000, NOTICED_MS = 5000, SAID_MS = 30000, TRY_AGAIN = 75 };

static const char away[] = "the archive is away: it is asked for again until it is back";
static const char back[] = "the archive is back";
static const char contradicts[] = "event 0 contradicts what was seen before";

static void assert_all_live(struct rig *rig)
{
    for (unsigned i = 0; i < rig->daemon_count; i++) {
        assert_true(daemon_lives(&rig->daemons[i]));
    }
}

static void submit_some(struct rig *rig)
{
    struct adapter *adapter = adapter_new(rig, "a", NULL, 100);
    adapter_add_many(adapter, 100);
    adapter_finish(adapter, 30000);
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
}

static void daemons_wait_for_an_archive_and_say_so(void **state)
{
    struct rig *rig = rig_new(false);
    *state = rig;
    rig_start_all(rig, "a");
    rig_nap_ms(PATIENCE_MS);
    assert_all_live(rig);
    for (unsigned i = 0; i < rig->daemon_count; i++) {
        assert_true(daemon_logged(&rig->daemons[i], "does not exist") > 0);
        assert_in_range(daemon_logged(&rig->daemons[i], "\"level\""), 1, 30);
    }
    rig_archive_create(rig);
    rig_await_all_serving(rig);
    submit_some(rig);
    rig_end(rig);
}

static void what_nobody_counted_is_no_nought(const struct rig *rig)
{
    static const char *const keys[] = {"at", "received", "open", "breached", "clocks"};
    json_t *json = rig_asks(rig, TRY_AGAIN, "top --once");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        assert_true(json_is_null(json_object_get(json, keys[i])));
    }
    assert_true(json_is_array(json_object_get(json, "alarms"))); /* those are of the archive */
    json_decref(json);
}

static void daemons_wait_for_their_servers(void **state)
{
    struct error error = {0};
    struct rig *rig = rig_new(true);
    *state = rig;
    what_nobody_counted_is_no_nought(rig);
    server_kill(rig->postgres);
    server_kill(rig->redis);
    rig_start_all(rig, "a");
    rig_nap_ms(PATIENCE_MS);
    assert_all_live(rig);
    for (unsigned i = 0; i < rig->daemon_count; i++) {
        assert_true(daemon_logged(&rig->daemons[i], "archive away") > 0);
    }
    assert_true(server_start(rig->postgres, &error));
    assert_true(server_start(rig->redis, &error));
    rig_await_all_serving(rig);
    submit_some(rig);
    rig_end(rig);
}

static void nothing_is_lost_or_doubled_when_the_archive_is_killed(void **state)
{
    struct error error = {0};
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 400);
    struct desk *desk = desk_new(rig, "a");
    adapter_load(adapter, 800);
    for (int round = 0; round < ROUNDS; round++) {
        char queue[128];
        desk_fullest_queue(desk, queue);
        for (int i = 0; i < 40; i++) {
            char agent[32];
            (void)snprintf(agent, sizeof agent, "agent%d", i % 10);
            desk_send(desk, &(struct command){.actor = agent, .role = "agent", .queue = queue});
            adapter_load(adapter, round * 3 + 1);
        }
        server_kill(rig->postgres);
        adapter_load(adapter, 300);
        assert_true(server_start(rig->postgres, &error));
        int64_t from_ms = rig_now_ms();
        for (int s = SERVICE_INTAKE; s <= SERVICE_ANALYTICS; s++) {
            while (rig_serving(rig, (enum service_id)s, NULL) != RIG_PARTITIONS) {
                assert_in_range(rig_now_ms() - from_ms, 0, rig_takeover_ms());
                adapter_load(adapter, 20);
            }
        }
        print_message("all serve again after %lld ms\n", (long long)(rig_now_ms() - from_ms));
        adapter_load(adapter, 500);
        struct answer answer;
        while (desk_take(desk, &answer, 20)) {
        }
    }
    assert_all_live(rig);
    adapter_finish(adapter, 30000);
    print_message("%u receipts, %lld claims\n",
                  (unsigned)adapter_receipted(adapter),
                  (long long)rig_number(rig, "SELECT count(*) FROM complaint WHERE agent <> ''"));
    rig_check_all(rig, &adapter, 1);
    desk_free(&desk);
    adapter_free(&adapter);
    rig_end(rig);
}

/* The command between two pieces of shell, going on beside the test. */
static FILE *begun(const struct rig *rig, const char *before, const char *words, const char *after)
{
    char line[512];
    (void)snprintf(line,
                   sizeof line,
                   "cd %s && %s%s/redress %s --lang en --config redress.yaml%s",
                   rig->directory,
                   before,
                   REDRESS_BIN,
                   words,
                   after);
    FILE *pipe = popen(line, "r"); // NOLINT(cert-env33-c): the words are the test's own
    assert_non_null(pipe);
    rig_nap_ms(PATIENCE_MS);
    return pipe;
}

static void archive_lost_for_a_while(struct rig *rig)
{
    struct error error = {0};
    server_kill(rig->postgres);
    rig_nap_ms(NOTICED_MS);
    assert_true(server_start(rig->postgres, &error));
    rig_await_all_serving(rig);
}

static void watch_goes_on(struct rig *rig)
{
    char line[1024];
    struct adapter *adapter = adapter_new(rig, "a", NULL, 10);
    FILE *watch =
        begun(rig, "timeout 200 ", "watch --kind received --count 2 --json", " 2> watch.err");
    adapter_add_many(adapter, 1);
    adapter_finish(adapter, 30000);
    assert_non_null(fgets(line, sizeof line, watch));
    archive_lost_for_a_while(rig);
    adapter_add_many(adapter, 1);
    adapter_finish(adapter, 30000);
    assert_non_null(fgets(line, sizeof line, watch));
    assert_int_equal(pclose(watch), 0);
    (void)rig_shell(line, sizeof line, "cat %s/watch.err", rig->directory);
    const char *told = strstr(line, away);
    if (!told || !strstr(told, back) || strstr(told + 1, away)) {
        fail_msg("%s", line);
    }
    adapter_free(&adapter);
}

/* As where a standby takes over that had not heard of the last event yet: what was shown did not
 * happen, and whoever looks is not left to believe that nothing else does. */
static void what_was_seen_and_is_gone_is_told(void **state)
{
    char line[1024];
    struct rig *rig = rig_new(true);
    *state = rig;
    struct daemon *intake = rig_start(rig, SERVICE_INTAKE, "a");
    (void)rig_await_serving(rig, SERVICE_INTAKE, 10000);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 10);
    FILE *watch =
        begun(rig, "echo $$ > watch.pid && exec ", "watch --kind received --json", " 2> watch.err");
    adapter_add_many(adapter, 1);
    adapter_finish(adapter, 30000);
    assert_non_null(fgets(line, sizeof line, watch));
    assert_int_equal(daemon_signal(intake, SIGTERM), 0);
    rig_sql(rig, "SET session_replication_role = replica"); /* the journal's trigger looks away */
    rig_sql(rig, "DELETE FROM journal");
    rig_sql(rig, "DELETE FROM submission");
    rig_sql(rig, "UPDATE head SET seq = 0, hash = decode(repeat('00', 32), 'hex') WHERE seq > 0");
    (void)rig_start(rig, SERVICE_INTAKE, "a");
    (void)rig_await_serving(rig, SERVICE_INTAKE, 10000);
    int64_t until_ms = rig_now_ms() + SAID_MS;
    do {
        rig_nap_ms(100);
        (void)rig_shell(line, sizeof line, "cat %s/watch.err", rig->directory);
    } while (!strstr(line, contradicts) && rig_now_ms() < until_ms);
    assert_non_null(strstr(line, contradicts));
    (void)rig_shell(line, sizeof line, "kill $(cat %s/watch.pid)", rig->directory);
    assert_int_equal(pclose(watch), 0);
    adapter_free(&adapter);
    rig_end(rig);
}

static void top_goes_on(struct rig *rig)
{
    static char shown[1 << 20];
    FILE *top = begun(rig,
                      "(until [ -e go ]; do sleep 0.2; done; printf q) | script -qec '",
                      "top",
                      "' /dev/null > top.out");
    archive_lost_for_a_while(rig);
    rig_nap_ms(PATIENCE_MS);
    (void)rig_shell(shown, sizeof shown, "touch %s/go", rig->directory);
    int ended = pclose(top);
    (void)rig_shell(shown, sizeof shown, "cat %s/top.out", rig->directory);
    const char *told = strstr(shown, away);
    if (ended != 0 || !told || !strstr(told, back)) {
        fail_msg("%s", shown);
    }
}

static void who_looks_goes_on_when_it_is_back(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    watch_goes_on(rig);
    top_goes_on(rig);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(daemons_wait_for_an_archive_and_say_so, rig_teardown),
        cmocka_unit_test_teardown(daemons_wait_for_their_servers, rig_teardown),
        cmocka_unit_test_teardown(nothing_is_lost_or_doubled_when_the_archive_is_killed,
                                  rig_teardown),
        cmocka_unit_test_teardown(who_looks_goes_on_when_it_is_back, rig_teardown),
        cmocka_unit_test_teardown(what_was_seen_and_is_gone_is_told, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
