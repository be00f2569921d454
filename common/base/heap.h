/*
 * What is due next among very many cases: an indexed 4-ary heap of (instant, case).
 *
 * One entry a case; setting it again moves it.  The instant alone decides; among equal ones the
 * order is not told.  At most 40 bytes an entry once there are a thousand (measured in
 * tests/unit/heap.c).  It owns its memory; one thread.
 */
#ifndef REDRESS_HEAP_H
#define REDRESS_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HEAP_ENTRIES_MAX = 1 << 27 }; /* law 9: 134 million cases, 5 GB */

struct heap;

/* Empty.  NULL: out of memory. */
struct heap *heap_new(void);
void heap_free(struct heap **heap_p);

/*
 * The case is due at that instant from now on; INT64_MAX: never, it is taken out (which always
 * works).  False when the bound is reached or memory is out: the heap is as it was.
 */
bool heap_set(struct heap *heap, uint64_t case_id, int64_t due_us)
    __attribute__((warn_unused_result));

/* The earliest entry, left in; false: empty. */
bool heap_peek(const struct heap *heap, uint64_t *case_id, int64_t *due_us);

/* Takes the earliest entry if it is due at now_us or before; false: nothing is. */
bool heap_pop_due(struct heap *heap, int64_t now_us, uint64_t *case_id, int64_t *due_us);

/* When the case is due; INT64_MAX: it is not in the heap. */
int64_t heap_due_us(const struct heap *heap, uint64_t case_id);

size_t heap_count(const struct heap *heap);
size_t heap_bytes(const struct heap *heap); /* memory held, for the metrics */

#endif
