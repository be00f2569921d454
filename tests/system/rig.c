#include "rig.h"

#include "clock.h"
#include "rig_cmocka.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

enum {
    POLL_MS = 20,
    TAKEOVER_MS = 3000,
    TAKEOVER_SLOW_MS = 30000,
    SERVING_MS = 300000, /* against hanging: twenty policies compiled under a sanitizer */
    TERM_WAIT_MS = 12000,
    LOG_TAIL = 1500,
    ARGUMENTS_MAX = 24,
};

int64_t rig_now_ms(void)
{
    return clock_monotonic_us() / 1000;
}

int64_t rig_takeover_ms(void)
{
#ifdef __SANITIZE_ADDRESS__
    return TAKEOVER_SLOW_MS;
#else
    double load = 0;
    bool busy = getloadavg(&load, 1) == 1 && load > 1.5 * (double)sysconf(_SC_NPROCESSORS_ONLN);
    return busy ? TAKEOVER_SLOW_MS : TAKEOVER_MS;
#endif
}

void rig_nap_ms(int64_t ms)
{
    (void)nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

static void settings_write(const struct rig *rig)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/redress.yaml", rig->directory);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fprintf(
        file,
        /* without a user: every daemon comes in its own role */
        "database: \"host=%s dbname=redress\"\nredis: %s\nrun_dir: %s\nkey_file: %s/seal.key\n"
        "receipt_key_file: %s/receipt.key\n"
        "partition_fill: 1\n", /* few cases have to meet in several partitions */
        server_directory(rig->postgres),
        server_socket(rig->redis),
        rig->directory,
        rig->directory,
        rig->directory);
    (void)fclose(file);
}

struct rig *rig_new(bool with_archive)
{
    struct error error = {0};
    struct rig *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    rig->redis = server_redis_new(NULL, &error);
    rig->postgres = rig->redis ? server_postgres_new(NULL, &error) : NULL;
    if (!rig->postgres) {
        print_message("skipped: %s\n", error.text);
        bool missing = error.kind == ERROR_REJECT;
        rig_free(&rig);
        if (missing) {
            skip();
        }
        fail_msg("%s", error.text);
    }
    (void)snprintf(rig->directory, sizeof rig->directory, "/tmp/redress-rig-XXXXXX");
    assert_non_null(mkdtemp(rig->directory));
    rig_patterns_lend(rig->directory);
    (void)snprintf(rig->conninfo,
                   sizeof rig->conninfo,
                   "host=%s user=postgres dbname=redress",
                   server_directory(rig->postgres));
    rig_sql_connect(rig, server_conninfo(rig->postgres));
    rig_sql(rig, "CREATE DATABASE redress");
    rig_sql_connect(rig, rig->conninfo);
    rig->zmq = zmq_ctx_new();
    settings_write(rig);
    if (with_archive) {
        rig_archive_create(rig);
    }
    /* without it there are no roles to ask in what is sealed */
    const char *anew = with_archive ? NULL : "--anew";
    assert_int_equal(
        rig_redress(rig, (const char *const[]){"--quiet", "keys", "create", anew, NULL}), 0);
    rig_sql(rig, "SET search_path TO redress");
    return rig;
}

static struct daemon *daemon_find(struct rig *rig, enum service_id service, const char *instance)
{
    for (unsigned i = 0; i < rig->daemon_count; i++) {
        struct daemon *daemon = &rig->daemons[i];
        if (daemon->service == service && strcmp(daemon->instance, instance) == 0) {
            return daemon;
        }
    }
    return NULL;
}

struct daemon *rig_daemon(struct rig *rig, enum service_id service, const char *instance)
{
    struct daemon *daemon = daemon_find(rig, service, instance);
    assert_non_null(daemon);
    return daemon;
}

/* The child's side; never returns. */
static void become(const struct rig *rig, const struct daemon *daemon)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    int out = open(daemon->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (out < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) {
        _exit(126);
    }
    char program[256];
    char config[128];
    (void)snprintf(
        program, sizeof program, REDRESS_BIN "/redress-%s", service_name(daemon->service));
    (void)snprintf(config, sizeof config, "%s/redress.yaml", rig->directory);
    const char *arguments[ARGUMENTS_MAX + 1] = {
        program, "--config", config, "--instance", daemon->instance};
    for (unsigned i = 0, at = 5; daemon->arguments && daemon->arguments[i] && at < ARGUMENTS_MAX;) {
        arguments[at++] = daemon->arguments[i++];
    }
    (void)execv(program, (char **)(uintptr_t)arguments);
    _exit(127);
}

int rig_redress(struct rig *rig, const char *const *words)
{
    char config[128];
    (void)snprintf(config, sizeof config, "%s/redress.yaml", rig->directory);
    const char *arguments[ARGUMENTS_MAX + 1] = {REDRESS_BIN "/redress", "--config", config};
    for (unsigned i = 0, at = 3; words[i] && at < ARGUMENTS_MAX;) {
        arguments[at++] = words[i++];
    }
    pid_t pid = fork();
    if (pid == 0) {
        (void)execv(arguments[0], (char **)(uintptr_t)arguments);
        _exit(127);
    }
    int status = -1;
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int rig_org(struct rig *rig, const char *format, ...)
{
    char path[160];
    va_list arguments;
    (void)snprintf(path, sizeof path, "%s/org.yaml", rig->directory);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    va_start(arguments, format);
    (void)vfprintf(file, format, arguments);
    va_end(arguments);
    (void)fclose(file);
    return rig_redress(rig, (const char *const[]){"--quiet", "org", "apply", path, NULL});
}

struct daemon *rig_start(struct rig *rig, enum service_id service, const char *instance)
{
    return rig_start_with(rig, service, instance, NULL);
}

struct daemon *rig_start_with(struct rig *rig,
                              enum service_id service,
                              const char *instance,
                              const char *const *arguments)
{
    struct daemon *daemon = daemon_find(rig, service, instance);
    if (!daemon) {
        assert_true(rig->daemon_count < RIG_DAEMONS_MAX);
        daemon = &rig->daemons[rig->daemon_count++];
        daemon->service = service;
        (void)snprintf(daemon->instance, sizeof daemon->instance, "%s", instance);
        (void)snprintf(daemon->log,
                       sizeof daemon->log,
                       "%s/%s-%s.log",
                       rig->directory,
                       service_name(service),
                       instance);
    }
    assert_int_equal(daemon->pid, 0);
    daemon->arguments = arguments;
    daemon->pid = fork();
    if (daemon->pid == 0) {
        become(rig, daemon);
    }
    assert_true(daemon->pid > 0);
    return daemon;
}

void rig_start_all(struct rig *rig, const char *instance)
{
    for (int s = SERVICE_INTAKE; s <= SERVICE_ANALYTICS; s++) {
        (void)rig_start(rig, (enum service_id)s, instance);
    }
}

static bool wait_for(struct daemon *daemon, int64_t limit_ms, int *status)
{
    int64_t until_ms = rig_now_ms() + limit_ms;
    while (waitpid(daemon->pid, status, WNOHANG) == 0) {
        if (rig_now_ms() > until_ms) {
            return false;
        }
        rig_nap_ms(5);
    }
    daemon->pid = 0;
    return true;
}

int daemon_signal(struct daemon *daemon, int number)
{
    assert_true(daemon->pid > 0);
    (void)kill(daemon->pid, number);
    int status = 0;
    if ((number == SIGKILL || number == SIGTERM) && !wait_for(daemon, TERM_WAIT_MS, &status)) {
        fail_msg("%s does not end on signal %d", service_name(daemon->service), number);
    }
    return status;
}

int daemon_ended(struct daemon *daemon, int64_t limit_ms)
{
    int status = 0;
    assert_true(daemon->pid > 0);
    if (!wait_for(daemon, limit_ms, &status)) {
        fail_msg("%s-%s does not end", service_name(daemon->service), daemon->instance);
    }
    return status;
}

bool daemon_lives(struct daemon *daemon)
{
    int status = 0;
    if (daemon->pid > 0 && waitpid(daemon->pid, &status, WNOHANG) == daemon->pid) {
        daemon->pid = 0;
        print_message(
            "%s-%s ended: status %d\n", service_name(daemon->service), daemon->instance, status);
    }
    return daemon->pid > 0;
}

unsigned daemon_logged(const struct daemon *daemon, const char *text)
{
    FILE *file = fopen(daemon->log, "r");
    char *line = NULL;
    size_t capacity = 0;
    unsigned count = 0;
    while (file && getline(&line, &capacity, file) > 0) {
        count += strstr(line, text) != NULL;
    }
    free(line);
    if (file) {
        (void)fclose(file);
    }
    return count;
}

void rig_end(struct rig *rig)
{
    for (unsigned i = 0; i < rig->daemon_count; i++) {
        struct daemon *daemon = &rig->daemons[i];
        if (!daemon_lives(daemon)) {
            continue;
        }
        int status = daemon_signal(daemon, SIGTERM);
        if (status != 0) {
            fail_msg("%s-%s ended with status %d",
                     service_name(daemon->service),
                     daemon->instance,
                     status);
        }
    }
    rig_patterns_keep(rig->directory);
    rig->passed = true;
}

static void log_show(const struct daemon *daemon)
{
    FILE *file = fopen(daemon->log, "r");
    if (!file) {
        return;
    }
    char tail[LOG_TAIL + 1];
    (void)fseek(file, 0, SEEK_END);
    long size = ftell(file);
    (void)fseek(file, size > LOG_TAIL ? size - LOG_TAIL : 0, SEEK_SET);
    size_t got = fread(tail, 1, LOG_TAIL, file);
    tail[got] = '\0';
    (void)fclose(file);
    print_message("--- %s-%s ---\n%s\n", service_name(daemon->service), daemon->instance, tail);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

void rig_free(struct rig **rig_p)
{
    struct rig *rig = *rig_p;
    if (!rig) {
        return;
    }
    for (unsigned i = 0; i < rig->daemon_count; i++) {
        struct daemon *daemon = &rig->daemons[i];
        if (daemon->pid > 0) {
            (void)kill(daemon->pid, SIGKILL);
            (void)waitpid(daemon->pid, NULL, 0);
        }
        if (!rig->passed) {
            log_show(daemon);
        }
    }
    if (rig->sql) {
        PQfinish(rig->sql);
    }
    server_free(&rig->postgres);
    server_free(&rig->redis);
    if (rig->zmq &&
        rig->passed) { /* after a failure sockets are open: the end would wait for them */
        (void)zmq_ctx_term(rig->zmq);
    }
    if (rig->directory[0]) {
        /* one thread: nftw is safe here; NOLINTNEXTLINE(concurrency-mt-unsafe) */
        (void)nftw(rig->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
    free(rig);
    *rig_p = NULL;
}

void rig_await(struct rig *rig, const char *query, int64_t wanted, int64_t limit_ms)
{
    int64_t until_ms = rig_now_ms() + limit_ms;
    int64_t number;
    while ((number = rig_number(rig, "%s", query)) != wanted) {
        if (rig_now_ms() > until_ms) {
            fail_msg("%s is %lld, not %lld", query, (long long)number, (long long)wanted);
        }
        rig_nap_ms(POLL_MS);
    }
}

int64_t rig_serving(struct rig *rig, enum service_id service, const char *instance)
{
    return rig_number(
        rig,
        "SELECT count(*) FROM head h JOIN pg_stat_activity s ON s.pid = h.backend_pid "
        "AND s.backend_start = h.backend_start WHERE h.service = %d AND h.owner <> '' "
        "AND h.owner LIKE '%s' AND h.lease_until > clock_timestamp()",
        (int)service,
        instance ? instance : "%");
}

int64_t rig_await_serving(struct rig *rig, enum service_id service, int64_t limit_ms)
{
    int64_t from_ms = rig_now_ms();
    while (rig_serving(rig, service, NULL) != RIG_PARTITIONS) {
        if (rig_now_ms() - from_ms > limit_ms) {
            fail_msg("%s does not serve all its partitions", service_name(service));
        }
        rig_nap_ms(POLL_MS);
    }
    return rig_now_ms() - from_ms;
}

void rig_await_all_serving(struct rig *rig)
{
    for (int s = SERVICE_INTAKE; s <= SERVICE_ANALYTICS; s++) {
        (void)rig_await_serving(rig, (enum service_id)s, SERVING_MS);
    }
}

void rig_settle(struct rig *rig, int64_t limit_ms)
{
    rig_await(rig,
              "SELECT count(*) FROM head c JOIN head i ON i.service = 1 AND i.partition = "
              "c.partition JOIN head t ON t.service = 2 AND t.partition = c.partition "
              "JOIN head d ON d.service = 3 AND d.partition = c.partition "
              "JOIN head w ON w.service = 4 AND w.partition = c.partition WHERE "
              "(c.service IN (2, 4, 5) AND c.intake_seq <> i.seq) OR "
              "(c.service IN (3, 5) AND c.triage_seq <> t.seq) OR "
              "(c.service IN (4, 5) AND c.dispatch_seq <> d.seq) OR "
              "(c.service IN (3, 5) AND c.watchdog_seq <> w.seq)",
              0,
              limit_ms);
}

int rig_teardown(void **state)
{
    struct rig *rig = *state;
    rig_free(&rig);
    return 0;
}
