/*
 * Goal: what is wrong with a policy, a calendar, an organisation or a mapping is told in the
 * language of the reader, and no translation can break the telling (law 11).
 *
 * Method: the sources are read for every format and hint they complain with, and the catalogue is
 * held against them both ways; every translation has to take the arguments of its English, in
 * characters of its own script; every broken file of the other tests is read with a tongue that
 * knows what it was never taught; a few are kept as tests/unit/ctl/faults.* for people to read.
 */
#include "ctl_fault.h"

#include "calendar_file.h"
#include "ctl_said.h"
#include "fault.h"
#include "golden.h"
#include "org_load.h"
#include "policy_language.h"
#include "scope.h"
#include "unit.h"

#include <ctype.h>
#include <dirent.h>
#include <ftw.h>
#include <iconv.h>

enum {
    FILE_MAX = 256 * 1024,
    LITERAL_MAX = 1024,
    DEPTH_MAX = 64,
    ROWS_MAX = 1024,
    PATH_SIZE = 512,
    FIRST_YEAR = 2024,
    LAST_YEAR = 2026,
    TOLD_MIN = 300, /* the scanner finds at least so many */
};

static bool used[ROWS_MAX];
static unsigned told_count, wrong_count;

static bool has_han(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text >= 0xe4 && (unsigned char)*text <= 0xe9) {
            return true;
        }
    }
    return false;
}

/* Letters that are no part of a conversion. */
static bool has_words(const char *text)
{
    while (*text && !isalpha((unsigned char)*text)) {
        text += *text == '%' ? 1 + strcspn(text + 1, "dsuX") : 0;
        text += *text != '\0';
    }
    return *text != '\0';
}

/* Its number; ROWS_MAX: there is none. */
static size_t row_of(const char *english)
{
    const char *row;
    for (size_t i = 0; (row = ctl_fault_in(CTL_EN, i)) != NULL; i++) {
        if (strcmp(row, english) == 0) {
            return i;
        }
    }
    return ROWS_MAX;
}

static void want(const char *english, const char *whose)
{
    if (english && has_words(english) && row_of(english) == ROWS_MAX) {
        print_error("%s: no row for \"%s\"\n", whose, english);
        wrong_count++;
    }
}

/* ---- the sources ---- */

/* A source while it is read. */
struct scan {
    const char *file, *at;
    bool errors; /* what error_set says is told at a place, too */
    bool tells[DEPTH_MAX];
    size_t depth;
    char before; /* the sign before this one, blanks apart */
};

/* A literal and those that follow it, without their escapes. */
static void literal_read(struct scan *scan, char text[LITERAL_MAX])
{
    size_t size = 0;
    const char *at = scan->at;
    while (*at == '"') {
        for (at++; *at != '"'; at++) {
            bool escaped = *at == '\\';
            at += escaped;
            text[size] = *at;
            if (escaped && *at == 'n') {
                text[size] = '\n';
            }
            size += size + 1 < LITERAL_MAX; /* no fault is as long as that */
        }
        at += 1 + strspn(at + 1, " \n");
    }
    text[size] = '\0';
    scan->at = at;
}

static void literal_judge(struct scan *scan)
{
    char text[LITERAL_MAX];
    literal_read(scan, text);
    size_t row = row_of(text);
    if (row < ROWS_MAX) {
        used[row] = true;
    }
    bool named = strncmp(scan->at, ", KEYS(", 7) == 0; /* a part of a language */
    if (named || (scan->depth > 0 && scan->tells[scan->depth - 1])) {
        told_count++;
        want(text, scan->file);
    }
}

static bool is_told(const struct scan *scan, const char *name, size_t size)
{
    static const char *const tellers[] = {"broken",
                                          "complain",
                                          "complain_at",
                                          "fault_text",
                                          "ical_say",
                                          "ical_wrong",
                                          "shadowed",
                                          "warn",
                                          "wrong",
                                          "yaml_complain"};
    for (size_t i = 0; i < sizeof tellers / sizeof *tellers; i++) {
        if (strlen(tellers[i]) == size && strncmp(tellers[i], name, size) == 0) {
            return true;
        }
    }
    return scan->errors && size == 9 && strncmp(name, "error_set", size) == 0;
}

static void deeper(struct scan *scan, bool tells)
{
    assert_true(scan->depth < DEPTH_MAX);
    scan->tells[scan->depth++] = tells;
}

/* A name, and the bracket it calls with. */
static void name_pass(struct scan *scan)
{
    const char *name = scan->at;
    while (isalnum((unsigned char)*scan->at) || *scan->at == '_') {
        scan->at++;
    }
    size_t size = (size_t)(scan->at - name);
    scan->before = 'a';
    if (*scan->at == '(') {
        deeper(scan, is_told(scan, name, size));
        scan->before = *scan->at++;
    }
}

/* Comments and characters in quotes; true: passed one. */
static bool aside_pass(struct scan *scan)
{
    const char *at = scan->at;
    const char *end = strncmp(at, "/*", 2) == 0   ? strstr(at + 2, "*/")
                      : strncmp(at, "//", 2) == 0 ? strchr(at, '\n')
                      : *at == '\''               ? strchr(at + (at[1] == '\\' ? 3 : 2), '\'')
                                                  : NULL;
    scan->at = end ? end + (*end == '*' ? 2 : 1) : at;
    return end;
}

static void source_scan(const char *file, const char *text)
{
    const char *name = strrchr(file, '/') + 1;
    struct scan scan = {.file = name, .at = text};
    scan.errors = strncmp(name, "zone", 4) == 0 || strncmp(name, "classify", 8) == 0 ||
                  strncmp(name, "calendar_", 9) == 0;
    while (*scan.at) {
        if (isalpha((unsigned char)*scan.at) || *scan.at == '_') {
            name_pass(&scan);
        } else if (*scan.at == '"') {
            literal_judge(&scan);
            scan.before = '"';
        } else if (!aside_pass(&scan)) {
            char sign = *scan.at++;
            if (strchr("([{", sign)) {
                bool tells = scan.depth > 0 && scan.tells[scan.depth - 1];
                deeper(&scan, sign == '(' && tells && strchr("(,?:", scan.before));
            } else if (strchr(")]}", sign) && scan.depth > 0) {
                scan.depth--;
            }
            scan.before = isspace((unsigned char)sign) ? scan.before : sign;
        }
    }
}

static int file_scan(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    static char text[FILE_MAX];
    (void)info;
    const char *name = path + where->base;
    const char *dot = strrchr(name, '.');
    bool ours = strcmp(name, "config.c") != 0; /* its complaints are of settings */
    if (kind == FTW_F && ours && dot && strcmp(dot, ".c") == 0) {
        assert_in_range(golden_read(path, text, sizeof text), 1, sizeof text - 2);
        source_scan(path, text);
    }
    return 0;
}

static void whatever_complains_has_its_row_and_no_row_is_left_over(void **state)
{
    (void)state;
    wrong_count = told_count = 0;
    assert_int_equal(nftw(SOURCES "/common", file_scan, 8, FTW_PHYS), 0);
    assert_int_equal(nftw(SOURCES "/services/ctl", file_scan, 8, FTW_PHYS), 0);
    assert_in_range(told_count, TOLD_MIN, 10000);
    for (size_t i = 0; i < THING_COUNT; i++) {
        want(language_things[i].what, "a thing");
    }
    for (size_t i = 0; language_parts[i]; i++) {
        const struct language_part *part = language_parts[i];
        want(part->what, part->name);
        want(part->cannot, part->name);
        for (size_t j = 0; j < part->key_count; j++) {
            bool named = part->keys[j].kind == KIND_WORD && !part->keys[j].read;
            want(named ? part->keys[j].name : NULL, part->name);
        }
    }
    for (size_t i = 0; ctl_fault_in(CTL_EN, i); i++) {
        if (!used[i]) {
            print_error("nobody says \"%s\"\n", ctl_fault_in(CTL_EN, i));
            wrong_count++;
        }
    }
    assert_int_equal(wrong_count, 0);
}

/* ---- the rows ---- */

static bool is_written_in(const char *text, const char *code)
{
    char in[LITERAL_MAX];
    char out[LITERAL_MAX];
    char *from = in;
    char *to = out;
    size_t left = (size_t)snprintf(in, sizeof in, "%s", text);
    size_t room = sizeof out;
    iconv_t converter = iconv_open(code, "UTF-8");
    assert_true(converter != (iconv_t)-1);
    size_t failed = iconv(converter, &from, &left, &to, &room);
    (void)iconv_close(converter);
    return failed == 0;
}

/* Words of the mainland in Taiwan's writing. */
static const char *mainland_word(const char *text)
{
    static const char *const words[] = {"字段", "隊列", "渠道", "日曆",     "內存",  "字節", "字符",
                                        "默認", "信息", "網絡", "延期",     "模式",  "列表", "映射",
                                        "時長", "數據", "全角", "半角",     "超時",  "用戶", "變量",
                                        "哈希", "嵌套", "正則", "目前時區", "文件夾"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strstr(text, words[i])) {
            return words[i];
        }
    }
    return NULL;
}

static void row_judge(size_t row)
{
    const char *english = ctl_fault_in(CTL_EN, row);
    const char *simplified = ctl_fault_in(CTL_ZH_CN, row);
    const char *traditional = ctl_fault_in(CTL_ZH_TW, row);
    const char *why = NULL;
    if (row_of(english) != row) {
        why = "it has two rows";
    } else if (has_han(english) || !simplified[0] || !traditional[0]) {
        why = "a language has the text of another, or none";
    } else if (!fault_fits(english, simplified) || !fault_fits(english, traditional)) {
        why = "a translation takes other arguments";
    } else if (!is_written_in(simplified, "GB2312")) {
        why = "zh-CN has characters that are not simplified";
    } else if (!is_written_in(traditional, "BIG5")) {
        why = "zh-TW has characters that are not traditional";
    } else {
        why = mainland_word(traditional);
    }
    if (why) {
        print_error("\"%s\": %s\n", english, why);
        wrong_count++;
    }
}

static void every_translation_takes_the_same_arguments_in_its_own_writing(void **state)
{
    (void)state;
    wrong_count = 0;
    for (size_t i = 0; ctl_fault_in(CTL_EN, i); i++) {
        assert_true(i < ROWS_MAX);
        row_judge(i);
    }
    assert_int_equal(wrong_count, 0);
}

static const char *mistaken(const char *english)
{
    return strcmp(english, "%d of %s") == 0 ? "%s / %d" : "%s %n";
}

static void a_translation_that_takes_other_arguments_is_never_used(void **state)
{
    (void)state;
    fault_speak(mistaken);
    assert_string_equal(fault_text("%d of %s"), "%d of %s");
    assert_string_equal(fault_text("plain"), "plain");
    fault_speak(NULL);
    assert_true(fault_fits("%d of %s", "%2$s / %1$d"));
    assert_true(fault_fits("'{%.*s' of %s", "%s: %.*s") == false);
    assert_false(fault_fits("%d of %s", "%1$d"));
    assert_false(fault_fits("%d of %s", "%2$s"));
    assert_false(fault_fits("%lld", "%d"));
    assert_false(fault_fits("%s", "%s %s"));
}

/* ---- files that are broken ---- */

/* Knows all rows, and remembers whatever else it was asked for. */
static const char *heard(const char *english)
{
    size_t row = row_of(english);
    bool known = row < ROWS_MAX || !has_words(english) || has_han(english);
    if (!known) {
        print_error("never taught: \"%s\"\n", english);
        wrong_count++;
    }
    return row < ROWS_MAX ? ctl_fault_in(CTL_ZH_CN, row) : NULL;
}

/* Of a file of tests/unit: FOLDER/NAME; what is told of it goes to out. */
static void broken_read(const char *which, FILE *out)
{
    static char text[FILE_MAX];
    char path[PATH_SIZE];
    const char *name = strchr(which, '/') + 1;
    (void)snprintf(path, sizeof path, SOURCES "/tests/unit/%s", which);
    struct slice bytes = slice_of(text, golden_read(path, text, sizeof text));
    struct policy_report report = {0};
    assert_true(bytes.size > 0);
    if (which[0] == 'p') {
        struct policy_object *policy =
            policy_load_blind(name, bytes, FIRST_YEAR, LAST_YEAR, &report);
        policy_object_free(&policy);
    } else if (which[0] == 'o') {
        struct org_object *org = org_load(name, bytes, FIRST_YEAR, LAST_YEAR, &report);
        org_object_free(&org);
    } else {
        struct calendar_file *calendar =
            calendar_file_read(name, bytes, NULL, FIRST_YEAR, LAST_YEAR, &report);
        calendar_file_free(&calendar);
    }
    (void)fputs(report.text ? report.text : "", out);
    policy_report_done(&report);
}

static void folder_read(const char *folder, FILE *out)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, SOURCES "/tests/unit/%s", folder);
    DIR *entries = opendir(path);
    assert_non_null(entries);
    const struct dirent *entry;
    while ((entry = readdir(entries)) != NULL) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot && dot != entry->d_name && dot[1] && strcmp(dot, ".ok") != 0) {
            (void)snprintf(path, sizeof path, "%s/%.200s", folder, entry->d_name);
            broken_read(path, out);
        }
    }
    (void)closedir(entries);
}

static void no_broken_file_asks_for_words_nobody_translated(void **state)
{
    (void)state;
    wrong_count = 0;
    FILE *nowhere = fopen("/dev/null", "we");
    assert_non_null(nowhere);
    fault_speak(heard);
    folder_read("policy", nowhere);
    folder_read("calendar", nowhere);
    folder_read("org", nowhere);
    fault_speak(NULL);
    assert_int_equal(fclose(nowhere), 0);
    assert_int_equal(wrong_count, 0);
}

static void faults_read_as_people_in_either_place_write(void **state)
{
    (void)state;
    static const char *const chosen[] = {"policy/unknown-name.yaml",
                                         "policy/missing-and-wrong-kind.yaml",
                                         "policy/requires-times.yaml",
                                         "policy/texts-wrong.yaml",
                                         "policy/never-decides.yaml",
                                         "policy/clock-marks-proofs.yaml",
                                         "policy/measures-wrong.yaml",
                                         "policy/full-width-colon.yaml",
                                         "policy/full-width-keys.yaml",
                                         "policy/indentation.yaml",
                                         "policy/tab.yaml",
                                         "policy/tab-behind.yaml",
                                         "calendar/full-width.yaml",
                                         "calendar/same-date-twice.yaml",
                                         "calendar/unknown-zone.yaml",
                                         "calendar/wrong-events.ics",
                                         "org/many-faults.yaml"};
    bool same = true;
    for (int i = CTL_ZH_CN; i < CTL_LANGUAGE_COUNT; i++) {
        char path[PATH_SIZE];
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);
        assert_non_null(out);
        ctl_fault_speak((enum ctl_language)i);
        for (size_t j = 0; j < sizeof chosen / sizeof *chosen; j++) {
            broken_read(chosen[j], out);
        }
        ctl_fault_speak(CTL_EN);
        assert_int_equal(fclose(out), 0);
        const char *tag = ctl_language_tag((enum ctl_language)i);
        (void)snprintf(path, sizeof path, GOLDEN "/faults.%s", tag);
        same = golden_is(path, text) && same;
        free(text);
    }
    assert_true(same);
}

static void the_command_tells_faults_in_the_language_it_was_asked_in(void **state)
{
    (void)state;
    static const char path[] = SOURCES "/tests/unit/policy/unknown-name.yaml";
    static const char *const heads[] = {": error: ", ": 错误：", ": 錯誤："};
    for (int i = 0; i < CTL_LANGUAGE_COUNT; i++) {
        struct said said =
            SAID("policy", "check", path, "--lang", ctl_language_tag((enum ctl_language)i));
        assert_int_equal(said.code, CTL_FAILED);
        assert_non_null(strstr(said.err, heads[i]));
        said_done(&said);
    }
}

static void what_help_shows_is_an_organisation(void **state)
{
    (void)state;
    for (int i = 0; i < CTL_LANGUAGE_COUNT; i++) {
        struct policy_report report = {0};
        const char *text = ctl_text_in((enum ctl_language)i, TEXT_TOPIC_ORGANISATION);
        SCOPED(org_object_free)
        struct org_object *org =
            org_load("shown.yaml", slice_text(text), FIRST_YEAR, LAST_YEAR, &report);
        if (!org || report.warnings > 0) {
            fail_msg("%s", report.text);
        }
        policy_report_done(&report);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_complains_has_its_row_and_no_row_is_left_over),
        cmocka_unit_test(every_translation_takes_the_same_arguments_in_its_own_writing),
        cmocka_unit_test(a_translation_that_takes_other_arguments_is_never_used),
        cmocka_unit_test(no_broken_file_asks_for_words_nobody_translated),
        cmocka_unit_test(faults_read_as_people_in_either_place_write),
        cmocka_unit_test(what_help_shows_is_an_organisation),
        cmocka_unit_test(the_command_tells_faults_in_the_language_it_was_asked_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
