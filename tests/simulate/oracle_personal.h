/*
 * Law 10 of the simulated world: nothing personal is stored in the clear; what is sealed is of its
 * own case, and nothing is sealed for a case once it is erased; the key lives as long as the case
 * is not erased, and goes in the transaction that says so; who is refused, or
 * reads, finds it recorded.
 */
#ifndef REDRESS_SIMULATE_ORACLE_PERSONAL_H
#define REDRESS_SIMULATE_ORACLE_PERSONAL_H

#include "pg.h"

void personal_begin(void); /* also when the journal is gone through anew */
void personal_check(const struct fact *fact);
void personal_committed(const struct call *call);
/* Somebody is given what is sealed of a case. */
void personal_given(const struct request *reply);
/* Somebody is told that it is not erased. */
void personal_refused(const struct request *reply);
void personal_end(void);

#endif
