/*
 * Triage, the shell: Received in, Triaged or TriageAsked out.
 *
 * What it needs beyond the event (how often this customer complained before) is looked up once for
 * the whole batch and recorded in the result, so that nobody ever asks again.
 */
#include "log.h"
#include "service.h"
#include "triage_store.h"

enum { QUESTIONS_MAX = 4096 };

struct known {
    uint64_t case_id;
    struct triage_repeats repeats;
};

struct triage {
    struct service *service;
    uint32_t question_count;
    struct triage_question questions[QUESTIONS_MAX];
    uint32_t known_count;
    uint32_t known_next; /* inputs come in the order of the questions, so does the search */
    struct known known[QUESTIONS_MAX];
    struct event in;
    struct event out;
};

static bool triage_open(struct service *service, void **self, struct error *error)
{
    struct triage *triage = calloc(1, sizeof *triage);
    if (!triage) {
        return error_set(error, ERROR_FATAL, "out of memory");
    }
    triage->service = service;
    *self = triage;
    return true;
}

static void triage_close(void *self)
{
    free(self);
}

static bool triage_lookup(void *self, struct cycle *cycle, struct pg *pg)
{
    struct triage *triage = self;
    triage->question_count = 0;
    triage->known_count = 0;
    triage->known_next = 0;
    for (uint32_t i = 0; i < cycle_input_count(cycle) && triage->question_count < QUESTIONS_MAX;
         i++) {
        const struct event_received *received = &triage->in.received;
        if (!cycle_input(cycle, i, &triage->in) || triage->in.kind != EVENT_RECEIVED ||
            received->customer == 0) {
            continue;
        }
        const struct policy_object *policy = service_policy(triage->service, received->policy_id);
        int64_t days = policy ? policy->policy.repeat_days : 0;
        triage->questions[triage->question_count++] =
            (struct triage_question){.case_id = triage->in.case_id,
                                     .customer = received->customer,
                                     .since_us = received->received_at_us - days * 86400000000,
                                     .before_us = received->received_at_us};
    }
    if (triage->question_count == 0) {
        return false;
    }
    triage_repeats_bind(pg, triage->questions, triage->question_count);
    return true;
}

static void triage_looked_up(void *self, struct cycle *cycle, const struct pg_answer *answer)
{
    (void)cycle;
    struct triage *triage = self;
    int rows = PQntuples(answer->results[0]);
    for (int row = 0; row < rows && triage->known_count < QUESTIONS_MAX; row++) {
        struct known *known = &triage->known[triage->known_count++];
        known->case_id = triage_repeats_read(answer->results[0], row, &known->repeats);
    }
}

static const struct triage_repeats *repeats_of(struct triage *triage, uint64_t case_id)
{
    static const struct triage_repeats none;
    for (uint32_t n = 0; n < triage->known_count; n++) {
        uint32_t i = (triage->known_next + n) % triage->known_count;
        if (triage->known[i].case_id == case_id) {
            triage->known_next = i + 1;
            return &triage->known[i].repeats;
        }
    }
    return &none;
}

static void triage_input(void *self, struct cycle *cycle, const struct event *event)
{
    struct triage *triage = self;
    if (event->kind != EVENT_RECEIVED) {
        return;
    }
    const struct policy_object *policy = service_policy(triage->service, event->received.policy_id);
    if (!policy) {
        return;
    }
    struct event *out = &triage->out;
    memset(out, 0, offsetof(struct event, triaged));
    out->kind = triage_decide(
        &policy->policy, &event->received, repeats_of(triage, event->case_id), &out->triaged);
    out->case_id = event->case_id;
    out->cause_service = SERVICE_INTAKE;
    out->cause_seq = event->seq;
    out->at_us = cycle_now_us(cycle);
    struct error error = {0};
    if (!cycle_append(cycle, out, &error)) {
        service_fail(triage->service, error.text);
    }
}

int main(int argc, char **argv)
{
    const struct service_spec spec = {
        .id = SERVICE_TRIAGE,
        .inputs = 1U << SERVICE_INTAKE,
        .statements = triage_statements,
        .statement_count = triage_statement_count,
        .open = triage_open,
        .close = triage_close,
        .lookup = triage_lookup,
        .looked_up = triage_looked_up,
        .input = triage_input,
    };
    return service_main(&spec, argc, argv);
}
