/*
 * The cases at work: values of one size by case id, in bounded memory.
 *
 * What is not here stands in the archive and is read when it is wanted, so nothing is lost when a
 * case goes; what goes first is what nobody has looked at for longest (second chance: a case that
 * was found since the hand last passed stays for another round).  Nothing goes by itself: only
 * case_cache_trim, which the caller calls when it has no pointers left and no change that is not
 * committed, makes room.  It owns its memory; one thread.
 */
#ifndef REDRESS_CASE_CACHE_H
#define REDRESS_CASE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct case_cache;

/* NULL: out of memory.  value_size > 0; trimming brings it down to max (from 1). */
struct case_cache *case_cache_new(size_t value_size, uint32_t max);
void case_cache_free(struct case_cache **cache_p);

/* The case, or NULL; a case id of 0 or of no partition is never there.  Valid until the next
 * insertion, removal or trimming. */
void *case_cache_find(struct case_cache *cache, uint64_t case_id);

/* The case, made and zeroed when it is not there (*fresh tells, may be NULL).  NULL: out of memory,
 * or no case id. */
void *case_cache_insert(struct case_cache *cache, uint64_t case_id, bool *fresh);
void case_cache_remove(struct case_cache *cache, uint64_t case_id);

/* Drops all cases of a partition. */
void case_cache_forget(struct case_cache *cache, uint32_t partition);

/* Lets go of cases until max are left, or for so many looks; the next call goes on. */
void case_cache_trim(struct case_cache *cache);

uint32_t case_cache_count(const struct case_cache *cache);

#endif
