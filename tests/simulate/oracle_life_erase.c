/* Erasing, for the model of lives: the policy's times and the hold are counted here anew, from the
 * events alone. */
#include "oracle_life_private.h"

enum { DAY_S = 86400 };

struct refusal {
    char because[POLICY_NAME_MAX], ground[POLICY_NAME_MAX];
    char actor[POLICY_NAME_MAX], role[POLICY_NAME_MAX];
};

/* What was refused since anything else happened. */
static struct told {
    unsigned count;
    struct refusal refusals[DISPATCH_REFUSED_MAX];
} told[PARTITIONS][CASES_MAX];

void life_erasing_begin(void)
{
    memset(told, 0, sizeof told);
}

static void field_name(const struct event_advanced *advanced, const char *id, char name[])
{
    name[0] = '\0';
    for (uint32_t i = 0; i < advanced->field_count; i++) {
        if (slice_equal(advanced->fields[i].name, slice_text(id))) {
            life_name(name, advanced->fields[i].value);
        }
    }
}

static bool may_be_reopened(const struct doing *doing)
{
    int64_t last_s = doing->life->closed_at_us / SECOND + doing->policy->reopen_days * DAY_S;
    return doing->at_us < (last_s + 1) * SECOND;
}

/* Until when; 0: the ground is none of this case's. */
static int64_t lasts_until_us(const struct doing *doing, const struct policy_ground *ground)
{
    bool closed = ground->since == KEPT_SINCE_CLOSED;
    int64_t since_us = closed ? doing->life->closed_at_us : doing->life->received_at_us;
    return life_applies(doing, &ground->when) ? policy_span_us(&ground->at_least, since_us) : 0;
}

/* The ground that lasts longest still; "": none does. */
static const char *ground_of(const struct doing *doing, bool *past_reopening)
{
    const struct policy_retention *retention = &doing->policy->retention;
    const char *found = "";
    int64_t until_us = doing->at_us;
    for (uint16_t i = 0; i < retention->ground_count; i++) {
        int64_t lasts_us = lasts_until_us(doing, &retention->grounds[i]);
        if (lasts_us > until_us) {
            until_us = lasts_us;
            found = retention->grounds[i].id;
        }
    }
    *past_reopening =
        !may_be_reopened(doing) ||
        until_us / SECOND > doing->life->closed_at_us / SECOND + doing->policy->reopen_days * DAY_S;
    return found;
}

/* Why not, in the order of what is strongest; "": it may be. */
static const char *why_not(const struct doing *doing, const char **ground)
{
    bool past_reopening = false;
    *ground = "";
    if (doing->life->held_by_law) {
        return "on_hold";
    }
    if (doing->life->closed_at_us == 0) {
        return "still_open";
    }
    const char *longest = ground_of(doing, &past_reopening);
    if (!past_reopening) {
        return "may_be_reopened";
    }
    *ground = longest;
    return longest[0] != '\0' ? "must_be_kept" : "";
}

static bool is_same(const struct refusal *one, const struct refusal *other)
{
    return strcmp(one->because, other->because) == 0 && strcmp(one->ground, other->ground) == 0 &&
           strcmp(one->actor, other->actor) == 0 && strcmp(one->role, other->role) == 0;
}

static const char *refuse(struct told *of, const struct doing *doing, const char *why)
{
    struct refusal one;
    field_name(doing->advanced, "@because", one.because);
    field_name(doing->advanced, "@ground", one.ground);
    life_name(one.actor, doing->advanced->actor);
    life_name(one.role, doing->advanced->role);
    if (strcmp(one.because, why) != 0) {
        return "refused for another reason than there is";
    }
    for (unsigned i = 0; i < of->count; i++) {
        bool other = strcmp(of->refusals[i].actor, one.actor) != 0;
        if (is_same(&of->refusals[i], &one)) {
            return "refused twice to the same person, and nothing happened meanwhile";
        }
        if (other && strcmp(of->refusals[i].because, one.because) == 0) {
            sim_reach(SOMETIMES_ERASURE_ASKED_BY_ANOTHER);
        }
    }
    if (of->count == DISPATCH_REFUSED_MAX) {
        return "more refusals than are recorded";
    }
    of->refusals[of->count++] = one;
    sim_reach(strcmp(why, "on_hold") == 0 ? SOMETIMES_ERASURE_ON_HOLD : SOMETIMES_ERASURE_REFUSED);
    return NULL;
}

static const char *erase(const struct doing *doing, const char *why)
{
    const struct life *life = doing->life;
    if (why[0] != '\0') {
        return life->held_by_law ? "erased on legal hold" : "erased too early";
    }
    sim_reach(SOMETIMES_ERASED);
    if (life->was_held_by_law) {
        sim_reach(SOMETIMES_ERASED_AFTER_HOLD);
    }
    if (life->merged_into != 0) {
        sim_reach(SOMETIMES_ERASED_MERGED);
    }
    return NULL;
}

const char *life_erasing_wrong(const struct doing *doing, const struct event *event)
{
    const struct life *life = doing->life;
    struct told *of = &told[case_partition(event->case_id)][case_id_serial(event->case_id)];
    if (life->erased_at_us != 0) {
        return "something happened to what is erased";
    }
    if (event->kind == EVENT_READ) {
        sim_reach(SOMETIMES_READ);
        bool may = policy_role_in(doing->policy, doing->policy->readers, doing->role);
        return may && !life_named(&life->concerned, doing->actor) ? NULL
                                                                  : "read by whom nobody lets";
    }
    if (!event_is_of_personal_data(event->kind)) {
        of->count = 0;
        return NULL;
    }
    char reason[POLICY_NAME_MAX];
    field_name(doing->advanced, "reason", reason);
    if (reason[0] == '\0' || life_named(&life->concerned, doing->actor) ||
        !policy_role_in(doing->policy, doing->policy->retention.roles, doing->role)) {
        return "by whom the policy does not let, or without a reason";
    }
    const char *ground;
    const char *why = why_not(doing, &ground);
    char said[POLICY_NAME_MAX];
    field_name(doing->advanced, "@ground", said);
    if (strcmp(said, ground) != 0) {
        return "another ground than the one that lasts longest";
    }
    return event->kind == EVENT_ERASED ? erase(doing, why) : refuse(of, doing, why);
}
