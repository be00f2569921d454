/* What one event says, as one line for people; used by show and watch. */
#include "ctl_case.h"
#include "dispatch_core_read.h"

enum { LABELS_SHOWN = 6, VALUE_WIDTH = 60 };

static const enum ctl_text kind_texts[EVENT_KIND_COUNT] = {
    [EVENT_RECEIVED] = TEXT_KIND_RECEIVED,
    [EVENT_TRIAGED] = TEXT_KIND_TRIAGED,
    [EVENT_TRIAGE_ASKED] = TEXT_KIND_TRIAGE_ASKED,
    [EVENT_OPENED] = TEXT_KIND_OPENED,
    [EVENT_QUEUED] = TEXT_KIND_QUEUED,
    [EVENT_ASSIGNED] = TEXT_KIND_ASSIGNED,
    [EVENT_RELEASED] = TEXT_KIND_RELEASED,
    [EVENT_ACKNOWLEDGED] = TEXT_KIND_ACKNOWLEDGED,
    [EVENT_CLASSIFIED] = TEXT_KIND_CLASSIFIED,
    [EVENT_CONTACTED] = TEXT_KIND_CONTACTED,
    [EVENT_INVESTIGATED] = TEXT_KIND_INVESTIGATED,
    [EVENT_CONTAINED] = TEXT_KIND_CONTAINED,
    [EVENT_PROPOSED] = TEXT_KIND_PROPOSED,
    [EVENT_APPROVED] = TEXT_KIND_APPROVED,
    [EVENT_REJECTED] = TEXT_KIND_REJECTED,
    [EVENT_CONSENTED] = TEXT_KIND_CONSENTED,
    [EVENT_DECLINED] = TEXT_KIND_DECLINED,
    [EVENT_IMPLEMENTED] = TEXT_KIND_IMPLEMENTED,
    [EVENT_REPLIED] = TEXT_KIND_REPLIED,
    [EVENT_FOLLOWED_UP] = TEXT_KIND_FOLLOWED_UP,
    [EVENT_CLOSED] = TEXT_KIND_CLOSED,
    [EVENT_REOPENED] = TEXT_KIND_REOPENED,
    [EVENT_WITHDRAWN] = TEXT_KIND_WITHDRAWN,
    [EVENT_HANDED_OVER] = TEXT_KIND_HANDED_OVER,
    [EVENT_NOTED] = TEXT_KIND_NOTED,
    [EVENT_ESCALATED] = TEXT_KIND_ESCALATED,
    [EVENT_CUSTOMER_WROTE] = TEXT_KIND_CUSTOMER_WROTE,
    [EVENT_EXTENDED] = TEXT_KIND_EXTENDED,
    [EVENT_OFFERED] = TEXT_KIND_OFFERED,
    [EVENT_ACCEPTED] = TEXT_KIND_ACCEPTED,
    [EVENT_TRANSFERRED] = TEXT_KIND_TRANSFERRED,
    [EVENT_MERGED] = TEXT_KIND_MERGED,
    [EVENT_UNMERGED] = TEXT_KIND_UNMERGED,
    [EVENT_LINKED] = TEXT_KIND_LINKED,
    [EVENT_HELD] = TEXT_KIND_HELD,
    [EVENT_HOLD_LIFTED] = TEXT_KIND_HOLD_LIFTED,
    [EVENT_TASK_OPENED] = TEXT_KIND_TASK_OPENED,
    [EVENT_TASK_DONE] = TEXT_KIND_TASK_DONE,
    [EVENT_ERASED] = TEXT_KIND_ERASED,
    [EVENT_ERASURE_REFUSED] = TEXT_KIND_ERASURE_REFUSED,
    [EVENT_READ] = TEXT_KIND_READ,
    [EVENT_CLOCKS_STARTED] = TEXT_KIND_CLOCKS_STARTED,
    [EVENT_CLOCKS_STOPPED] = TEXT_KIND_CLOCKS_STOPPED,
    [EVENT_CLOCKS_PAUSED] = TEXT_KIND_CLOCKS_PAUSED,
    [EVENT_CLOCKS_RESUMED] = TEXT_KIND_CLOCKS_RESUMED,
    [EVENT_CLOCK_WARNED] = TEXT_KIND_CLOCK_WARNED,
    [EVENT_CLOCK_BREACHED] = TEXT_KIND_CLOCK_BREACHED,
    [EVENT_CLOCK_ESCALATED] = TEXT_KIND_CLOCK_ESCALATED,
    [EVENT_CLOCKS_RETARGETED] = TEXT_KIND_CLOCKS_RETARGETED,
    [EVENT_CLOCKS_REFUSED] = TEXT_KIND_CLOCKS_REFUSED,
    [EVENT_CLOCKS_UNKNOWN] = TEXT_KIND_CLOCKS_UNKNOWN,
};

const char *case_kind_text(const struct ctl *ctl, enum event_kind kind)
{
    bool known = event_kind_name(kind) != NULL;
    return ctl_text_in(ctl->language, known ? kind_texts[kind] : TEXT_KIND_UNKNOWN);
}

/* A line being made: its parts are kept apart by a sign. */
struct line {
    const struct ctl *ctl;
    const struct policy *policy;
    FILE *to;
    bool begun;
    bool brief;  /* without what was done, which stands before it, and what was filled in */
    bool erased; /* what is sealed cannot be opened any more */
};

static void part(struct line *line)
{
    (void)fputs(line->begun ? " · " : "", line->to);
    line->begun = true;
}

static void say(struct line *line, const char *text)
{
    part(line);
    (void)fputs(text, line->to);
}

static void say_text(struct line *line, enum ctl_text id, const char *const *args)
{
    part(line);
    ctl_format(line->to, ctl_text_in(line->ctl->language, id), args);
}

/* Two patterns may count as the same thing. */
static bool is_among(char (*texts)[VIEW_TEXT_MAX], uint32_t count, const char *text)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(texts[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static void say_seen(struct line *line, const struct event_received *received)
{
    char texts[LABELS_SHOWN][VIEW_TEXT_MAX];
    uint32_t told = 0;
    for (uint32_t i = 0; i < received->label_count && told < LABELS_SHOWN; i++) {
        const char *text =
            case_label(line->ctl, line->policy, received->labels[i].name, texts[told]);
        if (!text || is_among(texts, told, text)) {
            continue;
        }
        if (told++ == 0) {
            say_text(line, TEXT_SEEN, CTL_ARGS(text));
        } else {
            (void)fprintf(line->to, "%s%s", ctl_text_in(line->ctl->language, TEXT_DRAW_AND), text);
        }
    }
}

static void say_received(struct line *line, const struct event *event)
{
    enum { NOTICED_US = 60 * 1000000 };
    const struct event_received *received = &event->received;
    char text[VIEW_TEXT_MAX];
    say(line, view_channel(line->ctl, line->policy, received->channel, text));
    if (event->at_us - received->received_at_us > NOTICED_US) { /* registered later */
        say_text(line, TEXT_CAME_IN, CTL_ARGS(view_time(received->received_at_us, text)));
    }
    if (received->sealed_narrative.size > 0) {
        say_text(line,
                 line->erased ? TEXT_CHARACTERS_ERASED : TEXT_CHARACTERS_SEALED,
                 CTL_ARGS(CTL_NUMBER_TEXT(received->text_characters)));
    }
    if (received->sealed_person.size > 0) {
        say_text(line, line->erased ? TEXT_PERSON_ERASED : TEXT_PERSON_SEALED, NULL);
    }
    if (received->acknowledged_by_receipt) {
        say_text(line, TEXT_TOLD_NUMBER, NULL);
    }
    say_seen(line, received);
}

static void say_rating(struct line *line,
                       struct slice category,
                       struct slice class_id,
                       int32_t score,
                       uint32_t priority)
{
    char text[VIEW_TEXT_MAX];
    if (category.size > 0) {
        say(line, view_category(line->ctl, line->policy, category, text));
    }
    if (class_id.size > 0) {
        (void)view_class(line->ctl, line->policy, class_id, text);
        say_text(line, TEXT_SCORE_IS, CTL_ARGS(text, CTL_NUMBER_TEXT(score)));
    }
    if (priority > 0) {
        say_text(line, TEXT_PRIORITY_IS, CTL_ARGS(CTL_NUMBER_TEXT(priority)));
    }
}

static void say_triaged(struct line *line, const struct event_triaged *triaged)
{
    char text[VIEW_TEXT_MAX];
    say_rating(line, triaged->category, triaged->severity_class, triaged->score, triaged->priority);
    if (triaged->repeats > 0) {
        say_text(line, TEXT_REPEATS, CTL_ARGS(CTL_NUMBER_TEXT(triaged->repeats)));
    }
    if (triaged->reason.size > 0) {
        say_text(
            line, TEXT_ASKED_BECAUSE, CTL_ARGS(case_because(line->ctl, triaged->reason, text)));
    }
}

static void say_opened(struct line *line, const struct event_opened *opened)
{
    char text[VIEW_TEXT_MAX];
    say(line, view_step(line->ctl, line->policy, opened->step, text));
    if (opened->queue.size > 0) {
        (void)view_queue(line->ctl, line->policy, opened->queue, text);
        say_text(line, TEXT_IN_QUEUE, CTL_ARGS(text));
    }
    say_text(line, TEXT_PRIORITY_IS, CTL_ARGS(CTL_NUMBER_TEXT(opened->priority)));
}

/* How it ended, and whom it was given to; the other case stands in the form. */
static void say_end(struct line *line, const struct event *event)
{
    const struct event_advanced *advanced = &event->advanced;
    bool given = event->kind == EVENT_OFFERED || event->kind == EVENT_TRANSFERRED;
    char text[VIEW_TEXT_MAX];
    if (given && advanced->agent.size > 0 && !slice_equal(advanced->agent, advanced->actor)) {
        say_text(line, TEXT_GIVEN_TO, CTL_ARGS(view_plain(advanced->agent, text)));
    }
    if (advanced->outcome > OUTCOME_NONE && advanced->outcome < OUTCOME_COUNT) {
        const char *id = policy_outcome_name((enum case_outcome)advanced->outcome);
        say_text(line, TEXT_OUTCOME_IS, CTL_ARGS(case_outcome_text(line->ctl, id)));
    }
}

bool case_field_is_told(const struct event *event, struct slice name)
{
    return (event->kind == EVENT_READ && slice_equal(name, slice_text("what"))) ||
           (event->kind == EVENT_ESCALATED &&
            (slice_equal(name, slice_text("clock")) || slice_equal(name, slice_text("level"))));
}

/* Which clock made it more urgent, and how far that had come. */
static void say_raised(struct line *line, const struct event_advanced *advanced)
{
    char clock[VIEW_TEXT_MAX] = "";
    char level[VIEW_TEXT_MAX] = "";
    for (uint32_t i = 0; i < advanced->field_count; i++) {
        const struct event_field *told = &advanced->fields[i];
        if (slice_equal(told->name, slice_text("clock"))) {
            (void)view_clock(line->ctl, line->policy, told->value, clock);
        } else if (slice_equal(told->name, slice_text("level"))) {
            (void)view_plain(told->value, level);
        }
    }
    if (clock[0] != '\0' && level[0] != '\0') {
        say_text(line, TEXT_RAISED_BY, CTL_ARGS(clock, level));
    }
}

/* What was read. */
static void say_read(struct line *line, const struct event_advanced *advanced)
{
    uint64_t places[DISPATCH_READ_MAX];
    uint32_t count = 0;
    uint32_t complaint = 0;
    if (!dispatch_read_places(case_field_of(advanced, "what"), places, &count)) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        complaint += places[i] == DISPATCH_READ_COMPLAINT;
    }
    if (complaint > 0) {
        say_text(line, TEXT_READ_THE_COMPLAINT, NULL);
    }
    if (count > complaint) {
        say_text(line, TEXT_READ_ENTRIES, CTL_ARGS(CTL_NUMBER_TEXT(count - complaint)));
    }
}

/* What the form of an event of this kind says, in words. */
static void say_own(struct line *line, const struct event *event)
{
    if (event->kind == EVENT_ESCALATED) {
        say_raised(line, &event->advanced);
    } else if (event->kind == EVENT_READ) {
        say_read(line, &event->advanced);
    }
}

/* What was filled in, cut to a part of the line. */
static void say_fields(struct line *line, const struct event *event)
{
    const struct event_advanced *advanced = &event->advanced;
    char a[VIEW_TEXT_MAX];
    char b[VIEW_TEXT_MAX];
    for (uint32_t i = 0; i < advanced->field_count; i++) {
        char cut[VIEW_TEXT_MAX];
        const struct event_field *told = &advanced->fields[i];
        if (case_field_is_told(event, told->name)) {
            continue;
        }
        (void)case_field_title(line->ctl, line->policy, advanced, told->name, a);
        (void)case_field_value(line->ctl, line->policy, advanced, told, b);
        (void)view_fit(b, VALUE_WIDTH, cut);
        for (size_t end = strlen(cut); end > 0 && cut[end - 1] == ' '; end--) {
            cut[end - 1] = '\0';
        }
        say_text(line, TEXT_FIELD_IS, CTL_ARGS(a, cut));
    }
}

static void say_advanced(struct line *line, const struct event *event)
{
    const struct event_advanced *advanced = &event->advanced;
    char a[VIEW_TEXT_MAX];
    char b[VIEW_TEXT_MAX];
    const char *action = case_action(line->ctl, line->policy, advanced, a);
    if (!line->brief && action[0] != '\0' &&
        strcmp(action, case_kind_text(line->ctl, event->kind)) != 0) {
        say(line, action);
    }
    if (advanced->actor.size > 0 && advanced->role.size > 0) {
        say_text(line,
                 TEXT_BY_ROLE,
                 CTL_ARGS(view_plain(advanced->actor, a),
                          case_role(line->ctl, line->policy, advanced->role, b)));
    } else if (advanced->actor.size > 0) {
        say(line, view_plain(advanced->actor, a));
    }
    if (!slice_equal(advanced->from_step, advanced->to_step)) {
        say(line, view_step(line->ctl, line->policy, advanced->from_step, a));
        (void)fprintf(line->to, " → %s", view_step(line->ctl, line->policy, advanced->to_step, b));
    }
    bool queued = event->kind == EVENT_QUEUED || event->kind == EVENT_RELEASED ||
                  !slice_equal(advanced->from_step, advanced->to_step);
    if (queued && advanced->queue.size > 0) {
        (void)view_queue(line->ctl, line->policy, advanced->queue, a);
        say_text(line, TEXT_IN_QUEUE, CTL_ARGS(a));
    }
    if (event->kind == EVENT_ESCALATED || event->kind == EVENT_CLASSIFIED) {
        say_text(line, TEXT_PRIORITY_IS, CTL_ARGS(CTL_NUMBER_TEXT(advanced->priority)));
    }
    say_own(line, event);
    say_end(line, event);
    if (!line->brief) {
        say_fields(line, event);
    }
    if (advanced->sealed_note.size > 0) {
        say_text(line, line->erased ? TEXT_NOTE_ERASED : TEXT_NOTE_SEALED, NULL);
    }
}

const char *case_clock_name(const struct ctl *ctl,
                            const struct policy *policy,
                            const struct event_clock *clock,
                            char into[VIEW_TEXT_MAX])
{
    char title[VIEW_TEXT_MAX];
    if (clock->task == 0) {
        return view_clock(ctl, policy, clock->name, into);
    }
    (void)view_clock(ctl, policy, clock->name, title);
    return view_text(ctl, TEXT_CLOCK_OF_TASK, CTL_ARGS(title, CTL_NUMBER_TEXT(clock->task)), into);
}

static void say_clock(struct line *line, const struct event_clock *clock)
{
    char name[VIEW_TEXT_MAX];
    char text[VIEW_TEXT_MAX];
    (void)case_clock_name(line->ctl, line->policy, clock, name);
    if (clock->level > 0) {
        (void)view_due(clock->level_due_us, text);
        say_text(line, TEXT_LEVEL_IS, CTL_ARGS(name, CTL_NUMBER_TEXT(clock->level), text));
        if (clock->notify_role.size > 0) {
            say_text(line,
                     TEXT_NOTIFY_IS,
                     CTL_ARGS(case_role(line->ctl, line->policy, clock->notify_role, text)));
        }
        return;
    }
    if (clock->verdict == CLOCK_CANCELLED) {
        say_text(line,
                 TEXT_STOPPED_IS,
                 CTL_ARGS(name, ctl_text_in(line->ctl->language, TEXT_STATUS_CANCELLED)));
    } else if (clock->due_us != 0 && clock->paused_at_us != 0) {
        enum view_status status = clock->verdict == CLOCK_MET      ? VIEW_MET
                                  : clock->verdict == CLOCK_MISSED ? VIEW_BREACHED
                                                                   : VIEW_STOPPED;
        say_text(line, TEXT_STOPPED_IS, CTL_ARGS(name, view_status(line->ctl, status, text)));
    } else if (clock->due_us == 0) {
        say_text(line, TEXT_PAUSED_IS, CTL_ARGS(name));
    } else {
        say_text(line, TEXT_DUE_AT, CTL_ARGS(name, view_due(clock->due_us, text)));
    }
}

static void event_say(struct line line, const struct event *event)
{
    if (!event_kind_name(event->kind)) {
        return;
    }
    switch (event->service) {
    case SERVICE_INTAKE:
        say_received(&line, event);
        break;
    case SERVICE_TRIAGE:
        say_triaged(&line, &event->triaged);
        break;
    case SERVICE_DISPATCH:
        if (event->kind == EVENT_OPENED) {
            say_opened(&line, &event->opened);
        } else {
            say_advanced(&line, event);
        }
        break;
    case SERVICE_WATCHDOG:
        for (uint32_t i = 0; i < event->clocks.count; i++) {
            if (event->kind == EVENT_CLOCKS_REFUSED) { /* it goes on, or stands, as before */
                char name[VIEW_TEXT_MAX];
                say(&line, view_clock(line.ctl, line.policy, event->clocks.clocks[i].name, name));
            } else {
                say_clock(&line, &event->clocks.clocks[i]);
            }
        }
        break;
    default:
        break;
    }
}

void case_event_print(const struct ctl *ctl,
                      FILE *to,
                      const struct policy *policy,
                      const struct event *event)
{
    event_say((struct line){.ctl = ctl, .policy = policy, .to = to}, event);
}

void case_event_brief(const struct ctl *ctl,
                      FILE *to,
                      const struct case_view *view,
                      const struct event *event)
{
    event_say((struct line){.ctl = ctl,
                            .policy = view->policy,
                            .to = to,
                            .brief = true,
                            .erased = view->erased != NULL},
              event);
}
