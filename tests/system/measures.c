/*
 * Goal: what `redress measures` says is what happened: every kind of measure over a few lives whose
 * numbers are worked out by hand, and nothing counts twice when analytics is killed (law 4).
 *
 * Method: six complaints through the real daemons by a policy of our own (judged.yaml), four of
 * them closed, one of these reopened and closed again; then figures planted around the turn of a
 * month, which is not that of UTC.  Seen to fail where a measure takes the figures of another one,
 * where the zone is left out, where only the newest version of the policy counts, where `status`
 * ends with the question about alarms, and where `top` leaves stderr on its screen.
 */
#include "redress/command/v1/command.pb-c.h"
#include "rig_cmocka.h"
#include "rig_json.h"

#include <math.h>
#include <signal.h>

enum { SETTLE_MS = 20000, ANSWER_MS = 10000 };

static const double none = -1.0; /* null: nothing to say */

/* What a measure came to; met: 1 yes, 0 no, -1 nothing to say. */
struct wanted {
    const char *measure;
    double value;
    int64_t n;
    int met;
};

static const json_t *measure_named(const json_t *answer, const char *name)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(answer, "measures"), i, one)
    {
        if (strcmp(json_string_value(json_object_get(one, "measure")), name) == 0) {
            return one;
        }
    }
    fail_msg("no measure %s", name);
    return NULL;
}

static void measured_is(const json_t *one, const struct wanted *wanted)
{
    const json_t *value = json_object_get(one, "value");
    const json_t *met = json_object_get(one, "met");
    double is = json_is_null(value) ? none : json_number_value(value);
    int as_met = json_is_null(met) ? -1 : json_is_true(met);
    if (fabs(is - wanted->value) > 0.00001 || rig_json_number(one, "n") != wanted->n ||
        as_met != wanted->met) {
        fail_msg("%s is %g of %lld, met %d",
                 wanted->measure,
                 is,
                 (long long)rig_json_number(one, "n"),
                 as_met);
    }
}

static void
measures_are(const struct rig *rig, const char *words, const struct wanted *wanted, size_t count)
{
    int status = 1;
    json_t *answer = rig_json(rig, words, &status);
    assert_non_null(answer);
    assert_int_equal(status, 0);
    for (size_t i = 0; i < count; i++) {
        measured_is(measure_named(answer, wanted[i].measure), &wanted[i]);
    }
    json_decref(answer);
}
#define MEASURES_ARE(rig, words, wanted)                                                           \
    measures_are(rig, words, wanted, sizeof(wanted) / sizeof *(wanted))

static uint64_t submitted(const struct rig *rig, const char *words)
{
    char line[256];
    int status = 1;
    (void)snprintf(line, sizeof line, "submit --policy judged %s", words);
    json_t *receipt = rig_json(rig, line, &status);
    assert_int_equal(status, 0);
    uint64_t case_id = (uint64_t)rig_json_number(receipt, "case_id");
    json_decref(receipt);
    return case_id;
}

static void act(struct desk *desk,
                uint64_t case_id,
                const char *action,
                const char *satisfied,
                const char *score,
                const char *refund)
{
    const char *const values[] = {satisfied, score, refund};
    static const char *const names[] = {"satisfied", "score", "refund"};
    struct command command = {
        .actor = "zhang", .role = "agent", .case_id = case_id, .action = action};
    unsigned count = 0;
    for (unsigned i = 0; i < 3; i++) {
        if (values[i]) {
            command.fields[count].name = names[i];
            command.fields[count++].value = values[i];
        }
    }
    struct answer answer = desk_ask(desk, &command, ANSWER_MS);
    if (answer.outcome != REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE) {
        fail_msg("%s was refused: %s", action, answer.code);
    }
}

/*
 * By phone, in time: two settled at once, one refused at once, one left open that is the second of
 * its customer.  By e-mail, too late: both settled later, one of them twice.
 */
static void lives_live(struct rig *rig)
{
    uint64_t late = submitted(rig, "--channel email --text 'it leaks'");
    uint64_t again = submitted(rig, "--channel email --text 'so rude'");
    uint64_t well = submitted(rig, "--channel phone --text 'it is broken' --contact li@example.cn");
    uint64_t badly = submitted(rig, "--channel phone --text 'so rude'");
    uint64_t refused = submitted(rig, "--channel phone --text 'it is broken'");
    rig_await(rig, "SELECT count(*) FROM complaint", 5, SETTLE_MS);
    (void)submitted(rig, "--channel phone --text 'it is broken' --contact li@example.cn");
    rig_await(rig, "SELECT count(*) FROM complaint", 6, SETTLE_MS);
    rig_await(rig,
              "SELECT coalesce(sum(count), 0)::bigint FROM figure WHERE measure = 'missed'",
              2,
              SETTLE_MS);
    struct desk *desk = desk_new(rig, "a");
    act(desk, well, "settle", "well", "5", "100");
    act(desk, badly, "settle", "badly", "2", "50.50");
    act(desk, refused, "refuse", NULL, NULL, NULL);
    act(desk, late, "further", NULL, NULL, NULL);
    act(desk, late, "settle", "well", "4", NULL);
    act(desk, again, "further", NULL, NULL, NULL);
    act(desk, again, "settle", NULL, NULL, NULL);
    act(desk, again, "reopen", NULL, NULL, NULL);
    act(desk, again, "settle", NULL, NULL, "20");
    desk_free(&desk);
    rig_settle(rig, SETTLE_MS);
}

static const struct wanted lived[] = {
    {"in-time",           60,     5, 1}, /* three by phone, not the two by e-mail */
    {"in-time-email",     0,      2, 0},
    {"founded",           83.33,  6, 0}, /* five settled, one refused */
    {"at-once",           40,     5, 1}, /* two of five settled */
    {"closed",            100,    6, 1}, /* six closings, six opened */
    {"reopened",          16.67,  6, 1},
    {"repeated",          16.67,  6, 0},
    {"satisfied",         66.67,  3, 1},
    {"satisfied-quality", 100,    2, 1}, /* a kind of it included */
    {"scored",            66.67,  3, 0},
    {"score",             3.6667, 3, 0}, /* 11 / 3, and the target is a little more */
    {"cost",              170.5,  3, 1},
    {"few",               6,      6, 0},
    {"reviewed",          5,      5, 1}, /* five settled, not the refused one */
    {"alike",             100,    5, 0}, /* all of the phone's, none of the e-mail's */
};

/* What is owed for the period they were opened in: six are as many as the one begins with. */
static void duties_begin_with_enough_cases(const struct rig *rig)
{
    int status = 1;
    json_t *answer = rig_json(rig, "measures --policy judged", &status);
    const json_t *publish = measure_named(answer, "publish");
    const json_t *owed = json_object_get(publish, "duty");
    const json_t *not_yet = json_object_get(measure_named(answer, "report"), "duty");
    const json_t *alike = measure_named(answer, "alike");
    const char *period = json_string_value(json_object_get(publish, "period"));
    const char *due = json_string_value(json_object_get(owed, "due"));
    assert_true(json_is_true(json_object_get(owed, "begun")));
    assert_non_null(due); /* the thirtieth day of the next half-year: all days count */
    assert_string_equal(due + 4, period[6] == '1' ? "-07-30" : "-01-30");
    assert_int_equal(strtol(due, NULL, 10) - strtol(period, NULL, 10), period[6] == '2');
    assert_true(json_is_false(json_object_get(not_yet, "begun")));
    assert_true(json_is_null(json_object_get(not_yet, "due")));
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(alike, "lowest"), "channel")), "email");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(alike, "highest"), "channel")), "phone");
    json_decref(answer);
}

static void csv_has(const struct rig *rig, const char *words, const char *text)
{
    rig_shows(rig, words, 0, text);
}

/* Rows by category and columns by measure, in the layout that holds, as the lives above have it. */
static void a_return_counts_what_the_measures_count(struct rig *rig)
{
    static const struct {
        const char *row;
        double values[6];
    } wanted[] = {
        {"Quality, all kinds", {4, 2, 3, 2, 66.67, 100}  },
        {"Leaking",            {1, 0, 1, 1, 100, 0}      },
        {"Both",               {3, 1, 4, 4, 100, 70.5}   },
        {"All",                {6, 3, 6, 5, 83.33, 170.5}},
    };
    int status = -1;
    static const char file[] = REDRESS_SOURCE "/tests/system/judged_return.yaml";
    char words[512];
    char today[16];
    rig_text(rig,
             today,
             sizeof today,
             "SELECT to_char(clock_timestamp() AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD')");
    (void)snprintf(words, sizeof words, "measures --return %s --at %s", file, today);
    json_t *told = rig_json(rig, words, &status);
    assert_int_equal(status, 0);
    assert_string_equal(json_string_value(json_object_get(told, "version")), "7");
    const json_t *rows = json_object_get(told, "rows");
    assert_int_equal(json_array_size(rows), 4);
    for (size_t i = 0; i < 4; i++) {
        const json_t *row = json_array_get(rows, i);
        const json_t *values = json_object_get(row, "values");
        assert_string_equal(json_string_value(json_object_get(row, "row")), wanted[i].row);
        assert_int_equal(json_array_size(values), 6);
        for (size_t j = 0; j < 6; j++) {
            double is = json_number_value(json_array_get(values, j));
            if (fabs(is - wanted[i].values[j]) > 0.00001) {
                fail_msg("%s, column %zu: %g", wanted[i].row, j, is);
            }
        }
    }
    json_decref(told);
    csv_has(rig, words, "\"Quality, all kinds\",4,2,3,2,66.67,100\r\n");
    csv_has(rig, words, ",\"Judged, \"\"late\"\" too\",Settled,");
    (void)snprintf(words, sizeof words, "measures --return %s --at 2001-07-01", file);
    csv_has(rig, words, "judged-half-year,old,2001-H2,2001-07-01,2001-12-31,false,All,0\r\n");
    (void)snprintf(words, sizeof words, "measures --return %s --at 2002-06-30", file);
    rig_says(
        rig, words, 3, "no layout that holds on 2002-06-30: add one to layouts of " REDRESS_SOURCE);
    (void)snprintf(words, sizeof words, "measures --return %s --policy other", file);
    rig_says(rig, words, 2, "is of policy judged, not of other");
    (void)snprintf(words, sizeof words, "measures --return %s --at 2001-07-01", file);
    rig_says(rig, words, 0, "policy judged was loaded only after 2001-H2 had begun");
    rig_says(rig,
             "measures --return " REDRESS_SOURCE "/tests/system/judged.yaml",
             2,
             "a return has a name, a policy, a period and a list of layouts");
}

/* What is passed is seen by whoever looks whether all is well, and by whoever watches analytics;
 * what a running period lacks is not, nor what one before the policy lacked. */
static void owners_are_told_unasked(struct rig *rig)
{
    static const char *const wanted[][2] = {
        {"publish", "supervisor"},
        {"few",     "agent"     },
    };
    static const char *const words[] = {"status", "top --once"};
    const struct daemon *analytics = rig_daemon(rig, SERVICE_ANALYTICS, "a");
    rig_await_ready(rig, analytics, 200, "2, such as judged publish of", SETTLE_MS);
    daemon_await_log(analytics, "a duty has begun", 1, SETTLE_MS);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        int status = -1;
        json_t *answer = rig_json(rig, words[i], &status);
        const json_t *alarms = json_object_get(answer, "alarms");
        assert_int_equal(status, 0); /* the parts are well */
        assert_int_equal(json_array_size(alarms), 2);
        for (size_t j = 0; j < 2; j++) {
            const json_t *one = json_array_get(alarms, j);
            assert_string_equal(json_string_value(json_object_get(one, "measure")), wanted[j][0]);
            assert_string_equal(json_string_value(json_object_get(one, "owner")), wanted[j][1]);
            assert_int_equal(rig_json_number(one, "n"), 6);
        }
        json_decref(answer);
    }
}

static void screen_has(const struct rig *rig, const char *text)
{
    char said[16384];
    int status = rig_shell(said,
                           sizeof said,
                           "(sleep 4; printf q) | script -qec '%s/redress top --config "
                           "%s/redress.yaml' /dev/null",
                           REDRESS_BIN,
                           rig->directory);
    const char *found = strstr(said, text);
    const char *end = found ? found + strlen(text) + strspn(found + strlen(text), " ") : "";
    if (status != 0 || strncmp(end, "\033[K", 3) != 0) { /* so ends a row of the board */
        fail_msg("top: status %d: %s", status, said);
    }
}

/* The figures may be refused to whoever looks, of all questions the alarms' one alone: the rest is
 * told nevertheless, what could not be asked is said, and the status is not that of all well.
 * Where top has the screen it is a row of the board and not talk across it. */
static void what_cannot_be_asked_for_is_said_beside_the_rest(struct rig *rig)
{
    static const char *const words[] = {"status", "top --once"};
    rig_sql(rig, "REVOKE SELECT ON figure FROM redress_reader");
    rig_sql(rig, "GRANT SELECT (measure, count) ON figure TO redress_reader");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        int status = -1;
        json_t *answer = rig_json(rig, words[i], &status);
        assert_int_equal(status, 1);
        assert_non_null(answer);
        assert_true(json_is_null(json_object_get(answer, "alarms")));
        assert_true(rig_json_number(answer, "open") >= 1);
        json_decref(answer);
    }
    rig_shows(rig, "status", 1, "could not be asked for: measures");
    rig_says(rig, "status", 1, "permission denied for table figure");
    screen_has(rig, "permission denied for table figure");
    rig_sql(rig, "GRANT SELECT ON figure TO redress_reader");
}

/* The turn of September 2026 in Shanghai is 16:00 UTC of the 30th. */
static void a_month_ends_where_the_policy_is(struct rig *rig)
{
    rig_sql(rig,
            "INSERT INTO figure SELECT t.hour::timestamptz, t.measure, p.id, 'phone', 'manner', "
            "'', t.clock, t.phase, t.bucket, '', '', t.count, t.sum FROM policy p, (VALUES "
            "('2026-09-30 15:00Z', 'met', 'answer', -1, -1, 1, 0), "
            "('2026-09-30 15:00Z', 'missed', 'answer', -1, -1, 3, 0), "
            "('2026-09-30 16:00Z', 'met', 'answer', -1, -1, 9, 0), "
            "('2026-09-30 16:00Z', 'missed', 'another', -1, -1, 7, 0), "
            "('2026-10-31 15:00Z', 'missed', 'answer', -1, -1, 1, 0), "
            "('2026-10-31 16:00Z', 'missed', 'answer', -1, -1, 50, 0), "
            "('2026-10-02 00:00Z', 'phase', '', 4, 10, 2, 6), "
            "('2026-10-03 00:00Z', 'phase', '', 4, 48, 2, 200), "
            "('2026-10-04 00:00Z', 'phase', '', 4, 48, 1, 100), "
            "('2026-10-05 00:00Z', 'phase', '', 4, 120, 4, 400000), "
            "('2026-10-05 00:00Z', 'phase', '', 3, 1, 99, 99)) "
            "AS t (hour, measure, clock, phase, bucket, count, sum) "
            "WHERE p.name = 'judged' AND p.version = 1");
    static const struct wanted september[] = {
        {"in-time", 25,   4, 0 },
        {"cost",    none, 0, -1}
    };
    static const struct wanted october[] = {
        {"in-time", 90,    10, 1 },
        {"slow",    44478, 9,  1 }, /* 400306 / 9 s */
        {"usual",   102,   9,  0 }, /* the fifth of nine, in the bucket from 97 s to 107 s */
        {"score",   none,  0,  -1},
    };
    static const struct wanted quarter[] = {
        {"in-time", 25, 4, 0}
    };
    static const struct wanted first_half[] = {
        {"in-time", none, 0, -1}
    };
    MEASURES_ARE(rig, "measures --policy judged --at 2026-09-10 --trend 2", september);
    MEASURES_ARE(rig, "measures --policy judged --at 2026-10-31 --period month", october);
    MEASURES_ARE(rig, "measures --at 2026-07-01 --period quarter", quarter);
    MEASURES_ARE(rig, "measures --at 2026-06-30 --period half-year", first_half);
    int status = 1;
    json_t *answer = rig_json(rig, "measures --policy judged --at 2026-10-31 --trend 3", &status);
    const json_t *trend = json_object_get(measure_named(answer, "in-time"), "trend");
    assert_int_equal(json_array_size(trend), 3);
    static const struct wanted course[] = {
        {"in-time", none, 0,  -2},
        {"in-time", 25,   4,  -2},
        {"in-time", 90,   10, -2},
    };
    static const char *const names[] = {"2026-08", "2026-09", "2026-10"};
    for (size_t i = 0; i < 3; i++) {
        const json_t *one = json_array_get(trend, i);
        const json_t *value = json_object_get(one, "value");
        assert_string_equal(json_string_value(json_object_get(one, "period")), names[i]);
        assert_int_equal(rig_json_number(one, "n"), course[i].n);
        assert_int_equal(json_is_null(value), course[i].value < 0);
    }
    json_decref(answer);
    answer = rig_json(rig, "measures --at 2026-12-31 --period half-year --trend 2", &status);
    trend = json_object_get(measure_named(answer, "in-time"), "trend");
    assert_string_equal(json_string_value(json_object_get(json_array_get(trend, 0), "period")),
                        "2026-H1");
    assert_string_equal(json_string_value(json_object_get(json_array_get(trend, 1), "period")),
                        "2026-H2");
    assert_true(rig_json_number(json_array_get(trend, 1), "n") >= 14);
    json_decref(answer);
}

static void what_is_asked_wrongly_is_refused(const struct rig *rig)
{
    static const struct {
        const char *words;
        int status;
    } rows[] = {
        {"measures --period decade",         2},
        {"measures --at 2026-02-30",         2},
        {"measures --trend 61",              2},
        {"measures --policy nobody",         3},
        {"measures --policy loyalty-points", 0}, /* states none */
        {"calendar show judged/always",      0},
        {"calendar show judged/alway",       3},
        {"calendar show juged/always",       3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int status = -1;
        json_decref(rig_json(rig, rows[i].words, &status));
        assert_int_equal(status, rows[i].status);
    }
}

/* Where a policy of the archive cannot be read here, a wrong name is told all the same. */
static void what_is_nowhere_is_said(struct rig *rig)
{
    rig_sql(rig,
            "INSERT INTO policy (name, version, hash, source) "
            "VALUES ('later', 1, sha256('3'), 'policy: later')");
    rig_says(rig, "measures --policy nobody", 3, "the archive has no policy nobody");
    rig_says(rig,
             "submit --policy nobody --channel phone --text x --received-at 2026-11-21T08:15",
             3,
             "the archive has no policy nobody");
}

static void measures_are_what_happened(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_policy_add(rig, REDRESS_SOURCE "/tests/system/judged.yaml");
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    lives_live(rig);
    MEASURES_ARE(rig, "measures --policy judged", lived);
    duties_begin_with_enough_cases(rig);
    a_return_counts_what_the_measures_count(rig);
    daemon_signal(rig_daemon(rig, SERVICE_ANALYTICS, "a"), SIGKILL);
    (void)rig_start(rig, SERVICE_ANALYTICS, "a");
    rig_await_all_serving(rig);
    rig_settle(rig, SETTLE_MS);
    owners_are_told_unasked(rig);
    what_cannot_be_asked_for_is_said_beside_the_rest(rig);
    /* a newer version says what is measured, the older one's cases count */
    rig_sql(
        rig,
        "INSERT INTO policy (name, version, hash, source) SELECT name, 2, sha256('2'), "
        "replace(source, E'\\nversion: 1', E'\\nversion: 2') FROM policy WHERE name = 'judged'");
    MEASURES_ARE(rig, "measures --policy judged", lived);
    a_month_ends_where_the_policy_is(rig);
    what_is_asked_wrongly_is_refused(rig);
    what_is_nowhere_is_said(rig);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(measures_are_what_happened, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
