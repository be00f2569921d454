/*
 * Goal: keys are made by one command and by nobody else.  Method: real daemons without keys wait,
 * say which command makes them and make none themselves; when they are there, all go on; a key
 * others may read, or that is another user's, is not used; a newer one beside it takes nothing away
 * from older cases; one that is missing is not made anew unasked, and who reads is told that it is
 * missing, the log once.  Guards law 10.
 *
 * Planted: the archive not asked before a key is made; one that does not answer taken for one that
 * is not there; the log told of every case.
 */
#include "redress/command/v1/command.pb-c.h"
#include "rig.h"
#include "rig_cmocka.h"
#include "rig_json.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIMIT_MS = 20000 };

static void without_keys_daemons_wait_and_make_none(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    char seal[128];
    char receipt[128];
    (void)snprintf(seal, sizeof seal, "%s/seal.key", rig->directory);
    (void)snprintf(receipt, sizeof receipt, "%s/receipt.key", rig->directory);
    assert_int_equal(unlink(seal), 0);
    assert_int_equal(unlink(receipt), 0);
    rig_start_all(rig, "a");
    struct daemon *intake = rig_daemon(rig, SERVICE_INTAKE, "a");
    struct daemon *dispatch = rig_daemon(rig, SERVICE_DISPATCH, "a");
    daemon_await_log(intake, "redress keys create", 1, LIMIT_MS);
    daemon_await_log(dispatch, "redress keys create", 1, LIMIT_MS);
    (void)rig_await_serving(rig, SERVICE_TRIAGE, LIMIT_MS); /* it needs none */
    assert_int_equal(rig_serving(rig, SERVICE_INTAKE, NULL), 0);
    assert_int_not_equal(access(seal, F_OK), 0);
    assert_int_not_equal(access(receipt, F_OK), 0);
    assert_int_equal(daemon_signal(dispatch, SIGTERM), 0); /* who waits can be told to end */
    assert_int_equal(rig_redress(rig, (const char *const[]){"--quiet", "keys", "create", NULL}), 0);
    struct stat info;
    assert_int_equal(stat(seal, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    (void)rig_start(rig, SERVICE_DISPATCH, "a");
    rig_await_all_serving(rig);
    assert_in_range(daemon_logged(intake, "waiting for keys"), 1, 2); /* not every second */
    rig_end(rig);
}

static void a_key_others_can_read_is_not_used(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    char seal[128];
    (void)snprintf(seal, sizeof seal, "%s/seal.key", rig->directory);
    assert_int_equal(chmod(seal, 0640), 0);
    struct daemon *intake = rig_start(rig, SERVICE_INTAKE, "a");
    daemon_await_log(intake, "chmod 600", 1, LIMIT_MS);
    if (geteuid() == 0) {
        assert_int_equal(chmod(seal, 0600), 0);
        assert_int_equal(chown(seal, 65534, 65534), 0);
        daemon_await_log(intake, "belongs to user 65534", 1, LIMIT_MS);
        assert_int_equal(chown(seal, 0, 0), 0);
    }
    assert_int_equal(rig_serving(rig, SERVICE_INTAKE, NULL), 0);
    assert_int_equal(chmod(seal, 0600), 0);
    (void)rig_await_serving(rig, SERVICE_INTAKE, LIMIT_MS);
    rig_end(rig);
}

/* As the head of common/seal/seal.h says: to rotate, add a line. */
static void a_newer_key_leaves_older_cases_as_they_were(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 10);
    const struct content leaking = {"general-service", "phone", "洗衣机漏水，质量太差", "555-1"};
    struct submission *old = adapter_add(adapter, &leaking, NULL);
    adapter_finish(adapter, LIMIT_MS);
    char seal[128];
    (void)snprintf(seal, sizeof seal, "%s/seal.key", rig->directory);
    FILE *file = fopen(seal, "a");
    assert_non_null(file);
    (void)fprintf(file, "kek 2 %064d\n", 7);
    assert_int_equal(fclose(file), 0);
    for (int s = SERVICE_INTAKE; s <= SERVICE_DISPATCH; s += SERVICE_DISPATCH - SERVICE_INTAKE) {
        struct daemon *daemon = rig_daemon(rig, (enum service_id)s, "a");
        assert_int_equal(daemon_signal(daemon, SIGTERM), 0);
        (void)rig_start(rig, (enum service_id)s, "a");
    }
    rig_await_all_serving(rig);
    struct submission *new = adapter_add(adapter, &leaking, NULL);
    adapter_finish(adapter, LIMIT_MS);
    rig_settle(rig, LIMIT_MS);
    struct desk *desk = desk_new(rig, "a");
    const uint64_t cases[] = {old->leaf.case_id, new->leaf.case_id};
    for (size_t i = 0; i < 2; i++) {
        struct command claim = {
            .actor = "li", .role = "agent", .case_id = cases[i], .action = "claim"};
        (void)desk_ask(desk, &claim, LIMIT_MS);
        struct command note = {.actor = "li",
                               .role = "agent",
                               .case_id = cases[i],
                               .action = "note",
                               .note = "客户来电"};
        struct answer answer = desk_ask(desk, &note, LIMIT_MS);
        assert_string_equal(answer.code, "");
        assert_int_equal(answer.outcome, REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE);
    }
    desk_free(&desk);
    adapter_free(&adapter);
    rig_end(rig);
}

static void a_key_that_is_lost_is_not_made_anew_unasked(void **state)
{
    enum { CONFLICT = 4, REFUSED = 1 };
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 10);
    static const struct content leaking[] = {
        {"general-service", "phone", "洗衣机漏水，质量太差", "555-1"},
        {"general-service", "phone", "热水器漏水，质量太差", "555-2"}
    };
    const struct submission *sealed[2];
    for (size_t i = 0; i < 2; i++) {
        sealed[i] = adapter_add(adapter, &leaking[i], NULL);
    }
    adapter_finish(adapter, LIMIT_MS);
    rig_settle(rig, LIMIT_MS);
    char seal[128];
    (void)snprintf(seal, sizeof seal, "%s/seal.key", rig->directory);
    assert_int_equal(unlink(seal), 0);
    assert_int_equal(rig_redress(rig, (const char *const[]){"keys", "create", NULL}), CONFLICT);
    assert_int_not_equal(access(seal, F_OK), 0);
    rig_sql(rig, "UPDATE archive SET schema = schema + 1"); /* as before an upgrade's new files */
    assert_int_equal(rig_redress(rig, (const char *const[]){"keys", "create", NULL}), REFUSED);
    assert_int_not_equal(access(seal, F_OK), 0);
    rig_sql(rig, "UPDATE archive SET schema = schema - 1");
    assert_int_equal(rig_redress(rig, (const char *const[]){"keys", "create", "--anew", NULL}), 0);
    assert_int_equal(rig_redress(rig, (const char *const[]){"keys", "create", NULL}), 0);
    struct daemon *dispatch = rig_daemon(rig, SERVICE_DISPATCH, "a");
    assert_int_equal(daemon_signal(dispatch, SIGTERM), 0);
    (void)rig_start(rig, SERVICE_DISPATCH, "a");
    rig_await_all_serving(rig);
    for (size_t i = 0; i < 2; i++) {
        json_t *json = rig_asks(rig,
                                REFUSED,
                                "read %llu --as li --role agent",
                                (unsigned long long)sealed[i]->leaf.case_id);
        assert_string_equal(json_string_value(json_object_get(json, "code")), "key_missing");
        json_decref(json);
    }
    assert_int_equal(daemon_logged(dispatch, "no key of key_file opens a case"), 1);
    adapter_free(&adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(without_keys_daemons_wait_and_make_none, rig_teardown),
        cmocka_unit_test_teardown(a_key_others_can_read_is_not_used, rig_teardown),
        cmocka_unit_test_teardown(a_newer_key_leaves_older_cases_as_they_were, rig_teardown),
        cmocka_unit_test_teardown(a_key_that_is_lost_is_not_made_anew_unasked, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
