/*
 * struct dispatch_more as the bytes of a column: the number of the form, then what is not nought,
 * piece by piece, each with its kind, its place and its value; nothing at all where a policy has no
 * rules of its own.
 */
#ifndef REDRESS_DISPATCH_STORE_MORE_H
#define REDRESS_DISPATCH_STORE_MORE_H

#include "dispatch_core.h"

/*
 * The form grows with every piece that is added, taken away or means something else: the version
 * before could not read a piece it does not know, and a row it wrote lacks what a fold of the
 * journal says.
 */
enum {
    DISPATCH_MORE_FORM = 4,    /* the first byte */
    DISPATCH_MORE_SIZE = 2048, /* every piece: kind, place, at most ten bytes of value */
};

/* Bytes written. */
size_t dispatch_more_pack(const struct dispatch_more *more, uint8_t bytes[DISPATCH_MORE_SIZE]);

/* False: not what pack writes, or of another form. */
bool dispatch_more_unpack(struct slice bytes, struct dispatch_more *more);

#endif
