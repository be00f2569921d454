#include "near.h"

#include <stdint.h>

/* The characters of a text, each as its bytes; false: there are more than NEAR_MAX. */
static bool characters_of(const char *text, uint32_t into[NEAR_MAX], size_t *count)
{
    *count = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        bool goes_on = (*at & 0xc0) == 0x80 && *count > 0;
        if (!goes_on && *count == NEAR_MAX) {
            return false;
        }
        *count += !goes_on;
        into[*count - 1] = (goes_on ? into[*count - 1] << 8 : 0) | *at;
    }
    return true;
}

size_t near_distance(const char *a, const char *b)
{
    uint32_t from[NEAR_MAX];
    uint32_t to[NEAR_MAX];
    size_t row[NEAR_MAX + 1];
    size_t height = 0;
    size_t width = 0;
    if (!characters_of(a, from, &height) || !characters_of(b, to, &width)) {
        return NEAR_MAX;
    }
    for (size_t j = 0; j <= width; j++) {
        row[j] = j;
    }
    for (size_t i = 0; i < height; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < width; j++) {
            size_t best = diagonal + (from[i] != to[j]);
            diagonal = row[j + 1];
            best = best < row[j] + 1 ? best : row[j] + 1;
            row[j + 1] = best < diagonal + 1 ? best : diagonal + 1;
        }
    }
    return row[width];
}

size_t near_enough(const char *wrong)
{
    uint32_t characters[NEAR_MAX];
    size_t count = 0;
    (void)characters_of(wrong, characters, &count);
    return count / 3 + 1;
}
