/* What the daemon decides over a batch, part by part where policies lack (laws 4, 9). */
#include "archive_form.h"
#include "event_wire.h"
#include "log.h"
#include "service_private.h"

bool cycle_has_rest(const struct service *service)
{
    const struct cycle *cycle = &service->cycle;
    return cycle->part.input_to < cycle->inputs.count ||
           cycle->part.request_to < cycle->request_count;
}

void cycle_part_begin(struct cycle *cycle)
{
    cycle->part = (struct part){
        cycle->part.input_to, cycle->inputs.count, cycle->part.request_to, cycle->request_count};
}

bool cycle_lacks_policy(const struct cycle *cycle)
{
    return cycle->service->policy_misses != cycle->policy_misses;
}

/*
 * Committed by its owner and chained, yet not readable here: it is of another version.  Neither it
 * nor what follows it is passed over, or an upgrade would lose it for good (law 4): the stream
 * stands where it is until a version that can read it takes the partition.  The others go on.
 */
static void
input_stop(struct service *service, const struct input *input, uint32_t schema, const char *why)
{
    struct stream *stream = &service->streams[input->partition];
    stream->unread[input->service] = input->seq;
    stream->unread_schema[input->service] = schema;
    consumer_halt(&stream->consumers[input->service]);
    bool older = schema != 0 && schema < EVENT_SCHEMA_OLDEST;
    log_error(older ? "event of an older form: its stream waits"
                    : "event of a newer version: its stream waits",
              LOG_TEXT("stream", service_name((enum service_id)input->service)),
              LOG_NUMBER("partition", input->partition),
              LOG_NUMBER("seq", input->seq),
              LOG_TEXT("why", why),
              LOG_NUMBER("schema", schema),
              LOG_TEXT("do", older ? ARCHIVE_FORM_REMEDY : "upgrade this daemon"));
}

/* An input becomes part of the batch: its checkpoint moves with what it causes (law 4). */
static void decide_input(struct cycle *cycle, const struct input *input)
{
    struct service *service = cycle->service;
    struct stream *stream = &service->streams[input->partition];
    if (!service_serves(service, input->partition) || input->owned_epoch != stream->epoch) {
        return; /* of an earlier ownership: whoever owns it now reads it again from the checkpoint
                 */
    }
    uint64_t unread = stream->unread[input->service];
    if (unread != 0 && input->seq >= unread) {
        return;
    }
    struct error error = {0};
    if (!event_decode_lent(input->bytes, input->hash, service->decoded, &error)) {
        input_stop(service, input, 0, error.text);
        return;
    }
    uint32_t schema = service->decoded->schema;
    if (schema < EVENT_SCHEMA_OLDEST || schema > EVENT_SCHEMA ||
        event_kind_service(service->decoded->kind) == SERVICE_NONE) {
        input_stop(service, input, schema, "a schema or a kind that is not known here");
        return;
    }
    cycle_touch(cycle, input->partition);
    if (input->seq != stream->next_checkpoints[input->service].seq + 1) {
        service_fail(service, "an input out of its order"); /* law 4 rests on it: never go on */
        return;
    }
    stream->next_checkpoints[input->service].seq = input->seq;
    memcpy(stream->next_checkpoints[input->service].hash, input->hash, HASH_SIZE);
    behind_took(&stream->behind[input->service], service->decoded->at_us, cycle->now_us);
    service->spec->input(service->self, cycle, service->decoded);
}

static bool goes_on(const struct cycle *cycle)
{
    return cycle->service->alive && !cycle->look_again && !cycle_lacks_policy(cycle);
}

struct part cycle_decide(struct cycle *cycle)
{
    struct service *service = cycle->service;
    struct part part = cycle->part;
    struct part done = {part.input_from, part.input_from, part.request_from, part.request_from};
    while (done.input_to < part.input_to && goes_on(cycle)) {
        decide_input(cycle, &cycle->inputs.items[done.input_to]);
        done.input_to += goes_on(cycle);
    }
    if (cycle->tick && goes_on(cycle)) {
        service->spec->tick(service->self, cycle, cycle->now_us);
    }
    while (done.request_to < part.request_to && goes_on(cycle)) {
        service->spec->request(service->self, cycle, &cycle->requests[done.request_to]);
        done.request_to += goes_on(cycle);
    }
    return done;
}

bool cycle_part_shorten(struct cycle *cycle, struct part done)
{
    struct part *part = &cycle->part;
    bool any = done.input_to > done.input_from || done.request_to > done.request_from;
    if (any) {
        *part = done;
        cycle->tick = false; /* it is due as it was */
    } else if (cycle->looked_up_misses && policy_book_is_full(cycle->service->policies)) {
        /* whose it was that lacked, the look-up does not say */
        uint32_t inputs = part->input_to - part->input_from;
        uint32_t requests = part->request_to - part->request_from;
        part->input_to -= inputs / 2;
        part->request_to -= inputs > 0 ? requests : requests / 2;
    }
    return any;
}
