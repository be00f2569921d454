/*
 * Returns: what a regulator wants to have reported of a period, in the layout that held at its end.
 *
 * A file has the layouts of one return, each with its version and the days on which it holds, none
 * of them two's; rows are groups of categories, columns are measures of the policy, asked as
 * `redress measures` asks.
 *
 * A merge that is undone takes its verdict back in the period in which it is undone, so that what
 * was reported stays.  Where that is more than the period has, nothing can be said of the period:
 * the cell is empty, as the share is (measured_is_known), and it is told which.  A return with a
 * count below nought is none, and 0 would be a number nobody counted.
 */
#ifndef REDRESS_CTL_RETURN_H
#define REDRESS_CTL_RETURN_H

#include "ctl_measures.h"

enum { RETURN_LAYOUTS_MAX = 32, RETURN_ROWS_MAX = 64, RETURN_COLUMNS_MAX = 32 };

enum return_shows {
    RETURN_VALUE, /* what the measure comes to */
    RETURN_HITS,  /* those that count */
    RETURN_OF,    /* what they are out of */
};

struct return_column {
    const char *heading;
    const struct policy_measure *measure;
    enum return_shows shows;
};

struct return_row {
    const char *heading;
    uint16_t category_count; /* 0: all */
    uint16_t *categories;    /* lent by the arena of the reader */
};

struct return_layout {
    const char *version;
    int64_t from, until; /* yyyymmdd, both included; where the next begins it ends as well */
    unsigned row_count, column_count;
    struct return_row rows[RETURN_ROWS_MAX];
    struct return_column columns[RETURN_COLUMNS_MAX];
};

struct yaml_source;
struct yaml_node;
struct arena;

struct return_file {
    const char *name, *policy;
    enum measure_period period;
    const struct yaml_node *list; /* of layouts, as they are written */
    unsigned layout_count;
    struct return_layout *layouts;
};

/* What the file says; then its layouts, which name what the policy has.  All is lent by the tree
 * and the arena; false: it was told what is wrong. */
bool return_read(struct yaml_source *yaml, const struct yaml_node *root, struct return_file *file);
bool return_layouts_read(struct yaml_source *yaml,
                         struct arena *arena,
                         const struct policy *policy,
                         struct return_file *file);

/* The verb measures with --return. */
int ctl_return(struct ctl *ctl, const char *path);

#endif
