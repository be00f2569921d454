/*
 * What is wrong with a file, in the language of the reader.
 *
 * The .def files are the catalogue, sorted by English, a row a format or a text:
 * FAULT(English, 简体中文, 繁體中文); SAME(English) is written so in every language.  Arguments
 * that stand in another order say so (%2$s); see fault.h.
 */
#ifndef REDRESS_CTL_FAULT_H
#define REDRESS_CTL_FAULT_H

#include "ctl_text.h"

/* From here on what reads a file complains in this language. */
void ctl_fault_speak(enum ctl_language language);

/* The row with this number, from 0; NULL behind the last. */
const char *ctl_fault_in(enum ctl_language language, size_t row);

#endif
