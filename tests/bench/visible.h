/*
 * When does a case stand in a work queue?  Seen from outside, by asking Redis, and without slowing
 * what is looked at: Redis tells which partition's places change (keyspace notifications, "Kh"; the
 * server has to have them on), and only then are the awaited cases of that partition asked for.
 */
#ifndef REDRESS_BENCH_VISIBLE_H
#define REDRESS_BENCH_VISIBLE_H

#include <stdbool.h>
#include <stdint.h>

struct visible;

/* Over Redis at that socket; max: how many cases will be awaited in all.  NULL: Redis does not
 * answer, or has no notifications to give.  Lives until the process ends. */
struct visible *visible_open(const char *socket, const char *prefix, uint64_t max);

/* Readable when something may have become visible. */
int visible_descriptor(const struct visible *visible);

/* Counts from since_us, by the monotonic clock. */
void visible_await(struct visible *visible, uint64_t case_id, int64_t since_us);

/* Looks at what changed; never waits for a change. */
void visible_look(struct visible *visible);

/* How many are awaited still. */
uint64_t visible_awaited(const struct visible *visible);

/* How many cases stand in all work queues together. */
uint64_t visible_queued(struct visible *visible);

/* Says p50, p99 and the rest of what has been seen so far. */
void visible_say(struct visible *visible);

#endif
