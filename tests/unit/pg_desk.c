#include "pg_desk.h"

#include "clock.h"
#include "unit.h"

#include <event2/event.h>
#include <signal.h>

enum { PATIENCE_US = 10000000 };

static void on_beat(evutil_socket_t fd, short what, void *self)
{
    (void)fd;
    (void)what;
    (void)self;
}

/* To make a cluster takes longer than most stories: one serves the whole program. */
static struct server *shared;

static void shared_end(void)
{
    server_free(&shared);
}

static void shared_begin(struct error *error)
{
    shared = server_postgres_new(NULL, error);
    if (shared) {
        (void)atexit(shared_end);
    }
}

void pg_desk_open(struct pg_desk *desk)
{
    struct error error = {.text = ""};
    (void)signal(SIGPIPE, SIG_IGN);
    bool first = !shared;
    if (first) {
        shared_begin(&error);
    }
    *desk = (struct pg_desk){.server = shared};
    if (!desk->server && error.kind == ERROR_REJECT) {
        print_message("skipped: %s\n", error.text);
        skip();
    }
    if (!desk->server) {
        fail_msg("%s", error.text);
    }
    if (!first) {
        pg_desk_run(desk, "DROP SCHEMA IF EXISTS redress CASCADE");
    }
    desk->loop = event_base_new();
    desk->beat = event_new(desk->loop, -1, EV_PERSIST, on_beat, NULL);
    (void)event_add(desk->beat, &(struct timeval){0, 5000});
}

void pg_desk_close(struct pg_desk *desk)
{
    pg_free(&desk->pg);
    event_free(desk->beat);
    event_base_free(desk->loop);
}

void pg_desk_run(const struct pg_desk *desk, const char *sql)
{
    PGconn *connection = PQconnectdb(server_conninfo(desk->server));
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        fail_msg("%.80s: %s", sql, PQerrorMessage(connection));
    }
    PQclear(result);
    PQfinish(connection);
}

void pg_desk_archive(const struct pg_desk *desk, const char *partitions)
{
    static char sql[64 * 1024];
    static const char place[] = ":partitions";
    FILE *file = fopen(SCHEMA_FILE, "r");
    assert_non_null(file);
    size_t used = 0;
    char line[512];
    while (fgets(line, sizeof line, file)) {
        const char *at = strstr(line, place);
        int head = at ? (int)(at - line) : (int)strlen(line);
        int size = snprintf(sql + used,
                            sizeof sql - used,
                            "%.*s%s%s",
                            head,
                            line,
                            at ? partitions : "",
                            at ? at + sizeof place - 1 : "");
        used += (size_t)size;
        assert_true(used < sizeof sql);
    }
    assert_int_equal(fclose(file), 0);
    pg_desk_run(desk, sql);
}

static void on_state(void *owner, enum pg_state state, const struct error *error)
{
    struct pg_desk *desk = owner;
    desk->ups += state == PG_READY;
    desk->downs += state == PG_DOWN;
    if (error) {
        (void)snprintf(desk->why, sizeof desk->why, "%s", error->text);
    }
}

void pg_desk_connect_to(struct pg_desk *desk,
                        const char *conninfo,
                        const struct pg_statement *statements,
                        unsigned count)
{
    desk->pg = pg_new(desk->loop, conninfo, "unit", statements, count, on_state, desk);
    assert_non_null(desk->pg);
}

void pg_desk_versions(const struct pg_desk *desk, const char *yaml, unsigned count)
{
    static char sql[20 * 1024];
    int length =
        snprintf(sql,
                 sizeof sql,
                 "INSERT INTO redress.policy OVERRIDING SYSTEM VALUE SELECT n, 'quick', n, "
                 "int4send(n), replace($yaml$%s$yaml$, 'version: 1', 'version: ' || n), "
                 "'2024-03-01 00:00:00+00'::timestamptz + n * interval '1 day' "
                 "FROM generate_series(1, %u) n",
                 yaml,
                 count);
    assert_in_range(length, 1, sizeof sql - 1);
    pg_desk_run(desk, sql);
}

void pg_desk_connect(struct pg_desk *desk, const struct pg_statement *statements, unsigned count)
{
    pg_desk_connect_to(desk, server_conninfo(desk->server), statements, count);
}

void pg_desk_turn(struct pg_desk *desk, int64_t us)
{
    int64_t end_us = clock_now_us() + us;
    while (clock_now_us() < end_us) {
        (void)event_base_loop(desk->loop, EVLOOP_ONCE);
    }
}

static bool until_state(struct pg_desk *desk, enum pg_state state)
{
    int64_t end_us = clock_now_us() + PATIENCE_US;
    while (pg_current_state(desk->pg) != state && clock_now_us() < end_us) {
        (void)event_base_loop(desk->loop, EVLOOP_ONCE);
    }
    return pg_current_state(desk->pg) == state;
}

bool pg_desk_until_ready(struct pg_desk *desk)
{
    return until_state(desk, PG_READY);
}

void pg_desk_ready(struct pg_desk *desk, const struct pg_statement *statements, unsigned count)
{
    pg_desk_open(desk);
    pg_desk_archive(desk, "4");
    pg_desk_connect(desk, statements, count);
    assert_true(pg_desk_until_ready(desk));
}

bool pg_desk_until_down(struct pg_desk *desk)
{
    return until_state(desk, PG_DOWN);
}

bool pg_desk_until_answers(struct pg_desk *desk, unsigned count)
{
    int64_t end_us = clock_now_us() + PATIENCE_US;
    while (desk->answer_count < count && clock_now_us() < end_us) {
        (void)event_base_loop(desk->loop, EVLOOP_ONCE);
    }
    return desk->answer_count >= count;
}

static void on_answer(void *context, const struct pg_answer *answer)
{
    struct pg_desk *desk = context;
    assert_true(desk->answer_count < PG_DESK_ANSWERS_MAX);
    char *text = desk->answers[desk->answer_count++];
    if (answer->status == PG_OK) {
        int rows = answer->count > 0 ? PQntuples(answer->results[answer->count - 1]) : -1;
        (void)snprintf(text, PG_DESK_ANSWER_SIZE, "ok %d", rows);
    } else if (answer->status == PG_FAILED) {
        (void)snprintf(text, PG_DESK_ANSWER_SIZE, "%s at %u", answer->sqlstate, answer->statement);
    } else {
        (void)snprintf(text, PG_DESK_ANSWER_SIZE, "lost");
    }
    if (desk->look) {
        desk->look(desk->self, answer);
    }
}

bool pg_desk_try(struct pg_desk *desk)
{
    struct error error = {.text = ""};
    unsigned before = desk->answer_count;
    bool sent = pg_send(desk->pg, on_answer, desk, &error);
    assert_int_equal(desk->answer_count, before); /* nobody is answered while he asks */
    return sent;
}

void pg_desk_send(struct pg_desk *desk)
{
    assert_true(pg_desk_try(desk));
}

void pg_desk_ask(struct pg_desk *desk, const char *answer)
{
    unsigned before = desk->answer_count;
    pg_desk_send(desk);
    assert_true(pg_desk_until_answers(desk, before + 1));
    assert_string_equal(desk->answers[before], answer);
}
