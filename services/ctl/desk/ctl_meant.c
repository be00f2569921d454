#include "ctl_meant.h"

#include "ctl_names.h"
#include "scope.h"

/* What was typed, and where the id goes that it means. */
struct meaning {
    const char **word;
    char id[CTL_NAME_SIZE];
};

static struct slice slice_data(ProtobufCBinaryData data)
{
    return slice_of(data.data, data.len);
}

/* By the title alone; a word that is an id stays.  CTL_USAGE after saying that it means several. */
static int settle(const struct ctl *ctl, const struct ctl_names *names, struct meaning *meaning)
{
    if (!names->found && names->called_count > 1) {
        return ctl_names_several(ctl, names);
    }
    if (!names->found && names->called_count == 1) {
        (void)snprintf(meaning->id, sizeof meaning->id, "%s", names->called[0].id);
        *meaning->word = meaning->id;
    }
    return CTL_OK;
}

static int action_settle(const struct ctl *ctl,
                         const struct policy *policy,
                         const ctl_reply *reply,
                         struct ctl_command *command)
{
    static struct ctl_names names; /* large */
    static struct meaning meaning;
    uint16_t index = policy_step_index(policy, slice_data(reply->step));
    const struct policy_step *step = index == POLICY_NONE ? NULL : &policy->steps[index];
    if (!command->action || !slice_equal(slice_data(reply->code), slice_text("action_unknown"))) {
        return CTL_OK;
    }
    names = (struct ctl_names){.word = command->action};
    meaning.word = &command->action;
    for (uint16_t i = 0; step && i < step->action_count; i++) {
        ctl_names_add_titled(ctl, &names, step->actions[i].id, &step->actions[i].title);
    }
    return settle(ctl, &names, &meaning);
}

static int
role_settle(const struct ctl *ctl, const struct policy *policy, struct ctl_command *command)
{
    static struct ctl_names names; /* large */
    static struct meaning meaning;
    if (!command->role || !policy->role_titles) {
        return CTL_OK;
    }
    names = (struct ctl_names){.word = command->role};
    meaning.word = &command->role;
    for (uint16_t i = 0; i < policy->role_count; i++) {
        ctl_names_add_titled(ctl, &names, policy->roles[i], &policy->role_titles[i]);
    }
    return settle(ctl, &names, &meaning);
}

static const struct policy_action *
action_of(const struct policy *policy, const ctl_reply *reply, const char *id)
{
    uint16_t step = policy_step_index(policy, slice_data(reply->step));
    uint16_t action = step == POLICY_NONE || !id
                          ? (uint16_t)POLICY_NONE
                          : policy_action_index(&policy->steps[step], slice_text(id));
    return action == POLICY_NONE ? NULL : &policy->steps[step].actions[action];
}

/* By the title its action gives it, or the policy. */
static int field_settle(const struct ctl *ctl,
                        const struct policy *policy,
                        const struct policy_action *action,
                        struct meaning *meaning)
{
    static struct ctl_names names; /* large */
    names = (struct ctl_names){.word = *meaning->word};
    for (uint16_t i = 0; action && i < action->need_count; i++) {
        const struct policy_need *need = &action->needs[i];
        uint16_t field = policy_field_index(policy, slice_text(need->field));
        ctl_names_add_titled(ctl, &names, need->field, &need->title);
        if (field != POLICY_NONE) {
            ctl_names_add_titled(ctl, &names, need->field, &policy->fields[field].title);
        }
    }
    return settle(ctl, &names, meaning);
}

int ctl_meant_field(const struct ctl *ctl,
                    const struct policy *policy,
                    const struct policy_action *action,
                    char *name,
                    size_t size)
{
    const char *word = name;
    struct meaning meaning = {.word = &word};
    int code = field_settle(ctl, policy, action, &meaning);
    if (word != name) {
        (void)snprintf(name, size, "%s", word);
    }
    return code;
}

const struct policy_action *
ctl_meant_action(const struct ctl *ctl, const struct policy_step *step, const char *word)
{
    static struct ctl_names names; /* large */
    names = (struct ctl_names){.word = word};
    for (uint16_t i = 0; i < step->action_count; i++) {
        ctl_names_add_titled(ctl, &names, step->actions[i].id, &step->actions[i].title);
    }
    const char *id = ctl_names_meant(&names);
    uint16_t index = id ? policy_action_index(step, slice_text(id)) : (uint16_t)POLICY_NONE;
    return index == POLICY_NONE ? NULL : &step->actions[index];
}

static const struct policy_field *
rules_of(const struct policy *policy, const struct policy_action *action, const char *id)
{
    const struct policy_need *need = policy_need_of(action, slice_text(id));
    if (need && need->rules) {
        return need->rules;
    }
    uint16_t field = policy_field_index(policy, slice_text(id));
    return field == POLICY_NONE ? NULL : &policy->fields[field];
}

static void flags_add(const struct ctl *ctl, struct ctl_names *names)
{
    struct policy_title yes = {0};
    struct policy_title no = {0};
    for (unsigned i = 0; i < LOCALE_COUNT; i++) {
        yes.text[i] = ctl_text_in((enum ctl_language)i, TEXT_DIFF_YES);
        no.text[i] = ctl_text_in((enum ctl_language)i, TEXT_DIFF_NO);
    }
    ctl_names_add_titled(ctl, names, "yes", &yes);
    ctl_names_add_titled(ctl, names, "no", &no);
}

/* What there is to choose from; nothing of what may hold any text. */
static void choices_add(const struct ctl *ctl,
                        const struct policy *policy,
                        const struct policy_field *rules,
                        const char *id,
                        struct ctl_names *names)
{
    bool category = strcmp(id, "category") == 0;
    bool severity = strcmp(id, "severity_class") == 0;
    for (uint16_t i = 0; rules && i < rules->choice_count; i++) {
        ctl_names_add_titled(ctl, names, rules->choices[i].id, &rules->choices[i].title);
    }
    for (uint16_t i = 0; category && i < policy->category_count; i++) {
        ctl_names_add_titled(ctl, names, policy->categories[i].id, &policy->categories[i].title);
    }
    for (uint16_t i = 0; severity && i < policy->class_count; i++) {
        ctl_names_add_titled(ctl, names, policy->classes[i].id, &policy->classes[i].title);
    }
    if (rules && rules->type == FORM_FLAG) {
        flags_add(ctl, names);
    }
}

static int value_settle(const struct ctl *ctl,
                        const struct policy *policy,
                        const struct policy_action *action,
                        const char *id,
                        struct meaning *meaning)
{
    static struct ctl_names names; /* large */
    names = (struct ctl_names){.word = *meaning->word};
    choices_add(ctl, policy, rules_of(policy, action, id), id, &names);
    return settle(ctl, &names, meaning);
}

int ctl_meant_fields(const struct ctl *ctl,
                     const struct policy *policy,
                     const ctl_reply *reply,
                     struct ctl_command *command,
                     bool *changed)
{
    static struct meaning names[CTL_FIELDS_MAX]; /* the command is lent the ids */
    static struct meaning values[CTL_FIELDS_MAX];
    const struct policy_action *action = action_of(policy, reply, command->action);
    int code = CTL_OK;
    for (uint32_t i = 0; code == CTL_OK && i < command->field_count; i++) {
        struct ctl_field *field = &command->fields[i];
        const char *name = field->name;
        char typed[VIEW_TEXT_MAX];
        const char *value = typed;
        names[i].word = &field->name;
        values[i].word = &value;
        code = field_settle(ctl, policy, action, &names[i]);
        *changed = *changed || field->name != name;
        if (code == CTL_OK && field->value.size < sizeof typed) {
            (void)snprintf(typed,
                           sizeof typed,
                           "%.*s",
                           (int)field->value.size,
                           (const char *)field->value.bytes);
            code = value_settle(ctl, policy, action, field->name, &values[i]);
        }
        if (value != typed) {
            field->value = slice_text(value);
            *changed = true;
        }
        values[i].word = NULL; /* it was of this turn */
    }
    return code;
}

/* An answer in which a title may have been taken for an id. */
static bool is_doubtful(const ctl_reply *reply, const struct ctl_command *command)
{
    bool looks = !command->queue && !command->action && command->role;
    return reply->has_policy_id &&
           (looks || reply->outcome == REDRESS__COMMAND__V1__OUTCOME__OUTCOME_REFUSED);
}

int ctl_meant_ask(struct ctl *ctl,
                  struct ctl_desk *desk,
                  struct ctl_command *command,
                  const ctl_reply **reply)
{
    const struct ctl_command typed = *command;
    int code = ctl_desk_ask(desk, command, reply);
    if (code != CTL_OK || !is_doubtful(*reply, command)) {
        return code;
    }
    SCOPED(view_policies_free) struct view_policies *policies = view_policies_new(ctl);
    const struct policy *policy = policies ? view_policy(policies, (*reply)->policy_id) : NULL;
    if (policy) {
        code = action_settle(ctl, policy, *reply, command);
        code = code == CTL_OK ? role_settle(ctl, policy, command) : code;
    }
    bool changed = command->action != typed.action || command->role != typed.role;
    if (code == CTL_OK && policy) {
        code = ctl_meant_fields(ctl, policy, *reply, command, &changed);
    }
    if (code == CTL_OK && changed) {
        memset(command->id, 0, sizeof command->id); /* it is another command */
        code = ctl_desk_ask(desk, command, reply);
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer does not know of SCOPED */
    return code;
}
