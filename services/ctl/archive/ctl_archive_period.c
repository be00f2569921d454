/*
 * The journal by period: `redress archive turn`, `detach`, `attach`.
 *
 * Whatever takes a lock gives it up soon and comes back, so that no append waits behind it for
 * long.  Each verb can be broken off anywhere and said again.  A cut is on record before anything
 * is taken away, and goes after it is back: whoever looks in between believes the cut and begins
 * too late rather than in a hole.
 */
#include "ctl_database.h"
#include "scope.h"

#include <time.h>

enum {
    TRIES = 20,
    PAUSE_NS = 500 * 1000 * 1000,
    PART_MAX = 80,
    SERVICES = SERVICE_WATCHDOG + 1,
};

/* The table of one service for one period. */
struct part {
    char name[PART_MAX];
    bool open;
    bool attached;
    bool leaving; /* its detaching was broken off */
};

struct period {
    int64_t number;
    struct part parts[SERVICES];
    unsigned here;  /* how many of the four tables there are */
    unsigned held;  /* attached, or leaving */
    bool open;      /* one of them */
    int64_t oldest; /* period of which something is held; 0: none */
    int64_t newest; /* period of which something is detached; 0: none */
    bool was_cut;   /* a cut of it is on record */
};

/* Who follows each service (services/README.md). */
static const char *const followers[SERVICES] = {
    [SERVICE_INTAKE] = "{2,4,5}",
    [SERVICE_TRIAGE] = "{3,5}",
    [SERVICE_DISPATCH] = "{4,5}",
    [SERVICE_WATCHDOG] = "{3,5}",
};

static bool is_true(const PGresult *rows, int row, int column)
{
    return strcmp(PQgetvalue(rows, row, column), "t") == 0;
}

static int64_t number_at(const PGresult *rows, int row, int column)
{
    return strtoll(PQgetvalue(rows, row, column), NULL, 10);
}

/* ---- statements that take locks ---- */

/* CTL_TRY_AGAIN, saying nothing: somebody holds what it needs. */
static int attempt(struct ctl *ctl, const char *sql)
{
    SCOPED(ctl_rows_free) PGresult *done = PQexec(ctl->database, sql);
    ExecStatusType status = PQresultStatus(done);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
        return CTL_OK;
    }
    const char *state = PQresultErrorField(done, PG_DIAG_SQLSTATE);
    bool busy = state && (strcmp(state, "55P03") == 0 || strcmp(state, "40P01") == 0);
    return busy ? CTL_TRY_AGAIN : ctl_database_refused(ctl, done);
}

static void pause_a_little(void)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
}

static int insist(struct ctl *ctl, const char *sql)
{
    int code = attempt(ctl, sql);
    for (unsigned i = 1; i < TRIES && code == CTL_TRY_AGAIN; i++) {
        pause_a_little();
        code = attempt(ctl, sql);
    }
    return code == CTL_TRY_AGAIN ? ctl_fail(ctl, code, TEXT_PERIOD_READ, NULL) : code;
}

/* One at a time; the lock is the session's. */
static int begin(struct ctl *ctl)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ctl_query(ctl,
                         "SELECT pg_try_advisory_lock(hashtext('redress journal')), "
                         "set_config('lock_timeout', '500ms', false)",
                         NULL,
                         0,
                         &rows);
    return code == CTL_OK && !is_true(rows, 0, 0)
               ? ctl_fail(ctl, CTL_TRY_AGAIN, TEXT_PERIOD_BUSY, NULL)
               : code;
}

/* ---- what is there ---- */

static int parts_read(struct ctl *ctl, struct period *period)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ctl_query(ctl,
                         "SELECT service, part, open, attached, leaving FROM journal_part "
                         "WHERE period = $1::integer",
                         CTL_ARGS(CTL_NUMBER_TEXT(period->number)),
                         1,
                         &rows);
    period->here = period->held = 0;
    period->open = false;
    for (int row = 0; code == CTL_OK && row < PQntuples(rows); row++) {
        int64_t service = number_at(rows, row, 0);
        if (service < SERVICE_INTAKE || service > SERVICE_WATCHDOG) {
            continue;
        }
        struct part *part = &period->parts[service];
        (void)snprintf(part->name, sizeof part->name, "%s", PQgetvalue(rows, row, 1));
        part->open = is_true(rows, row, 2);
        part->attached = is_true(rows, row, 3);
        part->leaving = is_true(rows, row, 4);
        period->open = period->open || part->open;
        period->here++;
        period->held += part->attached || part->leaving;
    }
    return code;
}

static int period_read(struct ctl *ctl, struct period *period)
{
    char *end = NULL;
    const char *text = ctl_argument(ctl, 0);
    period->number = strtoll(text, &end, 10);
    if (*end != '\0' || period->number < 1 || period->number > INT16_MAX) {
        return ctl_fail(ctl, CTL_NOT_FOUND, TEXT_PERIOD_NONE, CTL_ARGS(text));
    }
    int code = begin(ctl);
    code = code == CTL_OK ? parts_read(ctl, period) : code;
    if (code != CTL_OK) {
        return code;
    }
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    code = ctl_query(ctl,
                     "SELECT coalesce(min(period) FILTER (WHERE attached OR leaving), 0), "
                     "greatest(max(period) FILTER (WHERE NOT attached), "
                     "(SELECT max(period) FROM journal_cut), 0), "
                     "EXISTS (SELECT FROM journal_cut c WHERE c.period = $1::integer) "
                     "FROM journal_part",
                     CTL_ARGS(CTL_NUMBER_TEXT(period->number)),
                     1,
                     &rows);
    if (code == CTL_OK) {
        period->oldest = number_at(rows, 0, 0);
        period->newest = number_at(rows, 0, 1);
        period->was_cut = is_true(rows, 0, 2);
        if (period->here == 0 && !period->was_cut) {
            code = ctl_fail(ctl, CTL_NOT_FOUND, TEXT_PERIOD_NONE, CTL_ARGS(text));
        }
    }
    return code;
}

/* ---- turn ---- */

static int done(struct ctl *ctl, enum ctl_text text, int64_t period, int64_t more)
{
    ctl_note(ctl, text, CTL_ARGS(CTL_NUMBER_TEXT(period), CTL_NUMBER_TEXT(more)));
    if (ctl->json) {
        json_t *value = json_pack("{s:I}", "period", (json_int_t)period);
        ctl_print_json(ctl, &value);
    }
    return CTL_OK;
}

int ctl_archive_turn(struct ctl *ctl)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = begin(ctl);
    /* One that was broken off is finished, so that a period is the same of every service. */
    code = code == CTL_OK ? ctl_query(ctl,
                                      "SELECT max(period) + (min(period) = max(period))::integer "
                                      "FROM journal_part WHERE open",
                                      NULL,
                                      0,
                                      &rows)
                          : code;
    int64_t next = code == CTL_OK ? number_at(rows, 0, 0) : 0;
    for (enum service_id service = SERVICE_INTAKE; code == CTL_OK && service <= SERVICE_WATCHDOG;
         service++) {
        char sql[256];
        (void)snprintf(sql,
                       sizeof sql,
                       "SELECT journal_turn(name, %" PRId64 ") FROM journal_part "
                       "WHERE open AND service = %d AND period < %" PRId64,
                       next,
                       service,
                       next);
        code = insist(ctl, sql);
    }
    return code == CTL_OK ? done(ctl, TEXT_PERIOD_TURNED, next, next - 1) : code;
}

/* ---- detach ---- */

/* Law 4: whoever follows a stream has taken in all that is to leave. */
static int laggard_find(struct ctl *ctl, const struct period *period, enum service_id service)
{
    char sql[640];
    (void)snprintf(sql,
                   sizeof sql,
                   "SELECT c.service, c.partition, z.seq - c.%s_seq FROM head c, "
                   "LATERAL (SELECT seq FROM %s j WHERE j.service = %d AND j.partition = "
                   "c.partition ORDER BY seq DESC LIMIT 1) z "
                   "WHERE c.service = ANY ('%s') AND c.%s_seq < z.seq ORDER BY 3 DESC LIMIT 1",
                   service_name(service),
                   period->parts[service].name,
                   service,
                   followers[service],
                   service_name(service));
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ctl_query(ctl, sql, NULL, 0, &rows);
    if (code != CTL_OK || PQntuples(rows) == 0) {
        return code;
    }
    return ctl_fail(ctl,
                    CTL_CONFLICT,
                    TEXT_PERIOD_LAGS,
                    CTL_ARGS(CTL_NUMBER_TEXT(period->number),
                             service_name((enum service_id)number_at(rows, 0, 0)),
                             PQgetvalue(rows, 0, 1),
                             PQgetvalue(rows, 0, 2),
                             service_name(service)));
}

static int may_leave(struct ctl *ctl, const struct period *period)
{
    const char *number = CTL_NUMBER_TEXT(period->number);
    if (period->open) {
        return ctl_fail(ctl, CTL_CONFLICT, TEXT_PERIOD_STILL_OPEN, CTL_ARGS(number));
    }
    if (period->held == 0) {
        return ctl_fail(ctl, CTL_CONFLICT, TEXT_PERIOD_LEFT, CTL_ARGS(number));
    }
    if (period->oldest < period->number) {
        return ctl_fail(ctl,
                        CTL_CONFLICT,
                        TEXT_PERIOD_OLDER,
                        CTL_ARGS(number, CTL_NUMBER_TEXT(period->oldest)));
    }
    int code = CTL_OK;
    for (enum service_id service = SERVICE_INTAKE; code == CTL_OK && service <= SERVICE_WATCHDOG;
         service++) {
        code = laggard_find(ctl, period, service);
    }
    return code;
}

/* Where the streams of the service will begin. */
static int cut_write(struct ctl *ctl, const struct period *period, enum service_id service)
{
    char sql[1024];
    const char *part = period->parts[service].name;
    (void)snprintf(sql,
                   sizeof sql,
                   "INSERT INTO journal_cut SELECT h.service, h.partition, %" PRId64
                   ", z.seq, z.hash, s.last, s.received FROM head h JOIN (SELECT partition, "
                   "max(case_id) AS last, count(*) FILTER (WHERE kind = %d) AS received FROM %s "
                   "GROUP BY 1) s USING (partition), LATERAL (SELECT seq, hash FROM %s j WHERE "
                   "j.service = h.service AND j.partition = h.partition ORDER BY seq DESC LIMIT 1) "
                   "z WHERE h.service = %d ON CONFLICT DO NOTHING",
                   period->number,
                   EVENT_RECEIVED,
                   part,
                   part,
                   service);
    return insist(ctl, sql);
}

/* Nobody who looks is kept waiting; who has looked before is waited for. */
static int part_leave(struct ctl *ctl, struct period *period, enum service_id service)
{
    int code = CTL_TRY_AGAIN;
    const struct part *part = &period->parts[service];
    for (unsigned i = 0; i < TRIES && code == CTL_TRY_AGAIN && (part->attached || part->leaving);
         i++) {
        char sql[256];
        (void)snprintf(sql,
                       sizeof sql,
                       "ALTER TABLE journal_of_%s DETACH PARTITION %s %s",
                       service_name(service),
                       part->name,
                       part->leaving ? "FINALIZE" : "CONCURRENTLY");
        code = attempt(ctl, sql);
        if (code == CTL_TRY_AGAIN) {
            pause_a_little();
            int read = parts_read(ctl, period);
            code = read == CTL_OK ? code : read;
        }
    }
    bool gone = !part->attached && !part->leaving;
    return code == CTL_TRY_AGAIN && !gone ? ctl_fail(ctl, code, TEXT_PERIOD_READ, NULL)
           : gone                         ? CTL_OK
                                          : code;
}

int ctl_archive_detach(struct ctl *ctl)
{
    struct period period = {0};
    int code = period_read(ctl, &period);
    code = code == CTL_OK ? may_leave(ctl, &period) : code;
    for (enum service_id service = SERVICE_INTAKE; code == CTL_OK && service <= SERVICE_WATCHDOG;
         service++) {
        code = cut_write(ctl, &period, service);
    }
    for (enum service_id service = SERVICE_INTAKE; code == CTL_OK && service <= SERVICE_WATCHDOG;
         service++) {
        code = part_leave(ctl, &period, service);
    }
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    code = code == CTL_OK ? ctl_query(ctl,
                                      "SELECT count(*) FROM complaint c WHERE closed_at IS NULL "
                                      "AND case_id <= (SELECT max(case_id) FROM journal_cut k "
                                      "WHERE k.partition = c.case_id >> 40)",
                                      NULL,
                                      0,
                                      &rows)
                          : code;
    return code == CTL_OK ? done(ctl, TEXT_PERIOD_DETACHED, period.number, number_at(rows, 0, 0))
                          : code;
}

/* ---- attach ---- */

/* Is it what left?  Its last events are on record; what is before them the chain tells. */
static int part_check(struct ctl *ctl, const struct period *period, enum service_id service)
{
    char sql[512];
    (void)snprintf(sql,
                   sizeof sql,
                   "SELECT count(*) FROM journal_cut c WHERE service = %d AND period = %" PRId64
                   " AND NOT EXISTS (SELECT FROM %s j WHERE j.service = c.service AND j.partition "
                   "= c.partition AND j.seq = c.seq AND j.hash = c.hash)",
                   service,
                   period->number,
                   period->parts[service].name);
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ctl_query(ctl, sql, NULL, 0, &rows);
    return code == CTL_OK && number_at(rows, 0, 0) != 0
               ? ctl_fail(ctl,
                          CTL_CONFLICT,
                          TEXT_PERIOD_OTHER,
                          CTL_ARGS(period->parts[service].name, PQgetvalue(rows, 0, 0)))
               : code;
}

static int may_return(struct ctl *ctl, const struct period *period)
{
    const char *number = CTL_NUMBER_TEXT(period->number);
    if (period->held == SERVICE_WATCHDOG && !period->was_cut && period->newest < period->number) {
        return ctl_fail(ctl, CTL_CONFLICT, TEXT_PERIOD_THERE, CTL_ARGS(number));
    }
    if (period->newest > period->number) {
        return ctl_fail(ctl,
                        CTL_CONFLICT,
                        TEXT_PERIOD_NEWER,
                        CTL_ARGS(number, CTL_NUMBER_TEXT(period->newest)));
    }
    if (period->here < SERVICE_WATCHDOG) {
        return ctl_fail(ctl, CTL_NOT_FOUND, TEXT_PERIOD_AWAY, CTL_ARGS(number));
    }
    return CTL_OK;
}

int ctl_archive_attach(struct ctl *ctl)
{
    struct period period = {0};
    int code = period_read(ctl, &period);
    code = code == CTL_OK ? may_return(ctl, &period) : code;
    char sql[1024] = "";
    size_t size = 0;
    for (enum service_id service = SERVICE_INTAKE; code == CTL_OK && service <= SERVICE_WATCHDOG;
         service++) {
        const struct part *part = &period.parts[service];
        code = part->leaving ? part_leave(ctl, &period, service) : code;
        code = code == CTL_OK ? part_check(ctl, &period, service) : code;
        if (!part->attached && size < sizeof sql) {
            size += (size_t)snprintf(sql + size,
                                     sizeof sql - size,
                                     "ALTER TABLE journal_of_%s ATTACH PARTITION %s FOR VALUES IN "
                                     "(%" PRId64 "); ",
                                     service_name(service),
                                     part->name,
                                     period.number);
        }
    }
    if (code == CTL_OK && size < sizeof sql) {
        (void)snprintf(sql + size,
                       sizeof sql - size,
                       "DELETE FROM journal_cut WHERE period = %" PRId64,
                       period.number);
        code = insist(ctl, sql);
    }
    return code == CTL_OK ? done(ctl, TEXT_PERIOD_ATTACHED, period.number, 0) : code;
}
