#include "case_number.h"
#include "config.h"
#include "ctl.h"
#include "ctl_database.h"
#include "ctl_fault.h"
#include "ctl_options.h"
#include "event.h"

#include <errno.h>
#include <iconv.h>
#include <langinfo.h>
#include <locale.h>
#include <sodium.h>
#include <strings.h>
#include <unistd.h>

enum { CHARSET_SIZE = 32 };
enum { REAL_DIGITS = 6 }; /* of a fraction: seconds, shares, rates; whole numbers have all theirs */

static const char usual_config[] = "/etc/redress/redress.yaml";

int ctl_fail(const struct ctl *ctl, int code, enum ctl_text id, const char *const *args)
{
    (void)fflush(ctl->out); /* what was printed before stands before it on a terminal too */
    (void)fputs("redress: ", ctl->err);
    ctl_format(ctl->err, ctl_text_in(ctl->language, id), args);
    (void)fputc('\n', ctl->err);
    return code;
}

void ctl_note(const struct ctl *ctl, enum ctl_text id, const char *const *args)
{
    if (!ctl->quiet) {
        (void)fflush(ctl->out);
        ctl_format(ctl->err, ctl_text_in(ctl->language, id), args);
        (void)fputc('\n', ctl->err);
    }
}

void ctl_print(const struct ctl *ctl, enum ctl_text id, const char *const *args)
{
    ctl_format(ctl->out, ctl_text_in(ctl->language, id), args);
    (void)fputc('\n', ctl->out);
}

void ctl_print_json(const struct ctl *ctl, json_t **value)
{
    (void)json_dumpf(
        *value, ctl->out, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(REAL_DIGITS));
    (void)fputc('\n', ctl->out);
    json_decref(*value);
    *value = NULL;
}

json_t *ctl_json_text(struct slice text)
{
    json_t *value = json_stringn((const char *)text.bytes, text.size);
    return value ? value : json_null();
}

const char *ctl_errno_text(const struct ctl *ctl, int why)
{
    static const struct {
        int why;
        enum ctl_text text;
    } texts[] = {
        {ENOENT, TEXT_FILE_NOT_THERE},
        {EACCES, TEXT_FILE_FORBIDDEN},
        {EISDIR, TEXT_FILE_FOLDER   },
        {ENOSPC, TEXT_FILE_NO_SPACE },
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (texts[i].why == why) {
            return ctl_text_in(ctl->language, texts[i].text);
        }
    }
    const char *text = strerrordesc_np(why);
    return text ? text : "";
}

enum ctl_text ctl_case_wrong(const char *text)
{
    static const char characters[] = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    char tried[CASE_NUMBER_SIZE];
    uint64_t case_id;
    size_t size = strlen(text);
    if (size >= sizeof tried) {
        return TEXT_CASE_INVALID;
    }
    memcpy(tried, text, size + 1);
    for (size_t i = 0; i < size; i++) {
        for (const char *other = characters; *other; other++) {
            tried[i] = *other;
            if (text[i] != '-' && case_number_parse(slice_text(tried), &case_id)) {
                return TEXT_CASE_MISTYPED;
            }
        }
        tried[i] = text[i];
    }
    return TEXT_CASE_INVALID;
}

int ctl_case_of(const struct ctl *ctl, const char *text, uint64_t *case_id)
{
    if (case_number_parse(slice_text(text), case_id)) {
        return CTL_OK;
    }
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (text[0] >= '1' && text[0] <= '9' && *end == '\0' && errno == 0) {
        *case_id = number;
        return CTL_OK;
    }
    return ctl_fail(ctl, CTL_USAGE, ctl_case_wrong(text), CTL_ARGS(text));
}

/* --lang as typed, anywhere among the words; none when it is not there or not known. */
static enum ctl_language language_typed(char *const *words)
{
    for (; *words; words++) {
        const char *value = strncmp(*words, "--lang=", 7) == 0 ? *words + 7 : NULL;
        if (strcmp(*words, "--lang") == 0) {
            value = words[1];
        }
        if (value && ctl_language_of(value) != CTL_LANGUAGE_COUNT) {
            return ctl_language_of(value);
        }
    }
    return CTL_LANGUAGE_COUNT;
}

/* Before the options are read, so that complaints about them are in it too. */
static enum ctl_language language_early(int argc, char **argv)
{
    static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    enum ctl_language typed = argc > 0 ? language_typed(argv + 1) : CTL_LANGUAGE_COUNT;
    if (typed != CTL_LANGUAGE_COUNT) {
        return typed;
    }
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);
        if (value && value[0] != '\0') {
            enum ctl_language language = ctl_language_of(value);
            return language == CTL_LANGUAGE_COUNT ? CTL_EN : language;
        }
    }
    return CTL_EN;
}

/* What the environment has its characters in: "zh_CN.GB18030", or what the system makes of a name
 * without; "" where it says nothing. */
static void charset_asked(char into[CHARSET_SIZE])
{
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    const char *value = NULL;
    for (size_t i = 0; (!value || value[0] == '\0') && i < sizeof variables / sizeof *variables;
         i++) {
        value = getenv(variables[i]);
    }
    const char *dot = value ? strchr(value, '.') : NULL;
    if (dot) {
        (void)snprintf(into, CHARSET_SIZE, "%.*s", (int)strcspn(dot + 1, "@"), dot + 1);
    } else { /* NOLINTNEXTLINE(concurrency-mt-unsafe): see locale_set */
        (void)snprintf(into, CHARSET_SIZE, "%s", MB_CUR_MAX > 1 ? nl_langinfo(CODESET) : "");
    }
}

/* All that is written is UTF-8, and widths are counted in it, whatever the environment says. */
static void locale_set(char charset[CHARSET_SIZE])
{
    /* NOLINTBEGIN(concurrency-mt-unsafe): first thing in main, before there is any thread */
    (void)setlocale(LC_CTYPE, "");
    charset_asked(charset);
    if (MB_CUR_MAX == 1 || strcmp(nl_langinfo(CODESET), "UTF-8") != 0) {
        (void)setlocale(LC_CTYPE, "C.UTF-8");
    }
    /* NOLINTEND(concurrency-mt-unsafe) */
}

/* A terminal of GB18030 or Big5 shows UTF-8 as other characters: told in its own, the one line that
 * is; where it has none of those, in English. */
static void charset_tell(const struct ctl *ctl, const char *charset)
{
    char told[256];
    char converted[sizeof told * 2] = "";
    bool utf8 = strcasecmp(charset, "UTF-8") == 0 || strcasecmp(charset, "UTF8") == 0;
    if (charset[0] == '\0' || utf8 || ctl->quiet) {
        return;
    }
    char *from = told;
    char *into = converted;
    (void)ctl_format_into(
        told, sizeof told, ctl_text_in(ctl->language, TEXT_CHARSET), CTL_ARGS(charset));
    size_t left = strlen(told);
    size_t room = sizeof converted - 1;
    iconv_t to = iconv_open(charset, "UTF-8");
    bool can = to != (iconv_t)-1; /* NOLINT(performance-no-int-to-ptr): as iconv has it */
    if (!can || iconv(to, &from, &left, &into, &room) == (size_t)-1) {
        memset(converted, 0, sizeof converted); /* nothing of what could be converted */
        (void)ctl_format_into(
            converted, sizeof converted, ctl_text_in(CTL_EN, TEXT_CHARSET), CTL_ARGS(charset));
    }
    if (can) {
        (void)iconv_close(to);
    }
    (void)fprintf(ctl->err, "%s\n", converted);
}

/* What these say is in the program: settings that cannot be read are no reason to be silent. */
static bool needs_settings(const struct ctl_verb *verb)
{
    static const char *const none[] = {
        "help", "version", "completion", "policy manual", "policy schema"};
    bool needs = true;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        needs = needs && strcmp(verb->name, none[i]) != 0;
    }
    return needs;
}

/* The settings of the daemons, from the same file. */
static int settings_load(struct ctl *ctl, const char *config)
{
    if (!config && !getenv("REDRESS_CONFIG") && access(usual_config, R_OK) == 0) {
        config = usual_config;
    }
    char name[] = "redress";
    char option[] = "--config";
    char *const argv[] = {name, option, (char *)(uintptr_t)config, NULL};
    struct config_outcome outcome = {.lists = "redress help settings"};
    struct error error = {0};
    if (config_load(service_settings_rows,
                    service_settings_count,
                    &ctl->settings,
                    config ? 3 : 1,
                    (char **)(uintptr_t)argv,
                    &outcome,
                    &error)) {
        ctl->unsettled = outcome.file[0] == '\0' && !getenv("REDRESS_DATABASE");
        return CTL_OK;
    }
    if (!needs_settings(ctl->verb)) {
        ctl->unsettled = true;
        return CTL_OK;
    }
    size_t size = strlen(outcome.report); /* a line a fault; the last may be ended */
    outcome.report[size - (size > 0 && outcome.report[size - 1] == '\n')] = '\0';
    (void)fprintf(ctl->err, "redress: %s\n", ctl_text_tame(outcome.report));
    return CTL_USAGE;
}

static bool wants_color(const struct ctl *ctl, const struct ctl_wish *wish)
{
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    return !wish->no_color && !(no_color && no_color[0] != '\0') && terminal &&
           strcmp(terminal, "dumb") != 0 && isatty(fileno(ctl->out));
}

static int begin(struct ctl *ctl, const struct ctl_wish *wish)
{
    if (wish->language && ctl_language_of(wish->language) == CTL_LANGUAGE_COUNT) {
        return ctl_fail(ctl, CTL_USAGE, TEXT_LANGUAGE_UNKNOWN, CTL_ARGS(wish->language));
    }
    if (sodium_init() < 0) {
        return CTL_FAILED;
    }
    ctl->color = wants_color(ctl, wish);
    return settings_load(ctl, wish->config);
}

static int run(struct ctl *ctl, const char *charset, int argc, char **argv)
{
    struct ctl_wish wish = {0};
    int code = ctl_options_read(ctl, &wish, argc, argv);
    if (code != CTL_OK) {
        return code;
    }
    charset_tell(ctl, charset);
    if (wish.version) {
        return ctl_version(ctl);
    }
    if (wish.help && ctl->verb) {
        ctl_help_verb(ctl, ctl->out, ctl->verb);
        return CTL_OK;
    }
    if (!ctl->verb) {
        ctl_help_all(ctl, wish.help ? ctl->out : ctl->err);
        return wish.help ? CTL_OK : CTL_USAGE;
    }
    code = begin(ctl, &wish);
    return code == CTL_OK ? ctl->verb->run(ctl) : code;
}

int ctl_run(int argc, char **argv, FILE *out, FILE *err)
{
    char charset[CHARSET_SIZE];
    locale_set(charset);
    struct ctl ctl = {.out = out, .err = err, .language = language_early(argc, argv)};
    ctl_fault_speak(ctl.language);
    int code = run(&ctl, charset, argc, argv);
    ctl_database_close(&ctl);
    if (fflush(out) != 0 && code == CTL_OK) {
        code = ctl_fail(&ctl, CTL_FAILED, TEXT_OUTPUT, CTL_ARGS(ctl_errno_text(&ctl, errno)));
    }
    return code;
}
