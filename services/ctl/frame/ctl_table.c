#include "ctl_table.h"

#include "ctl_view.h"

#include <assert.h>
#include <libsmartcols.h>
#include <unistd.h>
#include <wchar.h>

struct ctl_table {
    const struct ctl *ctl;
    const struct ctl_column *columns;
    size_t count;
    struct libscols_table *lines;
    json_t *rows;
};

struct ctl_table *
ctl_table_new(const struct ctl *ctl, const struct ctl_column *columns, size_t count)
{
    assert(count <= CTL_COLUMNS_MAX);
    struct ctl_table *table = calloc(1, sizeof *table);
    if (!table) {
        return NULL;
    }
    *table = (struct ctl_table){.ctl = ctl,
                                .columns = columns,
                                .count = count,
                                .lines = scols_new_table(),
                                .rows = json_array()};
    if (!table->lines || !table->rows) {
        ctl_table_free(&table);
        return NULL;
    }
    (void)scols_table_enable_noencoding(table->lines, 1);
    bool terminal = isatty(fileno(ctl->out)) == 1;
    (void)scols_table_enable_maxout(table->lines, 0);
    if (!terminal) {
        (void)scols_table_set_termforce(table->lines, SCOLS_TERMFORCE_NEVER);
    }
    (void)scols_table_set_stream(table->lines, ctl->out);
    (void)scols_table_set_column_separator(table->lines, "  ");
    for (size_t i = 0; i < count; i++) {
        int flags = columns[i].kind == CTL_COLUMN_NUMBER ? SCOLS_FL_RIGHT : 0;
        flags |= columns[i].cut ? SCOLS_FL_TRUNC : 0;
        flags |= columns[i].kind == CTL_COLUMN_LIST ? SCOLS_FL_WRAP : 0;
        flags |= columns[i].kind == CTL_COLUMN_DETAIL ? SCOLS_FL_HIDDEN : 0;
        const char *title = ctl_text_in(ctl->language, columns[i].title);
        assert(!(title[0] >= 'a' && title[0] <= 'z')); /* headings begin with a capital */
        if (!scols_table_new_column(table->lines, title, 0, flags)) {
            ctl_table_free(&table);
            return NULL;
        }
    }
    return table;
}

void ctl_table_free(struct ctl_table **table_p)
{
    struct ctl_table *table = *table_p;
    if (table) {
        scols_unref_table(table->lines);
        json_decref(table->rows);
        free(table);
        *table_p = NULL;
    }
}

static json_t *cell_json(enum ctl_column_kind kind, const char *cell)
{
    switch (kind) {
    case CTL_COLUMN_NUMBER:
        return cell[0] == '\0' ? json_null() : json_integer(strtoll(cell, NULL, 10));
    case CTL_COLUMN_BOOLEAN:
    case CTL_COLUMN_FAULT:
        return json_boolean(cell[0] != '\0');
    case CTL_COLUMN_TIME:
    case CTL_COLUMN_DETAIL:
        return cell[0] == '\0' ? json_null() : json_string(cell);
    case CTL_COLUMN_TEXT:
    case CTL_COLUMN_LIST:
        break;
    }
    return ctl_json_text(slice_text(cell));
}

void ctl_table_add(struct ctl_table *table, const char *const *cells)
{
    struct libscols_line *line = scols_table_new_line(table->lines, NULL);
    json_t *row = json_object();
    for (size_t i = 0; i < table->count; i++) {
        const struct ctl_column *column = &table->columns[i];
        const char *cell = cells[i] ? cells[i] : "";
        char fault[64]; /* sign and word: who hears a table read, or pipes it, has no heading there
                         */
        (void)json_object_set_new(row, column->key, cell_json(column->kind, cell));
        if (cell[0] != '\0' && column->kind == CTL_COLUMN_BOOLEAN) {
            cell = "✓";
        } else if (cell[0] != '\0' && column->kind == CTL_COLUMN_FAULT) {
            (void)snprintf(fault,
                           sizeof fault,
                           "%s %s",
                           view_sign(VIEW_BREACHED),
                           ctl_text_in(table->ctl->language, column->title));
            cell = fault;
        }
        if (line) {
            char *copy = strdup(cell); /* the table takes it */
            (void)scols_line_refer_data(line, i, copy ? ctl_text_line(copy) : NULL);
        }
    }
    (void)json_array_append_new(table->rows, row);
}

size_t ctl_table_rows(const struct ctl_table *table)
{
    return json_array_size(table->rows);
}

void ctl_table_print(struct ctl_table *table)
{
    if (ctl_table_rows(table) == 0) {
        ctl_note(table->ctl, TEXT_TABLE_EMPTY, NULL);
        return;
    }
    (void)scols_print_table(table->lines);
}

json_t *ctl_table_json(const struct ctl_table *table)
{
    return json_incref(table->rows);
}

void ctl_table_answer(struct ctl_table *table, const char *name)
{
    if (!table->ctl->json) {
        ctl_table_print(table);
        return;
    }
    json_t *value = json_pack("{s:o}", name, ctl_table_json(table));
    ctl_print_json(table->ctl, &value);
}

size_t ctl_width(const char *text)
{
    size_t width = 0;
    mbstate_t state = {0};
    wchar_t wide;
    size_t left = strlen(text);
    while (left > 0) {
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): unsafe only without a state of one's own */
        size_t taken = mbrtowc(&wide, text, left, &state);
        if (taken == 0 || taken > left) {
            return width + left;
        }
        int columns = wcwidth(wide);
        width += columns > 0 ? (size_t)columns : 0;
        text += taken;
        left -= taken;
    }
    return width;
}
