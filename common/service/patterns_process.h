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

/* Called once from the loop when the process has ended, however: whether there is a file now
 * classifier_wake finds out.  May free the process. */
typedef void patterns_ended_fn(void *self);

/* Begins.  base and classifier must outlive it.  NULL: no process can be had. */
struct patterns_process *patterns_process_new(struct event_base *base,
                                              struct classifier *classifier,
                                              patterns_ended_fn *ended,
                                              void *self) MUST_CHECK;

/* Ends it if it has not; may be NULL. */
void patterns_process_free(struct patterns_process **process_p);

#endif
