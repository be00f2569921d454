/*
 * Goal: who works in a locale of other characters than UTF-8 is told that redress speaks UTF-8, in
 * characters he can read, and programs get what they get anywhere.
 *
 * Method: the whole command under names of locales, installed or not.  Seen to fail where nothing
 * is told, where it is told in UTF-8, and where a locale of UTF-8 is told as well.
 */
#include "ctl_said.h"
#include "scope.h"
#include "unit.h"

#include <iconv.h>
#include <locale.h>

/* The line as a terminal of that kind shows it. */
static void shown(const char *charset, char *bytes, char *into, size_t room)
{
    iconv_t to = iconv_open("UTF-8", charset);
    size_t left = strlen(bytes);
    memset(into, 0, room--);
    assert_true(to != (iconv_t)-1);
    assert_int_equal(iconv(to, &bytes, &left, &into, &room), 0);
    (void)iconv_close(to);
}

static void other_characters_are_told_in_themselves(void **state)
{
    (void)state;
    static const struct {
        const char *locale, *charset, *wanted;
    } rows[] = {
        {"zh_CN.GB18030",         "GB18030",    "redress 的输入输出均为 UTF-8"   },
        {"zh_TW.Big5",            "Big5",       "redress 的輸入輸出均為 UTF-8"   },
        {"de_DE.ISO-8859-1@euro", "ISO-8859-1", "what redress reads and writes is UTF-8"},
        {"zh_CN.klingon",         "UTF-8",      "what redress reads and writes is UTF-8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[1024];
        assert_int_equal(setenv("LC_ALL", rows[i].locale, 1), 0);
        SCOPED(said_done) struct said said = SAID("version");
        shown(rows[i].charset, said.err, text, sizeof text);
        if (strncmp(text, rows[i].wanted, strlen(rows[i].wanted)) != 0) {
            fail_msg("%s: %s", rows[i].locale, text);
        }
        assert_string_equal(said.out, "redress " REDRESS_VERSION "\n");
        assert_int_equal(MB_CUR_MAX, 6); /* of UTF-8: widths are counted in what is written */
        assert_string_equal(strchr(said.err, '\n'), "\n");
        SCOPED(said_done) struct said quiet = SAID("version", "--quiet");
        assert_string_equal(quiet.err, "");
    }
}

static void of_utf_8_and_of_no_locale_nothing_is_told(void **state)
{
    (void)state;
    static const char *const locales[] = {
        "C.UTF-8", "zh_CN.utf8", "en_US.UTF-8@x", "C", "POSIX", ""};
    for (size_t i = 0; i < sizeof locales / sizeof *locales; i++) {
        assert_int_equal(setenv("LC_ALL", locales[i], 1), 0);
        SCOPED(said_done) struct said said = SAID("version");
        assert_string_equal(said.err, "");
    }
}

int main(void)
{
    (void)unsetenv("LC_CTYPE");
    (void)unsetenv("LANG");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_characters_are_told_in_themselves),
        cmocka_unit_test(of_utf_8_and_of_no_locale_nothing_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
