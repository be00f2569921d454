/*
 * What must be true, said without any of the code under test: it looks at the archive's log, at
 * what is published and at what clients are told, and ends the run when one of the laws (the
 * top README) is broken.
 */
#ifndef REDRESS_SIMULATE_ORACLE_H
#define REDRESS_SIMULATE_ORACLE_H

#include "pg.h"

void oracle_begin(void);

/* Around every call that takes effect. */
void oracle_before(const struct call *call);
void oracle_after(const struct call *call);

/* The archive lost the end of its log. */
void oracle_rolled_back(void);

void oracle_published(const struct fact *fact);
void oracle_heartbeat(const struct fact *beat);
void oracle_replied(const struct request *reply);

/* Long after everything was healed: nothing may be left undone. */
void oracle_end(void);

#endif
