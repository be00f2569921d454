/*
 * Simulated work: the same complaints, handled by other people.
 *
 * Cases arrive and are opened when they were.  Each stands in the queue the policy's routes give,
 * in the order of dispatch's own score, until an agent of a team for that queue is free and on
 * shift.  The agent then works for a time drawn from the recorded handling times of the queue (or
 * from the staff file); what was recorded to happen under an agent's hands happens in proportion
 * within it; what the customer took (steps that wait for the customer, and between closing and
 * reopening) takes as long as it took, and the agent is free meanwhile.  A case that was still open
 * in the record is closed at the end of its work.  The same seed gives the same answer, and a case
 * is given the same draw whatever the staffing, so that two staffings differ by staffing alone.
 */
#ifndef REDRESS_CTL_DRILL_WORK_H
#define REDRESS_CTL_DRILL_WORK_H

#include "ctl_drill.h"

enum {
    DRILL_TEAMS_MAX = 64,
    DRILL_TEAM_QUEUES_MAX = 32,
    DRILL_HANDLING_MAX = 256,
    DRILL_AGENTS_MAX = 100000,
    DRILL_CURVE_MAX = 40,
};

struct drill_team {
    char name[POLICY_NAME_MAX];
    uint16_t queue_count;
    uint16_t queues[DRILL_TEAM_QUEUES_MAX];
    uint32_t agents;
    const struct calendar *calendar; /* lent by the policy */
    uint32_t handling_count;         /* 0: as recorded */
    int32_t handling_s[DRILL_HANDLING_MAX];
};

struct drill_staff {
    uint32_t count;
    struct drill_team teams[DRILL_TEAMS_MAX];
};

/* The staff file; complaints as compilers give them.  CTL_USAGE after saying them. */
int drill_staff_read(struct ctl *ctl,
                     const char *path,
                     const struct policy *policy,
                     struct drill_staff *staff) MUST_CHECK;

/* The plan of all cases: what is worked on, for how long, what happens meanwhile. */
struct drill_plan;

/* Lent book and run; run->outcomes is used to find it out.  A queue nobody serves, or without any
 * handling time, is refused: *queue says which.  NULL: *queue, or POLICY_NONE when memory is out.
 */
struct drill_plan *drill_plan_new(struct drill_book *book,
                                  struct drill_run *run,
                                  const struct drill_staff *staff,
                                  uint64_t seed,
                                  uint16_t *queue) MUST_CHECK;
void drill_plan_free(struct drill_plan **plan_p);

/* Simulates; only: NULL, or the one team whose cases are simulated.  False: memory is out. */
bool drill_work(const struct drill_plan *plan,
                const struct drill_staff *staff,
                const struct drill_team *only,
                struct drill_run *run) MUST_CHECK;

/* What a team needs for the target. */
struct drill_need {
    uint32_t agents; /* of the staff file */
    uint32_t needed; /* smallest number that reaches the target; 0: none does */
    double share_now, share_needed, share_best;
    uint32_t points; /* tried, ascending */
    uint32_t tried[DRILL_CURVE_MAX];
    double shares[DRILL_CURVE_MAX];
};

struct drill_search {
    double target;  /* 0 … 1 */
    uint32_t clock; /* index in the book's names */
    uint32_t count;
    struct drill_need needs[DRILL_TEAMS_MAX];
    const struct drill_staff *staff; /* lent */
};

/* By doubling and halving, each team by itself.  False: memory is out. */
bool drill_search_run(const struct drill_plan *plan,
                      struct drill_staff *staff,
                      const struct drill_book *book,
                      struct drill_run *run,
                      struct drill_search *search) MUST_CHECK;

#endif
