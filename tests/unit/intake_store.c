/*
 * Goal: a submission is one case whatever happens: its row is stored as it was, its key refuses a
 * second one with the whole batch, and what is known can be asked for (law 1).  Method: rows
 * through a real archive.
 */
#include "intake_store.h"

#include "pg_desk.h"
#include "unit.h"

static struct intake_row row_of(unsigned n, const char *channel)
{
    struct intake_row row = {.channel = slice_text(channel),
                             .case_id = case_id_make(3, n),
                             .customer = n % 2 == 0 ? 0 : UINT64_MAX - n,
                             .at_us = 1710727200000001 + n};
    memset(row.submission_id, (int)n, sizeof row.submission_id);
    memset(row.digest, (int)n + 100, sizeof row.digest);
    memset(row.wrapped_key, (int)n + 200, sizeof row.wrapped_key);
    memset(row.hash, (int)n + 50, sizeof row.hash);
    return row;
}

static void
insert(struct pg_desk *desk, const struct intake_row *rows, uint32_t count, const char *answer)
{
    pg_begin(desk->pg);
    intake_rows_bind(desk->pg, rows, count);
    pg_desk_ask(desk, answer);
}

static void assert_rows(struct pg_desk *desk, const char *condition)
{
    char sql[400];
    (void)snprintf(sql,
                   sizeof sql,
                   "SET search_path = redress; DO $$ BEGIN IF NOT (%s) THEN RAISE 'rows'; END IF; "
                   "END $$",
                   condition);
    pg_desk_run(desk, sql);
}

static void a_row_is_stored_as_it_was(void **state)
{
    (void)state;
    struct pg_desk desk;
    pg_desk_ready(&desk, intake_statements, intake_statement_count);
    const struct intake_row rows[] = {row_of(1, "phone"), row_of(2, "电邮")};
    insert(&desk, rows, 2, "ok 0");
    assert_rows(&desk, "(SELECT count(*) FROM submission) = 2");
    assert_rows(
        &desk,
        "(SELECT customer IS NULL AND channel = '电邮' AND digest = "
        "decode(repeat('66', 16), 'hex') AND length(wrapped_key) = 72 FROM submission WHERE "
        "submission_id = '02020202-0202-0202-0202-020202020202')");
    assert_rows(&desk,
                "(SELECT customer = -2 AND at = '2024-03-18 02:00:00.000002+00' AND case_id = "
                "(3::bigint << 40) + 1 FROM submission WHERE channel = 'phone')");
    pg_desk_close(&desk);
}

static void the_same_submission_refuses_the_whole_batch(void **state)
{
    (void)state;
    struct pg_desk desk;
    pg_desk_ready(&desk, intake_statements, intake_statement_count);
    struct intake_row first = row_of(1, "phone");
    insert(&desk, &first, 1, "ok 0");
    struct intake_row rows[] = {row_of(2, "phone"), row_of(1, "phone"), row_of(3, "phone")};
    insert(&desk, rows, 3, "23505 at 1");
    assert_rows(&desk, "(SELECT count(*) FROM submission) = 1");
    rows[1] = row_of(1, "mail"); /* the same id by another channel is another submission */
    rows[1].case_id = case_id_make(3, 9);
    insert(&desk, rows, 3, "ok 0");
    assert_rows(&desk, "(SELECT count(*) FROM submission) = 4");
    pg_desk_close(&desk);
}

struct sight {
    unsigned rows;
    struct intake_known known;
    char channel[32];
};

static void look_at_known(void *self, const struct pg_answer *answer)
{
    struct sight *sight = self;
    sight->rows = (unsigned)PQntuples(answer->results[0]);
    if (sight->rows > 0) {
        intake_known_read(answer->results[0], 0, &sight->known);
        (void)snprintf(sight->channel,
                       sizeof sight->channel,
                       "%.*s",
                       (int)sight->known.channel.size,
                       (const char *)sight->known.channel.bytes);
    }
}

static void what_is_known_comes_with_what_its_receipt_says(void **state)
{
    (void)state;
    struct pg_desk desk;
    struct sight sight = {0};
    pg_desk_ready(&desk, intake_statements, intake_statement_count);
    struct intake_row row = row_of(7, "phone");
    insert(&desk, &row, 1, "ok 0");
    /* its event is not in the journal: old periods are taken out of it (law 1 outlives them) */
    struct intake_key keys[3] = {{.channel = slice_text("phone")},
                                 {.channel = slice_text("mail")},
                                 {.channel = slice_text("phone")}};
    memset(keys[0].submission_id, 7, 16);
    memset(keys[1].submission_id, 7, 16);
    memset(keys[2].submission_id, 8, 16);
    desk.look = look_at_known;
    desk.self = &sight;
    pg_begin(desk.pg);
    intake_known_bind(desk.pg, keys, 3);
    pg_desk_ask(&desk, "ok 1");
    assert_memory_equal(sight.known.submission_id, row.submission_id, 16);
    assert_memory_equal(sight.known.digest, row.digest, INTAKE_DIGEST_SIZE);
    assert_memory_equal(sight.known.hash, row.hash, HASH_SIZE);
    assert_int_equal(sight.known.case_id, row.case_id);
    assert_int_equal(sight.known.at_us, row.at_us);
    assert_string_equal(sight.channel, "phone");
    pg_begin(desk.pg);
    intake_known_bind(desk.pg, keys, 0); /* a question about nothing */
    pg_desk_ask(&desk, "ok 0");
    pg_desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_stored_as_it_was),
        cmocka_unit_test(the_same_submission_refuses_the_whole_batch),
        cmocka_unit_test(what_is_known_comes_with_what_its_receipt_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
