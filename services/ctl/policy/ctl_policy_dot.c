/*
 * The life of a case as Graphviz text.
 *
 * A step is a box: its phase (and colour), who owns it, what may be done without leaving it, which
 * clocks may run or stand still in it.  Actions that lead on are arrows, apart by colour: onward,
 * back, to an end.  What many steps permit is told in the head, or arrows would hide everything.
 */
#include "ctl_policy_dot.h"

#include "ctl_table.h"

enum { TITLE_COLUMNS = 34, LABEL_COLUMNS = 30, LINE_SPARE = 6, FIRST_PRINTED_END = 1000 };

static const char *const phase_colors[PHASE_COUNT] = {
    [PHASE_RECEIPT] = "#e8f1fb",
    [PHASE_ASSESSMENT] = "#dfe9f5",
    [PHASE_ASSIGNMENT] = "#e6f4ec",
    [PHASE_INVESTIGATION] = "#fdf3d8",
    [PHASE_SOLUTION] = "#fbe9da",
    [PHASE_APPROVAL] = "#f6e1ee",
    [PHASE_CONSENT] = "#ebe6fa",
    [PHASE_IMPLEMENTATION] = "#def2f5",
    [PHASE_REPLY] = "#e3f3da",
    [PHASE_FOLLOW_UP] = "#f0f3d8",
    [PHASE_CLOSED] = "#e9e9e9",
};

const char *dot_number(unsigned clock)
{
    static const char *const numbers[POLICY_CLOCKS_MAX] = {
        "①", "②", "③", "④", "⑤", "⑥", "⑦", "⑧", "⑨", "⑩", "⑪", "⑫", "⑬", "⑭", "⑮", "⑯"};
    return numbers[clock % POLICY_CLOCKS_MAX];
}

static bool stays(const struct policy_action *action, uint16_t step)
{
    return action->to_step == POLICY_NONE || action->to_step == step;
}

bool dot_step_has(const struct dot *dot, uint16_t step, const struct policy_action *action)
{
    const struct policy_step *at = &dot->policy->steps[step];
    uint16_t i = at->closed ? POLICY_NONE : policy_action_index(at, slice_text(action->id));
    const struct policy_action *found = i == POLICY_NONE ? NULL : &at->actions[i];
    return found && found->fact == action->fact && found->to_step == action->to_step &&
           strcmp(say_title(dot->ctl, &found->title), say_title(dot->ctl, &action->title)) == 0;
}

unsigned dot_steps_with(const struct dot *dot, const struct policy_action *action)
{
    unsigned steps = 0;
    for (uint16_t i = 0; i < dot->policy->step_count; i++) {
        steps += dot_step_has(dot, i, action);
    }
    return steps;
}

bool dot_is_shared(const struct dot *dot, const struct policy_action *action)
{
    unsigned steps = dot_steps_with(dot, action);
    unsigned least = action->to_step == POLICY_NONE ? DOT_SHARED_MIN : DOT_SHARED_ARROWS_MIN;
    return steps >= least || (steps > 1 && steps == dot->open_steps);
}

/* ---- which clocks may run where ---- */

/* Clocks that are started, or stopped, by this fact and these marks alone. */
static unsigned
clocks_by(const struct policy *policy, enum event_kind fact, uint32_t marks, bool stops)
{
    unsigned clocks = 0;
    for (uint16_t i = 0; i < policy->clock_count; i++) {
        const struct policy_clock *clock = &policy->clocks[i];
        bool by = policy_kind_in(stops ? clock->stops : clock->starts, fact) ||
                  (marks & (stops ? clock->stop_marks : clock->start_marks)) != 0;
        clocks |= clock->of_steps == 0 && by ? 1U << i : 0;
    }
    return clocks;
}

/* What may run after an action, before it ran what is told. */
static unsigned
after(const struct policy *policy, const struct policy_action *action, unsigned running, bool ends)
{
    unsigned kept = ends ? 0 : running & ~clocks_by(policy, action->fact, action->marks, true);
    return kept | clocks_by(policy, action->fact, action->marks, false);
}

/* Carries what runs in a step over its actions.  True: some step has more than before. */
static bool flow_on(struct dot *dot, uint16_t index)
{
    const struct policy_step *step = &dot->policy->steps[index];
    bool more = false;
    for (uint16_t i = 0; i < step->action_count; i++) {
        const struct policy_action *action = &step->actions[i];
        uint16_t to = stays(action, index) ? index : action->to_step;
        unsigned running =
            after(dot->policy, action, dot->runs[index], dot->policy->steps[to].closed);
        more = more || (running & ~(unsigned)dot->runs[to]) != 0;
        dot->runs[to] = (uint16_t)(dot->runs[to] | running);
    }
    return more;
}

/* Takes those that stand still in a step from those that run there. */
static void step_clocks(struct dot *dot, uint16_t index)
{
    const struct policy *policy = dot->policy;
    for (uint16_t i = 0; i < policy->clock_count; i++) {
        const struct policy_clock *clock = &policy->clocks[i];
        unsigned bit = 1U << i;
        bool here = (clock->of_steps >> index & 1U) != 0 || (dot->runs[index] & bit) != 0;
        bool waits = clock->pauses_for_customer && policy->steps[index].waits_for_customer;
        bool paused = waits || (clock->pause_steps >> index & 1U) != 0 ||
                      (clock->run_steps != 0 && (clock->run_steps >> index & 1U) == 0);
        uint16_t *into = paused ? &dot->still[index] : &dot->runs[index];
        dot->runs[index] = (uint16_t)(dot->runs[index] & ~bit);
        *into = (uint16_t)(here ? *into | bit : *into);
    }
}

static void clocks_place(struct dot *dot)
{
    static const enum event_kind arriving[] = {EVENT_RECEIVED,
                                               EVENT_TRIAGED,
                                               EVENT_TRIAGE_ASKED,
                                               EVENT_OPENED,
                                               EVENT_QUEUED,
                                               EVENT_ASSIGNED};
    const struct policy *policy = dot->policy;
    unsigned begun = 0;
    for (size_t i = 0; i < sizeof arriving / sizeof *arriving; i++) {
        begun |= clocks_by(policy, arriving[i], 0, false);
    }
    dot->runs[policy->first_step] = (uint16_t)begun;
    dot->runs[policy->triage_step] = (uint16_t)begun;
    for (bool more = true; more;) {
        more = false;
        for (uint16_t i = 0; i < policy->step_count; i++) {
            more = flow_on(dot, i) || more;
        }
    }
    for (uint16_t i = 0; i < policy->step_count; i++) {
        step_clocks(dot, i);
    }
}

/* ---- text ---- */

/* The bytes that stay on one line: a wide character with what may not begin or end one, a word. */
static size_t piece(const char *text)
{
    char one[8];
    size_t size = 0;
    bool wide = false;
    bool opened = false; /* what opens a bracket does not end a line */
    while (text[size]) {
        size_t next = size + 1;
        while (((unsigned char)text[next] & 0xC0U) == 0x80U) {
            next++;
        }
        (void)snprintf(one, sizeof one, "%.*s", (int)(next - size), text + size);
        bool closes = strstr("，。、；：）》”」？！", one) != NULL;
        bool is_wide = ctl_width(one) > 1;
        if (size > 0 && !closes && !opened && (wide || is_wide || text[size - 1] == ' ')) {
            break;
        }
        opened = strstr("（《“「", one) != NULL;
        wide = is_wide;
        size = next;
    }
    return size;
}

/* Lines of about the same length, so that no single character is left for the last. */
static unsigned even(size_t width, unsigned columns)
{
    size_t lines = (width + columns - 1) / columns;
    size_t even = lines < 2 ? columns : width / lines + LINE_SPARE;
    return even < columns ? (unsigned)even : columns;
}

void dot_text(const struct dot *dot, const char *text, unsigned columns)
{
    char part[SAY_MAX];
    size_t at = 0;
    columns = even(ctl_width(text), columns);
    for (const char *from = text; *from;) {
        size_t size = piece(from);
        (void)snprintf(part, sizeof part, "%.*s", (int)size, from);
        size_t width = ctl_width(part);
        if (at > 0 && at + width > columns + (from[size - 1] == ' ')) {
            (void)fputs("<br align=\"left\"/>", dot->out);
            at = 0;
        }
        ctl_text_escaped(dot->out, part);
        at += width;
        from += size;
    }
}

static void clocks_draw(const struct dot *dot, const char *mark, unsigned clocks)
{
    (void)fputs(clocks ? mark : "", dot->out);
    for (unsigned i = 0; i < POLICY_CLOCKS_MAX; i++) {
        (void)fputs((clocks >> i & 1U) != 0 ? dot_number(i) : "", dot->out);
    }
}

void dot_marks(const struct dot *dot, const struct policy_action *action, unsigned running)
{
    unsigned starts = clocks_by(dot->policy, action->fact, action->marks, false);
    unsigned stops = clocks_by(dot->policy, action->fact, action->marks, true) & running;
    if (starts | stops) {
        (void)fputs(" <font color=\"" DOT_CLOCK "\">", dot->out);
        clocks_draw(dot, "▶", starts & ~stops);
        clocks_draw(dot, "↻", starts & stops);
        clocks_draw(dot, "■", stops & ~starts);
        (void)fputs("</font>", dot->out);
    }
}

/* ---- steps ---- */

static void step_draw(const struct dot *dot, uint16_t index)
{
    const struct policy_step *step = &dot->policy->steps[index];
    FILE *out = dot->out;
    (void)fprintf(out,
                  "  s%u [fillcolor=\"%s\", %slabel=<<table border=\"0\" cellborder=\"0\" "
                  "cellspacing=\"0\" cellpadding=\"1\"><tr><td align=\"left\"><font "
                  "point-size=\"" DOT_SIZE_NOTE "\" color=\"" DOT_FAINT
                  "\">%s　</font></td><td align=\"right\">"
                  "<font point-size=\"" DOT_SIZE_SMALL "\" color=\"" DOT_OWNER "\">",
                  index,
                  phase_colors[step->phase],
                  step->closed ? "peripheries=2, " : "",
                  say_phase(dot->ctl, step->phase));
    if (!step->closed) {
        dot_text(dot, say_role(dot->ctl, dot->policy, step->owner_role), TITLE_COLUMNS);
    }
    (void)fputs(" </font></td></tr><tr><td colspan=\"2\"><b>", out);
    dot_text(dot, say_title(dot->ctl, &step->title), TITLE_COLUMNS);
    (void)fputs("</b></td></tr>", out);
    for (uint16_t i = 0; i < step->action_count; i++) {
        const struct policy_action *action = &step->actions[i];
        if (stays(action, index) && (step->closed || !dot_is_shared(dot, action))) {
            (void)fputs("<tr><td colspan=\"2\" align=\"left\"><font point-size=\"" DOT_SIZE_SMALL
                        "\">・",
                        out);
            dot_text(dot, say_title(dot->ctl, &action->title), LABEL_COLUMNS);
            dot_marks(dot, action, dot->runs[index] | dot->still[index]);
            (void)fputs("</font></td></tr>", out);
        }
    }
    if (dot->runs[index] | dot->still[index]) {
        (void)fputs("<tr><td colspan=\"2\" align=\"left\"><font point-size=\"" DOT_SIZE_CLOCK "\" "
                    "color=\"" DOT_CLOCK "\">",
                    out);
        clocks_draw(dot, "▷", dot->runs[index]);
        clocks_draw(dot, dot->runs[index] ? "  ‖" : "‖", dot->still[index]);
        (void)fputs("</font></td></tr>", out);
    }
    (void)fputs("</table>>];\n", out);
}

/* ---- arrows ---- */

/* What is written beside an arrow keeps a little away from it, and from the next; an arrow drawn
 * before it passes behind. */
#define LABEL_BEGIN                                                                                \
    "label=<<table border=\"0\" cellspacing=\"0\" cellpadding=\"0\"><tr><td width=\"5\"></td>"     \
    "<td align=\"left\" balign=\"left\" bgcolor=\"white\">"
#define LABEL_END "</td><td width=\"5\"></td></tr></table>>];\n"

/* Its place from top to bottom: the policy's order, ends last. */
static unsigned place(const struct dot *dot, uint16_t step)
{
    return step + (dot->policy->steps[step].closed ? (unsigned)FIRST_PRINTED_END : 0);
}

/* Begins an arrow.  One that leads back is laid out as if it led on, so that steps keep their
 * order from top to bottom. */
static void arrow_begin(const struct dot *dot, uint16_t from, uint16_t to)
{
    bool back = place(dot, to) < place(dot, from);
    bool ends = dot->policy->steps[to].closed;
    const char *color = back ? DOT_BACK : ends ? DOT_END : DOT_ONWARD;
    (void)fprintf(dot->out,
                  "  s%u -> s%u [%scolor=\"%s\", fontcolor=\"%s\", " LABEL_BEGIN,
                  back ? to : from,
                  back ? from : to,
                  back ? "dir=back, style=dashed, " : "",
                  color,
                  color);
}

/* All actions that lead from one step to another are one arrow. */
static void arrow_draw(const struct dot *dot, uint16_t from, uint16_t to)
{
    const struct policy_step *step = &dot->policy->steps[from];
    unsigned running = dot->policy->steps[to].closed ? 0 : dot->runs[from] | dot->still[from];
    bool open = false;
    for (uint16_t i = 0; i < step->action_count; i++) {
        const struct policy_action *action = &step->actions[i];
        bool shared = !step->closed && dot_is_shared(dot, action);
        if (action->to_step != to || stays(action, from) || shared) {
            continue;
        }
        if (open) {
            (void)fputs("<br/>", dot->out);
        } else {
            arrow_begin(dot, from, to);
        }
        dot_text(dot, say_title(dot->ctl, &action->title), LABEL_COLUMNS);
        dot_marks(dot, action, running);
        open = true;
    }
    (void)fputs(open ? LABEL_END : "", dot->out);
}

/* A step that only shared actions lead to would float: one arrow from nowhere holds it. */
static void shared_draw(const struct dot *dot, uint16_t to)
{
    const struct policy *policy = dot->policy;
    for (uint16_t i = 0; i < policy->step_count; i++) {
        const struct policy_step *step = &policy->steps[i];
        for (uint16_t j = 0; j < step->action_count && !step->closed; j++) {
            const struct policy_action *action = &step->actions[j];
            if (action->to_step == to && dot_is_shared(dot, action)) {
                (void)fprintf(dot->out,
                              "  from%u [shape=plain, fillcolor=none, fontcolor=\"" DOT_FAINT
                              "\", fontsize=" DOT_SIZE_CLOCK ", label=\"%s\"];\n  s%u -> from%u "
                              "[style=invis];\n"
                              "  from%u -> s%u [color=\"" DOT_ONWARD "\", " LABEL_BEGIN,
                              to,
                              ctl_text_in(dot->ctl->language, TEXT_DRAW_SEVERAL),
                              policy->first_step,
                              to,
                              to,
                              to);
                dot_text(dot, say_title(dot->ctl, &action->title), LABEL_COLUMNS);
                (void)fputs(LABEL_END, dot->out);
                return;
            }
        }
    }
}

/* The first arrow: what the system records before anybody acts. */
static void start_draw(const struct dot *dot, uint16_t step, enum ctl_text label)
{
    static const struct policy_action received = {.fact = EVENT_RECEIVED};
    static const struct policy_action opened = {.fact = EVENT_OPENED};
    (void)fprintf(dot->out, "  start -> s%u [color=\"" DOT_ONWARD "\", " LABEL_BEGIN, step);
    dot_text(dot, ctl_text_in(dot->ctl->language, label), LABEL_COLUMNS);
    dot_marks(dot, &received, 0);
    dot_marks(dot, &opened, 0);
    (void)fputs(LABEL_END, dot->out);
}

static void arrows_draw(const struct dot *dot)
{
    const struct policy *policy = dot->policy;
    (void)fputs("  start [shape=circle, label=\"\", width=0.2, fillcolor=\"" DOT_ONWARD "\"];\n",
                dot->out);
    start_draw(dot, policy->first_step, TEXT_DRAW_OPENING);
    if (policy->triage_step != policy->first_step) {
        start_draw(dot, policy->triage_step, TEXT_DRAW_UNSURE);
    }
    for (uint16_t i = 0; i < policy->step_count; i++) {
        if (!policy->steps[i].closed) {
            shared_draw(dot, i);
        }
        for (uint16_t j = 0; j < policy->step_count; j++) {
            arrow_draw(dot, i, j);
        }
    }
}

void dot_write(const struct ctl *ctl, const struct policy *policy, FILE *out)
{
    static const char *const fonts[CTL_LANGUAGE_COUNT] = {
        [CTL_EN] = "Noto Sans CJK SC",
        [CTL_ZH_CN] = "Noto Sans CJK SC",
        [CTL_ZH_TW] = "Noto Sans CJK TC",
    };
    const char *font = fonts[ctl->language];
    struct dot dot = {.ctl = ctl, .policy = policy, .out = out};
    for (uint16_t i = 0; i < policy->step_count; i++) {
        dot.open_steps += !policy->steps[i].closed;
    }
    clocks_place(&dot);
    (void)fprintf(out,
                  "digraph policy {\n  graph [rankdir=TB, fontname=\"%s\", labelloc=t, "
                  "labeljust=l, nodesep=0.4, ranksep=0.4, fontsize=" DOT_SIZE_TITLE ", label=<",
                  font);
    dot_head_write(&dot);
    (void)fprintf(out,
                  ">];\n  node [shape=box, style=\"rounded,filled\", fontsize=" DOT_SIZE_TITLE ", "
                  "color=\"#888888\", fontname=\"%s\", margin=\"0.13,0.05\"];\n"
                  "  edge [fontname=\"%s\", fontsize=" DOT_SIZE_SMALL ", arrowsize=0.8];\n",
                  font,
                  font);
    for (uint16_t i = 0; i < policy->step_count; i++) {
        step_draw(&dot, i);
    }
    arrows_draw(&dot);
    (void)fputs("}\n", out);
}
