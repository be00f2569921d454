/*
 * From cases in memory to shares in Redis: what dispatch (places) and watchdog (timers) do alike.
 *
 * A commit is told in parts of at most PROJECTION_COMMIT_OPS_MAX changes; a share that Redis lost
 * is fed from a list of the partition's cases taken when the feeding begins, each as it is when its
 * turn comes.
 */
#ifndef REDRESS_PROJECTOR_H
#define REDRESS_PROJECTOR_H

#include "projection.h"
#include "service.h"
#include "table.h"

/* The operation that puts this case where it belongs now; false: there is nothing about it in Redis
 * any more. */
typedef void projector_op_fn(void *self, uint64_t case_id, struct projection_op *op);
struct projector;

/*
 * Connects to the Redis of the settings and owns connection and projection.  cases: the caller's
 * tables, one a partition (NULL: not ours), PARTITION_MAX of them, lent.  NULL: ERROR_FATAL or
 * ERROR_REJECT.
 */
struct projector *projector_new(struct service *service,
                                enum service_id id,
                                projector_op_fn *op,
                                struct table *const *cases,
                                void *self,
                                struct error *error) MUST_CHECK;
void projector_free(struct projector **projector_p);

struct projection *projector_projection(struct projector *projector);
bool projector_is_ready(const struct projector *projector);

void projector_own(struct projector *projector, uint32_t partition);
void projector_disown(struct projector *projector, uint32_t partition);

/* After the commit: these cases have changed, by events of the cycle. */
void projector_commit(struct projector *projector,
                      const struct cycle *cycle,
                      const uint64_t *changed,
                      uint32_t count);

#endif
