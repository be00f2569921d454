/*
 * Goal: what the watchdog writes of a case's clocks dispatch reads as it was written, and nothing
 * else (law 4).  Method: states through bytes and back, the bytes by hand; every cut, one byte too
 * many, what is below nought or ends in none, each in a place of its own size.  Seen to fail
 * without any of unpack's conditions (under AddressSanitizer the lengths), with the bytes the other
 * way round, and where what comes behind the last that is due is written.
 */
#include "clock_dues.h"

#include "unit.h"

static bool reads(const uint8_t *bytes, size_t size, struct clock_dues *dues)
{
    uint8_t *exact = malloc(size > 0 ? size : 1); /* so that a read beyond it is seen */
    assert_non_null(exact);
    memcpy(exact, bytes, size);
    bool read = clock_dues_unpack(slice_of(exact, size), dues);
    free(exact);
    return read;
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    static const uint8_t wanted[] = {4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1};
    struct clock_dues dues = {.version = 0x01020304};
    struct clock_dues read;
    uint8_t bytes[CLOCK_DUES_SIZE_MAX];
    assert_int_equal(clock_dues_pack(&dues, bytes), 4);
    dues.due_us[1] = 0x0102030405060708;
    assert_int_equal(clock_dues_pack(&dues, bytes), sizeof wanted);
    assert_memory_equal(bytes, wanted, sizeof wanted);
    for (unsigned i = 0; i < EVENT_CLOCKS_MAX; i++) {
        dues.due_us[i] = INT64_MAX - i;
        size_t size = clock_dues_pack(&dues, bytes);
        assert_true(reads(bytes, size, &read));
        assert_memory_equal(&read.due_us, &dues.due_us, sizeof read.due_us);
        assert_int_equal(read.version, dues.version);
    }
}

static void what_was_not_written_is_refused(void **state)
{
    (void)state;
    struct clock_dues dues = {.version = 7};
    struct clock_dues read;
    uint8_t bytes[CLOCK_DUES_SIZE_MAX + 8];
    for (unsigned i = 0; i < EVENT_CLOCKS_MAX; i++) {
        dues.due_us[i] = 1710727200000000 + i;
    }
    size_t size = clock_dues_pack(&dues, bytes);
    assert_int_equal(size, CLOCK_DUES_SIZE_MAX);
    for (size_t cut = 0; cut <= size; cut++) {
        assert_int_equal(reads(bytes, cut, &read), cut >= 4 && (cut - 4) % 8 == 0);
    }
    memset(bytes + size, 1, 8);
    assert_false(reads(bytes, size + 1, &read));
    assert_false(reads(bytes, size + 8, &read)); /* of more clocks than there can be */
    bytes[size - 1] = 0x80;
    assert_false(reads(bytes, size, &read));
    memset(bytes + size - 8, 0, 8);
    assert_false(reads(bytes, size, &read));
}

static void the_nearest_is_of_those_that_run(void **state)
{
    (void)state;
    int64_t due_us[EVENT_CLOCKS_MAX] = {0};
    assert_int_equal(clock_dues_nearest_us(due_us), INT64_MAX);
    due_us[3] = INT64_MAX; /* its calendar cannot say */
    due_us[EVENT_CLOCKS_MAX - 1] = 20;
    due_us[1] = 30;
    assert_int_equal(clock_dues_nearest_us(due_us), 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_was_not_written_is_refused),
        cmocka_unit_test(the_nearest_is_of_those_that_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
