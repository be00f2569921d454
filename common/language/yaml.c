#include "yaml.h"

#include "fault.h"
#include "scope.h"
#include "utf8.h"
#include "yaml_slip.h"

#include <libfyaml.h>

/* One reading. */
struct reading {
    struct yaml_source *source;
    struct arena *arena;
    uint32_t nodes;
    bool wrong; /* something was told that makes the tree useless */
};

static void
complain_at(struct yaml_source *source, unsigned line, unsigned column, const char *text)
{
    const struct yaml_node place = {.line = line, .column = column, .width = 1};
    yaml_complain(source, YAML_ERROR, &place, NULL, "%s", fault_text(text));
}

static void parser_destroy(struct fy_parser **parser)
{
    fy_parser_destroy(*parser);
}

static void document_destroy(struct fy_document **document)
{
    fy_document_destroy(*document);
}

static void diag_destroy(struct fy_diag **diag)
{
    fy_diag_destroy(*diag);
}

/* A text people read holds letters, blanks and ends of lines: nothing that moves their cursor. */
static void text_check(struct reading *reading, const struct yaml_node *node, size_t size)
{
    const uint8_t *end = (const uint8_t *)node->text + size;
    for (const uint8_t *at = (const uint8_t *)node->text; at < end;) {
        uint32_t letter = 0;
        size_t bytes = utf8_read(at, end, &letter);
        bool blank = letter == '\n' || letter == '\t';
        if (bytes == 0 || (utf8_is_command(letter) && !blank)) {
            yaml_complain(reading->source,
                          YAML_ERROR,
                          node,
                          "take it out; it may have come along when the text was copied",
                          "a control character in a text (U+%04X)",
                          (unsigned)letter);
            reading->wrong = true;
            return;
        }
        at += bytes;
    }
}

/* The place of a node that has no token of its own is that of its first part. */
static const struct fy_mark *node_mark(struct fy_node *node)
{
    for (int depth = 0; node && depth < YAML_DEPTH_MAX; depth++) {
        void *iterator = NULL;
        if (fy_node_is_scalar(node)) {
            struct fy_token *token = fy_node_get_scalar_token(node);
            return token ? fy_token_start_mark(token) : NULL;
        }
        if (fy_node_is_sequence(node)) {
            node = fy_node_sequence_iterate(node, &iterator);
        } else {
            struct fy_node_pair *pair = fy_node_mapping_iterate(node, &iterator);
            node = pair ? fy_node_pair_key(pair) : NULL;
        }
    }
    return NULL;
}

static unsigned characters(const char *text, size_t size)
{
    unsigned count = 0;
    for (size_t i = 0; i < size; i++) {
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    }
    return count;
}

static bool read_node(struct reading *reading,
                      struct fy_node *from,
                      const struct yaml_node *near,
                      unsigned depth,
                      struct yaml_node *out);

static bool read_scalar(struct reading *reading, struct fy_node *from, struct yaml_node *out)
{
    size_t size = 0;
    const char *text = from ? fy_node_get_scalar(from, &size) : NULL;
    char *copy = arena_take(reading->arena, size + 1);
    if (!copy) {
        return false;
    }
    if (size > 0) {
        memcpy(copy, text, size);
    }
    copy[size] = '\0';
    out->kind = YAML_SCALAR;
    out->text = copy;
    out->width = characters(copy, size);
    if (from && fy_node_is_alias(from)) {
        yaml_complain(reading->source,
                      YAML_ERROR,
                      out,
                      "write it out: what is in force has to be seen where it stands",
                      "aliases are not used here");
        reading->wrong = true;
    }
    text_check(reading, out, size);
    return true;
}

/* NOLINTBEGIN(misc-no-recursion): no deeper than YAML_DEPTH_MAX */
static bool
read_list(struct reading *reading, struct fy_node *from, unsigned depth, struct yaml_node *out)
{
    int count = fy_node_sequence_item_count(from);
    struct yaml_node *items = arena_take(reading->arena, ((size_t)count + 1) * sizeof *items);
    if (!items) {
        return false;
    }
    out->kind = YAML_LIST;
    out->items = items;
    void *iterator = NULL;
    struct fy_node *item;
    while ((item = fy_node_sequence_iterate(from, &iterator)) != NULL) {
        if (!read_node(reading, item, out, depth + 1, &items[out->count])) {
            return false;
        }
        out->count++;
    }
    return true;
}

static bool
key_is_good(struct reading *reading, const struct yaml_node *map, const struct yaml_node *key)
{
    const struct yaml_pair *before = yaml_find(map, key->text);
    if (before) {
        yaml_complain(reading->source,
                      YAML_ERROR,
                      key,
                      NULL,
                      "'%s' stands here a second time; first in line %u",
                      key->text,
                      before->key.line);
    }
    bool wide = yaml_is_wide(key->text);
    if (wide) {
        yaml_wide_tell(reading->source, key);
    }
    return !before && !wide;
}

static bool
read_map(struct reading *reading, struct fy_node *from, unsigned depth, struct yaml_node *out)
{
    int count = fy_node_mapping_item_count(from);
    if (count > YAML_PAIRS_MAX) {
        yaml_complain(reading->source,
                      YAML_ERROR,
                      out,
                      NULL,
                      "more than %d keys in one place",
                      YAML_PAIRS_MAX);
        return false;
    }
    struct yaml_pair *pairs = arena_take(reading->arena, ((size_t)count + 1) * sizeof *pairs);
    if (!pairs) {
        return false;
    }
    out->kind = YAML_MAP;
    out->pairs = pairs;
    void *iterator = NULL;
    struct fy_node_pair *item;
    while ((item = fy_node_mapping_iterate(from, &iterator)) != NULL) {
        struct yaml_pair *pair = &pairs[out->count];
        *pair = (struct yaml_pair){
            .key = {
                    .source = reading->source, .line = out->line, .column = out->column, .width = 1}
        };
        if (!fy_node_is_scalar(fy_node_pair_key(item))) {
            const struct fy_mark *mark = node_mark(fy_node_pair_key(item));
            pair->key.line = mark ? (unsigned)mark->line + 1 : out->line;
            pair->key.column = mark ? (unsigned)mark->column + 1 : out->column;
            yaml_complain(
                reading->source, YAML_ERROR, &pair->key, NULL, "a key has to be a plain text");
            reading->wrong = true;
            continue;
        }
        if (!read_node(reading, fy_node_pair_key(item), out, depth + 1, &pair->key) ||
            !read_node(reading, fy_node_pair_value(item), &pair->key, depth + 1, &pair->value)) {
            return false;
        }
        reading->wrong = !key_is_good(reading, out, &pair->key) || reading->wrong;
        out->count++;
    }
    return true;
}

static bool read_node(struct reading *reading,
                      struct fy_node *from,
                      const struct yaml_node *near,
                      unsigned depth,
                      struct yaml_node *out)
{
    const struct fy_mark *mark = from ? node_mark(from) : NULL;
    *out = (struct yaml_node){.source = reading->source,
                              .line = near->line,
                              .column = near->column,
                              .width = near->width,
                              .text = ""};
    if (mark) {
        out->line = (unsigned)mark->line + 1;
        out->column = (unsigned)mark->column + 1;
        out->width = 1;
    }
    if (depth > YAML_DEPTH_MAX || ++reading->nodes > YAML_NODES_MAX) {
        yaml_complain(reading->source,
                      YAML_ERROR,
                      out,
                      NULL,
                      "nested deeper than %d or more than %d values",
                      YAML_DEPTH_MAX,
                      YAML_NODES_MAX);
        return false;
    }
    if (from && fy_node_get_tag_token(from)) {
        yaml_complain(reading->source, YAML_ERROR, out, NULL, "tags are not used here");
        reading->wrong = true;
    }
    if (!from || fy_node_is_scalar(from)) {
        unsigned width = out->width;
        bool good = read_scalar(reading, from, out);
        out->width = mark && out->width ? out->width : width;
        return good;
    }
    return fy_node_is_sequence(from) ? read_list(reading, from, depth, out)
                                     : read_map(reading, from, depth, out);
}
/* NOLINTEND(misc-no-recursion) */

/* What the parser itself had to say; nothing said is said, too. */
static void parser_complaints(struct yaml_source *source, struct fy_diag *diag)
{
    unsigned before = source->errors;
    void *iterator = NULL;
    struct fy_diag_error *found;
    while ((found = fy_diag_errors_iterate(diag, &iterator)) != NULL) {
        unsigned line = found->line > 0 ? (unsigned)found->line : 1;
        unsigned column = found->column > 0 ? (unsigned)found->column : 1;
        yaml_slip_tell(source, line, column, found->msg ? found->msg : "");
    }
    if (source->errors == before) {
        complain_at(source, 1, 1, "not a YAML document");
    }
}

/* Tells of the first byte that is no text, at its place. */
static void bytes_are_text(struct yaml_source *source)
{
    const uint8_t *at = source->bytes.bytes;
    const uint8_t *end = at + source->bytes.size;
    struct yaml_node place = {.line = 1, .column = 1, .width = 1};
    size_t size = 1;
    while (at < end) {
        uint32_t letter = 0;
        size = utf8_read(at, end, &letter);
        if (size == 0 || letter == 0) {
            break;
        }
        place.column = letter == '\n' ? 1 : place.column + 1;
        place.line += letter == '\n';
        at += size;
    }
    if (at < end) {
        const char *what =
            size == 0 ? fault_text("not UTF-8") : fault_text("a NUL byte: not a text file");
        yaml_complain(source, YAML_ERROR, &place, "save it as UTF-8", "%s", what);
    }
}

static bool size_is_good(struct yaml_source *source)
{
    if (source->bytes.size > YAML_SIZE_MAX) {
        complain_at(source, 1, 1, "longer than 1 MiB");
    } else if (source->bytes.size == 0) {
        complain_at(source, 1, 1, "the file is empty");
    } else {
        bytes_are_text(source);
    }
    return source->errors == 0;
}

/* The anchor an event of the parser brings, or NULL. */
static struct fy_token *anchor_of(const struct fy_event *event)
{
    return event->type == FYET_SCALAR           ? event->scalar.anchor
           : event->type == FYET_SEQUENCE_START ? event->sequence_start.anchor
           : event->type == FYET_MAPPING_START  ? event->mapping_start.anchor
                                                : NULL;
}

/* Before the document is made: that takes libfyaml a look at all anchors so far for each, minutes
 * for a file full of them (law 9).  What else is wrong is for the making to tell. */
static bool anchors_are_few(struct yaml_source *source, const struct fy_parse_cfg *config)
{
    unsigned count = 0;
    struct fy_event *event;
    SCOPED(parser_destroy) struct fy_parser *parser = fy_parser_create(config);
    if (!parser ||
        fy_parser_set_string(parser, (const char *)source->bytes.bytes, source->bytes.size) != 0) {
        complain_at(source, 1, 1, "out of memory");
        return false;
    }
    while (count <= YAML_ANCHORS_MAX && (event = fy_parser_parse(parser)) != NULL) {
        struct fy_token *anchor = anchor_of(event);
        count += anchor != NULL;
        if (count > YAML_ANCHORS_MAX) {
            const struct fy_mark *mark = fy_token_start_mark(anchor);
            complain_at(source,
                        mark ? (unsigned)mark->line + 1 : 1,
                        mark ? (unsigned)mark->column + 1 : 1,
                        "anchors are not used here");
        }
        fy_parser_event_free(parser, event);
    }
    return count <= YAML_ANCHORS_MAX;
}

static void second_complain(struct yaml_source *source, struct fy_document *second)
{
    struct fy_node *root = fy_document_root(second);
    const struct fy_mark *mark = root ? node_mark(root) : NULL;
    const struct yaml_node place = {.line = mark ? (unsigned)mark->line + 1 : 1,
                                    .column = mark ? (unsigned)mark->column + 1 : 1,
                                    .width = 1};
    yaml_complain(source,
                  YAML_ERROR,
                  &place,
                  "what stands behind '---' goes into a file of its own",
                  "more than one document in a file");
}

const struct yaml_node *yaml_read(struct yaml_source *source, struct arena *arena)
{
    if (!size_is_good(source)) {
        return NULL;
    }
    SCOPED(diag_destroy) struct fy_diag *unheard = fy_diag_create(NULL);
    SCOPED(diag_destroy) struct fy_diag *diag = fy_diag_create(NULL);
    fy_diag_set_collect_errors(unheard, true);
    fy_diag_set_collect_errors(diag, true);
    struct fy_parse_cfg config = {.flags = FYPCF_QUIET | FYPCF_ALLOW_DUPLICATE_KEYS |
                                           FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE,
                                  .diag = unheard};
    if (!anchors_are_few(source, &config)) {
        return NULL;
    }
    config.diag = diag;
    SCOPED(parser_destroy) struct fy_parser *parser = fy_parser_create(&config);
    if (!parser ||
        fy_parser_set_string(parser, (const char *)source->bytes.bytes, source->bytes.size) != 0) {
        complain_at(source, 1, 1, "out of memory");
        return NULL;
    }
    SCOPED(document_destroy) struct fy_document *document = fy_parse_load_document(parser);
    struct fy_node *root = document ? fy_document_root(document) : NULL;
    if (!root) {
        parser_complaints(source, diag);
        return NULL;
    }
    SCOPED(document_destroy) struct fy_document *second = fy_parse_load_document(parser);
    if (second || fy_diag_got_error(diag)) {
        second ? second_complain(source, second) : parser_complaints(source, diag);
        return NULL;
    }
    struct reading reading = {.source = source, .arena = arena};
    struct yaml_node *tree = arena_take(arena, sizeof *tree);
    const struct yaml_node start = {.line = 1, .column = 1, .width = 1};
    if (!tree || !read_node(&reading, root, &start, 0, tree)) {
        if (source->errors == 0) {
            complain_at(source, 1, 1, "out of memory");
        }
        return NULL;
    }
    return reading.wrong ? NULL : tree;
}

const struct yaml_pair *yaml_find(const struct yaml_node *map, const char *key)
{
    for (uint32_t i = 0; map->kind == YAML_MAP && i < map->count; i++) {
        if (strcmp(map->pairs[i].key.text, key) == 0) {
            return &map->pairs[i];
        }
    }
    return NULL;
}
