/*
 * Goal: whatever bytes arrive on the bus, they unpack within the limits or are refused, and so does
 * every event in them.
 */
#include "event_wire.h"
#include "fuzz.h"
#include "redress/live/v1/live.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena;
    static struct arena *events;
    if (!arena) {
        arena = arena_new(fuzz_budget(&limits_live));
        events = arena_new((size_t)2 * EVENT_SIZE_MAX);
    }
    const Redress__Live__V1__Live *live = (const void *)fuzz_unpack(
        &redress__live__v1__live__descriptor, &limits_live, arena, data, size);
    for (size_t i = 0; live && live->published && i < live->published->n_events; i++) {
        struct slice bytes =
            slice_of(live->published->events[i].data, live->published->events[i].len);
        struct event event;
        struct error error = {ERROR_NONE, ""};
        arena_reset(events);
        bool decoded = event_decode(bytes, events, &event, &error);
        MUST(decoded || error.kind == ERROR_REJECT);
    }
    return 0;
}
