/*
 * Goal: a server behind a password is reached with it, and a wrong one is a state that says so, not
 * an end and not a leak.  Method: Redis with an ACL user that may do what the daemons need and
 * nothing else; the real daemons first with a password it does not know, until it does.  Guards law
 * 6 (without Redis nothing is lost) and law 10 (secrets are not told).
 */
#include "rig.h"
#include "rig_cmocka.h"

#include <sys/stat.h>

enum { LIMIT_MS = 20000 };

static const char secret[] = "7f3c-only-in-its-file-91";

static void password_write(const struct rig *rig, char path[128])
{
    (void)snprintf(path, 128, "%s/redis.password", rig->directory);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fprintf(file, "%s\n", secret);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

/* The commands of deploy/quickstart.d/servers.sh. */
#define COMMANDS                                                                                   \
    "+auth +ping +role +script|load +evalsha +time +exists +unlink +scan +hdel +hexists +hget "    \
    "+hlen +hmget +hscan +hset +sadd +scard +srandmember +srem +zadd +zcard +zcount +zrange "      \
    "+zrangebyscore +zrem +zscore"

static void a_wrong_password_is_a_state_that_says_so(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    char path[128];
    char text[64];
    password_write(rig, path);
    rig_redis(rig,
              text,
              sizeof text,
              "ACL SETUSER redress on >another ~redress:* resetchannels -@all " COMMANDS);
    const char *const arguments[] = {
        "--redis-user", "redress", "--redis-password-file", path, NULL};
    for (int s = SERVICE_INTAKE; s <= SERVICE_ANALYTICS; s++) {
        (void)rig_start_with(rig, (enum service_id)s, "a", arguments);
    }
    rig_await_all_serving(rig); /* without Redis too */
    struct daemon *dispatch = rig_daemon(rig, SERVICE_DISPATCH, "a");
    daemon_await_log(dispatch, "WRONGPASS", 1, LIMIT_MS);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 50);
    adapter_add_many(adapter, 100);
    adapter_finish(adapter, LIMIT_MS);
    rig_redis(rig, text, sizeof text, "ACL SETUSER redress resetpass >7f3c-only-in-its-file-91");
    daemon_await_log(dispatch, "redis reached", 1, LIMIT_MS);
    daemon_await_log(rig_daemon(rig, SERVICE_WATCHDOG, "a"), "redis reached", 1, LIMIT_MS);
    adapter_add_many(adapter, 100);
    adapter_finish(adapter, LIMIT_MS);
    rig_settle(rig, LIMIT_MS);
    rig_nap_ms(2000); /* the shares are rebuilt */
    struct desk *desk = desk_new(rig, "a");
    assert_int_equal(desk_claims(desk, "wang", 2, 4), 4); /* scripts of claims, too */
    rig_check_all(rig, &adapter, 1);
    assert_int_equal(daemon_logged(dispatch, "NOPERM"), 0);
    for (unsigned i = 0; i < rig->daemon_count; i++) {
        assert_int_equal(daemon_logged(&rig->daemons[i], secret), 0);
    }
    desk_free(&desk);
    adapter_free(&adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_wrong_password_is_a_state_that_says_so, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
