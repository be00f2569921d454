/*
 * The alphabet of protobuf's wire format: varints, tags and lengths, read within an end that is
 * never passed.
 *
 * As strict as protobuf-c 1.4.1 or stricter: a varint has at most 10 bytes and fits 64 bits; tags
 * and lengths have at most 5 bytes and fit 32.
 */
#ifndef REDRESS_WIRE_H
#define REDRESS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum wire_type {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2,
    WIRE_FIXED32 = 5,
};

/* Moves *at behind the varint; false, and *at anywhere before end, when there is none. */
static inline bool wire_varint_read(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
    if (*at < end && **at < 0x80) {
        *value = *(*at)++;
        return true;
    }
    uint64_t sum = 0;
    for (unsigned shift = 0; shift < 70 && *at < end; shift += 7) {
        uint8_t byte = *(*at)++;
        sum |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = sum;
            return shift < 63 || byte <= 1;
        }
    }
    return false;
}

/* The same for what must fit 32 bits and 5 bytes. */
static inline bool wire_short_read(const uint8_t **at, const uint8_t *end, uint32_t *value)
{
    const uint8_t *start = *at;
    uint64_t wide;
    if (!wire_varint_read(at, end, &wide) || wide > UINT32_MAX || *at - start > 5) {
        return false;
    }
    *value = (uint32_t)wide;
    return true;
}

/* A tag: field number from 1 and wire type, which may be one we do not know. */
static inline bool
wire_tag_read(const uint8_t **at, const uint8_t *end, uint32_t *number, unsigned *type)
{
    uint32_t tag;
    if (!wire_short_read(at, end, &tag)) {
        return false;
    }
    *number = tag >> 3;
    *type = tag & 7;
    return *number > 0;
}

/* The length of what follows; it lies before end. */
static inline bool wire_length_read(const uint8_t **at, const uint8_t *end, uint32_t *length)
{
    return wire_short_read(at, end, length) && *length <= (size_t)(end - *at);
}

/* Moves *at behind a value of a field nobody knows; groups are refused. */
static inline bool wire_skip(const uint8_t **at, const uint8_t *end, unsigned type)
{
    uint64_t value;
    uint32_t length = type == WIRE_FIXED64 ? 8 : 4;
    switch (type) {
    case WIRE_VARINT:
        return wire_varint_read(at, end, &value);
    case WIRE_BYTES:
        if (!wire_length_read(at, end, &length)) {
            return false;
        }
        break;
    case WIRE_FIXED64:
    case WIRE_FIXED32:
        if ((size_t)(end - *at) < length) {
            return false;
        }
        break;
    default:
        return false;
    }
    *at += length;
    return true;
}

static inline uint64_t wire_fixed64_read(const uint8_t *at)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < 8; i++) {
        value |= (uint64_t)at[i] << (8 * i);
    }
    return value;
}

static inline size_t wire_varint_size(uint64_t value)
{
    unsigned bits = 64 - (unsigned)__builtin_clzll(value | 1);
    return (bits + 6) / 7;
}

static inline uint8_t *wire_varint_write(uint8_t *at, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) {
        *at++ = (uint8_t)(value | 0x80);
    }
    *at++ = (uint8_t)value;
    return at;
}

static inline uint8_t *wire_fixed64_write(uint8_t *at, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++) {
        *at++ = (uint8_t)(value >> (8 * i));
    }
    return at;
}

static inline uint32_t wire_zigzag(int32_t value)
{
    return ((uint32_t)value << 1) ^ (value < 0 ? UINT32_MAX : 0);
}

static inline int32_t wire_unzigzag(uint32_t value)
{
    return (int32_t)((value >> 1) ^ (0 - (value & 1)));
}

#endif
