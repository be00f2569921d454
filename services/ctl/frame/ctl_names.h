/*
 * A name that was typed: the id it means, by id or by a title of any language; where nobody knows
 * it, which are near, and which there are.
 */
#ifndef REDRESS_CTL_NAMES_H
#define REDRESS_CTL_NAMES_H

#include "ctl_view.h"

enum {
    CTL_NAME_SIZE = 2 * POLICY_NAME_MAX, /* POLICY/QUEUE is the longest */
    CTL_NAMES_NEAR_MAX = 3,
    CTL_NAMES_SHOWN_MAX = 12,
    CTL_NAMES_BEYOND_MAX = 256, /* that are counted */
    CTL_NAMES_TOLD_MAX = 2048,
};

struct ctl_name {
    char id[CTL_NAME_SIZE];
    char title[VIEW_TEXT_MAX]; /* "": it has none of its own */
    size_t far;
    bool by_title; /* its title is nearer to the word than its id */
};

struct ctl_names {
    const char *word; /* as typed */
    FILE *all;        /* NULL; else each name is written here, a line, and none is kept */
    bool found;
    unsigned near_count, shown_count, called_count, beyond_count;
    bool uncounted;                           /* there are more than are counted */
    struct ctl_name near[CTL_NAMES_NEAR_MAX]; /* the nearest first */
    struct ctl_name shown[CTL_NAMES_SHOWN_MAX];
    struct ctl_name called[CTL_NAMES_SHOWN_MAX];      /* those whose title the word is */
    char beyond[CTL_NAMES_BEYOND_MAX][CTL_NAME_SIZE]; /* there as well, and not shown */
    const char *kind; /* NULL, or as completion --names calls all of them */
};

/* A name there is; each counts once.  title: NULL or the id again where it has none. */
void ctl_names_add(struct ctl_names *names, const char *id, const char *title);

/* The same with the title in all languages: each of them may be the word. */
void ctl_names_add_titled(const struct ctl *ctl,
                          struct ctl_names *names,
                          const char *id,
                          const struct policy_title *title);

/* The id that the word means: itself, where it is one, else the only one of that title.  NULL:
 * there is none, or there are several (called_count). */
const char *ctl_names_meant(const struct ctl_names *names);

/* CTL_USAGE after saying that several things have the word as their title, and which. */
int ctl_names_several(const struct ctl *ctl, const struct ctl_names *names) MUST_CHECK;

/* "; did you mean …?" where some are near, else "; there are: …"; returns into. */
const char *
ctl_names_tell(const struct ctl *ctl, const struct ctl_names *names, char into[CTL_NAMES_TOLD_MAX]);

/* All that are shown, by title and id: "坐席 (agent)、…"; returns into. */
const char *
ctl_names_list(const struct ctl *ctl, const struct ctl_names *names, char into[CTL_NAMES_TOLD_MAX]);

enum ctl_naming {
    NAMING_POLICY,
    NAMING_STEP,
    NAMING_QUEUE, /* its id, or POLICY/QUEUE */
    NAMING_CATEGORY,
    NAMING_CHANNEL,
    NAMING_WORK_QUEUE, /* POLICY/QUEUE only: out of which a case is claimed */
    NAMING_ROLE,       /* only written */
    NAMING_COUNT,
};

struct ctl_named {
    enum ctl_naming naming;
    const char *word;       /* NULL: was not asked for */
    char id[CTL_NAME_SIZE]; /* told: what the word means; the word, where not all names are known */
};

/*
 * What each word means among the names of the policies of the archive, but for policies only of the
 * one that is called so (NULL: of any).  CTL_NOT_FOUND after saying which is no name, CTL_USAGE
 * after saying what has it as its title where that are several.
 */
int ctl_names_known(struct ctl *ctl,
                    struct view_policies *views,
                    struct ctl_named *named,
                    unsigned count,
                    const char *only) MUST_CHECK;

/* The same with the policies at hand. */
int ctl_names_judge(const struct ctl *ctl,
                    const struct policy *const *policies,
                    unsigned policy_count,
                    struct ctl_named *named,
                    const char *only) MUST_CHECK;

/* Of a word that is no such name: "; did you mean …?" or "; there are: …", as far as the archive
 * can say; returns into. */
const char *ctl_names_hint(struct ctl *ctl,
                           struct view_policies *views,
                           const struct ctl_named *named,
                           const char *only,
                           char into[CTL_NAMES_TOLD_MAX]);

/* Every name of this kind in the newest versions of the policies of the archive, but for policies
 * only of the one that is called so (NULL: of any), a line each; one that several policies have
 * comes as often. */
int ctl_names_write(struct ctl *ctl, enum ctl_naming naming, const char *only, FILE *to) MUST_CHECK;

#endif
