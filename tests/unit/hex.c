/*
 * Goal: bytes, UUIDs and instants go to text and back exactly, and new UUIDs sort by time (RFC
 * 9562). Method: known values, every byte, and malformed texts that must be refused.
 */
#include "hex.h"

#include "clock.h"
#include "unit.h"

static void every_byte_survives_and_nothing_else_is_read(void **state)
{
    (void)state;
    uint8_t bytes[256];
    uint8_t back[256];
    char text[513];
    for (unsigned i = 0; i < 256; i++) {
        bytes[i] = (uint8_t)i;
    }
    hex_encode(bytes, sizeof bytes, text);
    assert_int_equal(strlen(text), 512);
    assert_true(hex_decode(slice_text(text), back, sizeof back));
    assert_memory_equal(bytes, back, sizeof bytes);
    assert_true(hex_decode(slice_text("aBfF"), back, 2));
    assert_memory_equal(back, "\xab\xff", 2);
    static const char *const bad[] = {"", "a", "abc", "abcde", "abcdef", "ag00", "0x12", " 123"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(hex_decode(slice_text(bad[i]), back, 2));
    }
}

static void a_uuid_reads_with_and_without_dashes(void **state)
{
    (void)state;
    static const char known[] = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"; /* RFC 9562 appendix A.6 */
    uint8_t uuid[UUID_SIZE];
    uint8_t other[UUID_SIZE];
    char text[UUID_TEXT_SIZE];
    assert_true(uuid_parse(slice_text(known), uuid));
    uuid_text(uuid, text);
    assert_string_equal(text, known);
    assert_true(uuid_parse(slice_text("017F22E279B07CC398C4DC0C0C07398F"), other));
    assert_memory_equal(uuid, other, UUID_SIZE);
    assert_false(uuid_parse(slice_text("017f22e279b0-7cc3-98c4-dc0c0c07398f-"), uuid));
    assert_false(uuid_parse(slice_text("017f22e2-79b0-7cc3-98c4-dc0c0c07398"), uuid));
    assert_false(uuid_parse(slice_text("017f22e2-79b0-7cc3-98c4-dc0c0c07398g"), uuid));
    assert_false(uuid_parse(slice_text(""), uuid));
}

static void a_new_uuid_carries_its_time_and_sorts_by_it(void **state)
{
    (void)state;
    uint8_t last[UUID_SIZE] = {0};
    int64_t at_us = INT64_C(0x017F22E279B0) * 1000;
    for (int i = 0; i < 5000; i++) {
        uint8_t uuid[UUID_SIZE];
        uuidv7_make(at_us + i, uuid);
        assert_int_equal(uuid[6] >> 4, 7);
        assert_int_equal(uuid[8] >> 6, 2);
        assert_true(memcmp(last, uuid, UUID_SIZE) < 0);
        memcpy(last, uuid, UUID_SIZE);
        if (i == 0) {
            assert_memory_equal(uuid, "\x01\x7f\x22\xe2\x79\xb0", 6);
        }
    }
}

static void instants_are_written_in_utc_before_and_after_1970(void **state)
{
    (void)state;
    char text[CLOCK_TEXT_SIZE];
    clock_text(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000000Z");
    clock_text(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999999Z");
    clock_text(INT64_C(1795290361123456), text);
    assert_string_equal(text, "2026-11-21T19:46:01.123456Z");
    clock_text(INT64_MAX, text);
    assert_string_equal(text, "");
    clock_text(INT64_MIN, text);
    assert_string_equal(text, "");
    int64_t before_us = clock_monotonic_us();
    assert_true(clock_monotonic_us() >= before_us);
    assert_true(clock_now_us() > INT64_C(1700000000000000));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_survives_and_nothing_else_is_read),
        cmocka_unit_test(a_uuid_reads_with_and_without_dashes),
        cmocka_unit_test(a_new_uuid_carries_its_time_and_sorts_by_it),
        cmocka_unit_test(instants_are_written_in_utc_before_and_after_1970),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
