#include "text.h"
#include "text_table.h"
#include "utf8.h"

#include <unicode/uchar.h>
#include <unicode/utf16.h>

static const uint64_t ones = 0x0101010101010101U;
static const uint64_t tops = 0x8080808080808080U;

enum { SHORT_RUN = 128, GROWTH_MAX = 18 }; /* U+FDFA becomes 18 characters, and nothing more */

struct writer {
    const struct text_table *table;
    struct arena *arena;
    uint8_t *bytes;
    size_t used;
    size_t capacity;
};

static bool writer_room(struct writer *writer, size_t size)
{
    if (writer->capacity - writer->used >= size) {
        return true;
    }
    size_t capacity = (writer->capacity + size) * 2;
    uint8_t *bytes = arena_take(writer->arena, capacity);
    if (!bytes) {
        return false;
    }
    if (writer->used > 0) {
        memcpy(bytes, writer->bytes, writer->used);
    }
    writer->bytes = bytes;
    writer->capacity = capacity;
    return true;
}

static bool writer_at_blank(const struct writer *writer)
{
    return writer->used == 0 || writer->bytes[writer->used - 1] == ' ';
}

/* There must be room for UTF8_MAX bytes. */
static void character_put(struct writer *writer, uint32_t character)
{
    if (character != ' ' || !writer_at_blank(writer)) {
        uint8_t *at = writer->bytes + writer->used;
        writer->used += (size_t)(utf8_write(at, character) - at);
    }
}

/* Eight ASCII bytes at once; false when a blank among them has to go or is no U+0020. */
static bool word_put(struct writer *writer, const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    uint64_t low = ~(word + 0x60 * ones) & tops; /* below 0x20 */
    uint64_t other = word ^ 0x20 * ones;
    uint64_t blank = ~((other & ~tops) + ~tops) & tops;
    if (low || (blank & blank << 8) || ((blank & 0x80) && writer_at_blank(writer))) {
        return false;
    }
    uint64_t upper = (word + (0x80 - 'A') * ones) & ~(word + (0x7f - 'Z') * ones) & tops;
    word |= upper >> 2;
    memcpy(writer->bytes + writer->used, &word, sizeof word);
    writer->used += 8;
    return true;
}

static bool ascii_put(struct writer *writer, const uint8_t *at, const uint8_t *end)
{
    if (!writer_room(writer, (size_t)(end - at))) {
        return false;
    }
    while (at < end) {
        if (end - at >= 8 && word_put(writer, at)) {
            at += 8;
            continue;
        }
        const uint8_t *stop = end - at > 8 ? at + 8 : end;
        for (; at < stop; at++) {
            character_put(writer, writer->table->fold[*at]);
        }
    }
    return true;
}

static const uint8_t *ascii_end(const uint8_t *at, const uint8_t *end)
{
    uint64_t word;
    while (end - at >= 8 && (memcpy(&word, at, sizeof word), (word & tops) == 0)) {
        at += 8;
    }
    while (at < end && *at < 0x80) {
        at++;
    }
    return at;
}

/* What the table makes of the character at at, alone; 0 when only ICU can say.  Clean text has no
 * bad characters. */
static uint32_t
fold_at(const struct writer *writer, const uint8_t *at, const uint8_t *end, size_t *step)
{
    uint32_t character = 0;
    *step = utf8_read(at, end, &character);
    if (*step == 0) {
        *step = 1;
        return 0xfffd;
    }
    return character < TEXT_PLANE ? writer->table->fold[character] : 0;
}

static int32_t units_read(const uint8_t *at, const uint8_t *end, uint16_t *units)
{
    int32_t count = 0;
    while (at < end) {
        uint32_t character = 0xfffd;
        size_t step = utf8_read(at, end, &character);
        at += step > 0 ? step : 1;
        U16_APPEND_UNSAFE(units, count, (UChar32)character);
    }
    return count;
}

static bool units_put(struct writer *writer, const uint16_t *units, int32_t count)
{
    if (!writer_room(writer, (size_t)count * 3 + UTF8_MAX)) {
        return false;
    }
    for (int32_t i = 0; i < count;) {
        uint32_t character = utf16_read(units, &i, count);
        if (u_isUWhiteSpace((UChar32)character)) {
            character_put(writer, ' ');
        } else {
            character_put(writer, text_table_simplify(writer->table, character));
        }
    }
    return true;
}

/* A run through ICU; a UTF-16 text has no more units than the UTF-8 one bytes. */
static bool run_put(struct writer *writer, const uint8_t *at, const uint8_t *end)
{
    size_t size = (size_t)(end - at);
    uint16_t few[SHORT_RUN];
    uint16_t few_folded[SHORT_RUN * GROWTH_MAX];
    uint16_t *units = few;
    uint16_t *folded = few_folded;
    size_t capacity = sizeof few_folded / sizeof *few_folded;
    if (size > SHORT_RUN) {
        capacity = size / 2 * GROWTH_MAX;
        units = arena_take(writer->arena, size * sizeof *units);
        folded = units ? arena_take(writer->arena, capacity * sizeof *folded) : NULL;
        if (!folded) {
            return false;
        }
    }
    int32_t count = units_read(at, end, units);
    int32_t folded_count = text_table_casefold(units, count, folded, (int32_t)capacity);
    return folded_count >= 0 && (size_t)folded_count <= capacity &&
           units_put(writer, folded, folded_count);
}

/*
 * From a character that may join the next ones to where they cannot any more; long runs are cut
 * where they can be, so that they go through the small buffers.
 */
static const uint8_t *run_end(const struct writer *writer, const uint8_t *at, const uint8_t *end)
{
    const uint8_t *start = at;
    size_t step;
    (void)fold_at(writer, at, end, &step);
    for (at += step; at < end && *at >= 0x80; at += step) {
        uint32_t character = 0;
        if (fold_at(writer, at, end, &step) != 0 ||
            (at - start > SHORT_RUN - 2 * UTF8_MAX && utf8_read(at, end, &character) > 0 &&
             !text_table_joins(character))) {
            break;
        }
    }
    return at;
}

/* Moves *at behind the ASCII there, and behind the run that its last letter begins if an accent may
 * follow. */
static bool ascii_take(struct writer *writer, const uint8_t **at, const uint8_t *end)
{
    const uint8_t *start = *at;
    const uint8_t *stop = ascii_end(start, end);
    size_t step;
    *at = stop;
    if (stop == end || fold_at(writer, stop, end, &step) != 0) {
        return ascii_put(writer, start, stop);
    }
    *at = run_end(writer, stop - 1, end);
    return ascii_put(writer, start, stop - 1) && run_put(writer, stop - 1, *at);
}

/* Moves *at behind one character, or behind a run that only ICU understands. */
static bool character_take(struct writer *writer, const uint8_t **at, const uint8_t *end)
{
    const uint8_t *start = *at;
    size_t step;
    uint32_t folded = fold_at(writer, start, end, &step);
    if (folded == 0) {
        *at = run_end(writer, start, end);
        return run_put(writer, start, *at);
    }
    *at += step;
    if (!writer_room(writer, UTF8_MAX)) {
        return false;
    }
    character_put(writer, folded);
    return true;
}

static bool text_put(struct writer *writer, const uint8_t *at, const uint8_t *end)
{
    bool put = true;
    while (put && at < end) {
        put = *at < 0x80 ? ascii_take(writer, &at, end) : character_take(writer, &at, end);
    }
    return put;
}

bool text_normalise(struct slice text,
                    struct arena *arena,
                    struct slice *normal,
                    struct error *error)
{
    struct writer writer = {.table = text_table_get(error), .arena = arena};
    if (!writer.table) {
        return false;
    }
    const uint8_t *at = text.bytes;
    if (!writer_room(&writer, text.size / 2 + UTF8_MAX) ||
        (text.size > 0 && !text_put(&writer, at, at + text.size))) {
        return error_set(error, ERROR_RETRY, "no room to normalise %zu bytes", text.size);
    }
    if (writer.used > 0 && writer_at_blank(&writer)) {
        writer.used--;
    }
    arena_shrink(arena, writer.bytes, writer.used);
    *normal = slice_of(writer.bytes, writer.used);
    return true;
}
