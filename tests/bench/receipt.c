/*
 * What a receipt costs in a batch of 1,000: tree, signature and path; and what checking one costs.
 */
#include "receipt.h"

#include "clock.h"

#include <unistd.h>

enum { COUNT = 1000, ROUNDS = 200 };

int main(void)
{
    static struct receipt_leaf leaves[COUNT];
    char folder[] = "/tmp/redress-bench-XXXXXX";
    char name[64];
    struct error error;
    struct arena *arena = arena_new(1 << 20);
    if (!mkdtemp(folder) || !arena) {
        return 1;
    }
    (void)snprintf(name, sizeof name, "%s/receipt.key", folder);
    struct receipt_key *key = receipt_key_open(name, true, &error);
    (void)unlink(name);
    (void)rmdir(folder);
    if (!key) {
        return 1;
    }
    const uint8_t *path[RECEIPT_PATH_MAX];
    struct receipt_batch *batch = NULL;
    uint32_t used = 0;
    int64_t from_us = clock_monotonic_us();
    for (int round = 0; round < ROUNDS; round++) {
        arena_reset(arena);
        batch = receipt_batch_sign(key, leaves, COUNT, arena);
        for (uint32_t i = 0; batch && i < COUNT; i++) {
            (void)receipt_batch_path(batch, i, path);
        }
    }
    int64_t signed_us = clock_monotonic_us() - from_us;
    bool good = batch != NULL;
    from_us = clock_monotonic_us();
    for (uint32_t i = 0; good && i < COUNT; i++) {
        used = receipt_batch_path(batch, i, path);
        good = receipt_verify(&leaves[i],
                              i,
                              COUNT,
                              path,
                              used,
                              receipt_batch_signature(batch),
                              receipt_key_public(key));
    }
    int64_t verified_us = clock_monotonic_us() - from_us;
    (void)printf("receipt made             %6.3f us\n", (double)signed_us / COUNT / ROUNDS);
    (void)printf("receipt checked          %6.3f us\n", (double)verified_us / COUNT);
    receipt_key_free(&key);
    arena_free(&arena);
    return good ? 0 : 1;
}
