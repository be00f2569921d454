/*
 * Goal: the connection to the archive never waits, answers every request exactly once and in order,
 * and never pretends: a request has happened, has not, or is lost and unknown (laws 4 and 9).
 * Method: a real PostgreSQL of the test's own is made to refuse, to fail at the commit, to end the
 * session, and to die; another that may not write stands before it.
 */
#include "pg.h"

#include "clock.h"
#include "pg_desk.h"
#include "unit.h"

static const struct pg_statement statements[] = {
    {"echo",    "SELECT $1::bigint"                            },
    {"add",     "INSERT INTO number VALUES ($1::integer)"      },
    {"numbers", "SELECT n FROM number ORDER BY n"              },
    {"divide",  "SELECT 1 / $1::integer"                       },
    {"promise", "INSERT INTO promise VALUES ($1::integer)"     },
    {"sleep",   "SELECT pg_sleep(30)::text"                    },
    {"end",     "SELECT pg_terminate_backend(pg_backend_pid())"},
    {"fields",
     "SELECT $1::smallint, $2::integer, $3::bigint, $4::timestamptz, true, $5::bytea, $6::text, "
     "$7::text"                                                },
};
enum { STATEMENTS = sizeof statements / sizeof *statements };

static const char tables[] = "CREATE SCHEMA redress;"
                             "CREATE TABLE redress.number (n integer PRIMARY KEY);"
                             "CREATE TABLE redress.promise (n integer REFERENCES redress.number "
                             "DEFERRABLE INITIALLY DEFERRED)";

static void desk_ready(struct pg_desk *desk)
{
    pg_desk_open(desk);
    pg_desk_run(desk, tables);
    pg_desk_connect(desk, statements, STATEMENTS);
    assert_true(pg_desk_until_ready(desk));
}

static void call_number(struct pg_desk *desk, const char *statement, int32_t number)
{
    pg_call(desk->pg, statement);
    pg_bind_int4(desk->pg, number);
}

/* The numbers in the table, counted. */
static void assert_numbers(struct pg_desk *desk, const char *answer)
{
    pg_begin(desk->pg);
    pg_call(desk->pg, "numbers");
    pg_desk_ask(desk, answer);
}

static void look_at_order(void *self, const struct pg_answer *answer)
{
    int64_t *next = self;
    assert_int_equal(answer->count, 1);
    assert_int_equal(pg_int8(answer->results[0], 0, 0), *next);
    (*next)++;
}

static void hundreds_of_requests_are_answered_in_order_and_no_more_are_taken(void **state)
{
    (void)state;
    struct pg_desk desk;
    struct error error = {.text = ""};
    int64_t next = 0;
    desk_ready(&desk);
    desk.look = look_at_order;
    desk.self = &next;
    for (unsigned round = 0; round < 3; round++) {
        for (int64_t i = 0; i < PG_REQUESTS_MAX; i++) {
            pg_begin(desk.pg);
            pg_call(desk.pg, "echo");
            pg_bind_int8(desk.pg, round * PG_REQUESTS_MAX + i);
            pg_desk_send(&desk);
        }
        assert_int_equal(pg_pending(desk.pg), PG_REQUESTS_MAX);
        pg_begin(desk.pg);
        pg_call(desk.pg, "echo");
        pg_bind_int8(desk.pg, -1);
        assert_false(pg_send(desk.pg, NULL, NULL, &error));
        assert_int_equal(error.kind, ERROR_RETRY);
        assert_true(pg_desk_until_answers(&desk, (round + 1) * PG_REQUESTS_MAX));
        assert_int_equal(pg_pending(desk.pg), 0);
    }
    assert_int_equal(next, 3 * PG_REQUESTS_MAX);
    assert_int_equal(desk.downs, 0);
    pg_desk_close(&desk);
}

static void a_statement_that_fails_undoes_its_request_and_no_other(void **state)
{
    (void)state;
    struct pg_desk desk;
    desk_ready(&desk);
    pg_begin(desk.pg);
    call_number(&desk, "add", 10);
    pg_desk_send(&desk);
    pg_begin(desk.pg);
    call_number(&desk, "add", 1);
    call_number(&desk, "divide", 0);
    call_number(&desk, "add", 2);
    pg_desk_send(&desk);
    pg_begin(desk.pg);
    call_number(&desk, "add", 20);
    pg_desk_send(&desk);
    assert_true(pg_desk_until_answers(&desk, 3));
    assert_string_equal(desk.answers[0], "ok 0");
    assert_string_equal(desk.answers[1], "22012 at 1");
    assert_string_equal(desk.answers[2], "ok 0");
    assert_numbers(&desk, "ok 2");
    pg_desk_close(&desk);
}

static void a_commit_that_fails_is_told_as_a_failure(void **state)
{
    (void)state;
    struct pg_desk desk;
    desk_ready(&desk);
    pg_begin(desk.pg);
    call_number(&desk, "add", 1);
    call_number(&desk, "promise", 99);
    pg_desk_ask(&desk, "23503 at 2");
    assert_numbers(&desk, "ok 0");
    assert_int_equal(desk.downs, 0);
    pg_desk_close(&desk);
}

static void a_session_that_is_ended_answers_once_and_is_followed_by_another(void **state)
{
    (void)state;
    struct pg_desk desk;
    desk_ready(&desk);
    int pid = pg_backend_pid(desk.pg);
    pg_begin(desk.pg);
    pg_call(desk.pg, "end");
    call_number(&desk, "add", 1);
    pg_desk_send(&desk);
    pg_begin(desk.pg);
    call_number(&desk, "add", 2);
    pg_desk_send(&desk);
    assert_true(pg_desk_until_down(&desk));
    assert_int_equal(desk.answer_count, 2);
    assert_string_not_equal(desk.answers[0], "ok 0");
    assert_string_equal(desk.answers[1], "lost");
    assert_int_equal(desk.downs, 1);
    assert_true(pg_desk_until_ready(&desk));
    assert_int_not_equal(pg_backend_pid(desk.pg), pid);
    assert_numbers(&desk, "ok 0");
    assert_int_equal(desk.answer_count, 3);
    pg_desk_close(&desk);
}

/* Whoever is told that his request is lost may be tempted to ask again at once. */
static void look_and_ask_again(void *self, const struct pg_answer *answer)
{
    struct pg_desk *desk = self;
    struct error error = {.text = ""};
    if (answer->status != PG_LOST) {
        return;
    }
    pg_begin(desk->pg);
    call_number(desk, "add", 3);
    assert_false(pg_send(desk->pg, NULL, NULL, &error));
    assert_int_equal(error.kind, ERROR_RETRY);
}

static void requests_under_way_when_the_server_dies_are_lost_and_nothing_is_sent_again(void **state)
{
    (void)state;
    struct pg_desk desk;
    struct error error = {.text = ""};
    desk_ready(&desk);
    desk.look = look_and_ask_again;
    desk.self = &desk;
    pg_begin(desk.pg);
    call_number(&desk, "add", 1);
    pg_desk_ask(&desk, "ok 0");
    pg_begin(desk.pg);
    pg_call(desk.pg, "sleep");
    pg_desk_send(&desk);
    server_kill(desk.server);
    unsigned sent = 2;
    for (int32_t i = 0; i < 10; i++) { /* until the connection notices: then nothing is sent */
        pg_begin(desk.pg);
        call_number(&desk, "add", 100 + i);
        sent += pg_desk_try(&desk);
    }
    assert_true(pg_desk_until_down(&desk));
    assert_true(pg_desk_until_answers(&desk, sent)); /* in the turn after, at the latest */
    assert_int_equal(desk.answer_count, sent);
    for (unsigned i = 1; i < sent; i++) {
        assert_string_equal(desk.answers[i], "lost");
    }
    assert_int_equal(pg_pending(desk.pg), 0);
    assert_int_equal(pg_backend_pid(desk.pg), 0);
    pg_begin(desk.pg);
    assert_false(pg_send(desk.pg, NULL, NULL, &error));
    pg_desk_turn(&desk, 300000); /* a few attempts in vain */
    if (!server_start(desk.server, &error)) {
        fail_msg("%s", error.text);
    }
    assert_true(pg_desk_until_ready(&desk));
    assert_int_equal(desk.ups, 2);
    assert_numbers(&desk, "ok 1");
    pg_desk_close(&desk);
}

static void a_reset_loses_what_is_under_way_and_comes_back_as_another_session(void **state)
{
    (void)state;
    struct pg_desk desk;
    desk_ready(&desk);
    int pid = pg_backend_pid(desk.pg);
    pg_begin(desk.pg);
    pg_call(desk.pg, "sleep");
    pg_desk_send(&desk);
    pg_reset(desk.pg, "fenced");
    assert_string_equal(desk.answers[0], "lost");
    assert_string_equal(desk.why, "postgresql: fenced");
    assert_true(pg_desk_until_ready(&desk));
    assert_int_not_equal(pg_backend_pid(desk.pg), pid);
    pg_begin(desk.pg);
    pg_call(desk.pg, "sleep");
    pg_desk_send(&desk);
    pg_free(&desk.pg); /* closing answers too */
    assert_null(desk.pg);
    assert_int_equal(desk.answer_count, 2);
    assert_string_equal(desk.answers[1], "lost");
    pg_desk_close(&desk);
}

static void a_statement_that_does_not_prepare_is_named_and_nothing_is_taken(void **state)
{
    (void)state;
    static const struct pg_statement wrong[] = {
        {"right", "SELECT 1"             },
        {"wrong", "SELECT no_such_column"},
        {"later", "SELECT 2"             },
    };
    struct pg_desk desk;
    struct error error = {.text = ""};
    pg_desk_open(&desk);
    pg_desk_connect(&desk, wrong, 3);
    pg_desk_turn(&desk, 1000000);
    assert_int_equal(desk.ups, 0);
    assert_true(desk.downs > 0);
    assert_non_null(strstr(desk.why, "statement wrong"));
    assert_non_null(strstr(desk.why, "no_such_column"));
    pg_begin(desk.pg);
    assert_false(pg_send(desk.pg, NULL, NULL, &error));
    pg_desk_close(&desk);
}

/* libpq goes on to the next host with a new socket, mostly under the same number. */
static void a_host_that_may_not_write_is_passed_over_for_the_next(void **state)
{
    (void)state;
    static const char *const standby[] = {"-c", "default_transaction_read_only=on", NULL};
    const struct server_postgres_options options = {.arguments = standby};
    struct pg_desk desk;
    struct error error = {.text = ""};
    char conninfo[400];
    pg_desk_open(&desk);
    pg_desk_run(&desk, tables);
    struct server *other = server_postgres_new(&options, &error);
    assert_non_null(other);
    (void)snprintf(conninfo,
                   sizeof conninfo,
                   "host=%s,%s user=postgres dbname=postgres target_session_attrs=read-write",
                   server_socket(other),
                   server_socket(desk.server));
    int64_t before_us = clock_now_us();
    pg_desk_connect_to(&desk, conninfo, statements, STATEMENTS);
    assert_true(pg_desk_until_ready(&desk));
    assert_true(clock_now_us() - before_us < 3000000);
    assert_int_equal(desk.downs, 0);
    assert_numbers(&desk, "ok 0");
    pg_desk_close(&desk);
    server_free(&other);
}

static void look_at_fields(void *self, const struct pg_answer *answer)
{
    (void)self;
    const PGresult *rows = answer->results[0];
    assert_int_equal(pg_int2(rows, 0, 0), -2);
    assert_int_equal(pg_int4(rows, 0, 1), INT32_MIN);
    assert_int_equal(pg_int8(rows, 0, 2), INT64_MIN + 1);
    assert_int_equal(pg_time(rows, 0, 3), 1);
    assert_true(pg_bool(rows, 0, 4));
    assert_true(slice_equal(pg_bytes(rows, 0, 5), slice_of("\0\xff", 2)));
    assert_true(slice_equal(pg_bytes(rows, 0, 6), slice_text("投诉")));
    assert_false(pg_is_null(rows, 0, 6));
    assert_true(pg_is_null(rows, 0, 7));
}

static void single_values_arrive_as_they_were_bound(void **state)
{
    (void)state;
    struct pg_desk desk;
    desk_ready(&desk);
    desk.look = look_at_fields;
    pg_begin(desk.pg);
    pg_call(desk.pg, "fields");
    pg_bind_int2(desk.pg, -2);
    pg_bind_int4(desk.pg, INT32_MIN);
    pg_bind_int8(desk.pg, INT64_MIN + 1);
    pg_bind_int8(desk.pg, pg_time_from_us(1));
    pg_bind(desk.pg, slice_of("\0\xff", 2));
    pg_bind_text(desk.pg, "投诉");
    pg_bind_null(desk.pg);
    pg_desk_ask(&desk, "ok 1");
    pg_begin(desk.pg);
    pg_abandon(desk.pg); /* begun, and nothing came of it */
    desk.look = NULL;
    assert_numbers(&desk, "ok 0");
    pg_desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hundreds_of_requests_are_answered_in_order_and_no_more_are_taken),
        cmocka_unit_test(a_statement_that_fails_undoes_its_request_and_no_other),
        cmocka_unit_test(a_commit_that_fails_is_told_as_a_failure),
        cmocka_unit_test(a_session_that_is_ended_answers_once_and_is_followed_by_another),
        cmocka_unit_test(
            requests_under_way_when_the_server_dies_are_lost_and_nothing_is_sent_again),
        cmocka_unit_test(a_reset_loses_what_is_under_way_and_comes_back_as_another_session),
        cmocka_unit_test(a_statement_that_does_not_prepare_is_named_and_nothing_is_taken),
        cmocka_unit_test(a_host_that_may_not_write_is_passed_over_for_the_next),
        cmocka_unit_test(single_values_arrive_as_they_were_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
