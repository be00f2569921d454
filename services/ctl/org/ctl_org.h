/* What an organisation's file says, line by line, and how two of them differ. */
#ifndef REDRESS_CTL_ORG_H
#define REDRESS_CTL_ORG_H

#include "ctl.h"
#include "org_load.h"
#include "slice.h"

/* The newest version: version, source, applied at, applied by.  No row: none was applied. */
int org_newest(struct ctl *ctl, PGresult **rows) MUST_CHECK;

/* The organisation of that row, owned by the caller.  NULL: it cannot be read; why is on ctl->err.
 */
struct org_object *org_stored(const struct ctl *ctl, const PGresult *rows) MUST_CHECK;

/* The organisation that is applied, owned by the caller; NULL: none is. */
int org_applied(struct ctl *ctl, struct org_object **object) MUST_CHECK;

/*
 * The roles of the policy, as a bit set, that nobody has: those that own a step, erase or read, and
 * those of an action nobody else may do, or not as much of.  Whoever is outside is there, and a
 * role is not missed where somebody has one that stands in for it.  None of a policy by which
 * nobody here works: everybody would be missed.
 */
uint32_t org_roles_missed(const struct policy *policy, const struct org *org);

/* On ctl->err: which roles no policy of the archive has, each where it stands in the file; whose
 * open cases nobody else gets; and which roles of the policies nobody has. */
int org_warn(struct ctl *ctl, const char *name, struct slice yaml, const struct org *org)
    MUST_CHECK;

/* A place in the file ("agents.王明.capacity") that differs; NULL: it is not there. */
struct org_change {
    const char *path;
    const char *before;
    const char *after;
};

struct org_difference {
    size_t count;
    struct org_change *changes; /* in the order of paths */
    void *memory;               /* private */
};

/* Both are YAML that has been read without an error; before may be empty.  Comments, blanks and the
 * order of names are no difference.  False: out of memory. */
bool org_differ(struct slice before,
                struct slice after,
                struct org_difference *difference) MUST_CHECK;
void org_difference_done(struct org_difference *difference);

#endif
