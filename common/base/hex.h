/*
 * Bytes and UUIDs as text, and new UUIDs (RFC 9562).
 */
#ifndef REDRESS_HEX_H
#define REDRESS_HEX_H

#include "slice.h"

enum { UUID_SIZE = 16, UUID_TEXT_SIZE = 37 };

/* Lower case, terminated; text holds 2 * size + 1. */
void hex_encode(const void *bytes, size_t size, char *text);

/* Exactly size bytes from 2 * size digits of either case; false, with bytes undefined, for anything
 * else. */
bool hex_decode(struct slice text, void *bytes, size_t size);

/* 8-4-4-4-12, lower case, terminated. */
void uuid_text(const uint8_t uuid[UUID_SIZE], char text[UUID_TEXT_SIZE]);

/* Reads 8-4-4-4-12 or 32 digits, either case. */
bool uuid_parse(struct slice text, uint8_t uuid[UUID_SIZE]);

/*
 * Version 7: 48 bits of milliseconds, 12 bits of the fraction of the millisecond (RFC 9562
 * section 6.2 method 3), 62 random bits.  Sorts by now_us, apart from equal microseconds.
 */
void uuidv7_make(int64_t now_us, uint8_t uuid[UUID_SIZE]);

#endif
