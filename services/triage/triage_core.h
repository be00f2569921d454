/*
 * Triage, functional core: category, severity with the factors that made it, priority, repeats;
 * unsure → a person.
 *
 * Source: ISO 10002 (assessment); severity is a score over content, impact, frequency and source,
 * with a qualitative override.  Everything it looks at was
 * recorded by intake or is recorded in the result.
 */
#ifndef REDRESS_TRIAGE_CORE_H
#define REDRESS_TRIAGE_CORE_H

#include "policy.h"

/* Earlier complaints of the same customer, read by the shell, newest first. */
struct triage_repeats {
    uint32_t count; /* within the policy's repeat_days, this one not counted */
    uint32_t related_count;
    uint64_t related[EVENT_RELATED_MAX];
};

/*
 * The result is written to *out, its kind returned: EVENT_TRIAGED, or EVENT_TRIAGE_ASKED when no
 * pattern of a category was seen or two categories have equally many hits and nobody named one.
 * Score, class and priority are proposed either way. Slices are lent by policy and received.
 *
 * The category with most hits wins.  One beneath another with as many wins over it, and what was
 * seen beneath the winner makes it more precise.  A hint decides where nothing was seen or a tie
 * stands, and may be more precise than the winner; it never beats a category that more was seen of.
 * The class is the gravest of the score's and the overrides': an override never lowers it.
 */
enum event_kind triage_decide(const struct policy *policy,
                              const struct event_received *received,
                              const struct triage_repeats *repeats,
                              struct event_triaged *out);

#endif
