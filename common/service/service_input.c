/* Streams: what arrives from the bus and the journal, and what we send there. */
#include "chain.h"
#include "clock.h"
#include "event_wire.h"
#include "log.h"
#include "message_limits.h"
#include "prescan.h"
#include "redress/live/v1/live.pb-c.h"
#include "service_private.h"

enum {
    INPUT_BYTES_MAX = 64 * 1024 * 1024,
    HELD_BYTES_MAX = 64 * 1024 * 1024,
    READ_LOOK_US = 10000, /* unless something asks for a read: hundreds of streams, every turn */
};

bool input_list_init(struct input_list *list)
{
    list->arena = arena_new(INPUT_BYTES_MAX);
    list->items = malloc(INPUTS_MAX * sizeof *list->items);
    return list->arena && list->items;
}

void input_list_reset(struct input_list *list)
{
    arena_reset(list->arena);
    list->count = 0;
}

void input_list_done(struct input_list *list)
{
    arena_free(&list->arena);
    free(list->items);
    list->items = NULL;
}

static bool held_is_full(const struct held_ring *held)
{
    return held->count == HELD_MAX || held->bytes + EVENT_SIZE_MAX > HELD_BYTES_MAX;
}

static bool has_room(const struct service *service, enum service_id from)
{
    if (from == service->spec->holds) {
        return !held_is_full(&service->held);
    }
    return service->incoming.count < INPUTS_MAX &&
           arena_used(service->incoming.arena) + EVENT_SIZE_MAX < INPUT_BYTES_MAX;
}

static struct input input_of(const struct service *service,
                             const struct event *header,
                             enum service_id from,
                             const void *bytes,
                             size_t size)
{
    struct input input = {.bytes = slice_of(bytes, size),
                          .partition = header->partition,
                          .service = (uint8_t)from,
                          .owned_epoch = service->streams[header->partition].epoch,
                          .seq = header->seq};
    memcpy(input.hash, header->hash, HASH_SIZE);
    return input;
}

/* Keeps an input back; there is room. */
static void
hold(struct service *service, const struct event *header, enum service_id from, struct slice bytes)
{
    struct held_ring *held = &service->held;
    void *copy = malloc(bytes.size + 1);
    if (!copy) {
        service_fail(service, "out of memory");
        return;
    }
    memcpy(copy, bytes.bytes, bytes.size);
    struct held_input *item = &held->items[(held->first + held->count++) % HELD_MAX];
    item->input = input_of(service, header, from, copy, bytes.size);
    item->ripe_us = clock_monotonic_us() + service->spec->hold_us;
    held->bytes += bytes.size;
}

static void held_drop_first(struct held_ring *held)
{
    held->bytes -= held->items[held->first].input.bytes.size;
    free((void *)(uintptr_t)held->items[held->first].input.bytes.bytes);
    held->first = (held->first + 1) % HELD_MAX;
    held->count--;
}

bool held_is_ripe(const struct service *service)
{
    return held_is_full(&service->held) || held_ripe_us(service) <= clock_monotonic_us();
}

/* The first ripe one waits for company as any input does. */
int64_t held_ripe_us(const struct service *service)
{
    const struct held_ring *held = &service->held;
    return held->count == 0 ? INT64_MAX
                            : held->items[held->first].ripe_us + service->spec->linger_us;
}

static bool first_is_ripe(const struct held_ring *held)
{
    return held_is_full(held) || held->items[held->first].ripe_us <= clock_monotonic_us();
}

void held_take(struct service *service, struct input_list *list)
{
    struct held_ring *held = &service->held;
    while (list->count < INPUTS_MAX && held->count > 0 && first_is_ripe(held)) {
        const struct input *input = &held->items[held->first].input;
        void *copy = arena_copy(list->arena, input->bytes.bytes, input->bytes.size);
        if (!copy) {
            return;
        }
        list->items[list->count] = *input;
        list->items[list->count++].bytes = slice_of(copy, input->bytes.size);
        held_drop_first(held);
    }
}

void held_forget(struct service *service)
{
    while (service->held.count > 0) {
        held_drop_first(&service->held);
    }
}

static void incoming_add(struct service *service,
                         const struct event *header,
                         enum service_id from,
                         struct slice bytes)
{
    if (from == service->spec->holds) {
        hold(service, header, from, bytes);
        return;
    }
    struct input_list *list = &service->incoming;
    void *copy = arena_copy(list->arena, bytes.bytes, bytes.size);
    if (!copy) {
        service_fail(service, "out of memory"); /* there was room: the heap is at its end */
        return;
    }
    if (list->count == 0) {
        service->incoming_since_us = clock_monotonic_us();
        service->incoming_hurried = false;
    }
    service->incoming_hurried |= (service->spec->hurried >> from & 1U) != 0;
    list->items[list->count++] = input_of(service, header, from, copy, bytes.size);
}

static void diverged(struct service *service, const struct event *header)
{
    log_error("stream diverged",
              LOG_TEXT("stream", service_name(header->service)),
              LOG_NUMBER("partition", header->partition),
              LOG_NUMBER("seq", header->seq),
              LOG_HEX("hash", header->hash, HASH_SIZE),
              LOG_TEXT("do", "stop writing, run: redress verify"));
    service->counts.failed++;
}

/* One event from the bus (journal false) or from a read.  False: it was not taken because there is
 * no room. */
static bool take_event(struct service *service,
                       struct consumer *consumer,
                       enum service_id from,
                       uint32_t partition,
                       struct slice bytes,
                       bool journal,
                       int64_t now_us)
{
    if (!has_room(service, from)) {
        return false;
    }
    struct event *header = service->decoded;
    struct error error = {0};
    if (!event_decode_header(bytes, header, &error)) {
        log_error(
            "event unreadable", LOG_TEXT("stream", service_name(from)), LOG_ERROR_FIELDS(&error));
        return true;
    }
    if (header->service != from || header->partition != partition) {
        log_error("event of another stream",
                  LOG_TEXT("stream", service_name(from)),
                  LOG_NUMBER("partition", partition));
        return true;
    }
    struct consumer_link link = {header->epoch, header->seq, header->prev_hash, header->hash};
    enum consumer_verdict verdict = journal ? consumer_journal_event(consumer, &link, now_us)
                                            : consumer_bus_event(consumer, &link, now_us);
    if (verdict == CONSUMER_TAKE) {
        incoming_add(service, header, from, bytes);
    } else if (verdict == CONSUMER_DIVERGED) {
        diverged(service, header);
    }
    return true;
}

static struct consumer *consumer_of(struct service *service, uint32_t from, uint32_t partition)
{
    bool followed = from >= SERVICE_INTAKE && from <= INPUT_SERVICES &&
                    (service->spec->inputs >> from & 1U) != 0;
    if (!followed || partition >= service->partitions ||
        service->streams[partition].phase != OWNER_SERVING) {
        return NULL;
    }
    return &service->streams[partition].consumers[from];
}

static void look_soon(struct service *service, const struct consumer *consumer)
{
    if (consumer->wants_read) {
        service->read_look_us = 0;
    }
}

static void
published(struct service *service, const Redress__Live__V1__Published *message, int64_t now_us)
{
    struct consumer *consumer = consumer_of(service, message->service, message->partition);
    if (!consumer) {
        return;
    }
    for (size_t i = 0; i < message->n_events; i++) {
        struct slice bytes = slice_of(message->events[i].data, message->events[i].len);
        if (!take_event(service,
                        consumer,
                        (enum service_id)message->service,
                        message->partition,
                        bytes,
                        false,
                        now_us)) {
            break; /* a gap now; the journal has them */
        }
    }
    look_soon(service, consumer);
}

static void
heartbeat(struct service *service, const Redress__Live__V1__Heartbeat *message, int64_t now_us)
{
    struct consumer *consumer = consumer_of(service, message->service, message->partition);
    if (!consumer || message->hash.len != HASH_SIZE) {
        return;
    }
    struct consumer_link link = {message->epoch, message->seq, NULL, message->hash.data};
    if (consumer_heartbeat(consumer, &link, now_us) == CONSUMER_DIVERGED) {
        struct event header = {.service = (enum service_id)message->service,
                               .partition = message->partition,
                               .seq = message->seq};
        memcpy(header.hash, message->hash.data, HASH_SIZE);
        diverged(service, &header);
    }
    look_soon(service, consumer);
}

void input_message(struct service *service, struct slice topic, struct slice bytes)
{
    (void)topic; /* a filter, not a fact: the message says what it is */
    struct error error = {0};
    arena_reset(service->scratch);
    const Redress__Live__V1__Live *live =
        (const Redress__Live__V1__Live *)prescan_unpack(&redress__live__v1__live__descriptor,
                                                        bytes.bytes,
                                                        bytes.size,
                                                        &limits_live,
                                                        service->scratch,
                                                        &error);
    if (!live) {
        log_warn("bus message unreadable", LOG_ERROR_FIELDS(&error));
        return;
    }
    int64_t now_us = clock_monotonic_us();
    if (live->published) {
        published(service, live->published, now_us);
    } else if (live->heartbeat) {
        heartbeat(service, live->heartbeat, now_us);
    }
}

void input_serve(struct service *service, uint32_t partition)
{
    int64_t now_us = clock_monotonic_us();
    service->read_look_us = 0;
    struct stream *stream = &service->streams[partition];
    for (unsigned from = SERVICE_INTAKE; from <= INPUT_SERVICES; from++) {
        if ((service->spec->inputs >> from & 1U) == 0) {
            continue;
        }
        const struct checkpoint *checkpoint = &stream->checkpoints[from];
        stream->unread[from] = 0;
        stream->behind[from] = (struct behind){0};
        consumer_init(&stream->consumers[from], checkpoint->seq, checkpoint->hash, now_us);
        char topic[BUS_TOPIC_SIZE];
        bus_stream_topic(from, partition, topic);
        bus_subscribe(service->bus, topic);
    }
}

void input_forget(struct service *service, uint32_t partition)
{
    for (unsigned from = SERVICE_INTAKE; from <= INPUT_SERVICES; from++) {
        if ((service->spec->inputs >> from & 1U) != 0) {
            char topic[BUS_TOPIC_SIZE];
            bus_stream_topic(from, partition, topic);
            bus_unsubscribe(service->bus, topic);
        }
    }
}

/* A journal read under way. */
struct read {
    struct service *service;
    uint64_t epoch; /* of our ownership: an answer to an earlier one is stale */
    uint32_t partition;
    unsigned from;
};

static void read_answered(void *context, const struct pg_answer *answer)
{
    struct read *read = context;
    struct service *service = read->service;
    service->reads--;
    struct consumer *consumer = consumer_of(service, read->from, read->partition);
    if (consumer && service->streams[read->partition].epoch == read->epoch) {
        int64_t now_us = clock_monotonic_us();
        service->read_look_us = 0;
        const PGresult *rows = answer->status == PG_OK ? answer->results[0] : NULL;
        int count = rows ? PQntuples(rows) : 0;
        int taken = 0;
        while (taken < count && take_event(service,
                                           consumer,
                                           (enum service_id)read->from,
                                           read->partition,
                                           pg_bytes(rows, taken, 0),
                                           true,
                                           now_us)) {
            taken++;
        }
        service->counts.read_events += (uint64_t)taken;
        consumer_read_done(consumer, (uint32_t)taken, taken == READ_ROWS || taken < count, now_us);
    }
    free(read);
}

static bool read_start(struct service *service, uint32_t partition, unsigned from)
{
    struct stream *stream = &service->streams[partition];
    struct read *read = malloc(sizeof *read);
    if (!read) {
        return false;
    }
    *read = (struct read){service, stream->epoch, partition, from};
    struct error error = {0};
    pg_begin(service->reader);
    pg_call(service->reader, "input_read");
    pg_bind_int2(service->reader, (int32_t)from);
    pg_bind_int2(service->reader, (int32_t)partition);
    pg_bind_int8(service->reader, (int64_t)stream->consumers[from].seq);
    pg_bind_int4(service->reader, READ_ROWS);
    if (!pg_send(service->reader, read_answered, read, &error)) {
        free(read);
        return false;
    }
    consumer_read_started(&stream->consumers[from]);
    service->reads++;
    service->counts.reads++;
    return true;
}

/* Reads one stream if it is time to; false when no more reads can be started now. */
static bool read_if_due(struct service *service, uint32_t partition, unsigned from, int64_t now_us)
{
    struct consumer *consumer = consumer_of(service, from, partition);
    if (!consumer) {
        return true;
    }
    if (consumer_deadline_us(consumer) <= now_us) {
        consumer_tick(consumer, now_us);
    }
    bool due = consumer->wants_read && !consumer->reading && consumer->read_after_us <= now_us;
    return !due || read_start(service, partition, from);
}

void input_read(struct service *service)
{
    int64_t now_us = clock_monotonic_us();
    if (service->spec->inputs == 0 || now_us < service->read_look_us ||
        pg_current_state(service->reader) != PG_READY) {
        return;
    }
    for (uint32_t p = 0; p < service->partitions; p++) {
        for (unsigned from = SERVICE_INTAKE; from <= INPUT_SERVICES; from++) {
            if (service->reads >= READS_MAX || service->incoming.count >= PENDING_SOFT_MAX ||
                !read_if_due(service, p, from, now_us)) {
                return;
            }
        }
    }
    service->read_look_us = now_us + READ_LOOK_US;
}

static void send_live(struct service *service,
                      uint32_t partition,
                      const Redress__Live__V1__Live *live,
                      struct arena *arena)
{
    size_t size = redress__live__v1__live__get_packed_size(live);
    uint8_t *bytes = arena_take(arena, size);
    if (bytes) {
        char topic[BUS_TOPIC_SIZE];
        bus_stream_topic(service->spec->id, partition, topic);
        bus_publish(
            service->bus, topic, slice_of(bytes, redress__live__v1__live__pack(live, bytes)));
    }
}

void input_heartbeats(struct service *service)
{
    for (uint32_t p = 0; p < service->partitions; p++) {
        struct stream *stream = &service->streams[p];
        if (stream->phase != OWNER_SERVING) {
            continue;
        }
        Redress__Live__V1__Heartbeat beat = REDRESS__LIVE__V1__HEARTBEAT__INIT;
        beat.has_service = beat.has_partition = beat.has_epoch = beat.has_seq = beat.has_hash = 1;
        beat.service = service->spec->id;
        beat.partition = p;
        beat.epoch = stream->epoch;
        beat.seq = stream->seq;
        beat.hash = (ProtobufCBinaryData){HASH_SIZE, stream->hash};
        Redress__Live__V1__Live live = REDRESS__LIVE__V1__LIVE__INIT;
        live.heartbeat = &beat;
        arena_reset(service->scratch);
        send_live(service, p, &live, service->scratch);
    }
}

void input_publish(struct service *service, uint32_t partition, struct arena *arena)
{
    const struct stream *stream = &service->streams[partition];
    const struct appended *events = service->cycle.events;
    int32_t i = stream->first_event;
    while (i != NOWHERE) {
        ProtobufCBinaryData items[PUBLISH_EVENTS_MAX];
        Redress__Live__V1__Published batch = REDRESS__LIVE__V1__PUBLISHED__INIT;
        batch.has_service = batch.has_partition = batch.has_epoch = batch.has_first_seq = 1;
        batch.service = service->spec->id;
        batch.partition = partition;
        batch.epoch = stream->epoch;
        batch.first_seq = events[i].seq;
        batch.events = items;
        size_t size = 0;
        while (i != NOWHERE && batch.n_events < PUBLISH_EVENTS_MAX && size < PUBLISH_BYTES_MAX) {
            items[batch.n_events++] = (ProtobufCBinaryData){
                events[i].bytes.size, (uint8_t *)(uintptr_t)events[i].bytes.bytes};
            size += events[i].bytes.size;
            i = events[i].next;
        }
        service->counts.published += batch.n_events;
        Redress__Live__V1__Live live = REDRESS__LIVE__V1__LIVE__INIT;
        live.published = &batch;
        send_live(service, partition, &live, arena);
    }
}
