/* Requests: statements and parameters handed to libpq, and a sync after the last. */
#include "pg_private.h"

#include <assert.h>

void pg_begin(struct pg *pg)
{
    assert(!pg->call && pg->calls == 0);
    pg->build_failed = pg->phase != PHASE_READY || pg->pending == PG_REQUESTS_MAX;
}

/* Hands the statement under construction to libpq, which copies its parameters. */
static void call_finish(struct pg *pg)
{
    if (pg->call && !pg->build_failed) {
        int sent = PQsendQueryPrepared(
            pg->connection, pg->call, pg->parameter_count, pg->values, pg->lengths, pg->formats, 1);
        pg->build_failed = sent != 1;
    }
    pg->call = NULL;
}

void pg_call(struct pg *pg, const char *statement)
{
    call_finish(pg);
    assert(pg->calls < PG_STATEMENTS_MAX);
    pg->call = statement;
    pg->names[pg->calls++] = statement;
    pg->parameter_count = 0;
}

static void bind_value(struct pg *pg, const void *value, size_t size)
{
    assert(pg->parameter_count < PG_PARAMETERS_MAX);
    int i = pg->parameter_count++;
    pg->values[i] = value;
    pg->lengths[i] = (int)size;
    pg->formats[i] = 1;
}

void pg_bind(struct pg *pg, struct slice value)
{
    bind_value(pg, value.bytes ? value.bytes : (const uint8_t *)"", value.size);
}

void pg_bind_text(struct pg *pg, const char *value)
{
    bind_value(pg, value, strlen(value));
}

void pg_bind_int2(struct pg *pg, int32_t value)
{
    pg_put_int2(pg->scratch[pg->parameter_count], (int16_t)value);
    bind_value(pg, pg->scratch[pg->parameter_count], 2);
}

void pg_bind_int4(struct pg *pg, int32_t value)
{
    pg_put_int4(pg->scratch[pg->parameter_count], value);
    bind_value(pg, pg->scratch[pg->parameter_count], 4);
}

void pg_bind_int8(struct pg *pg, int64_t value)
{
    pg_put_int8(pg->scratch[pg->parameter_count], value);
    bind_value(pg, pg->scratch[pg->parameter_count], 8);
}

void pg_bind_null(struct pg *pg)
{
    bind_value(pg, NULL, 0);
}

void pg_bind_array(struct pg *pg, struct pg_array *array)
{
    pg_bind(pg, pg_array_value(array));
}

unsigned pg_call_rows(struct pg *pg,
                      const char *one,
                      const char *many,
                      struct pg_array *const *columns,
                      unsigned count)
{
    assert(count > 0 && count <= PG_PARAMETERS_MAX);
    uint32_t rows = columns[0]->count;
    if (rows > PG_ROWS_SINGLY) {
        pg_call(pg, many);
        for (unsigned i = 0; i < count; i++) {
            pg_bind_array(pg, columns[i]);
        }
        return 1;
    }
    size_t offsets[PG_PARAMETERS_MAX] = {0};
    for (uint32_t row = 0; row < rows; row++) {
        pg_call(pg, one);
        for (unsigned i = 0; i < count; i++) {
            struct slice value = pg_array_next(columns[i], &offsets[i]);
            bind_value(pg, value.bytes, value.size);
        }
    }
    return rows;
}

bool pg_send(struct pg *pg, pg_answered answered, void *context, struct error *error)
{
    call_finish(pg);
    unsigned calls = pg->calls;
    pg->calls = 0;
    if (pg->phase != PHASE_READY) {
        return error_set(error, ERROR_RETRY, "postgresql: not connected");
    }
    if (pg->build_failed && pg->pending == PG_REQUESTS_MAX) {
        return error_set(error, ERROR_RETRY, "postgresql: %d requests under way", PG_REQUESTS_MAX);
    }
    if (pg->build_failed || PQpipelineSync(pg->connection) != 1) {
        /* part of the request may be on its way: only a new connection is clean */
        pg_break(pg, PQerrorMessage(pg->connection));
        return error_set(error, ERROR_RETRY, "postgresql: %s", pg->broken);
    }
    unsigned place = (pg->first + pg->pending++) % PG_REQUESTS_MAX;
    pg->requests[place] =
        (struct pg_request){.answered = answered, .context = context, .expected = calls};
    memcpy(pg->requests[place].names, pg->names, calls * sizeof *pg->names);
    pg_flush(pg);
    return true;
}

void pg_abandon(struct pg *pg)
{
    assert(!pg->call && pg->calls == 0);
    pg->build_failed = false;
}
