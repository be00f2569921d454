/*
 * Goal: a password never becomes part of a setting that is shown, and a daemon comes in its own
 * role unless another is named.  Method: connection strings of every shape.  Guards laws 2 and 10.
 */
#include "conninfo.h"

#include "unit.h"

#include <libpq-fe.h>
#include <stdlib.h>

static void a_password_in_it_is_refused_and_not_repeated(void **state)
{
    (void)state;
    static const char *const bad[] = {"dbname=a password=hidden",
                                      "postgresql://me:hidden@host/db",
                                      "host=h sslpassword=hidden",
                                      "dbname='unfinished hidden"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *why = conninfo_fault(bad[i]);
        assert_non_null(why);
        assert_null(strstr(why, "hidden"));
    }
    assert_null(conninfo_fault("dbname=redress"));
    assert_null(conninfo_fault("host=h passfile=/etc/redress/pgpass user=me"));
    assert_null(conninfo_fault("postgresql://me@host:5432/db"));
}

static void user_of(const char *given, char user[64], char database[64])
{
    char text[400];
    (void)snprintf(text, sizeof text, "%s", given);
    conninfo_user(text, sizeof text, "redress_intake");
    PQconninfoOption *options = PQconninfoParse(text, NULL);
    assert_non_null(options);
    for (const PQconninfoOption *option = options; option->keyword; option++) {
        char *to = strcmp(option->keyword, "user") == 0     ? user
                   : strcmp(option->keyword, "dbname") == 0 ? database
                                                            : NULL;
        if (to) {
            (void)snprintf(to, 64, "%s", option->val ? option->val : "");
        }
    }
    PQconninfoFree(options);
}

static void who_is_not_named_gets_the_role(void **state)
{
    (void)state;
    char user[64];
    char database[64];
    (void)unsetenv("PGUSER");
    (void)unsetenv("PGSERVICE");
    user_of("host=/run/x dbname='it\\'s \\\\'", user, database);
    assert_string_equal(user, "redress_intake");
    assert_string_equal(database, "it's \\");
    user_of("postgresql://host/db", user, database);
    assert_string_equal(user, "redress_intake");
    assert_string_equal(database, "db");
    user_of("dbname=db user=other", user, database);
    assert_string_equal(user, "other");
    (void)setenv("PGUSER", "mine", 1);
    user_of("dbname=db", user, database);
    assert_string_equal(user, "");
    (void)unsetenv("PGUSER");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_in_it_is_refused_and_not_repeated),
        cmocka_unit_test(who_is_not_named_gets_the_role),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
