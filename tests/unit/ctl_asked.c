/*
 * Goal: who asks for what is not there is told so, with what there is, and never that nothing waits
 * or happened; who is shown a part is told that there is more.
 *
 * Method: the whole command against a real PostgreSQL with the archive's schema, two policies and
 * cases of one of them.  Guards law 11.
 */
#include "ctl_said.h"
#include "pg_desk.h"
#include "scope.h"
#include "unit.h"

#include <unistd.h>

static char folder[64];

/* Words apart by blanks, with the settings of the folder; status and a part of what was said. */
static void asked(const char *words, int code, const char *wanted)
{
    char line[SAID_LINE_MAX];
    (void)snprintf(line, sizeof line, "--config %s/redress.yaml %s", folder, words);
    SCOPED(said_done) struct said said = said_line(line);
    if (said.code != code || (!strstr(said.out, wanted) && !strstr(said.err, wanted))) {
        fail_msg("%s: %d\n%s%s, not %d\n%s", words, said.code, said.out, said.err, code, wanted);
    }
}

static void settings_write(const struct pg_desk *desk)
{
    char path[96];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/redress.yaml", folder);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    (void)fprintf(file,
                  "database: \"host=%s dbname=postgres\"\nredis: %s/nothing.sock\n",
                  server_socket(desk->server),
                  folder);
    (void)fclose(file);
}

/* Policies 1 (quick) and 2 (patience), and eleven cases of the first that wait. */
static void desk_begin(struct pg_desk *desk)
{
    (void)snprintf(folder, sizeof folder, "/tmp/redress-asked-XXXXXX");
    pg_desk_open(desk);
    pg_desk_archive(desk, "4");
    settings_write(desk);
    asked("policy load " POLICIES "/quick.yaml", 0, "quick");
    asked("policy load " POLICIES "/patience.yaml", 0, "patience");
    pg_desk_run(desk,
                "INSERT INTO redress.complaint SELECT i, 1, 1, 'work', 'desk', 'desk', '', '', '', "
                "'', '', '', 0, 0, 0, 3, 0, 0, 0, 0, false, now(), now(), now(), now(), NULL, '', "
                "'', false, '' FROM generate_series(1, 11) i");
}

static void desk_end(struct pg_desk *desk)
{
    char path[96];
    (void)snprintf(path, sizeof path, "%s/redress.yaml", folder);
    (void)unlink(path);
    (void)rmdir(folder);
    pg_desk_close(desk);
}

static void a_drill_says_which_complaints_there_are(void **state)
{
    (void)state;
    struct pg_desk desk;
    desk_begin(&desk);
    asked("drill --policy patience", CTL_NOT_FOUND, "there are complaints of: quick (11)");
    asked("drill --policy patience --lang zh-TW", CTL_NOT_FOUND, "已記錄的有：quick (11)");
    asked("drill --policy quick --to 2001-01-01", CTL_NOT_FOUND, "in that time");
    pg_desk_run(&desk, "DELETE FROM redress.complaint");
    asked("drill --policy quick", CTL_NOT_FOUND, "no complaints to replay\n");
    desk_end(&desk);
}

static void a_policy_nobody_knows_is_no_empty_queue(void **state)
{
    (void)state;
    struct pg_desk desk;
    desk_begin(&desk);
    asked("play --policy quikc",
          CTL_NOT_FOUND,
          "there is no policy \"quikc\"; did you mean \"quick\"?");
    asked("play --policy patience", CTL_NOT_FOUND, "nothing waits in any queue");
    desk_end(&desk);
}

static void a_person_nobody_knows_has_no_empty_list(void **state)
{
    (void)state;
    struct pg_desk desk;
    desk_begin(&desk);
    asked("list --agent annn", CTL_OK, ""); /* it is not known who works here */
    pg_desk_run(&desk,
                "INSERT INTO redress.agent (agent) VALUES ('anna'), ('bert'); "
                "UPDATE redress.complaint SET agent = 'gone', queue = '' WHERE case_id = 11");
    asked("list --agent annn",
          CTL_NOT_FOUND,
          "nobody here is called \"annn\"; did you mean \"anna\"?");
    asked("list --agent bert", CTL_OK, "");
    asked("list --agent gone --policy patience", CTL_OK, "");
    asked("list --agent gone", CTL_OK, "gone");
    desk_end(&desk);
}

/* What a shell offers behind --queue, --policy, --agent and the like. */
static void the_names_of_the_archive_are_told_to_shells(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        const char *wanted;
    } rows[] = {
        {"completion --names policy",     "patience\nquick\n"        },
        {"completion --names queue",      "patience/desk\nquick/desk"},
        {"completion --names step",       "work\n"                   },
        {"completion --names agent",      "anna\nbert\ngone\n"       },
        {"completion --names department", "service\n"                },
        {"completion --names role",       "agent\n"                  },
        {"completion --names action 1",   "claim\n"                  },
    };
    struct pg_desk desk;
    desk_begin(&desk);
    pg_desk_run(&desk,
                "INSERT INTO redress.department VALUES ('service'); "
                "INSERT INTO redress.agent VALUES ('anna'), ('bert'); "
                "INSERT INTO redress.agent_slot VALUES ('gone', 1, 15)");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        asked(rows[i].words, CTL_OK, rows[i].wanted);
    }
    asked("completion --names cases", CTL_USAGE, "--names takes policy|queue|");
    /* of the action, by id or title; one word for the shell */
    char settings[96];
    (void)snprintf(settings, sizeof settings, "%s/redress.yaml", folder);
    pg_desk_run(&desk, "UPDATE redress.complaint SET step = 'triage' WHERE case_id = 2");
    {
        SCOPED(said_done)
        struct said fields = SAID("-c", settings, "completion", "--names", "field", "2 Classify");
        assert_string_equal(fields.out, "category=\n");
    }
    /* once, though both policies have it; of the one that is named */
    static const struct {
        const char *kind, *policy, *wanted;
    } some[] = {
        {"channel", NULL,    "phone\n"     },
        {"queue",   "quick", "quick/desk\n"},
    };
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        SCOPED(said_done)
        struct said names =
            SAID("-c", settings, "completion", "--names", some[i].kind, some[i].policy);
        assert_string_equal(names.out, some[i].wanted);
    }
    SCOPED(said_done)
    struct said none = SAID("-c", settings, "completion", "--names", "field", "2");
    assert_string_equal(none.out, "");
    desk_end(&desk);
}

static void a_list_is_by_channel_and_by_department(void **state)
{
    (void)state;
    struct pg_desk desk;
    desk_begin(&desk);
    pg_desk_run(&desk,
                "INSERT INTO redress.department VALUES ('service', NULL), ('billing', 'service'), "
                "('works', NULL); "
                "INSERT INTO redress.agent VALUES ('anna', 'billing'), ('bert', 'works'); "
                "UPDATE redress.complaint SET agent = 'anna', queue = '' WHERE case_id = 3; "
                "UPDATE redress.complaint SET agent = 'bert', queue = '' WHERE case_id = 4; "
                "UPDATE redress.complaint SET channel = 'phone' WHERE case_id = 4");
    asked("list --channel phone --json", CTL_OK, "\"total\":1}");
    asked("list --channel phone --json", CTL_OK, "\"channel\":\"phone\"");
    asked("list --channel phnoe",
          CTL_NOT_FOUND,
          "there is no channel \"phnoe\"; did you mean \"phone\"?");
    asked("list --department service --json", CTL_OK, "\"total\":1}");
    asked("list --department service --json", CTL_OK, "\"agent\":\"anna\"");
    asked("list --department works --json", CTL_OK, "\"agent\":\"bert\"");
    asked("list --department billing --channel phone", CTL_OK, "no case fits");
    asked("list --department billin",
          CTL_NOT_FOUND,
          "there is no department \"billin\"; did you mean \"billing\"?");
    desk_end(&desk);
}

/* Not as a time of the next one, as it was seen to; a program gets the instant. */
static void a_list_says_what_is_due_at_the_end_of_a_day_of_that_day(void **state)
{
    (void)state;
    struct pg_desk desk;
    desk_begin(&desk);
    pg_desk_run(&desk,
                "INSERT INTO redress.clock (case_id, policy_id, closed, next_due, due, "
                "missed, dues, raised, raised_by, state) VALUES (5, 1, false, "
                "'2099-11-24 00:00+08', '2099-11-24 00:00+08', 'infinity', '', 0, '', '\\x0000')");
    asked("list", CTL_OK, "2099-11-23 24:00:00");
    asked("list --json", CTL_OK, "\"due\":\"2099-11-23T16:00:00.000000Z\"");
    desk_end(&desk);
}

/* A clock that stands still after it was missed keeps its case late, at its place. */
static void a_list_begins_with_what_was_missed_first(void **state)
{
    (void)state;
    struct pg_desk desk;
    desk_begin(&desk);
    pg_desk_run(&desk,
                "INSERT INTO redress.clock (case_id, policy_id, closed, next_due, due, missed, "
                "dues, raised, raised_by, state) VALUES "
                "(5, 1, false, 'infinity', '2020-01-03', 'infinity', '', 0, '', ''), "
                "(6, 1, false, 'infinity', 'infinity', '2020-01-02 00:00+00', '', 0, '', '')");
    asked("list --json --limit 1", CTL_OK, "\"due\":\"2020-01-02T00:00:00.000000Z\"");
    asked("list --json --overdue", CTL_OK, "\"total\":2");
    desk_end(&desk);
}

/* What `list` with these options says; owned. */
static struct said listed(const char *options)
{
    char line[SAID_LINE_MAX];
    (void)snprintf(line, sizeof line, "--config %s/redress.yaml list %s", folder, options);
    return said_line(line);
}

/* Seen to fail where the column is never there, and where it is although all are of one policy. */
static void a_list_of_several_policies_says_of_which_each_case_is(void **state)
{
    (void)state;
    struct pg_desk desk;
    desk_begin(&desk);
    {
        SCOPED(said_done) struct said one = listed("");
        assert_int_equal(one.code, CTL_OK);
        assert_null(strstr(one.out, "Policy"));
    }
    asked("list --json --limit 1", CTL_OK, "\"policy\":\"quick\"");
    pg_desk_run(&desk, "UPDATE redress.complaint SET policy_id = 2 WHERE case_id = 3");
    {
        SCOPED(said_done) struct said two = listed("--lang zh-CN");
        assert_int_equal(two.code, CTL_OK);
        assert_non_null(strstr(two.out, " 规则 "));
        assert_non_null(strstr(two.out, "Patience"));
    }
    SCOPED(said_done) struct said filtered = listed("--policy quick");
    assert_null(strstr(filtered.out, "Policy"));
    desk_end(&desk);
}

static void a_queue_that_is_cut_says_so(void **state)
{
    (void)state;
    struct pg_desk desk;
    desk_begin(&desk);
    asked("queue desk", CTL_NOT_FOUND, "did you mean \"quick/desk\", \"patience/desk\"?");
    asked("queue quick/desk", CTL_OK, "10 of 11 shown; -n 11 shows more");
    asked("queue quick/desk --json", CTL_OK, "\"total\":11");
    pg_desk_run(&desk, "DELETE FROM redress.complaint WHERE case_id = 11");
    char line[SAID_LINE_MAX];
    (void)snprintf(line, sizeof line, "--config %s/redress.yaml queue quick/desk", folder);
    SCOPED(said_done) struct said said = said_line(line);
    assert_int_equal(said.code, CTL_OK);
    assert_null(strstr(said.err, " shown"));
    desk_end(&desk);
}

/* patience.yaml in that version, its calendar "behind" with days of 2020 alone, or with none. */
static void patience_load(char version, bool behind)
{
    static char text[16 * 1024];
    static const char days[] = "closed: {2020-01-01: New Year}";
    char path[96];
    char words[128];
    FILE *file = fopen(POLICIES "/patience.yaml", "re");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[size] = '\0';
    char *at = strstr(text, "version: ");
    char *closed = strstr(text, days);
    assert_true(at && closed);
    at[sizeof "version: " - 1] = version;
    memset(closed, behind ? *closed : ' ', behind ? 1 : sizeof days - 1);
    (void)snprintf(path, sizeof path, "%s/patience.yaml", folder);
    file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    (void)fclose(file);
    (void)snprintf(words, sizeof words, "policy load %s", path);
    asked(words, CTL_OK, "patience");
    (void)unlink(path);
}

/* Whose deadlines would be wrong: law 12.  It fails where versions nobody is under are looked at,
 * where those open cases are under are not, and where a calendar is counted once a version. */
static void calendars_without_holidays_are_told_of_versions_that_matter(void **state)
{
    (void)state;
    struct pg_desk desk;
    desk_begin(&desk);
    asked("status --json",
          CTL_FAILED,
          "\"policy\":\"patience\",\"version\":1,\"calendar\":\"behind\"");
    patience_load('2', false);
    asked("status --json", CTL_FAILED, "\"calendars\":[]");
    pg_desk_run(&desk, "UPDATE redress.complaint SET policy_id = 2 WHERE case_id = 3");
    asked("status --json",
          CTL_FAILED,
          "\"policy\":\"patience\",\"version\":1,\"calendar\":\"behind\"");
    asked("status", CTL_FAILED, "are known in 1 calendar (patience/behind);");
    patience_load('3', true);
    asked("status --json",
          CTL_FAILED,
          "\"policy\":\"patience\",\"version\":3,\"calendar\":\"behind\"");
    asked("status", CTL_FAILED, "are known in 1 calendar (patience/behind);");
    asked("status --lang zh-CN", CTL_FAILED, "1 个日历（patience/behind）");
    pg_desk_run(&desk, "UPDATE redress.complaint SET closed_at = now() WHERE case_id = 3");
    patience_load('4', false);
    asked("status --json", CTL_FAILED, "\"calendars\":[]");
    desk_end(&desk);
}

/* It fails where every row is refused for what stands in the mapping once. */
static void a_mapping_of_no_channel_is_refused_before_the_first_row(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        const char *names, *more, *wanted;
        int code;
    } rows[] = {
        {"policy: quick\nchannel: fone\n", "",
         "there is no channel \"fone\"; did you mean \"phone\"?", CTL_NOT_FOUND},
        {"policy: {column: p}\nchannel: fone\n", "",
         "there is no channel \"fone\"; did you mean \"phone\"?", CTL_NOT_FOUND},
        {"policy: quick\nchannel: phone\n", "--channel fone",
         "there is no channel \"fone\"", CTL_NOT_FOUND},
        {"policy: quikc\nchannel: phone\n", "", "there is no policy \"quikc\"", CTL_NOT_FOUND},
        /* by their titles; there are no keys here */
        {"policy: Quick\nchannel: Phone\n", "", "receipt", CTL_FAILED},
    };
    /* clang-format on */
    struct pg_desk desk;
    desk_begin(&desk);
    char path[96];
    char words[256];
    (void)snprintf(path, sizeof path, "%s/map.yaml", folder);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        (void)fprintf(file,
                      "map: 1\nformat: csv\nsubmission_id: {namespace: n, column: id}\nnarrative: "
                      "{column: t}\n%s",
                      rows[i].names);
        (void)fclose(file);
        (void)snprintf(words, sizeof words, "import --map %s x.csv %s", path, rows[i].more);
        asked(words, rows[i].code, rows[i].wanted);
    }
    (void)unlink(path);
    desk_end(&desk);
}

/* It fails where it is said that there is nothing there as well. */
static void a_retention_of_nothing_says_so_once(void **state)
{
    (void)state;
    struct pg_desk desk;
    desk_begin(&desk);
    char line[SAID_LINE_MAX];
    (void)snprintf(line, sizeof line, "--config %s/redress.yaml retention", folder);
    SCOPED(said_done) struct said said = said_line(line);
    assert_int_equal(said.code, CTL_OK);
    assert_string_equal(said.out, "");
    assert_string_equal(said.err, "0 due to be erased; 0 on legal hold stay\n");
    desk_end(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_drill_says_which_complaints_there_are),
        cmocka_unit_test(a_policy_nobody_knows_is_no_empty_queue),
        cmocka_unit_test(a_person_nobody_knows_has_no_empty_list),
        cmocka_unit_test(the_names_of_the_archive_are_told_to_shells),
        cmocka_unit_test(a_list_is_by_channel_and_by_department),
        cmocka_unit_test(a_list_says_what_is_due_at_the_end_of_a_day_of_that_day),
        cmocka_unit_test(a_list_begins_with_what_was_missed_first),
        cmocka_unit_test(a_list_of_several_policies_says_of_which_each_case_is),
        cmocka_unit_test(a_queue_that_is_cut_says_so),
        cmocka_unit_test(a_mapping_of_no_channel_is_refused_before_the_first_row),
        cmocka_unit_test(a_retention_of_nothing_says_so_once),
        cmocka_unit_test(calendars_without_holidays_are_told_of_versions_that_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
