/*
 * `redress policy draw`: the life of a case as a picture for people, laid out by Graphviz from the
 * text of ctl_policy_dot.c.
 */
#include "ctl_policy_dot.h"
#include "scope.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

/* dot reads from one unnamed file and writes to another: no pipe that could fill up. */
static bool dot_run(FILE *from, FILE *to)
{
    char *const arguments[] = {"dot", "-Tsvg", NULL};
    posix_spawn_file_actions_t actions;
    pid_t child = 0;
    int status = 0;
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, fileno(from), STDIN_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, fileno(to), STDOUT_FILENO);
    bool started = posix_spawnp(&child, "dot", &actions, NULL, arguments, environ) == 0;
    (void)posix_spawn_file_actions_destroy(&actions);
    return started && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

static void file_close(FILE **file)
{
    if (*file) {
        (void)fclose(*file);
    }
}

static int svg_write(struct ctl *ctl, const struct policy *policy)
{
    SCOPED(file_close) FILE *text = tmpfile();
    SCOPED(file_close) FILE *svg = tmpfile();
    if (!text || !svg) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    dot_write(ctl, policy, text);
    (void)fflush(text);
    rewind(text);
    if (!dot_run(text, svg)) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_DRAW_NO_DOT, NULL);
    }
    rewind(svg);
    char bytes[4096];
    size_t size;
    while ((size = fread(bytes, 1, sizeof bytes, svg)) > 0) {
        (void)fwrite(bytes, 1, size, ctl->out);
    }
    return CTL_OK;
}

int ctl_policy_draw(struct ctl *ctl)
{
    SCOPED(ctl_policy_done) struct ctl_policy policy = {0};
    int code = ctl_policy_good(ctl, ctl_argument(ctl, 0), &policy);
    if (code != CTL_OK) {
        return code;
    }
    if (ctl_option_flag(ctl, "dot")) {
        dot_write(ctl, &policy.object->policy, ctl->out);
        return CTL_OK;
    }
    return svg_write(ctl, &policy.object->policy);
}
