/* Who handled the earlier complaints of a customer: read when his next one is opened in a step that
 * is kept for him. */
#include "dispatch_core_fit.h"
#include "dispatch_shell.h"
#include "dispatch_store_more.h"

/* The step a case of this event opens in; NULL: the event opens none, or its policy is unknown. */
static const struct policy_step *
opens_in(struct dispatch *dispatch, const struct event *event, const struct policy **policy)
{
    bool opens = event->kind == EVENT_TRIAGED || event->kind == EVENT_TRIAGE_ASKED;
    *policy = opens ? dispatch_policy(dispatch, event->triaged.policy_id) : NULL;
    uint16_t step = !*policy                            ? POLICY_NONE
                    : event->kind == EVENT_TRIAGE_ASKED ? (*policy)->triage_step
                                                        : (*policy)->first_step;
    return step != POLICY_NONE ? &(*policy)->steps[step] : NULL;
}

void related_want(struct dispatch *dispatch, const struct event *event)
{
    const struct policy *policy;
    bool opens = event->kind == EVENT_TRIAGED || event->kind == EVENT_TRIAGE_ASKED;
    if (!opens || event->triaged.related_count == 0) {
        return;
    }
    const struct policy_step *step = opens_in(dispatch, event, &policy);
    for (uint32_t i = 0; step && step->affinity_s > 0 && i < event->triaged.related_count &&
                         dispatch->related_count < DISPATCH_RELATED_MAX;
         i++) {
        dispatch->related[dispatch->related_count++] =
            (struct related){.case_id = event->triaged.related[i]};
    }
}

bool related_lookup(struct dispatch *dispatch, struct pg *pg)
{
    static struct pg_array ids;
    if (dispatch->related_count == 0) {
        return false;
    }
    pg_array_begin(&ids, PG_INT8);
    for (uint32_t i = 0; i < dispatch->related_count; i++) {
        pg_array_int8(&ids, (int64_t)dispatch->related[i].case_id);
    }
    pg_call(pg, "dispatch_related");
    pg_bind_array(pg, &ids);
    return true;
}

static void name_take(struct slice from, char into[DISPATCH_AGENT_MAX])
{
    (void)snprintf(into, DISPATCH_AGENT_MAX, "%.*s", (int)from.size, (const char *)from.bytes);
}

/* Who has the case, else who had it. */
static void row_take(struct dispatch *dispatch, const PGresult *rows, int row, struct related *into)
{
    const struct policy *policy = dispatch_policy(dispatch, (uint32_t)pg_int4(rows, row, 1));
    struct dispatch_more more;
    name_take(pg_bytes(rows, row, 2), into->handler);
    name_take(pg_bytes(rows, row, 3), into->role);
    if (into->handler[0] == '\0' && policy && dispatch_more_unpack(pg_bytes(rows, row, 4), &more) &&
        more.handler_role > 0 && more.handler_role <= policy->role_count) {
        name_take(slice_text(more.handler), into->handler);
        name_take(slice_text(policy->roles[more.handler_role - 1]), into->role);
    }
}

void related_looked_up(struct dispatch *dispatch, const PGresult *rows)
{
    for (int row = 0; row < PQntuples(rows); row++) {
        for (uint32_t i = 0; i < dispatch->related_count; i++) {
            if (dispatch->related[i].case_id == (uint64_t)pg_int8(rows, row, 0)) {
                row_take(dispatch, rows, row, &dispatch->related[i]);
            }
        }
    }
}

struct slice related_handler(struct dispatch *dispatch, const struct event *event)
{
    const struct policy *policy;
    const struct policy_step *step = opens_in(dispatch, event, &policy);
    if (!step || step->affinity_s == 0) {
        return slice_of(NULL, 0);
    }
    for (uint32_t n = 0; n < event->triaged.related_count; n++) { /* the newest first */
        for (uint32_t i = 0; i < dispatch->related_count; i++) {
            const struct related *related = &dispatch->related[i];
            if (related->case_id == event->triaged.related[n] && related->handler[0] != '\0' &&
                strcmp(related->role, policy->roles[step->owner_role]) == 0) {
                return slice_text(related->handler);
            }
        }
    }
    return slice_of(NULL, 0);
}
