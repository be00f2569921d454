/*
 * UTF-8, one character at a time; and reading UTF-16, because ICU speaks it.
 */
#ifndef REDRESS_UTF8_H
#define REDRESS_UTF8_H

#include "slice.h"

enum { UTF8_MAX = 4 };

/* Reads one character and returns its bytes; 0 for a surrogate, an overlong form, beyond U+10FFFF
 * or cut short. */
static inline size_t utf8_read(const uint8_t *at, const uint8_t *end, uint32_t *character)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = *at;
    if (first < 0x80) {
        *character = first;
        return 1;
    }
    size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || (size_t)(end - at) < size) {
        return 0;
    }
    uint32_t value = first & (0x7fU >> size);
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
        value = value << 6 | (at[i] & 0x3f);
    }
    *character = value;
    return value < least[size] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff) ? 0
                                                                                           : size;
}

/*
 * Is it no letter but a command to whoever shows it: C0 and C1 controls, separators of lines, and
 * what turns the direction of the text after it, so that a name is read as another one?
 */
static inline bool utf8_is_command(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character < 0xa0) ||
           (character >= 0x2028 && character <= 0x202e) ||
           (character >= 0x2066 && character <= 0x2069);
}

/*
 * Is nothing seen of it, so that two names look like one: Unicode's Default_Ignorable_Code_Point
 * (DerivedCoreProperties.txt), but for what is a command anyway.
 */
static inline bool utf8_is_unseen(uint32_t character)
{
    static const uint32_t ranges[][2] = {
        {0xad,    0xad   },
        {0x34f,   0x34f  },
        {0x61c,   0x61c  },
        {0x115f,  0x1160 },
        {0x17b4,  0x17b5 },
        {0x180b,  0x180f },
        {0x200b,  0x200f },
        {0x2060,  0x206f },
        {0x3164,  0x3164 },
        {0xfe00,  0xfe0f },
        {0xfeff,  0xfeff },
        {0xffa0,  0xffa0 },
        {0xfff0,  0xfff8 },
        {0x1bca0, 0x1bca3},
        {0x1d173, 0x1d17a},
        {0xe0000, 0xe0fff},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (character >= ranges[i][0] && character <= ranges[i][1]) {
            return true;
        }
    }
    return false;
}

/*
 * The next character as people may be shown it, and moves *at, which is below end, behind it: as it
 * is, or "?" where it is a command or no text at all.  Newlines and tabs stay as they are where
 * there may be lines, and are blanks elsewhere.
 */
static inline struct slice utf8_shown(const uint8_t **at, const uint8_t *end, bool lines)
{
    uint32_t character = 0;
    const uint8_t *from = *at;
    size_t size = utf8_read(from, end, &character);
    bool blank = size == 1 && (character == '\n' || character == '\t');
    *at += size > 0 ? size : 1;
    if (blank && !lines) {
        return slice_text(" ");
    }
    return size > 0 && (blank || !utf8_is_command(character)) ? slice_of(from, size)
                                                              : slice_text("?");
}

/* Writes one character, at most UTF8_MAX bytes; returns the end. */
static inline uint8_t *utf8_write(uint8_t *at, uint32_t character)
{
    if (character < 0x80) {
        *at++ = (uint8_t)character;
        return at;
    }
    if (character < 0x800) {
        *at++ = (uint8_t)(0xc0 | character >> 6);
    } else {
        if (character < 0x10000) {
            *at++ = (uint8_t)(0xe0 | character >> 12);
        } else {
            *at++ = (uint8_t)(0xf0 | character >> 18);
            *at++ = (uint8_t)(0x80 | (character >> 12 & 0x3f));
        }
        *at++ = (uint8_t)(0x80 | (character >> 6 & 0x3f));
    }
    *at++ = (uint8_t)(0x80 | (character & 0x3f));
    return at;
}

/* Reads one character of UTF-16 and moves *at behind it; *at is below count. */
static inline uint32_t utf16_read(const uint16_t *units, int32_t *at, int32_t count)
{
    uint32_t first = units[(*at)++];
    bool pair = first >= 0xd800 && first <= 0xdbff && *at < count;
    return pair ? 0x10000 + ((first - 0xd800) << 10) + (units[(*at)++] - 0xdc00U) : first;
}

#endif
