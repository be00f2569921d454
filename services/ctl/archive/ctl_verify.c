/* Reads the streams of each partition in order and checks their chains. */
#include "ctl_verify.h"

#include "case_number.h"
#include "chain.h"
#include "clock.h"
#include "ctl_database.h"
#include "event_wire.h"
#include "scope.h"

#include <endian.h>
#include <unistd.h>

enum { DECODE_MAX = 4 * 1024 * 1024 };

/* "dispatch.0022 #428" of an event, "complaint 24189255811092" of a row. */
static const char *
place_text(const struct verify *verify, const struct verify_where *where, char into[VIEW_TEXT_MAX])
{
    char stream[VIEW_TEXT_MAX];
    bool row = where->service == SERVICE_NONE;
    const char *what = row ? where->table : view_stream(where->service, verify->partition, stream);
    (void)snprintf(into,
                   VIEW_TEXT_MAX,
                   "%.64s %s%" PRIu64,
                   what,
                   row ? "" : "#",
                   row ? where->case_id : where->seq);
    return into;
}

/* The number people read, with the day of receipt that its Received tells; null: it cannot be read.
 */
static json_t *number_json(struct verify *verify, uint64_t case_id)
{
    static struct event event; /* large */
    struct error error = {0};
    char number[CASE_NUMBER_SIZE];
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    SCOPED(arena_free) struct arena *arena = arena_new(DECODE_MAX);
    if (case_id == 0 || case_partition(case_id) >= verify->partitions || !arena) {
        return json_null();
    }
    rows =
        verify_query(verify,
                     "SELECT bytes FROM journal WHERE service = 1 AND partition = $1::smallint AND "
                     "seq = $2::bigint",
                     (const int64_t[]){case_partition(case_id), (int64_t)case_id_serial(case_id)},
                     2);
    event = (struct event){0};
    bool there = rows && PQntuples(rows) == 1 &&
                 event_decode(pg_bytes(rows, 0, 0), arena, &event, &error) &&
                 event.kind == EVENT_RECEIVED;
    if (there) {
        case_number_format(case_id, event.received.received_at_us, number);
    }
    return there ? json_string(number) : json_null();
}

static void differ_json(struct verify *verify,
                        const struct verify_where *where,
                        enum ctl_text what,
                        const char *text)
{
    char stream[VIEW_TEXT_MAX];
    char place[VIEW_TEXT_MAX];
    bool row = where->service == SERVICE_NONE;
    (void)json_array_append_new(
        verify->told,
        json_pack("{s:s,s:s?,s:o,s:s?,s:o,s:o,s:s,s:s}",
                  "where",
                  place_text(verify, where, place),
                  "stream",
                  row ? NULL : view_stream(where->service, verify->partition, stream),
                  "seq",
                  row ? json_null() : json_integer((json_int_t)where->seq),
                  "table",
                  where->table,
                  "case",
                  where->case_id != 0 ? json_integer((json_int_t)where->case_id) : json_null(),
                  "number",
                  number_json(verify, where->case_id),
                  "code",
                  ctl_text_name(what),
                  "text",
                  text));
}

void verify_differ(struct verify *verify,
                   const struct verify_where *where,
                   enum ctl_text what,
                   const char *const *args)
{
    struct ctl *ctl = verify->ctl;
    verify->differences++;
    if (verify->differences > VERIFY_SHOWN_MAX) {
        return;
    }
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory) {
        return;
    }
    ctl_format(memory, ctl_text_in(ctl->language, what), args);
    (void)fclose(memory);
    if (ctl->json) {
        differ_json(verify, where, what, text);
    } else {
        char place[VIEW_TEXT_MAX];
        (void)fprintf(ctl->out, "%s: %s\n", place_text(verify, where, place), text);
    }
    free(text);
}

PGresult *verify_query(struct verify *verify, const char *sql, const int64_t *numbers, int count)
{
    enum { MAX = 4 };
    char texts[MAX][24];
    const char *parameters[MAX];
    for (int i = 0; i < count && i < MAX; i++) {
        parameters[i] = ctl_number_text(texts[i], numbers[i]);
    }
    PGresult *rows =
        PQexecParams(verify->ctl->database, sql, count, NULL, parameters, NULL, NULL, 1);
    if (PQresultStatus(rows) == PGRES_TUPLES_OK || PQresultStatus(rows) == PGRES_COMMAND_OK) {
        return rows;
    }
    struct error error = {0};
    (void)error_set(&error, ERROR_RETRY, "%s", PQerrorMessage(verify->ctl->database));
    verify->code = ctl_fail(verify->ctl, CTL_FAILED, TEXT_ARCHIVE_REFUSED, CTL_ARGS(error.text));
    PQclear(rows);
    return NULL;
}

/* ---- one stream ---- */

static bool chunk_read(struct verify *verify, enum service_id service)
{
    struct verify_stream *stream = &verify->streams[service];
    if (stream->rows && stream->row < PQntuples(stream->rows)) {
        return true;
    }
    if (stream->ended || !stream->wanted) {
        return false;
    }
    PQclear(stream->rows);
    stream->rows = verify_query(
        verify,
        "SELECT seq, case_id, kind, hash, bytes FROM journal "
        "WHERE service = $1::smallint AND partition = $2::smallint "
        "AND seq > $3::bigint ORDER BY seq LIMIT $4::integer",
        (const int64_t[]){service, verify->partition, (int64_t)stream->seq, VERIFY_CHUNK},
        4);
    stream->row = 0;
    stream->ended = !stream->rows || PQntuples(stream->rows) == 0;
    return !stream->ended;
}

/* What the row says against what its bytes say. */
static void row_check(struct verify *verify,
                      enum service_id service,
                      uint64_t seq,
                      const PGresult *rows,
                      int row,
                      const struct event *event)
{
    const struct verify_stream *stream = &verify->streams[service];
    const struct verify_where where = {
        .service = service, .seq = seq, .case_id = (uint64_t)pg_int8(rows, row, 1)};
    if (seq != stream->seq + 1) {
        verify_differ(verify, &where, TEXT_VERIFY_GAP, CTL_ARGS(CTL_NUMBER_TEXT(stream->seq + 1)));
    }
    struct slice hash = pg_bytes(rows, row, 3);
    if (hash.size != HASH_SIZE || memcmp(hash.bytes, event->hash, HASH_SIZE) != 0) {
        verify_differ(verify, &where, TEXT_VERIFY_HASH, NULL);
    }
    if (memcmp(event->prev_hash, stream->hash, HASH_SIZE) != 0) {
        verify_differ(verify, &where, TEXT_VERIFY_CHAIN, NULL);
    }
    if (event->epoch < stream->epoch || event->epoch > stream->head_epoch) {
        verify_differ(verify, &where, TEXT_VERIFY_EPOCH, CTL_ARGS(CTL_NUMBER_TEXT(event->epoch)));
    }
    bool same = event->service == service && event->partition == verify->partition &&
                event->seq == seq && event->case_id == (uint64_t)pg_int8(rows, row, 1) &&
                (int)event->kind == pg_int2(rows, row, 2);
    if (!same) {
        verify_differ(verify, &where, TEXT_VERIFY_ROW, NULL);
    }
}

static void advance(struct verify *verify, enum service_id service, uint64_t to);

/* NOLINTBEGIN(misc-no-recursion): a cause is of an earlier service, so at most VERIFY_STREAMS deep
 */
/* Takes the next event of the stream. */
static void step(struct verify *verify, enum service_id service)
{
    static struct event events[VERIFY_STREAMS]; /* too large for the stack four times */
    struct verify_stream *stream = &verify->streams[service];
    struct event *event = &events[service];
    struct error error = {0};
    uint64_t seq = (uint64_t)pg_int8(stream->rows, stream->row, 0);
    struct slice bytes = pg_bytes(stream->rows, stream->row, 4);
    *event = (struct event){0};
    arena_reset(verify->arenas[service]); /* causes lead to earlier services only: not held */
    if (!event_decode(bytes, verify->arenas[service], event, &error)) {
        const struct verify_where where = {.service = service,
                                           .seq = seq,
                                           .case_id =
                                               (uint64_t)pg_int8(stream->rows, stream->row, 1)};
        verify_differ(verify, &where, TEXT_VERIFY_BYTES, CTL_ARGS(error.text));
        chain_hash(bytes, event->hash);
        event->epoch = stream->epoch;
        event->kind = EVENT_NONE;
    } else {
        row_check(verify, service, seq, stream->rows, stream->row, event);
    }
    stream->seq = seq;
    stream->epoch = event->epoch > stream->epoch ? event->epoch : stream->epoch;
    memcpy(stream->hash, event->hash, HASH_SIZE);
    stream->row++;
    verify->events++;
    /* Causes point from a service to one before it, but for what dispatch does about a clock. */
    if (event->cause_service != SERVICE_NONE && event->cause_service < service) {
        uint64_t before = service == SERVICE_WATCHDOG ? 1 : 0;
        if (event->cause_seq > before) {
            advance(verify, event->cause_service, event->cause_seq - before);
        }
    }
    if (event->kind != EVENT_NONE) {
        verify_fold(verify, event);
    }
}

static void advance(struct verify *verify, enum service_id service, uint64_t to)
{
    struct verify_stream *stream = &verify->streams[service];
    while (verify->code == CTL_OK && stream->seq < to && chunk_read(verify, service)) {
        step(verify, service);
    }
}
/* NOLINTEND(misc-no-recursion) */

static void end_check(struct verify *verify, enum service_id service)
{
    const struct verify_stream *stream = &verify->streams[service];
    const struct verify_where where = {.service = service, .seq = stream->seq};
    if (stream->seq != stream->head_seq) {
        verify_differ(
            verify, &where, TEXT_VERIFY_HEAD_SEQ, CTL_ARGS(CTL_NUMBER_TEXT(stream->head_seq)));
    } else if (memcmp(stream->hash, stream->head_hash, HASH_SIZE) != 0) {
        verify_differ(verify, &where, TEXT_VERIFY_HEAD_HASH, NULL);
    }
    for (enum service_id from = SERVICE_INTAKE; from <= SERVICE_WATCHDOG; from++) {
        if (verify->streams[from].wanted &&
            stream->checkpoints[from] > verify->streams[from].head_seq) {
            verify_differ(verify,
                          &where,
                          TEXT_VERIFY_CHECKPOINT,
                          CTL_ARGS(service_name(from), CTL_NUMBER_TEXT(stream->checkpoints[from])));
        }
    }
}

/* ---- one partition ---- */

static bool heads_read(struct verify *verify)
{
    SCOPED(ctl_rows_free)
    PGresult *rows = verify_query(verify,
                                  "SELECT service, epoch, seq, hash, intake_seq, triage_seq, "
                                  "dispatch_seq, watchdog_seq FROM head "
                                  "WHERE partition = $1::smallint AND service <= 4",
                                  (const int64_t[]){verify->partition},
                                  1);
    for (int row = 0; rows && row < PQntuples(rows); row++) {
        int service = pg_int2(rows, row, 0);
        struct slice hash = pg_bytes(rows, row, 3);
        if (service < SERVICE_INTAKE || service > SERVICE_WATCHDOG || hash.size != HASH_SIZE) {
            continue;
        }
        struct verify_stream *stream = &verify->streams[service];
        *stream = (struct verify_stream){.head_epoch = (uint64_t)pg_int8(rows, row, 1),
                                         .head_seq = (uint64_t)pg_int8(rows, row, 2)};
        memcpy(stream->head_hash, hash.bytes, HASH_SIZE);
        for (int from = SERVICE_INTAKE; from <= SERVICE_WATCHDOG; from++) {
            stream->checkpoints[from] = (uint64_t)pg_int8(rows, row, 3 + from);
        }
        stream->wanted = verify->only == SERVICE_NONE || (int)verify->only == service ||
                         verify->only == SERVICE_WATCHDOG;
    }
    return rows != NULL;
}

/* Where the journal begins, and which cases begin in it: the others cannot be folded. */
static bool cut_read(struct verify *verify)
{
    verify->cut_case = 0;
    SCOPED(ctl_rows_free)
    PGresult *rows = verify_query(verify,
                                  "SELECT DISTINCT ON (service) service, seq, hash, period, "
                                  "(SELECT max(case_id) FROM journal_cut WHERE partition = "
                                  "$1::smallint) FROM journal_cut WHERE partition = $1::smallint "
                                  "ORDER BY service, period DESC",
                                  (const int64_t[]){verify->partition},
                                  1);
    for (int row = 0; rows && row < PQntuples(rows); row++) {
        int service = pg_int2(rows, row, 0);
        struct slice hash = pg_bytes(rows, row, 2);
        if (service < SERVICE_INTAKE || service > SERVICE_WATCHDOG || hash.size != HASH_SIZE) {
            continue;
        }
        struct verify_stream *stream = &verify->streams[service];
        stream->seq = (uint64_t)pg_int8(rows, row, 1);
        memcpy(stream->hash, hash.bytes, HASH_SIZE);
        int period = pg_int2(rows, row, 3);
        verify->cut_period = period > verify->cut_period ? period : verify->cut_period;
        verify->cut_case = (uint64_t)pg_int8(rows, row, 4);
    }
    return rows != NULL;
}

static bool command(struct verify *verify, const char *sql)
{
    SCOPED(ctl_rows_free) PGresult *rows = verify_query(verify, sql, NULL, 0);
    return rows != NULL;
}

static void partition_verify(struct verify *verify)
{
    /* The lock comes before the snapshot: a period that is being detached waits for us, or we see
     * that it is. */
    if (!command(verify, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") ||
        !command(verify, "LOCK TABLE journal IN ACCESS SHARE MODE") || !heads_read(verify) ||
        !cut_read(verify)) {
        return;
    }
    verify->case_count = verify->streams[SERVICE_INTAKE].head_seq;
    verify->cases = calloc(verify->case_count + 1, sizeof *verify->cases);
    if (!verify->cases) {
        verify->code = ctl_fail(verify->ctl, CTL_FAILED, TEXT_LOOK_MEMORY, NULL);
        return;
    }
    for (enum service_id service = SERVICE_WATCHDOG; service >= SERVICE_INTAKE; service--) {
        advance(verify, service, UINT64_MAX);
    }
    for (enum service_id service = SERVICE_INTAKE; service <= SERVICE_WATCHDOG; service++) {
        if (verify->streams[service].wanted && verify->code == CTL_OK) {
            end_check(verify, service);
        }
        PQclear(verify->streams[service].rows);
        verify->streams[service].rows = NULL;
    }
    if (verify->code == CTL_OK && verify_rows(verify)) {
        (void)command(verify, "COMMIT");
    }
    free(verify->cases);
    verify->cases = NULL;
}

static void progress(const struct verify *verify, uint32_t done, uint32_t count)
{
    char bar[VIEW_TEXT_MAX];
    const struct ctl *ctl = verify->ctl;
    if (!ctl->quiet && isatty(fileno(ctl->err)) == 1) {
        (void)fprintf(ctl->err,
                      "\r%s %" PRIu32 "/%" PRIu32 "  %" PRIu64 "%s",
                      view_bar((double)done / count, 30, bar),
                      done,
                      count,
                      verify->events,
                      done == count ? "\r\033[K" : "");
        (void)fflush(ctl->err);
    }
}

static int answer(struct verify *verify, int64_t started_us)
{
    struct ctl *ctl = verify->ctl;
    int64_t ms = (clock_monotonic_us() - started_us) / 1000;
    char seconds[32];
    (void)snprintf(seconds, sizeof seconds, "%.1f", (double)ms / 1000);
    if (ctl->json) {
        json_t *value = json_pack("{s:b,s:I,s:I,s:I,s:I,s:I,s:f,s:O}",
                                  "verified",
                                  verify->differences == 0,
                                  "events",
                                  (json_int_t)verify->events,
                                  "rows",
                                  (json_int_t)verify->compared,
                                  "periods_detached",
                                  (json_int_t)verify->cut_period,
                                  "rows_not_compared",
                                  (json_int_t)verify->uncompared,
                                  "difference_count",
                                  (json_int_t)verify->differences,
                                  "seconds",
                                  (double)ms / 1000,
                                  "differences",
                                  verify->told);
        ctl_print_json(ctl, &value);
    } else {
        if (verify->cut_period > 0) {
            ctl_print(
                ctl,
                TEXT_VERIFY_CUT,
                CTL_ARGS(CTL_NUMBER_TEXT(verify->cut_period), CTL_NUMBER_TEXT(verify->uncompared)));
        }
        ctl_print(ctl,
                  verify->differences == 0 ? TEXT_VERIFY_GOOD : TEXT_VERIFY_BAD,
                  CTL_ARGS(CTL_NUMBER_TEXT(verify->events),
                           CTL_NUMBER_TEXT(verify->compared),
                           seconds,
                           CTL_NUMBER_TEXT(verify->differences)));
    }
    return verify->differences == 0 ? CTL_OK : CTL_FAILED;
}

static int partitions_read(struct verify *verify)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ctl_query(verify->ctl, "SELECT partitions FROM archive", NULL, 0, &rows);
    if (code == CTL_OK && PQntuples(rows) == 1) {
        verify->partitions = (uint32_t)strtoul(PQgetvalue(rows, 0, 0), NULL, 10);
    }
    return code;
}

static int verify_run(struct verify *verify)
{
    struct ctl *ctl = verify->ctl;
    const char *only = ctl_option_text(ctl, "service");
    int64_t started_us = clock_monotonic_us();
    verify->only = only ? service_parse(slice_text(only)) : SERVICE_NONE;
    int code = partitions_read(verify);
    if (code != CTL_OK) {
        return code;
    }
    int64_t one = ctl_option_number(ctl, "partition");
    uint32_t from = one >= 0 ? (uint32_t)one : 0;
    uint32_t to = one >= 0 ? from + 1 : verify->partitions;
    if (to > verify->partitions) {
        return ctl_fail(
            ctl, CTL_NOT_FOUND, TEXT_VERIFY_NO_PARTITION, CTL_ARGS(CTL_NUMBER_TEXT(one)));
    }
    for (uint32_t p = from; p < to && verify->code == CTL_OK; p++) {
        progress(verify, p - from, to - from);
        verify->partition = p;
        partition_verify(verify);
    }
    progress(verify, to - from, to - from);
    return verify->code == CTL_OK ? answer(verify, started_us) : verify->code;
}

int ctl_verify(struct ctl *ctl)
{
    struct verify verify = {.ctl = ctl, .policies = view_policies_new(ctl), .told = json_array()};
    bool good = verify.policies != NULL;
    for (size_t i = SERVICE_INTAKE; i < VERIFY_STREAMS; i++) {
        verify.arenas[i] = arena_new(DECODE_MAX);
        good = good && verify.arenas[i];
    }
    int code = good ? verify_run(&verify) : ctl_fail(ctl, CTL_FAILED, TEXT_LOOK_MEMORY, NULL);
    json_decref(verify.told);
    for (size_t i = SERVICE_INTAKE; i < VERIFY_STREAMS; i++) {
        arena_free(&verify.arenas[i]);
    }
    view_policies_free(&verify.policies);
    return code;
}
