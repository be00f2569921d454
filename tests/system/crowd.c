/*
 * Goal: what was there before does not stand in the way.  Method: the archive is full of rows of
 * instances that are gone for minutes and for days, whose names come before the living one's; one
 * of them was bound where the living one is now.  It takes all partitions all the same, others hear
 * it on the bus, and rows older than a day are swept away.  Guards laws 2 and 9.
 */
#include "rig.h"
#include "rig_cmocka.h"

enum { GONE = 100, LIMIT_MS = 20000 };

static void instances_that_are_gone_hide_nobody(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_sql(rig,
            "INSERT INTO redress.member (service, instance, publisher, backend_pid, backend_start, "
            "lease_until) SELECT s, '0-' || i, 'ipc://%s/' || "
            "(ARRAY['intake', 'triage', 'dispatch', 'watchdog', 'analytics'])[s] || '-a.pub', 1, "
            "clock_timestamp(), clock_timestamp() - CASE i WHEN 1 THEN 4000 ELSE i * 14 END * "
            "interval '1 minute' "
            "FROM generate_series(1, 5) s, generate_series(1, %d) i",
            rig->directory,
            GONE);
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    assert_int_equal(
        rig_number(rig, "SELECT count(*) FROM member WHERE lease_until < now() - interval '1 day'"),
        0);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 50);
    adapter_add_many(adapter, 200);
    adapter_finish(adapter, LIMIT_MS);
    rig_settle(rig, LIMIT_MS);
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(instances_that_are_gone_hide_nobody, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
