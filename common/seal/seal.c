#include "seal.h"

#include "hex.h"
#include "key_file.h"
#include "little.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>

enum {
    SCHEMA = 1,
    NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    COMMITMENT_SIZE = 32,
    LENGTH_SIZE = 4,
    PAD_SIZE = 32,
    HEAD_SIZE = 1 + NONCE_SIZE,
    KEYED_SIZE = 16, /* the least BLAKE2b gives here; half of it is used */
    CONTEXT_SIZE = 16,
    CONTEXT_MAX = CONTEXT_SIZE + 4 + 4 + 8 + SEAL_FIELD_NAME_MAX,
};

static_assert(SEAL_WRAPPED_SIZE == NONCE_SIZE + SEAL_KEY_SIZE + TAG_SIZE, "wrapped key");

struct kek {
    uint32_t id;
    uint8_t key[SEAL_KEY_SIZE];
};

struct seal_ring {
    uint8_t index[SEAL_KEY_SIZE];
    bool has_index;
    uint32_t count;
    struct kek keks[SEAL_KEKS_MAX]; /* the highest id first */
};

/* ---- the key file ---- */

static bool kek_add(struct seal_ring *ring, const char *words)
{
    char *end = NULL;
    unsigned long id = strtoul(words, &end, 10);
    if (words[0] < '1' || words[0] > '9' || id > UINT32_MAX || *end != ' ' ||
        ring->count == SEAL_KEKS_MAX) {
        return false;
    }
    struct kek kek = {.id = (uint32_t)id};
    if (!hex_decode(slice_text(end + 1), kek.key, sizeof kek.key)) {
        return false;
    }
    uint32_t place = 0;
    while (place < ring->count && ring->keks[place].id > kek.id) {
        place++;
    }
    if (place < ring->count && ring->keks[place].id == kek.id) {
        return false;
    }
    memmove(&ring->keks[place + 1], &ring->keks[place], (ring->count - place) * sizeof *ring->keks);
    ring->keks[place] = kek;
    ring->count++;
    sodium_memzero(&kek, sizeof kek);
    return true;
}

static bool line_read(struct seal_ring *ring, const char *line)
{
    if (line[0] == '\0' || line[0] == '#') {
        return true;
    }
    if (strncmp(line, "kek ", 4) == 0) {
        return kek_add(ring, line + 4);
    }
    bool good = strncmp(line, "index ", 6) == 0 && !ring->has_index &&
                hex_decode(slice_text(line + 6), ring->index, sizeof ring->index);
    ring->has_index = ring->has_index || good;
    return good;
}

/* Never quotes a line: it may be a key. */
static bool ring_read(struct seal_ring *ring, const char *path, char *text, struct error *error)
{
    char *rest = text;
    const char *line = strsep(&rest, "\n");
    if (strcmp(line, "redress-seal 1") != 0) {
        return error_set(error, ERROR_FATAL, "key file %s:1: not \"redress-seal 1\"", path);
    }
    for (unsigned number = 2; (line = strsep(&rest, "\n")); number++) {
        if (!line_read(ring, line)) {
            return error_set(
                error, ERROR_FATAL, "key file %s:%u: not index or kek as expected", path, number);
        }
    }
    if (!ring->has_index || ring->count == 0) {
        return error_set(error, ERROR_FATAL, "key file %s: index or kek is missing", path);
    }
    return true;
}

static void fresh_text(char *text, size_t size)
{
    uint8_t keys[2][SEAL_KEY_SIZE];
    char hex[2][2 * SEAL_KEY_SIZE + 1];
    for (int i = 0; i < 2; i++) {
        randombytes_buf(keys[i], sizeof keys[i]);
        hex_encode(keys[i], sizeof keys[i], hex[i]);
    }
    (void)snprintf(text,
                   size,
                   "redress-seal 1\n# Without this file sealed fields cannot be read: keep a copy "
                   "apart from the archive.\nindex %s\nkek 1 %s\n",
                   hex[0],
                   hex[1]);
    sodium_memzero(keys, sizeof keys);
    sodium_memzero(hex, sizeof hex);
}

struct seal_ring *seal_ring_open(const char *path, bool create, struct error *error)
{
    char fresh[512];
    char text[KEY_FILE_MAX];
    struct seal_ring *ring = sodium_init() < 0 ? NULL : sodium_malloc(sizeof *ring);
    if (!ring) {
        (void)error_set(error, ERROR_FATAL, "key file %s: no memory or no randomness", path);
        return NULL;
    }
    memset(ring, 0, sizeof *ring);
    fresh_text(fresh, sizeof fresh);
    if (!key_file_read(path, create ? fresh : NULL, text, error) ||
        !ring_read(ring, path, text, error)) {
        seal_ring_free(&ring);
    }
    sodium_memzero(fresh, sizeof fresh);
    sodium_memzero(text, sizeof text);
    return ring;
}

void seal_ring_free(struct seal_ring **ring_p)
{
    if (*ring_p) {
        sodium_free(*ring_p);
        *ring_p = NULL;
    }
}

uint32_t seal_key_id(const struct seal_ring *ring)
{
    return ring->keks[0].id;
}

/* ---- case keys ---- */

enum { CASE_CONTEXT_SIZE = CONTEXT_SIZE + 4 + 8 };

static void case_context(uint8_t context[CASE_CONTEXT_SIZE], uint32_t key_id, uint64_t case_id)
{
    memcpy(context, "redress.case.v1", CONTEXT_SIZE);
    (void)little_put(context + CONTEXT_SIZE, key_id, 4);
    (void)little_put(context + CONTEXT_SIZE + 4, case_id, 8);
}

void seal_case_key_make(const struct seal_ring *ring,
                        uint64_t case_id,
                        uint8_t key[SEAL_KEY_SIZE],
                        uint8_t wrapped[SEAL_WRAPPED_SIZE])
{
    uint8_t random[SEAL_KEY_SIZE + NONCE_SIZE]; /* one system call for both */
    uint8_t context[CASE_CONTEXT_SIZE];
    randombytes_buf(random, sizeof random);
    memcpy(key, random, SEAL_KEY_SIZE);
    memcpy(wrapped, random + SEAL_KEY_SIZE, NONCE_SIZE);
    sodium_memzero(random, sizeof random);
    case_context(context, ring->keks[0].id, case_id);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(wrapped + NONCE_SIZE,
                                                     NULL,
                                                     key,
                                                     SEAL_KEY_SIZE,
                                                     context,
                                                     sizeof context,
                                                     NULL,
                                                     wrapped,
                                                     ring->keks[0].key);
}

bool seal_case_key_open(const struct seal_ring *ring,
                        uint32_t key_id,
                        uint64_t case_id,
                        struct slice wrapped,
                        uint8_t key[SEAL_KEY_SIZE],
                        struct error *error)
{
    uint32_t i = 0;
    while (i < ring->count && ring->keks[i].id != key_id) {
        i++;
    }
    if (i == ring->count) {
        return error_set(
            error, ERROR_REJECT, "key %" PRIu32 " is not in the key file: erased", key_id);
    }
    uint8_t context[CASE_CONTEXT_SIZE];
    case_context(context, key_id, case_id);
    if (wrapped.size != SEAL_WRAPPED_SIZE ||
        crypto_aead_xchacha20poly1305_ietf_decrypt(key,
                                                   NULL,
                                                   NULL,
                                                   wrapped.bytes + NONCE_SIZE,
                                                   wrapped.size - NONCE_SIZE,
                                                   context,
                                                   sizeof context,
                                                   wrapped.bytes,
                                                   ring->keks[i].key) != 0) {
        return error_set(error, ERROR_REJECT, "the case key does not open: erased or of another");
    }
    return true;
}

bool seal_case_key_find(const struct seal_ring *ring,
                        uint64_t case_id,
                        struct slice wrapped,
                        uint8_t key[SEAL_KEY_SIZE],
                        uint32_t *key_id,
                        struct error *error)
{
    for (uint32_t i = 0; i < ring->count; i++) {
        *key_id = ring->keks[i].id;
        if (seal_case_key_open(ring, *key_id, case_id, wrapped, key, error)) {
            return true;
        }
    }
    return false;
}

/* ---- fields ---- */

/* The AEAD alone would let one ciphertext open under two keys. */
static void commitment_make(const uint8_t key[SEAL_KEY_SIZE], uint8_t commitment[COMMITMENT_SIZE])
{
    static const uint8_t personal[crypto_generichash_blake2b_PERSONALBYTES] = "redress.commit.1";
    (void)crypto_generichash_blake2b_salt_personal(
        commitment, COMMITMENT_SIZE, key, SEAL_KEY_SIZE, NULL, 0, NULL, personal);
}

/* Returns the size, 0 when the name is too long. */
static size_t
field_context(uint8_t context[CONTEXT_MAX], uint32_t key_id, uint64_t case_id, const char *field)
{
    size_t size = strlen(field);
    if (size > SEAL_FIELD_NAME_MAX) {
        return 0;
    }
    memcpy(context, "redress.field.v1", CONTEXT_SIZE);
    (void)little_put(context + CONTEXT_SIZE, SCHEMA, 4);
    (void)little_put(context + CONTEXT_SIZE + 4, key_id, 4);
    (void)little_put(context + CONTEXT_SIZE + 8, case_id, 8);
    /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): bytes, with their size */
    memcpy(context + CONTEXT_SIZE + 16, field, size);
    return CONTEXT_SIZE + 16 + size;
}

bool seal_field(const uint8_t key[SEAL_KEY_SIZE],
                uint64_t case_id,
                const char *field,
                uint32_t key_id,
                struct slice plain,
                struct arena *arena,
                struct slice *sealed,
                struct error *error)
{
    uint8_t context[CONTEXT_MAX];
    size_t context_size = field_context(context, key_id, case_id, field);
    if (context_size == 0 || plain.size > SEAL_PLAIN_MAX) {
        return error_set(error, ERROR_REJECT, "field %.64s: too long to be sealed", field);
    }
    size_t padded = (LENGTH_SIZE + plain.size + PAD_SIZE - 1) / PAD_SIZE * PAD_SIZE;
    size_t frame_size = COMMITMENT_SIZE + padded;
    uint8_t *out = arena_take(arena, HEAD_SIZE + frame_size + TAG_SIZE);
    if (!out) {
        return error_set(error, ERROR_RETRY, "field %.64s: no room to seal it", field);
    }
    uint8_t *frame = out + HEAD_SIZE; /* encrypted in place: no second copy of the plaintext */
    out[0] = SCHEMA;
    randombytes_buf(out + 1, NONCE_SIZE);
    commitment_make(key, frame);
    (void)little_put(frame + COMMITMENT_SIZE, plain.size, LENGTH_SIZE);
    if (plain.size > 0) {
        memcpy(frame + COMMITMENT_SIZE + LENGTH_SIZE, plain.bytes, plain.size);
    }
    memset(
        frame + COMMITMENT_SIZE + LENGTH_SIZE + plain.size, 0, padded - LENGTH_SIZE - plain.size);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(
        frame, NULL, frame, frame_size, context, context_size, NULL, out + 1, key);
    *sealed = slice_of(out, HEAD_SIZE + frame_size + TAG_SIZE);
    return true;
}

bool seal_field_open(const uint8_t key[SEAL_KEY_SIZE],
                     uint64_t case_id,
                     const char *field,
                     uint32_t key_id,
                     struct slice sealed,
                     struct arena *arena,
                     struct slice *plain,
                     struct error *error)
{
    enum { LEAST = HEAD_SIZE + COMMITMENT_SIZE + PAD_SIZE + TAG_SIZE };
    uint8_t context[CONTEXT_MAX];
    size_t context_size = field_context(context, key_id, case_id, field);
    if (context_size == 0 || sealed.size < LEAST || sealed.size > LEAST + SEAL_PLAIN_MAX ||
        sealed.bytes[0] != SCHEMA) {
        return error_set(error, ERROR_REJECT, "field %.64s: not a sealed field", field);
    }
    size_t frame_size = sealed.size - HEAD_SIZE - TAG_SIZE;
    uint8_t *frame = arena_take(arena, frame_size);
    if (!frame) {
        return error_set(error, ERROR_RETRY, "field %.64s: no room to open it", field);
    }
    uint8_t commitment[COMMITMENT_SIZE];
    commitment_make(key, commitment);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(frame,
                                                   NULL,
                                                   NULL,
                                                   sealed.bytes + HEAD_SIZE,
                                                   sealed.size - HEAD_SIZE,
                                                   context,
                                                   context_size,
                                                   sealed.bytes + 1,
                                                   key) != 0 ||
        sodium_memcmp(frame, commitment, COMMITMENT_SIZE) != 0) {
        sodium_memzero(frame, frame_size);
        return error_set(error, ERROR_REJECT, "field %.64s: does not open with this key", field);
    }
    const uint8_t *length = frame + COMMITMENT_SIZE;
    size_t size = (size_t)length[0] | (size_t)length[1] << 8 | (size_t)length[2] << 16 |
                  (size_t)length[3] << 24;
    if (size > frame_size - COMMITMENT_SIZE - LENGTH_SIZE) {
        return error_set(error, ERROR_REJECT, "field %.64s: its length is wrong", field);
    }
    *plain = slice_of(length + LENGTH_SIZE, size);
    return true;
}

static void keyed_begin(crypto_generichash_blake2b_state *state,
                        const struct seal_ring *ring,
                        const uint8_t personal[crypto_generichash_blake2b_PERSONALBYTES])
{
    (void)crypto_generichash_blake2b_init_salt_personal(
        state, ring->index, sizeof ring->index, KEYED_SIZE, NULL, personal);
}

static uint64_t keyed_end(crypto_generichash_blake2b_state *state)
{
    uint8_t hash[KEYED_SIZE];
    (void)crypto_generichash_blake2b_final(state, hash, sizeof hash);
    const uint8_t *at = hash;
    return little_take(&at, sizeof(uint64_t));
}

uint64_t seal_mark(const struct seal_ring *ring, struct slice bytes)
{
    static const uint8_t personal[crypto_generichash_blake2b_PERSONALBYTES] = "redress.mark.v1";
    crypto_generichash_blake2b_state state;
    keyed_begin(&state, ring, personal);
    (void)crypto_generichash_blake2b_update(&state, bytes.bytes, bytes.size);
    return keyed_end(&state);
}

uint64_t seal_blind_index(const struct seal_ring *ring, struct slice value)
{
    static const uint8_t personal[crypto_generichash_blake2b_PERSONALBYTES] = "redress.index.v1";
    crypto_generichash_blake2b_state state;
    uint8_t folded[64];
    size_t used = 0;
    keyed_begin(&state, ring, personal);
    for (size_t i = 0; i < value.size; i++) {
        uint8_t c = value.bytes[i];
        if (c == ' ' || (c >= '\t' && c <= '\r')) {
            continue;
        }
        folded[used++] = c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
        if (used == sizeof folded) {
            (void)crypto_generichash_blake2b_update(&state, folded, used);
            used = 0;
        }
    }
    (void)crypto_generichash_blake2b_update(&state, folded, used);
    uint64_t index = keyed_end(&state);
    sodium_memzero(folded, sizeof folded);
    return index ? index : 1;
}
