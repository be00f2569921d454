/* `redress claim`, `act` and `release`: what a person at the desk does. */
#include "clock.h"
#include "ctl_case.h"
#include "ctl_database.h"
#include "ctl_desk.h"
#include "ctl_draft.h"
#include "ctl_fill.h"
#include "ctl_hint.h"
#include "ctl_meant.h"
#include "ctl_names.h"
#include "ctl_org.h"
#include "scope.h"

/* Who asks. */
static int who(const struct ctl *ctl, struct ctl_command *command)
{
    command->actor = ctl_option_text(ctl, "as");
    command->role = ctl_option_text(ctl, "role");
    if (command->actor && command->role) {
        return CTL_OK;
    }
    return ctl_fail(ctl, CTL_USAGE, TEXT_WHO_NEEDED, CTL_ARGS(ctl->verb->name));
}

static int open_desk(struct ctl *ctl, struct ctl_desk **desk)
{
    return ctl_desk_open(ctl, ctl_option_number(ctl, "timeout"), desk);
}

/*
 * A claim whose answer was lost is done once only, but the reply to its repeat speaks of the case
 * that is at the head now: the archive knows which one it got.
 */
static int claim_repeated(struct ctl *ctl,
                          struct ctl_desk *desk,
                          struct ctl_command *command,
                          const ctl_reply **reply)
{
    char id[UUID_TEXT_SIZE];
    uuid_text(command->id, id);
    const char *const parameters[] = {id};
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ctl_query(
        ctl, "SELECT case_id FROM command WHERE command_id = $1::uuid", parameters, 1, &rows);
    if (code != CTL_OK || PQntuples(rows) == 0) {
        return code;
    }
    struct ctl_command show = {.actor = command->actor,
                               .role = command->role,
                               .case_id = strtoull(PQgetvalue(rows, 0, 0), NULL, 10)};
    return ctl_desk_ask(desk, &show, reply);
}

/* The role is one of the policy's; else CTL_FAILED after saying which there are. */
static int role_check(const struct ctl *ctl, const struct policy *policy, const char *role)
{
    static struct ctl_names names; /* large */
    char near[CTL_NAMES_TOLD_MAX];
    char list[CTL_NAMES_TOLD_MAX];
    if (!policy || policy_role_index(policy, slice_text(role)) != POLICY_NONE) {
        return CTL_OK;
    }
    names = (struct ctl_names){.word = role};
    for (uint16_t i = 0; i < policy->role_count; i++) {
        const struct policy_title *title = policy->role_titles ? &policy->role_titles[i] : NULL;
        ctl_names_add(&names, policy->roles[i], title ? view_title(ctl, title) : NULL);
    }
    if (ctl->json) {
        json_t *roles = json_array();
        for (uint16_t i = 0; i < policy->role_count; i++) {
            (void)json_array_append_new(roles, json_string(policy->roles[i]));
        }
        json_t *value = json_pack("{s:s, s:s, s:s, s:o}",
                                  "outcome",
                                  "refused",
                                  "code",
                                  "role_unknown",
                                  "role",
                                  role,
                                  "roles",
                                  roles);
        ctl_print_json(ctl, &value);
    }
    return ctl_fail(ctl,
                    CTL_FAILED,
                    TEXT_ROLE_UNKNOWN,
                    CTL_ARGS(role,
                             names.near_count > 0 ? ctl_names_tell(ctl, &names, near) : "",
                             ctl_names_list(ctl, &names, list)));
}

/* What was personal is gone: nothing more is done to the case, so no list of what may be. */
static void erased_tell(struct ctl *ctl,
                        struct view_policies *policies,
                        const struct policy *policy,
                        const ctl_reply *reply,
                        const struct ctl_command *command)
{
    char number[VIEW_TEXT_MAX];
    char actor[VIEW_TEXT_MAX];
    char role[VIEW_TEXT_MAX];
    char at[VIEW_TEXT_MAX];
    const char *title = policy ? view_title(ctl, &policy->title) : "";
    (void)view_plain(slice_of(reply->case_number.data, reply->case_number.len), number);
    if (!ctl_reply_is(reply, "erased")) {
        ctl_print(ctl,
                  TEXT_ERASED_NOW,
                  CTL_ARGS(number,
                           view_plain(slice_text(command->actor), actor),
                           case_role(ctl, policy, slice_text(command->role), role),
                           title));
        return;
    }
    SCOPED(case_done) struct case_view view = {.now_us = clock_now_us()};
    if (case_read(ctl, number, policies, &view) == CTL_OK && view.erased) {
        const struct event_advanced *advanced = &view.erased->advanced;
        view_zone_take(view_policy_zone(policy));
        ctl_print(ctl,
                  TEXT_ERASED_BEFORE,
                  CTL_ARGS(number,
                           view_time(view.erased->at_us, at),
                           view_plain(advanced->actor, actor),
                           case_role(ctl, policy, advanced->role, role),
                           title));
    } else { /* the archive does not have it yet, or is not there */
        ctl_print(ctl, TEXT_REFUSED_ERASED, NULL);
    }
}

static bool was_erased(const ctl_reply *reply, const struct ctl_command *command)
{
    return command->action && strcmp(command->action, "erase") == 0 &&
           ctl_reply_code(reply) == CTL_OK;
}

static bool releases_nothing(const ctl_reply *reply, const struct ctl_command *command)
{
    return command->action && strcmp(command->action, "release") == 0 &&
           ctl_reply_is(reply, "not_holder") && reply->step.len > 0 && reply->agent.len == 0;
}

/* A claim is refused before there is a case, so no policy says in which zone; until when somebody
 * is away is then told in that of the organisation. */
static void org_zone_take(struct ctl *ctl, const ctl_reply *reply)
{
    SCOPED(org_object_free) struct org_object *object = NULL;
    bool until = reply->reason && reply->reason->has_until_us;
    if (until && !ctl->json && !reply->has_policy_id && org_applied(ctl, &object) == CTL_OK &&
        object) {
        view_zone_take(object->org.zone);
    }
}

/* Who has claimed a case, or looks what may be done, wants to know what it says. */
static void read_hint(struct ctl *ctl,
                      const struct policy *policy,
                      const ctl_reply *reply,
                      const struct ctl_command *command)
{
    char number[VIEW_TEXT_MAX];
    bool looks = (command->queue || !command->action) && command->actor && command->role;
    if (looks && ctl_reply_code(reply) == CTL_OK && reply->step.len > 0 && policy &&
        policy_role_in(
            policy, policy->readers, policy_role_index(policy, slice_text(command->role)))) {
        (void)view_plain(slice_of(reply->case_number.data, reply->case_number.len), number);
        ctl_note(ctl, TEXT_HINT_READ, CTL_ARGS(number, command->actor, command->role));
    }
}

int ctl_reply_show(struct ctl *ctl, const ctl_reply *reply, const struct ctl_command *command)
{
    bool looks = !command->queue && !command->action;
    bool refused = reply->outcome == REDRESS__COMMAND__V1__OUTCOME__OUTCOME_REFUSED;
    bool doubtful = command->role && (looks || refused);
    SCOPED(view_policies_free)
    struct view_policies *policies = ctl->json && !doubtful ? NULL : view_policies_new(ctl);
    const struct policy *policy =
        policies && reply->has_policy_id ? view_policy(policies, reply->policy_id) : NULL;
    int code = doubtful ? role_check(ctl, policy, command->role) : CTL_OK;
    if (code == CTL_OK && !ctl->json && was_erased(reply, command)) {
        erased_tell(ctl, policies, policy, reply, command);
    } else if (code == CTL_OK && !ctl->json && releases_nothing(reply, command)) {
        char number[VIEW_TEXT_MAX];
        (void)view_plain(slice_of(reply->case_number.data, reply->case_number.len), number);
        code = ctl_fail(ctl, ctl_reply_code(reply), TEXT_NOTHING_TO_RELEASE, CTL_ARGS(number));
    } else if (code == CTL_OK) {
        org_zone_take(ctl, reply);
        code = ctl_reply_tell(ctl, policy, reply, command->actor, command->role);
        ctl_hint(ctl, policy, reply, command);
        ctl_reply_allowed(ctl, policy, reply, command->actor);
        read_hint(ctl, policy, reply, command);
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer does not know of SCOPED */
    return code;
}

/* Nothing waits, or it is not how a queue is named: is it one anybody ever heard of, or the title
 * of one?  Then *queue is its id. */
static int queue_check(struct ctl *ctl, const char **queue_p)
{
    static struct ctl_named named; /* the command is lent the id */
    const char *queue = *queue_p;
    SCOPED(view_policies_free) struct view_policies *policies = view_policies_new(ctl);
    named = (struct ctl_named){.naming = NAMING_WORK_QUEUE, .word = queue};
    int code = policies ? ctl_names_known(ctl, policies, &named, 1, NULL) : CTL_OK;
    if (code == CTL_OK && policies) {
        *queue_p = strcmp(queue, named.id) == 0 ? queue : named.id;
    }
    if (code != CTL_OK && ctl->json) {
        json_t *value = json_pack(
            "{s:s, s:s, s:s}", "outcome", "not_found", "code", "queue_unknown", "queue", queue);
        ctl_print_json(ctl, &value);
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer does not know of SCOPED */
    return code;
}

static bool is_empty(const ctl_reply *reply)
{
    return reply->outcome == REDRESS__COMMAND__V1__OUTCOME__OUTCOME_EMPTY;
}

/* Out of the queue that is called so, by its id or its title. */
static int claim_ask(struct ctl *ctl,
                     struct ctl_desk *desk,
                     bool more,
                     struct ctl_command *command,
                     const ctl_reply **reply)
{
    const char *queue = command->queue;
    int code = ctl_meant_ask(ctl, desk, command, reply);
    bool doubtful = code == CTL_OK && ((is_empty(*reply) && !ctl_reply_is(*reply, "none_fits")) ||
                                       ctl_reply_is(*reply, "queue_unknown"));
    if (doubtful && !more) {
        code = queue_check(ctl, &command->queue);
    }
    if (code == CTL_OK && command->queue != queue) {
        memset(command->id, 0, sizeof command->id); /* it is another command */
        code = ctl_meant_ask(ctl, desk, command, reply);
    }
    return code;
}

/* One case more, told; *done: there was none left, though some before. */
static int
claim_one(struct ctl *ctl, struct ctl_desk *desk, struct ctl_command *first, bool more, bool *done)
{
    struct ctl_command command = *first;
    const ctl_reply *reply = NULL;
    int code = claim_ask(ctl, desk, more, &command, &reply);
    first->queue = command.queue;
    first->role = command.role;
    if (code == CTL_OK && ctl_reply_is(reply, "repeated")) {
        code = claim_repeated(ctl, desk, &command, &reply);
    }
    if (code != CTL_OK) {
        return code;
    }
    *done = is_empty(reply) && more; /* fewer were there than asked for */
    return *done ? CTL_OK : ctl_reply_show(ctl, reply, &command);
}

/* All that is missing, not only what is missed first. */
static int claim_needs(const struct ctl *ctl)
{
    char said[CTL_USAGE_MAX];
    const char *as = ctl_option_text(ctl, "as") ? "" : " --as PERSON";
    const char *role = ctl_option_text(ctl, "role") ? "" : " --role ROLE";
    char places[CTL_USAGE_MAX];
    (void)snprintf(places, sizeof places, "%s%s%s", ctl->verb->arguments, as, role);
    return ctl_fail(ctl, CTL_USAGE, TEXT_CLAIM_NEEDS, CTL_ARGS(ctl_places_say(ctl, places, said)));
}

int ctl_claim(struct ctl *ctl)
{
    SCOPED(ctl_desk_free) struct ctl_desk *desk = NULL;
    struct ctl_command first = {.queue = ctl_argument(ctl, 0)};
    if (!first.queue) {
        return claim_needs(ctl);
    }
    int code = who(ctl, &first);
    if (code == CTL_OK) {
        code = open_desk(ctl, &desk);
    }
    int64_t count = ctl_option_number(ctl, "count");
    bool done = false;
    for (int64_t i = 0; code == CTL_OK && !done && i < count; i++) {
        code = claim_one(ctl, desk, &first, i > 0, &done);
    }
    return code;
}

static int ask_and_tell(struct ctl *ctl, struct ctl_command *command)
{
    SCOPED(ctl_desk_free) struct ctl_desk *desk = NULL;
    const ctl_reply *reply = NULL;
    int code = open_desk(ctl, &desk);
    if (code == CTL_OK) {
        code = ctl_meant_ask(ctl, desk, command, &reply);
    }
    return code == CTL_OK ? ctl_reply_show(ctl, reply, command) : code;
}

/* Without an action: the case as it stands, what may be done and what is filled in; where nobody is
 * named, which roles may do it. */
int ctl_act(struct ctl *ctl)
{
    struct ctl_command command = {.action = ctl_argument(ctl, 1),
                                  .version = (uint32_t)ctl_option_number(ctl, "version"),
                                  .note = ctl_option_text(ctl, "note"),
                                  .text = ctl_option_text(ctl, "text"),
                                  .text_language = ctl_option_text(ctl, "text-language")};
    bool draft = ctl_option_flag(ctl, "draft");
    if (draft && (!command.action || !command.text)) {
        return ctl_fail(ctl, CTL_USAGE, TEXT_DRAFT_TEXT_NEEDED, NULL);
    }
    if (command.action && strcmp(command.action, "read") == 0) { /* it would be given to nobody */
        return ctl_fail(ctl, CTL_USAGE, TEXT_READ_BY_ITSELF, CTL_ARGS(ctl_argument(ctl, 0)));
    }
    int code = ctl_case_of(ctl, ctl_argument(ctl, 0), &command.case_id);
    if (code == CTL_OK) {
        code = ctl_fill(ctl, &command);
    }
    if (code == CTL_OK && draft) {
        return ctl_draft(ctl, ctl_argument(ctl, 0), &command);
    }
    if (code == CTL_OK && !command.action &&
        (command.field_count > 0 || command.note || command.text)) {
        return ctl_fail(ctl, CTL_USAGE, TEXT_ARGUMENT_MISSING, CTL_ARGS("act", "ACTION"));
    }
    if (code == CTL_OK && (command.action || ctl_option_text(ctl, "as"))) {
        code = who(ctl, &command);
    }
    command.role = ctl_option_text(ctl, "role");
    return code == CTL_OK ? ask_and_tell(ctl, &command) : code;
}

int ctl_release(struct ctl *ctl)
{
    struct ctl_command command = {.action = "release"};
    int code = ctl_case_of(ctl, ctl_argument(ctl, 0), &command.case_id);
    if (code == CTL_OK) {
        code = who(ctl, &command);
    }
    return code == CTL_OK ? ask_and_tell(ctl, &command) : code;
}
