#include "refold.h"

#include "archive_form.h"
#include "chain.h"
#include "event_wire.h"
#include "log.h"

#include <stdlib.h>

enum {
    CASES_MAX = 64,   /* at once: a Received may be large */
    ROWS_MAX = 65536, /* in memory at once; a life has some tens of events */
};

/* The events of one case by one service: rows of the answer, in the order of seq. */
struct run {
    int at;
    int end;
};

struct wanted {
    uint64_t case_id;
    bool answered; /* something, by the rows at hand */
};

struct refold {
    struct service *service;
    struct refold_source source;
    uint32_t count;
    struct wanted wanted[CASES_MAX];
    const PGresult *rows;
    uint64_t case_id; /* the one being folded, and what follows of it */
    struct run runs[SERVICE_WATCHDOG + 1];
    uint32_t own;
    bool first;
    bool lacks_policy;
    struct error error;
    struct event event; /* large, as the next */
    struct event caused;
};

/* columns of refold_events */
enum { ROW_CASE, ROW_SERVICE, ROW_SEQ, ROW_BYTES };

struct refold *refold_new(struct service *service, const struct refold_source *source)
{
    struct refold *refold = calloc(1, sizeof *refold);
    if (refold) {
        refold->service = service;
        refold->source = *source;
    }
    return refold;
}

void refold_free(struct refold **refold_p)
{
    free(*refold_p);
    *refold_p = NULL;
}

static struct wanted *wanted_of(struct refold *refold, uint64_t case_id)
{
    for (uint32_t i = 0; i < refold->count; i++) {
        if (refold->wanted[i].case_id == case_id) {
            return &refold->wanted[i];
        }
    }
    return NULL;
}

void refold_want(struct refold *refold,
                 struct cycle *cycle,
                 uint64_t case_id,
                 const struct error *why)
{
    if (!wanted_of(refold, case_id) && refold->count < CASES_MAX) {
        log_error("a row of the archive cannot be read: its case is folded anew from the journal",
                  LOG_NUMBER("case", case_id),
                  LOG_ERROR_FIELDS(why),
                  LOG_TEXT("do", "redress verify tells what else was altered"));
        refold->wanted[refold->count++].case_id = case_id;
    }
    cycle_look_again(cycle); /* also where too many wait: it comes after them */
}

bool refold_bind(struct refold *refold, struct pg *pg)
{
    static struct pg_array services;
    static struct pg_array partitions;
    static struct pg_array cases;
    pg_array_begin(&services, PG_INT2);
    pg_array_begin(&partitions, PG_INT2);
    pg_array_begin(&cases, PG_INT8);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < refold->count; i++) {
        uint64_t case_id = refold->wanted[i].case_id;
        if (service_serves(refold->service, case_partition(case_id))) {
            refold->wanted[kept++] = (struct wanted){.case_id = case_id};
            pg_array_int2(&partitions, (int32_t)case_partition(case_id));
            pg_array_int8(&cases, (int64_t)case_id);
        }
    }
    refold->count = kept;
    if (kept == 0) {
        return false;
    }
    unsigned wanted = refold->source.inputs | 1U << refold->source.id;
    for (enum service_id id = SERVICE_INTAKE; id <= SERVICE_WATCHDOG; id++) {
        if ((wanted >> id & 1U) != 0) {
            pg_array_int2(&services, (int32_t)id);
        }
    }
    pg_call(pg, "refold_events");
    pg_bind_int2(pg, (int32_t)refold->source.id);
    pg_bind_array(pg, &services);
    pg_bind_array(pg, &partitions);
    pg_bind_array(pg, &cases);
    pg_bind_int4(pg, ROWS_MAX);
    return true;
}

/* One event of the case, checked as an input is.  False: it cannot be read. */
static bool event_read(struct refold *refold, int row, struct event *event)
{
    uint8_t hash[HASH_SIZE];
    struct slice bytes = pg_bytes(refold->rows, row, ROW_BYTES);
    chain_hash(bytes, hash);
    if (!event_decode_lent(bytes, hash, event, &refold->error)) {
        return false;
    }
    bool known = event->schema >= EVENT_SCHEMA_OLDEST && event->schema <= EVENT_SCHEMA &&
                 event_kind_service(event->kind) != SERVICE_NONE;
    bool here = (int)event->service == pg_int2(refold->rows, row, ROW_SERVICE) &&
                event->seq == (uint64_t)pg_int8(refold->rows, row, ROW_SEQ) &&
                event->partition == case_partition(refold->case_id);
    return (known && here) || error_set(&refold->error,
                                        ERROR_REJECT,
                                        "%s #%llu is %s",
                                        service_name(event->service),
                                        (unsigned long long)event->seq,
                                        known ? "not in its place" : "of another version");
}

static bool fold(struct refold *refold, const struct event *event)
{
    if (event->case_id != refold->case_id) {
        return true; /* put under this case by a hand: the column is not in the chain */
    }
    refold->lacks_policy = !refold->source.fold(refold->source.self, event, refold->first);
    refold->first = false;
    refold->own += event->service == refold->source.id;
    return !refold->lacks_policy;
}

/* Those of an input before this seq.  False: stop. */
static bool fold_inputs(struct refold *refold, enum service_id from, uint64_t before)
{
    struct run *run = &refold->runs[from];
    while (run->at < run->end && (uint64_t)pg_int8(refold->rows, run->at, ROW_SEQ) < before) {
        if (!event_read(refold, run->at++, &refold->caused) || !fold(refold, &refold->caused)) {
            return false;
        }
    }
    return true;
}

/*
 * In the order in which redress verify folds: what an event of the daemon's own follows from comes
 * before it, but for its very cause, which is folded after what it caused.  A case begins with its
 * Received, so that comes before anything dispatch did.
 */
static bool fold_all(struct refold *refold)
{
    struct run *own = &refold->runs[refold->source.id];
    while (own->at < own->end) {
        if (!event_read(refold, own->at++, &refold->event)) {
            return false;
        }
        const struct event *event = &refold->event;
        if (event->cause_service == SERVICE_DISPATCH && refold->source.id != SERVICE_DISPATCH &&
            (!fold_inputs(refold, SERVICE_INTAKE, UINT64_MAX) ||
             !fold_inputs(refold, SERVICE_DISPATCH, event->cause_seq))) {
            return false;
        }
        if (!fold(refold, event)) {
            return false;
        }
    }
    return fold_inputs(refold, SERVICE_INTAKE, UINT64_MAX) &&
           fold_inputs(refold, SERVICE_DISPATCH, UINT64_MAX);
}

/* The rows from one up to another are of one case. */
static bool fold_case(struct refold *refold, int from, int to)
{
    memset(refold->runs, 0, sizeof refold->runs);
    for (int row = from; row < to; row++) {
        int service = pg_int2(refold->rows, row, ROW_SERVICE);
        if (service == SERVICE_NONE) {
            return error_set(&refold->error,
                             ERROR_REJECT,
                             "events of it left with period %lld of the journal",
                             (long long)pg_int8(refold->rows, row, ROW_SEQ));
        }
        struct run *run = &refold->runs[service];
        run->at = run->end == 0 ? row : run->at;
        run->end = row + 1;
    }
    return fold_all(refold) &&
           ((!refold->first &&
             refold->source.done(refold->source.self, refold->case_id, refold->own)) ||
            error_set(&refold->error, ERROR_REJECT, "its events do not make a case"));
}

/* from == to: the journal has nothing of it. */
static void take_case(struct refold *refold, struct wanted *wanted, int from, int to)
{
    wanted->answered = true;
    refold->case_id = wanted->case_id;
    refold->own = 0;
    refold->first = true;
    refold->lacks_policy = false;
    refold->error = (struct error){0};
    if (fold_case(refold, from, to)) {
        log_info("folded anew from the journal",
                 LOG_NUMBER("case", refold->case_id),
                 LOG_NUMBER("events", to - from));
        service_refolded(refold->service);
        *wanted = refold->wanted[--refold->count];
    } else if (!refold->lacks_policy) { /* which the batch waits for, as any batch does */
        struct error error = {0};
        (void)error_set(&error,
                        ERROR_REJECT,
                        "case %llu has no row that can be read, nor can it be folded anew: %s",
                        (unsigned long long)refold->case_id,
                        refold->error.text);
        service_fail_case(refold->service, &error);
    }
}

static int case_end(const struct refold *refold, int from, int count)
{
    int64_t case_id = pg_int8(refold->rows, from, ROW_CASE);
    int to = from + 1;
    while (to < count && pg_int8(refold->rows, to, ROW_CASE) == case_id) {
        to++;
    }
    return to;
}

void refold_take(struct refold *refold, const PGresult *rows)
{
    int count = PQntuples(rows);
    bool cut = count == ROWS_MAX; /* the last may have more, and others be missing */
    refold->rows = rows;
    for (int from = 0, to; from < count; from = to) {
        to = case_end(refold, from, count);
        struct wanted *wanted = wanted_of(refold, (uint64_t)pg_int8(rows, from, ROW_CASE));
        if (wanted && (!cut || to < count || from == 0)) {
            take_case(refold, wanted, from, to);
        }
    }
    for (uint32_t i = 0; i < refold->count && !cut; i++) {
        if (!refold->wanted[i].answered) {
            take_case(refold, &refold->wanted[i], 0, 0);
        }
    }
    refold->rows = NULL;
}
