#include "ctl_file.h"

#include <errno.h>

static int unreadable(const struct ctl *ctl, const char *path, int why)
{
    int code = why == ENOENT ? CTL_NOT_FOUND : CTL_FAILED;
    return ctl_fail(ctl, code, TEXT_FILE_UNREADABLE, CTL_ARGS(path, ctl_errno_text(ctl, why)));
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
    bool standard = strcmp(path, "-") == 0;
    FILE *from = standard ? stdin : fopen(path, "rbe");
    if (!from) {
        return unreadable(ctl, path, errno);
    }
    int why = read_all(from, max, file);
    if (!standard) {
        (void)fclose(from);
    }
    if (why != 0) {
        ctl_file_done(file);
        return unreadable(ctl, path, why);
    }
    return CTL_OK;
}

void ctl_file_done(struct ctl_file *file)
{
    free(file->bytes);
    *file = (struct ctl_file){0};
}
