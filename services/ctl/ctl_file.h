/*
 * Small files, read whole.
 */
#ifndef REDRESS_CTL_FILE_H
#define REDRESS_CTL_FILE_H

#include "ctl.h"

struct ctl_file {
    char *bytes; /* owned, terminated */
    size_t size;
};

/* At most max bytes; "-" is stdin.  CTL_NOT_FOUND or CTL_FAILED after saying why. */
int ctl_file_read(const struct ctl *ctl, const char *path, size_t max, struct ctl_file *file)
    MUST_CHECK;
void ctl_file_done(struct ctl_file *file);

#endif
