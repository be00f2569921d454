/*
 * Goal: nobody is admitted over tcp by whoever could write into a file; what is wrong with the list
 * is told once with its line, and who was admitted before stays so (law 9).  Method: a list in a
 * folder of the test's own is written, broken, opened to others, given away and taken away.
 */
#include "bus_allow.h"

#include "unit.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

struct desk {
    char folder[64];
    char keys[4][41];
    struct bus_allow list;
    struct error error;
};

static void list_write(struct desk *desk, const char *text)
{
    static const struct timespec tick = {0, 2000000};
    (void)nanosleep(&tick, NULL); /* a change is seen by the file's times */
    FILE *file = fopen(desk->list.path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(desk->list.path, 0644), 0);
}

static int desk_open(void **state)
{
    static struct desk desk;
    desk = (struct desk){.folder = "/tmp/redress-allow-XXXXXX"};
    assert_non_null(mkdtemp(desk.folder));
    (void)snprintf(desk.list.path, sizeof desk.list.path, "%s/curve.allow", desk.folder);
    for (size_t i = 0; i < sizeof desk.keys / sizeof *desk.keys; i++) {
        char secret[41];
        assert_int_equal(zmq_curve_keypair(desk.keys[i], secret), 0);
    }
    char text[256];
    (void)snprintf(text,
                   sizeof text,
                   "# ours\n\n%s daemon one\n  %s\tadapter web\n",
                   desk.keys[0],
                   desk.keys[1]);
    list_write(&desk, text);
    assert_true(bus_allow_read(&desk.list, &desk.error));
    *state = &desk;
    return 0;
}

static int desk_close(void **state)
{
    struct desk *desk = *state;
    (void)unlink(desk->list.path);
    return rmdir(desk->folder);
}

static const struct bus_allowed *who(const struct desk *desk, int key)
{
    uint8_t raw[BUS_RAW_KEY_SIZE];
    assert_non_null(zmq_z85_decode(raw, desk->keys[key]));
    return bus_allow_find(&desk->list, raw);
}

static bool admits(const struct desk *desk, int key, enum bus_door door)
{
    const char *domain = bus_allow_domain(door);
    const struct bus_allowed *allowed = who(desk, key);
    return allowed && bus_allow_admits(allowed, domain, strlen(domain));
}

/* The fault is told once, with these words, and the two of desk_open are admitted still. */
static void stays_and_says(struct desk *desk, const char *words)
{
    desk->error = (struct error){0};
    assert_int_equal(bus_allow_refresh(&desk->list, &desk->error), BUS_ALLOW_BAD);
    if (!strstr(desk->error.text, words) || !strstr(desk->error.text, desk->list.path)) {
        fail_msg("\"%s\" does not say \"%s\"", desk->error.text, words);
    }
    assert_int_equal(bus_allow_refresh(&desk->list, &desk->error), BUS_ALLOW_SAME);
    assert_int_equal(desk->list.count, 2);
    assert_true(admits(desk, 0, BUS_DOOR_EVENTS));
    assert_true(admits(desk, 1, BUS_DOOR_SUBMISSIONS));
}

static void each_role_has_its_doors(void **state)
{
    const struct desk *desk = *state;
    assert_true(admits(desk, 0, BUS_DOOR_EVENTS));
    assert_true(admits(desk, 0, BUS_DOOR_COMMANDS));
    assert_true(admits(desk, 1, BUS_DOOR_SUBMISSIONS));
    assert_false(admits(desk, 1, BUS_DOOR_COMMANDS));
    assert_false(admits(desk, 1, BUS_DOOR_EVENTS));
    assert_null(who(desk, 2));
    assert_false(bus_allow_admits(who(desk, 0), "elsewhere", 9));
}

static void a_bad_line_is_told_and_nobody_is_struck_off(void **state)
{
    struct desk *desk = *state;
    char text[1400];
    (void)snprintf(text, sizeof text, "%s daemon\n# x\n%s boss\n", desk->keys[2], desk->keys[3]);
    list_write(desk, text);
    stays_and_says(desk, "curve.allow:3: has no role");
    assert_null(who(desk, 2));
    (void)snprintf(text, sizeof text, "%s daemon\nabc daemon\n", desk->keys[2]);
    list_write(desk, text);
    stays_and_says(desk, "curve.allow:2: has no key");
    (void)snprintf(text, sizeof text, "%s desk\n%s adapter\n", desk->keys[2], desk->keys[2]);
    list_write(desk, text);
    stays_and_says(desk, "curve.allow:2: the key of line 1 again");
    (void)snprintf(text, sizeof text, "\n%s desk %0600d\n", desk->keys[2], 0);
    list_write(desk, text);
    stays_and_says(desk, "curve.allow:2: is too long");
    assert_int_equal(unlink(desk->list.path), 0);
    stays_and_says(desk, "is not there");
    (void)snprintf(text, sizeof text, "%s desk\n%s desk\n", desk->keys[2], desk->keys[2]);
    list_write(desk, text);
    assert_int_equal(bus_allow_refresh(&desk->list, &desk->error), BUS_ALLOW_READ);
    assert_int_equal(desk->list.count, 1); /* the same once more is no fault */
    assert_null(who(desk, 0));
    assert_true(admits(desk, 2, BUS_DOOR_COMMANDS));
}

static void what_others_may_write_is_not_believed(void **state)
{
    struct desk *desk = *state;
    assert_int_equal(chmod(desk->list.path, 0664), 0);
    stays_and_says(desk, "mode 0664 lets others write it; chmod go-w it");
    assert_int_equal(chmod(desk->list.path, 0646), 0);
    stays_and_says(desk, "mode 0646 lets others write it");
    assert_int_equal(chmod(desk->list.path, 0640), 0);
    assert_int_equal(bus_allow_refresh(&desk->list, &desk->error), BUS_ALLOW_READ);
    if (geteuid() == 0) { /* only root can give away */
        assert_int_equal(chown(desk->list.path, 65534, (gid_t)-1), 0);
        stays_and_says(desk, "belongs to user 65534, not to us or root; chown it");
    }
    assert_int_equal(unlink(desk->list.path), 0);
    assert_int_equal(mkfifo(desk->list.path, 0600), 0); /* whoever waits for it waits for ever */
    stays_and_says(desk, "not a regular file");
}

static void a_list_too_long_is_told_where(void **state)
{
    struct desk *desk = *state;
    static char text[(BUS_ALLOWED_MAX + 1) * 50];
    size_t used = 0;
    for (unsigned i = 0; i <= BUS_ALLOWED_MAX; i++) {
        uint8_t raw[BUS_RAW_KEY_SIZE] = {(uint8_t)i, (uint8_t)(i >> 8), 1};
        char key[41];
        assert_non_null(zmq_z85_encode(key, raw, sizeof raw));
        used += (size_t)snprintf(text + used, sizeof text - used, "%s desk\n", key);
    }
    list_write(desk, text);
    stays_and_says(desk, "curve.allow:1025: one key too many");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_role_has_its_doors, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(
            a_bad_line_is_told_and_nobody_is_struck_off, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(
            what_others_may_write_is_not_believed, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(a_list_too_long_is_told_where, desk_open, desk_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
