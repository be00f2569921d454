/*
 * libpq's connection strings, as settings: no password in them, and a role where none is named.
 */
#ifndef REDRESS_CONNINFO_H
#define REDRESS_CONNINFO_H

#include <stdbool.h>
#include <stddef.h>

/* What is wrong with it as a setting, in words that follow its name; NULL: nothing.  Never quotes
 * it.  A password in it would be shown by --check and to whoever reads the settings. */
const char *conninfo_fault(const char *conninfo);

/*
 * Adds user=role, unless the string, PGUSER, a service file or its PGSERVICE names one.  A string
 * that does not fit, or that cannot be parsed, stays as it is: the connection then says why.
 */
void conninfo_user(char *conninfo, size_t size, const char *role);

#endif
