#include "clock_dues.h"

#include "little.h"

enum { VERSION_SIZE = 4, DUE_SIZE = 8 };

size_t clock_dues_pack(const struct clock_dues *dues, uint8_t bytes[CLOCK_DUES_SIZE_MAX])
{
    uint8_t *at = little_put(bytes, dues->version, VERSION_SIZE);
    const uint8_t *end = at;
    for (size_t i = 0; i < EVENT_CLOCKS_MAX; i++) {
        at = little_put(at, (uint64_t)dues->due_us[i], DUE_SIZE);
        end = dues->due_us[i] != 0 ? at : end;
    }
    return (size_t)(end - bytes);
}

bool clock_dues_unpack(struct slice bytes, struct clock_dues *dues)
{
    *dues = (struct clock_dues){0};
    if (bytes.size > CLOCK_DUES_SIZE_MAX || bytes.size % DUE_SIZE != VERSION_SIZE) {
        return false;
    }
    size_t count = (bytes.size - VERSION_SIZE) / DUE_SIZE;
    const uint8_t *at = bytes.bytes;
    dues->version = (uint32_t)little_take(&at, VERSION_SIZE);
    for (size_t i = 0; i < count; i++) {
        dues->due_us[i] = (int64_t)little_take(&at, DUE_SIZE);
        if (dues->due_us[i] < 0) {
            return false;
        }
    }
    return count == 0 || dues->due_us[count - 1] != 0;
}

int64_t clock_dues_nearest_us(const int64_t due_us[EVENT_CLOCKS_MAX])
{
    int64_t found_us = INT64_MAX;
    for (int i = 0; i < EVENT_CLOCKS_MAX; i++) {
        if (due_us[i] != 0 && due_us[i] < found_us) {
            found_us = due_us[i];
        }
    }
    return found_us;
}
