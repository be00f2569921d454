/*
 * The archive, as the command reads it: blocking libpq, connected when it is first needed.
 */
#ifndef REDRESS_CTL_DATABASE_H
#define REDRESS_CTL_DATABASE_H

#include "ctl.h"

/* Connects if that was not done.  CTL_UNREACHABLE after saying why. */
int ctl_database(struct ctl *ctl) MUST_CHECK;
void ctl_database_close(struct ctl *ctl);

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

/* For SCOPED. */
void ctl_rows_free(PGresult **rows_p);

#endif
