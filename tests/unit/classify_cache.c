/*
 * Compiled patterns kept in files: the next start reads them, and nothing that happens to the file
 * changes what a text is labelled (law 8: the same text, the same labels).
 *
 * A real classifier, a folder of its own; the file is looked for, damaged, replaced, opened to
 * others and taken away while the classifier rests; vectorscan's databases are counted.
 */
#include "classify_cache.h"

#include "classify.h"
#include "databases.h"
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static const struct classify_pattern patterns[] = {
    {"delay",  "late|晚|延迟", 1},
    {"refund", "refund|退款",   2},
};

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
    assert_int_equal(databases_held(), 1);
    classifier_rest(classifier);
    assert_int_equal(databases_held(), 0);
    classifier_rest(classifier);
    assert_scan(classifier);
    assert_int_equal(databases_held(), 1);
    classifier_rest(classifier);
    assert_true(kept(path));
    assert_int_equal(unlink(path), 0);
    assert_scan(classifier);
    assert_true(kept(path));
    classifier_free(&classifier);
    assert_int_equal(databases_held(), 0);
}

static void without_a_file_to_come_back_from_nothing_rests(void **state)
{
    (void)state;
    classify_cache_folder("");
    struct classifier *classifier = make();
    classifier_rest(classifier);
    assert_int_equal(databases_held(), 1);
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

int main(void)
{
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
            without_a_file_to_come_back_from_nothing_rests, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(
            without_a_folder_nothing_is_kept, folder_make, folder_remove),
    };
    if (!databases_count()) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
