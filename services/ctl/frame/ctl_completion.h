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

#endif
