/* What is asked of the archive for cases that wait in queues; see dispatch_store.h. */
#include "dispatch_store.h"

void dispatch_waiting_bind(struct pg *pg,
                           struct pg_array *partitions,
                           int32_t limit,
                           uint64_t behind)
{
    pg_call(pg, "dispatch_waiting");
    pg_bind_array(pg, partitions);
    pg_bind_int4(pg, limit);
    pg_bind_int8(pg, (int64_t)behind);
}

void dispatch_search_bind(struct pg *pg,
                          const char *policy,
                          const char *queue,
                          struct pg_array *partitions,
                          int32_t limit)
{
    pg_call(pg, "dispatch_search");
    pg_bind_text(pg, policy);
    pg_bind_text(pg, queue);
    pg_bind_array(pg, partitions);
    pg_bind_int4(pg, limit);
}
