/*
 * Goal: keys are made by one command and by nobody else.  Method: real daemons without keys wait,
 * say which command makes them and make none themselves; when they are there, all go on; a key
 * others may read, or that is another user's, is not used; a newer one beside it takes nothing away
 * from older cases; one that is missing is not made anew unasked, and who reads is told that it is
 * missing, the log once; nor is one made where PostgreSQL answers and lets nobody ask.  Guards law
 * 10.
 *
 * Planted: the archive not asked before a key is made; one that does not answer taken for one that
 * is not there; the log told of every case; who is not let in taken for one who met nobody; only
 * PQping asked whether somebody is there; a lost connection taken for an archive that is empty.
 */
#include "redress/command/v1/command.pb-c.h"
#include "rig.h"
#include "rig_cmocka.h"
#include "rig_json.h"

#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
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

static void file_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* Who may come as whom, as deploy/systemd says it is written; the rig itself stays in. */
static void doors_set(struct rig *rig, const char *rule, const char *map)
{
    struct error error = {0};
    char path[160];
    char text[200];
    const char *folder = server_directory(rig->postgres);
    (void)snprintf(path, sizeof path, "%s/data/pg_hba.conf", folder);
    (void)snprintf(text, sizeof text, "local all postgres trust\n%s\n", rule);
    file_write(path, text);
    (void)snprintf(path, sizeof path, "%s/data/pg_ident.conf", folder);
    file_write(path, map);
    server_stop(rig->postgres);
    assert_true(server_start(rig->postgres, &error));
}

/* Refused for that reason, which is said, and with what to do. */
static void no_key_for(const struct rig *rig, const char *seal, const char *reason)
{
    rig_says(rig, "keys create", 1, reason);
    rig_says(rig, "keys create", 1, "seal.key is not there, and none is made");
    assert_int_not_equal(access(seal, F_OK), 0);
}

/* Takes connections where PostgreSQL's would be, and closes them without a word. */
static pid_t mute_start(const char *folder)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.5432", folder);
    int door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(door, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(door, 8), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (int guest; (guest = accept(door, NULL, NULL)) >= 0;) {
            (void)close(guest);
        }
        _exit(0);
    }
    assert_true(pid > 0);
    (void)close(door);
    return pid;
}

static void database_set(const char *folder, const char *rest)
{
    char text[200];
    (void)snprintf(text, sizeof text, "host=%s %s", folder, rest);
    assert_int_equal(setenv("REDRESS_DATABASE", text, 1), 0);
}

static void others_than_the_archive_answer(const struct rig *rig, const char *seal)
{
    const char *there = server_directory(rig->postgres);
    database_set(there, "dbname=elsewhere");
    no_key_for(rig, seal, "database \"elsewhere\" does not exist");
    database_set(there, "dbname=redress user=stranger");
    no_key_for(rig, seal, "role \"stranger\" does not exist");
    pid_t mute = mute_start(rig->directory);
    database_set(rig->directory, "dbname=redress");
    no_key_for(rig, seal, "server closed the connection");
    assert_int_equal(kill(mute, SIGKILL), 0);
    assert_int_equal(waitpid(mute, NULL, 0), mute);
    assert_int_equal(unsetenv("REDRESS_DATABASE"), 0);
}

static void the_archive_does_not_tell(struct rig *rig, const char *seal)
{
    static const char untold[] = "the archive does not say whether";
    rig_sql(rig, "REVOKE SELECT (has_key) ON submission FROM redress_reader");
    rig_says(rig, "keys create", 1, untold);
    assert_int_not_equal(access(seal, F_OK), 0);
    rig_sql(rig, "ALTER TABLE submission RENAME TO kept");
    rig_sql(rig,
            "CREATE FUNCTION cut() RETURNS boolean LANGUAGE sql SECURITY DEFINER AS "
            "'SELECT pg_terminate_backend(pg_backend_pid())'");
    rig_sql(rig, "CREATE VIEW submission AS SELECT cut() AS has_key");
    rig_sql(rig, "GRANT SELECT ON submission TO redress_reader");
    rig_says(rig, "keys create", 1, untold); /* the connection is lost while it is asked */
    assert_int_not_equal(access(seal, F_OK), 0);
    rig_sql(rig, "DROP VIEW submission");
    rig_sql(rig, "ALTER TABLE kept RENAME TO submission");
    rig_sql(rig, "GRANT SELECT (has_key) ON submission TO redress_reader");
}

/* It needs no other key, and is not told to make one. */
static void a_host_that_seals_nothing_gets_its_own(struct rig *rig, const char *seal)
{
    char path[128];
    rig_says(rig, "keys create --bus", 2, "curve_key_file");
    (void)snprintf(path, sizeof path, "%s/curve.allow", rig->directory);
    assert_int_equal(setenv("REDRESS_CURVE_ALLOW_FILE", path, 1), 0);
    (void)snprintf(path, sizeof path, "%s/curve.key", rig->directory);
    assert_int_equal(setenv("REDRESS_CURVE_KEY_FILE", path, 1), 0);
    rig_shows(rig, "keys create --bus", 0, "public key of this host: ");
    assert_int_equal(access(path, F_OK), 0);
    assert_int_not_equal(access(seal, F_OK), 0);
    assert_int_equal(unsetenv("REDRESS_CURVE_ALLOW_FILE"), 0);
    assert_int_equal(unsetenv("REDRESS_CURVE_KEY_FILE"), 0);
}

static void where_nobody_may_ask_no_key_is_made(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    char seal[128];
    char map[128];
    (void)snprintf(seal, sizeof seal, "%s/seal.key", rig->directory);
    assert_int_equal(unlink(seal), 0);
    others_than_the_archive_answer(rig, seal);
    the_archive_does_not_tell(rig, seal);
    doors_set(rig, "local all all reject", "");
    no_key_for(rig, seal, "pg_hba.conf rejects connection");
    doors_set(rig, "local redress all peer map=redress", "");
    no_key_for(rig, seal, "Peer authentication failed");
    a_host_that_seals_nothing_gets_its_own(rig, seal);
    (void)snprintf(map, sizeof map, "redress %s redress_reader\n", getpwuid(geteuid())->pw_name);
    doors_set(rig, "local redress all peer map=redress", map);
    assert_int_equal(rig_redress(rig, (const char *const[]){"keys", "create", NULL}), 0);
    assert_int_equal(unlink(seal), 0);
    server_stop(rig->postgres); /* as where nothing is installed yet */
    rig_says(rig, "keys create", 0, "without the archive having been asked");
    assert_int_equal(access(seal, F_OK), 0);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(without_keys_daemons_wait_and_make_none, rig_teardown),
        cmocka_unit_test_teardown(a_key_others_can_read_is_not_used, rig_teardown),
        cmocka_unit_test_teardown(a_newer_key_leaves_older_cases_as_they_were, rig_teardown),
        cmocka_unit_test_teardown(a_key_that_is_lost_is_not_made_anew_unasked, rig_teardown),
        cmocka_unit_test_teardown(where_nobody_may_ask_no_key_is_made, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
