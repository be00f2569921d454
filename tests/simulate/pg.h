/*
 * The archive as the protocol sees it: head rows, journals, state rows, unique keys, sessions, one
 * log that is replicated in order.
 *
 * A call travels to the server, is executed in one instant, and is answered when it has been
 * replicated and the answer has travelled back; a cut may fall anywhere between.  What was executed
 * is visible at once, which is more than PostgreSQL shows of transactions that wait for a replica:
 * it stands for those whose session was lost while they waited.
 */
#ifndef REDRESS_SIMULATE_PG_H
#define REDRESS_SIMULATE_PG_H

#include "ownership.h"
#include "world.h"

enum call_kind {
    CALL_SURVEY,  /* members and heads, and a sign of life of the caller */
    CALL_TAKE,    /* epoch + 1 */
    CALL_LOAD,    /* state rows of a partition */
    CALL_READ,    /* journal from seq + 1 */
    CALL_FETCH,   /* state rows of some cases */
    CALL_LOOK_UP, /* which requests were granted */
    CALL_COMMIT,
    CALL_RENEW,
    CALL_GIVE_BACK,
    CALL_CHECKPOINT, /* only a mutant does that apart from the commit */
};

enum call_answer { ANSWER_DONE, ANSWER_FENCED, ANSWER_REFUSED };

enum { READ_FACTS = 8 };

/* One partition's part of a commit or renewal. */
struct part {
    uint32_t partition;
    uint32_t life;
    uint64_t epoch;
    struct place before, after;
    struct place checkpoints[SERVICES_END];
};

struct head {
    uint64_t epoch;
    int owner; /* index of the instance; -1: given back */
    uint64_t session;
    int64_t lease_until_us;
    struct place place;
    struct place checkpoints[SERVICES_END];
};

/* What table submission has of a case. */
struct key_row {
    bool lives;        /* its key */
    uint64_t customer; /* 0: unknown, erased */
};

struct survey {
    struct member members[PER_SERVICE];
    int32_t used[AGENTS_MAX + 1]; /* cases the agents hold */
    bool free[PARTITIONS];        /* for the session that asks */
};

struct call {
    enum call_kind kind;
    struct instance *from;
    uint64_t session;
    bool on_reader; /* which of the two connections */
    void (*answered)(struct instance *from, struct call *call);
    void (*then)(struct instance *from); /* FETCH: what goes on */

    uint32_t partition, life; /* TAKE, LOAD, READ, GIVE_BACK, CHECKPOINT */
    enum service_id service;  /* READ: whose stream */
    uint64_t seq;             /* READ: after this; GIVE_BACK: the epoch */
    uint32_t part_count;
    struct part parts[PARTITIONS];
    uint32_t fact_count;
    struct fact *facts; /* COMMIT; answer of READ */
    uint32_t row_count;
    uint64_t *row_cases;   /* COMMIT, FETCH: whose rows */
    struct row *rows;      /* COMMIT: as they are then; answer of FETCH, of LOAD: by serial */
    uint32_t erased_count; /* COMMIT: of whose cases the keys are destroyed */
    uint64_t *erased;      /* COMMIT */
    int32_t slots[AGENTS_MAX + 1]; /* COMMIT: change of what an agent holds; RD002: what he does */
    bool full;                     /* READ: there may be more; COMMIT: refused, an agent is full */
    uint32_t request_count;
    struct request *requests; /* LOOK_UP: answered in place */

    int64_t executed_us;
    bool effective;    /* it changed something: done again by a replay */
    struct call *next; /* of its connection */
    uint32_t wal_index;
    enum call_answer answer;
    bool fenced[PARTITIONS]; /* by index of part */
    struct head head;        /* answer of TAKE */
    struct survey *survey;
};

void pg_begin(void);

/* False when the server does not take connections. */
bool pg_connect(uint64_t *session);
/* The client's end: answers no longer arrive; the server notices within linger_us. */
void pg_disconnect(uint64_t session, int64_t linger_us);
void pg_call(struct call *call);

/* All sessions are lost; away for a while.  fail_over: what was not replicated is gone. */
void pg_restart(int64_t away_us, bool fail_over);

/* Its clock steps ahead: all leases have passed at once. */
void pg_step_clock(void);

/* For the oracle: the truth. */
const struct head *pg_head(enum service_id service, uint32_t partition);
uint32_t pg_fact_count(enum service_id service, uint32_t partition);
const struct fact *pg_fact(enum service_id service, uint32_t partition, uint64_t seq);
bool pg_is_replicated(enum service_id service, uint32_t partition, uint64_t seq);
const struct row *pg_row(enum service_id service, uint32_t partition, uint64_t serial);
const struct key_row *pg_key(uint64_t case_id);
uint64_t pg_granted(uint64_t reference); /* the case; 0: not granted */
/* The stream that granted it has been taken over since. */
bool pg_granted_before(enum service_id service, uint64_t reference);

#endif
