#include "classify_regex.h"

#include "slice.h"
#include "text.h"
#include "text_table.h"
#include "utf8.h"

enum { FOLDED_MAX = 18 };

struct rewrite {
    const struct text_table *table;
    char *normal;
    size_t used;
    size_t capacity;
    bool in_class;
};

static bool bytes_put(struct rewrite *rewrite, const char *bytes, size_t size)
{
    if (rewrite->capacity - rewrite->used <= size) {
        return false;
    }
    memcpy(rewrite->normal + rewrite->used, bytes, size);
    rewrite->used += size;
    return true;
}

/* A character of the text itself: an ASCII sign that a regex could mistake for syntax is written
 * \x. */
static bool literal_put(struct rewrite *rewrite, uint32_t character)
{
    char written[8];
    bool plain = character >= 0x80 || character == ' ' || (character >= '0' && character <= '9') ||
                 (character >= 'a' && character <= 'z');
    if (!plain) {
        int size = snprintf(written, sizeof written, "\\x%02x", (unsigned)character);
        return bytes_put(rewrite, written, (size_t)size);
    }
    const uint8_t *end = utf8_write((uint8_t *)written, character);
    return bytes_put(rewrite, written, (size_t)(end - (uint8_t *)written));
}

/* What ICU makes of one character when the table cannot say. */
static bool several_put(struct rewrite *rewrite, uint32_t character, struct error *error)
{
    uint16_t units[2] = {(uint16_t)character};
    int32_t count = 1;
    if (character > 0xffff) {
        units[0] = (uint16_t)(0xd800 + ((character - 0x10000) >> 10));
        units[1] = (uint16_t)(0xdc00 + (character & 0x3ff));
        count = 2;
    }
    uint16_t folded[FOLDED_MAX];
    int32_t folded_count = text_table_casefold(units, count, folded, FOLDED_MAX);
    if (text_table_joins(character) || folded_count <= 0 || folded_count > FOLDED_MAX) {
        return error_set(
            error,
            ERROR_REJECT,
            "U+%04X never stands alone in normalised text; write the composed character",
            (unsigned)character);
    }
    int32_t at = 0;
    uint32_t first = utf16_read(folded, &at, folded_count);
    bool group = at < folded_count;
    if (group && rewrite->in_class) {
        return error_set(error,
                         ERROR_REJECT,
                         "U+%04X stands for several characters and cannot be in [ ]",
                         (unsigned)character);
    }
    bool put = (!group || bytes_put(rewrite, "(?:", 3)) &&
               literal_put(rewrite, text_table_simplify(rewrite->table, first));
    while (put && at < folded_count) {
        uint32_t next = utf16_read(folded, &at, folded_count);
        put = literal_put(rewrite, text_table_simplify(rewrite->table, next));
    }
    return (put && (!group || bytes_put(rewrite, ")", 1))) ||
           error_set(error, ERROR_REJECT, "longer than %zu bytes", rewrite->capacity);
}

/* ASCII is syntax or a letter that the caseless flag takes care of; keeps track of [ ]. */
static size_t ascii_step(struct rewrite *rewrite, const char *at)
{
    if (*at == '\\' && at[1] != '\0' && (at[1] & 0x80) == 0) {
        return 2;
    }
    if (*at == '[' && !rewrite->in_class) {
        rewrite->in_class = true;
        size_t step = at[1] == '^' ? 2 : 1;
        return at[step] == ']' ? step + 1 : step; /* first in a class it is a character */
    }
    if (*at == ']') {
        rewrite->in_class = false;
    }
    return 1;
}

bool classify_regex_normalise(const char *regex, char *normal, size_t capacity, struct error *error)
{
    struct rewrite rewrite = {
        .table = text_table_get(error), .normal = normal, .capacity = capacity};
    struct slice text = slice_text(regex);
    size_t bad_at;
    if (!rewrite.table) {
        return false;
    }
    if (!text_is_clean(text, &bad_at)) {
        return error_set(error, ERROR_REJECT, "byte %zu is not UTF-8", bad_at);
    }
    const char *end = regex + text.size;
    for (const char *at = regex; at < end;) {
        uint32_t character = 0;
        size_t step = utf8_read((const uint8_t *)at, (const uint8_t *)end, &character);
        uint32_t folded = character < TEXT_PLANE ? rewrite.table->fold[character] : 0;
        bool put = true;
        if (character < 0x80) {
            step = ascii_step(&rewrite, at);
            put = bytes_put(&rewrite, at, step);
        } else if (folded != 0) {
            put = literal_put(&rewrite, folded);
        } else if (!several_put(&rewrite, character, error)) {
            return false;
        }
        if (!put) {
            return error_set(error, ERROR_REJECT, "longer than %zu bytes", capacity);
        }
        at += step;
    }
    normal[rewrite.used] = '\0';
    return true;
}
