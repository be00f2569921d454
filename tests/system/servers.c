#include "servers.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ARGUMENTS_MAX = 64,
    START_WAIT_MS = 30000,
    START_ATTEMPTS = 20,
    POLL_MS = 10,
    PATH_SIZE = 256,
};

struct server {
    pid_t pid; /* 0: not running */
    bool postgres;
    uid_t uid; /* to run as; 0: as we are */
    gid_t gid;
    char directory[64];
    char socket[96];
    char conninfo[192];
    char program[PATH_SIZE];
    char *arguments[ARGUMENTS_MAX + 1]; /* owned */
    unsigned argument_count;
};

static void nap(void)
{
    (void)nanosleep(&(struct timespec){0, POLL_MS * 1000000L}, NULL);
}

static void argument_add(struct server *server, const char *argument)
{
    if (server->argument_count < ARGUMENTS_MAX) {
        server->arguments[server->argument_count] = strdup(argument);
        server->argument_count++;
    }
}

static void arguments_add(struct server *server, const char *const *arguments)
{
    for (; arguments && *arguments; arguments++) {
        argument_add(server, *arguments);
    }
}

/* The child's side; never returns. */
static void become(const struct server *server, char *const *arguments)
{
    if (server->uid != 0 &&
        (setgroups(1, &server->gid) != 0 || setgid(server->gid) != 0 || setuid(server->uid) != 0)) {
        _exit(126);
    }
    /* After setuid, which clears it. */
    (void)prctl(PR_SET_PDEATHSIG, server->postgres ? SIGQUIT : SIGKILL);
    char log[PATH_SIZE];
    (void)snprintf(log, sizeof log, "%s/log", server->directory);
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (out < 0 || in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) {
        _exit(126);
    }
    (void)chdir(server->directory);
    (void)execv(arguments[0], arguments);
    _exit(127);
}

static pid_t spawn(const struct server *server, char *const *arguments)
{
    pid_t pid = fork();
    if (pid == 0) {
        become(server, arguments);
    }
    return pid;
}

/* It listens and has loaded its data; "-NOAUTH" is an answer, "-LOADING" is none. */
static bool redis_answers(const struct server *server)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", server->socket);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    char answer[5] = "";
    bool good = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
                write(fd, "PING\r\n", 6) == 6 && read(fd, answer, sizeof answer) == sizeof answer &&
                (memcmp(answer, "+PONG", sizeof answer) == 0 ||
                 memcmp(answer, "-NOAU", sizeof answer) == 0);
    (void)close(fd);
    return good;
}

static bool answers(const struct server *server)
{
    return server->postgres ? PQping(server->conninfo) == PQPING_OK : redis_answers(server);
}

/* Runs it and waits until it answers; false with the error, and *ended when it ended by itself. */
static bool start_once(struct server *server, bool *ended, struct error *error)
{
    *ended = false;
    server->pid = spawn(server, server->arguments);
    if (server->pid < 0) {
        server->pid = 0;
        return error_set(error, ERROR_FATAL, "fork: %s", strerrordesc_np(errno));
    }
    for (unsigned waited_ms = 0; waited_ms < START_WAIT_MS; waited_ms += POLL_MS) {
        if (answers(server)) {
            return true;
        }
        int status;
        if (waitpid(server->pid, &status, WNOHANG) == server->pid) {
            server->pid = 0;
            *ended = true;
            return error_set(error,
                             ERROR_FATAL,
                             "%s ended at once: status %d, see %s/log",
                             server->program,
                             status,
                             server->directory);
        }
        nap();
    }
    return error_set(error, ERROR_FATAL, "%s does not answer", server->program);
}

bool server_start(struct server *server, struct error *error)
{
    bool started = false;
    bool ended = true;
    /* Again, because PostgreSQL refuses as long as a child of the killed one is still leaving. */
    for (unsigned attempt = 0; !started && ended && attempt < START_ATTEMPTS; attempt++) {
        started = start_once(server, &ended, error);
        if (!started) {
            nap();
        }
    }
    return started;
}

static void end(struct server *server, int how)
{
    if (server->pid > 0) {
        (void)kill(server->pid, how);
        (void)waitpid(server->pid, NULL, 0);
        server->pid = 0;
    }
}

void server_kill(struct server *server)
{
    end(server, SIGKILL);
}

void server_stop(struct server *server)
{
    end(server, server->postgres ? SIGINT : SIGTERM);
}

void server_freeze(struct server *server)
{
    (void)kill(server->pid, SIGSTOP);
}

void server_thaw(struct server *server)
{
    (void)kill(server->pid, SIGCONT);
}

const char *server_socket(const struct server *server)
{
    return server->socket;
}

const char *server_conninfo(const struct server *server)
{
    return server->conninfo;
}

const char *server_directory(const struct server *server)
{
    return server->directory;
}

/* A test sets up its servers from one thread: nftw, glob and getpwnam are safe here. */
/* NOLINTBEGIN(concurrency-mt-unsafe) */

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

void server_free(struct server **server_p)
{
    struct server *server = *server_p;
    if (!server) {
        return;
    }
    /* "Immediate" for PostgreSQL: its children end too, which kill -9 of the parent alone leaves
     * for later. */
    end(server, server->postgres ? SIGQUIT : SIGKILL);
    if (server->directory[0]) {
        (void)nftw(server->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
    for (unsigned i = 0; i < server->argument_count; i++) {
        free(server->arguments[i]);
    }
    free(server);
    *server_p = NULL;
}

/* The last (newest version's) file that matches the first pattern with any match. */
static bool program_find(struct server *server, const char *const *patterns, struct error *error)
{
    for (const char *const *pattern = patterns; *pattern; pattern++) {
        glob_t found;
        if (glob(*pattern, 0, NULL, &found) == 0) {
            (void)snprintf(
                server->program, sizeof server->program, "%s", found.gl_pathv[found.gl_pathc - 1]);
            globfree(&found);
            return true;
        }
    }
    return error_set(error, ERROR_REJECT, "not installed: %s", patterns[0]);
}

static bool directory_make(struct server *server, struct error *error)
{
    /* Short, because a socket's path has 107 bytes. */
    (void)snprintf(server->directory, sizeof server->directory, "/tmp/redress-test-XXXXXX");
    if (!mkdtemp(server->directory)) {
        server->directory[0] = '\0';
        return error_set(error, ERROR_FATAL, "mkdtemp: %s", strerrordesc_np(errno));
    }
    if (server->uid != 0 && chown(server->directory, server->uid, server->gid) != 0) {
        return error_set(error, ERROR_FATAL, "chown: %s", strerrordesc_np(errno));
    }
    return true;
}

static void redis_arguments(struct server *server, const struct server_redis_options *options)
{
    const char *const fixed[] = {
        server->program,
        "--port",
        "0",
        "--unixsocket",
        server->socket,
        "--dir",
        server->directory,
        "--save",
        "",
        "--appendonly",
        options && options->append_only ? "yes" : "no",
        "--daemonize",
        "no",
        NULL,
    };
    arguments_add(server, fixed);
    arguments_add(server, options ? options->arguments : NULL);
}

struct server *server_redis_new(const struct server_redis_options *options, struct error *error)
{
    static const char *const patterns[] = {
        "/usr/bin/redis-server", "/usr/local/bin/redis-server", NULL};
    struct server *server = calloc(1, sizeof *server);
    if (!server) {
        (void)error_set(error, ERROR_FATAL, "no memory");
        return NULL;
    }
    if (!program_find(server, patterns, error) || !directory_make(server, error)) {
        server_free(&server);
        return NULL;
    }
    (void)snprintf(server->socket, sizeof server->socket, "%s/redis.sock", server->directory);
    redis_arguments(server, options);
    if (!server_start(server, error)) {
        server_free(&server);
    }
    return server;
}

static bool cluster_make(struct server *server, struct error *error)
{
    char initdb[PATH_SIZE];
    char data[PATH_SIZE];
    size_t folder = (size_t)(strrchr(server->program, '/') - server->program);
    (void)snprintf(initdb, sizeof initdb, "%.*s/initdb", (int)folder, server->program);
    (void)snprintf(data, sizeof data, "%s/data", server->directory);
    char *arguments[] = {
        initdb,
        (char[]){"-D"},
        data,
        (char[]){"-U"},
        (char[]){"postgres"},
        (char[]){"-A"},
        (char[]){"trust"},
        (char[]){"--no-sync"},
        (char[]){"--no-instructions"},
        (char[]){"-E"},
        (char[]){"UTF8"},
        (char[]){"--locale=C.UTF-8"},
        NULL,
    };
    pid_t pid = spawn(server, arguments);
    int status = -1;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        return error_set(
            error, ERROR_FATAL, "initdb: status %d, see %s/log", status, server->directory);
    }
    return true;
}

static void postgres_arguments(struct server *server, const struct server_postgres_options *options)
{
    bool durable = options && options->durable;
    char data[PATH_SIZE];
    (void)snprintf(data, sizeof data, "%s/data", server->directory);
    const char *const fixed[] = {
        server->program,
        "-D",
        data,
        "-k",
        server->directory,
        "-h",
        "",
        "-c",
        "max_connections=100",
        "-c",
        durable ? "fsync=on" : "fsync=off",
        "-c",
        durable ? "full_page_writes=on" : "full_page_writes=off",
        "-c",
        "timezone=UTC",
        NULL,
    };
    arguments_add(server, fixed);
    arguments_add(server, options ? options->arguments : NULL);
}

static bool postgres_open(struct server *server,
                          const struct server_postgres_options *options,
                          struct error *error)
{
    static const char *const patterns[] = {
        "/usr/lib/postgresql/*/bin/postgres", "/usr/local/pgsql/bin/postgres", NULL};
    if (geteuid() == 0) {
        const struct passwd *user = getpwnam("postgres");
        if (!user) {
            return error_set(error, ERROR_REJECT, "no user postgres, and PostgreSQL refuses root");
        }
        server->uid = user->pw_uid;
        server->gid = user->pw_gid;
    }
    if (!program_find(server, patterns, error) || !directory_make(server, error) ||
        !cluster_make(server, error)) {
        return false;
    }
    (void)snprintf(server->socket, sizeof server->socket, "%s", server->directory);
    (void)snprintf(server->conninfo,
                   sizeof server->conninfo,
                   "host=%s user=postgres dbname=postgres",
                   server->directory);
    postgres_arguments(server, options);
    return server_start(server, error);
}

struct server *server_postgres_new(const struct server_postgres_options *options,
                                   struct error *error)
{
    struct server *server = calloc(1, sizeof *server);
    if (!server) {
        (void)error_set(error, ERROR_FATAL, "no memory");
        return NULL;
    }
    server->postgres = true;
    if (!postgres_open(server, options, error)) {
        server_free(&server);
    }
    return server;
}

/* NOLINTEND(concurrency-mt-unsafe) */
