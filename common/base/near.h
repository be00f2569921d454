/*
 * Names that are nearly another: what was meant, when a name is none.
 */
#ifndef REDRESS_NEAR_H
#define REDRESS_NEAR_H

#include <stdbool.h>
#include <stddef.h>

enum { NEAR_MAX = 64 };

/* Characters of UTF-8 put in, left out or exchanged between the two (Levenshtein); NEAR_MAX when
 * one of them is longer than that. */
size_t near_distance(const char *a, const char *b);

/* So far off a name of that kind may be to be what was meant. */
size_t near_enough(const char *wrong);

#endif
