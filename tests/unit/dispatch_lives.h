/*
 * Random lives of cases of policy/lifecycle.yaml: the world they are lived in, the organisation
 * drawn for it, and what is known of each case from its events alone.
 */
#ifndef REDRESS_DISPATCH_LIVES_H
#define REDRESS_DISPATCH_LIVES_H

#include "dispatch_lifecycle.h"
#include "unit.h"

enum { LIVES_CASES = 3, LIVES_PEOPLE = 5, LIVES_CAPACITY = 2, LIVES_NOBODY = -1 };

extern const char *const lives_people[LIVES_PEOPLE];

/* A refusal to erase that was told. */
struct lives_refusal {
    const char *because, *ground;
    struct slice actor, role;
};

/* What is known of a case from its events. */
struct tale {
    unsigned replied, followed_up;         /* of this round */
    unsigned signers;                      /* of this round: bit set over people */
    unsigned proposers, named;             /* of all time; whom the complaint names */
    unsigned owed;                         /* corrective actions */
    bool children[POLICY_AT_ONCE_MAX + 1]; /* of a major case, by number: open */
    long representatives;                  /* of a joint complaint; 0: it is none */
    int founded;                           /* -1: not told */
    bool with_amount;
    long amount;
    int offered_to; /* LIVES_NOBODY: no offer is open */
    int offered_at_merge;
    bool merged, touched; /* since it was merged something was done to it */
    bool on_hold, erased;
    int64_t closed_at_us; /* 0: open */
    struct lives_refusal refusals[DISPATCH_REFUSED_MAX];
    unsigned refused;            /* of them: since something else happened */
    struct dispatch_case before; /* the merge */
};

struct lives {
    uint64_t seed, random;
    struct play plays[LIVES_CASES];
    struct tale tales[LIVES_CASES];
    unsigned seen[EVENT_KIND_COUNT];
    unsigned restored, restored_to_holder, offered_again, taken_back_merged, blocked, full;
    unsigned blocked_by_child, joined, proved, stood_in, not_deputising, away, unheld;
    unsigned erased_again, refused_again;
};

extern struct lives lives;

#define LIVES_HOLDS(fact)                                                                          \
    do {                                                                                           \
        if (!(fact)) {                                                                             \
            fail_msg("seed %llu: not so: %s", (unsigned long long)lives.seed, #fact);              \
        }                                                                                          \
    } while (0)

/* LIVES_NOBODY: none of them. */
int lives_person(struct slice name);
bool lives_is_held_by(const struct dispatch_case *state, int person);
unsigned lives_load(int person);
const char *lives_field(const struct event *event, const char *name);

/* ---- what holds of an event and afterwards (dispatch_lives_tale.c) ---- */

void lives_tale_begin(struct tale *tale);

/* Of the event that was just folded into the case; before is how it stood. */
void lives_obeys(unsigned index, const struct dispatch_case *before, const struct event *event);
/* An erasure was refused, or answered as done, and nothing was recorded of it. */
void lives_not_erased(unsigned index,
                      const struct dispatch_input *input,
                      enum dispatch_answer answer);
void lives_one_owner_at_most(const struct dispatch_case *state);

/* ---- who works here (dispatch_lives_org.c) ---- */

/* Draws roles, deputies and leaves by the world's chance; in the first hours from now on. */
void lives_org_draw(int64_t now_us);

/* NULL: none was applied. */
const struct org *lives_org(void);
void lives_org_none(void);

/* What was drawn says, not what org.c makes of it; without an organisation everybody is in every
 * role, never away, and stands in for nobody. */
bool lives_away(int person, int64_t at_us);
bool lives_stands_in(int deputy, int absent, int64_t at_us);
int lives_deputy(int person);

/* That who acts may speak in the role he named, that somebody away gets no work, and that the event
 * says whom he stood in for, where he did, and nobody else. */
void lives_obeys_org(const struct dispatch_case *before, const struct event *event, int64_t now_us);

/* A refusal by the organisation is one only where it is so. */
void lives_org_refused(enum dispatch_answer answer,
                       const struct dispatch_input *input,
                       int actor,
                       int taker);

#endif
