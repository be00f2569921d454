/*
 * Goal: a daemon that cannot follow says so, by how much and at which event, and stays ready; once
 * it has caught up it says that.  Method: PostgreSQL takes seconds for each transaction of the
 * analytics daemon, which is told to find one second too much, while complaints come in.  Guards
 * law 9.
 */
#include "rig.h"
#include "rig_cmocka.h"

enum { LOAD_MS = 4000, PATIENCE_MS = 60000 };

/* Every measure stands in one place: else the scraper takes none of them. */
static void assert_told_once(const char *body)
{
    for (const char *at = strstr(body, "# TYPE "); at; at = strstr(at + 1, "# TYPE ")) {
        char line[128];
        (void)snprintf(line, sizeof line, "%.*s ", (int)strcspn(at + 7, " ") + 7, at);
        if (strstr(at + 1, line)) {
            fail_msg("twice: %s", line);
        }
    }
}

static void who_cannot_follow_says_so_and_stays_ready(void **state)
{
    static const char *const strict[] = {"--behind-s", "1", NULL};
    char body[RIG_BODY_MAX];
    struct rig *rig = rig_new(true);
    *state = rig;
    for (int s = SERVICE_INTAKE; s < SERVICE_ANALYTICS; s++) {
        (void)rig_start(rig, (enum service_id)s, "a");
    }
    struct daemon *analytics = rig_start_with(rig, SERVICE_ANALYTICS, "a", strict);
    rig_await_all_serving(rig);
    rig_await_ready(rig, analytics, 200, "\"timely\":{\"ok\":true", PATIENCE_MS);
    rig_sql(rig,
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM "
            "pg_sleep(3); RETURN NULL; END $$");
    rig_sql(rig,
            "CREATE TRIGGER slow BEFORE INSERT ON figure FOR EACH STATEMENT EXECUTE FUNCTION "
            "slow()");
    struct adapter *adapter = adapter_new(rig, "a", NULL, 20);
    adapter_load(adapter, LOAD_MS);
    rig_await_ready(rig, analytics, 200, "behind by ", PATIENCE_MS);
    assert_int_equal(rig_ask(rig, analytics, "/metrics", body), 200);
    assert_non_null(strstr(body, "redress_dependency_up{dependency=\"timely\"} 0"));
    assert_non_null(strstr(body, "redress_behind_seconds "));
    assert_told_once(body);
    rig_sql(rig, "DROP TRIGGER slow ON figure");
    adapter_finish(adapter, PATIENCE_MS);
    rig_settle(rig, PATIENCE_MS);
    rig_await_ready(rig, analytics, 200, "\"timely\":{\"ok\":true", PATIENCE_MS);
    assert_int_equal(daemon_logged(analytics, "\"msg\":\"behind\""),
                     daemon_logged(analytics, "not behind any more"));
    for (int s = SERVICE_INTAKE; s < SERVICE_ANALYTICS; s++) { /* the others never were */
        assert_int_equal(daemon_logged(rig_daemon(rig, (enum service_id)s, "a"), "behind"), 0);
    }
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(who_cannot_follow_says_so_and_stays_ready, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
