/* The smallest number of agents that reaches a target: a search over simulations. */
#include "ctl_drill_work.h"

/* The share of the team's cases that were in time. */
static double share_of(const struct drill_team *team,
                       const struct drill_book *book,
                       const struct drill_run *run,
                       uint32_t clock)
{
    uint64_t met = 0;
    uint64_t late = 0;
    for (size_t i = 0; i < book->count; i++) {
        const struct drill_outcome *outcome = &run->outcomes[i];
        bool ours = false;
        for (uint16_t j = 0; j < team->queue_count; j++) {
            ours = ours || team->queues[j] == outcome->queue;
        }
        met += ours && outcome->said[clock] == DRILL_MET;
        late += ours && outcome->said[clock] == DRILL_LATE;
    }
    return met + late == 0 ? 1.0 : (double)met / (double)(met + late);
}

/* What is being tried for one team. */
struct trying {
    const struct drill_plan *plan;
    struct drill_staff *staff;
    struct drill_team *team;
    const struct drill_book *book;
    struct drill_run *run;
    struct drill_need *need;
    uint32_t clock;
    bool good;
};

static double try_agents(struct trying *trying, uint32_t agents)
{
    struct drill_need *need = trying->need;
    uint32_t at = 0;
    while (at < need->points && need->tried[at] < agents) {
        at++;
    }
    if (at < need->points && need->tried[at] == agents) {
        return need->shares[at];
    }
    trying->team->agents = agents;
    trying->good =
        drill_work(trying->plan, trying->staff, trying->team, trying->run) && trying->good;
    double share = share_of(trying->team, trying->book, trying->run, trying->clock);
    if (need->points < DRILL_CURVE_MAX) {
        memmove(&need->tried[at + 1], &need->tried[at], (need->points - at) * sizeof *need->tried);
        memmove(
            &need->shares[at + 1], &need->shares[at], (need->points - at) * sizeof *need->shares);
        need->tried[at] = agents;
        need->shares[at] = share;
        need->points++;
    }
    return share;
}

static void search_team(struct trying *trying, double target)
{
    struct drill_need *need = trying->need;
    need->agents = trying->team->agents;
    need->share_now = try_agents(trying, need->agents);
    need->share_best = try_agents(trying, DRILL_AGENTS_MAX);
    if (need->share_best < target) {
        need->points--; /* the number that stands for everybody is no point of the curve */
        return;
    }
    uint32_t low = 0; /* too few */
    uint32_t high = need->agents;
    while (trying->good && high < DRILL_AGENTS_MAX && try_agents(trying, high) < target) {
        low = high;
        high = high * 2 < DRILL_AGENTS_MAX ? high * 2 : DRILL_AGENTS_MAX;
    }
    while (trying->good && high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (try_agents(trying, middle) < target) {
            low = middle;
        } else {
            high = middle;
        }
    }
    need->needed = high;
    need->share_needed = try_agents(trying, high);
    if (need->points > 0 && need->tried[need->points - 1] == DRILL_AGENTS_MAX) {
        need->points--;
    }
}

bool drill_search_run(const struct drill_plan *plan,
                      struct drill_staff *staff,
                      const struct drill_book *book,
                      struct drill_run *run,
                      struct drill_search *search)
{
    bool good = true;
    search->count = staff->count;
    search->staff = staff;
    for (uint32_t i = 0; i < staff->count && good; i++) {
        struct trying trying = {.plan = plan,
                                .staff = staff,
                                .team = &staff->teams[i],
                                .book = book,
                                .run = run,
                                .need = &search->needs[i],
                                .clock = search->clock,
                                .good = true};
        uint32_t agents = staff->teams[i].agents;
        search_team(&trying, search->target);
        staff->teams[i].agents = agents;
        good = trying.good;
    }
    return good;
}
