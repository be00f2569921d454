/*
 * What the table of the language says, for people and for their editors.
 */
#ifndef REDRESS_POLICY_MANUAL_H
#define REDRESS_POLICY_MANUAL_H

#include "policy.h"

#include <stdio.h>

/* The reference manual in Markdown, every part and key. */
void policy_manual(enum locale locale, FILE *out);

/* JSON Schema, draft 7, which editors with a YAML language server understand.  It is as strict as a
 * schema can be of one file; a policy that uses others may leave out what they say. */
void policy_schema(enum locale locale, FILE *out);

#endif
