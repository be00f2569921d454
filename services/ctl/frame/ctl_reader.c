#include "ctl_reader.h"

#include "text.h"

#include <jansson.h>

struct ctl_reader {
    enum ctl_reader_format format;
    ctl_read_fn *read;
    void *context;
    char *buffer; /* CTL_ROW_SIZE_MAX */
    size_t start;
    size_t end;
    bool last;     /* nothing comes behind end */
    bool skipping; /* the rest of a line that is too long */
    uint64_t line; /* of buffer[start], from 1 */
    unsigned wanted_count;
    const char *wanted[CTL_COLUMNS_WANTED_MAX];
    uint32_t places[CTL_COLUMNS_WANTED_MAX]; /* in a record of CSV */
    uint32_t header_count;
    struct slice cells[CTL_COLUMNS_WANTED_MAX];
    char numbers[CTL_COLUMNS_WANTED_MAX][32];
    json_t *object; /* the row at hand */
    struct ctl_csv csv;
};

struct ctl_reader *ctl_reader_new(enum ctl_reader_format format, ctl_read_fn *read, void *context)
{
    struct ctl_reader *reader = calloc(1, sizeof *reader);
    if (!reader) {
        return NULL;
    }
    reader->format = format;
    reader->read = read;
    reader->context = context;
    reader->line = 1;
    reader->buffer = malloc(CTL_ROW_SIZE_MAX);
    if (!reader->buffer) {
        ctl_reader_free(&reader);
    }
    return reader;
}

void ctl_reader_free(struct ctl_reader **reader_p)
{
    struct ctl_reader *reader = *reader_p;
    if (reader) {
        json_decref(reader->object);
        free(reader->buffer);
        free(reader);
        *reader_p = NULL;
    }
}

int ctl_reader_want(struct ctl_reader *reader, const char *name)
{
    for (unsigned i = 0; i < reader->wanted_count; i++) {
        if (strcmp(reader->wanted[i], name) == 0) {
            return (int)i;
        }
    }
    if (reader->wanted_count == CTL_COLUMNS_WANTED_MAX) {
        return -1;
    }
    reader->wanted[reader->wanted_count] = name;
    return (int)reader->wanted_count++;
}

struct slice ctl_reader_cell(const struct ctl_reader *reader, int column)
{
    return column < 0 ? slice_of(NULL, 0) : reader->cells[column];
}

void ctl_reader_place(const struct ctl_reader *reader, int column, struct ctl_bad *bad)
{
    if (column >= 0 && reader->format == CTL_READER_CSV) {
        const struct ctl_csv_start *start = &reader->csv.starts[reader->places[column]];
        bad->line += start->line;
        bad->column = start->column;
    }
}

/* Makes room and reads on.  False: the source failed. */
static bool more(struct ctl_reader *reader, struct ctl_bad *bad)
{
    if (reader->start > 0) {
        memmove(reader->buffer, reader->buffer + reader->start, reader->end - reader->start);
        reader->end -= reader->start;
        reader->start = 0;
    }
    long got = reader->read(
        reader->context, reader->buffer + reader->end, CTL_ROW_SIZE_MAX - reader->end, bad->detail);
    if (got < 0) {
        bad->line = reader->line;
        bad->column = 1;
        bad->why = TEXT_ROW_SOURCE;
        return false;
    }
    reader->end += (size_t)got;
    reader->last = got == 0;
    return true;
}

static void forward(struct ctl_reader *reader, size_t used, uint64_t lines)
{
    reader->start += used;
    reader->line += lines;
}

/* NOLINTNEXTLINE(bugprone-easily-swappable-parameters): line, column, as everywhere */
static enum ctl_read bad_row(struct ctl_bad *bad, uint64_t line, uint64_t column, enum ctl_text why)
{
    bad->line = line;
    bad->column = column;
    bad->why = why;
    return CTL_READ_BAD;
}

/* A row that fills the buffer is no row: its first line is dropped. */
static enum ctl_read too_long(struct ctl_reader *reader, struct ctl_bad *bad)
{
    const char *at = reader->buffer + reader->start;
    const char *newline = memchr(at, '\n', reader->end - reader->start);
    uint64_t line = reader->line;
    reader->skipping = !newline;
    forward(reader,
            newline ? (size_t)(newline - at) + 1 : reader->end - reader->start,
            newline ? 1 : 0);
    (void)ctl_number_text(bad->detail, CTL_ROW_SIZE_MAX);
    return bad_row(bad, line, 1, TEXT_ROW_LONG);
}

/* What is left of a line that was too long. */
static bool skip(struct ctl_reader *reader, struct ctl_bad *bad)
{
    while (reader->skipping) {
        const char *at = reader->buffer + reader->start;
        const char *newline =
            reader->end > reader->start ? memchr(at, '\n', reader->end - reader->start) : NULL;
        reader->skipping = !newline && !reader->last;
        forward(reader,
                newline ? (size_t)(newline - at) + 1 : reader->end - reader->start,
                newline ? 1 : 0);
        if (reader->skipping && !more(reader, bad)) {
            return false;
        }
    }
    return true;
}

/* What stands next in the buffer, as far as it has been read. */
static enum ctl_csv_outcome csv_scan(struct ctl_reader *reader)
{
    size_t size = reader->end - reader->start;
    return size > 0 ? ctl_csv_read(reader->buffer + reader->start, size, reader->last, &reader->csv)
                    : CTL_CSV_MORE;
}

/* A record of any kind, an empty line too; the buffer is read on until it is whole. */
static enum ctl_read csv_any(struct ctl_reader *reader, struct ctl_bad *bad)
{
    if (!skip(reader, bad)) {
        return CTL_READ_FAILED;
    }
    enum ctl_csv_outcome outcome;
    while ((outcome = csv_scan(reader)) == CTL_CSV_MORE) {
        size_t size = reader->end - reader->start;
        if (size == 0 && reader->last) {
            return CTL_READ_END;
        }
        if (size == CTL_ROW_SIZE_MAX) {
            return too_long(reader, bad);
        }
        if (!more(reader, bad)) {
            return CTL_READ_FAILED;
        }
    }
    if (outcome == CTL_CSV_RECORD) {
        return CTL_READ_ROW;
    }
    *bad = reader->csv.bad;
    bad->line += reader->line;
    forward(reader, reader->csv.used, reader->csv.lines);
    return CTL_READ_BAD;
}

/* A record in reader->csv, not yet taken (forward).  Empty lines are passed over. */
static enum ctl_read csv_record(struct ctl_reader *reader, struct ctl_bad *bad)
{
    enum ctl_read read;
    while ((read = csv_any(reader, bad)) == CTL_READ_ROW && reader->csv.count == 1 &&
           reader->csv.cells[0].size == 0) {
        forward(reader, reader->csv.used, reader->csv.lines);
    }
    return read;
}

/* A header of one column is most often one of many, apart by another sign: which that is. */
static enum ctl_text separator_of(struct slice header, enum ctl_text otherwise)
{
    const char *signs[] = {memchr(header.bytes, ';', header.size),
                           memchr(header.bytes, '\t', header.size)};
    return signs[0] ? TEXT_CSV_SEMICOLON : signs[1] ? TEXT_CSV_TAB : otherwise;
}

static enum ctl_read csv_header(struct ctl_reader *reader, struct ctl_bad *bad)
{
    enum ctl_read read = csv_record(reader, bad);
    if (read == CTL_READ_END) {
        return bad_row(bad, 1, 1, TEXT_CSV_HEADER);
    }
    if (read == CTL_READ_BAD &&
        (bad->why == TEXT_CSV_BEHIND_QUOTE || bad->why == TEXT_CSV_QUOTE_INSIDE)) {
        bad->why = separator_of(slice_text(bad->detail), bad->why);
    }
    if (read != CTL_READ_ROW) {
        return read;
    }
    const struct ctl_csv *csv = &reader->csv;
    for (unsigned i = 0; i < reader->wanted_count; i++) {
        uint32_t place = 0;
        while (place < csv->count &&
               !slice_equal(csv->cells[place], slice_text(reader->wanted[i]))) {
            place++;
        }
        if (place == csv->count) {
            (void)snprintf(bad->detail, sizeof bad->detail, "%s", reader->wanted[i]);
            enum ctl_text why = TEXT_ROW_COLUMN;
            why = csv->count == 1 ? separator_of(csv->cells[0], why) : why;
            return bad_row(bad, reader->line, 1, why);
        }
        reader->places[i] = place;
    }
    reader->header_count = csv->count;
    forward(reader, csv->used, csv->lines);
    return CTL_READ_ROW;
}

static enum ctl_read csv_next(struct ctl_reader *reader, uint64_t *line, struct ctl_bad *bad)
{
    enum ctl_read read = csv_record(reader, bad);
    if (read != CTL_READ_ROW) {
        return read;
    }
    const struct ctl_csv *csv = &reader->csv;
    *line = reader->line;
    forward(reader, csv->used, csv->lines);
    if (csv->count != reader->header_count) {
        (void)snprintf(bad->detail,
                       sizeof bad->detail,
                       "%" PRIu32 "/%" PRIu32,
                       csv->count,
                       reader->header_count);
        return bad_row(bad, *line, 1, TEXT_ROW_CELLS);
    }
    for (unsigned i = 0; i < reader->wanted_count; i++) {
        reader->cells[i] = csv->cells[reader->places[i]];
    }
    return CTL_READ_ROW;
}

/* "person.name": each part names a field of the object before. */
static const json_t *json_at(const json_t *object, const char *path)
{
    while (object && *path) {
        char name[128];
        size_t length = strcspn(path, ".");
        (void)snprintf(name, sizeof name, "%.*s", (int)length, path);
        object = json_object_get(object, name);
        path += length + (path[length] == '.');
    }
    return object;
}

static bool json_cell(struct ctl_reader *reader, unsigned i)
{
    const json_t *value = json_at(reader->object, reader->wanted[i]);
    struct slice *cell = &reader->cells[i];
    *cell = slice_of(NULL, 0);
    if (json_is_string(value)) {
        *cell = slice_of(json_string_value(value), json_string_length(value));
    } else if (json_is_integer(value)) {
        *cell = slice_text(ctl_number_text(reader->numbers[i], json_integer_value(value)));
    } else if (json_is_real(value)) {
        (void)snprintf(
            reader->numbers[i], sizeof reader->numbers[i], "%.17g", json_real_value(value));
        *cell = slice_text(reader->numbers[i]);
    } else if (json_is_boolean(value)) {
        *cell = slice_text(json_is_true(value) ? "true" : "false");
    } else if (value && !json_is_null(value)) {
        return false;
    }
    return true;
}

static enum ctl_read
json_row(struct ctl_reader *reader, struct slice text, uint64_t line, struct ctl_bad *bad)
{
    json_error_t error;
    json_decref(reader->object);
    reader->object =
        json_loadb((const char *)text.bytes, text.size, JSON_REJECT_DUPLICATES, &error);
    if (!reader->object) {
        (void)snprintf(bad->detail, sizeof bad->detail, "%s", error.text);
        return bad_row(bad, line, error.column > 0 ? (uint64_t)error.column : 1, TEXT_JSON_BAD);
    }
    if (!json_is_object(reader->object)) {
        return bad_row(bad, line, 1, TEXT_JSON_OBJECT);
    }
    for (unsigned i = 0; i < reader->wanted_count; i++) {
        if (!json_cell(reader, i)) {
            (void)snprintf(bad->detail, sizeof bad->detail, "%s", reader->wanted[i]);
            return bad_row(bad, line, 1, TEXT_JSON_CELL);
        }
    }
    return CTL_READ_ROW;
}

static bool is_blank(struct slice text)
{
    size_t i = 0;
    while (i < text.size && strchr(" \t\r", text.bytes[i]) && text.bytes[i] != '\0') {
        i++;
    }
    return i == text.size;
}

/* Reads on until a whole line stands in the buffer, or the last one. */
static enum ctl_read line_read(struct ctl_reader *reader, struct ctl_bad *bad)
{
    if (!skip(reader, bad)) {
        return CTL_READ_FAILED;
    }
    while (!reader->last &&
           !memchr(reader->buffer + reader->start, '\n', reader->end - reader->start)) {
        if (reader->end - reader->start == CTL_ROW_SIZE_MAX) {
            return too_long(reader, bad);
        }
        if (!more(reader, bad)) {
            return CTL_READ_FAILED;
        }
    }
    return reader->end > reader->start ? CTL_READ_ROW : CTL_READ_END;
}

/* Takes a whole line, lent until the next is read. */
static enum ctl_read
line_take(struct ctl_reader *reader, struct slice *text, uint64_t *line, struct ctl_bad *bad)
{
    enum ctl_read read = line_read(reader, bad);
    if (read == CTL_READ_ROW) {
        const char *at = reader->buffer + reader->start;
        size_t size = reader->end - reader->start;
        const char *newline = memchr(at, '\n', size);
        *text = slice_of(at, newline ? (size_t)(newline - at) : size);
        *line = reader->line;
        forward(reader, text->size + (newline ? 1 : 0), newline ? 1 : 0);
    }
    return read;
}

static enum ctl_read json_next(struct ctl_reader *reader, uint64_t *line, struct ctl_bad *bad)
{
    struct slice text;
    enum ctl_read read;
    do {
        read = line_take(reader, &text, line, bad);
    } while (read == CTL_READ_ROW && is_blank(text));
    if (read != CTL_READ_ROW) {
        return read;
    }
    size_t bad_at;
    if (!text_is_clean(text, &bad_at)) {
        return bad_row(
            bad, *line, text_characters(slice_of(text.bytes, bad_at)) + 1, TEXT_ROW_ENCODING);
    }
    return json_row(reader, text, *line, bad);
}

enum ctl_read ctl_reader_begin(struct ctl_reader *reader, struct ctl_bad *bad)
{
    static const char mark[] = "\xef\xbb\xbf";
    *bad = (struct ctl_bad){0};
    while (reader->end < sizeof mark && !reader->last) {
        if (!more(reader, bad)) {
            return CTL_READ_FAILED;
        }
    }
    if (reader->end >= sizeof mark - 1 && memcmp(reader->buffer, mark, sizeof mark - 1) == 0) {
        reader->start = sizeof mark - 1;
    }
    return reader->format == CTL_READER_CSV ? csv_header(reader, bad) : CTL_READ_ROW;
}

enum ctl_read ctl_reader_next(struct ctl_reader *reader, uint64_t *line, struct ctl_bad *bad)
{
    *bad = (struct ctl_bad){0};
    return reader->format == CTL_READER_CSV ? csv_next(reader, line, bad)
                                            : json_next(reader, line, bad);
}
