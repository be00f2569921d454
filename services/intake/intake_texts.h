/*
 * The texts of a submission: read here, once, for what classifying needs, and then sealed away (law
 * 10).
 */
#ifndef REDRESS_INTAKE_TEXTS_H
#define REDRESS_INTAKE_TEXTS_H

#include "intake_store.h"
#include "intake_wire.h"
#include "policy_load.h"

/* Blind index of who complains: of the reference if there is one, else of the contact; 0: unknown.
 */
uint64_t intake_customer(const struct seal_ring *ring,
                         const Redress__Submit__V1__Submission *submission);

/* Fills language, length, model and labels.  A text nobody could classify has neither of the
 * last two: triage will ask a person.  False: with more memory it could be (logged); it is not to
 * be registered now. */
bool intake_classify(const struct policy_object *policy,
                     const Redress__Submit__V1__Submission *submission,
                     struct event_received *received) MUST_CHECK;

/* Makes the case's key, wraps it into the row, and seals narrative and person; the sealed bytes are
 * lent by the arena.  row->case_id is set. */
bool intake_seal(const struct seal_ring *ring,
                 const Redress__Submit__V1__Submission *submission,
                 struct intake_row *row,
                 struct arena *arena,
                 struct event_received *received,
                 struct error *error) MUST_CHECK;

#endif
