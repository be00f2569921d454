/*
 * Goal: whatever bytes stand in the column of a case's marks and kept fields, they are read or
 * refused; what is read is written back so that it is read the same.
 */
#include "dispatch_store_more.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dispatch_more more;
    static struct dispatch_more again;
    uint8_t bytes[DISPATCH_MORE_SIZE];
    if (dispatch_more_unpack(slice_of(data, size), &more)) {
        size_t packed = dispatch_more_pack(&more, bytes);
        MUST(packed <= sizeof bytes);
        MUST(dispatch_more_unpack(slice_of(bytes, packed), &again));
        MUST(memcmp(&more, &again, sizeof more) == 0);
    }
    return 0;
}
