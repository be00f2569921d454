/*
 * Goal: any file given as cases of clocks or calendars is judged or complained of; nothing that is
 * not an array of cases is said to agree.
 */
#include "ctl.h"
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

static void verb_run(const char *verb, const char *path)
{
    char *argv[] = {(char *)(uintptr_t) "redress",
                    (char *)(uintptr_t)verb,
                    (char *)(uintptr_t) "check",
                    (char *)(uintptr_t)path,
                    (char *)(uintptr_t) "--json",
                    (char *)(uintptr_t) "--lang",
                    (char *)(uintptr_t) "en",
                    NULL};
    char *said = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&said, &size);
    MUST(out);
    int code = ctl_run(7, argv, out, out);
    (void)fclose(out);
    MUST(code == CTL_OK || code == CTL_FAILED);
    MUST(size > 0);
    free(said);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    if (size > 16384) {
        return 0;
    }
    int file = memfd_create("cases", MFD_CLOEXEC);
    MUST(file >= 0 && write(file, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    verb_run("clock", path);
    verb_run("calendar", path);
    (void)close(file);
    return 0;
}
