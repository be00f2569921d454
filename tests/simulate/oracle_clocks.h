/*
 * What must be true of the clocks (law 7), computed from the instants of the case's own events and
 * the two rules of world.h; nothing of the watchdog's code is used.
 */
#ifndef REDRESS_SIMULATE_ORACLE_CLOCKS_H
#define REDRESS_SIMULATE_ORACLE_CLOCKS_H

#include "pg.h"

void clocks_begin(void);
void clocks_rolled_back(void);
void clocks_healed(void);
/* One fact of the watchdog, as it is committed; cause may be NULL. */
void clocks_check(const struct fact *fact, const struct event *cause);
/* Every clock has been started and stopped once, paused as often as its case waited. */
void clocks_end(void);

#endif
