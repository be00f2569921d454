/* The tables of `redress org show`. */
#ifndef REDRESS_CTL_ORG_TABLES_H
#define REDRESS_CTL_ORG_TABLES_H

#include "ctl_table.h"

/* Of a person. */
enum org_cell {
    ORG_CELL_PERSON,
    ORG_CELL_DEPARTMENT,
    ORG_CELL_ROLES,
    ORG_CELL_SHIFT,
    ORG_CELL_CAPACITY,
    ORG_CELL_HOLDS,
    ORG_CELL_SKILLS,
    ORG_CELL_DEPUTY,
    ORG_CELL_NOW,
    ORG_CELL_MAY_TAKE,
    ORG_CELL_COUNT,
};

enum { ORG_TABLES_MAX = 2 };

/* For programs one with ids, for people two that fit a terminal, with titles, which may be typed as
 * well: who somebody is, and what goes on. */
struct org_tables {
    size_t count;
    struct {
        size_t count;
        enum org_cell cells[ORG_CELL_COUNT];
        struct ctl_column columns[ORG_CELL_COUNT];
        struct ctl_table *table;
    } of[ORG_TABLES_MAX];
};

/* False: out of memory; done with all the same. */
bool org_tables_begin(const struct ctl *ctl, struct org_tables *tables) MUST_CHECK;
void org_tables_done(struct org_tables *tables);

/* A person; copied. */
void org_tables_add(struct org_tables *tables, const char *const cells[ORG_CELL_COUNT]);
/* For people. */
void org_tables_print(const struct ctl *ctl, struct org_tables *tables);

#endif
