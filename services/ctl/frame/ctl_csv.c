#include "ctl_csv.h"

#include "text.h"

/* Where a scan has got to. */
struct scan {
    char *bytes;
    size_t size;
    size_t at;
    bool last;
    struct ctl_csv *csv;
    uint64_t lines;     /* line ends so far */
    size_t line_start;  /* of the line at hand */
    size_t cell_start;  /* of the cell at hand */
    uint64_t cell_line; /* on which it began, from 0 */
    size_t cell_line_start;
    size_t counted;  /* up to there characters are counted … */
    uint64_t column; /* … and this is its column */
};

enum step { STEP_CELL, STEP_RECORD, STEP_MORE, STEP_BAD };

static uint64_t characters(const struct scan *scan, size_t from, size_t to)
{
    uint64_t count = 0;
    for (size_t i = from; i < to; i++) {
        count += ((unsigned char)scan->bytes[i] & 0xc0) != 0x80;
    }
    return count;
}

static uint64_t column_of(const struct scan *scan, size_t line_start, size_t at)
{
    return 1 + characters(scan, line_start, at);
}

/* Of the cell that begins here, counted on from that of the cell before: each byte once. */
static uint64_t column_next(struct scan *scan)
{
    if (scan->counted <= scan->line_start) {
        scan->counted = scan->line_start;
        scan->column = 1;
    }
    scan->column += characters(scan, scan->counted, scan->at);
    scan->counted = scan->at;
    return scan->column;
}

/* Reading goes on behind the line on which the bad cell began: a quote that was opened by mistake
 * costs one line, not the rest of the file. */
static enum step bad(struct scan *scan, enum ctl_text why, uint64_t line, uint64_t column)
{
    struct ctl_csv *csv = scan->csv;
    csv->bad = (struct ctl_bad){.line = line, .column = column, .why = why};
    const char *newline =
        memchr(scan->bytes + scan->cell_line_start, '\n', scan->size - scan->cell_line_start);
    if (!newline && !scan->last) {
        return STEP_MORE;
    }
    csv->used = newline ? (size_t)(newline - scan->bytes) + 1 : scan->size;
    csv->lines = scan->cell_line + (newline ? 1 : 0);
    return STEP_BAD;
}

static enum step bad_here(struct scan *scan, enum ctl_text why)
{
    return bad(scan, why, scan->lines, column_of(scan, scan->line_start, scan->at));
}

/* beside: the sign on the other side of the quote, by which a header may be judged. */
static enum step bad_quote(struct scan *scan, enum ctl_text why, char beside)
{
    enum step step = bad_here(scan, why);
    scan->csv->bad.detail[0] = beside;
    return step;
}

/* What stands behind a cell: a comma, a line end, or the end of it all. */
static enum step behind_cell(struct scan *scan)
{
    if (scan->at == scan->size) {
        return scan->last ? STEP_RECORD : STEP_MORE;
    }
    char sign = scan->bytes[scan->at];
    if (sign == ',') {
        scan->at++;
        return STEP_CELL;
    }
    bool carriage = sign == '\r';
    if (carriage && scan->at + 1 == scan->size) {
        scan->at += scan->last ? 1 : 0;
        return scan->last ? STEP_RECORD : STEP_MORE;
    }
    if (carriage && scan->bytes[scan->at + 1] == '\n') {
        sign = scan->bytes[++scan->at];
    }
    if (sign != '\n') {
        return bad_quote(scan, TEXT_CSV_BEHIND_QUOTE, sign);
    }
    scan->at++;
    scan->lines++;
    return STEP_RECORD;
}

static enum step quoted(struct scan *scan, struct slice *cell)
{
    size_t start = ++scan->at;
    for (; scan->at < scan->size; scan->at++) {
        char sign = scan->bytes[scan->at];
        if (sign == '\n') {
            scan->lines++;
            scan->line_start = scan->at + 1;
        }
        if (sign != '"') {
            continue;
        }
        if (scan->at + 1 < scan->size && scan->bytes[scan->at + 1] == '"') {
            scan->at++;
            continue;
        }
        *cell = slice_of(scan->bytes + start, scan->at - start);
        scan->at++;
        return behind_cell(scan);
    }
    if (!scan->last) {
        return STEP_MORE;
    }
    return bad(scan,
               TEXT_CSV_QUOTE_OPEN,
               scan->cell_line,
               column_of(scan, scan->cell_line_start, scan->cell_start));
}

static enum step plain(struct scan *scan, struct slice *cell)
{
    size_t start = scan->at;
    for (; scan->at < scan->size; scan->at++) {
        char sign = scan->bytes[scan->at];
        if (sign == ',' || sign == '\n') {
            break;
        }
        if (sign == '\r' && (scan->at + 1 == scan->size || scan->bytes[scan->at + 1] == '\n')) {
            break;
        }
        if (sign == '"') {
            size_t before = scan->at - 1;
            while (before > start && scan->bytes[before] == ' ') {
                before--;
            }
            return bad_quote(scan, TEXT_CSV_QUOTE_INSIDE, scan->bytes[before]);
        }
    }
    *cell = slice_of(scan->bytes + start, scan->at - start);
    return behind_cell(scan);
}

/* "" → " within the cell. */
static void quotes_join(struct slice *cell)
{
    char *bytes = (char *)(uintptr_t)cell->bytes;
    char *found = memchr(bytes, '"', cell->size);
    if (!found) {
        return;
    }
    size_t to = (size_t)(found - bytes);
    for (size_t from = to; from < cell->size; from++) {
        bytes[to++] = bytes[from];
        from += bytes[from] == '"' ? 1 : 0;
    }
    cell->size = to;
}

/* Bytes that are no text are told by their place; the rest of the record is dropped with them. */
static enum ctl_csv_outcome not_text(const struct scan *scan, size_t bad_at)
{
    struct ctl_csv *csv = scan->csv;
    struct ctl_bad *place = &csv->bad;
    *place = (struct ctl_bad){.why = TEXT_ROW_ENCODING};
    size_t line_start = 0;
    for (size_t i = 0; i < bad_at; i++) {
        if (scan->bytes[i] == '\n') {
            place->line++;
            line_start = i + 1;
        }
    }
    place->column = column_of(scan, line_start, bad_at);
    csv->used = scan->at;
    csv->lines = scan->lines;
    return CTL_CSV_BAD;
}

static enum ctl_csv_outcome finish(const struct scan *scan)
{
    struct ctl_csv *csv = scan->csv;
    size_t bad_at;
    if (!text_is_clean(slice_of(scan->bytes, scan->at), &bad_at)) {
        return not_text(scan, bad_at);
    }
    for (uint32_t i = 0; i < csv->count; i++) {
        struct slice *cell = &csv->cells[i];
        if (cell->bytes > (const uint8_t *)scan->bytes && cell->bytes[-1] == '"') {
            quotes_join(cell);
        }
    }
    csv->used = scan->at;
    csv->lines = scan->lines;
    return CTL_CSV_RECORD;
}

static enum step next_cell(struct scan *scan)
{
    struct ctl_csv *csv = scan->csv;
    struct slice cell = slice_of(scan->bytes + scan->at, 0);
    scan->cell_start = scan->at;
    scan->cell_line = scan->lines;
    scan->cell_line_start = scan->line_start;
    struct ctl_csv_start start = {(uint32_t)scan->lines, (uint32_t)column_next(scan)};
    bool quote = scan->at < scan->size && scan->bytes[scan->at] == '"';
    enum step step = quote ? quoted(scan, &cell) : plain(scan, &cell);
    if (step == STEP_MORE || step == STEP_BAD) {
        return step;
    }
    if (csv->count == CTL_CSV_CELLS_MAX) {
        return bad_here(scan, TEXT_CSV_CELLS);
    }
    csv->starts[csv->count] = start;
    csv->cells[csv->count++] = cell;
    return step;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): doubled quotes are joined in place */
enum ctl_csv_outcome ctl_csv_read(char *bytes, size_t size, bool last, struct ctl_csv *csv)
{
    struct scan scan = {.bytes = bytes, .size = size, .last = last, .csv = csv};
    enum step step = STEP_CELL;
    csv->count = 0;
    while (step == STEP_CELL) {
        step = next_cell(&scan);
    }
    if (step == STEP_RECORD) {
        return finish(&scan);
    }
    return step == STEP_BAD ? CTL_CSV_BAD : CTL_CSV_MORE;
}
