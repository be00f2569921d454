/*
 * Goal: a written reply is looked through as people read it: width, capitals, blanks and kind of
 * characters aside.  Method: replies against policy/lifecycle.yaml.  Guards law 11.
 */
#include "policy_reply.h"

#include "dispatch_lifecycle.h"
#include "scope.h"
#include "unit.h"

static struct policy_reply_fault look_through(const char *reply)
{
    static struct arena *arena;
    struct policy_reply_fault fault;
    struct error error = {0};
    if (!arena) {
        arena = arena_new(1 << 20);
    }
    assert_true(policy_reply_check(&lifecycle->policy, slice_text(reply), arena, &fault, &error));
    return fault;
}

static void a_forbidden_phrase_is_found_however_it_is_written(void **state)
{
    (void)state;
    static const char *const bad[] = {"很抱歉，这事不归我管。",
                                      "很抱歉，這事不歸我管。",
                                      "Sorry, but please CALM  DOWN",
                                      "sorry ｃａｌｍ　ｄｏｗｎ"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_non_null(look_through(bad[i]).forbidden);
    }
    assert_null(look_through("很抱歉，我们马上处理。").forbidden);
}

static void a_part_that_has_to_be_there_is_asked_for_by_name(void **state)
{
    (void)state;
    assert_string_equal(look_through("我们已处理。").lacking->id, "apology");
    assert_string_equal(look_through("").lacking->id, "apology");
    assert_null(look_through("對不起，我們已處理。").lacking);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_forbidden_phrase_is_found_however_it_is_written),
        cmocka_unit_test(a_part_that_has_to_be_there_is_asked_for_by_name),
    };
    return cmocka_run_group_tests(tests, lifecycle_load, lifecycle_free);
}
