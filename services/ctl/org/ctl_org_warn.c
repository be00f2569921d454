/* What is told of an organisation before and after it is applied: whose work stands still. */
#include "arena.h"
#include "ctl_database.h"
#include "ctl_org.h"
#include "ctl_view.h"
#include "policy_read.h"
#include "scope.h"

enum { MEMORY_MAX = 64 * 1024 * 1024, ROLES_MAX = 1024 };

/* Roles of the archive's policies. */
struct roles {
    bool whole;                         /* every policy could be read, and there is one */
    uint16_t known_count, unheld_count; /* of all versions; those the newest ones count on */
    char known[ROLES_MAX][POLICY_NAME_MAX];
    char unheld[ROLES_MAX][POLICY_NAME_MAX];
};

/* False: it is in the list already, or that is full. */
static bool role_add(char list[ROLES_MAX][POLICY_NAME_MAX], uint16_t *count, const char *role)
{
    for (uint16_t i = 0; i < *count; i++) {
        if (strcmp(list[i], role) == 0) {
            return false;
        }
    }
    if (*count == ROLES_MAX) {
        return false;
    }
    (void)snprintf(list[(*count)++], POLICY_NAME_MAX, "%s", role);
    return true;
}

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

static void unheld_add(const struct ctl *ctl,
                       const struct org *org,
                       const struct policy *policy,
                       struct roles *roles,
                       FILE *to)
{
    uint32_t missed = org_roles_missed(policy, org);
    for (uint16_t r = 0; r < policy->role_count; r++) {
        const char *role = policy->roles[r];
        char name[VIEW_TEXT_MAX];
        if ((missed >> r & 1U) == 0 || !role_add(roles->unheld, &roles->unheld_count, role)) {
            continue;
        }
        const struct policy_title *title = policy->role_titles ? &policy->role_titles[r] : NULL;
        (void)fprintf(to,
                      "%s%s",
                      roles->unheld_count > 1 ? ctl_text_in(ctl->language, TEXT_LIST_AND) : "",
                      view_named(ctl, title ? view_title(ctl, title) : role, role, name));
    }
}

/* The roles of all versions, as a case keeps its own; to: those of the newest that nobody has. */
static int roles_read(struct ctl *ctl,
                      struct view_policies *policies,
                      const struct org *org,
                      struct roles *roles,
                      FILE *to)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ctl_query(ctl,
                         "SELECT id, version = max(version) OVER (PARTITION BY name) FROM policy "
                         "ORDER BY name, version DESC",
                         NULL,
                         0,
                         &rows);
    roles->whole = code == CTL_OK && PQntuples(rows) > 0;
    for (int row = 0; code == CTL_OK && row < PQntuples(rows); row++) {
        uint32_t id = (uint32_t)strtoul(PQgetvalue(rows, row, 0), NULL, 10);
        const struct policy *policy = view_policy(policies, id);
        roles->whole = roles->whole && policy;
        for (uint16_t r = 0; policy && r < policy->role_count; r++) {
            (void)role_add(roles->known, &roles->known_count, policy->roles[r]);
        }
        if (policy && strcmp(PQgetvalue(rows, row, 1), "t") == 0) {
            unheld_add(ctl, org, policy, roles, to);
        }
    }
    return code;
}

/* A role of the file that no policy has, where it stands first.  No error: whoever applies an
 * organisation before its policies does nothing wrong. */
static void
strange_tell(const struct ctl *ctl, const char *name, struct slice yaml, const struct roles *roles)
{
    static char told[ROLES_MAX][POLICY_NAME_MAX]; /* large; or known */
    uint16_t told_count = roles->known_count;
    const struct policy_names known = {
        "role", roles->known, sizeof *roles->known, roles->known_count};
    struct yaml_source source = {.name = name, .bytes = yaml, .out = ctl->err};
    SCOPED(arena_free) struct arena *arena = arena_new(MEMORY_MAX);
    const struct yaml_node *tree = arena ? yaml_read(&source, arena) : NULL;
    const struct yaml_pair *agents = tree ? yaml_find(tree, "agents") : NULL;
    memcpy(told, roles->known, sizeof told);
    for (uint32_t i = 0; agents && roles->whole && i < agents->value.count; i++) {
        const struct yaml_pair *own = yaml_find(&agents->value.pairs[i].value, "roles");
        for (uint32_t r = 0; own && r < list_count(&own->value); r++) {
            const struct yaml_node *node = list_item(&own->value, r);
            char hint[160];
            if (role_add(told, &told_count, node->text)) {
                (void)hint_make(hint, node->text, known);
                yaml_complain(&source,
                              YAML_WARNING,
                              node,
                              hint[0] ? hint : NULL,
                              "no loaded policy has the role '%s'",
                              node->text);
            }
        }
    }
}

int org_warn(struct ctl *ctl, const char *name, struct slice yaml, const struct org *org)
{
    static struct roles roles; /* large */
    char *unheld = NULL;
    size_t size = 0;
    SCOPED(view_policies_free) struct view_policies *policies = view_policies_new(ctl);
    FILE *to = policies ? open_memstream(&unheld, &size) : NULL;
    if (!to) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    memset(&roles, 0, sizeof roles);
    int code = roles_read(ctl, policies, org, &roles, to);
    (void)fclose(to);
    if (code == CTL_OK) {
        strange_tell(ctl, name, yaml, &roles);
        code = left_tell(ctl, org);
    }
    if (code == CTL_OK && roles.unheld_count > 0) {
        ctl_note(ctl, TEXT_ORG_UNHELD, CTL_ARGS(unheld));
    }
    free(unheld);
    return code;
}
