/*
 * A look over protobuf wire bytes before they are unpacked.
 *
 * protobuf-c 1.4.1 has no depth limit and multiplies small inputs into large heaps; this walks the
 * bytes against the message's descriptor without allocating and refuses what would hurt:
 * nesting, counts, unknown fields.
 */
#ifndef REDRESS_PRESCAN_H
#define REDRESS_PRESCAN_H

#include "arena.h"
#include "error.h"

#include <stdint.h>

enum { PRESCAN_DEPTH_MAX = 16 }; /* whatever the limits say */

struct prescan_limits {
    size_t size_max;      /* of the whole message, bytes */
    unsigned depth_max;   /* of nested messages, the outermost counts 1 */
    unsigned fields_max;  /* in the whole message, all levels together */
    unsigned unknown_max; /* of fields the descriptor does not have */
};

/*
 * True when the bytes are well-formed wire data within the limits; ERROR_REJECT with the offset
 * otherwise.  Numbers of a packed field count one by one.  What is accepted, protobuf-c unpacks,
 * given memory; required fields, which our protos do not have, are not looked for.
 */
bool prescan(const ProtobufCMessageDescriptor *descriptor,
             const void *bytes,
             size_t size,
             const struct prescan_limits *limits,
             struct error *error) MUST_CHECK;

/*
 * Prescan, then unpack into the arena.  NULL with ERROR_REJECT for bad bytes, with ERROR_RETRY when
 * what is left of the arena is too small: finish and reset it, then come again.  The message lives
 * until the arena is reset; strings are not checked for UTF-8 (our protos use bytes: see text.h).
 */
ProtobufCMessage *prescan_unpack(const ProtobufCMessageDescriptor *descriptor,
                                 const void *bytes,
                                 size_t size,
                                 const struct prescan_limits *limits,
                                 struct arena *arena,
                                 struct error *error) MUST_CHECK;

#endif
