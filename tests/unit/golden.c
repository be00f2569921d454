#include "golden.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GOLDEN_MAX = 256 * 1024 };

size_t golden_read(const char *path, char *text, size_t room)
{
    FILE *file = fopen(path, "re");
    size_t size = file ? fread(text, 1, room - 1, file) : 0;
    text[size] = '\0';
    if (file) {
        (void)fclose(file);
    }
    return size;
}

bool golden_is(const char *path, const char *text)
{
    static char wanted[GOLDEN_MAX];
    if (getenv("REDRESS_WRITE")) {
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        (void)fputs(text, file);
        assert_int_equal(fclose(file), 0);
    }
    (void)golden_read(path, wanted, sizeof wanted);
    bool same = strcmp(text, wanted) == 0;
    if (!same) {
        print_error("%s: wanted\n%s\ngot\n%s\n", path, wanted, text);
    }
    return same;
}
