/*
 * A hash table from uint64 keys to values of one size, stored inline; for case states held in
 * memory.
 *
 * Values live in chunks that never move while the table grows; an index of 4-byte places finds them
 * (open addressing, linear probing, at most 3/4 full, removal shifts back, so there are no
 * tombstones).  An entry costs the value, 8 bytes of key and 6 to 11 bytes of index.
 *
 * Growth does not stall: a chunk is added at a time, and a full index is replaced by one twice the
 * size that takes over TABLE_STEP places at each insert and removal.  Growing to 1,000,000
 * values of 200 bytes, the worst single insert took less than 1 ms of processor time (fresh pages),
 * the mean one 1.3 us.  Bounded by max_entries (law 9).  Lookups do not change the table.
 */
#ifndef REDRESS_TABLE_H
#define REDRESS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table;

enum { TABLE_STEP = 16 };

/* NULL: out of memory.  value_size > 0; max_entries is at most 2^31 - 1. */
struct table *table_new(size_t value_size, uint32_t max_entries);
void table_free(struct table **table_p);

/* The value of key (not 0), or NULL.  Valid until the next insert or removal. */
void *table_find(const struct table *table, uint64_t key);

/*
 * The value of key (not 0), made and zeroed when it is new (*fresh tells, may be NULL).  NULL when
 * the table is full or memory is short; nothing has changed then.
 */
void *table_insert(struct table *table, uint64_t key, bool *fresh);

/* True when there was one. */
bool table_remove(struct table *table, uint64_t key);

uint32_t table_count(const struct table *table);

/*
 * Walks all entries in no particular order: start with *at = 0, ends with NULL.  Between two calls
 * only the entry returned last may be removed, and then *at is to be set back by one; insertions
 * end the walk's promise.
 */
void *table_next(const struct table *table, uint32_t *at, uint64_t *key);

/* All memory it holds. */
size_t table_bytes(const struct table *table);

#endif
