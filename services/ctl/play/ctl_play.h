/*
 * Playing the desk: ctl_play.c is the verb, ctl_play_run.c hands out cases, ctl_play_life.c lives
 * one and takes the answers, ctl_play_move.c decides what is done next, ctl_play_who.c who does it,
 * ctl_play_fill.c what is written into the form.
 *
 * The desk knows its policies, as people do who work by them; whether something is permitted now,
 * and what is lacking, it learns from dispatch's answers alone.  One life is one case with
 * everybody who works on it; many of them are under way at a time.
 */
#ifndef REDRESS_CTL_PLAY_H
#define REDRESS_CTL_PLAY_H

#include "case_number.h"
#include "ctl_form.h"
#include "ctl_line.h"
#include "ctl_play_book.h"
#include "ctl_progress.h"
#include "ctl_redis.h"
#include "dispatch_core.h"

enum {
    PLAY_PEOPLE_MAX = 64, /* of a role */
    PLAY_VARIANTS = 4,    /* people of one role who may work on one case */
    PLAY_STRANGER = 4,    /* somebody whom another life sent */
    PLAY_MOVES_MAX = 80,
    PLAY_LEFT_MAX = 20, /* cases that are told by name */
    PLAY_WHY_SIZE = 400,
};

/* Who. */
struct play_person {
    uint16_t role;
    uint8_t variant; /* which of those of the role; PLAY_STRANGER: the holder's name tells */
};

enum play_ask { PLAY_ASK_QUEUE, PLAY_ASK_CLAIM, PLAY_ASK_RELEASE, PLAY_ASK_ACT };

struct play_queue {
    char name[CTL_QUEUE_NAME_MAX]; /* policy "/" queue */
    int64_t waiting;
    unsigned ours; /* lives whose case waits in it: nobody else is sent for it */
    unsigned book;
    uint16_t role; /* that may claim from it, as far as is known */
};

/* Counts of a policy. */
struct play_count {
    int64_t begun, closed, left, moves, refused;
    int64_t us; /* of all lives together, from the first claim to the end */
};

struct play_life {
    bool busy;
    bool leaves, leaving; /* it is to be left on the way; it is being given back */
    unsigned place;
    unsigned book;
    struct play_queue *queue; /* it is being claimed from */
    uint64_t random;
    uint64_t case_id; /* 0: none yet */
    char number[CASE_NUMBER_SIZE];
    char channel[POLICY_NAME_MAX];
    int64_t begun_us;
    /* as dispatch told it last */
    uint32_t version;
    uint16_t step;
    uint16_t category;
    bool queued;
    struct play_queue *waits_in;     /* NULL: in none, or in one that nobody begins from */
    char holder[DISPATCH_AGENT_MAX]; /* "": nobody */
    struct play_person held_by;
    /* what was done so far */
    uint64_t seen; /* steps: bit set */
    uint32_t made; /* marks: bit set */
    uint32_t did[PLAY_VARIANTS + 1];
    uint8_t open[POLICY_TASKS_MAX];
    uint32_t told;
    int64_t facts[POLICY_KEPT_MAX];
    struct play_person brought; /* it into this step */
    unsigned moves, refused, stays, leave_after;
    uint32_t here; /* actions done in this step: bit set */
    bool mute;     /* our notes are not to the policy's liking */
    /* of this version: what is no use trying */
    uint32_t banned;    /* actions */
    uint32_t bad_roles; /* more than they may decide */
    uint8_t variant;    /* whom to try first */
    bool unclaimed;     /* nobody may claim it */
    struct play_thing lacks[POLICY_ACTIONS_MAX];
    struct play_thing want; /* to be seen to before anything else */
    /* what was asked last */
    enum play_ask ask;
    struct play_person next, asker;
    uint16_t action;
    uint32_t asked_told;
    int64_t asked_facts[POLICY_KEPT_MAX];
    char why[PLAY_WHY_SIZE]; /* the last refusal */
};

/* A case that could not be closed. */
struct play_left {
    char number[CASE_NUMBER_SIZE];
    unsigned book;
    char step[POLICY_NAME_MAX];
    char why[PLAY_WHY_SIZE];
};

struct play {
    struct ctl *ctl;
    struct ctl_line *line;
    const char *policy; /* NULL: of any */
    int64_t seed, leave_percent, cases;
    unsigned agents;
    uint64_t random;
    unsigned queue_count, book_count, life_count;
    struct play_queue queues[CTL_QUEUES_MAX];
    struct play_book *books;
    struct play_life *lives;
    struct play_count counts[PLAY_POLICIES_MAX];     /* of books[i] */
    char other[PLAY_POLICIES_MAX][CASE_NUMBER_SIZE]; /* a case that is there, to merge with */
    int64_t claiming, begun, closed, moves, refused;
    bool strangers; /* nobody of ours works in the organisation */
    int64_t stuck;  /* left although they were to be closed */
    int64_t read_us, begun_us, ended_us;
    unsigned left_count;
    struct play_left left[PLAY_LEFT_MAX];
};

/* The next of a life's sequence, which follows from the seed (splitmix64); below bound. */
uint64_t play_random(uint64_t *random, uint64_t bound);

/* Reads queues and policies.  CTL_NOT_FOUND: nothing waits. */
int play_open(struct play *play, const char *policy, unsigned at_once, int64_t timeout_ms)
    MUST_CHECK;
void play_done(struct play *play);

/* Until so many cases were played, or nothing waits any more. */
int play_run(struct play *play) MUST_CHECK;

/* A case out of a queue for this life.  False: nothing waits, or enough were begun. */
bool play_begin(struct play *play, struct play_life *life);

/* Where the case of this life waits from now on, by the queue's name; "": nowhere. */
void play_waits(struct play *play, struct play_life *life, struct slice queue);

/* Sends the command in somebody's name. */
void play_ask(struct play *play,
              struct play_life *life,
              enum play_ask ask,
              const struct play_person *who,
              struct ctl_command *command);

/* A ctl_line_answer of a struct play: goes on with the life of that place. */
void play_answered(void *self, unsigned place, const ctl_reply *reply);

/* What the answer says of the case. */
void play_take(struct play *play, struct play_life *life, const ctl_reply *reply);

/* Index of the action to do next; POLICY_NONE: there is nothing (left) to do. */
uint16_t play_choose(struct play *play, struct play_life *life);

/* Somebody who may do the action.  False: nobody, or not while it is held as it is: *release says
 * that its holder has to give it back first. */
bool play_who(const struct play *play,
              const struct play_life *life,
              const struct policy_action *action,
              struct play_person *who,
              bool *release);

/* "agent-3" */
void play_name(const struct play *play,
               const struct play_life *life,
               const struct play_person *who,
               char name[DISPATCH_AGENT_MAX]);

/* Who holds the case, found by the name: one of this life's people, to whom it was given, or else
 * PLAY_STRANGER. */
void play_holder(const struct play *play, struct play_life *life);

/* The form and the note of an action; they are lent by the buffers. */
struct play_paper {
    char values[CTL_FIELDS_MAX][CTL_VALUE_MAX];
    char note[2 * CTL_VALUE_MAX];
};
void play_fill(const struct play *play,
               struct play_life *life,
               const struct policy_action *action,
               const struct play_person *who,
               struct play_paper *paper,
               struct ctl_command *command);

static inline const struct policy *play_policy(const struct play *play,
                                               const struct play_life *life)
{
    return play->books[life->book].policy;
}

#endif
