/*
 * An owner of one partition with its truth in plain arrays, over a private Redis: for the tests of
 * the projection.  What Redis holds is compared with the arrays by a connection of its own.
 */
#ifndef REDRESS_TESTS_PROJECTION_FIXTURE_H
#define REDRESS_TESTS_PROJECTION_FIXTURE_H

#include "projection.h"
#include "servers.h"

#include <hiredis/hiredis.h>

enum {
    FIXTURE_PARTITION = 5,
    FIXTURE_CASES = 4000,
    FIXTURE_QUEUES = 4,
    FIXTURE_NOWHERE = -1,
};

struct fixture {
    struct server *server;
    struct event_base *loop;
    struct event *beat; /* of libevent: the loop comes back every few milliseconds */
    struct redis *redis;
    struct projection *projection;
    redisContext *plain;
    int64_t opened_us;
    uint32_t chance;

    /* the truth: [0] is no case */
    uint64_t places_seq;
    int queue[FIXTURE_CASES];
    const char *ask[FIXTURE_CASES]; /* NULL: nothing */
    double score[FIXTURE_CASES];
    uint64_t timers_seq;
    int64_t due_ms[FIXTURE_CASES]; /* 0: none */

    uint32_t fed_to[SERVICE_COUNT];
    uint32_t feeds;                           /* calls of the hook */
    uint32_t feed_max;                        /* items a feed */
    void (*on_feed)(struct fixture *fixture); /* the test's own, before a feed; or NULL */
};

extern const char *const fixture_queues[FIXTURE_QUEUES];

/* A server, a connection and a projection, started; owns nothing yet.  settings may be NULL. */
void fixture_open(struct fixture *fixture, const struct projection_settings *settings);
void fixture_close(struct fixture *fixture);

/* A second one on the same server, with a truth of its own. */
void fixture_join(struct fixture *fixture, const struct fixture *first);

/* Takes both streams of the partition over at what the truth says. */
void fixture_own(struct fixture *fixture, uint64_t epoch);

/* Case ids of the partition. */
uint64_t fixture_case(int n);

/* One commit that puts, moves or removes count random cases, and arms or disarms their timers. */
void fixture_commit(struct fixture *fixture, uint32_t count);

/* One commit about one case. */
void fixture_put(struct fixture *fixture, int n, int queue, double score);
void fixture_remove(struct fixture *fixture, int n);

/* Runs the loop once, at most a few milliseconds; fails a test that has gone on for too long. */
void fixture_turn(struct fixture *fixture);
/* Until Redis has all of it; fails the test after ten seconds. */
void fixture_settle(struct fixture *fixture);
void fixture_wait_ready(struct fixture *fixture);
void fixture_wait_lost(struct fixture *fixture);

/* A command on the plain connection (made anew if need be) that has to succeed. */
redisReply *fixture_ask(struct fixture *fixture, const char *format, ...);
void fixture_tell(struct fixture *fixture, const char *format, ...);

/* Redis holds exactly the truth: every queue, every timer, nothing else but what is on lease. */
void fixture_compare(struct fixture *fixture);

#endif
