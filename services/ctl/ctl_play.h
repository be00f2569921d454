/*
 * Playing the desk: ctl_play.c hands out cases, ctl_play_move.c decides what a person does next.
 *
 * Only the public protocol is used: what an action is, who may do it and what it needs is learnt
 * from dispatch's answers.
 */
#ifndef REDRESS_CTL_PLAY_H
#define REDRESS_CTL_PLAY_H

#include "ctl_desk.h"
#include "ctl_progress.h"
#include "ctl_redis.h"

enum {
    PLAY_NAME_MAX = 64,
    PLAY_AGENTS_MAX = 64,
    PLAY_ROLES_MAX = 16,
    PLAY_STEPS_MAX = 32,
    PLAY_CATEGORIES_MAX = 64,
    PLAY_MOVES_MAX = 40,
    PLAY_BANNED_MAX = 8,
};

/* An agent and the case at hand. */
struct player {
    char name[PLAY_NAME_MAX];
    bool full; /* holds as many as allowed */
    bool busy;
    json_t *state; /* as ctl_reply_json gives it; owned */
    uint64_t case_id;
    char holder_role[PLAY_NAME_MAX]; /* in which the present holder holds it; "" nobody does */
    unsigned moves;
    unsigned leave_after;
    unsigned stays;   /* actions in this step that did not lead out of it */
    unsigned refused; /* in a row */
    unsigned seen_count;
    char seen[PLAY_STEPS_MAX][PLAY_NAME_MAX];
    unsigned banned_count; /* actions refused in this state */
    char banned[PLAY_BANNED_MAX][PLAY_NAME_MAX];
};

struct play_queue {
    char name[CTL_QUEUE_NAME_MAX];
    int64_t waiting;
    char role[PLAY_NAME_MAX]; /* that may claim from it; "" not known yet */
};

struct play {
    struct ctl *ctl;
    struct ctl_desk *desk;
    uint64_t random;
    int64_t leave_percent;
    unsigned queue_count;
    struct play_queue *queues;
    unsigned role_count;
    char roles[PLAY_ROLES_MAX][PLAY_NAME_MAX];
    unsigned category_count;
    char categories[PLAY_CATEGORIES_MAX][PLAY_NAME_MAX];
    char end[PLAY_NAME_MAX]; /* the step in which a case was closed; "" not known yet */
    int64_t begun, closed, left, moves, refused;
    unsigned left_count;
    struct {
        char step[PLAY_NAME_MAX];
        int64_t count;
    } left_in[PLAY_STEPS_MAX];
};

/* The next of a sequence that follows from the seed (splitmix64); below bound. */
uint64_t play_random(struct play *play, uint64_t bound);

/* A role somebody was seen to need. */
void play_role_add(struct play *play, const char *role);

/* The player takes over what the reply says of a case. */
void play_state_take(struct play *play, struct player *player, const ctl_reply *reply);

/* One command on the player's case, or its end: closed, or left where it is. */
int play_move(struct play *play, struct player *player) MUST_CHECK;

#endif
