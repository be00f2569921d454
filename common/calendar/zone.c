#include "zone.h"

#include "hex.h"
#include "zone_rule.h"

#include <errno.h>
#include <sodium.h>

enum {
    FILE_SIZE_MAX = 64 * 1024,
    HEADER_SIZE = 44,
    TYPE_SIZE = 6,
    TRANSITIONS_MAX = 4096,
    YEAR_LAST = 2200,
    DAY_S = 86400,
    OFFSET_MAX_S = 26 * 3600, /* RFC 8536: -25 h … 26 h */
    DIGEST_SIZE = 8,
};

#define RELEASE_LETTERS "0123456789abcdefghijklmnopqrstuvwxyz.-+"

struct transition {
    int64_t at_s;
    int32_t offset_s; /* from then on */
};

struct zone {
    int32_t first_offset_s;
    uint32_t count;
    bool has_rule;
    struct zone_rule rule; /* after the last transition */
    char version[ZONE_VERSION_SIZE];
    struct transition transitions[];
};

static uint32_t big_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static int64_t big_i64(const uint8_t *bytes)
{
    return (int64_t)((uint64_t)big_u32(bytes) << 32 | big_u32(bytes + 4));
}

/* The six counts of a TZif header. */
struct counts {
    uint32_t utc, standard, leap, times, types, characters;
};

static bool read_counts(struct slice bytes, struct counts *counts)
{
    if (bytes.size < HEADER_SIZE || memcmp(bytes.bytes, "TZif", 4) != 0) {
        return false;
    }
    const uint8_t *at = bytes.bytes + 20;
    *counts = (struct counts){big_u32(at),
                              big_u32(at + 4),
                              big_u32(at + 8),
                              big_u32(at + 12),
                              big_u32(at + 16),
                              big_u32(at + 20)};
    return counts->times <= TRANSITIONS_MAX && counts->types >= 1 && counts->types <= 256 &&
           counts->characters <= 1024 && counts->leap <= 1024 && counts->standard <= 256 &&
           counts->utc <= 256;
}

static size_t block_size(const struct counts *counts, size_t time_size)
{
    return counts->times * (time_size + 1) + (size_t)counts->types * TYPE_SIZE +
           counts->characters + counts->leap * (time_size + 4) + counts->standard + counts->utc;
}

static bool
read_offset(const uint8_t *types, const struct counts *counts, uint8_t type, int32_t *out)
{
    if (type >= counts->types) {
        return false;
    }
    *out = (int32_t)big_u32(types + (size_t)type * TYPE_SIZE);
    return *out >= -OFFSET_MAX_S && *out <= OFFSET_MAX_S;
}

static bool read_block(struct zone *zone, const uint8_t *at, const struct counts *counts)
{
    const uint8_t *indexes = at + (size_t)counts->times * 8;
    const uint8_t *types = indexes + counts->times;
    if (!read_offset(types, counts, 0, &zone->first_offset_s)) {
        return false;
    }
    for (uint32_t i = 0; i < counts->times; i++) {
        struct transition *transition = &zone->transitions[i];
        transition->at_s = big_i64(at + (size_t)i * 8);
        bool sorted = i == 0 || transition[-1].at_s < transition->at_s;
        if (!sorted || !read_offset(types, counts, indexes[i], &transition->offset_s)) {
            return false;
        }
    }
    return true;
}

static bool read_footer(struct zone *zone, struct slice footer)
{
    if (footer.size < 2 || footer.bytes[0] != '\n') {
        return false;
    }
    const uint8_t *end = memchr(footer.bytes + 1, '\n', footer.size - 1);
    if (!end) {
        return false;
    }
    struct slice text = slice_of(footer.bytes + 1, (size_t)(end - footer.bytes) - 1);
    zone->has_rule = text.size > 0;
    return !zone->has_rule || zone_rule_parse(text, &zone->rule);
}

static void version_digest(struct slice bytes, char version[ZONE_VERSION_SIZE])
{
    uint8_t hash[crypto_generichash_BYTES_MIN];
    crypto_generichash(hash, sizeof hash, bytes.bytes, bytes.size, NULL, 0);
    int size = snprintf(version, ZONE_VERSION_SIZE, "tzif-");
    hex_encode(hash, DIGEST_SIZE, version + size);
}

struct zone *zone_parse(struct slice bytes, struct error *error)
{
    struct counts old;
    struct counts counts;
    struct slice rest = bytes;
    if (!read_counts(rest, &old) || rest.bytes[4] < '2' ||
        rest.size < HEADER_SIZE + block_size(&old, 4)) {
        error_set(error, ERROR_REJECT, "not a TZif file of version 2 or later");
        return NULL;
    }
    size_t skip = HEADER_SIZE + block_size(&old, 4);
    rest = slice_of(rest.bytes + skip, rest.size - skip);
    if (!read_counts(rest, &counts) || rest.size < HEADER_SIZE + block_size(&counts, 8)) {
        error_set(error, ERROR_REJECT, "the second part of the TZif file is cut off");
        return NULL;
    }
    struct zone *zone = calloc(1, sizeof *zone + counts.times * sizeof zone->transitions[0]);
    if (!zone) {
        error_set(error, ERROR_FATAL, "out of memory");
        return NULL;
    }
    zone->count = counts.times;
    version_digest(bytes, zone->version);
    size_t block = HEADER_SIZE + block_size(&counts, 8);
    if (!read_block(zone, rest.bytes + HEADER_SIZE, &counts) ||
        !read_footer(zone, slice_of(rest.bytes + block, rest.size - block))) {
        error_set(
            error, ERROR_REJECT, "the TZif file has an impossible transition, offset or rule");
        zone_free(&zone);
    }
    return zone;
}

/* Letters, digits and - + _ in parts divided by single slashes: nothing that leaves the folder. */
static bool name_is_plain(const char *name)
{
    for (const char *at = name; *at; at++) {
        bool letter = (*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z');
        bool other = (*at >= '0' && *at <= '9') || *at == '-' || *at == '+' || *at == '_';
        bool slash = *at == '/' && at > name && at[-1] != '/' && at[1];
        if (!letter && !other && !slash) {
            return false;
        }
    }
    return name[0] != '\0';
}

static FILE *zone_open(const char *name)
{
    char path[512];
    const char *folder = getenv("TZDIR");
    int size = snprintf(path, sizeof path, "%s/%s", folder ? folder : "/usr/share/zoneinfo", name);
    return size < (int)sizeof path ? fopen(path, "rbe") : NULL;
}

/* "# version 2025b"; what reads otherwise leaves the version as it is. */
static void version_read(char version[ZONE_VERSION_SIZE])
{
    static const char label[] = "# version ";
    char line[sizeof label + ZONE_VERSION_SIZE];
    FILE *file = zone_open("tzdata.zi");
    if (!file) {
        return;
    }
    bool read = fgets(line, sizeof line, file) && strncmp(line, label, sizeof label - 1) == 0;
    const char *release = line + sizeof label - 1;
    size_t size = read ? strspn(release, RELEASE_LETTERS) : 0;
    if (size > 0 && size < ZONE_VERSION_SIZE && release[size] == '\n') {
        (void)snprintf(version, ZONE_VERSION_SIZE, "%.*s", (int)size, release);
    }
    (void)fclose(file);
}

struct zone *zone_new(const char *name, struct error *error)
{
    if (!name_is_plain(name)) {
        error_set(error, ERROR_REJECT, "'%s' is no name of a time zone", name);
        return NULL;
    }
    FILE *file = zone_open(name);
    uint8_t *bytes = file ? malloc(FILE_SIZE_MAX) : NULL;
    size_t got = bytes ? fread(bytes, 1, FILE_SIZE_MAX, file) : 0;
    struct zone *zone = NULL;
    if (!file) {
        error_set(error, ERROR_REJECT, "the system knows no time zone '%s'", name);
    } else {
        zone = zone_parse(slice_of(bytes, got), error);
        (void)fclose(file);
    }
    if (zone) {
        version_read(zone->version);
    }
    free(bytes);
    return zone;
}

void zone_free(struct zone **zone_p)
{
    free(*zone_p);
    *zone_p = NULL;
}

const char *zone_version(const struct zone *zone)
{
    return zone->version;
}

/* Transitions at or before the instant. */
static uint32_t transitions_passed(const struct zone *zone, int64_t at_s)
{
    uint32_t low = 0;
    uint32_t high = zone->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (zone->transitions[middle].at_s <= at_s) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

int32_t zone_offset_s(const struct zone *zone, int64_t at_s)
{
    uint32_t passed = transitions_passed(zone, at_s);
    if (passed == zone->count && zone->has_rule) {
        return zone_rule_offset_s(&zone->rule, at_s);
    }
    return passed == 0 ? zone->first_offset_s : zone->transitions[passed - 1].offset_s;
}

int64_t zone_next_change_s(const struct zone *zone, int64_t after_s)
{
    int32_t offset_s = zone_offset_s(zone, after_s);
    int64_t from_s = after_s;
    for (uint32_t i = transitions_passed(zone, after_s); i < zone->count; i++) {
        from_s = zone->transitions[i].at_s;
        if (zone_offset_s(zone, from_s) != offset_s) {
            return from_s;
        }
    }
    if (!zone->has_rule) {
        return INT64_MAX;
    }
    int64_t next_s = zone_rule_next_s(&zone->rule, from_s);
    return next_s / DAY_S / 366 < YEAR_LAST - 1970 ? next_s : INT64_MAX;
}

int64_t zone_instant_s(const struct zone *zone, int64_t local_s)
{
    int32_t before_s = zone_offset_s(zone, local_s - zone_offset_s(zone, local_s) - DAY_S);
    int32_t after_s = zone_offset_s(zone, local_s - zone_offset_s(zone, local_s) + DAY_S);
    if (zone_offset_s(zone, local_s - before_s) == before_s) {
        return local_s - before_s;
    }
    if (zone_offset_s(zone, local_s - after_s) == after_s) {
        return local_s - after_s;
    }
    return local_s - before_s;
}
