/* See ctl_policy_written.h: the tree of the file is walked beside the table of the language. */
#include "ctl_policy_written.h"

#include "policy_read.h"

/* What has sentences of its own, or says who the policy is and of what it is made. */
static const char *const said_elsewhere[] = {
    "policy",
    "version",
    "uses",
    "title",
    "capacity",
    "repeat-window",
    "reopen-window",
    "classes",
    "factors",
    "overrides",
    "routes",
    "deputies",
    "closing",
    "steps",
    "everywhere",
    "opening",
    "clocks",
};

static const struct {
    const char *section;
    enum ctl_text thing;
} things[] = {
    {"languages", TEXT_DIFF_LANGUAGES},
    {"roles",     TEXT_DIFF_ROLE     },
    {"channels",  TEXT_DIFF_CHANNEL  },
    {"taxonomy",  TEXT_DIFF_CATEGORY },
    {"patterns",  TEXT_DIFF_PATTERN  },
    {"queues",    TEXT_DIFF_QUEUE    },
    {"fields",    TEXT_DIFF_FIELD    },
    {"forms",     TEXT_DIFF_FORM     },
    {"marks",     TEXT_DIFF_MARK     },
    {"tasks",     TEXT_DIFF_TASK     },
    {"replies",   TEXT_DIFF_REPLIES  },
    {"texts",     TEXT_DIFF_TEXT     },
    {"skills",    TEXT_DIFF_SKILL    },
    {"calendars", TEXT_DIFF_CALENDAR },
    {"measures",  TEXT_DIFF_MEASURE  },
    {"retention", TEXT_DIFF_RETENTION},
    {"readers",   TEXT_DIFF_READERS  },
};

/* Where a thing's title lies in its row; those without one are called by their names. */
static const size_t title_offsets[THING_COUNT] = {
    [THING_CHANNEL] = offsetof(struct policy_channel, title),
    [THING_CATEGORY] = offsetof(struct policy_category, title),
    [THING_CLASS] = offsetof(struct policy_class, title),
    [THING_QUEUE] = offsetof(struct policy_queue, title),
    [THING_FIELD] = offsetof(struct policy_field, title),
    [THING_MARK] = offsetof(struct policy_tally, title),
    [THING_TASK] = offsetof(struct policy_task, title),
    [THING_TEXT] = offsetof(struct policy_text, title),
    [THING_STEP] = offsetof(struct policy_step, title),
};

struct telling {
    const struct ctl *ctl;
    const struct policy *policy;
    bool every_language;
    written_visit visit;
    void *self;
    const struct language_key *section;
};

static const char *word(const struct telling *telling, enum ctl_text id)
{
    return ctl_text_in(telling->ctl->language, id);
}

enum ctl_text written_thing(const struct language_key *section)
{
    for (size_t i = 0; i < sizeof things / sizeof *things; i++) {
        if (strcmp(things[i].section, section->name) == 0) {
            return things[i].thing;
        }
    }
    return TEXT_DIFF_POLICY;
}

const char *
written_meaning(const struct ctl *ctl, const struct language_key *key, char into[SAY_MAX])
{
    static const char *const ends[] = {";", "；", ":", "："};
    (void)snprintf(into, SAY_MAX, "%s", key->meaning[ctl->language]);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char *end = strstr(into, ends[i]);
        if (end) {
            *end = '\0';
        }
    }
    return into;
}

/* ---- values ---- */

static void
name_tell(const struct telling *telling, enum policy_thing thing, const char *name, FILE *out)
{
    const struct policy *policy = telling->policy;
    const struct thing_row *row = &language_things[thing];
    uint16_t role = thing == THING_ROLE ? policy_role_index(policy, slice_text(name)) : POLICY_NONE;
    if (role != POLICY_NONE) {
        (void)fputs(say_role(telling->ctl, policy, role), out);
        return;
    }
    const char *at = NULL;
    uint16_t count = 0;
    if (title_offsets[thing] > 0) {
        memcpy(&at, (const char *)policy + row->rows, sizeof at);
        memcpy(&count, (const char *)policy + row->count, sizeof count);
    }
    for (uint16_t i = 0; i < count; i++, at += row->stride) {
        if (strcmp(at, name) == 0) {
            const void *title = at + title_offsets[thing];
            (void)fputs(say_title(telling->ctl, title), out);
            return;
        }
    }
    (void)fputs(name, out);
}

static void length_tell(const struct telling *telling, const char *written, FILE *out)
{
    struct duration length;
    char text[SAY_MAX];
    if (!duration_parse(written, &length) || length.unit == DURATION_PERCENT) {
        (void)fputs(written, out);
    } else if (length.unit == DURATION_BUSINESS_DAYS) {
        const char *days = CTL_NUMBER_TEXT(length.value);
        (void)fputs(say_text(telling->ctl, text, TEXT_SAY_BUSINESS_DAYS, CTL_ARGS(days)), out);
    } else {
        bool business = length.unit == DURATION_BUSINESS;
        (void)fputs(say_length(telling->ctl, length.value, business, text), out);
    }
}

/* "3 years", as the loader has read it. */
static void period_tell(const struct telling *telling, const char *written, FILE *out)
{
    char *end = NULL;
    char text[SAY_MAX];
    const char *number = CTL_NUMBER_TEXT(strtoll(written, &end, 10));
    end += strspn(end, " ");
    enum ctl_text id = *end == 'y' ? TEXT_SAY_YEARS : *end == 'm' ? TEXT_SAY_MONTHS : TEXT_SAY_DAYS;
    (void)fputs(say_text(telling->ctl, text, id, CTL_ARGS(number)), out);
}

static void scalar_tell(const struct telling *telling,
                        const struct language_key *key,
                        const struct yaml_node *node,
                        FILE *out)
{
    if (key->kind == KIND_FLAG) {
        bool yes = strcmp(node->text, "yes") == 0 || strcmp(node->text, "true") == 0;
        (void)fputs(word(telling, yes ? TEXT_DIFF_YES : TEXT_DIFF_NO), out);
    } else if (key->kind == KIND_LENGTH) {
        length_tell(telling, node->text, out);
    } else if (key->kind == KIND_PERIOD) {
        period_tell(telling, node->text, out);
    } else if (key->thing != THING_NONE) {
        name_tell(telling, key->thing, node->text, out);
    } else {
        (void)fputs(node->text, out);
    }
}

/* NOLINTBEGIN(misc-no-recursion): no deeper than YAML_DEPTH_MAX */
static void value_tell(const struct telling *telling,
                       const struct language_key *key,
                       const struct yaml_node *node,
                       FILE *out);

/* "At least so much of it: 3; Only in these steps: Work"; without what was told before. */
static void part_tell(const struct telling *telling,
                      const struct language_part *part,
                      const struct yaml_node *map,
                      const struct yaml_pair *before,
                      FILE *out)
{
    char meaning[SAY_MAX];
    const char *between = "";
    for (size_t i = 0; i < part->key_count; i++) {
        const struct language_key *key = &part->keys[i];
        const struct yaml_pair *pair = yaml_find(map, key->name);
        if (pair && pair != before) {
            const char *means = written_meaning(telling->ctl, key, meaning);
            (void)fprintf(out, "%s%s%s", between, means, word(telling, TEXT_SAY_COLON));
            value_tell(telling, key, &pair->value, out);
            between = word(telling, TEXT_SAY_SEMICOLON);
        }
    }
}

/* A text in the languages asked for, the person's own first; where it is not written in that, any.
 */
static void title_tell(const struct telling *telling, const struct yaml_node *map, FILE *out)
{
    const char *own = ctl_language_tag(telling->ctl->language);
    const struct yaml_pair *found = yaml_find(map, own);
    const struct yaml_pair *first = found ? found : map->count > 0 ? &map->pairs[0] : NULL;
    (void)fputs(first ? first->value.text : "", out);
    for (uint32_t i = 0; telling->every_language && i < map->count; i++) {
        const struct yaml_pair *pair = &map->pairs[i];
        if (pair != first && strcmp(pair->value.text, first->value.text) != 0) {
            (void)fprintf(out, " / %s", pair->value.text);
        }
    }
}

/* One name with what is said of it: "Goods (goods; Whose it is: Agent)". */
static void named_tell(const struct telling *telling,
                       const struct language_part *part,
                       const struct yaml_pair *pair,
                       FILE *out)
{
    const struct yaml_pair *title = yaml_find(&pair->value, "title");
    if (!title) {
        (void)fprintf(out, "%s (", pair->key.text);
    } else if (title->value.kind == YAML_MAP) {
        title_tell(telling, &title->value, out);
        (void)fprintf(out, " (%s", pair->key.text);
    } else {
        (void)fprintf(out, "%s (%s", title->value.text, pair->key.text);
    }
    if (!title || pair->value.count > 1) {
        (void)fputs(title ? word(telling, TEXT_SAY_SEMICOLON) : "", out);
        part_tell(telling, part, &pair->value, title, out);
    }
    (void)fputc(')', out);
}

/* "Goods (goods), Service (service)", "2026-01-01 New Year". */
static void pairs_tell(const struct telling *telling,
                       const struct language_key *key,
                       const struct yaml_node *map,
                       FILE *out)
{
    for (uint32_t i = 0; i < map->count; i++) {
        const struct yaml_pair *pair = &map->pairs[i];
        (void)fputs(i > 0 ? word(telling, TEXT_SAY_COMMA) : "", out);
        if (pair->value.kind == YAML_MAP && key->part) {
            named_tell(telling, key->part, pair, out);
        } else {
            (void)fprintf(out, "%s ", pair->key.text);
            value_tell(telling, key, &pair->value, out);
        }
    }
}

static void items_tell(const struct telling *telling,
                       const struct language_key *key,
                       const struct yaml_node *list,
                       FILE *out)
{
    for (uint32_t i = 0; i < list->count; i++) {
        bool grouped = list->items[i].kind == YAML_MAP;
        (void)fputs(i > 0 ? word(telling, TEXT_SAY_COMMA) : "", out);
        (void)fputs(grouped ? "(" : "", out);
        value_tell(telling, key, &list->items[i], out);
        (void)fputs(grouped ? ")" : "", out);
    }
}

static void value_tell(const struct telling *telling,
                       const struct language_key *key,
                       const struct yaml_node *node,
                       FILE *out)
{
    if (node->kind == YAML_SCALAR) {
        scalar_tell(telling, key, node, out);
    } else if (node->kind == YAML_LIST) {
        items_tell(telling, key, node, out);
    } else if (key->kind == KIND_TITLE) {
        title_tell(telling, node, out);
    } else if (key->part && (key->kind == KIND_PART || key->kind == KIND_LIST)) {
        part_tell(telling, key->part, node, NULL, out);
    } else {
        pairs_tell(telling, key, node, out);
    }
}

/* ---- things ---- */

static void visit_with(const struct telling *telling,
                       const char *id,
                       const struct language_key *key,
                       char **text,
                       FILE *out)
{
    (void)fclose(out);
    const struct written written = {telling->section, key, id, *text ? *text : ""};
    telling->visit(telling->self, &written);
    free(*text);
}

static void visit_value(const struct telling *telling,
                        const char *id,
                        const struct language_key *key,
                        const struct yaml_node *value)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out) {
        value_tell(telling, key, value, out);
        visit_with(telling, id, key, &text, out);
    }
}

static void rows_tell(const struct telling *telling,
                      const char *under,
                      const struct language_part *part,
                      const struct yaml_node *map);

static void row_tell(const struct telling *telling,
                     const char *under,
                     const struct language_part *part,
                     const struct yaml_pair *row)
{
    char id[SAY_MAX];
    const struct yaml_pair *title = yaml_find(&row->value, "title");
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    (void)snprintf(id, sizeof id, "%s%s", under, row->key.text);
    if (!out) {
        return;
    }
    if (title && title->value.kind == YAML_MAP) {
        title_tell(telling, &title->value, out);
    } else {
        (void)fputs(title ? title->value.text : row->key.text, out);
    }
    visit_with(telling, id, NULL, &text, out);
    for (size_t i = 0; i < part->key_count; i++) {
        const struct language_key *key = &part->keys[i];
        const struct yaml_pair *pair = yaml_find(&row->value, key->name);
        bool beneath = pair && key->part == part; /* kinds of a kind are things of their own */
        if (pair && !beneath) {
            visit_value(telling, id, key, &pair->value);
        }
        if (beneath) {
            char lower[SAY_MAX];
            (void)snprintf(lower, sizeof lower, "%s/", id);
            rows_tell(telling, lower, part, &pair->value);
        }
    }
}

static void rows_tell(const struct telling *telling,
                      const char *under,
                      const struct language_part *part,
                      const struct yaml_node *map)
{
    for (uint32_t i = 0; map->kind == YAML_MAP && i < map->count; i++) {
        row_tell(telling, under, part, &map->pairs[i]);
    }
}
/* NOLINTEND(misc-no-recursion) */

/* Names without a part of their own in the table: what stands under each is its value. */
static void names_tell(const struct telling *telling, const struct yaml_node *map)
{
    for (uint32_t i = 0; i < map->count; i++) {
        const struct yaml_pair *pair = &map->pairs[i];
        const struct written row = {telling->section, NULL, pair->key.text, pair->key.text};
        telling->visit(telling->self, &row);
        visit_value(telling, pair->key.text, telling->section, &pair->value);
    }
}

/* Rules without names. */
static void list_tell(const struct telling *telling, const struct yaml_node *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);
        if (out) {
            value_tell(telling, telling->section, &list->items[i], out);
            visit_with(telling, NULL, NULL, &text, out);
        }
    }
}

/* Names that are defined by being listed. */
static void new_names_tell(const struct telling *telling, const struct yaml_node *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const char *name = list->items[i].text;
        const struct written row = {telling->section, NULL, name, name};
        telling->visit(telling->self, &row);
    }
}

static void section_tell(struct telling *telling, const struct yaml_node *value)
{
    const struct language_key *key = telling->section;
    if (value->kind == YAML_MAP && key->kind == KIND_PART) {
        for (size_t i = 0; i < key->part->key_count; i++) {
            const struct yaml_pair *pair = yaml_find(value, key->part->keys[i].name);
            if (pair) {
                visit_value(telling, NULL, &key->part->keys[i], &pair->value);
            }
        }
    } else if (value->kind == YAML_MAP && key->part) {
        rows_tell(telling, "", key->part, value);
    } else if (value->kind == YAML_MAP) {
        names_tell(telling, value);
    } else if (value->kind == YAML_LIST && key->kind == KIND_LIST) {
        list_tell(telling, value);
    } else if (value->kind == YAML_LIST && key->kind == KIND_NEW_NAMES) {
        new_names_tell(telling, value);
    } else {
        visit_value(telling, NULL, key, value);
    }
}

/* Fields that stand in the actions of these steps, or in actions that stand here. */
static void
actions_tell(const struct telling *telling, const char *under, const struct yaml_node *actions)
{
    static const char *const forms[] = {"needs", "asks"};
    char id[SAY_MAX];
    for (uint32_t i = 0; actions->kind == YAML_MAP && i < actions->count; i++) {
        for (size_t j = 0; j < sizeof forms / sizeof *forms; j++) {
            const struct yaml_pair *form = yaml_find(&actions->pairs[i].value, forms[j]);
            if (form) {
                (void)snprintf(id, sizeof id, "%s%s/", under, actions->pairs[i].key.text);
                rows_tell(telling, id, &language_field, &form->value);
            }
        }
    }
}

static void fields_in_actions(const struct telling *telling, const struct yaml_node *tree)
{
    char under[SAY_MAX];
    const struct yaml_pair *steps = yaml_find(tree, "steps");
    const struct yaml_pair *everywhere = yaml_find(tree, "everywhere");
    for (uint32_t i = 0; steps && steps->value.kind == YAML_MAP && i < steps->value.count; i++) {
        const struct yaml_pair *step = &steps->value.pairs[i];
        const struct yaml_pair *actions = yaml_find(&step->value, "actions");
        if (actions) {
            (void)snprintf(under, sizeof under, "%s/", step->key.text);
            actions_tell(telling, under, &actions->value);
        }
    }
    if (everywhere) {
        actions_tell(telling, "", &everywhere->value);
    }
}

static bool is_said_elsewhere(const struct language_key *key)
{
    for (size_t i = 0; i < sizeof said_elsewhere / sizeof *said_elsewhere; i++) {
        if (strcmp(said_elsewhere[i], key->name) == 0) {
            return true;
        }
    }
    return false;
}

void written_each(const struct ctl *ctl,
                  const struct policy *policy,
                  const struct yaml_node *tree,
                  bool every_language,
                  written_visit visit,
                  void *self)
{
    struct telling telling = {ctl, policy, every_language, visit, self, NULL};
    for (size_t i = 0; i < language_policy.key_count; i++) {
        telling.section = &language_policy.keys[i];
        const struct yaml_pair *pair = yaml_find(tree, telling.section->name);
        if (pair && !is_said_elsewhere(telling.section)) {
            section_tell(&telling, &pair->value);
        }
        if (strcmp(telling.section->name, "fields") == 0) {
            fields_in_actions(&telling, tree);
        }
    }
}
