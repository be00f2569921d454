/*
 * What is written in a policy, for what has no sentence of its own: every key by its meaning in the
 * table of the language, so that a key that is new in the table is told at once.
 */
#ifndef REDRESS_CTL_POLICY_WRITTEN_H
#define REDRESS_CTL_POLICY_WRITTEN_H

#include "ctl_policy.h"

/* One thing, or one key of it. */
struct written {
    const struct language_key *section; /* of the file */
    const struct language_key *key;     /* of the thing; NULL: the thing itself */
    const char *id;    /* "late/lost"; NULL: a rule without a name, or the section */
    const char *value; /* of a thing its title, of a rule without a name all that it says */
};

typedef void (*written_visit)(void *self, const struct written *written);

/*
 * Tells visit of every section that sentences (ctl_policy_tell.c) leave out, and of the fields that
 * stand in actions; what it is given is lent for the call.  Texts are told in the person's language
 * or, on demand, in all they are written in.
 */
void written_each(const struct ctl *ctl,
                  const struct policy *policy,
                  const struct yaml_node *tree,
                  bool every_language,
                  written_visit visit,
                  void *self);

/* What a key is for, without what the manual adds; into is returned. */
const char *
written_meaning(const struct ctl *ctl, const struct language_key *key, char into[SAY_MAX]);

/* What people call a thing of the section: "field". */
enum ctl_text written_thing(const struct language_key *section);

#endif
