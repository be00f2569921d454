/*
 * Goal: `redress play --script` lives journeys as tests/policies tells them against daemons that
 * run: as told it says so and leaves with 0, otherwise with file:line:column and 1; a file that
 * cannot be lived is refused before anything is submitted (laws 1, 8, 11).
 *
 * Method: the journeys of shipped policies, whose cases the archive has to hold afterwards and
 * `redress verify` to refold; one of them asks for a text whose due time has just stopped, which
 * must be refused however slow the machine is; one is of a policy that was loaded a moment before;
 * then a measure that did not work, by the count of the archive; then small scripts with one fault
 * each; then a priority that a breach would set, seen to fail where it was compared, where the
 * list of what went wrong had a line an expectation, and where it had what was left.
 */
#include "rig_cmocka.h"
#include "rig_json.h"

enum { SETTLE_MS = 60000, TEXT_MAX = 16384, POLICIES = 4, REFUSED = 1 };

/* What it says on stderr as well; the text lives until the next call. */
static const char *complaints(const struct rig *rig, const char *script, int *status)
{
    static char text[TEXT_MAX];
    char path[512];
    char words[1024];
    (void)snprintf(path, sizeof path, "%s/one.yaml", rig->directory);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    (void)fputs(script, file);
    (void)fclose(file);
    (void)snprintf(words, sizeof words, "play --script %s 2>%s.err", path, path);
    json_t *json = rig_json(rig, words, status);
    json_decref(json);
    (void)snprintf(path, sizeof path, "%s/one.yaml.err", rig->directory);
    file = fopen(path, "re");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    (void)fclose(file);
    return text;
}

static void assert_complains(const struct rig *rig, const char *script, const char *part)
{
    int status = 0;
    const char *said = complaints(rig, script, &status);
    if (status != 1 || !strstr(said, part)) {
        fail_msg("status %d, wanted \"%s\", was:\n%s", status, part, said);
    }
}

/* Of a policy's journeys none goes otherwise; returns how many were lived. */
static int64_t shipped_live(const struct rig *rig, const char *policy)
{
    char words[512];
    int status = 0;
    (void)snprintf(
        words, sizeof words, "play --script %s/tests/policies/%s.yaml", REDRESS_SOURCE, policy);
    json_t *report = rig_json(rig, words, &status);
    assert_non_null(report);
    assert_int_equal(status, 0);
    assert_int_equal(rig_json_number(report, "otherwise"), 0);
    assert_true(rig_json_number(report, "as_told") > 0);
    assert_true(rig_json_number(report, "refused_as_told") > 0);
    assert_true(rig_json_number(report, "expectations") > 0);
    int64_t cases = rig_json_number(report, "cases");
    print_message("%s: %lld cases, %lld moves\n",
                  policy,
                  (long long)cases,
                  (long long)rig_json_number(report, "moves"));
    json_decref(report);
    return cases;
}

#define HEAD                                                                                       \
    "policy: courier\njourneys:\n  - name: one\n    channel: web\n    text: "                      \
    "快递丢失，找不到了。\n"
#define THEN HEAD "    then:\n"

static void faults_are_told_at_their_place(struct rig *rig)
{
    static const struct {
        const char *script, *part;
    } before[] = {
  /* clang-format off */
        {THEN "      - {as: agent gu, do: fly}\n",
         "one.yaml:7:28: error: courier has no action fly"},
        {THEN "      - {as: pilot gu, do: register}\n",
         "one.yaml:7:14: error: courier has no role"},
        {THEN "      - {do: register}\n", "one.yaml:7:10: error: \"as\" and \"do\""},
        {HEAD "    expect: {step: moon}\n", "one.yaml:6:20: error: courier has no step moon"},
        {HEAD "    expect: {steps: 1}\n", "one.yaml:6:14: error: no key \"steps\""},
        {"policy: nobody\njourneys: [{name: x}]\n",
         "one.yaml:1:9: error: policy nobody is not in the archive"},
        {"policy: courier\njourneys: []\n", "one.yaml:1:1: error: a script has"},
        {"policy: [\n", "one.yaml:"},
  /* clang-format on */
    };
    int64_t cases = rig_number(rig, "SELECT count(*) FROM complaint");
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        int status = 0;
        const char *said = complaints(rig, before[i].script, &status);
        if (status == 0 || !strstr(said, before[i].part)) {
            fail_msg("status %d, wanted \"%s\", was:\n%s", status, before[i].part, said);
        }
    }
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM complaint"), cases);
    assert_complains(rig, HEAD "    expect: {queue: mars}\n", "one.yaml:6:21: error: ");
    assert_complains(rig,
                     THEN "      - {as: agent gu, do: register, refused: limit}\n",
                     "one.yaml:7:47: error: register of ");
    assert_complains(rig,
                     THEN "      - {as: department wd, do: register}\n",
                     "to be done, was refused (role_may_not): your role may not");
    assert_complains(rig,
                     THEN "      - {as: agent gu, do: register}\n"
                          "      - {as: department wd, do: compensate, with: {amount: 300.01}, "
                          "refused: limit, about: weight}\n",
                     "to be refused about weight, was about \"amount\"");
    int status = 0;
    const char *said =
        complaints(rig, THEN "      - {wait: 2 days, expect: {step: branch}}\n", &status);
    assert_int_equal(status, 0);
    assert_non_null(strstr(said, "one.yaml:7:39: warning: "));
}

/* Priority 1 would come of the breach, for which no time passed: it is neither met nor wrong.
 * What went wrong is listed by cases, as they are counted; what was left is not among them. */
static void what_hangs_on_a_clock_is_not_compared(struct rig *rig)
{
    static const char raised[] =
        "policy: general-service\njourneys:\n  - name: one\n    text: 今天天气很好。\n    then:\n"
        "      - {wait: 3 days, expect: {breached: [first-reply], priority: 1}}\n";
    static const char wrong[] = "policy: general-service\njourneys:\n  - name: one\n    expect: "
                                "{priority: 9, repeats: 9}\n";
    char words[1024];
    int status = 0;
    const char *said = complaints(rig, raised, &status);
    assert_int_equal(status, 0);
    assert_string_equal(said, "");
    (void)snprintf(words, sizeof words, "play --script %s/one.yaml --cases 2", rig->directory);
    rig_shows(rig, words, 0, "2 cases: 2 as the script has it, 0 went wrong, 0 left where");
    rig_shows(rig, words, 0, "0 expectations met; 6 waits and expectations of clocks not tried");
    (void)complaints(rig, wrong, &status);
    (void)snprintf(words, sizeof words, "play --script %s/one.yaml --cases 6 2>&1", rig->directory);
    rig_shows(rig, words, 1, "0 as the script has it, 6 went wrong, 0 left");
    rig_shows(rig, words, 1, "the last 5 of 6 that went wrong:");
    char left[TEXT_MAX];
    (void)complaints(rig, THEN "      - {wait: 2 days, expect: {step: branch}}\n", &status);
    status = rig_shell(left,
                       sizeof left,
                       "%s/redress %s --config %s/redress.yaml --lang en",
                       REDRESS_BIN,
                       words,
                       rig->directory);
    assert_int_equal(status, 0);
    assert_non_null(strstr(left, ", 0 went wrong, 6 left where"));
    assert_null(strstr(left, "that went wrong"));
}

/* A case whose measure was carried out, and a complaint of the same cause that came after it. */
static void recurred(const struct rig *rig)
{
    static const char found[] = "    then:\n"
                                "      - {as: agent lin, do: register}\n"
                                "      - {as: quality wu, do: form-team}\n"
                                "      - {as: quality wu, do: describe}\n"
                                "      - {as: quality wu, do: contain}\n"
                                "      - {as: agent lin, do: agree, with: {disposal: rework}}\n"
                                "      - {as: quality wu, do: cause, with: {root-cause: drawing}, "
                                "expect: {step: d5-choice}}\n";
    char script[TEXT_MAX];
    int status = 0;
    (void)snprintf(script,
                   sizeof script,
                   "policy: eight-d-factory\njourneys:\n  - name: first\n    text: 产线停线。\n"
                   "    hint: mixed\n%s"
                   "      - {as: quality wu, do: choose}\n"
                   "      - {as: production gu, do: carried-out, expect: {step: d7-prevention}}\n"
                   "  - name: later\n    text: 产线停线。\n    hint: mixed\n%s",
                   found,
                   found);
    const char *said = complaints(rig, script, &status);
    if (status != 0) {
        fail_msg("%s", said);
    }
}

/* Of this case, told in JSON that has this part. */
static void
asks(const struct rig *rig, int64_t case_id, int wanted, const char *part, const char *words)
{
    char line[512];
    int status = 0;
    int verb = (int)strcspn(words, " ");
    (void)snprintf(line,
                   sizeof line,
                   "%.*s %lld%s%s",
                   verb,
                   words,
                   (long long)case_id,
                   words + verb,
                   words[0] == 'a' ? " --as wu --role quality" : "");
    json_t *json = rig_json(rig, line, &status);
    char *told = json_dumps(json, JSON_COMPACT);
    if (status != wanted || !told || !strstr(told, part)) {
        fail_msg("%s: %d, wanted %s, was:\n%s", words, status, part, told ? told : "no JSON");
    }
    free(told);
    json_decref(json);
}

/* The measure is not effective, told with the number, since when and what may be; not effective is
 * what may be said, and carried out anew nothing of it counts any more (laws 8, 11). */
static void a_measure_that_did_not_work_is_told_by_the_archive(struct rig *rig)
{
    static const char effective[] = "act effective --field proof=ok --field documents-changed=W-1";
    recurred(rig);
    int64_t case_id = rig_number(rig,
                                 "SELECT max(case_id) FROM complaint WHERE step = 'd7-prevention' "
                                 "AND cause = 'eight-d-factory/drawing'");
    asks(rig, case_id, REFUSED, "root-cause, 1 since 20", effective);
    asks(rig, case_id, REFUSED, "Z, at most 0", effective);
    asks(rig, case_id, 0, "\"refusal\":\"same_cause\"", "act");
    asks(rig, case_id, 0, "\"d4-cause\"", "act ineffective --field reason=again");
    asks(rig,
         case_id,
         0,
         "\"d5-choice\"",
         "act cause --field tool=fishbone --field occurrence=x --field escape=x --field proof=x "
         "--field responsible=x --field root-cause=drawing");
    asks(rig,
         case_id,
         0,
         "\"d6-implementation\"",
         "act choose --field solution=x --field solution-owner=x --field solution-date=2026-12-01");
    json_decref(rig_asks(rig,
                         0,
                         "act %lld carried-out --as gu --role production --field result=x",
                         (long long)case_id));
    asks(rig, case_id, 0, "\"floor-check\"", effective);
    asks(rig, case_id, 0, "\"same_cause\":\"0\"", "show");
}

static void policy_load(const struct rig *rig, const char *policy)
{
    char words[512];
    int status = 0;
    (void)snprintf(
        words, sizeof words, "policy load %s/deploy/policies/%s.yaml", REDRESS_SOURCE, policy);
    json_decref(rig_json(rig, words, &status));
    assert_int_equal(status, 0);
}

static void scripts_are_lived_as_told(void **state)
{
    static const char *const policies[POLICIES] = {
        "general-service", "courier", "eight-d-factory", "after-sales"};
    struct rig *rig = rig_new(true);
    *state = rig;
    policy_load(rig, policies[1]); /* the rig has the first */
    policy_load(rig, policies[2]);
    rig_sql(rig, "UPDATE policy SET loaded_at = loaded_at - interval '1 min'");
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    int status = 0;
    int64_t cases = 0;
    for (unsigned i = 0; i < POLICIES; i++) {
        if (i + 1 == POLICIES) {
            policy_load(rig, policies[i]); /* and nobody has read it yet */
        }
        cases += shipped_live(rig, policies[i]);
    }
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM complaint"), cases);
    a_measure_that_did_not_work_is_told_by_the_archive(rig);
    faults_are_told_at_their_place(rig);
    what_hangs_on_a_clock_is_not_compared(rig);
    rig_settle(rig, SETTLE_MS);
    json_decref(rig_json(rig, "verify", &status));
    assert_int_equal(status, 0);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(scripts_are_lived_as_told, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
