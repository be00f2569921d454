/*
 * Redis as the daemons meet it: one server (redis_model) and a connection to it for each process,
 * which implements common/redis/redis.h.
 *
 * A connection keeps order both ways.  When it is lost nobody knows what took effect: a call that
 * was on its way may be executed much later, even after calls of the next connection, and one that
 * was executed has lost its answer.  A call may also be executed twice.
 */
#ifndef REDRESS_SIMULATE_REDIS_WORLD_H
#define REDRESS_SIMULATE_REDIS_WORLD_H

#include "redis.h"
#include "redis_model.h"
#include "sim.h"

void redis_begin(void);
void redis_end(void);

/* The next redis_new is of this process; it must not outlive it (redis_free). */
void redis_for(struct actor *actor);
/* Calls that are not answered for too long are the death of its connection. */
void redis_look(const struct actor *actor);
/* Its connection is lost, from the client's side. */
void redis_cut(const struct actor *actor);

void redis_flush(void);
/* What it has now may come back with a restart. */
void redis_snapshot(void);
/* Every connection is lost; it comes back with all it had, nothing, or the snapshot. */
void redis_restart(int64_t away_us);

const struct redis_model *redis_server(void);

#endif
