/*
 * Private servers for tests: a Redis or a PostgreSQL of this test's own, in a temporary directory,
 * on a unix socket only.
 *
 * They end with server_free, and also when the test itself dies (parent-death signal), so that
 * nothing is left running. The calls block: they are for set-up, for killing and for bringing back,
 * not for the code under test.
 */
#ifndef REDRESS_TESTS_SERVERS_H
#define REDRESS_TESTS_SERVERS_H

#include "error.h"

struct server;

struct server_redis_options {
    bool append_only; /* AOF, fsync every second; otherwise nothing is saved unless asked (SAVE) */
    const char *const *arguments; /* more of redis-server's, NULL-terminated; may be NULL */
};

/*
 * Starts redis-server without a TCP port, ready to answer.  options may be NULL.  NULL on failure:
 * ERROR_REJECT when no redis-server is installed (skip the test), ERROR_FATAL otherwise.
 */
struct server *server_redis_new(const struct server_redis_options *options,
                                struct error *error) MUST_CHECK;

struct server_postgres_options {
    bool durable; /* fsync and full_page_writes on; off is faster and right where no machine dies */
    const char *const *arguments; /* more of postgres', NULL-terminated; may be NULL */
};

/*
 * Makes a cluster (C.UTF-8, superuser "postgres", trust) and starts it without a TCP port, ready to
 * answer; as root it runs as the user postgres, because PostgreSQL refuses root.  Errors as above.
 */
struct server *server_postgres_new(const struct server_postgres_options *options,
                                   struct error *error) MUST_CHECK;

/* Ends it at once and removes its directory. */
void server_free(struct server **server_p);

/* Redis: the path of its socket.  PostgreSQL: the directory of its socket.  Lent. */
const char *server_socket(const struct server *server);

/* PostgreSQL: a connection string, "host=… user=postgres dbname=postgres".  Lent. */
const char *server_conninfo(const struct server *server);

/* Its temporary directory; Redis keeps dump.rdb right in it.  Lent. */
const char *server_directory(const struct server *server);

/* Ends it with kill -9 and waits; the data stay.  server_start brings it back and waits until it
 * answers. */
void server_kill(struct server *server);
bool server_start(struct server *server, struct error *error) MUST_CHECK;

/* PostgreSQL "fast", Redis SIGTERM: an orderly end; the data stay. */
void server_stop(struct server *server);

/* SIGSTOP and SIGCONT: it hangs without closing its connections (Redis only: PostgreSQL has a
 * process a session). */
void server_freeze(struct server *server);
void server_thaw(struct server *server);

#endif
