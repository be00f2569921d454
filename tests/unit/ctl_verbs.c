/*
 * Goal: every verb can be found, explained and mistyped in three languages, and what is wrong with
 * the words is said precisely, with the exit status scripts rely on.
 * Method: walks the catalogue and the table for what every row must have, and runs the whole
 * command with words that never reach a daemon, against its very output.  A name in no catalogue
 * would be English to a person in Taipei; no rule of an organisation stands in a row (law 11).
 * Seen to fail where a warning of a row was one in English in all three.
 */
#include "ctl_said.h"
#include "unit.h"

#include <ctype.h>
#include <unistd.h>

/* "{1}" … as a bit set. */
static unsigned places(const char *text)
{
    unsigned set = 0;
    for (const char *at = strchr(text, '{'); at; at = strchr(at + 1, '{')) {
        if (isdigit((unsigned char)at[1]) && at[2] == '}') {
            set |= 1U << (at[1] - '0');
        }
    }
    return set;
}

static bool has_han(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text >= 0xe4 && (unsigned char)*text <= 0xe9) {
            return true;
        }
    }
    return false;
}

static void every_text_is_there_in_three_languages_with_the_same_places(void **state)
{
    (void)state;
    for (int i = 0; i < CTL_TEXT_COUNT; i++) {
        enum ctl_text id = (enum ctl_text)i;
        const char *english = ctl_text_in(CTL_EN, id);
        const char *simplified = ctl_text_in(CTL_ZH_CN, id);
        const char *traditional = ctl_text_in(CTL_ZH_TW, id);
        if (english[0] == '\0' || simplified[0] == '\0' || traditional[0] == '\0') {
            fail_msg("%s is missing in some language", ctl_text_name(id));
        }
        if (places(english) != places(simplified) || places(english) != places(traditional)) {
            fail_msg("%s: the languages have different places", ctl_text_name(id));
        }
        bool words = strpbrk(english, "abcdefghijklmnopqrstuvwxyz") != NULL;
        if (words && !(has_han(simplified) && has_han(traditional)) &&
            strcmp(english, simplified) != 0) {
            fail_msg("%s: there is no Chinese in the Chinese", ctl_text_name(id));
        }
        if (strstr(simplified, "warning:") || strstr(traditional, "warning:") ||
            strstr(simplified, "error:") || strstr(traditional, "error:")) {
            fail_msg("%s: an English word stands before the Chinese", ctl_text_name(id));
        }
        if (has_han(english)) {
            fail_msg("%s: there is Chinese in the English", ctl_text_name(id));
        }
    }
}

static void every_verb_is_found_by_its_name_and_has_a_line_of_help(void **state)
{
    (void)state;
    for (size_t i = 0; i < ctl_verb_count; i++) {
        const struct ctl_verb *verb = &ctl_verbs[i];
        char first[64];
        char second[64] = "";
        char *const words[] = {first, second};
        int used = 0;
        assert_true(sscanf(verb->name, "%63s %63s", first, second) >= 1);
        assert_ptr_equal(ctl_verb_find(second[0] ? 2 : 1, words, &used), verb);
        assert_int_equal(used, second[0] ? 2 : 1);
        assert_non_null(verb->run);
        assert_true(verb->arguments_min <= verb->arguments_max);
        for (int language = 0; language < CTL_LANGUAGE_COUNT; language++) {
            assert_null(strchr(ctl_text_in((enum ctl_language)language, verb->help), '\n'));
        }
    }
}

static void options_of_a_verb_do_not_stand_in_each_others_way(void **state)
{
    (void)state;
    for (size_t v = 0; v < ctl_verb_count; v++) {
        const struct ctl_verb *verb = &ctl_verbs[v];
        assert_true(verb->option_count + ctl_common_option_count <= CTL_OPTIONS_MAX);
        for (size_t i = 0; i < verb->option_count; i++) {
            const struct ctl_option *option = &verb->options[i];
            assert_true((option->kind == CTL_FLAG) == (option->argument == NULL));
            assert_true(option->min <= option->max);
            for (size_t j = 0; j < i; j++) {
                assert_string_not_equal(option->name, verb->options[j].name);
                assert_true(!option->letter || option->letter != verb->options[j].letter);
            }
            for (size_t j = 0; j < ctl_common_option_count; j++) {
                assert_true(!option->letter || option->letter != ctl_common_options[j].letter);
            }
        }
    }
}

/* clang-format off */
static const struct {
    const char *words;
    int code;
    const char *err;
} wrong_words[] = {
    {"clam", CTL_USAGE, "no verb is called \"clam\"; did you mean \"claim\"?\n"},
    {"xyzzy", CTL_USAGE, "no verb is called \"xyzzy\"; redress help lists them\n"},
    {"polcy load x", CTL_USAGE, "no verb is called \"polcy\"; did you mean \"policy load\"?\n"},
    {"help clam", CTL_USAGE, "no verb is called \"clam\"; did you mean \"claim\"?\n"},
    {"clock", CTL_USAGE,
     "\"clock\" goes with one of: explain, check; see redress help clock\n"},
    {"clock --help", CTL_USAGE, "\"clock\" goes with one of: explain, check; "},
    {"clock xyzzy", CTL_USAGE, "\"clock\" goes with one of: explain, check; "},
    {"archive lst", CTL_USAGE,
     "no verb is called \"archive lst\"; did you mean \"archive list\"?\n"},
    {"list --open --closed", CTL_USAGE, "no case is both --open and --closed\n"},
    {"list --overdue --closed", CTL_USAGE, "no case is both --overdue and --closed\n"},
    {"list --queue q --agent li", CTL_USAGE, "no case is both --queue and --agent\n"},
    {"org apply a.yaml b.yaml c.yaml", CTL_USAGE,
     "an organisation is one file with everybody in it, and takes the place of the one before: "
     "apply one, such as redress org apply a.yaml\n"},
    {"org diff a.yaml b.yaml", CTL_USAGE, "an organisation is one file "},
    {"--lang zh-CN clam", CTL_USAGE, "没有名为“clam”的命令；是否想用“claim”？\n"},
    {"clam --lang=zh-TW", CTL_USAGE, "沒有名為「clam」的命令；是否想用「claim」？\n"},
    {"act", CTL_USAGE, "redress act wants CASE [ACTION]; see redress help act\n"},
    {"release a b", CTL_USAGE,
     "redress release has no use for \"b\"; see redress help release\n"},
    {"act --lang zh-CN", CTL_USAGE,
     "redress act 缺少参数：案件编号 [操作]；请看 redress help act\n"},
    {"completion", CTL_USAGE,
     "redress completion wants bash|zsh|fish; see redress help completion\n"},
    {"import --window 0 x --lang zh-TW", CTL_USAGE,
     "--window 應為 1 至 65536，不能是「0」\n"},
    {"policy check /nonexistent.yaml --lang zh-CN", CTL_NOT_FOUND,
     "/nonexistent.yaml：没有此文件\n"},
    {"act --fieldd a=b", CTL_USAGE,
     "no option is called \"--fieldd\"; did you mean \"--field\"?\n"},
    {"import --window 0 x", CTL_USAGE, "--window takes 1 to 65536, not \"0\"\n"},
    {"import --window", CTL_USAGE, "option --window wants a value\n"},
    {"org clear --yes", CTL_USAGE,
     "no option is called \"--yes\": redress does not ask before it acts; leave it out\n"},
    {"import x.csv", CTL_USAGE, "redress import wants --map; see redress help import\n"},
    {"submit --text x --policy p", CTL_USAGE,
     "redress submit wants --channel; see redress help submit\n"},
    {"submit --lang zh-CN", CTL_USAGE, "redress submit 需要 --policy、--channel；"},
    {"drill", CTL_USAGE, "redress drill wants --policy; see redress help drill\n"},
    {"calendar import x.ics", CTL_USAGE,
     "redress calendar import wants --name NAME: what calendars will call the set\n"},
    {"help mappings", CTL_USAGE,
     "there is no help on \"mappings\"; did you mean \"mapping\"?\n"},
    {"help clam", CTL_USAGE, "no verb is called \"clam\"; did you mean \"claim\"?\n"},
    {"help zzzzzz", CTL_USAGE, "no verb is called \"zzzzzz\"; redress help lists them\n"},
    {"submit --policy p --channel c --text x --id 7", CTL_USAGE, "--id: \"7\" is no UUID\n"},
    {"submit --policy p --channel c --text x --occurred-at now", CTL_USAGE,
     "--occurred-at: \"now\" is no time like 2026-11-21T08:15:00+08:00, "
     "with its offset from UTC, or 2026-11-21 08:15, in the zone of the policy\n"},
    {"measures --at 2026-13-45 --lang zh-CN", CTL_USAGE,
     "--at 应为 2026-11-22 这样的日期，不能是“2026-13-45”\n"},
    {"act 261121-2522-23G note --as a --role r", CTL_USAGE,
     "\"261121-2522-23G\" is no case number: read it again, a character is wrong or two are "
     "swapped\n"},
    {"show nonsense", CTL_USAGE, /* no character of it is to be looked for */
     "\"nonsense\" is no case number; one looks like 261122-2322-2CN\n"},
    {"act 7 note --as a --role r --field x", CTL_USAGE,
     "--field wants NAME=VALUE, not \"x\"\n"},
    {"claim",
     CTL_USAGE,
     "redress claim wants POLICY/QUEUE --as PERSON --role ROLE; redress queue lists "
     "the queues\n"},
    {"claim --as wang", CTL_USAGE, "redress claim wants POLICY/QUEUE --role ROLE; "},
    {"claim q", CTL_USAGE, "redress claim wants --as PERSON and --role ROLE; "},
    {"version --lang fr", CTL_USAGE, "no texts in \"fr\""},
    {"policy check /nonexistent.yaml", CTL_NOT_FOUND, "/nonexistent.yaml: No such file"},
};
/* clang-format on */

static void what_is_wrong_with_the_words_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong_words / sizeof *wrong_words; i++) {
        struct said said = said_line(wrong_words[i].words);
        const char *err = said.err + strlen("redress: ");
        if (said.code != wrong_words[i].code || strncmp(said.err, "redress: ", 9) != 0 ||
            strncmp(err, wrong_words[i].err, strlen(wrong_words[i].err)) != 0) {
            fail_msg("%s: %d %s", wrong_words[i].words, said.code, said.err);
        }
        assert_string_equal(said.out, "");
        said_done(&said);
    }
}

static void help_is_made_of_the_row(void **state)
{
    (void)state;
    struct said said = said_line("help release --lang zh-TW");
    assert_int_equal(said.code, CTL_OK);
    static const char head[] = "redress release 案件編號\n"
                               "\n"
                               "把案件退回佇列\n"
                               "\n"
                               "選項：\n"
                               "  --as 姓名       操作人（必填）\n"
                               "  --role 角色     以什麼角色（必填）\n"
                               "  --timeout 時間  最長等待時間（預設：10s）\n"
                               "\n"
                               "所有命令通用的選項：\n"
                               "  -h, --help         顯示本說明\n";
    if (strncmp(said.out, head, strlen(head)) != 0) {
        fail_msg("%s", said.out);
    }
    said_done(&said);
    said = said_line("release --help --lang zh-TW");
    assert_int_equal(said.code, CTL_OK);
    assert_memory_equal(said.out, head, strlen(head));
    said_done(&said);
    said = said_line("");
    assert_int_equal(said.code, CTL_USAGE);
    said_done(&said);
}

/* Every verb of the table stands in the list, and nothing is cut. */
static void help_lists_every_verb(void **state)
{
    (void)state;
    static const char *const languages[] = {"en", "zh-CN", "zh-TW"};
    for (int language = 0; language < CTL_LANGUAGE_COUNT; language++) {
        char words[32];
        (void)snprintf(words, sizeof words, "help --lang %s", languages[language]);
        struct said said = said_line(words);
        assert_int_equal(said.code, CTL_OK);
        for (size_t i = 0; i < ctl_verb_count; i++) {
            assert_non_null(strstr(said.out, ctl_verbs[i].name));
            assert_non_null(
                strstr(said.out, ctl_text_in((enum ctl_language)language, ctl_verbs[i].help)));
        }
        said_done(&said);
    }
}

/* An option of a verb hides the one that every verb has; both in one help would contradict. */
static void an_option_stands_in_a_help_once(void **state)
{
    (void)state;
    struct said said = said_line("help act");
    const char *first = strstr(said.out, "--version");
    assert_non_null(first);
    assert_null(strstr(first + 1, "--version"));
    said_done(&said);
    said = said_line("help list");
    assert_non_null(strstr(said.out, "--version"));
    said_done(&said);
}

/* A row that says so is refused without, and says so in help. */
static void what_is_needed_is_marked_and_refused_without(void **state)
{
    (void)state;
    unsigned seen = 0;
    assert_non_null(freopen("/dev/null", "r", stdin));
    for (size_t v = 0; v < ctl_verb_count; v++) {
        const struct ctl_verb *verb = &ctl_verbs[v];
        char help[64];
        (void)snprintf(help, sizeof help, "help %s --lang zh-CN", verb->name);
        for (size_t i = 0; i < verb->option_count; i++) {
            char line[512];
            const struct ctl_option *option = &verb->options[i];
            if (!option->needed) {
                continue;
            }
            int used = snprintf(line, sizeof line, "%s", verb->name);
            for (unsigned a = 0;
                 a < verb->arguments_min + (verb->arguments_min == 0 && verb->arguments_max > 0);
                 a++) {
                used += snprintf(line + used, sizeof line - (size_t)used, " 7");
            }
            for (size_t j = 0; j < verb->option_count; j++) {
                const struct ctl_option *other = &verb->options[j];
                if (other->needed && j != i) {
                    used +=
                        snprintf(line + used, sizeof line - (size_t)used, " --%s x", other->name);
                }
            }
            struct said said = said_line(line);
            if (said.code != CTL_USAGE || !strstr(said.err, option->name)) {
                fail_msg("%s without --%s: %d, %s", line, option->name, said.code, said.err);
            }
            said_done(&said);
            seen++;
        }
        struct said said = said_line(help);
        unsigned marked = 0;
        for (const char *at = said.out; (at = strstr(at, "（必填）")); at++) {
            marked++;
        }
        unsigned needed = 0;
        for (size_t i = 0; i < verb->option_count; i++) {
            needed += verb->options[i].needed;
        }
        assert_int_equal(marked, needed);
        said_done(&said);
    }
    assert_true(seen >= 12);
}

/* One line a fault, and no empty one behind the last. */
static void what_is_wrong_with_the_settings_is_said_in_a_line(void **state)
{
    (void)state;
    char path[] = "/tmp/redress.settings.XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0 && dprintf(file, "colour_of_the_sky: blue\n") > 0 && close(file) == 0);
    struct said said = SAID("--config", path, "list");
    (void)unlink(path);
    assert_int_equal(said.code, CTL_USAGE);
    assert_non_null(strstr(
        said.err, "no setting is called \"colour_of_the_sky\"; redress help settings lists them"));
    assert_ptr_equal(strchr(said.err, '\n'), said.err + strlen(said.err) - 1);
    said_done(&said);
}

/* What a complaint about a setting points to has them all, whatever the settings are. */
static void help_lists_every_setting(void **state)
{
    (void)state;
    struct said said = SAID("help", "settings", "--config", "/nowhere");
    assert_int_equal(said.code, CTL_OK);
    for (size_t i = 0; i < service_settings_count; i++) {
        assert_non_null(strstr(said.out, service_settings_rows[i].name));
        assert_non_null(strstr(said.out, service_settings_rows[i].help));
    }
    said_done(&said);
}

/* Law 1: what came down the pipe is what was accepted.  It fails where a dash is the complaint. */
static void a_dash_for_a_text_is_what_comes_in(void **state)
{
    (void)state;
    assert_non_null(freopen("/dev/null", "r", stdin));
    struct said said = SAID("submit", "--policy", "p", "--channel", "c", "--text", "-");
    assert_int_equal(said.code, CTL_USAGE);
    assert_non_null(strstr(said.err, "there is nothing to submit: "));
    said_done(&said);
}

static void a_note_has_something_to_say(void **state)
{
    (void)state;
    static const char *const notes[] = {"", " ", "\n\t"};
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        struct said said = SAID("act", "7", "note", "--as", "a", "--role", "r", "--note", notes[i]);
        assert_int_equal(said.code, CTL_USAGE);
        assert_string_equal(said.err, "redress: a note that says nothing is none: --note TEXT\n");
        said_done(&said);
    }
}

/* Whoever runs the command for the first time has no settings and does not know that he needs some.
 */
static void without_settings_it_is_said_where_they_are_given(void **state)
{
    (void)state;
    (void)unsetenv("REDRESS_DATABASE");
    (void)setenv("PGHOST", "/nonexistent", 1);
    struct said said = said_line("status --lang zh-CN");
    assert_int_equal(said.code, CTL_UNREACHABLE);
    assert_non_null(strstr(said.err, "没有读到设置文件：请用 --config 文件"));
    said_done(&said);
    (void)setenv("REDRESS_DATABASE", "host=/nonexistent", 1);
    said = said_line("status --lang zh-CN");
    assert_int_equal(said.code, CTL_UNREACHABLE);
    assert_null(strstr(said.err, "设置文件")); /* then it is the server */
    assert_non_null(
        strstr(said.err, "由 deploy/quickstart 建立的，运行 deploy/quickstart 即可启动"));
    said_done(&said);
    said = said_line("list --lang zh-TW");
    assert_non_null(strstr(said.err, "無法連線到檔案庫："));
    assert_non_null(strstr(said.err, "核對設定 database（REDRESS_DATABASE）"));
    said_done(&said);
    said = said_line("archive turn");
    assert_int_equal(said.code, CTL_UNREACHABLE);
    assert_null(strstr(said.err, "is PostgreSQL running?"));
    assert_non_null(strstr(said.err, "with PGUSER=NAME (of deploy/quickstart: PGUSER=redress)"));
    said_done(&said);
}

static void a_version_of_a_case_is_not_the_version_of_the_command(void **state)
{
    (void)state;
    struct said said = said_line("--version");
    assert_int_equal(said.code, CTL_OK);
    assert_string_equal(said.out, "redress " REDRESS_VERSION "\n");
    said_done(&said);
    said = said_line("version --json");
    assert_string_equal(said.out, "{\"version\":\"" REDRESS_VERSION "\"}\n");
    said_done(&said);
    said = said_line("act --version x 7 note");
    assert_string_equal(said.err, "redress: --version takes 0 to 4294967295, not \"x\"\n");
    said_done(&said);
}

/* Whoever reads a usage line in Chinese reads of cases and files, not of CASE and FILE. */
static void every_place_of_a_usage_line_has_its_word(void **state)
{
    (void)state;
    static const struct ctl chinese = {.language = CTL_ZH_CN};
    static const struct ctl english = {.language = CTL_EN};
    char said[CTL_USAGE_MAX];
    for (size_t v = 0; v < ctl_verb_count; v++) {
        const struct ctl_verb *verb = &ctl_verbs[v];
        assert_string_equal(ctl_places_say(&english, verb->arguments, said), verb->arguments);
        for (size_t i = 0; i <= verb->option_count; i++) {
            const char *places = i == 0 ? verb->arguments : verb->options[i - 1].argument;
            const char *word = places ? ctl_places_say(&chinese, places, said) : "";
            if (strpbrk(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") && strcmp(word, "UUID") != 0) {
                fail_msg("%s: %s", verb->name, word);
            }
        }
    }
    (void)ctl_places_say(&chinese, "[POLICY/QUEUE] FILE…", said);
    assert_string_equal(said, "[规则/队列] 文件…");
}

static void a_fraction_in_json_has_no_more_digits_than_were_measured(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    const struct ctl ctl = {.out = open_memstream(&text, &size)};
    json_t *value = json_pack("{s:f, s:I}", "seconds", 71.098547000000002, "id", INT64_MAX - 1);
    ctl_print_json(&ctl, &value);
    (void)fclose(ctl.out);
    assert_string_equal(text, "{\"seconds\":71.0985,\"id\":9223372036854775806}\n");
    free(text);
}

static void languages_are_known_by_tag_and_by_locale(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum ctl_language language;
    } rows[] = {
        {"en",          CTL_EN            },
        {"en_GB.UTF-8", CTL_EN            },
        {"zh-CN",       CTL_ZH_CN         },
        {"zh_CN.UTF-8", CTL_ZH_CN         },
        {"zh",          CTL_ZH_CN         },
        {"zh-Hans",     CTL_ZH_CN         },
        {"zh_SG",       CTL_ZH_CN         },
        {"zh-TW",       CTL_ZH_TW         },
        {"zh_HK.UTF-8", CTL_ZH_TW         },
        {"zh-Hant",     CTL_ZH_TW         },
        {"zh-Hant-HK",  CTL_ZH_TW         },
        {"C.UTF-8",     CTL_LANGUAGE_COUNT},
        {"fr",          CTL_LANGUAGE_COUNT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(ctl_language_of(rows[i].name), rows[i].language);
    }
}

int main(void)
{
    (void)setenv("LC_ALL", "C.UTF-8", 1);
    (void)setenv("REDRESS_DATABASE", "host=/nonexistent", 1);
    (void)unsetenv("REDRESS_CONFIG");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_text_is_there_in_three_languages_with_the_same_places),
        cmocka_unit_test(every_verb_is_found_by_its_name_and_has_a_line_of_help),
        cmocka_unit_test(options_of_a_verb_do_not_stand_in_each_others_way),
        cmocka_unit_test(what_is_wrong_with_the_words_is_said),
        cmocka_unit_test(help_is_made_of_the_row),
        cmocka_unit_test(help_lists_every_verb),
        cmocka_unit_test(an_option_stands_in_a_help_once),
        cmocka_unit_test(what_is_wrong_with_the_settings_is_said_in_a_line),
        cmocka_unit_test(what_is_needed_is_marked_and_refused_without),
        cmocka_unit_test(help_lists_every_setting),
        cmocka_unit_test(a_dash_for_a_text_is_what_comes_in),
        cmocka_unit_test(a_note_has_something_to_say),
        cmocka_unit_test(without_settings_it_is_said_where_they_are_given),
        cmocka_unit_test(a_version_of_a_case_is_not_the_version_of_the_command),
        cmocka_unit_test(every_place_of_a_usage_line_has_its_word),
        cmocka_unit_test(a_fraction_in_json_has_no_more_digits_than_were_measured),
        cmocka_unit_test(languages_are_known_by_tag_and_by_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
