/*
 * Policies nobody wrote: a random one as text, from the run's dice, for the loader to take or
 * refuse.
 */
#ifndef REDRESS_SIMULATE_GENERATE_H
#define REDRESS_SIMULATE_GENERATE_H

#include <stdio.h>

/* Steps, actions, marks, requirements, limits, tasks, outcomes, signatures, offers, merges, clocks
 * with everything that moves them. */
void generate_policy(FILE *out, unsigned number);

#endif
