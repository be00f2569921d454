/*
 * The head of a drawn policy: its title, its clocks with their targets, what may be done in many
 * steps, and what signs and colours mean.
 */
#include "ctl_policy_dot.h"

enum { WHEN_COLUMNS = 40, RULE_COLUMNS = 76, ACTION_COLUMNS = 56 };

static void words(const struct dot *dot, enum ctl_text id)
{
    ctl_text_escaped(dot->out, ctl_text_in(dot->ctl->language, id));
}

static void caption(const struct dot *dot, enum ctl_text id)
{
    (void)fputs("<tr><td colspan=\"4\" align=\"left\"><b>", dot->out);
    words(dot, id);
    (void)fputs("</b></td></tr>", dot->out);
}

/* Keeps what is widest away from the border. */
#define MARGIN "<td width=\"4\"></td>"

/*
 * A clock whose targets name no calendar where the length says enough: hours and days of work are
 * not hours and days.  Calendars have no title, and their names are nothing for managers.
 */
static struct policy_clock plain_clock(const struct dot *dot, const struct policy_clock *clock)
{
    const struct calendar *calendars = dot->policy->calendars;
    struct policy_clock plain = *clock;
    for (uint16_t i = 0; i < plain.target_count; i++) {
        struct policy_target *target = &plain.targets[i];
        bool same = calendars[target->calendar].always == calendars[clock->calendar].always;
        if (target->target_days == 0 || same) {
            target->calendar = clock->calendar;
        }
    }
    /* only the targets of this clock are told: one calendar of all of them needs no name either */
    bool one = plain.target_count > 0;
    for (uint16_t i = 1; i < plain.target_count; i++) {
        one = one && plain.targets[i].calendar == plain.targets[0].calendar;
    }
    plain.calendar = one ? plain.targets[0].calendar : plain.calendar;
    return plain;
}

static void clock_row(const struct dot *dot, uint16_t index)
{
    const struct policy_clock *clock = &dot->policy->clocks[index];
    struct policy_clock plain = plain_clock(dot, clock);
    char target[SAY_MAX];
    char when[SAY_MAX];
    FILE *out = dot->out;
    (void)fprintf(out,
                  "<tr><td valign=\"top\"><font color=\"" DOT_CLOCK "\">%s</font></td>"
                  "<td align=\"left\" valign=\"top\">",
                  dot_number(index));
    dot_text(dot, say_title(dot->ctl, &clock->title), WHEN_COLUMNS);
    (void)fputs("　</td><td align=\"left\" valign=\"top\"><b>", out);
    dot_text(dot, say_target(dot->ctl, dot->policy, clock, target), WHEN_COLUMNS);
    (void)fputs("</b>　</td><td align=\"left\" balign=\"left\"><font point-size=\"" DOT_SIZE_SMALL
                "\">",
                out);
    if (!say_when_is_always(&clock->when)) {
        dot_text(dot, say_when(dot->ctl, dot->policy, &clock->when, when), WHEN_COLUMNS);
    }
    (void)fputs(" </font></td>" MARGIN "</tr>", out);
    for (size_t i = 0; i < say_clock_rule_count; i++) {
        const struct say_rule *rule = &say_clock_rules[i];
        bool targets = strcmp(rule->key, "targets") == 0;
        bool shown =
            targets || strcmp(rule->key, "extension") == 0 || strcmp(rule->key, "of-task") == 0;
        const struct policy_clock *told = targets ? &plain : clock;
        if (shown && rule->say(dot->ctl, dot->policy, told, when)[0] != '\0') {
            (void)fputs("<tr><td></td><td colspan=\"3\" align=\"left\" balign=\"left\"><font "
                        "point-size=\"" DOT_SIZE_SMALL "\">",
                        out);
            dot_text(dot, say_text(dot->ctl, target, rule->sentence, CTL_ARGS(when)), RULE_COLUMNS);
            (void)fputs("</font></td>" MARGIN "</tr>", out);
        }
    }
}

static bool is_first(const struct dot *dot, uint16_t index, const struct policy_action *action)
{
    for (uint16_t i = 0; i < index; i++) {
        if (dot_step_has(dot, i, action)) {
            return false;
        }
    }
    return true;
}

/* In which steps it may be done. */
static void steps_tell(const struct dot *dot, const struct policy_action *action)
{
    const struct policy *policy = dot->policy;
    char list[SAY_MAX] = "";
    size_t size = 0;
    for (uint16_t i = 0; i < policy->step_count && size < sizeof list; i++) {
        const struct policy_step *step = &policy->steps[i];
        uint16_t j = step->closed ? POLICY_NONE : policy_action_index(step, slice_text(action->id));
        if (j != POLICY_NONE && step->actions[j].to_step == action->to_step) {
            size += (size_t)snprintf(list + size,
                                     sizeof list - size,
                                     "%s%s",
                                     size > 0 ? ctl_text_in(dot->ctl->language, TEXT_DRAW_AND) : "",
                                     say_title(dot->ctl, &policy->steps[i].title));
        }
    }
    (void)fputs("<tr><td></td><td colspan=\"3\" align=\"left\" balign=\"left\"><font "
                "point-size=\"" DOT_SIZE_NOTE "\" color=\"" DOT_FAINT "\">",
                dot->out);
    dot_text(dot, list, ACTION_COLUMNS);
    (void)fputs("</font></td>" MARGIN "</tr>", dot->out);
}

static void shared_row(const struct dot *dot, const struct policy_action *action, bool everywhere)
{
    FILE *out = dot->out;
    (void)fputs("<tr><td></td><td colspan=\"3\" align=\"left\" balign=\"left\"><font "
                "point-size=\"" DOT_SIZE_CLOCK "\">",
                out);
    dot_text(dot, say_title(dot->ctl, &action->title), ACTION_COLUMNS);
    if (action->to_step != POLICY_NONE) {
        (void)fputs(" → ", out);
        dot_text(dot, say_title(dot->ctl, &dot->policy->steps[action->to_step].title), 1000);
    }
    bool ends = action->to_step != POLICY_NONE && dot->policy->steps[action->to_step].closed;
    dot_marks(dot, action, ends ? 0 : UINT16_MAX);
    (void)fputs("</font></td>" MARGIN "</tr>", out);
    if (!everywhere) {
        steps_tell(dot, action);
    }
}

/* Those of one step that no step before it has.  Returns how many, with the rows before. */
static unsigned step_shared(const struct dot *dot, uint16_t index, bool everywhere, unsigned rows)
{
    const struct policy_step *step = &dot->policy->steps[index];
    for (uint16_t i = 0; i < step->action_count; i++) {
        const struct policy_action *action = &step->actions[i];
        bool in_all = dot_steps_with(dot, action) == dot->open_steps;
        if (in_all != everywhere || !dot_is_shared(dot, action) || !is_first(dot, index, action)) {
            continue;
        }
        if (rows++ == 0) {
            caption(dot, everywhere ? TEXT_DRAW_ANYWHERE : TEXT_DRAW_SEVERAL);
        }
        shared_row(dot, action, everywhere);
    }
    return rows;
}

/* Actions of all open steps, or those of several.  Returns how many. */
static unsigned shared_draw(const struct dot *dot, bool everywhere)
{
    unsigned rows = 0;
    for (uint16_t i = 0; i < dot->policy->step_count; i++) {
        rows = dot->policy->steps[i].closed ? rows : step_shared(dot, i, everywhere, rows);
    }
    return rows;
}

static void sign_row(const struct dot *dot, const char *color, const char *sign, enum ctl_text id)
{
    (void)fprintf(dot->out,
                  "<tr><td></td><td colspan=\"3\" align=\"left\"><font point-size=\"" DOT_SIZE_SMALL
                  "\" "
                  "color=\"%s\">%s ",
                  color,
                  sign);
    words(dot, id);
    (void)fputs("</font></td>" MARGIN "</tr>", dot->out);
}

static void legend_draw(const struct dot *dot)
{
    caption(dot, TEXT_DRAW_LEGEND);
    sign_row(dot, DOT_OWNER, "▢", TEXT_DRAW_BOX);
    sign_row(dot, DOT_ONWARD, "──▶", TEXT_DRAW_ONWARD);
    sign_row(dot, DOT_BACK, "┄┄▶", TEXT_DRAW_BACK);
    sign_row(dot, DOT_END, "──▶", TEXT_DRAW_END);
    sign_row(dot, DOT_CLOCK, "", TEXT_DRAW_STARTS);
}

void dot_head_write(const struct dot *dot)
{
    FILE *out = dot->out;
    (void)fputs("<table border=\"0\" cellborder=\"0\" cellspacing=\"6\"><tr><td colspan=\"3\" "
                "align=\"left\"><font point-size=\"" DOT_SIZE_HEAD "\"><b>",
                out);
    ctl_text_escaped(out, say_title(dot->ctl, &dot->policy->title));
    (void)fputs("</b></font></td></tr><tr><td valign=\"top\"><table border=\"1\" "
                "color=\"#cccccc\" cellborder=\"0\" cellspacing=\"2\" style=\"rounded\">",
                out);
    caption(dot, TEXT_DRAW_CLOCKS);
    for (uint16_t i = 0; i < dot->policy->clock_count; i++) {
        clock_row(dot, i);
    }
    (void)fputs("</table></td><td valign=\"top\"><table border=\"1\" color=\"#cccccc\" "
                "cellborder=\"0\" cellspacing=\"2\" style=\"rounded\">",
                out);
    bool any = shared_draw(dot, true) + shared_draw(dot, false) > 0;
    (void)fputs(any ? "</table></td><td valign=\"top\"><table border=\"1\" color=\"#cccccc\" "
                      "cellborder=\"0\" cellspacing=\"2\" style=\"rounded\">"
                    : "",
                out);
    legend_draw(dot);
    (void)fputs("</table></td></tr></table>", out);
}
