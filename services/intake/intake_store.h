/*
 * Intake's rows: the table submission, whose unique key makes a submission one case (law 1).
 */
#ifndef REDRESS_INTAKE_STORE_H
#define REDRESS_INTAKE_STORE_H

#include "event.h"
#include "intake_wire.h"
#include "pg.h"
#include "seal.h"

extern const struct pg_statement intake_statements[];
extern const unsigned intake_statement_count;

/* One accepted submission. */
struct intake_row {
    uint8_t submission_id[16];
    uint8_t digest[INTAKE_DIGEST_SIZE]; /* intake_digest_of */
    struct slice channel;
    uint64_t case_id;
    uint64_t customer; /* 0: unknown */
    int64_t at_us;
    uint8_t wrapped_key[SEAL_WRAPPED_SIZE];
    uint8_t hash[HASH_SIZE]; /* of its Received event */
};

/* Adds the insert of all rows to the request being built. */
void intake_rows_bind(struct pg *pg, const struct intake_row *rows, uint32_t count);

/* Adds the question which of these are there already.  ids are 16 bytes each. */
struct intake_key {
    uint8_t submission_id[16];
    struct slice channel;
};
void intake_known_bind(struct pg *pg, const struct intake_key *keys, uint32_t count);

/* One that is: what its receipt says.  channel is lent by the result. */
struct intake_known {
    uint8_t submission_id[16];
    uint8_t digest[INTAKE_DIGEST_SIZE];
    struct slice channel;
    uint64_t case_id;
    int64_t at_us;
    uint8_t hash[HASH_SIZE]; /* of its Received event */
};
void intake_known_read(const PGresult *result, int row, struct intake_known *known);

#endif
