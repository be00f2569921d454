/*
 * Sealing of personal fields (law 10): XChaCha20-Poly1305 with a key of its own per case.
 *
 * The case key is random, wrapped under a key-encryption key (KEK) that lives in a file outside the archive.  The
 * additional data binds a sealed field to its case, its name, its key and its schema, so that it cannot be moved to
 * another; a key commitment (a hash of the case key inside the plaintext's frame) stops one ciphertext from opening under
 * two keys (tech.md 4.7 no. 6).  Short fields are padded to 32 bytes.
 */
#ifndef REDRESS_SEAL_H
#define REDRESS_SEAL_H

#include "arena.h"
#include "error.h"
#include "slice.h"

enum {
    SEAL_KEY_SIZE = 32,
    SEAL_WRAPPED_SIZE = 24 + 32 + 16, /* nonce, key, tag */
};

struct seal_ring; /* the KEKs this process may use, and the key of the blind index */

/*
 * Reads the key file; with create, makes one (mode 0600, written and fsynced) when there is none.  Refuses a file that
 * others may read.
 */
struct seal_ring *seal_ring_open(const char *path, bool create, struct error *error) MUST_CHECK;
void seal_ring_free(struct seal_ring **ring_p);

/* The number new case keys are wrapped under; Envelope.key_id. */
uint32_t seal_key_id(const struct seal_ring *ring);

/* Makes a case key and its wrapping for the archive. */
void seal_case_key_make(const struct seal_ring *ring,
                        uint64_t case_id,
                        uint8_t key[SEAL_KEY_SIZE],
                        uint8_t wrapped[SEAL_WRAPPED_SIZE]);
bool seal_case_key_open(const struct seal_ring *ring,
                        uint32_t key_id,
                        uint64_t case_id,
                        struct slice wrapped,
                        uint8_t key[SEAL_KEY_SIZE],
                        struct error *error) MUST_CHECK;

/* Seals plain as the named field of the case; the result is lent by the arena. */
bool seal_field(const uint8_t key[SEAL_KEY_SIZE],
                uint64_t case_id,
                const char *field,
                uint32_t key_id,
                struct slice plain,
                struct arena *arena,
                struct slice *sealed,
                struct error *error) MUST_CHECK;
bool seal_field_open(const uint8_t key[SEAL_KEY_SIZE],
                     uint64_t case_id,
                     const char *field,
                     uint32_t key_id,
                     struct slice sealed,
                     struct arena *arena,
                     struct slice *plain,
                     struct error *error) MUST_CHECK;

/* Keyed 64-bit blind index of a contact or customer reference, folded for case and blanks; never 0. */
uint64_t seal_blind_index(const struct seal_ring *ring, struct slice value);

#endif
