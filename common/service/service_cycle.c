/* The batch cycle: lookup, decide, one transaction, and only then publish and reply (laws 1, 3, 4,
 * 5). */
#include "clock.h"
#include "log.h"
#include "service_private.h"

#include <assert.h>

enum {
    ATTEMPTS_MAX = 50,
    WAIT_US = 100000,
    WAIT_LONG_US = 1000000,
    WAIT_POLICY_US = 20000, /* it comes in a few milliseconds, unless it has many patterns */
};

bool cycle_init(struct service *service)
{
    struct cycle *cycle = &service->cycle;
    cycle->service = service;
    cycle->arena = arena_new(CYCLE_BYTES_MAX);
    cycle->events = malloc(sizeof *cycle->events * CYCLE_EVENTS_MAX);
    cycle->replies = malloc(sizeof *cycle->replies * 2 * SERVICE_BATCH_MAX);
    return cycle->arena && cycle->events && cycle->replies && input_list_init(&cycle->inputs);
}

static void memory_forget(struct cycle *cycle)
{
    (cycle->keeps_secrets ? arena_wipe : arena_reset)(cycle->arena);
    cycle->keeps_secrets = false;
}

void cycle_done(struct service *service)
{
    struct cycle *cycle = &service->cycle;
    requests_release(cycle, 0);
    if (cycle->arena) {
        memory_forget(cycle);
        arena_free(&cycle->arena);
    }
    if (cycle->inputs.arena) {
        input_list_done(&cycle->inputs);
    }
    free(cycle->events);
    free(cycle->replies);
    cycle->events = NULL;
    cycle->replies = NULL;
}

/* Puts the streams back to what is committed. */
static void streams_revert(struct cycle *cycle)
{
    for (uint32_t i = 0; i < cycle->touched_count; i++) {
        struct stream *stream = &cycle->service->streams[cycle->touched[i]];
        stream->touched = false;
        stream->first_event = NOWHERE;
    }
    cycle->touched_count = 0;
    cycle->event_count = 0;
    cycle->reply_count = 0;
}

/* Nothing is under way. */
static void part_end(struct cycle *cycle)
{
    streams_revert(cycle);
    memory_forget(cycle);
    policy_book_let_go(cycle->service->policies);
    cycle->attempts = 0;
    cycle->archive_refuses = false; /* nothing would find out when it does not any more */
}

/*
 * Requests gather for half as long again as a batch took of late.  What is the same for each batch,
 * whatever is in it, so takes the less of the processors the fewer of them are to be had, and
 * whoever is not alone waits for company rather than for them (measured: tests/bench/README.md).
 */
static void gather(struct cycle *cycle)
{
    enum {
        SMOOTHLY = 8, /* so many batches, about, are "of late" */
        TIMES_MAX = 8,
    };
    int64_t least = cycle->service->spec->gather_us;
    cycle->took_us += (clock_monotonic_us() - cycle->begun_us - cycle->took_us) / SMOOTHLY;
    int64_t wait = cycle->took_us + cycle->took_us / 2;
    wait = wait < least ? least : wait > least * TIMES_MAX ? least * TIMES_MAX : wait;
    cycle->gathered_us = cycle->begun_us + wait;
}

/* Empties the batch. */
static void cycle_end(struct cycle *cycle)
{
    part_end(cycle);
    if (cycle->request_count > 0) {
        gather(cycle);
    }
    requests_release(cycle, 0);
    input_list_reset(&cycle->inputs);
    cycle->part = (struct part){0};
    cycle->service->drain_after_us = 0;
}

void cycle_connected(struct service *service)
{
    (void)appender_step(&service->cycle.phase, APPENDER_CONNECTED);
}

void cycle_cut(struct service *service)
{
    bool told = service->cycle.phase == APPENDER_IDLE;
    if ((appender_step(&service->cycle.phase, APPENDER_CUT) & APPENDER_DO_FORGET_ALL) != 0) {
        requests_refuse(&service->cycle, told, false);
        cycle_end(&service->cycle);
        service->archive_refuses[0] = '\0';
    }
}

static void replies_send(struct cycle *cycle)
{
    for (uint32_t i = 0; i < cycle->reply_count; i++) {
        const struct reply *reply = &cycle->replies[i];
        (cycle->keeps_secrets ? bus_reply_secret
                              : bus_reply)(cycle->service->bus, &reply->peer, reply->bytes);
    }
}

static void advance(struct cycle *cycle)
{
    struct service *service = cycle->service;
    if (cycle->touched_count > 0 && service->archive_refuses[0]) {
        service->archive_refuses[0] = '\0';
        log_info("archive takes commits again");
    }
    if (cycle->touched_count > 0) { /* else nothing was asked of the archive: no proof of life */
        service->renewed_us = clock_monotonic_us();
        health_commit_took(service->renewed_us - cycle->sent_us);
    }
    service->counts.commits++;
    service->counts.events += cycle->event_count;
    service->counts.inputs += cycle_input_count(cycle);
    for (uint32_t i = 0; i < cycle->touched_count; i++) {
        struct stream *stream = &service->streams[cycle->touched[i]];
        stream->seq = stream->next_seq;
        memcpy(stream->hash, stream->next_hash, HASH_SIZE);
        memcpy(stream->checkpoints, stream->next_checkpoints, sizeof stream->checkpoints);
    }
}

/* The head rows told that somebody else owns one of the batch's streams: forget all of them,
 * whichever it was. */
static void forget_touched(struct cycle *cycle, const uint32_t *touched, uint32_t count)
{
    cycle->service->counts.fenced++;
    for (uint32_t i = 0; i < count; i++) {
        owner_fenced(cycle->service, touched[i]);
    }
}

static void look_up(struct cycle *cycle);
static void decide(struct cycle *cycle);

/* All of it is told: what it left behind can go. */
static void tell(struct cycle *cycle)
{
    struct service *service = cycle->service;
    replies_send(cycle);
    if (service->spec->committed) {
        service->spec->committed(service->self, cycle);
    }
    if (cycle_has_rest(service)) {
        part_end(cycle);
    } else {
        cycle_end(cycle);
    }
    owner_drained(service);
}

static enum undo_verdict undo(struct cycle *cycle, const struct pg_answer *answer)
{
    const struct service *service = cycle->service;
    cycle->service->counts.failed += answer != NULL;
    enum undo_verdict verdict =
        service->spec->undo ? service->spec->undo(service->self, cycle, answer) : UNDO_LATER;
    streams_revert(cycle);
    return answer ? verdict : cycle->look_again ? UNDO_AGAIN : UNDO_LATER;
}

/* Not for what stands in this batch: no room, no memory, no leave to write, an operator's hand. The
 * classes of PostgreSQL's appendix A. */
static bool refuses_all(const char *sqlstate)
{
    static const char *const states[] = {"53", "57", "58", "25006", "42501"};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        if (strncmp(sqlstate, states[i], strlen(states[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* Whoever asked is told to try later, and may be what it was refused for, as where this role lacks
 * a privilege that his request alone needs: the batch is tried again without him.  How long to
 * wait. */
static int64_t archive_refused(struct cycle *cycle, const struct pg_answer *answer)
{
    struct service *service = cycle->service;
    bool grant = strcmp(answer->sqlstate, "42501") == 0;
    bool asked = cycle->request_count > cycle->part.request_from;
    if (!service->archive_refuses[0]) {
        log_error(grant ? "archive refuses a statement" : "archive takes nothing",
                  LOG_ERROR_FIELDS(&answer->error),
                  LOG_TEXT("statement", answer->name),
                  LOG_TEXT("effect", "nothing is lost, who asks is told to try later"),
                  LOG_TEXT("do",
                           grant ? "grant this role what deploy/schema grants it"
                                 : "make room, or give PostgreSQL back its leave to write"));
    }
    (void)snprintf(service->archive_refuses,
                   sizeof service->archive_refuses,
                   "PostgreSQL %s, who asks is told to try later: %.70s%s%.24s",
                   grant ? "refuses us" : "takes nothing",
                   answer->error.text,
                   grant ? ": " : "",
                   grant ? answer->name : "");
    service->archive_refused_us = clock_monotonic_us();
    requests_refuse(cycle, false, true);
    cycle->archive_refuses = !grant || !asked;
    return cycle->archive_refuses ? WAIT_LONG_US : 0;
}

/* A batch that is refused again and again for its own sake ends the daemon; an archive that takes
 * nothing is waited for, however long: a new process would fare no better. */
static void
wait_for_archive(struct cycle *cycle, enum undo_verdict verdict, const struct pg_answer *answer)
{
    struct service *service = cycle->service;
    policy_book_let_go(service->policies);
    bool all = answer && verdict != UNDO_AGAIN && refuses_all(answer->sqlstate);
    int64_t wait_us = verdict == UNDO_AGAIN ? 0 : all ? archive_refused(cycle, answer) : WAIT_US;
    cycle->wait_until_us = clock_monotonic_us() + wait_us;
    if (all) {
        return;
    }
    if (!answer && cycle_lacks_policy(cycle)) {
        /* it comes, or is told not to be had */
        cycle->wait_until_us = clock_monotonic_us() + (verdict == UNDO_AGAIN ? 0 : WAIT_POLICY_US);
        log_debug("waiting for a policy");
    } else if (++cycle->attempts > ATTEMPTS_MAX) {
        service_fail(service, answer ? answer->error.text : "a batch never found enough");
    }
}

/* NOLINTBEGIN(misc-no-recursion): the machine's own steps, at most one of each input in a row */
/* Does what the machine says after an input. */
static void
cycle_step(struct cycle *cycle, enum appender_input input, const struct pg_answer *answer)
{
    struct service *service = cycle->service;
    unsigned effects = appender_step(&cycle->phase, input);
    if ((effects & APPENDER_DO_ADVANCE) != 0) {
        advance(cycle);
    }
    if ((effects & APPENDER_DO_PUBLISH) != 0) {
        for (uint32_t i = 0; i < cycle->touched_count; i++) {
            input_publish(service, cycle->touched[i], cycle->arena);
        }
    }
    if ((effects & APPENDER_DO_REPLY) != 0) {
        tell(cycle);
    }
    uint32_t count = cycle->touched_count;
    uint32_t touched[PARTITION_MAX];
    memcpy(touched, cycle->touched, count * sizeof *touched);
    enum undo_verdict verdict = UNDO_LATER;
    if ((effects & APPENDER_DO_UNDO) != 0) {
        verdict = undo(cycle, answer);
    }
    if ((effects & APPENDER_DO_FORGET) != 0) {
        forget_touched(cycle, touched, count);
    }
    if ((effects & APPENDER_DO_WAIT) != 0) {
        wait_for_archive(cycle, verdict, answer);
    }
    if ((effects & APPENDER_DO_LOOK_UP) != 0) {
        look_up(cycle);
    }
    if ((effects & APPENDER_DO_DECIDE) != 0) {
        decide(cycle);
    }
}

/* A head that is somebody else's raises; one that is not there at all does not. */
static bool heads_moved(const struct cycle *cycle, const struct pg_answer *answer)
{
    uint32_t moved = 0;
    for (unsigned i = 0; i < cycle->head_calls; i++) {
        moved += (uint32_t)strtoul(PQcmdTuples(answer->results[i]), NULL, 10);
    }
    return moved == cycle->touched_count;
}

static void commit_answered(void *context, const struct pg_answer *answer)
{
    struct cycle *cycle = context;
    switch (answer->status) {
    case PG_OK:
        if (!heads_moved(cycle, answer)) {
            service_fail(cycle->service, "the archive lacks head rows");
            return;
        }
        if (cycle->service->spec->stored) {
            cycle->service->spec->stored(cycle->service->self, answer);
        }
        cycle_step(cycle, APPENDER_COMMITTED, answer);
        return;
    case PG_FAILED:
        if (strcmp(answer->sqlstate, "RD001") == 0) {
            cycle_step(cycle, APPENDER_FENCED, answer);
            return;
        }
        log_info("commit refused",
                 LOG_ERROR_FIELDS(&answer->error),
                 LOG_NUMBER("statement", answer->statement),
                 LOG_NUMBER("attempt", cycle->attempts));
        cycle_step(cycle, APPENDER_REFUSED, answer);
        return;
    case PG_LOST:
        return; /* it may or may not have happened: the skeleton hears of the connection, and
                   forgets everything */
    }
}

static void commit(struct cycle *cycle)
{
    struct service *service = cycle->service;
    struct error error = {0};
    pg_begin(service->writer);
    cycle_rows_bind(cycle, service->writer);
    if (service->spec->store) {
        service->spec->store(service->self, cycle, service->writer);
    }
    cycle->sent_us = clock_monotonic_us();
    if (!pg_send(service->writer, commit_answered, cycle, &error)) {
        pg_reset(service->writer, error.text);
    }
}

static void decide(struct cycle *cycle)
{
    struct service *service = cycle->service;
    cycle->now_us = service_now_us(service);
    cycle->looked_up_misses = cycle_lacks_policy(cycle);
    struct part done = cycle_decide(cycle);
    if (!service->alive) {
        return; /* something could not be decided: commit nothing, so that it is decided after the
                   restart */
    }
    if (cycle_lacks_policy(cycle) && cycle_part_shorten(cycle, done)) {
        cycle->look_again = true;
    }
    if (cycle->look_again || cycle_lacks_policy(cycle)) {
        cycle_step(cycle, APPENDER_REFUSED, NULL);
        return;
    }
    if (cycle->touched_count > 0) {
        commit(cycle);
    } else {
        cycle_step(cycle, APPENDER_COMMITTED, NULL); /* nothing to write down */
    }
}

static void lookup_answered(void *context, const struct pg_answer *answer)
{
    struct cycle *cycle = context;
    if (answer->status == PG_FAILED) {
        log_warn("lookup refused", LOG_ERROR_FIELDS(&answer->error));
        cycle_step(cycle, APPENDER_REFUSED, answer);
    } else if (answer->status == PG_OK) {
        cycle->service->spec->looked_up(cycle->service->self, cycle, answer);
        cycle_step(cycle, APPENDER_FOUND, NULL);
    }
}

/* From the top: also after a refused commit. */
static void look_up(struct cycle *cycle)
{
    struct service *service = cycle->service;
    memory_forget(cycle);
    cycle->look_again = false;
    cycle->policy_misses = service->policy_misses;
    policy_book_hold(service->policies);
    if (!service->spec->lookup) {
        cycle_step(cycle, APPENDER_FOUND, NULL);
        return;
    }
    struct error error = {0};
    pg_begin(service->writer);
    if (!service->spec->lookup(service->self, cycle, service->writer)) {
        pg_abandon(service->writer);
        cycle_step(cycle, APPENDER_FOUND, NULL);
    } else if (!pg_send(service->writer, lookup_answered, cycle, &error)) {
        pg_reset(service->writer, error.text);
    }
}
/* NOLINTEND(misc-no-recursion) */

static bool inputs_ripe(const struct service *service)
{
    if (held_is_ripe(service)) {
        return true;
    }
    if (service->incoming.count == 0) {
        return false;
    }
    return service->spec->linger_us == 0 || service->incoming_hurried ||
           service->incoming.count >= service->spec->company ||
           clock_monotonic_us() - service->incoming_since_us >= service->spec->linger_us;
}

int64_t cycle_requests_ripe_us(const struct service *service)
{
    bool full = service->waiting_count >= (uint32_t)service->settings.batch_max ||
                service->waiting_bytes >= CYCLE_REQUEST_BYTES_MAX;
    return service->waiting_count == 0 ? INT64_MAX : full ? 0 : service->cycle.gathered_us;
}

int64_t cycle_deadline_us(const struct service *service)
{
    return service->spec->deadline_us ? service->spec->deadline_us(service->self) : INT64_MAX;
}

int64_t cycle_due_us(const struct service *service)
{
    int64_t at_us = cycle_deadline_us(service);
    return at_us == INT64_MAX ? at_us : at_us + clock_monotonic_us() - service_now_us(service);
}

void cycle_run(struct service *service, int64_t now_us)
{
    struct cycle *cycle = &service->cycle;
    if (cycle->phase == APPENDER_WAITING && clock_monotonic_us() >= cycle->wait_until_us) {
        cycle_step(cycle, APPENDER_WAITED, NULL);
        return;
    }
    if (service->serving == 0 && cycle->phase == APPENDER_IDLE && cycle_has_rest(service)) {
        requests_refuse(cycle, true, false);
        cycle_end(cycle);
    }
    requests_refuse_waiting(service);
    if (cycle->phase != APPENDER_IDLE || service->serving == 0 ||
        pg_current_state(service->writer) != PG_READY) {
        return;
    }
    bool tick = cycle_deadline_us(service) <= now_us;
    bool rest = cycle_has_rest(service);
    bool ripe = !rest && (tick || inputs_ripe(service)); /* what came by then is told before */
    int64_t begun_us = clock_monotonic_us();
    if (!tick && !rest && !ripe && cycle_requests_ripe_us(service) > begun_us) {
        return;
    }
    if (ripe) {
        struct input_list taken = cycle->inputs;
        cycle->inputs = service->incoming;
        service->incoming = taken;
        held_take(service, &cycle->inputs);
    }
    cycle->tick = tick;
    if (!rest) {
        requests_take(cycle);
        cycle->begun_us = begun_us;
    }
    cycle_part_begin(cycle);
    cycle_step(cycle, APPENDER_WORK, NULL);
}
