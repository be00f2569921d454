/*
 * Goal: a deadline that cannot be computed is never left to silence, and is computed as soon as it
 * can be.  Method: a policy promises more hours than its calendar has years; the case, the role the
 * policy names, health and status say so; then time goes on by two years, the next watchdog
 * compiles that many more, and the due instant is made without anybody touching the case.  And: a
 * watchdog whose machine does not know the zone ends and says why, and the next one starts the
 * clocks from the receipt.  Guards laws 7 and 12.
 */
#include "rig.h"
#include "rig_clocks.h"
#include "rig_cmocka.h"
#include "rig_json.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

enum { LIMIT_MS = 30000, TWO_YEARS_S = 730 * 86400 };

static const struct content broken = {"beyond", "phone", "The thing is broken", NULL};
static const char told[] = "no due instant can be computed for 1 cases";
static const char *const machine[] = {"machine", NULL};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* The row of a list whose key has this text, or NULL. */
static const json_t *row_of(const json_t *list, const char *key, const char *text)
{
    size_t i;
    const json_t *row;
    json_array_foreach(list, i, row)
    {
        if (strcmp(text_of(row, key), text) == 0) {
            return row;
        }
    }
    return NULL;
}

static json_t *ask(const struct rig *rig, const char *verb, uint64_t case_id)
{
    char words[64];
    int status;
    (void)snprintf(words, sizeof words, "%s %llu", verb, (unsigned long long)case_id);
    json_t *json = rig_json(rig, words, &status);
    assert_non_null(json);
    assert_int_equal(status, 0);
    return json;
}

/* Of the two clocks only the one that is too long lacks its instant, or none does. */
static void the_case_shows_it(const struct rig *rig, uint64_t case_id, bool unknown)
{
    json_t *json = ask(rig, "show", case_id);
    const json_t *clocks = json_object_get(json, "clocks");
    const json_t *guarantee = row_of(clocks, "clock", "guarantee");
    assert_true(text_of(row_of(clocks, "clock", "answer"), "due_at")[0] != '\0');
    assert_int_equal(text_of(guarantee, "due_at")[0] == '\0', unknown);
    assert_int_equal(json_is_true(json_object_get(guarantee, "due_unknown")), unknown);
    const json_t *event = row_of(json_object_get(json, "events"), "kind", "clocks_unknown");
    const json_t *named = row_of(json_object_get(event, "clocks"), "clock", "guarantee");
    assert_string_equal(text_of(named, "notify_role"), "supervisor");
    json_decref(json);
    json = ask(rig, "clock explain", case_id);
    guarantee = row_of(json_object_get(json, "clocks"), "name", "guarantee");
    assert_int_equal(json_is_true(json_object_get(guarantee, "unknown")), unknown);
    assert_int_equal(json_array_size(json_object_get(guarantee, "changes")), unknown ? 0 : 1);
    if (!unknown) {
        const json_t *change = json_array_get(json_object_get(guarantee, "changes"), 0);
        assert_string_equal(text_of(change, "reason"), "calendar");
        assert_string_equal(text_of(change, "due"), text_of(guarantee, "due"));
        assert_true(text_of(guarantee, "due")[0] != '\0');
    }
    json_decref(json);
}

static void status_counts_it(const struct rig *rig, int64_t count)
{
    int status;
    json_t *json = rig_json(rig, "status", &status);
    assert_int_equal(rig_json_number(json, "due_unknown"), count);
    const json_t *row = row_of(json_object_get(json, "services"), "service", "watchdog");
    assert_int_equal(strstr(text_of(row, "detail"), told) != NULL, count > 0);
    json_decref(json);
    json = rig_json(rig, "verify", &status);
    assert_int_equal(rig_json_number(json, "difference_count"), 0);
    json_decref(json);
}

static void rig_live_by(struct rig *rig, const struct clocks *clocks)
{
    struct error error = {0};
    rig_policy_add(rig, REDRESS_SOURCE "/tests/system/beyond.yaml");
    server_stop(rig->postgres);
    clock_set(clocks, machine[0], 0);
    clocks_lend(clocks, machine[0], false);
    assert_true(server_start(rig->postgres, &error));
    rig_sql_connect(rig, rig->conninfo);
    rig_sql(rig, "SET search_path TO redress");
    clocks_lend(clocks, machine[0], true);
    rig_start_all(rig, "a");
    clocks_own();
    rig_await_all_serving(rig);
}

static void a_deadline_beyond_its_calendar_is_told_and_mended(void **state)
{
    static const char of_kind[] = "SELECT count(*) FROM journal WHERE service = 4 AND kind = 67";
    struct clocks clocks = clocks_new();
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_live_by(rig, &clocks);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 1);
    (void)adapter_add(adapter, &broken, NULL);
    adapter_finish(adapter, LIMIT_MS);
    rig_settle(rig, LIMIT_MS);
    uint64_t case_id = adapter_submission(adapter, 0)->leaf.case_id;
    struct daemon *watchdog = rig_daemon(rig, SERVICE_WATCHDOG, "a");
    rig_await_ready(rig, watchdog, 200, told, LIMIT_MS);
    the_case_shows_it(rig, case_id, true);
    status_counts_it(rig, 1);
    assert_int_equal(rig_number(rig, of_kind), 0);
    /* the next owner of the same years looks at it, and says nothing twice */
    assert_int_equal(daemon_signal(watchdog, SIGTERM), 0);
    clocks_lend(&clocks, machine[0], true);
    watchdog = rig_start(rig, SERVICE_WATCHDOG, "a");
    clocks_own();
    rig_await_ready(rig, watchdog, 200, told, LIMIT_MS);
    (void)rig_await_serving(rig, SERVICE_WATCHDOG, LIMIT_MS);
    assert_int_equal(rig_number(rig, of_kind), 0);
    clock_set(&clocks, machine[0], TWO_YEARS_S);
    assert_int_equal(daemon_signal(watchdog, SIGTERM), 0);
    clocks_lend(&clocks, machine[0], true);
    watchdog = rig_start(rig, SERVICE_WATCHDOG, "a");
    clocks_own();
    rig_await(rig, of_kind, 1, LIMIT_MS);
    rig_await_all_serving(rig);
    rig_settle(rig, LIMIT_MS);
    rig_await(rig, "SELECT count(*) FROM clock WHERE unknown", 0, LIMIT_MS);
    rig_await_ready(rig, watchdog, 200, "\"deadlines\":{\"ok\":true", LIMIT_MS);
    the_case_shows_it(rig, case_id, false);
    status_counts_it(rig, 0);
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
    clocks_end(&clocks, machine);
}

static void a_machine_without_the_zone_loses_no_clock(void **state)
{
    static const char started[] = "SELECT count(*) FROM journal WHERE service = 4 AND kind = 60";
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_policy_add(rig, REDRESS_SOURCE "/tests/system/quick.yaml");
    (void)setenv("TZDIR", rig->directory, 1);
    struct daemon *watchdog = rig_start(rig, SERVICE_WATCHDOG, "a");
    (void)unsetenv("TZDIR");
    for (int s = SERVICE_INTAKE; s <= SERVICE_ANALYTICS; s++) {
        if (s != SERVICE_WATCHDOG) {
            (void)rig_start(rig, (enum service_id)s, "a");
        }
    }
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 1);
    (void)adapter_add(
        adapter, &(struct content){"quick", "phone", "The thing is broken", NULL}, NULL);
    adapter_finish(adapter, LIMIT_MS);
    assert_true(daemon_ended(watchdog, LIMIT_MS) != 0);
    assert_true(daemon_logged(watchdog, "policy does not compile") > 0);
    assert_true(daemon_logged(watchdog, "Asia/Shanghai") > 0);
    assert_true(daemon_logged(watchdog, "is not to be had") > 0);
    assert_int_equal(rig_number(rig, started), 0);
    (void)rig_start(rig, SERVICE_WATCHDOG, "a");
    rig_await(rig, started, 1, LIMIT_MS);
    rig_await(rig, "SELECT count(*) FROM journal WHERE service = 4 AND kind = 66", 1, LIMIT_MS);
    rig_settle(rig, LIMIT_MS);
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_deadline_beyond_its_calendar_is_told_and_mended, rig_teardown),
        cmocka_unit_test_teardown(a_machine_without_the_zone_loses_no_clock, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
