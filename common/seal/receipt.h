/*
 * Signed receipts: one Ed25519 signature a batch over a Merkle root, and a path for each receipt
 * (RFC 9162 section 2 hashing: 0x00 before leaves, 0x01 before nodes; BLAKE2b-256 instead of
 * SHA-256).
 *
 * leaf = H(0x00 | submission id 16 | case id 8 LE | partition 4 LE | seq 8 LE | event hash 32 |
 * received at 8 LE | committed at 8 LE), both in microseconds since 1970.  The case number is not
 * in it: it follows from the case id and the time of receipt (case_number.h), and whoever checks a
 * receipt makes it again.  H is BLAKE2b-256 with personal "redress.receipt1".  The signature is
 * over "redress.receipt.v1", the count (4 LE) and the root, so that it states the size of the batch
 * too.
 *
 * The key file is text: "redress-receipt 1", then "seed" and 64 hex digits; # for comments.
 */
#ifndef REDRESS_RECEIPT_H
#define REDRESS_RECEIPT_H

#include "arena.h"
#include "error.h"
#include "event.h"

enum {
    RECEIPT_PATH_MAX = 16, /* siblings of one leaf */
    RECEIPT_BATCH_MAX = 1 << RECEIPT_PATH_MAX,
    RECEIPT_SIGNATURE_SIZE = 64,
    RECEIPT_PUBLIC_SIZE = 32,
};

struct receipt_leaf {
    uint8_t submission_id[16];
    uint64_t case_id;
    uint32_t partition;
    uint64_t seq;
    uint8_t hash[HASH_SIZE];
    int64_t received_at_us;
    int64_t committed_at_us; /* when it was signed: of a duplicate, later than the commit */
};

struct receipt_key; /* Ed25519 key pair */

/* As seal_ring_open: with create, made at most once, mode 0600. */
struct receipt_key *receipt_key_open(const char *path, bool create, struct error *error) MUST_CHECK;
void receipt_key_free(struct receipt_key **key_p);
const uint8_t *receipt_key_public(const struct receipt_key *key);

/* The tree of one batch of 1 to RECEIPT_BATCH_MAX, lent by the arena; NULL when the arena is full.
 */
struct receipt_batch;
struct receipt_batch *receipt_batch_sign(const struct receipt_key *key,
                                         const struct receipt_leaf *leaves,
                                         uint32_t count,
                                         struct arena *arena);
const uint8_t *receipt_batch_signature(const struct receipt_batch *batch);

/* Sibling hashes of leaf index (below count), from the leaf upwards, lent by the batch; returns how
 * many. */
uint32_t receipt_batch_path(const struct receipt_batch *batch,
                            uint32_t index,
                            const uint8_t *path[RECEIPT_PATH_MAX]);

/* What anybody can check later with the public key alone. */
bool receipt_verify(const struct receipt_leaf *leaf,
                    uint32_t index,
                    uint32_t count,
                    const uint8_t *const *path,
                    uint32_t path_count,
                    const uint8_t signature[RECEIPT_SIGNATURE_SIZE],
                    const uint8_t public_key[RECEIPT_PUBLIC_SIZE]) MUST_CHECK;

#endif
