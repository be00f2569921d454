/*
 * A hand-made case for what the command shows: its events encoded as the daemons encode them and
 * read back from their bytes.  Friday 2026-06-05 16:59 to Tuesday 12:30, Asia/Shanghai.
 */
#ifndef REDRESS_CTL_STORY_H
#define REDRESS_CTL_STORY_H

#include "ctl_case.h"

enum { STORY_LANGUAGES = 3 };
extern const enum ctl_language story_languages[STORY_LANGUAGES];

struct story {
    struct ctl ctl;
    struct case_view view;
    struct arena *arena;
    uint64_t seqs[SERVICE_COUNT];
};

void story_begin(struct story *story, enum ctl_language language);
void story_end(struct story *story);

/* Of June 2026, in Shanghai. */
int64_t story_at(int day, int hour, int minute);

/* Appends the event to the story; its case, service, seq and epoch are the story's. */
void story_tell(struct story *story, struct event event);

/* A clock of the fixture's policy in its first run. */
struct event_clock story_clock(const char *name, int64_t started_us, int64_t due_us);

/* What `show` tells of it, to be freed. */
char *story_shown(struct story *story);

/* Received, triaged, opened, three clocks started. */
void story_tell_arrival(struct story *story);

/* Friday to Monday: a breach, a claim, a sealed note, and the clock "handling" is paused. */
void story_tell_life(struct story *story);

#endif
