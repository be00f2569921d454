#include "receipt.h"

#include "hex.h"
#include "key_file.h"
#include "little.h"

#include <assert.h>
#include <sodium.h>

enum { LEVELS_MAX = RECEIPT_PATH_MAX + 1, SEED_SIZE = crypto_sign_ed25519_SEEDBYTES };

static_assert(RECEIPT_SIGNATURE_SIZE == crypto_sign_ed25519_BYTES, "signature");
static_assert(RECEIPT_PUBLIC_SIZE == crypto_sign_ed25519_PUBLICKEYBYTES, "public key");

struct receipt_key {
    uint8_t public[RECEIPT_PUBLIC_SIZE];
    uint8_t secret[crypto_sign_ed25519_SECRETKEYBYTES];
};

/*
 * Level 0 holds the leaves; each level above the hashes of pairs, an odd last one moves up as it
 * is.  That is the tree of RFC 9162 section 2.1.1, built from below.
 */
struct receipt_batch {
    uint32_t count;
    uint8_t (*levels[LEVELS_MAX])[HASH_SIZE];
    uint8_t signature[RECEIPT_SIGNATURE_SIZE];
};

static void hash_bytes(const uint8_t *bytes, size_t size, uint8_t hash[HASH_SIZE])
{
    static const uint8_t personal[crypto_generichash_blake2b_PERSONALBYTES] = "redress.receipt1";
    (void)crypto_generichash_blake2b_salt_personal(
        hash, HASH_SIZE, bytes, size, NULL, 0, NULL, personal);
}

static void leaf_hash(const struct receipt_leaf *leaf, uint8_t hash[HASH_SIZE])
{
    uint8_t bytes[1 + 16 + 8 + 4 + 8 + HASH_SIZE + 8 + 8] = {0x00};
    memcpy(bytes + 1, leaf->submission_id, 16);
    uint8_t *at = little_put(bytes + 17, leaf->case_id, 8);
    at = little_put(at, leaf->partition, 4);
    at = little_put(at, leaf->seq, 8);
    memcpy(at, leaf->hash, HASH_SIZE);
    at = little_put(at + HASH_SIZE, (uint64_t)leaf->received_at_us, 8);
    (void)little_put(at, (uint64_t)leaf->committed_at_us, 8);
    hash_bytes(bytes, sizeof bytes, hash);
}

static void node_hash(const uint8_t *left, const uint8_t *right, uint8_t hash[HASH_SIZE])
{
    uint8_t bytes[1 + 2 * HASH_SIZE] = {0x01};
    memcpy(bytes + 1, left, HASH_SIZE);
    memcpy(bytes + 1 + HASH_SIZE, right, HASH_SIZE);
    hash_bytes(bytes, sizeof bytes, hash);
}

enum { STATEMENT_TEXT = 18, STATEMENT_SIZE = STATEMENT_TEXT + 4 + HASH_SIZE };

static void
statement_make(uint32_t count, const uint8_t root[HASH_SIZE], uint8_t statement[STATEMENT_SIZE])
{
    memcpy(statement, "redress.receipt.v1", STATEMENT_TEXT);
    memcpy(little_put(statement + STATEMENT_TEXT, count, 4), root, HASH_SIZE);
}

static bool key_read(struct receipt_key *key, char *text, const char *path, struct error *error)
{
    uint8_t seed[SEED_SIZE];
    char *rest = text;
    const char *line = strsep(&rest, "\n");
    bool good = strcmp(line, "redress-receipt 1") == 0;
    bool has_seed = false;
    while (good && (line = strsep(&rest, "\n"))) {
        if (line[0] == '\0' || line[0] == '#') {
            continue;
        }
        good = !has_seed && strncmp(line, "seed ", 5) == 0 &&
               hex_decode(slice_text(line + 5), seed, sizeof seed);
        has_seed = true;
    }
    good =
        good && has_seed && crypto_sign_ed25519_seed_keypair(key->public, key->secret, seed) == 0;
    sodium_memzero(seed, sizeof seed);
    /* Never quotes a line: it may be the seed. */
    return good || error_set(error, ERROR_FATAL, "key file %s: not a receipt key", path);
}

static void fresh_text(char *text, size_t size)
{
    uint8_t seed[SEED_SIZE];
    char hex[2 * SEED_SIZE + 1];
    randombytes_buf(seed, sizeof seed);
    hex_encode(seed, sizeof seed, hex);
    (void)snprintf(text, size, "redress-receipt 1\n# Signs receipts.\nseed %s\n", hex);
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(hex, sizeof hex);
}

struct receipt_key *receipt_key_open(const char *path, bool create, struct error *error)
{
    char fresh[256];
    char text[KEY_FILE_MAX];
    struct receipt_key *key = sodium_init() < 0 ? NULL : sodium_malloc(sizeof *key);
    if (!key) {
        (void)error_set(error, ERROR_FATAL, "key file %s: no memory or no randomness", path);
        return NULL;
    }
    fresh_text(fresh, sizeof fresh);
    if (!key_file_read(path, create ? fresh : NULL, text, error) ||
        !key_read(key, text, path, error)) {
        receipt_key_free(&key);
    }
    sodium_memzero(fresh, sizeof fresh);
    sodium_memzero(text, sizeof text);
    return key;
}

void receipt_key_free(struct receipt_key **key_p)
{
    if (*key_p) {
        sodium_free(*key_p);
        *key_p = NULL;
    }
}

const uint8_t *receipt_key_public(const struct receipt_key *key)
{
    return key->public;
}

struct receipt_batch *receipt_batch_sign(const struct receipt_key *key,
                                         const struct receipt_leaf *leaves,
                                         uint32_t count,
                                         struct arena *arena)
{
    assert(count > 0 && count <= RECEIPT_BATCH_MAX);
    struct receipt_batch *batch = arena_take(arena, sizeof *batch);
    size_t nodes = 0;
    for (uint32_t size = count; size > 1; size = size / 2 + size % 2) {
        nodes += size;
    }
    uint8_t(*hashes)[HASH_SIZE] = batch ? arena_take(arena, (nodes + 1) * HASH_SIZE) : NULL;
    if (!hashes) {
        return NULL;
    }
    batch->count = count;
    batch->levels[0] = hashes;
    for (uint32_t i = 0; i < count; i++) {
        leaf_hash(&leaves[i], hashes[i]);
    }
    uint32_t level = 0;
    for (uint32_t size = count; size > 1; size = size / 2 + size % 2, level++) {
        uint8_t(*below)[HASH_SIZE] = batch->levels[level];
        uint8_t(*above)[HASH_SIZE] = below + size;
        for (uint32_t i = 0; i < size / 2; i++) {
            node_hash(below[2UL * i], below[2UL * i + 1], above[i]);
        }
        if (size % 2 != 0) {
            memcpy(above[size / 2], below[size - 1], HASH_SIZE);
        }
        batch->levels[level + 1] = above;
    }
    uint8_t statement[STATEMENT_SIZE];
    statement_make(count, batch->levels[level][0], statement);
    (void)crypto_sign_ed25519_detached(
        batch->signature, NULL, statement, sizeof statement, key->secret);
    return batch;
}

const uint8_t *receipt_batch_signature(const struct receipt_batch *batch)
{
    return batch->signature;
}

uint32_t receipt_batch_path(const struct receipt_batch *batch,
                            uint32_t index,
                            const uint8_t *path[RECEIPT_PATH_MAX])
{
    assert(index < batch->count);
    uint32_t used = 0;
    uint32_t level = 0;
    for (uint32_t size = batch->count; size > 1; size = size / 2 + size % 2, level++) {
        if ((index ^ 1U) < size) {
            path[used++] = batch->levels[level][index ^ 1U];
        }
        index /= 2;
    }
    return used;
}

/* The root that leaf and path give, RFC 9162 section 2.1.3.2; false when the path has the wrong
 * length. */
static bool root_find(uint8_t hash[HASH_SIZE],
                      uint32_t index,
                      uint32_t count,
                      const uint8_t *const *path,
                      uint32_t path_count)
{
    uint32_t used = 0;
    for (uint32_t size = count; size > 1; size = size / 2 + size % 2, index /= 2) {
        if ((index ^ 1U) >= size) {
            continue;
        }
        if (used == path_count) {
            return false;
        }
        const uint8_t *sibling = path[used++];
        const uint8_t *left = index % 2 != 0 ? sibling : hash;
        node_hash(left, left == hash ? sibling : hash, hash);
    }
    return used == path_count;
}

bool receipt_verify(const struct receipt_leaf *leaf,
                    uint32_t index,
                    uint32_t count,
                    const uint8_t *const *path,
                    uint32_t path_count,
                    const uint8_t signature[RECEIPT_SIGNATURE_SIZE],
                    const uint8_t public_key[RECEIPT_PUBLIC_SIZE])
{
    uint8_t hash[HASH_SIZE];
    uint8_t statement[STATEMENT_SIZE];
    if (index >= count || count > RECEIPT_BATCH_MAX) {
        return false;
    }
    leaf_hash(leaf, hash);
    if (!root_find(hash, index, count, path, path_count)) {
        return false;
    }
    statement_make(count, hash, statement);
    return crypto_sign_ed25519_verify_detached(
               signature, statement, sizeof statement, public_key) == 0;
}
