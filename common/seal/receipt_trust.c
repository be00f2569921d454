#include "receipt_trust.h"

#include "hex.h"
#include "key_file.h"
#include "scope.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char first_line[] = "redress-receipt-public 1";

static void file_close(FILE **file_p)
{
    if (*file_p) {
        (void)fclose(*file_p);
    }
}

static bool line_take(struct receipt_trust *trust, const char *line)
{
    if (line[0] == '\0' || line[0] == '#') {
        return true;
    }
    return trust->count < RECEIPT_TRUST_MAX && strncmp(line, "key ", 4) == 0 &&
           hex_decode(slice_text(line + 4), trust->keys[trust->count++], RECEIPT_PUBLIC_SIZE);
}

bool receipt_trust_read(const char *path, struct receipt_trust *trust, struct error *error)
{
    char text[KEY_FILE_MAX];
    struct stat info;
    trust->count = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe may have no writer */
    SCOPED(file_close) FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (!file) {
        return error_set(error,
                         ERROR_FATAL,
                         "%s: %s; `redress keys create` writes it beside the key that signs "
                         "receipts: copy it here, or name it with receipt_public_keys",
                         path,
                         strerrordesc_np(errno));
    }
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        return error_set(error, ERROR_FATAL, "%s: not a regular file", path);
    }
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return error_set(error, ERROR_FATAL, "%s: others may write it; chmod go-w it", path);
    }
    size_t size = fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    char *rest = text;
    const char *line = strsep(&rest, "\n");
    bool good = size < sizeof text - 1 && strcmp(line, first_line) == 0;
    while (good && (line = strsep(&rest, "\n"))) {
        good = line_take(trust, line);
    }
    return (good && trust->count > 0) ||
           error_set(error,
                     ERROR_FATAL,
                     "%s: not \"%s\" and lines of \"key\" with 64 hex digits, at most %d",
                     path,
                     first_line,
                     RECEIPT_TRUST_MAX);
}

bool receipt_trust_has(const struct receipt_trust *trust, const uint8_t public[RECEIPT_PUBLIC_SIZE])
{
    for (uint32_t i = 0; i < trust->count; i++) {
        if (memcmp(trust->keys[i], public, RECEIPT_PUBLIC_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

/* A list with nobody in it yet is no list: it begins with the key. */
static bool list_begin(const char *path, const char *hex, struct error *error)
{
    char text[256];
    (void)snprintf(text,
                   sizeof text,
                   "%s\n# Whose receipts are believed; for everybody who submits complaints.\n"
                   "key %s\n",
                   first_line,
                   hex);
    return key_file_make(path, text, 0644, error);
}

/* All of the line or nothing of it: in part it would spoil the list.  The last line of a list
 * people wrote may lack its end. */
static bool line_append(int fd, const char *hex)
{
    char line[2 * RECEIPT_PUBLIC_SIZE + 8];
    char last = '\n';
    off_t end = lseek(fd, 0, SEEK_END);
    bool good = end >= 0 && (end == 0 || pread(fd, &last, 1, end - 1) == 1);
    int size = snprintf(line, sizeof line, "%skey %s\n", last == '\n' ? "" : "\n", hex);
    good = good && write(fd, line, (size_t)size) == size && fsync(fd) == 0;
    if (!good && end >= 0) {
        int why = errno;
        (void)ftruncate(fd, end);
        errno = why;
    }
    return good;
}

/* Who comes at the same time waits here, and reads what the other has written. */
static bool list_add(int fd, const char *path, const struct receipt_key *key, struct error *error)
{
    struct receipt_trust trust;
    char hex[2 * RECEIPT_PUBLIC_SIZE + 1];
    if (flock(fd, LOCK_EX) != 0) {
        return error_set(error, ERROR_FATAL, "%s: %s", path, strerrordesc_np(errno));
    }
    if (!receipt_trust_read(path, &trust, error)) {
        return false;
    }
    if (receipt_trust_has(&trust, receipt_key_public(key))) {
        return true;
    }
    if (trust.count == RECEIPT_TRUST_MAX) {
        return error_set(error, ERROR_FATAL, "%s: full; take its oldest lines out", path);
    }
    hex_encode(receipt_key_public(key), RECEIPT_PUBLIC_SIZE, hex);
    errno = ENOSPC; /* of a write that ends early, which says nothing itself */
    return line_append(fd, hex) ||
           error_set(error, ERROR_FATAL, "%s: %s", path, strerrordesc_np(errno));
}

bool receipt_trust_add(const char *path, const struct receipt_key *key, struct error *error)
{
    struct receipt_trust trust;
    struct stat info;
    char hex[2 * RECEIPT_PUBLIC_SIZE + 1];
    hex_encode(receipt_key_public(key), RECEIPT_PUBLIC_SIZE, hex);
    if (stat(path, &info) != 0 && errno == ENOENT && !list_begin(path, hex, error)) {
        return false;
    }
    if (!receipt_trust_read(path, &trust, error)) {
        return false;
    }
    if (receipt_trust_has(&trust, receipt_key_public(key))) {
        return true; /* also where it may not be written */
    }
    int fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return error_set(error, ERROR_FATAL, "%s: %s", path, strerrordesc_np(errno));
    }
    bool good = list_add(fd, path, key, error);
    (void)close(fd); /* and the lock with it */
    return good;
}
