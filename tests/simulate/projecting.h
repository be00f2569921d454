/*
 * The real projector and projection of one simulated process: what common/projector.c asks of the
 * skeleton (common/service.h) is answered here.
 */
#ifndef REDRESS_SIMULATE_PROJECTING_H
#define REDRESS_SIMULATE_PROJECTING_H

#include "projection.h"
#include "sim.h"

struct service;

/* What the case is in Redis now, as projector_op_fn. */
typedef void projecting_op_fn(void *self, uint64_t case_id, struct projection_op *op);

/* Starts to connect.  Freed before the actor's memory is used anew. */
struct service *
projecting_new(enum service_id id, struct actor *actor, projecting_op_fn *op, void *self);
void projecting_free(struct service **service_p);

void projecting_own(struct service *service, uint32_t partition, uint64_t epoch, uint64_t seq);
void projecting_disown(struct service *service, uint32_t partition);
/* A case of an owned partition: a rebuild asks for it. */
void projecting_knows(struct service *service, uint64_t case_id);

/* Events from … to of the partition are committed; these cases changed. */
void projecting_commit(struct service *service,
                       uint32_t partition,
                       uint64_t from,
                       uint64_t to,
                       const uint64_t *changed,
                       uint32_t count);

/* Called often: once a second the projection's own tick. */
void projecting_tick(struct service *service);
void projecting_cut(struct service *service); /* from Redis */

bool projecting_is_ready(struct service *service);
struct projection *projecting_projection(struct service *service);

#endif
