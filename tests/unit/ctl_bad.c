/*
 * What clumsy and hostile people give to the verbs on policies, calendars and clocks.
 *
 * Goal: every answer has the place, the line and a caret where there is a place, the right status,
 * and nothing is judged that was not understood (law 9; a test file whose checks cannot be read
 * never agrees).  Method: a table of small files and what the command says of each, to the letter.
 * Faults inside policies and calendars have files of their own (tests/unit/policy, calendar).
 */
#include "ctl_said.h"
#include "unit.h"

#include <unistd.h>

enum { WORDS_MAX = 12, PATH_SIZE = 64 };

#define SLA_IN(zone, events, checks)                                                               \
    "[{\"id\":\"a\",\"calendar\":{\"timezone\":\"" zone                                            \
    "\",\"hours\":{\"mon\":[[\"09:00\",\"17:00\"]]"                                                \
    "}},\"policy\":{\"targets\":{\"resolution\":{\"seconds\":60}}},\"events\":" events             \
    ",\"checks\":" checks "}]"
#define SLA(events, checks) SLA_IN("UTC", events, checks)
#define CREATED                                                                                    \
    "[{\"seq\":1,\"at\":\"2024-01-01T10:00:00Z\",\"type\":\"created\",\"state\":\"new\"}]"
#define CHECKS "[{\"after_seq\":1}]"
#define DIFFERS(why)                                                                               \
    "{\"cases\":1,\"agree\":0,\"differ\":[{\"id\":\"a\",\"expected\":null,\"got\":\"" why "\"}]}"  \
    "\n"

#define TEN(key)                                                                                   \
    key "0: 1\n" key "1: 1\n" key "2: 1\n" key "3: 1\n" key "4: 1\n" key "5: 1\n" key "6: 1\n" key \
        "7: 1\n" key "8: 1\n" key "9: 1\n"

/* clang-format off */
static const struct {
    const char *words[WORDS_MAX]; /* FILE stands for the file */
    const char *text;             /* NULL: a folder */
    int status;
    const char *out, *err; /* what each begins with */
} rows[] = {
    {{"clock", "check", "FILE"}, "[\n 5]", CTL_FAILED, "",
     "FILE:2:2: error: a case has to be an object\n    2 |  5\n      |  ^\n"
     "redress: FILE: cannot be used; errors: 1\n"},
    {{"clock", "check", "FILE"}, "[{\"id\":\"x\", ]", CTL_FAILED, "",
     "FILE:1:13: error: string or '}' expected near ']'\n    1 | [{\"id\":\"x\", ]\n"
     "      |             ^\n"},
    {{"clock", "check", "FILE"}, "{\"cases\":[]}", CTL_FAILED, "",
     "FILE:1:1: error: not an array of cases\n    1 | {\n      | ^\n"},
    {{"--lang", "zh-CN", "clock", "check", "FILE"}, "{\"cases\":[]}", CTL_FAILED, "",
     "FILE:1:1: 错误：不是用例数组\n    1 | {\n      | ^\n"},
    {{"--lang", "zh-TW", "calendar", "check", "FILE"}, "[{}\n {}]", CTL_FAILED, "",
     "FILE:2:2: 錯誤：既不是逗號，也不是陣列結尾\n    2 |  {\n      |  ^\n"},
    {{"calendar", "check", "FILE"}, "[{}\n {}]", CTL_FAILED, "",
     "FILE:2:2: error: neither a comma nor the end of the array\n    2 |  {\n      |  ^\n"},
    {{"clock", "check", "FILE"}, NULL, CTL_FAILED, "", "redress: FILE: Is a directory\n"},
    {{"calendar", "check", "FILE"}, NULL, CTL_FAILED, "", "redress: FILE: Is a directory\n"},
    {{"policy", "check", "FILE"}, NULL, CTL_FAILED, "", "redress: FILE: Is a directory\n"},
    {{"drill", "--policy", "FILE"}, NULL, CTL_FAILED, "", "redress: FILE: Is a directory\n"},
    {{"clock", "check", "FILE", "--json"}, SLA("\"no\"", "[{}]"), CTL_FAILED,
     DIFFERS("events and checks have to be lists, not empty"), ""},
    {{"clock", "check", "FILE", "--json"}, SLA(CREATED, "{}"), CTL_FAILED,
     DIFFERS("events and checks have to be lists, not empty"), ""},
    {{"clock", "check", "FILE", "--json"}, SLA(CREATED, "[]"), CTL_FAILED,
     DIFFERS("events and checks have to be lists, not empty"), ""},
    {{"clock", "check", "FILE", "--json"}, SLA_IN("Nowhere/X", CREATED, CHECKS), CTL_FAILED,
     DIFFERS("the system knows no time zone 'Nowhere/X'"), ""},
    {{"--lang", "zh-CN", "clock", "check", "FILE", "--json"},
     SLA_IN("Nowhere/X", CREATED, CHECKS), CTL_FAILED,
     DIFFERS("系统中没有时区“Nowhere/X”"), ""},
    {{"--lang", "zh-TW", "clock", "check", "FILE", "--json"},
     SLA_IN("Nowhere/X", CREATED, CHECKS), CTL_FAILED,
     DIFFERS("系統中沒有時區「Nowhere/X」"), ""},
    {{"calendar", "check", "FILE"}, "", CTL_FAILED, "",
     "FILE:1:1: error: the file is empty\n    1 | \n      | ^\n"
     "redress: FILE: cannot be used; errors: 1\n"},
    {{"policy", "check", "FILE"}, "# us\norg: a\ntitle: b\n", CTL_FAILED, "",
     "FILE:2:1: error: this is an organisation\n    2 | org: a\n"},
    {{"--lang", "zh-CN", "drill", "--policy", "FILE"}, "\"org\": a\n", CTL_FAILED, "",
     "FILE:1:2: 错误：这是组织文件\n"},
    {{"policy", "draw", "FILE"}, "- a\n- b\n", CTL_FAILED, "",
     "FILE:1:3: error: a policy: expected a mapping (name: …)\n    1 | - a\n      |   ^\n"},
    {{"policy", "check", "FILE", "--json"}, "- a\n- b\n", CTL_FAILED,
     "{\"policies\":[{\"file\":\"FILE\",\"outcome\":\"bad\",\"errors\":1,"
     "\"warnings\":0,\"faults\":"
     "[{\"file\":\"FILE\",\"line\":1,\"column\":3,\"severity\":\"error\",\"message\":"
     "\"a policy: expected a mapping (name: …)\"}]}]}\n", "FILE:1:3: error: "},
    {{"policy", "check", "FILE", "--json"}, "policy: a\nversoin: 1\n", CTL_FAILED,
     "{\"policies\":[{\"file\":\"FILE\",\"outcome\":\"bad\",\"errors\":16,"
     "\"warnings\":0,\"faults\":"
     "[{\"file\":\"FILE\",\"line\":2,\"column\":1,\"severity\":\"error\",\"message\":"
     "\"a policy has no 'versoin'\",\"hint\":\"did you mean 'version'?\"},"
     "{\"file\":\"FILE\",\"line\":1,",
     "FILE:2:1: error: "},
    {{"--lang", "zh-TW", "policy", "check", "FILE", "--json"}, "policy: a\nversoin: 1\n",
     CTL_FAILED,
     "{\"policies\":[{\"file\":\"FILE\",\"outcome\":\"bad\",\"errors\":16,"
     "\"warnings\":0,\"faults\":"
     "[{\"file\":\"FILE\",\"line\":2,\"column\":1,\"severity\":\"error\",\"message\":"
     "\"規則沒有鍵「versoin」\",\"hint\":\"是否應為「version」？\"},",
     "FILE:2:1: 錯誤："},
    {{"policy", "check", "FILE", "--json"},
     "policy: \"a\\n/etc/passwd:9:9: error: planted\"\n", CTL_FAILED,
     "{\"policies\":[{\"file\":\"FILE\",\"outcome\":\"bad\",\"errors\":16,"
     "\"warnings\":0,\"faults\":"
     "[{\"file\":\"FILE\",\"line\":1,\"column\":10,\"severity\":\"error\",\"message\":"
     "\"'a /etc/passwd:9:9: error: planted' is no name: a-z, 0-9, '-', '_' and '.', at most 47\","
     "\"hint\":\"what people read goes into title\"},{\"file\":\"FILE\",\"line\":1,",
     "FILE:1:10: error: 'a /etc/passwd:9:9: error: planted' is no name: "},
    {{"--lang", "zh-CN", "policy", "check", "FILE", "--json"},
     "policy: \"a\\n/etc/passwd:9:9: 错误：planted\"\n", CTL_FAILED,
     "{\"policies\":[{\"file\":\"FILE\",\"outcome\":\"bad\",\"errors\":16,"
     "\"warnings\":0,\"faults\":"
     "[{\"file\":\"FILE\",\"line\":1,\"column\":10,\"severity\":\"error\",\"message\":"
     "\"“a /etc/passwd:9:9: 错误：planted”",
     "FILE:1:10: 错误：“a /etc/passwd:9:9: 错误：planted”"},
    {{"policy", "check", "FILE", "--json"},
     "policy: a\n" TEN("a") TEN("b") TEN("c") TEN("d") TEN("e") TEN("f") TEN("g") TEN("h")
     TEN("i") TEN("j") TEN("k") TEN("l"), CTL_FAILED,
     "{\"policies\":[{\"file\":\"FILE\",\"outcome\":\"bad\",\"errors\":135,"
     "\"warnings\":0,\"faults_not_listed\":35,\"faults\":[", "FILE:2:1: error: "},
    {{"drill", "--policy", "FILE", "--csv", "FILE", "--map", "FILE", "--from",
      "2026-03-02", "--to", "2026-03-02"},
     "", CTL_USAGE, "", "redress: --to 2026-03-02 is not after --from 2026-03-02\n"},
    {{"drill", "--policy", "FILE", "--target", "90%"}, "", CTL_USAGE, "",
     "redress: --target does nothing without --staff\n"},
    {{"drill", "--policy", "FILE", "--clock", "x"}, "", CTL_USAGE, "",
     "redress: --clock does nothing without --target\n"},
};
/* clang-format on */

/* FILE in what is wanted is the path of the file. */
static void expand(const char *wanted, const char *path, char *into, size_t size)
{
    FILE *out = fmemopen(into, size, "w");
    assert_non_null(out);
    for (const char *at = wanted; *at != '\0';) {
        bool file = strncmp(at, "FILE", 4) == 0;
        (void)fprintf(out, "%.*s", file ? (int)strlen(path) : 1, file ? path : at);
        at += file ? 4 : 1;
    }
    (void)fputc('\0', out);
    (void)fclose(out);
}

static bool begins(const char *what, const char *path, const char *wanted, const char *got)
{
    static char full[4096];
    expand(wanted, path, full, sizeof full);
    bool good = strncmp(got, full, strlen(full)) == 0 && (full[0] != '\0' || got[0] == '\0');
    if (!good) {
        print_error("%s: wanted\n%s\ngot\n%s\n", what, full, got);
    }
    return good;
}

/* How much of the row is not as wanted. */
static unsigned row_wrong(size_t i, const char *path)
{
    const char *words[WORDS_MAX + 3];
    size_t count = 0;
    for (; rows[i].words[count]; count++) {
        const char *word = rows[i].words[count];
        words[count] = strcmp(word, "FILE") == 0 ? path : word;
    }
    words[count++] = "--lang";
    words[count++] = "en";
    words[count] = NULL;
    struct said said = said_by(words);
    char what[32];
    (void)snprintf(what, sizeof what, "row %zu", i);
    unsigned wrong = !begins(what, path, rows[i].out, said.out);
    wrong += !begins(what, path, rows[i].err, said.err);
    if (said.code != rows[i].status) {
        wrong++;
        print_error("%s: status %d, wanted %d\n", what, said.code, rows[i].status);
    }
    said_done(&said);
    return wrong;
}

static void every_answer_has_its_place_and_its_status(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char path[PATH_SIZE] = "/tmp/redress-bad-XXXXXX";
        if (!rows[i].text) {
            assert_non_null(mkdtemp(path));
            wrong += row_wrong(i, path);
            (void)rmdir(path);
            continue;
        }
        int file = mkstemp(path);
        assert_true(file >= 0);
        size_t size = strlen(rows[i].text);
        assert_int_equal(write(file, rows[i].text, size), size);
        (void)close(file);
        wrong += row_wrong(i, path);
        (void)unlink(path);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_has_its_place_and_its_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
