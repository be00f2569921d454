/*
 * struct event <-> the bytes of redress.event.v1.Envelope.  Encoding happens once, when an event is appended; from
 * then on the stored bytes are the event (law 3).
 */
#ifndef REDRESS_EVENT_WIRE_H
#define REDRESS_EVENT_WIRE_H

#include "arena.h"
#include "error.h"
#include "event.h"

/* Packs event into the arena; *bytes is lent by it.  ERROR_REJECT when it is larger than EVENT_SIZE_MAX. */
bool event_encode(const struct event *event,
                  struct arena *arena,
                  struct slice *bytes,
                  struct error *error) MUST_CHECK;

/*
 * Bounded decode of one stored event, hash included (computed here from the bytes).  Slices point into the arena.
 * ERROR_REJECT for anything that is not a well-formed event within bounds; an unknown kind decodes with its header
 * only (version N−1 runs beside N).
 */
bool event_decode(struct slice bytes,
                  struct arena *arena,
                  struct event *event,
                  struct error *error) MUST_CHECK;

/* Only what the chain needs, without unpacking the body. */
bool event_decode_header(struct slice bytes, struct event *event, struct error *error) MUST_CHECK;

#endif
