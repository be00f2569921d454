/* The names of the archive that completions ask for. */
#include "ctl_completion.h"
#include "ctl_database.h"
#include "ctl_meant.h"
#include "ctl_names.h"
#include "scope.h"

static int kinds_write(struct ctl *ctl)
{
    for (int i = 0; i < EVENT_KIND_COUNT; i++) {
        const char *name = event_kind_name((enum event_kind)i);
        if (name) {
            (void)fprintf(ctl->out, "%s\n", name);
        }
    }
    return CTL_OK;
}

static int rows_write(struct ctl *ctl, const char *sql)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ctl_query(ctl, sql, NULL, 0, &rows);
    for (int row = 0; code == CTL_OK && row < PQntuples(rows); row++) {
        ctl_format(ctl->out, "{1}\n", CTL_ARGS(PQgetvalue(rows, row, 0)));
    }
    return code;
}

static void fields_write(const struct ctl *ctl, const struct policy_step *step, const char *word)
{
    const struct policy_action *action = step ? ctl_meant_action(ctl, step, word) : NULL;
    for (uint16_t i = 0; action && i < action->need_count; i++) {
        (void)fprintf(ctl->out, "%s=\n", action->needs[i].field);
    }
}

/* What may be done to the case as it stands in the archive, whoever does it; of "CASE ACTION" what
 * the action asks for. */
static int case_write(struct ctl *ctl, bool fields)
{
    char number[CTL_NAME_SIZE] = "";
    uint64_t case_id = 0;
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    SCOPED(view_policies_free) struct view_policies *policies = view_policies_new(ctl);
    const char *typed = ctl_argument(ctl, 0) ? ctl_argument(ctl, 0) : "";
    const char *action = typed + strcspn(typed, " ");
    (void)snprintf(number, sizeof number, "%.*s", (int)(action - typed), typed);
    int code = number[0] != '\0' ? ctl_case_of(ctl, number, &case_id) : CTL_NOT_FOUND;
    if (code == CTL_OK) {
        code = ctl_query(ctl,
                         "SELECT policy_id, step, queue <> '', agent <> '' FROM complaint "
                         "WHERE case_id = $1::bigint",
                         CTL_ARGS(CTL_NUMBER_TEXT(case_id)),
                         1,
                         &rows);
    }
    if (code != CTL_OK || PQntuples(rows) == 0 || !policies) {
        return code == CTL_OK ? CTL_NOT_FOUND : code;
    }
    uint32_t id = (uint32_t)strtoul(PQgetvalue(rows, 0, 0), NULL, 10);
    const struct policy *policy = view_policy(policies, id);
    struct slice name = slice_text(PQgetvalue(rows, 0, 1));
    uint16_t index = policy ? policy_step_index(policy, name) : POLICY_NONE;
    const struct policy_step *step = index != POLICY_NONE ? &policy->steps[index] : NULL;
    if (fields) {
        fields_write(ctl, step, action + strspn(action, " "));
        return CTL_OK;
    }
    for (uint16_t i = 0; step && i < step->action_count; i++) {
        (void)fprintf(ctl->out, "%s\n", step->actions[i].id);
    }
    (void)fputs(PQgetvalue(rows, 0, 2)[0] == 't' ? "claim\n" : "", ctl->out);
    (void)fputs(PQgetvalue(rows, 0, 3)[0] == 't' ? "release\n" : "", ctl->out);
    return CTL_OK;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines of text, each once. */
static bool once_write(const struct ctl *ctl, char *text)
{
    size_t count = 0;
    for (const char *at = text; *at; at++) {
        count += *at == '\n';
    }
    char **lines = calloc(count + 1, sizeof *lines);
    for (size_t i = 0; lines && i < count; i++) {
        lines[i] = text;
        text = strchr(text, '\n');
        *text++ = '\0';
    }
    if (lines) {
        qsort(lines, count, sizeof *lines, by_text);
    }
    for (size_t i = 0; lines && i < count; i++) {
        if (i == 0 || strcmp(lines[i - 1], lines[i]) != 0) {
            (void)fprintf(ctl->out, "%s\n", lines[i]);
        }
    }
    bool done = lines != NULL;
    free(lines);
    return done;
}

/* Those of the policy that is named behind --names, else of all. */
static int of_policies_write(struct ctl *ctl, enum ctl_naming naming)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    if (!to) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    int code = ctl_names_write(ctl, naming, ctl_argument(ctl, 0), to);
    (void)fclose(to);
    if (code == CTL_OK && !once_write(ctl, text)) {
        code = ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    free(text);
    return code;
}

int completion_names_write(struct ctl *ctl, const char *kind)
{
    static const struct {
        const char *kind;
        enum ctl_naming naming;
    } kinds[] = {
        {"queue",    NAMING_WORK_QUEUE},
        {"step",     NAMING_STEP      },
        {"category", NAMING_CATEGORY  },
        {"channel",  NAMING_CHANNEL   },
        {"role",     NAMING_ROLE      },
    };
    if (strcmp(kind, "policy") == 0) {
        return rows_write(ctl, "SELECT DISTINCT name FROM policy ORDER BY 1");
    }
    if (strcmp(kind, "agent") == 0) {
        return rows_write(ctl,
                          "SELECT agent FROM agent UNION SELECT agent FROM agent_slot ORDER BY 1");
    }
    if (strcmp(kind, "department") == 0) {
        return rows_write(ctl, "SELECT department FROM department ORDER BY 1");
    }
    if (strcmp(kind, "action") == 0 || strcmp(kind, "field") == 0) {
        return case_write(ctl, strcmp(kind, "field") == 0);
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].kind, kind) == 0) {
            return of_policies_write(ctl, kinds[i].naming);
        }
    }
    return kinds_write(ctl);
}
