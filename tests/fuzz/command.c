/*
 * Goal: whatever bytes arrive as a Command, they unpack within the limits or are refused.
 */
#include "fuzz.h"
#include "redress/command/v1/command.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena;
    if (!arena) {
        arena = arena_new(fuzz_budget(&limits_command));
    }
    ProtobufCMessage *message =
        fuzz_unpack(&redress__command__v1__command__descriptor, &limits_command, arena, data, size);
    if (message) {
        /* dispatch_command_body relies on it */
        MUST(protobuf_c_message_get_packed_size(message) <= size);
    }
    return 0;
}
