/*
 * What must be true of every clock of any policy (law 7, law 12), told again at the end from the
 * events of each case and from what the policy says of the clock: starts, stops, steps in which it
 * stands still or runs or lives, runs that begin again, extensions, closings, merges.  Nothing of
 * the watchdog's code is used; of calendars only sums of open time.
 *
 * Instants are compared with a tolerance of some seconds, so that it does not matter to what a
 * clock rounds.
 */
#ifndef REDRESS_SIMULATE_ORACLE_RUNS_H
#define REDRESS_SIMULATE_ORACLE_RUNS_H

#include "pg.h"

void runs_end(void);

#endif
