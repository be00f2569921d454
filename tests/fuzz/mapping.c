/*
 * Goal: any file given as a mapping ends as a mapping or as a complaint; what is read maps the rows
 * of a file, or says what is wrong with each.
 */
#include "ctl_map.h"
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

static const char csv[] = "id,at,text,who,kind\n"
                          "1,2026-03-02 10:00:00,It came broken,A 1,late\n"
                          "2,yesterday,,,\n";
static const char jsonl[] =
    "{\"id\":1,\"at\":\"2026-03-02T10:00:00Z\",\"text\":\"broken\",\"kind\":\"late\"}\n{}\n";

struct rows {
    const char *text;
    size_t at;
};

/* NOLINTNEXTLINE(readability-non-const-parameter): as the reader calls it */
static long rows_read(void *context, char *to, size_t size, char why[80])
{
    struct rows *rows = context;
    size_t left = strlen(rows->text) - rows->at;
    size_t got = left < size ? left : size;
    (void)why;
    memcpy(to, rows->text + rows->at, got);
    rows->at += got;
    return (long)got;
}

static void rows_map(struct ctl_map *map)
{
    struct rows rows = {ctl_map_format(map) == CTL_READER_CSV ? csv : jsonl, 0};
    struct ctl_reader *reader = ctl_reader_new(ctl_map_format(map), rows_read, &rows);
    struct ctl_bad bad = {0};
    MUST(reader);
    if (ctl_map_want(map, reader)) {
        uint64_t line = 0;
        for (enum ctl_read read = ctl_reader_begin(reader, &bad); read == CTL_READ_ROW;) {
            read = ctl_reader_next(reader, &line, &bad);
            struct ctl_submission submission = {0};
            if (read == CTL_READ_ROW) {
                (void)ctl_map_row(map, reader, &submission, &bad);
            }
        }
    }
    ctl_reader_free(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int file = memfd_create("map", MFD_CLOEXEC);
    MUST(file >= 0 && write(file, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    char *said = NULL;
    size_t said_size = 0;
    FILE *err = open_memstream(&said, &said_size);
    MUST(err);
    struct ctl ctl = {.language = CTL_EN, .out = err, .err = err};
    struct ctl_map *map = NULL;
    int code = ctl_map_read(&ctl, path, NULL, NULL, &map);
    (void)fclose(err);
    MUST((code == CTL_OK) == (map != NULL));
    MUST(map || said_size > 0);
    if (map) {
        rows_map(map);
        ctl_map_free(&map);
    }
    free(said);
    (void)close(file);
    return 0;
}
