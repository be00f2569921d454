/*
 * The batch cycle of one instance, as a pure machine (laws 1, 4, 5).
 *
 *     idle ──work──► committing ──committed──► idle   publish, reply: now, never before
 *                        │ └─────refused─────► idle   nothing took effect: decide the inputs again
 *                        └───────cut─────────► away ──connected──► idle
 *
 * A batch is what the instance decided since the last one was sent: events, state rows, input
 * checkpoints and replies of several partitions, committed by one transaction.  While one is under
 * way the next one gathers (that is why WORK means nothing then), decided on memory that already
 * holds the first.  So what is forgotten is forgotten in both.
 *
 * Replies that need no event of their own (a duplicate, a refusal that quotes state) ride in a
 * batch too: what they tell was read, and a read row is certain only once a later commit of ours
 * is.
 */
#ifndef REDRESS_APPENDER_H
#define REDRESS_APPENDER_H

enum appender_phase {
    APPENDER_AWAY, /* no connection: nothing may be decided, nothing is in memory */
    APPENDER_IDLE,
    APPENDER_COMMITTING,
    APPENDER_PHASE_COUNT,
};

enum appender_input {
    APPENDER_CONNECTED,
    APPENDER_WORK,      /* the gathering batch is not empty (also: to be asked after COMMITTED) */
    APPENDER_FENCED,    /* one partition's head row is not ours; said before COMMITTED or REFUSED */
    APPENDER_COMMITTED, /* durable, for every partition that was not said to be fenced */
    APPENDER_REFUSED,   /* rolled back as a whole: a unique key, a condition, an error */
    APPENDER_CUT,       /* connection lost, or nothing committed for too long: outcome unknown */
    APPENDER_INPUT_COUNT,
};

enum appender_effect {
    APPENDER_DO_SEND = 1 << 0,    /* the gathering batch becomes the one under way */
    APPENDER_DO_ADVANCE = 1 << 1, /* seq, hash and checkpoints of the batch count as committed */
    APPENDER_DO_PUBLISH = 1 << 2, /* its events go out, in order */
    APPENDER_DO_REPLY = 1 << 3,   /* its receipts and answers go out */
    APPENDER_DO_FORGET = 1 << 4,  /* the fenced partition: memory, and its part of both batches */
    APPENDER_DO_FORGET_ALL = 1 << 5, /* every partition, both batches; no reply leaves */
    APPENDER_DO_RETRY = 1 << 6, /* unwind both batches' partitions; decide their inputs again */
};

/* The whole behaviour of the batch cycle.  Returns effects; a pair without a rule changes nothing.
 */
unsigned appender_step(enum appender_phase *phase, enum appender_input input);

const char *appender_phase_name(enum appender_phase phase);

#endif
