/*
 * Goal: what a policy says is what the cores read, and what is wrong in one is told at its place,
 * with a hint (law 11).
 *
 * Method: every tests/unit/policy/N.yaml is loaded; the report, and the description where there is
 * one, must be N.ok to the letter (REDRESS_WRITE=1 writes them anew, to be read before they are
 * committed).  The shipped policies load without a word.  Cut and altered files never do worse than
 * an error.
 */
#include "policy_load.h"

#include "describe.h"
#include "golden.h"
#include "scope.h"
#include "unit.h"

#include <dirent.h>
#include <limits.h>

enum { FILE_MAX = 256 * 1024, FIRST_YEAR = 2024, LAST_YEAR = 2026, FAULTS_MIN = 20 };

/* The report and, of a policy without faults, what was understood. */
static char *outcome_of(const char *name, struct slice yaml)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct policy_report report;
    SCOPED(policy_object_free)
    struct policy_object *object = policy_load(name, yaml, FIRST_YEAR, LAST_YEAR, &report);
    assert_int_equal(object == NULL, report.errors > 0);
    (void)fprintf(out, "%u errors, %u warnings\n", report.errors, report.warnings);
    (void)fputs(report.text ? report.text : "", out);
    if (object) {
        policy_describe(&object->policy, out);
    }
    (void)fclose(out);
    policy_report_done(&report);
    return text;
}

static bool golden_agrees(const char *stem)
{
    static char yaml[FILE_MAX];
    char path[PATH_MAX];
    char name[NAME_MAX + 8];
    (void)snprintf(name, sizeof name, "%s.yaml", stem);
    (void)snprintf(path, sizeof path, "%s/%s", POLICY_CASES, name);
    size_t size = golden_read(path, yaml, FILE_MAX);
    assert_true(size > 0);
    char *outcome = outcome_of(name, slice_of(yaml, size));
    (void)snprintf(path, sizeof path, "%s/%s.ok", POLICY_CASES, stem);
    bool same = golden_is(path, outcome);
    free(outcome);
    return same;
}

static void every_planted_fault_is_told_at_its_place(void **state)
{
    (void)state;
    DIR *folder = opendir(POLICY_CASES);
    assert_non_null(folder);
    unsigned cases = 0;
    unsigned wrong = 0;
    struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        char *dot = strrchr(entry->d_name, '.');
        if (dot && strcmp(dot, ".yaml") == 0) {
            *dot = '\0';
            cases++;
            wrong += !golden_agrees(entry->d_name);
        }
    }
    closedir(folder);
    assert_int_equal(wrong, 0);
    assert_true(cases >= FAULTS_MIN);
}

enum { SHIPPED_COUNT = 2 };

static const char *const shipped[SHIPPED_COUNT] = {"general-service", "loyalty-points"};
static struct policy_object *loaded[SHIPPED_COUNT]; /* once: their patterns take a second */

static int shipped_load(void **state)
{
    (void)state;
    static char yaml[FILE_MAX];
    for (size_t i = 0; i < SHIPPED_COUNT; i++) {
        char path[PATH_MAX];
        (void)snprintf(path, sizeof path, "%s/%s.yaml", SHIPPED_POLICIES, shipped[i]);
        size_t size = golden_read(path, yaml, FILE_MAX);
        struct policy_report report;
        loaded[i] = policy_load(shipped[i], slice_of(yaml, size), FIRST_YEAR, LAST_YEAR, &report);
        if (report.text) {
            print_error("%s\n", report.text);
        }
        bool silent = loaded[i] && !report.text && report.errors + report.warnings == 0;
        policy_report_done(&report);
        if (!silent) {
            return -1;
        }
    }
    return 0;
}

static int shipped_free(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHIPPED_COUNT; i++) {
        policy_object_free(&loaded[i]);
    }
    return 0;
}

static const struct policy_object *shipped_get(const char *name)
{
    return strcmp(name, shipped[0]) == 0 ? loaded[0] : loaded[1];
}

/* That they load in silence is the group's setup. */
static void the_shipped_policies_load_without_a_word(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHIPPED_COUNT; i++) {
        const struct policy_object *object = loaded[i];
        const struct policy *policy = &object->policy;
        assert_string_equal(policy->name, shipped[i]);
        assert_non_null(object->classifier);
        assert_true(policy->clock_count >= 4);
        for (uint16_t j = 0; j < policy->category_count; j++) {
            const char *id = policy->categories[j].id;
            assert_int_equal(policy_category_index(policy, slice_text(id)), j);
            assert_string_not_equal(policy->categories[j].title.text[LOCALE_ZH_TW], id);
        }
        assert_int_equal(policy_category_index(policy, slice_text("no-such-category")),
                         POLICY_NONE);
        /* 2026-02-28 is a Saturday worked for the Spring Festival, as the yearly notice says. */
        const struct calendar *office = &policy->calendars[1];
        assert_true(calendar_is_open(office, 1772240400));  /* 2026-02-28 09:00 in Shanghai */
        assert_false(calendar_is_open(office, 1771290000)); /* 2026-02-17 09:00, New Year */
        assert_int_equal(office->named_year, LAST_YEAR);
    }
}

/* Which category a text has most of in a shipped policy; both scripts and English. */
static void complaints_in_three_writings_find_their_category(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        const char *policy, *text, *category;
    } rows[] = {
        {"general-service", "空气炸锅用了两次就坏了，质量太差", "quality"},
        {"general-service", "客服態度惡劣，還掛我電話", "attitude"},
        {"general-service", "Remove this inaccurate item from my credit report", "records"},
        {"loyalty-points", "我的積分一夜之間全部過期清零了", "points-expired"},
        {"loyalty-points", "半夜有人盗用我的账户，不是我操作的", "account-safety"},
        {"loyalty-points", "Nobody called me back", "efficiency"},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct policy_object *object = shipped_get(rows[i].policy);
        struct event_label labels[EVENT_LABELS_MAX];
        uint32_t count = 0;
        struct error error = {0};
        assert_true(
            classifier_scan(object->classifier, slice_text(rows[i].text), labels, &count, &error));
        assert_true(count > 0);
        uint16_t best = POLICY_NONE;
        for (uint32_t j = 0; j < count && best == POLICY_NONE; j++) {
            best = policy_category_index(&object->policy, labels[j].name);
        }
        assert_true(best != POLICY_NONE);
        assert_string_equal(object->policy.categories[best].id, rows[i].category);
    }
}

static void the_gravest_case_goes_to_the_urgent_desk(void **state)
{
    (void)state;
    const struct policy_object *object = shipped_get("general-service");
    const struct policy *policy = &object->policy;
    struct policy_facts facts = {
        .channel = policy_channel_index(policy, slice_text("phone")),
        .category = policy_category_index(policy, slice_text("refund")),
        .class_index = policy_class_index(policy, slice_text("low")),
    };
    assert_string_equal(policy->queues[policy_route(policy, &facts)].id, "product");
    facts.category = POLICY_NONE;
    assert_string_equal(policy->queues[policy_route(policy, &facts)].id, "service");
    facts.class_index = policy_class_index(policy, slice_text("high"));
    assert_string_equal(policy->queues[policy_route(policy, &facts)].id, "urgent");
}

/* So many that names share slots of the table. */
static void hundreds_of_categories_are_each_found_and_no_other(void **state)
{
    (void)state;
    enum { MANY = 700 };
    static char yaml[FILE_MAX];
    static char little[FILE_MAX];
    size_t size = golden_read(POLICY_CASES "/little.yaml", little, FILE_MAX);
    const char *at = strstr(little, "taxonomy:\n");
    assert_non_null(at);
    at += strlen("taxonomy:\n");
    FILE *out = fmemopen(yaml, sizeof yaml, "w");
    (void)fwrite(little, 1, (size_t)(at - little), out);
    for (int i = 0; i < MANY; i++) {
        (void)fprintf(out, "  many-%d: {title: Many}\n", i);
    }
    (void)fwrite(at, 1, size - (size_t)(at - little), out);
    long written = ftell(out);
    (void)fclose(out);
    struct policy_report report;
    SCOPED(policy_object_free)
    struct policy_object *object =
        policy_load("many", slice_of(yaml, (size_t)written), LAST_YEAR, LAST_YEAR, &report);
    assert_non_null(object);
    policy_report_done(&report);
    const struct policy *policy = &object->policy;
    assert_non_null(policy->category_slots);
    for (uint16_t i = 0; i < policy->category_count; i++) {
        const char *id = policy->categories[i].id;
        assert_int_equal(policy_category_index(policy, slice_text(id)), i);
        char other[POLICY_NAME_MAX + 8];
        (void)snprintf(other, sizeof other, "%s-not", id);
        assert_int_equal(policy_category_index(policy, slice_text(other)), POLICY_NONE);
    }
}

/* Planted: the slow one taken for good; compiled beside a bad one without end; the fault told of
 * the policy, not of the pattern. */
static void a_pattern_that_takes_too_long_is_told_at_its_place(void **state)
{
    (void)state;
    static const char taken[] = "态度|骂人";
    static const char bomb[] = "(延.{0,999}误.{0,999}退.{0,999}款.{0,999}){1,99}";
    static char yaml[FILE_MAX];
    static char slow[FILE_MAX];
    struct policy_report report;
    size_t size = golden_read(POLICY_CASES "/little.yaml", yaml, FILE_MAX - 1);
    struct policy_object *object =
        policy_load_in_time("little", slice_of(yaml, size), LAST_YEAR, LAST_YEAR, 60, &report);
    assert_non_null(object);
    assert_null(report.text);
    policy_object_free(&object);
    policy_report_done(&report);
    char *at = strstr(yaml, taken);
    assert_non_null(at);
    unsigned line = 1;
    for (const char *c = yaml; c < at; c++) {
        line += *c == '\n';
    }
    int written =
        snprintf(slow, sizeof slow, "%.*s'%s'%s", (int)(at - yaml), yaml, bomb, at + strlen(taken));
    char place[64];
    (void)snprintf(place, sizeof place, "slow:%u:", line);
    object = policy_load_in_time(
        "slow", slice_of(slow, (size_t)written), LAST_YEAR, LAST_YEAR, 8, &report);
    assert_null(object);
    assert_int_equal(report.errors, 1);
    assert_non_null(strstr(report.text, place));
    assert_non_null(strstr(report.text, "it takes too long to compile"));
    policy_report_done(&report);
    (void)snprintf(/* nor does another that is bad bring it in */
                   slow,
                   sizeof slow,
                   "%.*s'(延误', '%s'%s",
                   (int)(at - yaml),
                   yaml,
                   bomb,
                   at + strlen(taken));
    object =
        policy_load_in_time("slow", slice_of(slow, strlen(slow)), LAST_YEAR, LAST_YEAR, 8, &report);
    assert_null(object);
    assert_int_equal(report.errors, 2);
    assert_non_null(strstr(report.text, "it takes too long to compile"));
    policy_report_done(&report);
}

static void any_cut_of_a_policy_is_an_error_and_never_worse(void **state)
{
    (void)state;
    static char yaml[FILE_MAX];
    size_t size = golden_read(POLICY_CASES "/little.yaml", yaml, FILE_MAX);
    assert_true(size > 1000);
    for (size_t cut = 0; cut < size; cut += 131) {
        char *copy = malloc(cut + 1); /* its own, so that reading past the end is seen */
        memcpy(copy, yaml, cut);
        struct policy_report report;
        struct policy_object *object =
            policy_load("cut", slice_of(copy, cut), LAST_YEAR, LAST_YEAR, &report);
        free(copy);
        assert_int_equal(object == NULL, report.errors > 0);
        assert_true(object || report.text);
        policy_report_done(&report);
        policy_object_free(&object);
    }
}

/* Every title of the text written in one language alone. */
static size_t in_chinese_only(const char *yaml, char *out)
{
    size_t size = 0;
    while (*yaml) {
        bool plain = strncmp(yaml, "title: ", 7) == 0 && yaml[7] != '{';
        size_t word = plain ? 7 + strcspn(yaml + 7, ",}\n") : 1;
        int told = plain ? snprintf(out + size,
                                    FILE_MAX - size,
                                    "title: {zh-CN: %.*s}",
                                    (int)(word - 7),
                                    yaml + 7)
                         : snprintf(out + size, FILE_MAX - size, "%c", *yaml);
        size += (size_t)told;
        yaml += word;
    }
    return size;
}

/* Whoever tells a title may do so in any language (policy_terms.h). */
static void whole(const struct policy_title *title, const char *of)
{
    for (int i = 0; i < LOCALE_COUNT; i++) {
        if (!title->text[i] || title->text[i][0] == '\0') {
            fail_msg("a title of %s has no text in language %d", of, i);
        }
    }
}

#define WHOLE(rows, count)                                                                         \
    for (uint16_t w = 0; w < (count); w++) {                                                       \
        whole(&(rows)[w].title, #rows);                                                            \
    }

static void action_whole(const struct policy_action *action)
{
    whole(&action->title, action->id);
    WHOLE(action->requirements, action->require_count)
    WHOLE(action->moves, action->move_count)
    WHOLE(action->needs, action->need_count)
}

static void a_title_in_one_language_is_told_to_whoever_reads_another(void **state)
{
    (void)state;
    static char yaml[FILE_MAX];
    static char chinese[FILE_MAX];
    assert_true(golden_read(POLICY_CASES "/lifecycle.yaml", yaml, FILE_MAX - 1) > 0);
    struct policy_report report;
    SCOPED(policy_object_free)
    struct policy_object *object = policy_load("lifecycle.yaml",
                                               slice_of(chinese, in_chinese_only(yaml, chinese)),
                                               FIRST_YEAR,
                                               LAST_YEAR,
                                               &report);
    assert_non_null(object);
    policy_report_done(&report);
    const struct policy *policy = &object->policy;
    assert_string_equal(policy->channels[0].title.text[LOCALE_EN], "Phone");
    whole(&policy->title, "the policy");
    WHOLE(policy->channels, policy->channel_count)
    WHOLE(policy->categories, policy->category_count)
    WHOLE(policy->factors, policy->factor_count)
    WHOLE(policy->classes, policy->class_count)
    WHOLE(policy->queues, policy->queue_count)
    WHOLE(policy->fields, policy->field_count)
    WHOLE(policy->marks, policy->mark_count)
    WHOLE(policy->tasks, policy->task_count)
    WHOLE(policy->reply_parts, policy->reply_part_count)
    WHOLE(policy->texts, policy->text_count)
    WHOLE(policy->closing, policy->closing_count)
    WHOLE(policy->measures, policy->measure_count)
    WHOLE(policy->clocks, policy->clock_count)
    WHOLE(policy->retention.grounds, policy->retention.ground_count)
    WHOLE(policy->steps, policy->step_count)
    for (uint16_t i = 0; i < policy->step_count; i++) {
        for (uint16_t j = 0; j < policy->steps[i].action_count; j++) {
            action_whole(&policy->steps[i].actions[j]);
        }
    }
}

/* What must not have been is not told as what has to be, as the name of its mark alone was. */
static void a_requirement_without_a_title_is_told_as_what_it_asks_for(void **state)
{
    (void)state;
    static const char written[] = "{mark: replied, no-more-than: 2}]";
    static const char instead[] = "{mark: told, no-more-than: 2}, {mark: told, no-more-than: 0}, "
                                  "{not-by-who-did: told}, {task: capa}, {mark: told}]";
    static const struct policy_title wanted[] = {
        {{"\"The customer was told first\": 2 at most",
          "“已先告知客户”不超过 2 次",
          "「已先告知客戶」不超過 2 次"}},
        {{"no \"The customer was told first\" before",
          "此前没有“已先告知客户”",
          "此前沒有「已先告知客戶」"}},
        {{"by somebody other than who did \"The customer was told first\"",
          "由“已先告知客户”者以外的人办理",
          "由「已先告知客戶」者以外的人辦理"}},
        {{"\"Corrective action\" done", "“纠正措施”已完成", "「矯正措施」已完成"}},
        {{"The customer was told first", "已先告知客户", "已先告知客戶"}},
    };
    static char yaml[FILE_MAX];
    static char other[FILE_MAX];
    struct policy_report report;
    assert_true(golden_read(POLICY_CASES "/lifecycle.yaml", yaml, FILE_MAX - 1) > 0);
    char *at = strstr(yaml, written);
    assert_non_null(at);
    int size = snprintf(
        other, sizeof other, "%.*s%s%s", (int)(at - yaml), yaml, instead, at + strlen(written));
    SCOPED(policy_object_free)
    struct policy_object *object =
        policy_load("other", slice_of(other, (size_t)size), FIRST_YEAR, LAST_YEAR, &report);
    assert_non_null(object);
    policy_report_done(&report);
    const struct policy *policy = &object->policy;
    const struct policy_step *step = &policy->steps[policy_step_index(policy, slice_text("reply"))];
    const struct policy_action *answer =
        &step->actions[policy_action_index(step, slice_text("answer"))];
    assert_int_equal(answer->require_count, 1 + sizeof wanted / sizeof *wanted);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        for (int j = 0; j < LOCALE_COUNT; j++) {
            assert_string_equal(answer->requirements[i + 1].title.text[j], wanted[i].text[j]);
        }
    }
}

static void a_file_beyond_the_bounds_is_refused(void **state)
{
    (void)state;
    size_t size = 2 * 1024 * 1024;
    char *big = malloc(size);
    memset(big, '#', size);
    struct policy_report report;
    struct policy_object *object =
        policy_load("big", slice_of(big, size), LAST_YEAR, LAST_YEAR, &report);
    assert_null(object);
    assert_non_null(strstr(report.text, "longer than 1 MiB"));
    policy_report_done(&report);
    memset(big, '[', 4096);
    object = policy_load("deep", slice_of(big, 4096), LAST_YEAR, LAST_YEAR, &report);
    assert_null(object);
    policy_report_done(&report);
    free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_planted_fault_is_told_at_its_place),
        cmocka_unit_test(the_shipped_policies_load_without_a_word),
        cmocka_unit_test(complaints_in_three_writings_find_their_category),
        cmocka_unit_test(the_gravest_case_goes_to_the_urgent_desk),
        cmocka_unit_test(hundreds_of_categories_are_each_found_and_no_other),
        cmocka_unit_test(a_pattern_that_takes_too_long_is_told_at_its_place),
        cmocka_unit_test(any_cut_of_a_policy_is_an_error_and_never_worse),
        cmocka_unit_test(a_title_in_one_language_is_told_to_whoever_reads_another),
        cmocka_unit_test(a_requirement_without_a_title_is_told_as_what_it_asks_for),
        cmocka_unit_test(a_file_beyond_the_bounds_is_refused),
    };
    return cmocka_run_group_tests(tests, shipped_load, shipped_free);
}
