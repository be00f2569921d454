/*
 * Goal: whatever bytes stand in the column dues of a case's clocks, they are read or are refused;
 * what is read is written back to the same bytes.
 */
#include "clock_dues.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct clock_dues dues;
    if (clock_dues_unpack(slice_of(data, size), &dues)) {
        uint8_t bytes[CLOCK_DUES_SIZE_MAX];
        MUST(clock_dues_pack(&dues, bytes) == size);
        MUST(memcmp(bytes, data, size) == 0);
        MUST(clock_dues_nearest_us(dues.due_us) > 0);
    }
    return 0;
}
