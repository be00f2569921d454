/* The rows of one commit: heads with checkpoints, and events. */
#include "service_private.h"

/* Parameters of one commit; kept between cycles for their memory. */
static struct {
    struct pg_array partition, epoch, expected, seq, hash;
    struct pg_array input_seq[INPUT_SERVICES + 1], input_hash[INPUT_SERVICES + 1];
    struct pg_array event_partition, event_seq, event_case, event_kind, event_at, event_hash,
        event_bytes;
} rows;

static void rows_begin(void)
{
    pg_array_begin(&rows.partition, PG_INT2);
    pg_array_begin(&rows.epoch, PG_INT8);
    pg_array_begin(&rows.expected, PG_INT8);
    pg_array_begin(&rows.seq, PG_INT8);
    pg_array_begin(&rows.hash, PG_BYTEA);
    for (unsigned from = 1; from <= INPUT_SERVICES; from++) {
        pg_array_begin(&rows.input_seq[from], PG_INT8);
        pg_array_begin(&rows.input_hash[from], PG_BYTEA);
    }
    pg_array_begin(&rows.event_partition, PG_INT2);
    pg_array_begin(&rows.event_seq, PG_INT8);
    pg_array_begin(&rows.event_case, PG_INT8);
    pg_array_begin(&rows.event_kind, PG_INT2);
    pg_array_begin(&rows.event_at, PG_TIMESTAMPTZ);
    pg_array_begin(&rows.event_hash, PG_BYTEA);
    pg_array_begin(&rows.event_bytes, PG_BYTEA);
}

static void rows_of_stream(const struct cycle *cycle, uint32_t partition)
{
    const struct stream *stream = &cycle->service->streams[partition];
    pg_array_int2(&rows.partition, (int32_t)partition);
    pg_array_int8(&rows.epoch, (int64_t)stream->epoch);
    pg_array_int8(&rows.expected, (int64_t)stream->seq);
    pg_array_int8(&rows.seq, (int64_t)stream->next_seq);
    pg_array_bytes(&rows.hash, slice_of(stream->next_hash, HASH_SIZE));
    for (unsigned from = 1; from <= INPUT_SERVICES; from++) {
        pg_array_int8(&rows.input_seq[from], (int64_t)stream->next_checkpoints[from].seq);
        pg_array_bytes(&rows.input_hash[from],
                       slice_of(stream->next_checkpoints[from].hash, HASH_SIZE));
    }
    for (int32_t i = stream->first_event; i != NOWHERE; i = cycle->events[i].next) {
        const struct appended *event = &cycle->events[i];
        pg_array_int2(&rows.event_partition, (int32_t)partition);
        pg_array_int8(&rows.event_seq, (int64_t)event->seq);
        pg_array_int8(&rows.event_case, (int64_t)event->case_id);
        pg_array_int2(&rows.event_kind, event->kind);
        pg_array_time(&rows.event_at, event->at_us);
        pg_array_bytes(&rows.event_hash, slice_of(event->hash, HASH_SIZE));
        pg_array_bytes(&rows.event_bytes, event->bytes);
    }
}

void cycle_rows_bind(struct cycle *cycle, struct pg *pg)
{
    rows_begin();
    for (uint32_t i = 0; i < cycle->touched_count; i++) {
        rows_of_stream(cycle, cycle->touched[i]);
    }
    static struct pg_array *const heads[] = {&rows.partition,
                                             &rows.epoch,
                                             &rows.expected,
                                             &rows.seq,
                                             &rows.hash,
                                             &rows.input_seq[1],
                                             &rows.input_hash[1],
                                             &rows.input_seq[2],
                                             &rows.input_hash[2],
                                             &rows.input_seq[3],
                                             &rows.input_hash[3],
                                             &rows.input_seq[4],
                                             &rows.input_hash[4]};
    static struct pg_array *const events[] = {&rows.event_partition,
                                              &rows.event_seq,
                                              &rows.event_case,
                                              &rows.event_kind,
                                              &rows.event_at,
                                              &rows.event_hash,
                                              &rows.event_bytes};
    static_assert(sizeof heads / sizeof *heads == 5 + 2 * INPUT_SERVICES, "a checkpoint per input");
    cycle->head_calls =
        pg_call_rows(pg, "cycle_head_one", "cycle_head", heads, sizeof heads / sizeof *heads);
    (void)pg_call_rows(
        pg, "cycle_journal_one", "cycle_journal", events, sizeof events / sizeof *events);
}
