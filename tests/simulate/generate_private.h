/* What the files of the generator share: generate.c lives, generate_clocks.c calendars and clocks.
 */
#ifndef REDRESS_SIMULATE_GENERATE_PRIVATE_H
#define REDRESS_SIMULATE_GENERATE_PRIVATE_H

#include "sim.h"

#include <stdio.h>

enum { TASKS = 3 }; /* kinds of obligations */

/* One policy being written. */
struct text {
    FILE *out;
    unsigned steps;   /* open ones: s0 …; the end is "done" */
    unsigned actions; /* so far; their ids count */
    bool erases;      /* it says who may, and when */
};

#define PICK(list) (list)[sim_random(sizeof(list) / sizeof *(list))]

static inline bool maybe(unsigned per_mille)
{
    return sim_per_mille(per_mille);
}

void say(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

void generate_clocks(struct text *text);

#endif
