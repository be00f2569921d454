#include "ctl_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int unreadable(const struct ctl *ctl, const char *path, int why)
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
    int number = -1;
    int why = ctl_file_open(path, &number);
    if (why != 0) {
        return unreadable(ctl, path, why);
    }
    FILE *from = number == STDIN_FILENO ? stdin : fdopen(number, "rb");
    if (!from) {
        why = errno;
        (void)close(number);
        return unreadable(ctl, path, why);
    }
    why = read_all(from, max, file);
    int code = why == EFBIG ? too_large(ctl, path, from, max) : CTL_OK;
    if (from != stdin) {
        (void)fclose(from);
    }
    if (why != 0) {
        ctl_file_done(file);
        code = code == CTL_OK ? unreadable(ctl, path, why) : code;
    }
    return code;
}

void ctl_file_done(struct ctl_file *file)
{
    free(file->bytes);
    *file = (struct ctl_file){0};
}
