/*
 * What the verbs on policies share: a policy from a file (with those it uses) or from the archive,
 * and phrases for its parts in the language of the person.
 */
#ifndef REDRESS_CTL_POLICY_H
#define REDRESS_CTL_POLICY_H

#include "ctl.h"
#include "policy_load.h"

enum {
    SAY_MAX = 4096,
    POLICY_TREE_MAX = 64 * 1024 * 1024, /* bytes of what is written in a policy, once it is read */
};

/* A policy that was asked for. */
struct ctl_policy {
    char *text; /* a bundle; owned */
    size_t size;
    struct policy_object *object; /* NULL: it does not compile */
    struct policy_report report;
};

/* A file, with the files it uses, or NAME@VERSION (NAME: the newest) of the archive. Compiles
 * without the classifier when blind.  CTL_OK also when it does not compile: the object is NULL
 * then. */
int ctl_policy_get(struct ctl *ctl, const char *name, bool blind, struct ctl_policy *policy)
    MUST_CHECK;
/* The same with calendars for the years given, inclusive. */
int ctl_policy_get_for(struct ctl *ctl,
                       const char *name,
                       bool blind,
                       int first_year,
                       int last_year,
                       struct ctl_policy *policy) MUST_CHECK;
void ctl_policy_done(struct ctl_policy *policy);

/* Sets faults in the row: those that were told, in order: file, line, column (from 1, in
 * characters), severity (error or warning), message and, where there is one, hint.  Where there are
 * more, faults_not_listed says how many. */
void ctl_policy_faults(const struct policy_report *report, json_t *row);

/* Says what is wrong with one that does not compile, CTL_FAILED then. */
int ctl_policy_compiled(struct ctl *ctl,
                        const char *name,
                        const struct ctl_policy *policy) MUST_CHECK;
/* ctl_policy_get for a verb that wants a good one: says what is wrong, CTL_FAILED. */
int ctl_policy_good(struct ctl *ctl, const char *name, struct ctl_policy *policy) MUST_CHECK;

/* ---- phrases; each writes into its text and returns it ---- */

const char *
say_text(const struct ctl *ctl, char into[SAY_MAX], enum ctl_text id, const char *const *args);
/* A part more, behind what is there; cut where there is no room. */
void say_more(char into[SAY_MAX], const char *between, const char *text);
/* The same of an alternative: "a, b or c".  *last, nought at first: where the last one begins. */
void say_either(const struct ctl *ctl, char into[SAY_MAX], size_t *last, const char *text);
const char *say_title(const struct ctl *ctl, const struct policy_title *title);
const char *say_phase(const struct ctl *ctl, enum phase phase);
const char *say_role(const struct ctl *ctl, const struct policy *policy, uint16_t role);
const char *
say_roles(const struct ctl *ctl, const struct policy *policy, uint32_t roles, char into[SAY_MAX]);
const char *say_when(const struct ctl *ctl,
                     const struct policy *policy,
                     const struct policy_when *when,
                     char into[SAY_MAX]);
const char *say_target(const struct ctl *ctl,
                       const struct policy *policy,
                       const struct policy_clock *clock,
                       char into[SAY_MAX]);
/* The same of one of its other targets. */
const char *say_other_target(const struct ctl *ctl,
                             const struct policy *policy,
                             const struct policy_target *target,
                             char into[SAY_MAX]);
/* An amount with its unit. */
json_t *say_target_json(const struct policy_target *target);
/* In the greatest unit that leaves no rest. */
const char *say_length(const struct ctl *ctl, int64_t seconds, bool business, char into[SAY_MAX]);
/* When a level is due, from its clock: "75 % of the time", "1 h before it is due". */
const char *say_offset(const struct ctl *ctl, const struct policy_level *level, char into[SAY_MAX]);
const char *say_level(const struct ctl *ctl,
                      const struct policy *policy,
                      const struct policy_level *level,
                      char into[SAY_MAX]);
/* What people call the facts: the titles of the actions that record them. */
const char *say_facts(const struct ctl *ctl,
                      const struct policy *policy,
                      const uint64_t facts[2],
                      uint32_t marks,
                      char into[SAY_MAX]);
const char *
say_needs(const struct ctl *ctl, const struct policy_action *action, char into[SAY_MAX]);

/* "Amount is 100 or more" */
const char *say_compare(const struct ctl *ctl,
                        const struct policy *policy,
                        const struct policy_compare *compare,
                        char into[SAY_MAX]);
bool say_when_is_always(const struct policy_when *when);
const char *say_outcome(const struct ctl *ctl, enum case_outcome outcome);
/* The title of the first action called so; its id where there is none. */
const char *say_action_named(const struct ctl *ctl, const struct policy *policy, const char *id);
const char *say_requirements(const struct ctl *ctl,
                             const struct policy *policy,
                             const struct policy_requirement *list,
                             uint16_t count,
                             char into[SAY_MAX]);

/* Something a clock, an action or a step may be told to heed: one row of it is said by explain as a
 * sentence, compared by diff as a property. */
struct say_rule {
    const char *key;        /* as the policy language has it */
    enum ctl_text name;     /* of the property */
    enum ctl_text sentence; /* {1}: what say gives */
    /* Empty where it does not apply. */
    const char *(*say)(const struct ctl *ctl,
                       const struct policy *policy,
                       const void *from,
                       char into[SAY_MAX]);
};

extern const struct say_rule say_clock_rules[], say_action_rules[], say_step_rules[];
extern const size_t say_clock_rule_count, say_action_rule_count, say_step_rule_count;

/* The whole policy in sentences, or with --json as data; tree is what is written in it. */
void ctl_policy_tell(const struct ctl *ctl,
                     const struct policy *policy,
                     const struct yaml_node *tree);

#endif
