/*
 * `redress policy draw`: the life of a case as a picture for people, drawn by Graphviz.
 *
 * Steps stand in their phases with who owns them and what may be done without leaving them; actions
 * that lead on are arrows, with the clocks they start and stop.  What may be done at any time
 * stands aside, or arrows would hide everything.
 */
#include "ctl_policy.h"
#include "ctl_view.h"
#include "scope.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

struct drawing {
    const struct ctl *ctl;
    const struct policy *policy;
    FILE *out;
};

static const char *const phase_colors[PHASE_COUNT] = {
    [PHASE_RECEIPT] = "#eef4fb",
    [PHASE_ASSESSMENT] = "#eef4fb",
    [PHASE_ASSIGNMENT] = "#eef7f2",
    [PHASE_INVESTIGATION] = "#fdf6e3",
    [PHASE_SOLUTION] = "#fbf0e6",
    [PHASE_APPROVAL] = "#f8ecf3",
    [PHASE_CONSENT] = "#f1eefb",
    [PHASE_IMPLEMENTATION] = "#e9f6f8",
    [PHASE_REPLY] = "#eef7f2",
    [PHASE_FOLLOW_UP] = "#f4f6e8",
    [PHASE_CLOSED] = "#eeeeee",
};

static const char *const numbers[POLICY_CLOCKS_MAX] = {"①", "②", "③", "④", "⑤", "⑥", "⑦", "⑧"};

static const char *word(const struct drawing *drawing, enum ctl_text id)
{
    return ctl_text_in(drawing->ctl->language, id);
}

/* In every step that is no end, with the same outcome. */
static bool is_anywhere(const struct policy *policy, const struct policy_action *action)
{
    unsigned steps = 0;
    for (uint16_t i = 0; i < policy->step_count; i++) {
        const struct policy_step *step = &policy->steps[i];
        uint16_t j = policy_action_index(step, slice_text(action->id));
        if (step->closed) {
            continue;
        }
        if (j == POLICY_NONE || step->actions[j].fact != action->fact ||
            step->actions[j].to_step != action->to_step) {
            return false;
        }
        steps++;
    }
    return steps > 1;
}

static bool stays(const struct policy_action *action, uint16_t step)
{
    return action->to_step == POLICY_NONE || action->to_step == step;
}

/* "▶①■②": what the fact does to the clocks. */
static void marks(const struct drawing *drawing, const struct policy_action *action, bool ends)
{
    for (uint16_t i = 0; i < drawing->policy->clock_count; i++) {
        const struct policy_clock *clock = &drawing->policy->clocks[i];
        bool starts = policy_kind_in(clock->starts, action->fact);
        bool stops = policy_kind_in(clock->stops, action->fact);
        const char *mark = starts && stops ? "↻" : starts ? "▶" : stops && !ends ? "■" : NULL;
        if (mark) {
            (void)fprintf(drawing->out, " <font color=\"#b35900\">%s%s</font>", mark, numbers[i]);
        }
    }
}

/* The clock stands still in the step; or it runs there and not everywhere. */
static bool
is_told_of(const struct policy *policy, const struct policy_clock *clock, uint16_t step, bool runs)
{
    if (runs) {
        return ((clock->of_steps | clock->run_steps) >> step & 1U) != 0;
    }
    return (clock->pauses_for_customer && policy->steps[step].waits_for_customer) ||
           (clock->pause_steps >> step & 1U) != 0;
}

static void
clocks_told_of(const struct drawing *drawing, uint16_t step, bool runs, const char *sign)
{
    const struct policy *policy = drawing->policy;
    FILE *out = drawing->out;
    bool open = false;
    for (uint16_t i = 0; i < policy->clock_count; i++) {
        if (!is_told_of(policy, &policy->clocks[i], step, runs)) {
            continue;
        }
        if (!open) {
            (void)fprintf(out, "<tr><td><font point-size=\"10\" color=\"#b35900\">%s", sign);
        }
        open = true;
        (void)fputs(numbers[i], out);
    }
    (void)fputs(open ? "</font></td></tr>" : "", out);
}

/* Clocks that stand still in the step, and those that run in no other. */
static void step_clocks(const struct drawing *drawing, uint16_t step)
{
    clocks_told_of(drawing, step, false, "‖");
    clocks_told_of(drawing, step, true, "▷");
}

static void step_draw(const struct drawing *drawing, uint16_t index)
{
    const struct policy *policy = drawing->policy;
    const struct policy_step *step = &policy->steps[index];
    FILE *out = drawing->out;
    (void)fprintf(out,
                  "    s%u [%s label=<<table border=\"0\" cellborder=\"0\" cellspacing=\"0\">"
                  "<tr><td><b>",
                  index,
                  step->closed ? "peripheries=2" : "");
    ctl_text_escaped(out, say_title(drawing->ctl, &step->title));
    (void)fputs("</b></td></tr>", out);
    if (!step->closed) {
        (void)fputs("<tr><td><font point-size=\"10\" color=\"#555555\">", out);
        ctl_text_escaped(out, say_role(drawing->ctl, policy, step->owner_role));
        (void)fputs("</font></td></tr>", out);
    }
    for (uint16_t i = 0; i < step->action_count; i++) {
        const struct policy_action *action = &step->actions[i];
        if (stays(action, index) && !is_anywhere(policy, action)) {
            (void)fputs("<tr><td align=\"left\"><font point-size=\"10\">· ", out);
            ctl_text_escaped(out, say_title(drawing->ctl, &action->title));
            marks(drawing, action, false);
            (void)fputs("</font></td></tr>", out);
        }
    }
    step_clocks(drawing, index);
    (void)fputs("</table>>];\n", out);
}

static void phases_draw(const struct drawing *drawing)
{
    for (unsigned phase = 0; phase < PHASE_COUNT; phase++) {
        bool open = false;
        for (uint16_t i = 0; i < drawing->policy->step_count; i++) {
            if (drawing->policy->steps[i].phase != phase) {
                continue;
            }
            if (!open) {
                (void)fprintf(
                    drawing->out,
                    "  subgraph cluster_%u {\n    label=\"%s\"; style=\"rounded,filled\"; "
                    "color=\"#cccccc\"; fillcolor=\"%s\"; labeljust=l; fontsize=11; "
                    "fontcolor=\"#666666\";\n",
                    phase,
                    say_phase(drawing->ctl, (enum phase)phase),
                    phase_colors[phase]);
                open = true;
            }
            step_draw(drawing, i);
        }
        (void)fputs(open ? "  }\n" : "", drawing->out);
    }
}

/* All actions that lead from one step to another are one arrow. */
static void arrow_draw(const struct drawing *drawing, uint16_t from, uint16_t to)
{
    const struct policy *policy = drawing->policy;
    const struct policy_step *step = &policy->steps[from];
    FILE *out = drawing->out;
    bool open = false;
    for (uint16_t i = 0; i < step->action_count; i++) {
        const struct policy_action *action = &step->actions[i];
        if (action->to_step != to || stays(action, from) || is_anywhere(policy, action)) {
            continue;
        }
        bool back = to < from;
        if (!open) {
            (void)fprintf(out,
                          "  s%u -> s%u [%s label=<",
                          from,
                          to,
                          back ? "constraint=false, style=dashed," : "");
        }
        (void)fputs(open ? "<br align=\"left\"/>" : "", out);
        ctl_text_escaped(out, say_title(drawing->ctl, &action->title));
        marks(drawing, action, policy->steps[to].closed);
        open = true;
    }
    (void)fputs(open ? "<br align=\"left\"/>>];\n" : "", out);
}

/* The first arrow: what the system records before anybody acts. */
static void start_draw(const struct drawing *drawing, uint16_t step, enum ctl_text label)
{
    static const struct policy_action received = {.fact = EVENT_RECEIVED};
    static const struct policy_action opened = {.fact = EVENT_OPENED};
    (void)fprintf(drawing->out, "  start -> s%u [label=<", step);
    ctl_text_escaped(drawing->out, word(drawing, label));
    marks(drawing, &received, false);
    marks(drawing, &opened, false);
    (void)fputs(">];\n", drawing->out);
}

static void arrows_draw(const struct drawing *drawing)
{
    const struct policy *policy = drawing->policy;
    (void)fputs("  start [shape=circle, label=\"\", width=0.2, style=filled, "
                "fillcolor=\"#444444\"];\n",
                drawing->out);
    start_draw(drawing, policy->first_step, TEXT_DRAW_OPENING);
    start_draw(drawing, policy->triage_step, TEXT_DRAW_UNSURE);
    for (uint16_t i = 0; i < policy->step_count; i++) {
        for (uint16_t j = 0; j < policy->step_count; j++) {
            arrow_draw(drawing, i, j);
        }
    }
}

static void clock_row(const struct drawing *drawing, uint16_t index)
{
    const struct policy_clock *clock = &drawing->policy->clocks[index];
    char target[SAY_MAX];
    char when[SAY_MAX];
    FILE *out = drawing->out;
    (void)fprintf(out, "<tr><td>%s</td><td align=\"left\">", numbers[index]);
    ctl_text_escaped(out, say_title(drawing->ctl, &clock->title));
    (void)fputs("</td><td align=\"left\">", out);
    ctl_text_escaped(out, say_target(drawing->ctl, clock, target));
    (void)fputs("</td><td align=\"left\">", out);
    (void)fputs("<font point-size=\"10\">", out);
    ctl_text_escaped(out, say_when(drawing->ctl, drawing->policy, &clock->when, when));
    (void)fputs("  </font></td></tr>", out);
    for (size_t i = 0; i < say_clock_rule_count; i++) {
        const struct say_rule *rule = &say_clock_rules[i];
        bool shown = strcmp(rule->key, "targets") == 0 || strcmp(rule->key, "extension") == 0;
        if (shown && rule->say(drawing->ctl, drawing->policy, clock, when)[0] != '\0') {
            (void)fputs("<tr><td></td><td colspan=\"3\" align=\"left\"><font point-size=\"10\">",
                        out);
            ctl_text_escaped(out, say_text(drawing->ctl, target, rule->sentence, CTL_ARGS(when)));
            (void)fputs("  </font></td></tr>", out);
        }
    }
}

static void aside_draw(const struct drawing *drawing)
{
    const struct policy *policy = drawing->policy;
    const struct policy_step *first = &policy->steps[policy->first_step];
    FILE *out = drawing->out;
    (void)fputs("  aside [shape=plain, label=<<table border=\"1\" color=\"#cccccc\" "
                "cellborder=\"0\" cellspacing=\"2\" style=\"rounded\">",
                out);
    (void)fputs("<tr><td colspan=\"4\" align=\"left\"><b>", out);
    ctl_text_escaped(out, word(drawing, TEXT_DRAW_CLOCKS));
    (void)fputs("</b> <font point-size=\"10\" color=\"#555555\">", out);
    ctl_text_escaped(out, word(drawing, TEXT_DRAW_STARTS));
    (void)fputs("</font></td></tr>", out);
    for (uint16_t i = 0; i < policy->clock_count; i++) {
        clock_row(drawing, i);
    }
    bool any = false;
    for (uint16_t i = 0; i < first->action_count; i++) {
        const struct policy_action *action = &first->actions[i];
        if (is_anywhere(policy, action)) {
            if (!any) {
                (void)fputs("<tr><td colspan=\"4\" align=\"left\"><b>", out);
                ctl_text_escaped(out, word(drawing, TEXT_DRAW_ANYWHERE));
                (void)fputs("</b></td></tr>", out);
            }
            any = true;
            (void)fputs("<tr><td></td><td colspan=\"3\" align=\"left\">", out);
            ctl_text_escaped(out, say_title(drawing->ctl, &action->title));
            if (action->to_step != POLICY_NONE) {
                (void)fputs(" → ", out);
                ctl_text_escaped(out,
                                 say_title(drawing->ctl, &policy->steps[action->to_step].title));
            }
            bool ends = action->to_step != POLICY_NONE && policy->steps[action->to_step].closed;
            marks(drawing, action, ends);
            (void)fputs("</td></tr>", out);
        }
    }
    (void)fputs("</table>>];\n", out);
}

static void dot_write(const struct drawing *drawing)
{
    static const char *const fonts[CTL_LANGUAGE_COUNT] = {
        [CTL_EN] = "Noto Sans CJK SC",
        [CTL_ZH_CN] = "Noto Sans CJK SC",
        [CTL_ZH_TW] = "Noto Sans CJK TC",
    };
    const char *font = fonts[drawing->ctl->language];
    (void)fprintf(
        drawing->out,
        "digraph policy {\n  graph [rankdir=TB, fontname=\"%s\", labelloc=t, fontsize=16, "
        "nodesep=0.5, ranksep=0.45, label=\"",
        font);
    for (const char *at = say_title(drawing->ctl, &drawing->policy->title); *at; at++) {
        (void)fputc(*at == '"' || *at == '\\' ? '\'' : *at, drawing->out);
    }
    (void)fprintf(
        drawing->out,
        "\"];\n  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontsize=13, "
        "color=\"#666666\", fontname=\"%s\"];\n"
        "  edge [fontname=\"%s\", fontsize=10, color=\"#777777\"];\n",
        font,
        font);
    phases_draw(drawing);
    arrows_draw(drawing);
    aside_draw(drawing);
    (void)fputs("}\n", drawing->out);
}

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

static int svg_write(struct ctl *ctl, struct drawing *drawing)
{
    SCOPED(file_close) FILE *text = tmpfile();
    SCOPED(file_close) FILE *svg = tmpfile();
    if (!text || !svg) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    drawing->out = text;
    dot_write(drawing);
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
    struct drawing drawing = {ctl, &policy.object->policy, ctl->out};
    if (ctl_option_flag(ctl, "dot")) {
        dot_write(&drawing);
        return CTL_OK;
    }
    return svg_write(ctl, &drawing);
}
