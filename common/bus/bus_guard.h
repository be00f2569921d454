/*
 * Who may talk to whom over tcp: CURVE keys and a list of who is admitted (law 9).
 *
 * Sockets of one host (ipc) need none of it: their folder lets nobody else in.  Over tcp both sides
 * prove a key, and a stranger's connection ends in the handshake, before a byte of his reaches us.
 * A publisher or owner whose key stands in the archive but not in the list is not connected to: a
 * poisoned archive cannot lead messages astray.
 *
 * The key file is text, mode 0600: "redress-curve 1", "public" and "secret" with 40 letters of Z85
 * each; # for comments.  The list (bus_allow.h) is read again when it changes; who is struck off is
 * refused from his next connection on.
 */
#ifndef REDRESS_BUS_GUARD_H
#define REDRESS_BUS_GUARD_H

#include "bus_allow.h"
#include "error.h"

enum {
    BUS_KEY_SIZE = 41, /* Z85 and its end */
};

struct bus_guard;

/* Reads both files; ERROR_FATAL with what to do.  With create the key is made when there is none,
 * and a list with that key as a daemon when there is no list. */
struct bus_guard *bus_guard_open(const char *key_path,
                                 const char *list_path,
                                 bool create,
                                 struct error *error) MUST_CHECK;
void bus_guard_free(struct bus_guard **guard_p);
const char *bus_guard_public(const struct bus_guard *guard);

/* See bus_allow_refresh. */
enum bus_allow_news bus_guard_refresh(struct bus_guard *guard, struct error *error);
/* How many keys are admitted. */
unsigned bus_guard_count(const struct bus_guard *guard);

/* Is this key (Z85) one of a daemon? */
bool bus_guard_knows_daemon(const struct bus_guard *guard, const char *key);

/* Answers whoever asks in the context whether to admit; before the first bind.  To be called as
 * long as it returns true, when its descriptor wakes or once a turn. */
bool bus_guard_listen(struct bus_guard *guard, void *context, struct error *error) MUST_CHECK;
/* Ends that; before the context does. */
void bus_guard_deaf(struct bus_guard *guard);
int bus_guard_descriptor(const struct bus_guard *guard);
void bus_guard_answer(struct bus_guard *guard);

/* Sets the keys of a socket, before it binds or connects. */
bool bus_guard_serve(const struct bus_guard *guard, void *socket, enum bus_door door) MUST_CHECK;
bool bus_guard_call(const struct bus_guard *guard, void *socket, const char *server) MUST_CHECK;

/* Does the endpoint leave the host? */
bool bus_endpoint_is_remote(const char *endpoint);

#endif
