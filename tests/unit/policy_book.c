/*
 * Goal: a case finds the policy it was opened with, for ever, and a new version is pinned only when
 * everybody has had time to read it (law 11); however many versions there are, the newest are here
 * and the others come when a case wants them (law 9).  Method: rows come into the archive's table,
 * also in the wrong order, also broken ones, also hundreds, while a book asks a real PostgreSQL for
 * what it has not seen.
 */
#include "policy_book.h"

#include "classify_cache.h"
#include "clock.h"
#include "databases.h"
#include "golden.h"
#include "pg_desk.h"
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SOURCE_MAX = 128 * 1024, BOOK_ROUNDS = 3, VERSIONS = 300, PATIENCE_US = 40000000 };

static const struct pg_statement statements[] = {POLICY_BOOK_STATEMENT};

struct shelf {
    struct pg_desk desk;
    struct policy_book *book;
};

/* A shipped policy, told to be of this version. */
static void row_insert(const struct pg_desk *desk, int id, int version, const char *loaded_at)
{
    static char source[SOURCE_MAX];
    static char sql[SOURCE_MAX + 1024];
    static const char told[] = "\nversion: 1\n";
    assert_true(golden_read(SHIPPED_POLICIES "/loyalty-points.yaml", source, sizeof source) > 0);
    char *at = strstr(source, told);
    assert_non_null(at);
    *at = '\0';
    int length = snprintf(sql,
                          sizeof sql,
                          "INSERT INTO redress.policy OVERRIDING SYSTEM VALUE VALUES (%d, "
                          "'loyalty-points', %d, '\\x%02x', $yaml$%s\nversion: %d\n%s$yaml$, %s)",
                          id,
                          version,
                          (unsigned)id,
                          source,
                          version,
                          at + sizeof told - 1,
                          loaded_at);
    assert_true(length > 0 && (size_t)length < sizeof sql);
    pg_desk_run(desk, sql);
}

static void shelf_open_for(struct shelf *shelf, bool reads_text, bool judges)
{
    pg_desk_open(&shelf->desk);
    pg_desk_archive(&shelf->desk, "4");
    shelf->book = policy_book_new(reads_text ? shelf->desk.loop : NULL, judges);
    assert_non_null(shelf->book);
    pg_desk_connect(&shelf->desk, statements, 1);
    assert_true(pg_desk_until_ready(&shelf->desk));
}

static void shelf_open(struct shelf *shelf, bool reads_text)
{
    shelf_open_for(shelf, reads_text, false);
}

static void shelf_close(struct shelf *shelf)
{
    pg_desk_close(&shelf->desk); /* first: an answer under way is the book's */
    policy_book_free(&shelf->book);
    assert_null(shelf->book);
}

/* What the skeleton does every second, until the archive has nothing more to say. */
static void ask(struct shelf *shelf)
{
    int64_t end_us = clock_monotonic_us() + PATIENCE_US;
    policy_book_poll(shelf->book, shelf->desk.pg);
    policy_book_poll(shelf->book, shelf->desk.pg); /* asked already: does nothing */
    assert_true(pg_pending(shelf->desk.pg) <= 1);
    do {
        pg_desk_turn(&shelf->desk, 5000);
    } while (pg_pending(shelf->desk.pg) > 0 && clock_monotonic_us() < end_us);
}

/* False: asked again and again, the archive does not give this row. */
static bool until_there(struct shelf *shelf, uint32_t id)
{
    for (unsigned i = 0; i < BOOK_ROUNDS && !policy_book_by_id(shelf->book, id); i++) {
        ask(shelf);
    }
    return policy_book_by_id(shelf->book, id) != NULL;
}

static bool until_wanted(struct shelf *shelf, uint32_t id)
{
    int64_t end_us = clock_monotonic_us() + PATIENCE_US;
    while (!policy_book_by_id(shelf->book, id) && clock_monotonic_us() < end_us) {
        assert_true(policy_book_want(shelf->book, id));
        policy_book_poll(shelf->book, shelf->desk.pg);
        pg_desk_turn(&shelf->desk, 2000);
    }
    return policy_book_by_id(shelf->book, id) != NULL;
}

static uint32_t version_of(struct shelf *shelf, int64_t mono_us)
{
    const struct policy_object *object =
        policy_book_by_name(shelf->book, slice_text("loyalty-points"), mono_us);
    return object ? object->policy.version : 0;
}

static void an_empty_archive_is_a_complete_book(void **state)
{
    (void)state;
    struct shelf shelf;
    shelf_open(&shelf, false);
    assert_false(policy_book_ready(shelf.book));
    assert_false(until_there(&shelf, 1));
    assert_true(policy_book_ready(shelf.book));
    assert_int_equal(version_of(&shelf, INT64_MAX), 0);
    shelf_close(&shelf);
}

static void the_newest_settled_version_is_pinned_and_old_ones_stay(void **state)
{
    (void)state;
    struct shelf shelf;
    shelf_open(&shelf, false);
    row_insert(&shelf.desk, 2, 2, "'2024-03-01 00:00:00+00'");
    int64_t before_us = clock_monotonic_us();
    row_insert(&shelf.desk, 3, 3, "clock_timestamp()");
    assert_true(until_there(&shelf, 3) && until_there(&shelf, 2));
    assert_int_equal(version_of(&shelf, before_us + POLICY_SETTLE_US - 1), 2);
    assert_int_equal(version_of(&shelf, clock_monotonic_us() + POLICY_SETTLE_US), 3);
    assert_int_equal(version_of(&shelf, 0), 0);
    assert_int_equal(policy_book_by_id(shelf.book, 2)->policy.version, 2);
    assert_int_equal(policy_book_by_id(shelf.book, 2)->policy.id, 2);
    assert_null(policy_book_by_name(shelf.book, slice_text("loyalty"), INT64_MAX));

    /* begun before the others, committed after them: no new case pins it, but one has */
    row_insert(&shelf.desk, 1, 1, "'2024-03-03 00:00:00+00'");
    assert_false(until_there(&shelf, 1));
    assert_true(policy_book_want(shelf.book, 1));
    assert_true(until_there(&shelf, 1));
    assert_int_equal(version_of(&shelf, INT64_MAX), 3); /* the newest is the greatest version */
    shelf_close(&shelf);
}

static void a_clock_that_was_set_back_does_not_keep_a_version_from_settling(void **state)
{
    (void)state;
    struct shelf shelf;
    shelf_open(&shelf, false);
    row_insert(&shelf.desk, 1, 1, "clock_timestamp() + interval '1 day'");
    assert_true(until_there(&shelf, 1));
    assert_true(policy_book_settles(shelf.book, slice_text("loyalty-points")));
    assert_int_equal(version_of(&shelf, clock_monotonic_us() + POLICY_SETTLE_US), 1);
    shelf_close(&shelf);
}

static void a_policy_that_does_not_compile_is_passed_over_and_read_once(void **state)
{
    (void)state;
    struct shelf shelf;
    shelf_open(&shelf, false);
    pg_desk_run(&shelf.desk,
                "INSERT INTO redress.policy (name, version, hash, source) "
                "VALUES ('broken', 1, '\\xff', 'policy: [')");
    row_insert(&shelf.desk, 9, 1, "now()");
    assert_true(until_there(&shelf, 9));
    assert_null(policy_book_by_id(shelf.book, 1));
    assert_false(until_there(&shelf, 1));
    assert_true(policy_book_ready(shelf.book));
    shelf_close(&shelf);
}

/* `redress policy load` refuses such a one; a newer vectorscan may take less than the one before.
 */
static void patterns_that_do_not_compile_are_passed_over_too(void **state)
{
    (void)state;
    struct shelf shelf;
    shelf_open(&shelf, true);
    row_insert(&shelf.desk, 1, 1, "now()");
    pg_desk_run(&shelf.desk,
                "INSERT INTO redress.policy (id, name, version, hash, source) "
                "OVERRIDING SYSTEM VALUE SELECT 2, 'loyalty-points', 2, '\\xff', "
                "replace(source, '次品|残次', '(次品|残次') FROM redress.policy");
    assert_true(until_wanted(&shelf, 1));
    assert_false(until_there(&shelf, 2));
    assert_true(policy_book_ready(shelf.book));
    assert_int_equal(version_of(&shelf, INT64_MAX), 1);
    shelf_close(&shelf);
}

/* The last good version stays the newest that is of use, here and after a restart. */
static void a_version_that_does_not_compile_hides_none_that_does(void **state)
{
    (void)state;
    struct shelf shelf;
    shelf_open(&shelf, false);
    row_insert(&shelf.desk, 1, 1, "'2024-03-01 00:00:00+00'");
    pg_desk_run(&shelf.desk,
                "INSERT INTO redress.policy (id, name, version, hash, source, loaded_at) "
                "OVERRIDING SYSTEM VALUE VALUES (2, 'loyalty-points', 2, '\\xff', 'policy: [', "
                "'2024-03-02 00:00:00+00')");
    assert_true(until_there(&shelf, 1));
    assert_int_equal(version_of(&shelf, INT64_MAX), 1);
    shelf_close(&shelf);
}

static void what_the_archive_does_not_have_is_told_once_and_not_waited_for(void **state)
{
    (void)state;
    struct shelf shelf;
    shelf_open(&shelf, false);
    row_insert(&shelf.desk, 1, 1, "now()");
    assert_false(policy_book_want(shelf.book, 0));
    assert_true(policy_book_want(shelf.book, 77));
    assert_true(until_there(&shelf, 1));
    assert_false(until_there(&shelf, 77));
    assert_false(policy_book_want(shelf.book, 77));
    shelf_close(&shelf);
}

/* Small ones. */
static void versions_insert(const struct pg_desk *desk)
{
    static char source[SOURCE_MAX];
    assert_true(golden_read(QUICK_POLICY, source, sizeof source) > 0);
    pg_desk_versions(desk, source, VERSIONS);
}

static void of_hundreds_of_versions_the_newest_is_here_and_others_come_when_wanted(void **state)
{
    (void)state;
    struct shelf shelf;
    shelf_open(&shelf, false);
    versions_insert(&shelf.desk);
    assert_true(until_there(&shelf, VERSIONS)); /* first, and the only one */
    assert_false(until_there(&shelf, 1));
    assert_true(policy_book_ready(shelf.book));
    assert_null(policy_book_by_id(shelf.book, VERSIONS - 1));
    for (uint32_t id = 1; id < POLICY_BOOK_MAX; id++) {
        assert_true(until_wanted(&shelf, id));
        assert_int_equal(policy_book_by_id(shelf.book, id)->policy.version, id);
    }
    const struct policy_object *used = policy_book_by_id(shelf.book, 1);
    assert_true(until_wanted(&shelf, POLICY_BOOK_MAX));
    assert_ptr_equal(policy_book_by_id(shelf.book, 1), used);
    assert_null(policy_book_by_id(shelf.book, 2)); /* unused for longest, and not the newest */
    const struct policy_object *newest =
        policy_book_by_name(shelf.book, slice_text("quick"), INT64_MAX);
    assert_non_null(newest);
    assert_int_equal(newest->policy.version, VERSIONS);
    assert_true(until_wanted(&shelf, 2));
    shelf_close(&shelf);
}

/* What a policy nobody asks for would hold otherwise: some hundred kilobytes each. */
static void patterns_are_there_from_the_first_text_on_not_before(void **state)
{
    (void)state;
    struct shelf shelf;
    struct error error = {0};
    struct event_label labels[EVENT_LABELS_MAX];
    uint32_t count = 0;
    char folder[] = "/tmp/redress-test-XXXXXX";
    assert_non_null(mkdtemp(folder));
    shelf_open(&shelf, true);
    classify_cache_folder(folder);
    row_insert(&shelf.desk, 1, 1, "now()");
    assert_true(until_wanted(&shelf, 1));
    assert_int_equal(databases_held(), 0);
    struct classifier *classifier = policy_book_by_id(shelf.book, 1)->classifier;
    assert_true(classifier_scan(classifier, slice_text("积分没有到账"), labels, &count, &error));
    assert_int_equal(databases_held(), 1);
    assert_true(count > 0);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/patterns-%s.hsdb", folder, classifier_model(classifier));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    classify_cache_folder("");
    shelf_close(&shelf);
    assert_int_equal(databases_held(), 0);
}

/* How often a child of ours has ended that had done something. */
static long children_faults(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_CHILDREN, &usage), 0);
    return usage.ru_minflt;
}

/* Seen to fail where the book compiles itself: no child has ended. */
static void patterns_are_compiled_by_somebody_else_and_once(void **state)
{
    (void)state;
    char folder[] = "/tmp/redress-test-XXXXXX";
    char path[128];
    assert_non_null(mkdtemp(folder));
    classify_cache_folder(folder);
    for (int kept = 0; kept < 2; kept++) {
        struct shelf shelf;
        shelf_open(&shelf, true);
        row_insert(&shelf.desk, 1, 1, "now()");
        long before = children_faults();
        assert_true(until_wanted(&shelf, 1));
        assert_int_equal(children_faults() > before, kept == 0);
        (void)snprintf(path,
                       sizeof path,
                       "%s/patterns-%s.hsdb",
                       folder,
                       classifier_model(policy_book_by_id(shelf.book, 1)->classifier));
        shelf_close(&shelf);
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    classify_cache_folder("");
}

static bool stands;

/* In a child, as the first thing it does. */
static void stand_still(void)
{
    if (stands) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)raise(SIGSTOP);
    }
}

/* The child that has come to stand. */
static pid_t standing(struct shelf *shelf)
{
    siginfo_t info = {.si_pid = 0};
    int64_t end_us = clock_monotonic_us() + PATIENCE_US;
    while (info.si_pid == 0 && clock_monotonic_us() < end_us) {
        pg_desk_turn(&shelf->desk, 1000);
        assert_int_equal(waitid(P_ALL, 0, &info, WSTOPPED | WNOHANG), 0);
    }
    assert_true(info.si_pid > 0);
    return info.si_pid;
}

/*
 * The loop turns while patterns are compiled, and who asks for the policy is told to wait; when
 * whoever compiles is killed, the policy is passed over and the book goes on (law 9).  Seen to fail
 * where the book compiles itself; where it waits for the process: it hangs; where only policies
 * that are here settle; and where one whose compiler died is not given up.
 */
static void a_compiler_that_stands_or_dies_holds_up_nobody(void **state)
{
    (void)state;
    char folder[] = "/tmp/redress-test-XXXXXX";
    assert_non_null(mkdtemp(folder));
    struct shelf shelf;
    shelf_open(&shelf, true);
    classify_cache_folder(folder);
    row_insert(&shelf.desk, 1, 1, "now()");
    stands = true;
    assert_int_equal(pthread_atfork(NULL, NULL, stand_still), 0);
    assert_false(until_there(&shelf, 1));
    pid_t compiler = standing(&shelf);
    stands = false;
    assert_false(until_there(&shelf, 1));
    assert_false(policy_book_ready(shelf.book));
    assert_true(policy_book_settles(shelf.book, slice_text("loyalty-points")));
    assert_int_equal(kill(compiler, SIGKILL), 0);
    int64_t end_us = clock_monotonic_us() + PATIENCE_US;
    while (!policy_book_ready(shelf.book) && clock_monotonic_us() < end_us) {
        ask(&shelf);
    }
    assert_true(policy_book_ready(shelf.book));
    assert_null(policy_book_by_id(shelf.book, 1));
    assert_false(policy_book_settles(shelf.book, slice_text("loyalty-points")));
    assert_int_equal(waitpid(compiler, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    classify_cache_folder("");
    shelf_close(&shelf);
    assert_int_equal(rmdir(folder), 0);
}

static void only_who_reads_texts_gets_a_classifier(void **state)
{
    (void)state;
    for (int reads = 0; reads < 2; reads++) {
        struct shelf shelf;
        shelf_open(&shelf, reads == 1);
        row_insert(&shelf.desk, 1, 1, "now()");
        assert_true(until_wanted(&shelf, 1));
        assert_int_equal(policy_book_by_id(shelf.book, 1)->classifier != NULL, reads);
        shelf_close(&shelf);
    }
}

static const struct calendar *calendar_of(const struct shelf *shelf)
{
    const struct policy *policy = &policy_book_by_id(shelf->book, 1)->policy;
    for (uint16_t i = 0; i < policy->calendar_count; i++) {
        if (policy->calendars[i].interval_count > 0) {
            return &policy->calendars[i];
        }
    }
    fail_msg("%s has no hours", policy->name);
    return NULL;
}

/* The one read it in December, the other in January: no date is known to the desk and not to who
 * judges whether it was kept (law 12). */
static void who_judges_knows_the_days_of_who_read_the_policy_in_another_year(void **state)
{
    (void)state;
    int32_t first[2];
    int32_t last[2];
    for (int judges = 0; judges < 2; judges++) {
        struct shelf shelf;
        shelf_open_for(&shelf, false, judges == 1);
        row_insert(&shelf.desk, 1, 1, "now()");
        assert_true(until_there(&shelf, 1));
        const struct calendar *calendar = calendar_of(&shelf);
        first[judges] = calendar->days[0].date;
        last[judges] = calendar->days[calendar->day_count - 1].date;
        shelf_close(&shelf);
    }
    enum { YEAR = 10000 };
    assert_true(first[1] <= first[0] - YEAR);
    assert_true(last[1] >= last[0] + YEAR);
}

static void a_question_that_was_lost_is_asked_again(void **state)
{
    (void)state;
    struct shelf shelf;
    shelf_open(&shelf, false);
    row_insert(&shelf.desk, 1, 1, "now()");
    policy_book_poll(shelf.book, shelf.desk.pg);
    pg_reset(shelf.desk.pg, "planted");
    policy_book_poll(shelf.book, shelf.desk.pg); /* nobody there to ask */
    assert_true(pg_desk_until_ready(&shelf.desk));
    assert_true(until_there(&shelf, 1));
    shelf_close(&shelf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_archive_is_a_complete_book),
        cmocka_unit_test(the_newest_settled_version_is_pinned_and_old_ones_stay),
        cmocka_unit_test(a_clock_that_was_set_back_does_not_keep_a_version_from_settling),
        cmocka_unit_test(a_policy_that_does_not_compile_is_passed_over_and_read_once),
        cmocka_unit_test(a_version_that_does_not_compile_hides_none_that_does),
        cmocka_unit_test(what_the_archive_does_not_have_is_told_once_and_not_waited_for),
        cmocka_unit_test(of_hundreds_of_versions_the_newest_is_here_and_others_come_when_wanted),
        cmocka_unit_test(patterns_that_do_not_compile_are_passed_over_too),
        cmocka_unit_test(patterns_are_compiled_by_somebody_else_and_once),
        cmocka_unit_test(a_compiler_that_stands_or_dies_holds_up_nobody),
        cmocka_unit_test(only_who_reads_texts_gets_a_classifier),
        cmocka_unit_test(patterns_are_there_from_the_first_text_on_not_before),
        cmocka_unit_test(who_judges_knows_the_days_of_who_read_the_policy_in_another_year),
        cmocka_unit_test(a_question_that_was_lost_is_asked_again),
    };
    if (!databases_count()) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
