/*
 * Text from outside: is it text at all, in which language, and what does it look like for matching.
 */
#ifndef REDRESS_TEXT_H
#define REDRESS_TEXT_H

#include "arena.h"
#include "error.h"
#include "event.h"

/* Valid UTF-8 (no surrogates, no overlong forms) without NUL.  Sets *bad_at to the offset of the first bad byte. */
bool text_is_clean(struct slice text, size_t *bad_at);

/* Characters (code points) of clean text. */
uint32_t text_characters(struct slice text);

/*
 * Script ratio plus the OpenCC difference: Han with more characters that only traditional writing uses than ones only
 * simplified writing uses is zh-Hant; Latin is taken for English.  Works on a few characters; no dictionary.
 */
enum language text_language(struct slice text);

/* NFKC, case fold, t2s by character, blanks joined; the result is lent by the arena. */
bool text_normalise(struct slice text,
                    struct arena *arena,
                    struct slice *normal,
                    struct error *error) MUST_CHECK;

#endif
