/* What a field may hold; see policy.h. */
#include "policy.h"

enum { SCALE_DIGITS = POLICY_DECIMALS_MAX, WHOLE_DIGITS_MAX = 14 };

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

bool policy_decimal_parse(struct slice text, unsigned decimals, int64_t *value)
{
    size_t i = text.size > 0 && text.bytes[0] == '-';
    size_t whole = i;
    int64_t number = 0;
    for (; i < text.size && is_digit(text.bytes[i]) && i - whole < WHOLE_DIGITS_MAX; i++) {
        number = number * 10 + (text.bytes[i] - '0');
    }
    if (i == whole) {
        return false;
    }
    unsigned behind = 0;
    if (i < text.size && text.bytes[i] == '.' && decimals > 0) {
        for (i++; i < text.size && is_digit(text.bytes[i]) && behind < decimals; i++, behind++) {
            number = number * 10 + (text.bytes[i] - '0');
        }
        if (behind == 0) {
            return false;
        }
    }
    for (; behind < SCALE_DIGITS; behind++) {
        number *= 10;
    }
    *value = text.bytes[0] == '-' ? -number : number;
    return i == text.size;
}

bool policy_date_parse(struct slice text, int64_t *date)
{
    static const uint8_t days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (text.size != 10 || text.bytes[4] != '-' || text.bytes[7] != '-') {
        return false;
    }
    int number = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (i != 4 && i != 7) {
            if (!is_digit(text.bytes[i])) {
                return false;
            }
            number = number * 10 + (text.bytes[i] - '0');
        }
    }
    int year = number / 10000;
    int month = number / 100 % 100;
    int day = number % 100;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    *date = number;
    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] &&
           (month != 2 || day < 29 || leap);
}

/* Two digits behind a sign of the set; the sign is told. */
static bool pair_after(struct slice text, size_t at, const char *signs, int64_t *value)
{
    if (at + 3 > text.size || text.bytes[at] == 0 || !strchr(signs, text.bytes[at]) ||
        !is_digit(text.bytes[at + 1]) || !is_digit(text.bytes[at + 2])) {
        return false;
    }
    int64_t tens = text.bytes[at + 1] - '0';
    *value = tens * 10 + (text.bytes[at + 2] - '0');
    return true;
}

/* Days since 1970-01-01 of a day that exists (Hinnant's days_from_civil). */
static int64_t days_since_1970(int64_t date)
{
    int64_t month = date / 100 % 100;
    int64_t year = date / 10000 - (month <= 2);
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + date % 100 - 1;
    return year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719468;
}

bool policy_instant_parse(struct slice text, int64_t *at_s)
{
    enum { DATE_SIZE = 10, MINUTE_END = 16, SECOND_END = 19, OFFSET_SIZE = 6, EPOCH = 19700101 };
    int64_t date;
    int64_t hour;
    int64_t minute;
    int64_t second = 0;
    int64_t offset_hour = 0;
    int64_t offset_minute = 0;
    if (text.size <= MINUTE_END || !policy_date_parse(slice_of(text.bytes, DATE_SIZE), &date) ||
        date < EPOCH || !pair_after(text, DATE_SIZE, "Tt ", &hour) ||
        !pair_after(text, DATE_SIZE + 3, ":", &minute)) {
        return false;
    }
    size_t at = pair_after(text, MINUTE_END, ":", &second) ? SECOND_END : MINUTE_END;
    bool utc = at + 1 == text.size && (text.bytes[at] == 'Z' || text.bytes[at] == 'z');
    if (!utc && (at + OFFSET_SIZE != text.size || !pair_after(text, at, "+-", &offset_hour) ||
                 !pair_after(text, at + 3, ":", &offset_minute))) {
        return false;
    }
    int64_t offset_s = (offset_hour * 60 + offset_minute) * 60;
    *at_s = ((days_since_1970(date) * 24 + hour) * 60 + minute) * 60 + second -
            (!utc && text.bytes[at] == '-' ? -offset_s : offset_s);
    return hour <= 23 && minute <= 59 && second <= 59 && offset_hour <= 23 && offset_minute <= 59;
}

/* Bytes of the character that begins here, as its first byte says. */
static size_t character_size(struct slice text, size_t at)
{
    uint8_t lead = text.bytes[at];
    size_t size = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    return size < text.size - at ? size : text.size - at;
}

static bool element_fits(char element, bool literal, uint8_t lead)
{
    bool capital = lead >= 'A' && lead <= 'Z';
    bool small = lead >= 'a' && lead <= 'z';
    if (literal) {
        return lead == (uint8_t)element;
    }
    switch (element) {
    case '9':
        return is_digit(lead);
    case 'A':
        return capital;
    case 'a':
        return small;
    case 'X':
        return capital || small || is_digit(lead);
    case '?':
        return true;
    default:
        return lead == (uint8_t)element;
    }
}

/* A picture taken apart: element i, whether it is taken as it is, and whether it may repeat. */
struct picture {
    unsigned count;
    char elements[POLICY_PICTURE_MAX];
    uint64_t literal, repeats;
};

static bool picture_parse(const char *text, struct picture *picture)
{
    *picture = (struct picture){0};
    for (const char *at = text; *at; at++) {
        if (*at == '+' && picture->count > 0) {
            picture->repeats |= (uint64_t)1 << (picture->count - 1);
            continue;
        }
        if (picture->count == POLICY_PICTURE_MAX || (*at == '\\' && !at[1])) {
            return false;
        }
        if (*at == '\\') {
            picture->literal |= (uint64_t)1 << picture->count;
            at++;
        }
        picture->elements[picture->count++] = *at;
    }
    return picture->count > 0;
}

bool policy_picture_is_good(const char *picture)
{
    struct picture parsed;
    return picture_parse(picture, &parsed);
}

/* Bit i: the first i elements are used up; all ways at once, so nothing is tried twice. */
bool policy_picture_fits(const char *text, struct slice value)
{
    struct picture picture;
    if (!picture_parse(text, &picture)) {
        return false;
    }
    uint64_t here = 1;
    for (size_t at = 0; at < value.size && here; at += character_size(value, at)) {
        uint64_t next = 0;
        for (unsigned i = 0; i < picture.count; i++) {
            uint64_t bit = (uint64_t)1 << i;
            bool literal = (picture.literal & bit) != 0;
            bool again = (picture.repeats & bit) && (here & bit << 1);
            if (((here & bit) || again) &&
                element_fits(picture.elements[i], literal, value.bytes[at])) {
                next |= bit << 1;
            }
        }
        here = next;
    }
    return (here >> picture.count & 1U) != 0;
}

static bool in_bounds(const struct policy_field *field, int64_t value)
{
    return (!field->has_min || value >= field->min) && (!field->has_max || value <= field->max);
}

static bool text_accepts(const struct policy_field *field, struct slice value)
{
    int64_t characters = 0;
    for (size_t at = 0; at < value.size; at += character_size(value, at)) {
        characters++;
    }
    return in_bounds(field, characters) &&
           (!field->picture || policy_picture_fits(field->picture, value));
}

static bool choice_accepts(const struct policy_field *field, struct slice value)
{
    for (uint16_t i = 0; i < field->choice_count; i++) {
        if (slice_equal(value, slice_text(field->choices[i].id))) {
            return true;
        }
    }
    return false;
}

static bool hash_accepts(struct slice value)
{
    static const char head[] = "sha256:";
    enum { HEAD_SIZE = sizeof head - 1 };
    if (value.size != POLICY_HASH_SIZE - 1 || memcmp(value.bytes, head, HEAD_SIZE) != 0) {
        return false;
    }
    for (size_t at = HEAD_SIZE; at < value.size; at++) {
        uint8_t digit = value.bytes[at];
        if (!is_digit(digit) && !(digit >= 'a' && digit <= 'f')) {
            return false;
        }
    }
    return true;
}

bool policy_field_accepts(const struct policy_field *field, struct slice value)
{
    int64_t number = 0;
    if (value.size == 0) {
        return false;
    }
    switch (field->type) {
    case FORM_TEXT:
        return text_accepts(field, value);
    case FORM_NUMBER:
    case FORM_MONEY:
        return policy_decimal_parse(value, field->decimals, &number) && in_bounds(field, number);
    case FORM_DATE:
        return policy_date_parse(value, &number) && in_bounds(field, number);
    case FORM_CHOICE:
        return choice_accepts(field, value);
    case FORM_FLAG:
        return slice_equal(value, slice_text("yes")) || slice_equal(value, slice_text("no"));
    case FORM_INSTANT:
        return policy_instant_parse(value, &number);
    case FORM_HASH:
        return hash_accepts(value);
    }
    return false;
}

bool policy_field_value(const struct policy_field *field, struct slice text, int64_t *value)
{
    if (!policy_field_accepts(field, text)) {
        return false;
    }
    switch (field->type) {
    case FORM_TEXT:
    case FORM_HASH:
        return false;
    case FORM_NUMBER:
    case FORM_MONEY:
        return policy_decimal_parse(text, field->decimals, value);
    case FORM_DATE:
        return policy_date_parse(text, value);
    case FORM_INSTANT:
        return policy_instant_parse(text, value);
    case FORM_CHOICE:
        for (uint16_t i = 0; i < field->choice_count; i++) {
            if (slice_equal(text, slice_text(field->choices[i].id))) {
                *value = i;
                return true;
            }
        }
        return false;
    case FORM_FLAG:
        *value = slice_equal(text, slice_text("yes"));
        return true;
    }
    return false;
}
