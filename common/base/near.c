#include "near.h"

#include <string.h>

size_t near_distance(const char *a, const char *b)
{
    size_t row[NEAR_MAX + 1];
    size_t width = strlen(b);
    if (width > NEAR_MAX || strlen(a) > NEAR_MAX) {
        return NEAR_MAX;
    }
    for (size_t j = 0; j <= width; j++) {
        row[j] = j;
    }
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < width; j++) {
            size_t best = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            best = best < row[j] + 1 ? best : row[j] + 1;
            row[j + 1] = best < diagonal + 1 ? best : diagonal + 1;
        }
    }
    return row[width];
}

size_t near_enough(const char *wrong)
{
    return strlen(wrong) / 3 + 1;
}
