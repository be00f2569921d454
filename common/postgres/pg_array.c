#include "pg_array.h"

enum { HEADER_SIZE = 20 };

/* PostgreSQL counts microseconds from 2000-01-01. */
static const int64_t pg_epoch_us = 946684800000000;

void pg_put_int2(uint8_t out[2], int16_t value)
{
    out[0] = (uint8_t)((uint16_t)value >> 8);
    out[1] = (uint8_t)value;
}

void pg_put_int4(uint8_t out[4], int32_t value)
{
    uint32_t bits = __builtin_bswap32((uint32_t)value);
    memcpy(out, &bits, sizeof bits);
}

void pg_put_int8(uint8_t out[8], int64_t value)
{
    uint64_t bits = __builtin_bswap64((uint64_t)value);
    memcpy(out, &bits, sizeof bits);
}

int64_t pg_time_from_us(int64_t at_us)
{
    if (at_us == INT64_MAX || at_us == INT64_MIN) {
        return at_us;
    }
    return at_us - pg_epoch_us;
}

int64_t pg_time_to_us(int64_t pg_time)
{
    if (pg_time == INT64_MAX || pg_time == INT64_MIN) {
        return pg_time;
    }
    return pg_time + pg_epoch_us;
}

static uint8_t *array_extend(struct pg_array *array, size_t size)
{
    if (array->capacity - array->size < size) {
        size_t capacity = array->capacity ? array->capacity : 1024;
        while (capacity - array->size < size) {
            capacity *= 2;
        }
        uint8_t *bytes = realloc(array->bytes, capacity);
        if (!bytes) {
            abort();
        }
        array->bytes = bytes;
        array->capacity = capacity;
    }
    uint8_t *place = array->bytes + array->size;
    array->size += size;
    return place;
}

void pg_array_begin(struct pg_array *array, enum pg_type element)
{
    array->size = 0;
    array->count = 0;
    array->nulls = false;
    uint8_t *header = array_extend(array, HEADER_SIZE);
    pg_put_int4(header, 1);
    pg_put_int4(header + 8, (int32_t)element);
    pg_put_int4(header + 16, 1);
}

static uint8_t *element(struct pg_array *array, size_t size)
{
    uint8_t *place = array_extend(array, 4 + size);
    pg_put_int4(place, (int32_t)size);
    array->count++;
    return place + 4;
}

void pg_array_bool(struct pg_array *array, bool value)
{
    *element(array, 1) = value;
}

void pg_array_int2(struct pg_array *array, int32_t value)
{
    pg_put_int2(element(array, 2), (int16_t)value);
}

void pg_array_int4(struct pg_array *array, int32_t value)
{
    pg_put_int4(element(array, 4), value);
}

void pg_array_int8(struct pg_array *array, int64_t value)
{
    pg_put_int8(element(array, 8), value);
}

void pg_array_time(struct pg_array *array, int64_t at_us)
{
    pg_put_int8(element(array, 8), pg_time_from_us(at_us));
}

void pg_array_bytes(struct pg_array *array, struct slice value)
{
    uint8_t *place = element(array, value.size);
    if (value.size > 0) {
        memcpy(place, value.bytes, value.size);
    }
}

void pg_array_null(struct pg_array *array)
{
    pg_put_int4(array_extend(array, 4), -1);
    array->count++;
    array->nulls = true;
}

void pg_array_done(struct pg_array *array)
{
    free(array->bytes);
    *array = (struct pg_array){0};
}

struct slice pg_array_value(struct pg_array *array)
{
    pg_put_int4(array->bytes + 4, array->nulls);
    pg_put_int4(array->bytes + 12, (int32_t)array->count);
    return slice_of(array->bytes, array->size);
}

struct slice pg_array_next(const struct pg_array *array, size_t *offset)
{
    const uint8_t *place = array->bytes + (*offset == 0 ? HEADER_SIZE : *offset);
    uint32_t bits = 0;
    memcpy(&bits, place, sizeof bits);
    int32_t size = (int32_t)__builtin_bswap32(bits);
    place += sizeof bits;
    *offset = (size_t)(place - array->bytes) + (size > 0 ? (size_t)size : 0);
    return size < 0 ? slice_of(NULL, 0) : slice_of(place, (size_t)size);
}
