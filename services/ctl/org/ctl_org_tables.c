#include "ctl_org_tables.h"

void org_tables_done(struct org_tables *tables)
{
    for (size_t i = 0; i < ORG_TABLES_MAX; i++) {
        ctl_table_free(&tables->of[i].table);
    }
}

bool org_tables_begin(const struct ctl *ctl, struct org_tables *tables)
{
    static const struct { /* in the order of enum org_cell */
        struct ctl_column column;
        unsigned table; /* for people; the first column stands in all of them */
    } cells[ORG_CELL_COUNT] = {
        {{"person", TEXT_COLUMN_PERSON, CTL_COLUMN_TEXT, false},         0},
        {{"department", TEXT_COLUMN_DEPARTMENT, CTL_COLUMN_TEXT, false}, 0},
        {{"roles", TEXT_COLUMN_ROLES, CTL_COLUMN_LIST, false},           0},
        {{"shift", TEXT_COLUMN_SHIFT, CTL_COLUMN_TEXT, false},           1},
        {{"capacity", TEXT_COLUMN_CAPACITY, CTL_COLUMN_NUMBER, false},   1},
        {{"holds", TEXT_COLUMN_HOLDS, CTL_COLUMN_NUMBER, false},         1},
        {{"skills", TEXT_COLUMN_SKILLS, CTL_COLUMN_LIST, false},         0},
        {{"deputy", TEXT_COLUMN_DEPUTY, CTL_COLUMN_TEXT, false},         0},
        {{"now", TEXT_COLUMN_NOW, CTL_COLUMN_LIST, false},               1},
        {{"may_take", TEXT_COLUMN_MAY_TAKE, CTL_COLUMN_LIST, false},     1},
    };
    bool made = true;
    *tables = (struct org_tables){.count = ctl->json ? 1 : ORG_TABLES_MAX};
    for (unsigned i = 0; i < tables->count && made; i++) {
        for (int cell = 0; cell < ORG_CELL_COUNT; cell++) {
            if (ctl->json || cell == ORG_CELL_PERSON || cells[cell].table == i) {
                tables->of[i].columns[tables->of[i].count] = cells[cell].column;
                tables->of[i].cells[tables->of[i].count++] = (enum org_cell)cell;
            }
        }
        tables->of[i].table = ctl_table_new(ctl, tables->of[i].columns, tables->of[i].count);
        made = tables->of[i].table;
    }
    return made;
}

void org_tables_add(struct org_tables *tables, const char *const cells[ORG_CELL_COUNT])
{
    for (size_t i = 0; i < tables->count; i++) {
        const char *row[ORG_CELL_COUNT];
        for (size_t j = 0; j < tables->of[i].count; j++) {
            row[j] = cells[tables->of[i].cells[j]];
        }
        ctl_table_add(tables->of[i].table, row);
    }
}

void org_tables_print(const struct ctl *ctl, struct org_tables *tables)
{
    for (size_t i = 0; i < tables->count; i++) {
        (void)fputs(i > 0 ? "\n" : "", ctl->out);
        ctl_table_print(tables->of[i].table);
    }
}
