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

/* Cases that were proposed to this claim, in a ring of the last ones. */
static uint32_t
tried_by(const struct dispatch *dispatch, const uint8_t id[16], uint64_t cases[DISPATCH_TRIED_MAX])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < DISPATCH_TRIED_MAX; i++) {
        const struct tried *tried = &dispatch->tried[i];
        if (tried->case_id != 0 && memcmp(tried->command_id, id, sizeof tried->command_id) == 0) {
            cases[count++] = tried->case_id;
        }
    }
    return count;
}

static void tried_note(struct dispatch *dispatch, const uint8_t id[16], uint64_t case_id)
{
    struct tried *tried = &dispatch->tried[dispatch->tried_next++ % DISPATCH_TRIED_MAX];
    tried->case_id = case_id;
    memcpy(tried->command_id, id, sizeof tried->command_id);
}

/* passed: cases are there that are not for this person now. */
static void claim_settle(struct claim *claim, uint64_t case_id, const char *token, bool passed)
{
    uint64_t cases[DISPATCH_TRIED_MAX];
    if (case_id != 0) {
        tried_note(claim->dispatch, claim->command_id, case_id);
        claim_ask(claim, case_id, token);
    } else {
        passed = passed || tried_by(claim->dispatch, claim->command_id, cases) > 0;
        claim_answer(claim,
                     REDRESS__COMMAND__V1__OUTCOME__OUTCOME_EMPTY,
                     passed ? "none_fits" : "queue_empty");
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
    claim_settle(claim, found_take(search, claim->queue), "", false);
}

void partitions_served(const struct service *service, struct pg_array *partitions)
{
    pg_array_begin(partitions, PG_INT2);
    for (uint32_t p = 0; p < service_partitions(service); p++) {
        if (service_serves(service, p)) {
            pg_array_int2(partitions, (int32_t)p);
        }
    }
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
    partitions_served(service, &partitions);
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
        claim_settle(claim, case_id, "", false);
    } else if (!may_search(claim->dispatch) || !search_send(claim)) {
        claim_later(claim);
    }
}

static void claimed(void *self,
                    const struct projection_claim *claims,
                    uint32_t count,
                    uint32_t passed,
                    const struct error *error)
{
    struct claim *claim = self;
    if (claim->dispatch->closing) {
        claim_end(claim);
    } else if (error) {
        claim_without_redis(claim);
    } else {
        claim_settle(
            claim, count > 0 ? claims[0].case_id : 0, count > 0 ? claims[0].token : "", passed > 0);
    }
}

/* Asks Redis; what was proposed to this command before is left alone. */
static void claim_begin(const struct asked *asked, struct slice queue)
{
    static struct fit_tokens tokens; /* large */
    struct dispatch *dispatch = asked->dispatch;
    const Redress__Command__V1__Command *command = asked->command;
    struct claim *claim = calloc(1, sizeof *claim);
    if (!claim || queue.size == 0 || queue.size >= sizeof claim->queue) {
        free(claim);
        desk_refuse(asked, DESK_QUEUE_UNKNOWN, NULL);
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
    uint64_t skip[DISPATCH_TRIED_MAX];
    fit_tokens(dispatch, slice_of(claim->actor, claim->actor_size), &tokens);
    const char *const queues[] = {claim->queue};
    const struct projection_claim_order order = {.queues = queues,
                                                 .queue_count = 1,
                                                 .skip = skip,
                                                 .skip_count =
                                                     tried_by(dispatch, claim->command_id, skip),
                                                 .has = tokens.has,
                                                 .has_count = tokens.count,
                                                 .count = 1,
                                                 .lease_ms = DISPATCH_CLAIM_LEASE_MS};
    struct error error = {0};
    if (!projection_claim(
            projector_projection(dispatch->projector), &order, claimed, claim, &error)) {
        claimed(claim, NULL, 0, 0, &error);
    }
}

void claim(const struct asked *asked)
{
    const Redress__Command__V1__Command *command = asked->command;
    struct slice queue = command->claim->has_queue
                             ? slice_of(command->claim->queue.data, command->claim->queue.len)
                             : slice_of(NULL, 0);
    if (!desk_repeated(asked) && !claim_is_asked(asked->dispatch, asked) && !people_refuse(asked)) {
        claim_begin(asked, queue);
    }
}

bool claim_again(const struct asked *asked,
                 const struct policy *policy,
                 const struct dispatch_case *state,
                 enum dispatch_answer answered)
{
    struct dispatch *dispatch = asked->dispatch;
    const Redress__Command__V1__Act *act = asked->command->act;
    uint64_t tried[DISPATCH_TRIED_MAX];
    char queue[PROJECTION_QUEUE_MAX];
    uint32_t count = tried_by(dispatch, asked->command->command_id.data, tried);
    bool here = false; /* proposed by this instance; a token says that another one did */
    for (uint32_t i = 0; i < count; i++) {
        here = here || tried[i] == act->case_id;
    }
    bool proposed = here || (act->has_claim_token && act->claim_token.len > 0);
    bool fits_others = answered == DISPATCH_SKILL || answered == DISPATCH_KEPT ||
                       answered == DISPATCH_RECUSED || answered == DISPATCH_EARLIER_HANDLER;
    if (!proposed || !fits_others || count >= DISPATCH_TRIES_MAX || dispatch->closing) {
        return false;
    }
    if (claim_is_asked(dispatch, asked)) {
        return true; /* the batch is decided once more */
    }
    if (!here) {
        tried_note(dispatch, asked->command->command_id.data, act->case_id);
    }
    claim_give_back(dispatch, act->case_id, slice_of(act->claim_token.data, act->claim_token.len));
    (void)snprintf(queue, sizeof queue, "%s/%s", policy->name, policy->queues[state->queue].id);
    claim_begin(asked, slice_text(queue));
    return true;
}
