/*
 * The hash chain of a stream: hash = BLAKE2b-256 over the stored bytes, which hold the
 * predecessor's hash.
 *
 * Keyed apart from every other hash of the project by BLAKE2b's personal string
 * ("redress.event.v1").
 */
#ifndef REDRESS_CHAIN_H
#define REDRESS_CHAIN_H

#include "event.h"

void chain_hash(struct slice bytes, uint8_t hash[HASH_SIZE]);

#endif
