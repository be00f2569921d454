/*
 * What must be true of the life of a case, counted by a model that knows only what policies mean:
 * lists of names, numbers, no bit sets, nothing of dispatch's code.  Every event has to be one that
 * was allowed, and to leave the case as the model has it then.
 */
#ifndef REDRESS_SIMULATE_ORACLE_LIFE_H
#define REDRESS_SIMULATE_ORACLE_LIFE_H

#include "pg.h"

void life_begin(void);
/* One fact of dispatch, as it is committed. */
void life_check(const struct fact *fact);
/* The rows of a commit of dispatch, once it is done. */
void life_committed(const struct call *call);

#endif
