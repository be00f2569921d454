/*
 * Goal: whatever somebody types as a case number, it is read or refused; what is read is written
 * and read the same.
 */
#include "case_number.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t case_id = 0;
    if (case_number_parse(slice_of(data, size), &case_id)) {
        char number[CASE_NUMBER_SIZE];
        uint64_t again = 0;
        case_number_format(case_id, INT64_C(1795305600000000), number);
        MUST(strlen(number) < CASE_NUMBER_SIZE);
        MUST(case_number_parse(slice_text(number), &again) && again == case_id);
    }
    return 0;
}
