/*
 * People who take cases off a work queue and put them back: each claims from any instance, looks at
 * what the archive says is his, and releases; commands are repeated now and then.  After the faults
 * they claim no more and release what they hold.
 */
#ifndef REDRESS_SIMULATE_AGENT_H
#define REDRESS_SIMULATE_AGENT_H

#include "world.h"

void agents_begin(void);

/* The case Redis proposed belongs to another instance: the claim goes there. */
void agent_moves(const struct request *request);

#endif
