/*
 * Goal: an event decodes within bounds or is refused; what we accept protobuf-c accepts with the
 * same body, and what we encode of it decodes to the same again.  Our decoder and protobuf-c's
 * judge each other.
 */
#include "event_wire.h"
#include "fuzz.h"
#include "redress/event/v1/event.pb-c.h"

static const ProtobufCMessageDescriptor *body_descriptor(enum event_kind kind)
{
    switch (event_kind_service(kind)) {
    case SERVICE_INTAKE:
        return &redress__event__v1__received__descriptor;
    case SERVICE_TRIAGE:
        return kind == EVENT_TRIAGED ? &redress__event__v1__triaged__descriptor
                                     : &redress__event__v1__triage_asked__descriptor;
    case SERVICE_DISPATCH:
        return kind == EVENT_OPENED ? &redress__event__v1__opened__descriptor
                                    : &redress__event__v1__advanced__descriptor;
    case SERVICE_WATCHDOG:
        return &redress__event__v1__clocks__descriptor;
    default:
        return NULL;
    }
}

/* Encoding loses only what no struct holds: after one round nothing is lost any more. */
static void reencode(const struct event *event, struct arena *arena)
{
    struct error error = {ERROR_NONE, ""};
    struct slice once;
    struct slice twice;
    struct event again;
    if (event_encode(event, arena, &once, &error)) { /* a few bytes more can pass the bound */
        MUST(event_decode(once, arena, &again, &error));
        MUST(event_encode(&again, arena, &twice, &error));
        MUST(slice_equal(once, twice));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Nothing is refused for its counts here, so that the two decoders can be compared. */
    static const struct prescan_limits wide = {
        .size_max = EVENT_SIZE_MAX, .depth_max = 4, .fields_max = 1 << 20, .unknown_max = 1 << 20};
    static struct arena *arena;
    static struct arena *other;
    static struct arena *bodies;
    if (!arena) {
        arena = arena_new((size_t)8 * EVENT_SIZE_MAX);
        other = arena_new((size_t)256 << 20);
        bodies = arena_new((size_t)256 << 20);
    }
    arena_reset(arena);
    struct event event;
    struct event header;
    struct error error = {ERROR_NONE, ""};
    struct slice bytes = slice_of(data, size);
    bool has_header = event_decode_header(bytes, &header, &error);
    bool decoded = event_decode(bytes, arena, &event, &error);
    MUST(has_header || !decoded);
    MUST(decoded || error.kind == ERROR_REJECT);
    if (!has_header) {
        return 0;
    }
    const Redress__Event__V1__Envelope *envelope = (const void *)fuzz_unpack(
        &redress__event__v1__envelope__descriptor, &wide, other, data, size);
    MUST(envelope && envelope->seq == header.seq && envelope->case_id == header.case_id);
    const ProtobufCMessageDescriptor *descriptor = body_descriptor(header.kind);
    if (decoded && descriptor) {
        ProtobufCBinaryData body = envelope->body;
        MUST(fuzz_unpack(descriptor, &wide, bodies, body.data, body.len));
        reencode(&event, arena);
    }
    return 0;
}
