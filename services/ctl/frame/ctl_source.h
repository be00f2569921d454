/*
 * The files of an import, one after the other, as one row after the other.  gzip is known by its
 * first bytes; "-" is stdin.
 */
#ifndef REDRESS_CTL_SOURCE_H
#define REDRESS_CTL_SOURCE_H

#include "ctl_map.h"

struct ctl_source;

/* Lent for its life.  NULL: out of memory. */
struct ctl_source *
ctl_source_new(struct ctl *ctl, struct ctl_map *map, char **files, unsigned count);
void ctl_source_free(struct ctl_source **source_p);

/*
 * The next row; file and line say where it stands.  *code is CTL_OK but when a file cannot be read
 * or does not fit the map: that has been said, and CTL_READ_FAILED is returned.
 */
enum ctl_read
ctl_source_next(struct ctl_source *source, uint64_t *line, struct ctl_bad *bad, int *code);

/* The file at hand, and its reader. */
const char *ctl_source_file(const struct ctl_source *source);
const struct ctl_reader *ctl_source_reader(const struct ctl_source *source);

/* How much of all files has been read, 0 to 1; below 0: not known. */
double ctl_source_share(const struct ctl_source *source);

#endif
