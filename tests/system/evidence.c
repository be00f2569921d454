/*
 * Goal: a piece of evidence is known again by its content, whoever keeps it and whatever it is
 * called by then (law 3 for what is outside the archive: not one byte may have changed).
 *
 * Method: real daemons under a shipped policy that wants a file; the command hashes one that is
 * larger than what it reads at once, sha256sum says what is right, and the same bytes under another
 * name are found while those with one byte changed are not.  What is no file, or no hash, is
 * refused and leaves the case as it was.  A file for a field of words is its words.
 */
#include "rig_cmocka.h"
#include "rig_json.h"

enum { SETTLE_MS = 20000, REFUSED = 1, USAGE = 2, NOT_FOUND = 3, FILE_SIZE = 300 * 1000 };

/* FILE_SIZE bytes, one of them as said. */
static void file_write(const struct rig *rig, const char *name, int one)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", rig->directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < FILE_SIZE; i++) {
        assert_int_not_equal(fputc(i == FILE_SIZE / 2 ? one : i % 251, file), EOF);
    }
    assert_int_equal(fclose(file), 0);
}

/* What somebody wrote down beforehand, for a field of words. */
static void words_write(const struct rig *rig, const char *text)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/why.txt", rig->directory);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* As another program says it. */
static void hash_of(const struct rig *rig, const char *name, char hash[72])
{
    char digits[65];
    assert_int_equal(rig_shell(digits, sizeof digits, "sha256sum %s/%s", rig->directory, name), 0);
    (void)snprintf(hash, 72, "sha256:%s", digits);
}

static json_t *
submit(const struct rig *rig, uint64_t case_id, const char *voucher, const char *name, int *status)
{
    char words[512];
    (void)snprintf(
        words,
        sizeof words,
        "act %llu submit --as an --role buyer -f order=T20260302001 "
        "-f complaint-reason=@%s/why.txt -f explanation=@@an -f customer-phone=13700000000 "
        "-f voucher=%s%s",
        (unsigned long long)case_id,
        rig->directory,
        voucher,
        name);
    return rig_json(rig, words, status);
}

static json_t *
check(const struct rig *rig, uint64_t case_id, const char *folder, const char *name, int wanted)
{
    char words[256];
    int status;
    (void)snprintf(
        words, sizeof words, "evidence check %llu %s%s", (unsigned long long)case_id, folder, name);
    json_t *json = rig_json(rig, words, &status);
    assert_int_equal(status, wanted);
    return json;
}

static const char *word(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    assert_non_null(text);
    return text;
}

static void what_is_no_file_is_not_sent(const struct rig *rig, uint64_t case_id, const char *folder)
{
    int status;
    assert_null(submit(rig, case_id, folder, "nobody.jpg", &status));
    assert_int_equal(status, NOT_FOUND);
    assert_null(submit(rig, case_id, folder, "", &status));
    assert_int_equal(status, USAGE);
    assert_null(submit(rig, case_id, "@/dev/", "zero", &status));
    assert_int_equal(status, USAGE);
    assert_null(submit(rig, case_id, "@/dev/", "null", &status));
    assert_int_equal(status, USAGE);
    json_t *json = submit(rig, case_id, "", "leak.jpg", &status);
    assert_int_equal(status, REFUSED);
    assert_string_equal(word(json, "code"), "field_invalid");
    assert_non_null(strstr(word(json, "text"), "the hash of a file, sha256: and 64"));
    assert_int_equal(rig_json_number(json, "version"), 1);
    json_decref(json);
}

static void a_file_is_known_again(const struct rig *rig, uint64_t case_id, const char *folder)
{
    char hash[72];
    hash_of(rig, "leak.jpg", hash);
    json_t *json = check(rig, case_id, folder, "renamed", 0);
    const json_t *recorded = json_array_get(json_object_get(json, "recorded"), 0);
    assert_string_equal(word(json, "hash"), hash);
    assert_int_equal(json_array_size(json_object_get(json, "recorded")), 1);
    assert_string_equal(word(recorded, "field"), "voucher");
    assert_string_equal(word(recorded, "action"), "submit");
    assert_string_equal(word(recorded, "actor"), "an");
    assert_string_equal(word(recorded, "role"), "buyer");
    assert_int_equal(rig_json_number(recorded, "version"), 2);
    json_decref(json);
    json = check(rig, case_id, folder, "altered", REFUSED);
    assert_int_equal(json_array_size(json_object_get(json, "recorded")), 0);
    json_decref(json);
    assert_null(check(rig, case_id, folder, "nobody.jpg", NOT_FOUND));
    assert_null(check(rig, case_id, folder, "", USAGE));
    assert_null(check(rig, case_id + 1000, folder, "renamed", NOT_FOUND));
}

static void evidence_is_known_by_its_content(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    int status;
    json_decref(
        rig_json(rig, "policy load " REDRESS_SOURCE "/deploy/policies/marketplace.yaml", &status));
    assert_int_equal(status, 0);
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 10);
    const struct content worn = {
        "marketplace", "app", "买到的衣服质量很差，脱线了，想退货。", NULL};
    struct submission *submission = adapter_add(adapter, &worn, NULL);
    adapter_finish(adapter, SETTLE_MS);
    rig_settle(rig, SETTLE_MS);
    const uint64_t case_id = submission->leaf.case_id;
    file_write(rig, "leak.jpg", 1);
    file_write(rig, "renamed", 1);
    file_write(rig, "altered", 2);
    char folder[96];
    (void)snprintf(folder, sizeof folder, "@%s/", rig->directory);
    words_write(rig, "\xff");
    assert_null(submit(rig, case_id, folder, "leak.jpg", &status));
    assert_int_equal(status, USAGE); /* no words, so not for this field */
    words_write(rig, "线头脱落，\n洗后更甚\n");
    what_is_no_file_is_not_sent(rig, case_id, folder);
    json_decref(submit(rig, case_id, folder, "leak.jpg", &status));
    assert_int_equal(status, 0);
    a_file_is_known_again(rig, case_id, folder + 1);
    char words[64];
    (void)snprintf(words, sizeof words, "show %llu", (unsigned long long)case_id);
    json_t *json = rig_json(rig, words, &status);
    char *text = json_dumps(json, 0);
    assert_non_null(strstr(text, "\"explanation\": \"@an\""));
    assert_non_null(strstr(text, "\"complaint-reason\": \"线头脱落，\\n洗后更甚\""));
    assert_null(strstr(text, "leak.jpg")); /* its name stays where it is */
    free(text);
    json_decref(json);
    rig_settle(rig, SETTLE_MS);
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(evidence_is_known_by_its_content, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
