/*
 * Forms as dispatch describes them (redress.command.v1 Form): told to people, and filled in as a
 * person might.
 */
#ifndef REDRESS_CTL_FORM_H
#define REDRESS_CTL_FORM_H

#include "ctl_desk.h"
#include "policy.h"

#include <jansson.h>

enum { CTL_VALUE_MAX = 512 }; /* bytes of a value that is made up */

/* {"field", "type", …}: only what is said of it; a new reference. */
json_t *ctl_form_json(const Redress__Command__V1__Form *form);

/* What the policy (NULL: unknown) calls a choice of the form; NULL: nothing. */
const char *ctl_form_title(const struct ctl *ctl,
                           const struct policy *policy,
                           const Redress__Command__V1__Form *form,
                           size_t choice);

/* "an amount, 0 or more, 500.00 or less, in CNY"; choices with their titles. */
void ctl_form_say(const struct ctl *ctl,
                  const struct policy *policy,
                  const Redress__Command__V1__Form *form,
                  FILE *to);

/* What a value is made of besides the form. */
struct ctl_whim {
    uint64_t (*random)(void *self, uint64_t bound); /* below bound */
    void *self;
    const char *phrase;  /* of texts without a picture; UTF-8 */
    const int64_t *most; /* a limit of whoever acts, as policy_field_value has it; NULL: none */
    int64_t today;       /* days since 1970 */
};

/* A value the field accepts, ended by NUL.  False: it asks for more than fits, or for what cannot
 * be. */
bool ctl_form_invent(const struct policy_field *field,
                     const struct ctl_whim *whim,
                     char value[CTL_VALUE_MAX]);

#endif
