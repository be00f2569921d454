/* Simulated work: agents, shifts and queues in virtual time; see ctl_drill_work.h. */
#include "clock.h"
#include "ctl_drill_plan.h"
#include "dispatch_core.h"
#include "heap.h"

enum { LINE_FIRST = 64, PERMILLE = 1000 };
static const uint64_t team_ids = UINT64_MAX - DRILL_TEAMS_MAX; /* in the heap, behind all cases */

enum stage { STAGE_AWAY, STAGE_QUEUED, STAGE_WORK, STAGE_DONE };

/* A case in the simulation. */
struct life {
    struct drill_player player;
    struct dispatch_case dispatch;
    enum stage stage;
    uint32_t visit; /* within its plan */
    uint32_t fact;  /* next one, in the plan's list */
    uint32_t left;  /* facts of the visit that are still to happen */
    uint32_t stamp; /* of its newest place in the line */
    uint32_t team;
    int64_t next_us; /* when it goes on by itself */
    int64_t since_us;
    int64_t work_s;
    double score;
};

struct place {
    double score;
    uint32_t life, stamp;
};

/* A queue in the order of dispatch; places that are out of date are passed over. */
struct line {
    struct place *places;
    size_t count, room;
};

struct simulation {
    const struct drill_plan *plan;
    const struct drill_staff *staff;
    struct drill_run *run;
    const struct policy *policy;
    struct life *lives;
    struct line lines[POLICY_QUEUES_MAX];
    uint32_t busy[DRILL_TEAMS_MAX];
    struct heap *heap;
    int64_t now_us;
    bool good; /* memory is left */
};

/* ---- lines -------------------------------------------------------------------------------- */

static bool is_before(const struct place *a, const struct place *b)
{
    return a->score < b->score || (!(b->score < a->score) && a->life < b->life);
}

static bool line_push(struct line *line, struct place place)
{
    if (line->count == line->room) {
        size_t room = line->room == 0 ? LINE_FIRST : line->room * 2;
        struct place *grown = realloc(line->places, room * sizeof *grown);
        if (!grown) {
            return false;
        }
        line->places = grown;
        line->room = room;
    }
    size_t at = line->count++;
    for (; at > 0 && is_before(&place, &line->places[(at - 1) / 2]); at = (at - 1) / 2) {
        line->places[at] = line->places[(at - 1) / 2];
    }
    line->places[at] = place;
    return true;
}

static void line_pop(struct line *line)
{
    struct place last = line->places[--line->count];
    size_t at = 0;
    for (size_t child = 1; child < line->count; child = 2 * at + 1) {
        if (child + 1 < line->count && is_before(&line->places[child + 1], &line->places[child])) {
            child++;
        }
        if (!is_before(&line->places[child], &last)) {
            break;
        }
        line->places[at] = line->places[child];
        at = child;
    }
    if (line->count > 0) {
        line->places[at] = last;
    }
}

/* The first that still stands here; NULL: nobody. */
static const struct place *line_first(struct simulation *simulation, uint16_t queue)
{
    struct line *line = &simulation->lines[queue];
    while (line->count > 0) {
        const struct place *first = &line->places[0];
        const struct life *life = &simulation->lives[first->life];
        if (life->stage == STAGE_QUEUED && life->stamp == first->stamp) {
            return first;
        }
        line_pop(line);
    }
    return NULL;
}

/* ---- a case ------------------------------------------------------------------------------- */

static size_t index_of(const struct simulation *simulation, const struct life *life)
{
    return (size_t)(life - simulation->lives);
}

static const struct plan_visit *visit_of(const struct simulation *simulation,
                                         const struct life *life)
{
    const struct plan_case *planned = &simulation->plan->cases[index_of(simulation, life)];
    return &simulation->plan->visits[planned->visit + life->visit];
}

/* What a claim, a return or a raised priority is to the watchdog: steps and classes stay. */
static void tell_watchdog(struct life *life, const struct event *event)
{
    struct event told = *event;
    told.advanced.to_step = slice_of(NULL, 0);
    told.advanced.category = slice_of(NULL, 0);
    told.advanced.severity_class = slice_of(NULL, 0);
    told.advanced.priority = event->kind == EVENT_ESCALATED ? event->advanced.priority : 0;
    drill_feed(&life->player, &told);
}

static bool decide(struct simulation *simulation, struct life *life, struct dispatch_input *input)
{
    struct event event = {.kind = EVENT_NONE};
    struct slice refused;
    input->now_us = simulation->now_us;
    if (dispatch_decide(simulation->policy, &life->dispatch, input, &event, &refused) !=
        DISPATCH_APPEND) {
        return false;
    }
    dispatch_evolve(simulation->policy, &life->dispatch, &event);
    life->dispatch.version = life->dispatch.version > 0 ? life->dispatch.version : 1;
    tell_watchdog(life, &event);
    return true;
}

/* The watchdog has spoken: nearest due time, and priority. */
static void heard(void *context, const struct event *event)
{
    struct life *life = context;
    const struct policy *policy = &life->player.run->object->policy;
    dispatch_evolve(policy, &life->dispatch, event);
    struct dispatch_input input = {.kind = DISPATCH_CLOCK, .now_us = event->at_us, .event = event};
    struct event raised = {.kind = EVENT_NONE};
    struct slice refused;
    if (dispatch_decide(policy, &life->dispatch, &input, &raised, &refused) == DISPATCH_APPEND) {
        dispatch_evolve(policy, &life->dispatch, &raised);
    }
}

/* Sets when the heap wakes it. */
static void wake(struct simulation *simulation, struct life *life)
{
    int64_t at_us =
        life->stage == STAGE_DONE || life->stage == STAGE_QUEUED ? INT64_MAX : life->next_us;
    if (life->stage == STAGE_QUEUED) {
        int64_t due_us = watch_due_us(simulation->policy, &life->player.watch);
        at_us = due_us > simulation->now_us ? due_us : INT64_MAX;
    }
    at_us = at_us > simulation->run->until_us ? INT64_MAX : at_us;
    simulation->good =
        heap_set(simulation->heap, index_of(simulation, life), at_us) && simulation->good;
}

static void stand(struct simulation *simulation, struct life *life)
{
    uint16_t queue = simulation->plan->cases[index_of(simulation, life)].queue;
    double score = dispatch_queue_score(&life->dispatch);
    if (life->stage == STAGE_QUEUED && score >= life->score && score <= life->score) {
        return;
    }
    life->stage = STAGE_QUEUED;
    life->score = score;
    life->stamp++;
    simulation->good =
        line_push(&simulation->lines[queue],
                  (struct place){score, (uint32_t)index_of(simulation, life), life->stamp}) &&
        simulation->good;
}

/* The next fact of the plan happens now. */
static void happen(struct simulation *simulation, struct life *life)
{
    const struct drill_plan *plan = simulation->plan;
    const struct drill_record *record = &plan->book->records[index_of(simulation, life)];
    const struct plan_fact *fact = &plan->facts[life->fact++];
    struct event event = {.kind = EVENT_CLOSED, .service = SERVICE_DISPATCH};
    if (fact->event != UINT32_MAX &&
        (!drill_book_event(plan->book, record->first + fact->event, &event) ||
         !drill_adapt(&life->player, &event))) {
        return;
    }
    event.case_id = record->case_id;
    event.at_us = simulation->now_us;
    drill_feed(&life->player, &event);
}

/* The visit begins: what happened before it, then the queue. */
static void arrive(struct simulation *simulation, struct life *life)
{
    const struct plan_visit *visit = visit_of(simulation, life);
    for (uint32_t i = 0; i < visit->before; i++) {
        happen(simulation, life);
    }
    if (!visit->needs_agent) {
        life->stage = STAGE_DONE;
        return;
    }
    life->since_us = simulation->now_us;
    stand(simulation, life);
}

static struct slice owner_role(const struct simulation *simulation, const struct life *life)
{
    const struct policy *policy = simulation->policy;
    return slice_text(policy->roles[policy->steps[life->dispatch.step].owner_role]);
}

static int64_t
work_until_us(const struct simulation *simulation, const struct life *life, int64_t s)
{
    const struct calendar *calendar = simulation->staff->teams[life->team].calendar;
    int64_t at_s =
        calendar_add(calendar, (life->since_us + DRILL_SECOND_US - 1) / DRILL_SECOND_US, s);
    return at_s >= INT64_MAX / DRILL_SECOND_US ? INT64_MAX : at_s * DRILL_SECOND_US;
}

/* When the next fact of the visit is, or its end. */
static void go_on(struct simulation *simulation, struct life *life)
{
    int64_t s = life->work_s;
    if (life->left > 0) {
        s = s * simulation->plan->facts[life->fact].permille / PERMILLE;
    }
    life->next_us = work_until_us(simulation, life, s);
}

static void claim(struct simulation *simulation, struct life *life, uint32_t team)
{
    const struct drill_team *who = &simulation->staff->teams[team];
    size_t index = index_of(simulation, life);
    struct dispatch_input input = {.kind = DISPATCH_CLAIM,
                                   .actor = slice_text(who->name),
                                   .role = owner_role(simulation, life),
                                   .agent_has_capacity = true};
    simulation->good = drill_wait_add(&simulation->run->waits[simulation->plan->cases[index].queue],
                                      (simulation->now_us - life->since_us) / DRILL_SECOND_US) &&
                       simulation->good;
    (void)decide(simulation, life, &input);
    simulation->busy[team]++;
    life->stage = STAGE_WORK;
    life->team = team;
    life->since_us = simulation->now_us;
    life->left = visit_of(simulation, life)->facts;
    life->work_s = drill_plan_work_s(simulation->plan, who, index, life->visit);
    go_on(simulation, life);
    wake(simulation, life);
}

/* The agent is free again; the case is done, or with the customer. */
static void leave(struct simulation *simulation, struct life *life)
{
    const struct plan_case *planned = &simulation->plan->cases[index_of(simulation, life)];
    const char *name = simulation->staff->teams[life->team].name;
    struct dispatch_input input = {
        .kind = DISPATCH_RELEASE, .actor = slice_text(name), .role = owner_role(simulation, life)};
    simulation->busy[life->team]--;
    life->stage = STAGE_DONE;
    if (++life->visit < planned->visit_count) {
        (void)decide(simulation, life, &input);
        life->stage = STAGE_AWAY;
        life->next_us = simulation->now_us + visit_of(simulation, life)->delay_us;
    }
}

static void work(struct simulation *simulation, struct life *life)
{
    while (life->stage == STAGE_WORK && life->next_us <= simulation->now_us) {
        if (life->left > 0) {
            happen(simulation, life);
            life->left--;
            go_on(simulation, life);
        } else {
            leave(simulation, life);
        }
    }
}

/* ---- teams -------------------------------------------------------------------------------- */

static const struct place *best_of(struct simulation *simulation, const struct drill_team *team)
{
    const struct place *best = NULL;
    for (uint16_t i = 0; i < team->queue_count; i++) {
        const struct place *first = line_first(simulation, team->queues[i]);
        best = first && (!best || is_before(first, best)) ? first : best;
    }
    return best;
}

/* Everybody who is free and on shift takes the best case. */
static void hand_out(struct simulation *simulation, uint32_t index)
{
    const struct drill_team *team = &simulation->staff->teams[index];
    int64_t now_s = simulation->now_us / DRILL_SECOND_US;
    while (simulation->busy[index] < team->agents) {
        const struct place *best = best_of(simulation, team);
        if (!best) {
            return;
        }
        if (!calendar_is_open(team->calendar, now_s)) {
            int64_t open_s = calendar_add(team->calendar, now_s, 0);
            int64_t at_us =
                open_s >= INT64_MAX / DRILL_SECOND_US ? INT64_MAX : open_s * DRILL_SECOND_US;
            at_us = at_us > simulation->run->until_us ? INT64_MAX : at_us;
            simulation->good =
                heap_set(simulation->heap, team_ids + index, at_us) && simulation->good;
            return;
        }
        claim(simulation, &simulation->lives[best->life], index);
    }
}

static bool serves(const struct drill_team *team, uint16_t queue)
{
    for (uint16_t i = 0; i < team->queue_count; i++) {
        if (team->queues[i] == queue) {
            return true;
        }
    }
    return false;
}

static void hand_out_queue(struct simulation *simulation, uint16_t queue)
{
    for (uint32_t i = 0; i < simulation->staff->count; i++) {
        if (serves(&simulation->staff->teams[i], queue)) {
            hand_out(simulation, i);
        }
    }
}

/* ---- the whole ---------------------------------------------------------------------------- */

static void begin(struct simulation *simulation, struct life *life)
{
    size_t index = index_of(simulation, life);
    const struct drill_book *book = simulation->plan->book;
    struct drill_outcome *outcome = &simulation->run->outcomes[index];
    struct event opened = {.kind = EVENT_NONE};
    life->player = (struct drill_player){
        .names = &simulation->plan->book->names, .run = simulation->run, .outcome = outcome};
    life->player.heard = heard;
    life->player.context = life;
    life->stage = STAGE_DONE;
    if (!drill_open(&life->player, book, &book->records[index], &opened)) {
        return;
    }
    dispatch_evolve(simulation->policy, &life->dispatch, &opened);
    drill_feed(&life->player, &opened);
    outcome->opened_us = opened.at_us;
    life->fact = simulation->plan->cases[index].fact;
    arrive(simulation, life);
}

static void move(struct simulation *simulation, size_t index)
{
    struct life *life = &simulation->lives[index];
    uint16_t queue = simulation->plan->cases[index].queue;
    uint32_t team = UINT32_MAX;
    if (!life->player.run) {
        begin(simulation, life);
    } else if (life->stage == STAGE_QUEUED) {
        drill_tick(&life->player, simulation->now_us);
        stand(simulation, life);
    } else if (life->stage == STAGE_AWAY) {
        arrive(simulation, life);
    } else if (life->stage == STAGE_WORK) {
        team = life->team;
        work(simulation, life);
    }
    wake(simulation, life);
    if (team != UINT32_MAX) {
        hand_out(simulation, team);
    }
    hand_out_queue(simulation, queue);
}

/* Everybody's opening goes into the heap. */
static void expect_all(struct simulation *simulation, const struct drill_team *only)
{
    const struct drill_plan *plan = simulation->plan;
    for (size_t i = 0; i < plan->count && simulation->good; i++) {
        const struct plan_case *planned = &plan->cases[i];
        struct drill_outcome *outcome = &simulation->run->outcomes[i];
        *outcome = (struct drill_outcome){.queue = POLICY_NONE, .category = POLICY_NONE};
        bool wanted = planned->opened_us != 0 && planned->opened_us <= simulation->run->until_us &&
                      (!only || serves(only, planned->queue));
        if (wanted) {
            outcome->queue = planned->queue;
            simulation->good = heap_set(simulation->heap, i, planned->opened_us);
        }
    }
}

static void end_all(struct simulation *simulation)
{
    for (size_t i = 0; i < simulation->plan->count && simulation->good; i++) {
        struct life *life = &simulation->lives[i];
        struct drill_outcome *outcome = &simulation->run->outcomes[i];
        if (life->player.run) {
            drill_tick(&life->player, simulation->run->until_us);
            outcome->closed_us = life->player.watch.closed ? life->player.watch.closed_at_us : 0;
            outcome->category = life->player.watch.category;
        }
    }
}

static bool run(struct simulation *simulation, const struct drill_team *only)
{
    uint64_t id;
    expect_all(simulation, only);
    while (simulation->good &&
           heap_pop_due(simulation->heap, INT64_MAX - 1, &id, &simulation->now_us)) {
        if (id >= team_ids) {
            hand_out(simulation, (uint32_t)(id - team_ids));
        } else {
            move(simulation, (size_t)id);
        }
    }
    end_all(simulation);
    return simulation->good;
}

bool drill_work(const struct drill_plan *plan,
                const struct drill_staff *staff,
                const struct drill_team *only,
                struct drill_run *into)
{
    int64_t start_us = clock_monotonic_us();
    struct simulation *simulation = calloc(1, sizeof *simulation);
    if (!simulation) {
        return false;
    }
    *simulation = (struct simulation){.plan = plan,
                                      .staff = staff,
                                      .run = into,
                                      .policy = &into->object->policy,
                                      .lives = calloc(plan->count + 1, sizeof(struct life)),
                                      .heap = heap_new(),
                                      .good = true};
    drill_run_reset(into);
    bool good = simulation->lives && simulation->heap && run(simulation, only);
    for (size_t i = 0; i < POLICY_QUEUES_MAX; i++) {
        free(simulation->lines[i].places);
    }
    heap_free(&simulation->heap);
    free(simulation->lives);
    free(simulation);
    drill_run_sort(into);
    into->seconds = (double)(clock_monotonic_us() - start_us) / DRILL_SECOND_US;
    return good;
}
