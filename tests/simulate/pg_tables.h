/*
 * What stands in the archive and what one call does to it: head rows, journals, state rows, unique
 * keys, what people hold, who is there.  No time passes in here and nothing gets lost: that is
 * pg.c.
 *
 * tests/unit/pg_model.c keeps it honest: the same random calls to it and to a real PostgreSQL, with
 * the statements of the daemons; the same answers, the same rows.
 */
#ifndef REDRESS_SIMULATE_PG_TABLES_H
#define REDRESS_SIMULATE_PG_TABLES_H

#include "pg.h"

enum { SESSIONS_MAX = 4096 };

/* Nothing stands in it; sessions stay as they are. */
void tables_clear(void);

/* The server has this session; from 1. */
void tables_serve(uint64_t session, bool is);
bool tables_serves(uint64_t session);

/* Whether the call takes effect: what the WHERE clauses and unique keys say. */
enum call_answer tables_judge(struct call *call);
/* What it does; call->executed_us is when.  Again, in the same order, after tables_clear: the same.
 */
void tables_apply(const struct call *call);
/* Fills in what was asked for. */
void tables_answer(struct call *call);

/* Every lease has passed. */
void tables_leases_end(void);

/* Of the call that appended it. */
uint32_t tables_wal_index(enum service_id service, uint32_t partition, uint64_t seq);
/* The person's row. */
int32_t tables_used(uint32_t agent);

#endif
