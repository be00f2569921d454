#include "ctl_fill.h"

#include "ctl_database.h"
#include "ctl_evidence.h"
#include "ctl_file.h"
#include "ctl_meant.h"
#include "ctl_view.h"
#include "scope.h"

#include <ctype.h>

/* The form of the action in the step the case is in; all NULL where that is not known here. */
struct form {
    const struct policy *policy;
    const struct policy_step *step;
    const struct policy_action *action;
};

/* What a file is to become. */
enum content { CONTENT_HASH, CONTENT_TEXT };

static int form_find(struct ctl *ctl,
                     struct view_policies *policies,
                     const struct ctl_command *command,
                     struct form *form)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ctl_query(ctl,
                         "SELECT policy_id, step FROM complaint WHERE case_id = $1::bigint",
                         CTL_ARGS(CTL_NUMBER_TEXT((int64_t)command->case_id)),
                         1,
                         &rows);
    *form = (struct form){0};
    if (code != CTL_OK || PQntuples(rows) == 0) {
        return code;
    }
    uint32_t id = (uint32_t)strtoul(PQgetvalue(rows, 0, 0), NULL, 10);
    form->policy = view_policy(policies, id);
    uint16_t step = form->policy
                        ? policy_step_index(form->policy, slice_text(PQgetvalue(rows, 0, 1)))
                        : (uint16_t)POLICY_NONE;
    form->step = step == POLICY_NONE ? NULL : &form->policy->steps[step];
    form->action =
        form->step && command->action ? ctl_meant_action(ctl, form->step, command->action) : NULL;
    return CTL_OK;
}

/* Of a field nobody knows nothing but the hash leaves this place. */
static enum content content_of(const struct form *form, const char *name)
{
    uint16_t field =
        form->policy ? policy_field_index(form->policy, slice_text(name)) : (uint16_t)POLICY_NONE;
    const struct policy_field *rules = field == POLICY_NONE ? NULL : &form->policy->fields[field];
    const struct policy_need *need = policy_need_of(form->action, slice_text(name));
    bool known = need || rules;
    rules = need ? need->rules : rules;
    return !known || (rules && rules->type == FORM_HASH) ? CONTENT_HASH : CONTENT_TEXT;
}

static int value_read(const struct ctl *ctl,
                      const struct form *form,
                      const char *name,
                      const char *typed,
                      struct slice *value)
{
    static char hashes[CTL_FIELDS_MAX][POLICY_HASH_SIZE];
    static unsigned used;
    if (!ctl_file_is_typed(typed) || content_of(form, name) == CONTENT_TEXT) {
        return ctl_file_typed(ctl, typed, CTL_FILL_TEXT_MAX, name, value);
    }
    char *hash = hashes[used++ % CTL_FIELDS_MAX];
    int code = ctl_evidence_hash(ctl, typed + 1, hash);
    *value = slice_text(hash);
    return code;
}

/* NAME=VALUE … */
static int fields_read(const struct ctl *ctl, const struct form *form, struct ctl_command *command)
{
    const struct ctl_given *given = ctl_option_many(ctl, "field");
    static char names[CTL_FIELDS_MAX][64];
    for (unsigned i = 0; i < given->count; i++) {
        const char *equals = strchr(given->texts[i], '=');
        size_t length = equals ? (size_t)(equals - given->texts[i]) : 0;
        if (length == 0 || length >= sizeof names[0]) {
            return ctl_fail(ctl, CTL_USAGE, TEXT_FIELD_FORM, CTL_ARGS(given->texts[i]));
        }
        if (i == CTL_FIELDS_MAX) {
            return ctl_fail(ctl,
                            CTL_USAGE,
                            TEXT_OPTION_REPEATS,
                            CTL_ARGS("field", CTL_NUMBER_TEXT(CTL_FIELDS_MAX)));
        }
        (void)snprintf(names[i], sizeof names[i], "%.*s", (int)length, given->texts[i]);
        command->fields[i].name = names[i];
        int code = form->policy
                       ? ctl_meant_field(ctl, form->policy, form->action, names[i], sizeof names[i])
                       : CTL_OK;
        if (code == CTL_OK) {
            code = value_read(ctl, form, names[i], equals + 1, &command->fields[i].value);
        }
        if (code != CTL_OK) {
            return code;
        }
        command->field_count = i + 1;
    }
    return CTL_OK;
}

static bool is_blank(const char *text)
{
    while (isspace((unsigned char)*text)) {
        text++;
    }
    return *text == '\0';
}

/* All it would do is to write down what nobody said. */
static bool says_nothing(const struct form *form, const struct ctl_command *command)
{
    const struct policy_action *action = form->action;
    return action && action->fact == EVENT_NOTED && action->to_step == POLICY_NONE &&
           !action->to_queue && !action->gives && action->marks == 0 && action->opens == 0 &&
           action->settles == 0 && command->field_count == 0 && !command->note && !command->text;
}

static bool names_file(const struct ctl *ctl)
{
    const struct ctl_given *given = ctl_option_many(ctl, "field");
    for (unsigned i = 0; i < given->count; i++) {
        const char *equals = strchr(given->texts[i], '=');
        if (equals && ctl_file_is_typed(equals + 1)) {
            return true;
        }
    }
    return false;
}

int ctl_fill(struct ctl *ctl, struct ctl_command *command)
{
    struct form form = {0};
    bool bare = command->action && !command->note && !command->text &&
                ctl_option_many(ctl, "field")->count == 0;
    SCOPED(view_policies_free)
    struct view_policies *policies = bare || names_file(ctl) ? view_policies_new(ctl) : NULL;
    int code = ctl_file_option(ctl, "note", CTL_FILL_TEXT_MAX, &command->note);
    if (code == CTL_OK && policies) {
        code = form_find(ctl, policies, command, &form);
    }
    if (code == CTL_OK) {
        code = fields_read(ctl, &form, command);
    }
    if (code == CTL_OK &&
        ((command->note && is_blank(command->note)) || says_nothing(&form, command))) {
        code = ctl_fail(ctl, CTL_USAGE, TEXT_FILL_NO_NOTE, NULL);
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer does not know of SCOPED */
    return code;
}
