/*
 * Files of tests: read whole, and compared with what came out, kept where people can read it.
 */
#ifndef REDRESS_GOLDEN_H
#define REDRESS_GOLDEN_H

#include <stdbool.h>
#include <stddef.h>

/* The bytes of a file, at most room - 1, and a NUL; how many, 0 where it cannot be read. */
size_t golden_read(const char *path, char *text, size_t room);

/* Whether the file says text to the letter; both are shown where not.  With REDRESS_WRITE set in
 * the environment it is written anew first, to be read before it is committed. */
bool golden_is(const char *path, const char *text);

#endif
