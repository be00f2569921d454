/* The words of a case's policy for what its events hold as ids: roles, actions, fields, choices. */
#include "ctl_case.h"
#include "ctl_policy.h"

const char *case_role(const struct ctl *ctl,
                      const struct policy *policy,
                      struct slice id,
                      char into[VIEW_TEXT_MAX])
{
    const struct policy_title *title = policy ? policy_role_title(policy, id) : NULL;
    return view_plain(title ? slice_text(view_title(ctl, title)) : id, into);
}

const char *case_outcome_text(const struct ctl *ctl, const char *id)
{
    for (int i = OUTCOME_SETTLED; i < OUTCOME_COUNT; i++) {
        if (strcmp(id, policy_outcome_name((enum case_outcome)i)) == 0) {
            return say_outcome(ctl, (enum case_outcome)i);
        }
    }
    return id;
}

static const struct policy_action *action_of(const struct policy *policy,
                                             const struct event_advanced *advanced)
{
    uint16_t at = policy ? policy_step_index(policy, advanced->from_step) : POLICY_NONE;
    const struct policy_step *step = at == POLICY_NONE ? NULL : &policy->steps[at];
    uint16_t action = step ? policy_action_index(step, advanced->action) : POLICY_NONE;
    return action == POLICY_NONE ? NULL : &step->actions[action];
}

const char *case_action(const struct ctl *ctl,
                        const struct policy *policy,
                        const struct event_advanced *advanced,
                        char into[VIEW_TEXT_MAX])
{
    const struct policy_action *action = action_of(policy, advanced);
    return action ? view_plain(slice_text(view_title(ctl, &action->title)), into) : "";
}

const struct policy_need *
case_need(const struct policy *policy, const struct event_advanced *advanced, struct slice name)
{
    return policy_need_of(action_of(policy, advanced), name);
}

struct slice case_field_of(const struct event_advanced *advanced, const char *name)
{
    for (uint32_t i = 0; i < advanced->field_count; i++) {
        if (slice_equal(advanced->fields[i].name, slice_text(name))) {
            return advanced->fields[i].value;
        }
    }
    return slice_of(NULL, 0);
}

const char *case_field_title(const struct ctl *ctl,
                             const struct policy *policy,
                             const struct event_advanced *advanced,
                             struct slice name,
                             char into[VIEW_TEXT_MAX])
{
    static const struct {
        const char *name;
        enum ctl_text text;
    } recorded[] = {
        {"@org",        TEXT_FIELD_ORG       },
        {"@deputy-of",  TEXT_FIELD_DEPUTY_OF },
        {"@load",       TEXT_FIELD_LOAD      },
        {"@because",    TEXT_FIELD_BECAUSE   },
        {"@ground",     TEXT_FIELD_GROUND    },
        {"@same-cause", TEXT_FIELD_SAME_CAUSE},
        {"@raised-to",  TEXT_FIELD_RAISED_TO },
    };
    const struct policy_need *need = case_need(policy, advanced, name);
    uint16_t field = policy ? policy_field_index(policy, name) : POLICY_NONE;
    for (size_t i = 0; i < sizeof recorded / sizeof *recorded; i++) {
        if (slice_equal(name, slice_text(recorded[i].name))) {
            return view_plain(slice_text(ctl_text_in(ctl->language, recorded[i].text)), into);
        }
    }
    if (field == POLICY_NONE && !need && slice_equal(name, slice_text("reason"))) {
        return view_plain(slice_text(ctl_text_in(ctl->language, TEXT_FIELD_REASON)), into);
    }
    const struct policy_title *title = need                   ? &need->title
                                       : field != POLICY_NONE ? &policy->fields[field].title
                                                              : NULL;
    return view_plain(title ? slice_text(view_title(ctl, title)) : name, into);
}
