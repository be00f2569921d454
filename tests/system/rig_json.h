/*
 * The command `redress` as a scene asks it, and what it answers with --json.
 */
#ifndef REDRESS_RIG_JSON_H
#define REDRESS_RIG_JSON_H

#include "rig.h"

#include <jansson.h>

/* What a line of the shell printed on stdout, cut to size; returns its exit status. */
int rig_shell(char *said, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Runs `redress WORDS --json` against the rig, in English; the words are parted by the shell.  What
 * it printed, the caller's, or NULL where it was no JSON; and its exit status. */
json_t *rig_json(const struct rig *rig, const char *words, int *status);

/* The same of words that must end with that exit status and print JSON. */
json_t *rig_asks(const struct rig *rig, int wanted, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* These words end with this exit status, and say this among other things on stderr. */
void rig_says(const struct rig *rig, const char *words, int wanted, const char *text);
/* … or on stdout. */
void rig_shows(const struct rig *rig, const char *words, int wanted, const char *text);

/* The number under that key; fails the test when there is none. */
int64_t rig_json_number(const json_t *json, const char *key);

#endif
