/*
 * What must be true of queues and claims (law 6): read from the events alone, every claim was of a
 * case that stood in a queue and held nobody over his capacity; in the end Redis has exactly what
 * the journal says; and every decision of dispatch comes again from its own journal, where there is
 * no Redis.
 */
#ifndef REDRESS_SIMULATE_ORACLE_QUEUES_H
#define REDRESS_SIMULATE_ORACLE_QUEUES_H

#include "pg.h"

void queues_begin(void); /* also when the archive has lost the end of its log: all is told anew */
/* One fact of dispatch, as it is committed. */
void queues_check(const struct fact *fact);
void queues_committed(void); /* the whole of a transaction has been told */
void queues_end(void);

#endif
