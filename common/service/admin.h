/*
 * A listener for operators and probes: HTTP/1.1 GET, one request a connection, everything bounded
 * (law 9).
 *
 * At most ADMIN_CONNECTIONS_MAX connections at once (one more ends the oldest, so that idle peers
 * cannot keep a probe out), a request of at most ADMIN_REQUEST_MAX bytes, ADMIN_DEADLINE_S seconds
 * in all.  evhttp of libevent 2.1 cannot bound its connections, and a probe needs nothing of the
 * rest.  For the caller's loop and thread.
 */
#ifndef REDRESS_ADMIN_H
#define REDRESS_ADMIN_H

#include "error.h"

#include <stdint.h>

struct event_base;
struct evbuffer;

enum { ADMIN_CONNECTIONS_MAX = 32, ADMIN_REQUEST_MAX = 4096, ADMIN_DEADLINE_S = 5 };

struct admin;

/*
 * Answers path (without its query): appends the body, sets *type to a content type that lives for
 * ever, and returns the status.
 */
typedef int admin_answer(void *self, const char *path, struct evbuffer *body, const char **type);

/*
 * Listens on address:port, [address]:port, tcp://…, *:port or unix:path; port 0 takes a free one.
 * A socket file that stands in the way is replaced.
 */
struct admin *admin_open(struct event_base *base,
                         const char *endpoint,
                         admin_answer *answer,
                         void *self,
                         struct error *error) MUST_CHECK;
void admin_free(struct admin **admin_p);

/* The port in use; 0 for a unix socket. */
uint16_t admin_port(const struct admin *admin);

#endif
