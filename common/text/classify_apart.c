#include "classify_apart.h"

#include "classify.h"
#include "classify_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BYTES_MAX = CLASSIFY_PATTERNS_MAX * (CLASSIFY_REGEX_MAX + 1), WORDS = 4 };

static const char word[] = "--compile-patterns"; /* and the folder and the model */
static bool may;

bool classify_compile(char *const *regexes,
                      unsigned count,
                      hs_database_t **database,
                      hs_compile_error_t **why)
{
    unsigned *flags = calloc(count + 1, sizeof *flags);
    unsigned *ids = calloc(count + 1, sizeof *ids);
    bool good = flags && ids;
    for (unsigned i = 0; good && i < count; i++) {
        flags[i] = CLASSIFY_FLAGS;
        ids[i] = i;
    }
    *why = NULL;
    good =
        good &&
        hs_compile_multi(
            (const char *const *)regexes, flags, ids, count, HS_MODE_BLOCK, NULL, database, why) ==
            HS_SUCCESS;
    free(flags);
    free(ids);
    return good;
}

/* ---- the process ---- */

/* Terminated texts, one behind the other, as many as there are; lent by bytes. */
static unsigned patterns_split(char *bytes, size_t size, char **regexes)
{
    unsigned count = 0;
    for (size_t at = 0; at < size && count < CLASSIFY_PATTERNS_MAX; at += strlen(bytes + at) + 1) {
        regexes[count++] = bytes + at;
    }
    return count;
}

static bool patterns_keep(const char *model)
{
    hs_database_t *database = NULL;
    hs_compile_error_t *why = NULL;
    char *bytes = malloc(BYTES_MAX + 1);
    char **regexes = calloc(CLASSIFY_PATTERNS_MAX, sizeof *regexes);
    bool good = bytes && regexes;
    if (good) {
        size_t size = fread(bytes, 1, BYTES_MAX, stdin);
        bytes[size] = '\0';
        unsigned count = patterns_split(bytes, size, regexes);
        good = classify_compile(regexes, count, &database, &why) &&
               classify_cache_save(model, database);
    }
    (void)hs_free_compile_error(why);
    (void)hs_free_database(database);
    free(regexes);
    free(bytes);
    return good;
}

int classify_apart_begin(int argc, char **argv)
{
    if (argc != WORDS || strcmp(argv[1], word) != 0) {
        may = true;
        return -1;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)alarm(CLASSIFY_APART_MAX_S);
    classify_cache_folder(argv[2]);
    return patterns_keep(argv[3]) ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- who starts it ---- */

/* It has the patterns as its input, where ours is told things as its talk, and nothing else. */
static bool start_say(posix_spawn_file_actions_t *files, posix_spawnattr_t *how, int patterns)
{
    sigset_t none;
    sigset_t all;
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    return posix_spawn_file_actions_adddup2(files, patterns, STDIN_FILENO) == 0 &&
           posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1) == 0 &&
           posix_spawnattr_setsigmask(how, &none) == 0 &&
           posix_spawnattr_setsigdefault(how, &all) == 0 &&
           posix_spawnattr_setflags(how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) == 0;
}

static bool process_run(int patterns, const char *folder, const char *model)
{
    char *words[WORDS + 1] = {
        program_invocation_name, (char *)word, (char *)folder, (char *)model, NULL};
    pid_t process;
    int status = 0;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    if (posix_spawn_file_actions_init(&files) != 0) {
        return false;
    }
    if (posix_spawnattr_init(&how) != 0) {
        (void)posix_spawn_file_actions_destroy(&files);
        return false;
    }
    bool good = start_say(&files, &how, patterns) &&
                posix_spawn(&process, "/proc/self/exe", &files, &how, words, environ) == 0;
    (void)posix_spawnattr_destroy(&how);
    (void)posix_spawn_file_actions_destroy(&files);
    if (!good) {
        return false;
    }
    pid_t ended = 0;
    do {
        ended = waitpid(process, &status, 0);
    } while (ended < 0 && errno == EINTR);
    if (ended == process && status == 0) {
        return true;
    }
    classify_cache_sweep(model, process);
    return false;
}

bool classify_apart(const char *model, char *const *regexes, unsigned count)
{
    const char *folder = classify_cache_where();
    if (!may || folder[0] == '\0' || access(folder, W_OK | X_OK) != 0) {
        return false;
    }
    int number = memfd_create("patterns", MFD_CLOEXEC);
    FILE *patterns = number >= 0 ? fdopen(number, "w") : NULL;
    bool good = patterns != NULL;
    for (unsigned i = 0; good && i < count; i++) {
        good = fwrite(regexes[i], strlen(regexes[i]) + 1, 1, patterns) == 1;
    }
    good = good && fflush(patterns) == 0 && lseek(number, 0, SEEK_SET) == 0 &&
           process_run(number, folder, model);
    if (patterns) {
        (void)fclose(patterns);
    } else if (number >= 0) {
        (void)close(number);
    }
    return good;
}
