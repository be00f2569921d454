/*
 * What the daemons project into Redis after their commits: work queues and live timers.
 *
 * Redis proposes, PostgreSQL decides (law 6): everything here can be lost at any moment and is made
 * anew from the owner's state.  Each stream (dispatch.P: places in work queues, watchdog.P: timers)
 * has a share in Redis with a generation and a watermark, the number up to which its commits are
 * in. Commits are counted by their events; where places follow from what another stream told as
 * well, by these, too: a commit that moves a place moves the number, be an event appended or not.
 * Every change is one script that moves the watermark by compare-and-set together with its effect:
 * a repeat changes nothing; a gap, another generation or none (flushed, an older replica promoted,
 * another owner) makes the owner build a new share beside the old one and flip.  Readers see the
 * old or the new share; entries of queues that the share does not confirm are found by the claim.
 *
 *     away ──connected──► live ◄──────────flip────────── building ◄──feed…
 *                           │ gap, generation, backlog too long    ▲
 *                           └──────────────► wanted ───────────────┘
 *
 * One call of a stream is under way at a time; commits that come meanwhile form the next batch.
 * Commits that come while a share is built are kept and applied after the flip.  The owner feeds
 * its committed state as it is when asked, which may be newer than the beginning: changes are
 * absolute (a place, a due time), so applying the kept ones again ends in the same place.  A
 * backlog that grows beyond its bound is thrown away and the share is built again.
 *
 * Redis may name a later owner: then this one is a ghost, and whoever says what is ours disowns the
 * stream before long; until then it asks once a tick.  Who is told so for refused_max ticks, longer
 * than leases last, or that what is there cannot be read, and owns it all the same, is right: the
 * archive came back from a copy, or somebody else has written here.  Redis forgets the stream.
 *
 * Redis not answering is no error here: claims and reads say ERROR_RETRY, the rest catches up.
 *
 * Rights its ACL user needs: ~PREFIX* +@read +@write -@dangerous +evalsha
 * +script|load +time +role.
 */
#ifndef REDRESS_PROJECTION_H
#define REDRESS_PROJECTION_H

#include "event.h"
#include "redis.h"

enum {
    PROJECTION_QUEUE_MAX = 96,       /* bytes of a queue's name, terminator included */
    PROJECTION_COMMIT_OPS_MAX = 250, /* changes told at once, and of one script call: about 1 ms,
                                        for which Redis serves nobody else */
    PROJECTION_FEED_MAX = 500,       /* items of one feed */
    PROJECTION_CLAIM_MAX = 64,       /* cases of one claim */
    PROJECTION_QUEUES_MAX = 64,      /* queues of one claim */
    PROJECTION_SKIP_MAX = 256,       /* cases a claim is to leave alone */
    PROJECTION_TOKEN_SIZE = 33,
    PROJECTION_ASK_MAX = 192,     /* bytes of what a case asks, terminator included */
    PROJECTION_HAS_MAX = 400,     /* of what a claimant has */
    PROJECTION_LOOKS_MAX = 512,   /* candidates a claim passes over before it gives up */
    PROJECTION_NO_CLOCK = 0xffff, /* a timer of the case as a whole */
};

enum projection_change {
    PROJECTION_PUT,    /* dispatch: the case is in this queue, with this score, and in no other */
    PROJECTION_REMOVE, /* dispatch: the case is in no queue; a lease on it ends */
    PROJECTION_ARM,    /* watchdog: the timer is due then, and not when it was before */
    PROJECTION_DISARM, /* watchdog: there is no such timer */
};

struct projection_op {
    uint64_t case_id;
    double score;                     /* PUT: lower comes first; never NaN */
    int64_t due_ms;                   /* ARM: since the epoch */
    uint16_t clock;                   /* ARM, DISARM: or PROJECTION_NO_CLOCK */
    uint8_t change;                   /* enum projection_change */
    char queue[PROJECTION_QUEUE_MAX]; /* PUT: policy id "/" queue id */
    /*
     * PUT: whom the case is for, a hint that spares claims which would be refused.  Clauses
     * "until,token|token" with blanks between: until that instant (ms since the epoch, 0: always)
     * a claimant has one of the tokens, or has not got it where "!" stands before.  "": anybody.
     */
    char ask[PROJECTION_ASK_MAX];
};

/* What the owner of a stream is told; all from the loop, never from inside its own call. */
struct projection_hooks {
    void *self;
    /*
     * A share is being built: answer, now or later, with projection_feed (some of the places or
     * timers of the partition, at least as new as its last commit) or projection_fed (that was
     * all).  first: from the beginning; whatever was fed under another attempt number is void.
     */
    void (*feed)(
        void *self, enum service_id service, uint32_t partition, uint32_t attempt, bool first);
};

/* 0 in a number means its default. */
struct projection_settings {
    const char *prefix;         /* of every key; NULL: "redress:" */
    uint32_t tick_ms;           /* idle shares are checked, leases end, failures try again; 1000 */
    uint32_t building_max;      /* shares built at the same time; 4 */
    uint32_t backlog_max;       /* changes kept for one stream; 16384 */
    uint32_t backlog_total_max; /* for all of them; 131072 */
    uint32_t refused_max;       /* ticks in a row, see below; 30 */
};

struct projection_figures {
    uint64_t calls;   /* batches applied */
    uint64_t changes; /* in them */
    uint64_t rebuilds;
    uint64_t overflows; /* backlogs thrown away */
    uint64_t fenced;    /* told by Redis that a later owner has been here */
    uint64_t forgotten; /* and that what it has is not believed */
    uint64_t expired;   /* leases that ended */
};

enum projection_phase {
    PROJECTION_NONE,   /* not ours */
    PROJECTION_AWAY,   /* ours; not known what Redis has */
    PROJECTION_LIVE,   /* Redis has it up to the last call */
    PROJECTION_WANTED, /* a new share is needed */
    PROJECTION_BUILDING,
};

struct projection;

/*
 * Over a connection that has not been started yet (its script has to be loaded on every connect).
 * The loop is borrowed and outlives it; NULL: the caller calls projection_tick himself.  hooks may
 * be NULL for whoever only claims and reads.  NULL: ERROR_FATAL.
 */
struct projection *projection_new(struct event_base *loop,
                                  struct redis *redis,
                                  const struct projection_settings *settings,
                                  const struct projection_hooks *hooks,
                                  struct error *error) MUST_CHECK;

/* What is due every tick_ms: idle shares are checked, leases ended, failures tried again. */
void projection_tick(struct projection *projection);

/* After redis_free, which answers whatever is in flight. */
void projection_free(struct projection **projection_p);

/*
 * The version of what changes follow from besides the commits (who works here); 0 at first.  Its
 * number stands in the generation of every share that is begun from now on.  Those that are there
 * stay as they are: see projection_rebuild.
 */
void projection_told_under(struct projection *projection, uint32_t version);

/*
 * The stream is ours from now on, at that epoch, and seq is in its last commit.  A share that is
 * there, complete and told under our version is taken over, any other is built anew.
 */
void projection_own(struct projection *projection,
                    enum service_id service,
                    uint32_t partition,
                    uint64_t epoch,
                    uint64_t seq);

/* It is not ours any more: nothing more is sent for it. */
void projection_disown(struct projection *projection, enum service_id service, uint32_t partition);

/*
 * Events from … to (from - 1 is the last one told before) have been committed, with these changes,
 * in order; count may be 0, at most PROJECTION_COMMIT_OPS_MAX.  Copied.  After the commit only:
 * what is in Redis is in PostgreSQL (law 5).  Nothing happens for a stream that is not ours.
 */
void projection_commit(struct projection *projection,
                       enum service_id service,
                       uint32_t partition,
                       uint64_t from,
                       uint64_t to,
                       const struct projection_op *ops,
                       uint32_t count);

/*
 * Answers the feed hook: PUT or ARM only, at most PROJECTION_FEED_MAX.  false: that attempt is over
 * (the next one asks again), nothing to do about it.
 */
bool projection_feed(struct projection *projection,
                     enum service_id service,
                     uint32_t partition,
                     uint32_t attempt,
                     const struct projection_op *ops,
                     uint32_t count);
bool projection_fed(struct projection *projection,
                    enum service_id service,
                    uint32_t partition,
                    uint32_t attempt);

/* Builds the share anew (also: the owner could not read what it should have fed). */
void projection_rebuild(struct projection *projection, enum service_id service, uint32_t partition);

enum projection_phase
projection_phase(const struct projection *projection, enum service_id service, uint32_t partition);

/* Everything told so far is in Redis, and no old share is left to clean away. */
bool projection_is_settled(const struct projection *projection,
                           enum service_id service,
                           uint32_t partition);

struct projection_figures projection_figures(const struct projection *projection);

/* ---- claims ---- */

struct projection_claim {
    uint64_t case_id;
    double score;
    char queue[PROJECTION_QUEUE_MAX];
    char token[PROJECTION_TOKEN_SIZE]; /* 128 random bits in hex, one a call */
};

struct projection_claim_order {
    const char *const *queues; /* best first over all of them together */
    uint32_t queue_count;      /* 1 … PROJECTION_QUEUES_MAX */
    const uint64_t *skip;      /* cases to leave where they are */
    uint32_t skip_count;       /* … PROJECTION_SKIP_MAX */
    uint32_t count;            /* 1 … PROJECTION_CLAIM_MAX */
    const char *const *has;    /* tokens that cases may ask for, without blanks, commas and "|" */
    uint32_t has_count;        /* … PROJECTION_HAS_MAX */
    uint32_t lease_ms;         /* then, unless undone before, they go back to their queues */
};

/*
 * error NULL: these (0 … count) are out of their queues, for this caller alone, until the lease
 * ends; passed: so many before them, or in all, ask for what the claimant has not got.  No more
 * than PROJECTION_LOOKS_MAX are passed over: what stands behind them is not found.  Else
 * ERROR_RETRY, and what was taken, if anything, comes back with the end of its lease.
 */
typedef void projection_claimed_fn(void *self,
                                   const struct projection_claim *claims,
                                   uint32_t count,
                                   uint32_t passed,
                                   const struct error *error);

/* false: not sent, fn is not called.  ERROR_REJECT: an order beyond the bounds; or as redis_send.
 */
bool projection_claim(struct projection *projection,
                      const struct projection_claim_order *order,
                      projection_claimed_fn *fn,
                      void *self,
                      struct error *error) MUST_CHECK;

/* was: the lease was still there.  false with error NULL: ended before, or flushed. */
typedef void projection_released_fn(void *self, bool was, const struct error *error);

/* Ends a lease: the case goes back where it belongs. */
bool projection_undo(struct projection *projection,
                     uint64_t case_id,
                     const char *token,
                     projection_released_fn *fn,
                     void *self,
                     struct error *error) MUST_CHECK;

/* The Lua text, one script with verbs. */
const char *projection_script(void);

#endif
