/*
 * Files that are read, small ones whole, and files that are written.
 */
#ifndef REDRESS_CTL_FILE_H
#define REDRESS_CTL_FILE_H

#include "ctl.h"

struct ctl_file {
    char *bytes; /* owned, terminated */
    size_t size;
};

/*
 * A file, never a pipe or a device, which might never answer or never end; "-" is stdin, whatever
 * that is.  0, what errno says, EISDIR of a folder, or CTL_FILE_NONE of what else is no file.
 */
enum { CTL_FILE_NONE = -1 };
int ctl_file_open(const char *path, int *from) MUST_CHECK;
/* What ctl_file_open answered, said: CTL_NOT_FOUND, CTL_USAGE of what is no file, else CTL_FAILED.
 */
int ctl_file_refused(const struct ctl *ctl, const char *path, int why);

/* The same as a stream; ctl_file_close leaves stdin open.  As ctl_file_refused says. */
int ctl_file_stream(const struct ctl *ctl, const char *path, FILE **stream) MUST_CHECK;
void ctl_file_close(FILE *stream);

/* At most max bytes of what ctl_file_open opens.  CTL_NOT_FOUND, CTL_FAILED, or CTL_USAGE of what
 * is no file, after saying why. */
int ctl_file_read(const struct ctl *ctl, const char *path, size_t max, struct ctl_file *file)
    MUST_CHECK;
void ctl_file_done(struct ctl_file *file);

/*
 * What was typed for a text: @FILE is what that file says, at most max bytes of UTF-8, line ends at
 * its end left out; @@ begins a text with @; anything else is itself.  Terminated, lent as long as
 * no CTL_TYPED_MAX others are asked for.  CTL_USAGE of an empty file or of one that is no text, or
 * as ctl_file_read, after saying why; field: whose text it is, in what is said, NULL: an option's.
 */
enum { CTL_TYPED_MAX = 64 };
bool ctl_file_is_typed(const char *typed);
int ctl_file_typed(const struct ctl *ctl,
                   const char *typed,
                   size_t max,
                   const char *field,
                   struct slice *text) MUST_CHECK;
/* The same of an option of the verb; NULL where it was not given. */
int ctl_file_option(const struct ctl *ctl, const char *name, size_t max, const char **text)
    MUST_CHECK;

/* A file to be written, emptied or made; never a pipe or a device, which might be read by nobody or
 * be something else's.  CTL_USAGE of those, else CTL_FAILED, after saying why. */
int ctl_file_make(const struct ctl *ctl, const char *path, FILE **stream) MUST_CHECK;
/* Closes it, if there is one, and leaves NULL behind; CTL_FAILED, after saying why, unless all of
 * it was written. */
int ctl_file_finish(const struct ctl *ctl, const char *path, FILE **stream_p) MUST_CHECK;

#endif
