/* Lives journeys: a complaint is told, people act, time passes. */
#include "story.h"

#include "policy_read.h"
#include "unit.h"

static const int64_t second_us = 1000000;

void story_wrong(struct story *story, const struct yaml_node *place, const char *format, ...)
{
    char text[STORY_WORD_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    print_error("%s:%u: %s\n", story->file->path, place->line, text);
    story->wrong++;
}

void story_settle(struct story *story, const struct yaml_node *place)
{
    if (story->wrong > 0) {
        _fail(story->file->path, (int)place->line);
    }
}

void story_fail(struct story *story, const struct yaml_node *place, const char *format, ...)
{
    char text[STORY_WORD_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    story_wrong(story, place, "%s", text);
    story_settle(story, place);
}

const struct yaml_node *
story_value(struct story *story, const struct yaml_node *map, const char *key, enum yaml_kind kind)
{
    static const char *const kinds[] = {"one word", "a list", "a mapping"};
    const struct yaml_pair *pair = yaml_find(map, key);
    if (pair && pair->value.kind != kind) {
        story_fail(story, &pair->key, "'%s' is to be %s", key, kinds[kind]);
    }
    return pair ? &pair->value : NULL;
}

const char *
story_text(struct story *story, const struct yaml_node *map, const char *key, const char *otherwise)
{
    const struct yaml_node *value = story_value(story, map, key, YAML_SCALAR);
    return value ? value->text : otherwise;
}

void story_keys(struct story *story, const struct yaml_node *map, const char *const *keys)
{
    if (map->kind != YAML_MAP) {
        story_fail(story, map, "this is to be a mapping");
    }
    for (uint32_t i = 0; i < map->count; i++) {
        const char *const *key = keys;
        while (*key && strcmp(*key, map->pairs[i].key.text) != 0) {
            key++;
        }
        if (!*key) {
            story_wrong(story, &map->pairs[i].key, "no key '%s' here", map->pairs[i].key.text);
        }
    }
    story_settle(story, map);
}

int64_t story_time(struct story *story, const struct yaml_node *place)
{
    enum { DATE_SIZE = 10 };
    int32_t date = 0;
    unsigned hour = 0;
    unsigned minute = 0;
    char end = 0;
    struct slice text = slice_text(place->text);
    if (text.size < DATE_SIZE || !date_parse(slice_of(text.bytes, DATE_SIZE), &date) ||
        sscanf(place->text + DATE_SIZE, " %2u:%2u%c", &hour, &minute, &end) != 2) {
        story_fail(story, place, "'%s' is no time; 2026-03-02 10:00 is", place->text);
    }
    int64_t local_s = date_to_days(date) * 86400 + hour * 3600 + minute * 60;
    return zone_instant_s(story->file->zone, local_s) * second_us;
}

const char *story_said(const struct story *story, int64_t at_us, char text[STORY_WORD_MAX])
{
    int64_t at_s = at_us / second_us;
    int64_t local_s = at_s + zone_offset_s(story->file->zone, at_s);
    int32_t date = date_of_days(local_s / 86400);
    (void)snprintf(text,
                   STORY_WORD_MAX,
                   "%04d-%02d-%02d %02d:%02d",
                   date / 10000,
                   date / 100 % 100,
                   date % 100,
                   (int)(local_s / 3600 % 24),
                   (int)(local_s / 60 % 60));
    return text;
}

/* A customer's name as a number; what it is does not matter. */
static uint64_t customer_number(const char *name)
{
    uint64_t number = *name ? 1 : 0;
    for (; *name; name++) {
        number = number * 131 + (unsigned char)*name;
    }
    return number;
}

/* How often the customer came before; remembers this time. */
static uint32_t came_before(struct story_file *file, uint64_t customer, int64_t at_us)
{
    int64_t window_us = (int64_t)file->object->policy.repeat_days * 86400 * second_us;
    uint32_t count = 0;
    for (unsigned i = 0; i < file->before_count; i++) {
        int64_t ago_us = at_us - file->before[i].received_at_us;
        count += file->before[i].id == customer && ago_us >= 0 && ago_us <= window_us;
    }
    assert_true(file->before_count < STORY_CUSTOMERS_MAX);
    file->before[file->before_count].id = customer;
    file->before[file->before_count++].received_at_us = at_us;
    return customer == 0 ? 0 : count;
}

/* Journeys so far that came since, and had the same cause by now. */
static uint32_t count_same(void *self, const struct dispatch_question *asked, int64_t now_us)
{
    const struct story_file *file = self;
    uint32_t count = 0;
    for (unsigned i = 0; i < file->ended_count; i++) {
        count += strcmp(file->ended[i].cause, asked->cause) == 0 &&
                 file->ended[i].received_at_us > asked->since_us &&
                 file->ended[i].updated_at_us <= now_us;
    }
    return count;
}

static void remember(struct story *story)
{
    struct story_file *file = story->file;
    const struct dispatch_case *state = &story->journey->state;
    assert_true(file->ended_count < STORY_ENDED_MAX);
    dispatch_cause(story->journey->policy, state, file->ended[file->ended_count].cause);
    file->ended[file->ended_count].received_at_us = state->received_at_us;
    file->ended[file->ended_count++].updated_at_us = state->updated_at_us;
}

static void tell(struct story *story)
{
    const struct yaml_node *map = story->told;
    struct story_file *file = story->file;
    const struct yaml_node *received = story_value(story, map, "received", YAML_SCALAR);
    if (!received) {
        story_fail(story, map, "'received' is missing");
        return;
    }
    const char *first = file->object->policy.channels[0].id;
    struct journey_told told = {.serial = ++file->serial,
                                .at_us = story_time(story, received),
                                .channel = story_text(story, map, "channel", first),
                                .text = story_text(story, map, "text", "……"),
                                .hint = story_text(story, map, "hint", ""),
                                .customer =
                                    customer_number(story_text(story, map, "customer", ""))};
    told.repeats = came_before(file, told.customer, told.at_us);
    if (!journey_tell(story->journey, file->object, file->arena, &told)) {
        story_fail(story, map, "intake refused it by channel '%s'", told.channel);
    }
    story->journey->count = count_same;
    story->journey->count_self = file;
}

/* "30m" on, or until a time. */
static void pass(struct story *story, const struct yaml_node *move)
{
    struct journey *journey = story->journey;
    static const char *const keys[] = {"after", "wait"};
    const struct yaml_node *until = story_value(story, move, "at", YAML_SCALAR);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct yaml_node *length = story_value(story, move, keys[i], YAML_SCALAR);
        struct duration duration;
        if (!length) {
            continue;
        }
        if (!duration_parse(length->text, &duration) || duration.unit != DURATION_ELAPSED ||
            duration.side != 0) {
            story_fail(story, length, "'%s' is no length of time; 2 days is", length->text);
        }
        journey_wait(journey, duration.value * second_us);
    }
    if (until) {
        int64_t at_us = story_time(story, until);
        if (at_us < journey->now_us) {
            story_fail(story, until, "%s has passed", until->text);
        }
        journey_wait(journey, at_us - journey->now_us);
    }
}

static const struct policy_action *action_of(struct story *story, const struct yaml_node *place)
{
    const struct policy_step *step = &story->journey->policy->steps[story->journey->state.step];
    uint16_t index = policy_action_index(step, slice_text(place->text));
    return index == POLICY_NONE ? NULL : &step->actions[index];
}

/* The fields as told under "only"; or as under "with" and what else the action needs filled in. */
static uint32_t fill(struct story *story,
                     const struct yaml_node *move,
                     const struct policy_action *action,
                     struct event_field fields[EVENT_FIELDS_MAX])
{
    static char values[POLICY_NEEDS_MAX][JOURNEY_VALUE_MAX];
    const struct yaml_node *only = story_value(story, move, "only", YAML_MAP);
    const struct yaml_node *with = story_value(story, move, "with", YAML_MAP);
    const struct yaml_node *map = only ? only : with;
    uint32_t count = 0;
    for (uint32_t i = 0; map && i < map->count && count < EVENT_FIELDS_MAX; i++) {
        fields[count++] = (struct event_field){.name = slice_text(map->pairs[i].key.text),
                                               .value = slice_text(map->pairs[i].value.text)};
    }
    for (uint16_t i = 0; !only && action && i < action->need_count; i++) {
        const struct policy_need *need = &action->needs[i];
        if (!need->optional && !(map && yaml_find(map, need->field)) && count < EVENT_FIELDS_MAX) {
            fields[count++] =
                (struct event_field){.name = slice_text(need->field),
                                     .value = journey_value(story->journey, need, values[i])};
        }
    }
    return count;
}

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

static void judge(struct story *story,
                  const struct yaml_node *move,
                  const struct yaml_node *order,
                  enum dispatch_answer answer,
                  struct slice about)
{
    const struct yaml_node *refused = story_value(story, move, "refused", YAML_SCALAR);
    const struct yaml_node *why = story_value(story, move, "about", YAML_SCALAR);
    const struct journey *journey = story->journey;
    const char *code = dispatch_answer_code(answer);
    bool done = answer == DISPATCH_APPEND;
    if (!refused && !done) {
        story_fail(story,
                   order,
                   "%s in step %s: expected to be done, was refused: %s %.*s",
                   order->text,
                   journey->policy->steps[journey->state.step].id,
                   code,
                   (int)about.size,
                   about.size > 0 ? (const char *)about.bytes : "");
    }
    if (refused && (done || !same_code(refused->text, code))) {
        story_fail(story,
                   refused,
                   "%s: expected to be refused as %s, was %s",
                   order->text,
                   refused->text,
                   done ? "done" : code);
    }
    if (why && !slice_equal(about, slice_text(why->text))) {
        story_fail(story,
                   why,
                   "%s: expected to be refused about %s, was about '%.*s'",
                   order->text,
                   why->text,
                   (int)about.size,
                   about.size > 0 ? (const char *)about.bytes : "");
    }
    story->proved += refused != NULL;
}

/* The order without one field is refused for it, and changes nothing. */
static void
give_without(struct story *story, const struct yaml_node *field, const struct journey_order *order)
{
    struct event_field fields[EVENT_FIELDS_MAX];
    struct journey_order lacking = *order;
    struct slice about = {0};
    lacking.fields = fields;
    lacking.field_count = 0;
    for (uint32_t i = 0; i < order->field_count; i++) {
        if (!slice_equal(order->fields[i].name, slice_text(field->text))) {
            fields[lacking.field_count++] = order->fields[i];
        }
    }
    enum dispatch_answer answer = journey_give(story->journey, &lacking, &about);
    if (answer != DISPATCH_FIELD_MISSING || !slice_equal(about, slice_text(field->text))) {
        story_fail(story,
                   field,
                   "%s without '%s': expected to be refused for it, was %s",
                   order->action,
                   field->text,
                   answer == DISPATCH_APPEND ? "done" : dispatch_answer_code(answer));
    }
}

/* "needs": what may not be left out, each tried without; nothing else has to be filled in. */
static void try_needs(struct story *story,
                      const struct yaml_node *move,
                      const struct policy_action *action,
                      const struct journey_order *order)
{
    const struct yaml_node *needs = story_value(story, move, "needs", YAML_LIST);
    uint32_t needed = 0;
    for (uint16_t i = 0; needs && action && i < action->need_count; i++) {
        needed += !action->needs[i].optional;
    }
    for (uint32_t i = 0; needs && i < needs->count; i++) {
        give_without(story, &needs->items[i], order);
    }
    if (needs && needed != needs->count) {
        story_fail(story,
                   needs,
                   "%s: expected %u fields that may not be left out, were %u",
                   order->action,
                   needs->count,
                   needed);
    }
    story->proved += needs != NULL;
}

/* What is no action of the policy is known by its word. */
static enum dispatch_input_kind kind_of(const char *order)
{
    static const struct {
        const char *word;
        enum dispatch_input_kind kind;
    } kinds[] = {
        {"claim",   DISPATCH_CLAIM  },
        {"release", DISPATCH_RELEASE},
        {"erase",   DISPATCH_ERASE  },
        {"read",    DISPATCH_READ   },
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(order, kinds[i].word) == 0) {
            return kinds[i].kind;
        }
    }
    return DISPATCH_ACTION;
}

/* "agent zhang": in which role, then who; a role alone is somebody of that name. */
static void act(struct story *story, const struct yaml_node *move)
{
    const struct yaml_node *order = story_value(story, move, "do", YAML_SCALAR);
    const struct yaml_node *as = story_value(story, move, "as", YAML_SCALAR);
    struct event_field fields[EVENT_FIELDS_MAX];
    char role[POLICY_NAME_MAX] = "";
    struct slice about = {0};
    if (!order || !as) {
        if (order || as) {
            story_fail(story, move, "'as' and 'do' go together");
        }
        return;
    }
    size_t size = strcspn(as->text, " ");
    (void)snprintf(role, sizeof role, "%.*s", (int)size, as->text);
    if (policy_role_index(story->journey->policy, slice_text(role)) == POLICY_NONE) {
        story_fail(story, as, "no role '%s' in the policy", role);
    }
    struct journey_order given = {.kind = kind_of(order->text),
                                  .actor = as->text[size] ? as->text + size + 1 : as->text,
                                  .role = role,
                                  .action = order->text,
                                  .fields = fields};
    given.text = story_text(story, move, "text", NULL);
    given.language = story_text(story, move, "language", NULL);
    const struct policy_action *action = action_of(story, order);
    given.field_count = fill(story, move, action, fields);
    try_needs(story, move, action, &given);
    judge(story, move, order, journey_give(story->journey, &given, &about), about);
}

static void expect_of(struct story *story, const struct yaml_node *map)
{
    const struct yaml_node *expected = story_value(story, map, "expect", YAML_MAP);
    if (expected) {
        story_expect(story, expected);
        story_settle(story, expected);
    }
}

void story_live(struct story *story)
{
    static const char *const keys[] = {
        "name", "channel", "received", "text", "hint", "customer", "expect", "then", NULL};
    static const char *const move_keys[] = {"after",
                                            "wait",
                                            "at",
                                            "as",
                                            "do",
                                            "with",
                                            "only",
                                            "needs",
                                            "text",
                                            "language",
                                            "refused",
                                            "about",
                                            "expect",
                                            NULL};
    story_keys(story, story->told, keys);
    tell(story);
    expect_of(story, story->told);
    const struct yaml_node *then = story_value(story, story->told, "then", YAML_LIST);
    for (uint32_t i = 0; then && i < then->count; i++) {
        const struct yaml_node *move = &then->items[i];
        story_keys(story, move, move_keys);
        pass(story, move);
        act(story, move);
        expect_of(story, move);
    }
    remember(story);
    if (story->proved == 0) {
        story_fail(story, story->told, "expects nothing, so it proves nothing");
    }
}
