/*
 * The archive, as the command reads it: blocking libpq, connected when it is first needed.
 */
#ifndef REDRESS_CTL_DATABASE_H
#define REDRESS_CTL_DATABASE_H

#include "ctl.h"

/* Connects if that was not done.  CTL_UNREACHABLE after saying why. */
int ctl_database(struct ctl *ctl) MUST_CHECK;
void ctl_database_close(struct ctl *ctl);

/* Where connecting failed: is there something that takes connections, whatever it then says, or
 * nothing?  Yes as well where the settings are none of libpq's, or the socket is not ours to open:
 * so it cannot be told. */
bool ctl_database_answers(const struct ctl *ctl);

/*
 * One statement with text parameters (NULL: SQL NULL), read into *rows, which is the caller's
 * (PQclear).  Says what went wrong: CTL_UNREACHABLE when the connection is gone or no archive is in
 * the database, CTL_FAILED otherwise.
 */
int ctl_query(struct ctl *ctl,
              const char *sql,
              const char *const *parameters,
              int count,
              PGresult **rows) MUST_CHECK;

/* CTL_FAILED after saying why a statement was refused, and as whom the owner's verbs have to come
 * where it was for want of that. */
int ctl_database_refused(const struct ctl *ctl, const PGresult *rows);

/* An archive that went away under a verb that goes on without it.  Begins with zeros. */
struct ctl_away {
    int pause_ms; /* 0: it is there */
    int64_t again_us;
    int waited_ms;    /* the pause after which it was there again */
    uint64_t answers; /* ctl->answers then: with none since, the pauses go on growing */
};

/* What such a verb makes of a status that has been said: where the connection is lost CTL_OK, and
 * that it is asked for again; else the status. */
int ctl_away_take(const struct ctl *ctl, struct ctl_away *away, int code) MUST_CHECK;

/* Nothing can be asked of it.  Connects again when a pause is over, which are those of the daemons;
 * it is back, and that is said, when it has answered: what takes a connection and drops it does
 * not.  One that is in another form by then is told of to who asks next. */
bool ctl_is_away(struct ctl *ctl, struct ctl_away *away);

/* For SCOPED. */
void ctl_rows_free(PGresult **rows_p);

#endif
