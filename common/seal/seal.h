/*
 * Sealing of personal fields (law 10): XChaCha20-Poly1305 with a key of its own per case.
 *
 * The case key is random, wrapped under a key-encryption key (KEK) that lives in a file outside the
 * archive.  The additional data binds a sealed field to its case, its name, its key and its schema,
 * so that it cannot be moved to another; a key commitment (a hash of the case key inside the
 * plaintext's frame) stops one ciphertext from opening under two keys.  Short
 * fields are padded to 32 bytes.
 *
 *     sealed field  schema 1 | nonce 24 | AEAD(frame) | tag 16
 *     frame         commitment 32 | length 4 | plain | zeros, so that length and plain fill 32s
 *     its AAD       "redress.field.v1" | schema 4 | key id 4 | case id 8 | field name
 *     wrapped key   nonce 24 | AEAD(case key 32) | tag 16
 *     its AAD       "redress.case.v1" NUL | key id 4 | case id 8
 *     commitment    BLAKE2b-256(case key), personal "redress.commit.1"
 *
 * Numbers are little endian.
 *
 * The key file is text, one item a line, # for comments:
 *
 *     redress-seal 1
 *     index 64 hex digits
 *     kek NUMBER 64 hex digits
 *
 * NUMBER is from 1, without repeats; new case keys are wrapped under the highest.  To rotate, add a
 * line; to make what an old one wrapped unreadable for good, re-wrap the survivors, then remove its
 * line.
 */
#ifndef REDRESS_SEAL_H
#define REDRESS_SEAL_H

#include "arena.h"
#include "error.h"
#include "slice.h"

enum {
    SEAL_KEY_SIZE = 32,
    SEAL_WRAPPED_SIZE = 24 + 32 + 16, /* nonce, key, tag */
    SEAL_KEKS_MAX = 64,
    SEAL_FIELD_NAME_MAX = 64,
    SEAL_PLAIN_MAX = 100 * 1024, /* bytes of one field */
};

struct seal_ring; /* the KEKs this process may use, and the key of the blind index */

/*
 * Reads the key file; with create, makes one (mode 0600, written and fsynced) when there is none.
 * Refuses a file that others may read.
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
/*
 * The same where it is not told which KEK wrapped it: each is tried, the newest first, and the AEAD
 * decides.  *key_id is the one.  ERROR_REJECT: none of them did.
 */
bool seal_case_key_find(const struct seal_ring *ring,
                        uint64_t case_id,
                        struct slice wrapped,
                        uint8_t key[SEAL_KEY_SIZE],
                        uint32_t *key_id,
                        struct error *error) MUST_CHECK;

/*
 * Seals plain as the named field of the case; the result is lent by the arena.  ERROR_REJECT: too
 * long, or not sealed by this key as this field of this case; ERROR_RETRY: the arena is full.
 */
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

/*
 * Keyed 64-bit blind index of a contact or customer reference, folded for ASCII case and blanks
 * (other scripts are to be normalised before, text_normalise); never 0.
 */
uint64_t seal_blind_index(const struct seal_ring *ring, struct slice value);

/* Keyed 64-bit digest of these very bytes: whether two are the same, and to nobody without the ring
 * what they are. */
uint64_t seal_mark(const struct seal_ring *ring, struct slice bytes);

#endif
