/*
 * The language in which faults of files are told.
 *
 * Formats and hints stand in the code in English, which is their key.  A program that speaks to
 * people sets a tongue before it reads a file; daemons set none, and what they log is English.
 */
#ifndef REDRESS_FAULT_H
#define REDRESS_FAULT_H

#include <stdbool.h>

/* The text of a language for an English one, lent for ever; NULL: it has none. */
typedef const char *fault_tongue(const char *english);

/* For the whole process, before it has threads; NULL: English. */
void fault_speak(fault_tongue *tongue);

/* What is said instead of a format or a text; itself where there is nothing that fits it. */
const char *fault_text(const char *english) __attribute__((format_arg(1)));

/* Whether a format takes the same arguments as another, at their places (%2$s) or in order. */
bool fault_fits(const char *english, const char *other);

#endif
