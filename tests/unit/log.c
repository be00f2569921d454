/*
 * Goal: a log line is one well-formed JSON object whatever the values, bounded, and a flood of one
 * message does not hide the others or fill a disk (law 9). Method: stderr is turned into a file for
 * the length of a test and read back with jansson.
 */
#include "log.h"

#include "unit.h"

#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

static FILE *caught;
static int real_stderr;

static void catch_begin(void)
{
    (void)fflush(stderr);
    caught = tmpfile();
    assert_non_null(caught);
    real_stderr = dup(STDERR_FILENO);
    assert_true(dup2(fileno(caught), STDERR_FILENO) >= 0);
}

/* What was written since catch_begin, and how many lines. */
static unsigned catch_end(char *text, size_t size)
{
    assert_true(dup2(real_stderr, STDERR_FILENO) >= 0);
    (void)close(real_stderr);
    rewind(caught);
    size_t used = fread(text, 1, size - 1, caught);
    text[used] = '\0';
    (void)fclose(caught);
    unsigned lines = 0;
    for (const char *c = text; *c; c++) {
        lines += *c == '\n';
    }
    return lines;
}

static void a_line_holds_its_fields_in_order_with_their_types(void **state)
{
    (void)state;
    static const uint8_t id[] = {0x01, 0xAB, 0xFF};
    char text[8192];
    log_open("redress-test", LOG_INFO_LEVEL);
    catch_begin();
    log_info("listening",
             LOG_TEXT("endpoint", "ipc:///x"),
             LOG_NUMBER("partition", -3),
             LOG_BOOLEAN("first", true),
             LOG_HEX("hash", id, sizeof id));
    log_debug("not written");
    assert_int_equal(catch_end(text, sizeof text), 1);
    assert_non_null(strstr(text,
                           "\"level\":\"info\",\"service\":\"redress-test\",\"msg\":\"listening\","
                           "\"endpoint\":\"ipc:///x\",\"partition\":-3,\"first\":true,"
                           "\"hash\":\"01abff\"}\n"));
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(object);
    assert_int_equal(strlen(json_string_value(json_object_get(object, "at"))), 27);
    json_decref(object);
}

static void a_reader_that_stands_still_holds_up_nobody_and_is_told_what_it_missed(void **state)
{
    (void)state;
    enum { LINES = 180, FILLING = 400 }; /* more than a pipe of 64 KiB holds */
    static char text[512 * 1024];
    char filling[FILLING + 1];
    int ends[2];
    memset(filling, 'x', FILLING);
    filling[FILLING] = '\0';
    assert_int_equal(pipe(ends), 0);
    int kept = dup(STDERR_FILENO);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    (void)close(ends[1]);
    log_open("redress-test", LOG_INFO_LEVEL);
    uint64_t before = log_suppressed();
    (void)alarm(20);                /* not waiting is what is tested */
    static char messages[LINES][8]; /* each with an allowance of its own */
    for (unsigned i = 0; i < LINES; i++) {
        (void)snprintf(messages[i], sizeof messages[i], "m%u", i);
        log_write(LOG_INFO_LEVEL, messages[i], LOG_TEXT("x", filling), LOG_END);
    }
    uint64_t lost = log_suppressed() - before;
    assert_in_range(lost, 1, LINES - 1);
    ssize_t size = read(ends[0], text, sizeof text - 1);
    assert_true(size > 0 && text[size - 1] == '\n');
    log_write(LOG_INFO_LEVEL, messages[0], LOG_END);
    size = read(ends[0], text, sizeof text - 1);
    (void)alarm(0);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    (void)close(kept);
    (void)close(ends[0]);
    assert_true(size > 0);
    text[size] = '\0';
    const char *told = strstr(text, "\"lost\":"); /* the allowance may have held back some */
    assert_non_null(told);
    assert_in_range(strtoul(told + strlen("\"lost\":"), NULL, 10), 1, lost);
}

static void hostile_values_stay_inside_their_string(void **state)
{
    (void)state;
    static const char *const values[] = {
        "\"}\n{\"level\":\"fake\"",
        "\x01\x1f\x7f\\\r\t",
        "\xff\xfe",
        "\xed\xa0\x80",
        "\xc0\xaf",
        "\xe0\x80\x80",
        "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80",
        "\xe6\x8a",
        "\xe6\x8a\x95\xe8\xaf\x89",
        "c1\xc2\x9b[31m",
        "\xe2\x80\xaeturned", /* NOLINT(misc-misleading-bidirectional): it is what is told here */
        "",
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char text[8192];
        catch_begin();
        log_warn("value", LOG_TEXT("value", values[i]), LOG_TEXT("after", "here"));
        assert_int_equal(catch_end(text, sizeof text), 1);
        json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(object);
        assert_string_equal(json_string_value(json_object_get(object, "after")), "here");
        /* Planted: only C0 escaped.  Then a terminal that shows the log heeds the others. */
        assert_null(strstr(text, "\xc2\x9b"));
        assert_null(strstr(text, "\xe2\x80"));
        json_decref(object);
    }
}

static void a_huge_value_is_cut_and_too_many_fields_are_dropped(void **state)
{
    (void)state;
    char huge[20000];
    memset(huge, '\x01', sizeof huge - 1); /* six bytes each when escaped */
    huge[sizeof huge - 1] = '\0';
    char text[20000];
    catch_begin();
    log_warn("huge", LOG_TEXT("a", huge), LOG_TEXT("b", huge), LOG_NUMBER("c", 7));
    assert_int_equal(catch_end(text, sizeof text), 1);
    assert_true(strlen(text) <= 4096);
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(object);
    assert_non_null(json_object_get(object, "a"));
    assert_null(json_object_get(object, "b"));
    assert_int_equal(json_integer_value(json_object_get(object, "c")), 7);
    json_decref(object);
}

static void a_flood_is_held_back_and_counted_and_other_messages_pass(void **state)
{
    (void)state;
    static char text[1 << 20];
    uint64_t before = log_suppressed();
    catch_begin();
    for (int i = 0; i < 100000; i++) {
        log_write(LOG_WARN_LEVEL, "flood", LOG_NUMBER("i", i), LOG_END);
    }
    log_error("something else");
    unsigned lines = catch_end(text, sizeof text);
    assert_in_range(lines, 51, 60);
    assert_non_null(strstr(text, "something else"));
    assert_in_range(log_suppressed() - before, 99940, 99950);
}

static void what_was_held_back_is_told_with_the_next_line(void **state)
{
    (void)state;
    static const char message[] = "again";
    char text[65536];
    catch_begin();
    for (int i = 0; i < 60; i++) {
        log_write(LOG_INFO_LEVEL, message, LOG_END);
    }
    (void)usleep(250000);
    log_write(LOG_INFO_LEVEL, message, LOG_END);
    (void)usleep(250000);
    log_write(LOG_INFO_LEVEL, message, LOG_NUMBER("last", 1), LOG_END);
    (void)catch_end(text, sizeof text);
    assert_non_null(strstr(text, "\"msg\":\"again\",\"suppressed\":10}"));
    assert_non_null(strstr(text, "\"msg\":\"again\",\"last\":1}")); /* told once */
}

static void messages_do_not_share_their_allowance(void **state)
{
    (void)state;
    static char messages[100][8];
    static char text[1 << 20];
    uint64_t before = log_suppressed();
    catch_begin();
    for (int i = 0; i < 3000; i++) {
        log_write(LOG_INFO_LEVEL, messages[i % 100], LOG_END);
    }
    assert_int_equal(catch_end(text, sizeof text), 3000);
    assert_int_equal(log_suppressed(), before);
}

static void under_the_journal_nothing_goes_to_stderr(void **state)
{
    (void)state;
    char text[8192];
    char stream[64];
    struct stat info;
    catch_begin();
    assert_int_equal(fstat(STDERR_FILENO, &info), 0);
    (void)snprintf(
        stream, sizeof stream, "%ju:%ju", (uintmax_t)info.st_dev, (uintmax_t)info.st_ino);
    assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
    log_open("redress-test", LOG_INFO_LEVEL);
    log_info("to the journal", LOG_TEXT("a", "b"), LOG_SLICE("none", slice_of(NULL, 0)));
    assert_int_equal(setenv("JOURNAL_STREAM", "1:2", 1), 0);
    log_open("redress-test", LOG_INFO_LEVEL);
    log_info("to stderr");
    assert_int_equal(catch_end(text, sizeof text), 1);
    assert_non_null(strstr(text, "to stderr"));
}

static void levels_have_names(void **state)
{
    (void)state;
    enum log_level level = LOG_INFO_LEVEL;
    assert_true(log_level_parse("error", &level));
    assert_int_equal(level, LOG_ERROR_LEVEL);
    assert_false(log_level_parse("loud", &level));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_holds_its_fields_in_order_with_their_types),
        cmocka_unit_test(hostile_values_stay_inside_their_string),
        cmocka_unit_test(a_huge_value_is_cut_and_too_many_fields_are_dropped),
        cmocka_unit_test(a_flood_is_held_back_and_counted_and_other_messages_pass),
        cmocka_unit_test(what_was_held_back_is_told_with_the_next_line),
        cmocka_unit_test(messages_do_not_share_their_allowance),
        cmocka_unit_test(under_the_journal_nothing_goes_to_stderr),
        cmocka_unit_test(levels_have_names),
        /* the last one: it takes the allowance of all messages */
        cmocka_unit_test(a_reader_that_stands_still_holds_up_nobody_and_is_told_what_it_missed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
