/*
 * The policies a desk works by: each with the ways through its steps, counted once.
 *
 * People at a desk know their policy; what of it is permitted now they learn from dispatch.
 */
#ifndef REDRESS_CTL_PLAY_BOOK_H
#define REDRESS_CTL_PLAY_BOOK_H

#include "ctl_policy.h"
#include "policy.h"

enum { PLAY_POLICIES_MAX = 64, PLAY_FAR = 999 };

/* What somebody may have to see to first. */
enum play_thing_kind { PLAY_NOTHING, PLAY_MARK, PLAY_KEPT, PLAY_TASK, PLAY_OPENING };
struct play_thing {
    enum play_thing_kind kind;
    uint16_t
        index; /* of the policy's mark or task, to be settled or opened; of a kept field its slot */
};

struct play_book {
    struct ctl_policy loaded;
    const struct policy *policy;
    uint32_t shared;                   /* marks that count people, or that one may not make twice */
    uint32_t useful;                   /* marks that something asks for */
    uint64_t straight;                 /* steps from which nobody has to decline: bit set */
    uint64_t settles;                  /* steps from which a case can be settled at all: bit set */
    uint16_t to_end[POLICY_STEPS_MAX]; /* actions until it is, else until it ends otherwise */
    uint16_t to_mark[POLICY_MARKS_MAX][POLICY_STEPS_MAX]; /* until it can be made */
    uint16_t to_kept[POLICY_KEPT_MAX][POLICY_STEPS_MAX];  /* until it can be filled in */
    uint16_t to_task[POLICY_TASKS_MAX][POLICY_STEPS_MAX]; /* until it can be settled */
    uint16_t to_open[POLICY_TASKS_MAX][POLICY_STEPS_MAX]; /* until it can be opened */
};

/* By the newest version of that name in the archive; says what is wrong with it. */
int play_book_open(struct ctl *ctl, const char *name, struct play_book *book) MUST_CHECK;
void play_book_done(struct play_book *book);

/* The same of a policy that is at hand, lent. */
void play_book_of(const struct policy *policy, struct play_book *book);

/* A no, of the customer or of whoever approves: not the way a case is settled by. */
bool play_declines(const struct policy_action *action);

/* Closes a case otherwise than settled: withdrawn, merged, not ours … */
bool play_is_exit(const struct policy *policy, const struct policy_action *action);

/* The action makes, asks for, settles or opens it. */
bool play_serves(const struct policy_action *action, const struct play_thing *thing);

/* Actions from the step until one that serves it; PLAY_FAR: there is no way. */
uint16_t play_distance(const struct play_book *book, const struct play_thing *thing, uint16_t step);

/* What a refusal calls so. */
struct play_thing play_thing_named(const struct policy *policy, struct slice name);

#endif
