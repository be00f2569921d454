/*
 * A pattern of a policy as it has to be written to match normalised text (see classify.h).
 */
#ifndef REDRESS_CLASSIFY_REGEX_H
#define REDRESS_CLASSIFY_REGEX_H

#include "error.h"

#include <stddef.h>

/* Writes the terminated result; on false the error says why, without saying which pattern. */
bool classify_regex_normalise(const char *regex, char *normal, size_t capacity, struct error *error)
    MUST_CHECK;

#endif
