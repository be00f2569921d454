/* What the files of the connection share: pg.c the connection, pg_request.c what is asked. */
#ifndef REDRESS_PG_PRIVATE_H
#define REDRESS_PG_PRIVATE_H

#include "pg.h"

struct pg_request {
    pg_answered answered;
    void *context;
    unsigned expected; /* statements sent */
    const char *names[PG_STATEMENTS_MAX];
    unsigned count;  /* results here */
    unsigned failed; /* index + 1 of the first failure */
    /* one a statement, and one more when the commit itself fails */
    PGresult *results[PG_STATEMENTS_MAX + 1];
};

enum pg_phase {
    PHASE_WAITING, /* for the back-off to pass */
    PHASE_CONNECTING,
    PHASE_PREPARING,
    PHASE_READY,
    PHASE_BROKEN, /* to be given up when the loop turns: nobody is answered while he asks */
};

struct pg {
    struct event_base *base;
    char conninfo[512];
    char application[64];
    const struct pg_statement *statements;
    unsigned statement_count;
    pg_state_changed changed;
    void *owner;

    enum pg_phase phase;
    PGconn *connection;
    struct event *readable;
    struct event *writable;
    struct event *timer;
    char broken[160]; /* why */
    int backoff_ms;
    unsigned prepared;

    /* the request being built */
    const char *call;
    const char *names[PG_STATEMENTS_MAX];
    unsigned calls;
    bool build_failed;
    int parameter_count;
    const char *values[PG_PARAMETERS_MAX];
    int lengths[PG_PARAMETERS_MAX];
    int formats[PG_PARAMETERS_MAX];
    uint8_t scratch[PG_PARAMETERS_MAX][8];

    /* ring of requests under way */
    struct pg_request requests[PG_REQUESTS_MAX];
    unsigned first;
    unsigned pending;
};

/* The connection is of no use any more: given up when the loop turns. */
void pg_break(struct pg *pg, const char *why);

/* Sends what libpq holds, as far as the socket takes it. */
void pg_flush(struct pg *pg);

#endif
