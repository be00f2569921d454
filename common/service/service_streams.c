/* How the input streams are: live or not, halted, behind; and what an operator is told of it. */
#include "event_wire.h"
#include "log.h"
#include "service_private.h"

enum { US_PER_S = 1000000 };

static unsigned streams_index;
static unsigned timely_index;
static bool told_behind;

static void stream_add(
    struct service *service, uint32_t partition, unsigned from, int64_t now_us, struct streams *sum)
{
    struct stream *stream = &service->streams[partition];
    const struct consumer *consumer = &stream->consumers[from];
    uint64_t done = stream->checkpoints[from].seq;
    int64_t age_us = behind_look(&stream->behind[from], done, consumer->target, now_us);
    const struct stream_place place = {(enum service_id)from, partition, done + 1};
    sum->gaps += consumer->gaps;
    sum->repeats += consumer->repeats;
    sum->late += consumer->phase != CONSUMER_LIVE;
    if (consumer->phase == CONSUMER_HALTED) {
        sum->halted++;
        sum->halt = place;
        sum->halt_unread = stream->unread[from] != 0;
        sum->halt_schema = stream->unread_schema[from];
        sum->halt.seq = sum->halt_unread ? stream->unread[from] : consumer->seq + 1;
    } else if (age_us > sum->behind_us) {
        sum->behind_us = age_us;
        sum->oldest = place;
    }
}

struct streams streams_look(struct service *service)
{
    struct streams sum = {0};
    int64_t now_us = service_now_us(service);
    for (uint32_t p = 0; p < service->partitions; p++) {
        for (unsigned from = 1; from <= INPUT_SERVICES; from++) {
            if (service->streams[p].phase == OWNER_SERVING &&
                (service->spec->inputs >> from & 1U) != 0) {
                stream_add(service, p, from, now_us, &sum);
            }
        }
    }
    return sum;
}

/*
 * A halted stream makes the daemon unready.  Nobody is sent elsewhere by that, because the daemons
 * find each other in the archive; what readiness does is to call an operator and to stop a rollout,
 * and both are right here: it is a version too old for what stands in the journal, or a journal
 * that contradicts itself.
 */
static void halted_tell(struct service *service, const struct streams *sum)
{
    char detail[HEALTH_DETAIL_MAX];
    int used = snprintf(detail, sizeof detail, "%u catching up, %u halted", sum->late, sum->halted);
    char *rest = detail + used;
    size_t size = sizeof detail - (size_t)used;
    const char *stream = service_name(sum->halt.from);
    unsigned partition = (unsigned)sum->halt.partition;
    unsigned long long seq = (unsigned long long)sum->halt.seq;
    char what[64] = "a kind that is not known here";
    bool older = sum->halt_schema != 0 && sum->halt_schema < EVENT_SCHEMA_OLDEST;
    if (older || sum->halt_schema > EVENT_SCHEMA) {
        (void)snprintf(what,
                       sizeof what,
                       "schema %u, and this version reads %u",
                       (unsigned)sum->halt_schema,
                       (unsigned)(older ? EVENT_SCHEMA_OLDEST : EVENT_SCHEMA));
    }
    if (sum->halted > 0 && sum->halt_unread) {
        (void)snprintf(rest,
                       size,
                       ": %s %u waits at event %llu, it is of %s: %s",
                       stream,
                       partition,
                       seq,
                       what,
                       older ? "run the version that wrote it" : "upgrade this daemon");
    } else if (sum->halted > 0) {
        (void)snprintf(rest,
                       size,
                       ": %s %u contradicts itself from event %llu on: stop writing, run redress "
                       "verify",
                       stream,
                       partition,
                       seq);
    }
    health_set(service->health, streams_index, sum->halted == 0, detail);
}

/*
 * Behind does not make the daemon unready: it works, as fast as it can, and to take it away, or to
 * hold back the instance that would help it, makes it later still.
 */
static void behind_tell(struct service *service, const struct streams *sum)
{
    char detail[HEALTH_DETAIL_MAX] = "";
    bool behind = sum->behind_us > service->settings.behind_s * US_PER_S;
    if (behind) {
        (void)snprintf(detail,
                       sizeof detail,
                       "behind by %.0f s: event %llu of %s %u waits; more instances, or a faster "
                       "PostgreSQL",
                       (double)sum->behind_us / US_PER_S,
                       (unsigned long long)sum->oldest.seq,
                       service_name(sum->oldest.from),
                       (unsigned)sum->oldest.partition);
    }
    if (behind != told_behind) {
        told_behind = behind;
        log_warn(behind ? "behind" : "not behind any more",
                 LOG_NUMBER("seconds", sum->behind_us / US_PER_S),
                 LOG_TEXT("stream", behind ? service_name(sum->oldest.from) : ""),
                 LOG_NUMBER("partition", sum->oldest.partition));
    }
    health_set(service->health, timely_index, !behind, detail);
}

void streams_start(struct service *service)
{
    streams_index = health_add(service->health, "streams", true, 0);
    timely_index = health_add(service->health, "timely", false, 0);
}

void streams_second(struct service *service)
{
    struct streams sum = streams_look(service);
    halted_tell(service, &sum);
    behind_tell(service, &sum);
}
