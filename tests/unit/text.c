/*
 * Goal: text from outside is text, its language is told from a few characters, and two spellings of
 * one thing look the same to a pattern.
 *
 * Method: real sentences in the three languages; for normalising, an independent oracle (ICU over
 * the whole text, then character by character) beside seeded mixtures of everything awkward.
 */
#include "text.h"

#include "scope.h"
#include "text_table.h"
#include "unit.h"
#include "utf8.h"

#include <unicode/uchar.h>
#include <unicode/ustring.h>

static bool is_clean(const char *bytes, size_t size, size_t expected_at)
{
    size_t bad_at = SIZE_MAX;
    bool clean = text_is_clean(slice_of(bytes, size), &bad_at);
    assert_int_equal(bad_at, clean ? SIZE_MAX : expected_at);
    return clean;
}

#define CLEAN(text)   assert_true(is_clean(text, sizeof(text) - 1, 0))
#define BAD(text, at) assert_false(is_clean(text, sizeof(text) - 1, at))

static void text_is_utf8_without_nul(void **state)
{
    (void)state;
    CLEAN("");
    CLEAN("A refund was promised.");
    CLEAN("退款一直没有到账，客服不理");
    CLEAN("\xf0\x9f\x98\xa1 angry \xf4\x8f\xbf\xbf");
    CLEAN(
        "\x01\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80");
    BAD("12345678\x80", 8); /* a continuation alone */
    BAD("1234567\0", 7);    /* NUL, in a word of eight */
    BAD("123456789\0abcdef", 9);
    BAD("ab\xc0\xaf", 2); /* overlong */
    BAD("ab\xc1\xbf", 2);
    BAD("ab\xe0\x9f\xbf", 2);
    BAD("ab\xf0\x8f\xbf\xbf", 2);
    BAD("ab\xed\xa0\x80", 2);     /* surrogate */
    BAD("ab\xf4\x90\x80\x80", 2); /* beyond U+10FFFF */
    BAD("ab\xf5\x80\x80\x80", 2);
    BAD("退\xe6\xac", 3); /* cut short */
    BAD("ab\xc3(", 2);
    BAD("ab\xff", 2);
}

static void every_byte_of_a_word_is_looked_at(void **state)
{
    (void)state;
    for (size_t i = 0; i < 24; i++) {
        char text[25] = "abcdefghijklmnopqrstuvwx";
        text[i] = '\0';
        assert_false(is_clean(text, 24, i));
        text[i] = '\x80';
        assert_false(is_clean(text, 24, i));
    }
}

static void characters_are_counted_not_bytes(void **state)
{
    (void)state;
    assert_int_equal(text_characters(slice_text("")), 0);
    assert_int_equal(text_characters(slice_text("refund")), 6);
    assert_int_equal(text_characters(slice_text("我要退款我要退款")), 8);
    assert_int_equal(text_characters(slice_text("café 退款 \xf0\x9f\x98\xa1!")), 10);
}

static void the_language_is_told_from_a_few_characters(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum language language;
    } rows[] = {
  /* 退款 is the same in both writings; 后, 里 and 乾 are at home in both. */
        {"",                                                           LANGUAGE_UNKNOWN},
        {"12345 !!! \xf0\x9f\x98\xa1",                                 LANGUAGE_UNKNOWN},
        {"投诉",                                                     LANGUAGE_ZH_HANS},
        {"投訴",                                                     LANGUAGE_ZH_HANT},
        {"退款",                                                     LANGUAGE_ZH_HANS},
        {"我的订单一直没有发货，客服也不回复",        LANGUAGE_ZH_HANS},
        {"我的訂單一直沒有出貨，客服也不回覆",        LANGUAGE_ZH_HANT},
        {"台灣大哥大的帳單多收了錢",                       LANGUAGE_ZH_HANT},
        {"皇后大道中的分店态度很差",                       LANGUAGE_ZH_HANS},
        {"皇后里的里長說",                                      LANGUAGE_ZH_HANT},
        {"乾隆皇帝和乾清宫",                                   LANGUAGE_ZH_HANS},
        {"餐廳服務態度好差，等咗一個鐘先有嘢食",     LANGUAGE_ZH_HANT},
        {"iPhone 14 Pro Max 屏幕坏了",                             LANGUAGE_ZH_HANS},
        {"iPhone 14 Pro Max 螢幕壞了",                             LANGUAGE_ZH_HANT},
        {"no refund",                                                  LANGUAGE_EN     },
        {"The café on 5th charged me twice — “unacceptable”.",  LANGUAGE_EN     },
        {"My order of 茶 never arrived and nobody answers the phone", LANGUAGE_EN     },
        {"この商品は壊れています",                          LANGUAGE_OTHER  },
        {"환불해 주세요",                                        LANGUAGE_OTHER  },
        {"Верните деньги",                                LANGUAGE_OTHER  },
        {"أريد استرداد أموالي",                       LANGUAGE_OTHER  },
        {"ＲＥＦＵＮＤ",                                         LANGUAGE_EN     },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum language language = text_language(slice_text(rows[i].text));
        if (language != rows[i].language) {
            fail_msg("%s: language %d, expected %d", rows[i].text, language, rows[i].language);
        }
    }
}

static void two_spellings_of_one_thing_look_the_same(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *normal;
    } rows[] = {
  /* clang-format off */
        /* "re…fund re…fund" holds a soft hyphen and a zero-width space. */
        {"", ""},
        {" \t\r\n ", ""},
        {"Refund  NOW", "refund now"},
        {"  A\tVery\n\nLong  Story of a REFUND that Never came  ",
         "a very long story of a refund that never came"},
        {"abcdefgh ijklmnop  qrstuvw", "abcdefgh ijklmnop qrstuvw"},
        {"我要退錢，請處理！", "我要退钱,请处理!"},
        {"臺灣　客服ＡＢＣ１２３", "台湾 客服abc123"},
        {"①號 ㎏ ½", "1号 kg 1⁄2"},
        {"Straße ﬁnal İ", "strasse final i̇"},
        {"cafe\xcc\x81 CAF\xc3\x89", "café café"},
        {"re\u00adfund re\u200bfund", "refund refund"},
        {"a\xc2\xa0\xe3\x80\x80 b", "a b"},
        {"“quoted” — text…", "“quoted” — text..."},
        {"\xf0\x9f\x98\xa1 VERY \xf0\x9f\x98\xa1", "\xf0\x9f\x98\xa1 very \xf0\x9f\x98\xa1"},
        {"ｶﾞｷﾞ 한국", "ガギ 한국"},
  /* clang-format on */
    };
    struct error error;
    SCOPED(arena_free) struct arena *arena = arena_new((size_t)1 << 20);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct slice normal;
        assert_true(text_normalise(slice_text(rows[i].text), arena, &normal, &error));
        if (!slice_equal(normal, slice_text(rows[i].normal))) {
            fail_msg("%s became %.*s", rows[i].text, (int)normal.size, (const char *)normal.bytes);
        }
    }
}

/* What text_normalise promises, said in another way: all of the text through ICU at once. */
static size_t oracle(const char *text, size_t size, char *normal, size_t capacity)
{
    struct error error;
    const struct text_table *table = text_table_get(&error);
    static UChar units[4096];
    static UChar folded[65536];
    int32_t count;
    UErrorCode status = U_ZERO_ERROR;
    u_strFromUTF8(units, 4096, &count, text, (int32_t)size, &status);
    assert_true(U_SUCCESS(status));
    int32_t folded_count = text_table_casefold(units, count, folded, 65536);
    uint8_t *at = (uint8_t *)normal;
    for (int32_t i = 0; i < folded_count;) {
        uint32_t character = utf16_read(folded, &i, folded_count);
        if (!u_isUWhiteSpace((UChar32)character)) {
            at = utf8_write(at, text_table_simplify(table, character));
        } else if (at > (uint8_t *)normal && at[-1] != ' ') {
            *at++ = ' ';
        }
        assert_true((size_t)(at - (uint8_t *)normal) + UTF8_MAX < capacity);
    }
    size_t used = (size_t)(at - (uint8_t *)normal);
    return used > 0 && normal[used - 1] == ' ' ? used - 1 : used;
}

static uint32_t next(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static const char *const pieces[] = {"a",
                                     "E",
                                     "refund ",
                                     "The Bank ",
                                     " ",
                                     "  ",
                                     "\t",
                                     "\n",
                                     "\xcc\x81",
                                     "\xcc\xa7",
                                     "é",
                                     "É",
                                     "ﬁ",
                                     "ß",
                                     "İ",
                                     "退",
                                     "錢",
                                     "。",
                                     "，",
                                     "　",
                                     "Ａ",
                                     "ｶ",
                                     "ﾞ",
                                     "か",
                                     "\xe3\x82\x99",
                                     "한",
                                     "\xe1\x84\x92",
                                     "\xe1\x85\xa1",
                                     "\xe1\x86\xab",
                                     "\xc2\xad",
                                     "\xe2\x80\x8b",
                                     "\xef\xb8\x8f",
                                     "\xf0\x9f\x98\xa1",
                                     "\xef\xb7\xba",
                                     "\xe2\x80\xa8",
                                     "\xf0\xa0\x82\x87",
                                     "\xef\xa4\x80",
                                     "\xcd\x85",
                                     "Σ",
                                     "ς",
                                     "\xe1\x9a\x80",
                                     "\x7f",
                                     "\x01",
                                     "\xe0\xb8\xb3",
                                     "\xef\xbf\xbd"};
/* Long runs of what joins its neighbours, so that they are cut. */
static const char *const joiners[] = {
    "\u0301", "\u0327", "é", "\u1112", "\u1161", "\u11ab", "하", "か", "\u3099"};

static void normalising_in_pieces_is_normalising_the_whole(void **state)
{
    (void)state;
    SCOPED(arena_free) struct arena *arena = arena_new((size_t)4 << 20);
    struct error error;
    uint32_t seed = 20261121;
    static char expected[65536];
    for (unsigned round = 0; round < 30000; round++) {
        char text[1024];
        size_t size = 0;
        unsigned count = next(&seed) % (round % 100 == 0 ? 200 : 12);
        for (unsigned i = 0; i < count; i++) {
            const char *piece = round % 10 == 0
                                    ? joiners[next(&seed) % (sizeof joiners / sizeof *joiners)]
                                    : pieces[next(&seed) % (sizeof pieces / sizeof *pieces)];
            size_t length = strlen(piece);
            if (size + length > sizeof text) {
                break;
            }
            memcpy(text + size, piece, length);
            size += length;
        }
        size_t expected_size = oracle(text, size, expected, sizeof expected);
        struct slice normal;
        struct slice again;
        assert_true(text_normalise(slice_of(text, size), arena, &normal, &error));
        if (!slice_equal(normal, slice_of(expected, expected_size))) {
            fail_msg("round %u: \"%.*s\"", round, (int)size, text);
        }
        assert_true(text_normalise(normal, arena, &again, &error));
        assert_true(slice_equal(normal, again));
        arena_reset(arena);
    }
}

static void growth_is_bounded_and_a_full_arena_refuses(void **state)
{
    (void)state;
    enum { SIZE = 60000 };
    static char text[SIZE + 1];
    for (size_t i = 0; i < SIZE; i += 3) {
        memcpy(text + i, "\xef\xb7\xba", 4); /* becomes eighteen characters */
    }
    struct error error;
    struct slice normal;
    SCOPED(arena_free) struct arena *arena = arena_new((size_t)SIZE * 64);
    assert_true(text_normalise(slice_of(text, SIZE), arena, &normal, &error));
    assert_int_equal(text_characters(normal), SIZE / 3 * 18);
    SCOPED(arena_free) struct arena *small = arena_new(SIZE);
    assert_false(text_normalise(slice_of(text, SIZE), small, &normal, &error));
    assert_int_equal(error.kind, ERROR_RETRY);
}

static void a_mark_on_a_mark_on_a_mark_is_text_too(void **state)
{
    (void)state;
    static char text[20001] = "a";
    for (size_t i = 1; i + 1 < sizeof text; i += 2) {
        memcpy(text + i, "\xcc\x81", 2);
    }
    struct error error;
    struct slice normal;
    SCOPED(arena_free) struct arena *arena = arena_new((size_t)4 << 20);
    assert_true(text_normalise(slice_of(text, sizeof text), arena, &normal, &error));
    assert_true(normal.size > 10000);
}

static int load(void **state)
{
    (void)state;
    struct error error;
    return text_load(&error) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_utf8_without_nul),
        cmocka_unit_test(every_byte_of_a_word_is_looked_at),
        cmocka_unit_test(characters_are_counted_not_bytes),
        cmocka_unit_test(the_language_is_told_from_a_few_characters),
        cmocka_unit_test(two_spellings_of_one_thing_look_the_same),
        cmocka_unit_test(normalising_in_pieces_is_normalising_the_whole),
        cmocka_unit_test(growth_is_bounded_and_a_full_arena_refuses),
        cmocka_unit_test(a_mark_on_a_mark_on_a_mark_is_text_too),
    };
    return cmocka_run_group_tests_name("text", tests, load, NULL);
}
