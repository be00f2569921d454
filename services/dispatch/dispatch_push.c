/*
 * Cases that are offered out of their queues by themselves: the best that wait in queues which say
 * so are looked for in the archive (Redis is not asked: law 6), and each is decided by the core
 * with what everybody holds now.  Of a queue whose best nobody can take, what stands behind them
 * comes in turn, by its number: however many nobody can take, none hides another for ever.
 *
 * Looked for once a second, because skills relax and shifts begin, and as soon as a batch has put a
 * case there or has given somebody room; decided in slices.  Search and decisions together take at
 * most a fifth of the time (law 9).
 */
#include "clock.h"
#include "dispatch_core_push.h"
#include "dispatch_shell.h"
#include "log.h"

enum {
    PUSH_PART = 64,                 /* of the best, and of those whose turn it is */
    PUSH_FOUND_MAX = 2 * PUSH_PART, /* of one search */
    PUSH_SLICE_US = 10000,          /* no decision is begun after that in one batch */
    PUSH_SHARE = 5
};

struct push_found {
    uint64_t case_id;
    int64_t queue; /* its number in the search */
    bool turn;     /* it is its turn, by its number */
    bool placed;   /* offered or assigned */
};

struct push {
    bool under_way;
    bool decided; /* in the batch under way */
    bool again;   /* something happened while it was looked for */
    bool found;   /* the last search came back with something */
    bool any;     /* an organisation was applied and some queue says so, a second ago */
    int64_t began_us;
    int64_t after_us; /* the next search, monotonic */
    int64_t slice_us; /* the next decisions, monotonic */
    uint64_t behind;  /* whose turn was last; 0: from the beginning */
    uint32_t count;
    uint32_t from; /* those before are done */
    uint32_t to;   /* those before were decided in the batch under way */
    struct push_found cases[PUSH_FOUND_MAX];
    const struct policy *loads_for; /* in the batch under way */
    struct dispatch_load loads[ORG_AGENTS_MAX];
    struct pg_array partitions;
};

bool push_open(struct dispatch *dispatch)
{
    dispatch->push = calloc(1, sizeof *dispatch->push);
    return dispatch->push != NULL;
}

void push_close(struct dispatch *dispatch)
{
    if (dispatch->push) {
        pg_array_done(&dispatch->push->partitions);
    }
    free(dispatch->push);
}

static void found(void *context, const struct pg_answer *answer)
{
    struct dispatch *dispatch = context;
    struct push *push = dispatch->push;
    int64_t now_us = clock_monotonic_us();
    push->under_way = false;
    push->after_us = now_us + (PUSH_SHARE - 1) * (now_us - push->began_us);
    if (answer->status != PG_OK) {
        return;
    }
    uint64_t last = 0;
    uint32_t turns = 0;
    push->from = push->to = 0;
    for (int row = 0; row < PQntuples(answer->results[0]) && row < PUSH_FOUND_MAX; row++) {
        struct push_found *one = &push->cases[push->count++];
        *one = (struct push_found){.case_id = (uint64_t)pg_int8(answer->results[0], row, 0),
                                   .queue = pg_int8(answer->results[0], row, 1),
                                   .turn = pg_bool(answer->results[0], row, 2)};
        turns += one->turn;
        last = one->turn && one->case_id > last ? one->case_id : last;
    }
    push->behind = turns == PUSH_PART ? last : 0;
    push->found = push->count > 0;
}

/* Of any policy that is here: an older version may have had to make room, and cases of it wait. */
static bool some_queue_pushes(const struct dispatch *dispatch)
{
    const struct policy_object *object;
    const struct policy_book *book = service_policies(dispatch->service);
    for (uint32_t n = 0; (object = policy_book_nth(book, n)); n++) {
        if (policy_pushes(&object->policy)) {
            return true;
        }
    }
    return false;
}

void push_search(struct dispatch *dispatch)
{
    struct error error = {0};
    struct push *push = dispatch->push;
    struct pg *reader = service_reader(dispatch->service);
    if (push->under_way) {
        push->again = push->any; /* and leave the list that is being sent alone */
        return;
    }
    bool org = people_org(dispatch) != NULL;
    push->any = org && (push->found || some_queue_pushes(dispatch));
    push->again = push->any && (push->count > 0 || clock_monotonic_us() < push->after_us);
    if (!org || push->again || pg_current_state(reader) != PG_READY) {
        return;
    }
    partitions_served(dispatch->service, &push->partitions);
    push->began_us = clock_monotonic_us();
    pg_begin(reader);
    dispatch_waiting_bind(reader, &push->partitions, PUSH_PART, push->behind);
    push->under_way = pg_send(reader, found, dispatch, &error);
    if (!push->under_way) {
        log_debug("waiting cases not looked for", LOG_ERROR_FIELDS(&error));
    }
}

void push_want_cases(struct dispatch *dispatch)
{
    for (uint32_t i = dispatch->push->from; i < dispatch->push->count; i++) {
        cases_want(dispatch, dispatch->push->cases[i].case_id);
    }
}

int64_t push_deadline_us(void *self)
{
    const struct dispatch *dispatch = self;
    int64_t wait_us = dispatch->push->slice_us - clock_monotonic_us();
    if (dispatch->push->count == 0) {
        return INT64_MAX;
    }
    return wait_us > 0 ? service_now_us(dispatch->service) + wait_us : 0;
}

/* How many cases somebody holds and may hold, this batch included. */
static void
load_fill(struct dispatch *dispatch, const struct policy *policy, const struct org_agent *who)
{
    const struct agent *agent = agent_find(dispatch, slice_text(who->name));
    struct dispatch_load *load = &dispatch->push->loads[who - people_org(dispatch)->agents];
    load->capacity = who->capacity >= 0 ? who->capacity : capacity_default(dispatch, policy);
    load->held = agent ? agent->used + agent->delta : 0;
    if (agent ? agent->full : agents_are_full(dispatch)) {
        load->held = load->capacity;
    }
}

/* Everybody's, for the first case of a policy in a batch. */
static void loads_fill(struct dispatch *dispatch, const struct policy *policy)
{
    const struct org *org = people_org(dispatch);
    for (uint16_t i = 0; i < org->agent_count && dispatch->push->loads_for != policy; i++) {
        load_fill(dispatch, policy, &org->agents[i]);
    }
    dispatch->push->loads_for = policy;
}

static bool push_one(struct dispatch *dispatch, struct cycle *cycle, uint64_t case_id)
{
    char load_text[DISPATCH_LOAD_TEXT_SIZE];
    struct slice field;
    /* a partition that is being given up still has its cases here */
    bool ours = service_serves(dispatch->service, case_partition(case_id));
    const struct held_case *held = ours ? dispatch_find(dispatch, case_id) : NULL;
    const struct policy *policy = held ? dispatch_policy(dispatch, held->state.policy_id) : NULL;
    if (!policy || !people_org(dispatch)) {
        return false;
    }
    loads_fill(dispatch, policy);
    const struct dispatch_input input = {.kind = DISPATCH_PUSH,
                                         .now_us = cycle_now_us(cycle),
                                         .org = people_org(dispatch),
                                         .loads = dispatch->push->loads,
                                         .load_text = load_text};
    if (dispatch_decide(policy, &held->state, &input, &dispatch->out, &field) != DISPATCH_APPEND) {
        return false;
    }
    const struct org_agent *taker = org_find(input.org, dispatch->out.advanced.agent);
    bool placed = dispatch_apply(dispatch, cycle, policy, case_id, &dispatch->out);
    if (taker) {
        load_fill(dispatch, policy, taker);
    }
    return placed;
}

/* All of its queue's best that were found went: those behind them are the best now, and its turn
 * is not before theirs. */
static bool best_went(const struct push *push, const struct push_found *one)
{
    bool any = false;
    for (uint32_t i = 0; i < push->count && !push->cases[i].turn; i++) {
        if (push->cases[i].queue == one->queue) {
            any = true;
            if (!push->cases[i].placed) {
                return false;
            }
        }
    }
    return any;
}

void push_tick(void *self, struct cycle *cycle, int64_t now_us)
{
    (void)now_us;
    struct dispatch *dispatch = self;
    struct push *push = dispatch->push;
    int64_t began_us = clock_monotonic_us();
    int64_t spent_us = 0;
    push->loads_for = NULL;
    for (push->to = push->from; push->to < push->count && spent_us < PUSH_SLICE_US; push->to++) {
        struct push_found *one = &push->cases[push->to];
        one->placed =
            !(one->turn && best_went(push, one)) && push_one(dispatch, cycle, one->case_id);
        spent_us = clock_monotonic_us() - began_us;
    }
    push->slice_us = began_us + PUSH_SHARE * spent_us;
    push->after_us += PUSH_SHARE * spent_us;
    push->decided = true;
}

/* A case waits now where it is offered by itself, or somebody has one less. */
static bool is_news(struct dispatch *dispatch, const struct changed_case *changed)
{
    const struct held_case *held = dispatch_find(dispatch, changed->before.case_id);
    const struct policy *policy = held ? dispatch_policy(dispatch, held->state.policy_id) : NULL;
    return policy && ((changed->before.agent[0] != '\0' && held->state.agent[0] == '\0') ||
                      (held->state.queue < policy->queue_count &&
                       policy->queues[held->state.queue].push != PUSH_NO));
}

void push_settled(struct dispatch *dispatch, bool committed)
{
    struct push *push = dispatch->push;
    bool pushed = push->decided;
    push->decided = false;
    if (!committed) {
        return; /* the same ones again */
    }
    push->from = pushed ? push->to : push->from;
    push->count = push->from < push->count ? push->count : 0;
    if (!push->any) {
        return;
    }
    for (uint32_t i = 0; i < dispatch->changed_count && !push->again; i++) {
        push->again = is_news(dispatch, &dispatch->changed[i]);
    }
    if (push->again) {
        push_search(dispatch);
    }
}
