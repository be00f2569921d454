/*
 * The keys the archive has, tried on the stored bytes of a case.
 */
#ifndef REDRESS_RIG_KEYS_H
#define REDRESS_RIG_KEYS_H

#include "rig.h"
#include "seal.h"

enum { RIG_KEYS_MAX = 8 };

struct rig_keys {
    int count;
    uint8_t wrapped[RIG_KEYS_MAX][SEAL_WRAPPED_SIZE];
};

/* All the archive has, or that of one case; 0: of all. */
void rig_keys_read(const struct rig *rig, uint64_t case_id, struct rig_keys *keys);

/* The case's narrative, and the field phone of the form of its note, open with one of the keys, and
 * the field says that; or neither does. */
bool rig_keys_open(const struct rig *rig,
                   uint64_t case_id,
                   const char *phone,
                   const struct rig_keys *keys);

/* The note of the newest event of the case, as its own key opens it; fails the test where it has
 * none. */
void rig_keys_note(const struct rig *rig, uint64_t case_id, char *said, size_t size);

#endif
