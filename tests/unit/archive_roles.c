/*
 * Goal: what a role of the archive need not do it cannot do; the archive knows in which form it is
 * and which files of the schema it has had.  Method: the schema in a real
 * PostgreSQL; each role connects by itself and tries, row by row of a table, what it must be able
 * to do and what nobody may: to write the streams of another service or another's head (law 2), to
 * change or remove what was appended (law 3), to read a case's key or a customer unseen (law 10).
 */
#include "archive_form.h"
#include "pg_desk.h"
#include "unit.h"

#include <glob.h>
#include <libpq-fe.h>

#define JOURNAL(table, service)                                                                    \
    "INSERT INTO " table " (service, partition, seq, case_id, kind, at, hash, bytes) VALUES "      \
    "(" service ", 0, 1, 1, 1, now(), '', '')"
#define HEAD(service) "UPDATE head SET epoch = epoch + 1 WHERE partition = 0 AND service = " service
#define SUBMISSION                                                                                 \
    "INSERT INTO submission (submission_id, channel, case_id, digest, at, hash) VALUES "           \
    "(gen_random_uuid(), 'phone', 1, '', now(), '')"

enum outcome {
    MAY,    /* and it has an effect */
    NO_ROW, /* it does nothing: the rows are another's */
    MAY_NOT,
};

/* clang-format off */
static const struct attempt {
    const char *role;
    const char *sql;
    enum outcome outcome;
} attempts[] = {
    /* law 2: one writer */
    {"intake", JOURNAL("journal_intake", "1"), MAY},
    {"intake", JOURNAL("journal_dispatch", "3"), MAY_NOT},
    {"intake", JOURNAL("journal", "1"), MAY_NOT},
    {"triage", JOURNAL("journal_triage", "2"), MAY},
    {"triage", JOURNAL("journal_intake", "1"), MAY_NOT},
    {"dispatch", JOURNAL("journal_dispatch", "3"), MAY},
    {"dispatch", JOURNAL("journal_watchdog", "4"), MAY_NOT},
    {"watchdog", JOURNAL("journal_watchdog", "4"), MAY},
    {"watchdog", JOURNAL("journal_dispatch", "3"), MAY_NOT},
    {"analytics", JOURNAL("journal_intake", "1"), MAY_NOT},
    {"reader", JOURNAL("journal_intake", "1"), MAY_NOT},
    {"policy", JOURNAL("journal_intake", "1"), MAY_NOT},
    {"intake", HEAD("1"), MAY},
    {"intake", HEAD("3"), NO_ROW},
    {"triage", HEAD("2"), MAY},
    {"triage", HEAD("1"), NO_ROW},
    {"dispatch", HEAD("3"), MAY},
    {"dispatch", HEAD("4"), NO_ROW},
    {"watchdog", HEAD("4"), MAY},
    {"watchdog", HEAD("5"), NO_ROW},
    {"analytics", HEAD("5"), MAY},
    {"analytics", HEAD("2"), NO_ROW},
    {"reader", HEAD("1"), MAY_NOT},
    {"intake", "INSERT INTO head (service, partition) VALUES (1, 999)", MAY_NOT},
    {"intake", "DELETE FROM head", MAY_NOT},
    {"triage", "DELETE FROM member WHERE service = 1", NO_ROW},
    {"dispatch", "UPDATE member SET publisher = 'tcp://evil:1' WHERE service = 1", NO_ROW},
    {"intake", "UPDATE member SET host = 'x' WHERE service = 1", MAY},
    {"watchdog", "UPDATE complaint SET step = 'x'", MAY_NOT},
    {"dispatch", "UPDATE clock SET closed = true", MAY_NOT},
    {"dispatch", "UPDATE complaint SET step = step", NO_ROW},
    {"analytics", "UPDATE complaint SET step = 'x'", MAY_NOT},
    {"watchdog", "UPDATE figure SET count = 0", MAY_NOT},
    /* law 3: what was appended stays */
    {"intake", "UPDATE journal SET bytes = ''", MAY_NOT},
    {"intake", "UPDATE journal_intake SET bytes = ''", MAY_NOT},
    {"dispatch", "DELETE FROM journal_dispatch", MAY_NOT},
    {"watchdog", "TRUNCATE journal_watchdog", MAY_NOT},
    {"analytics", "DELETE FROM journal", MAY_NOT},
    {"triage", "DROP TABLE journal_triage", MAY_NOT},
    {"triage", "ALTER TABLE journal_triage DISABLE TRIGGER ALL", MAY_NOT},
    {"reader", "DELETE FROM journal", MAY_NOT},
    {"policy", "DELETE FROM journal", MAY_NOT},
    {"triage", "SELECT journal_turn('triage', 2)", MAY_NOT},
    {"intake", "SELECT journal_open('intake', 2)", MAY_NOT},
    {"intake", "ALTER TABLE journal_of_intake DETACH PARTITION journal_intake", MAY_NOT},
    {"dispatch", "INSERT INTO journal_cut VALUES (3, 0, 1, 1, '', 1, 0)", MAY_NOT},
    {"reader", "DELETE FROM journal_cut", MAY_NOT},
    {"reader", "SELECT * FROM journal_part, journal_part_holds(part, service)", MAY},
    {"intake", "UPDATE submission SET digest = ''", MAY_NOT},
    {"intake", "DELETE FROM submission", MAY_NOT},
    {"dispatch", "UPDATE archive SET partitions = 1", MAY_NOT},
    /* law 9: who looks fills no disk; planted: each of the revokes left out */
    {"reader", "CREATE TEMP TABLE mine (a integer)", MAY_NOT},
    {"reader", "CREATE TABLE mine (a integer)", MAY_NOT},
    {"reader", "CREATE TABLE public.mine (a integer)", MAY_NOT},
    {"reader", "SELECT lo_creat(-1)", MAY_NOT},
    {"reader", "SELECT lo_create(0)", MAY_NOT},
    {"reader", "SELECT lo_from_bytea(0, '\\x01')", MAY_NOT},
    {"policy", "CREATE TEMP TABLE mine (a integer)", MAY_NOT},
    {"intake", "SELECT lo_create(0)", MAY_NOT},
    /* law 10: keys and customers */
    {"intake", SUBMISSION, MAY},
    {"dispatch", SUBMISSION, MAY_NOT},
    {"dispatch", "SELECT case_id, wrapped_key FROM submission", MAY},
    {"dispatch", "UPDATE submission SET wrapped_key = NULL, customer = NULL, digest = ''", MAY},
    {"dispatch", "UPDATE submission SET case_id = 1", MAY_NOT},
    {"triage", "UPDATE submission SET wrapped_key = NULL", MAY_NOT},
    {"triage", "SELECT case_id, customer FROM submission", MAY},
    {"triage", "SELECT wrapped_key FROM submission", MAY_NOT},
    {"watchdog", "SELECT wrapped_key FROM submission", MAY_NOT},
    {"analytics", "SELECT customer FROM submission", MAY_NOT},
    {"reader", "SELECT wrapped_key FROM submission", MAY_NOT},
    {"reader", "SELECT has_key FROM submission", MAY},
    {"reader", "SELECT customer FROM submission", MAY_NOT},
    {"reader", "SELECT count(*) FROM submission", MAY},
    {"policy", "SELECT * FROM complaint", MAY_NOT},
    /* law 11: policies are added, never changed */
    {"policy",
     "INSERT INTO policy (name, version, hash, source) VALUES ('p', 1, '\\x01', '')", MAY},
    {"policy", "UPDATE policy SET source = ''", MAY_NOT},
    {"dispatch",
     "INSERT INTO policy (name, version, hash, source) VALUES ('q', 1, '\\x02', '')", MAY_NOT},
    {"reader",
     "INSERT INTO policy (name, version, hash, source) VALUES ('r', 1, '\\x03', '')", MAY_NOT},
    /* who works here: written by who applies it, read by who decides */
    {"policy",
     "INSERT INTO org (version, name, hash, source, applied_by) VALUES (1, 'o', '', '', '')", MAY},
    {"policy", "INSERT INTO agent (agent) VALUES ('a')", MAY},
    {"policy", "DELETE FROM agent WHERE agent = 'a'", MAY},
    {"policy", "UPDATE org SET source = ''", MAY_NOT},
    {"policy", "DELETE FROM org", MAY_NOT},
    {"policy", "UPDATE agent_slot SET capacity = 99", MAY_NOT},
    {"dispatch", "SELECT source FROM org", MAY},
    {"dispatch", "DELETE FROM agent", MAY_NOT},
    {"reader", "SELECT version FROM org", MAY},
    {"reader", "INSERT INTO agent_role (agent, role) VALUES ('a', 'b')", MAY_NOT},
    {"triage", "SELECT * FROM agent_leave", MAY_NOT},
};
/* clang-format on */

static PGconn *connect_as(const struct pg_desk *desk, const char *role)
{
    char conninfo[256];
    (void)snprintf(conninfo,
                   sizeof conninfo,
                   "host=%s dbname=postgres user=redress_%s options='-c search_path=redress'",
                   server_socket(desk->server),
                   role);
    PGconn *connection = PQconnectdb(conninfo);
    if (PQstatus(connection) != CONNECTION_OK) {
        fail_msg("%s: %s", role, PQerrorMessage(connection));
    }
    return connection;
}

static enum outcome outcome_of(const PGresult *result, const struct attempt *attempt)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_FATAL_ERROR) {
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        if (strcmp(state, "42501") != 0) {
            fail_msg("%s: %s: %s", attempt->role, attempt->sql, PQresultErrorMessage(result));
        }
        return MAY_NOT;
    }
    long rows = status == PGRES_TUPLES_OK
                    ? PQntuples(result)
                    : strtol(PQcmdTuples((PGresult *)(uintptr_t)result), NULL, 10);
    return rows > 0 ? MAY : NO_ROW;
}

static void every_role_can_do_its_work_and_nothing_else(void **state)
{
    (void)state;
    struct pg_desk desk;
    pg_desk_open(&desk);
    pg_desk_archive(&desk, "4");
    pg_desk_run(&desk,
                "INSERT INTO redress.member (service, instance, publisher, backend_pid, "
                "backend_start, lease_until) VALUES (1, 'a', '', 1, now(), now())");
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
        const struct attempt *attempt = &attempts[i];
        PGconn *connection = connect_as(&desk, attempt->role);
        PGresult *result = PQexec(connection, attempt->sql);
        enum outcome outcome = outcome_of(result, attempt);
        if (outcome != attempt->outcome) {
            fail_msg("redress_%s: %s: %d, not %d",
                     attempt->role,
                     attempt->sql,
                     outcome,
                     attempt->outcome);
        }
        PQclear(result);
        PQfinish(connection);
    }
    pg_desk_close(&desk);
}

static void nobody_is_more_than_he_seems(void **state)
{
    (void)state;
    struct pg_desk desk;
    pg_desk_open(&desk);
    pg_desk_archive(&desk, "4");
    PGconn *connection = connect_as(&desk, "reader");
    PGresult *result = PQexec(connection,
                              "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'redress%' AND "
                              "(rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR "
                              "rolreplication)");
    assert_string_equal(PQgetvalue(result, 0, 0), "0");
    PQclear(result);
    PQfinish(connection);
    pg_desk_close(&desk);
}

/* Or the next one would be left out, or applied to what is of another form. */
static void the_archive_tells_its_form_and_its_newest_file(void **state)
{
    (void)state;
    struct pg_desk desk;
    glob_t files;
    char expected[32];
    assert_int_equal(glob(SCHEMA_FILES, 0, NULL, &files), 0);
    const char *newest = strrchr(files.gl_pathv[files.gl_pathc - 1], '/') + 1;
    (void)snprintf(
        expected, sizeof expected, "%ld %d", strtol(newest, NULL, 10), (int)ARCHIVE_SCHEMA);
    globfree(&files);
    pg_desk_open(&desk);
    pg_desk_archive(&desk, "4");
    PGconn *connection = connect_as(&desk, "reader");
    PGresult *result = PQexec(connection, "SELECT file || ' ' || schema FROM archive");
    assert_int_equal(PQntuples(result), 1);
    assert_string_equal(PQgetvalue(result, 0, 0), expected);
    PQclear(result);
    PQfinish(connection);
    pg_desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_role_can_do_its_work_and_nothing_else),
        cmocka_unit_test(nobody_is_more_than_he_seems),
        cmocka_unit_test(the_archive_tells_its_form_and_its_newest_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
