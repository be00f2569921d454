#include "classify_time.h"

#include "clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What is tried, and until when it has to have ended, or told of a pattern more. */
struct trial {
    const struct classify_pattern *patterns;
    size_t count;
    bool alone; /* each pattern, a byte told when it is through; else all together */
    int64_t until_us;
    int64_t each_us;
    size_t through; /* of the patterns */
};

static bool compiles(const struct classify_pattern *patterns, size_t count)
{
    struct error error = {0};
    struct classifier *classifier = classifier_new(patterns, count, &error);
    bool good = classifier != NULL;
    classifier_free(&classifier);
    return good;
}

static _Noreturn void compile(const struct trial *trial, int tell)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    bool good = trial->alone || compiles(trial->patterns, trial->count);
    for (size_t i = 0; trial->alone && i < trial->count; i++) {
        (void)compiles(&trial->patterns[i], 1);
        good = write(tell, "", 1) == 1 && good;
    }
    _exit(good ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* True: the process has closed its end, so it ends. */
static bool hear(struct trial *trial, int from)
{
    int64_t step_us = clock_monotonic_us() + trial->each_us;
    for (;;) {
        int64_t now_us = clock_monotonic_us();
        int64_t end_us = step_us < trial->until_us ? step_us : trial->until_us;
        struct pollfd poll_for = {.fd = from, .events = POLLIN};
        if (now_us >= end_us) {
            return false;
        }
        if (poll(&poll_for, 1, (int)((end_us - now_us) / 1000) + 1) <= 0) {
            continue; /* late, or a signal */
        }
        char told[64];
        ssize_t size = read(from, told, sizeof told);
        if (size <= 0) {
            return true;
        }
        trial->through += (size_t)size;
        step_us = clock_monotonic_us() + trial->each_us;
    }
}

static enum classify_verdict attempt(struct trial *trial)
{
    int ends[2];
    int status = 0;
    if (pipe(ends) != 0) {
        return CLASSIFY_BAD;
    }
    pid_t process = fork();
    if (process == 0) {
        (void)close(ends[0]);
        compile(trial, ends[1]);
    }
    (void)close(ends[1]);
    bool ended = process > 0 && hear(trial, ends[0]);
    (void)close(ends[0]);
    if (process < 0) {
        return CLASSIFY_BAD;
    }
    if (!ended) {
        (void)kill(process, SIGKILL);
    }
    while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
    }
    bool good = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
    return !ended ? CLASSIFY_TOO_LONG : good ? CLASSIFY_GOOD : CLASSIFY_BAD;
}

enum classify_verdict classify_in_time(const struct classify_pattern *patterns,
                                       size_t count,
                                       unsigned patience_s,
                                       size_t *slow)
{
    int64_t patience_us = (int64_t)patience_s * 1000000;
    struct trial all = {.patterns = patterns,
                        .count = count,
                        .until_us = clock_monotonic_us() + patience_us,
                        .each_us = patience_us};
    enum classify_verdict verdict = attempt(&all);
    *slow = count;
    if (verdict == CLASSIFY_TOO_LONG) {
        struct trial each = {.patterns = patterns,
                             .count = count,
                             .alone = true,
                             .until_us = clock_monotonic_us() + patience_us,
                             .each_us = patience_us / 4};
        bool stuck = attempt(&each) == CLASSIFY_TOO_LONG && clock_monotonic_us() < each.until_us;
        *slow = stuck ? each.through : count;
    }
    return verdict;
}
