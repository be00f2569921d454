#include "arena.h"
#include "ctl_org.h"
#include "yaml.h"

enum { MEMORY_MAX = 64 * 1024 * 1024, LINE_MAX_SIZE = 64 * 1024 };

/* One value of a file and where it stands. */
struct fact {
    const char *path;
    const char *value;
};

struct facts {
    struct arena *arena;
    struct fact *rows; /* room for YAML_NODES_MAX */
    size_t count;
    bool full;
};

/* A value on one line, as YAML would write it. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as yaml.h allows */
static void value_write(const struct yaml_node *node, FILE *out)
{
    if (node->kind == YAML_SCALAR) {
        (void)fputs(node->text, out);
        return;
    }
    (void)fputc(node->kind == YAML_LIST ? '[' : '{', out);
    for (uint32_t i = 0; i < node->count; i++) {
        (void)fputs(i > 0 ? ", " : "", out);
        if (node->kind == YAML_MAP) {
            (void)fprintf(out, "%s: ", node->pairs[i].key.text);
        }
        value_write(node->kind == YAML_LIST ? &node->items[i] : &node->pairs[i].value, out);
    }
    (void)fputc(node->kind == YAML_LIST ? ']' : '}', out);
}

static void fact_add(struct facts *facts, const char *path, const struct yaml_node *node)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out || facts->count == YAML_NODES_MAX) {
        facts->full = true;
    } else {
        value_write(node, out);
    }
    if (out) {
        (void)fclose(out);
    }
    if (text && !facts->full) {
        struct fact *fact = &facts->rows[facts->count++];
        fact->path = arena_copy(facts->arena, path, strlen(path) + 1);
        fact->value = arena_copy(facts->arena, text, size + 1);
        facts->full = !fact->path || !fact->value;
    }
    free(text);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as yaml.h allows */
static void facts_read(struct facts *facts, char path[LINE_MAX_SIZE], const struct yaml_node *node)
{
    size_t size = strlen(path);
    if (node->kind != YAML_MAP || node->count == 0) {
        fact_add(facts, path, node);
        return;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        (void)snprintf(path + size,
                       LINE_MAX_SIZE - size,
                       "%s%s",
                       size > 0 ? "." : "",
                       node->pairs[i].key.text);
        facts_read(facts, path, &node->pairs[i].value);
    }
    path[size] = '\0';
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct fact *)a)->path, ((const struct fact *)b)->path);
}

static bool facts_of(struct slice yaml, struct arena *arena, struct facts *facts)
{
    struct yaml_source source = {.name = "", .bytes = yaml, .out = stderr};
    *facts = (struct facts){.arena = arena,
                            .rows = arena_take(arena, YAML_NODES_MAX * sizeof(struct fact))};
    char *path = arena_take(arena, LINE_MAX_SIZE);
    const struct yaml_node *tree = yaml.size > 0 ? yaml_read(&source, arena) : NULL;
    if (!facts->rows || !path || (yaml.size > 0 && !tree)) {
        return false;
    }
    path[0] = '\0';
    if (tree) {
        facts_read(facts, path, tree);
    }
    if (!facts->full) {
        qsort(facts->rows, facts->count, sizeof *facts->rows, by_path);
    }
    return !facts->full;
}

/* Both lists are in the order of paths: what is in the one only, then what has another value. */
static void
compare(const struct facts *before, const struct facts *after, struct org_difference *difference)
{
    const struct fact *old = before->rows;
    const struct fact *new = after->rows;
    const struct fact *old_end = old + before->count;
    const struct fact *new_end = new + after->count;
    struct org_change *change = difference->changes;
    while (old < old_end || new < new_end) {
        int order = old == old_end ? 1 : new == new_end ? -1 : strcmp(old->path, new->path);
        if (order < 0) {
            *change++ = (struct org_change){.path = old->path, .before = old->value};
        } else if (order > 0) {
            *change++ = (struct org_change){.path = new->path, .after = new->value};
        } else if (strcmp(old->value, new->value) != 0) {
            *change++ = (struct org_change){old->path, old->value, new->value};
        }
        old += order <= 0;
        new += order >= 0;
    }
    difference->count = (size_t)(change - difference->changes);
}

bool org_differ(struct slice before, struct slice after, struct org_difference *difference)
{
    struct facts facts[2];
    struct arena *arena = arena_new(MEMORY_MAX);
    *difference = (struct org_difference){.memory = arena};
    bool good = arena && facts_of(before, arena, &facts[0]) && facts_of(after, arena, &facts[1]);
    if (good) {
        size_t most = facts[0].count + facts[1].count + 1;
        difference->changes = arena_take(arena, most * sizeof *difference->changes);
        good = difference->changes != NULL;
    }
    if (good) {
        compare(&facts[0], &facts[1], difference);
    } else {
        org_difference_done(difference);
    }
    return good;
}

void org_difference_done(struct org_difference *difference)
{
    struct arena *arena = difference->memory;
    if (arena) {
        arena_free(&arena);
    }
    *difference = (struct org_difference){0};
}
