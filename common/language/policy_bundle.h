/*
 * A policy together with the files it uses, as one text: what the archive keeps and the policy's
 * hash covers.
 *
 * A policy that uses no other file is its own bytes.  Else: "%redress-policy 1", then for each
 * file, the policy first, "%file SIZE NAME", its bytes and a newline.
 */
#ifndef REDRESS_POLICY_BUNDLE_H
#define REDRESS_POLICY_BUNDLE_H

#include "slice.h"

#include <stdbool.h>
#include <stdio.h>

enum {
    POLICY_FILES_MAX = 16,
    POLICY_FILE_NAME_MAX = 128, /* terminator included */
};

struct policy_file {
    char name[POLICY_FILE_NAME_MAX];
    struct slice bytes;
};

/* Takes a text apart; bytes are lent by it.  What is no bundle is one file of the name given. False
 * when it begins like a bundle and is none. */
bool policy_bundle_split(const char *name,
                         struct slice text,
                         struct policy_file files[POLICY_FILES_MAX],
                         uint32_t *count);

/* Writes what policy_bundle_split reads. */
void policy_bundle_write(const struct policy_file *files, uint32_t count, FILE *out);

/* Relative to the policy's folder and not leaving it: no leading '/', no "..", nothing that needs
 * quoting. */
bool policy_file_name_good(const char *name);

/* The names under 'uses' of a file, none when it cannot be read; returns how many. */
uint32_t policy_uses_of(struct slice yaml, char names[POLICY_FILES_MAX][POLICY_FILE_NAME_MAX]);

#endif
