/*
 * Gives every file named, or below a folder named, to the target once: libFuzzer's findings and
 * seeds as a test.
 */
#include "fuzz.h"

#include <ftw.h>

enum { FILE_MAX = 4 * 1024 * 1024, OPEN_FOLDERS = 8 };

static unsigned long replayed;

static int file_replay(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)where;
    if (type != FTW_F || status->st_size > FILE_MAX) {
        return 0;
    }
    /* Of the very size, so that AddressSanitizer sees a read beyond it. */
    size_t size = (size_t)status->st_size;
    uint8_t *bytes = malloc(size > 0 ? size : 1);
    FILE *file = fopen(path, "rb");
    bool read = bytes && file && fread(bytes, 1, size, file) == size;
    if (read) {
        (void)LLVMFuzzerTestOneInput(bytes, size);
        replayed++;
    } else {
        (void)fprintf(stderr, "%s cannot be read\n", path);
    }
    if (file) {
        (void)fclose(file);
    }
    free(bytes);
    return read ? 0 : 1;
}

int main(int count, char **paths)
{
    for (int i = 1; i < count; i++) {
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
        if (nftw(paths[i], file_replay, OPEN_FOLDERS, FTW_PHYS) != 0) {
            return 1;
        }
    }
    printf("%lu inputs\n", replayed);
    return replayed > 0 ? 0 : 1;
}
