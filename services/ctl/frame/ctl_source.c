#include "ctl_source.h"

#include "ctl_file.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

struct ctl_source {
    struct ctl *ctl;
    struct ctl_map *map;
    char **files;
    unsigned count;
    unsigned next;
    const char *file;
    gzFile from;
    struct ctl_reader *reader;
    int64_t size_total; /* 0: not known */
    int64_t size_before;
};

struct ctl_source *
ctl_source_new(struct ctl *ctl, struct ctl_map *map, char **files, unsigned count)
{
    struct ctl_source *source = calloc(1, sizeof *source);
    if (!source) {
        return NULL;
    }
    *source =
        (struct ctl_source){.ctl = ctl, .map = map, .files = files, .count = count, .file = ""};
    for (unsigned i = 0; i < count; i++) {
        struct stat status;
        if (stat(files[i], &status) != 0 || !S_ISREG(status.st_mode)) {
            source->size_total = 0;
            break;
        }
        source->size_total += status.st_size;
    }
    return source;
}

static void file_close(struct ctl_source *source)
{
    if (source->from) {
        source->size_before += gzoffset(source->from);
        (void)gzclose_r(source->from);
        source->from = NULL;
    }
    ctl_reader_free(&source->reader);
}

void ctl_source_free(struct ctl_source **source_p)
{
    if (*source_p) {
        file_close(*source_p);
        free(*source_p);
        *source_p = NULL;
    }
}

const char *ctl_source_file(const struct ctl_source *source)
{
    return source->file;
}

const struct ctl_reader *ctl_source_reader(const struct ctl_source *source)
{
    return source->reader;
}

double ctl_source_share(const struct ctl_source *source)
{
    if (source->size_total <= 0) {
        return -1;
    }
    int64_t read = source->size_before + (source->from ? gzoffset(source->from) : 0);
    return (double)read / (double)source->size_total;
}

static long read_more(void *context, char *to, size_t size, char why[80])
{
    gzFile from = context;
    int got = gzread(from, to, (unsigned)size);
    int error = Z_OK;
    const char *text = gzerror(from, &error);
    /* a file that ends within its compressed data says so only here */
    if (got < 0 || (got == 0 && error != Z_OK && error != Z_STREAM_END)) {
        (void)snprintf(why, 80, "%s", error == Z_ERRNO ? strerrordesc_np(errno) : text);
        return -1;
    }
    return got;
}

static int tell(const struct ctl_source *source, const struct ctl_bad *bad)
{
    const struct ctl *ctl = source->ctl;
    char *why = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&why, &size);
    if (memory) {
        ctl_format(memory, ctl_text_in(ctl->language, bad->why), CTL_ARGS(bad->detail));
        (void)fclose(memory);
    }
    int code = ctl_fail(ctl,
                        CTL_FAILED,
                        TEXT_ROW_PLACE,
                        CTL_ARGS(source->file,
                                 CTL_NUMBER_TEXT(bad->line),
                                 CTL_NUMBER_TEXT(bad->column),
                                 why ? why : ""));
    free(why);
    return code;
}

static int file_open(struct ctl_source *source)
{
    struct ctl *ctl = source->ctl;
    source->file = source->files[source->next++];
    int number = -1;
    int why = ctl_file_open(source->file, &number);
    if (why != 0) {
        return ctl_file_refused(ctl, source->file, why);
    }
    number = number == STDIN_FILENO ? dup(STDIN_FILENO) : number;
    source->from = gzdopen(number, "rb");
    if (!source->from) {
        (void)close(number);
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    source->reader = ctl_reader_new(ctl_map_format(source->map), read_more, source->from);
    if (!source->reader || !ctl_map_want(source->map, source->reader)) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    struct ctl_bad bad;
    return ctl_reader_begin(source->reader, &bad) == CTL_READ_ROW ? CTL_OK : tell(source, &bad);
}

enum ctl_read
ctl_source_next(struct ctl_source *source, uint64_t *line, struct ctl_bad *bad, int *code)
{
    *code = CTL_OK;
    for (;;) {
        if (!source->reader) {
            if (source->next == source->count) {
                return CTL_READ_END;
            }
            *code = file_open(source);
            if (*code != CTL_OK) {
                return CTL_READ_FAILED;
            }
        }
        enum ctl_read read = ctl_reader_next(source->reader, line, bad);
        if (read == CTL_READ_FAILED) {
            *code = tell(source, bad);
        }
        if (read != CTL_READ_END) {
            return read;
        }
        file_close(source);
    }
}
