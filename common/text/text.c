#include "text.h"

#include "text_table.h"
#include "utf8.h"

#include <unicode/uchar.h>

static const uint64_t ones = 0x0101010101010101U;
static const uint64_t tops = 0x8080808080808080U;

static uint64_t word_at(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* How many bytes of a word have their top bit, where only top bits are set. */
static uint32_t bytes_marked(uint64_t word)
{
    return (uint32_t)((word >> 7) * ones >> 56);
}

bool text_load(struct error *error)
{
    return text_table_get(error) != NULL;
}

bool text_is_clean(struct slice text, size_t *bad_at)
{
    const uint8_t *at = text.bytes;
    const uint8_t *end = text.size > 0 ? at + text.size : at;
    while (at < end) {
        /* A byte of 0 borrows from its top bit, so this is zero for eight bytes of 1 … 127 only. */
        if (end - at >= 8 && (((word_at(at) - ones) | word_at(at)) & tops) == 0) {
            at += 8;
            continue;
        }
        uint32_t character;
        size_t step = utf8_read(at, end, &character);
        if (step == 0 || character == 0) {
            *bad_at = (size_t)(at - text.bytes);
            return false;
        }
        at += step;
    }
    return true;
}

uint32_t text_characters(struct slice text)
{
    uint32_t continuations = 0;
    size_t i = 0;
    for (; i + 8 <= text.size; i += 8) {
        uint64_t word = word_at(text.bytes + i);
        continuations += bytes_marked(word & ~(word << 1) & tops);
    }
    for (; i < text.size; i++) {
        continuations += (text.bytes[i] & 0xc0) == 0x80;
    }
    return (uint32_t)text.size - continuations;
}

struct census {
    uint64_t han, latin, kana, foreign;
    uint64_t simplified, traditional;
};

static bool within(uint32_t character, uint32_t first, uint32_t last)
{
    return character >= first && character <= last;
}

static void
character_count(struct census *census, const struct text_table *table, uint32_t character)
{
    if (within(character, 0x4e00, HAN_LAST) || within(character, HAN_FIRST, 0x4dbf)) {
        census->han++;
        if (table) {
            census->simplified += table->side[character - HAN_FIRST] == SIDE_SIMPLIFIED;
            census->traditional += table->side[character - HAN_FIRST] == SIDE_TRADITIONAL;
        }
    } else if (within(character, 0xf900, 0xfaff) || within(character, 0x20000, 0x323af)) {
        census->han++;
    } else if (within(character, 0x3041, 0x30ff) || within(character, 0xff66, 0xff9f)) {
        census->kana++;
    } else if (within(character, 0xc0, 0x24f) || within(character, 0xff21, 0xff5a)) {
        census->latin++;
    } else if (u_isalpha((UChar32)character)) {
        census->foreign++;
    }
}

/* Top bits of the bytes that are ASCII letters; every byte is below 128. */
static uint64_t letters_in(uint64_t word)
{
    uint64_t folded = word | 0x20 * ones;
    return (folded + (0x80 - 'a') * ones) & ~(folded + (0x7f - 'z') * ones) & tops;
}

static enum language census_judge(const struct census *census)
{
    uint64_t han = census->han * 3;
    uint64_t foreign = census->foreign;
    if (census->kana * 4 > census->han + census->kana) {
        foreign += (census->kana + census->han) * 3;
        han = 0;
    }
    if (han + census->latin + foreign == 0) {
        return LANGUAGE_UNKNOWN;
    }
    if (han > 0 && han >= census->latin && han >= foreign) {
        return census->traditional > census->simplified ? LANGUAGE_ZH_HANT : LANGUAGE_ZH_HANS;
    }
    return census->latin >= foreign ? LANGUAGE_EN : LANGUAGE_OTHER;
}

enum language text_language(struct slice text)
{
    struct error ignored; /* without the tables all Chinese is taken for simplified */
    const struct text_table *table = text_table_get(&ignored);
    struct census census = {0};
    const uint8_t *at = text.bytes;
    const uint8_t *end = text.size > 0 ? at + text.size : at;
    while (at < end) {
        uint32_t character;
        if (end - at >= 8 && (word_at(at) & tops) == 0) {
            census.latin += bytes_marked(letters_in(word_at(at)));
            at += 8;
        } else if (*at < 0x80) {
            census.latin += letters_in(*at++) != 0;
        } else {
            size_t step = utf8_read(at, end, &character);
            if (step == 0) {
                break;
            }
            character_count(&census, table, character);
            at += step;
        }
    }
    return census_judge(&census);
}
