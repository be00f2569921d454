/*
 * Forms as dispatch describes them (redress.command.v1 Form): told to people, and filled in as a
 * person might.
 */
#ifndef REDRESS_CTL_FORM_H
#define REDRESS_CTL_FORM_H

#include "ctl_desk.h"

#include <jansson.h>

enum { CTL_VALUE_MAX = 512 }; /* bytes of a value that is made up */

/* {"field", "type", …}: only what is said of it; a new reference. */
json_t *ctl_form_json(const Redress__Command__V1__Form *form);

/* The form of a field in a reply's JSON; NULL: any text.  Lent. */
const json_t *ctl_form_of(const json_t *reply, const char *field);

/* "an amount, 0 or more, 500.00 or less, in CNY" */
void ctl_form_say(const struct ctl *ctl, const Redress__Command__V1__Form *form, FILE *to);

/* What a value is made of besides the form. */
struct ctl_whim {
    uint64_t (*random)(void *self, uint64_t bound); /* below bound */
    void *self;
    const char *phrase; /* of texts without a picture; UTF-8 */
    const char *most;   /* a limit of whoever acts, as it would be typed; NULL: none */
    int64_t today;      /* days since 1970 */
};

/* A value the form accepts, ended by NUL.  False: the form asks for more than fits, or for what
 * cannot be. */
bool ctl_form_invent(const json_t *form, const struct ctl_whim *whim, char value[CTL_VALUE_MAX]);

#endif
