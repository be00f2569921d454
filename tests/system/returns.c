/*
 * Goal: a return (`redress measures --return`) passes for no more than it is: it says so of a
 * period that is running, a cell of which nothing can be said is empty, and what is wrong in its
 * file or not heeded on the line is refused.
 *
 * Method: figures planted below a policy of our own (judged.yaml), and files with a fault each; how
 * a return counts is the matter of measures.c.  Seen to fail where a count below nought stands in a
 * cell, and where two layouts of one day pass.
 */
#include "rig_cmocka.h"
#include "rig_json.h"

static void a_return_that_is_wrong_is_refused(struct rig *rig, char *words, size_t size)
{
    static const struct {
        const char *row, *column, *said;
    } wrong[] = {
        {"quallity", "{measure: few}",               "has no category 'quallity'"         },
        {"all",      "{measure: fewer}",             "has no measure 'fewer'"             },
        {"all",      "{measure: few, shows: all}",   "a column shows value, hits or of"   },
        {"all",      "{measure: few, show: of}",     "no key of a return is called 'show'"},
        {"all",      "{measure: satisfied-quality}", "has categories of its own"          },
        {"all",      "{measure: alike}",             "or is between channels"             },
        {"all",      "{measure: few, shows: hits}",  "is no share: it has no hits"        },
        {"[]",       "{measure: few}",               "a row has one category or more"     },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        (void)snprintf(words, size, "%s/wrong.yaml", rig->directory);
        FILE *file = fopen(words, "we");
        assert_non_null(file);
        (void)fprintf(file,
                      "{return: w, policy: judged, period: year, layouts: [{version: 1, from: "
                      "2026-01-01, rows: {R: %s}, columns: {C: %s}}]}\n",
                      wrong[i].row,
                      wrong[i].column);
        assert_int_equal(fclose(file), 0);
        (void)snprintf(words, size, "measures --return %s/wrong.yaml", rig->directory);
        rig_says(rig, words, 2, wrong[i].said);
    }
}

/* Which layout holds on a day is said once; one without an end ends where the next begins. */
static void a_return_has_one_layout_a_day(struct rig *rig, char *words, size_t size)
{
    static const struct {
        const char *first, *second;
        int status;
    } pairs[] = {
        {"from: 2026-01-01, until: 2026-06-30", "from: 2026-06-30",                    2},
        {"from: 2026-06-30",                    "from: 2026-01-01, until: 2026-06-30", 2},
        {"from: 2026-01-01",                    "from: 2026-01-01, until: 2026-01-01", 2},
        {"from: 2026-01-01",                    "from: 2026-07-01",                    0},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        (void)snprintf(words, size, "%s/twice.yaml", rig->directory);
        FILE *file = fopen(words, "we");
        assert_non_null(file);
        (void)fprintf(file,
                      "{return: w, policy: judged, period: half-year, layouts: [{version: one, %s, "
                      "rows: {R: all}, columns: {C: {measure: few}}}, {version: two, %s, rows: {R: "
                      "all}, columns: {C: {measure: few}}}]}\n",
                      pairs[i].first,
                      pairs[i].second);
        assert_int_equal(fclose(file), 0);
        (void)snprintf(
            words, size, "measures --return %s/twice.yaml --at 2026-03-01", rig->directory);
        rig_says(rig, words, pairs[i].status, pairs[i].status == 0 ? "" : "hold on the same day");
        rig_says(rig, words, pairs[i].status, pairs[i].status == 0 ? "" : "'one'");
        rig_says(rig, words, pairs[i].status, pairs[i].status == 0 ? "" : "'two'");
    }
}

/* Of what is not whole it says so; what is not heeded is refused. */
static void a_return_passes_for_no_more_than_it_is(struct rig *rig, const char *today)
{
    static const char file[] = REDRESS_SOURCE "/tests/system/judged_return.yaml";
    char words[512];
    (void)snprintf(words, sizeof words, "measures --return %s --at %s", file, today);
    rig_shows(rig, words, 0, ",true,\"Quality, all kinds\",0,0,");
    rig_says(rig, words, 0, " is not over: these are its figures so far");
    (void)snprintf(words, sizeof words, "measures --return %s --at 9998-08-01", file);
    rig_says(rig, words, 0, " has not begun: its figures say nothing yet");
    (void)snprintf(words, sizeof words, "measures --return %s --at 2003-08-01", file);
    rig_sql(rig,
            "INSERT INTO figure SELECT '2003-08-01 00:00Z', 'met', id, 'phone', 'manner', '', "
            "'answer', -1, -1, '', '', -1, 0 FROM policy WHERE name = 'judged'");
    rig_shows(rig, words, 0, ",All,0,,0,0,,\r\n"); /* a merge was undone: neither -1 nor 0 */
    rig_shows(rig, words, 0, ",Leaking,0,0,0,0,,\r\n");
    rig_says(rig, words, 0, "row All, column In time: more was taken back by merges undone");
    rig_sql(rig, "DELETE FROM figure WHERE hour < '2004-01-01'");
    (void)snprintf(words, sizeof words, "measures --return %s --trend 3", file);
    rig_says(rig, words, 2, "--trend does not go with --return");
    (void)snprintf(words, sizeof words, "measures --return %s --period month", file);
    rig_says(rig, words, 2, "--period does not go with --return");
}

/* In each language, of a policy that has what is named there. */
static void what_help_shows_is_a_return(struct rig *rig, const char *today)
{
    static const char *const languages[] = {"en", "zh-CN", "zh-TW"};
    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++) {
        char words[512];
        assert_int_equal(rig_shell(words,
                                   sizeof words,
                                   "%s/redress help return --lang %s | sed "
                                   "s/customer-care/judged/ >%s/shown.yaml",
                                   REDRESS_BIN,
                                   languages[i],
                                   rig->directory),
                         0);
        (void)snprintf(
            words, sizeof words, "measures --return %s/shown.yaml --at %s", rig->directory, today);
        rig_shows(rig, words, 0, "quarterly-complaints,2026,");
    }
}

static void returns_are_what_they_say(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_policy_add(rig, REDRESS_SOURCE "/tests/system/judged.yaml");
    char words[512];
    char today[16];
    rig_text(rig,
             today,
             sizeof today,
             "SELECT to_char(clock_timestamp() AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD')");
    a_return_that_is_wrong_is_refused(rig, words, sizeof words);
    a_return_has_one_layout_a_day(rig, words, sizeof words);
    a_return_passes_for_no_more_than_it_is(rig, today);
    what_help_shows_is_a_return(rig, today);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(returns_are_what_they_say, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
