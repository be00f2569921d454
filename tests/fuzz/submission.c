/*
 * Goal: whatever bytes arrive as a Submission, they unpack within the limits or are refused.
 */
#include "fuzz.h"
#include "redress/submit/v1/submit.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena;
    if (!arena) {
        arena = arena_new(fuzz_budget(&limits_submission));
    }
    ProtobufCMessage *message = fuzz_unpack(
        &redress__submit__v1__submission__descriptor, &limits_submission, arena, data, size);
    if (message) {
        MUST(protobuf_c_message_get_packed_size(message) <= 10 * size + 16);
    }
    return 0;
}
