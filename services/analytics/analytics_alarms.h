/*
 * What the owners of measures are to see without asking, as long as the daemon runs: a dependency
 * of its own on /readyz and among the metrics ("measures", which does not make it unready), and a
 * line of the log when an alarm begins.
 *
 * The owner of partition 0 goes round the measures that have an owner, one question at a time.
 */
#ifndef REDRESS_ANALYTICS_ALARMS_H
#define REDRESS_ANALYTICS_ALARMS_H

#include "service.h"

struct alarms;

/* NULL: out of memory.  Borrows the service. */
struct alarms *alarms_new(struct service *service);
void alarms_free(struct alarms **alarms_p);

/* Once a second. */
void alarms_second(struct alarms *alarms);

#endif
