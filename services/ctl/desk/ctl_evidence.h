/*
 * Evidence by content: the hash of a file stands in the case, the file stays where it is.
 */
#ifndef REDRESS_CTL_EVIDENCE_H
#define REDRESS_CTL_EVIDENCE_H

#include "ctl.h"
#include "policy.h"

/*
 * What a field of type hash holds of this file: sha256: and 64 digits of all its bytes.  The file
 * may be of any size; "-" is stdin, which may be a pipe.  After saying why: CTL_NOT_FOUND where
 * there is none, CTL_UNREACHABLE where it cannot be read, CTL_USAGE where it is a folder, a device
 * or a pipe, or holds nothing: nothing is known again by the hash of no bytes.
 */
int ctl_evidence_hash(const struct ctl *ctl,
                      const char *path,
                      char hash[POLICY_HASH_SIZE]) MUST_CHECK;

#endif
