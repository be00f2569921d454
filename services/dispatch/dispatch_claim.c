/* Claims: Redis proposes a case, which comes back as a command on it and is decided like any other
 * (law 6). */
#include "clock.h"
#include "dispatch_shell.h"
#include "log.h"

/* A claim that Redis is asked about: becomes a command on one case when it has answered. */
struct claim {
    struct dispatch *dispatch;
    struct bus_peer peer;
    uint8_t command_id[16];
    uint8_t actor[DISPATCH_AGENT_MAX];
    uint8_t role[POLICY_NAME_MAX];
    uint8_t actor_size, role_size;
    char queue[PROJECTION_QUEUE_MAX];
    struct claim *next; /* under way */
};

static void released(void *self, bool was, const struct error *error)
{
    (void)self;
    (void)was;
    (void)error; /* the lease ends by itself */
}

void claim_give_back(struct dispatch *dispatch, uint64_t case_id, struct slice token)
{
    char text[PROJECTION_TOKEN_SIZE];
    struct error error = {0};
    if (token.size == sizeof text - 1) {
        memcpy(text, token.bytes, token.size);
        text[token.size] = '\0';
        if (!projection_undo(
                projector_projection(dispatch->projector), case_id, text, released, NULL, &error)) {
            log_debug("claim not given back", LOG_ERROR_FIELDS(&error));
        }
    }
}

/*
 * Only while Redis is away, not when it merely has too much to do; and for at most a fifth of the
 * time, so that a flood of claims does not stop everything else (law 9).
 */
static bool may_search(const struct dispatch *dispatch)
{
    return !projector_is_ready(dispatch->projector) &&
           clock_monotonic_us() >= dispatch->search_after_us;
}

/* Redis is away: the best case of the queue among ours, found the slow way (law 6). */
static uint64_t claim_without_redis(struct dispatch *dispatch, const char *queue)
{
    int64_t began_us = clock_monotonic_us();
    uint64_t best = 0;
    double best_score = 0;
    for (uint32_t p = 0; p < service_partitions(dispatch->service); p++) {
        uint32_t at = 0;
        uint64_t case_id;
        const struct held_case *held;
        while (dispatch->cases[p] &&
               (held = table_next(dispatch->cases[p], &at, &case_id)) != NULL) {
            const struct policy *policy = held->state.queue == POLICY_NONE
                                              ? NULL
                                              : dispatch_policy(dispatch, held->state.policy_id);
            char name[PROJECTION_QUEUE_MAX];
            if (!policy) {
                continue;
            }
            (void)snprintf(
                name, sizeof name, "%s/%s", policy->name, policy->queues[held->state.queue].id);
            double score = dispatch_queue_score(&held->state);
            if (strcmp(name, queue) == 0 && (best == 0 || score < best_score)) {
                best = held->state.case_id;
                best_score = score;
            }
        }
    }
    int64_t ended_us = clock_monotonic_us();
    dispatch->search_after_us = ended_us + 4 * (ended_us - began_us);
    return best;
}

/* Comes back as a command on one case, which decides like any other. */
static void claim_ask(const struct claim *claim, uint64_t case_id, const char *token)
{
    struct arena *arena = arena_new(4096);
    if (!arena) {
        return;
    }
    struct slice bytes = dispatch_claim_pack(slice_of(claim->command_id, 16),
                                             slice_of(claim->actor, claim->actor_size),
                                             slice_of(claim->role, claim->role_size),
                                             case_id,
                                             slice_text(token),
                                             arena);
    service_request(claim->dispatch->service, &claim->peer, bytes);
    arena_free(&arena);
}

static void
claim_answer(const struct claim *claim, Redress__Command__V1__Outcome outcome, const char *code)
{
    struct arena *arena = arena_new(4096);
    if (!arena) {
        return;
    }
    const struct dispatch_reply reply = {
        .command_id = slice_of(claim->command_id, 16), .outcome = outcome, .code = code};
    service_reply(claim->dispatch->service, &claim->peer, dispatch_reply_pack(&reply, arena));
    arena_free(&arena);
}

/* A batch that is refused is decided again: a claim that is under way is not begun twice. */
static bool claim_is_asked(const struct dispatch *dispatch, const struct asked *asked)
{
    for (const struct claim *claim = dispatch->claims; claim; claim = claim->next) {
        if (memcmp(claim->command_id, asked->command->command_id.data, 16) == 0) {
            return true;
        }
    }
    return false;
}

static void claim_end(struct claim *claim)
{
    struct claim **at = &claim->dispatch->claims;
    while (*at && *at != claim) {
        at = &(*at)->next;
    }
    if (*at) {
        *at = claim->next;
    }
    free(claim);
}

static void claimed(void *self,
                    const struct projection_claim *claims,
                    uint32_t count,
                    const struct error *error)
{
    struct claim *claim = self;
    if (claim->dispatch->closing) {
        claim_end(claim);
        return;
    }
    uint64_t case_id = count > 0 ? claims[0].case_id : 0;
    if (error && !may_search(claim->dispatch)) {
        claim_answer(claim, REDRESS__COMMAND__V1__OUTCOME__OUTCOME_OVERLOADED, "overloaded");
        claim_end(claim);
        return;
    }
    if (error) {
        case_id = claim_without_redis(claim->dispatch, claim->queue);
    }
    if (case_id != 0) {
        claim_ask(claim, case_id, count > 0 ? claims[0].token : "");
    } else {
        claim_answer(claim, REDRESS__COMMAND__V1__OUTCOME__OUTCOME_EMPTY, "queue_empty");
    }
    claim_end(claim);
}

void claim(const struct asked *asked)
{
    struct dispatch *dispatch = asked->dispatch;
    const Redress__Command__V1__Command *command = asked->command;
    struct slice queue = command->claim->has_queue
                             ? slice_of(command->claim->queue.data, command->claim->queue.len)
                             : slice_of(NULL, 0);
    if (desk_repeated(asked) || claim_is_asked(dispatch, asked)) {
        return;
    }
    struct claim *claim = calloc(1, sizeof *claim);
    if (!claim || queue.size == 0 || queue.size >= sizeof claim->queue) {
        free(claim);
        desk_refuse(asked, "queue_unknown", "a queue is named POLICY/QUEUE");
        return;
    }
    *claim = (struct claim){.dispatch = dispatch,
                            .peer = asked->request->peer,
                            .actor_size = (uint8_t)command->actor.len,
                            .role_size = (uint8_t)command->role.len};
    memcpy(claim->command_id, command->command_id.data, sizeof claim->command_id);
    memcpy(claim->actor, command->actor.data, command->actor.len);
    memcpy(claim->role, command->role.data, command->role.len);
    memcpy(claim->queue, queue.bytes, queue.size);
    claim->next = dispatch->claims;
    dispatch->claims = claim;
    const char *const queues[] = {claim->queue};
    const struct projection_claim_order order = {
        .queues = queues, .queue_count = 1, .count = 1, .lease_ms = DISPATCH_CLAIM_LEASE_MS};
    struct error error = {0};
    if (!projection_claim(
            projector_projection(dispatch->projector), &order, claimed, claim, &error)) {
        claimed(claim, NULL, 0, &error);
    }
}
