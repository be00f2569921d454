/*
 * Goal: settings come from one table, in the promised order, and a wrong one stops the start with a
 * reason (law 9). Method: every config/NAME.in is a YAML file, its "# args:" and "# env:" lines are
 * given as well; what --check prints, or the complaint, must be config/NAME.ok byte for byte.  The
 * rest calls config_load directly.
 */
#include "config.h"

#include "golden.h"
#include "unit.h"

#include <dirent.h>
#include <unistd.h>

struct settings {
    char name[16];
    char database[64];
    int64_t partitions;
    int64_t lease_ms;
    int64_t keep_s;
    bool publish;
    char spool[64];
    char listen[128];
};

#define X8         "xxxxxxxx"
#define AT(member) CONFIG_AT(struct settings, member)

/* Not aligned: the rows would be wider than a line. */
/* clang-format off */
static const struct config_row rows[] = {
    {"name", CONFIG_TEXT, AT(name), "redress", 1, 0, NULL, "What the instance is called."},
    {"database", CONFIG_SECRET, AT(database), "", 0, 0, NULL, "How to reach PostgreSQL."},
    {"partitions", CONFIG_INTEGER, AT(partitions), "64", 1, 1024, NULL, "Streams a service."},
    {"lease", CONFIG_DURATION_MS, AT(lease_ms), "10s", 250, 60000, NULL, "How long a lease is."},
    {"keep", CONFIG_DURATION_S, AT(keep_s), "7d", 60, 31536000, NULL, "How long spool lives."},
    {"publish", CONFIG_BOOLEAN, AT(publish), "true", 0, 0, NULL, "Whether events are published."},
    {"spool", CONFIG_PATH, AT(spool), "/var/spool/redress", 1, 0, NULL, "Folder of the spool."},
    {"listen", CONFIG_ENDPOINT, AT(listen), "127.0.0.1:9100", 0, 0, NULL, "Admin listener."},
};
/* clang-format on */

enum { ROWS = sizeof rows / sizeof *rows, WORDS_MAX = 16 };

struct words {
    char text[1024];
    char *word[WORDS_MAX];
    int count;
};

/* The blank-separated words after the mark in the first line that has it. */
static void words_read(const char *file, const char *mark, struct words *words)
{
    words->count = 0;
    const char *at = strstr(file, mark);
    if (!at) {
        return;
    }
    at += strlen(mark);
    (void)snprintf(words->text, sizeof words->text, "%.*s", (int)strcspn(at, "\n"), at);
    char *rest = words->text;
    char *word = NULL;
    while ((word = strsep(&rest, " ")) && words->count < WORDS_MAX) {
        if (*word) {
            words->word[words->count++] = word;
        }
    }
}

/* What a program started like that would say. */
static void run_case(const char *path, char *said, size_t size)
{
    char file[8192];
    struct words arguments;
    struct words variables;
    assert_true(golden_read(path, file, sizeof file) > 0);
    words_read(file, "# args:", &arguments);
    words_read(file, "# env:", &variables);
    char *argv[WORDS_MAX + 4] = {"redress-test", "--check", "--config", (char *)path};
    memcpy(argv + 4, arguments.word, (size_t)arguments.count * sizeof *argv);
    for (int i = 0; i < variables.count; i++) {
        char *value = strchr(variables.word[i], '=');
        *value = '\0';
        assert_int_equal(setenv(variables.word[i], value + 1, 1), 0);
    }
    struct settings settings = {0};
    struct config_outcome outcome = {.out = fmemopen(said, size, "w")};
    struct error error;
    assert_non_null(outcome.out);
    bool good = config_load(rows, ROWS, &settings, arguments.count + 4, argv, &outcome, &error);
    (void)fclose(outcome.out);
    if (good) {
        assert_true(outcome.done);
        assert_int_equal(outcome.exit_code, 0);
    } else {
        assert_int_equal(outcome.exit_code, 1);
        assert_int_equal(error.kind, ERROR_FATAL);
        (void)snprintf(
            said, size, "%s%s", outcome.report, strchr(outcome.report, '\n') ? "" : "\n");
    }
    for (int i = 0; i < variables.count; i++) {
        (void)unsetenv(variables.word[i]);
    }
}

static void every_file_says_what_its_ok_file_says(void **state)
{
    (void)state;
    assert_int_equal(chdir(CONFIG_CASES), 0);
    DIR *folder = opendir(".");
    assert_non_null(folder);
    unsigned seen = 0;
    for (struct dirent *entry = NULL; (entry = readdir(folder));) {
        char *end = strstr(entry->d_name, ".in");
        if (!end || end[3]) {
            continue;
        }
        char said[8192];
        char ok[300];
        (void)snprintf(ok, sizeof ok, "%.*s.ok", (int)(end - entry->d_name), entry->d_name);
        memset(said, 0, sizeof said);
        run_case(entry->d_name, said, sizeof said);
        if (!golden_is(ok, said)) {
            fail_msg("%s", entry->d_name);
        }
        seen++;
    }
    (void)closedir(folder);
    assert_true(seen >= 15);
}

static bool load(int argc, char **argv, struct settings *settings, struct config_outcome *outcome)
{
    struct error error;
    *outcome = (struct config_outcome){0};
    return config_load(rows, ROWS, settings, argc, argv, outcome, &error);
}

static void without_any_source_the_defaults_hold(void **state)
{
    (void)state;
    char *argv[] = {"redress-test"};
    struct settings settings;
    struct config_outcome outcome;
    assert_true(load(1, argv, &settings, &outcome));
    assert_false(outcome.done);
    assert_string_equal(settings.name, "redress");
    assert_int_equal(settings.partitions, 64);
    assert_int_equal(settings.lease_ms, 10000);
    assert_int_equal(settings.keep_s, 7 * 86400);
    assert_true(settings.publish);
}

static void the_command_line_takes_dashes_and_equal_signs_and_is_exact_at_the_bounds(void **state)
{
    (void)state;
    struct settings settings;
    struct config_outcome outcome;
    char *good[] = {"x",
                    "--spool=/x",
                    "--partitions=1024",
                    "--lease",
                    "250ms",
                    "--listen=",
                    "--publish",
                    "false"};
    assert_true(load(8, good, &settings, &outcome));
    assert_int_equal(settings.partitions, 1024);
    assert_int_equal(settings.lease_ms, 250);
    assert_string_equal(settings.listen, "");
    assert_string_equal(settings.spool, "/x");
    assert_false(settings.publish);
    char *longest[] = {"x", "--listen=unix:/" X8 X8 X8 X8 X8 X8 X8 X8 X8 X8 X8 X8 X8 "xx"};
    assert_true(load(2, longest, &settings, &outcome));
    static char *const bad[] = {
        "--partitions=1025",
        "--partitions=0",
        "--partitions=",
        "--partitions=1x",
        "--partitions=-1",
        "--partitions= 5",
        "--lease=249ms",
        "--lease=61s",
        "--lease=5 s",
        "--lease=9999999999999999d",
        "--keep=90500ms",
        "--publish=yes",
        "--name=",
        "--name=1234567890123456",
        "--listen=tcp://a",
        "--listen=a:65536",
        "--listen=ipc://",
        "--listen=:80",
        "--listen=a b:80",
        "--spool=",
        "partitions=5",
        "-p",
        "--",
        "--partitions=99999999999999999999",
        "--partition=5",
        "--lease=52952403682698474h", /* 2^64 + 256 ms */
        "--name=a\nb",
        "--listen=unix:/" X8 X8 X8 X8 X8 X8 X8 X8 X8 X8 X8 X8 X8 "xxx", /* 108 bytes of path */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *argv[] = {"x", bad[i]};
        print_message("%s\n", bad[i]);
        assert_false(load(2, argv, &settings, &outcome));
        assert_int_equal(outcome.exit_code, 2);
        assert_true(strlen(outcome.report) > 0);
    }
    char *missing[] = {"x", "--partitions"};
    assert_false(load(2, missing, &settings, &outcome));
}

static void help_names_every_setting_with_its_range_and_version_answers(void **state)
{
    (void)state;
    char said[8192] = {0};
    char *argv[] = {"/usr/bin/redress-test", "--help", "--config", "/nonexistent"};
    struct settings settings;
    struct error error;
    struct config_outcome outcome = {.out = fmemopen(said, sizeof said, "w")};
    assert_true(config_load(rows, ROWS, &settings, 4, argv, &outcome, &error));
    (void)fclose(outcome.out);
    assert_true(outcome.done);
    for (size_t i = 0; i < ROWS; i++) {
        assert_non_null(strstr(said, rows[i].name));
        assert_non_null(strstr(said, rows[i].help));
    }
    assert_non_null(strstr(said, "permitted 250ms to 1min"));
    assert_non_null(strstr(said, "usage: redress-test "));
    char *version[] = {"redress-test", "--version"};
    memset(said, 0, sizeof said);
    outcome = (struct config_outcome){.out = fmemopen(said, sizeof said, "w")};
    assert_true(config_load(rows, ROWS, &settings, 2, version, &outcome, &error));
    (void)fclose(outcome.out);
    assert_string_equal(said, "redress-test " REDRESS_VERSION "\n");
}

/* One way for all programs: what `redress` takes, the daemons take (-c FILE, -h, -V). */
static void the_letters_of_the_command_are_taken(void **state)
{
    (void)state;
    char path[] = "/tmp/config-letters-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, "name: letters\n", 14), 14);
    (void)close(file);
    char joined[64];
    (void)snprintf(joined, sizeof joined, "-c%s", path);
    char *apart[] = {"x", "-c", path, "--partitions", "2"};
    char *together[] = {"x", joined};
    struct settings settings;
    struct config_outcome outcome;
    assert_true(load(5, apart, &settings, &outcome));
    assert_string_equal(settings.name, "letters");
    assert_int_equal(settings.partitions, 2);
    settings.name[0] = '\0';
    assert_true(load(2, together, &settings, &outcome));
    assert_string_equal(settings.name, "letters");
    (void)unlink(path);
    char *lacking[] = {"x", "-c"};
    assert_false(load(2, lacking, &settings, &outcome));
    assert_string_equal(outcome.report, "command line: --config needs a value");
    static char *const flags[] = {"-h", "-V"};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        char said[8192] = {0};
        char *argv[] = {"x", flags[i]};
        struct error error;
        outcome = (struct config_outcome){.out = fmemopen(said, sizeof said, "w")};
        assert_true(config_load(rows, ROWS, &settings, 2, argv, &outcome, &error));
        (void)fclose(outcome.out);
        assert_true(outcome.done);
        assert_non_null(strstr(said, i == 0 ? "usage: x " : "x " REDRESS_VERSION));
    }
}

/* A program without a --help of its own for settings says what lists them. */
static void an_unknown_setting_is_told_with_what_lists_them(void **state)
{
    (void)state;
    char *argv[] = {"/usr/bin/redress-test", "--colour_of_the_sky=blue"};
    struct settings settings;
    struct error error;
    struct config_outcome outcome = {0};
    assert_false(config_load(rows, ROWS, &settings, 2, argv, &outcome, &error));
    assert_non_null(strstr(outcome.report, "; redress-test --help lists them"));
    outcome = (struct config_outcome){.lists = "a book"};
    assert_false(config_load(rows, ROWS, &settings, 2, argv, &outcome, &error));
    assert_non_null(strstr(outcome.report, "; a book lists them"));
}

static void a_missing_or_endless_file_is_refused(void **state)
{
    (void)state;
    static char *const bad[] = {"/nonexistent/redress.yaml", "/dev/zero", "/"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *argv[] = {"x", "--config", bad[i]};
        struct settings settings;
        struct config_outcome outcome;
        assert_false(load(3, argv, &settings, &outcome));
        assert_non_null(strstr(outcome.report, bad[i]));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_says_what_its_ok_file_says),
        cmocka_unit_test(without_any_source_the_defaults_hold),
        cmocka_unit_test(the_command_line_takes_dashes_and_equal_signs_and_is_exact_at_the_bounds),
        cmocka_unit_test(help_names_every_setting_with_its_range_and_version_answers),
        cmocka_unit_test(the_letters_of_the_command_are_taken),
        cmocka_unit_test(an_unknown_setting_is_told_with_what_lists_them),
        cmocka_unit_test(a_missing_or_endless_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
