/*
 * Arrays in PostgreSQL's binary format, built element by element: what unnest() of a batch takes.
 *
 * An array is one of a statement's parameters.  Times are microseconds since 1970; INT64_MAX is
 * 'infinity', INT64_MIN
 * '-infinity'.  Out of memory ends the process: a batch is bounded and small.
 */
#ifndef REDRESS_PG_ARRAY_H
#define REDRESS_PG_ARRAY_H

#include "slice.h"

enum pg_type {
    PG_BOOL = 16,
    PG_BYTEA = 17,
    PG_INT8 = 20,
    PG_INT2 = 21,
    PG_INT4 = 23,
    PG_TEXT = 25,
    PG_TIMESTAMPTZ = 1184,
    PG_UUID = 2950,
};

struct pg_array {
    uint8_t *bytes;
    size_t size;
    size_t capacity;
    uint32_t count;
    bool nulls;
};

/* Empties the array, keeps its memory.  A zeroed struct is a fresh one. */
void pg_array_begin(struct pg_array *array, enum pg_type element);
void pg_array_bool(struct pg_array *array, bool value);
void pg_array_int2(struct pg_array *array, int32_t value);
void pg_array_int4(struct pg_array *array, int32_t value);
void pg_array_int8(struct pg_array *array, int64_t value);
void pg_array_time(struct pg_array *array, int64_t at_us);
void pg_array_bytes(struct pg_array *array, struct slice value); /* bytea, text, uuid (16 bytes) */
void pg_array_null(struct pg_array *array);
void pg_array_done(struct pg_array *array);

/* The whole parameter; call after the last element.  Lent until the array changes. */
struct slice pg_array_value(struct pg_array *array);

/*
 * Walks the elements: *offset begins at 0, and the walk ends with the last element.  The element as
 * a value of its own, in binary; its bytes are NULL where it is null.  Lent until the array
 * changes.
 */
struct slice pg_array_next(const struct pg_array *array, size_t *offset);

/* Single values, in network order. */
void pg_put_int2(uint8_t out[2], int16_t value);
void pg_put_int4(uint8_t out[4], int32_t value);
void pg_put_int8(uint8_t out[8], int64_t value);
int64_t pg_time_from_us(int64_t at_us);
int64_t pg_time_to_us(int64_t pg_time);

#endif
