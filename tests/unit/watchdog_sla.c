/*
 * Goal: deadlines, pauses and breaches are what other products' own tests say they are (laws 7,
 * 12).
 *
 * Method: timelines of tests/data/sla (a sample, each naming the repository and test it was read
 * from) and, where the reference data is at hand (REDRESS_SHARED names its folder), all of
 * sla_cases.json, through the watchdog's core.  The metrics first_response and resolution become
 * clocks, the states become steps.  What cannot be said in our policies is counted and named: next
 * response and periodic updates, a policy or calendar changed under way, lists of running states.
 */
#include "calendar_load.h"
#include "unit.h"
#include "watchdog_core.h"
#include "watchdog_desk.h"
#include "zone.h"

#include <jansson.h>

enum { ARENA_LIMIT = 32 * 1024 * 1024, METRICS = 2, US = DESK_SECOND_US, FIXED_LEVELS = 1 };

#define KIND(kind) (1ULL << (kind))

static const char *const metrics[METRICS] = {"first_response", "resolution"};

struct tally {
    unsigned checked, passed, failed, skipped;
};

/* One timeline made into a policy. */
struct line {
    const json_t *row;
    struct policy policy;
    struct policy_clock clocks[METRICS];
    struct policy_step steps[16];
    struct calendar calendar;
    struct desk desk;
    int64_t start_s;
};

static int64_t instant(const char *text)
{
    int32_t date = 0;
    assert_true(strlen(text) == 20 && text[19] == 'Z');
    assert_true(date_parse(slice_of(text, 10), &date));
    int32_t clock_s = 0;
    assert_true(calendar_time_parse(slice_of(text + 11, 5), &clock_s));
    return date_to_days(date) * 86400 + clock_s + (text[17] - '0') * 10 + text[18] - '0';
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static bool lists(const json_t *list, const char *text)
{
    size_t i;
    json_t *entry;
    json_array_foreach(list, i, entry)
    {
        if (text && strcmp(json_string_value(entry), text) == 0) {
            return true;
        }
    }
    return false;
}

static struct calendar_hours hours_read(const json_t *list)
{
    struct calendar_hours hours = {0};
    size_t i;
    json_t *pair;
    json_array_foreach(list, i, pair)
    {
        struct calendar_span *span = &hours.spans[hours.count++];
        assert_true(calendar_time_parse(slice_text(json_string_value(json_array_get(pair, 0))),
                                        &span->open_s));
        assert_true(calendar_time_parse(slice_text(json_string_value(json_array_get(pair, 1))),
                                        &span->close_s));
    }
    return hours;
}

/* Weekly hours and holidays are all that the timelines use. */
static void calendar_read(struct line *line, int year, struct arena *arena)
{
    static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    const json_t *told = json_object_get(line->row, "calendar");
    const json_t *holidays = json_object_get(told, "holidays");
    struct calendar_dated dated[64] = {0};
    struct calendar_definition definition = {
        .name = "case", .zone = text_of(told, "timezone"), .dated = dated};
    assert_int_equal(json_object_size(json_object_get(told, "breaks")), 0);
    assert_int_equal(json_object_size(json_object_get(told, "shifts")), 0);
    for (int i = 0; i < 7; i++) {
        definition.week[i] = hours_read(json_object_get(json_object_get(told, "hours"), days[i]));
    }
    for (; definition.dated_count < json_array_size(holidays); definition.dated_count++) {
        const char *date = json_string_value(json_array_get(holidays, definition.dated_count));
        assert_true(date_parse(slice_text(date), &dated[definition.dated_count].date));
    }
    struct error error = {0};
    if (!calendar_compile(&definition, year - 1, year + 1, arena, &line->calendar, &error)) {
        fail_msg("%s", error.text);
    }
}

static void clock_read(struct line *line, const char *metric)
{
    const json_t *policy = json_object_get(line->row, "policy");
    const json_t *target = json_object_get(json_object_get(policy, "targets"), metric);
    if (!json_is_object(target)) {
        return;
    }
    bool response = strcmp(metric, "first_response") == 0;
    const json_t *applies = json_object_get(policy, "pause_applies_to");
    struct policy_clock *clock = &line->clocks[line->policy.clock_count++];
    (void)snprintf(clock->id, sizeof clock->id, "%s", metric);
    clock->starts[0] = KIND(EVENT_RECEIVED);
    clock->stops[0] = response ? KIND(EVENT_CONTACTED) : KIND(EVENT_CLOSED);
    clock->pauses_for_customer = !applies || lists(applies, metric);
    const json_t *days = json_object_get(target, "business_days");
    clock->target = days ? TARGET_BUSINESS_DAYS : TARGET_BUSINESS;
    clock->target_s = json_integer_value(json_object_get(target, "seconds"));
    clock->target_days = (uint32_t)json_integer_value(days);
    clock->end_of_day = json_is_true(json_object_get(target, "end_of_day"));
    clock->levels[0] = (struct policy_level){LEVEL_BREACH, OFFSET_PERCENT, 100, POLICY_NONE, 0};
    clock->level_count = FIXED_LEVELS;
    size_t i;
    json_t *warning;
    json_array_foreach(json_object_get(policy, "warnings"), i, warning)
    {
        const json_t *seconds = json_object_get(warning, "seconds");
        if (seconds && strcmp(text_of(warning, "metric"), metric) == 0) {
            clock->levels[clock->level_count++] = (struct policy_level){
                LEVEL_WARN, OFFSET_BUSINESS, json_integer_value(seconds), POLICY_NONE, 0};
        }
    }
}

static const char *step_of(struct line *line, const char *state)
{
    const json_t *policy = json_object_get(line->row, "policy");
    const json_t *semantics = json_object_get(line->row, "semantics");
    for (uint16_t i = 0; i < line->policy.step_count; i++) {
        if (strcmp(line->steps[i].id, state) == 0) {
            return line->steps[i].id;
        }
    }
    assert_true(line->policy.step_count < 16);
    struct policy_step *step = &line->steps[line->policy.step_count++];
    (void)snprintf(step->id, sizeof step->id, "%s", state);
    step->closed = lists(json_object_get(semantics, "closed_states"), state);
    step->waits_for_customer =
        !step->closed && lists(json_object_get(policy, "pause_states"), state);
    return step->id;
}

static const char *cannot_say(const json_t *row)
{
    static const char *const changes[] = {"policy_change", "calendar_change", "policy_attached"};
    const json_t *policy = json_object_get(row, "policy");
    const json_t *targets = json_object_get(policy, "targets");
    size_t i;
    json_t *event;
    json_array_foreach(json_object_get(row, "events"), i, event)
    {
        for (int j = 0; j < 3; j++) {
            if (strcmp(text_of(event, "type"), changes[j]) == 0) {
                return changes[j];
            }
        }
    }
    if (json_object_get(policy, "running_states")) {
        return "running_states";
    }
    bool ours = json_is_object(json_object_get(targets, metrics[0])) ||
                json_is_object(json_object_get(targets, metrics[1]));
    return ours ? NULL : "only next_response or periodic_update";
}

/* ---- the timeline ------------------------------------------------------------------------- */

static void feed(struct line *line, const json_t *told)
{
    const char *type = text_of(told, "type");
    int64_t at_us = instant(text_of(told, "at")) * US;
    struct desk *desk = &line->desk;
    struct event event;
    if (strcmp(type, "created") == 0) {
        event = desk_received(at_us, "any", false);
        desk_feed(desk, &event, at_us);
        event = desk_opened(desk, at_us, at_us, "");
        event.opened.step = slice_text(step_of(line, text_of(told, "state")));
    } else if (strcmp(type, "agent_reply") == 0) {
        event = desk_advanced(desk, EVENT_CONTACTED, at_us, "");
    } else if (strcmp(type, "state") == 0) {
        const char *step = step_of(line, text_of(told, "to"));
        event = desk_advanced(desk, EVENT_NOTED, at_us, step);
        uint16_t index = policy_step_index(&line->policy, slice_text(step));
        if (line->steps[index].closed) {
            event.kind = EVENT_CLOSED;
        } else if (desk->state.closed) {
            event.kind = EVENT_REOPENED;
        }
    } else {
        event = desk_advanced(desk, EVENT_NOTED, at_us, "");
    }
    desk_feed(desk, &event, at_us);
}

/* The same business instant: between the closing time and the next opening nothing lies. */
static bool same(const struct line *line, int64_t have_us, const json_t *want)
{
    int64_t have_s = have_us / US;
    int64_t want_s = instant(json_string_value(want));
    int64_t early_s = have_s < want_s ? have_s : want_s;
    int64_t late_s = have_s < want_s ? want_s : have_s;
    bool next =
        strcmp(text_of(json_object_get(line->row, "semantics"), "tie"), "start_of_next") == 0;
    return have_s == want_s || (next && calendar_between(&line->calendar, early_s, late_s) == 0);
}

static bool due_holds(const struct line *line, const struct watch_clock *clock, const json_t *want)
{
    if (json_is_string(want)) {
        return clock->due_us != 0 && same(line, clock->due_us, want);
    }
    return clock->phase != WATCH_RUNNING;
}

static bool warning_holds(const struct line *line, uint16_t index, const json_t *want)
{
    struct desk desk = line->desk;
    desk_tick(&desk, INT64_C(2100000000) * US);
    for (uint32_t i = 0; i < desk.count; i++) {
        const struct event_clock *told = desk_told(&desk.journal[i], line->clocks[index].id);
        if (desk.journal[i].kind == EVENT_CLOCK_WARNED && told) {
            return same(line, told->level_due_us, want);
        }
    }
    return false;
}

static int64_t used_s(const struct line *line, uint16_t index)
{
    int64_t used = -1;
    for (uint32_t i = 0; i < line->desk.count; i++) {
        const struct event_clock *told = desk_told(&line->desk.journal[i], line->clocks[index].id);
        used = told && line->desk.journal[i].kind == EVENT_CLOCKS_STOPPED ? told->used_s : used;
    }
    return used;
}

static int64_t late_s(const struct line *line, uint16_t index)
{
    const struct event *last = &line->desk.journal[line->desk.count - 1];
    const struct event_clock *told = desk_told(last, line->clocks[index].id);
    return told ? told->late_s : -1;
}

/* One key of a check for one metric; 1 holds, 0 fails, -1 it is not ours. */
static int holds(const struct line *line, uint16_t index, const char *key, const json_t *want)
{
    const struct watch_clock *clock = &line->desk.state.clocks[index];
    if (strcmp(key, "due") == 0) {
        /* Ours shows no due instant while paused; some keep the old one in view. */
        return clock->phase == WATCH_PAUSED && json_is_string(want) ? -1
                                                                    : due_holds(line, clock, want);
    }
    if (strcmp(key, "elapsed_seconds") == 0) {
        return used_s(line, index) == json_integer_value(want);
    }
    if (strcmp(key, "margin_seconds") == 0) {
        return line->clocks[index].target_s - used_s(line, index) == json_integer_value(want);
    }
    if (strcmp(key, "breached") == 0) {
        return (clock->breached != 0) == json_is_true(want);
    }
    if (strcmp(key, "met") == 0) {
        return (clock->verdict == CLOCK_MET) == json_is_true(want);
    }
    if (strcmp(key, "warning_at") == 0) {
        bool ours = line->clocks[index].level_count > FIXED_LEVELS;
        return ours ? warning_holds(line, index, want) : -1;
    }
    if (strcmp(key, "paused_business_seconds") == 0) {
        return clock->paused_s == json_integer_value(want);
    }
    if (strcmp(key, "late_business_seconds") == 0) {
        return late_s(line, index) == json_integer_value(want);
    }
    return -1;
}

/* The earliest deadline that still runs; not ours when next_response has one too. */
static int next_due_holds(const struct line *line, const json_t *want)
{
    const json_t *policy = json_object_get(line->row, "policy");
    int64_t next_us = INT64_MAX;
    if (json_is_object(json_object_get(json_object_get(policy, "targets"), "next_response")) &&
        json_is_string(want)) {
        return -1;
    }
    for (uint16_t i = 0; i < line->policy.clock_count; i++) {
        const struct watch_clock *clock = &line->desk.state.clocks[i];
        if (clock->phase == WATCH_RUNNING && clock->due_us < next_us) {
            next_us = clock->due_us;
        }
    }
    return json_is_string(want) ? next_us != INT64_MAX && same(line, next_us, want)
                                : next_us == INT64_MAX;
}

static void count(const struct line *line, struct tally *tally, const char *key, int held)
{
    if (held < 0) {
        return;
    }
    tally->checked++;
    if (held == 0) {
        tally->failed++;
        print_error("%s, %s: %s\n", text_of(line->row, "id"), key, text_of(line->row, "source"));
    }
}

static void check_run(struct line *line, json_t *check, struct tally *tally)
{
    if (json_object_get(check, "at")) {
        desk_tick(&line->desk, instant(text_of(check, "at")) * US);
    }
    const char *key;
    json_t *want;
    json_object_foreach(check, key, want)
    {
        if (strcmp(key, "next_due") == 0) {
            count(line, tally, key, next_due_holds(line, want));
        }
        for (uint16_t i = 0; i < line->policy.clock_count; i++) {
            json_t *of_metric = json_object_get(want, line->clocks[i].id);
            if (of_metric) {
                count(line, tally, key, holds(line, i, key, of_metric));
            }
        }
    }
}

static void line_run(const json_t *row, struct arena *arena, struct tally *tally)
{
    static struct line line;
    memset(&line, 0, sizeof line);
    line.row = row;
    const json_t *events = json_object_get(row, "events");
    calendar_read(&line, (int)strtol(text_of(json_array_get(events, 0), "at"), NULL, 10), arena);
    line.policy.clocks = line.clocks;
    line.policy.steps = line.steps;
    line.policy.calendars = &line.calendar;
    line.policy.calendar_count = 1;
    for (int i = 0; i < METRICS; i++) {
        clock_read(&line, metrics[i]);
    }
    desk_open(&line.desk, &line.policy);
    unsigned failed = tally->failed;
    unsigned checked = tally->checked;
    size_t i;
    json_t *event;
    json_array_foreach(events, i, event)
    {
        feed(&line, event);
        size_t j;
        json_t *check;
        json_array_foreach(json_object_get(row, "checks"), j, check)
        {
            if (json_equal(json_object_get(check, "after_seq"), json_object_get(event, "seq"))) {
                check_run(&line, check, tally);
            }
        }
    }
    assert_true(desk_same(&line.policy, &line.desk.state, &line.desk.mirror));
    tally->passed += tally->failed == failed && tally->checked > checked;
    tally->skipped += tally->checked == checked;
}

static struct tally file_run(const char *path)
{
    struct tally tally = {0};
    json_error_t why;
    json_t *rows = json_load_file(path, 0, &why);
    assert_non_null(rows);
    struct arena *arena = arena_new(ARENA_LIMIT);
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        arena_reset(arena);
        const char *reason = cannot_say(row);
        if (reason) {
            print_message("not ours: %s (%s)\n", text_of(row, "id"), reason);
            tally.skipped++;
        } else {
            line_run(row, arena, &tally);
        }
    }
    print_message("%u of %zu agree, %u not ours; %u checks, %u failed\n",
                  tally.passed,
                  json_array_size(rows),
                  tally.skipped,
                  tally.checked,
                  tally.failed);
    arena_free(&arena);
    json_decref(rows);
    return tally;
}

static void the_sample_of_other_products_timelines_agrees(void **state)
{
    (void)state;
    struct tally tally = file_run(TEST_DATA "/sla/sample.json");
    assert_int_equal(tally.failed, 0);
    assert_int_equal(tally.passed, 15);
}

static void every_timeline_of_the_reference_data_agrees(void **state)
{
    (void)state;
    const char *folder = getenv("REDRESS_SHARED");
    char path[512];
    (void)snprintf(path, sizeof path, "%s/data/sla_cases.json", folder ? folder : REDRESS_SHARED);
    FILE *file = fopen(path, "re");
    if (!file) {
        print_message("no reference data at hand: skipped\n");
        skip();
    }
    (void)fclose(file);
    assert_int_equal(file_run(path).failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_of_other_products_timelines_agrees),
        cmocka_unit_test(every_timeline_of_the_reference_data_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
