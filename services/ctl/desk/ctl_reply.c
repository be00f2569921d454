/* Dispatch's replies: what they are worth, and as JSON. */
#include "ctl_form.h"
#include "ctl_view.h"

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

bool ctl_reply_is(const ctl_reply *reply, const char *code)
{
    return slice_equal(slice_of(reply->code.data, reply->code.len), slice_text(code));
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

static json_t *row_json(const ctl_reply *reply, const Redress__Command__V1__Allowed *action)
{
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
    if (action->n_wanted > 0) {
        (void)json_object_set_new(row, "wanted", list_json(action->wanted, action->n_wanted));
    }
    return row;
}

static json_t *allowed_json(const ctl_reply *reply)
{
    json_t *allowed = json_array();
    for (size_t i = 0; i < reply->n_allowed; i++) {
        (void)json_array_append_new(allowed, row_json(reply, reply->allowed[i]));
    }
    return allowed;
}

static json_t *reason_json(const Redress__Command__V1__Reason *reason)
{
    json_t *value = json_object();
    if (reason->has_about) {
        (void)json_object_set_new(value, "about", data_json(reason->about));
    }
    if (reason->n_about_title > 0) {
        (void)json_object_set_new(
            value, "about_title", list_json(reason->about_title, reason->n_about_title));
    }
    if (reason->n_wanted > 0) {
        (void)json_object_set_new(value, "wanted", list_json(reason->wanted, reason->n_wanted));
    }
    if (reason->has_value) {
        (void)json_object_set_new(value, "value", data_json(reason->value));
    }
    if (reason->form) {
        (void)json_object_set_new(value, "form", ctl_form_json(reason->form));
    }
    if (reason->n_roles > 0) {
        (void)json_object_set_new(value, "roles", list_json(reason->roles, reason->n_roles));
    }
    if (reason->has_level) {
        (void)json_object_set_new(value, "level", json_integer(reason->level));
    }
    if (reason->has_until_us) {
        (void)json_object_set_new(value, "until", view_time_json(reason->until_us));
    }
    if (reason->has_version) {
        (void)json_object_set_new(value, "version", json_integer(reason->version));
    }
    return value;
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
    if (reply->reason) {
        (void)json_object_set_new(value, "reason", reason_json(reply->reason));
    }
    (void)json_object_set_new(value, "allowed", allowed_json(reply));
    if (reply->claim) {
        (void)json_object_set_new(value, "claim", row_json(reply, reply->claim));
    }
    if (reply->release) {
        (void)json_object_set_new(value, "release", row_json(reply, reply->release));
    }
    (void)json_object_set_new(value, "forms", forms_json(reply));
    return value;
}
