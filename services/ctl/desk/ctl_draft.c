#include "ctl_draft.h"

#include "case_number.h"
#include "clock.h"
#include "ctl_hint.h"
#include "ctl_refusal.h"
#include "scope.h"

int ctl_draft_show(const struct ctl *ctl,
                   const struct case_view *view,
                   const struct ctl_command *command)
{
    const struct policy *policy = view->policy;
    struct event_field fields[CTL_FIELDS_MAX];
    char number[CASE_NUMBER_SIZE];
    static char room[POLICY_TEXT_SAID_MAX + 1]; /* and the end of a text */
    struct slice said = {0};
    struct slice about = {0};
    for (uint32_t i = 0; i < command->field_count; i++) {
        fields[i] = (struct event_field){.name = slice_text(command->fields[i].name),
                                         .value = command->fields[i].value};
    }
    struct dispatch_input input = {.now_us = view->now_us,
                                   .action = slice_text(command->action),
                                   .field_count = command->field_count,
                                   .fields = fields,
                                   .text = slice_text(command->text),
                                   .text_language = slice_text(command->text_language)};
    case_number_format(view->case_id, view->state.received_at_us, number);
    if (!dispatch_text_fill(
            policy, &view->state, &input, slice_text(number), room, sizeof room - 1, &said)) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_LOOK_MEMORY, NULL);
    }
    enum dispatch_answer answer = text_permit(policy, &view->state, &input, &about);
    char name[VIEW_TEXT_MAX];
    if (answer == DISPATCH_TEXT_UNREADY && ctl_refusal_due(ctl, policy, about, name)) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_DRAFT_NO_DUE, CTL_ARGS(name));
    }
    if (answer == DISPATCH_TEXT_UNREADY) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_DRAFT_LACKS, CTL_ARGS(view_plain(about, name)));
    }
    if (answer != DISPATCH_APPEND) {
        const struct policy_step *step = &policy->steps[view->state.step];
        uint16_t index = policy_action_index(step, input.action);
        int code = ctl_fail(ctl,
                            CTL_FAILED,
                            TEXT_DRAFT_UNKNOWN,
                            CTL_ARGS(view_plain(about, name), command->action, step->id));
        if (index != POLICY_NONE) {
            ctl_hint_text(ctl, policy, &step->actions[index], command->text);
        }
        return code;
    }
    if (ctl->json) {
        json_t *value = json_object();
        (void)json_object_set_new(value, "text", json_string(command->text));
        (void)json_object_set_new(value, "says", ctl_json_text(said));
        (void)json_object_set_new(value, "altered", case_altered_json(view));
        ctl_print_json(ctl, &value);
    } else {
        room[said.size] = '\0';
        (void)fprintf(ctl->out, "%s\n", ctl_text_tame(room));
    }
    return CTL_OK;
}

int ctl_draft(struct ctl *ctl, const char *name, const struct ctl_command *command)
{
    SCOPED(case_done) struct case_view view = {.now_us = clock_now_us()};
    SCOPED(view_policies_free) struct view_policies *policies = view_policies_new(ctl);
    int code = case_read(ctl, name, policies, &view);
    if (code == CTL_OK && (!view.policy || view.state.version == 0)) {
        code = ctl_fail(ctl, CTL_NOT_FOUND, TEXT_LOOK_NO_CASE, CTL_ARGS(name));
    }
    if (code == CTL_OK && view.policy) {
        code = ctl_draft_show(ctl, &view, command);
        int vouched = case_vouch(ctl, &view); /* it would go to the customer */
        code = code == CTL_OK ? vouched : code;
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer does not know of SCOPED */
    return code;
}
