/*
 * Patterns compiled in a process of their own: vectorscan takes up to seconds, in which the loop
 * would stand still, and leaves its megabytes in the heap of whoever compiled.  What comes of it is
 * the file that classify_cache.h keeps.
 */
#ifndef REDRESS_PATTERNS_PROCESS_H
#define REDRESS_PATTERNS_PROCESS_H

#include "classify.h"

struct event_base;
struct patterns_process;

enum patterns_end {
    PATTERNS_DONE, /* it ended by itself; whether there is a file now classifier_wake finds out */
    PATTERNS_KILLED,
    PATTERNS_TOO_LONG, /* it was given up after PATTERNS_PATIENCE_S */
};

enum { PATTERNS_PATIENCE_S = 120 };

/* Called once from the loop when the process has ended.  May free the process. */
typedef void patterns_ended_fn(void *self, enum patterns_end end);

/* Begins.  base and classifier must outlive it.  NULL: no process can be had. */
struct patterns_process *patterns_process_new(struct event_base *base,
                                              struct classifier *classifier,
                                              patterns_ended_fn *ended,
                                              void *self) MUST_CHECK;

/* Ends it if it has not, and leaves nothing half written; may be NULL. */
void patterns_process_free(struct patterns_process **process_p);

#endif
