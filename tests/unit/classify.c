/*
 * Goal: a policy's patterns see what people wrote, however they spelled it; the same text gives the
 * same labels in the same order; a wrong pattern is named (laws 8, 9, 11).
 *
 * Method: sentences with the labels they must give, and patterns with the words of their refusal.
 */
#include "classify.h"

#include "scope.h"
#include "text.h"
#include "unit.h"

static const struct classify_pattern patterns[] = {
    {"refund",   "refund(s|ed)?",                3 },
    {"refund",   "退款|退錢",                4 },
    {"fraud",    "盗刷|盜用",                5 },
    {"fraud",    "\\bfraud",                     6 },
    {"attitude", "態度.{0,6}(差|惡劣)",     7 },
    {"hotline",  "１２３４５|hot[ -]?line", 8 },
    {"digits",   "\\d{4}",                       9 },
    {"paren",    "（急）",                    10},
};

enum { PATTERN_COUNT = sizeof patterns / sizeof *patterns };

/* "label:hits label:hits …" */
static const char *scan(struct classifier *classifier, const char *text)
{
    static char line[4096];
    struct event_label labels[EVENT_LABELS_MAX];
    uint32_t count;
    struct error error;
    size_t used = 0;
    line[0] = '\0';
    assert_true(classifier_scan(classifier, slice_text(text), labels, &count, &error));
    for (uint32_t i = 0; i < count; i++) {
        int size = snprintf(line + used,
                            sizeof line - used,
                            "%s%.*s:%u",
                            i > 0 ? " " : "",
                            (int)labels[i].name.size,
                            (const char *)labels[i].name.bytes,
                            labels[i].hits);
        used += (size_t)size;
    }
    return line;
}

static struct classifier *make(const struct classify_pattern *list, size_t count)
{
    struct error error = {0};
    struct classifier *classifier = classifier_new(list, count, &error);
    if (!classifier) {
        fail_msg("%s", error.text);
    }
    return classifier;
}

static void patterns_see_every_spelling(void **state)
{
    (void)state;
    SCOPED(classifier_free) struct classifier *classifier = make(patterns, PATTERN_COUNT);
    assert_string_equal(scan(classifier, ""), "");
    assert_string_equal(scan(classifier, "Thank you"), "");
    assert_string_equal(scan(classifier, "I want a REFUND"), "refund:1");
    assert_string_equal(scan(classifier, "ＲＥＦＵＮＤ please"), "refund:1");
    assert_string_equal(scan(classifier, "re\u200bfund please"), "refund:1");
    assert_string_equal(scan(classifier, "我要退錢"), "refund:1");
    assert_string_equal(scan(classifier, "我要退钱"), "refund:1");
    assert_string_equal(scan(classifier, "信用卡被盜刷"), "fraud:1");
    assert_string_equal(scan(classifier, "信用卡被盗用"), "fraud:1");
    assert_string_equal(scan(classifier, "客服态度非常恶劣"), "attitude:1");
    assert_string_equal(scan(classifier, "客服態度很差"), "attitude:1");
    assert_string_equal(scan(classifier, "called the Hot\nLine"), "hotline:1");
    assert_string_equal(scan(classifier, "(急)请尽快"), "paren:1");
    assert_string_equal(scan(classifier, "急请尽快"), "");
    assert_string_equal(scan(classifier, "这是fraud行为"), "fraud:1");
    assert_string_equal(scan(classifier, "defraud"), "");
}

static void hits_are_distinct_ends_added_up_by_label(void **state)
{
    (void)state;
    SCOPED(classifier_free) struct classifier *classifier = make(patterns, PATTERN_COUNT);
    assert_string_equal(scan(classifier, "fraud, fraud and 退款"), "fraud:2 refund:1");
    assert_string_equal(scan(classifier, "退款 refund 退錢 fraud"), "refund:3 fraud:1");
    assert_string_equal(scan(classifier, "refunded"), "refund:2"); /* refund, refunded */
}

static void equal_hits_keep_the_order_of_the_patterns(void **state)
{
    (void)state;
    SCOPED(classifier_free) struct classifier *classifier = make(patterns, PATTERN_COUNT);
    assert_string_equal(scan(classifier, "hotline fraud refund"), "refund:1 fraud:1 hotline:1");
    assert_string_equal(scan(classifier, "refund fraud hotline"), "refund:1 fraud:1 hotline:1");
    assert_string_equal(scan(classifier, "１２３４５"), "digits:2 hotline:1");
}

static void nothing_of_one_text_is_left_for_the_next(void **state)
{
    (void)state;
    SCOPED(classifier_free) struct classifier *classifier = make(patterns, PATTERN_COUNT);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(scan(classifier, "refund"), "refund:1");
        assert_string_equal(scan(classifier, "nothing"), "");
        assert_string_equal(scan(classifier, "refund fraud"), "refund:1 fraud:1");
    }
}

static void hits_and_labels_are_bounded(void **state)
{
    (void)state;
    enum { MANY = 100 };
    static char names[MANY][8];
    static char regexes[MANY][8];
    struct classify_pattern many[MANY];
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(names[i], sizeof names[i], "p%02d", i);
        (void)snprintf(regexes[i], sizeof regexes[i], "%s", i == 99 ? "a|b" : "a");
        many[i] = (struct classify_pattern){names[i], regexes[i], 1};
    }
    SCOPED(classifier_free) struct classifier *classifier = make(many, MANY);
    const char *line = scan(classifier, "abc");
    assert_memory_equal(line, "p99:2 p00:1 p01:1", 17);
    assert_string_equal(strrchr(line, ' '), " p62:1");

    SCOPED(classifier_free) struct classifier *one = make(many, 1);
    static char text[CLASSIFY_TEXT_MAX + 2];
    memset(text, 'a', 3000);
    assert_string_equal(scan(one, text), "p00:1000");
    memset(text, 'a', CLASSIFY_TEXT_MAX);
    assert_string_equal(scan(one, text), "p00:1000");
    assert_memory_equal(scan(classifier, text), "p", 1); /* six million matches, cut off */
    many[98].regex = "z";
    SCOPED(classifier_free) struct classifier *late = make(many + 50, 50);
    assert_string_equal(scan(late, "z"), "p98:1");
    text[CLASSIFY_TEXT_MAX - 1] = 'z';
    assert_null(strstr(scan(late, text), "p98")); /* the scan has ended before */
    text[CLASSIFY_TEXT_MAX] = 'a';
    struct event_label labels[EVENT_LABELS_MAX];
    uint32_t count;
    struct error error;
    assert_false(classifier_scan(one, slice_text(text), labels, &count, &error));
    assert_int_equal(error.kind, ERROR_REJECT);
}

static void a_wrong_pattern_is_named_with_line_and_reason(void **state)
{
    (void)state;
    static const struct {
        const char *regex;
        const char *reason;
    } rows[] = {
        {"refund(",         "a bracket is opened and never closed"                     },
        {"a*",              "it fits every text, the empty one, too"                   },
        {"",                "it fits every text, the empty one, too"                   },
        {"(?<!not )refund", "(?= ), (?! ) and the like cannot be used here"            },
        {"(a)\\1",          "\\1 and the like cannot be used here"                     },
        {"[ab㍿]",         "U+337F stands for several characters and cannot be in [ ]"},
        {"cafe\xcc\x81",    "U+0301 never stands alone in normalised text"             },
        {"[]㍿]",          "U+337F stands for several"                                },
        {"caf\xe9",         "byte 3 is not UTF-8"                                      },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct classify_pattern list[] = {
            {"good",  "fine",        17},
            {"wrong", rows[i].regex, 18},
            {"good",  "too",         19}
        };
        struct error error = {0};
        struct classifier *classifier = classifier_new(list, 3, &error);
        assert_null(classifier);
        assert_int_equal(error.kind, ERROR_REJECT);
        if (strncmp(error.text, "line 18: pattern of wrong: ", 27) != 0 ||
            !strstr(error.text, rows[i].reason)) {
            fail_msg("%s gave: %s", rows[i].regex, error.text);
        }
    }
}

static void a_pattern_is_normalised_but_its_syntax_is_not(void **state)
{
    (void)state;
    static const struct {
        const char *regex;
        const char *hit;
        const char *miss;
    } rows[] = {
        {"\\Sx\\D",      "axb",          " x1" },
        {"[Ａ-Ｃ]９", "b9",           "d9"  },
        {"ﬁne",        "FINE",         "ne"  },
        {"㍿",          "株式會社", "株" },
        {"＊＊",       "**",           "aa"  },
        {"[）]",        "）",          "]"   },
        {"Refund",       "rEFUND",       "fund"},
        {"[]a]z",        "]z",           "z"   },
        {"É",           "e\u0301",      "e"   },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct classify_pattern list[] = {
            {"it", rows[i].regex, 1}
        };
        SCOPED(classifier_free) struct classifier *classifier = make(list, 1);
        if (strcmp(scan(classifier, rows[i].hit), "it:1") != 0 ||
            strcmp(scan(classifier, rows[i].miss), "") != 0) {
            fail_msg("%s", rows[i].regex);
        }
    }
}

static void the_model_names_the_libraries_and_the_patterns(void **state)
{
    (void)state;
    SCOPED(classifier_free) struct classifier *a = make(patterns, PATTERN_COUNT);
    SCOPED(classifier_free) struct classifier *b = make(patterns, PATTERN_COUNT);
    SCOPED(classifier_free) struct classifier *c = make(patterns, PATTERN_COUNT - 1);
    assert_memory_equal(classifier_model(a), "vs5.", 4);
    assert_non_null(strstr(classifier_model(a), "-icu"));
    assert_string_equal(classifier_model(a), classifier_model(b));
    assert_string_not_equal(classifier_model(a), classifier_model(c));
}

static void a_policy_without_patterns_gives_no_labels(void **state)
{
    (void)state;
    SCOPED(classifier_free) struct classifier *classifier = make(NULL, 0);
    assert_string_equal(scan(classifier, "refund"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_see_every_spelling),
        cmocka_unit_test(hits_are_distinct_ends_added_up_by_label),
        cmocka_unit_test(equal_hits_keep_the_order_of_the_patterns),
        cmocka_unit_test(nothing_of_one_text_is_left_for_the_next),
        cmocka_unit_test(hits_and_labels_are_bounded),
        cmocka_unit_test(a_wrong_pattern_is_named_with_line_and_reason),
        cmocka_unit_test(a_pattern_is_normalised_but_its_syntax_is_not),
        cmocka_unit_test(the_model_names_the_libraries_and_the_patterns),
        cmocka_unit_test(a_policy_without_patterns_gives_no_labels),
    };
    return cmocka_run_group_tests_name("classify", tests, NULL, NULL);
}
