/*
 * Goal: whatever the daemons refuse is told to people in their own language, and programs get the
 * same as code and parts.  Method: every answer the core, the shell and intake know is looked up in
 * the catalogue, and every text of the catalogue is some answer's; refusals go over the wire as
 * dispatch packs them and are told in three languages.
 */
#include "ctl_refusal.h"

#include "case_number.h"
#include "ctl_hint.h"
#include "ctl_names.h"
#include "dispatch_wire.h"
#include "intake_core.h"
#include "policy_fixture.h"
#include "scope.h"
#include "unit.h"

#include <time.h>

enum { ARENA_SIZE = 1 << 20, CODES_MAX = DISPATCH_ANSWER_COUNT + DESK_REFUSAL_COUNT };

static unsigned codes_read(const char *codes[CODES_MAX])
{
    unsigned count = 0;
    for (int i = 0; i < DISPATCH_ANSWER_COUNT; i++) {
        if (i != DISPATCH_APPEND) {
            codes[count++] = dispatch_answer_code((enum dispatch_answer)i);
        }
    }
    for (int i = 0; i < DESK_REFUSAL_COUNT; i++) {
        codes[count++] = desk_refusal_code((enum desk_refusal)i);
    }
    return count;
}

static void every_refusal_has_its_text(void **state)
{
    (void)state;
    const char *codes[CODES_MAX];
    unsigned count = codes_read(codes);
    for (unsigned i = 0; i < count; i++) {
        if (!codes[i] || ctl_refusal_text(slice_text(codes[i])) == CTL_TEXT_COUNT) {
            fail_msg("no text for the refusal %s", codes[i] ? codes[i] : "without a code");
        }
    }
    for (unsigned reason = INTAKE_NO_REASON + 1; reason < INTAKE_REASON_COUNT; reason++) {
        if (ctl_submit_text(reason) == CTL_TEXT_COUNT || ctl_submit_text(reason) == 0) {
            fail_msg("no text for intake's reason %u", reason);
        }
    }
    assert_int_equal(ctl_refusal_text(slice_text("of_a_later_release")), CTL_TEXT_COUNT);
    assert_int_equal(ctl_submit_text(INTAKE_REASON_COUNT), CTL_TEXT_COUNT);
}

static void every_text_is_of_some_refusal(void **state)
{
    (void)state;
    static const char before[] = "REFUSED_";
    const char *codes[CODES_MAX];
    unsigned count = codes_read(codes);
    for (int id = 0; id < CTL_TEXT_COUNT; id++) {
        const char *name = ctl_text_name((enum ctl_text)id);
        bool meant = strncmp(name, before, sizeof before - 1) != 0;
        for (unsigned i = 0; i < count && !meant; i++) {
            meant = (int)ctl_refusal_text(slice_text(codes[i])) == id;
        }
        if (!meant) {
            fail_msg("%s is the text of nothing that is refused", name);
        }
    }
}

/* The reply as it comes off the wire; to be freed with free_unpacked. */
static ctl_reply *sent(const struct dispatch_reason *reason, const char *code, struct arena *arena)
{
    const struct dispatch_reply told = {.outcome = REDRESS__COMMAND__V1__OUTCOME__OUTCOME_REFUSED,
                                        .code = code,
                                        .text = "in English",
                                        .reason = reason};
    struct slice bytes = dispatch_reply_pack(&told, arena);
    ctl_reply *reply = redress__command__v1__reply__unpack(NULL, bytes.size, bytes.bytes);
    assert_non_null(reply);
    return reply;
}

static void assert_says(enum ctl_language language, const ctl_reply *reply, const char *expected)
{
    char said[CTL_REFUSAL_MAX];
    struct ctl ctl = {.language = language};
    const struct ctl_refusal refusal = ctl_refusal_of(policy_fixture(), reply);
    assert_string_equal(ctl_refusal_say(&ctl, &refusal, said), expected);
}

static void a_refusal_says_what_is_lacking_and_who_may(void **state)
{
    (void)state;
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_SIZE);
    static const struct policy_title title = {
        .text = {"The refund is decided", "退费已核定", "退費已核定"}
    };
    static const struct policy_field rules = {.id = "amount",
                                              .type = FORM_MONEY,
                                              .has_max = true,
                                              .max = 5000000,
                                              .decimals = 2,
                                              .unit = "CNY"};
    const struct dispatch_reason lacking = {
        .about = slice_text("refunded"), .title = &title, .policy = policy_fixture(), .roles = 3};
    ctl_reply *reply = sent(&lacking, "requirement", arena);
    assert_says(
        CTL_EN, reply, "required: The refund is decided (refunded); who may: handler, supervisor");
    assert_says(CTL_ZH_CN, reply, "须满足：退费已核定（refunded）；有权者：handler、supervisor");
    assert_says(CTL_ZH_TW, reply, "須滿足：退費已核定（refunded）；有權者：handler、supervisor");
    redress__command__v1__reply__free_unpacked(reply, NULL);
    static const struct policy_title manager = {
        .text = {"Manager", "经理", "經理"}
    };
    const struct dispatch_reason unheld = {.about = slice_text("manager"), .title = &manager};
    reply = sent(&unheld, "role_unheld", arena);
    assert_says(CTL_EN, reply, "nobody of the organisation has this role: Manager (manager)");
    assert_says(CTL_ZH_CN, reply, "组织中无人担任此角色：经理（manager）");
    assert_says(CTL_ZH_TW, reply, "組織中無人擔任此角色：經理（manager）");
    redress__command__v1__reply__free_unpacked(reply, NULL);
    const struct dispatch_reason value = {.about = slice_text("amount"),
                                          .field = "amount",
                                          .rules = &rules,
                                          .value = slice_text("9000")};
    reply = sent(&value, "field_invalid", arena);
    assert_says(CTL_ZH_CN,
                reply,
                "填写的内容不符合要求：amount；所填为“9000”；可填：金额，不大于 500.00，单位 CNY");
    redress__command__v1__reply__free_unpacked(reply, NULL);
}

/* What the field may hold is not what was passed; it fails where the range of the field is told. */
static void who_may_not_decide_so_much_is_told_how_much_and_who_may(void **state)
{
    (void)state;
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_SIZE);
    static const struct policy_field rules = {
        .id = "amount", .type = FORM_MONEY, .has_min = true, .decimals = 2, .unit = "CNY"};
    static const struct policy_limit limit = {.most = 2000000};
    const struct dispatch_reason more = {.about = slice_text("amount"),
                                         .field = "amount",
                                         .rules = &rules,
                                         .limit = &limit,
                                         .policy = policy_fixture(),
                                         .roles = 2,
                                         .value = slice_text("500")};
    ctl_reply *reply = sent(&more, "limit", arena);
    assert_says(CTL_EN,
                reply,
                "more than your role may decide: amount; it was \"500\"; allowed: an amount, 0.00 "
                "to 200.00, in CNY; who may: supervisor");
    assert_says(CTL_ZH_CN,
                reply,
                "超出您的权限：amount；所填为“500”；可填：金额，0.00 至 200.00，单位 CNY；"
                "有权者：supervisor");
    redress__command__v1__reply__free_unpacked(reply, NULL);
    assert_non_null(strstr(dispatch_refusal_tell(DISPATCH_LIMIT, &more, arena),
                           "who may: supervisor; allowed: an amount from 0.00 to 200.00 CNY"));
}

/* "Founded first" of what may only be done where it is not would say the opposite; it fails where
 * nothing is said of the value, and where yes and no are exchanged. */
static void what_a_field_has_to_be_is_told_where_its_title_does_not_say_it(void **state)
{
    (void)state;
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_SIZE);
    static const struct policy_choice causes[] = {
        {.id = "ours",    .title = {{"Ours", "我方", "我方"}}    },
        {.id = "theirs",  .title = {{"Theirs", "对方", "對方"}}  },
        {.id = "nobodys", .title = {{"Nobody's", "无人", "無人"}}},
    };
    static const struct policy_field fields[] = {
        {.id = "founded",     .title = {{"Founded", "属实", "屬實"}}, .type = FORM_FLAG},
        { .id = "cause",
         .title = {{"Cause", "原因", "原因"}},
         .type = FORM_CHOICE,
         .choices = causes,
         .choice_count = 3},
    };
    struct policy policy = *policy_fixture();
    policy.fields = fields;
    policy.field_count = 2;
    static const struct {
        struct policy_compare compare;
        const char *says[CTL_LANGUAGE_COUNT];
    } rows[] = {
        {{.field = 0, .choices = 1},
         {"required: Founded (founded) has to be no",
          "须满足：属实（founded）须为否（no）",
          "須滿足：屬實（founded）須為否（no）"}                         },
        {{.field = 0, .choices = 2},
         {"required: Founded (founded) has to be yes",
          "须满足：属实（founded）须为是（yes）",
          "須滿足：屬實（founded）須為是（yes）"}                        },
        {{.field = 1, .choices = 5},
         {"required: Cause (cause) has to be Ours (ours) or Nobody's (nobodys)",
          "须满足：原因（cause）须为我方（ours）或无人（nobodys）",
          "須滿足：原因（cause）須為我方（ours）或無人（nobodys）"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct policy_field *field = &fields[rows[i].compare.field];
        const struct dispatch_reason lacking = {.about = slice_text(field->id),
                                                .title = &field->title,
                                                .policy = &policy,
                                                .wanted = &rows[i].compare};
        ctl_reply *reply = sent(&lacking, "requirement", arena);
        const struct ctl_refusal refusal = ctl_refusal_of(&policy, reply);
        for (enum ctl_language language = 0; language < CTL_LANGUAGE_COUNT; language++) {
            char said[CTL_REFUSAL_MAX];
            const struct ctl ctl = {.language = language};
            assert_string_equal(ctl_refusal_say(&ctl, &refusal, said), rows[i].says[language]);
        }
        redress__command__v1__reply__free_unpacked(reply, NULL);
    }
}

/* A category is not any text, whatever type the policy's field of that name has. */
static void what_there_is_to_choose_from_is_told_and_what_is_near(void **state)
{
    (void)state;
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_SIZE);
    static const struct policy_field text = {.id = "category", .type = FORM_TEXT};
    const struct dispatch_reason wrong = {.about = slice_text("category"),
                                          .field = "category",
                                          .rules = &text,
                                          .policy = policy_fixture(),
                                          .value = slice_text("qualty")};
    ctl_reply *reply = sent(&wrong, "field_invalid", arena);
    assert_says(CTL_EN,
                reply,
                "the value cannot be taken: category; it was \"qualty\"; allowed: quality, late, "
                "damaged, leaking, attitude, safety, other; did you mean \"quality\"?");
    assert_says(CTL_ZH_TW,
                reply,
                "填寫的內容不符合要求：category；所填為「qualty」；可填：quality、late、damaged、"
                "leaking、attitude、safety、other；是否想用「quality」？");
    redress__command__v1__reply__free_unpacked(reply, NULL);
    const struct dispatch_reason missing = {
        .about = slice_text("category"), .field = "category", .policy = policy_fixture()};
    reply = sent(&missing, "field_missing", arena);
    assert_says(
        CTL_ZH_CN,
        reply,
        "必填项未填：category；可填：quality、late、damaged、leaking、attitude、safety、other");
    redress__command__v1__reply__free_unpacked(reply, NULL);
}

/* Waiting for it, or filling it in, would be of no use. */
static void a_promise_of_a_due_time_that_has_passed_is_told_as_such(void **state)
{
    (void)state;
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_SIZE);
    const struct dispatch_reason due = {.about = slice_text("due:acknowledge")};
    ctl_reply *reply = sent(&due, "text_unready", arena);
    assert_says(
        CTL_ZH_CN,
        reply,
        "文本承诺“acknowledge”的到期时间，而它已无将来的到期时间（已超时、已完成、暂停或尚未"
        "起算）；请改用 --note 另写");
    redress__command__v1__reply__free_unpacked(reply, NULL);
    const struct dispatch_reason field = {.about = slice_text("cause")};
    reply = sent(&field, "text_unready", arena);
    assert_says(CTL_EN, reply, "the text needs a value it has not got yet: cause");
    redress__command__v1__reply__free_unpacked(reply, NULL);
}

static void a_time_is_told_with_its_zone(void **state)
{
    (void)state;
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_SIZE);
    (void)setenv("TZ", "Asia/Shanghai", 1);
    tzset();
    const struct dispatch_reason away = {.about = slice_text("王明"),
                                         .until_us = INT64_C(1793952000000000)};
    ctl_reply *reply = sent(&away, "on_leave", arena);
    assert_says(CTL_ZH_TW, reply, "正在休假：王明，至 2026-11-06 16:00:00 CST (UTC+08:00)");
    redress__command__v1__reply__free_unpacked(reply, NULL);
    const struct dispatch_reason skill = {
        .about = slice_text("german"), .level = 3, .until_us = INT64_MAX};
    reply = sent(&skill, "skill_lacking", arena);
    assert_says(CTL_EN, reply, "the case asks for a skill: german, level 3");
    redress__command__v1__reply__free_unpacked(reply, NULL);
    const struct dispatch_reason again = {.about = slice_text("root-cause"),
                                          .counted = 2,
                                          .at_most = 1,
                                          .since_us = 1710727200000000};
    reply = sent(&again, "same_cause", arena);
    assert_says(CTL_EN,
                reply,
                "the same cause was complained of again: root-cause, 2 registered since "
                "2024-03-18 10:00:00 CST (UTC+08:00), 1 at most");
    assert_says(CTL_ZH_CN,
                reply,
                "同一原因又有投诉：root-cause，自 2024-03-18 10:00:00 CST (UTC+08:00) 起登记 2 件，"
                "至多 1 件");
    redress__command__v1__reply__free_unpacked(reply, NULL);
}

/* An act on a case of the fixture in investigation that is refused like that; what is said after.
 */
static void assert_hints(const char *agent,
                         const char *code,
                         const struct ctl_command *command,
                         const struct dispatch_reason *reason,
                         const char *expected)
{
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_SIZE);
    struct dispatch_case state = {.case_id = case_id_make(5, 42),
                                  .received_at_us = 1710727200000000,
                                  .version = 7,
                                  .step = FIXTURE_STEP_INVESTIGATION,
                                  .queue = agent[0] ? POLICY_NONE : FIXTURE_QUEUE_SERVICE};
    (void)snprintf(state.agent, sizeof state.agent, "%s", agent);
    const struct dispatch_input asker = {.actor = slice_text(command->actor),
                                         .role = slice_text(command->role)};
    const struct dispatch_reply told = {.outcome = REDRESS__COMMAND__V1__OUTCOME__OUTCOME_REFUSED,
                                        .code = code,
                                        .reason = reason,
                                        .policy = policy_fixture(),
                                        .state = &state,
                                        .asker = &asker,
                                        .allowed = true};
    struct slice bytes = dispatch_reply_pack(&told, arena);
    ctl_reply *reply = redress__command__v1__reply__unpack(NULL, bytes.size, bytes.bytes);
    assert_non_null(reply);
    char *said = NULL;
    size_t size = 0;
    struct ctl ctl = {.language = CTL_EN, .out = stdout, .err = open_memstream(&said, &size)};
    ctl_hint(&ctl, policy_fixture(), reply, command);
    (void)fclose(ctl.err);
    assert_string_equal(said, expected);
    free(said);
    redress__command__v1__reply__free_unpacked(reply, NULL);
}

static void a_case_nobody_holds_is_not_with_somebody_else(void **state)
{
    (void)state;
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_SIZE);
    const struct ctl_command act = {.actor = "li", .role = "handler", .action = "note"};
    const struct ctl_command other = {.actor = "li", .role = "supervisor", .action = "note"};
    assert_hints("",
                 "not_holder",
                 &act,
                 NULL,
                 "to take it: redress act 240318-2722-3CN claim --as li --role handler\n");
    assert_hints("",
                 "not_holder",
                 &other,
                 NULL,
                 "to take it: redress act 240318-2722-3CN claim --as PERSON --role handler\n");
    assert_hints("wang", "not_holder", &act, NULL, "");
    assert_hints("wang",
                 "not_holder",
                 &other,
                 NULL,
                 "to move it all the same: redress act 240318-2722-3CN hand_over --as li --role "
                 "supervisor\n");
    /* who holds it may be called like a mark or a field */
    const struct dispatch_refusal refused = {.answer = DISPATCH_NOT_HOLDER,
                                             .field = slice_text("category"),
                                             .policy = policy_fixture(),
                                             .state = &(struct dispatch_case){0},
                                             .input = &(struct dispatch_input){0}};
    const struct dispatch_reason held = dispatch_reason_of(&refused);
    ctl_reply *reply = sent(&held, "not_holder", arena);
    assert_says(CTL_ZH_CN, reply, "案件由category处理：须由其办理，或由其退回队列（release）");
    redress__command__v1__reply__free_unpacked(reply, NULL);
    char said[CTL_REFUSAL_MAX];
    const struct ctl ctl = {.language = CTL_ZH_CN};
    const struct ctl_refusal nobody = {.code = slice_text("not_holder"), .nobody = true};
    assert_string_equal(ctl_refusal_say(&ctl, &nobody, said), "案件目前无人处理，须先领取");
}

static void a_word_that_was_mistyped_is_told_with_those_near_it(void **state)
{
    (void)state;
    const struct ctl_command typed = {.actor = "li", .role = "handler", .action = "propse"};
    const struct ctl_command early = {.actor = "li", .role = "handler", .action = "approve"};
    const struct ctl_command filled = {.actor = "li", .role = "handler", .action = "propose"};
    const struct dispatch_reason field = {.about = slice_text("remdy")};
    assert_hints("li",
                 "action_unknown",
                 &typed,
                 NULL,
                 "this step has no action \"propse\"; did you mean \"propose\"?\n");
    const struct ctl_command far = {.actor = "li", .role = "handler", .action = "zzzzzzzzz"};
    assert_hints("li",
                 "action_unknown",
                 &far,
                 NULL,
                 "this step has no action \"zzzzzzzzz\"; there are: acknowledge, reclassify, "
                 "contain, propose, hand_over, reject, note, withdraw, claim, release\n");
    assert_hints("li",
                 "action_unknown",
                 &early,
                 NULL,
                 "\"approve\" is an action of another step: approval\n");
    assert_hints("li",
                 "field_unknown",
                 &filled,
                 &field,
                 "the action has no field \"remdy\"; did you mean \"remedy\"?\n");
}

/* It fails where a mistyped number is told as one nobody has, or a case's own as mistyped. */
static void of_another_case_it_is_told_what_is_wrong_with_its_number(void **state)
{
    (void)state;
    struct ctl_command merge = {.actor = "li", .role = "handler", .action = "merge"};
    assert_true(case_number_parse(slice_text("240318-2722-3CN"), &merge.case_id));
    static const struct {
        const char *value, *says;
    } rows[] = {
        {"240318-2722-3CX",
         "\"240318-2722-3CX\" is no case number: read it again, a character is wrong or two are "
         "swapped\n"                                                                        },
        {"240318",          "\"240318\" is no case number; one looks like 261122-2322-2CN\n"},
        {"240318-2722-3CN", "240318-2722-3CN is this case itself: name the other one\n"     },
        {"261122-2322-2CN", "there is no case 261122-2322-2CN\n"                            },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct dispatch_reason wrong = {.about = slice_text("case"),
                                              .value = slice_text(rows[i].value)};
        assert_hints("li", "field_invalid", &merge, &wrong, rows[i].says);
    }
    const struct dispatch_reason other = {.about = slice_text("cause"),
                                          .value = slice_text("240318-2722-3CX")};
    assert_hints("li", "field_invalid", &merge, &other, "");
}

static void what_was_not_filled_in_is_told_as_it_is_typed(void **state)
{
    (void)state;
    struct ctl_command bare = {.actor = "li", .role = "handler", .action = "propose"};
    const struct dispatch_reason field = {.about = slice_text("remedy")};
    assert_hints(
        "li", "field_missing", &bare, &field, "to fill it in: --field cause=… --field remedy=…\n");
    bare.fields[bare.field_count++].name = "cause";
    assert_hints("li", "field_missing", &bare, &field, "to fill it in: --field remedy=…\n");
}

/* There is no archive here to look names up in: for a stranger nobody tries. */
static void a_stranger_is_not_told_who_works_here(void **state)
{
    (void)state;
    const struct ctl_command stranger = {.actor = "wnag", .role = "handler", .action = "note"};
    const struct dispatch_reason himself = {.about = slice_text("wnag")};
    assert_hints("li", "person_unknown", &stranger, &himself, "");
}

static void what_a_later_release_answers_is_told_as_it_came(void **state)
{
    (void)state;
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_SIZE);
    const struct dispatch_reason nothing = {.level = 0};
    ctl_reply *reply = sent(&nothing, "of_a_later_release", arena);
    assert_says(CTL_ZH_CN, reply, "in English");
    redress__command__v1__reply__free_unpacked(reply, NULL);
    char said[CTL_REFUSAL_MAX];
    const struct ctl ctl = {.language = CTL_ZH_CN};
    struct ctl_verdict verdict = {.reason = INTAKE_REASON_COUNT, .allowed = "one of web, phone"};
    assert_string_equal(ctl_submit_say(&ctl, &verdict, said), "one of web, phone");
    verdict.reason = INTAKE_LONG;
    verdict.limit = 512;
    assert_string_equal(ctl_submit_say(&ctl, &verdict, said),
                        "须为不超过 512 字节的 UTF-8 文本，不含 NUL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_refusal_has_its_text),
        cmocka_unit_test(every_text_is_of_some_refusal),
        cmocka_unit_test(a_refusal_says_what_is_lacking_and_who_may),
        cmocka_unit_test(who_may_not_decide_so_much_is_told_how_much_and_who_may),
        cmocka_unit_test(what_a_field_has_to_be_is_told_where_its_title_does_not_say_it),
        cmocka_unit_test(what_there_is_to_choose_from_is_told_and_what_is_near),
        cmocka_unit_test(a_promise_of_a_due_time_that_has_passed_is_told_as_such),
        cmocka_unit_test(a_time_is_told_with_its_zone),
        cmocka_unit_test(a_case_nobody_holds_is_not_with_somebody_else),
        cmocka_unit_test(a_word_that_was_mistyped_is_told_with_those_near_it),
        cmocka_unit_test(of_another_case_it_is_told_what_is_wrong_with_its_number),
        cmocka_unit_test(what_was_not_filled_in_is_told_as_it_is_typed),
        cmocka_unit_test(a_stranger_is_not_told_who_works_here),
        cmocka_unit_test(what_a_later_release_answers_is_told_as_it_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
