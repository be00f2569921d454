#include "patterns_process.h"

#include "classify_cache.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct patterns_process {
    const struct classifier *classifier;
    pid_t pid;
    int pipe; /* its other end is held by the process alone: closed when that ends */
    struct event *event;
    patterns_ended_fn *ended;
    void *self;
};

/* Only what it computes is its own: connections, sockets and files are the daemon's, and stay open
 * there alone. */
static _Noreturn void compile(struct classifier *classifier, int alive, const sigset_t *before)
{
    enum { FIRST_OTHER = STDERR_FILENO + 1 };
    struct error error = {0};
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)signal(SIGTERM, SIG_DFL);
    (void)signal(SIGINT, SIG_DFL);
    (void)pthread_sigmask(SIG_SETMASK, before, NULL);
    if (alive != FIRST_OTHER) {
        (void)dup2(alive, FIRST_OTHER);
    }
    (void)close_range(FIRST_OTHER + 1, ~0U, 0);
    _exit(classifier_wake(classifier, &error) ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* Ends it if it has not.  Did it end by itself? */
static bool reap(struct patterns_process *process)
{
    int status = 0;
    pid_t ended = -1;
    (void)kill(process->pid, SIGKILL);
    do {
        ended = waitpid(process->pid, &status, 0);
    } while (ended < 0 && errno == EINTR);
    bool exited = ended > 0 && WIFEXITED(status);
    if (!exited) { /* else it has cleared up itself */
        classify_cache_clear(classifier_model(process->classifier), process->pid);
    }
    process->pid = 0;
    return exited;
}

static void on_end(evutil_socket_t pipe, short what, void *context)
{
    (void)pipe;
    struct patterns_process *process = context;
    bool late = (what & EV_TIMEOUT) != 0;
    if (!late) { /* the pipe is closed a moment before it has ended */
        siginfo_t info;
        while (waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
        }
    }
    bool exited = reap(process); /* late as well, if we stood still ourselves meanwhile */
    process->ended(process->self,
                   exited ? PATTERNS_DONE
                   : late ? PATTERNS_TOO_LONG
                          : PATTERNS_KILLED);
}

struct patterns_process *patterns_process_new(struct event_base *base,
                                              struct classifier *classifier,
                                              patterns_ended_fn *ended,
                                              void *self)
{
    static const struct timeval patience = {.tv_sec = PATTERNS_PATIENCE_S};
    int ends[2];
    struct patterns_process *process = calloc(1, sizeof *process);
    if (!process || pipe2(ends, O_CLOEXEC) != 0) {
        free(process);
        return NULL;
    }
    /* until it has its own, the child's signals would be told to the daemon's loop */
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    *process = (struct patterns_process){
        .classifier = classifier, .pid = fork(), .pipe = ends[0], .ended = ended, .self = self};
    if (process->pid == 0) {
        compile(classifier, ends[1], &before);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)close(ends[1]);
    process->event = process->pid > 0 ? event_new(base, ends[0], EV_READ, on_end, process) : NULL;
    if (!process->event || event_add(process->event, &patience) != 0) {
        patterns_process_free(&process);
    }
    return process;
}

void patterns_process_free(struct patterns_process **process_p)
{
    struct patterns_process *process = *process_p;
    if (process) {
        if (process->event) {
            event_free(process->event);
        }
        if (process->pid > 0) {
            (void)reap(process);
        }
        (void)close(process->pipe);
        free(process);
        *process_p = NULL;
    }
}
