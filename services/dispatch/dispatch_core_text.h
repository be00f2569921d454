/*
 * What a person's note is started from: one of the action's texts, filled in with what is known of
 * the case before the action and with its form.  Pure, so that whoever shows the event later says
 * the same (law 8).
 */
#ifndef REDRESS_DISPATCH_CORE_TEXT_H
#define REDRESS_DISPATCH_CORE_TEXT_H

#include "dispatch_core.h"
#include "policy_text.h"

/* input->text is one of the action's, and says when a clock is due. */
bool dispatch_text_promises(const struct policy *policy,
                            const struct dispatch_case *state,
                            const struct dispatch_input *input);

/*
 * Fills in input->text; *said is lent by into.  Where a variable has no value, input->text_lacking
 * names it and *said is empty, as it is where the text is none of the action's: dispatch_decide
 * refuses both.  False: it does not fit in room.
 */
bool dispatch_text_fill(const struct policy *policy,
                        const struct dispatch_case *state,
                        struct dispatch_input *input,
                        struct slice number,
                        char *into,
                        size_t room,
                        struct slice *said);

/* The language it is written in: the one that was asked for, else the complaint's. */
enum locale text_locale(const struct policy *policy,
                        const struct dispatch_case *state,
                        const struct dispatch_input *input);

/* DISPATCH_APPEND: nothing stands against starting from this text, or none is. */
enum dispatch_answer text_permit(const struct policy *policy,
                                 const struct dispatch_case *state,
                                 const struct dispatch_input *input,
                                 struct slice *refused_field);

#endif
