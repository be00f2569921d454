/*
 * A slice: bytes lent by somebody else, never owned, not terminated.  Used by cores and shells
 * alike.
 */
#ifndef REDRESS_SLICE_H
#define REDRESS_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const uint8_t *bytes; /* may be NULL when size is 0 */
    size_t size;
};

static inline struct slice slice_of(const void *bytes, size_t size)
{
    return (struct slice){bytes, size};
}

static inline struct slice slice_text(const char *text)
{
    return (struct slice){(const uint8_t *)text, text ? strlen(text) : 0};
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

#endif
