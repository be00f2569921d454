/*
 * Nothing of the policy language is left out where policies are told to people (law 11).
 *
 * Goal: whatever key a policy says differently, `redress policy explain` says something else of it
 * and `redress policy diff` sees it.  Method: the table of the language is walked; for each of its
 * keys tests/unit/ctl/policy_told.probes has a few words that are laid over policy_told.yaml, and
 * both verbs are asked.  A key that is new in the table has no such words and fails until it has.
 */
#include "ctl_said.h"
#include "golden.h"
#include "policy_language.h"
#include "scope.h"
#include "unit.h"

#include <unistd.h>

enum { TEXT_MAX = 64 * 1024, PATH_SIZE = 256, KEYS_MIN = 200 };

static char folder[] = "/tmp/redress-told-XXXXXX";
static char base_path[PATH_SIZE], over_path[PATH_SIZE];
static char probes[TEXT_MAX];
static char *base_told;

static void file_write(const char *path, const char *head, const char *text, const char *tail)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    (void)fprintf(file, "%s%s%s", head, text, tail);
    assert_int_equal(fclose(file), 0);
}

/* What the command writes, to be freed; "" where it is not content. */
static char *told_by(const char *probe, const char *const *words)
{
    struct said said = said_by(words);
    if (said.code != CTL_OK) {
        print_error("%s: %s", probe, said.err);
        said.out[0] = '\0';
    }
    free(said.err);
    return said.out;
}

#define TOLD_BY(probe, ...) told_by(probe, (const char *const[]){__VA_ARGS__, NULL})

static int folder_make(void **state)
{
    (void)state;
    static char base[TEXT_MAX];
    if (!mkdtemp(folder)) {
        return -1;
    }
    (void)snprintf(base_path, sizeof base_path, "%s/base.yaml", folder);
    (void)snprintf(over_path, sizeof over_path, "%s/over.yaml", folder);
    if (golden_read(GOLDEN "/policy_told.yaml", base, sizeof base) == 0 ||
        golden_read(GOLDEN "/policy_told.probes", probes, sizeof probes) == 0) {
        return -1;
    }
    file_write(base_path, "", base, "");
    base_told = TOLD_BY("the policy", "policy", "explain", base_path, "--lang", "en");
    return base_told[0] ? 0 : -1;
}

static int folder_remove(void **state)
{
    (void)state;
    free(base_told);
    (void)unlink(base_path);
    (void)unlink(over_path);
    return rmdir(folder);
}

/* The words for a key, to the end of their line; NULL: there are none. */
static const char *probe_of(const char *name, char words[TEXT_MAX])
{
    char head[PATH_SIZE];
    (void)snprintf(head, sizeof head, "\n%s | ", name);
    const char *at = strstr(probes, head);
    if (!at) {
        return NULL;
    }
    at += strlen(head);
    (void)snprintf(words, TEXT_MAX, "%.*s", (int)strcspn(at, "\n"), at);
    for (char *line = strchr(words, '|'); line; line = strchr(line, '|')) {
        *line = '\n';
    }
    return words;
}

/* How many of the two verbs say nothing of the change. */
static unsigned silent_of(const char *name, const char *words)
{
    file_write(over_path, "{policy: told, version: 1, uses: [base.yaml], ", words, "}\n");
    char *over_told = TOLD_BY(name, "policy", "explain", over_path, "--lang", "en");
    char *same = TOLD_BY(name, "policy", "diff", base_path, over_path, "--lang", "en");
    bool explained = over_told[0] && strcmp(over_told, base_told) != 0;
    bool seen = same[0] && strncmp(same, "no difference", strlen("no difference")) != 0;
    free(over_told);
    free(same);
    if (!explained) {
        print_error("%s is not told by explain\n", name);
    }
    if (!seen) {
        print_error("%s is not seen by diff\n", name);
    }
    return !explained + !seen;
}

static void every_key_of_the_language_is_explained_and_its_change_seen(void **state)
{
    (void)state;
    static char words[TEXT_MAX];
    unsigned keys = 0;
    unsigned wrong = 0;
    for (size_t i = 0; language_parts[i]; i++) {
        for (size_t j = 0; j < language_parts[i]->key_count; j++) {
            char name[PATH_SIZE];
            const char *key = language_parts[i]->keys[j].name;
            (void)snprintf(name, sizeof name, "%s.%s", language_parts[i]->name, key);
            keys++;
            if (!probe_of(name, words)) {
                print_error("%s has no words in policy_told.probes\n", name);
                wrong++;
            } else if (words[0] != '-') {
                wrong += silent_of(name, words);
            }
        }
    }
    assert_int_equal(wrong, 0);
    assert_true(keys > KEYS_MIN);
}

static bool is_a_key(const char *name)
{
    for (size_t i = 0; language_parts[i]; i++) {
        const struct language_part *part = language_parts[i];
        size_t size = strlen(part->name);
        for (size_t j = 0; j < part->key_count; j++) {
            if (strncmp(name, part->name, size) == 0 && name[size] == '.' &&
                strcmp(name + size + 1, part->keys[j].name) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void no_words_are_kept_for_what_the_language_does_not_have(void **state)
{
    (void)state;
    for (const char *at = strchr(probes, '\n'); at && at[1] != '\0'; at = strchr(at + 1, '\n')) {
        char name[PATH_SIZE];
        (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(at + 1, " "), at + 1);
        if (!is_a_key(name)) {
            fail_msg("the language has no '%s'", name);
        }
    }
}

/* The places where order decides. */
static void another_order_of_what_is_asked_in_order_is_seen(void **state)
{
    (void)state;
    static const char *const orders[] = {
        "routes: [{when: {repeats: 2}, queue: back}, {when: {repeats: 4}, queue: desk}, "
        "{queue: desk}]",
        "routes: [{when: {repeats: 4}, queue: desk}, {when: {repeats: 2}, queue: back}, "
        "{queue: desk}]",
        "skills: [{skill: english}, {skill: german}]",
        "skills: [{skill: german}, {skill: english}]",
    };
    static const char head[] = "{policy: told, version: 1, uses: [base.yaml], ";
    char one_path[PATH_SIZE];
    (void)snprintf(one_path, sizeof one_path, "%s/one.yaml", folder);
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i += 2) {
        file_write(one_path, head, orders[i], "}\n");
        file_write(over_path, head, orders[i + 1], "}\n");
        char *text = TOLD_BY("order", "policy", "diff", one_path, over_path, "--lang", "en");
        bool seen = strstr(text, "order") != NULL;
        free(text);
        if (!seen) {
            (void)unlink(one_path);
            fail_msg("another order is not seen: %s", orders[i]);
        }
    }
    (void)unlink(one_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_of_the_language_is_explained_and_its_change_seen),
        cmocka_unit_test(no_words_are_kept_for_what_the_language_does_not_have),
        cmocka_unit_test(another_order_of_what_is_asked_in_order_is_seen),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
