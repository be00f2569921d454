/* Fields of binary results. */
#include "pg.h"

#include <assert.h>

static const char *field(const PGresult *result, int row, int column, int size)
{
    assert(row < PQntuples(result) && column < PQnfields(result));
    assert(size < 0 || PQgetlength(result, row, column) == size);
    return PQgetvalue(result, row, column);
}

int16_t pg_int2(const PGresult *result, int row, int column)
{
    uint16_t bits;
    memcpy(&bits, field(result, row, column, 2), sizeof bits);
    return (int16_t)__builtin_bswap16(bits);
}

int32_t pg_int4(const PGresult *result, int row, int column)
{
    uint32_t bits;
    memcpy(&bits, field(result, row, column, 4), sizeof bits);
    return (int32_t)__builtin_bswap32(bits);
}

int64_t pg_int8(const PGresult *result, int row, int column)
{
    uint64_t bits;
    memcpy(&bits, field(result, row, column, 8), sizeof bits);
    return (int64_t)__builtin_bswap64(bits);
}

int64_t pg_time(const PGresult *result, int row, int column)
{
    return pg_time_to_us(pg_int8(result, row, column));
}

bool pg_bool(const PGresult *result, int row, int column)
{
    return *field(result, row, column, 1) != 0;
}

struct slice pg_bytes(const PGresult *result, int row, int column)
{
    const char *bytes = field(result, row, column, -1);
    return slice_of(bytes, (size_t)PQgetlength(result, row, column));
}

bool pg_is_null(const PGresult *result, int row, int column)
{
    assert(row < PQntuples(result) && column < PQnfields(result));
    return PQgetisnull(result, row, column) != 0;
}

uint32_t pg_rows_missed(const struct pg_answer *answer, unsigned end, struct pg_changes changes)
{
    unsigned long changed = 0;
    assert(changes.calls <= end && end <= answer->count);
    for (unsigned i = end - changes.calls; i < end; i++) {
        changed += strtoul(PQcmdTuples(answer->results[i]), NULL, 10);
    }
    return changes.rows - (uint32_t)changed;
}
