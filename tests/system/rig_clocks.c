#include "rig_clocks.h"

#include "rig_cmocka.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void clock_file(const struct clocks *clocks, const char *name, char path[128])
{
    (void)snprintf(path, 128, "%s/%s", clocks->directory, name);
}

void clock_set(const struct clocks *clocks, const char *name, int seconds)
{
    char path[128];
    char fresh[160];
    clock_file(clocks, name, path);
    (void)snprintf(fresh, sizeof fresh, "%s.new", path);
    FILE *file = fopen(fresh, "w");
    assert_non_null(file);
    (void)fprintf(file, "%+d\n", seconds);
    (void)fclose(file);
    (void)chmod(fresh, 0644);
    assert_int_equal(rename(fresh, path), 0);
}

void clocks_lend(const struct clocks *clocks, const char *name, bool sanitized)
{
    char path[128];
    char preload[520];
    clock_file(clocks, name, path);
    (void)snprintf(
        preload, sizeof preload, "%s %s", sanitized ? clocks->sanitizer : "", clocks->library);
    (void)setenv("FAKETIME_TIMESTAMP_FILE", path, 1);
    (void)setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1", 1);
    (void)setenv("FAKETIME_CACHE_DURATION", "1", 1);
    (void)setenv("FAKETIME_DISABLE_SHM", "1", 1);
    (void)setenv("NO_FAKE_STAT", "1", 1);
    (void)setenv("LD_PRELOAD", preload, 1);
}

void clocks_own(void)
{
    (void)unsetenv("LD_PRELOAD");
    (void)unsetenv("FAKETIME_TIMESTAMP_FILE");
}

/* Where this process has its sanitizer from: the daemons are built alike. */
static void sanitizer_find(char path[256])
{
    char line[512];
    path[0] = '\0';
    FILE *file = fopen("/proc/self/maps", "r");
    while (file && path[0] == '\0' && fgets(line, sizeof line, file)) {
        const char *name = strchr(line, '/');
        if (name && (strstr(name, "/libasan.so") || strstr(name, "/libtsan.so"))) {
            (void)snprintf(path, 256, "%.*s", (int)strcspn(name, "\n"), name);
        }
    }
    if (file) {
        (void)fclose(file);
    }
}

struct clocks clocks_new(void)
{
    struct clocks clocks = {.directory = "/tmp/redress-clocks-XXXXXX"};
    glob_t found;
    /* one thread; NOLINTNEXTLINE(concurrency-mt-unsafe) */
    if (glob("/usr/lib/*/faketime/libfaketime.so.1", 0, NULL, &found) != 0) {
        print_message("skipped: libfaketime is not installed\n");
        skip();
    }
    (void)snprintf(clocks.library, sizeof clocks.library, "%s", found.gl_pathv[0]);
    globfree(&found);
    sanitizer_find(clocks.sanitizer);
    assert_non_null(mkdtemp(clocks.directory));
    (void)chmod(clocks.directory, 0755); /* PostgreSQL reads in it as another user */
    return clocks;
}

void clocks_end(const struct clocks *clocks, const char *const *names)
{
    for (; *names; names++) {
        char path[128];
        clock_file(clocks, *names, path);
        (void)unlink(path);
    }
    (void)rmdir(clocks->directory);
}
