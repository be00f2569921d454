#include "analytics_store.h"

const struct pg_statement analytics_statements[] = {
  /* sorted by the key: two instances must not lock rows crosswise */
    {"analytics_add",
     "INSERT INTO figure AS f (hour, measure, policy_id, channel, category, queue, clock, phase, "
     "bucket, field, value, count, sum) "
     "SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::integer[], $4::text[], $5::text[], "
     "$6::text[], $7::text[], $8::smallint[], $9::smallint[], $10::text[], $11::text[], "
     "$12::bigint[], $13::bigint[]) ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 "
     "ON CONFLICT (hour, measure, policy_id, channel, category, queue, clock, phase, bucket, "
     "field, value) "
     "DO UPDATE SET count = f.count + excluded.count, sum = f.sum + excluded.sum"},
    {"analytics_totals",
     "SELECT f.measure, p.name, f.clock, f.phase, f.bucket, sum(f.count)::bigint "
     "FROM figure f JOIN policy p ON p.id = f.policy_id GROUP BY 1, 2, 3, 4, 5"  },
};
const unsigned analytics_statement_count =
    sizeof analytics_statements / sizeof *analytics_statements;

static struct {
    struct pg_array hour, measure, policy_id, channel, category, queue, clock, phase, bucket;
    struct pg_array field, value, count, sum;
} columns;

static void name_add(struct pg_array *array, bool known, const char *name)
{
    pg_array_bytes(array, known ? slice_text(name) : slice_of(NULL, 0));
}

static void row_add(const struct analytics_row *row, const struct policy *policy)
{
    const struct figure_increment *key = &row->key;
    char value[FIGURE_VALUE_MAX];
    pg_array_time(&columns.hour, key->hour_s * 1000000);
    pg_array_bytes(&columns.measure, slice_text(figure_measure_name(key->measure)));
    pg_array_int4(&columns.policy_id, (int32_t)key->policy_id);
    name_add(&columns.channel,
             key->channel < policy->channel_count,
             policy->channels[key->channel < policy->channel_count ? key->channel : 0].id);
    name_add(&columns.category,
             key->category < policy->category_count,
             policy->categories[key->category < policy->category_count ? key->category : 0].id);
    name_add(&columns.queue,
             key->queue < policy->queue_count,
             policy->queues[key->queue < policy->queue_count ? key->queue : 0].id);
    name_add(&columns.clock,
             key->clock < policy->clock_count,
             policy->clocks[key->clock < policy->clock_count ? key->clock : 0].id);
    bool phase = key->measure == FIGURE_PHASE;
    pg_array_int2(&columns.phase, phase ? key->phase : -1);
    pg_array_int2(&columns.bucket, phase ? key->bucket : -1);
    name_add(&columns.field,
             key->field < policy->field_count,
             key->field < policy->field_count ? policy->fields[key->field].id : "");
    pg_array_bytes(&columns.value, figure_value_text(policy, key, value));
    pg_array_int8(&columns.count, row->count);
    pg_array_int8(&columns.sum, key->sum);
}

void analytics_rows_bind(struct pg *pg,
                         const struct analytics_row *rows,
                         const struct policy *const *policies,
                         uint32_t count)
{
    pg_array_begin(&columns.hour, PG_TIMESTAMPTZ);
    pg_array_begin(&columns.measure, PG_TEXT);
    pg_array_begin(&columns.policy_id, PG_INT4);
    pg_array_begin(&columns.channel, PG_TEXT);
    pg_array_begin(&columns.category, PG_TEXT);
    pg_array_begin(&columns.queue, PG_TEXT);
    pg_array_begin(&columns.clock, PG_TEXT);
    pg_array_begin(&columns.phase, PG_INT2);
    pg_array_begin(&columns.bucket, PG_INT2);
    pg_array_begin(&columns.field, PG_TEXT);
    pg_array_begin(&columns.value, PG_TEXT);
    pg_array_begin(&columns.count, PG_INT8);
    pg_array_begin(&columns.sum, PG_INT8);
    for (uint32_t i = 0; i < count; i++) {
        row_add(&rows[i], policies[i]);
    }
    struct pg_array *const parameters[] = {&columns.hour,
                                           &columns.measure,
                                           &columns.policy_id,
                                           &columns.channel,
                                           &columns.category,
                                           &columns.queue,
                                           &columns.clock,
                                           &columns.phase,
                                           &columns.bucket,
                                           &columns.field,
                                           &columns.value,
                                           &columns.count,
                                           &columns.sum};
    pg_call(pg, "analytics_add");
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
        pg_bind_array(pg, parameters[i]);
    }
}

void analytics_total_read(const PGresult *rows, int row, struct analytics_total *total)
{
    struct slice name = pg_bytes(rows, row, 0);
    total->measure = FIGURE_MEASURE_COUNT;
    for (unsigned m = 0; m < FIGURE_MEASURE_COUNT; m++) {
        if (slice_equal(name, slice_text(figure_measure_name((enum figure_measure)m)))) {
            total->measure = (enum figure_measure)m;
        }
    }
    total->policy = pg_bytes(rows, row, 1);
    total->clock = pg_bytes(rows, row, 2);
    total->phase = pg_int2(rows, row, 3);
    total->bucket = pg_int2(rows, row, 4);
    total->count = pg_int8(rows, row, 5);
}
