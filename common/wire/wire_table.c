#include "wire_table.h"

#include <assert.h>

/* NOLINTBEGIN(misc-no-recursion): as deep as the tables, which are finite and ours */

static uint32_t count_of(const struct wire_field *field, const uint8_t *record)
{
    return *(const uint32_t *)(const void *)(record + field->count_offset);
}

/* The varint that stands for a number field, 0 for one that is absent. */
static uint64_t number_of(const struct wire_field *field, const uint8_t *record)
{
    const void *member = record + field->offset;
    switch (field->type) {
    case FIELD_UINT32:
    case FIELD_ENUM:
        return *(const uint32_t *)member;
    case FIELD_SINT32:
        return wire_zigzag(*(const int32_t *)member);
    case FIELD_BOOL:
        return *(const bool *)member;
    default:
        return *(const uint64_t *)member;
    }
}

static uint32_t tag_of(uint32_t number, enum wire_type type)
{
    return number << 3 | (uint32_t)type;
}

static size_t delimited_size(uint32_t number, size_t size)
{
    return wire_varint_size(tag_of(number, WIRE_BYTES)) + wire_varint_size(size) + size;
}

static size_t records_size(const struct wire_field *field, uint32_t number, const uint8_t *record)
{
    size_t total = 0;
    for (uint32_t i = 0; i < count_of(field, record); i++) {
        const uint8_t *element = record + field->offset + i * field->size;
        total += delimited_size(number, wire_table_size(field->table, element));
    }
    return total;
}

static size_t field_size(const struct wire_field *field, uint32_t number, const uint8_t *record)
{
    size_t tag_size = wire_varint_size(tag_of(number, WIRE_VARINT));
    const void *member = record + field->offset;
    size_t size;
    uint64_t value;
    switch (field->type) {
    case FIELD_NONE:
    case FIELD_DROPPED:
    case FIELD_ASIDE:
        return 0;
    case FIELD_FIXED64:
        return *(const uint64_t *)member ? tag_size + 8 : 0;
    case FIELD_FIXED64S:
        return count_of(field, record) * (tag_size + 8);
    case FIELD_BYTES:
        size = ((const struct slice *)member)->size;
        return size > 0 ? delimited_size(number, size) : 0;
    case FIELD_HASH:
        return delimited_size(number, field->bound);
    case FIELD_RECORD:
        size = wire_table_size(field->table, member);
        return size > 0 ? delimited_size(number, size) : 0;
    case FIELD_RECORDS:
        return records_size(field, number, record);
    case FIELD_UINT32:
    case FIELD_UINT64:
    case FIELD_INT64:
    case FIELD_SINT32:
    case FIELD_ENUM:
    case FIELD_BOOL:
        value = number_of(field, record);
        return value ? tag_size + wire_varint_size(value) : 0;
    }
    return 0;
}

size_t wire_table_size(const struct wire_table *table, const void *record)
{
    size_t total = 0;
    for (uint32_t number = 1; number < table->count; number++) {
        total += field_size(&table->fields[number], number, record);
    }
    return total;
}

static uint8_t *bytes_write(uint8_t *at, uint32_t number, const void *bytes, size_t size)
{
    at = wire_varint_write(at, tag_of(number, WIRE_BYTES));
    at = wire_varint_write(at, size);
    memcpy(at, bytes, size);
    return at + size;
}

static uint8_t *record_write(
    uint8_t *at, uint32_t number, const struct wire_table *table, const void *record, size_t size)
{
    at = wire_varint_write(at, tag_of(number, WIRE_BYTES));
    at = wire_varint_write(at, size);
    return wire_table_write(table, record, at);
}

static uint8_t *fixed64s_write(uint8_t *at, uint32_t number, const uint64_t *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        at = wire_varint_write(at, tag_of(number, WIRE_FIXED64));
        at = wire_fixed64_write(at, values[i]);
    }
    return at;
}

static uint8_t *
records_write(uint8_t *at, const struct wire_field *field, uint32_t number, const uint8_t *record)
{
    for (uint32_t i = 0; i < count_of(field, record); i++) {
        const uint8_t *element = record + field->offset + i * field->size;
        size_t size = wire_table_size(field->table, element);
        at = record_write(at, number, field->table, element, size);
    }
    return at;
}

static uint8_t *
field_write(uint8_t *at, const struct wire_field *field, uint32_t number, const uint8_t *record)
{
    const void *member = record + field->offset;
    const struct slice *bytes = member;
    size_t size;
    uint64_t value;
    switch (field->type) {
    case FIELD_NONE:
    case FIELD_DROPPED:
    case FIELD_ASIDE:
        return at;
    case FIELD_FIXED64:
        return fixed64s_write(at, number, member, *(const uint64_t *)member ? 1 : 0);
    case FIELD_FIXED64S:
        return fixed64s_write(at, number, member, count_of(field, record));
    case FIELD_BYTES:
        return bytes->size > 0 ? bytes_write(at, number, bytes->bytes, bytes->size) : at;
    case FIELD_HASH:
        return bytes_write(at, number, member, field->bound);
    case FIELD_RECORD:
        size = wire_table_size(field->table, member);
        return size > 0 ? record_write(at, number, field->table, member, size) : at;
    case FIELD_RECORDS:
        return records_write(at, field, number, record);
    case FIELD_UINT32:
    case FIELD_UINT64:
    case FIELD_INT64:
    case FIELD_SINT32:
    case FIELD_ENUM:
    case FIELD_BOOL:
        value = number_of(field, record);
        if (value) {
            at = wire_varint_write(at, tag_of(number, WIRE_VARINT));
            at = wire_varint_write(at, value);
        }
        return at;
    }
    return at;
}

uint8_t *wire_table_write(const struct wire_table *table, const void *record, uint8_t *at)
{
    for (uint32_t number = 1; number < table->count; number++) {
        at = field_write(at, &table->fields[number], number, record);
    }
    return at;
}

bool wire_table_fits(const struct wire_table *table, const void *record)
{
    for (uint32_t number = 1; number < table->count; number++) {
        const struct wire_field *field = &table->fields[number];
        if (field->type != FIELD_RECORDS && field->type != FIELD_FIXED64S) {
            if (field->type == FIELD_RECORD &&
                !wire_table_fits(field->table, (const uint8_t *)record + field->offset)) {
                return false;
            }
        } else if (count_of(field, record) > field->bound) {
            return false;
        }
    }
    return true;
}

static bool refuse(const char **why, const char *reason)
{
    *why = reason;
    return false;
}

static bool
number_read(const struct wire_field *field, uint64_t value, void *member, const char **why)
{
    switch (field->type) {
    case FIELD_BOOL:
        *(bool *)member = value != 0;
        return true;
    case FIELD_ENUM:
        *(uint32_t *)member = value > field->bound ? 0 : (uint32_t)value;
        return true;
    case FIELD_UINT32:
        *(uint32_t *)member = (uint32_t)value;
        return value <= UINT32_MAX || refuse(why, "a number beyond 32 bits");
    case FIELD_SINT32:
        *(int32_t *)member = wire_unzigzag((uint32_t)value);
        return value <= UINT32_MAX || refuse(why, "a number beyond 32 bits");
    default:
        *(uint64_t *)member = value;
        return true;
    }
}

/* Where the next element of a repeated field goes; NULL when the array is full. */
static void *element_next(const struct wire_field *field, uint8_t *record, size_t size)
{
    uint32_t *count = (uint32_t *)(void *)(record + field->count_offset);
    return *count < field->bound ? record + field->offset + (*count)++ * size : NULL;
}

static bool
fixed64_read(const struct wire_field *field, const uint8_t *at, uint8_t *record, const char **why)
{
    uint64_t *member = field->type == FIELD_FIXED64S ? element_next(field, record, sizeof *member)
                                                     : (void *)(record + field->offset);
    if (!member) {
        return refuse(why, "too many elements");
    }
    *member = wire_fixed64_read(at);
    return true;
}

static bool
packed_read(const struct wire_field *field, struct slice value, uint8_t *record, const char **why)
{
    if (value.size % 8 != 0) {
        return refuse(why, "bad packed length");
    }
    for (size_t i = 0; i < value.size; i += 8) {
        if (!fixed64_read(field, value.bytes + i, record, why)) {
            return false;
        }
    }
    return true;
}

static bool bytes_read(const struct wire_field *field,
                       struct slice value,
                       uint8_t *record,
                       struct slice *aside,
                       const char **why)
{
    void *member = record + field->offset;
    switch (field->type) {
    case FIELD_BYTES:
        *(struct slice *)member = value;
        return true;
    case FIELD_DROPPED:
        return true;
    case FIELD_ASIDE:
        assert(aside); /* a table without one has no such field */
        *aside = value;
        return true;
    case FIELD_HASH:
        if (value.size != field->bound) {
            return refuse(why, "a hash of another size");
        }
        memcpy(member, value.bytes, value.size);
        return true;
    case FIELD_RECORD:
        return wire_table_read(field->table, value, member, NULL, why);
    case FIELD_RECORDS:
        member = element_next(field, record, field->size);
        return member ? wire_table_read(field->table, value, member, NULL, why)
                      : refuse(why, "too many elements");
    case FIELD_FIXED64S:
        return packed_read(field, value, record, why);
    default:
        return refuse(why, "a field of the wrong wire type");
    }
}

static bool field_read(const struct wire_field *field,
                       unsigned type,
                       const uint8_t **at,
                       const uint8_t *end,
                       uint8_t *record,
                       struct slice *aside,
                       const char **why)
{
    bool fixed = field->type == FIELD_FIXED64 || field->type == FIELD_FIXED64S;
    if (type == WIRE_BYTES) {
        uint32_t length;
        if (!wire_length_read(at, end, &length)) {
            return refuse(why, "a bad length");
        }
        struct slice value = slice_of(*at, length);
        *at += length;
        return bytes_read(field, value, record, aside, why);
    }
    if (type == WIRE_FIXED64 && fixed && end - *at >= 8) {
        *at += 8;
        return fixed64_read(field, *at - 8, record, why);
    }
    uint64_t value;
    if (type != WIRE_VARINT || fixed || field->type >= FIELD_BYTES) {
        return refuse(why, "a field of the wrong wire type or cut short");
    }
    return wire_varint_read(at, end, &value)
               ? number_read(field, value, record + field->offset, why)
               : refuse(why, "a bad number");
}

bool wire_table_read(const struct wire_table *table,
                     struct slice bytes,
                     void *record,
                     struct slice *aside,
                     const char **why)
{
    const uint8_t *at = bytes.bytes;
    const uint8_t *end = bytes.size > 0 ? at + bytes.size : at;
    while (at < end) {
        uint32_t number;
        unsigned type;
        if (!wire_tag_read(&at, end, &number, &type)) {
            return refuse(why, "a bad tag");
        }
        const struct wire_field *field = number < table->count ? &table->fields[number] : NULL;
        if (!field || field->type == FIELD_NONE) {
            if (!wire_skip(&at, end, type)) {
                return refuse(why, "a bad unknown field");
            }
        } else if (!field_read(field, type, &at, end, record, aside, why)) {
            return false;
        }
    }
    return true;
}

/* NOLINTEND(misc-no-recursion) */
