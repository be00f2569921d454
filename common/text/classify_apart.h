/*
 * Patterns compiled in a process of its own: vectorscan's compiler leaves some 7 MiB behind in
 * whoever has run it once, pages of its code and a heap in pieces, and a daemon has to run for
 * years.
 *
 * That process is the program itself, started anew with nothing of it but the patterns
 * (posix_spawn: what a fork of a process with threads may do is next to nothing).  It writes their
 * file (classify_cache.h) and ends; with whoever started it at the latest, and after
 * CLASSIFY_APART_MAX_S.
 */
#ifndef REDRESS_CLASSIFY_APART_H
#define REDRESS_CLASSIFY_APART_H

#include <hs/hs.h>
#include <stdbool.h>

enum { CLASSIFY_APART_MAX_S = 300, CLASSIFY_FLAGS = HS_FLAG_UTF8 | HS_FLAG_CASELESS };

/*
 * For the head of main, before there is any thread.  The exit status, if this start is such a
 * process; -1: it is a usual one, and may compile apart from now on.
 */
int classify_apart_begin(int argc, char **argv);

/*
 * Has the file of that model made from its patterns.  False: it was not, or whoever is asked to may
 * not: compile here.  Waits, about as long as compiling takes.
 */
bool classify_apart(const char *model, char *const *regexes, unsigned count);

/* Compiles here; a hit tells the place of its pattern.  *why as of hs_compile_multi, NULL without
 * memory. */
bool classify_compile(char *const *regexes,
                      unsigned count,
                      hs_database_t **database,
                      hs_compile_error_t **why);

#endif
