#include "ctl_map.h"

#include "ctl_file.h"
#include "ctl_map_facts.h"
#include "ctl_map_source.h"
#include "scope.h"

#include <sodium.h>

enum { MAP_MEMORY_MAX = 8 * 1024 * 1024 };

struct ctl_map {
    struct arena *arena;
    struct ctl_file file;
    enum ctl_reader_format format;
    struct map_source sources[MAP_TARGET_COUNT];
    struct map_source id;
    struct slice name_space;
    struct map_facts facts;
};

/* What may stand in a mapping besides map, format and submission_id. */
static const struct target {
    const char *name;
    enum map_target target;
    bool required;
    bool may_be_name; /* a text instead of a source */
    bool is_time;
} targets[] = {
    {"policy",        MAP_POLICY,        true,  true,  false},
    {"channel",       MAP_CHANNEL,       true,  true,  false},
    {"received_at",   MAP_RECEIVED_AT,   false, true,  true },
    {"occurred_at",   MAP_OCCURRED_AT,   false, false, true },
    {"narrative",     MAP_NARRATIVE,     true,  false, false},
    {"category_hint", MAP_CATEGORY_HINT, false, false, false},
    {"product",       MAP_PRODUCT,       false, false, false},
    {"demand",        MAP_DEMAND,        false, false, false},
};
static const struct target persons[] = {
    {"name",      MAP_NAME,      false, false, false},
    {"contact",   MAP_CONTACT,   false, false, false},
    {"reference", MAP_REFERENCE, false, false, false},
};
enum {
    TARGET_ROWS = sizeof targets / sizeof *targets,
    PERSON_ROWS = sizeof persons / sizeof *persons,
};

static bool is_known(const char *name)
{
    static const char *const others[] = {
        "map", "format", "submission_id", "person", "facts", "recorded"};
    for (size_t i = 0; i < TARGET_ROWS; i++) {
        if (strcmp(targets[i].name, name) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (strcmp(others[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static const struct yaml_node *value_of(const struct yaml_node *map, const char *key)
{
    const struct yaml_pair *pair = yaml_find(map, key);
    return pair ? &pair->value : NULL;
}

static void read_head(struct ctl_map *map, struct yaml_source *source, const struct yaml_node *root)
{
    const struct yaml_node *version = value_of(root, "map");
    if (!version || version->kind != YAML_SCALAR || strcmp(version->text, "1") != 0) {
        yaml_complain(source, YAML_ERROR, version ? version : root, NULL, "map: 1 is wanted");
    }
    const struct yaml_node *format = value_of(root, "format");
    const char *text = format && format->kind == YAML_SCALAR ? format->text : "";
    if (strcmp(text, "csv") != 0 && strcmp(text, "jsonl") != 0) {
        yaml_complain(source, YAML_ERROR, format ? format : root, NULL, "format: csv or jsonl");
    }
    map->format = strcmp(text, "csv") == 0 ? CTL_READER_CSV : CTL_READER_JSONL;
    for (uint32_t i = 0; i < root->count; i++) {
        if (!is_known(root->pairs[i].key.text)) {
            yaml_complain(source,
                          YAML_ERROR,
                          &root->pairs[i].key,
                          "redress help mapping shows the keys",
                          "no key of a mapping is called \"%s\"",
                          root->pairs[i].key.text);
        }
    }
}

static void read_id(struct ctl_map *map, struct yaml_source *source, const struct yaml_node *root)
{
    const struct yaml_node *node = value_of(root, "submission_id");
    const struct yaml_node *name = node ? value_of(node, "namespace") : NULL;
    const struct yaml_node *column = node ? value_of(node, "column") : NULL;
    if (!name || name->kind != YAML_SCALAR || !column || column->kind != YAML_SCALAR) {
        yaml_complain(source,
                      YAML_ERROR,
                      node ? node : root,
                      NULL,
                      "submission_id: {namespace: NAME, column: NAME} is wanted");
        return;
    }
    map->name_space = slice_text(name->text);
    map->id = (struct map_source){.given = true, .column = column->text, .place = -1};
}

static void read_targets(struct ctl_map *map,
                         struct yaml_source *source,
                         const struct yaml_node *root,
                         const struct target *rows,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct map_source *to = &map->sources[rows[i].target];
        const struct yaml_node *node = value_of(root, rows[i].name);
        if (to->given) { /* from the command line */
            continue;
        }
        if (node && rows[i].may_be_name && node->kind == YAML_SCALAR) {
            to->given = true;
            to->fixed = node->text;
        } else if (node) {
            map_source_read(source, node, rows[i].is_time, to);
        } else if (rows[i].required) {
            yaml_complain(source, YAML_ERROR, root, NULL, "%s is wanted", rows[i].name);
        }
    }
}

static void read_root(struct ctl_map *map, struct yaml_source *source, const struct yaml_node *root)
{
    if (root->kind != YAML_MAP) {
        yaml_complain(source, YAML_ERROR, root, NULL, "a mapping of keys is wanted");
        return;
    }
    read_head(map, source, root);
    read_id(map, source, root);
    read_targets(map, source, root, targets, TARGET_ROWS);
    const struct yaml_node *person = value_of(root, "person");
    if (person && person->kind == YAML_MAP) {
        read_targets(map, source, person, persons, PERSON_ROWS);
    } else if (person) {
        yaml_complain(
            source, YAML_ERROR, person, NULL, "person: {name, contact, reference} is wanted");
    }
    map_facts_read(source, root, &map->facts);
    const struct map_source *received = &map->sources[MAP_RECEIVED_AT];
    int64_t ago_us;
    if (received->fixed && !map_ago_read(received->fixed, &ago_us)) {
        yaml_complain(source,
                      YAML_ERROR,
                      value_of(root, "received_at"),
                      NULL,
                      "received_at: now, 26h ago (min, h, d), or a source with form");
    }
}

/* NOLINTBEGIN(bugprone-easily-swappable-parameters): read by their names in the header */
int ctl_map_read(struct ctl *ctl,
                 const char *path,
                 const char *policy,
                 const char *channel,
                 struct ctl_map **map_p)
/* NOLINTEND(bugprone-easily-swappable-parameters) */
{
    SCOPED(ctl_map_free) struct ctl_map *map = calloc(1, sizeof *map);
    if (!map || !(map->arena = arena_new(MAP_MEMORY_MAX))) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer does not know of SCOPED */
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    int code = ctl_file_read(ctl, path, YAML_SIZE_MAX, &map->file);
    if (code != CTL_OK) {
        return code;
    }
    map->sources[MAP_POLICY] = (struct map_source){.given = policy, .fixed = policy};
    map->sources[MAP_CHANNEL] = (struct map_source){.given = channel, .fixed = channel};
    struct yaml_source source = {
        .name = path, .bytes = slice_of(map->file.bytes, map->file.size), .out = ctl->err};
    const struct yaml_node *root = yaml_read(&source, map->arena);
    if (root) {
        read_root(map, &source, root);
    }
    if (!root || source.errors > 0) {
        return ctl_fail(ctl, CTL_USAGE, TEXT_MAP_BAD, CTL_ARGS(path));
    }
    *map_p = map;
    map = NULL;
    return CTL_OK;
}

void ctl_map_free(struct ctl_map **map_p)
{
    struct ctl_map *map = *map_p;
    if (map) {
        for (size_t i = 0; i < MAP_TARGET_COUNT; i++) {
            zone_free(&map->sources[i].zone);
        }
        map_facts_done(&map->facts);
        arena_free(&map->arena);
        ctl_file_done(&map->file);
        free(map);
        *map_p = NULL;
    }
}

const char **ctl_map_policy(struct ctl_map *map)
{
    return &map->sources[MAP_POLICY].fixed;
}

const char **ctl_map_channel(struct ctl_map *map)
{
    return &map->sources[MAP_CHANNEL].fixed;
}

enum ctl_reader_format ctl_map_format(const struct ctl_map *map)
{
    return map->format;
}

bool ctl_map_want(struct ctl_map *map, struct ctl_reader *reader)
{
    map->id.place = ctl_reader_want(reader, map->id.column);
    bool good = map->id.place >= 0;
    for (size_t i = 0; i < MAP_TARGET_COUNT; i++) {
        struct map_source *source = &map->sources[i];
        if (source->given && source->column) {
            source->place = ctl_reader_want(reader, source->column);
            good = good && source->place >= 0;
        }
    }
    return map_facts_want(&map->facts, reader) && good;
}

const struct map_facts *ctl_map_facts(const struct ctl_map *map)
{
    return &map->facts;
}

void ctl_map_id(struct slice name_space, struct slice cell, uint8_t id[UUID_SIZE])
{
    static const char purpose[] = "redress.import.v1"; /* the zero byte behind it counts */
    uint8_t hash[HASH_SIZE];
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, sizeof hash);
    (void)crypto_generichash_update(&state, (const uint8_t *)purpose, sizeof purpose);
    (void)crypto_generichash_update(&state, name_space.bytes, name_space.size);
    (void)crypto_generichash_update(&state, (const uint8_t *)"", 1);
    (void)crypto_generichash_update(&state, cell.bytes, cell.size);
    (void)crypto_generichash_final(&state, hash, sizeof hash);
    memcpy(id, hash, UUID_SIZE);
    id[6] = (uint8_t)((id[6] & 0x0f) | 0x80);
    id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
}

/* The texts of a submission, in the order of enum map_target. */
static struct slice *text_of(struct ctl_submission *submission, enum map_target target)
{
    struct slice *const places[MAP_TARGET_COUNT] = {
        [MAP_POLICY] = &submission->policy,
        [MAP_CHANNEL] = &submission->channel,
        [MAP_NARRATIVE] = &submission->narrative,
        [MAP_NAME] = &submission->name,
        [MAP_CONTACT] = &submission->contact,
        [MAP_REFERENCE] = &submission->reference,
        [MAP_CATEGORY_HINT] = &submission->category_hint,
        [MAP_PRODUCT] = &submission->product,
        [MAP_DEMAND] = &submission->demand,
    };
    return places[target];
}

/* An empty cell is not now: a complaint whose date is missing would look fresh. */
static enum ctl_mapped came_at(const struct map_source *source,
                               const struct ctl_reader *reader,
                               struct ctl_submission *submission,
                               struct ctl_bad *bad)
{
    enum ctl_mapped mapped = map_source_time(
        source, reader, &submission->received_present, &submission->received_at_us, bad);
    if (mapped == CTL_MAPPED && source->column && !submission->received_present) {
        bad->why = TEXT_MAP_CAME_EMPTY;
        ctl_reader_place(reader, source->place, bad);
        (void)snprintf(bad->detail, sizeof bad->detail, "%s", source->column);
        return CTL_MAPPED_BAD;
    }
    return mapped;
}

static enum ctl_mapped fits(const struct ctl_submission *submission, struct ctl_bad *bad)
{
    struct ctl_excess excess;
    if (ctl_submission_fits(submission, &excess)) {
        return CTL_MAPPED;
    }
    bad->why = TEXT_MAP_TOO_LONG;
    (void)snprintf(
        bad->detail, sizeof bad->detail, "%s %zu > %zu", excess.field, excess.size, excess.limit);
    return CTL_MAPPED_BAD;
}

enum ctl_mapped ctl_map_row(const struct ctl_map *map,
                            const struct ctl_reader *reader,
                            struct ctl_submission *submission,
                            struct ctl_bad *bad)
{
    *submission = (struct ctl_submission){0};
    struct slice id = ctl_reader_cell(reader, map->id.place);
    if (ctl_reader_cell(reader, map->sources[MAP_NARRATIVE].place).size == 0) {
        return CTL_MAPPED_NOT;
    }
    if (id.size == 0) {
        bad->why = TEXT_MAP_ID_EMPTY;
        ctl_reader_place(reader, map->id.place, bad);
        (void)snprintf(bad->detail, sizeof bad->detail, "%s", map->id.column);
        return CTL_MAPPED_BAD;
    }
    ctl_map_id(map->name_space, id, submission->id);
    for (enum map_target target = 0; target < MAP_TARGET_COUNT; target++) {
        const struct map_source *source = &map->sources[target];
        struct slice *text = text_of(submission, target);
        enum ctl_mapped mapped = CTL_MAPPED;
        if (!source->given) {
            continue;
        }
        if (text) {
            mapped = map_source_text(source, reader, text, bad);
        } else if (target == MAP_RECEIVED_AT) {
            mapped = came_at(source, reader, submission, bad);
        } else {
            mapped = map_source_time(
                source, reader, &submission->occurred_present, &submission->occurred_at_us, bad);
        }
        if (mapped != CTL_MAPPED) {
            return mapped;
        }
    }
    return fits(submission, bad);
}
