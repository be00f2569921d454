/*
 * What text.h and classify.h know of single characters, computed once a process from ICU and OpenCC
 * (60 ms, 400 KiB): calling either for every text would cost a hundred times as much.
 */
#ifndef REDRESS_TEXT_TABLE_H
#define REDRESS_TEXT_TABLE_H

#include "error.h"

#include <stddef.h>
#include <stdint.h>

enum {
    HAN_FIRST =
        0x3400, /* of the plane that nearly all text is in; includes what is between the blocks */
    HAN_LAST = 0x9fff,
    TEXT_PLANE = 0x10000,
    TEXT_RARE_MAX = 1024,
};

enum script_side {
    SIDE_BOTH,
    SIDE_SIMPLIFIED,  /* OpenCC maps something to it, and Big5 does not have it */
    SIDE_TRADITIONAL, /* OpenCC maps it to something else, and GB 2312 does not have it */
};

struct text_table {
    /*
     * The one character that NFKC_Casefold, then traditional to simplified, makes of a character
     * whatever stands beside it; blanks of all kinds give U+0020; 0: only ICU can say, or several.
     */
    uint32_t fold[TEXT_PLANE];
    uint8_t side[HAN_LAST - HAN_FIRST + 1]; /* enum script_side */
    uint32_t simple[HAN_LAST - HAN_FIRST + 1];
    uint32_t rare_count; /* traditional characters beyond the plane, sorted */
    struct text_rare {
        uint32_t from;
        uint32_t to;
    } rare[TEXT_RARE_MAX];
};

/* Lent for ever; computed at the first call, by whichever thread.  NULL with ERROR_FATAL when a
 * library's data is away. */
const struct text_table *text_table_get(struct error *error);

/* Traditional to simplified, one character. */
uint32_t text_table_simplify(const struct text_table *table, uint32_t character);

/*
 * NFKC_Casefold of UTF-16 text.  Returns the units of the whole result, written up to capacity;
 * negative on failure.
 */
int32_t
text_table_casefold(const uint16_t *units, int32_t count, uint16_t *folded, int32_t capacity);

/* True when the character can join the one before it: an accent. */
bool text_table_joins(uint32_t character);

#endif
