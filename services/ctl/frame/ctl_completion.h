/*
 * What shells ask for while somebody types.
 */
#ifndef REDRESS_CTL_COMPLETION_H
#define REDRESS_CTL_COMPLETION_H

#include "ctl.h"

/*
 * The names of a kind of `completion --names` in the archive, a line each on stdout; of actions
 * those that may be done to the case that is the verb's argument.  The policies' own are compiled
 * for it, which takes longer than a statement.
 */
int completion_names_write(struct ctl *ctl, const char *kind) MUST_CHECK;

/* ctl_completion_fish.c */
void completion_fish(const struct ctl *ctl, FILE *to);

/* ---- what every shell's has ---- */

/* The first word of a verb's name is the same as that of an earlier row. */
bool completion_begun_before(size_t index);
/* Of the first word of a name. */
int completion_first_size(const char *name);
/* What the words of a verb may be, where they are no files; as the values of an option. */
const char *completion_argument_values(const struct ctl_verb *verb);
/* Its argument is a policy, by name. */
bool completion_takes_policy(const struct ctl_verb *verb);
/* "due|priority" as words apart by blanks. */
void completion_choice_words(FILE *to, const char *choices);
/* The verb that takes verbs, and what there is help on. */
bool completion_is_help(const struct ctl_verb *verb);
void completion_helped_words(FILE *to);
/* "--config|-c|--lang": the options after which a word is their value, each once. */
void completion_valued_options(FILE *to);

#endif
