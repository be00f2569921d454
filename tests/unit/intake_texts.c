/*
 * Goal: nothing is registered unclassified for want of memory, and no model is named that has seen
 * nothing (laws 1 and 8).  Method: a real classifier that rests, of which vectorscan's memory is
 * taken away and given back.
 */
#include "intake_texts.h"

#include "classify_cache.h"
#include "unit.h"

#include <hs.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[64];
static char file[192];
static bool memory;

static void *memory_take(size_t size)
{
    return memory ? malloc(size) : NULL;
}

static struct classifier *resting_make(void)
{
    static const struct classify_pattern pattern = {"refund", "refund|退款", 1};
    struct error error = {0};
    memory = true;
    (void)snprintf(folder, sizeof folder, "/tmp/redress-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    classify_cache_folder(folder);
    struct classifier *classifier = classifier_new(&pattern, 1, &error);
    assert_non_null(classifier);
    (void)snprintf(file, sizeof file, "%s/patterns-%s.hsdb", folder, classifier_model(classifier));
    classifier_rest(classifier);
    return classifier;
}

static void resting_free(struct classifier **classifier_p)
{
    classifier_free(classifier_p);
    (void)unlink(file);
    assert_int_equal(rmdir(folder), 0);
}

static Redress__Submit__V1__Submission telling(const char *narrative, size_t size)
{
    Redress__Submit__V1__Submission submission = REDRESS__SUBMIT__V1__SUBMISSION__INIT;
    submission.has_narrative = 1;
    submission.narrative = (ProtobufCBinaryData){size, (uint8_t *)(uintptr_t)narrative};
    return submission;
}

static void for_want_of_memory_it_is_to_be_sent_again_and_then_labelled(void **state)
{
    (void)state;
    char narrative[] = "Where is my refund?";
    const Redress__Submit__V1__Submission submission = telling(narrative, strlen(narrative));
    struct policy_object policy = {.classifier = resting_make()};
    struct event_received received = {0};
    memory = false;
    assert_false(intake_classify(&policy, &submission, &received));
    assert_int_equal(received.model.size, 0);
    struct error error = {0};
    assert_false(classifier_wake(policy.classifier, &error));
    assert_int_equal(error.kind, ERROR_RETRY);
    memory = true;
    assert_true(intake_classify(&policy, &submission, &received));
    assert_int_equal(received.label_count, 1);
    assert_true(slice_equal(received.model, slice_text(classifier_model(policy.classifier))));
    resting_free(&policy.classifier);
}

/* As no submission that was accepted is: memory does not help it, and somebody has to see it. */
static void what_can_never_be_classified_names_no_model(void **state)
{
    (void)state;
    enum { TOO_LONG = CLASSIFY_TEXT_MAX + 1 };
    char *narrative = malloc(TOO_LONG);
    assert_non_null(narrative);
    memset(narrative, 'a', TOO_LONG);
    const Redress__Submit__V1__Submission submission = telling(narrative, TOO_LONG);
    struct policy_object policy = {.classifier = resting_make()};
    struct event_received received = {0};
    assert_true(intake_classify(&policy, &submission, &received));
    assert_int_equal(received.label_count, 0);
    assert_int_equal(received.model.size, 0);
    resting_free(&policy.classifier);
    free(narrative);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(for_want_of_memory_it_is_to_be_sent_again_and_then_labelled),
        cmocka_unit_test(what_can_never_be_classified_names_no_model),
    };
    if (hs_set_database_allocator(memory_take, free) != HS_SUCCESS) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
