/*
 * Goal: what a batch hands to unnest() is what the archive stores, to the byte and to the
 * microsecond (law 4: outputs, rows and checkpoints travel in these arrays).  Method: bytes against
 * PostgreSQL's documented layout of an array, and every type through a real server and back.
 */
#include "pg_array.h"

#include "pg_desk.h"
#include "unit.h"

enum { ROWS = 4 };

static void an_array_is_laid_out_as_documented(void **state)
{
    (void)state;
    /* dimensions, has NULLs, element type; size, lower bound; then size and bytes of each */
    static const uint8_t wanted[] = {0, 0, 0,    1,    0,    0,    0, 1, 0, 0, 0,    21,
                                     0, 0, 0,    3,    0,    0,    0, 1, 0, 0, 0,    2,
                                     1, 2, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 2, 0xff, 0xfe};
    struct pg_array array = {0};
    pg_array_begin(&array, PG_INT2);
    pg_array_int2(&array, 0x0102);
    pg_array_null(&array);
    pg_array_int2(&array, -2);
    struct slice value = pg_array_value(&array);
    assert_int_equal(value.size, sizeof wanted);
    assert_memory_equal(value.bytes, wanted, sizeof wanted);

    /* begun again it is another, of what was there nothing is left */
    static const uint8_t empty[] = {0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 0, 0, 0, 0, 1};
    pg_array_begin(&array, PG_TEXT);
    value = pg_array_value(&array);
    assert_int_equal(value.size, sizeof empty);
    assert_memory_equal(value.bytes, empty, sizeof empty);
    pg_array_done(&array);
    assert_null(array.bytes);
}

static void an_array_grows_as_far_as_it_has_to(void **state)
{
    (void)state;
    static uint8_t large[100000];
    struct pg_array array = {0};
    pg_array_begin(&array, PG_BYTEA);
    for (size_t i = 0; i < 40; i++) {
        memset(large, (int)i, sizeof large);
        pg_array_bytes(&array, slice_of(large, i * 2500));
    }
    struct slice value = pg_array_value(&array);
    const uint8_t *at = value.bytes + 20;
    for (size_t i = 0; i < 40; i++) {
        size_t size = (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
        assert_int_equal(size, i * 2500);
        assert_true(size == 0 || (at[4] == i && at[3 + size] == i));
        at += 4 + size;
    }
    assert_ptr_equal(at, value.bytes + value.size);
    pg_array_done(&array);
}

static void times_are_counted_from_2000_but_for_the_infinite_ones(void **state)
{
    (void)state;
    assert_int_equal(pg_time_from_us(946684800000000), 0);
    assert_int_equal(pg_time_to_us(0), 946684800000000);
    assert_int_equal(pg_time_from_us(0), -946684800000000);
    static const int64_t times[] = {INT64_MIN, INT64_MAX, 0, -1, 1, 1710727200000001};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        assert_int_equal(pg_time_to_us(pg_time_from_us(times[i])), times[i]);
    }
    assert_int_equal(pg_time_from_us(INT64_MAX), INT64_MAX);
    assert_int_equal(pg_time_from_us(INT64_MIN), INT64_MIN);
}

static const struct pg_statement statements[] = {
    {"columns",
     "SELECT a, b, c, d, e, f, g, h, e::text FROM unnest($1::boolean[], $2::bytea[], $3::bigint[], "
     "$4::smallint[], $5::integer[], $6::text[], $7::timestamptz[], $8::uuid[]) "
     "AS r(a, b, c, d, e, f, g, h)"                                                   },
    {"times",   "SELECT (t AT TIME ZONE 'UTC')::text FROM unnest($1::timestamptz[]) t"},
    {"empty",   "SELECT cardinality($1::bigint[]), $1::bigint[] = '{}'"               },
};
enum { STATEMENTS = sizeof statements / sizeof *statements };

/* Rows of every type: the least, the greatest, an ordinary one; the last is NULL throughout. */
static const struct {
    bool a;
    const char *b;
    size_t b_size;
    int64_t c;
    int32_t d, e;
    const char *f;
    int64_t g;
    uint8_t h;
} rows[ROWS - 1] = {
  /* clang-format off */
    {false, "", 0, INT64_MIN, INT16_MIN, INT32_MIN, "", INT64_MIN, 0x00},
    {true, "\0\xff\x80", 3, INT64_MAX, INT16_MAX, INT32_MAX, "{\"NULL\",\\}", INT64_MAX, 0xff},
    {true, "bytes", 5, -1, -1, -1, "投诉處理", 1710727200000001, 0x5a},
  /* clang-format on */
};

static void look_at_columns(void *self, const struct pg_answer *answer)
{
    unsigned *looked = self;
    const PGresult *result = answer->results[0];
    assert_int_equal(PQntuples(result), ROWS);
    for (int i = 0; i < ROWS - 1; i++) {
        uint8_t uuid[16];
        char number[16];
        memset(uuid, rows[i].h, sizeof uuid);
        (void)snprintf(number, sizeof number, "%d", (int)rows[i].e);
        assert_int_equal(pg_bool(result, i, 0), rows[i].a);
        assert_true(slice_equal(pg_bytes(result, i, 1), slice_of(rows[i].b, rows[i].b_size)));
        assert_int_equal(pg_int8(result, i, 2), rows[i].c);
        assert_int_equal(pg_int2(result, i, 3), rows[i].d);
        assert_int_equal(pg_int4(result, i, 4), rows[i].e);
        assert_true(slice_equal(pg_bytes(result, i, 5), slice_text(rows[i].f)));
        assert_int_equal(pg_time(result, i, 6), rows[i].g);
        assert_true(slice_equal(pg_bytes(result, i, 7), slice_of(uuid, sizeof uuid)));
        /* the server itself understands the same */
        assert_true(slice_equal(pg_bytes(result, i, 8), slice_text(number)));
        assert_false(pg_is_null(result, i, 1));
    }
    for (int column = 0; column < 8; column++) {
        assert_true(pg_is_null(result, ROWS - 1, column));
    }
    (*looked)++;
}

static void look_at_times(void *self, const struct pg_answer *answer)
{
    unsigned *looked = self;
    static const char *const wanted[] = {
        "-infinity", "infinity", "1970-01-01 00:00:00", "2024-03-18 02:00:00.000001"};
    for (int i = 0; i < 4; i++) {
        assert_true(slice_equal(pg_bytes(answer->results[0], i, 0), slice_text(wanted[i])));
    }
    (*looked)++;
}

static void look_at_empty(void *self, const struct pg_answer *answer)
{
    unsigned *looked = self;
    assert_int_equal(pg_int4(answer->results[0], 0, 0), 0);
    assert_true(pg_bool(answer->results[0], 0, 1));
    (*looked)++;
}

static void columns_fill(struct pg_array columns[8])
{
    static const enum pg_type types[8] = {
        PG_BOOL, PG_BYTEA, PG_INT8, PG_INT2, PG_INT4, PG_TEXT, PG_TIMESTAMPTZ, PG_UUID};
    for (int i = 0; i < 8; i++) {
        pg_array_begin(&columns[i], types[i]);
    }
    for (int i = 0; i < ROWS - 1; i++) {
        uint8_t uuid[16];
        memset(uuid, rows[i].h, sizeof uuid);
        pg_array_bool(&columns[0], rows[i].a);
        pg_array_bytes(&columns[1], slice_of(rows[i].b, rows[i].b_size));
        pg_array_int8(&columns[2], rows[i].c);
        pg_array_int2(&columns[3], rows[i].d);
        pg_array_int4(&columns[4], rows[i].e);
        pg_array_bytes(&columns[5], slice_text(rows[i].f));
        pg_array_time(&columns[6], rows[i].g);
        pg_array_bytes(&columns[7], slice_of(uuid, sizeof uuid));
    }
    for (int i = 0; i < 8; i++) {
        pg_array_null(&columns[i]);
    }
}

static void every_type_comes_back_from_a_real_server_as_it_went(void **state)
{
    (void)state;
    struct pg_desk desk;
    struct pg_array columns[8] = {0};
    struct pg_array times = {0};
    unsigned looked = 0;
    pg_desk_open(&desk);
    desk.self = &looked;
    pg_desk_connect(&desk, statements, STATEMENTS);
    assert_true(pg_desk_until_ready(&desk));

    columns_fill(columns);
    desk.look = look_at_columns;
    pg_begin(desk.pg);
    pg_call(desk.pg, "columns");
    for (int i = 0; i < 8; i++) {
        pg_bind_array(desk.pg, &columns[i]);
    }
    pg_desk_ask(&desk, "ok 4");

    static const int64_t instants[] = {INT64_MIN, INT64_MAX, 0, 1710727200000001};
    pg_array_begin(&times, PG_TIMESTAMPTZ);
    for (int i = 0; i < 4; i++) {
        pg_array_time(&times, instants[i]);
    }
    desk.look = look_at_times;
    pg_begin(desk.pg);
    pg_call(desk.pg, "times");
    pg_bind_array(desk.pg, &times);
    pg_desk_ask(&desk, "ok 4");

    pg_array_begin(&times, PG_INT8);
    desk.look = look_at_empty;
    pg_begin(desk.pg);
    pg_call(desk.pg, "empty");
    pg_bind_array(desk.pg, &times);
    pg_desk_ask(&desk, "ok 1");
    assert_int_equal(looked, 3);
    pg_array_done(&times);
    for (int i = 0; i < 8; i++) {
        pg_array_done(&columns[i]);
    }
    pg_desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_array_is_laid_out_as_documented),
        cmocka_unit_test(an_array_grows_as_far_as_it_has_to),
        cmocka_unit_test(times_are_counted_from_2000_but_for_the_infinite_ones),
        cmocka_unit_test(every_type_comes_back_from_a_real_server_as_it_went),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
