/* `redress read`: what is sealed of a case, opened by dispatch once it is on record who reads it.
 */
#include "clock.h"
#include "ctl_case.h"
#include "ctl_desk.h"
#include "ctl_file.h"
#include "ctl_fill.h"
#include "ctl_meant.h"
#include "ctl_refusal.h"
#include "dispatch_core_read.h"
#include "scope.h"

#include <inttypes.h>

enum { TRIES = 3, WHAT_MAX = 512 };

struct reading {
    struct ctl *ctl;
    struct ctl_desk *desk;
    const struct case_view *view;
    struct ctl_command like;             /* who, why */
    json_t *opened, *recorded, *refused; /* with --json */
    uint64_t shown;                      /* the place of what was shown last */
    bool begun;
    bool failed; /* a place could not be opened */
};

static bool has_sealed(const struct event *event)
{
    if (event->kind == EVENT_RECEIVED) {
        return event->received.sealed_narrative.size > 0 || event->received.sealed_person.size > 0;
    }
    bool acted = event->service == SERVICE_DISPATCH && event->kind != EVENT_OPENED &&
                 event_kind_name(event->kind) != NULL;
    bool sealed = acted && event->advanced.sealed_note.size > 0;
    for (uint32_t i = 0; acted && !sealed && i < event->advanced.field_count; i++) {
        sealed = event->advanced.fields[i].sealed.size > 0;
    }
    return sealed;
}

static uint64_t place_of(const struct event *event)
{
    return event->kind == EVENT_RECEIVED ? DISPATCH_READ_COMPLAINT : event->seq;
}

static const struct event *event_at(const struct case_view *view, uint64_t place)
{
    for (uint32_t i = 0; i < view->event_count; i++) {
        const struct event *event = &view->events[i];
        if (has_sealed(event) && place_of(event) == place) {
            return event;
        }
    }
    return NULL;
}

/* ---- shown ---- */

static void head_show(struct reading *reading, uint64_t place)
{
    const struct ctl *ctl = reading->ctl;
    const struct event *event = event_at(reading->view, place);
    char title[VIEW_TEXT_MAX];
    char at[VIEW_TEXT_MAX];
    if (reading->begun && reading->shown == place) {
        return;
    }
    (void)fprintf(ctl->out,
                  "%s%s%s  %s%s%s\n",
                  view_bold(ctl),
                  event ? case_event_title(ctl, reading->view->policy, event, title) : "",
                  view_color_end(ctl),
                  view_faint(ctl),
                  event ? view_time(event->at_us, at) : "",
                  view_color_end(ctl));
    reading->begun = true;
    reading->shown = place;
}

/* What it is called: of the complaint a word of ours, of a form the policy's. */
static const char *name_of(const struct reading *reading,
                           const Redress__Command__V1__Unsealed *opened,
                           char into[VIEW_TEXT_MAX])
{
    static const struct {
        const char *name;
        enum ctl_text text;
    } names[] = {
        {"name",      TEXT_READ_NAME     },
        {"contact",   TEXT_READ_CONTACT  },
        {"reference", TEXT_READ_REFERENCE},
        {"demand",    TEXT_READ_DEMAND   },
    };
    struct slice name = slice_of(opened->name.data, opened->name.len);
    const struct event *event = event_at(reading->view, opened->place);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (slice_equal(name, slice_text(names[i].name))) {
            return ctl_text_in(reading->ctl->language, names[i].text);
        }
    }
    if (slice_equal(name, slice_text("field")) && event && event->kind != EVENT_RECEIVED) {
        return case_field_title(reading->ctl,
                                reading->view->policy,
                                &event->advanced,
                                slice_of(opened->field.data, opened->field.len),
                                into);
    }
    return ""; /* the text itself */
}

static void text_show(struct reading *reading, const Redress__Command__V1__Unsealed *opened)
{
    const struct ctl *ctl = reading->ctl;
    struct slice text = slice_of(opened->text.data, opened->text.len);
    char into[VIEW_TEXT_MAX];
    const char *name = name_of(reading, opened, into);
    char value[VIEW_TEXT_MAX];
    bool line = text.size < VIEW_TEXT_MAX && !memchr(text.bytes, '\n', text.size);
    head_show(reading, opened->place);
    if (name[0] != '\0') {
        (void)fputs("      ", ctl->out);
        ctl_format(ctl->out,
                   ctl_text_in(ctl->language, TEXT_FIELD_IS),
                   CTL_ARGS(name, line ? view_plain(text, value) : ""));
        (void)fputc('\n', ctl->out);
    }
    if (name[0] == '\0' || !line) {
        case_said_print(ctl, text);
    }
}

static json_t *place_json(uint64_t place)
{
    return place == DISPATCH_READ_COMPLAINT ? json_string("complaint")
                                            : json_integer((json_int_t)place);
}

static void text_add(struct reading *reading, const Redress__Command__V1__Unsealed *opened)
{
    json_t *object = json_object();
    (void)json_object_set_new(object, "place", place_json(opened->place));
    (void)json_object_set_new(
        object, "name", ctl_json_text(slice_of(opened->name.data, opened->name.len)));
    if (opened->field.len > 0) {
        (void)json_object_set_new(
            object, "field", ctl_json_text(slice_of(opened->field.data, opened->field.len)));
    }
    (void)json_object_set_new(
        object, "text", ctl_json_text(slice_of(opened->text.data, opened->text.len)));
    (void)json_array_append_new(reading->opened, object);
}

static void reply_show(struct reading *reading, const ctl_reply *reply)
{
    for (size_t i = 0; i < reply->n_unsealed; i++) {
        if (reading->ctl->json) {
            text_add(reading, reply->unsealed[i]);
        } else {
            text_show(reading, reply->unsealed[i]);
        }
    }
    if (reading->ctl->json) {
        (void)json_array_append_new(reading->recorded, json_integer((json_int_t)reply->seq));
    }
}

/* ---- asked ---- */

static struct slice what_write(const uint64_t *places, uint32_t count, char what[WHAT_MAX])
{
    size_t used = 0;
    for (uint32_t i = 0; i < count; i++) {
        const char *blank = i > 0 ? " " : "";
        bool complaint = places[i] == DISPATCH_READ_COMPLAINT;
        used +=
            (size_t)(complaint
                         ? snprintf(what + used, WHAT_MAX - used, "%scomplaint", blank)
                         : snprintf(what + used, WHAT_MAX - used, "%s%" PRIu64, blank, places[i]));
    }
    return slice_of((const uint8_t *)what, used);
}

/* An answer that was lost is not given again: it is on record, and what is asked anew will be. */
static int ask(const struct reading *reading, struct ctl_command *command, const ctl_reply **reply)
{
    int code = CTL_OK;
    *reply = NULL;
    for (int i = 0; i < TRIES && code == CTL_OK && (!*reply || ctl_reply_is(*reply, "repeated"));
         i++) {
        memset(command->id, 0, sizeof command->id);
        code = ctl_meant_ask(reading->ctl, reading->desk, command, reply);
    }
    return code;
}

/* Others asked for alone may be given. */
static bool is_of_places(const ctl_reply *reply)
{
    return ctl_reply_is(reply, "read_too_much") || ctl_reply_is(reply, "place_unknown") ||
           ctl_reply_is(reply, "unreadable");
}

static void place_refused(struct reading *reading, uint64_t place, const ctl_reply *reply)
{
    const struct ctl_refusal refusal = ctl_refusal_of(reading->view->policy, reply);
    char why[CTL_REFUSAL_MAX];
    reading->failed = true;
    ctl_note(reading->ctl, TEXT_READ_NOT, CTL_ARGS(ctl_refusal_say(reading->ctl, &refusal, why)));
    if (reading->ctl->json) {
        json_t *object = json_object();
        (void)json_object_set_new(object, "place", place_json(place));
        (void)json_object_set_new(
            object, "code", ctl_json_text(slice_of(reply->code.data, reply->code.len)));
        (void)json_array_append_new(reading->refused, object);
    }
}

/* Nothing may be read: why, and nothing of what else may be done. */
static int
refused(const struct reading *reading, const ctl_reply *reply, const struct ctl_command *command)
{
    struct ctl *ctl = reading->ctl;
    const struct policy *policy = reading->view->policy;
    struct slice role = slice_text(command->role);
    char why[CTL_REFUSAL_MAX];
    int code = ctl_reply_code(reply);
    bool known = policy && policy_role_index(policy, role) != POLICY_NONE;
    if (ctl->json || !known || code != CTL_FAILED) {
        code = ctl_reply_show(ctl, reply, command);
        return code == CTL_OK ? CTL_FAILED : code;
    }
    const struct ctl_refusal refusal = ctl_refusal_of(policy, reply);
    return ctl_fail(ctl, CTL_FAILED, TEXT_READ_NOT, CTL_ARGS(ctl_refusal_say(ctl, &refusal, why)));
}

/* These places, fewer at once where they are too much for one answer or one of them stands in the
 * way of the others. */
static int read_places(struct reading *reading, const uint64_t *places, uint32_t count)
{
    uint32_t at_once = count;
    while (count > 0) {
        char what[WHAT_MAX];
        uint32_t asked = at_once < count ? at_once : count;
        const ctl_reply *reply;
        struct ctl_command command = reading->like;
        command.fields[command.field_count++] =
            (struct ctl_field){"what", what_write(places, asked, what)};
        int code = ask(reading, &command, &reply);
        if (code != CTL_OK) {
            return code;
        }
        bool of_places = is_of_places(reply);
        if (of_places && asked > 1) {
            at_once = asked / 2;
            continue;
        }
        if (of_places) {
            place_refused(reading, places[0], reply);
        } else if (ctl_reply_code(reply) == CTL_OK && reply->n_unsealed > 0) {
            reply_show(reading, reply);
        } else {
            return refused(reading, reply, &command);
        }
        places += asked;
        count -= asked;
    }
    return CTL_OK;
}

static int read_all(struct reading *reading)
{
    const struct case_view *view = reading->view;
    uint64_t places[DISPATCH_READ_MAX];
    uint32_t count = 0;
    bool any = false;
    int code = CTL_OK;
    for (uint32_t i = 0; i < view->event_count && code == CTL_OK; i++) {
        if (!has_sealed(&view->events[i])) {
            continue;
        }
        any = true;
        places[count++] = place_of(&view->events[i]);
        if (count == DISPATCH_READ_MAX) {
            code = read_places(reading, places, count);
            count = 0;
        }
    }
    if (code == CTL_OK && (count > 0 || !any)) {
        places[0] = any ? places[0] : DISPATCH_READ_COMPLAINT; /* dispatch says why not */
        code = read_places(reading, places, any ? count : 1);
    }
    return code;
}

static int who(const struct ctl *ctl, struct ctl_command *command)
{
    const char *reason = NULL;
    int code = ctl_file_option(ctl, "reason", CTL_FILL_TEXT_MAX, &reason);
    command->action = "read";
    command->actor = ctl_option_text(ctl, "as");
    command->role = ctl_option_text(ctl, "role");
    if (reason) {
        command->fields[command->field_count++] = (struct ctl_field){"reason", slice_text(reason)};
    }
    return code != CTL_OK ? code
           : command->actor && command->role
               ? CTL_OK
               : ctl_fail(ctl, CTL_USAGE, TEXT_WHO_NEEDED, CTL_ARGS(ctl->verb->name));
}

int ctl_read(struct ctl *ctl)
{
    SCOPED(case_done) struct case_view view = {.now_us = clock_now_us()};
    SCOPED(ctl_desk_free) struct ctl_desk *desk = NULL;
    SCOPED(view_policies_free) struct view_policies *policies = view_policies_new(ctl);
    struct reading reading = {.ctl = ctl, .view = &view};
    int code = who(ctl, &reading.like);
    code = code == CTL_OK ? case_read(ctl, ctl_argument(ctl, 0), policies, &view) : code;
    if (code == CTL_OK) {
        reading.like.case_id = view.case_id;
        view_zone_take(view_policy_zone(view.policy));
        code = ctl_desk_open(ctl, ctl_option_number(ctl, "timeout"), &desk);
    }
    if (code != CTL_OK) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer does not know of SCOPED */
        return code;
    }
    reading.desk = desk;
    reading.opened = json_array();
    reading.recorded = json_array();
    reading.refused = json_array();
    code = read_all(&reading);
    bool told = code == CTL_OK || json_array_size(reading.opened) > 0; /* else why not was */
    if (ctl->json && told) {
        json_t *value = json_pack("{s:I, s:O, s:O, s:O, s:o}",
                                  "case",
                                  (json_int_t)view.case_id,
                                  "recorded",
                                  reading.recorded,
                                  "opened",
                                  reading.opened,
                                  "refused",
                                  reading.refused,
                                  "altered",
                                  case_altered_json(&view));
        ctl_print_json(ctl, &value);
    }
    json_decref(reading.opened);
    json_decref(reading.recorded);
    json_decref(reading.refused);
    int vouched = case_vouch(ctl, &view); /* when each was written, and as what */
    code = code == CTL_OK ? vouched : code;
    return code == CTL_OK && reading.failed ? CTL_FAILED : code;
}
