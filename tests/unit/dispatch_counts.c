/*
 * Goal: complaints of the same cause are counted as they are in the archive, each once, and
 * counting them reads no others (laws 6 and 9).  Method: rows written as dispatch writes them,
 * through a real archive; the plan of the very statement over a hundred thousand cases.
 */
#include "dispatch_store.h"
#include "pg_desk.h"
#include "policy_fixture.h"
#include "unit.h"

/* The fixture with a cause that every case keeps. */
static const struct policy *counting(void)
{
    static struct policy policy;
    static const struct policy_choice choices[] = {{.id = "tool"}, {.id = "material"}};
    static const struct policy_field field = {.id = "cause",
                                              .type = FORM_CHOICE,
                                              .choice_count = 2,
                                              .choices = choices,
                                              .kept = true,
                                              .slot = 0};
    policy = *policy_fixture();
    policy.fields = &field;
    policy.field_count = policy.kept_count = 1;
    policy.cause = 1;
    (void)snprintf(policy.name, sizeof policy.name, "p");
    return &policy;
}

enum { CAUSE_SINCE_S = 1710727200, ERASED = 9 };

struct told {
    uint32_t serial;
    int64_t choice, after_s;
    enum case_outcome outcome;
};

static void store_cause(struct pg_desk *desk, struct told told)
{
    int64_t received_us = (CAUSE_SINCE_S + told.after_s) * INT64_C(1000000);
    struct dispatch_case one = {.case_id = case_id_make(told.serial % 4, told.serial),
                                .received_at_us = received_us,
                                .opened_at_us = received_us,
                                .step_since_us = received_us,
                                .updated_at_us = received_us,
                                .due_us = INT64_MAX,
                                .policy_id = FIXTURE_POLICY_ID,
                                .version = 1,
                                .step = FIXTURE_STEP_APPROVAL,
                                .queue = FIXTURE_QUEUE_SERVICE,
                                .home_queue = FIXTURE_QUEUE_SERVICE,
                                .category = FIXTURE_CATEGORY_LEAKING,
                                .agent_role = POLICY_NONE};
    one.more.told = told.choice >= 0;
    one.more.facts[0] = told.choice >= 0 ? told.choice : 0;
    one.more.outcome = told.outcome;
    one.more.erased_at_us =
        told.serial == ERASED ? received_us : 0; /* what is not personal stays */
    pg_begin(desk->pg);
    dispatch_cases_begin();
    dispatch_case_add(counting(), &one, true);
    dispatch_cases_bind(desk->pg);
    pg_desk_ask(desk, "ok 0");
}

static void look_at_counts(void *self, const struct pg_answer *answer)
{
    assert_int_equal(answer->count, 1);
    dispatch_same_cause_read(answer->results[0], self, 2);
}

static uint32_t counted(struct pg_desk *desk, uint32_t serial, const char *cause, uint32_t *other)
{
    struct dispatch_counted asked[2] = {
        {.asked = {.case_id = case_id_make(serial % 4, serial),
                   .since_us = CAUSE_SINCE_S * INT64_C(1000000)}},
        {.asked = {.case_id = 1, .since_us = 1, .cause = "p/material"}}};
    (void)snprintf(asked[0].asked.cause, sizeof asked[0].asked.cause, "%s", cause);
    desk->look = look_at_counts;
    desk->self = asked;
    pg_begin(desk->pg);
    dispatch_same_cause_bind(desk->pg, asked, 2);
    pg_desk_ask(desk, "ok 2");
    desk->look = NULL;
    *other = asked[1].count;
    return asked[0].count;
}

/* In whatever partition; neither itself, nor what came before, nor what is merged or not founded,
 * nor what has another cause or none. */
static void complaints_of_the_same_cause_are_counted_once_each(void **state)
{
    (void)state;
    struct pg_desk desk;
    uint32_t other = 0;
    pg_desk_ready(&desk, dispatch_statements, dispatch_statement_count);
    store_cause(&desk, (struct told){1, 0, -500, OUTCOME_NONE}); /* who asks */
    store_cause(&desk, (struct told){2, 0, -1, OUTCOME_NONE});
    store_cause(&desk,
                (struct told){3, 0, 0, OUTCOME_NONE}); /* at that very instant is not after it */
    assert_int_equal(counted(&desk, 1, "p/tool", &other), 0);
    store_cause(&desk, (struct told){4, 0, 1, OUTCOME_NONE});
    store_cause(&desk, (struct told){5, 0, 2, OUTCOME_DUPLICATE});
    store_cause(&desk, (struct told){6, 0, 3, OUTCOME_NOT_FOUNDED});
    store_cause(&desk, (struct told){7, 1, 4, OUTCOME_NONE});
    store_cause(&desk, (struct told){8, -1, 5, OUTCOME_NONE});
    assert_int_equal(counted(&desk, 1, "p/tool", &other), 1);
    assert_int_equal(other, 1);
    store_cause(&desk, (struct told){ERASED, 0, 6, OUTCOME_SETTLED});
    assert_int_equal(counted(&desk, 1, "p/tool", &other), 2);
    assert_int_equal(counted(&desk, ERASED, "p/tool", &other), 1); /* never itself */
    assert_int_equal(counted(&desk, 1, "q/tool", &other), 0);      /* nor of another policy */
    pg_desk_run(&desk, "UPDATE redress.complaint SET cause = '' WHERE cause = 'p/tool'");
    assert_int_equal(counted(&desk, 1, "p/tool", &other), 0);
    pg_desk_close(&desk);
}

static const char *statement_of(const char *name)
{
    unsigned i = 0;
    while (strcmp(dispatch_statements[i].name, name) != 0) {
        i++;
    }
    return dispatch_statements[i].sql;
}

/* Of a hundred thousand cases only those of the cause are looked at, and of these no more than are
 * counted (law 9). */
static void counting_them_reads_no_other_case(void **state)
{
    (void)state;
    struct pg_desk desk;
    uint32_t other = 0;
    pg_desk_ready(&desk, dispatch_statements, dispatch_statement_count);
    store_cause(&desk, (struct told){1, 0, 0, OUTCOME_NONE});
    pg_desk_run(&desk,
                "INSERT INTO redress.complaint SELECT c.case_id + i, c.policy_id, c.version, "
                "c.step, c.queue, c.home_queue, c.agent, c.agent_role, c.last_actor, c.category, "
                "c.severity_class, c.channel, c.customer, c.score, c.repeats, c.priority, "
                "c.escalation, c.language, c.reopened, c.followed_up, c.acknowledged, "
                "c.received_at + i * interval '1 s', c.opened_at, c.step_since, c.updated_at, "
                "c.closed_at, c.outcome, c.more, c.pushes, "
                "CASE WHEN i % 20 = 0 THEN 'p/tool' WHEN i % 2 = 0 THEN 'p/material' ELSE '' END "
                "FROM redress.complaint c, generate_series(1, 100000) i");
    pg_desk_run(&desk, "ANALYZE redress.complaint");
    assert_int_equal(counted(&desk, 1, "p/tool", &other), DISPATCH_SAME_MAX); /* of 5,000 */
    assert_int_equal(other, DISPATCH_SAME_MAX);
    static char sql[4096];
    (void)snprintf(sql,
                   sizeof sql,
                   "SET search_path = redress; SET plan_cache_mode = force_generic_plan; "
                   "PREPARE same AS %s; "
                   "DO $$ DECLARE line text; plan text := ''; BEGIN FOR line IN EXECUTE "
                   "'EXPLAIN EXECUTE same(ARRAY[1], ARRAY[''p/tool''], ARRAY[now()])' "
                   "LOOP plan := plan || line || E'\\n'; END LOOP; "
                   "IF plan LIKE '%%Seq Scan%%' OR plan NOT LIKE '%%complaint_cause%%' THEN "
                   "RAISE EXCEPTION '%%', plan; END IF; END $$",
                   statement_of("dispatch_same_cause"));
    pg_desk_run(&desk, sql);
    pg_desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(complaints_of_the_same_cause_are_counted_once_each),
        cmocka_unit_test(counting_them_reads_no_other_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
