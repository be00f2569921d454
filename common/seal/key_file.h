/*
 * Small secret files: read with care, made at most once.
 */
#ifndef REDRESS_KEY_FILE_H
#define REDRESS_KEY_FILE_H

#include "error.h"

#include <stddef.h>
#include <sys/types.h>

enum { KEY_FILE_MAX = 16 * 1024 };

/*
 * Reads path into text, terminated.  Refuses what is no regular file, is larger than KEY_FILE_MAX -
 * 1 bytes, belongs to another user than us or root, or may be touched by group or others (root's
 * own group may read root's file: mode 0440, a credential of systemd).  When there is no such file
 * and fresh is not NULL, fresh becomes its content, mode 0600: it is written beside, fsynced,
 * linked in place and the folder fsynced, so that of several processes that start together one wins
 * and all read the same. ERROR_FATAL otherwise.
 */
bool key_file_read(const char *path,
                   const char *fresh,
                   char text[KEY_FILE_MAX],
                   struct error *error) MUST_CHECK;

/* Makes the file as above where there is none, mode as given whatever the umask; true as well where
 * there is one, of which nothing is changed.  It is never there in part. */
bool key_file_make(const char *path, const char *fresh, mode_t mode, struct error *error)
    MUST_CHECK;

#endif
