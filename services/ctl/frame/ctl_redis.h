/*
 * Redis, as the command reads it: blocking, with a short patience; and the work queues as the
 * archive and Redis each have them.
 */
#ifndef REDRESS_CTL_REDIS_H
#define REDRESS_CTL_REDIS_H

#include "ctl.h"

struct redisContext;

enum { CTL_QUEUES_MAX = 512, CTL_QUEUE_NAME_MAX = 104 };

/* NULL: not reachable; why says so. */
struct redisContext *ctl_redis_open(const struct ctl *ctl, char why[256]);
void ctl_redis_close(struct redisContext **redis_p);

struct ctl_queue_row {
    char name[CTL_QUEUE_NAME_MAX]; /* policy "/" queue */
    uint32_t policy_id;            /* the newest version with cases in it */
    uint64_t waiting;              /* in the archive */
    int64_t oldest_us;             /* since when the first one stands in its step; 0: none */
    int64_t in_redis;              /* -1: not known */
};

struct ctl_queues {
    uint32_t count;
    struct ctl_queue_row rows[CTL_QUEUES_MAX];
};

/* Of the archive, longest first; in_redis is -1. */
int ctl_queues_read(struct ctl *ctl, struct ctl_queues *queues) MUST_CHECK;
/* Adds what Redis has of them. */
void ctl_queues_redis(const struct ctl *ctl, struct redisContext *redis, struct ctl_queues *queues);

#endif
