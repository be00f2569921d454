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
    if (code == CTL_OK && changed) {
        memset(command->id, 0, sizeof command->id); /* it is another command */
        code = ctl_desk_ask(desk, command, reply);
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer does not know of SCOPED */
    return code;
}
