/*
 * The verb watch: events as they are committed.  Each stream is followed by the daemons' own
 * consumer machine, so that what the bus loses is read from the journal, and said.
 */
#include "case_number.h"
#include "clock.h"
#include "consumer.h"
#include "ctl_case.h"
#include "ctl_database.h"
#include "ctl_listen.h"
#include "event_wire.h"
#include "scope.h"

#include <poll.h>

enum {
    STREAMS = SERVICE_WATCHDOG + 1,
    READ_MAX = 500,
    TURN_MS = 100,
    FOLLOW_US = 3000000,
    DECODE_MAX = 4 * 1024 * 1024,
    NUMBERS_MAX = 1024, /* whose number is kept at hand */
};

struct watch {
    struct ctl *ctl;
    struct view_policies *policies;
    struct ctl_listen *listen;
    struct arena *arena;
    struct ctl_away away;
    unsigned services; /* bits */
    uint64_t case_id;  /* 0: any */
    enum event_kind kind;
    int64_t left; /* events still to show; -1: no end */
    uint32_t partitions;
    struct consumer *consumers[STREAMS]; /* by partition; seq UINT64_MAX: not followed */
    struct {
        uint64_t case_id;
        char number[CASE_NUMBER_SIZE];
    } numbers[NUMBERS_MAX]; /* by the case id's remainder */
};

static bool follows(const struct watch *watch, unsigned service, uint32_t partition)
{
    return service >= SERVICE_INTAKE && service < STREAMS && (watch->services & 1U << service) &&
           partition < watch->partitions &&
           (watch->case_id == 0 || case_partition(watch->case_id) == partition);
}

static int64_t received_us_of(const struct event *event)
{
    if (event->kind == EVENT_RECEIVED) {
        return event->received.received_at_us;
    }
    bool judged = event->kind == EVENT_TRIAGED || event->kind == EVENT_TRIAGE_ASKED;
    return judged ? event->triaged.received_at_us : 0;
}

/* As people call the case; its id where nobody can tell yet when it was received. */
static const char *number_of(struct watch *watch, const struct event *event)
{
    size_t place = event->case_id % NUMBERS_MAX;
    char *number = watch->numbers[place].number;
    int64_t received_us = received_us_of(event);
    if (watch->numbers[place].case_id == event->case_id) {
        return number;
    }
    watch->numbers[place].case_id = event->case_id;
    if (received_us == 0) {
        SCOPED(ctl_rows_free) PGresult *rows = NULL;
        const char *const id[] = {CTL_NUMBER_TEXT(event->case_id)};
        int code = ctl_query(watch->ctl,
                             "SELECT received_at FROM complaint WHERE case_id = $1::bigint",
                             id,
                             1,
                             &rows);
        received_us = code == CTL_OK && PQntuples(rows) > 0 ? view_pg_time(rows, 0, 0) : 0;
    }
    if (received_us != 0) {
        case_number_format(event->case_id, received_us, number);
    } else {
        (void)ctl_number_text(number, (int64_t)event->case_id);
        watch->numbers[place].case_id = 0; /* it may be told later on */
    }
    return number;
}

static void show(struct watch *watch, const struct event *event)
{
    struct ctl *ctl = watch->ctl;
    bool wanted = (watch->case_id == 0 || event->case_id == watch->case_id) &&
                  (watch->kind == EVENT_NONE || event->kind == watch->kind);
    if (!wanted || watch->left == 0) {
        return;
    }
    watch->left -= watch->left > 0;
    if (ctl->json) {
        json_t *object = case_event_json(event);
        (void)json_object_set_new(object, "number", json_string(number_of(watch, event)));
        ctl_print_json(ctl, &object);
    } else {
        char at[VIEW_TEXT_MAX];
        char kind[VIEW_TEXT_MAX];
        char stream[VIEW_TEXT_MAX];
        const struct policy *policy = event_kind_name(event->kind)
                                          ? view_policy(watch->policies, event_policy_id(event))
                                          : NULL;
        (void)fprintf(ctl->out,
                      "%s%s  %-13s #%-6" PRIu64 "%s  %s  %s  ",
                      view_faint(ctl),
                      view_time(event->at_us, at),
                      view_stream(event->service, event->partition, stream),
                      event->seq,
                      view_color_end(ctl),
                      number_of(watch, event),
                      view_fit(case_kind_text(ctl, event->kind), 15, kind));
        case_event_print(ctl, ctl->out, policy, event);
        (void)fputc('\n', ctl->out);
    }
    (void)fflush(ctl->out);
}

/* What an event, or a heartbeat that tells of it, has made of its stream.  gaps: how many there
 * were before. */
static void note(const struct watch *watch,
                 const struct consumer *consumer,
                 enum consumer_verdict verdict,
                 uint64_t gaps,
                 const char *stream,
                 uint64_t seq)
{
    if (consumer->gaps > gaps || verdict == CONSUMER_DIVERGED) {
        ctl_note(watch->ctl,
                 verdict == CONSUMER_DIVERGED ? TEXT_WATCH_DIVERGED : TEXT_WATCH_GAP,
                 CTL_ARGS(stream, CTL_NUMBER_TEXT(consumer->seq + 1), CTL_NUMBER_TEXT(seq)));
    }
}

/* One event of the bus or the journal.  False: its stream cannot go on with it. */
static bool take(struct watch *watch, struct consumer *consumer, struct slice bytes, bool journal)
{
    static struct event event;
    struct error error = {0};
    arena_reset(watch->arena);
    if (!event_decode(bytes, watch->arena, &event, &error)) {
        ctl_note(watch->ctl, TEXT_EVENT_UNREADABLE, CTL_ARGS(error.text));
        return false;
    }
    const struct consumer_link link = {event.epoch, event.seq, event.prev_hash, event.hash};
    int64_t now_us = clock_monotonic_us();
    uint64_t gaps = consumer->gaps;
    enum consumer_verdict verdict = journal ? consumer_journal_event(consumer, &link, now_us)
                                            : consumer_bus_event(consumer, &link, now_us);
    char stream[VIEW_TEXT_MAX];
    (void)view_stream(event.service, event.partition, stream);
    note(watch, consumer, verdict, gaps, stream, event.seq);
    if (verdict == CONSUMER_TAKE) {
        show(watch, &event);
    }
    return verdict != CONSUMER_DIVERGED;
}

static int catch_up(struct watch *watch, unsigned service, uint32_t partition)
{
    struct consumer *consumer = &watch->consumers[service][partition];
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    const char *const parameters[] = {CTL_NUMBER_TEXT(service),
                                      CTL_NUMBER_TEXT(partition),
                                      CTL_NUMBER_TEXT(consumer->seq),
                                      CTL_NUMBER_TEXT(READ_MAX)};
    consumer_read_started(consumer);
    int code = ctl_query(watch->ctl,
                         "SELECT bytes FROM journal WHERE service = $1::smallint "
                         "AND partition = $2::smallint AND seq > $3::bigint ORDER BY seq "
                         "LIMIT $4::integer",
                         parameters,
                         4,
                         &rows);
    if (code != CTL_OK) {
        consumer_read_done(consumer, 0, false, clock_monotonic_us()); /* read again later on */
        return code;
    }
    int count = PQntuples(rows);
    for (int row = 0; row < count; row++) {
        size_t size = 0;
        unsigned char *bytes =
            PQunescapeBytea((const unsigned char *)PQgetvalue(rows, row, 0), &size);
        bool good = bytes && take(watch, consumer, slice_of(bytes, size), true);
        PQfreemem(bytes);
        if (!good) {
            break;
        }
    }
    consumer_read_done(consumer, (uint32_t)count, count == READ_MAX, clock_monotonic_us());
    return CTL_OK;
}

/* Reads what streams want from the journal; polls those that have fallen silent. */
static int tend(struct watch *watch)
{
    int64_t now_us = clock_monotonic_us();
    int code = CTL_OK;
    for (unsigned service = SERVICE_INTAKE; service < STREAMS; service++) {
        for (uint32_t p = 0; code == CTL_OK && p < watch->partitions; p++) {
            if (!follows(watch, service, p)) {
                continue;
            }
            struct consumer *consumer = &watch->consumers[service][p];
            if (consumer_deadline_us(consumer) <= now_us) {
                consumer_tick(consumer, now_us);
            }
            /* begin has given every service that is followed its consumers */
            /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
            if (consumer->wants_read && !consumer->reading) {
                code = catch_up(watch, service, p);
            }
        }
    }
    return code;
}

static void hear(struct watch *watch, const Redress__Live__V1__Live *live)
{
    int64_t now_us = clock_monotonic_us();
    const Redress__Live__V1__Published *published = live->published;
    const Redress__Live__V1__Heartbeat *beat = live->heartbeat;
    if (published && follows(watch, published->service, published->partition)) {
        struct consumer *consumer = &watch->consumers[published->service][published->partition];
        for (size_t i = 0; i < published->n_events; i++) {
            struct slice bytes = slice_of(published->events[i].data, published->events[i].len);
            if (!take(watch, consumer, bytes, false)) {
                return;
            }
        }
    } else if (beat && beat->hash.len == HASH_SIZE &&
               follows(watch, beat->service, beat->partition)) {
        const struct consumer_link link = {beat->epoch, beat->seq, NULL, beat->hash.data};
        struct consumer *consumer = &watch->consumers[beat->service][beat->partition];
        uint64_t gaps = consumer->gaps;
        enum consumer_verdict verdict = consumer_heartbeat(consumer, &link, now_us);
        char stream[VIEW_TEXT_MAX];
        (void)view_stream(beat->service, beat->partition, stream);
        note(watch, consumer, verdict, gaps, stream, beat->seq);
    }
}

/* From what is committed now. */
static int begin(struct watch *watch)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ctl_query(watch->ctl,
                         "SELECT service, partition, seq, hash, "
                         "(SELECT partitions FROM archive) FROM head WHERE service <= 4",
                         NULL,
                         0,
                         &rows);
    for (int row = 0; code == CTL_OK && row < PQntuples(rows); row++) {
        unsigned service = (unsigned)strtoul(PQgetvalue(rows, row, 0), NULL, 10);
        uint32_t partition = (uint32_t)strtoul(PQgetvalue(rows, row, 1), NULL, 10);
        watch->partitions = (uint32_t)strtoul(PQgetvalue(rows, row, 4), NULL, 10);
        if (service >= STREAMS || watch->partitions > PARTITION_MAX ||
            partition >= watch->partitions) {
            continue;
        }
        if (!watch->consumers[service]) {
            watch->consumers[service] = calloc(watch->partitions, sizeof **watch->consumers);
        }
        size_t size = 0;
        unsigned char *hash =
            PQunescapeBytea((const unsigned char *)PQgetvalue(rows, row, 3), &size);
        if (!watch->consumers[service] || !hash || size != HASH_SIZE) {
            PQfreemem(hash);
            return ctl_fail(watch->ctl, CTL_FAILED, TEXT_LOOK_MEMORY, NULL);
        }
        consumer_init(&watch->consumers[service][partition],
                      strtoull(PQgetvalue(rows, row, 2), NULL, 10),
                      hash,
                      clock_monotonic_us());
        PQfreemem(hash);
    }
    for (unsigned service = SERVICE_INTAKE; service < STREAMS; service++) {
        char topic[32];
        (void)snprintf(topic, sizeof topic, "%s.", service_name(service));
        if (watch->case_id != 0) {
            bus_stream_topic(service, case_partition(watch->case_id), topic);
        }
        if (watch->services & 1U << service) {
            ctl_listen_subscribe(watch->listen, topic);
        }
    }
    return code;
}

static int run(struct watch *watch)
{
    int code = begin(watch);
    int64_t follow_us = 0;
    int64_t tend_us = 0;
    if (code == CTL_OK) {
        view_zone_tell(watch->ctl);
    }
    while (code == CTL_OK && watch->left != 0 && !ctl_listen_stopped()) {
        int64_t now_us = clock_monotonic_us();
        if (ctl_is_away(watch->ctl, &watch->away)) { /* the bus keeps, or the journal has */
            (void)poll(NULL, 0, TURN_MS);
            continue;
        }
        if (now_us >= follow_us) {
            follow_us = now_us + FOLLOW_US;
            code = ctl_listen_follow(watch->ctl, watch->listen, watch->services);
        }
        if (code == CTL_OK && now_us >= tend_us) {
            tend_us = now_us + (int64_t)TURN_MS * 1000;
            code = tend(watch);
        }
        code = ctl_away_take(watch->ctl, &watch->away, code);
        const Redress__Live__V1__Live *live = ctl_listen_next(watch->listen, -1, TURN_MS);
        if (live) {
            hear(watch, live);
        }
    }
    return code;
}

/* A case that was received; times are told in the zone of its policy.  CTL_NOT_FOUND after saying
 * that there is none. */
static int case_find(struct watch *watch, const char *text)
{
    struct ctl *ctl = watch->ctl;
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ctl_case_of(ctl, text, &watch->case_id);
    if (code == CTL_OK && case_partition(watch->case_id) >= PARTITION_MAX) {
        return ctl_fail(ctl, CTL_NOT_FOUND, TEXT_LOOK_NO_CASE, CTL_ARGS(text));
    }
    if (code == CTL_OK) {
        code = ctl_query(ctl,
                         "SELECT policy_id FROM submission LEFT JOIN complaint USING (case_id) "
                         "WHERE case_id = $1::bigint",
                         CTL_ARGS(CTL_NUMBER_TEXT(watch->case_id)),
                         1,
                         &rows);
    }
    if (code != CTL_OK) {
        return code;
    }
    if (PQntuples(rows) == 0) {
        return ctl_fail(ctl, CTL_NOT_FOUND, TEXT_LOOK_NO_CASE, CTL_ARGS(text));
    }
    uint32_t policy_id = (uint32_t)strtoul(PQgetvalue(rows, 0, 0), NULL, 10);
    view_zone_take(view_policy_zone(view_policy(watch->policies, policy_id)));
    return CTL_OK;
}

/* What to watch.  CTL_USAGE after saying what is wrong. */
static int options_read(struct watch *watch)
{
    struct ctl *ctl = watch->ctl;
    const char *service = ctl_option_text(ctl, "service");
    const char *kind = ctl_option_text(ctl, "kind");
    const char *text = ctl_option_text(ctl, "case");
    enum service_id only = service ? service_parse(slice_text(service)) : SERVICE_NONE;
    watch->kind = kind ? event_kind_parse(slice_text(kind)) : EVENT_NONE;
    watch->left = ctl_option_number(ctl, "count") > 0 ? ctl_option_number(ctl, "count") : -1;
    if (kind && watch->kind == EVENT_NONE) {
        return ctl_fail(ctl, CTL_USAGE, TEXT_WATCH_KIND, CTL_ARGS(kind));
    }
    watch->services = only != SERVICE_NONE        ? 1U << only
                      : watch->kind != EVENT_NONE ? 1U << event_kind_service(watch->kind)
                                                  : (1U << STREAMS) - (1U << SERVICE_INTAKE);
    return text ? case_find(watch, text) : view_zone_take_all(ctl, watch->policies);
}

int ctl_watch(struct ctl *ctl)
{
    struct watch watch = {.ctl = ctl, .policies = view_policies_new(ctl)};
    int code = watch.policies ? options_read(&watch) : CTL_FAILED;
    if (code == CTL_OK) {
        ctl_listen_catch();
        watch.arena = arena_new(DECODE_MAX);
        watch.listen = ctl_listen_open(ctl);
        code = watch.arena && watch.listen ? run(&watch) : CTL_FAILED;
    }
    ctl_listen_close(&watch.listen);
    arena_free(&watch.arena);
    view_policies_free(&watch.policies);
    for (unsigned service = 0; service < STREAMS; service++) {
        free(watch.consumers[service]);
    }
    return code;
}
