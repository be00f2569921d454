/* What is asked of the archive about complaints of the same cause; see dispatch_store.h. */
#include "dispatch_store.h"

void dispatch_same_cause_bind(struct pg *pg, const struct dispatch_counted *asked, uint32_t count)
{
    static struct pg_array case_id;
    static struct pg_array cause;
    static struct pg_array since;
    pg_array_begin(&case_id, PG_INT8);
    pg_array_begin(&cause, PG_TEXT);
    pg_array_begin(&since, PG_TIMESTAMPTZ);
    for (uint32_t i = 0; i < count; i++) {
        pg_array_int8(&case_id, (int64_t)asked[i].asked.case_id);
        pg_array_bytes(&cause, slice_text(asked[i].asked.cause));
        pg_array_time(&since, asked[i].asked.since_us);
    }
    pg_call(pg, "dispatch_same_cause");
    pg_bind_array(pg, &case_id);
    pg_bind_array(pg, &cause);
    pg_bind_array(pg, &since);
}

void dispatch_same_cause_read(const PGresult *rows, struct dispatch_counted *asked, uint32_t count)
{
    for (int row = 0; row < PQntuples(rows) && row < (int)count; row++) {
        struct dispatch_counted *one = &asked[pg_int4(rows, row, 0) - 1];
        *one = dispatch_counted_of(&one->asked, (uint32_t)pg_int4(rows, row, 1));
    }
}
