/*
 * Errors, sorted by what the caller must do about them.
 *
 * Whatever can fail returns bool and takes a struct error last; on false the error is set, on true
 * it is untouched. Cores and libraries never log: the shell logs once, where the error is decided.
 */
#ifndef REDRESS_ERROR_H
#define REDRESS_ERROR_H

#include <stdbool.h>

enum error_kind {
    ERROR_NONE,
    ERROR_RETRY,    /* a part of the system is away or busy: keep the work and come back */
    ERROR_REJECT,   /* this input is wrong and will stay wrong: answer, count, go on */
    ERROR_FENCED,   /* somebody else owns the stream now: drop what is in memory */
    ERROR_CONFLICT, /* the state has moved on: decide again */
    ERROR_FATAL,    /* this process cannot go on */
};

struct error {
    enum error_kind kind;
    char text[240];
};

#define MUST_CHECK __attribute__((warn_unused_result))

/*
 * Sets kind and a one-line text (line ends become blanks, too long is cut) and returns false, so
 * that a failing path is one line: return error_set(error, ERROR_REJECT, "…").
 */
bool error_set(struct error *error, enum error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the text that is there.  Returns false. */
bool error_prefix(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "retry", "reject", … for logs. */
const char *error_kind_name(enum error_kind kind);

#endif
