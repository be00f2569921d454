#include "bus_allow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

enum {
    LIST_MAX = 256 * 1024,
    LINE_MAX_SIZE = 512,
    KEY_LETTERS = 40,
};

static const char *const doors[] = {"events", "submissions", "commands"};

enum { AT_EVENTS = 1 << BUS_DOOR_EVENTS, AT_SUBMISSIONS = 2, AT_COMMANDS = 4 };

static const struct {
    const char *name;
    unsigned doors;
} roles[] = {
    {"daemon",  AT_EVENTS | AT_SUBMISSIONS | AT_COMMANDS},
    {"desk",    AT_EVENTS | AT_SUBMISSIONS | AT_COMMANDS},
    {"adapter", AT_SUBMISSIONS                          },
};

static int role_find(const char *name)
{
    for (int i = 0; name && i < (int)(sizeof roles / sizeof *roles); i++) {
        if (strcmp(roles[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static const char *word_next(char **rest)
{
    const char *word = NULL;
    while ((word = strsep(rest, " \t\r")) && word[0] == '\0') {
    }
    return word;
}

/* What is wrong with the line; NULL: nothing.  taken is whether it holds a key. */
static const char *line_read(struct bus_allowed *to, char *line, bool *taken)
{
    size_t size = strcspn(line, "\n");
    *taken = false;
    if (line[size] == '\0' && size == LINE_MAX_SIZE - 1) {
        return "is too long";
    }
    line[size] = '\0';
    char *rest = line[0] == '#' ? NULL : line; /* elsewhere it may be a letter of a key */
    const char *key = word_next(&rest);
    if (!key) {
        return NULL;
    }
    int role = role_find(word_next(&rest));
    if (strlen(key) != KEY_LETTERS || !zmq_z85_decode(to->key, key)) {
        return "has no key of 40 letters; it must be KEY ROLE NAME";
    }
    if (role < 0) {
        return "has no role: daemon, desk or adapter; it must be KEY ROLE NAME";
    }
    to->role = (uint8_t)role;
    *taken = true;
    return NULL;
}

static bool
refuse(const struct bus_allow *list, unsigned line, const char *what, struct error *error)
{
    return error_set(error, ERROR_FATAL, "curve_allow_file %s:%u: %s", list->path, line, what);
}

/* Whoever can write the list lets in whom he likes. */
static bool file_good(const struct bus_allow *list, const struct stat *info, struct error *error)
{
    if (!S_ISREG(info->st_mode) || info->st_size > LIST_MAX) {
        return error_set(error,
                         ERROR_FATAL,
                         "curve_allow_file %s: not a regular file of at most %d KiB",
                         list->path,
                         LIST_MAX / 1024);
    }
    if (info->st_uid != geteuid() && info->st_uid != 0) {
        return error_set(error,
                         ERROR_FATAL,
                         "curve_allow_file %s: belongs to user %u, not to us or root; chown it",
                         list->path,
                         (unsigned)info->st_uid);
    }
    if ((info->st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return error_set(error,
                         ERROR_FATAL,
                         "curve_allow_file %s: mode %04o lets others write it; chmod go-w it",
                         list->path,
                         (unsigned)info->st_mode & 07777U);
    }
    return true;
}

static bool lines_read(struct bus_allow *list, FILE *file, struct error *error)
{
    char line[LINE_MAX_SIZE];
    for (unsigned number = 1; fgets(line, sizeof line, file); number++) {
        struct bus_allowed fresh = {.line = (uint16_t)number};
        bool taken = false;
        const char *wrong = line_read(&fresh, line, &taken);
        if (wrong) {
            return refuse(list, number, wrong, error);
        }
        const struct bus_allowed *known = taken ? bus_allow_find(list, fresh.key) : NULL;
        if (known && known->role != fresh.role) {
            char text[96];
            (void)snprintf(
                text, sizeof text, "the key of line %u again, in another role", known->line);
            return refuse(list, number, text, error);
        }
        if (taken && !known && list->count == BUS_ALLOWED_MAX) {
            return refuse(list, number, "one key too many, at most 1024", error);
        }
        if (taken && !known) {
            list->allowed[list->count++] = fresh;
        }
    }
    return !ferror(file) ||
           error_set(
               error, ERROR_FATAL, "curve_allow_file %s: %s", list->path, strerrordesc_np(errno));
}

/* seen is filled in as soon as there is something to see. */
static bool
list_read(struct bus_allow *list, struct bus_allow *fresh, struct stat *seen, struct error *error)
{
    int fd = open(list->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return error_set(error,
                         ERROR_FATAL,
                         "curve_allow_file %s: %s",
                         list->path,
                         errno == ENOENT ? "is not there; make it: redress keys create"
                                         : strerrordesc_np(errno));
    }
    FILE *file = fdopen(fd, "r");
    bool good = file && fstat(fd, seen) == 0 && file_good(list, seen, error);
    if (good) {
        (void)snprintf(fresh->path, sizeof fresh->path, "%s", list->path);
        fresh->count = 0;
        good = lines_read(fresh, file, error);
    }
    if (file) {
        (void)fclose(file);
    } else {
        (void)close(fd);
    }
    return good;
}

bool bus_allow_read(struct bus_allow *list, struct error *error)
{
    static struct bus_allow fresh; /* large, and nobody else's */
    fresh.seen = (struct stat){0};
    if (!list_read(list, &fresh, &fresh.seen, error)) {
        list->seen = fresh.seen;
        return false;
    }
    *list = fresh;
    return true;
}

enum bus_allow_news bus_allow_refresh(struct bus_allow *list, struct error *error)
{
    struct stat info = {0};
    if (stat(list->path, &info) != 0) {
        info = (struct stat){0};
    }
    const struct stat *seen = &list->seen;
    bool same = info.st_mtim.tv_sec == seen->st_mtim.tv_sec &&
                info.st_mtim.tv_nsec == seen->st_mtim.tv_nsec &&
                info.st_ctim.tv_sec == seen->st_ctim.tv_sec && /* chmod and chown */
                info.st_ctim.tv_nsec == seen->st_ctim.tv_nsec && info.st_ino == seen->st_ino &&
                info.st_size == seen->st_size;
    if (same) {
        return BUS_ALLOW_SAME;
    }
    if (bus_allow_read(list, error)) {
        return BUS_ALLOW_READ;
    }
    if (list->seen.st_ino == 0) {
        list->seen = info; /* there, yet it cannot be opened: told once all the same */
    }
    return BUS_ALLOW_BAD;
}

const struct bus_allowed *bus_allow_find(const struct bus_allow *list,
                                         const uint8_t key[BUS_RAW_KEY_SIZE])
{
    for (unsigned i = 0; i < list->count; i++) {
        if (memcmp(list->allowed[i].key, key, BUS_RAW_KEY_SIZE) == 0) {
            return &list->allowed[i];
        }
    }
    return NULL;
}

bool bus_allow_is_daemon(const struct bus_allowed *allowed)
{
    return allowed->role == 0;
}

bool bus_allow_admits(const struct bus_allowed *allowed, const char *domain, size_t size)
{
    for (unsigned door = 0; door < sizeof doors / sizeof *doors; door++) {
        if (strlen(doors[door]) == size && memcmp(doors[door], domain, size) == 0) {
            return (roles[allowed->role].doors >> door & 1U) != 0;
        }
    }
    return false;
}

const char *bus_allow_domain(enum bus_door door)
{
    return doors[door];
}
