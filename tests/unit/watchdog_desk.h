/*
 * A watchdog's shell in miniature for tests: journal of one case, folded the way a real shell does
 * it, and a second state folded in the other order, so that every story proves that the folds
 * commute.
 */
#ifndef REDRESS_WATCHDOG_DESK_H
#define REDRESS_WATCHDOG_DESK_H

#include "watchdog_core.h"

enum {
    DESK_JOURNAL_MAX = 512,
    DESK_SECOND_US = 1000000,
};

struct desk {
    const struct policy *policy;
    struct watch_case state;
    struct watch_case mirror; /* input folded before the output instead of after */
    uint64_t seq;             /* of dispatch */
    uint32_t count;
    struct event journal[DESK_JOURNAL_MAX]; /* of the watchdog */
};

void desk_open(struct desk *desk, const struct policy *policy);

/* Hands an input in at now_us, until everything is told; returns how many events came out. */
uint32_t desk_feed(struct desk *desk, const struct event *event, int64_t now_us);

/* Ticks until nothing is due at now_us; returns how many events came out. */
uint32_t desk_tick(struct desk *desk, int64_t now_us);

/* Inputs of the fixture's case; of dispatch with the next seq. */
struct event desk_received(int64_t at_us, const char *channel, bool acknowledged);
struct event desk_triaged(int64_t at_us, int64_t received_at_us, const char *class_id);
struct event
desk_opened(struct desk *desk, int64_t at_us, int64_t received_at_us, const char *class_id);
struct event
desk_advanced(struct desk *desk, enum event_kind kind, int64_t at_us, const char *to_step);

/* The told clock of that name in the event, NULL if it is not there. */
const struct event_clock *desk_told(const struct event *event, const char *name);

/* Every field that matters is the same. */
bool desk_same(const struct policy *policy,
               const struct watch_case *left,
               const struct watch_case *right);

#endif
