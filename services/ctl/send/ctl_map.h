/*
 * Mapping files: which column of a file is what of a submission.  The format is documented in
 * tests/data/README.md (redress help mapping).
 */
#ifndef REDRESS_CTL_MAP_H
#define REDRESS_CTL_MAP_H

#include "ctl.h"
#include "ctl_reader.h"
#include "ctl_submission.h"

struct ctl_map;
struct map_facts;

/*
 * Reads the file; complaints go to stderr as compilers give them.  policy and channel, unless NULL,
 * stand in for the map's.  *map is owned by the caller.
 */
int ctl_map_read(struct ctl *ctl,
                 const char *path,
                 const char *policy,
                 const char *channel,
                 struct ctl_map **map) MUST_CHECK;
void ctl_map_free(struct ctl_map **map_p);

/* The policy and the channel of every row; *NULL: a column has it.  What is put in its place is
 * lent to the map. */
const char **ctl_map_policy(struct ctl_map *map);
const char **ctl_map_channel(struct ctl_map *map);

enum ctl_reader_format ctl_map_format(const struct ctl_map *map);

/* What it tells of the row besides the submission (ctl_map_facts.h); lent. */
const struct map_facts *ctl_map_facts(const struct ctl_map *map);

/* Asks the reader for the columns the map names. */
bool ctl_map_want(struct ctl_map *map, struct ctl_reader *reader);

enum ctl_mapped {
    CTL_MAPPED,
    CTL_MAPPED_NOT, /* nothing to submit: the narrative is empty */
    CTL_MAPPED_BAD, /* this row; bad says why, and which cell where bad said where the row begins */
};

/* The row at hand as a submission; its slices are lent by the row and the map. */
enum ctl_mapped ctl_map_row(const struct ctl_map *map,
                            const struct ctl_reader *reader,
                            struct ctl_submission *submission,
                            struct ctl_bad *bad);

/* The id of a row: the same namespace and cell give the same. */
void ctl_map_id(struct slice name_space, struct slice cell, uint8_t id[UUID_SIZE]);

#endif
