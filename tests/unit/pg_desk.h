/*
 * A PostgreSQL of the test's own, a loop, and one connection of ours to it.
 *
 * An answer is kept as text ("ok 3 rows", "22012 at 1", "lost") in the order it came, so that a
 * story can say what must have happened.
 */
#ifndef REDRESS_PG_DESK_H
#define REDRESS_PG_DESK_H

#include "pg.h"
#include "servers.h"

enum {
    PG_DESK_ANSWERS_MAX = 1024,
    PG_DESK_ANSWER_SIZE = 24,
};

typedef void pg_desk_look(void *self, const struct pg_answer *answer);

struct pg_desk {
    struct server *server;
    struct event_base *loop;
    struct event *beat;
    struct pg *pg;
    unsigned ups;
    unsigned downs;
    char why[200]; /* of the last down */
    unsigned answer_count;
    char answers[PG_DESK_ANSWERS_MAX][PG_DESK_ANSWER_SIZE];
    pg_desk_look *look; /* at the rows of every answer; may be NULL */
    void *self;
};

/* Starts the server once for the program, and forgets the schema of the story before; skips the
 * test where there is none. */
void pg_desk_open(struct pg_desk *desk);
void pg_desk_close(struct pg_desk *desk);

/* Blocking, by a connection of its own; anything but success fails the test. */
void pg_desk_run(const struct pg_desk *desk, const char *sql);

/* Makes the schema of deploy/schema, with so many partitions. */
void pg_desk_archive(const struct pg_desk *desk, const char *partitions);

/* The policy of that YAML in as many versions, id and version alike, the oldest loaded first. */
void pg_desk_versions(const struct pg_desk *desk, const char *yaml, unsigned count);

/* Connects with these statements, without waiting. */
void pg_desk_connect(struct pg_desk *desk, const struct pg_statement *statements, unsigned count);
void pg_desk_connect_to(struct pg_desk *desk,
                        const char *conninfo,
                        const struct pg_statement *statements,
                        unsigned count);

/* Opens with an archive of four partitions, and is connected with these statements. */
void pg_desk_ready(struct pg_desk *desk, const struct pg_statement *statements, unsigned count);

/* Turn the loop until it is so; false after ten seconds. */
bool pg_desk_until_ready(struct pg_desk *desk);
bool pg_desk_until_down(struct pg_desk *desk);
bool pg_desk_until_answers(struct pg_desk *desk, unsigned count);
void pg_desk_turn(struct pg_desk *desk, int64_t us);

/* Sends what was built if the connection takes it; its answer, if any, is noted. */
bool pg_desk_try(struct pg_desk *desk);

/* Sends what was begun; the answer will be the next of desk->answers.  A refusal fails the test. */
void pg_desk_send(struct pg_desk *desk);

/* Sends, waits, and compares the answer: "ok 1", "23505 at 0", "lost". */
void pg_desk_ask(struct pg_desk *desk, const char *answer);

#endif
