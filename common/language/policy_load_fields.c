/* Fields: what may be filled in, and which action asks for it. */
#include "fault.h"
#include "policy_read.h"

enum { TEXT_CHARACTERS_MAX = 10000 };

void field_begin(struct policy_loading *loading, const struct yaml_node *place, void *into)
{
    (void)loading;
    (void)place;
    ((struct policy_field *)into)->decimals = UINT8_MAX; /* not said */
}

/* A bound as the field's type has it; type and decimals stand above it in the table. */
bool read_bound(struct policy_loading *loading,
                const struct yaml_node *node,
                const struct policy_field *field,
                int64_t *bound)
{
    struct slice text = slice_text(node->kind == YAML_SCALAR ? node->text : "");
    switch (field->type) {
    case FORM_TEXT:
        *bound = read_number(loading, node, 1, TEXT_CHARACTERS_MAX);
        return true;
    case FORM_NUMBER:
    case FORM_MONEY:
        if (policy_decimal_parse(text, POLICY_DECIMALS_MAX, bound)) {
            return true;
        }
        complain(loading, node, NULL, "expected a number, such as 100 or 99.50");
        return false;
    case FORM_DATE:
        if (policy_date_parse(text, bound)) {
            return true;
        }
        complain(loading, node, "2026-02-17", "'%.20s' is no date", node->text);
        return false;
    case FORM_CHOICE:
    case FORM_FLAG:
    case FORM_INSTANT:
    case FORM_HASH:
        break;
    }
    complain(loading, node, NULL, "a field of this type has no bounds");
    return false;
}

POLICY_READER(read_field_min)
{
    struct policy_field *field = into;
    field->has_min = read_bound(loading, &pair->value, field, &field->min);
}

POLICY_READER(read_field_max)
{
    struct policy_field *field = into;
    field->has_max = read_bound(loading, &pair->value, field, &field->max);
}

POLICY_READER(read_field_picture)
{
    struct policy_field *field = into;
    const char *text = pair->value.text;
    size_t size = pair->value.kind == YAML_SCALAR ? strlen(text) : 0;
    if (!policy_picture_is_good(text) || size == 0) {
        complain(loading,
                 &pair->value,
                 "A99-9999: 9 is a digit, A a capital; \\ takes the next as it is",
                 "expected the form of a text, of at most %d characters",
                 POLICY_PICTURE_MAX);
        return;
    }
    field->picture = arena_copy(loading->arena, text, size + 1);
}

/* Rules look at no text, and a hash is nobody's name. */
static void rules_check(struct policy_loading *loading,
                        const struct yaml_node *map,
                        const struct policy_field *field)
{
    if (field->kept && (field->type == FORM_TEXT || field->type == FORM_HASH)) {
        complain(loading,
                 &yaml_find(map, "kept")->key,
                 "type: choice, number, money, date or yes-no",
                 "a %s is not kept: rules cannot look at it",
                 field->type == FORM_TEXT ? "text" : "hash");
    }
    if (field->recuses && field->type == FORM_HASH) {
        complain(loading, &yaml_find(map, "recuses")->key, NULL, "a hash names nobody");
    }
}

/* What is sealed nobody looks at: not a rule, and not whoever gives the field its meaning. */
static void personal_check(struct policy_loading *loading,
                           const struct yaml_node *map,
                           const struct policy_field *field)
{
    const struct yaml_node *key = &yaml_find(map, "personal")->key;
    for (size_t i = 0; i < POLICY_OWN_FIELDS; i++) {
        if (strcmp(field->id, policy_own_fields[i]) == 0) {
            complain(loading, key, NULL, "'%s' cannot be personal: it is read", field->id);
        }
    }
    if (field->type == FORM_HASH) {
        complain(loading, key, NULL, "a hash is not personal: evidence is found by it");
    }
    if (field->kept || field->recuses) {
        complain(
            loading,
            key,
            "take out one of the two",
            "a personal field is sealed: it cannot be %s",
            fault_text(field->kept ? "kept for rules to look at" : "read for the people it names"));
    }
    loading->policy->personal = true;
}

void field_end(struct policy_loading *loading,
               const struct yaml_node *place,
               const struct yaml_node *map,
               void *into)
{
    struct policy_field *field = into;
    bool counted = field->type == FORM_NUMBER || field->type == FORM_MONEY;
    if (field->decimals == UINT8_MAX) {
        field->decimals = field->type == FORM_MONEY ? 2 : 0;
    } else if (!counted) {
        complain(loading,
                 &yaml_find(map, "decimals")->key,
                 NULL,
                 "only numbers and amounts have decimals");
    }
    if (field->picture && field->type != FORM_TEXT) {
        complain(loading, &yaml_find(map, "pattern")->key, NULL, "only a text has a pattern");
    }
    if ((field->type == FORM_CHOICE) != (field->choice_count > 0)) {
        complain(loading,
                 place,
                 "choices: {good: {title: Good}, bad: {title: Bad}}",
                 field->choice_count > 0 ? "only a choice has choices" : "a choice has choices");
    }
    rules_check(loading, map, field);
    if (field->personal) {
        personal_check(loading, map, field);
    }
    if (field->has_min && field->has_max && field->min > field->max) {
        complain(loading, place, NULL, "no value is both at least min and at most max");
    }
}

/* Kept fields get their places. */
POLICY_READER(fields_check)
{
    (void)into;
    struct policy *policy = loading->policy;
    struct policy_field *fields; /* of this loading: nobody else has them yet */
    memcpy(&fields, &policy->fields, sizeof fields);
    for (uint16_t i = 0; i < policy->field_count; i++) {
        fields[i].slot = POLICY_NONE;
        policy->recuses = policy->recuses || fields[i].recuses;
        if (fields[i].kept && policy->kept_count == POLICY_KEPT_MAX) {
            complain(loading, &pair->key, NULL, "more than %d fields are kept", POLICY_KEPT_MAX);
            return;
        }
        if (fields[i].kept) {
            fields[i].slot = policy->kept_count++;
        }
    }
}

static const struct policy_field *field_named(struct policy_loading *loading,
                                              const struct yaml_node *node)
{
    uint16_t index = read_name(loading, node, names_of(loading, THING_FIELD));
    return index == POLICY_NONE ? NULL : &loading->policy->fields[index];
}

/* Room for so many more, from which need_add takes; NULL was told. */
static struct policy_need *needs_more(struct policy_loading *loading,
                                      const struct yaml_node *node,
                                      struct policy_action *action,
                                      uint32_t more)
{
    struct policy_need *needs =
        loading_take(loading, node, action->need_count + (size_t)more, sizeof *needs);
    if (needs && action->need_count > 0) {
        memcpy(needs, action->needs, action->need_count * sizeof *needs);
    }
    if (needs) {
        action->needs = needs;
    }
    return needs;
}

static void need_add(struct policy_loading *loading,
                     const struct yaml_node *node,
                     struct policy_action *action,
                     struct policy_need *needs,
                     const struct policy_field *field,
                     bool optional)
{
    if (!field || !needs) {
        return;
    }
    if (policy_need_of(action, slice_text(field->id))) {
        complain(loading, node, NULL, "'%s' is asked for already", field->id);
        return;
    }
    struct policy_need *need = &needs[action->need_count++];
    memcpy(need->field, field->id, sizeof need->field);
    need->title = field->title;
    need->rules = field;
    need->optional = optional;
}

static const struct policy_form *form_named(const struct policy_loading *loading, const char *name)
{
    for (uint16_t i = 0; i < loading->form_count; i++) {
        if (strcmp(loading->forms[i].id, name) == 0) {
            return &loading->forms[i];
        }
    }
    return NULL;
}

/* Fields that stand where they are asked for. */
static void needs_in_place(struct policy_loading *loading,
                           const struct yaml_node *map,
                           struct policy_action *action,
                           bool optional)
{
    uint32_t count =
        read_count(loading, map, YAML_MAP, POLICY_NEEDS_MAX, optional ? "asks" : "needs");
    struct policy_field *fields = loading_take(loading, map, count, sizeof *fields);
    struct policy_need *needs = needs_more(loading, map, action, count);
    if (!fields || !needs) {
        return;
    }
    read_rows(loading, map, &language_field, count, fields);
    for (uint32_t i = 0; i < count; i++) {
        fields[i].slot = POLICY_NONE;
        if (fields[i].kept || fields[i].recuses) {
            complain(loading,
                     &map->pairs[i].key,
                     NULL,
                     "only a field of 'fields' can be kept or recuse");
        }
        need_add(loading, &map->pairs[i].key, action, needs, &fields[i], optional);
    }
}

static void needs_read(struct policy_loading *loading,
                       const struct yaml_node *node,
                       struct policy_action *action,
                       bool optional)
{
    if (node->kind == YAML_MAP) {
        needs_in_place(loading, node, action, optional);
        return;
    }
    uint32_t more = 0;
    for (uint32_t i = 0; i < list_count(node); i++) {
        const struct policy_form *form = form_named(loading, list_item(node, i)->text);
        more += form ? form->count : 1;
    }
    struct policy_need *needs = needs_more(loading, node, action, more);
    for (uint32_t i = 0; i < list_count(node); i++) {
        const struct yaml_node *item = list_item(node, i);
        const struct policy_form *form = form_named(loading, item->text);
        for (uint16_t j = 0; form && j < form->count; j++) {
            need_add(loading, item, action, needs, form->fields[j], optional);
        }
        if (!form) {
            need_add(loading, item, action, needs, field_named(loading, item), optional);
        }
    }
}

POLICY_READER(read_action_needs)
{
    needs_read(loading, &pair->value, into, false);
}

POLICY_READER(read_action_asks)
{
    needs_read(loading, &pair->value, into, true);
}

static void
form_read(struct policy_loading *loading, const struct yaml_pair *row, struct policy_form *form)
{
    read_id(loading, &row->key, form->id);
    if (policy_field_index(loading->policy, slice_text(form->id)) != POLICY_NONE) {
        complain(loading, &row->key, NULL, "'%s' is a field, too", form->id);
    }
    if (row->value.kind == YAML_MAP) {
        complain(loading, &row->value, NULL, "%s: expected %s", form->id, fault_text("a list"));
        return;
    }
    if (list_count(&row->value) > POLICY_NEEDS_MAX) {
        complain(loading,
                 &row->value,
                 NULL,
                 "%s: %u, but at most %u",
                 form->id,
                 list_count(&row->value),
                 (unsigned)POLICY_NEEDS_MAX);
        return;
    }
    for (uint32_t i = 0; i < list_count(&row->value); i++) {
        const struct policy_field *field = field_named(loading, list_item(&row->value, i));
        if (field) {
            form->fields[form->count++] = field;
        }
    }
}

POLICY_READER(read_forms)
{
    (void)into;
    const struct yaml_node *map = &pair->value;
    uint32_t count = read_count(loading, map, YAML_MAP, POLICY_FORMS_MAX, "forms");
    loading->forms = loading_take(loading, map, count, sizeof *loading->forms);
    for (uint32_t i = 0; i < count && loading->forms; i++) {
        form_read(loading, &map->pairs[i], &loading->forms[i]);
        loading->form_count = (uint16_t)(i + 1);
    }
}
