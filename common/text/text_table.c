#include "text_table.h"

#include "scope.h"
#include "utf8.h"

#include <opencc.h>
#include <threads.h>
#include <unicode/uchar.h>
#include <unicode/ucnv.h>
#include <unicode/unorm2.h>
#include <unicode/uset.h>

enum { RARE_FIRST = 0x20000, RARE_LAST = 0x323af };

static once_flag once = ONCE_FLAG_INIT;
static struct text_table the_table;
static const UNormalizer2 *normalizer;
static struct error load_error;

static void converted_free(char **text_p)
{
    if (*text_p) {
        opencc_convert_utf8_free(*text_p);
        *text_p = NULL;
    }
}

static void text_free(char **text_p)
{
    free(*text_p);
    *text_p = NULL;
}

/* Every character on a line of its own, so that no phrase of OpenCC's can match across two. */
static char *lines_make(uint32_t first, uint32_t last, size_t *size)
{
    char *lines = malloc((size_t)(last - first + 1) * (UTF8_MAX + 1));
    uint8_t *at = (uint8_t *)lines;
    for (uint32_t character = first; lines && character <= last; character++) {
        at = utf8_write(at, character);
        *at++ = '\n';
    }
    *size = lines ? (size_t)((char *)at - lines) : 0;
    return lines;
}

static bool simple_set(struct text_table *table, uint32_t from, uint32_t to)
{
    if (from <= HAN_LAST) {
        table->simple[from - HAN_FIRST] = to;
        return true;
    }
    if (from == to) {
        return true;
    }
    if (table->rare_count == TEXT_RARE_MAX) {
        return error_set(
            &load_error, ERROR_FATAL, "OpenCC knows more rare characters than expected");
    }
    table->rare[table->rare_count++] = (struct text_rare){from, to};
    return true;
}

static bool range_load(struct text_table *table, opencc_t opencc, uint32_t first, uint32_t last)
{
    size_t size;
    SCOPED(text_free) char *lines = lines_make(first, last, &size);
    SCOPED(converted_free)
    char *converted = lines ? opencc_convert_utf8(opencc, lines, size) : NULL;
    if (!converted) {
        return error_set(&load_error, ERROR_FATAL, "OpenCC: %s", opencc_error());
    }
    const uint8_t *at = (const uint8_t *)converted;
    const uint8_t *end = at + strlen(converted);
    for (uint32_t from = first; from <= last; from++) {
        uint32_t to;
        size_t step = at < end ? utf8_read(at, end, &to) : 0;
        if (step == 0 || at + step >= end || at[step] != '\n') {
            return error_set(&load_error, ERROR_FATAL, "OpenCC made several characters of one");
        }
        at += step + 1;
        if (!simple_set(table, from, to)) {
            return false;
        }
    }
    return true;
}

uint32_t text_table_simplify(const struct text_table *table, uint32_t character)
{
    if (character >= HAN_FIRST && character <= HAN_LAST) {
        return table->simple[character - HAN_FIRST];
    }
    if (character < RARE_FIRST) {
        return character;
    }
    uint32_t low = 0;
    uint32_t high = table->rare_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (table->rare[middle].from == character) {
            return table->rare[middle].to;
        }
        if (table->rare[middle].from < character) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return character;
}

/* What OpenCC maps to something it maps again would change at every normalisation: go to the end of
 * the way. */
static void simple_close(struct text_table *table)
{
    for (unsigned round = 0; round < 4; round++) {
        for (uint32_t i = 0; i <= HAN_LAST - HAN_FIRST; i++) {
            table->simple[i] = text_table_simplify(table, table->simple[i]);
        }
        for (uint32_t i = 0; i < table->rare_count; i++) {
            table->rare[i].to = text_table_simplify(table, table->rare[i].to);
        }
    }
}

static bool simple_load(struct text_table *table)
{
    opencc_t opencc = opencc_open("t2s.json");
    if (opencc ==
        (opencc_t)-1) { /* NOLINT(performance-no-int-to-ptr): the library's word for failure */
        return error_set(&load_error, ERROR_FATAL, "OpenCC t2s.json: %s", opencc_error());
    }
    bool loaded = range_load(table, opencc, HAN_FIRST, HAN_LAST) &&
                  range_load(table, opencc, RARE_FIRST, RARE_LAST);
    (void)opencc_close(opencc);
    simple_close(table);
    return loaded;
}

/* The characters of a legacy character set: what the people of one writing can type. */
static USet *charset_load(const char *name)
{
    UErrorCode status = U_ZERO_ERROR;
    UConverter *converter = ucnv_open(name, &status);
    USet *set = uset_openEmpty();
    if (U_SUCCESS(status)) {
        ucnv_getUnicodeSet(converter, set, UCNV_ROUNDTRIP_SET, &status);
        ucnv_close(converter);
    }
    if (U_FAILURE(status)) {
        (void)error_set(&load_error, ERROR_FATAL, "ICU charset %s: %s", name, u_errorName(status));
        uset_close(set);
        return NULL;
    }
    return set;
}

static void set_free(USet **set_p)
{
    uset_close(*set_p);
    *set_p = NULL;
}

static bool sides_load(struct text_table *table)
{
    SCOPED(set_free) USet *mainland = charset_load("GB2312");
    SCOPED(set_free) USet *taiwan = mainland ? charset_load("Big5") : NULL;
    if (!taiwan) {
        return false;
    }
    for (uint32_t from = HAN_FIRST; from <= HAN_LAST; from++) {
        uint32_t to = table->simple[from - HAN_FIRST];
        if (to == from) {
            continue;
        }
        if (!uset_contains(mainland, (UChar32)from)) {
            table->side[from - HAN_FIRST] = SIDE_TRADITIONAL;
        }
        if (to >= HAN_FIRST && to <= HAN_LAST && !uset_contains(taiwan, (UChar32)to)) {
            table->side[to - HAN_FIRST] = SIDE_SIMPLIFIED;
        }
    }
    return true;
}

static uint32_t fold_alone(const struct text_table *table, uint32_t character)
{
    UChar32 wanted = (UChar32)character;
    bool alone =
        unorm2_hasBoundaryBefore(normalizer, wanted) && unorm2_hasBoundaryAfter(normalizer, wanted);
    UErrorCode status = U_ZERO_ERROR;
    UChar unit = (UChar)character;
    UChar folded[4];
    int32_t count = alone ? unorm2_normalize(normalizer, &unit, 1, folded, 4, &status) : 0;
    if (U_FAILURE(status) || count != 1 || folded[0] == 0) {
        return 0;
    }
    return u_isUWhiteSpace(folded[0]) ? ' ' : text_table_simplify(table, folded[0]);
}

static void folds_load(struct text_table *table)
{
    for (uint32_t character = 1; character < TEXT_PLANE; character++) {
        if (character < 0x80) {
            bool blank = character == ' ' || (character >= '\t' && character <= '\r');
            bool upper = character >= 'A' && character <= 'Z';
            table->fold[character] = blank ? ' ' : upper ? character | 0x20 : character;
        } else if (character < 0xd800 || character > 0xdfff) {
            table->fold[character] = fold_alone(table, character);
        }
    }
}

static void load(void)
{
    UErrorCode status = U_ZERO_ERROR;
    normalizer = unorm2_getNFKCCasefoldInstance(&status);
    if (U_FAILURE(status)) {
        (void)error_set(&load_error, ERROR_FATAL, "ICU normaliser: %s", u_errorName(status));
        return;
    }
    if (simple_load(&the_table) && sides_load(&the_table)) {
        folds_load(&the_table);
    }
}

const struct text_table *text_table_get(struct error *error)
{
    call_once(&once, load);
    if (load_error.kind != ERROR_NONE) {
        (void)error_set(error, load_error.kind, "%s", load_error.text);
        return NULL;
    }
    return &the_table;
}

int32_t
text_table_casefold(const uint16_t *units, int32_t count, uint16_t *folded, int32_t capacity)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t needed = unorm2_normalize(normalizer, units, count, folded, capacity, &status);
    return U_FAILURE(status) && status != U_BUFFER_OVERFLOW_ERROR ? -1 : needed;
}

bool text_table_joins(uint32_t character)
{
    return !unorm2_hasBoundaryBefore(normalizer, (UChar32)character);
}
