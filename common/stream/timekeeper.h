/*
 * What time it is, as a pure machine (law 7).
 *
 * One clock decides, for all daemons on all hosts: the archive's.  A daemon asks for it once a
 * second and carries it on by its monotonic clock, which never steps; its own wall clock may say
 * what it likes.  So a step of a daemon's clock makes no deadline early or late and no two daemons
 * disagree. When the archive's own clock steps there is nobody left to tell a correction from a
 * mistake: the daemons follow it within a second, and say so.
 *
 *     asked ─────── the archive reads its clock ─────── answered        (monotonic)
 *     its offset to ours lies between  archive - answered  and  archive - asked
 *
 * If that interval is narrow the wall clock's offset within it is taken, because on one host it is
 * the very clock the archive reads; else the one held so far, if it is still within; else the lower
 * bound, which is never ahead of the archive: late by a round trip at most.  A wall clock that is
 * ahead by less than a narrow round trip is the most anything can be early; in a wide one, as when
 * the archive is slow to answer, it proves nothing.
 *
 * Times are microseconds: mono of the monotonic clock, the others since 1970 UTC.
 */
#ifndef REDRESS_TIMEKEEPER_H
#define REDRESS_TIMEKEEPER_H

#include <stdbool.h>
#include <stdint.h>

struct timekeeper {
    int64_t offset_us; /* what to add to the monotonic clock */
    int64_t slack_us;  /* how far behind the archive the offset may be, by the answer it is of */
    bool heard;        /* of the archive; before, the wall clock at the start is believed */
    int64_t told_us;   /* by how much the wall clock was off when that was told last */
};

enum {
    TIMEKEEPER_NARROW_US = 2000, /* a round trip in which the wall clock may be believed */
    TIMEKEEPER_STEP_US = 250000, /* the archive's clock has stepped, and not drifted */
    TIMEKEEPER_OFF_US = 1000000, /* a wall clock that is off by more is told of */
};

/* What a look at both clocks has shown. */
struct timekeeper_reading {
    int64_t asked_us;    /* mono, before the question was sent */
    int64_t archive_us;  /* the answer */
    int64_t answered_us; /* mono, when it was here; not before asked_us */
    int64_t wall_us;     /* of this machine, … */
    int64_t mono_us;     /* … read together with this */
};

void timekeeper_init(struct timekeeper *keeper, int64_t mono_us, int64_t wall_us);

int64_t timekeeper_now_us(const struct timekeeper *keeper, int64_t mono_us);

/* Returns by how much the archive's clock has stepped; 0: it has not, or nothing was known before.
 */
int64_t timekeeper_hear(struct timekeeper *keeper, const struct timekeeper_reading *reading);

/*
 * The wall clock minus ours; 0 before the archive was heard, and where the answer was too slow to
 * tell that the wall clock is not right.  Between a step of both, as on one
 * host, and the next answer it is a step of the wall clock alone: look at it after timekeeper_hear.
 */
int64_t timekeeper_off_us(const struct timekeeper *keeper, int64_t mono_us, int64_t wall_us);

/*
 * Returns by how much the wall clock has moved against ours since that was told last, and takes it
 * as told; 0: by less than TIMEKEEPER_OFF_US.
 */
int64_t timekeeper_moved(struct timekeeper *keeper, int64_t off_us);

#endif
