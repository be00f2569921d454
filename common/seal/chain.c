#include "chain.h"

#include <sodium.h>

void chain_hash(struct slice bytes, uint8_t hash[HASH_SIZE])
{
    static const unsigned char personal[crypto_generichash_blake2b_PERSONALBYTES] =
        "redress.event.v1";
    (void)crypto_generichash_blake2b_salt_personal(
        hash, HASH_SIZE, bytes.bytes, bytes.size, NULL, 0, NULL, personal);
}
