/*
 * Goal: a row becomes the submission its mapping says, always with the same id, and a mapping that
 * cannot be right is refused at its place.
 * Method: the shipped mappings over the shipped data, ids against values computed by another
 * program (Python's hashlib), and mappings with one fault each.  The id is what makes importing
 * twice harmless (law 1).
 */
#include "clock.h"
#include "ctl_map_source.h"
#include "scope.h"
#include "unit.h"

#include <unistd.h>

static char folder[] = "/tmp/ctl-map-XXXXXX";

struct told {
    struct ctl ctl;
    char *text;
    size_t size;
};

static void told_begin(struct told *told)
{
    *told = (struct told){0};
    told->ctl.err = open_memstream(&told->text, &told->size);
    told->ctl.out = told->ctl.err;
    assert_non_null(told->ctl.err);
}

static void told_done(struct told *told)
{
    (void)fclose(told->ctl.err);
    free(told->text);
}

static int map_of(struct told *told, const char *text, const char *policy, struct ctl_map **map)
{
    char path[64];
    (void)snprintf(path, sizeof path, "%s/map.yaml", folder);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    (void)fputs(text, file);
    assert_int_equal(fclose(file), 0);
    int code = ctl_map_read(&told->ctl, path, policy, NULL, map);
    (void)fflush(told->ctl.err);
    return code;
}

/* One chunk of memory. */
/* NOLINTNEXTLINE(readability-non-const-parameter): as the reader calls it */
static long text_read(void *context, char *to, size_t size, char why[80])
{
    (void)why;
    const char **text = context;
    size_t got = strlen(*text) < size ? strlen(*text) : size;
    memcpy(to, *text, got);
    *text += got;
    return (long)got;
}

/* The first row of a file, mapped. */
static enum ctl_mapped first_row(struct ctl_map *map,
                                 const char *text,
                                 struct ctl_reader **reader,
                                 struct ctl_submission *submission,
                                 struct ctl_bad *bad)
{
    uint64_t line;
    static const char *at;
    at = text;
    *reader = ctl_reader_new(ctl_map_format(map), text_read, &at);
    assert_non_null(*reader);
    assert_true(ctl_map_want(map, *reader));
    assert_int_equal(ctl_reader_begin(*reader, bad), CTL_READ_ROW);
    assert_int_equal(ctl_reader_next(*reader, &line, bad), CTL_READ_ROW);
    *bad = (struct ctl_bad){.line = line, .column = 1};
    return ctl_map_row(map, *reader, submission, bad);
}

#define HEAD  "map: 1\nformat: csv\n"
#define NAMES "policy: p\nchannel: c\n"
#define REST  "submission_id: {namespace: t, column: id}\nnarrative: {column: text}\n"

static const char whole[] =
    HEAD REST "policy: general\n"
              "channel: {column: via, values: {W: web, P: phone}, default: web}\n"
              "received_at: now\n"
              "occurred_at: {column: day, form: date, zone: America/New_York}\n"
              "demand: {column: want, default: nothing}\n"
              "person: {name: {column: who}}\n";

#define ASSERT_SLICE(slice, expected) assert_true(slice_equal(slice, slice_text(expected)))

static void a_row_becomes_what_the_mapping_says(void **state)
{
    (void)state;
    struct told told;
    struct ctl_submission submission;
    struct ctl_bad bad;
    told_begin(&told);
    SCOPED(ctl_map_free) struct ctl_map *map = NULL;
    assert_int_equal(map_of(&told, whole, NULL, &map), CTL_OK);
    SCOPED(ctl_reader_free) struct ctl_reader *reader = NULL;
    assert_int_equal(first_row(map,
                               "id,text,via,day,want,who\n7,broken,P,2025-03-09,,Ann\n",
                               &reader,
                               &submission,
                               &bad),
                     CTL_MAPPED);
    ASSERT_SLICE(submission.policy, "general");
    ASSERT_SLICE(submission.channel, "phone");
    ASSERT_SLICE(submission.narrative, "broken");
    ASSERT_SLICE(submission.demand, "nothing");
    ASSERT_SLICE(submission.name, "Ann");
    ASSERT_SLICE(submission.product, "");
    assert_false(submission.received_present);
    assert_true(submission.occurred_present);
    /* midnight in New York, still in winter time on the day the clocks change */
    assert_true(submission.occurred_at_us == INT64_C(1741496400) * 1000000);
    told_done(&told);
}

/* One row whose narrative has so many bytes. */
static void row_write(char *row, size_t size, int narrative)
{
    (void)snprintf(row, size, "id,text,via,day,want,who\n7,%0*d,P,2025-03-09,,Ann\n", narrative, 0);
}

static void a_text_that_intake_would_not_take_is_told_with_its_size(void **state)
{
    (void)state;
    enum { LONG = 64 * 1024 };
    struct told told;
    struct ctl_submission submission;
    struct ctl_bad bad = {0};
    static char row[LONG + 128];
    row_write(row, sizeof row, LONG);
    told_begin(&told);
    SCOPED(ctl_map_free) struct ctl_map *map = NULL;
    assert_int_equal(map_of(&told, whole, NULL, &map), CTL_OK);
    SCOPED(ctl_reader_free) struct ctl_reader *reader = NULL;
    assert_int_equal(first_row(map, row, &reader, &submission, &bad), CTL_MAPPED);
    ctl_reader_free(&reader);
    row_write(row, sizeof row, LONG + 1);
    assert_int_equal(first_row(map, row, &reader, &submission, &bad), CTL_MAPPED_BAD);
    assert_int_equal(bad.why, TEXT_MAP_TOO_LONG);
    assert_string_equal(bad.detail, "narrative 65537 > 65536");
    told_done(&told);
}

static void cells_without_a_counterpart_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        enum ctl_mapped mapped;
        enum ctl_text why;
        const char *detail;
    } rows[] = {
        {"1,,P,,,\n",            CTL_MAPPED_NOT, CTL_TEXT_COUNT,    NULL             },
        {",x,P,,,\n",            CTL_MAPPED_BAD, TEXT_MAP_ID_EMPTY, "id"             },
        {"1,x,P,2025-02-29,,\n", CTL_MAPPED_BAD, TEXT_MAP_DATE,     "day: 2025-02-29"},
        {"1,x,Q,,,\n",           CTL_MAPPED,     CTL_TEXT_COUNT,    NULL             },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct told told;
        struct ctl_submission submission;
        struct ctl_bad bad = {0};
        char text[128];
        told_begin(&told);
        SCOPED(ctl_map_free) struct ctl_map *map = NULL;
        SCOPED(ctl_reader_free) struct ctl_reader *reader = NULL;
        assert_int_equal(map_of(&told, whole, NULL, &map), CTL_OK);
        (void)snprintf(text, sizeof text, "id,text,via,day,want,who\n%s", rows[i].row);
        assert_int_equal(first_row(map, text, &reader, &submission, &bad), rows[i].mapped);
        if (rows[i].detail) {
            assert_int_equal(bad.why, rows[i].why);
            assert_string_equal(bad.detail, rows[i].detail);
        }
        told_done(&told);
    }
}

/* Else it would count as now, and a late one look fresh: seen to fail so. */
static void a_row_that_does_not_say_when_it_came_is_told_unless_there_is_a_default(void **state)
{
    (void)state;
    static const char *const defaults[] = {"", ", default: 2025-03-09"};
    for (size_t i = 0; i < 2; i++) {
        struct told told;
        struct ctl_submission submission;
        struct ctl_bad bad = {0};
        char text[512];
        told_begin(&told);
        SCOPED(ctl_map_free) struct ctl_map *map = NULL;
        SCOPED(ctl_reader_free) struct ctl_reader *reader = NULL;
        (void)snprintf(text,
                       sizeof text,
                       HEAD REST NAMES "received_at: {column: day, form: date, zone: UTC%s}\n",
                       defaults[i]);
        assert_int_equal(map_of(&told, text, NULL, &map), CTL_OK);
        assert_int_equal(first_row(map, "id,text,day\n1,x,\n", &reader, &submission, &bad),
                         i == 0 ? CTL_MAPPED_BAD : CTL_MAPPED);
        assert_int_equal(submission.received_present, i == 1);
        if (i == 0) {
            assert_int_equal(bad.why, TEXT_MAP_CAME_EMPTY);
            assert_string_equal(bad.detail, "day");
        }
        told_done(&told);
    }
}

static void a_value_the_mapping_does_not_know_costs_its_row_alone(void **state)
{
    (void)state;
    struct told told;
    struct ctl_submission submission;
    struct ctl_bad bad = {0};
    told_begin(&told);
    SCOPED(ctl_map_free) struct ctl_map *map = NULL;
    SCOPED(ctl_reader_free) struct ctl_reader *reader = NULL;
    assert_int_equal(
        map_of(
            &told, HEAD REST "policy: p\nchannel: {column: via, values: {W: web}}\n", NULL, &map),
        CTL_OK);
    assert_int_equal(first_row(map, "id,text,via\n1,x,Pigeon\n2,y,W\n", &reader, &submission, &bad),
                     CTL_MAPPED_BAD);
    assert_int_equal(bad.why, TEXT_MAP_VALUE);
    assert_string_equal(bad.detail, "via: Pigeon");
    uint64_t line;
    assert_int_equal(ctl_reader_next(reader, &line, &bad), CTL_READ_ROW);
    assert_int_equal(ctl_map_row(map, reader, &submission, &bad), CTL_MAPPED);
    ASSERT_SLICE(submission.channel, "web");
    told_done(&told);
}

/* It fails where a row is told at its beginning, and where quotes that are doubled, line ends
 * within a cell or characters of more bytes than one before it move the place. */
static void a_bad_cell_is_told_at_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        uint64_t line, column;
    } rows[] = {
        {"1,x,soon",                     2, 5 },
        {"1,x,\"soon\"",                 2, 5 },
        {"1,\"x \"\"y\"\"é\",soon",     2, 14},
        {"1,退款难,soon",             2, 7 },
        {"1,\"a\"\"\nb\"\"\n退\",soon", 4, 4 },
        {",x,soon",                      2, 1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct told told;
        struct ctl_submission submission;
        struct ctl_bad bad = {0};
        char text[128];
        told_begin(&told);
        SCOPED(ctl_map_free) struct ctl_map *map = NULL;
        SCOPED(ctl_reader_free) struct ctl_reader *reader = NULL;
        (void)snprintf(text, sizeof text, "id,text,day\n%s\n", rows[i].row);
        assert_int_equal(
            map_of(
                &told, HEAD REST NAMES "received_at: {column: day, form: rfc3339}\n", NULL, &map),
            CTL_OK);
        assert_int_equal(first_row(map, text, &reader, &submission, &bad), CTL_MAPPED_BAD);
        if (bad.line != rows[i].line || bad.column != rows[i].column) {
            fail_msg("%s: %" PRIu64 ":%" PRIu64, rows[i].row, bad.line, bad.column);
        }
        told_done(&told);
    }
}

static void a_faulty_mapping_is_refused_at_its_place(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        const char *text;
        const char *told;
    } rows[] = {
        {"map: 2\nformat: csv\n" REST NAMES, "map.yaml:1:6: error: map: 1 is wanted"},
        {"map: 1\nformat: xml\n" REST NAMES, "map.yaml:2:9: error: format: csv or jsonl"},
        {HEAD REST "policy: p\nchanel: c\n", "no key of a mapping is called \"chanel\""},
        {HEAD REST "policy: p\nchannel: {colum: c}\n", "no key of a source is called \"colum\""},
        {HEAD "submission_id: x\nnarrative: {column: t}\n" NAMES,
         "error: submission_id: {namespace: NAME, column: NAME} is wanted"},
        {HEAD "submission_id: {namespace: t, column: id}\n" NAMES, "error: narrative is wanted"},
        {HEAD REST NAMES "occurred_at: {column: d}\n", "date, rfc3339, unix or local is wanted"},
        {HEAD REST NAMES "occurred_at: {column: d, form: date, zone: Mars/Base}\n", "Mars/Base"},
        {HEAD REST NAMES "received_at: yesterday\n", "error: received_at: now"},
        {HEAD REST NAMES "person: x\n", "error: person: {name, contact, reference}"},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct told told;
        struct ctl_map *map = NULL;
        told_begin(&told);
        assert_int_equal(map_of(&told, rows[i].text, NULL, &map), CTL_USAGE);
        assert_null(map);
        if (!strstr(told.text, rows[i].told)) {
            fail_msg("%s\nis not in:\n%s", rows[i].told, told.text);
        }
        told_done(&told);
    }
}

static void the_command_line_stands_in_for_the_mapping(void **state)
{
    (void)state;
    struct told told;
    struct ctl_submission submission;
    struct ctl_bad bad;
    told_begin(&told);
    SCOPED(ctl_map_free) struct ctl_map *map = NULL;
    SCOPED(ctl_reader_free) struct ctl_reader *reader = NULL;
    assert_int_equal(map_of(&told, HEAD REST "channel: c\n", "given", &map), CTL_OK);
    assert_int_equal(first_row(map, "id,text\n1,x\n", &reader, &submission, &bad), CTL_MAPPED);
    ASSERT_SLICE(submission.policy, "given");
    told_done(&told);
}

static void a_time_may_be_so_long_ago(void **state)
{
    (void)state;
    static const char *const never[] = {
        "0h ago", "26 h ago", "26h", "-1h ago", "10000d ago", "ago"};
    struct told told;
    struct ctl_submission submission;
    struct ctl_bad bad;
    int64_t ago_us;
    told_begin(&told);
    SCOPED(ctl_map_free) struct ctl_map *map = NULL;
    SCOPED(ctl_reader_free) struct ctl_reader *reader = NULL;
    assert_int_equal(map_of(&told, HEAD REST NAMES "received_at: 26h ago\n", NULL, &map), CTL_OK);
    int64_t before_us = clock_now_us();
    assert_int_equal(first_row(map, "id,text\n1,x\n", &reader, &submission, &bad), CTL_MAPPED);
    int64_t late_us = submission.received_at_us - (before_us - INT64_C(26) * 3600 * 1000000);
    assert_true(submission.received_present && late_us >= 0 && late_us < 60000000);
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        assert_false(map_ago_read(never[i], &ago_us));
    }
    told_done(&told);
}

static void the_id_follows_from_namespace_and_cell(void **state)
{
    (void)state;
    uint8_t id[UUID_SIZE];
    uint8_t other[UUID_SIZE];
    char text[UUID_TEXT_SIZE];
    ctl_map_id(slice_text("cfpb"), slice_text("1297495"), id);
    uuid_text(id, text);
    assert_string_equal(text, "077c2e3c-b4ff-8c5b-9d87-bb267592daa4");
    /* the border between the two counts */
    ctl_map_id(slice_text("cfpb1"), slice_text("297495"), other);
    assert_memory_not_equal(id, other, UUID_SIZE);
}

static void what_help_shows_is_a_mapping(void **state)
{
    (void)state;
    for (int i = 0; i < CTL_LANGUAGE_COUNT; i++) {
        struct told told;
        struct ctl_map *map = NULL;
        told_begin(&told);
        const char *text = ctl_text_in((enum ctl_language)i, TEXT_TOPIC_MAPPING);
        assert_int_equal(map_of(&told, text, NULL, &map), CTL_OK);
        assert_int_equal(ctl_map_format(map), CTL_READER_CSV);
        ctl_map_free(&map);
        told_done(&told);
    }
}

static void the_shipped_mappings_can_be_read(void **state)
{
    (void)state;
    static const char *const paths[] = {TEST_DATA "/cfpb.map.yaml",
                                        TEST_DATA "/complaints-zh.map.yaml"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct told told;
        told_begin(&told);
        SCOPED(ctl_map_free) struct ctl_map *map = NULL;
        assert_int_equal(ctl_map_read(&told.ctl, paths[i], NULL, NULL, &map), CTL_OK);
        told_done(&told);
    }
}

static int folder_make(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int folder_remove(void **state)
{
    (void)state;
    char path[64];
    (void)snprintf(path, sizeof path, "%s/map.yaml", folder);
    (void)unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_becomes_what_the_mapping_says),
        cmocka_unit_test(a_text_that_intake_would_not_take_is_told_with_its_size),
        cmocka_unit_test(cells_without_a_counterpart_are_told),
        cmocka_unit_test(a_row_that_does_not_say_when_it_came_is_told_unless_there_is_a_default),
        cmocka_unit_test(a_value_the_mapping_does_not_know_costs_its_row_alone),
        cmocka_unit_test(a_bad_cell_is_told_at_its_place),
        cmocka_unit_test(a_faulty_mapping_is_refused_at_its_place),
        cmocka_unit_test(the_command_line_stands_in_for_the_mapping),
        cmocka_unit_test(a_time_may_be_so_long_ago),
        cmocka_unit_test(the_id_follows_from_namespace_and_cell),
        cmocka_unit_test(what_help_shows_is_a_mapping),
        cmocka_unit_test(the_shipped_mappings_can_be_read),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
