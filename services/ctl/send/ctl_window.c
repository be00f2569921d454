#include "ctl_window.h"

#include "table.h"

#include <assert.h>

static const uint32_t no_place = UINT32_MAX;

struct ctl_window {
    uint32_t capacity;
    uint32_t count;
    size_t bytes;
    size_t bytes_max;
    uint32_t first_free;
    struct ctl_flight *flights;
    struct table *places; /* of uint32_t, by the first half of the id */
};

/* Ids are hashes or random: half of one is enough to tell a few thousand apart; the rest is
 * compared.
 */
static uint64_t key_of(const uint8_t id[UUID_SIZE])
{
    uint64_t high;
    uint64_t low;
    memcpy(&high, id, sizeof high);
    memcpy(&low, id + sizeof high, sizeof low);
    uint64_t key = high ^ (low << 1 | low >> 63);
    return key != 0 ? key : 1;
}

struct ctl_window *ctl_window_new(uint32_t capacity, size_t bytes_max)
{
    struct ctl_window *window = calloc(1, sizeof *window);
    if (!window) {
        return NULL;
    }
    window->capacity = capacity;
    window->bytes_max = bytes_max;
    window->flights = calloc(capacity, sizeof *window->flights);
    window->places = table_new(sizeof(uint32_t), capacity);
    if (!window->flights || !window->places) {
        ctl_window_free(&window);
        return NULL;
    }
    for (uint32_t i = 0; i < capacity; i++) {
        window->flights[i].next_free = i + 1 < capacity ? i + 1 : no_place;
    }
    return window;
}

void ctl_window_free(struct ctl_window **window_p)
{
    struct ctl_window *window = *window_p;
    if (window) {
        for (uint32_t i = 0; window->flights && i < window->capacity; i++) {
            free(window->flights[i].bytes);
        }
        free(window->flights);
        table_free(&window->places);
        free(window);
        *window_p = NULL;
    }
}

bool ctl_window_is_full(const struct ctl_window *window)
{
    return window->first_free == no_place ||
           (window->count > 0 && window->bytes >= window->bytes_max);
}

uint32_t ctl_window_count(const struct ctl_window *window)
{
    return window->count;
}

struct ctl_flight *ctl_window_add(struct ctl_window *window, const struct ctl_flight *flight)
{
    assert(!ctl_window_is_full(window));
    uint32_t place = window->first_free;
    bool fresh;
    uint32_t *entry = table_insert(window->places, key_of(flight->id), &fresh);
    if (!entry || !fresh) {
        return NULL;
    }
    struct ctl_flight *to = &window->flights[place];
    window->first_free = to->next_free;
    *entry = place;
    *to = *flight;
    to->used = true;
    window->count++;
    window->bytes += to->size;
    return to;
}

struct ctl_flight *ctl_window_find(struct ctl_window *window, const uint8_t id[UUID_SIZE])
{
    const uint32_t *place = table_find(window->places, key_of(id));
    if (!place || memcmp(window->flights[*place].id, id, UUID_SIZE) != 0) {
        return NULL;
    }
    return &window->flights[*place];
}

void ctl_window_remove(struct ctl_window *window, struct ctl_flight *flight)
{
    assert(flight->used);
    (void)table_remove(window->places, key_of(flight->id));
    window->count--;
    window->bytes -= flight->size;
    free(flight->bytes);
    *flight = (struct ctl_flight){.next_free = window->first_free};
    window->first_free = (uint32_t)(flight - window->flights);
}

struct ctl_flight *ctl_window_due(struct ctl_window *window, int64_t now_us, uint32_t *at)
{
    while (*at < window->capacity) {
        struct ctl_flight *flight = &window->flights[(*at)++];
        if (flight->used && flight->due_us <= now_us) {
            return flight;
        }
    }
    return NULL;
}
