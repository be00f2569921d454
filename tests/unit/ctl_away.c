/*
 * Goal: a verb that outlives a lost archive asks for it no faster the longer it is away (law 9),
 * and reads none that came back in another form.  Method: a server that speaks as much of
 * PostgreSQL's protocol as it takes: to let somebody in and then drop him, at once as a pooler does
 * whose servers are gone, or at the first statement of the verb, or to answer.  Seen to fail where
 * a connection alone ends the pauses, where they begin anew before the verb was answered, where
 * they never do, and where the form is not looked at again.
 */
#include "archive_form.h"
#include "ctl_database.h"
#include "pg.h"
#include "unit.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MESSAGE_MAX = 4096, TURN_MS = 5, PATIENCE = 2000 /* turns */ };

/* What becomes of who was let in. */
enum mode {
    MODE_DROPS,      /* whatever he asks */
    MODE_FORM_ALONE, /* he is told the form, and dropped when he asks for more */
    MODE_ANSWERS,
};

struct shared {
    atomic_int mode;
    atomic_int form;
};

static struct shared *shared;
static pid_t server;
static char folder[] = "/tmp/redress-away-XXXXXX";

/* ---- the server ---- */

static bool take(int from, unsigned char *bytes, size_t size)
{
    for (size_t had = 0; had < size;) {
        ssize_t got = read(from, bytes + had, size - had);
        if (got <= 0) {
            return false;
        }
        had += (size_t)got;
    }
    return true;
}

/* What follows its own length; false: he is gone, or sends more than is ever sent here. */
static bool take_rest(int from)
{
    unsigned char length[4];
    unsigned char rest[MESSAGE_MAX];
    if (!take(from, length, sizeof length)) {
        return false;
    }
    size_t size = (size_t)length[2] << 8 | length[3];
    return size >= 4 && size <= MESSAGE_MAX && take(from, rest, size - 4);
}

#define GIVE(to, bytes) ((void)!write(to, bytes, sizeof(bytes) - 1))

static void answer(int to)
{
    char row[] = "D\0\0\0\14\0\1\0\0\0\2??";
    int form = atomic_load(&shared->form);
    row[sizeof row - 3] = (char)('0' + form / 10);
    row[sizeof row - 2] = (char)('0' + form % 10);
    GIVE(to, "T\0\0\0\37\0\1schema\0\0\0\0\0\0\0\0\0\0\27\0\4\377\377\377\377\0\0");
    GIVE(to, row);
    GIVE(to, "C\0\0\0\15SELECT 1");
    GIVE(to, "\0Z\0\0\0\5I");
}

static void serve(int client)
{
    unsigned char kind;
    if (!take_rest(client)) {
        return;
    }
    GIVE(client, "R\0\0\0\10\0\0\0\0Z\0\0\0\5I");
    while (take(client, &kind, 1) && take_rest(client)) {
        int mode = atomic_load(&shared->mode);
        if (mode == MODE_DROPS || (mode == MODE_FORM_ALONE && kind != 'Q')) {
            return;
        }
        if (kind == 'S') {
            GIVE(client,
                 "1\0\0\0\4"
                 "2\0\0\0\4");
        }
        if (kind == 'S' || kind == 'Q') { /* of a statement with parameters the last, or all */
            answer(client);
        }
    }
}

static int server_begin(void **state)
{
    (void)state;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    assert_non_null(mkdtemp(folder));
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s/.s.PGSQL.5432", folder);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(shared, MAP_FAILED);
    int door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(door, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(door, 8), 0);
    server = fork();
    assert_true(server >= 0);
    if (server == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)signal(SIGPIPE, SIG_IGN);
        for (;;) {
            int client = accept(door, NULL, NULL);
            serve(client);
            (void)close(client);
        }
    }
    (void)close(door);
    return 0;
}

static int server_end(void **state)
{
    (void)state;
    char path[64];
    (void)kill(server, SIGKILL);
    (void)waitpid(server, NULL, 0);
    (void)snprintf(path, sizeof path, "%s/.s.PGSQL.5432", folder);
    (void)unlink(path);
    return rmdir(folder);
}

/* ---- a verb that goes on ---- */

struct looking {
    struct ctl ctl;
    struct ctl_away away;
    char *said;
    size_t said_size;
};

static void looking_begin(struct looking *looking)
{
    int used;
    char *words[] = {(char *)"watch"};
    *looking = (struct looking){.ctl.verb = ctl_verb_find(1, words, &used), .ctl.out = stdout};
    looking->ctl.err = open_memstream(&looking->said, &looking->said_size);
    (void)snprintf(looking->ctl.settings.database,
                   sizeof looking->ctl.settings.database,
                   "host=%s port=5432 dbname=none",
                   folder);
    atomic_store(&shared->form, ARCHIVE_SCHEMA);
    atomic_store(&shared->mode, MODE_ANSWERS);
}

static void looking_end(struct looking *looking)
{
    ctl_database_close(&looking->ctl);
    (void)fclose(looking->ctl.err);
    free(looking->said);
}

static bool was_said(const struct looking *looking, enum ctl_text text)
{
    (void)fflush(looking->ctl.err);
    return strstr(looking->said, ctl_text_in(looking->ctl.language, text)) != NULL;
}

static int ask(struct looking *looking)
{
    PGresult *rows = NULL;
    int code = ctl_query(&looking->ctl, "SELECT $1", CTL_ARGS("1"), 1, &rows);
    PQclear(rows);
    return code;
}

/* Until it has been connected to once more, and asked where it is there. */
static int turn(struct looking *looking)
{
    struct ctl *ctl = &looking->ctl;
    struct ctl_away *away = &looking->away;
    int64_t again_us = away->again_us;
    for (int i = 0; i < PATIENCE && ctl_is_away(ctl, away); i++) {
        if (away->again_us != again_us) {
            return CTL_OK;
        }
        (void)poll(NULL, 0, TURN_MS);
    }
    return away->pause_ms != 0 ? CTL_OK : ctl_away_take(ctl, away, ask(looking));
}

static void lose(struct looking *looking, enum mode mode)
{
    atomic_store(&shared->mode, MODE_ANSWERS);
    assert_int_equal(ask(looking), CTL_OK);
    atomic_store(&shared->mode, MODE_DROPS);
    assert_int_equal(ctl_away_take(&looking->ctl, &looking->away, ask(looking)), CTL_OK);
    assert_true(was_said(looking, TEXT_ARCHIVE_AGAIN));
    assert_int_equal(looking->away.pause_ms, PG_BACKOFF_FIRST_MS);
    atomic_store(&shared->mode, mode);
}

static void the_pauses_grow_until_something_is_answered(void **state)
{
    (void)state;
    static const enum mode modes[] = {MODE_DROPS, MODE_FORM_ALONE};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct looking looking;
        looking_begin(&looking);
        lose(&looking, modes[i]);
        for (int pause_ms = 2 * PG_BACKOFF_FIRST_MS; pause_ms < PG_BACKOFF_MAX_MS; pause_ms *= 2) {
            assert_int_equal(turn(&looking), CTL_OK);
            assert_int_equal(looking.away.pause_ms, pause_ms);
        }
        assert_int_equal(was_said(&looking, TEXT_ARCHIVE_BACK), modes[i] == MODE_FORM_ALONE);
        atomic_store(&shared->mode, MODE_ANSWERS);
        assert_int_equal(turn(&looking), CTL_OK);
        assert_int_equal(looking.away.pause_ms, 0);
        assert_true(was_said(&looking, TEXT_ARCHIVE_BACK));
        lose(&looking, MODE_DROPS); /* soon, for it had answered */
        looking_end(&looking);
    }
}

static void one_that_comes_back_in_another_form_is_not_read(void **state)
{
    (void)state;
    struct looking looking;
    looking_begin(&looking);
    lose(&looking, MODE_ANSWERS);
    atomic_store(&shared->form, ARCHIVE_SCHEMA + 1);
    assert_int_equal(turn(&looking), CTL_FAILED);
    assert_false(was_said(&looking, TEXT_ARCHIVE_BACK));
    (void)fflush(looking.ctl.err);
    assert_non_null(strstr(looking.said, "the archive is of form"));
    looking_end(&looking);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pauses_grow_until_something_is_answered),
        cmocka_unit_test(one_that_comes_back_in_another_form_is_not_read),
    };
    return cmocka_run_group_tests(tests, server_begin, server_end);
}
