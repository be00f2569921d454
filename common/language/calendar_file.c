#include "calendar_file.h"

#include "calendar_read.h"
#include "scope.h"

enum {
    MEMORY_MAX = 64 * 1024 * 1024,
    HOUR_S = 3600,
};

/* One reading of a file. */
struct opening {
    struct calendar_file *file;
    struct yaml_source source;
    struct arena *arena;
    const char *calendar;
    int first_year, last_year;
};

/* What a file begins with tells its form. */
static enum calendar_form form_of(struct slice bytes)
{
    static const char mark[] = "\xef\xbb\xbf";
    static const char begin[] = "BEGIN:";
    size_t at = bytes.size >= 3 && memcmp(bytes.bytes, mark, 3) == 0 ? 3 : 0;
    while (at < bytes.size && (bytes.bytes[at] <= ' ')) {
        at++;
    }
    if (bytes.size - at >= sizeof begin - 1 &&
        strncasecmp((const char *)bytes.bytes + at, begin, sizeof begin - 1) == 0) {
        return CALENDAR_ICAL;
    }
    bool json = at < bytes.size && (bytes.bytes[at] == '{' || bytes.bytes[at] == '[');
    return json ? CALENDAR_JSON : CALENDAR_YAML;
}

static int compare_dates(const void *a, const void *b)
{
    const struct calendar_dated *left = a;
    const struct calendar_dated *right = b;
    if (left->date != right->date) {
        return left->date < right->date ? -1 : 1;
    }
    return (left->kind > right->kind) - (left->kind < right->kind);
}

/* A week to look at the days of a set in. */
static void week_assume(struct calendar_definition *definition, struct calendar_dated *rows)
{
    const struct calendar_hours hours = {.count = 1, .spans = {{9 * HOUR_S, 17 * HOUR_S}}};
    definition->zone = "UTC";
    for (int i = 0; i < 5; i++) {
        definition->week[i] = hours;
    }
    for (uint32_t i = 0; i < definition->dated_count; i++) {
        if (rows[i].kind == DATED_SHIFT) {
            rows[i].hours = hours;
        }
    }
}

/* A calendar of a policy: the one that is named, or the first. */
static void read_of_policy(struct policy_loading *loading,
                           struct opening *opening,
                           const struct yaml_node *tree)
{
    const struct yaml_pair *section = yaml_find(tree, "calendars");
    const struct yaml_node *map = section ? &section->value : tree;
    const struct yaml_pair *row = NULL;
    if (section && map->kind == YAML_MAP && map->count > 0) {
        row = opening->calendar[0] ? yaml_find(map, opening->calendar) : &map->pairs[0];
    }
    if (!row) {
        complain(loading, map, NULL, "the policy has no calendar '%.40s'", opening->calendar);
        return;
    }
    struct calendar_file *file = opening->file;
    read_id(loading, &row->key, file->id);
    (void)calendar_yaml_read(loading, &row->key, &row->value, &file->definition);
}

static void read_yaml(struct opening *opening, const struct yaml_node *tree)
{
    size_t count = 0;
    const struct policy_holidays *shipped = policy_holidays_shipped(&count);
    struct policy_loading *loading = arena_take(opening->arena, sizeof *loading);
    struct calendar_yaml_file *read = arena_take(opening->arena, sizeof *read);
    if (!loading || !read) {
        yaml_complain(&opening->source, YAML_ERROR, tree, NULL, "out of memory");
        return;
    }
    *loading = (struct policy_loading){.arena = opening->arena,
                                       .scratch = opening->arena,
                                       .source = &opening->source,
                                       .holidays = shipped,
                                       .holiday_count = count};
    if (yaml_find(tree, "policy") && opening->calendar) {
        read_of_policy(loading, opening, tree);
    } else if (calendar_yaml_read_file(loading, tree, read)) {
        struct calendar_file *file = opening->file;
        file->set = read->set;
        file->definition = read->definition;
        file->origin = read->origin;
        memcpy(file->id, read->id, sizeof read->id);
    }
}

static void read_dates(struct opening *opening, const struct yaml_node *tree)
{
    struct calendar_file *file = opening->file;
    struct calendar_dates *dates = calendar_dates_take(opening->arena);
    if (!dates) {
        const struct yaml_node start = {.line = 1, .column = 1, .width = 1};
        yaml_complain(&opening->source, YAML_ERROR, &start, NULL, "out of memory");
        return;
    }
    if (file->form == CALENDAR_ICAL) {
        calendar_ical_read(
            &opening->source, opening->arena, opening->first_year, opening->last_year, dates);
    } else {
        calendar_json_read(&opening->source, opening->arena, tree, dates);
    }
    file->set = true;
    file->definition.dated = dates->rows;
    file->definition.dated_count = dates->count;
}

/* Puts the dates in order, and proves by compiling that the calendar can be counted with. */
static void settle(struct opening *opening, const struct yaml_node *tree)
{
    struct calendar_definition *definition = &opening->file->definition;
    size_t size = (definition->dated_count + 1) * sizeof *definition->dated;
    struct calendar_dated *rows = arena_take(opening->arena, size);
    const struct yaml_node start = {.line = 1, .column = 1, .width = 1};
    const struct yaml_node *place = tree ? tree : &start;
    if (!rows) {
        yaml_complain(&opening->source, YAML_ERROR, place, NULL, "out of memory");
        return;
    }
    if (definition->dated_count > 0) {
        memcpy(rows, definition->dated, definition->dated_count * sizeof *rows);
        qsort(rows, definition->dated_count, sizeof *rows, compare_dates);
    }
    definition->dated = rows;
    definition->name = opening->file->id;
    if (definition->title) {
        title_complete(definition->title, definition->name);
    }
    if (opening->file->set) {
        week_assume(definition, rows);
    }
    struct calendar calendar;
    struct error error = {0};
    SCOPED(arena_free) struct arena *scratch = arena_new(MEMORY_MAX);
    if (!scratch ||
        !calendar_compile(
            definition, opening->first_year, opening->last_year, scratch, &calendar, &error)) {
        yaml_complain(&opening->source, YAML_ERROR, place, NULL, "%s", error.text);
    }
}

/* Of a policy together with the files it uses: what all of them come to. */
static const struct yaml_node *tree_of(struct opening *opening)
{
    static const char bundle[] = "%redress-policy ";
    struct slice bytes = opening->source.bytes;
    bool bundled =
        bytes.size >= sizeof bundle && memcmp(bytes.bytes, bundle, sizeof bundle - 1) == 0;
    return bundled && opening->calendar ? policy_written(bytes, opening->arena, &opening->source)
                                        : yaml_read(&opening->source, opening->arena);
}

static void read_all(struct opening *opening)
{
    const struct yaml_node *tree = NULL;
    opening->file->form = form_of(opening->source.bytes);
    opening->file->origin = "";
    if (opening->file->form == CALENDAR_ICAL) {
        read_dates(opening, NULL);
    } else if ((tree = tree_of(opening)) != NULL) {
        opening->file->form == CALENDAR_JSON ? read_dates(opening, tree) : read_yaml(opening, tree);
    } else if (opening->source.errors == 0) {
        const struct yaml_node start = {.line = 1, .column = 1, .width = 1};
        yaml_complain(&opening->source, YAML_ERROR, &start, NULL, "out of memory");
    }
    if (opening->source.errors == 0) {
        settle(opening, tree);
    }
}

static struct calendar_file *file_new(void)
{
    struct calendar_file *file = calloc(1, sizeof *file);
    if (file) {
        file->memory = arena_new(MEMORY_MAX);
    }
    if (file && !file->memory) {
        calendar_file_free(&file);
    }
    return file;
}

struct calendar_file *calendar_file_read(const char *name,
                                         struct slice bytes,
                                         const char *calendar,
                                         int first_year,
                                         int last_year,
                                         struct policy_report *report)
{
    size_t text_size = 0;
    *report = (struct policy_report){0};
    struct calendar_file *file = file_new();
    FILE *out = file ? open_memstream(&report->text, &text_size) : NULL;
    if (!out) {
        report->errors = 1;
        calendar_file_free(&file);
        return file;
    }
    struct opening opening = {
        .file = file,
        .source = {.name = name, .bytes = bytes, .out = out, .faults = &report->faults},
        .arena = file->memory,
        .calendar = calendar,
        .first_year = first_year,
        .last_year = last_year
    };
    read_all(&opening);
    (void)fclose(out);
    report->errors = opening.source.errors;
    report->warnings = opening.source.warnings;
    if (text_size == 0) {
        free(report->text);
        report->text = NULL;
    }
    if (report->errors > 0) {
        calendar_file_free(&file);
    }
    return file;
}

void calendar_file_free(struct calendar_file **file_p)
{
    if (*file_p) {
        struct arena *memory = (*file_p)->memory;
        if (memory) {
            arena_free(&memory);
        }
        free(*file_p);
        *file_p = NULL;
    }
}
