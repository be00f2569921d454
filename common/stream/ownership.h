/*
 * Who should own which partition, and what one instance does about it, pure (laws 2, 4).
 *
 * Desired ownership is rendezvous hashing over the live members (Thaler and Ravishankar 1998);
 * effective ownership is the head row.  The machine of one partition at one instance:
 *
 *     none ──take──► taking ──won──► loading ──loaded──► serving ──release──► draining ──► none
 *       ▲              │ lost           │ fenced, cut,     │ fenced, cut,       │ fenced, cut,
 *       └──────────────┴── or cut ──────┴── or hung ───────┴── or hung ─────────┴── or hung
 *
 * A fenced or disconnected owner forgets everything at once: every reconnect is a takeover.
 */
#ifndef REDRESS_OWNERSHIP_H
#define REDRESS_OWNERSHIP_H

#include "event.h"

enum owner_phase {
    OWNER_NONE,
    OWNER_TAKING,
    OWNER_LOADING,
    OWNER_SERVING,
    OWNER_DRAINING, /* finishes the batch under way, takes nothing new */
    OWNER_PHASE_COUNT,
};

enum owner_input {
    OWNER_TAKE,    /* wanted here and free to take */
    OWNER_WON,     /* the head row is ours, with a new epoch */
    OWNER_LOST,    /* somebody was quicker */
    OWNER_LOADED,  /* state and checkpoints are in memory */
    OWNER_RELEASE, /* wanted elsewhere, or the process is leaving */
    OWNER_DRAINED, /* nothing of it is under way any more: the row is given back */
    OWNER_FENCED,  /* an append or renewal hit zero rows */
    OWNER_CUT,     /* the database connection is gone */
    OWNER_HUNG,    /* no commit or renewal for half a lease */
    OWNER_INPUT_COUNT,
};

enum owner_effect {
    OWNER_DO_TAKE = 1 << 0,      /* epoch + 1 in the head row, synchronously */
    OWNER_DO_LOAD = 1 << 1,      /* read state and checkpoints */
    OWNER_DO_SERVE = 1 << 2,     /* begin to consume, answer and publish */
    OWNER_DO_STOP = 1 << 3,      /* take nothing new */
    OWNER_DO_FORGET = 1 << 4,    /* drop state, batch and consumers */
    OWNER_DO_GIVE_BACK = 1 << 5, /* lease_until = now, owner empty */
};

/*
 * The whole behaviour of one partition at one instance.  Returns effects; a pair without a rule
 * changes nothing, so the shell may say TAKE and RELEASE anew on every look at the members: a
 * RELEASE while the row is still being taken counts once it has been won.
 *
 * The epoch belongs to one life of a partition: an answer of the database that belongs to an
 * earlier life (before a FORGET) must not be fed in.
 */
unsigned owner_step(enum owner_phase *phase, enum owner_input input);

const char *owner_phase_name(enum owner_phase phase);

struct member {
    uint64_t id; /* hash of the instance's name */
    bool live;   /* its lease has not passed, by the database's clock, and it is not leaving */
};

/* Index of the member that should own the partition, or -1 without live members.  The same on every
 * instance. */
int ownership_desired(enum service_id service,
                      uint32_t partition,
                      const struct member *members,
                      uint32_t count);

enum {
    LEASE_US = 10000000,      /* an owner that is silent for this long may be replaced */
    LEASE_RENEW_US = 2000000, /* an idle owner renews this often */
    LEASE_HANG_US = LEASE_US / 2,
};

/* May this head row be taken now?  Lease passed, given back, or the owner's database session is
 * gone. */
bool ownership_free(bool owned, bool lease_passed, bool backend_alive);

#endif
