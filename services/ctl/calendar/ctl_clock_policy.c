/* A case of another product's tests, said as a policy; see ctl_clock.h. */
#include "ctl_clock.h"
#include "scope.h"

#include <limits.h>

const char *const sla_metrics[SLA_METRICS] = {
    "first_response", "next_response", "resolution", "periodic_update"};

static const json_t *policy_of(const struct sla_case *sla)
{
    return json_object_get(sla->row, "policy");
}

static const json_t *semantics_of(const struct sla_case *sla)
{
    return json_object_get(sla->row, "semantics");
}

bool sla_lists(const json_t *list, const char *text)
{
    for (size_t i = 0; text && i < json_array_size(list); i++) {
        const char *entry = json_string_value(json_array_get(list, i));
        if (entry && strcmp(entry, text) == 0) {
            return true;
        }
    }
    return false;
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* ---- reading ------------------------------------------------------------------------------ */

static bool add_state(struct sla_case *sla, const char *state)
{
    for (unsigned i = 0; i < sla->state_count; i++) {
        if (!state || strcmp(sla->states[i], state) == 0) {
            return true;
        }
    }
    if (!state) {
        return true;
    }
    if (sla->state_count == SLA_STATES_MAX) {
        return false;
    }
    sla->states[sla->state_count++] = state;
    return true;
}

static bool add_states(struct sla_case *sla, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!add_state(sla, json_string_value(json_array_get(list, i)))) {
            return false;
        }
    }
    return true;
}

/* Steps exist for all states that are spoken of, so that a set of them is never empty by mistake.
 */
static bool states_read(struct sla_case *sla)
{
    const json_t *events = json_object_get(sla->row, "events");
    bool fits = add_states(sla, json_object_get(policy_of(sla), "pause_states")) &&
                add_states(sla, json_object_get(semantics_of(sla), "closed_states"));
    for (int i = 0; i < SLA_METRICS; i++) {
        const json_t *running = json_object_get(policy_of(sla), "running_states");
        const json_t *ignored = json_object_get(semantics_of(sla), "ignored_states");
        fits = fits && add_states(sla, json_object_get(running, sla_metrics[i])) &&
               add_states(sla, json_object_get(ignored, sla_metrics[i]));
    }
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        fits =
            fits && add_state(sla, text_of(event, "state")) && add_state(sla, text_of(event, "to"));
    }
    return fits;
}

static bool add_variant(struct sla_case *sla, const json_t *event, const char *type)
{
    if (sla->variant_count == SLA_VARIANTS_MAX || sla->calendar_count == SLA_VARIANTS_MAX) {
        return false;
    }
    struct sla_variant next = sla->variants[sla->variant_count - 1];
    const json_t *targets = json_object_get(event, "targets");
    const json_t *calendar = json_object_get(event, "calendar");
    if (strcmp(type, "policy_attached") == 0) {
        next.targets = targets ? targets : json_object_get(policy_of(sla), "targets");
    } else if (strcmp(type, "policy_change") == 0) {
        next.targets = json_is_object(targets) ? targets : NULL;
    }
    if (json_is_object(calendar)) {
        next.calendar = sla->calendar_count;
        sla->calendars[sla->calendar_count++] = calendar;
    }
    sla->variants[sla->variant_count++] = next;
    return true;
}

static bool is_change(const char *type)
{
    return type && (strcmp(type, "policy_change") == 0 || strcmp(type, "calendar_change") == 0 ||
                    strcmp(type, "policy_attached") == 0);
}

bool sla_read(const json_t *row, struct sla_case *sla, struct error *error)
{
    const json_t *events = json_object_get(row, "events");
    *sla = (struct sla_case){.row = row, .calendar_count = 1, .variant_count = 1};
    sla->calendars[0] = json_object_get(row, "calendar");
    sla->variants[0].targets = json_object_get(policy_of(sla), "targets");
    if (!json_is_object(sla->variants[0].targets) || !json_is_object(sla->calendars[0])) {
        return error_set(error, ERROR_REJECT, "no policy.targets, or no calendar");
    }
    if (json_array_size(events) == 0 || json_array_size(json_object_get(row, "checks")) == 0) {
        return error_set(error, ERROR_REJECT, "events and checks have to be lists, not empty");
    }
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        const char *type = text_of(event, "type");
        if (type && strcmp(type, "policy_attached") == 0) {
            const char *from = text_of(event, "clock_from");
            sla->is_attached = true;
            sla->from_attached = from && strcmp(from, "attached") == 0;
            sla->variants[0].targets = NULL;
        }
    }
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        const char *type = text_of(event, "type");
        if (is_change(type) && !add_variant(sla, event, type)) {
            return error_set(error, ERROR_REJECT, "more changes than %d", SLA_VARIANTS_MAX - 1);
        }
    }
    return states_read(sla) ||
           error_set(error, ERROR_REJECT, "more states than %d", SLA_STATES_MAX);
}

const char *sla_step(const struct sla_case *sla, const char *state, char into[SLA_STEP_SIZE])
{
    into[0] = '\0';
    for (unsigned i = 0; state && i < sla->state_count; i++) {
        if (strcmp(sla->states[i], state) == 0) {
            (void)snprintf(into, SLA_STEP_SIZE, "s%u", i);
        }
    }
    return into;
}

/* ---- writing ------------------------------------------------------------------------------ */

static bool is_closed(const struct sla_case *sla, unsigned state)
{
    return sla_lists(json_object_get(semantics_of(sla), "closed_states"), sla->states[state]);
}

/* A text as YAML takes it, whatever is in it: JSON's quotes are YAML's. */
static void write_text(FILE *out, const char *text)
{
    json_t *value = json_string(text ? text : "");
    char *quoted = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII) : NULL;
    (void)fputs(quoted ? quoted : "\"\"", out);
    free(quoted);
    json_decref(value);
}

#define REOPEN "reopen: {title: x, fact: reopened, by: agent, to: begin}"

static void write_way(FILE *out, const char *id, unsigned index, const char *fact, const char *to)
{
    (void)fprintf(
        out, "      %s%u: {title: x, fact: %s, by: agent, to: %s}\n", id, index, fact, to);
}

static void write_steps(const struct sla_case *sla, FILE *out)
{
    unsigned closed = 0;
    (void)fputs("steps:\n  begin:\n    title: x\n    phase: receipt\n    owner: agent\n"
                "    actions:\n      end: {title: x, fact: closed, by: agent, to: end}\n",
                out);
    char to[SLA_STEP_SIZE] = "";
    for (unsigned i = 0; i < sla->state_count; i++) {
        if (is_closed(sla, i)) {
            (void)sla_step(sla, sla->states[i], to);
            write_way(out, "close", closed++, "closed", to);
        }
    }
    unsigned open = UINT_MAX; /* the open states form a chain: all can be reached */
    for (unsigned i = 0; i < sla->state_count; i++) {
        if (is_closed(sla, i)) {
            continue;
        }
        (void)sla_step(sla, sla->states[i], to);
        write_way(out, "go", i, "noted", to);
        (void)fprintf(out,
                      "  %s:\n    title: x\n    phase: receipt\n    owner: agent\n    actions:\n"
                      "      end: {title: x, fact: closed, by: agent, to: end}\n",
                      to);
        open = i;
    }
    if (open == UINT_MAX) {
        write_way(out, "stay", 0, "noted", "begin");
    }
    for (unsigned i = 0; i < sla->state_count; i++) {
        if (is_closed(sla, i)) {
            (void)fprintf(out,
                          "  %s: {title: x, phase: closed, owner: agent, actions: {" REOPEN "}}\n",
                          sla_step(sla, sla->states[i], to));
        }
    }
    (void)fputs("  end: {title: x, phase: closed, owner: agent, actions: {" REOPEN "}}\n"
                "everywhere:\n"
                "  contact: {title: x, fact: contacted, by: agent}\n"
                "  hear: {title: x, fact: customer_wrote, by: agent}\n"
                "  classify: {title: x, fact: classified, by: agent}\n"
                "opening: {step: begin, unsure-step: begin, unsure-queue: q}\n",
                out);
}

static void write_spans(const json_t *list, FILE *out)
{
    (void)fputc('[', out);
    for (size_t i = 0; i < json_array_size(list); i++) {
        char span[32];
        const char *open = json_string_value(json_array_get(json_array_get(list, i), 0));
        const char *close = json_string_value(json_array_get(json_array_get(list, i), 1));
        (void)snprintf(span, sizeof span, "%.10s-%.10s", open ? open : "", close ? close : "");
        (void)fputs(i > 0 ? ", " : "", out);
        write_text(out, span);
    }
    (void)fputs("]", out);
}

static void write_dated(json_t *dates, const char *key, FILE *out)
{
    const char *date;
    json_t *list;
    if (json_object_size(dates) == 0) {
        return;
    }
    (void)fprintf(out, "    %s:\n", key);
    json_object_foreach(dates, date, list)
    {
        (void)fputs("      ", out);
        write_text(out, date);
        (void)fputs(": ", out);
        write_spans(list, out);
        (void)fputc('\n', out);
    }
}

static void write_calendar(const json_t *calendar, unsigned index, FILE *out)
{
    const char *day;
    json_t *list;
    const json_t *holidays = json_object_get(calendar, "holidays");
    (void)fprintf(out, "  c%u:\n    zone: ", index);
    write_text(out, text_of(calendar, "timezone"));
    (void)fputs("\n    hours:\n", out);
    json_object_foreach(json_object_get(calendar, "hours"), day, list)
    {
        if (json_array_size(list) > 0) {
            (void)fprintf(out, "      %.3s: ", day);
            write_spans(list, out);
            (void)fputc('\n', out);
        }
    }
    if (json_array_size(holidays) > 0) {
        (void)fputs("    closed: [", out);
        for (size_t i = 0; i < json_array_size(holidays); i++) {
            (void)fputs(i > 0 ? ", " : "", out);
            write_text(out, json_string_value(json_array_get(holidays, i)));
        }
        (void)fputs("]\n", out);
    }
    write_dated(json_object_get(calendar, "shifts"), "open", out);
    write_dated(json_object_get(calendar, "breaks"), "breaks", out);
}

static const json_t *target_of(const struct sla_variant *variant, const char *metric)
{
    const json_t *target = variant->targets ? json_object_get(variant->targets, metric) : NULL;
    return json_is_object(target) ? target : NULL;
}

static void write_target(const struct sla_variant *variant, const char *metric, FILE *out)
{
    const json_t *target = target_of(variant, metric);
    const json_t *days = json_object_get(target, "business_days");
    long long count = json_integer_value(days ? days : json_object_get(target, "seconds"));
    bool end = days && json_is_true(json_object_get(target, "end_of_day"));
    (void)fprintf(out,
                  "within: %lld business %s%s",
                  count,
                  days ? "days" : "seconds",
                  end ? ", end-of-day: yes" : "");
}

static void
write_state_set(const struct sla_case *sla, const char *key, const json_t *list, FILE *out)
{
    char step[SLA_STEP_SIZE];
    if (json_array_size(list) == 0) {
        return;
    }
    (void)fprintf(out, ", %s: [", key);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *state = json_string_value(json_array_get(list, i));
        (void)fprintf(out, "%s%s", i > 0 ? ", " : "", sla_step(sla, state, step));
    }
    (void)fputc(']', out);
}

/* The first warning of a metric after last; LLONG_MAX when there is none. */
static long long
next_warning(const json_t *warnings, const char *metric, long long last, bool *days)
{
    long long next = LLONG_MAX;
    for (size_t i = 0; i < json_array_size(warnings); i++) {
        const json_t *warning = json_array_get(warnings, i);
        const char *of = text_of(warning, "metric");
        const json_t *dates = json_object_get(warning, "business_days");
        long long value = json_integer_value(dates ? dates : json_object_get(warning, "seconds"));
        bool ours = (!of || strcmp(of, metric) == 0) && value != 0;
        if (ours && value > last && value < next) {
            next = value;
            *days = dates != NULL;
        }
    }
    return next;
}

static void write_warning(long long after, bool days, FILE *out)
{
    (void)fprintf(out,
                  "{%s: %lld business %s %s}",
                  after < 0 ? "warn" : "escalate",
                  after < 0 ? -after : after,
                  days ? "days" : "seconds",
                  after < 0 ? "before" : "after");
}

/* Warnings in the order in which they come due, the breach among them. */
static void write_levels(const struct sla_case *sla, const char *metric, FILE *out)
{
    const json_t *warnings = json_object_get(policy_of(sla), "warnings");
    const char *comma = "";
    bool breach = false;
    bool days = false;
    long long next = LLONG_MIN;
    (void)fputs(", levels: [", out);
    do {
        next = next_warning(warnings, metric, next, &days);
        if (!breach && next > 0) {
            (void)fprintf(out, "%s{breach: due}", comma);
            breach = true;
            comma = ", ";
        }
        if (next != LLONG_MAX) {
            (void)fputs(comma, out);
            write_warning(next, days, out);
            comma = ", ";
        }
    } while (next != LLONG_MAX);
    (void)fputc(']', out);
}

static void write_switches(const struct sla_case *sla, const char *metric, FILE *out)
{
    const json_t *policy = policy_of(sla);
    const json_t *semantics = semantics_of(sla);
    const json_t *running = json_object_get(json_object_get(policy, "running_states"), metric);
    const json_t *applies = json_object_get(policy, "pause_applies_to");
    const json_t *cleared = json_object_get(semantics, "due_cleared_when");
    const char *tie = text_of(semantics, "tie");
    if (running) {
        write_state_set(sla, "runs-in", running, out);
    } else if (!json_is_array(applies) || sla_lists(applies, metric)) {
        write_state_set(sla, "pauses-in", json_object_get(policy, "pause_states"), out);
    }
    write_state_set(sla,
                    "due-hidden-in",
                    json_object_get(json_object_get(semantics, "ignored_states"), metric),
                    out);
    if (tie && strcmp(tie, "start_of_next") == 0) {
        (void)fputs(", on-boundary: opening", out);
    }
    (void)fputs(", due-cleared-when: [", out);
    for (size_t i = 0; i < json_array_size(cleared); i++) {
        (void)fputs(i > 0 ? ", " : "", out);
        write_text(out, json_string_value(json_array_get(cleared, i)));
    }
    (void)fputc(']', out);
}

/* Which facts start and stop the clock of a metric. */
static void write_facts(int index, const char *start, FILE *out)
{
    switch (index) {
    case 0:
        (void)fprintf(out, "%s], stops: [contacted]", start);
        break;
    case 1:
        (void)fputs("customer_wrote], stops: [contacted]", out);
        break;
    case 2:
        (void)fprintf(out, "%s], stops: [closed]", start);
        break;
    default: /* a word every n, as long as no answer is owed */
        (void)fprintf(out, "%s], stops: [customer_wrote], rearms-at: [contacted]", start);
    }
}

/* The variants that have this target, the first of them as the clock's own. */
static void write_targets(const struct sla_case *sla, const char *metric, unsigned first, FILE *out)
{
    (void)fputs(", when: {classes: [", out);
    for (unsigned i = 0, told = 0; i < sla->variant_count; i++) {
        if (target_of(&sla->variants[i], metric)) {
            (void)fprintf(out, "%sv%u", told++ > 0 ? ", " : "", i);
        }
    }
    (void)fputs("]},\n    ", out);
    write_target(&sla->variants[first], metric, out);
    (void)fprintf(out, ", calendar: c%u", sla->variants[first].calendar);
    unsigned others = 0;
    for (unsigned i = first + 1; i < sla->variant_count; i++) {
        if (target_of(&sla->variants[i], metric)) {
            (void)fprintf(
                out, "%s\n      {when: {classes: v%u}, ", others++ == 0 ? ", targets: [" : ",", i);
            write_target(&sla->variants[i], metric, out);
            (void)fprintf(out, ", calendar: c%u}", sla->variants[i].calendar);
        }
    }
    (void)fputs(others > 0 ? "]" : "", out);
}

static void write_clock(const struct sla_case *sla, int index, FILE *out)
{
    const char *metric = sla_metrics[index];
    const char *start = sla->from_attached ? "assigned" : "opened";
    unsigned first = 0;
    while (first < sla->variant_count && !target_of(&sla->variants[first], metric)) {
        first++;
    }
    if (first == sla->variant_count) {
        return;
    }
    (void)fprintf(out, "  %s: {title: x, starts: [", metric);
    write_facts(index, start, out);
    write_targets(sla, metric, first, out);
    write_switches(sla, metric, out);
    write_levels(sla, metric, out);
    (void)fputs("}\n", out);
}

void sla_policy_write(const struct sla_case *sla, FILE *out)
{
    (void)fputs("policy: case\nversion: 1\ntitle: x\ncapacity: 1\nrepeat-window: 1 days\n"
                "reopen-window: 1 days\nroles: [agent]\nchannels: {any: {title: x}}\n"
                "taxonomy: {any: {title: x, patterns: [x]}}\nclasses:\n",
                out);
    for (unsigned i = 0; i + 1 < sla->variant_count; i++) {
        (void)fprintf(out, "  v%u: {title: x, from: %u, priority: 3}\n", i, 100 - i);
    }
    (void)fprintf(out,
                  "  v%u: {title: x, priority: 3}\nqueues: {q: {title: x}}\nroutes: [{queue: q}]\n",
                  sla->variant_count - 1);
    write_steps(sla, out);
    (void)fputs("calendars:\n", out);
    for (unsigned i = 0; i < sla->calendar_count; i++) {
        write_calendar(sla->calendars[i], i, out);
    }
    (void)fputs("clocks:\n", out);
    for (int i = 0; i < SLA_METRICS; i++) {
        write_clock(sla, i, out);
    }
}
