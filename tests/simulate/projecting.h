/*
 * The real projection (common/redis/projection) of one simulated process, fed and told as
 * common/service/projector.c does it: after a commit what changed, for a rebuild slices of what is
 * committed, read a moment after they are asked for.
 */
#ifndef REDRESS_SIMULATE_PROJECTING_H
#define REDRESS_SIMULATE_PROJECTING_H

#include "projection.h"
#include "sim.h"

struct projecting;

/* Where the case belongs in Redis; committed: as the archive has it, not as it is decided now. */
typedef void
projecting_op_fn(void *self, uint64_t case_id, bool committed, struct projection_op *op);

/* Starts to connect.  Freed before the actor's memory is used anew. */
struct projecting *
projecting_new(enum service_id id, struct actor *actor, projecting_op_fn *op, void *self);
void projecting_free(struct projecting **projecting_p);

void projecting_own(struct projecting *projecting,
                    uint32_t partition,
                    uint64_t epoch,
                    uint64_t seq);
void projecting_disown(struct projecting *projecting, uint32_t partition);

/* Events from … to of the partition are committed; these cases changed. */
void projecting_commit(struct projecting *projecting,
                       uint32_t partition,
                       uint64_t from,
                       uint64_t to,
                       const uint64_t *changed,
                       uint32_t count);

/* Called often: once a second the projection's own tick. */
void projecting_tick(struct projecting *projecting);
void projecting_cut(struct projecting *projecting); /* from Redis */

bool projecting_is_ready(const struct projecting *projecting);
struct projection *projecting_projection(struct projecting *projecting);

#endif
