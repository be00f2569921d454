/*
 * The live board, as text: what `redress top` draws once a second.  Pure of terminals and sockets,
 * so that tests can draw one.
 */
#ifndef REDRESS_CTL_BOARD_H
#define REDRESS_CTL_BOARD_H

#include "ctl_measures.h"
#include "ctl_redis.h"
#include "ctl_view.h"

enum {
    BOARD_CLOCKS_MAX = 64,
    BOARD_HISTORY = 60,
    BOARD_WIDTH_MIN = 40,
};

struct board_clock {
    char policy[VIEW_TEXT_MAX]; /* titles */
    char clock[VIEW_TEXT_MAX];
    uint64_t met, missed;
};

struct board_phase {
    uint64_t count; /* 0: nothing measured */
    double p50_s, p90_s, p99_s;
};

struct board {
    int64_t now_us;
    int64_t began_us; /* since when figures are waited for */
    int64_t at_us;    /* of the figures; 0: none came yet */
    uint64_t received, opened, open_cases, breached;
    uint64_t closed;   /* cases that are, as status counts them */
    uint64_t closings; /* every time one was, also of those that were reopened */
    uint64_t received_last_minute, closings_last_minute;
    unsigned history_count; /* of the last seconds, oldest first */
    uint64_t received_each[BOARD_HISTORY];
    uint64_t closings_each[BOARD_HISTORY];
    struct ctl_alarms alarms;
    char said[VIEW_TEXT_MAX]; /* what a question has had to say, "": nothing */
    unsigned clock_count;
    struct board_clock clocks[BOARD_CLOCKS_MAX];
    struct board_phase phases[PHASE_COUNT];
    struct ctl_queues queues;
    char queue_titles[CTL_QUEUES_MAX][64];
};

/* Draws at most rows lines of at most columns columns; end is written after each ("\n", or more).
 */
void board_draw(const struct ctl *ctl,
                FILE *to,
                const struct board *board,
                unsigned columns,
                unsigned rows,
                const char *end);

/* The index of a phase by its name on the bus; PHASE_COUNT: unknown. */
enum phase board_phase_of(struct slice name);

#endif
