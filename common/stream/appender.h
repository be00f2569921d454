/*
 * The batch cycle of one instance, as a pure machine (laws 1, 4, 5).
 *
 *     idle ──work──► looking up ──found──► committing ──committed──► idle
 *                      ▲     ▲                 │  │      only here: publish and reply
 *                      │     └─── fenced ──────┘  │  undone; the rest is decided again
 *                      └── waited ── waiting ◄────┘  refused: undone, decided again after a pause
 *     any ── cut ──► away ── connected ──► idle      outcome unknown: everything is forgotten
 *
 * A batch is what has arrived since the last one began: its events, state rows, input checkpoints
 * and replies are one transaction, which takes effect as a whole or not at all.  One at a time:
 * what arrives meanwhile waits, undecided, for the next.
 *
 * A reply that needs no event of its own (the receipt of a duplicate) rides in a batch too: what it
 * tells was read, and a row that was read is certain only once a later commit of ours is.
 */
#ifndef REDRESS_APPENDER_H
#define REDRESS_APPENDER_H

enum appender_phase {
    APPENDER_AWAY, /* no connection: nothing is in memory */
    APPENDER_IDLE,
    APPENDER_LOOKING_UP, /* a batch is formed; nothing is decided yet */
    APPENDER_COMMITTING,
    APPENDER_WAITING, /* the batch stands undecided until it may be tried again */
    APPENDER_PHASE_COUNT,
};

enum appender_input {
    APPENDER_CONNECTED,
    APPENDER_WORK,      /* something waits for a batch */
    APPENDER_FOUND,     /* the look-up has been answered, or none was needed */
    APPENDER_COMMITTED, /* durable */
    APPENDER_FENCED,    /* a head row is not ours: nothing of the batch took effect */
    APPENDER_REFUSED,   /* a unique key, a condition, an error: nothing took effect */
    APPENDER_WAITED,
    APPENDER_CUT, /* connection lost, or hung: what was sent may have taken effect or not */
    APPENDER_INPUT_COUNT,
};

enum appender_effect {
    APPENDER_DO_LOOK_UP = 1 << 0,
    APPENDER_DO_DECIDE = 1 << 1,  /* run the core over the batch, then send the transaction */
    APPENDER_DO_ADVANCE = 1 << 2, /* seq, hash, state and checkpoints of the batch are committed */
    APPENDER_DO_PUBLISH = 1 << 3, /* its events go out, in order */
    APPENDER_DO_REPLY = 1 << 4,   /* its receipts and answers go out */
    APPENDER_DO_UNDO = 1 << 5,    /* state as before the decision; the inputs stay in the batch */
    APPENDER_DO_FORGET = 1 << 6,  /* the fenced partitions, with their inputs in the batch */
    APPENDER_DO_WAIT = 1 << 7,
    APPENDER_DO_FORGET_ALL = 1 << 8, /* every partition and the batch; no reply leaves */
};

/* The whole behaviour of the cycle.  Returns effects; a pair without a rule changes nothing. */
unsigned appender_step(enum appender_phase *phase, enum appender_input input);

const char *appender_phase_name(enum appender_phase phase);

#endif
