/*
 * One tree out of a policy and the files it uses: the later lies over the earlier, the policy over
 * all.  Mappings are laid over each other key by key, everything else is replaced; "~" takes out
 * what lies below, and a mapping with the key "~" takes out all of it.  Every node keeps its own
 * place.
 */
#include "policy_read.h"

static const char takes_out[] = "~";

static bool is_taking_out(const struct yaml_node *node)
{
    return node->kind == YAML_SCALAR && strcmp(node->text, takes_out) == 0;
}

/* NOLINTBEGIN(misc-no-recursion): no deeper than YAML_DEPTH_MAX, POLICY_FILES_MAX files */

static bool lay(struct policy_loading *loading,
                const struct yaml_node *below,
                const struct yaml_node *above,
                struct yaml_node *out);

/* The keys of below, each with what lies over it, without those taken out. */
static bool lay_known(struct policy_loading *loading,
                      const struct yaml_node *below,
                      const struct yaml_node *above,
                      struct yaml_pair *pairs,
                      uint32_t *count)
{
    for (uint32_t i = 0; i < below->count; i++) {
        const struct yaml_pair *over = yaml_find(above, below->pairs[i].key.text);
        if (over && is_taking_out(&over->value)) {
            continue;
        }
        struct yaml_pair *pair = &pairs[(*count)++];
        *pair = over ? *over : below->pairs[i];
        if (over && !lay(loading, &below->pairs[i].value, &over->value, &pair->value)) {
            return false;
        }
    }
    return true;
}

static void lay_new(struct policy_loading *loading,
                    const struct yaml_node *below,
                    const struct yaml_node *above,
                    struct yaml_pair *pairs,
                    uint32_t *count)
{
    for (uint32_t i = 0; i < above->count; i++) {
        const struct yaml_pair *pair = &above->pairs[i];
        if (strcmp(pair->key.text, takes_out) == 0 || yaml_find(below, pair->key.text)) {
            continue;
        }
        if (is_taking_out(&pair->value)) {
            complain(loading,
                     &pair->value,
                     NULL,
                     "there is no '%s' below that could be taken out",
                     pair->key.text);
        } else {
            pairs[(*count)++] = *pair;
        }
    }
}

static bool lay(struct policy_loading *loading,
                const struct yaml_node *below,
                const struct yaml_node *above,
                struct yaml_node *out)
{
    static const struct yaml_node nothing = {.kind = YAML_MAP};
    *out = *above;
    if (below->kind != YAML_MAP || above->kind != YAML_MAP) {
        return true;
    }
    below = yaml_find(above, takes_out) ? &nothing : below;
    struct yaml_pair *pairs =
        arena_take(loading->scratch, (below->count + above->count + 1) * sizeof *pairs);
    if (!pairs) {
        complain(loading, above, NULL, "the policy needs too much memory");
        return false;
    }
    out->count = 0;
    out->pairs = pairs;
    if (!lay_known(loading, below, above, pairs, &out->count)) {
        return false;
    }
    lay_new(loading, below, above, pairs, &out->count);
    return true;
}

/* Which file of the bundle is meant; the count when none is. */
static uint32_t file_index(struct policy_loading *loading, const struct yaml_node *name)
{
    uint32_t i = 0;
    while (i < loading->file_count && strcmp(loading->files[i].name, name->text) != 0) {
        i++;
    }
    if (i == loading->file_count) {
        complain(loading,
                 name,
                 "files are named relative to the folder of the policy",
                 "no file '%.60s'",
                 name->text);
    }
    return i;
}

/* A file that is built on says nothing of who it is and what it used itself. */
static void forget_identity(struct yaml_node *map, struct yaml_pair *pairs)
{
    static const char *const own[] = {"policy", "version", "uses"};
    uint32_t kept = 0;
    for (uint32_t i = 0; i < map->count; i++) {
        bool forget = false;
        for (size_t j = 0; j < sizeof own / sizeof *own; j++) {
            forget = forget || strcmp(map->pairs[i].key.text, own[j]) == 0;
        }
        if (!forget) {
            pairs[kept++] = map->pairs[i];
        }
    }
    map->pairs = pairs;
    map->count = kept;
}

static const struct yaml_node *
file_tree(struct policy_loading *loading, uint32_t index, uint32_t open);

static const struct yaml_node *
used_tree(struct policy_loading *loading, const struct yaml_node *name, uint32_t open)
{
    uint32_t index = file_index(loading, name);
    if (index == loading->file_count) {
        return NULL;
    }
    if (open >> index & 1U) {
        complain(loading, name, NULL, "'%.60s' uses itself", name->text);
        return NULL;
    }
    const struct yaml_node *tree = file_tree(loading, index, open);
    if (!tree || tree->kind != YAML_MAP) {
        return NULL;
    }
    struct yaml_node *copy = arena_copy(loading->scratch, tree, sizeof *tree);
    struct yaml_pair *pairs = arena_take(loading->scratch, (tree->count + 1) * sizeof *pairs);
    if (!copy || !pairs) {
        complain(loading, name, NULL, "the policy needs too much memory");
        return NULL;
    }
    forget_identity(copy, pairs);
    return copy;
}

static const struct yaml_node *lay_over(struct policy_loading *loading,
                                        const struct yaml_node *below,
                                        const struct yaml_node *above)
{
    struct yaml_node *out = arena_take(loading->scratch, sizeof *out);
    return out && lay(loading, below, above, out) ? out : NULL;
}

/* open: bit set of the files that are being read. */
static const struct yaml_node *
file_tree(struct policy_loading *loading, uint32_t index, uint32_t open)
{
    struct yaml_source *source = &loading->sources[index];
    const struct yaml_node *own = yaml_read(source, loading->scratch);
    const struct yaml_pair *uses = own ? yaml_find(own, "uses") : NULL;
    const struct yaml_node *below = NULL;
    for (uint32_t i = 0; uses && i < list_count(&uses->value); i++) {
        const struct yaml_node *used =
            used_tree(loading, list_item(&uses->value, i), open | 1U << index);
        if (!used) {
            return NULL;
        }
        below = below ? lay_over(loading, below, used) : used;
    }
    return below ? lay_over(loading, below, own) : own;
}

/* NOLINTEND(misc-no-recursion) */

const struct yaml_node *policy_tree(struct policy_loading *loading)
{
    return file_tree(loading, 0, 0);
}

/* What it says was done before anything was read. */
POLICY_READER(read_uses)
{
    (void)into;
    if (pair->value.kind == YAML_MAP || list_count(&pair->value) > POLICY_FILES_MAX) {
        complain(loading, &pair->value, NULL, "expected a file or a list of files");
    }
}
