/*
 * struct event <-> the bytes of redress.event.v1.Envelope.  Encoding happens once, when an event is
 * appended; from then on the stored bytes are the event (law 3).
 */
#ifndef REDRESS_EVENT_WIRE_H
#define REDRESS_EVENT_WIRE_H

#include "arena.h"
#include "error.h"
#include "event.h"

/*
 * Packs event into the arena; *bytes is lent by it.  ERROR_REJECT when it is larger than
 * EVENT_SIZE_MAX, has more elements than its bounds allow or a kind nobody knows; ERROR_RETRY when
 * the arena is full.  Zero and empty are not written.
 */
bool event_encode(const struct event *event,
                  struct arena *arena,
                  struct slice *bytes,
                  struct error *error) MUST_CHECK;

/*
 * Bounded decode of one stored event, hash included (computed here from the bytes).  Slices point
 * into the arena. ERROR_REJECT for anything that is not a well-formed event within bounds, or of a
 * kind its service does not write; ERROR_RETRY when the arena is full.  An unknown kind decodes
 * with its header only (version N−1 runs beside N), an unknown value of an enum in the body as
 * unspecified.
 */
bool event_decode(struct slice bytes, struct arena *arena, struct event *event, struct error *error)
    MUST_CHECK;

/* The same for bytes whose hash was computed before and that live as long as the event: slices
 * point into them, nothing is copied. */
bool event_decode_lent(struct slice bytes,
                       const uint8_t hash[HASH_SIZE],
                       struct event *event,
                       struct error *error) MUST_CHECK;

/* Everything but the body, which is neither unpacked nor cleared; the chain needs no more. */
bool event_decode_header(struct slice bytes, struct event *event, struct error *error) MUST_CHECK;

#endif
