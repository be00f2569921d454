/*
 * Goal: the language has no key that no organisation needs (law 11): what the design lists is in
 * the language, a shipped policy uses it, and a test proves it.
 *
 * Method: every shipped policy is read with the packs it uses and walked beside the table of the
 * language; then the table "What a policy states" of deploy/policies/README.md is held against
 * that: its keys are keys, the policy it names uses them, the proof it names is there, every
 * section of a file stands in it.
 */
#include "golden.h"
#include "policy_bundle.h"
#include "policy_load.h"
#include "scope.h"
#include "unit.h"

#include <dirent.h>
#include <unistd.h>

enum {
    FILE_MAX = 256 * 1024,
    POLICIES_MAX = 64,
    PARTS_MAX = 64,
    PATH_SIZE = 512,
    MEMORY_MAX = 64 * 1024 * 1024
};

/* Which keys a policy uses: bit i for key i of a part. */
struct used {
    char name[POLICY_NAME_MAX];
    uint64_t keys[PARTS_MAX];
};

static struct used policies[POLICIES_MAX];
static size_t policy_count;
static char readme[FILE_MAX];

static size_t part_index(const struct language_part *part)
{
    size_t i = 0;
    while (language_parts[i] && language_parts[i] != part) {
        i++;
    }
    assert_true(i < PARTS_MAX);
    return i;
}

/* NOLINTBEGIN(misc-no-recursion): no deeper than YAML_DEPTH_MAX */
static void
part_walk(struct used *used, const struct language_part *part, const struct yaml_node *at);

/* What stands under a key of rows, lists or parts. */
static void
value_walk(struct used *used, const struct language_key *key, const struct yaml_node *value)
{
    bool rows = key->kind == KIND_ROWS || key->kind == KIND_NEW_NAMES;
    for (uint32_t i = 0; value->kind == YAML_LIST && i < value->count; i++) {
        part_walk(used, key->part, &value->items[i]);
    }
    for (uint32_t i = 0; rows && value->kind == YAML_MAP && i < value->count; i++) {
        part_walk(used, key->part, &value->pairs[i].value);
    }
    if (!rows && value->kind == YAML_MAP) {
        part_walk(used, key->part, value);
    }
}

static void
part_walk(struct used *used, const struct language_part *part, const struct yaml_node *at)
{
    for (size_t i = 0; at->kind == YAML_MAP && i < part->key_count; i++) {
        const struct yaml_pair *pair = yaml_find(at, part->keys[i].name);
        if (pair) {
            used->keys[part_index(part)] |= UINT64_C(1) << i;
        }
        if (pair && part->keys[i].part) {
            value_walk(used, &part->keys[i], &pair->value);
        }
    }
}
/* NOLINTEND(misc-no-recursion) */

/* The policy's file and those it uses, as one text; to be freed. */
static char *bundle_of(const char *name, size_t *size)
{
    static char texts[POLICY_FILES_MAX][FILE_MAX];
    struct policy_file files[POLICY_FILES_MAX];
    uint32_t count = 1;
    char *bundle = NULL;
    (void)snprintf(files[0].name, sizeof files[0].name, "%s", name);
    for (uint32_t i = 0; i < count; i++) {
        char path[PATH_SIZE];
        char used[POLICY_FILES_MAX][POLICY_FILE_NAME_MAX];
        (void)snprintf(path, sizeof path, "%s/%s", SHIPPED_POLICIES, files[i].name);
        files[i].bytes = slice_of(texts[i], golden_read(path, texts[i], FILE_MAX));
        assert_true(files[i].bytes.size > 0);
        uint32_t more = policy_uses_of(files[i].bytes, used);
        for (uint32_t j = 0; j < more; j++) {
            bool known = false;
            for (uint32_t k = 0; k < count; k++) {
                known = known || strcmp(files[k].name, used[j]) == 0;
            }
            if (!known) {
                assert_true(count < POLICY_FILES_MAX);
                (void)snprintf(files[count++].name, POLICY_FILE_NAME_MAX, "%s", used[j]);
            }
        }
    }
    FILE *out = open_memstream(&bundle, size);
    assert_non_null(out);
    policy_bundle_write(files, count, out);
    (void)fclose(out);
    return bundle;
}

static int policies_walk(void **state)
{
    (void)state;
    DIR *folder = opendir(SHIPPED_POLICIES);
    struct dirent *entry;
    SCOPED(arena_free) struct arena *arena = arena_new(MEMORY_MAX);
    if (!folder || !arena || golden_read(SHIPPED_POLICIES "/README.md", readme, FILE_MAX) == 0) {
        return -1;
    }
    while ((entry = readdir(folder)) != NULL) {
        size_t size = 0;
        char *dot = strstr(entry->d_name, ".yaml");
        if (!dot) {
            continue;
        }
        char *bundle = bundle_of(entry->d_name, &size);
        assert_true(policy_count < POLICIES_MAX);
        struct used *used = &policies[policy_count++];
        (void)snprintf(
            used->name, sizeof used->name, "%.*s", (int)(dot - entry->d_name), entry->d_name);
        struct yaml_source report = {.name = entry->d_name, .out = stderr};
        const struct yaml_node *tree = policy_written(slice_of(bundle, size), arena, &report);
        assert_non_null(tree);
        part_walk(used, &language_policy, tree);
        free(bundle);
        arena_reset(arena);
    }
    closedir(folder);
    return 0;
}

static void every_key_of_the_language_is_used_by_a_shipped_policy(void **state)
{
    (void)state;
    unsigned unused = 0;
    for (size_t i = 0; language_parts[i]; i++) {
        for (size_t j = 0; j < language_parts[i]->key_count; j++) {
            bool used = false;
            for (size_t k = 0; k < policy_count; k++) {
                used = used || (policies[k].keys[i] >> j & 1U) != 0;
            }
            if (!used) {
                print_error("%s.%s is used by none\n",
                            language_parts[i]->name,
                            language_parts[i]->keys[j].name);
                unused++;
            }
        }
    }
    assert_int_equal(unused, 0);
}

/* Index of a part by "part.key", and of the key. */
static void key_find(const char *name, size_t *part, size_t *key)
{
    for (*part = 0; language_parts[*part]; ++*part) {
        const struct language_part *one = language_parts[*part];
        size_t size = strlen(one->name);
        for (*key = 0; *key < one->key_count; ++*key) {
            if (strncmp(name, one->name, size) == 0 && name[size] == '.' &&
                strcmp(name + size + 1, one->keys[*key].name) == 0) {
                return;
            }
        }
    }
    fail_msg("the language has no '%s'", name);
}

/* The next word in backquotes on the line; false: there is none. */
static bool word_next(const char **at, char word[PATH_SIZE])
{
    const char *from = strpbrk(*at, "`\n");
    const char *to = from && *from == '`' ? strpbrk(from + 1, "`\n") : NULL;
    if (!to || *to != '`') {
        return false;
    }
    (void)snprintf(word, PATH_SIZE, "%.*s", (int)(to - from - 1), from + 1);
    *at = to + 1;
    return true;
}

/* One row: keys, then the policy, then the test; how much of it is not so. */
static unsigned row_wrong(const char *line)
{
    enum { WORDS_MAX = 16 };
    char words[WORDS_MAX][PATH_SIZE];
    char path[PATH_SIZE * 2];
    size_t count = 0;
    for (const char *at = line; count < WORDS_MAX && word_next(&at, words[count]); count++) {
    }
    assert_true(count >= 3 && count < WORDS_MAX);
    unsigned wrong = 0;
    const struct used *used = NULL;
    for (size_t i = 0; i < policy_count; i++) {
        used = strcmp(policies[i].name, words[count - 2]) == 0 ? &policies[i] : used;
    }
    if (!used) {
        print_error("no shipped policy is called '%s'\n", words[count - 2]);
        return 1;
    }
    for (size_t i = 0; i < count - 2; i++) {
        size_t part = 0;
        size_t key = 0;
        key_find(words[i], &part, &key);
        if ((used->keys[part] >> key & 1U) == 0) {
            print_error("%s does not use %s\n", used->name, words[i]);
            wrong++;
        }
    }
    (void)snprintf(path, sizeof path, "%s/../%s", TESTS, words[count - 1]);
    if (access(path, R_OK) != 0) {
        print_error("there is no %s\n", words[count - 1]);
        wrong++;
    }
    return wrong;
}

static void the_readme_names_for_each_statement_its_keys_a_policy_and_a_test(void **state)
{
    (void)state;
    enum { ROWS_MIN = 20 };
    unsigned rows = 0;
    unsigned wrong = 0;
    const char *table = strstr(readme, "## What a policy states");
    const char *at = table;
    const char *end = at ? strstr(at + 1, "\n## ") : NULL;
    if (!end) {
        fail_msg("no table in the README");
        return;
    }
    for (at = strstr(at, "| --- |"); at && at < end; at = strchr(at + 1, '\n')) {
        if (strncmp(at, "\n| ", 3) == 0) {
            wrong += row_wrong(at + 1);
            rows++;
        }
    }
    assert_true(rows >= ROWS_MIN);
    for (size_t i = 0; i < language_policy.key_count; i++) {
        const struct language_key *key = &language_policy.keys[i];
        char name[PATH_SIZE];
        (void)snprintf(name, sizeof name, "`policy.%s`", key->name);
        const char *found = strstr(table, name);
        bool plain = key->kind == KIND_ID || key->kind == KIND_NUMBER || key->kind == KIND_DAYS;
        if (!plain && (!found || found > end)) {
            print_error("the table does not name %s\n", name);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_of_the_language_is_used_by_a_shipped_policy),
        cmocka_unit_test(the_readme_names_for_each_statement_its_keys_a_policy_and_a_test),
    };
    return cmocka_run_group_tests(tests, policies_walk, NULL);
}
