/*
 * Compiled patterns kept in files, so that a daemon that comes back need not compile again:
 * takeover has seconds, compiling takes one or more.
 *
 * Only a saving of time: a file that is missing, old, of another processor or damaged (vectorscan
 * checks all of these) is compiled anew and replaced.  The folder must belong to the daemon alone:
 * what is read from it is trusted code.
 */
#ifndef REDRESS_CLASSIFY_CACHE_H
#define REDRESS_CLASSIFY_CACHE_H

#include <hs/hs.h>
#include <stdbool.h>
#include <sys/types.h>

/* Where; copied.  "" or never called: nothing is kept.  For the whole process. */
void classify_cache_folder(const char *folder);

/* The database of that model, owned by the caller; false: not there. */
bool classify_cache_load(const char *model, hs_database_t **database);

/* There could be a file of that model, and none is there that can be read. */
bool classify_cache_lacks(const char *model);

/* Keeps it, written aside and renamed; false: it is not there. */
bool classify_cache_save(const char *model, const hs_database_t *database);

/* Clears away what a process wrote aside that was killed before it could rename it. */
void classify_cache_clear(const char *model, pid_t writer);

#endif
