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
 * Redis is away: the best cases of a queue among ours, found the slow way (law 6).  One search at a
 * time; what it found beyond the first is for the claims that follow on the same queue.
 */
struct search {
    bool under_way;
    int64_t began_us;
    int64_t after_us; /* the next one, monotonic */
    int64_t until_us; /* so long what was found is worth proposing */
    char queue[PROJECTION_QUEUE_MAX];
    uint32_t count, next;
    uint64_t cases[DISPATCH_FOUND_MAX];
};

enum { FOUND_KEPT_US = 2000000 };

bool claim_open(struct dispatch *dispatch)
{
    dispatch->search = calloc(1, sizeof *dispatch->search);
    return dispatch->search != NULL;
}

void claim_close(struct dispatch *dispatch)
{
    free(dispatch->search);
}

/*
 * Only while Redis is away, not when it merely has too much to do; and for at most a fifth of the
 * time, so that a flood of claims does not stop everything else (law 9).
 */
static bool may_search(const struct dispatch *dispatch)
{
    return !projector_is_ready(dispatch->projector) && !dispatch->search->under_way &&
           clock_monotonic_us() >= dispatch->search->after_us;
}

/* A case of the last search, or 0. */
static uint64_t found_take(struct search *search, const char *queue)
{
    bool good = search->next < search->count && strcmp(search->queue, queue) == 0 &&
                clock_monotonic_us() < search->until_us;
    return good ? search->cases[search->next++] : 0;
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

static void claim_settle(struct claim *claim, uint64_t case_id, const char *token)
{
    if (case_id != 0) {
        claim_ask(claim, case_id, token);
    } else {
        claim_answer(claim, REDRESS__COMMAND__V1__OUTCOME__OUTCOME_EMPTY, "queue_empty");
    }
    claim_end(claim);
}

static void claim_later(struct claim *claim)
{
    claim_answer(claim, REDRESS__COMMAND__V1__OUTCOME__OUTCOME_OVERLOADED, "overloaded");
    claim_end(claim);
}

static void search_answered(void *context, const struct pg_answer *answer)
{
    struct claim *claim = context;
    struct search *search = claim->dispatch->search;
    int64_t now_us = clock_monotonic_us();
    search->under_way = false;
    search->after_us = now_us + 4 * (now_us - search->began_us);
    if (answer->status != PG_OK) {
        claim_later(claim);
        return;
    }
    search->until_us = now_us + FOUND_KEPT_US;
    search->next = 0;
    search->count = 0;
    for (int row = 0; row < PQntuples(answer->results[0]) && row < DISPATCH_FOUND_MAX; row++) {
        search->cases[search->count++] = (uint64_t)pg_int8(answer->results[0], row, 0);
    }
    claim_settle(claim, found_take(search, claim->queue), "");
}

static bool search_send(struct claim *claim)
{
    static struct pg_array partitions;
    struct error error = {0};
    struct search *search = claim->dispatch->search;
    struct service *service = claim->dispatch->service;
    struct pg *reader = service_reader(service);
    char policy[PROJECTION_QUEUE_MAX];
    const char *slash = strchr(claim->queue, '/');
    if (!slash || pg_current_state(reader) != PG_READY) {
        return false;
    }
    (void)snprintf(policy, sizeof policy, "%.*s", (int)(slash - claim->queue), claim->queue);
    pg_array_begin(&partitions, PG_INT2);
    for (uint32_t p = 0; p < service_partitions(service); p++) {
        if (service_serves(service, p)) {
            pg_array_int2(&partitions, (int32_t)p);
        }
    }
    memcpy(search->queue, claim->queue, sizeof search->queue);
    search->count = 0;
    search->began_us = clock_monotonic_us();
    pg_begin(reader);
    dispatch_search_bind(reader, policy, slash + 1, &partitions, DISPATCH_FOUND_MAX);
    search->under_way = pg_send(reader, search_answered, claim, &error);
    return search->under_way;
}

static void claim_without_redis(struct claim *claim)
{
    uint64_t case_id = found_take(claim->dispatch->search, claim->queue);
    if (case_id != 0) {
        claim_settle(claim, case_id, "");
    } else if (!may_search(claim->dispatch) || !search_send(claim)) {
        claim_later(claim);
    }
}

static void claimed(void *self,
                    const struct projection_claim *claims,
                    uint32_t count,
                    const struct error *error)
{
    struct claim *claim = self;
    if (claim->dispatch->closing) {
        claim_end(claim);
    } else if (error) {
        claim_without_redis(claim);
    } else {
        claim_settle(claim, count > 0 ? claims[0].case_id : 0, count > 0 ? claims[0].token : "");
    }
}

void claim(const struct asked *asked)
{
    struct dispatch *dispatch = asked->dispatch;
    const Redress__Command__V1__Command *command = asked->command;
    struct slice queue = command->claim->has_queue
                             ? slice_of(command->claim->queue.data, command->claim->queue.len)
                             : slice_of(NULL, 0);
    if (desk_repeated(asked) || claim_is_asked(dispatch, asked) || people_refuse(asked)) {
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
