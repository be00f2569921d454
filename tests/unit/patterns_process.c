/*
 * Goal: patterns that are compiled by a process of their own come out of it as a file and as
 * nothing else, and whatever happens to it is told (law 9: nothing waits for it, and nothing waits
 * for ever).  Method: a classifier at rest, a process for it and a real loop; patterns that
 * compile, that do not, a process that is given up, and one that is killed in the midst of its
 * file.  Seen to fail where the process compiles in its parent, where a failing one is not told of,
 * where one that is given up is left behind, where half a file is, and where one that was done
 * while its parent stood still is told to have taken too long: its policy was left out until a
 * restart.
 */
#include "patterns_process.h"

#include "classify_cache.h"
#include "databases.h"
#include "unit.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];
static bool dies_writing;
static bool stands_still; /* for longer than it has patience */
static unsigned ended;
static enum patterns_end ended_as;

/* In a child, as the first thing it does: the second byte it writes to a file kills it. */
static void one_byte_allowed(void)
{
    static const struct rlimit none = {0, 0};
    static const struct rlimit one = {1, 1};
    if (dies_writing) {
        (void)signal(SIGXFSZ, SIG_DFL);
        (void)setrlimit(RLIMIT_CORE, &none);
        (void)setrlimit(RLIMIT_FSIZE, &one);
    }
}

/* NOLINTBEGIN(*-reserved-identifier,cert-dcl*,readability-identifier-naming): the linker's names */
int __real_event_add(struct event *event, const struct timeval *patience);
int __wrap_event_add(struct event *event, const struct timeval *patience);

int __wrap_event_add(struct event *event, const struct timeval *patience)
{
    static const struct timeval none = {0};
    return __real_event_add(event, stands_still ? &none : patience);
}
/* NOLINTEND(*-reserved-identifier,cert-dcl*,readability-identifier-naming) */

static void on_ended(void *self, enum patterns_end end)
{
    (void)self;
    ended++;
    ended_as = end;
}

static int begin(void **state)
{
    (void)snprintf(folder, sizeof folder, "/tmp/redress-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    classify_cache_folder(folder);
    ended = 0;
    *state = event_base_new();
    return *state ? 0 : -1;
}

static int end(void **state)
{
    event_base_free(*state);
    return rmdir(folder);
}

static struct classifier *resting(const char *regex)
{
    struct error error = {0};
    const struct classify_pattern pattern = {"delay", regex, 1};
    struct classifier *classifier = classifier_new_resting(&pattern, 1, &error);
    assert_non_null(classifier);
    assert_true(classifier_is_uncompiled(classifier));
    return classifier;
}

/* Until it has ended; then it is the caller's to free, and nothing of it is left. */
static void
await(struct event_base *loop, struct classifier *classifier, enum patterns_end expected)
{
    struct patterns_process *process = patterns_process_new(loop, classifier, on_ended, NULL);
    assert_non_null(process);
    if (stands_still) {
        assert_int_equal(waitid(P_ALL, 0, &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
    }
    assert_int_equal(event_base_loop(loop, EVLOOP_ONCE), 0);
    assert_int_equal(ended, 1);
    assert_int_equal(ended_as, expected);
    patterns_process_free(&process);
    assert_null(process);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void what_it_makes_is_a_file(void **state)
{
    struct error error = {0};
    char path[192];
    struct classifier *classifier = resting("延误|delay");
    await(*state, classifier, PATTERNS_DONE);
    assert_int_equal(databases_held(), 0);
    assert_false(classifier_is_uncompiled(classifier));
    assert_true(classifier_wake(classifier, &error));
    assert_int_equal(databases_held(), 1);
    (void)snprintf(path, sizeof path, "%s/patterns-%s.hsdb", folder, classifier_model(classifier));
    assert_int_equal(unlink(path), 0);
    classifier_free(&classifier);
}

static void done_while_nobody_looked_it_is_done(void **state)
{
    stands_still = true;
    what_it_makes_is_a_file(state);
    stands_still = false;
}

static void patterns_that_do_not_compile_end_it(void **state)
{
    struct error error = {0};
    struct classifier *classifier = resting("(延误");
    await(*state, classifier, PATTERNS_DONE);
    assert_true(classifier_is_uncompiled(classifier));
    assert_false(classifier_wake(classifier, &error));
    assert_non_null(strstr(error.text, "pattern of delay"));
    classifier_free(&classifier);
}

static void given_up_it_is_gone(void **state)
{
    struct classifier *classifier = resting("(延误|delay){1,9}.{0,200}(退款|refund){1,9}");
    struct patterns_process *process = patterns_process_new(*state, classifier, on_ended, NULL);
    assert_non_null(process);
    patterns_process_free(&process);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    (void)event_base_loop(*state, EVLOOP_NONBLOCK);
    assert_int_equal(ended, 0);
    classifier_free(&classifier);
}

static void killed_while_it_writes_it_leaves_no_half_a_file(void **state)
{
    struct classifier *classifier = resting("延误|delay");
    dies_writing = true;
    await(*state, classifier, PATTERNS_KILLED);
    dies_writing = false;
    assert_true(classifier_is_uncompiled(classifier));
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(mkdir(folder, 0700), 0);
    classifier_free(&classifier);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_it_makes_is_a_file, begin, end),
        cmocka_unit_test_setup_teardown(done_while_nobody_looked_it_is_done, begin, end),
        cmocka_unit_test_setup_teardown(patterns_that_do_not_compile_end_it, begin, end),
        cmocka_unit_test_setup_teardown(given_up_it_is_gone, begin, end),
        cmocka_unit_test_setup_teardown(
            killed_while_it_writes_it_leaves_no_half_a_file, begin, end),
    };
    if (!databases_count() || pthread_atfork(NULL, NULL, one_byte_allowed) != 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
