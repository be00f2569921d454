/*
 * Sentences as people write them into forms and notes, where `redress play` has to write something.
 *
 * By what the title asks for (a name, a number, a cause, a remedy), in the first language of the
 * policy; the words looked for are those of any desk, no policy's (law 11).
 */
#ifndef REDRESS_CTL_PHRASE_H
#define REDRESS_CTL_PHRASE_H

#include "ctl_form.h"

/* A text fit for a field or an action of this title, drawn by random below its bound. */
const char *ctl_phrase(const struct policy *policy,
                       const struct policy_title *title,
                       uint64_t (*random)(void *self, uint64_t bound),
                       void *self,
                       char into[CTL_VALUE_MAX]);

/* A reply that begins like this and has every part the policy asks of one. */
void ctl_phrase_reply(const struct policy *policy, const char *begin, char *into, size_t size);

#endif
