/*
 * What `redress clock explain` says of a case.
 *
 * Goal: a deadline explains itself to people in three languages (law 12), and its numbers are those
 * of the calendar.  Method: a hand-made case with a pause that ended, a clock that was met, one
 * that was missed and runs on, an extension and a refused one; its text is compared with files of
 * tests/unit/ctl, its JSON with numbers counted by hand.
 */
#include "ctl_clock.h"

#include "ctl_golden.h"
#include "ctl_story.h"
#include "policy_fixture.h"

#include <locale.h>
#include <time.h>

enum { HOUR = 3600, DAY = 86400 };

static void tell_clock(struct story *story, struct event event, struct event_clock told)
{
    event.clocks.policy_id = 1;
    event.clocks.count = 1;
    event.clocks.clocks[0] = told;
    story_tell(story, event);
}

/* Monday to Tuesday: three own hours later the pause ends, and on Tuesday at noon all is done in
 * time; the answer's clock is extended once and not a second time. */
static void tell_end(struct story *story)
{
    struct event_clock handling = story_clock("handling", story_at(5, 17, 0), story_at(10, 11, 0));
    struct event_clock answer = story_clock("answer", story_at(5, 16, 59), story_at(16, 18, 0));
    story_tell(story,
               (struct event){
                   .kind = EVENT_NOTED,
                   .at_us = story_at(8, 14, 0),
                   .advanced = {.action = slice_text("note"), .actor = slice_text("wang")}
    });
    handling.used_s = 2 * HOUR;
    handling.paused_s = 3 * HOUR;
    tell_clock(story,
               (struct event){.kind = EVENT_CLOCKS_RESUMED,
                              .at_us = story_at(8, 14, 0) + 7000000, /* told later than it was so */
                              .cause_service = SERVICE_DISPATCH,
                              .cause_seq = story->seqs[SERVICE_DISPATCH]},
               handling);
    answer.used_s = 10 * HOUR + 60;
    answer.target_days = 7;
    answer.extensions = 1;
    answer.old_target_days = 5;
    answer.old_due_us = story_at(12, 18, 0);
    answer.reason = slice_text("the maker\033 has to be heard");
    tell_clock(story,
               (struct event){.kind = EVENT_CLOCKS_RETARGETED, .at_us = story_at(9, 10, 0)},
               answer);
    answer.old_target_days = 0;
    answer.old_due_us = 0;
    answer.used_s = 11 * HOUR + 60;
    answer.reason = slice_text("too-often");
    tell_clock(
        story, (struct event){.kind = EVENT_CLOCKS_REFUSED, .at_us = story_at(9, 11, 0)}, answer);
    handling.paused_at_us = story_at(9, 12, 0);
    handling.used_s = 9 * HOUR;
    handling.verdict = CLOCK_MET;
    tell_clock(
        story, (struct event){.kind = EVENT_CLOCKS_STOPPED, .at_us = story_at(9, 12, 0)}, handling);
}

static void told(struct story *story, enum ctl_language language)
{
    story_begin(story, language);
    story_tell_arrival(story);
    story_tell_life(story);
    tell_end(story);
    case_fold(&story->view);
}

static char *explained(struct story *story, const char *named)
{
    char *memory = NULL;
    size_t size = 0;
    story->ctl.out = open_memstream(&memory, &size);
    assert_non_null(story->ctl.out);
    clock_accounts_print(&story->ctl, &story->view, named);
    (void)fclose(story->ctl.out);
    return memory;
}

static void the_clocks_of_a_case_explain_themselves_in_three_languages(void **state)
{
    (void)state;
    for (size_t i = 0; i < STORY_LANGUAGES; i++) {
        struct story story;
        char name[64];
        told(&story, story_languages[i]);
        (void)snprintf(name, sizeof name, "explain.%s", ctl_language_tag(story_languages[i]));
        golden_compare(name, explained(&story, NULL));
        story_end(&story);
    }
}

static int64_t number(const json_t *object, const char *key)
{
    assert_true(json_is_integer(json_object_get(object, key)));
    return json_integer_value(json_object_get(object, key));
}

static int64_t sum(const json_t *object, const char *key)
{
    int64_t all = 0;
    size_t i;
    json_t *span;
    json_array_foreach(json_object_get(object, key), i, span)
    {
        all += number(span, "seconds");
    }
    return all;
}

static void assert_text(const json_t *object, const char *key, const char *wanted)
{
    assert_string_equal(json_string_value(json_object_get(object, key)), wanted);
}

static void assert_target(const json_t *change, const char *key, int64_t amount, const char *unit)
{
    assert_int_equal(number(json_object_get(change, key), "amount"), amount);
    assert_text(json_object_get(change, key), "unit", unit);
}

static void a_met_clock_adds_up_without_its_pause(void **state)
{
    (void)state;
    struct story story;
    told(&story, CTL_EN);
    json_t *list = clock_accounts(&story.view, "handling");
    const json_t *clock = json_array_get(list, 0);
    assert_int_equal(json_array_size(list), 1);
    assert_text(clock, "status", "met");
    assert_text(clock, "stopped", "2026-06-09T04:00:00.000000Z");
    assert_text(clock, "due", "2026-06-10T03:00:00.000000Z");
    assert_int_equal(number(clock, "target_seconds"), 16 * HOUR);
    assert_int_equal(number(clock, "used_seconds"), 9 * HOUR);
    assert_int_equal(sum(clock, "intervals"), 9 * HOUR);
    assert_int_equal(sum(clock, "unused"), 7 * HOUR); /* until it was due: the target is whole */
    assert_int_equal(sum(clock, "pauses"), 3 * HOUR);
    assert_int_equal(number(clock, "paused_seconds"), 3 * HOUR);
    assert_int_equal(number(clock, "late_seconds"), 0);
    json_decref(list);
    story_end(&story);
}

static void a_missed_clock_that_runs_on_says_how_late_it_is_now(void **state)
{
    (void)state;
    struct story story;
    told(&story, CTL_EN);
    json_t *list = clock_accounts(&story.view, "acknowledge");
    const json_t *clock = json_array_get(list, 0);
    const json_t *level = json_array_get(json_object_get(clock, "levels"), 0);
    assert_text(clock, "status", "breached");
    assert_int_equal(sum(clock, "intervals"), DAY); /* to the due instant, no further */
    assert_int_equal(number(clock, "late_seconds"), 2 * DAY + 19 * HOUR + 31 * 60);
    assert_text(level, "kind", "clock_breached");
    assert_int_equal(number(level, "level"), 2);
    json_decref(list);
    story_end(&story);
}

static void a_pause_under_way_is_told_with_its_beginning(void **state)
{
    (void)state;
    struct story story;
    story_begin(&story, CTL_EN);
    story_tell_arrival(&story);
    story_tell_life(&story);
    case_fold(&story.view);
    json_t *list = clock_accounts(&story.view, "handling");
    const json_t *clock = json_array_get(list, 0);
    assert_text(clock, "status", "paused");
    assert_text(clock, "paused_since", "2026-06-08T02:00:00.000000Z");
    assert_true(json_is_null(json_object_get(clock, "due")));
    assert_int_equal(sum(clock, "intervals"), 2 * HOUR);
    json_decref(list);
    story_end(&story);
}

static void an_extension_tells_both_due_instants_and_a_refused_one_why(void **state)
{
    (void)state;
    struct story story;
    told(&story, CTL_EN);
    json_t *list = clock_accounts(&story.view, "answer");
    const json_t *clock = json_array_get(list, 0);
    const json_t *changes = json_object_get(clock, "changes");
    assert_int_equal(number(clock, "target_days"), 7);
    assert_int_equal(number(clock, "extensions"), 1);
    assert_int_equal(json_array_size(changes), 2);
    assert_text(json_array_get(changes, 0), "old_due", "2026-06-12T10:00:00.000000Z");
    assert_text(json_array_get(changes, 0), "due", "2026-06-16T10:00:00.000000Z");
    assert_text(json_array_get(changes, 0), "cause", "extended");
    assert_target(json_array_get(changes, 0), "old_target", 5, "business_days");
    assert_target(json_array_get(changes, 0), "target", 7, "business_days");
    assert_text(json_array_get(changes, 1), "cause", "refused");
    assert_text(json_array_get(changes, 1), "reason", "too-often");
    json_decref(list);
    story_end(&story);
}

/* It stopped at noon by closing and went on at three; stood_s: what of that did not count. */
static json_t *reopened(struct story *story, int64_t stood_s)
{
    story_begin(story, CTL_EN);
    story_tell_arrival(story);
    story_tell_life(story);
    tell_end(story);
    struct event_clock answer = story_clock("answer", story_at(5, 16, 59), story_at(16, 18, 0));
    answer.paused_at_us = story_at(9, 12, 0);
    tell_clock(
        story, (struct event){.kind = EVENT_CLOCKS_STOPPED, .at_us = story_at(9, 12, 0)}, answer);
    answer.paused_at_us = 0;
    answer.paused_s = stood_s;
    tell_clock(
        story, (struct event){.kind = EVENT_CLOCKS_RESUMED, .at_us = story_at(9, 15, 0)}, answer);
    case_fold(&story->view);
    json_t *list = clock_accounts(&story->view, "answer");
    json_t *clock = json_incref(json_array_get(list, 0));
    json_decref(list);
    return clock;
}

static void time_in_which_a_case_was_closed_is_a_pause_only_where_it_did_not_count(void **state)
{
    (void)state;
    struct story story;
    json_t *clock = reopened(&story, 3 * HOUR);
    int64_t counted_s = sum(clock, "intervals");
    assert_int_equal(json_array_size(json_object_get(clock, "pauses")), 1);
    json_decref(clock);
    story_end(&story);
    clock = reopened(&story, 0); /* set by law */
    assert_int_equal(json_array_size(json_object_get(clock, "pauses")), 0);
    assert_true(sum(clock, "intervals") > counted_s);
    json_decref(clock);
    story_end(&story);
}

/* How often the words stand in a text, which is freed. */
static unsigned count_of(char *text, const char *words)
{
    unsigned count = 0;
    for (const char *at = strstr(text, words); at; at = strstr(at + 1, words)) {
        count++;
    }
    free(text);
    return count;
}

/* A case of which only this clock is told; what happens to it is told by the caller. */
static struct event_clock alone(struct story *story, const char *clock, int64_t due_us)
{
    story_begin(story, CTL_EN);
    struct event_clock told = story_clock(clock, story_at(5, 17, 0), due_us);
    tell_clock(
        story, (struct event){.kind = EVENT_CLOCKS_STARTED, .at_us = story_at(5, 17, 0)}, told);
    return told;
}

static void says(const struct story *story, const char *words)
{
    struct story shown = *story;
    unsigned count = count_of(explained(&shown, NULL), words);
    if (count != 1) {
        char *all = explained(&shown, NULL);
        fail_msg("%u times \"%s\" in:\n%s", count, words, all);
    }
}

static void a_clock_of_a_case_that_became_another_says_old_and_new_target(void **state)
{
    (void)state;
    struct story story;
    struct event_clock told = alone(&story, "handling", story_at(9, 17, 0));
    told.old_due_us = told.due_us;
    told.old_target_s = told.target_s;
    told.target_s = 4 * HOUR;
    told.due_us = story_at(8, 12, 0);
    told.generation = 2;
    told.reason = slice_text("classified");
    tell_clock(
        &story, (struct event){.kind = EVENT_CLOCKS_RETARGETED, .at_us = story_at(8, 9, 30)}, told);
    case_fold(&story.view);
    says(&story, "2026-06-08 09:30:00: changed, because: the case is held to another target");
    says(&story, "target 16 business hours became 4 business hours");
    says(&story, "due 2026-06-09 17:00:00 became 2026-06-08 12:00:00");
    says(&story, "2026-06-08 09:00:00 – 2026-06-08 12:00:00  3 h, in all 4 h\n");
    story_end(&story);
}

static void a_breached_clock_that_stopped_says_how_late_and_adds_up_to_its_target(void **state)
{
    (void)state;
    struct story story;
    struct event_clock told = alone(&story, "handling", story_at(9, 17, 0));
    told.verdict = CLOCK_MISSED;
    told.level = 2;
    told.level_due_us = told.due_us;
    tell_clock(
        &story, (struct event){.kind = EVENT_CLOCK_BREACHED, .at_us = story_at(9, 17, 0)}, told);
    told.level = 0;
    told.paused_at_us = story_at(10, 9, 30);
    told.used_s = 17 * HOUR + 1800;
    told.late_s = HOUR + 1800;
    tell_clock(
        &story, (struct event){.kind = EVENT_CLOCKS_STOPPED, .at_us = story_at(10, 9, 30)}, told);
    story.view.now_us = story_at(11, 9, 0);
    case_fold(&story.view);
    says(&story, "2026-06-09 13:00:00 – 2026-06-09 17:00:00  4 h, in all 16 h\n");
    says(&story, "late        2026-06-09 17:00:00 – 2026-06-10 09:30:00  1 h 30 min\n");
    says(&story, "missed by 1 h 30 min of working time\n");
    told.late_s = 0; /* the answer is of 16:50 and came when the breach had been written */
    told.paused_at_us = story_at(9, 16, 50);
    tell_clock(
        &story, (struct event){.kind = EVENT_CLOCKS_STOPPED, .at_us = story_at(10, 9, 31)}, told);
    case_fold(&story.view);
    says(&story, "missed: it was told as breached before what stopped it came");
    story_end(&story);
}

/* It was met; the closing of the reopened case says no verdict a second time. */
static void a_verdict_outlives_the_reopening_of_the_case(void **state)
{
    (void)state;
    struct story story;
    struct event_clock told = alone(&story, "handling", story_at(9, 17, 0));
    told.verdict = CLOCK_MET;
    told.paused_at_us = story_at(8, 12, 0);
    tell_clock(
        &story, (struct event){.kind = EVENT_CLOCKS_STOPPED, .at_us = story_at(8, 12, 0)}, told);
    told.verdict = CLOCK_RUNNING;
    told.paused_at_us = 0;
    told.paused_s = 3 * HOUR;
    told.due_us = story_at(10, 11, 0);
    tell_clock(
        &story, (struct event){.kind = EVENT_CLOCKS_RESUMED, .at_us = story_at(8, 16, 0)}, told);
    told.paused_at_us = story_at(9, 10, 0);
    tell_clock(
        &story, (struct event){.kind = EVENT_CLOCKS_STOPPED, .at_us = story_at(9, 10, 0)}, told);
    case_fold(&story.view);
    assert_int_equal(case_clock_status(&story.view, &story.view.clocks[0]), VIEW_MET);
    says(&story, "paused      2026-06-08 12:00:00 – 2026-06-08 16:00:00  takes out 3 h");
    says(&story, "due after 16 business hours from the start, and 3 h of pauses on top");
    says(&story, "in time, 9 h of working time before it was due\n");
    story_end(&story);
}

static void a_clock_nobody_can_compute_says_where_its_calendar_ends(void **state)
{
    (void)state;
    struct story story;
    struct event_clock told = alone(&story, "answer", INT64_MAX);
    told.notify_role = slice_text("supervisor");
    tell_clock(
        &story, (struct event){.kind = EVENT_CLOCKS_UNKNOWN, .at_us = story_at(5, 17, 0)}, told);
    case_fold(&story.view);
    says(&story, "not computable: the calendar ends before");
    says(&story, "the calendar knows no day after 20");
    says(&story, "that was told to supervisor\n");
    told.notify_role = slice_of(NULL, 0);
    told.due_us = story_at(12, 18, 0);
    told.old_due_us = INT64_MAX;
    told.old_target_days = told.target_days;
    told.reason = slice_text("calendar");
    tell_clock(
        &story, (struct event){.kind = EVENT_CLOCKS_RETARGETED, .at_us = story_at(8, 9, 0)}, told);
    case_fold(&story.view);
    says(&story, "changed, because: the calendar was given the year it lacked");
    says(&story, "due not computable became 2026-06-12 18:00:00");
    story_end(&story);
}

/* Dates are the days; what stood still is open hours on top of them. */
static void days_are_told_as_dates_and_a_pause_moves_on_from_them(void **state)
{
    (void)state;
    struct story story;
    struct event_clock told = alone(&story, "answer", 0);
    told.paused_at_us = story_at(8, 10, 0);
    tell_clock(
        &story, (struct event){.kind = EVENT_CLOCKS_PAUSED, .at_us = story_at(8, 10, 0)}, told);
    told.paused_at_us = 0;
    told.paused_s = HOUR;
    told.due_us = story_at(15, 10, 0);
    tell_clock(
        &story, (struct event){.kind = EVENT_CLOCKS_RESUMED, .at_us = story_at(8, 11, 0)}, told);
    case_fold(&story.view);
    says(&story, "no business day  2026-06-06 – 2026-06-07\n");
    says(&story, "day 1–5  2026-06-08 – 2026-06-12\n");
    says(&story, "due after 5 business days, to the end of the day from the start, and 1 h of");
    assert_int_equal(count_of(explained(&story, NULL), "counted  "), 0);
    json_t *list = clock_accounts(&story.view, NULL);
    const json_t *days = json_object_get(json_array_get(list, 0), "days");
    assert_int_equal(json_array_size(days), 2);
    assert_text(json_array_get(days, 1), "to", "2026-06-12");
    assert_int_equal(number(json_array_get(days, 1), "reached"), 5);
    json_decref(list);
    story_end(&story);
}

/* The case is at investigation: one clock is met, one runs, one was breached and runs on. */
static void a_due_time_the_policy_clears_is_told_as_cleared_not_as_a_promise(void **state)
{
    (void)state;
    enum { CLOCKS = 8 };
    struct story story;
    told(&story, CTL_EN);
    struct policy policy = *story.view.policy;
    struct policy_clock clocks[CLOCKS];
    assert_true(policy.clock_count <= CLOCKS);
    memcpy(clocks, policy.clocks, policy.clock_count * sizeof *clocks);
    policy.clocks = clocks;
    story.view.policy = &policy;
    for (uint16_t i = 0; i < policy.clock_count; i++) {
        clocks[i].due_cleared = 0;
        clocks[i].hidden_steps = 0;
    }
    assert_int_equal(count_of(explained(&story, NULL), "due time cleared"), 0);
    for (uint16_t i = 0; i < policy.clock_count; i++) {
        clocks[i].due_cleared = DUE_CLEARED_CLOSED; /* it is not closed */
    }
    assert_int_equal(count_of(story_shown(&story), "due time cleared"), 0);
    for (uint16_t i = 0; i < policy.clock_count; i++) {
        clocks[i].due_cleared = DUE_CLEARED_MET;
    }
    assert_int_equal(count_of(explained(&story, "handling"), "due time cleared (was 2026"), 1);
    assert_int_equal(count_of(explained(&story, "answer"), "due time cleared"), 0);
    assert_int_equal(count_of(story_shown(&story), "due time cleared"), 1);
    uint16_t answer = policy_clock_index(&policy, slice_text("answer"));
    clocks[answer].hidden_steps = UINT64_C(1) << story.view.state.step;
    assert_int_equal(count_of(story_shown(&story), "due time cleared"), 2);
    assert_int_equal(count_of(story_shown(&story), " left"),
                     0); /* what is no promise has nothing left */
    json_t *list = clock_accounts(&story.view, "answer");
    assert_true(json_is_true(json_object_get(json_array_get(list, 0), "due_cleared")));
    json_decref(list);
    story_end(&story);
}

/* Each clock's times are those of its own calendar, and where that is another zone it says so; the
 * calendar is called by its title, with its name to look it up. */
static void a_clock_is_told_in_the_zone_and_by_the_title_of_its_calendar(void **state)
{
    (void)state;
    struct story story;
    told(&story, CTL_EN);
    struct policy policy = *story.view.policy;
    struct calendar calendars[2] = {policy.calendars[FIXTURE_CALENDAR_ALWAYS],
                                    policy.calendars[FIXTURE_CALENDAR_WEEKDAYS]};
    calendars[0].always =
        false; /* now the first that closes, in UTC; only days are counted in it */
    const struct policy_title title = {
        {"Office hours", "Office hours", "Office hours"}
    };
    calendars[1].title = &title;
    policy.calendars = calendars;
    story.view.policy = &policy;
    assert_int_equal(count_of(explained(&story, NULL), "times in Asia/Shanghai (UTC+08:00)"), 2);
    assert_int_equal(count_of(explained(&story, NULL), "As of 2026-06-09 04:30:00  UTC"), 1);
    assert_int_equal(count_of(explained(&story, "acknowledge"), "due 2026-06-06 08:59:00"), 1);
    assert_int_equal(count_of(explained(&story, "handling"), "due 2026-06-10 11:00:00"), 1);
    assert_int_equal(count_of(explained(&story, "handling"), "Office hours (weekdays), version"),
                     1);
    story_end(&story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clocks_of_a_case_explain_themselves_in_three_languages),
        cmocka_unit_test(a_met_clock_adds_up_without_its_pause),
        cmocka_unit_test(a_due_time_the_policy_clears_is_told_as_cleared_not_as_a_promise),
        cmocka_unit_test(a_missed_clock_that_runs_on_says_how_late_it_is_now),
        cmocka_unit_test(time_in_which_a_case_was_closed_is_a_pause_only_where_it_did_not_count),
        cmocka_unit_test(a_pause_under_way_is_told_with_its_beginning),
        cmocka_unit_test(a_clock_is_told_in_the_zone_and_by_the_title_of_its_calendar),
        cmocka_unit_test(a_clock_of_a_case_that_became_another_says_old_and_new_target),
        cmocka_unit_test(a_breached_clock_that_stopped_says_how_late_and_adds_up_to_its_target),
        cmocka_unit_test(a_verdict_outlives_the_reopening_of_the_case),
        cmocka_unit_test(a_clock_nobody_can_compute_says_where_its_calendar_ends),
        cmocka_unit_test(days_are_told_as_dates_and_a_pause_moves_on_from_them),
        cmocka_unit_test(an_extension_tells_both_due_instants_and_a_refused_one_why),
    };
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    (void)setenv("TZ", "UTC0", 1); /* nobody's calendar is kept in it */
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
