/*
 * What people get wrong in YAML, in words that say what to do: the parser speaks of scalars and
 * flow sequences, and often of the line before.  Private to the reader of YAML.
 */
#ifndef REDRESS_YAML_SLIP_H
#define REDRESS_YAML_SLIP_H

#include "yaml.h"

/* A word, and behind it a full-width colon or comma: they became one text. */
bool yaml_is_wide(const char *text);

/* Tells of such a sign; the node is the text it became part of. */
void yaml_wide_tell(struct yaml_source *source, const struct yaml_node *node);

/* What a sign of a Chinese keyboard in a text explains; NULL: there is none. */
const char *yaml_sign_hint(const struct yaml_node *node);

/* Tells what the parser said of this place. */
void yaml_slip_tell(struct yaml_source *source, unsigned line, unsigned column, const char *theirs);

#endif
