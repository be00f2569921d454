/*
 * How a service follows one stream of another, as a pure machine (laws 3, 5).
 *
 *     subscribed ──hello──► catching up ──read done──► live
 *         ▲                      ▲                      │ │
 *         │                      └───────── gap ────────┘ │
 *         └─────────────────── silence ───────────────────┘
 *     any ── what contradicts the accepted (hash, chain, epoch) ──► halted: an operator has to look
 *
 * The bus may lose, repeat and delay; the journal is the truth.  The machine says for every arrival
 * whether to take it, and when to read the journal; the shell does both.  Nothing here allocates or
 * fails.  A consumer begins anew (consumer_init, from the committed checkpoint) whenever its
 * partition is loaded; an answer to a read that was started before must not reach it.
 */
#ifndef REDRESS_CONSUMER_H
#define REDRESS_CONSUMER_H

#include "event.h"

enum consumer_phase {
    CONSUMER_SUBSCRIBED,  /* nothing shows that the filter is live */
    CONSUMER_CATCHING_UP, /* reading the journal; of the bus only what is next is taken */
    CONSUMER_LIVE,
    CONSUMER_HALTED,
    CONSUMER_PHASE_COUNT,
};

enum consumer_verdict {
    CONSUMER_TAKE,    /* next in line, and chained: process it */
    CONSUMER_SKIP,    /* seen already, or too early: drop it */
    CONSUMER_DIVERGED /* contradicts an accepted event: halted now, raise the alarm */
};

struct consumer {
    enum consumer_phase phase;
    bool wants_read;      /* the shell should read the journal from seq + 1, now */
    bool reading;         /* a read is under way */
    bool read_again;      /* more was heard of while it was: it may have come too early to see it */
    uint64_t epoch;       /* highest seen */
    uint64_t taken_epoch; /* of the event seq; 0: not known, it came from a checkpoint */
    uint64_t seq;         /* last accepted */
    uint64_t target;      /* highest seq known to exist */
    uint64_t read_from;   /* seq when the read under way was started */
    int64_t heard_us;     /* when this stream was last heard of */
    int64_t read_after_us; /* not before: reads are paced when they bring nothing */
    uint64_t gaps;         /* counted for the metric */
    uint64_t repeats;
    uint8_t hash[HASH_SIZE]; /* of the event seq */
};

/* What the machine needs to know of an event. */
struct consumer_link {
    uint64_t epoch;
    uint64_t seq;
    const uint8_t *prev_hash;
    const uint8_t *hash;
};

enum {
    CONSUMER_SILENCE_US = 3000000, /* three heartbeats: then the journal is polled */
    CONSUMER_POLL_US = 1000000,    /* between reads that bring nothing */
};

/* Starts from a checkpoint (seq 0: the beginning, hash zero).  Wants a read at once. */
void consumer_init(struct consumer *consumer,
                   uint64_t seq,
                   const uint8_t hash[HASH_SIZE],
                   int64_t now_us);

/* An event from the bus.  One of a lower epoch than seen is skipped: its owner was replaced. */
enum consumer_verdict
consumer_bus_event(struct consumer *consumer, const struct consumer_link *link, int64_t now_us);

/* An event from a journal read, in order.  A hole, a broken chain or a falling epoch is divergence.
 */
enum consumer_verdict
consumer_journal_event(struct consumer *consumer, const struct consumer_link *link, int64_t now_us);

/*
 * A heartbeat of the stream's owner: proof that the filter is live, and how far the stream is.
 * link->seq and hash are of the last committed event (0 and zeros before the first); prev_hash is
 * not looked at.  Never CONSUMER_TAKE.
 */
enum consumer_verdict
consumer_heartbeat(struct consumer *consumer, const struct consumer_link *link, int64_t now_us);

/*
 * The shell has started a read; it has ended, and brought count events (all of them passed to
 * consumer_journal_event before, or there was no room for the rest).  full: there may be more.  A
 * read that moved nothing is followed by the next one only after CONSUMER_POLL_US.
 */
void consumer_read_started(struct consumer *consumer);
void consumer_read_done(struct consumer *consumer, uint32_t count, bool full, int64_t now_us);

/* Nothing more is taken: what was taken last cannot be used. */
void consumer_halt(struct consumer *consumer);

/* Silence turns into a read.  Call at consumer_deadline_us or later. */
void consumer_tick(struct consumer *consumer, int64_t now_us);
int64_t consumer_deadline_us(const struct consumer *consumer);

const char *consumer_phase_name(enum consumer_phase phase);

#endif
