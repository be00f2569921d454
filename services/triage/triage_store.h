/*
 * What triage reads: earlier complaints of the same customer.  It keeps no state of its own: its
 * events are its state.
 */
#ifndef REDRESS_TRIAGE_STORE_H
#define REDRESS_TRIAGE_STORE_H

#include "pg.h"
#include "triage_core.h"

extern const struct pg_statement triage_statements[];
extern const unsigned triage_statement_count;

/* One case whose customer may have complained before; those received since since_us count. */
struct triage_question {
    uint64_t case_id;
    uint64_t customer;
    int64_t since_us;
    int64_t before_us;
};

/* Adds the question about all of them to the request being built. */
void triage_repeats_bind(struct pg *pg, const struct triage_question *questions, uint32_t count);

/* The answer of one row: which case it is about, and its repeats. */
uint64_t triage_repeats_read(const PGresult *result, int row, struct triage_repeats *repeats);

#endif
