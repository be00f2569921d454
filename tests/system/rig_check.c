/* What must hold whatever has happened, read from the archive without the code under test. */
#include "redress/event/v1/event.pb-c.h"
#include "rig.h"
#include "rig_cmocka.h"

#include <endian.h>
#include <hiredis/hiredis.h>
#include <sodium.h>

enum { ROWS = 4000 };

static PGresult *rows(struct rig *rig, const char *query, bool binary)
{
    if (PQstatus(rig->sql) != CONNECTION_OK) {
        PQreset(rig->sql);
        rig_sql(rig, "SET search_path TO redress");
    }
    PGresult *result = PQexecParams(rig->sql, query, 0, NULL, NULL, NULL, NULL, binary);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        fail_msg("%s: %s", query, PQerrorMessage(rig->sql));
    }
    return result;
}

/* BLAKE2b-256 with the personal string of the chain, written out here once more on purpose. */
static void hash_of(const void *bytes, size_t size, uint8_t hash[HASH_SIZE])
{
    static const uint8_t personal[crypto_generichash_blake2b_PERSONALBYTES] = "redress.event.v1";
    static const uint8_t salt[crypto_generichash_blake2b_SALTBYTES];
    assert_int_equal(crypto_generichash_blake2b_salt_personal(
                         hash, HASH_SIZE, bytes, size, NULL, 0, salt, personal),
                     0);
}

static int64_t number_at(const PGresult *result, int row, int column)
{
    uint64_t bits;
    assert_int_equal(PQgetlength(result, row, column), sizeof bits);
    memcpy(&bits, PQgetvalue(result, row, column), sizeof bits);
    return (int64_t)be64toh(bits);
}

struct walk {
    int64_t seq;
    uint64_t epoch;
    uint8_t hash[HASH_SIZE];
};

/* Columns: seq, case_id, kind, hash, bytes. */
static void
event_check(const PGresult *result, int row, int service, int partition, struct walk *walk)
{
    const uint8_t *bytes = (const uint8_t *)PQgetvalue(result, row, 4);
    size_t size = (size_t)PQgetlength(result, row, 4);
    uint8_t hash[HASH_SIZE];
    Redress__Event__V1__Envelope *envelope =
        redress__event__v1__envelope__unpack(NULL, size, bytes);
    assert_non_null(envelope);
    assert_int_equal(number_at(result, row, 0), walk->seq + 1);
    assert_int_equal(envelope->seq, walk->seq + 1);
    assert_int_equal(envelope->service, service);
    assert_int_equal(envelope->partition, partition);
    assert_int_equal(envelope->case_id, number_at(result, row, 1));
    assert_int_equal(envelope->case_id >> 40, partition);
    assert_int_equal(envelope->kind, number_at(result, row, 2));
    assert_true(envelope->epoch >= walk->epoch);
    assert_int_equal(envelope->prev_hash.len, HASH_SIZE);
    assert_memory_equal(envelope->prev_hash.data, walk->hash, HASH_SIZE);
    hash_of(bytes, size, hash);
    assert_int_equal(PQgetlength(result, row, 3), HASH_SIZE);
    assert_memory_equal(hash, PQgetvalue(result, row, 3), HASH_SIZE);
    walk->seq++;
    walk->epoch = envelope->epoch;
    memcpy(walk->hash, hash, HASH_SIZE);
    redress__event__v1__envelope__free_unpacked(envelope, NULL);
}

static void stream_check(struct rig *rig, int service, int partition)
{
    struct walk walk = {0};
    int got;
    do {
        char query[300];
        (void)snprintf(query,
                       sizeof query,
                       "SELECT seq, case_id, kind::bigint, hash, bytes FROM journal WHERE service "
                       "= %d AND partition = %d AND seq > %lld ORDER BY seq LIMIT %d",
                       service,
                       partition,
                       (long long)walk.seq,
                       ROWS);
        PGresult *result = rows(rig, query, true);
        got = PQntuples(result);
        for (int row = 0; row < got; row++) {
            event_check(result, row, service, partition, &walk);
        }
        PQclear(result);
    } while (got == ROWS);
    char head[200];
    (void)snprintf(head,
                   sizeof head,
                   "SELECT seq, hash, epoch FROM head WHERE service = %d AND partition = %d",
                   service,
                   partition);
    PGresult *result = rows(rig, head, true);
    assert_int_equal(PQntuples(result), 1);
    assert_int_equal(number_at(result, 0, 0), walk.seq);
    assert_memory_equal(PQgetvalue(result, 0, 1), walk.hash, HASH_SIZE);
    assert_true((uint64_t)number_at(result, 0, 2) >= walk.epoch);
    PQclear(result);
}

void rig_check_streams(struct rig *rig)
{
    for (int service = SERVICE_INTAKE; service <= SERVICE_WATCHDOG; service++) {
        for (int partition = 0; partition < RIG_PARTITIONS; partition++) {
            stream_check(rig, service, partition);
        }
    }
}

static void submission_check(struct rig *rig, const struct submission *item)
{
    char hex[33];
    (void)sodium_bin2hex(hex, sizeof hex, item->id, sizeof item->id);
    int64_t case_id =
        rig_number(rig, "SELECT case_id FROM submission WHERE submission_id = '%s'::uuid", hex);
    assert_int_equal(case_id, item->leaf.case_id);
    uint8_t stored[HASH_SIZE] = {0};
    char query[200];
    (void)snprintf(query,
                   sizeof query,
                   "SELECT hash FROM journal WHERE service = 1 AND partition = %u AND seq = %llu",
                   (unsigned)item->leaf.partition,
                   (unsigned long long)item->leaf.seq);
    PGresult *result = rows(rig, query, true);
    assert_int_equal(PQntuples(result), 1);
    memcpy(stored, PQgetvalue(result, 0, 0), HASH_SIZE);
    PQclear(result);
    assert_memory_equal(stored, item->leaf.hash, HASH_SIZE);
}

void rig_check_cases(struct rig *rig, struct adapter *const *adapters, unsigned count)
{
    int64_t receipted = 0;
    for (unsigned a = 0; a < count; a++) {
        for (uint32_t i = 0; i < adapter_count(adapters[a]); i++) {
            const struct submission *item = adapter_submission(adapters[a], i);
            if (item->receipted) {
                submission_check(rig, item);
                receipted++;
            }
        }
    }
    int64_t cases = rig_number(rig, "SELECT count(*) FROM submission");
    assert_true(cases >= receipted);
    assert_int_equal(rig_number(rig, "SELECT count(DISTINCT case_id) FROM submission"), cases);
    static const char *const once[] = {"service = 1 AND kind = 1",
                                       "service = 2 AND kind IN (10, 11)",
                                       "service = 3 AND kind = 20"};
    for (unsigned i = 0; i < sizeof once / sizeof *once; i++) {
        assert_int_equal(rig_number(rig, "SELECT count(*) FROM journal WHERE %s", once[i]), cases);
        assert_int_equal(
            rig_number(rig, "SELECT count(DISTINCT case_id) FROM journal WHERE %s", once[i]),
            cases);
    }
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM complaint"), cases);
}

/* The queue the share of its stream gives the case, or "". */
static void place_of(redisContext *redis, uint64_t case_id, char place[128])
{
    place[0] = '\0';
    unsigned partition = (unsigned)(case_id >> 40);
    redisReply *generation = redisCommand(redis, "HGET redress:s:dispatch.%u g", partition);
    if (generation && generation->type == REDIS_REPLY_STRING) {
        redisReply *found = redisCommand(redis,
                                         "HGET redress:share:dispatch.%u:%s %016llx",
                                         partition,
                                         generation->str,
                                         (unsigned long long)case_id);
        if (found && found->type == REDIS_REPLY_STRING) {
            (void)snprintf(place, 128, "%s", found->str);
        }
        freeReplyObject(found);
    }
    freeReplyObject(generation);
}

/* In the queue, before and behind whom it should stand: by priority and, to the second, by when it
 * is due; or out on a claim. */
static bool in_queue(redisContext *redis, const char *queue, uint64_t case_id, int64_t order)
{
    enum { AGE_BITS = 16 }; /* of a score: of two that are due together the older one is first */
    redisReply *score =
        redisCommand(redis, "ZSCORE redress:q:%s %016llx", queue, (unsigned long long)case_id);
    redisReply *leased =
        redisCommand(redis, "HEXISTS redress:lease %016llx", (unsigned long long)case_id);
    bool there = (score && score->type == REDIS_REPLY_STRING &&
                  (int64_t)strtod(score->str, NULL) >> AGE_BITS == order) ||
                 (leased && leased->integer > 0);
    freeReplyObject(score);
    freeReplyObject(leased);
    return there;
}

static int64_t places_count(redisContext *redis)
{
    int64_t count = 0;
    for (unsigned p = 0; p < RIG_PARTITIONS; p++) {
        redisReply *generation = redisCommand(redis, "HGET redress:s:dispatch.%u g", p);
        if (generation && generation->type == REDIS_REPLY_STRING) {
            redisReply *size =
                redisCommand(redis, "HLEN redress:share:dispatch.%u:%s", p, generation->str);
            count += size ? size->integer : 0;
            freeReplyObject(size);
        }
        freeReplyObject(generation);
    }
    return count;
}

/* How many rows are not where they should be, or stand there without a row. */
static int64_t queues_wrong(struct rig *rig, redisContext *redis)
{
    PGresult *result =
        rows(rig,
             "SELECT c.case_id, p.name || '/' || c.queue, c.priority::bigint << 33 | "
             "floor(extract(epoch FROM CASE WHEN k.due < 'infinity' THEN k.due "
             "ELSE c.received_at + interval '30 days' END))::bigint FROM complaint c "
             "JOIN policy p ON p.id = c.policy_id LEFT JOIN clock k USING (case_id) "
             "WHERE c.queue <> ''",
             false);
    int64_t wrong = 0;
    for (int row = 0; row < PQntuples(result); row++) {
        uint64_t case_id = strtoull(PQgetvalue(result, row, 0), NULL, 10);
        const char *queue = PQgetvalue(result, row, 1);
        char place[128];
        place_of(redis, case_id, place);
        int64_t order = strtoll(PQgetvalue(result, row, 2), NULL, 10);
        wrong += strcmp(place, queue) != 0 || !in_queue(redis, queue, case_id, order);
    }
    wrong += llabs(places_count(redis) - PQntuples(result));
    PQclear(result);
    return wrong;
}

void rig_check_queues(struct rig *rig)
{
    redisContext *redis = redisConnectUnix(server_socket(rig->redis));
    assert_non_null(redis);
    assert_int_equal(redis->err, 0);
    int64_t until_ms = rig_now_ms() + 15000;
    int64_t wrong;
    while ((wrong = queues_wrong(rig, redis)) != 0 && rig_now_ms() < until_ms) {
        rig_nap_ms(200);
    }
    redisFree(redis);
    if (wrong != 0) {
        fail_msg("%lld places of Redis differ from the complaint rows", (long long)wrong);
    }
}

void rig_check_figures(struct rig *rig)
{
    int64_t cases = rig_number(rig, "SELECT count(*) FROM submission");
    assert_int_equal(
        rig_number(rig, "SELECT sum(count)::bigint FROM figure WHERE measure = 'received'"), cases);
    assert_int_equal(
        rig_number(rig, "SELECT sum(count)::bigint FROM figure WHERE measure = 'opened'"), cases);
}

void rig_check_slots(struct rig *rig)
{
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM agent_slot WHERE used > capacity"), 0);
    assert_int_equal(
        rig_number(rig,
                   "SELECT count(*) FROM agent_slot s FULL JOIN (SELECT agent, count(*) AS held "
                   "FROM complaint WHERE agent <> '' GROUP BY agent) c USING (agent) "
                   "WHERE coalesce(s.used, 0) <> coalesce(c.held, 0)"),
        0);
}

void rig_check_all(struct rig *rig, struct adapter *const *adapters, unsigned count)
{
    rig_settle(rig, 30000);
    rig_check_streams(rig);
    rig_check_cases(rig, adapters, count);
    rig_check_queues(rig);
    rig_check_figures(rig);
    rig_check_slots(rig);
}
