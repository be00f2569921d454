/*
 * When which case is looked at next: a heap a partition, filled from the archive behind the back of
 * an owner that serves already.
 *
 * The archive's rows come in slices, and while they come cases are touched: a timer that is here is
 * as new as the case, so an older row never moves it.  A timer may be too early (its case was
 * touched and has none any more, then the older row came): looking at the case shows it, nothing
 * fires.  It is never too late.
 */
#ifndef REDRESS_WATCHDOG_TIMERS_H
#define REDRESS_WATCHDOG_TIMERS_H

#include "pg.h"

enum { TIMERS_SLICE = 2000 }; /* rows of one read: a millisecond or two of the loop */

struct timers;

/* NULL: out of memory.  Freed after the connection it reads from. */
struct timers *timers_new(void);
void timers_free(struct timers **timers_p);

/* The partition is ours, none of its timers is here; false: out of memory.  And: it is not. */
bool timers_own(struct timers *timers, uint32_t partition) __attribute__((warn_unused_result));
void timers_forget(struct timers *timers, uint32_t partition);

/* The case is looked at then; INT64_MAX: never.  False: no memory (that always works when it is
 * taken out).  Nothing happens for a partition that is not ours. */
bool timers_set(struct timers *timers, uint64_t case_id, int64_t due_us)
    __attribute__((warn_unused_result));
int64_t timers_due_us(const struct timers *timers, uint64_t case_id);

/* The earliest instant of all; INT64_MAX: none. */
int64_t timers_next_us(const struct timers *timers);

/* Takes out a case that is due at now_us; false: there is none. */
bool timers_pop(struct timers *timers, int64_t now_us, uint64_t *case_id, int64_t *due_us);

/* Reads on, a slice at a time, until everything that is ours was read; harmless to call again.
 * Also when a read failed: the next call begins it anew. */
void timers_read(struct timers *timers, struct pg *reader);
/* Partitions that are not wholly read. */
uint32_t timers_unread(const struct timers *timers);
/* How long reading all of them took, once nothing is unread. */
int64_t timers_took_us(const struct timers *timers);
/*
 * No case of the archive has a due instant that cannot be computed, by the last answer; else detail
 * says how many, a thousand at most, and names one.  Asks anew, because only the archive knows of
 * cases that are not in memory.
 */
bool timers_all_known(struct timers *timers, struct pg *reader, char *detail, size_t size);
/* A timer could not be kept for want of memory. */
bool timers_failed(const struct timers *timers);
size_t timers_count(const struct timers *timers);

#endif
