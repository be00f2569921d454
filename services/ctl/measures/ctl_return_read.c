/* The file of a return. */
#include "arena.h"
#include "ctl_return.h"
#include "yaml.h"

static const char *const shown[] = {"value", "hits", "of"};
enum { SHOWN = sizeof shown / sizeof *shown, DATE_LAST = 99991231 };

struct reading {
    struct yaml_source *yaml;
    struct arena *arena;
    const struct policy *policy;
};

static const char *text_of(const struct yaml_node *map, const char *key)
{
    const struct yaml_pair *pair = map->kind == YAML_MAP ? yaml_find(map, key) : NULL;
    return pair && pair->value.kind == YAML_SCALAR && pair->value.text[0] ? pair->value.text : NULL;
}

static void
keys_check(struct yaml_source *yaml, const struct yaml_node *map, const char *const *keys)
{
    for (uint32_t i = 0; map->kind == YAML_MAP && i < map->count; i++) {
        const struct yaml_node *key = &map->pairs[i].key;
        unsigned at = 0;
        while (keys[at] && strcmp(keys[at], key->text) != 0) {
            at++;
        }
        if (!keys[at]) {
            yaml_complain(
                yaml, YAML_ERROR, key, NULL, "no key of a return is called '%.40s'", key->text);
        }
    }
}

static int64_t date_of(struct reading *reading, const struct yaml_node *map, const char *key)
{
    const struct yaml_pair *pair = yaml_find(map, key);
    int64_t date = DATE_LAST;
    if (pair && (pair->value.kind != YAML_SCALAR ||
                 !policy_date_parse(slice_text(pair->value.text), &date))) {
        yaml_complain(reading->yaml,
                      YAML_ERROR,
                      &pair->value,
                      NULL,
                      "a return names a day, such as 2026-07-01");
    }
    return date;
}

/* ---- columns ---- */

static void
column_measure(struct reading *reading, const struct yaml_pair *pair, struct return_column *column)
{
    const struct policy *policy = reading->policy;
    const char *id = text_of(&pair->value, "measure");
    for (uint16_t i = 0; id && i < policy->measure_count; i++) {
        if (strcmp(policy->measures[i].id, id) == 0) {
            column->measure = &policy->measures[i];
        }
    }
    if (!column->measure) {
        yaml_complain(reading->yaml,
                      YAML_ERROR,
                      &pair->key,
                      NULL,
                      "policy '%s' has no measure '%.40s'",
                      policy->name,
                      id ? id : "");
    } else if (column->measure->between || column->measure->where.category_count > 0) {
        yaml_complain(reading->yaml,
                      YAML_ERROR,
                      &pair->key,
                      NULL,
                      "measure '%s' has categories of its own or is between channels",
                      column->measure->id);
    } else if (column->shows == RETURN_HITS &&
               measure_unit_of(column->measure->what) != MEASURE_PERCENT) {
        yaml_complain(reading->yaml,
                      YAML_ERROR,
                      &pair->key,
                      "shows: value, or of",
                      "measure '%s' is no share: it has no hits",
                      column->measure->id);
    }
}

static void
column_read(struct reading *reading, const struct yaml_pair *pair, struct return_column *column)
{
    static const char *const keys[] = {"measure", "shows", NULL};
    const char *shows = text_of(&pair->value, "shows");
    unsigned at = shows ? 0 : RETURN_VALUE;
    keys_check(reading->yaml, &pair->value, keys);
    while (shows && at < SHOWN && strcmp(shown[at], shows) != 0) {
        at++;
    }
    if (at == SHOWN) {
        yaml_complain(
            reading->yaml, YAML_ERROR, &pair->key, NULL, "a column shows value, hits or of");
        return;
    }
    *column = (struct return_column){.heading = pair->key.text, .shows = (enum return_shows)at};
    column_measure(reading, pair, column);
}

/* ---- rows ---- */

static void
category_add(struct reading *reading, const struct yaml_node *node, struct return_row *row)
{
    bool scalar = node->kind == YAML_SCALAR;
    uint16_t category = scalar ? policy_category_index(reading->policy, slice_text(node->text))
                               : (uint16_t)POLICY_NONE;
    if (category == POLICY_NONE) {
        yaml_complain(reading->yaml,
                      YAML_ERROR,
                      node,
                      NULL,
                      "policy '%s' has no category '%.40s'",
                      reading->policy->name,
                      scalar ? node->text : "");
    } else {
        row->categories[row->category_count++] = category;
    }
}

/* all, or a list of categories: one without any would be a row of all as well. */
static void row_read(struct reading *reading, const struct yaml_pair *pair, struct return_row *row)
{
    const struct yaml_node *value = &pair->value;
    *row = (struct return_row){.heading = pair->key.text};
    if (value->kind == YAML_SCALAR && strcmp(value->text, "all") == 0) {
        return;
    }
    uint32_t count = value->kind == YAML_LIST ? value->count : 1;
    if (count == 0) {
        yaml_complain(reading->yaml, YAML_ERROR, value, NULL, "a row has one category or more");
    }
    row->categories = arena_take(reading->arena, (count + 1) * sizeof *row->categories);
    for (uint32_t i = 0; row->categories && i < count; i++) {
        category_add(reading, value->kind == YAML_LIST ? &value->items[i] : value, row);
    }
}

/* ---- layouts ---- */

static const struct yaml_node *
part_of(struct reading *reading, const struct yaml_node *layout, const char *key, unsigned most)
{
    const struct yaml_pair *pair = yaml_find(layout, key);
    if (!pair || pair->value.kind != YAML_MAP || pair->value.count == 0 ||
        pair->value.count > most) {
        yaml_complain(reading->yaml,
                      YAML_ERROR,
                      pair ? &pair->value : layout,
                      NULL,
                      "a layout has 1 to %u %s",
                      most,
                      key);
        return NULL;
    }
    return &pair->value;
}

static void
layout_read(struct reading *reading, const struct yaml_node *node, struct return_layout *layout)
{
    static const char *const keys[] = {"version", "from", "until", "rows", "columns", NULL};
    layout->version = text_of(node, "version");
    if (!layout->version || !text_of(node, "from")) {
        yaml_complain(reading->yaml,
                      YAML_ERROR,
                      node,
                      NULL,
                      "a layout has a version and a day from which on it holds");
        return;
    }
    keys_check(reading->yaml, node, keys);
    layout->from = date_of(reading, node, "from");
    layout->until = date_of(reading, node, "until");
    const struct yaml_node *rows = part_of(reading, node, "rows", RETURN_ROWS_MAX);
    const struct yaml_node *columns = part_of(reading, node, "columns", RETURN_COLUMNS_MAX);
    for (uint32_t i = 0; rows && i < rows->count; i++) {
        row_read(reading, &rows->pairs[i], &layout->rows[layout->row_count++]);
    }
    for (uint32_t i = 0; columns && i < columns->count; i++) {
        column_read(reading, &columns->pairs[i], &layout->columns[layout->column_count++]);
    }
}

/* Which of two holds on a day is nothing to be guessed at.  One without an end goes until the next.
 */
static void layouts_check(struct reading *reading, const struct return_file *file)
{
    for (unsigned i = 0; i < file->layout_count; i++) {
        for (unsigned j = 0; j < file->layout_count; j++) {
            const struct return_layout *one = &file->layouts[i];
            const struct return_layout *next = &file->layouts[j];
            bool ends = one->until != DATE_LAST;
            if (one->from < next->from ? ends && next->from <= one->until
                                       : one->from == next->from && i < j) {
                yaml_complain(reading->yaml,
                              YAML_ERROR,
                              &file->list->items[j],
                              NULL,
                              "layouts '%.40s' and '%.40s' hold on the same day",
                              one->version,
                              next->version);
            }
        }
    }
}

bool return_read(struct yaml_source *yaml, const struct yaml_node *root, struct return_file *file)
{
    static const char *const keys[] = {"return", "policy", "period", "layouts", NULL};
    const char *period = text_of(root, "period");
    unsigned at = 0;
    file->name = text_of(root, "return");
    file->policy = text_of(root, "policy");
    while (period && measure_periods[at] && strcmp(measure_periods[at], period) != 0) {
        at++;
    }
    const struct yaml_pair *layouts = root->kind == YAML_MAP ? yaml_find(root, "layouts") : NULL;
    if (!file->name || !file->policy || !period || at == MEASURE_PERIOD_COUNT || !layouts ||
        layouts->value.kind != YAML_LIST || layouts->value.count > RETURN_LAYOUTS_MAX) {
        yaml_complain(yaml,
                      YAML_ERROR,
                      root,
                      "return: NAME, policy: NAME, period: half-year, layouts: [...]",
                      "a return has a name, a policy, a period and a list of layouts");
        return false;
    }
    keys_check(yaml, root, keys);
    file->period = (enum measure_period)at;
    file->list = &layouts->value;
    return yaml->errors == 0;
}

bool return_layouts_read(struct yaml_source *yaml,
                         struct arena *arena,
                         const struct policy *policy,
                         struct return_file *file)
{
    struct reading reading = {yaml, arena, policy};
    uint32_t count = file->list->count;
    file->layouts = arena_take(arena, (count + 1) * sizeof *file->layouts);
    for (uint32_t i = 0; file->layouts && i < count; i++) {
        file->layouts[i] = (struct return_layout){0};
        layout_read(&reading, &file->list->items[i], &file->layouts[i]);
    }
    file->layout_count = file->layouts ? count : 0;
    if (yaml->errors == 0) {
        layouts_check(&reading, file);
    }
    return file->layouts && yaml->errors == 0;
}
