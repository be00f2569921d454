/*
 * A case as `redress show` tells it, and the board as `redress top` draws it.
 *
 * Goal: what stands in the journal can be read by people in three languages, and a deadline
 * explains itself (law 12) without any sealed byte coming out (law 10).  Method: events encoded as
 * the daemons encode them, read back from their bytes, and the whole text compared with files of
 * tests/unit/ctl.
 */
#include "ctl_case.h"

#include "ctl_account.h"
#include "ctl_board.h"
#include "ctl_draft.h"
#include "ctl_golden.h"
#include "ctl_story.h"
#include "ctl_table.h"
#include "policy_fixture.h"

#include <locale.h>
#include <time.h>

static void a_case_is_told_in_three_languages(void **state)
{
    (void)state;
    for (size_t i = 0; i < STORY_LANGUAGES; i++) {
        struct story story;
        char name[64];
        story_begin(&story, story_languages[i]);
        story_tell_arrival(&story);
        story_tell_life(&story);
        case_fold(&story.view);
        (void)snprintf(name, sizeof name, "case.%s", ctl_language_tag(story_languages[i]));
        golden_compare(name, story_shown(&story));
        story_end(&story);
    }
}

/* What was filled in, as an auditor of that language reads it. */
static void amounts_days_and_ids_are_written_as_the_language_writes_them(void **state)
{
    (void)state;
    static const struct policy_field fields[] = {
        {.id = "refund",     .type = FORM_MONEY, .unit = "CNY"},
        {.id = "loss",                  .type = FORM_MONEY,                         .unit = "XAU"},
        {.id = "on",     .type = FORM_DATE},
        {.id = "sound",.type = FORM_FLAG                },
    };
    struct policy policy = *policy_fixture();
    policy.fields = fields;
    policy.field_count = sizeof fields / sizeof *fields;
    static const struct {
        const char *name, *value, *in[CTL_LANGUAGE_COUNT];
    } rows[] = {
  /* clang-format off */
        {"refund", "1234567.50", {"CNY 1,234,567.50", "1,234,567.50 元", "人民幣 1,234,567.50 元"}},
        {"refund", "-999", {"CNY -999", "-999 元", "人民幣 -999 元"}},
        {"loss", "1000", {"1,000 XAU", "1,000 XAU", "1,000 XAU"}},
        {"on", "2026-02-08", {"2026-02-08", "2026年02月08日", "2026年02月08日"}},
        {"on", "soon", {"soon", "soon", "soon"}},
        {"sound", "no", {"no", "否", "否"}},
  /* clang-format on */
    };
    const struct event_advanced advanced = {.version = 1};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (unsigned language = 0; language < CTL_LANGUAGE_COUNT; language++) {
            const struct ctl ctl = {.language = (enum ctl_language)language};
            const struct event_field told = {.name = slice_text(rows[i].name),
                                             .value = slice_text(rows[i].value)};
            char said[VIEW_TEXT_MAX];
            assert_string_equal(case_field_value(&ctl, &policy, &advanced, &told, said),
                                rows[i].in[language]);
        }
    }
    const struct event_field sealed = {.name = slice_text("sum"), .sealed = slice_text("\x01")};
    const struct ctl english = {.language = CTL_EN};
    char there[VIEW_TEXT_MAX];
    assert_string_equal(case_field_value(&english, &policy, &advanced, &sealed, there), "sealed");
    char said[VIEW_TEXT_MAX];
    const struct ctl ctl = {.language = CTL_ZH_CN};
    assert_string_equal(case_because(&ctl, slice_text("several_categories"), said),
                        "文中符合多个类别");
    assert_string_equal(case_because(&ctl, slice_text("later"), said), "later");
}

static void nothing_sealed_and_no_escape_comes_out(void **state)
{
    (void)state;
    struct story story;
    story_begin(&story, CTL_EN);
    story_tell_arrival(&story);
    story_tell_life(&story);
    case_fold(&story.view);
    char *out = story_shown(&story);
    assert_null(strstr(out, "SEALED"));
    assert_null(strchr(out, '\033'));
    free(out);
    json_t *json = case_json(&story.view);
    out = json_dumps(json, 0);
    assert_null(strstr(out, "SEALED"));
    assert_non_null(strstr(out, "\"note_sealed\": true"));
    free(out);
    json_decref(json);
    story_end(&story);
}

/* A form says what whoever filled it in liked; a terminal must not do it. */
static void a_draft_commands_no_terminal(void **state)
{
    (void)state;
    static const struct policy_text told = {
        .id = "told", .says = {.text = {"It was {cause}.", "{cause}。", "{cause}。"}}};
    struct policy_step steps[FIXTURE_STEP_INVESTIGATION + 1];
    struct policy policy = *policy_fixture();
    struct story story;
    story_begin(&story, CTL_EN);
    story_tell_arrival(&story);
    case_fold(&story.view);
    memcpy(steps, policy.steps, sizeof steps);
    struct policy_step *step = &steps[story.view.state.step];
    step->actions[policy_action_index(step, slice_text("propose"))].texts = 1;
    policy.texts = &told;
    policy.text_count = 1;
    policy.steps = steps;
    story.view.policy = &policy;
    const struct ctl_command command = {
        .action = "propose",
        .text = "told",
        .text_language = "en",
        .fields = {{"cause", slice_text("\033]0;a\a\nLi\xc2\x9b\x9b")}},
        .field_count = 1};
    char said[64] = "";
    story.ctl.out = fmemopen(said, sizeof said, "w");
    assert_non_null(story.ctl.out);
    assert_int_equal(ctl_draft_show(&story.ctl, &story.view, &command), CTL_OK);
    (void)fclose(story.ctl.out);
    assert_string_equal(said, "It was ?]0;a?\nLi??.\n");
    story_end(&story);
}

static void story_tell_clock(
    struct story *story, int64_t at_us, int64_t due_us, enum service_id cause, uint64_t cause_seq)
{
    story_tell(story,
               (struct event){
                   .kind = EVENT_CLOCKS_RETARGETED,
                   .at_us = at_us,
                   .cause_service = cause,
                   .cause_seq = cause_seq,
                   .clocks = {.policy_id = FIXTURE_POLICY_ID,
                              .count = 1,
                              .clocks = {story_clock("handling", story_at(5, 17, 0), due_us)}}
    });
}

/* The watchdog's host is nine minutes ahead.  Planted: clocks taken in the order of their times;
 * all later ones taken as well; those that followed from this event, too; none that followed from
 * triage. */
static void a_text_promises_what_was_known_whichever_host_is_ahead(void **state)
{
    (void)state;
    static const struct policy_text told = {
        .id = "told",
        .says = {.text = {"By {due:handling}.", "{due:handling}。", "{due:handling}。"}}};
    struct policy_step steps[FIXTURE_STEP_INVESTIGATION + 1];
    struct policy policy = *policy_fixture();
    struct story story;
    story_begin(&story, CTL_EN);
    memcpy(steps, policy.steps, sizeof steps);
    struct policy_step *step = &steps[FIXTURE_STEP_INVESTIGATION];
    step->actions[policy_action_index(step, slice_text("note"))].texts = 1;
    policy.texts = &told;
    policy.text_count = 1;
    policy.steps = steps;
    story.view.policy = &policy;
    story_tell_arrival(&story);
    struct event noted = {
        .kind = EVENT_NOTED,
        .at_us = story_at(8, 9, 0),
        .advanced = {.action = slice_text("note"),
                     .from_step = slice_text("investigation"),
                     .to_step = slice_text("investigation"),
                     .actor = slice_text("wang"),
                     .role = slice_text("handler"),
                     .priority = 2,
                     .text = slice_text("told"),
                     .text_language = slice_text("en"),
                     .policy_id = FIXTURE_POLICY_ID,
                     .channel = slice_text("mail")}
    };
    static const char *const said[] = {
        "By 10 June 2026, 17:00.", "By 11 June 2026, 17:00.", "By 12 June 2026, 17:00."};
    story_tell_clock(&story, story_at(8, 9, 9), story_at(10, 17, 0), SERVICE_TRIAGE, 1);
    for (uint32_t i = 0; i < 3; i++) { /* each is the cause of a new due time */
        noted.advanced.version = 2 + i;
        noted.at_us = story_at(8, 9, (int)i);
        story_tell(&story, noted);
        story_tell_clock(&story,
                         story_at(8, 9, 10 + (int)i),
                         story_at(11 + (int)i, 17, 0),
                         SERVICE_DISPATCH,
                         2 + i);
    }
    case_fold(&story.view);
    uint32_t found = 0;
    for (uint32_t i = 0; i < story.view.event_count && found < 3; i++) {
        const struct slice text = story.view.said[i];
        if (story.view.events[i].kind == EVENT_NOTED) {
            char line[64];
            (void)snprintf(line, sizeof line, "%.*s", (int)text.size, (const char *)text.bytes);
            assert_string_equal(line, said[found++]);
        }
    }
    assert_int_equal(found, 3);
    story_end(&story);
}

static void every_kind_of_event_and_every_outcome_has_words_of_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < STORY_LANGUAGES; i++) {
        const struct ctl ctl = {.language = story_languages[i]};
        const char *told[EVENT_KIND_COUNT] = {0};
        for (int kind = 1; kind < EVENT_KIND_COUNT; kind++) {
            told[kind] = event_kind_name((enum event_kind)kind)
                             ? case_kind_text(&ctl, (enum event_kind)kind)
                             : NULL;
            for (int other = 1; told[kind] && other < kind; other++) {
                assert_true(!told[other] || strcmp(told[kind], told[other]) != 0);
            }
        }
        for (int ended = OUTCOME_SETTLED; ended < OUTCOME_COUNT; ended++) {
            const char *id = policy_outcome_name((enum case_outcome)ended);
            assert_ptr_not_equal(case_outcome_text(&ctl, id), id);
        }
        assert_string_equal(case_outcome_text(&ctl, ""), "");
    }
}

static void a_merge_is_told_with_its_outcome_and_an_offer_with_whom_it_is_for(void **state)
{
    (void)state;
    const struct ctl ctl = {.language = CTL_EN};
    char *line = NULL;
    size_t size = 0;
    struct event event = {
        .service = SERVICE_DISPATCH,
        .kind = EVENT_MERGED,
        .advanced = {.actor = slice_text("wang"), .outcome = OUTCOME_DUPLICATE}
    };
    FILE *to = open_memstream(&line, &size);
    case_event_print(&ctl, to, NULL, &event);
    (void)fclose(to);
    assert_string_equal(line, "wang · outcome: duplicate");
    free(line);
    event.kind = EVENT_OFFERED;
    event.advanced.outcome = OUTCOME_NONE;
    event.advanced.agent = slice_text("li");
    to = open_memstream(&line, &size);
    case_event_print(&ctl, to, NULL, &event);
    (void)fclose(to);
    assert_string_equal(line, "wang · to li");
    free(line);
}

/* The watchdog asked for more urgency: nobody reads that off the names of two fields. */
static void a_raise_is_told_as_a_sentence(void **state)
{
    (void)state;
    static const char *const wanted[STORY_LANGUAGES] = {
        "priority 1 · because of handling, level 3",
        "优先级 1 · 因“handling”达到第 3 级",
        "優先順序 1 · 因「handling」達到第 3 級",
    };
    const struct event event = {
        .service = SERVICE_DISPATCH,
        .kind = EVENT_ESCALATED,
        .advanced = {.priority = 1,
                     .field_count = 2,
                     .fields = {{.name = slice_text("clock"), .value = slice_text("handling")},
                                {.name = slice_text("level"), .value = slice_text("3")}}}
    };
    for (size_t i = 0; i < STORY_LANGUAGES; i++) {
        const struct ctl ctl = {.language = story_languages[i]};
        char *line = NULL;
        size_t size = 0;
        FILE *to = open_memstream(&line, &size);
        case_event_print(&ctl, to, policy_fixture(), &event);
        (void)fclose(to);
        assert_string_equal(line, wanted[i]);
        free(line);
    }
    assert_true(case_field_is_told(&event, slice_text("level")));
    assert_false(case_field_is_told(&event, slice_text("@org")));
}

static void hours_count_to_the_due_instant_and_no_further(void **state)
{
    (void)state;
    struct story story;
    story_begin(&story, CTL_EN);
    story_tell_arrival(&story);
    case_fold(&story.view);
    char *out = story_shown(&story);
    assert_non_null(
        strstr(out, "will count  2026-06-09 13:00:00 – 2026-06-09 17:00:00  4 h, in all 16 h"));
    assert_non_null(
        strstr(out, "counted     2026-06-05 17:00:00 – 2026-06-05 18:00:00  1 h, in all 1 h"));
    free(out);
    story_end(&story);
}

/* It counts no more; how it did says redress clock explain. */
static void the_hours_of_a_stopped_clock_are_not_listed(void **state)
{
    (void)state;
    struct story story;
    story_begin(&story, CTL_EN);
    story_tell_arrival(&story);
    struct event stop = {
        .service = SERVICE_WATCHDOG,
        .kind = EVENT_CLOCKS_STOPPED,
        .at_us = story_at(9, 10, 0),
        .clocks = {.count = 1,
                   .clocks = {story_clock("handling", story_at(5, 17, 0), story_at(9, 17, 0))}}
    };
    stop.clocks.clocks[0].paused_at_us = story_at(9, 10, 0);
    stop.clocks.clocks[0].verdict = CLOCK_MET;
    story_tell(&story, stop);
    case_fold(&story.view);
    char *out = story_shown(&story);
    assert_non_null(strstr(out, "met  handling"));
    assert_null(strstr(out, "2026-06-09 13:00:00 – 2026-06-09 17:00:00"));
    assert_non_null(strstr(out, "day 1–5  2026-06-08 – 2026-06-12")); /* of the one that runs */
    free(out);
    story_end(&story);
}

static void what_the_organisation_had_to_do_with_it_is_no_field_of_the_form(void **state)
{
    (void)state;
    const struct event event = {
        .service = SERVICE_DISPATCH,
        .kind = EVENT_PROPOSED,
        .advanced = {.field_count = 5,
                     .fields = {{.name = slice_text("@org"), .value = slice_text("7")},
                                {.name = slice_text("@deputy-of"), .value = slice_text("wang")},
                                {.name = slice_text("@load"), .value = slice_text("2/10")},
                                {.name = slice_text("@raised-to"), .value = slice_text("2")},
                                {.name = slice_text("cause"), .value = slice_text("wear")}}}
    };
    json_t *json = case_event_json(&event);
    assert_int_equal(json_object_size(json_object_get(json, "fields")), 1);
    assert_string_equal(json_string_value(json_object_get(json, "org_version")), "7");
    assert_string_equal(json_string_value(json_object_get(json, "deputy_of")), "wang");
    assert_string_equal(json_string_value(json_object_get(json, "load")), "2/10");
    assert_string_equal(json_string_value(json_object_get(json, "raised_to")), "2");
    json_decref(json);
}

static void the_order_of_reading_does_not_matter(void **state)
{
    (void)state;
    struct story story;
    story_begin(&story, CTL_EN);
    story_tell_life(&story); /* seqs are other, times are the same */
    story_tell_arrival(&story);
    case_fold(&story.view);
    assert_int_equal(story.view.events[0].kind, EVENT_RECEIVED);
    assert_int_equal(story.view.events[story.view.event_count - 1].kind, EVENT_CLOCKS_PAUSED);
    story_end(&story);
}

static void a_clock_is_what_its_newest_event_says(void **state)
{
    (void)state;
    struct story story;
    story_begin(&story, CTL_EN);
    story_tell_arrival(&story);
    story_tell_life(&story);
    case_fold(&story.view);
    const struct case_clock *clocks = story.view.clocks;
    assert_int_equal(story.view.clock_count, 3);
    assert_int_equal(case_clock_status(&story.view, &clocks[0]), VIEW_BREACHED);
    assert_int_equal(case_clock_status(&story.view, &clocks[1]), VIEW_PAUSED);
    assert_int_equal(case_clock_status(&story.view, &clocks[2]), VIEW_RUNNING);
    assert_int_equal(case_clock_left_s(&story.view, &clocks[1]), 0);
    assert_int_equal(case_clock_left_s(&story.view, &clocks[2]), (3 * 24 + 5) * 3600 + 1800);
    /* Friday 16:59 to Tuesday 12:30: an hour and a minute, Monday's eight, three in the morning */
    struct account account;
    account_make(&story.view, &clocks[2].told, &account);
    assert_int_equal(account_used_s(&account), 12 * 3600 + 60);
    story.view.now_us = story_at(13, 0, 0);
    assert_int_equal(case_clock_status(&story.view, &clocks[2]), VIEW_BREACHED);
    story_end(&story);
}

static void board_fill(struct board *board)
{
    *board = (struct board){
        .now_us = story_at(9, 12, 30) + 300000,
        .at_us = story_at(9, 12, 30),
        .received = 1234567,
        .opened = 1234560,
        .closed = 1000000,
        .closings = 1000004, /* four were closed twice */
        .open_cases = 234560,
        .breached = 42,
        .received_last_minute = 180,
        .closings_last_minute = 90,
        .history_count = 6,
        .received_each = {1,       2, 3, 4, 5, 6},
        .closings_each = {0,      0,      6, 0, 3, 0},
        .alarms = {.count = 5,
                          .lines = {"告警（责任人：经理）：英国金融机构，投诉数据公布，2026-"
                             "H1（至今）：512（达到 500 "
                             "即须履行），须履行",
                             "alarm for Manager: UK financial firm, Design of the product",
                             "3"}       },
        .said = "规则 q 的指标未列出：其最新版本在此无法读取",
        .clock_count = 2,
        .clocks = {{"p", "首次回复", 999999, 1},      {"p", "Answer", 1, 3}},
        .queues = {.count = 2     },
        .queue_titles = {"产品与售后组", "Triage desk"      }
    };
    board->queues.rows[0] = (struct ctl_queue_row){"p/a", 7, 120, story_at(5, 8, 0), 119};
    board->queues.rows[1] = (struct ctl_queue_row){"p/b", 7, 3, story_at(9, 12, 29), -1};
    board->phases[PHASE_RECEIPT] = (struct board_phase){1234567, 1.2, 3.5, 60};
    board->phases[PHASE_INVESTIGATION] = (struct board_phase){4000, 3600, 86400, 273600};
}

static char *
drawn(enum ctl_language language, const struct board *board, unsigned columns, unsigned rows)
{
    char *memory = NULL;
    size_t size = 0;
    struct ctl ctl = {.language = language};
    FILE *to = open_memstream(&memory, &size);
    assert_non_null(to);
    board_draw(&ctl, to, board, columns, rows, "|\n");
    (void)fclose(to);
    return memory;
}

static void a_board_is_drawn_in_three_languages(void **state)
{
    (void)state;
    static struct board board;
    board_fill(&board);
    for (size_t i = 0; i < STORY_LANGUAGES; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "board.%s", ctl_language_tag(story_languages[i]));
        golden_compare(name, drawn(story_languages[i], &board, 80, 24));
    }
}

static void a_board_keeps_within_any_terminal(void **state)
{
    (void)state;
    static struct board board;
    board_fill(&board);
    for (unsigned columns = BOARD_WIDTH_MIN; columns <= 200; columns += 7) {
        for (unsigned rows = 1; rows < 30; rows++) {
            char *text_drawn = drawn(CTL_ZH_CN, &board, columns, rows);
            unsigned lines = 0;
            char *line = text_drawn;
            for (char *stop; (stop = strchr(line, '\n')) != NULL; line = stop + 1) {
                stop[-1] = '\0'; /* the bar that ends it */
                assert_true(ctl_width(line) <= columns);
                lines++;
            }
            assert_true(lines <= rows);
            free(text_drawn);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_is_told_in_three_languages),
        cmocka_unit_test(amounts_days_and_ids_are_written_as_the_language_writes_them),
        cmocka_unit_test(nothing_sealed_and_no_escape_comes_out),
        cmocka_unit_test(a_draft_commands_no_terminal),
        cmocka_unit_test(a_text_promises_what_was_known_whichever_host_is_ahead),
        cmocka_unit_test(every_kind_of_event_and_every_outcome_has_words_of_its_own),
        cmocka_unit_test(a_merge_is_told_with_its_outcome_and_an_offer_with_whom_it_is_for),
        cmocka_unit_test(a_raise_is_told_as_a_sentence),
        cmocka_unit_test(hours_count_to_the_due_instant_and_no_further),
        cmocka_unit_test(the_hours_of_a_stopped_clock_are_not_listed),
        cmocka_unit_test(what_the_organisation_had_to_do_with_it_is_no_field_of_the_form),
        cmocka_unit_test(the_order_of_reading_does_not_matter),
        cmocka_unit_test(a_clock_is_what_its_newest_event_says),
        cmocka_unit_test(a_board_is_drawn_in_three_languages),
        cmocka_unit_test(a_board_keeps_within_any_terminal),
    };
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    (void)setenv("TZ", "CST-8", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
