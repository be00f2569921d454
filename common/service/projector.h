/*
 * From committed cases to shares in Redis: what dispatch (places) and watchdog (timers) do alike.
 *
 * A commit is told in parts of at most PROJECTION_COMMIT_OPS_MAX changes; a share that Redis lost
 * is fed from the archive, a slice of PROJECTION_FEED_MAX rows at a time in the order of case ids.
 * A row is at least as new as the feeding's beginning, which is all the projection asks for.
 *
 * What a stream is counted by is how many events its places or timers follow from: its own, and
 * those of others that move them, too, as far as they were heard.  Both stand in the head row and
 * move with it, so the sum counts commits one after another and no two of them alike; and a share
 * whose owner had not told all he had heard is not taken for complete by the next one.
 */
#ifndef REDRESS_PROJECTOR_H
#define REDRESS_PROJECTOR_H

#include "projection.h"
#include "service.h"

/* The operation that puts this case where it belongs now; false: there is nothing about it in Redis
 * any more. */
typedef void projector_op_fn(void *self, uint64_t case_id, struct projection_op *op);

/* The same of a row of the feeding.  False: nothing of this case belongs into Redis. */
typedef bool projector_row_fn(void *self, const PGresult *rows, int row, struct projection_op *op);

/* What is the daemon's own in it. */
struct projector_source {
    enum service_id id;
    enum service_id heard; /* whose events move what is projected, too; SERVICE_NONE: nobody's */
    /* Statement of a slice: cases after $1 up to $2, the first $3 of them by case id; the first
     * column is the case id. */
    const char *feed;
    projector_op_fn *op;
    projector_row_fn *row_op;
    void *self;
};
struct projector;

/*
 * Connects to the Redis of the settings and owns connection and projection.  *source is copied.
 * NULL: ERROR_FATAL or ERROR_REJECT.
 */
struct projector *projector_new(struct service *service,
                                const struct projector_source *source,
                                struct error *error) MUST_CHECK;
void projector_free(struct projector **projector_p);

struct projection *projector_projection(struct projector *projector);
bool projector_is_ready(const struct projector *projector);

void projector_own(struct projector *projector, uint32_t partition);
void projector_disown(struct projector *projector, uint32_t partition);

/* After the commit, of each there is: these cases have changed, by events of the cycle or what it
 * heard. */
void projector_commit(struct projector *projector,
                      const struct cycle *cycle,
                      const uint64_t *changed,
                      uint32_t count);

#endif
