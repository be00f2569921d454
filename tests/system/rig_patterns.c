/* Compiled patterns, taken from scene to scene: under a sanitizer each policy takes a second. */
#include "rig.h"
#include "rig_cmocka.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 512 };

/* A file that is there is as good: its name says what is in it. */
static void file_copy(const char *from, const char *to)
{
    char aside[PATH_SIZE + 16];
    struct stat status;
    (void)snprintf(aside, sizeof aside, "%s.%d", to, (int)getpid());
    int in = access(to, F_OK) == 0 ? -1 : open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0) {
        return;
    }
    int out = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(out >= 0);
    assert_int_equal(fstat(in, &status), 0);
    for (off_t at = 0; at < status.st_size;) {
        assert_true(sendfile(out, in, &at, (size_t)(status.st_size - at)) > 0);
    }
    (void)close(in);
    assert_int_equal(close(out), 0);
    assert_int_equal(rename(aside, to), 0);
}

static void all_copy(const char *from, const char *to)
{
    static const char suffix[] = ".hsdb";
    DIR *folder = opendir(from);
    const struct dirent *entry;
    while (folder && (entry = readdir(folder))) { // NOLINT(concurrency-mt-unsafe): one thread
        size_t length = strlen(entry->d_name);
        if (length < sizeof suffix ||
            strcmp(entry->d_name + length - (sizeof suffix - 1), suffix) != 0) {
            continue;
        }
        char one[PATH_SIZE];
        char other[PATH_SIZE];
        (void)snprintf(one, sizeof one, "%s/%s", from, entry->d_name);
        (void)snprintf(other, sizeof other, "%s/%s", to, entry->d_name);
        file_copy(one, other);
    }
    if (folder) {
        (void)closedir(folder);
    }
}

void rig_patterns_lend(const char *run_dir)
{
    all_copy(PATTERNS, run_dir);
}

void rig_patterns_keep(const char *run_dir)
{
    all_copy(run_dir, PATTERNS);
}
