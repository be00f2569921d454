/*
 * The whole command, run within a test: words in, exit status and what it wrote out.
 */
#ifndef REDRESS_CTL_SAID_H
#define REDRESS_CTL_SAID_H

#include "ctl.h"

enum { SAID_WORDS_MAX = 32, SAID_LINE_MAX = 2048 };

struct said {
    int code;
    char *out, *err; /* owned */
};

/* Runs `redress` with these words, up to NULL. */
struct said said_by(const char *const *words);
#define SAID(...) said_by((const char *const[]){__VA_ARGS__, NULL})

/* The same with words apart by blanks. */
struct said said_line(const char *line);

void said_done(struct said *said);

/* stdout as JSON, a new reference, the rest done with; the test fails with what was said where the
 * status is another or there is no JSON. */
json_t *said_json(struct said said, int code);

#endif
