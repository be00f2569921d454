/*
 * Wall clocks that a scene shifts while their processes run: libfaketime reads the shift from a
 * file and leaves the monotonic clock alone.
 */
#ifndef REDRESS_RIG_CLOCKS_H
#define REDRESS_RIG_CLOCKS_H

#include <stdbool.h>

struct clocks {
    char directory[64];  /* a file a clock */
    char library[256];   /* libfaketime */
    char sanitizer[256]; /* which wants to be loaded before it; "": none */
};

/* Skips the test where the library is not installed. */
struct clocks clocks_new(void);
/* names: of all clocks that were set, ends with NULL. */
void clocks_end(const struct clocks *clocks, const char *const *names);

/* From now on (a second at most) this clock is off by so much. */
void clock_set(const struct clocks *clocks, const char *name, int seconds);

/* Whoever is started until clocks_own lives by this clock, which has been set.  sanitized: it is
 * one of ours. */
void clocks_lend(const struct clocks *clocks, const char *name, bool sanitized);
void clocks_own(void);

#endif
