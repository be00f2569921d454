#include "clock_dues.h"

enum { VERSION_SIZE = 4, DUE_SIZE = 8 };

static void number_put(uint8_t *at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

static uint64_t number_at(const uint8_t *at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value |= (uint64_t)at[i] << (8 * i);
    }
    return value;
}

size_t clock_dues_pack(const struct clock_dues *dues, uint8_t bytes[CLOCK_DUES_SIZE_MAX])
{
    size_t size = VERSION_SIZE;
    number_put(bytes, dues->version, VERSION_SIZE);
    for (size_t i = 0; i < EVENT_CLOCKS_MAX; i++) {
        uint8_t *at = bytes + VERSION_SIZE + i * DUE_SIZE;
        number_put(at, (uint64_t)dues->due_us[i], DUE_SIZE);
        size = dues->due_us[i] != 0 ? VERSION_SIZE + (i + 1) * DUE_SIZE : size;
    }
    return size;
}

bool clock_dues_unpack(struct slice bytes, struct clock_dues *dues)
{
    *dues = (struct clock_dues){0};
    if (bytes.size > CLOCK_DUES_SIZE_MAX || bytes.size % DUE_SIZE != VERSION_SIZE) {
        return false;
    }
    size_t count = (bytes.size - VERSION_SIZE) / DUE_SIZE;
    dues->version = (uint32_t)number_at(bytes.bytes, VERSION_SIZE);
    for (size_t i = 0; i < count; i++) {
        dues->due_us[i] = (int64_t)number_at(bytes.bytes + VERSION_SIZE + i * DUE_SIZE, DUE_SIZE);
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
