/* A case as text for people. */
#include "case_number.h"
#include "ctl_case.h"
#include "ctl_clock_say.h"
#include "ctl_policy.h"
#include "ctl_table.h"

#include <time.h>

enum { HEAD_WIDTH = 10 };

static void head(const struct ctl *ctl, enum ctl_text title, const char *value)
{
    char fitted[VIEW_TEXT_MAX];
    (void)fprintf(ctl->out,
                  "%s%s%s %s\n",
                  view_faint(ctl),
                  view_fit(ctl_text_in(ctl->language, title), HEAD_WIDTH, fitted),
                  view_color_end(ctl),
                  value);
}

/* ---- the head ---- */

/* An instant with the zone it is told in: the head is read before the timeline says it. */
static void head_time(const struct ctl *ctl, enum ctl_text title, int64_t at_us)
{
    char at[VIEW_TEXT_MAX];
    char zone[VIEW_TEXT_MAX];
    char line[VIEW_TEXT_MAX];
    (void)snprintf(line, sizeof line, "%.64s  %.64s", view_time(at_us, at), view_zone(at_us, zone));
    head(ctl, title, line);
}

/* The override that made the class at triage, from what triage looked at; POLICY_NONE: the score.
 */
static uint16_t triage_rule(const struct case_view *view)
{
    const struct event_triaged *triaged = &view->triaged->triaged;
    const struct event_received *received = view->received ? &view->received->received : NULL;
    uint16_t rule = POLICY_NONE;
    if (received) {
        const struct policy_facts facts = {
            .channel = policy_channel_index(view->policy, received->channel),
            .category = policy_category_index(view->policy, triaged->category),
            .repeats = triaged->repeats,
            .label_count = received->label_count,
            .labels = received->labels};
        uint16_t index = policy_class_of(view->policy, &facts, triaged->score, &rule);
        bool as_recorded = index == policy_class_index(view->policy, triaged->severity_class);
        rule = as_recorded ? rule : POLICY_NONE;
    }
    return rule;
}

/* Why it is that class, where not by the score: a rule of the policy, or a person. */
static void print_class_reason(const struct ctl *ctl, const struct case_view *view)
{
    const struct event *classed = view->classed;
    char actor[VIEW_TEXT_MAX];
    char role[VIEW_TEXT_MAX];
    char when[SAY_MAX];
    uint16_t rule = classed ? view->class_rule : triage_rule(view);
    if (rule != POLICY_NONE) {
        (void)say_when(ctl, view->policy, &view->policy->overrides[rule].when, when);
    }
    if (rule == POLICY_NONE && !classed) {
        return;
    }
    (void)fprintf(ctl->out, "%*s ", HEAD_WIDTH, "");
    ctl_format(ctl->out,
               ctl_text_in(ctl->language, rule == POLICY_NONE ? TEXT_CLASS_BY : TEXT_CLASS_RULE),
               rule == POLICY_NONE
                   ? CTL_ARGS(view_plain(classed->advanced.actor, actor),
                              case_role(ctl, view->policy, classed->advanced.role, role))
                   : CTL_ARGS(when));
    (void)fputc('\n', ctl->out);
}

static void print_severity(const struct ctl *ctl, const struct case_view *view)
{
    char name[VIEW_TEXT_MAX];
    char line[VIEW_TEXT_MAX];
    const struct event_triaged *triaged = &view->triaged->triaged;
    struct slice class_id = triaged->severity_class;
    if (view->policy && view->state.version > 0 && view->state.class_index != POLICY_NONE) {
        class_id = slice_text(view->policy->classes[view->state.class_index].id);
    }
    (void)view_class(ctl, view->policy, class_id, name);
    head(ctl,
         TEXT_HEAD_SEVERITY,
         view_text(ctl, TEXT_SCORE_IS, CTL_ARGS(name, CTL_NUMBER_TEXT(triaged->score)), line));
    for (uint32_t i = 0; i < triaged->factor_count; i++) {
        const struct event_factor *factor = &triaged->factors[i];
        (void)fprintf(ctl->out,
                      "%*s %+" PRId32 " %s\n",
                      HEAD_WIDTH,
                      "",
                      factor->points,
                      view_factor(ctl, view->policy, factor->name, name));
    }
    if (view->policy) {
        print_class_reason(ctl, view);
    }
}

/* "2029-03-02 10:00:00, by Lin (Data protection officer), under UK financial firm: retention". */
static void print_erased(const struct ctl *ctl, const struct case_view *view)
{
    const struct event_advanced *advanced = &view->erased->advanced;
    char at[VIEW_TEXT_MAX];
    char actor[VIEW_TEXT_MAX];
    char role[VIEW_TEXT_MAX];
    char reason[VIEW_TEXT_MAX];
    char line[VIEW_TEXT_MAX];
    head(ctl,
         TEXT_HEAD_ERASED,
         view_text(ctl,
                   TEXT_ERASED_BY,
                   CTL_ARGS(view_time(view->erased->at_us, at),
                            view_plain(advanced->actor, actor),
                            case_role(ctl, view->policy, advanced->role, role),
                            view_title(ctl, &view->policy->title),
                            view_plain(case_field_of(advanced, "reason"), reason)),
                   line));
}

/* How it ended: as the policy calls what closed it, with the outcome that is counted. */
static void print_outcome(const struct ctl *ctl, const struct case_view *view)
{
    const char *id = policy_outcome_name((enum case_outcome)view->state.more.outcome);
    const char *outcome = case_outcome_text(ctl, id);
    const char *title = "";
    char text[VIEW_TEXT_MAX];
    char line[VIEW_TEXT_MAX];
    for (uint32_t i = 0; i < view->event_count; i++) {
        const struct event *event = &view->events[i];
        bool moves = event->kind != EVENT_OPENED && case_step_entered(event).size > 0;
        if (moves && event->advanced.outcome != OUTCOME_NONE) {
            title = case_action(ctl, view->policy, &event->advanced, text);
        }
    }
    head(
        ctl, TEXT_LIST_OUTCOME, view_named(ctl, title[0] != '\0' ? title : outcome, outcome, line));
}

static void print_where(const struct ctl *ctl, const struct case_view *view)
{
    const struct dispatch_case *state = &view->state;
    const struct policy *policy = view->policy;
    char name[VIEW_TEXT_MAX];
    char text[VIEW_TEXT_MAX];
    char line[VIEW_TEXT_MAX];
    if (!policy || state->version == 0) {
        head(ctl, TEXT_HEAD_STEP, ctl_text_in(ctl->language, TEXT_NOT_OPENED));
        return;
    }
    head(ctl, TEXT_HEAD_PRIORITY, CTL_NUMBER_TEXT(state->priority));
    (void)view_plain(slice_text(view_title(ctl, &policy->steps[state->step].title)), name);
    int64_t since_s = (view->now_us - state->step_since_us) / 1000000;
    (void)view_duration(ctl, since_s, text);
    head(ctl,
         TEXT_HEAD_STEP,
         state->closed_at_us != 0 ? name : view_text(ctl, TEXT_SINCE, CTL_ARGS(name, text), line));
    if (state->agent[0] != '\0') {
        head(ctl, TEXT_HEAD_WITH, view_plain(slice_text(state->agent), text));
    } else if (state->queue != POLICY_NONE) {
        const char *title = view_title(ctl, &policy->queues[state->queue].title);
        head(ctl, TEXT_HEAD_WITH, view_text(ctl, TEXT_IN_QUEUE, CTL_ARGS(title), line));
    }
    head_time(ctl, TEXT_HEAD_OPENED, state->opened_at_us);
    if (state->closed_at_us != 0) {
        head_time(ctl, TEXT_HEAD_CLOSED, state->closed_at_us);
        print_outcome(ctl, view);
    }
    if (view->erased) {
        print_erased(ctl, view);
    } else if (state->more.hold != 0) {
        head(ctl, TEXT_HEAD_HOLD, ctl_text_in(ctl->language, TEXT_HOLD_IS));
    }
    if (state->reopened > 0) {
        head(ctl,
             TEXT_HEAD_REOPENED,
             view_text(ctl, TEXT_REOPENED_TIMES, CTL_ARGS(CTL_NUMBER_TEXT(state->reopened)), line));
    }
}

/* How long it took in all, and what became of its clocks. */
static void print_sums(const struct ctl *ctl, const struct case_view *view)
{
    char text[VIEW_TEXT_MAX];
    unsigned met = 0;
    unsigned late = 0;
    unsigned open = 0;
    if (view->received && view->state.closed_at_us != 0) {
        int64_t took_us = view->state.closed_at_us - view->received->received.received_at_us;
        head(ctl, TEXT_HEAD_TOOK, view_duration(ctl, took_us / 1000000, text));
    }
    for (uint32_t i = 0; i < view->clock_count; i++) {
        enum view_status status = case_clock_status(view, &view->clocks[i]);
        met += status == VIEW_MET;
        late += status == VIEW_BREACHED;
        open += status == VIEW_RUNNING || status == VIEW_AT_RISK || status == VIEW_PAUSED;
    }
    if (view->clock_count > 0) {
        head(ctl,
             TEXT_HEAD_CLOCKS,
             view_text(ctl,
                       TEXT_CLOCKS_ARE,
                       CTL_ARGS(CTL_NUMBER_TEXT(view->clock_count),
                                CTL_NUMBER_TEXT(met),
                                CTL_NUMBER_TEXT(late),
                                CTL_NUMBER_TEXT(open)),
                       text));
    }
}

static void print_head(const struct ctl *ctl, const struct case_view *view)
{
    char text[VIEW_TEXT_MAX];
    char line[VIEW_TEXT_MAX];
    const struct event_received *received = view->received ? &view->received->received : NULL;
    char number[CASE_NUMBER_SIZE] = "";
    if (received) {
        case_number_format(view->case_id, received->received_at_us, number);
    }
    (void)snprintf(line,
                   sizeof line,
                   "%s%s%s  (%" PRIu64 ")",
                   view_bold(ctl),
                   number,
                   view_color_end(ctl),
                   view->case_id);
    head(ctl, TEXT_HEAD_CASE, line);
    if (view->policy) {
        const char *title = view_title(ctl, &view->policy->title);
        head(ctl,
             TEXT_HEAD_POLICY,
             view_text(ctl,
                       TEXT_POLICY_IS,
                       CTL_ARGS(title, CTL_NUMBER_TEXT(view->policy->version)),
                       line));
    }
    if (received) {
        head(ctl, TEXT_HEAD_CHANNEL, view_channel(ctl, view->policy, received->channel, text));
    }
    struct slice category = view->triaged ? view->triaged->triaged.category : slice_of(NULL, 0);
    if (view->policy && view->state.version > 0 && view->state.category != POLICY_NONE) {
        category = slice_text(view->policy->categories[view->state.category].id);
    }
    if (category.size > 0) {
        head(ctl, TEXT_HEAD_CATEGORY, view_category(ctl, view->policy, category, text));
    }
    if (view->triaged) {
        print_severity(ctl, view);
    }
    if (received) {
        head_time(ctl, TEXT_HEAD_RECEIVED, received->received_at_us);
    }
    print_where(ctl, view);
    print_sums(ctl, view);
}

/* ---- the clocks ---- */

static void
print_clock(const struct ctl *ctl, const struct case_view *view, const struct case_clock *clock)
{
    enum view_status status = case_clock_status(view, clock);
    char name[VIEW_TEXT_MAX];
    char text[VIEW_TEXT_MAX];
    char line[VIEW_TEXT_MAX];
    (void)fprintf(ctl->out,
                  "  %s  %s%s%s",
                  view_status(ctl, status, text),
                  view_bold(ctl),
                  case_clock_name(ctl, view->policy, &clock->told, name),
                  view_color_end(ctl));
    int64_t left_s = case_clock_is_cleared(view, clock) ? 0 : case_clock_left_s(view, clock);
    if (left_s > 0 && status != VIEW_CANCELLED && status != VIEW_STOPPED) {
        (void)view_duration(ctl, left_s, text);
        (void)fprintf(ctl->out, "  %s", view_text(ctl, TEXT_LEFT, CTL_ARGS(text), line));
    }
    (void)fputc('\n', ctl->out);
    clock_say(ctl, view, clock, CLOCK_FOLDED);
}

/* ---- all of it ---- */

void case_print(const struct ctl *ctl, const struct case_view *view)
{
    print_head(ctl, view);
    case_steps_print(ctl, view);
    case_timeline_print(ctl, view);
    if (view->clock_count > 0) {
        case_title_print(ctl, TEXT_HEAD_CLOCKS, view->now_us);
    }
    for (uint32_t i = 0; i < view->clock_count; i++) {
        print_clock(ctl, view, &view->clocks[i]);
    }
}
