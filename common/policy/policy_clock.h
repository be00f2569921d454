/* The clocks of a policy: from when to when, where they run, until when, and what follows.  See
 * policy.h. */
#ifndef REDRESS_POLICY_CLOCK_H
#define REDRESS_POLICY_CLOCK_H

#include "calendar.h"
#include "policy_terms.h"

enum clock_target {
    TARGET_ELAPSED,       /* seconds of wall-clock time */
    TARGET_BUSINESS,      /* seconds of the calendar */
    TARGET_BUSINESS_DAYS, /* n business dates */
    TARGET_PROMISED,      /* what is in a field of the action that starts it; never moves */
};

enum level_offset {
    OFFSET_PERCENT,  /* of the target, 1 … 400 */
    OFFSET_ELAPSED,  /* seconds after (negative: before) the due instant */
    OFFSET_BUSINESS, /* the same in business time */
    OFFSET_DAYS,     /* business dates after the due instant, the clock kept */
};

enum level_action {
    LEVEL_WARN,     /* EVENT_CLOCK_WARNED */
    LEVEL_BREACH,   /* EVENT_CLOCK_BREACHED; exactly one a clock, at 100 % */
    LEVEL_ESCALATE, /* EVENT_CLOCK_ESCALATED */
};

struct policy_level {
    enum level_action action;
    enum level_offset offset;
    int64_t value;             /* percent, seconds or business dates */
    uint16_t notify_role;      /* POLICY_NONE: nobody */
    uint8_t raise_priority_to; /* 0: no */
};

/* What a clock is given instead of its own target while a case is one of these. */
struct policy_target {
    struct policy_when when;
    uint8_t priorities; /* bit set, bit 0 is priority 1; 0: any */
    char rule[64];      /* "policy@version:line", its own line; no two of one clock are equal */
    enum clock_target target;
    int64_t target_s;
    uint32_t target_days;
    bool end_of_day;
    bool rolls;
    uint16_t calendar;
};

/*
 * How a clock may be given more time.  A fact EVENT_EXTENDED asks for it, of the clock its field
 * "clock" names, or of every clock that can be extended.
 */
struct policy_extension {
    uint8_t times; /* how often in one run, one after the other; 0: never */
    int64_t by_s;  /* how far, each time, in the unit of the target */
    uint32_t by_days;
    bool needs_reason;    /* the fact carries a field "reason" */
    uint16_t after_count; /* actions done in this run, since the last extension if there was one */
    char after[POLICY_AFTER_MAX][POLICY_NAME_MAX]; /* ids: who approves, who tells the customer */
};

/* When a due instant is not shown; the clock does not care. */
enum due_cleared {
    DUE_CLEARED_MET = 1, /* it has stopped with a verdict */
    DUE_CLEARED_PAUSED =
        2, /* it stands still; else it shows what it was due at without this pause */
    DUE_CLEARED_CLOSED = 4, /* the case is closed */
};

/*
 * A clock counts from a start to a stop, and only in some steps.  Which steps those are is said in
 * one of three ways: it runs nowhere but in run_steps; or it stands still in pause_steps (and, with
 * pauses_for_customer, in every step with waits_for_customer); or, with of_steps, entering one of
 * these steps starts it and leaving them stops it.  Sets of steps have bit i for step i.  With
 * of_task opening a task starts a run and settling it stops that run; closing the case does not.
 */
struct policy_clock {
    char id[POLICY_NAME_MAX];
    struct policy_title title;
    char rule[64];      /* "policy@version:line" for explanations */
    uint64_t starts[2]; /* bit set over enum event_kind */
    uint64_t stops[2];
    uint64_t rearms[2]; /* end a run and begin the next at once; they are in both others too */
    uint32_t start_marks, stop_marks; /* bit sets of marks an action makes, beside its facts */
    uint32_t rearm_marks;             /* they are in both others too */
    struct policy_when when;          /* which cases have it */
    enum clock_target target;
    int64_t target_s; /* elapsed or business seconds */
    uint32_t target_days;
    uint16_t due_field; /* TARGET_PROMISED: index of the field that holds the due instant, or the
                           date at whose end it is due */
    bool end_of_day;
    bool rolls; /* a target in business days that falls on a closed hour goes on to the opening */
    uint16_t calendar;
    bool pauses_for_customer; /* operational: stands still in steps with waits_for_customer
                                 (statutory ones never) */
    bool statutory;           /* nothing makes it stand still, nor closing or merging: those stop
                                 it, and it goes on as if it had run */
    bool takes_back;          /* its breach takes an offer back that was not accepted */
    uint64_t pause_steps;
    uint64_t run_steps;    /* 0: everywhere */
    uint64_t of_steps;     /* 0: it has nothing to do with steps */
    uint16_t of_task;      /* + 1: each open task of this kind has a run of its own; 0: of none */
    bool next_opening;     /* a result on a boundary is the next opening, not the closing time */
    uint8_t due_cleared;   /* bit set of enum due_cleared */
    uint64_t hidden_steps; /* the clock runs on, its due instant is not shown */
    uint16_t unknown_role; /* told when the due instant cannot be computed; POLICY_NONE: nobody */
    struct policy_extension extension;
    uint16_t further_count;
    struct policy_extension further[POLICY_FURTHER_MAX]; /* when those before are used up */
    uint16_t target_count;
    struct policy_target
        targets[POLICY_TARGETS_MAX]; /* the first that fits, else the clock's own */
    uint16_t level_count;
    struct policy_level
        levels[POLICY_LEVELS_MAX]; /* in the order they come due; one of them LEVEL_BREACH */
};

/* What the next extension of a run asks for that has been given so many; NULL: there is none. */
const struct policy_extension *policy_extension_next(const struct policy_clock *clock,
                                                     uint8_t given);

/* How much more time the given ones come to, in the unit of the target. */
void policy_extension_sum(const struct policy_clock *clock,
                          uint8_t given,
                          int64_t *more_s,
                          uint32_t *more_days);

#endif
