#include "triage_store.h"

/* The newest few suffice to tell which; more than 1,000 are counted as 1,000. */
const struct pg_statement triage_statements[] = {
    {"triage_repeats",
     "SELECT a.case_id, count(s.case_id)::integer, "
     "coalesce((array_agg(s.case_id ORDER BY s.case_id DESC))[1:4], '{}')::bigint[] "
     "FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::timestamptz[]) "
     "AS a(case_id, customer, since, before) "
     "CROSS JOIN LATERAL (SELECT case_id FROM submission s WHERE s.customer = a.customer "
     "AND s.case_id <> a.case_id AND s.at >= a.since AND s.at <= a.before "
     "LIMIT 1000) s GROUP BY a.case_id"},
};
const unsigned triage_statement_count = sizeof triage_statements / sizeof *triage_statements;

void triage_repeats_bind(struct pg *pg, const struct triage_question *questions, uint32_t count)
{
    static struct pg_array case_id;
    static struct pg_array customer;
    static struct pg_array since;
    static struct pg_array before;
    pg_array_begin(&case_id, PG_INT8);
    pg_array_begin(&customer, PG_INT8);
    pg_array_begin(&since, PG_TIMESTAMPTZ);
    pg_array_begin(&before, PG_TIMESTAMPTZ);
    for (uint32_t i = 0; i < count; i++) {
        pg_array_int8(&case_id, (int64_t)questions[i].case_id);
        pg_array_int8(&customer, (int64_t)questions[i].customer);
        pg_array_time(&since, questions[i].since_us);
        pg_array_time(&before, questions[i].before_us);
    }
    pg_call(pg, "triage_repeats");
    pg_bind_array(pg, &case_id);
    pg_bind_array(pg, &customer);
    pg_bind_array(pg, &since);
    pg_bind_array(pg, &before);
}

/* The elements of a bigint[] without NULLs, in binary. */
static uint32_t int8_array_read(struct slice bytes, uint64_t *out, uint32_t max)
{
    enum { HEADER = 20, ELEMENT = 12 };
    uint32_t count = 0;
    for (size_t at = HEADER; at + ELEMENT <= bytes.size && count < max; at += ELEMENT) {
        uint64_t bits;
        memcpy(&bits, bytes.bytes + at + 4, sizeof bits);
        out[count++] = __builtin_bswap64(bits);
    }
    return count;
}

uint64_t triage_repeats_read(const PGresult *result, int row, struct triage_repeats *repeats)
{
    repeats->count = (uint32_t)pg_int4(result, row, 1);
    repeats->related_count =
        int8_array_read(pg_bytes(result, row, 2), repeats->related, EVENT_RELATED_MAX);
    return (uint64_t)pg_int8(result, row, 0);
}
