/*
 * Goal: a file of complaints, CSV or JSON lines, is read to its end whatever is in it; every row
 * and every complaint about one has a place in the file, in order, and it all does not depend on
 * how much is read at a time.
 */
#include "ctl_reader.h"
#include "fuzz.h"
#include "text.h"

struct file {
    struct slice bytes;
    size_t at;
    size_t chunk;
};

/* NOLINTNEXTLINE(readability-non-const-parameter): as the reader calls it */
static long file_read(void *context, char *to, size_t size, char why[80])
{
    (void)why;
    struct file *file = context;
    size_t left = file->bytes.size - file->at;
    size_t got = file->chunk < size ? file->chunk : size;
    got = got < left ? got : left;
    if (got > 0) {
        memcpy(to, file->bytes.bytes + file->at, got);
    }
    file->at += got;
    return (long)got;
}

/* A number that follows from all that was read. */
static uint64_t mix(uint64_t sum, struct slice slice)
{
    sum = (sum ^ slice.size) * 1099511628211U;
    for (size_t i = 0; i < slice.size; i++) {
        sum = (sum ^ slice.bytes[i]) * 1099511628211U;
    }
    return sum;
}

static uint64_t read_all(enum ctl_reader_format format, struct slice bytes, size_t chunk)
{
    struct file file = {bytes, 0, chunk};
    struct ctl_reader *reader = ctl_reader_new(format, file_read, &file);
    MUST(reader);
    int column = ctl_reader_want(reader, "a");
    int other = ctl_reader_want(reader, "b.c");
    struct ctl_bad bad;
    enum ctl_read read = ctl_reader_begin(reader, &bad);
    uint64_t sum = 14695981039346656037U;
    uint64_t rows = 0;
    uint64_t before = 0;
    while (read == CTL_READ_ROW || (read == CTL_READ_BAD && rows > 0)) {
        uint64_t line = 0;
        size_t bad_at;
        read = ctl_reader_next(reader, &line, &bad);
        rows++;
        MUST(rows <= bytes.size + 2);
        if (read == CTL_READ_ROW) {
            struct slice cell = ctl_reader_cell(reader, column);
            MUST(line > before);
            before = line;
            MUST(text_is_clean(cell, &bad_at) || format == CTL_READER_JSONL);
            sum = mix(mix(sum, cell), ctl_reader_cell(reader, other)) + line;
        } else if (read == CTL_READ_BAD) {
            MUST(bad.line > before || bad.column > 1);
            MUST(bad.line >= 1 && bad.column >= 1);
            sum = (sum ^ bad.line ^ (uint64_t)bad.why) * 31 + bad.column;
        }
    }
    MUST(read == CTL_READ_END || read == CTL_READ_BAD);
    ctl_reader_free(&reader);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t chunks[] = {1, 7, 4096};
    struct slice bytes = slice_of(data, size);
    for (int format = CTL_READER_CSV; format <= CTL_READER_JSONL; format++) {
        uint64_t whole = read_all((enum ctl_reader_format)format, bytes, SIZE_MAX);
        for (size_t i = 0; size < 8192 && i < sizeof chunks / sizeof *chunks; i++) {
            MUST(read_all((enum ctl_reader_format)format, bytes, chunks[i]) == whole);
        }
    }
    return 0;
}
