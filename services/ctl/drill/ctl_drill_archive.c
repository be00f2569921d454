/*
 * The cases of a policy from the archive: their journal in one read-only snapshot.
 *
 * The role may only read, and the transaction is told to be read-only as well: a drill cannot write
 * by mistake.
 */
#include "ctl_database.h"
#include "ctl_drill.h"
#include "ctl_view.h"
#include "pg.h"
#include "scope.h"

static const char begin_sql[] = "SET default_transaction_read_only = on; "
                                "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; "
                                "LOCK TABLE journal IN ACCESS SHARE MODE";
/* Cases of which something is detached: half a case would give a wrong answer. */
static const char cut_sql[] =
    "SELECT count(*) FROM complaint c JOIN policy p ON p.id = c.policy_id AND p.name = $1 "
    "JOIN (SELECT partition, max(case_id) AS last FROM journal_cut GROUP BY 1) k "
    "ON k.partition = c.case_id >> 40 AND c.case_id <= k.last "
    "WHERE c.received_at >= to_timestamp($2::bigint) AND c.received_at < to_timestamp($3::bigint)";
static const char declare_sql[] =
    "DECLARE drill BINARY NO SCROLL CURSOR FOR "
    "SELECT j.case_id, j.bytes FROM journal j JOIN complaint c ON c.case_id = j.case_id "
    "JOIN policy p ON p.id = c.policy_id AND p.name = $1 "
    "WHERE j.service IN (1, 2, 3, 4) AND j.partition = (c.case_id >> 40)::smallint "
    "AND c.received_at >= to_timestamp($2::bigint) AND c.received_at < to_timestamp($3::bigint) "
    "ORDER BY j.case_id, j.service, j.seq";
static const char fetch_sql[] = "FETCH 4000 FROM drill";

static int say_simple(struct ctl *ctl, const char *sql)
{
    SCOPED(ctl_rows_free) PGresult *done = PQexec(ctl->database, sql);
    return PQresultStatus(done) == PGRES_COMMAND_OK ? CTL_OK : ctl_database_refused(ctl, done);
}

static bool take_row(struct drill_book *book, uint64_t case_id, struct slice bytes)
{
    struct event event;
    struct error error = {0};
    static const uint8_t no_hash[HASH_SIZE];
    bool begins = book->count == 0 || book->records[book->count - 1].case_id != case_id;
    if (begins && !drill_book_begin(book, case_id)) {
        return false;
    }
    if (!event_decode_lent(bytes, no_hash, &event, &error)) {
        book->skipped++;
        return true;
    }
    struct drill_record *record = &book->records[book->count - 1];
    if (event_kind_service(event.kind) == SERVICE_WATCHDOG) {
        drill_hear(&book->names, &event, record->said);
        return true;
    }
    if (event.kind == EVENT_RECEIVED) {
        record->received_us = event.received.received_at_us;
    } else if (event.kind == EVENT_OPENED) {
        record->policy_id = event.opened.policy_id;
    }
    return drill_book_add(book, bytes, event.at_us);
}

static int take_rows(struct ctl *ctl, struct drill_book *book)
{
    for (;;) {
        SCOPED(ctl_rows_free)
        PGresult *rows = PQexecParams(ctl->database, fetch_sql, 0, NULL, NULL, NULL, NULL, 1);
        if (PQresultStatus(rows) != PGRES_TUPLES_OK) {
            return ctl_database_refused(ctl, rows);
        }
        for (int i = 0; i < PQntuples(rows); i++) {
            if (!take_row(book, (uint64_t)pg_int8(rows, i, 0), pg_bytes(rows, i, 1))) {
                return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
            }
        }
        if (PQntuples(rows) == 0) {
            return CTL_OK;
        }
    }
}

int drill_read_archive(struct ctl *ctl,
                       const char *policy,
                       struct drill_span span,
                       struct drill_book *book)
{
    int code = ctl_database(ctl);
    code = code == CTL_OK ? say_simple(ctl, begin_sql) : code;
    if (code != CTL_OK) {
        return code;
    }
    char from[24];
    char to[24];
    const char *const parameters[] = {policy,
                                      ctl_number_text(from, span.from_us / DRILL_SECOND_US),
                                      ctl_number_text(to, span.to_us / DRILL_SECOND_US)};
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    SCOPED(ctl_rows_free) PGresult *cut = NULL;
    code = ctl_query(ctl, cut_sql, parameters, 3, &cut);
    if (code == CTL_OK && strcmp(PQgetvalue(cut, 0, 0), "0") != 0) {
        code = ctl_fail(ctl, CTL_NOT_FOUND, TEXT_DRILL_CUT, CTL_ARGS(PQgetvalue(cut, 0, 0)));
    }
    code = code == CTL_OK ? ctl_query(ctl, declare_sql, parameters, 3, &rows) : code;
    code = code == CTL_OK ? take_rows(ctl, book) : code;
    if (PQtransactionStatus(ctl->database) != PQTRANS_IDLE) {
        int ended = say_simple(ctl, "ROLLBACK");
        code = code == CTL_OK ? ended : code;
    }
    book->has_verdicts = true;
    return code;
}
