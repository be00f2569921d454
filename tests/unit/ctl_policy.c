/*
 * What the verbs on policies say to people who do not read YAML.
 *
 * Goal: explain, diff and draw leave nothing out that a policy asks for, in three languages, and
 * the picture is one that browsers read (law 11: rules are files, so people must be able to see
 * what a file does).  Method: the command is run on a small policy that uses the newer words of the
 * language, and on its next version; texts are compared with files of tests/unit/ctl, the picture
 * is read by a reader of XML.  Planted and seen: the clock's own target told of every case, the
 * priority left out of the choice, the clock's line told in place of the target's, a promise with
 * an amount.
 */
#include "ctl_policy.h"

#include "ctl_golden.h"
#include "ctl_said.h"

#include <jansson.h>
#include <libxml/parser.h>

static const char before[] = GOLDEN "/policy_before.yaml";
static const char after[] = GOLDEN "/policy_after.yaml";
static const char *const languages[] = {"en", "zh-CN", "zh-TW"};
enum { LANGUAGES = 3 };

/* What the command writes, to be freed, and its status; what it complains of is shown. */
static char *told(int *status, struct said said)
{
    *status = said.code;
    (void)fputs(said.err, stderr);
    free(said.err);
    return said.out;
}
#define RUN(status, ...) told(status, SAID(__VA_ARGS__))

static void golden(const char *verb, const char *language, char *text)
{
    char name[64];
    (void)snprintf(name, sizeof name, "policy_%s.%s", verb, language);
    golden_compare(name, text);
}

static void a_policy_is_explained_in_three_languages(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LANGUAGES; i++) {
        int status;
        char *text = RUN(&status, "policy", "explain", before, "--lang", languages[i]);
        assert_int_equal(status, CTL_OK);
        golden("explain", languages[i], text);
    }
}

static void what_is_different_is_told_in_three_languages(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LANGUAGES; i++) {
        int status;
        char *text = RUN(&status, "policy", "diff", before, after, "--lang", languages[i]);
        assert_int_equal(status, CTL_OK);
        golden("diff", languages[i], text);
    }
    int status;
    char *same = RUN(&status, "policy", "diff", before, before, "--json");
    assert_string_equal(same, "{\"differences\":[]}\n");
    free(same);
}

/* The sentences of a section that speak of the thing. */
static const json_t *sentence(const json_t *explained, const char *section, const char *id)
{
    size_t i;
    size_t j;
    json_t *part;
    json_t *line;
    json_array_foreach(json_object_get(explained, "sections"), i, part)
    {
        json_array_foreach(json_object_get(part, "sentences"), j, line)
        {
            const char *of = json_string_value(json_object_get(line, "id"));
            const char *name = json_string_value(json_object_get(part, "section"));
            if (of && strcmp(of, id) == 0 && strcmp(name, section) == 0) {
                return line;
            }
        }
    }
    return NULL;
}

static void the_sentences_are_data_too(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "targets", "rearms-at", "pauses-in", "extension", "roll", "on-boundary", "unknown-notify"};
    int status;
    char *text = RUN(&status, "policy", "explain", before, "--json", "--lang", "en");
    json_t *explained = json_loads(text, 0, NULL);
    assert_non_null(explained);
    free(text);
    const json_t *details = json_object_get(sentence(explained, "clocks", "handling"), "details");
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        bool found = false;
        size_t i;
        json_t *detail;
        json_array_foreach(details, i, detail)
        {
            found =
                found || strcmp(json_string_value(json_object_get(detail, "key")), keys[k]) == 0;
        }
        if (!found) {
            fail_msg("%s is not told", keys[k]);
        }
    }
    assert_non_null(sentence(explained, "steps", "signing"));
    json_decref(explained);
}

static void why_a_case_is_what_it_is_names_a_file_by_one_name(void **state)
{
    (void)state;
    int status;
    char *text = RUN(&status, "policy", "explain", before, "--repeats", "2", "--lang", "en");
    assert_int_equal(status, CTL_OK);
    assert_non_null(strstr(text, "/policy_before.yaml:18)")); /* of the class */
    assert_non_null(strstr(text, "/policy_before.yaml:84)")); /* of the target */
    assert_null(strstr(text, "@"));
    free(text);
    text = RUN(&status, "policy", "explain", before, "--repeats", "2", "--json");
    json_t *told = json_loads(text, 0, NULL);
    const json_t *clock = json_array_get(json_object_get(told, "clocks"), 0);
    const char *rule = json_string_value(json_object_get(clock, "rule"));
    assert_non_null(strstr(rule, "/policy_before.yaml:74"));
    json_decref(told);
    free(text);
}

/* The target that holds, by class, channel and category, by priority, or the clock's own. */
static void a_case_is_told_the_target_it_has(void **state)
{
    (void)state;
    static const struct {
        const char *class, *channel, *said;
        int amount;
        const char *place;
    } cases[] = {
        {"grave", "email", "Handling, 1 business day, to the end of the day (", 1, ".yaml:149"},
        {"grave", "phone", "Handling, 3 days (",                                3, ".yaml:150"},
        {"minor", "email", "Handling, 5 business days (",                       5, ".yaml:138"},
    };
    static const char targets[] = GOLDEN "/policy_told.yaml";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *class = cases[i].class;
        const char *channel = cases[i].channel;
        int status;
#define OF_CASE                                                                                    \
    "policy", "explain", targets, "--class", class, "--channel", channel, "--category", "late"
        char *text = RUN(&status, OF_CASE, "--lang", "en");
        const char *said = strstr(text, cases[i].said);
        assert_non_null(said);
        const char *place = strstr(said, cases[i].place);
        assert_true(place && place < strchr(said, '\n'));
        free(text);
        text = RUN(&status, OF_CASE, "--json");
        json_t *told = json_loads(text, 0, NULL);
        const json_t *clock = json_array_get(json_object_get(told, "clocks"), 0);
        const json_t *target = json_object_get(clock, "target");
        assert_string_equal(json_string_value(json_object_get(target, "unit")), "business_days");
        assert_int_equal(json_integer_value(json_object_get(target, "amount")), cases[i].amount);
        assert_non_null(strstr(json_string_value(json_object_get(target, "rule")), cases[i].place));
        assert_non_null(strstr(json_string_value(json_object_get(clock, "rule")), ".yaml:138"));
        size_t at;
        unsigned promises = 0;
        json_array_foreach(json_object_get(told, "clocks"), at, clock)
        {
            if (strcmp(json_string_value(json_object_get(clock, "id")), "promise") == 0) {
                promises++;
                assert_null(json_object_get(json_object_get(clock, "target"), "amount"));
            }
        }
        assert_int_equal(promises, 1);
        json_decref(told);
        free(text);
    }
}

/* Everything that is written in an element and below. */
static void texts_collect(const xmlNode *node, FILE *to)
{
    for (; node; node = node->next) {
        if (node->type == XML_TEXT_NODE && node->content) {
            (void)fprintf(to, "%s\n", (const char *)node->content);
        }
        texts_collect(node->children, to);
    }
}

static void the_picture_is_xml_and_names_every_step(void **state)
{
    (void)state;
    static const char *const steps[LANGUAGES][4] = {
        {"Work",   "Waiting <for> \"them\" & us", "Signing", "Done"  },
        {"处理", "等待客户",                "签批",  "办结"},
        {"處理", "等待客戶",                "簽批",  "辦結"},
    };
    if (system("dot -V >/dev/null 2>&1") != 0) { // NOLINT(cert-env33-c): the words are our own
        print_message("dot is not there\n");
        skip();
    }
    for (unsigned i = 0; i < LANGUAGES; i++) {
        int status;
        char *svg = RUN(&status, "policy", "draw", before, "--lang", languages[i]);
        assert_int_equal(status, CTL_OK);
        xmlDoc *document = xmlReadMemory(svg, (int)strlen(svg), "x.svg", NULL, XML_PARSE_NONET);
        assert_non_null(document);
        const xmlNode *root = xmlDocGetRootElement(document);
        assert_string_equal((const char *)root->name, "svg");
        char *texts = NULL;
        size_t size = 0;
        FILE *to = open_memstream(&texts, &size);
        texts_collect(root, to);
        (void)fclose(to);
        for (size_t s = 0; s < sizeof steps[i] / sizeof *steps[i]; s++) {
            if (!strstr(texts, steps[i][s])) {
                fail_msg("%s is not in the picture", steps[i][s]);
            }
        }
        assert_non_null(strstr(texts, "▷①②")); /* signing: of-steps; it still runs */
        assert_non_null(strstr(texts, "‖①"));  /* pauses-in */
        free(texts);
        xmlFreeDoc(document);
        free(svg);
    }
    xmlCleanupParser();
}

static void only_before_the_last_alternative_stands_or(void **state)
{
    (void)state;
    static const char *const wanted[CTL_LANGUAGE_COUNT][3] = {
        [CTL_EN] = {"Phone", "Phone or this or that", "Phone, this or that or Mail"},
        [CTL_ZH_CN] = {"Phone", "Phone或this or that",  "Phone、this or that或Mail"},
        [CTL_ZH_TW] = {"Phone", "Phone或this or that",  "Phone、this or that或Mail"},
    };
    static const char *const texts[3] = {"Phone", "this or that", "Mail"};
    for (int language = 0; language < CTL_LANGUAGE_COUNT; language++) {
        const struct ctl ctl = {.language = (enum ctl_language)language};
        char said[SAY_MAX] = "";
        size_t last = 0;
        for (int i = 0; i < 3; i++) {
            say_either(&ctl, said, &last, texts[i]);
            assert_string_equal(said, wanted[language][i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_policy_is_explained_in_three_languages),
        cmocka_unit_test(what_is_different_is_told_in_three_languages),
        cmocka_unit_test(the_sentences_are_data_too),
        cmocka_unit_test(why_a_case_is_what_it_is_names_a_file_by_one_name),
        cmocka_unit_test(a_case_is_told_the_target_it_has),
        cmocka_unit_test(only_before_the_last_alternative_stands_or),
        cmocka_unit_test(the_picture_is_xml_and_names_every_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
