/*
 * Words of the command line to a verb, its options and its arguments, by the rows of the table.
 */
#ifndef REDRESS_CTL_OPTIONS_H
#define REDRESS_CTL_OPTIONS_H

#include "ctl.h"

/* What the common options ask for before any verb runs. */
struct ctl_wish {
    bool help;
    bool version;
    const char *config;
    const char *language;
    bool no_color;
};

/*
 * Fills ctl->verb, given, arguments, json, quiet and the wish.  Without a verb ctl->verb is NULL.
 * CTL_USAGE after saying what is wrong, and which name is near.
 */
int ctl_options_read(struct ctl *ctl, struct ctl_wish *wish, int argc, char **argv) MUST_CHECK;

/* No verb begins with these words: CTL_USAGE after saying which is near, or what goes with the
 * first where that is half a verb. */
int ctl_verb_unknown(const struct ctl *ctl, int count, char *const *words);

/* An option of the verb's own; one of every verb that is called so is then not the verb's. */
bool ctl_option_is_own(const struct ctl_verb *verb, const char *name);

/* Keeps the nearer of two names, if it is near at all; *nearest begins as NULL, *far as SIZE_MAX.
 */
void ctl_nearer(const char *word, const char *name, const char **nearest, size_t *far);

/* The option of the verb or common to all at a place of ctl->given; NULL beyond the last. */
const struct ctl_option *ctl_option_at(const struct ctl_verb *verb, size_t index);

#endif
