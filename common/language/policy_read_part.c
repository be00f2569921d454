/* The reader that the table of the language drives; see policy_language.h. */
#include "fault.h"
#include "near.h"
#include "policy_read.h"

#include <assert.h>

enum { HINT_KEYS_MAX = 48 };

void mark_row(struct policy_loading *loading,
              const void *row,
              const struct yaml_node *place,
              const struct yaml_node *map)
{
    struct policy_mark *mark = arena_take(loading->scratch, sizeof *mark);
    if (!mark) {
        loading->shaken = BASE_ALL;
        complain(loading, place, NULL, "the policy needs too much memory");
        return;
    }
    *mark = (struct policy_mark){row, place, map, loading->marks};
    loading->marks = mark;
}

const struct policy_mark *mark_of(const struct policy_loading *loading, const void *row)
{
    const struct policy_mark *mark = loading->marks;
    while (mark && mark->row != row) {
        mark = mark->next;
    }
    assert(mark);
    return mark;
}

struct policy_names names_of(const struct policy_loading *loading, enum policy_thing thing)
{
    const struct thing_row *row = &language_things[thing];
    if (thing == THING_PATTERN) {
        return (struct policy_names){
            row->what, loading->pattern_ids, row->stride, loading->pattern_id_count};
    }
    const char *policy = (const char *)loading->policy;
    const void *rows;
    uint16_t count;
    memcpy(&rows, policy + row->rows, sizeof rows);
    memcpy(&count, policy + row->count, sizeof count);
    return (struct policy_names){row->what, rows, row->stride, count};
}

/* Words as rows of names. */
static struct policy_names names_words(const struct language_key *key,
                                       char rows[HINT_KEYS_MAX][POLICY_NAME_MAX])
{
    uint16_t count = 0;
    for (; key->words[count]; count++) {
        assert(count < HINT_KEYS_MAX);
        (void)snprintf(rows[count], POLICY_NAME_MAX, "%s", key->words[count]);
    }
    return (struct policy_names){key->name, rows, POLICY_NAME_MAX, count};
}

static void store(void *into, const struct language_key *key, int64_t value)
{
    /* of any width: this is a machine that keeps the low bytes first, as the build checks */
    memcpy((char *)into + key->into, &value, key->size);
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "store() keeps the low bytes first");

static void read_days(struct policy_loading *loading,
                      const struct yaml_node *node,
                      const struct language_key *key,
                      void *into)
{
    struct duration duration = {.unit = DURATION_ELAPSED};
    bool none = node->kind == YAML_SCALAR && strcmp(node->text, "0 days") == 0; /* never */
    if (!none && !read_duration(loading, node, &duration)) {
        return;
    }
    if (duration.unit != DURATION_ELAPSED || duration.value % 86400 != 0 || duration.side != 0) {
        complain(loading, node, "90 days", "expected a number of days");
    }
    store(into, key, duration.value / 86400);
}

static void read_indexes(struct policy_loading *loading,
                         const struct yaml_node *node,
                         const struct language_key *key,
                         void *into)
{
    uint32_t count = list_count(node);
    uint16_t *indexes = loading_take(loading, node, count, sizeof *indexes);
    if (!indexes) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        indexes[i] = read_name(loading, list_item(node, i), names_of(loading, key->thing));
    }
    memcpy((char *)into + key->into, &indexes, sizeof indexes);
    memcpy((char *)into + key->count_into, &(uint16_t){(uint16_t)count}, sizeof(uint16_t));
}

/* NOLINTBEGIN(misc-no-recursion): as deep as the language, at most YAML_DEPTH_MAX */

void read_rows(struct policy_loading *loading,
               const struct yaml_node *node,
               const struct language_part *part,
               uint32_t count,
               void *rows)
{
    char *row = rows;
    bool named = node->kind == YAML_MAP;
    for (uint32_t i = 0; i < count; i++, row += part->size) {
        const struct yaml_node *place = named ? &node->pairs[i].key : &node->items[i];
        mark_row(loading, row, place, named ? &node->pairs[i].value : place);
        if (named) { /* all names first: one row may name one that stands below */
            read_id(loading, place, row);
        }
    }
    row = rows;
    for (uint32_t i = 0; i < count; i++, row += part->size) {
        const struct yaml_node *place = named ? &node->pairs[i].key : &node->items[i];
        read_part(loading, place, named ? &node->pairs[i].value : place, part, row);
        if (named && part->title_offset > 0) {
            title_complete((struct policy_title *)(void *)(row + part->title_offset), row);
        }
    }
}

static void read_table(struct policy_loading *loading,
                       const struct yaml_pair *pair,
                       const struct language_key *key,
                       void *into)
{
    enum yaml_kind kind = key->kind == KIND_LIST ? YAML_LIST : YAML_MAP;
    const struct yaml_node *node = &pair->value;
    uint32_t count = read_count(loading, node, kind, (uint32_t)key->max, key->name);
    if (node->kind == kind && count < key->min && node->count <= key->max) {
        complain(loading, &pair->key, NULL, "%s: there has to be at least one", key->name);
        return;
    }
    char *member = (char *)into + key->into;
    void *rows = key->in_place ? member : loading_take(loading, node, count, key->part->size);
    if (!rows) {
        return;
    }
    if (!key->in_place) {
        memcpy(member, &rows, sizeof rows);
    }
    memcpy((char *)into + key->count_into, &(uint16_t){(uint16_t)count}, sizeof(uint16_t));
    read_rows(loading, node, key->part, count, rows);
}

static void read_word(struct policy_loading *loading,
                      const struct yaml_node *node,
                      const struct language_key *key,
                      void *into)
{
    char rows[HINT_KEYS_MAX][POLICY_NAME_MAX];
    uint16_t word = read_name(loading, node, names_words(key, rows));
    if (word != POLICY_NONE) {
        store(into, key, word);
    }
}

static void read_plain_text(struct policy_loading *loading,
                            const struct yaml_node *node,
                            const struct language_key *key,
                            void *into)
{
    size_t size = node->kind == YAML_SCALAR ? strlen(node->text) : 0;
    if (size < (size_t)key->min || size > (size_t)key->max) {
        complain(
            loading, node, NULL, "expected a text of %d to %d bytes", (int)key->min, (int)key->max);
        return;
    }
    const char *text = arena_copy(loading->arena, node->text, size + 1);
    memcpy((char *)into + key->into, &text, sizeof text);
}

/* Kinds that stand for one value. */
static void read_value(struct policy_loading *loading,
                       const struct yaml_pair *pair,
                       const struct language_key *key,
                       void *into)
{
    char *member = (char *)into + key->into;
    const struct yaml_node *node = &pair->value;
    switch (key->kind) {
    case KIND_ID:
        read_id(loading, node, member);
        break;
    case KIND_TITLE:
        read_title(loading, pair, (struct policy_title *)(void *)member);
        break;
    case KIND_TEXT:
        read_plain_text(loading, node, key, into);
        break;
    case KIND_NUMBER:
        store(into, key, read_number(loading, node, key->min, key->max));
        break;
    case KIND_FLAG:
        store(into, key, read_flag(loading, node));
        break;
    case KIND_DAYS:
        read_days(loading, node, key, into);
        break;
    case KIND_WORD:
        read_word(loading, node, key, into);
        break;
    case KIND_NAME:
        store(into, key, read_name(loading, node, names_of(loading, key->thing)));
        break;
    case KIND_NAMES:
        store(into, key, read_name_set(loading, node, names_of(loading, key->thing)));
        break;
    case KIND_INDEXES:
        read_indexes(loading, node, key, into);
        break;
    case KIND_FACT:
        store(into, key, read_action_fact(loading, node));
        break;
    case KIND_FACTS:
        read_facts(loading, node, (uint64_t *)(void *)member);
        break;
    case KIND_PART:
        read_part(loading, &pair->key, node, key->part, member);
        break;
    case KIND_ROWS:
    case KIND_LIST:
        read_table(loading, pair, key, into);
        break;
    default:
        assert(false && "a key of this kind has a reader of its own");
    }
}

void read_key(struct policy_loading *loading,
              const struct yaml_pair *pair,
              const struct language_key *key,
              void *into)
{
    if (key->read) {
        key->read(loading, pair, into);
    } else {
        read_value(loading, pair, key, into);
    }
    if (key->check) {
        key->check(loading, pair, into);
    }
}

static const struct language_key *key_find(const struct language_part *part, const char *name)
{
    for (size_t i = 0; i < part->key_count; i++) {
        if (strcmp(part->keys[i].name, name) == 0) {
            return &part->keys[i];
        }
    }
    return NULL;
}

/* The key somebody may have meant; NULL: none is near. */
static const struct language_key *key_near(const struct language_part *part, const char *wrong)
{
    const struct language_key *found = NULL;
    size_t best = near_enough(wrong) + 1;
    for (size_t i = 0; i < part->key_count; i++) {
        size_t distance = near_distance(wrong, part->keys[i].name);
        if (distance < best) {
            best = distance;
            found = &part->keys[i];
        }
    }
    return found;
}

static void part_hint(char hint[160], const char *wrong, const struct language_part *part)
{
    char rows[HINT_KEYS_MAX][POLICY_NAME_MAX];
    uint16_t filled = 0;
    for (size_t i = 0; i < part->key_count && filled < HINT_KEYS_MAX; i++) {
        (void)snprintf(rows[filled++], POLICY_NAME_MAX, "%s", part->keys[i].name);
    }
    hint_make(hint, wrong, (struct policy_names){"key", rows, POLICY_NAME_MAX, filled});
}

static void unknown_key(struct policy_loading *loading,
                        const struct yaml_node *key,
                        const struct language_part *part)
{
    char hint[160];
    if (part->wider && key_find(part->wider, key->text)) {
        complain(loading,
                 key,
                 "it is not known yet, or not any more, where this is decided",
                 "%s %s",
                 fault_text(part->cannot),
                 key->text);
        return;
    }
    part_hint(hint, key->text, part);
    complain(loading, key, hint, "%s has no '%s'", fault_text(part->what), key->text);
}

/* What holds of a key that was left out. */
static void absent_key(struct policy_loading *loading,
                       const struct yaml_node *place,
                       const struct language_part *part,
                       const struct language_key *key,
                       void *into)
{
    if (key->required) {
        complain(loading, place, NULL, "%s lacks '%s'", fault_text(part->what), key->name);
    } else if (key->fallback) {
        struct yaml_pair pair = {.key = *place, .value = *place};
        pair.value.kind = YAML_SCALAR;
        pair.value.text = key->fallback;
        read_key(loading, &pair, key, into);
    } else if (key->kind == KIND_NAME && key->size > 0) {
        store(into, key, POLICY_NONE);
    }
}

void read_part(struct policy_loading *loading,
               const struct yaml_node *place,
               const struct yaml_node *map,
               const struct language_part *part,
               void *into)
{
    if (map->kind != YAML_MAP) {
        char hint[160];
        part_hint(hint, "", part);
        complain(loading, map, hint, "%s: expected a mapping (name: …)", fault_text(part->what));
        return;
    }
    if (part->begin) {
        part->begin(loading, place, into);
    }
    unsigned outer = loading->base;
    for (uint32_t i = 0; i < map->count; i++) {
        const struct yaml_node *name = &map->pairs[i].key;
        if (!key_find(part, name->text)) {
            loading->base = base_of(part, key_near(part, name->text), outer);
            unknown_key(loading, name, part);
        }
    }
    for (size_t i = 0; i < part->key_count; i++) {
        const struct language_key *key = &part->keys[i];
        const struct yaml_pair *pair = yaml_find(map, key->name);
        loading->base = base_of(part, key, outer);
        if (pair) {
            read_key(loading, pair, key, into);
        } else {
            absent_key(loading, place, part, key, into);
        }
    }
    loading->base = outer;
    if (part->end) {
        part->end(loading, place, map, into);
    }
}
/* NOLINTEND(misc-no-recursion) */
