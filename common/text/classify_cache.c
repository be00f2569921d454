#include "classify_cache.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FOLDER_SIZE = 160,
    PATH_SIZE = FOLDER_SIZE + 80,
    FILE_SIZE_MAX = 64 * 1024 * 1024,
};

static char cache_folder[FOLDER_SIZE];

void classify_cache_folder(const char *folder)
{
    (void)snprintf(cache_folder, sizeof cache_folder, "%s", folder);
}

static void path_of(const char *model, const char *suffix, char path[PATH_SIZE])
{
    (void)snprintf(path, PATH_SIZE, "%s/patterns-%.48s%s", cache_folder, model, suffix);
}

static void aside_of(const char *model, pid_t writer, char path[PATH_SIZE])
{
    char suffix[32];
    (void)snprintf(suffix, sizeof suffix, ".%d", (int)writer);
    path_of(model, suffix, path);
}

static bool read_all(int file, char *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        ssize_t got = read(file, bytes + at, size - at);
        if (got <= 0) {
            return false;
        }
        at += (size_t)got;
    }
    return true;
}

/* Ours, and nobody else may have written it. */
static bool is_trusted(const struct stat *status)
{
    return S_ISREG(status->st_mode) && status->st_uid == geteuid() &&
           (status->st_mode & (S_IWGRP | S_IWOTH)) == 0 && status->st_size > 0 &&
           status->st_size <= FILE_SIZE_MAX;
}

bool classify_cache_load(const char *model, hs_database_t **database)
{
    char path[PATH_SIZE];
    struct stat status;
    path_of(model, ".hsdb", path);
    int file = cache_folder[0] != '\0' ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (file < 0) {
        return false;
    }
    bool good = false;
    if (fstat(file, &status) == 0 && is_trusted(&status)) {
        char *bytes = malloc((size_t)status.st_size);
        good = bytes && read_all(file, bytes, (size_t)status.st_size) &&
               hs_deserialize_database(bytes, (size_t)status.st_size, database) == HS_SUCCESS;
        free(bytes);
    }
    (void)close(file);
    return good;
}

bool classify_cache_lacks(const char *model)
{
    hs_database_t *database = NULL;
    bool lacks = cache_folder[0] != '\0' && !classify_cache_load(model, &database);
    (void)hs_free_database(database);
    return lacks;
}

static bool write_all(int file, const char *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        ssize_t put = write(file, bytes + at, size - at);
        if (put <= 0) {
            return false;
        }
        at += (size_t)put;
    }
    return true;
}

bool classify_cache_save(const char *model, const hs_database_t *database)
{
    char path[PATH_SIZE];
    char aside[PATH_SIZE];
    char *bytes = NULL;
    size_t size = 0;
    if (cache_folder[0] == '\0' || hs_serialize_database(database, &bytes, &size) != HS_SUCCESS) {
        return false;
    }
    path_of(model, ".hsdb", path);
    aside_of(model, getpid(), aside);
    int file = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = file >= 0 && write_all(file, bytes, size) && fsync(file) == 0;
    if (file >= 0) {
        good = close(file) == 0 && good && rename(aside, path) == 0;
        if (!good) {
            (void)unlink(aside);
        }
    }
    free(bytes);
    return good;
}

void classify_cache_clear(const char *model, pid_t writer)
{
    char aside[PATH_SIZE];
    aside_of(model, writer, aside);
    (void)unlink(aside);
}
