#include "ctl_refusal.h"

#include "ctl_case.h"
#include "ctl_form.h"
#include "ctl_names.h"
#include "intake_core.h"

#include <ctype.h>

enum ctl_text ctl_refusal_text(struct slice code)
{
    static const char before[] = "REFUSED_";
    char wanted[64];
    size_t size = sizeof before - 1;
    if (code.size == 0 || code.size >= sizeof wanted - sizeof before) {
        return CTL_TEXT_COUNT;
    }
    memcpy(wanted, before, size);
    for (size_t i = 0; i < code.size; i++) {
        wanted[size++] = (char)toupper(code.bytes[i]);
    }
    wanted[size] = '\0';
    int id = 0;
    while (id < CTL_TEXT_COUNT && strcmp(ctl_text_name((enum ctl_text)id), wanted) != 0) {
        id++;
    }
    return (enum ctl_text)id;
}

enum ctl_text ctl_submit_text(unsigned reason)
{
    static const enum ctl_text texts[INTAKE_REASON_COUNT] = {
        [INTAKE_NO_REASON] = CTL_TEXT_COUNT,
        [INTAKE_UNREADABLE] = TEXT_SUBMIT_BECAUSE_UNREADABLE,
        [INTAKE_ID] = TEXT_SUBMIT_BECAUSE_ID,
        [INTAKE_POLICY] = TEXT_SUBMIT_BECAUSE_POLICY,
        [INTAKE_CHANNEL] = TEXT_SUBMIT_BECAUSE_CHANNEL,
        [INTAKE_RECEIVED_AT] = TEXT_SUBMIT_BECAUSE_RECEIVED_AT,
        [INTAKE_OCCURRED_AT] = TEXT_SUBMIT_BECAUSE_OCCURRED_AT,
        [INTAKE_NARRATIVE] = TEXT_SUBMIT_BECAUSE_NARRATIVE,
        [INTAKE_LONG] = TEXT_SUBMIT_BECAUSE_LONG,
        [INTAKE_UNCLEAN] = TEXT_SUBMIT_BECAUSE_UNCLEAN,
        [INTAKE_PRODUCT] = TEXT_SUBMIT_BECAUSE_PRODUCT,
    };
    return reason < INTAKE_REASON_COUNT ? texts[reason] : CTL_TEXT_COUNT;
}

static struct slice slice_data(ProtobufCBinaryData data)
{
    return slice_of(data.data, data.len);
}

struct ctl_refusal ctl_refusal_of(const struct policy *policy, const ctl_reply *reply)
{
    return (struct ctl_refusal){.policy = policy,
                                .code = slice_data(reply->code),
                                .english = slice_data(reply->text),
                                .reason = reply->reason,
                                .nobody = reply->step.len > 0 && reply->agent.len == 0,
                                .version = reply->version};
}

/* "补偿金额（amount）": the title for reading, the id for typing. */
static void about_say(const struct ctl *ctl, const Redress__Command__V1__Reason *reason, FILE *to)
{
    char id[VIEW_TEXT_MAX] = "–";
    char title[VIEW_TEXT_MAX] = "";
    if (reason && reason->about.len > 0) {
        (void)view_plain(slice_data(reason->about), id);
    }
    if (reason && reason->n_about_title > 0) {
        size_t which = ctl->language < reason->n_about_title ? ctl->language : 0;
        (void)view_plain(slice_data(reason->about_title[which]), title);
    }
    if (title[0] == '\0' || strcmp(title, id) == 0) {
        (void)fputs(id, to);
    } else if (reason && reason->about.len == 0) {
        (void)fputs(title, to);
    } else {
        ctl_format(to, ctl_text_in(ctl->language, TEXT_REASON_TITLE), CTL_ARGS(title, id));
    }
}

static void roles_say(const struct ctl *ctl, const struct ctl_refusal *refusal, FILE *to)
{
    const Redress__Command__V1__Reason *reason = refusal->reason;
    char names[CTL_REFUSAL_MAX] = "";
    size_t used = 0;
    for (size_t i = 0; i < reason->n_roles && used < sizeof names; i++) {
        char title[VIEW_TEXT_MAX];
        char id[VIEW_TEXT_MAX];
        char name[VIEW_TEXT_MAX];
        (void)case_role(ctl, refusal->policy, slice_data(reason->roles[i]), title);
        (void)view_plain(slice_data(reason->roles[i]), id);
        used += (size_t)snprintf(names + used,
                                 sizeof names - used,
                                 "%s%s",
                                 i > 0 ? ctl_text_in(ctl->language, TEXT_LIST_AND) : "",
                                 view_named(ctl, title, id, name));
    }
    ctl_format(to, ctl_text_in(ctl->language, TEXT_REASON_WHO), CTL_ARGS(names));
}

/* What may be filled in, and what may have been meant. */
static void allowed_say(const struct ctl *ctl, const struct ctl_refusal *refusal, FILE *to)
{
    static struct ctl_names names; /* large */
    const Redress__Command__V1__Reason *reason = refusal->reason;
    char typed[VIEW_TEXT_MAX];
    char told[CTL_NAMES_TOLD_MAX];
    names = (struct ctl_names){.word = view_plain(slice_data(reason->value), typed)};
    if (!reason->form) {
        return;
    }
    for (size_t i = 0; i < reason->form->n_choices; i++) {
        char id[VIEW_TEXT_MAX];
        (void)view_plain(slice_data(reason->form->choices[i]), id);
        ctl_names_add(&names, id, ctl_form_title(ctl, refusal->policy, reason->form, i));
    }
    (void)fputs(ctl_text_in(ctl->language, TEXT_REASON_ALLOWED), to);
    if (names.shown_count > 0) {
        (void)fputs(ctl_names_list(ctl, &names, told), to);
    } else {
        ctl_form_say(ctl, refusal->policy, reason->form, to);
    }
    if (typed[0] != '\0' && names.near_count > 0) {
        (void)fputs(ctl_names_tell(ctl, &names, told), to);
    }
}

static void counted_say(const struct ctl *ctl, const struct ctl_refusal *refusal, FILE *to)
{
    const Redress__Command__V1__Reason *reason = refusal->reason;
    char text[VIEW_TEXT_MAX];
    char zone[VIEW_TEXT_MAX];
    if (reason->since_us == 0) {
        return;
    }
    view_zone_take(view_policy_zone(refusal->policy));
    (void)view_time(reason->since_us, text);
    ctl_format(to,
               ctl_text_in(ctl->language, TEXT_REASON_COUNTED),
               CTL_ARGS(CTL_NUMBER_TEXT(reason->counted),
                        text,
                        view_zone(reason->since_us, zone),
                        CTL_NUMBER_TEXT(reason->at_most)));
}

/* "，须为否（no）": of a field whose title does not say what it has to be. */
static void wanted_say(const struct ctl *ctl, const struct ctl_refusal *refusal, FILE *to)
{
    const Redress__Command__V1__Reason *reason = refusal->reason;
    const Redress__Command__V1__Form field = {
        .field = reason->about, .n_choices = reason->n_wanted, .choices = reason->wanted};
    char list[CTL_REFUSAL_MAX] = "";
    size_t used = 0;
    for (size_t i = 0; i < reason->n_wanted && used < sizeof list; i++) {
        struct slice value = slice_data(reason->wanted[i]);
        const char *flag =
            slice_equal(value, slice_text("no"))    ? ctl_text_in(ctl->language, TEXT_DIFF_NO)
            : slice_equal(value, slice_text("yes")) ? ctl_text_in(ctl->language, TEXT_DIFF_YES)
                                                    : NULL;
        const char *title = ctl_form_title(ctl, refusal->policy, &field, i);
        char id[VIEW_TEXT_MAX];
        char name[VIEW_TEXT_MAX];
        (void)view_plain(value, id);
        title = title ? title : flag ? flag : id;
        used += (size_t)snprintf(list + used,
                                 sizeof list - used,
                                 "%s%s",
                                 i > 0 ? ctl_text_in(ctl->language, TEXT_SAY_OR) : "",
                                 view_named(ctl, title, id, name));
    }
    if (reason->n_wanted > 0) {
        ctl_format(to, ctl_text_in(ctl->language, TEXT_REASON_WANTED), CTL_ARGS(list));
    }
}

/* What follows the sentence: what it has to be, number, value, level, time, what is allowed, to
 * whom. */
static void reason_say(const struct ctl *ctl, const struct ctl_refusal *refusal, FILE *to)
{
    const Redress__Command__V1__Reason *reason = refusal->reason;
    char text[VIEW_TEXT_MAX];
    wanted_say(ctl, refusal, to);
    counted_say(ctl, refusal, to);
    if (reason->level > 0) {
        ctl_format(to,
                   ctl_text_in(ctl->language, TEXT_REASON_LEVEL),
                   CTL_ARGS(CTL_NUMBER_TEXT(reason->level)));
    }
    if (reason->until_us != 0 && reason->until_us != INT64_MAX) {
        char zone[VIEW_TEXT_MAX];
        if (refusal->policy) { /* else whoever asks has taken that of the organisation */
            view_zone_take(view_policy_zone(refusal->policy));
        }
        (void)view_time(reason->until_us, text);
        ctl_format(to,
                   ctl_text_in(ctl->language, TEXT_REASON_UNTIL),
                   CTL_ARGS(text, view_zone(reason->until_us, zone)));
    }
    if (reason->value.len > 0) {
        (void)view_plain(slice_data(reason->value), text);
        ctl_format(to, ctl_text_in(ctl->language, TEXT_REASON_VALUE), CTL_ARGS(text));
    }
    allowed_say(ctl, refusal, to);
    if (reason->n_roles > 0) {
        roles_say(ctl, refusal, to);
    }
}

bool ctl_refusal_due(const struct ctl *ctl,
                     const struct policy *policy,
                     struct slice variable,
                     char title[VIEW_TEXT_MAX])
{
    static const char before[] = "due:";
    size_t size = sizeof before - 1;
    bool due = variable.size > size && memcmp(variable.bytes, before, size) == 0;
    if (due) {
        (void)view_clock(ctl, policy, slice_of(variable.bytes + size, variable.size - size), title);
    }
    return due;
}

const char *ctl_refusal_say(const struct ctl *ctl,
                            const struct ctl_refusal *refusal,
                            char into[CTL_REFUSAL_MAX])
{
    enum ctl_text id = ctl_refusal_text(refusal->code);
    char about[2 * VIEW_TEXT_MAX + 8] = "";
    bool due = id == TEXT_REFUSED_TEXT_UNREADY && refusal->reason &&
               ctl_refusal_due(ctl, refusal->policy, slice_data(refusal->reason->about), about);
    FILE *memory = due ? NULL : fmemopen(about, sizeof about, "w");
    id = due ? TEXT_DRAFT_NO_DUE : id;
    id = id == TEXT_REFUSED_NOT_HOLDER && refusal->nobody ? TEXT_NOBODY_HOLDS : id;
    uint32_t given = refusal->reason ? refusal->reason->version : 0;
    if (id == TEXT_REFUSED_VERSION && given > 0) {
        id = given > refusal->version ? TEXT_VERSION_AHEAD : TEXT_VERSION_PASSED;
    }
    if (memory) {
        about_say(ctl, refusal->reason, memory);
        (void)fclose(memory);
    }
    into[0] = '\0';
    memory = fmemopen(into, CTL_REFUSAL_MAX, "w");
    if (!memory) {
        return into;
    }
    if (id == CTL_TEXT_COUNT) {
        (void)fprintf(
            memory, "%.*s", (int)refusal->english.size, (const char *)refusal->english.bytes);
    } else {
        ctl_format(memory,
                   ctl_text_in(ctl->language, id),
                   CTL_ARGS(about, CTL_NUMBER_TEXT(given), CTL_NUMBER_TEXT(refusal->version)));
        if (refusal->reason) {
            reason_say(ctl, refusal, memory);
        }
    }
    (void)fclose(memory);
    into[CTL_REFUSAL_MAX - 1] = '\0';
    return into;
}

const char *
ctl_submit_say(const struct ctl *ctl, const struct ctl_verdict *verdict, char into[CTL_REFUSAL_MAX])
{
    enum ctl_text id = ctl_submit_text(verdict->reason);
    return ctl_format_into(into,
                           CTL_REFUSAL_MAX,
                           id == CTL_TEXT_COUNT ? "{1}" : ctl_text_in(ctl->language, id),
                           CTL_ARGS(verdict->allowed, CTL_NUMBER_TEXT(verdict->limit)));
}
