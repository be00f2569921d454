#include "case_number.h"

#include "event.h"

#include <assert.h>

enum {
    DATE_SIZE = 6,
    PARTITION_SIZE = 2,
    SERIAL_SIZE_LEAST = 4,
    SERIAL_SIZE_MAX = 8,
    SIZE_LEAST = DATE_SIZE + PARTITION_SIZE + SERIAL_SIZE_LEAST + 1,
    SIZE_MOST = DATE_SIZE + PARTITION_SIZE + SERIAL_SIZE_MAX + 1,
    GROUP_MAX = 5,
    BASE_BITS = 5,
    FIELD_SIZE = 32,
    FIELD_POLYNOMIAL = 0x25, /* x^5 + x^2 + 1 is primitive over GF(2) */
    SERIAL_BITS = 40,
};

static const char alphabet[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/* -1 for what stands in no number. */
static int value_of(char c)
{
    if (c == '0' || c == '1') {
        return c - '0' + 8;
    }
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Horner from the left: the sum of value times a^position, the last character at position 0. */
static unsigned check_sum(const char *text, size_t size)
{
    unsigned sum = 0;
    for (size_t i = 0; i < size; i++) {
        sum <<= 1;
        sum ^= sum >= FIELD_SIZE ? FIELD_POLYNOMIAL : 0U;
        sum ^= (unsigned)value_of(text[i]);
    }
    return sum;
}

/* Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days; writes yymmdd. */
static void date_write(int64_t at_us, char *text)
{
    const int64_t day_us = INT64_C(86400000000);
    int64_t day = at_us / day_us - (at_us % day_us < 0) + 719468; /* since 0000-03-01 */
    int64_t era = (day >= 0 ? day : day - 146096) / 146097;
    int64_t of_era = day - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month_from_march = (5 * of_year + 2) / 153;
    int64_t day_of_month = of_year - (153 * month_from_march + 2) / 5 + 1;
    int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    int64_t year_of_century = (year + (month <= 2)) % 100; /* an era is a multiple of 100 years */
    const int64_t parts[] = {year_of_century, month, day_of_month};
    for (size_t i = 0; i < 3; i++) {
        text[2 * i] = (char)('0' + parts[i] / 10);
        text[2 * i + 1] = (char)('0' + parts[i] % 10);
    }
}

/* Groups as even as can be, none longer than GROUP_MAX, the longer ones first. */
static void groups_write(const char *body, size_t size, char *to)
{
    size_t groups = (size + GROUP_MAX - 1) / GROUP_MAX;
    for (; groups > 0; groups--) {
        size_t taken = (size + groups - 1) / groups;
        *to++ = '-';
        memcpy(to, body, taken);
        to += taken;
        body += taken;
        size -= taken;
    }
    *to = '\0';
}

void case_number_format(uint64_t case_id, int64_t received_at_us, char number[CASE_NUMBER_SIZE])
{
    uint32_t partition = case_partition(case_id);
    uint64_t serial = case_id & ((UINT64_C(1) << SERIAL_BITS) - 1);
    assert(partition < PARTITION_MAX && serial > 0);

    char text[SIZE_MOST];
    date_write(received_at_us, text);
    size_t size = DATE_SIZE;
    text[size++] = alphabet[partition >> BASE_BITS];
    text[size++] = alphabet[partition % FIELD_SIZE];
    unsigned digits = SERIAL_SIZE_LEAST;
    while (digits < SERIAL_SIZE_MAX && serial >> (BASE_BITS * digits) != 0) {
        digits++;
    }
    while (digits > 0) {
        text[size++] = alphabet[serial >> (BASE_BITS * --digits) & (FIELD_SIZE - 1)];
    }
    text[size] = alphabet[0]; /* value 0, so that the sum is what the check character must be */
    text[size] = alphabet[check_sum(text, size + 1)];
    memcpy(number, text, DATE_SIZE);
    groups_write(text + DATE_SIZE, size + 1 - DATE_SIZE, number + DATE_SIZE);
}

/* The characters that count, in upper case; 0 when one cannot be or they are too many. */
static size_t characters_read(struct slice from, char text[SIZE_MOST])
{
    size_t size = 0;
    for (size_t i = 0; i < from.size; i++) {
        char c = (char)from.bytes[i];
        if (c == '-' || c == ' ' || c == '\t') {
            continue;
        }
        c = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
        bool fits = size < DATE_SIZE ? is_digit(c) : c != '0' && c != '1' && value_of(c) >= 0;
        if (!fits || size == SIZE_MOST) {
            return 0;
        }
        text[size++] = c;
    }
    return size;
}

static bool date_can_be(const char *text)
{
    int month = (text[2] - '0') * 10 + text[3] - '0';
    int day = (text[4] - '0') * 10 + text[5] - '0';
    return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

bool case_number_parse(struct slice text, uint64_t *case_id)
{
    char number[SIZE_MOST];
    size_t size = characters_read(text, number);
    if (size < SIZE_LEAST || check_sum(number, size) != 0 || !date_can_be(number)) {
        return false;
    }
    const char *at = number + DATE_SIZE;
    uint32_t partition = (uint32_t)value_of(at[0]) * FIELD_SIZE + (uint32_t)value_of(at[1]);
    at += PARTITION_SIZE;
    uint64_t serial = 0;
    for (const char *c = at; c < number + size - 1; c++) {
        serial = serial << BASE_BITS | (uint64_t)value_of(*c);
    }
    bool padded = size > SIZE_LEAST && at[0] == alphabet[0]; /* one case has one number */
    if (padded || serial == 0) {
        return false;
    }
    *case_id = case_id_make(partition, serial);
    return true;
}
