/* Who works here, as the archive has it: read anew when a version is applied, within a second. */
#include "clock.h"
#include "dispatch_shell.h"
#include "log.h"
#include "org_load.h"

enum {
    YEARS_BACK = 1, /* shifts are compiled for */
    YEARS_AHEAD = 2,
    US = 1000000,
};

const struct org *people_org(const struct dispatch *dispatch)
{
    return dispatch->org ? &dispatch->org->org : NULL;
}

void people_close(struct dispatch *dispatch)
{
    org_object_free(&dispatch->org);
}

int32_t capacity_default(const struct dispatch *dispatch, const struct policy *policy)
{
    /* the newest version's: it is about the person, not about the version a case is pinned to */
    const struct policy_object *newest = policy_book_by_name(
        service_policies(dispatch->service), slice_text(policy->name), clock_monotonic_us());
    return newest ? newest->policy.capacity : policy->capacity;
}

int32_t
people_capacity(const struct dispatch *dispatch, const struct policy *policy, struct slice name)
{
    const struct org_agent *agent = dispatch->org ? org_find(&dispatch->org->org, name) : NULL;
    return agent && agent->capacity >= 0 ? agent->capacity : capacity_default(dispatch, policy);
}

bool people_slot_is_stale(const struct dispatch *dispatch, struct slice name, int32_t capacity)
{
    const struct org_agent *agent = dispatch->org ? org_find(&dispatch->org->org, name) : NULL;
    return agent && agent->capacity >= 0 && agent->capacity != capacity;
}

static bool is_unreadable(const struct dispatch *dispatch)
{
    return !dispatch->org && dispatch->org_bad > dispatch->org_version;
}

bool people_postpone(const struct asked *asked)
{
    bool unreadable = is_unreadable(asked->dispatch);
    if (unreadable) {
        claim_refused(asked->dispatch, asked->command);
        desk_postpone(asked, "org_unreadable", "the organisation that holds cannot be read");
    }
    return unreadable;
}

/* ---- reading it ---- */

void people_bind(const struct dispatch *dispatch, struct pg *pg)
{
    pg_call(pg, "dispatch_org");
    pg_bind_int4(pg, dispatch->org_version);
}

bool people_lookup(struct dispatch *dispatch, struct pg *pg)
{
    if (dispatch->org_read) {
        return false;
    }
    people_bind(dispatch, pg);
    return true;
}

/* The command reads a version with the same loader before it is applied: one that cannot be read
 * was applied by a newer program than this, or by an older. */
static bool version_take(struct dispatch *dispatch, int32_t version, struct slice source)
{
    char year_text[CLOCK_TEXT_SIZE];
    char name[32];
    if (source.size == 0) { /* taken back: see redress org clear */
        org_object_free(&dispatch->org);
        dispatch->org_version = version;
        log_info("no organisation holds any more", LOG_NUMBER("version", version));
        return true;
    }
    struct policy_report report;
    clock_text(service_now_us(dispatch->service), year_text);
    int year = (int)strtol(year_text, NULL, 10);
    (void)snprintf(name, sizeof name, "org@%d", version);
    struct org_object *object =
        org_load(name, source, year - YEARS_BACK, year + YEARS_AHEAD, &report);
    if (object) {
        org_object_free(&dispatch->org);
        dispatch->org = object;
        object->org.version = (uint32_t)version;
        dispatch->org_version = version;
        (void)snprintf(object->org.version_text, sizeof object->org.version_text, "%d", version);
        log_info("an organisation holds", LOG_TEXT("version", name));
    } else if (dispatch->org_bad != version) {
        log_error("an organisation cannot be read",
                  LOG_TEXT("version", name),
                  LOG_TEXT("why", report.text ? report.text : "out of memory"),
                  LOG_TEXT("effect",
                           dispatch->org ? "the one before holds, until a restart"
                                         : "none is known from before: no command is taken"),
                  LOG_TEXT("do",
                           "redress org apply the file anew, corrected as org diff asks; this one "
                           "is read again now and then, for it may have been want of memory"));
        dispatch->org_bad = version;
        dispatch->org_again_us = dispatch->org_pause_us = 0;
    }
    policy_report_done(&report);
    return object != NULL;
}

/* What queued cases ask follows from who works here: Redis is told under this version from now on,
 * anew where it is ours. */
static void shares_follow(struct dispatch *dispatch, bool first)
{
    struct projection *projection = projector_projection(dispatch->projector);
    projection_told_under(projection, (uint32_t)dispatch->org_version);
    for (uint32_t p = 0; p < service_partitions(dispatch->service); p++) {
        if (service_serves(dispatch->service, p) && first) {
            projector_own(dispatch->projector, p);
        } else if (service_serves(dispatch->service, p)) {
            projection_rebuild(projection, SERVICE_DISPATCH, p);
        }
    }
}

void people_serving(struct dispatch *dispatch, uint32_t partition)
{
    if (dispatch->org_read) {
        projector_own(dispatch->projector, partition);
    }
}

/* One that could not be read may be long, and reading it keeps everything else waiting. */
static bool is_time_for(struct dispatch *dispatch, int32_t version)
{
    enum { FIRST_US = 500000, LONGEST_US = 60000000 };
    int64_t now_us = clock_monotonic_us();
    if (dispatch->org_bad != version) {
        return true;
    }
    if (now_us < dispatch->org_again_us) {
        return false;
    }
    int64_t pause_us = dispatch->org_pause_us == 0 ? FIRST_US : 2 * dispatch->org_pause_us;
    dispatch->org_pause_us = pause_us < LONGEST_US ? pause_us : LONGEST_US;
    dispatch->org_again_us = now_us + dispatch->org_pause_us;
    return true;
}

void people_looked_up(struct dispatch *dispatch, const PGresult *rows)
{
    bool first = !dispatch->org_read;
    bool newer = PQntuples(rows) > 0 && is_time_for(dispatch, pg_int4(rows, 0, 0)) &&
                 version_take(dispatch, pg_int4(rows, 0, 0), pg_bytes(rows, 0, 1));
    dispatch->org_read = true;
    if (first || newer) {
        shares_follow(dispatch, first);
    }
}

/* ---- saying why not ---- */

/* The newest version of that of "POLICY/QUEUE": which one its cases are pinned to is not known yet.
 * NULL: there is none, or no such queue was named. */
static const struct policy *policy_of_queue(const struct asked *asked)
{
    const Redress__Command__V1__Claim *claim = asked->command->claim;
    bool named = claim->has_queue && claim->queue.len > 0; /* of none data is NULL */
    const uint8_t *slash = named ? memchr(claim->queue.data, '/', claim->queue.len) : NULL;
    const struct policy_object *newest =
        slash
            ? policy_book_by_name(service_policies(asked->dispatch->service),
                                  slice_of(claim->queue.data, (size_t)(slash - claim->queue.data)),
                                  clock_monotonic_us())
            : NULL;
    return newest ? &newest->policy : NULL;
}

bool people_refuse(const struct asked *asked)
{
    const Redress__Command__V1__Command *command = asked->command;
    const struct org *org = people_org(asked->dispatch);
    struct slice actor = slice_of(command->actor.data, command->actor.len);
    struct slice role = slice_of(command->role.data, command->role.len);
    struct slice stands_for;
    int64_t until_s = 0;
    if (!org) {
        return false;
    }
    const struct policy *policy = policy_of_queue(asked);
    enum org_verdict verdict = org_admits(
        org, policy, actor, role, cycle_now_us(asked->cycle) / US, &stands_for, &until_s);
    bool unheld = verdict == ORG_ROLE_UNHELD;
    if (verdict == ORG_ADMITS || (unheld && !policy)) { /* what is wrong then is the queue */
        return false;
    }
    const struct dispatch_reason reason = {.about = unheld ? role : actor,
                                           .title = unheld ? policy_role_title(policy, role) : NULL,
                                           .until_us = until_s * US};
    desk_refuse_as(asked, dispatch_answer_of_people(verdict), &reason);
    return true;
}

struct slice people_about(const struct policy *policy,
                          const struct dispatch_input *input,
                          enum dispatch_answer answered,
                          struct slice field,
                          int64_t *until_us)
{
    struct slice stands_for;
    int64_t until_s = 0;
    if (!input->org || answered < DISPATCH_PERSON_UNKNOWN || answered > DISPATCH_OFF_SHIFT) {
        return field;
    }
    struct slice who = input->actor;
    (void)org_admits(
        input->org, policy, who, input->role, input->now_us / US, &stands_for, &until_s);
    for (uint32_t i = 0; field.size > 0 && i < input->field_count; i++) {
        if (slice_equal(input->fields[i].name, field)) { /* it is about who would be given it */
            who = input->fields[i].value;
            (void)org_may_be_given(input->org, who, input->now_us / US, &until_s);
        }
    }
    *until_us = until_s * US;
    return who.size < DISPATCH_AGENT_MAX ? who : field;
}
