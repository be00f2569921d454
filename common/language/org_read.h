/* What the parts of the organisation's loader share.  Private to org_load*.c. */
#ifndef REDRESS_ORG_READ_H
#define REDRESS_ORG_READ_H

#include "calendar_read.h"
#include "org_load.h"
#include "zone.h"

/* One reading; what stands later in the file may be named earlier, so names come first. */
struct org_reading {
    struct org *org;
    struct org_agent *agents;
    struct org_department *departments;
    struct zone *zone; /* NULL: wrong or not said yet */
    int32_t capacity;  /* of whoever has none of his own; -1 */
};

/* ---- org_load_agents.c ---- */
POLICY_READER(org_read_agents);

/* ---- org_load_accounts.c ---- */
POLICY_READER(org_read_accounts);

/* The index of a person or a department by its name, or ORG_NONE after a complaint with a hint. */
uint16_t org_person(struct policy_loading *loading,
                    const struct org_reading *reading,
                    const struct yaml_node *node);
uint16_t org_department(struct policy_loading *loading,
                        const struct org_reading *reading,
                        const struct yaml_node *node);

#endif
