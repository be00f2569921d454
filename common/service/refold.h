/*
 * A row that cannot be read is not what a case goes by: the journal is (law 4).  What dispatch and
 * watchdog do alike where the row of a state is not what was written, as after a hand has altered
 * it: the case is folded anew from its events and goes on, and the others were never held up.
 *
 *     looked_up: the row cannot be read → refold_want, and the batch is looked up again
 *     lookup:    refold_bind asks for all events of such cases that the stream has processed
 *     looked_up: refold_take → fold, event by event → done: the state is in memory, its row is
 *                written anew with the next change
 *
 * case_id has no index, so the streams of its partition are read from end to end, about 1 us an
 * event, once for all such cases of a batch.
 */
#ifndef REDRESS_REFOLD_H
#define REDRESS_REFOLD_H

#include "service.h"

/* What is the daemon's own in it. */
struct refold_source {
    enum service_id id; /* whose state, folded of its own events */
    unsigned inputs;    /* and of these, 1 << enum service_id: intake, dispatch */
    /* Folds the next event of a case into a state that is kept aside; first: it begins there.
     * False: its policy is not here; all of it comes again when it is. */
    bool (*fold)(void *self, const struct event *event, bool first);
    /* All were folded, so many (own) of the daemon's own stream.  Takes the state into memory;
     * false: that is not the case's state. */
    bool (*done)(void *self, uint64_t case_id, uint32_t own);
    void *self;
};
struct refold;

/* *source is copied.  NULL: out of memory. */
struct refold *refold_new(struct service *service, const struct refold_source *source);
void refold_free(struct refold **refold_p);

/* The row of this case, which is not in memory, cannot be read, for this reason, which is logged:
 * the batch that needs it is looked up again. */
void refold_want(struct refold *refold,
                 struct cycle *cycle,
                 uint64_t case_id,
                 const struct error *why);

/* While a batch is looked up: adds its question to the request.  False: there is none. */
bool refold_bind(struct refold *refold, struct pg *pg);

/* What it answered.  Where the events are not all there, or cannot be read either, the daemon ends
 * as service_fail_case ends it. */
void refold_take(struct refold *refold, const PGresult *rows);

#endif
