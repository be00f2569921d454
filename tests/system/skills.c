/*
 * Goal: at work with a real Redis, each is proposed what he may take and nothing else: whoever has
 * the skill at once, others when it has relaxed; the customer of a key account and the earlier
 * handler's case stay theirs for a while; what Redis proposes wrongly is refused by the archive's
 * owner and another case is found.
 *
 * Method: the daemons, a policy whose asks relax within seconds, an organisation applied by the
 * command; what Redis was told is then falsified by hand.  Guards laws 6 and 8.
 */
#include "redress/command/v1/command.pb-c.h"
#include "rig.h"
#include "rig_cmocka.h"
#include "rig_json.h"

#include <signal.h>

enum { ANSWER_MS = 20000, HOLDS_MS = 20000, RELAXED_MS = 20000 };

static const char queue[] = "skills/desk";

/* What `redress org customer` says of a contact. */
static void customer_of(struct rig *rig, const char *contact, char text[24])
{
    int status = rig_shell(text,
                           24,
                           "%s/redress --config %s/redress.yaml org customer %s",
                           REDRESS_BIN,
                           rig->directory,
                           contact);
    assert_int_equal(status, 0);
    text[strcspn(text, "\n")] = '\0';
    assert_int_equal(strlen(text), 16);
}

static void org_apply(struct rig *rig, const char *customer, const char *manager)
{
    int code = rig_org(rig,
                       "org: scene\nzone: UTC\nskills: [english]\nagents:\n"
                       "  an: {roles: agent, skills: {english: 3}, capacity: 9}\n"
                       "  bo: {roles: agent, skills: {english: 1}, capacity: 9}\n"
                       "  cy: {roles: agent}\n"
                       "  sue: {roles: supervisor}\n"
                       "key-accounts:\n  mill: {manager: %s, customers: %s}\n",
                       manager,
                       customer);
    assert_int_equal(code, 0);
}

static void submit(struct adapter *adapter, const char *text, const char *contact)
{
    (void)adapter_add(adapter, &(struct content){"skills", "phone", text, contact}, NULL);
    adapter_finish(adapter, HOLDS_MS);
}

static struct answer claims(struct desk *desk, const char *actor)
{
    return desk_ask(
        desk, &(struct command){.actor = actor, .role = "agent", .queue = queue}, ANSWER_MS);
}

static struct answer
acts(struct desk *desk, const char *actor, const char *role, uint64_t case_id, const char *action)
{
    return desk_ask(
        desk,
        &(struct command){.actor = actor, .role = role, .case_id = case_id, .action = action},
        ANSWER_MS);
}

static uint64_t got(struct answer answer)
{
    if (answer.outcome != REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE) {
        fail_msg("no case: %d %s", answer.outcome, answer.code);
    }
    return answer.case_id;
}

static void nothing(struct answer answer, const char *code)
{
    assert_string_equal(answer.code, code);
    assert_int_not_equal(answer.outcome, REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE);
}

/* Redis knows no more whom a case is for. */
static void asks_forget(struct rig *rig)
{
    char text[8];
    rig_redis(rig, text, sizeof text, "DEL redress:ask");
    assert_string_equal(text, "1");
}

/* The nth case that came in, from 1. */
static uint64_t received(struct rig *rig, int n)
{
    return (uint64_t)rig_number(
        rig,
        "SELECT case_id FROM complaint ORDER BY received_at, opened_at OFFSET %d LIMIT 1",
        n - 1);
}

/* The nth in English as a queue has them, from 1: what came within a second stands there by its
 * id, and the partition after the last one is the first. */
static uint64_t english_queued(struct rig *rig, int n)
{
    return (uint64_t)rig_number(rig,
                                "SELECT case_id FROM complaint WHERE language = 3 ORDER BY "
                                "date_trunc('second', received_at), case_id OFFSET %d LIMIT 1",
                                n - 1);
}

struct scene {
    struct rig *rig;
    struct desk *desk;
    struct adapter *adapter;
};

static void scene_open(struct scene *scene, void **state)
{
    char customer[24];
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_policy_add(rig, REDRESS_SOURCE "/tests/system/skills.yaml");
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    customer_of(rig, "555-MILL", customer); /* as people write it */
    org_apply(rig, customer, "bo");
    *scene = (struct scene){rig, desk_new(rig, "a"), adapter_new(rig, "a", NULL, 4)};
    int64_t until_ms = rig_now_ms() + HOLDS_MS;
    while (strcmp(claims(scene->desk, "stranger").code, "person_unknown") != 0) {
        assert_true(rig_now_ms() < until_ms); /* until the organisation holds */
        rig_nap_ms(200);
    }
}

static void arrives(const struct scene *scene, const char *text, const char *contact)
{
    submit(scene->adapter, text, contact);
    rig_settle(scene->rig, HOLDS_MS);
}

/* The case in English, which an holds at the end. */
static uint64_t skills_relax(const struct scene *scene)
{
    struct rig *rig = scene->rig;
    struct desk *desk = scene->desk;
    int64_t first_ms = rig_now_ms();
    submit(scene->adapter, "It is broken", NULL);
    submit(scene->adapter, "The lid is broken as well", NULL);
    arrives(scene, "东西坏了，要求处理", NULL);
    int64_t opened_ms = rig_now_ms(); /* by then, and what relaxes counts from there */
    rig_check_queues(rig);
    uint64_t english = english_queued(rig, 1);
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM complaint WHERE language = 3"), 2);
    if (rig_now_ms() - first_ms > RELAXED_MS / 2) {
        print_message("the machine is too busy to look before a skill relaxes\n");
    } else {
        /* the third is the first for who speaks no English */
        assert_int_equal(got(claims(desk, "cy")), received(rig, 3));
        nothing(claims(desk, "cy"), "none_fits");
        nothing(acts(desk, "cy", "agent", english, "claim"), "skill_lacking");
        nothing(claims(desk, "bo"), "none_fits");
    }
    assert_int_equal(got(claims(desk, "an")), english);
    while (rig_now_ms() < opened_ms + RELAXED_MS + 1000) {
        rig_nap_ms(200);
    }
    assert_int_equal(got(claims(desk, "bo")), english_queued(rig, 2));
    nothing(claims(desk, "bo"), "queue_empty");
    return english;
}

/* Back from approval: only for who had it; the archive knows without Redis. */
static void the_earlier_handler_has_it_back(const struct scene *scene, uint64_t english)
{
    struct desk *desk = scene->desk;
    (void)got(acts(desk, "an", "agent", english, "propose"));
    (void)got(acts(desk, "sue", "supervisor", english, "reject"));
    nothing(acts(desk, "bo", "agent", english, "claim"), "kept_for_another");
    rig_settle(scene->rig, HOLDS_MS);
    nothing(claims(desk, "cy"), "none_fits");
    assert_int_equal(got(claims(desk, "an")), english);
}

static void the_key_account_is_its_managers(const struct scene *scene)
{
    int64_t mill_ms = rig_now_ms();
    arrives(scene, "设备坏了", "555-mill");
    uint64_t mill = received(scene->rig, 4);
    if (rig_now_ms() - mill_ms < RELAXED_MS / 2) {
        nothing(acts(scene->desk, "an", "agent", mill, "claim"), "kept_for_another");
        nothing(claims(scene->desk, "an"), "none_fits");
    }
    assert_int_equal(got(claims(scene->desk, "bo")), mill);
}

/* The customer's next complaint goes to who has the last one, by what the event recorded. */
static void the_next_complaint_goes_to_who_has_the_last(const struct scene *scene, uint64_t english)
{
    struct desk *desk = scene->desk;
    (void)got(acts(desk, "an", "agent", english, "propose"));
    arrives(scene, "又坏了", "555-0007");
    assert_int_equal(got(claims(desk, "an")), received(scene->rig, 5));
    arrives(scene, "还是坏的，坏了", "555-0007");
    uint64_t next = received(scene->rig, 6);
    nothing(acts(desk, "bo", "agent", next, "claim"), "kept_for_another");
    assert_int_equal(got(claims(desk, "an")), next);
}

/* Whatever Redis believes, the archive decides: the ask forgotten, another case is found. */
static void the_archive_decides(const struct scene *scene)
{
    submit(scene->adapter, "This one is broken", NULL);
    arrives(scene, "这个坏了", NULL);
    int64_t begun_ms = rig_now_ms();
    asks_forget(scene->rig);
    struct answer answer = claims(scene->desk, "bo");
    if (rig_now_ms() - begun_ms < RELAXED_MS / 2) {
        assert_int_equal(got(answer), received(scene->rig, 8));
    }
}

/* What Redis was told of whom the case is for. */
static void told(struct rig *rig, uint64_t case_id, char ask[256])
{
    rig_redis(rig, ask, 256, "HGET redress:ask %016llx", (unsigned long long)case_id);
}

/*
 * The account changes hands while dispatch is away, and the case's place in Redis is complete to
 * the last commit: whoever takes it over tells anew whom it is for.
 */
static void what_was_told_under_another_organisation_is_told_anew(const struct scene *scene)
{
    struct rig *rig = scene->rig;
    char customer[24];
    char before[256];
    char after[256];
    customer_of(rig, "555-MILL", customer);
    int64_t begun_ms = rig_now_ms();
    arrives(scene, "磨坊的设备又坏了", "555-mill");
    uint64_t mill = received(rig, 9);
    told(rig, mill, before);
    (void)daemon_signal(rig_daemon(rig, SERVICE_DISPATCH, "a"), SIGKILL);
    org_apply(rig, customer, "cy");
    (void)rig_start(rig, SERVICE_DISPATCH, "a");
    int64_t until_ms = rig_now_ms() + 2 * HOLDS_MS;
    do {
        rig_nap_ms(100);
        told(rig, mill, after);
        assert_true(rig_now_ms() < until_ms);
    } while (strcmp(before, after) == 0);
    if (rig_now_ms() - begun_ms < RELAXED_MS / 2) {
        nothing(claims(scene->desk, "bo"), "none_fits");
        assert_int_equal(got(claims(scene->desk, "cy")), mill);
    } else {
        print_message("the machine is too busy to look before the account relaxes\n");
    }
}

static void each_is_proposed_what_is_for_him(void **state)
{
    struct scene scene;
    scene_open(&scene, state);
    uint64_t english = skills_relax(&scene);
    the_earlier_handler_has_it_back(&scene, english);
    the_key_account_is_its_managers(&scene);
    the_next_complaint_goes_to_who_has_the_last(&scene, english);
    the_archive_decides(&scene);
    what_was_told_under_another_organisation_is_told_anew(&scene);
    assert_int_equal(rig_redress(scene.rig, (const char *const[]){"--quiet", "org", "show", NULL}),
                     0);
    rig_check_all(scene.rig, &scene.adapter, 1);
    desk_free(&scene.desk);
    adapter_free(&scene.adapter);
    rig_end(scene.rig);
}

/*
 * Without Redis dispatch proposes what it finds in the archive, whoever it is for: who cannot take
 * the first ones is given the one he can, not refused the second (law 6).  Seen to fail where a
 * claim ends with the batch that looked for another case at once.
 */
static void without_redis_a_claim_goes_on_until_one_fits(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_policy_add(rig, REDRESS_SOURCE "/tests/system/skills.yaml");
    org_apply(rig, "0123456789abcdef", "an");
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 1);
    struct desk *desk = desk_new(rig, "a");
    submit(adapter, "It is broken", NULL);
    submit(adapter, "The lid is broken as well", NULL);
    submit(adapter, "东西坏了，要求处理", NULL);
    rig_settle(rig, HOLDS_MS);
    server_kill(rig->redis);
    rig_nap_ms(500);
    struct answer answer = claims(desk, "cy");
    assert_int_equal(answer.outcome, REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE);
    desk_free(&desk);
    adapter_free(&adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(without_redis_a_claim_goes_on_until_one_fits, rig_teardown),
        cmocka_unit_test_teardown(each_is_proposed_what_is_for_him, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
