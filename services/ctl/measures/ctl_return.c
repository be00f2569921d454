/* `redress measures --return`: a return in the layout that held at the end of the period. */
#include "ctl_return.h"

#include "arena.h"
#include "ctl_file.h"
#include "scope.h"
#include "yaml.h"
#include "zone.h"

enum { MEMORY_MAX = 16 * 1024 * 1024, DAY_S = 86400, DATE_MAX = 16, PERIODS = 2 };

struct returning {
    struct yaml_source *yaml;
    struct arena *arena;
    struct return_file file;
};

static void date_text(int64_t date, char into[DATE_MAX])
{
    (void)snprintf(into,
                   DATE_MAX,
                   "%04d-%02d-%02d",
                   (int)(date / 10000 % 10000),
                   (int)(date / 100 % 100),
                   (int)(date % 100));
}

/* The local date of an instant where the policy is. */
static bool date_at(const struct policy *policy, int64_t at_s, int64_t *date)
{
    struct error error = {0};
    SCOPED(zone_free)
    struct zone *zone =
        zone_new(policy->calendar_count > 0 ? policy->calendars[0].zone : "UTC", &error);
    if (!zone) {
        return false;
    }
    int64_t local_s = at_s + zone_offset_s(zone, at_s);
    *date = date_of_days((local_s - (local_s % DAY_S + DAY_S) % DAY_S) / DAY_S);
    return true;
}

/* A figure of what lies before the policy is 0 because nobody counted, not because nobody came; one
 * of a period that is not over will be another. */
static void
warn_period(const struct ctl *ctl, const struct policy *policy, const struct measured *period)
{
    if (period->running) {
        ctl_note(ctl,
                 ctl_measures_begun(period) ? TEXT_RETURN_RUNNING : TEXT_RETURN_AHEAD,
                 CTL_ARGS(period->name));
    }
    if (!period->whole) {
        ctl_note(ctl, TEXT_RETURN_BEFORE, CTL_ARGS(policy->name, period->name));
    }
}

/* The one asked for, else the last that is over. */
static int period_find(struct ctl *ctl,
                       const struct policy *policy,
                       enum measure_period period,
                       struct measured *found)
{
    const char *at = ctl_option_text(ctl, "at");
    const struct policy_measure opened = {.what = MEASURE_OPENED,
                                          .period = period,
                                          .clock = POLICY_NONE,
                                          .answer = {.field = POLICY_NONE},
                                          .owner = POLICY_NONE};
    struct measured measured[PERIODS];
    int code = ctl_measures_read(ctl, policy, &opened, period, at, PERIODS, measured);
    if (code == CTL_OK) {
        *found = measured[at ? 1 : 0];
    }
    return code;
}

static json_t *cell_json(const struct return_column *column, const struct measured *measured)
{
    const struct policy_measure *measure = column->measure;
    if (column->shows != RETURN_VALUE) {
        int64_t count = column->shows == RETURN_HITS ? measured->hits : measured->n;
        return count < 0 ? json_null() : json_integer(count);
    }
    return measured_is_known(measure, measured)
               ? ctl_measures_number(
                     measure,
                     measure_value(measure->what, measured->hits, measured->n, measured->sum))
               : json_null();
}

static int row_json(struct ctl *ctl,
                    const struct policy *policy,
                    const struct return_file *file,
                    const struct return_layout *layout,
                    const struct return_row *row,
                    const char *at,
                    json_t *values)
{
    int code = CTL_OK;
    for (unsigned i = 0; i < layout->column_count && code == CTL_OK; i++) {
        struct measured measured;
        struct policy_measure measure = *layout->columns[i].measure;
        measure.where.category_count = row->category_count;
        measure.where.categories = row->categories;
        code = ctl_measures_read(ctl, policy, &measure, file->period, at, 1, &measured);
        if (code == CTL_OK) {
            (void)json_array_append_new(values, cell_json(&layout->columns[i], &measured));
        }
        if (code == CTL_OK && (measured.hits < 0 || measured.n < 0)) {
            ctl_note(ctl, TEXT_RETURN_BELOW, CTL_ARGS(row->heading, layout->columns[i].heading));
        }
    }
    return code;
}

/* ---- writing ---- */

static void csv_text(FILE *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        (void)fputs(text, out);
        return;
    }
    (void)fputc('"', out);
    for (; *text; text++) {
        (void)fprintf(out, *text == '"' ? "\"\"" : "%c", *text);
    }
    (void)fputc('"', out);
}

static void csv_value(FILE *out, const json_t *value)
{
    if (json_is_string(value)) {
        csv_text(out, json_string_value(value));
    } else if (json_is_boolean(value)) {
        (void)fputs(json_is_true(value) ? "true" : "false", out);
    } else if (json_is_integer(value)) {
        (void)fprintf(out, "%lld", (long long)json_integer_value(value));
    } else if (json_is_real(value)) {
        (void)fprintf(out, "%.14g", json_real_value(value));
    }
}

static void csv_print(FILE *out, const json_t *told)
{
    static const char *const heads[] = {"return", "version", "period", "from", "until", "running"};
    enum { HEADS = sizeof heads / sizeof *heads };
    size_t i;
    size_t j;
    json_t *row;
    json_t *value;
    for (i = 0; i < HEADS; i++) {
        (void)fprintf(out, "%s,", heads[i]);
    }
    (void)fputs("row", out);
    json_array_foreach(json_object_get(told, "columns"), i, value)
    {
        (void)fputc(',', out);
        csv_value(out, value);
    }
    (void)fputs("\r\n", out);
    json_array_foreach(json_object_get(told, "rows"), i, row)
    {
        for (j = 0; j < HEADS; j++) {
            csv_value(out, json_object_get(told, heads[j]));
            (void)fputc(',', out);
        }
        csv_value(out, json_object_get(row, "row"));
        json_array_foreach(json_object_get(row, "values"), j, value)
        {
            (void)fputc(',', out);
            csv_value(out, value);
        }
        (void)fputs("\r\n", out);
    }
}

static json_t *head_json(const struct policy *policy,
                         const struct return_file *file,
                         const struct return_layout *layout,
                         const struct measured *period,
                         const char *from,
                         const char *until)
{
    json_t *columns = json_array();
    for (unsigned i = 0; i < layout->column_count; i++) {
        (void)json_array_append_new(columns, json_string(layout->columns[i].heading));
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:o, s:[]}",
                     "return",
                     file->name,
                     "version",
                     layout->version,
                     "policy",
                     policy->name,
                     "period",
                     period->name,
                     "from",
                     from,
                     "until",
                     until,
                     "running",
                     period->running,
                     "columns",
                     columns,
                     "rows");
}

static int layout_print(struct ctl *ctl,
                        const struct policy *policy,
                        const struct return_file *file,
                        const struct return_layout *layout,
                        json_t *told)
{
    int code = CTL_OK;
    const char *at = json_string_value(json_object_get(told, "from"));
    for (unsigned i = 0; i < layout->row_count && code == CTL_OK; i++) {
        json_t *values = json_array();
        code = row_json(ctl, policy, file, layout, &layout->rows[i], at, values);
        (void)json_array_append_new(
            json_object_get(told, "rows"),
            json_pack("{s:s, s:o}", "row", layout->rows[i].heading, "values", values));
    }
    if (code == CTL_OK && !ctl->json) {
        csv_print(ctl->out, told);
    }
    return code;
}

static int return_show(struct ctl *ctl, const struct policy *policy, void *self)
{
    struct returning *returning = self;
    struct return_file *file = &returning->file;
    struct measured period;
    int64_t first;
    int64_t last;
    char from[DATE_MAX];
    char until[DATE_MAX];
    if (!return_layouts_read(returning->yaml, returning->arena, policy, file)) {
        return ctl_fail(ctl, CTL_USAGE, TEXT_RETURN_BAD, CTL_ARGS(returning->yaml->name));
    }
    int code = period_find(ctl, policy, file->period, &period);
    if (code != CTL_OK) {
        return code;
    }
    if (!date_at(policy, period.from_s, &first) || !date_at(policy, period.until_s - 1, &last)) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_LOOK_MEMORY, NULL);
    }
    date_text(first, from);
    date_text(last, until);
    const struct return_layout *layout = NULL;
    for (unsigned i = 0; i < file->layout_count; i++) {
        const struct return_layout *one = &file->layouts[i];
        bool later = !layout || one->from > layout->from;
        layout = one->from <= last && later ? one : layout;
    }
    if (!layout || last > layout->until) {
        return ctl_fail(ctl,
                        CTL_NOT_FOUND,
                        TEXT_RETURN_NO_LAYOUT,
                        CTL_ARGS(file->name, until, returning->yaml->name));
    }
    warn_period(ctl, policy, &period);
    json_t *told = head_json(policy, file, layout, &period, from, until);
    code = layout_print(ctl, policy, file, layout, told);
    if (code == CTL_OK && ctl->json) {
        ctl_print_json(ctl, &told);
    }
    json_decref(told);
    return code;
}

int ctl_return(struct ctl *ctl, const char *path)
{
    static const char *const others[] = {"period", "trend"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (ctl_option_many(ctl, others[i])->count > 0) {
            return ctl_fail(ctl, CTL_USAGE, TEXT_RETURN_OPTION, CTL_ARGS(others[i]));
        }
    }
    SCOPED(arena_free) struct arena *arena = arena_new(MEMORY_MAX);
    SCOPED(ctl_file_done) struct ctl_file bytes = {0};
    SCOPED(view_policies_free) struct view_policies *policies = view_policies_new(ctl);
    if (!arena || !policies) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer does not know of SCOPED */
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    int code = ctl_file_read(ctl, path, YAML_SIZE_MAX, &bytes);
    if (code != CTL_OK) {
        return code;
    }
    struct yaml_source yaml = {
        .name = path, .bytes = slice_of(bytes.bytes, bytes.size), .out = ctl->err};
    struct returning returning = {.yaml = &yaml, .arena = arena};
    const struct yaml_node *root = yaml_read(&yaml, arena);
    if (!root || !return_read(&yaml, root, &returning.file)) {
        return ctl_fail(ctl, CTL_USAGE, TEXT_RETURN_BAD, CTL_ARGS(path));
    }
    const char *policy = ctl_option_text(ctl, "policy");
    if (policy && strcmp(policy, returning.file.policy) != 0) {
        return ctl_fail(
            ctl, CTL_USAGE, TEXT_RETURN_POLICY, CTL_ARGS(path, returning.file.policy, policy));
    }
    return ctl_measures_each(ctl, policies, returning.file.policy, return_show, &returning);
}
