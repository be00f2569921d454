/*
 * `redress drill` on complaints of a file.
 *
 * Goal: the promises of a city's own record come out as the city said, on every row with a verdict;
 * what is gained and lost adds up; simulated work is reproducible, more people never make it worse
 * and nobody works off shift; what is wrong with a file is told at its place.  Method: the whole
 * command on tests/data/drill (real rows), its JSON read back; the full half year where it is at
 * hand.  Guards laws 8 and 11.
 */
#include "ctl_said.h"
#include "golden.h"
#include "unit.h"

#include <unistd.h>

static char folder[] = "/tmp/drill.XXXXXX";

/* Words apart by blanks, behind "redress drill". */
static struct said drill(const char *words)
{
    char line[SAID_LINE_MAX];
    (void)snprintf(line, sizeof line, "drill %s", words);
    return said_line(line);
}

#define POLICY  "-p " TEST_DATA "/drill/boston311.yaml "
#define MAP     "-m " TEST_DATA "/drill/boston311.map.yaml "
#define ROWS    "--csv " TEST_DATA "/drill/boston311.csv "
#define STAFF   "--staff " TEST_DATA "/drill/boston311.staff.yaml "
#define ENGLISH "--lang en "

/* The answer as JSON; a new reference. */
static json_t *answer(const char *words)
{
    char text[2048];
    (void)snprintf(text, sizeof text, ENGLISH "--json %s", words);
    return said_json(drill(text), CTL_OK);
}

static const json_t *row_of(const json_t *json, const char *list, const char *key, const char *id)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(json, list), i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, key)), id) == 0) {
            return row;
        }
    }
    fail_msg("no %s in %s", id, list);
    return NULL;
}

static long number(const json_t *row, const char *key)
{
    return (long)json_integer_value(json_object_get(row, key));
}

static void the_city_s_own_verdicts_come_out_on_every_row(void **state)
{
    (void)state;
    json_t *json = answer(POLICY MAP ROWS "-q");
    const json_t *promise = row_of(json, "clocks", "clock", "promise");
    assert_int_equal(number(json, "complaints"), 176);
    assert_int_equal(number(promise, "compared"), 156); /* the other 20 have no verdict */
    assert_int_equal(number(promise, "agree"), 156);
    assert_int_equal(number(promise, "breached_before"), 29);
    assert_int_equal(number(promise, "gained") + number(promise, "lost"), 0);
    assert_int_equal(number(row_of(json, "queues", "queue", "parks"), "cases"), 21);
    json_decref(json);
}

static void the_whole_half_year_comes_out(void **state)
{
    (void)state;
    static const char file[] = REDRESS_SHARED "/data/boston311/requests_2011.csv.gz";
    if (access(file, R_OK) != 0) {
        print_message("not here: %s\n", file);
        skip();
    }
    char words[1024];
    (void)snprintf(words, sizeof words, POLICY MAP "-q --csv %s", file);
    json_t *json = answer(words);
    const json_t *promise = row_of(json, "clocks", "clock", "promise");
    assert_int_equal(number(promise, "compared"), 29012);
    assert_int_equal(number(promise, "agree"), 29012);
    print_message("Boston 311 of 2011: %ld of %ld rows with a verdict agree\n",
                  number(promise, "agree"),
                  number(promise, "compared"));
    json_decref(json);
}

/* A copy of the policy with one text exchanged; its path in a buffer. */
static const char *other_policy(const char *from, const char *to)
{
    static char path[64];
    static char text[32768];
    assert_true(golden_read(TEST_DATA "/drill/boston311.yaml", text, sizeof text) > 0);
    char *at = strstr(text, from);
    assert_non_null(at);
    (void)snprintf(path, sizeof path, "%s/other.yaml", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    *at = '\0';
    (void)fprintf(file, "%s%s%s", text, to, at + strlen(from));
    assert_int_equal(fclose(file), 0);
    return path;
}

static void what_is_gained_and_lost_adds_up(void **state)
{
    (void)state;
    char words[1024];
    const char *path = other_policy("within: 10 business days", "within: 3 business days");
    (void)snprintf(words, sizeof words, POLICY MAP ROWS "-q --against %s", path);
    json_t *json = answer(words);
    const json_t *days = row_of(json, "clocks", "clock", "ten-days");
    assert_int_equal(number(days, "lost"), 0); /* more time loses nobody */
    assert_true(number(days, "gained") > 0);
    assert_int_equal(number(days, "breached_before") - number(days, "gained"),
                     number(days, "breached"));
    assert_int_equal(number(days, "breached"), 55);
    json_decref(json);
}

static void simulated_work_is_the_same_for_the_same_seed(void **state)
{
    (void)state;
    char *texts[3];
    static const char *const seeds[] = {"1", "1", "2"};
    for (int i = 0; i < 3; i++) {
        char words[1024];
        (void)snprintf(words, sizeof words, POLICY MAP ROWS STAFF "-q --seed %s", seeds[i]);
        json_t *json = answer(words);
        (void)json_object_del(json, "seconds");
        (void)json_object_del(json, "complaints_per_second");
        texts[i] = json_dumps(json, JSON_SORT_KEYS);
        json_decref(json);
    }
    assert_string_equal(texts[0], texts[1]);
    assert_string_not_equal(texts[0], texts[2]);
    for (int i = 0; i < 3; i++) {
        free(texts[i]);
    }
}

/* A staff file with this behind "staff: "; its path in a buffer. */
static const char *staff_file(const char *text)
{
    static char path[64];
    (void)snprintf(path, sizeof path, "%s/staff.yaml", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fprintf(file, "staff: %s\n", text);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void the_target_is_reached_by_the_number_found_and_not_by_one_less(void **state)
{
    (void)state;
    char words[1024];
    const char *path =
        staff_file("1\nteams:\n  - {queue: [public-works, inspection, parks, transportation,\n"
                   "     information, property], agents: 1, calendar: office, handling: 900}\n");
    (void)snprintf(
        words, sizeof words, POLICY MAP ROWS "-q --target 90%% --clock ten-days --staff %s", path);
    json_t *json = answer(words);
    const json_t *team = json_array_get(json_object_get(json, "staff_needed"), 0);
    long needed = number(team, "needed");
    assert_true(needed > 1);
    size_t i;
    json_t *point;
    json_array_foreach(json_object_get(team, "curve"), i, point)
    {
        double share = json_real_value(json_object_get(point, "share"));
        assert_true((share >= 0.9) == (number(point, "agents") >= needed));
    }
    json_decref(json);
}

static void nobody_works_off_shift(void **state)
{
    (void)state;
    char words[1024];
    const char *path =
        staff_file("1\nteams:\n  - {queue: [public-works, inspection, parks, transportation,\n"
                   "     information, property], agents: 1000, calendar: office, handling: 540}\n");
    (void)snprintf(words, sizeof words, POLICY MAP ROWS "-q --staff %s", path);
    json_t *json = answer(words);
    const json_t *wait = json_object_get(row_of(json, "queues", "queue", "public-works"), "wait");
    /* Enough people for everybody: whoever waits does so for the office to open.  The longest
     * closing of the half year is Friday to Tuesday. */
    assert_int_equal(number(wait, "cases"), 100); /* 8 of 108 were closed as they were opened */
    assert_int_equal(number(wait, "median_s"), 0);
    assert_true(number(wait, "p99_s") > 3600 && number(wait, "p99_s") <= 87 * 3600);
    json_decref(json);
}

static void what_is_wrong_is_told_at_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"1\nteams:\n  - {queue: nowhere, agents: 1, calendar: office}", ":3:13: error:" },
        {"1\nteams:\n  - {queue: parks, agents: no, calendar: office}",  ":3:28: error:" },
        {"1\nteams:\n  - {queue: parks, agents: 1, calendar: moon}",     ":3:41: error:" },
        {"1\nteams:\n  - {queue: parks, agents: 1, people: 2}",          "\"people\""    },
        {"2\nteams: []",                                                 ":1:8: error:"  },
        {"1\nteams:\n  - {queue: parks, agents: 1, calendar: office}",   "no team serves"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char words[1024];
        (void)snprintf(
            words, sizeof words, ENGLISH POLICY MAP ROWS "--staff %s", staff_file(rows[i].text));
        struct said said = drill(words);
        assert_int_not_equal(said.code, CTL_OK);
        if (!strstr(said.err, rows[i].says)) {
            fail_msg("%zu: %s", i, said.err);
        }
        said_done(&said);
    }
}

/* Between the marks of a page nothing is fetched and nothing runs. */
static void the_page_stands_alone_in_three_languages(void **state)
{
    (void)state;
    static const char *const languages[] = {"en", "zh-CN", "zh-TW"};
    static const char *const titles[] = {"Policy drill", "预案演练", "預案演練"};
    static char page[262144];
    for (int i = 0; i < 3; i++) {
        char words[1024];
        char path[64];
        (void)snprintf(path, sizeof path, "%s/page.html", folder);
        (void)snprintf(words,
                       sizeof words,
                       "--lang %s " POLICY MAP ROWS STAFF "-q --target 90%% --html %s",
                       languages[i],
                       path);
        struct said said = drill(words);
        assert_int_equal(said.code, CTL_OK);
        said_done(&said);
        assert_true(golden_read(path, page, sizeof page) > 0);
        assert_non_null(strstr(page, titles[i]));
        assert_non_null(strstr(page, "<svg"));
        assert_non_null(strstr(page, "</html>"));
        assert_null(strstr(page, "<script"));
        assert_null(strstr(page, "http"));
        assert_null(strstr(page, "nan"));
        assert_int_equal(unlink(path), 0);
    }
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"other.yaml", "staff.yaml"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_city_s_own_verdicts_come_out_on_every_row),
        cmocka_unit_test(the_whole_half_year_comes_out),
        cmocka_unit_test(what_is_gained_and_lost_adds_up),
        cmocka_unit_test(simulated_work_is_the_same_for_the_same_seed),
        cmocka_unit_test(the_target_is_reached_by_the_number_found_and_not_by_one_less),
        cmocka_unit_test(nobody_works_off_shift),
        cmocka_unit_test(what_is_wrong_is_told_at_its_place),
        cmocka_unit_test(the_page_stands_alone_in_three_languages),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
