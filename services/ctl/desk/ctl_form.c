/* What may be filled in; see ctl_form.h. */
#include "ctl_form.h"

#include "clock.h"
#include "ctl_view.h"
#include "policy_field.h"

enum { SCALE = 10000, DAYS_AHEAD = 14, ANY_MAX = 90 };

/* A row a type: its word, what people read, what is said of its bounds. */
/* clang-format off */
#define TYPE(type) REDRESS__COMMAND__V1__FORM_TYPE__FORM_TYPE_##type
#define SAYS(of) TEXT_FORM_##of
static const struct {
    Redress__Command__V1__FormType type;
    const char *word;
    enum ctl_text says, range, min, max;
} types[] = {
    {TYPE(TEXT),    "text",    SAYS(IS_TEXT),    SAYS(RANGE_TEXT), SAYS(MIN_TEXT), SAYS(MAX_TEXT)},
    {TYPE(NUMBER),  "number",  SAYS(IS_NUMBER),  SAYS(RANGE),      SAYS(MIN),      SAYS(MAX)     },
    {TYPE(MONEY),   "amount",  SAYS(IS_MONEY),   SAYS(RANGE),      SAYS(MIN),      SAYS(MAX)     },
    {TYPE(DATE),    "date",    SAYS(IS_DATE),    SAYS(RANGE),      SAYS(MIN_DATE), SAYS(MAX_DATE)},
    {TYPE(CHOICE),  "choice",  SAYS(IS_CHOICE),  SAYS(RANGE),      SAYS(MIN),      SAYS(MAX)     },
    {TYPE(FLAG),    "flag",    SAYS(IS_FLAG),    SAYS(RANGE),      SAYS(MIN),      SAYS(MAX)     },
    {TYPE(INSTANT), "instant", SAYS(IS_INSTANT), SAYS(RANGE),      SAYS(MIN_DATE), SAYS(MAX_DATE)},
    {TYPE(HASH),    "hash",    SAYS(IS_HASH),    SAYS(RANGE),      SAYS(MIN),      SAYS(MAX)     },
};
/* clang-format on */

enum { TYPES = sizeof types / sizeof *types };

/* A type of tomorrow is a text to us: dispatch refuses what it is not. */
static size_t type_of(const Redress__Command__V1__Form *form)
{
    for (size_t i = 0; i < TYPES; i++) {
        if (types[i].type == form->type) {
            return i;
        }
    }
    return 0;
}

static json_t *data_json(ProtobufCBinaryData data)
{
    return ctl_json_text(slice_of(data.data, data.len));
}

json_t *ctl_form_json(const Redress__Command__V1__Form *form)
{
    json_t *object = json_object();
    const struct {
        const char *key;
        int has;
        ProtobufCBinaryData data;
    } texts[] = {
        {"field",   form->has_field,   form->field  },
        {"min",     form->has_min,     form->min    },
        {"max",     form->has_max,     form->max    },
        {"picture", form->has_picture, form->picture},
        {"unit",    form->has_unit,    form->unit   },
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (texts[i].has) {
            (void)json_object_set_new(object, texts[i].key, data_json(texts[i].data));
        }
    }
    (void)json_object_set_new(object, "type", json_string(types[type_of(form)].word));
    if (form->personal) {
        (void)json_object_set_new(object, "personal", json_true());
    }
    if (form->has_decimals) {
        (void)json_object_set_new(object, "decimals", json_integer(form->decimals));
    }
    if (form->n_choices > 0) {
        json_t *list = json_array();
        for (size_t i = 0; i < form->n_choices; i++) {
            (void)json_array_append_new(list, data_json(form->choices[i]));
        }
        (void)json_object_set_new(object, "choices", list);
    }
    return object;
}

/* ---- told ---- */

/* A part after a comma; nothing where its first argument is empty. */
static void part_say(const struct ctl *ctl,
                     enum ctl_text id,
                     ProtobufCBinaryData first,
                     ProtobufCBinaryData second,
                     FILE *to)
{
    char one[CTL_VALUE_MAX];
    char two[CTL_VALUE_MAX];
    if (first.len > 0) {
        (void)snprintf(one, sizeof one, "%.*s", (int)first.len, (const char *)first.data);
        (void)snprintf(two, sizeof two, "%.*s", (int)second.len, (const char *)second.data);
        (void)fputs(ctl_text_in(ctl->language, TEXT_FORM_AND), to);
        ctl_format(to, ctl_text_in(ctl->language, id), CTL_ARGS(one, two));
    }
}

const char *ctl_form_title(const struct ctl *ctl,
                           const struct policy *policy,
                           const Redress__Command__V1__Form *form,
                           size_t choice)
{
    struct slice name = slice_of(form->field.data, form->field.len);
    struct slice id = slice_of(form->choices[choice].data, form->choices[choice].len);
    uint16_t field = policy ? policy_field_index(policy, name) : POLICY_NONE;
    uint16_t category = policy ? policy_category_index(policy, id) : POLICY_NONE;
    uint16_t severity = policy ? policy_class_index(policy, id) : POLICY_NONE;
    for (uint16_t i = 0; field != POLICY_NONE && i < policy->fields[field].choice_count; i++) {
        const struct policy_choice *own = &policy->fields[field].choices[i];
        if (slice_equal(id, slice_text(own->id))) {
            return view_title(ctl, &own->title);
        }
    }
    if (slice_equal(name, slice_text("category")) && category != POLICY_NONE) {
        return view_title(ctl, &policy->categories[category].title);
    }
    if (slice_equal(name, slice_text("severity_class")) && severity != POLICY_NONE) {
        return view_title(ctl, &policy->classes[severity].title);
    }
    return NULL;
}

/* "calm (1) | angry (2)", with the parentheses of the language */
static void choices_say(const struct ctl *ctl,
                        const struct policy *policy,
                        const Redress__Command__V1__Form *form,
                        char *choices,
                        size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < form->n_choices && used < size; i++) {
        char id[VIEW_TEXT_MAX];
        char title[VIEW_TEXT_MAX] = "";
        const char *told = ctl_form_title(ctl, policy, form, i);
        (void)view_plain(slice_of(form->choices[i].data, form->choices[i].len), id);
        (void)view_plain(slice_text(told ? told : ""), title);
        char named[VIEW_TEXT_MAX];
        used += (size_t)snprintf(choices + used,
                                 size - used,
                                 "%s%s",
                                 i > 0 ? ctl_text_in(ctl->language, TEXT_FORM_OR) : "",
                                 view_named(ctl, title[0] != '\0' ? title : id, id, named));
    }
}

void ctl_form_say(const struct ctl *ctl,
                  const struct policy *policy,
                  const Redress__Command__V1__Form *form,
                  FILE *to)
{
    char choices[POLICY_CHOICES_MAX * (POLICY_NAME_MAX + VIEW_TEXT_MAX / 2)] = "";
    size_t type = type_of(form);
    const ProtobufCBinaryData none = {0};
    choices_say(ctl, policy, form, choices, sizeof choices);
    ctl_format(to, ctl_text_in(ctl->language, types[type].says), CTL_ARGS(choices));
    if (form->min.len > 0 && form->max.len > 0) {
        part_say(ctl, types[type].range, form->min, form->max, to);
    } else {
        part_say(ctl, types[type].min, form->min, none, to);
        part_say(ctl, types[type].max, form->max, none, to);
    }
    if (types[type].type == TYPE(NUMBER) && form->decimals > 0) {
        const char *digits = CTL_NUMBER_TEXT(form->decimals);
        (void)fputs(ctl_text_in(ctl->language, TEXT_FORM_AND), to);
        ctl_format(to, ctl_text_in(ctl->language, TEXT_FORM_DECIMALS), CTL_ARGS(digits));
    }
    part_say(ctl, TEXT_FORM_PICTURE, form->picture, none, to);
    part_say(ctl, TEXT_FORM_UNIT, form->unit, none, to);
    if (form->personal) {
        (void)fputs(ctl_text_in(ctl->language, TEXT_FORM_AND), to);
        (void)fputs(ctl_text_in(ctl->language, TEXT_FORM_PERSONAL), to);
    }
}

/* ---- made up ---- */

/* In whole steps of the last digit it may have. */
static bool number_invent(const struct policy_field *field,
                          const struct ctl_whim *whim,
                          char value[CTL_VALUE_MAX])
{
    int64_t unit = SCALE;
    for (unsigned i = 0; i < field->decimals && unit > 1; i++) {
        unit /= 10;
    }
    int64_t low = field->has_min ? field->min : SCALE;
    int64_t high = field->has_max ? field->max : low + (int64_t)ANY_MAX * SCALE;
    high = whim->most && *whim->most < high ? *whim->most : high;
    if (high < low && field->has_min) {
        return false;
    }
    low = high < low ? high : low;
    low += (int64_t)whim->random(whim->self, (uint64_t)((high - low) / unit) + 1) * unit;
    policy_bound_text(field, low, value);
    return true;
}

static void day_invent(const struct ctl_whim *whim, const char *hour, char value[CTL_VALUE_MAX])
{
    char at[CLOCK_TEXT_SIZE];
    int64_t day = whim->today + 1 + (int64_t)whim->random(whim->self, DAYS_AHEAD);
    clock_text(day * 86400 * 1000000, at);
    (void)snprintf(value, CTL_VALUE_MAX, "%.10s%s", at, hour);
}

/* Dates as text are in the order of their days. */
static void date_invent(const struct policy_field *field,
                        const struct ctl_whim *whim,
                        char value[CTL_VALUE_MAX])
{
    char bound[POLICY_BOUND_SIZE];
    day_invent(whim, "", value);
    if (field->has_min) {
        policy_bound_text(field, field->min, bound);
        if (strcmp(value, bound) < 0) {
            (void)snprintf(value, CTL_VALUE_MAX, "%s", bound);
        }
    }
    if (field->has_max) {
        policy_bound_text(field, field->max, bound);
        if (strcmp(value, bound) > 0) {
            (void)snprintf(value, CTL_VALUE_MAX, "%s", bound);
        }
    }
}

static char character_invent(char element, bool literal, const struct ctl_whim *whim)
{
    if (literal) {
        return element;
    }
    uint64_t letter = whim->random(whim->self, 26);
    switch (element) {
    case '9':
        return (char)('0' + whim->random(whim->self, 10));
    case 'A':
        return (char)('A' + letter);
    case 'a':
        return (char)('a' + letter);
    case 'X':
        if (letter < 10) {
            return (char)('0' + letter);
        }
        return (char)('A' + letter);
    case '?':
        return (char)('a' + letter);
    default:
        return element;
    }
}

/* What may repeat does so once more for each character that is lacking. */
static void picture_invent(const char *picture,
                           int64_t min,
                           const struct ctl_whim *whim,
                           char value[CTL_VALUE_MAX])
{
    size_t used = 0;
    int64_t lacking = min;
    for (const char *at = picture; *at; at++) {
        lacking -= *at != '+' && *at != '\\';
    }
    for (const char *at = picture; *at && used < CTL_VALUE_MAX - 1; at++) {
        bool literal = *at == '\\' && at[1];
        at += literal;
        value[used++] = character_invent(*at, literal, whim);
        for (; at[1] == '+' && lacking > 0 && used < CTL_VALUE_MAX - 1; lacking--) {
            value[used++] = character_invent(*at, literal, whim);
        }
        at += at[1] == '+';
    }
    value[used] = '\0';
}

/* Bytes of the character. */
static size_t character_size(const char *at)
{
    size_t size = 1;
    while (((unsigned char)at[size] & 0xc0U) == 0x80U) {
        size++;
    }
    return size;
}

/* Whole characters of the phrase, over again until there are enough; English has a blank between.
 */
static bool text_invent(const struct policy_field *field,
                        const struct ctl_whim *whim,
                        char value[CTL_VALUE_MAX])
{
    int64_t min = field->has_min ? field->min : 1;
    int64_t max = field->has_max ? field->max : INT64_MAX;
    if (field->picture) {
        picture_invent(field->picture, min, whim, value);
        return true;
    }
    size_t used = 0;
    int64_t characters = 0;
    for (const char *at = whim->phrase; *at && characters < max; characters++) {
        size_t size = character_size(at);
        if (used + size >= CTL_VALUE_MAX) {
            break;
        }
        memcpy(value + used, at, size);
        used += size;
        at += size;
        if (*at == '\0' && characters + 1 < min) {
            at = size == 1 && at[-1] != ' ' ? " " : whim->phrase;
        }
    }
    value[used] = '\0';
    return characters >= min;
}

/* Of a file nobody has. */
static void hash_invent(const struct ctl_whim *whim, char value[CTL_VALUE_MAX])
{
    static const char digits[] = "0123456789abcdef";
    (void)snprintf(value, CTL_VALUE_MAX, "sha256:");
    for (size_t at = strlen(value); at < POLICY_HASH_SIZE - 1; at++) {
        value[at] = digits[whim->random(whim->self, 16)];
    }
    value[POLICY_HASH_SIZE - 1] = '\0';
}

bool ctl_form_invent(const struct policy_field *field,
                     const struct ctl_whim *whim,
                     char value[CTL_VALUE_MAX])
{
    switch (field->type) {
    case FORM_TEXT:
        return text_invent(field, whim, value);
    case FORM_NUMBER:
    case FORM_MONEY:
        return number_invent(field, whim, value);
    case FORM_DATE:
        date_invent(field, whim, value);
        return true;
    case FORM_INSTANT:
        day_invent(whim, "T08:00:00Z", value);
        return true;
    case FORM_FLAG:
        (void)snprintf(value, CTL_VALUE_MAX, "%s", whim->random(whim->self, 2) > 0 ? "yes" : "no");
        return true;
    case FORM_CHOICE:
        if (field->choice_count > 0) {
            uint64_t which = whim->random(whim->self, field->choice_count);
            (void)snprintf(value, CTL_VALUE_MAX, "%s", field->choices[which].id);
        }
        return field->choice_count > 0;
    case FORM_HASH:
        hash_invent(whim, value);
        return true;
    }
    return false;
}
