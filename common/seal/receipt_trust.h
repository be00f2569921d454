/*
 * The public keys whose receipts are believed.  A receipt names the key that signed it, which
 * proves nothing by itself: anybody has a key.  So whoever takes receipts keeps a list of ours.
 *
 * The file is text, and public: "redress-receipt-public 1", then "key" and 64 hex digits a line; #
 * for comments.  `redress keys create` writes it beside the signing key, and adds a line when the
 * signing key is another than before; the older lines stay, because older receipts do.
 */
#ifndef REDRESS_RECEIPT_TRUST_H
#define REDRESS_RECEIPT_TRUST_H

#include "receipt.h"

enum { RECEIPT_TRUST_MAX = 64 };

struct receipt_trust {
    uint32_t count;
    uint8_t keys[RECEIPT_TRUST_MAX][RECEIPT_PUBLIC_SIZE];
};

/* ERROR_FATAL: not there, not such a file, without a key, or group or others may write it. */
bool receipt_trust_read(const char *path,
                        struct receipt_trust *trust,
                        struct error *error) MUST_CHECK;
bool receipt_trust_has(const struct receipt_trust *trust,
                       const uint8_t public[RECEIPT_PUBLIC_SIZE]);

/* Adds the public half of the key to the file, which is made (mode 0644) when it is not there.  Of
 * several that add at once each adds its own; where the disk is full the list is as it was. */
bool receipt_trust_add(const char *path,
                       const struct receipt_key *key,
                       struct error *error) MUST_CHECK;

#endif
