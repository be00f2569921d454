/*
 * A YAML file as a small tree in which every node knows its place, for errors as compilers give
 * them.
 *
 * One document, no aliases, no tags, no duplicate keys; bounded in size, depth and number of nodes
 * (law 9).  All values are text: what "12" or "yes" means is the reader's matter.
 */
#ifndef REDRESS_YAML_H
#define REDRESS_YAML_H

#include "arena.h"
#include "slice.h"

#include <stdio.h>

enum {
    YAML_SIZE_MAX = 1024 * 1024,
    YAML_DEPTH_MAX = 16,
    YAML_NODES_MAX = 65536,
    YAML_ANCHORS_MAX = 64,     /* of no use without aliases */
    YAML_PAIRS_MAX = 4096,     /* of one mapping */
    YAML_COMPLAINTS_MAX = 100, /* that are told of one file */
};

enum yaml_kind {
    YAML_SCALAR,
    YAML_LIST,
    YAML_MAP,
};

struct yaml_pair;
struct yaml_source;

struct yaml_node {
    enum yaml_kind kind;
    struct yaml_source *source; /* the file it stands in; NULL: the one that is spoken of */
    unsigned line;              /* from 1 */
    unsigned column;            /* from 1, in characters */
    unsigned width;             /* characters to underline */
    const char *text;           /* scalar; never NULL, terminated */
    uint32_t count;
    const struct yaml_node *items; /* list */
    const struct yaml_pair *pairs; /* map */
};

struct yaml_pair {
    struct yaml_node key; /* a scalar */
    struct yaml_node value;
};

enum yaml_grade {
    YAML_ERROR,
    YAML_WARNING,
};

/* One complaint as it was told, for programs. */
struct yaml_fault {
    enum yaml_grade grade;
    unsigned line, column; /* of the node */
    char *file, *message;  /* owned */
    char *hint;            /* owned; NULL: none */
};

/* The first ones; how many there are is counted by the source. */
struct yaml_faults {
    uint32_t count;
    struct yaml_fault rows[YAML_COMPLAINTS_MAX];
};

void yaml_faults_done(struct yaml_faults *faults);

/* Where the complaints about one file go; see yaml_complain. */
struct yaml_source {
    const char *name;
    struct slice bytes;
    FILE *out;
    struct yaml_faults *faults; /* NULL: told, but not kept */
    unsigned errors;
    unsigned warnings;
    struct yaml_source *whole; /* the file this one is a part of, which counts; NULL: none */
};

/* NULL when a complaint was made.  The tree is lent by the arena; its nodes point to the source. */
const struct yaml_node *yaml_read(struct yaml_source *source, struct arena *arena);

/*
 * "file:line:column: error: …", the line, and a caret under the node; hint may be NULL.  The file
 * is the node's own, the source the one that counts.  After YAML_COMPLAINTS_MAX only the count goes
 * on.  Arguments may be what somebody wrote into the file: what ends a line or commands a terminal
 * becomes a blank.
 */
void yaml_complain(struct yaml_source *source,
                   enum yaml_grade grade,
                   const struct yaml_node *node,
                   const char *hint,
                   const char *format,
                   ...) __attribute__((format(printf, 5, 6)));

/* The line of a place and a caret under it, for those who found their own fault in a file. */
void yaml_excerpt(FILE *out, struct slice line, const struct yaml_node *node);

/* The value of a key in a map; NULL: not there. */
const struct yaml_pair *yaml_find(const struct yaml_node *map, const char *key);

#endif
