/* Sets of holidays as YAML; see calendar_file.h. */
#include "calendar_file.h"

/* One row of all files. */
struct row {
    int32_t date;
    enum calendar_dated_kind kind;
    const char *name;
};

static int compare_rows(const void *a, const void *b)
{
    const struct row *left = a;
    const struct row *right = b;
    if (left->date != right->date) {
        return left->date < right->date ? -1 : 1;
    }
    if (left->kind != right->kind) {
        return left->kind < right->kind ? -1 : 1;
    }
    return strcmp(left->name, right->name);
}

/* Nothing in it means something to YAML. */
static bool is_plain(const char *text)
{
    static const char safe[] = " '().-";
    uint8_t first = (uint8_t)text[0];
    bool letter = (first | 0x20) >= 'a' && (first | 0x20) <= 'z';
    for (const char *at = text; *at; at++) {
        uint8_t byte = (uint8_t)*at;
        bool word = byte >= 0x80 || (byte >= '0' && byte <= '9') ||
                    ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
        if (!word && !strchr(safe, *at)) {
            return false;
        }
    }
    size_t size = strlen(text);
    return (letter || first >= 0x80) && text[size - 1] != ' ';
}

static void text_write(FILE *out, const char *text)
{
    if (is_plain(text)) {
        (void)fputs(text, out);
        return;
    }
    (void)fputc('"', out);
    for (const char *at = text; *at; at++) {
        (void)fputs(*at == '"' || *at == '\\' ? "\\" : "", out);
        (void)fputc((unsigned char)*at < 0x20 ? ' ' : *at, out);
    }
    (void)fputc('"', out);
}

static void rows_write(
    const struct row *rows, size_t count, enum calendar_dated_kind kind, const char *key, FILE *out)
{
    bool begun = false;
    for (size_t i = 0; i < count; i++) {
        bool again = i > 0 && rows[i].date == rows[i - 1].date;
        if (rows[i].kind != kind || again) {
            continue;
        }
        if (!begun) {
            (void)fprintf(out, "%s:\n", key);
            begun = true;
        }
        int32_t date = rows[i].date;
        (void)fprintf(out, "  %04d-%02d-%02d: ", date / 10000, date / 100 % 100, date % 100);
        text_write(out, rows[i].name);
        (void)fputc('\n', out);
    }
    if (!begun && kind == DATED_HOLIDAY) {
        (void)fprintf(out, "%s: {}\n", key);
    }
}

static size_t rows_gather(const struct calendar_file *const *files, size_t count, struct row *rows)
{
    size_t filled = 0;
    for (size_t i = 0; i < count; i++) {
        const struct calendar_definition *definition = &files[i]->definition;
        for (uint32_t j = 0; j < definition->dated_count; j++) {
            const struct calendar_dated *dated = &definition->dated[j];
            if (dated->kind != DATED_BREAK) {
                rows[filled++] = (struct row){
                    dated->date, dated->kind, dated->name ? dated->name : files[i]->id};
            }
        }
    }
    return filled;
}

bool calendar_file_write(const struct calendar_file *const *files,
                         size_t count,
                         const char *id,
                         const char *origin,
                         FILE *out,
                         struct error *error)
{
    size_t room = 1;
    for (size_t i = 0; i < count; i++) {
        room += files[i]->definition.dated_count;
    }
    struct row *rows = calloc(room, sizeof *rows);
    if (!rows) {
        return error_set(error, ERROR_FATAL, "out of memory");
    }
    size_t filled = rows_gather(files, count, rows);
    qsort(rows, filled, sizeof *rows, compare_rows);
    for (size_t i = 1; i < filled; i++) {
        if (rows[i].date == rows[i - 1].date && rows[i].kind != rows[i - 1].kind) {
            int32_t date = rows[i].date;
            free(rows);
            return error_set(error,
                             ERROR_REJECT,
                             "%04d-%02d-%02d is off in one file and worked in another",
                             date / 10000,
                             date / 100 % 100,
                             date % 100);
        }
    }
    (void)fprintf(out, "holidays: %s\nsource: ", id);
    text_write(out, origin);
    (void)fputc('\n', out);
    rows_write(rows, filled, DATED_HOLIDAY, "off", out);
    rows_write(rows, filled, DATED_SHIFT, "worked", out);
    free(rows);
    return true;
}
