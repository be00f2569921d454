/*
 * Goal: applying an organisation changes the archive as a whole or not at all, says before and
 * after what it changes, and changes nothing the second time; only who may write it does.
 *
 * Method: the whole command against a real PostgreSQL with the archive's schema, as the roles it
 * has there; the tables are then counted by an eye of the test's own.  Guards laws 4 and 11.
 */
#include "ctl_org.h"

#include "ctl_said.h"
#include "pg_desk.h"
#include "scope.h"
#include "unit.h"

#include <unistd.h>

static char folder[64];

/* Words apart by blanks, with the settings of the folder. */
static struct said say(const char *words)
{
    char line[SAID_LINE_MAX];
    (void)snprintf(line, sizeof line, "--config %s/redress.yaml %s", folder, words);
    return said_line(line);
}

static void file_write(const char *name, const char *text)
{
    char path[96];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

/* Says "org VERB FILE …" of a file with this text; the status and, on stdout, the text must be. */
static void
org(const char *verb, const char *text, const char *options, int code, const char *wanted)
{
    char words[256];
    file_write("org.yaml", text);
    (void)snprintf(words, sizeof words, "org %s %s/org.yaml%s", verb, folder, options);
    SCOPED(said_done) struct said said = say(words);
    if (said.code != code || !strstr(said.out, wanted)) {
        fail_msg("%s: %d\n%s%s, not %d\n%s", words, said.code, said.out, said.err, code, wanted);
    }
}

static void desk_begin(struct pg_desk *desk)
{
    char text[256];
    pg_desk_open(desk);
    pg_desk_archive(desk, "4");
    (void)snprintf(folder, sizeof folder, "/tmp/redress-org-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(
        text, sizeof text, "database: \"host=%s dbname=postgres\"\n", server_socket(desk->server));
    file_write("redress.yaml", text);
}

static void desk_end(struct pg_desk *desk)
{
    static const char *const names[] = {"redress.yaml", "org.yaml"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[96];
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
    pg_desk_close(desk);
}

/* The rows must be so many. */
static void count(const struct pg_desk *desk, const char *rows, int wanted)
{
    char sql[512];
    (void)snprintf(sql,
                   sizeof sql,
                   "DO $$ BEGIN IF (SELECT count(*) FROM redress.%s) <> %d THEN RAISE '%s'; "
                   "END IF; END $$",
                   rows,
                   wanted,
                   "not so many");
    pg_desk_run(desk, sql);
}

#define HEAD                                                                                       \
    "org: harbour\nzone: Asia/Shanghai\nskills: [german]\ndepartments: {desk: {title: {zh-TW: "    \
    "服務台}}}\nagents:\n"
#define LIN "  林小姐: {roles: [agent, supervisor], department: desk, deputy: 王明}\n"

static const char first[] =
    HEAD LIN "  王明: {roles: agent, capacity: 3, skills: {german: 2}, leave: 2026-12-24}\n";

static void what_is_applied_stands_in_the_archive_and_twice_is_once(void **state)
{
    (void)state;
    struct pg_desk desk;
    desk_begin(&desk);
    org("diff", first, "", CTL_OK, "+ agents.王明.capacity: 3\n");
    count(&desk, "org", 0);
    org("apply", first, " --dry-run", CTL_OK, "changes, nothing applied");
    count(&desk, "org", 0);
    org("apply", first, " --as 林小姐", CTL_OK, "version 1 applied: ");
    count(&desk, "org WHERE version = 1 AND applied_by = '林小姐'", 1);
    count(&desk, "agent WHERE capacity = 3 OR deputy = '王明'", 2);
    count(&desk, "agent_role", 3);
    count(&desk, "agent_skill WHERE level = 2", 1);
    count(&desk,
          "agent_leave WHERE begins = '2026-12-24 00:00+08' AND ends = '2026-12-25 00:00+08'",
          1);
    org("apply", first, "", CTL_OK, "nothing changes: version 1 says the same\n");
    org("apply", "# only a word\n", "", CTL_FAILED, "");
    count(&desk, "org", 1);
    desk_end(&desk);
}

static void what_changes_is_said_and_nothing_else(void **state)
{
    (void)state;
    struct pg_desk desk;
    desk_begin(&desk);
    org("apply", first, "", CTL_OK, "version 1");
    static const char second[] = "# a word of no consequence\n" HEAD
                                 "  王明: {capacity: 5, roles: agent, skills: {german: 2}}\n" LIN;
    org("diff",
        second,
        "",
        CTL_OK,
        "~ agents.王明.capacity: 3 → 5\n- agents.王明.leave: 2026-12-24\n2 changes");
    org("diff",
        second,
        " --json",
        CTL_OK,
        "{\"path\":\"agents.王明.capacity\",\"before\":\"3\",\"after\":\"5\"}");
    org("apply",
        second,
        "",
        CTL_OK,
        "version 2 applied: 2 changes, 2 people; claims and actions heed it within a second");
    count(&desk, "agent_leave", 0);
    count(&desk, "org", 2);
    SCOPED(said_done) struct said said = say("org show --lang zh-TW");
    assert_int_equal(said.code, CTL_OK);
    assert_non_null(strstr(said.out, "harbour（harbour），第 2 版"));
    assert_non_null(strstr(said.out, "值班中"));
    assert_non_null(strstr(said.out, "服務台"));
    assert_null(strstr(said.out, "desk")); /* a title may be typed as well; programs get it */
    SCOPED(said_done) struct said json = say("org show --json");
    assert_non_null(strstr(json.out, "{\"org\":\"harbour\",\"version\":2,\"applied_at\":\"20"));
    assert_non_null(strstr(json.out, "\"department\":\"desk\""));
    assert_non_null(strstr(json.out, "\"now\":\"there\""));
    assert_null(strchr(said.out, 'Z')); /* times as people write them */
    desk_end(&desk);
}

static void what_fails_leaves_everything_as_it_was(void **state)
{
    (void)state;
    struct pg_desk desk;
    desk_begin(&desk);
    org("apply", first, "", CTL_OK, "version 1");
    org("apply", HEAD "  王明: {roles: agent, deputy: 王朋}\n" LIN, "", CTL_FAILED, "");
    /* the last of the tables refuses: all that came before it is undone */
    pg_desk_run(&desk, "ALTER TABLE redress.agent_leave ADD CHECK (begins < '2027-01-01')");
    org("apply", HEAD LIN "  王明: {roles: agent, leave: 2027-12-24}\n", "", CTL_FAILED, "");
    count(&desk, "org", 1);
    count(&desk, "agent WHERE capacity = 3", 1);
    count(&desk, "agent_leave", 1);
    desk_end(&desk);
}

static void the_way_back_to_none_is_a_version_that_says_nothing(void **state)
{
    (void)state;
    struct pg_desk desk;
    desk_begin(&desk);
    {
        SCOPED(said_done) struct said said = say("org clear");
        assert_int_equal(said.code, CTL_OK); /* there was none */
        assert_non_null(strstr(said.out, "no organisation holds"));
    }
    org("apply", first, "", CTL_OK, "version 1");
    {
        SCOPED(said_done) struct said said = say("org clear --as 林小姐");
        assert_int_equal(said.code, CTL_OK);
        assert_non_null(strstr(said.out, "version 2 applied: no organisation any more"));
    }
    count(&desk, "org WHERE version = 2 AND source = '' AND applied_by = '林小姐'", 1);
    count(&desk, "agent", 0);
    count(&desk, "department", 0);
    {
        SCOPED(said_done) struct said said = say("org show");
        assert_int_equal(said.code, CTL_NOT_FOUND);
    }
    org("diff", first, "", CTL_OK, "+ agents.王明.capacity: 3\n");
    org("apply", first, "", CTL_OK, "version 3 applied: ");
    count(&desk, "agent", 2);
    desk_end(&desk);
}

/* As a program of another age may have applied it, or a hand.  It fails where any of it is called
 * lack of memory, and where clearing such a version says that there is none to clear. */
static void a_stored_version_that_cannot_be_read_is_told_and_replaced(void **state)
{
    (void)state;
    static const char *const bad[] = {"org: [", "org: harbour", "\tno: yaml"};
    struct pg_desk desk;
    desk_begin(&desk);
    for (int i = 0; i < 3; i++) {
        char sql[256];
        char told[64];
        (void)snprintf(sql,
                       sizeof sql,
                       "INSERT INTO redress.org (version, name, hash, source, applied_by) "
                       "VALUES (%d, '', '', '%s', '')",
                       3 * i + 1,
                       bad[i]);
        (void)snprintf(
            told, sizeof told, "version %d of the organisation cannot be read", 3 * i + 1);
        pg_desk_run(&desk, sql);
        SCOPED(said_done) struct said show = say("org show");
        assert_int_equal(show.code, CTL_FAILED);
        assert_non_null(strstr(show.err, "org@"));
        assert_non_null(strstr(show.err, told));
        assert_null(strstr(show.err, "memory"));
        org("diff", first, "", CTL_OK, "+ agents.王明.capacity: 3\n");
        org("apply", first, "", CTL_OK, " applied: ");
        count(&desk, "agent", 2);
        SCOPED(said_done) struct said good = say("org show");
        assert_int_equal(good.code, CTL_OK);
        pg_desk_run(&desk, "UPDATE redress.org SET source = 'org: [' WHERE version % 3 = 2");
        SCOPED(said_done) struct said clear = say("org clear");
        assert_int_equal(clear.code, CTL_OK);
        assert_non_null(strstr(clear.err, "cannot be read"));
        assert_non_null(strstr(clear.out, " applied: no organisation any more"));
        count(&desk, "agent", 0);
    }
    desk_end(&desk);
}

#define CASE_OF(id, agent, closed)                                                                 \
    "INSERT INTO redress.complaint VALUES (" id ", 1, 1, 'work', '', 'desk', '" agent              \
    "', 'agent', '', '', '', '', 0, 0, 0, 3, 0, 0, 0, 0, false, now(), now(), now(), "             \
    "now(), " closed ", '', '', false, ''); "

/* Cases do not leave with whoever is left out: it is said whose they are, before and after. */
static void who_is_left_out_with_open_cases_is_told(void **state)
{
    (void)state;
    struct pg_desk desk;
    desk_begin(&desk);
    pg_desk_run(&desk, CASE_OF("1", "王朋", "NULL") CASE_OF("2", "王朋", "NULL"));
    pg_desk_run(&desk, CASE_OF("3", "王明", "NULL") CASE_OF("4", "走了的人", "now()"));
    static const char *const verbs[] = {"diff", "apply"};
    file_write("org.yaml", first);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        char words[128];
        (void)snprintf(words, sizeof words, "org %s %s/org.yaml", verbs[i], folder);
        SCOPED(said_done) struct said said = say(words);
        assert_int_equal(said.code, CTL_OK);
        assert_non_null(
            strstr(said.err, "王朋 does not stand in this file and holds 2 open cases"));
        assert_null(strstr(said.err, "王明"));
        assert_null(strstr(said.err, "走了的人"));
    }
    desk_end(&desk);
}

/* What only a role may do that nobody has is done by nobody: it is said which, before and after. */
static void roles_the_policies_count_on_and_nobody_has_are_told(void **state)
{
    (void)state;
    struct pg_desk desk;
    desk_begin(&desk);
    {
        SCOPED(said_done)
        struct said said = say("policy load " DEPLOY "/policies/general-service.yaml");
        assert_int_equal(said.code, CTL_OK);
    }
    static const char *const verbs[] = {"diff", "apply"};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        char words[128];
        file_write("org.yaml", first); /* supervisors and agents */
        (void)snprintf(words, sizeof words, "org %s %s/org.yaml", verbs[i], folder);
        SCOPED(said_done) struct said said = say(words);
        assert_int_equal(said.code, CTL_OK);
        assert_non_null(strstr(said.err, "warning: nobody holds "));
        assert_null(strstr(said.err, "(agent)"));
    }
    SCOPED(said_done) struct said said = say("org apply " DEPLOY "/people/hotline.yaml");
    assert_int_equal(said.code, CTL_OK);
    assert_null(strstr(said.err, "nobody holds"));
    desk_end(&desk);
}

/* quick.yaml under another name, with this in the place of its roles. */
static void quick_load(const char *name, const char *roles)
{
    char line[512];
    char words[128];
    char path[96];
    (void)snprintf(path, sizeof path, "%s/policy.yaml", folder);
    FILE *from = fopen(QUICK_POLICY, "re");
    FILE *to = fopen(path, "we");
    assert_true(from && to);
    while (fgets(line, sizeof line, from)) {
        if (strncmp(line, "policy:", 7) == 0) {
            (void)fprintf(to, "policy: %s\n", name);
        } else if (strncmp(line, "roles:", 6) == 0) {
            (void)fputs(roles, to);
        } else {
            (void)fputs(line, to);
        }
    }
    (void)fclose(from);
    (void)fclose(to);
    (void)snprintf(words, sizeof words, "policy load %s", path);
    SCOPED(said_done) struct said said = say(words);
    (void)unlink(path);
    if (said.code != CTL_OK) {
        fail_msg("%s%s", said.out, said.err);
    }
}

/* A mistyped role is told where it stands, before what follows from it, and once however many have
 * it; an organisation that comes before its policies is none the worse.  It fails where nothing is
 * compared, where each place is told, and where the list of those nobody holds is cut. */
static void a_role_that_no_policy_has_is_told_where_it_stands(void **state)
{
    (void)state;
    static const char *const verbs[] = {"diff", "apply"};
    static const char mistyped[] =
        HEAD "  林小姐: {roles: [supervisor, agnt]}\n  王明: {roles: agnt}\n";
    static const char *const lacking[] = {"agent", "b1", "b7", "b14"};
    struct pg_desk desk;
    desk_begin(&desk);
    for (size_t i = 0; i < 3; i++) {
        char words[128];
        char *hint = NULL;
        file_write("org.yaml", mistyped);
        (void)snprintf(words, sizeof words, "org %s %s/org.yaml", verbs[i % 2], folder);
        SCOPED(said_done) struct said said = say(words);
        assert_int_equal(said.code, CTL_OK);
        hint = strstr(said.err, "no loaded policy has the role 'agnt'");
        if (i == 0) { /* there is no policy yet */
            assert_null(hint);
            quick_load(
                "many",
                "roles: [agent, supervisor, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, "
                "b12, b13, b14]\nretention: {by: [supervisor, b1, b2, b3, b4, b5, b6, b7, b8, "
                "b9, b10, b11, b12, b13, b14], erase: {after: 3 years}}\n");
            continue;
        }
        if (!hint) {
            fail_msg("%s", said.err);
            return;
        }
        assert_null(strstr(hint + 1, "no loaded policy"));
        assert_non_null(strstr(said.err, "org.yaml:6:29: warning: no loaded"));
        assert_non_null(strstr(hint, "did you mean 'agent'?"));
        char *unheld = strstr(hint, "nobody holds");
        for (size_t r = 0; r < sizeof lacking / sizeof *lacking; r++) {
            assert_non_null(unheld);
            assert_non_null(strstr(unheld, lacking[r]));
        }
    }
    desk_end(&desk);
}

/* The buyer is nobody's who works here, and the manager is somebody's who is lacking.  Seen to fail
 * where the buyer was missed as well. */
static void a_role_of_people_outside_is_not_missed(void **state)
{
    (void)state;
    struct pg_desk desk;
    desk_begin(&desk);
    quick_load("market",
               "roles:\n  agent: {title: Clerk}\n  supervisor: {title: Boss}\n"
               "  buyer: {title: Buyer, outside: yes}\n  manager: {title: Manager}\n"
               "retention: {by: [buyer, manager], erase: {after: 3 years}}\n");
    file_write("org.yaml", first);
    char words[128];
    (void)snprintf(words, sizeof words, "org apply %s/org.yaml", folder);
    SCOPED(said_done) struct said said = say(words);
    assert_int_equal(said.code, CTL_OK);
    assert_non_null(strstr(said.err, "nobody holds Manager (manager)"));
    assert_null(strstr(said.err, "buyer"));
    desk_end(&desk);
}

/* Who may read what is sealed and who does its work are not always the same.  It fails where
 * readers are not looked at, and where a reader makes somebody who works by another policy one of
 * this. */
static void readers_that_nobody_is_are_told_where_somebody_works(void **state)
{
    (void)state;
    static const char reads[] = HEAD "  林小姐: {roles: [auditor]}\n";
    struct pg_desk desk;
    desk_begin(&desk);
    quick_load("sealed", "roles: [agent, supervisor, auditor, press]\nreaders: [auditor, press]\n");
    for (size_t i = 0; i < 2; i++) {
        char words[128];
        file_write("org.yaml", i == 0 ? first : reads);
        (void)snprintf(words, sizeof words, "org diff %s/org.yaml", folder);
        SCOPED(said_done) struct said said = say(words);
        assert_int_equal(said.code, CTL_OK);
        const char *unheld = strstr(said.err, "nobody holds");
        assert_int_equal(unheld != NULL, i == 0);
        assert_true(!unheld || (strstr(unheld, "auditor") && strstr(unheld, "press")));
    }
    desk_end(&desk);
}

/* The manager of the rules for banks owns no step, erases and reads nothing, and alone approves
 * that it takes longer. */
static void who_only_acts_is_told_where_nobody_is_it(void **state)
{
    (void)state;
    static const char without[] = HEAD "  林小姐: {roles: [supervisor, data-protection]}\n"
                                       "  王明: {roles: [agent, department]}\n";
    struct pg_desk desk;
    desk_begin(&desk);
    SCOPED(said_done)
    struct said load = say("policy load " DEPLOY "/policies/cn-bank-insurance.yaml");
    assert_int_equal(load.code, CTL_OK);
    file_write("org.yaml", without);
    char words[128];
    (void)snprintf(words, sizeof words, "org apply %s/org.yaml", folder);
    SCOPED(said_done) struct said said = say(words);
    assert_int_equal(said.code, CTL_OK);
    assert_non_null(strstr(said.err, "nobody holds Manager (manager): "));
    SCOPED(said_done) struct said bank = say("org apply " DEPLOY "/people/bank.yaml");
    assert_int_equal(bank.code, CTL_OK);
    assert_null(strstr(bank.err, "nobody holds"));
    desk_end(&desk);
}

/* What waits under another policy adds its title for the role, and takes none away. */
static void a_role_that_policies_call_differently_is_shown_by_all_its_titles(void **state)
{
    (void)state;
    struct pg_desk desk;
    desk_begin(&desk);
    quick_load("first", "roles:\n  agent: {title: Clerk}\n  supervisor: {title: Boss}\n");
    quick_load("second", "roles:\n  agent: {title: Desk}\n  supervisor: {title: Boss}\n");
    org("apply", first, "", CTL_OK, "version 1");
    static const char waiting[] =
        "INSERT INTO redress.complaint SELECT %d, %d, 1, 'work', 'desk', 'desk', '', '', '', '', "
        "'', '', 0, 0, 0, 3, 0, 0, 0, 0, false, now(), now(), now(), now(), NULL, '', '', false, "
        "''";
    for (int policy = 1; policy <= 2; policy++) {
        char sql[512];
        (void)snprintf(sql, sizeof sql, waiting, policy, policy);
        pg_desk_run(&desk, sql);
        SCOPED(said_done) struct said said = say("org show");
        assert_int_equal(said.code, CTL_OK);
        assert_non_null(strstr(said.out, policy == 1 ? " Clerk, Boss" : " Clerk / Desk, Boss"));
        assert_null(strstr(said.err, "most urgent"));
    }
    pg_desk_run(&desk,
                "INSERT INTO redress.complaint SELECT i, 1, 1, 'work', 'desk', 'desk', '', '', '', "
                "'', '', '', 0, 0, 0, 3, 0, 0, 0, 0, false, now(), now(), now(), now(), NULL, '', "
                "'', false, '' FROM generate_series(3, 1001) i");
    SCOPED(said_done) struct said said = say("org show");
    assert_non_null(strstr(said.err, "among the 1000 most urgent of the 1001 cases"));
    desk_end(&desk);
}

static void nobody_applied_is_no_fault_of_the_archive(void **state)
{
    (void)state;
    struct pg_desk desk;
    desk_begin(&desk);
    SCOPED(said_done) struct said said = say("org show");
    assert_int_equal(said.code, CTL_NOT_FOUND);
    assert_non_null(strstr(said.err, "no organisation holds: anybody may claim"));
    desk_end(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_applied_stands_in_the_archive_and_twice_is_once),
        cmocka_unit_test(what_changes_is_said_and_nothing_else),
        cmocka_unit_test(what_fails_leaves_everything_as_it_was),
        cmocka_unit_test(the_way_back_to_none_is_a_version_that_says_nothing),
        cmocka_unit_test(a_stored_version_that_cannot_be_read_is_told_and_replaced),
        cmocka_unit_test(who_is_left_out_with_open_cases_is_told),
        cmocka_unit_test(roles_the_policies_count_on_and_nobody_has_are_told),
        cmocka_unit_test(a_role_that_no_policy_has_is_told_where_it_stands),
        cmocka_unit_test(a_role_of_people_outside_is_not_missed),
        cmocka_unit_test(readers_that_nobody_is_are_told_where_somebody_works),
        cmocka_unit_test(who_only_acts_is_told_where_nobody_is_it),
        cmocka_unit_test(a_role_that_policies_call_differently_is_shown_by_all_its_titles),
        cmocka_unit_test(nobody_applied_is_no_fault_of_the_archive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
