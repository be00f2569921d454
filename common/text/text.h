/*
 * Text from outside: is it text at all, in which language, and what does it look like for matching.
 */
#ifndef REDRESS_TEXT_H
#define REDRESS_TEXT_H

#include "arena.h"
#include "error.h"
#include "event.h"

/*
 * Loads the tables behind the functions below, once a process (60 ms).  A daemon calls it at its
 * start, to stop there when the data of a library is away; otherwise the first text pays for it.
 */
bool text_load(struct error *error) MUST_CHECK;

/* Valid UTF-8 (no surrogates, no overlong forms) without NUL.  Sets *bad_at to the offset of the
 * first bad byte. */
bool text_is_clean(struct slice text, size_t *bad_at);

/* Characters (code points) of clean text. */
uint32_t text_characters(struct slice text);

/*
 * The language of clean text, by script: a Han character weighs three letters; kana beside a
 * quarter or more of the Han is Japanese, hence other; Latin is taken for English.  Han with more
 * characters that only traditional writing uses than ones only simplified writing uses is zh-Hant
 * (text_table.h says which).  Works on a few characters; no dictionary.
 */
enum language text_language(struct slice text);

/*
 * Clean text as patterns see it: NFKC with case folded, each traditional character as its
 * simplified one (OpenCC), every run of blanks one U+0020, none at the ends.  The result is lent by
 * the arena; doing it twice changes nothing more. ERROR_RETRY when the arena is full (it takes the
 * text's size, and up to 64 times that for text made to grow).
 */
bool text_normalise(struct slice text,
                    struct arena *arena,
                    struct slice *normal,
                    struct error *error) MUST_CHECK;

#endif
