/* The loop: signals, the second hand, requests, and one turn after the other. */
#include "service.h"

#include "clock.h"
#include "config.h"
#include "log.h"
#include "service_private.h"

#include <event2/event.h>
#include <signal.h>
#include <sodium.h>
#include <unistd.h>

enum {
    DRAIN_BUDGET = 512,
    REST_US = 1000,
    SCRATCH_BYTES_MAX = 16 * 1024 * 1024,
    STOP_SECONDS_MAX = 2, /* to hand over; the end of our session does it too, a little later */
};

static void on_writer(void *owner, enum pg_state state, const struct error *error)
{
    struct service *service = owner;
    if (state == PG_DOWN) {
        log_warn("archive away", LOG_ERROR_FIELDS(error));
        (void)snprintf(service->archive_away, sizeof service->archive_away, "%s", error->text);
        owner_cut(service, error->text);
        return;
    }
    log_info("archive reached", LOG_NUMBER("session", pg_backend_pid(service->writer)));
    cycle_connected(service);
    owner_second(service);
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
    if (!service->writer) {
        service->alive = false; /* still waiting for its keys */
        return;
    }
    owner_stop(service);
}

static void on_second(evutil_socket_t socket, short what, void *context)
{
    (void)socket;
    (void)what;
    struct service *service = context;
    static int stopping_for;
    int64_t now_us = service_now_us(service);
    policy_book_poll(service->policies, service->reader);
    sockets_second(service);
    owner_second(service);
    input_heartbeats(service);
    health_second(service);
    limits_second(service);
    if (service->spec->second) {
        service->spec->second(service->self, now_us);
    }
    if (service->stopping && ++stopping_for > STOP_SECONDS_MAX) {
        log_warn(service->left ? "leaving before all answers came"
                               : "leaving without handing over");
        service->alive = false;
    }
}

static void on_request(void *owner, const struct bus_peer *peer, struct slice bytes)
{
    service_request(owner, peer, bytes);
}

static void on_message(void *owner, struct slice topic, struct slice bytes)
{
    struct service *service = owner;
    service->counts.messages++;
    input_message(service, topic, bytes);
}

/* A message holds up to PUBLISH_EVENTS_MAX events: asked before each, so that none finds the list
 * full, which would be a gap to be read again from the journal. */
static bool wants_messages(void *owner)
{
    const struct service *service = owner;
    return service->incoming.count < PENDING_SOFT_MAX;
}

static void open_signals(struct service *service)
{
    service->signals[0] = evsignal_new(service->base, SIGTERM, on_signal, service);
    service->signals[1] = evsignal_new(service->base, SIGINT, on_signal, service);
    (void)event_add(service->signals[0], NULL);
    (void)event_add(service->signals[1], NULL);
}

static bool open_archive(struct service *service, struct error *error)
{
    static const struct timeval second = {1, 0};
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
    service->second = event_new(service->base, -1, EV_PERSIST, on_second, service);
    if (!service->writer || !service->reader || !service->second) {
        return error_set(error, ERROR_FATAL, "out of memory");
    }
    (void)event_add(service->second, &second);
    return true;
}

/*
 * Timers to the microsecond.  By default libevent reads a clock that moves with the kernel's tick
 * (4 ms at 250 Hz) and sleeps whole milliseconds: a level that is due would be decided that late.
 */
static struct event_base *precise_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;
    if (config && event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER) == 0) {
        base = event_base_new_with_config(config);
    }
    if (config) {
        event_config_free(config);
    }
    return base;
}

static bool open_service(struct service *service, struct error *error)
{
    service->base = precise_base();
    service->turn = randombytes_random(); /* else whoever starts often fills the first ones */
    service->scratch = arena_new(SCRATCH_BYTES_MAX);
    service->waiting = calloc(SERVICE_REQUESTS_MAX, sizeof *service->waiting);
    service->decoded = calloc(1, sizeof *service->decoded);
    service->policies = policy_book_new(service->spec->reads_text ? service->base : NULL,
                                        service->spec->counts_time);
    if (service->spec->holds != SERVICE_NONE) {
        service->held.items = calloc(HELD_MAX, sizeof *service->held.items);
        if (!service->held.items) {
            return error_set(error, ERROR_FATAL, "out of memory");
        }
    }
    if (!service->base || !service->scratch || !service->policies || !service->waiting ||
        !service->decoded || !input_list_init(&service->incoming) || !cycle_init(service)) {
        return error_set(error, ERROR_FATAL, "out of memory");
    }
    if (!service_statements(service)) {
        return error_set(error, ERROR_FATAL, "too many statements");
    }
    if (!open_run_dir(service, error)) {
        return false;
    }
    open_signals(service);
    if (!health_start(service, error)) {
        return false;
    }
    static const struct bus_callbacks callbacks = {on_message, on_request, wants_messages};
    return !keys_await(service) ||
           (open_sockets(service, &callbacks, error) &&
            service->spec->open(service, &service->self, error) && open_archive(service, error));
}

static void close_service(struct service *service)
{
    health_stop(service);
    pg_free(&service->writer);
    pg_free(&service->reader);
    policy_book_free(&service->policies);
    if (service->self) {
        service->spec->close(service->self);
    }
    requests_done(service);
    cycle_done(service);
    held_forget(service);
    free(service->held.items);
    if (service->incoming.arena) {
        input_list_done(&service->incoming);
    }
    bus_free(&service->bus);
    bus_guard_free(&service->guard);
    instance_unlock(service);
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

/* When the next batch may begin, if none is under way; INT64_MAX: nothing waits. */
static int64_t next_batch_us(const struct service *service)
{
    int64_t at_us = held_ripe_us(service);
    if (service->incoming.count > 0) {
        int64_t ripe_us =
            service->incoming_hurried ? 0 : service->incoming_since_us + service->spec->linger_us;
        at_us = ripe_us < at_us ? ripe_us : at_us;
    }
    int64_t requests_us = cycle_requests_ripe_us(service);
    at_us = requests_us < at_us ? requests_us : at_us;
    int64_t due_us = cycle_due_us(service);
    return due_us < at_us ? due_us : at_us;
}

/* How long the loop may sleep: until the bus is looked at again, or a batch may begin. */
static int64_t sleep_us(const struct service *service)
{
    int64_t until_us = INT64_MAX;
    if (service->cycle.phase == APPENDER_WAITING) {
        until_us = service->cycle.wait_until_us;
    } else if (service->cycle.phase == APPENDER_IDLE && service->serving > 0 &&
               pg_current_state(service->writer) == PG_READY) {
        until_us = cycle_has_rest(service) ? 0 : next_batch_us(service);
    }
    if (service->drain_after_us != 0 && service->drain_after_us < until_us) {
        until_us = service->drain_after_us;
    }
    int64_t wait_us = until_us == INT64_MAX ? INT64_MAX : until_us - clock_monotonic_us();
    return wait_us < 0 ? 0 : wait_us;
}

static void on_wake(evutil_socket_t socket, short what, void *context)
{
    (void)socket;
    (void)what;
    (void)context;
}

/* Looks at the bus, unless it rests.  True when more is there. */
static bool look_at_bus(struct service *service)
{
    if (!service->stopping && clock_monotonic_us() < service->drain_after_us) {
        return false;
    }
    service->drain_after_us = 0;
    return bus_drain(service->bus, DRAIN_BUDGET);
}

/*
 * What arrives while a batch is under way is not part of it, nor does it begin one while requests
 * gather, unless they fill it: to be woken by each message costs more than the message.  cycle_end
 * ends the rest.  Nor need a daemon whose batches wait for company be woken by each: between two
 * looks at the bus it sleeps for half that time.
 */
static int64_t rest_us(const struct service *service, bool arrives, int64_t now_us)
{
    enum appender_phase phase = service->cycle.phase;
    int64_t gathers_us = service->serving > 0 ? service->cycle.gathered_us - now_us : 0;
    if (phase == APPENDER_IDLE && gathers_us > 0) {
        return gathers_us < REST_US ? gathers_us : REST_US;
    }
    if (arrives && service->spec->linger_us > 0 && service->spec->hurried == 0) {
        return service->spec->linger_us / 2;
    }
    bool at_work = phase == APPENDER_LOOKING_UP || phase == APPENDER_COMMITTING;
    return arrives && at_work ? REST_US : 0;
}

/* Not past the daemon's deadline: what ends a clock may lie there, and was in time. */
void rest_from_bus(struct service *service)
{
    uint64_t arrived = service->counts.messages + service->counts.requests;
    int64_t now_us = clock_monotonic_us();
    int64_t due_us = service->cycle.phase == APPENDER_IDLE ? cycle_due_us(service) : INT64_MAX;
    int64_t until_us = now_us + rest_us(service, arrived != service->arrived_seen, now_us);
    until_us = due_us < until_us ? due_us : until_us;
    if (until_us > now_us && !service->stopping) {
        service->arrived_seen = arrived;
        service->drain_after_us = until_us;
        bus_rest(service->bus);
    }
}

static bool goes_on(const struct service *service)
{
    const struct service_spec *spec = service->spec;
    return service->alive && !(service->left && (!spec->may_end || spec->may_end(service->self)));
}

/*
 * One turn: wait, look at the bus so that what waited there is part of the next batch, work, and
 * last of all empty the sockets, because a ZeroMQ descriptor tells only of what arrives after it
 * was emptied.
 */
static void run(struct service *service)
{
    struct event *wake = evtimer_new(service->base, on_wake, NULL);
    bool more = false;
    while (wake && goes_on(service)) {
        int64_t wait_us = more ? 0 : sleep_us(service);
        if (wait_us > 0 && wait_us != INT64_MAX) {
            struct timeval wait = {wait_us / 1000000, wait_us % 1000000};
            (void)event_add(wake, &wait);
        }
        (void)event_base_loop(service->base, EVLOOP_ONCE | (wait_us == 0 ? EVLOOP_NONBLOCK : 0));
        input_read(service);
        (void)look_at_bus(service);
        cycle_run(service, service_now_us(service));
        more = look_at_bus(service);
        if (!more) {
            rest_from_bus(service);
        }
    }
    if (wake) {
        event_free(wake);
    }
}

int service_main(const struct service_spec *spec, int argc, char **argv)
{
    static struct service service;
    service = (struct service){.spec = spec, .alive = true, .lock_fd = -1};
    int exit_code = 0;
    if (!config_start(service_settings_rows,
                      service_settings_count,
                      &service.settings,
                      sockets_check,
                      argc,
                      argv,
                      &exit_code)) {
        return exit_code;
    }
    (void)signal(SIGPIPE, SIG_IGN); /* hiredis writes to sockets that may have closed */
    enum log_level level = LOG_INFO_LEVEL;
    (void)log_level_parse(service.settings.log_level, &level);
    log_open(service_name(spec->id), level);
    /* keys and nonces from a generator in this process, seeded by the kernel: a system call each
     * costs more than sealing */
    (void)randombytes_set_implementation(&randombytes_internal_implementation);
    if (sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    randombytes_buf(&service.incarnation, sizeof service.incarnation);
    struct error error = {0};
    if (service_settings_complete(&service, &error) && limits_set(&service.settings, &error) &&
        open_service(&service, &error)) {
        log_info("started",
                 LOG_TEXT("instance", service.settings.instance),
                 LOG_TEXT("publisher", service.settings.publisher));
        run(&service);
        log_info("stopped");
    } else {
        log_error("cannot start", LOG_ERROR_FIELDS(&error));
        service.exit_status = error.kind == ERROR_REJECT ? EXIT_CONFIGURATION : EXIT_FAILURE;
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

size_t service_replies_lying(const struct service *service, const struct bus_peer *peer)
{
    return bus_replies_lying(service->bus, peer);
}

const struct policy_object *service_policy(struct service *service, uint32_t id)
{
    const struct policy_object *object = policy_book_by_id(service->policies, id);
    if (!object && service->alive) {
        service->policy_misses++;
        if (policy_book_want(service->policies, id)) {
            policy_book_poll(service->policies, service->reader);
            return NULL;
        }
        char why[64];
        (void)snprintf(why, sizeof why, "policy %u is not to be had", id);
        service_fail(service, why);
    }
    return object;
}

uint64_t service_policy_misses(const struct service *service)
{
    return service->policy_misses;
}

struct policy_book *service_policies(const struct service *service)
{
    return service->policies;
}

void service_rows_missed(struct service *service, uint32_t count)
{
    service->counts.rows_missed += count;
}

void service_refolded(struct service *service)
{
    service->counts.refolded++;
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

void service_fail(struct service *service, const char *why)
{
    log_error("giving up", LOG_TEXT("reason", why));
    service->alive = false;
    service->exit_status = EXIT_FAILURE;
}
