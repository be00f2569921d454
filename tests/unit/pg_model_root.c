#include "hex.h"
#include "pg_model_real.h"
#include "unit.h"

#include <libpq-fe.h>
#include <unistd.h>

static struct {
    PGconn *connection;
    enum service_id service;
} root;

void root_begin(const char *conninfo, enum service_id service)
{
    root.service = service;
    root.connection = PQconnectdb(conninfo);
    assert_int_equal(PQstatus(root.connection), CONNECTION_OK);
}

void root_end(void)
{
    PQfinish(root.connection);
}

static PGresult *root_ask(const char *format, ...) __attribute__((format(printf, 1, 2)));

static PGresult *root_ask(const char *format, ...)
{
    char sql[600];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(sql, sizeof sql, format, arguments);
    va_end(arguments);
    PGresult *result = PQexec(root.connection, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        fail_msg("%.80s: %s", sql, PQerrorMessage(root.connection));
    }
    return result;
}

void root_leases_last(void)
{
    static const char *const tables[] = {"head", "member"};
    for (unsigned i = 0; i < 2; i++) {
        PQclear(root_ask("UPDATE redress.%s SET lease_until = clock_timestamp() + interval '1 day' "
                         "WHERE lease_until > clock_timestamp() "
                         "AND lease_until < clock_timestamp() + interval '1 hour'",
                         tables[i]));
    }
}

void real_leases_end(void)
{
    PQclear(root_ask("UPDATE redress.head SET lease_until = clock_timestamp() - interval '1 s'"));
    PQclear(root_ask("UPDATE redress.member SET lease_until = clock_timestamp() - interval '1 s'"));
}

static int64_t number(const PGresult *rows, int column)
{
    return strtoll(PQgetvalue(rows, 0, column), NULL, 10);
}

static void place_read(const PGresult *rows, int column, struct real_place *place)
{
    place->seq = (uint64_t)number(rows, column);
    assert_true(hex_decode(slice_text(PQgetvalue(rows, 0, column + 1)), place->hash, HASH_SIZE));
}

void real_head_now(uint32_t partition, struct real_head *head)
{
    PGresult *rows = root_ask(
        "SELECT epoch, seq, encode(hash, 'hex'), intake_seq, encode(intake_hash, 'hex'), "
        "triage_seq, encode(triage_hash, 'hex'), dispatch_seq, encode(dispatch_hash, 'hex'), "
        "watchdog_seq, encode(watchdog_hash, 'hex'), owner, lease_until > clock_timestamp() "
        "FROM redress.head WHERE service = %d AND partition = %u",
        root.service,
        partition);
    *head = (struct real_head){.partition = partition, .epoch = (uint64_t)number(rows, 0)};
    place_read(rows, 1, &head->place);
    for (int from = 1; from < REAL_STREAMS; from++) {
        place_read(rows, 1 + 2 * from, &head->checkpoints[from]);
    }
    (void)snprintf(head->owner, sizeof head->owner, "%.15s", PQgetvalue(rows, 0, 11));
    head->alive = PQgetvalue(rows, 0, 12)[0] == 't';
    PQclear(rows);
}

static int64_t root_number(PGresult *rows)
{
    int64_t found = PQntuples(rows) > 0 ? number(rows, 0) : 0;
    PQclear(rows);
    return found;
}

uint32_t real_event_count(uint32_t partition)
{
    return (uint32_t)root_number(
        root_ask("SELECT count(*) FROM redress.journal WHERE service = %d AND partition = %u",
                 root.service,
                 partition));
}

int32_t real_used(uint32_t agent)
{
    return (int32_t)root_number(
        root_ask("SELECT used FROM redress.agent_slot WHERE agent = 'a%u'", agent));
}

void root_terminate(int pid)
{
    PQclear(root_ask("SELECT pg_terminate_backend(%d)", pid));
}

void root_await_end(int pid)
{
    while (root_number(root_ask("SELECT count(*) FROM pg_stat_activity WHERE pid = %d", pid)) > 0) {
        (void)usleep(1000);
    }
}
