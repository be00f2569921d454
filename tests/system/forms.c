/*
 * Goal: a policy that is several files gets into the archive whole and out again by its name, and
 * the daemons hold people to its forms (law 11).
 *
 * Method: the command loads a shipped policy that uses packs; it is explained and compared by
 * NAME@VERSION.  Real daemons then refuse a form that is wrong and say why, take the right one;
 * what people read they may type; and a random desk that knows only dispatch's answers gets cases
 * to their end.
 */
#include "rig.h"
#include "rig_cmocka.h"
#include "rig_json.h"

#include <jansson.h>

enum { CASES = 30, SETTLE_MS = 20000, REFUSED = 1, NOT_FOUND = 3, BEGUN_MS = 1500 };

#define POLICY REDRESS_SOURCE "/deploy/policies/retail-store.yaml"

static void the_archive_has_what_the_file_says(const struct rig *rig)
{
    int status;
    json_decref(rig_json(rig, "policy load " POLICY, &status));
    assert_int_equal(status, 0);
    json_t *json = rig_json(rig, "policy explain retail-store@1", &status);
    assert_int_equal(status, 0);
    assert_string_equal(json_string_value(json_object_get(json, "policy")), "retail-store");
    assert_true(json_array_size(json_object_get(json, "sections")) >= 5);
    json_decref(json);
    json = rig_json(rig, "policy diff retail-store " POLICY, &status);
    assert_int_equal(status, 0);
    assert_int_equal(json_array_size(json_object_get(json, "differences")), 0);
    json_decref(json);
    json = rig_json(rig, "policy diff retail-store@1 general-service", &status);
    assert_int_equal(status, 0);
    assert_true(json_array_size(json_object_get(json, "differences")) > 20);
    json_decref(json);
    assert_null(rig_json(rig, "policy explain retail-store@7", &status));
    assert_int_not_equal(status, 0);
}

static const char *word(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    assert_non_null(text);
    return text;
}

/* An action of the case with this mood filled in, everything else being right. */
static json_t *record(const struct rig *rig, uint64_t case_id, const char *mood, int *status)
{
    char words[512];
    (void)snprintf(words,
                   sizeof words,
                   "act %llu record --as wang --role agent --field customer-name=Li --field "
                   "customer-phone=13800000000 --field content=torn --field demand=repair "
                   "--field customer-mood=%s",
                   (unsigned long long)case_id,
                   mood);
    return rig_json(rig, words, status);
}

static void a_wrong_form_is_refused_with_what_would_be_right(const struct rig *rig,
                                                             uint64_t case_id)
{
    int status;
    char words[128];
    (void)snprintf(
        words, sizeof words, "act %llu --as wang --role agent", (unsigned long long)case_id);
    json_t *json = rig_json(rig, words, &status);
    assert_int_equal(status, 0);
    bool found = false;
    size_t i;
    json_t *form;
    json_array_foreach(json_object_get(json, "forms"), i, form)
    {
        found = found || (strcmp(word(form, "field"), "customer-mood") == 0 &&
                          strcmp(word(form, "type"), "choice") == 0 &&
                          json_array_size(json_object_get(form, "choices")) == 3);
    }
    json_decref(json);
    assert_true(found);
    json = record(rig, case_id, "sad", &status);
    assert_int_equal(status, REFUSED);
    assert_string_equal(word(json, "code"), "field_invalid");
    assert_non_null(strstr(word(json, "text"), "customer-mood is \"sad\""));
    assert_non_null(strstr(word(json, "text"), "allowed: one of calm, angry, aggressive"));
    json_decref(json);
    json = record(rig, case_id, "", &status);
    assert_int_equal(status, REFUSED);
    assert_string_equal(word(json, "code"), "field_missing");
    json_decref(json);
    json = record(rig, case_id, "angry", &status);
    assert_int_equal(status, 0);
    assert_string_equal(word(json, "outcome"), "done");
    json_decref(json);
}

/* The event of this kind in what `redress show` tells; borrowed from shown. */
static json_t *event_of(const json_t *shown, const char *kind)
{
    size_t i;
    json_t *event;
    json_array_foreach(json_object_get(shown, "events"), i, event)
    {
        if (strcmp(word(event, "kind"), kind) == 0) {
            return event;
        }
    }
    return NULL;
}

/* The policy's text becomes the note, sealed like any; what it said is told from what it was filled
 * in with, not by opening the note. */
static void a_note_is_started_from_a_text(const struct rig *rig, uint64_t case_id)
{
    int status;
    char words[256];
    int size = snprintf(words,
                        sizeof words,
                        "act %llu acknowledge --as wang --role agent --text ",
                        (unsigned long long)case_id);
    (void)snprintf(words + size, sizeof words - (size_t)size, "settled");
    json_t *json = rig_json(rig, words, &status);
    assert_int_equal(status, REFUSED);
    assert_string_equal(word(json, "code"), "text_unknown");
    json_decref(json);
    (void)snprintf(words + size, sizeof words - (size_t)size, "receipt --draft");
    json_t *draft = rig_json(rig, words, &status);
    assert_int_equal(status, 0);
    assert_non_null(strstr(word(draft, "says"), "的投诉已受理，编号 "));
    (void)snprintf(words + size, sizeof words - (size_t)size, "receipt");
    json_decref(rig_json(rig, words, &status));
    assert_int_equal(status, 0);
    (void)snprintf(words, sizeof words, "show %llu", (unsigned long long)case_id);
    json = rig_json(rig, words, &status);
    const json_t *told = event_of(json, "acknowledged");
    assert_non_null(told);
    assert_string_equal(word(told, "text"), "receipt");
    assert_string_equal(word(told, "text_language"), "zh-CN");
    assert_true(json_is_true(json_object_get(told, "note_sealed")));
    assert_string_equal(word(told, "said"), word(draft, "says"));
    json_decref(json);
    json_decref(draft);
}

static int64_t total(const struct rig *rig, const char *words)
{
    json_t *json = rig_asks(rig, 0, "%s", words);
    int64_t count = rig_json_number(json, "total");
    json_decref(json);
    return count;
}

/* By a title of any language; of several the ids are told.  Near a bare queue stands the one in
 * which somebody waits. */
static void titles_mean_what_they_are_titles_of(const struct rig *rig)
{
    assert_int_equal(total(rig, "list --policy 零售門市與商場 --channel 'By phone' -n 100"), CASES);
    assert_int_equal(total(rig, "queue Retail\\ store/服务投诉"), CASES);
    rig_says(rig, "list --category 質量", NOT_FOUND, "there is no category \"質量\"");
    rig_says(rig, "measures --policy retailstore", NOT_FOUND, "did you mean \"retail-store\"?");
    rig_says(
        rig, "policy explain retailstore", NOT_FOUND, "no policy retailstore; policies are files");
    rig_says(rig, "policy explain retailstore", NOT_FOUND, "did you mean \"retail-store\"?");
    rig_says(rig,
             "claim service-flow --as li --role agent",
             NOT_FOUND,
             "mean \"retail-store/service-flow\"");
    rig_says(
        rig,
        "submit --policy 零售门店与商场 --channel fone --text x --received-at '2026-03-01 10:00'",
        NOT_FOUND,
        "--received-at: 2026-03-01 10:00:00 in ");
    rig_says(
        rig,
        "submit --policy 零售门店与商场 --channel phone --text x --received-at 2199-03-01T10:00",
        REFUSED,
        "refused: --received-at is \"2199-03-01T10:00\"; ");
    char said[1024];
    int status = rig_shell(
        said,
        sizeof said,
        "%s/redress submit --policy 零售门店与商场 --channel fone --text x --lang en --config "
        "%s/redress.yaml 2>&1",
        REDRESS_BIN,
        rig->directory);
    assert_int_equal(status, NOT_FOUND);
    assert_string_equal(said, "redress: there is no channel \"fone\"; did you mean \"phone\"?\n");
    json_t *json =
        rig_asks(rig,
                 NOT_FOUND,
                 "submit --policy 零售门店与商场 --channel fone --text x"); /* not by the title */
    assert_string_equal(json_string_value(json_object_get(json, "field")), "channel");
    assert_string_equal(json_string_value(json_object_get(json, "value")), "fone");
    json_decref(json);
}

/* The policy of the mapping, from now on. */
static void mapped_to(const struct rig *rig, const char *policy)
{
    char said[256];
    assert_int_equal(rig_shell(said,
                               sizeof said,
                               "sed -i 's/^policy: .*/policy: %s/' %s/mistyped.yaml",
                               policy,
                               rig->directory),
                     0);
}

/* By the mapping's words, with what may have been meant; it fails where intake's are told alone,
 * and where the policy of a mapping is not looked up. */
static void rows_that_are_refused_say_what_may_have_been_meant(const struct rig *rig)
{
    static const char map[] = "map: 1\nformat: csv\npolicy: retail-store\n"
                              "submission_id: {namespace: mistyped, column: id}\n"
                              "channel: {column: by}\nreceived_at: {column: at, form: rfc3339}\n"
                              "narrative: {column: text}\n";
    static const char rows[] = "id,by,at,text,of\n1,fone,2026-03-01T10:00:00Z,x,retailstore\n"
                               "2,phone,2199-03-01T10:00:00Z,x,retailstore\n";
    char words[256];
    char path[160];
    (void)snprintf(path, sizeof path, "%s/mistyped.yaml", rig->directory);
    FILE *file = fopen(path, "we");
    assert_true(file && fputs(map, file) >= 0 && fclose(file) == 0);
    (void)snprintf(path, sizeof path, "%s/mistyped.csv", rig->directory);
    file = fopen(path, "we");
    assert_true(file && fputs(rows, file) >= 0 && fclose(file) == 0);
    (void)snprintf(words, sizeof words, "import --map %s/mistyped.yaml %s", rig->directory, path);
    rig_says(rig, words, REFUSED, "the policy has no such channel; did you mean \"phone\"?");
    rig_says(rig, words, REFUSED, "received_at \"2199-03-01 18:00:00 Asia/Shanghai (UTC+08:00)\"");
    (void)snprintf(words,
                   sizeof words,
                   "import --policy retailstore --map %s/mistyped.yaml %s",
                   rig->directory,
                   path);
    rig_says(rig, words, NOT_FOUND, "no policy \"retailstore\"; did you mean \"retail-store\"?");
    (void)snprintf(words, sizeof words, "import --map %s/mistyped.yaml %s", rig->directory, path);
    mapped_to(rig, "retailstore"); /* of all rows: told once, before any is read */
    rig_says(rig, words, NOT_FOUND, "no policy \"retailstore\"; did you mean \"retail-store\"?");
    char said[1024];
    (void)rig_shell(said,
                    sizeof said,
                    "%s/redress import --policy retail-store --map %s/mistyped.yaml %s --lang "
                    "zh-TW --config %s/redress.yaml 2>&1",
                    REDRESS_BIN,
                    rig->directory,
                    path,
                    rig->directory);
    assert_non_null(strstr(said, "mistyped.csv:2:1: 錯誤：channel"));
    mapped_to(rig, "零售门店与商场");
    rig_says(rig, words, REFUSED, "the policy has no such channel; did you mean \"phone\"?");
    mapped_to(rig, "{column: of}");
    rig_says(rig, words, REFUSED, "a few seconds; did you mean \"retail-store\"?");
}

/* For so long; a program that is told to end while its leaks are looked for may stand still for
 * good. */
#define WATCH(seconds)                                                                             \
    "ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 timeout -k 5 " seconds

/* Not that of the machine, which is told where nothing says which: it fails without
 * view_zone_take_all.
 */
static void who_watches_all_hears_times_in_the_zone_of_the_policies(const struct rig *rig)
{
    char said[1024];
    (void)rig_shell(
        said,
        sizeof said,
        WATCH("3") " %s/redress watch --lang en --config %s/redress.yaml 2>&1 >/dev/null",
        REDRESS_BIN,
        rig->directory);
    assert_non_null(strstr(said, "Asia/Shanghai"));
}

/* The next event of the case, which somebody watches, is told by its number; it is
 * claimed and noted by titles. */
static void who_watches_is_told_the_number(const struct rig *rig)
{
    char line[512];
    (void)snprintf(line,
                   sizeof line,
                   WATCH("30") " %s/redress watch --json --count 1 --kind assigned --config "
                               "%s/redress.yaml",
                   REDRESS_BIN,
                   rig->directory);
    FILE *watched = popen(line, "r"); // NOLINT(cert-env33-c): the words are the test's own
    assert_non_null(watched);
    rig_nap_ms(BEGUN_MS);
    json_t *claimed = rig_asks(rig, 0, "claim 零售门店与商场/服务投诉 --as li --role 服務台");
    json_t *event = json_loadf(watched, JSON_DISABLE_EOF_CHECK, NULL);
    assert_int_equal(pclose(watched), 0);
    assert_string_equal(word(event, "number"), word(claimed, "case_number"));
    json_decref(event);
    json_t *done = rig_asks(
        rig, 0, "act %s 备注 --note x --as li --role 'Service desk'", word(claimed, "case_number"));
    json_decref(done);
    json_decref(claimed);
}

static void a_random_desk_fills_forms_in(struct rig *rig)
{
    int status;
    json_t *json = rig_json(
        rig, "play --policy retail-store --cases 25 --agents 3 --seed 5 --leave 0", &status);
    assert_int_equal(status, 0);
    long long moves = json_integer_value(json_object_get(json, "moves"));
    long long refused = json_integer_value(json_object_get(json, "refused"));
    print_message("%lld moves, %lld refused\n", moves, refused);
    assert_true(json_integer_value(json_object_get(json, "closed")) > 0);
    assert_true(moves >= 50);
    json_decref(json);
    assert_true(rig_number(rig, "SELECT count(*) FROM command") >= moves);
}

static void forms_are_held_to_by_everybody(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    the_archive_has_what_the_file_says(rig);
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    rows_that_are_refused_say_what_may_have_been_meant(rig); /* as of the first import */
    struct adapter *adapter = adapter_new(rig, "a", NULL, 10);
    const struct content torn = {"retail-store", "phone", "营业员态度恶劣，还骂人", NULL};
    for (unsigned i = 0; i < CASES; i++) {
        (void)adapter_add(adapter, &torn, NULL);
    }
    const struct content broken = {"general-service", "email", "商品质量很差，打开是坏的", NULL};
    (void)adapter_add(adapter, &broken, NULL);
    adapter_finish(adapter, SETTLE_MS);
    rig_settle(rig, SETTLE_MS);
    uint64_t case_id = (uint64_t)rig_number(
        rig, "SELECT case_id FROM complaint WHERE step = 'first-contact' ORDER BY 1 LIMIT 1");
    a_note_is_started_from_a_text(rig, case_id);
    titles_mean_what_they_are_titles_of(rig);
    who_watches_all_hears_times_in_the_zone_of_the_policies(rig);
    who_watches_is_told_the_number(rig);
    case_id = (uint64_t)rig_number(rig,
                                   "SELECT case_id FROM complaint WHERE step = 'reception' AND "
                                   "queue <> '' ORDER BY 1 LIMIT 1");
    a_wrong_form_is_refused_with_what_would_be_right(rig, case_id);
    a_random_desk_fills_forms_in(rig);
    rig_settle(rig, SETTLE_MS);
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(forms_are_held_to_by_everybody, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
