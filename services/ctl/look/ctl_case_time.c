/* The life of a case for people: how long it stood in each step, and what happened, with all that
 * was filled in. */
#include "ctl_case.h"
#include "ctl_table.h"

enum {
    KIND_WIDTH = 15,
    KIND_WIDTH_MAX = 24,
    STEP_WIDTH = 34,
    SAID_MAX = 192, /* bytes shown at a time */
};

void case_title_print(const struct ctl *ctl, enum ctl_text id, int64_t at_us)
{
    char zone[VIEW_TEXT_MAX];
    (void)fprintf(ctl->out,
                  "\n%s%s%s  %s%s%s\n",
                  view_bold(ctl),
                  ctl_text_in(ctl->language, id),
                  view_color_end(ctl),
                  view_faint(ctl),
                  view_zone(at_us, zone),
                  view_color_end(ctl));
}

/* ---- steps ---- */

/* A case in a step: since when, until when, and by whom it left it. */
struct stay {
    struct slice step, actor, role;
    int64_t since_us, until_us;
};

static void stay_print(const struct ctl *ctl, const struct case_view *view, const struct stay *stay)
{
    char text[VIEW_TEXT_MAX];
    char step[VIEW_TEXT_MAX];
    char from[VIEW_TEXT_MAX];
    char length[VIEW_TEXT_MAX];
    char role[VIEW_TEXT_MAX];
    (void)view_fit(view_step(ctl, view->policy, stay->step, text), STEP_WIDTH, step);
    (void)view_duration(ctl, (stay->until_us - stay->since_us) / 1000000, text);
    (void)view_fit(text, KIND_WIDTH, length);
    (void)fprintf(ctl->out, "  %s  %s  ", view_time(stay->since_us, from), step);
    if (stay->actor.size == 0) {
        (void)fprintf(ctl->out, "%s\n", text);
        return;
    }
    (void)view_plain(stay->actor, text);
    (void)fprintf(ctl->out, "%s  ", length);
    if (stay->role.size > 0) {
        (void)case_role(ctl, view->policy, stay->role, role);
        ctl_format(ctl->out, ctl_text_in(ctl->language, TEXT_BY_ROLE), CTL_ARGS(text, role));
    } else {
        (void)fputs(text, ctl->out);
    }
    (void)fputc('\n', ctl->out);
}

struct slice case_step_entered(const struct event *event)
{
    const struct event_advanced *advanced = &event->advanced;
    if (event->service != SERVICE_DISPATCH || !event_kind_name(event->kind)) {
        return (struct slice){0};
    }
    if (event->kind == EVENT_OPENED) {
        return event->opened.step;
    }
    bool stays = slice_equal(advanced->from_step, advanced->to_step);
    return stays ? (struct slice){0} : advanced->to_step;
}

void case_steps_print(const struct ctl *ctl, const struct case_view *view)
{
    struct stay stay = {.since_us = 0};
    if (!view->policy || view->state.version == 0) {
        return;
    }
    case_title_print(ctl, TEXT_HEAD_STEPS, view->now_us);
    for (uint32_t i = 0; i < view->event_count; i++) {
        const struct event *event = &view->events[i];
        struct slice entered = case_step_entered(event);
        if (entered.size == 0) {
            continue;
        }
        if (event->kind != EVENT_OPENED) {
            stay.until_us = event->at_us;
            stay.actor = event->advanced.actor;
            stay.role = event->advanced.role;
            stay_print(ctl, view, &stay);
        }
        stay = (struct stay){.step = entered, .since_us = event->at_us};
    }
    if (view->state.closed_at_us == 0) {
        stay.until_us = view->now_us;
        stay_print(ctl, view, &stay);
    }
}

/* ---- timeline ---- */

void case_said_print(const struct ctl *ctl, struct slice said)
{
    const char *at = (const char *)said.bytes;
    const char *end = at ? at + said.size : at;
    while (at < end) {
        char line[VIEW_TEXT_MAX];
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t left = (size_t)((stop ? stop : end) - at);
        (void)fputs("      │ ", ctl->out);
        while (left > 0) {
            size_t part = left < SAID_MAX ? left : SAID_MAX;
            while (part < left && part > 1 && ((unsigned char)at[part] & 0xc0) == 0x80) {
                part--; /* never half a character */
            }
            (void)fputs(view_plain(slice_of(at, part), line), ctl->out);
            at += part;
            left -= part;
        }
        (void)fputc('\n', ctl->out);
        at++;
    }
}

/* What was filled in, a line a field; a long or broken one as it was written. */
static void
fields_print(const struct ctl *ctl, const struct case_view *view, const struct event *event)
{
    const struct policy *policy = view->policy;
    const struct event_advanced *told = &event->advanced;
    for (uint32_t i = 0; i < told->field_count; i++) {
        char title[VIEW_TEXT_MAX];
        char value[VIEW_TEXT_MAX] = "";
        struct slice bytes = told->fields[i].value;
        if (case_field_is_told(event, told->fields[i].name)) {
            continue;
        }
        bool whole = bytes.size < SAID_MAX && !memchr(bytes.bytes ? (const void *)bytes.bytes : "",
                                                      '\n',
                                                      bytes.bytes ? bytes.size : 0);
        (void)case_field_title(ctl, policy, told, told->fields[i].name, title);
        if (view->erased && told->fields[i].sealed.size > 0) {
            (void)view_text(ctl, TEXT_FIELD_ERASED, NULL, value);
        } else if (whole) {
            (void)case_field_value(ctl, policy, told, &told->fields[i], value);
        }
        (void)fputs("      ", ctl->out);
        ctl_format(ctl->out, ctl_text_in(ctl->language, TEXT_FIELD_IS), CTL_ARGS(title, value));
        (void)fputc('\n', ctl->out);
        if (!whole) {
            case_said_print(ctl, bytes);
        }
    }
}

const char *case_event_title(const struct ctl *ctl,
                             const struct policy *policy,
                             const struct event *event,
                             char into[VIEW_TEXT_MAX])
{
    bool acts = event->service == SERVICE_DISPATCH && event->kind != EVENT_OPENED &&
                event_kind_name(event->kind) != NULL && !event_is_of_personal_data(event->kind);
    bool moves = event->kind == EVENT_NOTED &&
                 !slice_equal(event->advanced.from_step, event->advanced.to_step);
    if (acts && case_action(ctl, policy, &event->advanced, into)[0] != '\0') {
        return into;
    }
    return moves ? ctl_text_in(ctl->language, TEXT_KIND_MOVED) : case_kind_text(ctl, event->kind);
}

/* Of the column of what happened: none of it is cut, and the few that are long stand out of it. */
static unsigned kind_width(const struct ctl *ctl, const struct case_view *view)
{
    unsigned widest = KIND_WIDTH;
    for (uint32_t i = 0; i < view->event_count; i++) {
        char text[VIEW_TEXT_MAX];
        size_t width = ctl_width(case_event_title(ctl, view->policy, &view->events[i], text));
        widest = width > widest && width <= KIND_WIDTH_MAX ? (unsigned)width : widest;
    }
    return widest;
}

void case_timeline_print(const struct ctl *ctl, const struct case_view *view)
{
    char at[VIEW_TEXT_MAX];
    char text[VIEW_TEXT_MAX];
    unsigned width = kind_width(ctl, view);
    case_title_print(ctl, TEXT_HEAD_TIMELINE, view->now_us);
    for (uint32_t i = 0; i < view->event_count; i++) {
        const struct event *event = &view->events[i];
        const char *kind = case_event_title(ctl, view->policy, event, text);
        size_t taken = ctl_width(kind);
        (void)fprintf(ctl->out,
                      "  %s%s%s  %s%*s  ",
                      view_faint(ctl),
                      view_time(event->at_us, at),
                      view_color_end(ctl),
                      kind,
                      taken < width ? (int)(width - taken) : 0,
                      "");
        case_event_brief(ctl, ctl->out, view, event);
        (void)fputc('\n', ctl->out);
        if (event->service == SERVICE_DISPATCH && event->kind != EVENT_OPENED &&
            event_kind_name(event->kind)) {
            fields_print(ctl, view, event);
        }
        if (view->said && !view->erased) {
            case_said_print(ctl, view->said[i]);
        }
    }
}
