/*
 * Goal: a case number said on the phone leads to its case or to nothing, never to another case.
 * Method: for a sample over all sizes, every single substitution by any letter or digit and every
 * swap of two characters is tried; none may parse.  Known numbers and dates fix the format.
 */
#include "case_number.h"

#include "event.h"
#include "unit.h"

#include <ctype.h>

static const int64_t at_us = INT64_C(1795290361123456); /* 2026-11-21T19:46:01Z */

static const uint64_t serials[] = {
    1,
    2,
    31,
    32,
    1000,
    (1U << 20) - 1,
    1U << 20,
    123456789,
    (1U << 30) - 1,
    UINT64_C(1) << 35,
    (UINT64_C(1) << 40) - 1,
};

static bool reads(const char *text, uint64_t *case_id)
{
    return case_number_parse(slice_text(text), case_id);
}

static void every_case_id_comes_back(void **state)
{
    (void)state;
    for (uint32_t partition = 0; partition < PARTITION_MAX; partition += 11) {
        for (size_t i = 0; i < sizeof serials / sizeof *serials; i++) {
            char number[CASE_NUMBER_SIZE];
            uint64_t case_id = 0;
            case_number_format(case_id_make(partition, serials[i]), at_us, number);
            assert_true(reads(number, &case_id));
            assert_true(case_id == case_id_make(partition, serials[i]));
        }
    }
}

static void groups_are_short_and_even(void **state)
{
    (void)state;
    static const struct {
        uint64_t serial;
        const char *start;
        size_t size;
    } rows[] = {
        {1,                       "261121-2522-23",      15},
        {1U << 20,                "261121-2532-222",     16},
        {1U << 25,                "261121-25322-222",    17},
        {UINT64_C(1) << 30,       "261121-25322-2222",   18},
        {(UINT64_C(1) << 40) - 1, "261121-25ZZ-ZZZZ-ZZ", 20},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char number[CASE_NUMBER_SIZE];
        case_number_format(case_id_make(3, rows[i].serial), at_us, number);
        print_message("%s\n", number);
        assert_int_equal(strlen(number), rows[i].size);
        assert_int_equal(strncmp(number, rows[i].start, strlen(rows[i].start)), 0);
    }
}

static void the_date_is_that_of_utc(void **state)
{
    (void)state;
    static const struct {
        int64_t at_s;
        const char *date;
    } rows[] = {
        {0,          "700101"},
        {-1,         "691231"},
        {951782399,  "000228"},
        {951782400,  "000229"},
        {951868800,  "000301"},
        {1709164800, "240229"},
        {1798761599, "261231"},
        {1798761600, "270101"},
        {4107542400, "000301"}, /* 2100 is no leap year */
        {4107542399, "000228"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char number[CASE_NUMBER_SIZE];
        case_number_format(case_id_make(0, 1), rows[i].at_s * 1000000, number);
        number[6] = '\0';
        assert_string_equal(number, rows[i].date);
    }
}

static void it_reads_as_people_type_it(void **state)
{
    (void)state;
    char number[CASE_NUMBER_SIZE];
    char typed[64];
    uint64_t case_id = 0;
    case_number_format(case_id_make(700, 123456789), at_us, number);
    size_t used = 0;
    for (const char *c = number; *c; c++) {
        if (*c != '-') {
            typed[used++] = (char)tolower((unsigned char)*c);
            typed[used] = used % 4 == 1 ? ' ' : '-';
            used++;
        }
    }
    assert_true(case_number_parse(slice_of(typed, used), &case_id));
    assert_true(case_id == case_id_make(700, 123456789));
}

/* The positions that are not dashes. */
static size_t positions_find(const char *number, size_t positions[CASE_NUMBER_SIZE])
{
    size_t count = 0;
    for (size_t i = 0; number[i]; i++) {
        if (number[i] != '-') {
            positions[count++] = i;
        }
    }
    return count;
}

static void every_wrong_character_and_every_swap_is_found(void **state)
{
    (void)state;
    static const char typed[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    unsigned long tried = 0;
    for (uint32_t step = 0; step < 300; step++) {
        char number[CASE_NUMBER_SIZE];
        size_t positions[CASE_NUMBER_SIZE];
        uint64_t case_id = 0;
        uint64_t serial = serials[step % (sizeof serials / sizeof *serials)];
        serial ^= serial > 1000 ? step * 7919U % 1000U : 0U;
        int64_t when_us = at_us + step * INT64_C(86400000000) * 37;
        case_number_format(case_id_make(step * 37 % PARTITION_MAX, serial), when_us, number);
        assert_true(reads(number, &case_id));
        size_t count = positions_find(number, positions);
        for (size_t i = 0; i < count; i++) {
            char right = number[positions[i]];
            for (const char *c = typed; *c; c++) {
                number[positions[i]] = *c;
                assert_int_equal(reads(number, &case_id), *c == right);
                tried++;
            }
            number[positions[i]] = right;
            for (size_t j = i + 1; j < count; j++) {
                char other = number[positions[j]];
                number[positions[i]] = other;
                number[positions[j]] = right;
                assert_int_equal(reads(number, &case_id), other == right);
                number[positions[i]] = right;
                number[positions[j]] = other;
                tried++;
            }
        }
    }
    print_message("%lu wrong numbers tried\n", tried);
    assert_true(tried > 150000);
}

static void what_is_no_number_is_refused(void **state)
{
    (void)state;
    char number[CASE_NUMBER_SIZE];
    char longer[64];
    uint64_t case_id = 5;
    static const char *const bad[] = {"",
                                      "-",
                                      "      ",
                                      "261121",
                                      "261121-2222-222",
                                      "261121-22222-22222-22222-22222-22222",
                                      "261121-25\x00-2",
                                      "投诉"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(reads(bad[i], &case_id));
    }
    case_number_format(case_id_make(0, 1), at_us, number);
    for (size_t size = 0; size < strlen(number); size++) {
        assert_false(case_number_parse(slice_of(number, size), &case_id));
    }
    (void)snprintf(longer, sizeof longer, "%s2222222", number);
    assert_false(reads(longer, &case_id));
    assert_int_equal(case_id, 5);
}

/* Looks for the check character that makes the rest right by trying all. */
static unsigned readable_with_any_check(const char *start)
{
    unsigned readable = 0;
    for (const char *c = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"; *c; c++) {
        char number[64];
        uint64_t case_id = 0;
        (void)snprintf(number, sizeof number, "%s%c", start, *c);
        readable += reads(number, &case_id);
    }
    return readable;
}

static void one_case_has_one_number_and_a_date_that_can_be(void **state)
{
    (void)state;
    assert_int_equal(readable_with_any_check("261121-22-2223"), 1);
    assert_int_equal(readable_with_any_check("261121-22-2222"), 0);  /* serial 0 */
    assert_int_equal(readable_with_any_check("261121-22-22223"), 0); /* the first, written longer */
    assert_int_equal(readable_with_any_check("261121-22-223"), 0);   /* too short */
    assert_int_equal(readable_with_any_check("261121-22-222222223"), 0);
    assert_int_equal(readable_with_any_check("261121-22-322222223"), 0); /* 45 bits */
    assert_int_equal(readable_with_any_check("261321-22-2223"), 0);
    assert_int_equal(readable_with_any_check("260021-22-2223"), 0);
    assert_int_equal(readable_with_any_check("261132-22-2223"), 0);
    assert_int_equal(readable_with_any_check("261100-22-2223"), 0);
    assert_int_equal(readable_with_any_check("26112K-22-2223"), 0);
    assert_int_equal(readable_with_any_check("261121-22-2213"), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_id_comes_back),
        cmocka_unit_test(groups_are_short_and_even),
        cmocka_unit_test(the_date_is_that_of_utc),
        cmocka_unit_test(it_reads_as_people_type_it),
        cmocka_unit_test(every_wrong_character_and_every_swap_is_found),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(one_case_has_one_number_and_a_date_that_can_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
