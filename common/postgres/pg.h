/*
 * A connection to PostgreSQL that never blocks the loop: libpq in pipeline mode on a libevent base.
 *
 * Work is sent as requests.  A request is a list of prepared statements followed by one sync: one
 * implicit transaction, one round trip; if one statement fails, none has happened.  Requests are
 * answered in order.  Nothing is ever cancelled, and nothing is sent again by itself: a lost
 * connection answers all requests under way with PG_LOST, whose outcome is unknown: every
 * reconnect is a takeover.
 */
#ifndef REDRESS_PG_H
#define REDRESS_PG_H

#include "error.h"
#include "pg_array.h"

#include <libpq-fe.h>
#include <stdint.h>

struct event_base;

enum {
    PG_PARAMETERS_MAX = 32,
    PG_STATEMENTS_MAX = 24, /* of one request */
    PG_REQUESTS_MAX = 256,  /* under way on one connection */
    PG_ROWS_SINGLY = 4,     /* as calls of their own */
};

/* A prepared statement: every one a connection may use is given when it is made. */
struct pg_statement {
    const char *name;
    const char *sql;
};

enum {
    PG_BACKOFF_FIRST_MS = 50,
    PG_BACKOFF_MAX_MS = 1000,
};

enum pg_state {
    PG_DOWN,  /* reconnecting with back-off, PG_BACKOFF_FIRST_MS and twice as long each time */
    PG_READY, /* connected, statements prepared */
};

struct pg;

/* Called from the loop when the state changes; the error says why it went down. */
typedef void (*pg_state_changed)(void *owner, enum pg_state state, const struct error *error);

/*
 * Begins to connect; conninfo is copied.  statements (count of them) must outlive the connection.
 * NULL: out of memory.
 */
struct pg *pg_new(struct event_base *base,
                  const char *conninfo,
                  const char *application,
                  const struct pg_statement *statements,
                  unsigned count,
                  pg_state_changed changed,
                  void *owner);

/* Closes; requests under way are answered with PG_LOST first. */
void pg_free(struct pg **pg_p);
enum pg_state pg_current_state(const struct pg *pg);

/* Server process of the session, for the head rows. */
int pg_backend_pid(const struct pg *pg);

/* Drops the connection at once (a hung or fenced session must not linger) and begins to connect
 * anew. */
void pg_reset(struct pg *pg, const char *why);

enum pg_status {
    PG_OK,
    PG_FAILED, /* the server refused: sqlstate and error say what */
    PG_LOST,   /* the connection is gone: it may or may not have happened */
};

struct pg_answer {
    enum pg_status status;
    char sqlstate[6];
    const char *detail; /* DETAIL of a failure, or "" */
    struct error error; /* set unless PG_OK */
    unsigned statement; /* index of the one that failed; how many there were: it was the commit */
    const char *name;   /* of that statement, or "commit"; of PG_FAILED alone */
    unsigned count;     /* results, one a statement; valid during the callback */
    PGresult *const *results;
};

typedef void (*pg_answered)(void *context, const struct pg_answer *answer);

/*
 * Builds and sends a request:
 *     pg_begin(pg); pg_call(pg, "name"); pg_bind_…; pg_call(pg, …); … pg_send(pg, answered,
 * context); Parameters are copied by libpq when the next call or pg_send comes, so they must live
 * until then. pg_send returns false when the connection is down or PG_REQUESTS_MAX are under way:
 * then nothing was sent.
 */
void pg_begin(struct pg *pg);
void pg_call(struct pg *pg, const char *statement);
void pg_bind(struct pg *pg, struct slice value); /* binary format of the parameter's type */
void pg_bind_text(struct pg *pg, const char *value);
void pg_bind_int2(struct pg *pg, int32_t value);
void pg_bind_int4(struct pg *pg, int32_t value);
void pg_bind_int8(struct pg *pg, int64_t value);
void pg_bind_null(struct pg *pg);
void pg_bind_array(struct pg *pg, struct pg_array *array);

/*
 * Rows in the form that costs the server least.  columns (count of them) are the parameters, all
 * with the same number of elements: few rows are a call of one each, with the elements as its
 * parameters; more are one call of many, with the arrays (an executor that sets up an unnest for
 * every column works longer at it than at a row).  Returns how many calls it made: 0 without rows.
 */
unsigned pg_call_rows(struct pg *pg,
                      const char *one,
                      const char *many,
                      struct pg_array *const *columns,
                      unsigned count);

/* Rows that are there, to be changed by so many calls one after the other. */
struct pg_changes {
    uint32_t rows;
    unsigned calls;
};

/* How many of them were not: the calls are those whose results come before end. */
uint32_t pg_rows_missed(const struct pg_answer *answer, unsigned end, struct pg_changes changes);

bool pg_send(struct pg *pg, pg_answered answered, void *context, struct error *error) MUST_CHECK;

/* Forgets a request begun without a call. */
void pg_abandon(struct pg *pg);

/* Requests under way. */
unsigned pg_pending(const struct pg *pg);

/* Fields of a binary result.  A wrong column or size is a bug: asserted. */
int16_t pg_int2(const PGresult *result, int row, int column);
int32_t pg_int4(const PGresult *result, int row, int column);
int64_t pg_int8(const PGresult *result, int row, int column);
int64_t pg_time(const PGresult *result, int row, int column); /* µs since 1970 */
bool pg_bool(const PGresult *result, int row, int column);
struct slice pg_bytes(const PGresult *result, int row, int column); /* lent by the result */
bool pg_is_null(const PGresult *result, int row, int column);

#endif
