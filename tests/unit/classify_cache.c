/*
 * Compiled patterns kept in files: the next start reads them, and nothing that happens to the file
 * changes what a text is labelled (law 8: the same text, the same labels).
 *
 * A real classifier, a folder of its own; the file is looked for, damaged, replaced, opened to
 * others and taken away while the classifier rests; vectorscan's databases are counted, and what
 * this process writes out, which is what it compiled itself: everything above is by a process of
 * its own, as in intake, until that one fails.
 */
#include "classify_cache.h"

#include "classify.h"
#include "classify_apart.h"
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];

static const struct classify_pattern patterns[] = {
    {"delay",  "late|晚|延迟", 1},
    {"refund", "refund|退款",   2},
};

/* How many databases vectorscan holds. */
static int databases;

static void *database_take(size_t size)
{
    void *taken = malloc(size);
    databases += taken != NULL;
    return taken;
}

static void database_free(void *taken)
{
    databases -= taken != NULL;
    free(taken);
}

/* How many this process made bytes of, to be kept. */
static int written;

static void *misc_take(size_t size)
{
    written++;
    return malloc(size);
}

static struct classifier *make(void)
{
    struct error error = {0};
    struct classifier *classifier = classifier_new(patterns, 2, &error);
    assert_non_null(classifier);
    return classifier;
}

static void assert_scan(struct classifier *classifier)
{
    struct error error = {0};
    struct event_label labels[EVENT_LABELS_MAX];
    uint32_t count = 0;
    struct slice text = slice_text("The refund is late, very late: 退款");
    assert_true(classifier_scan(classifier, text, labels, &count, &error));
    assert_int_equal(count, 2);
    assert_int_equal(labels[0].hits, 2);
    assert_int_equal(labels[1].hits, 2);
}

/* The labels of one text by a classifier made now. */
static void assert_labels(void)
{
    struct classifier *classifier = make();
    assert_scan(classifier);
    classifier_free(&classifier);
}

/* The one file of the folder; false: none. */
static bool kept(char path[192])
{
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    bool found = false;
    for (const struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        if (strstr(entry->d_name, ".hsdb")) {
            (void)snprintf(path, 192, "%s/%.100s", folder, entry->d_name);
            found = true;
        }
    }
    (void)closedir(listing);
    return found;
}

static off_t size_of(const char *path, ino_t *inode)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    *inode = status.st_ino;
    return status.st_size;
}

static int folder_make(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/redress-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    classify_cache_folder(folder);
    return 0;
}

static int folder_remove(void **state)
{
    (void)state;
    char path[192];
    if (kept(path)) {
        (void)unlink(path);
    }
    return rmdir(folder);
}

static void what_was_compiled_once_is_read_the_next_time(void **state)
{
    (void)state;
    char path[192];
    ino_t first;
    ino_t second;
    assert_labels();
    assert_true(kept(path));
    (void)size_of(path, &first);
    assert_labels();
    (void)size_of(path, &second);
    assert_int_equal(first, second); /* a compiled one would have been put in its place */
}

static void a_damaged_file_is_compiled_anew_and_replaced(void **state)
{
    (void)state;
    char path[192];
    ino_t inode;
    assert_labels();
    assert_true(kept(path));
    off_t size = size_of(path, &inode);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(file, "damage", 6, size / 2), 6);
    assert_int_equal(ftruncate(file, size - 1), 0);
    (void)close(file);
    assert_labels();
    assert_int_equal(size_of(path, &inode), size);
}

static void a_file_that_others_may_write_is_not_trusted(void **state)
{
    (void)state;
    char path[192];
    ino_t before;
    ino_t after;
    assert_labels();
    assert_true(kept(path));
    (void)size_of(path, &before);
    assert_int_equal(chmod(path, 0666), 0);
    assert_labels();
    (void)size_of(path, &after);
    assert_true(before != after);
}

static void what_rests_holds_no_patterns_and_labels_as_before_though_its_file_be_gone(void **state)
{
    (void)state;
    char path[192];
    struct classifier *classifier = make();
    assert_int_equal(databases, 1);
    classifier_rest(classifier);
    assert_int_equal(databases, 0);
    classifier_rest(classifier);
    assert_scan(classifier);
    assert_int_equal(databases, 1);
    classifier_rest(classifier);
    assert_true(kept(path));
    assert_int_equal(unlink(path), 0);
    assert_scan(classifier);
    assert_true(kept(path));
    classifier_free(&classifier);
    assert_int_equal(databases, 0);
}

static void without_a_file_to_come_back_from_nothing_rests(void **state)
{
    (void)state;
    classify_cache_folder("");
    struct classifier *classifier = make();
    classifier_rest(classifier);
    assert_int_equal(databases, 1);
    assert_scan(classifier);
    classifier_free(&classifier);
}

static void without_a_folder_nothing_is_kept(void **state)
{
    (void)state;
    char path[192];
    classify_cache_folder("");
    assert_labels();
    assert_false(kept(path));
}

static void what_is_compiled_is_so_by_another_process_and_labels_the_same(void **state)
{
    (void)state;
    char path[192];
    int before = written;
    assert_labels();
    assert_true(kept(path));
    assert_int_equal(unlink(path), 0);
    struct classifier *classifier = make();
    classifier_rest(classifier);
    assert_true(kept(path));
    assert_int_equal(unlink(path), 0);
    assert_scan(classifier);
    classifier_free(&classifier);
    assert_true(kept(path));
    assert_int_equal(written, before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left */
}

/* It is killed at its first byte of the file: SIGXFSZ, which this process does not heed. */
static void where_the_other_process_fails_this_one_compiles(void **state)
{
    (void)state;
    char path[192];
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit small = {.rlim_cur = 64, .rlim_max = before.rlim_max};
    int first = written;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    struct classifier *classifier = make();
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(kept(path));
    assert_true(written > first);
    assert_scan(classifier);
    classifier_free(&classifier);
}

static void a_pattern_that_is_none_is_named_as_before(void **state)
{
    (void)state;
    static const struct classify_pattern bad[] = {
        {"delay", "late",   1},
        {"open",  "(never", 7},
    };
    char path[192];
    struct error error = {0};
    assert_null(classifier_new(bad, 2, &error));
    assert_int_equal(error.kind, ERROR_REJECT);
    assert_non_null(strstr(error.text, "line 7: pattern of open"));
    assert_false(kept(path));
}

int main(int argc, char **argv)
{
    int compiled = classify_apart_begin(argc, argv);
    if (compiled >= 0) {
        return compiled;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            what_was_compiled_once_is_read_the_next_time, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(
            a_damaged_file_is_compiled_anew_and_replaced, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(
            a_file_that_others_may_write_is_not_trusted, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(
            what_rests_holds_no_patterns_and_labels_as_before_though_its_file_be_gone,
            folder_make,
            folder_remove),
        cmocka_unit_test_setup_teardown(
            what_is_compiled_is_so_by_another_process_and_labels_the_same,
            folder_make,
            folder_remove),
        cmocka_unit_test_setup_teardown(
            where_the_other_process_fails_this_one_compiles, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(
            a_pattern_that_is_none_is_named_as_before, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(
            without_a_file_to_come_back_from_nothing_rests, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(
            without_a_folder_nothing_is_kept, folder_make, folder_remove),
    };
    if (hs_set_database_allocator(database_take, database_free) != HS_SUCCESS ||
        hs_set_misc_allocator(misc_take, free) != HS_SUCCESS) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
