/*
 * Goal: the command's looking verbs tell the truth about a living archive.
 *
 * Method: real daemons work on a few hundred cases; the command is run as people run it and its
 * JSON is read.  Then every kind of damage is planted by hand, one at a time and put back, and
 * verify has to name it.  Guards laws 1, 3 and 8 (refolding gives the tables), 6 (Redis is built
 * again), 10 (nothing sealed comes out of show) and 12 (clocks say which calendar and rule).
 */
#include "rig.h"
#include "rig_cmocka.h"
#include "rig_json.h"

#include <jansson.h>
#include <signal.h>
#include <time.h>

enum { CASES = 300, SETTLE_MS = 20000, NOT_FOUND = 3, PAUSE_S = 4 };

static const char secret[] = "zhang.san@example.cn";

/* Verify finds exactly this kind of difference, among others, at that place. */
static void differs(const struct rig *rig, const char *where, const char *code)
{
    char full[48];
    json_t *json = rig_asks(rig, 1, "verify");
    (void)snprintf(full, sizeof full, "VERIFY_%s", code);
    bool found = false;
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(json, "differences"), i, one)
    {
        const char *place = json_string_value(json_object_get(one, "where"));
        const char *kind = json_string_value(json_object_get(one, "code"));
        found = found || (place && kind && strcmp(place, where) == 0 && strcmp(kind, full) == 0);
    }
    if (!found) {
        char *text = json_dumps(json, 0);
        print_message("%s at %s is not in %s\n", code, where, text);
        free(text);
    }
    json_decref(json);
    assert_true(found);
}

static void nothing_differs(const struct rig *rig)
{
    json_t *json = rig_asks(rig, 0, "verify");
    assert_int_equal(rig_json_number(json, "difference_count"), 0);
    assert_true(rig_json_number(json, "events") >= CASES * 3);
    json_decref(json);
}

#define MARKED_OR_NOT "more = CASE more WHEN '' THEN bytea '\\x04110001' ELSE '' END"
/* By a byte too many: the size is even. */
#define LONGER_OR_NOT                                                                              \
    "dues = CASE length(dues) % 2 WHEN 0 THEN dues || '\\x00' "                                    \
    "ELSE substr(dues, 1, length(dues) - 1) END"

#define TURNED(column)                                                                             \
    column " = CASE " column " WHEN 'infinity' THEN '1999-1-1' WHEN '1999-1-1' THEN 'infinity' "   \
           "ELSE timestamptz '2100-1-1' - (" column " - '2000-1-1') END"

/* Each harm, done a second time, undoes itself. */
static const struct {
    const char *table;
    const char *set;
    const char *code;
} harms[] = {
    {"complaint",  "priority = 5 - priority",                                  "FIELD"         },
    {"complaint",  "case_id = -case_id",                                       "ROW_MISSING"   },
    {"complaint",  MARKED_OR_NOT,                                              "FIELD"         },
    {"complaint",  "pushes = NOT pushes",                                      "FIELD"         },
    {"complaint",  "cause = CASE cause WHEN '' THEN 'x' ELSE '' END",          "FIELD"         },
    {"clock",      "state = set_byte(state, 9, 255 - get_byte(state, 9))",     "FIELD"         },
    {"clock",      TURNED("next_due"),                                         "FIELD"         },
    {"clock",      TURNED("due"),                                              "FIELD"         },
    {"clock",      TURNED("missed"),                                           "FIELD"         },
    {"clock",      "raised = 5 - raised",                                      "FIELD"         },
    {"clock",      "raised_by = CASE raised_by WHEN 'x' THEN '' ELSE 'x' END", "FIELD"         },
    {"clock",      "state = set_byte(state, 104, 255 - get_byte(state, 104))", "FIELD"         },
    {"clock",      "state = set_byte(state, 105, 255 - get_byte(state, 105))", "FIELD"         },
    {"clock",      "closed = NOT closed",                                      "FIELD"         },
    {"clock",      "dues = set_byte(dues, 0, 255 - get_byte(dues, 0))",        "FIELD"         },
    {"clock",      "dues = set_byte(dues, 13, 255 - get_byte(dues, 13))",      "FIELD"         },
    {"clock",      LONGER_OR_NOT,                                              "ROW_UNREADABLE"},
    {"submission", "case_id = -case_id",                                       "ROW_MISSING"   },
    {"journal",    "hash = set_byte(hash, 0, 255 - get_byte(hash, 0))",        "HASH"          },
    {"journal",    "bytes = set_byte(bytes, 20, 255 - get_byte(bytes, 20))",   "CHAIN"         },
    {"journal",    "kind = 38 - kind",                                         "ROW"           },
};

static void every_planted_harm_is_named(struct rig *rig, long long case_id)
{
    char where[64];
    rig_sql(rig, "SET session_replication_role = replica"); /* the journal's trigger looks away */
    for (size_t i = 0; i < sizeof harms / sizeof *harms; i++) {
        bool journal = strcmp(harms[i].table, "journal") == 0;
        if (journal) {
            (void)snprintf(where,
                           sizeof where,
                           "intake.%04u #%lld",
                           case_partition((uint64_t)case_id),
                           case_id & ((1LL << 40) - 1));
        } else {
            (void)snprintf(where, sizeof where, "%s %lld", harms[i].table, case_id);
        }
        for (int turn = 0; turn < 2; turn++) {
            rig_sql(rig,
                    "UPDATE %s SET %s WHERE case_id IN (%lld, -%lld) %s",
                    harms[i].table,
                    harms[i].set,
                    case_id,
                    case_id,
                    journal ? "AND service = 1" : "");
            if (turn == 0) {
                differs(rig, where, harms[i].code);
            }
        }
    }
    nothing_differs(rig);
}

static void a_case_is_shown_without_what_is_sealed(const struct rig *rig, long long case_id)
{
    char words[64];
    int status;
    (void)snprintf(words, sizeof words, "show %lld", case_id);
    json_t *json = rig_json(rig, words, &status);
    assert_int_equal(status, 0);
    assert_true(json_array_size(json_object_get(json, "events")) >= 4);
    const json_t *clock = json_array_get(json_object_get(json, "clocks"), 0);
    assert_non_null(json_string_value(json_object_get(clock, "calendar_version")));
    assert_non_null(json_string_value(json_object_get(clock, "rule")));
    assert_string_equal(json_string_value(json_object_get(clock, "status")), "running");
    char *text = json_dumps(json, 0);
    assert_non_null(strstr(text, "\"person_sealed\": true"));
    assert_null(strstr(text, secret));
    assert_null(strstr(text, "张三"));
    free(text);
    json_decref(json);
    json = rig_json(rig, "show 1099511627775", &status);
    assert_null(json);
    assert_int_equal(status, NOT_FOUND);
}

static void status_counts_and_says_who_is_missing(struct rig *rig)
{
    int status;
    json_t *json = rig_json(rig, "status", &status);
    assert_int_equal(status, 0);
    assert_int_equal(rig_json_number(json, "accepted"), CASES);
    assert_int_equal(rig_json_number(json, "archived"), CASES);
    assert_int_equal(rig_json_number(json, "lost"), 0);
    assert_int_equal(rig_json_number(json, "open"), CASES);
    json_decref(json);
    (void)daemon_signal(rig_daemon(rig, SERVICE_TRIAGE, "a"), SIGKILL);
    rig_await(rig,
              "SELECT count(*) FROM pg_stat_activity a JOIN member m ON m.backend_pid = a.pid "
              "AND m.backend_start = a.backend_start WHERE m.service = 2",
              0,
              SETTLE_MS);
    json = rig_json(rig, "status", &status);
    assert_int_equal(status, 1);
    assert_true(json_is_false(json_object_get(json, "healthy")));
    const json_t *triage = json_array_get(json_object_get(json, "services"), 1);
    assert_int_equal(rig_json_number(triage, "live"), 0);
    assert_int_equal(rig_json_number(triage, "gone"), 1);
    assert_int_equal(rig_json_number(triage, "partitions_served"), 0);
    json_decref(json);
    (void)rig_start(rig, SERVICE_TRIAGE, "a");
    (void)rig_await_serving(rig, SERVICE_TRIAGE, SETTLE_MS);
}

static void redis_is_built_again(struct rig *rig)
{
    int status;
    json_t *json = rig_json(rig, "rebuild redis", &status);
    assert_int_equal(status, 0);
    assert_true(json_is_true(json_object_get(json, "lengths_agree")));
    assert_true(rig_json_number(json, "keys_removed") > 0);
    assert_int_equal(rig_json_number(json, "waiting"), CASES);
    json_decref(json);
    rig_check_queues(rig);
}

static void what_the_looking_verbs_say_is_so(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    struct adapter *adapter = adapter_new(rig, "a", NULL, 100);
    adapter_add_many(adapter, CASES - 1);
    const struct content content = {"general-service", "email", "我叫张三，洗衣机漏水", secret};
    (void)adapter_add(adapter, &content, NULL);
    rig_await_all_serving(rig);
    adapter_finish(adapter, SETTLE_MS);
    rig_settle(rig, SETTLE_MS);
    long long case_id = (long long)rig_number(
        rig, "SELECT case_id FROM complaint WHERE customer <> 0"); /* the one with a person */
    nothing_differs(rig);
    every_planted_harm_is_named(rig, case_id);
    a_case_is_shown_without_what_is_sealed(rig, case_id);
    redis_is_built_again(rig);
    status_counts_and_says_who_is_missing(rig);
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
}

/* Of one clock, "" for all. */
static json_t *explain(const struct rig *rig, uint64_t case_id, const char *clock, int wanted)
{
    char words[128];
    int status;
    (void)snprintf(words,
                   sizeof words,
                   "clock explain %llu %s%s",
                   (unsigned long long)case_id,
                   clock[0] ? "--clock " : "",
                   clock);
    json_t *json = rig_json(rig, words, &status);
    assert_int_equal(status, wanted);
    return json;
}

static void act(struct desk *desk, uint64_t case_id, const char *action)
{
    const struct command look = {.actor = "wang", .role = "agent", .case_id = case_id};
    struct answer answer = desk_ask(desk, &look, SETTLE_MS);
    struct command command = look;
    command.action = action;
    command.version = answer.version;
    answer = desk_ask(desk, &command, SETTLE_MS);
    if (answer.outcome != 1) {
        fail_msg("%s: %s", action, answer.code);
    }
}

static void assert_text(const json_t *object, const char *key, const char *wanted)
{
    const char *text = json_string_value(json_object_get(object, key));
    assert_non_null(text);
    assert_string_equal(text, wanted);
}

static int64_t sum(const json_t *object, const char *key)
{
    int64_t all = 0;
    size_t i;
    json_t *span;
    json_array_foreach(json_object_get(object, key), i, span)
    {
        all += rig_json_number(span, "seconds");
    }
    return all;
}

static bool about(int64_t got, int64_t wanted)
{
    return got >= wanted - 1 && got <= wanted + 1; /* whole seconds of instants within them */
}

/* Missed after two seconds and running on: how late it is, and who was told. */
static void the_missed_clock_explains_itself(const struct rig *rig, uint64_t case_id)
{
    json_t *json = explain(rig, case_id, "hurry", 0);
    const json_t *clock = json_array_get(json_object_get(json, "clocks"), 0);
    const json_t *level = json_array_get(json_object_get(clock, "levels"), 0);
    assert_int_equal(json_array_size(json_object_get(json, "clocks")), 1);
    assert_text(clock, "status", "breached");
    assert_int_equal(rig_json_number(clock, "target_seconds"), 2);
    assert_int_equal(sum(clock, "intervals"), 2);
    assert_true(rig_json_number(clock, "late_seconds") >= PAUSE_S - 2);
    assert_true(
        about(rig_json_number(clock, "used_seconds"), rig_json_number(clock, "late_seconds") + 2));
    assert_true(json_is_true(json_object_get(clock, "recounted")));
    assert_text(level, "kind", "clock_breached");
    json_decref(json);
}

/* What was used and what was waited for add up to the time between start and stop. */
static void the_met_clock_explains_itself(struct rig *rig, uint64_t case_id)
{
    int status;
    char query[256];
    json_t *json = explain(rig, case_id, "handling", 0);
    const json_t *clock = json_array_get(json_object_get(json, "clocks"), 0);
    int64_t paused_s = sum(clock, "pauses");
    (void)snprintf(query,
                   sizeof query,
                   "SELECT round(extract(epoch FROM closed_at - opened_at))::bigint "
                   "FROM complaint WHERE case_id = %llu",
                   (unsigned long long)case_id);
    assert_text(clock, "status", "met");
    assert_text(clock, "calendar", "behind");
    assert_int_equal(rig_json_number(clock, "target_seconds"), 8 * 3600);
    assert_int_equal(json_array_size(json_object_get(clock, "pauses")), 1);
    assert_true(about(paused_s, PAUSE_S));
    assert_true(about(rig_json_number(clock, "paused_seconds"), paused_s));
    assert_true(about(rig_json_number(clock, "used_seconds"), sum(clock, "intervals")));
    assert_true(
        about(rig_json_number(clock, "used_seconds") + paused_s, rig_number(rig, "%s", query)));
    assert_int_equal(rig_json_number(clock, "late_seconds"), 0);
    assert_true(json_is_string(json_object_get(clock, "due")));
    const char *rule = json_string_value(json_object_get(clock, "rule"));
    assert_non_null(rule);
    assert_non_null(strstr(rule, "patience@1:"));
    const char *version = json_string_value(json_object_get(clock, "calendar_version"));
    assert_non_null(version);
    assert_true(strlen(version) >= 8);
    version = json_string_value(json_object_get(clock, "zone_version"));
    assert_true(version && strlen(version) >= 5);
    json_decref(json);
    json = rig_json(rig,
                    "calendar show " REDRESS_SOURCE
                    "/tests/system/patience.yaml --calendar behind --year 2020",
                    &status);
    assert_int_equal(rig_json_number(json, "business_days"),
                     365); /* a leap year without New Year */
    assert_text(json_array_get(json_object_get(json, "days"), 0), "name", "New Year");
    json_decref(json);
}

static size_t listed(const struct rig *rig, const char *words)
{
    int status;
    json_t *json = rig_json(rig, words, &status);
    assert_int_equal(status, 0);
    size_t count = json_array_size(json_object_get(json, "cases"));
    json_decref(json);
    return count;
}

static void names_that_nobody_knows_are_told(const struct rig *rig)
{
    rig_says(
        rig, "list --queue dsk", NOT_FOUND, "there is no queue \"dsk\"; did you mean \"desk\"?");
    rig_says(rig, "list --queue patience/dsk", NOT_FOUND, "did you mean \"patience/desk\"?");
    rig_says(rig, "list --step wating", NOT_FOUND, "did you mean \"waiting\"?");
    rig_says(rig, "list --category qualty", NOT_FOUND, "did you mean \"quality\"?");
    rig_says(rig, "list --policy patient", NOT_FOUND, "did you mean \"patience\"?");
    rig_says(rig, "list --policy general-service --step waiting", NOT_FOUND, "no step \"waiting\"");
    rig_says(
        rig, "list --queue nothing-like-it", NOT_FOUND, "there is no queue \"nothing-like-it\"");
    rig_says(rig,
             "queue patience/dsk",
             NOT_FOUND,
             "there is no queue \"patience/dsk\"; did you mean \"patience/desk\"?");
    rig_says(rig, "queue desk", NOT_FOUND, "did you mean \"patience/desk\"?");
    rig_says(rig, "queue patience/desk", 0, "");
    rig_says(rig, "policy list", 0, "times in ");
    rig_says(rig, "archive list", 0, "times in Asia/Shanghai (UTC+08:00)");
    rig_says(rig, "watch --count 1 --case 1099511627775", NOT_FOUND, "1099511627775");
    /* of a shipped policy: known, and empty */
    assert_int_equal(listed(rig, "list --queue urgent"), 0);
    assert_int_equal(listed(rig, "list --step work --queue desk --open"), 0);
}

/* The due instant is as far from now as that: before (-1) or behind it. */
static void assert_due(const json_t *listed, int sign)
{
    const char *due = json_string_value(json_object_get(listed, "due"));
    const char *next = json_string_value(json_object_get(listed, "next_due"));
    char now[32];
    time_t seconds = time(NULL);
    struct tm utc;
    assert_non_null(gmtime_r(&seconds, &utc));
    assert_true(strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%S", &utc) > 0);
    assert_non_null(due);
    assert_true(sign < 0 ? strcmp(due, now) < 0 : strcmp(due, now) > 0);
    assert_true(sign < 0 || (next && strcmp(next, due) == 0));
}

/* The missed one stands first and says since when; what is due next is another instant than the one
 * at which a clock next tells somebody. */
static void what_is_late_comes_first(const struct rig *rig, uint64_t case_id)
{
    int status;
    assert_int_equal(listed(rig, "list --overdue"), 1);
    json_t *json = rig_json(rig, "list", &status);
    const json_t *late = json_array_get(json_object_get(json, "cases"), 0);
    const json_t *calm = json_array_get(json_object_get(json, "cases"), 1);
    assert_int_equal(rig_json_number(json, "total"), 2);
    assert_int_equal(rig_json_number(late, "case"), (int64_t)case_id);
    assert_true(json_is_true(json_object_get(late, "overdue")));
    assert_due(late, -1); /* missed, and said so by the same word as to people */
    assert_true(json_is_false(json_object_get(calm, "overdue")));
    assert_due(calm, 1);
    const char *due = json_string_value(json_object_get(calm, "due"));
    const char *level = json_string_value(json_object_get(calm, "next_level"));
    assert_true(due && level && strcmp(level, due) < 0); /* it warns before */
    json_decref(json);
    rig_says(rig, "list --limit 1", 0, "1 of 2 shown");
    rig_says(rig, "queue", 0, "times in ");
}

/* Who has not claimed yet does not know the words: each answer names those there are. */
static void a_newcomer_is_told_the_words(const struct rig *rig, uint64_t case_id)
{
    char words[128];
    int status;
    rig_says(rig,
             "claim patience/dsk --as li --role agent",
             NOT_FOUND,
             "there is no queue \"patience/dsk\"; did you mean \"patience/desk\"?");
    rig_says(rig, "claim patience/desk --as li --role agent", NOT_FOUND, "nothing waits");
    rig_says(rig,
             "submit --policy patience --channel fone --text x",
             NOT_FOUND,
             "there is no channel \"fone\"; did you mean \"phone\"?");
    rig_says(rig,
             "submit --policy patience --channel phone --category othr --text x",
             NOT_FOUND,
             "there is no category \"othr\"; did you mean \"other\"?");
    (void)snprintf(words, sizeof words, "act %llu --role agnt", (unsigned long long)case_id);
    rig_says(rig, words, 1, "has no role \"agnt\"; its roles: agent, supervisor; ");
    (void)snprintf(words,
                   sizeof words,
                   "act %llu note --note x --as li --role agnt",
                   (unsigned long long)case_id);
    rig_says(rig, words, 1, "did you mean \"agent\"?");
    json_t *json = rig_json(rig, words, &status);
    assert_int_equal(status, 1);
    assert_text(json, "code", "role_unknown");
    json_decref(json);
    (void)snprintf(words, sizeof words, "act %llu", (unsigned long long)case_id);
    json = rig_json(rig, words, &status);
    assert_int_equal(status, 0);
    assert_text(json, "outcome", "done");
    json_decref(json);
}

static void status_tells_of_the_year_without_holidays(const struct rig *rig)
{
    int status;
    json_t *json = rig_json(rig, "status", &status);
    size_t i;
    json_t *row;
    bool found = false;
    json_array_foreach(json_object_get(json, "calendars"), i, row)
    {
        found = found || strcmp(json_string_value(json_object_get(row, "calendar")), "behind") == 0;
    }
    json_decref(json);
    assert_true(found);
}

static void deadlines_tell_their_arithmetic(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_policy_add(rig, REDRESS_SOURCE "/tests/system/patience.yaml");
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 2);
    struct desk *desk = desk_new(rig, "a");
    const struct content broken = {"patience", "phone", "The thing is broken", NULL};
    const struct content calm = {"general-service", "phone", "The bill is wrong", NULL};
    (void)adapter_add(adapter, &broken, NULL);
    (void)adapter_add(adapter, &calm, NULL); /* its clocks are of hours: never overdue here */
    adapter_finish(adapter, SETTLE_MS);
    rig_settle(rig, SETTLE_MS);
    uint64_t case_id = adapter_submission(adapter, 0)->leaf.case_id;
    act(desk, case_id, "claim");
    act(desk, case_id, "ask");
    rig_nap_ms((int64_t)PAUSE_S * 1000);
    json_t *json = explain(rig, case_id, "handling", 0);
    assert_text(json_array_get(json_object_get(json, "clocks"), 0), "status", "paused");
    json_decref(json);
    act(desk, case_id, "consent");
    rig_settle(rig, SETTLE_MS);
    the_missed_clock_explains_itself(rig, case_id);
    what_is_late_comes_first(rig, case_id);
    act(desk, case_id, "reply");
    rig_settle(rig, SETTLE_MS);
    the_met_clock_explains_itself(rig, case_id);
    assert_int_equal(listed(rig, "list --overdue"), 0); /* it is closed */
    names_that_nobody_knows_are_told(rig);
    a_newcomer_is_told_the_words(rig, case_id);
    assert_null(explain(rig, case_id, "nobody", NOT_FOUND));
    assert_null(explain(rig, 1099511627775, "", NOT_FOUND));
    status_tells_of_the_year_without_holidays(rig);
    rig_check_all(rig, &adapter, 1);
    desk_free(&desk);
    adapter_free(&adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_the_looking_verbs_say_is_so, rig_teardown),
        cmocka_unit_test_teardown(deadlines_tell_their_arithmetic, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
