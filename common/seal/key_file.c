#include "key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(struct error *error, const char *path, const char *what)
{
    return error_set(error, ERROR_FATAL, "key file %s: %s: %s", path, what, strerrordesc_np(errno));
}

static bool folder_sync(const char *path, struct error *error)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int size = slash ? (int)(slash - path) + 1 : 1;
    (void)snprintf(folder, sizeof folder, "%.*s", size, slash ? path : ".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (!good) {
        (void)fail(error, path, "its folder cannot be fsynced");
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return good;
}

static bool write_all(int fd, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t written = write(fd, text, left);
        if (written < 0) {
            return false;
        }
        text += written;
        left -= (size_t)written;
    }
    return fsync(fd) == 0;
}

/* link() fails when the name is taken, unlike rename(): the first one wins. */
bool key_file_make(const char *path, const char *fresh, mode_t mode, struct error *error)
{
    char beside[PATH_MAX];
    struct stat info;
    if (lstat(path, &info) == 0) {
        return true; /* where the folder is not ours to write as well */
    }
    if (snprintf(beside, sizeof beside, "%s.XXXXXX", path) >= (int)sizeof beside) {
        return error_set(error, ERROR_FATAL, "key file: the path is too long");
    }
    int fd = mkostemp(beside, O_CLOEXEC); /* nobody else's */
    if (fd < 0) {
        return fail(error, path, "cannot be made");
    }
    bool good = fchmod(fd, mode) == 0 && write_all(fd, fresh);
    good = close(fd) == 0 && good;
    good = good && (link(beside, path) == 0 || errno == EEXIST);
    if (!good) {
        (void)fail(error, path, "cannot be written");
    }
    (void)unlink(beside);
    return good && folder_sync(path, error);
}

/* Root's alone; or, as systemd hands credentials out, to be read by root's group as well, which is
 * what an entry for the daemon's user looks like from here. */
static bool mode_is_good(const struct stat *info)
{
    mode_t mode = info->st_mode & 07777U;
    bool lent = mode == 0440 && info->st_uid == 0 && info->st_gid == 0;
    return lent || (mode & (S_IRWXG | S_IRWXO)) == 0;
}

static bool read_open(int fd, const char *path, char text[KEY_FILE_MAX], struct error *error)
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return fail(error, path, "cannot be looked at");
    }
    if (!S_ISREG(info.st_mode)) {
        return error_set(error, ERROR_FATAL, "key file %s: not a regular file", path);
    }
    if (info.st_uid != geteuid() && info.st_uid != 0) {
        return error_set(error,
                         ERROR_FATAL,
                         "key file %s: belongs to user %u, not to us or root; chown it",
                         path,
                         (unsigned)info.st_uid);
    }
    if (!mode_is_good(&info)) {
        return error_set(error,
                         ERROR_FATAL,
                         "key file %s: mode %04o lets others in; chmod 600 it",
                         path,
                         (unsigned)info.st_mode & 07777U);
    }
    size_t used = 0;
    ssize_t size = 0;
    while (used < KEY_FILE_MAX && (size = read(fd, text + used, KEY_FILE_MAX - used)) > 0) {
        used += (size_t)size;
    }
    if (size < 0) {
        return fail(error, path, "cannot be read");
    }
    if (used == KEY_FILE_MAX) {
        return error_set(error, ERROR_FATAL, "key file %s: too long", path);
    }
    text[used] = '\0';
    return true;
}

bool key_file_read(const char *path,
                   const char *fresh,
                   char text[KEY_FILE_MAX],
                   struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT && fresh) {
        if (!key_file_make(path, fresh, 0600, error)) {
            return false;
        }
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    }
    if (fd < 0 && errno == ENOENT) {
        return error_set(
            error, ERROR_FATAL, "key file %s is not there; make it: redress keys create", path);
    }
    if (fd < 0) {
        return fail(error, path, "cannot be opened");
    }
    bool good = read_open(fd, path, text, error);
    (void)close(fd);
    return good;
}
