#include "intake_store.h"

const struct pg_statement intake_statements[] = {
    {"intake_insert_one",
     "INSERT INTO submission (submission_id, channel, case_id, digest, customer, at, wrapped_key, "
     "hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"                        },
    {"intake_insert",
     "INSERT INTO submission (submission_id, channel, case_id, digest, customer, at, wrapped_key, "
     "hash) SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bytea[], $5::bigint[], "
     "$6::timestamptz[], $7::bytea[], $8::bytea[])"                         },
    {"intake_known",
     "SELECT s.submission_id, s.channel, s.case_id, s.digest, s.at, s.hash "
     "FROM unnest($1::uuid[], $2::text[]) AS a(id, channel) "
     "JOIN submission s ON s.submission_id = a.id AND s.channel = a.channel"},
};
const unsigned intake_statement_count = sizeof intake_statements / sizeof *intake_statements;

void intake_rows_bind(struct pg *pg, const struct intake_row *rows, uint32_t count)
{
    static struct pg_array id;
    static struct pg_array channel;
    static struct pg_array case_id;
    static struct pg_array digest;
    static struct pg_array customer;
    static struct pg_array at;
    static struct pg_array key;
    static struct pg_array hash;
    pg_array_begin(&id, PG_UUID);
    pg_array_begin(&channel, PG_TEXT);
    pg_array_begin(&case_id, PG_INT8);
    pg_array_begin(&digest, PG_BYTEA);
    pg_array_begin(&customer, PG_INT8);
    pg_array_begin(&at, PG_TIMESTAMPTZ);
    pg_array_begin(&key, PG_BYTEA);
    pg_array_begin(&hash, PG_BYTEA);
    for (uint32_t i = 0; i < count; i++) {
        pg_array_bytes(&id, slice_of(rows[i].submission_id, sizeof rows[i].submission_id));
        pg_array_bytes(&channel, rows[i].channel);
        pg_array_int8(&case_id, (int64_t)rows[i].case_id);
        pg_array_bytes(&digest, slice_of(rows[i].digest, INTAKE_DIGEST_SIZE));
        if (rows[i].customer != 0) {
            pg_array_int8(&customer, (int64_t)rows[i].customer);
        } else {
            pg_array_null(&customer);
        }
        pg_array_time(&at, rows[i].at_us);
        pg_array_bytes(&key, slice_of(rows[i].wrapped_key, SEAL_WRAPPED_SIZE));
        pg_array_bytes(&hash, slice_of(rows[i].hash, HASH_SIZE));
    }
    static struct pg_array *const columns[] = {
        &id, &channel, &case_id, &digest, &customer, &at, &key, &hash};
    (void)pg_call_rows(pg, "intake_insert_one", "intake_insert", columns, 8);
}

void intake_known_bind(struct pg *pg, const struct intake_key *keys, uint32_t count)
{
    static struct pg_array id;
    static struct pg_array channel;
    pg_array_begin(&id, PG_UUID);
    pg_array_begin(&channel, PG_TEXT);
    for (uint32_t i = 0; i < count; i++) {
        pg_array_bytes(&id, slice_of(keys[i].submission_id, sizeof keys[i].submission_id));
        pg_array_bytes(&channel, keys[i].channel);
    }
    pg_call(pg, "intake_known");
    pg_bind_array(pg, &id);
    pg_bind_array(pg, &channel);
}

void intake_known_read(const PGresult *result, int row, struct intake_known *known)
{
    memcpy(known->submission_id, pg_bytes(result, row, 0).bytes, sizeof known->submission_id);
    known->channel = pg_bytes(result, row, 1);
    known->case_id = (uint64_t)pg_int8(result, row, 2);
    memcpy(known->digest, pg_bytes(result, row, 3).bytes, INTAKE_DIGEST_SIZE);
    known->at_us = pg_time(result, row, 4);
    memcpy(known->hash, pg_bytes(result, row, 5).bytes, HASH_SIZE);
}
