/*
 * Whether patterns compile in the time a person waits: a few characters can keep vectorscan busy
 * for very long, and nothing but the end of its process ends its compiler, so it has one of its
 * own.  Daemons, who have a loop, have patterns_process.h.
 */
#ifndef REDRESS_CLASSIFY_TIME_H
#define REDRESS_CLASSIFY_TIME_H

#include "classify.h"

enum classify_verdict {
    CLASSIFY_GOOD,
    CLASSIFY_BAD, /* one does not compile, or no process can be had: classifier_new says why */
    CLASSIFY_TOO_LONG,
};

/*
 * All together, at most so long; of what takes longer each is then tried alone, in as long again.
 * *slow is the one that alone takes more than a quarter of it; count: none does, or there was no
 * time to find it.
 */
enum classify_verdict classify_in_time(const struct classify_pattern *patterns,
                                       size_t count,
                                       unsigned patience_s,
                                       size_t *slow) MUST_CHECK;

#endif
