/*
 * Forms on their way from the policy to people.
 *
 * Goal: what a field may hold reaches whoever fills it in, in three languages, and a value that is
 * made up by its rules is one dispatch accepts (law 11: no organisation's form is known to C).
 * Method: a policy with a field of each type and its bounds is packed into a reply, the reply is
 * unpacked and told (texts of tests/unit/ctl); each field is filled in a thousand times, and the
 * policy judges.
 */
#include "ctl_form.h"

#include "ctl_golden.h"
#include "ctl_phrase.h"
#include "dispatch_wire.h"
#include "policy_fixture.h"
#include "roll.h"
#include "scope.h"

enum { ARENA_SIZE = 1 << 20, TRIES = 1000, FIELDS = 12, TODAY = 20778 };

static const struct policy_choice moods[] = {
    {"good", {{"good", "good", "good"}}},
    {"bad",  {{"bad", "bad", "bad"}}   },
};

/* clang-format off */
#define NAMED(word) .id = word, .title = {{word, word, word}} /* NOLINT */
static const struct policy_field fields[FIELDS] = {
    {NAMED("remark"), .type = FORM_TEXT},
    {NAMED("account"), .type = FORM_TEXT, .has_min = true, .min = 30, .has_max = true, .max = 33,
     .personal = true},
    {NAMED("order"), .type = FORM_TEXT, .picture = "A99-9+\\+", .has_min = true, .min = 12},
    {NAMED("points"), .type = FORM_NUMBER,
     .has_min = true, .min = -20000, .has_max = true, .max = 100000},
    {NAMED("share"), .type = FORM_NUMBER, .decimals = 1, .has_max = true, .max = -5000},
    {NAMED("refund"), .type = FORM_MONEY, .decimals = 2,
     .has_min = true, .min = 0, .has_max = true, .max = 5000000, .unit = "CNY"},
    {NAMED("bought"), .type = FORM_DATE, .has_max = true, .max = 20240229},
    {NAMED("visit"), .type = FORM_DATE, .has_min = true, .min = 20991231},
    {NAMED("mood"), .type = FORM_CHOICE, .choice_count = 2, .choices = moods},
    {NAMED("founded"), .type = FORM_FLAG},
    {NAMED("call_back"), .type = FORM_INSTANT},
    {NAMED("photo"), .type = FORM_HASH},
};
/* clang-format on */
static const struct policy_limit limits[] = {
    {.field = 5, .role = FIXTURE_ROLE_HANDLER, .most = 25000},
};

struct desk {
    struct policy policy;
    struct policy_step steps[POLICY_STEPS_MAX];
    struct policy_need needs[FIELDS], fewer[2];
    struct arena *arena;
    ctl_reply *reply;
    json_t *json;
};

/* The first action of the step asks for all of them; every second one may stay empty. */
static void begin(struct desk *desk)
{
    *desk = (struct desk){.policy = *policy_fixture(), .arena = arena_new(ARENA_SIZE)};
    memcpy(
        desk->steps, policy_fixture()->steps, policy_fixture()->step_count * sizeof *desk->steps);
    struct policy_step *step = &desk->steps[FIXTURE_STEP_APPROVAL];
    for (size_t i = 0; i < FIELDS; i++) {
        struct policy_need *need = &desk->needs[i];
        *need = (struct policy_need){.title = fields[i].title, .rules = &fields[i]};
        (void)snprintf(need->field, sizeof need->field, "%s", fields[i].id);
        need->optional = i % 2 == 1;
    }
    step->actions[0].needs = desk->needs;
    step->actions[0].need_count = FIELDS;
    step->actions[0].limit_count = 1;
    step->actions[0].limits = limits;
    desk->fewer[0] = desk->needs[5]; /* the same field again */
    desk->fewer[1] = (struct policy_need){.field = "severity_class"};
    step->actions[1].needs = desk->fewer;
    step->actions[1].need_count = 2;
    desk->policy.steps = desk->steps;
    desk->policy.fields = fields;
    desk->policy.field_count = FIELDS;
    const struct dispatch_case held = {.case_id = case_id_make(5, 42),
                                       .received_at_us = 1710727200000000,
                                       .version = 7,
                                       .step = FIXTURE_STEP_APPROVAL,
                                       .queue = FIXTURE_QUEUE_SERVICE,
                                       .category = POLICY_NONE,
                                       .priority = 2};
    const struct dispatch_reply told = {.outcome = REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE,
                                        .case_id = held.case_id,
                                        .policy = &desk->policy,
                                        .state = &held,
                                        .allowed = true};
    struct slice bytes = dispatch_reply_pack(&told, desk->arena);
    desk->reply = redress__command__v1__reply__unpack(NULL, bytes.size, bytes.bytes);
    assert_non_null(desk->reply);
    desk->json = ctl_reply_json(desk->reply);
}

static void end(struct desk *desk)
{
    json_decref(desk->json);
    redress__command__v1__reply__free_unpacked(desk->reply, NULL);
    arena_free(&desk->arena);
}

static uint64_t next(void *self, uint64_t bound)
{
    return roll_next(self, (uint32_t)bound);
}

static void what_is_made_up_is_accepted(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (unsigned i = 0; i < FIELDS; i++) {
        for (unsigned t = 0; t < TRIES; t++) {
            char value[CTL_VALUE_MAX];
            bool limited = strcmp(fields[i].id, "refund") == 0;
            const struct ctl_whim whim = {.random = next,
                                          .self = &seed,
                                          .phrase = "已核对 records",
                                          .most = limited ? &limits[0].most : NULL,
                                          .today = TODAY};
            assert_true(ctl_form_invent(&fields[i], &whim, value));
            if (!policy_field_accepts(&fields[i], slice_text(value))) {
                fail_msg("%s is not taken: %s", fields[i].id, value);
            }
            int64_t number = 0;
            assert_true(!limited || (policy_field_value(&fields[i], slice_text(value), &number) &&
                                     number <= limits[0].most));
        }
    }
}

static void what_cannot_be_is_not_made_up(void **state)
{
    (void)state;
    uint64_t seed = 7;
    char value[CTL_VALUE_MAX];
    const int64_t nothing = -1;
    const struct ctl_whim whim = {.random = next, .self = &seed, .phrase = "x", .most = &nothing};
    const struct policy_field amount = {.type = FORM_MONEY, .has_min = true};
    const struct policy_field essay = {.type = FORM_TEXT, .has_min = true, .min = 100000};
    const struct policy_field choice = {.type = FORM_CHOICE};
    assert_false(ctl_form_invent(&amount, &whim, value));
    assert_false(ctl_form_invent(&essay, &whim, value));
    assert_false(ctl_form_invent(&choice, &whim, value));
}

/* Whether it is in this writing: Han in Chinese, none of it otherwise. */
static bool is_written_in(const char *text, enum locale locale)
{
    bool han = false;
    for (const char *at = text; *at; at++) {
        han = han || (unsigned char)*at >= 0xe3;
    }
    return han == (locale != LOCALE_EN);
}

static void sentences_are_of_the_policy_s_language_and_fit_the_title(void **state)
{
    (void)state;
    static const struct {
        const char *titles[LOCALE_COUNT];
        enum ctl_text texts;
    } rows[] = {
        {{"Why it occurred", "发生原因", "發生原因"},                   TEXT_PHRASE_CAUSE     },
        {{"Departments that work on it", "合作部门", "合作部門"},       TEXT_PHRASE_DEPARTMENT},
        {{"Opinions of the departments", "各部门意见", "各部門意見"}, TEXT_PHRASE_OPINION   },
        {{"Person responsible", "责任人", "負責人"},                      TEXT_PHRASE_PERSON    },
        {{"Steps of the solution", "解决步骤", "解決步驟"},             TEXT_PHRASE_MEASURE   },
        {{"Reply and evidence", "答复与依据", "答覆與依據"},          TEXT_PHRASE_REPLY     },
        {{"Moonshine", "月光", "月光"},                                     TEXT_PHRASE_NOTE      },
    };
    static const enum ctl_language languages[LOCALE_COUNT] = {
        [LOCALE_EN] = CTL_EN, [LOCALE_ZH_CN] = CTL_ZH_CN, [LOCALE_ZH_TW] = CTL_ZH_TW};
    struct policy policy = *policy_fixture();
    for (size_t i = 0; i < sizeof rows / sizeof *rows * LOCALE_COUNT; i++) {
        uint64_t seed = i;
        uint64_t again = i;
        char text[CTL_VALUE_MAX];
        char same[CTL_VALUE_MAX];
        const struct policy_title title = {
            {rows[i / 3].titles[0], rows[i / 3].titles[1], rows[i / 3].titles[2]}
        };
        policy.home = (enum locale)(i % 3);
        (void)ctl_phrase(&policy, &title, next, &seed, text);
        assert_string_equal(text, ctl_phrase(&policy, &title, next, &again, same));
        const char *list = ctl_text_in(languages[policy.home], rows[i / 3].texts);
        if (text[0] == '\0' || strchr(text, '|') || !strstr(list, text) ||
            !is_written_in(text, policy.home)) {
            fail_msg("%s: %s", title.text[policy.home], text);
        }
    }
}

static void a_long_text_is_made_of_whole_sentences(void **state)
{
    (void)state;
    uint64_t seed = 7;
    char value[CTL_VALUE_MAX];
    const struct policy_field story = {.type = FORM_TEXT, .has_min = true, .min = 20};
    struct ctl_whim whim = {.random = next, .self = &seed, .phrase = "Looked into."};
    assert_true(ctl_form_invent(&story, &whim, value));
    assert_string_equal(value, "Looked into. Looked into.");
    whim.phrase = "已核对当日全部记录。";
    assert_true(ctl_form_invent(&story, &whim, value));
    assert_string_equal(value, "已核对当日全部记录。已核对当日全部记录。");
}

static void a_reply_has_the_parts_its_policy_asks_for(void **state)
{
    (void)state;
    static const char *const thanks[] = {"感谢"};
    static const struct policy_reply_part parts[] = {
        {.id = "thanks", .title = {{"Thanks", "致谢", "致謝"}}, .count = 1, .phrases = thanks},
    };
    struct policy policy = *policy_fixture();
    char note[CTL_VALUE_MAX];
    policy.home = LOCALE_ZH_CN;
    policy.reply_parts = parts;
    policy.reply_part_count = 1;
    ctl_phrase_reply(&policy, "已换新。", note, sizeof note);
    assert_string_equal(note, "已换新。致谢：感谢。");
}

static void a_form_is_told_in_three_languages(void **state)
{
    (void)state;
    static const enum ctl_language languages[] = {CTL_EN, CTL_ZH_CN, CTL_ZH_TW};
    struct desk desk;
    begin(&desk);
    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++) {
        struct ctl ctl = {.language = languages[i]};
        char name[64];
        char *text = NULL;
        size_t size = 0;
        ctl.out = ctl.err = open_memstream(&text, &size);
        assert_int_equal(ctl_reply_tell(&ctl, &desk.policy, desk.reply, NULL, NULL), CTL_OK);
        (void)fclose(ctl.out);
        (void)snprintf(name, sizeof name, "forms.%s", ctl_language_tag(languages[i]));
        golden_compare(name, text);
    }
    end(&desk);
}

static const json_t *form_of(const json_t *reply, const char *field)
{
    size_t i;
    json_t *form;
    json_array_foreach(json_object_get(reply, "forms"), i, form)
    {
        if (strcmp(json_string_value(json_object_get(form, "field")), field) == 0) {
            return form;
        }
    }
    return NULL;
}

static void json_says_what_has_to_be_filled_in_and_how_far_a_role_goes(void **state)
{
    (void)state;
    struct desk desk;
    begin(&desk);
    const json_t *action = json_array_get(json_object_get(desk.json, "allowed"), 0);
    const json_t *required = json_object_get(action, "required");
    assert_int_equal(json_array_size(json_object_get(action, "needs")), FIELDS);
    assert_int_equal(json_array_size(required), (FIELDS + 1) / 2);
    assert_string_equal(json_string_value(json_array_get(required, 1)), "order");
    const json_t *limit = json_array_get(json_object_get(action, "limits"), 0);
    assert_string_equal(json_string_value(json_object_get(limit, "role")), "handler");
    assert_string_equal(json_string_value(json_object_get(limit, "most")), "2.50");
    assert_int_equal(desk.reply->n_forms, FIELDS + 1); /* each once */
    const json_t *classes = json_object_get(form_of(desk.json, "severity_class"), "choices");
    assert_int_equal(json_array_size(classes), desk.policy.class_count);
    assert_true(json_is_true(json_object_get(form_of(desk.json, "account"), "personal")));
    assert_null(json_object_get(form_of(desk.json, "order"), "personal"));
    assert_null(form_of(desk.json, "nothing"));
    end(&desk);
}

/* Who proposed may not approve, and whose hands are full may not claim: the reply says so of that
 * action, to people and to programs. */
static void what_stands_in_the_way_is_told(void **state)
{
    (void)state;
    struct arena *arena = arena_new(ARENA_SIZE);
    struct dispatch_case held = {.case_id = case_id_make(5, 42),
                                 .received_at_us = 1710727200000000,
                                 .version = 7,
                                 .step = FIXTURE_STEP_APPROVAL,
                                 .queue = FIXTURE_QUEUE_SERVICE,
                                 .last_actor = "li"};
    const struct dispatch_input asker = {.actor = slice_text("li"),
                                         .role = slice_text("supervisor")};
    const struct dispatch_reply told = {.outcome = REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE,
                                        .policy = policy_fixture(),
                                        .state = &held,
                                        .asker = &asker,
                                        .asker_is_full = true,
                                        .allowed = true};
    struct slice bytes = dispatch_reply_pack(&told, arena);
    ctl_reply *reply = redress__command__v1__reply__unpack(NULL, bytes.size, bytes.bytes);
    assert_non_null(reply);
    json_t *json = ctl_reply_json(reply);
    const json_t *approve = json_array_get(json_object_get(json, "allowed"), 0);
    const char *refusal = json_string_value(json_object_get(approve, "refusal"));
    assert_string_equal(refusal ? refusal : "", "same_person");
    static const char *const names[CTL_LANGUAGE_COUNT] = {"act.en", "act.zh-CN", "act.zh-TW"};
    for (unsigned language = 0; language < CTL_LANGUAGE_COUNT; language++) {
        char *text = NULL;
        size_t size = 0;
        struct ctl ctl = {.language = (enum ctl_language)language,
                          .out = open_memstream(&text, &size)};
        assert_int_equal(ctl_reply_tell(&ctl, policy_fixture(), reply, "li", "supervisor"), CTL_OK);
        (void)fclose(ctl.out);
        golden_compare(names[language], text);
    }
    json_decref(json);
    redress__command__v1__reply__free_unpacked(reply, NULL);
    arena_free(&arena);
}

/* All of it for one reason, which is the person: said once, with the name. */
static void a_stranger_is_told_so_once_and_by_name(void **state)
{
    (void)state;
    static const char roles[][POLICY_NAME_MAX] = {"supervisor"};
    static const struct org org = {.role_count = 1, .roles = roles};
    struct arena *arena = arena_new(ARENA_SIZE);
    struct dispatch_case held = {.case_id = case_id_make(5, 42),
                                 .received_at_us = 1710727200000000,
                                 .version = 7,
                                 .step = FIXTURE_STEP_APPROVAL,
                                 .queue = FIXTURE_QUEUE_SERVICE};
    const struct dispatch_input asker = {
        .actor = slice_text("zhao"), .role = slice_text("supervisor"), .org = &org};
    const struct dispatch_reply told = {.outcome = REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE,
                                        .policy = policy_fixture(),
                                        .state = &held,
                                        .asker = &asker,
                                        .allowed = true};
    struct slice bytes = dispatch_reply_pack(&told, arena);
    ctl_reply *reply = redress__command__v1__reply__unpack(NULL, bytes.size, bytes.bytes);
    assert_non_null(reply);
    char *text = NULL;
    size_t size = 0;
    struct ctl ctl = {.language = CTL_ZH_CN, .out = open_memstream(&text, &size)};
    assert_int_equal(ctl_reply_tell(&ctl, policy_fixture(), reply, "zhao", "supervisor"), CTL_OK);
    (void)fclose(ctl.out);
    static const char why[] = "组织中没有此人：zhao";
    const char *first = strstr(text, why);
    assert_non_null(first);
    assert_null(strstr(first + sizeof why - 1, "组织中没有此人"));
    free(text);
    redress__command__v1__reply__free_unpacked(reply, NULL);
    arena_free(&arena);
}

#define DATA(text)                                                                                 \
    {                                                                                              \
        sizeof(text) - 1, (uint8_t *)(uintptr_t)(text)                                             \
    } /* NOLINT */
/* Of two that wait for other things each says its own, by title and by no name of a person. */
static void what_has_to_wait_says_for_what(void **state)
{
    (void)state;
    ProtobufCBinaryData titles[] = {DATA("five days to answer"), DATA("a day to think")};
    Redress__Command__V1__Allowed rows[2], *allowed[2];
    ctl_reply reply = REDRESS__COMMAND__V1__REPLY__INIT;
    for (size_t i = 0; i < 2; i++) {
        rows[i] = (Redress__Command__V1__Allowed)REDRESS__COMMAND__V1__ALLOWED__INIT;
        rows[i].action = (ProtobufCBinaryData)DATA("approve");
        rows[i].has_refusal = 1;
        rows[i].refusal = (ProtobufCBinaryData)DATA("too_early");
        rows[i].n_lacking_title = 1;
        rows[i].lacking_title = &titles[i];
        allowed[i] = &rows[i];
    }
    reply.outcome = REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE;
    reply.n_allowed = 2;
    reply.allowed = allowed;
    char *text = NULL;
    size_t size = 0;
    struct ctl ctl = {.out = open_memstream(&text, &size)};
    assert_int_equal(ctl_reply_tell(&ctl, policy_fixture(), &reply, "li", "handler"), CTL_OK);
    (void)fclose(ctl.out);
    assert_non_null(strstr(text, "not yet: five days to answer\n"));
    assert_non_null(strstr(text, "not yet: a day to think\n"));
    free(text);
}

/* All that li reads who is refused like that on a case of the holder's.  Owned. */
static char *
refused_says(const char *holder, const char *code, const struct dispatch_reason *reason)
{
    struct arena *arena = arena_new(ARENA_SIZE);
    struct dispatch_case held = {
        .case_id = case_id_make(5, 42), .version = 7, .queue = POLICY_NONE};
    (void)snprintf(held.agent, sizeof held.agent, "%s", holder);
    const struct dispatch_input asker = {.actor = slice_text("li"), .role = slice_text("handler")};
    const struct dispatch_reply told = {.outcome = REDRESS__COMMAND__V1__OUTCOME__OUTCOME_REFUSED,
                                        .code = code,
                                        .reason = reason,
                                        .policy = policy_fixture(),
                                        .state = &held,
                                        .asker = &asker,
                                        .allowed = true};
    struct slice bytes = dispatch_reply_pack(&told, arena);
    ctl_reply *reply = redress__command__v1__reply__unpack(NULL, bytes.size, bytes.bytes);
    assert_non_null(reply);
    assert_true(reply->n_allowed > 0);
    char *text = NULL;
    size_t size = 0;
    struct ctl ctl = {.err = open_memstream(&text, &size)};
    ctl.out = ctl.err;
    assert_int_not_equal(ctl_reply_tell(&ctl, policy_fixture(), reply, "li", "handler"), CTL_OK);
    ctl_reply_allowed(&ctl, policy_fixture(), reply, "li");
    (void)fclose(ctl.err);
    redress__command__v1__reply__free_unpacked(reply, NULL);
    arena_free(&arena);
    return text;
}

/* The list of what may be done is long, and beneath what was asked for and why not: it fails where
 * the list is put before. */
static void the_reason_of_a_refusal_is_said_first(void **state)
{
    (void)state;
    const struct dispatch_reason reason = {.about = slice_text("mei")};
    char *text = refused_says("mei", "not_holder", &reason);
    const char *list = strstr(text, "others may:");
    const char *why = strstr(text, "refused (not_holder): the case is with mei");
    assert_non_null(list);
    assert_non_null(why);
    assert_true(why < list);
    assert_true(strchr(text, '\n') > why); /* the first line of all */
    free(text);
}

/* What may be done stands in the reply, but the one line is what is looked for. */
static void what_was_filled_in_wrongly_is_told_without_the_list(void **state)
{
    (void)state;
    const struct dispatch_reason reason = {.about = slice_text("cause")};
    char *text = refused_says("li", "field_missing", &reason);
    assert_non_null(strstr(text, "refused (field_missing): not filled in: cause"));
    /* out of a queue nobody knows which case it is */
    assert_non_null(strstr(text, "; case 700101-"));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    free(text);
}

/* It fails where a version that never was is told as one that has passed. */
static void which_version_was_given_is_told_and_which_the_case_has(void **state)
{
    (void)state;
    static const struct {
        uint32_t given;
        const char *says;
    } rows[] = {
        {99, "(version): the case has no version 99 yet: it is at version 7;"                  },
        {3,  "(version): it was decided on version 3, and the case is at version 7: look at it"},
        {0,  "(version): the case has moved on; look at it again;"                             },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct dispatch_refusal refused = {
            .answer = DISPATCH_VERSION,
            .policy = policy_fixture(),
            .state = &(struct dispatch_case){0},
            .input = &(struct dispatch_input){.expected_version = rows[i].given}};
        const struct dispatch_reason reason = dispatch_reason_of(&refused);
        char *text = refused_says("li", "version", &reason);
        assert_non_null(strstr(text, rows[i].says));
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_made_up_is_accepted),
        cmocka_unit_test(what_cannot_be_is_not_made_up),
        cmocka_unit_test(sentences_are_of_the_policy_s_language_and_fit_the_title),
        cmocka_unit_test(a_long_text_is_made_of_whole_sentences),
        cmocka_unit_test(a_reply_has_the_parts_its_policy_asks_for),
        cmocka_unit_test(a_form_is_told_in_three_languages),
        cmocka_unit_test(what_stands_in_the_way_is_told),
        cmocka_unit_test(a_stranger_is_told_so_once_and_by_name),
        cmocka_unit_test(what_has_to_wait_says_for_what),
        cmocka_unit_test(the_reason_of_a_refusal_is_said_first),
        cmocka_unit_test(what_was_filled_in_wrongly_is_told_without_the_list),
        cmocka_unit_test(which_version_was_given_is_told_and_which_the_case_has),
        cmocka_unit_test(json_says_what_has_to_be_filled_in_and_how_far_a_role_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
