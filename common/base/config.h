/*
 * Settings of a program, from one table of rows.
 *
 * The table is the only place a setting is named: defaults, the YAML file, the environment, the
 * command line, --help and
 * --check all read it.  Later sources win: default < YAML file < REDRESS_<NAME> < --name value. The
 * file is named by
 * --config PATH, -c PATH or REDRESS_CONFIG; without either there is none.  It is one flat mapping
 * (at most 64 KiB); an unknown or repeated key is refused with file:line:column and the nearest
 * name, and a wrong value with its line: nothing else of a file is shown, as it may be another than
 * was meant. An environment variable that is not in the table is left alone, because programs share
 * an environment.
 *
 * Integers and durations are stored as int64_t, booleans as bool, all else in the char array of the
 * row, terminated.
 */
#ifndef REDRESS_CONFIG_H
#define REDRESS_CONFIG_H

#include "error.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum config_kind {
    CONFIG_TEXT,
    CONFIG_SECRET, /* a text that --check does not show */
    CONFIG_INTEGER,
    CONFIG_BOOLEAN,     /* true or false */
    CONFIG_DURATION_MS, /* written like 250ms, 5s, 2min, 1h, 1d; a bare number is in milliseconds */
    CONFIG_DURATION_S,  /* the same, stored in seconds; a bare number is in seconds */
    CONFIG_PATH,
    CONFIG_CONNINFO, /* how to reach PostgreSQL, in libpq's words; a password in it is refused */
    CONFIG_ENDPOINT, /* tcp://host:port, ipc://path, unix:path or host:port; port * or 0: any */
    CONFIG_KIND_COUNT,
};

struct config_row {
    const char *name; /* words joined by _; the command line takes - as well */
    enum config_kind kind;
    size_t offset; /* write CONFIG_AT(struct, member) for this and the next */
    size_t size;
    const char *fallback; /* the default, written as in the file */
    int64_t min,
        max; /* of the stored number; of texts the length in bytes, max 0: what the array holds */
    const char *unit; /* shown in --help; NULL: none */
    const char *help; /* one sentence */
};

#define CONFIG_AT(type, member) offsetof(type, member), sizeof(((type *)NULL)->member)

struct config_outcome {
    bool done; /* --help, --check or --version was asked for and answered: leave with exit_code */
    int exit_code;
    bool checked;      /* the answer was --check's */
    FILE *out;         /* where those answers go; NULL: stdout.  Set by the caller. */
    const char *lists; /* what lists the settings; NULL: --help.  Set by the caller. */
    char file[256];    /* the YAML file that was read, "" without */
    char report[2048]; /* what is wrong, for people, several lines; set when config_load fails */
};

/*
 * Fills settings.  Zero outcome before the call.  On failure error holds the first line and
 * outcome->report the whole; settings are then not to be used.
 */
bool config_load(const struct config_row *rows,
                 size_t count,
                 void *settings,
                 int argc,
                 char **argv,
                 struct config_outcome *outcome,
                 struct error *error) MUST_CHECK;

/* What else is wrong with good settings, for --check: files they name. */
typedef bool config_look(const void *settings, struct error *error);

/*
 * What a main calls: loads, answers --help and the like on stdout, complains on stderr.  True: run;
 * false: leave with *exit_code (0 answered, 1 refused by --check or by look, 2 refused).
 */
bool config_start(const struct config_row *rows,
                  size_t count,
                  void *settings,
                  config_look *look,
                  int argc,
                  char **argv,
                  int *exit_code) MUST_CHECK;

#endif
