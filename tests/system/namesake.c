/*
 * Goal: two processes under one instance name do not take each other's sockets and partitions in
 * turn.  Method: a second intake of the same name is started beside a serving one, on the same
 * sockets and (another run_dir) on "another host"; it leaves with the status of a wrong
 * configuration and names the other, which goes on undisturbed.  Where the other is gone or hangs
 * beyond its lease the name is free, and who wakes under a name that is another's leaves.  Guards
 * law 2.
 */
#include "rig.h"
#include "rig_cmocka.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { LIMIT_MS = 30000, WRONG_CONFIGURATION = 2 };

struct scene {
    struct rig *rig;
    struct daemon *first;
    char elsewhere[128]; /* run_dir of the second */
    const char *same_host[3];
    const char *other_host[5];
};

static struct scene scene_begin(void **state)
{
    struct scene scene = {.rig = rig_new(true)};
    *state = scene.rig;
    (void)snprintf(scene.elsewhere, sizeof scene.elsewhere, "%s/b", scene.rig->directory);
    assert_int_equal(mkdir(scene.elsewhere, 0700), 0);
    rig_patterns_lend(scene.elsewhere);
    scene.first = rig_start(scene.rig, SERVICE_INTAKE, "a");
    (void)rig_await_serving(scene.rig, SERVICE_INTAKE, LIMIT_MS);
    return scene;
}

static int64_t epochs(struct rig *rig)
{
    return rig_number(rig, "SELECT sum(epoch)::bigint FROM head WHERE service = 1");
}

static struct daemon *second_start(struct scene *scene, bool elsewhere)
{
    const char *const same[] = {"--instance", "a", NULL};
    const char *const other[] = {"--instance", "a", "--run-dir", scene->elsewhere, NULL};
    memcpy(scene->same_host, same, sizeof same);
    memcpy(scene->other_host, other, sizeof other);
    return rig_start_with(
        scene->rig, SERVICE_INTAKE, "a2", elsewhere ? scene->other_host : scene->same_host);
}

static void the_second_of_a_name_is_refused(void **state)
{
    struct scene scene = scene_begin(state);
    struct rig *rig = scene.rig;
    int64_t before = epochs(rig);
    char process[32];
    (void)snprintf(process, sizeof process, "process %d", (int)scene.first->pid);
    struct daemon *second = second_start(&scene, false);
    int status = daemon_ended(second, LIMIT_MS);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == WRONG_CONFIGURATION);
    assert_true(daemon_logged(second, process) > 0);
    second = second_start(&scene, true);
    status = daemon_ended(second, LIMIT_MS);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == WRONG_CONFIGURATION);
    (void)snprintf(process, sizeof process, "\"process\":%d", (int)scene.first->pid);
    assert_true(daemon_logged(second, process) > 0);
    assert_int_equal(epochs(rig), before);
    /* its socket is its own still: who comes now is served */
    struct adapter *adapter = adapter_new(rig, "a", NULL, 10);
    adapter_add_many(adapter, 20);
    adapter_finish(adapter, LIMIT_MS);
    assert_int_equal(adapter_receipted(adapter), 20);
    adapter_free(&adapter);
    rig_end(rig);
}

/* LIKE: by the second, elsewhere; NOT LIKE: by another.  The heads alone name the dead one yet. */
static void await_served_by(struct rig *rig, const char *like)
{
    char query[512];
    (void)snprintf(query,
                   sizeof query,
                   "SELECT count(*) FROM head h JOIN member m ON m.service = h.service AND "
                   "m.instance = h.owner AND m.backend_pid = h.backend_pid JOIN pg_stat_activity s "
                   "ON s.pid = h.backend_pid WHERE h.service = 1 AND m.publisher %s '%%/b/%%'",
                   like);
    rig_await(rig, query, RIG_PARTITIONS, LIMIT_MS);
}

static void the_name_of_the_dead_and_of_the_hung_is_free(void **state)
{
    struct scene scene = scene_begin(state);
    struct rig *rig = scene.rig;
    (void)daemon_signal(scene.first, SIGKILL);
    struct daemon *second = second_start(&scene, true);
    int64_t from_ms = rig_now_ms();
    await_served_by(rig, "LIKE");
    print_message("the name of the dead was free after %lld ms\n",
                  (long long)(rig_now_ms() - from_ms));
    assert_true(daemon_lives(second));
    (void)daemon_signal(second, SIGSTOP);
    struct daemon *third = rig_start(rig, SERVICE_INTAKE, "a");
    await_served_by(rig, "NOT LIKE");
    int64_t before = epochs(rig);
    (void)daemon_signal(second, SIGCONT);
    int status = daemon_ended(second, LIMIT_MS);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == WRONG_CONFIGURATION);
    assert_true(daemon_lives(third));
    assert_int_equal(epochs(rig), before);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_second_of_a_name_is_refused, rig_teardown),
        cmocka_unit_test_teardown(the_name_of_the_dead_and_of_the_hung_is_free, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
