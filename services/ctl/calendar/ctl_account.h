/*
 * One run of one clock of a case, put together from the events of the case (law 12): the pauses,
 * the changes, the levels, and the intervals that counted, counted again.
 */
#ifndef REDRESS_CTL_ACCOUNT_H
#define REDRESS_CTL_ACCOUNT_H

#include "ctl_case.h"

enum {
    ACCOUNT_SPANS_MAX = 256,
    ACCOUNT_PARTS_MAX = 1024,
    ACCOUNT_DAYS_MAX = 256,
    ACCOUNT_CHANGES_MAX = 64,
    ACCOUNT_SHARES_MAX = POLICY_STEPS_MAX + 1,
    ACCOUNT_US = 1000000,
    ACCOUNT_DATE_SIZE = 12,
};

struct account_span {
    int64_t from_us, to_us;
};

/* Another target or due instant, or why there is none. */
struct account_change {
    const struct event *event;
    enum account_cause {
        ACCOUNT_EXTENDED,
        ACCOUNT_REFUSED,
        ACCOUNT_RETARGETED, /* what became of the case holds it to another target */
        ACCOUNT_CALENDAR,   /* a calendar that ended too soon says again until when */
    } cause;
    struct event_clock was; /* as it stood before */
};

/* The newest run, as the journal tells it; everything is lent from the view. */
struct account {
    const struct case_view *view;
    const struct policy_clock *rule; /* NULL: the policy is not at hand */
    const struct calendar *calendar; /* what it counts in; NULL: time by the clock, or unknown */
    struct policy_target target;     /* that of told.rule: unit, end of day, calendar */
    struct event_clock told;         /* as it stands */
    int64_t ended_us;                /* when the case lost it; 0: it has it */
    bool recounts;                   /* policy and calendar version of the events are at hand */
    uint32_t pause_count, change_count, level_count;
    struct account_span pauses[ACCOUNT_SPANS_MAX];
    struct account_change changes[ACCOUNT_CHANGES_MAX];
    const struct event *levels[POLICY_LEVELS_MAX];
    const struct event *unknown; /* the newest that said it cannot be computed; NULL: none did */
};

void account_make(const struct case_view *view,
                  const struct event_clock *clock,
                  struct account *account);

/* What the event says of the clock, of the same task where it is a task's; NULL: nothing. */
const struct event_clock *account_told_of(const struct event *event,
                                          const struct event_clock *clock);

/* The target a clock is held to by what was told: its unit, and so much of it. */
struct policy_target account_target(const struct account *account, const struct event_clock *told);

/* When what an event tells of happened: at its cause, if the case has it. */
int64_t account_happened_us(const struct account *account, const struct event *event);

/* Own time of the clock from one instant to another. */
int64_t account_own_us(const struct account *account, struct account_span span);

/* Own time used until now, or until it stopped, down to the second. */
int64_t account_used_s(const struct account *account);

/* The same beside what is late, which is told up to the second: else target and late would be a
 * second more than what was used. */
int64_t account_used_told_s(const struct account *account);

/* Own time beyond the due instant, up to the second: as told when it stopped, until now while it
 * runs. */
int64_t account_late_s(const struct account *account);

/* Until when it has lived: the stop, the pause that goes on, else now. */
int64_t account_lived_until_us(const struct account *account);

/* Whose time it took: what of it was used, and what it stood still, while the case was in a step.
 */
struct account_share {
    uint16_t step;            /* whose owner's time it is; POLICY_NONE: before it was opened */
    int64_t used_s, paused_s; /* own time of the clock; all together are what it used and stood */
};

/* In the order the case came to the steps, each once; none without account->recounts. */
uint32_t account_shares(const struct account *account,
                        struct account_share shares[ACCOUNT_SHARES_MAX]);

/* Its time from the start on, in order.  What counts ends at the due instant; a part ends where its
 * calendar closes. */
struct account_part {
    enum account_kind {
        ACCOUNT_COUNTED,
        ACCOUNT_PAUSED,
        ACCOUNT_TO_COUNT, /* lies ahead, until it is due */
        ACCOUNT_UNUSED,   /* from the stop until it was due */
        ACCOUNT_LATE,     /* one part, from the due instant to the stop, or to now */
    } kind;
    struct account_span span;
};

/* All but the pauses need account->recounts. */
uint32_t account_parts(const struct account *account, struct account_part parts[ACCOUNT_PARTS_MAX]);

/* Dates one after another that count, or do not, of a target in business days. */
struct account_days {
    int32_t from, to;     /* yyyymmdd */
    uint32_t first, last; /* which business days they are; 0: none */
    bool named;           /* holidays, or days on which work is made up */
};

/* Those after the date of the start up to the last one that counts; none where the target is no
 * such days, or without account->recounts. */
uint32_t account_days(const struct account *account, struct account_days days[ACCOUNT_DAYS_MAX]);

/* 20260608 as 2026-06-08. */
const char *account_date_text(int32_t date, char into[ACCOUNT_DATE_SIZE]);

#endif
