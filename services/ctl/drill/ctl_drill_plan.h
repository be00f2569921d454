/* The plan of simulated work: private to ctl_drill_plan.c and ctl_drill_work.c. */
#ifndef REDRESS_CTL_DRILL_PLAN_H
#define REDRESS_CTL_DRILL_PLAN_H

#include "ctl_drill_work.h"

/* One fact that happens during a visit, or before it. */
struct plan_fact {
    uint32_t event;    /* place in the record; UINT32_MAX: the closing that was not recorded */
    uint32_t permille; /* of the visit's work that is done when it happens */
};

/* A case in the hands of one agent, once. */
struct plan_visit {
    int64_t delay_us;       /* the customer took since the visit before */
    int64_t work_s;         /* as recorded; -1: not recorded */
    uint32_t before, facts; /* how many happen when the delay is over, and in it */
    bool needs_agent;
};

struct plan_case {
    int64_t opened_us; /* 0: it never was */
    uint16_t queue;
    uint32_t visit, visit_count;
    uint32_t fact; /* first; in the order in which they happen */
};

struct drill_plan {
    struct drill_book *book; /* lent */
    uint64_t seed;
    size_t count;
    struct plan_case *cases;
    struct plan_visit *visits;
    size_t visit_count, visit_room;
    struct plan_fact *facts;
    size_t fact_count, fact_room;
    struct drill_waits handling[POLICY_QUEUES_MAX]; /* seconds, by queue */
};

/* How long the visit takes: the same for the same seed, whoever does it. */
int64_t drill_plan_work_s(const struct drill_plan *plan,
                          const struct drill_team *team,
                          size_t index,
                          uint32_t visit);

/* The team that serves the queue first; NULL: none does. */
const struct drill_team *drill_team_of(const struct drill_staff *staff, uint16_t queue);

#endif
