/* Dispatch's replies, for people and as JSON. */
#include "ctl_form.h"

static const struct {
    Redress__Command__V1__Outcome outcome;
    const char *word;
    int code;
} outcomes[] = {
    {REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE,       "done",       CTL_OK       },
    {REDRESS__COMMAND__V1__OUTCOME__OUTCOME_REFUSED,    "refused",    CTL_FAILED   },
    {REDRESS__COMMAND__V1__OUTCOME__OUTCOME_CONFLICT,   "conflict",   CTL_CONFLICT },
    {REDRESS__COMMAND__V1__OUTCOME__OUTCOME_NOT_FOUND,  "not_found",  CTL_NOT_FOUND},
    {REDRESS__COMMAND__V1__OUTCOME__OUTCOME_MOVED,      "moved",      CTL_TRY_AGAIN},
    {REDRESS__COMMAND__V1__OUTCOME__OUTCOME_OVERLOADED, "overloaded", CTL_TRY_AGAIN},
    {REDRESS__COMMAND__V1__OUTCOME__OUTCOME_EMPTY,      "empty",      CTL_NOT_FOUND},
};

enum { OUTCOMES = sizeof outcomes / sizeof *outcomes };

int ctl_reply_code(const ctl_reply *reply)
{
    for (size_t i = 0; i < OUTCOMES; i++) {
        if (outcomes[i].outcome == reply->outcome) {
            return outcomes[i].code;
        }
    }
    return CTL_FAILED;
}

const char *ctl_reply_word(const ctl_reply *reply)
{
    for (size_t i = 0; i < OUTCOMES; i++) {
        if (outcomes[i].outcome == reply->outcome) {
            return outcomes[i].word;
        }
    }
    return "unknown";
}

static json_t *data_json(ProtobufCBinaryData data)
{
    return ctl_json_text(slice_of(data.data, data.len));
}

static json_t *list_json(const ProtobufCBinaryData *items, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, data_json(items[i]));
    }
    return list;
}

static json_t *limits_json(const Redress__Command__V1__Allowed *action)
{
    json_t *list = json_array();
    for (size_t i = 0; i < action->n_limits; i++) {
        json_t *limit = json_object();
        (void)json_object_set_new(limit, "role", data_json(action->limits[i]->role));
        (void)json_object_set_new(limit, "field", data_json(action->limits[i]->field));
        (void)json_object_set_new(limit, "most", data_json(action->limits[i]->most));
        (void)json_array_append_new(list, limit);
    }
    return list;
}

static json_t *allowed_json(const ctl_reply *reply)
{
    json_t *allowed = json_array();
    for (size_t i = 0; i < reply->n_allowed; i++) {
        const Redress__Command__V1__Allowed *action = reply->allowed[i];
        json_t *row = json_object();
        (void)json_object_set_new(row, "action", data_json(action->action));
        (void)json_object_set_new(row, "roles", list_json(action->roles, action->n_roles));
        (void)json_object_set_new(
            row, "to_step", data_json(action->has_to_step ? action->to_step : reply->step));
        (void)json_object_set_new(row, "needs", list_json(action->needs, action->n_needs));
        (void)json_object_set_new(row, "required", list_json(action->required, action->n_required));
        if (action->n_limits > 0) {
            (void)json_object_set_new(row, "limits", limits_json(action));
        }
        if (action->n_texts > 0) {
            (void)json_object_set_new(row, "texts", list_json(action->texts, action->n_texts));
        }
        if (action->has_refusal) {
            (void)json_object_set_new(row, "refusal", data_json(action->refusal));
        }
        if (action->has_lacking) {
            (void)json_object_set_new(row, "lacking", data_json(action->lacking));
        }
        if (action->n_lacking_title > 0) {
            (void)json_object_set_new(
                row, "lacking_title", list_json(action->lacking_title, action->n_lacking_title));
        }
        (void)json_array_append_new(allowed, row);
    }
    return allowed;
}

static json_t *forms_json(const ctl_reply *reply)
{
    json_t *forms = json_array();
    for (size_t i = 0; i < reply->n_forms; i++) {
        (void)json_array_append_new(forms, ctl_form_json(reply->forms[i]));
    }
    return forms;
}

json_t *ctl_reply_json(const ctl_reply *reply)
{
    json_t *value = json_object();
    const struct {
        const char *key;
        int has;
        ProtobufCBinaryData data;
    } texts[] = {
        {"code",        reply->has_code,        reply->code       },
        {"text",        reply->has_text,        reply->text       },
        {"case_number", reply->has_case_number, reply->case_number},
        {"step",        reply->has_step,        reply->step       },
        {"queue",       reply->has_queue,       reply->queue      },
        {"agent",       reply->has_agent,       reply->agent      },
        {"category",    reply->has_category,    reply->category   },
        {"channel",     reply->has_channel,     reply->channel    },
    };
    (void)json_object_set_new(value, "outcome", json_string(ctl_reply_word(reply)));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (texts[i].has) {
            (void)json_object_set_new(value, texts[i].key, data_json(texts[i].data));
        }
    }
    if (reply->has_case_id) {
        (void)json_object_set_new(value, "case_id", json_integer((json_int_t)reply->case_id));
    }
    if (reply->has_version) {
        (void)json_object_set_new(value, "version", json_integer(reply->version));
        (void)json_object_set_new(value, "priority", json_integer(reply->priority));
    }
    if (reply->has_seq) {
        (void)json_object_set_new(value, "seq", json_integer((json_int_t)reply->seq));
    }
    (void)json_object_set_new(value, "allowed", allowed_json(reply));
    (void)json_object_set_new(value, "forms", forms_json(reply));
    return value;
}

static void list_write(FILE *to, const ProtobufCBinaryData *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(
            to, "%s%.*s", i > 0 ? ", " : "", (int)items[i].len, (const char *)items[i].data);
    }
}

static bool is_required(const Redress__Command__V1__Allowed *action, ProtobufCBinaryData field)
{
    for (size_t i = 0; i < action->n_required; i++) {
        if (slice_equal(slice_of(action->required[i].data, action->required[i].len),
                        slice_of(field.data, field.len))) {
            return true;
        }
    }
    return false;
}

static void needs_write(FILE *to, const Redress__Command__V1__Allowed *action)
{
    for (size_t i = 0; i < action->n_needs; i++) {
        list_write(to, &action->needs[i], 1);
        (void)fprintf(to,
                      "%s%s",
                      is_required(action, action->needs[i]) ? "" : "?",
                      i + 1 < action->n_needs ? ", " : "");
    }
}

/* "  contact → investigation  [agent, supervisor]  (understood, remark?)" */
static void action_write(FILE *to, const Redress__Command__V1__Allowed *action)
{
    (void)fprintf(to, "  %.*s", (int)action->action.len, (const char *)action->action.data);
    if (action->has_to_step) {
        (void)fprintf(to, " → %.*s", (int)action->to_step.len, (const char *)action->to_step.data);
    }
    (void)fputs("  [", to);
    list_write(to, action->roles, action->n_roles);
    (void)fputs("]", to);
    if (action->n_needs > 0) {
        (void)fputs("  (", to);
        needs_write(to, action);
        (void)fputs(")", to);
    }
    (void)fputc('\n', to);
}

/* Names and titles are short (POLICY_TEXT_MAX): what does not fit is cut. */
struct name {
    char text[520];
};

static const char *name_of(ProtobufCBinaryData data, struct name *name)
{
    (void)snprintf(name->text, sizeof name->text, "%.*s", (int)data.len, (const char *)data.data);
    return name->text;
}

/* Actions, what each role may decide in them, then what their fields may hold. */
/* Why whoever asked may not do it now; that it is not for his role can be seen anyway. */
static void
not_now_write(const struct ctl *ctl, FILE *to, const Redress__Command__V1__Allowed *action)
{
    struct name title;
    struct name code;
    if (!action->has_refusal || strcmp(name_of(action->refusal, &code), "role_may_not") == 0) {
        return;
    }
    size_t which = ctl->language < action->n_lacking_title ? ctl->language : 0;
    const char *what = action->n_lacking_title > 0 ? name_of(action->lacking_title[which], &title)
                                                   : name_of(action->lacking, &title);
    (void)fputs("      ", to);
    ctl_format(to,
               ctl_text_in(ctl->language, TEXT_FORM_NOT_NOW),
               CTL_ARGS(what[0] != '\0' ? what : "–", code.text));
    (void)fputc('\n', to);
}

static void allowed_write(const struct ctl *ctl, FILE *to, const ctl_reply *reply)
{
    for (size_t i = 0; i < reply->n_allowed; i++) {
        const Redress__Command__V1__Allowed *action = reply->allowed[i];
        action_write(to, action);
        if (action->n_texts > 0) {
            (void)fprintf(to, "      %s: ", ctl_text_in(ctl->language, TEXT_FORM_TEXTS));
            list_write(to, action->texts, action->n_texts);
            (void)fputc('\n', to);
        }
        not_now_write(ctl, to, action);
        for (size_t l = 0; l < action->n_limits; l++) {
            struct name field;
            struct name role;
            struct name most;
            const char *const args[] = {name_of(action->limits[l]->field, &field),
                                        name_of(action->limits[l]->role, &role),
                                        name_of(action->limits[l]->most, &most),
                                        NULL};
            (void)fputs("      ", to);
            ctl_format(to, ctl_text_in(ctl->language, TEXT_FORM_LIMIT), args);
            (void)fputc('\n', to);
        }
    }
    if (reply->n_forms > 0) {
        (void)fprintf(to, "%s\n", ctl_text_in(ctl->language, TEXT_FORM_HEAD));
    }
    for (size_t i = 0; i < reply->n_forms; i++) {
        struct name field;
        (void)fprintf(to, "  %s: ", name_of(reply->forms[i]->field, &field));
        ctl_form_say(ctl, reply->forms[i], to);
        (void)fputc('\n', to);
    }
}

static void tell_state(const struct ctl *ctl, const ctl_reply *reply)
{
    struct name number;
    struct name step;
    struct name place;
    bool held = reply->has_agent && reply->agent.len > 0;
    bool queued = reply->has_queue && reply->queue.len > 0;
    const char *const args[] = {name_of(reply->case_number, &number),
                                name_of(reply->step, &step),
                                CTL_NUMBER_TEXT(reply->version),
                                CTL_NUMBER_TEXT(reply->priority),
                                name_of(held ? reply->agent : reply->queue, &place),
                                NULL};
    ctl_print(ctl, held ? TEXT_CASE_HELD : queued ? TEXT_CASE_QUEUED : TEXT_CASE_CLOSED, args);
    if (reply->n_allowed > 0 && !ctl->quiet) {
        ctl_print(ctl, TEXT_CASE_ALLOWED, NULL);
        allowed_write(ctl, ctl->out, reply);
    }
}

int ctl_reply_tell(const struct ctl *ctl, const ctl_reply *reply, const char *role)
{
    int code = ctl_reply_code(reply);
    if (ctl->json) {
        json_t *value = ctl_reply_json(reply);
        ctl_print_json(ctl, &value);
    }
    if (code == CTL_OK) {
        if (!ctl->json) {
            tell_state(ctl, reply);
        }
        return code;
    }
    struct name text;
    struct name word;
    struct name step;
    (void)name_of(reply->text, &text);
    (void)name_of(reply->code, &word);
    (void)name_of(reply->step, &step);
    if (reply->outcome == REDRESS__COMMAND__V1__OUTCOME__OUTCOME_EMPTY) {
        bool passed = strcmp(word.text, "none_fits") == 0;
        return ctl_fail(ctl, code, passed ? TEXT_QUEUE_NONE_FITS : TEXT_QUEUE_EMPTY, NULL);
    }
    if (reply->outcome == REDRESS__COMMAND__V1__OUTCOME__OUTCOME_NOT_FOUND) {
        return ctl_fail(ctl, code, TEXT_CASE_UNKNOWN, NULL);
    }
    if (step.text[0] == '\0') {
        return ctl_fail(ctl, code, TEXT_COMMAND_REFUSED, CTL_ARGS(word.text, text.text));
    }
    (void)ctl_fail(
        ctl,
        code,
        TEXT_COMMAND_REFUSED_AT,
        CTL_ARGS(word.text, text.text, step.text, role, CTL_NUMBER_TEXT(reply->version)));
    if (reply->n_allowed > 0) {
        ctl_note(ctl, TEXT_CASE_ALLOWED, NULL);
        if (!ctl->quiet) {
            allowed_write(ctl, ctl->err, reply);
        }
    }
    return code;
}
