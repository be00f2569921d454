/*
 * Goal: what is sealed of a case is given out to whom the policy lets, only after the record of it
 * is committed, and each time anew (law 10); nothing of it is given under another case, to another
 * role, twice for one record, or of a case that was erased.  Reading is no work: the case stands as
 * it stood, and refolds (laws 3, 8).
 *
 * Method: real daemons under kept.yaml.  The journal of dispatch is locked against appending while
 * somebody reads: the answer has to wait for that.  The same command is sent again; the place of
 * another case is asked for; dispatch is killed as it reads, again and again.
 *
 * Who takes no answer is put off before much lies for him, with nothing recorded, and others read
 * on (law 9).
 *
 * Planted: the event not appended (an answer came while nothing could be); the texts given with a
 * repeat; the row's case not compared; a case of no partition looked up (dispatch gave up); readers
 * not asked; erased cases read; what lies of one peer not asked.
 */
#include "bus.h"
#include "redress/command/v1/command.pb-c.h"
#include "rig_cmocka.h"
#include "rig_json.h"

#include <signal.h>
#include <time.h>

enum {
    SETTLE_MS = 30000,
    LOCKED_MS = 1200,
    REOPEN_MS = 1100, /* the window of kept.yaml, and more */
    REFUSED = 1,
    KILLS = 4,
    SUBMITTED_MAX = 64,
    KILL_STEP_MS = 3,
    YEAR_S = 365 * 86400,
    LONG_SIZE = 16000,
    LONG_COUNT = 13, /* with the rest, one place less than a command asks for */
    LONG_ASKED = 11, /* one reply holds them */
    DEAF_ASKS = 48,
    DEAF_STEP_MS = 140, /* a case is read eight times a second */
};

static const char phone[] = "13987650421";
static const char noted[] = "周四下午在家";

enum { ONE, OTHER, CASES };
static uint64_t cases[CASES];
static uint64_t places[CASES]; /* of its note */
static char long_places[24 * LONG_ASKED];

static unsigned long long id(int which)
{
    return (unsigned long long)cases[which];
}

#define DOES(rig, ...) json_decref(rig_asks(rig, 0, __VA_ARGS__))

static const char *word(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    assert_non_null(text);
    return text;
}

static int64_t recorded(struct rig *rig, int which)
{
    return rig_number(rig,
                      "SELECT count(*) FROM journal WHERE service = 3 AND case_id = %llu AND "
                      "kind = %d",
                      id(which),
                      (int)EVENT_READ);
}

static uint64_t submitted(struct rig *rig, int which)
{
    time_t then = time(NULL) - (time_t)7 * YEAR_S;
    struct tm tm;
    char when[32];
    assert_non_null(gmtime_r(&then, &tm));
    assert_true(strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0);
    json_t *json = rig_asks(rig,
                            0,
                            "submit --policy kept --channel phone --text 'it is broken, %d' "
                            "--name Ou%d --contact %s --demand repair --received-at %s",
                            which,
                            which,
                            phone,
                            when);
    uint64_t case_id = (uint64_t)rig_json_number(json, "case_id");
    json_decref(json);
    return case_id;
}

/* Two of one stream, or another's place would be none there is. */
static void the_cases_are_there(struct rig *rig)
{
    cases[ONE] = submitted(rig, ONE);
    for (int i = 0; i < SUBMITTED_MAX; i++) {
        cases[OTHER] = submitted(rig, OTHER);
        if (case_partition(cases[OTHER]) == case_partition(cases[ONE])) {
            break;
        }
    }
    assert_int_equal(case_partition(cases[OTHER]), case_partition(cases[ONE]));
    rig_settle(rig, SETTLE_MS);
    for (int i = 0; i < CASES; i++) {
        DOES(rig, "act %llu note --as ann --role agent --note %s -f phone=%s", id(i), noted, phone);
        places[i] = (uint64_t)rig_number(
            rig, "SELECT max(seq) FROM journal WHERE service = 3 AND case_id = %llu", id(i));
    }
}

/* What was given under that name; "": nothing. */
static const char *given(const json_t *json, const char *name)
{
    size_t i;
    json_t *opened;
    json_array_foreach(json_object_get(json, "opened"), i, opened)
    {
        if (strcmp(word(opened, "name"), name) == 0) {
            return word(opened, "text");
        }
    }
    return "";
}

static void who_may_reads_all_of_it(struct rig *rig)
{
    char state[2][256];
    static const char row[] =
        "SELECT md5(string_agg((to_jsonb(c) - 'version' - 'updated_at')::text, ',' ORDER BY "
        "case_id)) FROM complaint c";
    rig_text(rig, state[0], sizeof state[0], row);
    json_t *json =
        rig_asks(rig, 0, "read %llu --as ann --role agent --reason 'to call him back'", id(ONE));
    assert_string_equal(given(json, "narrative"), "it is broken, 0");
    assert_string_equal(given(json, "name"), "Ou0");
    assert_string_equal(given(json, "contact"), phone);
    assert_string_equal(given(json, "demand"), "repair");
    assert_string_equal(given(json, "note"), noted);
    assert_string_equal(given(json, "field"), phone);
    json_decref(json);
    assert_int_equal(recorded(rig, ONE), 1);
    rig_text(rig, state[1], sizeof state[1], row);
    assert_string_equal(state[0], state[1]);
    json = rig_asks(rig, 0, "show %llu", id(ONE));
    size_t i;
    json_t *event;
    unsigned told = 0;
    json_array_foreach(json_object_get(json, "events"), i, event)
    {
        if (strcmp(word(event, "kind"), "read") == 0) {
            const json_t *fields = json_object_get(event, "fields");
            char what[64];
            (void)snprintf(what, sizeof what, "complaint %llu", (unsigned long long)places[ONE]);
            assert_string_equal(word(event, "actor"), "ann");
            assert_string_equal(word(fields, "what"), what);
            assert_string_equal(word(fields, "reason"), "to call him back");
            told++;
        }
    }
    assert_int_equal(told, 1);
    json_decref(json);
}

static void nobody_else_reads_it(struct rig *rig, struct desk *desk)
{
    json_t *json = rig_asks(rig, REFUSED, "read %llu --as kim --role keeper", id(ONE));
    assert_string_equal(word(json, "code"), "role_may_not");
    assert_null(json_object_get(json, "opened"));
    json_decref(json);
    static const struct {
        const char *what, *code;
    } asked[] = {
        {"",                    "field_invalid"},
        {"complaint complaint", "field_invalid"},
        {"complaint  3",        "field_invalid"},
        {"01",                  "field_invalid"},
        {"99999",               "place_unknown"},
        {NULL,                  "place_unknown"}, /* of the other case */
    };
    char place[24];
    (void)snprintf(place, sizeof place, "%llu", (unsigned long long)places[OTHER]);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        const struct command command = {
            .actor = "ann",
            .role = "agent",
            .case_id = cases[ONE],
            .action = "read",
            .fields = {{"what", asked[i].what ? asked[i].what : place}}};
        const struct answer answer = desk_ask(desk, &command, SETTLE_MS);
        assert_string_equal(answer.code, asked[i].code);
        assert_int_equal(answer.opened, 0);
    }
    assert_int_equal(recorded(rig, ONE), 1);
    assert_int_equal(recorded(rig, OTHER), 0);
    /* a partition there is not: no archive is asked for it, or it would refuse the batch for good
     */
    const struct command nowhere = {.actor = "nobody",
                                    .role = "nothing",
                                    .case_id = UINT64_C(40000) << 40 | 1,
                                    .action = "read",
                                    .fields = {{"what", "complaint"}}};
    assert_string_equal(desk_ask(desk, &nowhere, SETTLE_MS).code, "case_unknown");
}

/* The journal takes nothing while it is locked, but is read. */
static void it_is_recorded_before_it_is_given(struct rig *rig, struct desk *desk)
{
    struct command command = {.actor = "ann",
                              .role = "agent",
                              .case_id = cases[ONE],
                              .action = "read",
                              .fields = {{"what", "complaint"}}};
    struct answer answer;
    adapter_uuid(command.id);
    rig_sql(rig, "BEGIN; LOCK TABLE journal_dispatch IN SHARE ROW EXCLUSIVE MODE");
    desk_send(desk, &command);
    assert_false(desk_take(desk, &answer, LOCKED_MS));
    rig_sql(rig, "COMMIT");
    assert_true(desk_take(desk, &answer, SETTLE_MS));
    assert_int_equal(answer.outcome, REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE);
    assert_int_equal(answer.opened, 4);
    assert_int_equal(recorded(rig, ONE), 2);
    answer = desk_ask(desk, &command, SETTLE_MS); /* its answer may have been heard by another */
    assert_string_equal(answer.code, "repeated");
    assert_int_equal(answer.opened, 0);
    assert_int_equal(recorded(rig, ONE), 2);
}

/* Each answer that gave something has its record, whatever dispatch died of. */
static void every_answer_has_its_record(struct rig *rig, struct desk *desk)
{
    int64_t gave = 0;
    int64_t before = recorded(rig, OTHER);
    for (int i = 0; i < KILLS; i++) {
        struct command command = {.actor = "ann",
                                  .role = "agent",
                                  .case_id = cases[OTHER],
                                  .action = "read",
                                  .fields = {{"what", "complaint"}}};
        struct answer answer;
        adapter_uuid(command.id);
        desk_send(desk, &command);
        rig_nap_ms(i * KILL_STEP_MS);
        struct daemon *daemon = rig_daemon(rig, SERVICE_DISPATCH, "a");
        assert_int_equal(kill(daemon->pid, SIGKILL), 0);
        (void)daemon_ended(daemon, SETTLE_MS);
        gave += desk_take(desk, &answer, 100) && answer.opened > 0;
        (void)rig_start(rig, SERVICE_DISPATCH, "a");
        rig_await_all_serving(rig);
        answer = desk_ask(desk, &command, SETTLE_MS);
        gave += answer.opened > 0;
        assert_true(recorded(rig, OTHER) - before >= gave);
        assert_int_equal(recorded(rig, OTHER) - before, i + 1); /* one a command */
    }
}

/* More than one answer holds: in parts, each on record. */
static void long_ones_are_read_in_parts(struct rig *rig, struct desk *desk)
{
    static char note[LONG_SIZE + 1];
    memset(note, 'n', LONG_SIZE);
    int64_t before = recorded(rig, OTHER);
    for (int i = 0; i < LONG_COUNT; i++) {
        const struct command command = {.actor = "ann",
                                        .role = "agent",
                                        .case_id = cases[OTHER],
                                        .action = "note",
                                        .note = note};
        const struct answer answer = desk_ask(desk, &command, SETTLE_MS);
        assert_int_equal(answer.outcome, REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE);
        if (i < LONG_ASKED) {
            size_t size = strlen(long_places);
            (void)snprintf(long_places + size,
                           sizeof long_places - size,
                           i == 0 ? "%llu" : " %llu",
                           (unsigned long long)answer.seq);
        }
    }
    json_t *json = rig_asks(rig, 0, "read %llu --as ann --role agent", id(OTHER));
    size_t i;
    json_t *opened;
    int whole = 0;
    json_array_foreach(json_object_get(json, "opened"), i, opened)
    {
        whole += strlen(word(opened, "text")) == LONG_SIZE;
    }
    assert_int_equal(whole, LONG_COUNT);
    assert_int_equal(json_array_size(json_object_get(json, "recorded")), 3); /* 7, 7 and 1 */
    json_decref(json);
    assert_int_equal(recorded(rig, OTHER), before + 3);
}

/* All that he asks for is less than his share, and than what stops everybody. */
static void who_takes_nothing_is_put_off(struct rig *rig, struct desk *desk)
{
    struct desk *deaf = desk_new(rig, "a");
    desk_narrow(deaf);
    const struct command much = {.actor = "ann",
                                 .role = "agent",
                                 .case_id = cases[OTHER],
                                 .action = "read",
                                 .fields = {{"what", long_places}}};
    const struct command little = {.actor = "ann",
                                   .role = "agent",
                                   .case_id = cases[ONE],
                                   .action = "read",
                                   .fields = {{"what", "complaint"}}};
    int64_t before = recorded(rig, OTHER);
    for (int i = 0; i < DEAF_ASKS; i++) {
        desk_send(deaf, &much);
        rig_nap_ms(DEAF_STEP_MS);
    }
    struct answer answer = desk_ask(desk, &little, SETTLE_MS);
    assert_int_equal(answer.opened, 4);
    int64_t reads = recorded(rig, OTHER) - before;
    assert_in_range(reads * LONG_ASKED * LONG_SIZE, 1, BUS_LARGE_SHARE / 4 * 3);
    int64_t given = 0;
    for (int i = 0; i < DEAF_ASKS; i++) { /* he takes them after all */
        assert_true(desk_take(deaf, &answer, SETTLE_MS));
        given += answer.opened == LONG_ASKED;
        assert_true(answer.opened == LONG_ASKED || strcmp(answer.code, "reads_many") == 0);
    }
    assert_int_equal(given, reads);
    desk_free(&deaf);
}

static void what_is_erased_is_not_read(struct rig *rig, struct desk *desk)
{
    DOES(rig, "act %llu reply --as ann --role agent", id(ONE));
    rig_settle(rig, SETTLE_MS);
    rig_nap_ms(REOPEN_MS);
    DOES(rig, "erase %llu --as kim --role keeper --reason asked", id(ONE));
    const struct command command = {.actor = "ann",
                                    .role = "agent",
                                    .case_id = cases[ONE],
                                    .action = "read",
                                    .fields = {{"what", "complaint"}}};
    int64_t before = recorded(rig, ONE);
    const struct answer answer = desk_ask(desk, &command, SETTLE_MS);
    assert_string_equal(answer.code, "erased");
    assert_int_equal(answer.opened, 0);
    assert_int_equal(recorded(rig, ONE), before);
}

static void what_is_sealed_is_read_on_record(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_policy_add(rig, REDRESS_SOURCE "/tests/system/kept.yaml");
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    the_cases_are_there(rig);
    struct desk *desk = desk_new(rig, "a");
    who_may_reads_all_of_it(rig);
    nobody_else_reads_it(rig, desk);
    it_is_recorded_before_it_is_given(rig, desk);
    every_answer_has_its_record(rig, desk);
    long_ones_are_read_in_parts(rig, desk);
    who_takes_nothing_is_put_off(rig, desk);
    what_is_erased_is_not_read(rig, desk);
    rig_settle(rig, SETTLE_MS);
    assert_int_equal(rig_redress(rig, (const char *const[]){"--quiet", "verify", NULL}), 0);
    desk_free(&desk);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_is_sealed_is_read_on_record, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
