#include "pg_private.h"

#include <assert.h>
#include <event2/event.h>
#include <stdarg.h>

enum {
    CONNECT_TIMEOUT_S = 5,
};

static void on_io(evutil_socket_t socket, short what, void *context);
static void on_timer(evutil_socket_t socket, short what, void *context);
static void connection_lost(struct pg *pg, const char *why);

static void timer_set(struct pg *pg, int ms)
{
    struct timeval wait = {ms / 1000, ms % 1000 * 1000L};
    (void)event_add(pg->timer, &wait);
}

static void io_events_drop(struct pg *pg)
{
    if (pg->readable) {
        event_free(pg->readable);
        pg->readable = NULL;
    }
    if (pg->writable) {
        event_free(pg->writable);
        pg->writable = NULL;
    }
}

/* While connecting libpq may close its socket and open another under the same number, which the
 * loop would not notice: the events are made anew. */
static void io_events_make(struct pg *pg, bool want_read, bool want_write)
{
    int socket = PQsocket(pg->connection);
    if (pg->phase == PHASE_CONNECTING) {
        io_events_drop(pg);
    }
    if (!pg->readable) {
        pg->readable = event_new(pg->base, socket, EV_READ | EV_PERSIST, on_io, pg);
        pg->writable = event_new(pg->base, socket, EV_WRITE | EV_PERSIST, on_io, pg);
    }
    (void)(want_read ? event_add(pg->readable, NULL) : event_del(pg->readable));
    (void)(want_write ? event_add(pg->writable, NULL) : event_del(pg->writable));
}

static void connect_begin(struct pg *pg)
{
    const char *const keywords[] = {
        "dbname", "application_name", "options", "keepalives_idle", "tcp_user_timeout", NULL};
    const char *const values[] = {pg->conninfo,
                                  pg->application,
                                  /* NOLINTNEXTLINE(bugprone-suspicious-missing-comma): one text */
                                  "-c search_path=redress -c plan_cache_mode=force_generic_plan "
                                  "-c enable_seqscan=off -c jit=off -c client_min_messages=error "
                                  "-c synchronous_commit=on", /* law 1, whatever the server says */
                                  "10",
                                  "15000",
                                  NULL};
    pg->connection = PQconnectStartParams(keywords, values, 1);
    if (!pg->connection || PQstatus(pg->connection) == CONNECTION_BAD) {
        connection_lost(pg, pg->connection ? PQerrorMessage(pg->connection) : "out of memory");
        return;
    }
    pg->phase = PHASE_CONNECTING;
    io_events_make(pg, false, true);
    timer_set(pg, CONNECT_TIMEOUT_S * 1000);
}

struct pg *pg_new(struct event_base *base,
                  const char *conninfo,
                  const char *application,
                  const struct pg_statement *statements,
                  unsigned count,
                  pg_state_changed changed,
                  void *owner)
{
    struct pg *pg = calloc(1, sizeof *pg);
    if (!pg) {
        return NULL;
    }
    pg->base = base;
    (void)snprintf(pg->conninfo, sizeof pg->conninfo, "%s", conninfo);
    (void)snprintf(pg->application, sizeof pg->application, "%s", application);
    pg->statements = statements;
    pg->statement_count = count;
    pg->changed = changed;
    pg->owner = owner;
    pg->backoff_ms = PG_BACKOFF_FIRST_MS;
    pg->timer = event_new(base, -1, 0, on_timer, pg);
    if (!pg->timer) {
        free(pg);
        return NULL;
    }
    timer_set(pg, 0);
    return pg;
}

enum pg_state pg_current_state(const struct pg *pg)
{
    return pg->phase == PHASE_READY ? PG_READY : PG_DOWN;
}

int pg_backend_pid(const struct pg *pg)
{
    return pg->connection ? PQbackendPID(pg->connection) : 0;
}

unsigned pg_pending(const struct pg *pg)
{
    return pg->pending;
}

static void request_release(struct pg_request *request)
{
    for (unsigned i = 0; i < request->count; i++) {
        PQclear(request->results[i]);
    }
    *request = (struct pg_request){0};
}

/* Takes the first request off the ring and answers it. */
static void request_answer(struct pg *pg, struct pg_answer *answer)
{
    struct pg_request request = pg->requests[pg->first];
    pg->requests[pg->first] = (struct pg_request){0};
    pg->first = (pg->first + 1) % PG_REQUESTS_MAX;
    pg->pending--;
    answer->count = request.count;
    answer->results = request.results;
    if (request.answered) {
        request.answered(request.context, answer);
    }
    answer->results = NULL;
    request_release(&request);
}

static void requests_lose(struct pg *pg, const struct error *error)
{
    while (pg->pending > 0) {
        struct pg_answer answer = {.status = PG_LOST, .detail = "", .error = *error};
        request_answer(pg, &answer);
    }
}

static void connection_lost(struct pg *pg, const char *why)
{
    bool was_ready = pg->phase == PHASE_READY || pg->phase == PHASE_BROKEN;
    struct error error = {0};
    (void)error_set(&error, ERROR_RETRY, "postgresql: %s", why);
    io_events_drop(pg);
    if (pg->connection) {
        PQfinish(pg->connection);
        pg->connection = NULL;
    }
    pg->phase = PHASE_WAITING;
    pg->calls = 0;
    pg->call = NULL;
    requests_lose(pg, &error);
    /* a little disorder, so that a fleet does not come back in step */
    int jitter = (int)((uintptr_t)pg >> 6 & 0x1f) + pg->backoff_ms / 4;
    timer_set(pg, pg->backoff_ms + jitter);
    pg->backoff_ms =
        pg->backoff_ms * 2 > PG_BACKOFF_MAX_MS ? PG_BACKOFF_MAX_MS : pg->backoff_ms * 2;
    if (pg->changed && (was_ready || pg->backoff_ms > PG_BACKOFF_FIRST_MS * 2)) {
        pg->changed(pg->owner, PG_DOWN, &error);
    }
}

void pg_reset(struct pg *pg, const char *why)
{
    connection_lost(pg, why);
}

void pg_break(struct pg *pg, const char *why)
{
    (void)snprintf(pg->broken, sizeof pg->broken, "%s", why);
    pg->phase = PHASE_BROKEN;
    io_events_drop(pg);
    timer_set(pg, 0);
}

void pg_flush(struct pg *pg)
{
    int left = PQflush(pg->connection);
    if (left < 0) {
        pg_break(pg, PQerrorMessage(pg->connection));
        return;
    }
    io_events_make(pg, true, left == 1);
}

static void prepare_all(struct pg *pg)
{
    pg->phase = PHASE_PREPARING;
    pg->prepared = 0;
    if (PQsetnonblocking(pg->connection, 1) != 0 || PQenterPipelineMode(pg->connection) != 1) {
        connection_lost(pg, PQerrorMessage(pg->connection));
        return;
    }
    for (unsigned i = 0; i < pg->statement_count; i++) {
        const struct pg_statement *statement = &pg->statements[i];
        if (PQsendPrepare(pg->connection, statement->name, statement->sql, 0, NULL) != 1) {
            connection_lost(pg, PQerrorMessage(pg->connection));
            return;
        }
    }
    if (PQpipelineSync(pg->connection) != 1) {
        connection_lost(pg, PQerrorMessage(pg->connection));
        return;
    }
    pg_flush(pg);
}

static void connecting(struct pg *pg)
{
    switch (PQconnectPoll(pg->connection)) {
    case PGRES_POLLING_READING:
        io_events_make(pg, true, false);
        return;
    case PGRES_POLLING_WRITING:
        io_events_make(pg, false, true);
        return;
    case PGRES_POLLING_OK:
        prepare_all(pg);
        return;
    case PGRES_POLLING_FAILED:
    case PGRES_POLLING_ACTIVE:
        break;
    }
    connection_lost(pg, PQerrorMessage(pg->connection));
}

/* One result while the statements are being prepared.  False: the connection is gone. */
static bool preparing(struct pg *pg, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_PIPELINE_SYNC) {
        PQclear(result);
        pg->phase = PHASE_READY;
        pg->backoff_ms = PG_BACKOFF_FIRST_MS;
        (void)event_del(pg->timer);
        if (pg->changed) {
            pg->changed(pg->owner, PG_READY, NULL);
        }
        return pg->phase == PHASE_READY;
    }
    if (status != PGRES_COMMAND_OK) {
        char why[240];
        const char *name =
            pg->prepared < pg->statement_count ? pg->statements[pg->prepared].name : "?";
        (void)snprintf(why, sizeof why, "statement %s: %s", name, PQresultErrorMessage(result));
        PQclear(result);
        connection_lost(pg, why);
        return false;
    }
    pg->prepared++;
    PQclear(result);
    return true;
}

static void request_done(struct pg *pg)
{
    struct pg_request *request = &pg->requests[pg->first];
    struct pg_answer answer = {.status = PG_OK, .detail = ""};
    if (request->failed) {
        const PGresult *result = request->results[request->failed - 1];
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
        const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
        answer.status = PG_FAILED;
        answer.detail = detail ? detail : "";
        answer.statement = request->failed - 1;
        answer.name =
            answer.statement < request->expected ? request->names[answer.statement] : "commit";
        (void)snprintf(answer.sqlstate, sizeof answer.sqlstate, "%s", state ? state : "");
        (void)error_set(&answer.error,
                        ERROR_RETRY,
                        "postgresql: %s %s",
                        answer.sqlstate,
                        text ? text : PQresultErrorMessage(result));
    }
    request_answer(pg, &answer);
}

static bool answering(struct pg *pg, PGresult *result)
{
    if (pg->pending == 0) {
        PQclear(result);
        connection_lost(pg, "an answer nobody asked for");
        return false;
    }
    struct pg_request *request = &pg->requests[pg->first];
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_PIPELINE_SYNC) {
        PQclear(result);
        request_done(pg);
        return pg->phase == PHASE_READY;
    }
    /* after the last statement's: the commit failed, or the session was ended under it */
    assert(request->count < PG_STATEMENTS_MAX + 1);
    request->results[request->count++] = result;
    bool good = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
    if (!good && !request->failed) {
        request->failed = request->count;
    }
    return true;
}

static void take_results(struct pg *pg)
{
    unsigned nothing = 0; /* two in a row: there is no more to be had now */
    while (pg->connection && !PQisBusy(pg->connection) && nothing < 2) {
        PGresult *result = PQgetResult(pg->connection);
        if (!result) {
            nothing++;
            continue;
        }
        nothing = 0;
        bool going = pg->phase == PHASE_PREPARING ? preparing(pg, result) : answering(pg, result);
        if (!going) {
            return;
        }
    }
}

static void on_io(evutil_socket_t socket, short what, void *context)
{
    (void)socket;
    struct pg *pg = context;
    if (pg->phase == PHASE_CONNECTING) {
        connecting(pg);
        return;
    }
    if ((what & EV_READ) != 0) {
        if (PQconsumeInput(pg->connection) != 1) {
            connection_lost(pg, PQerrorMessage(pg->connection));
            return;
        }
        take_results(pg);
    }
    if (pg->phase == PHASE_READY || pg->phase == PHASE_PREPARING) {
        pg_flush(pg);
    }
}

static void on_timer(evutil_socket_t socket, short what, void *context)
{
    (void)socket;
    (void)what;
    struct pg *pg = context;
    if (pg->phase == PHASE_WAITING) {
        connect_begin(pg);
    } else if (pg->phase == PHASE_BROKEN) {
        connection_lost(pg, pg->broken);
    } else if (pg->phase != PHASE_READY) {
        connection_lost(pg, "no connection within 5 s");
    }
}

void pg_free(struct pg **pg_p)
{
    struct pg *pg = *pg_p;
    if (!pg) {
        return;
    }
    pg->changed = NULL;
    struct error error = {0};
    (void)error_set(&error, ERROR_RETRY, "postgresql: closing");
    requests_lose(pg, &error);
    io_events_drop(pg);
    event_free(pg->timer);
    if (pg->connection) {
        PQfinish(pg->connection);
    }
    free(pg);
    *pg_p = NULL;
}
