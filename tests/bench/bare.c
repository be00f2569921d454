/*
 * The bare path: the same hops, rows and commits as a complaint needs, and nothing else.  What the
 * machine gives when no rule is asked, nothing is sealed, chained or signed.
 *
 *     bench_bare --redis SOCKET --count N [--rate PER_SECOND] [--bytes N | --texts FILE]
 *                [--batch N]
 *
 *     generator → intake → triage → queue → Redis ZADD
 *
 * Four processes, PUB/SUB over ipc with NODROP, a protobuf Envelope a message; each stage takes
 * what is there (at most --batch), commits it in one transaction and only then publishes.  intake:
 * event with the text, submission, live case; triage and queue: event and an update of the live
 * case.  PostgreSQL by the PG… environment; its tables bare_… are made anew.
 *
 * Prints one measure a line: name, unit, value, separated by tabs.
 */
#include "clock.h"
#include "kit.h"
#include "pg_array.h"
#include "redress/event/v1/event.pb-c.h"

#include <errno.h>
#include <getopt.h>
#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

enum {
    STAGES = 3,
    BATCH_MAX = 5000,
    EVENT_SIZE = 240, /* of an event without a text */
    CASE_SIZE = 360,  /* of the row of a live case */
    MESSAGE_MAX = KIT_TEXT_MAX + 1024,
    MARK = 5000,
};

struct options {
    const char *redis;
    const char *texts;
    uint64_t count;
    uint64_t rate;
    uint32_t bytes;
    uint32_t batch;
};

/* Seen by all four processes. */
struct shared {
    unsigned ready;
    double cpu_us[STAGES];
    uint64_t batches[STAGES];
    float latency_ms[]; /* STAGES times count */
};

struct item {
    uint64_t case_id;
    int64_t at_us;
    struct slice text;
};

struct stage {
    unsigned number;
    void *in;
    void *out; /* NULL: the last one */
    PGconn *pg;
    redisContext *redis;
    zmq_msg_t messages[BATCH_MAX];
    struct item items[BATCH_MAX];
    uint32_t count;
    struct pg_array seq, case_id, kind, at, bytes, id, state;
};

static struct options options = {.count = 100000, .bytes = 300, .batch = 1000};
static struct shared *shared;
static uint8_t noise[65536]; /* so that nothing compresses */
static int family;           /* process id of the generator: names the sockets */

static void must(bool good, const char *what)
{
    if (!good) {
        (void)fprintf(stderr, "bare: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

static void endpoint_of(unsigned hop, char endpoint[64])
{
    (void)snprintf(endpoint, 64, "ipc://@redress-bare-%d-%u", family, hop);
}

static void *publisher(void *context, unsigned hop)
{
    char endpoint[64];
    int mark = MARK;
    int nodrop = 1;
    void *socket = zmq_socket(context, ZMQ_XPUB);
    endpoint_of(hop, endpoint);
    (void)zmq_setsockopt(socket, ZMQ_SNDHWM, &mark, sizeof mark);
    (void)zmq_setsockopt(socket, ZMQ_XPUB_NODROP, &nodrop, sizeof nodrop);
    must(zmq_bind(socket, endpoint) == 0, "cannot bind");
    return socket;
}

static void *subscriber(void *context, unsigned hop)
{
    char endpoint[64];
    int mark = MARK;
    void *socket = zmq_socket(context, ZMQ_SUB);
    endpoint_of(hop, endpoint);
    (void)zmq_setsockopt(socket, ZMQ_RCVHWM, &mark, sizeof mark);
    (void)zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0);
    must(zmq_connect(socket, endpoint) == 0, "cannot connect");
    return socket;
}

static void publish(void *socket, unsigned stage, const struct item *item)
{
    uint8_t bytes[MESSAGE_MAX];
    Redress__Event__V1__Envelope envelope = REDRESS__EVENT__V1__ENVELOPE__INIT;
    envelope.has_service = envelope.has_partition = envelope.has_seq = envelope.has_epoch = 1;
    envelope.service = (Redress__Event__V1__Service)(stage + 1);
    envelope.partition = 17;
    envelope.seq = item->case_id;
    envelope.epoch = 1;
    envelope.has_prev_hash = envelope.has_case_id = envelope.has_at_us = envelope.has_body = 1;
    envelope.prev_hash = (ProtobufCBinaryData){32, noise};
    envelope.case_id = item->case_id;
    envelope.at_us = item->at_us;
    envelope.body = (ProtobufCBinaryData){item->text.size, (uint8_t *)(uintptr_t)item->text.bytes};
    size_t size = redress__event__v1__envelope__pack(&envelope, bytes);
    while (zmq_send(socket, bytes, size, 0) < 0) {
        must(errno == EAGAIN || errno == EINTR, "cannot publish");
    }
}

/* Blocks for one message, takes what is there. */
static void take(struct stage *stage, uint64_t left)
{
    stage->count = 0;
    while (stage->count < options.batch && stage->count < left) {
        zmq_msg_t *message = &stage->messages[stage->count];
        (void)zmq_msg_init(message);
        if (zmq_msg_recv(message, stage->in, stage->count > 0 ? ZMQ_DONTWAIT : 0) < 0) {
            if (stage->count > 0 && errno == EAGAIN) {
                return;
            }
            continue;
        }
        Redress__Event__V1__Envelope *envelope = redress__event__v1__envelope__unpack(
            NULL, zmq_msg_size(message), zmq_msg_data(message));
        must(envelope != NULL, "a message was lost or torn");
        struct item *item = &stage->items[stage->count++];
        size_t text_at = zmq_msg_size(message) - envelope->body.len;
        *item =
            (struct item){envelope->case_id,
                          envelope->at_us,
                          slice_of((uint8_t *)zmq_msg_data(message) + text_at, envelope->body.len)};
        redress__event__v1__envelope__free_unpacked(envelope, NULL);
    }
}

static struct slice noise_of(uint64_t i, size_t size)
{
    return slice_of(noise + i * 7919 % (sizeof noise - size), size);
}

static void rows_make(struct stage *stage)
{
    pg_array_begin(&stage->seq, PG_INT8);
    pg_array_begin(&stage->case_id, PG_INT8);
    pg_array_begin(&stage->kind, PG_INT2);
    pg_array_begin(&stage->at, PG_TIMESTAMPTZ);
    pg_array_begin(&stage->bytes, PG_BYTEA);
    pg_array_begin(&stage->id, PG_UUID);
    pg_array_begin(&stage->state, PG_BYTEA);
    int64_t now_us = clock_now_us();
    for (uint32_t i = 0; i < stage->count; i++) {
        const struct item *item = &stage->items[i];
        uint64_t id[2] = {(item->case_id + 1) * 0x9e3779b97f4a7c15U,
                          item->case_id * 0xbf58476d1ce4e5b9U};
        pg_array_int8(&stage->seq, (int64_t)item->case_id);
        pg_array_int8(&stage->case_id, (int64_t)item->case_id);
        pg_array_int2(&stage->kind, 12);
        pg_array_time(&stage->at, now_us);
        pg_array_bytes(&stage->bytes,
                       stage->number == 0 && item->text.size > EVENT_SIZE
                           ? item->text
                           : noise_of(item->case_id, EVENT_SIZE));
        pg_array_bytes(&stage->id, slice_of(id, sizeof id));
        pg_array_bytes(&stage->state, noise_of(item->case_id * 3, CASE_SIZE));
    }
}

static void
send_rows(PGconn *pg, const char *name, struct pg_array *const *arrays, int count, unsigned stage)
{
    const char *values[8];
    int sizes[8];
    int formats[8];
    uint8_t service[2];
    pg_put_int2(service, (int16_t)(stage + 1));
    values[0] = (const char *)service;
    sizes[0] = sizeof service;
    formats[0] = 1;
    for (int i = 0; i < count; i++) {
        struct slice value = pg_array_value(arrays[i]);
        values[i + 1] = (const char *)value.bytes;
        sizes[i + 1] = (int)value.size;
        formats[i + 1] = 1;
    }
    must(PQsendQueryPrepared(pg, name, count + 1, values, sizes, formats, 1) == 1,
         PQerrorMessage(pg));
}

/* One transaction: all statements behind one sync. */
static void commit(struct stage *stage)
{
    struct pg_array *const events[] = {
        &stage->seq, &stage->case_id, &stage->kind, &stage->at, &stage->bytes};
    struct pg_array *const submissions[] = {&stage->id, &stage->case_id};
    struct pg_array *const cases[] = {&stage->case_id, &stage->seq, &stage->at, &stage->state};
    rows_make(stage);
    send_rows(stage->pg, "event", events, 5, stage->number);
    if (stage->number == 0) {
        send_rows(stage->pg, "submission", submissions, 2, stage->number);
    }
    send_rows(stage->pg, "live", cases, 4, stage->number);
    must(PQpipelineSync(stage->pg) == 1, PQerrorMessage(stage->pg));
    for (bool synced = false; !synced;) {
        PGresult *result = PQgetResult(stage->pg);
        ExecStatusType status = result ? PQresultStatus(result) : PGRES_COMMAND_OK;
        must(status == PGRES_COMMAND_OK || status == PGRES_PIPELINE_SYNC,
             PQerrorMessage(stage->pg));
        synced = status == PGRES_PIPELINE_SYNC;
        PQclear(result);
    }
}

static void enqueue(struct stage *stage)
{
    for (uint32_t i = 0; i < stage->count; i++) {
        (void)redisAppendCommand(stage->redis,
                                 "ZADD bare %lld %020llu",
                                 (long long)stage->items[i].at_us,
                                 (unsigned long long)stage->items[i].case_id);
    }
    for (uint32_t i = 0; i < stage->count; i++) {
        redisReply *reply = NULL;
        must(redisGetReply(stage->redis, (void **)&reply) == REDIS_OK, "redis went away");
        freeReplyObject(reply);
    }
}

static PGconn *pg_open(void)
{
    static const char *const statements[][2] = {
        {"event",
         "INSERT INTO bare_event SELECT $1::smallint, 17, a.* FROM unnest($2::bigint[], "
         "$3::bigint[], $4::smallint[], $5::timestamptz[], $6::bytea[]) AS a"  },
        {"submission",
         "INSERT INTO bare_submission SELECT a.* FROM unnest($2::uuid[], $3::bigint[]) AS a "
         "WHERE $1::smallint > 0 ON CONFLICT DO NOTHING"                       },
        {"live",
         "INSERT INTO bare_case SELECT a.case_id, $1::smallint, a.version, a.at, a.state FROM "
         "unnest($2::bigint[], $3::bigint[], $4::timestamptz[], $5::bytea[]) AS a(case_id, "
         "version, at, state) ON CONFLICT (case_id) DO UPDATE SET status = excluded.status, "
         "version = excluded.version, at = excluded.at, state = excluded.state"},
    };
    PGconn *pg = PQconnectdb("application_name=bare");
    must(PQstatus(pg) == CONNECTION_OK, PQerrorMessage(pg));
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        PGresult *result = PQprepare(pg, statements[i][0], statements[i][1], 0, NULL);
        must(PQresultStatus(result) == PGRES_COMMAND_OK, PQerrorMessage(pg));
        PQclear(result);
    }
    must(PQenterPipelineMode(pg) == 1, "no pipeline mode");
    return pg;
}

static void tables_make(void)
{
    PGconn *pg = PQconnectdb("");
    must(PQstatus(pg) == CONNECTION_OK, PQerrorMessage(pg));
    PGresult *result = PQexec(
        pg,
        "SET client_min_messages = error; "
        "DROP TABLE IF EXISTS bare_event, bare_submission, bare_case; "
        "CREATE TABLE bare_event (service smallint NOT NULL, partition smallint NOT NULL, seq "
        "bigint NOT NULL, case_id bigint NOT NULL, kind smallint NOT NULL, at timestamptz NOT "
        "NULL, payload bytea NOT NULL, PRIMARY KEY (service, partition, seq)); "
        "CREATE TABLE bare_submission (submission_id uuid PRIMARY KEY, case_id bigint NOT NULL); "
        "CREATE TABLE bare_case (case_id bigint PRIMARY KEY, status smallint NOT NULL, version "
        "bigint NOT NULL, at timestamptz NOT NULL, state bytea NOT NULL) WITH (fillfactor = 70)");
    must(PQresultStatus(result) == PGRES_COMMAND_OK, PQerrorMessage(pg));
    PQclear(result);
    result = PQexec(pg, "CHECKPOINT");
    PQclear(result);
    PQfinish(pg);
}

static redisContext *redis_open(void)
{
    redisContext *redis = redisConnectUnix(options.redis);
    must(redis && !redis->err, "no redis");
    return redis;
}

static void ready(void)
{
    (void)__atomic_add_fetch(&shared->ready, 1, __ATOMIC_SEQ_CST);
}

static void ready_wait(unsigned count)
{
    while (__atomic_load_n(&shared->ready, __ATOMIC_SEQ_CST) < count) {
        (void)usleep(1000);
    }
}

static void stage_run(unsigned number)
{
    void *context = zmq_ctx_new();
    struct stage *stage = calloc(1, sizeof *stage);
    must(stage && context, "out of memory");
    stage->number = number;
    stage->pg = pg_open();
    stage->redis = number == STAGES - 1 ? redis_open() : NULL;
    stage->out = number == STAGES - 1 ? NULL : publisher(context, number + 1);
    stage->in = subscriber(context, number);
    if (stage->out) {
        char hello[8];
        must(zmq_recv(stage->out, hello, sizeof hello, 0) >= 0, "nobody listens");
    }
    ready();
    double cpu_us = kit_cpu_us();
    for (uint64_t done = 0; done < options.count; done += stage->count) {
        take(stage, options.count - done);
        commit(stage);
        if (stage->redis) {
            enqueue(stage);
        }
        int64_t now_us = clock_monotonic_us();
        for (uint32_t i = 0; i < stage->count; i++) {
            const struct item *item = &stage->items[i];
            shared->latency_ms[number * options.count + item->case_id] =
                (float)(now_us - item->at_us) / 1000.0F;
            if (stage->out) {
                publish(stage->out, number + 1, item);
            }
            (void)zmq_msg_close(&stage->messages[i]);
        }
        shared->batches[number]++;
    }
    shared->cpu_us[number] = kit_cpu_us() - cpu_us;
    ready();
    (void)usleep(200000); /* what was published last is still on its way */
    _exit(EXIT_SUCCESS);
}

/* Returns how long all of it took, in us. */
static int64_t generate(void *out)
{
    struct kit_texts *texts = kit_texts_open(options.texts, options.bytes);
    must(texts != NULL, "no texts");
    int64_t began_us = clock_monotonic_us();
    for (uint64_t i = 0; i < options.count; i++) {
        int64_t at_us = clock_monotonic_us();
        if (options.rate > 0) {
            int64_t due_us = began_us + (int64_t)(i * 1000000 / options.rate);
            if (due_us > at_us + 60) {
                (void)usleep((unsigned)(due_us - at_us));
            }
            at_us = due_us;
        }
        const struct item item = {i, at_us, kit_text(texts, i)};
        publish(out, 0, &item);
    }
    ready_wait(2 * STAGES);
    return clock_monotonic_us() - began_us;
}

static bool options_read(int argc, char **argv)
{
    static const struct option names[] = {
        {"redis", 1, NULL, 'R'},
        {"count", 1, NULL, 'n'},
        {"rate",  1, NULL, 'r'},
        {"bytes", 1, NULL, 'b'},
        {"texts", 1, NULL, 't'},
        {"batch", 1, NULL, 'm'},
        {NULL,    0, NULL, 0  }
    };
    int option;
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (option == '?') {
            return false;
        }
        uint64_t number = strtoull(optarg, NULL, 10);
        options.redis = option == 'R' ? optarg : options.redis;
        options.texts = option == 't' ? optarg : options.texts;
        options.count = option == 'n' ? number : options.count;
        options.rate = option == 'r' ? number : options.rate;
        options.bytes = option == 'b' ? (uint32_t)number : options.bytes;
        options.batch = option == 'm' ? (uint32_t)number : options.batch;
    }
    return options.redis && options.count > 0 && options.bytes > 0 &&
           options.bytes <= KIT_TEXT_MAX && options.batch > 0 && options.batch <= BATCH_MAX;
}

static void report(int64_t took_us)
{
    static const char *const names[STAGES] = {"durable", "triaged durable", "visible"};
    kit_say("visible", "/s", (double)options.count * 1e6 / (double)took_us);
    for (unsigned i = 0; i < STAGES; i++) {
        char name[48];
        kit_say_latency(names[i], shared->latency_ms + i * options.count, options.count);
        (void)snprintf(name, sizeof name, "batch %s", names[i]);
        kit_say(name, "", (double)options.count / (double)shared->batches[i]);
    }
    kit_say("cpu stages",
            "us",
            (shared->cpu_us[0] + shared->cpu_us[1] + shared->cpu_us[2]) / (double)options.count);
    kit_say("cpu generator", "us", kit_cpu_us() / (double)options.count);
}

int main(int argc, char **argv)
{
    must(options_read(argc, argv), "usage: see the head of bare.c");
    family = (int)getpid();
    for (size_t i = 0; i < sizeof noise; i++) {
        uint64_t mixed = (i + 1) * 0x9e3779b97f4a7c15U;
        noise[i] = (uint8_t)((mixed ^ mixed >> 29) * 0xbf58476d1ce4e5b9U >> 56);
    }
    size_t size = sizeof *shared + sizeof(float) * STAGES * options.count;
    shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(shared != MAP_FAILED, "out of memory");
    tables_make();
    redisContext *redis = redis_open();
    freeReplyObject(redisCommand(redis, "DEL bare"));
    redisFree(redis);
    for (unsigned i = 0; i < STAGES; i++) {
        pid_t child = fork();
        must(child >= 0, "cannot fork");
        if (child == 0) {
            stage_run(i);
        }
    }
    void *out = publisher(zmq_ctx_new(), 0);
    char hello[8];
    must(zmq_recv(out, hello, sizeof hello, 0) >= 0, "nobody listens");
    ready_wait(STAGES);
    int64_t took_us = generate(out);
    report(took_us);
    for (unsigned i = 0; i < STAGES; i++) {
        (void)wait(NULL);
    }
    return EXIT_SUCCESS;
}
