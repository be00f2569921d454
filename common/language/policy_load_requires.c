/* Requirements, comparisons and limits: what has to be so before something may be done. */
#include "policy_read.h"

enum { REQUIREMENT_TITLE_MAX = 512 };

static const struct policy_field *field_of(const struct policy_loading *loading, uint16_t field)
{
    return field < loading->policy->field_count ? &loading->policy->fields[field] : NULL;
}

/* Of the field at this place nothing is known but that it is there. */
static bool is_personal(struct policy_loading *loading,
                        const struct yaml_node *place,
                        const struct policy_field *field)
{
    if (field && field->personal) {
        complain(loading,
                 place,
                 "ask for a field that says only what the rule needs",
                 "'%s' is personal: it is sealed, and no rule can look at it",
                 field->id);
    }
    return field && field->personal;
}

static void bound_of(struct policy_loading *loading,
                     const struct yaml_pair *pair,
                     uint16_t index,
                     int64_t *bound)
{
    const struct policy_field *field = field_of(loading, index);
    bool text = field && field->type == FORM_TEXT;
    if (text || (field && field->type == FORM_HASH)) {
        const char *what = text ? "text" : "hash";
        complain(loading, &pair->key, NULL, "'%s' is a %s: nothing to compare", field->id, what);
    } else if (field) {
        (void)read_bound(loading, &pair->value, field, bound);
    }
}

/* The index of a choice, or of yes and no; POLICY_NONE after a complaint. */
static uint16_t choice_read(struct policy_loading *loading,
                            const struct yaml_node *node,
                            const struct policy_field *field)
{
    static const char flags[2][POLICY_NAME_MAX] = {"no", "yes"};
    if (field->type == FORM_FLAG) {
        return read_name(loading, node, (struct policy_names){"answer", flags, POLICY_NAME_MAX, 2});
    }
    if (field->type != FORM_CHOICE) {
        complain(loading, node, "at-least, at-most", "'%s' has no choices", field->id);
        return POLICY_NONE;
    }
    return read_name(loading,
                     node,
                     (struct policy_names){
                         "choice", field->choices, sizeof *field->choices, field->choice_count});
}

POLICY_READER(read_compare_min)
{
    struct policy_compare *compare = into;
    compare->has_min = true;
    bound_of(loading, pair, compare->field, &compare->min);
}

POLICY_READER(read_compare_max)
{
    struct policy_compare *compare = into;
    compare->has_max = true;
    bound_of(loading, pair, compare->field, &compare->max);
}

POLICY_READER(read_compare_is)
{
    struct policy_compare *compare = into;
    const struct policy_field *field = field_of(loading, compare->field);
    for (uint32_t i = 0; field && i < list_count(&pair->value); i++) {
        uint16_t choice = choice_read(loading, list_item(&pair->value, i), field);
        compare->choices |= choice < POLICY_CHOICES_MAX ? (uint64_t)1 << choice : 0;
    }
}

POLICY_READER(read_required_min)
{
    read_compare_min(loading, pair, &((struct policy_requirement *)into)->compare);
}

POLICY_READER(read_required_max)
{
    read_compare_max(loading, pair, &((struct policy_requirement *)into)->compare);
}

POLICY_READER(read_required_is)
{
    read_compare_is(loading, pair, &((struct policy_requirement *)into)->compare);
}

POLICY_READER(read_limit_most)
{
    struct policy_limit *limit = into;
    (void)is_personal(loading, &pair->key, field_of(loading, limit->field));
    bound_of(loading, pair, limit->field, &limit->most);
}

static enum case_outcome outcome_read(struct policy_loading *loading, const struct yaml_node *node)
{
    char words[OUTCOME_COUNT - 1][POLICY_NAME_MAX];
    for (unsigned i = 1; i < OUTCOME_COUNT; i++) {
        (void)snprintf(
            words[i - 1], POLICY_NAME_MAX, "%s", policy_outcome_name((enum case_outcome)i));
    }
    uint16_t word = read_name(
        loading, node, (struct policy_names){"outcome", words, POLICY_NAME_MAX, OUTCOME_COUNT - 1});
    return word == POLICY_NONE ? OUTCOME_NONE : (enum case_outcome)(word + 1);
}

uint32_t read_outcomes(struct policy_loading *loading, const struct yaml_node *node)
{
    uint32_t outcomes = 0;
    for (uint32_t i = 0; i < list_count(node); i++) {
        outcomes |= 1U << outcome_read(loading, list_item(node, i));
    }
    return outcomes;
}

POLICY_READER(read_required_outcomes)
{
    ((struct policy_requirement *)into)->outcomes = read_outcomes(loading, &pair->value);
}

POLICY_READER(read_action_outcome)
{
    ((struct policy_action *)into)->outcome = outcome_read(loading, &pair->value);
}

/* A length of time as clocks have it. */
static void window_read(struct policy_loading *loading,
                        const struct yaml_pair *pair,
                        struct policy_requirement *asked,
                        enum window_side side)
{
    struct policy_target length = {.target = TARGET_ELAPSED};
    struct policy_window *window = &asked->window;
    if (window->side != WINDOW_NONE) {
        complain(loading, &pair->key, "two requirements", "either 'before' or 'after'");
        return;
    }
    target_within(loading, pair, &length);
    window->side = side;
    window->unit = length.target;
    window->length_s = length.target_s;
    window->days = length.target_days;
}

POLICY_READER(read_required_before)
{
    window_read(loading, pair, into, WINDOW_BEFORE);
}

POLICY_READER(read_required_after)
{
    window_read(loading, pair, into, WINDOW_AFTER);
}

/* It has all it needs to be an instant, and nothing else has any of it. */
static void window_check(struct policy_loading *loading,
                         const struct yaml_node *place,
                         const struct yaml_node *map,
                         const struct policy_requirement *asked)
{
    static const char *const keys[] = {"since", "calendar", "end-of-day"};
    const struct policy_window *window = &asked->window;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct yaml_pair *pair = yaml_find(map, keys[i]);
        bool of_count = i == 0 && asked->same != POLICY_NONE;
        if (pair && window->side == WINDOW_NONE && !of_count) {
            complain(loading, &pair->key, NULL, "'%s' belongs to 'before' or 'after'", keys[i]);
        }
    }
    if (window->side == WINDOW_NONE) {
        return;
    }
    if (window->unit != TARGET_ELAPSED && window->calendar == POLICY_NONE) {
        complain(loading, place, "calendar: office", "whose business time counts is not said");
    }
    if (window->end_of_day && window->unit != TARGET_BUSINESS_DAYS) {
        complain(loading,
                 place,
                 "before: 3 business days",
                 "the end of the day is meant for targets in business days");
    }
    if (!title_given(&asked->title)) {
        complain(loading,
                 place,
                 "title: Only within three days",
                 "say in 'title' what people are told who come too early or too late");
    }
}

void compare_end(struct policy_loading *loading,
                 const struct yaml_node *place,
                 const struct yaml_node *map,
                 void *into)
{
    (void)map;
    const struct policy_compare *compare = into;
    const struct policy_field *field = field_of(loading, compare->field);
    if (!is_personal(loading, place, field) && field && !field->kept) {
        complain(
            loading, place, "kept: yes", "the field '%s' does not stay with the case", field->id);
    }
    if (!compare->has_min && !compare->has_max && compare->choices == 0) {
        complain(loading, place, "at-least, at-most or is", "nothing is asked of the field");
    }
}

void requirement_begin(struct policy_loading *loading, const struct yaml_node *place, void *into)
{
    (void)loading;
    (void)place;
    struct policy_requirement *asked = into;
    asked->at_most = POLICY_NONE;
    asked->times = UINT16_MAX; /* not said */
}

/* Complaints are told apart by one choice that every case keeps, and the row of each has room for
 * one. */
static void same_check(struct policy_loading *loading,
                       const struct yaml_node *place,
                       const struct policy_requirement *asked)
{
    struct policy *policy = loading->policy;
    const struct policy_field *field = field_of(loading, asked->same);
    uint16_t cause = (uint16_t)(asked->same + 1);
    if (!field) {
        return;
    }
    if (field->type != FORM_CHOICE || !field->kept) {
        complain(loading,
                 place,
                 "type: choice, kept: yes",
                 "complaints are counted by a choice that is kept, which '%s' is not",
                 field->id);
    } else if (policy->cause != 0 && policy->cause != cause) {
        complain(loading,
                 place,
                 NULL,
                 "complaints are counted by '%s' already, and not by '%s', too",
                 policy->fields[policy->cause - 1].id,
                 field->id);
    } else {
        policy->cause = cause;
    }
    if (asked->window.side != WINDOW_NONE) {
        complain(loading, place, "two requirements", "a count is no 'before' or 'after'");
    }
    if (!title_given(&asked->title)) {
        complain(loading,
                 place,
                 "title: Not effective, it came again",
                 "say in 'title' what people are told where there are more complaints");
    }
}

/* It asks for something, and for all that belongs to it. */
static void requirement_check(struct policy_loading *loading,
                              const struct yaml_node *place,
                              const struct policy_requirement *asked)
{
    const struct policy_compare *compare = &asked->compare;
    (void)is_personal(loading, place, field_of(loading, compare->field));
    bool counted = asked->times != UINT16_MAX || asked->persons > 0 ||
                   (asked->at_most != POLICY_NONE && asked->same == POLICY_NONE);
    bool compared = compare->has_min || compare->has_max || compare->choices != 0;
    if (asked->mark == POLICY_NONE && asked->not_by == POLICY_NONE && asked->task == POLICY_NONE &&
        compare->field == POLICY_NONE && asked->window.side == WINDOW_NONE &&
        asked->same == POLICY_NONE) {
        complain(loading,
                 place,
                 "mark, not-by-who-did, task, field, complaints-of-same, before or after",
                 "nothing is required");
    } else if (asked->mark == POLICY_NONE && counted) {
        complain(loading, place, NULL, "times, persons and no-more-than are of a mark");
    } else if ((compare->field != POLICY_NONE) != (compared || asked->same_channel)) {
        complain(loading,
                 place,
                 "field with at-least, at-most, is or same-channel",
                 "a comparison is not whole");
    } else if (asked->mark != POLICY_NONE && asked->same != POLICY_NONE) {
        complain(loading, place, "two requirements", "either 'mark' or 'complaints-of-same'");
    }
}

/* What stands around a name to make of it what is asked for. */
struct wording {
    const char *before, *after, *end; /* a number stands between the last two */
};
static const struct wording not_by_words[LOCALE_COUNT] = {
    [LOCALE_EN] = {"by somebody other than who did \"", "\"",                       ""},
    [LOCALE_ZH_CN] = {"由“",                            "”者以外的人办理", ""},
    [LOCALE_ZH_TW] = {"由「",                            "」者以外的人辦理", ""},
};
static const struct wording never_words[LOCALE_COUNT] = {
    [LOCALE_EN] = {"no \"",           "\" before", ""},
    [LOCALE_ZH_CN] = {"此前没有“", "”",       ""},
    [LOCALE_ZH_TW] = {"此前沒有「", "」",       ""},
};
static const struct wording at_most_words[LOCALE_COUNT] = {
    [LOCALE_EN] = {"\"",  "\": ",          " at most"},
    [LOCALE_ZH_CN] = {"“", "”不超过 ", " 次"    },
    [LOCALE_ZH_TW] = {"「", "」不超過 ", " 次"    },
};
static const struct wording settled_words[LOCALE_COUNT] = {
    [LOCALE_EN] = {"\"",  "\" done",      ""},
    [LOCALE_ZH_CN] = {"“", "”已完成", ""},
    [LOCALE_ZH_TW] = {"「", "」已完成", ""},
};

/* The name alone where the arena is full, or what it would make is too long. */
static struct policy_title worded(const struct policy_loading *loading,
                                  const struct wording words[LOCALE_COUNT],
                                  const struct policy_title *name,
                                  const char *number)
{
    struct policy_title title = *name;
    for (int i = 0; i < LOCALE_COUNT; i++) {
        char text[REQUIREMENT_TITLE_MAX];
        int size = snprintf(text,
                            sizeof text,
                            "%s%s%s%s%s",
                            words[i].before,
                            name->text[i] ? name->text[i] : "",
                            words[i].after,
                            number,
                            words[i].end);
        bool fits = name->text[i] && size > 0 && (size_t)size < sizeof text;
        const char *copy = fits ? arena_copy(loading->arena, text, (size_t)size + 1) : NULL;
        title.text[i] = copy ? copy : name->text[i];
    }
    return title;
}

/* Where none is given: what is asked for, not what it is about, which would read the wrong way
 * round of what must not have been. */
static struct policy_title requirement_title(const struct policy_loading *loading,
                                             const struct policy_requirement *asked)
{
    const struct policy *policy = loading->policy;
    if (asked->mark < policy->mark_count) {
        const struct policy_title *title = &policy->marks[asked->mark].title;
        char number[8];
        (void)snprintf(number, sizeof number, "%u", asked->at_most);
        return asked->times > 0 || asked->at_most == POLICY_NONE ? *title
               : asked->at_most == 0 ? worded(loading, never_words, title, "")
                                     : worded(loading, at_most_words, title, number);
    }
    if (asked->not_by < policy->mark_count) {
        return worded(loading, not_by_words, &policy->marks[asked->not_by].title, "");
    }
    if (asked->task < policy->task_count) {
        return worded(loading, settled_words, &policy->tasks[asked->task].title, "");
    }
    uint16_t field = asked->compare.field;
    return field < policy->field_count ? policy->fields[field].title : policy->title;
}

void requirement_end(struct policy_loading *loading,
                     const struct yaml_node *place,
                     const struct yaml_node *map,
                     void *into)
{
    struct policy_requirement *asked = into;
    requirement_check(loading, place, asked);
    same_check(loading, place, asked);
    window_check(loading, place, map, asked);
    loading->policy->implements =
        loading->policy->implements || asked->window.since == SINCE_IMPLEMENTED;
    if (asked->same != POLICY_NONE && asked->at_most == POLICY_NONE) {
        asked->at_most = 0;
    }
    if (asked->times == UINT16_MAX) {
        asked->times = asked->at_most == POLICY_NONE ? 1 : 0;
    }
    asked->titled = title_given(&asked->title);
    if (!asked->titled) {
        asked->title = requirement_title(loading, asked);
    }
    title_complete(&asked->title, loading->policy->name);
}

POLICY_READER(closing_check)
{
    (void)into;
    const struct policy *policy = loading->policy;
    struct policy_requirement *closing; /* of this loading: nobody else has them yet */
    memcpy(&closing, &policy->closing, sizeof closing);
    for (uint16_t i = 0; i < policy->closing_count; i++) {
        const struct policy_field *field = field_of(loading, closing[i].compare.field);
        if (field && !field->kept) {
            complain(loading,
                     list_item(&pair->value, i),
                     "kept: yes",
                     "the field '%s' does not stay with the case",
                     field->id);
        }
        if (closing[i].window.side != WINDOW_NONE && closing[i].window.since == SINCE_CLOSED) {
            complain(loading,
                     list_item(&pair->value, i),
                     "since: received, opened or step",
                     "what closing asks for counts since closing, which has not been");
        }
        if (closing[i].same != POLICY_NONE) {
            complain(loading,
                     list_item(&pair->value, i),
                     "requires: [...], in an action",
                     "complaints are counted for an action before it is done");
        }
        if (closing[i].outcomes == 0) {
            closing[i].outcomes = 1U << OUTCOME_SETTLED;
        }
    }
}

static bool asks(const struct policy_action *action, const struct policy_field *field)
{
    return field->kept || policy_need_of(action, slice_text(field->id));
}

/* What an action looks at it asks for, or stays with the case. */
static void look_check(struct policy_loading *loading,
                       const struct yaml_node *place,
                       const struct policy_action *action,
                       uint16_t index)
{
    const struct policy_field *field = field_of(loading, index);
    if (field && !asks(action, field)) {
        complain(loading,
                 place,
                 "kept: yes, or name it in needs or asks",
                 "'%s' looks at the field '%s', which it does not ask for",
                 action->id,
                 field->id);
    }
}

void action_end(struct policy_loading *loading,
                const struct yaml_node *place,
                const struct yaml_node *map,
                void *into)
{
    (void)map;
    const struct policy_action *action = into;
    if (policy_action_is_own(slice_text(action->id))) {
        warn(loading, /* no error: what was stored before there was this name is still read */
             place,
             "call it otherwise",
             "'%s' is done to any case: this action is never asked for",
             action->id);
    }
    uint32_t takes = policy_action_takes(action);
    if (takes > POLICY_NEEDS_MAX) {
        complain(loading,
                 place,
                 "leave some of them to another action",
                 "'%s' takes %u fields, those it reads by itself among them, but at most %u",
                 action->id,
                 (unsigned)takes,
                 (unsigned)POLICY_NEEDS_MAX);
    }
    unsigned counts = 0;
    for (uint16_t i = 0; i < action->require_count; i++) {
        look_check(loading, place, action, action->requirements[i].compare.field);
        counts += action->requirements[i].same != POLICY_NONE;
    }
    for (uint16_t i = 0; i < action->move_count; i++) {
        look_check(loading, place, action, action->moves[i].compare.field);
        counts += action->moves[i].same != POLICY_NONE ? 2 : 0;
    }
    if (counts > 1) {
        complain(loading,
                 place,
                 "requires: [...], in an action",
                 "complaints are counted once for an action, before it is done");
    }
    for (uint16_t i = 0; i < action->limit_count; i++) {
        look_check(loading, place, action, action->limits[i].field);
    }
}
