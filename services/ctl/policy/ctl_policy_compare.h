/* What the parts of `redress policy diff` share. */
#ifndef REDRESS_CTL_POLICY_COMPARE_H
#define REDRESS_CTL_POLICY_COMPARE_H

#include "ctl_policy_written.h"

struct comparing {
    struct ctl *ctl;
    const struct policy *a, *b;
    const struct yaml_node *tree_a, *tree_b; /* what is written in each */
    json_t *rows;                            /* what was found; lent */
};

/* What is different of a thing. */
struct difference {
    const char *change; /* "added", "removed", "changed" */
    enum ctl_text thing;
    const char *name;
    const char *key;            /* of the language, what has changed; NULL: the whole thing */
    const char *what;           /* in words */
    const char *before, *after; /* "" where it is not said */
};

/* By what things of a kind are compared. */
struct say_properties {
    const struct say_rule *rows;
    size_t count;
};
extern const struct say_properties policy_properties, class_properties, factor_properties,
    step_properties, action_properties, clock_properties;

/* Says it, and keeps it as data. */
void difference_add(const struct comparing *comparing, const struct difference *difference);

/* All that has no sentence of its own (written_each). */
void written_compare(const struct comparing *comparing);

#endif
