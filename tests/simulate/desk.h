/*
 * People at screens: they look at what is committed, pick a case and something its step offers, or
 * claim from a queue, in whatever role; what they are not allowed is refused.
 */
#ifndef REDRESS_SIMULATE_DESK_H
#define REDRESS_SIMULATE_DESK_H

#include "world.h"

enum { DESKS_END_US = 100 * SECOND }; /* nobody begins anything after that */

/* What he would do next; false: nothing comes to his mind. */
bool desk_order(uint32_t person, struct request *request);

#endif
