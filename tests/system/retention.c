/*
 * Goal: a live case is not merged into an erased one, where nobody could work on it any more
 * (laws 1, 10); nothing that is closed goes untold when what is due to be erased is listed: a case
 * whose policy says nothing of retention, or is not to be had, is counted as such (what nobody
 * judges is kept for ever, and nobody knows).  An erasure that finds no key is told, once, and
 * holds up nothing (law 9).
 *
 * Method: real daemons under kept.yaml; a case that was received four years ago is closed and
 * erased, first while the row with its key is not found; a living one is merged into it, and then
 * into one that stands.  A closed case under a
 * policy with retention, and one under a policy without; then the second is pinned to a policy the
 * archive does not have.
 */
#include "case_number.h"
#include "rig_cmocka.h"
#include "rig_json.h"

#include <time.h>

enum { SETTLE_MS = 30000, REOPEN_MS = 1100, LINE_SIZE = 256, REFUSED = 1, USAGE = 2, CONFLICT = 4 };

#define DOES(rig, ...) json_decref(rig_asks(rig, 0, __VA_ARGS__))

/* Received four years ago. */
static unsigned long long submitted(struct rig *rig, const char *policy)
{
    char when[LINE_SIZE];
    struct tm tm;
    time_t then = time(NULL) - (time_t)4 * 365 * 86400;
    assert_non_null(gmtime_r(&then, &tm));
    assert_true(strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0);
    json_t *json = rig_asks(rig,
                            0,
                            "submit --policy %s --channel phone --text 'it is broken' --contact "
                            "13987650421 --received-at %s",
                            policy,
                            when);
    unsigned long long case_id = (unsigned long long)rig_json_number(json, "case_id");
    json_decref(json);
    rig_settle(rig, SETTLE_MS);
    return case_id;
}

static unsigned long long closed_under(struct rig *rig, const char *policy)
{
    unsigned long long case_id = submitted(rig, policy);
    DOES(rig, "act %llu reply --as ann --role agent", case_id);
    return case_id;
}

static json_t *
merge(const struct rig *rig, int wanted, unsigned long long from, unsigned long long into)
{
    char number[CASE_NUMBER_SIZE];
    case_number_format(into, time(NULL) * INT64_C(1000000), number);
    return rig_asks(
        rig, wanted, "act %llu merge --as sue --role supervisor -f case=%s", from, number);
}

static void is_told_erased(const struct rig *rig, unsigned long long case_id)
{
    static const char *const done[] = {"note --note hello", "note -f phone=13987650421"};
    for (size_t i = 0; i < sizeof done / sizeof *done; i++) {
        json_t *json =
            rig_asks(rig, REFUSED, "act %llu %s --as sue --role supervisor", case_id, done[i]);
        assert_string_equal(json_string_value(json_object_get(json, "code")), "erased");
        json_decref(json);
    }
}

static void what_is_sent_again_is_told_erased(struct rig *rig)
{
    static const char words[] = "submit --policy kept --channel phone --text broken --received-at "
                                "2022-01-01T00:00:00Z --id 00000000-0000-4000-8000-000000000001";
    json_t *json = rig_asks(rig, 0, "%s", words);
    unsigned long long case_id = (unsigned long long)rig_json_number(json, "case_id");
    json_decref(json);
    rig_settle(rig, SETTLE_MS);
    DOES(rig, "act %llu reply --as ann --role agent", case_id);
    rig_nap_ms(REOPEN_MS);
    rig_says(rig,
             "retention --erase --by 2099-01-01 --as kim --role keeper --reason expired",
             USAGE,
             "2099-01-01 has not passed");
    rig_says(rig, "retention --by 2099-01-01", 0, "Asia/Shanghai");
    rig_says(rig, "retention --policy kpt", 3, "no policy \"kpt\"; did you mean \"kept\"?");
    DOES(rig, "erase %llu --as kim --role keeper --reason asked", case_id);
    json = rig_asks(rig, CONFLICT, "%s", words);
    assert_string_equal(json_string_value(json_object_get(json, "outcome")), "erased");
    json_decref(json);
}

/* Its row is not found: who asks is answered once, an operator is told once, and others are served;
 * when the row is back the key goes. */
static void what_finds_no_key_is_told(struct rig *rig, unsigned long long case_id)
{
    static const char line[] = "no key was there to destroy";
    static char body[RIG_BODY_MAX];
    const struct daemon *dispatch = rig_daemon(rig, SERVICE_DISPATCH, "a");
    static const char erases[] = "erase %llu --as kim --role keeper --reason asked";
    rig_sql(rig, "UPDATE submission SET case_id = -case_id WHERE case_id = %llu", case_id);
    DOES(rig, erases, case_id);
    daemon_await_log(dispatch, line, 1, SETTLE_MS);
    is_told_erased(rig, case_id);
    assert_int_equal(rig_ask(rig, dispatch, "/metrics", body), 200);
    assert_non_null(strstr(body, "\nredress_rows_missed_total 1\n"));
    assert_non_null(strstr(body, "\nredress_commits_refused_total 0\n"));
    rig_sql(rig, "UPDATE submission SET case_id = -case_id WHERE case_id = -%llu", case_id);
    DOES(rig, erases, case_id);
    assert_int_equal(daemon_logged(dispatch, line), 1);
    assert_int_equal(
        rig_number(rig, "SELECT count(wrapped_key) FROM submission WHERE case_id = %llu", case_id),
        0);
}

static void a_live_case_is_not_merged_into_an_erased_one(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_policy_add(rig, REDRESS_SOURCE "/tests/system/kept.yaml");
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    unsigned long long erased = closed_under(rig, "kept");
    unsigned long long live = submitted(rig, "kept");
    unsigned long long other = submitted(rig, "kept");
    rig_nap_ms(REOPEN_MS);
    what_finds_no_key_is_told(rig, erased);
    what_is_sent_again_is_told_erased(rig);
    json_t *json = merge(rig, REFUSED, live, erased);
    assert_string_equal(json_string_value(json_object_get(json, "code")), "field_invalid");
    json_decref(json);
    json_decref(merge(rig, 0, live, other));
    rig_end(rig);
}

static void tells(const struct rig *rig, int64_t no_retention, int64_t no_policy)
{
    char text[LINE_SIZE];
    int status;
    json_t *json = rig_json(rig, "retention", &status);
    assert_int_equal(status, 0);
    assert_int_equal(rig_json_number(json, "due"), 0);
    assert_int_equal(rig_json_number(json, "no_retention"), no_retention);
    assert_int_equal(rig_json_number(json, "no_policy"), no_policy);
    json_decref(json);
    (void)snprintf(text,
                   sizeof text,
                   "not judged: %d closed cases of policies without retention, %d whose",
                   (int)no_retention,
                   (int)no_policy);
    rig_says(rig, "retention", 0, text);
}

static void what_nobody_judges_is_counted(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_policy_add(rig, REDRESS_SOURCE "/tests/system/kept.yaml");
    rig_policy_add(rig, REDRESS_SOURCE "/tests/system/quick.yaml");
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    (void)closed_under(rig, "kept");
    unsigned long long other = closed_under(rig, "quick");
    rig_settle(rig, SETTLE_MS);
    tells(rig, 1, 0);
    (void)rig_number(
        rig, "UPDATE complaint SET policy_id = 4711 WHERE case_id = %llu RETURNING 1", other);
    tells(rig, 0, 1);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_live_case_is_not_merged_into_an_erased_one, rig_teardown),
        cmocka_unit_test_teardown(what_nobody_judges_is_counted, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
