/*
 * How far a reader of a stream is behind, as a pure machine: the age of the oldest event that is
 * known to exist and has not been processed.
 *
 * How old that event is stands in it, and nobody has read it yet.  What is known is how old the one
 * before it was when it was processed, which tells of a reader who is slow, and for how long a seq
 * has been known and not reached, which tells of one who stands still.  The greater of both is
 * taken. Times are microseconds, of one clock.
 */
#ifndef REDRESS_BEHIND_H
#define REDRESS_BEHIND_H

#include <stdbool.h>
#include <stdint.h>

struct behind {
    uint64_t mark_seq;   /* not reached yet … */
    int64_t mark_us;     /* … and known since then; 0: no mark */
    int64_t took_age_us; /* of the event processed last, then */
};

/* An event was processed that was made at made_us. */
void behind_took(struct behind *behind, int64_t made_us, int64_t now_us);

/* done: seq of the last event processed and committed; known: the highest there is.  Returns the
 * age, 0 when nothing is waiting.  Look about once a second. */
int64_t behind_look(struct behind *behind, uint64_t done, uint64_t known, int64_t now_us);

#endif
