/* One journey of a script, lived: the complaint is submitted, then people act in turn. */
#include "clock.h"
#include "ctl_database.h"
#include "ctl_phrase.h"
#include "ctl_refusal.h"
#include "ctl_script.h"
#include "ctl_submit.h"
#include "intake_core.h"
#include "scope.h"

#include <unistd.h>

enum { LOOK_EVERY_US = 20000, HEEDED_EVERY_US = 200000, DAY_S = 86400, US = 1000000 };

/* The policy is in the archive: intake may not have read it yet. */
static int submit_heeded(const struct script *script,
                         const struct ctl_submission *submission,
                         struct ctl_verdict *verdict)
{
    int64_t until_us = clock_monotonic_us() + script->timeout_ms * 1000;
    for (;;) {
        *verdict = (struct ctl_verdict){.kind = CTL_VERDICT_LATER};
        int code = ctl_submit_one(script->ctl, submission, script->timeout_ms, verdict);
        bool unread = verdict->kind == CTL_VERDICT_REFUSED && verdict->reason == INTAKE_POLICY;
        if (code != CTL_OK || !unread || clock_monotonic_us() > until_us) {
            return code;
        }
        (void)usleep(HEEDED_EVERY_US);
    }
}

static int submit(struct script *script, const struct yaml_node *journey, int64_t round)
{
    struct ctl_submission submission = {.policy = slice_text(script->policy_name)};
    struct ctl_verdict verdict;
    char contact[256];
    const char *customer = script_text(journey, "customer", NULL);
    uuidv7_make(clock_now_us(), submission.id);
    submission.channel =
        slice_text(script_text(journey, "channel", script->policy->channels[0].id));
    submission.narrative = slice_text(script_text(journey, "text", "……"));
    submission.category_hint = slice_text(script_text(journey, "hint", NULL));
    if (customer) { /* one of this run, and the same in every journey of a round */
        (void)snprintf(
            contact, sizeof contact, "%.100s/%" PRIu64 "/%" PRId64, customer, script->run, round);
        submission.contact = slice_text(contact);
    }
    int code = submit_heeded(script, &submission, &verdict);
    if (code == CTL_OK && verdict.kind != CTL_VERDICT_RECEIPT) {
        char why[CTL_REFUSAL_MAX];
        script_wrong(script,
                     journey,
                     TEXT_SCRIPT_NOT_ACCEPTED,
                     CTL_ARGS(ctl_submit_say(script->ctl, &verdict, why)));
        return CTL_OK;
    }
    (void)snprintf(script->earlier, sizeof script->earlier, "%s", script->number);
    script->case_id = verdict.leaf.case_id;
    (void)snprintf(script->number, sizeof script->number, "%s", verdict.case_number);
    return code;
}

/* Until dispatch has opened it. */
static int await_opened(struct script *script, const struct yaml_node *journey)
{
    int64_t until_us = clock_monotonic_us() + script->timeout_ms * 1000;
    while (clock_monotonic_us() < until_us) {
        struct ctl_command show = {
            .case_id = script->case_id, .actor = "redress", .role = script->policy->roles[0]};
        const ctl_reply *reply = NULL;
        int code = ctl_desk_ask(script->desk, &show, &reply);
        if (code != CTL_OK || ctl_reply_code(reply) == CTL_OK) {
            return code;
        }
        (void)usleep(LOOK_EVERY_US);
    }
    script_wrong(script, journey, TEXT_SCRIPT_NOT_OPENED, CTL_ARGS(script->number));
    return CTL_OK;
}

/* ---- what is filled in ---- */

/* The first there is: what a script leaves open does not matter, and is the same every time. */
static uint64_t first(void *self, uint64_t bound)
{
    (void)self;
    (void)bound;
    return 0;
}

/* What the script leaves open: the plainest value that fits. */
static void
value_find(struct script *script, const struct policy_need *need, char value[CTL_VALUE_MAX])
{
    const struct policy *policy = script->policy;
    static const struct policy_field any = {.type = FORM_TEXT};
    const struct policy_field *rules = need->rules ? need->rules : &any;
    char phrase[CTL_VALUE_MAX];
    const struct ctl_whim whim = {.random = first,
                                  .phrase = ctl_phrase(policy, &need->title, first, NULL, phrase),
                                  .today = clock_now_us() / US / DAY_S};
    const char *word = NULL;
    value[0] = '\0';
    if (strcmp(need->field, "category") == 0 && policy->category_count > 0) {
        word = policy->categories[policy->category_count - 1].id;
    } else if (strcmp(need->field, "severity_class") == 0 && policy->class_count > 0) {
        word = policy->classes[policy->class_count - 1].id;
    } else if (rules->type == FORM_FLAG) {
        word = "yes";
    } else if (strcmp(need->field, "case") == 0) {
        word = script->earlier;
    }
    if (word) {
        (void)snprintf(value, CTL_VALUE_MAX, "%s", word);
    } else {
        (void)ctl_form_invent(rules, &whim, value);
    }
}

/* The action as the step the case stands in has it; NULL: it has none of that name. */
static const struct policy_action *
action_of(const struct script *script, const ctl_reply *shown, const char *name)
{
    uint16_t step = policy_step_index(script->policy, slice_of(shown->step.data, shown->step.len));
    uint16_t index = step == POLICY_NONE
                         ? POLICY_NONE
                         : policy_action_index(&script->policy->steps[step], slice_text(name));
    return index == POLICY_NONE ? NULL : &script->policy->steps[step].actions[index];
}

/* The fields as told under "only"; or as under "with" and what else the action needs filled in. */
static void fields_fill(struct script *script,
                        const struct yaml_node *move,
                        const struct policy_action *action,
                        struct ctl_command *command)
{
    static char values[CTL_FIELDS_MAX][CTL_VALUE_MAX];
    const struct yaml_pair *only = yaml_find(move, "only");
    const struct yaml_pair *with = only ? only : yaml_find(move, "with");
    uint32_t count = 0;
    for (uint32_t i = 0; with && i < with->value.count && count < CTL_FIELDS_MAX; i++) {
        const struct yaml_pair *pair = &with->value.pairs[i];
        command->fields[count++] = (struct ctl_field){pair->key.text, slice_text(pair->value.text)};
    }
    for (uint16_t i = 0; !only && action && i < action->need_count; i++) {
        const struct policy_need *need = &action->needs[i];
        bool told = with && yaml_find(&with->value, need->field);
        if (!need->optional && !told && count < CTL_FIELDS_MAX) {
            value_find(script, need, values[count]);
            command->fields[count] = (struct ctl_field){need->field, slice_text(values[count])};
            count++;
        }
    }
    command->field_count = count;
}

/* A reply says what the policy asks of one. */
static void note_write(const struct script *script,
                       const struct policy_action *action,
                       struct ctl_command *command)
{
    static char note[CTL_VALUE_MAX * 4];
    if (!action || action->fact != EVENT_REPLIED || command->text) {
        return;
    }
    ctl_phrase_reply(script->policy, "", note, sizeof note);
    command->note = note[0] != '\0' ? note : NULL;
}

/* ---- what comes of it ---- */

/* As it may be written in YAML: role-may-not as well as role_may_not. */
static bool same_code(const char *told, const char *code)
{
    for (; *told && *code; told++, code++) {
        if ((*told == '-' ? '_' : *told) != *code) {
            return false;
        }
    }
    return *told == *code;
}

static void judge(struct script *script, const struct yaml_node *move, const ctl_reply *reply)
{
    const struct yaml_node *order = &yaml_find(move, "do")->value;
    const struct yaml_pair *refused = yaml_find(move, "refused");
    const struct yaml_pair *about = yaml_find(move, "about");
    char code[VIEW_TEXT_MAX];
    char what[VIEW_TEXT_MAX] = "";
    char why[CTL_REFUSAL_MAX];
    (void)view_plain(slice_of(reply->code.data, reply->code.len), code);
    /* whoever erases again is answered as if it were done now, but nothing is */
    bool done = ctl_reply_code(reply) == CTL_OK && strcmp(code, "erased") != 0;
    if (reply->reason && reply->reason->about.len > 0) {
        (void)view_plain(slice_of(reply->reason->about.data, reply->reason->about.len), what);
    }
    script->moves += done;
    if (!refused && !done) {
        const struct ctl_refusal told = ctl_refusal_of(script->policy, reply);
        script_wrong(
            script,
            order,
            TEXT_SCRIPT_NOT_DONE,
            CTL_ARGS(order->text, script->number, code, ctl_refusal_say(script->ctl, &told, why)));
    } else if (refused && (done || !same_code(refused->value.text, code))) {
        script_wrong(script,
                     &refused->value,
                     TEXT_SCRIPT_NOT_REFUSED,
                     CTL_ARGS(order->text,
                              script->number,
                              refused->value.text,
                              done ? ctl_reply_word(reply) : code));
    } else if (about && strcmp(about->value.text, what) != 0) {
        script_wrong(script,
                     &about->value,
                     TEXT_SCRIPT_NOT_ABOUT,
                     CTL_ARGS(order->text, script->number, about->value.text, what));
    } else {
        script->refused += refused != NULL;
    }
}

/* Until the archive has such a row.  CTL_TRY_AGAIN: not within the time asked for. */
static int
await_row(const struct script *script, const char *sql, const char *const *parameters, int count)
{
    int64_t until_us = clock_monotonic_us() + script->timeout_ms * 1000;
    for (;;) {
        SCOPED(ctl_rows_free) PGresult *rows = NULL;
        int code = ctl_query(script->ctl, sql, parameters, count, &rows);
        if (code != CTL_OK || PQntuples(rows) > 0) {
            return code;
        }
        if (clock_monotonic_us() > until_us) {
            return ctl_fail(
                script->ctl, CTL_TRY_AGAIN, TEXT_SCRIPT_NO_CLOCKS, CTL_ARGS(script->number));
        }
        (void)usleep(LOOK_EVERY_US);
    }
}

/* Until the clocks of all that was done are known at the desk: a text names due times, and whether
 * one is due must not hang on how fast the machine is.  What others do meanwhile is not awaited. */
static int await_clocks(const struct script *script)
{
    const char *partition = CTL_NUMBER_TEXT(case_partition(script->case_id));
    SCOPED(ctl_rows_free) PGresult *now = NULL;
    SCOPED(ctl_rows_free) PGresult *clocks = NULL;
    int code = ctl_query(script->ctl,
                         "SELECT i.seq, d.seq FROM head i JOIN head d USING (partition) WHERE "
                         "i.service = 1 AND d.service = 3 AND partition = $1::smallint",
                         &partition,
                         1,
                         &now);
    if (code != CTL_OK || PQntuples(now) == 0) {
        return code;
    }
    code = await_row(script,
                     "SELECT FROM head WHERE service = 4 AND partition = $1::smallint AND "
                     "intake_seq >= $2::bigint AND dispatch_seq >= $3::bigint",
                     CTL_ARGS(partition, PQgetvalue(now, 0, 0), PQgetvalue(now, 0, 1)),
                     3);
    code = code != CTL_OK ? code
                          : ctl_query(script->ctl,
                                      "SELECT seq FROM head WHERE service = 4 AND partition = "
                                      "$1::smallint",
                                      &partition,
                                      1,
                                      &clocks);
    return code != CTL_OK || PQntuples(clocks) == 0
               ? code
               : await_row(script,
                           "SELECT FROM head WHERE service = 3 AND partition = $1::smallint AND "
                           "watchdog_seq >= $2::bigint",
                           CTL_ARGS(partition, PQgetvalue(clocks, 0, 0)),
                           2);
}

/* "agent zhang": in which role, then who; a role alone is somebody of that name. */
static int act(struct script *script, const struct yaml_node *move)
{
    const char *as = script_text(move, "as", NULL);
    const char *order = script_text(move, "do", NULL);
    char role[POLICY_NAME_MAX];
    const ctl_reply *reply = NULL;
    if (!as || !order) {
        return CTL_OK;
    }
    size_t size = strcspn(as, " ");
    (void)snprintf(role, sizeof role, "%.*s", (int)size, as);
    struct ctl_command command = {
        .actor = as[size] ? as + size + 1 : as, .role = role, .case_id = script->case_id};
    int code = ctl_desk_ask(script->desk, &command, &reply); /* where it stands now */
    if (code != CTL_OK) {
        return code;
    }
    const struct policy_action *action = action_of(script, reply, order);
    command = (struct ctl_command){.actor = command.actor,
                                   .role = role,
                                   .case_id = script->case_id,
                                   .action = order,
                                   .text = script_text(move, "text", NULL),
                                   .text_language = script_text(move, "language", NULL)};
    fields_fill(script, move, action, &command);
    note_write(script, action, &command);
    code = command.text ? await_clocks(script) : CTL_OK;
    code = code == CTL_OK ? ctl_desk_ask(script->desk, &command, &reply) : code;
    if (code == CTL_OK) {
        judge(script, move, reply);
    }
    return code;
}

static int expect_of(struct script *script, const struct yaml_node *map)
{
    const struct yaml_pair *expected = yaml_find(map, "expect");
    return expected && !script->wrong ? script_expect(script, &expected->value) : CTL_OK;
}

int script_live(struct script *script, const struct yaml_node *journey, int64_t round)
{
    static const char *const passing[] = {"after", "wait", "at"};
    const struct yaml_pair *then = yaml_find(journey, "then");
    int code = submit(script, journey, round);
    if (code == CTL_OK && !script->wrong) {
        code = await_opened(script, journey);
    }
    code = code == CTL_OK ? expect_of(script, journey) : code;
    for (uint32_t i = 0; then && i < then->value.count && code == CTL_OK && !script->wrong; i++) {
        const struct yaml_node *move = &then->value.items[i];
        for (size_t p = 0; p < sizeof passing / sizeof *passing; p++) {
            bool passes = yaml_find(move, passing[p]) != NULL;
            script->passed_over += passes;
            script->skipped = script->skipped || passes;
        }
        code = act(script, move);
        code = code == CTL_OK ? expect_of(script, move) : code;
    }
    return code;
}
