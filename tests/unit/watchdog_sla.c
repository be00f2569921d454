/*
 * Goal: deadlines, pauses, answers owed and breaches are what other products' own tests say they
 * are (laws 7, 11, 12).
 *
 * Method: `redress clock check` is given the timelines of tests/data/sla (a sample, each naming the
 * repository and test it was read from) and, where the reference data is at hand (REDRESS_SHARED
 * names its folder), all of sla_cases.json.  The command says each as a policy and plays it through
 * the core the watchdog runs.  Wrong answers put in by hand have to be found.
 */
#include "ctl_said.h"
#include "unit.h"

#include <unistd.h>

static void cases_agree(const char *path, json_int_t count)
{
    json_t *said = said_json(SAID("clock", "check", path, "--json"), CTL_OK);
    assert_int_equal(json_integer_value(json_object_get(said, "cases")), count);
    assert_int_equal(json_integer_value(json_object_get(said, "agree")), count);
    json_decref(said);
}

static void the_sample_of_other_products_timelines_agrees(void **state)
{
    (void)state;
    cases_agree(TEST_DATA "/sla/sample.json", 24);
}

static void every_timeline_of_the_reference_data_agrees(void **state)
{
    (void)state;
    const char *shared = getenv("REDRESS_SHARED");
    char path[512];
    (void)snprintf(path, sizeof path, "%s/data/sla_cases.json", shared ? shared : REDRESS_SHARED);
    if (access(path, R_OK) != 0) {
        print_message("no reference data at hand: skipped\n");
        skip();
    }
    cases_agree(path, 36);
}

/* Turns every answer of the kind into another one; gives how many there were. */
static unsigned spoil(json_t *value)
{
    const char *key;
    json_t *inner;
    unsigned count = 0;
    json_object_foreach(value, key, inner)
    {
        if (json_is_object(inner)) {
            count += spoil(inner);
        } else if (json_is_boolean(inner)) {
            count++;
            (void)json_object_set_new(value, key, json_boolean(!json_is_true(inner)));
        } else if (json_is_integer(inner)) {
            count++;
            (void)json_object_set_new(value, key, json_integer(json_integer_value(inner) + 100000));
        } else if (json_is_string(inner) || json_is_null(inner)) {
            count++;
            (void)json_object_set_new(value, key, json_string("2001-01-01T00:00:00Z"));
        }
    }
    return count;
}

static unsigned spoil_checks(json_t *rows)
{
    static const char *const kept[] = {"after_seq", "at", "equivalent", "tolerance_seconds"};
    unsigned count = 0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *checks = json_object_get(json_array_get(rows, i), "checks");
        for (size_t j = 0; j < json_array_size(checks); j++) {
            json_t *check = json_array_get(checks, j);
            json_t *aside = json_object();
            for (size_t k = 0; k < sizeof kept / sizeof *kept; k++) {
                if (json_object_get(check, kept[k])) {
                    (void)json_object_set(aside, kept[k], json_object_get(check, kept[k]));
                    (void)json_object_del(check, kept[k]);
                }
            }
            count += spoil(check);
            (void)json_object_update(check, aside);
            json_decref(aside);
        }
    }
    return count;
}

static void every_answer_that_is_wrong_is_found(void **state)
{
    (void)state;
    char path[] = "/tmp/redress-sla-XXXXXX";
    int file = mkstemp(path);
    json_t *rows = json_load_file(TEST_DATA "/sla/sample.json", 0, NULL);
    assert_true(file >= 0 && rows);
    unsigned spoiled = spoil_checks(rows);
    assert_int_equal(json_dumpfd(rows, file, 0), 0);
    assert_int_equal(close(file), 0);
    json_t *said = said_json(SAID("clock", "check", path, "--json"), CTL_FAILED);
    assert_int_equal(json_integer_value(json_object_get(said, "agree")), 0);
    const json_t *differ = json_object_get(said, "differ");
    unsigned found = 0;
    for (size_t i = 0; i < json_array_size(differ); i++) {
        found += (unsigned)json_object_size(json_object_get(json_array_get(differ, i), "expected"));
    }
    assert_true(found > 0 && found <= spoiled);
    print_message(
        "%u answers spoiled, %u found under their event, key and metric\n", spoiled, found);
    json_decref(said);
    json_decref(rows);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_of_other_products_timelines_agrees),
        cmocka_unit_test(every_timeline_of_the_reference_data_agrees),
        cmocka_unit_test(every_answer_that_is_wrong_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
