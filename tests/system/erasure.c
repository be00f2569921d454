/*
 * Goal: erasing what is personal of a case destroys its key and nothing else: the chain, the
 * figures and the other cases stand (laws 1, 3, 4, 10).  It is refused, and the refusal recorded,
 * while a law keeps the case or a legal hold does; asked for again it adds nothing.
 *
 * Method: real daemons under kept.yaml; four complaints of one customer, received two to seven
 * years ago, with a phone number in a form and a note.  Every key the archive still has is tried on
 * the stored bytes with the daemons' own ring, before and after; a copy of the key that was
 * destroyed still opens them, so it was the key alone that went.  Dispatch is killed, Redis
 * flushed, and everything asked once more; a case is erased while dispatch is killed again and
 * again.  The key is put back, as a restored copy would.
 */
#include "redress/command/v1/command.pb-c.h"
#include "rig_cmocka.h"
#include "rig_json.h"
#include "rig_keys.h"

#include <signal.h>
#include <time.h>

enum {
    SETTLE_MS = 30000,
    REOPEN_MS = 1100, /* the window of kept.yaml, and more */
    REFUSED = 1,
    CONFLICT = 4,
    SAID_MAX = 16 * 1024,
    YEAR_S = 365 * 86400,
    KILLS = 3,
    KILL_STEP_MS = 4,
};

static const char phone[] = "13987650421";

enum { EARLY, DUE, HELD, KILLED, CASES };
static uint64_t cases[CASES];

/* ---- asking ---- */

static const char *word(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    assert_non_null(text);
    return text;
}

#define DOES(rig, ...) json_decref(rig_asks(rig, 0, __VA_ARGS__))

static unsigned long long id(int which)
{
    return (unsigned long long)cases[which];
}

static json_t *erase(const struct rig *rig, int which, int wanted)
{
    return rig_asks(rig, wanted, "erase %llu --as kim --role keeper --reason asked", id(which));
}

/* How many events of that name the case has. */
static int64_t recorded(struct rig *rig, int which, enum event_kind kind)
{
    return rig_number(rig,
                      "SELECT count(*) FROM journal WHERE service = 3 AND case_id = %llu AND "
                      "kind = %d",
                      id(which),
                      (int)kind);
}

static void refused_for(struct rig *rig, int which, const char *code, int64_t events)
{
    json_t *json = erase(rig, which, REFUSED);
    assert_string_equal(word(json, "code"), code);
    json_decref(json);
    assert_int_equal(recorded(rig, which, EVENT_ERASURE_REFUSED), events);
    assert_int_equal(recorded(rig, which, EVENT_ERASED), 0);
}

/* ---- the scene ---- */

/* Its id is its own; the same words again are the same submission. */
static json_t *submit(const struct rig *rig, int which, int wanted)
{
    static const int years[CASES] = {[EARLY] = 2, [DUE] = 7, [HELD] = 4, [KILLED] = 5};
    static char when[CASES][32];
    time_t then = time(NULL) - (time_t)years[which] * YEAR_S;
    struct tm tm;
    assert_non_null(gmtime_r(&then, &tm));
    if (when[which][0] == '\0') {
        assert_true(strftime(when[which], sizeof when[which], "%Y-%m-%dT%H:%M:%SZ", &tm) > 0);
    }
    return rig_asks(
        rig,
        wanted,
        "submit --policy kept --channel phone --text 'it is broken' --name Ou --contact %s "
        "--received-at %s --id 00000000-0000-4000-8000-00000000000%d",
        phone,
        when[which],
        which);
}

static uint64_t submitted(const struct rig *rig, int which)
{
    json_t *json = submit(rig, which, 0);
    uint64_t case_id = (uint64_t)rig_json_number(json, "case_id");
    json_decref(json);
    return case_id;
}

static void the_cases_are_closed(struct rig *rig)
{
    for (int i = 0; i < CASES; i++) {
        cases[i] = submitted(rig, i);
    }
    rig_settle(rig, SETTLE_MS);
    refused_for(rig, DUE, "still_open", 1);
    for (int i = 0; i < CASES; i++) {
        DOES(rig, "act %llu note --as ann --role agent --note called -f phone=%s", id(i), phone);
        DOES(rig, "act %llu reply --as ann --role agent", id(i));
    }
    rig_settle(rig, SETTLE_MS);
    rig_nap_ms(REOPEN_MS);
}

/* All of the figures, and how many there are. */
static void figures_read(struct rig *rig, char text[128])
{
    rig_text(rig,
             text,
             128,
             "SELECT count(*) || ' ' || md5(coalesce(string_agg(f::text, ',' ORDER BY f::text), "
             "'')) FROM figure f");
}

static void it_is_refused_while_it_has_to_be_kept(struct rig *rig)
{
    json_t *json = erase(rig, EARLY, REFUSED);
    const json_t *reason = json_object_get(json, "reason");
    assert_string_equal(word(json, "code"), "must_be_kept");
    assert_string_equal(word(reason, "about"), "three-years");
    assert_non_null(json_object_get(reason, "until"));
    json_decref(json);
    assert_int_equal(recorded(rig, EARLY, EVENT_ERASURE_REFUSED), 1);
    json = rig_asks(rig,
                    REFUSED,
                    "erase %llu --as ann --role agent --reason curious",
                    id(EARLY)); /* who may not is not recorded */
    assert_string_equal(word(json, "code"), "role_may_not");
    json_decref(json);
    assert_int_equal(recorded(rig, EARLY, EVENT_ERASURE_REFUSED), 1);
    DOES(rig, "act %llu hold --as kim --role keeper", id(HELD));
    refused_for(rig, HELD, "on_hold", 1);
    assert_int_equal(rig_number(rig, "SELECT count(wrapped_key) FROM submission"), CASES);
}

/* Answered again, and not recorded again: the same command, and others. */
static void what_is_asked_again_is_refused_again(struct rig *rig)
{
    struct desk *desk = desk_new(rig, "a");
    struct command command = {.actor = "kim",
                              .role = "keeper",
                              .case_id = cases[EARLY],
                              .action = "erase",
                              .fields = {{"reason", "again"}}};
    for (int i = 0; i < 4; i++) {
        if (i % 2 == 0) {
            adapter_uuid(command.id);
        }
        struct answer answer = desk_ask(desk, &command, SETTLE_MS);
        assert_string_equal(answer.code, "must_be_kept");
    }
    assert_int_equal(recorded(rig, EARLY, EVENT_ERASURE_REFUSED), 1);
    desk_free(&desk);
}

static void what_is_due_is_listed_and_erased(struct rig *rig)
{
    static const char by[] = "--as kim --role keeper --reason expired";
    json_t *json = rig_asks(rig, 0, "retention --erase --dry-run %s", by);
    assert_int_equal(rig_json_number(json, "due"), 1);
    assert_int_equal(rig_json_number(json, "held"), 1);
    assert_int_equal(rig_json_number(json, "erased"), 0);
    const json_t *list = json_object_get(json, "cases");
    assert_int_equal(json_array_size(list), 2);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);
        bool held = json_is_true(json_object_get(row, "held"));
        assert_int_equal(rig_json_number(row, "case"), cases[held ? HELD : DUE]);
    }
    json_decref(json);
    assert_int_equal(rig_number(rig, "SELECT count(wrapped_key) FROM submission"), CASES);
    json = rig_asks(rig, 0, "retention --erase %s", by);
    assert_int_equal(rig_json_number(json, "erased"), 1);
    assert_int_equal(rig_json_number(json, "refused"), 0);
    json_decref(json);
    assert_int_equal(recorded(rig, DUE, EVENT_ERASED), 1);
    assert_int_equal(recorded(rig, HELD, EVENT_ERASED), 0);
}

/* Its own; the journal's blind index and other cases' stay, see services/dispatch/README.md. */
static void the_rows_of_the_case_have_neither_key_nor_customer(struct rig *rig)
{
    assert_int_equal(rig_number(rig,
                                "SELECT count(*) FROM submission WHERE case_id = %llu AND "
                                "wrapped_key IS NULL AND customer IS NULL AND digest = "
                                "decode(repeat('00', 32), 'hex')",
                                id(DUE)),
                     1);
    assert_int_equal(
        rig_number(rig, "SELECT customer FROM complaint WHERE case_id = %llu", id(DUE)), 0);
    assert_int_equal(
        rig_number(rig,
                   "SELECT count(*) FROM submission s JOIN complaint c USING (case_id) "
                   "WHERE s.wrapped_key IS NOT NULL AND s.customer = c.customer"),
        CASES - 1);
}

/* Beside the journal the number of the person stands in the two rows of each case that is not
 * erased, and in no other table, whatever that is called. */
static void the_person_s_number_stands_nowhere_else(struct rig *rig, int64_t alive)
{
    static char said[SAID_MAX];
    char number[32];
    rig_text(rig, number, sizeof number, "SELECT max(customer) FROM submission");
    assert_int_not_equal(strtoll(number, NULL, 10), 0);
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM complaint WHERE customer = %s", number),
                     alive);
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM submission WHERE customer = %s", number),
                     alive);
    rig_text(
        rig,
        said,
        sizeof said,
        "SELECT coalesce(string_agg(t.table_name, ' '), 'none') FROM information_schema.tables t "
        "WHERE t.table_schema = 'redress' AND t.table_name NOT LIKE 'journal%' AND "
        "t.table_name NOT IN ('complaint', 'submission') AND "
        "position((SELECT max(customer)::text FROM redress.submission) IN "
        "query_to_xml(format('SELECT r::text FROM redress.%I r', t.table_name), false, false, "
        "'')::text) > 0");
    assert_string_equal(said, "none");
}

static void show_says_when_by_whom_and_why(const struct rig *rig)
{
    static const struct {
        const char *language, *head, *note;
    } tongues[] = {
        {"en",    "by kim (keeper), under Kept: expired",      "note erased"    },
        {"zh-CN", "kim（keeper），依据 保存：expired", "备注已删除"},
        {"zh-TW", "kim（keeper），依據 保存：expired", "備註已刪除"},
    };
    static char said[SAID_MAX];
    json_t *json = rig_asks(rig, 0, "show %llu", id(DUE));
    const json_t *erased = json_object_get(json, "erased");
    assert_string_equal(word(erased, "actor"), "kim");
    assert_string_equal(word(erased, "reason"), "expired");
    json_decref(json);
    for (size_t i = 0; i < sizeof tongues / sizeof *tongues; i++) {
        int status = rig_shell(said,
                               sizeof said,
                               "%s/redress show %llu --config %s/redress.yaml --lang %s",
                               REDRESS_BIN,
                               id(DUE),
                               rig->directory,
                               tongues[i].language);
        assert_int_equal(status, 0);
        if (!strstr(said, tongues[i].head) || !strstr(said, tongues[i].note)) {
            fail_msg("%s", said);
        }
    }
}

/* To people: that it is done, by whom, and no list of what may not be done any more. */
static void erasing_is_told(const struct rig *rig, int which, const char *wanted)
{
    static char said[SAID_MAX];
    int status = rig_shell(said,
                           sizeof said,
                           "%s/redress erase %llu --as kim --role keeper --reason asked --config "
                           "%s/redress.yaml --lang en",
                           REDRESS_BIN,
                           id(which),
                           rig->directory);
    const char *end = strchr(said, '\n');
    if (status != 0 || !strstr(said, wanted) || !strstr(said, "kim (keeper), under Kept") || !end ||
        end[1] != '\0') {
        fail_msg("status %d: %s", status, said);
    }
}

/* Of the case that was erased, and of the others. */
static void it_stands_as_it_should(struct rig *rig, const struct rig_keys *destroyed)
{
    struct rig_keys all;
    rig_keys_read(rig, 0, &all);
    assert_int_equal(all.count, CASES - 1);
    assert_false(rig_keys_open(rig, cases[DUE], phone, &all));
    assert_true(rig_keys_open(
        rig, cases[DUE], phone, destroyed)); /* not a byte of the journal has changed */
    assert_true(rig_keys_open(rig, cases[EARLY], phone, &all));
    assert_true(rig_keys_open(rig, cases[HELD], phone, &all));
    the_rows_of_the_case_have_neither_key_nor_customer(rig);
    the_person_s_number_stands_nowhere_else(rig, CASES - 1);
    show_says_when_by_whom_and_why(rig);
    json_t *json = erase(rig, DUE, 0);
    assert_string_equal(word(json, "code"), "erased");
    json_decref(json);
    erasing_is_told(rig, DUE, "its personal data was erased on ");
    assert_int_equal(recorded(rig, DUE, EVENT_ERASED), 1);
    json = rig_asks(rig, REFUSED, "act %llu reopen --as sue --role supervisor", id(DUE));
    assert_string_equal(word(json, "code"), "erased");
    json_decref(json);
    rig_check_streams(rig);
    assert_int_equal(rig_redress(rig, (const char *const[]){"--quiet", "verify", NULL}), 0);
}

/* ---- kill -9 ---- */

static void dispatch_is_killed(struct rig *rig)
{
    (void)daemon_signal(rig_daemon(rig, SERVICE_DISPATCH, "a"), SIGKILL);
    (void)rig_start(rig, SERVICE_DISPATCH, "a");
    rig_await_serving(rig, SERVICE_DISPATCH, SETTLE_MS);
}

/* Both or neither, at any instant (law 4). */
static void key_and_event_go_together(struct rig *rig, int which)
{
    assert_int_equal(rig_number(rig,
                                "SELECT count(*) FROM submission s WHERE case_id = %llu AND "
                                "(wrapped_key IS NULL) = EXISTS (SELECT FROM journal j WHERE "
                                "service = 3 AND kind = %d AND j.case_id = s.case_id)",
                                id(which),
                                EVENT_ERASED),
                     1);
}

/* Nobody waits for an answer before dispatch dies, a little later each time; then who asked asks
 * again, with the same command and with another. */
static void what_is_killed_while_it_erases_erases_once(struct rig *rig)
{
    struct command command = {.actor = "kim",
                              .role = "keeper",
                              .case_id = cases[KILLED],
                              .action = "erase",
                              .fields = {{"reason", "asked"}}};
    adapter_uuid(command.id);
    for (int i = 0; i < KILLS; i++) {
        struct desk *desk = desk_new(rig, "a");
        desk_send(desk, &command);
        rig_nap_ms(i * KILL_STEP_MS);
        dispatch_is_killed(rig);
        desk_free(&desk);
        key_and_event_go_together(rig, KILLED);
    }
    struct desk *desk = desk_new(rig, "a");
    struct answer answer = desk_ask(desk, &command, SETTLE_MS);
    assert_int_equal(answer.outcome, REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE);
    desk_free(&desk);
    json_decref(erase(rig, KILLED, 0));
    key_and_event_go_together(rig, KILLED);
    the_person_s_number_stands_nowhere_else(rig, CASES - 2);
    assert_int_equal(recorded(rig, KILLED, EVENT_ERASED), 1);
}

/* Which refusals were recorded dispatch knows from the archive. */
static void what_was_refused_is_known_after_a_kill(struct rig *rig)
{
    dispatch_is_killed(rig);
    refused_for(rig, HELD, "on_hold", 1);
    what_is_asked_again_is_refused_again(rig);
}

/* What verify says of the case's row. */
static void verify_tells(const struct rig *rig, int which, const char *wanted)
{
    char where[64];
    json_t *json = rig_asks(rig, REFUSED, "verify");
    const json_t *one = json_array_get(json_object_get(json, "differences"), 0);
    assert_int_equal(rig_json_number(json, "difference_count"), 1);
    (void)snprintf(where, sizeof where, "submission %llu", id(which));
    assert_string_equal(word(one, "where"), where);
    assert_string_equal(word(one, "code"), wanted);
    json_decref(json);
}

/* As after a restore from a copy; and of a case that nobody erased it is missed. */
static void a_key_that_comes_back_is_found_and_destroyed_again(struct rig *rig)
{
    static const char restored[] = "UPDATE submission s SET wrapped_key = c.wrapped_key FROM "
                                   "copied c WHERE c.case_id = s.case_id AND c.case_id = %llu";
    rig_sql(rig, restored, id(DUE));
    verify_tells(rig, DUE, "VERIFY_KEY_BACK");
    json_decref(erase(rig, DUE, 0));
    assert_int_equal(recorded(rig, DUE, EVENT_ERASED), 1);
    DOES(rig, "verify");
    rig_sql(rig, "UPDATE submission SET wrapped_key = NULL WHERE case_id = %llu", id(EARLY));
    verify_tells(rig, EARLY, "VERIFY_KEY_GONE");
    rig_sql(rig, restored, id(EARLY));
    DOES(rig, "verify");
}

/* Nobody knows any more what it said, so it is refused; it is no second case either (law 1). */
static void what_was_submitted_is_no_new_case(struct rig *rig)
{
    assert_int_equal(submitted(rig, EARLY), cases[EARLY]); /* a repeat like any other */
    json_decref(submit(rig, DUE, CONFLICT));
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM submission"), CASES);
}

static void an_erased_case_is_its_course_without_the_person(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    struct rig_keys destroyed;
    char before[128];
    char after[128];
    rig_policy_add(rig, REDRESS_SOURCE "/tests/system/kept.yaml");
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    the_cases_are_closed(rig);
    figures_read(rig, before);
    it_is_refused_while_it_has_to_be_kept(rig);
    what_is_asked_again_is_refused_again(rig);
    what_was_refused_is_known_after_a_kill(rig);
    assert_int_equal(rig_redress(rig, (const char *const[]){"--quiet", "verify", NULL}), 0);
    rig_keys_read(rig, cases[DUE], &destroyed);
    assert_int_equal(destroyed.count, 1);
    assert_true(rig_keys_open(rig, cases[DUE], phone, &destroyed));
    rig_sql(rig, "CREATE TABLE copied AS SELECT case_id, wrapped_key FROM submission");
    what_is_due_is_listed_and_erased(rig);
    rig_settle(rig, SETTLE_MS);
    it_stands_as_it_should(rig, &destroyed);
    figures_read(rig, after);
    assert_string_equal(after, before);
    char flushed[16];
    rig_redis(rig, flushed, sizeof flushed, "FLUSHALL");
    dispatch_is_killed(rig);
    it_stands_as_it_should(rig, &destroyed);
    a_key_that_comes_back_is_found_and_destroyed_again(rig);
    what_was_submitted_is_no_new_case(rig);
    what_is_killed_while_it_erases_erases_once(rig);
    rig_settle(rig, SETTLE_MS);
    rig_check_streams(rig);
    DOES(rig, "verify");
    rig_check_queues(rig);
    figures_read(rig, after);
    assert_string_equal(after, before);
    DOES(rig, "act %llu lift --as kim --role keeper", id(HELD));
    erasing_is_told(rig, HELD, "its personal data is erased now, by ");
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(an_erased_case_is_its_course_without_the_person, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
