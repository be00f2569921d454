/*
 * Cases that are offered out of their queues by themselves: the best that wait in queues which say
 * so are looked for in the archive (Redis is not asked: law 6), and each is decided by the core
 * with what everybody holds now.
 *
 * Looked for once a second, because skills relax and shifts begin, and as soon as a batch has put a
 * case there or has given somebody room; for at most a fifth of the time (law 9).
 */
#include "clock.h"
#include "dispatch_core_push.h"
#include "dispatch_shell.h"
#include "log.h"

enum { PUSH_FOUND_MAX = 64 };

struct push {
    bool under_way;
    bool decided; /* in the batch under way */
    bool again;   /* something happened while it was looked for */
    bool any;     /* an organisation was applied and some queue says so, a second ago */
    int64_t began_us;
    int64_t after_us; /* the next search, monotonic */
    uint32_t count;
    uint64_t cases[PUSH_FOUND_MAX];
    struct dispatch_load loads[ORG_AGENTS_MAX];
    struct pg_array policies, queues, partitions;
};

bool push_open(struct dispatch *dispatch)
{
    dispatch->push = calloc(1, sizeof *dispatch->push);
    return dispatch->push != NULL;
}

void push_close(struct dispatch *dispatch)
{
    if (dispatch->push) {
        pg_array_done(&dispatch->push->policies);
        pg_array_done(&dispatch->push->queues);
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
    push->after_us = now_us + 4 * (now_us - push->began_us);
    if (answer->status != PG_OK) {
        return;
    }
    for (int row = 0; row < PQntuples(answer->results[0]) && row < PUSH_FOUND_MAX; row++) {
        push->cases[push->count++] = (uint64_t)pg_int8(answer->results[0], row, 0);
    }
}

/* Of every policy that is here; false: no queue says so. */
static bool queues_that_push(const struct dispatch *dispatch, struct push *push)
{
    const struct policy_object *object;
    const struct policy_book *book = service_policies(dispatch->service);
    bool any = false;
    pg_array_begin(&push->policies, PG_TEXT);
    pg_array_begin(&push->queues, PG_TEXT);
    for (uint32_t n = 0; (object = policy_book_nth(book, n)); n++) {
        for (uint16_t i = 0; i < object->policy.queue_count; i++) {
            if (object->policy.queues[i].push != PUSH_NO) {
                pg_array_bytes(&push->policies, slice_text(object->policy.name));
                pg_array_bytes(&push->queues, slice_text(object->policy.queues[i].id));
                any = true;
            }
        }
    }
    return any;
}

void push_search(struct dispatch *dispatch)
{
    struct error error = {0};
    struct push *push = dispatch->push;
    struct pg *reader = service_reader(dispatch->service);
    if (push->under_way) {
        push->again = push->any; /* and leave the lists that are being sent alone */
        return;
    }
    push->any = people_org(dispatch) && queues_that_push(dispatch, push);
    push->again = push->any && (push->count > 0 || clock_monotonic_us() < push->after_us);
    if (!push->any || push->again || pg_current_state(reader) != PG_READY) {
        return;
    }
    partitions_served(dispatch->service, &push->partitions);
    push->began_us = clock_monotonic_us();
    pg_begin(reader);
    dispatch_waiting_bind(
        reader, &push->policies, &push->queues, &push->partitions, PUSH_FOUND_MAX);
    push->under_way = pg_send(reader, found, dispatch, &error);
    if (!push->under_way) {
        log_debug("waiting cases not looked for", LOG_ERROR_FIELDS(&error));
    }
}

void push_want_cases(struct dispatch *dispatch)
{
    for (uint32_t i = 0; i < dispatch->push->count; i++) {
        cases_want(dispatch, dispatch->push->cases[i]);
    }
}

int64_t push_deadline_us(void *self)
{
    const struct dispatch *dispatch = self;
    return dispatch->push->count > 0 ? 0 : INT64_MAX;
}

/* How many cases everybody holds and may hold, this batch included. */
static void loads_fill(struct dispatch *dispatch, const struct policy *policy)
{
    const struct org *org = people_org(dispatch);
    int32_t usual = capacity_default(dispatch, policy);
    bool full = agents_are_full(dispatch);
    for (uint16_t i = 0; i < org->agent_count; i++) {
        const struct org_agent *who = &org->agents[i];
        const struct agent *agent = agent_find(dispatch, slice_text(who->name));
        struct dispatch_load *load = &dispatch->push->loads[i];
        load->capacity = who->capacity >= 0 ? who->capacity : usual;
        load->held = agent ? agent->used + agent->delta : 0;
        if (agent ? agent->full : full) {
            load->held = load->capacity;
        }
    }
}

static void push_one(struct dispatch *dispatch, struct cycle *cycle, uint64_t case_id)
{
    char load_text[DISPATCH_LOAD_TEXT_SIZE];
    struct slice field;
    /* a partition that is being given up still has its cases here */
    bool ours = service_serves(dispatch->service, case_partition(case_id));
    const struct held_case *held = ours ? dispatch_find(dispatch, case_id) : NULL;
    const struct policy *policy = held ? dispatch_policy(dispatch, held->state.policy_id) : NULL;
    if (!policy || !people_org(dispatch)) {
        return;
    }
    loads_fill(dispatch, policy);
    const struct dispatch_input input = {.kind = DISPATCH_PUSH,
                                         .now_us = cycle_now_us(cycle),
                                         .org = people_org(dispatch),
                                         .loads = dispatch->push->loads,
                                         .load_text = load_text};
    if (dispatch_decide(policy, &held->state, &input, &dispatch->out, &field) == DISPATCH_APPEND) {
        (void)dispatch_apply(dispatch, cycle, policy, case_id, &dispatch->out);
    }
}

void push_tick(void *self, struct cycle *cycle, int64_t now_us)
{
    (void)now_us;
    struct dispatch *dispatch = self;
    for (uint32_t i = 0; i < dispatch->push->count; i++) {
        push_one(dispatch, cycle, dispatch->push->cases[i]);
    }
    dispatch->push->decided = true;
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
    push->count = pushed ? 0 : push->count;
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
