/*
 * Goal: a name is known by its id or by a title of any language; one nobody knows is told with
 * those near it, or with all there are.  Method: words are judged as a verb judges them, over the
 * fixture and over a second policy whose channels share a title.
 */
#include "ctl_names.h"

#include "policy_fixture.h"
#include "unit.h"

/* The exit status it would be, when this is what is said. */
static int judged(const struct policy *const *policies,
                  unsigned count,
                  struct ctl_named *named,
                  const char *expected)
{
    char *said = NULL;
    size_t size = 0;
    struct ctl ctl = {.language = CTL_ZH_CN, .out = stdout, .err = open_memstream(&said, &size)};
    int code = ctl_names_judge(&ctl, policies, count, named, NULL);
    (void)fclose(ctl.err);
    assert_string_equal(said, expected);
    free(said);
    return code;
}

static void assert_judged(enum ctl_naming naming, const char *word, const char *expected)
{
    const struct policy *const policies[] = {policy_fixture()};
    struct ctl_named named = {.naming = naming, .word = word};
    assert_int_equal(judged(policies, 1, &named, expected),
                     expected[0] == '\0' ? CTL_OK : CTL_NOT_FOUND);
}

static void a_name_nobody_knows_is_told_with_those_near_it_or_all_there_are(void **state)
{
    (void)state;
    assert_judged(NAMING_WORK_QUEUE, "fixture/safety", "");
    assert_judged(NAMING_QUEUE, "safety", "");
    assert_judged(NAMING_WORK_QUEUE,
                  "fixture/safty",
                  "redress: 没有队列“fixture/safty”；是否想用“fixture/safety”？\n");
    assert_judged(
        NAMING_WORK_QUEUE, "safety", "redress: 没有队列“safety”；是否想用“fixture/safety”？\n");
    assert_judged(
        NAMING_WORK_QUEUE,
        "fixture/xyz",
        "redress: 没有队列“fixture/xyz”；现有：triage desk（fixture/triage_desk）、service"
        "（fixture/service）、safety（fixture/safety）\n");
    assert_judged(
        NAMING_WORK_QUEUE, "zzzzzzzz/xyz", "redress: 没有规则“zzzzzzzz”；现有：fixture\n");
    assert_judged(NAMING_CATEGORY,
                  "nothing",
                  "redress: 没有类别“nothing”；现有：quality、late、damaged、leaking、attitude、"
                  "safety、other\n");
}

struct meaning {
    const char *id, *said;
    int code;
};

/* What the word means among two policies that differ by name and by the titles of a channel. */
static void assert_judges(enum ctl_naming naming, const char *word, const struct meaning *meaning)
{
    static struct policy_channel channels[] = {
        {.id = "phone",   .title = {{"Hotline", "热线", "專線"}}},
        {.id = "counter", .title = {{"Desk", "柜台", "櫃檯"}}   },
        {.id = "shop",    .title = {{"Shop", "柜台", "門市"}}   },
    };
    struct policy one = *policy_fixture();
    (void)snprintf(one.name, sizeof one.name, "second");
    one.title = (struct policy_title){
        {"Second", "二号规则", "二號規則"}
    };
    one.channels = channels;
    one.channel_count = sizeof channels / sizeof *channels;
    const struct policy *const policies[] = {policy_fixture(), &one};
    struct ctl_named named = {.naming = naming, .word = word};
    assert_int_equal(judged(policies, 2, &named, meaning->said), meaning->code);
    assert_string_equal(named.id, meaning->id);
}

static void
assert_means(enum ctl_naming naming, const char *word, const char *id, const char *expected)
{
    int code = expected[0] == '\0' ? CTL_OK : CTL_USAGE;
    assert_judges(naming, word, &(struct meaning){id, expected, code});
}

static void assert_near(enum ctl_naming naming, const char *word, const char *expected)
{
    assert_judges(naming, word, &(struct meaning){"", expected, CTL_NOT_FOUND});
}

/* It fails where bytes are weighed, or ids alone. */
static void a_title_that_was_mistyped_is_found_by_its_characters(void **state)
{
    (void)state;
    assert_near(NAMING_CHANNEL, "热钱", "redress: 没有渠道“热钱”；是否想用“热线”（phone）？\n");
    assert_near(NAMING_CHANNEL, "專綫", "redress: 没有渠道“專綫”；是否想用“热线”（phone）？\n");
    assert_near(NAMING_CHANNEL, "Hotlin", "redress: 没有渠道“Hotlin”；是否想用“热线”（phone）？\n");
    assert_near(NAMING_CHANNEL, "pohne", "redress: 没有渠道“pohne”；是否想用“phone”？\n");
    assert_near(
        NAMING_POLICY, "二号规定", "redress: 没有规则“二号规定”；是否想用“二号规则”（second）？\n");
}

static void a_title_of_any_language_means_its_id_unless_several_have_it(void **state)
{
    (void)state;
    assert_means(NAMING_CHANNEL, "phone", "phone", "");
    assert_means(NAMING_CHANNEL, "热线", "phone", "");
    assert_means(NAMING_CHANNEL, "專線", "phone", "");
    assert_means(NAMING_CHANNEL, "Hotline", "phone", "");
    assert_means(NAMING_CHANNEL, "櫃檯", "counter", "");
    assert_means(NAMING_CHANNEL,
                 "柜台",
                 "",
                 "redress: “柜台”是多项的名称，请改用标识指明：柜台（counter）、柜台（shop）\n");
    assert_means(NAMING_POLICY, "二號規則", "second", "");
    assert_means(NAMING_QUEUE, "triage desk", "triage_desk", "");
    assert_means(NAMING_WORK_QUEUE, "fixture/triage desk", "fixture/triage_desk", "");
    assert_means(NAMING_WORK_QUEUE, "二号规则/triage desk", "second/triage_desk", "");
    assert_means(NAMING_WORK_QUEUE, "二号规则/safety", "second/safety", "");
    assert_means(NAMING_WORK_QUEUE,
                 "triage desk",
                 "",
                 "redress: “triage desk”是多项的名称，请改用标识指明：triage "
                 "desk（fixture/triage_desk）、triage desk（second/triage_desk）\n");
}

/* It fails where names are left out in silence, and where one of several policies counts twice. */
static void of_many_names_it_is_told_how_many_more_there_are(void **state)
{
    (void)state;
    enum { NAMES = 15, POLICIES = 2 };
    static struct ctl_names names;
    static const struct {
        const char *kind, *ends;
    } rows[] = {
        {"step", "、zone-12，另有 3 项；列出全部：redress completion --names step"},
        {NULL,   "、zone-12，另有 3 项"                                                 },
    };
    const struct ctl ctl = {.language = CTL_ZH_CN};
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
        char told[CTL_NAMES_TOLD_MAX];
        names = (struct ctl_names){.word = "q", .kind = rows[row].kind};
        for (int i = 0; i < NAMES * POLICIES; i++) {
            char id[16];
            (void)snprintf(id, sizeof id, "zone-%d", i % NAMES + 1);
            ctl_names_add(&names, id, NULL);
        }
        (void)ctl_names_tell(&ctl, &names, told);
        assert_true(strlen(told) > strlen(rows[row].ends));
        assert_string_equal(told + strlen(told) - strlen(rows[row].ends), rows[row].ends);
    }
}

/* So many are shown, so many counted; of more than that it is said that there are more. */
static void what_is_not_counted_is_not_left_out(void **state)
{
    (void)state;
    static const struct {
        unsigned names;
        const char *more;
    } rows[] = {
        {12,  ""               },
        {13,  ", and 1 more"   },
        {268, ", and 256 more" },
        {269, ", and 256+ more"},
        {300, ", and 256+ more"},
    };
    const struct ctl ctl = {.language = CTL_EN};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct ctl_names names;
        char told[CTL_NAMES_TOLD_MAX];
        names = (struct ctl_names){.word = "none"};
        for (unsigned n = 0; n < 2 * rows[i].names; n++) { /* each twice, and counted once */
            char id[16];
            (void)snprintf(id, sizeof id, "name%u", n % rows[i].names);
            ctl_names_add(&names, id, NULL);
        }
        (void)ctl_names_list(&ctl, &names, told);
        const char *more = strstr(told, ", and");
        assert_string_equal(more ? more : "", rows[i].more);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_counted_is_not_left_out),
        cmocka_unit_test(a_name_nobody_knows_is_told_with_those_near_it_or_all_there_are),
        cmocka_unit_test(a_title_that_was_mistyped_is_found_by_its_characters),
        cmocka_unit_test(a_title_of_any_language_means_its_id_unless_several_have_it),
        cmocka_unit_test(of_many_names_it_is_told_how_many_more_there_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
