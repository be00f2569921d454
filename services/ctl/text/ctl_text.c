#include "ctl_text.h"

#include "utf8.h"

#include <assert.h>
#include <strings.h>

static const struct {
    const char *name;
    const char *in[CTL_LANGUAGE_COUNT];
} texts[CTL_TEXT_COUNT] = {
/* clang-format off */
#define TEXT(id, en, zh_cn, zh_tw) [TEXT_##id] = {#id, {en, zh_cn, zh_tw}},
/* clang-format on */
#include "ctl_text_archive.def"
#include "ctl_text_calendar.def"
#include "ctl_text_clock.def"
#include "ctl_text_drill.def"
#include "ctl_text_help.def"
#include "ctl_text_measure.def"
#include "ctl_text_org.def"
#include "ctl_text_phrase.def"
#include "ctl_text_policy.def"
#include "ctl_text_read.def"
#include "ctl_text_refusal.def"
#include "ctl_text_retention.def"
#include "ctl_text_said.def"
#include "ctl_text_topic.def"
#include "ctl_text_view.def"
#undef TEXT
};

const char *ctl_text_in(enum ctl_language language, enum ctl_text id)
{
    assert(language < CTL_LANGUAGE_COUNT && id < CTL_TEXT_COUNT);
    return texts[id].in[language];
}

const char *ctl_text_name(enum ctl_text id)
{
    assert(id < CTL_TEXT_COUNT);
    return texts[id].name;
}

enum ctl_language ctl_language_of(const char *name)
{
    static const char *const traditional[] = {"zh-TW", "zh-HK", "zh-MO", "zh-Hant"};
    if (strncasecmp(name, "en", 2) == 0) {
        return CTL_EN;
    }
    if (strncasecmp(name, "zh", 2) != 0) {
        return CTL_LANGUAGE_COUNT;
    }
    char tag[16];
    (void)snprintf(tag, sizeof tag, "%s", name);
    if (tag[2] == '_') {
        tag[2] = '-';
    }
    for (size_t i = 0; i < sizeof traditional / sizeof *traditional; i++) {
        if (strncasecmp(tag, traditional[i], strlen(traditional[i])) == 0) {
            return CTL_ZH_TW;
        }
    }
    return CTL_ZH_CN;
}

const char *ctl_language_tag(enum ctl_language language)
{
    static const char *const tags[] = {"en", "zh-CN", "zh-TW"};
    assert(language < CTL_LANGUAGE_COUNT);
    return tags[language];
}

const char *ctl_number_text(char text[24], int64_t value)
{
    (void)snprintf(text, 24, "%" PRId64, value);
    return text;
}

static size_t count_of(const char *const *args)
{
    size_t count = 0;
    while (args && args[count]) {
        count++;
    }
    return count;
}

/* Okabe and Ito's colours: told apart by everybody. */
static const char *const colors[CTL_COLOR_COUNT] = {
    [CTL_COLOR_END] = "\033[0m",
    [CTL_COLOR_BOLD] = "\033[1m",
    [CTL_COLOR_GREY] = "\033[38;5;245m",
    [CTL_COLOR_BLUE] = "\033[38;2;0;114;178m",
    [CTL_COLOR_ORANGE] = "\033[38;2;230;159;0m",
    [CTL_COLOR_RED] = "\033[38;2;213;94;0m",
    [CTL_COLOR_GREEN] = "\033[38;2;0;158;115m",
};

const char *ctl_color_code(enum ctl_color color)
{
    return colors[color];
}

/* Bytes of a colour of ours; 0: something else.  Others may hide what follows. */
static size_t color_size(const char *text)
{
    for (size_t i = 0; i < CTL_COLOR_COUNT; i++) {
        size_t size = strlen(colors[i]);
        if (strncmp(text, colors[i], size) == 0) {
            return size;
        }
    }
    return 0;
}

char *ctl_text_tame(char *text)
{
    char *to = text;
    const uint8_t *at = (const uint8_t *)text;
    const uint8_t *end = at + strlen(text);
    while (at < end) {
        size_t color = color_size((const char *)at);
        struct slice shown = color > 0 ? slice_of(at, color) : utf8_shown(&at, end, true);
        memmove(to, shown.bytes, shown.size);
        to += shown.size;
        at += color;
    }
    *to = '\0';
    return text;
}

char *ctl_text_line(char *text)
{
    for (char *at = ctl_text_tame(text); *at; at++) {
        if (*at == '\n' || *at == '\t') {
            *at = ' ';
        }
    }
    return text;
}

static void fputs_line(const char *text, FILE *to)
{
    char *copy = strdup(text);
    (void)fputs(copy ? ctl_text_line(copy) : "", to);
    free(copy);
}

/* The word for one or that for more of "{1?day|days}"; returns the end of it. */
static const char *fputs_counted(const char *words, bool one, FILE *to)
{
    size_t first = strcspn(words, "|");
    size_t second = strcspn(words + first, "}");
    assert(words[first] == '|' && words[first + second] == '}');
    (void)(one ? fwrite(words, 1, first, to) : fwrite(words + first + 1, 1, second - 1, to));
    return words + first + second;
}

void ctl_format(FILE *to, const char *pattern, const char *const *args)
{
    size_t count = count_of(args);
    for (const char *at = pattern; *at; at++) {
        bool place = at[0] == '{' && at[1] >= '1' && at[1] <= '9';
        size_t index = place ? (size_t)(at[1] - '1') : 0;
        if (place && at[2] == '}') {
            assert(index < count);
            fputs_line(args[index], to);
            at += 2;
        } else if (place && at[2] == '?') {
            assert(index < count);
            at = fputs_counted(at + 3, strcmp(args[index], "1") == 0, to);
        } else {
            (void)fputc(*at, to);
        }
    }
}

const char *ctl_format_into(char *into, size_t size, const char *pattern, const char *const *args)
{
    FILE *memory = fmemopen(into, size, "w");
    into[0] = '\0';
    if (memory) {
        ctl_format(memory, pattern, args);
        (void)fclose(memory);
    }
    into[size - 1] = '\0';
    return into;
}

void ctl_text_escaped(FILE *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            (void)fputs("&amp;", out);
            break;
        case '<':
            (void)fputs("&lt;", out);
            break;
        case '>':
            (void)fputs("&gt;", out);
            break;
        case '"':
            (void)fputs("&quot;", out);
            break;
        default:
            (void)fputc(*text, out);
        }
    }
}
