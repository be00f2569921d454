/*
 * Goal: a drill of an archive under the policy its cases were handled by gives the verdicts the
 * archive has, and writes nothing.
 *
 * Method: the five take complaints that are a day late, people work on them; then the daemons end,
 * and the command drills what they left.  What every table holds, and how many rows were ever
 * written, is compared before and after.  Guards laws 8 (the same events give the same) and 11.
 */
#include "rig.h"
#include "rig_cmocka.h"
#include "rig_json.h"

#include <jansson.h>
#include <signal.h>

enum { SETTLE_MS = 30000, COMPLAINTS = 60, LINE_MAX_SIZE = 1024 };

/* Everything that could have been changed. */
static void state_of(struct rig *rig, char text[LINE_MAX_SIZE])
{
    rig_text(rig,
             text,
             LINE_MAX_SIZE,
             "SELECT concat_ws(' ', (SELECT count(*) || md5(string_agg(j::text, '' ORDER BY "
             "service, partition, seq)) FROM journal j), (SELECT md5(string_agg(c::text, '' ORDER "
             "BY case_id)) FROM complaint c), (SELECT md5(string_agg(c::text, '' ORDER BY "
             "case_id)) FROM clock c), (SELECT md5(string_agg(h::text, '' ORDER BY service, "
             "partition)) FROM head h), (SELECT count(*) FROM policy), (SELECT count(*) FROM "
             "command), (SELECT count(*) FROM pg_class))");
}

/* Rows of which no case comes are told where they stand, each of them to the end of the file. */
static void rows_that_are_nothing_are_told(struct rig *rig)
{
    char words[LINE_MAX_SIZE];
    (void)snprintf(words, sizeof words, "%s/nothing.jsonl", rig->directory);
    FILE *file = fopen(words, "we");
    assert_non_null(file);
    (void)fputs("{\"id\": \"a\", \"channel\": \"fax\", \"narrative\": \"x\"}\n"
                "{\"id\": \"b\", \"channel\": \"phone\", \"narrative\": \"\"}\n",
                file);
    assert_int_equal(fclose(file), 0);
    (void)snprintf(words,
                   sizeof words,
                   "import --map " REDRESS_SOURCE
                   "/tests/data/complaints-late.map.yaml %s/nothing.jsonl",
                   rig->directory);
    rig_says(rig, words, 1, "nothing.jsonl:1:1: error: a value the mapping does not know");
    rig_says(rig, words, 1, "nothing.jsonl:2:1: warning: no text");
}

static void live_a_day(struct rig *rig)
{
    int status;
    rows_that_are_nothing_are_told(rig);
    json_t *json = rig_json(rig,
                            "import --map " REDRESS_SOURCE
                            "/tests/data/complaints-late.map.yaml " REDRESS_SOURCE
                            "/tests/data/complaints-zh-CN.jsonl",
                            &status);
    assert_int_equal(status, 0);
    json_decref(json);
    rig_await(rig, "SELECT count(*) FROM complaint", COMPLAINTS, SETTLE_MS);
    json = rig_json(rig, "play --policy general-service --cases 40 --agents 4 --seed 7", &status);
    json_decref(json);
    rig_settle(rig, SETTLE_MS);
}

static void the_archive_is_judged_as_it_was_and_left_alone(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    live_a_day(rig);
    char until[64]; /* in whole seconds: the next, so that nothing of this one is left out */
    rig_text(rig,
             until,
             sizeof until,
             "SELECT to_char((now() + interval '1 s') AT TIME ZONE 'utc', "
             "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')");
    for (enum service_id service = SERVICE_INTAKE; service <= SERVICE_ANALYTICS; service++) {
        (void)daemon_signal(rig_daemon(rig, service, "a"), SIGTERM);
    }
    char before[LINE_MAX_SIZE];
    char after[LINE_MAX_SIZE];
    char words[LINE_MAX_SIZE];
    int status;
    state_of(rig, before);
    (void)snprintf(words, sizeof words, "drill --policy general-service --until %s", until);
    json_t *json = rig_json(rig, words, &status);
    assert_int_equal(status, 0);
    assert_int_equal(rig_json_number(json, "complaints"), COMPLAINTS);
    assert_int_equal(rig_json_number(json, "reclassified"), 0);
    int64_t late = 0;
    int64_t met = 0;
    size_t i;
    json_t *clock;
    json_array_foreach(json_object_get(json, "clocks"), i, clock)
    {
        if (rig_json_number(clock, "agree") != rig_json_number(clock, "compared")) {
            char *text = json_dumps(clock, 0);
            print_message("not as in the archive: %s\n", text);
            free(text);
        }
        assert_int_equal(rig_json_number(clock, "agree"), rig_json_number(clock, "compared"));
        assert_int_equal(rig_json_number(clock, "met"), rig_json_number(clock, "met_before"));
        assert_int_equal(rig_json_number(clock, "breached"),
                         rig_json_number(clock, "breached_before"));
        late += rig_json_number(clock, "breached");
        met += rig_json_number(clock, "met");
    }
    assert_true(late > 0 && met > 0);
    print_message(
        "%lld met and %lld breached clocks, as in the archive\n", (long long)met, (long long)late);
    json_decref(json);
    state_of(rig, after);
    assert_string_equal(before, after);
    for (enum service_id service = SERVICE_INTAKE; service <= SERVICE_ANALYTICS; service++) {
        (void)rig_start(rig, service, "a"); /* so that the end is an ordinary one */
    }
    rig_await_all_serving(rig);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_archive_is_judged_as_it_was_and_left_alone, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
