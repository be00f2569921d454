/*
 * Why dispatch or intake refused, in the language of the command: by the code they answer with,
 * from the catalogue.  What a newer release answers and this one does not know is told as it came.
 */
#ifndef REDRESS_CTL_REFUSAL_H
#define REDRESS_CTL_REFUSAL_H

#include "ctl_desk.h"
#include "ctl_submission.h"
#include "ctl_view.h"

enum { CTL_REFUSAL_MAX = 4096 };

/* The text of a code of dispatch, of which {1} is what it is about; CTL_TEXT_COUNT: unknown. */
enum ctl_text ctl_refusal_text(struct slice code);

/* The text of a reason of intake's, of which {1} is its English and {2} the limit; CTL_TEXT_COUNT:
 * unknown. */
enum ctl_text ctl_submit_text(unsigned reason);

struct ctl_refusal {
    const struct policy *policy; /* of the case, for titles of roles; NULL: their ids */
    struct slice code;
    struct slice english;                       /* told where the code is unknown */
    const Redress__Command__V1__Reason *reason; /* NULL: there is no more than the code */
    bool nobody;                                /* holds the case */
    uint32_t version;                           /* of the case */
};

/* Of a whole reply. */
struct ctl_refusal ctl_refusal_of(const struct policy *policy, const ctl_reply *reply);

/* Whether a text's variable is a due time, and of which clock: it has none ahead any more, so that
 * waiting for a value is of no use. */
bool ctl_refusal_due(const struct ctl *ctl,
                     const struct policy *policy,
                     struct slice variable,
                     char title[VIEW_TEXT_MAX]);

/* One sentence without its full stop; returns into. */
const char *ctl_refusal_say(const struct ctl *ctl,
                            const struct ctl_refusal *refusal,
                            char into[CTL_REFUSAL_MAX]);

/* The same of a submission: which rule its field broke. */
const char *ctl_submit_say(const struct ctl *ctl,
                           const struct ctl_verdict *verdict,
                           char into[CTL_REFUSAL_MAX]);

#endif
