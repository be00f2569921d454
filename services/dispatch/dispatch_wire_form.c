#include "dispatch_wire_form.h"

#include "policy_field.h"

static const Redress__Command__V1__FormType types[] = {
    [FORM_TEXT] = REDRESS__COMMAND__V1__FORM_TYPE__FORM_TYPE_TEXT,
    [FORM_NUMBER] = REDRESS__COMMAND__V1__FORM_TYPE__FORM_TYPE_NUMBER,
    [FORM_MONEY] = REDRESS__COMMAND__V1__FORM_TYPE__FORM_TYPE_MONEY,
    [FORM_DATE] = REDRESS__COMMAND__V1__FORM_TYPE__FORM_TYPE_DATE,
    [FORM_CHOICE] = REDRESS__COMMAND__V1__FORM_TYPE__FORM_TYPE_CHOICE,
    [FORM_FLAG] = REDRESS__COMMAND__V1__FORM_TYPE__FORM_TYPE_FLAG,
    [FORM_INSTANT] = REDRESS__COMMAND__V1__FORM_TYPE__FORM_TYPE_INSTANT,
    [FORM_HASH] = REDRESS__COMMAND__V1__FORM_TYPE__FORM_TYPE_HASH,
};

static ProtobufCBinaryData data_text(const char *text)
{
    return (ProtobufCBinaryData){strlen(text), (uint8_t *)(uintptr_t)text};
}

/* Lent by the arena; false when that is full. */
static bool bound_of(const struct policy_field *field,
                     int64_t bound,
                     struct arena *arena,
                     ProtobufCBinaryData *data)
{
    char *text = arena_take(arena, POLICY_BOUND_SIZE);
    if (text) {
        policy_bound_text(field, bound, text);
        *data = data_text(text);
    }
    return text != NULL;
}

static Redress__Command__V1__Form *
form_new(const char *field, enum field_type type, uint16_t choices, struct arena *arena)
{
    Redress__Command__V1__Form *form = arena_take(arena, sizeof *form);
    if (!form) {
        return NULL;
    }
    redress__command__v1__form__init(form);
    form->has_field = form->has_type = 1;
    form->field = data_text(field);
    form->type = types[type];
    if (choices > 0) {
        form->choices = arena_take(arena, choices * sizeof *form->choices);
    }
    return choices > 0 && !form->choices ? NULL : form;
}

static Redress__Command__V1__Form *
form_of(const char *name, const struct policy_field *field, struct arena *arena)
{
    Redress__Command__V1__Form *form = form_new(name, field->type, field->choice_count, arena);
    if (!form) {
        return NULL;
    }
    form->has_min = field->has_min && bound_of(field, field->min, arena, &form->min);
    form->has_max = field->has_max && bound_of(field, field->max, arena, &form->max);
    form->has_personal = form->personal = field->personal;
    form->has_decimals = field->type == FORM_NUMBER || field->type == FORM_MONEY;
    form->decimals = field->decimals;
    for (uint16_t i = 0; i < field->choice_count; i++) {
        form->choices[form->n_choices++] = data_text(field->choices[i].id);
    }
    if (field->picture) {
        form->has_picture = 1;
        form->picture = data_text(field->picture);
    }
    if (field->unit) {
        form->has_unit = 1;
        form->unit = data_text(field->unit);
    }
    return form;
}

/* Two fields are the policy's own whether or not it describes them: dispatch reads them. */
static Redress__Command__V1__Form *
form_named(const struct policy *policy, const char *field, struct arena *arena)
{
    bool is_class = strcmp(field, "severity_class") == 0;
    bool is_category = strcmp(field, "category") == 0;
    uint16_t count = is_class ? policy->class_count : is_category ? policy->category_count : 0;
    if (count == 0 || count > POLICY_CHOICES_MAX) {
        return NULL;
    }
    Redress__Command__V1__Form *form = form_new(field, FORM_CHOICE, count, arena);
    for (uint16_t i = 0; form && i < count; i++) {
        form->choices[form->n_choices++] =
            data_text(is_class ? policy->classes[i].id : policy->categories[i].id);
    }
    return form;
}

static bool form_is_there(const Redress__Command__V1__Reply *reply, const char *field)
{
    for (size_t i = 0; i < reply->n_forms; i++) {
        if (slice_equal(slice_of(reply->forms[i]->field.data, reply->forms[i]->field.len),
                        slice_text(field))) {
            return true;
        }
    }
    return false;
}

Redress__Command__V1__Form *form_for(const struct policy *policy,
                                     const char *name,
                                     const struct policy_field *rules,
                                     struct arena *arena)
{
    bool chosen = !policy || (rules && rules->type == FORM_CHOICE);
    Redress__Command__V1__Form *own = chosen ? NULL : form_named(policy, name, arena);
    return own ? own : rules ? form_of(name, rules, arena) : NULL;
}

/* NULL: it may hold any text, or has its form already. */
static Redress__Command__V1__Form *form_missing(const struct policy *policy,
                                                const struct policy_need *need,
                                                struct arena *arena,
                                                const Redress__Command__V1__Reply *reply)
{
    if (form_is_there(reply, need->field)) {
        return NULL;
    }
    return form_for(policy, need->field, need->rules, arena);
}

void forms_of(const struct policy *policy,
              const struct policy_step *step,
              struct arena *arena,
              Redress__Command__V1__Reply *reply)
{
    size_t count = 0;
    size_t size = 0;
    for (uint16_t i = 0; i < step->action_count; i++) {
        count += step->actions[i].need_count;
    }
    reply->n_forms = 0;
    reply->forms = count > 0 ? arena_take(arena, count * sizeof *reply->forms) : NULL;
    for (uint16_t i = 0; reply->forms && i < step->action_count; i++) {
        for (uint16_t n = 0; n < step->actions[i].need_count; n++) {
            Redress__Command__V1__Form *form =
                form_missing(policy, &step->actions[i].needs[n], arena, reply);
            size_t more = form ? redress__command__v1__form__get_packed_size(form) : 0;
            if (form && size + more <= FORMS_SIZE_MAX) {
                reply->forms[reply->n_forms++] = form;
                size += more;
            }
        }
    }
}

static void limits_of(const struct policy *policy,
                      const struct policy_action *action,
                      struct arena *arena,
                      Redress__Command__V1__Allowed *allowed)
{
    Redress__Command__V1__Limit **list = arena_take(arena, action->limit_count * sizeof *list);
    Redress__Command__V1__Limit *limits = arena_take(arena, action->limit_count * sizeof *limits);
    if (!list || !limits) {
        return;
    }
    allowed->limits = list;
    for (uint16_t i = 0; i < action->limit_count; i++) {
        const struct policy_limit *from = &action->limits[i];
        const struct policy_field *field = &policy->fields[from->field];
        redress__command__v1__limit__init(&limits[i]);
        limits[i].has_role = limits[i].has_field = 1;
        limits[i].role = data_text(policy->roles[from->role]);
        limits[i].field = data_text(field->id);
        limits[i].has_most = bound_of(field, from->most, arena, &limits[i].most);
        list[allowed->n_limits++] = &limits[i];
    }
}

void form_duties_of(const struct policy *policy,
                    const struct policy_action *action,
                    struct arena *arena,
                    Redress__Command__V1__Allowed *allowed)
{
    allowed->required = arena_take(arena, POLICY_NEEDS_MAX * sizeof *allowed->required);
    for (uint16_t i = 0; allowed->required && i < action->need_count; i++) {
        if (!action->needs[i].optional) {
            allowed->required[allowed->n_required++] = data_text(action->needs[i].field);
        }
    }
    if (action->limit_count > 0) {
        limits_of(policy, action, arena, allowed);
    }
    allowed->texts =
        action->texts != 0 ? arena_take(arena, POLICY_TEXTS_MAX * sizeof *allowed->texts) : NULL;
    for (uint16_t i = 0; allowed->texts && i < policy->text_count; i++) {
        if ((action->texts >> i & 1U) != 0) {
            allowed->texts[allowed->n_texts++] = data_text(policy->texts[i].id);
        }
    }
}
