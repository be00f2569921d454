/*
 * Files that are read: opened, and small ones read whole.
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

#endif
