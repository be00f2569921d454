#include "ctl_hint.h"

#include "case_number.h"
#include "ctl_case.h"
#include "ctl_database.h"
#include "ctl_names.h"
#include "scope.h"

enum { STEPS_TOLD_MAX = 2 * VIEW_TEXT_MAX, FILL_MAX = 1024 };

struct hinting {
    struct ctl *ctl;
    const struct policy *policy;
    const ctl_reply *reply;
    const struct ctl_command *command;
    struct ctl_names *names;
};

static struct slice slice_data(ProtobufCBinaryData data)
{
    return slice_of(data.data, data.len);
}

static const struct policy_step *step_of(const struct hinting *hinting)
{
    const struct policy *policy = hinting->policy;
    uint16_t step =
        policy ? policy_step_index(policy, slice_data(hinting->reply->step)) : POLICY_NONE;
    return step == POLICY_NONE ? NULL : &policy->steps[step];
}

/* "账务组（billing）、…": the other steps that have the action; "" for none. */
static const char *
steps_with(const struct hinting *hinting, const char *action, char into[STEPS_TOLD_MAX])
{
    const struct policy *policy = hinting->policy;
    size_t used = 0;
    into[0] = '\0';
    for (uint16_t i = 0; policy && i < policy->step_count && used < STEPS_TOLD_MAX; i++) {
        const struct policy_step *step = &policy->steps[i];
        char name[VIEW_TEXT_MAX];
        if (policy_action_index(step, slice_text(action)) != POLICY_NONE) {
            (void)view_named(hinting->ctl, view_title(hinting->ctl, &step->title), step->id, name);
            used +=
                (size_t)snprintf(into + used,
                                 STEPS_TOLD_MAX - used,
                                 "%s%s",
                                 used > 0 ? ctl_text_in(hinting->ctl->language, TEXT_LIST_AND) : "",
                                 name);
        }
    }
    return into;
}

static void name_tell(const struct hinting *hinting, enum ctl_text id)
{
    char told[CTL_NAMES_TOLD_MAX];
    ctl_note(hinting->ctl,
             id,
             CTL_ARGS(hinting->names->word, ctl_names_tell(hinting->ctl, hinting->names, told)));
}

static void action_hint(const struct hinting *hinting)
{
    const struct policy_step *step = step_of(hinting);
    const char *action = hinting->command->action;
    char steps[STEPS_TOLD_MAX];
    hinting->names->word = action;
    for (uint16_t i = 0; step && i < step->action_count; i++) {
        const struct policy_action *one = &step->actions[i];
        ctl_names_add(hinting->names, one->id, view_title(hinting->ctl, &one->title));
    }
    ctl_names_add(hinting->names, "claim", NULL);
    ctl_names_add(hinting->names, "release", NULL);
    if (steps_with(hinting, action, steps)[0] != '\0') {
        ctl_note(hinting->ctl, TEXT_HINT_ELSEWHERE, CTL_ARGS(action, steps));
    } else if (step) {
        name_tell(hinting, TEXT_HINT_ACTION);
    }
}

/* What the refusal is about, as it was typed. */
static const char *about(const struct hinting *hinting, char into[VIEW_TEXT_MAX])
{
    const Redress__Command__V1__Reason *reason = hinting->reply->reason;
    return view_plain(reason ? slice_data(reason->about) : slice_of(NULL, 0), into);
}

static void field_hint(const struct hinting *hinting)
{
    const struct policy_step *step = step_of(hinting);
    uint16_t index = step ? policy_action_index(step, slice_text(hinting->command->action))
                          : (uint16_t)POLICY_NONE;
    char word[VIEW_TEXT_MAX];
    hinting->names->word = about(hinting, word);
    if (index == POLICY_NONE || word[0] == '\0') {
        return;
    }
    const struct policy_action *action = &step->actions[index];
    for (uint16_t i = 0; i < action->need_count; i++) {
        const struct policy_need *need = &action->needs[i];
        ctl_names_add(hinting->names, need->field, view_title(hinting->ctl, &need->title));
    }
    name_tell(hinting, TEXT_HINT_FIELD);
}

void ctl_hint_text(const struct ctl *ctl,
                   const struct policy *policy,
                   const struct policy_action *action,
                   const char *text)
{
    static struct ctl_names names; /* large */
    char told[CTL_NAMES_TOLD_MAX];
    names = (struct ctl_names){.word = text};
    for (uint16_t i = 0; i < policy->text_count && i < POLICY_TEXTS_MAX; i++) {
        if ((action->texts >> i & 1U) != 0) {
            ctl_names_add(&names, policy->texts[i].id, view_title(ctl, &policy->texts[i].title));
        }
    }
    if (!ctl->json && !names.found) {
        ctl_note(ctl,
                 action->texts == 0 ? TEXT_HINT_NO_TEXTS : TEXT_HINT_TEXT,
                 CTL_ARGS(text, ctl_names_tell(ctl, &names, told)));
    }
}

static void text_hint(const struct hinting *hinting)
{
    const struct policy_step *step = step_of(hinting);
    uint16_t index = step ? policy_action_index(step, slice_text(hinting->command->action))
                          : (uint16_t)POLICY_NONE;
    if (index != POLICY_NONE && hinting->command->text) {
        ctl_hint_text(hinting->ctl, hinting->policy, &step->actions[index], hinting->command->text);
    }
}

static bool was_given(const struct ctl_command *command, const char *field)
{
    bool given = false;
    for (uint32_t i = 0; i < command->field_count; i++) {
        given = given || strcmp(command->fields[i].name, field) == 0;
    }
    return given;
}

/* All that the action asks for and that was not given, as it is typed. */
static void fill_hint(const struct hinting *hinting)
{
    const struct policy_step *step = step_of(hinting);
    uint16_t index = step ? policy_action_index(step, slice_text(hinting->command->action))
                          : (uint16_t)POLICY_NONE;
    const struct policy_action *action = index == POLICY_NONE ? NULL : &step->actions[index];
    char typed[FILL_MAX] = "";
    size_t used = 0;
    for (uint16_t i = 0; action && i < action->need_count && used < sizeof typed; i++) {
        const struct policy_need *need = &action->needs[i];
        if (!need->optional && !was_given(hinting->command, need->field)) {
            used +=
                (size_t)snprintf(typed + used, sizeof typed - used, " --field %s=…", need->field);
        }
    }
    if (used > 0) {
        ctl_note(hinting->ctl, TEXT_HINT_FILL, CTL_ARGS(typed + 1)); /* no blank */
    }
}

/* The number of another case: mistyped, this case's own, or nobody's. */
static void case_hint(const struct hinting *hinting)
{
    char field[VIEW_TEXT_MAX];
    char typed[VIEW_TEXT_MAX];
    uint64_t case_id = 0;
    if (strcmp(about(hinting, field), "case") != 0 ||
        (hinting->policy &&
         policy_field_index(hinting->policy, slice_text(field)) != POLICY_NONE)) {
        return;
    }
    (void)view_plain(slice_data(hinting->reply->reason->value), typed);
    bool number = case_number_parse(slice_text(typed), &case_id);
    enum ctl_text id = !number                                ? ctl_case_wrong(typed)
                       : case_id == hinting->command->case_id ? TEXT_HINT_CASE_ITSELF
                                                              : TEXT_LOOK_NO_CASE;
    ctl_note(hinting->ctl, id, CTL_ARGS(typed));
}

/* Somebody the command names.  Who is unknown himself is not told who works here. */
static void person_hint(const struct hinting *hinting)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    char word[VIEW_TEXT_MAX];
    char actor[VIEW_TEXT_MAX];
    hinting->names->word = about(hinting, word);
    if (strcmp(word, view_plain(slice_text(hinting->command->actor), actor)) == 0) {
        return;
    }
    int code = ctl_query(hinting->ctl, "SELECT agent FROM agent ORDER BY 1", NULL, 0, &rows);
    for (int row = 0; code == CTL_OK && row < PQntuples(rows); row++) {
        ctl_names_add(hinting->names, PQgetvalue(rows, row, 0), NULL);
    }
    if (code == CTL_OK && word[0] != '\0') {
        name_tell(hinting, TEXT_HINT_PERSON);
    }
}

/* The newest version of the policy of "POLICY/QUEUE": out of a queue there is no case to say which.
 * NULL: there is none. */
static const struct policy *policy_of_queue(const struct hinting *hinting,
                                            struct view_policies *policies)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    const char *queue = hinting->command->queue;
    int code = queue && policies
                   ? ctl_query(hinting->ctl,
                               "SELECT id FROM policy WHERE name = split_part($1, '/', 1) "
                               "ORDER BY version DESC LIMIT 1",
                               &queue,
                               1,
                               &rows)
                   : CTL_NOT_FOUND;
    return code == CTL_OK && PQntuples(rows) > 0
               ? view_policy(policies, (uint32_t)strtoul(PQgetvalue(rows, 0, 0), NULL, 10))
               : NULL;
}

/* Which roles a person has, as the policy calls them. */
static void roles_tell(const struct hinting *hinting, const char *person)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    SCOPED(view_policies_free) struct view_policies *policies = view_policies_new(hinting->ctl);
    char told[CTL_NAMES_TOLD_MAX];
    const struct policy *policy =
        hinting->policy ? hinting->policy : policy_of_queue(hinting, policies);
    int code = ctl_query(
        hinting->ctl, "SELECT role FROM agent_role WHERE agent = $1 ORDER BY 1", &person, 1, &rows);
    for (int row = 0; code == CTL_OK && row < PQntuples(rows); row++) {
        const char *role = PQgetvalue(rows, row, 0);
        char title[VIEW_TEXT_MAX];
        ctl_names_add(
            hinting->names, role, case_role(hinting->ctl, policy, slice_text(role), title));
    }
    if (hinting->names->shown_count > 0) {
        ctl_note(hinting->ctl,
                 TEXT_HINT_ROLES,
                 CTL_ARGS(person, ctl_names_list(hinting->ctl, hinting->names, told)));
    }
}

static void roles_hint(const struct hinting *hinting)
{
    char word[VIEW_TEXT_MAX];
    roles_tell(hinting, about(hinting, word));
}

/* It is about the role, which may be misspelt. */
static void unheld_hint(const struct hinting *hinting)
{
    roles_tell(hinting, hinting->command->actor);
}

/* Nobody has it: the claim that would, in a role that may. */
static void claim_hint(const struct hinting *hinting)
{
    const ctl_reply *reply = hinting->reply;
    const Redress__Command__V1__Allowed *claim = reply->claim;
    char number[VIEW_TEXT_MAX];
    char role[VIEW_TEXT_MAX];
    if (!claim) {
        return;
    }
    bool other = slice_equal(slice_data(claim->refusal), slice_text("role_may_not"));
    (void)view_plain(claim->n_roles > 0 ? slice_data(claim->roles[0])
                                        : slice_text(hinting->command->role),
                     role);
    ctl_note(hinting->ctl,
             TEXT_HINT_CLAIM,
             CTL_ARGS(view_plain(slice_data(reply->case_number), number),
                      other ? ctl_text_in(hinting->ctl->language, TEXT_HINT_SOMEBODY)
                            : hinting->command->actor,
                      role));
}

/* Somebody has it: what whoever asked may do that gives it to another and no more. */
static void move_hint(const struct hinting *hinting)
{
    const ctl_reply *reply = hinting->reply;
    const struct policy_step *step = step_of(hinting);
    char number[VIEW_TEXT_MAX];
    for (size_t i = 0; step && i < reply->n_allowed; i++) {
        uint16_t index = policy_action_index(step, slice_data(reply->allowed[i]->action));
        const struct policy_action *action = index == POLICY_NONE ? NULL : &step->actions[index];
        bool moves =
            action && action->to_step == POLICY_NONE && (action->to_queue || action->gives);
        if (moves && !reply->allowed[i]->has_refusal) {
            ctl_note(hinting->ctl,
                     TEXT_HINT_MOVE,
                     CTL_ARGS(view_plain(slice_data(reply->case_number), number),
                              action->id,
                              hinting->command->actor,
                              hinting->command->role));
        }
    }
}

static void holder_hint(const struct hinting *hinting)
{
    if (hinting->reply->agent.len > 0) {
        move_hint(hinting);
    } else {
        claim_hint(hinting);
    }
}

void ctl_hint(struct ctl *ctl,
              const struct policy *policy,
              const ctl_reply *reply,
              const struct ctl_command *command)
{
    static struct ctl_names names; /* large */
    static const struct {
        const char *code;
        void (*hint)(const struct hinting *hinting);
    } hints[] = {
        {"action_unknown", action_hint},
        {"field_missing",  fill_hint  },
        {"field_invalid",  case_hint  },
        {"field_unknown",  field_hint },
        {"text_unknown",   text_hint  },
        {"person_unknown", person_hint},
        {"role_not_his",   roles_hint },
        {"role_unheld",    unheld_hint},
        {"not_holder",     holder_hint},
    };
    const struct hinting hinting = {ctl, policy, reply, command, &names};
    names = (struct ctl_names){.word = ""};
    for (size_t i = 0; !ctl->json && i < sizeof hints / sizeof *hints; i++) {
        if (slice_equal(slice_data(reply->code), slice_text(hints[i].code))) {
            hints[i].hint(&hinting);
        }
    }
}
