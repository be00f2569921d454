#include "ctl_file.h"

#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int ctl_file_refused(const struct ctl *ctl, const char *path, int why)
{
    if (why == CTL_FILE_NONE) {
        return ctl_fail(ctl, CTL_USAGE, TEXT_FILE_NONE, CTL_ARGS(path));
    }
    int code = why == ENOENT ? CTL_NOT_FOUND : CTL_FAILED;
    return ctl_fail(ctl, code, TEXT_FILE_UNREADABLE, CTL_ARGS(path, ctl_errno_text(ctl, why)));
}

int ctl_file_open(const char *path, int *from)
{
    struct stat is;
    if (strcmp(path, "-") == 0) {
        *from = STDIN_FILENO;
        return 0;
    }
    *from =
        open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a pipe may have no writer */
    if (*from < 0) {
        return errno;
    }
    int why = fstat(*from, &is) != 0 ? errno
              : S_ISREG(is.st_mode)  ? 0
              : S_ISDIR(is.st_mode)  ? EISDIR
                                     : CTL_FILE_NONE;
    if (why != 0) {
        (void)close(*from);
    }
    return why;
}

int ctl_file_stream(const struct ctl *ctl, const char *path, FILE **stream)
{
    int number = -1;
    int why = ctl_file_open(path, &number);
    *stream = why != 0 ? NULL : number == STDIN_FILENO ? stdin : fdopen(number, "rb");
    if (why == 0 && !*stream) {
        why = errno;
        (void)close(number);
    }
    return why == 0 ? CTL_OK : ctl_file_refused(ctl, path, why);
}

void ctl_file_close(FILE *stream)
{
    if (stream != stdin) {
        (void)fclose(stream);
    }
}

/* How large it is, where that can be known, and how large it may be. */
static int too_large(const struct ctl *ctl, const char *path, FILE *from, size_t max)
{
    struct stat is = {0};
    char said[256];
    bool known = fstat(fileno(from), &is) == 0 && S_ISREG(is.st_mode);
    (void)ctl_format_into(said,
                          sizeof said,
                          ctl_text_in(ctl->language, known ? TEXT_FILE_LARGER : TEXT_FILE_LARGE),
                          CTL_ARGS(CTL_NUMBER_TEXT(max), CTL_NUMBER_TEXT(is.st_size)));
    return ctl_fail(ctl, CTL_FAILED, TEXT_FILE_UNREADABLE, CTL_ARGS(path, said));
}

static int read_all(FILE *from, size_t max, struct ctl_file *file)
{
    file->bytes = malloc(max + 2);
    if (!file->bytes) {
        return ENOMEM;
    }
    file->size = fread(file->bytes, 1, max + 1, from);
    file->bytes[file->size] = '\0';
    if (ferror(from)) {
        return errno != 0 ? errno : EIO;
    }
    return file->size > max ? EFBIG : 0;
}

int ctl_file_read(const struct ctl *ctl, const char *path, size_t max, struct ctl_file *file)
{
    *file = (struct ctl_file){0};
    FILE *from = NULL;
    int code = ctl_file_stream(ctl, path, &from);
    if (code != CTL_OK) {
        return code;
    }
    int why = read_all(from, max, file);
    code = why == EFBIG ? too_large(ctl, path, from, max) : CTL_OK;
    ctl_file_close(from);
    if (why != 0) {
        ctl_file_done(file);
        code = code == CTL_OK ? ctl_file_refused(ctl, path, why) : code;
    }
    return code;
}

void ctl_file_done(struct ctl_file *file)
{
    free(file->bytes);
    *file = (struct ctl_file){0};
}

bool ctl_file_is_typed(const char *typed)
{
    return typed[0] == '@' && typed[1] != '@';
}

int ctl_file_typed(
    const struct ctl *ctl, const char *typed, size_t max, const char *field, struct slice *text)
{
    static struct ctl_file files[CTL_TYPED_MAX]; /* what the texts are lent by */
    static unsigned used;
    size_t bad_at = 0;
    if (!ctl_file_is_typed(typed)) {
        *text = slice_text(typed[0] == '@' ? typed + 1 : typed);
        return CTL_OK;
    }
    const char *path = typed + 1;
    struct ctl_file *file = &files[used++ % CTL_TYPED_MAX];
    ctl_file_done(file);
    int code = ctl_file_read(ctl, path, max, file);
    if (code != CTL_OK) {
        return code;
    }
    while (file->size > 0 &&
           (file->bytes[file->size - 1] == '\n' || file->bytes[file->size - 1] == '\r')) {
        file->bytes[--file->size] = '\0';
    }
    *text = slice_of(file->bytes, file->size);
    if (file->size == 0) {
        return ctl_fail(ctl, CTL_USAGE, TEXT_FILL_EMPTY, CTL_ARGS(path));
    }
    return text_is_clean(*text, &bad_at) ? CTL_OK
                                         : ctl_fail(ctl,
                                                    CTL_USAGE,
                                                    field ? TEXT_FILL_NO_TEXT : TEXT_FILE_NO_TEXT,
                                                    CTL_ARGS(path, field ? field : ""));
}

int ctl_file_option(const struct ctl *ctl, const char *name, size_t max, const char **text)
{
    struct slice said = {0};
    const char *typed = ctl_option_text(ctl, name);
    int code = typed ? ctl_file_typed(ctl, typed, max, NULL, &said) : CTL_OK;
    *text = (const char *)said.bytes;
    return code;
}

int ctl_file_make(const struct ctl *ctl, const char *path, FILE **stream)
{
    struct stat is;
    *stream = NULL;
    int to =
        open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666); /* as fopen */
    bool file = to >= 0 && fstat(to, &is) == 0 && S_ISREG(is.st_mode);
    int why = to < 0 ? errno : file ? 0 : ENXIO;
    if (file && (ftruncate(to, 0) != 0 || !(*stream = fdopen(to, "w")))) {
        why = errno;
    }
    if (to >= 0 && !*stream) {
        (void)close(to);
    }
    if (why == ENXIO) { /* so says a pipe that nobody reads as well */
        return ctl_fail(ctl, CTL_USAGE, TEXT_FILE_NOT_MADE, CTL_ARGS(path));
    }
    return why == 0 ? CTL_OK
                    : ctl_fail(ctl,
                               CTL_FAILED,
                               TEXT_FILE_UNREADABLE,
                               CTL_ARGS(path, ctl_errno_text(ctl, why)));
}

int ctl_file_finish(const struct ctl *ctl, const char *path, FILE **stream_p)
{
    FILE *stream = *stream_p;
    *stream_p = NULL;
    bool failed = stream && ferror(stream) != 0;
    bool closed = !stream || fclose(stream) == 0;
    int why = closed ? EIO : errno;
    return closed && !failed ? CTL_OK
                             : ctl_fail(ctl,
                                        CTL_FAILED,
                                        TEXT_FILE_UNREADABLE,
                                        CTL_ARGS(path, ctl_errno_text(ctl, why)));
}
