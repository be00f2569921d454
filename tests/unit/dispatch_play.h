/*
 * One case of the fixture policy being played: every event dispatch decides is folded at once and
 * kept, so that the end of a story can fold the stream again from nothing (law 8).
 */
#ifndef REDRESS_DISPATCH_PLAY_H
#define REDRESS_DISPATCH_PLAY_H

#include "dispatch_core.h"
#include "policy_fixture.h"

enum { PLAY_EVENTS_MAX = 256, PLAY_FIELDS_MAX = 2 };

struct play {
    struct dispatch_case state;
    int64_t now_us;
    struct event last;    /* that was appended */
    struct slice refused; /* field of the last answer */
    uint32_t count;
    struct event events[PLAY_EVENTS_MAX];
    struct dispatch_case
        lenders[PLAY_EVENTS_MAX]; /* the states that lent their names to the events */
};

/* One command and the answer it must get.  A minute passes before each. */
struct beat {
    const char *actor, *role, *action; /* claim and release by these words */
    const char *fields[PLAY_FIELDS_MAX];
    const char *value; /* of the fields; NULL: "told" */
    uint32_t version;
    int hours; /* that pass before */
    bool full; /* the agent has no capacity left */
    enum dispatch_answer to;
};

/* What is played from now on; NULL: the fixture. */
void play_with(const struct policy *policy);

void play_init(struct play *play);

/* A triage event of the played case. */
struct event play_triaged(const char *category, const char *severity_class, uint32_t priority);

/* Starts anew with a case triaged like that, in its first step. */
void play_open(struct play *play,
               const char *category,
               const char *severity_class,
               uint32_t priority);

/* A watchdog event about one clock of the played case. */
struct event play_clock(const struct play *play,
                        enum event_kind kind,
                        const char *clock,
                        uint32_t level,
                        uint32_t raise_priority_to);

struct dispatch_input
play_command(const struct play *play, const char *actor, const char *role, const char *action);

/* Decides, and folds what is appended. */
enum dispatch_answer play_input(struct play *play, const struct dispatch_input *input);
enum dispatch_answer
play_event(struct play *play, enum dispatch_input_kind kind, const struct event *event);

/* Every beat must get its answer, or the test fails saying which did not. */
void play_beats(struct play *play, const struct beat *beats, size_t count);

/* Folds the whole stream again from nothing and compares. */
void play_end(const struct play *play);

#define PLAY(play, beats)   play_beats(play, beats, sizeof(beats) / sizeof *(beats))
#define PLAY_ONE(play, ...) play_beats(play, &(const struct beat)__VA_ARGS__, 1)

#endif
