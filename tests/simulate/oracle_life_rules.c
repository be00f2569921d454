/* What policies ask, and what actions leave behind, for the model of lives. */
#include "oracle_life_private.h"

void life_name(char name[POLICY_NAME_MAX], struct slice text)
{
    (void)snprintf(name,
                   POLICY_NAME_MAX,
                   "%.*s",
                   (int)text.size,
                   text.size > 0 ? (const char *)text.bytes : "");
}

bool life_named(const struct count *count, const char *name)
{
    for (unsigned i = 0; i < count->people; i++) {
        if (strcmp(count->who[i], name) == 0) {
            return true;
        }
    }
    return false;
}

void life_name_add(struct count *count, const char *name)
{
    if (!life_named(count, name) && count->people < PEOPLE_MAX) {
        (void)snprintf(count->who[count->people++], POLICY_NAME_MAX, "%s", name);
    }
}

/* ---- what the policy asks ---- */

static bool field_text(const struct event_advanced *advanced, const char *id, struct slice *text)
{
    for (uint32_t i = 0; i < advanced->field_count; i++) {
        if (slice_equal(advanced->fields[i].name, slice_text(id)) &&
            advanced->fields[i].value.size > 0) {
            *text = advanced->fields[i].value;
            return true;
        }
    }
    return false;
}

static bool value_known(const struct doing *doing, uint16_t field, int64_t *value)
{
    const struct policy_field *rules = &doing->policy->fields[field];
    struct slice text;
    if (field_text(doing->advanced, rules->id, &text)) {
        return policy_field_value(rules, text, value);
    }
    *value = doing->life->values[field];
    return doing->life->told[field];
}

static bool compares(const struct policy_compare *compare, int64_t value)
{
    return (!compare->has_min || value >= compare->min) &&
           (!compare->has_max || value <= compare->max) &&
           (compare->choices == 0 ||
            (value >= 0 && value < 64 && (compare->choices >> value & 1U) != 0));
}

static bool compared(const struct doing *doing, const struct policy_requirement *asked)
{
    int64_t value = 0;
    struct slice text = {0};
    if (asked->compare.field == POLICY_NONE) {
        return true;
    }
    const struct policy_field *field = &doing->policy->fields[asked->compare.field];
    if (!asked->same_channel) {
        return value_known(doing, asked->compare.field, &value) && compares(&asked->compare, value);
    }
    bool told = field_text(doing->advanced, field->id, &text);
    return doing->advanced->channel.size == 0 ||
           (told && slice_equal(text, doing->advanced->channel));
}

/* Here the calendars are the policy's own; what is different is who counts since when. */
static bool in_time(const struct doing *doing, const struct policy_window *window)
{
    const struct life *life = doing->life;
    int64_t since_us = life->received_at_us;
    since_us = window->since == SINCE_OPENED ? life->opened_at_us : since_us;
    since_us = window->since == SINCE_STEP ? life->since_us : since_us;
    since_us = window->since == SINCE_CLOSED ? life->closed_at_us : since_us;
    since_us = window->since == SINCE_IMPLEMENTED ? life->implemented_at_us : since_us;
    int64_t instant_us = policy_window_us(doing->policy, window, since_us);
    return window->side == WINDOW_NONE ||
           (window->side == WINDOW_BEFORE ? doing->at_us <= instant_us
                                          : doing->at_us >= instant_us);
}

/* The number the event tells, of a case whose cause is known and that was carried out. */
static bool seldom_again(const struct doing *doing, const struct policy_requirement *asked)
{
    struct slice text;
    unsigned count = 0;
    if (asked->same == POLICY_NONE) {
        return true;
    }
    if (!doing->life->told[asked->same] || !field_text(doing->advanced, "@same-cause", &text) ||
        (asked->window.since == SINCE_IMPLEMENTED && doing->life->implemented_at_us == 0)) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        count = 10 * count + text.bytes[i] - '0';
    }
    return count <= asked->at_most;
}

static bool holds(const struct doing *doing, const struct policy_requirement *asked)
{
    const struct life *life = doing->life;
    if (asked->not_by != POLICY_NONE && life_named(&life->marks[asked->not_by], doing->actor)) {
        return false;
    }
    if (asked->task != POLICY_NONE && life_open(life, asked->task) > 0) {
        return false;
    }
    if (asked->mark != POLICY_NONE) {
        const struct count *mark = &life->marks[asked->mark];
        if (mark->times < asked->times || mark->people < asked->persons ||
            (asked->at_most != POLICY_NONE && mark->times > asked->at_most)) {
            return false;
        }
    }
    return compared(doing, asked) && in_time(doing, &asked->window) && seldom_again(doing, asked);
}

static bool is_category(const struct policy *policy, uint16_t category, uint16_t wanted)
{
    while (category != POLICY_NONE && category != wanted) {
        category = policy->categories[category].parent;
    }
    return category == wanted;
}

/* Labels are not known to dispatch, and repeats are none here. */
bool life_applies(const struct doing *doing, const struct policy_when *when)
{
    const struct policy *policy = doing->policy;
    uint16_t category = policy_category_index(policy, slice_text(doing->life->category));
    uint16_t class_index = policy_class_index(policy, slice_text(doing->life->class_id));
    uint16_t channel = policy_channel_index(policy, doing->advanced->channel);
    bool fits = when->category_count == 0;
    for (uint16_t i = 0; i < when->category_count && !fits; i++) {
        fits = is_category(policy, category, when->categories[i]);
    }
    fits = fits && (when->channels == 0 ||
                    (channel != POLICY_NONE && (when->channels >> channel & 1U) != 0));
    fits = fits && (when->classes == 0 ||
                    (class_index != POLICY_NONE && (when->classes >> class_index & 1U) != 0));
    for (uint16_t i = 0; i < when->compare_count && fits; i++) {
        const struct policy_compare *compare = &when->compares[i];
        fits = doing->life->told[compare->field] &&
               compares(compare, doing->life->values[compare->field]);
    }
    return fits && when->repeats_min == 0 && when->pattern_count == 0;
}

bool life_all_hold(const struct doing *doing, const struct policy_requirement *list, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        bool asked = (list[i].roles == 0 || (list[i].roles >> doing->role & 1U) != 0) &&
                     (list[i].outcomes == 0 || (list[i].outcomes >> doing->outcome & 1U) != 0) &&
                     life_applies(doing, &list[i].when);
        if (asked && !holds(doing, &list[i])) {
            return false;
        }
    }
    return true;
}

bool life_within_limits(const struct doing *doing)
{
    for (uint16_t i = 0; i < doing->action->limit_count; i++) {
        const struct policy_limit *limit = &doing->action->limits[i];
        int64_t value = 0;
        if (limit->role == doing->role &&
            (!value_known(doing, limit->field, &value) || value > limit->most)) {
            return false;
        }
    }
    return true;
}

/* ---- what an action leaves behind ---- */

/* Names stand between commas here. */
static void name_people(struct count *count, struct slice text)
{
    char name[POLICY_NAME_MAX];
    size_t size = 0;
    memset(count, 0, sizeof *count);
    for (size_t i = 0; i <= text.size; i++) {
        char sign = ',';
        if (i < text.size) {
            sign = (char)text.bytes[i];
        }
        if (sign != ',' && sign != ' ' && size + 1 < sizeof name) {
            name[size++] = sign;
        } else if (sign == ',' && size > 0) {
            name[size] = '\0';
            life_name_add(count, name);
            size = 0;
        }
    }
}

static void learn_fields(const struct doing *doing, struct life *after)
{
    const struct policy *policy = doing->policy;
    for (uint16_t i = 0; i < policy->field_count; i++) {
        const struct policy_field *field = &policy->fields[i];
        struct slice text;
        int64_t value = 0;
        if (!field_text(doing->advanced, field->id, &text)) {
            continue;
        }
        if (field->recuses) {
            name_people(&after->concerned, text);
        } else if (field->kept && policy_field_value(field, text, &value)) {
            after->told[i] = true;
            after->values[i] = value;
        }
    }
}

void life_begin_round(const struct policy *policy, struct life *after)
{
    for (uint16_t i = 0; i < policy->mark_count; i++) {
        if (policy->marks[i].per_round) {
            memset(&after->marks[i], 0, sizeof after->marks[i]);
        }
    }
}

unsigned life_open(const struct life *life, uint16_t task)
{
    unsigned count = 0;
    for (int i = 0; i < POLICY_AT_ONCE_MAX; i++) {
        count += life->owed[task][i];
    }
    return count;
}

int life_settled(const struct doing *doing, uint16_t task)
{
    const struct event_advanced *advanced = doing->advanced;
    int asked = 0;
    for (uint32_t i = 0; i < advanced->field_count; i++) {
        const struct slice value = advanced->fields[i].value;
        if (slice_equal(advanced->fields[i].name, slice_text("task")) && value.size > 0) {
            asked = value.size == 1 ? value.bytes[0] - '0' : -1;
        }
    }
    for (int i = 0; i < POLICY_AT_ONCE_MAX && (doing->action->settles >> task & 1U) != 0; i++) {
        if (doing->life->owed[task][i] && (asked == 0 || asked == i + 1)) {
            return i;
        }
    }
    return -1;
}

int life_opened(const struct doing *doing, const struct life *after, uint16_t task)
{
    int most = policy_at_once(&doing->policy->tasks[task]);
    for (int i = 0; i < most && (doing->action->opens >> task & 1U) != 0; i++) {
        if (!after->owed[task][i]) {
            return i;
        }
    }
    return -1;
}

void life_count_action(const struct doing *doing, struct life *after)
{
    const struct policy_action *action = doing->action;
    learn_fields(doing, after);
    after->implemented_at_us =
        action->fact == EVENT_IMPLEMENTED ? doing->at_us : after->implemented_at_us;
    for (uint16_t i = 0; i < doing->policy->mark_count; i++) {
        if ((action->marks >> i & 1U) != 0) {
            after->marks[i].times++;
            life_name_add(&after->marks[i], doing->actor);
        }
    }
    for (uint16_t i = 0; i < doing->policy->task_count; i++) {
        int settled = life_settled(doing, i);
        if (settled >= 0) {
            after->owed[i][settled] = false;
        }
        int opened = life_opened(doing, after, i);
        if (opened >= 0) {
            after->owed[i][opened] = true;
        }
    }
    after->was_held_by_law = after->was_held_by_law || action->fact == EVENT_HELD;
    after->held_by_law =
        action->fact == EVENT_HELD || (after->held_by_law && action->fact != EVENT_HOLD_LIFTED);
}
