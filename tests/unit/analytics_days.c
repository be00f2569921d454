/*
 * Goal: a day of `redress measures` is what its zone calls one, whatever the zone: no figure is of
 * another local day than the event it counts.  Method: a year of events a few minutes apart, folded
 * under a policy whose first calendar is of the zone, against the system's zone data.  Guards
 * law 11.
 */
#include "analytics_core.h"
#include "calendar_load.h"
#include "policy_fixture.h"
#include "unit.h"
#include "zone.h"

enum { YEAR = 2024, DAYS = 366, DAY_S = 86400, STEP_S = 577, US = 1000000 };

static const struct {
    const char *name;
    int grain_s;
} zones[] = {
    {"Asia/Shanghai",       3600},
    {"America/New_York",    3600},
    {"Asia/Kolkata",        1800},
    {"America/St_Johns",    1800},
    {"Australia/Lord_Howe", 1800},
    {"Asia/Kathmandu",      900 },
    {"Pacific/Chatham",     900 },
};

static int64_t day_of(const struct zone *zone, int64_t at_s)
{
    return (at_s + zone_offset_s(zone, at_s)) / DAY_S;
}

static void a_year_is_counted(const struct policy *policy, const struct zone *zone, int grain_s)
{
    int64_t from_s = fixture_at_us(YEAR, 1, 1, 0, 0) / US;
    for (int64_t at_s = from_s; at_s < from_s + (int64_t)DAYS * DAY_S; at_s += STEP_S) {
        struct figure_increment out[FIGURE_INCREMENTS_MAX];
        const struct event event = {.kind = EVENT_RECEIVED, .at_us = at_s * US};
        assert_int_equal(analytics_fold(policy, &event, out), 1);
        int64_t hour_s = out[0].hour_s;
        assert_true(hour_s <= at_s && at_s < hour_s + grain_s);
        assert_int_equal(day_of(zone, hour_s), day_of(zone, at_s));
    }
}

static void no_figure_is_of_another_local_day_than_its_event(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        struct error error = {0};
        struct arena *arena = arena_new(1024 * 1024);
        struct zone *zone = zone_new(zones[i].name, &error);
        const struct calendar_definition always = {
            .name = "always", .zone = zones[i].name, .always = true};
        struct calendar calendar;
        assert_non_null(zone);
        assert_true(calendar_compile(&always, YEAR, YEAR, arena, &calendar, &error));
        assert_int_equal(calendar.grain_s, zones[i].grain_s);
        struct policy policy = *policy_fixture();
        policy.calendars = &calendar;
        policy.calendar_count = 1;
        a_year_is_counted(&policy, zone, zones[i].grain_s);
        zone_free(&zone);
        arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_figure_is_of_another_local_day_than_its_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
