#include "analytics_alarms.h"

#include "analytics_measured.h"
#include "clock.h"
#include "health.h"
#include "log.h"
#include "scope.h"

enum {
    ROUND_US = 30000000, /* between two rounds */
    SHARE = 50,          /* the archive is asked at most one part in so many of the time */
    ALARMS_MAX = 64,
};

struct alarm {
    char policy[POLICY_NAME_MAX], measure[POLICY_NAME_MAX], owner[POLICY_NAME_MAX];
    char period[MEASURED_NAME_MAX];
    bool seen; /* in the round under way */
};

struct alarms {
    struct service *service;
    unsigned dependency;
    bool asked;
    int64_t asked_us, next_us; /* monotonic */
    uint32_t at;               /* of the book: which policy … */
    uint16_t measure;          /* … and which measure of it comes next */
    uint32_t policy_id;        /* of the question under way: its version of the policy … */
    uint16_t asked_measure;    /* … and the measure */
    unsigned count;
    struct alarm list[ALARMS_MAX];
};

struct alarms *alarms_new(struct service *service)
{
    struct alarms *alarms = calloc(1, sizeof *alarms);
    if (alarms) {
        alarms->service = service;
        alarms->dependency = service_dependency(service, "measures");
        service_dependency_set(service, alarms->dependency, true, NULL);
    }
    return alarms;
}

void alarms_free(struct alarms **alarms_p)
{
    free(*alarms_p);
    *alarms_p = NULL;
}

/* ---- the answer ---- */

static void alarm_see(struct alarms *alarms,
                      const struct policy *policy,
                      const struct policy_measure *measure,
                      const struct measured *measured)
{
    for (unsigned i = 0; i < alarms->count; i++) {
        struct alarm *known = &alarms->list[i];
        if (strcmp(known->policy, policy->name) == 0 && strcmp(known->measure, measure->id) == 0 &&
            strcmp(known->period, measured->name) == 0) {
            known->seen = true;
            return;
        }
    }
    if (alarms->count == ALARMS_MAX) {
        return;
    }
    struct alarm *alarm = &alarms->list[alarms->count++];
    const char *owner = policy->roles[measure->owner];
    (void)snprintf(alarm->policy, sizeof alarm->policy, "%s", policy->name);
    (void)snprintf(alarm->measure, sizeof alarm->measure, "%s", measure->id);
    (void)snprintf(alarm->owner, sizeof alarm->owner, "%s", owner);
    (void)snprintf(alarm->period, sizeof alarm->period, "%s", measured->name);
    alarm->seen = true;
    log_warn(measure->duty.is_owed ? "a duty has begun" : "a measure misses its target",
             LOG_TEXT("policy", policy->name),
             LOG_TEXT("measure", measure->id),
             LOG_TEXT("period", measured->name),
             LOG_TEXT("owner", owner),
             LOG_NUMBER("hits", measured->hits),
             LOG_NUMBER("n", measured->n));
}

/* Nobody can say how it is: what was told stands until somebody can. */
static void alarm_keep(struct alarms *alarms,
                       const struct policy *policy,
                       const struct policy_measure *measure,
                       const struct pg_answer *answer)
{
    for (unsigned i = 0; i < alarms->count; i++) {
        struct alarm *known = &alarms->list[i];
        known->seen = known->seen || (strcmp(known->policy, policy->name) == 0 &&
                                      strcmp(known->measure, measure->id) == 0);
    }
    if (answer->status == PG_FAILED) {
        log_warn("a measure could not be asked for",
                 LOG_TEXT("policy", policy->name),
                 LOG_TEXT("measure", measure->id),
                 LOG_ERROR_FIELDS(&answer->error));
    }
}

static void alarms_answered(void *context, const struct pg_answer *answer)
{
    struct alarms *alarms = context;
    int64_t now_us = clock_monotonic_us();
    const struct policy_object *object =
        policy_book_by_id(service_policies(alarms->service), alarms->policy_id);
    alarms->asked = false;
    alarms->next_us = now_us + (now_us - alarms->asked_us) * SHARE;
    if (!object) {
        return;
    }
    const struct policy *policy = &object->policy;
    const struct policy_measure *measure = &policy->measures[alarms->asked_measure];
    if (answer->status != PG_OK) {
        alarm_keep(alarms, policy, measure, answer);
        return;
    }
    struct measured measured[MEASURED_ALARMING];
    measured_read(answer->results[0], measure->what, MEASURED_ALARMING, measured);
    for (unsigned i = 0; i < MEASURED_ALARMING; i++) {
        if (measured_alarms(
                policy, measure, &measured[i], service_now_us(alarms->service) / 1000000)) {
            alarm_see(alarms, policy, measure, &measured[i]);
        }
    }
}

/* ---- the round ---- */

/* An older version says no more what is measured. */
static bool is_newest(const struct policy_book *book, const struct policy *policy)
{
    const struct policy_object *other;
    for (uint32_t n = 0; (other = policy_book_nth(book, n)); n++) {
        if (strcmp(other->policy.name, policy->name) == 0 &&
            other->policy.version > policy->version) {
            return false;
        }
    }
    return true;
}

/* The next measure with an owner; false: the round is over. */
static const struct policy *measure_next(struct alarms *alarms)
{
    const struct policy_book *book = service_policies(alarms->service);
    const struct policy_object *object;
    for (; (object = policy_book_nth(book, alarms->at)); alarms->at++, alarms->measure = 0) {
        const struct policy *policy = &object->policy;
        while (alarms->measure < policy->measure_count &&
               policy->measures[alarms->measure].owner == POLICY_NONE) {
            alarms->measure++;
        }
        if (alarms->measure < policy->measure_count && is_newest(book, policy)) {
            return policy;
        }
    }
    return NULL;
}

static void measure_ask(struct alarms *alarms, const struct policy *policy)
{
    struct error error = {0};
    struct pg *pg = service_reader(alarms->service);
    const struct policy_measure *measure = &policy->measures[alarms->measure];
    SCOPED(measured_question_free)
    struct measured_question *question =
        measured_question_new(policy, measure, measure->period, NULL, MEASURED_ALARMING);
    if (!question || pg_current_state(pg) != PG_READY) {
        return;
    }
    const char *const *parameters = measured_parameters(question);
    pg_begin(pg);
    pg_call(pg, measured_statements[measure->what].name);
    for (unsigned i = 0; i < MEASURED_PARAMETERS; i++) {
        if (parameters[i]) {
            pg_bind_text(pg, parameters[i]);
        } else {
            pg_bind_null(pg);
        }
    }
    alarms->policy_id = policy->id;
    alarms->asked_measure = alarms->measure++;
    alarms->asked_us = clock_monotonic_us();
    alarms->asked = pg_send(pg, alarms_answered, alarms, &error);
}

static void round_end(struct alarms *alarms)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < alarms->count; i++) {
        if (alarms->list[i].seen) {
            alarms->list[kept] = alarms->list[i];
            alarms->list[kept++].seen = false;
        }
    }
    alarms->count = kept;
    alarms->at = 0;
    alarms->measure = 0;
    alarms->next_us = clock_monotonic_us() + ROUND_US;
    char detail[HEALTH_DETAIL_MAX] = "";
    if (kept > 0) {
        const struct alarm *first = &alarms->list[0];
        (void)snprintf(detail,
                       sizeof detail,
                       "%u, such as %s %s of %s, owner %s",
                       kept,
                       first->policy,
                       first->measure,
                       first->period,
                       first->owner);
    }
    service_dependency_set(alarms->service, alarms->dependency, kept == 0, kept ? detail : NULL);
}

void alarms_second(struct alarms *alarms)
{
    if (!service_serves(alarms->service, 0)) {
        alarms->count = 0;
        service_dependency_set(alarms->service, alarms->dependency, true, NULL);
        return;
    }
    if (alarms->asked || clock_monotonic_us() < alarms->next_us ||
        !policy_book_ready(service_policies(alarms->service))) {
        return;
    }
    const struct policy *policy = measure_next(alarms);
    if (policy) {
        measure_ask(alarms, policy);
    } else {
        round_end(alarms);
    }
}
