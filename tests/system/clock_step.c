/*
 * Goal: a clock that is set back by an hour, and then forward by a day, loses and doubles nothing,
 * ends nobody, costs no lease, and fires no timer before the archive's clock says that it is due.
 * Method: libfaketime shifts the wall clock of a process by what stands in a file, while it runs,
 * and leaves the monotonic clock alone; once of the daemons, every other one back while the rest
 * goes forward, once of all of them with PostgreSQL, as on a machine whose clock is set (Redis does
 * not run under that library).  Guards laws 1, 2, 4 and 7.
 */
#include "rig.h"
#include "rig_clocks.h"
#include "rig_cmocka.h"

enum {
    CASES = 60,
    HOUR_S = 3600,
    DAY_S = 86400,
    NOTICED_MS = 8000, /* libfaketime looks at the file once a second, the daemon at the archive */
    PATIENCE_MS = 60000,
    LATE_BAR_MS = 1500,
    SLOW_BAR_MS = 15000,
};

static const struct content broken = {"quick", "phone", "The thing is broken", NULL};

/* ---- what is looked at ---- */

static const char stepped[] = "this machine's clock has stepped";
static const char *const services[] = {
    "intake", "triage", "dispatch", "watchdog", "analytics", NULL};

static void broken_add(struct adapter *adapter)
{
    adapter_add_same(adapter, CASES, &broken);
    adapter_finish(adapter, PATIENCE_MS);
}

static void await_all_logs(struct rig *rig, const char *text, unsigned count)
{
    for (int s = SERVICE_INTAKE; s <= SERVICE_ANALYTICS; s++) {
        daemon_await_log(rig_daemon(rig, (enum service_id)s, "a"), text, count, NOTICED_MS);
    }
}

static void assert_all_live(struct rig *rig)
{
    for (int s = SERVICE_INTAKE; s <= SERVICE_ANALYTICS; s++) {
        assert_true(daemon_lives(rig_daemon(rig, (enum service_id)s, "a")));
    }
}

/* ---- scenes ---- */

/* Sets the clocks of every other daemon to one, of the rest to the other, and works on. */
static void
step(struct rig *rig, const struct clocks *clocks, struct adapter *adapter, int odd_s, int even_s)
{
    unsigned told[SERVICE_ANALYTICS + 1];
    for (int s = SERVICE_INTAKE; s <= SERVICE_ANALYTICS; s++) {
        told[s] = daemon_logged(rig_daemon(rig, (enum service_id)s, "a"), stepped);
        clock_set(clocks, service_name((enum service_id)s), s % 2 == 1 ? odd_s : even_s);
    }
    broken_add(adapter);
    for (int s = SERVICE_INTAKE; s <= SERVICE_ANALYTICS; s++) {
        daemon_await_log(
            rig_daemon(rig, (enum service_id)s, "a"), stepped, told[s] + 1, NOTICED_MS);
    }
    broken_add(adapter);
    assert_all_live(rig);
}

static void a_daemons_clock_that_steps_decides_nothing(void **state)
{
    static const char stamped[] =
        "SELECT count(*) FROM journal WHERE at > clock_timestamp() OR at < "
        "(SELECT created_at FROM archive)";
    struct clocks clocks = clocks_new();
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_policy_add(rig, REDRESS_SOURCE "/tests/system/quick.yaml");
    for (int s = SERVICE_INTAKE; s <= SERVICE_ANALYTICS; s++) {
        clock_set(&clocks, service_name((enum service_id)s), 0);
        clocks_lend(&clocks, service_name((enum service_id)s), true);
        (void)rig_start(rig, (enum service_id)s, "a");
    }
    clocks_own();
    rig_await_all_serving(rig);
    int64_t epochs = rig_number(rig, "SELECT sum(epoch) FROM head");
    struct adapter *adapter = adapter_new(rig, "a", NULL, CASES);
    broken_add(adapter);
    step(rig, &clocks, adapter, -HOUR_S, DAY_S);
    rig_await_ready(
        rig, rig_daemon(rig, SERVICE_INTAKE, "a"), 200, "clock is 3600.0 s behind", NOTICED_MS);
    rig_await_ready(
        rig, rig_daemon(rig, SERVICE_TRIAGE, "a"), 200, "86400.0 s ahead of", NOTICED_MS);
    assert_int_equal(rig_number(rig, stamped), 0);
    step(rig, &clocks, adapter, DAY_S, -HOUR_S);
    assert_int_equal(rig_number(rig, stamped), 0);
    step(rig, &clocks, adapter, 0, 0);
    rig_await(rig,
              "SELECT count(*) FROM journal WHERE service = 4 AND kind = 66",
              adapter_count(adapter),
              PATIENCE_MS);
    int64_t worst_ms = rig_levels_late_ms(rig);
    print_message("%u cases, the latest level %lld ms after it was due\n",
                  (unsigned)adapter_count(adapter),
                  (long long)worst_ms);
    assert_in_range(worst_ms, 0, rig_takeover_ms() > LATE_BAR_MS * 2 ? SLOW_BAR_MS : LATE_BAR_MS);
    assert_int_equal(rig_number(rig, "SELECT sum(epoch) FROM head"),
                     epochs); /* no lease was lost */
    assert_int_equal(rig_number(rig, stamped), 0);
    rig_settle(rig, PATIENCE_MS);
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
    clocks_end(&clocks, services);
}

static void a_clock_that_steps_under_all_of_them_is_followed(void **state)
{
    static const char *const names[] = {"machine", NULL};
    static const char escalated[] = "SELECT count(*) FROM journal WHERE service = 4 AND kind = 66";
    struct clocks clocks = clocks_new();
    struct error error = {0};
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_policy_add(rig, REDRESS_SOURCE "/tests/system/quick.yaml");
    server_stop(rig->postgres);
    clock_set(&clocks, "machine", 0);
    clocks_lend(&clocks, "machine", false);
    assert_true(server_start(rig->postgres, &error));
    rig_sql_connect(rig, rig->conninfo);
    rig_sql(rig, "SET search_path TO redress");
    clocks_lend(&clocks, "machine", true);
    rig_start_all(rig, "a");
    clocks_own();
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, CASES);
    broken_add(adapter);
    clock_set(&clocks, "machine", -HOUR_S);
    await_all_logs(rig, "the archive's clock has stepped", 1);
    int64_t before = rig_levels(rig, EVENT_CLOCK_ESCALATED);
    rig_await_all_serving(rig);
    broken_add(adapter); /* by the new time they are due before the first ones are */
    rig_await(rig, escalated, before + CASES, PATIENCE_MS);
    assert_int_equal(rig_levels(rig, EVENT_CLOCK_ESCALATED), before + CASES);
    clock_set(&clocks, "machine", DAY_S);
    await_all_logs(rig, "the archive's clock has stepped", 2);
    rig_await_ready(
        rig, rig_daemon(rig, SERVICE_WATCHDOG, "a"), 200, "has stepped by +9", NOTICED_MS);
    rig_await(rig, escalated, (int64_t)2 * CASES, PATIENCE_MS);
    rig_await_all_serving(rig);
    broken_add(adapter);
    rig_await(rig, escalated, (int64_t)3 * CASES, PATIENCE_MS);
    (void)rig_levels_late_ms(rig);
    assert_all_live(rig);
    rig_settle(rig, PATIENCE_MS);
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
    clocks_end(&clocks, names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_daemons_clock_that_steps_decides_nothing, rig_teardown),
        cmocka_unit_test_teardown(a_clock_that_steps_under_all_of_them_is_followed, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
