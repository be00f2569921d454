#include "consumer.h"

static int64_t latest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static bool is_silent(const struct consumer *consumer, int64_t now_us)
{
    return now_us - consumer->heard_us >= CONSUMER_SILENCE_US;
}

static enum consumer_verdict halt(struct consumer *consumer)
{
    consumer->phase = CONSUMER_HALTED;
    consumer->wants_read = false;
    return CONSUMER_DIVERGED;
}

/* What no stream of ours can show after the event seq: the same place with other content, or an
 * epoch that falls. */
static bool
contradicts(const struct consumer *consumer, uint64_t epoch, uint64_t seq, const uint8_t *hash)
{
    if (seq == consumer->seq) {
        return memcmp(hash, consumer->hash, HASH_SIZE) != 0;
    }
    bool known = consumer->taken_epoch != 0;
    return seq < consumer->seq ? known && epoch > consumer->taken_epoch
                               : known && epoch < consumer->taken_epoch;
}

static void take(struct consumer *consumer, const struct consumer_link *link)
{
    consumer->seq = link->seq;
    consumer->taken_epoch = link->epoch;
    memcpy(consumer->hash, link->hash, HASH_SIZE);
    if (consumer->target < link->seq) {
        consumer->target = link->seq;
    }
}

static bool is_next(const struct consumer *consumer, const struct consumer_link *link)
{
    return link->seq == consumer->seq + 1;
}

static bool is_chained(const struct consumer *consumer, const struct consumer_link *link)
{
    return memcmp(link->prev_hash, consumer->hash, HASH_SIZE) == 0;
}

/* Asks for a read unless one is asked for or under way, or the last one brought nothing just now.
 */
static void want(struct consumer *consumer, int64_t now_us)
{
    if (!consumer->reading && now_us >= consumer->read_after_us) {
        consumer->wants_read = true;
    }
}

static void learn(struct consumer *consumer, uint64_t epoch, uint64_t seq)
{
    if (consumer->epoch < epoch) {
        consumer->epoch = epoch;
    }
    if (consumer->target < seq) {
        consumer->target = seq;
        consumer->read_again = consumer->reading;
    }
}

/* Something of this stream has come over this connection. */
static void heard(struct consumer *consumer, int64_t now_us)
{
    consumer->heard_us = now_us;
    if (consumer->seq < consumer->target) {
        consumer->gaps += consumer->phase == CONSUMER_LIVE;
        consumer->phase = CONSUMER_CATCHING_UP;
        want(consumer, now_us);
    } else if (consumer->reading) {
        consumer->phase = CONSUMER_CATCHING_UP;
    } else {
        consumer->phase = CONSUMER_LIVE;
        consumer->wants_read = false;
    }
}

void consumer_init(struct consumer *consumer,
                   uint64_t seq,
                   const uint8_t hash[HASH_SIZE],
                   int64_t now_us)
{
    *consumer = (struct consumer){
        .phase = CONSUMER_SUBSCRIBED,
        .wants_read = true,
        .seq = seq,
        .target = seq,
        .heard_us = now_us,
        .read_after_us = now_us,
    };
    memcpy(consumer->hash, hash, HASH_SIZE);
}

enum consumer_verdict
consumer_bus_event(struct consumer *consumer, const struct consumer_link *link, int64_t now_us)
{
    if (consumer->phase == CONSUMER_HALTED || link->epoch < consumer->epoch || link->seq == 0) {
        return CONSUMER_SKIP;
    }
    if (contradicts(consumer, link->epoch, link->seq, link->hash) ||
        (is_next(consumer, link) && !is_chained(consumer, link))) {
        return halt(consumer);
    }
    bool next = is_next(consumer, link);
    consumer->repeats += link->seq <= consumer->seq;
    learn(consumer, link->epoch, next ? 0 : link->seq);
    if (next) {
        take(consumer, link);
    }
    heard(consumer, now_us);
    return next ? CONSUMER_TAKE : CONSUMER_SKIP;
}

enum consumer_verdict
consumer_journal_event(struct consumer *consumer, const struct consumer_link *link, int64_t now_us)
{
    (void)now_us;
    if (consumer->phase == CONSUMER_HALTED) {
        return CONSUMER_SKIP;
    }
    bool next = is_next(consumer, link);
    if (contradicts(consumer, link->epoch, link->seq, link->hash) ||
        (next ? !is_chained(consumer, link) : link->seq > consumer->seq)) {
        return halt(consumer);
    }
    learn(consumer, link->epoch, 0);
    if (next) {
        take(consumer, link);
    }
    return next ? CONSUMER_TAKE : CONSUMER_SKIP;
}

enum consumer_verdict
consumer_heartbeat(struct consumer *consumer, const struct consumer_link *link, int64_t now_us)
{
    if (consumer->phase == CONSUMER_HALTED || link->epoch < consumer->epoch) {
        return CONSUMER_SKIP;
    }
    if (contradicts(consumer, link->epoch, link->seq, link->hash)) {
        return halt(consumer);
    }
    learn(consumer, link->epoch, link->seq);
    heard(consumer, now_us);
    return CONSUMER_SKIP;
}

void consumer_read_started(struct consumer *consumer)
{
    consumer->wants_read = false;
    consumer->reading = true;
    consumer->read_from = consumer->seq;
    consumer->read_again = false;
}

void consumer_read_done(struct consumer *consumer, uint32_t count, bool full, int64_t now_us)
{
    /* Without a step forward the next read would bring the same: then it is paced. */
    bool moved = count > 0 && consumer->seq > consumer->read_from;
    bool behind = consumer->seq < consumer->target;
    bool again = (moved && (full || behind)) || (behind && consumer->read_again);
    consumer->reading = false;
    consumer->read_again = false;
    if (consumer->phase == CONSUMER_HALTED) {
        return;
    }
    consumer->read_after_us = again ? now_us : now_us + CONSUMER_POLL_US;
    if (again) {
        consumer->wants_read = true;
    } else if (consumer->phase == CONSUMER_CATCHING_UP && consumer->seq >= consumer->target) {
        consumer->phase = CONSUMER_LIVE;
    }
}

void consumer_halt(struct consumer *consumer)
{
    consumer->phase = CONSUMER_HALTED;
    consumer->wants_read = false;
}

void consumer_tick(struct consumer *consumer, int64_t now_us)
{
    if (consumer->phase == CONSUMER_HALTED) {
        return;
    }
    bool silent = is_silent(consumer, now_us);
    if (silent) {
        consumer->phase = CONSUMER_SUBSCRIBED;
    }
    if (silent || consumer->seq < consumer->target) {
        want(consumer, now_us);
    }
}

int64_t consumer_deadline_us(const struct consumer *consumer)
{
    if (consumer->phase == CONSUMER_HALTED || consumer->reading || consumer->wants_read) {
        return INT64_MAX;
    }
    return consumer->seq < consumer->target
               ? consumer->read_after_us
               : latest(consumer->heard_us + CONSUMER_SILENCE_US, consumer->read_after_us);
}

const char *consumer_phase_name(enum consumer_phase phase)
{
    static const char *const names[CONSUMER_PHASE_COUNT] = {
        "subscribed", "catching_up", "live", "halted"};

    return phase < CONSUMER_PHASE_COUNT ? names[phase] : "unknown";
}
