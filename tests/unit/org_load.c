/*
 * Goal: who works here is what the file says, and what is wrong in it is told at its place, with a
 * hint, all of it in one run (laws 9 and 11).
 *
 * Method: every tests/unit/org/N.yaml is loaded; the report, and what was understood where there is
 * something, must be N.ok to the letter (REDRESS_WRITE=1 writes them anew, to be read before they
 * are committed).  Cut and altered files never do worse than an error.  Each allocation of a
 * reading fails once, alone and with all that follow.
 */
#include "org_load.h"

#include "describe.h"
#include "golden.h"
#include "org.h"
#include "scope.h"
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>

enum { FILE_MAX = 64 * 1024, FIRST_YEAR = 2025, LAST_YEAR = 2027, CASES_MIN = 6 };

static char *outcome_of(const char *name, struct slice yaml)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct policy_report report;
    SCOPED(org_object_free)
    struct org_object *object = org_load(name, yaml, FIRST_YEAR, LAST_YEAR, &report);
    assert_int_equal(object == NULL, report.errors > 0);
    (void)fprintf(out, "%u errors, %u warnings\n", report.errors, report.warnings);
    (void)fputs(report.text ? report.text : "", out);
    if (object) {
        org_describe(&object->org, out);
    }
    (void)fclose(out);
    policy_report_done(&report);
    return text;
}

static bool golden_agrees(const char *name)
{
    static char yaml[FILE_MAX];
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", ORG_CASES, name);
    size_t size = golden_read(path, yaml, FILE_MAX);
    char *outcome = outcome_of(name, slice_of(yaml, size));
    (void)snprintf(
        path, sizeof path, "%s/%.*s.ok", ORG_CASES, (int)(strlen(name) - strlen(".yaml")), name);
    bool same = golden_is(path, outcome);
    free(outcome);
    return same;
}

static void every_planted_fault_is_told_at_its_place(void **state)
{
    (void)state;
    DIR *folder = opendir(ORG_CASES);
    assert_non_null(folder);
    unsigned cases = 0;
    unsigned wrong = 0;
    struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot && strcmp(dot, ".yaml") == 0) {
            cases++;
            wrong += !golden_agrees(entry->d_name);
        }
    }
    (void)closedir(folder);
    assert_int_equal(wrong, 0);
    assert_true(cases >= CASES_MIN);
}

/* The examples that are shipped. */
static void what_is_shipped_loads_without_a_word(void **state)
{
    (void)state;
    static const char *const names[] = {"bank", "factory", "hotline"};
    static char yaml[FILE_MAX];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[PATH_MAX];
        struct policy_report report;
        (void)snprintf(path, sizeof path, "%s/%s.yaml", ORG_SHIPPED, names[i]);
        size_t size = golden_read(path, yaml, FILE_MAX);
        assert_true(size > 0);
        SCOPED(org_object_free)
        struct org_object *object =
            org_load(names[i], slice_of(yaml, size), FIRST_YEAR, LAST_YEAR, &report);
        if (report.text) {
            fail_msg("%s: %s", names[i], report.text);
        }
        policy_report_done(&report);
        assert_true(object && object->org.skill_count > 0);
    }
}

/* Every cut and many altered bytes; a copy of exactly that size, so that the sanitizer sees reading
 * past it. */
static void no_damage_does_worse_than_an_error(void **state)
{
    (void)state;
    static char yaml[FILE_MAX];
    size_t size = golden_read(ORG_CASES "/harbour.yaml", yaml, FILE_MAX);
    assert_true(size > 0);
    for (size_t at = 0; at < 2 * size; at += 3) {
        size_t length = at < size ? at : size;
        char *copy = malloc(length + 1);
        memcpy(copy, yaml, length);
        if (at >= size) {
            copy[at - size] = (char)(copy[at - size] ^ 0x15);
        }
        free(outcome_of("damaged", slice_of(copy, length)));
        free(copy);
    }
}

static struct org_object *harbour(void)
{
    static char yaml[FILE_MAX];
    size_t size = golden_read(ORG_CASES "/harbour.yaml", yaml, FILE_MAX);
    struct policy_report report;
    struct org_object *object =
        org_load("harbour.yaml", slice_of(yaml, size), FIRST_YEAR, LAST_YEAR, &report);
    policy_report_done(&report);
    assert_non_null(object);
    return object;
}

/* ---- where memory runs out ---- */

/* NOLINTBEGIN(*-reserved-identifier,cert-dcl*,readability-identifier-naming): the linker's names */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static int64_t until_it_fails = INT64_MAX; /* allocations */
static bool goes_on_failing;

static bool fails(void)
{
    bool now = until_it_fails == 1 || (until_it_fails < 1 && goes_on_failing);
    until_it_fails--;
    if (now) {
        errno = ENOMEM;
    }
    return now;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return fails() ? NULL : __real_realloc(memory, size);
}
/* NOLINTEND(*-reserved-identifier,cert-dcl*,readability-identifier-naming) */

/* Of how many allocations.  The whole one says what no part of it may lack. */
static int64_t memory_runs_out(struct slice yaml, const struct org *whole, bool for_good)
{
    bool done = false;
    int64_t at = 0;
    while (!done) {
        struct policy_report report;
        until_it_fails = ++at;
        goes_on_failing = for_good;
        SCOPED(org_object_free)
        struct org_object *object = org_load("harbour", yaml, FIRST_YEAR, LAST_YEAR, &report);
        done = until_it_fails > 0;
        until_it_fails = INT64_MAX;
        const struct org *read = object ? &object->org : whole;
        if (read->agent_count != whole->agent_count || read->role_count != whole->role_count ||
            read->account_count != whole->account_count) {
            fail_msg("allocation %jd: half of it was read", (intmax_t)at);
        }
        policy_report_done(&report);
    }
    return at - 1;
}

/* Who is left out could do nothing, and what he alone has would be nobody's.  Seen to fail where a
 * table there was no room for was no fault. */
static void for_want_of_memory_nothing_is_read_by_half(void **state)
{
    (void)state;
    static char yaml[FILE_MAX];
    struct slice good = slice_of(yaml, golden_read(ORG_CASES "/harbour.yaml", yaml, FILE_MAX));
    SCOPED(org_object_free) struct org_object *whole = harbour();
    assert_true(memory_runs_out(good, &whole->org, false) > 10);
    assert_true(memory_runs_out(good, &whole->org, true) > 10);
}

/* 2026-11-02 is a Monday; instants are Shanghai's, eight hours ahead of UTC. */
enum { NOV_2 = 1793577600, HOUR = 3600, DAY = 24 * HOUR };

/* Nobody of the files here has any of these but agents and supervisors; customers are outside. */
static const char role_names[][POLICY_NAME_MAX] = {"agent", "approver", "customer", "supervisor"};
static const struct policy policy = {
    .role_count = 4, .roles = role_names, .outside = 1U << 2 | 1U << 3};

static const struct moment {
    const char *name, *role;
    int64_t at_s; /* local, since 2026-11-02 00:00 */
    enum org_verdict verdict;
    int64_t until_s; /* likewise; 0: none */
} moments[] = {
    {"王明",    "agent",      -3 * DAY + 10 * HOUR,     ORG_ADMITS,       0                   },
    {"王明",    "agent",      -3 * DAY + 12 * HOUR,     ORG_OFF_SHIFT,    -3 * DAY + 13 * HOUR},
    {"王明",    "agent",      -3 * DAY + 12 * HOUR - 1, ORG_ADMITS,       0                   },
    {"王明",    "agent",      -2 * DAY + 10 * HOUR,     ORG_OFF_SHIFT,    9 * HOUR            },
    {"王明",    "agent",      -1,                       ORG_OFF_SHIFT,    9 * HOUR            },
    {"王明",    "agent",      0,                        ORG_ON_LEAVE,     5 * DAY             },
    {"王明",    "agent",      10 * HOUR,                ORG_ON_LEAVE,     5 * DAY             },
    {"王明",    "agent",      4 * DAY + 10 * HOUR,      ORG_ON_LEAVE,     5 * DAY             },
    {"王明",    "agent",      5 * DAY,                  ORG_OFF_SHIFT,    7 * DAY + 9 * HOUR  },
    {"王明",    "supervisor", 10 * HOUR,                ORG_ROLE_NOT_HIS, 0                   },
    {"李雷",    "agent",      10 * HOUR,                ORG_OFF_SHIFT,    22 * HOUR           },
    {"李雷",    "agent",      29 * HOUR,                ORG_ADMITS,       0                   },
    {"林小姐", "agent",      3 * HOUR,                 ORG_ADMITS,       0                   },
    {"李雷",    "approver",   29 * HOUR,                ORG_ROLE_UNHELD,  0                   },
    {"李雷",    "customer",   29 * HOUR,                ORG_ADMITS,       0                   },
    {"李雷",    "customer",   10 * HOUR,                ORG_OFF_SHIFT,    22 * HOUR           },
    {"韩梅梅", "agent",      10 * HOUR,                ORG_UNKNOWN,      0                   },
    {"韩梅梅", "customer",   10 * HOUR,                ORG_UNKNOWN,      0                   },
    {"王",       "agent",      10 * HOUR,                ORG_UNKNOWN,      0                   },
    {"王明",    "agent",      2000 * DAY,               ORG_ADMITS,       0                   },
};

static void nobody_is_given_work_out_of_his_hours_or_while_he_is_away(void **state)
{
    (void)state;
    SCOPED(org_object_free) struct org_object *object = harbour();
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        const struct moment *moment = &moments[i];
        int64_t from_s = NOV_2 - 8 * HOUR;
        int64_t until_s = -1;
        struct slice stands_for;
        enum org_verdict verdict = org_admits(&object->org,
                                              &policy,
                                              slice_text(moment->name),
                                              slice_text(moment->role),
                                              from_s + moment->at_s,
                                              &stands_for,
                                              &until_s);
        int64_t wanted_s = moment->until_s != 0 ? from_s + moment->until_s : 0;
        if (verdict != moment->verdict || until_s != wanted_s) {
            fail_msg("moment %zu: %d until %lld, not %d until %lld",
                     i,
                     verdict,
                     (long long)until_s,
                     moment->verdict,
                     (long long)wanted_s);
        }
    }
}

/* One that nobody has is nobody's, unless the policy puts it outside.  One that is outside and that
 * somebody here has, too (the supervisor's), is of those and of who is not one of us.  Seen to fail
 * where a role nobody has was let act, and where a clerk with the buyer's role shut the buyers out.
 */
static void a_role_of_the_house_is_for_those_who_have_it_and_their_deputies(void **state)
{
    (void)state;
    SCOPED(org_object_free) struct org_object *object = harbour();
    static const struct {
        const char *name, *role;
        int day; /* of November */
        enum org_verdict verdict;
        const char *stands_for;
    } rows[] = {
        {"林小姐", "supervisor", 1, ORG_ADMITS,       ""         },
        {"王明",    "supervisor", 1, ORG_ROLE_NOT_HIS, ""         },
        {"王明",    "supervisor", 9, ORG_ADMITS,       "林小姐"},
        {"李雷",    "supervisor", 9, ORG_ROLE_NOT_HIS, ""         },
        {"nobody",    "supervisor", 9, ORG_ADMITS,       ""         },
        {"nobody",    "agent",      9, ORG_UNKNOWN,      ""         },
        {"nobody",    "customer",   9, ORG_ADMITS,       ""         },
        {"王明",    "customer",   9, ORG_ADMITS,       ""         },
        {"nobody",    "approver",   9, ORG_ROLE_UNHELD,  ""         },
        {"王明",    "approver",   9, ORG_ROLE_UNHELD,  ""         },
        {"王明",    "no-such",    9, ORG_ROLE_UNHELD,  ""         },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct slice stands_for;
        assert_int_equal(org_speaks(&object->org,
                                    &policy,
                                    slice_text(rows[i].name),
                                    slice_text(rows[i].role),
                                    NOV_2 + (int64_t)(rows[i].day - 2) * DAY,
                                    &stands_for),
                         rows[i].verdict);
        assert_true(slice_equal(stands_for, slice_text(rows[i].stands_for)));
    }
}

static void work_is_given_to_who_is_off_shift_and_not_to_who_is_away(void **state)
{
    (void)state;
    SCOPED(org_object_free) struct org_object *object = harbour();
    const struct org *org = &object->org;
    int64_t until_s;
    assert_int_equal(org_may_be_given(org, slice_text("李雷"), NOV_2, &until_s), ORG_ADMITS);
    assert_int_equal(org_may_be_given(org, slice_text("王明"), NOV_2, &until_s), ORG_ON_LEAVE);
    assert_int_equal(until_s, NOV_2 - 8 * HOUR + 5 * DAY);
    assert_int_equal(org_may_be_given(org, slice_text("nobody"), NOV_2, &until_s), ORG_UNKNOWN);
}

static void a_deputy_stands_in_while_the_other_is_away_and_no_longer(void **state)
{
    (void)state;
    SCOPED(org_object_free) struct org_object *object = harbour();
    const struct org *org = &object->org;
    struct slice li = slice_text("李雷");
    struct slice wang = slice_text("王明");
    int64_t away_s = NOV_2 + DAY; /* of 王明 */
    assert_true(org_stands_in(org, li, wang, away_s));
    assert_false(org_stands_in(org, li, wang, away_s - 3 * DAY));
    assert_false(org_stands_in(org, wang, li, away_s));
    assert_false(org_stands_in(org, slice_text("林小姐"), wang, away_s));
}

static void levels_are_those_of_the_person(void **state)
{
    (void)state;
    SCOPED(org_object_free) struct org_object *object = harbour();
    const struct org_agent *agent = org_find(&object->org, slice_text("王明"));
    assert_non_null(agent);
    assert_int_equal(org_level(&object->org, agent, slice_text("german")), 2);
    assert_int_equal(org_level(&object->org, agent, slice_text("payments")), 5);
    assert_int_equal(org_level(&object->org, agent, slice_text("french")), 0);
    assert_int_equal(agent->capacity, 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_planted_fault_is_told_at_its_place),
        cmocka_unit_test(what_is_shipped_loads_without_a_word),
        cmocka_unit_test(no_damage_does_worse_than_an_error),
        cmocka_unit_test(for_want_of_memory_nothing_is_read_by_half),
        cmocka_unit_test(nobody_is_given_work_out_of_his_hours_or_while_he_is_away),
        cmocka_unit_test(a_role_of_the_house_is_for_those_who_have_it_and_their_deputies),
        cmocka_unit_test(work_is_given_to_who_is_off_shift_and_not_to_who_is_away),
        cmocka_unit_test(a_deputy_stands_in_while_the_other_is_away_and_no_longer),
        cmocka_unit_test(levels_are_those_of_the_person),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
