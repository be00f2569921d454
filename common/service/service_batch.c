/* The batch as a daemon sees it: what it was given, and what it adds. */
#include "chain.h"
#include "event_wire.h"
#include "service_private.h"

#include <assert.h>

void cycle_touch(struct cycle *cycle, uint32_t partition)
{
    struct stream *stream = &cycle->service->streams[partition];
    if (stream->touched) {
        return;
    }
    stream->touched = true;
    stream->next_seq = stream->seq;
    memcpy(stream->next_hash, stream->hash, HASH_SIZE);
    memcpy(stream->next_checkpoints, stream->checkpoints, sizeof stream->checkpoints);
    stream->first_event = NOWHERE;
    stream->last_event = NOWHERE;
    cycle->touched[cycle->touched_count++] = partition;
}

bool cycle_append(struct cycle *cycle, struct event *event, struct error *error)
{
    struct service *service = cycle->service;
    uint32_t partition = case_partition(event->case_id);
    if (!service_serves(service, partition)) {
        return error_set(error, ERROR_FENCED, "partition %u is not ours", partition);
    }
    if (cycle->event_count == CYCLE_EVENTS_MAX) {
        return error_set(error, ERROR_RETRY, "more than %d events in a batch", CYCLE_EVENTS_MAX);
    }
    cycle_touch(cycle, partition);
    struct stream *stream = &service->streams[partition];
    event->service = service->spec->id;
    event->partition = partition;
    event->epoch = stream->epoch;
    event->seq = stream->next_seq + 1;
    event->schema = EVENT_SCHEMA;
    memcpy(event->prev_hash, stream->next_hash, HASH_SIZE);
    struct slice bytes;
    if (!event_encode(event, cycle->arena, &bytes, error)) {
        return false;
    }
    chain_hash(bytes, event->hash);
    int32_t place = (int32_t)cycle->event_count++;
    struct appended *appended = &cycle->events[place];
    *appended = (struct appended){.bytes = bytes,
                                  .seq = event->seq,
                                  .case_id = event->case_id,
                                  .at_us = event->at_us,
                                  .partition = partition,
                                  .kind = (uint16_t)event->kind,
                                  .next = NOWHERE};
    memcpy(appended->hash, event->hash, HASH_SIZE);
    if (stream->first_event == NOWHERE) {
        stream->first_event = place;
    } else {
        cycle->events[stream->last_event].next = place;
    }
    stream->last_event = place;
    stream->next_seq = event->seq;
    memcpy(stream->next_hash, event->hash, HASH_SIZE);
    return true;
}

void cycle_look_again(struct cycle *cycle)
{
    cycle->look_again = true;
}

void cycle_reply(struct cycle *cycle, const struct bus_peer *peer, struct slice bytes)
{
    assert(cycle->reply_count < 2 * SERVICE_BATCH_MAX);
    cycle->replies[cycle->reply_count++] = (struct reply){*peer, bytes};
}

uint32_t cycle_touched_count(const struct cycle *cycle)
{
    return cycle->touched_count;
}

uint32_t cycle_touched(const struct cycle *cycle, uint32_t i)
{
    return cycle->touched[i];
}

int64_t cycle_now_us(const struct cycle *cycle)
{
    return cycle->now_us;
}

struct arena *cycle_arena(struct cycle *cycle)
{
    return cycle->arena;
}

void cycle_keeps_secrets(struct cycle *cycle)
{
    cycle->keeps_secrets = true;
}

uint32_t cycle_input_count(const struct cycle *cycle)
{
    return cycle->part.input_to - cycle->part.input_from;
}

bool cycle_input(struct cycle *cycle, uint32_t i, struct event *event)
{
    struct error error = {0};
    const struct input *input = &cycle->inputs.items[cycle->part.input_from + i];
    return event_decode_lent(input->bytes, input->hash, event, &error);
}

uint32_t cycle_request_count(const struct cycle *cycle)
{
    return cycle->part.request_to - cycle->part.request_from;
}

const struct request *cycle_request(const struct cycle *cycle, uint32_t i)
{
    return &cycle->requests[cycle->part.request_from + i];
}
