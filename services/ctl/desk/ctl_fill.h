/*
 * What is filled into the form of an action at the command line: --field NAME=VALUE and --note.
 *
 * NAME=@FILE is by what the policy asks for: a field of type hash gets the file's SHA-256, and the
 * file stays here; any other gets what the file says, at most CTL_FILL_TEXT_MAX bytes of UTF-8, a
 * line end at its end left out.  A value that begins with @ is written with @@.  A note likewise
 * (ctl_file_typed, by which every text is typed).
 */
#ifndef REDRESS_CTL_FILL_H
#define REDRESS_CTL_FILL_H

#include "ctl_desk.h"

enum { CTL_FILL_TEXT_MAX = 16 * 1024 };

/*
 * From the options of the verb act into a command whose case and action are known; lent for ever,
 * once.  The status after saying what is wrong, also where the action only writes a note down and
 * there is none.
 */
int ctl_fill(struct ctl *ctl, struct ctl_command *command) MUST_CHECK;

#endif
