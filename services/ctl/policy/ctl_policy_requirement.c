/* Requirements in words; see ctl_policy.h. */
#include "ctl_policy.h"
#include "ctl_view.h"

static const char *word(const struct ctl *ctl, enum ctl_text id)
{
    return ctl_text_in(ctl->language, id);
}

/* What is asked of a mark; a title that was made says itself how seldom. */
static void requirement_mark(const struct ctl *ctl,
                             const struct policy *policy,
                             const struct policy_requirement *asked,
                             char into[SAY_MAX])
{
    const char *comma = word(ctl, TEXT_FORM_AND);
    const char *title = say_title(ctl, &policy->marks[asked->mark].title);
    bool says = asked->titled || asked->times > 0;
    char part[SAY_MAX];
    if (says && strcmp(title, say_title(ctl, &asked->title)) != 0) {
        say_more(into, comma, say_text(ctl, part, TEXT_SAY_MARK, CTL_ARGS(title)));
    }
    if (asked->times > 1) {
        const char *times = CTL_NUMBER_TEXT(asked->times);
        say_more(into, comma, say_text(ctl, part, TEXT_SAY_TIMES, CTL_ARGS(times)));
    }
    if (asked->persons > 1) {
        const char *persons = CTL_NUMBER_TEXT(asked->persons);
        say_more(into, comma, say_text(ctl, part, TEXT_SAY_PERSONS, CTL_ARGS(persons)));
    }
    if (says && asked->at_most != POLICY_NONE) {
        const char *times = CTL_NUMBER_TEXT(asked->at_most);
        say_more(into, comma, say_text(ctl, part, TEXT_SAY_AT_MOST, CTL_ARGS(times)));
    }
}

/* Whose mark, whose task: a title that was made is of the first of the three. */
static void requirement_marks(const struct ctl *ctl,
                              const struct policy *policy,
                              const struct policy_requirement *asked,
                              char into[SAY_MAX])
{
    const char *comma = word(ctl, TEXT_FORM_AND);
    bool marked = asked->mark < policy->mark_count;
    bool not_by = asked->not_by < policy->mark_count;
    char part[SAY_MAX];
    into[0] = '\0';
    if (marked) {
        requirement_mark(ctl, policy, asked, into);
    }
    if (not_by && (asked->titled || marked)) {
        const char *title = say_title(ctl, &policy->marks[asked->not_by].title);
        say_more(into, comma, say_text(ctl, part, TEXT_SAY_NOT_BY, CTL_ARGS(title)));
    }
    if (asked->task < policy->task_count && (asked->titled || marked || not_by)) {
        const char *title = say_title(ctl, &policy->tasks[asked->task].title);
        say_more(into, comma, say_text(ctl, part, TEXT_SAY_NONE_OPEN, CTL_ARGS(title)));
    }
}

static const char *since_say(const struct ctl *ctl, enum window_since since)
{
    static const enum ctl_text words[] = {[SINCE_RECEIVED] = TEXT_SAY_SINCE_RECEIVED,
                                          [SINCE_OPENED] = TEXT_SAY_SINCE_OPENED,
                                          [SINCE_STEP] = TEXT_SAY_SINCE_STEP,
                                          [SINCE_CLOSED] = TEXT_SAY_SINCE_CLOSED,
                                          [SINCE_IMPLEMENTED] = TEXT_SAY_SINCE_IMPLEMENTED};
    return word(ctl, words[since]);
}

static const char *requirement_window(const struct ctl *ctl,
                                      const struct policy *policy,
                                      const struct policy_window *window,
                                      char into[SAY_MAX])
{
    const struct policy_clock as = {.target = window->unit,
                                    .target_s = window->length_s,
                                    .target_days = window->days,
                                    .end_of_day = window->end_of_day,
                                    .calendar = window->calendar};
    char length[SAY_MAX];
    char part[SAY_MAX];
    (void)say_target(ctl, policy, &as, length);
    enum ctl_text id =
        window->side == WINDOW_BEFORE ? TEXT_SAY_WINDOW_BEFORE : TEXT_SAY_WINDOW_AFTER;
    (void)say_text(ctl, into, id, CTL_ARGS(length, since_say(ctl, window->since)));
    if (window->calendar < policy->calendar_count) {
        const char *name = view_calendar(ctl, &policy->calendars[window->calendar]);
        (void)say_text(ctl, part, TEXT_SAY_WINDOW_CALENDAR, CTL_ARGS(name));
        say_more(into, word(ctl, TEXT_FORM_AND), part);
    }
    return into;
}

static const char *requirement_say(const struct ctl *ctl,
                                   const struct policy *policy,
                                   const struct policy_requirement *asked,
                                   char into[SAY_MAX])
{
    const char *comma = word(ctl, TEXT_FORM_AND);
    char part[SAY_MAX];
    char list[SAY_MAX];
    char what[SAY_MAX];
    requirement_marks(ctl, policy, asked, what);
    if (asked->compare.field < policy->field_count) {
        const char *title = say_title(ctl, &policy->fields[asked->compare.field].title);
        say_more(what,
                 comma,
                 asked->same_channel ? say_text(ctl, part, TEXT_SAY_SAME_CHANNEL, CTL_ARGS(title))
                                     : say_compare(ctl, policy, &asked->compare, part));
    }
    if (asked->same < policy->field_count) {
        const char *most = CTL_NUMBER_TEXT(asked->at_most);
        const char *title = say_title(ctl, &policy->fields[asked->same].title);
        const char *since = since_say(ctl, asked->window.since);
        say_more(what, comma, say_text(ctl, part, TEXT_SAY_SAME, CTL_ARGS(most, title, since)));
    }
    if (asked->window.side != WINDOW_NONE) {
        say_more(what, comma, requirement_window(ctl, policy, &asked->window, part));
    }
    if (asked->roles != 0) {
        (void)say_roles(ctl, policy, asked->roles, list);
        say_more(what, comma, say_text(ctl, part, TEXT_SAY_OF_ROLES, CTL_ARGS(list)));
    }
    size_t last = 0;
    list[0] = '\0';
    for (unsigned i = 1; i < OUTCOME_COUNT; i++) {
        if (asked->outcomes >> i & 1U) {
            say_either(ctl, list, &last, say_outcome(ctl, (enum case_outcome)i));
        }
    }
    if (list[0] != '\0') {
        say_more(what, comma, say_text(ctl, part, TEXT_SAY_OF_OUTCOMES, CTL_ARGS(list)));
    }
    if (!say_when_is_always(&asked->when)) {
        (void)say_when(ctl, policy, &asked->when, list);
        say_more(what, comma, say_text(ctl, part, TEXT_SAY_ASKED_WHEN, CTL_ARGS(list)));
    }
    const char *title = say_title(ctl, &asked->title);
    return what[0] == '\0' ? say_text(ctl, into, TEXT_SAY_REQUIREMENT, CTL_ARGS(title))
                           : say_text(ctl, into, TEXT_SAY_REQUIREMENT_MORE, CTL_ARGS(title, what));
}

const char *say_requirements(const struct ctl *ctl,
                             const struct policy *policy,
                             const struct policy_requirement *list,
                             uint16_t count,
                             char into[SAY_MAX])
{
    char part[SAY_MAX];
    into[0] = '\0';
    for (uint16_t i = 0; i < count; i++) {
        say_more(into, word(ctl, TEXT_SAY_SEMICOLON), requirement_say(ctl, policy, &list[i], part));
    }
    return into;
}
