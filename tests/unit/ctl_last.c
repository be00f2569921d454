/*
 * Goal: what went wrong last in a long run can be read beneath its counts.  Method: more and fewer
 * than are kept, and what is then said.  A bound holds whatever was said (law 9).
 */
#include "ctl_last.h"

#include "unit.h"

static char *told(const struct ctl_last *last)
{
    char *text = NULL;
    size_t size = 0;
    struct ctl ctl = {.language = CTL_ZH_CN, .out = stdout, .err = open_memstream(&text, &size)};
    ctl_last_tell(&ctl, last);
    (void)fclose(ctl.err);
    return text;
}

static void the_last_are_said_again_where_more_went_wrong_than_still_stand_above(void **state)
{
    (void)state;
    static struct ctl_last last;
    char long_why[2 * CTL_LAST_LINE_MAX];
    for (unsigned i = 1; i <= CTL_LAST_MAX; i++) {
        ctl_last_add(&last, "a.csv", i, "没有此渠道");
    }
    char *text = told(&last);
    assert_string_equal(text, "");
    free(text);
    memset(long_why, 'x', sizeof long_why);
    long_why[sizeof long_why - 1] = '\0';
    ctl_last_add(&last, "a.csv", 7, long_why);
    ctl_last_add(&last, "b.csv", 8, "end");
    text = told(&last);
    static const char head[] = "共 7 处有误，最后 5 处：\n  a.csv:3: 没有此渠道\n  a.csv:4: ";
    assert_memory_equal(text, head, sizeof head - 1);
    assert_non_null(strstr(text, "\n  b.csv:8: end\n"));
    assert_in_range(strlen(text), 0, CTL_LAST_MAX * (CTL_LAST_LINE_MAX + 4) + 64);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_are_said_again_where_more_went_wrong_than_still_stand_above),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
