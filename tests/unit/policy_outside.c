/*
 * Goal: in the shipped policies the roles of people outside, and no others, are outside: under an
 * organisation nobody could act in one of theirs, and anybody in one of the house (laws 10 and 11).
 *
 * Method: every policy of deploy/policies is loaded with what it uses.  Seen to fail for each
 * outside: yes that was taken out, and for one more.
 */
#include "policy_shipped.h"
#include "scope.h"
#include "unit.h"

#include <dirent.h>

enum { FIRST_YEAR = 2025, LAST_YEAR = 2027, POLICIES_MIN = 20 };

enum { OUTSIDE_COUNT = 5 };

static const struct outside {
    const char *policy, *role;
} outside[OUTSIDE_COUNT] = {
    {"courier",               "platform" },
    {"courier",               "regulator"},
    {"iso9001-manufacturing", "customer" },
    {"marketplace",           "buyer"    },
    {"marketplace",           "seller"   },
};

static bool seen[OUTSIDE_COUNT];

static bool expected(const char *policy, struct slice role)
{
    for (size_t i = 0; i < OUTSIDE_COUNT; i++) {
        if (strcmp(outside[i].policy, policy) == 0 &&
            slice_equal(role, slice_text(outside[i].role))) {
            seen[i] = true;
            return true;
        }
    }
    return false;
}

static unsigned wrong_in(const struct policy *policy)
{
    unsigned wrong = 0;
    for (uint16_t r = 0; r < policy->role_count; r++) {
        struct slice role = slice_text(policy->roles[r]);
        bool is = policy_role_is_outside(policy, role);
        if (is != expected(policy->name, role)) {
            print_error("%s of %s is %s\n",
                        policy->roles[r],
                        policy->name,
                        is ? "outside" : "one of the house");
            wrong++;
        }
    }
    return wrong;
}

static void those_outside_are_outside_and_nobody_else(void **state)
{
    (void)state;
    unsigned policies = 0;
    unsigned wrong = 0;
    DIR *folder = opendir(SHIPPED_POLICIES);
    struct dirent *entry;
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        struct policy_report report;
        if (!strstr(entry->d_name, ".yaml")) {
            continue;
        }
        SCOPED(policy_object_free)
        struct policy_object *object =
            shipped_load(SHIPPED_POLICIES, entry->d_name, FIRST_YEAR, LAST_YEAR, true, &report);
        policy_report_done(&report);
        assert_non_null(object);
        wrong += wrong_in(&object->policy);
        policies++;
    }
    (void)closedir(folder);
    for (size_t i = 0; i < OUTSIDE_COUNT; i++) {
        assert_true(seen[i]);
    }
    assert_true(policies >= POLICIES_MIN);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_outside_are_outside_and_nobody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
