/*
 * The list of who is admitted over tcp: public CURVE keys with roles (law 9).
 *
 * The list is text and need not be secret; but whoever can write it lets in whom he likes, so it
 * must be a regular file of ours or of root's that nobody else may write.  One key a line:
 *
 *     PUBLIC-KEY ROLE NAME            # for people
 *
 * ROLE daemon is admitted everywhere, desk to requests and events (the command redress, gateways),
 * adapter to intake's requests only.  A list with any fault counts as a whole as not read: what was
 * read before stays.
 */
#ifndef REDRESS_BUS_ALLOW_H
#define REDRESS_BUS_ALLOW_H

#include "error.h"

#include <stdint.h>
#include <sys/stat.h>

enum {
    BUS_ALLOWED_MAX = 1024,
    BUS_RAW_KEY_SIZE = 32,
};

/* What a socket is for: its ZAP domain. */
enum bus_door { BUS_DOOR_EVENTS, BUS_DOOR_SUBMISSIONS, BUS_DOOR_COMMANDS };

struct bus_allowed {
    uint8_t key[BUS_RAW_KEY_SIZE];
    uint8_t role;
    uint16_t line;
};

struct bus_allow {
    char path[256];
    struct stat seen; /* of the file last looked at, good or bad */
    unsigned count;
    struct bus_allowed allowed[BUS_ALLOWED_MAX];
};

enum bus_allow_news { BUS_ALLOW_SAME, BUS_ALLOW_READ, BUS_ALLOW_BAD };

/* Reads the list of list->path; ERROR_FATAL with line and what to do, and nothing has changed. */
bool bus_allow_read(struct bus_allow *list, struct error *error) MUST_CHECK;

/* Reads it again if the file has changed.  BUS_ALLOW_BAD, with the error, once for each change: who
 * was admitted stays so. */
enum bus_allow_news bus_allow_refresh(struct bus_allow *list, struct error *error);

/* NULL: not in the list. */
const struct bus_allowed *bus_allow_find(const struct bus_allow *list,
                                         const uint8_t key[BUS_RAW_KEY_SIZE]);
bool bus_allow_is_daemon(const struct bus_allowed *allowed);

/* Does the role go through the door of this ZAP domain? */
bool bus_allow_admits(const struct bus_allowed *allowed, const char *domain, size_t size);
const char *bus_allow_domain(enum bus_door door);

#endif
