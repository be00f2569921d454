/*
 * One case as the journal tells it: all events of the four services, folded into where the case
 * stands and what its clocks say.  ctl_case.c reads, ctl_case_show.c and ctl_case_json.c show.
 *
 * Sealed fields are never opened here (law 10); their presence is said.
 */
#ifndef REDRESS_CTL_CASE_H
#define REDRESS_CTL_CASE_H

#include "arena.h"
#include "ctl_view.h"
#include "dispatch_core_text.h"

enum { CASE_EVENTS_MAX = 20000 };

/* A clock as its newest event left it. */
struct case_clock {
    struct event_clock told; /* with the verdict of the run, which is told once */
    struct event_clock run;  /* as the run began */
    bool warned;             /* in this run */
    bool breached;
    uint32_t pauses;
};

struct case_view {
    uint64_t case_id;
    const struct policy *policy; /* NULL: it cannot be read; ids are shown */
    uint32_t event_count;
    struct event *events; /* oldest first; owned */
    struct slice *said; /* by each event: the policy's text its note is, filled in; NULL: none is */
    struct arena *arena; /* of their slices; owned */
    const struct event *received;
    const struct event *triaged; /* or asked; NULL: not yet */
    const struct event *erased;  /* NULL: it was not */
    const struct event *classed; /* what changed the class after triage; NULL: nothing did */
    uint16_t class_rule;         /* the override that did; POLICY_NONE: a person */
    struct dispatch_case state;  /* version 0: not opened yet */
    uint32_t clock_count;
    struct case_clock clocks[EVENT_CLOCKS_MAX];
    int64_t now_us;
    json_t *altered; /* stream and seq of the events whose bytes the chain does not hold, and of
                        those that are of another case, with that; owned */
};

/* Decodes an event of the case and keeps it; its bytes are copied.  CTL_FAILED after saying why. */
int case_add(const struct ctl *ctl, struct case_view *view, struct slice bytes) MUST_CHECK;

/* The case of a number or id from the archive, folded; view->now_us is set by the caller.  The
 * status, after saying what is wrong. */
int case_read(struct ctl *ctl,
              const char *text,
              struct view_policies *policies,
              struct case_view *view) MUST_CHECK;

/* Says which events of the case are not as they were written, or of another one and left out, and
 * what to do: CTL_FAILED; CTL_OK: the chain holds them all, as this case's.  What is shown of a
 * case is not believed without. */
int case_vouch(const struct ctl *ctl, const struct case_view *view) MUST_CHECK;
/* The same for programs: [{"stream":"dispatch.0022","seq":428}], of another case with "case". */
json_t *case_altered_json(const struct case_view *view);

/* Sorts the events and folds them, when all have been added. */
void case_fold(struct case_view *view);
void case_done(struct case_view *view);

/* How a clock stands at view->now_us. */
enum view_status case_clock_status(const struct case_view *view, const struct case_clock *clock);

/*
 * What is left, unused or late of a clock, up to the second; the watchdog tells what is used and
 * what stood still down to it.  So used and left are the whole, and nothing is late by 0 s.
 */
int64_t case_up_s(int64_t us);

/* The seconds that are left in elapsed time; 0 when it is late or does not run. */
int64_t case_clock_left_s(const struct case_view *view, const struct case_clock *clock);

/* The policy shows no due instant of it as things stand (due-cleared-when, due-hidden-in): it is no
 * promise any more, whatever the arithmetic says. */
bool case_clock_is_cleared(const struct case_view *view, const struct case_clock *clock);

/* The text on ctl->out. */
void case_print(const struct ctl *ctl, const struct case_view *view);
json_t *case_json(const struct case_view *view);

/* What an event says, as one line without time and kind. */
void case_event_print(const struct ctl *ctl,
                      FILE *to,
                      const struct policy *policy,
                      const struct event *event);
/* The same without the title of the action and what was filled in; of an erased case it says so in
 * place of what is sealed. */
void case_event_brief(const struct ctl *ctl,
                      FILE *to,
                      const struct case_view *view,
                      const struct event *event);
/* The line of the event says it in a sentence, so that it needs no line of its own. */
bool case_field_is_told(const struct event *event, struct slice name);
/* ctl_case_time.c: what happened, with everything that was filled in; how long each step took. */
void case_timeline_print(const struct ctl *ctl, const struct case_view *view);
void case_steps_print(const struct ctl *ctl, const struct case_view *view);
/* A text, line by line, beneath its event. */
void case_said_print(const struct ctl *ctl, struct slice said);
/* What the policy calls what was done; else what the event is.  A remark that moves the case is
 * none. */
const char *case_event_title(const struct ctl *ctl,
                             const struct policy *policy,
                             const struct event *event,
                             char into[VIEW_TEXT_MAX]);
/* The step a case comes to by an event; empty: it stays where it is. */
struct slice case_step_entered(const struct event *event);
/* A line of the bold title and the zone times are told in, after an empty one. */
void case_title_print(const struct ctl *ctl, enum ctl_text id, int64_t at_us);
const char *case_kind_text(const struct ctl *ctl, enum event_kind kind);
/* How a case ended, by the word of policy_outcome_name; a word nobody knows, and "", as it is. */
const char *case_outcome_text(const struct ctl *ctl, const char *id);
/* The title of a clock, with its number where it is a task's. */
const char *case_clock_name(const struct ctl *ctl,
                            const struct policy *policy,
                            const struct event_clock *clock,
                            char into[VIEW_TEXT_MAX]);
/* Titles in the language of the command; the id itself where the policy (NULL: none) has none.
 * Lent by into. */
const char *case_role(const struct ctl *ctl,
                      const struct policy *policy,
                      struct slice id,
                      char into[VIEW_TEXT_MAX]);
/* What was seen in the text: a category, or what a pattern counts as.  NULL: it counts as nothing
 * here; where the policy is not known, the id. */
const char *case_label(const struct ctl *ctl,
                       const struct policy *policy,
                       struct slice id,
                       char into[VIEW_TEXT_MAX]);
/* Why triage asked a person; a reason of a later release as it is. */
const char *case_because(const struct ctl *ctl, struct slice reason, char into[VIEW_TEXT_MAX]);
/* "" for what is no action of the policy: claims, releases. */
const char *case_action(const struct ctl *ctl,
                        const struct policy *policy,
                        const struct event_advanced *advanced,
                        char into[VIEW_TEXT_MAX]);
const char *case_field_title(const struct ctl *ctl,
                             const struct policy *policy,
                             const struct event_advanced *advanced,
                             struct slice name,
                             char into[VIEW_TEXT_MAX]);
/* What the event has in a field; empty: it has none of that name. */
struct slice case_field_of(const struct event_advanced *advanced, const char *name);
/* The field in the action of the event; NULL: the action does not ask for it. */
const struct policy_need *
case_need(const struct policy *policy, const struct event_advanced *advanced, struct slice name);
/* A choice by its title, an amount, a day and a time as the language writes them; what is longer
 * than into is cut. */
const char *case_field_value(const struct ctl *ctl,
                             const struct policy *policy,
                             const struct event_advanced *advanced,
                             const struct event_field *told,
                             char into[VIEW_TEXT_MAX]);
json_t *case_event_json(const struct event *event);

#endif
