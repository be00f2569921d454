/*
 * One run of one clock of a case, put together from the events of the case (law 12): the pauses,
 * the changes, the levels, and the intervals that counted, counted again.
 */
#ifndef REDRESS_CTL_ACCOUNT_H
#define REDRESS_CTL_ACCOUNT_H

#include "ctl_case.h"

enum { ACCOUNT_SPANS_MAX = 256, ACCOUNT_CHANGES_MAX = 64, ACCOUNT_US = 1000000 };

struct account_span {
    int64_t from_us, to_us;
};

/* The newest run, as the journal tells it; everything is lent from the view. */
struct account {
    const struct case_view *view;
    const struct policy_clock *rule;
    const struct calendar *calendar; /* what it counts in; NULL: time by the clock, or unknown */
    struct event_clock told;         /* as it stands */
    bool recounts;                   /* policy and calendar version of the events are at hand */
    uint32_t pause_count, change_count, level_count;
    struct account_span pauses[ACCOUNT_SPANS_MAX];
    const struct event *changes[ACCOUNT_CHANGES_MAX]; /* another due instant, or refused */
    const struct event *levels[POLICY_LEVELS_MAX];
};

void account_make(const struct case_view *view,
                  const struct event_clock *clock,
                  struct account *account);

/* What the event says of the clock, of the same task where it is a task's; NULL: nothing. */
const struct event_clock *account_told_of(const struct event *event,
                                          const struct event_clock *clock);

/* When what an event tells of happened: at its cause, if the case has it. */
int64_t account_happened_us(const struct account *account, const struct event *event);

/* Own time of the clock from one instant to another. */
int64_t account_own_us(const struct account *account, struct account_span span);

/* Own time beyond the due instant, up to the second: as told when it stopped, until now while it
 * runs. */
int64_t account_late_s(const struct account *account);

/* The intervals that counted, at most until it is due; none without account->recounts. */
uint32_t account_counted(const struct account *account,
                         struct account_span spans[ACCOUNT_SPANS_MAX]);

#endif
