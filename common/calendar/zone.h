/*
 * Offsets of a time zone, from the system's zone files (TZif, RFC 8536): never from a library's
 * own, older copy.
 *
 * The file's transitions are taken as they stand; after the last one the rule in the footer goes
 * on.  All seconds are since 1970-01-01, UTC ones as instants, local ones as if the wall clock were
 * UTC.
 */
#ifndef REDRESS_ZONE_H
#define REDRESS_ZONE_H

#include "error.h"
#include "slice.h"

#include <stdint.h>

enum { ZONE_VERSION_SIZE = 24 };

struct zone;

/* Reads NAME below the system's zone folder ($TZDIR, else /usr/share/zoneinfo).  NULL with
 * ERROR_REJECT: no such zone. */
struct zone *zone_new(const char *name, struct error *error) MUST_CHECK;

/* The same from the bytes of a TZif file, for tests and fuzzing. */
struct zone *zone_parse(struct slice bytes, struct error *error) MUST_CHECK;

void zone_free(struct zone **zone_p);

/*
 * Which zone data this is, so that an instant can name it: the release in the first line of the
 * folder's tzdata.zi ("2025b"); where there is none, and of bytes, a digest of the TZif file
 * ("tzif-" and hex digits).
 */
const char *zone_version(const struct zone *zone);

/* Local time minus UTC at an instant. */
int32_t zone_offset_s(const struct zone *zone, int64_t at_s);

/* The first instant > after_s at which the offset changes; INT64_MAX: none before the year 2200. */
int64_t zone_next_change_s(const struct zone *zone, int64_t after_s);

/* The instant of a wall-clock time: inside a spring gap moved on by the gap, a repeated one means
 * its first occurrence. */
int64_t zone_instant_s(const struct zone *zone, int64_t local_s);

/* Days since 1970-01-01 of a date, and back as yyyymmdd (proleptic Gregorian). */
int64_t date_to_days(int32_t date);
int32_t date_of_days(int64_t days);

/* 0 Monday … 6 Sunday. */
int date_weekday(int64_t days);

/* "2024-02-30" is no date. */
bool date_parse(struct slice text, int32_t *date);

#endif
