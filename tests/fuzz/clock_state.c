/*
 * Goal: whatever bytes stand in a row of the table clock, they are a state or are refused; a state
 * that is read is written back to the same bytes.
 */
#include "fuzz.h"
#include "watchdog_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct watch_case state;
    if (watchdog_state_unpack(slice_of(data, size), &state)) {
        uint8_t bytes[WATCHDOG_STATE_SIZE_MAX];
        uint16_t clocks = data[53];
        MUST(clocks <= EVENT_CLOCKS_MAX);
        MUST(watchdog_state_pack(&state, clocks, bytes) == size);
        MUST(memcmp(bytes, data, size) == 0);
    }
    return 0;
}
