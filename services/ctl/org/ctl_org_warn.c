/* What is told of an organisation before and after it is applied: whose work stands still. */
#include "ctl_database.h"
#include "ctl_names.h"
#include "ctl_org.h"
#include "ctl_view.h"
#include "scope.h"

/* Whoever holds open cases and does not stand in the file can go on with none of them: said before
 * and after it is applied.  Of the persons LEFT_TOLD_MAX, of the others how many. */
static int left_tell(struct ctl *ctl, const struct org *org)
{
    enum { LEFT_TOLD_MAX = 10 };
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code =
        ctl_query(ctl,
                  "SELECT agent, count(*) FROM complaint "
                  "WHERE closed_at IS NULL AND agent <> '' GROUP BY agent ORDER BY 2 DESC, 1",
                  NULL,
                  0,
                  &rows);
    int64_t left = 0;
    for (int row = 0; code == CTL_OK && row < PQntuples(rows); row++) {
        char name[VIEW_TEXT_MAX];
        if (org_find(org, slice_text(PQgetvalue(rows, row, 0)))) {
            continue;
        }
        (void)view_plain(slice_text(PQgetvalue(rows, row, 0)), name);
        if (left++ < LEFT_TOLD_MAX) {
            ctl_note(ctl, TEXT_ORG_LEFT, CTL_ARGS(name, PQgetvalue(rows, row, 1)));
        }
    }
    if (left > LEFT_TOLD_MAX) {
        ctl_note(ctl, TEXT_ORG_LEFT_MORE, CTL_ARGS(CTL_NUMBER_TEXT(left - LEFT_TOLD_MAX)));
    }
    return code;
}

/* The roles of a policy that own a step or erase. */
static uint32_t roles_needed(const struct policy *policy)
{
    uint32_t needed = policy->retention.roles;
    for (uint16_t i = 0; i < policy->step_count; i++) {
        uint16_t owner = policy->steps[i].owner_role;
        needed |= owner == POLICY_NONE ? 0 : UINT32_C(1) << owner;
    }
    return needed;
}

/* Of a policy nobody here works by everybody would be missing. */
static bool works_by(const struct org *org, const struct policy *policy, uint32_t needed)
{
    for (uint16_t r = 0; r < policy->role_count; r++) {
        if (policy_role_in(policy, needed, r) &&
            org_role_is_held(org, slice_text(policy->roles[r]))) {
            return true;
        }
    }
    return false;
}

static void unheld_add(const struct ctl *ctl,
                       const struct org *org,
                       const struct policy *policy,
                       struct ctl_names *unheld)
{
    uint32_t needed = roles_needed(policy);
    for (uint16_t r = 0; works_by(org, policy, needed) && r < policy->role_count; r++) {
        if (policy_role_in(policy, needed, r) &&
            !org_role_is_held(org, slice_text(policy->roles[r]))) {
            const struct policy_title *title = policy->role_titles ? &policy->role_titles[r] : NULL;
            ctl_names_add(unheld, policy->roles[r], title ? view_title(ctl, title) : NULL);
        }
    }
}

/* Roles the newest versions of the policies count on and nobody has. */
static int unheld_tell(struct ctl *ctl, const struct org *org)
{
    static struct ctl_names unheld; /* large */
    char list[CTL_NAMES_TOLD_MAX];
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    SCOPED(view_policies_free) struct view_policies *policies = view_policies_new(ctl);
    int code = policies ? CTL_OK : ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    if (code == CTL_OK) {
        code = ctl_query(ctl,
                         "SELECT DISTINCT ON (name) id FROM policy ORDER BY name, version DESC",
                         NULL,
                         0,
                         &rows);
    }
    unheld = (struct ctl_names){.word = ""};
    for (int row = 0; code == CTL_OK && row < PQntuples(rows); row++) {
        uint32_t id = (uint32_t)strtoul(PQgetvalue(rows, row, 0), NULL, 10);
        const struct policy *policy = view_policy(policies, id);
        if (policy) {
            unheld_add(ctl, org, policy, &unheld);
        }
    }
    if (unheld.shown_count > 0) {
        ctl_note(ctl, TEXT_ORG_UNHELD, CTL_ARGS(ctl_names_list(ctl, &unheld, list)));
    }
    return code;
}

int org_warn(struct ctl *ctl, const struct org *org)
{
    int code = left_tell(ctl, org);
    return code == CTL_OK ? unheld_tell(ctl, org) : code;
}
