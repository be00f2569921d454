/*
 * A case as `redress show` tells it, and the board as `redress top` draws it.
 *
 * Goal: what stands in the journal can be read by people in three languages, and a deadline
 * explains itself (law 12) without any sealed byte coming out (law 10).  Method: events encoded as
 * the daemons encode them, read back from their bytes, and the whole text compared with files of
 * tests/unit/ctl.
 */
#include "ctl_case.h"

#include "ctl_board.h"
#include "ctl_golden.h"
#include "ctl_table.h"
#include "event_wire.h"
#include "policy_fixture.h"

#include <locale.h>
#include <time.h>

static const enum ctl_language languages[] = {CTL_EN, CTL_ZH_CN, CTL_ZH_TW};
enum { CASE_SERIAL = 5, PARTITION = 3 };

struct story {
    struct ctl ctl;
    struct case_view view;
    struct arena *arena;
    uint64_t seqs[SERVICE_COUNT];
};

static struct slice text(const char *words)
{
    return slice_text(words);
}

static int64_t at(int day, int hour, int minute)
{
    return fixture_at_us(2026, 6, day, hour, minute);
}

/* Appends the event to the story, as bytes. */
static void tell(struct story *story, struct event event)
{
    struct slice bytes;
    struct error error = {0};
    event.service = event_kind_service(event.kind);
    event.partition = PARTITION;
    event.case_id = case_id_make(PARTITION, CASE_SERIAL);
    event.seq = ++story->seqs[event.service];
    event.epoch = 1;
    event.schema = 1;
    assert_true(event_encode(&event, story->arena, &bytes, &error));
    assert_int_equal(case_add(&story->ctl, &story->view, bytes), CTL_OK);
}

static struct event_clock clock_told(const char *name, int64_t started_us, int64_t due_us)
{
    const struct policy *policy = policy_fixture();
    const struct policy_clock *rule = &policy->clocks[policy_clock_index(policy, text(name))];
    const struct calendar *calendar = &policy->calendars[rule->calendar];
    return (struct event_clock){.name = text(rule->id),
                                .generation = 1,
                                .started_at_us = started_us,
                                .due_us = due_us,
                                .target_s = rule->target_s,
                                .target_days = rule->target_days,
                                .calendar = text(calendar->name),
                                .calendar_version = text(calendar->version),
                                .rule = text("fixture@1:10")};
}

static void tell_arrival(struct story *story)
{
    tell(story,
         (struct event){
             .kind = EVENT_RECEIVED,
             .at_us = at(5, 17, 0),
             .received = {.submission_id = text("0123456789abcdef"),
                          .channel = text("mail"),
                          .policy_id = FIXTURE_POLICY_ID,
                          .received_at_us = at(5, 16, 59),
                          .text_characters = 142,
                          .label_count = 2,
                          .labels = {{text("damaged"), 1}, {text("injury"), 2}},
                          .sealed_narrative = text("NARRATIVE-SEALED"),
                          .sealed_person = text("PERSON-SEALED")}
    });
    tell(story,
         (struct event){
             .kind = EVENT_TRIAGED,
             .at_us = at(5, 17, 0) + 1000,
             .triaged = {.category = text("damaged"),
                         .score = 5,
                         .factor_count = 2,
                         .factors = {{text("injury"), 6}, {text("praise"), -1}},
                         .severity_class = text("serious"),
                         .priority = 2,
                         .repeats = 1,
                         .policy_id = FIXTURE_POLICY_ID,
                         .channel = text("mail"),
                         .received_at_us = at(5, 16, 59)}
    });
    tell(story,
         (struct event){
             .kind = EVENT_OPENED,
             .at_us = at(5, 17, 0) + 2000,
             .opened = {.step = text("investigation"),
                        .queue = text("service"),
                        .priority = 2,
                        .category = text("damaged"),
                        .severity_class = text("serious"),
                        .policy_id = FIXTURE_POLICY_ID,
                        .channel = text("mail"),
                        .received_at_us = at(5, 16, 59),
                        .score = 5,
                        .repeats = 1}
    });
    tell(story,
         (struct event){
             .kind = EVENT_CLOCKS_STARTED,
             .at_us = at(5, 17, 0) + 3000,
             .clocks = {.policy_id = FIXTURE_POLICY_ID,
                        .count = 3,
                        .clocks = {clock_told("acknowledge", at(5, 16, 59), at(6, 16, 59)),
                                   clock_told("handling", at(5, 17, 0), at(9, 17, 0)),
                                   clock_told("answer", at(5, 16, 59), at(12, 18, 0))}}
    });
}

/* Friday to Tuesday: a breach, a pause, a step by a person with a sealed note. */
static void tell_life(struct story *story)
{
    struct event_clock breached = clock_told("acknowledge", at(5, 16, 59), at(6, 16, 59));
    breached.level = 2;
    breached.level_due_us = at(6, 16, 59);
    breached.verdict = CLOCK_MISSED;
    breached.used_s = 86400;
    breached.notify_role = text("supervisor");
    tell(story,
         (struct event){
             .kind = EVENT_CLOCK_BREACHED,
             .at_us = at(6, 16, 59) + 5000,
             .clocks = {.policy_id = FIXTURE_POLICY_ID, .count = 1, .clocks = {breached}}
    });
    tell(story,
         (struct event){
             .kind = EVENT_ASSIGNED,
             .at_us = at(8, 9, 30),
             .advanced = {.action = text("claim"),
                          .from_step = text("investigation"),
                          .to_step = text("investigation"),
                          .actor = text("wang\033[31m"),
                          .role = text("handler"),
                          .version = 2,
                          .agent = text("wang\033[31m"),
                          .priority = 2,
                          .category = text("damaged"),
                          .severity_class = text("serious"),
                          .policy_id = FIXTURE_POLICY_ID,
                          .channel = text("mail")}
    });
    tell(story,
         (struct event){
             .kind = EVENT_NOTED,
             .at_us = at(8, 9, 31),
             .advanced = {.action = text("note"),
                          .from_step = text("investigation"),
                          .to_step = text("investigation"),
                          .actor = text("wang\033[31m"),
                          .role = text("handler"),
                          .version = 3,
                          .agent = text("wang\033[31m"),
                          .priority = 2,
                          .field_count = 1,
                          .fields = {{text("cause"), text("packed\nbadly")}},
                          .sealed_note = text("NOTE-SEALED"),
                          .policy_id = FIXTURE_POLICY_ID,
                          .channel = text("mail")}
    });
    struct event_clock paused = clock_told("handling", at(5, 17, 0), 0);
    paused.paused_at_us = at(8, 10, 0);
    paused.used_s = 7200;
    tell(story,
         (struct event){
             .kind = EVENT_CLOCKS_PAUSED,
             .at_us = at(8, 10, 0),
             .clocks = {.policy_id = FIXTURE_POLICY_ID, .count = 1, .clocks = {paused}}
    });
}

static void begin(struct story *story, enum ctl_language language)
{
    *story = (struct story){
        .ctl = {.language = language, .out = stdout, .err = stderr},
        .view = { .case_id = case_id_make(PARTITION, CASE_SERIAL),
                .policy = policy_fixture(),
                .now_us = at(9, 12, 30)},
        .arena = arena_new(1 << 20)
    };
    assert_non_null(story->arena);
}

static void end(struct story *story)
{
    case_done(&story->view);
    arena_free(&story->arena);
}

static char *shown(struct story *story)
{
    char *memory = NULL;
    size_t size = 0;
    story->ctl.out = open_memstream(&memory, &size);
    assert_non_null(story->ctl.out);
    case_print(&story->ctl, &story->view);
    (void)fclose(story->ctl.out);
    return memory;
}

static void a_case_is_told_in_three_languages(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++) {
        struct story story;
        char name[64];
        begin(&story, languages[i]);
        tell_arrival(&story);
        tell_life(&story);
        case_fold(&story.view);
        (void)snprintf(name, sizeof name, "case.%s", ctl_language_tag(languages[i]));
        golden_compare(name, shown(&story));
        end(&story);
    }
}

static void nothing_sealed_and_no_escape_comes_out(void **state)
{
    (void)state;
    struct story story;
    begin(&story, CTL_EN);
    tell_arrival(&story);
    tell_life(&story);
    case_fold(&story.view);
    char *out = shown(&story);
    assert_null(strstr(out, "SEALED"));
    assert_null(strchr(out, '\033'));
    free(out);
    json_t *json = case_json(&story.view);
    out = json_dumps(json, 0);
    assert_null(strstr(out, "SEALED"));
    assert_non_null(strstr(out, "\"note_sealed\": true"));
    free(out);
    json_decref(json);
    end(&story);
}

static void hours_count_to_the_due_instant_and_no_further(void **state)
{
    (void)state;
    struct story story;
    begin(&story, CTL_EN);
    tell_arrival(&story);
    case_fold(&story.view);
    char *out = shown(&story);
    assert_non_null(strstr(out, "counts 2026-06-09 13:00:00 – 2026-06-09 17:00:00  4 h"));
    assert_non_null(strstr(out, "counts 2026-06-05 17:00:00 – 2026-06-05 18:00:00  1 h"));
    free(out);
    end(&story);
}

static void the_order_of_reading_does_not_matter(void **state)
{
    (void)state;
    struct story story;
    begin(&story, CTL_EN);
    tell_life(&story); /* seqs are other, times are the same */
    tell_arrival(&story);
    case_fold(&story.view);
    assert_int_equal(story.view.events[0].kind, EVENT_RECEIVED);
    assert_int_equal(story.view.events[story.view.event_count - 1].kind, EVENT_CLOCKS_PAUSED);
    end(&story);
}

static void a_clock_is_what_its_newest_event_says(void **state)
{
    (void)state;
    struct story story;
    begin(&story, CTL_EN);
    tell_arrival(&story);
    tell_life(&story);
    case_fold(&story.view);
    const struct case_clock *clocks = story.view.clocks;
    assert_int_equal(story.view.clock_count, 3);
    assert_int_equal(case_clock_status(&story.view, &clocks[0]), VIEW_BREACHED);
    assert_int_equal(case_clock_status(&story.view, &clocks[1]), VIEW_PAUSED);
    assert_int_equal(case_clock_status(&story.view, &clocks[2]), VIEW_RUNNING);
    assert_int_equal(case_clock_left_s(&story.view, &clocks[1]), 0);
    assert_int_equal(case_clock_left_s(&story.view, &clocks[2]), (3 * 24 + 5) * 3600 + 1800);
    /* Friday 17:00 to Tuesday 12:30: one hour, Monday's eight, three in the morning */
    assert_int_equal(case_clock_used_s(&story.view, &clocks[2]), 12 * 3600);
    story.view.now_us = at(13, 0, 0);
    assert_int_equal(case_clock_status(&story.view, &clocks[2]), VIEW_BREACHED);
    end(&story);
}

static void board_fill(struct board *board)
{
    *board = (struct board){
        .now_us = at(9, 12, 30) + 300000,
        .at_us = at(9, 12, 30),
        .received = 1234567,
        .opened = 1234560,
        .closed = 1000000,
        .open_cases = 234560,
        .breached = 42,
        .received_last_minute = 180,
        .closed_last_minute = 90,
        .history_count = 6,
        .received_each = {1,  2, 3, 4, 5, 6},
        .closed_each = {0, 0, 6, 0, 3, 0},
        .clock_count = 2,
        .clocks = {{"p", "首次回复", 999999, 1},  {"p", "Answer", 1, 3}  },
        .queues = {.count = 2},
        .queue_titles = {"产品与售后组", "Triage desk"}
    };
    board->queues.rows[0] = (struct ctl_queue_row){"p/a", 7, 120, at(5, 8, 0), 119};
    board->queues.rows[1] = (struct ctl_queue_row){"p/b", 7, 3, at(9, 12, 29), -1};
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
    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "board.%s", ctl_language_tag(languages[i]));
        golden_compare(name, drawn(languages[i], &board, 80, 24));
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
        cmocka_unit_test(nothing_sealed_and_no_escape_comes_out),
        cmocka_unit_test(hours_count_to_the_due_instant_and_no_further),
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
