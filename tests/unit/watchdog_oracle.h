/*
 * Deadlines found by counting parts of a second one by one: an oracle for the watchdog's core.
 *
 * One mark per part says whether the clock stood still; everything else is counted again each
 * time.  It has no due instants to keep right, no shadows and no folds.  Days last 100 seconds,
 * open 10–40 and 50–80, every seventh day is closed; part 0 is at second BASE_S.
 */
#ifndef REDRESS_WATCHDOG_ORACLE_H
#define REDRESS_WATCHDOG_ORACLE_H

#include "policy.h"

enum {
    DAYS = 120,
    DAY_S = 100,
    PARTS = 4, /* of a second */
    PART_US = 1000000 / PARTS,
    SPAN = DAYS * DAY_S * PARTS,
    BASE_S = 1000000,
    CLOCKS = 5,
};

struct fired {
    uint32_t level; /* from 1 */
    int64_t due;
};

/* Instants without a unit are counted in parts. */
struct oracle_clock {
    bool has, begun, paused, over, breached;
    enum clock_verdict verdict;
    int64_t start, pause, stop_us;
    uint8_t fired_set;
    uint32_t fired_count;
    struct fired fired[64];
    bool stands[SPAN];
};

struct oracle {
    bool waiting, closed, grave;
    int64_t closed_us, now;
    struct oracle_clock clocks[CLOCKS];
};

enum place { STAYS, WORKS, WAITS, SHUT };

extern const struct policy_clock oracle_clocks[CLOCKS];

bool oracle_open_at(int64_t part);

/* When the clock is due, in parts, counted from the marks so far. */
int64_t oracle_due(const struct oracle *oracle, int i);

/* Fires what is due before an instant, first things first. */
void oracle_pass(struct oracle *oracle, int64_t before_us);

/* What an input does at an instant that begins a part; where it leads is said beside it, the class
 * in oracle->grave. */
void oracle_input(struct oracle *oracle, const struct event *event, enum place place);

#endif
