#include "hex.h"

#include <sodium.h>

void hex_encode(const void *bytes, size_t size, char *text)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *from = bytes;
    for (size_t i = 0; i < size; i++) {
        text[2 * i] = digits[from[i] >> 4];
        text[2 * i + 1] = digits[from[i] & 15];
    }
    text[2 * size] = '\0';
}

static int digit_value(uint8_t c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

bool hex_decode(struct slice text, void *bytes, size_t size)
{
    uint8_t *to = bytes;
    if (text.size / 2 != size || text.size % 2 != 0) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        int high = digit_value(text.bytes[2 * i]);
        int low = digit_value(text.bytes[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        to[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

static bool dash_at(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

void uuid_text(const uint8_t uuid[UUID_SIZE], char text[UUID_TEXT_SIZE])
{
    char digits[2 * UUID_SIZE + 1];
    hex_encode(uuid, UUID_SIZE, digits);
    for (size_t i = 0, from = 0; i < UUID_TEXT_SIZE; i++) {
        text[i] = (char)(dash_at(i) ? '-' : digits[from++]);
    }
}

bool uuid_parse(struct slice text, uint8_t uuid[UUID_SIZE])
{
    if (text.size != UUID_TEXT_SIZE - 1) {
        return hex_decode(text, uuid, UUID_SIZE);
    }
    uint8_t digits[2 * UUID_SIZE];
    for (size_t i = 0, to = 0; i < text.size; i++) {
        if (dash_at(i) != (text.bytes[i] == '-')) {
            return false;
        }
        if (!dash_at(i)) {
            digits[to++] = text.bytes[i];
        }
    }
    return hex_decode(slice_of(digits, sizeof digits), uuid, UUID_SIZE);
}

void uuidv7_make(int64_t now_us, uint8_t uuid[UUID_SIZE])
{
    uint64_t ms = (uint64_t)now_us / 1000;
    unsigned fraction = (unsigned)((uint64_t)now_us % 1000 * 4096 / 1000);
    randombytes_buf(uuid, UUID_SIZE);
    for (unsigned i = 0; i < 6; i++) {
        uuid[i] = (uint8_t)(ms >> (40 - 8 * i));
    }
    uuid[6] = (uint8_t)(0x70 | fraction >> 8);
    uuid[7] = (uint8_t)fraction;
    uuid[8] = (uint8_t)(0x80 | (uuid[8] & 0x3f));
}
