/*
 * A bounded bump arena: decoding and one cycle's work take from it, and the whole is reset at once.
 *
 * It answers NULL when its bound is reached (law 9); nothing taken from it is freed one by one.
 * Under AddressSanitizer, what was not taken or was taken before the last reset is poisoned.
 */
#ifndef REDRESS_ARENA_H
#define REDRESS_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

struct arena;

/*
 * Never gives more than limit bytes between two resets, each take counted in whole steps of 16;
 * takes memory in blocks as it goes.  NULL: out of memory.
 */
struct arena *arena_new(size_t limit);
void arena_free(struct arena **arena_p);

/* Memory for size bytes, aligned for anything, not cleared; NULL when the limit would be passed. */
void *arena_take(struct arena *arena, size_t size);

/* A copy of bytes in the arena, or NULL. */
void *arena_copy(struct arena *arena, const void *bytes, size_t size);

/*
 * Gives back all but size bytes of taken, which was taken last; does nothing when something was
 * taken after it.  For writers that know the size of their result only at the end.
 */
void arena_shrink(struct arena *arena, void *taken, size_t size);

/* Forgets everything taken; keeps the blocks of ordinary size for the next cycle. */
void arena_reset(struct arena *arena);

/* The same, after what was taken is overwritten: it held what nobody is to find in memory. */
void arena_wipe(struct arena *arena);

/* Bytes taken since the last reset, in whole steps of 16. */
size_t arena_used(const struct arena *arena);

/* An allocator for protobuf-c that takes from the arena and frees nothing. */
ProtobufCAllocator *arena_allocator(struct arena *arena);

#endif
