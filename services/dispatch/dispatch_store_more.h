/*
 * struct dispatch_more as the bytes of a column: the number of the form, then what is not nought,
 * piece by piece, each with its kind, its place and its value; nothing at all where a policy has no
 * rules of its own.
 */
#ifndef REDRESS_DISPATCH_STORE_MORE_H
#define REDRESS_DISPATCH_STORE_MORE_H

#include "dispatch_core.h"

enum {
    DISPATCH_MORE_FORM = 2,    /* the first byte; it grows with every change of a piece's meaning */
    DISPATCH_MORE_SIZE = 2048, /* every piece: kind, place, at most ten bytes of value */
};

/* Bytes written. */
size_t dispatch_more_pack(const struct dispatch_more *more, uint8_t bytes[DISPATCH_MORE_SIZE]);

/* False: not what pack writes, or of another form. */
bool dispatch_more_unpack(struct slice bytes, struct dispatch_more *more);

#endif
