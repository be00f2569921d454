/*
 * What was committed and is not yet in Redis: a bounded line of changes of one stream.
 *
 * Commits come with contiguous sequence numbers and leave in slices that end where a commit ends,
 * so that a watermark is always a sequence number up to which everything is in.  Plain memory, no
 * Redis in it.
 */
#ifndef REDRESS_PROJECTION_BUFFER_H
#define REDRESS_PROJECTION_BUFFER_H

#include "projection.h"

struct projection_slot {
    struct projection_op op;
    uint64_t to; /* last seq of its commit */
};

struct projection_buffer {
    struct projection_slot *slots; /* owned */
    size_t capacity;
    size_t first;
    size_t count;
};

/*
 * Adds a commit that ends at seq to.  false, and nothing added, when that would be more than limit
 * changes, or without memory.
 */
bool projection_buffer_add(struct projection_buffer *buffer,
                           uint64_t to,
                           const struct projection_op *ops,
                           size_t count,
                           size_t limit) MUST_CHECK;

/* How many of the first changes, at most most, make whole commits. */
size_t projection_buffer_slice(const struct projection_buffer *buffer, size_t most);

/* The nth change from the front.  Lent until the next add or drop. */
const struct projection_slot *projection_buffer_at(const struct projection_buffer *buffer,
                                                   size_t n);

/* Forgets the changes of commits that end at seq or before. */
void projection_buffer_drop(struct projection_buffer *buffer, uint64_t seq);

/* Forgets all; the memory of a long backlog goes back, what a usual batch needs stays. */
void projection_buffer_clear(struct projection_buffer *buffer);

/* Forgets all and frees the memory. */
void projection_buffer_done(struct projection_buffer *buffer);

#endif
