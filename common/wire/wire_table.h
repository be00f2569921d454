/*
 * Plain structs <-> protobuf wire bytes, by tables: a row a field, as the .proto says it.
 *
 * Neither direction allocates.  Zero, false and empty are written as absence and read back from it,
 * so that a struct needs no has_ members; fields come out in the order of their numbers, shortest
 * form, as protobuf-c writes them. Tables do not refer to themselves, so their depth bounds the
 * nesting.
 */
#ifndef REDRESS_WIRE_TABLE_H
#define REDRESS_WIRE_TABLE_H

#include "slice.h"
#include "wire.h"

enum wire_field_type {
    FIELD_NONE,     /* a number that is unused or not wanted: skipped */
    FIELD_UINT32,   /* uint32_t */
    FIELD_UINT64,   /* uint64_t */
    FIELD_INT64,    /* int64_t */
    FIELD_SINT32,   /* int32_t */
    FIELD_FIXED64,  /* uint64_t */
    FIELD_FIXED64S, /* repeated: count (uint32_t) and uint64_t[] */
    FIELD_ENUM,     /* an enum; a value above bound is read as 0, the unspecified */
    FIELD_BOOL,     /* bool */
    FIELD_BYTES,    /* struct slice */
    FIELD_HASH,     /* uint8_t[bound]: always written, read only in this very size */
    FIELD_RECORD,   /* a message whose fields lie in the struct itself, from offset */
    FIELD_RECORDS,  /* repeated: count (uint32_t) and an array of structs of the given size */
    FIELD_DROPPED,  /* bytes that are checked to be bytes; not written */
    FIELD_ASIDE,    /* bytes for the caller of wire_table_read; not written */
};

struct wire_table;

struct wire_field {
    enum wire_field_type type;
    size_t offset;
    uint32_t bound; /* of a count, an enum or a hash */
    size_t count_offset;
    size_t size;
    const struct wire_table *table;
};

/* fields[n] describes field number n; fields[0] is empty. */
struct wire_table {
    const struct wire_field *fields;
    uint32_t count; /* of rows, row 0 included */
};

/* Bytes wire_table_write will write.  Counts of the record must be within their bounds: see
 * wire_table_fits. */
size_t wire_table_size(const struct wire_table *table, const void *record);

/* Writes exactly that many bytes; returns the end. */
uint8_t *wire_table_write(const struct wire_table *table, const void *record, uint8_t *at);

/* False when a count in the record passes its bound. */
bool wire_table_fits(const struct wire_table *table, const void *record);

/*
 * Reads into record, which must be cleared before; slices are lent from bytes.  Unknown fields are
 * skipped; aside (may be NULL when no row asks for it) takes the FIELD_ASIDE bytes.  On false *why
 * is a word on what is wrong.
 */
bool wire_table_read(const struct wire_table *table,
                     struct slice bytes,
                     void *record,
                     struct slice *aside,
                     const char **why) __attribute__((warn_unused_result));

#endif
