/* The loop: signals, the second hand, requests, and one turn after the other. */
#include "service.h"

#include "clock.h"
#include "config.h"
#include "log.h"
#include "service_private.h"

#include <event2/event.h>
#include <sodium.h>

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    DRAIN_BUDGET = 512,
    SCRATCH_BYTES_MAX = 16 * 1024 * 1024,
    STOP_SECONDS_MAX = 10,
    STATEMENTS_MAX = 48,
    JOURNAL_SQL_SIZE = 400,
};

#define AT(member) CONFIG_AT(struct service_settings, member)

const struct config_row service_settings_rows[] = {
    {"instance", CONFIG_TEXT, AT(instance), "", 0, 63, NULL, "name among the live instances of a service; empty: host name and process"},
    {"database", CONFIG_TEXT, AT(database), "dbname=redress", 1, 399, NULL, "PostgreSQL connection string (libpq)"},
    {"redis", CONFIG_TEXT, AT(redis), "127.0.0.1:6379", 1, 255, NULL, "Redis: path of a unix socket, or host:port"},
    {"redis_prefix", CONFIG_TEXT, AT(redis_prefix), "redress:", 1, 31, NULL, "before every key"},
    {"run_dir", CONFIG_PATH, AT(run_dir), "/run/redress", 1, 80, NULL, "folder of the sockets between the daemons of a host"},
    {"publisher", CONFIG_TEXT, AT(publisher), "", 0, 159, NULL, "endpoint our events are published on; empty: a socket in run_dir"},
    {"requests", CONFIG_TEXT, AT(requests), "", 0, 159, NULL, "endpoint for submissions or commands; empty: a socket in run_dir"},
    {"admin", CONFIG_TEXT, AT(admin), "", 0, 159, NULL, "host:port or socket path of health and metrics; empty: a socket in run_dir"},
    {"key_file", CONFIG_PATH, AT(key_file), "/etc/redress/seal.key", 1, 255, NULL, "keys that wrap case keys"},
    {"receipt_key_file", CONFIG_PATH, AT(receipt_key_file), "/etc/redress/receipt.key", 1, 255, NULL, "key that signs receipts"},
    {"log_level", CONFIG_TEXT, AT(log_level), "info", 1, 15, NULL, "debug, info, warn or error"},
    {"batch_max", CONFIG_INTEGER, AT(batch_max), "1000", 1, SERVICE_BATCH_MAX, "requests", "most submissions or commands of one transaction"},
};
const size_t service_settings_count =
    sizeof service_settings_rows / sizeof *service_settings_rows;

static const struct pg_statement skeleton_statements[] = {
    POLICY_BOOK_STATEMENT,
    {"owner_archive", "SELECT partitions FROM archive"},
    {"owner_join",
     "INSERT INTO member (service, instance, publisher, requests, leaving, backend_pid, backend_start, lease_until) "
     "SELECT $1::smallint, $2::text, $3::text, $4::text, false, a.pid, a.backend_start, clock_timestamp() + interval '10 s' "
     "FROM pg_stat_activity a WHERE a.pid = pg_backend_pid() "
     "ON CONFLICT (service, instance) DO UPDATE SET publisher = excluded.publisher, requests = excluded.requests, "
     "leaving = false, backend_pid = excluded.backend_pid, backend_start = excluded.backend_start, "
     "lease_until = excluded.lease_until"},
    {"owner_leave", "UPDATE member SET leaving = true WHERE service = $1::smallint AND instance = $2::text"},
    {"owner_members",
     "WITH session AS MATERIALIZED (SELECT pid, backend_start FROM pg_stat_activity) "
     "SELECT m.instance, m.requests, NOT m.leaving AND m.lease_until > clock_timestamp() AND s.pid IS NOT NULL "
     "FROM member m LEFT JOIN session s ON s.pid = m.backend_pid AND s.backend_start = m.backend_start "
     "WHERE m.service = $1::smallint ORDER BY m.instance LIMIT 64"},
    {"owner_heads",
     "WITH session AS MATERIALIZED (SELECT pid, backend_start FROM pg_stat_activity) "
     "SELECT h.partition, h.owner, h.owner = '' OR h.lease_until <= clock_timestamp() OR s.pid IS NULL, "
     "coalesce(m.requests, '') "
     "FROM head h LEFT JOIN session s ON s.pid = h.backend_pid AND s.backend_start = h.backend_start "
     "LEFT JOIN member m ON m.service = h.service AND m.instance = h.owner "
     "WHERE h.service = $1::smallint ORDER BY h.partition"},
    {"owner_publishers",
     "SELECT publisher FROM member WHERE (1 << service) & $1::integer <> 0 AND lease_until > clock_timestamp()"},
    {"owner_publishers_gone",
     "SELECT publisher FROM member WHERE (1 << service) & $1::integer <> 0 "
     "AND lease_until <= clock_timestamp() - interval '60 s'"},
    /* Epoch + 1 is the fence and, being a synchronous commit, the barrier before anything is read (law 2). */
    {"owner_take",
     "WITH session AS MATERIALIZED (SELECT pid, backend_start FROM pg_stat_activity), "
     "wanted AS MATERIALIZED (SELECT h.partition FROM head h "
     "LEFT JOIN session s ON s.pid = h.backend_pid AND s.backend_start = h.backend_start "
     "WHERE h.service = $1::smallint AND h.partition = ANY($2::smallint[]) "
     "AND (h.owner = '' OR h.lease_until <= clock_timestamp() OR s.pid IS NULL) "
     "ORDER BY h.partition FOR UPDATE OF h) "
     "UPDATE head h SET epoch = h.epoch + 1, owner = $3::text, backend_pid = pg_backend_pid(), "
     "backend_start = (SELECT backend_start FROM session WHERE pid = pg_backend_pid()), "
     "lease_until = clock_timestamp() + interval '10 s' "
     "FROM wanted w WHERE h.service = $1::smallint AND h.partition = w.partition "
     "RETURNING h.partition, h.epoch, h.seq, h.hash, h.intake_seq, h.intake_hash, h.triage_seq, h.triage_hash, "
     "h.dispatch_seq, h.dispatch_hash, h.watchdog_seq, h.watchdog_hash"},
    /* Answers with what is no longer ours. */
    {"owner_renew",
     "WITH held AS (SELECT * FROM unnest($2::smallint[], $3::bigint[]) AS a(partition, epoch)), "
     "renewed AS (UPDATE head h SET lease_until = clock_timestamp() + interval '10 s' FROM held a "
     "WHERE h.service = $1::smallint AND h.partition = a.partition AND h.epoch = a.epoch RETURNING h.partition) "
     "SELECT a.partition FROM held a LEFT JOIN renewed r USING (partition) WHERE r.partition IS NULL"},
    {"owner_renew_member",
     "UPDATE member SET lease_until = clock_timestamp() + interval '10 s' "
     "WHERE service = $1::smallint AND instance = $2::text AND backend_pid = pg_backend_pid()"},
    {"owner_give_back",
     "UPDATE head h SET owner = '', lease_until = '-infinity' "
     "FROM unnest($2::smallint[], $3::bigint[]) AS a(partition, epoch) "
     "WHERE h.service = $1::smallint AND h.partition = a.partition AND h.epoch = a.epoch"},
    {"input_read",
     "SELECT bytes FROM journal WHERE service = $1::smallint AND partition = $2::smallint AND seq > $3::bigint "
     "ORDER BY seq LIMIT $4::integer"},
    {"cycle_head",
     "WITH batch AS MATERIALIZED (SELECT * FROM unnest($2::smallint[], $3::bigint[], $4::bigint[], $5::bigint[], "
     "$6::bytea[], $7::bigint[], $8::bytea[], $9::bigint[], $10::bytea[], $11::bigint[], $12::bytea[], "
     "$13::bigint[], $14::bytea[]) AS a(partition, epoch, expected, seq, hash, s1, h1, s2, h2, s3, h3, s4, h4)), "
     "moved AS (UPDATE head h SET seq = a.seq, hash = a.hash, intake_seq = a.s1, intake_hash = a.h1, "
     "triage_seq = a.s2, triage_hash = a.h2, dispatch_seq = a.s3, dispatch_hash = a.h3, watchdog_seq = a.s4, "
     "watchdog_hash = a.h4, lease_until = clock_timestamp() + interval '10 s' FROM batch a "
     "WHERE h.service = $1::smallint AND h.partition = a.partition AND h.epoch = a.epoch AND h.seq = a.expected "
     "RETURNING 1) SELECT fence((SELECT count(*) FROM moved), cardinality($2::smallint[]))"},
};

enum { SKELETON_STATEMENTS = sizeof skeleton_statements / sizeof *skeleton_statements };

static bool statements_make(struct service *service)
{
    static struct pg_statement all[STATEMENTS_MAX];
    static char journal_sql[JOURNAL_SQL_SIZE];
    /* straight into the service's own part of the journal: routing rows costs */
    (void)snprintf(journal_sql,
                   sizeof journal_sql,
                   "INSERT INTO %s%s (service, partition, seq, case_id, kind, at, hash, bytes) "
                   "SELECT $1::smallint, a.* FROM unnest($2::smallint[], $3::bigint[], $4::bigint[], "
                   "$5::smallint[], $6::timestamptz[], $7::bytea[], $8::bytea[]) AS a",
                   service->spec->id == SERVICE_ANALYTICS ? "journal" : "journal_",
                   service->spec->id == SERVICE_ANALYTICS ? "" : service_name(service->spec->id));
    unsigned count = SKELETON_STATEMENTS;
    if (count + 1 + service->spec->statement_count > STATEMENTS_MAX) {
        return false;
    }
    memcpy(all, skeleton_statements, sizeof skeleton_statements);
    all[count++] = (struct pg_statement){"cycle_journal", journal_sql};
    for (unsigned i = 0; i < service->spec->statement_count; i++) {
        all[count++] = service->spec->statements[i];
    }
    service->statements = all;
    service->statement_count = count;
    return true;
}

static void settings_complete(struct service *service)
{
    struct service_settings *settings = &service->settings;
    const char *name = service_name(service->spec->id);
    if (settings->instance[0] == '\0') {
        char host[40] = "host";
        (void)gethostname(host, sizeof host - 1);
        (void)snprintf(settings->instance, sizeof settings->instance, "%s-%d", host, (int)getpid());
    }
    if (settings->publisher[0] == '\0') {
        (void)snprintf(settings->publisher, sizeof settings->publisher, "ipc://%s/%s-%.32s.pub",
                       settings->run_dir, name, settings->instance);
    }
    if (settings->requests[0] == '\0') {
        (void)snprintf(settings->requests, sizeof settings->requests, "ipc://%s/%s-%.32s.req",
                       settings->run_dir, name, settings->instance);
    }
    if (settings->admin[0] == '\0') {
        (void)snprintf(settings->admin, sizeof settings->admin, "%s/%s.admin", settings->run_dir, name);
    }
}

static void on_writer(void *owner, enum pg_state state, const struct error *error)
{
    struct service *service = owner;
    if (state == PG_DOWN) {
        log_warn("archive away", LOG_ERROR_FIELDS(error));
        owner_cut(service, error->text);
        return;
    }
    log_info("archive reached", LOG_NUMBER("session", pg_backend_pid(service->writer)));
    cycle_connected(service);
    owner_second(service, clock_now_us());
}

static void on_reader(void *owner, enum pg_state state, const struct error *error)
{
    struct service *service = owner;
    if (state == PG_READY) {
        owner_reader_ready(service);
    } else {
        log_debug("archive away for reads", LOG_ERROR_FIELDS(error));
    }
}

static void on_signal(evutil_socket_t number, short what, void *context)
{
    (void)what;
    struct service *service = context;
    if (service->stopping) {
        service->alive = false; /* the second one means now */
        return;
    }
    log_info("stopping", LOG_NUMBER("signal", number));
    service->stopping = true;
    owner_stop(service);
}

static void on_second(evutil_socket_t socket, short what, void *context)
{
    (void)socket;
    (void)what;
    struct service *service = context;
    static int stopping_for;
    int64_t now_us = clock_now_us();
    policy_book_poll(service->policies, service->reader);
    owner_second(service, now_us);
    input_heartbeats(service);
    if (service->spec->second) {
        service->spec->second(service->self, now_us);
    }
    if (service->stopping && ++stopping_for > STOP_SECONDS_MAX) {
        log_warn("leaving without handing over");
        service->alive = false;
    }
}

static void request_refuse(struct service *service,
                           const struct bus_peer *peer,
                           struct slice bytes,
                           bool overloaded)
{
    arena_reset(service->scratch);
    service->counts.refused++;
    struct slice refusal =
        service->spec->refuse(service->self, bytes, overloaded, service->scratch);
    bus_reply(service->bus, peer, refusal);
}

void service_request(struct service *service, const struct bus_peer *peer, struct slice bytes)
{
    service->counts.requests++;
    bool ready = service->serving > 0 && !service->stopping;
    if (!ready || service->waiting_count == SERVICE_REQUESTS_MAX) {
        request_refuse(service, peer, bytes, ready);
        return;
    }
    uint32_t place = (service->waiting_first + service->waiting_count++) % SERVICE_REQUESTS_MAX;
    struct waiting_request *waiting = &service->waiting[place];
    waiting->peer = *peer;
    waiting->arrived_us = clock_now_us();
    if (zmq_msg_init_size(&waiting->bytes, bytes.size) != 0) {
        service->waiting_count--;
        request_refuse(service, peer, bytes, true);
        return;
    }
    memcpy(zmq_msg_data(&waiting->bytes), bytes.bytes, bytes.size);
}

static void on_request(void *owner, const struct bus_peer *peer, struct slice bytes)
{
    service_request(owner, peer, bytes);
}

static void on_message(void *owner, struct slice topic, struct slice bytes)
{
    input_message(owner, topic, bytes);
}

static bool open_sockets(struct service *service, struct error *error)
{
    static const struct bus_callbacks callbacks = {on_message, on_request};
    if (mkdir(service->settings.run_dir, 0750) != 0 && access(service->settings.run_dir, W_OK) != 0) {
        return error_set(error, ERROR_FATAL, "run_dir %s cannot be written", service->settings.run_dir);
    }
    service->bus = bus_new(service->base, &callbacks, service, error);
    return service->bus && bus_bind_publisher(service->bus, service->settings.publisher, error) &&
           (!service->spec->takes_requests ||
            bus_bind_requests(service->bus, service->settings.requests, error));
}

static void open_events(struct service *service)
{
    static const struct timeval second = {1, 0};
    service->signals[0] = evsignal_new(service->base, SIGTERM, on_signal, service);
    service->signals[1] = evsignal_new(service->base, SIGINT, on_signal, service);
    service->second = event_new(service->base, -1, EV_PERSIST, on_second, service);
    (void)event_add(service->signals[0], NULL);
    (void)event_add(service->signals[1], NULL);
    (void)event_add(service->second, &second);
}

static bool open_service(struct service *service, struct error *error)
{
    service->base = event_base_new();
    service->scratch = arena_new(SCRATCH_BYTES_MAX);
    service->waiting = calloc(SERVICE_REQUESTS_MAX, sizeof *service->waiting);
    service->decoded = calloc(1, sizeof *service->decoded);
    service->policies = policy_book_new(service->spec->reads_text);
    if (!service->base || !service->scratch || !service->policies || !service->waiting || !service->decoded ||
        !input_list_init(&service->incoming) || !cycle_init(service)) {
        return error_set(error, ERROR_FATAL, "out of memory");
    }
    if (!statements_make(service)) {
        return error_set(error, ERROR_FATAL, "more than %d statements", STATEMENTS_MAX);
    }
    if (!open_sockets(service, error)) {
        return false;
    }
    open_events(service);
    if (!service->spec->open(service, &service->self, error)) {
        return false;
    }
    service->writer = pg_new(service->base,
                             service->settings.database,
                             service_name(service->spec->id),
                             service->statements,
                             service->statement_count,
                             on_writer,
                             service);
    service->reader = pg_new(service->base,
                             service->settings.database,
                             service_name(service->spec->id),
                             service->statements,
                             service->statement_count,
                             on_reader,
                             service);
    return service->writer && service->reader
               ? true
               : error_set(error, ERROR_FATAL, "out of memory");
}

static void close_service(struct service *service)
{
    pg_free(&service->writer);
    pg_free(&service->reader);
    policy_book_free(&service->policies);
    if (service->self) {
        service->spec->close(service->self);
    }
    while (service->waiting_count > 0) {
        (void)zmq_msg_close(&service->waiting[service->waiting_first].bytes);
        service->waiting_first = (service->waiting_first + 1) % SERVICE_REQUESTS_MAX;
        service->waiting_count--;
    }
    cycle_done(service);
    if (service->incoming.arena) {
        input_list_done(&service->incoming);
    }
    bus_free(&service->bus);
    struct event *const events[] = {service->signals[0], service->signals[1], service->second};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        if (events[i]) {
            event_free(events[i]);
        }
    }
    if (service->scratch) {
        arena_free(&service->scratch);
    }
    free(service->waiting);
    free(service->decoded);
    free(service->streams);
    if (service->base) {
        event_base_free(service->base);
    }
}

/* How long the loop may sleep: until the next timer of the daemon or the batch that waits. */
static int64_t sleep_us(const struct service *service)
{
    int64_t until = INT64_MAX;
    if (service->cycle.phase == APPENDER_WAITING) {
        until = service->cycle.wait_until_us - clock_monotonic_us();
    } else if (service->cycle.phase == APPENDER_IDLE && service->serving > 0) {
        if (service->incoming.count > 0) {
            until = service->incoming_since_us + service->spec->linger_us - clock_monotonic_us();
        }
        int64_t deadline_us = cycle_deadline_us(service);
        if (deadline_us != INT64_MAX && deadline_us - clock_now_us() < until) {
            until = deadline_us - clock_now_us();
        }
    }
    return until < 0 ? 0 : until;
}

static void on_wake(evutil_socket_t socket, short what, void *context)
{
    (void)socket;
    (void)what;
    (void)context;
}

/*
 * One turn: wait, work, and last of all empty the sockets, because a ZeroMQ descriptor tells only of what arrives after it
 * was emptied.
 */
static void run(struct service *service)
{
    struct event *wake = evtimer_new(service->base, on_wake, NULL);
    bool more = false;
    while (service->alive && wake) {
        int64_t wait_us = more ? 0 : sleep_us(service);
        if (wait_us > 0 && wait_us != INT64_MAX) {
            struct timeval wait = {wait_us / 1000000, wait_us % 1000000};
            (void)event_add(wake, &wait);
        }
        (void)event_base_loop(service->base, EVLOOP_ONCE | (wait_us == 0 ? EVLOOP_NONBLOCK : 0));
        int64_t now_us = clock_now_us();
        input_read(service, now_us);
        cycle_run(service, now_us);
        bool messages = service->incoming.count < PENDING_SOFT_MAX;
        more = bus_drain(service->bus, DRAIN_BUDGET, messages) ||
               (service->cycle.phase == APPENDER_IDLE && service->waiting_count > 0 &&
                service->serving > 0 && pg_current_state(service->writer) == PG_READY);
    }
    if (wake) {
        event_free(wake);
    }
}

int service_main(const struct service_spec *spec, int argc, char **argv)
{
    static struct service service;
    service = (struct service){.spec = spec, .alive = true};
    int exit_code = 0;
    if (!config_start(service_settings_rows, service_settings_count, &service.settings, argc,
                      argv, &exit_code)) {
        return exit_code;
    }
    enum log_level level = LOG_INFO_LEVEL;
    (void)log_level_parse(service.settings.log_level, &level);
    log_open(service_name(spec->id), level);
    if (sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    settings_complete(&service);
    struct error error = {0};
    if (open_service(&service, &error)) {
        log_info("started",
                 LOG_TEXT("instance", service.settings.instance),
                 LOG_TEXT("publisher", service.settings.publisher));
        run(&service);
        log_info("stopped");
    } else {
        log_error("cannot start", LOG_ERROR_FIELDS(&error));
        service.exit_status = EXIT_FAILURE;
    }
    close_service(&service);
    return service.exit_status;
}

const struct service_settings *service_settings(const struct service *service)
{
    return &service->settings;
}

struct event_base *service_base(struct service *service)
{
    return service->base;
}

struct pg *service_reader(struct service *service)
{
    return service->reader;
}

struct pg *service_writer(struct service *service)
{
    return service->writer;
}

void service_publish(struct service *service, const char *topic, struct slice bytes)
{
    bus_publish(service->bus, topic, bytes);
}

void service_reply(struct service *service, const struct bus_peer *peer, struct slice bytes)
{
    bus_reply(service->bus, peer, bytes);
}

const struct policy_object *service_policy(struct service *service, uint32_t id)
{
    const struct policy_object *object = policy_book_by_id(service->policies, id);
    if (!object && service->alive) {
        char why[64];
        (void)snprintf(why, sizeof why, "policy %u is not here yet", id);
        service_fail(service, why);
    }
    return object;
}

const struct policy_book *service_policies(const struct service *service)
{
    return service->policies;
}

uint32_t service_partitions(const struct service *service)
{
    return service->partitions;
}

uint32_t service_serving(const struct service *service)
{
    return service->serving;
}

bool service_serves(const struct service *service, uint32_t partition)
{
    return partition < service->partitions && service->streams[partition].phase == OWNER_SERVING;
}

bool service_next_partition(struct service *service, uint32_t *partition)
{
    for (uint32_t i = 0; i < service->partitions; i++) {
        service->turn = (service->turn + 1) % service->partitions;
        if (service_serves(service, service->turn)) {
            *partition = service->turn;
            return true;
        }
    }
    return false;
}

const char *service_owner_endpoint(const struct service *service, uint32_t partition)
{
    return partition < service->partitions ? service->streams[partition].owner_endpoint : "";
}

uint64_t service_stream_seq(const struct service *service, uint32_t partition)
{
    const struct stream *stream = &service->streams[partition];
    return stream->touched ? stream->next_seq : stream->seq;
}

uint64_t service_stream_epoch(const struct service *service, uint32_t partition)
{
    return service->streams[partition].epoch;
}

void service_fail(struct service *service, const char *why)
{
    log_error("giving up", LOG_TEXT("reason", why));
    service->alive = false;
    service->exit_status = EXIT_FAILURE;
}
