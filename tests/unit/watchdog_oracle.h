/*
 * Deadlines found by counting seconds one by one: an oracle for the watchdog's core.
 *
 * One mark per second says whether the clock stood still; everything else is counted again each
 * time.  It has no due instants to keep right, no shadows and no folds.  Days last 100 seconds,
 * open 10–40 and 50–80, every seventh day is closed; second 0 is BASE_S.
 */
#ifndef REDRESS_WATCHDOG_ORACLE_H
#define REDRESS_WATCHDOG_ORACLE_H

#include "policy.h"

enum {
    DAYS = 120,
    DAY_S = 100,
    SPAN_S = DAYS * DAY_S,
    BASE_S = 1000000,
    CLOCKS = 5,
};

struct fired {
    uint32_t level; /* from 1 */
    int64_t due_s;
};

struct oracle_clock {
    bool has, begun, paused, over, breached;
    enum clock_verdict verdict;
    int64_t start_s, pause_s, stop_us;
    uint8_t fired_set;
    uint32_t fired_count;
    struct fired fired[64];
    bool stands[SPAN_S];
};

struct oracle {
    bool waiting, closed, grave;
    int64_t closed_us, now_s;
    struct oracle_clock clocks[CLOCKS];
};

enum place { STAYS, WORKS, WAITS, SHUT };

extern const struct policy_clock oracle_clocks[CLOCKS];

bool oracle_open_at(int64_t s);

/* When the clock is due, counted from the marks so far. */
int64_t oracle_due_s(const struct oracle *oracle, int i);

/* Fires what is due before an instant, first things first. */
void oracle_pass(struct oracle *oracle, int64_t before_us);

/* What an input does; where it leads is said beside it, the class in oracle->grave. */
void oracle_input(struct oracle *oracle, const struct event *event, enum place place);

#endif
