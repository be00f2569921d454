/* Dispatch's replies for people: where the case stands, what may be done now, by whom, and why
 * what may not be done may not. */
#include "ctl_case.h"
#include "ctl_form.h"
#include "ctl_refusal.h"

enum { ACTION_WIDTH = 18, NAMED_MAX = 2 * VIEW_TEXT_MAX };

typedef Redress__Command__V1__Allowed allowed_action;

struct telling {
    const struct ctl *ctl;
    FILE *to;
    const struct policy *policy;    /* NULL: ids are shown */
    const struct policy_step *step; /* of the case; NULL: unknown */
    const ctl_reply *reply;
    const char *actor; /* NULL: nobody was named */
    bool alike;        /* all that is refused is for the same reason */
};

static struct slice slice_data(ProtobufCBinaryData data)
{
    return slice_of(data.data, data.len);
}

static const char *word(const struct telling *telling, enum ctl_text id)
{
    return ctl_text_in(telling->ctl->language, id);
}

/* "退款（refund）": the title for reading, the id for typing. */
static const char *named(const struct telling *telling,
                         const struct policy_title *title,
                         ProtobufCBinaryData id,
                         char into[NAMED_MAX])
{
    char plain[VIEW_TEXT_MAX];
    char said[VIEW_TEXT_MAX] = "";
    (void)view_plain(slice_data(id), plain);
    if (title) {
        (void)view_plain(slice_text(view_title(telling->ctl, title)), said);
    }
    bool both = said[0] != '\0' && strcmp(said, plain) != 0;
    return ctl_format_into(into,
                           NAMED_MAX,
                           both ? word(telling, TEXT_SAY_THING) : "{1}",
                           both ? CTL_ARGS(said, plain) : CTL_ARGS(plain));
}

static const struct policy_title *role_title(const struct policy *policy, ProtobufCBinaryData id)
{
    return policy ? policy_role_title(policy, slice_data(id)) : NULL;
}

static const struct policy_title *step_title(const struct policy *policy, ProtobufCBinaryData id)
{
    uint16_t step = policy ? policy_step_index(policy, slice_data(id)) : POLICY_NONE;
    return step == POLICY_NONE ? NULL : &policy->steps[step].title;
}

static const struct policy_action *action_of(const struct telling *telling, ProtobufCBinaryData id)
{
    uint16_t index =
        telling->step ? policy_action_index(telling->step, slice_data(id)) : POLICY_NONE;
    return index == POLICY_NONE ? NULL : &telling->step->actions[index];
}

static const struct policy_title *need_title(const struct policy_action *action,
                                             ProtobufCBinaryData id)
{
    const struct policy_need *need = policy_need_of(action, slice_data(id));
    return need ? &need->title : NULL;
}

/* The title the action gives to a field, else another of the step, else the policy's own. */
static const struct policy_title *field_title(const struct telling *telling,
                                              const struct policy_action *action,
                                              ProtobufCBinaryData id)
{
    const struct policy_step *step = telling->step;
    const struct policy_title *title = need_title(action, id);
    for (uint16_t a = 0; step && !title && a < step->action_count; a++) {
        title = need_title(&step->actions[a], id);
    }
    if (title) {
        return title;
    }
    uint16_t field =
        telling->policy ? policy_field_index(telling->policy, slice_data(id)) : POLICY_NONE;
    return field == POLICY_NONE ? NULL : &telling->policy->fields[field].title;
}

/* "      必填：原因 (cause), 退款 (refund)"; nothing where there is none of them. */
static void fields_write(const struct telling *telling,
                         enum ctl_text head,
                         const allowed_action *action,
                         bool required)
{
    const char *before = word(telling, head);
    const struct policy_action *own = action_of(telling, action->action);
    bool any = false;
    for (size_t i = 0; i < action->n_needs; i++) {
        bool must = false;
        for (size_t r = 0; r < action->n_required; r++) {
            must =
                must || slice_equal(slice_data(action->required[r]), slice_data(action->needs[i]));
        }
        char name[NAMED_MAX];
        if (must == required) {
            (void)named(
                telling, field_title(telling, own, action->needs[i]), action->needs[i], name);
            (void)fprintf(telling->to,
                          "%s%s%s",
                          any ? "" : "      ",
                          any ? word(telling, TEXT_LIST_AND) : before,
                          name);
            any = true;
        }
    }
    (void)fputs(any ? "\n" : "", telling->to);
}

static void roles_write(const struct telling *telling, const allowed_action *action)
{
    char name[NAMED_MAX];
    (void)fputs("  [", telling->to);
    for (size_t i = 0; i < action->n_roles; i++) {
        const struct policy_title *title = role_title(telling->policy, action->roles[i]);
        (void)fprintf(telling->to,
                      "%s%s",
                      i > 0 ? word(telling, TEXT_LIST_AND) : "",
                      named(telling, title, action->roles[i], name));
    }
    (void)fputs("]\n", telling->to);
}

/* The amount with the unit of its field's form. */
static const char *most_of(const struct telling *telling,
                           const Redress__Command__V1__Limit *limit,
                           char into[NAMED_MAX])
{
    char most[VIEW_TEXT_MAX];
    char unit[VIEW_TEXT_MAX] = "";
    for (size_t i = 0; i < telling->reply->n_forms; i++) {
        const Redress__Command__V1__Form *form = telling->reply->forms[i];
        if (slice_equal(slice_data(form->field), slice_data(limit->field))) {
            (void)view_plain(slice_data(form->unit), unit);
        }
    }
    (void)view_plain(slice_data(limit->most), most);
    (void)snprintf(into, NAMED_MAX, "%s%s%s", most, unit[0] != '\0' ? " " : "", unit);
    return into;
}

static void limits_write(const struct telling *telling, const allowed_action *action)
{
    for (size_t i = 0; i < action->n_limits; i++) {
        const Redress__Command__V1__Limit *limit = action->limits[i];
        char field[NAMED_MAX];
        char role[NAMED_MAX];
        char most[NAMED_MAX];
        (void)named(telling, field_title(telling, NULL, limit->field), limit->field, field);
        (void)named(telling, role_title(telling->policy, limit->role), limit->role, role);
        (void)fputs("      ", telling->to);
        ctl_format(telling->to,
                   word(telling, TEXT_FORM_LIMIT),
                   CTL_ARGS(field, role, most_of(telling, limit, most)));
        (void)fputc('\n', telling->to);
    }
}

static void texts_write(const struct telling *telling, const allowed_action *action)
{
    char name[VIEW_TEXT_MAX];
    for (size_t i = 0; i < action->n_texts; i++) {
        (void)fprintf(telling->to,
                      "%s%s%s",
                      i == 0 ? "      " : word(telling, TEXT_LIST_AND),
                      i == 0 ? word(telling, TEXT_FORM_TEXTS) : "",
                      view_plain(slice_data(action->texts[i]), name));
    }
    (void)fputs(action->n_texts > 0 ? "\n" : "", telling->to);
}

/* Why whoever asked may not do it now. */
static void why_write(const struct telling *telling, const allowed_action *action)
{
    char why[CTL_REFUSAL_MAX];
    Redress__Command__V1__Reason reason = REDRESS__COMMAND__V1__REASON__INIT;
    reason.about = action->lacking;
    reason.n_about_title = action->n_lacking_title;
    reason.about_title = action->lacking_title;
    reason.n_wanted = action->n_wanted;
    reason.wanted = action->wanted;
    bool nothing = action->lacking.len == 0 && action->n_lacking_title == 0;
    if (nothing && telling->actor) { /* then it is about the person */
        reason.about =
            (ProtobufCBinaryData){strlen(telling->actor), (uint8_t *)(uintptr_t)telling->actor};
    }
    const struct ctl_refusal refusal = {.policy = telling->policy,
                                        .code = slice_data(action->refusal),
                                        .english = slice_data(action->refusal),
                                        .reason = &reason,
                                        .nobody = telling->reply->agent.len == 0};
    (void)fprintf(telling->to, "      %s\n", ctl_refusal_say(telling->ctl, &refusal, why));
}

enum group { GROUP_MAY, GROUP_NOT_NOW, GROUP_OTHERS, GROUP_COUNT };

static enum group group_of(const allowed_action *action)
{
    bool role = slice_equal(slice_data(action->refusal), slice_text("role_may_not"));
    return !action->has_refusal ? GROUP_MAY : role ? GROUP_OTHERS : GROUP_NOT_NOW;
}

/* "  approve            批准 → 征求同意  [主管 (supervisor)]", and what belongs to it below. */
static void action_write(const struct telling *telling,
                         const allowed_action *action,
                         const char *title,
                         enum group group)
{
    char id[VIEW_TEXT_MAX];
    char text[VIEW_TEXT_MAX];
    (void)view_fit(view_plain(slice_data(action->action), text), ACTION_WIDTH, id);
    bool whole = strlen(text) <= ACTION_WIDTH; /* what is to be typed is never cut */
    (void)fprintf(telling->to, "  %s %s", whole ? id : text, title);
    if (action->has_to_step) {
        const struct policy_title *to = step_title(telling->policy, action->to_step);
        (void)fprintf(telling->to,
                      "%s→ %s",
                      title[0] != '\0' ? " " : "",
                      to ? view_title(telling->ctl, to)
                         : view_plain(slice_data(action->to_step), text));
    }
    roles_write(telling, action);
    if (group == GROUP_NOT_NOW && !telling->alike) {
        why_write(telling, action);
    }
    if (group != GROUP_OTHERS) {
        fields_write(telling, TEXT_FORM_MUST, action, true);
        fields_write(telling, TEXT_FORM_CAN, action, false);
        texts_write(telling, action);
        limits_write(telling, action);
    }
}

/* One action of the group, beneath its head where it is the first one. */
static void grouped_write(const struct telling *telling,
                          const allowed_action *action,
                          const char *title,
                          enum group group,
                          bool *any)
{
    static const enum ctl_text heads[GROUP_COUNT] = {
        [GROUP_MAY] = TEXT_ACT_MAY,
        [GROUP_NOT_NOW] = TEXT_ACT_NOT_NOW,
        [GROUP_OTHERS] = TEXT_ACT_OTHERS,
    };
    if (!action || group_of(action) != group) {
        return;
    }
    if (!*any) {
        enum ctl_text head = telling->actor       ? heads[group]
                             : group == GROUP_MAY ? TEXT_ACT_ROLES
                                                  : TEXT_ACT_NOBODY;
        (void)fprintf(telling->to, "%s\n", word(telling, head));
    }
    if (!*any && group == GROUP_NOT_NOW && telling->alike) {
        why_write(telling, action);
    }
    *any = true;
    action_write(telling, action, title, group);
}

static void group_write(const struct telling *telling, enum group group)
{
    const ctl_reply *reply = telling->reply;
    bool any = false;
    for (size_t i = 0; i < reply->n_allowed; i++) {
        const struct policy_action *of = action_of(telling, reply->allowed[i]->action);
        bool erases = slice_equal(slice_data(reply->allowed[i]->action), slice_text("erase"));
        const char *title = of       ? view_title(telling->ctl, &of->title)
                            : erases ? word(telling, TEXT_ACT_ERASE)
                                     : "";
        grouped_write(telling, reply->allowed[i], title, group, &any);
    }
    grouped_write(telling, reply->claim, word(telling, TEXT_ACT_CLAIM), group, &any);
    grouped_write(telling, reply->release, word(telling, TEXT_ACT_RELEASE), group, &any);
}

/* What has to wait is known by its title alone. */
static bool is_titled_alike(const allowed_action *one, const allowed_action *other)
{
    bool alike = one->n_lacking_title == other->n_lacking_title;
    for (size_t i = 0; alike && i < one->n_lacking_title; i++) {
        alike = slice_equal(slice_data(one->lacking_title[i]), slice_data(other->lacking_title[i]));
    }
    return alike;
}

/* Then it is said once, and not of each action again. */
static bool is_alike(const ctl_reply *reply)
{
    const allowed_action *first = NULL;
    const allowed_action *rows[POLICY_ACTIONS_MAX + 3] = {reply->claim, reply->release};
    size_t count = 2;
    for (size_t i = 0; i < reply->n_allowed && i <= POLICY_ACTIONS_MAX; i++) {
        rows[count++] = reply->allowed[i];
    }
    for (size_t i = 0; i < count; i++) {
        if (!rows[i] || group_of(rows[i]) != GROUP_NOT_NOW) {
            continue;
        }
        first = first ? first : rows[i];
        if (!slice_equal(slice_data(rows[i]->refusal), slice_data(first->refusal)) ||
            !slice_equal(slice_data(rows[i]->lacking), slice_data(first->lacking)) ||
            !is_titled_alike(rows[i], first) ||
            rows[i]->n_wanted > 0) { /* of the same field each may want another value */
            return false;
        }
    }
    return first != NULL;
}

static void allowed_write(const struct telling *telling)
{
    const ctl_reply *reply = telling->reply;
    for (int group = GROUP_MAY; group < GROUP_COUNT; group++) {
        group_write(telling, (enum group)group);
    }
    if (reply->n_forms > 0) {
        (void)fprintf(telling->to, "%s\n", word(telling, TEXT_FORM_HEAD));
    }
    for (size_t i = 0; i < reply->n_forms; i++) {
        char name[NAMED_MAX];
        const Redress__Command__V1__Form *form = reply->forms[i];
        (void)fputs("  ", telling->to);
        (void)named(telling, field_title(telling, NULL, form->field), form->field, name);
        ctl_format(telling->to, word(telling, TEXT_FIELD_IS), CTL_ARGS(name, ""));
        ctl_form_say(telling->ctl, telling->policy, form, telling->to);
        (void)fputc('\n', telling->to);
    }
}

static void state_write(const struct telling *telling)
{
    const ctl_reply *reply = telling->reply;
    const struct policy *policy = telling->policy;
    char number[VIEW_TEXT_MAX];
    char step[NAMED_MAX];
    char place[NAMED_MAX];
    bool held = reply->has_agent && reply->agent.len > 0;
    bool queued = reply->has_queue && reply->queue.len > 0;
    uint16_t queue =
        queued && policy ? policy_queue_index(policy, slice_data(reply->queue)) : POLICY_NONE;
    (void)named(telling,
                queue == POLICY_NONE ? NULL : &policy->queues[queue].title,
                held ? reply->agent : reply->queue,
                place);
    ctl_print(telling->ctl,
              held     ? TEXT_CASE_HELD
              : queued ? TEXT_CASE_QUEUED
                       : TEXT_CASE_CLOSED,
              CTL_ARGS(view_plain(slice_data(reply->case_number), number),
                       named(telling, step_title(policy, reply->step), reply->step, step),
                       CTL_NUMBER_TEXT(reply->version),
                       CTL_NUMBER_TEXT(reply->priority),
                       place));
}

/* About what was filled in, or an action that is none, of which what there is is hinted at: the
 * list would hide the one line. */
static bool is_of_the_form(const ctl_reply *reply)
{
    static const char *const begins[] = {"action_", "field", "note_", "part_", "phrase_", "text_"};
    struct slice code = slice_data(reply->code);
    bool is = false;
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        size_t size = strlen(begins[i]);
        is = is || (code.size > size && memcmp(code.bytes, begins[i], size) == 0);
    }
    return is;
}

static int refusal_tell(const struct telling *telling, const char *role)
{
    const ctl_reply *reply = telling->reply;
    const struct ctl *ctl = telling->ctl;
    int code = ctl_reply_code(reply);
    const struct ctl_refusal refusal = ctl_refusal_of(telling->policy, reply);
    char why[CTL_REFUSAL_MAX];
    char id[VIEW_TEXT_MAX];
    char number[VIEW_TEXT_MAX];
    char step[NAMED_MAX];
    (void)ctl_refusal_say(ctl, &refusal, why);
    (void)view_plain(slice_data(reply->code), id);
    if (!reply->has_step || reply->step.len == 0) {
        return ctl_fail(ctl, code, TEXT_COMMAND_REFUSED, CTL_ARGS(id, why));
    }
    const ProtobufCBinaryData role_id = {strlen(role), (uint8_t *)(uintptr_t)role};
    char role_said[NAMED_MAX];
    (void)view_plain(slice_data(reply->case_number), number);
    (void)named(telling, step_title(telling->policy, reply->step), reply->step, step);
    (void)named(telling, role_title(telling->policy, role_id), role_id, role_said);
    return ctl_fail(ctl,
                    code,
                    TEXT_COMMAND_REFUSED_AT,
                    CTL_ARGS(id, why, step, role_said, CTL_NUMBER_TEXT(reply->version), number));
}

static void done_tell(const struct telling *telling)
{
    bool lists = telling->reply->n_allowed > 0;
    state_write(telling);
    if (lists && !telling->ctl->quiet) {
        allowed_write(telling);
    }
    if (lists && !telling->actor) {
        ctl_note(telling->ctl, TEXT_ACT_NAME_YOURSELF, NULL);
    }
}

static struct telling telling_of(const struct ctl *ctl,
                                 const struct policy *policy,
                                 const ctl_reply *reply,
                                 const char *actor)
{
    uint16_t step = policy ? policy_step_index(policy, slice_data(reply->step)) : POLICY_NONE;
    return (struct telling){.ctl = ctl,
                            .to = ctl_reply_code(reply) == CTL_OK ? ctl->out : ctl->err,
                            .policy = policy,
                            .step = step == POLICY_NONE ? NULL : &policy->steps[step],
                            .reply = reply,
                            .actor = actor,
                            .alike = is_alike(reply)};
}

void ctl_reply_allowed(const struct ctl *ctl,
                       const struct policy *policy,
                       const ctl_reply *reply,
                       const char *actor)
{
    const struct telling telling = telling_of(ctl, policy, reply, actor);
    bool refused = reply->outcome == REDRESS__COMMAND__V1__OUTCOME__OUTCOME_REFUSED ||
                   reply->outcome == REDRESS__COMMAND__V1__OUTCOME__OUTCOME_CONFLICT;
    if (refused && reply->n_allowed > 0 && !ctl->quiet && !ctl->json && !is_of_the_form(reply)) {
        allowed_write(&telling);
    }
}

int ctl_reply_tell(const struct ctl *ctl,
                   const struct policy *policy,
                   const ctl_reply *reply,
                   const char *actor,
                   const char *role)
{
    int code = ctl_reply_code(reply);
    const struct telling telling = telling_of(ctl, policy, reply, actor);
    if (ctl->json) {
        json_t *value = ctl_reply_json(reply);
        ctl_print_json(ctl, &value);
    } else if (code == CTL_OK) {
        done_tell(&telling);
    }
    if (code == CTL_OK) {
        return code;
    }
    if (reply->outcome == REDRESS__COMMAND__V1__OUTCOME__OUTCOME_EMPTY) {
        bool passed = slice_equal(slice_data(reply->code), slice_text("none_fits"));
        return ctl_fail(ctl, code, passed ? TEXT_QUEUE_NONE_FITS : TEXT_QUEUE_EMPTY, NULL);
    }
    if (reply->outcome == REDRESS__COMMAND__V1__OUTCOME__OUTCOME_NOT_FOUND) {
        return ctl_fail(ctl, code, TEXT_CASE_UNKNOWN, NULL);
    }
    return refusal_tell(&telling, role);
}
