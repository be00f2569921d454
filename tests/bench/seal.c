/*
 * What sealing costs: one 300-byte field, one case key, one blind index.  Bound: 2 us a field.
 */
#include "seal.h"

#include "clock.h"

#include <unistd.h>

enum { ROUNDS = 200000 };

static void report(const char *what, int64_t from_us)
{
    (void)printf("%-24s %6.3f us\n", what, (double)(clock_monotonic_us() - from_us) / ROUNDS);
}

int main(void)
{
    char folder[] = "/tmp/redress-bench-XXXXXX";
    char path[64];
    struct error error;
    uint8_t text[300] = {0};
    uint8_t key[SEAL_KEY_SIZE];
    uint8_t wrapped[SEAL_WRAPPED_SIZE];
    struct arena *arena = arena_new(4096);
    if (!mkdtemp(folder) || !arena) {
        return 1;
    }
    (void)snprintf(path, sizeof path, "%s/seal.key", folder);
    struct seal_ring *ring = seal_ring_open(path, true, &error);
    (void)unlink(path);
    (void)rmdir(folder);
    if (!ring) {
        return 1;
    }
    bool good = true;
    int64_t from_us = clock_monotonic_us();
    for (int i = 0; i < ROUNDS; i++) {
        seal_case_key_make(ring, 1, key, wrapped);
    }
    report("case key made", from_us);
    struct slice sealed = {0};
    struct slice plain = slice_of(text, sizeof text);
    from_us = clock_monotonic_us();
    for (int i = 0; good && i < ROUNDS; i++) {
        arena_reset(arena);
        good = seal_field(key, 1, "text", 1, plain, arena, &sealed, &error);
    }
    report("300 bytes sealed", from_us);
    uint8_t copy[512];
    memcpy(copy, sealed.bytes, sealed.size);
    sealed = slice_of(copy, sealed.size);
    from_us = clock_monotonic_us();
    for (int i = 0; good && i < ROUNDS; i++) {
        struct slice back;
        arena_reset(arena);
        good = seal_field_open(key, 1, "text", 1, sealed, arena, &back, &error);
    }
    report("300 bytes opened", from_us);
    uint64_t sum = 0;
    from_us = clock_monotonic_us();
    for (int i = 0; i < ROUNDS; i++) {
        sum += seal_blind_index(ring, slice_of("13800138000", 11));
    }
    report("blind index", from_us);
    seal_ring_free(&ring);
    arena_free(&arena);
    return good && sum != 0 ? 0 : 1;
}
