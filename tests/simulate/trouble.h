/*
 * What goes wrong, and when: twice a second one of the faults that the seed allows; then everything
 * is healed and the world has time to drain.
 */
#ifndef REDRESS_SIMULATE_TROUBLE_H
#define REDRESS_SIMULATE_TROUBLE_H

#include "sim.h"

enum { TROUBLE_HEAL_US = 45 * SECOND };

void trouble_begin(void);

#endif
