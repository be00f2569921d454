/* Claims: Redis proposes a case, which comes back as a command on it and is decided like any other
 * (law 6). */
#include "clock.h"
#include "dispatch_shell.h"
#include "log.h"

/*
 * A claim that Redis is asked about; what Redis proposes comes back as a command on that case.  It
 * is there until that command is decided for good, or until it is answered and the batch that began
 * it is committed: a batch decided again, or the same claim sent again meanwhile, begins no second
 * search, of which one would be told "empty" and the other be given a case.
 */
struct claim {
    struct dispatch *dispatch;
    struct bus_peer peer;
    uint8_t command_id[16];
    uint64_t mark;
    uint8_t actor[DISPATCH_AGENT_MAX];
    uint8_t role[POLICY_NAME_MAX];
    uint8_t actor_size, role_size;
    char queue[PROJECTION_QUEUE_MAX];
    uint64_t tried[DISPATCH_TRIES_MAX]; /* cases that were proposed to it */
    uint32_t tried_count;
    uint64_t proposed;   /* the last of them, as a command on its way; 0: Redis is being asked */
    uint32_t decided_in; /* the batch that decides that command; 0: none yet */
    bool begun;          /* the batch that asked for the search is committed */
    bool answered;       /* there is none, or nobody could look */
    struct claim *next;  /* under way */
};

static void released(void *self, bool was, const struct error *error)
{
    struct dispatch *dispatch = self;
    (void)was;
    (void)error; /* the lease ends by itself */
    dispatch->asked_redis--;
}

void claim_give_back(struct dispatch *dispatch, uint64_t case_id, struct slice token)
{
    char text[PROJECTION_TOKEN_SIZE];
    struct error error = {0};
    if (token.size == sizeof text - 1) {
        memcpy(text, token.bytes, token.size);
        text[token.size] = '\0';
        struct projection *projection = projector_projection(dispatch->projector);
        if (projection_undo(projection, case_id, text, released, dispatch, &error)) {
            dispatch->asked_redis++;
        } else {
            log_debug("claim not given back", LOG_ERROR_FIELDS(&error));
        }
    }
}

/*
 * A queue that Redis says is empty.  Entries may have been taken out of it by hand; but a case may
 * also be on its way in or out, so it is lost to Redis when the archive has it there both now and
 * the next time.
 */
struct doubt {
    char queue[PROJECTION_QUEUE_MAX];
    int64_t after_us; /* monotonic: the archive is asked again then */
    uint64_t case_id; /* what it had there; 0: nothing */
};

enum {
    FOUND_KEPT_US = 2000000,
    DOUBTS_MAX = 64,
    DOUBT_EVERY_US = 10000000, /* longer than a claim's lease */
    DOUBT_PAUSES = 19,         /* times as long as the search took, which reads the whole table */
};

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
    int64_t doubt_after_us; /* of any queue */
    uint32_t doubt_next;
    struct doubt doubts[DOUBTS_MAX];
};

bool claim_open(struct dispatch *dispatch)
{
    dispatch->search = calloc(1, sizeof *dispatch->search);
    return dispatch->search != NULL;
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

void claim_close(struct dispatch *dispatch)
{
    while (dispatch->claims) { /* proposed, and nobody decides it any more */
        claim_end(dispatch->claims);
    }
    free(dispatch->search);
}

/* For at most a fifth of the time, so that a flood of claims does not stop everything else (law 9).
 */
static bool may_search(const struct dispatch *dispatch)
{
    return !dispatch->search->under_way && clock_monotonic_us() >= dispatch->search->after_us;
}

/* A case of the last search, or 0. */
static uint64_t found_take(struct search *search, const char *queue)
{
    bool good = search->next < search->count && strcmp(search->queue, queue) == 0 &&
                clock_monotonic_us() < search->until_us;
    return good ? search->cases[search->next++] : 0;
}

/* Comes back as a command on one case, which decides like any other.  The claim may have ended when
 * this returns: where the command is not taken, it was answered so. */
static void claim_ask(struct claim *claim, const char *token)
{
    struct arena *arena = arena_new(4096);
    if (!arena) {
        claim_end(claim);
        return;
    }
    struct slice bytes = dispatch_claim_pack(slice_of(claim->command_id, 16),
                                             slice_of(claim->actor, claim->actor_size),
                                             slice_of(claim->role, claim->role_size),
                                             claim->proposed,
                                             slice_text(claim->queue),
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

/* Answers for good. */
static void claim_tell(struct claim *claim, Redress__Command__V1__Outcome outcome, const char *code)
{
    claim_answer(claim, outcome, code);
    claim->answered = true;
    if (claim->begun) {
        claim_end(claim);
    }
}

static struct claim *claim_find(const struct dispatch *dispatch, ProtobufCBinaryData id)
{
    struct claim *claim = id.len == 16 ? dispatch->claims : NULL;
    while (claim && memcmp(claim->command_id, id.data, 16) != 0) {
        claim = claim->next;
    }
    return claim;
}

static bool is_claim(const Redress__Command__V1__Act *act)
{
    return act && act->has_action &&
           slice_equal(slice_of(act->action.data, act->action.len), slice_text("claim"));
}

/* The claim that proposed this very case to this command.  NULL: none of this instance. */
static struct claim *claim_of(const struct dispatch *dispatch,
                              const Redress__Command__V1__Command *command)
{
    const Redress__Command__V1__Act *act = command->act;
    struct claim *claim = is_claim(act) ? claim_find(dispatch, command->command_id) : NULL;
    /* one that asks has proposed nothing, and will be answered into */
    return claim && claim->proposed != 0 && claim->proposed == act->case_id ? claim : NULL;
}

bool claim_is_another(const struct asked *asked)
{
    const struct claim *claim = claim_find(asked->dispatch, asked->command->command_id);
    return claim && claim->mark != asked->mark;
}

void claim_decided(const struct asked *asked)
{
    struct claim *claim = claim_of(asked->dispatch, asked->command);
    if (claim && claim->mark == asked->mark) {
        claim->decided_in = asked->dispatch->cycle;
    }
}

void claims_committed(struct dispatch *dispatch)
{
    for (struct claim *claim = dispatch->claims, *next; claim; claim = next) {
        next = claim->next;
        if (claim->answered || (claim->proposed != 0 && claim->decided_in == dispatch->cycle)) {
            claim_end(claim);
        } else {
            claim->begun = true;
        }
    }
}

void claim_refused(struct dispatch *dispatch, const Redress__Command__V1__Command *command)
{
    const Redress__Command__V1__Act *act = command->act;
    struct claim *claim = claim_of(dispatch, command);
    if (claim && claim->mark == desk_mark(dispatch, command)) { /* else another's */
        claim_end(claim);
    }
    if (is_claim(act) && act->has_claim_token) { /* costs Redis no more than a claim does */
        claim_give_back(
            dispatch, act->case_id, slice_of(act->claim_token.data, act->claim_token.len));
    }
}

/* passed: cases are there that are not for this person now. */
static void claim_settle(struct claim *claim, uint64_t case_id, const char *token, bool passed)
{
    if (case_id != 0) {
        claim->tried[claim->tried_count++] = case_id;
        claim->proposed = case_id;
        claim_ask(claim, token);
        return;
    }
    passed = passed || claim->tried_count > 0;
    claim_tell(
        claim, REDRESS__COMMAND__V1__OUTCOME__OUTCOME_EMPTY, passed ? "none_fits" : "queue_empty");
}

static void claim_later(struct claim *claim)
{
    claim_tell(claim, REDRESS__COMMAND__V1__OUTCOME__OUTCOME_OVERLOADED, "overloaded");
}

static void search_ended(struct search *search, int64_t now_us)
{
    search->under_way = false;
    search->after_us = now_us + 4 * (now_us - search->began_us);
}

static void search_answered(void *context, const struct pg_answer *answer)
{
    struct claim *claim = context;
    struct search *search = claim->dispatch->search;
    int64_t now_us = clock_monotonic_us();
    search_ended(search, now_us);
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

static bool search_send(struct claim *claim, pg_answered answered)
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
    search->under_way = pg_send(reader, answered, claim, &error);
    return search->under_way;
}

static void claim_without_redis(struct claim *claim)
{
    uint64_t case_id = found_take(claim->dispatch->search, claim->queue);
    if (case_id != 0) {
        claim_settle(claim, case_id, "", false);
    } else if (projector_is_ready(claim->dispatch->projector) || /* it has too much to do */
               !may_search(claim->dispatch) || !search_send(claim, search_answered)) {
        claim_later(claim);
    }
}

static struct doubt *doubt_of(struct search *search, const char *queue)
{
    for (uint32_t i = 0; i < DOUBTS_MAX; i++) {
        if (strcmp(search->doubts[i].queue, queue) == 0) {
            return &search->doubts[i];
        }
    }
    struct doubt *doubt = &search->doubts[search->doubt_next++ % DOUBTS_MAX];
    *doubt = (struct doubt){0};
    (void)snprintf(doubt->queue, sizeof doubt->queue, "%s", queue);
    return doubt;
}

static void doubted(void *context, const struct pg_answer *answer)
{
    struct claim *claim = context;
    struct dispatch *dispatch = claim->dispatch;
    struct search *search = dispatch->search;
    int64_t now_us = clock_monotonic_us();
    search_ended(search, now_us);
    search->doubt_after_us = now_us + DOUBT_PAUSES * (now_us - search->began_us);
    const PGresult *rows = answer->status == PG_OK ? answer->results[0] : NULL;
    struct doubt *doubt = doubt_of(search, claim->queue);
    uint64_t first = rows && PQntuples(rows) > 0 ? (uint64_t)pg_int8(rows, 0, 0) : 0;
    bool lost = first != 0 && first == doubt->case_id;
    doubt->case_id = first;
    if (lost) {
        log_error("a queue is empty in Redis and not in the archive: its shares are built anew",
                  LOG_TEXT("queue", claim->queue),
                  LOG_NUMBER("case", first),
                  LOG_TEXT("do", "see who else writes into this Redis"));
    }
    for (int row = 0; lost && row < PQntuples(rows); row++) {
        projection_rebuild(projector_projection(dispatch->projector),
                           SERVICE_DISPATCH,
                           case_partition((uint64_t)pg_int8(rows, row, 0)));
    }
    claim_settle(claim, lost ? first : 0, "", false);
}

/* Redis says that the queue is empty.  True: the archive is asked, and the claim answered then. */
static bool claim_doubt(struct claim *claim)
{
    struct search *search = claim->dispatch->search;
    struct doubt *doubt = doubt_of(search, claim->queue);
    int64_t now_us = clock_monotonic_us();
    if (now_us < doubt->after_us || now_us < search->doubt_after_us ||
        !may_search(claim->dispatch)) {
        return false;
    }
    doubt->after_us = now_us + DOUBT_EVERY_US;
    return search_send(claim, doubted);
}

static void claimed(void *self,
                    const struct projection_claim *claims,
                    uint32_t count,
                    uint32_t passed,
                    const struct error *error)
{
    struct claim *claim = self;
    claim->dispatch->asked_redis--;
    if (claim->dispatch->closing) {
        claim_end(claim);
    } else if (error) {
        claim_without_redis(claim);
    } else if (count > 0 || passed > 0 || claim->tried_count > 0 || !claim_doubt(claim)) {
        claim_settle(
            claim, count > 0 ? claims[0].case_id : 0, count > 0 ? claims[0].token : "", passed > 0);
    }
}

/* Asks Redis; what was proposed before is left alone. */
static void claim_search(struct claim *claim)
{
    static struct fit_tokens tokens; /* large */
    struct dispatch *dispatch = claim->dispatch;
    claim->proposed = 0;
    claim->decided_in = 0;
    claim->begun = false;
    fit_tokens(dispatch, slice_of(claim->actor, claim->actor_size), &tokens);
    const char *const queues[] = {claim->queue};
    const struct projection_claim_order order = {.queues = queues,
                                                 .queue_count = 1,
                                                 .skip = claim->tried,
                                                 .skip_count = claim->tried_count,
                                                 .has = tokens.has,
                                                 .has_count = tokens.count,
                                                 .count = 1,
                                                 .lease_ms = DISPATCH_CLAIM_LEASE_MS};
    struct error error = {0};
    dispatch->asked_redis++;
    if (!projection_claim(
            projector_projection(dispatch->projector), &order, claimed, claim, &error)) {
        claimed(claim, NULL, 0, 0, &error);
    }
}

/* NULL: refused, there is no such queue. */
static struct claim *claim_new(const struct asked *asked, struct slice queue)
{
    struct dispatch *dispatch = asked->dispatch;
    const Redress__Command__V1__Command *command = asked->command;
    struct claim *claim = calloc(1, sizeof *claim);
    if (!claim || queue.size == 0 || queue.size >= sizeof claim->queue) {
        free(claim);
        desk_refuse(asked, DESK_QUEUE_UNKNOWN, NULL);
        return NULL;
    }
    *claim = (struct claim){.dispatch = dispatch,
                            .peer = asked->request->peer,
                            .mark = asked->mark,
                            .actor_size = (uint8_t)command->actor.len,
                            .role_size = (uint8_t)command->role.len,
                            .next = dispatch->claims};
    memcpy(claim->command_id, command->command_id.data, sizeof claim->command_id);
    memcpy(claim->actor, command->actor.data, command->actor.len);
    memcpy(claim->role, command->role.data, command->role.len);
    memcpy(claim->queue, queue.bytes, queue.size);
    dispatch->claims = claim;
    return claim;
}

void claim(const struct asked *asked)
{
    const Redress__Command__V1__Command *command = asked->command;
    struct slice queue = command->claim->has_queue
                             ? slice_of(command->claim->queue.data, command->claim->queue.len)
                             : slice_of(NULL, 0);
    struct claim *claim = claim_find(asked->dispatch, command->command_id);
    if (claim && claim->mark == asked->mark) {
        claim->peer = asked->request->peer; /* who asks again may have come anew */
    } else if (!desk_repeated(asked) && !people_postpone(asked) && !people_refuse(asked)) {
        claim = claim_new(asked, queue);
        if (claim) {
            claim_search(claim);
        }
    }
}

bool claim_again(const struct asked *asked, enum dispatch_answer answered)
{
    struct dispatch *dispatch = asked->dispatch;
    const Redress__Command__V1__Act *act = asked->command->act;
    struct claim *claim = claim_find(dispatch, asked->command->command_id);
    bool here = claim_of(dispatch, asked->command) != NULL;
    /* another instance's; without its queue nothing can be proposed that is the same command */
    bool elsewhere = act->has_claim_token && act->claim_token.len > 0 && act->has_queue;
    bool fits_others = answered == DISPATCH_SKILL || answered == DISPATCH_KEPT ||
                       answered == DISPATCH_RECUSED || answered == DISPATCH_EARLIER_HANDLER;
    if (claim && !here) {
        return true; /* the batch is decided once more */
    }
    if ((!claim && !elsewhere) || !fits_others || dispatch->closing ||
        (claim && claim->tried_count == DISPATCH_TRIES_MAX)) {
        return false;
    }
    claim_give_back(dispatch, act->case_id, slice_of(act->claim_token.data, act->claim_token.len));
    if (!claim) {
        claim = claim_new(asked, slice_of(act->queue.data, act->queue.len));
        if (!claim) {
            return true;
        }
        claim->tried[claim->tried_count++] = act->case_id;
    }
    claim_search(claim);
    return true;
}
