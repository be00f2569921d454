/*
 * What a clock adds up of its parts, however many they are, and in whose zone it tells them.
 *
 * Goal: the sums beneath a deadline are those of its calendar (law 12).  Method: hand-made clocks
 * with more pauses than are shown and more intervals than have room; what is told is compared with
 * what was put in.
 */
#include "ctl_account.h"

#include "ctl_clock.h"
#include "ctl_clock_say.h"
#include "ctl_story.h"
#include "policy_fixture.h"
#include "unit.h"

#include <locale.h>
#include <time.h>

enum { HOUR = 3600, DAY = 86400, MANY = 900, PAUSES = 200 };

static void
tell_clock(struct story *story, enum event_kind kind, int64_t at_us, struct event_clock told)
{
    struct event event = {.kind = kind, .at_us = at_us};
    event.clocks.policy_id = FIXTURE_POLICY_ID;
    event.clocks.count = 1;
    event.clocks.clocks[0] = told;
    story_tell(story, event);
}

/* On Monday so many pauses of half an hour, one each hour. */
static void begin_paused(struct story *story, int pauses)
{
    story_begin(story, CTL_EN);
    struct event_clock told = story_clock("answer", story_at(5, 17, 0), story_at(15, 10, 0));
    tell_clock(story, EVENT_CLOCKS_STARTED, story_at(5, 17, 0), told);
    for (int i = 0; i < pauses; i++) {
        told.due_us = 0;
        told.paused_at_us = story_at(8, 9 + i, 0);
        tell_clock(story, EVENT_CLOCKS_PAUSED, told.paused_at_us, told);
        told.due_us = story_at(15, 10, 0);
        told.paused_at_us = 0;
        told.paused_s += HOUR / 2;
        tell_clock(story, EVENT_CLOCKS_RESUMED, story_at(8, 9 + i, 30), told);
    }
    case_fold(&story->view);
}

static char *said(struct story *story, enum clock_detail detail)
{
    char *memory = NULL;
    size_t size = 0;
    story->ctl.out = open_memstream(&memory, &size);
    assert_non_null(story->ctl.out);
    clock_say(&story->ctl, &story->view, &story->view.clocks[0], detail);
    (void)fclose(story->ctl.out);
    return memory;
}

static void assert_says(struct story *story, enum clock_detail detail, const char *words)
{
    char *text = said(story, detail);
    if (!strstr(text, words)) {
        fail_msg("no \"%s\" in:\n%s", words, text);
    }
    free(text);
}

static void pauses_that_are_folded_away_are_added_up_as_those_shown(void **state)
{
    (void)state;
    static const struct {
        int pauses;
        const char *pushed;
    } stories[] = {
        {6, "2 h 30 min"}, /* one of them at noon, when nothing counts */
        {7, "3 h"       },
        {8, "3 h 30 min"}
    };
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct story story;
        char words[64];
        begin_paused(&story, stories[i].pauses);
        (void)snprintf(words, sizeof words, "and %s of pauses on top", stories[i].pushed);
        assert_says(&story, CLOCK_WHOLE, words);
        assert_says(&story, CLOCK_FOLDED, words);
        story_end(&story);
    }
}

/* A calendar that is open from noon to one each day, a clock paused in the middle of the first of
 * them that is due at the last closing and is told when it is late, or while time is left. */
static void assert_adds_up(int64_t lived_days, enum account_kind rest)
{
    static struct calendar_interval intervals[MANY + 1];
    static struct account_part parts[ACCOUNT_PARTS_MAX];
    static struct account account;
    int64_t sums[ACCOUNT_LATE + 1] = {0};
    for (int i = 0; i <= MANY; i++) {
        int64_t open_s = (int64_t)i * DAY + DAY / 2;
        intervals[i] = (struct calendar_interval){open_s, open_s + HOUR, (int64_t)i * HOUR};
    }
    const struct calendar calendar = {.intervals = intervals, .interval_count = MANY + 1};
    const struct case_view view = {.now_us = lived_days * DAY * ACCOUNT_US};
    const int64_t due_us = intervals[MANY - 1].close_s * ACCOUNT_US;
    account = (struct account){
        .view = &view,
        .calendar = &calendar,
        .recounts = true,
        .told = {.started_at_us = ACCOUNT_US, .due_us = due_us}
    };
    for (int i = 0; i < PAUSES; i++) {
        int64_t from_us = (intervals[MANY - PAUSES + i].open_s + HOUR / 4) * ACCOUNT_US;
        account.pauses[account.pause_count++] =
            (struct account_span){from_us, from_us + INT64_C(1) * HOUR / 2 * ACCOUNT_US};
    }
    uint32_t count = account_parts(&account, parts);
    assert_in_range(count, 1, ACCOUNT_PARTS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        sums[parts[i].kind] += account_own_us(&account, parts[i].span);
    }
    const int64_t paused_us = INT64_C(1) * PAUSES * HOUR / 2 * ACCOUNT_US;
    const int64_t whole_us = INT64_C(1) * MANY * HOUR * ACCOUNT_US;
    assert_int_equal(sums[ACCOUNT_PAUSED], paused_us);
    assert_int_equal(sums[ACCOUNT_COUNTED] + sums[ACCOUNT_TO_COUNT], whole_us - paused_us);
    assert_true(sums[rest] > 0);
}

static void more_intervals_than_have_room_still_add_up_to_the_target(void **state)
{
    (void)state;
    assert_adds_up(MANY + 1, ACCOUNT_LATE);
    assert_adds_up(MANY - 1, ACCOUNT_TO_COUNT);
    assert_adds_up(MANY / 2, ACCOUNT_TO_COUNT);
}

/* A clock that counts in another zone than the case is told in its own, and after it what somebody
 * named by TZ holds again. */
static void a_zone_that_was_named_outlives_a_clock_of_another(void **state)
{
    (void)state;
    struct story story;
    begin_paused(&story, 1);
    struct policy policy = *story.view.policy;
    struct calendar calendars[2] = {policy.calendars[FIXTURE_CALENDAR_ALWAYS],
                                    policy.calendars[FIXTURE_CALENDAR_WEEKDAYS]};
    calendars[0].always = false;
    (void)snprintf(calendars[0].zone, sizeof calendars[0].zone, "Europe/London");
    policy.calendars = calendars;
    story.view.policy = &policy;
    (void)setenv("TZ", "America/New_York", 1);
    tzset();
    view_zone_take(view_policy_zone(&policy));
    assert_says(&story, CLOCK_FOLDED, "times in Asia/Shanghai (UTC+08:00)");
    assert_string_equal(getenv("TZ"), "America/New_York");
    assert_says(&story, CLOCK_FOLDED, "times in Asia/Shanghai (UTC+08:00)");
    assert_string_equal(getenv("TZ"), "America/New_York");
    view_zone_use("Europe/London");
    assert_says(&story, CLOCK_FOLDED, "times in Asia/Shanghai (UTC+08:00)");
    assert_string_equal(getenv("TZ"), "Europe/London");
    view_zone_use(NULL);
    assert_string_equal(getenv("TZ"), "America/New_York");
    story_end(&story);
}

static void a_verdict_names_the_zone_data_it_was_made_with_and_that_of_here(void **state)
{
    (void)state;
    struct story story;
    story_begin(&story, CTL_EN);
    struct event_clock told = story_clock("handling", story_at(5, 17, 0), story_at(9, 17, 0));
    told.zone_version = slice_text("2024a");
    tell_clock(&story, EVENT_CLOCKS_STARTED, story_at(5, 17, 0), told);
    told.paused_at_us = story_at(9, 12, 0);
    told.verdict = CLOCK_MET;
    tell_clock(&story, EVENT_CLOCKS_STOPPED, story_at(9, 12, 0), told);
    case_fold(&story.view);
    assert_says(&story, CLOCK_WHOLE, "Asia/Shanghai by zone data 2024a)");
    assert_says(&story, CLOCK_WHOLE, "the zone data was 2024a then and is 2025b here\n");
    json_t *list = clock_accounts(&story.view, "handling");
    const json_t *zone = json_object_get(json_array_get(list, 0), "zone_version");
    assert_string_equal(json_string_value(zone), "2024a");
    json_decref(list);
    story_end(&story);
}

static void an_event_older_than_zone_versions_says_nothing_of_zone_data(void **state)
{
    (void)state;
    static const char *const words[] = {"holidays, in Asia/Shanghai)",
                                        "节假日，时区 Asia/Shanghai）",
                                        "假日，時區 Asia/Shanghai）"};
    static const char *const never[] = {"zone data", "时区数据", "時區資料"};
    for (int i = 0; i < CTL_LANGUAGE_COUNT; i++) {
        struct story story;
        story_begin(&story, (enum ctl_language)i);
        struct event_clock told = story_clock("handling", story_at(5, 17, 0), story_at(9, 17, 0));
        told.zone_version = slice_text("");
        tell_clock(&story, EVENT_CLOCKS_STARTED, story_at(5, 17, 0), told);
        case_fold(&story.view);
        char *text = said(&story, CLOCK_WHOLE);
        assert_non_null(strstr(text, words[i]));
        assert_null(strstr(text, never[i]));
        free(text);
        story_end(&story);
    }
}

static void move_to(struct story *story, const char *from, const char *to, int64_t at_us)
{
    struct event event = {.kind = EVENT_NOTED, .at_us = at_us};
    event.advanced.from_step = slice_text(from);
    event.advanced.to_step = slice_text(to);
    event.advanced.actor = slice_text("wang");
    story_tell(story, event);
}

static void assert_share(const json_t *share, const char *step, int64_t used_s, int64_t paused_s)
{
    assert_string_equal(json_string_value(json_object_get(share, "step")), step);
    assert_int_equal(json_integer_value(json_object_get(share, "used_seconds")), used_s);
    assert_int_equal(json_integer_value(json_object_get(share, "paused_seconds")), paused_s);
}

/* Two hours at the desk, at noon of Monday with the customer, then seven with who puts it right. */
static void a_clock_says_which_step_took_how_much_of_it_and_where_it_stood(void **state)
{
    (void)state;
    struct story story;
    story_begin(&story, CTL_EN);
    story_tell_arrival(&story);
    struct event_clock told = story_clock("handling", story_at(5, 17, 0), 0);
    told.paused_at_us = story_at(8, 10, 0);
    move_to(&story, "investigation", "consent", story_at(8, 10, 0));
    tell_clock(&story, EVENT_CLOCKS_PAUSED, story_at(8, 10, 0), told);
    told.paused_at_us = 0;
    told.paused_s = 3 * HOUR;
    told.due_us = story_at(10, 11, 0);
    move_to(&story, "consent", "implementation", story_at(8, 14, 0));
    tell_clock(&story, EVENT_CLOCKS_RESUMED, story_at(8, 14, 0), told);
    case_fold(&story.view);
    json_t *list = clock_accounts(&story.view, "handling");
    const json_t *shares = json_object_get(json_array_get(list, 0), "shares");
    assert_int_equal(json_array_size(shares), 4);
    assert_true(json_is_null(json_object_get(json_array_get(shares, 0), "step")));
    assert_share(json_array_get(shares, 1), "investigation", 2 * HOUR, 0);
    assert_share(json_array_get(shares, 2), "consent", 0, 3 * HOUR);
    assert_share(json_array_get(shares, 3), "implementation", 7 * HOUR, 0);
    json_decref(list);
    story_end(&story);
}

/* Wherever show tells it: in the timeline, of a level, of the changes, in the arithmetic; what
 * begins then, or happened, is told of the next day.  Seen to fail with each told as any time. */
static void what_is_due_at_the_end_of_a_day_is_due_on_that_day(void **state)
{
    (void)state;
    static const char *const words[] = {"started 2026-06-07 00:00:00\n",
                                        "acknowledge due 2026-06-08 24:00:00",
                                        "    due 2026-06-08 24:00:00\n",
                                        "became 2026-06-08 24:00:00\n",
                                        "2026-06-08 24:00:00: ",
                                        "level 1, at 2026-06-08 24:00:00",
                                        "– 2026-06-08 24:00:00  ",
                                        "2026-06-09 00:00:00 – "};
    struct story story;
    story_begin(&story, CTL_EN);
    (void)setenv("TZ", "Asia/Shanghai", 1);
    tzset();
    struct event_clock told = story_clock("acknowledge", story_at(7, 0, 0), story_at(8, 0, 0));
    tell_clock(&story, EVENT_CLOCKS_STARTED, story_at(7, 0, 0), told);
    told.old_due_us = told.due_us;
    told.due_us = story_at(9, 0, 0);
    told.extensions = 1;
    tell_clock(&story, EVENT_CLOCKS_RETARGETED, story_at(7, 1, 0), told);
    told.old_due_us = 0;
    told.level = 1;
    told.level_due_us = told.due_us;
    tell_clock(&story, EVENT_CLOCK_BREACHED, told.due_us, told);
    case_fold(&story.view);
    story.view.now_us = story_at(10, 0, 0);
    char *text = story_shown(&story);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!strstr(text, words[i])) {
            fail_msg("no \"%s\" in:\n%s", words[i], text);
        }
    }
    free(text);
    story_end(&story);
}

/* An hour, looked at with parts of a second over: before it is due, late, and stopped: what is told
 * down and what is told up are the whole, and lateness is the same wherever it stands.  Seen to
 * fail with each rounded the other way. */
static void what_is_used_and_what_is_left_are_the_whole(void **state)
{
    (void)state;
    const int64_t started_us = story_at(8, 10, 0) + 123456;
    const int64_t due_us = started_us + INT64_C(1) * HOUR * ACCOUNT_US;
    struct story story;
    story_begin(&story, CTL_EN);
    struct event_clock told = story_clock("handling", started_us, due_us);
    told.target_s = HOUR;
    tell_clock(&story, EVENT_CLOCKS_STARTED, started_us, told);
    case_fold(&story.view);
    story.view.now_us = story_at(8, 10, 59);
    assert_says(&story, CLOCK_WHOLE, "used in all 58 min 59 s of working time\n");
    assert_int_equal(case_clock_left_s(&story.view, &story.view.clocks[0]), 61);
    story.view.now_us = story_at(8, 11, 1);
    assert_int_equal(case_clock_left_s(&story.view, &story.view.clocks[0]), 0);
    assert_says(&story, CLOCK_WHOLE, ":01:00  1 min\n");
    assert_says(&story, CLOCK_WHOLE, "late by 1 min of working time so far\n");
    told.paused_at_us = story_at(8, 10, 59);
    told.used_s = 58 * 60 + 59;
    told.verdict = CLOCK_MET;
    tell_clock(&story, EVENT_CLOCKS_STOPPED, told.paused_at_us, told);
    case_fold(&story.view);
    assert_says(&story, CLOCK_WHOLE, "1 min 1 s, in all 1 h\n");
    assert_says(&story, CLOCK_WHOLE, "in time, 1 min 1 s of working time before it was due\n");
    story_end(&story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pauses_that_are_folded_away_are_added_up_as_those_shown),
        cmocka_unit_test(more_intervals_than_have_room_still_add_up_to_the_target),
        cmocka_unit_test(a_zone_that_was_named_outlives_a_clock_of_another),
        cmocka_unit_test(a_clock_says_which_step_took_how_much_of_it_and_where_it_stood),
        cmocka_unit_test(a_verdict_names_the_zone_data_it_was_made_with_and_that_of_here),
        cmocka_unit_test(an_event_older_than_zone_versions_says_nothing_of_zone_data),
        cmocka_unit_test(what_is_due_at_the_end_of_a_day_is_due_on_that_day),
        cmocka_unit_test(what_is_used_and_what_is_left_are_the_whole),
    };
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    (void)setenv("TZ", "UTC0", 1); /* nobody's calendar is kept in it */
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
