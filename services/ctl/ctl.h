/*
 * The frame of the command `redress`: what a verb is given and how it answers.
 *
 * A verb is a row of the table in ctl_verbs.c; options, help, completion and the manual are derived
 * from the rows.  stdout carries data, stderr talk.  A verb returns its exit status and has said by
 * then what went wrong: whatever can fail here returns such a status, CTL_OK for success.
 */
#ifndef REDRESS_CTL_H
#define REDRESS_CTL_H

#include "ctl_text.h"
#include "service.h"

#include <jansson.h>
#include <libpq-fe.h>
#include <stdio.h>

enum ctl_exit {
    CTL_OK = 0,
    CTL_FAILED = 1,
    CTL_USAGE = 2,
    CTL_NOT_FOUND = 3,
    CTL_CONFLICT = 4,
    CTL_UNREACHABLE = 5,
    CTL_TRY_AGAIN = 75,
};

enum {
    CTL_OPTIONS_MAX = 32, /* of one verb, those of every verb included */
    CTL_REPEATS_MAX = 32, /* of one option */
};

enum ctl_option_kind {
    CTL_FLAG,
    CTL_TEXT,
    CTL_MANY,     /* a text that may be given again */
    CTL_CHOICE,   /* one of its values */
    CTL_NUMBER,   /* min … max */
    CTL_DURATION, /* like 250ms, 5s, 2min; min … max in milliseconds */
};

struct ctl_option {
    const char *name;
    const char *alias; /* another name; NULL: none */
    char letter;       /* '\0': none */
    enum ctl_option_kind kind;
    const char *argument; /* "FILE"; NULL for a flag */
    const char *fallback; /* as it would be typed; NULL: none */
    int64_t min, max;
    enum ctl_text help;
    const char *values; /* what shells offer: "due|priority", or "@queue" of the kinds of
                           `completion --names`; NULL: files */
    bool needed;        /* the verb says what is wrong where it is not given */
};

struct ctl;

struct ctl_verb {
    const char *name;      /* one word or two, "policy load" */
    const char *arguments; /* "FILE…" */
    unsigned arguments_min, arguments_max;
    enum ctl_text help; /* one line */
    const struct ctl_option *options;
    size_t option_count;
    int (*run)(struct ctl *ctl);
};

struct ctl_given {
    const char *texts[CTL_REPEATS_MAX];
    unsigned count;
    int64_t number;
};

struct ctl {
    struct service_settings settings;
    char receipt_keys[272]; /* ctl_receipt_keys */
    enum ctl_language language;
    bool json;
    bool quiet;
    bool color;     /* out is a terminal that wants it */
    bool unsettled; /* nothing says where the archive is: no settings file, no environment */
    FILE *out;
    FILE *err;
    const struct ctl_verb *verb;
    struct ctl_given given[CTL_OPTIONS_MAX];
    unsigned argument_count;
    char **arguments;
    PGconn *database; /* NULL: not connected yet; see ctl_database.h */
    uint64_t answers; /* of ctl_query, so far */
};

/* The whole command: reads the words, runs the verb, returns the exit status. */
int ctl_run(int argc, char **argv, FILE *out, FILE *err);

/* The table, and the options every verb has. */
extern const struct ctl_verb ctl_verbs[];
extern const size_t ctl_verb_count;

/* What there is help on besides verbs: files people write. */
struct ctl_topic {
    const char *name;
    enum ctl_text text;
};
extern const struct ctl_topic ctl_topics[];
extern const size_t ctl_topic_count;
extern const struct ctl_option ctl_common_options[];
extern const size_t ctl_common_option_count;

/* The verb that begins at words[0]; *used is 1 or 2.  NULL: there is none. */
const struct ctl_verb *ctl_verb_find(int count, char *const *words, int *used);

/*
 * What was typed for an option of the verb; asking for one its row does not have is a bug.  Without
 * it the row's fallback, else NULL or 0.
 */
const char *ctl_option_text(const struct ctl *ctl, const char *name);
int64_t ctl_option_number(const struct ctl *ctl, const char *name);
bool ctl_option_flag(const struct ctl *ctl, const char *name);
/* From now on that is what was typed for the option, which was given; lent as long as it is asked.
 */
void ctl_option_means(struct ctl *ctl, const char *name, const char *text);
const struct ctl_given *ctl_option_many(const struct ctl *ctl, const char *name);

/* The argument, or NULL when there are fewer. */
const char *ctl_argument(const struct ctl *ctl, unsigned index);

/* ---- saying (see ctl_text.h for args) ---- */

/* On stderr, "redress: …".  Returns code. */
int ctl_fail(const struct ctl *ctl, int code, enum ctl_text id, const char *const *args);
/* On stderr, unless --quiet. */
void ctl_note(const struct ctl *ctl, enum ctl_text id, const char *const *args);
/* On stdout, a line. */
void ctl_print(const struct ctl *ctl, enum ctl_text id, const char *const *args);
/* On stdout, one object or array of JSON on one line; takes the reference. */
void ctl_print_json(const struct ctl *ctl, json_t **value);
/* A JSON text, null when it is not UTF-8. */
json_t *ctl_json_text(struct slice text);

/* Why a file could not be read or written, in the language of the command; lent for ever. */
const char *ctl_errno_text(const struct ctl *ctl, int why);

/* What is said of a text that is no case number: whether one other character would make it one. */
enum ctl_text ctl_case_wrong(const char *text);
/* A case number as people type it, or a decimal id.  CTL_USAGE after saying what is wrong. */
int ctl_case_of(const struct ctl *ctl, const char *text, uint64_t *case_id) MUST_CHECK;

/* ctl_archive.c: the file of the public keys whose receipts are believed, and what is in it.
 * CTL_FAILED after saying what is wrong with it and what to do. */
const char *ctl_receipt_keys(struct ctl *ctl);
struct receipt_trust;
int ctl_receipt_trust(struct ctl *ctl, struct receipt_trust *trust) MUST_CHECK;

/* The reference of the policy language, given in Markdown, as a manual page. */
void ctl_manual_language(const struct ctl *ctl, const char *markdown);

/* ctl_help.c */
int ctl_help(struct ctl *ctl);
int ctl_version(struct ctl *ctl);
void ctl_help_verb(const struct ctl *ctl, FILE *to, const struct ctl_verb *verb);
/* What stands for a thing in a row's arguments (CASE, POLICY/QUEUE), in the language of the
 * command. */
enum { CTL_USAGE_MAX = 128 };
const char *ctl_places_say(const struct ctl *ctl, const char *places, char into[CTL_USAGE_MAX]);
void ctl_help_all(const struct ctl *ctl, FILE *to);

/* The verbs. */
int ctl_archive_create(struct ctl *ctl);
int ctl_archive_list(struct ctl *ctl);
int ctl_archive_turn(struct ctl *ctl);
int ctl_archive_detach(struct ctl *ctl);
int ctl_archive_attach(struct ctl *ctl);
int ctl_keys_create(struct ctl *ctl);
int ctl_policy_load(struct ctl *ctl);
int ctl_policy_check(struct ctl *ctl);
int ctl_policy_list(struct ctl *ctl);
int ctl_policy_draw(struct ctl *ctl);
int ctl_policy_diff(struct ctl *ctl);
int ctl_policy_explain(struct ctl *ctl);
int ctl_policy_manual(struct ctl *ctl);
int ctl_policy_schema(struct ctl *ctl);
int ctl_calendar_check(struct ctl *ctl);
int ctl_calendar_import(struct ctl *ctl);
int ctl_calendar_show(struct ctl *ctl);
int ctl_clock_check(struct ctl *ctl);
int ctl_clock_explain(struct ctl *ctl);
int ctl_org_apply(struct ctl *ctl);
int ctl_org_clear(struct ctl *ctl);
int ctl_org_customer(struct ctl *ctl);
int ctl_org_diff(struct ctl *ctl);
int ctl_org_show(struct ctl *ctl);
int ctl_drill(struct ctl *ctl);
int ctl_submit(struct ctl *ctl);
int ctl_import(struct ctl *ctl);
int ctl_queue(struct ctl *ctl);
int ctl_claim(struct ctl *ctl);
int ctl_act(struct ctl *ctl);
int ctl_release(struct ctl *ctl);
int ctl_erase(struct ctl *ctl);
int ctl_read(struct ctl *ctl);
int ctl_retention(struct ctl *ctl);
int ctl_evidence_check(struct ctl *ctl);
int ctl_play(struct ctl *ctl);
int ctl_show(struct ctl *ctl);
int ctl_list(struct ctl *ctl);
int ctl_measures(struct ctl *ctl);
int ctl_status(struct ctl *ctl);
int ctl_watch(struct ctl *ctl);
int ctl_top(struct ctl *ctl);
int ctl_verify(struct ctl *ctl);
int ctl_rebuild_redis(struct ctl *ctl);
int ctl_completion(struct ctl *ctl); /* ctl_completion.c */

/* ctl_manual.c: redress(1) in mdoc. */
int ctl_manual(struct ctl *ctl);

#endif
